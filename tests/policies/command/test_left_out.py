"""What is left out stands in every report, and nothing is said where nothing is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.command import main
from policies.reports import FORMATS

Written = Callable[[dict[str, Any]], Path]
SOON = (datetime.now(UTC) + timedelta(days=30)).date()
TOPIC = 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\n'
"""One finding: CM_QUEUES_ENCRYPTED."""


def check(*arguments: object) -> int:
    return main(["check", *map(str, arguments)])


@pytest.mark.parametrize("format", FORMATS)
def test_every_report_says_what_is_left_out(
    format: str, written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written({"main.tf": TOPIC})
    assert check(folder, "--format", format, "--skip", "CM_QUEUES_*", "--pack", "aws") == 0
    words = " ".join(capsys.readouterr().out.replace("\\", "").replace("`", "").split())
    assert "pack aws" in words
    assert "left out, not in pack aws: 12 rules (CM_RDS_BACKUP_WINDOW, " in words
    assert "left out, skipped: 1 rule (CM_QUEUES_ENCRYPTED)" in words
    assert check(folder, "--format", format) == 1
    assert "left out" not in capsys.readouterr().out


def test_the_report_has_it_for_programs_too(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written({"main.tf": TOPIC})
    check(folder, "--format", "json", "--severity", "high")
    report = json.loads(capsys.readouterr().out)
    (left_out,) = report["terms"]["left_out"]
    assert left_out["why"] == "of a severity below high"
    assert "CM_QUEUES_ENCRYPTED" in left_out["rules"]
    check(folder, "--format", "json")
    assert "terms" not in json.loads(capsys.readouterr().out)


def test_a_store_that_a_rule_knows_is_known_though_the_rule_does_not_run(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written({"main.tf": 'resource "aws_dynamodb_table" "t" {\n  name = "x"\n}\n'})
    check(folder, "--format", "json", "--skip", "CM_OTHER_STORES_ENCRYPTED")
    assert "CM_STORE_KNOWN" not in capsys.readouterr().out


def test_the_waiver_of_a_rule_that_does_not_run_is_left_alone(written: Written, tmp_path: Path) -> None:
    folder = written({"main.tf": TOPIC})
    waivers = tmp_path / "w.toml"
    waivers.write_text(
        '[[waiver]]\nrule = "CM_TLS_VERIFIED"\naddress = "a.b"\nowner = "o"\nreason = "r"\n'
        f"expires = {SOON}\n"
    )
    assert check(folder, "--waivers", waivers, "--only", "CM_S3_ENCRYPTED") == 0
    assert check(folder, "--waivers", waivers, "--only", "CM_TLS_VERIFIED") == 1


def test_an_unknown_rule_is_a_mistake(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(written({"main.tf": TOPIC}), "--skip", "CM_QUEUE_ENCRYPTED") == 2
    assert "did you mean 'CM_QUEUES_ENCRYPTED'?" in capsys.readouterr().err
