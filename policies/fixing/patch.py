"""Changed files as a patch that `patch -p1` and `git apply` take."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def patch(changed: Mapping[str, tuple[str, str]], base: Path) -> str:
    """A unified patch of files, whose texts are given as they were and as they are to be.

    Args:
        changed: texts by absolute path.
        base: the folder that the patch is to be applied in; names are relative to it.
    """
    pieces: list[str] = []
    for path, (old, new) in sorted(changed.items()):
        # No header of git's own: with one, names would be those of the whole repository.
        name = os.path.relpath(path, base)
        pieces += (_named(f"{side}/{name}", mark) for side, mark in (("a", "---"), ("b", "+++")))
        for line in _hunks(old, new):
            pieces.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(pieces)


def _named(name: str, mark: str) -> str:
    if any(one in _ESCAPES for one in name):
        name = f'"{"".join(_ESCAPES.get(one, one) for one in name)}"'
    # What follows a tab is no part of the name, so that blanks before it are.
    return f"{mark} {name}{chr(9) * (' ' in name)}\n"


def _hunks(old: str, new: str) -> Iterator[str]:
    for number, line in enumerate(difflib.unified_diff(_lines(old), _lines(new))):
        if number > 1:
            yield line


def _lines(text: str) -> list[str]:
    """The lines of a text with their ends; no other character than this one ends lines for Terraform and a patch."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
