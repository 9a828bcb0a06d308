"""The project's cache folder: things that are costly to make and the same for every run and checkout.

What is in it is believed, so that nobody else may write to it; and it may be lost or damaged at any time, so that what
a folder held when it was filled is noted beside it, and one that holds less is filled anew.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from cloudmart_support.problem import Problem

KEPT: Final = 30 * 24 * 3600.0
"""Seconds that a folder is kept after it was last used."""
_DRAFTS_KEPT: Final = 24 * 3600.0
_DRAFT: Final = re.compile(r".+\.[a-z0-9_]{8}")
_CURE: Final = "make room there, or set CLOUDMART_CACHE to a folder that can be written"
_DISK: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG, errno.EACCES, errno.EPERM}
)


def root() -> Path:
    """The cache folder, made if need be: $CLOUDMART_CACHE, or a folder in the user's own cache.

    Where others can write to that folder, it is a folder of this user alone in it.

    Raises:
        Problem: the folder cannot be made or written, or there is no home to make it in.

    Source: XDG Base Directory Specification, $XDG_CACHE_HOME.
    """
    named = os.environ.get("CLOUDMART_CACHE")
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(xdg) if Path(xdg).is_absolute() else Path("~/.cache").expanduser()
    except RuntimeError as error:
        if not named:
            raise Problem("there is no home folder for the cache: set CLOUDMART_CACHE to a folder") from error
        base = Path()
    folder = Path(named).absolute() if named else base / "cloudmart-infrastructure"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if _others_write(folder.stat()):
            folder = folder / f"user-{os.geteuid()}"
            folder.mkdir(mode=0o700, exist_ok=True)
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or _others_write(status):
                raise Problem(f"the cache folder {folder} is somebody else's: {_CURE}")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Problem(f"the cache folder {folder} cannot be written ({error.strerror}): {_CURE}") from error
    return folder


def _others_write(status: os.stat_result) -> bool:
    """Whether a folder is somebody else's, or one that others may write; the user's own group is no other."""
    shared = bool(status.st_mode & stat.S_IWGRP) and status.st_gid != os.getegid()
    return status.st_uid != os.geteuid() or shared or bool(status.st_mode & stat.S_IWOTH)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock named after `path` (beside it, with `.lock` added), among processes.

    Raises:
        Problem: the lock cannot be made.
    """
    with in_words(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


@contextmanager
def in_words(folder: Path) -> Iterator[None]:
    """Tell what the disk refuses as a problem."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK:
            raise
        raise Problem(f"the cache folder {folder} cannot be filled ({error.strerror}): {_CURE}") from error


def folder(name: str, fill: Callable[[Path], None]) -> Path:
    """The cached folder `name`, filled once by `fill(empty folder)`, however many processes ask at once.

    A fill that fails or is killed leaves nothing behind that a later run would take for complete. A file that was cut
    or is gone since has the folder filled again. Folders that nobody used for a month go when another is filled.

    Raises:
        Problem: the disk is full, or cannot be written.
    """
    target = root() / name
    if _usable(target):
        return target
    with locked(target):
        if not _usable(target):
            with in_words(target.parent):
                draft = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
            try:
                with in_words(target.parent):
                    fill(draft)
                    note(_noted(target), [draft])
                    if target.exists():
                        damaged = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
                        target.rename(damaged / "damaged")
                        shutil.rmtree(damaged, ignore_errors=True)
                    draft.rename(target)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            _prune(target.parent, kept=target)
    return target


def _noted(target: Path) -> Path:
    return Path(f"{target}.sizes")


def _usable(target: Path) -> bool:
    """Whether a folder is there and holds all that it was filled with; its use is noted."""
    if not target.is_dir():
        return False
    record = _noted(target)
    if record.exists():
        if not whole(record, [target]):
            return False
        with suppress(OSError):
            os.utime(record)
    return True


def note(record: Path, folders: Iterable[Path]) -> None:
    """Note in a file how large each file in some folders is; whole, or not at all.

    Raises:
        OSError: it cannot be written.
    """
    text = json.dumps([_sizes(folder) for folder in folders])
    draft = record.with_name(f"{record.name}.{os.getpid()}")
    try:
        draft.write_text(text)
        draft.replace(record)
    finally:
        draft.unlink(missing_ok=True)


def whole(record: Path, folders: Iterable[Path]) -> bool:
    """Whether each file that was noted is in its folder still, as large as it was; more files do not matter."""
    try:
        noted = json.loads(record.read_text())
        return all(
            (folder / name).stat().st_size == size
            for sizes, folder in zip(noted, folders, strict=True)
            for name, size in sizes.items()
        )
    except (OSError, ValueError, AttributeError, TypeError):
        return False


def _sizes(folder: Path) -> dict[str, int]:
    return {
        str(file.relative_to(folder)): file.stat().st_size for file in folder.rglob("*") if file.is_file()
    }


def _prune(parent: Path, kept: Path) -> None:
    """Remove the folders beside `kept` that nobody used for long, and drafts that nobody finished."""
    now = time.time()
    for entry in list(parent.iterdir()):
        try:
            if entry.suffix == ".lock":
                target = entry.with_suffix("")
                used = max(one.stat().st_mtime for one in (target, _noted(target)) if one.exists())
                if target != kept and target.is_dir() and now - used > KEPT:
                    with entry.open("w") as handle:
                        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        shutil.rmtree(target, ignore_errors=True)
                        _noted(target).unlink(missing_ok=True)
            elif (
                entry.is_dir() and _DRAFT.fullmatch(entry.name) and now - entry.stat().st_mtime > _DRAFTS_KEPT
            ):
                shutil.rmtree(entry, ignore_errors=True)
        except (OSError, ValueError):
            continue  # it is in use, or gone already
