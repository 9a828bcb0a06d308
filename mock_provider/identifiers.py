"""Applies that a reader believes: every value that AWS would have made, in its true shape.

`fill` replaces what a plan left unknown. Most shapes are rows of `facts.json` (`shapes`): a template
an attribute, such as `vpc-{hex:17}`; what depends on more than the resource's own arguments is a
function here. Types without a row get values by the attribute's name and type.

The same plan gives the same values on every run and machine: they are hashes of the type and of the
arguments that are known. So two resources of one type with the same arguments get the same values.

Sources: the ARN formats of the Service Authorization Reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/), the lengths of EC2's ids
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html), and the provider's attribute
reference pages.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from mock_provider import catalogue, facts
from mock_provider.values import UNKNOWN, has_unknown

State = dict[str, Any]
Block = dict[str, Any]

MOMENT = "2026-01-01T00:00:00Z"
"""The time at which everything was made: a fixed one, so that states are the same on every run."""

_CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"


@dataclass(frozen=True)
class Context:
    """Where a resource is: region, account and partition, as in its ARN."""

    region: str
    account: str = "000000000000"
    partition: str = "aws"
    images: int = 0
    """How many generations of machine images are newer than the first."""

    @property
    def suffix(self) -> str:
        """The domain of the partition's services.

        Source: https://docs.aws.amazon.com/general/latest/gr/rande.html.
        """
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def region_facts(self) -> dict[str, Any]:
        """The region's row in the data file; empty for a region that it does not have."""
        found: dict[str, Any] = facts.document()["regions"].get(self.region, {})
        return found

    @property
    def region_code(self) -> str:
        """The region in zone ids: `apne2` for ap-northeast-2."""
        code = self.region_facts().get("code")
        return str(code) if code else "".join(part[:1] for part in self.region.split("-"))


def fill(
    terraform_type: str, planned: State, schema_block: Block, context: Context, prior: State | None = None
) -> State:
    """`planned` with every unknown replaced by a value of the right shape; what is known stays.

    Args:
        terraform_type: such as aws_vpc.
        planned: the resource as planned; not changed.
        schema_block: the type's block, in the form that `mock_provider.schema` gives.
        context: where the resource is; a region given in the resource itself goes before.
        prior: the resource before an update; None when it is created.
    """
    region = planned.get("region")
    if isinstance(region, str) and region != context.region:
        context = replace(context, region=region)
    made = _Made(terraform_type, planned, context, prior)
    state: State = made.complete(planned, schema_block, ())
    if terraform_type == "aws_subnet" and state.get("cidr_block"):
        _ranges[state["id"]] = state["cidr_block"]
    return state


# The ranges of the subnets that this process has made, by id: an address in one is taken from it.
_ranges: dict[str, str] = {}


def at_plan(terraform_type: str, planned: State, prior: State | None) -> State:
    """`planned` with what the real provider knows at plan time already, though the schema calls it computed.

    Args:
        terraform_type: such as aws_acm_certificate.
        planned: the plan with its unknowns; not changed.
        prior: the resource before; None when it is created.
    """
    if terraform_type == "aws_acm_certificate":
        return _certificate_at_plan(planned, prior)
    return planned


def _certificate_at_plan(planned: State, prior: State | None) -> State:
    """The domains to validate are known from the arguments; only their records are not.

    Source: the resource's CustomizeDiff (internal/service/acm, resourceCertificate).
    """
    domain, others = planned.get("domain_name"), planned.get("subject_alternative_names")
    if not isinstance(domain, str) or planned.get("domain_validation_options") is not UNKNOWN:
        return planned
    if others is not UNKNOWN and has_unknown(others):
        return planned
    domains = _certificate_domains(domain, None if others is UNKNOWN else others)
    known: State = {"subject_alternative_names": domains}
    if planned.get("validation_method") == "DNS":
        record = dict.fromkeys(
            ("resource_record_name", "resource_record_type", "resource_record_value"), UNKNOWN
        )
        known["domain_validation_options"] = [{"domain_name": one, **record} for one in domains]
    return {**planned, **known}


def _certificate_domains(domain: str, others: list[str] | None) -> list[str]:
    return sorted({domain, *(others or ())})


def hexadecimal(seed: str, length: int) -> str:
    """`length` hexadecimal digits that follow from `seed`."""
    return hashlib.sha256(seed.encode()).hexdigest()[:length]


def characters(seed: str, length: int, alphabet: str) -> str:
    """`length` characters of `alphabet` that follow from `seed`."""
    digest = hashlib.shake_256(seed.encode()).digest(length * 2)
    pairs = (int.from_bytes(digest[i : i + 2], "big") for i in range(0, length * 2, 2))
    return "".join(alphabet[pair % len(alphabet)] for pair in pairs)


_STRING: dict[str, Any] = {"type": "string"}
_DIGITS = "0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def uuid(seed: str) -> str:
    """A version 4 UUID that follows from `seed`.

    Source: RFC 9562, section 5.4.
    """
    digits = hexadecimal(seed, 32)
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


