"""Exact mode: Terraform evaluates, the gate judges, and nothing of the judged folder is executed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies import exact
from policies.__main__ import main
from policies.engine import catalogue, judging, parameters

Written = Callable[[dict[str, Any]], Path]

# What only Terraform can evaluate: a data source, a function that the readers leave alone, a module over its result.
ZONES = """\
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.28"
    }
  }
}
provider "aws" {
  region = "eu-west-1"
}
data "aws_availability_zones" "all" {}
module "subnets" {
  source = "./subnets"
  zones  = slice(data.aws_availability_zones.all.names, 0, 2)
}
resource "aws_db_subnet_group" "main" {
  subnet_ids = module.subnets.ids
}
resource "aws_db_instance" "main" {
  instance_class       = "db.t3.micro"
  engine               = "postgres"
  engine_version       = "15"
  allocated_storage    = 20
  username             = "shop"
  skip_final_snapshot  = true

  manage_master_user_password = true
  db_subnet_group_name = aws_db_subnet_group.main.name
  storage_encrypted    = sha256("a") == "x"
}
"""
SUBNETS = """\
variable "zones" {}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "private" {
  for_each          = toset(var.zones)
  vpc_id            = aws_vpc.main.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, index(var.zones, each.key))
}
output "ids" { value = [for subnet in aws_subnet.private : subnet.id] }
"""


def report(path: Path, tmp_path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    output = tmp_path / "report.json"
    code = main(["check", str(path), "--format", "json", "--output", str(output), *options])
    return code, json.loads(output.read_text())


def test_terraforms_values_with_the_configurations_places(written: Written) -> None:
    folder = written({"main.tf": ZONES, "subnets/main.tf": SUBNETS})
    before = sorted(folder.rglob("*"))
    (reading,), notes = exact.read_exactly([folder])
    assert notes == [f"{folder}: evaluated by Terraform against the mock provider"]
    assert sorted(folder.rglob("*")) == before
    model = reading.model
    subnets = model.of_type("aws_subnet")
    assert [subnet.address for subnet in subnets] == [
        'module.subnets.aws_subnet.private["eu-west-1a"]',
        'module.subnets.aws_subnet.private["eu-west-1b"]',
    ]
    (database,) = model.of_type("aws_db_instance")
    assert database.boolean("storage_encrypted") is False
    (group,) = database.referenced("db_subnet_group_name", "aws_db_subnet_group").resources
    assert sorted(group.referenced("subnet_ids[]").resources, key=str) == sorted(subnets, key=str)
    lines = ZONES.splitlines()
    assert "storage_encrypted" in lines[database.line_of("storage_encrypted") - 1]
    assert subnets[0].file.endswith("subnets/main.tf")
    result = judging.judge([reading], catalogue.load(), parameters.load())
    verdicts = {one.rule: one.status for one in result.findings if one.address == "aws_db_instance.main"}
    assert verdicts["CM_RDS_STORAGE_ENCRYPTED"] == "fail"


def test_a_provider_for_each_of_many_accounts_and_regions(written: Written) -> None:
    """Terraform opens a connection for each at once: where the plugin ran out of threads, both waited for ever."""
    blocks = (
        f'provider "aws" {{\n  alias = "in_{number}"\n  region = "eu-west-1"\n}}\n'
        f'resource "aws_sqs_queue" "in_{number}" {{\n  provider = aws.in_{number}\n}}\n'
        for number in range(60)
    )
    folder = written({"main.tf": "".join(blocks)})
    (reading,), notes = exact.read_exactly([folder])
    assert notes == [f"{folder}: evaluated by Terraform against the mock provider"]
    assert len(reading.model.of_type("aws_sqs_queue")) == 60


@pytest.mark.parametrize("form", ["hcl", "json"])
def test_each_configuration_of_the_provider_keeps_its_own_region(written: Written, form: str) -> None:
    regions = {"west": "eu-west-1", "east": "us-east-1"}
    if form == "hcl":
        blocks = [
            f'provider "aws" {{\n  alias = "{name}"\n  region = "{region}"\n}}\n'
            f'data "aws_availability_zones" "{name}" {{\n  provider = aws.{name}\n}}\n'
            f'resource "aws_ebs_volume" "{name}" {{\n  provider = aws.{name}\n  size = 1\n'
            f"  availability_zone = data.aws_availability_zones.{name}.names[0]\n}}\n"
            for name, region in regions.items()
        ]
        folder = written({"main.tf": "".join(blocks)})
    else:
        folder = written(
            {
                "cdk.tf.json": {
                    "provider": {
                        "aws": [{"alias": name, "region": region} for name, region in regions.items()]
                    },
                    "data": {
                        "aws_availability_zones": {name: {"provider": f"aws.{name}"} for name in regions}
                    },
                    "resource": {
                        "aws_ebs_volume": {
                            name: {
                                "provider": f"aws.{name}",
                                "size": 1,
                                "availability_zone": f"${{data.aws_availability_zones.{name}.names[0]}}",
                            }
                            for name in regions
                        }
                    },
                }
            }
        )
    (reading,), notes = exact.read_exactly([folder])
    assert "evaluated by Terraform" in notes[0]
    zones = {one.address: one.text("availability_zone") for one in reading.model.of_type("aws_ebs_volume")}
    assert zones == {
        "aws_ebs_volume.west": "eu-west-1a",
        "aws_ebs_volume.east": "us-east-1a",
    }


REGION_ONLY = 'provider "aws" {\n  region = "eu-west-1"\n}\n'
EVIL = """\
provider "aws" {
  region = "eu-west-1"
}
resource "aws_ebs_volume" "main" {
  availability_zone = "eu-west-1a"
  size              = 1
  encrypted         = true
  provisioner "local-exec" {
    command = "touch MARK-provisioner"
  }
}
"""


@pytest.mark.parametrize(
    ("files", "seen"),
    [
        (
            {"main.tf": EVIL + 'data "external" "run" {\n  program = ["touch", "MARK-external"]\n}\n'},
            ["aws_ebs_volume.main"],
        ),
        (
            {"main.tf": EVIL + 'resource "null_resource" "x" {}\n'},
            ["aws_ebs_volume.main", "null_resource.x"],
        ),
        ({"main.tf": EVIL + 'variable "needed" {}\n'}, ["aws_ebs_volume.main"]),
        (
            {
                "main.tf": EVIL
                + 'resource "aws_ebs_volume" "newer" {\n  availability_zone = "eu-west-1a"\n  invented = 1\n}\n'
            },
            ["aws_ebs_volume.main", "aws_ebs_volume.newer"],
        ),
        (
            {
                "main.tf": EVIL + 'module "x" {\n  count = 0\n  source = "./inner"\n}\n',
                "inner/main.tf": 'module "y" {\n  source = "hashicorp/aws"\n}\n',
            },
            ["aws_ebs_volume.main"],
        ),
    ],
)
def test_what_only_another_provider_or_version_knows_is_no_hindrance(
    written: Written, tmp_path: Path, files: dict[str, str], seen: list[str]
) -> None:
    folder = written({name: text.replace("MARK", str(tmp_path / "mark")) for name, text in files.items()})
    (reading,), notes = exact.read_exactly([folder])
    assert notes == [f"{folder}: evaluated by Terraform against the mock provider"]
    assert sorted(resource.address for resource in reading.model.resources) == seen
    assert list(tmp_path.glob("mark*")) == []


def test_a_module_that_is_not_there_is_unknown_beside_what_terraform_evaluates(
    written: Written, tmp_path: Path
) -> None:
    module = 'module "x" {\n  source = "git::file://MARK/repository"\n}\n'
    folder = written({"main.tf": (EVIL + module).replace("MARK", str(tmp_path / "mark"))})
    code, found = report(folder, tmp_path, "--exact")
    assert code == 1
    assert found["notes"] == [f"{folder}: evaluated by Terraform against the mock provider"]
    unknown = {(one["rule"], one["address"]) for one in found["findings"] if one["status"] == "unknown"}
    assert ("CM_MODULE_SEEN", "module.x") in unknown
    assert list(tmp_path.glob("mark*")) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            'resource "aws_sqs_queue" "many" {\n  for_each = ["a"]\n}\n',
            r"Invalid for_each argument.*main\.tf:\d+",
        ),
        ('resource "aws_ebs_volume" "wrong" {\n  size = 1\n}\n', r'"availability_zone" is required'),
        ('output "x" {\n  value = nonsense.of.nothing\n}\n', r"nonsense"),
        (
            'resource "aws_sqs_queue" "x" {\n  lifecycle {\n    enabled = false\n  }\n}\n',
            r"only OpenTofu knows",
        ),
    ],
)
def test_what_terraform_does_not_plan_is_an_unknown_finding_unless_a_try_is_enough(
    written: Written, tmp_path: Path, text: str, reason: str
) -> None:
    folder = written({"main.tf": EVIL + text})
    code, found = report(folder, tmp_path, "--exact")
    assert code == 1
    (finding,) = [one for one in found["findings"] if one["rule"] == "CM_EVALUATED"]
    assert finding["status"] == "unknown"
    assert re.search(reason, finding["message"])
    assert {one["address"] for one in found["findings"]} >= {"aws_ebs_volume.main"}
    _, tried = report(folder, tmp_path, "--exact=try")
    assert [one for one in tried["findings"] if one["rule"] == "CM_EVALUATED"] == []
    (note,) = tried["notes"]
    assert "judged by the gate's own readers, because Terraform could not plan it" in note
    assert re.search(reason, note)


def test_defaults_are_those_of_the_provider_that_is_locked(written: Written, tmp_path: Path) -> None:
    """Terraform plans with the newest schema there is, whatever version the configuration will get."""
    cluster = 'resource "aws_redshift_cluster" "{}" {{\n  cluster_identifier = "x"\n  node_type = "ra3.large"\n{}}}\n'
    lock = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n}\n'
    text = cluster.format("silent", "") + cluster.format("told", "  publicly_accessible = false\n")
    folder = written(
        {"main.tf": 'provider "aws" {\n  region = "eu-west-1"\n}\n' + text, ".terraform.lock.hcl": lock}
    )
    for options in ((), ("--exact",)):
        _, found = report(folder, tmp_path, *options)
        public = {
            one["address"]: one["status"] for one in found["findings"] if one["rule"] == "CM_RDS_NOT_PUBLIC"
        }
        assert public == {"aws_redshift_cluster.silent": "fail", "aws_redshift_cluster.told": "pass"}


COUNTED = """\
variable "on" {}
variable "names" {}
provider "aws" {
  region = "eu-west-1"
}
resource "aws_ebs_volume" "each" {
  count             = var.on ? 2 : 0
  availability_zone = "eu-west-1a"
  size              = 1
  encrypted         = count.index == 0
}
resource "aws_ebs_volume" "after" {
  count             = length(aws_ebs_volume.each)
  availability_zone = aws_ebs_volume.each[count.index].availability_zone
  size              = 1
  encrypted         = length(aws_ebs_volume.each) == 1
}
module "disks" {
  source   = "./disks"
  for_each = var.on ? toset(["a"]) : toset([])
  key      = each.key
}
module "named" {
  source = "./disks"
  count  = 2
  key    = var.names[count.index]
}
resource "aws_ebs_volume" "follows" {
  availability_zone = "eu-west-1a"
  size              = 1
  encrypted         = length(module.disks) == 1
}
"""
DISKS = """\
variable "key" {}
data "aws_availability_zones" "all" {}
resource "aws_ebs_volume" "two" {
  count             = 2
  availability_zone = data.aws_availability_zones.all.names[count.index]
  size              = 1
  encrypted         = count.index == 0
}
resource "aws_ebs_volume" "keyed" {
  for_each          = toset([var.key])
  availability_zone = "eu-west-1a"
  size              = 1
  encrypted         = each.key == "a"
}
"""


def test_one_instance_stands_for_a_number_that_is_not_known_and_nothing_hangs_on_it(
    written: Written, tmp_path: Path
) -> None:
    folder = written({"main.tf": COUNTED, "disks/main.tf": DISKS})
    (reading,), (note,) = exact.read_exactly([folder])
    assert "one instance stands for each number that is not known before apply: " in note
    for name, line in {
        "aws_ebs_volume.each": 6,
        "aws_ebs_volume.after": 12,
        "module.disks": 18,
        "module.named.aws_ebs_volume.keyed": 9,
    }.items():
        assert re.search(rf" {re.escape(name)} \(\S*main\.tf:{line}\)", note)
    keyed = "aws_ebs_volume.keyed"
    loose = {"aws_ebs_volume.each", "aws_ebs_volume.after", f"module.disks.{keyed}"}
    loose |= {f"module.disks.aws_ebs_volume.two[{index}]" for index in range(2)}
    loose |= {f"module.named[{index}].{keyed}" for index in range(2)}
    certain = {f"module.named[{each}].aws_ebs_volume.two[{index}]" for each in range(2) for index in range(2)}
    volumes = {one.address: one for one in reading.model.of_type("aws_ebs_volume")}
    assert volumes.keys() == {*loose, *certain, "aws_ebs_volume.follows"}
    assert {address for address, volume in volumes.items() if volume.many} == loose
    assert volumes["module.named[1].aws_ebs_volume.two[1]"].text("availability_zone") == "eu-west-1b"
    assert all(volume.line for volume in volumes.values())
    _, found = report(folder, tmp_path, "--exact")
    verdicts = {
        one["address"]: one["status"] for one in found["findings"] if one["rule"] == "CM_EBS_ENCRYPTED"
    }
    two = {
        address: "pass" if address.endswith("two[0]") else "fail" for address in volumes if "two" in address
    }
    assert verdicts == dict.fromkeys(volumes, "unknown") | two


def test_instances_that_the_readers_are_certain_of_stand_in_place_of_the_one(written: Written) -> None:
    text = """\
