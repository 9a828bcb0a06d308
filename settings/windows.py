"""Daily and weekly windows as RDS and ElastiCache write them, their overlap, and their change to UTC.

Times of day are minutes since midnight, times of the week minutes since Monday 00:00. Intervals are half
open: a window that starts where another ends does not overlap it.

Source: PreferredBackupWindow and PreferredMaintenanceWindow in the Amazon RDS API reference
(https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html).
"""

from __future__ import annotations

import importlib.resources
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

DAY = 24 * 60
WEEK = 7 * DAY
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
_DAILY = re.compile(rf"{_CLOCK}-{_CLOCK}")
_WEEKLY = re.compile(rf"({'|'.join(DAYS)}):{_CLOCK}-({'|'.join(DAYS)}):{_CLOCK}")


@dataclass(frozen=True)
class Window:
    """A recurring window: `start` and `minutes` long, repeated every `period` (DAY or WEEK) minutes."""

    start: int
    minutes: int
    period: int

    def __str__(self) -> str:
        return f"{self._moment(self.start)}-{self._moment(self.start + self.minutes)}"

    def _moment(self, minute: int) -> str:
        minute %= self.period
        clock = f"{minute % DAY // 60:02}:{minute % 60:02}"
        return clock if self.period == DAY else f"{DAYS[minute // DAY]}:{clock}"

    def shifted(self, minutes: int) -> Window:
        """The same window, `minutes` later; past midnight or the end of the week it comes round."""
        return Window((self.start + minutes) % self.period, self.minutes, self.period)

    def overlaps(self, other: Window) -> bool:
        """Whether the two share a minute in any week."""
        return any(
            (theirs - ours) % WEEK < self.minutes or (ours - theirs) % WEEK < other.minutes
            for ours in range(self.start, WEEK, self.period)
            for theirs in range(other.start, WEEK, other.period)
        )


def daily(text: str) -> Window:
    """`hh:mm-hh:mm`, such as `03:00-04:00` or, across midnight, `23:30-00:30`.

    Raises:
        ValueError: the text is not of that form, or its two times are the same.
    """
    match = _DAILY.fullmatch(text)
    if not match:
        raise ValueError("a daily window hh:mm-hh:mm, as in 03:00-04:00")
    hour, minute, to_hour, to_minute = map(int, match.groups())
    return _window(hour * 60 + minute, to_hour * 60 + to_minute, DAY)


def weekly(text: str) -> Window:
    """`ddd:hh:mm-ddd:hh:mm`, such as `sun:04:00-sun:05:00` or, across the week's end, `sun:23:30-mon:00:30`.

    Raises:
        ValueError: the text is not of that form, or its two times are the same.
    """
    match = _WEEKLY.fullmatch(text)
    if not match:
        raise ValueError("a weekly window ddd:hh:mm-ddd:hh:mm, as in sun:04:00-sun:05:00")
    day, hour, minute, to_day, to_hour, to_minute = match.groups()
    start = DAYS.index(day) * DAY + int(hour) * 60 + int(minute)
    end = DAYS.index(to_day) * DAY + int(to_hour) * 60 + int(to_minute)
    return _window(start, end, WEEK)


def _window(start: int, end: int, period: int) -> Window:
    if start == end:
        raise ValueError("a window that ends later than it starts")
    return Window(start, (end - start) % period, period)


@cache
def utc_offset(timezone: str) -> int:
    """Minutes that `timezone` is ahead of UTC outside summer time, the same on every machine and day.

    AWS keeps windows in UTC all year, so where clocks change, the local window moves by an hour in summer.

    Raises:
        ValueError: no such name in the IANA time zone database (as the tzdata package has it).
    """
    folder = importlib.resources.files("tzdata.zoneinfo")
    parts = timezone.split("/")
    file = folder.joinpath(*parts)
    if not all(re.fullmatch(r"[A-Za-z0-9_+-]+", part) for part in parts) or not file.is_file():
        raise ValueError("a name of the IANA time zone database, as in UTC or Asia/Seoul")
    with file.open("rb") as handle:
        try:
            zone = ZoneInfo.from_file(handle, key=timezone)
        except ValueError as error:
            raise ValueError("a name of the IANA time zone database, as in UTC or Asia/Seoul") from error
    moments = [datetime(2026, month, 1, tzinfo=zone) for month in (1, 7)]
    return min(moment.utcoffset() or timedelta() for moment in moments) // timedelta(minutes=1)


def to_utc(window: Window, timezone: str) -> Window:
    """The window, given in `timezone`, in UTC."""
    return window.shifted(-utc_offset(timezone))
