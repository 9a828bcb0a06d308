"""The project's cache folder: things that are costly to make and the same for every run and checkout."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from support.problem import Problem


def root() -> Path:
    """The cache folder, made if need be: $CLOUDMART_CACHE, or a folder in the user's own cache.

    Raises:
        Problem: the folder cannot be made or written.

    Source: XDG Base Directory Specification, $XDG_CACHE_HOME.
    """
    named = os.environ.get("CLOUDMART_CACHE")
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(xdg) if Path(xdg).is_absolute() else Path("~/.cache").expanduser()
    folder = Path(named).absolute() if named else base / "cloudmart-infrastructure"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Problem(
            f"the cache folder {folder} cannot be written ({error.strerror}): "
            "set CLOUDMART_CACHE to a folder that can"
        ) from error
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock named after `path` (beside it, with `.lock` added), among processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{path}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def folder(name: str, fill: Callable[[Path], None]) -> Path:
    """The cached folder `name`, filled once by `fill(empty folder)`, however many processes ask at once.

    A fill that fails or is killed leaves nothing behind that a later run would take for complete.
    """
    target = root() / name
    if target.is_dir():
        return target
    with locked(target):
        if not target.is_dir():
            draft = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
            try:
                fill(draft)
                draft.rename(target)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    return target
