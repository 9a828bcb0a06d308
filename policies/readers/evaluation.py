"""Expressions evaluated, with "unknown" wherever a value cannot be known.

Source: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Protocol

from policies.aws.identities import is_identity
from policies.engine.values import ABSENT, Sensitive, Traced, Unknown, holds_text, references_of
from policies.readers import numbers, types
from policies.readers.budget import BUDGET, size
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
    nfc,
)
from policies.readers.types import ListOf, LooseDict, LooseList, Refused, SetOf, Undecided


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

    supposed: ClassVar[int] = 0
    """How often an element was taken of those: where there is none, Terraform refuses it."""

    def attribute(self, name: str) -> Any:
        raise NotImplementedError

    def element(self, key: Any) -> Any:
        """What `[key]` means: `x["name"]` is `x.name`."""
        return self.attribute(key) if isinstance(key, str) else self.unknown()

    def unknown(self) -> Unknown:
        """The whole as an unknown value, where nothing narrower is asked for."""
        raise NotImplementedError


class Failed(Unknown):
    """What Terraform refuses to evaluate, for certain: `try` goes on behind it, and `can` says no."""

    __slots__ = ()


class Unevaluated(Unknown):
    """What Terraform evaluates and the gate does not: the result of a function that is not told here."""

    __slots__ = ()


class FailedOperation(Failed):
    """An operation or a template that failed: what type it would have had is known to Terraform all the same."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Texts(Unknown):
    """A list of texts that is not known, of which it is known how each of them begins."""

    start: str = ""


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
        return types.same_kind(value, [plain(item) for item in value])
    if isinstance(value, dict):
        BUDGET.spend(4 + 2 * len(value))
        return types.same_kind(value, {key: plain(item) for key, item in value.items()})
    return value


def unknown_from(reason: str, *values: Any) -> Unknown:
    """An `Unknown` that keeps the references of the values it was made from."""
    return Unknown(reason, references_of([plain(value) for value in values]))


def chosen_from(reason: str, *options: Any) -> Unknown:
    """An `Unknown` for one of some values, where it is not known which: what it leads to is certain only if each of
    them leads to something."""
    found = unknown_from(reason, *options)
    return found if all(map(_leads, options)) else perhaps(found)


def perhaps(value: Any) -> Any:
    """A value that may as well lead to nothing, if it is unknown."""
    value = plain(value)
    if not isinstance(value, Unknown):
        return value
    references = dict.fromkeys(replace(reference, perhaps=True) for reference in references_of(value))
    return Unknown(value.reason, tuple(references))


def _leads(value: Any) -> bool:
    if isinstance(value, Lazy):
        value = value.unknown()
    if isinstance(value, list):
        return bool(value) and all(map(_leads, value))
    return isinstance(value, Unknown | Traced) and any(not one.perhaps for one in references_of(value))


def failed(reason: str, *values: Any) -> Failed:
    """What Terraform refuses, made from these values."""
    return Failed(reason, references_of([plain(value) for value in values]))


def settled(value: Any) -> Any:
    """A value behind a name: if it failed, so does the whole run, whatever `try` says of the name."""
    return Unknown(value.reason, value.references) if isinstance(value, Failed) else value


def traced(text: str, *sources: Any) -> str:
    """A text that keeps the references, and the secrecy, of what it was made from."""
    hidden = any(is_sensitive(source) for source in sources)
    references = references_of(list(sources))
    if hidden:
        return Sensitive(text, references)
    return Traced(text, references) if references else text


def is_sensitive(value: Any) -> bool:
    if isinstance(value, list | dict):
        BUDGET.spend(1 + len(value))
    if isinstance(value, list):
        return any(is_sensitive(item) for item in value)
    if isinstance(value, dict):
        return any(is_sensitive(item) for item in value.values())
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


def _failure(*values: Any) -> Failed | None:
    """The first of the values that failed."""
    found = next((value for value in values if isinstance(value, Failed)), None)
    return Failed(found.reason, found.references) if isinstance(found, FailedOperation) else found


def _failed_operation(reason: str, *values: Any) -> FailedOperation:
    found = failed(reason, *values)
    return FailedOperation(found.reason, found.references)


