from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from policies.aws.prerequisites import NEEDS, Ends, Key, Need, asks, ends, holds, name_of
from policies.engine.model import Model, Resource, without_keys
from policies.engine.parameters import Parameters
from policies.engine.verdicts import (
    CLOUDMART,
    PROOFS,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)

RULE = Rule(
    title="Resources are made after what AWS needs first",
    family=PROOFS,
    severity="high",
    packs=(CLOUDMART,),
    types=tuple(dict.fromkeys(kind for need in NEEDS for kind in need.types)),
    why=(
        "AWS refuses to make some things before others are there that no argument names: a load balancer before its "
        "network has a gateway, a scaling policy before a listener leads to its target group. Terraform makes at once "
        "whatever does not wait, so that an apply fails now and then, and a destroy the other way round."
    ),
    fix="""\
resource "aws_lb" "main" {
  internal   = false
  subnets    = [aws_subnet.public_a.id, aws_subnet.public_b.id]
  depends_on = [aws_internet_gateway.main] # of the same VPC
}
""",
    link="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html",
    controls=("Well-Architected REL08-BP05",),
    reads=tuple(
        dict.fromkeys(
            kind for need in NEEDS for kind in (*need.needs, *(of for pair in need.pairs for of in pair.of))
        )
    ),
    protects=(Protected("aws_lb", "depends_on"),),
    by_hand="What depends on what says more than an argument: read the message.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    verdicts = [
        verdict for need in NEEDS if resource.type in need.types for verdict in _judged(resource, model, need)
    ]
    bad = [verdict for verdict in verdicts if verdict.status in ("fail", "unknown")]
    yield from bad or (verdicts[:1] or [not_applicable()])


def _judged(resource: Resource, model: Model, need: Need) -> Iterator[Verdict]:
    """What is said of one need: nothing where it is none of this resource's."""
    applies = holds(resource, need.when)
    if applies is False:
        return
    candidates = _candidates(model, need)
    if not need.pairs:
        if candidates.all:
            yield _ordered(resource, model, need, _beside(resource, candidates.all), None, applies)
        return
    own = [ends(resource, model, pair.ways, pair.of) for pair in need.pairs]
    for pair, found in zip(need.pairs, own, strict=True):
        found.keys = [key for key in found.keys if asks(key, pair) is not False]
        if not found.keys and not found.blind:
            return
    for key in own[0].keys:
        keys = [Ends([key]), *own[1:]]
        needed = applies and asks(key, need.pairs[0])
        led = candidates.by_key.get(name_of(key), [])
        sure = [candidates.all[at] for at in led if all(map(_meet, keys, candidates.ends[at]))]
        if sure:
            yield _ordered(resource, model, need, sure, key, needed)
            continue
        possible = [
            candidates.all[at]
            for at in sorted({*led, *candidates.blind})
            if all(map(_may_meet, keys, candidates.ends[at]))
        ]
        if possible:
            yield _perhaps(resource, model, need, possible)
        elif (
            need.missing
            and isinstance(key, Resource)
            and key.mode == "managed"
            and not any(k.blind for k in keys)
        ):
            yield _nothing(model, need, key, needed)
    if not own[0].keys and candidates.all:
        yield _perhaps(resource, model, need, candidates.all)


def _beside(resource: Resource, candidates: list[Resource]) -> list[Resource]:
    """Of what an account has once in a Region: those in the same Region, as far as some certainly are."""
    same = [
        one
        for one in candidates
        if one.module == resource.module and one.get("provider") == resource.get("provider")
    ]
    return same if same and not same[0].type.startswith("aws_iam_") else candidates


@dataclass(slots=True)
class _Candidates:
    """All that may be what is needed, and each one's ends, one a pair.

    By the first pair, where each leads and which of them may lead anywhere: positions in `all`, so that whoever asks
    need not try every one.
    """

    all: list[Resource]
    ends: list[list[Ends]]
    by_key: dict[str, list[int]] = field(default_factory=dict)
    blind: list[int] = field(default_factory=list)


def _candidates(model: Model, need: Need) -> _Candidates:
    """The candidates for a need; found once in a model."""
    found: _Candidates | None = model.shared.get((_candidates, id(need)))
    if found is None:
        everyone = [one for one in model.of_type(*need.needs) if holds(one, need.needs_when) is not False]
        found = _Candidates(
            everyone, [[ends(one, model, pair.needed, pair.of) for pair in need.pairs] for one in everyone]
        )
        for at, first in enumerate(pairs[0] for pairs in found.ends if pairs):
            for key in first.keys:
                found.by_key.setdefault(name_of(key), []).append(at)
            if first.blind:
                found.blind.append(at)
        model.shared[_candidates, id(need)] = found
    return found


def _meet(one: Ends, other: Ends) -> bool:
    return not {name_of(key) for key in one.keys}.isdisjoint(map(name_of, other.keys))


def _may_meet(one: Ends, other: Ends) -> bool:
    return bool(one.blind or other.blind) or _meet(one, other)


def _ordered(
    resource: Resource, model: Model, need: Need, first: list[Resource], key: Key | None, applies: bool | None
) -> Verdict:
    earlier = model.earlier(resource)
    late = [one for one in first if without_keys(one.address) not in earlier.addresses]
    if not late or (len(late) < len(first) and not need.every):
        return passed()
    if earlier.blind:
        return unknown(f"whether it waits for {late[0].address} cannot be told: {earlier.blind}")
    message = (
        f"nothing makes it wait for {late[0].address}, without which AWS answers {_told(need, key)}: "
        f"{_edge(resource, late[0])}"
    )
    return failed(message) if applies else unknown(f"it may be that {message}")


def _perhaps(resource: Resource, model: Model, need: Need, possible: list[Resource]) -> Verdict:
    """Those that may be what is needed: whichever it is, it is there first where all of them are."""
    earlier = model.earlier(resource)
    late = [one for one in possible if without_keys(one.address) not in earlier.addresses]
    if not late:
        return passed()
    return unknown(
        f"whether it needs {late[0].address} first cannot be told: what both belong to is not known"
    )


def _nothing(model: Model, need: Need, key: Resource, applies: bool | None) -> Verdict:
    kinds = " or ".join(need.needs[:2])
    message = f"{key.address} has no {kinds} here, without which AWS answers {_told(need, key)}"
    if model.partial:
        return unknown(f"{message}; it may be in a module that is not seen")
    return failed(message) if applies else unknown(f"it may be that {message}")


def _told(need: Need, key: Key | None) -> str:
    shown = key.address if isinstance(key, Resource) else key or ""
    return f"{need.code} ({need.words.replace('{key}', shown).rstrip('.')})"


def _edge(resource: Resource, first: Resource) -> str:
    """The edge that is missing, where it can be written: between the two, or the modules that they are in."""
    mine, theirs = without_keys(resource.address).split("."), without_keys(first.address).split(".")
    while mine[:2] == theirs[:2] and mine[0] == "module" and len(mine) > 2:
        mine, theirs = mine[2:], theirs[2:]
    holder = ".".join(mine[:2] if mine[0] == "module" else mine)
    target = ".".join(theirs[:2] if theirs[0] == "module" else theirs)
    return f"give {holder} depends_on = [{target}]"
