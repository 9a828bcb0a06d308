"""Documents played as they are written: each command of their console blocks, and what it is shown to say.

In a block of the language `console` a line that begins with `$ ` is a command, further lines of it begin with `> `, and
what follows is its output. `…` stands for what is left out: some characters, or lines where it stands alone.

`python -m tests.docs.played PAGE` shows what each command prints, for a page that is to be written.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.developers_shell import environment

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"```(\w*)\s*$")


@dataclass
class Step:
    """A command, and the lines that it is shown to print."""

    line: int
    command: str
    shown: list[str] = field(default_factory=list)


def steps(page: Path) -> list[Step]:
    """The commands of a page's console blocks, in order."""
    found: list[Step] = []
    language = None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if fence := _FENCE.match(line):
            language = fence[1] if language is None else None
        elif language == "console":
            if line.startswith("$ "):
                found.append(Step(number, line[2:]))
            elif line.startswith("> ") and not found[-1].shown:
                found[-1].command += f"\n{line[2:]}"
            else:
                found[-1].shown.append(line)
    return found


def fits(shown: list[str], printed: str) -> bool:
    """Whether what is shown is what was printed, but for what is left out."""
    lines = "\n".join(shown).strip("\n").split("\n")
    pattern = ""
    for line in lines:
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(map(re.escape, line.rstrip().split("…"))) + r"[ \t]*\n"
    return re.fullmatch(pattern + r"\s*", printed.strip("\n") + "\n") is not None


class Clone:
    """A fresh clone of this checkout's files, with the environments that are there already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in _tracked():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
        for name in (".tools", ".venv", ".venv-checkov"):
            (folder / name).symlink_to(ROOT / name)
        self.environment = environment()
        self.environment |= {"NO_COLOR": "1", "COLUMNS": "100", "GIT_CONFIG_GLOBAL": os.devnull}
        for command in (
            "git init --quiet --initial-branch main",
            "git add --all",
            "git -c user.name=test -c user.email=test@example.com commit --quiet --message all",
        ):
            assert self.run(command)[0] == 0

    def run(self, command: str) -> tuple[int, str]:
        """Its exit code and what it prints, in the order in which a person sees it."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        return done.returncode, done.stdout

    def play(self, page: Path) -> Iterator[tuple[Step, str]]:
        """Every step of a page that does not do as it is shown, with what it did."""
        for step in steps(page):
            code, printed = self.run(step.command)
            told = next(
                (int(m[1]) for line in step.shown if (m := re.search(r"\*\*\* .* Error (\d+)$", line))), None
            )
            expected = 0 if told is None else 2
            if code != expected or not fits(step.shown, printed):
                yield step, f"exit code {code}\n{printed}"


def _tracked() -> list[str]:
    """What a commit of this checkout holds: files, added ones with them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


if __name__ == "__main__":
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(Path(folder) / "cloudmart")
        for step in steps(Path(sys.argv[1])):
            code, printed = clone.run(step.command)
            verdict = "ok" if fits(step.shown, printed) else "DIFFERS"
            print(f"=== {step.line} {verdict} $ {step.command}\n(exit code {code})\n{printed}")
