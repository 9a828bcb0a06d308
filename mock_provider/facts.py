"""What the real provider and AWS know beyond the schema, read from `facts.json`.

The file has one row a fact, `[PATH, KIND, VALUE, SOURCES]`, under the type it is about:

- `force_new`, true: a change replaces the resource
- `default`: what the plan shows where the argument is unset; null stands for "shown as null, though computed"
- `sensitive`, true
- `json`, true: compared as a JSON document
- `form`: how the provider writes the value down: "lower", "upper", or "fold" (only compared without case)
- `changes`: computed arguments that are known only after apply once this one changes (PATH "" is any change)
- `check`, `conflicts`, `exactly_one`, `at_least_one`, `required_with`: see `mock_provider.refusals`

Paths have dots between names and no positions; a check of a list's elements ends in `*`. SOURCES
are words: `go` and `docs` are the provider's code and page at the version that `about` names, `cfn`
the CloudFormation type's schema, each named in the type's `sources`; `aws` is AWS's own documentation
or its service's API model. `disagreements` lists where these say different things, with what is taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path as File
from typing import Any, Literal

FILE = File(__file__).with_name("facts.json")

ArgumentPath = tuple[str, ...]
"""Argument names from the top, without positions: `("root_block_device", "encrypted")`."""


@dataclass(frozen=True)
class TypeFacts:
    """What is known of one resource type."""

    force_new: frozenset[ArgumentPath] = frozenset()
    """Arguments whose change replaces the resource."""

    defaults: Mapping[ArgumentPath, object] = field(default_factory=dict)
    """What an unset argument becomes, where the block around it is there. None: it stays null in a plan."""

    sensitive: frozenset[ArgumentPath] = frozenset()

    json: frozenset[ArgumentPath] = frozenset()
    """Arguments that hold JSON documents, compared as documents."""

    forms: Mapping[ArgumentPath, str] = field(default_factory=dict)
    """How a value is written down: "lower", "upper", or "fold" (kept, but compared without case)."""

    changes_computed: Mapping[ArgumentPath, frozenset[ArgumentPath]] = field(default_factory=dict)
    """Computed arguments that follow from a change; the path `()` stands for any change."""


@cache
def document() -> dict[str, Any]:
    """The whole file, as JSON has it."""
    parsed: dict[str, Any] = json.loads(FILE.read_bytes())
    return parsed


def rows(kind: Literal["resource", "data"], terraform_type: str) -> list[list[Any]]:
    """The rows of one type, `[PATH, KIND, VALUE, SOURCES]` each; none for a type without facts."""
    found: list[list[Any]] = document()[kind].get(terraform_type, {"rows": []})["rows"]
    return found


@cache
def load() -> dict[str, TypeFacts]:
    """The facts of every resource type that has any, by type."""
    return {name: _facts(entry["rows"]) for name, entry in document()["resource"].items()}


def replaced_by(terraform_type: str, prior: Mapping[str, Any], planned: Mapping[str, Any]) -> frozenset[str]:
    """The top-level arguments whose change replaces a resource in this case only.

    Args:
        terraform_type: such as aws_lb.
        prior: the resource as it is.
        planned: the resource as it is to be; values may be unknown.

    Source: the CustomizeDiff and ModifyPlan functions of the resources named below.
    """
    rule = _CONDITIONAL.get(terraform_type)
    return frozenset(rule(prior, planned)) if rule else frozenset()


def _changed(prior: Mapping[str, Any], planned: Mapping[str, Any], name: str) -> bool:
    return bool(_plain(prior.get(name)) != _plain(planned.get(name)))


def _plain(value: Any) -> Any:
    """Sets come in any order."""
    return sorted(map(repr, value)) if isinstance(value, list) else value


def _vpc(prior: Mapping[str, Any], planned: Mapping[str, Any]) -> Iterator[str]:
    """internal/service/ec2, resourceVPCCustomizeDiff: only from dedicated to default without a new VPC."""
    before, after = prior.get("instance_tenancy"), planned.get("instance_tenancy")
    if before != after and (before, after) != ("dedicated", "default"):
        yield "instance_tenancy"


def _security_group_rule(prior: Mapping[str, Any], planned: Mapping[str, Any]) -> Iterator[str]:
    """internal/service/ec2, securityGroupRuleResource.ModifyPlan: a rule keeps the kind of its source."""
    sources = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
    before = [name for name in sources if prior.get(name) is not None]
    after = [name for name in sources if planned.get(name) is not None]
    if before != after:
        yield from (*before, *after)


def _replication_group(prior: Mapping[str, Any], planned: Mapping[str, Any]) -> Iterator[str]:
    """internal/service/elasticache, resourceReplicationGroup: an older version, or another engine than Valkey."""
    if prior.get("global_replication_group_id"):
        return
    before, after = prior.get("engine_version_actual"), planned.get("engine_version")
    if _changed(prior, planned, "engine_version") and isinstance(before, str) and isinstance(after, str):
        length = len(_numbers(after))
        if _numbers(after) < _numbers(before)[:length]:
            yield "engine_version"
    if _changed(prior, planned, "engine") and (prior.get("engine"), planned.get("engine")) != (
        "redis",
        "valkey",
    ):
        yield "engine"
    if (
        _changed(prior, planned, "transit_encryption_enabled")
        and isinstance(before, str)
        and _numbers(before) < [7, 0, 5]
    ):
        yield "transit_encryption_enabled"
    if bool(prior.get("node_group_configuration")) != bool(planned.get("node_group_configuration")):
        yield "node_group_configuration"


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def _lb(prior: Mapping[str, Any], planned: Mapping[str, Any]) -> Iterator[str]:
    """internal/service/elbv2, customizeDiffLoadBalancerALB and customizeDiffLoadBalancerNLB."""
    kind = planned.get("load_balancer_type") or "application"
    if _changed(prior, planned, "subnet_mapping") and isinstance(planned.get("subnet_mapping"), list):
        before, after = set(_plain(prior.get("subnet_mapping") or [])), set(_plain(planned["subnet_mapping"]))
        if not (before <= after or (kind == "application" and after <= before)):
            yield "subnet_mapping"
    if kind != "network":
        return
    for name in ("subnets", "security_groups"):
        old, new = prior.get(name) or [], planned.get(name)
        if not isinstance(new, list) or not _changed(prior, planned, name):
            continue
        if (len(new) <= len(old)) if name == "subnets" else (bool(old) != bool(new)):
            yield name


def _delivery_destination(prior: Mapping[str, Any], planned: Mapping[str, Any]) -> Iterator[str]:
    """internal/service/logs, requiresReplaceIfARNServiceChanges."""
    services = []
    for side in (prior, planned):
        blocks = side.get("delivery_destination_configuration")
        arn = blocks[0].get("destination_resource_arn") if isinstance(blocks, list) and blocks else None
        services.append(arn.split(":")[2] if isinstance(arn, str) and arn.count(":") > 1 else arn)
    if services[0] != services[1]:
        yield "delivery_destination_configuration"


_CONDITIONAL: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Iterator[str]]] = {
    "aws_cloudwatch_log_delivery_destination": _delivery_destination,
    "aws_elasticache_replication_group": _replication_group,
    "aws_lb": _lb,
    "aws_vpc": _vpc,
    "aws_vpc_security_group_egress_rule": _security_group_rule,
    "aws_vpc_security_group_ingress_rule": _security_group_rule,
}


def load_data_defaults(terraform_type: str) -> dict[str, object]:
    """What unset top-level arguments of a data source become, by name."""
    return {
        path: value
        for path, kind, value, _ in rows("data", terraform_type)
        if kind == "default" and "." not in path
    }


def split(path: str) -> ArgumentPath:
    """A path as rows write it, as a tuple; "" is the empty one."""
    return tuple(path.split(".")) if path else ()


def _facts(entries: list[list[Any]]) -> TypeFacts:
    by_kind: dict[str, dict[ArgumentPath, Any]] = {}
    for path, kind, value, _sources in entries:
        by_kind.setdefault(kind, {})[split(path)] = value
    return TypeFacts(
        force_new=frozenset(by_kind.get("force_new", ())),
        defaults=by_kind.get("default", {}),
        sensitive=frozenset(by_kind.get("sensitive", ())),
        json=frozenset(by_kind.get("json", ())),
        forms=by_kind.get("form", {}),
        changes_computed={
            path: frozenset(map(split, computed)) for path, computed in by_kind.get("changes", {}).items()
        },
    )
