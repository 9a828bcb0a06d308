"""The judges of a plan: the gate and Checkov, each a program of its own whose exit code is the verdict."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.target import Target
from support.problem import Problem

CHECKOV_PYTHON = Path(".venv-checkov") / "bin" / "python"


def gate(target: Target, subject: Path, report: Path, *, plan: bool = False) -> int:
    """Let the gate judge `subject`, a folder or a plan; its exit code. The findings of a refusal are printed.

    Raises:
        Problem: it could not judge.
    """
    words = [sys.executable, "-m", "policies", "check", str(subject)]
    words += ["--format", "json", "--output", str(report), "--format", "text"]
    if plan:
        words += ["--configuration", str(target.folder)]
    words += _files(target)
    done = subprocess.run(words, cwd=target.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        raise Problem(
            f"{target.shown(subject)}: the gate could not judge it, so nothing goes on; "
            "its reason is in the lines above"
        )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
    return done.returncode


@contextmanager
def checkov(target: Target, gate_report: Path) -> Iterator[Callable[[], int]]:
    """Checkov with the same rules over the target's JSON, at work while the context is open.

    It compares its verdicts with those of the gate, in `gate_report`, and believes neither if they differ.

    Gives a function that waits for the verdict: Checkov's exit code; the findings of a refusal are printed.

    Raises:
        Problem: its environment is not there, or it could not judge.
    """
    python = target.root / CHECKOV_PYTHON
    if not python.is_file():
        raise Problem(f"{target.shown(python)}: Checkov's environment is not there: make .venv-checkov/ready")
    words = [str(python), "-m", "policies.checkov_host", str(target.folder)]
    words += ["--gate", str(gate_report), *_files(target)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            words, cwd=target.root, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )

        def verdict() -> int:
            code = process.wait()
            if code:
                said.seek(0)
                print(said.read().decode("utf-8", "replace"), file=sys.stderr)
            if code not in (0, 1):
                raise Problem(
                    f"{target.shown(target.folder)}: Checkov could not judge it, so nothing goes on; its reason is "
                    "in the lines above"
                )
            return code

        try:
            yield verdict
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()


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


def _files(target: Target) -> Sequence[str]:
    """The environment's own waivers and parameters, where it has them."""
    words: list[str] = []
    if target.waivers.is_file():
        words += ["--waivers", str(target.waivers)]
    if target.parameters.is_file():
        words += ["--params", str(target.parameters)]
    return words
