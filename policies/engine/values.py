"""Values as rules see them: plain Python, `ABSENT`, or an `Unknown`; paths into them, and Terraform's conversions.

A value is plain Python (`str`, `int`, `float`, `bool`, `list`, `dict`), `ABSENT` (not set, or null), or an
`Unknown` (set, but not to be known without running Terraform or AWS).

Standard library only: this module also runs inside Checkov's environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typing import TypeGuard


class _Absent:
    """The type of `ABSENT`; false, so that `resource.get(path) or default` reads well."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""An argument that is not set, or set to null, which Terraform treats alike."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`address.attribute` as an expression names it.

    `address` is absolute: `aws_kms_key.main`, `aws_subnet.private["a"]`, `module.db.aws_db_instance.main[0]`,
    `data.aws_caller_identity.current`. Without an instance key it means every instance.
    `attribute` is what follows: `arn`, `master_user_secret[0].secret_arn`, or empty for the whole resource.
    `perhaps` says that something unknown decides whether a value leads there or to nothing that is named.
    """

    address: str
    attribute: str = ""
    perhaps: bool = False

    def __str__(self) -> str:
        return f"{self.address}.{self.attribute}" if self.attribute else self.address


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """A value that is set and cannot be known here.

    `reason` says which expression and why. `references` are the resource attributes the value is made from,
    as far as they could be followed. `parts` is there when the value is a text with holes: known text and
    `Unknown`s in turn. `document` is there when it is a JSON document with holes: a tree of plain values
    and `Unknown`s. `certain` says that the value cannot be null or empty: it is a reference to an identity such as
    an `arn`, or a text with something known in it. `decoded` is there when it is the base64 of
    a text that is not known whole.
    """

    reason: str
    references: tuple[Reference, ...] = ()
    parts: tuple[str | Unknown, ...] = ()
    document: Any = ABSENT
    certain: bool = False
    decoded: Any = ABSENT

    def __bool__(self) -> bool:
        raise TypeError(f"an unknown value has no truth: {self.reason}")

    def __repr__(self) -> str:
        return f"Unknown({self.reason!r})"


class Traced(str):
    """A known text that an expression took from elsewhere: a plain text that remembers its `references`.

    `document` is there when it was written out of a tree of values, in a language that the rules do not read.
    """

    references: tuple[Reference, ...]
    document: Any = ABSENT

    def __new__(cls, text: str, references: tuple[Reference, ...]) -> Traced:
        traced = super().__new__(cls, text)
        traced.references = references
        return traced


class Sensitive(Traced):
    """A known text that must not be shown: compares as what it is, prints as `(sensitive value)`."""

    SHOWN: Final = "(sensitive value)"

    def __new__(cls, text: str, references: tuple[Reference, ...] = ()) -> Sensitive:
        sensitive = super().__new__(cls, text, references)
        assert isinstance(sensitive, Sensitive)
        return sensitive

    def __str__(self) -> str:
        return self.SHOWN

    def __repr__(self) -> str:
        return self.SHOWN

    def __format__(self, spec: str) -> str:
        return self.SHOWN


def is_unknown(value: Any) -> TypeGuard[Unknown]:
    """Whether a value got with `get` is unknown."""
    return isinstance(value, Unknown)


_TREES: Final = (dict, list, tuple, Unknown)


def references_of(value: Any) -> tuple[Reference, ...]:
    """All references a value was made from, in order, each once; lists and maps are searched through."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return ()
    if kind is Unknown and not value.parts and value.document is ABSENT:
        return value.references if len(value.references) < 2 else tuple(dict.fromkeys(value.references))
    found: dict[Reference, None] = {}
    pending = [value]
    # What is contained many times over is met once: a few lines can make a tree of billions of leaves.
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        if isinstance(item, Traced):
            found.update(dict.fromkeys(item.references))
        elif isinstance(item, _TREES):
            if id(item) in seen:
                continue
            seen.add(id(item))
            if isinstance(item, Unknown):
                found.update(dict.fromkeys(item.references))
                pending.extend(reversed(item.parts))
                pending.append(item.document)
            else:
                pending.extend(reversed(list(item.values()) if isinstance(item, dict) else item))
    return tuple(found)


def holds_text(parts: Sequence[str | Unknown]) -> bool:
    """Whether a text made of these parts cannot be empty, whatever the unknown ones turn out to be."""
    return any(part.certain if isinstance(part, Unknown) else bool(part) for part in parts)


# --- paths ---------------------------------------------------------------------------------------------

EACH: Final = object()
"""The step `[]` of a path: every element."""


_QUOTED: Final = re.compile(r'\["(.*?)"\]|(\[\d*\])|([^.\[\]]+)', re.DOTALL)


@lru_cache(maxsize=4096)
def steps(path: str) -> tuple[Any, ...]:
    """The steps of a path such as `rule[0].apply[].algorithm`: names, indices, and `EACH` for `[]`.

    Raises:
        ValueError: the path is malformed, which is a mistake in a rule.
    """
    result: list[Any] = []
    if '"' in path:
        # A key in quotes, as references have it: whatever stands in it belongs to it.
        for key, index, name in _QUOTED.findall(path):
            result.append(key or (int(index[1:-1]) if index[1:-1] else EACH) if key or index else name)
        return tuple(result)
    for part in path.split("."):
        name, *brackets = part.split("[")
        if name:
            result.append(name)
        elif not brackets:
            raise ValueError(f"malformed path {path!r}")
        for bracket in brackets:
            if not bracket.endswith("]"):
                raise ValueError(f"malformed path {path!r}")
            result.append(int(bracket[:-1]) if bracket[:-1] else EACH)
    return tuple(result)


