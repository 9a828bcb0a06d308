"""What is printed for Terraform is what was parsed: the tree comes back, and Terraform reads the same texts."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rule_cases
from hypothesis import given
from hypothesis import strategies as st

from mock_provider.terraform import find
from policies.exact import printing
from policies.readers import hcl, numbers
from policies.readers.syntax import (
    Binary,
    Call,
    Conditional,
    For,
    GetAttr,
    Index,
    Literal,
    Name,
    Node,
    Object,
    Template,
    Tuple,
    Unary,
    parse_expression,
    parse_template,
)

NASTY = [
    "$",
    "$$",
    "${",
    "$${",
    "$$${",
    "%{",
    "%%{",
    "%%%{ if",
    "a$",
    'say "x" and \\ and \\n',
    "line\nline\r\n\ttab",
    "\x00\x1b[31m\x7f\x85",
    "\u2028\u2029\ufeff\u200b\u202e",
    "é ü 한글 😀",
    '</script>${"x"}',
]


def nodes(value: Any) -> Iterator[Node]:
    """Every expression in a body."""
    if isinstance(value, Node):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


def test_every_expression_of_the_rules_cases_comes_back() -> None:
    found = [
        node
        for rule in rule_cases.tables()
        for case in rule_cases.cases(rule)
        for name, text in case.files.items()
        if name.endswith(".tf")
        for block in hcl.parse(text, name)
        for node in nodes(block.body)
    ]
    assert len(found) > 500
    for node in found:
        assert parse_expression(printing.expression(node)) == node


names = st.sampled_from(["a", "b-c", "_d", "für", "in", "if", "null_", "true1"])
texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=8))
leaves = st.one_of(
    st.builds(Literal, st.one_of(st.none(), st.booleans(), st.integers(0, 10**30), texts)),
    st.builds(Name, names),
)


def within(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    holes = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(GetAttr, inner, names),
        st.builds(Index, inner, inner),
        st.builds(Unary, st.sampled_from(["!", "-"]), inner),
        st.builds(
            Binary,
            st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||"]),
            inner,
            inner,
        ),
        st.builds(Conditional, inner, inner, inner),
        st.builds(Tuple, st.lists(inner, max_size=3)),
        st.builds(Object, st.lists(st.tuples(inner, inner), max_size=3)),
        st.builds(Call, names, st.lists(inner, max_size=2), st.just(False)),
        st.builds(Call, names, holes, st.just(True)),
        st.builds(For, names, names, inner, st.none(), inner, st.one_of(st.none(), inner), st.just(False)),
        st.builds(For, st.just(""), names, inner, inner, inner, st.none(), st.booleans()),
        holes.map(mixed),
    )


def mixed(parts: list[Node]) -> Node:
    """A template in which every other part is a text, as parsing gives it."""
    result: list[Node] = []
    for index, part in enumerate(parts):
        result += [Literal(NASTY[index % len(NASTY)]), part if not is_text(part) else Name("x")]
    return Template(result)


def joined(node: Any) -> Any:
    """A tree whose templates have no two texts side by side: `${"$"}` stands for a text as well."""
    if isinstance(node, Template):
        parts: list[Node] = []
        for part in map(joined, node.parts):
            if parts and is_text(part) and is_text(parts[-1]):
                parts[-1] = Literal(parts[-1].value + part.value)  # type: ignore[attr-defined]
            elif not (is_text(part) and part.value == ""):
                parts.append(part)
        return Template(parts)
    if isinstance(node, list | tuple):
        return type(node)(map(joined, node))
    if isinstance(node, Node):
        return type(node)(
            *(joined(getattr(node, name)) for name in getattr(node, "__dataclass_fields__", ()))
        )
    return node


def is_text(node: Node) -> bool:
    return isinstance(node, Literal) and isinstance(node.value, str)


@given(st.recursive(leaves, within, max_leaves=12))
def test_any_tree_comes_back(node: Node) -> None:
    assert joined(parse_expression(printing.expression(node))) == joined(node)


@given(st.lists(st.one_of(leaves, st.builds(GetAttr, leaves, names)), min_size=1, max_size=4))
def test_a_template_of_a_file_comes_back(parts: list[Node]) -> None:
    node = mixed(parts)
    assert joined(parse_template(printing.bare(node))) == joined(node)


@pytest.mark.parametrize("name", ["", "a b", "a.b", '"', "${", "a\nb", "1a", "a)"])
def test_what_is_no_name_is_not_written(name: str) -> None:
    with pytest.raises(printing.Unwritable):
        printing.expression(GetAttr(Name("x"), name))
    with pytest.raises(printing.Unwritable):
        printing.expression(Call(name, [], False))


def test_terraform_reads_the_texts_as_they_are(tmp_path: Path) -> None:
    trees: list[Node] = [Literal(text) for text in NASTY]
    trees += [
        Template([Literal(text), Call("upper", [Literal("x")], False), Literal(text)]) for text in NASTY
    ]
    listed = ", ".join(printing.expression(tree) for tree in trees)
    done = subprocess.run(
        [*find().command, "console"],
        cwd=tmp_path,
        input=f"base64encode(jsonencode([{listed}]))\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"},
    )
    answered = json.loads(base64.b64decode(json.loads(done.stdout)))
    # HCL reads texts in normal form C; those here are in it.
    assert answered == [*NASTY, *(f"{text}X{text}" for text in NASTY)]


@pytest.mark.parametrize(
    "text",
    ["0.1", "9007199254740993.5", "1e400", "1e-400", "123456789012345678901234567890.123456789", "5e+3"],
)
def test_a_number_keeps_all_of_its_digits(text: str) -> None:
    before, after = parse_expression(text), parse_expression(printing.expression(parse_expression(text)))
    assert isinstance(before, Literal)
    assert isinstance(after, Literal)
    assert numbers.exact(before.value) == numbers.exact(after.value)
