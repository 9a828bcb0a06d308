"""The variants of the stack that tests look at, and what they look for in any configuration."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

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
    "kept": (
        "prod",
        {
            "observability": {"budget_usd": 500},
            "backup": {"copy_region": "ap-northeast-1", "lock": "compliance"},
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
