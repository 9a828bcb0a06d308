"""The catalogue: every rule of `policies/rules/`, found by its file, and own rules of whoever uses the gate.

Own rules are code, so that only whoever runs the gate names them: a folder, or a package that is installed and offers
its rules as an entry point of the group `cloudmart_policies.rules`.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from cloudmart_support.problem import Problem
from policies.engine.cures import Cure
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters, unfit
from policies.engine.verdicts import FAMILIES, Rule, Verdict

FOLDER: Final = Path(__file__).parents[1] / "rules"
GROUP: Final = "cloudmart_policies.rules"
"""The group of entry points under which a package offers the package of its rules."""
PACKAGE: Final = "package:"
"""What a source begins with that is no folder but the name of an entry point."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")

Check = Callable[[Resource, Model, Parameters], Iterable[Verdict]]
CheckModel = Callable[[Model, Parameters], Iterable[Verdict]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule of the catalogue; exactly one of `check` and `check_model` is there, and `cure` where it has one.

    `file` is where it stands. `source` is the folder or package that an own rule is from, as it was named, or "".
    `parameters` is the dataclass of an own rule's parameters.
    """

    id: str
    rule: Rule
    check: Check | None
    check_model: CheckModel | None
    cure: Cure | None = None
    file: str = ""
    source: str = ""
    parameters: type | None = None

    @property
    def name(self) -> str:
        """Its file's name, without its ending."""
        return self.id.removeprefix("CM_").lower()

    @property
    def fixable(self) -> str:
        """Whether `--fix` mends what the rule fails, in words."""
        by_hand = self.rule.by_hand
        if self.cure is None:
            return f"no: {by_hand}" if by_hand else "no"
        return f"yes, with --fix; but by hand: {by_hand}" if by_hand else "yes, with --fix"


def load(folder: Path = FOLDER, package: str = "policies.rules") -> tuple[Entry, ...]:
    """All rules, by family and id.

    Raises:
        Problem: a file of the folder cannot be imported, or holds no rule, or there is none.
    """
    names = _names(folder)
    if not names:
        raise Problem(f"{folder}: there are no rules here: install the package again")
    return _sorted(_entry(folder / f"{name}.py", f"{package}.{name}") for name in names)


def with_own(sources: Sequence[str], taken: Collection[str] = ()) -> tuple[Entry, ...]:
    """All rules, and those of the sources: folders, or `package:NAME`.

    Args:
        sources: as they are named on the command line.
        taken: further ids that are not free.

    Raises:
        Problem: there is no such folder or package, a file cannot be imported or holds no rule, or two rules have
            one id.
    """
    entries = list(load())
    for source in sources:
        folder, package = _package(source) if source.startswith(PACKAGE) else _folder(source)
        names = _names(folder)
        if not names:
            raise Problem(
                f"{source}: there are no rules in it: a rule is a file NAME.py with RULE = Rule(...)"
            )
        entries += [_entry(folder / f"{name}.py", f"{package}.{name}", source) for name in names]
    found: dict[str, str] = dict.fromkeys(taken, "the gate itself")
    clashes = [
        f"{entry.file}: there is a rule {entry.id} already, of {found[entry.id]}: give the file another name"
        for entry in entries
        if found.setdefault(entry.id, entry.file) is not entry.file
    ]
    kinds: dict[type, str] = {}
    clashes += [
        f"{entry.file}: its PARAMETERS are those of {kinds[entry.parameters]}: each rule has a dataclass of its own"
        for entry in entries
        if entry.parameters and kinds.setdefault(entry.parameters, entry.file) is not entry.file
    ]
    if clashes:
        raise Problem("\n  ".join(clashes))
    return _sorted(entries)


def parameters_of(entries: Iterable[Entry]) -> Mapping[str, type]:
    """The kinds of the own rules' parameters, by the rules' names."""
    return {entry.name: entry.parameters for entry in entries if entry.parameters is not None}


def _sorted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda entry: (FAMILIES.index(entry.rule.family), entry.id)))


def _names(folder: Path) -> list[str]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".py"))
    except OSError as error:
        raise Problem(f"{folder}: the rules cannot be read: {error.strerror}") from error
    return [name.removesuffix(".py") for name in names if not name.startswith("_")]


def _folder(source: str) -> tuple[Path, str]:
    """A folder of rules, made a package of its own, so that its rules can share what is in files named `_NAME.py`."""
    import hashlib  # of own rules alone

    folder = Path(source).resolve()
    if not folder.is_dir():
        raise Problem(f"{source}: there is no such folder of rules")
    name = f"own_rules_{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package
    return folder, name


def _package(source: str) -> tuple[Path, str]:
    """The package that an installed one offers under a name."""
    from importlib.metadata import entry_points

    name = source.removeprefix(PACKAGE)
    offered = entry_points(group=GROUP)
    found = {entry.value for entry in offered if entry.name == name}
    if len(found) != 1:
        names = ", ".join(sorted({entry.name for entry in offered})) or "none"
        words = f"{len(found)} installed packages offer" if found else "no installed package offers"
        raise Problem(f"{source}: {words} rules under this name, in the group {GROUP}; there are: {names}")
    package = found.pop()
    path = list(getattr(_imported(package, source), "__path__", ()))
    if len(path) != 1:
        raise Problem(
            f"{source}: {package} is not a package, a folder with __init__.py and a file for each rule"
        )
    return Path(path[0]), package


def _imported(name: str, place: str) -> ModuleType:
    try:
        with redirect_stdout(sys.stderr):
            return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise Problem(f"{place}: this rule cannot be imported: {type(error).__name__}: {error}") from error


def _entry(path: Path, module_name: str, source: str = "") -> Entry:
    if not _NAME.fullmatch(path.stem):
        raise Problem(
            f"{path}: the name of a rule's file is made of a-z, 0-9 and _, and begins with a letter"
        )
    module = _imported(module_name, str(path))
    rule = getattr(module, "RULE", None)
    check = getattr(module, "check", None)
    check_model = getattr(module, "check_model", None)
    if not isinstance(rule, Rule):
        raise Problem(f"{path}: there is no RULE = Rule(...) in this file")
    if (check is None) == (check_model is None):
        raise Problem(
            f"{path}: a rule has either check(resource, model, parameters) or check_model(model, parameters)"
        )
    if not callable(check or check_model):
        raise Problem(f"{path}: {'check' if check else 'check_model'} is not a function")
    parameters = getattr(module, "PARAMETERS", None) if source else None
    if parameters is not None and (why := unfit(parameters)):
        raise Problem(f"{path}: PARAMETERS: {why}")
    cure = getattr(module, "cure", None)
    if cure is not None and not callable(cure):
        raise Problem(f"{path}: cure is not a function")
    return Entry(f"CM_{path.stem.upper()}", rule, check, check_model, cure, str(path), source, parameters)
