"""Terraform's types: of values, of variables, and what is converted into what.

A tuple is a plain `list` and an object a plain `dict`; lists, sets and maps, whose elements have one type, are the
subclasses here. What a resource's attribute holds has the type that its provider's schema says, which is not known
here: it is `LooseList` and `LooseDict`, and no question that hangs on their type is answered.
Source: https://developer.hashicorp.com/terraform/language/expressions/type-constraints
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from policies.engine.values import ABSENT, Unknown, references_of
from policies.readers import numbers
from policies.readers.budget import BUDGET, size
from policies.readers.syntax import Call, Literal, Name, Node, Object, Tuple, nfc


class Refused(Exception):
    """Terraform refuses this for certain."""


class Undecided(Exception):
    """What Terraform makes of this is not told here."""


# --- types ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Collection:
    """`list(T)`, `set(T)` or `map(T)`."""

    kind: str
    element: Type


@dataclass(frozen=True, slots=True)
class TupleType:
    elements: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class ObjectType:
    """Attributes by name, sorted. Those that may be left out are in `optional` with their default or `ABSENT`."""

    attributes: tuple[tuple[str, Type], ...]
    optional: Mapping[str, Any] = field(default_factory=dict, compare=False)


Type = str | Collection | TupleType | ObjectType
"""`string`, `number`, `bool`, `any` (not known yet: of a null, or of an element that is not there); or a structure."""

STRINGS: Final = Collection("list", "string")

# --- values ---------------------------------------------------------------------------------------------


class _Elements(list[Any]):
    __slots__ = ("element",)

    element: Type | None
    """The type of the elements, or None where it is not told."""

    def __init__(self, items: Iterable[Any] = (), element: Type | None = None) -> None:
        super().__init__(items)
        self.element = element

    def like(self, items: Iterable[Any]) -> _Elements:
        """The same kind of value with other elements."""
        return type(self)(items, self.element)


class ListOf(_Elements):
    """A list whose elements have one type."""

    __slots__ = ()


class SetOf(_Elements):
    """A set, in the order in which Terraform walks through it."""

    __slots__ = ()


class MapOf(dict[str, Any]):
    """A map whose elements have one type."""

    __slots__ = ("element",)

    element: Type | None

    def __init__(self, items: Mapping[str, Any] | None = None, element: Type | None = None) -> None:
        super().__init__(items or {})
        self.element = element

    def like(self, items: Mapping[str, Any]) -> MapOf:
        """The same kind of value with other elements."""
        return MapOf(items, self.element)


class LooseList(list[Any]):
    """A list, set or tuple, or blocks: the schema of a provider says which."""

    __slots__ = ()


class LooseDict(dict[str, Any]):
    """A map, an object or a block: the schema of a provider says which."""

    __slots__ = ()


def loose(value: Any) -> Any:
    """A value whose types only a provider's schema tells."""
    if isinstance(value, list):
        BUDGET.spend(1 + len(value))
        return LooseList(loose(item) for item in value)
    if isinstance(value, dict):
        BUDGET.spend(4 + 2 * len(value))
        return LooseDict({key: loose(item) for key, item in value.items()})
    return value


def same_kind(original: Any, changed: Any) -> Any:
    """A list or dict of the same kind as another, with other elements."""
    kind = type(original)
    if kind is list or kind is dict:
        return changed
    if isinstance(original, _Elements | MapOf):
        return original.like(changed)
    return kind(changed) if isinstance(original, LooseList | LooseDict) else changed


def type_of(value: Any) -> Type | None:
    """The type of a value, or None where it is not told."""
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if value is None:
        return "any"
    if isinstance(value, Unknown):
        return "string" if value.parts or value.decoded is not ABSENT else None
    if isinstance(value, list):
        if isinstance(value, _Elements):
            kind = "list" if isinstance(value, ListOf) else "set"
            return None if value.element is None else Collection(kind, value.element)
        if isinstance(value, LooseList):
            return None
        BUDGET.spend(1 + len(value))
        found = [type_of(item) for item in value]
        return None if None in found else TupleType(tuple(item for item in found if item is not None))
    if isinstance(value, dict):
        if isinstance(value, MapOf):
            return None if value.element is None else Collection("map", value.element)
        if isinstance(value, LooseDict):
            return None
        BUDGET.spend(4 + 2 * len(value))
        attributes = [(key, type_of(item)) for key, item in sorted(value.items())]
        known = tuple((key, item) for key, item in attributes if item is not None)
        return ObjectType(known) if len(known) == len(attributes) else None
    return None


