"""The baseline: what stands does not fail, what is new does, what is gone is told, and a damaged one is refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

from cloudmart_support.problem import Problem
from policies.command import main
from policies.engine import baseline
from policies.engine.judging import Finding
from policies.forms import schemas
from policies.reports import FORMATS

TOPIC = 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\n'
QUEUE = 'resource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = false\n}\n'
KEY = 'variable "key" {\n  type = string\n}\n'
GROUP = """\
resource "aws_security_group" "db" {
  ingress {
    protocol    = "tcp"
    from_port   = 5432
    to_port     = 5432
    cidr_blocks = ["203.0.113.0/24"]
  }
}
"""


class Repository:
    """A folder in which the gate is run with a baseline in `b.json`."""

    def __init__(self, top: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.top = top
        self._capsys = capsys

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def check(self, *arguments: str) -> tuple[int, Any]:
        code = main(["check", "--format", "json", *arguments])
        out, err = self._capsys.readouterr()
        return code, json.loads(out) if out else err

    def statuses(self, *arguments: str) -> dict[str, int]:
        _, report = self.check(*arguments, "--baseline", "b.json")
        return Counter(finding["status"] for finding in report["findings"] if finding["status"] != "pass")

    @property
    def recorded(self) -> list[dict[str, Any]]:
        return list(json.loads((self.top / "b.json").read_text())["findings"])


@pytest.fixture
def repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Repository:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path, capsys)


def test_what_stands_is_listed_and_does_not_fail(repository: Repository) -> None:
    repository.write({"a/main.tf": TOPIC, "b/main.tf": TOPIC + QUEUE})
    code, report = repository.check("a", "b", "--write-baseline", "b.json")
    assert (code, report["summary"]["baselined"], report["summary"]["failed"]) == (0, 3, 0)
    assert {(one["root"], one["address"]) for one in repository.recorded} == {
        ("a", "aws_sns_topic.t"),
        ("b", "aws_sns_topic.t"),
        ("b", "aws_sqs_queue.q"),
    }
    Draft202012Validator(schemas.baseline()).validate(json.loads((repository.top / "b.json").read_text()))
    assert repository.check("a", "b", "--baseline", "b.json")[0] == 0
    assert repository.check("a", "b")[0] == 1


def test_what_is_new_fails(repository: Repository) -> None:
    repository.write({"main.tf": TOPIC})
    repository.check(".", "--write-baseline", "b.json")
    repository.write({"more.tf": QUEUE})
    assert repository.statuses(".") == {"baselined": 1, "fail": 1}
    assert repository.check(".", "--baseline", "b.json")[0] == 1


def test_a_finding_is_known_again_where_it_moved(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write({"s/main.tf": TOPIC})
    repository.check("s", "--write-baseline", "b.json")
    (repository.top / "s" / "main.tf").unlink()
    repository.write({"s/other.tf": f"\n# moved\n{QUEUE.replace('false', 'true')}{TOPIC}"})
    assert repository.statuses("s") == {"baselined": 1}
    assert repository.statuses(str(repository.top / "s")) == {"baselined": 1}
    monkeypatch.chdir(repository.top / "s")
    assert repository.check(".", "--baseline", "../b.json")[0] == 0


def test_what_is_said_in_another_way_than_it_was_is_new(repository: Repository) -> None:
    repository.write({"main.tf": GROUP})
    repository.check(".", "--only", "CM_DB_INGRESS_CLOSED", "--write-baseline", "b.json")
    assert len(repository.recorded) == 1
    for old, new in (("203.0.113.0/24", "0.0.0.0/0"), ("5432", "6379")):
        repository.write({"main.tf": GROUP.replace(old, new)})
        assert repository.statuses(".", "--only", "CM_DB_INGRESS_CLOSED") == {"fail": 1}


def test_an_unknown_that_fails_now_is_new(repository: Repository) -> None:
    text = KEY + TOPIC.replace('name = "x"', "kms_master_key_id = var.key")
    repository.write({"main.tf": text})
    repository.check(".", "--write-baseline", "b.json")
    assert [one["status"] for one in repository.recorded] == ["unknown"]
    assert repository.statuses(".") == {"baselined": 1}
    repository.write({"x.auto.tfvars": 'key = ""\n'})
    assert repository.statuses(".") == {"fail": 1}


def test_as_many_as_were_recorded_and_no_more() -> None:
    def found(*lines: int) -> list[Finding]:
        words = ("CM_A", "backups", "high", "fail", "a.b", "x.tf:3: no", "x.tf")
        return [Finding(*words, line, "", ".", f"rule[{line}].days") for line in lines]

    recorded = baseline.of(found(3, 9), {}, roots=["."])
    assert list(recorded.values()) == [2]
    for lines, statuses, gone in (
        ([1, 2], ["baselined", "baselined"], 0),
        ([1, 2, 3], ["baselined", "baselined", "fail"], 0),
        ([7], ["baselined"], 1),
        ([], [], 2),
    ):
        marked, missing = baseline.apply(found(*lines), recorded, roots=["."])
        assert ([finding.status for finding in marked], sum(missing.values())) == (statuses, gone)
        assert [line.endswith("(2 times)") for line in baseline.words(missing)] == [gone > 1][:gone]


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_gone_is_told_in_every_report(
    format: str, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write({"main.tf": TOPIC + QUEUE})
    repository.check(".", "--write-baseline", "b.json")
    repository.write({"main.tf": TOPIC})
    assert main(["check", ".", "--baseline", "b.json", "--format", format]) == 0
    words = " ".join(capsys.readouterr().out.replace("\\", "").replace("`", "").split())
    assert "1 finding is gone (CM_QUEUES_ENCRYPTED aws_sqs_queue.q in .)" in words
    assert "it names no key (stands in the baseline, as fail)" in words
    repository.check(".", "--write-baseline", "b.json")
    assert [one["address"] for one in repository.recorded] == ["aws_sns_topic.t"]


def test_what_a_run_does_not_ask_is_neither_gone_nor_taken_out(repository: Repository) -> None:
    repository.write({"a/main.tf": TOPIC, "b/main.tf": TOPIC, "c/main.tf": QUEUE})
    repository.check("a", "b", "c", "--write-baseline", "b.json")
    for arguments in (["a"], ["c", "a", "b", "--skip", "CM_QUEUES_ENCRYPTED"]):
        _, report = repository.check(*arguments, "--baseline", "b.json")
        assert report["baseline"] == {"file": "b.json", "gone": []}
        repository.check(*arguments, "--write-baseline", "b.json")
        assert len(repository.recorded) == 3
    (repository.top / "b" / "main.tf").unlink()
    (repository.top / "b").rmdir()
    _, report = repository.check("a", "--baseline", "b.json")
    assert report["baseline"]["gone"] == ["CM_QUEUES_ENCRYPTED aws_sns_topic.t in b"]


def test_a_baseline_opens_no_broken_waiver(repository: Repository) -> None:
    repository.write(
        {
            "main.tf": QUEUE,
            "w.toml": '[[waiver]]\nrule = "CM_QUEUES_ENCRYPTED"\naddress = "aws_sqs_queue.q"\n',
        }
    )
    code, report = repository.check(".", "--waivers", "w.toml", "--write-baseline", "b.json")
    assert code == 1
    assert [one["rule"] for one in repository.recorded] == ["CM_QUEUES_ENCRYPTED"]
    assert report["summary"]["failed"] == 1


def test_a_baseline_in_the_configuration(repository: Repository) -> None:
    repository.write({".cloudmart-policies.toml": 'baseline = "b.json"\nroots = ["."]\n', "main.tf": TOPIC})
    code, said = repository.check()
    assert code == 2
    assert "b.json" in said
    assert repository.check("--write-baseline", "b.json")[0] == 0
    assert repository.check()[0] == 0


def test_other_tools_see_that_it_does_not_count(repository: Repository) -> None:
    repository.write({"main.tf": TOPIC})
    repository.check(".", "--write-baseline", "b.json")
    reports = ["--format", "sarif", "--output", "s", "--format", "junit", "--output", "j"]
    assert main(["check", ".", "--baseline", "b.json", *reports]) == 0
    (run,) = Sarif.model_validate_json(Path("s").read_text()).runs
    assert [(one.baselineState.value, len(one.suppressions)) for one in run.results] == [("unchanged", 1)]
    xml = junitparser.JUnitXml.fromfile("j")
    assert (xml.failures, xml.errors, xml.skipped) == (0, 0, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is no baseline"),
        ("[" * 100_000, "it is no baseline"),
        ("[]", "[] is not a table"),
        ('{"version": 2, "findings": []}', "version: it is 1, not 2"),
        ('{"version": 1}', "it has no 'findings'"),
        ('{"version": 1, "findings": [{}]}', "findings[1]: it has no 'rule'"),
        ('{"version": 1, "findings": [], "all": true}', "all: there is no such key"),
        (
            '{"version": 1, "findings": [{"count": 1000000000000}]}',
            "count: 1000000000000 is more than 1000000",
        ),
        ('{"version": 1, "findings": [' + ",".join(["{}"] * 30) + "]}", "more"),
    ],
)
def test_a_damaged_one_is_refused(repository: Repository, text: str, words: str) -> None:
    repository.write({"main.tf": TOPIC, "b.json": text})
    code, said = repository.check(".", "--baseline", "b.json")
    assert code == 2
    assert "b.json: " in said
    assert words in said
    assert "--write-baseline" in said
    assert "Traceback" not in said


_KNOWN = st.builds(
    baseline.Known, *[st.text(min_size=1, max_size=4)] * 4, st.sampled_from(["fail", "unknown"]), st.text()
)


@given(st.dictionaries(_KNOWN, st.integers(1, 3), max_size=4))
def test_what_is_written_is_read_again(recorded: dict[baseline.Known, int]) -> None:
    assert baseline.parse(baseline.text(recorded), "b.json") == recorded


@given(st.text(max_size=30))
def test_no_text_is_taken_for_one_by_chance(text: str) -> None:
    with pytest.raises(Problem):
        baseline.parse(text, "b.json")