def _name(node: Name, scope: Scope) -> Any:
    return scope.name(node.name)


def _get_attr(node: GetAttr, scope: Scope) -> Any:
    return get(evaluate(node.target, scope), node.name)


def get(target: Any, name: str) -> Any:
    """`target.name`."""
    if isinstance(target, Lazy):
        return target.attribute(name)
    if isinstance(target, Unknown):
        if isinstance(target, Failed):
            return target
        if isinstance(target.document, dict) and name in target.document:
            return target.document[name]
        return _deeper(target, f".{name}")
    if isinstance(target, dict):
        if name in target:
            return target[name]
        lost = Unknown if isinstance(target, LooseDict) else Failed
        return lost(f"there is no attribute {name!r}")
    if isinstance(target, LooseList) and len(target) == 1:
        # A block that JSON or HCL wrote once is addressed as x.block[0].name; x.block.name is a single one.
        return get(target[0], name)
    lost = Unknown if isinstance(target, LooseList) else Failed
    return lost(f"there is no attribute {name!r}", references_of(target))


def _deeper(target: Unknown, step: str) -> Unknown:
    """A part of an unknown value: its own reference, one step longer, if it is a single one."""
    if len(target.references) == 1 and not target.parts and target.document is ABSENT:
        reference = target.references[0]
        longer = f"{reference.attribute}{step}" if reference.attribute else step.removeprefix(".")
        deeper = replace(reference, attribute=longer)
        if isinstance(target, Texts) and step.startswith("["):
            rest = Unknown(f"{deeper} is known after apply", (deeper,))
            return Unknown(rest.reason, (deeper,), (target.start, rest), certain=True)
        return Unknown(f"{deeper} is known after apply", (deeper,), certain=is_identity(deeper))
    return Unknown(target.reason, target.references)


def _index(node: Index, scope: Scope) -> Any:
    return at(evaluate(node.target, scope), evaluate(node.key, scope))


def at(target: Any, key: Any) -> Any:
    """`target[key]`."""
    key = plain(key)
    failure = _failure(target, key)
    if failure is not None:
        return failure
    if isinstance(key, Unknown):
        elements = list(target.values()) if isinstance(target, dict) else target
        options = elements if isinstance(elements, list) else [elements]
        return unknown_from(key.reason, chosen_from(key.reason, *options), key)
    if isinstance(target, Lazy):
        return target.element(key)
    if isinstance(target, Unknown):
        step = f"[{key}]" if isinstance(key, int) else f'["{key}"]'
        return _deeper(target, step)
    lost = Unknown if isinstance(target, LooseList | LooseDict) else Failed
    try:
        if isinstance(target, list) and not isinstance(target, SetOf):
            number = types.as_number(key)
            if isinstance(number, int) and 0 <= number < len(target):
                return target[number]
        elif isinstance(target, dict):
            text = types.as_string(key)
            if text in target:
                return target[text]
    except Refused:
        pass
    except Undecided as error:
        return Unknown(str(error))
    return lost(f"there is no element {key!r}", references_of(target))


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

    def type_of_variable(self, name: str) -> types.Type | None:
        return _declared(self.scope, name)


def _each(node: Each, scope: Scope) -> Any:
    assert isinstance(scope, _WithElement)
    return scope.element


def _splat(node: Splat, scope: Scope) -> Any:
    target = evaluate(node.target, scope)
    if target is None:
        return []
    if isinstance(target, Failed):
        return target
    if isinstance(target, Lazy) and not target.single:
        target = target.unknown()
    if isinstance(target, Unknown):
        # Whether it is a list, perhaps an empty one, or a single value is not known; either way it is made from the
        # same things.
        found = plain(evaluate(node.body, _WithElement(scope, target)))
        return replace(found, certain=False) if isinstance(found, Unknown) else found
    items = target if isinstance(target, list) else [target]
    values = [evaluate(node.body, _WithElement(scope, item)) for item in items]
    failure = _failure(*values)
    if failure is not None:
        return failure
    if isinstance(target, LooseList):
        return LooseList(values)
    if isinstance(target, ListOf | SetOf):
        element = types.type_of(values[0]) if values else "any"
        return ListOf(values, None if any(types.type_of(item) != element for item in values) else element)
    return values


