"""Where a file's blocks and arguments stand in its text, so that one can be changed and all else left as it is."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

from policies.fixing.lines import HEREDOC
from policies.readers.scanner import Scanned, comment_end, heredoc_end, quoted_end, scan
from policies.readers.syntax import Literal, parse_expression


@dataclass(slots=True)
class Argument:
    """An argument: offsets of its name, of its value, and of the value's end."""

    name: str
    start: int
    value: int
    end: int


@dataclass(slots=True)
class Block:
    """A block: offsets of its name, of its brackets, and what stands between them in order."""

    name: str
    labels: tuple[str, ...]
    start: int
    opened: int
    closed: int = -1
    items: list[Argument | Block] = field(default_factory=list)

    def argument(self, name: str) -> Argument | None:
        """The argument of a name."""
        return next((one for one in self.arguments() if one.name == name), None)

    def arguments(self) -> Iterator[Argument]:
        return (one for one in self.items if isinstance(one, Argument))

    def blocks(self, name: str) -> list[Block]:
        """The blocks of a name, dynamic ones left out."""
        return [one for one in self.items if isinstance(one, Block) and one.name == name]

    def is_dynamic(self, name: str) -> bool:
        """Whether there are dynamic blocks of a name."""
        return any(one.labels == (name,) for one in self.blocks("dynamic"))


def blocks(text: str) -> list[Block]:
    """The top-level blocks of a file in HCL, in order.

    Raises:
        Unscannable: the text is no HCL.
    """
    found: list[Block] = []
    for item in scan(text):
        found.extend(one for one in _tree(item) if isinstance(one, Block))
    return found


def expression(text: str, argument: Argument) -> tuple[int, bool]:
    """Where an argument's expression ends, comments behind it left out, and whether there are comments in it."""
    at = last = argument.value
    comments = inside = False
    while at < argument.end:
        if text[at] in " \t\r\n":
            at += 1
        elif text.startswith("/*", at):
            at, comments = comment_end(text, at), True
        elif text.startswith(("#", "//"), at):
            at, comments = text.index("\n", at), True
        else:
            if text[at] == '"':
                at = quoted_end(text, at + 1)
            elif opening := HEREDOC.match(text, at):
                at = heredoc_end(text, opening.end(), opening.group(1))[1]
            else:
                at += 1
            last, inside = at, comments
    return last, inside


def _tree(item: Scanned) -> list[Argument | Block]:
    """The items of a scan, put together by their offsets."""
    top: list[Argument | Block] = []
    inside: list[Block] = []
    name, start = "", 0
    labels = iter(item.labels)
    ends = dict(item.values)
    events = heapq.merge(
        ((at, word) for at, word in item.names),
        ((at, "{") for at in item.opened),
        ((at, "=") for at in ends),
        ((at, "}") for at in item.closed),
        key=itemgetter(0),
    )
    for at, what in events:
        into = inside[-1].items if inside else top
        if what == "=":
            into.append(Argument(name, start, at, ends[at]))
        elif what == "{":
            block = Block(name, tuple(map(_label, next(labels))), start, at)
            into.append(block)
            inside.append(block)
        elif what == "}":
            inside.pop().closed = at
        else:
            name, start = what, at
    return top


def _label(written: str) -> str:
    if not written.startswith('"'):
        return written
    node = parse_expression(written)
    assert isinstance(node, Literal), "the scanner takes no label with a template in it"
    return str(node.value)
