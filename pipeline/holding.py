"""Private copies of all that decides: read once from the project's folders, and from then on only the copy counts.

What lies in the project's folders can be written by others while a command is at work. So a command copies it into
a folder of its own, sums the copies, and judges and applies nothing but these.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudmart_support import cache
from cloudmart_support.problem import Problem
from pipeline.target import Target

CONFIGURATION = "cdk.tf.json"
LOCK = ".terraform.lock.hcl"
_LARGEST = 512 * 2**20
"""Bytes that a file may have: many times a large stack's plan."""
_PIECE = 2**20

# What Terraform may leave in its working folder for the next run.
_STAYING = frozenset((".terraform", LOCK, "errored.tfstate", "crash.log"))
# What this program and Terraform put beside the synthesized JSON. Terraform runs elsewhere and reads none of it.
_KNOWN = frozenset(
    (
        CONFIGURATION,
        ".pipeline.lock",
        ".terraform",
        LOCK,
        ".terraform.tfstate.lock.info",
        "destroy.html",
        "drift.md",
        "errored.tfstate",
        "last-apply",
        "plan",
        "plan.tar",
        "plan.tar.sig",
        "terraform.tfstate",
        "terraform.tfstate.backup",
    )
)
DRAFT = ".plan-"
"""How the name of a folder begins that is being written, or was left by a run that was killed."""


@dataclass(frozen=True)
class Copy:
    """A private copy of a file, with what it was made from.

    `sha256` is that of the copy, empty where there was no such file.
    """

    path: Path
    source: Path
    sha256: str


@dataclass(frozen=True)
class Inputs:
    """What a plan is made from and judged by, in a private folder.

    `copies` are by role, as in `record.INPUTS`. `configuration` is the synthesized JSON, parsed; `folder` holds it,
    written anew from what was parsed, and nothing else.
    """

    copies: Mapping[str, Copy]
    configuration: Mapping[str, Any]
    folder: Path

    def file(self, role: str) -> Path | None:
        """The copy of the waivers or parameters; None where there are none."""
        copy = self.copies[role]
        return copy.path if copy.sha256 else None


def sources(target: Target, private: Path) -> dict[str, Copy]:
    """Copies of what a plan of the target is made from and judged by, by role.

    Raises:
        Problem: a file is none that can be believed.
    """
    return taken(
        {
            "configuration": target.configuration,
            "settings": target.settings,
            "waivers": target.waivers,
            "parameters": target.parameters,
        },
        private / "inputs",
    )


def inputs(target: Target, copies: Mapping[str, Copy], private: Path) -> Inputs:
    """What `sources` copied, ready to be judged.

    Raises:
        Problem: the stack's folder holds what synthesis did not write, or its JSON is none.
    """
    _refuse_strangers(target)
    content = parsed(copies["configuration"].path, target.shown(target.configuration))
    folder = private / "configuration"
    folder.mkdir(mode=0o700)
    write(folder / CONFIGURATION, content)
    return Inputs(copies, content, folder)


def taken(sources: Mapping[str, Path], into: Path) -> dict[str, Copy]:
    """Copy files into the folder `into`, which is made; a file that is not there has an empty sum.

    All files of one folder are read from that same folder, whatever is put in its place meanwhile.

    Raises:
        Problem: one of them, or its folder, is a link, or no regular file, or it cannot be read.
    """
    into.mkdir(mode=0o700, exist_ok=True)
    folders: dict[Path, int | None] = {}
    try:
        for source in sources.values():
            if source.parent not in folders:
                folders[source.parent] = _opened(source.parent, os.O_DIRECTORY, None)
        return {
            role: _taken(source, folders[source.parent], into / source.name)
            for role, source in sources.items()
        }
    finally:
        for descriptor in folders.values():
            if descriptor is not None:
                os.close(descriptor)