def _call(node: Call, scope: Scope) -> Any:
    if node.name in ("try", "can", "core::try", "core::can"):
        return _try(node, scope)
    arguments = [evaluate(argument, scope) for argument in node.arguments]
    if node.expand:
        last = arguments.pop()
        if isinstance(last, Failed):
            return last
        if last is None or isinstance(last, str | int | float | dict):
            return failed(f"the last argument of {node.name}() is no list", last)
        if not isinstance(last, list):
            return unknown_from(f"the arguments of {node.name}() are not known", last)
        arguments.extend(last)
    failure = _failure(*arguments)
    if failure is not None:
        return failure
    return scope.call(node.name, arguments)


def _try(node: Call, scope: Scope) -> Any:
    """`try` and `can`: an argument that is known is one that did not fail; an unknown one may fail or not."""
    values = []
    for argument in node.arguments:
        before = Lazy.supposed
        value = plain(evaluate(argument, scope))
        if Lazy.supposed != before and not isinstance(value, Failed):
            value = Unknown("whether there is an instance is not known", references_of(value))
        values.append(value)
    if node.name.endswith("can"):
        if len(values) != 1:
            return failed("can() takes one argument")
        if isinstance(values[0], Failed):
            return False
        return (
            unknown_from("can() of an unknown value", values[0]) if isinstance(values[0], Unknown) else True
        )
    for value in values:
        if isinstance(value, Failed):
            continue
        if isinstance(value, Unknown):
            return value if value.certain else chosen_from(value.reason, *values)
        return value
    return values[0] if values else failed("try() has no arguments")


def _template_value(node: Template, scope: Scope) -> Any:
    if len(node.parts) == 1 and not node.text:
        # "${x}" is x itself, whatever its type.
        return evaluate(node.parts[0], scope)
    parts: list[Any] = []
    failure: Failed | None = None
    for part in node.parts:
        value = plain(evaluate(part, scope))
        if isinstance(value, Unknown):
            if isinstance(value, Failed):
                failure = value if failure is None else failure
            parts.extend(value.parts or (value,))
            continue
        try:
            parts.append(types.as_string(value))
        except Refused:
            return _failed_operation("a template holds a value that is no text", value)
    return text_of(parts) if failure is None else _failed_operation(failure.reason, failure)


def text_of(parts: list[Any]) -> Any:
    """Texts and `Unknown`s joined: a text, or an `Unknown` with `parts`."""
    BUDGET.spend(4 * len(parts))
    first = next((part for part in parts if isinstance(part, Unknown)), None)
    if first is None:
        BUDGET.make(sum(map(size, parts)))
        return traced(nfc("".join(parts)), *parts)
    return Unknown(first.reason, references_of(parts), tuple(parts), certain=holds_text(parts))


def _unary(node: Unary, scope: Scope) -> Any:
    value = plain(evaluate(node.operand, scope))
    if isinstance(value, Unknown):
        if isinstance(value, Failed):
            return _failed_operation(value.reason, value)
        return unknown_from(value.reason, value)
    try:
        if node.operator == "!":
            return not types.as_bool(value)
        return numbers.negative(types.as_number(value))
    except Refused as error:
        return _failed_operation(f"{node.operator}: {error}", value)
    except (Undecided, numbers.Undecided) as error:
        return Unevaluated(str(error), references_of(value))


_COMPARED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": numbers.less,
    ">": lambda left, right: numbers.less(right, left),
    "<=": lambda left, right: not numbers.less(right, left),
    ">=": lambda left, right: not numbers.less(left, right),
}


