"""The report for people: what is wrong, by family, where it stands and how to mend it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Final

from policies.engine.catalogue import Entry
from policies.engine.judging import BASELINED, OWN_RULES, WAIVED, Finding, Result
from policies.engine.verdicts import FAIL, FAMILIES, UNKNOWN

Paint = Callable[[str, str], str]
Wrap = Callable[..., list[str]]

PROSE: Final = 110
"""Columns after which prose is hard to read, however wide the terminal is."""

_COLOURS = {FAIL: "31", UNKNOWN: "33", WAIVED: "36", BASELINED: "2", "good": "32", "dim": "2", "bold": "1"}
_MARKS = {FAIL: "FAIL", UNKNOWN: "UNKNOWN", WAIVED: "WAIVED", BASELINED: "BASELINED"}


def render(
    result: Result, catalogue: Sequence[Entry], *, colour: bool = False, width: int = 100, quiet: bool = False
) -> str:
    """Findings that are not passes, grouped by family and rule, with each rule's reason and fix once; if `quiet`, only
    the counts and the verdict."""
    width = max(width, 40)

    def paint(text: str, name: str) -> str:
        return f"\x1b[{_COLOURS[name]}m{text}\x1b[0m" if colour else text

    def wrapped(text: str, indent: str, following: str | None = None) -> list[str]:
        return textwrap.wrap(
            text,
            min(width, PROSE),
            initial_indent=indent,
            subsequent_indent=indent if following is None else following,
            break_on_hyphens=False,
            break_long_words=False,
        )

    if quiet:
        return "\n".join(_verdict(result, wrapped, paint)) + "\n"
    entries = {entry.id: entry for entry in catalogue}
    lines: list[str] = []
    shown = [finding for finding in result.findings if finding.status in _MARKS]
    families = [*FAMILIES, *dict.fromkeys(f.family for f in shown if f.family not in FAMILIES)]
    for family in families:
        members = [finding for finding in shown if finding.family == family]
        if not members:
            continue
        lines += ["", paint(family.capitalize(), "bold"), paint("─" * min(len(family), width), "dim")]
        by_rule: dict[str, list[Finding]] = {}
        for finding in members:
            by_rule.setdefault(finding.rule, []).append(finding)
        for rule_id, findings in by_rule.items():
            entry = entries.get(rule_id)
            rule = None if entry is None else entry.rule
            lines += ["", paint(f"{rule_id}  ({findings[0].severity})", "bold")]
            lines += wrapped(rule.title if rule else OWN_RULES.get(rule_id, ""), "  ")
            for finding in findings:
                lines += _finding(finding, width, paint, wrapped)
            if entry and rule and any(finding.status in (FAIL, UNKNOWN) for finding in findings):
                lines += ["", *wrapped(f"Why: {rule.why}", "  ", "       ")]
                lines += ["  Fix:", *(f"    {line}" for line in rule.fix.rstrip().split("\n"))]
                lines += wrapped(f"Fixable: {entry.fixable}", "  ", "           ")
                lines += [f"  See: {rule.link}"]
    if lines:
        lines.append("")
    lines += _roots(result, width, wrapped, paint)
    lines += _summary(result, wrapped, paint)
    return "\n".join(lines).lstrip("\n") + "\n"


def _finding(finding: Finding, width: int, paint: Paint, wrapped: Wrap) -> list[str]:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    head = f"  {paint(_MARKS[finding.status], finding.status)} {paint(finding.address, 'bold')}"
    lines = [head, *wrapped(finding.message, "    ")]
    where = [place] if place else []
    if finding.construct:
        where.append(f"construct {finding.construct}")
    if where:
        together = "    " + " · ".join(where)
        lines += (
            [paint(together, "dim")]
            if len(together) <= width
            else [paint(f"    {part}", "dim") for part in where]
        )
    return lines


def _roots(result: Result, width: int, wrapped: Wrap, paint: Paint) -> list[str]:
    """A table of several roots, a line each, and why those were not judged that could not be."""
    if len(result.roots) < 2:
        return []
    names = ("passed", "failed", "unknown", "waived", *(["baselined"] if result.baseline else []))
    rows = [
        ("not judged", *("–" for _ in names))
        if one.roots[0].problem
        else (
            "closed" if one.exit_code else "open",
            *(f"{getattr(one.summary, name):,}" for name in names),
        )
        for one in result.by_root()
    ]
    heads = ("verdict", *names)
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    longest = max(len(root.path) for root in result.roots)
    first = max(4, min(longest, width - sum(widths) - 2 * len(widths)))

    def line(path: str, cells: Sequence[str], colour: str) -> list[str]:
        verdict, *numbers = (
            f"{cell:<{wide}}" if index == 0 else f"{cell:>{wide}}"
            for index, (cell, wide) in enumerate(zip(cells, widths, strict=True))
        )
        row = "  ".join([paint(verdict, colour), *numbers])
        return [f"{path:<{first}}  {row}"] if len(path) <= first else [path, f"{'':<{first}}  {row}"]

    lines = line("root", heads, "dim")
    for root, row in zip(result.roots, rows, strict=True):
        lines += line(root.path, row, "good" if row[0] == "open" else FAIL)
    for root in result.roots:
        if root.problem:
            lines += wrapped(f"Not judged: {root.problem}", "", "  ")
    return [*lines, ""]


def _summary(result: Result, wrapped: Wrap, paint: Paint) -> list[str]:
    lines = [paint(line, "dim") for note in result.notes for line in wrapped(f"Note: {note}", "", "      ")]
    counts, *verdict = _verdict(result, wrapped, paint)
    if result.uncovered_types:
        return [
            *lines,
            counts,
            *wrapped(f"No rule looks at: {', '.join(result.uncovered_types)}.", ""),
            *verdict,
        ]
    return [*lines, counts, *verdict]


def _verdict(result: Result, wrapped: Wrap, paint: Paint) -> list[str]:
    summary = result.summary
    left_out = sum(len(one.rules) for one in result.terms.left_out)
    counts = (
        f"{summary.resources:,} resources seen, {summary.evaluated:,} evaluated by {result.rules} rules"
        f"{f' ({left_out} left out)' if left_out else ''}: {summary.passed:,} passed, {summary.failed:,} failed, "
        f"{summary.unknown:,} unknown, {summary.waived:,} waived"
        f"{f', {summary.baselined:,} in the baseline' if result.baseline else ''}."
    )
    good = not result.exit_code
    words = "The gate is open." if good else "The gate is closed."
    return ["\n".join(wrapped(counts, "")), paint(words, "good" if good else FAIL)]
