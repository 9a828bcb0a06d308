"""The formats that a CI host takes its annotations from: as the host reads them, whatever the judged files say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmart_support.visible import visible
from policies import reports
from policies.command import main
from policies.engine import catalogue
from policies.engine.judging import Finding, Result, Root

Written = Callable[[dict[str, Any]], Path]
CATALOGUE = catalogue.load()
STATUSES = ("pass", "fail", "unknown", "waived")
TWO = 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\nresource "aws_ebs_volume" "v" {\n  encrypted = false\n}\n'


def _finding(status: str = "fail", severity: str = "high", text: str = "x", line: int = 3) -> Finding:
    return Finding("CM_RDS_MULTI_AZ", "availability", severity, status, text, text, text, line, text)


# --- GitHub ---------------------------------------------------------------------------------------------


def carried_out(output: str) -> list[tuple[str, dict[str, str], str]]:
    """The commands that the runner carries out: name, properties and data, with the escapes taken back.

    Source: `TryParseV2` and `TryParse` of https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    found = []
    for line in re.split(r"\r\n|\r|\n", output):
        trimmed = line.lstrip()
        if trimmed.startswith("::") and (end := trimmed.find("::", 2)) >= 0:
            name, _, listed = trimmed[2:end].partition(" ")
            pairs = (one.partition("=") for one in listed.split(",") if "=" in one)
            properties = {key.strip(): _plain(value, (":", ",")) for key, _, value in pairs}
            found.append((name, properties, _plain(trimmed[end + 2 :], ())))
        elif "##[" in line:
            found.append((line, {}, ""))
    return found


def _plain(text: str, more: tuple[str, ...]) -> str:
    for character in ("\r", "\n", *more, "%"):
        text = text.replace(f"%{ord(character):02X}", character)
    return text


def test_each_finding_is_an_annotation() -> None:
    findings = (
        _finding(severity="critical"),
        _finding("unknown", "medium", line=0),
        _finding("waived"),
        _finding("pass"),
        _finding(severity="low"),
    )
    result = Result(
        findings, 4, 4, 1, (), ("a note",), roots=(Root("a"), Root("b", problem="a.tf:1: broken"))
    )
    text = reports.render("github", result, CATALOGUE)
    title = "CM_RDS_MULTI_AZ"
    assert carried_out(text) == [
        ("error", {"file": "x", "line": "3", "title": f"{title} (critical)"}, "x: x"),
        ("warning", {"file": "x", "title": f"{title} (medium)"}, "x: not known: x"),
        ("notice", {"file": "x", "line": "3", "title": f"{title} (high)"}, "x: x"),
        ("notice", {"file": "x", "line": "3", "title": f"{title} (low)"}, "x: x"),
        ("error", {"title": "not judged"}, "a.tf:1: broken"),
        ("notice", {"title": "note"}, "a note"),
    ]
    assert text.splitlines()[-1] == "1 passed, 2 failed, 1 unknown, 1 waived: the gate is closed."


