"""The days after the first: drills, firewall, upgrades, teardowns, backups, alarms and the budget."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stacks import settings_values

from settings import limits
from settings.reader import parse
from tests.mock_provider.conftest import Project

Stack = Callable[[str], dict[str, Any]]


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """The resources of production with some settings changed."""

    def resources(**changes: Any) -> dict[str, Any]:
        from synthesis import app

        found, complaints = parse(settings_values("prod", changes))
        assert found is not None, complaints
        made: dict[str, Any] = app.environment(found, tmp_path).configuration["resource"]
        return made

    return resources


def test_every_part_of_the_drill_is_bound_to_its_zone(prod: dict[str, Any]) -> None:
    """What is not in the zone stays out of it: a database whose primary stands elsewhere is not moved into it."""
    template = prod["aws_fis_experiment_template"]["az_loss"]
    zone = "ap-northeast-2a"
    targets = {one["name"]: one for one in template["target"]}
    for action in template["action"]:
        target = targets[action["target"]["value"]]
        bound = [
            *target.get("parameters", {}).values(),
            *(one["value"] for one in action.get("parameter", ())),
        ]
        in_zone = [
            prod["aws_subnet"][arn.split(".")[1]]["availability_zone"] == zone
            for arn in target["resource_arns"]
            if "aws_subnet" in arn
        ]
        assert zone in bound or (in_zone and all(in_zone)), action["name"]
    assert template["experiment_options"]["empty_target_resolution_mode"] == "skip"
    stops = {one["value"].split(".")[1] for one in template["stop_condition"]}
    assert stops == {"no_healthy_hosts", "target_5xx"}


def rules(resources: dict[str, Any], acl: str) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in resources["aws_wafv2_web_acl"][acl]["rule"]}


def test_large_bodies_pass_to_the_api_and_nowhere_else(prod: dict[str, Any]) -> None:
    for acl in ("cdn", "load_balancer"):
        found = rules(prod, acl)
        common = found["AWSManagedRulesCommonRuleSet"]["statement"]["managed_rule_group_statement"]
        assert common["rule_action_override"] == [
            {"name": "SizeRestrictions_BODY", "action_to_use": {"count": {}}}
        ]
        large = found["large-bodies"]
        assert large["action"] == {"block": {}}
        assert large["priority"] > found["AWSManagedRulesCommonRuleSet"]["priority"]
        label, other = large["statement"]["and_statement"]["statement"]
        assert label["label_match_statement"]["key"].endswith(":SizeRestrictions_Body")
        assert other["not_statement"]["statement"][0]["byte_match_statement"]["search_string"] == "/api/"


def test_an_address_has_a_limit_behind_cloudfront_too(prod: dict[str, Any]) -> None:
    limit = {
        acl: rules(prod, acl)["requests-per-address"]["statement"]["rate_based_statement"]
        for acl in ("cdn", "load_balancer")
    }
    assert limit["cdn"] == {"limit": 2000, "aggregate_key_type": "IP"}
    assert limit["load_balancer"]["aggregate_key_type"] == "FORWARDED_IP"


@pytest.mark.parametrize("acl", ["cdn", "load_balancer"])
def test_who_is_signed_in_stands_neither_in_logs_nor_in_samples(prod: dict[str, Any], acl: str) -> None:
    """Redaction is the log's alone; samples show every header that is not protected."""
    logged = prod["aws_wafv2_web_acl_logging_configuration"][acl]["redacted_fields"]
    (protected,) = prod["aws_wafv2_web_acl"][acl]["data_protection_config"]["data_protection"]
    assert protected == {
        "action": "SUBSTITUTION",
        "field": {"field_type": "SINGLE_HEADER", "field_keys": ["authorization", "cookie"]},
    }
    assert protected["field"]["field_keys"] == [field["single_header"]["name"] for field in logged]


def test_a_rule_counts_where_it_is_and_bodies_are_aws_own_again(
    changed: Callable[..., dict[str, Any]],
) -> None:
    found = rules(changed(waf={"count": ["SQLi_BODY"], "requests_per_five_minutes": None}), "cdn")
    assert set(found) == set(limits.WAF_RULES)
    overridden = {
        name: rule["statement"]["managed_rule_group_statement"].get("rule_action_override", [])
        for name, rule in found.items()
    }
    assert [name for name, rules in overridden.items() if rules] == ["AWSManagedRulesSQLiRuleSet"]


def test_what_aws_upgrades_by_itself_is_no_change_to_a_plan(prod: dict[str, Any]) -> None:
    cache = prod["aws_elasticache_replication_group"]["main"]
    assert cache["auto_minor_version_upgrade"] == "true"
    # And the snapshot that it was restored from is of one plan.
    assert cache["lifecycle"]["ignore_changes"] == ["engine_version", "snapshot_name"]
    database = prod["aws_db_instance"]["main"]
    # A major version alone: RDS chooses, and changes, the minor.
    assert database["engine_version"].isdigit()
    assert database["engine_lifecycle_support"] == "open-source-rds-extended-support-disabled"