def is_open(wanted: Type) -> bool:
    """Whether `any` stands somewhere in a type."""
    if isinstance(wanted, Collection):
        return is_open(wanted.element)
    if isinstance(wanted, TupleType):
        return any(is_open(item) for item in wanted.elements)
    if isinstance(wanted, ObjectType):
        return any(is_open(item) for _, item in wanted.attributes)
    return wanted == "any"


# --- one type for several -------------------------------------------------------------------------------


def convertible(given: Type, wanted: Type) -> bool:
    """Whether values of one type may be converted into another; single values may still be refused."""
    BUDGET.spend(1)
    if given == wanted or "any" in (given, wanted):
        return True
    if isinstance(given, str):
        return isinstance(wanted, str) and "string" in (given, wanted)
    if isinstance(wanted, ObjectType):
        if isinstance(given, ObjectType):
            there = dict(given.attributes)
            return all(
                convertible(there[name], item) if name in there else name in wanted.optional
                for name, item in wanted.attributes
            )
        return (
            isinstance(given, Collection)
            and given.kind == "map"
            and all(
                convertible(given.element, item) or name in wanted.optional
                for name, item in wanted.attributes
            )
        )
    if isinstance(wanted, TupleType):
        return (
            isinstance(given, TupleType)
            and len(given.elements) == len(wanted.elements)
            and all(map(convertible, given.elements, wanted.elements))
        )
    if isinstance(wanted, Collection):
        if isinstance(given, Collection):
            return (wanted.kind == "map") == (given.kind == "map") and convertible(
                given.element, wanted.element
            )
        if isinstance(given, ObjectType) != (wanted.kind == "map"):
            return False
        inner = [item for _, item in given.attributes] if isinstance(given, ObjectType) else given.elements
        if wanted.element == "any":
            found = unified(inner)
            open_tuple = found == "any" and wanted.kind != "map" and any(item != "any" for item in inner)
            return not inner or (found is not None and not open_tuple)
        return all(convertible(item, wanted.element) for item in inner)
    return False


def unified(given: Iterable[Type]) -> Type | None:
    """The one type that several can be converted into, or None.

    Raises:
        Undecided: a null among collections leaves it open.
    """
    types = list(given)
    BUDGET.spend(len(types))
    if not types:
        return None
    distinct = list(dict.fromkeys(types))
    if len(distinct) == 1:
        return distinct[0]
    types = distinct
    kinds = [_kind(item) for item in types]
    present = set(kinds)
    for collection, structure in (("map", "object"), ("list", "tuple")):
        if collection in present and structure in present and present <= {collection, structure, "any"}:
            found = _as_collections(types, kinds, collection, structure)
            if found is not None:
                return found
            return _preferred(types)
    for kind in ("map", "list", "set", "object", "tuple"):
        if kind in present and present <= {kind, "any"}:
            if "any" in present:
                raise Undecided("a null stands beside a collection")
            return _of_one_kind(kind, types)
    if {"object", "tuple"} <= present:
        return None
    return _preferred(types)


def _kind(item: Type) -> str:
    if isinstance(item, Collection):
        return item.kind
    return "tuple" if isinstance(item, TupleType) else "object" if isinstance(item, ObjectType) else str(item)


def _as_collections(types: list[Type], kinds: list[str], collection: str, structure: str) -> Type | None:
    structures = [item for item, kind in zip(types, kinds, strict=True) if kind == structure]
    element = unified(part for item in structures for part in _parts(item))
    if element is None:
        return None
    made = Collection(collection, element)
    rest = [item for item, kind in zip(types, kinds, strict=True) if kind != structure]
    found = unified([made, *rest])
    return found if isinstance(found, Collection) and found.kind == collection else None


def _parts(item: Type) -> list[Type]:
    if isinstance(item, ObjectType):
        return [part for _, part in item.attributes]
    return list(item.elements) if isinstance(item, TupleType) else []


