"""What nobody foresaw, in words."""

from __future__ import annotations

from pathlib import Path

from cloudmart_support.problem import DISK, Problem


def broke(error: Exception) -> Problem:
    """What to tell of an error that nobody foresaw, or of a machine that had no more room in the middle of the work."""
    if isinstance(error, MemoryError):
        return Problem("more memory is needed than may be used here, so that nothing was judged: allow more")
    if isinstance(error, OSError) and error.errno in DISK:
        return Problem(
            f"{error.filename or 'a temporary file'}: it cannot be written ({error.strerror}), so that nothing was "
            "judged: make room there, or set TMPDIR to a folder with room"
        )
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    return Problem(
        f"the gate itself broke, so that nothing was judged: {type(error).__name__}: {error} ({place}); "
        "please report this"
    )
