"""What files declare is kept whole, and override files are laid over it as Terraform does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from policies.engine.model import Model
from policies.readers import Source, open_path, read
from policies.readers.declared import Body, Config
from policies.readers.syntax import Node

Written = Callable[[dict[str, Any]], Path]
Modelled = Callable[[dict[str, Any]], Model]
Planned = Callable[..., dict[str, Any]]

WHOLE = """\
terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
  backend "s3" {
    bucket = "states"
  }
}
locals {
  text = <<-EOT
    one ${var.x}
  EOT
}
check "health" {
  data "http" "it" {
    url = "https://example.com"
  }
  assert {
    condition     = data.http.it.status_code == 200
    error_message = "no"
  }
}
moved {
  from = aws_vpc.a
  to   = aws_vpc.main
}
removed {
  from = aws_vpc.gone
  lifecycle {
    destroy = false
  }
}
import {
  to = aws_vpc.main
  id = "vpc-1"
}
resource "aws_vpc" "main" {
  cidr_block = cidrsubnet("10.0.0.0/8", 8, /* the first */ 1)
  lifecycle {
    ignore_changes = [tags]
  }
  provisioner "local-exec" {
    command = "true"
  }
  provisioner "remote-exec" {
    inline = ["false"]
    connection {
      host = self.id
    }
  }
}
"""

WHOLE_JSON: dict[str, Any] = {
    "terraform": {
        "required_version": ">= 1.6",
        "required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 6.0"}},
        "backend": {"s3": {"bucket": "states"}},
    },
    "check": {
        "health": {
            "data": {"http": {"it": {"url": "https://example.com"}}},
            "assert": {"condition": "${data.http.it.status_code == 200}", "error_message": "no"},
        }
    },
    "moved": [{"from": "aws_vpc.a", "to": "aws_vpc.main"}],
    "removed": {"from": "aws_vpc.gone", "lifecycle": {"destroy": False}},
    "import": [{"to": "aws_vpc.main", "id": "vpc-1"}],
    "resource": {"aws_vpc": {"main": {"provisioner": [{"local-exec": {"command": "true"}}]}}},
}


def _config(folder: Path) -> Config:
    source = open_path(folder)
    assert isinstance(source, Source)
    return source.root


@pytest.mark.parametrize("content", [{"main.tf": WHOLE}, {"main.tf.json": WHOLE_JSON}])
def test_every_kind_of_block_is_kept(written: Written, content: dict[str, Any]) -> None:
    config = _config(written(content))
    assert [block.kind for block in config.settings] == ["terraform"]
    assert "required_version" in config.settings[0].body and "backend" in config.settings[0].body
    assert list(config.checks) == ["health"]
    assert [len(blocks) for blocks in (config.moved, config.removed, config.imports)] == [1, 1, 1]
    assert "id" in config.imports[0].body
    data = config.resources["data", "http", "it"]
    assert (data.check, data.labels) == ("health", ("http", "it"))
    text = (config.folder / next(iter(content))).read_text().splitlines()
    assert "it" in text[data.place.line() - 1] and "url" in text[data.place.line("url") - 1]


def test_a_data_source_of_a_check_is_one_of_the_model(modelled: Modelled) -> None:
    assert [one.address for one in modelled({"main.tf": WHOLE}).data] == ["data.http.it"]
    twice = 'data "http" "it" {\n  url = "x"\n}\n'
    with pytest.raises(Problem, match=r"data\.http\.it is declared again"):
        modelled({"main.tf": WHOLE, "other.tf": twice})


def test_an_expression_carries_its_source(written: Written) -> None:
    config = _config(written({"main.tf": WHOLE}))
    body = config.resources["resource", "aws_vpc", "main"].body
    node = body["cidr_block"]
    assert isinstance(node, Node) and node.source == 'cidrsubnet("10.0.0.0/8", 8, /* the first */ 1)'
    assert body["lifecycle"][0]["ignore_changes"].source == "[tags]"
    first, second = body["provisioner"]
    assert isinstance(first, Body) and (first.labels, second.labels) == (("local-exec",), ("remote-exec",))
    assert first["command"] == "true" and second["connection"][0]["host"].source == "self.id"
    assert config.locals["text"][0].source.rstrip() == "<<-EOT\n    one ${var.x}\n  EOT"
    assert config.settings[0].body["backend"][0].labels == ("s3",)


OVERRIDES = {
    "main.tf": """\
