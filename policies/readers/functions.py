"""Terraform's functions, as far as they need nothing but their arguments and the configuration's own files.

What is not here, or fails, gives an `Unknown`: never a guess.
Source: https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable
from typing import Any, Final

from policies.engine.values import (
    ABSENT,
    Unknown,
    as_boolean,
    as_number,
    as_text,
    parse_document,
    references_of,
)
from policies.readers import regular_expressions
from policies.readers.budget import BUDGET, Exceeded, size, weigh
from policies.readers.evaluation import (
    Lazy,
    bounded,
    equal,
    first_unknown,
    plain,
    text_of,
    traced,
    unknown_from,
)

Function = Callable[[list[Any]], Any]

_WIDEST: Final = 10_000
"""The most characters that `format` pads to."""

_LARGEST_POWER: Final = 2048
"""The most bits of a power; Terraform's are doubles."""


class Refused(Exception):
    """The arguments are not what the function takes."""


def call(name: str, arguments: list[Any]) -> Any:
    """The result of a function, or an `Unknown`."""
    name = name.removeprefix("core::")
    BUDGET.spend(_reading(arguments))
    if name not in _COLLECTIONS:
        arguments = [plain(argument) for argument in arguments]
    partial = _PARTIAL.get(name)
    exact = _EXACT.get(name)
    try:
        if partial is not None:
            return partial(arguments)
        if exact is None:
            return unknown_from(f"{name}() is not evaluated here", *arguments)
        blind = first_unknown(arguments)
        if blind is not None:
            return unknown_from(blind.reason, *arguments)
        result = exact(arguments)
    except (Refused, ValueError, TypeError, IndexError, KeyError, ArithmeticError, AttributeError) as error:
        detail = f": {error}" if isinstance(error, Refused) and str(error) else ""
        return unknown_from(f"{name}() does not take these arguments{detail}", *arguments)
    if isinstance(result, str):
        BUDGET.make(size(result))
        return traced(result, *arguments)
    if isinstance(result, list | dict):
        BUDGET.spend(len(result))
    return result


def _reading(arguments: list[Any]) -> int:
    """What it costs to look at the arguments: texts by their length, collections by their number of elements."""
    cost = 3
    for argument in arguments:
        if isinstance(argument, str):
            cost += len(argument) >> 8
        elif isinstance(argument, list | dict):
            cost += len(argument)
    return cost


def _text(value: Any) -> str:
    text = as_text(value)
    if text is None:
        raise Refused("a text is needed")
    return str.__str__(text)


def _number(value: Any) -> float:
    number = as_number(value)
    if number is None:
        raise Refused("a number is needed")
    return number


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise Refused("a whole number is needed")
    return int(number)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refused("a list is needed")
    return value


def _map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused("a map is needed")
    return value


def _narrow(number: float) -> float:
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _distinct(items: list[Any]) -> list[Any]:
    try:
        if all(isinstance(item, str) for item in items):
            return list(dict.fromkeys(items))
    except TypeError:
        pass
    result: list[Any] = []
    for item in items:
        if isinstance(item, Unknown) or not any(
            not isinstance(known, Unknown) and equal(item, known) for known in result
        ):
            result.append(item)
    return result


def _as_set(items: list[Any]) -> list[Any]:
    distinct = _distinct(items)
    return sorted(distinct) if all(isinstance(item, str) for item in distinct) else distinct


# Functions that can say something though a part of their arguments is unknown.


def _tolist(arguments: list[Any]) -> Any:
    return arguments[0] if isinstance(arguments[0], Unknown) else list(_list(arguments[0]))


def _toset(arguments: list[Any]) -> Any:
    return arguments[0] if isinstance(arguments[0], Unknown) else _as_set(_list(arguments[0]))


def _tomap(arguments: list[Any]) -> Any:
    return arguments[0] if isinstance(arguments[0], Unknown) else _map(arguments[0])


