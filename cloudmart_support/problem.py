"""Problems that a person can mend: told in words, with exit code 2 and no traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import TextIO, cast

from cloudmart_support.visible import Stream, visible_lines

DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""What a disk says that takes nothing more."""
_REFUSED = DISK | {errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR}
"""The same, and what a system says where somebody may not, or something else is there."""


class Problem(Exception):
    """Something outside this program is not as it has to be.

    The message names the place, what is wrong there, and the cure. Commands print it on
    stderr and end with exit code 2.
    """


def guarded(main: Callable[[], int]) -> int:
    """Run a command's `main`; return its exit code, or another one where it could not do its work.

    2 after a `Problem` or an output that cannot be written, each told on stderr; 130 after Ctrl-C; 141 when
    whoever read the output went away (as a shell counts SIGPIPE).

    What is printed meanwhile steers no terminal and commands no CI runner, whosever words are in it; where a stream was
    closed from the start, it goes nowhere.
    """
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, Stream(stream or _nowhere())) for stream in streams)
    try:
        return _ended(main)
    finally:
        sys.stdout, sys.stderr = streams


def _ended(main: Callable[[], int]) -> int:
    try:
        code = main()
        sys.stdout.flush()
    except Problem as problem:
        print(visible_lines(f"error: {problem}"), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        discard_output()
        return 141
    except OSError as error:
        if error.filename and error.errno in _REFUSED:
            words = "it cannot be written" if error.errno in DISK else "it cannot be used"
            print(visible_lines(f"error: {error.filename}: {words}: {error.strerror}"), file=sys.stderr)
            return 2
        if error.errno != errno.ENOSPC or error.filename:
            raise
        discard_output()
        print(f"error: the output cannot be written to stdout: {error.strerror}", file=sys.stderr)
        return 2
    return code


def _nowhere() -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def write_out(data: bytes, what: str) -> None:
    """Write bytes to stdout as they are, whatever they hold; `what` they are, in words.

    Raises:
        Problem: stdout takes no more.
    """
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; the exit code is still the answer.
        discard_output()
    except OSError as error:
        discard_output()
        raise Problem(f"the {what} cannot be written to stdout: {error.strerror}") from error


def discard_output() -> None:
    """Let what is still to be written to stdout go nowhere, so that Python's own last flush does not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
