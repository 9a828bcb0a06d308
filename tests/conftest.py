"""What all tests share: each stack is synthesized once a session, whatever the number of workers."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from stacks import VARIANTS, settings_values

from cloudmart_support import cache

# A slow machine is no defect: no test fails for its time.
hypothesis_settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("project")

# `nohup`, and a shell without a terminal for what it starts with `&`, let these be ignored, by all that is started here
# as well: what is tested to end at a signal would go on.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One temporary folder for the whole session, the same for every worker."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def stack_file(shared_folder: Path) -> Callable[[str], Path]:
    """The `cdk.tf.json` of a variant, synthesized when first asked for."""

    def file(variant: str) -> Path:
        out = shared_folder / "stacks" / variant
        with cache.locked(out):
            found = sorted(out.glob("stacks/*/cdk.tf.json"))
            if not found:
                from settings.reader import parse
                from synthesis import app

                environment, changes = VARIANTS[variant]
                settings, complaints = parse(settings_values(environment, changes))
                assert settings is not None, complaints
                found = [app.environment(settings, out).file]
        return found[0]

    return file


@pytest.fixture(scope="session")
def stack(stack_file: Callable[[str], Path]) -> Callable[[str], dict[str, Any]]:
    """The configuration of a variant, as Terraform reads it."""
    read: dict[str, dict[str, Any]] = {}

    def configuration(variant: str) -> dict[str, Any]:
        if variant not in read:
            read[variant] = json.loads(stack_file(variant).read_text(encoding="utf-8"))
        return read[variant]

    return configuration


@pytest.fixture(scope="session")
def prod(stack: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """The production stack's resources by type and name."""
    resources: dict[str, Any] = stack("prod")["resource"]
    return resources
