"""The synthesized stacks against the mock: the whole life of prod and dev."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.mock_provider.conftest import Configuration, Project, actions, count


def life(project: Project, expected: int) -> None:
    """Valid, planned, applied, nothing left to do, destroyed."""
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
    life(project.write(json.dumps(stack("prod")), "cdk.tf.json"), count(stack("prod")))


def test_life_of_dev(stack: Callable[[str], Configuration], tmp_path: Path) -> None:
    project = Project(tmp_path / "stack", tmp_path / "state", "wheel")
    life(project.write(json.dumps(stack("dev")), "cdk.tf.json"), count(stack("dev")))


def test_valid_with_three_zones(product: str, stack_file: Callable[[str], Path], tmp_path: Path) -> None:
    Project(stack_file("three_zones").parent, tmp_path / "state", product).run("validate")
