"""Own rules: the page's example as it is written, and everything that can be wrong with a folder of rules."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from policies.checkov_host.verdicts import PARAMETERS, RULES, Verdicts
from policies.command import main
from policies.engine import catalogue
from policies.testing import trials

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "own-rules.md").read_text(encoding="utf-8")
Written = Callable[[dict[str, Any]], Path]
QUEUE = 'resource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = true\n}\n'
HEAD = """\
from dataclasses import dataclass
from policies.engine.verdicts import *
RULE = Rule(
    title="t", family=OTHER, severity="low", types=("aws_sqs_queue",), why="w", fix="f", link="https://example.com"
)
"""
PASSES = f"{HEAD}def check(resource, model, parameters):\n    yield passed()\n"


def check(*arguments: object) -> int:
    return main(["check", "--no-config", *map(str, arguments)])


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page, written down."""
    folder = tmp_path_factory.mktemp("example")
    files = re.findall(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert len(files) == 5
    for name, text in files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


COMMANDS = re.findall(r"^```console\n\$ (.*?)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_the_page_is_true(
    example: Path,
    command: str,
    output: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(example)
    monkeypatch.setenv("COLUMNS", "120")
    program, *arguments = shlex.split(command)
    if program == "cloudmart-policies":
        main(arguments)
        assert capsys.readouterr().out == output
    else:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
        assert output.strip() in done.stdout, done.stdout


def test_the_example_is_typed(example: Path) -> None:
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "rules"]
    environment = {"MYPYPATH": str(ROOT)}
    done = subprocess.run(mypy, cwd=example, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_catalogue_and_the_list_have_them(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "--rules", str(example / "rules")]) == 0
    page = capsys.readouterr().out
    assert "### CM_ACME_LOGS_KEPT\n" in page and "### CM_RDS_MULTI_AZ\n" in page
    assert "- Parameter `days` of `[rules.acme_logs_kept]`: `365` unless given" in page
    assert main(["rules", "--format", "json", "--rules", str(example / "rules")]) == 0
    listed = {rule["id"]: rule for rule in json.loads(capsys.readouterr().out)["rules"]}
    assert listed["CM_ACME_LOGS_KEPT"]["controls"] == ["AWS FSBP CloudWatch.16"]


def test_they_are_chosen_graded_and_waived_like_the_others(
    written: Written, example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(
        {
            "tf/main.tf": 'resource "aws_cloudwatch_log_group" "a" {\n  retention_in_days = 1\n}\n',
            "w.toml": '[[waiver]]\nrule = "CM_ACME_LOGS_KEPT"\naddress = "aws_cloudwatch_log_group.a"\n'
            'owner = "o"\nreason = "r"\nexpires = 2999-01-01\n',
            "p.toml": "[waivers]\nlongest_days = 999999\n",
            "config.toml": '[severity]\nCM_ACME_LOGS_KEPT = "critical"\n',
        }
    )
    own = ["--rules", example / "rules", folder / "tf", "--format", "json"]
    waived = [*own, "--waivers", folder / "w.toml", "--params", folder / "p.toml"]
    assert check(*own, "--only", "CM_ACME_*") == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["rule"], finding["status"], finding["line"]) == ("CM_ACME_LOGS_KEPT", "fail", 2)
    assert check(*waived, "--only", "CM_ACME_*") == 0
    assert (
        main(["check", "--config", str(folder / "config.toml"), *map(str, own), "--severity", "critical"])
        == 1
    )
    findings = json.loads(capsys.readouterr().out.partition("\n}\n")[2])["findings"]
    assert [one["severity"] for one in findings if one["rule"] == "CM_ACME_LOGS_KEPT"] == ["critical"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("RULE = (\n", r"mine\.py: this rule cannot be imported: SyntaxError"),
        ("import sys\nsys.exit(0)\n", r"mine\.py: this rule cannot be imported: SystemExit"),
        ("x = 1\n", r"mine\.py: there is no RULE"),
        (HEAD, r"mine\.py: a rule has either check"),
        (f"{HEAD}check = 3\n", r"mine\.py: check is not a function"),
        (PASSES.replace('("aws_sqs_queue",)', '"aws_sqs_queue"'), "TypeError: types is a tuple of texts"),
        (PASSES.replace('("aws_sqs_queue",)', "()"), "ValueError: types is empty"),
        (PASSES.replace('"low"', '"mild"'), "ValueError: unknown severity 'mild'"),
        (f"{PASSES}PARAMETERS = dict\n", r"mine\.py: PARAMETERS: it is not a dataclass"),
        (f"{PASSES}@dataclass\nclass PARAMETERS:\n    a: int\n", "PARAMETERS: a: it has no default"),
        (
            f"{PASSES}@dataclass\nclass PARAMETERS:\n    a: float = 1.0\n",
            "PARAMETERS: a: its type is none of int",
        ),
        (f"{PASSES}@dataclass\nclass PARAMETERS:\n    a: int = 'x'\n", "PARAMETERS: a: 'x': a whole number"),
        (f"{HEAD}def check(resource, model, parameters):\n    1 / 0\n", r"ZeroDivisionError: .*mine\.py:7\)"),
        (
            f"{HEAD}def check(resource, model, parameters):\n    raise SystemExit(0)\n",
            r"broke on aws_sqs_queue\.q",
        ),
        (
            f"{HEAD}def check(resource):\n    yield passed()\n",
            "TypeError: check.. takes 1 positional argument",
        ),
        (
            f"{HEAD}def check(resource, model, parameters):\n    return None\n",
            "'NoneType' object is not iterable",
        ),
        (
            f"{HEAD}def check(resource, model, parameters):\n    yield from ()\n",
            "said nothing about aws_sqs_queue",
        ),
        (f"{HEAD}def check(resource, model, parameters):\n    yield True\n", "True is no verdict"),
        (f"{HEAD}def check(resource, model, parameters):\n    yield Verdict('ok')\n", "is no verdict"),
        (f"{HEAD}def check(resource, model, parameters):\n    yield failed(7)\n", "is no verdict"),
        (
            f"{HEAD}def check(resource, model, parameters):\n    yield passed() if parameters.of(int) else passed()\n",
            "no rule of this run has PARAMETERS = int",
        ),
    ],
)
def test_a_rule_that_is_broken_stops_the_gate(
    written: Written, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    folder = written({"rules/mine.py": text, "tf/main.tf": QUEUE})
    assert check("--rules", folder / "rules", folder / "tf") == 2
    said = capsys.readouterr()
    assert re.search(words, said.err) and not said.out and "Traceback" not in said.err
    assert "rules/mine.py" in said.err or "CM_MINE" in said.err


@pytest.mark.parametrize(
    ("files", "sources", "words"),
    [
        (
            {"a/rds_multi_az.py": PASSES},
            ["a"],
            r"rds_multi_az.py: there is a rule CM_RDS_MULTI_AZ already, of .*rules",
        ),
        ({"a/waiver.py": PASSES}, ["a"], "there is a rule CM_WAIVER already, of the gate itself"),
        (
            {"a/mine.py": PASSES, "b/mine.py": PASSES},
            ["a", "b"],
            "b/mine.py: there is a rule CM_MINE already, .*a/mine",
        ),
        ({"a/Mine.py": PASSES}, ["a"], "Mine.py: the name of a rule's file is made of a-z"),
        ({"a/mi-ne.py": PASSES}, ["a"], "mi-ne.py: the name of a rule's file"),
        ({"a/_shared.py": PASSES}, ["a"], "a: there are no rules in it"),
        ({"a": "x"}, ["a"], "a: there is no such folder of rules"),
        ({"mine.py": PASSES}, [""], "--rules=: it names no folder"),
        ({}, ["nowhere"], "nowhere: there is no such folder of rules"),
        ({}, ["package:acme"], "package:acme: no installed package offers rules under this name"),
        (
            {
                "a/_k.py": f"{HEAD}@dataclass\nclass K:\n    a: int = 1\n",
                **{f"a/{name}.py": f"{PASSES}from ._k import K as PARAMETERS\n" for name in ("one", "two")},
            },
            ["a"],
            "two.py: its PARAMETERS are those of .*one.py",
        ),
    ],
)
def test_a_source_that_is_wrong_stops_every_command(
    written: Written,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, str],
    sources: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(written({"tf/main.tf": QUEUE, **files}))
    rules = [f"--rules={source}" for source in sources]
    for command in (["check", "tf"], ["rules"], ["catalogue"]):
        assert main([*command, *rules]) == 2
        assert re.search(words, capsys.readouterr().err)


def test_what_a_rule_prints_is_not_in_the_report(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = f"print('loaded')\n{HEAD}def check(resource, model, parameters):\n    print('ran')\n    yield passed()\n"
    folder = written({"rules/mine.py": rule, "tf/main.tf": QUEUE})
    assert check("--rules", folder / "rules", folder / "tf", "--format", "json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["summary"]["passed"] == 2
    assert said.err.split() == ["loaded", "ran"]


@pytest.mark.parametrize("way", ["--diff", "--fix"])
@pytest.mark.parametrize(
    ("cure", "words"),
    [
        ("raise SystemExit(0)", r"CM_MINE broke on aws_sqs_queue\.q, .*SystemExit: 0 \(.*mine\.py:9\)"),
        ("1 / 0", "CM_MINE broke on aws_sqs_queue.q, .*ZeroDivisionError"),
        ("yield 3", "TypeError: 3 is none of the edits"),
    ],
)
def test_a_cure_that_is_broken_changes_nothing(
    written: Written, capsys: pytest.CaptureFixture[str], way: str, cure: str, words: str
) -> None:
    rule = f"{HEAD}def check(resource, model, parameters):\n    yield failed('no')\n"
    rule += f"def cure(resource, model, parameters):\n    {cure}\n"
    folder = written({"rules/mine.py": rule, "tf/main.tf": QUEUE})
    assert check(way, "--rules", folder / "rules", folder / "tf") == 2
    assert re.search(words, capsys.readouterr().err)
    assert (folder / "tf" / "main.tf").read_text() == QUEUE


def test_of_many_roots_the_one_that_a_rule_breaks_on_is_told(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = f"{HEAD}def check(resource, model, parameters):\n    resource.name == 'q' or 1 / 0\n    yield passed()\n"
    other = QUEUE.replace('"q"', '"r"')
    folder = written({"rules/mine.py": rule, "a/main.tf": QUEUE, "b/main.tf": other})
    assert (
        check("--rules", folder / "rules", folder / "a", folder / "b", "--jobs", "2", "--format", "json") == 2
    )
    said = capsys.readouterr()
    roots = json.loads(said.out)["roots"]
    assert [root["exit_code"] for root in roots] == [0, 2]
    assert "CM_MINE broke on aws_sqs_queue.r" in said.err and "CM_MINE" in roots[1]["problem"]


def test_what_begins_with_an_underscore_is_shared(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = f"{HEAD}from ._shared import WORDS\ndef check(resource, model, parameters):\n    yield failed(WORDS)\n"
    folder = written(
        {"rules/_shared.py": "WORDS = 'as agreed'\n", "rules/mine.py": rule, "tf/main.tf": QUEUE}
    )
    assert check("--rules", folder / "rules", folder / "tf") == 1
    assert "as agreed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ("[rules.mine]\nday = 1\n", "rules.mine.day: there is no such parameter; did you mean 'days'"),
        ('[rules.mine]\ndays = "x"\n', "rules.mine.days: 'x': a whole number is needed"),
        ("[rules.mine]\ndays = -1\n", "rules.mine: days cannot be below 0"),
        ("[rules.other]\n", "rules.other: no own rule of this name has parameters"),
        ("rules = 3\n", "rules: it holds a table for each own rule"),
        ("[rules]\nmine = 3\n", "rules.mine: it is a section"),
    ],
)
def test_parameters_that_are_wrong_are_told(
    written: Written, capsys: pytest.CaptureFixture[str], params: str, words: str
) -> None:
    kind = "@dataclass\nclass PARAMETERS:\n    days: int = 0\n    def __post_init__(self):\n"
    kind += "        if self.days < 0:\n            raise ValueError('days cannot be below 0')\n"
    folder = written({"rules/mine.py": f"{PASSES}{kind}", "tf/main.tf": QUEUE, "p.toml": params})
    assert check("--rules", folder / "rules", "--params", folder / "p.toml", folder / "tf") == 2
    assert words in capsys.readouterr().err


def test_layers_of_parameters_add_up(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    kind = "@dataclass\nclass PARAMETERS:\n    one: int = 1\n    two: tuple[str, ...] = ('x',)\n"
    rule = f"{HEAD}{kind}def check(resource, model, parameters):\n"
    rule += "    own = parameters.of(PARAMETERS)\n    yield failed(f'{own.one} {own.two}')\n"
    config = 'rules = ["rules"]\nroots = ["tf"]\n[params.rules.mine]\none = 5\n'
    files = {"rules/mine.py": rule, "tf/main.tf": QUEUE, "c.toml": config}
    folder = written({**files, "p.toml": '[rules.mine]\ntwo = ["y"]\n'})
    assert main(["check", "--config", str(folder / "c.toml"), "--params", str(folder / "p.toml")]) == 1
    assert "5 ('y',)" in capsys.readouterr().out


def test_only_a_configuration_that_is_named_names_code(
    written: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = 'rules = ["rules"]\nroots = ["tf"]\n'
    runs = "from pathlib import Path\nPath('was_run').touch()\n"
    folder = written(
        {
            "rules/mine.py": f"{runs}{PASSES}",
            "tf/main.tf": QUEUE,
            ".cloudmart-policies.toml": config,
            ".git/x": "",
        }
    )
    monkeypatch.chdir(folder)
    assert main(["check"]) == 2
    assert "rules: rules of one's own are code" in capsys.readouterr().err
    assert not (folder / "was_run").exists()
    assert main(["check", "--config", ".cloudmart-policies.toml"]) == 0
    assert (folder / "was_run").exists()


def test_no_rules_of_the_change_run_with_a_base(
    written: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written({"top/rules/mine.py": PASSES, "top/tf/main.tf": QUEUE})
    (folder / "top").rename(folder / "repository")
    monkeypatch.chdir(folder / "repository")
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["worktree", "add", "-q", "../base"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    assert check("--base", "HEAD", "--rules", "rules", "tf") == 2
    assert "with --base no rules of the repository run" in capsys.readouterr().err
    assert check("--base", "HEAD", "--rules", "../base/rules", "tf") == 0


def test_an_installed_package_offers_its_rules_by_name(
    written: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(
        {
            "site/offered_rules/__init__.py": "",
            "site/offered_rules/mine.py": PASSES,
            "site/offered_module.py": "",
            "site/offered-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: offered\nVersion: 1.0\n",
            "site/offered-1.0.dist-info/entry_points.txt": f"[{catalogue.GROUP}]\nacme = offered_rules\n"
            "gone = nowhere_to_be_found\nmodule = offered_module\n",
            "tf/main.tf": QUEUE,
        }
    )
    monkeypatch.syspath_prepend(str(folder / "site"))
    assert check(folder / "tf") == 0
    assert "CM_MINE" not in capsys.readouterr().out
    assert check("--rules", "package:acme", folder / "tf") == 0
    assert "own rules of package:acme: 1 rule (CM_MINE)" in capsys.readouterr().out
    assert check("--rules", "package:gone", folder / "tf") == 2
    assert "package:gone: this rule cannot be imported: ModuleNotFoundError" in capsys.readouterr().err
    assert check("--rules", "package:module", folder / "tf") == 2
    assert "offered_module is not a package" in capsys.readouterr().err
    assert check("--rules", "package:acm", folder / "tf") == 2
    assert "there are: acme, gone, module" in capsys.readouterr().err


def test_in_checkov_they_are_asked_as_the_others_are(example: Path, tmp_path: Path) -> None:
    # What Checkov's own process asks; the adapter around it knows no rule by name.
    (tmp_path / "main.tf").write_text((example / "infrastructure" / "main.tf").read_text())
    given = {RULES: f"{example / 'rules'}\n"}
    asked = ("aws_cloudwatch_log_group", "app", "aws_cloudwatch_log_group.app")
    (answer,) = Verdicts(given).answers("CM_ACME_LOGS_KEPT", str(tmp_path / "main.tf"), str(tmp_path), *asked)
    assert (answer.status, answer.address) == ("fail", "aws_cloudwatch_log_group.app")
    given[PARAMETERS] = str(example / "params.toml")
    (answer,) = Verdicts(given).answers("CM_ACME_LOGS_KEPT", str(tmp_path / "main.tf"), str(tmp_path), *asked)
    assert answer.status == "pass"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "there are no cases for it"),
        ({"other.tf": "#### c\n#= nothing\n"}, "other.tf: there is no rule for these cases"),
        ({"mine.tf": "#### c\n#= aws_sqs_queue.q: pass\n"}, "no case shows the rule say fail or unknown"),
        ({"mine.tf": "resource\n"}, "mine.tf:1: it stands outside of any case"),
        ({"mine.tf": "#### c\n#= aws_sqs_queue.q: good\n"}, "mine.tf:2: .* is no expectation"),
        ({"mine.tf": "#### c\n#### C!\n"}, "mine.tf:1: there are two cases mine_c"),
    ],
)
def test_tables_that_show_too_little_are_told(written: Written, files: dict[str, str], words: str) -> None:
    folder = written({"rules/mine.py": PASSES, **{f"rules/{name}": text for name, text in files.items()}})
    with pytest.raises(Problem, match=words):
        trials(folder / "rules")


def test_a_case_that_is_not_so_fails(written: Written, tmp_path: Path) -> None:
    table = (
        f"#### c\n#= aws_sqs_queue.q: fail\n#= aws_sqs_queue.r: unknown\n#= aws_sqs_queue.s: pass\n{QUEUE}"
    )
    folder = written({"rules/mine.py": PASSES, "rules/mine.tf": table})
    first, *_ = trials(folder / "rules")
    with pytest.raises(AssertionError, match=r"mine\.tf:1: c: .*q: pass, not fail; .*s: nothing, not pass"):
        first.run(tmp_path / "case")
