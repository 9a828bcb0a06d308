"""The catalogue: every rule of `policies/rules/`, found by its file."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cloudmart_support.problem import Problem
from policies.engine.cures import Cure
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import FAMILIES, Rule, Verdict

FOLDER: Final = Path(__file__).parents[1] / "rules"

Check = Callable[[Resource, Model, Parameters], Iterable[Verdict]]
CheckModel = Callable[[Model, Parameters], Iterable[Verdict]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule of the catalogue; exactly one of `check` and `check_model` is there, and `cure` where it has one."""

    id: str
    rule: Rule
    check: Check | None
    check_model: CheckModel | None
    cure: Cure | None = None

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
    try:
        names = sorted(path.stem for path in folder.glob("*.py") if not path.name.startswith("_"))
    except OSError as error:
        raise Problem(f"{folder}: the rules cannot be read: {error.strerror}") from error
    if not names:
        raise Problem(f"{folder}: there are no rules here: install the package again")
    entries = [_entry(folder / f"{name}.py", f"{package}.{name}") for name in names]
    return tuple(sorted(entries, key=lambda entry: (FAMILIES.index(entry.rule.family), entry.id)))


def _entry(path: Path, module_name: str) -> Entry:
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise Problem(f"{path}: this rule cannot be imported: {type(error).__name__}: {error}") from error
    rule = getattr(module, "RULE", None)
    check = getattr(module, "check", None)
    check_model = getattr(module, "check_model", None)
    if not isinstance(rule, Rule):
        raise Problem(f"{path}: there is no RULE = Rule(...) in this file")
    if (check is None) == (check_model is None):
        raise Problem(
            f"{path}: a rule has either check(resource, model, parameters) or check_model(model, parameters)"
        )
    return Entry(f"CM_{path.stem.upper()}", rule, check, check_model, getattr(module, "cure", None))
