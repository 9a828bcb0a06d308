"""The project's cache folder: things that are costly to make and the same for every run and checkout.

What is in it is believed, so that nobody else may write to it; and it may be lost or damaged at any time, so that what
a folder held when it was filled is noted beside it, and one that holds less is filled anew. What nobody used for long
goes, and what was used last stays where there is too much; nothing goes that a process at work uses.
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
"""Seconds that a folder is kept after a process last began to use it."""
LARGEST: Final = 2 << 30
"""Bytes that the folders beside one another may have together."""
BYTECODE: Final = "pycache"
"""Where in the cache Python keeps what it compiled of programs that are started often."""
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
    except RuntimeError:
        base = Path()
    # A relative HOME would be another folder for each place of work, and an empty one stands for `/` here.
    if not named and (
        not base.is_absolute() or (not Path(xdg).is_absolute() and os.environ.get("HOME") == "")
    ):
        raise Problem("there is no home folder for the cache: set CLOUDMART_CACHE to a folder")
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
        raise full(folder, error.strerror) from error


def full(folder: Path, said: str | None) -> Problem:
    """What to tell of a folder of the cache that takes nothing more; `said` is the system's word."""
    return Problem(f"the cache folder {folder} cannot be filled ({said}): {_CURE}")


def folder(name: str, fill: Callable[[Path], None]) -> Path:
    """The cached folder `name`, filled once by `fill(empty folder)`, however many processes ask at once.

    A fill that fails or is killed leaves nothing behind that a later run would take for complete. A file that was cut
    or is gone since has the folder filled again. While this process lives, no other one prunes the folder.

    Raises:
        Problem: the disk is full, or cannot be written.
    """
    target = root() / name
    hold(target)
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
                        _remove(target)
                    draft.rename(target)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            prune(target.parent)
            _prune_files(root() / BYTECODE)
    return target


# What this process holds: descriptors of the files whose locks say so.
_held: dict[Path, int] = {}


def hold(target: Path) -> None:
    """Keep a folder of the cache, there or not yet, from being pruned while this process lives, and note its use.

    Raises:
        Problem: the disk is full, or cannot be written.
    """
    use = _use(target)
    with in_words(target.parent):
        if use not in _held or not use.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            _held[use] = os.open(use, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(_held[use], fcntl.LOCK_SH)
        os.utime(use)


def _use(target: Path) -> Path:
    return Path(f"{target}.use")


def _noted(target: Path) -> Path:
    return Path(f"{target}.sizes")


def _usable(target: Path) -> bool:
    """Whether a folder is there and holds all that it was filled with."""
    record = _noted(target)
    return target.is_dir() and (not record.exists() or whole(record, [target]))


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


def _remove(target: Path) -> None:
    """Remove a folder at one go: what is half removed is nowhere that it could be taken for whole."""
    aside = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    target.rename(aside / "removed")
    shutil.rmtree(aside, ignore_errors=True)


def prune(parent: Path) -> None:
    """Remove of the folders in `parent` that were held once what nobody used for long or is too much, and old drafts.

    The ones used last stay. One that a process at work holds stays in any case.
    """
    now = time.time()
    total = 0
    for used, target in sorted(_last_used(parent), reverse=True):
        with suppress(OSError):
            size = sum(_sizes(target).values())
            if now - used <= KEPT and total + size <= LARGEST:
                total += size
            else:
                _remove_unused(target, used)
    for entry in list(parent.iterdir()):
        with suppress(OSError):
            old = now - entry.stat().st_mtime > _DRAFTS_KEPT
            if old and entry.is_dir() and _DRAFT.fullmatch(entry.name) and not _use(entry).exists():
                shutil.rmtree(entry, ignore_errors=True)


def _last_used(parent: Path) -> Iterator[tuple[float, Path]]:
    # Versions before this one noted a use elsewhere.
    for target in [lock.with_suffix("") for lock in parent.glob("*.lock")]:
        with suppress(OSError):
            if target.is_dir() and not _use(target).exists():
                used = max(one.stat().st_mtime for one in (target, _noted(target)) if one.exists())
                _use(target).touch(0o600)
                os.utime(_use(target), (used, used))
    for use in list(parent.glob("*.use")):
        target = use.with_suffix("")
        with suppress(OSError):
            if target.is_dir():
                yield use.stat().st_mtime, target


def _remove_unused(target: Path, used: float) -> None:
    """Remove a folder, unless somebody holds it or has used it since."""
    with _use(target).open("r+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle.fileno()).st_mtime == used:
            _remove(target)
            _noted(target).unlink(missing_ok=True)


def _prune_files(folder: Path) -> None:
    """Remove what was compiled long ago; who still needs it compiles it again."""
    now = time.time()
    for file in list(folder.rglob("*.pyc")):
        with suppress(OSError):
            if now - file.stat().st_mtime > KEPT:
                file.unlink()
