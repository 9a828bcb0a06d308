"""Which versions of the AWS provider a constraint admits."""

from __future__ import annotations

import pytest

from policies.aws.providers import is_before
from policies.engine.model import Model


@pytest.mark.parametrize(
    ("constraint", "before"),
    [
        ("5.80.0", True),
        ("= v5.80", True),
        ("~> 5.80", True),
        ("~> 5.80.1", True),
        ("~> 4", True),
        (">= 4.9, < 6.0.0", True),
        ("<= 5.99", True),
        ("< 6", True),
        ("< 6.1", False),
        (">= 5.0", False),
        ("~> 6.2", False),
        ("!= 5.80", False),
        ("", False),
    ],
)
def test_constraints(constraint: str, before: bool) -> None:
    assert is_before(Model([], constraints=[constraint]), 6) is before


def test_without_a_constraint_the_newest_version_counts() -> None:
    assert not is_before(Model([]), 6)
