"""The report for programs: a summary, and every finding, those that passed included."""

from __future__ import annotations

import json
from collections.abc import Sequence

from policies.engine.catalogue import Entry
from policies.engine.judging import Result


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """`{"summary": {...}, "findings": [...]}`, and `notes` where there is something to say about the run."""
    summary = result.summary
    head = {name: getattr(summary, name) for name in summary.__slots__}
    # One line a finding: json's fast encoder does not indent, and a line is what people search and compare.
    findings = [
        json.dumps(
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
            },
            ensure_ascii=False,
        )
        for finding in result.findings
    ]
    parts = [
        f'"summary": {json.dumps(head, indent=2)}'.replace("\n", "\n  "),
        '"findings": [' + (",".join(f"\n    {line}" for line in findings) + "\n  " if findings else "") + "]",
    ]
    if result.notes:
        parts.append(f'"notes": {json.dumps(list(result.notes), ensure_ascii=False)}')
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"
