"""Reading the judged files: bounded, as text, and with words for everything that can go wrong."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from cloudmart_support.problem import Problem

LARGEST: Final = 1 << 30
"""The largest file that is read, in bytes; nothing that a person writes or Terraform plans comes near."""

HCL: Final = (".tf", ".tofu")
"""How the names of files of configuration in HCL end."""
OPENTOFU: Final = (".tofu", ".tofu.json")
"""How those end that only OpenTofu reads."""
CONFIGURATION: Final = (".tf", ".tf.json", *OPENTOFU)
"""How the names of files of configuration end."""

MOST_FILES: Final = 10_000
"""More files below a folder than this are not listed."""

LARGEST_DATA: Final = 16 << 20
"""The largest file, in bytes, that a function of a configuration reads."""

# Opened without waiting, so that a pipe without a writer cannot hang the gate; Windows has neither that nor such pipes.
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


_drafts: dict[str, str] = {}


@contextmanager
def drafts(texts: Mapping[str, str]) -> Iterator[None]:
    """Let `read_text` give other texts for some files, by their real paths, than those that they hold."""
    former = dict(_drafts)
    _drafts.clear()
    _drafts.update(texts)
    try:
        yield
    finally:
        _drafts.clear()
        _drafts.update(former)


def read_text(path: Path) -> str:
    """The text of a regular file in UTF-8, a byte order mark removed; or its draft.

    Raises:
        Problem: it cannot be read, is no regular file, is too large, or is not UTF-8 text.
    """
    if _drafts and (draft := _drafts.get(os.path.realpath(path))) is not None:
        return draft
    data = read_bytes(path, LARGEST)
    if data.startswith(b"PK\x03\x04"):
        raise Problem(
            f"{path}: this is a saved plan; convert it first: terraform show -json {path.name} > plan.json"
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Problem(
            f"{path}: it is UTF-16, as PowerShell's > writes: save it as UTF-8 (Out-File -Encoding utf8)"
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


def read_bytes(path: Path, largest: int) -> bytes:
    """What a regular file holds.

    Raises:
        Problem: it cannot be read, is no regular file, or has more bytes than `largest`.
    """
    try:
        descriptor = os.open(path, _FLAGS)
        with os.fdopen(descriptor, "rb") as handle:
            status = os.fstat(handle.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Problem(f"{path}: it is not a regular file")
            if status.st_size > largest:
                raise Problem(
                    f"{path}: it has {status.st_size:,} bytes; the gate reads up to {largest:,} here"
                )
            data = handle.read(status.st_size + 1)
            # A file that grows, and those of /proc, which have no size.
            if len(data) > status.st_size:
                raise Problem(f"{path}: it has more bytes than its size says")
            return data
    except OSError as error:
        raise Problem(f"{path}: it cannot be read: {error.strerror}") from error
    except (ValueError, MemoryError) as error:
        raise Problem(f"{path}: it cannot be read: {error}") from error


def is_ignored(name: str) -> bool:
    """Whether Terraform passes over a file of configuration of this name: hidden, or an editor's leavings.

    Source: https://github.com/hashicorp/terraform/blob/v1.11.4/internal/configs/parser_config_dir.go
    """
    return name.startswith(".") or name.endswith("~") or (name.startswith("#") and name.endswith("#"))


_TF: Final = re.compile(r"\.tf(\.json|)\Z")


def configuration_files(folder: Path, *, opentofu: bool = True) -> list[Path]:
    """The files of a folder that are read as configuration, in the order in which they are: overrides last.

    A folder of such a name is none of them; a link, a device or a pipe is, and is refused when it is read.

    Args:
        folder: the folder.
        opentofu: whether what OpenTofu reads is asked for. It reads `x.tofu` in place of `x.tf`, and likewise in
            JSON; Terraform reads no such file.

    Raises:
        Problem: the folder cannot be read, or holds such a file whose name cannot be shown.

    Source: https://developer.hashicorp.com/terraform/language/files
    Source: https://github.com/opentofu/opentofu/blob/v1.10.6/internal/configs/parser_config_dir.go
    """
    names = [name for name, is_folder in _entries(folder) if not is_folder and not is_ignored(name)]
    foreign = {name for name in names if opentofu and name.endswith(OPENTOFU)}
    found = [
        name
        for name in names
        if name in foreign or (_TF.search(name) and _TF.sub(r".tofu\1", name) not in foreign)
    ]
    return sorted((_admitted(folder, name) for name in found), key=is_override)


def files_of_both(folder: Path) -> list[Path]:
    """The files of a folder that OpenTofu or Terraform reads as configuration, each once, OpenTofu's first.

    Raises:
        Problem: as `configuration_files`.
    """
    views = (configuration_files(folder, opentofu=opentofu) for opentofu in (True, False))
    return list(dict.fromkeys(file for view in views for file in view))


def is_override(path: Path) -> bool:
    """Whether Terraform merges this file over the others.

    Source: https://developer.hashicorp.com/terraform/language/files/override
    """
    stem = path.name.removesuffix(".json").removesuffix(".tf").removesuffix(".tofu")
    return stem == "override" or stem.endswith("_override")


def variable_files(folder: Path) -> list[Path]:
    """The files that set variables without being named, in the order in which the later wins.

    Of these none is ignored for its name: `.x.auto.tfvars` counts.

    Raises:
        Problem: the folder cannot be read, or holds such a file whose name cannot be shown.

    Source: https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
    """
    names = [name for name, _ in _entries(folder)]
    first = [name for name in ("terraform.tfvars", "terraform.tfvars.json") if name in names]
    automatic = [name for name in names if name.endswith((".auto.tfvars", ".auto.tfvars.json"))]
    return [_admitted(folder, name) for name in (*first, *automatic)]


def _entries(folder: Path) -> list[tuple[str, bool]]:
    """The names in a folder in Terraform's order, by their bytes, and which of them are folders (not links)."""
    try:
        with os.scandir(folder) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    except OSError as error:
        raise Problem(f"{folder}: it cannot be read: {error.strerror}") from error
    return sorted(found, key=lambda entry: os.fsencode(entry[0]))


