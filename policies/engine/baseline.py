"""The baseline: findings that stood when it was written do not fail; what is new does, and what is gone is told.

A finding is known again by its rule, what was judged, the address, the argument, the status and what is said, and by
how many there are of this kind: not by files and lines, which move. What was unknown and fails now is new, and so is
what is open to more than it was.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePath
from typing import Final

from cloudmart_support import git
from cloudmart_support.problem import Problem
from policies.engine.judging import BASELINED, WAIVER, Finding
from policies.engine.verdicts import FAIL, UNKNOWN

VERSION: Final = 1
_MOST_TOLD: Final = 20
_LONGEST: Final = 500
"""Characters of what is said by which a finding is known again."""
_PLACE: Final = re.compile(r"[^\s:]+\.(?:tf|tofu|json|tfvars|hcl)(?::\d+)+(?:: )?")


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """What findings are known again by; `root` is what was judged, from the repository's top."""

    root: str
    rule: str
    address: str
    attribute: str
    status: str
    message: str

    def __str__(self) -> str:
        return f"{self.rule} {self.address or '(no address)'} in {self.root}"


Baseline = Mapping[Known, int]
"""How many findings there are of each kind."""


def parse(text: str, place: str) -> Baseline:
    """The baseline that a text holds.

    Args:
        text: what the file holds.
        place: what it is called.

    Raises:
        Problem: it is not a baseline.
    """
    from policies.forms import schemas
    from policies.forms.checking import mistakes

    cure = "mend it, or write it again with --write-baseline"
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Problem(f"{place}: it is no baseline: {error}: {cure}") from error
    wrong = list(mistakes(values, schemas.baseline()))
    if wrong:
        more = f"\n  and {len(wrong) - _MOST_TOLD:,} more" if len(wrong) > _MOST_TOLD else ""
        listed = "\n  ".join(f"{place}: {one}" for one in wrong[:_MOST_TOLD])
        raise Problem(f"{listed}{more}\n  It is no baseline: {cure}")
    found: Counter[Known] = Counter()
    for entry in values["findings"]:
        count = entry.pop("count")
        found[Known(**entry)] += count
    return found


def text(baseline: Baseline) -> str:
    """What the file of a baseline holds: one line a kind of finding, in order."""
    lines = [json.dumps({**asdict(known), "count": baseline[known]}) for known in sorted(baseline)]
    listed = ",".join(f"\n    {line}" for line in lines)
    return f'{{\n  "version": {VERSION},\n  "findings": [{listed}{chr(10) + "  " if lines else ""}]\n}}\n'


def of(
    findings: Iterable[Finding],
    before: Baseline,
    *,
    roots: Collection[str],
    without: Collection[str] = (),
) -> Baseline:
    """The baseline to write after a run.

    Args:
        findings: of the run; those that stand and are not waived are recorded.
        before: the baseline as it was; what the run said nothing about is kept.
        roots: the paths that were judged.
        without: the ids of rules that did not run.
    """
    seen = {place_of(root) for root in roots}
    kept = {known: count for known, count in before.items() if not _asked_about(known, seen, without)}
    places = _Places()
    return Counter(kept) + Counter(
        _known(finding, places)
        for finding in findings
        if finding.status in (FAIL, UNKNOWN) and finding.rule != WAIVER
    )


def apply(
    findings: Sequence[Finding],
    baseline: Baseline,
    *,
    roots: Collection[str],
    without: Collection[str] = (),
) -> tuple[list[Finding], Baseline]:
    """The findings with those of the baseline marked, and what of it is gone.

    Args:
        findings: of the run.
        baseline: what stood before.
        roots: the paths that were judged; what was recorded of others is not gone, unless there is no such path.
        without: the ids of rules that did not run.
    """
    left = Counter(baseline)
    places = _Places()
    result = []
    for finding in findings:
        if finding.status in (FAIL, UNKNOWN) and finding.rule != WAIVER:
            known = _known(finding, places)
            if left[known] > 0:
                left[known] -= 1
                message = f"{finding.message} (stands in the baseline, as {finding.status})"
                finding = replace(finding, status=BASELINED, message=message)
        result.append(finding)
    seen = {place_of(root) for root in roots}
    gone = {
        known: left[known] for known in sorted(left) if left[known] and _asked_about(known, seen, without)
    }
    return result, gone


def words(gone: Baseline) -> list[str]:
    """What is gone, a sentence each."""
    return [f"{known} ({count:,} times)" if count > 1 else str(known) for known, count in gone.items()]


def told(file: str, gone: Baseline) -> list[str]:
    """What to say of a baseline of which something is gone."""
    if not gone:
        return []
    count = sum(gone.values())
    more = f" and {len(gone) - _MOST_TOLD:,} more" if len(gone) > _MOST_TOLD else ""
    listed = ", ".join(words(gone)[:_MOST_TOLD])
    are = "findings are" if count > 1 else "finding is"
    return [f"baseline {file}: {count:,} {are} gone ({listed}{more}): --write-baseline takes them out"]


def place_of(root: str) -> str:
    """What was judged, from the top of the repository that it is in, or else from the working folder."""
    real = Path(os.path.realpath(root))
    return PurePath(os.path.relpath(real, _top(real))).as_posix()


def _top(path: Path) -> Path:
    return git.top(path) or Path.cwd().resolve()


class _Places(dict[str, str]):
    """`place_of` for each root, asked once."""

    def __missing__(self, root: str) -> str:
        self[root] = place_of(root)
        return self[root]


def _known(finding: Finding, places: _Places) -> Known:
    # The place in a list changes with what is written before it.
    attribute = re.sub(r"\[\d+\]", "[]", finding.attribute)
    place = places[finding.root]
    address = place if finding.address == finding.root else finding.address
    message = _PLACE.sub("", finding.message)[:_LONGEST]
    return Known(place, finding.rule, address, attribute, finding.status, message)


def _asked_about(known: Known, seen: Collection[str], without: Collection[str]) -> bool:
    """Whether a run would have found it, were it there."""
    if known.rule in without:
        return False
    return known.root in seen or not os.path.lexists(_top(Path.cwd().resolve()) / known.root)
