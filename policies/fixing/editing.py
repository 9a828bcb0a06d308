"""Edits on the text of a file in HCL: what they are not about stays as it is, to the byte.

Where the neighbours of a line were in the columns of `terraform fmt`, they are afterwards; where they were not, none
but the new lines are put anywhere.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from operator import itemgetter
from typing import Final

from policies.fixing.lines import Gap, Line, gaps, lines, width
from policies.fixing.source import Argument, Block, expression

Rendered = Mapping[str, "str | Rendered"]
"""What stands in a new block: arguments with their values as HCL, and further blocks."""

# What people write at the end of a block, and what Terraform reads before anything else of it.
_LAST: Final = frozenset(
    {"depends_on", "lifecycle", "provisioner", "connection", "timeouts", "tags", "tags_all"}
)
_FIRST: Final = frozenset({"count", "for_each", "provider"})


@dataclass(slots=True)
class Change:
    """What a block gets: values of arguments, new or not; arguments that go; blocks that are new.

    `made` are new blocks by name, of which there is one; `more` stand beside others of their name; `inner` are changes
    to blocks that stand, by the offset of their names.
    """

    values: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    made: dict[str, Change] = field(default_factory=dict)
    more: list[tuple[str, Rendered]] = field(default_factory=list)
    inner: dict[int, Change] = field(default_factory=dict)
    beside: list[tuple[str, tuple[str, ...], Rendered]] = field(default_factory=list)
    """Blocks that are written behind this one: name, labels, contents."""

    def contents(self) -> Rendered:
        """Of a block that is made: what stands in it."""
        return {**self.values, **{name: change.contents() for name, change in self.made.items()}}


def edited(text: str, changes: list[tuple[Block, Change]]) -> str:
    """The text with changes made to some of its top-level blocks.

    Raises:
        Unscannable: the text is no HCL.
    """
    writer = _Writer(text)
    for block, change in changes:
        writer.block(block, change, outermost=True)
    return _aligned(text, writer.pieces, [block for block, _ in changes])


class _Writer:
    """Gathers what is put in the place of parts of a text, as (start, end, new text)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces: list[tuple[int, int, str]] = []
        self.unit = "\t" if re.search(r"^\t", text, re.M) and not re.search(r"^  ", text, re.M) else "  "

    def block(self, block: Block, change: Change, *, outermost: bool = False) -> None:
        text = self.text
        nl = _line_end(text, block.opened)
        outer = _indent(text, block.start)
        new = {name: value for name, value in change.values.items() if block.argument(name) is None}
        told = {name: value for name, value in change.values.items() if name not in new}
        blocks = [(name, made.contents()) for name, made in change.made.items()] + change.more
        if "\n" not in text[block.opened : block.closed]:
            self._one_line(block, told, change.removed, new, blocks, outer, nl)
        else:
            inner = next((_indent(text, one.start) for one in block.items), outer + self.unit)
            for name, value in told.items():
                argument = block.argument(name)
                assert argument is not None
                self.pieces.append((argument.value, expression(text, argument)[0], value))
            found = lines(text, _start(text, block.start), _stop(text, block.closed))
            for name in change.removed:
                argument = block.argument(name)
                if argument is not None:
                    self._remove(argument, found)
            added: dict[int, list[str]] = {}
            for name, value in new.items():
                at = _after_line(_neighbour(block, name, text), block, found, text)
                added.setdefault(at, []).append(f"{inner}{name} = {_moved(value, inner, nl)}{nl}")
            for at, pieces in added.items():
                self.pieces.append((at, at, "".join(pieces)))
            if blocks:
                self._blocks(block, blocks, found, inner, nl)
        for item in block.items:
            if isinstance(item, Block) and item.start in change.inner:
                self.block(item, change.inner[item.start])
        if outermost and change.beside:
            at = _stop(text, block.closed)
            behind = "" if text[:at].endswith("\n") else nl
            for name, labels, contents in change.beside:
                head = " ".join((name, *(f'"{label}"' for label in labels)))
                body = self._rendered(contents, outer + self.unit, nl, spaced=True)
                behind += f"{nl}{outer}{head} {{{nl}{body}{outer}}}{nl}"
            self.pieces.append((at, at, behind))

    def _one_line(
        self,
        block: Block,
        told: Mapping[str, str],
        removed: set[str],
        new: Mapping[str, str],
        blocks: list[tuple[str, Rendered]],
        outer: str,
        nl: str,
    ) -> None:
        """A block in one line takes a value in its place; anything more makes lines of it."""
        text = self.text
        start, end = block.opened + 1, block.closed
        inside = text[start:end]
        for argument in block.arguments():
            before, after = text[start : argument.value], text[expression(text, argument)[0] : end]
            if argument.name in told:
                inside = before + told[argument.name] + after
            elif argument.name in removed:
                inside = text[start : argument.start] + after.lstrip()
        inside = inside if inside.strip() else ""
        if new or blocks:
            inner = outer + self.unit
            kept = f"{inner}{inside.strip()}{nl}" if inside.strip() else ""
            added = "".join(f"{inner}{name} = {_moved(value, inner, nl)}{nl}" for name, value in new.items())
            for name, contents in blocks:
                added += f"{nl if kept or added else ''}{self._nested(name, contents, inner, nl)}"
            inside = f"{nl}{kept}{added}{outer}"
        self.pieces.append((start, end, inside))

    def _remove(self, argument: Argument, found: list[Line]) -> None:
        first = found[bisect_right([line.start for line in found], argument.start) - 1]
        last = found[bisect_right([line.start for line in found], argument.end) - 1]
        end, _ = expression(self.text, argument)
        behind = self.text[end : last.end]
        if behind.strip():
            self.pieces.append((argument.start, last.end - len(behind.lstrip()), ""))
        else:
            self.pieces.append((first.start, min(_stop(self.text, last.end), len(self.text)), ""))

    def _blocks(
        self, block: Block, blocks: list[tuple[str, Rendered]], found: list[Line], inner: str, nl: str
    ) -> None:
        """Write new blocks behind all but what people write last; with empty lines, where others have some."""
        text = self.text
        ahead = [item for item in block.items if item.name not in _LAST]
        alike = [item for item in ahead if item.name in {name for name, _ in blocks}]
        anchor = next(reversed(alike or ahead), None)
        at = _after_line(anchor, block, found, text)
        nested = [item for item in block.items[1:] if isinstance(item, Block)]
        compact = any(not _is_after_blank(text, item.start) for item in nested) or (
            not nested and block.name != "resource"
        )
        pieces = ""
        for number, (name, contents) in enumerate(blocks):
            gap = "" if compact or (anchor is None and not number) else nl
            pieces += gap + self._nested(name, contents, inner, nl)
        if anchor is None and block.items and not compact:
            pieces += nl
        self.pieces.append((at, at, pieces))

    def _nested(self, name: str, contents: Rendered, indent: str, nl: str) -> str:
        return f"{indent}{name} {{{nl}{self._rendered(contents, indent + self.unit, nl)}{indent}}}{nl}"

    def _rendered(self, contents: Rendered, indent: str, nl: str, *, spaced: bool = False) -> str:
        pieces = ""
        for name, value in contents.items():
            if isinstance(value, str):
                pieces += f"{indent}{name} = {_moved(value, indent, nl)}{nl}"
            else:
                pieces += (nl if spaced and pieces else "") + self._nested(name, value, indent, nl)
        return pieces


