"""Terraform JSON and HCL are read alike: values, instances, references, places."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samples import HCL, JSON

from cloudmart_support.problem import Problem
from policies.engine.model import Model
from policies.engine.values import ABSENT, Sensitive, is_unknown
from policies.readers import read

Modelled = Callable[[dict[str, Any]], Model]
Written = Callable[[dict[str, Any]], Path]


@pytest.fixture(params=["hcl", "json"])
def model(request: pytest.FixtureRequest, modelled: Modelled) -> Model:
    return modelled({"main.tf": HCL} if request.param == "hcl" else {"main.tf.json": JSON})


def test_instances_have_terraforms_addresses(model: Model) -> None:
    assert sorted(resource.address for resource in model.resources) == [
        "aws_db_instance.main[0]",
        "aws_db_instance.main[1]",
        "aws_db_instance.perhaps",
        "aws_db_subnet_group.main",
        "aws_kms_key.main",
        "aws_s3_bucket.main",
        "aws_s3_bucket_policy.main",
        "aws_security_group.main",
        'aws_subnet.private["a"]',
        'aws_subnet.private["b"]',
    ]


def test_values_follow_variables_locals_and_keys(model: Model) -> None:
    second = model.at("aws_db_instance.main[1]")[0]
    assert second.text("identifier") == "db-1"
    assert second.boolean("storage_encrypted") is True
    assert is_unknown(second.get("db_name"))
    assert second.get("engine") is ABSENT
    assert isinstance(second.get("password"), Sensitive)
    assert model.at('aws_subnet.private["b"]')[0].text("cidr_block") == "10.0.1.0/24"
    assert model.outputs[0].value == ["db-0", "db-1"]


def test_references_lead_to_resources_and_back(model: Model) -> None:
    instance = model.at("aws_db_instance.main[0]")[0]
    (group,) = instance.referenced("db_subnet_group_name", "aws_db_subnet_group").resources
    subnets = group.referenced("subnet_ids[]", "aws_subnet").resources
    assert [subnet.key for subnet in subnets] == ["a", "b"]
    assert model.referring(group, "aws_db_instance", "db_subnet_group_name").resources == tuple(
        model.at("aws_db_instance.main")
    )
    assert instance.is_set("kms_key_id")
    bucket = model.of_type("aws_s3_bucket_policy")[0].referenced("bucket", "aws_s3_bucket").resources
    assert [one.address for one in bucket] == ["aws_s3_bucket.main"]


def test_dynamic_blocks_stand_beside_written_ones(model: Model) -> None:
    group = model.of_type("aws_security_group")[0]
    assert [block.number("from_port") for block in group.blocks("ingress")] == [22, 80, 443]
    assert group.each("ingress[].cidr_blocks[]") == ["10.0.0.0/8"]


def test_a_policy_document_is_rendered_with_its_holes(model: Model) -> None:
    document = model.of_type("aws_s3_bucket_policy")[0].document("policy")
    (statement,) = document["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Principal"] == "*"
    assert [str(reference) for reference in statement["Resource"].references] == ["aws_s3_bucket.main.arn"]


def test_places_point_at_the_argument(modelled: Modelled) -> None:
    text = HCL.splitlines()
    database = modelled({"main.tf": HCL}).at("aws_db_instance.main[0]")[0]
    assert text[database.line - 1].startswith('resource "aws_db_instance" "main"')
    assert "kms_key_id" in text[database.line_of("kms_key_id") - 1]
    assert database.line_of("nothing_of_this_name") == database.line
    group = modelled({"main.tf": HCL}).of_type("aws_security_group")[0]
    assert "from_port" in text[group.line_of("ingress[0].from_port") - 1]


def test_places_in_json_point_at_the_key(written: Written) -> None:
    folder = written({"main.tf.json": JSON})
    text = (folder / "main.tf.json").read_text().splitlines()
    model = read(folder).model
    bucket = model.of_type("aws_s3_bucket")[0]
    assert '"main"' in text[bucket.line - 1]
    assert '"bucket"' in text[bucket.line_of("bucket") - 1]
    group = model.of_type("aws_security_group")[0]
    assert '"from_port": 22' in text[group.line_of("ingress[0].from_port") - 1]


def test_both_syntaxes_in_one_folder_refer_to_each_other(modelled: Modelled) -> None:
    model = modelled(
        {
            "a.tf": 'resource "aws_db_instance" "main" {\n  kms_key_id = aws_kms_key.main.arn\n'
            "  engine = local.engine\n}\n",
            "b.tf.json": {"resource": {"aws_kms_key": {"main": {}}}, "locals": {"engine": "postgres"}},
        }
    )
    database = model.of_type("aws_db_instance")[0]
    assert [key.address for key in database.referenced("kms_key_id").resources] == ["aws_kms_key.main"]
    assert database.text("engine") == "postgres"
    assert model.source == "mixed"


def test_what_is_a_comment_in_a_block_is_a_key_in_a_value(modelled: Modelled) -> None:
    """As Terraform plans it: `terraform_data.a["//"]`, and outputs with the key."""
    document = {
        "//": "a comment",
        "locals": {"//": "a comment", "map": {"//": 1, "a": 2}},
        "resource": {
            "terraform_data": {"a": {"//": "a comment", "for_each": {"//": None}, "input": "${local.map}"}}
        },
        "output": {"map": {"//": "a comment", "value": {"//": 1, "b": [{"//": 2}]}}},
    }
    model = modelled({"main.tf.json": document})
    (resource,) = model.resources
    assert resource.address == 'terraform_data.a["//"]'
    assert resource.get("input") == {"//": 1, "a": 2}
    assert [output.value for output in model.outputs] == [{"//": 1, "b": [{"//": 2}]}]


def test_variables_come_from_defaults_then_files_in_terraforms_order(modelled: Modelled) -> None:
    model = modelled(
        {
            "main.tf": 'variable "days" { default = 1 }\nvariable "other" { default = "d" }\n'
            'resource "aws_db_instance" "main" {\n  backup_retention_period = var.days\n  engine = var.other\n}\n',
            "terraform.tfvars": 'days = 2\nother = "t"\n',
            "terraform.tfvars.json": {"days": 3},
            "a.auto.tfvars": "days = 4\n",
            "b.auto.tfvars.json": {"days": 5},
            "ignored.tfvars": "days = 6\n",
        }
    )
    database = model.of_type("aws_db_instance")[0]
    assert database.number("backup_retention_period") == 5
    assert database.text("engine") == "t"


def test_overrides_replace_arguments_and_whole_blocks(modelled: Modelled) -> None:
    model = modelled(
        {
            "main.tf": 'resource "aws_db_instance" "main" {\n  engine = "postgres"\n  multi_az = true\n}\n'
            'resource "aws_security_group" "main" {\n  ingress {\n    from_port = 1\n  }\n}\n',
            "override.tf": 'resource "aws_db_instance" "main" {\n  multi_az = false\n}\n',
            "x_override.tf.json": {
                "resource": {
                    "aws_security_group": {"main": {"ingress": [{"from_port": 2}, {"from_port": 3}]}}
                }
            },
        }
    )
    database = model.of_type("aws_db_instance")[0]
    assert (database.text("engine"), database.boolean("multi_az")) == ("postgres", False)
    assert model.of_type("aws_security_group")[0].each("ingress[].from_port") == [2, 3]


MODULE = {
    "main.tf": """\
