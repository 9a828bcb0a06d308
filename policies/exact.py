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
from pathlib import Path

from policies.readers import Reading, files, module_sources, read, terraform_json
from policies.readers.joined import join
from support.problem import Problem

_CONSTRAINTS = re.compile(r"constraints\s+([^\n]*)")
_LOWER_BOUND = re.compile(r"(?:>=|~>|=|^|,)\s*v?(\d+)\.(\d+)(?:\.(\d+))?")


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
        own = read(path)
        if own.model.source == "plan":
            readings.append(own)
            continue
        try:
            readings.append(_planned(path, own))
            notes.append(f"{path}: evaluated by Terraform against the mock provider")
        except _Unplannable as error:
            readings.append(own)
            notes.append(
                f"{path}: judged by the gate's own readers, because Terraform could not plan it: {error}"
            )
    return readings, notes


def _planned(path: Path, own: Reading) -> Reading:
    foreign = next(
        (f"{call} comes from {source!r}" for call, source in module_sources(path) if _is_remote(source)), ""
    )
    if foreign:
        raise _Unplannable(f"{foreign}, which would have to be fetched")
    with tempfile.TemporaryDirectory(prefix="policies-exact-") as name:
        scratch = Path(name)
        folder = path
        if not path.is_dir():
            folder = scratch / "configuration"
            _copy_alone(path, folder)
        text = _plan(folder, scratch / "state")
    document = terraform_json.decode(text, str(path))
    from policies.readers import plan

    model = plan.model(document, str(path), text)
    return Reading(own.path, join(model, own.model, own.path))


def _is_remote(source: str) -> bool:
    return not source.startswith(("./", "../")) and source not in (".", "..")


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


def _plan(folder: Path, state: Path) -> str:
    """The plan of a configuration in JSON."""
    from mock_provider import runner
    from mock_provider.terraform import find

    # What is wrong with Terraform itself is a problem of the machine; all else, of the configuration.
    runner.version(find())
    file = state.parent / "plan"
    claim: str | None = None
    for attempt in (1, 2):
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
            claim = _claim(str(problem)) if attempt == 1 else None
            if claim is None:
                raise _Unplannable(_first_error(str(problem))) from problem
            continue
        break
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


def _claim(message: str) -> str | None:
    """The version of hashicorp/aws that a configuration asks for, when it is another than the mock's own."""
    match = _CONSTRAINTS.search(" ".join(message.split()))
    if not match or "hashicorp/aws" not in message:
        return None
    bounds = [tuple(int(part or 0) for part in bound) for bound in _LOWER_BOUND.findall(match.group(1))]
    return ".".join(map(str, max(bounds))) if bounds else None


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
