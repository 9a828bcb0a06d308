"""Refusals that are rows of `facts.json`.

A row is a `check` (a list of tests that an argument's value has to pass) or one of the groups
`conflicts`, `exactly_one`, `at_least_one`, `required_with` (arguments named from the top).

Tests of a `check`, each an object with one key:

- `in`, `in_fold`: one of these values; without regard to case
- `length`: [least, most] characters; `items`: [least, most] elements; null is no limit
- `range`: [least, most]; `above`: greater than; `multiple`: divisible by
- `match`, `not_match`: a regular expression that occurs in the value, or must not
- `form`: one of `FORMS`
- `prefix`: [least, most] bits of a CIDR's prefix
- `any`: lists of tests, of which one list has to hold; `each`: tests for every element

A value that is not known yet is never refused.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from mock_provider import facts
from mock_provider.values import UNKNOWN, Path, has_unknown

State = dict[str, Any]
Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Refusal:
    """One diagnostic: `path` is the argument that it points at."""

    path: Path
    summary: str
    detail: str = ""
    severity: Severity = "error"


def check(kind: Literal["resource", "data"], terraform_type: str, config: State) -> Iterator[Refusal]:
    """What the data file's rows of a type say against a configuration."""
    entry = facts.document()[kind].get(terraform_type, {})
    framework = bool(entry.get("framework"))
    for path, fact, value, _sources in entry.get("rows", ()):
        if fact == "check":
            yield from _checked(config, facts.split(path), value, framework)
        elif fact in _GROUPS:
            yield from _GROUPS[fact](config, facts.split(path), [facts.split(one) for one in value])


def places(holder: Any, path: facts.ArgumentPath, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that `path` leads to, with its positions; `*` is every element of a list."""
    if not path:
        yield at, holder
    elif path[0] == "*":
        for position, inner in enumerate(holder if isinstance(holder, list) else []):
            yield from places(inner, path[1:], (*at, position))
    elif isinstance(holder, list):
        for position, inner in enumerate(holder):
            yield from places(inner, path, (*at, position))
    elif isinstance(holder, dict):
        yield from places(holder.get(path[0]), path[1:], (*at, path[0]))


def _checked(
    config: State, path: facts.ArgumentPath, tests: list[State], framework: bool
) -> Iterator[Refusal]:
    for where, value in places(config, path):
        if value is not None and value is not UNKNOWN:
            wrong = failure(value, tests, _key(where))
            if wrong is not None:
                yield Refusal(where, *_worded(where, wrong, value, framework))


def _key(where: Path) -> str:
    return str(next((step for step in reversed(where) if isinstance(step, str)), ""))


def _worded(where: Path, wrong: str, value: Any, framework: bool) -> tuple[str, str]:
    """A summary and a detail, as the provider's older resources give them or as its newer ones do."""
    if not framework:
        return wrong, ""
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where).removeprefix(".")
    must = re.sub(rf"^expected (length of )?{re.escape(_key(where))} to ", r"\1must ", wrong)
    return (
        "Invalid Attribute Value",
        f"Attribute {name} {must.replace('length of must', 'string length must')}"
        if must != wrong
        else f"Attribute {name}: {wrong}",
    )


def failure(value: Any, tests: list[State], key: str) -> str | None:
    """The first of `tests` that `value` does not pass, in words; None when it passes all."""
    for test in tests:
        [(name, wanted)] = test.items()
        wrong = _TESTS[name](value, wanted, key)
        if wrong is not None:
            return wrong
    return None


def _quoted(values: list[Any]) -> str:
    return "[" + " ".join(f'"{one}"' if isinstance(one, str) else str(one) for one in values) + "]"