class _Made:
    """The values of one resource, made as they are asked for."""

    # One placeholder: {hex:17}, {name}, {arn|last}. Text such as ${version} is left alone.
    _PLACEHOLDER = re.compile(r"(?<!\$)\{(\w+)(?:([:|])(\w+))?\}")

    def __init__(self, terraform_type: str, planned: State, context: Context, prior: State | None) -> None:
        self.type = terraform_type
        self.planned = planned
        self.context = context
        self.prior = prior
        self.shapes: dict[str, Any] = facts.document()["shapes"].get(terraform_type, {})
        self.special = _SPECIAL.get(terraform_type, {})
        self._made: State = {}
        self._asked: set[str] = set()
        identity = {"id": planned["id"]} if isinstance(planned.get("id"), str) else planned
        self.seed = f"{terraform_type} {context.region} {json.dumps(identity, sort_keys=True, default=repr)}"

    def complete(self, value: State, block: Block, at: tuple[str, ...]) -> State:
        """A block with its unknowns replaced, nested blocks included."""
        full = dict(value)
        for name, attribute in block["attributes"].items():
            given = full.get(name)
            if given is UNKNOWN:
                full[name] = self.get(name, attribute) if not at else self._nested((*at, name), attribute)
            elif has_unknown(given):
                full[name] = self._partly(given, attribute["type"], (*at, name))
        for name, entry in block["block_types"].items():
            given = full.get(name)
            if given is UNKNOWN:
                full[name] = {} if entry["nesting_mode"] == "map" else _nothing(entry["nesting_mode"])
            elif isinstance(given, list):
                full[name] = [
                    self.complete(inner, entry["block"], (*at, name, str(position)))
                    if isinstance(inner, dict)
                    else _by_type(["object", {}])
                    for position, inner in enumerate(given)
                ]
            elif isinstance(given, dict) and entry["nesting_mode"] == "single":
                full[name] = self.complete(given, entry["block"], (*at, name))
            elif isinstance(given, dict):
                full[name] = {
                    key: self.complete(inner, entry["block"], (*at, name, key))
                    for key, inner in given.items()
                }
        return full

    def get(self, name: str, attribute: dict[str, Any] | None = None) -> Any:
        """The value of a top-level attribute, given or made; None where it is not to be had."""
        given = self.planned.get(name)
        if given is not UNKNOWN and (name in self.planned or attribute is None):
            return given
        if name not in self._made:
            if name in self._asked:
                return None
            self._asked.add(name)
            made = self._make(name, attribute)
            if attribute is None:
                return made
            self._made[name] = made
        return self._made[name]

    def _make(self, name: str, attribute: dict[str, Any] | None) -> Any:
        if name in self.special:
            return self.special[name](self)
        if name in self.shapes:
            return self._shape(self.shapes[name], name)
        return self._by_name(name, attribute) if attribute else None

    def _nested(self, path: tuple[str, ...], attribute: dict[str, Any]) -> Any:
        plain = ".".join(part for part in path if not part.isdigit())
        if plain in self.special:
            return self.special[plain](self)
        if plain in self.shapes:
            return self._shape(self.shapes[plain], ".".join(path))
        return _by_type(attribute["type"])

    def _partly(self, value: Any, kind: Any, at: tuple[str, ...]) -> Any:
        """An attribute of which a part is unknown: each such part by its own type."""
        if value is UNKNOWN:
            plain = ".".join(part for part in at if not part.isdigit())
            if plain in self.special:
                return self.special[plain](self)
            return (
                _by_type(kind) if not isinstance(kind, str) or kind != "string" else self.token(".".join(at))
            )
        inner = kind[1] if isinstance(kind, list) else kind
        if isinstance(value, dict):
            if self.type == "aws_acm_certificate" and at[0] == "domain_validation_options":
                return validation_record(str(value["domain_name"]))
            kinds = inner if isinstance(inner, dict) else dict.fromkeys(value, inner)
            return {
                key: self._partly(one, kinds.get(key, "string"), (*at, key)) for key, one in value.items()
            }
        if isinstance(value, list):
            return [self._partly(one, inner, (*at, str(position))) for position, one in enumerate(value)]
        return value

    def _shape(self, shape: Any, where: str) -> Any:
        """A template with its placeholders replaced; of several, the first whose references are all there."""
        for template in shape if isinstance(shape, list) else (shape,):
            if not isinstance(template, str):
                return template
            whole = self._PLACEHOLDER.fullmatch(template)
            if whole:
                return self._placeholder(whole, where)
            parts = [
                (match, self._placeholder(match, where)) for match in self._PLACEHOLDER.finditer(template)
            ]
            if isinstance(shape, str) or all(part not in (None, "") for _, part in parts):
                made, end = "", 0
                for match, part in parts:
                    made += template[end : match.start()] + ("" if part is None else str(part))
                    end = match.end()
                return made + template[end:]
        return self.token(where)

    def _placeholder(self, match: re.Match[str], where: str) -> Any:
        name, mark, rest = match.groups()
        seed = f"{self.seed} {where} {match.group() if rest and not rest.isdigit() else ''}"
        if mark == ":":
            return _RANDOM[name](seed, int(rest.rstrip("abcdefgh")))
        if name in _DERIVED:
            value = _DERIVED[name](self)
        elif name == "uuid":
            value = uuid(seed)
        else:
            value = self.get(name, _STRING if name in self.planned else None)
        return _FILTERS[rest](value) if mark == "|" else value

    def token(self, where: str) -> str:
        """A made-up word for an attribute that nothing more is known of."""
        return f"{where.rpartition('.')[2].replace('_', '-')}-{hexadecimal(f'{self.seed} {where}', 8)}"

    def _by_name(self, name: str, attribute: dict[str, Any]) -> Any:
        kind = attribute["type"]
        if kind != "string":
            return self.planned.get("tags") or {} if name == "tags_all" else _by_type(kind)
        prefix = self.planned.get(f"{name}_prefix")
        if isinstance(prefix, str) and prefix:
            return prefix + unique(f"{self.seed} {name}")
        if name.endswith("_prefix"):
            return ""
        service = self.type.removeprefix("aws_").partition("_")[0]
        short = self.type.removeprefix(f"aws_{service}_").replace("_", "-")
        if name in _BY_NAME:
            return _BY_NAME[name](self)
        if name == "id":
            arn = self.shapes.get("arn")
            named = next((self.planned.get(one) for one in ("name", f"{short}_name", "identifier")), None)
            if isinstance(named, str):
                return named
            return self.get("arn") if arn else f"{short}-{hexadecimal(f'{self.seed} id', 17)}"
        if name == "arn" or (name.endswith("_arn") and not attribute.get("optional")):
            named = self.planned.get("name")
            last = named if isinstance(named, str) else hexadecimal(f"{self.seed} {name}", 17)
            place = f"{self.context.region}:{self.context.account}"
            return f"arn:{self.context.partition}:{service}:{place}:{short}/{last}"
        if re.search(r"(_at|_time|_date|_on|_timestamp)$", name):
            return MOMENT
        if attribute.get("optional"):
            return ""
        return self.token(name)


