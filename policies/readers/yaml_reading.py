"""YAML as Terraform's `yamldecode` reads it: the dialect of libyaml, with the scalars of go-cty-yaml.

First the tokens of the whole text, then the value from them. What Terraform refuses is `Refused`; what is too odd to
be told here (directives, tags with escapes, a byte order mark) is `Undecided`.
Source: https://github.com/zclconf/go-cty-yaml/tree/v1.1.0
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from policies.readers import numbers, types
from policies.readers.budget import BUDGET
from policies.readers.syntax import nfc
from policies.readers.types import Refused, Undecided

_DEEPEST: Final = 200
_LONGEST_KEY: Final = 1024
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ODD: Final = re.compile("[\x85\u2028\u2029\ufeff]")

_BLANKS: Final = " \t"
_ENDS: Final = " \t\n\0"
_URI: Final = r"[A-Za-z0-9_\-;/?:@&=+$,.!~*'()\[\]]"
_TAG: Final = re.compile(rf"!<({_URI}+)>|(![A-Za-z0-9_-]*!)({_URI}+)|!({_URI}*)")
_ANCHOR: Final = re.compile(r"[*&]([A-Za-z0-9_-]+)(?=[ \t\n\0?:,\]}%@`])")
_HEADER: Final = re.compile(r"[|>](?:([+-])([1-9])?|([1-9])([+-])?)?[ \t]*(?:#[^\n\0]*)?(?=[\n\0])")
_PLAIN: Final = re.compile(r"[^ \t\n\0:]+|:(?![ \t\n\0])")
_PLAIN_IN_FLOW: Final = re.compile(r"[^ \t\n\0:,?\[\]{}]+|:(?![ \t\n\0])")
_SINGLE: Final = re.compile(r"[^ \t\n\0']+|''")
_DOUBLE: Final = re.compile(r'[^ \t\n\0"\\]+')
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^\n\0xuU]))")
_ESCAPED: Final = dict(
    zip("0abt\tnvfre \"'\\N_LP", "\0\a\b\t\t\n\v\f\r\x1b \"'\\\x85\xa0\u2028\u2029", strict=True)
)
_WHITE: Final = re.compile(r"[ \t\n]*")


@dataclass(frozen=True, slots=True)
class _Token:
    """A mark such as `[`, or what a scalar, tag, anchor or alias says; `plain` of a scalar without quotes or `|`."""

    kind: str
    text: str = ""
    quoted: bool = False
    plain: bool = False


@dataclass(slots=True)
class _Key:
    """Where a key may have begun that is known as one only at its colon."""

    token: int
    at: int
    line: int
    column: int
    required: bool


class _Scanner:
    """The tokens of a text whose lines end with a line feed, and whose end is marked with NUL."""

    def __init__(self, text: str) -> None:
        self.text = text + "\0"
        self.at = 0
        self.line = 0
        self.start = 0
        """Where the line begins."""
        self.tokens: list[_Token] = []
        self.indent = -1
        self.indents: list[int] = []
        self.keys: list[_Key | None] = [None]
        """The key that may have begun, for each bracket that is open."""
        self.key_allowed = True

    @property
    def column(self) -> int:
        return self.at - self.start

    @property
    def flow(self) -> bool:
        return len(self.keys) > 1

    def add(self, kind: str, text: str = "", *, quoted: bool = False, plain: bool = False) -> None:
        self.tokens.append(_Token(kind, text, quoted, plain))

    def refuse(self, reason: str) -> NoReturn:
        raise Refused(f"YAML, line {self.line + 1}: {reason}")

    def scan(self) -> list[_Token]:
        while True:
            BUDGET.spend(2)
            self.to_next()
            self.drop_stale_keys()
            self.close_blocks(self.column)
            if self.text[self.at] == "\0":
                self.close_blocks(-1)
                self.drop_key()
                self.add("end")
                return self.tokens
            self.token()

    def token(self) -> None:
        text, at = self.text, self.at
        first, blank = text[at], text[at + 1 : at + 2] in _ENDS
        if self.column == 0 and first == "%":
            raise Undecided("a directive of YAML")
        if self.is_document_mark():
            self.close_blocks(-1)
            self.drop_key()
            self.key_allowed = False
            self.at += 3
            self.add("document" if first == "-" else "document end")
        elif first in "[{":
            self.may_be_key()
            self.keys.append(None)
            self.mark(first, key_follows=True)
        elif first in "]}":
            self.drop_key()
            if self.flow:
                self.keys.pop()
            self.mark(first, key_follows=False)
        elif first == ",":
            self.drop_key()
            self.mark(first, key_follows=True)
        elif first == "-" and blank:
            self.opens_block("sequence", "an entry of a sequence")
            self.drop_key()
            self.mark("-", key_follows=True)
        elif first == "?" and (self.flow or blank):
            self.opens_block("mapping", "a key")
            self.drop_key()
            self.mark("?", key_follows=not self.flow)
        elif first == ":" and (self.flow or blank):
            self.value()
        elif first in "*&":
            self.may_be_key()
            self.key_allowed = False
            found = _ANCHOR.match(text, at)
            if not found:
                self.refuse("an anchor without a name")
            self.at = found.end()
            self.add("alias" if first == "*" else "anchor", found.group(1))
        elif first == "!":
            self.may_be_key()
            self.key_allowed = False
            self.tag()
        elif first in "|>" and not self.flow:
            self.drop_key()
            self.key_allowed = True
            self.block_scalar()
        elif first in "'\"":
            self.may_be_key()
            self.key_allowed = False
            self.quoted(first)
        elif (first not in "\t-?:,[]{}#&*!|>'\"%@`") or (
            not blank and (first == "-" or (first in "?:" and not self.flow))
        ):
            self.may_be_key()
            self.key_allowed = False
            self.plain()
        else:
            self.refuse(f"{first!r} begins nothing")

    def mark(self, text: str, *, key_follows: bool) -> None:
        self.key_allowed = key_follows
        self.at += 1
        self.add(text)

    def is_document_mark(self) -> bool:
        return (
            self.column == 0
            and self.text.startswith(("---", "..."), self.at)
            and self.text[self.at + 3] in _ENDS
        )

    def to_next(self) -> None:
        """Pass over blanks and comments. A tab does not indent."""
        while True:
            blanks = _BLANKS if self.flow or not self.key_allowed else " "
            while self.text[self.at] in blanks:
                self.at += 1
            if self.text[self.at] == "#":
                self.at = self.end_of_line()
            if self.text[self.at] != "\n":
                return
            self.next_line()
            if not self.flow:
                self.key_allowed = True

    def end_of_line(self) -> int:
        found = self.text.find("\n", self.at)
        return found if found >= 0 else len(self.text) - 1

    def next_line(self) -> None:
        self.at += 1
        self.line += 1
        self.start = self.at

    # keys and blocks

    def may_be_key(self) -> None:
        if self.key_allowed:
            required = not self.flow and self.indent == self.column
            self.drop_key()
            self.keys[-1] = _Key(len(self.tokens), self.at, self.line, self.column, required)

    def drop_key(self) -> None:
        key = self.keys[-1]
        if key is not None and key.required:
            self.refuse("a colon is missing behind a key")
        self.keys[-1] = None

    def drop_stale_keys(self) -> None:
        for index, key in enumerate(self.keys):
            if key is not None and (key.line < self.line or key.at + _LONGEST_KEY < self.at):
                if key.required:
                    self.refuse("a colon is missing behind a key")
                self.keys[index] = None

    def open_block(self, column: int, kind: str, before: int) -> None:
        """Begin a block where this column is further in than the one around."""
        if not self.flow and self.indent < column:
            self.indents.append(self.indent)
            self.indent = column
            self.tokens.insert(before, _Token(kind))

    def opens_block(self, kind: str, told: str) -> None:
        if not self.flow:
            if not self.key_allowed:
                self.refuse(f"{told} stands where it may not")
            self.open_block(self.column, kind, len(self.tokens))

    def close_blocks(self, column: int) -> None:
        while not self.flow and self.indent > column:
            self.add("block end")
            self.indent = self.indents.pop()

    def value(self) -> None:
        key = self.keys[-1]
        if key is not None:
            self.tokens.insert(key.token, _Token("?"))
            self.open_block(key.column, "mapping", key.token)
            self.keys[-1] = None
            self.mark(":", key_follows=False)
        else:
            self.opens_block("mapping", "a value")
            self.mark(":", key_follows=not self.flow)

    # scalars

    def tag(self) -> None:
        found = _TAG.match(self.text, self.at)
        assert found
        if self.text[found.end()] not in _ENDS:
            if self.text[found.end()] == "%":
                raise Undecided("an escape in a tag of YAML")
            self.refuse("a malformed tag")
        self.at = found.end()
        whole, handle, suffix, rest = found.groups()
        if handle and handle != "!!":
            self.refuse("a tag whose handle is not declared")
        self.add("tag", whole or (f"tag:yaml.org,2002:{suffix}" if handle else f"!{rest}"))

    def block_scalar(self) -> None:
        literal = self.text[self.at] == "|"
        header = _HEADER.match(self.text, self.at)
        if not header:
            self.refuse("a malformed head of a block of text")
        chomping = header.group(1) or header.group(4) or ""
        deeper = int(header.group(2) or header.group(3) or 0)
        self.at = header.end()
        if self.text[self.at] == "\n":
            self.next_line()
        indent = max(self.indent, 0) + deeper if deeper else 0
        pieces: list[str] = []
        indent, breaks = self.block_breaks(indent)
        before = ""
        begins_blank = False
        while self.column == indent and self.text[self.at] != "\0":
            is_blank = self.text[self.at] in _BLANKS
            if not literal and not begins_blank and not is_blank and before:
                pieces.append("" if breaks else " ")
            else:
                pieces.append(before)
            pieces.append(breaks)
            begins_blank = is_blank
            end = self.end_of_line()
            pieces.append(self.text[self.at : end])
            self.at = end
            before = ""
            if self.text[end] == "\n":
                before = "\n"
                self.next_line()
            indent, breaks = self.block_breaks(indent)
        if chomping != "-":
            pieces.append(before)
        if chomping == "+":
            pieces.append(breaks)
        self.add("scalar", "".join(pieces))

    def block_breaks(self, indent: int) -> tuple[int, str]:
        """Pass over empty lines: the indentation, found here where it is 0, and a line feed for each."""
        breaks, furthest = 0, 0
        while True:
            while self.text[self.at] == " " and (not indent or self.column < indent):
                self.at += 1
            furthest = max(furthest, self.column)
            if self.text[self.at] == "\t" and (not indent or self.column < indent):
                self.refuse("a tab where spaces indent")
            if self.text[self.at] != "\n":
                break
            breaks += 1
            self.next_line()
        return indent or max(furthest, self.indent + 1, 1), "\n" * breaks

    def quoted(self, quote: str) -> None:
        pieces: list[str] = []
        run = _SINGLE if quote == "'" else _DOUBLE
        self.at += 1
        while True:
            if self.is_document_mark():
                self.refuse("a mark of a document within quotes")
            broken = False
            while True:
                found = run.match(self.text, self.at)
                if found:
                    pieces.append("'" if found.group() == "''" else found.group())
                    self.at = found.end()
                elif self.text[self.at] != "\\":
                    break
                elif self.text[self.at + 1] == "\n":
                    self.at += 1
                    self.next_line()
                    broken = True
                    break
                else:
                    pieces.append(self.escape())
            if self.text[self.at] == quote:
                break
            if self.text[self.at] == "\0":
                self.refuse("quotes are not closed")
            pieces.append(self.folded(broken))
        self.at += 1
        self.add("scalar", "".join(pieces), quoted=True)

    def escape(self) -> str:
        found = _ESCAPE.match(self.text, self.at)
        digits = found and (found.group(1) or found.group(2) or found.group(3))
        if not found or (not digits and found.group(4) not in _ESCAPED):
            self.refuse("an unknown escape")
        self.at = found.end()
        if not digits:
            return _ESCAPED[found.group(4)]
        code = int(digits, 16)
        if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            self.refuse("an escape that stands for no character")
        return chr(code)

    def folded(self, broken: bool) -> str:
        """Pass over blanks and line ends: what they stand for. `broken` says that an escaped line end was before."""
        found = _WHITE.match(self.text, self.at)
        assert found
        white = found.group()
        lines = white.count("\n")
        for _ in range(lines):
            self.at = self.text.index("\n", self.at)
            self.next_line()
        self.at = found.end()
        if broken:
            return "\n" * lines
        return white if not lines else " " if lines == 1 else "\n" * (lines - 1)

    def plain(self) -> None:
        pieces: list[str] = []
        run = _PLAIN_IN_FLOW if self.flow else _PLAIN
        indent = self.indent + 1
        white = ""
        lines = 0
        while not self.is_document_mark() and self.text[self.at] != "#":
            while found := run.match(self.text, self.at):
                if white:
                    pieces.append(white)
                    white, lines = "", 0
                pieces.append(found.group())
                self.at = found.end()
            if self.text[self.at] not in " \t\n":
                break
            line = self.line
            begin = self.at
            white = self.folded(False)
            lines = self.line - line
            if lines and "\t" in self.text[begin : self.at]:
                self.refuse_tabs(begin, indent)
            if not self.flow and self.column < indent:
                break
        if lines:
            self.key_allowed = True
        self.add("scalar", "".join(pieces), plain=True)

    def refuse_tabs(self, begin: int, indent: int) -> None:
        """Refuse a tab that stands in front of where the text may go on."""
        for line in self.text[begin : self.at].split("\n")[1:]:
            if "\t" in line[:indent]:
                self.refuse("a tab where spaces indent")


_SEQUENCE: Final = "tag:yaml.org,2002:seq"
_MAPPING: Final = "tag:yaml.org,2002:map"
_TAGS: Final = {
    f"tag:yaml.org,2002:{name}": name
    for name in ("str", "bool", "int", "float", "null", "timestamp", "binary")
}
_CONSTANTS: Final[dict[str, Any]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_INFINITE: Final = re.compile(r"[+-]?\.(?:inf|Inf|INF)")
_NO_NUMBER: Final = (".nan", ".NaN", ".NAN")
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:[Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))"
    r"| +([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?)?"
)
_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class _Merge:
    """What the key `<<` stands for."""


class _Parser:
    """The value that tokens make."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.anchors: dict[str, tuple[Any, int]] = {}
        """Values by their anchors, each with the number of values in it."""
        self.pending: list[str] = []
        self.made = 0
        """The number of values that were made, those behind aliases as often as they stand."""

    @property
    def next(self) -> str:
        return self.tokens[self.at].kind

    def take(self) -> _Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def document(self) -> Any:
        if self.next == "end":
            raise Refused("YAML: there is no document")
        explicit = self.next == "document"
        if explicit:
            self.at += 1
        empty = explicit and self.next in ("document", "document end", "end")
        value = None if empty else self.node(block=True)
        while self.next == "document end":
            self.at += 1
        if self.next != "end":
            raise Refused("YAML: something stands behind the document")
        return value

    def node(self, *, block: bool, list_without_indent: bool = False) -> Any:
        if self.next == "alias":
            return self.alias(self.take().text)
        tag, anchor = self.properties()
        if anchor:
            self.pending.append(anchor)
        before = self.made
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Undecided("a document of YAML is nested too deeply")
        value = self.content(tag, block, list_without_indent, told=bool(tag or anchor))
        self.depth -= 1
        self.made += 1
        if anchor:
            self.pending.remove(anchor)
            self.anchors[anchor] = (value, self.made - before)
        return value

    def alias(self, name: str) -> Any:
        if name in self.pending or name not in self.anchors:
            raise Refused(f"YAML: there is no anchor {name}")
        value, number = self.anchors[name]
        # Whoever walks through the whole meets these values again.
        BUDGET.spend(number)
        self.made += number
        return value

    def properties(self) -> tuple[str, str]:
        found = {"tag": "", "anchor": ""}
        while self.next in found and not found[self.next]:
            token = self.take()
            found[token.kind] = token.text
        return found["tag"], found["anchor"]

    def content(self, tag: str, block: bool, list_without_indent: bool, *, told: bool) -> Any:
        kind = self.next
        if kind == "scalar":
            token = self.take()
            value = scalar(token.text, tag, quoted=token.quoted)
            if isinstance(value, _Merge):
                return "<<"
            # The type of what is not plain is that of a text, whatever it says.
            return value if tag or token.plain or value is None else types.as_string(value)
        if list_without_indent and kind == "-":
            self.check(tag, _SEQUENCE)
            return self.entries(("-", "?", ":", "block end"))
        if kind in ("[", "sequence"):
            self.check(tag, _SEQUENCE)
        elif kind in ("{", "mapping"):
            self.check(tag, _MAPPING)
        if kind == "[":
            return self.flow_sequence()
        if kind == "{":
            return self.flow_mapping()
        if block and kind == "sequence":
            self.at += 1
            found = self.entries(("-", "block end"))
            self.expect("block end")
            return found
        if block and kind == "mapping":
            return self.block_mapping()
        if told:
            value = scalar("", tag, quoted=False)
            return "<<" if isinstance(value, _Merge) else value
        raise Refused("YAML: a value is missing")

    def check(self, tag: str, wanted: str) -> None:
        if tag not in ("", wanted):
            raise Refused(f"YAML: a collection is tagged {tag}")

    def expect(self, kind: str) -> None:
        if self.take().kind != kind:
            raise Refused(f"YAML: {kind!r} is missing")

    def entries(self, after: tuple[str, ...]) -> list[Any]:
        """What stands behind dashes; an entry is empty where one of `after` follows at once."""
        found = []
        while self.next == "-":
            self.at += 1
            found.append(None if self.next in after else self.node(block=True))
        return found

    def block_mapping(self) -> dict[str, Any]:
        self.at += 1
        found: dict[str, Any] = {}
        after = ("?", ":", "block end")
        while self.next == "?":
            self.at += 1
            key = None if self.next in after else self.key(block=True)
            value = None
            if self.next == ":":
                self.at += 1
                if self.next not in after:
                    value = self.node(block=True, list_without_indent=True)
            self.put(found, key, value)
        self.expect("block end")
        return found

    def flow_sequence(self) -> list[Any]:
        self.at += 1
        found: list[Any] = []
        while self.next != "]":
            if found:
                self.expect(",")
                if self.next == "]":
                    break
            if self.next != "?":
                found.append(self.node(block=False))
                continue
            self.at += 1
            if self.next in (":", ",", "]"):
                raise Undecided("a pair of YAML without a key")
            pair: dict[str, Any] = {}
            key = self.key(block=False)
            self.put(pair, key, self.flow_value("]"))
            found.append(pair)
        self.at += 1
        return found

    def flow_mapping(self) -> dict[str, Any]:
        self.at += 1
        found: dict[str, Any] = {}
        first = True
        while self.next != "}":
            if not first:
                self.expect(",")
                if self.next == "}":
                    break
            first = False
            if self.next == "?":
                self.at += 1
                key = None if self.next in (":", ",", "}") else self.key(block=False)
                self.put(found, key, self.flow_value("}"))
            else:
                self.put(found, self.key(block=False), None)
        self.at += 1
        return found

    def flow_value(self, end: str) -> Any:
        if self.next != ":":
            return None
        self.at += 1
        return None if self.next in (",", end) else self.node(block=False)

    def key(self, *, block: bool) -> Any:
        """A key, or `_Merge`. What its anchor names is forgotten."""
        if self.next == "alias":
            raise Refused("YAML: only texts are keys")
        tag, anchor = self.properties()
        if self.next == "scalar":
            token = self.take()
            return scalar(token.text, tag, quoted=token.quoted)
        if self.next in ("[", "{", "-", "sequence", "mapping") and (block or self.next in "[{"):
            raise Refused("YAML: only texts are keys")
        if tag or anchor:
            return scalar("", tag, quoted=False)
        raise Refused("YAML: a key is missing")

    def put(self, found: dict[str, Any], key: Any, value: Any) -> None:
        BUDGET.spend(4)
        if isinstance(key, _Merge):
            if not isinstance(value, dict):
                raise Refused("YAML: only a mapping is merged")
            BUDGET.spend(len(value))
            found.update(value)
        elif key is None:
            raise Refused("YAML: a key is null")
        else:
            found[nfc(types.as_string(key))] = value


