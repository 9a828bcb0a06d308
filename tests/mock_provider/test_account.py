"""The account: what it refuses and takes, in AWS's words, and that all processes share it."""

from __future__ import annotations

import base64
import ipaddress
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from mock_provider import schema
from mock_provider.account import Refused, Thing, checks, collisions, deletions
from mock_provider.account.prerequisites import _FILE as PREREQUISITES

REGION = "ap-northeast-2"
ROWS: list[dict[str, Any]] = json.loads(PREREQUISITES.read_bytes())["rows"]


class Maker:
    """Makes things in an account that has no patience."""

    def __init__(self, path: Path | None = None) -> None:
        self.account = checks.checked(path, patience=0)
        self.count = 0

    def __call__(self, terraform_type: str, /, **state: Any) -> Thing:
        self.count += 1
        whole = {"id": f"{terraform_type}-{self.count}", **state}
        return self.account.create(
            terraform_type, state.get("region", REGION), str(self.count), lambda _: whole
        )

    def change(self, thing: Thing, **state: Any) -> Thing:
        changed = Thing(thing.token, thing.type, thing.region, {**thing.state, **state})
        self.account.change(changed)
        return changed


@pytest.fixture
def make() -> Maker:
    return Maker()


def refused(code: str, call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as caught:
        call()
    assert caught.value.code == code
    return caught.value.words


def vpc(make: Maker) -> tuple[Thing, Thing, Thing]:
    network = make("aws_vpc", cidr_block="10.0.0.0/16")
    subnets = [
        make(
            "aws_subnet",
            vpc_id=network.get("id"),
            cidr_block=f"10.0.{number}.0/24",
            availability_zone=f"{REGION}{letter}",
        )
        for number, letter in enumerate("ab")
    ]
    return network, subnets[0], subnets[1]


# --- what has to be there first -------------------------------------------------------------------------


def test_a_load_balancer_waits_for_its_gateway(make: Maker) -> None:
    network, a, b = vpc(make)
    arguments = {"name": "web", "subnets": [a.get("id"), b.get("id")]}
    words = refused("InvalidSubnet", lambda: make("aws_lb", **arguments))
    assert words == f"VPC {network.get('id')} has no internet gateway"
    make("aws_lb", **{**arguments, "name": "inside", "internal": True})
    make("aws_lb", **{**arguments, "name": "elsewhere", "subnets": ["subnet-0123456789abcdef0"]})
    make("aws_internet_gateway", vpc_id=make("aws_vpc", cidr_block="10.1.0.0/16").get("id"))
    refused("InvalidSubnet", lambda: make("aws_lb", **arguments))
    gateway = make("aws_internet_gateway", vpc_id="")
    refused("InvalidSubnet", lambda: make("aws_lb", **arguments))
    make("aws_internet_gateway_attachment", vpc_id=network.get("id"), internet_gateway_id=gateway.get("id"))
    balancer = make("aws_lb", **arguments)
    words = refused(
        "DependencyViolation",
        lambda: make.account.delete(make.change(gateway, vpc_id=network.get("id"))),
    )
    assert "mapped public address" in words
    make.account.delete(balancer)
    make.account.delete(gateway)


def test_scaling_by_requests_waits_for_a_listener(make: Maker) -> None:
    suffix = "targetgroup/web/0123456789abcdef"
    group = make("aws_lb_target_group", name="web", arn=f"arn:aws:x:{suffix}", arn_suffix=suffix)

    def policy(metric: str = "ALBRequestCountPerTarget") -> Thing:
        label = f"app/web/0123456789abcdef/{suffix}"
        predefined = [{"predefined_metric_type": metric, "resource_label": label}]
        return make(
            "aws_autoscaling_policy",
            target_tracking_configuration=[{"predefined_metric_specification": predefined}],
        )

    assert (
        refused("ValidationError", policy) == "The load balancer does not route traffic to the target group."
    )
    policy("ASGAverageCPUUtilization")
    refused(
        "InvalidParameterException",
        lambda: make("aws_ecs_service", name="web", load_balancer=[{"target_group_arn": group.get("arn")}]),
    )
    forward = [{"target_group": [{"arn": group.get("arn"), "weight": 1}]}]
    make("aws_lb_listener", load_balancer_arn="lb", port=443, default_action=[{"forward": forward}])
    policy()
    make("aws_ecs_service", name="web", load_balancer=[{"target_group_arn": group.get("arn")}])


def test_names_whose_letters_differ_in_case_alone(make: Maker) -> None:
    """IAM and security groups hold them for the same; Auto Scaling, for one, does not."""
    make("aws_iam_role", name="Backend")
    refused("EntityAlreadyExists", lambda: make("aws_iam_role", name="backend"))
    make("aws_iam_user", name="backend")
    make("aws_security_group", name="Web", vpc_id="vpc-1")
    refused("InvalidGroup.Duplicate", lambda: make("aws_security_group", name="WEB", vpc_id="vpc-1"))
    make("aws_security_group", name="web", vpc_id="vpc-2")
    make("aws_autoscaling_group", name="Web")
    make("aws_autoscaling_group", name="web")


@pytest.mark.parametrize(
    ("controls", "code"),
    [
        ([], "AccessControlListNotSupported"),
        (["BucketOwnerEnforced"], "AccessControlListNotSupported"),
        (["BucketOwnerPreferred"], ""),
        (["ObjectWriter"], ""),
    ],
)
def test_acls_are_allowed_first(make: Maker, controls: list[str], code: str) -> None:
    make("aws_s3_bucket", bucket="files", bucket_domain_name="files.s3.amazonaws.com")
    for ownership in controls:
        make("aws_s3_bucket_ownership_controls", bucket="files", rule=[{"object_ownership": ownership}])
    calls = (
        lambda: make("aws_s3_bucket_acl", bucket="files", acl="private"),
        lambda: make("aws_s3_object", bucket="files", acl="public-read"),
    )
    for call in calls:
        if code:
            refused(code, call)
        else:
            call()
    make("aws_s3_object", bucket="files", acl=None)
    log = [{"bucket": "files.s3.amazonaws.com"}]
    if code:
        words = refused("InvalidArgument", lambda: make("aws_cloudfront_distribution", logging_config=log))
        assert words.endswith("ACL access: files")
    refused(
        code or "AccessDenied",
        lambda: make("aws_s3_bucket_acl", bucket="files", acl="public-read"),
    )


def test_an_inline_policy_or_a_provider_that_asks_again(make: Maker) -> None:
    topic = make("aws_sns_topic", arn="arn:aws:sns:x:0:jobs", policy=None)
    note = {"bucket": "b", "topic": [{"topic_arn": topic.get("arn")}]}
    refused("InvalidArgument", lambda: make("aws_s3_bucket_notification", **note))
    make.change(topic, policy="{}")
    make("aws_s3_bucket_notification", **note)
    role = make("aws_iam_role", name="watch", arn="arn:aws:iam::0:role/watch", inline_policy=[])
    store = {"identifier": "db", "monitoring_role_arn": role.get("arn")}
    assert "ENHANCED_MONITORING" in refused("InvalidParameterValue", lambda: make("aws_db_instance", **store))
    make("aws_iam_role_policy_attachment", role="watch", policy_arn="arn:aws:iam::aws:policy/x")
    make("aws_db_instance", **store)


def test_a_route_to_a_transit_gateway_waits_for_the_attachment_of_its_network(make: Maker) -> None:
    networks = [make("aws_vpc", cidr_block=f"10.{number}.0.0/16") for number in range(2)]
    tables = [make("aws_route_table", vpc_id=network.get("id")) for network in networks]
    hub = make("aws_ec2_transit_gateway")
    make(
        "aws_ec2_transit_gateway_vpc_attachment",
        vpc_id=networks[0].get("id"),
        transit_gateway_id=hub.get("id"),
    )
    arguments = {"destination_cidr_block": "10.9.0.0/16", "transit_gateway_id": hub.get("id")}
    make("aws_route", route_table_id=tables[0].get("id"), **arguments)
    refused(
        "InvalidTransitGatewayID.NotFound",
        lambda: make("aws_route", route_table_id=tables[1].get("id"), **arguments),
    )


def test_certificates_are_issued_first(make: Maker) -> None:
    certificate = make("aws_acm_certificate", arn="arn:aws:acm:x:0:certificate/1", validation_method="DNS")
    imported = make("aws_acm_certificate", arn="arn:aws:acm:x:0:certificate/2", validation_method="NONE")

    def listener(port: int, arn: Any) -> Thing:
        return make("aws_lb_listener", load_balancer_arn="lb", port=port, certificate_arn=arn)

    refused("UnsupportedCertificate", lambda: listener(443, certificate.get("arn")))
    listener(444, imported.get("arn"))
    make("aws_acm_certificate_validation", certificate_arn=certificate.get("arn"))
    listener(443, certificate.get("arn"))
    refused("ResourceInUseException", lambda: make.account.delete(certificate))


def test_account_wide_needs_are_of_a_region(make: Maker) -> None:
    channel = {"name": "default", "s3_bucket_name": "b"}
    refused(
        "NoAvailableConfigurationRecorderException", lambda: make("aws_config_delivery_channel", **channel)
    )
    make("aws_config_configuration_recorder", name="default", region="eu-west-1")
    refused(
        "NoAvailableConfigurationRecorderException", lambda: make("aws_config_delivery_channel", **channel)
    )
    make("aws_config_configuration_recorder", name="default")
    make("aws_config_delivery_channel", **channel)


def steps_exist(terraform_type: str, way: str) -> bool:
    block = schema.load().block("resource", terraform_type)
    for step in way.partition(" > ")[0].replace("[]", "").split("."):
        if step in block["block_types"]:
            block = block["block_types"][step]["block"]
        else:
            return step in block["attributes"]
    return True


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['type'][0]} needs {row['needs'][0]}")
def test_rows_name_what_the_provider_has(row: dict[str, Any]) -> None:
    assert row["source"].startswith("https://")
    assert row["code"]
    assert row["words"]
    for terraform_type in row["type"]:
        for paths in row.get("when", {}):
            assert any(steps_exist(terraform_type, path) for path in paths.split("|")), paths
        for pair in row["same"]:
            assert any(steps_exist(terraform_type, way) for way in pair["from"]), pair
    for terraform_type in row["needs"]:
        assert all(steps_exist(terraform_type, path) for path in row.get("needs_when", {}))
        for pair in row["same"]:
            assert any(steps_exist(terraform_type, way) for way in pair["to"]), pair
    for pair in row["same"]:
        for terraform_type in pair["of"]:
            names = (*pair.get("of_when", {}), *pair.get("has", ()))
            assert pair["of"][1:] or all(steps_exist(terraform_type, name) for name in names)