def test_each_teardown_leaves_a_snapshot_of_its_own(stack: Stack, tmp_path: Path) -> None:
    project = Project(tmp_path / "stack", tmp_path / "state", "wheel")
    project.write(json.dumps(stack("dev")), "cdk.tf.json")
    names = []
    for _ in range(2):
        project.apply()
        names.append(project.values()["aws_db_instance.main"]["final_snapshot_identifier"])
        project.run("plan", "-detailed-exitcode")
        project.run("destroy", "-auto-approve")
    assert names[0].startswith("cloudmart-dev-db-final-")
    assert names[0] != names[1]


def test_the_database_is_in_the_backup_plan_by_its_arn(prod: dict[str, Any]) -> None:
    assert prod["aws_backup_selection"]["database"]["resources"] == ["${aws_db_instance.main.arn}"]
    assert "aws_backup_vault_lock_configuration" not in prod


@pytest.mark.parametrize(("lock", "days"), [("governance", None), ("compliance", 3)])
def test_copies_and_locks(changed: Callable[..., dict[str, Any]], lock: str, days: int | None) -> None:
    found = changed(backup={"copy_region": "ap-northeast-1", "lock": lock})
    (rule,) = found["aws_backup_plan"]["daily"]["rule"]
    (copy,) = rule["copy_action"]
    assert copy["destination_vault_arn"] == "${aws_backup_vault.copy.arn}"
    assert copy["lifecycle"] == {"delete_after": 7}
    away = found["aws_backup_vault"]["copy"]
    assert away["region"] == found["aws_kms_key"]["backup_copy"]["region"] == "ap-northeast-1"
    for vault in ("main", "copy"):
        locked = found["aws_backup_vault_lock_configuration"][vault]
        assert locked.get("changeable_for_days") == days
        assert locked["min_retention_days"] <= rule["lifecycle"]["delete_after"]


def alarms(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = resources["aws_cloudwatch_metric_alarm"]
    return found


@pytest.mark.parametrize(
    ("policy", "memory", "evictions"),
    [
        ("allkeys-lru", False, False),
        ("allkeys-random", False, False),
        ("volatile-lru", True, True),
        ("noeviction", True, False),
    ],
)
def test_a_cache_that_evicts_by_design_has_no_alarm_for_it(
    changed: Callable[..., dict[str, Any]], policy: str, memory: bool, evictions: bool
) -> None:
    metrics = {one["metric_name"] for one in alarms(changed(cache={"maxmemory_policy": policy})).values()}
    assert ("DatabaseMemoryUsagePercentage" in metrics) == memory
    assert ("Evictions" in metrics) == evictions
    assert {"EngineCPUUtilization", "AuthenticationFailures", "ReplicationLag"} <= metrics


def test_a_group_of_one_size_has_no_alarm_for_its_maximum(
    stack: Stack, changed: Callable[..., dict[str, Any]]
) -> None:
    assert "asg_at_maximum" in alarms(stack("dev")["resource"])
    assert "asg_at_maximum" not in alarms(changed(backend={"min": 2, "desired": 2, "max": 2}))


def test_what_aws_tells_once_reaches_the_topic(prod: dict[str, Any]) -> None:
    for address, rule in prod["aws_cloudwatch_event_rule"].items():
        assert set(json.loads(rule["event_pattern"])) >= {"source", "detail-type"}
        assert prod["aws_cloudwatch_event_target"][address]["arn"] == "${aws_sns_topic.alarms.arn}"
    publishers = {
        one["Principal"]["Service"]
        for one in json.loads(prod["aws_sns_topic_policy"]["alarms"]["policy"])["Statement"]
    }
    assert publishers == {"cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com"}
    users = json.loads(prod["aws_kms_key"]["alarms"]["policy"])["Statement"]
    named = [one["Principal"].get("Service", []) for one in users]
    assert publishers <= {one for names in named for one in ([names] if isinstance(names, str) else names)}


def test_a_budget_is_told_before_it_is_spent(
    changed: Callable[..., dict[str, Any]], prod: dict[str, Any]
) -> None:
    assert "aws_budgets_budget" not in prod
    budget = changed(observability={"budget_usd": 400})["aws_budgets_budget"]["monthly"]
    assert budget["limit_amount"] == "400"
    assert {(one["threshold"], one["notification_type"]) for one in budget["notification"]} == {
        (80, "ACTUAL"),
        (100, "ACTUAL"),
        (100, "FORECASTED"),
    }


def test_the_default_network_acl_keeps_administration_out(prod: dict[str, Any]) -> None:
    """EC2.21: nobody outside reaches ports 22 and 3389, by whatever security group."""
    acl = prod["aws_default_network_acl"]["main"]
    first_allow = min(one["rule_no"] for one in acl["ingress"] if one["action"] == "allow")
    denied = {
        one["from_port"] for one in acl["ingress"] if one["action"] == "deny" and one["rule_no"] < first_allow
    }
    assert denied == {22, 3389}
    assert acl["lifecycle"]["ignore_changes"] == ["subnet_ids"]


def test_the_listener_has_a_policy_that_security_hub_accepts(stack: Stack) -> None:
    """ELB.17 names its policies one by one."""
    for variant in ("prod", "dev"):
        policy = stack(variant)["resource"]["aws_lb_listener"]["https"]["ssl_policy"]
        assert policy == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
