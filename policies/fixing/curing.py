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


@dataclass(frozen=True, slots=True)
class _Tried:
    """What came of a try. `failed` are edits that do not do what they are for, with words; `doubts` say what is worse
    with the edits, each with those that may be to blame."""

    outcome: Outcome
    failed: dict[Key, str]
    doubts: dict[str, list[Key]]


@dataclass(frozen=True, slots=True)
class Curing:
    """What is cured, and by what.

    `judge` reads and judges all that was named, waivers applied; `catalogue` are the rules that judge, `parameters`
    theirs by the path that was judged; `within` are the folders and files that may be changed.
    """

    judge: Callable[[], Judged]
    catalogue: Sequence[Entry]
    parameters: Mapping[str, Parameters]
    within: Sequence[Path]

    def cure(self, before: Judged) -> Outcome:
        """Change drafts of the files so that failures with a cure are gone, and nothing is worse than `before`."""
        dropped: dict[Key, str] = {}
        while True:
            tried = self._try(before, dropped)
            dropped.update(tried.failed)
            for words, suspects in tried.doubts.items():
                if not any(key in dropped for key in suspects):
                    dropped[self._guilty(before, dropped, words, suspects)] = words
            if not tried.failed and not tried.doubts:
                return tried.outcome

    def _guilty(self, before: Judged, dropped: Mapping[Key, str], words: str, suspects: list[Key]) -> Key:
        """Which edit makes something worse, by halves: it is in the half without which it is not worse."""
        while len(suspects) > 1:
            half, rest = suspects[: len(suspects) // 2], suspects[len(suspects) // 2 :]
            tried = self._try(before, {**dropped, **dict.fromkeys(half, "")})
            suspects = rest if words in tried.doubts else half
        return suspects[0]

    def _try(self, before: Judged, dropped: Mapping[Key, str]) -> _Tried:
        """What comes of all edits but those that are dropped."""
        former: dict[str, str] = {}
        drafts: dict[str, str] = {}
        steps: list[Step] = []
        told: list[Told] = []
        now = before
        for round in range(ROUNDS):
            readings, result = now
            with files.drafts(drafts):
                plan = Plan(readings, result.findings, self.catalogue, self.parameters, dropped, self.within)
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
                    now = self.judge()
            except Problem as problem:
                return _Tried(_outcome({}, {}, [], told, before), {}, _unjudged(problem, steps))
        return _Tried(_outcome(former, drafts, steps, told, now), *_compared(steps, before, now))


def _unjudged(problem: object, steps: list[Step]) -> dict[str, list[Key]]:
    return {f"with the change it could not be judged: {problem}": [step.key for step in steps]}


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


def _compared(steps: list[Step], before: Judged, now: Judged) -> tuple[dict[Key, str], dict[str, list[Key]]]:
    """Edits whose failure is still there, and what is worse with all of them: as in `_Tried`."""
    earlier_problems = {root.path for root in before[1].roots if root.problem}
    for one in now[1].roots:
        if one.problem and one.path not in earlier_problems:
            return {}, _unjudged(one.problem, steps)
    former, latter = _said(before[1].findings), _said(now[1].findings)
    failed: dict[Key, str] = {}
    doubts: dict[str, list[Key]] = {}
    for place, said in latter.items():
        root, rule, address = place
        own = [step for step in steps if step.key[0] == rule and (root, address) in step.places]
        bad = [words for status, words in said if status != PASS]
        if own and bad:
            failed.update({step.key: f"after the change it would still say: {bad[0]}" for step in own})
            continue
        counts, earlier = (
            Counter(status for status, _ in one if status != PASS) for one in (said, former.get(place, ()))
        )
        if counts[FAIL] <= earlier[FAIL] and counts.total() <= earlier.total():
            continue
        # What a rule says of all of them it says at one, and that may be another one now.
        if _bad(latter, root, rule) <= _bad(former, root, rule):
            continue
        known = {words for _, words in former.get(place, ())}
        news = next((words for words in bad if words not in known), bad[0])
        blocks = {(resource.type, resource.name) for resource in _resources(now, root, address)}
        near = [step.key for step in steps if (step.key[2], step.key[3]) in blocks]
        far = [step.key for step in steps if step.key not in near]
        doubts[f"with the change {rule} would say of {address}: {news}"] = [*far, *near]
    for place, said in former.items():
        root, rule, address = place
        gone = any(status == FAIL for status, _ in said) and place not in latter
        # A policy is judged with what it belongs to, at which the rule says that all is well.
        if gone and not any(_resources(now, root, address)):
            for step in steps:
                if step.key[0] == rule and (root, address) in step.places:
                    failed[step.key] = f"after the change {address} would not be judged any more"
    return failed, doubts


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