def _nothing(nesting_mode: str) -> Any:
    return None if nesting_mode == "single" else []


def _by_type(kind: Any) -> Any:
    if isinstance(kind, list):
        if kind[0] == "map":
            return {}
        return {key: _by_type(one) for key, one in kind[1].items()} if kind[0] == "object" else []
    return {"number": 0, "bool": False}.get(kind, "")


def unique(seed: str) -> str:
    """The 26 characters that the provider puts behind a name's prefix: a time and a counter.

    Source: the plugin SDK's helper/id (18 digits of time, 8 hexadecimal digits).
    """
    return f"20260101000000{characters(seed, 4, _DIGITS)}{hexadecimal(seed + ' counter', 8)}"


def validation_record(domain: str) -> dict[str, str]:
    """The DNS record with which ACM has a domain validated; the same for a domain and its wildcard.

    Source: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html.
    """
    bare = domain.removeprefix("*.")
    value = f"_{hexadecimal(f'acm value {bare}', 32)}.{characters(bare, 10, _LOWER)}"
    return {
        "domain_name": domain,
        "resource_record_name": f"_{hexadecimal(f'acm name {bare}', 32)}.{bare}.",
        "resource_record_type": "CNAME",
        "resource_record_value": f"{value}.acm-validations.aws.",
    }


