"""The version of the AWS provider that a root module's lock file chooses.

Source: https://developer.hashicorp.com/terraform/language/files/dependency-lock
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.engine.values import Unknown
from policies.readers import files
from policies.readers.declared import Body
from policies.readers.modules import satisfies
from policies.readers.syntax import Literal, Tuple

LOCK: Final = ".terraform.lock.hcl"

# What `terraform init` writes: the file is nearly always just that, and reads quickly so.
_WRITTEN: Final = re.compile(
    r'(?:#[^\n]*\n|\n)*(?:provider "(?P<address>[^"\\$%\n]+)" \{\n  version     = "(?P<version>[^"\\$%\n]+)"\n'
    r'(?:  constraints = "[^"\\$%\n]*"\n)?(?:  hashes = \[\n(?:    "[a-z0-9]+:[^"\\$%\n]*",\n)+  \]\n)?\}\n|\Z)'
)
_ADDRESS: Final = re.compile(r"[a-z0-9.-]+(?::[0-9]+)?/[a-z0-9_-]+/[a-z0-9_-]+")
_VERSION: Final = re.compile(
    r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"
)
_ARGUMENTS: Final = frozenset({"version", "constraints", "hashes"})


def locked(folder: Path, constraints: Iterable[str]) -> str | Unknown:
    """The version of hashicorp/aws in the lock file of a root module's folder, or "" where it has none.

    It is unknown where it is not one that `constraints` admit, which Terraform refuses until it is brought up to date,
    where there are several, and where the file is a link to something that is not within the same tree.

    Raises:
        Problem: the file cannot be read, or is none that Terraform takes.
    """
    path = folder / LOCK
    if not os.path.lexists(path):
        return ""
    if path.is_symlink() and (path.resolve().name != LOCK or not files.within_tree(path)):
        return Unknown(f"{path} leads out of the tree that it stands in")
    found = {version for address, version in _providers(path) if address.partition("/")[2] == "hashicorp/aws"}
    if len(found) > 1:
        return Unknown(f"{path} has several versions of the AWS provider: {', '.join(sorted(found))}")
    version = found.pop() if found else ""
    for constraint in constraints:
        if version and constraint.strip() and not satisfies(version, constraint):
            return Unknown(
                f"{path} has version {version} of the AWS provider, which {constraint!r} does not admit: "
                "run terraform init -upgrade"
            )
    return version


def _providers(path: Path) -> Iterator[tuple[str, str]]:
    """The addresses and versions of the providers in a lock file."""
    text = files.read_text(path)
    seen: dict[str, int] = {}
    for line, address, version in _entries(text, str(path)):
        if not _ADDRESS.fullmatch(address):
            raise Problem(f"{path}:{line}: {address!r} is no full address of a provider: {_CURE}")
        if not _VERSION.fullmatch(version):
            raise Problem(f"{path}:{line}: {version!r} is no version in full: {_CURE}")
        if address in seen:
            raise Problem(f"{path}:{line}: {address} stands in line {seen[address]} already: {_CURE}")
        seen[address] = line
        yield address, version


_CURE: Final = "take the file from the version control, or remove it and run terraform init"


def _entries(text: str, file: str) -> Iterator[tuple[int, str, str]]:
    """The blocks of a lock file: their lines, the addresses and the versions."""
    found = []
    at = 0
    while at < len(text):
        match = _WRITTEN.match(text, at)
        if match is None or match.end() == at:
            return _parsed(text, file)
        if match["address"] is not None:
            line = text.count("\n", 0, match.start("address")) + 1
            found.append((line, match["address"], match["version"]))
        at = match.end()
    return iter(found)


def _parsed(text: str, file: str) -> Iterator[tuple[int, str, str]]:
    """The same, of a file that somebody has written otherwise."""
    from policies.readers import hcl

    body = hcl.arguments(text, file)
    for name, blocks in body.items():
        line = body.lines[name]
        if name not in ("provider", "module") or not isinstance(blocks, list):
            raise Problem(f"{file}:{line}: {name!r} has no place in a lock file: {_CURE}")
        for block in blocks:
            if len(block.labels) != 1:
                raise Problem(f"{file}:{block.line}: a {name} block has one label here: {_CURE}")
            if name == "provider":
                yield block.line, block.labels[0], _version(block, file)


def _version(block: Body, file: str) -> str:
    strange = next((name for name in block if name not in _ARGUMENTS), None)
    if strange is not None:
        raise Problem(f"{file}:{block.lines[strange]}: {strange!r} has no place in a lock file: {_CURE}")
    for name, is_right in (("version", _is_text), ("constraints", _is_text), ("hashes", _are_hashes)):
        if (name in block or name == "version") and not is_right(block.get(name)):
            raise Problem(
                f"{file}:{block.lines.get(name, block.line)}: {name} is missing or malformed: {_CURE}"
            )
    return str(block["version"])


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_hashes(value: Any) -> bool:
    return (
        isinstance(value, Tuple)
        and bool(value.items)
        and all(
            isinstance(item, Literal) and isinstance(item.value, str) and ":" in item.value
            for item in value.items
        )
    )
