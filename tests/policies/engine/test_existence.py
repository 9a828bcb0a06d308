"""Nothing passes by what need not be there: resources that may have no instance, and values that may lead elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies.engine import catalogue, existence, judging, parameters
from policies.readers import read

Written = Callable[[dict[str, Any]], Path]

VARIABLES = "".join(f'variable "{name}" {{}}\n' for name in ("on", "too", "key", "names"))
GROUP = """\
resource "aws_db_parameter_group" "{name}" {{
  {number}
  family = "postgres14"
  parameter {{
    name  = "rds.force_ssl"
    value = "1"
  }}
}}
"""
GROUPS = VARIABLES + GROUP.format(name="one", number="") + GROUP.format(name="two", number="")
GROUPS += GROUP.format(name="perhaps", number="count = var.on ? 1 : 0")
DATABASE = """\
resource "aws_db_instance" "main" {{
  {number}
  engine               = "postgres"
  engine_version       = "14"
  parameter_group_name = {name}
}}
"""
BUCKET = """\
resource "aws_s3_bucket" "main" {{
  {bucket}
}}
resource "aws_s3_bucket_policy" "main" {{
  {policy}
  bucket = aws_s3_bucket.main{index}.id
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.main{index}.arn, "${{aws_s3_bucket.main{index}.arn}}/*"]
      Condition = {{ Bool = {{ "aws:SecureTransport" = "false" }} }}
    }}]
  }})
}}
"""


def verdicts(folder: Path, rule: str) -> dict[str, str]:
    result = judging.judge([read(folder)], catalogue.load(), parameters.load())
    return {one.address: one.status for one in result.findings if one.rule == rule}


ONE, TWO, PERHAPS = (f"aws_db_parameter_group.{name}" for name in ("one", "two", "perhaps"))


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (f"{ONE}.name", "pass"),
        (f"{PERHAPS}[0].name", "pass"),
        (f"{PERHAPS}[0].id", "pass"),
        (f"element({PERHAPS}[*].name, 0)", "pass"),
        (f"var.on ? {ONE}.name : {TWO}.name", "pass"),
        (f"coalesce({ONE}.name, {TWO}.name)", "pass"),
        (f"{{ a = {ONE}.name, b = {TWO}.name }}[var.key]", "pass"),
        (f"try({ONE}.name, null)", "pass"),
        (f"var.on ? {ONE}.name : null", "unknown"),
        (f'var.on ? {ONE}.name : "default.postgres14"', "unknown"),
        (f"var.on ? var.key : {ONE}.name", "unknown"),
        (f"var.on ? {ONE}.name : var.too ? {TWO}.name : null", "unknown"),
        (f"{{ a = {ONE}.name, b = null }}[var.key]", "unknown"),
        (f'lookup({{ a = {ONE}.name }}, var.key, "default.postgres14")', "unknown"),
        (f"[{ONE}.name, null][var.key]", "unknown"),
        (f"coalesce(var.key, {ONE}.name)", "unknown"),
        (f"one({PERHAPS}[*].name)", "unknown"),
        (f'join("", {PERHAPS}[*].name)', "unknown"),
        (f'join("", {PERHAPS}.*.name)', "unknown"),
        (f"try({PERHAPS}[0].name, null)", "unknown"),
        (f"var.on ? {PERHAPS}[0].name : null", "unknown"),
        (f"try(module.n[0].fixed, {ONE}.name)", "unknown"),
        (f"try(module.n[0].name, {ONE}.name)", "pass"),
        (f"one([for name in [{ONE}.name] : name if var.on])", "unknown"),
        ("local.chosen", "unknown"),
        ("module.m.chosen", "unknown"),
    ],
)
def test_a_value_that_may_lead_elsewhere_is_no_pass(written: Written, value: str, status: str) -> None:
    chosen = f"var.on ? {ONE}.name : null"
    folder = written(
        {
            "main.tf": GROUPS
            + DATABASE.format(name=value, number="")
            + f"locals {{\n  chosen = {chosen}\n}}\n"
            + f'module "m" {{\n  source = "./m"\n  name = {ONE}.name\n  on = var.on\n}}\n'
            + f'module "n" {{\n  source = "./n"\n  count  = var.on ? 1 : 0\n  name   = {TWO}.name\n}}\n',
            "n/main.tf": 'variable "name" {}\noutput "name" {\n  value = var.name\n}\n'
            + 'output "fixed" {\n  value = "other"\n}\n',
            "m/main.tf": 'variable "name" {}\nvariable "on" {}\n'
            + 'output "chosen" {\n  value = var.on ? var.name : null\n}\n',
        }
    )
    assert verdicts(folder, "CM_RDS_FORCE_SSL") == {"aws_db_instance.main": status}


@pytest.mark.parametrize(
    ("bucket", "policy", "status"),
    [
        ("", "", "pass"),
        ("", "count = var.on ? 1 : 0", "unknown"),
        ("", "for_each = toset(var.names)", "unknown"),
        ("count = var.on ? 1 : 0", "", "pass"),
        ("count = var.on ? 1 : 0", "count = var.on ? 1 : 0", "pass"),
        ("count = var.on && var.too ? 1 : 0", "count = var.too ? 1 : 0", "pass"),
        ("count = var.on ? 1 : 0", "count = var.on && var.too ? 1 : 0", "unknown"),
        ("count = var.on ? 1 : 0", "count = var.on ? 0 : 1", "unknown"),
        ("count = var.on ? 1 : 0", "count = var.on || var.too ? 0 : 1", "unknown"),
        ("count = length(var.names)", "count = length(var.names)", "pass"),
        ("count = length(var.names)", "count = length(var.names) - 1", "unknown"),
    ],
)
def test_what_may_have_no_instance_is_no_pass_for_another(
    written: Written, bucket: str, policy: str, status: str
) -> None:
    text = BUCKET.format(bucket=bucket, policy=policy, index="[0]" if bucket else "")
    found = verdicts(written({"main.tf": VARIABLES + text}), "CM_S3_DENIES_PLAIN_HTTP")
    assert found["aws_s3_bucket.main"] == status
    called = 'module "m" {{\n  source = "./m"\n  {}\n  {}\n}}\n'
    given = "on = var.on\n  too = var.too\n  key = var.key\n  names = var.names"
    folder = written(
        {
            "main.tf": VARIABLES + called.format("count = var.key ? 1 : 0", given),
            "m/main.tf": VARIABLES + text,
        }
    )
    found = verdicts(folder, "CM_S3_DENIES_PLAIN_HTTP")
    assert found["module.m.aws_s3_bucket.main"] == status


def test_a_policy_in_a_module_that_may_have_no_instance(written: Written) -> None:
    policy = (
        BUCKET.format(bucket="", policy="", index="")
        .partition("}\n")[2]
        .replace("aws_s3_bucket.main.id", "var.id")
    )
    policy = policy.replace("aws_s3_bucket.main.arn", "var.arn")
    call = 'module "m" {\n  source = "./m"\n  NUMBER\n  id = aws_s3_bucket.main.id\n  arn = aws_s3_bucket.main.arn\n}\n'
    bucket = 'resource "aws_s3_bucket" "main" {\n}\n'
    for number, status in (("", "pass"), ("count = var.on ? 1 : 0", "unknown")):
        folder = written(
            {
                "main.tf": VARIABLES + bucket + call.replace("NUMBER", number),
                "m/main.tf": 'variable "id" {}\nvariable "arn" {}\n' + policy,
            }
        )
        assert verdicts(folder, "CM_S3_DENIES_PLAIN_HTTP")["aws_s3_bucket.main"] == status


NETWORK = """\
variable "zones" {}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "private" {
  count             = length(var.zones)
  vpc_id            = aws_vpc.main.id
  availability_zone = var.zones[count.index]
}
resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route_table_association" "private" {
  count          = length(var.zones)
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private.id
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_default_route_table" "public" {
  default_route_table_id = aws_vpc.main.default_route_table_id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}