_RANDOM: dict[str, Callable[[str, int], str]] = {
    "hex": lambda seed, length: (
        hexadecimal(seed, length) if length < 17 else "0" + hexadecimal(seed, length - 1)
    ),
    "upperhex": lambda seed, length: hexadecimal(seed, length).upper(),
    "digits": lambda seed, length: characters(seed, length, _DIGITS[1:]),
    "lower": lambda seed, length: characters(seed, length, _LOWER),
    "upper": lambda seed, length: characters(seed, length, _UPPER),
    "alnum": lambda seed, length: characters(seed, length, _UPPER[:26] + _LOWER),
    "base64": lambda seed, length: base64.b64encode(
        hashlib.shake_256(seed.encode()).digest(length * 3 // 4)
    ).decode(),
}

_FILTERS: dict[str, Callable[[Any], Any]] = {
    "last": lambda value: str(value or "").rpartition("/")[2],
    "bare": lambda value: str(value or "").removeprefix("/"),
    "dashes": lambda value: str(value or "").replace(".", "-"),
    "host": lambda value: re.sub(r"^https?://", "", str(value or "")),
    "number": lambda value: value or 0,
    "service": lambda value: (str(value or "").split(":") + [""] * 3)[2],
    "listener": lambda value: str(value or "").replace(":loadbalancer/", ":listener/"),
    "rule": lambda value: str(value or "").replace(":listener/", ":listener-rule/"),
}


def _public_ip(made: _Made) -> str:
    """An address of the ranges kept for documentation: no one is ever reached by it (RFC 5737)."""
    allocation = made.get("id", _STRING) if made.type == "aws_eip" else made.planned.get("allocation_id")
    number = int(hexadecimal(f"{allocation or made.seed} public", 6), 16)
    return f"{('192.0.2', '198.51.100', '203.0.113')[number % 3]}.{1 + number // 3 % 254}"


def _private_ip(made: _Made) -> str:
    """An address in the subnet, past the four that AWS keeps.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html.
    """
    number = int(hexadecimal(f"{made.seed} private", 6), 16)
    network = ipaddress.ip_network(_ranges.get(str(made.planned.get("subnet_id")), "10.0.0.0/16"))
    return str(network[4 + number % (network.num_addresses - 5)])


def _lb_kind(made: _Made) -> str:
    return {"network": "net", "gateway": "gwy"}.get(str(made.planned.get("load_balancer_type")), "app")


def _lb_zone(made: _Made) -> str:
    found = made.context.region_facts().get("nlb_zone" if _lb_kind(made) == "net" else "alb_zone")
    return str(found or "Z" + characters(f"lb {made.context.region}", 13, _UPPER))


def _elb_domain(made: _Made) -> str:
    """Source: https://docs.aws.amazon.com/general/latest/gr/elb.html."""
    region, suffix = made.context.region, made.context.suffix
    return f"elb.{region}.{suffix}" if _lb_kind(made) == "net" else f"{region}.elb.{suffix}"


def _record_fqdn(made: _Made) -> str:
    """The record's name as given: the zone's own name is not known here, so it is not put behind a short one."""
    return str(made.planned.get("name") or "").rstrip(".").lower()


def _route_hash(made: _Made) -> int:
    """A route's id ends in the checksum of its destination.

    Source: routeCreateID in internal/service/ec2, StringHashcode in internal/create.
    """
    for name in ("destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"):
        if made.planned.get(name):
            return zlib.crc32(str(made.planned[name]).encode())
    return 0


def _waf_capacity(made: _Made) -> int:
    """Web ACL capacity units: what a rule of each kind costs.

    Source: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements.html and
    https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html.
    """
    units = 0
    for rule in made.planned.get("rule") or []:
        for statement in rule.get("statement") or []:
            for group in statement.get("managed_rule_group_statement") or []:
                units += _WAF_UNITS.get(str(group.get("name")), 50)
            units += sum(2 for _ in statement.get("rate_based_statement") or [])
            units += sum(1 for _ in statement.get("geo_match_statement") or [])
            units += sum(1 for _ in statement.get("ip_set_reference_statement") or [])
    return units


_WAF_UNITS = {
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesAdminProtectionRuleSet": 100,
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesLinuxRuleSet": 200,
    "AWSManagedRulesUnixRuleSet": 100,
    "AWSManagedRulesWindowsRuleSet": 200,
    "AWSManagedRulesPHPRuleSet": 100,
    "AWSManagedRulesWordPressRuleSet": 100,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
    "AWSManagedRulesBotControlRuleSet": 50,
    "AWSManagedRulesATPRuleSet": 50,
}


def _kms_policy(made: _Made) -> str:
    """The policy of a key that is made with none.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html.
    """
    root = f"arn:{made.context.partition}:iam::{made.context.account}:root"
    return json.dumps(
        {
            "Id": "key-default-1",
            "Statement": [
                {
                    "Action": "kms:*",
                    "Effect": "Allow",
                    "Principal": {"AWS": root},
                    "Resource": "*",
                    "Sid": "Enable IAM User Permissions",
                }
            ],
            "Version": "2012-10-17",
        },
        separators=(",", ":"),
    )


def _kms_target(made: _Made) -> str:
    target = str(made.planned.get("target_key_id") or "")
    place = f"{made.context.region}:{made.context.account}"
    return target if target.startswith("arn:") else f"arn:{made.context.partition}:kms:{place}:key/{target}"


def _sns_policy(made: _Made) -> str:
    """The policy of a topic that is made with none: the owner's account may do everything.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html.
    """
    actions = "GetTopicAttributes SetTopicAttributes AddPermission RemovePermission DeleteTopic Subscribe"
    actions += " ListSubscriptionsByTopic Publish"
    return json.dumps(
        {
            "Id": "__default_policy_ID",
            "Statement": [
                {
                    "Action": [f"SNS:{action}" for action in actions.split()],
                    "Condition": {"StringEquals": {"AWS:SourceOwner": made.context.account}},
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Resource": made.get("arn", _STRING),
                    "Sid": "__default_statement_ID",
                }
            ],
            "Version": "2008-10-17",
        },
        separators=(",", ":"),
    )


def _rds_hash(made: _Made) -> str:
    """The part of a database's address that an account has in a region."""
    return "c" + characters(f"rds {made.context.account} {made.context.region}", 11, _LOWER)


def _rds_zone(made: _Made) -> str:
    found = made.context.region_facts().get("rds_zone")
    return str(found or "Z" + characters(f"rds {made.context.region}", 13, _UPPER))


_DERIVED: dict[str, Callable[[_Made], Any]] = {
    "region": lambda made: made.context.region,
    "account": lambda made: made.context.account,
    "partition": lambda made: made.context.partition,
    "suffix": lambda made: made.context.suffix,
    "unique": lambda made: unique(made.seed),
    "public_ip": _public_ip,
    "private_ip": _private_ip,
    "ec2_domain": lambda made: (
        "compute-1.amazonaws.com"
        if made.context.region == "us-east-1"
        else f"{made.context.region}.compute.{made.context.suffix}"
    ),
    "ec2_internal": lambda made: (
        "ec2.internal" if made.context.region == "us-east-1" else f"{made.context.region}.compute.internal"
    ),
    "lb_kind": _lb_kind,
    "lb_zone": _lb_zone,
    "elb_domain": _elb_domain,
    "internal_prefix": lambda made: "internal-" if made.planned.get("internal") is True else "",
    "s3_zone": lambda made: made.context.region_facts().get("s3_zone", ""),
    "rds_hash": _rds_hash,
    "rds_zone": _rds_zone,
    "route_hash": _route_hash,
    "record_fqdn": _record_fqdn,
    "record_name": _record_fqdn,
    "listener_protocol": lambda made: "HTTPS" if made.planned.get("certificate_arn") else "HTTP",
    "listener_policy": lambda made: (
        "ELBSecurityPolicy-2016-08" if made.planned.get("protocol") in ("HTTPS", "TLS") else ""
    ),
    "waf_region": lambda made: (
        "us-east-1" if made.planned.get("scope") == "CLOUDFRONT" else made.context.region
    ),
    "waf_scope": lambda made: "global" if made.planned.get("scope") == "CLOUDFRONT" else "regional",
    "waf_capacity": _waf_capacity,
    "kms_policy": _kms_policy,
    "kms_target": _kms_target,
    "kms_rotation": lambda made: 365 if made.planned.get("enable_key_rotation") is True else 0,
    "sns_policy": _sns_policy,
    "sns_pending": lambda made: str(made.planned.get("protocol")) in ("email", "email-json", "http", "https"),
    "cloudfront_logging": lambda made: bool(made.planned.get("logging_config")),
    "delivery_type": lambda made: {"s3": "S3", "firehose": "FH", "logs": "CWL", "xray": "XRAY"}.get(
        _delivery_service(made), "CWL"
    ),
    "default_route_table_id": lambda made: (
        made.planned.get("default_route_table_id")
        if made.type == "aws_default_route_table"
        else made.get("default_route_table_id", _STRING)
    ),
}


WORDS = frozenset((*_DERIVED, *_RANDOM, "uuid"))
"""What a template can say between braces besides the names of attributes."""


def _delivery_service(made: _Made) -> str:
    for configuration in made.planned.get("delivery_destination_configuration") or []:
        return str(_FILTERS["service"](configuration.get("destination_resource_arn")))
    return ""


# A few attributes mean the same wherever they are.
_BY_NAME: dict[str, Callable[[_Made], Any]] = {
    "owner_id": lambda made: made.context.account,
    "owner": lambda made: made.context.account,
    "account_id": lambda made: made.context.account,
    "registry_id": lambda made: made.context.account,
    "region": lambda made: made.context.region,
    "availability_zone": lambda made: f"{made.context.region}{next(iter(zones(made.context)))}",
    "availability_zone_id": lambda made: _zone_id(made),
    "vpc_id": lambda made: _vpc_id(made),
    "status": lambda made: "ACTIVE",
    "state": lambda made: "available",
    "etag": lambda made: "E" + characters(f"{made.seed} etag", 13, _UPPER),
    "path": lambda made: "/",
    "private_ip": _private_ip,
    "name": lambda made: f"terraform-{unique(made.seed)}",
}


def zones(context: Context) -> dict[str, str]:
    """The region's zones: letter to zone id, in order. Which zone a letter names differs among real accounts.

    Source: https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html.
    """
    found: dict[str, str] = context.region_facts().get("zones") or {
        letter: f"{context.region_code}-az{position}" for position, letter in enumerate("abc", 1)
    }
    return found


# A subnet's id says which VPC it is in, and which zone: resources that name the subnet then tell the same
# VPC and zones as the subnet does, whenever they are made. A VPC's id is a key and what follows from it;
# a subnet's begins with the same key and ends in the number of its zone.


def _vpc_of_key(key: str) -> str:
    return f"vpc-0{key}{hexadecimal(f'vpc {key}', 8)}"


def _new_vpc_id(made: _Made) -> str:
    return _vpc_of_key(hexadecimal(f"{made.seed} key", 8))


def _new_subnet_id(made: _Made) -> str:
    vpc, zone = str(made.planned.get("vpc_id")), str(made.get("availability_zone", _STRING))
    key = vpc[5:13] if vpc == _vpc_of_key(vpc[5:13]) else hexadecimal(vpc, 8)
    letters = list(zones(made.context))
    letter = zone.removeprefix(made.context.region)
    number = letters.index(letter) if letter in letters else 15
    return f"subnet-0{key}{hexadecimal(f'{made.seed} subnet', 7)}{number:x}"


def _subnets(made: _Made) -> list[str]:
    """The ids of the subnets that a resource is in."""
    named = [made.planned.get("subnet_id")]
    for name in ("subnets", "subnet_ids", "vpc_zone_identifier"):
        given = made.planned.get(name)
        named += given if isinstance(given, list) else []
    return [one for one in named if isinstance(one, str) and re.fullmatch("subnet-0[0-9a-f]{16}", one)]


def _vpc_id(made: _Made) -> str:
    """The VPC of the resource's subnets; a made-up one where it has none."""
    for subnet in _subnets(made):
        return _vpc_of_key(subnet[8:16])
    return _new_vpc_id(made)


def _placed(made: _Made) -> list[str]:
    """The zones of the resource's subnets, in order; the region's first where it has none that tell."""
    letters = list(zones(made.context))
    numbers = {int(subnet[-1], 16) for subnet in _subnets(made)}
    found = [letter for number, letter in enumerate(letters) if number in numbers]
    count = max(_count(made.planned.get(name)) for name in ("subnet_ids", "vpc_zone_identifier"))
    return [made.context.region + letter for letter in found or letters[:count]]


def _default_of_vpc(vpc: Any, prefix: str) -> str:
    """A default part of a VPC: its id follows from the VPC's."""
    return f"{prefix}-0{hexadecimal(f'{vpc} default {prefix}', 16)}"


def _default_part(prefix: str) -> Callable[[_Made], str]:
    return lambda made: _default_of_vpc(made.get("id", _STRING), prefix)


def _zone_id(made: _Made) -> str:
    zone = made.get("availability_zone", _STRING)
    return zones(made.context).get(str(zone).removeprefix(made.context.region), "")


def _zone_of(made: _Made) -> str:
    """The zone whose id was given."""
    for letter, zone_id in zones(made.context).items():
        if made.planned.get("availability_zone_id") == zone_id:
            return made.context.region + letter
    return f"{made.context.region}{next(iter(zones(made.context)))}"


def _next_version(made: _Made) -> int:
    before = (made.prior or {}).get("latest_version")
    return before + 1 if isinstance(before, int) else 1


def _default_version(made: _Made) -> int:
    if made.prior is None:
        return 1
    if made.planned.get("update_default_version") is True:
        return int(made.get("latest_version", {"type": "number"}))
    return int(made.prior.get("default_version") or 1)


def _prefix_list(made: _Made) -> str:
    service = str(made.planned.get("service_name"))
    return (
        prefix_list_id(service, made.context.region)
        if made.planned.get("vpc_endpoint_type") in (None, "Gateway")
        else ""
    )


def prefix_list_id(name: str, region: str) -> str:
    """The id of an AWS-managed prefix list, by the region's row where that has it, else made up."""
    known: dict[str, str] = facts.document()["regions"].get(region, {}).get("prefix_lists", {})
    service = name.removeprefix(f"com.amazonaws.{region}.").removeprefix("com.amazonaws.")
    if service in known:
        return known[service]
    return f"pl-{hexadecimal(f'prefix list {region} {name}', 8)}"


def _endpoint_names(made: _Made) -> list[dict[str, str]]:
    """The names of an interface endpoint: its own, one a subnet's zone, and the service's with private DNS.

    Source: https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html.
    """
    if made.planned.get("vpc_endpoint_type") != "Interface":
        return []
    service = str(made.planned.get("service_name")).rpartition(".")[2]
    identity = made.get("id", _STRING)
    host = f"{identity}-{characters(f'{made.seed} dns', 8, _LOWER)}"
    domain = f"{service}.{made.context.region}.vpce.{made.context.suffix}"
    zone = "Z" + characters(f"vpce {made.context.region}", 13, _UPPER)
    names = [{"dns_name": f"{host}.{domain}", "hosted_zone_id": zone}]
    names += [{"dns_name": f"{host}-{one}.{domain}", "hosted_zone_id": zone} for one in _placed(made)]
    if made.planned.get("private_dns_enabled") is True:
        private = f"{service}.{made.context.region}.{made.context.suffix}"
        names.append({"dns_name": private, "hosted_zone_id": "Z" + characters(private, 13, _UPPER)})
    return names


def _endpoint_interfaces(made: _Made) -> list[str]:
    if made.planned.get("vpc_endpoint_type") != "Interface":
        return []
    subnets = made.planned.get("subnet_ids")
    count = len(subnets) if isinstance(subnets, list) else 1
    return [f"eni-0{hexadecimal(f'{made.seed} interface {number}', 16)}" for number in range(count)]


_FULL_ACCESS = json.dumps(
    {
        "Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}],
        "Version": "2008-10-17",
    },
    separators=(",", ":"),
)
"""The policy of an endpoint that is made with none.

Source: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html.
"""

_ENGINES = {
    "postgres": (5432, "postgresql-license"),
    "mysql": (3306, "general-public-license"),
    "mariadb": (3306, "general-public-license"),
    "oracle": (1521, "license-included"),
    "sqlserver": (1433, "license-included"),
    "db2": (50000, "bring-your-own-license"),
}
"""Port and licence of each family of database engines.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html.
"""


def _engine(made: _Made) -> tuple[int, str]:
    engine = str(made.planned.get("engine") or "postgres")
    return next((found for name, found in _ENGINES.items() if engine.startswith(name)), (5432, ""))


def _db_identifier(made: _Made) -> str:
    prefix = made.planned.get("identifier_prefix")
    return f"{prefix if isinstance(prefix, str) else 'terraform-'}{unique(made.seed)}"


def _db_name_and_host(made: _Made) -> str:
    identifier = made.get("identifier", _STRING)
    return f"{identifier}.{_rds_hash(made)}.{made.context.region}.rds.{made.context.suffix}"


def _db_version(made: _Made) -> str:
    """The version that a database runs: the newest of what was asked for, by the list that cfn-lint carries."""
    asked = made.planned.get("engine_version")
    engine = str(made.planned.get("engine") or "postgres")
    versions = [
        version
        for version in catalogue.engine_versions(engine)
        if not isinstance(asked, str) or version == asked or version.startswith(f"{asked}.")
    ]
    newest = max(versions, key=_version_key, default="")
    return newest or (asked if isinstance(asked, str) else "")


def _version_key(version: str) -> list[tuple[int, str]]:
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"[.-]", version)]


