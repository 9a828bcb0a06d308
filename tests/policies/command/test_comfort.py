"""What makes the command line easy: help, versions, one rule in full, completion, colours, quiet."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies.command import main
from policies.command.completion import completion
from policies.command.parser import NAME, SHELLS, parser
from policies.engine import catalogue
from policies.engine.judging import OWN_RULES
from policies.reports import catalogue_page

Written = Callable[[dict[str, Any]], Path]
ENTRIES = catalogue.load()
COMMANDS = ("check", "rules", "catalogue", "completion")
TOPIC = 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\n'


def _out(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    main([str(one) for one in arguments])
    return capsys.readouterr().out


# --- help -----------------------------------------------------------------------------------------------


def _help(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_each_help_has_exit_codes_and_examples_that_are_right(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/called"])
    text = _help(capsys, *([command] if command else []))
    assert text.startswith("usage: called")
    assert re.search(r"^exit codes:\n  0  .*\n(?:  1  .*\n)?  2  ", text, re.M)
    examples = re.findall(r"^  called (.*)$", text.split("example", 1)[1], re.M)
    assert examples
    for example in examples:
        words = shlex.split(example.split(" > ")[0])
        assert parser().parse_args(words).command == (command or "check")


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ([sys.executable, "-m", "policies"], "python -m policies"),
        ([str(Path(sys.executable).with_name(NAME))], NAME),
    ],
)
def test_the_usage_names_the_command_as_it_was_called(program: list[str], name: str) -> None:
    done = subprocess.run([*program, "chekc"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"usage: {name} ")


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.split()[-1] == importlib.metadata.version("cloudmart-infrastructure")


# --- rules ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_one_rule_in_full(entry: catalogue.Entry, capsys: pytest.CaptureFixture[str]) -> None:
    text = _out(capsys, "rules", entry.id)
    joined = " ".join(text.split())
    rule = entry.rule
    for words in (rule.title, rule.why, rule.fix, *rule.controls, *rule.types, *rule.packs, rule.link):
        assert " ".join(words.split()) in joined
    assert all(f"{name} = " in joined for name in rule.parameters)
    source = re.search(r"^Source: (.*)$", text, re.M)
    assert source is not None
    assert Path(source[1]).is_file()
    # In a checkout, as here: what the rule is tested by.
    assert re.search(r"^Cases: .*\.tf\n\n    # ", text, re.M)
    (told,) = json.loads(_out(capsys, "rules", entry.id, "--format", "json"))["rules"]
    assert told == {
        **catalogue_page.described(entry),
        "packs": list(rule.packs),
        "parameters": list(rule.parameters),
        "fixable": entry.cure is not None,
        "by_hand": rule.by_hand,
    }
    assert entry.fixable in joined


def test_names_are_taken_as_people_write_them(capsys: pytest.CaptureFixture[str]) -> None:
    text = _out(capsys, "rules", "rds-not-public", "CM_RDS_NOT_PUBLIC", "cm_waiver")
    assert text.count("CM_RDS_NOT_PUBLIC  (") == 1
    assert OWN_RULES["CM_WAIVER"] in text


def test_a_rule_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "CM_RDS_NOT_PUBLIK", "CM_RDS_MULTI_AZ"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: there is no rule CM_RDS_NOT_PUBLIK: did you mean CM_RDS_NOT_PUBLIC")
    assert main(["rules", "qqqqqq"]) == 2
    assert "lists them" in capsys.readouterr().err


# --- completion -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["che"], {"check"}),
        (["check", "--seve"], {"--severity"}),
        (["check", "--format", "gitl"], {"gitlab"}),
        (["check", "--skip", "CM_RDS_NOT"], {"CM_RDS_NOT_PUBLIC"}),
        (["rules", "CM_RDS_NOT"], {"CM_RDS_NOT_PUBLIC"}),
        (["completion", ""], set(SHELLS)),
    ],
)
def test_bash_completes(words: list[str], expected: set[str], tmp_path: Path) -> None:
    (tmp_path / "completion").write_text(completion("bash"))
    ask = (
        f'source "$0"; words=({NAME} "$@"); COMP_WORDS=("${{words[@]}}"); COMP_CWORD=$(( ${{#words[@]}} - 1 )); '
        f'_shtab_{NAME.replace("-", "_")} {NAME} "${{words[-1]}}"; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(
        ["bash", "-c", ask, tmp_path / "completion", *words], capture_output=True, text=True, check=False
    )
    assert set(done.stdout.split()) == expected, done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_knows_every_option(shell: str) -> None:
    text = completion(shell)
    for command in COMMANDS:
        assert command in text
    options = re.findall(r"--([a-z-]+)", parser().parse_args.__self__.format_help())
    (commands,) = [one for one in parser()._actions if one.dest == "command"]
    assert commands.choices is not None
    for below in dict(commands.choices).values():
        options += [
            word[2:] for action in below._actions for word in action.option_strings if word[:2] == "--"
        ]
    for option in options:
        assert option.split("=")[0] in text


def test_without_shtab_it_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert "install it beside the gate" in capsys.readouterr().err


# --- colours and quiet ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
    ],
)
def test_colours_where_nothing_shows_them(
    environment: dict[str, str],
    coloured: bool,
    written: Written,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    folder = written({"main.tf": TOPIC})
    assert ("\x1b[" in _out(capsys, "check", folder)) is coloured
    # A file is never coloured.
    _out(capsys, "check", folder, "--output", folder / "report")
    assert "\x1b" not in (folder / "report").read_text()


def test_quiet_gives_the_counts_and_the_verdict(
    written: Written, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    folder = written({"main.tf": TOPIC})
    assert main(["check", str(folder), "--quiet"]) == 1
    assert capsys.readouterr().out == (
        "1 resources seen, 1 evaluated by 1 rules: 0 passed, 1 failed, 0 unknown, 0 waived.\nThe gate is closed.\n"
    )
    assert main(["check", str(folder), "--quiet", "--skip", "CM_QUEUES_ENCRYPTED"]) == 0
    assert "(1 left out)" in capsys.readouterr().out
    # Reports that go to files are whole.
    report = folder / "report.json"
    assert main(
        ["check", str(folder), "--quiet", "--format", "json", "--output", str(report), "--format", "text"]
    )
    assert len(json.loads(report.read_text())["findings"]) == 1
    assert main(["check", str(folder), "--quiet", "--format", "json"]) == 2
    assert "--quiet is for the report as text" in capsys.readouterr().err


# --- which report goes where ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", {"-": "text"}),
        ("--output a", {"a": "text"}),
        ("--format json --output a", {"a": "json"}),
        ("--output a --format json", {"a": "json"}),
        ("--format json --output a --format text", {"a": "json", "-": "text"}),
        ("--format text --format json --output a", {"a": "json", "-": "text"}),
        (
            "--format json --output a --format text --format sarif --output b",
            {"a": "json", "b": "sarif", "-": "text"},
        ),
        ("--output a --format json --format sarif --output b", {"a": "json", "b": "sarif"}),
        ("--format text --format json", None),
        ("--output a --output b", None),
        ("--format json --output a --output b", None),
        ("--output a --format json --output b", None),
    ],
)
def test_an_output_belongs_to_the_format_before_it(
    words: str,
    expected: dict[str, str] | None,
    written: Written,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(written({"main.tf": TOPIC}))
    assert main(["check", ".", *words.split()]) == (2 if expected is None else 1)
    texts = {name: Path(name).read_text() for name in ("a", "b") if Path(name).exists()}
    if out := capsys.readouterr().out:
        texts["-"] = out
    starts = {"text": "Encryption", "json": '{\n  "version"', "sarif": '{\n  "$schema"'}
    assert {
        name: next(kind for kind, start in starts.items() if text.startswith(start))
        for name, text in texts.items()
    } == (expected or {})
