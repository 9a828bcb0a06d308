"""Changed files written: all of them or none, each in one step, and none that somebody changed meanwhile."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cloudmart_support.problem import Problem
from policies.readers.files import LARGEST, read_bytes

BOM = b"\xef\xbb\xbf"


def originals(former: Mapping[str, str]) -> dict[str, bytes]:
    """What files hold, whose texts were read before.

    Raises:
        Problem: one cannot be read, or has changed meanwhile.
    """
    held = {}
    for path, text in former.items():
        held[path] = read_bytes(Path(path), LARGEST)
        if held[path].removeprefix(BOM) != text.encode():
            raise _changed(path)
    return held


def drafted(original: bytes, draft: str) -> bytes:
    """A draft as it is written: behind a byte order mark where the file has one."""
    return (BOM if original.startswith(BOM) else b"") + draft.encode()


def write(drafts: Mapping[str, str], before: Mapping[str, bytes]) -> None:
    """Put the drafts in the place of the files.

    Args:
        drafts: texts by real path.
        before: what the files held when the drafts were made of them.

    Raises:
        Problem: a file cannot be written, or has changed meanwhile; then none of them is changed.
    """
    waiting: list[tuple[str, str]] = []
    done: list[str] = []
    try:
        for path, draft in drafts.items():
            # Another file could take the place of one that nobody is to write.
            if not os.access(path, os.W_OK):
                raise Problem(f"{path}: it cannot be written, so that nothing was: it is read-only")
            waiting.append((_beside(path, drafted(before[path], draft)), path))
        for temporary, path in waiting:
            if read_bytes(Path(path), LARGEST) != before[path]:
                raise _changed(path)
            Path(temporary).replace(path)
            done.append(path)
    except BaseException as error:
        for written in done:
            Path(_beside(written, before[written])).replace(written)
        if isinstance(error, OSError):
            raise Problem(f"{path}: it cannot be written, so that nothing was: {error.strerror}") from error
        raise
    finally:
        for temporary, _ in waiting:
            with suppress(FileNotFoundError):
                Path(temporary).unlink()


def _changed(path: str) -> Problem:
    return Problem(f"{path}: somebody else changed it meanwhile, so that nothing was written: try again")


def _beside(path: str, data: bytes) -> str:
    """A file beside another one, with its mode and its owner, as far as that may be given away."""
    target = Path(path)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        status = target.stat()
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
            if hasattr(os, "fchown"):
                with suppress(PermissionError):
                    os.fchown(handle.fileno(), status.st_uid, status.st_gid)
        Path(name).chmod(stat.S_IMODE(status.st_mode))
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return name
