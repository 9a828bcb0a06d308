"""Edits of rules, tried on drafts of the files until what they were made for passes and nothing else is worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cloudmart_support.problem import Problem
from policies.engine.catalogue import Entry
from policies.engine.judging import Finding, Result
from policies.engine.model import Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import FAIL, PASS
from policies.fixing.planning import Cured, Key, Plan, Step, Told
from policies.readers import Reading, files

ROUNDS: Final = 3
"""What one rule changes may be another one's matter in turn: a window that moves meets the next one."""

Judged = tuple[Sequence[Reading], Result]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: `drafts` by real path and the `former` texts of those files, what was changed and what was not,
    and what stands with the drafts."""

    former: dict[str, str]
    drafts: dict[str, str]
    cured: tuple[Cured, ...]
    told: tuple[Told, ...]
    result: Result


def cure(
    judge: Callable[[], Judged],
    catalogue: Sequence[Entry],
    parameters: Mapping[str, Parameters],
    within: Sequence[Path],
    before: Judged,
) -> Outcome:
    """Change drafts of the files so that failures with a cure are gone.

    Args:
        judge: reads and judges all that was named, waivers applied.
        catalogue: the rules that judge.
        parameters: the rules' parameters, by the path that was judged.
        within: the folders and files that may be changed.
        before: what `judge` found in the files as they are.
    """
    dropped: dict[Key, str] = {}
    while True:
        outcome, worse = _tried(judge, catalogue, parameters, within, before, dropped)
        if not worse:
            return outcome
        dropped.update(worse)


def _tried(
    judge: Callable[[], Judged],
    catalogue: Sequence[Entry],
    parameters: Mapping[str, Parameters],
    within: Sequence[Path],
    before: Judged,
    dropped: dict[Key, str],
) -> tuple[Outcome, dict[Key, str]]:
    """What comes of all edits but those that are dropped, and which of them do not do, with the reason."""
    former: dict[str, str] = {}
    drafts: dict[str, str] = {}
    steps: list[Step] = []
    told: list[Told] = []
    now = before
    for round in range(ROUNDS):
        readings, result = now
        with files.drafts(drafts):
            plan = Plan(readings, result.findings, catalogue, parameters, dropped, within)
            changed = plan.texts()
        former = {**{path: plan.text(path) for path in changed}, **former}
        drafts = {**drafts, **changed}
        if not round:
            told = plan.told
        if not plan.steps:
            break
        steps += plan.steps
        try:
            with files.drafts(drafts):
                now = judge()
        except Problem as problem:
            return _outcome({}, {}, [], told, before), {
                step.key: f"with the change it could not be judged: {problem}" for step in plan.steps
            }
    return _outcome(former, drafts, steps, told, now), _worse(steps, before, now)


def _outcome(
    former: dict[str, str], drafts: dict[str, str], steps: list[Step], told: list[Told], judged: Judged
) -> Outcome:
    merged: dict[Key, Cured] = {}
    for step in steps:
        first = merged.setdefault(step.key, step.cured)
        merged[step.key] = replace(
            first,
            words=tuple(dict.fromkeys((*first.words, *step.cured.words))),
            notes=tuple(dict.fromkeys((*first.notes, *step.cured.notes))),
        )
    return Outcome(former, drafts, tuple(merged.values()), tuple(told), judged[1])


def _worse(steps: list[Step], before: Judged, now: Judged) -> dict[Key, str]:
    """Edits whose failure is still there, or with which something else is worse; and in which words."""
    earlier_problems = {root.path for root in before[1].roots if root.problem}
    for one in now[1].roots:
        if one.problem and one.path not in earlier_problems:
            return {step.key: f"with the change it could not be judged: {one.problem}" for step in steps}
    former, latter = _said(before[1].findings), _said(now[1].findings)
    worse: dict[Key, str] = {}
    for place, said in latter.items():
        root, rule, address = place
        own = [step for step in steps if step.key[0] == rule and address in step.cured.addresses]
        bad = [words for status, words in said if status != PASS]
        if own and bad:
            worse.update({step.key: f"after the change it would still say: {bad[0]}" for step in own})
            continue
        counts, earlier = (
            Counter(status for status, _ in one if status != PASS) for one in (said, former.get(place, ()))
        )
        if counts[FAIL] <= earlier[FAIL] and counts.total() <= earlier.total():
            continue
        # What a rule says of all of them it says at one, and that may be another one now.
        if _bad(latter, root, rule) <= _bad(former, root, rule):
            continue
        blocks = {_labels(resource) for resource in _resources(now, root, address)}
        blamed = [step for step in steps if (step.key[2], step.key[3]) in blocks] or steps
        worse.update(
            {step.key: f"with the change {rule} would say of {address}: {bad[0]}" for step in blamed}
        )
    for place, said in former.items():
        root, rule, address = place
        gone = any(status == FAIL for status, _ in said) and place not in latter
        # A policy is judged with what it belongs to, at which the rule says that all is well.
        if gone and not any(_resources(now, root, address)):
            for step in steps:
                if step.key[0] == rule and address in step.cured.addresses:
                    worse[step.key] = f"after the change {address} would not be judged any more"
    return worse


def _bad(said: dict[tuple[str, str, str], list[tuple[str, str]]], root: str, rule: str) -> Counter[str]:
    """What a rule says of a root that is no pass, wherever it says it."""
    return Counter(
        words
        for (where, who, _), told in said.items()
        if (where, who) == (root, rule)
        for status, words in told
        if status != PASS
    )


def _said(findings: Iterable[Finding]) -> dict[tuple[str, str, str], list[tuple[str, str]]]:
    said: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for finding in findings:
        place = (finding.root, finding.rule, finding.address)
        said.setdefault(place, []).append((finding.status, finding.message))
    return said


def _resources(judged: Judged, root: str, address: str) -> Iterator[Resource]:
    for reading in judged[0]:
        if reading.path == root:
            yield from reading.model.at(address)


def _labels(resource: Resource) -> tuple[str, str]:
    return resource.type, resource.name
