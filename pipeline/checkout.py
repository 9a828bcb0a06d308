"""The commit that a command's own program and settings are from."""

from __future__ import annotations

from pathlib import Path

from cloudmart_support import git
from cloudmart_support.problem import Problem
from pipeline.record import Commit

# What decides what is planned, judged and applied.
_PARTS = (
    "Makefile",
    "cdktf.json",
    "cloudmart_pages",
    "environments",
    "handoff",
    "main.py",
    "mock_provider",
    "modules",
    "pipeline",
    "policies",
    "pyproject.toml",
    "settings",
    "cloudmart_support",
    "synthesis",
    "uv.lock",
)


def commit(root: Path) -> Commit:
    """The commit of the project in `root`, and what of it is not as the commit has it.

    Where git does not know, its hash is empty.
    """
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return Commit("")
    wanted = "the commit cannot be told"
    try:
        sha, tree = git.ask(["rev-parse", "HEAD", "HEAD^{tree}"], root, wanted).decode().split()
        words = ["-c", "core.fsmonitor=false", "status", "--porcelain=v1", "-z", "--no-renames"]
        changed = git.ask([*words, "--untracked-files=all", "--", *_PARTS], root, wanted)
    except Problem:
        return Commit("")
    changes = (entry[3:].decode("utf-8", "replace") for entry in changed.split(b"\0") if entry)
    return Commit(sha, tree, tuple(changes))
