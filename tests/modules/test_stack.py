"""The whole stack: references, encryption, secrets, addresses, descriptions, and what each setting does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path
from typing import Any

import cloud_init
import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError
from stacks import VARIANTS, settings_values, strings, unresolved

from settings.model import REGIONS
from settings.reader import parse

Stack = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_reference_resolves(stack: Stack, variant: str) -> None:
    assert unresolved(stack(variant)) == []


def test_an_unresolved_reference_would_be_seen(stack: Stack) -> None:
    configuration = json.loads(json.dumps(stack("prod")))
    del configuration["resource"]["aws_kms_key"]["database"]
    assert any("aws_kms_key.database" in reference for reference in unresolved(configuration))


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_store_is_encrypted(stack: Stack, variant: str) -> None:
    resources = stack(variant)["resource"]
    assert resources["aws_db_instance"]["main"]["storage_encrypted"] is True
    assert resources["aws_db_instance"]["main"]["kms_key_id"] == "${aws_kms_key.database.arn}"
    cache = resources["aws_elasticache_replication_group"]["main"]
    assert cache["at_rest_encryption_enabled"] == "true"
    assert cache["transit_encryption_enabled"] is True
    for mapping in resources["aws_launch_template"]["backend"]["block_device_mappings"]:
        assert mapping["ebs"]["encrypted"] == "true"
    encrypted = {
        one["bucket"] for one in resources["aws_s3_bucket_server_side_encryption_configuration"].values()
    }
    assert encrypted == {f"${{aws_s3_bucket.{name}.id}}" for name in resources["aws_s3_bucket"]}
    for group in resources["aws_cloudwatch_log_group"].values():
        key = "logs_us_east_1" if group.get("region") == "us-east-1" else "logs"
        assert group["kms_key_id"] == f"${{aws_kms_key.{key}.arn}}"
    assert resources["aws_backup_vault"]["main"]["kms_key_arn"] == "${aws_kms_key.backup.arn}"
    assert resources["aws_sns_topic"]["alarms"]["kms_master_key_id"] == "${aws_kms_key.alarms.key_id}"
    for key in resources["aws_kms_key"].values():
        assert key["enable_key_rotation"] is True


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_bucket_is_private_and_tls_only(stack: Stack, variant: str) -> None:
    resources = stack(variant)["resource"]
    for name in resources["aws_s3_bucket"]:
        block = resources["aws_s3_bucket_public_access_block"][name]
        assert [block[key] for key in block if key.startswith(("block_", "ignore_", "restrict_"))] == [
            True
        ] * 4
        statements = json.loads(resources["aws_s3_bucket_policy"][name]["policy"])["Statement"]
        arn = f"${{aws_s3_bucket.{name}.arn}}"
        assert {
            "Sid": "DenyPlainHttp",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        } in statements


def test_addresses_are_short_and_carry_no_hash(stack: Stack) -> None:
    for variant in VARIANTS:
        for kind, named in stack(variant)["resource"].items():
            for name in named:
                assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name), f"{kind}.{name}"
                assert not re.search(r"[0-9a-f]{8}", name), f"{kind}.{name}"
                assert len(name) <= 32


def test_every_resource_keeps_its_construct_path(stack: Stack) -> None:
    for kind, named in stack("prod")["resource"].items():
        for name, resource in named.items():
            path = resource["//"]["metadata"]["path"]
            assert re.fullmatch(rf"cloudmart-prod/[a-z_]+/{kind.removeprefix('aws_')}(_a)?\.{name}", path), (
                path
            )


@pytest.mark.parametrize("variant", VARIANTS)
def test_variables_and_outputs_are_described(stack: Stack, variant: str) -> None:
    configuration = stack(variant)
    for kind in ("variable", "output"):
        for name, one in configuration[kind].items():
            assert one["description"].endswith("."), f"{kind}.{name}"


def test_versions_that_both_tools_accept(stack: Stack) -> None:
    terraform = stack("prod")["terraform"]
    assert terraform["required_version"] == ">= 1.6.0, < 2.0.0"
    assert terraform["required_providers"] == {
        "aws": {"source": "hashicorp/aws", "version": ">= 6.25.0, < 7.0.0"}
    }
    assert terraform["backend"] == {"local": {"path": "terraform.tfstate"}}


def test_state_in_s3_is_encrypted_and_locked(stack: Stack) -> None:
    terraform = stack("everything")["terraform"]
    assert terraform["backend"] == {
        "s3": {
            "bucket": "cloudmart-states",
            "key": "cloudmart-prod/terraform.tfstate",
            "region": "ap-northeast-2",
            "encrypt": True,
            "use_lockfile": True,
        }
    }
    assert terraform["required_version"] == ">= 1.10.0, < 2.0.0"  # the native lock came with it


def test_everything_carries_the_tags(stack: Stack) -> None:
    tags = {"Project": "cloudmart", "Environment": "prod", "ManagedBy": "Terraform", "Owner": "platform-team"}
    configuration = stack("prod")
    assert configuration["provider"]["aws"][0]["default_tags"] == [{"tags": tags}]
    template = configuration["resource"]["aws_launch_template"]["backend"]
    for specification in template["tag_specifications"]:
        assert tags.items() <= specification["tags"].items()
    group = configuration["resource"]["aws_autoscaling_group"]["backend"]
    assert tags.items() <= {tag["key"]: tag["value"] for tag in group["tag"]}.items()


def test_volumes_are_in_the_backup_plan(prod: dict[str, Any]) -> None:
    (selected,) = prod["aws_backup_selection"]["daily"]["selection_tag"]
    (volume,) = (
        one["tags"]
        for one in prod["aws_launch_template"]["backend"]["tag_specifications"]
        if one["resource_type"] == "volume"
    )
    assert volume[selected["key"]] == selected["value"]


def test_windows_are_utc_and_backups_keep_the_zone(stack: Stack) -> None:
    resources = stack("everything")["resource"]  # timezone: Asia/Seoul
    database = resources["aws_db_instance"]["main"]
    assert (database["backup_window"], database["maintenance_window"]) == (
        "18:00-19:00",
        "sat:19:00-sat:20:00",
    )
    cache = resources["aws_elasticache_replication_group"]["main"]
    assert (cache["snapshot_window"], cache["maintenance_window"]) == ("20:00-21:00", "sat:21:00-sat:22:00")
    (rule,) = resources["aws_backup_plan"]["daily"]["rule"]
    assert (rule["schedule"], rule["schedule_expression_timezone"]) == ("cron(0 3 * * ? *)", "Asia/Seoul")


def test_stores_stand_in_data_subnets_where_there_are_some(stack: Stack) -> None:
    resources = stack("everything")["resource"]
    expected = ["${aws_subnet.data_a.id}", "${aws_subnet.data_b.id}"]
    assert resources["aws_db_subnet_group"]["main"]["subnet_ids"] == expected
    assert resources["aws_elasticache_subnet_group"]["main"]["subnet_ids"] == expected


def test_given_certificates_are_used_and_none_is_made(stack: Stack) -> None:
    configuration = stack("own_certificates")
    assert "aws_acm_certificate" not in configuration["resource"]
    assert "aws_route53_record" not in configuration["resource"]
    listener = configuration["resource"]["aws_lb_listener"]["https"]
    assert listener["certificate_arn"].startswith("arn:aws:acm:ap-northeast-2:")


def test_dev_is_smaller_and_as_safe(stack: Stack) -> None:
    prod, dev = stack("prod")["resource"], stack("dev")["resource"]
    assert sum(map(len, dev.values())) < sum(map(len, prod.values()))
    database = dev["aws_db_instance"]["main"]
    assert database["multi_az"] is False
    assert database["deletion_protection"] is False
    assert database["publicly_accessible"] is False
    assert database["backup_retention_period"] == 7
    assert dev["aws_elasticache_replication_group"]["main"]["num_cache_clusters"] == 1
    assert dev["aws_elasticache_replication_group"]["main"]["snapshot_retention_limit"] == 7


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_secret_value_stands_in_the_json(stack: Stack, variant: str) -> None:
    resources = stack(variant)["resource"]
    database = resources["aws_db_instance"]["main"]
    assert database["manage_master_user_password"] is True
    assert "password" not in database
    assert "auth_token" not in resources["aws_elasticache_replication_group"]["main"]
    for user in resources.get("aws_elasticache_user", {}).values():
        assert not {"passwords"} & user.keys()
    for text in strings(stack(variant)):
        assert not re.search(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|BEGIN [A-Z ]*PRIVATE KEY", text)


def test_the_role_reads_what_the_user_data_names_and_no_more(stack: Stack) -> None:
    configuration = stack("prod")
    statements = json.loads(configuration["resource"]["aws_iam_role_policy"]["backend"]["policy"])[
        "Statement"
    ]
    by_action = {str(one["Action"]): one["Resource"] for one in statements}
    secret = by_action["secretsmanager:GetSecretValue"]
    assert f"DATABASE_SECRET_ARN={secret}\n" in configuration["locals"]["backend_user_data"]
    assert by_action["kms:Decrypt"] == "${aws_kms_key.database.arn}"
    assert configuration["resource"]["aws_db_instance"]["main"]["master_user_secret_kms_key_id"] == (
        "${aws_kms_key.database.key_id}"
    )


@pytest.mark.parametrize("variant", ["prod", "dev", "own_certificates"])
def test_cloud_init_is_valid_by_its_own_schema(stack: Stack, variant: str) -> None:
    text = stack(variant)["locals"]["backend_user_data"]
    assert text.startswith("#cloud-config\n")
    document = yaml.safe_load(text)
    cloud_init.validate(document)
    with pytest.raises(ValidationError):
        cloud_init.validate({**document, "write_filez": []})
    with pytest.raises(ValidationError):
        cloud_init.validate({**document, "write_files": [{"path": 1}]})
    # EC2 takes 16 KiB: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
    assert len(text.encode()) < 12 * 1024


def test_the_single_page_function_leaves_files_and_the_api_alone(prod: dict[str, Any]) -> None:
    distribution = prod["aws_cloudfront_distribution"]["main"]
    assert "custom_error_response" not in distribution
    (api,) = distribution["ordered_cache_behavior"]
    assert api["path_pattern"] == "/api/*"
    assert "function_association" not in api
    code = prod["aws_cloudfront_function"]["single_page"]["code"]
    assert code == (Path("modules") / "single_page.js").read_text(encoding="utf-8")


ZONES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True)
CIDRS = st.builds(
    lambda block, prefix: str(IPv4Network(((10 << 24) + (block << 8), prefix), strict=False)),
    st.integers(0, 0xFFFF),
    st.integers(16, 22),
)
WINDOW = st.sampled_from(["00:30-01:30", "03:00-04:00", "23:00-00:00", "12:15-13:15"])
CHANGES = st.fixed_dictionaries(
    {
        "timezone": st.sampled_from(["UTC", "Asia/Seoul", "America/St_Johns", "Pacific/Kiritimati"]),
        "network": st.fixed_dictionaries(
            {
                "cidr": CIDRS,
                "availability_zones": ZONES,
                "nat": st.sampled_from(["per_az", "single"]),
                "data_subnets": st.booleans(),
                "interface_endpoints": st.booleans(),
                "flow_logs": st.fixed_dictionaries({"enabled": st.booleans()}),
            }
        ),
        "load_balancer": st.fixed_dictionaries({"waf": st.booleans(), "deletion_protection": st.booleans()}),
        "backend": st.fixed_dictionaries(
            {"image": st.sampled_from(["registry.example.com/a:1", "b/c@sha256:" + 64 * "0"])}
        ),
        "database": st.fixed_dictionaries(
            {
                "backup_window": WINDOW,
                "maintenance_window": st.just("tue:06:00-tue:07:00"),
                "monitoring_interval_seconds": st.sampled_from([0, 60]),
                "performance_insights": st.booleans(),
                "final_snapshot": st.booleans(),
            }
        ),
        "cache": st.fixed_dictionaries(
            {
                "replicas": st.integers(1, 3),
                "auth": st.sampled_from(["iam", "none"]),
                "snapshot_window": WINDOW,
            }
        ),
        "observability": st.fixed_dictionaries({"dashboard": st.booleans()}),
        "drills": st.fixed_dictionaries({"az_loss": st.booleans()}),
    }
)


@given(CHANGES)
@hypothesis_settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_valid_settings_make_a_sound_stack(tmp_path: Path, changes: dict[str, Any]) -> None:
    from synthesis import app

    if len(changes["network"]["availability_zones"]) == 1:
        changes["database"]["multi_az"] = changes["cache"]["multi_az"] = False
    found, complaints = parse(settings_values("prod", changes))
    assert found is not None, complaints
    configuration = app.environment(found, tmp_path).configuration
    assert unresolved(configuration) == []
    vpc = IPv4Network(changes["network"]["cidr"])
    subnets = [IPv4Network(one["cidr_block"]) for one in configuration["resource"]["aws_subnet"].values()]
    assert all(subnet.subnet_of(vpc) for subnet in subnets)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))
    assert REGIONS[found.region]
