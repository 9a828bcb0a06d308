"""What the real provider and AWS know beyond the schema, read from `facts.json`.

The file has one row a fact, `[PATH, KIND, VALUE, SOURCES]`, under the type it is about:

- `force_new`, true: a change replaces the resource
- `default`: what the plan shows where the argument is unset; null stands for "shown as null, though computed"
- `sensitive`, true
- `json`, true: compared as a JSON document
- `form`: how the provider writes the value down: "lower", "upper", or "fold" (only compared without case)
- `changes`: computed arguments that are known only after apply once this one changes (PATH "" is any change)
- `check`, `conflicts`, `exactly_one`, `at_least_one`, `required_with`: see `mock_provider.refusals`

Paths have dots between names and no positions; a check of a list's elements ends in `*`. SOURCES
are words: `go` and `docs` are the provider's code and page at the version that `about` names, `cfn`
the CloudFormation type's schema, each named in the type's `sources`; `aws` is AWS's own documentation
or its service's API model. `disagreements` lists where these say different things, with what is taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path as File
from typing import Any, Literal

FILE = File(__file__).with_name("facts.json")

ArgumentPath = tuple[str, ...]
"""Argument names from the top, without positions: `("root_block_device", "encrypted")`."""


@dataclass(frozen=True)
class TypeFacts:
    """What is known of one resource type."""

    force_new: frozenset[ArgumentPath] = frozenset()
    """Arguments whose change replaces the resource."""

    defaults: Mapping[ArgumentPath, object] = field(default_factory=dict)
    """What an unset argument becomes, where the block around it is there. None: it stays null in a plan."""

    sensitive: frozenset[ArgumentPath] = frozenset()

    json: frozenset[ArgumentPath] = frozenset()
    """Arguments that hold JSON documents, compared as documents."""

    forms: Mapping[ArgumentPath, str] = field(default_factory=dict)
    """How a value is written down: "lower", "upper", or "fold" (kept, but compared without case)."""

    changes_computed: Mapping[ArgumentPath, frozenset[ArgumentPath]] = field(default_factory=dict)
    """Computed arguments that follow from a change; the path `()` stands for any change."""


@cache
def document() -> dict[str, Any]:
    """The whole file, as JSON has it."""
    parsed: dict[str, Any] = json.loads(FILE.read_bytes())
    return parsed


def rows(kind: Literal["resource", "data"], terraform_type: str) -> list[list[Any]]:
    """The rows of one type, `[PATH, KIND, VALUE, SOURCES]` each; none for a type without facts."""
    found: list[list[Any]] = document()[kind].get(terraform_type, {"rows": []})["rows"]
    return found


@cache
def load() -> dict[str, TypeFacts]:
    """The facts of every resource type that has any, by type."""
    return {name: _facts(entry["rows"]) for name, entry in document()["resource"].items()}


def load_data_defaults(terraform_type: str) -> dict[str, object]:
    """What unset top-level arguments of a data source become, by name."""
    return {
        path: value
        for path, kind, value, _ in rows("data", terraform_type)
        if kind == "default" and "." not in path
    }


def split(path: str) -> ArgumentPath:
    """A path as rows write it, as a tuple; "" is the empty one."""
    return tuple(path.split(".")) if path else ()


def _facts(entries: list[list[Any]]) -> TypeFacts:
    by_kind: dict[str, dict[ArgumentPath, Any]] = {}
    for path, kind, value, _sources in entries:
        by_kind.setdefault(kind, {})[split(path)] = value
    return TypeFacts(
        force_new=frozenset(by_kind.get("force_new", ())),
        defaults=by_kind.get("default", {}),
        sensitive=frozenset(by_kind.get("sensitive", ())),
        json=frozenset(by_kind.get("json", ())),
        forms=by_kind.get("form", {}),
        changes_computed={
            path: frozenset(map(split, computed)) for path, computed in by_kind.get("changes", {}).items()
        },
    )
