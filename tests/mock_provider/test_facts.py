"""The data file: every row is about something that the schema has, and says where it is from."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mock_provider import argument_checks, facts, identifiers, schema

DOCUMENT = facts.document()
Blocks = Callable[[str, str], dict[str, Any]]
KINDS = {
    "check",
    "default",
    "force_new",
    "form",
    "json",
    "sensitive",
    "changes",
    "conflicts",
    "exactly_one",
    "at_least_one",
    "required_with",
}
GROUPS = {"conflicts", "exactly_one", "at_least_one", "required_with"}
SOURCES = {"go", "docs", "cfn", "aws"}


@pytest.fixture(scope="module")
def blocks() -> Blocks:
    return functools.cache(schema.load().block)


def described(block: dict[str, Any], path: str) -> dict[str, Any] | None:
    """The attribute at a path, `{"block": ...}` for a nested block, None when the schema has neither."""
    found: Any = {"block": block}
    for name in path.split("."):
        if "block" in found:
            inner = found["block"]
            found = inner["attributes"].get(name) or inner["block_types"].get(name)
        else:
            kind = found["type"]
            while isinstance(kind, list) and kind[0] in ("list", "set", "map"):
                kind = kind[1]
                if name == "*":
                    break
            if name == "*":
                found = {"type": kind}
            elif isinstance(kind, list) and name in kind[1]:
                found = {**found, "type": kind[1][name]}
            else:
                return None
        if found is None:
            return None
    return found if isinstance(found, dict) else None


def all_rows() -> Iterator[tuple[str, str, str, str, Any, str]]:
    for kind in ("resource", "data"):
        for name, entry in DOCUMENT[kind].items():
            for path, fact, value, sources in entry["rows"]:
                yield kind, name, path, fact, value, sources


def test_every_row_is_about_something_in_the_schema(blocks: Blocks) -> None:
    missing = []
    for kind, name, path, fact, value, _ in all_rows():
        paths = [path] if path else []
        paths += value if fact in GROUPS or fact == "changes" else []
        missing += [(name, fact, one) for one in paths if described(blocks(kind, name), one) is None]
    assert missing == []


def test_every_row_is_well_formed_and_sourced(blocks: Blocks) -> None:
    wrong = []
    for kind, name, path, fact, value, sources in all_rows():
        entry = DOCUMENT[kind][name]
        given = set(sources.split())
        if fact not in KINDS or not given or not given <= SOURCES:
            wrong.append((name, path, fact, sources))
        if given - {"aws"} - entry["sources"].keys():
            wrong.append((name, path, "source without a place", sources))
        if fact in ("force_new", "sensitive", "json") and value is not True:
            wrong.append((name, path, fact, value))
        if fact in GROUPS and len(set(value)) != len(value):
            wrong.append((name, path, fact, value))
    assert wrong == []


def test_no_fact_is_given_twice() -> None:
    seen: set[tuple[str, ...]] = set()
    twice = []
    for kind, name, path, fact, value, _ in all_rows():
        # An argument can be in two groups, and have several tests.
        key = (kind, name, path, fact, json.dumps(value) if fact in GROUPS | {"check"} else "")
        twice += [key] if key in seen else []
        seen.add(key)
    assert twice == []


def test_defaults_have_the_type_of_their_argument(blocks: Blocks) -> None:
    kinds = {"string": str, "bool": bool, "number": (int, float)}
    wrong = []
    for kind, name, path, fact, value, _ in all_rows():
        if fact == "default" and value is not None:
            found = described(blocks(kind, name), path) or {}
            wanted = kinds.get(found.get("type", ""), object)
            if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
                wrong.append((name, path, value))
    assert wrong == []


def test_only_arguments_force_replacement_and_only_computed_ones_follow_a_change(
    blocks: Blocks,
) -> None:
    wrong = []
    for kind, name, path, fact, value, _ in all_rows():
        block = blocks(kind, name)
        if fact == "force_new":
            found = described(block, path) or {}
            if "block" not in found and not (found.get("optional") or found.get("required")):
                wrong.append((name, path))
        if fact == "changes":
            for one in value:
                found = described(block, one) or {}
                if "block" not in found and not found.get("computed"):
                    wrong.append((name, path, one))
    assert wrong == []


def test_every_check_can_be_made() -> None:
    for _, _, _, fact, value, _ in all_rows():
        if fact == "check":
            # A value of each kind: no test may fail to answer.
            for probe in ("", "x", 1, 1.5, True, ["x"], {}):
                argument_checks.failure(probe, value, "argument")


def test_the_file_is_written_one_row_a_line() -> None:
    """Reviewed by its lines: each row on one of its own, types and paths in order."""
    lines = facts.FILE.read_text("utf-8").splitlines()
    rows = [line for line in lines if re.match(r'  \["', line)]
    assert len(rows) == sum(1 for _ in all_rows()) + len(DOCUMENT["disagreements"])
    for kind in ("resource", "data"):
        assert list(DOCUMENT[kind]) == sorted(DOCUMENT[kind])
        for entry in DOCUMENT[kind].values():
            paths = [row[0].split(".") for row in entry["rows"]]
            assert paths == sorted(paths)


def test_disagreements_say_what_is_taken_and_why(blocks: Blocks) -> None:
    assert DOCUMENT["disagreements"]
    for name, path, fact, says, taken, why in DOCUMENT["disagreements"]:
        assert described(blocks("resource", name), path), (name, path)
        assert len(says) > 1 and taken in says and set(says) <= SOURCES and why.strip(), (name, path)
        replaces = facts.split(path) in facts.load()[name].force_new
        if fact == "force_new":
            nested = any(one[0] == path for one in facts.load()[name].force_new)
            assert (says[taken] == "replace") == (replaces or nested), (name, path)


# What AWS's and the provider's documentation say of a change: replace, or update in place.
@pytest.mark.parametrize(
    ("terraform_type", "path", "replaces"),
    [
        ("aws_vpc", "cidr_block", True),
        ("aws_vpc", "enable_dns_hostnames", False),
        ("aws_subnet", "cidr_block", True),
        ("aws_subnet", "availability_zone", True),
        ("aws_subnet", "map_public_ip_on_launch", False),
        ("aws_nat_gateway", "subnet_id", True),
        ("aws_nat_gateway", "allocation_id", True),
        ("aws_route", "destination_cidr_block", True),
        ("aws_route", "nat_gateway_id", False),
        ("aws_route_table_association", "subnet_id", True),
        ("aws_route_table_association", "route_table_id", False),
        ("aws_security_group", "description", True),
        ("aws_security_group", "name", True),
        ("aws_vpc_security_group_ingress_rule", "security_group_id", True),
        ("aws_vpc_security_group_ingress_rule", "from_port", False),
        ("aws_lb", "name", True),
        ("aws_lb", "internal", True),
        ("aws_lb", "idle_timeout", False),
        ("aws_lb_target_group", "port", True),
        ("aws_lb_target_group", "deregistration_delay", False),
        ("aws_launch_template", "instance_type", False),
        ("aws_launch_template", "name", True),
        ("aws_autoscaling_group", "name", True),
        ("aws_autoscaling_group", "max_size", False),
        ("aws_db_instance", "instance_class", False),
        ("aws_db_instance", "engine_version", False),
        ("aws_db_instance", "engine", True),
        ("aws_db_instance", "storage_encrypted", True),
        ("aws_db_instance", "kms_key_id", True),
        ("aws_db_instance", "username", True),
        ("aws_db_instance", "db_name", True),
        ("aws_db_instance", "allocated_storage", False),
        ("aws_db_instance", "multi_az", False),
        ("aws_db_parameter_group", "family", True),
        ("aws_db_subnet_group", "subnet_ids", False),
        ("aws_elasticache_replication_group", "node_type", False),
        ("aws_elasticache_replication_group", "at_rest_encryption_enabled", True),
        ("aws_elasticache_replication_group", "kms_key_id", True),
        ("aws_elasticache_replication_group", "subnet_group_name", True),
        ("aws_elasticache_replication_group", "num_cache_clusters", False),
        ("aws_elasticache_parameter_group", "family", True),
        ("aws_s3_bucket", "bucket", True),
        ("aws_s3_bucket_policy", "bucket", True),
        ("aws_s3_bucket_policy", "policy", False),
        ("aws_kms_key", "deletion_window_in_days", False),
        ("aws_kms_alias", "name", True),
        ("aws_kms_alias", "target_key_id", False),
        ("aws_iam_role", "name", True),
        ("aws_iam_role", "assume_role_policy", False),
        ("aws_iam_role_policy_attachment", "policy_arn", True),
        ("aws_cloudfront_distribution", "staging", True),
        ("aws_cloudfront_distribution", "enabled", False),
        ("aws_acm_certificate", "domain_name", True),
        ("aws_backup_vault", "kms_key_arn", True),
        ("aws_cloudwatch_log_group", "name", True),
        ("aws_cloudwatch_log_group", "retention_in_days", False),
        ("aws_sns_topic", "name", True),
        ("aws_wafv2_web_acl", "scope", True),
        ("aws_wafv2_web_acl", "name", True),
    ],
)
def test_replacement(terraform_type: str, path: str, replaces: bool) -> None:
    assert (facts.split(path) in facts.load()[terraform_type].force_new) is replaces


REPLICATION = {"engine": "redis", "engine_version": "7.0", "engine_version_actual": "7.0.7"}


@pytest.mark.parametrize(
    ("terraform_type", "prior", "change", "replaced"),
    [
        ("aws_elasticache_replication_group", REPLICATION, {"engine_version": "6.2"}, {"engine_version"}),
        ("aws_elasticache_replication_group", REPLICATION, {"engine_version": "7.1"}, set()),
        (
            "aws_elasticache_replication_group",
            REPLICATION,
            {"engine": "valkey", "engine_version": "7.2"},
            set(),
        ),
        (
            "aws_elasticache_replication_group",
            {"engine": "valkey", "engine_version": "8.0", "engine_version_actual": "8.0.1"},
            {"engine": "redis", "engine_version": "7.1"},
            {"engine", "engine_version"},
        ),
        (
            "aws_elasticache_replication_group",
            {"transit_encryption_enabled": False, "engine_version_actual": "6.2.6"},
            {"transit_encryption_enabled": True},
            {"transit_encryption_enabled"},
        ),
        (
            "aws_elasticache_replication_group",
            {"transit_encryption_enabled": False, "engine_version_actual": "7.0.7"},
            {"transit_encryption_enabled": True},
            set(),
        ),
        ("aws_vpc", {"instance_tenancy": "default"}, {"instance_tenancy": "dedicated"}, {"instance_tenancy"}),
        ("aws_vpc", {"instance_tenancy": "dedicated"}, {"instance_tenancy": "default"}, set()),
        (
            "aws_vpc_security_group_ingress_rule",
            {"cidr_ipv4": "10.0.0.0/16"},
            {"cidr_ipv4": None, "referenced_security_group_id": "sg-1"},
            {"cidr_ipv4", "referenced_security_group_id"},
        ),
        (
            "aws_vpc_security_group_ingress_rule",
            {"cidr_ipv4": "10.0.0.0/16"},
            {"cidr_ipv4": "10.1.0.0/16"},
            set(),
        ),
        ("aws_lb", {"load_balancer_type": "application", "subnets": ["a", "b"]}, {"subnets": ["b"]}, set()),
        ("aws_lb", {"load_balancer_type": "network", "subnets": ["a", "b"]}, {"subnets": ["b"]}, {"subnets"}),
        ("aws_lb", {"load_balancer_type": "network", "subnets": ["a"]}, {"subnets": ["b", "a"]}, set()),
        ("aws_lb", {"load_balancer_type": "network", "subnets": ["a", "b"]}, {"subnets": ["b", "a"]}, set()),
    ],
)
def test_replacement_in_some_cases(
    terraform_type: str, prior: dict[str, Any], change: dict[str, Any], replaced: set[str]
) -> None:
    assert facts.replaced_by(terraform_type, prior, {**prior, **change}) == replaced


@pytest.mark.parametrize(
    ("terraform_type", "path", "default"),
    [
        ("aws_vpc", "enable_dns_support", True),
        ("aws_vpc", "instance_tenancy", "default"),
        ("aws_security_group", "description", "Managed by Terraform"),
        ("aws_lb", "idle_timeout", 60),
        ("aws_lb_target_group", "health_check.interval", 30),
        ("aws_autoscaling_group", "wait_for_capacity_timeout", "10m"),
        ("aws_db_instance", "auto_minor_version_upgrade", True),
        ("aws_db_instance", "skip_final_snapshot", False),
        ("aws_db_parameter_group", "parameter.apply_method", "immediate"),
        ("aws_iam_role", "max_session_duration", 3600),
        ("aws_iam_role", "path", "/"),
        ("aws_kms_key", "key_usage", "ENCRYPT_DECRYPT"),
        ("aws_cloudfront_distribution", "price_class", "PriceClass_All"),
        ("aws_wafv2_web_acl", "rule.statement.rate_based_statement.aggregate_key_type", "IP"),
        ("aws_flow_log", "max_aggregation_interval", 600),
        ("aws_s3_bucket_lifecycle_configuration", "rule.prefix", ""),
        ("aws_s3_bucket_lifecycle_configuration", "rule.filter.object_size_greater_than", None),
    ],
)
def test_defaults(terraform_type: str, path: str, default: object) -> None:
    defaults = facts.load()[terraform_type].defaults
    assert facts.split(path) in defaults
    assert defaults[facts.split(path)] == default


def test_sensitive_arguments_and_documents() -> None:
    known = facts.load()
    assert ("password",) in known["aws_db_instance"].sensitive
    assert ("auth_token",) in known["aws_elasticache_replication_group"].sensitive
    assert ("passwords",) in known["aws_elasticache_user"].sensitive
    for terraform_type, path in (
        ("aws_iam_role", "assume_role_policy"),
        ("aws_iam_role_policy", "policy"),
        ("aws_s3_bucket_policy", "policy"),
        ("aws_kms_key", "policy"),
        ("aws_sns_topic_policy", "policy"),
        ("aws_cloudwatch_dashboard", "dashboard_body"),
        ("aws_vpc_endpoint", "policy"),
    ):
        assert facts.split(path) in known[terraform_type].json, terraform_type


def test_a_launch_template_gets_a_version_by_any_change_but_its_name_and_description() -> None:
    changes = facts.load()["aws_launch_template"].changes_computed
    assert changes[("instance_type",)] == {("latest_version",)}
    assert not changes.keys() & {("name",), ("name_prefix",), ("description",), ("update_default_version",)}


def test_shapes_name_attributes_that_are_there(blocks: Blocks) -> None:
    missing = []
    for name, shapes in DOCUMENT["shapes"].items():
        block = blocks("resource", name)
        missing += [(name, path) for path in shapes if described(block, path) is None]
        for path, template in shapes.items():
            for one in template if isinstance(template, list) else [template]:
                for word in re.findall(r"(?<!\$)\{(\w+)[:|}]", one) if isinstance(one, str) else ():
                    if word not in identifiers.WORDS and described(block, word) is None:
                        missing.append((name, path, word))
    assert missing == []


def test_regions_have_what_their_resources_need() -> None:
    regions = DOCUMENT["regions"]
    assert {"ap-northeast-2", "us-east-1"} <= regions.keys()
    for name, row in regions.items():
        assert row["name"] and row["alb_zone"].startswith("Z") and row["s3_zone"].startswith("Z"), name
        assert all(re.fullmatch(rf"{row['code']}-az\d", zone) for zone in row["zones"].values()), name
    assert regions["ap-northeast-2"]["elb_account"] == "600734575887"
    codes = [row["code"] for row in regions.values()]
    assert len(set(codes)) == len(codes)
