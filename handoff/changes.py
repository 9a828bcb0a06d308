"""What changed since an earlier bundle, as Terraform itself tells it.

The earlier configuration is applied to the mock provider and the new one planned on that state. Where only an
address changed, `moved` blocks are proposed, and the plan is made again with them.
"""

from __future__ import annotations

import io
import json
import os
import re
import stat
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cloudmart_support.problem import Problem
from handoff import hcl, pages, templates
from handoff.hcl import Argument, Block, Body, Expression
from mock_provider import runner

CONFIGURATION = Path("terraform-json", "cdk.tf.json")
_LARGEST = 64 * 2**20
"""Bytes that a bundle may have, packed and unpacked: many times a real one's."""
_TOO_LARGE = f"it is larger than {_LARGEST // 2**20} MiB, and no bundle"
# Functions that look at files or folders; blanks and comments may stand before their parenthesis, `core::` before them.
# Source: https://developer.hashicorp.com/terraform/language/functions
_READS = re.compile(
    r"(?<![\w.-])(?P<name>file\w*|template\w+|pathexpand|abspath)"
    r"(?:\s|/\*.*?\*/|(?:#|//)[^\n]*\n)*\(",
    re.S,
)
ACTIONS = {
    ("create",): "add",
    ("update",): "change",
    ("delete",): "remove",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
}
STATEFUL = frozenset(
    (
        "aws_db_instance",
        "aws_elasticache_replication_group",
        "aws_s3_bucket",
        "aws_kms_key",
        "aws_backup_vault",
        "aws_cloudwatch_log_group",
    )
)


@dataclass(frozen=True)
class Change:
    """One resource's change: `action` is add, change, replace, remove or move."""

    address: str
    action: str
    attributes: tuple[tuple[str, str, str], ...]
    """Changed attributes: name, value before, value after."""
    causes: tuple[str, ...]
    """The attributes that force a replacement."""
    former: str = ""
    """The address before a move."""


@dataclass(frozen=True)
class Comparison:
    """What Terraform plans: without `moved` blocks, the blocks, and with them."""

    earlier: str
    changes: tuple[Change, ...]
    moves: tuple[tuple[str, str], ...]
    after_moves: tuple[Change, ...]
    outputs: tuple[tuple[str, str], ...]
    terraform: str


def earlier_configuration(path: Path, into: Path) -> Path:
    """The configuration of an earlier bundle (its folder or tarball), written anew into the folder `into`.

    Raises:
        Problem: it is no bundle, or holds what the hand-off never wrote.
    """
    into.mkdir(parents=True, exist_ok=True)
    try:
        content = json.loads(_text(path), object_pairs_hook=_unique)
    except (
        OSError,
        tarfile.TarError,
        zlib.error,
        ValueError,
        EOFError,
        KeyError,
        IndexError,
        OverflowError,
    ) as error:
        raise Problem(
            f"{path}: is no earlier bundle that can be read ({error}); "
            "name a folder or tarball that `make handoff` wrote"
        ) from error
    except RecursionError as error:
        raise Problem(f"{path}: is no earlier bundle: its configuration is nested too deeply") from error
    if not isinstance(content, dict):
        raise Problem(f"{path}: is no earlier bundle: its configuration is no JSON object")
    for place, called in _reading(content, ""):
        raise Problem(
            f"{path}: {place}: calls {called}, and the hand-off never wrote that: what is on this machine would be "
            "read, and shown on a page"
        )
    # Of the parsed content: what a program might read in two ways is not handed on.
    (into / "cdk.tf.json").write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    return into