def test_tables_name_what_the_provider_has() -> None:
    for terraform_type, taken in collisions._TAKEN.items():
        assert all(steps_exist(terraform_type, name) for name in taken.of), terraform_type
        assert taken.source.startswith("https://")
    for terraform_type, used in deletions._USED.items():
        assert terraform_type in schema.load().types("resource")
        assert used.source.startswith("https://")
        for user, ways in used.by.items():
            assert user.startswith("//") or all(steps_exist(user, way) for way in ways), (user, ways)


# --- what must not be there already ---------------------------------------------------------------------


def test_subnets_lie_in_their_network_and_apart(make: Maker) -> None:
    network, *_ = vpc(make)
    other = make("aws_vpc", cidr_block="10.0.0.0/16")

    def subnet(cidr: str, of: Thing = network) -> Thing:
        return make("aws_subnet", vpc_id=of.get("id"), cidr_block=cidr, availability_zone="a")

    assert "10.0.1.128/25" in refused("InvalidSubnet.Conflict", lambda: subnet("10.0.1.128/25"))
    refused("InvalidSubnet.Conflict", lambda: subnet("10.0.0.0/20"))
    refused("InvalidSubnet.Range", lambda: subnet("10.1.0.0/24"))
    refused("InvalidSubnet.Range", lambda: subnet("10.0.0.0/15"))
    subnet("10.0.2.0/24")
    subnet("10.0.0.0/24", other)
    make("aws_vpc_ipv4_cidr_block_association", vpc_id=network.get("id"), cidr_block="10.1.0.0/16")
    subnet("10.1.0.0/24")
    make("aws_subnet", vpc_id="vpc-of-somebody-else", cidr_block="192.168.0.0/24")


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        (
            ("aws_vpc_security_group_ingress_rule", {"ip_protocol": "tcp", "cidr_ipv4": "10.0.0.0/8"}),
            ("aws_security_group_rule", {"type": "ingress", "protocol": "6", "cidr_blocks": ["10.0.0.0/8"]}),
            ("aws_security_group_rule", {"type": "egress", "protocol": "6", "cidr_blocks": ["10.0.0.0/8"]}),
        ),
        (
            ("aws_security_group_rule", {"type": "ingress", "protocol": "tcp", "self": True}),
            (
                "aws_vpc_security_group_ingress_rule",
                {"ip_protocol": "TCP", "referenced_security_group_id": "sg-1"},
            ),
            (
                "aws_vpc_security_group_ingress_rule",
                {"ip_protocol": "udp", "referenced_security_group_id": "sg-1"},
            ),
        ),
        (
            (
                "aws_security_group_rule",
                {"type": "ingress", "protocol": "tcp", "cidr_blocks": ["10.0.0.0/8", "10.1.0.0/16"]},
            ),
            ("aws_vpc_security_group_ingress_rule", {"ip_protocol": "tcp", "cidr_ipv4": "10.1.0.0/16"}),
            ("aws_vpc_security_group_ingress_rule", {"ip_protocol": "tcp", "cidr_ipv4": "10.2.0.0/16"}),
        ),
    ],
)
def test_rules_given_twice(
    make: Maker,
    one: tuple[str, dict[str, Any]],
    same: tuple[str, dict[str, Any]],
    other: tuple[str, dict[str, Any]],
) -> None:
    place = {"security_group_id": "sg-1", "from_port": 443, "to_port": 443}
    make(one[0], **place, **one[1])
    words = refused("InvalidPermission.Duplicate", lambda: make(same[0], **place, **same[1]))
    assert "from port: 443, to port: 443, ALLOW" in words
    make(other[0], **place, **other[1])
    make(same[0], **{**place, "from_port": 80, "to_port": 80}, **same[1])
    make(same[0], **{**place, "security_group_id": "sg-2"}, **same[1])


