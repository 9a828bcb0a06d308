"""Data sources: what AWS answers that stacks ask for, in the form that the provider gives it.

What a stack's own configuration decides (policy documents) is computed as the provider does. What is
the same for everybody (zones, managed policies, accounts of load balancers) comes from the data file.
Everything else is found, whatever was asked for, with made-up values of the right shape.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mock_provider import facts, identifiers
from mock_provider.identifiers import Block, Context, State, characters, hexadecimal, prefix_list_id
from mock_provider.values import UNKNOWN


def read(terraform_type: str, config: State, schema_block: Block, context: Context) -> State:
    """The data source's state: `config` with everything that is computed.

    Args:
        terraform_type: such as aws_availability_zones.
        config: its arguments, all known; not changed.
        schema_block: the type's block, in the form that `mock_provider.schema` gives.
        context: where the provider is; a region given in the data source itself goes before.
    """
    region = config.get("region")
    if isinstance(region, str) and terraform_type != "aws_region":
        context = replace(context, region=region)
    answers = _READERS[terraform_type](config, context) if terraform_type in _READERS else {}
    state = {**config, **{name: value for name, value in answers.items() if name in _names(schema_block)}}
    for name, default in facts.load_data_defaults(terraform_type).items():
        if state.get(name) is None:
            state[name] = default
    if "region" in schema_block["attributes"] and state.get("region") is None:
        state["region"] = context.region
    asked = {
        name: UNKNOWN
        if attribute.get("computed") and state.get(name) is None and name not in answers
        else state.get(name)
        for name, attribute in schema_block["attributes"].items()
    }
    blocks = {name: state.get(name) for name in schema_block["block_types"]}
    return identifiers.fill(terraform_type, {**asked, **blocks}, schema_block, context)


def _names(block: Block) -> set[str]:
    return {*block["attributes"], *block["block_types"]}


def _availability_zones(config: State, context: Context) -> State:
    """The region's zones; local and wavelength zones are not among them."""
    zones = [
        (f"{context.region}{letter}", zone_id)
        for letter, zone_id in sorted(identifiers.zones(context).items())
    ]
    unwanted = {*(config.get("exclude_names") or ()), *(config.get("exclude_zone_ids") or ())}
    for wanted in config.get("filter") or []:
        values = wanted.get("values") or []
        if wanted.get("name") == "zone-name":
            zones = [zone for zone in zones if zone[0] in values]
        elif wanted.get("name") == "zone-id":
            zones = [zone for zone in zones if zone[1] in values]
        elif values and wanted.get("name") in _USUAL and _USUAL[wanted["name"]] not in values:
            zones = []
    kept = [zone for zone in zones if not unwanted & {*zone}]
    if config.get("state") not in (None, "available"):
        kept = []
    return {
        "id": context.region,
        "names": [name for name, _ in kept],
        "zone_ids": [zone_id for _, zone_id in kept],
        "group_names": [f"{context.region}-zg-1"] if kept else [],
    }


# What all ordinary zones have in common.
_USUAL = {"zone-type": "availability-zone", "opt-in-status": "opt-in-not-required", "state": "available"}


def _availability_zone(config: State, context: Context) -> State:
    named = {f"{context.region}{letter}": zone_id for letter, zone_id in identifiers.zones(context).items()}
    by_id = {zone_id: name for name, zone_id in named.items()}
    name = config.get("name") or by_id.get(str(config.get("zone_id"))) or next(iter(named))
    return {
        "id": name,
        "name": name,
        "name_suffix": str(name).removeprefix(context.region),
        "zone_id": named.get(str(name), ""),
        "group_name": f"{context.region}-zg-1",
        "network_border_group": context.region,
        "opt_in_status": "opt-in-not-required",
        "parent_zone_id": "",
        "parent_zone_name": "",
        "state": "available",
        "zone_type": "availability-zone",
    }


