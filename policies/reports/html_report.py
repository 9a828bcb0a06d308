"""One HTML page that needs nothing else: no script, no font, no image from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cloudmart_pages import render as rendered
from policies.engine.catalogue import Entry
from policies.engine.judging import BASELINED, OWN_RULES, WAIVED, Finding, Result
from policies.engine.verdicts import FAIL, FAMILIES, PASS, UNKNOWN
from policies.reports import by_root


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """The verdict, that of each root, the findings by family and rule with their reason and fix, and every rule."""
    summary = result.summary
    counts: dict[str, dict[str, int]] = {}
    for finding in result.findings:
        row = counts.setdefault(finding.rule, {})
        row[finding.status] = row.get(finding.status, 0) + 1
    statuses = [PASS, FAIL, UNKNOWN, WAIVED, *([BASELINED] if result.baseline else [])]
    return rendered(
        "report.html",
        closed=bool(result.exit_code),
        summary=summary,
        number_of_rules=result.rules,
        notes=result.notes,
        statuses=statuses,
        roots=[
            (one.roots[0], one.exit_code, one.summary)
            for one in (result.by_root() if len(result.roots) > 1 else ())
        ],
        groups=[(root, _families(findings, catalogue)) for root, findings in by_root(result)],
        rules=[
            (entry, [counts.get(entry.id, {}).get(status, 0) for status in statuses]) for entry in catalogue
        ],
    )


def _families(
    findings: Sequence[Finding], catalogue: Sequence[Entry]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """What did not pass, by family and then by rule."""
    entries = {entry.id: entry for entry in catalogue}
    found: dict[str, dict[str, list[Finding]]] = {family: {} for family in FAMILIES}
    for finding in findings:
        if finding.status != PASS:
            found.setdefault(finding.family, {}).setdefault(finding.rule, []).append(finding)
    return [
        (
            family,
            [
                {
                    "id": id,
                    "title": entries[id].rule.title if id in entries else OWN_RULES.get(id, ""),
                    "rule": _remedy(entries[id]) if id in entries else None,
                    "findings": members,
                }
                for id, members in by_rule.items()
            ],
        )
        for family, by_rule in found.items()
        if by_rule
    ]


def _remedy(entry: Entry) -> dict[str, Any]:
    rule = entry.rule
    return {
        "why": rule.why,
        "fix": rule.fix,
        "fixable": entry.fixable,
        "controls": rule.controls,
        "link": rule.link,
    }
