"""Terraform and OpenTofu, started so that nothing gets lost: signals, logs and words.

Each run is in a process group of its own. A signal that ends this program goes to Terraform, once, as
an interrupt, which lets it finish what it has begun and write its state. Its output goes to a file and
is read from there, so that Terraform outlives a terminal that is closed and even this program.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from mock_provider.terraform import find
from support.problem import Problem

Event = Mapping[str, Any]
"""One line of Terraform's machine-readable output.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

_POLL_SECONDS = 0.05
# Variables that would change what is planned or where, behind the back of what was judged.
_DROPPED = ("TF_DATA_DIR", "TF_REATTACH_PROVIDERS", "TF_WORKSPACE")
_DROPPED_PREFIX = "TF_CLI_ARGS"
_SET = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "TF_WORKSPACE": "default"}


class Launch(NamedTuple):
    """What to start, where, and with which variables."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Session:
    """A Terraform for one configuration, ready to be started.

    `product` is Terraform or OpenTofu. `typed` is how a person starts the same by hand, in the configuration's
    folder. `launched` gives what to start for Terraform's arguments, and holds what it needs meanwhile.
    """

    product: str
    version: str
    typed: str
    launched: Callable[[Sequence[str]], AbstractContextManager[Launch]]

    @property
    def name(self) -> str:
        """The product's command."""
        return "tofu" if self.product == "OpenTofu" else "terraform"


@dataclass
class Outcome:
    """How a run ended.

    `interrupted` says whether it was asked to stop. `errors` are its diagnostics of severity error, `other` what it
    said beside its events. `done` are addresses with what was done to them; `failed` those where it did not work.
    """

    code: int = 0
    interrupted: bool = False
    errors: list[Event] = field(default_factory=list)
    warnings: list[Event] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    done: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    begun: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """All that it said of errors, as text."""
        said = [f"{error.get('summary', '')}\n{error.get('detail', '')}" for error in self.errors]
        return "\n".join([*said, *self.other])


def for_aws(folder: Path, environment: Mapping[str, str]) -> Session:
    """A session in `folder` with the user's own variables, and the Terraform that TF names or the PATH has.

    Raises:
        Problem: there is none, or it is too old.
    """
    if environment.get("TF") == "wheel":
        raise Problem(
            "TF=wheel: that Terraform is for LOCAL=1; for AWS put terraform or tofu, 1.6 or newer, on the PATH"
        )
    found = find()
    if found.source == "wheel":
        raise Problem(
            "there is neither terraform nor tofu on the PATH: for AWS install Terraform or OpenTofu, 1.6 or newer "
            "(https://developer.hashicorp.com/terraform/install, https://opentofu.org/docs/intro/install); "
            "to go through it all without either: the same command with LOCAL=1"
        )
    product, version = found.version()
    kept = {
        name: value
        for name, value in environment.items()
        if name not in _DROPPED and not name.startswith(_DROPPED_PREFIX)
    }
    if dropped := sorted(environment.keys() - kept.keys()):
        print(f"  not passed on to Terraform: {', '.join(dropped)}", file=sys.stderr)

    @contextmanager
    def launched(arguments: Sequence[str]) -> Iterator[Launch]:
        yield Launch((*found.command, *arguments), folder, {**kept, **_SET})

    return Session(product, version, "tofu" if product == "OpenTofu" else "terraform", launched)


def for_mock(folder: Path, state: Path, faults: Path | None) -> Session:
    """A session against the mock provider, with its state in the folder `state`.

    Raises:
        Problem: there is no Terraform, not even the wheel's, or `faults` are wrong.
    """
    from mock_provider import runner

    product, version = find().version()

    @contextmanager
    def launched(arguments: Sequence[str]) -> Iterator[Launch]:
        with runner.prepared(
            arguments, cwd=folder, state=state, faults_file=faults, backend="local"
        ) as ready:
            yield Launch(ready.command, ready.cwd, {**ready.environment, **_SET})

    typed = f".venv/bin/python -m mock_provider run --state-dir {state} -- terraform -chdir={folder}"
    return Session(product, version, typed, launched)


