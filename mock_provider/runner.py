"""Start Terraform against the mock provider, with everything of the user's own left as it stands.

Terraform runs in a shadow of the configuration's folder: links to each of its files, and
beside them what Terraform writes (the lock file, the data folder, the state). So a project's
own `.terraform`, lock file and state are neither read nor written, and paths in the
configuration mean what they always mean.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from cloudmart_support import cache, processes
from cloudmart_support.problem import Problem
from cloudmart_support.processes import Exceeded as Exceeded
from cloudmart_support.progress import step
from mock_provider import configuration, faults, plan_files, plugin, provider
from mock_provider.terraform import Terraform, find

HOSTS = ("registry.terraform.io", "registry.opentofu.org")
"""Where Terraform and OpenTofu look for hashicorp/aws."""

Backend = Literal["refuse", "local"]
"""What to do with a backend that is not local: refuse to run, or keep a local state in its place."""

# What of the user's variables Terraform gets to see: what programs in general need, and Terraform's own that
# neither say where its state is nor start a program.
_PASSED = (
    "CLOUDMART_CACHE",
    "HOME",
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "PATH",
    "SHELL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_CACHE_HOME",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    plugin.SHUFFLE,
    "TF_IN_AUTOMATION",
    "TF_INPUT",
    "TF_WORKSPACE",
)
_PASSED_PREFIXES = ("LC_", "TF_LOG", "TF_VAR_")

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")

# What of a folder is Terraform's own, and has no link in the shadow.
_OWN = (
    ".terraform",
    ".terraform.lock.hcl",
    ".terraform.tfstate.lock.info",
    "terraform.tfstate.d",
    "crash.log",
)
_OVERRIDE = "mock_provider_override.tf.json"
# How the mirror's script starts the plugin, as a shell's words.
_PLUGIN = "MOCK_PROVIDER_COMMAND"
# In a state folder: that the states in it are the mock's own.
MARK = ".mock-provider"
_STATES = ("terraform.tfstate", "terraform.tfstate.backup", "terraform.tfstate.d")

# Options whose value is a file of the user's. Source: https://developer.hashicorp.com/terraform/cli/commands.
_FILE_OPTIONS = ("var-file", "out", "generate-config-out", "plan", "junit-xml")
_OWN_STATE = "the mock provider keeps a state of its own; --state-dir says where"
_REFUSED_OPTIONS = {
    **dict.fromkeys(("backend-config", "state", "state-out", "backup", "backup-out"), _OWN_STATE),
    **dict.fromkeys(
        ("migrate-state", "force-copy"), "the mock provider keeps a state of its own, and moves none"
    ),
    "chdir": "it says where Terraform runs, and stands once and first",
    "config": "the configuration is that of the folder",
    "plugin-dir": "the mock provider is the only provider here",
    "from-module": "the configuration's folder would be written",
}
_COMMANDS = frozenset(
    (
        "apply",
        "console",
        "destroy",
        "env",
        "fmt",
        "force-unlock",
        "get",
        "graph",
        "import",
        "init",
        "metadata",
        "modules",
        "output",
        "plan",
        "providers",
        "query",
        "refresh",
        "show",
        "state",
        "taint",
        "test",
        "untaint",
        "validate",
        "version",
        "workspace",
    )
)
_REFUSED_COMMANDS = {
    "login": "it would write the user's credentials",
    "logout": "it would write the user's credentials",
    "cloud": "nothing here reaches HCP Terraform",
}
_GLOBAL_OPTIONS = frozenset(("-h", "-help", "--help", "-v", "-version", "--version"))
# Commands that work on files alone, where the user stands.
_PLAIN = ("fmt", "version", "")
_DAY = 86400
_LONGEST_NAME = 255
# What is written into a state folder beside the states.
_OWN_FILES = (MARK, "lock", "ready.json", "tree", "answers", "account.sqlite")
# Terraform quotes whole lines of a configuration; of a long one the start is enough.
_WIDTH = 200
# Commands whose first words name files.
_FILE_COMMANDS = ("apply", "show")


@dataclass(frozen=True)
class Prepared:
    """What to start, where and with which variables."""

    command: tuple[str, ...]
    cwd: Path
    environment: dict[str, str]
    state: Path
    """The folder that holds Terraform's state, lock file and data."""


