"""Comments in a configuration that speak to the gate: `# cloudmart-policies: waive CM_X until 2027-03-01 because ...`.

They are found where HCL has comments, and not in texts, templates and heredocs. One belongs to the top-level block that
it stands in, or right above, other lines of comment between them or not. Terraform JSON has no comments: its keys `//`
are not read.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from policies.readers import scanner

MARK: Final = "cloudmart-policies:"


@dataclass(frozen=True, slots=True)
class Comment:
    """What is said behind the mark, and where; `subject` is the block that it belongs to, with its lines, or ""."""

    text: str
    file: str
    line: int
    subject: str = ""
    first: int = 0
    last: int = 0


def found(text: str, file: str) -> tuple[Comment, ...]:
    """The comments of a file of HCL, in order; none where it is no HCL."""
    if MARK not in text:
        return ()
    try:
        spans = scanner.comments(text)
        items = scanner.scan(text)
    except scanner.Unscannable:
        return ()
    starts = [0, *(at + 1 for at, character in enumerate(text) if character == "\n")]

    def line(offset: int) -> int:
        return bisect_right(starts, offset)

    # Lines on which a comment begins the line, or goes on, and what follows behind all that follow one another.
    covered: set[int] = set()
    for start, end in spans:
        first = line(start)
        if not text[starts[first - 1] : start].strip():
            covered.update(range(first, line(end - 1) + 1))
    below: dict[int, int] = {}
    for number in sorted(covered, reverse=True):
        below[number] = below.get(number + 1, number + 1)
    blocks = [(line(item.start), line(item.end - 1), item) for item in items if item.labels]
    begin = [first for first, _, _ in blocks]

    def block(at: int) -> tuple[int, int, scanner.Scanned] | None:
        """The block on a line."""
        number = bisect_right(begin, at) - 1
        return blocks[number] if number >= 0 and at <= blocks[number][1] else None

    result = []
    for start, end in spans:
        for offset, said in _lines(text[start:end]):
            here = line(start + offset)
            held = block(here)
            if held is None and here in below:
                above = block(below[here])
                held = above if above is not None and above[0] == below[here] else None
            if held is None:
                result.append(Comment(said, file, here))
            else:
                first, last, item = held
                result.append(Comment(said, file, here, _address(item), first, last))
    return tuple(result)


def _lines(comment: str) -> list[tuple[int, str]]:
    """What a comment says behind the mark, a line each, and where in the comment."""
    found: list[tuple[int, str]] = []
    at = 0
    for line in comment.removesuffix("*/").splitlines(keepends=True):
        said = line.strip().lstrip("#/*").strip()
        if said.startswith(MARK):
            found.append((at, said.removeprefix(MARK).strip()))
        at += len(line)
    return found


def _address(item: scanner.Scanned) -> str:
    """What Terraform calls a block."""
    kind = item.names[0][1]
    labels = [label.strip('"') for label in item.labels[0]]
    return ".".join(labels if kind == "resource" else [kind, *labels])
