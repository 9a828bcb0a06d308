"""Tests stand where their subject stands, under names that no other has."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OF_SEVERAL = {"pages", "prose"}
"""Folders whose subject is no folder: all pages in a browser, and what AWS's API demands in its prose."""


def files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", "*.py"],
        cwd=ROOT / "tests",
        capture_output=True,
        text=True,
        check=True,
    )
    return [Path(name) for name in listed.stdout.split("\0") if name]


def test_every_folder_of_tests_has_its_subject() -> None:
    folders = {str(file.parent) for file in files() if file.name.startswith("test_")}
    lost = [folder for folder in sorted(folders - OF_SEVERAL) if not (ROOT / folder).is_dir()]
    assert "policies/readers" in folders
    assert lost == []


def test_no_two_files_have_one_name() -> None:
    # pytest puts the folders on the path, so that helpers and tests of one name would hide each other.
    names = Counter(
        file.name for file in files() if file.name not in ("conftest.py", "__main__.py", "__init__.py")
    )
    assert [name for name, count in names.items() if count > 1] == []