def _start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _stop(text: str, at: int) -> int:
    """The begin of the line behind the one that something ends in."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _indent(text: str, at: int) -> str:
    before = text[_start(text, at) : at]
    return before[: len(before) - len(before.lstrip(" \t"))]


def _line_end(text: str, at: int) -> str:
    """How the line ends that something stands in; how the first one of the text does, where it is the last."""
    end = text.find("\n", at)
    end = text.find("\n") if end < 0 else end
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def _moved(value: str, indent: str, nl: str) -> str:
    return value.replace("\n", f"{nl}{indent}")


def _is_after_blank(text: str, at: int) -> bool:
    start = _start(text, at)
    return not text[_start(text, start - 1) : start].strip()


def _neighbour(block: Block, name: str, text: str) -> Argument | None:
    """The argument that a new one is written behind: the last one whose name begins alike, or the last one of all."""
    words = name.split("_")

    def alike(argument: Argument) -> int:
        others = argument.name.split("_")
        return next((at for at, (a, b) in enumerate(zip(words, others, strict=False)) if a != b), 1)

    short = [
        one for one in block.arguments() if "\n" not in text[one.start : one.end] and one.name not in _LAST
    ]
    own = [one for one in short if one.name not in _FIRST]
    most = max(map(alike, own), default=0)
    return next(reversed([one for one in own if alike(one) == most] or short), None)


def _after_line(item: Argument | Block | None, block: Block, found: list[Line], text: str) -> int:
    """The begin of the line behind an item of a block, or behind the block's own first line."""
    at = block.opened if item is None else item.end if isinstance(item, Argument) else item.closed
    line = found[bisect_right([line.start for line in found], at) - 1]
    return _stop(text, line.end)


