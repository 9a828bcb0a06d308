"""What was applied, held against what was planned. Pure.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui#resource-progress-messages
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

_ACTIONS = ("create", "update", "delete")

Counted = Counter[tuple[str, str]]
"""How often something is done to an address: (address, `create`, `update` or `delete`) -> number."""


def planned(plan: Mapping[str, Any]) -> Counted:
    """What a plan, as `terraform show -json` writes it, does to which address. A replacement is two actions."""
    return Counter(
        (str(one.get("address")), action)
        for one in plan.get("resource_changes") or ()
        if one.get("mode", "managed") == "managed"
        for action in (one.get("change") or {}).get("actions") or ()
        if action in _ACTIONS
    )


def differences(
    wanted: Counted, done: Iterable[tuple[str, str]], tried: Iterable[tuple[str, str]], *, whole: bool
) -> list[str]:
    """What was done, or tried without success, and not planned; and if `whole`, what was planned and not done.

    A change in place that turns out to change nothing, once all values are known, is rightly left out.
    """
    made, attempted = Counter(done), Counter(tried)
    told = [f"{address}: {action} was not in the plan" for address, action in (made + attempted) - wanted]
    if whole:
        told += [
            f"{address}: {action} was in the plan, and was not done"
            for address, action in wanted - made
            if action != "update"
        ]
    return sorted(told)