def _db_group(made: _Made, family: str) -> str:
    engine = str(made.planned.get("engine") or "postgres")
    version = str(made.planned.get("engine_version") or made.get("engine_version_actual", _STRING))
    major = version.split(".")[0] if engine == "postgres" else ".".join(version.split(".")[:2])
    return f"default:{engine}-{major.replace('.', '-')}" if family == "option" else f"default.{engine}{major}"


def _db_secret(made: _Made) -> list[dict[str, str]]:
    """The secret that RDS keeps the master password in.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html.
    """
    if made.planned.get("manage_master_user_password") is not True:
        return []
    identity = uuid(f"{made.seed} secret")
    place = f"arn:{made.context.partition}:secretsmanager:{made.context.region}:{made.context.account}"
    suffix = characters(f"{made.seed} secret", 6, _UPPER[:26] + _LOWER)
    return [
        {
            "kms_key_id": made.get("master_user_secret_kms_key_id", _STRING),
            "secret_arn": f"{place}:secret:rds!db-{identity}-{suffix}",
            "secret_status": "active",
        }
    ]


def _db_secret_key(made: _Made) -> str:
    if made.planned.get("manage_master_user_password") is not True:
        return ""
    return _aws_key(made, "secretsmanager")


def _aws_key(made: _Made, service: str) -> str:
    """The key that AWS keeps for a service in an account."""
    place = f"arn:{made.context.partition}:kms:{made.context.region}:{made.context.account}"
    return f"{place}:key/{uuid(f'aws/{service} {made.context.account} {made.context.region}')}"


