"""What plans and states say, told by Terraform itself: unknowns, defaults, tags, documents, secrets, replacements."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from mock_provider import configuration, runner
from tests.mock_provider.conftest import Project

Make = Callable[..., Project]

TAGGED = """
provider "aws" {
  alias  = "tagged"
  region = "us-east-1"
  default_tags {
    tags = { Project = "x", Ours = "default" }
  }
  ignore_tags {
    keys         = ["Foreign"]
    key_prefixes = ["kubernetes.io/"]
  }
}
resource "aws_vpc" "plain" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_vpc" "tagged" {
  provider   = aws.tagged
  cidr_block = "10.0.0.0/16"
  tags       = { Ours = "own", Foreign = "left alone", "kubernetes.io/cluster" = "owned" }
}
resource "aws_subnet" "tagged" {
  provider   = aws.tagged
  vpc_id     = aws_vpc.tagged.id
  cidr_block = "10.0.1.0/24"
  tags       = { Of = aws_vpc.tagged.id }
}
resource "aws_iam_role" "documents" {
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }
  ] })
}
resource "aws_db_instance" "secret" {
  identifier          = "db"
  engine              = "postgres"
  engine_version      = "15.12"
  instance_class      = "db.t3.micro"
  allocated_storage   = 20
  username            = "somebody"
  password_wo         = "%s"
  password_wo_version = 1
  skip_final_snapshot = true
}
resource "aws_eip" "one" {}
resource "aws_eip" "another" {}
data "aws_iam_policy_document" "read" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::bucket/*"]
  }
}
output "document" {
  value = data.aws_iam_policy_document.read.json
}
"""
# No secret: the word says what it is for, and must not be found again anywhere.
WRITTEN_ONLY = "written-but-never-kept"


def test_create(project: Make) -> None:
    """One configuration, planned and applied once, and everything that its plan and state must say."""
    it = project(TAGGED.replace("%s", WRITTEN_ONLY))
    shown = it.plan()
    changes = {one["address"]: one["change"] for one in shown["resource_changes"]}

    plain = changes["aws_vpc.plain"]
    assert plain["after_unknown"]["id"] is True
    assert plain["after_unknown"]["arn"] is True
    assert plain["after"]["instance_tenancy"] == "default"
    assert plain["after"]["enable_dns_support"] is True
    assert plain["after"]["region"] == "ap-northeast-2"
    assert plain["after_unknown"]["tags_all"] is True

    tagged = changes["aws_vpc.tagged"]
    assert tagged["after"]["tags_all"] == {"Project": "x", "Ours": "own"}
    assert tagged["after"]["region"] == "us-east-1"
    assert changes["aws_subnet.tagged"]["after_unknown"]["tags_all"] is True

    database = changes["aws_db_instance.secret"]
    assert database["after_sensitive"]["password"] is True
    assert database["after"]["password_wo"] is None

    document = json.loads(shown["planned_values"]["outputs"]["document"]["value"])
    assert document["Statement"] == [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
    ]

    values = it.apply("p.tfplan")
    assert values["aws_vpc.plain"]["arn"].startswith("arn:aws:ec2:ap-northeast-2:000000000000:vpc/vpc-")
    assert values["aws_vpc.tagged"]["arn"].startswith("arn:aws:ec2:us-east-1:000000000000:vpc/vpc-")
    assert values["aws_subnet.tagged"]["tags_all"]["Of"] == values["aws_vpc.tagged"]["id"]
    assert values["aws_eip.one"]["id"] != values["aws_eip.another"]["id"]
    for path in it.state.rglob("terraform.tfstate*"):
        if path.is_file():
            assert WRITTEN_ONLY not in path.read_text("utf-8")
    it.run("plan", "-detailed-exitcode")

    role = '[\n    { Effect = "Allow", Action = "sts:AssumeRole",'
    assert role in (it.folder / "main.tf").read_text("utf-8")
    rewritten = (
        (it.folder / "main.tf")
        .read_text("utf-8")
        .replace(role, '[\n    { Action = ["sts:AssumeRole"], Effect = "Allow",')
    )
    it.write(rewritten)
    it.run("plan", "-detailed-exitcode")


DUAL_STACK = """
resource "aws_vpc" "a" {
  cidr_block                       = "10.0.0.0/16"
  assign_generated_ipv6_cidr_block = true
}
resource "aws_subnet" "a" {
  vpc_id          = aws_vpc.a.id
  cidr_block      = cidrsubnet(aws_vpc.a.cidr_block, 8, 1)
  ipv6_cidr_block = cidrsubnet(aws_vpc.a.ipv6_cidr_block, 8, 1)
}
"""


def test_same_values_on_every_run(project: Make) -> None:
    """Two runs with states of their own make the same identifiers, and ranges that can be cut into subnets."""
    once, again = project(DUAL_STACK, name="one"), project(DUAL_STACK, name="two")
    values = once.apply()
    assert values == again.apply()
    assert values["aws_vpc.a"]["ipv6_cidr_block"].endswith("00::/56")
    assert values["aws_subnet.a"]["ipv6_cidr_block"].endswith("01::/64")


def test_types_without_facts_say_so(project: Make) -> None:
    it = project(
        'resource "aws_sagemaker_notebook_instance_lifecycle_configuration" "a" {\n  name = "a"\n}\n'
    )
    said = it.run("plan", "-no-color").stdout
    assert "Planned from the schema alone" in said
    assert "aws_sagemaker_notebook_instance_lifecycle_configuration" in said


def test_misspelt_type_is_told_with_a_near_one(project: Make) -> None:
    """Terraform takes any name that is near enough, so which one it is may differ; that it has them all counts."""
    said = project('resource "aws_vcp" "a" {}\n').run("validate", "-no-color", code=1).stderr
    assert 'Did you mean "aws_' in " ".join(said.split())


def test_what_is_imported_is_read_from_the_account(project: Make) -> None:
    """By the id that the provider takes for each type; what nothing has, Terraform itself refuses."""
    standing = """
resource "aws_vpc" "a" {
  cidr_block = "10.0.0.0/16"
  tags       = { Name = "by hand" }
}
resource "aws_route_table" "a" {
  vpc_id = aws_vpc.a.id
}
resource "aws_internet_gateway" "a" {
  vpc_id = aws_vpc.a.id
}
resource "aws_route" "a" {
  route_table_id         = aws_route_table.a.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.a.id
}
"""
    it = project(standing)
    it.run("apply", "-auto-approve", "-no-color")
    table = json.loads(it.run("show", "-json").stdout)["values"]["root_module"]["resources"]
    ids = {one["address"]: one["values"]["id"] for one in table}
    (region,) = {one["values"]["region"] for one in table}
    for address in ("aws_route.a", "aws_vpc.a"):
        it.run("state", "rm", address)
    block = 'import {{\n  to = {}\n  id = "{}"\n}}\n'.format
    route = block("aws_route.a", f"{ids['aws_route_table.a']}_0.0.0.0/0")
    it = project(standing + route + block("aws_vpc.a", ids["aws_vpc.a"]))
    assert "2 to import, 0 to add, 0 to change, 0 to destroy" in it.run("plan", "-no-color").stdout
    changed = standing.replace("by hand", "as written")
    it = project(changed + route + block("aws_vpc.a", f"{ids['aws_vpc.a']}@{region}"))
    assert "2 to import, 0 to add, 1 to change, 0 to destroy" in it.run("plan", "-no-color").stdout
    for wrong in ("vpc-0123456789abcdef0", f"{ids['aws_vpc.a']}@sa-east-1", ids["aws_internet_gateway.a"]):
        it = project(standing + route + block("aws_vpc.a", wrong))
        assert "Cannot import non-existent remote object" in it.run("plan", "-no-color", code=1).stderr
    it = project(standing + route + block("aws_vpc.a", ids["aws_vpc.a"]))
    it.run("apply", "-auto-approve", "-no-color")
    assert "No changes" in it.run("plan", "-no-color").stdout


def test_what_the_provider_does_not_import_is_refused_in_its_words(project: Make) -> None:
    it = project(
        'import {\n  to = aws_acm_certificate_validation.a\n  id = "x"\n}\n'
        'resource "aws_acm_certificate_validation" "a" {\n'
        '  certificate_arn = "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-4000-8000-000000000000"\n}\n'
    )
    said = it.run("plan", "-no-color", code=1).stderr
    assert "resource aws_acm_certificate_validation doesn't support import" in " ".join(said.split())


def test_moved_and_removed_from_set(project: Make) -> None:
    """A new address with `moved` plans nothing; an element less in a set block is an update in place."""
    text = """
resource "aws_security_group" "{name}" {{
  name        = "web"
  description = "web"
  dynamic "ingress" {{
    for_each = toset({ports})
    content {{
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["10.0.0.0/8"]
    }}
  }}
}}
"""
    it = project(text.format(name="old", ports="[80, 443]"))
    it.apply()
    moved = "moved {\n  from = aws_security_group.old\n  to   = aws_security_group.new\n}\n"
    from tests.mock_provider.conftest import PROVIDER

    it.write(PROVIDER + moved + text.format(name="new", ports="[80, 443]"))
    change = it.changes()["aws_security_group.new"]
    assert change["previous_address"] == "aws_security_group.old"
    assert change["change"]["actions"] == ["no-op"]
    it.write(PROVIDER + moved + text.format(name="new", ports="[443]"))
    assert it.changes()["aws_security_group.new"]["change"]["actions"] == ["update"]


def test_ephemeral_resources_and_functions(project: Make) -> None:
    """Ephemeral values pass through and are nowhere kept; the provider's functions answer."""
    it = project("""
ephemeral "aws_secretsmanager_random_password" "a" {
  password_length = 24
}
resource "aws_secretsmanager_secret" "a" {
  name = "a"
}
resource "aws_secretsmanager_secret_version" "a" {
  secret_id                = aws_secretsmanager_secret.a.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.a.random_password
  secret_string_wo_version = 1
}
output "account" {
  value = provider::aws::arn_parse("arn:aws:iam::000000000000:role/a").account_id
}
""")
    values = it.apply()
    assert values["aws_secretsmanager_secret_version.a"]["secret_string_wo"] is None
    state: dict[str, Any] = json.loads((it.state / "terraform.tfstate").read_text("utf-8"))
    assert state["outputs"]["account"]["value"] == "000000000000"


def test_plan_departs_from_the_configuration_in_defaults_alone(
    stack: Callable[[str], dict[str, Any]], project: Make, monkeypatch: Any
) -> None:
    """Terraform itself watches what providers plan: of prod it has nothing to tell but documented defaults."""
    it = project("")
    (it.folder / "main.tf").unlink()
    it.write(json.dumps(stack("prod"), indent=1), "cdk.tf.json")
    monkeypatch.setenv("TF_LOG", "WARN")
    log = it.run("plan", "-no-color").stderr
    told = [line.strip() for line in log.splitlines() if line.strip().startswith("- ")]
    assert told
    assert [line for line in told if not line.endswith("for a non-computed attribute")] == []
    assert not [line for line in log.splitlines() if "Provider produced inconsistent" in line]


FIREWALL = """
resource "aws_wafv2_web_acl" "a" {
  name  = "a"
  scope = "REGIONAL"
  default_action {
    allow {}
  }
  rule {
    name     = "a"
    priority = 1
    action {
      block {}
    }
    statement {
      not_statement {
        statement {
          geo_match_statement {
            country_codes = ["KR"]
          }
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "a"
      sampled_requests_enabled   = true
    }
  }
  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "a"
    sampled_requests_enabled   = true
  }
}
"""


def test_plans_are_the_same_with_the_whole_schema(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Terraform is given what can occur, and plans what it plans with everything, to the last empty block."""
    short = project(FIREWALL, name="short").plan()
    monkeypatch.setattr(runner, "_occurring", lambda *_: None)
    whole = project(FIREWALL, name="whole").plan()
    assert short["resource_changes"] == whole["resource_changes"]
    assert short["planned_values"] == whole["planned_values"]
    statement = short["resource_changes"][0]["change"]["after"]["rule"][0]["statement"][0]
    assert statement["and_statement"] == []
    assert statement["not_statement"][0]["statement"][0]["geo_match_statement"][0]["country_codes"] == ["KR"]


def test_objects_as_values_and_a_region_that_is_not_known(project: Make) -> None:
    made = project(
        """
resource "aws_s3tables_table_bucket" "events" {
  name                     = "events"
  encryption_configuration = { kms_key_arn = null, sse_algorithm = "AES256" }
  maintenance_configuration = {
    iceberg_unreferenced_file_removal = {
      status   = "enabled"
      settings = { non_current_days = 12, unreferenced_days = 4 }
    }
  }
}
resource "terraform_data" "region" {
  input = "eu-west-1"
}
provider "aws" {
  alias  = "later"
  region = terraform_data.region.output
}
resource "aws_vpc" "later" {
  provider   = aws.later
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "later" {
  provider          = aws.later
  vpc_id            = aws_vpc.later.id
  cidr_block        = "10.0.0.0/24"
  availability_zone = "eu-west-1a"
}
"""
    )
    values = made.apply()
    removal = values["aws_s3tables_table_bucket.events"]["maintenance_configuration"]
    assert removal["iceberg_unreferenced_file_removal"]["settings"]["unreferenced_days"] == 4
    assert values["aws_subnet.later"]["availability_zone"] == "eu-west-1a"
    made.run("plan", "-detailed-exitcode")


def test_a_plan_asks_for_no_more_of_the_schema_than_its_configuration(project: Make, product: str) -> None:
    """Blocks that a plan only says it has none of are left out of the schema, which Terraform decodes each time."""
    made = project(
        """
resource "aws_s3_bucket" "files" {
  bucket = "files-of-this-test"
  timeouts {
    create = "5m"
  }
}
""",
        product,
    )
    changes = made.changes()
    assert changes["aws_s3_bucket.files"]["change"]["actions"] == ["create"]
    with zipfile.ZipFile(made.folder / "p.tfplan") as plan:
        assert b"replication_configuration" in plan.read("tfplan")
        found, _ = configuration.words(configuration.plan_texts(plan))
    assert {"aws_s3_bucket", "timeouts"} <= found
    assert not found & {"replication_configuration", "cors_rule", "website"}
    assert made.apply("p.tfplan")["aws_s3_bucket.files"]["bucket"] == "files-of-this-test"
