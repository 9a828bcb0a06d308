"""Own rules: code, which only whoever runs the gate names, on its command line or in a file given with --config."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cloudmart_support.problem import Problem
from policies.command.deciding import Deciding
from policies.engine import catalogue
from policies.engine.catalogue import PACKAGE, Entry
from policies.engine.judging import OWN_RULES


def entries(sources: Sequence[str], deciding: Deciding | None = None) -> tuple[Entry, ...]:
    """The whole catalogue with the rules of these sources.

    Raises:
        Problem: as `catalogue.with_own`; or a folder is one that the judged change may have written.
    """
    for source in sources:
        if source in ("", PACKAGE):
            raise Problem(f"--rules={source}: it names no folder and no package")
        if deciding is None or not deciding.base or source.startswith(PACKAGE):
            continue
        if Path(source).resolve().is_relative_to(deciding.top.resolve()):
            raise Problem(
                f"{source}: with --base no rules of the repository run, since the change may have written them: name "
                "a checkout of the base in a folder of its own (git worktree add), or an installed package"
            )
    return catalogue.with_own(sources, OWN_RULES)


def told(entries: Sequence[Entry]) -> list[str]:
    """Which own rules there are, a sentence a source."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        if entry.source:
            found.setdefault(entry.source, []).append(entry.id)
    return [
        f"own rules of {source}: {len(ids)} rule{'s' if len(ids) != 1 else ''} ({', '.join(ids)})"
        for source, ids in found.items()
    ]