def test_a_rule_inside_a_group_and_beside_it(make: Maker) -> None:
    inside = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}
    make("aws_security_group", id="sg-1", name="web", vpc_id="v", ingress=[inside])
    beside = {"security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 443, "to_port": 443}
    refused(
        "InvalidPermission.Duplicate",
        lambda: make("aws_vpc_security_group_ingress_rule", **beside, cidr_ipv4="0.0.0.0/0"),
    )
    refused(
        "InvalidPermission.Duplicate",
        lambda: make("aws_security_group", name="twice", vpc_id="v", ingress=[inside, inside]),
    )


def test_routes_and_gateways_given_twice(make: Maker) -> None:
    network, *_ = vpc(make)
    gateway = make("aws_internet_gateway", vpc_id=network.get("id"))
    refused("InvalidParameterValue", lambda: make("aws_internet_gateway", vpc_id=network.get("id")))
    make.change(gateway, tags={"Name": "main"})
    inline = [{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.get("id")}]
    table = make("aws_route_table", vpc_id=network.get("id"), route=inline)
    route = {"route_table_id": table.get("id"), "gateway_id": gateway.get("id")}
    refused("RouteAlreadyExists", lambda: make("aws_route", **route, destination_cidr_block="0.0.0.0/0"))
    make("aws_route", **route, destination_cidr_block="10.9.0.0/16")
    make("aws_route", **route, destination_ipv6_cidr_block="::/0")
    make("aws_route_table_association", subnet_id="s", route_table_id=table.get("id"))
    refused(
        "Resource.AlreadyAssociated",
        lambda: make("aws_route_table_association", subnet_id="s", route_table_id="another"),
    )


@pytest.mark.parametrize("terraform_type", sorted(collisions._TAKEN))
def test_names_that_are_taken(make: Maker, terraform_type: str) -> None:
    taken = collisions._TAKEN[terraform_type]
    state = dict.fromkeys(taken.of, "web")
    first = make(terraform_type, **state)
    refused(taken.code, lambda: make(terraform_type, **state))
    make.change(first, tags={"a": "b"})
    make(terraform_type, **{**state, taken.of[-1]: "other"})
    if taken.everywhere:
        refused(taken.code, lambda: make(terraform_type, region="eu-west-1", **state))
    else:
        make(terraform_type, region="eu-west-1", **state)
    make.account.remove(first.token)
    make(terraform_type, **state)


def test_what_belongs_to_two_networks(make: Maker) -> None:
    network, a, b = vpc(make)
    make("aws_internet_gateway", vpc_id=network.get("id"))
    stray = make("aws_security_group", name="stray", vpc_id="vpc-elsewhere")
    make("aws_db_subnet_group", name="main", subnet_ids=[a.get("id"), b.get("id")])
    store = {"db_subnet_group_name": "main", "vpc_security_group_ids": [stray.get("id")]}
    assert "different VPCs" in refused(
        "InvalidParameterCombination", lambda: make("aws_db_instance", identifier="db", **store)
    )
    twin = make(
        "aws_subnet", vpc_id=network.get("id"), cidr_block="10.0.9.0/24", availability_zone=f"{REGION}a"
    )
    same = [a.get("id"), twin.get("id")]
    refused(
        "DBSubnetGroupDoesNotCoverEnoughAZs", lambda: make("aws_db_subnet_group", name="x", subnet_ids=same)
    )
    refused("InvalidConfigurationRequest", lambda: make("aws_lb", name="x", subnets=same))
    refused("ValidationError", lambda: make("aws_lb", name="x", subnets=[a.get("id")]))
    make("aws_lb", name="x", load_balancer_type="network", subnets=[a.get("id")])


def test_service_linked_roles_appear_by_themselves(make: Maker) -> None:
    make("aws_db_subnet_group", name="main", subnet_ids=[])
    [role] = make.account.things("aws_iam_service_linked_role")
    assert role.get("name") == "AWSServiceRoleForRDS"
    words = refused(
        "InvalidInput",
        lambda: make("aws_iam_service_linked_role", name="r", aws_service_name="rds.amazonaws.com"),
    )
    assert "has been taken in this account" in words
    make("aws_iam_service_linked_role", aws_service_name="autoscaling.amazonaws.com", custom_suffix="two")


# --- how much, and what stays ---------------------------------------------------------------------------


def test_quotas_of_a_new_account(make: Maker) -> None:
    addresses = [make("aws_eip", allocation_id=f"eipalloc-{number}") for number in range(5)]
    refused("AddressLimitExceeded", lambda: make("aws_eip"))
    make("aws_eip", region="eu-west-1")
    make.account.delete(addresses[0])
    make("aws_eip")
    for number in range(5):
        make("aws_vpc", cidr_block=f"10.{number}.0.0/16")
    refused("VpcLimitExceeded", lambda: make("aws_vpc", cidr_block="10.9.0.0/16"))
    for number in range(10):
        make("aws_iam_role_policy_attachment", role="web", policy_arn=f"p{number}")
    refused("LimitExceeded", lambda: make("aws_iam_role_policy_attachment", role="web", policy_arn="p"))
    make("aws_iam_role_policy_attachment", role="another", policy_arn="p")
    six = [f"sg-{number}" for number in range(6)]
    refused(
        "SecurityGroupsPerInterfaceLimitExceeded",
        lambda: make("aws_db_instance", identifier="db", vpc_security_group_ids=six),
    )
    rules = [
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": ["10.0.0.0/8"]}
        for port in range(60)
    ]
    make("aws_security_group", id="sg-full", name="full", vpc_id="v", ingress=rules)
    more = {"security_group_id": "sg-full", "ip_protocol": "tcp", "from_port": 99, "to_port": 99}
    refused(
        "RulesPerSecurityGroupLimitExceeded",
        lambda: make("aws_vpc_security_group_ingress_rule", **more, cidr_ipv4="10.0.0.0/8"),
    )
    make("aws_vpc_security_group_egress_rule", **more, cidr_ipv4="10.0.0.0/8")


def test_what_is_in_use_stays(make: Maker) -> None:
    network, a, b = vpc(make)
    group = make("aws_security_group", name="db", vpc_id=network.get("id"))
    subnets = make("aws_db_subnet_group", name="main", subnet_ids=[a.get("id"), b.get("id")])
    parameters = make("aws_db_parameter_group", name="pg15")
    store = make(
        "aws_db_instance",
        identifier="db",
        db_subnet_group_name="main",
        parameter_group_name="pg15",
        vpc_security_group_ids=[group.get("id")],
        skip_final_snapshot=True,
    )
    assert "db is still using it" in refused(
        "InvalidDBSubnetGroupStateFault", lambda: make.account.delete(subnets)
    )
    refused("InvalidDBParameterGroupState", lambda: make.account.delete(parameters))
    for thing in (group, a, network):
        refused("DependencyViolation", lambda thing=thing: make.account.delete(thing))  # type: ignore[misc]
    for thing in (store, subnets, parameters, group, a, b, network):
        make.account.delete(thing)


def test_buckets_that_are_not_empty_and_what_is_protected(make: Maker) -> None:
    bucket = make("aws_s3_bucket", bucket="files", force_destroy=False)
    held = make("aws_s3_object", bucket="files", key="a")
    refused("BucketNotEmpty", lambda: make.account.delete(bucket))
    make.account.delete(held)
    make.account.delete(bucket)
    full = make("aws_s3_bucket", bucket="logs", force_destroy=True)
    make("aws_s3_object", bucket="logs", key="a")
    make.account.delete(full)
    store = make("aws_db_instance", identifier="db", deletion_protection=True, skip_final_snapshot=True)
    refused("InvalidParameterCombination", lambda: make.account.delete(store))
    make.account.delete(make.change(store, deletion_protection=False))
    balancer = make("aws_lb", name="web", arn="arn", enable_deletion_protection=True)
    refused("OperationNotPermitted", lambda: make.account.delete(balancer))


def test_last_snapshots_and_deleted_secrets_keep_their_names(make: Maker) -> None:
    def store() -> Thing:
        return make("aws_db_instance", identifier="db", final_snapshot_identifier="db-final")

    make.account.delete(store())
    second = store()
    assert "db-final already exists" in refused(
        "DBSnapshotAlreadyExists", lambda: make.account.delete(second)
    )
    make.account.delete(make.change(second, final_snapshot_identifier="db-final-2"))
    cache = {"replication_group_id": "c", "final_snapshot_identifier": "db-final"}
    make.account.delete(make("aws_elasticache_replication_group", **cache))
    again = make("aws_elasticache_replication_group", **cache)
    refused("SnapshotAlreadyExistsFault", lambda: make.account.delete(again))
    make.account.delete(make("aws_secretsmanager_secret", name="app", recovery_window_in_days=30))
    assert "scheduled for deletion" in refused(
        "InvalidRequestException", lambda: make("aws_secretsmanager_secret", name="app")
    )
    make.account.delete(make("aws_secretsmanager_secret", name="b", recovery_window_in_days=0))
    make("aws_secretsmanager_secret", name="b")


# --- one state for all ----------------------------------------------------------------------------------

_WRITER = """
import sys
from pathlib import Path
from mock_provider.account import checks
account = checks.opened(Path(sys.argv[1]))
for _ in range(40):
    account.create("aws_sns_topic", "r", "same", lambda number: {"id": f"topic-{number}"})
"""


def test_processes_share_it(tmp_path: Path) -> None:
    """Four that write at once: nobody gets what another has, and nothing is lost."""
    path = tmp_path / "account.sqlite"
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, str(path)]) for _ in range(4)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    topics = checks.opened(path).things("aws_sns_topic")
    assert sorted(topic.get("id") for topic in topics) == sorted(f"topic-{number}" for number in range(160))


