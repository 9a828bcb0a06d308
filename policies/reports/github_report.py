"""Annotations for GitHub: commands to the runner, which shows them beside the changed lines of a pull request.

GitHub shows ten of each kind a step, so that severities are spread over the kinds.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands, and for the escapes
`escapeData` and `escapeProperty` of https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.engine.catalogue import Entry
from policies.engine.judging import Result
from policies.engine.verdicts import FAIL, PASS, UNKNOWN
from policies.reports import from_here

_KINDS: Final = {"critical": "error", "high": "error", "medium": "warning", "low": "notice"}
_DATA: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY: Final = {**_DATA, ":": "%3A", ",": "%2C"}


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """A command a line for all that did not pass, what could not be judged, and what else there is to say."""
    lines = []
    for finding in result.findings:
        if finding.status == PASS:
            continue
        doubt = "not known: " if finding.status == UNKNOWN else ""
        words = f"{finding.address}: {doubt}{finding.message}"
        # What is accepted closes nothing.
        kind = _KINDS[finding.severity] if finding.status in (FAIL, UNKNOWN) else "notice"
        lines.append(
            _command(kind, f"{finding.rule} ({finding.severity})", words, finding.file, finding.line)
        )
    lines += [_command("error", "not judged", root.problem) for root in result.roots if root.problem]
    lines += [_command("notice", "note", note) for note in result.notes]
    summary = result.summary
    verdict = "closed" if result.exit_code else "open"
    lines.append(
        f"{summary.passed:,} passed, {summary.failed:,} failed, {summary.unknown:,} unknown, "
        f"{summary.waived:,} waived: the gate is {verdict}."
    )
    return "\n".join(lines) + "\n"


def _command(kind: str, title: str, words: str, file: str = "", line: int = 0) -> str:
    properties = {"file": file and from_here(file), "line": str(line or ""), "title": title}
    written = ",".join(f"{name}={_escaped(value, _PROPERTY)}" for name, value in properties.items() if value)
    return f"::{kind} {written}::{_escaped(words, _DATA)}"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    # The older form of a command may stand anywhere in a line.
    return "".join(escapes.get(character, character) for character in text).replace("##[", "## [")
