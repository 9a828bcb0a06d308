"""A plan in the words of people: what happens to what, the dangerous things first.

Pure: a plan as `terraform show -json` writes it goes in, a `Summary` comes out.
Source of the plan's form: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.access import Access, Configured, access
from policies.aws.kinds import is_data_store

Json = Any

ACTIONS = ("create", "update", "replace", "delete", "forget", "import", "move")
"""What can happen to a resource, in the order in which it is counted."""

LOSSES = ("replace", "delete", "forget")
"""What a resource does not survive, or not in Terraform's care."""

UNKNOWN_TIER = "(in no tier)"

_STATEFUL: Mapping[str, str] = {
    "aws_db_instance": "database",
    "aws_rds_cluster": "database",
    "aws_docdb_cluster": "database",
    "aws_neptune_cluster": "database",
    "aws_dynamodb_table": "database",
    "aws_elasticache_cluster": "cache",
    "aws_elasticache_replication_group": "cache",
    "aws_elasticache_serverless_cache": "cache",
    "aws_memorydb_cluster": "cache",
    "aws_s3_bucket": "bucket",
    "aws_s3_directory_bucket": "bucket",
    "aws_kms_key": "key",
    "aws_kms_replica_key": "key",
    "aws_kms_external_key": "key",
    "aws_backup_vault": "vault",
    "aws_glacier_vault": "vault",
    "aws_secretsmanager_secret": "secret",
    "aws_ssm_parameter": "secret",
    "aws_cloudwatch_log_group": "logs",
    "aws_cognito_user_pool": "user accounts",
    "aws_ecr_repository": "images",
    "aws_route53_zone": "DNS zone",
}
KINDS = (*dict.fromkeys(kind for kind in _STATEFUL.values() if kind != "logs"), "data store", "logs")
"""The kinds of data that resources hold, those first whose loss is felt most."""

_LOST: Mapping[str, str] = {
    "database": "its data go with it, but for snapshots",
    "cache": "its content and sessions go with it",
    "bucket": "its objects go with it",
    "key": "what it encrypted can be read no more",
    "vault": "its recovery points go with it",
    "secret": "its value goes with it",
    "logs": "what was logged goes with it",
}
_REASONS: Mapping[str, str] = {
    "replace_because_tainted": "an earlier creation of it did not end well (tainted)",
    "replace_by_request": "-replace asked for it",
    "replace_by_triggers": "replace_triggered_by asks for it",
    "delete_because_no_resource_config": "it is no longer in the configuration",
    "delete_because_no_module": "its module is no longer in the configuration",
    "delete_because_wrong_repetition": "its count or for_each changed",
    "delete_because_count_index": "count no longer reaches it",
    "delete_because_each_key": "for_each no longer has its key",
    "delete_because_no_move_target": "it was moved to where nothing is configured",
}
KNOWN_LATER = "(known after apply)"
_SHOWN = 60


@dataclass(frozen=True)
class Attribute:
    """An attribute that changes: its values as JSON before and after, which a `hidden` one does not hold.

    `later` says that the value after is known after apply only, `forces` that it makes the resource anew.
    """

    name: str
    before: Json = None
    after: Json = None
    later: bool = False
    hidden: bool = False
    forces: bool = False

    @property
    def words(self) -> str:
        """`name: before → after` where both may be told in a line."""
        if self.hidden:
            return f"{self.name}: (sensitive)"
        then = KNOWN_LATER if self.later else shown(self.after)
        now = shown(self.before)
        return f"{self.name}: {now} → {then}" if now and then else self.name


@dataclass(frozen=True)
class Change:
    """One resource, and what happens to it.

    `why` is a sentence or empty. `details` are the attributes that change. `stateful` is the kind of data that it
    holds, or empty. `was` is its former address if it moved.
    """

    address: str
    type: str
    tier: str
    action: str
    why: str = ""
    details: tuple[Attribute, ...] = ()
    stateful: str = ""
    was: str = ""

    @property
    def attributes(self) -> tuple[str, ...]:
        """What changes, in words."""
        return tuple(one.words for one in self.details)

    @property
    def loses_data(self) -> bool:
        """Whether data are lost, or leave Terraform's care."""
        return bool(self.stateful) and self.action in LOSSES


