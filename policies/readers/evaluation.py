"""Expressions evaluated, with "unknown" wherever a value cannot be known.

Source: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from policies.aws.identities import is_identity
from policies.engine.values import (
    ABSENT,
    Sensitive,
    Traced,
    Unknown,
    as_boolean,
    as_number,
    as_text,
    holds_text,
    references_of,
)
from policies.readers.budget import BUDGET, MOST_BITS, Exceeded, size
from policies.readers.syntax import (
    Binary,
    Call,
    Conditional,
    Each,
    For,
    GetAttr,
    Index,
    Literal,
    Name,
    Node,
    Object,
    Splat,
    Template,
    Tuple,
    Unary,
)


class Scope(Protocol):
    """What names mean where an expression stands."""

    def name(self, name: str) -> Any:
        """The value of a root name (`var`, `each`, `aws_vpc`, ...)."""

    def with_names(self, names: Mapping[str, Any]) -> Scope:
        """The same scope with more names: those of a `for` or a dynamic block."""

    def call(self, name: str, arguments: list[Any]) -> Any:
        """The result of a function."""


class Lazy:
    """A value that knows its attributes by name only when asked: a resource, `var`, `module.x`."""

    __slots__ = ()

    single: bool = True
    """False for a resource or module of which it is not known how many instances there are."""

    def attribute(self, name: str) -> Any:
        raise NotImplementedError

    def element(self, key: Any) -> Any:
        """What `[key]` means: `x["name"]` is `x.name`."""
        return self.attribute(key) if isinstance(key, str) else self.unknown()

    def unknown(self) -> Unknown:
        """The whole as an unknown value, where nothing narrower is asked for."""
        raise NotImplementedError


def evaluate(node: Node, scope: Scope) -> Any:
    """The value of an expression: plain Python (null is None), `Unknown`, or `Lazy`."""
    BUDGET.steps -= 1
    if BUDGET.steps < 0:
        BUDGET.out_of_steps()
    return _EVALUATORS[type(node)](node, scope)


def plain(value: Any) -> Any:
    """An evaluated value without `Lazy` in it."""
    if isinstance(value, Lazy):
        return value.unknown()
    if isinstance(value, list):
        BUDGET.spend(1 + len(value))
        return [plain(item) for item in value]
    if isinstance(value, dict):
        BUDGET.spend(4 + 2 * len(value))
        return {key: plain(item) for key, item in value.items()}
    return value


def unknown_from(reason: str, *values: Any) -> Unknown:
    """An `Unknown` that keeps the references of the values it was made from."""
    return Unknown(reason, references_of([plain(value) for value in values]))


def traced(text: str, *sources: Any) -> str:
    """A text that keeps the references, and the secrecy, of what it was made from."""
    hidden = any(_is_sensitive(source) for source in sources)
    references = references_of(list(sources))
    if hidden:
        return Sensitive(text, references)
    return Traced(text, references) if references else text


def _is_sensitive(value: Any) -> bool:
    if isinstance(value, list | dict):
        BUDGET.spend(1 + len(value))
    if isinstance(value, list):
        return any(_is_sensitive(item) for item in value)
    if isinstance(value, dict):
        return any(_is_sensitive(item) for item in value.values())
    return isinstance(value, Sensitive)


def first_unknown(value: Any) -> Unknown | None:
    """The first `Unknown` within a value."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Lazy):
        return value.unknown()
    items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    BUDGET.spend(1 + len(items))
    for item in items:
        if isinstance(item, list | dict | Unknown | Lazy):
            found = first_unknown(item)
            if found is not None:
                return found
    return None


def equal(left: Any, right: Any) -> bool:
    """Terraform's `==` for known values: values of different types differ."""
    BUDGET.spend(1)
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def _name(node: Name, scope: Scope) -> Any:
    return scope.name(node.name)


def _get_attr(node: GetAttr, scope: Scope) -> Any:
    return get(evaluate(node.target, scope), node.name)


def get(target: Any, name: str) -> Any:
    """`target.name`."""
    if isinstance(target, Lazy):
        return target.attribute(name)
    if isinstance(target, Unknown):
        if isinstance(target.document, dict) and name in target.document:
            return target.document[name]
        return _deeper(target, f".{name}")
    if isinstance(target, dict):
        if name in target:
            return target[name]
        return Unknown(f"there is no attribute {name!r}")
    if isinstance(target, list) and len(target) == 1:
        # A block that JSON or HCL wrote once is addressed as x.block[0].name; x.block.name is a single one.
        return get(target[0], name)
    return Unknown(f"there is no attribute {name!r}", references_of(target))


def _deeper(target: Unknown, step: str) -> Unknown:
    """A part of an unknown value: its own reference, one step longer, if it is a single one."""
    if len(target.references) == 1 and not target.parts and target.document is ABSENT:
        reference = target.references[0]
        longer = f"{reference.attribute}{step}" if reference.attribute else step.removeprefix(".")
        deeper = type(reference)(reference.address, longer)
        return Unknown(f"{deeper} is known after apply", (deeper,), certain=is_identity(deeper))
    return Unknown(target.reason, target.references)


