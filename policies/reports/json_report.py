"""The report for programs: a summary, and every finding, those that passed included."""

from __future__ import annotations

import json
from collections.abc import Sequence

from policies.catalogue import Entry
from policies.engine import Result


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """`{"summary": {...}, "findings": [...]}`, and `notes` where there is something to say about the run."""
    summary = result.summary
    report: dict[str, object] = {
        "summary": {name: getattr(summary, name) for name in summary.__slots__},
        "findings": [
            {
                "rule": finding.rule,
                "family": finding.family,
                "severity": finding.severity,
                "status": finding.status,
                "address": finding.address,
                "message": finding.message,
                "file": finding.file,
                "line": finding.line,
                "construct": finding.construct,
            }
            for finding in result.findings
        ],
    }
    if result.notes:
        report["notes"] = list(result.notes)
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"
