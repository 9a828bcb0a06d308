"""What AWS offers: engine versions, instance classes, node types. Data of this package, by `make mock-schema`.

Source: PyPI `cfn-lint`, whose authors draw its lists from AWS's APIs.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from mock_provider import packed

FILE = Path(__file__).with_name("offers.json.gz")
"""`instance_types` and `node_types`: `{NAME: [REGION]}`. `database_classes`: that for each engine. `database_versions`
and `cache_versions`: `{ENGINE: [VERSION]}`. `version`: cfn-lint's."""


@cache
def _offers() -> dict[str, Any]:
    return packed.read(FILE)


def _in(region: str, names: dict[str, list[str]]) -> frozenset[str]:
    return frozenset(name for name, regions in names.items() if region in regions)


@cache
def instance_types(region: str) -> frozenset[str]:
    """EC2's instance types in a region; empty where they are not known."""
    return _in(region, _offers()["instance_types"])


@cache
def node_types(region: str) -> frozenset[str]:
    """ElastiCache's node types in a region; empty where they are not known."""
    return _in(region, _offers()["node_types"])


@cache
def database_classes(engine: str, region: str) -> frozenset[str]:
    """The instance classes that RDS has for an engine in a region; empty where they are not known."""
    return _in(region, _offers()["database_classes"].get(engine, {}))


def engine_versions(engine: str) -> tuple[str, ...]:
    """The versions that RDS has of an engine, major versions among them; empty where they are not known."""
    return tuple(_offers()["database_versions"].get(engine, ()))


def cache_versions(engine: str) -> tuple[str, ...]:
    """The versions that ElastiCache has of an engine; empty where they are not known."""
    return tuple(_offers()["cache_versions"].get(engine, ()))


def matches(version: str, versions: tuple[str, ...]) -> bool:
    """Whether a version is offered, itself or as the start of one that is."""
    return any(one == version or re.match(rf"{re.escape(version)}[.-]", one) for one in versions)


def nearest(version: str, versions: tuple[str, ...]) -> str:
    """The offered versions that a person may have meant: those of the same major version, else the majors."""
    major = version.split(".")[0]
    same = [one for one in versions if one.split(".")[0] == major]
    return ", ".join(same or dict.fromkeys(one.split(".")[0] for one in versions))