provider "aws" {
  region = "eu-west-1"
}
resource "random_pet" "a" {
  length = 2
}
resource "aws_ebs_volume" "counted" {
  count             = random_pet.a.length
  availability_zone = "eu-west-1a"
  size              = 1
}
resource "aws_ebs_volume" "none" {
  count             = random_pet.a.length - 2
  availability_zone = "eu-west-1a"
  size              = 1
}
"""
    (reading,), (note,) = exact.read_exactly([written({"main.tf": text})])
    assert "aws_ebs_volume.counted" in note
    addresses = [one.address for one in reading.model.of_type("aws_ebs_volume")]
    assert addresses == ["aws_ebs_volume.counted[0]", "aws_ebs_volume.counted[1]"]


def test_terraform_is_asked_a_bounded_number_of_times(
    written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact, "MOST_TRIES", 1)
    folder = written({"main.tf": COUNTED, "disks/main.tf": DISKS})
    (reading,), (note,) = exact.read_exactly([folder])
    assert re.search(r"could not plan it: Invalid (count|for_each) argument.*main\.tf:\d+", note)
    assert reading.unevaluated


def test_nothing_is_executed_by_a_plan_that_succeeds(written: Written, tmp_path: Path) -> None:
    folder = written({"main.tf": EVIL.replace("MARK", str(tmp_path / "mark"))})
    _, found = report(folder, tmp_path, "--exact")
    assert found["notes"] == [f"{folder}: evaluated by Terraform against the mock provider"]
    assert list(tmp_path.glob("mark*")) == []


def test_a_single_file_with_a_remote_backend_is_planned_alone(written: Written) -> None:
    folder = written(
        {
            "cdk.tf.json": {
                "terraform": {"backend": {"s3": {"bucket": "states", "key": "x", "region": "eu-west-1"}}},
                "variable": {"size": {"type": "number"}},
                "provider": {"aws": {"region": "eu-west-1"}},
                "resource": {
                    "aws_ebs_volume": {"main": {"availability_zone": "eu-west-1a", "size": "${var.size}"}}
                },
            },
            "terraform.tfvars": "size = 7\n",
            "other.tf": "not { hcl",
        }
    )
    (reading,), notes = exact.read_exactly([folder / "cdk.tf.json"])
    assert "evaluated by Terraform" in notes[0]
    assert reading.model.resources[0].number("size") == 7
    assert reading.model.resources[0].file.endswith("configuration/cdk.tf.json")


def test_terraform_that_cannot_start_is_a_problem_of_the_machine(
    written: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TF", "/nowhere/terraform")
    assert main(["check", str(written({"main.tf": EVIL})), "--exact"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "/nowhere/terraform" in err


def test_what_the_environment_gives_stays_out_of_every_report(
    written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TF_VAR_token", "hidden-in-the-environment")
    folder = written(
        {
            "main.tf": EVIL
            + 'variable "token" {}\n'
            + 'output "token" {\n  value = upper(var.token)\n}\n'
            + 'resource "aws_instance" "x" {\n  user_data = "export API_TOKEN=${var.token}"\n}\n'
            + 'resource "aws_sqs_queue" "x" {\n  name = var.token\n  kms_master_key_id = var.token\n}\n'
        }
    )
    for format in ("text", "json", "sarif", "junit", "markdown", "html"):
        for exactly in ([], ["--exact"]):
            main(["check", str(folder), "--format", format, *exactly])
    said = "".join(capsys.readouterr())
    assert "aws_sqs_queue.x" in said
    assert "hidden-in-the-environment" not in said.lower()


def test_the_workspace_is_known_where_it_is_told(written: Written, tmp_path: Path) -> None:
    folder = written(
        {
            "main.tf": REGION_ONLY
            + 'resource "aws_sqs_queue" "x" {\n  count = terraform.workspace == "live" ? 2 : 1\n'
            + "  sqs_managed_sse_enabled = true\n}\n"
        }
    )
    code, found = report(folder, tmp_path, "--exact", "--workspace", "live")
    assert (code, found["summary"]["resources"]) == (0, 2)
    code, found = report(folder, tmp_path, "--exact")
    # How many there are is not known then; each of them encrypts.
    assert (code, found["summary"]["resources"]) == (0, 1)
    assert "aws_sqs_queue.x" in found["notes"][0]


def test_what_the_schema_lacks_is_taken_from_the_readers(written: Written) -> None:
    folder = written(
        {
            "main.tf": REGION_ONLY
            + 'resource "aws_sqs_queue" "x" {\n  count = 1\n  sqs_managed_sse_enabled = true\n  newer = upper("yes")\n'
            + "  newest {\n    on = true\n  }\n}\n"
            + 'resource "aws_newer_thing" "x" {\n  on = lower("TRUE")\n}\n'
            + 'output "all" {\n'
            + "  value = [aws_sqs_queue.x[0].newer, aws_sqs_queue.x[*].newest, aws_newer_thing.x.on]\n}\n"
        }
    )
    (reading,), notes = exact.read_exactly([folder])
    assert notes[0].endswith(exact.EVALUATED)
    (queue,) = reading.model.of_type("aws_sqs_queue")
    assert queue.address == "aws_sqs_queue.x[0]"
    assert (queue.text("newer"), queue.boolean("newest.on")) == ("YES", True)
    (thing,) = reading.model.of_type("aws_newer_thing")
    assert thing.text("on") == "true"


def test_blocks_of_the_providers_own_keep_the_names_that_are_terraforms_at_the_top(written: Written) -> None:
    plan = (
        'resource "aws_backup_plan" "x" {\n  name = "x"\n  rule {\n    rule_name = "x"\n    target_vault_name = "x"\n'
        "    lifecycle {\n      delete_after = 3 + 4\n    }\n  }\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n"
    )
    (reading,), notes = exact.read_exactly([written({"main.tf": REGION_ONLY + plan})])
    assert notes[0].endswith(exact.EVALUATED)
    (found,) = reading.model.of_type("aws_backup_plan")
    assert found.number("rule[0].lifecycle.delete_after") == 7


def test_a_number_in_json_is_what_is_written_and_not_the_nearest_double(
    written: Written, tmp_path: Path
) -> None:
    numbers = {"a": "9007199254740993.5", "b": "1e400", "c": "0.1"}
    others = {"a": "9007199254740994", "b": "2e400", "c": "0.1"}
    # Python's own JSON has no such numbers.
    listed = ", ".join(f'"{name}": {number}' for name, number in numbers.items())
    queues = {
        name: {"sqs_managed_sse_enabled": f"${{local.{name} == {other}}}"} for name, other in others.items()
    }
    provider = '"provider": {"aws": {"region": "eu-west-1"}}'
    text = f'{{"locals": {{{listed}}}, {provider}, "resource": {{"aws_sqs_queue": {json.dumps(queues)}}}}}'
    folder = written({"main.tf.json": text})
    for options in ([], ["--exact"]):
        _, found = report(folder, tmp_path, *options)
        statuses = {one["address"][-1]: one["status"] for one in found["findings"]}
        assert statuses == {"a": "fail", "b": "fail", "c": "pass"}
