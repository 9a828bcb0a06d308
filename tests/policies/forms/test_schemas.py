"""The published schemas: current, valid, and of one mind with what the gate itself takes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from policies.command.configuration import as_json
from policies.engine import parameters
from policies.forms import schemas
from policies.forms.checking import mistakes

ROOT = Path(__file__).resolve().parents[3]
CONFIGURATION = schemas.configuration()
VALIDATOR = Draft202012Validator(CONFIGURATION)

_ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 40),
    st.sampled_from(["", "aws", "high", "try", "a/b", "2026-12-31", "tcp"]),
)
_KEYS = st.sampled_from(
    [
        *CONFIGURATION["properties"],
        *CONFIGURATION["properties"]["root"]["items"]["properties"],
        *parameters.SECTIONS,
        "retention_days",
        "CM_X",
        "from",
        "ports",
    ]
)
_VALUES = st.recursive(
    _ATOMS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("name", list(schemas.ALL))
def test_each_schema_is_valid_by_its_dialect_and_names_its_version(name: str) -> None:
    schema = schemas.ALL[name]()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema["$id"] == f"urn:cloudmart-policies:{name}:1"


def test_the_published_files_are_current() -> None:
    published = {path.name: path.read_text("utf-8") for path in (ROOT / "docs" / "schemas").iterdir()}
    assert published == schemas.files(), "make schema"


@given(st.dictionaries(_KEYS, _VALUES, max_size=3))
def test_the_gate_takes_what_the_schema_allows_and_nothing_else(values: dict[str, Any]) -> None:
    assert (not list(mistakes(values, CONFIGURATION))) == VALIDATOR.is_valid(values)


@pytest.mark.parametrize(
    ("form", "value", "valid"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 3}, 0, False),
        ({"type": "integer", "minimum": 1, "maximum": 3}, 3, True),
        ({"type": "integer"}, True, False),
        ({"type": "number"}, 1.5, True),
        ({"type": "string", "pattern": r"^\d+$"}, "12", True),
        ({"type": "string", "pattern": r"^\d+$"}, "a", False),
        ({"const": 1}, 2, False),
        ({"type": "null"}, None, True),
        ({"type": "object", "required": ["a"]}, {}, False),
        ({"type": "object", "additionalProperties": {"type": "string"}}, {"a": 1}, False),
        ({"anyOf": [{"type": "boolean"}, {"const": "try"}]}, "try", True),
        ({"anyOf": [{"type": "boolean"}, {"const": "try"}]}, "tri", False),
        ({"anyOf": [{"type": "string"}, {"type": "object", "required": ["a"]}]}, {}, False),
    ],
)
def test_each_keyword_means_what_the_standard_says(form: dict[str, Any], value: Any, valid: bool) -> None:
    assert (not list(mistakes(value, form))) == valid
    assert Draft202012Validator(form).is_valid(value) == valid


def test_the_gates_own_files_are_of_their_forms() -> None:
    validator = Draft202012Validator(schemas.waivers())
    files = [*(ROOT / "environments").glob("*.waivers.toml"), ROOT / "policies" / "waivers.toml"]
    assert len(files) > 1
    for file in files:
        validator.validate(as_json(tomllib.loads(file.read_text("utf-8"))))
    VALIDATOR.validate({"params": tomllib.loads(parameters.DEFAULTS.read_text("utf-8"))})


def test_a_schema_is_what_json_can_hold() -> None:
    for name, text in schemas.files().items():
        assert json.loads(text)["title"].lower() == name.split(".")[0]
