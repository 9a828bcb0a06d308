"""A saved plan as one file that travels: made by `plan` on one machine, applied by `apply PLAN=file` on another.

It is a tar archive of the plan, its JSON, the reports, what it was made from and judged by, the record, and the sums
of all these. What it holds is proven by content alone: neither times nor owners nor paths count.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from cloudmart_support.problem import Problem

NAME = "plan.tar"
SUMS = "SHA256SUMS"
_LARGEST = 512 * 2**20
"""Bytes that the whole may have: many times a large stack's plan."""


def pack(files: Iterable[Path], archive: Path) -> str:
    """Write files into a new archive, by their names, for the owner alone to read; the archive's SHA-256.

    The same files make the same archive, byte for byte.

    Raises:
        OSError: it cannot be written.
    """
    contents = {file.name: file.read_bytes() for file in sorted(files, key=lambda file: file.name)}
    with os.fdopen(os.open(archive, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as packed:
            for name, content in {**contents, SUMS: _sums(contents)}.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(content), 0o600
                packed.addfile(member, io.BytesIO(content))
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(archive: Path, name: str, allowed: Iterable[str], into: Path) -> dict[str, Path]:
    """The files of an archive, written into the new folder `into`, by their names.

    `name` is the archive's for the words of a problem; a file that is none of `allowed` is refused.

    Raises:
        Problem: it is no archive of a plan, or something in it is not what its sums say.
    """
    known = {*allowed, SUMS}
    contents: dict[str, bytes] = {}
    try:
        if archive.stat().st_size > _LARGEST:
            raise Problem(f"{name}: is larger than {_LARGEST // 2**20} MiB, and no plan of this project's")
        with tarfile.open(archive, mode="r:") as packed:
            for member in packed:
                plain = member.isreg() and not member.issparse()
                if member.name not in known or member.name in contents or not plain:
                    raise Problem(
                        f"{name}: holds {member.name!r}, which a plan of this project's does not hold, or not twice, "
                        "or not as a link: it is not applied"
                    )
                inside = packed.extractfile(member)
                assert inside is not None
                contents[member.name] = inside.read()
    except (OSError, tarfile.TarError, ValueError, EOFError) as error:
        raise Problem(
            f"{name}: is no plan that `make plan` packed, or it is cut off ({error}): fetch it again"
        ) from error
    _prove(contents, name)
    into.mkdir(mode=0o700)
    for file, content in contents.items():
        (into / file).write_bytes(content)
    return {file: into / file for file in contents if file != SUMS}


def _prove(contents: Mapping[str, bytes], name: str) -> None:
    """Hold the files against their sums.

    Raises:
        Problem: one is not what its sum says, has none, or is missing.
    """
    said = contents.get(SUMS, b"")
    found = _sums({file: content for file, content in contents.items() if file != SUMS})
    if not found or said != found:
        lines = {*said.decode("utf-8", "replace").split("\n")} ^ {*found.decode().split("\n")}
        wrong = {line.rpartition("  ")[2] for line in lines if line}
        raise Problem(
            f"{name}: is not as it was packed: {', '.join(sorted(wrong)) or SUMS} was changed since; it is not "
            "applied: fetch it again from where it was made, or plan again"
        )


def _sums(contents: Mapping[str, bytes]) -> bytes:
    """The sums of files as sha256sum writes them, by name."""
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(contents.items()))
    return "".join(lines).encode()
