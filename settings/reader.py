"""Reads an environment's YAML file, and tells all that is wrong with it at once, each with its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import yaml
from annotated_types import Ge, Le
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from cloudmart_support.problem import Problem
from settings import checks
from settings.model import Settings, StateSettings

Key = tuple[str | int, ...]


class Complaint(NamedTuple):
    """One thing wrong: the key's path as a tuple, and the sentence about it."""

    key: Key
    words: str


class _Loader(yaml.SafeLoader):
    """YAML 1.2's scalars: `on` is text, `13:00` is a time and not a number to base sixty."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def read(path: Path, overrides: Sequence[str] = ()) -> Settings:
    """The settings of an environment, in a YAML file named after it.

    `overrides` are `KEY.PATH=VALUE`, the value in YAML, and stand before what the file says.

    Raises:
        Problem: the file cannot be read, or settings in it cannot be used; all of them are named at once.
    """
    values, lines, complaints = _load(path)
    for override in overrides:
        _override(values, override)
    settings, wrong = parse(values)
    complaints += wrong
    if settings and settings.environment != path.stem:
        complaints.append(
            Complaint(("environment",), _sentence(settings.environment, f"{path.stem}, the name of the file"))
        )
    if complaints or settings is None:
        raise Problem(_report(path, complaints, lines))
    return settings


def read_state(path: Path) -> StateSettings:
    """The settings of the state bucket's stack; raises as `read` does."""
    values, lines, complaints = _load(path)
    settings = None
    try:
        settings = StateSettings.model_validate(values)
    except ValidationError as error:
        complaints += [_complaint(details, StateSettings) for details in error.errors(include_url=False)]
    if complaints or settings is None:
        raise Problem(_report(path, complaints, lines))
    return settings


