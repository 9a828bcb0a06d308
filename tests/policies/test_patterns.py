"""Patterns that every Python takes in the same way."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import policies

# One character that may be repeated possessively: nothing in it can be tried in another way.
SINGLE = {_constants.LITERAL, _constants.NOT_LITERAL, _constants.IN, _constants.ANY, _constants.CATEGORY}


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for found in pkgutil.walk_packages(policies.__path__, "policies."):
        if "checkov_host" in found.name or found.name.endswith(("__main__", "hcl_of_checkov")):
            continue
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                yield f"{found.name}.{name}", value


def possessive_groups(parsed: Any) -> Iterator[Any]:
    for operation, argument in parsed:
        if operation is _constants.POSSESSIVE_REPEAT:
            (inner,) = [argument[2]]
            if len(inner) != 1 or inner[0][0] not in SINGLE:
                yield inner
        pending = [argument]
        while pending:
            one = pending.pop()
            if isinstance(one, _parser.SubPattern):
                yield from possessive_groups(one)
            elif isinstance(one, tuple | list):
                pending.extend(one)


def test_no_group_is_repeated_possessively() -> None:
    """CPython before 3.11.5 goes on behind such a group in which a try had failed: an atomic group does not.

    Source: https://github.com/python/cpython/issues/106052
    """
    seen = dict(patterns())
    assert "policies.readers.scanner._SKIP" in seen and len(seen) > 100
    assert [
        name
        for name, one in seen.items()
        if list(possessive_groups(_parser.parse(one.pattern, one.flags & ~re.UNICODE)))
    ] == []
    # It finds one where there is one.
    assert list(possessive_groups(_parser.parse("x(?:a|b(?!c))*+"))) != []
    assert list(possessive_groups(_parser.parse("x[ab]++(?>(?:a|b)*)"))) == []
