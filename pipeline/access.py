"""What a plan opens and closes: security-group rules as flows, policies as what somebody may do.

Pure: a plan as `terraform show -json` writes it goes in, sentences come out. Values that Terraform
marks as sensitive are never told.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

Json = Any
Configured = Callable[[str, str], Json]
"""The configuration's own text of an attribute: (address, attribute) -> value, or None where it is not known."""


@dataclass(frozen=True)
class Access:
    """What becomes possible and what stops being possible, one sentence each, sorted."""

    opened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    """Policies that change in a way that is known only after apply."""

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed or self.unclear)


class Flow(NamedTuple):
    """One security-group rule: `side` is `in` (ingress of the target) or `out` (egress of the source)."""

    source: str
    target: str
    what: str
    side: str


class Grant(NamedTuple):
    """One thing that a policy says; `effect` is Allow or Deny, or that of a managed policy, which says it all."""

    effect: str
    who: str
    action: str
    resource: str
    condition: str


# The attributes that hold a policy document, by type, and who is meant where the document does not say.
_POLICIES: Mapping[str, tuple[str, ...]] = {
    "aws_backup_vault_policy": ("policy",),
    "aws_cloudwatch_log_resource_policy": ("policy_document",),
    "aws_ecr_repository_policy": ("policy",),
    "aws_efs_file_system_policy": ("policy",),
    "aws_iam_group_policy": ("policy",),
    "aws_iam_policy": ("policy",),
    "aws_iam_role": ("assume_role_policy",),
    "aws_iam_role_policy": ("policy",),
    "aws_iam_user_policy": ("policy",),
    "aws_kms_key": ("policy",),
    "aws_kms_key_policy": ("policy",),
    "aws_s3_bucket": ("policy",),
    "aws_s3_bucket_policy": ("policy",),
    "aws_secretsmanager_secret": ("policy",),
    "aws_secretsmanager_secret_policy": ("policy",),
    "aws_sns_topic": ("policy",),
    "aws_sns_topic_policy": ("policy",),
    "aws_sqs_queue": ("policy",),
    "aws_sqs_queue_policy": ("policy",),
    "aws_vpc_endpoint": ("policy",),
    "aws_vpc_endpoint_policy": ("policy",),
}
_ATTACHMENTS: Mapping[str, str] = {
    "aws_iam_group_policy_attachment": "group",
    "aws_iam_role_policy_attachment": "role",
    "aws_iam_user_policy_attachment": "user",
}
_GROUPS = ("aws_default_security_group", "aws_security_group")
_RULES: Mapping[str, str] = {
    "aws_vpc_security_group_egress_rule": "out",
    "aws_vpc_security_group_ingress_rule": "in",
}
_ANYWHERE = ("0.0.0.0/0", "::/0")
_INTERPOLATION = re.compile(r"\$\{([^{}]*)\}")
_KNOWN_LATER = "(known after apply)"
_ATTACHED = "Attached"


def access(plan: Mapping[str, Json], configured: Configured = lambda address, attribute: None) -> Access:
    """What the plan opens and closes.

    `configured` gives a policy's text as it is configured, for what the plan knows only after apply.
    """
    world = _World(plan, configured)
    flows_before: set[Flow] = set()
    flows_after: set[Flow] = set()
    grants_before: set[Grant] = set()
    grants_after: set[Grant] = set()
    unclear: list[str] = []
    for resource in _changes(plan):
        change = resource["change"]
        before, after = _object(change.get("before")), _object(change.get("after"))
        stood = isinstance(change.get("before"), Mapping)
        stands = isinstance(change.get("after"), Mapping)
        if stood:
            flows_before.update(world.flows(resource, before, {}))
        if stands:
            flows_after.update(world.flows(resource, after, _object(change.get("after_unknown"))))
        for attribute in _POLICIES.get(resource.get("type", ""), ()):
            was = world.grants(resource, attribute, before, known_only=True) if stood else set()
            will = world.grants(resource, attribute, after, known_only=False) if stands else set()
            if was is None or will is None:
                later = _object(change.get("after_unknown")).get(attribute)
                if later or before.get(attribute) != after.get(attribute):
                    unclear.append(f"{resource['address']}.{attribute}")
                continue
            grants_before |= was
            grants_after |= will
        if resource.get("type") in _ATTACHMENTS:
            if stood:
                grants_before.add(world.attachment(resource, before))
            if stands:
                grants_after.add(world.attachment(resource, after))
    opened = [f"flow opened: {words}" for words in _told_flows(flows_after - flows_before)]
    closed = [f"flow closed: {words}" for words in _told_flows(flows_before - flows_after)]
    more, less = grants_after - grants_before, grants_before - grants_after
    opened += _told_grants(more, "Allow", "may") + _told_grants(less, "Deny", "is no longer denied")
    closed += _told_grants(less, "Allow", "may no longer") + _told_grants(more, "Deny", "is denied")
    opened += _told_attachments(more, "has")
    closed += _told_attachments(less, "no longer has")
    return Access(tuple(opened), tuple(closed), tuple(sorted(unclear)))