def shown(value: Any) -> str:
    """A value as Terraform's messages show it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _in(value: Any, wanted: list[Any], key: str) -> str | None:
    if value in wanted or (isinstance(value, bool) and shown(value) in wanted):
        return None
    return f"expected {key} to be one of {_quoted(wanted)}, got {shown(value)}"


def _in_fold(value: Any, wanted: list[str], key: str) -> str | None:
    if shown(value).lower() in (one.lower() for one in wanted):
        return None
    return f"expected {key} to be one of {_quoted(wanted)}, got {shown(value)}"


def _length(value: Any, wanted: list[int], key: str) -> str | None:
    if wanted[0] <= len(str(value)) <= wanted[1]:
        return None
    return f"expected length of {key} to be in the range ({wanted[0]} - {wanted[1]}), got {value}"


def _items(value: Any, wanted: list[int | None], key: str) -> str | None:
    least, most = wanted
    count = len(value) if isinstance(value, (list, dict)) else 1
    if least is not None and count < least:
        return f"expected {key} to have at least {least} elements, got {count}"
    if most is not None and count > most:
        return f"expected {key} to have at most {most} elements, got {count}"
    return None


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _range(value: Any, wanted: list[float | None], key: str) -> str | None:
    if value == "":
        return None
    number, (least, most) = _number(value), wanted
    if number is None:
        return f"expected {key} to be a number, got {value}"
    if least is not None and most is not None and not least <= number <= most:
        return f"expected {key} to be in the range ({least} - {most}), got {shown(value)}"
    if least is not None and number < least:
        return f"expected {key} to be at least ({least}), got {shown(value)}"
    if most is not None and number > most:
        return f"expected {key} to be at most ({most}), got {shown(value)}"
    return None


def _above(value: Any, wanted: float, key: str) -> str | None:
    number = _number(value)
    return (
        None
        if number is not None and number > wanted
        else f"expected {key} to be greater than ({wanted}), got {value}"
    )


def _multiple(value: Any, wanted: int, key: str) -> str | None:
    number = _number(value)
    return (
        None
        if number is not None and number % wanted == 0
        else f"expected {key} to be divisible by {wanted}, got: {value}"
    )


def _match(value: Any, wanted: str, key: str) -> str | None:
    if re.search(_python(wanted), str(value)):
        return None
    return f'expected value of {key} to match regular expression "{wanted}", got {value}'


def _not_match(value: Any, wanted: str, key: str) -> str | None:
    if not re.search(_python(wanted), str(value)):
        return None
    return f'expected value of {key} to not match regular expression "{wanted}", got {value}'


def _python(expression: str) -> str:
    r"""A regular expression of Go in Python's form: classes of letters, and \w for ASCII alone."""
    return re.sub(
        r"\[(?:\\p\{[A-Z]\})+\]",
        r"(?s:.)",
        f"(?a){expression}" if not expression.startswith("(?") else expression,
    )


def _prefix(value: Any, wanted: list[int], key: str) -> str | None:
    try:
        bits = ipaddress.ip_network(str(value), strict=False).prefixlen
    except ValueError:
        return None
    if wanted[0] <= bits <= wanted[1]:
        return None
    return (
        f'expected "{key}" to contain a network Value with between {wanted[0]} and {wanted[1]} '
        f"significant bits, got: {bits}"
    )


def _any(value: Any, wanted: list[list[State]], key: str) -> str | None:
    wrong = [failure(value, tests, key) for tests in wanted]
    return None if None in wrong else " or ".join(str(one) for one in wrong)


def _each(value: Any, wanted: list[State], key: str) -> str | None:
    for one in value if isinstance(value, list) else []:
        wrong = None if one is UNKNOWN else failure(one, wanted, key)
        if wrong is not None:
            return wrong
    return None


def _form(value: Any, wanted: str, key: str) -> str | None:
    return FORMS[wanted](value, key)


def _cidr(version: int) -> Callable[[Any, str], str | None]:
    def form(value: Any, key: str) -> str | None:
        if value == "":
            return f'"{value}" is not a valid IPv{version} CIDR block'
        try:
            network = ipaddress.ip_network(str(value), strict=False)
        except ValueError:
            return f'"{value}" is not a valid CIDR block: invalid CIDR address: {value}'
        if network.version != version or "/" not in str(value):
            return f'"{value}" is not a valid IPv{version} CIDR block'
        if str(value).lower() not in (str(network), network.exploded):
            return f'"{value}" is not a valid IPv{version} CIDR block; did you mean "{network}"?'
        return None

    return form


