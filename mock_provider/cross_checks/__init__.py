"""Refusals that take several arguments together, or the region: one function a type.

The provider's own are in its CustomizeDiff and ConfigValidators functions; AWS's are in the service's
API reference, named at each function. What a value that is not known yet could still make right is
not refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from mock_provider import facts
from mock_provider.argument_checks import Refusal
from mock_provider.cross_checks import delivery, network, operations, policies, serving, stores
from mock_provider.cross_checks.wording import Rule, State, zone_refusal

Kind = Literal["resource", "data", "provider"]

_RULES: dict[tuple[str, str], Rule] = {
    **delivery.RULES,
    **network.RULES,
    **operations.RULES,
    **policies.RULES,
    **serving.RULES,
    **stores.RULES,
}


def check(kind: Kind, terraform_type: str, config: State, region: str | None) -> list[Refusal]:
    """What is wrong with the arguments taken together; see `mock_provider.refusals.check`."""
    found = list(_regions(kind, config, region))
    rule = _RULES.get((kind, terraform_type))
    if rule is not None:
        found += rule(config, region)
    return found


def _regions(kind: Kind, config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html."""
    given = config.get("region")
    if isinstance(given, str) and given not in facts.document()["regions"]:
        yield Refusal(("region",), f"invalid AWS Region: {given}")
    for name in ("availability_zone",) if kind == "resource" else ():
        yield from zone_refusal(config.get(name), region, (name,))
