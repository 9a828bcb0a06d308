"""Windows: their forms, their overlaps, and their change to UTC around midnight and the end of the week."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings import windows


@pytest.mark.parametrize(
    ("text", "timezone", "utc"),
    [
        ("03:00-04:00", "UTC", "03:00-04:00"),
        ("03:00-04:00", "Asia/Seoul", "18:00-19:00"),
        ("09:00-10:00", "Asia/Seoul", "00:00-01:00"),
        ("08:30-09:30", "Asia/Seoul", "23:30-00:30"),
        ("23:30-00:30", "Asia/Seoul", "14:30-15:30"),
        ("03:00-04:00", "America/New_York", "08:00-09:00"),
        ("20:00-21:00", "America/New_York", "01:00-02:00"),
        ("18:30-19:30", "America/New_York", "23:30-00:30"),
        ("03:00-04:00", "Asia/Kolkata", "21:30-22:30"),
        ("03:00-04:00", "Europe/Dublin", "03:00-04:00"),
        ("03:00-04:00", "Australia/Sydney", "17:00-18:00"),
    ],
)
def test_daily_window_in_utc(text: str, timezone: str, utc: str) -> None:
    assert str(windows.to_utc(windows.daily(text), timezone)) == utc


@pytest.mark.parametrize(
    ("text", "timezone", "utc"),
    [
        ("sun:04:00-sun:05:00", "UTC", "sun:04:00-sun:05:00"),
        ("sun:04:00-sun:05:00", "Asia/Seoul", "sat:19:00-sat:20:00"),
        ("mon:04:00-mon:05:00", "Asia/Seoul", "sun:19:00-sun:20:00"),
        ("mon:08:30-mon:09:30", "Asia/Seoul", "sun:23:30-mon:00:30"),
        ("sun:23:30-mon:00:30", "UTC", "sun:23:30-mon:00:30"),
        ("sun:20:00-sun:21:00", "America/New_York", "mon:01:00-mon:02:00"),
        ("sun:18:30-sun:19:30", "America/New_York", "sun:23:30-mon:00:30"),
    ],
)
def test_weekly_window_in_utc(text: str, timezone: str, utc: str) -> None:
    assert str(windows.to_utc(windows.weekly(text), timezone)) == utc


@pytest.mark.parametrize(
    ("daily", "weekly", "overlap"),
    [
        ("03:00-04:00", "sun:04:00-sun:05:00", False),  # touches: half-open intervals
        ("03:00-04:00", "sun:03:30-sun:04:30", True),
        ("03:00-04:00", "sun:02:00-sun:03:00", False),
        ("23:30-00:30", "mon:00:00-mon:01:00", True),  # across midnight
        ("23:30-00:30", "tue:00:30-tue:01:00", False),
        ("00:00-00:30", "sun:23:30-mon:00:30", True),  # across the end of the week
        ("23:00-23:30", "sun:23:30-mon:00:30", False),
        ("12:00-12:30", "fri:11:00-sat:11:00", True),
    ],
)
def test_overlap(daily: str, weekly: str, overlap: bool) -> None:
    one, other = windows.daily(daily), windows.weekly(weekly)
    assert one.overlaps(other) is overlap
    assert other.overlaps(one) is overlap


minutes = st.integers(0, windows.WEEK - 1)
weekly = st.builds(windows.Window, minutes, st.integers(1, windows.DAY), st.just(windows.WEEK))
daily = st.builds(
    windows.Window, st.integers(0, windows.DAY - 1), st.integers(1, windows.DAY - 1), st.just(windows.DAY)
)


@given(weekly, daily)
def test_overlap_is_a_shared_minute(one: windows.Window, other: windows.Window) -> None:
    def covered(window: windows.Window) -> set[int]:
        starts = range(window.start, windows.WEEK, window.period)
        return {(start + offset) % windows.WEEK for start in starts for offset in range(window.minutes)}

    assert one.overlaps(other) is bool(covered(one) & covered(other))


@given(st.one_of(weekly, daily), st.integers(-900, 900))
def test_shifting_back_and_forth_is_the_same_window(window: windows.Window, by: int) -> None:
    assert window.shifted(by).shifted(-by) == window
    read = windows.daily if window.period == windows.DAY else windows.weekly
    assert read(str(window)) == window
