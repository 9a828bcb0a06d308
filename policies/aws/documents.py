"""IAM policy documents: trees as `View.document` gives them, with `Unknown`s in their holes."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from typing import Any

from policies.engine.values import ABSENT, Unknown


def listed(value: Any) -> list[Any]:
    """An element that IAM allows alone or in a list, as a list."""
    if value is None or value is ABSENT:
        return []
    return value if isinstance(value, list) else [value]


def statements(document: Any) -> Iterator[dict[str, Any]]:
    """The statements of a policy document; what is no statement is left out, an `Unknown` one too."""
    if isinstance(document, dict):
        for statement in listed(document.get("Statement")):
            if isinstance(statement, dict):
                yield statement


def holes(document: Any) -> Iterator[Unknown]:
    """`Unknown`s that stand for whole statements, so that what they say cannot be seen."""
    if isinstance(document, dict):
        yield from (one for one in listed(document.get("Statement")) if isinstance(one, Unknown))
    elif isinstance(document, Unknown):
        yield document


def actions(statement: dict[str, Any]) -> list[str]:
    """The actions of a statement, in lower case; `NotAction` counts as every action."""
    if "NotAction" in statement:
        return ["*"]
    return [one.lower() if isinstance(one, str) else "*" for one in listed(statement.get("Action"))]


def allows(statement: dict[str, Any], action: str) -> bool:
    """Whether an Allow statement names an action (`secretsmanager:GetSecretValue`), by wildcard too."""
    return statement.get("Effect") == "Allow" and any(
        fnmatch.fnmatchcase(action.lower(), pattern) for pattern in actions(statement)
    )
