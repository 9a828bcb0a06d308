"""What a run judges: the paths that are named, the roots below them, and what a pattern stands for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cloudmart_support.problem import Problem
from cloudmart_support.visible import visible
from policies.repository import Repository

_FILES: Final = (".tf", ".tofu", ".json")
_PASSED_OVER: Final = frozenset({"node_modules"})


@dataclass(frozen=True, slots=True)
class Targets:
    """The paths to judge, each once and in order, and in words what was left out of those that were found."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def find(named: Sequence[Path], *, recursive: bool = False) -> Targets:
    """The paths to judge.

    A path with `*`, `?` or `[` in it that does not exist as it is stands for the folders with configuration that it
    matches, or for files where it ends in `.tf`, `.tofu` or `.json`.

    Args:
        named: what was asked for.
        recursive: whether a folder stands for the roots in and below it.

    Raises:
        Problem: a path does not exist, a pattern matches nothing, there is no root, or a folder cannot be read.
    """
    paths: dict[Path, None] = {}
    notes: list[str] = []
    for path in named:
        is_pattern = any(character in str(path) for character in "*?[") and not os.path.lexists(path)
        chosen = _matches(path, notes) if is_pattern else [path]
        for one in chosen:
            if recursive and one.is_dir():
                paths.update(dict.fromkeys(_roots(one, notes)))
            else:
                paths[one] = None
    if len(paths) > 1:
        # One word that is mistyped is no judgement on the others.
        for path in paths:
            if not os.path.lexists(path):
                raise Problem(f"{path}: it cannot be read: No such file or directory")
    return Targets(tuple(paths), tuple(notes))


def _matches(pattern: Path, notes: list[str]) -> list[Path]:
    start = Path(pattern.anchor)
    parts = pattern.relative_to(start).parts
    try:
        # Sorted by parts, and what is hidden only where the pattern itself says so.
        found = sorted(
            one
            for one in start.glob(str(Path(*parts)))
            if not any(part.startswith(".") for part in one.parts if part not in (*parts, ".."))
        )
    except (ValueError, NotImplementedError) as error:
        raise Problem(f"{pattern}: it is no pattern of paths: {error}") from error
    except OSError as error:
        raise Problem(f"{error.filename}: it cannot be read: {error.strerror}") from error
    if pattern.name.endswith(_FILES):
        chosen = [one for one in found if one.is_file()]
    else:
        top = _common(pattern).resolve()
        away = [one for one in found if one.is_dir() and not one.resolve().is_relative_to(top)]
        _note(notes, f"{pattern}: a link out of {top} is not followed", away)
        folders = [one for one in found if one.is_dir() and one not in away]
        chosen = [one for one in folders if any(name.endswith(_FILES[:2]) or name.endswith(".tf.json") for name in os.listdir(one))]
        _note(notes, f"{pattern}: there is no configuration in", [one for one in folders if one not in chosen])
    if not chosen:
        raise Problem(f"{pattern}: no {'file' if pattern.name.endswith(_FILES) else 'folder with configuration'} matches this pattern")
    return chosen
