"""What the rules share: access to arguments that may not be known, and the words of refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mock_provider import facts
from mock_provider.argument_checks import Refusal
from mock_provider.values import UNKNOWN, Path

State = dict[str, Any]
Rule = Callable[[State, "str | None"], Iterator[Refusal]]

COMBINATION = "Invalid Attribute Combination"


def zone_refusal(zone: Any, region: str | None, at: Path) -> Iterator[Refusal]:
    zones = facts.document()["regions"].get(region, {}).get("zones") if region else None
    if not isinstance(zone, str) or not zone or not zones or len(zone.split("-")) > 3:
        return
    offered = [f"{region}{letter}" for letter in zones]
    if zone not in offered:
        wrong = f"Value ({zone}) for parameter availabilityZone is invalid."
        yield Refusal(at, f"InvalidParameterValue: {wrong}", f"{region} has {', '.join(offered)}.")


def known(value: Any) -> bool:
    return value is not None and value is not UNKNOWN


def blocks(config: State, name: str, at: Path = ()) -> list[tuple[Path, State]]:
    """The nested blocks of that name that are known, each with its path; `at` is where `config` is."""
    given = config.get(name)
    if not isinstance(given, list):
        return []
    return [((*at, name, position), one) for position, one in enumerate(given) if isinstance(one, dict)]


def named(config: State, name: str, key: str) -> frozenset[str] | None:
    """What the blocks of that name are called by their argument `key`; None while one is not known."""
    given = config.get(name)
    found = [inner.get(key) if isinstance(inner, dict) else inner for inner in listed(given)]
    return None if given is UNKNOWN or UNKNOWN in found else frozenset(map(str, found))


def one(config: State, name: str) -> State:
    """The single block of that name; empty when it is not given."""
    given = config.get(name)
    return given[0] if isinstance(given, list) and given and isinstance(given[0], dict) else {}


def unset(config: State, name: str) -> bool:
    return config.get(name) in (None, [], "")


def required_when(path: Path, other: str, value: object) -> Refusal:
    return Refusal(
        path, COMBINATION, f'Attribute "{dotted(path)}" must be specified when "{other}" is "{value}".'
    )


def conflicts_when(path: Path, other: str, value: object) -> Refusal:
    return Refusal(
        path, COMBINATION, f'Attribute "{dotted(path)}" cannot be specified when "{other}" is "{value}".'
    )


def dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def invalid(path: Path, words: str, detail: str = "") -> Refusal:
    return Refusal(path, f"InvalidParameterValue: {words}", detail)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