def _index(node: Index, scope: Scope) -> Any:
    return at(evaluate(node.target, scope), evaluate(node.key, scope))


def at(target: Any, key: Any) -> Any:
    """`target[key]`."""
    if isinstance(key, Unknown):
        return unknown_from(key.reason, target, key)
    if isinstance(target, Lazy):
        return target.element(key)
    if isinstance(target, Unknown):
        step = f"[{key}]" if isinstance(key, int) else f'["{key}"]'
        return _deeper(target, step)
    if isinstance(target, list):
        number = as_number(key)
        if isinstance(number, int) and 0 <= number < len(target):
            return target[number]
        return Unknown(f"there is no element {key!r}")
    if isinstance(target, dict):
        text = as_text(key)
        if text is not None and text in target:
            return target[text]
        return Unknown(f"there is no element {key!r}")
    return Unknown(f"there is no element {key!r}", references_of(target))


class _WithElement:
    """The scope within a splat."""

    __slots__ = ("element", "scope")

    def __init__(self, scope: Scope, element: Any) -> None:
        self.scope = scope
        self.element = element

    def name(self, name: str) -> Any:
        return self.scope.name(name)

    def with_names(self, names: Mapping[str, Any]) -> Scope:
        return self.scope.with_names(names)

    def call(self, name: str, arguments: list[Any]) -> Any:
        return self.scope.call(name, arguments)


def _each(node: Each, scope: Scope) -> Any:
    assert isinstance(scope, _WithElement)
    return scope.element


def _splat(node: Splat, scope: Scope) -> Any:
    target = evaluate(node.target, scope)
    if target is None:
        return []
    if isinstance(target, Lazy) and not target.single:
        target = target.unknown()
    if isinstance(target, Unknown):
        # Whether it is a list, perhaps an empty one, or a single value is not known; either way it is made from the
        # same things.
        found = plain(evaluate(node.body, _WithElement(scope, target)))
        return replace(found, certain=False) if isinstance(found, Unknown) else found
    items = target if isinstance(target, list) else [target]
    return [evaluate(node.body, _WithElement(scope, item)) for item in items]


def _call(node: Call, scope: Scope) -> Any:
    if node.name in ("try", "can"):
        return _try(node, scope)
    arguments = [evaluate(argument, scope) for argument in node.arguments]
    if node.expand:
        last = arguments.pop()
        if not isinstance(last, list):
            return unknown_from(f"the arguments of {node.name}() are not known", last)
        arguments.extend(last)
    return scope.call(node.name, arguments)


def _try(node: Call, scope: Scope) -> Any:
    """`try` and `can`: an argument that is known is one that did not fail; an unknown one may fail or not."""
    values = [plain(evaluate(argument, scope)) for argument in node.arguments]
    first = values[0] if values else Unknown("try() has no arguments")
    missing = isinstance(first, Unknown) and not first.references and first.reason.startswith("there is no ")
    if node.name == "can":
        if missing:
            return False
        return unknown_from("can() of an unknown value", first) if isinstance(first, Unknown) else True
    for value in values:
        if isinstance(value, Unknown):
            if not value.references and value.reason.startswith("there is no "):
                continue
            return value if value.certain else unknown_from(value.reason, *values)
        return value
    return first


def _template_value(node: Template, scope: Scope) -> Any:
    if len(node.parts) == 1:
        # "${x}" is x itself, whatever its type.
        return evaluate(node.parts[0], scope)
    parts: list[Any] = []
    for part in node.parts:
        value = plain(evaluate(part, scope))
        if isinstance(value, Unknown):
            parts.extend(value.parts or (value,))
            continue
        text = as_text(value)
        if text is None:
            return unknown_from("a template holds a value that is no text", value)
        parts.append(text)
    return text_of(parts)


def text_of(parts: list[Any]) -> Any:
    """Texts and `Unknown`s joined: a text, or an `Unknown` with `parts`."""
    BUDGET.spend(4 * len(parts))
    first = next((part for part in parts if isinstance(part, Unknown)), None)
    if first is None:
        BUDGET.make(sum(map(size, parts)))
        return traced("".join(parts), *parts)
    return Unknown(first.reason, references_of(parts), tuple(parts), certain=holds_text(parts))


def _unary(node: Unary, scope: Scope) -> Any:
    value = plain(evaluate(node.operand, scope))
    if isinstance(value, Unknown):
        return unknown_from(value.reason, value)
    if node.operator == "!":
        truth = as_boolean(value)
        return Unknown("! of a value that is no boolean") if truth is None else not truth
    number = as_number(value)
    return Unknown("- of a value that is no number") if number is None else -number