def _of_one_kind(kind: str, types: list[Type]) -> Type | None:
    if kind in ("map", "list", "set"):
        element = unified(item.element for item in types if isinstance(item, Collection))
        return None if element is None else Collection(kind, element)
    if kind == "object":
        objects = [dict(item.attributes) for item in types if isinstance(item, ObjectType)]
        if any(item.keys() != objects[0].keys() for item in objects):
            element = unified(part for item in objects for part in item.values())
            return None if element is None else Collection("map", element)
        attributes: list[tuple[str, Type]] = []
        for name in sorted(objects[0]):
            found = unified(item[name] for item in objects)
            if found is None:
                return None
            attributes.append((name, found))
        return ObjectType(tuple(attributes))
    tuples = [item.elements for item in types if isinstance(item, TupleType)]
    if any(len(item) != len(tuples[0]) for item in tuples):
        element = unified(part for item in tuples for part in item)
        if element is None:
            return None
        made = Collection("list", element)
        return made if all(convertible(item, made) for item in types) else None
    elements: list[Type] = []
    for column in zip(*tuples, strict=True):
        found = unified(column)
        if found is None:
            return None
        elements.append(found)
    return TupleType(tuple(elements))


def _preferred(types: list[Type]) -> Type | None:
    """The one of the types that all others can be converted into, the most general one."""
    found = [item for item in types if all(convertible(other, item) for other in types)]
    concrete = [item for item in found if item != "any"] or found
    if len(concrete) < 2:
        return concrete[0] if concrete else None
    if "string" in concrete:
        return "string"
    for kind in ("list", "set", "map"):
        wider = [item for item in concrete if _kind(item) == kind]
        if len(wider) == 1:
            return wider[0]
    raise Undecided("several types would do")


# --- conversion -----------------------------------------------------------------------------------------


def as_string(value: Any) -> str:
    """A primitive value as text.

    Raises:
        Refused: it is null or no primitive value.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        written = numbers.text(value)
        BUDGET.make(size(written))
        return written
    raise Refused("a text is needed")


def as_number(value: Any) -> int | numbers.Real:
    """A primitive value as number.

    Raises:
        Refused: it is none, and no text of one.
        Undecided: it is one that is not computed here.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Refused("a number is needed")
    if not isinstance(value, str):
        return numbers.of(value)
    try:
        return numbers.parsed(str.__str__(value))
    except numbers.Undecided as error:
        raise Undecided(str(error)) from error
    except ValueError as error:
        raise Refused("a number is needed") from error


def as_bool(value: Any) -> bool:
    """A primitive value as boolean.

    Raises:
        Refused: it is none, and no text of one.
    """
    if isinstance(value, bool):
        return value
    found = {"true": True, "1": True, "false": False, "0": False}.get(
        str.__str__(value) if isinstance(value, str) else ""
    )
    if found is None:
        raise Refused("a boolean is needed")
    return found


_PRIMITIVES: Final[dict[str, Callable[[Any], Any]]] = {
    "string": as_string,
    "number": as_number,
    "bool": as_bool,
}


def convert(value: Any, wanted: Type) -> Any:
    """A value as Terraform converts it to a type. Nulls, and what is unknown, stay what they are.

    Raises:
        Refused: Terraform refuses it.
        Undecided: what Terraform makes of it is not told here.
    """
    if wanted == "any" or not isinstance(value, str | bool | int | float | list | dict):
        # Resources too stay what they are.
        return value
    if isinstance(wanted, str):
        return _PRIMITIVES[wanted](value)
    if isinstance(wanted, ObjectType):
        return _object(value, wanted)
    if isinstance(wanted, TupleType):
        if not isinstance(value, list) or isinstance(value, _Elements) or len(value) != len(wanted.elements):
            raise Refused("a tuple of other length or elements is needed")
        BUDGET.spend(1 + len(value))
        return [convert(item, part) for item, part in zip(value, wanted.elements, strict=True)]
    # Also what is empty has a type.
    given = value.element if isinstance(value, _Elements | MapOf) else None
    if given is not None and not convertible(given, wanted.element):
        raise Refused("the elements are of another type")
    if wanted.kind == "map":
        if not isinstance(value, dict):
            raise Refused("a map is needed")
        BUDGET.spend(4 + 2 * len(value))
        if isinstance(value, MapOf) and wanted.element == "any":
            return value
        items, element = _elements(list(value.values()), wanted.element)
        return MapOf(dict(zip(value, items, strict=True)), element)
    if not isinstance(value, list):
        raise Refused(f"a {wanted.kind} is needed")
    BUDGET.spend(1 + len(value))
    if isinstance(value, _Elements) and wanted.element == "any":
        items, element = list(value), value.element
    else:
        items, element = _elements(value, wanted.element)
    return ListOf(items, element) if wanted.kind == "list" else set_of(items, element)


