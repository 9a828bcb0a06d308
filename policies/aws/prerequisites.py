"""What AWS needs to be there before it makes something, where no argument of the one names the other.

The rows stand in `prerequisites.json`, which says what their keys mean.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from policies.aws.identities import is_identity
from policies.engine.model import Model, Resource, View
from policies.engine.values import ABSENT, Reference, Unknown, as_text, references_of

FILE: Final = Path(__file__).with_name("prerequisites.json")

Conditions = Mapping[str, Sequence[Any]]
Key = Resource | str
"""What two resources belong together by: a resource, or how one that is not in the model is called."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Ways from both sides to the same thing; see the file."""

    ways: tuple[str, ...]
    needed: tuple[str, ...]
    of: tuple[str, ...]
    of_when: Conditions
    has: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """A row of the file."""

    types: tuple[str, ...]
    when: Conditions
    needs: tuple[str, ...]
    needs_when: Conditions
    pairs: tuple[Pair, ...]
    missing: bool
    every: bool
    code: str
    words: str
    source: str


def _need(row: Mapping[str, Any]) -> Need:
    pairs = tuple(
        Pair(
            tuple(pair["from"]),
            tuple(pair["to"]),
            tuple(pair["of"]),
            pair.get("of_when", {}),
            tuple(pair.get("has", ())),
        )
        for pair in row["same"]
    )
    return Need(
        tuple(row["type"]),
        row.get("when", {}),
        tuple(row["needs"]),
        row.get("needs_when", {}),
        pairs,
        bool(row.get("missing")),
        bool(row.get("every")),
        row["code"],
        row["words"],
        row["source"],
    )


# The provider asks again for longer than what is missing takes to be made, such as a grant: the order alone fails there
# as good as never.
NEEDS: Final[tuple[Need, ...]] = tuple(
    _need(row) for row in json.loads(FILE.read_bytes())["rows"] if not row.get("retried")
)


@dataclass(slots=True)
class Ends:
    """Where ways lead: `keys`, and `blind`: why there may be more, or "". Both are empty where nothing is named."""

    keys: list[Key] = field(default_factory=list)
    blind: str = ""


def holds(view: View, conditions: Conditions) -> bool | None:
    """Whether every condition holds; None where that cannot be told."""
    result: bool | None = True
    for paths, wanted in conditions.items():
        one = _holds(view, paths.split("|"), wanted)
        if one is False:
            return False
        result = None if one is None else result
    return result


def _holds(view: View, paths: Sequence[str], wanted: Sequence[Any]) -> bool | None:
    values = [
        inner
        for path in paths
        for value in view.each(path)
        for inner in (value if isinstance(value, list) else [value])
        if inner is not ABSENT and inner is not None
    ]
    known = [value for value in values if not isinstance(value, Unknown)]
    blind = [value for value in values if isinstance(value, Unknown)]
    if None in wanted and not values:
        return True
    if "*" in wanted and any(value != "" for value in known):
        return True
    if any(as_text(value) == as_text(one) for value in known for one in wanted if one is not None):
        return True
    if "*" in wanted and any(value.certain for value in blind):
        return True
    return None if blind else False


def ends(resource: Resource, model: Model, ways: Sequence[str], of: Sequence[str]) -> Ends:
    """The keys at the end of ways such as `subnets[] > vpc_id`; `of` are the types that count as such."""
    found = Ends()
    for way in ways:
        *hops, last = way.split(" > ")
        here: list[Resource] = [resource]
        for hop in hops:
            reached: dict[int, Resource] = {}
            for one in here:
                links = model.follow(one.each(hop))
                reached.update((id(target), target) for target in links.resources)
                for unknown in links.unknowns:
                    if not unknown.references:
                        found.blind = found.blind or unknown.reason
            here = list(reached.values())
        for one in here:
            for value in one.each(last):
                _add(found, value, model, of)
    found.keys = list({name_of(key): key for key in found.keys}.values())
    return found


def _add(found: Ends, value: Any, model: Model, of: Sequence[str], depth: int = 0) -> None:
    if isinstance(value, list):
        for inner in value:
            _add(found, inner, model, of, depth)
        return
    if value is ABSENT or value is None or value == "":
        return
    resources = model.follow(value, *of).resources
    references = references_of(value)
    if resources:
        found.keys.extend(resources)
    elif references:
        _follow(found, references[0], model, of, depth)
    elif isinstance(value, Unknown):
        found.blind = found.blind or value.reason
    else:
        found.keys.append(str(value))


_DEEPEST: Final = 8
# What is set up for a bucket beside it has the bucket's name for its id.
_BESIDE_A_BUCKET: Final = "aws_s3_bucket_"


def _follow(found: Ends, reference: Reference, model: Model, of: Sequence[str], depth: int) -> None:
    """What an attribute is made of, which a plan says no more of than the attribute's name."""
    if depth >= _DEEPEST or not reference.attribute:
        found.blind = found.blind or f"{reference} is known after apply"
        return
    targets = model.at(reference.address)
    for target in targets:
        name = reference.attribute
        if name == "id" and target.type.startswith(_BESIDE_A_BUCKET):
            name = "bucket"
        behind = [inner for inner in target.each(name) if inner is not ABSENT and inner is not None]
        if behind:
            _add(found, behind, model, of, depth + 1)
        elif target.mode == "data" or is_identity(reference):
            found.keys.append(str(reference))
        else:
            found.blind = found.blind or f"{reference} is known after apply"
    if not targets:
        found.keys.append(str(reference))


def name_of(key: Key) -> str:
    """How a key is called: two of one name are the same thing."""
    return key.address if isinstance(key, Resource) else key


def asks(key: Key, pair: Pair) -> bool | None:
    """Whether what two belong together by asks for the other: not where it brings what is needed itself.

    None where that cannot be told.
    """
    if isinstance(key, str):
        return True
    result = holds(key, pair.of_when)
    for name in pair.has:
        brought = holds(key, {name: ["*"]})
        if result is False or (brought and key.get(name) is not False):
            return False
        result = None if brought is None else result
    return result
