"""The runbook's commands and the cost view's sums."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from handoff import costs, pages, runbook

FRAME = pages.Frame("cloudmart-prod", "from a test")
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


def sections(configuration: Any) -> dict[str, str]:
    """The commands of each section of the runbook, by its title."""
    return {
        section.title: "\n".join(step.text for step in section.steps if isinstance(step, runbook.Command))
        for section in runbook.runbook(configuration)
    }


def test_every_alarm_has_its_page_and_says_what_to_do(stack: Any) -> None:
    for variant in STACKS:
        resources = stack(variant)["resource"]
        (page,) = (one for one in runbook.runbook(stack(variant)) if one.title == "Alarms")
        told = "\n".join(step for step in page.steps if isinstance(step, str))
        for alarm in resources["aws_cloudwatch_metric_alarm"].values():
            assert f"`{alarm['alarm_name']}` — {alarm['alarm_description']} What to do: " in told
        for rule in resources["aws_cloudwatch_event_rule"].values():
            assert f"`{rule['name']}` — " in told


def test_an_empty_account_gets_its_service_roles_first(stack: Any) -> None:
    first = list(sections(stack("prod")).items())[1]
    assert first[0] == "Before the first apply"
    assert "for service in rds elasticache autoscaling elasticloadbalancing backup fis wafv2; do" in first[1]
    dev = sections(stack("dev"))["Before the first apply"]
    assert "wafv2" not in dev
    assert "fis" not in dev


def test_no_name_of_a_snapshot_stands_twice(stack: Any) -> None:
    """A section may be gone through again: what it leaves behind has another name each time."""
    for title, commands in sections(stack("prod")).items():
        for name in re.findall(
            r"--(?:final-db-snapshot-identifier|snapshot-name|db-snapshot-identifier) (\S+)", commands
        ):
            assert "$(date" in name or name.isupper() or name.strip('"$').isupper(), (title, name)
        for name in re.findall(r"^(?:KEPT|BEFORE)=(.*)$", commands, re.M):
            assert "$(date" in name, (title, name)
        for name in re.findall(r"state pull >(\S+)", commands):
            assert "$(date" in name, (title, name)


def test_a_restore_lets_the_backend_in_before_it_exchanges_the_names(stack: Any) -> None:
    for title in ("Restore from a snapshot", "Restore to a point in time"):
        commands = sections(stack("prod"))[title]
        places = [
            commands.index(words)
            for words in (
                "--manage-master-user-password",
                "aws iam put-role-policy --role-name cloudmart-prod-backend --policy-name restore",
                "aws autoscaling suspend-processes",
                "--new-db-instance-identifier cloudmart-db-old",
                "--new-db-instance-identifier cloudmart-db --apply-immediately",
                "#DATABASE_SECRET_ARN=",
                "terraform import aws_db_instance.main cloudmart-db",
                "aws autoscaling resume-processes",
                "aws iam delete-role-policy",
            )
        ]
        assert places == sorted(places)


def test_what_instances_are_told_arrives_as_it_was_meant(stack: Any, tmp_path: Path) -> None:
    """The two commands with a document inside, given to a stand-in for the AWS command line that notes its words."""
    commands = sections(stack("prod"))["Restore from a snapshot"]
    noted = tmp_path / "noted"
    aws = tmp_path / "aws"
    aws.write_text(f'#!/bin/sh\nfor word; do printf "%s\\0" "$word" >>{noted}; done\n')
    aws.chmod(0o755)
    secret = "arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:rds!db-1-x"
    for start in ("aws iam put-role-policy", "aws ssm send-command"):
        text = commands[commands.index(start) :]
        end = next(m.start() for m in re.finditer(r"(?<!\\)\n|\Z", text))
        noted.unlink(missing_ok=True)
        done = subprocess.run(
            ["sh"],
            input=text[:end],
            text=True,
            env={"PATH": f"{tmp_path}:/usr/bin:/bin", "SECRET": secret},
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        last = noted.read_text().split("\0")[-2]
        if start.endswith("policy"):
            (statement,) = json.loads(last)["Statement"]
            assert statement["Resource"] == secret
        else:
            replace, restart = json.loads(last.removeprefix("commands="))
            env = tmp_path / "backend.env"
            env.write_text("A=1\nDATABASE_SECRET_ARN=old\nB=2\n")
            subprocess.run(["sh"], input=replace.replace("/etc/cloudmart/backend.env", str(env)), text=True)
            assert env.read_text() == f"A=1\nDATABASE_SECRET_ARN={secret}\nB=2\n"
            assert restart == "systemctl restart cloudmart-backend"


def test_a_deploy_stands_in_a_file_and_its_way_back_is_a_deploy(stack: Any) -> None:
    found = sections(stack("prod"))
    registry = "000000000000.dkr.ecr.ap-northeast-2.amazonaws.com/cloudmart/backend"
    assert f"'backend_image = \"{registry}:NEW_TAG\"' >image.auto.tfvars" in found["Deploy the backend"]
    assert f"'backend_image = \"{registry}:EARLIER_TAG\"' >image.auto.tfvars" in found["A deploy that fails"]
    assert "rollback-instance-refresh" not in "".join(found.values())
    assert "-replace=terraform_data.backend_ami" in found["Patch the operating system"]


def test_a_release_names_its_assets_before_it_deletes_any(stack: Any) -> None:
    commands = sections(stack("prod"))["Release the frontend"]
    assets, page = commands.index("immutable"), commands.index("--cache-control no-cache")
    assert assets < page
    assert "--delete" not in commands[:page]


def test_links_within_the_runbook_lead_somewhere(stack: Any) -> None:
    found = runbook.runbook(stack("prod"))
    page = runbook.html(FRAME, found)
    anchors = {section.anchor for section in found}
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors


def test_markdown_and_html_tell_the_same(stack: Any) -> None:
    from html import unescape

    sections = runbook.runbook(stack("prod"))
    page = unescape(runbook.html(FRAME, sections))
    text = runbook.markdown(sections, "Runbook")
    for section in sections:
        for step in section.steps:
            if isinstance(step, runbook.Command):
                assert step.text in page
                assert step.text in text


@pytest.mark.parametrize("variant", STACKS)
def test_the_contract_explains_all_that_the_user_data_tells(variant: str, stack: Any) -> None:
    from html import unescape

    import yaml

    from settings import contract

    configuration = stack(variant)
    page = pages.contract(FRAME, configuration, contract.MEANING).replace("<wbr>", "")
    files = yaml.safe_load(configuration["locals"]["backend_user_data"])["write_files"]
    (told,) = (one["content"] for one in files if one["path"].endswith("/backend.env"))
    assert told.count("\n") > 15
    for line in told.splitlines():
        name = line.partition("=")[0]
        row = unescape(page[page.index(f"<code>{name}</code>") :].split("</tr>")[0])
        assert contract.MEANING[name].split("`")[0][:20].split(":")[0] in row
    for user in configuration["resource"].get("aws_elasticache_user", {}).values():
        if user["user_name"] != "default":
            assert user["access_string"].replace("&", "&amp;") in page


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
    # The gateway, an address of its own and one of the load balancer; and the alarm of the gateway.
    assert more == pytest.approx((0.059 + 2 * 0.005) * 730 + 0.10)


def test_the_courses_figure_is_made_of_its_items() -> None:
    seed = costs.load().seed
    total = sum(item["count"] * item["price"] for item in seed["item"])
    assert total == pytest.approx(seed["hourly"]) == pytest.approx(0.124)
    assert total * seed["hours_per_month"] == pytest.approx(seed["monthly"]) == pytest.approx(89.28)


def test_the_page_shows_the_figure_and_what_it_leaves_out(stack: Any) -> None:
    prices = costs.load()
    handed = costs.estimate(stack("prod"), prices)
    text = pages.costs(FRAME, handed, [("one NAT gateway", costs.estimate(stack("dev"), prices))], prices)
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
