"""Inputs of any size in the gate's three forms: the same resources as Terraform JSON, HCL and plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FORMS = ("json", "hcl", "plan")


def resources(count: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(type, name, arguments) of `count` sound resources: half of them stores, half of no interest to the rules."""
    for number in range(count):
        name = f"r{number}"
        match number % 4:
            case 0:
                yield (
                    "aws_db_instance",
                    name,
                    {
                        "identifier": name,
                        "engine": "postgres",
                        "engine_version": "15",
                        "instance_class": "db.t3.micro",
                        "allocated_storage": 20,
                        "username": "app",
                        "manage_master_user_password": True,
                        "storage_encrypted": True,
                        "publicly_accessible": False,
                        "multi_az": True,
                        "backup_retention_period": 7,
                        "backup_window": "03:00-04:00",
                        "maintenance_window": "sun:04:00-sun:05:00",
                        "deletion_protection": True,
                        "skip_final_snapshot": False,
                        "final_snapshot_identifier": f"{name}-final",
                        "delete_automated_backups": False,
                        "parameter_group_name": "default.postgres15",
                    },
                )
            case 1:
                yield (
                    "aws_ebs_volume",
                    name,
                    {"availability_zone": "ap-northeast-2a", "size": 8, "encrypted": True},
                )
            case 2:
                yield "aws_eip", name, {"domain": "vpc"}
            case _:
                yield "aws_iam_user", name, {"name": name, "path": "/"}


def write(form: str, count: int, folder: Path) -> Path:
    """Write `count` resources in one form into `folder`; return what the gate is given."""
    folder.mkdir(parents=True, exist_ok=True)
    if form == "json":
        named: dict[str, dict[str, Any]] = {}
        for kind, name, arguments in resources(count):
            named.setdefault(kind, {})[name] = arguments
        (folder / "main.tf.json").write_text(json.dumps({"resource": named}, indent=1), encoding="utf-8")
        return folder
    if form == "hcl":
        with (folder / "main.tf").open("w", encoding="utf-8") as file:
            for kind, name, arguments in resources(count):
                body = "".join(f"  {key} = {json.dumps(value)}\n" for key, value in arguments.items())
                file.write(f'resource "{kind}" "{name}" {{\n{body}}}\n')
        return folder
    planned, changes, configured = [], [], []
    for kind, name, arguments in resources(count):
        address = {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name}
        provider = "registry.terraform.io/hashicorp/aws"
        planned.append({**address, "provider_name": provider, "schema_version": 0, "values": arguments})
        changes.append(
            {
                **address,
                "provider_name": provider,
                "change": {
                    "actions": ["create"],
                    "before": None,
                    "after": arguments,
                    "after_unknown": {"id": True},
                },
            }
        )
        expressions = {key: {"constant_value": value} for key, value in arguments.items()}
        configured.append(
            {**address, "provider_config_key": "aws", "expressions": expressions, "schema_version": 0}
        )
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured}},
        "errored": False,
        "complete": True,
    }
    target = folder / "plan.json"
    target.write_text(json.dumps(plan), encoding="utf-8")
    return target
