"""Windows and address ranges, against a second way to tell."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.aws.networks import is_public, within
from policies.aws.windows import DAY, WEEK, daily, overlap, weekly
from policies.engine import parameters
from policies.engine.model import Model, Resource
from policies.rules import rds_backup_window

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
minutes = st.integers(0, DAY - 1)
weekly_minutes = st.integers(0, WEEK - 1)


def clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


@given(start=minutes, length=st.integers(1, 600), first=weekly_minutes, width=st.integers(1, 2000))
def test_overlap_is_a_shared_minute(start: int, length: int, first: int, width: int) -> None:
    backup = f"{clock(start)}-{clock((start + length) % DAY)}"
    last = (first + width) % WEEK
    maintenance = f"{DAYS[first // DAY]}:{clock(first)}-{DAYS[last // DAY]}:{clock(last)}"
    daily_minutes = {(day * DAY + start + i) % WEEK for day in range(7) for i in range(length)}
    shared = daily_minutes & {(first + i) % WEEK for i in range(width)}
    assert overlap(backup, maintenance) is bool(shared)


@pytest.mark.parametrize("window", ["", "3:00-4:00", "03:00", "24:00-01:00", "03:00-04:60", "03:00-04:00\n"])
def test_no_daily_window(window: str) -> None:
    with pytest.raises(ValueError, match="is not a daily window"):
        daily(window)


@pytest.mark.parametrize("window", ["", "03:00-04:00", "sunday:03:00-sunday:04:00", "sun:03:00"])
def test_no_weekly_window(window: str) -> None:
    with pytest.raises(ValueError, match="is not a weekly window"):
        weekly(window)


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_a_range_is_public_if_it_holds_one_public_address(
    address: ipaddress.IPv4Address, prefix: int
) -> None:
    network = ipaddress.ip_network((address, prefix), strict=False)
    edges = [network.network_address, network.broadcast_address]
    private = [
        ipaddress.ip_network(one)
        for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
    ]
    private += [ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("127.0.0.0/8")]
    assert is_public(str(network)) is not any(all(edge in one for edge in edges) for one in private)


def test_families_do_not_mix() -> None:
    assert not within("::/0", "0.0.0.0/0")
    assert not within("10.0.0.0/8", "::/0")
    assert within("10.1.0.0/16", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("timezone", "window", "status"),
    [
        ("UTC", "03:00-04:00", "pass"),
        ("Asia/Seoul", "18:00-19:00", "pass"),
        ("Asia/Seoul", "03:00-04:00", "fail"),
        ("Europe/Berlin", "01:00-02:00", "pass"),
        ("Europe/Berlin", "02:00-03:00", "pass"),
        ("Europe/Berlin", "03:00-04:00", "fail"),
    ],
)
def test_the_window_starts_in_the_timezone_of_the_parameters(timezone: str, window: str, status: str) -> None:
    wanted = parameters.load()
    wanted = replace(wanted, backups=replace(wanted.backups, timezone=timezone))
    database = Resource("aws_db_instance.main", "aws_db_instance", "main", {"backup_window": window})
    model = Model([database])
    assert [one.status for one in rds_backup_window.check(database, model, wanted)] == [status]
