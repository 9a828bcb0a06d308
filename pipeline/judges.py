"""The judges of a plan: the gate and Checkov, each a program of its own whose exit code is the verdict."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cloudmart_support import processes
from cloudmart_support.problem import Problem
from pipeline import record
from pipeline.holding import Inputs
from pipeline.target import Target

CHECKOV_PYTHON = Path(".venv-checkov") / "bin" / "python"


def gate(target: Target, given: Inputs, subject: Path, report: Path, *, plan: bool = False) -> int:
    """Let the gate judge `subject`, a folder or a plan; its exit code. The findings of a refusal are printed.

    It reads private copies alone; what it says names them as the target's files.

    Raises:
        Problem: it could not judge.
    """
    # What stands in the checkout configures nothing: what applies to an environment is named here.
    words = [sys.executable, "-m", "policies", "check", "--no-config", str(subject)]
    words += ["--format", "json", "--output", str(report), "--format", "text"]
    if plan:
        words += ["--configuration", str(given.folder)]
    words += _files(given)
    done = processes.run(words, cwd=target.root, stderr=subprocess.PIPE)
    print(_named(target, given, done.stderr), end="", file=sys.stderr)
    if done.returncode not in (0, 1):
        raise Problem(
            f"{_named(target, given, str(subject))}: the gate could not judge it, so nothing goes on; "
            "its reason is in the lines above"
        )
    if done.returncode:
        print(_named(target, given, done.stdout), file=sys.stderr)
    record.save(report, _named(target, given, report.read_text(encoding="utf-8")))
    return done.returncode


@contextmanager
def checkov(target: Target, given: Inputs, gate_report: Path) -> Iterator[Callable[[], int]]:
    """Checkov with the same rules over the target's JSON, at work while the context is open.

    It compares its verdicts with those of the gate, in `gate_report`, and believes neither if they differ.

    Gives a function that waits for the verdict: Checkov's exit code; the findings of a refusal are printed.

    Raises:
        Problem: its environment is not there, or it could not judge.
    """
    python = target.root / CHECKOV_PYTHON
    if not python.is_file():
        raise Problem(f"{target.shown(python)}: Checkov's environment is not there: make .venv-checkov/ready")
    words = [str(python), "-m", "policies.checkov_host", str(given.folder)]
    words += ["--gate", str(gate_report), *_files(given)]
    with (
        tempfile.TemporaryFile() as said,
        processes.started(words, cwd=target.root, stdout=said, stderr=subprocess.STDOUT) as process,
    ):

        def verdict() -> int:
            code = process.wait()
            if code:
                said.seek(0)
                print(_named(target, given, said.read().decode("utf-8", "replace")), file=sys.stderr)
            if code not in (0, 1):
                raise Problem(
                    f"{target.shown(target.folder)}: Checkov could not judge it, so nothing goes on; its reason is "
                    "in the lines above"
                )
            return code

        yield verdict


def passed(report: Path) -> str:
    """What the gate saw, in a few words, from its JSON report.

    Raises:
        Problem: the report cannot be read.
    """
    try:
        seen = json.loads(report.read_text(encoding="utf-8"))["summary"]
        waived = f", {seen['waived']} waived" if seen["waived"] else ""
        return f"{seen['resources']} resources, {seen['passed']} checks passed{waived}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(f"{report}: the gate's report cannot be read ({error!r}): plan again") from error


def _files(given: Inputs) -> Sequence[str]:
    """The environment's own waivers and parameters, where it has them."""
    words: list[str] = []
    if waivers := given.file("waivers"):
        words += ["--waivers", str(waivers)]
    if parameters := given.file("parameters"):
        words += ["--params", str(parameters)]
    return words


def _named(target: Target, given: Inputs, said: str) -> str:
    """What a judge said, with the files that it read named as they are in the project."""
    private = given.folder.parent
    names = {
        str(given.folder): target.shown(target.folder),
        str(private / "inputs"): target.shown(target.settings.parent),
        str(private): target.shown(target.saved),
    }
    for path, name in names.items():
        said = said.replace(path, name)
    return said
