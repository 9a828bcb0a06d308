"""Every Terraform that the tests can have: the wheel always, and what the PATH has besides."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mock_provider import runner

Configuration = dict[str, Any]
PRODUCTS = ("wheel", "terraform", "tofu")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`product`: once with each Terraform at hand."""
    if "product" in metafunc.fixturenames:
        metafunc.parametrize("product", [name for name in PRODUCTS if at_hand(name)], scope="session")


def at_hand(name: str) -> bool:
    """Whether a product can be tested here; the wheel always must be."""
    return name == "wheel" or shutil.which(name) is not None


@dataclass
class Project:
    """A configuration in a folder of its own, and the mock's state for it."""

    folder: Path
    state: Path
    product: str

    def run(self, *arguments: str, code: int | None = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run Terraform; its exit code must be `code`, unless that is None."""
        done = runner.run(
            arguments,
            **{
                "cwd": self.folder,
                "terraform": self.product,
                "state": self.state,
                "capture": True,
                **options,
            },
        )
        said = f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        assert code is None or done.returncode == code, f"{arguments}: exit code {done.returncode}\n{said}"
        return done

    def plan(self, *arguments: str, **options: Any) -> dict[str, Any]:
        """A plan, as `show -json` tells it."""
        self.run("plan", "-no-color", "-out=p.tfplan", *arguments, **options)
        shown: dict[str, Any] = json.loads(self.run("show", "-json", "p.tfplan", **options).stdout)
        return shown

    def changes(self, *arguments: str, **options: Any) -> dict[str, dict[str, Any]]:
        """The plan's changes by address."""
        return {one["address"]: one for one in self.plan(*arguments, **options)["resource_changes"]}

    def apply(self, *arguments: str, **options: Any) -> dict[str, dict[str, Any]]:
        """Apply; the state's values by address."""
        self.run("apply", "-auto-approve", "-no-color", *arguments, **options)
        return self.values()

    def values(self) -> dict[str, dict[str, Any]]:
        """What the state holds, by address."""
        state = json.loads((self.state / "terraform.tfstate").read_text("utf-8"))
        found = {}
        for resource in state["resources"]:
            kind = "data." if resource["mode"] == "data" else ""
            module = f"{resource['module']}." if "module" in resource else ""
            for instance in resource["instances"]:
                index = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
                address = f"{module}{kind}{resource['type']}.{resource['name']}{index}"
                found[address] = instance["attributes"]
        return found

    def write(self, text: str, name: str = "main.tf") -> Project:
        """Write a file of the configuration."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return self


def actions(changes: dict[str, dict[str, Any]]) -> Counter[str]:
    """How often each action is planned, data sources apart."""
    return Counter("-".join(one["change"]["actions"]) for one in changes.values() if one["mode"] == "managed")


def count(configuration: Configuration) -> int:
    """How many resources a configuration without count and for_each has."""
    return sum(len(named) for named in configuration["resource"].values())


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Project]:
    """A project with a configuration's text, for a product (default: the wheel)."""

    def make(text: str, product: str = "wheel", name: str = "project") -> Project:
        made = Project(tmp_path / name, tmp_path / f"{name}-state", product)
        return made.write(PROVIDER + text)

    return make


PROVIDER = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 6.25, < 7" }
  }
}
provider "aws" {
  region = "ap-northeast-2"
}
"""


@pytest.fixture(autouse=True)
def no_user_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the person who runs the tests has set must not decide them."""
    for name in list(os.environ):
        if name.startswith("TF_") or name in ("TF", "AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out."""
    missing = [name for name in PRODUCTS if not at_hand(name)]
    if missing:
        terminalreporter.write_line(
            f"mock provider: left out, not on the PATH: {', '.join(missing)} (Terraform from the wheel was tested)"
        )
