"""Data sources: policies written as the provider writes them, and what AWS tells everybody alike."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from mock_provider import data_sources, facts, schema
from mock_provider.identifiers import Context
from mock_provider.values import has_unknown

SEOUL = Context("ap-northeast-2")
Read = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def read() -> Read:
    block_of = functools.cache(schema.load().block)

    def reader(terraform_type: str, context: Context = SEOUL, **config: Any) -> dict[str, Any]:
        block = block_of("data", terraform_type)
        unset: dict[str, Any] = dict.fromkeys(block["attributes"])
        unset |= {name: [] for name in block["block_types"]}
        found = data_sources.read(terraform_type, {**unset, **config}, block, context)
        assert not has_unknown(found)
        assert found.keys() == unset.keys()
        assert {name: found[name] for name in config} == config
        return found

    return reader


def statement(**given: Any) -> dict[str, Any]:
    return {
        "sid": None,
        "effect": None,
        "actions": None,
        "not_actions": None,
        "resources": None,
        "not_resources": None,
        "principals": [],
        "not_principals": [],
        "condition": [],
        **given,
    }


def rendered(*statements: dict[str, Any], version: str = "2012-10-17", **config: Any) -> str:
    document = data_sources.policy_document({"statement": list(statements), "version": version, **config})
    return json.dumps(document)


# The examples of the data source's page, with what it says they evaluate to; a Sid that is empty is left
# out by now (internal/service/iam/policy_model.go).
# Source: https://registry.terraform.io/providers/hashicorp/aws/6.25.0/docs/data-sources/iam_policy_document.
EC2 = statement(actions=["ec2:*"], resources=["*"])
EC2_WRITTEN = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
OVERRIDE = rendered(statement(sid="SidToOverride", actions=["s3:*"], resources=["*"]))
SOME_BUCKET = statement(
    sid="SidToOverride", actions=["s3:*"], resources=["arn:aws:s3:::somebucket", "arn:aws:s3:::somebucket/*"]
)
PAGE: list[tuple[str, dict[str, Any], list[dict[str, Any]]]] = [
    (
        "multiple condition keys",
        {
            "statement": [
                statement(
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=["*"],
                    condition=[
                        {
                            "test": "ForAnyValue:StringEquals",
                            "variable": "kms:EncryptionContext:service",
                            "values": ["pi"],
                        },
                        {
                            "test": "ForAnyValue:StringEquals",
                            "variable": "kms:EncryptionContext:aws:pi:service",
                            "values": ["rds"],
                        },
                    ],
                )
            ]
        },
        [
            {
                "Effect": "Allow",
                "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
                "Resource": "*",
                "Condition": {
                    "ForAnyValue:StringEquals": {
                        "kms:EncryptionContext:aws:pi:service": "rds",
                        "kms:EncryptionContext:service": "pi",
                    }
                },
            }
        ],
    ),
    (
        "a source document",
        {
            "source_policy_documents": [
                rendered(EC2, statement(sid="SidToOverride", actions=["s3:*"], resources=["*"]))
            ],
            "statement": [SOME_BUCKET],
        },
        [
            EC2_WRITTEN,
            {
                "Sid": "SidToOverride",
                "Effect": "Allow",
                "Action": "s3:*",
                "Resource": ["arn:aws:s3:::somebucket/*", "arn:aws:s3:::somebucket"],
            },
        ],
    ),
    (
        "an override document",
        {"override_policy_documents": [OVERRIDE], "statement": [EC2, SOME_BUCKET]},
        [EC2_WRITTEN, {"Sid": "SidToOverride", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    ),
    (
        "merging override documents",
        {
            "override_policy_documents": [
                rendered(statement(sid="One", actions=["s3:*"], resources=["*"])),
                rendered(EC2, statement(sid="Two", actions=["iam:*"], resources=["*"])),
                rendered(statement(sid="One", effect="Deny", actions=["logs:*"], resources=["*"])),
            ],
            "statement": [statement(sid="Two", effect="Deny", actions=["*"], resources=["*"])],
        },
        [
            {"Sid": "Two", "Effect": "Allow", "Action": "iam:*", "Resource": "*"},
            {"Sid": "One", "Effect": "Deny", "Action": "logs:*", "Resource": "*"},
            EC2_WRITTEN,
        ],
    ),
]


@pytest.mark.parametrize(
    ("config", "statements"), [case[1:] for case in PAGE], ids=[case[0] for case in PAGE]
)
def test_policies_of_the_page(read: Read, config: dict[str, Any], statements: list[dict[str, Any]]) -> None:
    found = read("aws_iam_policy_document", **config)
    wanted = {"Version": "2012-10-17", "Statement": statements}
    assert found["json"] == json.dumps(wanted, indent=2)
    assert found["minified_json"] == json.dumps(wanted, separators=(",", ":"))


@pytest.mark.parametrize(
    ("principals", "written"),
    [
        ([("*", ["*"])], "*"),
        ([("AWS", ["*"])], {"AWS": "*"}),
        ([("Service", ["ec2.amazonaws.com"])], {"Service": "ec2.amazonaws.com"}),
        (
            [("Service", ["a.amazonaws.com", "b.amazonaws.com"])],
            {"Service": ["b.amazonaws.com", "a.amazonaws.com"]},
        ),
        (
            [("Service", ["ec2.amazonaws.com"]), ("AWS", ["111111111111"])],
            {"AWS": "111111111111", "Service": "ec2.amazonaws.com"},
        ),
        ([("AWS", ["1"]), ("AWS", ["2"])], {"AWS": ["1", "2"]}),
        ([("AWS", ["1", "2"]), ("AWS", ["3"])], {"AWS": ["2", "1", "3"]}),
    ],
)
def test_principals(principals: list[tuple[str, list[str]]], written: Any) -> None:
    given = [{"type": kind, "identifiers": names} for kind, names in principals]
    document = data_sources.policy_document({"statement": [statement(principals=given)]})
    assert document["Statement"] == [{"Effect": "Allow", "Principal": written}]


def test_source_documents_keep_the_form_of_single_values() -> None:
    source = {
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": ["b", "a"],
                "Principal": {"AWS": ["1", "2"], "Service": ["ec2.amazonaws.com"]},
                "Condition": {"Bool": {"aws:SecureTransport": False}, "StringEquals": {"x": ["y"]}},
            },
            {"Effect": "Deny", "NotAction": "s3:*", "NotResource": "*", "Principal": "*"},
        ]
    }
    document = data_sources.policy_document({"source_policy_documents": [json.dumps(source)]})
    assert document["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": ["b", "a"],
            "Principal": {"AWS": ["2", "1"], "Service": ["ec2.amazonaws.com"]},
            "Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"x": "y"}},
        },
        {"Effect": "Deny", "NotAction": "s3:*", "NotResource": "*", "Principal": "*"},
    ]


def test_variables_ids_and_versions(read: Read) -> None:
    found = read(
        "aws_iam_policy_document",
        policy_id="home",
        source_policy_documents=['{"Version":"2008-10-17","Id":"other"}'],
        statement=[
            statement(
                actions=["s3:*"],
                resources=["arn:aws:s3:::home/&{aws:username}"],
                condition=[
                    {"test": "StringLike", "variable": "s3:prefix", "values": ["", "home/&{aws:username}/"]}
                ],
            )
        ],
    )
    document = json.loads(found["json"])
    assert (document["Version"], document["Id"]) == ("2012-10-17", "home")
    assert document["Statement"][0]["Resource"] == "arn:aws:s3:::home/${aws:username}"
    assert document["Statement"][0]["Condition"]["StringLike"]["s3:prefix"] == ["", "home/${aws:username}/"]


def test_characters_are_escaped_as_the_provider_does(read: Read) -> None:
    found = read("aws_iam_policy_document", statement=[statement(actions=["a:<b>&é"])])
    assert r"a:\u003cb\u003e\u0026é" in found["json"]
    assert found["minified_json"].isprintable()


def test_an_empty_document(read: Read) -> None:
    found = read("aws_iam_policy_document")
    assert found["json"] == '{\n  "Version": "2012-10-17"\n}'
    assert found["version"] == "2012-10-17"


def test_availability_zones(read: Read) -> None:
    found = read("aws_availability_zones", state="available")
    assert found["names"] == [f"ap-northeast-2{letter}" for letter in "abcd"]
    assert found["zone_ids"] == [f"apne2-az{number}" for number in (1, 2, 3, 4)]
    assert found["id"] == "ap-northeast-2"
    left = read("aws_availability_zones", exclude_names=["ap-northeast-2b"], exclude_zone_ids=["apne2-az4"])
    assert left["names"] == ["ap-northeast-2a", "ap-northeast-2c"]
    usual = [{"name": "opt-in-status", "values": ["opt-in-not-required"]}]
    assert len(read("aws_availability_zones", filter=usual)["names"]) == 4
    local = [{"name": "zone-type", "values": ["local-zone"]}]
    assert read("aws_availability_zones", filter=local)["names"] == []
    assert read("aws_availability_zones", region="us-east-1")["names"][0] == "us-east-1a"


def test_identity_region_and_partition(read: Read) -> None:
    assert read("aws_caller_identity")["account_id"] == "000000000000"
    region = read("aws_region")
    assert (region["region"], region["description"]) == ("ap-northeast-2", "Asia Pacific (Seoul)")
    assert region["endpoint"] == "ec2.ap-northeast-2.amazonaws.com"
    assert read("aws_region", region="us-east-1")["id"] == "us-east-1"
    partition = read("aws_partition")
    assert (partition["partition"], partition["dns_suffix"]) == ("aws", "amazonaws.com")
    china = read("aws_partition", context=Context("cn-north-1", partition="aws-cn"))
    assert (china["dns_suffix"], china["reverse_dns_prefix"]) == ("amazonaws.com.cn", "cn.com.amazonaws")


@pytest.mark.parametrize(
    ("terraform_type", "name", "identity"),
    [
        ("aws_cloudfront_cache_policy", "Managed-CachingOptimized", "658327ea-f89d-4fab-a63d-7e88639e58f6"),
        ("aws_cloudfront_cache_policy", "Managed-CachingDisabled", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"),
        ("aws_cloudfront_origin_request_policy", "Managed-AllViewer", "216adef6-5c7f-47e4-b989-5492eafa07d3"),
        (
            "aws_cloudfront_origin_request_policy",
            "Managed-AllViewerExceptHostHeader",
            "b689b0a8-53d0-40ab-baf2-68738e2966ac",
        ),
        (
            "aws_cloudfront_response_headers_policy",
            "Managed-SecurityHeadersPolicy",
            "67f7725c-6f97-4210-82d7-5512b31e9d03",
        ),
    ],
)
def test_cloudfront_policies(read: Read, terraform_type: str, name: str, identity: str) -> None:
    """Source: the pages that `about` in the data file names."""
    found = read(terraform_type, name=name)
    assert found["id"] == identity
    assert read(terraform_type, id=identity)["name"] == name
    assert found["arn"].endswith(f"/{identity}")


def test_a_cache_policy_says_what_it_keeps(read: Read) -> None:
    found = read("aws_cloudfront_cache_policy", name="Managed-CachingOptimized")
    assert (found["min_ttl"], found["default_ttl"], found["max_ttl"]) == (1, 86400, 31536000)
    [kept] = found["parameters_in_cache_key_and_forwarded_to_origin"]
    assert kept["enable_accept_encoding_brotli"] is True
    assert kept["cookies_config"][0]["cookie_behavior"] == "none"


def test_lists_of_prefixes(read: Read) -> None:
    name = "com.amazonaws.global.cloudfront.origin-facing"
    found = read("aws_ec2_managed_prefix_list", name=name)
    assert (found["id"], found["owner_id"], found["address_family"]) == ("pl-22a6434b", "AWS", "IPv4")
    by_filter = read("aws_ec2_managed_prefix_list", filter=[{"name": "prefix-list-name", "values": [name]}])
    assert by_filter["id"] == found["id"]
    assert read("aws_prefix_list", name="com.amazonaws.ap-northeast-2.s3")["id"] == "pl-78a54011"
    assert re.fullmatch(
        "pl-[0-9a-f]{8}", read("aws_prefix_list", name="com.amazonaws.ap-northeast-2.dynamodb")["id"]
    )


def test_load_balancers_account(read: Read) -> None:
    found = read("aws_elb_service_account")
    assert found["arn"] == "arn:aws:iam::600734575887:root"


def test_images_by_parameter(read: Read) -> None:
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    found = read("aws_ssm_parameter", name=name)
    assert re.fullmatch("ami-0[0-9a-f]{16}", found["value"])
    assert found["value"] == found["insecure_value"] == read("aws_ssm_parameter", name=name)["value"]
    assert found["arn"] == f"arn:aws:ssm:ap-northeast-2::parameter{name}"
    elsewhere = read("aws_ssm_parameter", context=Context("us-east-1"), name=name)
    assert elsewhere["value"] != found["value"]
    own = read("aws_ssm_parameter", name="/shop/setting")
    assert own["arn"] == "arn:aws:ssm:ap-northeast-2:000000000000:parameter/shop/setting"


def test_what_stacks_look_up(read: Read) -> None:
    assert re.fullmatch("ami-0[0-9a-f]{16}", read("aws_ami", owners=["amazon"], most_recent=True)["id"])
    assert read("aws_route53_zone", name="example.com")["zone_id"].startswith("Z")
    assert read("aws_kms_alias", name="alias/aws/ebs")["target_key_arn"].startswith(
        "arn:aws:kms:ap-northeast-2:"
    )
    assert read("aws_kms_key", key_id="alias/aws/ebs")["key_manager"] == "AWS"
    assert read("aws_vpc", default=True)["cidr_block"] == "10.0.0.0/16"
    assert len(read("aws_subnets")["ids"]) == 3
    assert read("aws_iam_role", name="app")["arn"] == "arn:aws:iam::000000000000:role/app"
    assert read("aws_service_principal", service_name="s3")["name"] == "s3.amazonaws.com"
    role = read("aws_iam_session_context", arn="arn:aws:sts::000000000000:assumed-role/admin/me")
    assert (role["issuer_arn"], role["session_name"]) == ("arn:aws:iam::000000000000:role/admin", "me")


def test_every_data_source_answers(read: Read) -> None:
    for name in schema.load().types("data"):
        read(name)


def test_every_region_answers(read: Read) -> None:
    for region in facts.document()["regions"]:
        context = Context(region)
        assert read("aws_availability_zones", context=context)["names"]
        assert read("aws_region", context=context)["description"]
