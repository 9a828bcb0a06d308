"""Faults on request: what AWS does to people, done on purpose.

A faults file is TOML (or JSON of the same form): a list `fault` of tables with

- `type`: the resource's type, such as `aws_db_instance`;
- `match` (optional): arguments and what they must be equal to; dots go into blocks and maps
  (`"tags.Name" = "a"`). Terraform does not tell a provider the address of a resource, so
  resources are known by what stands in them;
- `ordinal` (optional): only the n-th matching call of a run, from 1;
- `action`: `fail`, `hang`, `drift` or `gone`;
- `on` (for `fail` and `hang`): `create` (default), `update` or `delete`;
- `error` (for `fail`, optional): the error's text;
- `seconds` (for `hang`, optional): the longest time to hang; for ever without it;
- `set` (for `drift`): arguments and what they are found to be.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem
from mock_provider.values import walk

_ACTIONS = ("fail", "hang", "drift", "gone")
_EVENTS = ("create", "update", "delete")
_KEYS = frozenset(("type", "match", "ordinal", "action", "on", "error", "seconds", "set"))

Failure = tuple[str, str]
"""Summary and detail of an error."""


@dataclass(frozen=True)
class Fault:
    """One fault: which resource, when, and what happens to it."""

    type: str
    action: str
    on: str = "create"
    match: dict[str, Any] = field(default_factory=dict)
    ordinal: int | None = None
    error: str = ""
    seconds: float | None = None
    set: dict[str, Any] = field(default_factory=dict)


def load(path: Path) -> tuple[Fault, ...]:
    """The faults of a file.

    Raises:
        Problem: the file cannot be read, or does not have the form above.
    """
    import tomllib  # Most runs have no faults file.

    try:
        text = path.read_text("utf-8")
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise Problem(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise Problem(f"{path}: is not {'JSON' if path.suffix == '.json' else 'TOML'} ({error})") from error
    entries = content.get("fault") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise Problem(f"{path}: holds no faults; write each as a table under [[fault]]")
    return tuple(_fault(entry, f"{path}: fault {number}") for number, entry in enumerate(entries, 1))


def _fault(entry: Any, place: str) -> Fault:
    if not isinstance(entry, dict):
        raise Problem(f"{place}: is not a table")
    unknown = sorted(entry.keys() - _KEYS)
    if unknown:
        raise Problem(f"{place}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    _check(entry, "action", f"one of {', '.join(_ACTIONS)}", place, entry.get("action") in _ACTIONS)
    terraform_type = entry.get("type")
    _check(
        entry,
        "type",
        "a resource's type such as aws_db_instance",
        place,
        isinstance(terraform_type, str) and terraform_type.startswith("aws_"),
    )
    _check(entry, "on", f"one of {', '.join(_EVENTS)}", place, entry.get("on", "create") in _EVENTS)
    ordinal = entry.get("ordinal")
    _check(
        entry,
        "ordinal",
        "a whole number from 1",
        place,
        ordinal is None or (isinstance(ordinal, int) and not isinstance(ordinal, bool) and ordinal >= 1),
    )
    seconds = entry.get("seconds")
    _check(
        entry,
        "seconds",
        "a number above 0",
        place,
        seconds is None
        or (isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds > 0),
    )
    _check(entry, "error", "a text", place, isinstance(entry.get("error", ""), str))
    for table in ("match", "set"):
        _check(entry, table, "a table of arguments", place, isinstance(entry.get(table, {}), dict))
    if entry["action"] == "drift" and not entry.get("set"):
        raise Problem(f"{place}: a drift needs `set`, the arguments that were changed and their new values")
    return Fault(**entry)


def _check(entry: dict[str, Any], key: str, allowed: str, place: str, holds: bool) -> None:
    if not holds:
        raise Problem(f"{place}: {key} is {entry.get(key)!r}, and must be {allowed}")


class Faults:
    """The faults of one run of the provider, with the count of what has happened."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = tuple(faults)
        self._counts = [0] * len(self._faults)
        self._lock = threading.Lock()

    def _due(self, terraform_type: str, actions: tuple[str, ...], event: str, state: Any) -> list[Fault]:
        due = []
        with self._lock:
            for number, fault in enumerate(self._faults):
                if fault.type != terraform_type or fault.action not in actions:
                    continue
                if fault.action in ("fail", "hang") and fault.on != event:
                    continue
                if any(_at(state, path) != value for path, value in fault.match.items()):
                    continue
                self._counts[number] += 1
                if fault.ordinal in (None, self._counts[number]):
                    due.append(fault)
        return due

    def read(self, terraform_type: str, state: dict[str, Any]) -> dict[str, Any] | None:
        """What is found of a resource: `state` itself, a changed copy, or None where it is gone."""
        for fault in self._due(terraform_type, ("drift", "gone"), "read", state):
            if fault.action == "gone":
                return None
            state = copy.deepcopy(state)
            for path, value in fault.set.items():
                _put(state, path.split("."), value)
        return state

    def apply(
        self, terraform_type: str, event: str, state: dict[str, Any], stopped: threading.Event
    ) -> Failure | None:
        """Let happen what must happen to a create, update or delete; an error's words, or None to go on.

        Blocks while it hangs, until `stopped` is set or its time is over.
        """
        for fault in self._due(terraform_type, ("fail", "hang"), event, state):
            name = _named(state)
            if fault.action == "fail":
                return _doing(event, terraform_type, name), fault.error or _answered(
                    event, terraform_type, "LimitExceeded: the fault that was asked for"
                )
            if stopped.wait(fault.seconds):
                return _doing(event, terraform_type, name), (
                    "RequestCanceled: request context canceled while waiting for state to become available"
                )
        return None


def _doing(event: str, terraform_type: str, name: str) -> str:
    verb = {"create": "creating", "update": "updating", "delete": "deleting"}[event]
    return f"{verb} {terraform_type}{f' ({name})' if name else ''}"


def refused(event: str, terraform_type: str, state: dict[str, Any], error: str) -> Failure:
    """What Terraform shows where AWS answers a call with an error such as `VpcLimitExceeded: ...`."""
    return _doing(event, terraform_type, _named(state)), _answered(event, terraform_type, error)


def _answered(event: str, terraform_type: str, error: str) -> str:
    service = terraform_type.removeprefix("aws_").split("_")[0].upper()
    return (
        f"operation error {service}: {event}, https response error StatusCode: 400, RequestID: "
        f"00000000-0000-0000-0000-000000000000, api error {error}"
    )


def _named(state: dict[str, Any]) -> str:
    for key in ("identifier", "name", "bucket", "id"):
        if isinstance(state.get(key), str):
            return str(state[key])
    return ""


def _at(state: Any, path: str) -> Any:
    wanted = tuple(path.split("."))
    for where, value in walk(state):
        # Keys of maps may hold dots themselves.
        if ".".join(str(step) for step in where) == path or tuple(map(str, where)) == wanted:
            return value
    return None


def _put(state: Any, steps: list[str], value: Any) -> None:
    holder, step = state, steps[0]
    key: Any = int(step) if isinstance(holder, list) and step.isdigit() else step
    if len(steps) == 1 or not isinstance(holder, dict | list):
        holder[key] = value
        return
    if isinstance(holder, dict) and not isinstance(holder.get(key), dict | list):
        # Tags may hold dots in their keys, and may not be there at all yet.
        holder[key] = {}
    _put(holder[key], steps[1:], value)
