"""What AWS offers, read out of cfn-lint's package data: engine versions, instance classes, node types.

The files are large and keyed by region, so only the piece that is asked for is parsed, and only when it
is asked for. cfn-lint itself is not imported.

Source: PyPI `cfn-lint`, `cfnlint/data/schemas/extensions`, which its authors draw from AWS's APIs.
"""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _folder() -> Path | None:
    found = importlib.util.find_spec("cfnlint")
    return Path(found.origin).parent / "data/schemas/extensions" if found and found.origin else None


def _text(name: str) -> str:
    folder = _folder()
    try:
        return (folder / name).read_text() if folder else ""
    except OSError:
        return ""


def _region(name: str, region: str) -> Any:
    """One region's part of a file; None where the file has none."""
    text = _text(name)
    start = text.find(f'\n "{region}": ')
    return json.JSONDecoder().raw_decode(text, start + len(region) + 6)[0] if start >= 0 else None


@cache
def instance_types(region: str) -> frozenset[str]:
    """EC2's instance types in a region; empty where they are not known."""
    return frozenset((_region("aws_ec2_instance/instancetype_enum.json", region) or {}).get("enum", ()))


@cache
def node_types(region: str) -> frozenset[str]:
    """ElastiCache's node types in a region; empty where they are not known."""
    return frozenset(
        (_region("aws_elasticache_cachecluster/cachenodetype_enum.json", region) or {}).get("enum", ())
    )


@cache
def database_classes(engine: str, region: str) -> frozenset[str]:
    """The instance classes that RDS has for an engine in a region; empty where they are not known."""
    found: set[str] = set()
    for case in (_region("aws_rds_dbinstance/dbinstanceclass_enum.json", region) or {}).get("allOf", ()):
        if case["if"]["properties"].get("Engine", {}).get("const") == engine:
            found.update(case["then"]["properties"]["DBInstanceClass"].get("enum", ()))
    return frozenset(found)


@cache
def engine_versions(engine: str) -> tuple[str, ...]:
    """The versions that RDS has of an engine, major versions among them; empty where they are not known."""
    return _versions("aws_rds_dbinstance/engine_version.json", engine)


@cache
def cache_versions(engine: str) -> tuple[str, ...]:
    """The versions that ElastiCache has of an engine; empty where they are not known."""
    return _versions("aws_elasticache_cachecluster/engine_version.json", engine)


def _versions(name: str, engine: str) -> tuple[str, ...]:
    text = _text(name)
    for case in json.loads(text)["allOf"] if text else ():
        properties = case["if"]["properties"]
        if properties.get("Engine", {}).get("const") == engine and "EngineVersion" in case.get(
            "then", {}
        ).get("properties", {}):
            return tuple(str(one) for one in case["then"]["properties"]["EngineVersion"].get("enum", ()))
    return ()


def matches(version: str, versions: tuple[str, ...]) -> bool:
    """Whether a version is offered, itself or as the start of one that is."""
    return any(one == version or re.match(rf"{re.escape(version)}[.-]", one) for one in versions)


def nearest(version: str, versions: tuple[str, ...]) -> str:
    """The offered versions that a person may have meant: those of the same major version, else the majors."""
    major = version.split(".")[0]
    same = [one for one in versions if one.split(".")[0] == major]
    return ", ".join(same or dict.fromkeys(one.split(".")[0] for one in versions))