@dataclass(frozen=True)
class Summary:
    """All that a person has to know of a plan."""

    changes: tuple[Change, ...]
    """Resources to which something happens, by address."""
    drift: tuple[Change, ...]
    """What was found changed or gone since Terraform last looked."""
    access: Access
    outputs: tuple[str, ...]
    """Names of the outputs that change."""
    standing: int
    """Resources that stay as they are."""
    by_tier: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Tier -> action -> number, tiers by name."""

    @property
    def counts(self) -> dict[str, int]:
        """Action -> number, in the order of `ACTIONS`; actions that do not occur are left out."""
        counted = Counter(change.action for change in self.changes)
        return {action: counted[action] for action in ACTIONS if counted[action]}

    @property
    def losses(self) -> tuple[Change, ...]:
        """Stateful resources that are replaced, deleted or forgotten."""
        return tuple(change for change in self.changes if change.loses_data)

    @property
    def empty(self) -> bool:
        """Whether applying it would change nothing."""
        return not self.changes and not self.outputs


def summarize(
    plan: Mapping[str, Json],
    tiers: Mapping[str, str] | None = None,
    configured: Configured = lambda address, attribute: None,
) -> Summary:
    """The summary of a plan.

    `tiers` gives the tier of a resource by its address (`tiers_of` reads them from the configuration);
    `configured` see `pipeline.access.access`.
    """
    tiers = tiers or {}
    changes, standing = [], 0
    for resource in _managed(plan.get("resource_changes")):
        change = _change(resource, tiers)
        if change is None:
            standing += 1
        else:
            changes.append(change)
    changes.sort(key=lambda change: change.address)
    drift = [_change(resource, tiers) for resource in _managed(plan.get("resource_drift"))]
    by_tier: dict[str, Counter[str]] = {}
    for change in changes:
        by_tier.setdefault(change.tier, Counter())[change.action] += 1
    return Summary(
        changes=tuple(changes),
        drift=tuple(sorted(filter(None, drift), key=lambda change: change.address)),
        access=access(plan, configured),
        outputs=tuple(
            sorted(
                name
                for name, output in (plan.get("output_changes") or {}).items()
                if list(output.get("actions") or ()) != ["no-op"]
            )
        ),
        standing=standing,
        by_tier={tier: dict(by_tier[tier]) for tier in sorted(by_tier)},
    )


def tiers_of(configuration: Mapping[str, Json]) -> dict[str, str]:
    """Address -> tier, from the construct paths that synthesized JSON keeps; empty for other configurations."""
    found = {}
    for kind, named in (configuration.get("resource") or {}).items():
        for name, body in named.items():
            path = ((body.get("//") or {}).get("metadata") or {}).get("path", "")
            parts = path.split("/")
            if len(parts) > 2:
                found[f"{kind}.{name}"] = parts[1]
    return found


def configured_in(configuration: Mapping[str, Json]) -> Configured:
    """The configured text of an attribute, by address and attribute, from Terraform JSON."""

    def configured(address: str, attribute: str) -> Json:
        kind, _, name = address.partition(".")
        body = (configuration.get("resource") or {}).get(kind, {}).get(name.partition("[")[0])
        return body.get(attribute) if isinstance(body, Mapping) else None

    return configured


def stateful(type: str) -> str:
    """The kind of data that a resource of this type holds, or empty."""
    return _STATEFUL.get(type) or ("data store" if is_data_store(type) else "")


def lost(change: Change) -> str:
    """What is lost with a stateful resource, as a sentence's part."""
    if change.action == "forget":
        return "it stays in AWS, and Terraform forgets it"
    return _LOST.get(change.stateful, "its data go with it")


def _managed(resources: Json) -> list[Mapping[str, Json]]:
    return [
        resource
        for resource in resources or ()
        if isinstance(resource, Mapping)
        and resource.get("mode", "managed") == "managed"
        and isinstance(resource.get("change"), Mapping)
    ]


