"""The project as others fetch it to install the gate from: what it is built of, as it is here."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def copy(folder: Path, *more: str) -> None:
    """Copy what the sdist is made of, and `more` files and folders of the project, into an empty folder."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = project["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"]
    for name in ("pyproject.toml", *parts, *more):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
