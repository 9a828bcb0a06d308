"""IAM policy documents: trees as `View.document` gives them, with `Unknown`s in their holes.

What a Deny covers is asked from below (what it surely covers), what an Allow covers from above (what it may cover).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
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
        for one in listed(document.get("Statement")):
            if isinstance(one, Unknown):
                yield one
            elif isinstance(one, dict) and isinstance(one.get("Effect"), Unknown):
                yield one["Effect"]
    elif isinstance(document, Unknown):
        yield document


@lru_cache(maxsize=4096)
def _pattern(glob: str, *, any_case: bool) -> re.Pattern[str]:
    words = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in glob)
    return re.compile(words, re.DOTALL | (re.IGNORECASE if any_case else 0))


def matches(text: str, glob: str, *, any_case: bool = False) -> bool:
    """Whether a pattern of IAM, whose only wildcards are `*` and `?`, matches a whole text.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    return _pattern(glob, any_case=any_case).fullmatch(text) is not None


def may_allow(statement: dict[str, Any], action: str) -> bool:
    """Whether a statement may be an Allow of an action (`secretsmanager:GetSecretValue`), by wildcard too."""
    effect = statement.get("Effect")
    if effect != "Allow" and not isinstance(effect, Unknown):
        return False
    if "NotAction" in statement:
        return not _named(statement["NotAction"], action, unless_known=False)
    return _named(statement.get("Action"), action, unless_known=True)


def surely_denies(statement: dict[str, Any], action: str) -> bool:
    """Whether a statement denies an action always, on whatever resources it is about."""
    if statement.get("Effect") != "Deny" or "Condition" in statement:
        return False
    if "NotAction" in statement:
        return not _named(statement["NotAction"], action, unless_known=True)
    return _named(statement.get("Action"), action, unless_known=False)


def _named(patterns: Any, action: str, *, unless_known: bool) -> bool:
    """Whether an element names an action; a pattern that is not known counts as `unless_known`."""
    return any(
        matches(action, one, any_case=True) if isinstance(one, str) else unless_known
        for one in listed(patterns)
    )
