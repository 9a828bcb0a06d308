"""A line on the terminal that says how far a run over many roots is; gone when it ends."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from types import TracebackType

from cloudmart_support.visible import visible


class Progress:
    """The line, on stderr, and only where that is a terminal.

    Args:
        names: what is worked at, in words.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._done = 0
        self._shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def __enter__(self) -> Progress:
        self._show("")
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._write("\r\x1b[K")

    def ended(self, index: int) -> None:
        """One of them is done."""
        self._done += 1
        self._show(f": {visible(self._names[index])}")

    def _show(self, last: str) -> None:
        if self._shown:
            width = shutil.get_terminal_size((80, 24)).columns - 1
            self._write(f"\r\x1b[K{f'{self._done} of {len(self._names)} judged{last}'[:width]}")

    def _write(self, text: str) -> None:
        # Past the guard of the stream, which lets nothing steer the terminal.
        sys.stderr.flush()
        sys.stderr.buffer.write(text.encode(sys.stderr.encoding or "utf-8", "backslashreplace"))
        sys.stderr.buffer.flush()