def first_line(version: str) -> str:
    """What the first line of every run says; `version` is the one that the provider claims."""
    return (
        f"mock provider: hashicorp/aws {version} is played by a mock; nothing in this run reaches AWS, "
        "and nothing that it reports exists"
    )


def last_line(state: Path | None) -> str:
    """What the last line of every run says."""
    where = f"; its state is in {state}" if state else ""
    return f"mock provider: that was the mock, not AWS: nothing was read, made or changed there{where}"


def claimed(claim_version: str | None = None) -> str:
    """The version of hashicorp/aws that the mock claims to be: the schema's own unless told otherwise.

    Raises:
        Problem: it is not a version, or the schema cannot be read.
    """
    if claim_version is None:
        return plugin.full_answer()[0].version
    parts = claim_version.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise Problem(f"--claim-version {claim_version}: must be three numbers, as in 6.25.0")
    return claim_version


def environment(
    *, state: Path | None = None, faults_file: Path | None = None, claim_version: str | None = None
) -> dict[str, str]:
    """All variables for a Terraform or OpenTofu that is to run against the mock provider.

    For callers that start it themselves, in a folder of their own: they keep that folder's lock
    file and state apart from real ones. With `state`, Terraform's data folder is put there.
    Of the user's own variables only a list comes along: no credentials, no Terraform arguments, no plugin cache.

    Raises:
        Problem: the schema cannot be read, the faults file is wrong, the version is none.
    """
    mirror = _mirror(claimed(claim_version))
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED or name.startswith(_PASSED_PREFIXES)
    }
    kept |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CHECKPOINT_DISABLE": "1",
        # Modules from elsewhere are not fetched either: git may read local repositories alone, and
        # whatever asks for a web address is sent to a port where nothing listens.
        "GIT_ALLOW_PROTOCOL": "file",
        **dict.fromkeys(_PROXIES, "http://127.0.0.1:9"),
        "CLOUDMART_CACHE": str(cache.root()),
        "TF_CLI_CONFIG_FILE": str(mirror / "terraform.tfrc"),
        _PLUGIN: shlex.join(_plugin_command()),
    }
    if faults_file is not None:
        faults.load(faults_file)
        kept[plugin.FAULTS] = str(faults_file.absolute())
    if state is not None:
        kept["TF_DATA_DIR"] = str(state.absolute() / "data")
        kept[plugin.ACCOUNT] = str(state.absolute() / "account.sqlite")
    return kept


@contextmanager
def prepared(
    arguments: Sequence[str],
    *,
    cwd: Path | None = None,
    terraform: str | None = None,
    state: Path | None = None,
    faults_file: Path | None = None,
    claim_version: str | None = None,
    backend: Backend = "refuse",
    elsewhere: bool = False,
) -> Iterator[Prepared]:
    """All that is needed to start `terraform ARGUMENTS` on the configuration in `cwd`.

    `terraform` is `terraform`, `tofu`, `wheel` or a path (see `mock_provider.terraform.find`).
    `state` is the folder for Terraform's state and data (default: one in the cache, by the
    configuration's path). Where the configuration was not initialized for the mock yet, that is
    done first. While the context is open, no other run initializes in the same state folder.
    With `elsewhere`, a plan that was made for a local state in another folder is applied to this one.

    Raises:
        Problem: no Terraform, a backend that is not local (unless `backend` is `local`), an option
            that would reach beyond the mock, or an initialization that failed.
    """
    found = find(terraform)
    folder, words = _placed(arguments, (cwd or Path.cwd()).absolute())
    command = next((word for word in words if not word.startswith("-")), "")
    if command and command not in _COMMANDS:
        why = _REFUSED_COMMANDS.get(command, "it is none of the commands that are known here")
        raise Problem(f"terraform {command}: is not run with the mock provider: {why}")
    version(found)
    own = _state_folder(state, folder)
    variables = environment(state=own, faults_file=faults_file, claim_version=claim_version)
    if command in _PLAIN:
        yield Prepared((*found.command, *words), folder, variables, own)
        return
    if backend == "refuse":
        _refuse_backends(folder)
    if command == "test":
        _refuse_test_backends(folder)
    words = [*_files_absolute(words, command, folder)]
    with _locked(own) as lock, processes.temporary_folder("mock-provider-plans-") as plans:
        initializing = command in ("init", "get")
        place = _up_to_date(own, folder, found, variables, lock, initialize=not initializing)
        if not initializing:
            _prove(own)
        if command == "apply":
            words = [*_own_plans(words, plans, own, elsewhere=elsewhere)]
        occurring = _occurring(own, folder, command, words)
        if occurring is not None:
            variables[plugin.ANSWER] = str(_answer(own, occurring))
        yield Prepared((*found.command, *words), place, variables, own)
        if command == "init":
            _prove(own)


