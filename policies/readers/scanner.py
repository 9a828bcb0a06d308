"""Where the blocks, labels and values of a file in HCL are, found in one pass over its characters.

The rules are those of HashiCorp's own scanner and body parser; what they refuse is refused. Values are not looked
into: they end where their line ends outside of brackets, texts, templates, heredocs and comments.

Sources: https://github.com/hashicorp/hcl/blob/v2.23.0/hclsyntax/scan_tokens.rl and .../parser.go
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final, NoReturn

SPACES: Final = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""What Terraform takes for white space where it trims texts: Go's `unicode.IsSpace`."""

# Atomic groups, and no possessive group: CPython before 3.11.5 goes on behind one in which a try had failed.
# Source: https://github.com/python/cpython/issues/106052
_COMMENT: Final = r"/\*(?>(?:[^*]|\*(?!/))*)\*/"
_TEXT: Final = r'(?>(?:[^"\\$%\r\n]|\\[^\r\n]|\$\$\{|%%\{|[$%](?!\{))*)'
# What may be a name; beyond ASCII, `is_name` asks Unicode.
NAME: Final = r"(?:[A-Za-z_]|[^\x00-\x7f])(?>(?:[\w-]|[^\x00-\x7f])*)"
_INLINE: Final = rf"(?>(?:[ \t]|{_COMMENT})*)"
_SKIP: Final = re.compile(rf"(?>(?:[ \t]|\r?\n|{_COMMENT}|(?:#|//)[^\n]*+)*)")
_BLANKS: Final = re.compile(_INLINE)
_HEAD: Final = re.compile(rf"({NAME}){_INLINE}")
_LABEL: Final = re.compile(rf'(?:({NAME})|"({_TEXT})"){_INLINE}')
_END: Final = re.compile(r"\r?\n|(?:#|//)[^\n]*+(?:\n|\Z)|\Z")
_PLAIN: Final = re.compile(r'[^"#/<\r\n(){}\[\]]++')
_OPENING: Final = re.compile(rf"<<-?({NAME})\r?\n")
_QUOTED: Final = re.compile(_TEXT)
_HEREDOC: Final = re.compile(r"(?>(?:[^$%\r\n]|\$\$\{|%%\{|[$%](?!\{))*)")
_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}