def _concat(arguments: list[Any]) -> Any:
    result: list[Any] = []
    for argument in arguments:
        if isinstance(argument, Unknown):
            return unknown_from(argument.reason, *arguments)
        result.extend(_list(argument))
    return result


def _flatten(arguments: list[Any]) -> Any:
    result: list[Any] = []
    if isinstance(arguments[0], Unknown):
        return arguments[0]
    pending = list(reversed(_list(arguments[0])))
    while pending:
        BUDGET.spend(1)
        item = pending.pop()
        if isinstance(item, list):
            pending.extend(reversed(item))
        else:
            # An unknown element may turn out to be a list: it stands for whatever it holds.
            result.append(item)
    return result


def _compact(arguments: list[Any]) -> Any:
    if isinstance(arguments[0], Unknown):
        return arguments[0]
    return [
        item for item in _list(arguments[0]) if isinstance(item, Unknown | Lazy) or item not in (None, "")
    ]


def _merge(arguments: list[Any]) -> Any:
    result: dict[str, Any] = {}
    for argument in arguments:
        if isinstance(argument, Unknown):
            return unknown_from(argument.reason, *arguments)
        if argument is not None:
            result.update(_map(argument))
    return result


def _lookup(arguments: list[Any]) -> Any:
    table, key = arguments[0], arguments[1]
    if isinstance(table, Unknown) or isinstance(key, Unknown):
        return unknown_from("lookup() of something unknown", *arguments)
    found = _map(table).get(_text(key), ABSENT)
    if found is not ABSENT:
        return found
    return arguments[2] if len(arguments) > 2 else Unknown(f"there is no element {key!r}")


def _element(arguments: list[Any]) -> Any:
    items, index = arguments
    if isinstance(items, Unknown) or isinstance(index, Unknown):
        return unknown_from("element() of something unknown", *arguments)
    return _list(items)[_whole(index) % len(_list(items))]


def _coalesce(arguments: list[Any]) -> Any:
    for argument in arguments:
        if isinstance(argument, Unknown):
            return argument if argument.certain else unknown_from(argument.reason, *arguments)
        if argument is not None and argument != "":
            return argument
    raise Refused("nothing is set")


def _coalescelist(arguments: list[Any]) -> Any:
    for argument in arguments:
        if isinstance(argument, Unknown):
            return unknown_from(argument.reason, *arguments)
        if argument:
            return argument
    raise Refused("every list is empty")


def _one(arguments: list[Any]) -> Any:
    if isinstance(arguments[0], Unknown):
        return unknown_from(arguments[0].reason, arguments[0])
    items = _list(arguments[0])
    if len(items) > 1:
        raise Refused("there is more than one element")
    return items[0] if items else None


def _keys(arguments: list[Any]) -> Any:
    return arguments[0] if isinstance(arguments[0], Unknown) else sorted(_map(arguments[0]))


def _values(arguments: list[Any]) -> Any:
    if isinstance(arguments[0], Unknown):
        return arguments[0]
    return [value for _, value in sorted(_map(arguments[0]).items())]


def _length(arguments: list[Any]) -> Any:
    value = arguments[0]
    if isinstance(value, Unknown):
        return unknown_from(value.reason, value)
    if not isinstance(value, str | list | dict):
        raise Refused("a list, map or text is needed")
    return len(value)


def _zipmap(arguments: list[Any]) -> Any:
    keys, values = arguments
    if first_unknown(keys) is not None or isinstance(values, Unknown):
        return unknown_from("zipmap() of something unknown", *arguments)
    if len(_list(keys)) != len(_list(values)):
        raise Refused("the lists differ in length")
    return {_text(key): value for key, value in zip(keys, values, strict=True)}


def _slice(arguments: list[Any]) -> Any:
    items, start, end = arguments
    if isinstance(items, Unknown) or first_unknown([start, end]) is not None:
        return unknown_from("slice() of something unknown", *arguments)
    return _list(items)[_whole(start) : _whole(end)]


