"""Terraform's native syntax, written as `terraform fmt` writes it.

python-hcl2 writes HCL too, but its dict form carries no comments, and what it lays out is not what
`terraform fmt` lays out (equals signs aligned across values of several lines, lines of spaces between blocks).
So this module writes, and python-hcl2 reads back what was written (`handoff.readback`).

Source: https://developer.hashicorp.com/terraform/language/style
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from handoff import templates

WIDTH = 100
"""A list longer than this, in columns, gets a line for each element."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_KEYWORDS = frozenset(("true", "false", "null", "for", "if", "in", "else", "endif", "endfor"))
# Private-use characters that stand for a template's sequences while the text around them is read as JSON.
_OPEN, _CLOSE = "\ue000", "\ue001"
_PLACE = re.compile(f"{_OPEN}(\\d+){_CLOSE}")

IsText = Callable[[str], bool]
"""Whether an expression's value is known to be a string."""


@dataclass(frozen=True, slots=True)
class Expression:
    """Native syntax, ready to be written: a reference, a keyword, a call."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function called with one value, such as `jsonencode({...})`."""

    function: str
    argument: Any


@dataclass(slots=True)
class Body:
    """What stands between a block's braces: groups of arguments with a blank line between, and blocks."""

    items: list[Argument | Block] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Argument:
    """`name = value`; the value is Python's, with `Expression` and `Call` where Python has no word for it."""

    name: str
    value: Any
    apart: bool = False
    """Whether a blank line stands before it."""


@dataclass(frozen=True, slots=True)
class Block:
    """`type "label" { ... }`, below its comments."""

    type: str
    labels: tuple[str, ...]
    body: Body
    comments: tuple[str, ...] = ()


def file(blocks: Sequence[Block], header: Sequence[str] = ()) -> str:
    """A file's text: the header's lines as comments, then the blocks with a blank line between."""
    pieces = ["".join(f"{_comment(line)}\n" for line in header)] if header else []
    pieces += ["\n".join(_block(block, 0)) + "\n" for block in blocks]
    return "\n".join(pieces)


def _comment(line: str) -> str:
    return f"# {line}".rstrip()


def _block(block: Block, indent: int) -> list[str]:
    space = " " * indent
    head = " ".join([block.type, *(json.dumps(label, ensure_ascii=False) for label in block.labels)])
    comments = [space + _comment(line) for line in block.comments]
    if not block.body.items:
        return [*comments, f"{space}{head} {{}}"]
    return [*comments, f"{space}{head} {{", *_body(block.body, indent + 2), f"{space}}}"]


def _body(body: Body, indent: int) -> list[str]:
    lines: list[str] = []
    chain: list[tuple[str, str]] = []

    def close() -> None:
        lines.extend(_aligned(chain, indent, " = "))
        chain.clear()

    for number, item in enumerate(body.items):
        if isinstance(item, Block):
            close()
            if number:
                lines.append("")
            lines.extend(_block(item, indent))
            continue
        if number and (item.apart or isinstance(body.items[number - 1], Block)):
            close()
            lines.append("")
        chain.append((item.name, render(item.value, indent)))
    close()
    return lines


def _aligned(pairs: Sequence[tuple[str, str]], indent: int, equals: str) -> list[str]:
    """`key = value` lines with the equals signs in a column, as far as `terraform fmt` puts them in one.

    A value that opens a bracket on one line and closes it on another ends the column; a heredoc does not.
    """
    lines: list[str] = []
    column: list[tuple[str, str]] = []

    def close() -> None:
        width = max((len(key) for key, _ in column), default=0)
        lines.extend(f"{' ' * indent}{key.ljust(width)}{equals}{value}" for key, value in column)
        column.clear()

    for key, value in pairs:
        if "\n" in value and not value.startswith("<<"):
            close()
            lines.append(f"{' ' * indent}{key}{equals}{value}")
            continue
        column.append((key, value))
    close()
    return lines


