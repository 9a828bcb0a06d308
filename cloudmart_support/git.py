"""Questions to git about the working folder's repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cloudmart_support.problem import Problem


def top(path: Path) -> Path | None:
    """The top of the repository that a path lies in, told by its `.git` alone; None where it lies in none."""
    return next((one for one in (path, *path.parents) if os.path.lexists(one / ".git")), None)


def ask(words: Sequence[str], folder: Path, wanted: str) -> bytes:
    """What git prints; `wanted` says what for, where it cannot answer.

    Nothing is fetched, and nothing of the repository is taken for a program, even where the path names the working
    folder.

    Raises:
        Problem: there is no git, or it does not answer.
    """
    folders = [one for one in os.environ.get("PATH", "").split(os.pathsep) if Path(one).is_absolute()]
    git = shutil.which("git", path=os.pathsep.join(folders))
    if git is None:
        raise Problem(f"{wanted}: git is not on the path")
    environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_LITERAL_PATHSPECS": "1"}
    done = subprocess.run([git, *words], cwd=folder, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise Problem(f"{wanted}: {done.stderr.decode('utf-8', 'replace').strip() or 'git does not know it'}")
    return done.stdout