def _address(version: int | None) -> Callable[[Any, str], str | None]:
    def form(value: Any, key: str) -> str | None:
        try:
            found = ipaddress.ip_address(str(value))
        except ValueError:
            return f"expected {key} to contain a valid IP, got: {value}"
        if version is not None and found.version != version:
            return f"expected {key} to contain a valid IPv{version} address, got: {value}"
        return None

    return form


_ARN = re.compile(
    r"arn:(?P<partition>[^:]*):(?P<service>[^:]*):(?P<region>[^:]*):(?P<account>[^:]*):(?P<resource>.*)", re.S
)


def _arn(value: Any, key: str) -> str | None:
    if value == "":
        return None
    start = f'"{key}" ({value}) is an invalid ARN: '
    match = _ARN.fullmatch(str(value))
    if match is None:
        return start + (
            "arn: invalid prefix" if not str(value).startswith("arn:") else "arn: not enough sections"
        )
    if not re.fullmatch(r"aws(-[a-z]+)*", match["partition"]):
        return start + "invalid partition value"
    if match["region"] and not re.fullmatch(_REGION, match["region"]):
        return start + "invalid region value"
    if match["account"] and not re.fullmatch(
        r"aws|aws-managed|third-party|aws-marketplace|\d{12}|cw\d{10}", match["account"]
    ):
        return start + "invalid account ID value"
    return start + "missing resource value" if not match["resource"] else None


_REGION = r"[a-z]{2}(-[a-z]+)+-\d{1,2}"


def _region(value: Any, key: str) -> str | None:
    if str(value) in facts.document()["regions"]:
        return None
    return f'"{key}" doesn\'t look like AWS Region name ("{value}")'


def _json(value: Any, key: str) -> str | None:
    try:
        json.loads(str(value))
    except ValueError as error:
        return f'"{key}" contains an invalid JSON: {error}'
    return None


def _policy(value: Any, key: str) -> str | None:
    text = str(value).strip()
    if not text:
        return f'"{key}" is an empty string, which is not a valid JSON value'
    start = f'"{key}" contains an invalid JSON policy: '
    try:
        document = json.loads(text, object_pairs_hook=_distinct)
    except _Duplicate as error:
        return f'"{key}" contains duplicate JSON keys: {error}'
    except ValueError as error:
        return start + str(error)
    if isinstance(document, str):
        return start + "contains a JSON-encoded string, not a JSON-encoded object"
    return None if isinstance(document, dict) else start + "not a JSON object"


class _Duplicate(ValueError):
    pass


def _distinct(pairs: list[tuple[str, Any]]) -> State:
    found: State = {}
    for key, value in pairs:
        if key in found:
            raise _Duplicate(f'duplicate key "{key}"')
        found[key] = value
    return found


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DAY_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_WEEK_WINDOW = re.compile(
    rf"({'|'.join(DAYS)}):([01]\d|2[0-3]):([0-5]\d)-({'|'.join(DAYS)}):([01]\d|2[0-3]):([0-5]\d)", re.I
)


def _day_window(value: Any, key: str) -> str | None:
    if value == "" or _DAY_WINDOW.fullmatch(str(value)):
        return None
    return f"(must be valid and in UTC, in the form hh24:mi-hh24:mi): {key} = {value}"


def _week_window(value: Any, key: str) -> str | None:
    if value == "" or _WEEK_WINDOW.fullmatch(str(value)):
        return None
    return f"(must be valid and in UTC, in the form ddd:hh24:mi-ddd:hh24:mi): {key} = {value}"


