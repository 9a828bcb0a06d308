"""Waivers: findings that somebody accepts, with a reason, until a date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from policies.engine.judging import WAIVED, WAIVER, Finding
from policies.engine.verdicts import FAIL, UNKNOWN
from support.problem import Problem

DEFAULTS: Final = Path(__file__).parents[1] / "waivers.toml"
RULE: Final = WAIVER
"""The rule that broken waivers break."""

_FIELDS: Final = ("rule", "address", "owner", "reason", "expires")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One entry of the file; `mistake` says what is wrong with it, or is empty. `line` counts from 1."""

    rule: str
    address: str
    owner: str
    reason: str
    expires: date | None
    file: str
    line: int
    mistake: str = ""


def load(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a file, in order, the broken ones among them.

    Raises:
        Problem: the file cannot be read, is not TOML, or holds something other than waivers.
    """
    import tomllib

    from policies.readers.files import read_text

    text = read_text(path)
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise Problem(f"{path}: it is not TOML: {error}") from error
    entries = values.pop("waiver", [])
    if values or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        surplus = f", not {', '.join(map(repr, values))}" if values else ""
        raise Problem(f"{path}: a waiver is a table [[waiver]]{surplus}")
    lines = [
        text.count("\n", 0, match.start()) + 1
        for match in re.finditer(r"^\s*\[\[\s*waiver\s*\]\]", text, re.M)
    ]
    lines += [0] * (len(entries) - len(lines))
    return tuple(_waiver(entry, str(path), line) for entry, line in zip(entries, lines, strict=False))


def _waiver(entry: dict[str, Any], file: str, line: int) -> Waiver:
    mistakes = [f"it has no {name}" for name in _FIELDS if not entry.get(name)]
    mistakes += [f"{name!r} is not a field of a waiver" for name in entry if name not in _FIELDS]
    expires = entry.get("expires")
    if isinstance(expires, datetime):
        expires = expires.date()
    if isinstance(expires, str) and expires:
        try:
            expires = date.fromisoformat(expires)
        except ValueError:
            mistakes.append(f"expires is {expires!r}, not a date as in 2026-12-31")
    elif expires and not isinstance(expires, date):
        mistakes.append(f"expires is {expires!r}, not a date as in 2026-12-31")
    texts = {}
    for name in _FIELDS[:-1]:
        value = entry.get(name)
        if value and not isinstance(value, str):
            mistakes.append(f"{name} is {value!r}, not a text")
        texts[name] = value if isinstance(value, str) else ""
    return Waiver(
        **texts,
        expires=expires if isinstance(expires, date) else None,
        file=file,
        line=line,
        mistake="; ".join(mistakes),
    )


def apply(findings: Sequence[Finding], waivers: Sequence[Waiver], today: date | None = None) -> list[Finding]:
    """The findings with the waived ones marked, and one more for each waiver that is broken.

    Args:
        today: the day on which the waivers are looked at; today in UTC if None. A waiver is in force
            through the day of its expiry.
    """
    today = today or datetime.now(UTC).date()
    by_subject: dict[tuple[str, str], list[int]] = {}
    for index, finding in enumerate(findings):
        if finding.status in (FAIL, UNKNOWN):
            by_subject.setdefault((finding.rule, finding.address), []).append(index)
    result = list(findings)
    for waiver in waivers:
        matched = by_subject.get((waiver.rule, waiver.address), [])
        mistake = waiver.mistake
        if not mistake and waiver.expires is not None and waiver.expires < today:
            mistake = f"it expired on {waiver.expires}"
        if not mistake and not matched:
            mistake = f"{waiver.rule} has nothing against {waiver.address}: take the waiver out"
        if mistake:
            result.append(
                Finding(
                    RULE,
                    "waivers",
                    "high",
                    FAIL,
                    waiver.address or "(no address)",
                    f"the waiver is broken: {mistake}",
                    waiver.file,
                    waiver.line,
                    "",
                )
            )
            continue
        for index in matched:
            finding = findings[index]
            words = f"{finding.message} (waived by {waiver.owner} until {waiver.expires}: {waiver.reason})"
            result[index] = replace(finding, status=WAIVED, message=words)
    return result
