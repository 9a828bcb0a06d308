"""Markdown, for a pull request or a job summary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from policies.engine.catalogue import Entry
from policies.engine.judging import BASELINED, OWN_RULES, WAIVED, Finding, Result
from policies.engine.verdicts import FAIL, FAMILIES, UNKNOWN
from policies.reports import by_root

MOST: Final = 500
"""Findings shown: a job summary holds one megabyte. The rest is counted, not shown."""

_MARKS: Final = {FAIL: "❌ fail", UNKNOWN: "❔ unknown", WAIVED: "☑️ waived", BASELINED: "☑️ baselined"}


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """The verdict first, then a table of findings by family, of each root by itself, and how to mend each rule once."""
    summary = result.summary
    closed = bool(result.exit_code)
    lines = [
        f"## Policies: {'❌ the gate is closed' if closed else '✅ the gate is open'}",
        "",
        "| resources | evaluated | rules | passed | failed | unknown | waived |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        f"| {summary.resources:,} | {summary.evaluated:,} | {result.rules} | {summary.passed:,} | "
        f"{summary.failed:,} | {summary.unknown:,} | {summary.waived:,} |",
    ]
    if result.baseline:
        column = (" baselined |", " ---: |", f" {summary.baselined:,} |")
        lines[2:] = [line + cell for line, cell in zip(lines[2:], column, strict=True)]
    lines += [f"\n> {_text(note)}" for note in result.notes]
    lines += _roots(result)
    shown = [finding for finding in result.findings if finding.status in _MARKS]
    entries = {entry.id: entry for entry in catalogue}
    told: set[str] = set()
    left = MOST
    for root, every in by_root(result):
        found = [finding for finding in every if finding.status in _MARKS][:left]
        left -= len(found)
        if root and found:
            lines += ["", f"### {_code(root)}"]
        mark = "####" if root else "###"
        for family in [*FAMILIES, *dict.fromkeys(f.family for f in found if f.family not in FAMILIES)]:
            members = [finding for finding in found if finding.family == family]
            if not members:
                continue
            lines += [
                "",
                f"{mark} {family.capitalize()}",
                "",
                "| | resource | finding | where |",
                "| --- | --- | --- | --- |",
            ]
            lines += [_row(finding) for finding in members]
            for id in dict.fromkeys(finding.rule for finding in members if finding.status in (FAIL, UNKNOWN)):
                if id not in told:
                    lines += _cure(id, entries.get(id))
                    told.add(id)
    if len(shown) > MOST:
        lines += [
            "",
            f"**{len(shown) - MOST:,} more findings are not shown here**; the JSON report holds them all.",
        ]
    if summary.uncovered_types:
        types = ", ".join(map(_code, summary.uncovered_types))
        lines += ["", f"<details><summary>Types that no rule looks at</summary>\n\n{types}\n\n</details>"]
    return "\n".join(lines) + "\n"


def _roots(result: Result) -> list[str]:
    """A table of several roots."""
    if len(result.roots) < 2:
        return []
    names = ["passed", "failed", "unknown", "waived", *([BASELINED] if result.baseline else [])]
    lines = ["", f"| | root | {' | '.join(names)} |", f"| --- | --- |{' ---: |' * len(names)}"]
    for one in result.by_root():
        (root,) = one.roots
        if root.problem:
            lines.append(
                f"| ❌ not judged | {_code(root.path)} | {_text(root.problem)} |{' |' * (len(names) - 1)}"
            )
            continue
        counts = " | ".join(f"{getattr(one.summary, name):,}" for name in names)
        lines.append(f"| {'❌ closed' if one.exit_code else '✅ open'} | {_code(root.path)} | {counts} |")
    return lines


def _cure(id: str, entry: Entry | None) -> list[str]:
    """Why a rule is there, and how to mend what it finds."""
    if entry is None:
        return ["", f"`{id}`: {OWN_RULES.get(id, '')}"]
    rule = entry.rule
    return [
        "",
        f"<details><summary><code>{id}</code>: how to mend it</summary>",
        "",
        _text(rule.why),
        "",
        "```terraform",
        rule.fix.rstrip(),
        "```",
        "",
        f"Fixable: {_text(entry.fixable)}",
        "",
        f"[AWS documentation]({rule.link})",
        "",
        "</details>",
    ]


def _row(finding: Finding) -> str:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    where = _code(place) + (f"<br>{_code(finding.construct)}" if finding.construct else "")
    return (
        f"| {_MARKS[finding.status]} | {_code(finding.address)} | "
        f"{_text(finding.message)}<br>{_code(finding.rule)}, {finding.severity} | {where} |"
    )


# Words that could become links, mentions, references or pictures in a Markdown of GitHub's kind, whatever is escaped.
_LINKING: Final = re.compile(r"[@#]|:[/\w]|\bwww\.|\bGH-\d|\b[0-9a-f]{7,40}\b", re.I)
_MARKING: Final = re.compile(r"([\\`*_\[\]|<>~$])")


def _text(text: str) -> str:
    """Text that Markdown and HTML leave as it is, on one line; words that could become links are shown as code."""
    return " ".join(map(_word, text.split()))


def _word(word: str) -> str:
    if _LINKING.search(word):
        return _code(word)
    return _MARKING.sub(r"\\\1", word.replace("&", "&amp;"))


def _code(text: str) -> str:
    cleaned = " ".join(text.split()).replace("`", "'").replace("|", "\\|")
    return f"`{cleaned}`" if cleaned else ""