def _binary(node: Binary, scope: Scope) -> Any:
    left = plain(evaluate(node.left, scope))
    right = plain(evaluate(node.right, scope))
    operator = node.operator
    if operator in ("&&", "||"):
        return _logical(operator, left, right)
    failure = _failure(left, right)
    if failure is not None:
        return _failed_operation(failure.reason, left, right)
    try:
        if operator in ("==", "!="):
            blind = next((side for side in (left, right) if isinstance(side, Unknown)), None)
            if blind is None:
                return types.equal(left, right) == (operator == "==")
            if None in (left, right) and blind.certain:
                return operator == "!="
            return unknown_from(blind.reason, left, right)
        blind = first_unknown([left, right])
        if blind is not None:
            return unknown_from(blind.reason, left, right)
        a, b = types.as_number(left), types.as_number(right)
        return _COMPARED[operator](a, b) if operator in _COMPARED else numbers.computed(operator, a, b)
    except Refused as error:
        return _failed_operation(f"{operator}: {error}", left, right)
    except (Undecided, numbers.Undecided, ArithmeticError) as error:
        reason = f"the result of {operator} is not computed here"
        found = unknown_from(str(error) if isinstance(error, Undecided) else reason, left, right)
        return Unevaluated(found.reason, found.references)


def _logical(operator: str, left: Any, right: Any) -> Any:
    """`&&` and `||`. Whether the other side may fail beside a decisive one differs between versions."""
    decisive = operator == "||"
    try:
        truths = [None if isinstance(side, Unknown) else types.as_bool(side) for side in (left, right)]
    except Refused as error:
        return unknown_from(f"{operator}: {error}", left, right)
    if decisive in truths:
        failure = _failure(left, right)
        return decisive if failure is None else unknown_from(failure.reason, left, right)
    if None in truths:
        failure = _failure(left, right)
        blind = next(side for side in (left, right) if isinstance(side, Unknown))
        both = isinstance(left, Failed) and isinstance(right, Failed)
        if failure is not None and (both or truths != [None, None]):
            return _failed_operation(failure.reason, failure)
        return unknown_from(blind.reason, left, right)
    return not decisive


def _conditional(node: Conditional, scope: Scope) -> Any:
    condition = plain(evaluate(node.condition, scope))
    if isinstance(condition, Unknown):
        then = plain(evaluate(node.then, scope))
        otherwise = plain(evaluate(node.otherwise, scope))
        if isinstance(condition, Failed | Unevaluated):
            return (
                chosen_from(condition.reason, then, otherwise)
                if isinstance(condition, Unevaluated)
                else condition
            )
        try:
            if first_unknown([then, otherwise]) is None and types.equal(then, otherwise):
                return then
        except Undecided:
            pass
        return chosen_from(condition.reason, then, otherwise)
    try:
        truth = types.as_bool(condition)
    except Refused:
        return failed("the condition of ?: is no boolean", condition)
    chosen = evaluate(node.then if truth else node.otherwise, scope)
    if isinstance(chosen, Unknown | Lazy):
        return chosen
    other_node = node.otherwise if truth else node.then
    other = evaluate(other_node, scope)
    if other is None and not isinstance(other_node, Literal) and chosen is not None:
        return _beside_null(chosen, other_node, scope)
    return _of_one_type(chosen, other)


def _declared(scope: Scope, name: str) -> types.Type | None:
    """The type that a variable declares, where the scope has variables."""
    look: Callable[[str], types.Type | None] | None = getattr(scope, "type_of_variable", None)
    return None if look is None else look(name)


def _beside_null(chosen: Any, other: Node, scope: Scope) -> Any:
    """The arm of a conditional whose other arm is a null: of the type that a variable declares, or a function has."""
    if isinstance(other, Call):
        return unknown_from("the type of a null is not known", chosen)
    if isinstance(other, GetAttr) and isinstance(other.target, Name) and other.target.name == "var":
        wanted = _declared(scope, other.name)
        return _of_common_type(chosen, wanted if isinstance(wanted, str) else None)
    return chosen


def _of_one_type(chosen: Any, other: Any) -> Any:
    """The arm of a conditional that was chosen, in the type that it has in common with the other."""
    if isinstance(chosen, str | bool) and isinstance(
        other, type(chosen) if isinstance(chosen, bool) else str
    ):
        return chosen
    if isinstance(other, FailedOperation | Unevaluated) or (
        isinstance(other, Failed) and isinstance(chosen, list | dict)
    ):
        return unknown_from("the arms of ?: may have no type in common", chosen, other)
    return _of_common_type(chosen, types.type_of(other))