def _caller_identity(_config: State, context: Context) -> State:
    return {
        "id": context.account,
        "account_id": context.account,
        "arn": f"arn:{context.partition}:iam::{context.account}:user/mock",
        "user_id": "AIDA" + characters("caller identity", 17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    }


def _region(config: State, context: Context) -> State:
    asked = config.get("region") or config.get("name")
    endpoint = config.get("endpoint")
    if isinstance(endpoint, str):
        asked = endpoint.split(".")[1]
    name = str(asked or context.region)
    row = facts.document()["regions"].get(name, {})
    suffix = "amazonaws.com.cn" if name.startswith("cn-") else "amazonaws.com"
    return {
        "id": name,
        "name": name,
        "region": name,
        "description": row.get("name", name),
        "endpoint": f"ec2.{name}.{suffix}",
    }


def _partition(_config: State, context: Context) -> State:
    suffix = context.suffix
    return {
        "id": context.partition,
        "partition": context.partition,
        "dns_suffix": suffix,
        "reverse_dns_prefix": ".".join(reversed(suffix.split("."))),
    }


def _service_account(_config: State, context: Context) -> State:
    """The account that writes a load balancer's logs; the provider refuses the regions that have none."""
    account = str(context.region_facts().get("elb_account", ""))
    return {"id": account, "arn": f"arn:{context.partition}:iam::{account}:root"}


def _prefix_list(config: State, context: Context) -> State:
    name = _asked_name(config, "prefix-list-name") or f"com.amazonaws.{context.region}.s3"
    identity = config.get("prefix_list_id") or prefix_list_id(name, context.region)
    return {"id": identity, "name": name, "cidr_blocks": list(_PREFIXES)}


def _managed_prefix_list(config: State, context: Context) -> State:
    name = _asked_name(config, "prefix-list-name") or f"com.amazonaws.{context.region}.s3"
    identity = config.get("id") or prefix_list_id(name, context.region)
    return {
        "id": identity,
        "name": name,
        "address_family": "IPv6" if name.endswith(".ipv6") or ".ipv6." in name else "IPv4",
        "arn": f"arn:{context.partition}:ec2:{context.region}:aws:prefix-list/{identity}",
        "entries": [{"cidr": cidr, "description": ""} for cidr in _PREFIXES],
        # What such a list counts as in a security group's rules is not told by AWS for its own lists.
        "max_entries": 0,
        "owner_id": "AWS",
        "version": 0,
        "tags": {},
    }


# Not AWS's own ranges, which change by the day: the ranges kept for documentation (RFC 5737).
_PREFIXES = ("192.0.2.0/24", "198.51.100.0/24")


def _asked_name(config: State, filter_name: str) -> str:
    for wanted in config.get("filter") or []:
        if wanted.get("name") == filter_name and wanted.get("values"):
            return str(wanted["values"][0])
    return str(config.get("name") or "")


def _generation(context: Context) -> str:
    return f" {context.images}" if context.images else ""


def _ssm_parameter(config: State, context: Context) -> State:
    """A parameter's value: an image for AWS's public parameters of images, else a word that says what it is.

    Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html.
    """
    name = str(config.get("name"))
    public = name.startswith("/aws/service/")
    account = "" if public else context.account
    secret = name.startswith("/aws/reference/secretsmanager/")
    if public and any(
        word in name for word in ("ami-", "image", "/eks/", "/ecs/", "/canonical/", "/debian/")
    ):
        value = f"ami-0{hexadecimal(f'ami {context.region} {name}{_generation(context)}', 16)}"
    else:
        value = f"mock-value-of-{name.strip('/').replace('/', '-')}"
    return {
        "id": name,
        "arn": f"arn:{context.partition}:ssm:{context.region}:{account}:parameter/{name.removeprefix('/')}",
        "type": "SecureString" if secret else "String",
        "value": value,
        "insecure_value": None if secret else value,
        "version": 1,
    }


def _ami(config: State, context: Context) -> State:
    filters = {one.get("name"): (one.get("values") or [""])[0] for one in config.get("filter") or []}
    pattern = str(filters.get("name") or config.get("name_regex") or "image")
    newer = _generation(context) if "*" in pattern or config.get("name_regex") else ""
    asked = json.dumps(filters, sort_keys=True) + newer
    identity = f"ami-0{hexadecimal(f'ami {context.region} {pattern} {asked}', 16)}"
    name = pattern.replace("*", "20260101").replace("?", "0").strip("^$")
    owner = str((config.get("owners") or ["amazon"])[0])
    return {
        "id": identity,
        "image_id": identity,
        "arn": f"arn:{context.partition}:ec2:{context.region}::image/{identity}",
        "name": name,
        "description": name,
        "architecture": filters.get("architecture") or ("arm64" if "arm64" in pattern else "x86_64"),
        "creation_date": "2026-01-01T00:00:00.000Z",
        "hypervisor": "xen",
        "image_location": f"amazon/{name}",
        "image_type": "machine",
        "image_owner_alias": owner if not owner.isdigit() else "",
        "owner_id": owner if owner.isdigit() else "137112412989",
        "ena_support": True,
        "public": True,
        "root_device_name": "/dev/xvda",
        "root_device_type": "ebs",
        "root_snapshot_id": f"snap-0{hexadecimal(identity, 16)}",
        "sriov_net_support": "simple",
        "state": "available",
        "virtualization_type": "hvm",
        "imds_support": "v2.0",
        "boot_mode": "uefi-preferred",
    }


def _managed_policy(kind: str) -> Callable[[State, Context], State]:
    """A CloudFront policy that AWS manages, by its name or id; any other is found too, with a made-up id."""

    def reader(config: State, context: Context) -> State:
        known: dict[str, dict[str, Any]] = facts.document()["cloudfront_policies"][kind]
        name, identity = config.get("name"), config.get("id")
        if not isinstance(name, str):
            name = next((one for one, row in known.items() if row["id"] == identity), f"policy-{identity}")
        row = known.get(name, {})
        found = row.get("id") or identity or identifiers.uuid(f"{kind} {name}")
        settings = {key: value for key, value in row.items() if key != "id"}
        return {
            "id": found,
            "name": name,
            "arn": f"arn:{context.partition}:cloudfront::{'' if row else context.account}:{kind}/{found}",
            "comment": "",
            "etag": "E" + characters(f"{kind} {name}", 13, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
            **settings,
        }

    return reader


def _vpc(config: State, _context: Context) -> State:
    return {"cidr_block": config.get("cidr_block") or "10.0.0.0/16", "instance_tenancy": "default"}


def _vpcs(_config: State, context: Context) -> State:
    return {"id": context.region, "ids": [f"vpc-0{hexadecimal(f'vpcs {context.region}', 16)}"]}


def _subnet(config: State, context: Context) -> State:
    zone = config.get("availability_zone") or f"{context.region}{next(iter(identifiers.zones(context)))}"
    return {"cidr_block": config.get("cidr_block") or "10.0.0.0/24", "availability_zone": zone}


def _ids(prefix: str, count: int) -> Callable[[State, Context], State]:
    def reader(config: State, context: Context) -> State:
        seed = f"{prefix} {context.region} {json.dumps(config, sort_keys=True, default=str)}"
        found = [f"{prefix}-0{hexadecimal(f'{seed} {number}', 16)}" for number in range(count)]
        return {"id": context.region, "ids": found}

    return reader


def _zone(config: State, context: Context) -> State:
    name = str(config.get("name") or "example.com").rstrip(".")
    identity = config.get("zone_id") or "Z" + characters(
        f"zone {name}", 20, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    )
    servers = [
        f"ns-{number}.awsdns-{number:02}.{top}"
        for number, top in enumerate(("com", "net", "org", "co.uk"), 1)
    ]
    return {
        "id": identity,
        "zone_id": identity,
        "name": name,
        "arn": f"arn:{context.partition}:route53:::hostedzone/{identity}",
        "name_servers": servers,
        "primary_name_server": servers[0],
    }


def _kms_key(config: State, context: Context) -> State:
    asked = str(config.get("key_id"))
    identity = asked.rpartition("/")[2] if ":key/" in asked else asked
    if "alias/" in asked:
        identity = identifiers.uuid(f"kms {context.region} {asked}")
    return {
        "id": identity,
        "arn": f"arn:{context.partition}:kms:{context.region}:{context.account}:key/{identity}",
        "aws_account_id": context.account,
        "enabled": True,
        "key_manager": "AWS" if "alias/aws/" in asked else "CUSTOMER",
        "key_state": "Enabled",
        "key_usage": "ENCRYPT_DECRYPT",
        "key_spec": "SYMMETRIC_DEFAULT",
        "customer_master_key_spec": "SYMMETRIC_DEFAULT",
        "origin": "AWS_KMS",
        "creation_date": identifiers.MOMENT,
    }


def _kms_alias(config: State, context: Context) -> State:
    name = str(config.get("name"))
    place = f"arn:{context.partition}:kms:{context.region}:{context.account}"
    key = identifiers.uuid(f"kms {context.region} {name}")
    return {
        "id": f"{place}:{name}",
        "arn": f"{place}:{name}",
        "target_key_id": key,
        "target_key_arn": f"{place}:key/{key}",
    }


def _session_context(config: State, context: Context) -> State:
    """Who is behind an assumed role.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
    """
    arn = str(config.get("arn"))
    if ":assumed-role/" not in arn:
        return {"id": arn, "issuer_arn": arn, "issuer_id": "", "issuer_name": "", "session_name": ""}
    _, role, session = arn.rsplit("/", 2)
    return {
        "id": arn,
        "issuer_arn": f"arn:{context.partition}:iam::{context.account}:role/{role}",
        "issuer_id": "AROA" + characters(role, 17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
        "issuer_name": role,
        "session_name": session,
    }


def _service_principal(config: State, context: Context) -> State:
    service = str(config.get("service_name"))
    region = str(config.get("region") or context.region)
    suffix = "amazonaws.com"
    return {
        "id": f"{service}.{region}.{suffix}",
        "name": f"{service}.{suffix}",
        "service_name": service,
        "suffix": suffix,
        "region": region,
    }


def _service(config: State, context: Context) -> State:
    service = str(config.get("service_id") or str(config.get("reverse_dns_name") or "").rpartition(".")[2])
    region = str(config.get("region") or context.region)
    reverse = ".".join(reversed(context.suffix.split(".")))
    return {
        "id": f"{service}.{region}.{context.suffix}",
        "dns_name": f"{service}.{region}.{context.suffix}",
        "partition": context.partition,
        "region": region,
        "reverse_dns_name": f"{reverse}.{region}.{service}",
        "reverse_dns_prefix": reverse,
        "service_id": service,
        "supported": True,
    }


def _vpc_endpoint_service(config: State, context: Context) -> State:
    reverse = ".".join(reversed(context.suffix.split(".")))
    name = str(config.get("service_name") or f"{reverse}.{context.region}.{config.get('service')}")
    kind = config.get("service_type") or (
        "Gateway" if name.rpartition(".")[2] in ("s3", "dynamodb") else "Interface"
    )
    return {
        "service_name": name,
        "service_type": kind,
        "id": str(zlib.crc32(name.encode())),
        "availability_zones": [context.region + letter for letter in identifiers.zones(context)],
        "owner": "amazon",
        "acceptance_required": False,
        "manages_vpc_endpoints": False,
        "vpc_endpoint_policy_supported": True,
        "service_regions": [context.region],
    }


def _ip_ranges(config: State, context: Context) -> State:
    """Ranges kept for documentation, in place of AWS's, which change by the day (RFC 5737, RFC 3849)."""
    return {
        "id": "0",
        "cidr_blocks": list(_PREFIXES),
        "ipv6_cidr_blocks": ["2001:db8::/32"],
        "create_date": "2026-01-01-00-00-00",
        "sync_token": 0,
    }


def _canonical_user(_config: State, context: Context) -> State:
    return {"id": hexadecimal(f"canonical user {context.account}", 64), "display_name": ""}


def _secret_version(config: State, context: Context) -> State:
    """A secret's value: never one that could be taken for real."""
    return {"secret_string": '{"username":"mock","password":"mock"}', "version_stage": "AWSCURRENT"}


def _policy_document(config: State, _context: Context) -> State:
    document = policy_document(config)
    indented = _as_go(json.dumps(document, indent=2, ensure_ascii=False))
    return {
        "id": str(zlib.crc32(indented.encode())),
        "json": indented,
        "minified_json": _as_go(json.dumps(document, separators=(",", ":"), ensure_ascii=False)),
    }


def _as_go(text: str) -> str:
    """The provider writes JSON with Go's encoder, which escapes these characters within strings.

    Source: https://pkg.go.dev/encoding/json#Marshal.
    """
    for character in "&<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def policy_document(config: State) -> dict[str, Any]:
    """The policy that the data source writes: statements of the source documents, its own, the overrides.

    A statement takes the place of an earlier one with the same Sid. Single values stand without a list;
    lists are in descending order; principals and conditions are put together by kind.

    Source: https://registry.terraform.io/providers/hashicorp/aws/6.25.0/docs/data-sources/iam_policy_document,
    and internal/service/iam/policy_model.go of the provider for the order.
    """
    merged = _Policy()
    for text in config.get("source_policy_documents") or []:
        if text:
            merged.merge(_parsed(text))
    own: dict[str, Any] = {
        "Version": config.get("version") or "2012-10-17",
        "Id": config.get("policy_id") or "",
        "Statement": [_statement(one) for one in config.get("statement") or []],
    }
    merged.merge(own)
    for text in config.get("override_policy_documents") or []:
        if text:
            merged.merge(_parsed(text))
    return merged.document()


class _Policy:
    def __init__(self) -> None:
        self.version = ""
        self.id = ""
        self.statements: list[dict[str, Any]] = []

    def merge(self, other: dict[str, Any]) -> None:
        self.id = other.get("Id") or self.id
        self.version = max(self.version, other.get("Version") or "")
        for statement in other.get("Statement") or []:
            sid = statement.get("Sid")
            for position, existing in enumerate(self.statements):
                if sid and existing.get("Sid") == sid:
                    self.statements[position] = statement
                    break
            else:
                self.statements.append(statement)

    def document(self) -> dict[str, Any]:
        whole = {"Version": self.version, "Id": self.id, "Statement": self.statements}
        return {key: value for key, value in whole.items() if value}


_STATEMENT = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource")


def _statement(given: State) -> dict[str, Any]:
    whole = {
        "Sid": given.get("sid"),
        "Effect": given.get("effect") or "Allow",
        "Action": _values(given.get("actions")),
        "NotAction": _values(given.get("not_actions")),
        "Resource": _values(given.get("resources"), interpolated=True),
        "NotResource": _values(given.get("not_resources"), interpolated=True),
        "Principal": _principals(
            [
                (one.get("type"), _values(one.get("identifiers"), interpolated=True))
                for one in given.get("principals") or []
            ]
        ),
        "NotPrincipal": _principals(
            [
                (one.get("type"), _values(one.get("identifiers"), interpolated=True))
                for one in given.get("not_principals") or []
            ]
        ),
        "Condition": _conditions(
            (
                one.get("test"),
                one.get("variable"),
                [_interpolated(value) for value in one.get("values") or []],
            )
            for one in given.get("condition") or []
        ),
    }
    return {key: value for key, value in whole.items() if value}


def _values(given: list[str] | None, interpolated: bool = False) -> Any:
    values = [_interpolated(value) if interpolated else value for value in given or []]
    return values[0] if len(values) == 1 else sorted(values, key=str.encode, reverse=True)


def _interpolated(value: str | None) -> str:
    return (value or "").replace("&{", "${")


def _principals(entries: list[tuple[Any, Any]]) -> Any:
    if len(entries) == 1 and entries[0][0] == "*" and entries[0][1] in ("*", ["*"]):
        return "*"
    found: dict[str, Any] = {}
    for kind, identifiers_ in entries:
        before = found.get(kind)
        if isinstance(identifiers_, list):
            earlier = [before] if isinstance(before, str) else before or []
            found[kind] = [*earlier, *sorted(identifiers_, key=str.encode, reverse=True)]
        elif before is None:
            found[kind] = identifiers_
        else:
            found[kind] = [*([before] if isinstance(before, str) else before), identifiers_]
    return dict(sorted(found.items()))


def _conditions(entries: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, list[str]]] = {}
    for test, variable, values in entries:
        found.setdefault(test, {}).setdefault(variable, []).extend(values)
    return {
        test: {
            variable: values[0] if len(values) == 1 else values
            for variable, values in sorted(variables.items())
        }
        for test, variables in sorted(found.items())
    }


def _parsed(text: str) -> dict[str, Any]:
    """A policy given as JSON, in the data source's own form: keys it does not know are left out."""
    given = {key.lower(): value for key, value in json.loads(text).items()}
    statements = []
    for one in given.get("statement") or []:
        low = {key.lower(): value for key, value in one.items()}
        statement = {key: low[key.lower()] for key in _STATEMENT if low.get(key.lower())}
        for key in ("Principal", "NotPrincipal"):
            if low.get(key.lower()):
                statement[key] = _parsed_principals(low[key.lower()])
        if low.get("condition"):
            statement["Condition"] = _conditions(
                (test, variable, _texts(values))
                for test, variables in low["condition"].items()
                for variable, values in variables.items()
            )
        statements.append(statement)
    return {"Version": given.get("version") or "", "Id": given.get("id") or "", "Statement": statements}


def _parsed_principals(given: Any) -> Any:
    if isinstance(given, str):
        return _principals([("*", ["*"])])
    return _principals(list(given.items()))


def _texts(values: Any) -> list[str]:
    if isinstance(values, bool):
        return ["true" if values else "false"]
    return [str(value) for value in values] if isinstance(values, list) else [str(values)]


_READERS: dict[str, Callable[[State, Context], State]] = {
    "aws_ami": _ami,
    "aws_availability_zone": _availability_zone,
    "aws_availability_zones": _availability_zones,
    "aws_caller_identity": _caller_identity,
    "aws_canonical_user_id": _canonical_user,
    "aws_cloudfront_cache_policy": _managed_policy("cache-policy"),
    "aws_cloudfront_origin_request_policy": _managed_policy("origin-request-policy"),
    "aws_cloudfront_response_headers_policy": _managed_policy("response-headers-policy"),
    "aws_ec2_managed_prefix_list": _managed_prefix_list,
    "aws_elb_service_account": _service_account,
    "aws_iam_policy_document": _policy_document,
    "aws_iam_session_context": _session_context,
    "aws_instances": _ids("i", 2),
    "aws_ip_ranges": _ip_ranges,
    "aws_kms_alias": _kms_alias,
    "aws_kms_key": _kms_key,
    "aws_partition": _partition,
    "aws_prefix_list": _prefix_list,
    "aws_region": _region,
    "aws_route53_zone": _zone,
    "aws_route_tables": _ids("rtb", 2),
    "aws_secretsmanager_secret_version": _secret_version,
    "aws_security_groups": _ids("sg", 1),
    "aws_service": _service,
    "aws_service_principal": _service_principal,
    "aws_ssm_parameter": _ssm_parameter,
    "aws_subnet": _subnet,
    "aws_subnets": _ids("subnet", 3),
    "aws_vpc": _vpc,
    "aws_vpc_endpoint_service": _vpc_endpoint_service,
    "aws_vpcs": _vpcs,
}
