"""YAML as Terraform's `yamlencode` writes it: libyaml's layout, texts in quotes or, with line feeds, as blocks.

Source: https://github.com/zclconf/go-cty-yaml/blob/v1.1.0/encode.go
"""

from __future__ import annotations

import re
from typing import Any, Final

from policies.readers import types
from policies.readers.budget import BUDGET
from policies.readers.types import Undecided

_WIDTH: Final = 80
"""Behind this column a text in quotes goes on in the next line, at its next space."""

_LONGEST_KEY: Final = 128
"""More bytes than this, and a key is written behind a question mark."""

_UNPRINTABLE: Final = re.compile("[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_BREAK: Final = re.compile("[\n\r\x85\u2028\u2029]")
_ESCAPED: Final = dict(zip('\0\a\b\t\n\v\f\r\x1b"\\\x85\xa0\u2028\u2029', '0abtnvfre"\\N_LP', strict=True))


class _Writer:
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.column = 0
        self.indent = -1
        self.white = True
        """Whether a blank or nothing stands before."""
        self.indented = True
        """Whether nothing but blanks and marks of entries and keys stand in the line."""

    def put(self, text: str) -> None:
        BUDGET.make(4 * len(text))
        self.pieces.append(text)
        self.column += len(text)

    def line(self) -> None:
        self.pieces.append("\n")
        self.column = 0

    def begin_line(self) -> None:
        indent = max(self.indent, 0)
        if not self.indented or self.column > indent or (self.column == indent and not self.white):
            self.line()
        self.put(" " * (indent - self.column))
        self.white = self.indented = True

    def mark(self, text: str, *, spaced: bool, indents: bool = False) -> None:
        self.put(f" {text}" if spaced and not self.white else text)
        self.white = False
        self.indented = self.indented and indents

    def node(self, value: Any, *, of_mapping: bool = False) -> None:
        BUDGET.spend(1)
        if isinstance(value, str):
            self.text(str.__str__(value), key=False)
        elif isinstance(value, list | dict) and not value:
            self.mark("[" if isinstance(value, list) else "{", spaced=True)
            self.mark("]" if isinstance(value, list) else "}", spaced=False)
        elif isinstance(value, list):
            self.sequence(value, indent=not (of_mapping and not self.indented))
        elif isinstance(value, dict):
            self.mapping(value)
        elif value is None or isinstance(value, int | float):
            self.mark("null" if value is None else types.as_string(value), spaced=True)
        else:
            raise Undecided("it is no value that YAML has")

    def sequence(self, items: list[Any], *, indent: bool) -> None:
        before = self.indent
        self.indent = 0 if before < 0 else before + 2 * indent
        for item in items:
            self.begin_line()
            self.mark("-", spaced=True, indents=True)
            self.node(item)
        self.indent = before

    def mapping(self, items: dict[str, Any]) -> None:
        before = self.indent
        self.indent = 0 if before < 0 else before + 2
        for key, item in sorted(items.items(), key=lambda pair: pair[0]):
            key = str.__str__(key)
            self.begin_line()
            if _BREAK.search(key) or len(key.encode()) > _LONGEST_KEY:
                self.mark("?", spaced=True, indents=True)
                self.text(key, key=False)
                self.begin_line()
                self.mark(":", spaced=True, indents=True)
            else:
                self.text(key, key=True)
                self.mark(":", spaced=False)
            self.node(item, of_mapping=True)
        self.indent = before

    def text(self, text: str, *, key: bool) -> None:
        if text.startswith("\ufeff") or ("\n" in text and re.search("[\u2028\u2029]", text)):
            raise Undecided("a rare character in a document of YAML")
        before = self.indent
        self.indent = 2 if before < 0 else before + 2
        if "\n" in text and not key and not text.endswith(" ") and not self.needs_quotes(text):
            self.block(text)
        else:
            self.quoted(text, may_break=not key)
        self.indent = before

    @staticmethod
    def needs_quotes(text: str) -> bool:
        return " \n" in text or _UNPRINTABLE.search(text) is not None

    def block(self, text: str) -> None:
        self.mark("|", spaced=True)
        if text[0] in " \n":
            self.mark("2", spaced=False)
        if not text.endswith("\n"):
            self.mark("-", spaced=False)
        elif text == "\n" or text.endswith("\n\n"):
            self.mark("+", spaced=False)
        self.line()
        self.white = self.indented = True
        *lines, last = text.split("\n")
        for line in lines:
            if line:
                self.begin_line()
                self.put(line)
            self.line()
            self.indented = True
        if last:
            self.begin_line()
            self.put(last)
            self.indented = False

    def quoted(self, text: str, *, may_break: bool) -> None:
        self.mark('"', spaced=True)
        after_space = False
        for index, character in enumerate(text):
            if character in '"\\' or _UNPRINTABLE.match(character) or _BREAK.match(character):
                self.put(f"\\{_escape(character)}")
                after_space = False
            elif character != " ":
                self.put(character)
                after_space = False
            else:
                if may_break and not after_space and self.column > _WIDTH and 0 < index < len(text) - 1:
                    self.begin_line()
                    if text[index + 1] == " ":
                        self.put("\\")
                else:
                    self.put(" ")
                after_space = True
        self.mark('"', spaced=False)


def _escape(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    code = ord(character)
    return f"x{code:02X}" if code <= 0xFF else f"u{code:04X}" if code <= 0xFFFF else f"U{code:08X}"


def written(value: Any) -> str:
    """The document of a known value.

    Raises:
        Undecided: it holds what YAML has no value for, or a rare character.
    """
    writer = _Writer()
    writer.node(value)
    writer.begin_line()
    if value is None or isinstance(value, int | float):
        writer.put("...\n")
    return "".join(writer.pieces)
