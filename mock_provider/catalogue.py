"""What AWS offers, read out of cfn-lint's package data: engine versions, instance classes, node types.

The files are large and keyed by region, so only the piece that is asked for is looked at, and only when
it is. cfn-lint itself is not imported.

Source: PyPI `cfn-lint`, `cfnlint/data/schemas/extensions`, which its authors draw from AWS's APIs.
"""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path


@cache
def _folder() -> Path | None:
    found = importlib.util.find_spec("cfnlint")
    return Path(found.origin).parent / "data/schemas/extensions" if found and found.origin else None


def _bytes(name: str) -> bytes:
    folder = _folder()
    try:
        return (folder / name).read_bytes() if folder else b""
    except OSError:
        return b""


def _region(name: str, region: str) -> str:
    """One region's part of a file, as it is written there; empty where the file has none."""
    whole = _bytes(name)
    start = whole.find(f'\n "{region}": '.encode())
    return whole[start : whole.find(b'\n "', start + 1)].decode() if start >= 0 else ""


def _enumerated(text: str) -> frozenset[str]:
    """The values of the lists called `enum` in a part of a file."""
    lists = re.findall(r'"enum": \[(.*?)\]', text, re.S)
    return frozenset(value for one in lists for value in re.findall(r'"([^"]+)"', one))


@cache
def instance_types(region: str) -> frozenset[str]:
    """EC2's instance types in a region; empty where they are not known."""
    return _enumerated(_region("aws_ec2_instance/instancetype_enum.json", region))


@cache
def node_types(region: str) -> frozenset[str]:
    """ElastiCache's node types in a region; empty where they are not known."""
    return _enumerated(_region("aws_elasticache_cachecluster/cachenodetype_enum.json", region))


@cache
def database_classes(engine: str, region: str) -> frozenset[str]:
    """The instance classes that RDS has for an engine in a region; empty where they are not known."""
    text = _region("aws_rds_dbinstance/dbinstanceclass_enum.json", region)
    # Each case names its engine, and then lists the classes.
    cases = re.findall(rf'"const": "{re.escape(engine)}".*?"enum": \[.*?\]', text, re.S)
    return _enumerated("\n".join(cases))


@cache
def engine_versions(engine: str) -> tuple[str, ...]:
    """The versions that RDS has of an engine, major versions among them; empty where they are not known."""
    return _versions("aws_rds_dbinstance/engine_version.json", engine)


@cache
def cache_versions(engine: str) -> tuple[str, ...]:
    """The versions that ElastiCache has of an engine; empty where they are not known."""
    return _versions("aws_elasticache_cachecluster/engine_version.json", engine)


def _versions(name: str, engine: str) -> tuple[str, ...]:
    whole = _bytes(name)
    for case in json.loads(whole)["allOf"] if whole else ():
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
