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
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from cloudmart_support import processes
from cloudmart_support.problem import Problem
from mock_provider.terraform import find

Event = Mapping[str, Any]
"""One line of Terraform's machine-readable output.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

_POLL_SECONDS = 0.05
# What of the user's variables Terraform gets to see for AWS: what programs in general need, the way to AWS and to the
# registry, and nothing that changes what is planned or where its state is.
_PASSED = frozenset(
    (
        "DBUS_SESSION_BUS_ADDRESS",
        "GNUPGHOME",
        "GPG_TTY",
        "HOME",
        "LANG",
        "LANGUAGE",
        "LOGNAME",
        "PATH",
        "SHELL",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TERM",
        "TF_CLI_CONFIG_FILE",
        "TF_PLUGIN_CACHE_DIR",
        "TF_PROVIDER_DOWNLOAD_RETRY",
        "TF_REGISTRY_CLIENT_TIMEOUT",
        "TF_REGISTRY_DISCOVERY_RETRY",
        "TMPDIR",
        "TZ",
        "USER",
        "XDG_CONFIG_HOME",
        "XDG_RUNTIME_DIR",
        *(
            name
            for one in ("HTTP", "HTTPS", "ALL", "NO")
            for name in (f"{one}_PROXY", f"{one.lower()}_proxy")
        ),
    )
)
_PASSED_PREFIXES = ("AWS_", "LC_", "TF_LOG", "TF_TOKEN_")
_SET = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "TF_WORKSPACE": "default"}


class Launch(NamedTuple):
    """What to start, where, and with which variables."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Session:
    """A Terraform for one configuration, ready to be started.

    `product` is Terraform or OpenTofu. `folder` is where its configuration is laid out, `writes` where it runs and
    leaves a state that it cannot save. `typed` is how a person starts the same by hand, in `folder`. `launched`
    gives what to start for Terraform's arguments, and holds what it needs meanwhile.
    """

    product: str
    version: str
    folder: Path
    writes: Path
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
    """A session in `folder`, with those of the user's variables that may pass.

    Terraform is the one that TF names or the PATH has.

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
        if name in _PASSED or name.startswith(_PASSED_PREFIXES)
    }
    if dropped := sorted(
        name for name in environment.keys() - kept.keys() - {"TF"} if name.startswith("TF_")
    ):
        print(f"  not passed on to Terraform: {', '.join(dropped)}", file=sys.stderr)

    @contextmanager
    def launched(arguments: Sequence[str]) -> Iterator[Launch]:
        yield Launch((*found.command, *arguments), folder, {**kept, **_SET})

    return Session(
        product, version, folder, folder, "tofu" if product == "OpenTofu" else "terraform", launched
    )


def for_mock(folder: Path, state: Path, faults: Path | None, version_played: str | None = None) -> Session:
    """A session against the mock provider, with its state in the folder `state`; it plays another version if asked to.

    Raises:
        Problem: there is no Terraform, not even the wheel's, or `faults` are wrong.
    """
    from mock_provider import runner

    product, version = find().version()

    @contextmanager
    def launched(arguments: Sequence[str]) -> Iterator[Launch]:
        with runner.prepared(
            arguments,
            cwd=folder,
            state=state,
            faults_file=faults,
            claim_version=version_played,
            backend="local",
            elsewhere=True,
        ) as ready:
            yield Launch(ready.command, ready.cwd, {**ready.environment, **_SET})

    typed = f".venv/bin/python -m mock_provider run --state-dir {state} -- terraform -chdir={folder}"
    writes = runner.shadow(state, folder)
    return Session(product, version, folder, writes, typed, launched)


def capture(session: Session, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run Terraform and return what it wrote; an interrupt lets it finish and is then passed on.

    Raises:
        KeyboardInterrupt: this program was asked to stop meanwhile.
        Problem: it cannot be started.
    """
    with (
        session.launched(arguments) as launch,
        _started(launch, subprocess.PIPE, subprocess.PIPE) as process,
        _passing_on(process) as interrupted,
    ):
        out, err = process.communicate()
    if interrupted:
        raise processes.Stopped
    return subprocess.CompletedProcess(launch.command, process.returncode, out, err)


def stream(
    session: Session,
    arguments: Sequence[str],
    log: Path,
    tell: Callable[[Event, Outcome], None],
    *,
    patient: bool = False,
) -> Outcome:
    """Run Terraform with `-json` among the arguments; `tell` is given each event as it comes.

    With `patient` Terraform is never killed: it may be writing its state.

    Raises:
        Problem: it cannot be started, or `log` cannot be written.
    """
    outcome = Outcome()
    try:
        with (
            session.launched(arguments) as launch,
            log.open("xb") as sink,
            log.open("rb") as source,
            _started(launch, sink, subprocess.STDOUT, patient=patient) as process,
            _passing_on(process, patient=patient) as interrupted,
        ):
            for line in _lines(process, source.readline):
                _take(line, outcome, tell)
            outcome.code = process.returncode
            outcome.interrupted = bool(interrupted)
    except OSError as error:
        raise Problem(f"{log}: cannot be written ({error.strerror}): make room or mend its rights") from error
    return outcome


@contextmanager
def _started(launch: Launch, out: Any, err: Any, *, patient: bool = False) -> Iterator[subprocess.Popen[str]]:
    """Terraform at work, out of the terminal's foreground group: an interrupt comes from here, and only once."""
    with ExitStack() as stack:
        try:
            process = stack.enter_context(
                processes.started(
                    launch.command,
                    cwd=launch.folder,
                    environment=launch.environment,
                    stdout=out,
                    stderr=err,
                    grace=None if patient else processes.GRACE,
                )
            )
        except OSError as error:
            raise Problem(
                f"{launch.command[0]}: does not start ({error.strerror}); name another with TF=terraform or TF=tofu"
            ) from error
        yield process


@contextmanager
def _passing_on(process: subprocess.Popen[str], *, patient: bool = False) -> Iterator[list[int]]:
    """Hand the first signal that asks this program to end on to Terraform; the list then holds its number.

    Unless `patient`, Terraform is killed when it has not ended `processes.GRACE` seconds later, or at the next one.
    """
    taken: list[int] = []
    killer = threading.Timer(processes.GRACE, processes.end, [process, 0.0])
    killer.daemon = True

    def hand_on(number: int, _frame: object) -> None:
        if process.poll() is not None:
            taken.append(number)
            return
        if taken and not patient:
            processes.end(process, 0.0)
            return
        if taken:
            _say(
                f"Terraform (process {process.pid}) is still finishing what it has begun and then writes its state. "
                f"Only if it has to die and you can clean up in AWS by hand: kill {process.pid}"
            )
            return
        taken.append(number)
        process.send_signal(signal.SIGINT)
        if patient:
            _say("stopping: Terraform finishes what it has begun and writes its state …")
        else:
            killer.start()

    former = {number: signal.signal(number, hand_on) for number in processes.SIGNALS}
    try:
        yield taken
    finally:
        killer.cancel()
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
