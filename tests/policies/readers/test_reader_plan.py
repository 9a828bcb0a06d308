"""Plans: what is known, what is unknown, and what nobody configured."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rule_plans import said
from samples import PLAN, change, resource

from cloudmart_support.problem import Problem
from policies.engine.model import Model
from policies.engine.values import ABSENT, Sensitive, is_unknown
from policies.readers import read

Planned = Callable[[dict[str, Any]], Model]


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    def model(plan: dict[str, Any]) -> Model:
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(plan))
        return read(path).model

    return model


@pytest.fixture
def model(planned: Planned) -> Model:
    return planned(PLAN)


def references(value: Any) -> list[str]:
    return [str(reference) for reference in value.references]


def test_only_what_will_stand_is_judged(model: Model) -> None:
    assert [one.address for one in model.of_type("aws_db_instance")] == ["aws_db_instance.main"]
    assert model.source == "plan"


def test_known_values_are_known_and_null_is_absent(model: Model) -> None:
    database = model.at("aws_db_instance.main")[0]
    assert database.boolean("storage_encrypted") is True
    assert database.get("engine") is ABSENT


def test_what_is_configured_and_not_known_is_unknown_with_its_references(model: Model) -> None:
    database = model.at("aws_db_instance.main")[0]
    assert references(database.get("kms_key_id")) == ["aws_kms_key.main.arn"]
    assert database.is_set("kms_key_id")
    role = database.get("monitoring_role_arn")
    assert is_unknown(role)
    assert not role.certain
    (group,) = database.referenced("vpc_security_group_ids[]", "aws_security_group").resources
    assert group.address == "aws_security_group.main"
    assert is_unknown(group.get("ingress[0].cidr_blocks"))


def test_what_aws_will_set_is_absent_as_in_the_configuration(model: Model) -> None:
    database = model.at("aws_db_instance.main")[0]
    assert database.get("arn") is ABSENT
    assert database.get("db_subnet_group_name") is ABSENT
    assert model.at("aws_security_group.main")[0].get("egress") is ABSENT


def test_an_unknown_in_a_block_that_the_configuration_does_not_record_is_not_absent(planned: Planned) -> None:
    plan = copy.deepcopy(PLAN)
    for one in plan["configuration"]["root_module"]["resources"]:
        if one["address"] == "aws_security_group.main":
            one["expressions"] = {}
    group = planned(plan).at("aws_security_group.main")[0]
    assert is_unknown(group.get("ingress[0].cidr_blocks"))


def test_known_texts_remember_where_they_came_from(model: Model) -> None:
    identifier = model.at("aws_db_instance.main")[0].get("identifier")
    assert identifier == "shop"
    assert references(identifier) == ["aws_vpc.main.id"]


def test_secrets_are_hidden(model: Model) -> None:
    password = model.at("aws_db_instance.main")[0].get("password")
    assert isinstance(password, Sensitive)
    outputs = {output.name: output for output in model.outputs}
    assert outputs["password"].sensitive
    assert f"{outputs['password'].value}" == "(sensitive value)"
    assert outputs["known"].value == "shop"


def test_a_policy_document_that_is_read_later_is_rendered_now(model: Model) -> None:
    (statement,) = model.at("aws_s3_bucket_policy.main")[0].document("policy")["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert references(statement["Resource"]) == ["aws_s3_bucket.main.arn"]


def test_count_index_chooses_the_instance_with_the_same_key(model: Model) -> None:
    association = model.at("aws_route_table_association.private[1]")[0]
    (subnet,) = association.referenced("subnet_id").resources
    assert subnet.address == "aws_subnet.private[1]"


def test_references_go_through_outputs_and_variables_of_modules(model: Model) -> None:
    web = model.at("aws_instance.web")[0]
    assert web.key == "x.y"
    (subnet,) = web.referenced("subnet_id").resources
    assert subnet.address == "module.net[0].aws_subnet.inner"
    assert references(subnet.get("vpc_id")) == ["aws_vpc.outer.id"]
    assert subnet.module == "module.net[0]"


def test_default_tags_are_read_from_the_provider(model: Model) -> None:
    assert model.at("aws_security_group.main")[0].tags() == {"Owner": "platform"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"errored": True}, "this plan ended with an error"),
        ({"complete": False}, "leaves changes for later"),
        ({"format_version": "2.0"}, "format_version is '2.0'"),
        ({"format_version": None}, "format_version is None"),
        ({"planned_values": None}, "has no planned_values"),
        ({"planned_values": {"root_module": {"resources": [1]}}}, "not shaped as Terraform writes plans"),
        ({"resource_changes": {"a": 1}}, "not shaped as Terraform writes plans"),
    ],
)
def test_a_plan_that_is_not_whole_is_refused(planned: Planned, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Problem) as caught:
        planned({**PLAN, **changes})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (json.dumps(PLAN)[:-40].encode(), "it is not JSON"),
        (b"PK\x03\x04binary", "convert it first: terraform show -json"),
        (json.dumps({"format_version": "1.0", "values": {}}).encode(), "this is a state"),
        (json.dumps({"format_version": "1.2"}).encode(), "incomplete"),
        (b"terraform will perform", "neither a folder"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(Problem) as caught:
        read(path)
    assert words in str(caught.value)


def test_the_configuration_shows_dynamic_blocks_that_the_plan_does_not(tmp_path: Path) -> None:
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [resource("aws_security_group.main", {})]}},
        "resource_changes": [change("aws_security_group.main", {"ingress": True})],
        "configuration": {
            "root_module": {"resources": [{"address": "aws_security_group.main", "expressions": {}}]}
        },
    }
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    (tmp_path / "main.tf").write_text(
        'resource "aws_security_group" "main" {\n  dynamic "ingress" {\n    for_each = aws_vpc.main.id\n'
        "    content {\n      cidr_blocks = [ingress.value]\n    }\n  }\n}\n"
    )
    assert read(path).model.resources[0].get("ingress") is ABSENT
    (seen,) = read(path, tmp_path / "main.tf").model.resources[0].get("ingress")
    assert is_unknown(seen)


def test_the_configuration_answers_what_the_plan_leaves_open(tmp_path: Path) -> None:
    configuration = {
        "variable": {"password": {}},
        "resource": {
            "aws_s3_bucket": {"main": {}},
            "aws_s3_bucket_policy": {
                "main": {
                    "//": {"metadata": {"path": "shop/frontend/policy"}},
                    "policy": '{"Statement": {"Effect": "Deny", "Resource": "${aws_s3_bucket.main.arn}/*",'
                    ' "Principal": {"AWS": "${data.aws_caller_identity.current.account_id}"}}}',
                }
            },
        },
        "data": {"aws_caller_identity": {"current": {}}},
    }
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [resource("aws_s3_bucket_policy.main", {})]}},
        "prior_state": {
            "values": {
                "root_module": {
                    "resources": [
                        resource("data.aws_caller_identity.current", {"account_id": "000000000000"})
                    ]
                }
            }
        },
        "resource_changes": [change("aws_s3_bucket_policy.main", {"policy": True})],
        "configuration": {
            "root_module": {
                "resources": [
                    {
                        "address": "aws_s3_bucket_policy.main",
                        "expressions": {
                            "policy": {
                                "references": ["aws_s3_bucket.main.arn", "data.aws_caller_identity.current"]
                            }
                        },
                    }
                ]
            }
        },
    }
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    folder = tmp_path / "configuration"
    folder.mkdir()
    (folder / "main.tf.json").write_text(json.dumps(configuration, indent=1))
    alone = read(path).model.resources[0]
    assert is_unknown(alone.get("policy"))
    joined = read(path, folder).model.resources[0]
    statement = joined.document("policy")["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] == {"AWS": "000000000000"}
    assert joined.construct == "shop/frontend/policy"
    assert joined.file.endswith("main.tf.json")
    (folder / "main.tf.json").write_text('{"resource": {"aws_s3_bucket": {"main": {}}}}')
    with pytest.raises(Problem, match="in the plan and not in the configuration"):
        read(path, folder)


# --- arguments that are not known, by Terraform's own plan ---------------------------------------------------

ARGUMENTS = {
    "main.tf": """