_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: _whole(a / b),
    "%": lambda a, b: _whole(a - b * int(a / b)),
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def bounded(number: Any) -> Any:
    """A number, if it has no more digits than anybody needs.

    Raises:
        Exceeded: it has.
    """
    if isinstance(number, int) and number.bit_length() > MOST_BITS:
        raise Exceeded(
            f"it evaluates to a number of more than {MOST_BITS:,} bits; the gate evaluates up to that"
        )
    return number


def _whole(number: float) -> float:
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _binary(node: Binary, scope: Scope) -> Any:
    left = plain(evaluate(node.left, scope))
    right = plain(evaluate(node.right, scope))
    operator = node.operator
    if operator in ("&&", "||"):
        decisive = operator == "||"
        truths = [None if isinstance(side, Unknown) else as_boolean(side) for side in (left, right)]
        if decisive in truths:
            return decisive
        if None in truths:
            return unknown_from(
                _reason(left, right, f"{operator} of values that are no booleans"), left, right
            )
        return not decisive
    blind = first_unknown([left, right])
    if blind is not None:
        if operator in ("==", "!=") and None in (left, right) and blind.certain:
            return operator == "!="
        return unknown_from(blind.reason, left, right)
    if operator in ("==", "!="):
        return equal(left, right) == (operator == "==")
    numbers = as_number(left), as_number(right)
    if numbers[0] is None or numbers[1] is None:
        return Unknown(f"{operator} of values that are no numbers")
    try:
        return bounded(_ARITHMETIC[operator](*numbers))
    except (ArithmeticError, ValueError):
        return Unknown(f"{operator} of {numbers[0]} and {numbers[1]} is no number")


def _reason(left: Any, right: Any, otherwise: str) -> str:
    return next((side.reason for side in (left, right) if isinstance(side, Unknown)), otherwise)


def _conditional(node: Conditional, scope: Scope) -> Any:
    condition = plain(evaluate(node.condition, scope))
    if not isinstance(condition, Unknown):
        truth = as_boolean(condition)
        if truth is None:
            return Unknown("the condition of ?: is no boolean")
        return evaluate(node.then if truth else node.otherwise, scope)
    then = plain(evaluate(node.then, scope))
    otherwise = plain(evaluate(node.otherwise, scope))
    if first_unknown([then, otherwise]) is None and equal(then, otherwise):
        return then
    return unknown_from(condition.reason, then, otherwise)


def _tuple(node: Tuple, scope: Scope) -> Any:
    return [evaluate(item, scope) for item in node.items]


def _object(node: Object, scope: Scope) -> Any:
    result: dict[str, Any] = {}
    for key_node, value_node in node.items:
        key = plain(evaluate(key_node, scope))
        text = None if isinstance(key, Unknown) else as_text(key)
        if text is None:
            reason = key.reason if isinstance(key, Unknown) else "the key of an object is no text"
            return unknown_from(reason, key, *(evaluate(value, scope) for _, value in node.items))
        result[text] = evaluate(value_node, scope)
    return result


def _for(node: For, scope: Scope) -> Any:
    collection = evaluate(node.collection, scope)
    if isinstance(collection, Lazy):
        collection = collection.unknown()
    if isinstance(collection, Unknown):
        names = {node.value_name: collection, node.key_name: collection}
        inner = scope.with_names({name: value for name, value in names.items() if name})
        return unknown_from(collection.reason, collection, evaluate(node.value, inner))
    pairs: list[tuple[Any, Any]]
    if isinstance(collection, dict):
        pairs = sorted(collection.items())
    elif isinstance(collection, list):
        pairs = list(enumerate(collection))
    else:
        return Unknown("for over a value that is no collection")
    items: list[tuple[Any, Any]] = []
    for key, value in pairs:
        BUDGET.spend(5)
        inner = scope.with_names({node.value_name: value} | ({node.key_name: key} if node.key_name else {}))
        if node.condition is not None:
            kept = plain(evaluate(node.condition, inner))
            truth = None if isinstance(kept, Unknown) else as_boolean(kept)
            if truth is None:
                return unknown_from(_reason(kept, None, "the condition of for is no boolean"), collection)
            if not truth:
                continue
        result_key = plain(evaluate(node.key, inner)) if node.key is not None else None
        items.append((result_key, evaluate(node.value, inner)))
    if node.key is None:
        return [value for _, value in items]
    result: dict[str, Any] = {}
    for key, value in items:
        text = None if isinstance(key, Unknown) else as_text(key)
        if text is None:
            return unknown_from(_reason(key, None, "the key of an object is no text"), collection)
        if node.grouped:
            result.setdefault(text, []).append(value)
        else:
            result[text] = value
    return result


_EVALUATORS: Final[dict[type, Callable[[Any, Scope], Any]]] = {
    Literal: lambda node, scope: node.value,
    Template: _template_value,
    Name: _name,
    GetAttr: _get_attr,
    Index: _index,
    Splat: _splat,
    Each: _each,
    Call: _call,
    Unary: _unary,
    Binary: _binary,
    Conditional: _conditional,
    Tuple: _tuple,
    Object: _object,
    For: _for,
}
