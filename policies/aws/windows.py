"""Times of day and of the week as AWS writes them, in minutes, and whether they overlap."""

from __future__ import annotations

import re
from typing import Final

DAY: Final = 24 * 60
WEEK: Final = 7 * DAY
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAILY: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_WEEKLY: Final = re.compile(
    rf"({'|'.join(_DAYS)}):([01]\d|2[0-3]):([0-5]\d)-({'|'.join(_DAYS)}):([01]\d|2[0-3]):([0-5]\d)",
    re.IGNORECASE,
)


def daily(window: str) -> tuple[int, int]:
    """Start (minute of the day) and length in minutes of `hh24:mi-hh24:mi`; it may run past midnight.

    Raises:
        ValueError: it is not such a window.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    (PreferredBackupWindow)
    """
    match = _DAILY.fullmatch(window)
    if match is None:
        raise ValueError(f"{window!r} is not a daily window such as 03:00-04:00")
    first, second, third, fourth = map(int, match.groups())
    start = first * 60 + second
    return start, (third * 60 + fourth - start) % DAY


def weekly(window: str) -> tuple[int, int]:
    """Start (minute of the week, which begins on Monday) and length in minutes of `ddd:hh24:mi-ddd:hh24:mi`.

    Raises:
        ValueError: it is not such a window.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    (PreferredMaintenanceWindow)
    """
    match = _WEEKLY.fullmatch(window)
    if match is None:
        raise ValueError(f"{window!r} is not a weekly window such as sun:04:00-sun:05:00")
    day, hour, minute, last_day, last_hour, last_minute = match.groups()
    start = _DAYS.index(day.lower()) * DAY + int(hour) * 60 + int(minute)
    end = _DAYS.index(last_day.lower()) * DAY + int(last_hour) * 60 + int(last_minute)
    return start, (end - start) % WEEK


def overlap(backup: str, maintenance: str) -> bool:
    """Whether a daily and a weekly window share a minute; windows that only touch do not.

    Raises:
        ValueError: either is malformed.
    """
    start, length = daily(backup)
    week_start, week_length = weekly(maintenance)
    return any(
        (week_start - (day * DAY + start)) % WEEK < length
        or (day * DAY + start - week_start) % WEEK < week_length
        for day in range(7)
    )


def daily_from(start: str, length: int) -> str:
    """The daily window of a length, in minutes, that begins at a time of day such as 03:00."""
    begin, _ = daily(f"{start}-{start}")
    return f"{_time(begin)}-{_time(begin + length)}"


def weekly_behind(window: str, former: str) -> str:
    """A weekly window that begins when a daily one ends: as long as a former one, and on its day, if there was one.

    Raises:
        ValueError: the daily window is malformed.
    """
    start, length = daily(window)
    try:
        begin, lasting = weekly(former)
    except ValueError:
        begin, lasting = _DAYS.index("sun") * DAY, 60
    # What is left of the day between two backups; nobody maintains for longer.
    lasting = min(lasting, DAY - length)
    begin = begin // DAY * DAY + (start + length) % DAY
    return "-".join(f"{_DAYS[at // DAY % 7]}:{_time(at)}" for at in (begin, begin + lasting))


def _time(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"
