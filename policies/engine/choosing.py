"""Which rules run: a pack, less or more, and what that leaves out, which every report says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Final

from cloudmart_support.problem import Problem
from policies.engine.catalogue import Entry
from policies.engine.judging import EVALUATED, NOT_SEEN, NOT_SHOWN, OWN_RULES, WAIVER, LeftOut
from policies.engine.verdicts import CLOUDMART, PACKS, SEVERITIES

_NEVER_LEFT_OUT: Final = (WAIVER,)
_ALWAYS_HEARD: Final = (*_NEVER_LEFT_OUT, EVALUATED, NOT_SEEN, NOT_SHOWN)
"""The engine's own rules that `only` keeps: they say that something was not seen by the rules that are named."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for.

    `pack` is a pack's name. `only` and `skip` hold ids, in which `*` stands for anything. `minimum` is a severity or
    "": rules below it do not run. `severities` gives rules another severity, before that is looked at. `place` is the
    file that all of it, or some, was asked for in, or "".
    """

    pack: str = CLOUDMART
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    minimum: str = ""
    severities: Mapping[str, str] | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """`catalogue` is every rule with its severity, `rules` are those that run.

    `silent` are the engine's own rules that are not heard, `left_out` says what does not run or is not heard, and why.
    """

    catalogue: tuple[Entry, ...]
    rules: tuple[Entry, ...]
    silent: frozenset[str]
    left_out: tuple[LeftOut, ...]

    @property
    def without(self) -> frozenset[str]:
        """The ids of all that is left out."""
        return frozenset(id for one in self.left_out for id in one.rules)


def choose(catalogue: Sequence[Entry], wish: Wish) -> Choice:
    """The rules that run.

    Raises:
        Problem: there is no such pack, severity or rule, or nothing would be left.
    """
    mistakes: list[str] = []
    if wish.pack not in PACKS:
        mistakes.append(f"there is no pack {wish.pack!r}{_nearest(wish.pack, PACKS)}")
    if wish.minimum and wish.minimum not in SEVERITIES:
        mistakes.append(f"there is no severity {wish.minimum!r}{_nearest(wish.minimum, SEVERITIES)}")
    everything = _graded(catalogue, wish.severities or {}, mistakes)
    ids = [entry.id for entry in everything]
    only = _matching("only", wish.only, ids, mistakes)
    skip = _matching("skip", wish.skip, ids, mistakes)
    for id in skip:
        if id in _NEVER_LEFT_OUT and id in wish.skip:
            mistakes.append(f"skip: {id} cannot be left out: it says which waivers are broken")
    if mistakes:
        where = f"{wish.place}: " if wish.place else ""
        raise Problem("\n  ".join(f"{where}{one}" for one in mistakes))
    lowest = SEVERITIES.index(wish.minimum) if wish.minimum else len(SEVERITIES)
    reasons = {
        # A rule that is named runs, whatever pack it is in.
        f"not in pack {wish.pack}": [
            entry.id
            for entry in everything
            if wish.pack not in entry.rule.packs and entry.id not in wish.only
        ],
        "not among those that only names": [
            id for id in (*ids, *OWN_RULES) if wish.only and id not in only and id not in _ALWAYS_HEARD
        ],
        f"of a severity below {wish.minimum}": [
            entry.id for entry in everything if SEVERITIES.index(entry.rule.severity) > lowest
        ],
        "skipped": [id for id in skip if id not in _NEVER_LEFT_OUT],
    }
    left_out: list[LeftOut] = []
    gone: set[str] = set()
    for why, found in reasons.items():
        fresh = [id for id in found if id not in gone]
        gone.update(fresh)
        if fresh:
            left_out.append(LeftOut(why, tuple(fresh)))
    rules = tuple(entry for entry in everything if entry.id not in gone)
    if not rules:
        raise Problem("every rule is left out, so that nothing would be judged: ask for fewer to be left out")
    return Choice(everything, rules, frozenset(OWN_RULES) & gone, tuple(left_out))


def _graded(
    catalogue: Sequence[Entry], severities: Mapping[str, str], mistakes: list[str]
) -> tuple[Entry, ...]:
    """The catalogue with other severities."""
    ids = [entry.id for entry in catalogue]
    for id, severity in severities.items():
        if id not in ids:
            own = id in OWN_RULES
            words = "the gate's own rules keep their severity" if own else f"there is no rule {id!r}"
            mistakes.append(f"severity: {words}{'' if own else _nearest(id, ids)}")
        if severity not in SEVERITIES:
            mistakes.append(
                f"severity: {id}: there is no severity {severity!r}{_nearest(severity, SEVERITIES)}"
            )
    return tuple(
        replace(entry, rule=replace(entry.rule, severity=severities[entry.id]))
        if severities.get(entry.id) in SEVERITIES
        else entry
        for entry in catalogue
    )


def _matching(key: str, wanted: Iterable[str], ids: Sequence[str], mistakes: list[str]) -> list[str]:
    """The ids that are meant, in order, the engine's own among them."""
    found: dict[str, None] = {}
    known = (*ids, *OWN_RULES)
    for one in wanted:
        # Brackets are no patterns here.
        hits = [id for id in known if fnmatchcase(id, one.replace("[", "[[]"))]
        if not hits:
            mistakes.append(f"{key}: there is no rule {one!r}{_nearest(one, known)}")
        found.update(dict.fromkeys(hits))
    return list(found)


def _nearest(name: str, known: Collection[str]) -> str:
    found = get_close_matches(name.upper() if name.lower().startswith("cm_") else name, list(known), 1)
    if found:
        return f"; did you mean {found[0]!r}?"
    return "; `cloudmart-policies rules` lists them" if len(known) > 9 else f"; there are {', '.join(known)}"
