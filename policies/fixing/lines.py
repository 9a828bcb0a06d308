"""Lines as `terraform fmt` sees them, and the columns in which it puts equals signs and comments.

A line is what stands between two line ends outside of texts, heredocs and comments. In neighbouring lines the equals
signs stand below each other, where each line holds the whole of a value; so do the comments at their ends.

Source: https://github.com/hashicorp/hcl/blob/v2.23.0/hclwrite/format.go (linesForFormat, formatCells)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from policies.readers.scanner import NAME, comment_end, heredoc_end, quoted_end

_PLAIN: Final = re.compile(r'[^ \t"#/<\r\n(){}\[\]=!>]++')
HEREDOC: Final = re.compile(rf"<<-?({NAME})\r?\n")


@dataclass(slots=True)
class Line:
    """Offsets in a text: where the line begins and ends (its line end left out), and its parts.

    `lead` is where what comes before the equals sign (or the comment) ends; `equals` and `comment` are None where it
    has none of its own.
    """

    start: int
    lead: int
    end: int
    equals: int | None = None
    value: int = 0
    """The end of the value, where there is an equals sign."""
    comment: int | None = None


def lines(text: str, start: int, end: int) -> list[Line]:
    """The lines of a part of a text, which begins and ends with a line.

    Raises:
        Unscannable: it is no HCL.
    """
    return list(_lines(text, start, end))


def _lines(text: str, at: int, end: int) -> Iterator[Line]:
    while at < end:
        line, at = _line(text, at, end)
        yield line


def _line(text: str, start: int, end: int) -> tuple[Line, int]:
    at, tokens, depth, last = start, 0, 0, start
    equals = comment = None
    lead = start
    while at < end and text[at] != "\n":
        character = text[at]
        if character in " \t\r":
            at += 1
            continue
        if (character == "#" or text.startswith("//", at)) and tokens:
            comment = at
        if character == "#" or text.startswith("//", at):
            stop = text.find("\n", at, end)
            at = end if stop < 0 else stop
            if comment is None:
                last = at
            break
        if character == "=" and text[at + 1 : at + 2] not in ("=", ">") and text[at - 1] not in "=!<>":
            if equals is None and tokens:
                equals, lead = at, last
            at += 1
        elif character == '"':
            at = quoted_end(text, at + 1)
        elif text.startswith("/*", at):
            at = comment_end(text, at)
        elif opening := HEREDOC.match(text, at):
            at = heredoc_end(text, opening.end(), opening.group(1))[1]
        elif character in "([{" or character in ")]}":
            depth += 0 if equals is None else 1 if character in "([{" else -1
            at += 1
        elif plain := _PLAIN.match(text, at):
            at = plain.end()
        else:
            at += 1
        tokens += 1
        last = at
    stop = at - (text[at - 1 : at] == "\r" and at > start)
    if equals is not None and depth:
        equals = None
    line = Line(start, last if equals is None else lead, stop, equals, last, comment)
    return line, at + 1


def width(text: str) -> int:
    """Columns of a text: marks that stand on the character before them count for nothing."""
    return sum(unicodedata.category(one) not in ("Mn", "Me") for one in text)


@dataclass(slots=True)
class Gap:
    """White space between two parts of the line that begins at `line`, before its `equals` or its
    `comment`: its offsets, and how many blanks `terraform fmt` puts there."""

    part: str
    line: int
    start: int
    end: int
    wanted: int


def gaps(text: str, found: Sequence[Line]) -> list[list[Gap]]:
    """The white space before the equals signs, and before the comments, of lines that belong together."""
    assigned = list(
        _chains(
            found, "equals", lambda line: line.equals, lambda line: line.lead, lambda line: _lead(text, line)
        )
    )
    blanks = {gap.line: gap.wanted for chain in assigned for gap in chain}

    def columns(line: Line) -> int:
        value = 0 if line.equals is None else blanks[line.start] + width(text[line.equals : line.value])
        return _lead(text, line) + value

    def last(line: Line) -> int:
        return line.lead if line.equals is None else line.value

    return [*assigned, *_chains(found, "comment", lambda line: line.comment, last, columns)]


def _lead(text: str, line: Line) -> int:
    return width(text[line.start : line.lead])


def _chains(
    found: Sequence[Line],
    name: str,
    part: Callable[[Line], int | None],
    before: Callable[[Line], int],
    columns: Callable[[Line], int],
) -> Iterator[list[Gap]]:
    """The gaps before a part of neighbouring lines that all have it."""
    for has, chain in groupby(found, lambda line: part(line) is not None):
        together = list(chain) if has else []
        most = max(map(columns, together), default=0)
        gaps = [
            Gap(name, line.start, before(line), at, most - columns(line) + 1)
            for line in together
            if (at := part(line)) is not None
        ]
        if gaps:
            yield gaps