def _elements(items: list[Any], wanted: Type) -> tuple[list[Any], Type | None]:
    """Elements converted into one type, and that type, or None where it is not told."""
    if not items:
        return [], wanted
    if wanted != "any":
        items = [convert(item, wanted) for item in items]
        if not is_open(wanted):
            return items, wanted
    return together(items)


def together(items: list[Any]) -> tuple[list[Any], Type | None]:
    """Values converted into the one type that all can have, and that type, or None where it is not told.

    Raises:
        Refused: there is none.
    """
    found = [type_of(item) for item in items]
    if None in found:
        if "string" in found:
            # Whatever the others are, they become text too, or Terraform refuses the whole.
            return [convert(item, "string") for item in items], "string"
        return items, None
    common = unified(item for item in found if item is not None)
    if common is None:
        raise Refused("the elements have no type in common")
    if all(item == common for item in found):
        return items, common
    items = [convert(item, common) for item in items]
    if is_open(common):
        # A null leaves a type open, and what is not null need not agree.
        found = [type_of(item) for item in items]
        if any(item != found[0] for item in found):
            raise Refused("the elements have no type in common")
        return items, found[0]
    return items, common


def _object(value: Any, wanted: ObjectType) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused("an object is needed")
    BUDGET.spend(4 + 2 * len(wanted.attributes))
    result: dict[str, Any] = {}
    for name, item in wanted.attributes:
        given = value.get(name, ABSENT)
        if given is None or given is ABSENT:
            default = wanted.optional.get(name, ABSENT)
            if default is not ABSENT:
                given = default
            elif given is ABSENT and name not in wanted.optional:
                raise Refused(f"the attribute {name!r} is missing")
        result[name] = None if given is ABSENT else convert(given, item)
    return result


def equal(left: Any, right: Any) -> bool:
    """Terraform's `==`: values of different types differ.

    Raises:
        Undecided: it hangs on a type or a value that is not told here.
    """
    BUDGET.spend(1)
    if left is None or right is None:
        if left is right:
            return True
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            raise Undecided("a value is not known")
        return False
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return _equal_structures(left, right)
    given, other = type_of(left), type_of(right)
    if given is None or other is None or isinstance(left, Unknown) or isinstance(right, Unknown):
        raise Undecided("a value is not known")
    if given != other:
        # What a resource's attribute holds may have become a text, or have been made one.
        for text, primitive in ((left, right), (right, left)):
            if isinstance(text, str) and references_of(text) and str.__str__(text) == as_string(primitive):
                raise Undecided("the type of an attribute is not known")
        return False
    if given == "number":
        return numbers.exact(left) == numbers.exact(right)
    return bool(left == right)


def _equal_structures(left: Any, right: Any) -> bool:
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        raise Undecided("a value is not known")
    given, other = type_of(left), type_of(right)
    if given is None or other is None:
        raise Undecided("the type of a value is not known")
    if is_open(given) or is_open(other):
        if _conforms(given, other) or _conforms(other, given):
            raise Undecided("the type of a null is not known")
        return False
    if given != other:
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if len(left) != len(right):
        return False
    if isinstance(left, SetOf):
        return all(any(equal(item, other) for other in right) for item in left)
    return all(map(equal, left, right))


def _conforms(given: Type, wanted: Type) -> bool:
    """Whether a type is another one but for what is left open in that."""
    if wanted == "any" or given == wanted:
        return True
    if isinstance(given, Collection) and isinstance(wanted, Collection):
        return given.kind == wanted.kind and _conforms(given.element, wanted.element)
    if isinstance(given, TupleType) and isinstance(wanted, TupleType):
        return len(given.elements) == len(wanted.elements) and all(
            map(_conforms, given.elements, wanted.elements)
        )
    if isinstance(given, ObjectType) and isinstance(wanted, ObjectType):
        left, right = dict(given.attributes), dict(wanted.attributes)
        return left.keys() == right.keys() and all(_conforms(left[name], right[name]) for name in left)
    return False


