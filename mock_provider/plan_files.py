"""Saved plans: which of their members Terraform reads, and where a plan says that its state is kept.

A plan carries the backend that it was made with, and `terraform apply PLAN` writes there, whatever the
configuration says.

Source: https://github.com/hashicorp/terraform/blob/main/internal/plans/planproto/planfile.proto
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgpack  # type: ignore[import-untyped]

from cloudmart_support.problem import Problem

_PLAN, _STATE = "tfplan", "tfstate"
# Field numbers of the messages Plan, Backend and DynamicValue.
_BACKEND, _TYPE, _CONFIG, _MSGPACK = 13, 1, 2, 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LARGEST = 512 * 2**20
"""Bytes that the members of a plan may have together."""


class Backend(NamedTuple):
    """Where a plan says that its state is kept: the backend's type, and its arguments."""

    type: str
    config: dict[str, Any]


def is_plan(path: Path) -> bool:
    """Whether a file is a saved plan."""
    return zipfile.is_zipfile(path)


class Snapshot(NamedTuple):
    """Which state a plan was made from: the state's lineage, empty where there was none yet, and its serial.

    Source: https://developer.hashicorp.com/terraform/language/state/backends
    """

    lineage: str
    serial: int


def snapshot(source: Path) -> Snapshot:
    """The state that a plan was made from.

    Raises:
        Problem: it is no plan, or one that cannot be told for certain.
    """
    with _readable(source), zipfile.ZipFile(source) as archive:
        state = json.loads(_members(source, archive)[_STATE])
        return Snapshot(str(state.get("lineage") or ""), int(state.get("serial") or 0))


def copy(source: Path, target: Path, local: Mapping[str, str] | None = None) -> Backend:
    """Copy a plan, each member once, so that no two programs can read it in two ways; the copy's backend.

    Where the plan keeps its state in a local file and `local` is given, these are the copy's backend's arguments.

    Raises:
        Problem: it is no plan, or one that cannot be told for certain.
    """
    with (
        _readable(source),
        zipfile.ZipFile(source) as archive,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copied,
    ):
        members = _members(source, archive)
        backend = _backend(members[_PLAN])
        if local is not None and backend.type == "local":
            members[_PLAN] = _with_backend(members[_PLAN], local)
            backend = _backend(members[_PLAN])
        for name, content in members.items():
            copied.writestr(name, content)
        return backend


@contextmanager
def _readable(source: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, IndexError, RuntimeError) as error:
        raise Problem(f"{source}: is no plan of Terraform's that can be read ({error})") from error


def _members(source: Path, archive: zipfile.ZipFile) -> dict[str, bytes]:
    members = archive.infolist()
    if len({one.filename for one in members}) != len(members):
        raise Problem(f"{source}: is no plan of Terraform's: a file in it is there twice")
    if sum(one.file_size for one in members) > _LARGEST:
        raise Problem(f"{source}: is no plan of Terraform's: what it holds is larger than {_LARGEST} bytes")
    return {one.filename: archive.read(one) for one in members}


def _backend(plan: bytes) -> Backend:
    (backend,) = (value for number, value in _fields(plan) if number == _BACKEND)
    (kind,) = (value for number, value in _fields(backend) if number == _TYPE)
    (config,) = (value for number, value in _fields(backend) if number == _CONFIG)
    (packed,) = (value for number, value in _fields(config) if number == _MSGPACK)
    unpacked = msgpack.unpackb(packed)
    return Backend(kind.decode(), unpacked if isinstance(unpacked, dict) else {})


def _with_backend(plan: bytes, local: Mapping[str, str]) -> bytes:
    """The plan with other arguments of its backend: all else stays, byte for byte."""
    (backend,) = (value for number, value in _fields(plan) if number == _BACKEND)
    (config,) = (value for number, value in _fields(backend) if number == _CONFIG)
    config = _replaced(config, _MSGPACK, msgpack.packb(dict(sorted(local.items()))))
    return _replaced(plan, _BACKEND, _replaced(backend, _CONFIG, config))


def _replaced(message: bytes, number: int, value: bytes) -> bytes:
    """The message with `value` in the place of its one field of that number, which holds bytes."""
    ((start, end),) = ((start, end) for one, start, _, end in _spans(message) if one == number)
    return message[:start] + _number(number << 3 | _BYTES) + _number(len(value)) + value + message[end:]


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message that hold bytes, with their numbers; errors as `_spans`."""
    return ((number, message[begin:end]) for number, _, begin, end in _spans(message))


def _spans(message: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Where the fields of a message in protocol buffers' wire format that hold bytes stand.

    Of each its number, where it starts, where its value begins and where that ends.

    Source: https://protobuf.dev/programming-guides/encoding/

    Raises:
        ValueError, IndexError: it is none.
    """
    position = 0
    while position < len(message):
        start = position
        key, position = _varint(message, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            _, position = _varint(message, position)
        elif kind == _FIXED64:
            position += 8
        elif kind == _FIXED32:
            position += 4
        elif kind == _BYTES:
            size, position = _varint(message, position)
            if position + size > len(message):
                raise ValueError("a field is cut off")
            yield number, start, position, position + size
            position += size
        else:
            raise ValueError(f"a field of kind {kind}")


def _number(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*written, value))


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        value |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if byte < 0x80:
            return value, position
        if shift > 63:
            raise ValueError("a number is too long")
