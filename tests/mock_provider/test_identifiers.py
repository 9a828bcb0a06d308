"""Applies that a reader believes: shapes, and the same ones on every run."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_provider import identifiers, schema
from mock_provider.identifiers import Context
from mock_provider.values import UNKNOWN, has_unknown

SEOUL = Context("ap-northeast-2")
Create = Callable[..., dict[str, Any]]
SCHEMA = schema.load()
block_of = functools.cache(lambda name: SCHEMA.block("resource", name))


def planned(terraform_type: str, **given: Any) -> dict[str, Any]:
    """A plan to create: what is computed and not given is unknown."""
    block = block_of(terraform_type)
    plan: dict[str, Any] = {
        name: UNKNOWN if attribute.get("computed") else None
        for name, attribute in block["attributes"].items()
    }
    return {**plan, **{name: [] for name in block["block_types"]}, **given}


def create(terraform_type: str, context: Context = SEOUL, **given: Any) -> dict[str, Any]:
    block = block_of(terraform_type)
    return identifiers.fill(terraform_type, planned(terraform_type, **given), block, context)


HEX = "[0-9a-f]"
UUID = rf"{HEX}{{8}}-{HEX}{{4}}-4{HEX}{{3}}-[89ab]{HEX}{{3}}-{HEX}{{12}}"
HERE = "ap-northeast-2:000000000000"

# type, arguments, attribute, and what its value looks like.
SHAPES = [
    ("aws_vpc", {"cidr_block": "10.0.0.0/16"}, "id", f"vpc-{HEX}{{17}}"),
    ("aws_vpc", {}, "arn", f"arn:aws:ec2:{HERE}:vpc/vpc-{HEX}{{17}}"),
    ("aws_vpc", {}, "default_security_group_id", f"sg-{HEX}{{17}}"),
    ("aws_vpc", {}, "owner_id", "000000000000"),
    ("aws_subnet", {"vpc_id": "vpc-1"}, "id", f"subnet-{HEX}{{17}}"),
    ("aws_subnet", {"availability_zone": "ap-northeast-2b"}, "availability_zone_id", "apne2-az2"),
    ("aws_subnet", {"availability_zone_id": "apne2-az3"}, "availability_zone", "ap-northeast-2c"),
    ("aws_internet_gateway", {}, "id", f"igw-{HEX}{{17}}"),
    ("aws_eip", {"domain": "vpc"}, "id", f"eipalloc-{HEX}{{17}}"),
    ("aws_eip", {}, "public_ip", r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+"),
    ("aws_nat_gateway", {"subnet_id": "subnet-1"}, "id", f"nat-{HEX}{{17}}"),
    ("aws_route_table", {"vpc_id": "vpc-1"}, "id", f"rtb-{HEX}{{17}}"),
    (
        "aws_route",
        {"route_table_id": "rtb-0a1", "destination_cidr_block": "0.0.0.0/0"},
        "id",
        "r-rtb-0a11080289494",
    ),
    ("aws_route_table_association", {"subnet_id": "subnet-1"}, "id", f"rtbassoc-{HEX}{{17}}"),
    ("aws_security_group", {"name_prefix": "web-"}, "name", rf"web-\d{{18}}{HEX}{{8}}"),
    ("aws_security_group", {}, "name", rf"terraform-\d{{18}}{HEX}{{8}}"),
    ("aws_security_group", {"name": "web"}, "id", f"sg-{HEX}{{17}}"),
    ("aws_security_group", {"name": "web"}, "name_prefix", ""),
    ("aws_vpc_security_group_ingress_rule", {}, "id", f"sgr-{HEX}{{17}}"),
    (
        "aws_vpc_security_group_ingress_rule",
        {},
        "arn",
        f"arn:aws:ec2:{HERE}:security-group-rule/sgr-{HEX}{{17}}",
    ),
    ("aws_vpc_endpoint", {"service_name": "com.amazonaws.ap-northeast-2.s3"}, "id", f"vpce-{HEX}{{17}}"),
    (
        "aws_vpc_endpoint",
        {"service_name": "com.amazonaws.ap-northeast-2.s3"},
        "prefix_list_id",
        "pl-78a54011",
    ),
    ("aws_flow_log", {}, "id", f"fl-{HEX}{{17}}"),
    (
        "aws_lb",
        {"name": "shop"},
        "arn",
        f"arn:aws:elasticloadbalancing:{HERE}:loadbalancer/app/shop/{HEX}{{16}}",
    ),
    ("aws_lb", {"name": "shop"}, "dns_name", r"shop-\d{10}\.ap-northeast-2\.elb\.amazonaws\.com"),
    (
        "aws_lb",
        {"name": "shop", "internal": True},
        "dns_name",
        r"internal-shop-\d{10}\.ap-northeast-2\.elb\.amazonaws\.com",
    ),
    ("aws_lb", {"name": "shop", "load_balancer_type": "network"}, "arn_suffix", f"net/shop/{HEX}{{16}}"),
    ("aws_lb", {"name": "shop", "load_balancer_type": "network"}, "zone_id", "ZIBE1TIR4HY56"),
    ("aws_lb", {"name": "shop"}, "zone_id", "ZWKZPGTI48KDX"),
    ("aws_lb", {"name_prefix": "shop-"}, "name", rf"shop-\d{{18}}{HEX}{{8}}"),
    (
        "aws_lb_listener",
        {"load_balancer_arn": f"arn:aws:elasticloadbalancing:{HERE}:loadbalancer/app/shop/00"},
        "arn",
        f"arn:aws:elasticloadbalancing:{HERE}:listener/app/shop/00/{HEX}{{16}}",
    ),
    ("aws_lb_target_group", {"name": "web"}, "arn_suffix", f"targetgroup/web/{HEX}{{16}}"),
    ("aws_launch_template", {"name": "web"}, "id", f"lt-{HEX}{{17}}"),
    (
        "aws_autoscaling_group",
        {"name": "web", "min_size": 2},
        "arn",
        f"arn:aws:autoscaling:{HERE}:autoScalingGroup:{UUID}:autoScalingGroupName/web",
    ),
    (
        "aws_db_instance",
        {"identifier": "shop"},
        "address",
        r"shop\.c[a-z0-9]{11}\.ap-northeast-2\.rds\.amazonaws\.com",
    ),
    ("aws_db_instance", {"identifier": "shop", "engine": "postgres"}, "endpoint", r"shop\..*\.com:5432"),
    ("aws_db_instance", {"identifier": "shop", "engine": "mysql"}, "endpoint", r"shop\..*\.com:3306"),
    ("aws_db_instance", {"identifier": "shop", "port": 6000}, "endpoint", r"shop\..*\.com:6000"),
    ("aws_db_instance", {"identifier": "shop"}, "arn", f"arn:aws:rds:{HERE}:db:shop"),
    ("aws_db_instance", {"identifier": "shop"}, "id", r"db-[A-Z0-9]{26}"),
    ("aws_db_instance", {"engine": "postgres", "engine_version": "15"}, "engine_version_actual", r"15\.\d+"),
    ("aws_db_instance", {"engine": "postgres", "engine_version": "15.5"}, "engine_version_actual", r"15\.5"),
    ("aws_db_instance", {}, "hosted_zone_id", "ZLA2NUCOLGUUR"),
    (
        "aws_elasticache_replication_group",
        {"replication_group_id": "shop", "transit_encryption_enabled": True},
        "primary_endpoint_address",
        r"master\.shop\.[a-z0-9]{6}\.apn2\.cache\.amazonaws\.com",
    ),
    (
        "aws_elasticache_replication_group",
        {"replication_group_id": "shop", "transit_encryption_enabled": True},
        "reader_endpoint_address",
        r"replica\.shop\.[a-z0-9]{6}\.apn2\.cache\.amazonaws\.com",
    ),
    (
        "aws_elasticache_replication_group",
        {"replication_group_id": "shop", "transit_encryption_enabled": False},
        "primary_endpoint_address",
        r"shop\.[a-z0-9]{6}\.ng\.0001\.apn2\.cache\.amazonaws\.com",
    ),
    (
        "aws_elasticache_replication_group",
        {"replication_group_id": "shop", "num_node_groups": 2},
        "configuration_endpoint_address",
        r"clustercfg\.shop\.[a-z0-9]{6}\.apn2\.cache\.amazonaws\.com",
    ),
    ("aws_kms_key", {}, "id", UUID),
    ("aws_kms_key", {}, "arn", f"arn:aws:kms:{HERE}:key/{UUID}"),
    ("aws_kms_alias", {"name": "alias/shop"}, "arn", f"arn:aws:kms:{HERE}:alias/shop"),
    ("aws_iam_role", {"name": "app", "path": "/shop/"}, "arn", "arn:aws:iam::000000000000:role/shop/app"),
    ("aws_iam_role", {"name": "app", "path": "/"}, "unique_id", "AROA[A-Z0-9]{17}"),
    ("aws_iam_role_policy", {"name": "read", "role": "app"}, "id", "app:read"),
    ("aws_iam_instance_profile", {"name": "app", "path": "/"}, "unique_id", "AIPA[A-Z0-9]{17}"),
    ("aws_s3_bucket", {"bucket": "shop"}, "arn", "arn:aws:s3:::shop"),
    (
        "aws_s3_bucket",
        {"bucket": "shop"},
        "bucket_regional_domain_name",
        "shop.s3.ap-northeast-2.amazonaws.com",
    ),
    ("aws_s3_bucket", {"bucket": "shop"}, "hosted_zone_id", "Z3W03O7B5YMIYP"),
    ("aws_s3_bucket", {"bucket_prefix": "shop-"}, "bucket", rf"shop-\d{{18}}{HEX}{{8}}"),
    ("aws_cloudfront_distribution", {"enabled": True}, "domain_name", r"d[a-z0-9]{13}\.cloudfront\.net"),
    ("aws_cloudfront_distribution", {}, "hosted_zone_id", "Z2FDTNDATAQYW2"),
    ("aws_cloudfront_distribution", {}, "id", "E[A-Z0-9]{13}"),
    ("aws_acm_certificate", {}, "arn", f"arn:aws:acm:{HERE}:certificate/{UUID}"),
    ("aws_cloudwatch_log_group", {"name": "/shop"}, "arn", f"arn:aws:logs:{HERE}:log-group:/shop"),
    ("aws_sns_topic", {"name": "alarms"}, "arn", f"arn:aws:sns:{HERE}:alarms"),
    ("aws_sns_topic_subscription", {"topic_arn": "arn:aws:sns:x:1:t"}, "arn", f"arn:aws:sns:x:1:t:{UUID}"),
    (
        "aws_wafv2_web_acl",
        {"name": "web", "scope": "CLOUDFRONT"},
        "arn",
        f"arn:aws:wafv2:us-east-1:000000000000:global/webacl/web/{UUID}",
    ),
    (
        "aws_wafv2_web_acl",
        {"name": "web", "scope": "REGIONAL"},
        "arn",
        f"arn:aws:wafv2:{HERE}:regional/webacl/web/{UUID}",
    ),
    ("aws_backup_vault", {"name": "daily"}, "arn", f"arn:aws:backup:{HERE}:backup-vault:daily"),
    ("aws_fis_experiment_template", {}, "id", "EXT[a-z0-9]{18}"),
    (
        "aws_cloudwatch_log_delivery_source",
        {"resource_arn": "arn:aws:cloudfront::1:distribution/E"},
        "service",
        "cloudfront",
    ),
]


@pytest.mark.parametrize(("terraform_type", "arguments", "attribute", "shape"), SHAPES)
def test_shapes(terraform_type: str, arguments: dict[str, Any], attribute: str, shape: str) -> None:
    assert re.fullmatch(shape, create(terraform_type, **arguments)[attribute])


def test_every_type_is_filled_and_nothing_that_is_known_changes() -> None:
    for name in SCHEMA.types("resource"):
        plan = planned(name)
        state = identifiers.fill(name, plan, block_of(name), SEOUL)
        assert not has_unknown(state), name
        assert state.keys() == plan.keys(), name
        known = {key: value for key, value in plan.items() if not has_unknown(value)}
        assert {key: state[key] for key in known} == known, name


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(max_size=12),
    "number": st.integers(0, 9),
    "bool": st.booleans(),
}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_known_arguments_are_kept_whatever_they_are(data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from(
            ["aws_lb", "aws_db_instance", "aws_elasticache_replication_group", "aws_vpc_endpoint"]
        )
    )
    block = block_of(name)
    simple = {
        key: VALUES[one["type"]] for key, one in block["attributes"].items() if str(one["type"]) in VALUES
    }
    chosen = data.draw(st.dictionaries(st.sampled_from(sorted(simple)), st.none(), max_size=8))
    arguments = {key: data.draw(simple[key]) for key in chosen}
    state = create(name, **arguments)
    assert {key: state[key] for key in arguments} == arguments
    assert not has_unknown(state)


def test_the_same_in_another_process() -> None:
    """Neither the hash seed nor anything of the machine is in a value."""
    code = (
        "from tests.mock_provider.test_identifiers import create\n"
        "import json\n"
        "print(json.dumps([create('aws_db_instance', identifier='shop'), create('aws_lb', name='shop')]))"
    )
    here = Path(__file__).resolve().parents[2]
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=here,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(here)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert json.loads(said[0])[0]["id"] == create("aws_db_instance", identifier="shop")["id"]


def test_other_arguments_and_regions_give_other_values() -> None:
    assert (
        create("aws_vpc", cidr_block="10.0.0.0/16")["id"] != create("aws_vpc", cidr_block="10.1.0.0/16")["id"]
    )
    assert create("aws_vpc", context=Context("us-east-1"))["id"] != create("aws_vpc")["id"]
    there = create("aws_lb", name="shop", region="us-east-1")
    assert there["dns_name"].endswith(".us-east-1.elb.amazonaws.com")
    assert there["arn"].startswith("arn:aws:elasticloadbalancing:us-east-1:")


def test_the_managed_password_is_a_secret_of_rds() -> None:
    key = "arn:aws:kms:ap-northeast-2:000000000000:key/1"
    state = create("aws_db_instance", manage_master_user_password=True, master_user_secret_kms_key_id=key)
    [secret] = state["master_user_secret"]
    assert re.fullmatch(
        rf"arn:aws:secretsmanager:{HERE}:secret:rds!db-{UUID}-[A-Za-z0-9]{{6}}", secret["secret_arn"]
    )
    assert (secret["kms_key_id"], secret["secret_status"]) == (key, "active")
    assert create("aws_db_instance")["master_user_secret"] == []


def test_a_launch_template_counts_its_versions() -> None:
    block = block_of("aws_launch_template")
    first = create("aws_launch_template", name="web", update_default_version=True)
    assert (first["latest_version"], first["default_version"]) == (1, 1)
    change = {**first, "instance_type": "t3.small", "latest_version": UNKNOWN, "default_version": UNKNOWN}
    second = identifiers.fill("aws_launch_template", change, block, SEOUL, first)
    assert (second["latest_version"], second["default_version"]) == (2, 2)
    assert second["id"] == first["id"]


def test_resources_agree_with_those_they_name() -> None:
    vpc = create("aws_vpc", cidr_block="10.7.0.0/16")
    subnet = create(
        "aws_subnet", vpc_id=vpc["id"], cidr_block="10.7.1.0/24", availability_zone="ap-northeast-2c"
    )
    address = create("aws_eip", tags={"Name": "nat"})
    gateway = create("aws_nat_gateway", allocation_id=address["id"], subnet_id=subnet["id"])
    assert gateway["public_ip"] == address["public_ip"]
    assert gateway["private_ip"].startswith("10.7.1.")
    assert create("aws_lb", name="agrees", subnets=[subnet["id"]])["vpc_id"] == vpc["id"]
    assert create("aws_db_subnet_group", name="agrees", subnet_ids=[subnet["id"]])["vpc_id"] == vpc["id"]
    group = create("aws_autoscaling_group", name="agrees", vpc_zone_identifier=[subnet["id"]])
    assert group["availability_zones"] == ["ap-northeast-2c"]
    default = create("aws_default_security_group", vpc_id=vpc["id"])
    assert default["id"] == vpc["default_security_group_id"]
    key = create("aws_kms_key", description="agrees")
    assert (
        create("aws_kms_alias", name="alias/agrees", target_key_id=key["id"])["target_key_arn"] == key["arn"]
    )


def test_an_interface_endpoint_has_its_names() -> None:
    state = create(
        "aws_vpc_endpoint",
        service_name="com.amazonaws.ap-northeast-2.ssm",
        vpc_endpoint_type="Interface",
        subnet_ids=["subnet-a", "subnet-b"],
        private_dns_enabled=True,
    )
    names = [entry["dns_name"] for entry in state["dns_entry"]]
    assert names[0].startswith(f"{state['id']}-") and names[0].endswith(
        ".ssm.ap-northeast-2.vpce.amazonaws.com"
    )
    assert names[-1] == "ssm.ap-northeast-2.amazonaws.com"
    assert len(names) == 4
    assert len(state["network_interface_ids"]) == 2


def test_the_domains_to_validate_are_known_at_plan_time() -> None:
    arguments = {
        "domain_name": "shop.example.com",
        "subject_alternative_names": ["*.shop.example.com"],
        "validation_method": "DNS",
    }
    plan = identifiers.at_plan("aws_acm_certificate", planned("aws_acm_certificate", **arguments), None)
    assert [one["domain_name"] for one in plan["domain_validation_options"]] == [
        "*.shop.example.com",
        "shop.example.com",
    ]
    assert all(one["resource_record_name"] is UNKNOWN for one in plan["domain_validation_options"])
    assert plan["subject_alternative_names"] == ["*.shop.example.com", "shop.example.com"]
    state = identifiers.fill("aws_acm_certificate", plan, block_of("aws_acm_certificate"), SEOUL)
    wildcard, plain = state["domain_validation_options"]
    assert re.fullmatch(rf"_{HEX}{{32}}\.shop\.example\.com\.", plain["resource_record_name"])
    assert re.fullmatch(
        rf"_{HEX}{{32}}\.[a-z0-9]{{10}}\.acm-validations\.aws\.", plain["resource_record_value"]
    )
    assert plain["resource_record_type"] == "CNAME"
    assert {**wildcard, "domain_name": ""} == {**plain, "domain_name": ""}


@pytest.mark.parametrize(
    "arguments", [{"domain_name": UNKNOWN}, {"domain_name": "a.b", "subject_alternative_names": [UNKNOWN]}]
)
def test_domains_that_are_not_known_are_left_alone(arguments: dict[str, Any]) -> None:
    plan = planned("aws_acm_certificate", validation_method="DNS", **arguments)
    assert identifiers.at_plan("aws_acm_certificate", plan, None) == plan


def test_a_certificate_validated_by_mail_has_no_records() -> None:
    state = create("aws_acm_certificate", domain_name="a.example.com", validation_method="EMAIL")
    assert state["domain_validation_options"] == []


def test_partitions() -> None:
    china = Context("cn-north-1", partition="aws-cn")
    assert create("aws_s3_bucket", context=china, bucket="shop")["arn"] == "arn:aws-cn:s3:::shop"
    assert create("aws_sqs_queue", context=china, name="q")["url"].startswith(
        "https://sqs.cn-north-1.amazonaws.com.cn/"
    )
