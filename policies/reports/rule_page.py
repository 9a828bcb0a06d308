"""One rule in full, for the command line."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from policies.engine.catalogue import Entry
from policies.engine.judging import OWN_RULES
from policies.engine.parameters import OWN, Parameters
from policies.reports import catalogue_page

_CASES: Final = Path(__file__).resolve().parents[2] / "tests" / "policies" / "rules"
_LONGEST: Final = 60
"""Lines of cases that are shown; the file holds the others."""


def explained(entry: Entry, parameters: Parameters, width: int) -> str:
    """A rule with its reason, cure, controls, parameters and their values, packs, cases and where it stands."""
    rule = entry.rule
    lines = [f"{entry.id}  ({rule.severity}, {rule.family})", *_wrapped(f"{rule.title}.", width), ""]
    lines += _wrapped(f"Why: {rule.why}", width)
    lines += ["", "Fix:", *(f"    {line}".rstrip() for line in rule.fix.rstrip().split("\n")), ""]
    lines += _wrapped(f"Judges: {', '.join(rule.types)}", width)
    lines += _wrapped(f"Controls: {'; '.join(rule.controls)}", width) if rule.controls else []
    if rule.parameters:
        values = ", ".join(f"{name} = {_value(parameters, name)}" for name in rule.parameters)
        lines += _wrapped(f"Parameters: {values}", width)
    if entry.parameters:
        lines += _wrapped(
            f"Parameters: {OWN}.{entry.name} = {_shown(parameters.of(entry.parameters))}", width
        )
    lines += _wrapped(f"Packs: {', '.join(rule.packs)}", width)
    lines += _wrapped(f"Fixable: {entry.fixable}", width)
    lines.append(f"See: {rule.link}")
    source = Path(entry.file)
    lines.append(f"Source: {source}")
    for cases in (source.with_suffix(".tf"), _CASES / f"{source.stem}.tf"):
        if cases.is_file():
            lines += _cases(cases)
            break
    return "\n".join(lines) + "\n"


def as_json(entries: Sequence[Entry]) -> str:
    """Rules as in the catalogue's listing, with their packs and parameters."""
    rules = [
        {
            **catalogue_page.described(entry),
            "packs": list(entry.rule.packs),
            "parameters": list(entry.rule.parameters),
            "fixable": entry.cure is not None,
            "by_hand": entry.rule.by_hand,
        }
        for entry in entries
    ]
    return json.dumps({"rules": rules}, indent=2, ensure_ascii=False) + "\n"


def own(id: str, width: int) -> str:
    """One of the gate's own rules, of which there is less to say."""
    return "\n".join([f"{id}  (high, the gate itself)", *_wrapped(f"{OWN_RULES[id]}.", width)]) + "\n"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


def _value(parameters: Parameters, name: str) -> str:
    value: Any = parameters
    for part in name.split("."):
        value = getattr(value, part)
    return _shown(value)


def _shown(value: Any) -> str:
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_shown(one)}" for key, one in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _cases(file: Path) -> list[str]:
    """The first of the cases by which the rule is tested, whole: what stands there and what is found."""
    lines = ["", f"Cases: {file}"]
    found = f"\n{file.read_text(encoding='utf-8')}".split("\n#### ")[1:]
    shown = 0
    for number, text in enumerate(found):
        case = text.rstrip().split("\n")
        if number and shown + len(case) > _LONGEST:
            lines += ["", f"    {len(found) - number} more cases stand in the file."]
            break
        shown += len(case)
        lines += ["", f"    # {case[0]}", *(f"    {line}".rstrip() for line in case[1:])]
    return lines
