"""`promote`: one environment's version into another one's settings; nothing is planned or applied.

The version is the tag or digest of the backend's image. Which repository an environment takes it from stays its own:
accounts have registries of their own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel

import settings
from cloudmart_support.problem import Problem
from pipeline import checkout
from pipeline.target import STATE, Target
from settings.model import Settings

VERSION = "backend.image"
OWN = (
    "environment",
    "owner",
    "account",
    "region",
    "timezone",
    "tags",
    "state",
    "domain",
    "network.cidr",
    "network.availability_zones",
    "network.subnets",
    "database.identifier",
    "backend.ami",
    "backup.copy_region",
    "observability.alarm_emails",
)
"""Settings, and sections of them, that say which environment it is and where: they differ by nature."""
_ABSENT = "(not set)"


class Difference(NamedTuple):
    """A setting that two environments have differently: its key's path, and both values as they are shown."""

    path: str
    source: str
    target: str


def promote(target: Target, source: Target) -> int:
    """Write the version that `source` has into the settings of `target`, and show all that differs; the exit code.

    Raises:
        Problem: a file is not as it was committed, they have the same version, or it cannot be written there.
    """
    if STATE in (target.environment, source.environment):
        raise Problem(f"{STATE}: is the bucket of the states, and has no version to promote")
    if target.settings == source.settings:
        raise Problem(f"FROM={source.environment}: is the environment that it would be promoted to")
    _refuse_uncommitted(target, source)
    has, gets = settings.read(target.settings), settings.read(source.settings)
    repository, now = _parted(has.backend.image)
    elsewhere, version = _parted(gets.backend.image)
    told = differences(gets, has)
    if version == now:
        raise Problem(
            f"{target.environment} already has the version of {source.environment}, {version.lstrip(':@')}: there is "
            f"nothing to promote, and {target.shown(target.settings)} is as it was"
        )
    image = repository + version
    rewritten(target.settings, image)
    print("\n".join(_report(told, source.environment, target.environment)))
    print(f"version: {now.lstrip(':@')} → {version.lstrip(':@')}, as {source.environment} has it")
    print(
        f"{target.shown(target.settings)}: {VERSION} is now {image}; nothing else was written, nothing applied"
    )
    if repository != elsewhere:
        print(f"note: {target.environment} has a repository of its own: {image} has to be in it")
    print("next: commit it, then")
    print(f"next: {target.make('plan')}")
    return 0


def differences(source: Settings, target: Settings) -> list[Difference]:
    """The settings that differ, defaults included, by their keys' paths."""
    one, other = dict(_flat(source)), dict(_flat(target))
    paths = dict.fromkeys((*one, *other))
    found = (Difference(path, one.get(path, _ABSENT), other.get(path, _ABSENT)) for path in paths)
    return sorted(
        each for each in found if each.source.removesuffix(_DEFAULT) != each.target.removesuffix(_DEFAULT)
    )


_DEFAULT = " (default)"


def _flat(section: BaseModel, at: str = "", *, given: bool = True) -> Iterator[tuple[str, str]]:
    """Path and value of each setting; a value that the file does not name is marked."""
    for name in type(section).model_fields:
        value, said = getattr(section, name), given and name in section.model_fields_set
        yield from _shown(value, f"{at}{name}", said)


def _shown(value: Any, path: str, said: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        yield from _flat(value, f"{path}.", given=said)
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield from _shown(value[key], f"{path}.{key}", said)
    else:
        listed = list(value) if isinstance(value, tuple) else value
        text = "none" if listed is None else yaml.safe_dump(listed, default_flow_style=True, width=10**6)
        yield path, text.removesuffix("\n").removesuffix("\n...") + ("" if said else _DEFAULT)


def _report(told: list[Difference], source: str, target: str) -> Iterator[str]:
    """What differs as lines: the version, what makes an environment its own, and what somebody chose."""

    def own(one: Difference) -> bool:
        return any(one.path == name or one.path.startswith(f"{name}.") for name in OWN)

    rest = [one for one in told if one.path != VERSION]
    groups = (
        ("the version, which is promoted", [one for one in told if one.path == VERSION]),
        ("what makes each environment its own, and stays", list(filter(own, rest))),
        ("what was chosen differently, and stays", [one for one in rest if not own(one)]),
    )
    width = max((len(one.path) for one in told), default=0)
    for title, members in groups:
        if members:
            yield f"{title} ({source} | {target}):"
            yield from (f"  {one.path:{width}}  {one.source} | {one.target}" for one in members)


def _parted(image: str) -> tuple[str, str]:
    """An image's repository, and its tag or digest with the character that begins it."""
    mark = "@" if "@" in image else ":"
    repository, _, version = image.rpartition(mark)
    return repository, mark + version


def _refuse_uncommitted(target: Target, source: Target) -> None:
    commit = checkout.commit(target.root)
    if not commit.sha:
        raise Problem(
            f"{target.root}: is no clone of a repository, so nothing says which version of {source.environment} was "
            "agreed upon: promote in a clone"
        )
    files = [target.shown(one.settings) for one in (source, target)]
    changed = [
        file for file in files if any(file.endswith(name) or name.endswith(file) for name in commit.changes)
    ]
    if changed:
        raise Problem(
            f"{' and '.join(changed)}: not as the commit has it, so what would be promoted is what nobody agreed upon: "
            "commit it or take the change back, then promote again"
        )


def rewritten(path: Path, image: str) -> None:
    """Write another image into a settings file, of which all else stays as it is, byte by byte.

    Raises:
        Problem: the file does not say it in a place of its own, or would say something else then.
    """
    by_hand = f"write it by hand: {VERSION} is {image}"
    if path.is_symlink():
        raise Problem(f"{path}: is a link to another file, which is not written: {by_hand}")
    text = path.read_bytes().decode("utf-8")
    start, end, style = _place(text, path, by_hand)
    if style in ("|", ">") or text[start] in "&!":
        raise Problem(
            f"{path}: {VERSION} has more than a text there ({text[start]}, as YAML has it): {by_hand}"
        )
    after = text[:start] + (f"{style}{image}{style}" if style else image) + text[end:]
    before = settings.read(path).model_dump()
    before["backend"]["image"] = image
    with tempfile.TemporaryDirectory(prefix="cloudmart-promote-", dir=path.parent) as folder:
        draft = Path(folder) / path.name
        draft.write_bytes(after.encode("utf-8"))
        draft.chmod(path.stat().st_mode & 0o777)
        if settings.read(draft).model_dump() != before:
            raise Problem(f"{path}: something else would change with it: {by_hand}")
        draft.replace(path)


def _place(text: str, path: Path, by_hand: str) -> tuple[int, int, str]:
    """Where the image stands in a YAML text: begin and end in characters, and its quotes."""
    node, begin, end = yaml.compose(text, Loader=yaml.SafeLoader), 0, len(text)
    for key in VERSION.split("."):
        entries = node.value if isinstance(node, yaml.MappingNode) else ()
        node = next((value for name, value in entries if name.value == key), None)
        # What an alias stands for is written elsewhere.
        if node is None or not (begin <= node.start_mark.index and node.end_mark.index <= end):
            raise Problem(
                f"{path}: {VERSION} is not written in its own place (an alias or a merge): {by_hand}"
            )
        begin, end = node.start_mark.index, node.end_mark.index
    style = node.style if isinstance(node, yaml.ScalarNode) else None
    return begin, end, style or ""
