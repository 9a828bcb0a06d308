"""Where the modules of a configuration are: local folders, and what `terraform init` has installed.

Source: https://github.com/hashicorp/terraform/blob/v1.11.4/internal/configs/configload/loader_load.go
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.readers import files, terraform_json
from policies.readers.declared import is_local

MANIFEST: Final = ".terraform/modules/modules.json"

_REGISTRY: Final = re.compile(r"(?:registry\.(?:terraform\.io|opentofu\.org)/)?([\w-]+/[\w-]+/[0-9a-z]+)")
_SSH: Final = re.compile(r"git@([^:/]+):/?([^?]+)(\?.*)?")
_CONSTRAINT: Final = re.compile(r"\s*(=|!=|>=?|<=?|~>|)\s*v?(\d+(?:\.\d+)*)(-[0-9A-Za-z.-]+)?\s*")


@dataclass(frozen=True, slots=True)
class Found:
    """A module's folder, and what Terraform calls it (`path.module`)."""

    folder: Path
    directory: str


@dataclass(frozen=True, slots=True)
class _Record:
    source: str
    version: str
    directory: str


class Modules:
    """The folders of the modules below a root module.

    Args:
        root: the folder of the root module.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._records: dict[str, _Record] | None = None

    def find(self, path: tuple[str, ...], beside: str, source: str, version: str) -> Found | str:
        """The folder of a module, or words on why its resources cannot be seen.

        Args:
            path: the names of the calls that lead to it.
            beside: what Terraform calls the folder of the module that calls it.
            source: the call's `source`.
            version: the call's `version`, or "".

        Raises:
            Problem: the list of installed modules is malformed, or leads a local module elsewhere.
        """
        key = ".".join(path)
        record = self._manifest().get(key)
        installed = record is not None and record.source == normal(source)
        if is_local(source):
            # `..` behind a link is taken off the text first, as Terraform does; then links are followed.
            lexical = os.path.normpath(f"{beside}/{source.replace(chr(92), '/')}")
            local = self._found(os.path.relpath(self._real(lexical), self.root.resolve()))
            if record is not None and installed and self._real(record.directory) != local.folder.resolve():
                raise Problem(
                    f"{self.root / MANIFEST}: it leads the local module {key} to {record.directory!r}, "
                    f"its source is {source!r}: run terraform init anew"
                )
            return local
        if record is None:
            return (
                f"the module comes from {source!r} and is not installed: run terraform init, or judge a plan"
            )
        if not installed or (version and not satisfies(record.version, version)):
            asked = f"{source!r} {version}".strip()
            return (
                f"the module comes from {asked}, and what is installed comes from {record.source!r} "
                f"{record.version or 'without a version'}: run terraform init, or judge a plan"
            )
        real = self._real(record.directory)
        if not real.is_relative_to(self.root.resolve()) or not real.is_dir():
            return f"the module comes from {source!r}, and {record.directory!r} is no folder within the configuration"
        return self._found(os.path.normpath(record.directory))

    def _found(self, directory: str) -> Found:
        folder = self.root / directory
        real = folder.resolve()
        # `here/../module` is told as `module`, wherever links do not make the two differ.
        shorter = Path(os.path.normpath(folder))
        return Found(shorter if shorter.resolve() == real else folder, directory)

    def _real(self, directory: str) -> Path:
        return (self.root / directory).resolve()

    def _manifest(self) -> dict[str, _Record]:
        if self._records is None:
            path = self.root / MANIFEST
            self._records = _records(path) if os.path.lexists(path) else {}
        return self._records


def _records(path: Path) -> dict[str, _Record]:
    document = terraform_json.decode(files.read_text(path), str(path))
    listed = _lower(document, path).get("modules")
    records: dict[str, _Record] = {}
    for item in listed if isinstance(listed, list) else ():
        values = _lower(item, path)
        texts = [values.get(name) or "" for name in ("key", "source", "version", "dir")]
        if not all(isinstance(text, str) for text in texts):
            raise Problem(f"{path}: a module's Key, Source, Version and Dir are texts")
        key, source, version, directory = texts
        if key in records:
            raise Problem(f"{path}: there are two records of the module {key!r}")
        records[key] = _Record(normal(source), version, directory)
    return records


def _lower(value: Any, path: Path) -> dict[str, Any]:
    """An object with its keys as Terraform takes them: without regard to case."""
    if not isinstance(value, dict):
        raise Problem(f"{path}: it is no list of modules as terraform init writes it")
    lower = {key.lower(): item for key, item in value.items()}
    if len(lower) != len(value):
        raise Problem(f"{path}: a key is set twice, in upper and lower case")
    return lower


def normal(source: str) -> str:
    """A module's source as Terraform writes it into its list, so that two can be compared.

    The public registry is left out of an address, because Terraform and OpenTofu have one each.
    Source: https://github.com/hashicorp/terraform/tree/v1.11.4/internal/getmodules/moduleaddrs
    """
    if is_local(source):
        clean = os.path.normpath(source.replace("\\", "/"))
        return clean if clean.startswith("../") else f"./{clean}"
    package, query = source, ""
    scheme = source.find("://")
    if "?" in source:
        package, query = source.split("?", 1)
    at = package.find("//", scheme + 3 if 0 <= scheme < len(package) else 0)
    folder = ""
    if at >= 0:
        package, folder = package[:at], os.path.normpath(package[at + 2 :])
    registry = _REGISTRY.fullmatch(package)
    if registry:
        package = registry.group(1)
    elif package.startswith("github.com/"):
        parts = package.split("/")
        folder = "/".join((*parts[3:], *([folder] if folder else [])))
        package = f"git::https://{'/'.join(parts[:3]).removesuffix('.git')}.git"
    elif package.startswith("bitbucket.org/"):
        package = f"git::https://{package.removesuffix('.git')}.git"
    elif ssh := _SSH.fullmatch(package):
        package = f"git::ssh://git@{ssh.group(1)}/{ssh.group(2)}"
    return package + (f"//{folder}" if folder else "") + (f"?{query}" if query else "")


def satisfies(version: str, constraints: str) -> bool:
    """Whether a version meets Terraform's constraints on it; False for what is not understood.

    Source: https://developer.hashicorp.com/terraform/language/expressions/version-constraints
    """
    number, _, suffix = version.removeprefix("v").partition("-")
    if not re.fullmatch(r"\d+(\.\d+)*", number):
        return False
    have = _padded(number)
    for constraint in constraints.split(","):
        match = _CONSTRAINT.fullmatch(constraint)
        if not match:
            return False
        operator, wanted, wanted_suffix = match.groups()
        want = _padded(wanted)
        if suffix or wanted_suffix:
            # A preview is taken only by its full name.
            met = operator in ("", "=") and have == want and f"-{suffix}" == wanted_suffix
        elif operator == "~>":
            kept = wanted.count(".")
            met = have >= want and have[:kept] == want[:kept]
        else:
            met = {
                "": have == want,
                "=": have == want,
                "!=": have != want,
                ">": have > want,
                ">=": have >= want,
                "<": have < want,
                "<=": have <= want,
            }[operator]
        if not met:
            return False
    return True


def _padded(number: str) -> tuple[int, ...]:
    parts = tuple(int(part) for part in number.split("."))
    return (*parts, *(0,) * (6 - len(parts)))
