"""What AWS offers, read out of cfn-lint's package data, which its authors draw from AWS's APIs.

cfn-lint itself is not imported.

Source: PyPI `cfn-lint`, `cfnlint/data/schemas/extensions`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem


def read() -> dict[str, Any]:
    """The lists in the form that `mock_provider.catalogue` tells, with cfn-lint's `version`.

    Raises:
        Problem: cfn-lint is not installed, or its data has another form.
    """
    found = importlib.util.find_spec("cfnlint")
    if found is None or not found.origin:
        raise Problem("what AWS offers cannot be read: cfn-lint is not installed; run `make environment`")
    folder = Path(found.origin).parent / "data/schemas/extensions"
    try:
        return {
            "version": importlib.metadata.version("cfn-lint"),
            "instance_types": _by_name(_region_lists(folder / "aws_ec2_instance/instancetype_enum.json")),
            "node_types": _by_name(
                _region_lists(folder / "aws_elasticache_cachecluster/cachenodetype_enum.json")
            ),
            "database_classes": _database_classes(folder / "aws_rds_dbinstance/dbinstanceclass_enum.json"),
            "database_versions": _versions(folder / "aws_rds_dbinstance/engine_version.json"),
            "cache_versions": _versions(folder / "aws_elasticache_cachecluster/engine_version.json"),
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Problem(f"{folder}: is not written as this reader knows it ({error!r})") from error


def _regions(path: Path) -> dict[str, Any]:
    """A file's parts by region; beside them it says how it was made."""
    return {name: part for name, part in json.loads(path.read_bytes()).items() if name != "description"}


def _region_lists(path: Path) -> dict[str, list[str]]:
    return {region: part["enum"] for region, part in _regions(path).items()}


def _by_name(regions: dict[str, list[str]]) -> dict[str, list[str]]:
    """The regions of each name: as a list a region, the names would be repeated dozens of times."""
    names: dict[str, list[str]] = {}
    for region in sorted(regions):
        for name in dict.fromkeys(regions[region]):
            names.setdefault(name, []).append(region)
    return names


def _database_classes(path: Path) -> dict[str, dict[str, list[str]]]:
    """Each engine's classes, with all licenses together."""
    engines: dict[str, dict[str, list[str]]] = {}
    for region, part in _regions(path).items():
        for case in part["allOf"]:
            regions = engines.setdefault(case["if"]["properties"]["Engine"]["const"], {})
            regions.setdefault(region, []).extend(case["then"]["properties"]["DBInstanceClass"]["enum"])
    return {engine: _by_name(regions) for engine, regions in engines.items()}


def _versions(path: Path) -> dict[str, list[str]]:
    return dict(_version_cases(json.loads(path.read_bytes())))


def _version_cases(whole: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The first case names the engines; each of the others, the versions of one."""
    for case in whole["allOf"]:
        if engine := case["if"]["properties"]["Engine"].get("const"):
            yield engine, [str(one) for one in case["then"]["properties"]["EngineVersion"]["enum"]]
