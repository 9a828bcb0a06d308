"""What exact mode takes for known: what follows from the configuration alone, and nothing that only holds here.

Each condition here is true where the gate runs and may be false where the configuration is applied, or the other way
round; `open` must never come out of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies import exact

HERE = [
    'data.aws_caller_identity.me.account_id == "000000000000"',
    'data.aws_caller_identity.me.account_id != "123456789012"',
    'startswith(data.aws_caller_identity.me.arn, "arn:aws:iam::0")',
    'can(regex("mock", data.aws_caller_identity.me.arn))',
    'terraform.workspace == "default"',
    'terraform.workspace != "prod"',
    'timecmp(plantimestamp(), "2099-01-01T00:00:00Z") < 0',
    'formatdate("YYYY", timestamp()) != "2031"',
    'path.cwd != "/home/runner/work"',
    'abspath(path.root) != "/srv/live"',
    'pathexpand("~") != "/home/live"',
    '!fileexists("/opt/live")',
    '!fileexists("../live")',
    '!fileexists(".live")',
    'try(file("/opt/live"), "") == ""',
    'try(filesha256("../live"), "none") == "none"',
    'length(fileset("/opt", "*")) == 0',
    'length(fileset(path.module, ".*")) == 0',
    'can(templatestring("$${file(\\"/opt/live\\")}", {})) == false',
    'data.aws_ami.image.id != "ami-live"',
    "length(data.aws_subnets.all.ids) < 50",
    'data.aws_ssm_parameter.switch.value != "open"',
    "try(data.terraform_remote_state.s.outputs.open, true)",
    'try(data.external.s.result.open, "true") == "true"',
    'random_id.r.hex != "00"',
    "var.needed",
    "!var.needed",
    'uuid() != ""',
]

AROUND = """\
provider "aws" {
  region = "eu-west-1"
}
variable "needed" {
  type = bool
}
data "aws_caller_identity" "me" {}
data "aws_ami" "image" {}
data "aws_subnets" "all" {}
data "aws_ssm_parameter" "switch" {
  name = "switch"
}
data "terraform_remote_state" "s" {
  backend = "local"
}
data "external" "s" {
  program = ["true"]
}
resource "random_id" "r" {
  byte_length = 1
}
"""


def test_a_condition_on_what_only_holds_here_decides_nothing(
    written: Callable[[dict[str, Any]], Path],
) -> None:
    queues = [
        f'resource "aws_sqs_queue" "q{number}" {{\n  sqs_managed_sse_enabled = {condition}\n}}\n'
        for number, condition in enumerate(HERE)
    ]
    (reading,), notes = exact.read_exactly([written({"main.tf": AROUND + "".join(queues), ".x": ""})])
    assert notes[0].endswith(exact.EVALUATED)
    found = {
        queue.address: queue.get("sqs_managed_sse_enabled")
        for queue in reading.model.of_type("aws_sqs_queue")
    }
    known = {
        condition: found[f"aws_sqs_queue.q{number}"]
        for number, condition in enumerate(HERE)
        if isinstance(found[f"aws_sqs_queue.q{number}"], bool | str)
    }
    # A uuid is some text wherever it is made.
    assert known in ({}, {'uuid() != ""': True})


@pytest.mark.parametrize(
    ("block", "attribute"),
    [
        ('locals {\n  on = data.aws_caller_identity.me.account_id != "1"\n}\n', "local.on"),
        (
            'module "m" {\n  source = "./m"\n  on = terraform.workspace != "prod"\n}\n',
            "module.m.on",
        ),
    ],
)
def test_nor_does_it_by_way_of_locals_modules_and_counts(
    written: Callable[[dict[str, Any]], Path], block: str, attribute: str
) -> None:
    module = 'variable "on" {}\noutput "on" {\n  value = var.on\n}\n'
    queue = f'resource "aws_sqs_queue" "q" {{\n  sqs_managed_sse_enabled = {attribute}\n}}\n'
    (reading,), _ = exact.read_exactly([written({"main.tf": AROUND + block + queue, "m/main.tf": module})])
    (found,) = reading.model.of_type("aws_sqs_queue")
    assert not isinstance(found.get("sqs_managed_sse_enabled"), bool | str)
    counted = f'resource "aws_sqs_queue" "q" {{\n  count = {attribute} ? 0 : 1\n}}\n'
    (reading,), _ = exact.read_exactly([written({"main.tf": AROUND + block + counted, "m/main.tf": module})])
    assert not reading.unevaluated
    (found,) = reading.model.of_type("aws_sqs_queue")
    assert found.many
    assert reading.model.of_type("aws_sqs_queue")


def test_what_the_region_alone_decides_is_known_where_the_region_is(
    written: Callable[[dict[str, Any]], Path],
) -> None:
    zones = 'data "aws_availability_zones" "z" {}\noutput "zones" {\n  value = data.aws_availability_zones.z.names\n}\n'
    (reading,), _ = exact.read_exactly([written({"main.tf": AROUND + zones})])
    assert [one.value for one in reading.model.outputs] == [["eu-west-1a", "eu-west-1b", "eu-west-1c"]]
    elsewhere = AROUND.replace('region = "eu-west-1"', "region = data.aws_ssm_parameter.switch.value")
    (reading,), _ = exact.read_exactly([written({"main.tf": elsewhere + zones})])
    assert not isinstance(reading.model.outputs[0].value, list)


def test_the_page_on_security_names_tests_that_are_there() -> None:
    root = Path(__file__).parents[3]
    page = (root / "SECURITY.md").read_text("utf-8")
    named = [word for word in page.split("`") if word.startswith("tests/")]
    assert len(named) > 10
    assert [name for name in named if not (root / name).exists()] == []