def _changes(plan: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    for resource in plan.get("resource_changes") or ():
        if isinstance(resource, Mapping) and resource.get("mode", "managed") == "managed":
            change = resource.get("change")
            if isinstance(change, Mapping) and list(change.get("actions") or ()) not in (["no-op"], ["read"]):
                yield resource


class _World:
    """What is known of every resource, before and after: names for ids, values for references."""

    def __init__(self, plan: Mapping[str, Json], configured: Configured) -> None:
        self._configured = configured
        self._values: dict[str, Mapping[str, Json]] = {}
        self._groups: dict[str, str] = {}
        self._expressions: dict[str, Mapping[str, Json]] = {}
        prior = _object(_object(plan.get("prior_state")).get("values")).get("root_module")
        planned = _object(plan.get("planned_values")).get("root_module")
        for module in (prior, planned):
            for resource in _resources(_object(module)):
                address, values = str(resource.get("address", "")), _object(resource.get("values"))
                self._values[address] = values
                if resource.get("type") in _GROUPS and isinstance(values.get("id"), str):
                    self._groups[values["id"]] = _short(address)
        self._configuration(_object(_object(plan.get("configuration")).get("root_module")), "")

    def _configuration(self, module: Mapping[str, Json], prefix: str) -> None:
        for resource in module.get("resources") or ():
            if isinstance(resource, Mapping):
                address = f"{prefix}{resource.get('address', '')}"
                self._expressions[address] = _object(resource.get("expressions"))
        for name, call in _object(module.get("module_calls")).items():
            self._configuration(_object(_object(call).get("module")), f"{prefix}module.{name}.")

    def flows(
        self, resource: Mapping[str, Json], values: Mapping[str, Json], unknown: Mapping[str, Json]
    ) -> Iterator[Flow]:
        """The flows that a resource's security-group rules let through."""
        kind = resource.get("type", "")
        address = str(resource.get("address", ""))
        if kind in _RULES:
            group = self._end(address, "security_group_id", values, unknown)
            others = [
                *_texts(values.get("cidr_ipv4")),
                *_texts(values.get("cidr_ipv6")),
                *_texts(values.get("prefix_list_id")),
            ]
            if values.get("referenced_security_group_id") or unknown.get("referenced_security_group_id"):
                others.append(self._end(address, "referenced_security_group_id", values, unknown))
            ports = _ports(values, "ip_protocol")
            yield from self._between(group, others or [_KNOWN_LATER], ports, _RULES[kind])
        elif kind == "aws_security_group_rule":
            group = self._end(address, "security_group_id", values, unknown)
            others = self._peers(values, group)
            if values.get("source_security_group_id") or unknown.get("source_security_group_id"):
                others.append(self._end(address, "source_security_group_id", values, unknown))
            side = "in" if values.get("type") == "ingress" else "out"
            yield from self._between(group, others or [_KNOWN_LATER], _ports(values, "protocol"), side)
        elif kind in _GROUPS:
            for attribute, side in (("ingress", "in"), ("egress", "out")):
                rules = values.get(attribute)
                for rule in rules if isinstance(rules, list) else ():
                    rule = _object(rule)
                    others = self._peers(rule, _short(address))
                    others += [self._groups.get(id, id) for id in _texts(rule.get("security_groups"))]
                    ports = _ports(rule, "protocol")
                    yield from self._between(_short(address), others or [_KNOWN_LATER], ports, side)

    def _peers(self, rule: Mapping[str, Json], group: str) -> list[str]:
        found = [
            text
            for key in ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids")
            for text in _texts(rule.get(key))
        ]
        return [*found, group] if rule.get("self") is True else found

    def _between(self, group: str, others: Iterable[str], ports: str, side: str) -> Iterator[Flow]:
        for other in others:
            end = "the internet" if other in _ANYWHERE else other
            what = f"{ports} (IPv6)" if other == "::/0" else ports
            yield Flow(end, group, what, side) if side == "in" else Flow(group, end, what, side)

    def _end(
        self, address: str, attribute: str, values: Mapping[str, Json], unknown: Mapping[str, Json]
    ) -> str:
        """A security group's name, from its id or, where that is not known yet, from the reference to it."""
        id = values.get(attribute)
        if isinstance(id, str) and not unknown.get(attribute):
            return self._groups.get(id, id)
        expression = _object(self._expressions.get(_without_keys(address), {}).get(attribute))
        for reference in _texts(expression.get("references")):
            parts = reference.split(".")
            if parts[0] == "data":
                parts = parts[1:]
            if len(parts) >= 2 and parts[0] in _GROUPS:
                return _short(address.rpartition(_local(address))[0] + ".".join(parts[:2]))
            return reference
        return _KNOWN_LATER

    def grants(
        self, resource: Mapping[str, Json], attribute: str, values: Mapping[str, Json], *, known_only: bool
    ) -> set[Grant] | None:
        """What a policy document says; None where it cannot be told."""
        change = resource["change"]
        for marks in (change.get("before_sensitive"), change.get("after_sensitive")):
            if marks is True or _object(marks).get(attribute):
                return None
        text = values.get(attribute)
        unknown = not known_only and bool(_object(change.get("after_unknown")).get(attribute))
        if unknown:
            text = self._resolved(self._configured(str(resource["address"]), attribute))
            if text is None and attribute not in self._expressions.get(
                _without_keys(str(resource["address"])), {}
            ):
                # Nobody configured it: AWS fills in a default of its own.
                return set()
            if text is None:
                return None
        if text in (None, ""):
            return set()
        who, what = self._holder(resource, values)
        grants = _document(text, who, what)
        if grants and str(resource["type"]).startswith("aws_kms_"):
            # In a key's policy, everything means that key.
            # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
            return {grant._replace(resource=what) if grant.resource == "*" else grant for grant in grants}
        return grants

    def attachment(self, resource: Mapping[str, Json], values: Mapping[str, Json]) -> Grant:
        """A managed policy that is attached to a role, group or user."""
        kind = _ATTACHMENTS[resource["type"]]
        address = str(resource["address"])
        holder = values.get(kind) or self._reference(address, kind)
        policy = values.get("policy_arn") or self._reference(address, "policy_arn")
        return Grant(_ATTACHED, f"{kind} {holder}", "", str(policy), "")

    def _holder(self, resource: Mapping[str, Json], values: Mapping[str, Json]) -> tuple[str, str]:
        """Who a policy without a principal is about, and what one without a resource is about."""
        address = str(resource["address"])
        for key in ("role", "user", "group"):
            if resource["type"] == f"aws_iam_{key}_policy":
                return f"{key} {values.get(key) or self._reference(address, key)}", _short(address)
        if resource["type"] == "aws_iam_policy":
            return f"whoever has the policy {_short(address)}", _short(address)
        return "everybody", _short(address)

    def _reference(self, address: str, attribute: str) -> str:
        expression = _object(self._expressions.get(_without_keys(address), {}).get(attribute))
        reference = min(_texts(expression.get("references")), key=len, default=_KNOWN_LATER)
        name = self._values.get(reference, {}).get("name")
        return name if isinstance(name, str) else reference

    def _resolved(self, text: Json) -> str | None:
        """A configured text with what is known put in for its references."""
        if not isinstance(text, str):
            return None

        def known(match: re.Match[str]) -> str:
            address, _, attribute = match[1].rpartition(".")
            value = self._values.get(address, {}).get(attribute)
            return value if isinstance(value, str) else match[1]

        return _INTERPOLATION.sub(known, text)


def _document(text: Json, who: str, what: str) -> set[Grant] | None:
    """The grants of a policy document in JSON.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    try:
        document = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, Mapping):
        return None
    statements = document.get("Statement")
    grants = set()
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, Mapping):
            continue
        effect = "Deny" if statement.get("Effect") == "Deny" else "Allow"
        condition = _condition(statement.get("Condition"))
        for principal in _principals(statement) or [who]:
            for action in _named(statement, "Action"):
                for resource in _named(statement, "Resource") or [what]:
                    grants.add(Grant(effect, principal, action, resource, condition))
    return grants


def _named(statement: Mapping[str, Json], key: str) -> list[str]:
    if f"Not{key}" in statement:
        return [f"everything but {', '.join(sorted(_texts(statement[f'Not{key}'])))}"]
    return _texts(statement.get(key))


def _principals(statement: Mapping[str, Json]) -> list[str]:
    for key, words in (("Principal", "{}"), ("NotPrincipal", "everybody but {}")):
        principal = statement.get(key)
        if isinstance(principal, Mapping):
            named = [text for value in principal.values() for text in _texts(value)]
        else:
            named = _texts(principal)
        if named:
            return ["everybody" if one == "*" else words.format(one) for one in sorted(named)]
    return []


def _condition(condition: Json) -> str:
    if not isinstance(condition, Mapping):
        return ""
    return " and ".join(
        f"{key} {operator} {', '.join(sorted(map(str, value if isinstance(value, list) else [value])))}"
        for operator, tests in sorted(condition.items())
        if isinstance(tests, Mapping)
        for key, value in sorted(tests.items())
    )


def _told_flows(flows: set[Flow]) -> list[str]:
    sides: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for flow in flows:
        sides[flow.source, flow.target, flow.what].add(flow.side)
    told = []
    for (source, target, what), present in sorted(sides.items()):
        words = f"{source} → {target}, {what}"
        ends_outside = any(
            end == "the internet" or re.match(r"[\da-f:.]+/\d|pl-", end) for end in (source, target)
        )
        if len(present) == 1 and not ends_outside:
            words += f" ({'ingress' if 'in' in present else 'egress'} rule only)"
        told.append(words)
    return told


def _told_grants(grants: set[Grant], effect: str, verb: str) -> list[str]:
    actions: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for grant in grants:
        if grant.effect == effect:
            actions[grant.who, grant.resource, grant.condition].append(grant.action)
    return [
        f"{who} {verb}: {', '.join(sorted(done))}, on {resource}{f' (if {condition})' if condition else ''}"
        for (who, resource, condition), done in sorted(actions.items())
    ]


def _told_attachments(grants: set[Grant], verb: str) -> list[str]:
    return [
        f"{grant.who} {verb} the policy {grant.resource}"
        for grant in sorted(grants)
        if grant.effect == _ATTACHED
    ]


def _ports(rule: Mapping[str, Json], protocol_key: str) -> str:
    protocol = str(rule.get(protocol_key) or "all").lower()
    if protocol in ("-1", "all"):
        return "every protocol and port"
    first, last = rule.get("from_port"), rule.get("to_port")
    if first is None or last is None or protocol.startswith("icmp"):
        return protocol
    if (first, last) in ((0, 65535), (-1, -1)):
        return f"{protocol}, every port"
    return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"


def _resources(module: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    yield from (one for one in module.get("resources") or () if isinstance(one, Mapping))
    for child in module.get("child_modules") or ():
        yield from _resources(_object(child))


def _local(address: str) -> str:
    """The address inside its module: `aws_x.y[0]` of `module.m["a.b"].aws_x.y[0]`."""
    return re.sub(r'^(?:module\.[^.\[]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?\.)*', "", address)


def _short(address: str) -> str:
    """A security group by its name alone in the root module, by its address elsewhere."""
    local = _local(address)
    return local.partition(".")[2] if local == address and address.startswith(_GROUPS) else address


def _without_keys(address: str) -> str:
    return re.sub(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]', "", address)


def _texts(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
