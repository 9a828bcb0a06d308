"""What all tests share: each stack is synthesized once a session, whatever the number of workers."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from support import cache

# A slow machine is no defect: no test fails for its time.
hypothesis_settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("project")

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "environments"
THIRD_ZONE = {"network": {"availability_zones": ["a", "b", "c"]}}
CERTIFICATE = "000000000000:certificate/00000000-0000-0000-0000-000000000001"
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "prod": ("prod", {}),
    "dev": ("dev", {}),
    "three_zones": ("prod", THIRD_ZONE),
    "single_zone": (
        "dev",
        {"network": {"availability_zones": ["b"]}},
    ),
    "everything": (
        "prod",
        {
            "timezone": "Asia/Seoul",
            "network": {"data_subnets": True, "interface_endpoints": True},
            "state": {"backend": "s3", "bucket": "cloudmart-states"},
            "observability": {"alarm_emails": ["ops@example.com"]},
        },
    ),
    "own_certificates": (
        "dev",
        {
            "domain": {
                "hosted_zone_id": None,
                "certificate_arn": "arn:aws:acm:ap-northeast-2:" + CERTIFICATE,
                "cdn_certificate_arn": "arn:aws:acm:us-east-1:" + CERTIFICATE,
            },
            "cache": {"auth": "none"},
        },
    ),
}


def merged(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The values with the changes laid over them, section by section."""
    result = copy.deepcopy(values)
    for key, value in changes.items():
        inner = result.get(key)
        result[key] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result


def settings_values(environment: str, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The plain values of an environment's file, with changes."""
    text = (ENVIRONMENTS / f"{environment}.yaml").read_text(encoding="utf-8")
    return merged(yaml.safe_load(text), changes or {})


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


def strings(value: Any) -> Iterator[str]:
    """Every string in a tree of JSON values."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


_REFERENCE = re.compile(r"\b(?:(data)\.)?(aws_[a-z0-9_]+)\.([a-z0-9_]+)|\b(var|local)\.([a-z0-9_]+)")


def unresolved(configuration: dict[str, Any]) -> list[str]:
    """References in a configuration that lead to nothing in it."""
    missing = []
    for text in strings({key: value for key, value in configuration.items() if key != "//"}):
        expressions = re.findall(r"\$\{(.*?)\}", text)
        if re.fullmatch(r"(data\.)?aws_[a-z0-9_]+\.[a-z0-9_]+", text):
            expressions.append(text)
        for expression in expressions:
            for data, kind, name, scope, key in _REFERENCE.findall(expression):
                if scope:
                    held = configuration.get({"var": "variable", "local": "locals"}[scope], {})
                    found = key in held
                else:
                    held = configuration.get("data" if data else "resource", {})
                    found = name in held.get(kind, {})
                if not found:
                    missing.append(expression)
    return missing
