"""Cures written into the files: what rules would change, as a patch or in place, and judged before it is written."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cloudmart_support.problem import write_out
from cloudmart_support.visible import STEERING, visible, without_commands
from policies.engine.catalogue import Entry
from policies.engine.judging import Result
from policies.engine.parameters import Parameters
from policies.engine.verdicts import FAIL
from policies.fixing import writing
from policies.fixing.curing import Curing, Judged, Outcome
from policies.fixing.patch import patch
from policies.fixing.planning import Cured


def show(
    judge: Callable[[], Judged],
    catalogue: Sequence[Entry],
    parameters: Mapping[str, Parameters],
    within: Sequence[Path],
) -> Result:
    """Write the patch that cures what can be cured to stdout, and words on it to stderr; the result without it.

    Raises:
        Problem: as `judge`, or a file changed meanwhile, or stdout cannot be written.
    """
    before = judge()
    outcome = Curing(judge, catalogue, parameters, within).cure(before)
    held = writing.originals(outcome.former)
    here = Path.cwd().resolve()
    base = here
    if not all(Path(path).is_relative_to(here) for path in held):
        base = Path(os.path.commonpath([Path(path).parent for path in held]))
    changed = {
        path: (held[path].decode(), writing.drafted(held[path], draft).decode())
        for path, draft in outcome.drafts.items()
    }
    exact = _print(patch(changed, base))
    lines = [f"would change {_cured(one)}" for one in outcome.cured] or ["nothing can be changed here"]
    lines += _left(outcome, before[1], catalogue)
    if base != here:
        lines.append(f"the patch is made for {base}: apply it there")
    if not exact:
        lines.append(
            "the patch holds what would steer a terminal or a CI runner and is shown escaped: use --fix"
        )
    for line in lines:
        print(visible(line), file=sys.stderr)
    return before[1]


def write(
    judge: Callable[[], Judged],
    catalogue: Sequence[Entry],
    parameters: Mapping[str, Parameters],
    within: Sequence[Path],
) -> Result:
    """Cure what can be cured in the files; the result as they are then, with notes on what was changed and what not.

    Raises:
        Problem: as `judge`, or a file cannot be written, or changed meanwhile; then nothing is changed.
    """
    before = judge()
    outcome = Curing(judge, catalogue, parameters, within).cure(before)
    writing.write(outcome.drafts, writing.originals(outcome.former))
    notes = [f"changed {_cured(one)}" for one in outcome.cured]
    notes += _left(outcome, outcome.result, catalogue)
    return replace(outcome.result, notes=(*outcome.result.notes, *notes))


def _cured(cured: Cured) -> str:
    more = f" and {len(cured.addresses) - 1} more" if len(cured.addresses) > 1 else ""
    minded = "".join(f" ({note})" for note in cured.notes)
    return f"{cured.file}:{cured.line}: {cured.rule} {cured.addresses[0]}{more}: {', '.join(cured.words)}{minded}"


def _left(outcome: Outcome, result: Result, catalogue: Sequence[Entry]) -> list[str]:
    """Lines on what is not changed: what a cure could not be written for, and rules that have none."""
    lines = [
        f"not changed {told.file}:{told.line}: {told.rule} {told.address}: {told.words}"
        for told in outcome.told
    ]
    failed = Counter(one.rule for one in result.findings if one.status == FAIL)
    for entry in catalogue:
        if entry.cure is None and failed[entry.id]:
            number = f"{failed[entry.id]} finding{'s' * (failed[entry.id] > 1)}"
            lines.append(f"by hand {entry.id} ({number}): {entry.rule.by_hand}".removesuffix(": "))
    return lines


def _print(text: str) -> bool:
    """Write a patch to stdout as it is, where nothing in it steers whoever reads it; else with escapes, and False."""
    # Line ends, and a byte order mark where a file begins, steer nobody.
    plain = re.sub(r"\r$|(?<=^[ +-])\ufeff", "", text, flags=re.M)
    exact = without_commands(plain) == plain and not STEERING.search(plain)
    if not exact:
        sys.stdout.write(text)
        return False
    write_out(text.encode(), "patch")
    return True