def scalar(text: str, tag: str, *, quoted: bool) -> Any:
    """What a scalar stands for, by its text alone unless a tag says otherwise.

    Raises:
        Refused: it is not of the kind that its tag says, or of one that is not known.
        Undecided: it is a number that is not computed here.
    """
    kind = _TAGS.get(tag, "") if tag else ""
    if tag and not kind:
        raise Refused(f"YAML: the tag {tag} is not known")
    first = text[:1]
    is_number = first in "+-.0123456789" and first != ""
    if kind not in ("str", "binary") and (is_number or first in "yYnNtTfFoO~"):
        # An empty text is among these.
        if quoted:
            return nfc(text)
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INFINITE.fullmatch(text):
            raise Undecided("an infinite number")
        if not kind and text in _NO_NUMBER:
            raise Refused("YAML: it is no number")
        if first == ".":
            if (number := _decimal(text)) is not None:
                return number
        elif is_number:
            if kind in ("", "timestamp") and (time := _timestamp(text)):
                return time
            if _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text):
                kind = "int"
    if not tag and text == "<<":
        return _Merge()
    return _of_kind(text, kind)


def _of_kind(text: str, kind: str) -> Any:
    if kind in ("int", "float"):
        return _number(text.replace("_", ""), kind)
    if kind == "bool":
        if not isinstance(_CONSTANTS.get(text), bool):
            raise Refused("YAML: it is no boolean")
        return _CONSTANTS[text]
    if kind == "null":
        return None
    if kind == "timestamp":
        time = _timestamp(text)
        if not time:
            raise Refused("YAML: it is no point in time")
        return time
    if kind == "binary":
        from policies.readers.functions.encodings import from_base64

        from_base64(text)
    return nfc(text)