variable "v" {
  type    = string
  default = "base"
  validation {
    condition     = var.v != ""
    error_message = "never"
  }
}
locals {
  l = "base"
}
output "v" { value = var.v }
output "l" { value = local.l }
output "o" { value = "base" }
""",
    "a_override.tf": 'variable "v" {\n  default = "a"\n}\nlocals {\n  l = "a"\n}\n',
    "b_override.tf.json": {"output": {"o": {"value": "b"}}, "locals": {"l": "b"}},
    "override.tf": 'variable "v" {\n  nullable = false\n}\nremoved {\n  from = aws_vpc.x\n}\n',
}


def test_overrides_are_laid_over_as_terraform_does(written: Written, planned: Planned) -> None:
    folder = written(OVERRIDES)
    model = read(folder).model
    assert {output.name: output.value for output in model.outputs} == planned(folder, [])
    assert not _config(folder).removed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('variable "none" {}\n', "no variable.none that"),
        ("locals {\n  none = 1\n}\n", r"override.tf:2: there is no local\.none that"),
        ('output "none" {\n  value = 1\n}\n', "no output.none that"),
        ('module "none" {\n  source = "./x"\n}\n', "no module.none that"),
        ('resource "aws_vpc" "none" {}\n', "no resource.aws_vpc.none that"),
        ('data "aws_vpc" "none" {}\n', "no data.aws_vpc.none that"),
        ('provider "aws" {\n  alias = "none"\n}\n', r"no provider aws\.none that"),
        ("moved {\n  from = a.b\n  to   = a.c\n}\n", "a moved block cannot stand"),
        ('import {\n  to = a.b\n  id = "c"\n}\n', "import block cannot stand"),
        (
            'check "c" {\n  assert {\n    condition     = true\n    error_message = "x"\n  }\n}\n',
            "a check block",
        ),
        ('output "o" {\n  depends_on = [local.l]\n}\n', "override.tf:2: depends_on cannot be overridden"),
    ],
)
def test_an_override_that_terraform_refuses_is_refused(
    written: Written, terraform: Callable[..., Any], text: str, words: str
) -> None:
    folder = written({**OVERRIDES, "override.tf": text})
    with pytest.raises(Problem, match=words):
        read(folder)
    assert terraform(folder, "validate", "-no-color").returncode == 1


def test_blocks_of_an_override_replace_dynamic_ones_and_the_reverse(modelled: Modelled) -> None:
    base = """\
resource "aws_security_group" "main" {
  ingress {
    from_port = 1
  }
  dynamic "egress" {
    for_each = [2]
    content {
      from_port = egress.value
    }
  }
  dynamic "timeouts" {
    for_each = [1]
    content {
      create = "1h"
    }
  }
  lifecycle {
    prevent_destroy = true
    precondition {
      condition     = true
      error_message = "x"
    }
  }
}
"""
    over = """\
resource "aws_security_group" "main" {
  dynamic "ingress" {
    for_each = [3, 4]
    content {
      from_port = ingress.value
    }
  }
  egress {
    from_port = 5
  }
  lifecycle {
    create_before_destroy = true
  }
}
"""
    (group,) = modelled({"main.tf": base, "override.tf": over}).resources
    assert group.each("ingress[].from_port") == [3, 4]
    assert group.each("egress[].from_port") == [5]
    assert group.each("timeouts[].create") == ["1h"]


def test_of_lifecycle_an_override_changes_what_it_sets(written: Written) -> None:
    base = "lifecycle {\n    prevent_destroy = true\n    ignore_changes = [tags]\n    replace_triggered_by = [a.b]\n  }"
    over = "lifecycle {\n    ignore_changes = all\n    replace_triggered_by = [a.c]\n  }"
    folder = written(
        {
            "main.tf": f'resource "aws_vpc" "main" {{\n  {base}\n}}\n',
            "override.tf": f'resource "aws_vpc" "main" {{\n  {over}\n}}\n',
        }
    )
    (lifecycle,) = _config(folder).resources["resource", "aws_vpc", "main"].body["lifecycle"]
    assert lifecycle["prevent_destroy"] is True
    assert [lifecycle[name].source for name in ("ignore_changes", "replace_triggered_by")] == ["all", "[a.b]"]
