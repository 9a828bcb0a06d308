"""Work that is done in several processes at once, each a copy of this one; none of them outlives the work."""

from __future__ import annotations

import os
import pickle
import selectors
import signal
import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeVar, cast

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
_HEAD: Final = struct.Struct("!Q")
"""What asks for an item, by its index, and what stands before an outcome, its length."""


@dataclass(frozen=True, slots=True)
class Died:
    """A process ended without an outcome; `how` says it in words."""

    how: str


@dataclass(slots=True)
class _Copy:
    """A copy of this process at work on the item `index`: asked through `asking`, and what came back of its answer."""

    process: int
    asking: int
    index: int
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
    copies: dict[int, _Copy] = {}

    def done(index: int, outcome: Outcome | Died) -> None:
        outcomes[index] = outcome
        ended(index)

    with selectors.DefaultSelector() as selector:
        try:
            while waiting or copies:
                while waiting and len(copies) < jobs:
                    try:
                        reader = _start(work, items, waiting[0], copies)
                    except OSError:
                        # The system gives no more processes: those that there are have to do.
                        jobs = max(1, len(copies))
                        if not copies:
                            done(waiting[0], work(items[waiting[0]]))
                            waiting.popleft()
                        break
                    selector.register(reader, selectors.EVENT_READ)
                    waiting.popleft()
                for key, _ in selector.select() if copies else ():
                    one = copies[key.fd]
                    chunk = os.read(key.fd, 1 << 20)
                    one.received += chunk
                    if chunk and not _is_whole(one.received):
                        continue
                    if chunk:
                        done(one.index, cast(Outcome, pickle.loads(bytes(one.received[_HEAD.size :]))))
                        if waiting:
                            one.index, one.received = waiting.popleft(), bytearray()
                            _ask(one)
                            continue
                    selector.unregister(key.fd)
                    del copies[key.fd]
                    os.close(key.fd)
                    os.close(one.asking)
                    status = os.waitpid(one.process, 0)[1]
                    if not chunk:
                        done(one.index, _died(status))
        finally:
            for reader, one in copies.items():
                os.close(reader)
                os.close(one.asking)
            _end([one.process for one in copies.values()])
    return [outcomes[index] for index in range(len(items))]


def _is_whole(received: bytearray) -> bool:
    return len(received) >= _HEAD.size and len(received) == _HEAD.size + _HEAD.unpack_from(received)[0]


def _ask(one: _Copy) -> None:
    # One that died meanwhile is told by the end of what it answers.
    with suppress(BrokenPipeError):
        os.write(one.asking, _HEAD.pack(one.index))


def _start(
    work: Callable[[Item], Outcome], items: Sequence[Item], index: int, copies: dict[int, _Copy]
) -> int:
    """Make a copy that works at an item; where its answers come."""
    remaining = signal.getitimer(signal.ITIMER_REAL)[0]
    reader, writer = os.pipe()
    asked, asking = os.pipe()
    # Between the copy and the note of it no signal may come, or nobody would end it.
    former = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        try:
            process = os.fork()
        except OSError:
            for end in (reader, writer, asked, asking):
                os.close(end)
            raise
        if process == 0:
            # What asks and reads is the parent alone, so that nobody waits or writes for one that is gone.
            inherited = [reader, asking, *copies, *(one.asking for one in copies.values())]
            _within_copy(work, items, asked, writer, inherited, remaining, former)
        os.close(writer)
        os.close(asked)
        copies[reader] = _Copy(process, asking, index)
        _ask(copies[reader])
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)
    return reader


def _within_copy(
    work: Callable[[Item], Outcome],
    items: Sequence[Item],
    asked: int,
    writer: int,
    inherited: Sequence[int],
    remaining: float,
    mask: set[int],
) -> None:
    """Work at what is asked for and end; nothing of what the parent was about goes on here."""
    code = 1
    try:
        for end in inherited:
            os.close(end)
        # A copy that is left alone ends by the same bound as the whole.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, remaining)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        while request := os.read(asked, _HEAD.size):
            data = pickle.dumps(work(items[_HEAD.unpack(request)[0]]))
            answer = memoryview(_HEAD.pack(len(data)) + data)
            while answer:
                answer = answer[os.write(writer, answer) :]
        code = 0
    finally:
        os._exit(code)


def _died(status: int) -> Died:
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
