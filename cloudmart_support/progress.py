"""Progress on stderr: what each step does and how long it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(words: str) -> Iterator[None]:
    """Print `words` when the step ends, with its wall time in seconds; nothing is hidden when it fails."""
    start = time.perf_counter()
    try:
        yield
    except BaseException:
        print(f"  {words} — failed after {time.perf_counter() - start:.1f} s", file=sys.stderr)
        raise
    print(f"  {words} — {time.perf_counter() - start:.1f} s", file=sys.stderr)