def render(value: Any, indent: int) -> str:
    """A value in native syntax, whose first line stands somewhere behind `indent` columns.

    Strings are Terraform templates. Lists and objects are Python's.
    """
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, Call):
        return f"{value.function}({render(value.argument, indent)})"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, str):
        bare = templates.bare(value)
        if bare is not None:
            return bare
        return templates.heredoc(value, indent + 2) or templates.quoted(value)
    if isinstance(value, dict):
        return _object(value, indent)
    return _list(value, indent)


def number(value: int | float) -> str:
    """A number as a literal; a whole one without a fraction."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _object(value: dict[str, Any], indent: int) -> str:
    if not value:
        return "{}"
    pairs = [(key_text(key), render(item, indent + 2)) for key, item in value.items()]
    return "\n".join(["{", *_aligned(pairs, indent + 2, " = "), " " * indent + "}"])


def key_text(key: str) -> str:
    """An object's key: bare where it is an identifier, else quoted."""
    if _IDENTIFIER.fullmatch(key) and key not in _KEYWORDS:
        return key
    return templates.quoted(key)


def _list(value: Sequence[Any], indent: int) -> str:
    if not value:
        return "[]"
    plain = [render(_without_heredoc(item), indent + 2) for item in value]
    line = f"[{', '.join(plain)}]"
    if "\n" not in line and indent + len(line) <= WIDTH and not any(isinstance(item, dict) for item in value):
        return line
    space = " " * (indent + 2)
    return "\n".join(["[", *(f"{space}{item}," for item in plain), " " * indent + "]"])


def _without_heredoc(item: Any) -> Any:
    """A string in a list is quoted: a heredoc's end leaves no place for the comma."""
    if isinstance(item, str) and templates.bare(item) is None:
        return Expression(templates.quoted(item))
    return item


class NotADocument(ValueError):
    """A string that holds no JSON document that `jsonencode` could write."""


def document(text: str, is_text: IsText) -> Call:
    """A template that holds a JSON document, as a call of `jsonencode`.

    A hole of the template that fills a whole string of the document becomes the expression itself, where its
    value is known to be a string, and else `tostring(expression)`: the document has a string there.

    Raises:
        NotADocument: it holds none, or one that `jsonencode` cannot say (a repeated key, a hole outside a string).
    """
    pieces = templates.parts(text)
    if any(_OPEN in piece.text or (not piece.literal and piece.text.startswith("%")) for piece in pieces):
        raise NotADocument(text)
    holes: list[str] = []
    source = ""
    for piece in pieces:
        if piece.literal:
            source += piece.text
        else:
            source += f"{_OPEN}{len(holes)}{_CLOSE}"
            holes.append(piece.text)
    try:
        parsed = json.loads(source, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise NotADocument(text) from error
    if not isinstance(parsed, dict | list) or not parsed:
        raise NotADocument(text)
    return Call("jsonencode", _filled(parsed, holes, is_text))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotADocument("a key is repeated")
    return found


def _filled(value: Any, holes: Sequence[str], is_text: IsText) -> Any:
    """The document with each string a template again; `Expression` where a string is one hole."""
    if isinstance(value, dict):
        return {_template(key, holes): _filled(item, holes, is_text) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, holes, is_text) for item in value]
    if not isinstance(value, str):
        return value
    template = _template(value, holes)
    expression = templates.bare(template)
    if expression is None:
        return Expression(templates.quoted(template))
    return Expression(expression if is_text(expression) else f"tostring({expression})")


def _template(text: str, holes: Sequence[str]) -> str:
    """A text with holes as a template: what is literal escaped, what is a hole put back."""
    pieces = _PLACE.split(text)
    return "".join(
        holes[int(piece)] if number % 2 else piece.replace("${", "$${").replace("%{", "%%{")
        for number, piece in enumerate(pieces)
    )
