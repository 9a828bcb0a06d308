"""Waivers: findings that somebody accepts, with a reason, until a date."""

from __future__ import annotations

import os
import re
from bisect import bisect_left as bisect
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.engine.judging import WAIVED, WAIVER, Finding
from policies.engine.parameters import toml
from policies.engine.verdicts import FAIL, UNKNOWN
from policies.readers.comments import Comment
from policies.readers.files import CONFIGURATION

DEFAULTS: Final = Path(__file__).parents[1] / "waivers.toml"
RULE: Final = WAIVER
"""The rule that broken waivers break."""

_FIELDS: Final = ("rule", "address", "owner", "reason", "expires")
_BOUNDS: Final = ("folder", "file")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One entry of the file; `mistake` says what is wrong with it, or is empty. `line` counts from 1.

    `folder` and `inside` bind it: to findings of that judged path, and to those that stand in that file. Both are
    paths as the gate is given them, or "". In these, and in `rule` and `address`, `*` stands for anything; in paths it
    does so within a name, and `**` for any number of names. `lines` are the first and the last one of the block in
    `inside` that a comment is about.
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
    lines: tuple[int, int] | None = None

    @property
    def is_pattern(self) -> bool:
        """Whether it may be about more than it names."""
        return any("*" in text for text in (self.rule, self.address, self.folder, self.inside))

    @property
    def subject(self) -> str:
        """What it is about, in words."""
        if self.lines:
            return self.address
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
    return Waiver(
        rule=texts["rule"],
        address=texts["address"],
        owner=texts["owner"],
        reason=texts["reason"],
        folder=texts["folder"],
        inside=texts["file"],
        expires=expires if isinstance(expires, date) else None,
        file=file,
        line=line,
        mistake="; ".join(mistakes),
    )


FORBIDDEN: Final = "comments that waive are forbidden here: write it into a file of waivers"
"""What is wrong with a comment that waives where none may."""
_SAID: Final = re.compile(
    r"waive\s+(?P<rule>CM_\w+)\s+until\s+(?P<expires>\S+)\s+because\s+(?P<reason>.*?\S)"
    r"(?:\s*\(owner\s+(?P<owner>[^()]+)\))?"
)
_LONGEST: Final = 500
"""Characters of a comment that waives."""
_FORM: Final = "waive CM_RULE until 2026-12-31 because REASON (owner NAME)"


def of_comments(comments: Iterable[Comment], owner: str = "", forbidden: str = "") -> list[Waiver]:
    """The waivers in comments of the source, each once however many roots it is read for.

    Args:
        comments: what speaks to the gate.
        owner: who owns those that name nobody.
        forbidden: why none of them counts, or "".
    """
    found: dict[tuple[str, int], Waiver] = {}
    for comment in comments:
        said = _SAID.fullmatch(comment.text) if len(comment.text) <= _LONGEST else None
        mistakes = [] if said else [f"{comment.text[:_LONGEST]!r} is not written as {_FORM}"]
        expires = None
        if said:
            try:
                expires = date.fromisoformat(said["expires"])
            except ValueError:
                mistakes.append(f"it ends on {said['expires']!r}, which is no date as in 2026-12-31")
        if not comment.subject:
            mistakes.append("it stands neither in a block nor right above one")
        if forbidden:
            mistakes = [forbidden]
        found.setdefault(
            (os.path.realpath(comment.file), comment.line),
            Waiver(
                rule=said["rule"] if said else "",
                address=comment.subject,
                owner=(said["owner"] or "").strip() or owner if said else owner,
                reason=said["reason"] if said else "",
                expires=expires,
                file=comment.file,
                line=comment.line,
                mistake="; ".join(mistakes),
                inside=comment.file,
                lines=(comment.first, comment.last),
            ),
        )
    return list(found.values())


def apply(
    findings: Sequence[Finding],
    waivers: Iterable[Waiver],
    *,
    longest_days: int,
    roots: Collection[str] = (),
    without: Collection[str] = (),
    partial: bool = False,
    today: date | None = None,
    tell: Callable[[str], object] = lambda _: None,
) -> list[Finding]:
    """The findings with the waived ones marked, and one more for each waiver that is broken.

    Args:
        findings: of one run.
        waivers: what is accepted.
        longest_days: how many days from today a waiver may end.
        roots: the paths that were judged; a waiver bound to another folder, if there is one, is left alone.
        without: ids of rules that did not run; waivers of theirs are left alone.
        partial: whether the waivers are for more than was judged: then one that is about nothing is left alone.
        today: the day on which the waivers are looked at; today in UTC if None. A waiver is in force
            through the day of its expiry.
        tell: takes notes: how many findings each waiver with a pattern is about.
    """
    today = today or datetime.now(UTC).date()
    standing = _Standing(findings)
    real = standing.real
    judged = {real[root] for root in roots}
    result = list(findings)
    for waiver in waivers:
        if not waiver.mistake and waiver.folder and judged and not _bound(waiver.folder, judged):
            if _beginning(waiver.folder).exists():
                continue
            waiver = replace(waiver, mistake=f"there is no folder {waiver.folder}")
        matched = standing.about(waiver)
        if not (waiver.mistake or matched) and _may_be_about_others(waiver, judged, without, partial):
            continue
        mistake = waiver.mistake or _mistake(
            waiver, [findings[index] for index in matched], today, longest_days
        )
        if mistake:
            what = "waiver" if waiver.lines is None else "waiver in a comment"
            result.append(
                Finding(
                    RULE,
                    "waivers",
                    "high",
                    FAIL,
                    waiver.address or "(no address)",
                    f"the {what} is broken: {mistake}",
                    waiver.file,
                    waiver.line,
                    "",
                )
            )
            continue
        if waiver.is_pattern:
            count = f"{len(matched)} finding{'s' if len(matched) > 1 else ''}"
            tell(f"{waiver.file}:{waiver.line}: {waiver.rule} on {waiver.subject} waives {count}")
        for index in matched:
            finding = findings[index]
            by = f" by {waiver.owner}" if waiver.owner else ""
            by += f" in a comment, {waiver.file}:{waiver.line}," if waiver.lines else ""
            words = f"{finding.message} (waived{by} until {waiver.expires}: {waiver.reason})"
            in_source = waiver.lines is not None
            result[index] = replace(finding, status=WAIVED, message=words, in_source=in_source)
    return result