def run(
    arguments: Sequence[str],
    *,
    cwd: Path | None = None,
    terraform: str | None = None,
    state: Path | None = None,
    faults_file: Path | None = None,
    claim_version: str | None = None,
    backend: Backend = "refuse",
    capture: bool = False,
    announce: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run `terraform ARGUMENTS` against the mock provider; see `prepared` for the parameters.

    With `capture` the result holds stdout and stderr as text, and Terraform reads no input.
    Ctrl-C and SIGTERM reach Terraform once each; this call ends when Terraform has ended.
    With `announce` the first and last line on stderr say that this is the mock.

    Raises:
        Problem: as `prepared` does.
    """
    before = first_line(claimed(claim_version)) if announce else ""
    if before and not capture:
        print(before, file=sys.stderr, flush=True)
    with prepared(
        arguments,
        cwd=cwd,
        terraform=terraform,
        state=state,
        faults_file=faults_file,
        claim_version=claim_version,
        backend=backend,
    ) as ready:
        result = start(ready, capture=capture)
    after = last_line(ready.state) if announce else ""
    if after and not capture:
        print(after, file=sys.stderr, flush=True)
    if capture and announce:
        result.stderr = f"{before}\n{result.stderr}{after}\n"
    return result


@contextmanager
def attached(memory: int | None = None) -> Iterator[Callable[[Prepared], Prepared]]:
    """A plugin that is started now, and a function that lets what is prepared use it.

    Terraform starts its provider three times in a plan and once more to show it, and each time most of the time is
    Python's own start. This one starts while the run is prepared, and serves until the context ends. `memory` bounds
    its bytes of data.

    Source: https://developer.hashicorp.com/terraform/plugin/debugging#terraform_reattach_providers.
    """
    with subprocess.Popen(
        processes.bounded([*_plugin_command(), plugin.ATTACHED], memory),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        # Ctrl-C is for Terraform; the plugin ends when this process closes its stdin, or is no more.
        process_group=0,
    ) as process:
        asked, answered = process.stdin, process.stdout
        assert asked is not None
        assert answered is not None

        def attach(ready: Prepared) -> Prepared:
            names = (plugin.FAULTS, plugin.ANSWER, plugin.ACCOUNT, plugin.SHUFFLE, plugin.LENIENT)
            told = {name: ready.environment[name] for name in names if name in ready.environment}
            socket = ""
            with suppress(OSError):
                asked.write(json.dumps(told).encode() + b"\n")
                socket = answered.readline().decode().strip()
            if not socket:
                # Terraform starts one of its own, and says what is wrong with it; a compiled file that was cut is none.
                shutil.rmtree(cache.root() / cache.BYTECODE, ignore_errors=True)
                return ready
            address = {
                "Protocol": "grpc",
                "ProtocolVersion": 6,
                "Pid": process.pid,
                "Test": True,
                "Addr": {"Network": "unix", "String": socket},
            }
            reattach = json.dumps({f"{host}/hashicorp/aws": address for host in HOSTS})
            return replace(ready, environment={**ready.environment, "TF_REATTACH_PROVIDERS": reattach})

        try:
            yield attach
        finally:
            with suppress(OSError):
                asked.close()
            try:
                process.wait(processes.GRACE)
            except subprocess.TimeoutExpired:
                process.kill()


def start(
    ready: Prepared, *, capture: bool = False, timeout: float | None = None, memory: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Start what is prepared and wait for its end.

    Called from the main thread it passes a signal on to Terraform, once each, which lets Terraform finish what it
    has begun; what has not ended `processes.GRACE` seconds later is killed. From other threads, signals are for
    `processes.stoppable`.

    `timeout` is in seconds, by the clock on the wall; `memory` in bytes of data for each process (see
    `processes.started`).

    Raises:
        Exceeded: Terraform needed more than `timeout` or `memory`, and was ended.
        Stopped: with `capture`, a signal ended Terraform, so that what it wrote is not its answer.
    """
    pipe = subprocess.PIPE if capture else None
    interactive = not capture and sys.stdin is not None and sys.stdin.isatty()
    with (
        processes.started(
            ready.command,
            cwd=ready.cwd,
            environment=ready.environment,
            stdin=subprocess.DEVNULL if capture else None,
            stdout=pipe,
            stderr=pipe,
            memory=memory,
            # At a terminal, Ctrl-C goes to the whole foreground group already. Elsewhere a signal is
            # for this process, and Terraform, in a group of its own, gets it from here: once.
            group=not interactive,
        ) as process,
        _signals_passed_on(process, ctrl_c=not interactive) as taken,
    ):
        out, err = processes.wait(process, "terraform", timeout=timeout, memory=memory)
    if taken and capture:
        raise processes.Stopped
    return subprocess.CompletedProcess(ready.command, process.returncode, out, err)


@contextmanager
def _signals_passed_on(process: subprocess.Popen[str], *, ctrl_c: bool) -> Iterator[list[int]]:
    """Pass on signals meanwhile; the list then holds those that came."""
    taken: list[int] = []
    killer = threading.Timer(processes.GRACE, processes.end, [process, 0.0])
    killer.daemon = True

    def pass_on(number: int, _frame: object) -> None:
        if not taken:
            killer.start()
        taken.append(number)
        if process.poll() is None and (ctrl_c or number != signal.SIGINT):
            process.send_signal(number)

    try:
        former = {number: signal.signal(number, pass_on) for number in processes.SIGNALS}
    except ValueError:
        # Not the main thread: signals are not this caller's to handle.
        yield taken
        return
    try:
        yield taken
    finally:
        killer.cancel()
        for number, handler in former.items():
            signal.signal(number, handler)


def _mirror(version: str) -> Path:
    """The folder with the provider's mirror and Terraform's configuration (`terraform.tfrc`) that names it.

    The provider's script is the same everywhere, since Terraform's lock file and plans hold its sum: where the program
    lies comes from the environment.
    """
    script = (
        "#!/bin/sh\n# hashicorp/aws, played by the mock provider; `python -m mock_provider run` says by what.\n"
        f'eval exec "${{{_PLUGIN}:?is set by the mock provider when it starts Terraform}}"\n'
    )
    include = ", ".join(f'"{host}/hashicorp/aws"' for host in HOSTS)
    # No service of these hosts is asked for: a module from a registry fails at once, in words.
    hosts = "".join(f"host {json.dumps(host)} {{\n  services = {{}}\n}}\n" for host in HOSTS)
    configuration = (
        f"disable_checkpoint = true\n{hosts}provider_installation {{\n  filesystem_mirror {{\n"
        f'    path    = "%s"\n    include = [{include}]\n  }}\n}}\n'
    )
    key = hashlib.sha256(f"{script} {configuration} {version} {_platform()}".encode()).hexdigest()[:16]
    name = f"mock-provider/mirror-{key}"

    def fill(draft: Path) -> None:
        for host in HOSTS:
            place = draft / "mirror" / host / "hashicorp" / "aws" / version / _platform()
            place.mkdir(parents=True)
            executable = place / f"terraform-provider-aws_v{version}_x5"
            executable.write_text(script)
            executable.chmod(0o755)
        mirror = json.dumps(str(cache.root() / name / "mirror"))[1:-1]
        (draft / "terraform.tfrc").write_text(configuration % mirror)

    return cache.folder(name, fill)


def _plugin_command() -> list[str]:
    return [sys.executable, "-I", "-X", f"pycache_prefix={cache.root() / cache.BYTECODE}", plugin.__file__]


def _platform() -> str:
    """The platform in Go's words, as mirrors name it."""
    machine = platform.machine().lower()
    architecture = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(machine)
    return f"{platform.system().lower()}_{architecture or machine}"


def version(found: Terraform) -> tuple[str, str]:
    """Product and version of a Terraform, asked once for each binary.

    Raises:
        Problem: as `Terraform.version` does.
    """
    try:
        stamp = Path(found.command[0]).stat()
    except OSError as error:
        raise Problem(f"{found.command[0]}: cannot be started ({error.strerror})") from error
    key = hashlib.sha256(f"{found.command} {stamp.st_mtime_ns} {stamp.st_size}".encode()).hexdigest()[:16]

    def fill(folder: Path) -> None:
        (folder / "version").write_text(" ".join(found.version()))

    product, _, number = (
        (cache.folder(f"mock-provider/terraform-{key}", fill) / "version").read_text().partition(" ")
    )
    return product, number


def _placed(arguments: Sequence[str], cwd: Path) -> tuple[Path, list[str]]:
    """The configuration's folder and the arguments without `-chdir`."""
    words = list(arguments)
    folder = cwd
    if words and words[0].startswith("-chdir="):
        folder = cwd / words.pop(0).partition("=")[2]
    for word in words:
        if not word.startswith("-"):
            break
        if word not in _GLOBAL_OPTIONS:
            raise Problem(
                f"terraform {word}: is not run with the mock provider: before the command, one -chdir=FOLDER may "
                "stand, and nothing else"
            )
    if not folder.is_dir():
        raise Problem(f"{folder}: is not a folder that exists")
    return Path(os.path.normpath(folder)), words


def shadow(state: Path, folder: Path) -> Path:
    """Where Terraform runs for the configuration in `folder` with its state in the folder `state`."""
    return state.absolute() / "tree" / folder.relative_to(folder.anchor)


def _state_folder(state: Path | None, folder: Path) -> Path:
    if state is not None:
        own = state.absolute()
    else:
        key = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        own = cache.root() / "mock-provider" / "states" / f"{folder.name}-{key}"
    try:
        own.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(
            f"{own}: cannot be made as the mock provider's state folder ({error.strerror}); "
            "name another with --state-dir"
        ) from error
    _refuse_other_states(own)
    return own


def _refuse_other_states(own: Path) -> None:
    """Refuse a state folder whose states are not the mock's own; mark one that has none yet.

    Raises:
        Problem: there is a state that the mock did not write, or one that leads elsewhere.
    """
    marked = (own / MARK).is_file() or (own / "ready.json").is_file()
    for name in _STATES:
        state = own / name
        inside = [state, *state.rglob("*")] if state.is_dir() and not state.is_symlink() else [state]
        for one in inside:
            if not os.path.lexists(one):
                continue
            about = one.lstat()
            if not (stat.S_ISDIR(about.st_mode) or (stat.S_ISREG(about.st_mode) and about.st_nlink == 1)):
                raise Problem(
                    f"{one}: is a link or no file, so that a state written there would be written elsewhere: "
                    "remove it, or name another folder with --state-dir"
                )
            if not marked:
                raise Problem(
                    f"{one}: is there already, and the mock provider did not make it; it must never write a state "
                    "but its own: name an empty folder with --state-dir"
                )
    for name in (*_OWN_FILES, "data"):
        if (own / name).is_symlink():
            raise Problem(f"{own / name}: is a link: remove it, or name another folder with --state-dir")
    try:
        (own / MARK).touch()
    except OSError as error:
        raise Problem(
            f"{own}: cannot be written ({error.strerror}); name another with --state-dir"
        ) from error


def _prove(own: Path) -> None:
    """Hold what Terraform was initialized with against what it has to be: a local state, in its own place.

    Raises:
        Problem: it is something else. Nothing was read or written there yet.
    """
    noted = own / "data" / "terraform.tfstate"
    if not noted.exists():
        # Not initialized with a backend: Terraform itself goes no further then.
        return
    try:
        backend = json.loads(noted.read_text("utf-8"))["backend"]
        proven = backend["type"] == "local" and backend["config"] == _backend(own)
    except (OSError, ValueError, KeyError, TypeError):
        proven = False
    if not proven:
        (own / "ready.json").unlink(missing_ok=True)
        raise Problem(
            f"{noted}: Terraform would keep its state elsewhere than the mock provider wants it, so nothing is run: "
            "take the backend out of the configuration, or name an empty folder with --state-dir"
        )


def _backend(own: Path) -> dict[str, str]:
    """The arguments of the local backend that keeps the mock's own state."""
    return {"path": str(own / "terraform.tfstate"), "workspace_dir": str(own / "terraform.tfstate.d")}


def _own_plans(words: list[str], plans: Path, own: Path, *, elsewhere: bool) -> Iterator[str]:
    """The arguments, with each plan file replaced by a copy of it that is proven to be for the mock's own state.

    With `elsewhere`, the copy of a plan for another local state is written for the mock's own.

    Raises:
        Problem: a plan is for another state.
    """
    for number, word in enumerate(words):
        path = Path(word)
        if word.startswith("-") or not (path.is_absolute() and path.is_file() and plan_files.is_plan(path)):
            yield word
            continue
        copied = plans / f"plan-{number}"
        backend = plan_files.copy(path, copied, _backend(own) if elsewhere else None)
        if backend.type != "local" or backend.config != _backend(own):
            raise Problem(
                f"{path}: is a plan for another state than the mock provider's own, and applying it would write "
                f'there (backend "{backend.type}"): plan with the mock provider, then apply that'
            )
        yield str(copied)


def _refuse_test_backends(folder: Path) -> None:
    """Refuse tests that name a backend: `terraform test` would keep their state there.

    Source: https://developer.hashicorp.com/terraform/language/tests#backend
    """
    for path in configuration.test_files(folder):
        if "backend" in configuration.unescaped(path):
            raise Problem(
                f"{path}: speaks of a backend, and the mock provider must never write a state but its own: "
                "take it out for runs against the mock"
            )


def _refuse_backends(folder: Path) -> None:
    for path, kind in configuration.backends(folder):
        if kind != "local":
            what = "HCP Terraform (`cloud`)" if kind == "cloud" else f'the remote backend "{kind}"'
            raise Problem(
                f"{path}: keeps its state in {what}, and the mock provider must never write there: "
                'use `backend "local"`, or none, for runs against the mock'
            )


def _files_absolute(words: list[str], command: str, folder: Path) -> Iterator[str]:
    """The arguments, with files of the user named so that they are found from the shadow."""
    position = words.index(command)
    yield from words[: position + 1]
    value_follows = False
    for word in words[position + 1 :]:
        if value_follows:
            value_follows = False
            yield str(folder / word)
            continue
        name, equals, value = word.lstrip("-").partition("=") if word.startswith("-") else ("", "", "")
        if name in _REFUSED_OPTIONS:
            raise Problem(f"terraform {command} -{name}: is not run: {_REFUSED_OPTIONS[name]}")
        if name in _FILE_OPTIONS:
            value_follows = not equals
            yield f"-{name}={folder / value}" if equals else word
        elif not name and command in _FILE_COMMANDS and (folder / word).is_file():
            yield str(folder / word)
        else:
            yield word


def _occurring(own: Path, folder: Path, command: str, words: list[str]) -> Set[str] | None:
    """The words that Terraform can meet in this run, as far as they name types and blocks; None for all."""
    if command == "providers":
        return None
    folders, _top = configuration.reach(folder)
    texts = [" ".join(words), *configuration.texts(folders)]
    for state in (own / "terraform.tfstate", *own.glob("terraform.tfstate.d/*/terraform.tfstate")):
        if state.is_file():
            texts.append(configuration.without_empty_blocks(state.read_text("utf-8", errors="replace")))
    manifest = own / "data" / "modules" / "modules.json"
    if manifest.is_file():
        modules = json.loads(manifest.read_text())["Modules"]
        place = shadow(own, folder)
        texts += configuration.texts({(place / module["Dir"]).resolve() for module in modules})
    for word in words:
        if zipfile.is_zipfile(word):
            with zipfile.ZipFile(word) as plan:
                texts += configuration.plan_texts(plan)
    occurring, declared = configuration.words(texts)
    # What is imported may have any of its type's blocks: nobody has written them here yet.
    if command == "import" or "import" in occurring:
        return None
    schema = plugin.full_answer()[0]
    known = {*schema.types("resource"), *schema.types("data")}
    # A name that the provider does not have: with all types, Terraform can say which is near it.
    return occurring if declared <= known else None


def _answer(own: Path, words: Set[str]) -> Path:
    """The file with the provider's answer about what these words name, written once."""
    schema, full = plugin.full_answer()
    key = hashlib.sha256(f"{full} {sorted(words)}".encode()).hexdigest()[:16]
    path = own / "answers" / key
    if not path.is_file():
        path.parent.mkdir(exist_ok=True)
        for former in path.parent.iterdir():
            if time.time() - former.stat().st_mtime > _DAY:
                former.unlink(missing_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as draft:
            draft.write(provider.answer(schema, words))
        Path(draft.name).rename(path)
    return path


@contextmanager
def _locked(own: Path) -> Iterator[IO[str]]:
    with (own / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield handle


def _up_to_date(
    own: Path, folder: Path, found: Terraform, variables: dict[str, str], lock: IO[str], *, initialize: bool
) -> Path:
    """The shadow of `folder`, made and initialized unless it stands; the lock is held shared afterwards."""
    folders, top = configuration.reach(folder)
    place = shadow(own, folder)
    links = _links(folder, top)
    wanted = json.dumps(
        {
            "links": {str(place): str(target) for place, target in links.items()},
            "needs": hashlib.sha256(configuration.needs(folders).encode()).hexdigest(),
            "terraform": found.command,
            "override": _override(folder),
            "mirror": variables["TF_CLI_CONFIG_FILE"],
        },
        sort_keys=True,
    )
    ready = own / "ready.json"

    def stands() -> bool:
        return ready.is_file() and ready.read_text() == wanted

    if stands():
        return place
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"  waiting for another run in {own}", file=sys.stderr, flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    if not stands():
        ready.unlink(missing_ok=True)
        _link(own / "tree", links, place, own, _override(folder))
        if initialize:
            _initialize(found, place, variables)
            ready.write_text(wanted)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return place


def _links(folder: Path, top: Path) -> dict[Path, Path]:
    """Where links go, relative to the file system's root, and to what: `folder`'s entries, and those of each
    folder above it up to `top`."""
    links: dict[Path, Path] = {}
    below: Path | None = None
    for here in (folder, *folder.parents):
        for entry in sorted(here.iterdir()):
            if entry == below or (here == folder and _is_own(entry.name)):
                continue
            links[entry.relative_to(entry.anchor)] = entry
        if here == top:
            break
        below = here
    return links


def _is_own(name: str) -> bool:
    return name in _OWN or ".tfstate" in name


def _override(folder: Path) -> str:
    """The name of the file that puts the mock's own backend in the place of all others.

    Terraform reads overrides by the bytes of their names, and the last one that names a backend wins: this name
    follows on all that are in the folder.

    Source: https://developer.hashicorp.com/terraform/language/files/override

    Raises:
        Problem: no name can follow.
    """
    last = max(configuration.overrides(folder), default=b"")
    own = f"zzz_{_OVERRIDE}".encode()
    name = own if last < own else last + b"." + _OVERRIDE.encode()
    if len(name) > _LONGEST_NAME:
        raise Problem(
            f"{folder / os.fsdecode(last)}: its name is so long that the mock provider's own override cannot come "
            "after it: give it a shorter one"
        )
    return os.fsdecode(name)


def _link(tree: Path, links: dict[Path, Path], shadow: Path, own: Path, name: str) -> None:
    shadow.mkdir(parents=True, exist_ok=True)
    for former in shadow.iterdir():
        # Whatever is no link there and Terraform would read is none of the configuration's.
        if not former.is_symlink() and former.is_file() and former.name.endswith(configuration.SUFFIXES):
            former.unlink()
    override = {"terraform": {"backend": {"local": _backend(own)}}}
    (shadow / name).write_text(json.dumps(override, indent=2))
    wanted = {tree / place: target for place, target in links.items()}
    for place in _existing_links(tree):
        if place not in wanted or place.readlink() != wanted[place]:
            place.unlink()
    for place, target in wanted.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.is_symlink():
            if place.is_dir():
                shutil.rmtree(place)
            place.symlink_to(target)


def _existing_links(tree: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(tree):
        for name in (*folders, *names):
            path = Path(here, name)
            if path.is_symlink():
                yield path


def _initialize(found: Terraform, shadow: Path, variables: dict[str, str]) -> None:
    with step("initialize for the mock provider"):
        done = processes.run(
            [*found.command, "init", "-input=false", "-no-color", "-reconfigure"],
            cwd=shadow,
            environment=variables,
            stderr=subprocess.PIPE,
        )
        if done.returncode:
            said = "\n".join(f"    {line[:_WIDTH]}" for line in done.stderr.strip().splitlines())
            raise Problem(
                f"{shadow}: `terraform init` against the mock provider failed. Only hashicorp/aws is there, "
                f"and no module can be fetched. It said:\n{said}"
            )