def test_it_waits_where_the_provider_asks_again(tmp_path: Path) -> None:
    import threading

    path = tmp_path / "account.sqlite"
    mine, theirs = checks.opened(path), checks.opened(path)
    role = {"id": "watch", "name": "watch", "arn": "arn:aws:iam::0:role/watch"}
    theirs.create("aws_iam_role", "", "role", lambda _: role)
    later = threading.Timer(
        0.3,
        lambda: theirs.create("aws_iam_role_policy", "", "policy", lambda _: {"id": "p", "role": "watch"}),
    )
    later.start()
    mine.create("aws_db_instance", REGION, "db", lambda _: {"id": "db", "monitoring_role_arn": role["arn"]})
    later.join()


def test_it_begins_with_what_older_states_hold(tmp_path: Path) -> None:
    private = base64.b64encode(b"key-0").decode()
    attributes = {"id": "vpc-1", "cidr_block": "10.0.0.0/16", "region": REGION}
    resource = {"mode": "managed", "type": "aws_vpc", "name": "a"}
    (tmp_path / "terraform.tfstate").write_text(
        json.dumps(
            {"resources": [{**resource, "instances": [{"attributes": attributes, "private": private}]}]}
        )
    )
    account = checks.opened(tmp_path / "account.sqlite")
    assert [one.get("id") for one in account.things("aws_vpc", region=REGION)] == ["vpc-1"]
    with pytest.raises(Refused, match=r"InvalidSubnet\.Range"):
        account.create(
            "aws_subnet", REGION, "s", lambda _: {"id": "s", "vpc_id": "vpc-1", "cidr_block": "10.1.0.0/24"}
        )


