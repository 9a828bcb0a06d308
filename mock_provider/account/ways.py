"""Ways from one resource to another, by what stands in their arguments: `subnets[] > vpc_id`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mock_provider.account.store import Account, Thing


def values(state: Any, path: str) -> list[Any]:
    """Every value at a path such as `default_action[].forward[].target_group[].arn`, unset ones left out."""
    found: list[Any] = [state]
    for step in path.replace("[]", "").split("."):
        found = [inner.get(step) for one in found for inner in _flat(one) if isinstance(inner, dict)]
    return [one for value in found for one in _flat(value) if one is not None and one != ""]


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _flat(one)
    else:
        yield value


def ends(account: Account, thing: Thing, way: str) -> list[Any]:
    """The values at the end of a way, through resources that the account has."""
    *hops, last = way.split(" > ")
    here = [thing.state]
    for hop in hops:
        here = [
            found.state for state in here for value in values(state, hop) for found in account.named(value)
        ]
    return [value for state in here for value in values(state, last)]


def holds(state: Mapping[str, Any], conditions: Mapping[str, Sequence[Any]]) -> bool:
    """Whether every condition holds: a value is among those given; null is unset, `*` is set to anything."""
    for paths, wanted in conditions.items():
        found = [value for path in paths.split("|") for value in values(state, path)]
        if not (
            ("*" in wanted and found)
            or (None in wanted and not found)
            or any(_same(value, one) for value in found for one in wanted)
        ):
            return False
    return True


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool):
        return str(value).lower() == str(wanted).lower()
    return bool(value == wanted)
