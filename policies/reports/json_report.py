"""The report for programs: a summary, and every finding, those that passed included."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from policies.engine.catalogue import Entry
from policies.engine.judging import Result

VERSION: Final = 1
"""Of the report's form: a field that goes or changes its meaning makes another one, a field that is added does not."""


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """`{"version", "summary", "findings"}`, and where there is something to say about the run, `notes` and `terms`.

    The form is that of `docs/schemas/report.schema.json`.
    """
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
        f'"version": {VERSION}',
        f'"summary": {json.dumps(head, indent=2)}'.replace("\n", "\n  "),
        '"findings": [' + (",".join(f"\n    {line}" for line in findings) + "\n  " if findings else "") + "]",
    ]
    if result.terms:
        parts.append(f'"terms": {json.dumps(asdict(result.terms), ensure_ascii=False)}')
    if result.notes:
        parts.append(f'"notes": {json.dumps(list(result.notes), ensure_ascii=False)}')
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"
