"""What a plan says, as functions over plain values."""

from __future__ import annotations

from typing import Any

import pytest

from mock_provider import planning
from mock_provider.planning import Ignored
from mock_provider.values import UNKNOWN, decode, encode

RULE = {
    "attributes": {
        "port": {"type": "number", "required": True},
        "id": {"type": "string", "computed": True},
        "kind": {"type": "string", "optional": True},
    },
    "block_types": {},
}
BLOCK: dict[str, Any] = {
    "attributes": {
        "name": {"type": "string", "required": True},
        "arn": {"type": "string", "computed": True},
        "zones": {"type": ["set", "string"], "optional": True},
        "order": {"type": ["list", "string"], "optional": True},
    },
    "block_types": {
        "one": {"nesting_mode": "list", "max_items": 1, "block": RULE},
        "many": {"nesting_mode": "set", "block": RULE},
        "single": {"nesting_mode": "single", "block": RULE},
        "keyed": {"nesting_mode": "map", "block": RULE},
    },
}


def test_values_go_over_the_wire_and_back() -> None:
    value = {"a": [1, 1.5, True, None, "x", UNKNOWN], "b": {"c": UNKNOWN}}
    assert decode(encode(value)) == value
    assert decode(encode({"a": 2.0}))["a"] == 2
    assert isinstance(decode(encode({"a": 2.0}))["a"], int)
    assert decode(b"") is None
    assert decode(encode(None)) is None
    # An unknown value with refinements (code 12, here with none in it) is unknown all the same.
    assert decode(b"\xc7\x01\x0c\x80") is UNKNOWN


def test_defaults_go_where_their_block_is() -> None:
    planned = {"name": None, "one": [{"kind": None}, {"kind": "b"}], "many": [], "single": None}
    defaults = {
        ("name",): "n",
        ("one", "kind"): "a",
        ("many", "kind"): "a",
        ("single", "kind"): "a",
        ("x",): None,
    }
    planning.set_defaults(planned, defaults)
    assert planned == {"name": "n", "one": [{"kind": "a"}, {"kind": "b"}], "many": [], "single": None}


def test_computed_is_unknown_in_every_nesting() -> None:
    rule = {"port": 1, "id": None, "kind": None}
    planned: dict[str, Any] = {"name": "n", "arn": None, "one": [dict(rule)], "single": dict(rule)}
    planned |= {"keyed": {"k": dict(rule)}, "many": [dict(rule), {**rule, "id": "given"}]}
    planning.set_unknown(planned, BLOCK)
    known = {"port": 1, "id": UNKNOWN, "kind": None}
    assert planned["arn"] is UNKNOWN
    assert planned["one"] == [known]
    assert planned["single"] == known
    assert planned["keyed"] == {"k": known}
    assert planned["many"] == [known, {**known, "id": "given"}]


def test_updates_keep_what_is_computed() -> None:
    """Elements of a set are known again by what is given; new ones are unknown."""
    prior = {
        "arn": "arn",
        "one": [{"port": 1, "id": "i1", "kind": None}],
        "many": [{"port": 2, "id": "i2", "kind": "a"}, {"port": 3, "id": "i3", "kind": None}],
    }
    planned: dict[str, Any] = {
        "arn": None,
        "one": [{"port": 9, "id": None, "kind": None}, {"port": 8, "id": None, "kind": None}],
        "many": [{"port": 3, "id": None, "kind": None}, {"port": 4, "id": None, "kind": None}],
    }
    planning.keep_computed(planned, prior, BLOCK)
    assert planned["arn"] == "arn"
    assert [rule["id"] for rule in planned["one"]] == ["i1", UNKNOWN]
    assert [rule["id"] for rule in planned["many"]] == ["i3", UNKNOWN]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{"a": 1, "b": 2}', '{ "b":2,"a":1 }', True),
        ('{"a": [1, 2]}', '{"a": [2, 1]}', False),
        ('{"a": 1}', '{"a": 2}', False),
        ("not JSON", "not  JSON", False),
        (
            '{"Statement": {"Effect": "Allow", "Action": "a:b", "Resource": ["x", "y"]}}',
            '{"Statement": [{"Action": ["a:b"], "Resource": ["y", "x"], "Effect": "Allow"}]}',
            True,
        ),
        (
            '{"Statement": [{"Sid": "1"}, {"Sid": "2"}]}',
            '{"Statement": [{"Sid": "2"}, {"Sid": "1"}]}',
            True,
        ),
        (
            '{"Statement": [{"Condition": {"StringEquals": {"k": "v"}}}]}',
            '{"Statement": [{"Condition": {"StringEquals": {"k": ["v"]}}}]}',
            True,
        ),
        ('{"Statement": [{"Effect": "Allow"}]}', '{"Statement": [{"Effect": "Deny"}]}', False),
        (
            '{"Statement": [{"Principal": {"AWS": ["a", "b"]}}]}',
            '{"Statement": [{"Principal": {"AWS": ["b", "a"]}}]}',
            True,
        ),
    ],
)
def test_documents(one: str, other: str, same: bool) -> None:
    assert planning.same_document(one, other) is same