def day_window(value: object) -> tuple[int, int] | None:
    """Start in minutes of the day and length in minutes of `hh:mm-hh:mm`; None when it is not one."""
    match = _DAY_WINDOW.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    start, end = (int(match[i]) * 60 + int(match[i + 1]) for i in (1, 3))
    return start, (end - start) % 1440


def week_window(value: object) -> tuple[int, int] | None:
    """Start in minutes of the week (from Monday) and length in minutes of `ddd:hh:mm-ddd:hh:mm`."""
    match = _WEEK_WINDOW.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    start, end = (
        DAYS.index(match[i].lower()) * 1440 + int(match[i + 1]) * 60 + int(match[i + 2]) for i in (1, 4)
    )
    return start, (end - start) % 10080


def windows_meet(daily: tuple[int, int], weekly: tuple[int, int]) -> bool:
    """Whether a daily and a weekly window have a minute in common, across midnight and the week's end.

    Both are half-open: 03:00-04:00 and Sunday 04:00-05:00 touch and do not meet.
    """
    for day in range(7):
        start = day * 1440 + daily[0]
        if (weekly[0] - start) % 10080 < daily[1] or (start - weekly[0]) % 10080 < weekly[1]:
            return True
    return False


def _account(value: Any, key: str) -> str | None:
    if re.fullmatch(r"\d{12}", str(value)):
        return None
    return f'"{key}" doesn\'t look like AWS Account ID (exactly 12 digits): "{value}"'


def _not_empty(value: Any, key: str) -> str | None:
    return f'expected "{key}" to not be an empty string, got {value}' if value in ("", 0) else None


def _base64(value: Any, key: str) -> str | None:
    try:
        base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError):
        return f'expected "{key}" to be a base64 string, got {str(value)[:60]}'
    return None


def _matching(expression: str, words: str) -> Callable[[Any, str], str | None]:
    compiled = re.compile(expression)

    def form(value: Any, key: str) -> str | None:
        return (
            None
            if value == "" or compiled.fullmatch(str(value))
            else f'expected "{key}" to be {words}, got {value}'
        )

    return form


def _port(value: Any, key: str) -> str | None:
    number = _number(value)
    if number is not None and 1 <= number <= 65535:
        return None
    return f'"{key}" must be a valid port number (1-65535), got {value}'


