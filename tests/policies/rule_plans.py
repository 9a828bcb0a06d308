"""Plans of many cases from one run of Terraform: each case a module of one root, and its plan cut out of the whole.

What is cut out is what Terraform planned; only the module's name is taken off the addresses, so that the case
reads as if it stood alone.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rule_cases import cases, tables

from cloudmart_support import cache
from policies.testing import Case, as_json, write_hcl

PLANNED = [case for rule in tables() for case in cases(rule) if not case.refused]
"""The cases that the provider does not refuse to plan."""


def shared(folder: Path) -> dict[str, dict[str, Any]]:
    """The plans of all cases, made once in `folder/cases` whatever the number of test workers."""
    done = folder / "plans.json"
    with cache.locked(done):
        if not done.exists():
            (folder / "cases").mkdir(parents=True)
            done.write_text(json.dumps(plan(PLANNED, folder / "cases")), encoding="utf-8")
    found: dict[str, dict[str, Any]] = json.loads(done.read_text(encoding="utf-8"))
    return found


def plan(
    cases: Iterable[Case], folder: Path, change: Callable[[Path], object] = lambda _: None
) -> dict[str, dict[str, Any]]:
    """The plan of each case, by its id, as `terraform show -json` prints it; `change` may change a case's folder."""
    from mock_provider import runner

    ids = lay_out(cases, folder)
    for id in ids:
        change(folder / id)
    state = folder.parent / f"{folder.name}-state"
    file = folder.parent / f"{folder.name}.tfplan"
    with runner.prepared(
        ["plan", "-no-color", "-input=false", "-out", str(file)], cwd=folder, state=state
    ) as prepared:
        said(prepared)
    with runner.prepared(["show", "-json", str(file)], cwd=folder, state=state) as prepared:
        whole = json.loads(said(prepared))
    return {id: _cut(whole, id) for id in ids}


def lay_out(cases: Iterable[Case], folder: Path) -> list[str]:
    """Write a root in which each case is a module of its id; the ids."""
    root: dict[str, Any] = {
        # What nobody knows before the apply.
        "resource": {"terraform_data": {"text": {"input": "unknown"}, "list": {"input": ["unknown"]}}},
        "module": {},
        "output": {},
    }
    ids = []
    for case in cases:
        assert case.id not in ids, f"two cases are called {case.id}"
        ids.append(case.id)
        write_hcl(case, folder / case.id)
        declared = _declared(case)
        root["module"][case.id] = {
            "source": f"./{case.id}",
            **{name: f"${{terraform_data.{kind}.output}}" for name, kind in declared["unset"].items()},
            **declared["set"],
        }
        for name, sensitive in declared["outputs"].items():
            root["output"][f"{case.id}--{name}"] = {
                "value": f"${{module.{case.id}.{name}}}",
                "sensitive": sensitive,
            }
    root = {kind: blocks for kind, blocks in root.items() if blocks}
    folder.joinpath("main.tf.json").write_text(json.dumps(root, indent=1), encoding="utf-8")
    return ids


def ran(prepared: Any) -> subprocess.CompletedProcess[str]:
    """A command that the mock provider's runner prepared, done."""
    return subprocess.run(
        prepared.command,
        cwd=prepared.cwd,
        env=prepared.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def said(prepared: Any) -> str:
    """What such a command prints, which has to succeed."""
    done = ran(prepared)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _declared(case: Case) -> dict[str, Any]:
    """The variables of a case's root module that nothing sets, those that a file sets, and its outputs."""
    found: dict[str, Any] = {"unset": {}, "set": {}, "outputs": {}}
    for path, text in case.files.items():
        if "/" in path:
            continue
        if path.endswith((".tf", ".tf.json")):
            tree = as_json(text) if path.endswith(".tf") else json.loads(text)
            if isinstance(tree.get("variable"), dict):
                found["unset"] |= {
                    name: "list" if str(variable.get("type")).startswith(("list", "set")) else "text"
                    for name, variable in tree["variable"].items()
                    if "default" not in variable
                }
            for name, output in (tree.get("output") or {}).items():
                found["outputs"][name] = bool(output.get("sensitive"))
        elif path.endswith(".tfvars"):
            found["set"].update(as_values(text))
        elif path.endswith(".tfvars.json"):
            found["set"].update(json.loads(text))
    found["unset"] = {name: kind for name, kind in found["unset"].items() if name not in found["set"]}
    return found


def as_values(text: str) -> dict[str, Any]:
    """The values of a file of variables."""
    return as_json(f"locals {{\n{text}\n}}")["locals"]


def _cut(whole: dict[str, Any], id: str) -> dict[str, Any]:
    prefix = f"module.{id}"

    def mine(items: Any) -> list[Any]:
        return [item for item in items or () if item["address"].startswith(f"{prefix}.")]

    def module(values: dict[str, Any]) -> dict[str, Any]:
        children = (values.get("root_module") or {}).get("child_modules") or ()
        return next((one for one in children if one.get("address") == prefix), {})

    def outputs(values: dict[str, Any]) -> dict[str, Any]:
        found = values.items()
        return {name.partition("--")[2]: value for name, value in found if name.startswith(f"{id}--")}

    configuration = whole["configuration"]
    call = configuration["root_module"]["module_calls"][id]
    prior = whole.get("prior_state", {}).get("values", {})
    cut = {
        **{
            key: whole[key]
            for key in ("format_version", "terraform_version", "complete", "errored")
            if key in whole
        },
        "planned_values": {
            "root_module": module(whole["planned_values"]),
            "outputs": outputs(whole["planned_values"].get("outputs") or {}),
        },
        "resource_changes": mine(whole.get("resource_changes")),
        "output_changes": outputs(whole.get("output_changes") or {}),
        "prior_state": {
            "format_version": whole["format_version"],
            "terraform_version": whole["terraform_version"],
            "values": {"root_module": module(prior)},
        },
        "configuration": {
            "provider_config": {
                key.removeprefix(f"{prefix}:"): value
                for key, value in configuration.get("provider_config", {}).items()
            },
            "root_module": call.get("module", {}),
        },
    }
    text = json.dumps(cut)
    text = re.sub(rf'(?<=[" ]){re.escape(prefix)}\.', "", text)
    return json.loads(re.sub(rf'"module_address": "{re.escape(prefix)}"', '"module_address": ""', text))
