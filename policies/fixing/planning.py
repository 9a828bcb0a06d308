"""From findings to edits of files: what each rule would change, and why where nothing can be changed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.engine.catalogue import Entry
from policies.engine.cures import (
    REPLACES,
    AddBlock,
    AddResource,
    Contents,
    Edit,
    Expression,
    Incurable,
    Named,
    Remove,
    Set,
    Value,
)
from policies.engine.judging import Finding, aside, broke
from policies.engine.model import Resource, Undetermined
from policies.engine.parameters import Parameters
from policies.engine.values import as_boolean, as_number, as_text, steps
from policies.engine.verdicts import FAIL
from policies.fixing import source
from policies.fixing.editing import Change, Rendered, edited
from policies.readers import Reading, files
from policies.readers.syntax import Call, Literal, Node, Tuple, parse_expression

_NAMED: Final = re.compile(r"\b(var|local)\.([\w-]+)")

Key = tuple[str, str, str, str]
"""A rule, and the block that it is about: the real path of its file, type and name."""


@dataclass(frozen=True, slots=True)
class Told:
    """Why something that fails is left as it is."""

    rule: str
    address: str
    file: str
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Cured:
    """What one rule changes in one block: `words` say what, `notes` what to mind."""

    rule: str
    addresses: tuple[str, ...]
    file: str
    line: int
    words: tuple[str, ...]
    notes: tuple[str, ...]


class Refused(Exception):
    """An edit is not made; the message says why."""


@dataclass(slots=True)
class _Slot:
    """A place in a file: the block at the top by its labels, the way down from it, and what is there.

    The way is made of offsets of blocks that stand, and of names of those that are to be made.
    """

    file: str
    labels: tuple[str, ...]
    way: tuple[int | str, ...]
    name: str
    written: str | Rendered | None
    """A value as HCL, None for an argument that goes, or what stands in a new block."""
    beside: tuple[str, ...] = ()
    """The labels of a resource that is new, and stands behind the block at the top."""

    @property
    def place(self) -> tuple[Any, ...]:
        return self.file, self.labels, self.way, self.name


@dataclass(slots=True)
class Step:
    """All that one rule changes for one block; `places` are the instances of it, by root and address."""

    key: Key
    cured: Cured
    places: frozenset[tuple[str, str]]
    slots: list[_Slot]


class File:
    """A file of a configuration, its blocks found once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = files.read_text(path)

    @cached_property
    def blocks(self) -> list[source.Block]:
        return source.blocks(self.text)

    def line(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def find(self, kind: str, *labels: str) -> source.Block | None:
        """The top-level block of a kind with these labels."""
        return self._found.get((kind, *labels))

    @cached_property
    def _found(self) -> dict[tuple[str, ...], source.Block]:
        return {(one.name, *one.labels): one for one in reversed(self.blocks)}


class Plan:
    """The edits of one round.

    Args:
        readings: what was judged.
        findings: what was found in it, waivers applied.
        catalogue: the rules.
        parameters: the rules' parameters, by the path that was judged.
        dropped: what is not to be tried again, and why.
        within: the folders and files that may be changed.
    """

    def __init__(
        self,
        readings: Sequence[Reading],
        findings: Iterable[Finding],
        catalogue: Sequence[Entry],
        parameters: Mapping[str, Parameters],
        dropped: Mapping[Key, str],
        within: Sequence[Path],
    ) -> None:
        self.readings = readings
        self.parameters = parameters
        self.dropped = dict(dropped)
        self.told: list[Told] = []
        self.steps: list[Step] = []
        self._files: dict[str, File] = {}
        self._folders: dict[Path, list[tuple[Path, File]]] = {}
        self._reaches = [_reach(path) for path in within]
        # What Terraform and what OpenTofu reads of a folder differ in their files, and not in their addresses.
        self._failing = {
            (one.root, one.rule, one.address, one.file): one for one in findings if one.status == FAIL
        }
        self._instances: dict[tuple[str, ...], list[tuple[str, Resource]]] = {}
        for reading in readings:
            for resource in reading.model.resources:
                self._instances.setdefault(_block_of(resource), []).append((reading.path, resource))
        rules = {entry.id: entry for entry in catalogue}
        done: set[tuple[str, ...]] = set()
        for finding in self._failing.values():
            rule = finding.rule
            entry = rules.get(rule)
            failed = self._resource(finding)
            if entry is None or entry.cure is None or failed is None:
                continue
            block = _block_of(failed)
            if (rule, *block) not in done:
                done.add((rule, *block))
                self._consider(entry, failed, block, finding)
        self._settle()

    def texts(self) -> dict[str, str]:
        """The changed files, by their real paths."""
        by_file: dict[str, dict[tuple[str, ...], Change]] = {}
        for step in self.steps:
            for slot in step.slots:
                change = by_file.setdefault(slot.file, {}).setdefault(slot.labels, Change())
                for way in slot.way:
                    change = (
                        change.inner.setdefault(way, Change())
                        if isinstance(way, int)
                        else change.made.setdefault(way, Change())
                    )
                if slot.written is None:
                    change.removed.add(slot.name)
                elif isinstance(slot.written, str):
                    change.values[slot.name] = slot.written
                elif slot.beside:
                    change.beside.append((slot.name, slot.beside, slot.written))
                else:
                    change.more.append((slot.name, slot.written))
        result = {}
        for name, changes in by_file.items():
            file = self._files[name]
            found = [(file.find("resource", *labels), change) for labels, change in changes.items()]
            result[name] = edited(
                file.text, [(block, change) for block, change in found if block is not None]
            )
        return result

    def text(self, path: str) -> str:
        """The text of one of those files as it was when the edits were made."""
        return self._files[path].text

    def _resource(self, finding: Finding) -> Resource | None:
        for reading in self.readings:
            for one in reading.model.at(finding.address) if reading.path == finding.root else ():
                if (one.address, one.file) == (finding.address, finding.file):
                    return one
        return None

    def _consider(self, entry: Entry, resource: Resource, block: tuple[str, ...], finding: Finding) -> None:
        key = (entry.id, block[0], resource.type, resource.name)
        if key in self.dropped:
            words = self.dropped[key]
        else:
            try:
                self.steps.append(self._step(entry, key, block, finding))
                return
            except Refused as refused:
                words = str(refused)
            except Undetermined as undetermined:
                words = undetermined.reason
        self.told.append(Told(entry.id, finding.address, finding.file, finding.line, words))

    def _step(self, entry: Entry, key: Key, block: tuple[str, ...], finding: Finding) -> Step:
        instances = self._instances[block]
        sound = [
            one.address
            for root, one in instances
            if (root, entry.id, one.address, one.file) not in self._failing
        ]
        if sound:
            raise Refused(f"not every instance of the block fails: {sound[0]} does not")
        asked = []
        for root, one in instances:
            told = self._told_by(entry, one, self.parameters[root])
            for edit in told:
                if isinstance(edit, Incurable):
                    raise Refused(edit.reason)
            asked.append([edit for edit in told if not isinstance(edit, Incurable) and not _is_so(edit, one)])
        if any(list(map(_bare, one)) != list(map(_bare, asked[0])) for one in asked):
            raise Refused("its instances would need different values")
        if not asked[0]:
            raise Refused(entry.rule.by_hand or "what fails here is none of what this rule's cure changes")
        _, first = instances[0]
        slots, words, notes = [], [], []
        for edit in asked[0]:
            slot, told_words, minded = self._slot(edit, first, instances)
            slots.append(slot)
            words.append(told_words)
            notes += minded
        addresses = tuple(dict.fromkeys(one.address for _, one in instances))
        cured = Cured(entry.id, addresses, first.file, first.line, tuple(words), tuple(dict.fromkeys(notes)))
        return Step(key, cured, frozenset((root, one.address) for root, one in instances), slots)

    def _told_by(self, entry: Entry, subject: Resource, parameters: Parameters) -> list[Edit | Incurable]:
        """What a rule's cure says of a resource.

        Raises:
            Problem: the cure breaks, or says something else.
        """
        assert entry.cure is not None
        try:
            with aside(entry):
                told = list(entry.cure(subject, subject.model, parameters))
            for one in told:
                if not isinstance(one, Edit | Incurable):
                    raise TypeError(f"{one!r} is none of the edits in policies/engine/cures.py")
            return told
        except (Undetermined, Refused, Problem):
            raise
        except (Exception, SystemExit) as error:
            raise broke(entry, subject, error) from error

    def _slot(
        self, edit: Edit, subject: Resource, instances: list[tuple[str, Resource]]
    ) -> tuple[_Slot, str, list[str]]:
        """Where an edit is made, words for it, and what to mind."""
        view = subject if isinstance(edit, AddResource) else edit.at or subject
        owner = view.resource
        file = self._file(owner)
        top = file.find("resource", owner.type, owner.name)
        if top is None:
            raise Refused("its block is not found in its file")
        self._refuse_overridden(owner)
        notes = [edit.note] if edit.note else []
        other = "" if owner is subject else f" in {owner.address}"
        real = os.path.realpath(file.path)
        if isinstance(edit, AddResource):
            contents = self._beside(edit, subject, file, top)
            slot = _Slot(real, top.labels, (), "resource", contents, (edit.type, subject.name))
            return slot, f"{edit.type}.{subject.name} is added", notes
        path = edit.name if isinstance(edit, AddBlock) else edit.path
        full = steps(f"{view.path}.{path}" if view.path else path)
        way, inside = _descend(top, full[:-1])
        name = str(full[-1])
        notes += _lifecycle_notes(file.text, top, str(full[0]), edit)
        shown = _shown(full)
        if isinstance(edit, AddBlock):
            if inside is not None and (inside.is_dynamic(name) or inside.argument(name)):
                raise Refused(f"its {name} blocks are not written as blocks")
            rendered = _rendered(edit.contents, subject, top, file.text, instances)
            pairs = ", ".join(f"{key} = {one}" for key, one in rendered.items() if isinstance(one, str))
            slot = _Slot(real, top.labels, way, name, rendered)
            return slot, f"{shown} {{ {pairs} }} is added{other}", notes
        argument = inside.argument(name) if inside is not None else None
        if inside is not None and (inside.blocks(name) or inside.is_dynamic(name)):
            raise Refused(f"{shown} is written as a block")
        if argument is not None:
            self._refuse_expressions(file, argument, shown, owner)
        if isinstance(edit, Remove):
            if argument is None:
                raise Refused(f"{shown} is not set in the block itself")
            return _Slot(real, top.labels, way, name, None), f"{shown} is removed{other}", notes
        value = _value(edit.value, subject, top, file.text, instances)
        return _Slot(real, top.labels, way, name, value), f"{shown} = {value}{other}", notes

    def _file(self, owner: Resource) -> File:
        """The file that a resource stands in, if it may be changed."""
        place = owner.file
        if any(owner.model is reading.model and _is_plan(reading.path) for reading in self.readings):
            raise Refused("a plan was judged, which is not changed: judge its configuration")
        if not place.endswith(files.HCL):
            raise Refused("it is read from Terraform JSON, which is not changed")
        real = Path(os.path.realpath(place))
        if not any(reach(real) for reach in self._reaches):
            raise Refused(
                f"{place} is none of the files that were named: judge its folder as well, or change it by hand"
            )
        return self._opened(real)

    def _opened(self, real: Path) -> File:
        """A file by its real path, read once."""
        if str(real) not in self._files:
            self._files[str(real)] = File(real)
        return self._files[str(real)]

    def _siblings(self, folder: Path) -> list[tuple[Path, File]]:
        """The files in HCL of a module's folder, each as it is called there."""
        if folder not in self._folders:
            self._folders[folder] = [
                (one, self._opened(Path(os.path.realpath(one))))
                for one in files.files_of_both(folder)
                if one.name.endswith(files.HCL)
            ]
        return self._folders[folder]

    def _refuse_overridden(self, owner: Resource) -> None:
        for path, file in self._siblings(Path(owner.file).parent):
            if files.is_override(path) and file.find("resource", owner.type, owner.name):
                raise Refused(f"{path.name} overrides it, so that two files would have to agree")

    def _refuse_expressions(self, file: File, argument: source.Argument, shown: str, owner: Resource) -> None:
        """Refuse to write over anything but a literal: what it is made from may serve others, too."""
        end, comments = source.expression(file.text, argument)
        text = file.text[argument.value : end]
        node = parse_expression(text)
        if _is_literal(node):
            if comments:
                raise Refused(f"there are comments within the value of {shown}: change it by hand")
            return
        for kind, name in _NAMED.findall(text):
            found = self._declared(kind, name, owner)
            if found:
                given = self._given(owner, name) if owner.module and kind == "var" else ""
                raise Refused(f"{shown} is set by {kind}.{name}, declared in {found}{given}: decide there")
        words = text if "\n" not in text and len(text) <= 80 else "an expression"
        raise Refused(f"{shown} is set by {words} in {owner.file}:{file.line(argument.start)}: decide there")

    def _declared(self, kind: str, name: str, owner: Resource) -> str:
        """The place of a variable or a local value of the module that a resource stands in."""
        for path, file in self._siblings(Path(owner.file).parent):
            if kind == "var" and (block := file.find("variable", name)):
                return f"{path}:{file.line(block.start)}"
            for block in file.blocks if kind == "local" else ():
                if block.name == "locals" and (argument := block.argument(name)):
                    return f"{path}:{file.line(argument.start)}"
        return ""

    def _given(self, owner: Resource, name: str) -> str:
        """Where the call of a module gives one of its variables, in words; of those that the root calls, the place."""
        call = re.fullmatch(r"module\.([^.\[]+)(?:\[.*\])?", owner.module)
        roots = [
            Path(one.path) for one in self.readings if one.model is owner.model and Path(one.path).is_dir()
        ]
        for path, file in self._siblings(roots[0]) if call and roots else ():
            block = file.find("module", call[1]) if call else None
            if block is not None:
                argument = block.argument(name)
                told = "and given in" if argument is not None else "and not given in"
                return f", {told} {path}:{file.line(block.start if argument is None else argument.start)}"
        return f", and given where {owner.module} is called"

    def _beside(self, edit: AddResource, subject: Resource, file: File, top: source.Block) -> Rendered:
        """What stands in a resource that is added, with as many instances as its subject has."""
        for _, other in self._siblings(Path(subject.file).parent):
            if other.find("resource", edit.type, subject.name):
                raise Refused(f"there is another {edit.type}.{subject.name} already")
        contents: dict[str, str | Rendered] = {}
        whole = f"{subject.type}.{subject.name}"
        long = {"count": f"length({whole})", "for_each": whole}
        for name in ("count", "for_each", "provider", "region"):
            argument = top.argument(name)
            if argument is not None:
                written = file.text[argument.value : argument.end]
                # As many by the same words, where these are few; otherwise as many as there are of the other.
                contents[name] = long.get(name, written) if "\n" in written else written
        contents.update(_rendered(edit.contents, subject, top, file.text, []))
        return contents

    def _settle(self) -> None:
        """Leave out what two rules would set differently."""
        wanted: dict[tuple[Any, ...], dict[str, list[Step]]] = {}
        for step in self.steps:
            for slot in step.slots:
                if slot.written is None or isinstance(slot.written, str):
                    wanted.setdefault(slot.place, {}).setdefault(str(slot.written), []).append(step)
        for place, values in wanted.items():
            if len(values) < 2:
                continue
            rules = sorted({step.key[0] for steps_ in values.values() for step in steps_})
            for step in [step for steps_ in values.values() for step in steps_]:
                if step in self.steps:
                    self.steps.remove(step)
                    words = f"{' and '.join(rules)} would each set {place[-1]} to another value"
                    self.dropped[step.key] = words
                    cured = step.cured
                    self.told.append(Told(cured.rule, cured.addresses[0], cured.file, cured.line, words))


def _reach(path: Path) -> Callable[[Path], bool]:
    """Which files may be changed where a path was named: its own, and none hidden, such as installed modules."""
    if not path.is_dir():
        return Path(os.path.realpath(path)).__eq__
    return files.Reach(path).holds


def _is_plan(path: str) -> bool:
    return not Path(path).is_dir() and not path.endswith(files.CONFIGURATION)


def _block_of(resource: Resource) -> tuple[str, ...]:
    return (os.path.realpath(resource.file), str(resource.line), resource.type, resource.name)


def _bare(edit: Edit) -> tuple[Any, ...]:
    """An edit without the instance that it is for."""
    at = None if isinstance(edit, AddResource) or edit.at is None else edit.at
    where = () if at is None else (*_block_of(at.resource), at.path)
    match edit:
        case Set(path, value):
            return ("set", path, repr(value), *where)
        case Remove(path):
            return ("remove", path, *where)
        case AddBlock(name, contents):
            return ("block", name, repr(contents), *where)
        case AddResource(type, contents):
            return ("resource", type, repr(contents))


def _is_so(edit: Edit, subject: Resource) -> bool:
    """Whether an argument has the value already that it is to get."""
    if not isinstance(edit, Set):
        return False
    current = (edit.at or subject).get(edit.path)
    match edit.value:
        case bool():
            return as_boolean(current) is edit.value
        case int():
            return as_number(current) == edit.value
        case str():
            return as_text(current) == edit.value
        case tuple():
            return isinstance(current, list) and tuple(current) == edit.value
        case _:
            return False


def _descend(top: source.Block, way: Sequence[Any]) -> tuple[tuple[int | str, ...], source.Block | None]:
    """The way to a block within another one, and that block; None where it is to be made.

    Raises:
        Refused: it is not told which block is meant, or it is not written as a block.
    """
    found: list[int | str] = []
    block: source.Block | None = top
    pending = list(way)
    while pending:
        name = str(pending.pop(0))
        index = pending.pop(0) if pending and isinstance(pending[0], int) else None
        if block is None:
            if index:
                raise Refused(f"there is no block {name} {index + 1}")
            found.append(name)
            continue
        standing = block.blocks(name)
        if block.argument(name) is not None:
            raise Refused(f"{name} is written as an argument, not as a block")
        if len(standing) <= (index or 0) and block.is_dynamic(name):
            raise Refused(f"{name} is written as a dynamic block")
        if index is None and (len(standing) > 1 or (standing and block.is_dynamic(name))):
            raise Refused(f"there are several blocks {name}")
        if len(standing) > (index or 0):
            block = standing[index or 0]
            found.append(block.start)
        elif index:
            raise Refused(f"there is no block {name} {index + 1}")
        else:
            block = None
            found.append(name)
    return tuple(found), block


def _shown(path: Sequence[Any]) -> str:
    return ".".join(str(step) for step in path if not isinstance(step, int))


def _is_literal(node: Node) -> bool:
    """Whether a value stands where it is used, and nothing else is made of it."""
    if isinstance(node, Tuple):
        return all(map(_is_literal, node.items))
    if isinstance(node, Call):
        return node.name in _CONVERSIONS and all(map(_is_literal, node.arguments))
    return isinstance(node, Literal)


_CONVERSIONS: Final = frozenset({"tobool", "tolist", "tonumber", "toset", "tostring"})


def _lifecycle_notes(text: str, top: source.Block, name: str, edit: Edit) -> list[str]:
    """What a resource's lifecycle has to say about an edit."""
    notes = []
    for block in top.blocks("lifecycle"):
        ignored = block.argument("ignore_changes")
        if ignored is not None and re.search(
            rf"\b(all|{re.escape(name)})\b", text[ignored.value : ignored.end]
        ):
            notes.append(f"lifecycle.ignore_changes names {name}: what stands stays as it is")
        kept = block.argument("prevent_destroy")
        if edit.note == REPLACES and kept is not None and text[kept.value : kept.end] == "true":
            notes.append("lifecycle.prevent_destroy refuses that where it stands already")
    return notes


def _value(
    value: Value,
    subject: Resource,
    top: source.Block,
    text: str,
    instances: list[tuple[str, Resource]],
) -> str:
    """A value as HCL writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return _quoted(value)
        case tuple():
            return f"[{', '.join(map(_quoted, value))}]"
        case Expression(written):
            return written.replace("{self}", _reference(subject, top))
        case Named(argument, ending, otherwise):
            named = top.argument(argument)
            if named is None:
                if len(instances) == 1 and subject.key is None and not subject.module and not subject.many:
                    return _quoted(otherwise + ending)
                raise Refused(f"each instance needs a name of its own, and {argument} is not set")
            written = text[named.value : source.expression(text, named)[0]]
            node = parse_expression(written)
            if isinstance(node, Literal) and isinstance(node.value, str):
                return _quoted(node.value + ending)
            if "\n" in written:
                raise Refused(f"{argument} is made of several lines, so that no name is made of it")
            return f'{written[:-1]}{ending}"' if written.startswith('"') else f'"${{{written}}}{ending}"'


_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _quoted(text: str) -> str:
    escaped = "".join(_ESCAPES.get(one, one) for one in text)
    return f'"{escaped.replace("${", "$${").replace("%{", "%%{")}"'


def _reference(subject: Resource, top: source.Block) -> str:
    """The expression for a resource, or its instance where another one with as many is written."""
    name = f"{subject.type}.{subject.name}"
    if top.argument("count") is not None:
        return f"{name}[count.index]"
    return f"{name}[each.key]" if top.argument("for_each") is not None else name


def _rendered(
    contents: Contents,
    subject: Resource,
    top: source.Block,
    text: str,
    instances: list[tuple[str, Resource]],
) -> Rendered:
    return {
        name: _rendered(value, subject, top, text, instances)
        if isinstance(value, Mapping)
        else _value(value, subject, top, text, instances)
        for name, value in contents.items()
    }
