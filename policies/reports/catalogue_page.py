"""The catalogue for readers: a page in Markdown, and listings for the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from policies.engine.catalogue import Entry
from policies.engine.judging import OWN_RULES
from policies.engine.parameters import OWN
from policies.engine.verdicts import FAMILIES, PACKS

_OWN: Final = (
    "What no rule of a resource can say is said by the engine, as unknown. Each such finding can be waived, but for",
    "those of `CM_WAIVER`; a type can be accepted once for all in the parameters: `coverage.accepted_stores` answers",
    "`CM_STORE_KNOWN`, `coverage.accepted_creators` answers `CM_CONTENTS_SEEN`. Which types of hashicorp/aws keep",
    "data or create others is told by `policies/aws/types.txt`; other providers' types are known by their names.",
)


def described(entry: Entry) -> dict[str, Any]:
    """All that a rule says of itself, as plain JSON."""
    rule = entry.rule
    return {
        "id": entry.id,
        "title": rule.title,
        "family": rule.family,
        "severity": rule.severity,
        "types": list(rule.types),
        "why": rule.why,
        "fix": rule.fix,
        "link": rule.link,
        "controls": list(rule.controls),
    }


def listing(catalogue: Sequence[Entry], format: str) -> str:
    """The catalogue as aligned text, or as JSON with everything that a rule says of itself."""
    if format == "json":
        return json.dumps({"rules": list(map(described, catalogue))}, indent=2, ensure_ascii=False) + "\n"
    width = max(len(entry.id) for entry in catalogue)
    lines: list[str] = []
    for family in FAMILIES:
        members = [entry for entry in catalogue if entry.rule.family == family]
        if members:
            lines += ["", family.capitalize()]
            lines += [
                f"  {entry.id:<{width}}  {entry.rule.severity:<8}  {entry.rule.title}" for entry in members
            ]
    return "\n".join(lines).lstrip("\n") + "\n"


def markdown(catalogue: Sequence[Entry]) -> str:
    """The page `docs/rules.md`: a table of contents by family, then each rule in full."""
    lines = [
        "# The rules",
        "",
        "<!-- Written by `make docs` from policies/rules/: change the rules, not this page. -->",
        "",
        f"The gate and Checkov run the same {len(catalogue)} rules. Each is one file in `policies/rules/`;",
        "its id is `CM_` and the file's name in upper case. Packs choose among them:",
        "",
        *(f"- `{name}`: {about}" for name, about in PACKS.items()),
    ]
    sources = dict.fromkeys(entry.source for entry in catalogue if entry.source)
    if sources:
        lines += ["", "Among them are own rules, of " + ", ".join(f"`{source}`" for source in sources) + "."]
    for family in FAMILIES:
        members = [entry for entry in catalogue if entry.rule.family == family]
        if not members:
            continue
        lines += [
            "",
            f"## {family.capitalize()}",
            "",
            "| rule | severity | packs | requirement |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| [{entry.id}](#{entry.id.lower()}) | {entry.rule.severity} | {', '.join(entry.rule.packs)} | "
            f"{_cell(entry.rule.title)} |"
            for entry in members
        ]
        for entry in members:
            lines += _rule(entry)
    lines += [
        "",
        "## The gate itself",
        "",
        *_OWN,
        "",
        "| rule | severity | requirement |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {id} | high | {_cell(title)} |" for id, title in OWN_RULES.items()]
    return "\n".join(lines) + "\n"


def _rule(entry: Entry) -> list[str]:
    rule = entry.rule
    lines = ["", f"### {entry.id}", "", f"{rule.title}.", "", rule.why, ""]
    lines += [f"- Severity: {rule.severity}", f"- Judges: {', '.join(f'`{type}`' for type in rule.types)}"]
    lines.append(f"- Packs: {', '.join(f'`{pack}`' for pack in rule.packs)}")
    if entry.source:
        lines.append(f"- Own rule: `{entry.file}`")
    if entry.parameters:
        lines += [
            f"- Parameter `{one.name}` of `[{OWN}.{entry.name}]`: {_shown(one.default)} unless given"
            for one in fields(entry.parameters)
        ]
    if rule.controls:
        lines.append(f"- Controls: {'; '.join(rule.controls)}")
    lines += [
        f"- Fixable: {entry.fixable}",
        f"- AWS documentation: <{rule.link}>",
        "",
        "```terraform",
        *rule.fix.rstrip().split("\n"),
        "```",
    ]
    return lines


def _shown(value: object) -> str:
    """A parameter's value, as TOML has it."""
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
