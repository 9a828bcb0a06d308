"""Paths into values, as rules and references write them."""

from __future__ import annotations

from typing import Any

import pytest

from policies.engine.values import ABSENT, at_path

VALUES = {"tags": {"a.b": 1, "x]": 2, "": 3}, "rule": [{"name": "n"}, {"name": "m"}]}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("rule[1].name", "m"),
        ('tags["a.b"]', 1),
        ('tags["x]"]', 2),
        ('rule[0]["name"]', "n"),
        ('tags["c"]', ABSENT),
        ('tags["a.b"].deeper', ABSENT),
    ],
)
def test_a_key_in_quotes_is_one_step(path: str, value: Any) -> None:
    assert at_path(VALUES, path) == value
