"""The report for programs: a summary, and every finding, those that passed included."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from policies.engine.catalogue import Entry
from policies.engine.judging import BASELINED, Result

VERSION: Final = 1
"""Of the report's form: a field that goes or changes its meaning makes another one, a field that is added does not."""


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """`{"version", "summary", "findings", "roots"}`, and `notes`, `baseline` and `terms` where the run has some.

    The form is that of `docs/schemas/report.schema.json`.
    """
    head = _counts(result)
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
    if result.baseline is not None:
        parts.append(f'"baseline": {json.dumps(asdict(result.baseline), ensure_ascii=False)}')
    if result.terms:
        parts.append(f'"terms": {json.dumps(asdict(result.terms), ensure_ascii=False)}')
    if result.roots:
        roots = [json.dumps(_root(one), ensure_ascii=False) for one in result.by_root()]
        parts.append('"roots": [' + ",".join(f"\n    {line}" for line in roots) + "\n  ]")
    if result.notes:
        parts.append(f'"notes": {json.dumps(list(result.notes), ensure_ascii=False)}')
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def _counts(result: Result) -> dict[str, Any]:
    summary = result.summary
    return {
        name: getattr(summary, name)
        for name in summary.__slots__
        if name != BASELINED or result.baseline is not None
    }


def _root(result: Result) -> dict[str, Any]:
    """The verdict on one of the judged paths; `problem` says why there is none."""
    (root,) = result.roots
    told = {"problem": root.problem} if root.problem else {}
    return {"path": root.path, "exit_code": result.exit_code, **told, "summary": _counts(result)}
