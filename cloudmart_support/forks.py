"""Work that is done in several processes at once, each a copy of this one; none of them outlives the work."""

from __future__ import annotations

import os
import pickle
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Died:
    """A process ended without an outcome; `how` says it in words."""

    how: str


@dataclass(slots=True)
class _Running(Generic[Item]):
    index: int
    process: int
    received: bytearray = field(default_factory=bytearray)


def available() -> int:
    """The processors that this process may use; 1 where the system cannot copy a process."""
    if not hasattr(os, "fork"):
        return 1
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def each(
    work: Callable[[Item], Outcome],
    items: Sequence[Item],
    jobs: int,
    ended: Callable[[int], None] = lambda _index: None,
) -> list[Outcome | Died]:
    """What `work` makes of each item, in the order of the items, whichever was ready first.

    With one job, one item, or on a system that cannot copy a process it is done here. What `work` raises ends all of
    it there; in a process of its own it is a `Died`.

    Args:
        work: what it gives has to be picklable.
        jobs: processes at once.
        ended: called with an item's index when its outcome is there.
    """
    if min(jobs, len(items)) < 2 or not hasattr(os, "fork"):
        outcomes: list[Outcome | Died] = []
        for index, item in enumerate(items):
            outcomes.append(work(item))
            ended(index)
        return outcomes
    # Signals and groups of processes are not on every system on which the work can be done here.
    from cloudmart_support.processes import stoppable

    with stoppable():
        return _apart(work, items, jobs, ended)


def _apart(
    work: Callable[[Item], Outcome], items: Sequence[Item], jobs: int, ended: Callable[[int], None]
) -> list[Outcome | Died]:
    outcomes: dict[int, Outcome | Died] = {}
    waiting = deque(range(len(items)))
    running: dict[int, _Running[Item]] = {}
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    try:
                        _start(work, items[waiting[0]], waiting[0], running, selector)
                    except OSError:
                        # The system gives no more processes: those that there are have to do.
                        jobs = len(running)
                        if not running:
                            outcomes[waiting[0]] = work(items[waiting[0]])
                            ended(waiting[0])
                            jobs = 1
                        else:
                            break
                    waiting.popleft()
                for key, _ in selector.select() if running else ():
                    if chunk := os.read(key.fd, 1 << 20):
                        running[key.fd].received += chunk
                        continue
                    selector.unregister(key.fd)
                    one = running[key.fd]
                    outcomes[one.index] = _outcome(one)
                    del running[key.fd]
                    os.close(key.fd)
                    ended(one.index)
        finally:
            for reader in running:
                os.close(reader)
            _end([one.process for one in running.values()])
    return [outcomes[index] for index in range(len(items))]


def _start(
    work: Callable[[Item], Outcome],
    item: Item,
    index: int,
    running: dict[int, _Running[Item]],
    selector: selectors.BaseSelector,
) -> None:
    remaining = signal.getitimer(signal.ITIMER_REAL)[0]
    reader, writer = os.pipe()
    # Between the copy and the note of it no signal may come, or nobody would end it.
    former = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        try:
            process = os.fork()
        except OSError:
            os.close(reader)
            os.close(writer)
            raise
        if process == 0:
            # What reads the pipes is the parent alone, so that nobody writes on for one that is gone.
            _within_copy(work, item, writer, [reader, *running], remaining, former)
        os.close(writer)
        running[reader] = _Running(index, process)
        selector.register(reader, selectors.EVENT_READ)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _within_copy(
    work: Callable[[Item], Outcome],
    item: Item,
    writer: int,
    inherited: Sequence[int],
    remaining: float,
    mask: set[int],
) -> None:
    """Do the work and end; nothing of what the parent was about goes on here."""
    code = 1
    try:
        for reader in inherited:
            os.close(reader)
        # A copy that is left alone ends by the same bound as the whole.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, remaining)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        data = memoryview(pickle.dumps(work(item)))
        while data:
            data = data[os.write(writer, data) :]
        code = 0
    finally:
        os._exit(code)


def _outcome(one: _Running[Item]) -> Outcome | Died:
    status = os.waitpid(one.process, 0)[1]
    if status == 0:
        return cast(Outcome, pickle.loads(bytes(one.received)))
    if os.WIFSIGNALED(status):
        return Died(f"its process was ended by signal {os.WTERMSIG(status)}")
    return Died(f"its process ended with exit code {os.waitstatus_to_exitcode(status)}")


def _end(processes: Sequence[int]) -> None:
    """Ask processes to end, and kill those that do not."""
    from cloudmart_support.processes import GRACE

    left = list(processes)
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    until = time.monotonic() + GRACE
    while left and time.monotonic() < until:
        left = [process for process in left if os.waitpid(process, os.WNOHANG)[0] == 0]
        if left:
            time.sleep(0.02)
    for process in left:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
