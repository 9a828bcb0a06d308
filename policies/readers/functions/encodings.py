"""Functions that encode, decode and hash."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, Final

from policies.engine.values import ABSENT, Traced, Unknown, parse_document, references_of
from policies.readers import numbers, types
from policies.readers.budget import BUDGET, weigh
from policies.readers.evaluation import first_unknown, plain, traced, unknown_from
from policies.readers.functions.calling import function, partial
from policies.readers.syntax import nfc
from policies.readers.types import ListOf, ObjectType, Refused, Undecided

# --- JSON -----------------------------------------------------------------------------------------------

_ESCAPED: Final = {
    **{chr(code): f"\\u{code:04x}" for code in (*range(32), *map(ord, "<>&\u2028\u2029"))},
    "\\": "\\\\",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
_TO_ESCAPE: Final = re.compile('[\\x00-\\x1f<>&\u2028\u2029\\\\"]')


def as_json(value: Any) -> str:
    """A known value as Terraform writes it as JSON."""
    pieces: list[str] = []
    _write_json(value, pieces)
    return "".join(pieces)


def _write_json(value: Any, pieces: list[str]) -> None:
    if isinstance(value, str):
        BUDGET.make(2 + 6 * len(value))
        text = str.__str__(value)
        pieces.append(f'"{_TO_ESCAPE.sub(lambda match: _ESCAPED[match.group()], text)}"')
    elif isinstance(value, bool):
        pieces.append("true" if value else "false")
    elif value is None:
        pieces.append("null")
    elif isinstance(value, int | float):
        pieces.append(types.as_string(value))
    elif isinstance(value, list):
        BUDGET.spend(1 + len(value))
        pieces.append("[")
        for index, item in enumerate(value):
            pieces.extend("," if index else ())
            _write_json(item, pieces)
        pieces.append("]")
    elif isinstance(value, dict):
        BUDGET.spend(4 + 2 * len(value))
        pieces.append("{")
        for index, (key, item) in enumerate(sorted(value.items(), key=lambda pair: pair[0])):
            pieces.extend("," if index else ())
            _write_json(key, pieces)
            pieces.append(":")
            _write_json(item, pieces)
        pieces.append("}")
    else:
        raise Undecided("it is no value that JSON has")


@partial("jsonencode")
def _jsonencode(value: Any) -> Any:
    tree = plain(value)
    blind = first_unknown(tree)
    if blind is not None:
        if isinstance(tree, Unknown) and tree.document is ABSENT and not tree.parts:
            return unknown_from(tree.reason, tree)
        weigh(tree)
        return Unknown(blind.reason, references_of(tree), document=tree, certain=True)
    return traced(as_json(tree), tree)


@partial("jsondecode")
def _jsondecode(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, Unknown):
        return parse_document(value)
    text = types.as_string(value)
    return traced_within(decoded_json(text), text)


def decoded_json(text: str) -> Any:
    """The value of a JSON document.

    Raises:
        Refused: it is none.
        Undecided: it is one that is read in more than one way.
    """

    def refuse(name: str) -> None:
        raise Refused(f"{name} is no JSON")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = {nfc(key): item for key, item in pairs}
        if len(found) < len(pairs):
            raise Undecided("a key stands twice in a JSON document")
        return found

    BUDGET.make(4 * len(text))
    BUDGET.spend(len(text) >> 2)
    try:
        tree = json.loads(
            str.__str__(text),
            parse_float=numbers.parsed,
            parse_int=numbers.parsed,
            parse_constant=refuse,
            object_pairs_hook=unique,
        )
    except numbers.Undecided:
        raise
    except ValueError as error:
        raise Refused("it is no JSON document") from error
    except RecursionError as error:
        raise Undecided("a JSON document is nested too deeply") from error
    return _normal(tree)


def _normal(value: Any) -> Any:
    """Texts in normal form."""
    if isinstance(value, str):
        if re.search("[\ud800-\udfff]", value):
            raise Undecided("half a character in a JSON document")
        return nfc(value)
    if isinstance(value, list):
        return [_normal(item) for item in value]
    return {key: _normal(item) for key, item in value.items()} if isinstance(value, dict) else value


def traced_within(value: Any, source: str) -> Any:
    """A decoded value whose texts remember what the source was made from."""
    if isinstance(value, str):
        return traced(value, source)
    if type(source) is str:
        return value
    if isinstance(value, list):
        return types.same_kind(value, [traced_within(item, source) for item in value])
    if isinstance(value, dict):
        return types.same_kind(value, {key: traced_within(item, source) for key, item in value.items()})
    return value


# --- base64 ---------------------------------------------------------------------------------------------


@partial("base64encode")
def _base64encode(value: Any) -> Any:
    text = plain(value)
    if isinstance(text, Unknown):
        return Unknown(text.reason, references_of(text), certain=text.certain, decoded=text)
    found = traced(in_base64(types.as_string(text).encode()), text)
    return _remembering(found, text.document) if isinstance(text, Traced) else found


@partial("base64gzip")
def _base64gzip(value: Any) -> Any:
    text = plain(value)
    return Unknown("base64gzip() is not evaluated here", references_of(text), certain=True, decoded=text)


@partial("yamlencode")
def _yamlencode(value: Any) -> Any:
    tree = plain(value)
    blind = first_unknown(tree)
    if blind is None:
        from policies.readers import yaml_writing

        return _remembering(traced(yaml_writing.written(tree), tree), tree)
    if not isinstance(tree, dict | list):
        return unknown_from(blind.reason, tree)
    weigh(tree)
    return Unknown(blind.reason, references_of(tree), document=tree, certain=True)


def _remembering(text: str, document: Any) -> str:
    """A text with the tree that it was written out of, or as it is where that is no tree."""
    if not isinstance(document, dict | list):
        return text
    text = text if isinstance(text, Traced) else Traced(text, ())
    text.document = document
    return text


@function("yamldecode", "string")
def _yamldecode(text: str) -> Any:
    from policies.readers import yaml_reading

    return traced_within(yaml_reading.decoded(text), text)


def in_base64(data: bytes) -> str:
    """Bytes as base64."""
    BUDGET.afford(2 * len(data))
    return base64.b64encode(data).decode()


def from_base64(text: str) -> bytes:
    """What a text in base64 stands for.

    Raises:
        Refused: it is none.
    """
    text = str.__str__(text).replace("\r", "").replace("\n", "")
    if len(text) % 4 or not re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text):
        raise Refused("it is no base64")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused("it is no base64") from error


@function("base64decode", "string")
def _base64decode(text: str) -> str:
    try:
        return from_base64(text).decode()
    except UnicodeDecodeError as error:
        raise Refused("it is no text") from error


_GUNZIPPED: Final = 1 << 24


@function("base64gunzip", "string")
def _base64gunzip(text: str) -> str:
    """A function of OpenTofu."""
    import zlib

    unzip = zlib.decompressobj(31)
    try:
        found = unzip.decompress(from_base64(text), _GUNZIPPED)
    except zlib.error as error:
        raise Refused("it is not compressed") from error
    BUDGET.make(4 * len(found))
    if not unzip.eof and not unzip.unconsumed_tail:
        raise Refused("it is cut off")
    if not unzip.eof or unzip.unused_data:
        raise Undecided("it is too large, or something stands behind it")
    try:
        return found.decode()
    except UnicodeDecodeError as error:
        raise Undecided("it is no text in UTF-8") from error


_CODECS: Final = {
    "utf-8": "utf-8",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "us-ascii": "ascii",
    **dict.fromkeys(("iso-8859-1", "latin1"), "latin-1"),
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 7, 9, 10, 13, 14, 15, 16)},
    **{f"windows-{page}": f"cp{page}" for page in range(1250, 1259)},
}
_NOT_THERE: Final = frozenset(("utf-32", "utf-7", "utf8", "utf16", "ascii", "latin-1", "cp1252"))


def _codec(name: str) -> str:
    """Python's name of an encoding.

    Raises:
        Refused: Terraform has none of this name.
        Undecided: whether it has is not told here.
    """
    name = str.__str__(name).lower()
    if name in _NOT_THERE:
        raise Refused("there is no encoding of this name")
    if name not in _CODECS:
        raise Undecided("this encoding is not at hand")
    return _CODECS[name]


@function("textencodebase64", "string", "string")
def _textencodebase64(text: str, encoding: str) -> str:
    if str.__str__(encoding).lower() == "utf-16":
        return in_base64(f"\ufeff{text}".encode("utf-16-be"))
    try:
        return in_base64(text.encode(_codec(encoding)))
    except UnicodeEncodeError as error:
        if re.search("[\x80-\x9f]", text):
            raise Undecided("a control character") from error
        raise Refused("the encoding has no such character") from error


@function("textdecodebase64", "string", "string")
def _textdecodebase64(text: str, encoding: str) -> str:
    codec = _codec(encoding)
    try:
        found = from_base64(text).decode(codec)
    except UnicodeDecodeError as error:
        if codec.startswith(("cp", "iso")):
            raise Undecided("a byte that stands for no character everywhere") from error
        raise Refused("it is no text of this encoding") from error
    if "\ufffd" in found or "\ufeff" in found:
        raise Undecided("a mark of an encoding")
    return found


# --- hashes ---------------------------------------------------------------------------------------------

HASHES: Final = ("md5", "sha1", "sha256", "sha512")


def digest(name: str, data: bytes) -> bytes:
    """The hash of bytes."""
    import hashlib

    return hashlib.new(name, data, usedforsecurity=False).digest()


def _hashes() -> None:
    for name in HASHES:

        def hexadecimal(text: str, name: str = name) -> str:
            return digest(name, text.encode()).hex()

        def encoded(text: str, name: str = name) -> str:
            return in_base64(digest(name, text.encode()))

        function(name, "string")(hexadecimal)
        if name.startswith("sha") and name != "sha1":
            function(f"base64{name}", "string")(encoded)


_hashes()


@function("uuidv5", "string", "string")
def _uuidv5(namespace: str, name: str) -> str:
    import uuid

    key = str.__str__(namespace)
    space = {
        "dns": uuid.NAMESPACE_DNS,
        "url": uuid.NAMESPACE_URL,
        "oid": uuid.NAMESPACE_OID,
        "x500": uuid.NAMESPACE_X500,
    }.get(key)
    if space is None:
        if not re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", key):
            raise Undecided("this namespace is not told here")
        space = uuid.UUID(key)
    return str(uuid.uuid5(space, str.__str__(name)))


# --- others ---------------------------------------------------------------------------------------------


@function("urlencode", "string")
def _urlencode(text: str) -> str:
    import urllib.parse

    BUDGET.afford(12 * len(text))
    return urllib.parse.quote_plus(str.__str__(text), safe="~")


@function("urldecode", "string")
def _urldecode(text: str) -> str:
    """A function of OpenTofu."""
    import urllib.parse

    if re.search("%(?![0-9a-fA-F]{2})", text):
        raise Refused("an escape is malformed")
    try:
        return urllib.parse.unquote_plus(str.__str__(text), errors="strict")
    except UnicodeDecodeError as error:
        raise Undecided("it is no text in UTF-8") from error


@function("csvdecode", "string")
def _csvdecode(text: str) -> ListOf:
    BUDGET.spend(len(text))
    rows = _csv(str.__str__(text))
    if not rows:
        raise Refused("there is no line with names")
    names = rows[0]
    if len(set(names)) < len(names):
        raise Refused("a column stands twice")
    if any(len(row) != len(names) for row in rows):
        raise Refused("a line has another number of columns")
    element = ObjectType(tuple((nfc(name), "string") for name in sorted(names)))
    return ListOf([dict(zip(map(nfc, names), map(nfc, row), strict=True)) for row in rows[1:]], element)


def _csv(text: str) -> list[list[str]]:
    """The rows of comma-separated values, empty lines left out.

    Raises:
        Refused: a quote stands where there may be none.
    """
    rows: list[list[str]] = []
    text = text.replace("\r\n", "\n")
    at = 0
    while at < len(text):
        if text[at] == "\n":
            at += 1
            continue
        row: list[str] = []
        while True:
            quoted = re.compile(r'"((?:[^"]|"")*)"').match(text, at) if text.startswith('"', at) else None
            field = quoted or re.compile(r'[^",\n]*').match(text, at)
            assert field
            row.append(field.group(1).replace('""', '"') if quoted else field.group())
            at = field.end()
            if at >= len(text) or text[at] == "\n":
                at += 1
                break
            if text[at] != ",":
                raise Refused("a quote stands where there may be none")
            at += 1
        rows.append(row)
    return rows