def _admitted(folder: Path, name: str) -> Path:
    """The path of a file that Terraform reads by itself.

    Raises:
        Problem: its name cannot stand in a report (control characters, line ends, bytes that are no text), or it is
            a link out of the work tree or into a hidden folder, where keys and tokens lie.
    """
    if not name.isprintable():
        raise Problem(f"{folder}: the name {name!a} holds characters that cannot be shown: rename the file")
    path = folder / name
    if path.is_symlink() and leads_out(path):
        raise Problem(f"{path}: this link leads out of the tree that it stands in, or to something hidden")
    return path


def leads_out(link: Path) -> bool:
    """Whether a link leads out of the work tree, or to something hidden, where keys and tokens lie."""
    real = Path(os.path.realpath(link))
    top = _tree(link.parent.resolve(), real)
    return top is None or not _is_open(real, top)


def within_tree(link: Path) -> bool:
    """Whether a link leads to something in the work tree that it stands in."""
    real = Path(os.path.realpath(link))
    top = _tree(link.parent.resolve(), real)
    return top is not None and real.is_relative_to(top)


def _tree(folder: Path, other: Path) -> Path | None:
    """The work tree of git that a folder belongs to; without one, what holds both paths, but not the root."""
    for ancestor in (folder, *folder.parents):
        if (ancestor / ".git").exists():
            return ancestor
    shared = Path(os.path.commonpath((folder, other)))
    return shared if shared != shared.parent else None


class Reach:
    """The files that the functions of a configuration may read: its own, and none that may hold a secret.

    A configuration may be anybody's, and what it reads may come out in a report. So a file counts only if it is a
    regular one, of bounded size, within the folder of the root module or of a local module that the root calls; no
    part of its path below that folder begins with a dot (`.git`, `.env`, `.terraform`), whether as it is written or
    behind links; and it is no state. All other files are as if they could not be known: not even whether they exist
    is told.

    Args:
        root: the folder of the root module, from which Terraform takes relative paths.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders: list[Path] = []
        self.add(root)

    def add(self, folder: Path) -> None:
        """Let the files of a module's folder count as well."""
        real = folder.resolve()
        if real not in self._folders:
            self._folders.append(real)

    def file(self, path: str | Path) -> Path | None:
        """The real path of the file that a function names, or None if it is out of reach or no file."""
        try:
            written = os.path.normpath(self.root.resolve() / path)
            real = Path(os.path.realpath(self.root.resolve() / path))
            regular = stat.S_ISREG(real.lstat().st_mode)
        except (OSError, ValueError):
            return None
        if not regular or not self.holds(real) or not self.holds(Path(written)):
            return None
        return real

    def listing(self, path: str | Path, pattern: str) -> list[str] | None:
        """The files below a folder, relative to it and with slashes, of which `pattern` chooses some.

        None where something that the pattern might choose, or a folder that it might look into, is out of reach.
        """
        base = Path(os.path.normpath(self.root.resolve() / path))
        if (base not in self._folders and not self.holds(base)) or base != base.resolve():
            return None
        found: list[str] = []
        pending = [""]
        while pending:
            below = pending.pop()
            try:
                entries = sorted(os.scandir(base / below), key=lambda entry: entry.name)
            except OSError:
                return None
            for entry in entries:
                name = f"{below}/{entry.name}" if below else entry.name
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                    if "/" in pattern:
                        pending.append(name)
                elif entry.is_file(follow_symlinks=False) and self.holds(base / name):
                    found.append(name)
                # In `fnmatch` a star stands for slashes as well: it finds more than Terraform does.
                elif "**" in pattern or "{" in pattern or fnmatchcase(name, pattern):
                    return None
            if len(found) + len(pending) > MOST_FILES:
                return None
        return sorted(found)

    def holds(self, path: Path) -> bool:
        """Whether an absolute path without `..` lies within reach, be there a file or not."""
        return any(_is_open(path, folder) for folder in self._folders)

    def data(self, path: str | Path) -> bytes | None:
        """What a file within reach holds, or None.

        Raises:
            Problem: it is within reach and cannot be read, or is too large.
        """
        file = self.file(path)
        return None if file is None else read_bytes(file, LARGEST_DATA)

    def text(self, path: str | Path) -> str | None:
        """The text of a file within reach, or None; it may also be that it is no text in UTF-8.

        Raises:
            Problem: it is within reach and cannot be read, or is too large.
        """
        data = self.data(path)
        try:
            return None if data is None else data.decode("utf-8")
        except UnicodeDecodeError:
            return None


def _is_open(path: Path, folder: Path) -> bool:
    try:
        parts = path.relative_to(folder).parts
    except ValueError:
        return False
    hidden = any(part.startswith(".") for part in parts) or ".git" in path.parts
    return bool(parts) and not hidden and ".tfstate" not in parts[-1].lower()
