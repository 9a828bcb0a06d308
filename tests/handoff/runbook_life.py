"""Somebody who goes through sections of the runbook, and what they type where a command leaves it to them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from runbook_machine import Machine
from runbook_terminal import Terminal

from handoff import runbook

# The first blocks of every terminal.
OPENING = "In every new terminal"


def commands(sections: list[runbook.Section]) -> dict[str, list[str]]:
    """The fenced commands of each section, by its title."""
    return {
        one.title: [step.text for step in one.steps if isinstance(step, runbook.Command)] for one in sections
    }


def _latest(machine: Machine) -> str:
    """The newest snapshot that can be restored; in a new account somebody has to wait for the first one."""
    ours = machine.database["identifier"]
    major = machine.databases[ours].version.partition(".")[0]
    while True:
        for one in reversed(machine.snapshots.values()):
            if one.source == ours and one.status == "available" and one.version.startswith(f"{major}."):
                return one.name
        machine.pass_time(3600)


# What stands for something that only the person at the terminal knows.
PLACEHOLDERS: dict[str, Callable[[Machine], str]] = {
    "STATE_BUCKET": lambda machine: "states-of-ours",
    "SNAPSHOT": _latest,
    "2026-01-31T03:15:00Z": lambda machine: (
        f"{min(one.rows for one in machine.databases.values()):%Y-%m-%dT%H:%M:%SZ}"
    ),
    "LOCK_ID": lambda machine: machine.lock,
    "NEW_TAG": lambda machine: f"2.{int(machine.clock)}",
    "EARLIER_TAG": lambda machine: "1.0.0",
    "EARLIER": lambda machine: "EARLIER",
    "OWNER": lambda machine: str(machine.database["username"]),
    "MINOR_VERSION": lambda machine: min(one.version for one in machine.databases.values()) + "1",
    "NEWER_VERSION": lambda machine: "7.1",
    "MAJOR_VERSION": lambda machine: "16.1",
    "PARAMETERS_OF_THE_NEW_FAMILY": lambda machine: "cloudmart-postgres16",
    "SOURCE": lambda machine: ".",
    "DIST": lambda machine: "../../dist",
    "KEY_THAT_STAYS": lambda machine: "alias/ours",
    "WEB_ACL_ARN": lambda machine: machine.acl(
        next(one for one in machine.resources["aws_wafv2_web_acl"].values() if one["scope"] == "CLOUDFRONT")
    ),
    "INSTANCE": lambda machine: machine.instances[0].id,
    "EXPERIMENT": lambda machine: f"EXP{len(machine.experiments)}",
    "QUERY": lambda machine: machine.queries[-1] if machine.queries else "QUERY",
    "PATH_THAT_READS_THE_DATABASE": lambda machine: "products",
    "PATH_THAT_READS_DATABASE_AND_CACHE": lambda machine: "products",
}
_ANY = "|".join(sorted(map(re.escape, PLACEHOLDERS), key=len, reverse=True))
_WORD = re.compile(rf"(?<![\w${{-])({_ANY})(?![\w=])")


def _taint(machine: Machine) -> None:
    if machine.group:
        machine.group["tainted"] = True


def _lock(machine: Machine) -> None:
    machine.lock = "5c1d3c1e-0000"


def _edit(**values: Any) -> Callable[[Machine], None]:
    return lambda machine: machine.edits.update(values)


def _snapshot(machine: Machine) -> None:
    machine.edits["snapshot_name"] = machine.cache_snapshots[-1]


# What happened, or what somebody wrote into the files, before a block that is for that case: (section, words of it).
HAPPENED: dict[tuple[str, str], Callable[[Machine], None]] = {
    ("First apply", "terraform untaint"): _taint,
    ("Day-two changes", "terraform force-unlock"): _lock,
    ("Upgrade PostgreSQL", "-out=major.tfplan"): _edit(engine_version="16", allow_major_version_upgrade=True),
    ("Restore the cache", "-replace=aws_elasticache_replication_group.main"): _snapshot,
    ("Destroy", "terraform apply"): _edit(unprotected=True),
}


# What somebody does when a section is over: lines that were for one plan are taken out of the files.
def _tidied(machine: Machine) -> None:
    for name in ("snapshot_name", "allow_major_version_upgrade", "unprotected"):
        machine.edits.pop(name, None)


class Life:
    """An account and somebody at a terminal, section by section."""

    def __init__(self, configuration: dict[str, Any], folder: Path, sections: dict[str, list[str]]) -> None:
        self.machine = Machine(configuration)
        self.sections = sections
        self.findings: list[str] = []
        lock = threading.Lock()

        def play(*asked: Any) -> tuple[int, str, str]:
            with lock:
                return self.machine.program(*asked)

        self.terminal = Terminal(folder, play)

    def section(self, title: str) -> list[str]:
        """Go through a section in a new terminal; what was found, each with the section's title."""
        opening = self.sections.get(OPENING, []) if title != OPENING else []
        texts = [*opening, *self.sections[title]]
        self.machine.findings.clear()
        self.machine.session = None
        if title == "Roll back":
            self.terminal.keep_history()
        ended = self.terminal.run(self._typed(title, texts), len(texts))
        found = list(dict.fromkeys(self.machine.findings))
        if ended.code and not found:
            found.append(f"ends with {ended.code}: {ended.output.strip()[-400:]}")
        _tidied(self.machine)
        self.machine.pass_time(3600)
        found += self.machine.complaints()
        return [f"{title}: {words}" for words in found]

    def _typed(self, title: str, texts: list[str]) -> Iterator[str]:
        for text in texts:
            for (section, words), what in HAPPENED.items():
                if section == title and words in text:
                    what(self.machine)
            yield _WORD.sub(lambda found: PLACEHOLDERS[found[1]](self.machine), text)