module "db" {
  source    = "./modules/db"
  for_each  = { one = true, two = false }
  encrypted = each.value
  key       = aws_kms_key.main.arn
}
resource "aws_kms_key" "main" {}
resource "aws_ssm_parameter" "name" {
  value = module.db["one"].name
}
output "id" { value = module.db["two"].database.id }
""",
    "modules/db/main.tf": """\
variable "encrypted" {}
variable "key" {}
module "inner" {
  source = "./inner"
  name   = "x"
}
resource "aws_db_instance" "main" {
  storage_encrypted = var.encrypted
  kms_key_id        = var.key
  identifier        = module.inner.name
}
output "name" { value = aws_db_instance.main.identifier }
output "database" { value = aws_db_instance.main }
""",
    "modules/db/inner/main.tf.json": {
        "variable": {"name": {}},
        "output": {"name": {"value": "inner-${var.name}"}},
        "resource": {"aws_sqs_queue": {"main": {"name": "${var.name}"}}},
    },
}


def test_local_modules_are_followed_both_ways(modelled: Modelled) -> None:
    model = modelled(MODULE)
    one, two = model.of_type("aws_db_instance")
    assert [one.address, two.address] == [
        'module.db["one"].aws_db_instance.main',
        'module.db["two"].aws_db_instance.main',
    ]
    assert (one.boolean("storage_encrypted"), two.boolean("storage_encrypted")) == (True, False)
    assert one.text("identifier") == "inner-x"
    assert [key.address for key in two.referenced("kms_key_id").resources] == ["aws_kms_key.main"]
    parameter = model.of_type("aws_ssm_parameter")[0]
    assert parameter.text("value") == "inner-x"
    assert parameter.referenced("value", "aws_db_instance").resources == (one,)
    assert [str(reference) for reference in model.outputs[0].value.references] == [f"{two.address}.id"]
    assert len(model.of_type("aws_sqs_queue")) == 2
    assert one.file.endswith("modules/db/main.tf")


def test_a_modules_files_are_told_by_their_shortest_path(written: Written, tmp_path: Path) -> None:
    """Code scanning finds a file by its path in the repository. Behind a link, `..` is of its target."""
    folder = written(
        {
            "example/main.tf": 'module "network" {\n  source = "../network"\n}\n',
            "network/main.tf": 'resource "aws_vpc" "main" {\n}\n',
        }
    )
    (vpc,) = read(folder / "example").model.of_type("aws_vpc")
    assert vpc.file == str(folder / "network" / "main.tf")
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link"
    link.symlink_to(folder / "example")
    (vpc,) = read(link).model.of_type("aws_vpc")
    assert vpc.file == str(link / ".." / "network" / "main.tf")


def test_a_module_from_elsewhere_is_named_as_not_seen(written: Written) -> None:
    folder = written(
        {
            "main.tf": 'module "vpc" {\n  source  = "terraform-aws-modules/vpc/aws"\n  version = "6.0.0"\n}\n'
            'resource "aws_db_subnet_group" "main" {\n  subnet_ids = module.vpc.private_subnets\n}\n'
        }
    )
    reading = read(folder)
    assert [unseen.address for unseen in reading.unseen] == ["module.vpc"]
    assert "terraform-aws-modules/vpc/aws" in reading.unseen[0].reason
    assert is_unknown(reading.model.resources[0].get("subnet_ids"))


def test_default_tags_and_provider_aliases(modelled: Modelled) -> None:
    model = modelled(
        {
            "main.tf": """\
