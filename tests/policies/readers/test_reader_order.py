"""The order of what Terraform makes: held against Terraform's own graph, and against plans."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_provider import runner
from policies.engine.model import without_keys
from policies.readers import read

FILES = {
    "main.tf": """
variable "name" {
  type    = string
  default = "web"
}
locals {
  network = module.network
  tags    = { Topic = aws_sns_topic.tag.name }
  zones   = { a = "10.0.0.0/24" }
}
provider "aws" {
  region = "us-east-1"
}
provider "aws" {
  alias  = "named"
  region = "us-east-1"
  default_tags {
    tags = { From = aws_sns_topic.provider.name }
  }
}
resource "aws_sns_topic" "tag" {
  name = var.name
}
resource "aws_sns_topic" "provider" {}
resource "aws_sns_topic" "first" {}
resource "aws_sns_topic" "trigger" {}
resource "aws_sns_topic" "condition" {}
resource "aws_sns_topic" "provisioned" {}
resource "aws_sns_topic" "counted" {}
data "aws_iam_policy_document" "main" {
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.tag.arn]
  }
}
module "network" {
  source     = "./network"
  zones      = local.zones
  depends_on = [aws_sns_topic.first]
}
module "counted" {
  source = "./network"
  count  = length([aws_sns_topic.counted.display_name])
  zones  = { for key, value in local.zones : key => value }
}
resource "aws_sqs_queue" "by_name" {
  name = "${var.name}-${aws_sns_topic.tag.name}"
}
resource "aws_sqs_queue" "by_local" {
  tags = local.tags
}
resource "aws_sqs_queue" "by_object" {
  tags = { Gateway = local.network.gateway }
}
resource "aws_sqs_queue" "by_key" {
  tags = { Subnet = module.network.subnets[keys(local.zones)[0]] }
}
resource "aws_sqs_queue" "by_splat" {
  tags = { Subnets = join(",", module.counted[*].gateway) }
}
resource "aws_sqs_queue" "by_document" {
  policy = data.aws_iam_policy_document.main.json
}
resource "aws_sqs_queue" "by_condition" {
  delay_seconds = length(aws_sns_topic.tag.name) > 3 ? 10 : try(length(aws_sns_topic.condition.name), 0)
}
resource "aws_sqs_queue" "by_lifecycle" {
  lifecycle {
    replace_triggered_by = [aws_sns_topic.trigger.id]
    precondition {
      condition     = aws_sns_topic.condition.name != ""
      error_message = "nameless"
    }
  }
}
resource "aws_sqs_queue" "by_provisioner" {
  provisioner "local-exec" {
    command = "echo ${aws_sns_topic.provisioned.name}"
  }
}
resource "aws_sqs_queue" "by_provider" {
  provider = aws.named
}
resource "aws_sqs_queue" "by_for_each" {
  for_each = module.network.subnets
  name     = each.key
}
resource "aws_sqs_queue" "by_itself" {
  depends_on = [module.network, data.aws_iam_policy_document.main]
}
resource "aws_sqs_queue" "by_itself_in_quotes" {
  depends_on = ["module.network", "data.aws_iam_policy_document.main", "aws_sns_topic.tag"]
}
resource "aws_security_group" "dynamic" {
  dynamic "ingress" {
    for_each = toset([aws_sns_topic.tag.name])
    content {
      from_port   = 1
      to_port     = 1
      protocol    = "tcp"
      cidr_blocks = [module.network.range]
    }
  }
}
""",
    "network/main.tf": """
