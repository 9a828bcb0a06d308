"""What happens to an account without Terraform, and what the next plan of the stack says to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudmart_support.problem import Problem
from mock_provider.account import Account
from mock_provider.account.events import EVENTS, happen, play
from mock_provider.command import main
from tests.mock_provider.conftest import Configuration, Project

BY_AWS = [name for name in EVENTS if not name.startswith("hand-")]
STORES = ("aws_db_instance", "aws_elasticache_replication_group", "aws_s3_bucket", "aws_kms_key")


@pytest.fixture(scope="module")
def applied(stack: Callable[[str], Configuration], tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("events")
    project = Project(folder / "stack", folder / "state", "wheel")
    project.write(json.dumps(stack("prod")), "cdk.tf.json").run("apply", "-auto-approve")
    return project


def changed(project: Project) -> dict[str, list[str]]:
    """The actions of what is planned to change, by address."""
    actions = {address: one["change"]["actions"] for address, one in project.changes().items()}
    return {address: one for address, one in actions.items() if one not in (["no-op"], ["read"])}


@pytest.mark.parametrize("event", BY_AWS)
def test_what_aws_does_makes_no_noise(applied: Project, event: str) -> None:
    """They come one after the other, as in life: each plan is empty all the same."""
    assert happen(applied.state, event)
    found = changed(applied)
    assert not [one for one in found if one.split(".")[0] in STORES], found
    assert found == {}


def test_what_people_do_is_told(applied: Project) -> None:
    applied.run("apply", "-auto-approve", "-refresh-only")
    [line] = happen(applied.state, "hand-tag")
    assert "somebody" in line
    assert changed(applied) == {"aws_vpc.main": ["update"]}
    applied.run("apply", "-auto-approve")
    assert changed(applied) == {}
    [line] = happen(applied.state, "hand-rule")
    assert "port 22" in line
    told = applied.run("plan", "-refresh-only", "-detailed-exitcode", "-no-color", code=2).stdout
    assert "opened by hand" in told
    assert changed(applied) == {}


UNPINNED = """
resource "aws_elasticache_replication_group" "pinned" {
  replication_group_id = "pinned"
  description          = "pinned to a minor version, upgraded by AWS"
  engine               = "redis"
  engine_version       = "7.0"
  node_type            = "cache.t4g.micro"
}
resource "aws_db_instance" "patched" {
  identifier                  = "patched"
  engine                      = "postgres"
  engine_version              = "15.14"
  instance_class              = "db.t4g.micro"
  allocated_storage           = 20
  username                    = "shop"
  manage_master_user_password = true
  skip_final_snapshot         = true
}
resource "aws_db_instance" "growing" {
  identifier                  = "growing"
  engine                      = "postgres"
  engine_version              = "15"
  instance_class              = "db.t4g.micro"
  allocated_storage           = 20
  max_allocated_storage       = 100
  username                    = "shop"
  manage_master_user_password = true
  skip_final_snapshot         = true
}
resource "aws_security_group" "inline" {
  name = "inline"
  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["10.0.0.0/8"]
  }
}
data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}
resource "aws_launch_template" "floating" {
  name     = "floating"
  image_id = data.aws_ssm_parameter.image.insecure_value
}
"""


def test_what_is_pinned_wrongly_is_found(project: Callable[..., Project]) -> None:
    """The account's doings show what a configuration gets wrong: a cache that would be replaced, a version put back."""
    made = project(UNPINNED)
    made.apply()
    happen(made.state, "minor-upgrade")
    changes = made.changes()
    cache = changes["aws_elasticache_replication_group.pinned"]["change"]
    assert set(cache["actions"]) == {"create", "delete"}
    assert ["engine_version"] in cache["replace_paths"]
    assert changes["aws_db_instance.patched"]["change"]["actions"] == ["update"]
    assert changes["aws_db_instance.growing"]["change"]["actions"] == ["no-op"]
    happen(made.state, "storage-growth")
    assert made.changes()["aws_db_instance.growing"]["change"]["actions"] == ["no-op"]
    happen(made.state, "newer-ami")
    happen(made.state, "hand-rule")
    changes = made.changes()
    assert changes["aws_launch_template.floating"]["change"]["actions"] == ["update"]
    rules = changes["aws_security_group.inline"]["change"]
    assert rules["actions"] == ["update"]
    assert {rule["from_port"] for rule in rules["before"]["ingress"]} == {22, 443}
    assert {rule["from_port"] for rule in rules["after"]["ingress"]} == {443}


def test_what_is_written_keeps_a_bucket(project: Callable[..., Project]) -> None:
    made = project(
        """
resource "aws_s3_bucket" "trail" {
  bucket = "trail-of-this-test"
}
resource "aws_s3_bucket" "files" {
  bucket = "files-of-this-test"
}
resource "aws_s3_bucket_logging" "files" {
  bucket        = aws_s3_bucket.files.id
  target_bucket = aws_s3_bucket.trail.id
  target_prefix = "files/"
}
"""
    )
    made.apply()
    assert happen(made.state, "logs-written") == [
        "aws_s3_bucket trail-of-this-test: logs were written into it"
    ]
    refused = made.run("destroy", "-auto-approve", "-no-color", code=1).stderr
    assert "BucketNotEmpty" in refused
    assert set(made.values()) == {"aws_s3_bucket.trail"}
    assert happen(made.state, "emptied-buckets") == [
        "aws_s3_bucket trail-of-this-test: somebody emptied it, versions too"
    ]
    made.run("destroy", "-auto-approve")
    assert made.values() == {}
    assert Account(made.state / "account.sqlite").things("aws_s3_bucket") == []


def test_events_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Problem, match="holds no account"):
        happen(tmp_path, "failover")
    with pytest.raises(Problem, match="EVENT=flood: is no event; there are minor-upgrade, failover"):
        happen(tmp_path, "flood")
    with pytest.raises(Problem, match="EVENT: name one; there are"):
        happen(tmp_path, "")
    account = Account(tmp_path / "account.sqlite")
    with pytest.raises(Problem, match="there is nothing in the account that this could happen to"):
        play(account, "failover")
    assert main(["event", "--state-dir", str(tmp_path), "newer-ami"]) == 0
    assert "AWS published newer ones (1 since" in capsys.readouterr().out


def test_all_events_are_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "mock-provider.md").read_text("utf-8")
    assert [name for name in EVENTS if f"`{name}`" not in page] == []