provider "aws" {
  default_tags { tags = { Owner = "platform" } }
}
provider "aws" {
  alias = "east"
}
resource "aws_ebs_volume" "one" { tags = { Name = "one" } }
resource "aws_ebs_volume" "two" { provider = aws.east }
"""
        }
    )
    one, two = model.of_type("aws_ebs_volume")
    assert one.tags() == {"Owner": "platform", "Name": "one"}
    assert two.tags() == {}


def test_files_within_the_folder_are_read_and_no_others(written: Written) -> None:
    folder = written(
        {
            "main.tf": 'resource "aws_s3_bucket_policy" "main" {\n  policy = file("${path.module}/policy.json")\n}\n'
            'resource "aws_instance" "main" {\n  user_data = templatefile("start.sh", { port = 8080 })\n'
            '  key_name = file("../outside")\n}\n',
            "policy.json": '{"Statement": []}',
            "start.sh": "listen ${port}\n",
        }
    )
    (folder.parent / "outside").write_text("not yours")
    model = read(folder).model
    assert model.of_type("aws_s3_bucket_policy")[0].document("policy") == {"Statement": []}
    instance = model.of_type("aws_instance")[0]
    assert instance.text("user_data") == "listen 8080\n"
    assert is_unknown(instance.get("key_name"))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "main.tf",
            'resource "a" "b" {\n  x = 1\n  x = 2\n}\n',
            "main.tf:3: 'x' is set twice, in line 2 and here",
        ),
        ("main.tf", 'resource "a" "b" {\n  x = \n}\n', "main.tf:2: it cannot be parsed"),
        ("main.tf", 'resource "a" {\n}\n', "main.tf:1: a resource block has 2 labels, not 1"),
        ("main.tf", "x = 1\n", "main.tf:1: 'x' stands outside of any block"),
        ("main.tf", 'resorce "a" "b" {}\n', "main.tf:1: 'resorce' is no block"),
        (
            "main.tf",
            'resource "a" "b" {}\nresource "a" "b" {}\n',
            "resource.a.b is declared again; it stands in",
        ),
        ("main.tf", 'resource "a" "b" {\n  x {\n  }\n  x = 1\n}\n', "'x' is set twice"),
        ("main.tf", 'resource "a" "b" {\n  x = "${"\n}\n', "main.tf:2"),
        ("main.tf.json", '{"resource": {"a": {"b": {"x": 1, "x": 2}}}}', "'x' is set twice in one object"),
        ("main.tf.json", '{"resource": {"a": {"b": {"x": 1}}', "main.tf.json:1: it cannot be parsed"),
        (
            "main.tf.json",
            '{\n"resource": {"a": [1]}}',
            "main.tf.json:2: it cannot be parsed: resource.a is not an object",
        ),
        ("main.tf.json", '{"resorce": {}}', "'resorce' is no block"),
        ("main.tf.json", "[1]", "a Terraform file in JSON is one object"),
        ("main.tf.json", '{"resource": {"a": {"b": {"x": NaN}}}}', "NaN is not JSON"),
        (
            "main.tf.json",
            '{"resource": {"a": {"b": {"x": "${1 +}"}}}}',
            "a.b: an expression cannot be parsed",
        ),
        (
            "main.tf.json",
            '{"locals": {"x": "${"}, "resource": {"a": {"b": {"x": "${local.x}"}}}}',
            "cannot be parsed",
        ),
        ("override.tf", 'resource "a" "b" {}\n', "there is no resource.a.b that this override could change"),
        ("override.tf", "language {\n}\n", "a language block cannot stand in an override file"),
        ("terraform.tfvars", "x = var.y\n", "variables may not be used here"),
    ],
)
def test_malformed_configuration_is_refused_with_its_place(
    written: Written, name: str, text: str, words: str
) -> None:
    folder = written({"zz.tf": 'resource "zz" "zz" {}\n', name: text})
    with pytest.raises(Problem) as caught:
        read(folder)
    assert words in str(caught.value)


OPENTOFU = """\
language {
  compatible_with {
    opentofu  = ">= 1.12"
    terraform = ">= 1.13"
  }
}
variable "on" {
  default = false
}
variable "perhaps" {}
variable "regions" {
  default = ["eu-central-1", "eu-west-1"]
}
provider "aws" {
  alias    = "by"
  for_each = toset(var.regions)
  region   = each.value
}
resource "aws_sqs_queue" "each" {
  for_each = toset(var.regions)
  provider = aws.by[each.key]
}
resource "aws_sqs_queue" "off" {
  lifecycle {
    enabled = var.on
  }
}
resource "aws_sqs_queue" "on" {
  name = aws_sqs_queue.off == null ? "there is no other" : "there is another"
  lifecycle {
    enabled = !var.on
  }
}
resource "aws_sqs_queue" "perhaps" {
  lifecycle {
    enabled = var.perhaps
  }
}
module "off" {
  source = "./m"
  lifecycle {
    enabled = var.on
  }
}
module "unseen" {
  source = "example.com/nowhere"
  lifecycle {
    enabled = var.on
  }
}
"""


def test_what_only_opentofu_knows(written: Written) -> None:
    """Blocks and arguments of versions up to 1.12: what is not enabled is not there."""
    folder = written({"main.tofu": OPENTOFU, "m/main.tf": 'resource "aws_sqs_queue" "in" {\n}\n'})
    (folder / "m.tofu.json").write_text(
        '{"module": {"json": {"source": "./m", "lifecycle": {"enabled": "${!var.on}"}}}}'
    )
    reading = read(folder)
    found = {one.address: one for one in reading.model.resources}
    assert found.keys() == {
        *('aws_sqs_queue.each["eu-central-1"]', 'aws_sqs_queue.each["eu-west-1"]', "aws_sqs_queue.on"),
        *("aws_sqs_queue.perhaps", "module.json.aws_sqs_queue.in"),
    }
    assert found["aws_sqs_queue.on"].text("name") == "there is no other"
    assert found['aws_sqs_queue.each["eu-west-1"]'].values["provider"] == "aws.by"
    assert [bool(found[name].under) for name in ("aws_sqs_queue.on", "aws_sqs_queue.perhaps")] == [
        False,
        True,
    ]
    assert reading.unseen == ()


def test_a_module_that_contains_itself_is_refused(written: Written) -> None:
    folder = written({"main.tf": 'module "me" { source = "./" }\nresource "a" "b" {}\n'})
    with pytest.raises(Problem, match=r"module\.me contains itself"):
        read(folder)


def test_a_folder_without_configuration_names_folders_that_have_some(written: Written) -> None:
    folder = written({"envs/prod/main.tf": "", "README.md": ""})
    with pytest.raises(Problem, match="there is no Terraform configuration"):
        read(folder)
    with pytest.raises(Problem, match="envs/prod"):
        read(folder / "envs")


def test_values_that_refer_to_each_other_end(modelled: Modelled) -> None:
    model = modelled(
        {"main.tf": 'locals {\n  a = local.b\n  b = local.a\n}\nresource "x" "y" { v = local.a }\n'}
    )
    assert is_unknown(model.resources[0].get("v"))


def test_more_instances_than_anyone_has_are_refused(written: Written) -> None:
    with pytest.raises(Problem, match="would have 1,000,000,000 instances"):
        read(written({"main.tf": 'resource "x" "y" { count = 1000000000 }\n'}))


def test_instance_keys_stand_in_addresses_as_terraform_writes_them(modelled: Modelled) -> None:
    written = ["a b", "$", "$${x}", "%%{y}", r"q\"", r"b\\", r"l\n", r"\u2028", r"\U000e0001", "é"]
    text = ", ".join(f'"{key}"' for key in written)
    model = modelled({"main.tf": f'resource "aws_sqs_queue" "q" {{\n  for_each = toset([{text}])\n}}\n'})
    assert {one.address for one in model.resources} == {f'aws_sqs_queue.q["{key}"]' for key in written}