variable "nothing" {
  type    = bool
  default = null
}
variable "settings" {
  type    = object({ public = optional(bool) })
  default = {}
}
variable "password" {
  default = "correct-horse-battery"
}
resource "aws_db_instance" "main" {
  instance_class            = "db.t4g.micro"
  engine                    = "postgres"
  allocated_storage         = 20
  username                  = "app"
  password_wo               = var.password
  password_wo_version       = 1
  multi_az                  = null
  publicly_accessible       = formatdate("YYYY", timestamp()) == "2000"
  final_snapshot_identifier = "main-${formatdate("YYYY", timestamp())}"
  snapshot_identifier       = var.nothing == null ? null : uuid()
  kms_key_id                = tostring(null)
  apply_immediately         = var.nothing
  port                      = true ? null : 5432
}
resource "aws_rds_cluster_instance" "main" {
  cluster_identifier  = "main"
  engine              = "aurora-postgresql"
  instance_class      = "db.r6g.large"
  publicly_accessible = var.settings.public
  monitoring_interval = parseint(substr(uuid(), 0, 1), 16)
}
resource "aws_lambda_function" "main" {
  function_name = "main"
  role          = "arn:aws:iam::123456789012:role/main"
  filename      = "main.zip"
  handler       = "app.main"
  runtime       = "python3.12"
}
resource "aws_instance" "main" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  root_block_device {
    encrypted   = uuid() != ""
    kms_key_id  = null
    volume_type = "gp3"
  }
}
module "inner" {
  source = "./inner"
  public = null
}
""",
    "inner/main.tf": """
