"""Flows and grants that a plan opens and closes."""

from __future__ import annotations

import json

import pytest
from small_plans import plan, resource

from pipeline.access import access

GROUPS = [
    resource("aws_security_group.backend", ["no-op"], {"id": "sg-1"}, {"id": "sg-1"}),
    resource("aws_security_group.database", ["no-op"], {"id": "sg-2"}, {"id": "sg-2"}),
]
TCP = {"ip_protocol": "tcp", "from_port": 5432, "to_port": 5432}


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def rule(side, group, **values):
    return {"security_group_id": group, **TCP, **values}, f"aws_vpc_security_group_{side}_rule.r{group}{side}"


def test_both_rules_of_a_flow_are_one_flow():
    way_out, out_address = rule("egress", "sg-1", referenced_security_group_id="sg-2")
    way_in, in_address = rule("ingress", "sg-2", referenced_security_group_id="sg-1")
    both = [resource(out_address, ["create"], None, way_out), resource(in_address, ["create"], None, way_in)]
    assert access(plan(*GROUPS, *both)).opened == ("flow opened: backend → database, tcp 5432",)
    gone = [resource(out_address, ["delete"], way_out, None), resource(in_address, ["delete"], way_in, None)]
    told = access(plan(*GROUPS, *gone))
    assert told.closed == ("flow closed: backend → database, tcp 5432",)
    assert told.opened == ()


def test_one_rule_alone_is_told_as_one():
    way_in, address = rule("ingress", "sg-2", referenced_security_group_id="sg-1")
    told = access(plan(*GROUPS, resource(address, ["create"], None, way_in)))
    assert told.opened == ("flow opened: backend → database, tcp 5432 (ingress rule only)",)


def test_groups_that_do_not_stand_yet_are_named_by_their_references():
    address = "aws_vpc_security_group_ingress_rule.a"
    unknown = {"security_group_id": True, "referenced_security_group_id": True}
    expressions = {
        address: {
            "security_group_id": {
                "references": ["aws_security_group.database.id", "aws_security_group.database"]
            },
            "referenced_security_group_id": {"references": ["aws_security_group.backend.id"]},
        }
    }
    told = access(plan(resource(address, ["create"], None, TCP, unknown), expressions=expressions))
    assert told.opened == ("flow opened: backend → database, tcp 5432 (ingress rule only)",)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"cidr_ipv4": "0.0.0.0/0"}, "the internet → database, tcp 5432"),
        ({"cidr_ipv6": "::/0"}, "the internet → database, tcp 5432 (IPv6)"),
        ({"cidr_ipv4": "10.0.0.0/16"}, "10.0.0.0/16 → database, tcp 5432"),
        ({"prefix_list_id": "pl-12"}, "pl-12 → database, tcp 5432"),
        (
            {"cidr_ipv4": "0.0.0.0/0", "ip_protocol": "-1", "from_port": None, "to_port": None},
            "the internet → database, every protocol and port",
        ),
        (
            {"cidr_ipv4": "0.0.0.0/0", "from_port": 0, "to_port": 65535},
            "the internet → database, tcp, every port",
        ),
        ({"cidr_ipv4": "0.0.0.0/0", "from_port": 80, "to_port": 443}, "the internet → database, tcp 80-443"),
    ],
)
def test_ends_and_ports(values, words):
    way_in, address = rule("ingress", "sg-2", **values)
    assert access(plan(*GROUPS, resource(address, ["create"], None, way_in))).opened == (
        f"flow opened: {words}",
    )


def test_a_rule_that_widens_opens_one_flow_and_closes_the_other():
    narrow, address = rule("ingress", "sg-2", cidr_ipv4="10.0.0.0/16")
    wide = {**narrow, "cidr_ipv4": "0.0.0.0/0"}
    told = access(plan(*GROUPS, resource(address, ["update"], narrow, wide)))
    assert told.opened == ("flow opened: the internet → database, tcp 5432",)
    assert told.closed == ("flow closed: 10.0.0.0/16 → database, tcp 5432",)


def test_a_rule_that_only_changes_its_name_opens_nothing():
    same, address = rule("ingress", "sg-2", cidr_ipv4="10.0.0.0/16", description="a")
    other = {**same, "description": "b"}
    assert not access(plan(*GROUPS, resource(address, ["delete", "create"], same, other)))


def test_the_older_rule_resource_and_inline_rules_are_read():
    older = {
        "type": "ingress",
        "security_group_id": "sg-2",
        "source_security_group_id": "sg-1",
        "protocol": "tcp",
        "from_port": 5432,
        "to_port": 5432,
    }
    inline = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"], "self": True}
    group = {"id": "sg-3", "ingress": [inline], "egress": []}
    told = access(
        plan(
            *GROUPS,
            resource("aws_security_group_rule.a", ["create"], None, older),
            resource("aws_security_group.bastion", ["create"], None, group),
        )
    )
    assert told.opened == (
        "flow opened: backend → database, tcp 5432 (ingress rule only)",
        "flow opened: bastion → bastion, tcp 22 (ingress rule only)",
        "flow opened: the internet → bastion, tcp 22",
    )