@pytest.mark.parametrize(
    ("own", "prior", "expected"),
    [
        ({"a": "own"}, None, {"a": "own", "d": "default"}),
        ({"a": "own", "skip": "x", "pre/fix": "y"}, None, {"a": "own", "d": "default"}),
        ({"d": "own"}, None, {"d": "own"}),
        (None, None, {"d": "default"}),
        (UNKNOWN, None, UNKNOWN),
        ({"a": UNKNOWN}, None, UNKNOWN),
    ],
)
def test_tags(own: Any, prior: Any, expected: Any) -> None:
    planned = {"tags": own}
    planning.merge_tags(planned, prior, {"d": "default"}, Ignored(["skip"], ["pre/"]))
    assert planned["tags_all"] == expected


def test_no_tags_at_all() -> None:
    """Unknown at first, and nothing to change once it is known to be nothing."""
    planned: dict[str, Any] = {"tags": None}
    planning.merge_tags(planned, None, {}, Ignored())
    assert planned["tags_all"] is UNKNOWN
    planning.merge_tags(planned, {"tags_all": {}}, {}, Ignored())
    assert planned["tags_all"] == {}
    planning.merge_tags(planned, {"tags_all": {"gone": "1"}}, {}, Ignored())
    assert planned["tags_all"] is UNKNOWN


def rule(port: int, kind: str | None = None) -> dict[str, Any]:
    return {"port": port, "id": "i", "kind": kind}


@pytest.mark.parametrize(
    ("force_new", "prior", "planned", "where"),
    [
        (("name",), {"name": "a"}, {"name": "b"}, [("name",)]),
        (("name",), {"name": "a"}, {"name": "a"}, []),
        (("name",), {"name": "a"}, {"name": UNKNOWN}, [("name",)]),
        (("zones",), {"zones": ["a", "b"]}, {"zones": ["b", "a"]}, []),
        (("order",), {"order": ["a", "b"]}, {"order": ["b", "a"]}, [("order",)]),
        (("one", "port"), {"one": [rule(1)]}, {"one": [rule(2)]}, [("one", 0, "port")]),
        (("one", "kind"), {"one": [rule(1)]}, {"one": [rule(2)]}, []),
        (("one", "port"), {"one": []}, {"one": [rule(2)]}, [("one", 0, "port")]),
        (("one", "kind"), {"one": []}, {"one": [rule(2)]}, []),
        (("many", "port"), {"many": [rule(1), rule(2)]}, {"many": [rule(2), rule(1)]}, []),
        (("many", "port"), {"many": [rule(1)]}, {"many": [rule(3)]}, [("many",)]),
        (("many",), {"many": [rule(1)]}, {"many": [rule(1), rule(2)]}, [("many",)]),
        (("single", "port"), {"single": rule(1)}, {"single": rule(2)}, [("single", "port")]),
        (("single", "port"), {"single": None}, {"single": rule(2)}, [("single", "port")]),
    ],
)
def test_replacements(
    force_new: tuple[str, ...], prior: dict[str, Any], planned: dict[str, Any], where: list[Any]
) -> None:
    assert planning.replacements(prior, planned, BLOCK, [force_new]) == where


def test_what_follows_from_a_change() -> None:
    changes = {("name",): {("arn",)}, ("one", "port"): {("one", "id")}, (): {("latest",)}}
    prior = {"name": "a", "arn": "arn", "one": [rule(1)], "latest": 1, "tags_all": {}}
    planned = {"name": "a", "arn": "arn", "one": [rule(2)], "latest": 1, "tags_all": {}}
    planning.set_changed_unknown(planned, prior, changes)
    assert planned["arn"] == "arn"
    assert planned["one"][0]["id"] is UNKNOWN
    assert planned["latest"] is UNKNOWN


def test_values_as_the_provider_writes_them() -> None:
    planned = {"a": "MiXed", "b": "MiXed", "c": "MiXed", "d": "new"}
    prior = {"a": "x", "b": "x", "c": "mixed", "d": "old"}
    forms = {("a",): "lower", ("b",): "upper", ("c",): "fold", ("d",): "fold"}
    planning.write_down(planned, prior, forms)
    assert planned == {"a": "mixed", "b": "MIXED", "c": "mixed", "d": "new"}