def _aligned(text: str, pieces: list[tuple[int, int, str]], blocks: list[Block]) -> str:
    """The text with its pieces put in, and with the columns of the lines around them as they were, or neat."""
    pieces = sorted(pieces, key=itemgetter(0, 1))
    written = _put(text, pieces)
    moves = _Moves(pieces)
    spans = [(_start(text, block.start), _stop(text, block.closed)) for block in blocks]
    neat = {
        (gap.part, gap.line): text[gap.start : gap.end] == " " * gap.wanted
        for span in spans
        for chain in gaps(text, lines(text, *span))
        for gap in chain
    }
    blanks: list[tuple[int, int, str]] = []
    for first, last in spans:
        for chain in gaps(written, lines(written, moves.begin(first), moves.end(last))):
            blanks += _blanks(written, chain, [moves.former(gap.line) for gap in chain], neat)
    return _put(written, sorted(blanks))


def _put(text: str, pieces: list[tuple[int, int, str]]) -> str:
    """The text with pieces in the place of parts of it, which are in order."""
    result: list[str] = []
    at = 0
    for start, end, new in pieces:
        result += [text[at:start], new]
        at = end
    return "".join([*result, text[at:]])


class _Moves:
    """Where things stand with pieces put in, which are in order, and where they stood before."""

    def __init__(self, pieces: list[tuple[int, int, str]]) -> None:
        self.pieces = pieces
        self.starts = [start for start, _, _ in pieces]
        self.ends = [end for _, end, _ in pieces]
        # How much longer the text is behind the first piece, the second one, and so on.
        self.grown = [0, *accumulate(len(new) - (end - start) for start, end, new in pieces)]
        self.fresh = [start + grown for (start, _, _), grown in zip(pieces, self.grown, strict=False)]

    def begin(self, offset: int) -> int:
        """Where something stands; what is put in right before it does not belong to it."""
        return offset + self.grown[bisect_right(self.ends, offset)]

    def end(self, offset: int) -> int:
        """Where something ends; what is put in right behind it belongs to it."""
        return offset + self.grown[bisect_right(self.starts, offset)]

    def former(self, offset: int) -> int | None:
        """Where something stood; None for what is new."""
        number = bisect_right(self.fresh, offset)
        if number and offset < self.fresh[number - 1] + len(self.pieces[number - 1][2]):
            return None
        return offset - self.grown[number]


def _blanks(
    text: str, chain: list[Gap], former: list[int | None], neat: Mapping[tuple[str, int], bool]
) -> list[tuple[int, int, str]]:
    """The white space of a chain of lines: that of all of them where it was neat before, else that of new ones."""
    if all(at is None or neat.get((gap.part, at), True) for gap, at in zip(chain, former, strict=True)):
        return [(gap.start, gap.end, " " * gap.wanted) for gap in chain]
    put = []
    column = alike = 0
    for gap, at in zip(chain, former, strict=True):
        if at is None:
            # Below two lines that agree, a new one does as they do.
            lead = width(text[gap.line : gap.start])
            put.append((gap.start, gap.end, " " * (max(1, column - lead) if alike > 1 else 1)))
        else:
            own = width(text[gap.line : gap.end])
            column, alike = own, alike + 1 if own == column else 1
    return put