def _opened(path: Path, kind: int, folder: int | None) -> int | None:
    """A descriptor of a file or folder that is no link; None where there is none."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | kind
    try:
        return os.open(path if folder is None else path.name, flags, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK, errno.ENXIO):
            what = "a folder" if kind else "a file"
            raise Problem(
                f"{path}: is a link or a device where {what} of this project's own has to be, so what is in it is not "
                "believed: remove it, and plan again"
            ) from error
        raise Problem(f"{path}: cannot be read ({error.strerror})") from error


def _taken(source: Path, folder: int | None, target: Path) -> Copy:
    descriptor = _opened(source, 0, folder) if folder is not None else None
    if descriptor is None:
        return Copy(target, source, "")
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise Problem(
                f"{source}: is a pipe, a device or a folder, and no file: remove it, and plan again"
            )
        if about.st_nlink != 1:
            raise Problem(
                f"{source}: has another name somewhere (a hard link), by which it could be changed: put a copy in its "
                "place, and plan again"
            )
        digest, size = hashlib.sha256(), 0
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
            while piece := file.read(_PIECE):
                size += len(piece)
                if size > _LARGEST:
                    raise Problem(
                        f"{source}: is larger than {_LARGEST // 2**20} MiB, and no file of this project's"
                    )
                digest.update(piece)
                copy.write(piece)
    return Copy(target, source, digest.hexdigest())


def parsed(path: Path, name: str) -> dict[str, Any]:
    """A file's JSON object; `name` is for the words of a problem.

    Raises:
        Problem: it cannot be read, is none, or has a key twice (of which programs read different ones).
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique)
    except OSError as error:
        raise Problem(f"{name}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise Problem(f"{name}: is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise Problem(f"{name}: is not a JSON object")
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is there twice")
    return found


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON into a new file that only its owner can read."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def workplace(target: Target) -> Path:
    """The folder in which Terraform runs, outside of the project; what is in it was written from here or by Terraform.

    Raises:
        Problem: it is not this user's own.
    """
    key = hashlib.sha256(str(target.folder).encode()).hexdigest()[:12]
    place = cache.root() / "pipeline" / f"{target.stack}-{key}"
    place.parent.mkdir(exist_ok=True)
    place.mkdir(mode=0o700, exist_ok=True)
    about = place.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid():
        raise Problem(f"{place}: is not a folder of your own: remove it")
    place.chmod(0o700)
    return place


def lay_out(target: Target, place: Path, configuration: Mapping[str, Any], lock: Path | None = None) -> None:
    """Put the configuration into Terraform's folder, in the place of all that is there but Terraform's own.

    `lock` is a lock file to put there, too.

    A state that is kept beside the synthesized JSON stays there: its path is written whole.
    """
    for entry in place.iterdir():
        if entry.name in _STAYING and not entry.is_symlink():
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    settings = dict(configuration.get("terraform") or {})
    local = (settings.get("backend") or {}).get("local")
    if local is not None and not target.local:
        path = str(target.folder / str(local.get("path") or "terraform.tfstate"))
        settings["backend"] = {"local": {**local, "path": path}}
    write(place / CONFIGURATION, {**configuration, "terraform": settings})
    if lock is not None:
        (place / LOCK).unlink(missing_ok=True)
        shutil.copyfile(lock, place / LOCK)


def published(target: Target, private: Path, names: Iterable[str], into: Path) -> None:
    """Copy files of a private folder into one of the target's, which appears whole; only its owner can read them.

    Raises:
        OSError: it cannot be written.
    """
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=target.work))
    try:
        for name in names:
            if (private / name).is_file():
                copied(private / name, draft / name)
        removed(into)
        draft.rename(into)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def copied(source: Path, target: Path) -> None:
    """Copy a file into a new one that only its owner can read.

    Raises:
        OSError: it cannot be read or written.
    """
    with (
        source.open("rb") as file,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy,
    ):
        shutil.copyfileobj(file, copy)


def locked(lock: Path) -> list[str]:
    """The providers that a lock file names, each with its version, sorted.

    Source: https://developer.hashicorp.com/terraform/language/files/dependency-lock
    """
    text = lock.read_text(encoding="utf-8")
    return sorted(
        f"{source} {version}"
        for source, version in re.findall(r'^provider "([^"]+)" \{\n  version\s*=\s*"([^"]+)"', text, re.M)
    )


def removed(folder: Path) -> None:
    """Remove a folder of the target's; of a link, the link alone."""
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_strangers(target: Target) -> None:
    """Refuse what synthesis did not write into the stack's folder: it is not part of what is planned.

    Raises:
        Problem: there is such a thing.
    """
    if target.folder.is_symlink():
        raise Problem(f"{target.shown(target.folder)}: is a link: remove it, then {target.make('plan')}")
    for entry in sorted(target.folder.iterdir()):
        if (entry.name not in _KNOWN and not entry.name.startswith(DRAFT)) or entry.is_symlink():
            raise Problem(
                f"{target.shown(entry)}: was not written by synthesis, and is not part of what is planned: the "
                f"settings and the modules are where the configuration is changed. Remove it, then "
                f"{target.make('plan')}"
            )
        if entry.name.endswith((".tfstate", ".backup")) and entry.lstat().st_nlink != 1:
            raise Problem(
                f"{target.shown(entry)}: has another name somewhere (a hard link), and would be written there: put a "
                "copy in its place"
            )
