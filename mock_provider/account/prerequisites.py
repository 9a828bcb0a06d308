"""What has to be there first: the rows that the gate proves the order from, enforced."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from mock_provider.account.store import Account, Refused, Thing
from mock_provider.account.ways import ends, holds, values

_FILE = Path(__file__).resolve().parents[2] / "policies" / "aws" / "prerequisites.json"


@cache
def _rows() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in json.loads(_FILE.read_bytes())["rows"]:
        for terraform_type in row["type"]:
            found.setdefault(terraform_type, []).append(row)
    return found


def check(account: Account, thing: Thing) -> None:
    """Raises:
    Refused: something that AWS needs first is not there.
    """
    for row in _rows().get(thing.type, ()):
        if not holds(thing.state, row.get("when", {})):
            continue
        missing = _missing(account, thing, row)
        if missing is not None:
            words = row["words"].replace("{key}", missing).replace("{type}", thing.type)
            raise Refused(row["code"], words, retried=bool(row.get("retried")))


def _missing(account: Account, thing: Thing, row: dict[str, Any]) -> str | None:
    """What of the account the row's need is missing of; None where there is all of it, or it cannot be told."""
    keys: list[tuple[dict[str, Any], list[Thing], list[Any]]] = []
    for pair in row["same"]:
        named = [value for way in pair["from"] for value in ends(account, thing, way)]
        found = [one for value in named for one in account.named(value, *pair["of"])]
        asking = [
            one
            for one in {one.token: one for one in found}.values()
            if holds(one.state, pair.get("of_when", {}))
            and not any(
                values(one.state, name) and one.get(name) is not False for name in pair.get("has", ())
            )
        ]
        if not asking:
            # Not of this account's making, or nothing that asks for it: nothing can be said.
            return None
        keys.append((pair, asking, named))
    region = None if thing.region == "" else thing.region
    candidates = [
        one
        for one in account.things(*row["needs"], region=region if not row["same"] else None)
        if holds(one.state, row.get("needs_when", {}))
    ]
    if not keys:
        return None if candidates else ""
    for key in keys[0][1]:
        others = [(pair, asking) for pair, asking, _ in keys[1:]]
        if not any(
            _leads(account, one, keys[0][0], key)
            and all(any(_leads(account, one, pair, other) for other in asking) for pair, asking in others)
            for one in candidates
        ):
            return str(_shown(key, keys[0][2]))
    return None


def _leads(account: Account, candidate: Thing, pair: dict[str, Any], key: Thing) -> bool:
    return any(
        found.token == key.token
        for way in pair["to"]
        for value in ends(account, candidate, way)
        for found in account.named(value, *pair["of"])
    )


def _shown(key: Thing, named: list[Any]) -> Any:
    """The thing as the caller called it, where that is how it is called."""
    own = {key.get(name) for name in ("arn", "id", "name", "bucket")}
    return next((value for value in named if value in own), key.get("bucket") or key.get("id"))
