"""Where reports go: a file, a device or stdout."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cloudmart_support.problem import Problem, write_out
from policies.engine.catalogue import Entry
from policies.engine.judging import Result


def report(
    format: str, output: Path | None, result: Result, rules: Sequence[Entry], *, quiet: bool = False
) -> None:
    """Write one report; to a terminal with colour and at its width."""
    from policies.reports import render

    colour, width = False, 100
    if format == "text" and output is None:
        colour, width = is_coloured(), terminal_width()
    write(render(format, result, rules, colour=colour, width=width, quiet=quiet), output)


def is_coloured() -> bool:
    """Whether stdout gets colours, by https://no-color.org and https://force-color.org, the first over the second."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and os.environ.get("TERM") != "dumb")


def terminal_width() -> int:
    """The terminal's columns, or 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns


def write(text: str, output: Path | None) -> None:
    """Write to a file, whole or not at all, or to stdout."""
    if output is None:
        # A console that cannot show a character shows its escape instead of ending the program.
        write_out(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"), "report")
        return
    try:
        if _is_no_file(output):
            _pass_on(text, output)
            return
        output.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as handle:
                handle.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(output)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Problem(f"{output}: the report cannot be written: {error.strerror}") from error


def _is_no_file(output: Path) -> bool:
    """Whether a device or pipe is named, which is written to and not replaced; a link is followed in /dev alone."""
    if output.is_symlink() and Path("/dev") not in output.absolute().parents:
        return False
    return output.exists() and not output.is_file()


def _pass_on(text: str, output: Path) -> None:
    """Write to a device or a pipe; one that nobody reads from is an error, and not waited for."""
    # Windows has neither of these, nor pipes that are files.
    descriptor = os.open(output, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as handle:
        handle.write(text)
