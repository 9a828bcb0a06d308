"""The controls of AWS Foundational Security Best Practices and CIS, each with its answer: `docs/controls.md`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handoff.configuration import Json

FILE = Path(__file__).with_name("controls.toml")
ANSWERS = ("rule", "holds", "waived", "account", "na")
WORDS = {
    "rule": "rule",
    "holds": "held by the stack",
    "waived": "waived",
    "account": "of the account",
    "na": "not applicable",
}
_HELD = re.compile(r"([\w.]+) (set|absent|= (.+))")


@dataclass(frozen=True)
class Control:
    """A control: its id, what it asks for, how it is answered (one of ANSWERS) and with what words."""

    id: str
    about: str
    how: str
    words: str

    @property
    def service(self) -> str:
        """The part of the id that names the service, or the benchmark."""
        return self.id.partition(" ")[0] if " " in self.id else self.id.partition(".")[0]


@dataclass(frozen=True)
class Ledger:
    """All controls, and whose word the waivers are until when."""

    controls: tuple[Control, ...]
    owner: str
    expires: str


def load() -> Ledger:
    """The ledger in `controls.toml`."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    controls = []
    for row in found["control"]:
        (how,) = (key for key in row if key in ANSWERS)
        controls.append(Control(row["id"], row["about"], how, row[how]))
    return Ledger(tuple(controls), found["waivers"]["owner"], str(found["waivers"]["expires"]))


def held(control: Control, configuration: Json) -> bool:
    """Whether a configuration has what a control of the kind `holds` is held by."""
    match = _HELD.fullmatch(control.words)
    if not match:
        raise ValueError(f"{control.id}: {control.words!r} is not PATH set, PATH absent or PATH = VALUE")
    value: Any = configuration["resource"]
    for part in match[1].split("."):
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() else value[0].get(part)
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    if match[2] == "absent":
        return value is None
    if match[2] == "set":
        return value not in (None, "", [], {})
    wanted = tomllib.loads(f"value = {match[3]}")["value"]
    return bool(value == wanted)


def page(ledger: Ledger) -> str:
    """The ledger as Markdown."""
    counted = {how: sum(one.how == how for one in ledger.controls) for how in ANSWERS}
    lines = [
        "# Controls",
        "",
        "Every control of AWS Foundational Security Best Practices, and of CIS AWS Foundations 5.0, for the services "
        "that the stack uses and for the account that it runs in: what holds it, or why nothing does. Security Hub "
        "judges the same; where it would fail the stack, that is waived here with the reason. Written by `make docs` "
        "from `handoff/controls.toml`.",
        "",
        f"{len(ledger.controls)} controls: "
        + ", ".join(f"{counted[how]} {WORDS[how]}" for how in ANSWERS)
        + f". The waivers are {ledger.owner}'s, until {ledger.expires}.",
    ]
    services = list(dict.fromkeys(one.service for one in ledger.controls))
    for service in services:
        lines += [
            "",
            f"## {service}",
            "",
            "| control | what it asks for | answer | by what, or why |",
            "| --- | --- | --- | --- |",
        ]
        for one in ledger.controls:
            if one.service == service:
                words = (
                    f"[{one.words}](rules.md#{one.words.lower()})"
                    if one.how == "rule"
                    else f"`{one.words}`"
                    if one.how == "holds"
                    else one.words
                )
                lines.append(f"| {one.id} | {one.about} | {WORDS[one.how]} | {words} |")
    return "\n".join(lines) + "\n"
