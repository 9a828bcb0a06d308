"""The record of a saved plan: what it was made from and judged by; and why it may not be applied.

`refusals` is pure: a record and what is found now go in, reasons come out.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem
from mock_provider.plan_files import Snapshot

FORMAT = 3
NAME = "record.json"

_WHAT = {
    "configuration": "the synthesized JSON",
    "settings": "the settings",
    "waivers": "the waivers",
    "parameters": "the policies' parameters",
    "plan": "the saved plan",
    "plan_json": "the plan's JSON",
    "gate": "the gate's report on the JSON",
    "plan_gate": "the gate's report on the plan",
    "lock": "Terraform's lock file",
}
ROLES = tuple(_WHAT)
"""What a record has the sums of."""
INPUTS = ("configuration", "settings", "waivers", "parameters")
"""What a plan is made from and judged by."""


@dataclass(frozen=True)
class File:
    """A file as it was: its path (relative to the project where it is inside), and its SHA-256.

    `sha256` is empty where there was no such file.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class Commit:
    """The state of the project that something was made by: a commit's hash, empty where there is no repository.

    `tree` is the hash of what it contains, which decides: a commit that is merged gets another hash, however it is
    merged. `changes` are the project's files that are not as the commit has them.
    """

    sha: str
    tree: str = ""
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """All that must still hold when a plan is applied.

    `planned` is a time in ISO 8601, UTC, and decides nothing. `gates` are the exit codes of the judges by name.
    `replaces` are the stateful resources that the plan replaces, deletes or forgets. `snapshot` is the state that it
    was made from. `account` is the number of the account that it was made in.
    """

    environment: str
    local: bool
    stack: str
    account: str
    planned: str
    product: str
    version: str
    gates: Mapping[str, int]
    replaces: tuple[str, ...]
    files: Mapping[str, File]
    commit: Commit
    snapshot: Snapshot
    format: int = FORMAT


@dataclass(frozen=True)
class Found:
    """What there is now: the same things as in a record, looked at again."""

    environment: str
    local: bool
    stack: str
    account: str
    product: str
    version: str
    files: Mapping[str, File]
    commit: Commit


def refusals(record: Record, found: Found, *, carried: bool = False) -> list[str]:
    """Why a recorded plan may not be applied; empty if it may.

    Of a plan that was `carried` here from elsewhere, the commit counts too: by it the same programs judge here.
    """
    reasons = _other_commit(record.commit, found.commit) if carried else []
    if record.environment != found.environment or record.stack != found.stack:
        reasons.append(
            f"it is a plan for {record.environment} ({record.stack}), not for {found.environment} ({found.stack})"
        )
    if record.local != found.local:
        sides = ("AWS", "the mock provider (LOCAL=1)")
        reasons.append(f"it was made against {sides[record.local]}, and this is {sides[found.local]}")
    elif record.account != found.account:
        reasons.append(f"it was made in the account {record.account}, and this is {found.account}")
    for name, code in sorted(record.gates.items()):
        if code != 0:
            reasons.append(f"{name} did not pass it (exit code {code})")
    for judge in ("gate", "checkov", "plan_gate"):
        if judge not in record.gates:
            reasons.append(f"nothing says that {judge} passed it")
    for role, what in _WHAT.items():
        then, now = record.files.get(role), found.files.get(role)
        if then is None or now is None:
            reasons.append(f"nothing says what {what} was")
        elif then.sha256 and not now.sha256:
            reasons.append(f"{what} can no longer be found: {now.path}")
        elif now.sha256 and not then.sha256:
            reasons.append(f"{what} did not exist when it was made: {now.path}")
        elif then.sha256 != now.sha256:
            since = "since it was made" if role in INPUTS else "since it was saved"
            reasons.append(f"{what} changed {since}: {now.path}")
    if (record.product, record.version) != (found.product, found.version):
        reasons.append(
            f"it was made by {record.product} {record.version}, and this is {found.product} {found.version}"
        )
    return reasons


def _other_commit(then: Commit, now: Commit) -> list[str]:
    reasons = []
    if not then.sha or not now.sha:
        where = "it was made" if not then.sha else "this is"
        reasons.append(f"nothing says that the same program judges it: {where} in no clone of a repository")
    elif then.tree != now.tree:
        reasons.append(f"it was made from commit {then.sha}, and this is {now.sha}, which has other files")
    if then.changes:
        reasons.append(f"it was made with changes that no commit has: {', '.join(then.changes)}")
    if now.changes:
        reasons.append(f"there are changes here that no commit has: {', '.join(now.changes)}")
    return reasons


def stale(record: Record, now: Snapshot) -> list[str]:
    """Why the state that a plan was made from is not the one that stands; empty if it is.

    Source: https://developer.hashicorp.com/terraform/cli/commands/apply#usage
    """
    then = record.snapshot
    if then == now:
        return []
    if not then.lineage or not now.lineage:
        return [
            "there was no state yet when it was made, and there is one now"
            if now.lineage
            else "the state that it was made from is not there"
        ]
    if then.lineage != now.lineage:
        return [f"it was made from another state (lineage {then.lineage}, and this is {now.lineage})"]
    return [
        f"the state has changed since it was made (its serial was {then.serial}, and is {now.serial}): something was "
        "applied meanwhile"
    ]


def not_allowed(losses: tuple[str, ...], allowed: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The losses that nobody allowed, and the allowances that no loss needs."""
    return [one for one in losses if one not in allowed], [one for one in allowed if one not in losses]


def write(path: Path, record: Record) -> None:
    """Write a record, whole or not at all.

    Raises:
        Problem: it cannot be written.
    """
    content = asdict(record) | {"snapshot": record.snapshot._asdict()}
    save(path, json.dumps(content, indent=2, sort_keys=True) + "\n")


def save(path: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Raises:
        Problem: it cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
                handle.write(text)
                handle.flush()
                os.fsync(handle.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Problem(
            f"{path}: cannot be written ({error.strerror}): make room or mend its rights, then run this again"
        ) from error


def read(path: Path) -> Record | None:
    """The record at `path`; None where there is none.

    Raises:
        Problem: it is not a record that this version writes.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, Mapping) or content.get("format") != FORMAT:
            raise ValueError("it is not of this version's format")
        return _record(content)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Problem(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Problem(f"{path}: is not a plan's record ({error}): plan again") from error


def _record(content: Mapping[str, Any]) -> Record:
    files = {
        role: File(_text(entry["path"]), _text(entry["sha256"])) for role, entry in content["files"].items()
    }
    if not isinstance(content["local"], bool):
        raise ValueError("`local` is neither true nor false")
    return Record(
        environment=_text(content["environment"]),
        local=content["local"],
        stack=_text(content["stack"]),
        account=_text(content["account"]),
        planned=_text(content["planned"]),
        product=_text(content["product"]),
        version=_text(content["version"]),
        gates={_text(name): int(code) for name, code in content["gates"].items()},
        replaces=tuple(map(_text, content["replaces"])),
        files=files,
        commit=Commit(
            _text(content["commit"]["sha"]),
            _text(content["commit"]["tree"]),
            tuple(map(_text, content["commit"]["changes"])),
        ),
        snapshot=Snapshot(_text(content["snapshot"]["lineage"]), int(content["snapshot"]["serial"])),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text")
    return value