def _text(path: Path) -> bytes:
    """The configuration's text in a bundle.

    Raises:
        Problem, OSError, ValueError and others: it is not there, or not as the hand-off writes it.
    """
    if path.is_dir():
        return _file(path / CONFIGURATION)
    packed = _file(path)
    if packed.startswith(b"\x1f\x8b"):
        unzipping = zlib.decompressobj(wbits=31)
        tar = unzipping.decompress(packed, _LARGEST)
        if unzipping.unconsumed_tail or unzipping.unused_data:
            raise ValueError(_TOO_LARGE)
        if not unzipping.eof:
            raise EOFError("it is cut off")
    else:
        tar = packed
    found: list[bytes] = []
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as archive:
        position = -1
        while (member := archive.next()) is not None:
            if archive.offset <= position:
                raise ValueError("its members overlap")
            position = archive.offset
            parts = PurePosixPath(member.name).parts
            if member.name.startswith("/") or ".." in parts:
                raise Problem(f"{path}: is no bundle: the name {member.name!r} leads out of it")
            if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE) or member.issparse():
                raise Problem(
                    f"{path}: is no bundle: {member.name!r} is a link or a device, and no file or folder"
                )
            if member.size > _LARGEST:
                raise ValueError(_TOO_LARGE)
            if parts[1:] == CONFIGURATION.parts and member.isreg():
                file = archive.extractfile(member)
                found.append(file.read(_LARGEST) if file else b"")
    if len(found) > 1:
        raise ValueError(f"{CONFIGURATION} is in it twice")
    if not found:
        raise Problem(
            f"{path}: is no bundle: there is no {CONFIGURATION} in it; name a folder or tarball of dist/"
        )
    return found[0]


def _file(path: Path) -> bytes:
    """The content of a regular file that is not too large.

    Raises:
        OSError, ValueError: it is none.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise ValueError(f"{path.name} is a pipe or a device")
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(_TOO_LARGE)
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated in its configuration")
    return found


def _reading(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Calls, in the templates of a configuration, of functions that read what is on this machine, with their places."""
    if isinstance(value, dict):
        for key, inner in value.items():
            inside = f"{place}.{key}" if place else key
            yield from _reading(key, place)
            yield from _reading(inner, inside)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _reading(inner, f"{place}[{number}]")
    elif isinstance(value, str):
        try:
            pieces = templates.parts(value)
        except templates.Unbalanced:
            # Terraform refuses it, if it takes it for a template at all.
            pieces = [templates.Part(value, False)]
        for piece in pieces:
            if not piece.literal and (found := _READS.search(piece.text)):
                yield place, found["name"]


def compare(earlier: Path, new: Path, work: Path, name: str, terraform: str | None = None) -> Comparison:
    """Apply the configuration in `earlier` to the mock provider, and plan the one in `new` on its state.

    Both folders are left as they are; `work` is an empty folder.

    Raises:
        Problem: Terraform refuses one of them.
    """
    state = work / "state"
    folder = work / "configuration"
    folder.mkdir(parents=True)
    target = folder / "cdk.tf.json"
    target.write_bytes((earlier / "cdk.tf.json").read_bytes())
    _run(["apply", "-auto-approve", "-input=false"], folder, state, terraform, "the earlier bundle")
    target.write_bytes((new / "cdk.tf.json").read_bytes())
    plan = _plan(folder, state, terraform)
    changes = tuple(_changes(plan))
    moves = tuple(_moves(plan))
    after = changes
    if moves:
        (folder / "moved.tf").write_text(moved_blocks(moves), encoding="utf-8")
        after = tuple(_changes(_plan(folder, state, terraform)))
    outputs = tuple(
        (output, "/".join(change["actions"]))
        for output, change in sorted(plan.get("output_changes", {}).items())
        if change["actions"] not in (["no-op"], ["update"]) or change.get("before") != change.get("after")
    )
    return Comparison(name, changes, moves, after, outputs, plan.get("terraform_version", ""))


def moved_blocks(moves: Sequence[tuple[str, str]]) -> str:
    """The `moved` blocks as HCL.

    Source: https://developer.hashicorp.com/terraform/language/moved
    """
    return hcl.file(
        [
            Block(
                "moved", (), Body([Argument("from", Expression(before)), Argument("to", Expression(after))])
            )
            for before, after in moves
        ],
        ["Only the addresses of these changed: with these blocks Terraform keeps what stands."],
    )


