"""Arguments of one resource that another's must agree with, as the prose of AWS's API demands it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from handoff.runbook import runbook
from tests.stacks import VARIANTS

Stack = Callable[[str], dict[str, Any]]


def resources(stack: Stack, variant: str, terraform_type: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = stack(variant)["resource"].get(terraform_type, {})
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_alias_and_its_key_are_in_one_region(stack: Stack, variant: str) -> None:
    keys = resources(stack, variant, "aws_kms_key")
    aliases = resources(stack, variant, "aws_kms_alias")
    assert aliases.keys() == keys.keys()
    for name, alias in aliases.items():
        assert alias["target_key_id"] == f"${{aws_kms_key.{name}.key_id}}"
        assert alias.get("region") == keys[name].get("region")


@pytest.mark.parametrize("variant", VARIANTS)
def test_parameters_are_of_the_engines_family(stack: Stack, variant: str) -> None:
    (database,) = resources(stack, variant, "aws_db_instance").values()
    (parameters,) = resources(stack, variant, "aws_db_parameter_group").values()
    assert parameters["family"] == database["engine"] + database["engine_version"].partition(".")[0]
    (cache,) = resources(stack, variant, "aws_elasticache_replication_group").values()
    (parameters,) = resources(stack, variant, "aws_elasticache_parameter_group").values()
    assert parameters["family"] == cache["engine"] + cache["engine_version"].partition(".")[0]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_distribution_has_the_names_that_lead_to_it(stack: Stack, variant: str) -> None:
    (distribution,) = resources(stack, variant, "aws_cloudfront_distribution").values()
    records = [one for one in resources(stack, variant, "aws_route53_record").values() if "alias" in one]
    assert {one["name"] for one in records} <= set(distribution["aliases"])
    for record in records:
        assert record["alias"]["name"] == "${aws_cloudfront_distribution.main.domain_name}"


@pytest.mark.parametrize("variant", VARIANTS)
def test_enhanced_monitoring_has_interval_and_role_or_neither(stack: Stack, variant: str) -> None:
    (database,) = resources(stack, variant, "aws_db_instance").values()
    assert ("monitoring_role_arn" in database) == (database["monitoring_interval"] > 0)


def test_who_changes_parameters_is_told_of_the_restart_that_they_wait_for(stack: Stack) -> None:
    (parameters,) = resources(stack, "prod", "aws_db_parameter_group").values()
    assert "pending-reboot" in [one.get("apply_method") for one in parameters["parameter"]]
    (section,) = [one for one in runbook(stack("prod")) if one.title == "Day-two changes"]
    (told,) = [step for step in section.steps if isinstance(step, str) and "pending-reboot" in step]
    assert "`aws rds reboot-db-instance --db-instance-identifier cloudmart-db`" in told
    assert "without a failover" in told
