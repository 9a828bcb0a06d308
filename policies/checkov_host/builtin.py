"""Checkov's own rules on the stack: none fails without a waiver that says why, who, and until when."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem
from policies.engine import parameters


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding of Checkov's own rules that is accepted; `resource` may hold wildcards."""

    check: str
    resource: str
    owner: str
    reason: str
    expires: date


def load(path: Path, today: date) -> list[Waiver]:
    """The waivers of a file.

    Raises:
        Problem: the file cannot be read, or a waiver lacks a field or ends later than any may.
    """
    longest_days = parameters.load().waivers.longest_days
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("waiver", [])
    except (OSError, ValueError) as error:
        raise Problem(f"{path}: the waivers cannot be read: {error}") from error
    found = []
    for number, table in enumerate(tables, 1):
        fields = {name: table.get(name) for name in ("check", "resource", "owner", "reason")}
        lacking = [name for name, value in fields.items() if not isinstance(value, str) or not value.strip()]
        expires = table.get("expires")
        if not isinstance(expires, date) or isinstance(expires, datetime):
            lacking.append("expires (a date such as 2027-03-31)")
        if lacking:
            raise Problem(f"{path}: waiver {number} ({fields['check']}) lacks {', '.join(lacking)}")
        if (expires - today).days > longest_days:
            raise Problem(
                f"{path}: waiver {number} ({fields['check']}) ends on {expires}, "
                f"more than {longest_days} days from today"
            )
        found.append(Waiver(**fields, expires=expires))
    return found


def judge(records: Iterable[dict[str, Any]], path: Path) -> tuple[list[str], bool]:
    """What to tell about Checkov's own findings, and whether any stands against the stack.

    Raises:
        Problem: the waivers cannot be read.
    """
    today = datetime.now(UTC).date()
    waivers = load(path, today)
    used: set[Waiver] = set()
    lines: list[str] = []
    count = waived = 0
    for record in records:
        count += 1
        # A comment in the configuration skips a check; it has no end and no owner, so that it does not count.
        if record["check_result"]["result"] not in ("FAILED", "SKIPPED"):
            continue
        accepted = [one for one in waivers if _covers(one, record)]
        used.update(accepted)
        if any(one.expires >= today for one in accepted):
            waived += 1
            continue
        late = f" (its waiver ended on {accepted[0].expires})" if accepted else ""
        if record["check_result"]["result"] == "SKIPPED":
            late += " (a comment skips it; accept it in the file of waivers)"
        lines.append(f"{record['check_id']}  {record['resource']}: {record['check_name']}{late}")
    lines += [
        f"{path.name}: the waiver of {one.check} for {one.resource} matches no finding: take it out"
        for one in waivers
        if one not in used
    ]
    if not count:
        raise Problem("Checkov's own rules judged nothing")
    return [
        *lines,
        f"Checkov's own rules: {count} verdicts, {waived} waived, {len(lines)} against it.",
    ], bool(lines)


def _covers(waiver: Waiver, record: dict[str, Any]) -> bool:
    return waiver.check == record["check_id"] and fnmatchcase(record["resource"], waiver.resource)
