"""What a pass hangs on: a resource that may have no instance, and a value that may lead elsewhere.

Where a `count` is not known, one resource stands for any number of instances, also for none; and where a condition
is not known, a value leads to what either arm names. A rule sees all of that as if it were there. So whatever passes
is judged once more with less: without the resources that need not be there when the judged one is, and with the
references that are certain alone.

Standard library only: this module also runs inside Checkov's environment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from policies.engine.model import Model, Resource
from policies.engine.values import references_of
from policies.engine.verdicts import Rule

MOST_COPIED: Final = 300_000
"""More resources than this, in all models with less, are not copied: then one that has nothing unknown serves."""


@dataclass(frozen=True, slots=True)
class World:
    """A model with less in it, and what to say of a resource that passes only with what is left out."""

    model: Model
    reason: str


class Worlds:
    """A model, and those with less that its resources are judged in again."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._loose = [resource for resource in model.resources if resource.under]
        self._made: dict[frozenset[str], Model] = {}
        self._copied = 0

    def without(self, rule: Rule, judged: Resource | None) -> World | None:
        """The model with what is there for certain when `judged` is (for None: in any case).

        None where a rule that passed cannot have seen more than that.
        """
        types = {*rule.types, *rule.reads} - {judged.type if judged is not None else ""}
        reason = "what it leads to is decided by something that is not known"
        absent: frozenset[str] = frozenset()
        if any(resource.type in types for resource in self._loose):
            kept = self._kept([judged] if judged is not None else self._certain())
            left = [resource for resource in self._loose if resource.address not in kept]
            seen = [resource for resource in left if resource.type in types]
            if seen:
                absent = frozenset(resource.address for resource in left)
                reason = f"it may hang on {seen[0].address}, and whether there is one is not known"
        if not absent and not self.model.guessed:
            return None
        if absent not in self._made:
            self._copied += len(self.model.resources)
            if self._copied > MOST_COPIED and judged is not None:
                absent = frozenset(one.address for one in self._loose if one is not judged)
            if absent not in self._made:
                self._made[absent] = self._model(absent)
        return World(self._made[absent], reason)

    def _certain(self) -> list[Resource]:
        return [resource for resource in self.model.resources if not resource.under]

    def _kept(self, present: Iterable[Resource]) -> set[str]:
        """The addresses of what is there when some resources are: what they name, and what the same decides."""
        kept = {resource.address for resource in present}
        pending = [resource for resource in self.model.resources if resource.address in kept]
        under: set[str] = set()
        while pending:
            while pending:
                resource = pending.pop()
                under |= resource.under
                for reference in references_of(resource.values):
                    for named in () if reference.perhaps else self.model.at(reference.address):
                        if named.address not in kept:
                            kept.add(named.address)
                            pending.append(named)
            pending = [one for one in self._loose if one.address not in kept and one.under <= under]
            kept.update(one.address for one in pending)
        return kept

    def _model(self, absent: frozenset[str]) -> Model:
        model = self.model
        return Model(
            [one.with_values(one.values) for one in model.resources if one.address not in absent],
            [one.with_values(one.values) for one in model.data],
            model.outputs,
            model.providers,
            model.source,
            model.variables,
            model.declares,
            model.constraints,
            model.locked,
            partial=model.partial,
            order=model.order,
            handed=model.handed,
            strict=True,
        )