def _window(seed: str) -> tuple[int, int]:
    """A half hour of the night for a backup, and one for the maintenance, which never meet."""
    number = int(hexadecimal(seed, 6), 16)
    return 13 + number % 4, 17 + number % 4


def _db_insights(made: _Made) -> str:
    if made.planned.get("performance_insights_enabled") is not True:
        return ""
    return _aws_key(made, "rds")


def _cache_code(context: Context) -> str:
    """The region in a cache's address; Seoul's is not the one in its zone ids.

    Source: addresses such as NAME.HASH.ng.0001.apn2.cache.amazonaws.com of clusters in ap-northeast-2.
    """
    return "apn2" if context.region == "ap-northeast-2" else context.region_code


def _cache_hash(made: _Made) -> str:
    """The part of a cache's address that an account has in a region."""
    return characters(f"cache {made.context.account} {made.context.region}", 6, _LOWER)


def _cache_address(made: _Made, role: str) -> str:
    """Addresses of a replication group: with encryption in transit, and without.

    Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Endpoints.html.
    """
    name, tail = (
        made.planned.get("replication_group_id"),
        f"{_cache_code(made.context)}.cache.{made.context.suffix}",
    )
    secret = made.planned.get("transit_encryption_enabled") is True
    clustered = _cache_clustered(made)
    if clustered != (role == "configuration"):
        return ""
    if clustered:
        return f"clustercfg.{name}.{_cache_hash(made)}.{tail}"
    if secret:
        return f"{'master' if role == 'primary' else 'replica'}.{name}.{_cache_hash(made)}.{tail}"
    return f"{name}{'' if role == 'primary' else '-ro'}.{_cache_hash(made)}.ng.0001.{tail}"


