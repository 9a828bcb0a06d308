"""Terraform's string templates: from the strings of its JSON syntax to expressions of its native syntax.

A string in Terraform JSON is a template: `"${aws_vpc.main.id}"` is the value itself, `"a-${x}"` a text with a
hole, `"$${"` a literal `${`. In native syntax the first is written bare, the second quoted.

Source: https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_MARKS = re.compile(r"\$\$\{|%%\{|\$\{|%\{")
# What a quoted template may not hold as it is:
# https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Unbalanced(ValueError):
    """A template sequence that is not closed: the string is no template that Terraform would accept."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a template: literal text as it is meant, or a sequence (`${...}`, `%{...}`) as it is written."""

    text: str
    literal: bool

    @property
    def expression(self) -> str:
        """What stands between `${` and `}`."""
        return self.text[2:-1].strip()


def parts(text: str) -> list[Part]:
    """The pieces of a template.

    Raises:
        Unbalanced: a sequence is not closed.
    """
    found: list[Part] = []
    literal = ""
    position = 0
    while mark := _MARKS.search(text, position):
        literal += text[position : mark.start()]
        if len(mark[0]) == 3:  # `$${` and `%%{`: the escapes of `${` and `%{`
            literal += mark[0][1:]
            position = mark.end()
            continue
        end = _closing(text, mark.end())
        if literal:
            found.append(Part(literal, True))
            literal = ""
        found.append(Part(text[mark.start() : end], False))
        position = end
    literal += text[position:]
    if literal:
        found.append(Part(literal, True))
    return found


def _closing(text: str, position: int) -> int:
    """The position after the `}` that closes a sequence opened just before `position`."""
    depth = 1
    while position < len(text):
        character = text[position]
        if character == '"':
            position = _string_end(text, position + 1)
            continue
        depth += {"{": 1, "}": -1}.get(character, 0)
        position += 1
        if depth == 0:
            return position
    raise Unbalanced(f"a template sequence is not closed in {text!r}")


def _string_end(text: str, position: int) -> int:
    """The position after the quote that ends a string inside a sequence."""
    while position < len(text):
        if text[position] == "\\":
            position += 2
        elif text[position] == '"':
            return position + 1
        elif text.startswith(("$${", "%%{"), position):
            position += 3
        elif text.startswith(("${", "%{"), position):
            position = _closing(text, position + 2)
        else:
            position += 1
    raise Unbalanced(f"a string is not closed in {text!r}")


def bare(text: str) -> str | None:
    """The expression, when the template is nothing but one `${...}`; else None."""
    pieces = parts(text) if text.startswith("${") else []
    if len(pieces) != 1 or pieces[0].literal or "~" in (pieces[0].text[2], pieces[0].text[-2]):
        return None
    expression = pieces[0].expression
    return f"(\n{expression}\n)" if "\n" in expression else expression


def quoted(text: str) -> str:
    """A template as a quoted string of the native syntax."""
    return '"' + "".join(_quoted(piece) for piece in parts(text)) + '"'


def _quoted(piece: Part) -> str:
    if not piece.literal:
        return piece.text
    escaped = "".join(_escaped(character) for character in piece.text)
    return escaped.replace("${", "$${").replace("%{", "%%{")


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if not character.isprintable() and character != " ":
        code = ord(character)
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character


def heredoc(text: str, indent: int) -> str | None:
    """A template of several lines as an indented heredoc whose content stands at `indent` columns.

    None where a heredoc cannot say it: it always ends with a new line, and knows no escapes.
    """
    pieces = parts(text)
    if not text.endswith("\n") or text.count("\n") < 2 or not pieces[-1].literal:
        return None
    if any("\n" in piece.text for piece in pieces if not piece.literal):
        return None
    if any(not character.isprintable() and character not in "\n\t" for character in text):
        return None
    source = "".join(
        piece.text.replace("${", "$${").replace("%{", "%%{") if piece.literal else piece.text
        for piece in pieces
    )
    lines = source.removesuffix("\n").split("\n")
    # What a character combines with is one with it, and goes where the indentation before it is taken away.
    if any(_combines(line.lstrip()[0]) for line in lines if line.strip()):
        return None
    # `<<-` takes away the indentation that all lines share, so one of them must have none of its own.
    full = [line for line in lines if line.strip()]
    if not full or all(line[0].isspace() for line in full):
        return None
    marker = next(name for name in _markers() if all(line.strip() != name for line in lines))
    # A line of nothing but spaces is neither counted nor trimmed: it keeps what it has.
    body = "\n".join(" " * indent + line if line.strip() else line for line in lines)
    return f"<<-{marker}\n{body}\n{' ' * (indent - 2)}{marker}"


def _combines(character: str) -> bool:
    """Whether a character is part of the one before it (Grapheme_Cluster_Break, of Unicode's Annex 29)."""
    return unicodedata.category(character).startswith("M") or "\U0001f3fb" <= character <= "\U0001f3ff"


def _markers() -> Iterator[str]:
    yield "EOT"
    number = 2
    while True:
        yield f"EOT{number}"
        number += 1
