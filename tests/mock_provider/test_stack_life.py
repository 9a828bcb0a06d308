"""The synthesized stacks against the mock: the whole life of prod and dev."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.mock_provider.conftest import Configuration, Project, actions, count


def life(project: Project, configuration: Configuration) -> None:
    """Valid, planned, applied, nothing left to do, destroyed: twice, in one account, with no name changed between."""
    changed: Configuration = json.loads(json.dumps(configuration))
    changed["resource"]["aws_lb"]["main"]["enable_deletion_protection"] = False
    changed["resource"]["aws_db_instance"]["main"]["deletion_protection"] = False
    project.write(json.dumps(changed), "cdk.tf.json")
    for _ in range(2):
        once(project, count(configuration))


def once(project: Project, expected: int) -> None:
    project.run("validate")
    assert actions(project.changes()) == {"create": expected}
    before = {path.name: path.stat().st_mtime_ns for path in project.folder.iterdir()}
    values = project.apply("p.tfplan")
    assert sum(not address.startswith("data.") for address in values) == expected
    assert {path.name: path.stat().st_mtime_ns for path in project.folder.iterdir()} == before
    project.run("plan", "-detailed-exitcode")
    project.run("destroy", "-auto-approve", "-refresh=false")
    assert project.values() == {}


def test_life_of_prod(product: str, stack: Callable[[str], Configuration], tmp_path: Path) -> None:
    project = Project(tmp_path / "stack", tmp_path / "state", product)
    life(project, stack("prod"))


def test_life_of_dev(stack: Callable[[str], Configuration], tmp_path: Path) -> None:
    project = Project(tmp_path / "stack", tmp_path / "state", "wheel")
    life(project, stack("dev"))


def test_what_is_protected_stays(stack: Callable[[str], Configuration], tmp_path: Path) -> None:
    project = Project(tmp_path / "stack", tmp_path / "state", "wheel")
    project.write(json.dumps(stack("prod")), "cdk.tf.json").run("apply", "-auto-approve")
    refused = project.run("destroy", "-auto-approve", "-no-color", code=1)
    said = " ".join(refused.stderr.replace("│", " ").split())
    assert "OperationNotPermitted: Load balancer" in said
    assert "Cannot delete protected DB Instance" in said
    assert {"aws_lb.main", "aws_db_instance.main", "aws_vpc.main"} <= project.values().keys()


def test_valid_with_three_zones(product: str, stack_file: Callable[[str], Path], tmp_path: Path) -> None:
    Project(stack_file("three_zones").parent, tmp_path / "state", product).run("validate")