HOSTILE = (
    "a\n::add-mask::b",
    "a\r::stop-commands::t",
    "::set-env name=PATH::/x",
    "x,line=1,title=y::z",
    "100%0A::error::x %3A%2C%25",
    "##[add-mask]x",
    " \t::error file=a,line=2::b",
    "##[command]::x",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_command_or_leaves_its_place(text: str) -> None:
    _assert_held(text)


@given(
    text=st.text(st.characters() | st.sampled_from("\n\r:,%#[]= \u2028\x85\x0b\x0c"), min_size=1, max_size=40)
)
def test_any_text_is_held(text: str) -> None:
    _assert_held(text)


def _assert_held(text: str) -> None:
    result = Result((_finding(text=text),), 1, 1, 1, (text,), (text,), roots=(Root(text, problem=text),))
    shown = visible(text).replace("##[", "## [")
    first, *others = carried_out(reports.render("github", result, CATALOGUE))
    assert first[0] == "error"
    assert first[1].keys() <= {"file", "line", "title"}
    assert (first[1]["title"], first[1]["line"]) == ("CM_RDS_MULTI_AZ (high)", "3")
    assert first[2] == f"{shown}: {shown}"
    assert [(name, set(properties), data) for name, properties, data in others] == [
        ("error", {"title"}, shown),
        ("notice", {"title"}, shown),
    ]


def test_github_reads_paths_from_the_repositorys_folder(
    written: Written, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written({"my, stack/main.tf": TWO})
    monkeypatch.chdir(folder)
    for path in (folder / "my, stack", Path("my, stack"), folder / "my, stack" / ".." / "my, stack"):
        assert main(["check", str(path), "--format", "github"]) == 1
        found = carried_out(capsys.readouterr().out)
        assert {one[1]["file"] for one in found if "file" in one[1]} == {"my, stack/main.tf"}


# --- GitLab ---------------------------------------------------------------------------------------------

# The fields that GitLab reads, and those that the report of Code Climate demands besides.
# Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format and
# https://github.com/codeclimate/platform/blob/master/spec/analyzers/SPEC.md#issues
ISSUE = {
    "type": "object",
    "required": ["type", "check_name", "description", "categories", "severity", "fingerprint", "location"],
    "properties": {
        "type": {"const": "issue"},
        "check_name": {"type": "string", "minLength": 1},
        "description": {"type": "string", "minLength": 1},
        "categories": {
            "type": "array",
            "minItems": 1,
            "items": {
                "enum": [
                    "Bug Risk",
                    "Clarity",
                    "Compatibility",
                    "Complexity",
                    "Duplication",
                    "Performance",
                    "Security",
                    "Style",
                ]
            },
        },
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32,}$"},
        "location": {
            "type": "object",
            "required": ["path", "lines"],
            "properties": {
                "path": {"type": "string", "minLength": 1, "pattern": "^(?!\\./)"},
                "lines": {
                    "type": "object",
                    "required": ["begin"],
                    "properties": {"begin": {"type": "integer", "minimum": 1}},
                },
            },
        },
    },
}


def _quality(result: Result) -> list[dict[str, Any]]:
    issues: list[dict[str, Any]] = json.loads(reports.render("gitlab", result, CATALOGUE))
    jsonschema.validate(issues, {"type": "array", "items": ISSUE})
    return issues


def test_code_quality() -> None:
    findings = tuple(_finding(status, line=0) for status in STATUSES)
    result = Result((*findings, *findings), 4, 4, 1, (), ("a note",), roots=(Root("b", problem="broken"),))
    issues = _quality(result)
    assert [(one["check_name"], one["severity"]) for one in issues] == [
        *[("CM_RDS_MULTI_AZ", severity) for severity in ("critical", "critical", "info")] * 2,
        ("not judged", "blocker"),
        ("note", "info"),
    ]
    assert len({one["fingerprint"] for one in issues}) == len(issues)


@pytest.mark.parametrize("text", [*HOSTILE, "\ud800", ""])
def test_code_quality_of_any_text(text: str) -> None:
    _quality(Result((_finding(text=text or "x"),), 1, 1, 1, (), (text,) if text else ()))


def test_code_quality_knows_a_finding_that_moved(
    written: Written, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(written({"s/main.tf": TWO}))

    def found() -> dict[str, int]:
        main(["check", str(Path.cwd() / "s"), "--format", "gitlab"])
        issues = json.loads(capsys.readouterr().out)
        assert {one["location"]["path"] for one in issues} == {"s/main.tf"}
        return {one["fingerprint"]: one["location"]["lines"]["begin"] for one in issues}

    before = found()
    written({"s/main.tf": f"# moved\n\n{TWO}"})
    after = found()
    assert before.keys() == after.keys()
    assert all(after[key] == line + 2 for key, line in before.items())


# --- a line a finding -----------------------------------------------------------------------------------


def test_a_line_a_finding(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written({"main.tf": TWO})
    assert main(["check", str(folder), "--format", "line"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert all(
        re.fullmatch(r"\S+/main\.tf:\d+: CM_\w+ (?:fail|unknown): aws_\S+: .+", line) for line in lines
    )
    assert f"{folder}/main.tf:1: CM_QUEUES_ENCRYPTED fail: aws_sns_topic.t: it names no key" in lines