def _cache_clustered(made: _Made) -> bool:
    groups = made.planned.get("num_node_groups")
    return (isinstance(groups, int) and groups > 1) or made.planned.get("cluster_mode") in (
        "enabled",
        "compatible",
    )


def _cache_clusters(made: _Made) -> int:
    given = made.planned.get("num_cache_clusters")
    if isinstance(given, int):
        return given
    groups, replicas = made.planned.get("num_node_groups"), made.planned.get("replicas_per_node_group")
    return (groups if isinstance(groups, int) else 1) * (1 + (replicas if isinstance(replicas, int) else 0))


def _cache_members(made: _Made) -> list[str]:
    name, count = made.planned.get("replication_group_id"), _cache_clusters(made)
    if not _cache_clustered(made):
        return [f"{name}-{number:03}" for number in range(1, count + 1)]
    groups = made.planned.get("num_node_groups")
    shards = groups if isinstance(groups, int) else 1
    return [
        f"{name}-{shard:04}-{number:03}"
        for shard in range(1, shards + 1)
        for number in range(1, count // shards + 1)
    ]


def _cache_version(made: _Made) -> str:
    """The patch that a version runs. ElastiCache names only major and minor from 6 on.

    Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html.
    """
    asked = str(made.planned.get("engine_version") or "")
    if made.planned.get("engine_version") in (None, UNKNOWN):
        return "7.1.0"
    return _CACHE_PATCHES.get(asked, asked if asked.count(".") > 1 else f"{asked}.0")


_CACHE_PATCHES = {
    "6.0": "6.0.5",
    "6.2": "6.2.6",
    "6.x": "6.2.6",
    "7.0": "7.0.7",
    "7.1": "7.1.0",
    "7.2": "7.2.6",
}


def _cache_group(made: _Made) -> str:
    engine, version = str(made.planned.get("engine") or "redis"), _cache_version(made)
    if engine == "valkey":
        return f"default.valkey{version.split('.')[0]}"
    major, minor = [*_version_key(version), (0, "0"), (0, "0")][:2]
    family = (
        f"redis{major[0]}" if major[0] > 6 else "redis6.x" if major[0] == 6 else f"redis{major[1]}.{minor[1]}"
    )
    return f"default.{family}{'.cluster.on' if _cache_clustered(made) else ''}"


def _count(value: Any) -> int:
    return len(value) if isinstance(value, list) else 1


def _certificate_options(made: _Made) -> list[dict[str, str]]:
    if made.planned.get("validation_method") != "DNS":
        return []
    others = made.planned.get("subject_alternative_names")
    domains = _certificate_domains(
        str(made.planned.get("domain_name")), others if isinstance(others, list) else None
    )
    return [validation_record(domain) for domain in domains]


def _ipv6_range(made: _Made) -> str:
    """A VPC's /56 of Amazon's addresses, where one was asked for.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html.
    """
    if made.planned.get("assign_generated_ipv6_cidr_block") is not True:
        return ""
    digits = hexadecimal(f"{made.seed} ipv6", 6)
    return f"2600:1f18:{int(digits[:4], 16):x}:{digits[4:]}00::/56".replace(":0000::", ":0::")


def _ipv6_association(made: _Made) -> str:
    asked = made.planned.get("assign_generated_ipv6_cidr_block") is True
    return f"vpc-cidr-assoc-0{hexadecimal(f'{made.seed} ipv6 association', 16)}" if asked else ""


_SPECIAL: dict[str, dict[str, Callable[[_Made], Any]]] = {
    "aws_vpc": {
        "ipv6_cidr_block": _ipv6_range,
        "ipv6_association_id": _ipv6_association,
        "id": _new_vpc_id,
        "default_network_acl_id": _default_part("acl"),
        "default_route_table_id": _default_part("rtb"),
        "default_security_group_id": _default_part("sg"),
        "main_route_table_id": _default_part("rtb"),
        "dhcp_options_id": lambda made: (
            f"dopt-0{hexadecimal(f'dhcp options {made.context.account} {made.context.region}', 16)}"
        ),
    },
    "aws_default_security_group": {
        "id": lambda made: _default_of_vpc(made.get("vpc_id", _STRING), "sg"),
    },
    "aws_subnet": {"id": _new_subnet_id, "availability_zone": _zone_of, "availability_zone_id": _zone_id},
    "aws_launch_template": {"latest_version": _next_version, "default_version": _default_version},
    "aws_vpc_endpoint": {
        "prefix_list_id": _prefix_list,
        "dns_entry": _endpoint_names,
        "network_interface_ids": _endpoint_interfaces,
        "cidr_blocks": lambda made: ["52.219.0.0/20"] if _prefix_list(made) else [],
        "policy": lambda made: _FULL_ACCESS,
    },
    "aws_acm_certificate": {
        "domain_validation_options": _certificate_options,
        "subject_alternative_names": lambda made: [str(made.planned.get("domain_name"))],
    },
    "aws_flow_log": {
        "log_destination": lambda made: (
            f"arn:{made.context.partition}:logs:{made.context.region}:{made.context.account}"
            f":log-group:{made.planned['log_group_name']}"
            if made.planned.get("log_group_name")
            else ""
        )
    },
    "aws_db_instance": {
        "identifier": _db_identifier,
        "id": lambda made: made.get("resource_id", _STRING),
        "resource_id": lambda made: "db-" + characters(f"{made.seed} resource", 26, _UPPER),
        "arn": lambda made: (
            f"arn:{made.context.partition}:rds:{made.context.region}:{made.context.account}"
            f":db:{made.get('identifier', {'type': 'string'})}"
        ),
        "address": _db_name_and_host,
        "endpoint": lambda made: f"{_db_name_and_host(made)}:{made.get('port', {'type': 'number'})}",
        "port": lambda made: _engine(made)[0],
        "license_model": lambda made: _engine(made)[1],
        "hosted_zone_id": _rds_zone,
        "allocated_storage": lambda made: 20,
        "availability_zone": lambda made: f"{made.context.region}{next(iter(zones(made.context)))}",
        "backup_retention_period": lambda made: 0,
        "backup_target": lambda made: "region",
        "backup_window": lambda made: f"{_window(made.seed)[0]:02}:00-{_window(made.seed)[0]:02}:30",
        "maintenance_window": lambda made: (
            f"sun:{_window(made.seed)[1]:02}:00-sun:{_window(made.seed)[1]:02}:30"
        ),
        "ca_cert_identifier": lambda made: "rds-ca-rsa2048-g1",
        "database_insights_mode": lambda made: "standard",
        "engine": lambda made: "postgres",
        "engine_version": _db_version,
        "engine_version_actual": _db_version,
        "engine_lifecycle_support": lambda made: "open-source-rds-extended-support",
        "db_subnet_group_name": lambda made: "default",
        "iops": lambda made: 3000 if made.planned.get("storage_type") == "gp3" else 0,
        "kms_key_id": lambda made: (
            _aws_key(made, "rds") if made.planned.get("storage_encrypted") is True else ""
        ),
        "latest_restorable_time": lambda made: MOMENT,
        "master_user_secret": _db_secret,
        "master_user_secret_kms_key_id": _db_secret_key,
        "network_type": lambda made: "IPV4",
        "option_group_name": lambda made: _db_group(made, "option"),
        "parameter_group_name": lambda made: _db_group(made, "parameter"),
        "performance_insights_kms_key_id": _db_insights,
        "performance_insights_retention_period": lambda made: (
            7 if made.planned.get("performance_insights_enabled") is True else 0
        ),
        "status": lambda made: "available",
        "storage_throughput": lambda made: 125 if made.planned.get("storage_type") == "gp3" else 0,
        "storage_type": lambda made: "gp2",
        "username": lambda made: "",
        "vpc_security_group_ids": lambda made: [f"sg-0{hexadecimal(f'{made.seed} group', 16)}"],
    },
    "aws_elasticache_replication_group": {
        "id": lambda made: made.planned.get("replication_group_id"),
        "arn": lambda made: (
            f"arn:{made.context.partition}:elasticache:{made.context.region}:{made.context.account}"
            f":replicationgroup:{made.planned.get('replication_group_id')}"
        ),
        "primary_endpoint_address": lambda made: _cache_address(made, "primary"),
        "reader_endpoint_address": lambda made: _cache_address(made, "reader"),
        "configuration_endpoint_address": lambda made: _cache_address(made, "configuration"),
        "cluster_enabled": _cache_clustered,
        "cluster_mode": lambda made: "enabled" if _cache_clustered(made) else "disabled",
        "member_clusters": _cache_members,
        "num_cache_clusters": _cache_clusters,
        "num_node_groups": lambda made: 1,
        "replicas_per_node_group": lambda made: max(_cache_clusters(made) - 1, 0),
        "engine": lambda made: "redis",
        "engine_version": lambda made: "7.1",
        "engine_version_actual": _cache_version,
        "parameter_group_name": _cache_group,
        "at_rest_encryption_enabled": lambda made: "false",
        "auto_minor_version_upgrade": lambda made: "true",
        "ip_discovery": lambda made: "ipv4",
        "network_type": lambda made: "ipv4",
        "node_type": lambda made: "cache.t3.micro",
        "subnet_group_name": lambda made: "default",
        "maintenance_window": lambda made: (
            f"sun:{_window(made.seed)[1]:02}:00-sun:{_window(made.seed)[1] + 1:02}:00"
        ),
        "snapshot_window": lambda made: f"{_window(made.seed)[0]:02}:00-{_window(made.seed)[0] + 1:02}:00",
        "transit_encryption_mode": lambda made: (
            "required" if made.planned.get("transit_encryption_enabled") is True else ""
        ),
    },
    "aws_db_subnet_group": {"supported_network_types": lambda made: ["IPV4"]},
    "aws_autoscaling_group": {
        "availability_zones": _placed,
    },
    "aws_route53_zone": {
        "name_servers": lambda made: [
            f"ns-{characters(f'{made.seed} {top}', 4, _DIGITS[1:])}.awsdns-{number:02}.{top}"
            for number, top in enumerate(("co.uk", "com", "net", "org"), 11)
        ]
    },
}