resource "aws_db_subnet_group" "main" {
  subnet_ids = aws_subnet.private[*].id
}
resource "aws_db_instance" "main" {
  db_subnet_group_name = aws_db_subnet_group.main.name
}
"""


def test_what_the_same_number_decides_is_there_with_what_is_named(written: Written) -> None:
    found = verdicts(written({"main.tf": NETWORK}), "CM_DB_SUBNETS_PRIVATE")
    assert found["aws_db_subnet_group.main"] == "pass"
    other = NETWORK.replace(
        "  count          = length(var.zones)", "  count          = length(var.zones) - 1"
    )
    found = verdicts(written({"main.tf": other}), "CM_DB_SUBNETS_PRIVATE")
    assert found["aws_db_subnet_group.main"] == "unknown"


def test_the_number_of_models_is_bounded(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    text = VARIABLES + "".join(
        BUCKET.format(
            bucket=f'count = var.names["{name}"]', policy=f'count = var.names["{name}"]', index="[0]"
        )
        .replace('"main"', f'"{name}"')
        .replace("aws_s3_bucket.main", f"aws_s3_bucket.{name}")
        for name in ("a", "b", "c")
    )
    folder = written({"main.tf": text})
    assert set(verdicts(folder, "CM_S3_DENIES_PLAIN_HTTP").values()) == {"pass"}
    monkeypatch.setattr(existence, "MOST_COPIED", 6)
    assert sorted(verdicts(folder, "CM_S3_DENIES_PLAIN_HTTP").values()) == ["pass", "unknown", "unknown"]


def test_where_nothing_that_is_judged_need_be_there_it_is_judged_as_if_it_were(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        VARIABLES
        + """
resource "aws_elasticache_replication_group" "main" {
  for_each           = var.names
  num_cache_clusters = 1
}
"""
    )
    (status,) = verdicts(tmp_path, "CM_CACHE_MULTI_AZ").values()
    assert status == "fail"
    assert verdicts(tmp_path, "CM_SURVIVES_AZ_LOSS") == {}