def test_a_policy_that_grants_more_is_told_by_what_it_adds():
    few = {"role": "backend", "policy": document(Effect="Allow", Action="s3:GetObject", Resource="arn:b/*")}
    more = {
        "role": "backend",
        "policy": document(Effect="Allow", Action=["s3:GetObject", "s3:PutObject"], Resource=["arn:b/*"]),
    }
    told = access(plan(resource("aws_iam_role_policy.backend", ["update"], few, more)))
    assert told.opened == ("role backend may: s3:PutObject, on arn:b/*",)
    assert told.closed == ()
    back = access(plan(resource("aws_iam_role_policy.backend", ["update"], more, few)))
    assert back.closed == ("role backend may no longer: s3:PutObject, on arn:b/*",)


def test_a_denial_that_goes_is_an_opening():
    deny = {"policy": document(Effect="Deny", Principal="*", Action="s3:*", Resource="arn:b/*")}
    told = access(plan(resource("aws_s3_bucket_policy.b", ["delete"], deny, None)))
    assert told.opened == ("everybody is no longer denied: s3:*, on arn:b/*",)


def test_conditions_principals_and_their_negations_are_told():
    text = document(
        Effect="Allow",
        NotPrincipal={"AWS": "arn:x"},
        NotAction="s3:Get*",
        NotResource="arn:b",
        Condition={"Bool": {"aws:SecureTransport": "true"}},
    )
    told = access(plan(resource("aws_s3_bucket_policy.b", ["create"], None, {"policy": text})))
    assert told.opened == (
        "everybody but arn:x may: everything but s3:Get*, on everything but arn:b (if aws:SecureTransport Bool true)",
    )


def test_everything_in_a_keys_policy_is_that_key():
    grant = document(Effect="Allow", Principal={"AWS": "arn:root"}, Action="kms:*", Resource="*")
    keys = [
        resource("aws_kms_key.a", ["update"], {"policy": grant}, {"policy": document()}),
        resource("aws_kms_key.b", ["create"], None, {"policy": grant}),
    ]
    told = access(plan(*keys))
    assert told.opened == ("arn:root may: kms:*, on aws_kms_key.b",)
    assert told.closed == ("arn:root may no longer: kms:*, on aws_kms_key.a",)


def test_attachments_are_told():
    one = {"role": "backend", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    told = access(plan(resource("aws_iam_role_policy_attachment.a", ["create"], None, one)))
    assert told.opened == ("role backend has the policy arn:aws:iam::aws:policy/AdministratorAccess",)


def test_a_policy_known_after_apply_is_told_from_the_configuration():
    text = document(Effect="Allow", Action="kms:Decrypt", Resource="${aws_kms_key.a.arn}")
    more = document(
        Effect="Allow", Action="kms:Decrypt", Resource=["${aws_kms_key.a.arn}", "${aws_kms_key.new.arn}"]
    )
    before = {"role": "r", "policy": text.replace("${aws_kms_key.a.arn}", "arn:a")}
    changes = [
        resource("aws_kms_key.a", ["no-op"], {"arn": "arn:a"}, {"arn": "arn:a"}),
        resource("aws_iam_role_policy.p", ["update"], before, {"role": "r"}, {"policy": True}),
    ]
    expressions = {"aws_iam_role_policy.p": {"policy": {"references": ["aws_kms_key.new.arn"]}}}
    told = access(plan(*changes, expressions=expressions), lambda address, attribute: more)
    assert told.opened == ("role r may: kms:Decrypt, on aws_kms_key.new.arn",)
    assert told.closed == ()
    assert told.unclear == ()


def test_a_policy_that_nobody_can_tell_is_named():
    changes = [resource("aws_iam_role_policy.p", ["create"], None, {"role": "r"}, {"policy": True})]
    expressions = {
        "aws_iam_role_policy.p": {"policy": {"references": ["data.aws_iam_policy_document.d.json"]}}
    }
    assert access(plan(*changes, expressions=expressions)).unclear == ("aws_iam_role_policy.p.policy",)


def test_a_sensitive_policy_is_named_and_not_told():
    text = document(Effect="Allow", Action="s3:*", Resource="arn:secret-name")
    one = resource(
        "aws_iam_role_policy.p",
        ["create"],
        None,
        {"role": "r", "policy": text},
        change={"after_sensitive": {"policy": True}},
    )
    told = access(plan(one))
    assert told.unclear == ("aws_iam_role_policy.p.policy",)
    assert told.opened == ()
