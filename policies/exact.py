"""Exact mode: Terraform itself evaluates the configuration against the mock provider, and the gate judges the plan.

Nothing of the judged folder is executed. A plan runs no provisioner; the mock provider is the only provider that can
be had, so that no other one starts, `external` among them; modules that would have to be fetched are refused before
Terraform is started. The folder itself is not written to: Terraform works in a shadow of it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from policies.readers import Reading, Source, files, open_path, plan, terraform_json
from policies.readers.configuration import is_local
from support.problem import Problem

if TYPE_CHECKING:
    from mock_provider.runner import Prepared

# The entry of hashicorp/aws in required_providers, the constraints in it, and the lower bounds in those.
_PROVIDER = re.compile(r"\{[^{}]*hashicorp/aws\"[^{}]*\}")
_VERSION = re.compile(r'\bversion"?\s*[=:]\s*"([^"]*)"')
_LOWER_BOUND = re.compile(r"(?:>=|~>|^\s*=?|,\s*=?)\s*v?(\d+)\.(\d+)(?:\.(\d+))?")

# Where a provider is configured: the block, and in JSON, where one key may hold several, each alias too.
_CONFIGURED = re.compile(r'\bprovider\s+"?aws\b|"provider"\s*:|\balias\b')
# `source` where it is set, and its value if that is a plain text without escapes or templates.
_SOURCE = re.compile(r'\bsource"?\s*[=:]\s*(?:"([^"\\$%]*)")?')


class _Unplannable(Exception):
    """Terraform cannot plan the configuration here; the message says why."""


def read_exactly(paths: Sequence[Path]) -> tuple[list[Reading], list[str]]:
    """The readings of configurations as Terraform evaluates them, and notes on those that it could not.

    Plans are read as they are.

    Raises:
        Problem: a path cannot be read, or Terraform cannot be started.
    """
    readings: list[Reading] = []
    notes: list[str] = []
    for path in paths:
        # A folder's files are parsed later, while Terraform is at work.
        opened = None if path.is_dir() else open_path(path)
        if isinstance(opened, Reading):
            readings.append(opened)
            continue
        reading, note = _evaluated(path, opened)
        readings.append(reading)
        notes.append(f"{path}: {note}")
    return readings, notes


def _evaluated(path: Path, source: Source | None) -> tuple[Reading, str]:
    """The reading of a configuration, opened before or not, and who evaluated it."""
    glance = _glance(path)
    try:
        if not glance.local:
            source = source or _folder(path)
            if reason := _remote_module(source):
                raise _Unplannable(reason)
        with tempfile.TemporaryDirectory(prefix="policies-exact-") as name:
            folder = path if path.is_dir() else _copy_alone(path, Path(name, "configuration"))
            with _started(folder, Path(name, "state"), glance) as planned:
                # Terraform is a process of its own: meanwhile the files are parsed here.
                source = source or _folder(path)
                source.module_sources()
                text = planned.result()
    except _Unplannable as error:
        source = source or _folder(path)
        reason = _remote_module(source) or str(error)
        return (
            source.reading(),
            f"judged by the gate's own readers, because Terraform could not plan it: {reason}",
        )
    document = terraform_json.decode(text, str(path), written_by_people=False)
    reading = source.joined(plan.model(document, str(path), text), str(path))
    return reading, "evaluated by Terraform against the mock provider"


def _folder(path: Path) -> Source:
    source = open_path(path)
    assert isinstance(source, Source), f"{path} is a folder"
    return source


def _remote_module(source: Source) -> str:
    """Words on the first module that is not a local one, if there is one."""
    for call, where in source.module_sources():
        if not is_local(where):
            return f"{call} comes from {where!r}, which would have to be fetched"
    return ""


@dataclass(slots=True)
class _Glance:
    """What the text of a configuration shows at a glance.

    `local`: no module would have to be fetched, for certain. `version`: the version of hashicorp/aws that it asks for
    at least, where that is more than the mock provider plays by itself. `providers`: configurations of the provider,
    or more than there are.
    """

    local: bool = True
    version: str | None = None
    providers: int = 0


def _glance(path: Path) -> _Glance:
    glance = _Glance()
    least: tuple[int, ...] = ()
    pending = [path]
    seen: set[Path] = set()
    while pending:
        place = pending.pop()
        if place.resolve() in seen:
            continue
        seen.add(place.resolve())
        folder = place if place.is_dir() else place.parent
        for file in files.configuration_files(place) if place.is_dir() else [place]:
            text = files.read_text(file)
            for match in _SOURCE.finditer(text):
                where = match.group(1)
                if where is None or not (is_local(where) or where == "hashicorp/aws"):
                    glance.local = False
                elif is_local(where) and (folder / where).is_dir():
                    pending.append(folder / where)
            glance.providers += len(_CONFIGURED.findall(text))
            for block in _PROVIDER.findall(text):
                for constraint in _VERSION.findall(block):
                    for bound in _LOWER_BOUND.findall(constraint):
                        least = max(least, tuple(int(part or 0) for part in bound))
    from mock_provider import runner

    if least > tuple(map(int, runner.claimed().split("."))):
        glance.version = ".".join(map(str, least))
    return glance


def _copy_alone(path: Path, folder: Path) -> Path:
    """A folder with a single file of configuration and the variables that Terraform would find beside it."""
    try:
        folder.mkdir()
        for file in (path, *files.variable_files(path.parent)):
            name = file.name if file.name.endswith((".tf", ".tfvars", ".json")) else f"{file.name}.tf.json"
            if file == path and not name.endswith((".tf", ".tf.json")):
                name = f"{file.stem}.tf.json"
            shutil.copyfile(file, folder / name)
    except OSError as error:
        raise Problem(f"{path}: it cannot be copied: {error.strerror}") from error
    return folder


@contextmanager
def _started(folder: Path, state: Path, glance: _Glance) -> Iterator[Future[str]]:
    """Terraform at work on the plan of a configuration, in JSON.

    The future raises _Unplannable, as does the start itself.
    """
    from mock_provider import runner
    from mock_provider.terraform import find

    # What is wrong with Terraform itself is a problem of the machine; all else, of the configuration.
    terraform = find()
    runner.version(terraform)
    file = str(state.parent / "plan")
    with ExitStack() as stack:
        attach = stack.enter_context(runner.attached()) if glance.providers <= 1 else None
        try:
            planning = stack.enter_context(
                runner.prepared(
                    ["plan", "-input=false", "-no-color", "-lock=false", f"-out={file}"],
                    cwd=folder,
                    state=state,
                    backend="local",
                    claim_version=glance.version,
                )
            )
        except Problem as problem:
            raise _Unplannable(_first_error(str(problem))) from problem
        if attach is not None:
            planning = attach(planning)
        showing = replace(planning, command=(*terraform.command, "show", "-json", file))
        yield stack.enter_context(ThreadPoolExecutor(1)).submit(_outputs, planning, showing)


def _outputs(*commands: Prepared) -> str:
    """What the last of the commands says; each follows on the success of the one before."""
    from mock_provider import runner

    said = ""
    for command in commands:
        done = runner.start(command, capture=True)
        if done.returncode != 0:
            raise _Unplannable(_first_error(done.stderr or done.stdout))
        said = done.stdout
    return said


def _first_error(text: str) -> str:
    """Terraform's first error in one line, its place with it."""
    cleaned = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = [line.strip(" │╷╵\t") for line in cleaned.splitlines()]
    start = next((index for index, line in enumerate(lines) if line.startswith("Error:")), None)
    if start is None:
        return " ".join(lines).strip()[:500] or "it gave no reason"
    end = next(
        (index for index in range(start + 1, len(lines)) if lines[index].startswith("Error:")), len(lines)
    )
    return " ".join(" ".join(lines[start:end]).removeprefix("Error:").split())[:500]