def _reverse(arguments: list[Any]) -> Any:
    return arguments[0] if isinstance(arguments[0], Unknown) else list(reversed(_list(arguments[0])))


def _distinct_of(arguments: list[Any]) -> Any:
    return arguments[0] if isinstance(arguments[0], Unknown) else _distinct(_list(arguments[0]))


def _jsonencode(arguments: list[Any]) -> Any:
    tree = arguments[0]
    blind = first_unknown(tree)
    if blind is not None:
        if isinstance(tree, Unknown) and tree.document is ABSENT and not tree.parts:
            return unknown_from(tree.reason, tree)
        weigh(tree)
        return Unknown(blind.reason, references_of(tree), document=tree, certain=True)
    BUDGET.make(_length_as_json(tree))
    text = json.dumps(tree, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return traced(text, tree)


def _length_as_json(value: Any) -> int:
    """About the most bytes that a value takes as JSON."""
    if isinstance(value, str):
        return 6 * len(value)
    if isinstance(value, list):
        return 2 + sum(map(_length_as_json, value))
    if isinstance(value, dict):
        return 2 + sum(6 * len(key) + _length_as_json(item) for key, item in value.items())
    return 16


def _base64encode(arguments: list[Any]) -> Any:
    text = arguments[0]
    if isinstance(text, Unknown):
        return Unknown(text.reason, references_of(text), certain=True, decoded=text)
    return traced(base64.b64encode(_text(text).encode()).decode(), text)


def _base64gzip(arguments: list[Any]) -> Any:
    text = arguments[0]
    return Unknown("base64gzip() is not evaluated here", references_of(text), certain=True, decoded=text)


def _jsondecode(arguments: list[Any]) -> Any:
    return parse_document(arguments[0])


def _join(arguments: list[Any]) -> Any:
    separator, lists = arguments[0], arguments[1:]
    if isinstance(separator, Unknown) or any(isinstance(items, Unknown) for items in lists):
        return unknown_from("join() of something unknown", *arguments)
    parts: list[Any] = []
    for item in [item for items in lists for item in _list(items)]:
        if parts:
            parts.append(_text(separator))
        parts.extend(item.parts or (item,) if isinstance(item, Unknown) else (as_text(item) or "",))
    return text_of(parts)


def _format(arguments: list[Any]) -> Any:
    pattern = arguments[0]
    if isinstance(pattern, Unknown):
        return unknown_from(pattern.reason, *arguments)
    rest = iter(arguments[1:])
    parts: list[Any] = []
    last = 0
    pattern = _text(pattern)
    for match in re.finditer(r"%(?:%|([-+ 0#]*)(\d+)?(?:\.(\d+))?([a-zA-Z]))", pattern):
        parts.append(pattern[last : match.start()])
        last = match.end()
        if match.group() == "%%":
            parts.append("%")
            continue
        flags, width, precision, verb = match.groups()
        if int(width or 0) > _WIDEST or int(precision or 0) > _WIDEST:
            raise Exceeded(
                f"format() pads to more than {_WIDEST:,} characters; the gate evaluates up to that"
            )
        value = next(rest, ABSENT)
        if value is ABSENT:
            raise Refused("there are fewer values than verbs")
        if isinstance(value, Unknown):
            parts.extend(value.parts or (value,))
        elif verb in "sv" and not (flags or width or precision):
            parts.append(as_text(value) if as_text(value) is not None else json.dumps(value))
        elif verb == "d":
            parts.append(f"%{flags}{width or ''}d" % _whole(value))
        elif verb == "f":
            parts.append(f"%{flags}{width or ''}.{precision or 6}f" % _number(value))
        elif verb in "xX":
            parts.append(f"%{flags}{width or ''}{verb}" % _whole(value))
        elif verb in "sv":
            parts.append(f"%{flags}{width or ''}s" % _text(value))
        elif verb == "t":
            parts.append(_text(value))
        elif verb == "q":
            parts.append(json.dumps(_text(value), ensure_ascii=False))
        else:
            raise Refused(f"%{verb} is not evaluated here")
    if next(rest, ABSENT) is not ABSENT:
        raise Refused("there are more values than verbs")
    parts.append(pattern[last:])
    return text_of(parts)


def _contains(arguments: list[Any]) -> Any:
    items, wanted = arguments
    blind = first_unknown(arguments)
    if isinstance(items, list) and not isinstance(wanted, Unknown):
        if any(equal(item, wanted) for item in items if first_unknown(item) is None):
            return True
        if blind is None:
            return False
    return unknown_from("contains() of something unknown", *arguments)


def _nonsensitive(arguments: list[Any]) -> Any:
    # The mark is kept: what the configuration shows on purpose need still not stand in a report.
    return arguments[0]


def _sensitive(arguments: list[Any]) -> Any:
    from policies.engine.values import Sensitive

    value = arguments[0]
    return Sensitive(value, references_of(value)) if isinstance(value, str) else value


def _tostring(arguments: list[Any]) -> Any:
    value = arguments[0]
    return value if value is None or isinstance(value, Unknown) else traced(_text(value), value)


# Functions of known arguments only.


def _cidrsubnet(arguments: list[Any]) -> str:
    import ipaddress

    network = ipaddress.ip_network(_text(arguments[0]), strict=False)
    new_bits, number = _whole(arguments[1]), _whole(arguments[2])
    prefix = network.prefixlen + new_bits
    if (
        not 0 <= new_bits <= network.max_prefixlen
        or not 0 <= number < 2**new_bits
        or prefix > network.max_prefixlen
    ):
        raise Refused("the prefix has no such subnet")
    first = int(network.network_address) + (number << (network.max_prefixlen - prefix))
    return f"{type(network.network_address)(first)}/{prefix}"


def _cidrsubnets(arguments: list[Any]) -> list[str]:
    import ipaddress

    network = ipaddress.ip_network(_text(arguments[0]), strict=False)
    position = int(network.network_address)
    result = []
    for bits in arguments[1:]:
        prefix = network.prefixlen + _whole(bits)
        if not network.prefixlen <= prefix <= network.max_prefixlen:
            raise Refused("the prefix has no such subnet")
        size = 1 << (network.max_prefixlen - prefix)
        position = -(-position // size) * size
        if position + size > int(network.broadcast_address) + 1:
            raise Refused("the prefix has no room for them")
        result.append(f"{type(network.network_address)(position)}/{prefix}")
        position += size
    return result


def _cidrhost(arguments: list[Any]) -> str:
    import ipaddress

    network = ipaddress.ip_network(_text(arguments[0]), strict=False)
    number = _whole(arguments[1])
    if not -network.num_addresses <= number < network.num_addresses:
        raise Refused("the prefix has no such host")
    return str(network[number])


def _cidrnetmask(arguments: list[Any]) -> str:
    import ipaddress

    return str(ipaddress.IPv4Network(_text(arguments[0]), strict=False).netmask)


def _replace(arguments: list[Any]) -> str:
    text, search, replacement = map(_text, arguments)
    if len(search) > 1 and search.startswith("/") and search.endswith("/"):
        return _pattern(search[1:-1]).replaced(text, replacement)
    found = text.count(search)
    BUDGET.afford(size(text) + found * size(replacement))
    return text.replace(search, replacement)


def _pattern(text: str) -> regular_expressions.Pattern:
    try:
        return regular_expressions.compiled(text)
    except ValueError as error:
        raise Refused(str(error)) from error


def _split(arguments: list[Any]) -> list[str]:
    separator, text = map(_text, arguments)
    if not text:
        return [""] if separator else []
    return text.split(separator) if separator else list(text)


def _substr(arguments: list[Any]) -> str:
    text, offset, length = _text(arguments[0]), _whole(arguments[1]), _whole(arguments[2])
    start = max(len(text) + offset, 0) if offset < 0 else offset
    return text[start:] if length < 0 else text[start : start + length]


def _title(arguments: list[Any]) -> str:
    return re.sub(r"(^|\s)(\S)", lambda match: match.group(1) + match.group(2).upper(), _text(arguments[0]))


def _range(arguments: list[Any]) -> list[float]:
    numbers = [_number(argument) for argument in arguments]
    start, end = (0, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    step = numbers[2] if len(numbers) > 2 else (1 if end >= start else -1)
    if step == 0 or abs((end - start) / step) > 1024:
        raise Refused("it would have more than 1,024 elements")
    result: list[float] = []
    while (start < end) if step > 0 else (start > end):
        if start + step == start or len(result) > 1024:
            raise Refused("the step is too small")
        result.append(start)
        start += step
    return result


def _chunklist(arguments: list[Any]) -> list[list[Any]]:
    items, size = _list(arguments[0]), _whole(arguments[1])
    if size < 1:
        raise Refused("the size is too small")
    return [items[start : start + size] for start in range(0, len(items), size)]


def _setproduct(arguments: list[Any]) -> list[list[Any]]:
    import itertools

    BUDGET.spend(math.prod(len(_list(argument)) for argument in arguments) * (1 + len(arguments)))
    return [list(row) for row in itertools.product(*arguments)]


def _setoperation(keep: Callable[[Any, list[Any]], bool]) -> Function:
    def operate(arguments: list[Any]) -> list[Any]:
        result = _list(arguments[0])
        for other in arguments[1:]:
            others = _list(other)
            result = [item for item in result if keep(item, others)]
        return _as_set(result)

    return operate


def _within(item: Any, others: list[Any]) -> bool:
    return any(equal(item, other) for other in others)


def _extreme(choose: Callable[[list[float]], float]) -> Function:
    return lambda arguments: choose([_number(argument) for argument in arguments])


def _index(arguments: list[Any]) -> int:
    for position, item in enumerate(_list(arguments[0])):
        if equal(item, arguments[1]):
            return position
    raise Refused("there is no such element")


def _regex(arguments: list[Any]) -> Any:
    pattern, text = _pattern(_text(arguments[0])), _text(arguments[1])
    found = pattern.search(text)
    if found is None:
        raise Refused("the pattern matches nothing")
    return _captured(pattern, text, found)


def _regexall(arguments: list[Any]) -> list[Any]:
    pattern, text = _pattern(_text(arguments[0])), _text(arguments[1])
    return [_captured(pattern, text, found) for found in pattern.all(text)]


def _captured(
    pattern: regular_expressions.Pattern, text: str, found: regular_expressions.Capture
) -> str | list[str | None] | dict[str, str | None]:
    """A match: the text of it, or of its groups."""
    pieces = [
        text[start:end] if start >= 0 else None for start, end in zip(found[::2], found[1::2], strict=True)
    ]
    BUDGET.make(sum(size(piece) for piece in pieces if piece is not None))
    if not pattern.names:
        return pieces[0] or ""
    if all(pattern.names):
        return dict(zip(pattern.names, pieces[1:], strict=True))
    if any(pattern.names):
        raise Refused("some of the groups have names, and some have none")
    return pieces[1:]


def _pow(arguments: list[Any]) -> float:
    base, exponent = map(_number, arguments)
    if abs(exponent) > 256 or (isinstance(base, int) and base.bit_length() * abs(exponent) > _LARGEST_POWER):
        raise Refused("the power is too large")
    return _narrow(float(base**exponent)) if exponent < 0 else base**exponent


def _indent(arguments: list[Any]) -> str:
    spaces, text = min(_whole(arguments[0]), 200), _text(arguments[1])
    BUDGET.afford(size(text) + spaces * text.count("\n"))
    return text.replace("\n", "\n" + " " * spaces)


def _tobool(arguments: list[Any]) -> bool | None:
    truth = as_boolean(arguments[0])
    if truth is None and arguments[0] is not None:
        raise Refused("it is no boolean")
    return truth


def _transpose(arguments: list[Any]) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    for key, values in sorted(_map(arguments[0]).items()):
        for value in _list(values):
            result.setdefault(_text(value), []).append(key)
    return result


_PARTIAL: Final[dict[str, Function]] = {
    "base64encode": _base64encode,
    "base64gzip": _base64gzip,
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "compact": _compact,
    "concat": _concat,
    "contains": _contains,
    "distinct": _distinct_of,
    "element": _element,
    "flatten": _flatten,
    "format": _format,
    "join": _join,
    "jsondecode": _jsondecode,
    "jsonencode": _jsonencode,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "merge": _merge,
    "nonsensitive": _nonsensitive,
    "one": _one,
    "reverse": _reverse,
    "sensitive": _sensitive,
    "slice": _slice,
    "tolist": _tolist,
    "tomap": _tomap,
    "toset": _toset,
    "tostring": _tostring,
    "values": _values,
    "zipmap": _zipmap,
}

# Those that hand elements on as they are: resources may stay resources for a splat that follows.
_COLLECTIONS: Final = frozenset(
    {
        "coalescelist",
        "compact",
        "concat",
        "element",
        "flatten",
        "keys",
        "length",
        "lookup",
        "merge",
        "one",
        "reverse",
        "slice",
        "tolist",
        "tomap",
        "values",
        "zipmap",
    }
)

_EXACT: Final[dict[str, Function]] = {
    "abs": lambda a: abs(_number(a[0])),
    "alltrue": lambda a: all(as_boolean(item) for item in _list(a[0])),
    "anytrue": lambda a: any(as_boolean(item) for item in _list(a[0])),
    "base64decode": lambda a: base64.b64decode(_text(a[0]), validate=True).decode(),
    "ceil": lambda a: math.ceil(_number(a[0])),
    "chomp": lambda a: _text(a[0]).rstrip("\r\n"),
    "chunklist": _chunklist,
    "cidrhost": _cidrhost,
    "cidrnetmask": _cidrnetmask,
    "cidrsubnet": _cidrsubnet,
    "cidrsubnets": _cidrsubnets,
    "endswith": lambda a: _text(a[0]).endswith(_text(a[1])),
    "floor": lambda a: math.floor(_number(a[0])),
    "indent": _indent,
    "index": _index,
    "lower": lambda a: _text(a[0]).lower(),
    "matchkeys": lambda a: [
        value for value, key in zip(_list(a[0]), _list(a[1]), strict=True) if _within(key, _list(a[2]))
    ],
    "max": _extreme(max),
    "min": _extreme(min),
    "parseint": lambda a: int(_text(a[0]), _whole(a[1])),
    "pow": _pow,
    "range": _range,
    "regex": _regex,
    "regexall": _regexall,
    "replace": _replace,
    "setintersection": _setoperation(_within),
    "setproduct": _setproduct,
    "setsubtract": _setoperation(lambda item, others: not _within(item, others)),
    "setunion": lambda a: _as_set([item for items in a for item in _list(items)]),
    "signum": lambda a: (_number(a[0]) > 0) - (_number(a[0]) < 0),
    "sort": lambda a: sorted(map(_text, _list(a[0]))),
    "split": _split,
    "startswith": lambda a: _text(a[0]).startswith(_text(a[1])),
    "strcontains": lambda a: _text(a[1]) in _text(a[0]),
    "strrev": lambda a: _text(a[0])[::-1],
    "substr": _substr,
    "sum": lambda a: bounded(sum(_number(item) for item in _list(a[0]))),
    "title": _title,
    "tobool": _tobool,
    "tonumber": lambda a: None if a[0] is None else _number(a[0]),
    "transpose": _transpose,
    "trim": lambda a: _text(a[0]).strip(_text(a[1])),
    "trimprefix": lambda a: _text(a[0]).removeprefix(_text(a[1])),
    "trimspace": lambda a: _text(a[0]).strip(),
    "trimsuffix": lambda a: _text(a[0]).removesuffix(_text(a[1])),
    "upper": lambda a: _text(a[0]).upper(),
}