def test_without_a_state_it_refuses_nothing() -> None:
    account = checks.opened(None)
    for number in range(9):
        thing = account.create("aws_eip", REGION, "same", lambda given: {"id": given})
        assert thing.get("id") == number


class Networks(RuleBasedStateMachine):
    """Subnets that come and go: whatever is refused, those that stand lie in their network and apart."""

    subnets = Bundle("subnets")

    def __init__(self) -> None:
        super().__init__()
        self.make = Maker()
        self.network = self.make("aws_vpc", cidr_block="10.0.0.0/20")

    @rule(target=subnets, third=st.integers(0, 19), bits=st.integers(22, 26))
    def create(self, third: int, bits: int) -> Thing | None:
        network = ipaddress.ip_network(f"10.0.{third}.0/{bits}", strict=False)
        try:
            return self.make("aws_subnet", vpc_id=self.network.get("id"), cidr_block=str(network))
        except Refused as refused:
            inside = network.subnet_of(ipaddress.ip_network("10.0.0.0/20"))
            meets = any(network.overlaps(one) for one in self.standing())
            assert refused.code == ("InvalidSubnet.Conflict" if inside and meets else "InvalidSubnet.Range")
            assert meets or not inside
            return None

    @rule(subnet=consumes(subnets))
    def delete(self, subnet: Thing | None) -> None:
        if subnet is not None:
            self.make.account.delete(subnet)

    @rule()
    def the_network_stays_while_it_is_in_use(self) -> None:
        if self.standing():
            refused("DependencyViolation", lambda: self.make.account.delete(self.network))

    def standing(self) -> list[ipaddress.IPv4Network]:
        things: list[Thing] = self.make.account.things("aws_subnet")
        return [ipaddress.IPv4Network(one.get("cidr_block")) for one in things]

    @invariant()
    def they_lie_apart(self) -> None:
        standing = self.standing()
        for position, one in enumerate(standing):
            assert one.subnet_of(ipaddress.IPv4Network("10.0.0.0/20"))
            assert not any(one.overlaps(other) for other in standing[:position])


TestNetworks = Networks.TestCase
TestNetworks.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
