"""How Terraform calls its functions: arguments counted, converted and refused, results put in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from policies.readers import numbers, types
from policies.readers.budget import BUDGET, size
from policies.readers.evaluation import (
    Unevaluated,
    failed,
    first_unknown,
    plain,
    traced,
    unknown_from,
)
from policies.readers.syntax import nfc
from policies.readers.types import Collection, Refused, Type, Undecided

Function = Callable[..., Any]

# What a parameter takes. Those with "?" take null too.
ANYTHING: Final = "anything"
_TYPES: Final[dict[str, Type]] = {
    "string": "string",
    "number": "number",
    "list": Collection("list", "any"),
    "set": Collection("set", "any"),
    "strings": types.STRINGS,
    "bools": Collection("list", "bool"),
    "lists of strings": Collection("map", types.STRINGS),
}


@dataclass(frozen=True, slots=True)
class Signature:
    """A function, the kinds of its parameters, and of those that may follow, or "" where none may.

    `partial` says that it takes arguments as they are, unknown ones and resources among them, and that it does the
    rest itself.
    """

    run: Function
    parameters: tuple[str, ...]
    more: str
    partial: bool


FUNCTIONS: Final[dict[str, Signature]] = {}
"""The functions of the modules that are loaded, by name."""

FILE_FUNCTIONS: Final = frozenset(
    {
        *("file", "filebase64", "fileexists", "fileset", "templatefile", "templatestring"),
        *("filemd5", "filesha1", "filesha256", "filesha512", "filebase64sha256", "filebase64sha512"),
    }
)
"""Functions that read files, or evaluate templates: they need the configuration around them."""


def function(name: str, *parameters: str, more: str = "") -> Callable[[Function], Function]:
    """Register a function of known arguments, each converted as its parameter says."""

    def register(run: Function) -> Function:
        FUNCTIONS[name] = Signature(run, parameters, more, False)
        return run

    return register


def partial(name: str, least: int = 1, most: int | None = 1) -> Callable[[Function], Function]:
    """Register a function that can say something though arguments, or parts of them, are not known."""

    def register(run: Function) -> Function:
        parameters = (ANYTHING,) * (least if most is None else most)
        FUNCTIONS[name] = Signature(run, parameters, ANYTHING if most is None else "", True)
        LEAST[name] = least
        return run

    return register


LEAST: Final[dict[str, int]] = {}


def call(name: str, arguments: list[Any]) -> Any:
    """The result of a function, or an `Unknown`."""
    signature = FUNCTIONS.get(name)
    if signature is None:
        return unknown_from(f"{name}() is not evaluated here", *arguments)
    BUDGET.spend(_reading(arguments))
    number = len(arguments)
    if number < LEAST.get(name, len(signature.parameters)) or (
        number > len(signature.parameters) and not signature.more
    ):
        return failed(f"{name}() does not take {number} arguments")
    try:
        if signature.partial:
            result = signature.run(*arguments)
        else:
            arguments = [plain(argument) for argument in arguments]
            kinds = [*signature.parameters, *[signature.more] * (number - len(signature.parameters))]
            given = [argument_of(kind, item) for kind, item in zip(kinds, arguments, strict=True)]
            blind = first_unknown(given)
            if blind is not None:
                return unknown_from(blind.reason, *arguments)
            result = signature.run(*given)
    except (Refused, numbers.Undecided, Undecided) as error:
        detail = f": {error}" if str(error) else ""
        if isinstance(error, Refused):
            return failed(f"{name}() does not take these arguments{detail}", *arguments)
        return _unevaluated(f"{name}() is not evaluated here{detail}", arguments)
    except (ValueError, TypeError, IndexError, KeyError, ArithmeticError, AttributeError):
        return _unevaluated(f"{name}() of these arguments is not evaluated here", arguments)
    if isinstance(result, str):
        BUDGET.make(size(result))
        return result if signature.partial else traced(nfc(result), *arguments)
    if isinstance(result, list | dict):
        BUDGET.spend(len(result))
    return result


def _unevaluated(reason: str, arguments: list[Any]) -> Unevaluated:
    found = unknown_from(reason, *arguments)
    return Unevaluated(found.reason, found.references)


def argument_of(kind: str, value: Any) -> Any:
    """An argument converted as its parameter says.

    Raises:
        Refused: it is null or of another type.
    """
    if kind.startswith(ANYTHING):
        if value is None and not kind.endswith("?"):
            raise Refused("an argument is null")
        return value
    if value is None:
        raise Refused("an argument is null")
    return types.convert(value, _TYPES[kind])


def _reading(arguments: list[Any]) -> int:
    """What it costs to look at arguments: texts by their length, collections by their number of elements."""
    cost = 3
    for argument in arguments:
        if isinstance(argument, str):
            cost += len(argument) >> 8
        elif isinstance(argument, list | dict):
            cost += len(argument)
    return cost


def whole(number: float) -> int:
    """A whole number that fits into 64 bits.

    Raises:
        Refused: it is none.
    """
    found = numbers.whole(number)
    if found is None or not -(1 << 63) <= found < 1 << 63:
        raise Refused("a whole number is needed")
    return found


def counted(number: int) -> numbers.Whole:
    """A number that was counted."""
    return numbers.Whole(number, numbers.COUNTED)
