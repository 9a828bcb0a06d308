"""What a run judges: the paths that are named, the roots below them, and what a pattern stands for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cloudmart_support.problem import Problem
from cloudmart_support.visible import visible
from policies.readers.files import CONFIGURATION, leads_out

_FILES: Final = (".tf", ".tofu", ".json")
_PASSED_OVER: Final = frozenset({"node_modules"})


@dataclass(frozen=True, slots=True)
class Targets:
    """The paths to judge, each once and in order, and in words what was left out of those that were found.

    `found` are those of them that nobody named.
    """

    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    found: frozenset[Path] = frozenset()


def find(named: Sequence[Path], *, recursive: bool = False, searched: Sequence[Path] = ()) -> Targets:
    """The paths to judge.

    A path with `*`, `?` or `[` in it that does not exist as it is stands for the folders with configuration that it
    matches, or for files where it ends in `.tf`, `.tofu` or `.json`.

    Args:
        named: what was asked for.
        recursive: whether a folder stands for the roots in and below it.
        searched: folders that stand for these in any case.

    Raises:
        Problem: a path does not exist, a pattern matches nothing, there is no root, or a folder cannot be read.
    """
    paths: dict[Path, None] = {}
    notes: list[str] = []
    for path in named:
        is_pattern = any(character in str(path) for character in "*?[") and not os.path.lexists(path)
        chosen = _matches(path, recursive, notes) if is_pattern else [path]
        for one in chosen:
            if recursive and one.is_dir():
                paths.update(dict.fromkeys(_roots(one, notes)))
            else:
                paths[one] = None
    for folder in searched:
        paths.update(dict.fromkeys(_roots(folder, notes)))
    if len(paths) > 1:
        # One word that is mistyped is no judgement on the others.
        for path in paths:
            if not os.path.lexists(path):
                raise Problem(f"{path}: it cannot be read: No such file or directory")
    return Targets(tuple(paths), tuple(notes), frozenset(paths) - frozenset(named))


def _matches(pattern: Path, recursive: bool, notes: list[str]) -> list[Path]:
    start = Path(pattern.anchor)
    parts = pattern.relative_to(start).parts
    of_files = pattern.name.endswith(_FILES)
    try:
        found = sorted(start.glob(str(Path(*parts))))
        # What is hidden is meant only where the pattern itself says so.
        found = [one for one in found if not any(map(_is_hidden, set(one.parts) - set(parts)))]
        found = [one for one in found if (one.is_file() if of_files else one.is_dir())]
        outside = [one for one in found if one.is_symlink() and leads_out(one)]
        inside = [one for one in found if one not in outside]
        chosen = [one for one in inside if of_files or recursive or _has_configuration(one)]
    except (ValueError, NotImplementedError) as error:
        raise Problem(f"{pattern}: it is no pattern of paths: {error}") from error
    except OSError as error:
        raise Problem(f"{error.filename}: it cannot be read: {error.strerror}") from error
    if not chosen:
        meant = "file" if of_files else "folder with Terraform configuration"
        raise Problem(f"{pattern}: no {meant} matches this pattern")
    _note(notes, "links that lead out of the tree are not followed", outside)
    _note(notes, "without Terraform configuration", [one for one in inside if one not in chosen])
    return chosen


def _is_hidden(part: str) -> bool:
    return part.startswith(".") and part != ".."


def _has_configuration(folder: Path) -> bool:
    return any(one.name.endswith(CONFIGURATION) for one in folder.iterdir())


def _roots(base: Path, notes: list[str]) -> list[Path]:
    """The roots in and below a folder."""
    from policies.repository import Repository

    repository = Repository(base, _PASSED_OVER, hidden=False)
    found = repository.roots()
    # Each is told when it comes to judging it, and the others are judged.
    closed = [Path(error.filename) for error in repository.unreadable]
    if not found and not closed:
        raise Problem(
            f"{base}: there is no root in or below this folder: no Terraform configuration (*.tf, *.tf.json) that "
            "declares anything to judge; hidden folders and node_modules are not looked into"
        )
    left = sorted(
        (one for one in repository.folders.values() if one not in found), key=lambda folder: folder.path
    )
    _note(notes, "judged through the roots that call them", [one.path for one in left if one.declares])
    _note(
        notes,
        "nothing is declared there that could be judged",
        [one.path for one in left if not one.declares],
    )
    _note(notes, "hidden folders and node_modules are not looked into", repository.unseen)
    _note(notes, "links to folders are not followed", repository.links)
    return sorted([*(one.path for one in found), *closed])


def _note(notes: list[str], why: str, paths: Iterable[Path]) -> None:
    if named := ", ".join(visible(str(path)) for path in paths):
        notes.append(f"left out: {named} ({why})")
