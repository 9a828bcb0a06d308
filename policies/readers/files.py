"""Reading the judged files: bounded, as text, and with words for everything that can go wrong."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from support.problem import Problem

LARGEST: Final = 1 << 30
"""The largest file that is read, in bytes; nothing that a person writes or Terraform plans comes near."""


def read_text(path: Path) -> str:
    """The text of a regular file in UTF-8, a byte order mark removed.

    Raises:
        Problem: it cannot be read, is no regular file, is too large, or is not UTF-8 text.
    """
    try:
        # Opened without waiting, so that a pipe without a writer cannot hang the gate.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(descriptor, "rb") as handle:
            status = os.fstat(handle.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Problem(f"{path}: it is not a regular file")
            if status.st_size > LARGEST:
                raise Problem(f"{path}: it has {status.st_size:,} bytes; the gate reads up to {LARGEST:,}")
            data = handle.read()
    except OSError as error:
        raise Problem(f"{path}: it cannot be read: {error.strerror}") from error
    except (ValueError, MemoryError) as error:
        raise Problem(f"{path}: it cannot be read: {error}") from error
    if data.startswith(b"PK\x03\x04"):
        raise Problem(
            f"{path}: this is a saved plan; convert it first: terraform show -json {path.name} > plan.json"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(f"{path}: it is not UTF-8 text (byte {error.start}): save it as UTF-8") from error
    nul = text.find("\0")
    if nul >= 0:
        raise Problem(
            f"{path}:{text.count(chr(10), 0, nul) + 1}: there is a NUL character: this is no text file"
        )
    return text


def configuration_files(folder: Path) -> list[Path]:
    """The files of a folder that Terraform reads as configuration, in its order: overrides last.

    Raises:
        Problem: the folder cannot be read, or holds files that only OpenTofu reads.

    Source: https://developer.hashicorp.com/terraform/language/files
    """
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except OSError as error:
        raise Problem(f"{folder}: it cannot be read: {error.strerror}") from error
    names = [name for name in names if not name.startswith((".", "#")) and not name.endswith("~")]
    foreign = next((name for name in names if name.endswith((".tofu", ".tofu.json"))), None)
    if foreign:
        raise Problem(
            f"{folder / foreign}: OpenTofu reads this file in place of its .tf twin, the gate does not: "
            "judge a plan instead (tofu show -json)"
        )
    found = [folder / name for name in names if name.endswith((".tf", ".tf.json"))]
    return sorted(found, key=is_override)


def is_override(path: Path) -> bool:
    """Whether Terraform merges this file over the others.

    Source: https://developer.hashicorp.com/terraform/language/files/override
    """
    stem = path.name.removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def variable_files(folder: Path) -> list[Path]:
    """The files that set variables without being named, in the order in which the later wins.

    Raises:
        Problem: the folder cannot be read.

    Source: https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
    """
    try:
        names = {entry.name for entry in os.scandir(folder)}
    except OSError as error:
        raise Problem(f"{folder}: it cannot be read: {error.strerror}") from error
    first = [name for name in ("terraform.tfvars", "terraform.tfvars.json") if name in names]
    automatic = sorted(
        name
        for name in names
        if name.endswith((".auto.tfvars", ".auto.tfvars.json")) and not name.startswith(".")
    )
    return [folder / name for name in (*first, *automatic)]
