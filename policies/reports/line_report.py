"""A line a finding, as compilers write them: for editors, grep and counting."""

from __future__ import annotations

from collections.abc import Sequence

from policies.engine.catalogue import Entry
from policies.engine.judging import Result
from policies.engine.verdicts import PASS


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """`FILE:LINE: RULE STATUS: ADDRESS: MESSAGE` for all that did not pass, then what else there is to say."""
    lines = []
    for finding in result.findings:
        if finding.status != PASS:
            place = f"{finding.file}:{finding.line}" if finding.line else finding.file
            lines.append(f"{place}: {finding.rule} {finding.status}: {finding.address}: {finding.message}")
    lines += [f"{root.path}: not judged: {root.problem}" for root in result.roots if root.problem]
    lines += [f"note: {note}" for note in result.notes]
    return "".join(f"{line}\n" for line in lines or [f"note: {result.summary.passed:,} passed, nothing else"])