def _override(values: Any, override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise Problem(f"{override!r} is not KEY.PATH=VALUE, as in network.nat=single")
    value, _, _ = _parse_yaml(text, Path(key))
    *sections, last = key.split(".")
    for section in sections:
        values = values.setdefault(section, {}) if isinstance(values, dict) else None
    if not isinstance(values, dict):
        raise Problem(
            f"{override!r}: {'.'.join(sections) or 'the file'} is not a section of key: value pairs"
        )
    values[last] = value


def _load(path: Path) -> tuple[Any, dict[Key, int], list[Complaint]]:
    """The values in a YAML file, the line of each key, and complaints about keys that stand twice."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        known = sorted(file.stem for file in path.parent.glob("*.yaml") if file.stem != "state")
        cure = f"name one of {', '.join(known)} (ENV=…), or write it" if known else "write it"
        raise Problem(f"{path}: there is no such settings file: {cure}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path}: the settings cannot be read: {error}") from error
    values, lines, repeated = _parse_yaml(text, path)
    return values, lines, [Complaint(key, "stands twice; remove one of the two") for key in repeated]


def parse(values: object) -> tuple[Settings | None, list[Complaint]]:
    """The settings in plain values, or None and everything that is wrong with them."""
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        complaints = [_complaint(details) for details in error.errors(include_url=False)]
        return None, complaints + _across(values, [complaint.key for complaint in complaints])
    found = checks.findings(settings)
    return (None if found else settings), [_crossed(finding) for finding in found]


def _across(values: object, bad: list[Key]) -> list[Complaint]:
    """The findings between values that can be made in spite of bad ones, which defaults stand in for.

    So that a person need not mend one kind of error to be told of the next.
    """
    if not isinstance(values, dict):
        return []
    trimmed = _without(values, bad)
    stand_in: dict[str, Any] = {
        "environment": "none",
        "domain": {"name": "none.example"},
        "backend": {"image": "none:0"},
    }
    for key, value in stand_in.items():
        if isinstance(value, dict) and isinstance(trimmed.get(key), dict):
            trimmed[key] = {**value, **trimmed[key]}
        else:
            trimmed.setdefault(key, value)
    try:
        settings = Settings.model_validate(trimmed)
    except ValidationError:
        return []
    findings = [finding for finding in checks.findings(settings) if not _leans_on(finding, bad)]
    return [_crossed(finding) for finding in findings]


def _leans_on(finding: checks.Finding, bad: list[Key]) -> bool:
    """Whether the finding may be the doing of a default that stands in for a bad value."""
    names = [".".join(part for part in key if isinstance(part, str)) for key in bad]
    if any(name == finding.path or name in finding.allowed for name in names):
        return True
    section = finding.path.partition(".")[0]
    far = {"network": ("region", "network"), "domain": ("region", "domain")}.get(section, ())
    return any(key[0] in far for key in bad)


def _without(values: dict[Any, Any], bad: list[Key]) -> dict[Any, Any]:
    """A copy without the values at the bad keys."""

    def copy(value: Any, at: Key) -> Any:
        if isinstance(value, dict):
            return {key: copy(inner, (*at, key)) for key, inner in value.items() if (*at, key) not in bad}
        if isinstance(value, list) and any(key[: len(at)] == at for key in bad if len(key) > len(at)):
            return [inner for index, inner in enumerate(value) if (*at, index) not in bad]
        return value

    return copy(values, ())  # type: ignore[no-any-return]


def _crossed(finding: checks.Finding) -> Complaint:
    return Complaint(tuple(finding.path.split(".")), _sentence(finding.value, finding.allowed))


def _sentence(value: object, allowed: str) -> str:
    return f"{'not set' if value is None else repr(value)}; allowed: {allowed}"


def _complaint(details: ErrorDetails, model: type[BaseModel] = Settings) -> Complaint:
    key = tuple(part for part in details["loc"] if part != "[key]")
    value, kind, context = details["input"], details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        known = list(_section(key[:-1], model).model_fields)
        near = difflib.get_close_matches(str(key[-1]), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(known)}"
        return Complaint(key, f"there is no such setting; {hint}")
    if kind == "missing":
        field = _section(key[:-1], model).model_fields[str(key[-1])]
        return Complaint(key, f"not set, and has no default; {field.description}")
    words = {
        "refused": details["msg"],
        "literal_error": str(context.get("expected")),
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "bool_type": "true or false",
        "string_type": 'text; a number goes in quotes, as in "7.0"',
        "tuple_type": "a list, as in [a, b]",
        "too_short": "at least one",
        "dict_type": "key: value pairs",
        "model_type": "a section of key: value pairs",
    }.get(kind, details["msg"])
    if kind in ("greater_than_equal", "less_than_equal"):
        words = _range(_section(key[:-1], model).model_fields[str(key[-1])])
    return Complaint(key, _sentence(value, words))


def _section(key: Key, model: type[BaseModel]) -> type[BaseModel]:
    """The model of the section at a key path below `model`."""
    for part in key:
        field = model.model_fields.get(str(part))
        annotation = field.annotation if field else None
        for candidate in (annotation, *get_args(annotation)):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return model


def _range(field: FieldInfo) -> str:
    least = next((item.ge for item in field.metadata if isinstance(item, Ge)), None)
    most = next((item.le for item in field.metadata if isinstance(item, Le)), None)
    return f"{least} or more" if most is None else f"a whole number from {least} to {most}"


def _report(path: Path, complaints: list[Complaint], lines: dict[Key, int]) -> str:
    def line(key: Key) -> int:
        return next((lines[key[:length]] for length in range(len(key), 0, -1) if key[:length] in lines), 0)

    def told(complaint: Complaint) -> str:
        place = f"line {line(complaint.key)}: " if line(complaint.key) else ""
        name = ".".join(map(str, complaint.key))
        return f"  {place}{name + ': ' if name else ''}{complaint.words}"

    ordered = sorted(dict.fromkeys(complaints), key=lambda complaint: line(complaint.key))
    count = "1 setting" if len(ordered) == 1 else f"{len(ordered)} settings"
    return "\n".join([f"{path}: {count} cannot be used", *map(told, ordered)])


def _parse_yaml(text: str, path: Path) -> tuple[Any, dict[Key, int], list[Key]]:
    """The document's values, the line of each key, and the keys that stand twice."""
    lines: dict[Key, int] = {}
    repeated: list[Key] = []

    def visit(node: yaml.Node, at: Key) -> Iterator[None]:
        if isinstance(node, yaml.MappingNode):
            for key_node, value_node in node.value:
                key = (*at, key_node.value)
                if key in lines:
                    repeated.append(key)
                lines[key] = key_node.start_mark.line + 1
                yield from visit(value_node, key)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                lines[(*at, index)] = item.start_mark.line + 1
                yield from visit(item, (*at, index))

    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is not None:
            for _ in visit(node, ()):
                pass
        values = loader.construct_document(node) if node is not None else {}
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise Problem(f"{path}: {place}this is not YAML that can be read: {reason}") from error
    return values, lines, repeated