def set_of(items: list[Any], element: Type | None) -> SetOf:
    """A set: what is equal once, in the order in which Terraform walks through it."""
    if all(isinstance(item, str) for item in items):
        return SetOf(sorted({str.__str__(item): item for item in items}.values()), element)
    distinct: list[Any] = []
    for item in items:
        try:
            if any(equal(item, known) for known in distinct):
                continue
        except Undecided:
            if isinstance(item, list | dict):
                element = None
        distinct.append(item)
    return SetOf(sorted(distinct, key=_order), element)


def _order(value: Any) -> Any:
    """The place of a value in a set: nulls behind the rest, what is unknown last."""
    if isinstance(value, str):
        return 0, "string", str.__str__(value)
    if isinstance(value, bool):
        return 0, "bool", value
    if isinstance(value, int | float):
        return 0, "number", numbers.exact(value)
    if value is None:
        return 1, "", 0
    return (0, "", _mark(value)) if isinstance(value, list | dict) else (2, "", 0)


def _mark(value: Any) -> bytes:
    """What Terraform sorts sets of structures by, as far as it is told for certain."""
    if value is None:
        return b"~"
    if isinstance(value, bool):
        return b"T" if value else b"F"
    if isinstance(value, int | float):
        return numbers.general(value, 10).encode()
    if isinstance(value, str):
        text = str.__str__(value)
        if not text.isascii() or not text.isprintable():
            raise Undecided("the order of this set is not told here")
        return ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"').encode()
    if isinstance(value, MapOf):
        pairs = b"".join(_mark(key) + b":" + _mark(item) + b";" for key, item in sorted(value.items()))
        return b"{" + pairs + b"}"
    if isinstance(value, dict):
        return b"<" + b"".join(_mark(item) + b";" for _, item in sorted(value.items())) + b">"
    if isinstance(value, list):
        inner = b"".join(_mark(item) + b";" for item in value)
        return b"[" + inner + b"]" if isinstance(value, _Elements) else b"<" + inner + b">"
    return b"?"


# --- type constraints -----------------------------------------------------------------------------------


def constraint(node: Node, evaluate: Callable[[Node], Any]) -> Type:
    """The type that an expression of a variable's `type` stands for; `evaluate` gives the values of defaults.

    Raises:
        Refused: it is none.
    """
    if isinstance(node, Name) and node.name in ("string", "number", "bool", "any"):
        return node.name
    if isinstance(node, Name) and node.name in ("list", "set", "map"):
        return Collection(node.name, "any")
    if isinstance(node, Literal) and node.value in ("string", "list", "map"):
        # As it was written before Terraform 0.12.
        return "string" if node.value == "string" else Collection(node.value, "string")
    if not isinstance(node, Call) or len(node.arguments) != 1 or node.expand:
        raise Refused("it is no type")
    inner = node.arguments[0]
    if node.name in ("list", "set", "map"):
        return Collection(node.name, constraint(inner, evaluate))
    if node.name == "tuple" and isinstance(inner, Tuple):
        return TupleType(tuple(constraint(item, evaluate) for item in inner.items))
    if node.name != "object" or not isinstance(inner, Object):
        raise Refused("it is no type")
    attributes: dict[str, Type] = {}
    optional: dict[str, Any] = {}
    for key, item in inner.items:
        if not isinstance(key, Literal) or not isinstance(key.value, str):
            raise Refused("the name of an attribute is no name")
        default: Any = ABSENT
        if isinstance(item, Call) and item.name == "optional" and 1 <= len(item.arguments) <= 2:
            found = constraint(item.arguments[0], evaluate)
            if len(item.arguments) == 2:
                default = convert(evaluate(item.arguments[1]), found)
            optional[key.value] = default if default is not None else ABSENT
        else:
            found = constraint(item, evaluate)
        attributes[nfc(key.value)] = found
    return ObjectType(tuple(sorted(attributes.items(), key=lambda pair: pair[0])), optional)
