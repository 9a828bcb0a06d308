"""Functions of Terraform's own provider, which write and read values as source text.

Source: https://developer.hashicorp.com/terraform/language/functions/terraform-encode_expr
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.readers import types
from policies.readers.budget import BUDGET, Exceeded
from policies.readers.evaluation import Failed, first_unknown, plain, traced, unknown_from
from policies.readers.functions.calling import function, partial
from policies.readers.functions.encodings import traced_within
from policies.readers.types import Refused, Undecided

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ESCAPED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(slots=True)
class _Line:
    """A line, in front of an equals sign and from there on, and how many brackets it opens more than it closes."""

    text: str = ""
    assigned: str = ""
    opens: int = 0


@partial("provider::terraform::encode_expr")
def _encode_expr(value: Any) -> Any:
    return _encoded(value, variables=False)


@partial("provider::terraform::encode_tfvars")
def _encode_tfvars(value: Any) -> Any:
    return _encoded(value, variables=True)


def _encoded(value: Any, *, variables: bool) -> Any:
    tree = plain(value)
    if tree is None:
        raise Refused("the argument is null")
    blind = first_unknown(tree)
    if blind is not None:
        return unknown_from(blind.reason, tree)
    if not variables:
        return traced("\n".join(_aligned(_lines(tree))), tree)
    if not isinstance(tree, dict):
        raise Refused("an object is needed")
    lines: list[_Line] = []
    for key, item in sorted(tree.items(), key=lambda pair: pair[0]):
        if key.isascii() and not _NAME.fullmatch(key):
            raise Refused("a key is no name")
        lines += _attribute(key, item)
    return traced("".join(f"{line}\n" for line in _aligned(lines)), tree)


def _lines(value: Any) -> list[_Line]:
    BUDGET.spend(1)
    if isinstance(value, list):
        lines = [_Line("[", opens=1)]
        for index, item in enumerate(value):
            lines[-1].text += ", " if index else ""
            _go_on(lines, _lines(item))
        _go_on(lines, [_Line("]", opens=-1)])
        return lines
    if isinstance(value, dict):
        lines = [_Line("{", opens=1)]
        for key, item in sorted(value.items(), key=lambda pair: pair[0]):
            lines += _attribute(key, item)
        end = _Line("}", opens=-1)
        if value:
            return [*lines, end]
        _go_on(lines, [end])
        return lines
    if isinstance(value, str):
        return [_Line(_quoted(value))]
    return [_Line("null" if value is None else types.as_string(value))]


def _go_on(lines: list[_Line], more: list[_Line]) -> None:
    """Put lines behind others, the first of them into the last of those."""
    lines[-1].text += more[0].text
    lines[-1].opens += more[0].opens
    lines += more[1:]


def _attribute(key: str, value: Any) -> list[_Line]:
    if not key.isascii():
        raise Undecided("how wide a name is shown is not told here")
    name = key if _NAME.fullmatch(key) else _quoted(key)
    first, *rest = _lines(value)
    if rest:
        return [_Line(f"{name} = {first.text}", opens=first.opens), *rest]
    return [_Line(name, f"= {first.text}", first.opens)]


def _aligned(lines: list[_Line]) -> list[str]:
    """Lines with their indentation, and the equals signs of neighbours below one another."""
    opened: list[int] = []
    for line in lines:
        closed = max(-line.opens, 0)
        while closed and opened:
            taken = min(closed, opened[-1])
            closed -= taken
            opened[-1] -= taken
            if not opened[-1]:
                opened.pop()
        line.text = "  " * len(opened) + line.text
        if line.opens > 0:
            opened.append(line.opens)
    found: list[str] = []
    begin = 0
    for index, line in enumerate(lines):
        if not line.assigned:
            found.append(line.text)
            begin = index + 1
        elif index + 1 == len(lines) or not lines[index + 1].assigned:
            chain = lines[begin : index + 1]
            width = max(len(one.text) for one in chain)
            found += [f"{one.text.ljust(width)} {one.assigned}" for one in chain]
            begin = index + 1
    return found


def _quoted(text: str) -> str:
    pieces: list[str] = []
    text = str.__str__(text)
    BUDGET.make(4 * len(text))
    for index, character in enumerate(text):
        if character in "$%":
            pieces.append(character * (2 if text.startswith("{", index + 1) else 1))
        elif character in _ESCAPED:
            pieces.append(_ESCAPED[character])
        elif character.isprintable():
            pieces.append(character)
        elif unicodedata.category(character) == "Cn":
            raise Undecided("a character that newer versions of Unicode may have")
        else:
            code = ord(character)
            pieces.append(f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}")
    return f'"{"".join(pieces)}"'


@function("provider::terraform::decode_tfvars", "string")
def _decode_tfvars(text: str) -> Any:
    from policies.readers import hcl

    try:
        found = hcl.variables(str.__str__(text), "the argument")
    except Exceeded:
        raise
    except Problem as problem:
        raise Refused("it holds something else than values") from problem
    if any(isinstance(value, Failed) for value in found.values()):
        raise Refused("a value is refused")
    if first_unknown(found) is not None:
        raise Undecided("a value is not known")
    return traced_within(found, text)
