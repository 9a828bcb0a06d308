"""Which versions of the AWS provider a constraint admits."""

from __future__ import annotations

import pytest

from policies.aws.providers import boolean, is_before
from policies.engine.model import Model, Resource, Undetermined
from policies.engine.values import Unknown


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


@pytest.mark.parametrize(
    "constraints", [["~> 5.0", ">= 6.0"], [">= 5.0", "< 6.0", "~> 6.2"], ["5.1.0", "6.0.0"]]
)
def test_constraints_that_contradict_one_another_say_nothing(constraints: list[str]) -> None:
    assert isinstance(is_before(Model([], constraints=constraints), 6), Unknown)


def test_the_version_that_is_locked_counts() -> None:
    assert is_before(Model([], constraints=[">= 5.0"], locked="5.100.0"), 6) is True
    assert is_before(Model([], constraints=["~> 5.0"], locked="6.0.0"), 6) is False
    assert isinstance(is_before(Model([], locked=Unknown("it is not told")), 6), Unknown)


@pytest.mark.parametrize(
    ("locked", "values", "public", "encrypted"),
    [
        ("5.9.0", {}, True, False),
        ("6.9.0", {}, False, True),
        (Unknown("it is not told"), {}, None, None),
        (Unknown("it is not told"), {"publicly_accessible": True, "encrypted": False}, True, False),
    ],
)
def test_a_default_hangs_on_the_version_where_nothing_is_said(
    locked: str | Unknown, values: dict[str, bool], public: bool | None, encrypted: bool | None
) -> None:
    resource = Resource("aws_redshift_cluster.main", "aws_redshift_cluster", "main", values)
    Model([resource], locked=locked)
    for path, expected in (("publicly_accessible", public), ("encrypted", encrypted)):
        if expected is None:
            with pytest.raises(Undetermined, match="it is not told"):
                boolean(resource, path)
        else:
            assert boolean(resource, path) is expected


def test_without_a_constraint_the_newest_version_counts() -> None:
    assert not is_before(Model([]), 6)
