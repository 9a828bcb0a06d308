"""Saved plans: which of their members Terraform reads, and where a plan says that its state is kept.

A plan carries the backend that it was made with, and `terraform apply PLAN` writes there, whatever the
configuration says.

Source: https://github.com/hashicorp/terraform/blob/main/internal/plans/planproto/planfile.proto
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgpack  # type: ignore[import-untyped]

from support.problem import Problem

_PLAN = "tfplan"
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


def copy(source: Path, target: Path) -> Backend:
    """Copy a plan, each member once, so that no two programs can read it in two ways; its backend.

    Raises:
        Problem: it is no plan, or one that cannot be told for certain.
    """
    try:
        with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copied:
            members = archive.infolist()
            if len({one.filename for one in members}) != len(members):
                raise Problem(f"{source}: is no plan of Terraform's: a file in it is there twice")
            if sum(one.file_size for one in members) > _LARGEST:
                raise Problem(
                    f"{source}: is no plan of Terraform's: what it holds is larger than {_LARGEST} bytes"
                )
            plan = b""
            for member in members:
                content = archive.read(member)
                copied.writestr(member.filename, content)
                if member.filename == _PLAN:
                    plan = content
        (backend,) = (value for number, value in _fields(plan) if number == _BACKEND)
        (kind,) = (value for number, value in _fields(backend) if number == _TYPE)
        (config,) = (value for number, value in _fields(backend) if number == _CONFIG)
        (packed,) = (value for number, value in _fields(config) if number == _MSGPACK)
        unpacked = msgpack.unpackb(packed)
        return Backend(kind.decode(), unpacked if isinstance(unpacked, dict) else {})
    except (OSError, zipfile.BadZipFile, ValueError, IndexError, RuntimeError, NotImplementedError) as error:
        raise Problem(f"{source}: is no plan of Terraform's that can be read ({error})") from error


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message in protocol buffers' wire format that hold bytes, with their numbers.

    Source: https://protobuf.dev/programming-guides/encoding/

    Raises:
        ValueError, IndexError: it is none.
    """
    position = 0
    while position < len(message):
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
            yield number, message[position : position + size]
            position += size
        else:
            raise ValueError(f"a field of kind {kind}")


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