variable "public" {
  default = true
}
variable "unset" {
  default = null
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t4g.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  multi_az                    = var.public
  kms_key_id                  = var.unset
}
""",
}

UNKNOWN = object()
# What a plan alone says, and what it says with its configuration beside it.
TOLD: list[tuple[str, str, object, object]] = [
    ("aws_db_instance.main", "multi_az", ABSENT, ABSENT),
    ("aws_db_instance.main", "port", ABSENT, ABSENT),
    ("aws_db_instance.main", "publicly_accessible", UNKNOWN, UNKNOWN),
    ("aws_db_instance.main", "final_snapshot_identifier", UNKNOWN, UNKNOWN),
    # Nobody can tell from a plan that a function's result is null; its configuration can.
    ("aws_db_instance.main", "kms_key_id", UNKNOWN, ABSENT),
    ("aws_db_instance.main", "password_wo", "correct-horse-battery", "correct-horse-battery"),
    ("aws_db_instance.main", "storage_encrypted", ABSENT, ABSENT),
    ("aws_db_instance.main", "availability_zone", ABSENT, ABSENT),
    ("aws_db_instance.main", "restore_to_point_in_time", ABSENT, ABSENT),
    ("aws_rds_cluster_instance.main", "publicly_accessible", ABSENT, ABSENT),
    ("aws_rds_cluster_instance.main", "monitoring_interval", UNKNOWN, UNKNOWN),
    ("aws_lambda_function.main", "vpc_config", ABSENT, ABSENT),
    ("aws_instance.main", "root_block_device.encrypted", UNKNOWN, UNKNOWN),
    ("aws_instance.main", "root_block_device.kms_key_id", ABSENT, ABSENT),
    ("aws_instance.main", "root_block_device.volume_type", "gp3", "gp3"),
    ("module.inner.aws_db_instance.main", "kms_key_id", ABSENT, ABSENT),
    ("module.inner.aws_db_instance.main", "multi_az", ABSENT, ABSENT),
]


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    """The model of a plan that Terraform made, alone and with its configuration."""
    from mock_provider import runner

    folder = tmp_path_factory.mktemp("arguments")
    for path, text in ARGUMENTS.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    out = tmp_path_factory.mktemp("planned")
    for command in (
        ["plan", "-input=false", "-out", str(out / "tfplan")],
        ["show", "-json", str(out / "tfplan")],
    ):
        with runner.prepared(command, cwd=folder, state=out / "state") as prepared:
            shown = said(prepared)
    plan = out / "plan.json"
    plan.write_text(shown, encoding="utf-8")
    return {"alone": read(plan).model, "with its configuration": read(plan, folder).model}


@pytest.mark.parametrize("beside", ["alone", "with its configuration"])
@pytest.mark.parametrize(
    ("address", "path", "alone", "answered"), TOLD, ids=[f"{address}.{path}" for address, path, *_ in TOLD]
)
def test_what_terraform_does_not_know_is_unknown_and_what_nobody_sets_is_absent(
    arguments: dict[str, Model], beside: str, address: str, path: str, alone: object, answered: object
) -> None:
    (found,) = arguments[beside].at(address)
    expected = alone if beside == "alone" else answered
    value = found.get(path)
    assert is_unknown(value) if expected is UNKNOWN else value == expected
