"""Texts that resources carry, such as user data and environments: decoded, with marks where values are unknown."""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from policies.engine.model import Resource
from policies.engine.values import ABSENT, Traced, Unknown, as_text, parse_document, with_holes

HOLE: Final = re.compile("\ue000(\\d+)\ue001")
"""The mark of an unknown part; its number is the index in `Text.holes`."""

_SCRIPTS: Final = ("user_data", "user_data_base64", "user_data_wo", "custom_data")
_SCRIPT_NAMES: Final = frozenset(_SCRIPTS)
_RUN: Final = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
# Siblings by which a list of settings names its values, as in `{ name = "TOKEN", value = "..." }`.
_NAMES: Final = ("name", "key", "parameter_key", "option_name")
_VALUES: Final = ("value", "parameter_value", "value_wo", "insecure_value")
NAMING: Final = ("pass", "pw", "secret", "token", "key", "credential")
"""What is in the names of nearly all secrets, in lower case."""
# What numbers and booleans are looked at under: the names of secrets, and of switches for TLS.
_TELLING: Final = (*NAMING, "auth", "pin", "verify", "tls", "ssl")
# Arguments and keys that hold what is run, in words or lines.
_COMMAND: Final = re.compile(r"(?i)command|entry_?point|(?:^|_)args$|(?:^|_)cmd$")
_TEXTLESS: Final = frozenset((type(None), bool, int, float))
_TREATED: Final = frozenset((*_SCRIPTS, *_VALUES))
# How a JSON document begins, after what may stand before it.
_OPENING: Final = "{["
_STARTS: Final = f"{_OPENING} \t\r\n"
# What says that a value is only the name of a parameter or secret: the types of CodeBuild's variables.
_ELSEWHERE: Final = ("PARAMETER_STORE", "SECRETS_MANAGER")


STORED: Final = "secret_string"
"""The name under which Secrets Manager keeps a secret; what is stored as one goes by it, too."""


@dataclass(slots=True)
class Text:
    """A text that stands at `path` under `name`: an argument's, a map's key's, or the setting's own."""

    path: str
    name: str
    text: str
    holes: Sequence[Unknown] = ()
    bare: bool = False
    """Whether it is written as a number or a boolean."""

    @property
    def is_script(self) -> bool:
        """Whether it is user data."""
        return is_script(self.name)

    @property
    def is_run(self) -> bool:
        """Whether it is, or may be, something that a shell runs."""
        return self.is_script or "\n" in self.text or "=" in self.text or _is_command(self.name)


Found = Text | tuple[str, str, Unknown]
"""A text, or path, name and itself of an unknown of which nothing is known."""


def is_script(name: str) -> bool:
    """Whether an argument of this name is user data."""
    return name in _SCRIPTS


class Texts(list[Found]):
    """Every text in a tree of values, JSON documents opened and user data decoded."""

    def __init__(self, values: Any) -> None:
        super().__init__()
        _collect(values, "", "", self)
        self.open: list[Found] = [one for one in self if not isinstance(one, Text) or one.holes]
        """Those of which not everything is known."""
        names = [one.name if isinstance(one, Text) else one[1] for one in self]
        self._scripts = not _SCRIPT_NAMES.isdisjoint(names) or any(map(_is_command, names))
        self._all = "\n".join((*(one.text for one in self if isinstance(one, Text)), *names)).casefold()

    def may_mention(self, words: Iterable[str]) -> bool:
        """Whether any text, or the name of one, may have one of these words in it; they are given in lower case.

        What is run may have any. Nearly all other texts have nothing that a rule looks for, and this says so much
        faster than a regular expression on each.
        """
        if self._scripts:
            return True
        found = self._all
        # Asked of every resource: any() with a generator takes twice as long.
        for word in words:  # noqa: SIM110
            if word in found:
                return True
        return False


