"""Judging one root or many: several at once, each by itself, with the same result as one after the other."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cloudmart_support.problem import Problem
from cloudmart_support.visible import visible_lines
from policies.command.limit import Late
from policies.command.unforeseen import broke
from policies.engine import judging
from policies.engine.choosing import Choice
from policies.engine.judging import NothingDeclared, Result, Root
from policies.engine.parameters import Parameters
from policies.readers import Reading, read_all
from policies.readers.inputs import Inputs

if TYPE_CHECKING:
    from policies.exact import Mode


@dataclass(frozen=True, slots=True)
class Asked:
    """A path and how it is judged: the configuration that a plan was made from, what is told besides, who evaluates."""

    path: Path
    configuration: Path | None
    told: Inputs
    exact: Mode | None
    parameters: Parameters
    found: bool = False
    """Whether nobody named it: then it is left out where there is nothing to judge in it."""


def judged(roots: Sequence[Asked], choice: Choice, jobs: int | None) -> Result:
    """The result of all roots, in their order. Of several, one that cannot be judged says so, and the others still are.

    Args:
        roots: roots, files and plans.
        choice: the rules that run.
        jobs: how many are judged at once; None for as many as there are processors.

    Raises:
        Problem: the only one cannot be judged, or the time is over.
    """
    if len(roots) == 1:
        return _one(roots[0], choice)[1]
    from cloudmart_support import forks
    from policies.command.progress import Progress

    def whatever_comes(root: Asked) -> Result:
        return _whatever_comes(root, choice)[1]

    with Progress([str(root.path) for root in roots]) as progress:
        outcomes = forks.each(whatever_comes, roots, jobs or forks.available(), progress.ended)
    return _together(
        not_judged(root.path, f"{root.path}: it was not judged: {outcome.how}")
        if isinstance(outcome, forks.Died)
        else outcome
        for root, outcome in zip(roots, outcomes, strict=True)
    )


def here(roots: Sequence[Asked], choice: Choice) -> tuple[list[Reading], Result]:
    """The same, and what was read, in this process and one after the other.

    Raises:
        Problem: as `judged`.
    """
    outcomes = (
        [_one(roots[0], choice)] if len(roots) == 1 else [_whatever_comes(root, choice) for root in roots]
    )
    result = _together(result for _, result in outcomes) if len(roots) > 1 else outcomes[0][1]
    return [reading for readings, _ in outcomes for reading in readings], result


def _together(results: Iterable[Result]) -> Result:
    result = judging.merged(results)
    if not result.roots:
        raise NothingDeclared("none of the roots declares anything that could be judged: nothing was judged")
    return result


def _one(root: Asked, choice: Choice) -> tuple[list[Reading], Result]:
    if root.exact:
        from cloudmart_support import processes
        from policies import exact

        with processes.stoppable():
            readings, notes = exact.read_exactly([root.path], root.exact, root.told)
    else:
        readings = read_all(root.path, root.configuration, root.told)
        notes = [f"{root.path}: {reading.note}" for reading in readings if reading.note]
    result = judging.judge(readings, choice.rules, root.parameters, choice.catalogue)
    heard = [finding for finding in result.findings if finding.rule not in choice.silent]
    return readings, judging.with_findings(result, heard, notes)


def _whatever_comes(root: Asked, choice: Choice) -> tuple[list[Reading], Result]:
    try:
        return _one(root, choice)
    except Late:
        raise
    except NothingDeclared as problem:
        if root.found:
            why = f"left out: {root.path} (nothing is declared there that could be judged)"
            return [], Result((), 0, 0, 0, (), (why,))
        return [], not_judged(root.path, str(problem))
    except Problem as problem:
        return [], not_judged(root.path, str(problem))
    except Exception as error:
        return [], not_judged(root.path, f"{root.path}: {broke(error)}")


def tell(result: Result) -> None:
    """Say on stderr which roots could not be judged."""
    for problem in filter(None, (root.problem for root in result.roots)):
        print(visible_lines(f"error: {problem}"), file=sys.stderr)


def not_judged(path: Path, problem: str) -> Result:
    """The result of a root that could not be judged."""
    return Result((), 0, 0, 0, (), roots=(Root(str(path), problem=problem),))
