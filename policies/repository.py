"""A repository's folders of Terraform configuration: which there are, which calls which, and which are roots.

A root is a folder that is applied by itself. A folder that another one calls as a local module is none, unless it looks
like one: it has a backend, a provider's configuration, a variables file or a lock file.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.readers import files, hcl, terraform_json
from policies.readers.declared import Block, is_local, plain_text

NOBODYS: Final = frozenset({".git", ".terraform"})
"""Folders in which nobody writes configuration: git's own, and Terraform's copies."""
_JUDGED: Final = frozenset({"resource", "ephemeral", "module"})
_SIGNS: Final = frozenset({"backend", "cloud"})


@dataclass(frozen=True, slots=True)
class _Contents:
    """What the files of a folder hold: kinds of blocks, what stands in `terraform` blocks, and whether each variable
    has a default."""

    kinds: set[str]
    settings: set[str]
    complete: bool


@dataclass(eq=False)
class Folder:
    """A folder with configuration: its files, its calls of local modules, and whether something beside the files makes
    it look like a root."""

    path: Path
    found: list[Path]
    rooted: bool = False
    calls: list[tuple[str, Path]] = field(default_factory=list)
    legible: bool = True

    @property
    def declares(self) -> bool:
        """Whether it holds anything that could be judged; one of outputs and locals alone does not."""
        return self._contents is None or bool(self._contents.kinds & _JUDGED)

    @property
    def looks_like_a_root(self) -> bool:
        """Whether there is a sign that it is applied by itself; what cannot be parsed may be one."""
        held = self._contents
        return self.rooted or held is None or "provider" in held.kinds or bool(held.settings & _SIGNS)

    @property
    def stands_alone(self) -> bool:
        """Whether it can be applied by itself, or looks as if it were."""
        return self.looks_like_a_root or self._contents is None or self._contents.complete

    @cached_property
    def _contents(self) -> _Contents | None:
        """None where a file cannot be parsed."""
        held = _Contents(set(), set(), True)
        complete = True
        for file in self.found:
            try:
                text = files.read_text(file)
                blocks = _blocks(file, text)
                held.settings.update(_settings(file, text))
            except Problem:
                return None
            held.kinds.update(block.kind for block in blocks)
            complete &= all("default" in block.body for block in blocks if block.kind == "variable")
        return replace(held, complete=complete)


class Repository:
    """The folders of configuration below `base`, by their real paths, and which calls which.

    Links to folders are not followed: `links` are those. `unseen` are the folders that were not looked into, without
    `NOBODYS`; `unreadable` says which could not be.

    Args:
        base: the folder.
        passed_over: names of folders that are not looked into.
        hidden: whether hidden folders are looked into.
    """

    def __init__(self, base: Path, passed_over: Collection[str], *, hidden: bool = True) -> None:
        self.folders: dict[Path, Folder] = {}
        self.unseen: list[Path] = []
        self.links: list[Path] = []
        self.unreadable: list[OSError] = []
        variables: list[Path] = []

        for root, below, names in os.walk(base, onerror=self.unreadable.append):
            here = Path(root)
            seen = [name for name in sorted(below) if name not in passed_over]
            if not hidden:
                seen = [name for name in seen if not name.startswith(".")]
            self.unseen += [here / name for name in below if name not in seen and name not in NOBODYS]
            self.links += [here / name for name in seen if (here / name).is_symlink()]
            below[:] = seen
            if any(name.endswith((".tfvars", ".tfvars.json")) for name in names):
                variables.append(here)
            found = _configuration(here, names)
            if found:
                self.folders[here.resolve()] = Folder(here, found, ".terraform.lock.hcl" in names)
        for folder in variables:
            owner = next((one for one in (folder, *folder.parents) if one.resolve() in self.folders), None)
            if owner is not None:
                self.folders[owner.resolve()].rooted = True
        for one in self.folders.values():
            _note_calls(one)

    @cached_property
    def callers(self) -> dict[Path, list[Folder]]:
        """Who calls a folder, by its real path."""
        found: dict[Path, list[Folder]] = {}
        for folder in self.folders.values():
            for _, target in folder.calls:
                found.setdefault(target, []).append(folder)
        return found

    def called(self, folder: Folder) -> bool:
        """Whether another folder calls it as a module."""
        return any(caller is not folder for caller in self.callers.get(folder.path.resolve(), ()))

    def roots(self) -> list[Folder]:
        """The roots, sorted, and whatever else is not reached from them through calls."""
        declaring = sorted((one for one in self.folders.values() if one.declares), key=lambda one: one.path)
        chosen: list[Folder] = []
        reached: set[Path] = set()
        first = [one for one in declaring if not self.called(one) or one.looks_like_a_root]
        # Behind them, folders that call one another in a circle: the gate says it.
        for folder in (*first, *declaring):
            if folder.path.resolve() in reached and folder not in first:
                continue
            if folder not in chosen:
                chosen.append(folder)
                self._reach(folder, reached)
        return sorted(chosen, key=lambda one: one.path)

    def _reach(self, root: Folder, reached: set[Path]) -> None:
        pending = [root.path.resolve()]
        while pending:
            real = pending.pop()
            if real not in reached and real in self.folders:
                reached.add(real)
                pending.extend(target for _, target in self.folders[real].calls)


def _configuration(folder: Path, names: Iterable[str]) -> list[Path]:
    """The files of a folder that Terraform reads, as the gate's reader tells them."""
    if not any(name.endswith(files.CONFIGURATION) for name in names):
        return []
    try:
        return files.files_of_both(folder)
    except Problem:
        return [folder]  # the gate says what is wrong with it


def _note_calls(folder: Folder) -> None:
    """Read the calls of local modules in a folder's files, those of overridden blocks too."""
    for file in folder.found:
        try:
            text = files.read_text(file)
            # Most files call nothing, and parsing takes longer than reading. A key in JSON may be escaped.
            if "module" not in text and not (file.name.endswith(".json") and "\\u" in text):
                continue
            blocks = _blocks(file, text)
        except Problem:
            folder.legible = False
            continue
        for block in blocks:
            source = plain_text(block.body.get("source"))
            if block.kind == "module" and is_local(source):
                folder.calls.append((block.labels[0], (folder.path / source).resolve()))


def _blocks(file: Path, text: str) -> list[Block]:
    parse = hcl.parse if file.name.endswith(files.HCL) else terraform_json.parse
    return parse(text, str(file))


def _settings(file: Path, text: str) -> set[str]:
    """What stands in the `terraform` blocks of a file."""
    if file.name.endswith(files.HCL):
        return {name for body in hcl.settings(text, str(file)) for name in body}
    found: Any = terraform_json.decode(text, str(file)).get("terraform", [])
    bodies = found if isinstance(found, list) else [found]
    return {name for body in bodies if isinstance(body, dict) for name in body}
