"""Programs that are started here: what ends them, what bounds them, and that nothing of them stays behind.

Each program is the leader of a process group of its own, so that whatever it starts can be ended with it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

from cloudmart_support.problem import Problem

GRACE = 15.0
"""Seconds that a program has to end by itself after it was asked to."""

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What asks a program to end: Ctrl-C, whoever supervises it, and, where a system tells it, the terminal that is
closed."""

# Windows has no signals between programs: there, whatever is sent ends them at once.
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)

# How Go ends a program that got no more memory, with exit code 2.
_OUT_OF_MEMORY = re.compile(r"^fatal error: (?:runtime: )?(?:out of memory|cannot allocate)", re.M)

# What runs, each with whether it leads a group of its own.
_running: dict[subprocess.Popen[str], bool] = {}
# Those whose end is waited for, however long it takes.
_patient: set[subprocess.Popen[str]] = set()
_lock = threading.RLock()
# The signal that ended this program, 0 while none did; and whether the main thread is about to start a program.
_stopped = 0
_starting = False


class Exceeded(Problem):
    """A program needed more time or memory than it was given, and was ended."""


class Stopped(KeyboardInterrupt):
    """A signal asked this program to end."""


@contextmanager
def stoppable() -> Iterator[None]:
    """While open, a signal that asks this program to end first ends all that it started, whichever thread did.

    Then `Stopped` is raised in the main thread, so that temporary folders go the usual way. What does not end
    within `GRACE` seconds, or by the second signal, is killed. Outside of the main thread this does nothing.

    Raises:
        Stopped: so it was asked.
    """
    global _stopped
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    killer = threading.Timer(GRACE, _signal_all, [_KILL])
    killer.daemon = True

    def stop(number: int, _frame: FrameType | None) -> None:
        global _stopped
        again, _stopped = bool(_stopped), number
        _signal_all(_KILL if again else signal.SIGTERM)
        if not again:
            killer.start()
            if not _starting:
                raise Stopped(signal.Signals(number).name)

    # What is ignored from the start, as under nohup, stays ignored.
    taken = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    former = {number: signal.signal(number, stop) for number in taken}
    try:
        yield
    finally:
        killer.cancel()
        _stopped = 0
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def temporary_folder(prefix: str = "", within: Path | None = None) -> Iterator[Path]:
    """A folder that only its owner can read, in the system's own place or `within` another; gone in the end.

    A signal waits while it is made and removed, so that none comes between the folder and who removes it.

    Raises:
        Problem: there is no place where it can be made.
    """
    former = _mask("SIG_BLOCK", ())
    try:
        _mask("SIG_BLOCK", SIGNALS)
        try:
            folder = Path(tempfile.mkdtemp(prefix=prefix, dir=within))
        except OSError as error:
            raise Problem(
                f"no temporary folder can be made ({error.strerror}): make room for it, or set TMPDIR to a folder "
                "that can be written"
            ) from error
        try:
            _mask("SIG_SETMASK", former)
            yield folder
        finally:
            try:
                _mask("SIG_BLOCK", SIGNALS)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        _mask("SIG_SETMASK", former)


def _mask(how: str, signals: Iterable[int]) -> Iterable[int]:
    """Change which signals wait, and return which did; where a system lets none wait, nothing changes."""
    if not hasattr(signal, "pthread_sigmask"):
        return ()
    return signal.pthread_sigmask(getattr(signal, how), signals)


@contextmanager
def started(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] | None = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    memory: int | None = None,
    group: bool = True,
    grace: float | None = GRACE,
) -> Iterator[subprocess.Popen[str]]:
    """A program at work while the context is open; what of it is left then is ended, within `grace` seconds.

    Without a `grace` its end is waited for, however long that takes.

    `memory` bounds the bytes of data that it, and each program that it starts, can hold: the heap and all that
    is mapped for writing. Systems without that bound (RLIMIT_DATA is Linux's and the BSDs') do not hold it.
    Without `group` it belongs to this program's own process group, as at a terminal.

    Raises:
        OSError: it cannot be started.
        Stopped: this program is being ended.
    """
    global _starting
    main = threading.current_thread() is threading.main_thread()
    with _lock:
        _starting = main or _starting
        try:
            process = subprocess.Popen(
                bounded(command, memory),
                cwd=cwd,
                env=None if environment is None else dict(environment),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                text=True,
                encoding="utf-8",
                errors="replace",
                process_group=0 if group else None,
            )
            _running[process] = group
            if grace is None:
                _patient.add(process)
        finally:
            _starting = not main and _starting
    try:
        with process:
            try:
                if _stopped:
                    raise Stopped(signal.Signals(_stopped).name)
                yield process
            finally:
                if grace is not None:
                    end(process, grace)
    finally:
        with _lock:
            del _running[process]
            _patient.discard(process)


def bounded(command: Sequence[str], memory: int | None) -> list[str]:
    """The command that starts `command` with at most `memory` bytes of data; see `started`."""
    if memory is None:
        return list(command)
    # The shell sets the bound on itself and becomes the program: no code of ours runs between fork and exec.
    return ["/bin/sh", "-c", 'ulimit -d "$0" 2>/dev/null; exec "$@"', str(max(1, memory // 1024)), *command]


def end(process: subprocess.Popen[str], grace: float = GRACE) -> None:
    """End a program that `started` gave, and its group: asked first, killed after `grace` seconds."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace)
        _signal(process, _KILL)


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdout: int | None = subprocess.PIPE,
    stderr: int | None = None,
    timeout: float | None = None,
    memory: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, without input; for the parameters see `started` and `wait`.

    Raises:
        Exceeded: it needed more than `timeout` seconds or `memory` bytes.
        OSError: it cannot be started.
    """
    with started(
        command, cwd=cwd, environment=environment, stdout=stdout, stderr=stderr, memory=memory
    ) as process:
        out, err = wait(process, Path(command[0]).name, timeout=timeout, memory=memory)
    return subprocess.CompletedProcess(list(command), process.returncode, out, err)


def wait(
    process: subprocess.Popen[str], name: str, *, timeout: float | None = None, memory: int | None = None
) -> tuple[str, str]:
    """What a started program wrote into its pipes until its end; `name` is for the words of a bound.

    Raises:
        Exceeded: it took more than `timeout` seconds, or ended for want of the `memory` bytes that it was given
            (as far as its stderr is a pipe and says so).
    """
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        # Nobody waits for its good will here: whoever bounds it wants to be done.
        _signal(process, _KILL)
        process.wait()
        raise Exceeded(f"{name}: was ended after {timeout:g} seconds, the longest that it may take") from None
    if memory is not None and process.returncode not in (0, 1) and _OUT_OF_MEMORY.search(err or ""):
        raise Exceeded(f"{name}: needed more than {memory // 2**20} MiB of memory, the most that it may have")
    return out, err


def _signal_all(number: int) -> None:
    with _lock:
        for process in _running:
            if process not in _patient or number != _KILL:
                _signal(process, number)


def _signal(process: subprocess.Popen[str], number: int) -> None:
    """A signal to a program's group, or to it alone where it shares this program's."""
    with suppress(OSError):
        if _running.get(process) and hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
