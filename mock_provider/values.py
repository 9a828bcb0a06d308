"""Values as Terraform sends them: dicts, lists and scalars, and one sentinel for what is not known yet.

A configuration or state is a dict from argument to value; unset is None. Nested blocks are
lists of dicts (list and set), a dict (single) or a dict of dicts (map). Numbers are int where
they are whole, float otherwise.

Source: Terraform's plugin protocol, docs/plugin-protocol/object-wire-format.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]
from msgpack.ext import ExtType  # type: ignore[import-untyped]

Path = tuple[str | int, ...]
"""Steps from the top: argument names and map keys as str, list and set positions as int (from 0)."""


class Unknown:
    """The type of `UNKNOWN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "(known after apply)"

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()
"""A value that is known only after apply. There is one: compare with `is`."""


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value below `value` (itself first) with its path, containers before what they hold."""
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from walk(inner, (*path, position))


def has_unknown(value: Any) -> bool:
    """Whether anything in `value` is known only after apply."""
    if isinstance(value, dict):
        return any(has_unknown(inner) for inner in value.values())
    if isinstance(value, list):
        return any(has_unknown(inner) for inner in value)
    return value is UNKNOWN


def decode(wire: bytes) -> Any:
    """The value that MessagePack bytes hold; None for no bytes."""
    if not wire:
        return None
    return _plain(msgpack.unpackb(wire, ext_hook=_extension, strict_map_key=False))


def encode(value: Any) -> bytes:
    """`value` as MessagePack bytes; None becomes the wire format's null."""
    packed: bytes = msgpack.packb(value, default=_unknown_on_the_wire)
    return packed


# Refinements of unknown values (code 12) narrow what may come; the sentinel needs none of it.
def _extension(code: int, data: bytes) -> object:
    return UNKNOWN if code in (0, 12) else ExtType(code, data)


def _unknown_on_the_wire(value: object) -> ExtType:
    if value is UNKNOWN:
        return ExtType(0, b"\x00")
    raise TypeError(f"no wire form for {type(value).__name__}")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
