"""Expressions as HCL text, printed from their tree: what Terraform is handed is what the parser understood.

Source: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeGuard

from policies.readers import numbers
from policies.readers.syntax import (
    Binary,
    Call,
    Conditional,
    Each,
    For,
    GetAttr,
    Index,
    Literal,
    Name,
    Node,
    Object,
    Splat,
    Template,
    Tuple,
    Unary,
)


class Unwritable(Exception):
    """Something that has no form in HCL; the message names it."""


_IDENTIFIER: Final = re.compile(r"[^\W\d][\w-]*")
_FUNCTION: Final = re.compile(r"[^\W\d][\w-]*(?:::[^\W\d][\w-]*)*")
_ESCAPED: Final = re.compile(r'["\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]|[$%](?=\{)')
_MARKS: Final = re.compile(r"[$%](?=\{)")
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "$": "$$", "%": "%%"}
# What may stand before `.name` and `[key]` without parentheses.
_TARGETS: Final = (Name, GetAttr, Index, Call, Tuple, Object)


def expression(node: Node) -> str:
    """The text of an expression; it parses to the same tree.

    Raises:
        Unwritable: it holds a name or a value that HCL has no form for.
    """
    return _PRINTERS[type(node)](node)


def identifier(name: str) -> str:
    """A name, if it is one.

    Raises:
        Unwritable: it is not.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise Unwritable(f"{name!r} is no name")
    return name


def quoted(text: str) -> str:
    """A text in quotes, in which nothing is a template."""
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return _ESCAPED.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _SHORT.get(character) or f"\\u{ord(character):04x}"


def _literal(node: Literal) -> str:
    value = node.value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return quoted(str.__str__(value))
    try:
        text = numbers.text(value)
    except ValueError as error:
        raise Unwritable(f"{value} is no number that can be written: {error}") from error
    return f"({text})" if text.startswith("-") else text


def _template(node: Template) -> str:
    # A template of one expression is that expression, whatever its type: two parts never become one here.
    return f'"{_parts(node, _escaped)}"'


def _parts(node: Template, escaped: Callable[[str], str]) -> str:
    pieces: list[str] = []
    for index, part in enumerate(node.parts):
        if not _is_text(part):
            pieces.append(f"${{{expression(part)}}}")
            continue
        text = str.__str__(part.value)
        # A `$` right before an interpolation would make it a text.
        head = text.rstrip("$%") if index + 1 < len(node.parts) else text
        pieces.append(escaped(head))
        if head != text:
            pieces.append(f"${{{quoted(text[len(head) :])}}}")
    return "".join(pieces)


def _is_text(node: Node) -> TypeGuard[Literal]:
    return isinstance(node, Literal) and isinstance(node.value, str)


def _target(node: Node) -> str:
    text = expression(node)
    return text if isinstance(node, _TARGETS) else f"({text})"


def _splat(node: Splat) -> str:
    return f"{_target(node.target)}[*]{_steps(node.body)}"


def _steps(node: Node) -> str:
    """What applies to each element of a splat."""
    if isinstance(node, Each):
        return ""
    if isinstance(node, GetAttr):
        return f"{_steps(node.target)}.{identifier(node.name)}"
    if isinstance(node, Index):
        return f"{_steps(node.target)}[{expression(node.key)}]"
    if isinstance(node, Splat):
        return f"{_steps(node.target)}[*]{_steps(node.body)}"
    raise Unwritable("a splat over something other than steps")


def _call(node: Call) -> str:
    if not _FUNCTION.fullmatch(node.name):
        raise Unwritable(f"{node.name!r} is no function's name")
    arguments = ", ".join(map(expression, node.arguments))
    return f"{node.name}({arguments}{'...' if node.expand else ''})"


def _operand(node: Node) -> str:
    text = expression(node)
    return f"({text})" if isinstance(node, Binary | Conditional | Unary) else text


def _object(node: Object) -> str:
    if not node.items:
        return "{}"
    items = ", ".join(f"{_key(key)} = {expression(value)}" for key, value in node.items)
    return f"{{ {items} }}"


def _key(node: Node) -> str:
    if not _is_text(node):
        return f"({expression(node)})"
    text = str.__str__(node.value)
    # The attributes of an object type are names; these four mean something else where a key begins.
    bare_name = _IDENTIFIER.fullmatch(text) and text not in ("for", "true", "false", "null")
    return text if bare_name else quoted(text)


def _for(node: For) -> str:
    names = ", ".join(identifier(name) for name in (node.key_name, node.value_name) if name)
    head = f"for {names} in {expression(node.collection)} : "
    condition = f" if {expression(node.condition)}" if node.condition is not None else ""
    if node.key is None:
        return f"[{head}{expression(node.value)}{condition}]"
    grouped = "..." if node.grouped else ""
    return f"{{{head}{expression(node.key)} => {expression(node.value)}{grouped}{condition}}}"


def _conditional(node: Conditional) -> str:
    return f"{_operand(node.condition)} ? {_operand(node.then)} : {_operand(node.otherwise)}"


def _each(_node: Each) -> str:
    raise Unwritable("the element of a splat outside of one")


_PRINTERS: Final[dict[type, Callable[[Any], str]]] = {
    Literal: _literal,
    Template: _template,
    Name: lambda node: identifier(node.name),
    GetAttr: lambda node: f"{_target(node.target)}.{identifier(node.name)}",
    Index: lambda node: f"{_target(node.target)}[{expression(node.key)}]",
    Splat: _splat,
    Each: _each,
    Call: _call,
    Unary: lambda node: f"{node.operator}{_operand(node.operand)}",
    Binary: lambda node: f"{_operand(node.left)} {node.operator} {_operand(node.right)}",
    Conditional: _conditional,
    Tuple: lambda node: f"[{', '.join(map(expression, node.items))}]",
    Object: _object,
    For: _for,
}


def bare(node: Node) -> str:
    """A template as it stands in a file of its own: without quotes, backslashes being plain characters."""
    template = node if isinstance(node, Template) else Template([node])
    return _parts(template, lambda text: _MARKS.sub(lambda match: match.group() * 2, text))