def texts_of(resource: Resource) -> Texts:
    """Every text of a resource: looked for once for all rules that ask."""
    known: dict[int, Texts] = resource.model.shared.setdefault(texts_of, {})
    found = known.get(id(resource))
    if found is None:
        found = known[id(resource)] = Texts(resource.values)
    return found


def _collect(values: Any, path: str, name: str, found: list[Found]) -> None:
    if isinstance(values, dict):
        for key, value in values.items():
            kind = type(value)
            if kind in _TEXTLESS:
                # Where Terraform wants a text it makes one of a number or a boolean.
                if value is not None and _may_hold(key):
                    found.append(
                        Text(f"{path}.{key}" if path else str(key), key, str(as_text(value)), bare=True)
                    )
                continue
            if key == "//":
                continue
            place = f"{path}.{key}" if path else str(key)
            if kind is str and value[:1] not in _STARTS and key not in _TREATED:
                # Nearly all texts are of this kind.
                found.append(Text(place, key, value))
                continue
            label = (_setting(values) if key in _VALUES else None) or str(key)
            _collect(value, place, label, found)
    elif isinstance(values, list):
        if len(values) > 1 and _is_command(name):
            words = [str.__str__(one) if isinstance(one, str) else "$" for one in values]
            found.append(Text(path, name, " ".join(words)))
        for index, value in enumerate(values):
            _collect(value, f"{path}[{index}]", name, found)
    elif isinstance(values, Traced) and values.document is not ABSENT:
        _collect(values.document, path, name, found)
    elif isinstance(values, str):
        plain = str.__str__(values)
        if plain.lstrip()[:1] in _OPENING and plain[1:]:
            tree = parse_document(plain)
            if not isinstance(tree, Unknown):
                _collect(tree, path, name, found)
                return
        found.append(Text(path, name, _decoded(plain) if name in _SCRIPTS else plain))
    elif isinstance(values, Unknown):
        if isinstance(values.decoded, str):
            found.append(Text(path, name, _opened(str.__str__(values.decoded))))
            return
        unknown = values.decoded if isinstance(values.decoded, Unknown) else values
        tree = parse_document(unknown) if unknown.parts else unknown.document
        if not isinstance(tree, Unknown) and tree is not ABSENT:
            _collect(tree, path, name, found)
        elif unknown.parts:
            found.append(_joined(unknown, path, name))
        else:
            found.append((path, name, values))


@lru_cache(maxsize=4096)
def _is_command(name: str) -> bool:
    return _COMMAND.search(name) is not None


@lru_cache(maxsize=4096)
def _may_hold(name: str) -> bool:
    plain = str(name).casefold()
    return any(word in plain for word in _TELLING)


def _setting(values: dict[str, Any]) -> str | None:
    """The name of a setting that says it beside its value; None where the value is only a name."""
    if values.get("type") in _ELSEWHERE:
        return None
    # Of a parameter that Systems Manager keeps as a secret, no other name says so.
    if values.get("type") == "SecureString":
        return STORED
    return next((values[key] for key in _NAMES if isinstance(values.get(key), str)), None)


def _joined(value: Unknown, path: str, name: str) -> Text:
    whole, holes = with_holes(value)
    return Text(path, name, _opened(whole) if is_script(name) else whole, holes)


@lru_cache(maxsize=256)
def _decoded(text: str) -> str:
    """User data as the machine reads it: out of base64 and gzip, with what is in base64 inside it too."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return _opened(text)
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error):
            return text
    try:
        return _opened(raw.decode())
    except UnicodeDecodeError:
        return _opened(text)


def _opened(text: str) -> str:
    """A text followed by what its base64 runs hold, where that is text: files that cloud-init writes."""
    found = [text]
    for match in _RUN.finditer(text):
        try:
            inner = base64.b64decode(match.group(), validate=True).decode()
        except (binascii.Error, ValueError):
            continue
        if inner.isprintable() or "\n" in inner:
            found.append(inner)
    return "\n".join(found)
