"""Terraform's JSON syntax: blocks with their places, values left as templates for the evaluator.

Source: https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import accumulate
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, Final, NoReturn

from cloudmart_support.problem import Problem
from policies.engine.model import Place
from policies.engine.values import steps
from policies.readers import numbers
from policies.readers.declared import Block

_WHITESPACE: Final = re.compile(r"[ \t\n\r]*")
# Block types and their number of labels.
LABELS: Final = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "module": 1,
    "variable": 1,
    "output": 1,
    "provider": 1,
    "locals": 0,
    "terraform": 0,
    "check": 1,
    "moved": 0,
    "removed": 0,
    "import": 0,
    "action": 2,
    "list": 2,
    "language": 0,
}


class _Malformed(Exception):
    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"{twice!r} is set twice in one object")
    return result


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# The decoder's C scanner reads one value from an offset and says where it ends.
_SCAN: Final = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=numbers.parsed, parse_constant=_constant
).scan_once  # type: ignore[attr-defined]


# The escape of one half of a character beyond 16 bits, which stands for nothing without its other half.
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")


def _whole(text: str, value: Any) -> None:
    """Refuse texts with half a character in them: Terraform puts another in its place."""
    if _HALF.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise _Malformed("a text holds half a character (an escape of D800 to DFFF alone)", 0) from error


class Text:
    """The text of a file, whose lines are counted, stretch by stretch, only when one is asked for."""

    __slots__ = ("_before", "file", "text")

    _STRETCH: Final = 4096

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._before: list[int] | None = None
        """How many lines end before each stretch."""

    def line(self, offset: int) -> int:
        if self._before is None:
            starts = range(0, len(self.text), self._STRETCH)
            ends = (self.text.count("\n", start, start + self._STRETCH) for start in starts)
            self._before = [0, *accumulate(ends)]
        stretch = min(offset // self._STRETCH, len(self._before) - 1)
        return self._before[stretch] + self.text.count("\n", stretch * self._STRETCH, offset) + 1


class _JsonPlace(Place):
    """The place of a block, and of its arguments by looking them up again in the text."""

    __slots__ = ("_label", "_source", "_value")

    def __init__(self, source: Text, label: int, value: int) -> None:
        super().__init__(source.file)
        self._source = source
        self._label = label
        self._value = value

    def line(self, attribute: str = "") -> int:
        offset = self._label
        if attribute:
            with suppress(_Malformed, ValueError):
                offset = _find(self._source.text, self._value, steps(attribute)) or offset
        return self._source.line(offset)


def decode(text: str, file: str, *, written_by_people: bool = True) -> Any:
    """A JSON document as plain values.

    Raises:
        Problem: it is malformed, or, where people wrote it, an object sets a key twice.
    """
    source = Text(file, text)
    if not written_by_people:
        with suppress(ValueError, RecursionError):
            return json.loads(text, parse_constant=_constant)
    try:
        start = _skip(text, 0)
        value, end = _value(text, start)
        end = _skip(text, end)
        if end != len(text):
            raise _Malformed("there is something after the document", end)
        _whole(text, value)
    except _Malformed as error:
        raise Problem(f"{file}:{source.line(error.offset)}: it is not JSON: {error}") from error
    return value


def parse(text: str, file: str) -> list[Block]:
    """The top-level blocks of a file in Terraform's JSON syntax, in order.

    Raises:
        Problem: it is malformed, or no Terraform configuration.
    """
    source = Text(file, text)
    blocks: list[Block] = []
    try:
        start = _skip(text, 0)
        if not text.startswith("{", start):
            raise _Malformed("a Terraform file in JSON is one object", start)
        end = _level(source, start, None, (), start, blocks)
        end = _skip(text, end)
        if end != len(text):
            raise _Malformed("there is something after the document", end)
        _whole(text, [(block.labels, block.body) for block in blocks])
    except _Malformed as error:
        raise Problem(f"{file}:{source.line(error.offset)}: it cannot be parsed: {error}") from error
    except RecursionError as error:
        raise Problem(f"{file}: it cannot be parsed: it is nested too deeply") from error
    return blocks


def _level(
    source: Text, at: int, depth: int | None, labels: tuple[str, ...], label_at: int, blocks: list[Block]
) -> int:
    """Read a value whose keys are labels down to `depth`; None for the document itself. The end of it."""
    text = source.text
    if text.startswith("[", at):
        end = at
        for element, skip in _elements(text, at):
            end = _level(source, element, depth, labels, element, blocks)
            skip(end)
        return end_of(text, end, "]") if end != at else _value(text, at)[1]
    if depth == 0:
        value, end = _value(text, at)
        if isinstance(value, dict):
            blocks.append(
                Block(labels[0], labels[1:], value, _JsonPlace(source, label_at, at), _construct(value))
            )
            if labels[0] == "check":
                blocks.extend(_checked(source, at, labels[1]))
        elif value is not None:
            raise _Malformed(f"{'.'.join(labels)} is not an object", at)
        return end
    if not text.startswith("{", at):
        if text.startswith("null", at):
            return at + 4
        raise _Malformed(f"{'.'.join(labels) or 'the document'} is not an object", at)
    end = at
    for key, key_at, value_at, skip in _members(text, at):
        if depth is None:
            if key == "//":
                end = _value(text, value_at)[1]
            elif key in LABELS:
                end = _level(source, value_at, LABELS[key], (key,), key_at, blocks)
            else:
                raise _Malformed(f"{key!r} is no block of Terraform's configuration language", key_at)
        elif key == "//":
            end = _value(text, value_at)[1]
        else:
            end = _level(source, value_at, depth - 1, (*labels, key), key_at, blocks)
        skip(end)
    return end_of(text, end, "}") if end != at else end_of(text, at + 1, "}")


def _checked(source: Text, at: int, check: str) -> Iterator[Block]:
    """The data sources within the body of a check block, which stands at an offset."""
    for key, key_at, value_at, _ in _members(source.text, at):
        if key == "data":
            found: list[Block] = []
            _level(source, value_at, LABELS["data"], ("data",), key_at, found)
            yield from (replace(block, check=check) for block in found)


def _construct(body: dict[str, Any]) -> str:
    """The CDKTF construct path that synthesis leaves in the comment of a block."""
    comment = body.get("//")
    metadata = comment.get("metadata") if isinstance(comment, dict) else None
    path = metadata.get("path") if isinstance(metadata, dict) else None
    return path if isinstance(path, str) else ""


def _skip(text: str, at: int) -> int:
    match = _WHITESPACE.match(text, at)
    assert match
    return match.end()


def end_of(text: str, at: int, close: str) -> int:
    at = _skip(text, at)
    if not text.startswith(close, at):
        raise _Malformed(f"expected {close!r}", at)
    return at + 1


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        value, end = _SCAN(text, at)
    except StopIteration as error:
        raise _Malformed("a value is missing", error.value) from error
    except json.JSONDecodeError as error:
        raise _Malformed(error.msg, error.pos) from error
    except ValueError as error:
        raise _Malformed(str(error), at) from error
    except RecursionError as error:
        raise _Malformed("it is nested too deeply", at) from error
    return value, end


class _Skip:
    """Told by the consumer of `_members` and `_elements` where the value ended."""

    __slots__ = ("end",)

    def __init__(self) -> None:
        self.end = -1

    def __call__(self, end: int) -> None:
        self.end = end


def _members(text: str, at: int) -> Iterator[tuple[str, int, int, _Skip]]:
    """The members of the object at `at`: key, its offset, the value's offset, and where to tell its end."""
    at = _skip(text, at + 1)
    if text.startswith("}", at):
        return
    while True:
        if not text.startswith('"', at):
            raise _Malformed("a key in quotes is missing", at)
        try:
            key, end = scanstring(text, at + 1)
        except json.JSONDecodeError as error:
            raise _Malformed(error.msg, error.pos) from error
        value_at = _skip(text, end_of(text, end, ":"))
        skip = _Skip()
        yield key, at, value_at, skip
        end = _skip(text, skip.end if skip.end >= 0 else _value(text, value_at)[1])
        if not text.startswith(",", end):
            return
        at = _skip(text, end + 1)


def _elements(text: str, at: int) -> Iterator[tuple[int, _Skip]]:
    """The elements of the array at `at`: the offset of each, and where to tell its end."""
    at = _skip(text, at + 1)
    if text.startswith("]", at):
        return
    while True:
        skip = _Skip()
        yield at, skip
        end = _skip(text, skip.end if skip.end >= 0 else _value(text, at)[1])
        if not text.startswith(",", end):
            return
        at = _skip(text, end + 1)


def _find(text: str, at: int, path: tuple[Any, ...]) -> int | None:
    """The offset of the key at the end of a path, or of the deepest one on the way that is there."""
    found: int | None = None
    for step in path:
        if isinstance(step, str):
            if text.startswith("[", at):
                at = next((element for element, _ in _elements(text, at)), at)
            if not text.startswith("{", at):
                return found
            member = next(
                ((key_at, value) for key, key_at, value, _ in _members(text, at) if key == step), None
            )
            if member is None:
                return found
            found, at = member
        elif text.startswith("[", at):
            elements = [element for element, _ in _elements(text, at)]
            index = step if isinstance(step, int) else 0
            if index >= len(elements):
                return found
            found = at = elements[index]
    return found
