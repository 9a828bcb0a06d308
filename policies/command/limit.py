"""How long a run may take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cloudmart_support.problem import Problem


class Late(Problem):
    """The time for the whole run is over."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End what is done here, in words, when it takes longer; where the system has no such alarm, nothing does."""
    import signal
    import threading

    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: object) -> None:
        raise Late(f"it was not done within {seconds:g} seconds, so that nothing was judged: see --timeout")

    former = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
