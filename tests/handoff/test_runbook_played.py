"""The runbook is a program: each section is gone through twice in a row, on a machine of names and secrets."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from runbook_life import Life, commands

from handoff import runbook

BEGINNING = ["In every new terminal", "Before the first apply", "Keep the state in a bucket", "First apply"]
END = ["Destroy", "First apply", "Destroy", "First apply"]


def found(configuration: Any, folder: Path, order: list[str]) -> list[str]:
    """What is wrong after any section of a life."""
    life = Life(configuration, folder, commands(runbook.runbook(configuration)))
    try:
        return [words for title in order for words in life.section(title)]
    finally:
        life.machine.cli.close()


def twice(titles: list[str]) -> list[str]:
    return [title for title in titles for _ in range(2)]


def between(configuration: Any) -> list[str]:
    titles = [one.title for one in runbook.runbook(configuration) if one.title not in (*BEGINNING, "Destroy")]
    assert len(titles) > 20
    return titles


def test_each_section_can_be_gone_through_twice_in_a_row(stack: Any, tmp_path: Path) -> None:
    """What is left is torn down and made again, twice: an empty stack has nothing to be torn down."""
    order = [*twice([*BEGINNING, *between(stack("prod"))]), *END]
    assert found(stack("prod"), tmp_path, order) == []


@pytest.mark.parametrize("variant, seed", [("dev", 1), ("everything", 2)])
def test_in_an_order_of_some_other_day(variant: str, seed: int, stack: Any, tmp_path: Path) -> None:
    titles = between(stack(variant))
    random.Random(seed).shuffle(titles)
    assert found(stack(variant), tmp_path, [*BEGINNING, *titles, *END]) == []


WRONG = [
    ("Restore from a snapshot", "-old-$(date -u +%Y%m%d%H%M%S)", "-old-final", "DBSnapshotAlreadyExists"),
    ("Restore to a point in time", "--manage-master-user-password", "--tags Key=a,Value=b", "does not open"),
    (
        "Rotate the database password",
        "modify-db-instance",
        "modify-a-db-instance",
        "aws rds modify-a-db-instance: ",
    ),
    ("Upgrade Redis", "aws elasticache modify", "gcloud elasticache modify", "gcloud: command not found"),
    ("Lose the region", "", "aws rds describe-db-proxies", "the machine does not know rds DescribeDBProxies"),
]


@pytest.mark.parametrize("section, words, others, told", WRONG)
def test_what_is_wrong_is_told(
    section: str, words: str, others: str, told: str, stack: Any, tmp_path: Path
) -> None:
    """The runbook with one command of it made wrong, as it could be."""
    texts = commands(runbook.runbook(stack("prod")))
    texts[section] = [one.replace(words, others) for one in texts[section]] if words else [others]
    life = Life(stack("prod"), tmp_path, texts)
    try:
        seen = [one for title in [*BEGINNING, *twice([section])] for one in life.section(title)]
    finally:
        life.machine.cli.close()
    assert told in "\n".join(seen)
    assert all(one.startswith(section) for one in seen)
