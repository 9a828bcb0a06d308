"""What the tests of the readers share: Terraform as the judge of what it reads."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_provider.terraform import find

Planned = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def terraform() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Terraform in a folder, with an environment of its own."""
    command = find().command

    def run(
        folder: Path, *arguments: str, given: str = "", told: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))
        }
        return subprocess.run(
            [*command, *arguments],
            cwd=folder,
            input=given,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=120,
            env=environment | {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull} | (told or {}),
        )

    return run


@pytest.fixture
def planned(terraform: Callable[..., subprocess.CompletedProcess[str]]) -> Planned:
    """The values of the outputs of a root without resources and modules, as Terraform plans them."""

    def outputs(folder: Path, arguments: list[str], told: dict[str, str] | None = None) -> dict[str, Any]:
        done = terraform(folder, "plan", "-input=false", "-no-color", "-out=the.plan", *arguments, told=told)
        assert done.returncode == 0, done.stderr
        shown = json.loads(terraform(folder, "show", "-json", "the.plan").stdout)
        return {name: it["value"] for name, it in shown["planned_values"].get("outputs", {}).items()}

    return outputs