def _step(value: Any, step: Any, path: str) -> Any:
    """One step into a value; a name steps through a list of one, because blocks come as lists or alone."""
    if value is ABSENT or value is None:
        return ABSENT
    if isinstance(value, Unknown):
        if value.document is not ABSENT:
            return _step(value.document, step, path)
        return value
    if isinstance(step, int):
        if isinstance(value, list):
            if -len(value) <= step < len(value):
                return value[step]
            return next((item for item in value if isinstance(item, Unknown)), ABSENT)
        return value if step == 0 and isinstance(value, dict) else ABSENT
    if isinstance(value, list):
        if not value:
            return ABSENT
        if len(value) > 1:
            return Unknown(f"{path}: there are {len(value)} blocks where one was expected")
        value = value[0]
        if isinstance(value, Unknown) or value is None:
            return _step(value, step, path)
    if isinstance(value, dict):
        found = value.get(step, ABSENT)
        return ABSENT if found is None else found
    return ABSENT


def at_path(value: Any, path: str | Sequence[Any]) -> Any:
    """The value at a path within a value: plain, `ABSENT` or `Unknown`. `[]` is not allowed here."""
    shown = path if isinstance(path, str) else ".".join(map(str, path))
    for step in steps(path) if isinstance(path, str) else path:
        if step is EACH:
            raise ValueError(f"{shown}: use each() for a path with []")
        value = _step(value, step, shown)
    return ABSENT if value is None else value


def each_at_path(value: Any, path: str) -> list[Any]:
    """All values at a path with `[]` in it, lists at its end opened only by a final `[]`.

    What is absent is left out; an `Unknown` on the way stands for everything behind it.
    """
    found = [value]
    for step in steps(path):
        following: list[Any] = []
        for item in found:
            if step is EACH:
                opened = item.document if isinstance(item, Unknown) and item.document is not ABSENT else item
                following.extend(opened if isinstance(opened, list) else [opened])
            else:
                following.append(_step(item, step, path))
        found = [item for item in following if item is not ABSENT and item is not None]
    return found


# --- conversions ---------------------------------------------------------------------------------------


def as_boolean(value: Any) -> bool | None:
    """A value as Terraform converts it to bool (`true`, `"true"`, `"1"`), or None where it refuses.

    Source: https://developer.hashicorp.com/terraform/language/expressions/types#type-conversion
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(str.__str__(value))
    return None


def as_number(value: Any) -> float | None:
    """A value as Terraform converts it to number, or None where it refuses; whole numbers are `int`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        text = str.__str__(value)
        if text.strip() != text or "_" in text or not text.isascii():
            return None
        try:
            return int(text)
        except ValueError:
            pass
        try:
            number = float(text)
        except ValueError:
            return None
        return number if number == number and abs(number) != float("inf") else None
    return None


def as_text(value: Any) -> str | None:
    """A value as Terraform converts it to string, or None where it refuses."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return None


def parse_document(value: Any) -> Any:
    """A JSON document, given as text, as a text with holes, or as a tree: the tree, or an `Unknown` that
    says why not.

    Holes within strings become `Unknown`s with the surrounding text in `parts`.
    """
    if isinstance(value, Unknown):
        if value.document is not ABSENT:
            return value.document
        return _document_with_holes(value) if value.parts else value
    if not isinstance(value, str):
        return value
    try:
        tree = json.loads(str.__str__(value))
    except (ValueError, RecursionError):
        return Unknown("it is not a JSON document", references_of(value))
    return tree


def with_holes(value: Unknown) -> tuple[str, list[Unknown]]:
    """A template as one text, in which private-use characters stand for what is not known, and that in its order."""
    holes: list[Unknown] = []
    pieces = []
    for part in value.parts:
        if isinstance(part, Unknown):
            pieces.append(f"\ue000{len(holes)}\ue001")
            holes.append(part)
        else:
            pieces.append(part)
    return "".join(pieces), holes


def _document_with_holes(value: Unknown) -> Any:
    """Parse a template as JSON: holes stand as private-use characters while the JSON parser reads it."""
    whole, holes = with_holes(value)
    if whole.lstrip()[:1] not in ("{", "[", '"'):
        return value
    for text in (whole, _STRING_OR_HOLE.sub(_in_quotes, whole)):
        try:
            return _with_holes(json.loads(text), holes)
        except (ValueError, RecursionError):
            continue
    return value


# A hole outside of strings stands for a number or for more: what is around it is read all the same.
_STRING_OR_HOLE: Final = re.compile(r'"(?>(?:[^"\\]|\\.)*)"|(\ue000\d+\ue001)', re.DOTALL)


def _in_quotes(found: re.Match[str]) -> str:
    return f'"{found[1]}"' if found[1] else found[0]


def _with_holes(tree: Any, holes: Sequence[Unknown]) -> Any:
    if isinstance(tree, dict):
        return {key: _with_holes(item, holes) for key, item in tree.items()}
    if isinstance(tree, list):
        return [_with_holes(item, holes) for item in tree]
    if not isinstance(tree, str) or "\ue000" not in tree:
        return tree
    parts: list[str | Unknown] = []
    for index, piece in enumerate(tree.split("\ue000")):
        number, separator, rest = piece.partition("\ue001")
        if index and separator:
            parts.append(holes[int(number)])
            piece = rest
        if piece:
            parts.append(piece)
    if len(parts) == 1 and isinstance(parts[0], Unknown):
        return parts[0]
    references = references_of(parts)
    reason = next(part.reason for part in parts if isinstance(part, Unknown))
    return Unknown(reason, references, tuple(parts), certain=holds_text(parts))