class _RealPaths(dict[str, str]):
    """The real path of each path, asked once."""

    def __missing__(self, path: str) -> str:
        self[path] = os.path.realpath(path)
        return self[path]


class _Standing:
    """Findings that are neither passes nor accepted, by what waivers name: rule and address, or rule, file and line."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.real = _RealPaths()
        self._findings = findings
        self._by_subject: dict[tuple[str, str], list[int]] = {}
        for index, finding in enumerate(findings):
            if finding.status in (FAIL, UNKNOWN):
                self._by_subject.setdefault((finding.rule, finding.address), []).append(index)

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], list[tuple[int, int]]]:
        """Line and index, sorted, by rule and real file."""
        found: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for (rule, _), indices in self._by_subject.items():
            for index in indices:
                place = rule, self.real[self._findings[index].file]
                found.setdefault(place, []).append((self._findings[index].line, index))
        for places in found.values():
            places.sort()
        return found

    def about(self, waiver: Waiver) -> list[int]:
        """The findings that a waiver is about, in order."""
        if waiver.lines is not None:
            first, last = waiver.lines
            places = self._by_place.get((waiver.rule, self.real[waiver.inside]), [])
            return sorted(
                index for _, index in places[bisect(places, (first,)) : bisect(places, (last + 1,))]
            )
        return sorted(
            index for index in self._named(waiver) if self._is_within(waiver, self._findings[index])
        )

    def _named(self, waiver: Waiver) -> Iterable[int]:
        """Those of its rule and address. One that is there as it is written is meant alone: a key may hold a star."""
        subjects = self._by_subject
        rules = [waiver.rule]
        if "*" in waiver.rule:
            rules = list({rule: None for rule, _ in subjects if _like(waiver.rule, rule)})
        exact = [subjects[rule, waiver.address] for rule in rules if (rule, waiver.address) in subjects]
        if not exact and "*" in waiver.address:
            exact = [
                indices
                for (rule, address), indices in subjects.items()
                if rule in rules and _like(waiver.address, address)
            ]
        return (index for indices in exact for index in indices)

    def _is_within(self, waiver: Waiver, finding: Finding) -> bool:
        """Whether a finding is of what a waiver is bound to, however the paths are written."""
        return all(
            not bound or _bound(bound, [self.real[path]])
            for bound, path in ((waiver.folder, finding.root), (waiver.inside, finding.file))
        )


def _like(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern says, in which a star stands for anything and all else for itself."""
    if "*" not in pattern:
        return pattern == text
    return fnmatchcase(text, pattern.replace("[", "[[]").replace("?", "[?]"))


def _bound(bound: str, real: Iterable[str]) -> bool:
    """Whether one of these real paths is meant by a path, which may hold stars for names."""
    start = _beginning(bound)
    names = Path(os.path.normpath(bound)).parts[len(start.parts) :]
    top = Path(os.path.realpath(start))
    return any(
        Path(path).is_relative_to(top) and named(names, Path(path).relative_to(top).parts) for path in real
    )


def named(patterns: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the parts of a path are as patterns say; `**` stands for any number of them."""
    reached = {0}
    for pattern in patterns:
        if pattern == "**":
            reached = set(range(min(reached, default=len(names) + 1), len(names) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(names) and _like(pattern, names[at])}
    return len(names) in reached


def _may_be_about_others(
    waiver: Waiver, judged: Collection[str], without: Collection[str], partial: bool
) -> bool:
    """Whether a waiver that is about nothing may be about what was not judged."""
    if any(_like(waiver.rule, id) for id in without):
        return True
    if waiver.lines is not None:
        return False
    if "*" not in waiver.folder:
        return partial and not waiver.folder
    for folder, below, names in os.walk(_beginning(waiver.folder)):
        below[:] = [name for name in below if not name.startswith(".")]
        real = os.path.realpath(folder)
        if (
            any(name.endswith(CONFIGURATION) for name in names)
            and real not in judged
            and _bound(waiver.folder, [real])
        ):
            return True
    return False


def _beginning(bound: str) -> Path:
    """The part of a path before the first name with a star in it."""
    parts = Path(os.path.normpath(bound)).parts
    held = next((number for number, part in enumerate(parts) if "*" in part), len(parts))
    return Path(*parts[:held])


def _mistake(waiver: Waiver, matched: Sequence[Finding], today: date, longest_days: int) -> str:
    """What is wrong with a waiver that is written as it has to be, or ""."""
    assert waiver.expires is not None, "a waiver without an end is broken already"
    if not waiver.rule.strip("*") and not waiver.address.strip("*"):
        return "it would accept everything: name the rule, or the address"
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
    if waiver.lines:
        return ""
    folders = sorted({os.path.realpath(finding.root): finding.root for finding in matched}.values())
    if not waiver.folder and len(folders) > 1:
        return (
            f"{waiver.rule} finds {waiver.subject} in {len(folders)} folders: bind it to one of them, as in "
            f'folder = "{folders[0]}"'
        )
    return ""
