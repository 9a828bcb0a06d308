"""Functions of lists, sets, maps and objects, and those that convert into them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

from policies.engine.values import ABSENT, Unknown
from policies.readers import types
from policies.readers.budget import BUDGET
from policies.readers.evaluation import (
    Failed,
    Lazy,
    at,
    chosen_from,
    first_unknown,
    perhaps,
    plain,
    unknown_from,
)
from policies.readers.functions.calling import ANYTHING, counted, function, partial, whole
from policies.readers.types import (
    Collection,
    ListOf,
    LooseDict,
    LooseList,
    MapOf,
    Refused,
    SetOf,
    TupleType,
    Type,
    Undecided,
    equal,
)


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise (Undecided if isinstance(value, Lazy | Unknown) else Refused)("a list is needed")


def _map(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise (Undecided if isinstance(value, Lazy | Unknown) else Refused)("a map is needed")


def _blind(*values: Any) -> Unknown | None:
    """An `Unknown` if one of the values is one as a whole."""
    found = next((value for value in values if isinstance(value, Unknown)), None)
    return None if found is None else unknown_from(found.reason, *values)


# --- conversions ----------------------------------------------------------------------------------------


def _conversion(name: str, wanted: Type) -> None:
    def run(value: Any) -> Any:
        value = plain(value) if name == "toset" else value
        if value is None and name != "tostring":
            raise Undecided("a null whose type is not told")
        if isinstance(value, Unknown | Lazy):
            return value
        if isinstance(wanted, Collection) and _loose_within(value):
            return _loosely(wanted.kind, value)
        return types.convert(value, wanted)

    partial(name)(run)


def _loose_within(value: Any) -> bool:
    return isinstance(value, list | dict) and types.type_of(value) is None


def _loosely(kind: str, value: Any) -> Any:
    """A collection of elements whose type is not told: they stay as they are.

    Raises:
        Undecided: they may have no type in common, of which what is not known decides.
    """
    elements = list(value.values()) if isinstance(value, dict) else value
    shapes = {
        list if isinstance(one, list) else dict if isinstance(one, dict) else str
        for one in elements
        if one is not None and not isinstance(one, Unknown | Lazy)
    }
    if len(shapes) > 1:
        raise Undecided("the elements may have no type in common")
    if kind == "map":
        return MapOf(_map(value), None)
    return ListOf(_list(value), None) if kind == "list" else types.set_of(_list(value), None)


_conversion("tostring", "string")
_conversion("tonumber", "number")
_conversion("tobool", "bool")
_conversion("tolist", Collection("list", "any"))
_conversion("toset", Collection("set", "any"))
_conversion("tomap", Collection("map", "any"))


@partial("ephemeralasnull")
def _ephemeralasnull(value: Any) -> Any:
    value = plain(value)
    blind = first_unknown(value)
    # What is known here does not come from anything ephemeral.
    return value if blind is None else unknown_from(blind.reason, value)


@partial("sensitive")
def _sensitive(value: Any) -> Any:
    from policies.engine.values import Sensitive, references_of

    value = plain(value)
    if isinstance(value, list):
        return types.same_kind(value, [_sensitive(item) for item in value])
    if isinstance(value, dict):
        return types.same_kind(value, {key: _sensitive(item) for key, item in value.items()})
    return Sensitive(value, references_of(value)) if isinstance(value, str) else value


@partial("nonsensitive")
def _nonsensitive(value: Any) -> Any:
    # The mark is kept: what the configuration shows on purpose need still not stand in a report.
    return value


# --- of lists -------------------------------------------------------------------------------------------


@partial("concat", 1, None)
def _concat(*lists: Any) -> Any:
    blind = _blind(*lists)
    if blind is not None:
        return blind
    if any(isinstance(items, SetOf) for items in lists):
        raise Refused("lists are needed")
    BUDGET.spend(sum(len(_list(items)) for items in lists))
    joined = [item for items in lists for item in items]
    if any(isinstance(items, LooseList) for items in lists):
        return LooseList(joined)
    if not all(isinstance(items, ListOf) for items in lists):
        return joined
    elements = [items.element for items in lists]
    if None in elements:
        return ListOf(joined, None)
    found = types.unified(Collection("list", element) for element in elements)
    if not isinstance(found, Collection):
        return joined
    return types.convert(ListOf(joined, None), found)


@partial("flatten")
def _flatten(value: Any) -> Any:
    if isinstance(value, Unknown):
        return value
    result: list[Any] = []
    pending = list(reversed(_list(value)))
    while pending:
        BUDGET.spend(1)
        item = pending.pop()
        if isinstance(item, list):
            pending.extend(reversed(item))
        else:
            # An unknown element may turn out to be a list: it stands for whatever it holds.
            result.append(item)
    return result


@partial("compact")
def _compact(items: Any) -> Any:
    if isinstance(items, Unknown):
        return items
    if any(isinstance(item, Lazy) for item in _list(items)):
        return LooseList(item for item in items if item is not None and item != "")
    given = types.convert(items, types.STRINGS)
    return ListOf([item for item in given if isinstance(item, Unknown) or item not in (None, "")], "string")


@partial("coalesce", 1, None)
def _coalesce(*given: Any) -> Any:
    values = [plain(value) for value in given]
    kinds = [types.type_of(value) for value in values]
    common = None if None in kinds else types.unified(kind for kind in kinds if kind is not None)
    if common is None and None not in kinds:
        raise Refused("the arguments have no type in common")
    for value in values:
        if isinstance(value, Unknown):
            return value if value.certain else chosen_from(value.reason, *values)
        if value is None or (value == "" and isinstance(value, str) and common in ("string", None)):
            continue
        return value if common is None else types.convert(value, common)
    raise Refused("nothing is set")


@partial("coalescelist", 1, None)
def _coalescelist(*lists: Any) -> Any:
    blind = _blind(*lists)
    for items in lists:
        if items is None:
            raise Undecided("a null whose type is not told")
        if isinstance(items, SetOf) and blind is None:
            raise Refused("lists are needed")
    for items in lists:
        if isinstance(items, Unknown):
            return chosen_from(blind.reason, *lists) if blind is not None else items
        if _list(items):
            return items
    raise Refused("every list is empty")


@partial("contains", 2, 2)
def _contains(items: Any, wanted: Any) -> Any:
    items, wanted = plain(items), plain(wanted)
    blind = _blind(items, wanted)
    if blind is not None:
        return blind
    if wanted is None:
        raise Undecided("whether a null may be looked for differs between versions")
    undecided = False
    for item in _list(items):
        try:
            if equal(wanted, item):
                return True
        except Undecided:
            undecided = True
    return unknown_from("contains() of something unknown", items, wanted) if undecided else False


@partial("distinct")
def _distinct(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, Unknown):
        return value
    items = (
        _loosely("list", value)
        if _loose_within(value)
        else types.convert(_list(value), Collection("list", "any"))
    )
    if all(isinstance(item, str) for item in items):
        return ListOf(dict.fromkeys(items), items.element)
    result: list[Any] = []
    for item in items:
        if isinstance(item, Unknown) or not any(
            not isinstance(one, Unknown) and equal(item, one) for one in result
        ):
            result.append(item)
    return ListOf(result, items.element)


@partial("element", 2, 2)
def _element(items: Any, index: Any) -> Any:
    blind = _blind(items, plain(index))
    if blind is not None:
        return blind
    place = whole(types.as_number(index))
    if isinstance(items, SetOf):
        raise Refused("a set has no places")
    if not _list(items):
        raise Refused("there are no elements")
    return items[place % len(items)]


@partial("index", 2, 2)
def _index(items: Any, wanted: Any) -> Any:
    items, wanted = plain(items), plain(wanted)
    blind = first_unknown([items, wanted])
    if blind is not None:
        return unknown_from(blind.reason, items, wanted)
    if isinstance(items, SetOf) or wanted is None:
        raise Refused("a list, and a value to find in it, is needed")
    for place, item in enumerate(_list(items)):
        if equal(item, wanted):
            return counted(place)
    raise Refused("there is no such element")


@partial("one")
def _one(items: Any) -> Any:
    if isinstance(items, Unknown):
        # Of no element it is null.
        return perhaps(items)
    if len(_list(items)) > 1:
        raise Refused("there is more than one element")
    return items[0] if items else None


@partial("reverse")
def _reverse(items: Any) -> Any:
    if isinstance(items, Unknown):
        return items
    turned = list(reversed(_list(items)))
    return ListOf(turned, items.element) if isinstance(items, SetOf) else types.same_kind(items, turned)


def _part_of_unknown(items: Unknown, start: Any, end: Any) -> Any:
    """A part of a list that is not known: Terraform refuses it where the list is shorter, so its length is known."""
    first, last = whole(types.as_number(start)), None if isinstance(end, Unknown) else types.as_number(end)
    if last is None or not 0 <= first <= whole(last):
        return unknown_from(items.reason, items, end)
    BUDGET.spend(whole(last) - first)
    return ListOf([at(items, place) for place in range(first, whole(last))])


@partial("slice", 3, 3)
def _slice(items: Any, start: Any, end: Any) -> Any:
    start, end = plain(start), plain(end)
    if isinstance(items, Unknown) and not isinstance(items, Failed) and isinstance(start, int | float | str):
        return _part_of_unknown(items, start, end)
    blind = _blind(items, start, end)
    if blind is not None:
        return blind
    first, last = whole(types.as_number(start)), whole(types.as_number(end))
    if isinstance(items, SetOf) or not 0 <= first <= last <= len(_list(items)):
        raise Refused("the list has no such part")
    return types.same_kind(items, list(items[first:last]))


@function("chunklist", "list", "number")
def _chunklist(items: ListOf, number: float) -> ListOf:
    size = whole(number)
    if size < 0:
        raise Refused("the size is negative")
    element = None if items.element is None else Collection("list", items.element)
    if not size:
        return ListOf([items] if items else [], element)
    return ListOf([items.like(items[start : start + size]) for start in range(0, len(items), size)], element)


@function("alltrue", "bools")
def _alltrue(items: ListOf) -> bool:
    return all(item is True for item in items)


@function("anytrue", "bools")
def _anytrue(items: ListOf) -> bool:
    return any(item is True for item in items)


@function("matchkeys", "list", "list", "list")
def _matchkeys(values: ListOf, keys: ListOf, wanted: ListOf) -> ListOf:
    if keys.element is None or wanted.element is None:
        raise Undecided("the types of the keys are not told")
    common = types.unified([Collection("list", keys.element), Collection("list", wanted.element)])
    if common is None:
        raise Refused("the keys have no type in common")
    if len(values) != len(keys):
        raise Refused("the lists differ in length")
    keys, wanted = types.convert(keys, common), types.convert(wanted, common)
    found = [value for value, key in zip(values, keys, strict=True) if any(equal(key, one) for one in wanted)]
    return ListOf(found, values.element)


@function("setproduct", ANYTHING, more=ANYTHING)
def _setproduct(*given: Any) -> Any:
    if len(given) < 2:
        raise Refused("two collections are needed")
    columns: list[list[Any]] = []
    elements: list[Type | None] = []
    for items in given:
        if type(items) is list:
            items = types.convert(items, Collection("list", "any"))
        columns.append(_list(items))
        elements.append(getattr(items, "element", None))
    BUDGET.spend(math.prod(map(len, columns)) * (1 + len(columns)))
    element = None if None in elements else TupleType(tuple(one for one in elements if one is not None))
    rows = [list(row) for row in itertools.product(*columns)]
    return (
        types.set_of(rows, element)
        if any(isinstance(items, SetOf) for items in given)
        else ListOf(rows, element)
    )


def _set_operation(name: str, combine: Callable[[list[Any], list[Any]], list[Any]], least: int) -> None:
    def run(*sets: SetOf) -> SetOf:
        elements = [one.element for one in sets if one or one.element != "any"]
        if None in elements:
            raise Undecided("the types of the elements are not told")
        common = types.unified(one for one in elements if one is not None) if elements else "any"
        if common is None:
            raise Refused("the elements have no type in common")
        result: SetOf
        result, *others = (types.convert(one, Collection("set", common)) for one in sets)
        for other in others:
            result = types.set_of(combine(result, other), common)
        return result

    function(name, *["set"] * least, more="set" if least == 1 else "")(run)


def _within(item: Any, items: list[Any]) -> bool:
    return any(equal(item, other) for other in items)


_set_operation("setunion", lambda left, right: [*left, *right], 1)
_set_operation("setintersection", lambda left, right: [item for item in left if _within(item, right)], 1)
_set_operation("setsubtract", lambda left, right: [item for item in left if not _within(item, right)], 2)


# --- of maps --------------------------------------------------------------------------------------------


@partial("keys")
def _keys(value: Any) -> Any:
    if isinstance(value, Unknown):
        return value
    found = sorted(_map(value))
    if isinstance(value, LooseDict):
        return LooseList(found)
    return ListOf(found, "string") if isinstance(value, MapOf) else found


@partial("values")
def _values(value: Any) -> Any:
    if isinstance(value, Unknown):
        return value
    found = [item for _, item in sorted(_map(value).items(), key=lambda pair: pair[0])]
    if isinstance(value, LooseDict):
        return LooseList(found)
    return ListOf(found, value.element) if isinstance(value, MapOf) else found


@partial("lookup", 2, 3)
def _lookup(table: Any, key: Any, default: Any = ABSENT) -> Any:
    key = plain(key)
    if isinstance(table, Unknown) or isinstance(key, Unknown):
        options = list(table.values()) if isinstance(table, dict) else [table]
        return unknown_from(
            "lookup() of something unknown",
            chosen_from("", *options, *([] if default is ABSENT else [default])),
            key,
        )
    name = types.as_string(key)
    found = _map(table).get(name, ABSENT)
    typed = isinstance(table, MapOf) and table.element is not None
    if default is not ABSENT and typed:
        default = types.convert(plain(default), table.element)
    if found is not ABSENT:
        return found
    if default is ABSENT:
        raise (Undecided if isinstance(table, LooseDict) else Refused)(f"there is no element {name!r}")
    return default


@partial("merge", 0, None)
def _merge(*tables: Any) -> Any:
    blind = _blind(*tables)
    if blind is not None:
        return blind
    result: dict[str, Any] = {}
    for table in tables:
        if table is not None:
            BUDGET.spend(len(_map(table)))
            result.update(table)
    if any(isinstance(table, LooseDict) for table in tables):
        return LooseDict(result)
    if tables and all(isinstance(table, MapOf) for table in tables):
        elements = [table.element for table in tables]
        if None in elements:
            return LooseDict(result)
        if all(element == elements[0] for element in elements):
            return MapOf(result, elements[0])
    return result


@function("transpose", "lists of strings")
def _transpose(table: MapOf) -> MapOf:
    result: dict[str, list[str]] = {}
    for key, values in sorted(table.items(), key=lambda pair: pair[0]):
        if values is None or None in values:
            raise Refused("there is a null in it")
        for value in values:
            result.setdefault(value, []).append(key)
    return MapOf({key: ListOf(values, "string") for key, values in sorted(result.items())}, types.STRINGS)


@partial("zipmap", 2, 2)
def _zipmap(keys: Any, values: Any) -> Any:
    if first_unknown(keys) is not None or isinstance(values, Unknown):
        return unknown_from("zipmap() of something unknown", keys, values)
    names = types.convert(_list(keys), types.STRINGS)
    if isinstance(values, SetOf) or len(names) != len(_list(values)) or None in names:
        raise Refused("lists of one length are needed")
    pairs = dict(zip(names, values, strict=True))
    if isinstance(values, ListOf):
        return MapOf(pairs, values.element)
    return LooseDict(pairs) if isinstance(values, LooseList) else pairs
