"""The runbook's commands and the cost view's sums."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from handoff import costs, pages, runbook
from support.problem import Problem

STACKS = ("prod", "dev", "three_zones", "everything", "own_certificates")


@pytest.mark.parametrize("variant", STACKS)
def test_every_command_of_the_runbook_is_shell(variant: str, stack: Any) -> None:
    commands = [
        step.text
        for section in runbook.runbook(stack(variant))
        for step in section.steps
        if isinstance(step, runbook.Command)
    ]
    assert len(commands) > 25
    for command in commands:
        done = subprocess.run(["sh", "-n"], input=command, capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stderr)
        assert "${" not in command.replace("$${", ""), command


def test_the_runbook_names_what_the_stack_has(stack: Any) -> None:
    text = runbook.markdown(runbook.runbook(stack("prod")), "Runbook")
    for words in (
        "--db-instance-identifier cloudmart-db --force-failover",
        "--replication-group-id cloudmart-prod --node-group-id 0001",
        "--auto-scaling-group-name cloudmart-prod-backend",
        "--db-subnet-group-name cloudmart-prod",
        "Values=cloudmart-prod-database",
        "--master-user-secret-kms-key-id alias/cloudmart-prod/database",
        "az_loss_experiment_id",
        "`aws_db_instance.main.deletion_protection`",
        "restore-db-instance-to-point-in-time",
    ):
        assert words in text, words
    outputs = set(re.findall(r"terraform output -raw (\w+)", text))
    assert outputs <= set(stack("prod")["output"])


def test_the_runbook_of_dev_has_no_failover_that_is_not_there(stack: Any) -> None:
    text = runbook.markdown(runbook.runbook(stack("dev")), "Runbook")
    assert "--force-failover" not in text
    assert "fis start-experiment" not in text
    assert "--no-multi-az" in text
    assert "deletion protection is on" not in text


def test_markdown_and_html_tell_the_same(stack: Any) -> None:
    from html import unescape

    sections = runbook.runbook(stack("prod"))
    page = unescape(runbook.html(sections))
    text = runbook.markdown(sections, "Runbook")
    for section in sections:
        for step in section.steps:
            if isinstance(step, runbook.Command):
                assert step.text in page
                assert step.text in text


# --- costs --------------------------------------------------------------------------------------------------


def test_sums_by_hand(stack: Any) -> None:
    prices = costs.load()
    found = costs.estimate(stack("prod"), prices)
    by_item: dict[str, float] = {}
    for line in found.lines:
        if line.monthly is not None:
            by_item[line.item] = by_item.get(line.item, 0) + line.monthly
    assert by_item["nat_gateway"] == pytest.approx(2 * 0.059 * 730)
    assert by_item["public_ipv4"] == pytest.approx((2 + 2) * 0.005 * 730)
    assert by_item["load_balancer"] == pytest.approx(0.0225 * 730)
    assert by_item["instance.t3.small"] == pytest.approx(2 * 0.026 * 730)
    assert by_item["volume_gb.gp3"] == pytest.approx(2 * 30 * 0.0912)
    assert by_item["database_storage_gb.gp3.multi_az"] == pytest.approx(20 * 0.262)
    assert found.monthly == pytest.approx(sum(by_item.values()))
    assert found.hourly == pytest.approx(found.monthly / 730)
    assert sum(found.by_tier().values()) == pytest.approx(found.monthly)


def test_an_unknown_price_adds_nothing_and_is_named(stack: Any) -> None:
    found = costs.estimate(stack("prod"), costs.load())
    assert set(found.unknown) == {"database.postgres.db.t3.micro.multi_az", "cache.redis.cache.t3.micro"}
    assert next(line for line in found.lines if line.item in found.unknown).monthly is None


def test_another_region_has_no_known_price(stack: Any) -> None:
    import copy

    moved = copy.deepcopy(stack("prod"))
    moved["provider"]["aws"][0]["region"] = "eu-central-1"
    found = costs.estimate(moved, costs.load())
    assert found.monthly == 0
    assert set(found.unknown) == {line.item for line in found.lines}


def test_a_third_zone_costs_a_gateway_and_addresses_more(stack: Any) -> None:
    prices = costs.load()
    more = (
        costs.estimate(stack("three_zones"), prices).monthly - costs.estimate(stack("prod"), prices).monthly
    )
    assert more == pytest.approx((0.059 + 2 * 0.005) * 730)


def test_the_courses_figure_is_made_of_its_items() -> None:
    seed = costs.load().seed
    total = sum(item["count"] * item["price"] for item in seed["item"])
    assert total == pytest.approx(seed["hourly"]) == pytest.approx(0.124)
    assert total * seed["hours_per_month"] == pytest.approx(seed["monthly"]) == pytest.approx(89.28)


def test_the_page_shows_the_figure_and_what_it_leaves_out(stack: Any) -> None:
    prices = costs.load()
    handed = costs.estimate(stack("prod"), prices)
    text = pages.costs(handed, [("one NAT gateway", costs.estimate(stack("dev"), prices))], prices)
    assert "0.124 × 720 hours = $89.28" in text
    assert "the second NAT gateway" in text
    assert "unknown" in text


def test_every_price_has_a_date_and_a_source() -> None:
    prices = costs.load()
    for price in prices.prices.values():
        assert price.price is None or (price.date and price.source in prices.sources)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('unit = "hour"', 'unit = "week"'), "allowed: hour, month"),
        (("date = 2026-10-01", 'date = "soon"'), "needs a date"),
        (('source = "price-list"', 'source = "hearsay"'), "one of the sources"),
        (('item = "public_ipv4"', 'item = "nat_gateway"'), "two prices"),
        (("region =", "region"), "cannot be read"),
    ],
)
def test_a_bad_price_file_is_refused(change: tuple[str, str], words: str, tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(costs.FILE.read_text(encoding="utf-8").replace(*change, 1), encoding="utf-8")
    with pytest.raises(Problem, match=words):
        costs.load(file)