def _of_common_type(chosen: Any, wanted: types.Type | None) -> Any:
    """A value in the type that it has in common with another."""
    given = types.type_of(chosen)
    if given is None or wanted is None or wanted == "any" or given == wanted:
        return chosen
    try:
        common = types.unified([given, wanted] if given != "any" else [wanted])
        if common is None:
            return failed("the arms of ?: have no type in common", chosen)
        return types.convert(chosen, common)
    except Refused as error:
        return failed(f"an arm of ?:: {error}", chosen)
    except Undecided as error:
        return unknown_from(f"an arm of ?:: {error}", chosen)


def _tuple(node: Tuple, scope: Scope) -> Any:
    items = [evaluate(item, scope) for item in node.items]
    failure = _failure(*items)
    return items if failure is None else failure


def _object(node: Object, scope: Scope) -> Any:
    result: dict[str, Any] = {}
    failure: Failed | None = None
    for key_node, value_node in node.items:
        if type(key_node) is Literal and type(key_node.value) is str:
            text = key_node.value
        else:
            key = plain(evaluate(key_node, scope))
            try:
                if isinstance(key, Unknown):
                    made_from = (key, *(evaluate(value, scope) for _, value in node.items))
                    return key if isinstance(key, Failed) else unknown_from(key.reason, *made_from)
                text = types.as_string(key)
            except Refused:
                return failed("the key of an object is no text", key)
        if isinstance(result.get(text), Unknown):
            return unknown_from(f"the key {text!r} stands twice", *result.values())
        result[text] = value = evaluate(value_node, scope)
        if isinstance(value, Failed):
            failure = value
    return result if failure is None else failure


def _for(node: For, scope: Scope) -> Any:
    collection = evaluate(node.collection, scope)
    if isinstance(collection, Lazy):
        collection = collection.unknown()
    if isinstance(collection, Failed):
        return collection
    if isinstance(collection, Unknown):
        names = {node.value_name: collection, node.key_name: collection}
        inner = scope.with_names({name: value for name, value in names.items() if name})
        if node.condition is not None and plain(evaluate(node.condition, inner)) in (False, "false"):
            # Whatever there is in the collection, nothing of it is kept.
            return [] if node.key is None else {}
        return unknown_from(collection.reason, collection, evaluate(node.value, inner))
    pairs: list[tuple[Any, Any]]
    if isinstance(collection, dict):
        pairs = sorted(collection.items(), key=lambda pair: pair[0])
    elif isinstance(collection, SetOf):
        pairs = [(item, item) for item in collection]
    elif isinstance(collection, list):
        pairs = [(numbers.Whole(index, numbers.COUNTED), item) for index, item in enumerate(collection)]
        if isinstance(collection, LooseList) and node.key_name:
            # The index in a list, the element itself in a set.
            pairs = [
                (Unknown(f"{node.key_name}: the type of the collection is not known"), item)
                for item in collection
            ]
    else:
        return failed("for over a value that is no collection", collection)
    items: list[tuple[Any, Any]] = []
    for key, value in pairs:
        BUDGET.spend(5)
        inner = scope.with_names({node.value_name: value} | ({node.key_name: key} if node.key_name else {}))
        if node.condition is not None:
            kept = plain(evaluate(node.condition, inner))
            if isinstance(kept, Unknown):
                return kept if isinstance(kept, Failed) else unknown_from(kept.reason, collection)
            try:
                if not types.as_bool(kept):
                    continue
            except Refused:
                return failed("the condition of for is no boolean", collection)
        result_key = plain(evaluate(node.key, inner)) if node.key is not None else None
        found = evaluate(node.value, inner)
        failure = _failure(result_key, found)
        if failure is not None:
            return failure
        items.append((result_key, found))
    if node.key is None:
        return [value for _, value in items]
    result: dict[str, Any] = {}
    for key, value in items:
        if isinstance(key, Unknown):
            return unknown_from(key.reason, collection)
        try:
            text = types.as_string(key)
        except Refused:
            return failed("the key of an object is no text", collection)
        if node.grouped:
            result.setdefault(text, []).append(value)
        elif text in result:
            return failed(f"two elements have the key {text!r}", collection)
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
