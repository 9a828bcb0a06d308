"""Inputs of any size in the gate's three forms: the production stack, many times beside itself.

Copies of the stack have what a large configuration has, other than made-up resources: references everywhere,
policies as documents, user data, rules of security groups. A process of its own writes them
(`python -m bench.inputs`), so that their size does not count as memory of what is measured.
"""

from __future__ import annotations

import json
import re
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any

FORMS = ("json", "hcl", "plan")

Json = dict[str, Any]

_ROOT = (re.compile(r'^provider\s+"?aws\b', re.MULTILINE), re.compile(r'^resource\s+"?aws_', re.MULTILINE))
_NAMED = re.compile(r"\b(?:(?:data\.)?aws_\w+|local)\.\w+")


def write(form: str, count: int, stack: Path, folder: Path) -> int:
    """Write at least `count` resources in one form into `folder`, as whole copies of the stack; return how many.

    Args:
        form: one of `FORMS`.
        stack: the folder with the synthesized stack, `cdk.tf.json`, and with its plan, `plan.json`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if form == "plan":
        return _plan(count, _read(stack / "plan.json"), folder)
    return _configuration(form, count, _read(stack / "cdk.tf.json"), folder)


def target(form: str, folder: Path) -> Path:
    """What of `folder` the gate is given."""
    return folder / "plan.json" if form == "plan" else folder


def roots(checkouts: Path, most: int) -> list[Path]:
    """Folders that configure AWS's provider and declare resources of it: the roots, and no modules of others.

    Where there are more than `most` of them, every checkout gives its first before any gives its second. What is
    laid out for a program's own tests is left out.
    """
    found: dict[str, list[Path]] = {}
    for folder in sorted({file.parent for file in checkouts.rglob("*.tf")}):
        # A link may lead out of the checkout, to nothing.
        files = [file for file in folder.glob("*.tf") if file.is_file()]
        text = "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)
        parts = folder.relative_to(checkouts).parts
        if parts and not {".terraform", "testdata"} & {*parts} and all(head.search(text) for head in _ROOT):
            found.setdefault(parts[0], []).append(folder)
    rounds = zip_longest(*found.values())
    return [folder for one in rounds for folder in one if folder is not None][:most]


def _configuration(form: str, count: int, stack: Json, folder: Path) -> int:
    resources = sum(len(named) for named in stack["resource"].values())
    copies = -(-count // resources)
    whole = {key: stack[key] for key in ("terraform", "provider", "variable")}
    whole |= {"resource": {}, "data": {}, "locals": {}}
    addresses = _addresses(stack)
    for number in range(copies):
        named = [(whole["locals"], stack["locals"])]
        for kind in ("resource", "data"):
            for terraform_type, found in stack[kind].items():
                named.append((whole[kind].setdefault(terraform_type, {}), found))
        for there, found in named:
            there |= {f"{name}_{number}": _renamed(body, addresses, number) for name, body in found.items()}
    if form == "hcl":
        from handoff import configuration
        from mock_provider import schema

        for name, text in configuration.files(whole, schema.load()).items():
            (folder / name).write_text(text, encoding="utf-8")
    else:
        (folder / "cdk.tf.json").write_text(json.dumps(whole, indent=2), encoding="utf-8")
    return copies * resources


def _plan(count: int, plan: Json, folder: Path) -> int:
    root = plan["configuration"]["root_module"]
    managed = [one for one in plan["planned_values"]["root_module"]["resources"] if one["mode"] == "managed"]
    copies = -(-count // len(managed))
    addresses = {one["address"] for one in root["resources"]}

    def repeated(elements: list[Json]) -> list[Json]:
        return [
            {**_renamed(one, addresses, number), "name": f"{one['name']}_{number}"}
            for number in range(copies)
            for one in elements
        ]

    prior = plan["prior_state"]["values"]["root_module"]["resources"]
    whole = {
        **plan,
        "planned_values": {
            "root_module": {"resources": repeated(plan["planned_values"]["root_module"]["resources"])}
        },
        "resource_changes": repeated(plan["resource_changes"]),
        "prior_state": {
            **plan["prior_state"],
            "values": {"root_module": {"resources": repeated(prior)}},
        },
        "configuration": {
            **plan["configuration"],
            "root_module": {"resources": repeated(root["resources"]), "variables": root["variables"]},
        },
        "output_changes": {},
    }
    (folder / "plan.json").write_text(json.dumps(whole), encoding="utf-8")
    return copies * len(managed)


def _addresses(stack: Json) -> set[str]:
    found = {f"local.{name}" for name in stack["locals"]}
    for kind, prefix in (("resource", ""), ("data", "data.")):
        found |= {f"{prefix}{kind_of}.{name}" for kind_of, named in stack[kind].items() for name in named}
    return found


def _renamed(value: Any, addresses: set[str], number: int) -> Any:
    """A value in which every one of the addresses is the copy's own."""
    if isinstance(value, str):
        if "aws_" not in value and "local." not in value:
            return value
        return _NAMED.sub(lambda found: f"{found[0]}_{number}" if found[0] in addresses else found[0], value)
    if isinstance(value, list):
        return [_renamed(one, addresses, number) for one in value]
    if isinstance(value, dict):
        return {key: one if key == "//" else _renamed(one, addresses, number) for key, one in value.items()}
    return value


def _read(path: Path) -> Json:
    content: Json = json.loads(path.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    print(write(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])))