def _decimal(text: str) -> Any:
    """The number that a text is in decimal digits, or None."""
    try:
        return numbers.parsed(text)
    except numbers.Undecided:
        raise
    except ValueError:
        return None


def _number(text: str, kind: str) -> Any:
    if (number := _decimal(text)) is not None:
        return number
    match = re.fullmatch(r"0(?:([xX])([0-9a-fA-F]+)|([oO])([0-7]+))", text)
    if not match:
        if re.fullmatch(r"[A-Za-z ]*", text) and text.lower().strip() not in ("inf", "infinity"):
            raise Refused(f"YAML: it is no {kind}")
        raise Undecided("a number of YAML that is not computed here")
    found = int(match.group(2) or match.group(4), 16 if match.group(1) else 8)
    if found >= 1 << 64:
        raise Refused("YAML: a number is too large")
    return numbers.Whole(found, numbers.COUNTED)


def _timestamp(text: str) -> str:
    """A point in time as Terraform writes it, or "" if it is none."""
    match = _TIME.fullmatch(text)
    if not match:
        return ""
    year, month, day = map(int, match.group(1, 2, 3))
    clock = [
        int(part or other or 0)
        for part, other in zip(match.group(4, 5, 6), match.group(8, 9, 10), strict=True)
    ]
    hour, minute, second = clock
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1] + (leap and month == 2):
        return ""
    if hour > 23 or minute > 59 or second > 59:
        return ""
    zone = match.group(7) or "Z"
    if zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if hours > 23 or minutes > 59:
            raise Undecided("a timestamp at the edge of what there is")
        zone = zone if hours or minutes else "Z"
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{zone}"


def decoded(text: str) -> Any:
    """The value of a document.

    Raises:
        Refused: Terraform refuses it.
        Undecided: what Terraform makes of it is not told here.
    """
    text = str.__str__(text)
    BUDGET.make(4 * len(text))
    BUDGET.spend(len(text) >> 2)
    if _FORBIDDEN.search(text):
        raise Refused("YAML: a control character")
    if _ODD.search(text):
        raise Undecided("a rare character in a document of YAML")
    tokens = _Scanner(text.replace("\r\n", "\n").replace("\r", "\n")).scan()
    return _Parser(tokens).document()
