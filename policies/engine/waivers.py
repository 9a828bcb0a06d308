"""Waivers: findings that somebody accepts, with a reason, until a date."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.engine.judging import WAIVED, WAIVER, Finding
from policies.engine.parameters import toml
from policies.engine.verdicts import FAIL, UNKNOWN

DEFAULTS: Final = Path(__file__).parents[1] / "waivers.toml"
RULE: Final = WAIVER
"""The rule that broken waivers break."""

_FIELDS: Final = ("rule", "address", "owner", "reason", "expires")
_BOUNDS: Final = ("folder", "file")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One entry of the file; `mistake` says what is wrong with it, or is empty. `line` counts from 1.

    `folder` and `inside` bind it: to findings of that judged path, and to those that stand in that file. Both are
    paths as the gate is given them, or "".
    """

    rule: str
    address: str
    owner: str
    reason: str
    expires: date | None
    file: str
    line: int
    mistake: str = ""
    folder: str = ""
    inside: str = ""

    @property
    def subject(self) -> str:
        """What it is about, in words."""
        bounds = (f" in {bound}" for bound in (self.folder, self.inside) if bound)
        return f"{self.address}{''.join(bounds)}"


def load(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a file, in order, the broken ones among them.

    Raises:
        Problem: the file cannot be read, is not TOML, or holds something other than waivers.
    """
    from policies.readers.files import read_text

    return parse(read_text(path), str(path))


def parse(text: str, file: str, base: Path = Path()) -> tuple[Waiver, ...]:
    """The waivers of a text, as `load` gives them.

    Args:
        text: what the file holds.
        file: what it is called.
        base: the folder that `folder` and `file` of a waiver start at.

    Raises:
        Problem: the text is not TOML, or holds something other than waivers.
    """
    values = toml(text, file)
    entries = values.pop("waiver", [])
    if values or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        surplus = f", not {', '.join(map(repr, values))}" if values else ""
        raise Problem(f"{file}: a waiver is a table [[waiver]]{surplus}")
    lines = [
        text.count("\n", 0, match.start()) + 1
        for match in re.finditer(r"^\s*\[\[\s*waiver\s*\]\]", text, re.M)
    ]
    lines += [0] * (len(entries) - len(lines))
    return tuple(_waiver(entry, file, line, base) for entry, line in zip(entries, lines, strict=False))


def _waiver(entry: dict[str, Any], file: str, line: int, base: Path) -> Waiver:
    mistakes = [f"it has no {name}" for name in _FIELDS if not entry.get(name)]
    mistakes += [f"{name!r} is not a field of a waiver" for name in entry if name not in (*_FIELDS, *_BOUNDS)]
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
    for name in (*_FIELDS[:-1], *_BOUNDS):
        value = entry.get(name)
        if name in _BOUNDS and value == "":
            mistakes.append(f"{name} is empty: name one, or leave it out")
        if value and not isinstance(value, str):
            mistakes.append(f"{name} is {value!r}, not a text")
        texts[name] = value if isinstance(value, str) else ""
        if name in _BOUNDS and texts[name]:
            texts[name] = str(base / texts[name])
    inside = texts.pop("file")
    return Waiver(
        **texts,
        inside=inside,
        expires=expires if isinstance(expires, date) else None,
        file=file,
        line=line,
        mistake="; ".join(mistakes),
    )


def apply(
    findings: Sequence[Finding],
    waivers: Sequence[Waiver],
    *,
    longest_days: int,
    roots: Collection[str] = (),
    without: Collection[str] = (),
    today: date | None = None,
) -> list[Finding]:
    """The findings with the waived ones marked, and one more for each waiver that is broken.

    Args:
        longest_days: how many days from today a waiver may end.
        roots: the paths that were judged; a waiver bound to another folder, if there is one, is left alone.
        without: ids of rules that did not run; waivers of theirs are left alone.
        today: the day on which the waivers are looked at; today in UTC if None. A waiver is in force
            through the day of its expiry.
    """
    today = today or datetime.now(UTC).date()
    by_subject: dict[tuple[str, str], list[int]] = {}
    for index, finding in enumerate(findings):
        if finding.status in (FAIL, UNKNOWN):
            by_subject.setdefault((finding.rule, finding.address), []).append(index)
    judged = {os.path.realpath(root) for root in roots}
    result = list(findings)
    for waiver in waivers:
        if not waiver.mistake and waiver.rule in without:
            continue
        if not waiver.mistake and waiver.folder and judged and os.path.realpath(waiver.folder) not in judged:
            if Path(waiver.folder).exists():
                continue
            waiver = replace(waiver, mistake=f"there is no folder {waiver.folder}")
        matched = [
            index
            for index in by_subject.get((waiver.rule, waiver.address), ())
            if _within(waiver.folder, findings[index].root) and _within(waiver.inside, findings[index].file)
        ]
        mistake = waiver.mistake or _mistake(
            waiver, [findings[index] for index in matched], today, longest_days
        )
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


def _within(bound: str, path: str) -> bool:
    """Whether a path is the one that a waiver is bound to, however the two are written."""
    return not bound or os.path.realpath(bound) == os.path.realpath(path)


def _mistake(waiver: Waiver, matched: Sequence[Finding], today: date, longest_days: int) -> str:
    """What is wrong with a waiver that is written as it has to be, or ""."""
    assert waiver.expires is not None, "a waiver without an end is broken already"
    if waiver.expires < today:
        return f"it expired on {waiver.expires}"
    if (waiver.expires - today).days > longest_days:
        latest = today + timedelta(days=longest_days)
        return (
            f"it expires on {waiver.expires}, more than {longest_days} days from today: {latest} at the latest "
            "(waivers.longest_days)"
        )
    if not matched:
        return f"{waiver.rule} has nothing against {waiver.subject}: take the waiver out"
    folders = sorted({os.path.realpath(finding.root): finding.root for finding in matched}.values())
    if not waiver.folder and len(folders) > 1:
        return (
            f"{waiver.rule} finds {waiver.subject} in {len(folders)} folders: bind it to one of them, as in "
            f'folder = "{folders[0]}"'
        )
    return ""