variable "zones" {
  type = map(string)
}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "main" {
  for_each   = var.zones
  vpc_id     = aws_vpc.main.id
  cidr_block = each.value
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
module "routes" {
  source = "../routes"
  vpc    = aws_vpc.main.id
}
output "subnets" {
  value      = { for key, subnet in aws_subnet.main : key => subnet.id }
  depends_on = [module.routes]
}
output "gateway" {
  value = aws_internet_gateway.main.id
}
output "range" {
  value = aws_vpc.main.cidr_block
}
""",
    "routes/main.tf": """
variable "vpc" {
  type = string
}
resource "aws_route_table" "main" {
  vpc_id = var.vpc
}
""",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("order") / "configuration"
    for name, text in FILES.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, encoding="utf-8")
    return made


def terraform(folder: Path, *arguments: str) -> str:
    done = runner.run(
        arguments,
        cwd=folder,
        state=folder.parent / "state",
        terraform="wheel",
        backend="local",
        capture=True,
        announce=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def graph(folder: Path) -> dict[str, set[str]]:
    """What Terraform makes before each resource, by its own graph."""
    edges: dict[str, set[str]] = {}
    text = terraform(folder, "graph")
    for node in re.findall(r'^\s*"([^"]+)" \[label', text, re.M):
        edges[node] = set()
    for later, earlier in re.findall(r'^\s*"([^"]+)" -> "([^"]+)";', text, re.M):
        edges[later].add(earlier)
    found: dict[str, set[str]] = {}

    def before(node: str) -> set[str]:
        if node not in found:
            found[node] = set()
            found[node] = {one for near in edges[node] for one in (near, *before(near))}
        return found[node]

    return {node: before(node) for node in edges}


def orders(path: Path, *more: Path) -> dict[str, tuple[set[str], str]]:
    model = read(path, *more).model
    found = {}
    for resource in (*model.resources, *model.data):
        earlier = model.earlier(resource)
        found[without_keys(resource.address)] = (set(earlier.addresses), earlier.blind)
    return found


def test_as_terraform_says(folder: Path) -> None:
    told = graph(folder)
    assert len(told) > 25
    assert orders(folder) == {node: (before, "") for node, before in told.items()}


def test_the_stack_as_terraform_says(stack_file: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tmp_path / "stack"
    folder.mkdir()
    (folder / "cdk.tf.json").write_bytes(stack_file("prod").read_bytes())
    told = graph(folder)
    assert len(told) > 140
    assert orders(folder) == {node: (before, "") for node, before in told.items()}


def test_a_plan_says_less_and_says_so(folder: Path) -> None:
    """Never an edge that is not there; one that is missing is told. With the configuration beside it none is."""
    terraform(folder, "plan", "-out", str(folder.parent / "plan"))
    file = folder.parent / "plan.json"
    file.write_text(terraform(folder, "show", "-json", str(folder.parent / "plan")), encoding="utf-8")
    told = graph(folder)
    alone = orders(file)
    assert {"aws_sqs_queue.by_document", "module.counted.module.routes.aws_route_table.main"} <= alone.keys()
    for address, (before, blind) in alone.items():
        assert before <= told[address], address
        # A plan records nothing of `lifecycle`.
        assert blind or before == told[address] or address == "aws_sqs_queue.by_lifecycle", address
    assert any(not blind for _, blind in alone.values())
    together = orders(file, folder)
    assert together == {address: (told[address], "") for address in together}


def test_what_is_not_seen_is_told(tmp_path: Path) -> None:
    text = {
        "module": {"far": {"source": "example/far/aws"}, "near": {"source": "./near", "count": 0}},
        "resource": {
            "aws_sqs_queue": {
                "far": {"name": "${module.far.name}"},
                "near": {"name": '${join("", module.near[*].name)}'},
            }
        },
    }
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "main.tf").write_text(
        'resource "aws_sqs_queue" "a" {}\noutput "name" {\n  value = 1\n}\n'
    )
    (tmp_path / "main.tf.json").write_text(json.dumps(text))
    found: dict[str, Any] = orders(tmp_path)
    assert found["aws_sqs_queue.near"] == (set(), "")
    before, blind = found["aws_sqs_queue.far"]
    assert before == set()
    assert "module.far is not seen" in blind
