"""Exact mode: Terraform itself evaluates the configuration against the mock provider, and the gate judges the plan.

Nothing of the judged folder is executed. A plan runs no provisioner; the mock provider is the only provider that can
be had, so that no other one starts, `external` among them; modules that would have to be fetched are refused before
Terraform is started. The folder itself is not written to: Terraform works in a shadow of it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from policies.readers import Reading, Source, files, open_source, plan, read, terraform_json
from policies.readers.configuration import is_local
from support.problem import Problem

# The entry of hashicorp/aws in required_providers, the constraints in it, and the lower bounds in those.
_PROVIDER = re.compile(r"\{[^{}]*hashicorp/aws\"[^{}]*\}")
_VERSION = re.compile(r'\bversion"?\s*[=:]\s*"([^"]*)"')
_LOWER_BOUND = re.compile(r"(?:>=|~>|^\s*=?|,\s*=?)\s*v?(\d+)\.(\d+)(?:\.(\d+))?")


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
        source = open_source(path)
        if source is None:
            readings.append(read(path))
            continue
        try:
            readings.append(_planned(path, source))
            notes.append(f"{path}: evaluated by Terraform against the mock provider")
        except _Unplannable as error:
            readings.append(source.reading())
            notes.append(
                f"{path}: judged by the gate's own readers, because Terraform could not plan it: {error}"
            )
    return readings, notes


def _planned(path: Path, source: Source) -> Reading:
    glance = _glance(path)
    if not glance.local:
        _refuse_remote_modules(source)
    with tempfile.TemporaryDirectory(prefix="policies-exact-") as name:
        scratch = Path(name)
        folder = path
        if not path.is_dir():
            folder = scratch / "configuration"
            _copy_alone(path, folder)
        # Terraform is a process of its own: meanwhile the files are parsed here.
        with ThreadPoolExecutor(1) as thread:
            planned = thread.submit(_plan, folder, scratch / "state", glance.version)
            _refuse_remote_modules(source)
            text = planned.result()
    document = terraform_json.decode(text, str(path), written_by_people=False)
    return source.joined(plan.model(document, str(path), text), str(path))


def _refuse_remote_modules(source: Source) -> None:
    for call, where in source.module_sources():
        if not is_local(where):
            raise _Unplannable(f"{call} comes from {where!r}, which would have to be fetched")


@dataclass(slots=True)
class _Glance:
    """What the text of a configuration shows at a glance.

    `local`: no module would have to be fetched, for certain. `version`: the version of hashicorp/aws that it asks for
    at least, where that is more than the mock provider plays by itself.
    """

    local: bool = True
    version: str | None = None


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
            for block in _PROVIDER.findall(text):
                for constraint in _VERSION.findall(block):
                    for bound in _LOWER_BOUND.findall(constraint):
                        least = max(least, tuple(int(part or 0) for part in bound))
    from mock_provider import runner

    if least > tuple(map(int, runner.claimed().split("."))):
        glance.version = ".".join(map(str, least))
    return glance


def _copy_alone(path: Path, folder: Path) -> None:
    """A single file of configuration with the variables that Terraform would find beside it."""
    try:
        folder.mkdir()
        for file in (path, *files.variable_files(path.parent)):
            name = file.name if file.name.endswith((".tf", ".tfvars", ".json")) else f"{file.name}.tf.json"
            if file == path and not name.endswith((".tf", ".tf.json")):
                name = f"{file.stem}.tf.json"
            shutil.copyfile(file, folder / name)
    except OSError as error:
        raise Problem(f"{path}: it cannot be copied: {error.strerror}") from error


def _plan(folder: Path, state: Path, claim: str | None) -> str:
    """The plan of a configuration in JSON."""
    from mock_provider import runner
    from mock_provider.terraform import find

    # What is wrong with Terraform itself is a problem of the machine; all else, of the configuration.
    runner.version(find())
    file = state.parent / "plan"
    try:
        done = runner.run(
            ["plan", "-input=false", "-no-color", "-lock=false", f"-out={file}"],
            cwd=folder,
            state=state,
            backend="local",
            claim_version=claim,
            capture=True,
            announce=False,
        )
    except Problem as problem:
        raise _Unplannable(_first_error(str(problem))) from problem
    if done.returncode != 0:
        raise _Unplannable(_first_error(done.stderr or done.stdout))
    shown = runner.run(
        ["show", "-json", str(file)],
        cwd=folder,
        state=state,
        backend="local",
        claim_version=claim,
        capture=True,
        announce=False,
    )
    if shown.returncode != 0:
        raise _Unplannable(_first_error(shown.stderr))
    return shown.stdout


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
