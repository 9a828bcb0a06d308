"""Comments in the source that waive: counted like waivers in a file, told in every report, and forbidden at will."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

from policies.command import main
from policies.reports import FORMATS

Written = Callable[[dict[str, Any]], Path]
TODAY = datetime.now(UTC).date()
SOON = TODAY + timedelta(days=30)
TOPIC = 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\n'
"""One finding: CM_QUEUES_ENCRYPTED."""
WAIVE = f"waive CM_QUEUES_ENCRYPTED until {SOON} because it goes (owner ops@example.com)"
COMMENT = f"# cloudmart-policies: {WAIVE}\n"

Judge = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def judge(written: Written, capsys: pytest.CaptureFixture[str]) -> Judge:
    """The exit code and the findings that are no passes, of files that are written."""

    def judged(files: dict[str, Any], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        folder = written(files)
        paths = [str(folder)] if not {"--", "a", "b"} & {*arguments} else []
        code = main(["check", *paths, "--format", "json", *arguments])
        found = json.loads(capsys.readouterr().out)["findings"]
        return code, [finding for finding in found if finding["status"] != "pass"]

    return judged


def test_a_comment_waives_what_its_block_is_found_to_be(judge: Judge) -> None:
    code, (finding,) = judge({"main.tf": COMMENT + TOPIC})
    assert (code, finding["status"]) == (0, "waived")
    assert finding["message"].startswith("it names no key (waived by ops@example.com in a comment, ")
    assert finding["message"].endswith(f"main.tf:1, until {SOON}: it goes)")


@pytest.mark.parametrize(
    "text",
    [
        TOPIC.replace("}", f"  {COMMENT}}}"),
        TOPIC.replace('"x"\n', f'"x" {COMMENT}'),
        f"/* cloudmart-policies: {WAIVE} */\n{TOPIC}",
        f"// cloudmart-policies:  {WAIVE}  \n{TOPIC}",
        f"# cloudmart-policies: {WAIVE.replace(' (owner ops@example.com)', ' (see T-1)')}\n{TOPIC}",
        COMMENT + TOPIC.replace('"x"', '"x${count.index}"\n  count = 2'),
        f'{COMMENT}module "m" {{\n  source = "example/m/aws"\n}}\n{TOPIC}'.replace(
            "CM_QUEUES_ENCRYPTED", "CM_MODULE_SEEN"
        )
        + COMMENT.join(["", 'resource "aws_sns_topic" "u" {}\n']),
    ],
)
def test_it_may_stand_in_its_block_or_above_it(judge: Judge, text: str) -> None:
    _, found = judge({"main.tf": text})
    assert "waived" in {finding["status"] for finding in found}
    assert "CM_WAIVER" not in {finding["rule"] for finding in found}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (COMMENT.replace(str(SOON), str(TODAY - timedelta(days=1))) + TOPIC, "it expired on "),
        (
            COMMENT.replace(str(SOON), str(TODAY + timedelta(days=401))) + TOPIC,
            "more than 400 days from today",
        ),
        (COMMENT.replace(str(SOON), "2027-02-30") + TOPIC, "it ends on '2027-02-30', which is no date"),
        (COMMENT.replace(str(SOON), "forever") + TOPIC, "it ends on 'forever', which is no date"),
        (COMMENT.replace(f" until {SOON}", "") + TOPIC, "is not written as waive CM_RULE until"),
        (COMMENT.replace(" because it goes (owner ops@example.com)", "") + TOPIC, "is not written as"),
        (COMMENT.replace("it goes (owner ops@example.com)", " ") + TOPIC, "is not written as"),
        (COMMENT.replace("CM_QUEUES_ENCRYPTED", "CM_*") + TOPIC, "is not written as"),
        (COMMENT.replace("waive", "ignore") + TOPIC, "is not written as"),
        (
            COMMENT.replace("CM_QUEUES_ENCRYPTED", "CM_S3_ENCRYPTED") + TOPIC,
            "has nothing against aws_sns_topic.t",
        ),
        (f"{COMMENT}\n{TOPIC}", "it stands neither in a block nor right above one"),
        (TOPIC + COMMENT, "it stands neither in a block nor right above one"),
        (f'{COMMENT}variable "x" {{}}\n{TOPIC}', "has nothing against variable.x"),
    ],
)
def test_a_broken_one_fails_and_waives_nothing(judge: Judge, text: str, words: str) -> None:
    code, found = judge({"main.tf": text})
    assert code == 1
    assert {finding["status"] for finding in found} == {"fail"}
    (broken,) = [finding for finding in found if finding["rule"] == "CM_WAIVER"]
    assert words in broken["message"]
    assert broken["message"].startswith("the waiver in a comment is broken: ")
    assert broken["file"].endswith("main.tf")
    assert broken["line"] == text[: text.index("cloudmart-policies")].count("\n") + 1


@pytest.mark.parametrize(
    "text",
    [
        TOPIC.replace('"x"', f"<<E\n{COMMENT}E"),
        TOPIC.replace('"x"', f'"{COMMENT.strip()}"'),
        TOPIC.replace('"x"', f'"${{/* {COMMENT.strip("# ").strip()} */ "x"}}"'),
        f'variable "v" {{\n  description = <<-E\n    {COMMENT}  E\n}}\n{TOPIC}',
    ],
)
def test_what_stands_in_a_text_is_no_comment(judge: Judge, text: str) -> None:
    code, found = judge({"main.tf": text})
    assert code == 1
    assert [(finding["rule"], finding["status"]) for finding in found] == [("CM_QUEUES_ENCRYPTED", "fail")]


def test_json_has_no_comments(judge: Judge) -> None:
    topic = {"//": COMMENT, "aws_sns_topic": {"t": {"//": COMMENT, "name": "x"}}}
    code, (finding,) = judge({"main.tf.json": {"//": COMMENT, "resource": topic}})
    assert (code, finding["status"]) == (1, "fail")


def test_a_local_module_may_waive_and_a_fetched_one_may_not(judge: Judge) -> None:
    root = 'module "m" {\n  source = "./m"\n}\n'
    assert judge({"main.tf": root, "m/main.tf": COMMENT + TOPIC})[0] == 0
    modules = {
        "Modules": [{"Key": "m", "Source": "registry.terraform.io/x/m/aws", "Dir": ".terraform/modules/m"}]
    }
    code, found = judge(
        {
            "main.tf": root.replace("./m", "x/m/aws"),
            ".terraform/modules/modules.json": modules,
            ".terraform/modules/m/main.tf": COMMENT + TOPIC,
        }
    )
    assert (code, [finding["status"] for finding in found]) == (1, ["fail"])


def test_a_module_of_two_roots_waives_in_both_and_is_broken_once(
    judge: Judge, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = 'module "m" {\n  source = "../m"\n}\n'
    files = {"a/main.tf": root, "b/main.tf": root, "m/main.tf": COMMENT + TOPIC}
    monkeypatch.chdir(written(files))
    code, found = judge(files, "a", "b")
    assert (code, [finding["status"] for finding in found]) == (0, ["waived", "waived"])
    files["m/main.tf"] = COMMENT.replace("CM_QUEUES", "CM_S3") + TOPIC
    _, found = judge(files, "a", "b")
    assert [finding["rule"] for finding in found].count("CM_WAIVER") == 1


@pytest.mark.parametrize("format", FORMATS)
def test_every_report_shows_that_it_is_a_comment(
    format: str, written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", str(written({"main.tf": COMMENT + TOPIC})), "--format", format])
    words = " ".join(capsys.readouterr().out.replace("\\", "").replace("`", "").split())
    assert "in a comment" in words
    assert "it goes" in words


def test_code_scanning_sees_that_it_stands_in_the_source(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", str(written({"main.tf": COMMENT + TOPIC})), "--format", "sarif"])
    (run,) = Sarif.model_validate_json(capsys.readouterr().out).runs
    assert [one.suppressions[0].kind.value for one in run.results] == ["inSource"]


def test_they_can_be_forbidden(judge: Judge, written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    code, found = judge({"main.tf": COMMENT + TOPIC}, "--forbid-comments")
    assert code == 1
    assert {finding["rule"]: finding["status"] for finding in found} == {
        "CM_QUEUES_ENCRYPTED": "fail",
        "CM_WAIVER": "fail",
    }
    folder = written({".cloudmart-policies.toml": "forbid-comments = true\n"})
    monkeypatch.chdir(folder)
    assert judge({})[0] == 1
    assert judge({}, "--allow-comments")[0] == 0


def test_the_owner_may_be_told_by_the_configuration(
    judge: Judge, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "main.tf": COMMENT.replace(" (owner ops@example.com)", "") + TOPIC,
        ".cloudmart-policies.toml": 'owner = "team@example.com"\n',
    }
    monkeypatch.chdir(written(files))
    assert "(waived by team@example.com in a comment, " in judge(files)[1][0]["message"]
    assert "(waived in a comment, " in judge(files, "--no-config")[1][0]["message"]


def test_the_waiver_of_a_rule_that_does_not_run_is_left_alone(judge: Judge) -> None:
    assert judge({"main.tf": COMMENT + TOPIC}, "--skip", "CM_QUEUES_ENCRYPTED") == (0, [])


def test_a_change_accepts_none_of_its_own_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def git(*words: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True)

    def judged(*arguments: str) -> tuple[int, dict[str, str]]:
        code = main(["check", "s", "--format", "json", *arguments])
        report = json.loads(capsys.readouterr().out)
        return code, {
            f"{finding['rule']} {finding['address']}": finding["status"] for finding in report["findings"]
        }

    (tmp_path / "s").mkdir()
    stack, configuration = tmp_path / "s" / "main.tf", tmp_path / ".cloudmart-policies.toml"
    stack.write_text(COMMENT + TOPIC)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "base")
    # What stood before counts, wherever it moved to; what the change brings along does not.
    stack.write_text("\n\n" + COMMENT + TOPIC)
    assert judged("--base", "HEAD")[0] == 0
    other = (COMMENT + TOPIC).replace('"t"', '"new"')
    stack.write_text(COMMENT + TOPIC + other)
    assert judged("--base", "HEAD") == (
        1,
        {
            "CM_QUEUES_ENCRYPTED aws_sns_topic.t": "waived",
            "CM_QUEUES_ENCRYPTED aws_sns_topic.new": "fail",
            "CM_WAIVER aws_sns_topic.new": "fail",
        },
    )
    assert judged("--base", "HEAD", "--allow-comments")[0] == 0
    assert judged()[0] == 0
    # A configuration, too.
    stack.write_text(TOPIC)
    configuration.write_text('skip = ["CM_QUEUES_ENCRYPTED"]\n')
    assert judged()[0] == 0
    assert judged("--base", "HEAD")[0] == 1
    git("add", "-A")
    git("commit", "-q", "-m", "the gate's owners accept it")
    configuration.write_text("")
    assert judged("--base", "HEAD")[0] == 0
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    code = main(["check", "../s", "--base", "HEAD", "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    assert (code, report["terms"]["configuration"]) == (0, "../.cloudmart-policies.toml")
    # A link there is no file.
    configuration.unlink(missing_ok=True)
    (tmp_path / ".cloudmart-policies.toml").symlink_to("s/main.tf")
    git("add", "-A")
    git("commit", "-q", "-m", "a link")
    assert main(["check", "../s", "--base", "HEAD"]) == 2
    assert "it is not a regular file there" in capsys.readouterr().err
