"""The order in which Terraform makes the stack: what AWS needs first comes first, in every variant."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from stacks import VARIANTS, strings

Stack = Callable[[str], dict[str, Any]]
PAIRS = tomllib.loads(Path(__file__).with_name("order.toml").read_text(encoding="utf-8"))["pair"]
_ADDRESS = re.compile(r"\b(?:aws_[a-z0-9_]+|terraform_data|local)\.[a-z0-9_]+")


def graph(configuration: dict[str, Any]) -> dict[str, set[str]]:
    """What each resource names, in arguments and in depends_on, by address; locals are seen through."""
    named = {f"local.{name}": set(_found(value)) for name, value in configuration.get("locals", {}).items()}
    for kind, of_type in configuration["resource"].items():
        for name, body in of_type.items():
            told = {key: value for key, value in body.items() if key not in ("//", "lifecycle")}
            named[f"{kind}.{name}"] = set(_found(told))
    return {address: {one for one in names if one in named} for address, names in named.items()}


def _found(value: Any) -> list[str]:
    return [
        address
        for text in strings(value)
        for part in (re.findall(r"\$\{(.*?)\}", text) or [text])
        for address in _ADDRESS.findall(part)
    ]


def ancestors(named: dict[str, set[str]], address: str) -> set[str]:
    """All that is made before a resource."""
    found: set[str] = set()
    waiting = [address]
    while waiting:
        for one in named[waiting.pop()] - found:
            found.add(one)
            waiting.append(one)
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_aws_needs_first_is_made_first(stack: Stack, variant: str) -> None:
    named = graph(stack(variant))
    missing = []
    for pair in PAIRS:
        for address in named:
            if not fnmatchcase(address, pair["waits"]):
                continue
            pattern = pair["first"].replace("=", address.partition(".")[2])
            wanted = {one for one in named if fnmatchcase(one, pattern)} - {address}
            for one in sorted(wanted - ancestors(named, address)):
                missing.append(f"{address} has to wait for {one}: {pair['because']}")
    assert missing == []


def test_every_pair_is_there_in_production(stack: Stack) -> None:
    """A row whose addresses match nothing would hold nothing."""
    named = graph(stack("prod"))
    for pair in PAIRS:
        waiting = [one for one in named if fnmatchcase(one, pair["waits"])]
        first = pair["first"].replace("=", "*")
        assert waiting, pair
        assert [one for one in named if fnmatchcase(one, first)], pair
        assert pair["source"] == "from use" or pair["source"].startswith("https://"), pair


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_waited_for_is_named_as_terraform_wants_it(stack: Stack, variant: str) -> None:
    """Addresses, no expressions, each of a resource that is there."""
    configuration = stack(variant)
    named = graph(configuration)
    for of_type in configuration["resource"].values():
        for body in of_type.values():
            assert set(body.get("depends_on", ())) <= set(named)


def test_a_missing_edge_would_be_seen(stack: Stack) -> None:
    named = graph(stack("prod"))
    named["aws_lb.main"] -= {"aws_route.public"}
    assert "aws_internet_gateway.main" not in ancestors(named, "aws_lb.main")
