"""What changes of settings and arguments plan on an applied prod, as AWS documents each."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.mock_provider.conftest import Configuration, Project, actions, count


@pytest.fixture(scope="module")
def applied(
    stack: Callable[[str], Configuration], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Configuration], dict[str, dict[str, Any]]]:
    """Prod, applied once; what a changed configuration plans on it."""
    folder = tmp_path_factory.mktemp("applied")
    project = Project(folder / "stack", folder / "state", "wheel")
    project.write(json.dumps(stack("prod")), "cdk.tf.json")
    project.run("apply", "-auto-approve")

    def changes(configuration: Configuration) -> dict[str, dict[str, Any]]:
        project.write(json.dumps(configuration), "cdk.tf.json")
        planned = project.changes()
        return {
            address: one
            for address, one in planned.items()
            if one["mode"] == "managed" and one["change"]["actions"] != ["no-op"]
        }

    return changes


def test_third_zone_only_adds(
    applied: Callable[[Configuration], dict[str, dict[str, Any]]], stack: Callable[[str], Configuration]
) -> None:
    """A third zone adds resources; what spans the zones takes it in, and nothing is replaced or deleted."""
    changes = applied(stack("three_zones"))
    assert set(actions(changes)) == {"create", "update"}
    assert actions(changes)["create"] == count(stack("three_zones")) - count(stack("prod"))


# Address, argument, another value, and what AWS's documentation says that a change of it does. Changes
# with the same letter are planned together.
DOCUMENTED = [
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html
    ("a", "aws_db_instance.main", "instance_class", "db.t3.small", "update"),
    ("a", "aws_db_instance.main", "engine_version", "15.12", "update"),
    ("a", "aws_db_instance.main", "allocated_storage", 40, "update"),
    ("a", "aws_db_instance.main", "multi_az", False, "update"),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnet.html
    ("a", "aws_subnet.private_a", "map_public_ip_on_launch", True, "update"),
    ("b", "aws_subnet.private_a", "cidr_block", "10.0.21.0/24", "replace"),
    # .../aws-resource-elasticache-replicationgroup.html
    ("a", "aws_elasticache_replication_group.main", "node_type", "cache.t3.small", "update"),
    ("b", "aws_elasticache_replication_group.main", "replication_group_id", "another", "replace"),
    # .../aws-resource-rds-dbinstance.html
    ("b", "aws_db_instance.main", "username", "somebody_else", "replace"),
    # .../aws-resource-ec2-vpc.html
    ("a", "aws_vpc.main", "enable_dns_hostnames", False, "update"),
    ("c", "aws_vpc.main", "cidr_block", "10.0.0.0/17", "replace"),
]


@pytest.fixture(scope="module")
def documented(
    applied: Callable[[Configuration], dict[str, dict[str, Any]]], stack: Callable[[str], Configuration]
) -> Callable[[str], dict[str, dict[str, Any]]]:
    """What is planned for the documented changes of one letter."""

    @functools.cache
    def changes(letter: str) -> dict[str, dict[str, Any]]:
        changed: Configuration = json.loads(json.dumps(stack("prod")))
        for batch, address, argument, value, _ in DOCUMENTED:
            if batch == letter:
                kind, name = address.split(".")
                changed["resource"][kind][name][argument] = value
        return applied(changed)

    return changes


@pytest.mark.parametrize(("batch", "address", "argument", "value", "action"), DOCUMENTED)
def test_what_a_change_does(
    documented: Callable[[str], dict[str, dict[str, Any]]],
    batch: str,
    address: str,
    argument: str,
    value: Any,
    action: str,
) -> None:
    """A change updates or replaces as AWS documents it, and the plan names what forces a replacement."""
    change = documented(batch)[address]["change"]
    assert change["after"][argument] == value
    assert set(change["actions"]) == ({"create", "delete"} if action == "replace" else {action})
    if action == "replace":
        assert [argument] in change["replace_paths"]


def test_single_nat_to_one_a_zone(
    stack_variant: Callable[[dict[str, Any]], Configuration],
    stack: Callable[[str], Configuration],
    tmp_path: Path,
) -> None:
    """From one NAT gateway to one a zone: what is new is added, one route is changed, nothing is replaced."""
    project = Project(tmp_path / "stack", tmp_path / "state", "wheel")
    project.write(json.dumps(stack_variant({"network": {"nat": "single"}})), "cdk.tf.json")
    project.run("apply", "-auto-approve")
    project.write(json.dumps(stack("prod")), "cdk.tf.json")
    changes = {
        address: one["change"]["actions"]
        for address, one in project.changes().items()
        if one["change"]["actions"] not in (["no-op"], ["read"])
    }
    assert changes["aws_nat_gateway.b"] == ["create"]
    assert changes["aws_eip.nat_b"] == ["create"]
    assert changes["aws_route.private_b"] == ["update"]
    assert not [address for address, action in changes.items() if "delete" in action]


@pytest.fixture
def stack_variant(tmp_path: Path) -> Callable[[dict[str, Any]], Configuration]:
    """Prod with some settings changed."""

    def configuration(changes: dict[str, Any]) -> Configuration:
        from settings.reader import parse
        from synthesis import app
        from tests.conftest import settings_values

        settings, complaints = parse(settings_values("prod", changes))
        assert settings is not None, complaints
        read: Configuration = json.loads(app.environment(settings, tmp_path / "out").file.read_text("utf-8"))
        return read

    return configuration
