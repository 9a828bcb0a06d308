"""Plans in the form that `terraform show -json` writes, as small as a test needs them."""

from __future__ import annotations

import re
from typing import Any


def resource(
    address: str,
    actions: list[str],
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    unknown: dict[str, Any] | None = None,
    *,
    change: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One entry of `resource_changes`."""
    kind, name = re.findall(r"([\w-]+)\.([\w-]+)(?:\[[^]]*\])?$", address)[0]
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "change": {
            "actions": actions,
            "before": before,
            "after": after,
            "after_unknown": unknown or {},
            **(change or {}),
        },
        **more,
    }


def plan(*changes: dict[str, Any], expressions: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A plan of these changes; `expressions` gives arguments' references by address."""
    standing = [
        {**{key: one[key] for key in ("address", "mode", "type", "name")}, "values": one["change"][side]}
        for side in ("before", "after")
        for one in changes
        if one["change"][side] is not None
    ]
    return {
        "format_version": "1.2",
        "resource_changes": list(changes),
        "planned_values": {"root_module": {"resources": standing}},
        "configuration": {
            "root_module": {
                "resources": [
                    {"address": address, "expressions": given}
                    for address, given in (expressions or {}).items()
                ]
            }
        },
        **more,
    }
