"""The cases of the gate's rules, from their tables."""

from __future__ import annotations

from pathlib import Path

from policies import testing
from policies.testing import Case

TABLES = Path(__file__).with_name("rules")


def tables() -> list[str]:
    """The rules that have a table, by file name."""
    return sorted(path.stem for path in TABLES.glob("*.tf"))


def cases(rule: str) -> list[Case]:
    """The cases of one rule's table."""
    return testing.cases(TABLES / f"{rule}.tf")
