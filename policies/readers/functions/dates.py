"""Functions of points in time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from policies.readers.functions.calling import counted, function
from policies.readers.numbers import Whole
from policies.readers.types import Refused, Undecided

_TIMESTAMP: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_UNITS: Final = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_DURATION: Final = re.compile(r"(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Time:
    """A point in time: what clocks show there, nanoseconds beyond the second, and the minutes they are ahead."""

    local: datetime
    nanoseconds: int
    ahead: int

    def order(self) -> tuple[datetime, int]:
        return self.local - timedelta(minutes=self.ahead), self.nanoseconds


def _parsed(text: str) -> _Time:
    match = _TIMESTAMP.fullmatch(str.__str__(text))
    if not match:
        raise Refused("it is no timestamp")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    sign, hours, minutes = match.group(8), int(match.group(9) or 0), int(match.group(10) or 0)
    if hours > 23 or minutes > 59 or year == 0:
        raise Undecided("a timestamp at the edge of what there is")
    try:
        local = datetime(year, month, day, hour, minute, second)
    except ValueError as error:
        raise Refused("it is no timestamp") from error
    nanoseconds = int((match.group(7) or ".0")[1:10].ljust(9, "0"))
    return _Time(local, nanoseconds, (hours * 60 + minutes) * (-1 if sign == "-" else 1))


def _offset(ahead: int, colon: str) -> str:
    sign = "-" if ahead < 0 else "+"
    return f"{sign}{abs(ahead) // 60:02d}{colon}{abs(ahead) % 60:02d}"


@function("timeadd", "string", "string")
def _timeadd(timestamp: str, duration: str) -> str:
    time = _parsed(timestamp)
    total = time.nanoseconds + _nanoseconds(str.__str__(duration))
    try:
        local = time.local + timedelta(seconds=total // 10**9)
    except OverflowError as error:
        raise Undecided("a timestamp at the edge of what there is") from error
    zone = _offset(time.ahead, ":") if time.ahead else "Z"
    return f"{local.isoformat(timespec='seconds')}{zone}"


def _nanoseconds(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    if not rest:
        raise Refused("it is no duration")
    total = at = 0
    while at < len(rest):
        match = _DURATION.match(rest, at)
        if not match or not (match.group(1) or match.group(2)):
            raise Refused("it is no duration")
        if len(match.group()) > 30:
            raise Undecided("a duration of many digits")
        unit = _UNITS[match.group(3)]
        fraction = Fraction(int(match.group(2) or 0), 10 ** len(match.group(2) or ""))
        total += int(match.group(1) or 0) * unit + int(fraction * unit)
        at = match.end()
    if total >= 1 << 63:
        raise Refused("the duration is too long")
    return sign * total


@function("timecmp", "string", "string")
def _timecmp(left: str, right: str) -> Whole:
    first, second = _parsed(left).order(), _parsed(right).order()
    return counted((first > second) - (first < second))


_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TOKEN: Final = re.compile(r"''|'(?:[^']|'')*'|'.*|(?P<verb>[a-zA-Z])(?P=verb)*|[^'a-zA-Z]+", re.DOTALL)


@function("formatdate", "string", "string")
def _formatdate(pattern: str, timestamp: str) -> str:
    time = _parsed(timestamp)
    pieces = []
    for match in _TOKEN.finditer(str.__str__(pattern)):
        token = match.group()
        if token == "''":
            pieces.append("'")
        elif token.startswith("'"):
            if len(token) < 2 or not token.endswith("'"):
                raise Refused("a quote is not closed")
            pieces.append(token[1:-1].replace("''", "'"))
        else:
            pieces.append(_part(token, time) if match.group("verb") else token)
    return "".join(pieces)


def _part(token: str, time: _Time) -> str:
    local, length = time.local, len(token)
    hour = local.hour % 12 or 12
    found: dict[int, str] | None = {
        "Y": {2: f"{local.year % 100:02d}", 4: f"{local.year:04d}"},
        "M": _short_or_long(local.month) | {3: _MONTHS[local.month - 1][:3], 4: _MONTHS[local.month - 1]},
        "D": _short_or_long(local.day),
        "E": {3: _DAYS[local.weekday()][:3], 4: _DAYS[local.weekday()]},
        "h": _short_or_long(local.hour),
        "H": _short_or_long(hour),
        "A": {2: "PM" if local.hour >= 12 else "AM"},
        "a": {2: "pm" if local.hour >= 12 else "am"},
        "m": _short_or_long(local.minute),
        "s": _short_or_long(local.second),
        "Z": {
            1: _offset(time.ahead, ":") if time.ahead else "Z",
            3: _offset(time.ahead, "") if time.ahead else "UTC",
            4: _offset(time.ahead, ""),
            5: _offset(time.ahead, ":"),
        },
    }.get(token[0])
    if found is None or length not in found:
        raise Refused(f"{token!r} is no part of a date")
    return found[length]


def _short_or_long(number: int) -> dict[int, str]:
    return {1: str(number), 2: f"{number:02d}"}