def _ip_protocol(value: Any, key: str) -> str | None:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html."""
    if str(value).lower() in ("tcp", "udp", "icmp", "icmpv6", "-1", "58"):
        return None
    number = _number(value)
    if number is not None and 0 <= number <= 255:
        return None
    return f"expected {key} to be tcp, udp, icmp, icmpv6, a protocol number or -1, got {value}"


# Arguments of an Auto Scaling group that start an instance refresh by themselves, or cannot.
def _refresh_trigger(value: Any, key: str) -> str | None:
    if value in ("arn", "id", "predicted_capacity", "warm_pool_size"):
        return f"'{value}' is a read-only parameter and cannot be used to trigger an instance refresh"
    return None


FORMS: dict[str, Callable[[Any, str], str | None]] = {
    "account": _account,
    "arn": _arn,
    "base64": _base64,
    "cidr4": _cidr(4),
    "cidr6": _cidr(6),
    "day_window": _day_window,
    "duration": _matching(r"(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+|0", "a duration such as 10m"),
    "ip": _address(None),
    "ip4": _address(4),
    "ip6": _address(6),
    "ip_protocol": _ip_protocol,
    "json": _json,
    "not_empty": _not_empty,
    "number": _matching(r"-?\d+(\.\d+)?", "a number"),
    "policy": _policy,
    "port": _port,
    "refresh_trigger": _refresh_trigger,
    "region": _region,
    "rfc3339": _matching(
        r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})", "a valid RFC3339 date"
    ),
    "week_window": _week_window,
}

_TESTS: dict[str, Callable[[Any, Any, str], str | None]] = {
    "above": _above,
    "any": _any,
    "each": _each,
    "form": _form,
    "in": _in,
    "in_fold": _in_fold,
    "items": _items,
    "length": _length,
    "match": _match,
    "multiple": _multiple,
    "not_match": _not_match,
    "prefix": _prefix,
    "range": _range,
}


def may_be_set(value: Any) -> bool:
    """Whether an argument is given, or could turn out to be: not null, no empty list of blocks."""
    return value is not None and value != []


def is_set(value: Any) -> bool:
    """Whether an argument is surely given: what is not known yet may turn out to be null."""
    return may_be_set(value) and value is not UNKNOWN


def _given(config: State, path: facts.ArgumentPath, beside: Path) -> bool:
    """Whether the argument at `path` is given, in the same blocks as `beside` as far as they go together."""
    holder: Any = config
    steps = iter(beside)
    together = True
    for step in path:
        if isinstance(holder, list):
            position = next(steps, 0) if together else 0
            position = position if isinstance(position, int) else 0
            holder = holder[position] if position < len(holder) else None
        if not isinstance(holder, dict):
            return holder is UNKNOWN
        together = together and next(steps, None) == step
        holder = holder.get(step)
    return may_be_set(holder)


def _named(path: facts.ArgumentPath) -> str:
    return ".".join(path)


def _conflicts(
    config: State, path: facts.ArgumentPath, others: list[facts.ArgumentPath]
) -> Iterator[Refusal]:
    for where, value in places(config, path):
        if is_set(value):
            for other in others:
                if other != path and _given(config, other, where) and not _unknown(config, other, where):
                    yield Refusal(
                        where,
                        "Conflicting configuration arguments",
                        f'"{_named(path)}": conflicts with {_named(other)}',
                    )


def _unknown(config: State, path: facts.ArgumentPath, beside: Path) -> bool:
    return any(value is UNKNOWN for _, value in places(config, path))


def _exactly_one(
    config: State, path: facts.ArgumentPath, group: list[facts.ArgumentPath]
) -> Iterator[Refusal]:
    for where in _around(config, path):
        if any(_unknown(config, one, where) for one in group):
            continue
        given = [one for one in group if _given(config, one, where)]
        names = ",".join(_named(one) for one in group)
        if not given:
            # The same for every argument of the group, so that it is told once.
            yield Refusal(
                (*where[:-1], group[0][-1]),
                "Invalid combination of arguments",
                f'"{_named(group[0])}": one of `{names}` must be specified',
            )
        elif len(given) > 1 and path in given:
            yield Refusal(
                where,
                "Invalid combination of arguments",
                f'"{_named(path)}": only one of `{names}` can be specified, but '
                f"`{','.join(_named(one) for one in given)}` were specified.",
            )


def _at_least_one(
    config: State, path: facts.ArgumentPath, group: list[facts.ArgumentPath]
) -> Iterator[Refusal]:
    for where in _around(config, path):
        if not any(_given(config, one, where) for one in group):
            names = ",".join(_named(one) for one in group)
            yield Refusal(
                (*where[:-1], group[0][-1]),
                "Missing required argument",
                f'"{_named(group[0])}": one of `{names}` must be specified',
            )


def _required_with(
    config: State, path: facts.ArgumentPath, group: list[facts.ArgumentPath]
) -> Iterator[Refusal]:
    for where, value in places(config, path):
        if is_set(value) and not all(_given(config, one, where) for one in group):
            names = ",".join(_named(one) for one in sorted({*group, path}))
            yield Refusal(
                where, "Missing required argument", f'"{_named(path)}": all of `{names}` must be specified'
            )


def _around(config: State, path: facts.ArgumentPath) -> Iterator[Path]:
    """The places where an argument is or could be: in every block that is there."""
    for where, value in places(config, path):
        if not (has_unknown(value) and value is UNKNOWN):
            yield where


_GROUPS: dict[str, Callable[[State, facts.ArgumentPath, list[facts.ArgumentPath]], Iterator[Refusal]]] = {
    "conflicts": _conflicts,
    "exactly_one": _exactly_one,
    "at_least_one": _at_least_one,
    "required_with": _required_with,
}
