"""Waivers accept a finding for a while, and fail the gate when they are broken."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policies.engine import waivers
from policies.engine.judging import Finding
from support.problem import Problem

TODAY = date(2026, 6, 30)
FINDINGS = [
    Finding("CM_A", "backups", "high", "fail", "aws_db_instance.main", "no", "main.tf", 3, ""),
    Finding("CM_A", "backups", "high", "pass", "aws_db_instance.other", "", "main.tf", 9, ""),
    Finding("CM_B", "backups", "high", "unknown", "aws_db_instance.main", "who knows", "main.tf", 3, ""),
]
GOOD = """\
[[waiver]]
rule = "CM_A"
address = "aws_db_instance.main"
owner = "platform@example.com"
reason = "until the load test ends"
expires = 2026-06-30
"""


def applied(tmp_path: Path, text: str) -> list[Finding]:
    path = tmp_path / "waivers.toml"
    path.write_text(text)
    return waivers.apply(FINDINGS, waivers.load(path), TODAY)


def test_a_waived_finding_stays_and_says_why(tmp_path: Path) -> None:
    found = applied(tmp_path, GOOD)
    assert [finding.status for finding in found] == ["waived", "pass", "unknown"]
    assert found[0].message == (
        "no (waived by platform@example.com until 2026-06-30: until the load test ends)"
    )


def test_an_unknown_can_be_waived_too(tmp_path: Path) -> None:
    assert applied(tmp_path, GOOD.replace("CM_A", "CM_B"))[2].status == "waived"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2026-06-30", "2026-06-29", "it expired on 2026-06-29"),
        ('"CM_A"', '"CM_C"', "CM_C has nothing against aws_db_instance.main"),
        ("aws_db_instance.main", "aws_db_instance.other", "CM_A has nothing against aws_db_instance.other"),
        ('owner = "platform@example.com"\n', "", "it has no owner"),
        ('reason = "until the load test ends"\n', 'reason = ""\n', "it has no reason"),
        ("expires = 2026-06-30\n", "", "it has no expires"),
        ("2026-06-30", '"soon"', "expires is 'soon', not a date"),
        ("2026-06-30", "20260630", "expires is 20260630, not a date"),
        ("expires", "color = 1\nexpires", "'color' is not a field"),
        ('"platform@example.com"', "7", "owner is 7, not a text"),
    ],
)
def test_a_broken_waiver_fails_and_waives_nothing(tmp_path: Path, old: str, new: str, words: str) -> None:
    found = applied(tmp_path, "# first line\n" + GOOD.replace(old, new))
    assert [finding.status for finding in found] == ["fail", "pass", "unknown", "fail"]
    assert words in found[-1].message
    assert (found[-1].rule, found[-1].line) == ("CM_WAIVER", 2)
    assert found[-1].file.endswith("waivers.toml")


def test_a_date_may_be_written_as_a_text(tmp_path: Path) -> None:
    assert applied(tmp_path, GOOD.replace("2026-06-30", '"2026-06-30"'))[0].status == "waived"


@pytest.mark.parametrize(
    "text", ["[[waiver]\n", "waiver = 1\n", "waiver = [1]\n", "[other]\nx = 1\n", "\x00"]
)
def test_what_is_no_file_of_waivers_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Problem, match=r"waivers\.toml"):
        applied(tmp_path, text)


def test_the_projects_own_file_holds_none() -> None:
    assert waivers.load(waivers.DEFAULTS) == ()
