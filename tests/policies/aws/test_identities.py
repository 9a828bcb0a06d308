"""Which references are to something that is never null or empty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies.aws.identities import FILE, is_identity
from policies.engine.model import Resource
from policies.engine.values import Reference, Unknown
from policies.exact import identities as written
from policies.readers import read


def test_the_file_is_what_make_docs_writes() -> None:
    assert FILE.read_text("utf-8") == written.text(), "run make docs"


@pytest.mark.parametrize(
    ("address", "attribute"),
    [
        ("aws_kms_key.main", "arn"),
        ("aws_kms_key.main", "id"),
        ("aws_kms_key.main[0]", "key_id"),
        ('module.keys["a.b"].module.x[1].aws_kms_key.main["x.y"]', "arn"),
        ("aws_db_instance.main", "identifier"),
        ("aws_db_instance.main", "master_user_secret[0].secret_arn"),
        ("aws_s3_bucket.main", "bucket"),
        ("aws_elasticache_global_replication_group.main", "global_replication_group_id"),
    ],
)
def test_what_names_a_managed_resource(address: str, attribute: str) -> None:
    assert is_identity(Reference(address, attribute))


@pytest.mark.parametrize(
    ("address", "attribute"),
    [
        ("data.aws_kms_key.main", "arn"),
        ("data.aws_db_instance.old", "kms_key_id"),
        ("module.x.data.aws_kms_key.main", "arn"),
        ("ephemeral.aws_kms_key.main", "arn"),
        ("data.external.x", "result.key_id"),
        ("random_id.x", "id"),
        ("google_kms_key.x", "id"),
        ("awscc_kms_key.x", "arn"),
        ("aws_made_up.x", "arn"),
        ("module.keys", "key_arn"),
        ("module.aws_kms_key.x", "arn"),
        ("var", "key_id"),
        ("aws_db_instance.main", "kms_key_id"),
        ("aws_ebs_volume.main", "kms_key_id"),
        ("aws_instance.main", "public_ip"),
        ("aws_eks_cluster.main", "cluster_id"),
        ("aws_kms_key.main", ""),
        ("aws_db_instance.main", "master_user_secret.secret_arn"),
        ("aws_db_instance.main", "tags.arn"),
    ],
)
def test_what_may_be_empty(address: str, attribute: str) -> None:
    assert not is_identity(Reference(address, attribute))


TOPIC = """\
variable "on" {}
variable "set" {
  default = false
}
resource "aws_kms_key" "one" {}
resource "aws_kms_key" "some" {
  count = var.on ? 1 : 0
}
resource "aws_kms_key" "each" {
  for_each = toset(["a"])
}
data "aws_kms_key" "other" {
  key_id = "alias/x"
}
module "keys" {
  source = "./keys"
}
module "maybe" {
  source = "./keys"
  count  = var.on ? 1 : 0
}
resource "aws_sns_topic" "t" {
  name              = "x"
  kms_master_key_id = EXPRESSION
}
"""


@pytest.mark.parametrize(
    ("expression", "certain"),
    [
        ("aws_kms_key.one.arn", True),
        ('aws_kms_key.each["a"].arn', True),
        ("one([aws_kms_key.one.arn])", True),
        ('"${aws_kms_key.one.arn}"', True),
        ('"alias/${data.aws_kms_key.other.description}"', True),
        ('try(aws_kms_key.one.arn, "")', True),
        ("coalesce(null, aws_kms_key.one.arn)", True),
        ("module.keys.arn", True),
        ("var.set ? null : aws_kms_key.one.arn", True),
        ('try(module.maybe[0].arn, "")', False),
        ("one(module.maybe[*].arn)", False),
        ("aws_kms_key.one.description", False),
        ("aws_kms_key.some[0].arn", False),
        ("one(aws_kms_key.some[*].arn)", False),
        ('try(aws_kms_key.some[0].arn, "")', False),
        ('join("", aws_kms_key.some[*].arn)', False),
        ("var.on ? aws_kms_key.one.arn : null", False),
        ("data.aws_kms_key.other.arn", False),
        ("base64encode(data.aws_kms_key.other.description)", False),
        ("base64encode(aws_kms_key.one.arn)", True),
        ('format("%s", data.aws_kms_key.other.description)', False),
        ('format("%.0s", aws_kms_key.one.arn)', False),
        ('format("%9s", data.aws_kms_key.other.description)', True),
        ('join("", [data.aws_kms_key.other.description])', False),
        ("chomp(data.aws_kms_key.other.description)", False),
        ('coalesce(data.aws_kms_key.other.description, "alias/x")', False),
        ('"%{ if data.aws_kms_key.other.enabled }x%{ endif }"', False),
        ('"${data.aws_kms_key.other.arn}"', False),
        ('"${data.aws_kms_key.other.arn}${data.aws_kms_key.other.id}"', False),
        ("module.keys.alias", False),
        ('replace(aws_kms_key.one.arn, "/.*/", "")', False),
    ],
)
def test_an_expression_is_certain_only_if_what_it_gives_is(
    tmp_path: Path, expression: str, certain: bool
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "main.tf").write_text(
        'resource "aws_kms_key" "k" {}\noutput "arn" {\n  value = aws_kms_key.k.arn\n}\n'
        'data "aws_kms_alias" "a" {}\noutput "alias" {\n  value = data.aws_kms_alias.a.target_key_arn\n}\n'
    )
    (tmp_path / "main.tf").write_text(TOPIC.replace("EXPRESSION", expression))
    (topic,) = read(tmp_path).model.of_type("aws_sns_topic")
    value = topic.get("kms_master_key_id")
    assert isinstance(value, Unknown)
    assert value.certain is certain


def planned(tmp_path: Path, references: list[str], call: dict[str, Any] | None = None) -> Resource:
    """The topic of a plan whose key is known after apply and made from these references; in a module with `call`."""
    topic = {"address": "aws_sns_topic.t", "mode": "managed", "type": "aws_sns_topic", "name": "t"}
    config: dict[str, Any] = {
        "resources": [{**topic, "expressions": {"kms_master_key_id": {"references": references}}}]
    }
    values: dict[str, Any] = {"resources": [{**topic, "values": {"name": "x"}}]}
    address = "aws_sns_topic.t"
    if call is not None:
        address = f"module.m.{address}"
        values = {
            "child_modules": [
                {"address": "module.m", "resources": [{**topic, "address": address, "values": {}}]}
            ]
        }
        config = {"module_calls": {"m": {"module": config, "expressions": call}}}
    change = {"actions": ["create"], "after_unknown": {"kms_master_key_id": True}}
    document = {
        "format_version": "1.2",
        "planned_values": {"root_module": values},
        "resource_changes": [{"address": address, "change": change}],
        "configuration": {"root_module": config},
    }
    (tmp_path / "plan.json").write_text(json.dumps(document))
    (resource,) = read(tmp_path / "plan.json").model.of_type("aws_sns_topic")
    return resource


@pytest.mark.parametrize(
    ("references", "certain"),
    [
        (["aws_kms_key.k.arn", "aws_kms_key.k"], True),
        (["aws_kms_key.k[0].arn", "aws_kms_key.k[0]", "aws_kms_key.k"], True),
        (["data.aws_kms_key.k.arn", "data.aws_kms_key.k"], False),
        (["aws_db_instance.d.kms_key_id", "aws_db_instance.d"], False),
        (["local.on", "aws_kms_key.k.arn", "aws_kms_key.k"], False),
        (["var.on", "aws_kms_key.k.arn", "aws_kms_key.k"], False),
        (["aws_kms_key.k"], False),
        (["random_id.k.id", "random_id.k"], False),
    ],
)
def test_a_plan_is_certain_of_a_reference_that_stands_alone(
    tmp_path: Path, references: list[str], certain: bool
) -> None:
    assert planned(tmp_path, references).get("kms_master_key_id").certain is certain
    through = {"key": {"references": references}}
    value = planned(tmp_path, ["var.key"], through).get("kms_master_key_id")
    assert value.certain is certain