def _change(resource: Mapping[str, Json], tiers: Mapping[str, str]) -> Change | None:
    """What happens to a resource; None if nothing does."""
    change = resource["change"]
    actions = set(change.get("actions") or ())
    was = str(resource.get("previous_address") or "")
    if {"create", "delete"} <= actions or {"create", "forget"} <= actions:
        action = "replace"
    else:
        action = next((one for one in ("create", "update", "delete", "forget") if one in actions), "")
    if not action:
        action = "import" if change.get("importing") else "move" if was else ""
    if not action or "read" in actions:
        return None
    address, kind = str(resource.get("address", "")), str(resource.get("type", ""))
    deposed = resource.get("deposed")
    why = _REASONS.get(str(resource.get("action_reason", "")), "")
    forcing = [_path(path) for path in change.get("replace_paths") or () if isinstance(path, list)]
    if action == "replace" and forcing and not why:
        why = f"{', '.join(dict.fromkeys(forcing))} cannot change in place"
    imported = change.get("importing")
    if isinstance(imported, Mapping):
        taken = f"what stands as {imported.get('id')} is taken in"
        why = f"{taken}; {why}" if why else taken
    if deposed:
        why = "what an earlier replacement left behind"
    return Change(
        address=f"{address} (deposed)" if deposed else address,
        type=kind,
        tier=tiers.get(re.sub(r"\[.*", "", address), UNKNOWN_TIER),
        action=action,
        why=why,
        details=tuple(_attributes(change, action)) if action in ("update", "replace") else (),
        stateful=stateful(kind),
        was=was,
    )


def _attributes(change: Mapping[str, Json], action: str) -> list[Attribute]:
    before, after = change.get("before"), change.get("after")
    before = before if isinstance(before, Mapping) else {}
    after = after if isinstance(after, Mapping) else {}
    unknown = change.get("after_unknown")
    unknown = unknown if isinstance(unknown, Mapping) else {}
    forcing = {str(path[0]) for path in change.get("replace_paths") or () if isinstance(path, list) and path}
    told = []
    for name in sorted(before.keys() | after.keys() | unknown.keys()):
        if name == "tags_all" or (before.get(name) == after.get(name) and not any_true(unknown.get(name))):
            continue
        if action == "replace" and unknown.get(name) is True and name not in forcing:
            # A new resource has new identifiers: that goes without saying.
            continue
        forces = name in forcing
        if any(_sensitive(change.get(key), name) for key in ("before_sensitive", "after_sensitive")):
            told.append(Attribute(name, hidden=True, forces=forces))
            continue
        later = unknown.get(name) is True
        then = _filled(after.get(name), unknown.get(name))
        told.append(Attribute(name, before.get(name), then, later, forces=forces))
    return told


def _filled(value: Json, unknown: Json) -> Json:
    """A value with a word in each place that is known after apply only."""
    if unknown is True:
        return KNOWN_LATER
    if isinstance(unknown, Mapping) and isinstance(value, Mapping):
        return {name: _filled(value.get(name), unknown.get(name)) for name in {**value, **unknown}}
    if isinstance(unknown, list) and isinstance(value, list):
        marks = [*unknown, *[False] * (len(value) - len(unknown))]
        rest = [*value, *[None] * (len(marks) - len(value))]
        return [_filled(one, mark) for one, mark in zip(rest, marks, strict=True)]
    return value


def any_true(value: Json) -> bool:
    if isinstance(value, Mapping):
        return any(map(any_true, value.values()))
    return any(map(any_true, value)) if isinstance(value, list) else value is True


def _sensitive(marks: Json, name: str) -> bool:
    return marks is True or (isinstance(marks, Mapping) and any_true(marks.get(name)))


def shown(value: Json) -> str:
    """A value that fits into a line; empty if it does not."""
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and "\n" not in value and len(value) <= _SHOWN:
        return value or '""'
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        joined = ", ".join(value)
        return f"[{joined}]" if len(joined) <= _SHOWN else ""
    return ""


def _path(path: list[Json]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
