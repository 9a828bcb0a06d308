"""What a rule would change so that a resource fulfils it: edits, told apart from how they are written into a file.

A rule that has such a cure offers, beside `check`,

    def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterable[Edit | Incurable]

which is called for each resource that the rule fails. It yields all that the rule needs of the resource and nothing
else; what is as an edit wants it already is left as it is. Yielding `Incurable`, or nothing, changes nothing. Where a
value is unknown that it asks for, `Undetermined` says so as it does in `check`.

Standard library only: this module also runs inside Checkov's environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from policies.engine.model import Model, Resource, View
from policies.engine.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Expression:
    """HCL as it is to be written; `{self}` stands for the resource that the cure is for, or this instance of it."""

    text: str


@dataclass(frozen=True, slots=True)
class Named:
    """A text made of another argument's, whatever that is made from: with `ending` behind it.

    Where the argument is not set, `otherwise` stands for it, unless there are several instances, which would share it.
    """

    argument: str
    ending: str
    otherwise: str


Value = bool | int | str | tuple[str, ...] | Expression | Named
Contents = Mapping[str, "Value | Contents"]
"""What stands in a block that is new: arguments, and further blocks."""

REPLACES: Final = "Terraform replaces what stands to make this change: read the plan, and move the data first"


@dataclass(frozen=True, slots=True)
class Set:
    """An argument gets a value; blocks on the way to it that do not stand yet are written.

    `path` is as in `View.get`, from `at` (the resource itself where it is None); `note` says what to mind, as in
    `REPLACES`.
    """

    path: str
    value: Value
    note: str = ""
    at: View | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """An argument is taken away."""

    path: str
    note: str = ""
    at: View | None = None


@dataclass(frozen=True, slots=True)
class AddBlock:
    """One more block beside those of its name."""

    name: str
    contents: Contents
    note: str = ""
    at: View | None = None


@dataclass(frozen=True, slots=True)
class AddResource:
    """A resource of its own beside the one that the cure is for: as many instances, named as that one is."""

    type: str
    contents: Contents
    note: str = ""


@dataclass(frozen=True, slots=True)
class Incurable:
    """Why nothing can be written for this resource."""

    reason: str


Edit = Set | Remove | AddBlock | AddResource
Cure = Callable[[Resource, Model, Parameters], Iterable[Edit | Incurable]]
