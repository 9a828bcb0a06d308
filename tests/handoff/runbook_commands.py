"""The table of the runbook's commands. `python tests/handoff/runbook_commands.py` writes the page."""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from handoff import runbook  # noqa: E402

PAGE = ROOT / "docs" / "runbook-commands.md"
UNKNOWN = Path(__file__).with_name("unknown_to_moto.txt")
STACKS = ("prod", "dev", "everything")
PROGRAMS = ("aws", "terraform", "docker", "sudo", "psql", "dig", "curl", "git", "sh", "find", "cp")
# Where a command begins: a line, a substitution, a pipe, a list, the body of a loop, a quoted value.
_BEGINS = re.compile(
    rf"(?:^|\$\(|\|\|?|&&|\{{|\bdo|\bthen|;|\buntil)\s*(?:\w+=\S* )?({'|'.join(PROGRAMS)}) (?=([^\n]*))", re.M
)


@dataclass(frozen=True)
class Row:
    """A command of a section: its program and what it does, without names."""

    section: str
    name: str


def named(words: list[str]) -> str:
    """An `aws` command's service and operation, and what it waits for."""
    return " ".join(words[: 3 if words[1] == "wait" else 2])


def unknown() -> dict[str, str]:
    """What moto does not know, with words for it."""
    lines = [line for line in UNKNOWN.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return {name.strip(): why.strip() for name, _, why in (line.partition("|") for line in lines)}


def rows(configuration: Any) -> list[Row]:
    """The commands of a runbook, section by section, each once."""
    found: dict[Row, None] = {}
    for section in runbook.runbook(configuration):
        for step in section.steps:
            if isinstance(step, runbook.Command):
                text = re.sub(r"<<'END'\n.*?\nEND", "", step.text, flags=re.S).replace("\\\n", " ")
                for begun in _BEGINS.finditer(text):
                    words = begun[2].split()
                    name = named(words) if begun[1] == "aws" else _verb(begun[1], words)
                    found[Row(section.title, f"{begun[1]} {name}".strip())] = None
    return list(found)


def _verb(program: str, words: list[str]) -> str:
    if program == "terraform":
        return " ".join(words[:2] if words[0] == "state" else words[:1])
    return words[0] if program in ("docker", "git", "sudo") else ""


def page(configurations: dict[str, Any]) -> str:
    """The page, for the runbooks of several environments."""
    told = unknown()
    table: dict[Row, list[str]] = {}
    for environment, configuration in configurations.items():
        for row in rows(configuration):
            table.setdefault(row, []).append(environment)
    lines = [
        "# The runbook's commands, and who has tried them",
        "",
        "`make docs` writes this page; a test holds it to the runbook. On the machine: each section runs in bash, with",
        "the AWS CLI's own parser, against names, snapshots, secrets, state and time",
        "(`tests/handoff/test_runbook_played.py`). In moto: the AWS CLI against moto's server",
        "(`tests/handoff/test_runbook_moto.py`); what moto does not know stands in",
        "`tests/handoff/unknown_to_moto.txt`.",
        "Nothing of it has run on AWS.",
        "",
        "| section | command | environments | on the machine | in moto |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row, environments in table.items():
        name = row.name.removeprefix("aws ")
        moto = "–" if name == row.name else f"not known: {told[name]}" if name in told else "accepted"
        where = "all" if len(environments) == len(configurations) else ", ".join(environments)
        lines.append(f"| {row.section} | `{row.name}` | {where} | played | {moto} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    from stacks import VARIANTS, settings_values

    from settings.reader import parse
    from synthesis import app

    configurations = {}
    for name in STACKS:
        environment, changes = VARIANTS[name]
        settings, complaints = parse(settings_values(environment, changes))
        assert settings is not None, complaints
        with tempfile.TemporaryDirectory() as out:
            configurations[name] = app.environment(settings, Path(out)).configuration
    PAGE.write_text(page(configurations), encoding="utf-8")
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
