"""What the pages say of plans that Terraform made, held against the stack's own estimate and configuration."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from handoff import costs
from pipeline import cost

Plans = dict[str, tuple[Any, Any]]


def words(file: Path) -> str:
    """A page's text."""
    text = re.sub(r"<style>.*?</style>", "", file.read_text(encoding="utf-8"), flags=re.S).replace(
        "<wbr>", ""
    )
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def test_both_sides_of_the_cost_are_the_estimates_of_their_configurations(plans: Plans) -> None:
    prices = costs.load()
    sums = {name: costs.estimate(plans[name][1], prices).monthly for name in ("first", "change")}
    assert sums["first"] != sums["change"]
    expected = {
        "first": (0, sums["first"]),
        "change": (sums["first"], sums["change"]),
        "nothing": (sums["first"], sums["first"]),
        "destroy": (sums["first"], 0),
    }
    for name, (before, after) in expected.items():
        found = cost.of(*plans[name], {}, prices)
        assert (found.before.monthly, found.after.monthly) == (pytest.approx(before), pytest.approx(after)), (
            name
        )
        known = [one.difference for one in found.items if one.difference is not None]
        assert sum(known) == pytest.approx(after - before), name
        assert bool(found.items) == (name != "nothing")


def test_each_plan_says_what_it_is(plan_pages: Path) -> None:
    first, change, nothing, destroy = (
        words(plan_pages / f"{name}.html") for name in ("first", "change", "nothing", "destroy")
    )
    assert "not survive" not in first and "What stands, and stays." not in first
    assert "1 resource that holds data will not survive this plan" in change
    assert "REPLACED aws_db_instance.main — database; db_name cannot change in place" in change
    assert "+ backend → endpoints: tcp 443 opened" in change
    assert "db_name forces replacement cloudmart shop" in change
    assert "instance_type t3.small t3.medium" in change
    assert "There is nothing to apply: what stands is what the settings say." in nothing
    assert "What stands, and stays." in nothing and "No resource changes." in nothing
    assert "DELETED aws_db_instance.main" in destroy
    # Databases before what was logged.
    assert destroy.index("aws_db_instance.main") < destroy.index("aws_cloudwatch_log_group.backend")
    assert "− backend → database: tcp 5432 closed" in destroy


def test_zones_that_come_and_go_are_drawn_as_that(plan_pages: Path) -> None:
    picture = re.findall(r"<svg.*?</svg>", (plan_pages / "change.html").read_text(encoding="utf-8"), re.S)
    assert len(picture) == 1
    zones = re.findall(r'<rect class="(zone[^"]*)"', picture[0])
    assert zones == ["zone", "zone is-delete", "zone is-create"]
    assert 'class="cell is-replace"' in picture[0]


def test_what_means_harm_stays_text(plan_pages: Path) -> None:
    for name in ("hostile", "report"):
        text = (plan_pages / f"{name}.html").read_text(encoding="utf-8")
        assert not re.search(r"<(?:script|img|iframe|link|form)\b", text)
        assert "\u202e" not in text and "\x1b" not in text
        assert "&lt;script&gt;" in text.replace("<wbr>", "")