def capture(session: Session, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run Terraform and return what it wrote; an interrupt lets it finish and is then passed on.

    Raises:
        KeyboardInterrupt: this program was asked to stop meanwhile.
        Problem: it cannot be started.
    """
    with session.launched(arguments) as launch:
        process = _start(launch, subprocess.PIPE, subprocess.PIPE)
        with process, _passing_on(process) as interrupted:
            out, err = process.communicate()
    if interrupted:
        raise KeyboardInterrupt
    return subprocess.CompletedProcess(launch.command, process.returncode, out, err)


def stream(
    session: Session, arguments: Sequence[str], log: Path, tell: Callable[[Event, Outcome], None]
) -> Outcome:
    """Run Terraform with `-json` among the arguments; `tell` is given each event as it comes.

    Raises:
        Problem: it cannot be started, or `log` cannot be written.
    """
    outcome = Outcome()
    try:
        with session.launched(arguments) as launch, log.open("wb") as sink, log.open("rb") as source:
            process = _start(launch, sink, subprocess.STDOUT)
            with process, _passing_on(process) as interrupted:
                for line in _lines(process, source.readline):
                    _take(line, outcome, tell)
            outcome.code = process.returncode
            outcome.interrupted = bool(interrupted)
    except OSError as error:
        raise Problem(f"{log}: cannot be written ({error.strerror}): make room or mend its rights") from error
    return outcome


def _start(launch: Launch, out: Any, err: Any) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            launch.command,
            cwd=launch.folder,
            env=dict(launch.environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Out of the terminal's foreground group: an interrupt comes from here, and only once.
            process_group=0,
        )
    except OSError as error:
        raise Problem(
            f"{launch.command[0]}: does not start ({error.strerror}); name another with TF=terraform or TF=tofu"
        ) from error


@contextmanager
def _passing_on(process: subprocess.Popen[str]) -> Iterator[list[int]]:
    """Hand the first signal that asks this program to end on to Terraform; the list then holds its number."""
    taken: list[int] = []

    def hand_on(number: int, _frame: object) -> None:
        if process.poll() is not None:
            taken.append(number)
            return
        if taken:
            _say(
                f"Terraform (process {process.pid}) is still finishing what it has begun and then writes its state. "
                f"Only if it has to die and you can clean up in AWS by hand: kill {process.pid}"
            )
            return
        taken.append(number)
        process.send_signal(signal.SIGINT)
        _say("stopping: Terraform finishes what it has begun and writes its state …")

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    former = {number: signal.signal(number, hand_on) for number in numbers}
    try:
        yield taken
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _lines(process: subprocess.Popen[str], readline: Callable[[], bytes]) -> Iterator[str]:
    """The lines of a growing file, until the process that writes it has ended."""
    held = b""
    while True:
        ended = process.poll() is not None
        while piece := readline():
            held += piece
            if held.endswith(b"\n"):
                yield held.decode("utf-8", "replace").rstrip("\r\n")
                held = b""
        if ended:
            break
        time.sleep(_POLL_SECONDS)
    if held:
        yield held.decode("utf-8", "replace")


def _take(line: str, outcome: Outcome, tell: Callable[[Event, Outcome], None]) -> None:
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    if not isinstance(event, dict) or "@message" not in event:
        if line.strip():
            outcome.other.append(line)
        return
    hook = event.get("hook") or {}
    address = str((hook.get("resource") or {}).get("addr", ""))
    action = str(hook.get("action", ""))
    kind = event.get("type")
    if kind == "diagnostic":
        diagnostic = event.get("diagnostic") or {}
        (outcome.errors if diagnostic.get("severity") == "error" else outcome.warnings).append(diagnostic)
    elif kind == "apply_start" and action not in ("read", "noop"):
        outcome.begun[address] = action
    elif kind == "apply_complete" and outcome.begun.pop(address, None):
        outcome.done.append((address, action))
    elif kind == "apply_errored" and outcome.begun.pop(address, None):
        outcome.failed.append((address, action))
    # Where nobody reads along any more, what Terraform does goes on all the same.
    with suppress(OSError):
        tell(event, outcome)


def _say(words: str) -> None:
    with suppress(OSError):
        print(f"\n{words}", file=sys.stderr, flush=True)
