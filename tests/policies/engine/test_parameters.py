"""Parameters are checked when they are read, all mistakes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudmart_support.problem import Problem
from policies.engine import parameters


def loaded(tmp_path: Path, text: str) -> parameters.Parameters:
    path = tmp_path / "own.toml"
    path.write_text(text)
    return parameters.load(path)


def test_the_defaults_are_those_of_the_card() -> None:
    found = parameters.load()
    assert (found.backups.retention_days, found.backups.window_start, found.backups.timezone) == (
        7,
        "03:00",
        "UTC",
    )
    assert found.backups.window_starts_utc() == ("03:00",)
    assert {(flow.source, flow.target, flow.ports) for flow in found.flows} >= {
        ("internet", "load balancer", (443, 80)),
        ("load balancer", "backend", (8080,)),
        ("backend", "database", (5432,)),
        ("backend", "cache", (6379,)),
        ("backend", "internet", (443,)),
    }


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    found = loaded(tmp_path, "[backups]\nretention_days = 14\n")
    assert found.backups.retention_days == 14
    assert found.backups.window_start == "03:00"
    assert found.flows == parameters.load().flows


@pytest.mark.parametrize(
    ("timezone", "start", "expected"),
    [
        ("Asia/Seoul", "03:00", ("18:00",)),
        ("Asia/Seoul", "09:30", ("00:30",)),
        ("Europe/Berlin", "03:00", ("01:00", "02:00")),
        ("America/New_York", "23:00", ("03:00", "04:00")),
        ("UTC", "23:59", ("23:59",)),
    ],
)
def test_the_window_is_converted_to_utc(
    tmp_path: Path, timezone: str, start: str, expected: tuple[str, ...]
) -> None:
    found = loaded(tmp_path, f'[backups]\ntimezone = "{timezone}"\nwindow_start = "{start}"\n')
    assert found.backups.window_starts_utc() == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[backup]\nretention_days = 7\n", "backup: there is no such section; did you mean 'backups'?"),
        ("[backups]\nretention = 7\n", "backups.retention: there is no such parameter"),
        ('[backups]\nretention_days = "7"\n', "backups.retention_days: '7': a whole number is needed"),
        ("[backups]\nretention_days = true\n", "a whole number is needed"),
        ("[backups]\nretention_days = 36\n", "AWS keeps backups for 1 to 35 days"),
        ("[backups]\nretention_days = 0\n", "AWS keeps backups for 1 to 35 days"),
        ('[backups]\nwindow_start = "3am"\n', "a time of day is needed, as in 03:00"),
        ('[backups]\nwindow_start = "24:00"\n', "a time of day is needed"),
        ('[backups]\ntimezone = "Mars/Base"\n', "'Mars/Base' is no timezone"),
        ('[backups]\ntimezone = "../../etc/passwd"\n', "is no timezone"),
        ("[database]\nports = [70000]\n", "ports are 0 to 65535"),
        ("[database]\nports = 5432\n", "a list of whole numbers is needed"),
        ("backups = 7\n", "it is a section: write [backups]"),
        ('[[flows]]\nfrom = "a"\nto = "b"\nprotocol = "tpc"\nports = [1]\n', "it is tcp, udp, icmp or all"),
        ('[[flows]]\nfrom = "a"\nports = [1]\n', "flows[1].to: None: a text is needed"),
        ('[[flows]]\nform = "a"\n', "flows[1].form: there is no such key; did you mean 'from'?"),
        ("[waivers]\nlongest_days = 0\n", "waivers.longest_days: 0: it is at least 1"),
        ("[backups\n", "it is not TOML"),
        ("\x00", "NUL"),
    ],
)
def test_mistakes_are_refused_with_key_and_cure(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(Problem) as caught:
        loaded(tmp_path, text)
    assert words in str(caught.value)
    assert "own.toml" in str(caught.value) or "timezone" in words


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        loaded(tmp_path, "[backups]\nretention_days = 99\nwindow_start = 3\n[availability]\nzones = 0\n[x]\n")
    for key in ("backups.retention_days", "backups.window_start", "availability.zones", "x"):
        assert f"own.toml: {key}" in str(caught.value)