class Unscannable(ValueError):
    """What stands at `offset` is not understood."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(slots=True)
class Scanned:
    """A top-level item: its skeleton line by line, and what stands for the skeleton's places in order.

    In the skeleton each value is `0`, each label `"x"`, each name `x`, and comments and empty lines are left out, so
    that it has few kinds of lines. `names` are the offsets and names of arguments and blocks, `values` the spans of
    values, `labels` the labels as they are written, a block's together. `opened` and `closed` are the offsets of
    blocks' brackets, in the order of the text. `start` is the offset of the first character, `end` that behind the last
    line.
    """

    skeleton: list[str] = field(default_factory=list)
    names: list[tuple[int, str]] = field(default_factory=list)
    values: list[tuple[int, int]] = field(default_factory=list)
    labels: list[tuple[str, ...]] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    start: int = 0
    end: int = 0


def scan(text: str) -> list[Scanned]:
    """The top-level arguments and blocks of a file, in order.

    Raises:
        Unscannable: the text is no HCL.
    """
    found: list[Scanned] = []
    at = _skip(text, 0)
    while at < len(text):
        item = Scanned(start=at)
        item.end = at = _item(text, at, item)
        found.append(item)
        at = _skip(text, at)
    return found


def comments(text: str) -> list[tuple[int, int]]:
    """The spans of the comments of a text that `scan` takes, in order; those within templates are none.

    Raises:
        Unscannable: a comment, a text or a heredoc is not closed.
    """
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        if plain := _PLAIN.match(text, at):
            at = plain.end()
        elif text[at] == '"':
            at = quoted_end(text, at + 1)
        elif text[at] == "#" or text.startswith("//", at):
            end = text.find("\n", at)
            found.append((at, end if end >= 0 else len(text)))
            at = found[-1][1]
        elif text.startswith("/*", at):
            found.append((at, comment_end(text, at)))
            at = found[-1][1]
        elif (opening := _OPENING.match(text, at)) and is_name(opening.group(1)):
            at = heredoc_end(text, opening.end(), opening.group(1))[1]
        else:
            at += 1
    return found


def _item(text: str, at: int, item: Scanned) -> int:
    """Scan an argument or a block with all that is in it; the end of its line."""
    lines = item.skeleton
    depth = 0
    while True:
        head = _HEAD.match(text, at)
        if depth and not head and text.startswith("}", at):
            lines.append("}")
            item.closed.append(at)
            depth -= 1
            at = _line_end(text, at + 1)
        elif not head:
            _fail(text, at)
        else:
            _name(text, head, item)
            at = head.end()
            if text.startswith("=", at) and not text.startswith(("==", "=>"), at):
                at = _value(text, at + 1, item, one_line=False)
                lines.append("x = 0")
                at = _line_end(text, at)
            else:
                at, opening = _labels(text, at, item)
                if text.startswith("}", at):
                    lines.append(opening + "}")
                    item.closed.append(at)
                    at = _line_end(text, at + 1)
                elif _END.match(text, at):
                    lines.append(opening)
                    depth += 1
                else:
                    lines.append(opening + " x = 0 }")
                    at = _only_argument(text, at, item)
        if not depth:
            return at
        at = _skip(text, at)
        if at == len(text):
            raise Unscannable("a block is not closed", at)


def _labels(text: str, at: int, item: Scanned) -> tuple[int, str]:
    """Scan a block's labels and its opening bracket; what stands for them in the skeleton, with the block's name."""
    labels: list[str] = []
    while label := _LABEL.match(text, at):
        if label.group(1) and not is_name(label.group(1)):
            _fail(text, at)
        labels.append(label.group(1) or f'"{label.group(2)}"')
        at = label.end()
    if not text.startswith("{", at):
        _fail(text, at)
    item.labels.append(tuple(labels))
    item.opened.append(at)
    return _blanks(text, at + 1), "x" + ' "x"' * len(labels) + " {"


def _only_argument(text: str, at: int, item: Scanned) -> int:
    """Scan the rest of a block that stands in one line with its only argument."""
    head = _HEAD.match(text, at)
    if not head or not text.startswith("=", head.end()) or text.startswith(("==", "=>"), head.end()):
        _fail(text, at)
    _name(text, head, item)
    at = _value(text, head.end() + 1, item, one_line=True)
    if not text.startswith("}", at):
        _fail(text, at)
    item.closed.append(at)
    return _line_end(text, at + 1)


def _name(text: str, head: re.Match[str], item: Scanned) -> None:
    """Take the name of an argument or a block."""
    name = head.group(1)
    if not is_name(name):
        _fail(text, head.start())
    item.names.append((head.start(), name))


def is_name(text: str) -> bool:
    """Whether what `NAME` matches is a name by the rules of Unicode, and in its one normal form."""
    return text.isascii() or (
        text.replace("-", "_").isidentifier() and unicodedata.is_normalized("NFC", text)
    )


def _value(text: str, at: int, item: Scanned, *, one_line: bool) -> int:
    """Scan a value up to the end of its line; with `one_line`, up to a bracket that closes the block."""
    start = _blanks(text, at)
    last = end = _code(text, start, closed=one_line, lines=True)
    while last > start and text[last - 1] in " \t":
        last -= 1
    if last == start:
        raise Unscannable("a value is missing", start)
    item.values.append((start, last))
    return end


def _code(text: str, at: int, *, closed: bool, lines: bool) -> int:
    """The end of an expression.

    Args:
        text: the text of the file.
        at: where it begins.
        closed: whether a `}` that it does not open ends it.
        lines: whether the end of a line ends it, outside of brackets that it opens.
    """
    open_: list[str] = []
    while True:
        plain = _PLAIN.match(text, at)
        if plain:
            at = plain.end()
        character = text[at : at + 1]
        if character == '"':
            at = quoted_end(text, at + 1)
        elif character in ("(", "[", "{"):
            open_.append(_PAIRS[character])
            at += 1
        elif character in (")", "]", "}"):
            if not open_ and closed and character == "}":
                return at
            if not open_ or open_.pop() != character:
                _fail(text, at)
            at += 1
        elif not character:
            if open_ or not lines:
                raise Unscannable("a bracket is not closed", at)
            return at
        elif character == "\n" or text.startswith("\r\n", at):
            if lines and not open_:
                return at
            at = text.index("\n", at) + 1
        elif character == "#" or text.startswith("//", at):
            if lines and not open_:
                return at
            end = text.find("\n", at)
            at = end if end >= 0 else len(text)
        elif text.startswith("/*", at):
            at = comment_end(text, at)
        elif opening := _OPENING.match(text, at):
            if not is_name(opening.group(1)):
                _fail(text, at)
            at = heredoc_end(text, opening.end(), opening.group(1))[1]
        elif character in ("<", "/"):
            at += 1
        else:
            _fail(text, at)


def comment_end(text: str, at: int) -> int:
    """The end of a comment in `/* */` that begins here."""
    end = text.find("*/", at + 2)
    if end < 0:
        raise Unscannable("a comment is not closed", at)
    return end + 2


def quoted_end(text: str, at: int) -> int:
    """The end of a quoted template; the opening quote is taken."""
    while True:
        plain = _QUOTED.match(text, at)
        assert plain
        at = plain.end()
        if text.startswith('"', at):
            return at + 1
        if not text.startswith(("${", "%{"), at):
            raise Unscannable("a quote is not closed", at)
        at = _interpolated(text, at)


def _interpolated(text: str, at: int) -> int:
    """The end of an interpolation or directive that begins here."""
    return _code(text, at + 2, closed=True, lines=False) + 1


def heredoc_end(text: str, at: int, marker: str) -> tuple[int, int]:
    """The end of a heredoc's body, which begins here, and the end of the line that closes it, without its `\\n`.

    The marker stands alone on a line that begins outside of interpolations, with white space of any script around it,
    and the line has an end.

    Raises:
        Unscannable: it is not closed.
    """
    fresh = True
    while True:
        start = at
        plain = _HEREDOC.match(text, at)
        assert plain
        at = plain.end()
        if text.startswith(("${", "%{"), at):
            at = _interpolated(text, at)
            fresh = False
            continue
        line_end = at + 1 if text.startswith("\r\n", at) else at
        if not text.startswith("\n", line_end):
            raise Unscannable(f"the heredoc is not closed with {marker}", at)
        if fresh and plain.group().strip(SPACES) == marker:
            return start, at
        at = line_end + 1
        fresh = True


def _line_end(text: str, at: int) -> int:
    """The end of the line, on which nothing but a comment may follow."""
    at = _blanks(text, at)
    end = _END.match(text, at)
    if not end:
        _fail(text, at)
    return end.end()


def _skip(text: str, at: int) -> int:
    match = _SKIP.match(text, at)
    assert match
    return match.end()


def _blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    assert match
    return match.end()


def _fail(text: str, at: int) -> NoReturn:
    found = text[at : at + 1]
    words = f"unexpected {found!r}" if found.strip() else "something is missing here"
    raise Unscannable(words, at)
