"""Functions of texts."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from policies.engine.values import Unknown
from policies.readers import regular_expressions, types
from policies.readers.budget import BUDGET, size
from policies.readers.evaluation import perhaps, plain, text_of, unknown_from
from policies.readers.functions.calling import counted, function, partial, whole
from policies.readers.scanner import SPACES
from policies.readers.syntax import nfc
from policies.readers.types import ListOf, ObjectType, Refused, TupleType, Type, Undecided


def clusters(text: str) -> list[str] | str:
    """What Terraform counts as characters of a text: clusters that people see as one.

    Raises:
        Undecided: there are characters in it that may join with others.
    """
    if text.isascii():
        if "\r\n" not in text:
            return text
        return [piece for line in text.split("\r\n") for piece in ("\r\n", *line)][1:]
    if "\r\n" in text or not all(map(_stands_alone, text)):
        raise Undecided("what counts as one character is not told here")
    return text


def _stands_alone(character: str) -> bool:
    """Whether a character never joins with its neighbours, in any version of Unicode there is."""
    code = ord(character)
    if code < 0x300:
        return code != 0xAD
    letters = 0x370 <= code < 0x530 or 0x1E00 <= code < 0x2000 or 0x3041 <= code < 0x3097
    letters = letters or 0x30A1 <= code < 0x30FB or 0x4E00 <= code < 0xA000 or 0xAC00 <= code < 0xD7A4
    signs = 0x2010 <= code < 0x2028 or 0x2030 <= code < 0x2060 or 0x20A0 <= code < 0x20C0
    pictures = 0x2190 <= code < 0x2C00 or 0x1F300 <= code < 0x1F3FB or 0x1F400 <= code < 0x1FA00
    return (letters or signs or pictures) and unicodedata.category(character)[0] in "LNPS"


def _cased(text: str, upper: bool) -> str:
    if text.isascii():
        return text.upper() if upper else text.lower()
    result = []
    for character in text:
        changed = character.upper() if upper else character.lower()
        if len(changed) != 1 or unicodedata.category(character) == "Cn":
            raise Undecided("the other case of a character is not told here")
        result.append(changed)
    return "".join(result)


@function("upper", "string")
def _upper(text: str) -> str:
    return _cased(text, True)


@function("lower", "string")
def _lower(text: str) -> str:
    return _cased(text, False)


@function("title", "string")
def _title(text: str) -> str:
    result = []
    separated = True
    for character in text:
        changed = character.title() if separated else character
        if len(changed) != 1 or unicodedata.category(character) == "Cn":
            raise Undecided("the title case of a character is not told here")
        result.append(changed)
        if character.isascii():
            separated = not character.isalnum() and character != "_"
        else:
            separated = unicodedata.category(character)[0] not in "LN" and character in SPACES
    return "".join(result)


@function("chomp", "string")
def _chomp(text: str) -> str:
    return text.rstrip("\r\n")


@function("indent", "number", "string")
def _indent(spaces: float, text: str) -> str:
    width = whole(spaces)
    if width < 0:
        raise Undecided("a negative indentation")
    BUDGET.afford(size(text) + width * text.count("\n"))
    return text.replace("\n", "\n" + " " * width)


@function("startswith", "string", "string")
def _startswith(text: str, prefix: str) -> bool:
    return str.__str__(text).startswith(prefix)


@function("endswith", "string", "string")
def _endswith(text: str, suffix: str) -> bool:
    return str.__str__(text).endswith(suffix)


@function("strcontains", "string", "string")
def _strcontains(text: str, part: str) -> bool:
    return part in text


@function("strrev", "string")
def _strrev(text: str) -> str:
    return "".join(reversed(clusters(text)))


@function("substr", "string", "number", "number")
def _substr(text: str, offset: float, length: float) -> str:
    start, wanted, pieces = whole(offset), whole(length), clusters(text)
    if start >= 0 and wanted == 0:
        return ""
    start = max(start + len(pieces), 0) if start < 0 else start
    # With a negative offset, no length means the rest.
    return "".join(pieces[start:] if wanted <= 0 else pieces[start : start + wanted])


@function("trim", "string", "string")
def _trim(text: str, characters: str) -> str:
    return text.strip(characters)


@function("trimprefix", "string", "string")
def _trimprefix(text: str, prefix: str) -> str:
    return text.removeprefix(prefix)


@function("trimsuffix", "string", "string")
def _trimsuffix(text: str, suffix: str) -> str:
    return text.removesuffix(suffix)


@function("trimspace", "string")
def _trimspace(text: str) -> str:
    return text.strip(SPACES)


@function("split", "string", "string")
def _split(separator: str, text: str) -> ListOf:
    separator, text = str.__str__(separator), str.__str__(text)
    BUDGET.spend(text.count(separator))
    return ListOf(map(nfc, text.split(separator) if separator else text), "string")


@partial("join", 2, None)
def _join(separator: Any, *lists: Any) -> Any:
    if isinstance(separator, Unknown) or any(isinstance(items, Unknown) for items in lists):
        # Of no element it is empty, which is how many write that there may be none.
        return perhaps(unknown_from("join() of something unknown", separator, *lists))
    between = types.as_string(separator)
    parts: list[Any] = []
    for items in lists:
        if items is None:
            raise Refused("an argument is null")
        for item in types.convert(items, types.STRINGS):
            if parts:
                parts.append(between)
            parts.extend(item.parts or (item,) if isinstance(item, Unknown) else (types.as_string(item),))
    return text_of(parts)


@function("sort", "strings")
def _sort(items: ListOf) -> ListOf:
    if None in items:
        raise Refused("an element is null")
    return ListOf(sorted(items), "string")


@function("replace", "string", "string", "string")
def _replace(text: str, search: str, replacement: str) -> str:
    if len(search) > 1 and search.startswith("/") and search.endswith("/"):
        return _pattern(search[1:-1]).replaced(str.__str__(text), str.__str__(replacement))
    BUDGET.afford(size(text) + text.count(search) * size(replacement))
    return text.replace(search, replacement)


def _pattern(text: str) -> regular_expressions.Pattern:
    try:
        return regular_expressions.compiled(str.__str__(text))
    except regular_expressions.Malformed as error:
        raise Refused(str(error)) from error


@function("regex", "string", "string")
def _regex(search: str, text: str) -> Any:
    pattern, text = _pattern(search), str.__str__(text)
    _captured_type(pattern)
    found = pattern.search(text)
    if found is None:
        raise Refused("the pattern matches nothing")
    return _captured(pattern, text, found)


@partial("regexall", 2, 2)
def _regexall(search: Any, text: Any) -> Any:
    search, text = plain(search), plain(text)
    if search is None or text is None:
        raise Refused("an argument is null")
    if isinstance(search, Unknown) or isinstance(text, Unknown):
        return _matched_at_the_start(search, text)
    pattern, text = _pattern(types.as_string(search)), str.__str__(types.as_string(text))
    element = _captured_type(pattern)
    return ListOf([_captured(pattern, text, found) for found in pattern.all(text)], element)


# What looks at where a text ends, or at several places of it.
_BEYOND: Final = re.compile(r"[$|]|\\[bBzZ]|\(\?")


def _matched_at_the_start(search: Any, text: Any) -> Any:
    """What `regexall` finds in a text of which only the start is known: one match, if that start has it already."""
    start = text.parts[0] if isinstance(text, Unknown) and text.parts else ""
    if (
        isinstance(search, str)
        and isinstance(start, str)
        and search.startswith("^")
        and not _BEYOND.search(search)
        and _pattern(search).search(start) is not None
    ):
        return ListOf([unknown_from("regexall() of a text that is not known whole", text)])
    return unknown_from("regexall() of something unknown", search, text)


def _captured_type(pattern: regular_expressions.Pattern) -> Type:
    names = pattern.names
    if not names:
        return "string"
    if all(names):
        return ObjectType(tuple((name, "string") for name in sorted(names)))
    if any(names):
        raise Refused("some of the groups have names, and some have none")
    return TupleType(("string",) * len(names))


def _captured(
    pattern: regular_expressions.Pattern, text: str, found: regular_expressions.Capture
) -> str | list[str | None] | dict[str, str | None]:
    """A match: the text of it, or of its groups."""
    pieces = [
        nfc(text[start:end]) if start >= 0 else None
        for start, end in zip(found[::2], found[1::2], strict=True)
    ]
    BUDGET.make(sum(size(piece) for piece in pieces if piece is not None))
    if not pattern.names:
        return pieces[0] or ""
    return dict(zip(pattern.names, pieces[1:], strict=True)) if pattern.names[0] else pieces[1:]


@partial("length")
def _length(value: Any) -> Any:
    if isinstance(value, Unknown):
        return unknown_from(value.reason, value)
    if isinstance(value, str):
        return counted(len(clusters(value)))
    if not isinstance(value, list | dict):
        if value is None or isinstance(value, bool | int | float):
            raise Refused("a list, map or text is needed")
        raise Undecided("its length is not known")
    if isinstance(value, types.SetOf) and any(isinstance(item, Unknown) for item in value):
        return unknown_from("length() of a set of which elements are not known", value)
    if isinstance(value, types.LooseList) and _repeats(value):
        return unknown_from("length() of what may be a set", value)
    return counted(len(value))


def _repeats(items: list[Any]) -> bool:
    texts = [str.__str__(item) for item in items if isinstance(item, str)]
    return len(set(texts)) < len(texts)