def _run(arguments: list[str], folder: Path, state: Path, terraform: str | None, what: str) -> str:
    done = runner.run(
        arguments, cwd=folder, terraform=terraform, state=state, backend="local", capture=True, announce=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise Problem(f"{what}: terraform {arguments[0]} against the mock provider failed:\n{said}")
    return str(done.stdout)


def _plan(folder: Path, state: Path, terraform: str | None) -> dict[str, Any]:
    file = folder / "plan"
    _run(["plan", "-input=false", f"-out={file}"], folder, state, terraform, "the new bundle")
    plan: dict[str, Any] = json.loads(
        _run(["show", "-json", str(file)], folder, state, terraform, "the new bundle")
    )
    return plan


def _changes(plan: dict[str, Any]) -> Iterator[Change]:
    for one in plan.get("resource_changes", []):
        change = one["change"]
        action = ACTIONS.get(tuple(change["actions"]), "")
        former = one.get("previous_address", "")
        if one["mode"] != "managed" or not (action or former):
            continue
        causes = tuple(dict.fromkeys(str(path[0]) for path in change.get("replace_paths", ())))
        attributes = tuple(_attributes(change)) if action in ("change", "replace") else ()
        yield Change(one["address"], action or "move", attributes, causes, former)


def _attributes(change: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    hidden_before, hidden_after = change.get("before_sensitive") or {}, change.get("after_sensitive") or {}
    for name in sorted({*before, *after, *unknown}):
        old, new = before.get(name), after.get(name)
        is_unknown = unknown.get(name) is True
        if old == new and not is_unknown:
            continue
        if any(_marked(one.get(name)) for one in (hidden_before, hidden_after) if isinstance(one, dict)):
            yield name, "(sensitive)", "(sensitive)"
        else:
            yield name, _shown(old), "(known after apply)" if is_unknown else _shown(new)


def _marked(value: Any) -> bool:
    """Whether anything in a tree of Terraform's sensitivity marks is marked."""
    if isinstance(value, dict):
        return any(map(_marked, value.values()))
    if isinstance(value, list):
        return any(map(_marked, value))
    return value is True


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:157]}..."


def _moves(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Pairs of a removed and an added resource of one type whose known values are the same."""
    removed = [one for one in plan.get("resource_changes", []) if one["change"]["actions"] == ["delete"]]
    added = [one for one in plan.get("resource_changes", []) if one["change"]["actions"] == ["create"]]
    taken: set[str] = set()
    for old in removed:
        likes = [
            new
            for new in added
            if new["type"] == old["type"]
            and new["address"] not in taken
            and _same(old["change"], new["change"])
        ]
        # Two that fit equally well are no proposal: which of them it is, only a person knows.
        if len(likes) == 1:
            taken.add(likes[0]["address"])
            yield old["address"], likes[0]["address"]


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether what the configuration sets is what stands: every known value of the new is the old one's."""
    after, before = new.get("after") or {}, old.get("before") or {}
    return all(before.get(name) == value for name, value in after.items() if value not in (None, [], {}))


# --- the page ---------------------------------------------------------------------------------------------


def page(frame: pages.Frame, comparison: Comparison) -> str:
    """The page of changes."""
    after = comparison.after_moves
    groups = [
        (action, heading, [one for one in after if one.action == action])
        for action, heading in (
            ("replace", "Replaced"),
            ("remove", "Removed"),
            ("change", "Changed"),
            ("add", "Added"),
        )
    ]
    return frame.page(
        "changes.html",
        "changes",
        comparison=comparison,
        tiles=[(number, f"to {action}") for action, number in counted(after).items()],
        loud=[
            change
            for change in after
            if change.action in ("replace", "remove") and change.address.partition(".")[0] in STATEFUL
        ],
        before=counted(comparison.changes),
        left=sum(one.action != "move" for one in after),
        blocks=moved_blocks(comparison.moves),
        groups=[group for group in groups if group[2]],
    )


def counted(changes: Sequence[Change]) -> dict[str, int]:
    """How many changes there are of each action."""
    return {
        action: sum(one.action == action for one in changes)
        for action in ("add", "change", "replace", "remove")
    }
