"""Refusals that take several arguments together, or the region: one function a type.

The provider's own are in its CustomizeDiff and ConfigValidators functions; AWS's are in the service's
API reference, named at each function. What a value that is not known yet could still make right is
not refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

from mock_provider import catalogue, facts
from mock_provider.argument_checks import (
    Refusal,
    day_window,
    failure,
    is_set,
    places,
    week_window,
    windows_meet,
)
from mock_provider.values import UNKNOWN, Path, has_unknown

State = dict[str, Any]
Kind = Literal["resource", "data", "provider"]

_COMBINATION = "Invalid Attribute Combination"


def check(kind: Kind, terraform_type: str, config: State, region: str | None) -> list[Refusal]:
    """What is wrong with the arguments taken together; see `mock_provider.refusals.check`."""
    found = list(_regions(kind, config, region))
    rule = _RULES.get((kind, terraform_type))
    if rule is not None:
        found += rule(config, region)
    return found


def _regions(kind: Kind, config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html."""
    given = config.get("region")
    if isinstance(given, str) and given not in facts.document()["regions"]:
        yield Refusal(("region",), f"invalid AWS Region: {given}")
    for name in ("availability_zone",) if kind == "resource" else ():
        yield from _zone(config.get(name), region, (name,))


def _zone(zone: Any, region: str | None, at: Path) -> Iterator[Refusal]:
    zones = facts.document()["regions"].get(region, {}).get("zones") if region else None
    if not isinstance(zone, str) or not zone or not zones or len(zone.split("-")) > 3:
        return
    offered = [f"{region}{letter}" for letter in zones]
    if zone not in offered:
        wrong = f"Value ({zone}) for parameter availabilityZone is invalid."
        yield Refusal(at, f"InvalidParameterValue: {wrong}", f"{region} has {', '.join(offered)}.")


def _known(value: Any) -> bool:
    return value is not None and value is not UNKNOWN


def _blocks(config: State, name: str) -> list[tuple[Path, State]]:
    given = config.get(name)
    if not isinstance(given, list):
        return []
    return [((name, position), one) for position, one in enumerate(given) if isinstance(one, dict)]


def _one(config: State, name: str) -> State:
    """The single block of that name; empty when it is not given."""
    given = config.get(name)
    return given[0] if isinstance(given, list) and given and isinstance(given[0], dict) else {}


def _unset(config: State, name: str) -> bool:
    return config.get(name) in (None, [], "")


def _required_when(path: Path, other: str, value: object) -> Refusal:
    return Refusal(
        path, _COMBINATION, f'Attribute "{_dotted(path)}" must be specified when "{other}" is "{value}".'
    )


def _conflicts_when(path: Path, other: str, value: object) -> Refusal:
    return Refusal(
        path, _COMBINATION, f'Attribute "{_dotted(path)}" cannot be specified when "{other}" is "{value}".'
    )


def _dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _invalid(path: Path, words: str, detail: str = "") -> Refusal:
    return Refusal(path, f"InvalidParameterValue: {words}", detail)


# --- policies -------------------------------------------------------------------------------------

_POLICY_ELEMENTS = frozenset(
    (
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    )
)


def _policy(text: Any, at: Path, use: Literal["trust", "identity", "resource"]) -> Iterator[Refusal]:
    """A policy's grammar, and what its use asks for.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
    """
    try:
        document = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return
    if not isinstance(document, dict):
        return
    wrong = list(_policy_faults(document, use))
    if wrong:
        yield Refusal(at, f"MalformedPolicyDocument: {wrong[0]}")


def _policy_faults(document: State, use: str) -> Iterator[str]:
    version = document.get("Version", "2008-10-17")
    if version not in ("2008-10-17", "2012-10-17"):
        yield f'The policy must contain a valid version string, got "{version}"'
    unknown = document.keys() - {"Version", "Id", "Statement"}
    if unknown:
        yield f"Syntax error: unknown element {sorted(unknown)[0]}"
    statements = document.get("Statement")
    statements = statements if isinstance(statements, list) else [statements] if statements else []
    if not statements:
        yield "Syntax error: the policy has no Statement"
    seen: set[str] = set()
    for position, statement in enumerate(statements, 1):
        if not isinstance(statement, dict):
            yield f"Syntax error: statement {position} is not an object"
            continue
        sid = statement.get("Sid")
        if isinstance(sid, str) and sid and sid in seen:
            yield f"Statement IDs (SID) in a single policy must be unique: {sid}"
        seen.add(str(sid))
        yield from (f"{words} (statement {sid or position})" for words in _statement_faults(statement, use))


def _statement_faults(statement: State, use: str) -> Iterator[str]:
    unknown = statement.keys() - _POLICY_ELEMENTS
    if unknown:
        yield f"Syntax error: unknown element {sorted(unknown)[0]}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"Effect must be Allow or Deny, got {statement.get('Effect')!r}"
    sid = statement.get("Sid")
    if use != "resource" and isinstance(sid, str) and not re.fullmatch(r"[0-9A-Za-z]*", sid):
        yield f"Statement IDs (SID) must be alpha-numeric: {sid}"
    actions = [name for name in ("Action", "NotAction") if name in statement]
    if len(actions) != 1:
        yield "Policy statement must contain actions: Action or NotAction"
    for action in _texts(statement.get(actions[0]) if actions else None):
        if action != "*" and not re.fullmatch(r"[\w-]+:[\w*?]+", action):
            yield f"Actions must be prefixed with a vendor and a colon: {action}"
        elif use == "trust" and not re.match(r"sts:|\*", action, re.I):
            yield f"AssumeRole policy may only specify STS AssumeRole actions: {action}"
    principals = {"Principal", "NotPrincipal"} & statement.keys()
    resources = {"Resource", "NotResource"} & statement.keys()
    if use == "identity" and principals:
        yield "Policy document should not specify a principal."
    if use != "identity" and not principals:
        yield "Missing required field Principal"
    if use == "trust" and resources:
        yield "Has prohibited field Resource"
    if use != "trust" and not resources:
        yield "Policy statement must contain resources."


def _texts(value: Any) -> list[str]:
    return (
        [str(one) for one in value] if isinstance(value, list) else [value] if isinstance(value, str) else []
    )


def _policy_rule(use: Literal["trust", "identity", "resource"], *names: str) -> _Rule:
    def rule(config: State, _region: str | None) -> Iterator[Refusal]:
        for name in names:
            yield from _policy(config.get(name), (name,), use)

    return rule


# --- VPC ------------------------------------------------------------------------------------------


def _subnet(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html."""
    block = config.get("cidr_block")
    if isinstance(block, str) and failure(block, [{"form": "cidr4"}], "cidr_block") is None:
        bits = int(block.rpartition("/")[2])
        if not 16 <= bits <= 28:
            yield Refusal(
                ("cidr_block",),
                f"InvalidSubnet.Range: The CIDR '{block}' is invalid.",
                "From /16 to /28 is allowed.",
            )
    if (
        _unset(config, "cidr_block")
        and _unset(config, "ipv6_cidr_block")
        and config.get("ipv6_native") is not True
        and _unset(config, "ipv4_ipam_pool_id")
        and _unset(config, "ipv6_ipam_pool_id")
    ):
        yield Refusal(("cidr_block",), "MissingParameter: The request must contain the parameter cidrBlock")


def _vpc(config: State, _region: str | None) -> Iterator[Refusal]:
    if _unset(config, "cidr_block") and _unset(config, "ipv4_ipam_pool_id"):
        yield Refusal(
            ("cidr_block",),
            "MissingParameter: Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.",
        )


def _nat_gateway(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: the resource's CustomizeDiff (internal/service/ec2, resourceNATGatewayCustomizeDiff)."""
    kind = config.get("connectivity_type") or "public"
    if kind is UNKNOWN:
        return
    only_public = ("allocation_id", "secondary_allocation_ids")
    for name in only_public if kind == "private" else ("secondary_private_ip_address_count",):
        if is_set(config.get(name)):
            yield Refusal((name,), f'{name} is not supported with connectivity_type = "{kind}"')
    if config.get("availability_mode") in (None, "zonal"):
        if kind == "public" and _unset(config, "allocation_id"):
            yield Refusal(
                ("allocation_id",), "MissingParameter: The request must contain the parameter AllocationId"
            )
        if _unset(config, "subnet_id"):
            yield Refusal(("subnet_id",), "MissingParameter: The request must contain the parameter SubnetId")


_ROUTE_TARGETS = (
    "carrier_gateway_id",
    "core_network_arn",
    "egress_only_gateway_id",
    "gateway_id",
    "local_gateway_id",
    "nat_gateway_id",
    "network_interface_id",
    "odb_network_arn",
    "transit_gateway_id",
    "vpc_endpoint_id",
    "vpc_peering_connection_id",
)


def _route_table(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html."""
    destinations = ("cidr_block", "ipv6_cidr_block", "destination_prefix_list_id")
    for position, route in enumerate(config["route"] if isinstance(config.get("route"), list) else []):
        if not isinstance(route, dict):
            continue
        for names, words in ((destinations, "destination"), (_ROUTE_TARGETS, "target")):
            values = [route.get(name) for name in names]
            given = sum(_known(value) and value != "" for value in values)
            if UNKNOWN not in values and given != 1:
                yield Refusal(
                    ("route", position),
                    f"creating route: one of `{', '.join(names)}` must be specified as its {words}",
                )
        for name, form in (("cidr_block", "cidr4"), ("ipv6_cidr_block", "cidr6")):
            wrong = (
                failure(route[name], [{"form": form}], name)
                if _known(route.get(name)) and route[name]
                else None
            )
            if wrong:
                yield Refusal(("route", position), wrong)


def _security_group(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html."""
    for direction in ("ingress", "egress"):
        rules = config.get(direction)
        for position, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, dict):
                at: Path = (direction, position)
                yield from _ports(rule.get("protocol"), rule.get("from_port"), rule.get("to_port"), at, at)
                first, last = rule.get("from_port"), rule.get("to_port")
                everything = rule.get("protocol") in ("-1", "all")
                if everything and _known(first) and _known(last) and (first, last) != (0, 0):
                    yield Refusal(
                        at,
                        f"from_port ({first}) and to_port ({last}) must both be 0 to use the 'ALL' \"-1\" protocol!",
                    )


def _ports(protocol: Any, first: Any, last: Any, at: Path, at_last: Path) -> Iterator[Refusal]:
    if str(protocol).lower() in ("icmp", "icmpv6", "1", "58", "-1", "all") or protocol is UNKNOWN:
        return
    for port, where in ((first, at), (last, at_last)):
        if isinstance(port, int) and not 0 <= port <= 65535:
            yield _invalid(where, f"Invalid port: {port}. Valid are 0 to 65535.")
            return
    if isinstance(first, int) and isinstance(last, int) and first > last:
        yield _invalid(at, f"Invalid TCP/UDP port range ({first}:{last})")


_RULE_SOURCES = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")


def _security_group_rule(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: the resource's ConfigValidators, and API_IpPermission of EC2."""
    given = [name for name in _RULE_SOURCES if is_set(config.get(name))]
    names = ",".join(_RULE_SOURCES)
    if not given:
        yield Refusal(
            (),
            "Missing Attribute Configuration",
            f"Exactly one of these attributes must be configured: [{names}]",
        )
    elif len([name for name in given if config[name] is not UNKNOWN]) > 1:
        yield Refusal((), _COMBINATION, f"Exactly one of these attributes must be configured: [{names}]")
    protocol, first, last = config.get("ip_protocol"), config.get("from_port"), config.get("to_port")
    if str(protocol).lower() in ("tcp", "udp", "6", "17"):
        for name, port in (("from_port", first), ("to_port", last)):
            if port is None:
                yield Refusal((name,), f"InvalidParameterValue: {name} must be given for protocol {protocol}")
    yield from _ports(protocol, first, last, ("from_port",), ("to_port",))


def _vpc_endpoint(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html."""
    kind = config.get("vpc_endpoint_type") or "Gateway"
    interface_only = ("subnet_ids", "security_group_ids", "subnet_configuration")
    if kind == "Gateway":
        for name in interface_only:
            if is_set(config.get(name)):
                yield _conflicts_when((name,), "vpc_endpoint_type", kind)
        if config.get("private_dns_enabled") is True:
            yield _conflicts_when(("private_dns_enabled",), "vpc_endpoint_type", kind)
    elif kind == "Interface" and is_set(config.get("route_table_ids")):
        yield _conflicts_when(("route_table_ids",), "vpc_endpoint_type", kind)
    service = config.get("service_name")
    if isinstance(service, str) and not re.fullmatch(r"[\w.-]+\.[\w.-]+\.[\w.-]+", service):
        yield Refusal(
            ("service_name",), f"InvalidServiceName: The Vpc Endpoint Service '{service}' does not exist"
        )
    elif (
        kind == "Gateway"
        and isinstance(service, str)
        and service.rpartition(".")[2]
        not in (
            "s3",
            "dynamodb",
            "s3express",
        )
    ):
        yield _invalid(
            ("vpc_endpoint_type",), f"The VpcEndpoint type Gateway is not supported by service {service}"
        )
    yield from _policy(config.get("policy"), ("policy",), "resource")


def _flow_log(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html."""
    kind = config.get("log_destination_type") or "cloud-watch-logs"
    if kind == "cloud-watch-logs":
        if _unset(config, "iam_role_arn"):
            yield Refusal(
                ("iam_role_arn",),
                "MissingParameter: DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
            )
    elif kind == "s3" and is_set(config.get("iam_role_arn")):
        yield Refusal(
            ("iam_role_arn",), "InvalidParameter: DeliverLogsPermissionArn is not applicable for s3"
        )
    if kind != UNKNOWN and _unset(config, "log_destination"):
        yield Refusal(("log_destination",), "MissingParameter: LogDestination can't be empty")
    if is_set(config.get("destination_options")) and kind in ("cloud-watch-logs", "kinesis-data-firehose"):
        yield _conflicts_when(("destination_options",), "log_destination_type", kind)


def _default_security_group(config: State, region: str | None) -> Iterator[Refusal]:
    return _security_group(config, region)


# --- load balancing and Auto Scaling --------------------------------------------------------------


def _lb(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html."""
    kind = config.get("load_balancer_type") or "application"
    if kind != "application":
        return
    for name in ("subnets", "subnet_mapping"):
        given = config.get(name)
        if isinstance(given, list) and len(given) == 1 and not has_unknown(given[0]):
            yield Refusal(
                (name,),
                "ValidationError: At least two subnets in two different Availability Zones must be specified",
            )
    for name in ("access_logs", "connection_logs"):
        block = _one(config, name)
        if block and block.get("enabled") is True and _unset(block, "bucket"):
            yield Refusal(
                (name, 0, "bucket"), "ValidationError: the bucket of enabled logs must be specified"
            )


_ACTION_BLOCKS = {
    "redirect": "redirect",
    "fixed-response": "fixed_response",
    "authenticate-cognito": "authenticate_cognito",
    "authenticate-oidc": "authenticate_oidc",
    "jwt-validation": "jwt_validation",
}

_SSL_POLICY = re.compile(
    r"ELBSecurityPolicy-(2016-08|2015-05|TLS-1-[012](-Ext)?-20\d\d-\d\d|FS-[\w-]+|TLS13-1-[\w-]+-20\d\d-\d\d(-\w+)*|TLS-1-2-Ext-2018-06)"
)


def _lb_listener(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: internal/service/elbv2, listenerActionPlantimeValidate; and
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html."""
    for at, action in _blocks(config, "default_action"):
        kind = str(action.get("type")).lower()
        block = _ACTION_BLOCKS.get(kind)
        if block and _unset(action, block):
            yield _required_when((*at, block), _dotted((*at, "type")), kind)
        if kind == "forward" and _unset(action, "target_group_arn") and _unset(action, "forward"):
            either = f'"{_dotted((*at, "target_group_arn"))}" or "{_dotted((*at, "forward"))}"'
            yield Refusal(
                (*at, "type"),
                _COMBINATION,
                f'Either {either} must be specified when "{_dotted((*at, "type"))}" is "forward".',
            )
        for kind_of, other in _ACTION_BLOCKS.items():
            if kind_of != kind and kind in (*_ACTION_BLOCKS, "forward") and is_set(action.get(other)):
                yield _conflicts_when((*at, other), _dotted((*at, "type")), kind)
    protocol = config.get("protocol")
    if protocol in ("HTTPS", "TLS") and _unset(config, "certificate_arn"):
        yield Refusal(
            ("certificate_arn",), f"ValidationError: A certificate must be specified for {protocol} listeners"
        )
    if protocol in ("HTTP", "TCP", "UDP", "TCP_UDP"):
        for name in ("certificate_arn", "ssl_policy"):
            if is_set(config.get(name)) and config[name] != "":
                yield _conflicts_when((name,), "protocol", protocol)
    policy = config.get("ssl_policy")
    if isinstance(policy, str) and policy and not _SSL_POLICY.fullmatch(policy):
        yield Refusal(("ssl_policy",), f"SSLPolicyNotFound: SSL policy '{policy}' not found")


def _lb_target_group(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: the resource's CustomizeDiff (internal/service/elbv2, resourceTargetGroup), and
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html."""
    kind = config.get("target_type") or "instance"
    if kind not in ("lambda", UNKNOWN):
        for name in ("port", "protocol", "vpc_id"):
            if config.get(name) is None:
                yield _required_when((name,), "target_type", kind)
    health = _one(config, "health_check")
    protocol = str(health.get("protocol") or "").upper()
    if protocol == "TCP":
        for name in ("matcher", "path"):
            if _known(health.get(name)) and health[name] != "":
                yield _conflicts_when(("health_check", 0, name), "health_check[0].protocol", protocol)
        if kind == "lambda" or config.get("protocol") in ("HTTP", "HTTPS"):
            other, value = ("target_type", kind) if kind == "lambda" else ("protocol", config.get("protocol"))
            yield Refusal(
                ("health_check", 0, "protocol"),
                f'Attribute "health_check[0].protocol" cannot have value "TCP" when "{other}" is "{value}".',
            )
    interval, timeout = health.get("interval") or 30, health.get("timeout")
    if isinstance(timeout, int) and isinstance(interval, int) and timeout >= interval:
        yield Refusal(
            ("health_check", 0, "timeout"),
            "ValidationError: Health check interval must be greater than the timeout",
            f"The interval is {interval} seconds, the timeout {timeout}.",
        )
    matcher = health.get("matcher")
    if isinstance(matcher, str) and matcher and not re.fullmatch(r"\d{1,3}([,-]\d{1,3})*", matcher):
        yield Refusal(
            ("health_check", 0, "matcher"), f"ValidationError: Health check matcher '{matcher}' is not valid"
        )
    stickiness, target = _one(config, "stickiness"), config.get("protocol")
    if stickiness.get("type") == "app_cookie" and _unset(stickiness, "cookie_name"):
        yield _required_when(("stickiness", 0, "cookie_name"), "stickiness[0].type", "app_cookie")
    if stickiness.get("type") in ("lb_cookie", "app_cookie") and target in ("TCP", "UDP", "TLS", "TCP_UDP"):
        yield Refusal(
            ("stickiness", 0, "type"),
            f"InvalidConfigurationRequest: Stickiness type '{stickiness['type']}' is not supported for target "
            f"groups with the {target} protocol",
        )


def _autoscaling_group(config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html."""
    least, most, wanted = config.get("min_size"), config.get("max_size"), config.get("desired_capacity")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield Refusal(
            ("max_size",),
            f"ValidationError: Max bound, {most}, must be greater than or equal to min bound, {least}",
        )
    elif isinstance(wanted, int) and (
        (isinstance(most, int) and wanted > most) or (isinstance(least, int) and wanted < least)
    ):
        yield Refusal(
            ("desired_capacity",),
            f"ValidationError: Desired capacity:{wanted} must be between the specified min size:{least} and "
            f"max size:{most}",
        )
    places_ = ("vpc_zone_identifier", "availability_zones")
    if all(_unset(config, name) for name in (*places_, "availability_zone_distribution", "load_balancers")):
        yield Refusal(
            ("vpc_zone_identifier",),
            "ValidationError: At least one Availability Zone or VPC Subnet is required.",
        )
    for at, override in places(
        config, ("mixed_instances_policy", "launch_template", "override", "instance_type")
    ):
        yield from _instance_type(override, region, at)
    for preferences in places(config, ("instance_refresh", "preferences")):
        for block in preferences[1] if isinstance(preferences[1], list) else []:
            low, high = block.get("min_healthy_percentage"), block.get("max_healthy_percentage")
            if isinstance(low, int) and isinstance(high, int) and high - low > 100:
                yield Refusal(
                    (*preferences[0], 0, "max_healthy_percentage"),
                    "ValidationError: The difference between MaxHealthyPercentage and MinHealthyPercentage "
                    "cannot be greater than 100",
                )


def _instance_type(value: Any, region: str | None, at: Path) -> Iterator[Refusal]:
    if isinstance(value, str) and value and region:
        offered = catalogue.instance_types(region)
        if offered and value not in offered:
            yield _invalid(
                at,
                f"Invalid value '{value}' for InstanceType.",
                f"{region} does not offer it, by the list that cfn-lint carries.",
            )


def _launch_template(config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html,
    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html."""
    yield from _instance_type(config.get("instance_type"), region, ("instance_type",))
    data = config.get("user_data")
    if isinstance(data, str) and data:
        try:
            raw = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            yield Refusal(("user_data",), "InvalidUserData.Malformed: Invalid BASE64 encoding of user data.")
        else:
            if len(raw) > 16384:
                yield _invalid(("user_data",), f"User data is limited to 16384 bytes, got {len(raw)}")
    for at, mapping in _blocks(config, "block_device_mappings"):
        for position, disk in enumerate(
            mapping.get("ebs") or [] if isinstance(mapping.get("ebs"), list) else []
        ):
            if isinstance(disk, dict):
                yield from _volume(disk, (*at, "ebs", position))
    for at, interface in _blocks(config, "network_interfaces"):
        if is_set(interface.get("security_groups")) and is_set(config.get("vpc_security_group_ids")):
            yield Refusal(
                (*at, "security_groups"),
                "InvalidParameterCombination: Network interfaces and an instance-level security groups may not be "
                "specified on the same request",
            )
    if is_set(config.get("instance_type")) and is_set(config.get("instance_requirements")):
        yield Refusal(
            ("instance_requirements",),
            "InvalidParameterCombination: InstanceType and InstanceRequirements cannot both be specified",
        )


_VOLUMES = {
    # type: (least GiB, most GiB, least IOPS, most IOPS); None where IOPS cannot be chosen
    "gp2": (1, 16384, None),
    "gp3": (1, 65536, (3000, 80000)),
    "io1": (4, 16384, (100, 64000)),
    "io2": (4, 65536, (100, 256000)),
    "st1": (125, 16384, None),
    "sc1": (125, 16384, None),
    "standard": (1, 1024, None),
}


def _volume(disk: State, at: Path) -> Iterator[Refusal]:
    kind = disk.get("volume_type")
    if kind not in _VOLUMES:
        return
    least, most, iops = _VOLUMES[kind]
    size, asked = disk.get("volume_size"), disk.get("iops")
    if isinstance(size, int) and size and not least <= size <= most:
        yield _invalid(
            (*at, "volume_size"),
            f"Volume of {size}GiB is not valid for {kind}; from {least} to {most} GiB is.",
        )
    if isinstance(asked, int) and asked:
        if iops is None:
            yield Refusal(
                (*at, "iops"),
                f"InvalidParameterCombination: The parameter iops is not supported for {kind} volumes.",
            )
        elif not iops[0] <= asked <= iops[1]:
            yield _invalid(
                (*at, "iops"), f"iops of {asked} is not valid for {kind}; from {iops[0]} to {iops[1]} is."
            )
    elif kind in ("io1", "io2") and asked is None:
        yield Refusal(
            (*at, "iops"), f"MissingParameter: The parameter iops must be specified for {kind} volumes."
        )
    if kind != "gp3" and _known(disk.get("throughput")) and disk["throughput"]:
        yield Refusal(
            (*at, "throughput"),
            f"InvalidParameterCombination: The parameter throughput is not supported for {kind} volumes.",
        )


_POLICY_ARGUMENTS = {
    "SimpleScaling": ("scaling_adjustment",),
    "StepScaling": ("step_adjustment",),
    "TargetTrackingScaling": ("target_tracking_configuration",),
    "PredictiveScaling": ("predictive_scaling_configuration",),
}


def _autoscaling_policy(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html."""
    kind = config.get("policy_type") or "SimpleScaling"
    for name in _POLICY_ARGUMENTS.get(kind, ()) if isinstance(kind, str) else ():
        if config.get(name) in (None, []):
            yield _required_when((name,), "policy_type", kind)
    for at, tracking in _blocks(config, "target_tracking_configuration"):
        names = ("predefined_metric_specification", "customized_metric_specification")
        if sum(is_set(tracking.get(name)) for name in names) != 1 and not has_unknown(tracking):
            yield Refusal(at, _COMBINATION, f"Exactly one of {', '.join(names)} must be specified.")
        for position, metric in enumerate(tracking.get("predefined_metric_specification") or []):
            wanted, label = metric.get("predefined_metric_type"), metric.get("resource_label")
            where = (*at, "predefined_metric_specification", position)
            types = (
                "ASGAverageCPUUtilization",
                "ASGAverageNetworkIn",
                "ASGAverageNetworkOut",
                "ALBRequestCountPerTarget",
            )
            if isinstance(wanted, str) and wanted not in types:
                yield Refusal(
                    (*where, "predefined_metric_type"),
                    f"ValidationError: {wanted} is not one of {', '.join(types)}",
                )
            elif wanted == "ALBRequestCountPerTarget" and label is None:
                yield _required_when((*where, "resource_label"), "predefined_metric_type", wanted)
            if (
                isinstance(label, str)
                and label
                and not re.fullmatch(r"app/[^/]+/\w+/targetgroup/[^/]+/\w+", label)
            ):
                yield Refusal(
                    (*where, "resource_label"),
                    f"ValidationError: Invalid resource label {label}",
                    "It is app/NAME/ID/targetgroup/NAME/ID: the load balancer's and the target group's arn_suffix.",
                )


# --- RDS ------------------------------------------------------------------------------------------

_LOG_EXPORTS = {
    "postgres": ("iam-db-auth-error", "postgresql", "upgrade"),
    "mysql": ("audit", "error", "general", "iam-db-auth-error", "slowquery"),
    "mariadb": ("audit", "error", "general", "iam-db-auth-error", "slowquery"),
}
_RESERVED_NAMES = {
    "postgres": ("admin", "rdsadmin", "rdsrepladmin", "postgres", "template0", "template1"),
    "mysql": ("rdsadmin", "mysql", "sys", "information_schema", "performance_schema"),
    "mariadb": ("rdsadmin", "mysql", "sys", "information_schema", "performance_schema"),
}
_CERTIFICATES = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1", "rds-ca-2019")
_SMALL = re.compile(r"db\.(t2|t3|t4g)\.(micro|small)")


def _db_instance(config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html."""
    yield from _windows(config, "backup_window", "maintenance_window", 30, "backup")
    engine = config.get("engine")
    if isinstance(engine, str):
        yield from _db_engine(config, engine.lower(), region)
    copy = any(
        is_set(config.get(name))
        for name in ("replicate_source_db", "snapshot_identifier", "s3_import", "restore_to_point_in_time")
    )
    if not copy:
        if _unset(config, "engine"):
            yield Refusal(("engine",), '"engine": required field is not set')
        if _unset(config, "username"):
            yield Refusal(("username",), '"username": required field is not set')
        passwords = ("password", "password_wo", "manage_master_user_password")
        if not any(is_set(config.get(name)) for name in passwords):
            yield Refusal(
                ("password",),
                "InvalidParameterValue: The parameter MasterUserPassword must be provided",
                f"One of {', '.join(passwords)} must be specified.",
            )
    if config.get("multi_az") is True and is_set(config.get("availability_zone")):
        yield Refusal(
            ("availability_zone",),
            "InvalidParameterCombination: Requesting a specific availability zone is not valid for Multi-AZ instances.",
        )
    if is_set(config.get("kms_key_id")) and config.get("storage_encrypted") in (None, False) and not copy:
        yield Refusal(
            ("kms_key_id",), "InvalidParameterCombination: KmsKeyId requires that storage_encrypted is true"
        )
    interval = config.get("monitoring_interval")
    if isinstance(interval, int) and interval and _unset(config, "monitoring_role_arn"):
        yield Refusal(
            ("monitoring_role_arn",),
            "InvalidParameterCombination: A MonitoringRoleARN value is required if you specify a MonitoringInterval "
            f"value other than 0, got {interval}.",
        )
    yield from _db_storage(config)
    if config.get("performance_insights_enabled") in (None, False):
        for name in ("performance_insights_kms_key_id", "performance_insights_retention_period"):
            if is_set(config.get(name)) and config[name] != 0:
                yield Refusal(
                    (name,),
                    f"InvalidParameterCombination: {name} requires that performance_insights_enabled is true",
                )
    certificate = config.get("ca_cert_identifier")
    if isinstance(certificate, str) and certificate not in _CERTIFICATES:
        yield Refusal(
            ("ca_cert_identifier",), f"CertificateNotFound: CertificateIdentifier not found: {certificate}"
        )
    port = config.get("port")
    if isinstance(port, int) and not 1150 <= port <= 65535:
        yield _invalid(("port",), f"Invalid database port: {port}. Valid are 1150 to 65535.")
    if config.get("skip_final_snapshot") in (None, False) and _unset(config, "final_snapshot_identifier"):
        yield Refusal(
            ("final_snapshot_identifier",),
            "final_snapshot_identifier is required when skip_final_snapshot is false",
            "The instance can be made as it is, and cannot be deleted.",
            "warning",
        )


def _db_engine(config: State, engine: str, region: str | None) -> Iterator[Refusal]:
    versions = catalogue.engine_versions(engine)
    version = config.get("engine_version")
    if isinstance(version, str) and versions and not catalogue.matches(version, versions):
        yield Refusal(
            ("engine_version",),
            f"InvalidParameterCombination: Cannot find version {version} for {engine}",
            f"Offered, by the list that cfn-lint carries: {', '.join(versions[-12:])}.",
        )
    size = config.get("instance_class")
    if isinstance(size, str) and region:
        offered = catalogue.database_classes(engine, region)
        if offered and size not in offered:
            yield Refusal(
                ("instance_class",),
                f"InvalidParameterValue: Invalid DB Instance class: {size}",
                f"{region} does not offer it for {engine}, by the list that cfn-lint carries.",
            )
    if (
        engine in ("mysql", "mariadb")
        and isinstance(size, str)
        and _SMALL.fullmatch(size)
        and config.get("performance_insights_enabled") is True
    ):
        yield Refusal(
            ("performance_insights_enabled",),
            "InvalidParameterCombination: Performance Insights not supported for this configuration.",
        )
    for position, log in enumerate(_list(config.get("enabled_cloudwatch_logs_exports"))):
        if engine in _LOG_EXPORTS and isinstance(log, str) and log not in _LOG_EXPORTS[engine]:
            yield Refusal(
                ("enabled_cloudwatch_logs_exports", position),
                f"InvalidParameterCombination: You cannot use the log types '{log}' with engine version {engine}.",
                f"It has {', '.join(_LOG_EXPORTS[engine])}.",
            )
    for name, pattern in (
        ("db_name", r"[A-Za-z_]\w{0,62}" if engine == "postgres" else r"[A-Za-z]\w{0,63}"),
        ("username", r"[A-Za-z]\w{0,62}" if engine == "postgres" else r"[A-Za-z]\w{0,31}"),
    ):
        given = config.get(name)
        if engine not in _RESERVED_NAMES or not isinstance(given, str) or given == "":
            continue
        if not re.fullmatch(pattern, given, re.A):
            yield _invalid(
                (name,),
                f"{given} is not a valid {name} for {engine}",
                "It begins with a letter, and holds letters, digits and underscores.",
            )
        elif given.lower() in _RESERVED_NAMES[engine] and not (name == "db_name" and given == "postgres"):
            yield _invalid(
                (name,), f"{given} cannot be used as {name} as it is a reserved word used by the engine"
            )


def _db_storage(config: State) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html."""
    size, most, kind = (
        config.get("allocated_storage"),
        config.get("max_allocated_storage"),
        config.get("storage_type"),
    )
    kinds = ("standard", "gp2", "gp3", "io1", "io2")
    if isinstance(kind, str) and kind and kind not in kinds:
        yield _invalid(("storage_type",), f"Invalid storage type: {kind}. It is one of {', '.join(kinds)}.")
    if isinstance(size, int) and not 5 <= size <= 65536:
        yield _invalid(("allocated_storage",), f"Invalid storage size: {size} GiB")
    elif isinstance(size, int) and kind in ("gp2", "gp3") and size < 20:
        yield _invalid(
            ("allocated_storage",), f"Invalid storage size for storage type {kind}: {size}. At least 20 GiB."
        )
    elif isinstance(size, int) and kind in ("io1", "io2") and size < 100:
        yield _invalid(
            ("allocated_storage",), f"Invalid storage size for storage type {kind}: {size}. At least 100 GiB."
        )
    if isinstance(size, int) and isinstance(most, int) and most and most <= size:
        yield _invalid(
            ("max_allocated_storage",),
            f"Invalid max storage size: {most}. It must be greater than allocated_storage ({size}).",
        )
    iops = config.get("iops")
    if isinstance(iops, int) and iops and kind in ("gp2", "standard"):
        yield Refusal(
            ("iops",), f"InvalidParameterCombination: You can't specify IOPS for storage type {kind}"
        )
    if isinstance(iops, int) and iops and kind == "gp3" and isinstance(size, int) and size < 400:
        yield Refusal(
            ("iops",),
            "InvalidParameterCombination: You can't specify IOPS or storage throughput for a storage size "
            "less than 400.",
        )
    if kind in ("io1", "io2") and config.get("iops") is None:
        yield Refusal(("iops",), f"InvalidParameterCombination: Must specify IOPS for storage type {kind}")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _windows(config: State, daily: str, weekly: str, least: int, what: str) -> Iterator[Refusal]:
    """Two windows long enough and apart.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html,
    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/maintenance-window.html.
    """
    day, week = day_window(config.get(daily)), week_window(config.get(weekly))
    for name, window in ((daily, day), (weekly, week)):
        if window and window[1] < least:
            yield _invalid(
                (name,), f"The {name.replace('_', ' ')} must be at least {least} minutes, got {window[1]}."
            )
        elif window and name == weekly and window[1] > 1440:
            yield _invalid(
                (name,), f"The {name.replace('_', ' ')} must be less than 24 hours, got {window[1] // 60}."
            )
    if day and week and windows_meet(day, week):
        yield _invalid(
            (weekly,),
            f"The {what} window and maintenance window must not overlap.",
            f"{daily} is {config[daily]} and {weekly} is {config[weekly]}, both in UTC.",
        )


_DB_FAMILY = re.compile(
    r"(aurora-mysql\d\.\d|aurora-postgresql\d+|postgres\d+(\.\d+)?|mysql\d\.\d|mariadb\d+\.\d+|"
    r"(custom-)?oracle-(ee|se2)(-cdb)?-\d+|(custom-)?sqlserver-(ee|ex|se|web)-\d+\.\d|db2-(ae|se)-\d+\.\d)"
)


def _db_parameter_group(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBParameterGroup.html."""
    family = config.get("family")
    if isinstance(family, str) and not _DB_FAMILY.fullmatch(family):
        yield _invalid(("family",), f"ParameterGroupFamily {family} is not a valid parameter group family")
    yield from _repeated_parameters(config)


def _repeated_parameters(config: State) -> Iterator[Refusal]:
    seen: set[str] = set()
    for at, parameter in _blocks(config, "parameter"):
        name = parameter.get("name")
        if isinstance(name, str):
            if name in seen:
                yield _invalid((*at, "name"), f"the parameter {name} is given twice")
            seen.add(name)


def _db_subnet_group(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html."""
    subnets = config.get("subnet_ids")
    if isinstance(subnets, list) and len(subnets) == 1 and subnets[0] is not UNKNOWN:
        yield Refusal(
            ("subnet_ids",),
            "DBSubnetGroupDoesNotCoverEnoughAZs: The DB subnet group doesn't meet Availability Zone (AZ) "
            "coverage requirement.",
            "Add subnets to cover at least 2 AZs.",
        )


# --- ElastiCache ----------------------------------------------------------------------------------


def _replication_group(config: State, region: str | None) -> Iterator[Refusal]:
    """Source: the resource's CustomizeDiff, and
    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html."""
    yield from _windows(config, "snapshot_window", "maintenance_window", 60, "snapshot")
    failover, nodes = config.get("automatic_failover_enabled"), config.get("num_cache_clusters")
    if config.get("multi_az_enabled") is True and failover in (None, False):
        yield Refusal(
            ("automatic_failover_enabled",),
            "automatic_failover_enabled must be true if multi_az_enabled is true",
        )
    if failover is True and isinstance(nodes, int) and nodes < 2:
        yield Refusal(
            ("num_cache_clusters",),
            '"num_cache_clusters": must be at least 2 if automatic_failover_enabled is true',
        )
    if isinstance(nodes, int) and not 1 <= nodes <= 6:
        yield _invalid(("num_cache_clusters",), f"{nodes} nodes: a replication group of one shard has 1 to 6")
    engine = config.get("engine") if _known(config.get("engine")) else "redis"
    version = config.get("engine_version")
    versions = catalogue.cache_versions(str(engine).lower())
    if isinstance(version, str) and versions and not catalogue.matches(version.replace(".x", ""), versions):
        yield Refusal(
            ("engine_version",),
            f"InvalidParameterCombination: Cannot find version {version} for {engine}",
            f"Offered, by the list that cfn-lint carries: {', '.join(versions)}.",
        )
    node = config.get("node_type")
    if isinstance(node, str) and region:
        offered = catalogue.node_types(region)
        if offered and node not in offered:
            yield _invalid(
                ("node_type",),
                f"Invalid cache node type: {node}",
                f"{region} does not offer it, by the list that cfn-lint carries.",
            )
    transit = config.get("transit_encryption_enabled")
    if transit in (None, False):
        for name in ("auth_token", "user_group_ids", "transit_encryption_mode"):
            if is_set(config.get(name)):
                yield Refusal(
                    (name,),
                    f"InvalidParameterCombination: {name} requires that transit_encryption_enabled is true",
                )
    if is_set(config.get("kms_key_id")) and config.get("at_rest_encryption_enabled") in (
        None,
        "false",
        False,
    ):
        yield Refusal(
            ("kms_key_id",),
            "InvalidParameterCombination: kms_key_id requires that at_rest_encryption_enabled is true",
        )
    zones = config.get("preferred_cache_cluster_azs")
    for position, zone in enumerate(_list(zones)):
        yield from _zone(zone, region, ("preferred_cache_cluster_azs", position))
    if isinstance(zones, list) and isinstance(nodes, int) and len(zones) != nodes:
        yield _invalid(
            ("preferred_cache_cluster_azs",),
            f"{len(zones)} Availability Zones for {nodes} nodes: one is named for each node",
        )


_CACHE_FAMILY = re.compile(r"memcached1\.[456]|redis(2\.[68]|3\.2|4\.0|5\.0|6\.x|7)|valkey[789]")


def _cache_parameter_group(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheParameterGroup.html."""
    family = config.get("family")
    if isinstance(family, str) and not _CACHE_FAMILY.fullmatch(family):
        yield _invalid(
            ("family",), f"CacheParameterGroupFamily {family} is not a valid parameter group family."
        )
    yield from _repeated_parameters(config)


def _cache_user(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html and auth-iam.html."""
    access = config.get("access_string")
    if isinstance(access, str) and access.split()[:1] not in (["on"], ["off"]):
        yield _invalid(("access_string",), f"Access string {access!r} does not begin with on or off")
    authentication = _one(config, "authentication_mode")
    kind = authentication.get("type")
    names = [config.get("user_id"), config.get("user_name")]
    if kind == "iam" and all(map(_known, names)) and names[0] != names[1]:
        yield _invalid(
            ("user_name",), "For IAM authentication the user name and the user id must be the same"
        )
    if kind == "password" and _unset(authentication, "passwords"):
        yield _required_when(("authentication_mode", 0, "passwords"), "authentication_mode[0].type", kind)
    if kind in ("iam", "no-password-required") and is_set(authentication.get("passwords")):
        yield _conflicts_when(("authentication_mode", 0, "passwords"), "authentication_mode[0].type", kind)
    if (
        not authentication
        and _unset(config, "passwords")
        and config.get("no_password_required") in (None, False)
    ):
        yield _invalid(
            ("authentication_mode",),
            "Authentication information is missing: passwords, no_password_required or authentication_mode",
        )


# --- S3 -------------------------------------------------------------------------------------------


def _bucket(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html."""
    for name, least in (("bucket", 3), ("bucket_prefix", 1)):
        given = config.get(name)
        if not isinstance(given, str) or not given:
            continue
        wrong = (
            f"must contain from 3 to 63 characters, got {len(given)}"
            if not least <= len(given) <= 63
            else "holds lowercase letters, digits, hyphens and periods only"
            if not re.fullmatch(r"[0-9a-z.-]+", given)
            else "begins and ends with a letter or a digit"
            if not given[0].isalnum() or (name == "bucket" and not given[-1].isalnum())
            else "has no two periods in a row"
            if ".." in given
            else "is not an IP address"
            if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", given)
            else "does not begin with xn--, sthree- or amzn-s3-demo-"
            if given.startswith(("xn--", "sthree-", "amzn-s3-demo-"))
            else "does not end in -s3alias, --ol-s3, .mrap, --x-s3 or --table-s3"
            if name == "bucket" and given.endswith(("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"))
            else ""
        )
        if wrong:
            yield Refusal((name,), f"validating S3 Bucket ({given}) name: a {name.replace('_', ' ')} {wrong}")


_CLASS_ORDER = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")


def _lifecycle(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html."""
    seen: set[str] = set()
    for at, rule in _blocks(config, "rule"):
        name = rule.get("id")
        if isinstance(name, str) and name in seen:
            yield Refusal(
                (*at, "id"),
                f"InvalidArgument: Rule ID must be unique. Found same ID for more than one rule: {name}",
            )
        seen.add(str(name))
        actions = (
            "abort_incomplete_multipart_upload",
            "expiration",
            "noncurrent_version_expiration",
            "noncurrent_version_transition",
            "transition",
        )
        if all(_unset(rule, action) for action in actions):
            yield Refusal(at, "MalformedXML: At least one action needs to be specified in a rule")
        expiry = _one(rule, "expiration").get("days")
        previous = -1
        for position, transition in enumerate(_list(rule.get("transition"))):
            days, kind = transition.get("days"), transition.get("storage_class")
            where = (*at, "transition", position)
            if isinstance(days, int) and kind in ("STANDARD_IA", "ONEZONE_IA") and days < 30:
                yield Refusal(
                    where,
                    "InvalidArgument: 'Days' in Transition action must be greater than or equal to 30 for "
                    f"storageClass '{kind}'",
                )
            if isinstance(days, int) and isinstance(expiry, int) and expiry and days >= expiry:
                yield Refusal(
                    (*at, "expiration"),
                    f"InvalidArgument: 'Days' in the Expiration action ({expiry}) must be greater than 'Days' in "
                    f"the Transition action ({days})",
                )
            if kind in _CLASS_ORDER:
                previous = max(previous, _CLASS_ORDER.index(kind))
        if rule.get("filter") not in (None, []) and isinstance(rule.get("prefix"), str) and rule["prefix"]:
            yield Refusal((*at, "prefix"), _COMBINATION, "Only one of filter and prefix can be specified.")


def _bucket_encryption(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html."""
    for at, rule in _blocks(config, "rule"):
        default = _one(rule, "apply_server_side_encryption_by_default")
        kind = default.get("sse_algorithm")
        if (
            kind == "AES256"
            and is_set(default.get("kms_master_key_id"))
            and default["kms_master_key_id"] != ""
        ):
            where = (*at, "apply_server_side_encryption_by_default", 0, "kms_master_key_id")
            yield Refusal(
                where,
                "InvalidArgument: a KMS key is not applicable if the default sse algorithm is not aws:kms or "
                "aws:kms:dsse",
            )


def _target_prefix(config: State, _region: str | None) -> Iterator[Refusal]:
    bucket, target = config.get("bucket"), config.get("target_bucket")
    if isinstance(bucket, str) and bucket == target:
        yield Refusal(
            ("target_bucket",),
            "The bucket logs to itself",
            "Each delivered log is then logged in its turn: AWS allows it, and advises a bucket of its own.",
            "warning",
        )


# --- CloudFront -----------------------------------------------------------------------------------

_METHODS = (
    {"GET", "HEAD"},
    {"GET", "HEAD", "OPTIONS"},
    {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"},
)
_ERROR_CODES = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)


def _distribution(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html."""
    origins: set[Any] = set()
    for at, origin in (*_blocks(config, "origin"), *_blocks(config, "origin_group")):
        identity = origin.get("origin_id")
        if isinstance(identity, str) and identity in origins:
            yield Refusal((*at, "origin_id"), f"DuplicateOriginIds: the origin id {identity} is given twice")
        origins.add(identity)
        own, bucket = origin.get("custom_origin_config"), origin.get("s3_origin_config")
        if is_set(own) and is_set(bucket):
            yield Refusal(
                (*at, "custom_origin_config"),
                _COMBINATION,
                "Only one of s3_origin_config and custom_origin_config can be specified.",
            )
        domain = origin.get("domain_name")
        if isinstance(domain, str) and not re.fullmatch(r"[A-Za-z0-9._*-]+\.[A-Za-z0-9.-]+", domain):
            yield _invalid(
                (*at, "domain_name"),
                f"The parameter Origin DomainName does not refer to a valid host name: {domain}",
            )
    behaviours = _blocks(config, "default_cache_behavior") + _blocks(config, "ordered_cache_behavior")
    for at, behaviour in behaviours:
        target = behaviour.get("target_origin_id")
        if isinstance(target, str) and target not in origins and UNKNOWN not in origins:
            yield Refusal(
                (*at, "target_origin_id"),
                "NoSuchOrigin: One or more of your origins or origin groups do not exist.",
                f"There is no origin {target}.",
            )
        yield from _behaviour(behaviour, at)
    paths = [behaviour.get("path_pattern") for _, behaviour in _blocks(config, "ordered_cache_behavior")]
    for position, pattern in enumerate(paths):
        if isinstance(pattern, str) and pattern in paths[:position]:
            yield _invalid(
                ("ordered_cache_behavior", position, "path_pattern"),
                f"the path pattern {pattern} is given twice",
            )
    yield from _viewer_certificate(config)
    for at, response in _blocks(config, "custom_error_response"):
        code = response.get("error_code")
        if isinstance(code, int) and code not in _ERROR_CODES:
            yield _invalid((*at, "error_code"), f"Your request contains an invalid error code: {code}")
        page, answer = response.get("response_page_path"), response.get("response_code")
        if (page in (None, "")) != (answer in (None, 0)) and not has_unknown(response):
            yield _invalid(at, "response_code and response_page_path must be specified together")
        if isinstance(page, str) and page and not page.startswith("/"):
            yield _invalid(
                (*at, "response_page_path"), f"The response page path must begin with a slash: {page}"
            )
    geo = _one(_one(config, "restrictions"), "geo_restriction")
    where = ("restrictions", 0, "geo_restriction", 0, "locations")
    if geo.get("restriction_type") in ("whitelist", "blacklist") and geo.get("locations") in (None, []):
        yield _required_when(where, "restriction_type", geo["restriction_type"])
    if geo.get("restriction_type") == "none" and _list(geo.get("locations")):
        yield _conflicts_when(where, "restriction_type", "none")


def _behaviour(behaviour: State, at: Path) -> Iterator[Refusal]:
    allowed, cached = behaviour.get("allowed_methods"), behaviour.get("cached_methods")
    if isinstance(allowed, list) and not has_unknown(allowed) and set(allowed) not in _METHODS:
        yield _invalid(
            (*at, "allowed_methods"),
            f"allowed_methods {sorted(allowed)} is not one of GET, HEAD; GET, HEAD, OPTIONS; or all seven methods",
        )
    if isinstance(cached, list) and not has_unknown(cached) and set(cached) not in _METHODS[:2]:
        yield _invalid(
            (*at, "cached_methods"),
            f"cached_methods {sorted(cached)} is not one of GET, HEAD; GET, HEAD, OPTIONS",
        )
    if (
        _known(behaviour.get("cache_policy_id"))
        and behaviour["cache_policy_id"]
        and is_set(behaviour.get("forwarded_values"))
    ):
        yield _invalid(
            (*at, "forwarded_values"),
            "The parameter ForwardedValues cannot be used when a cache policy is associated to the cache behavior.",
        )
    if behaviour.get("cache_policy_id") in (None, "") and behaviour.get("forwarded_values") in (None, []):
        yield _invalid(
            (*at, "cache_policy_id"),
            "The parameter ForwardedValues is required: give cache_policy_id or forwarded_values.",
        )
    kinds = [function.get("event_type") for function in _list(behaviour.get("function_association"))]
    for kind in {kind for kind in kinds if isinstance(kind, str) and kinds.count(kind) > 1}:
        yield _invalid((*at, "function_association"), f"two functions for the event {kind}")
    for function in _list(behaviour.get("function_association")):
        if isinstance(function.get("event_type"), str) and function["event_type"].startswith("origin-"):
            yield _invalid(
                (*at, "function_association"),
                f"CloudFront functions run at viewer events alone, not at {function['event_type']}",
            )


def _viewer_certificate(config: State) -> Iterator[Refusal]:
    certificate = _one(config, "viewer_certificate")
    at = ("viewer_certificate", 0)
    acm, own = certificate.get("acm_certificate_arn"), certificate.get("iam_certificate_id")
    default = certificate.get("cloudfront_default_certificate")
    if isinstance(acm, str) and acm and acm.count(":") >= 5 and acm.split(":")[3] != "us-east-1":
        yield Refusal(
            (*at, "acm_certificate_arn"),
            "InvalidViewerCertificate: The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't "
            "valid, or doesn't include a valid certificate chain.",
            f"It is in {acm.split(':')[3]}.",
        )
    if (_known(acm) and acm) or (_known(own) and own):
        if _unset(certificate, "ssl_support_method"):
            yield _invalid(
                (*at, "ssl_support_method"),
                "ssl_support_method must be specified with a certificate of your own",
            )
    elif acm is None and own is None and default in (None, False) and certificate:
        yield _invalid(
            at,
            "one of acm_certificate_arn, iam_certificate_id and cloudfront_default_certificate must be specified",
        )
    names = config.get("aliases")
    if isinstance(names, list) and names and default is True:
        yield Refusal(
            ("aliases",),
            "InvalidViewerCertificate: To add an alternate domain name (CNAME) to a CloudFront distribution, you "
            "must attach a trusted certificate",
        )


def _cloudfront_function(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html."""
    name, code = config.get("name"), config.get("code")
    if isinstance(name, str) and not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
        yield _invalid(
            ("name",),
            f"{name} is not a valid function name: up to 64 letters, digits, hyphens and underscores",
        )
    if isinstance(code, str) and len(code.encode()) > 10240:
        yield Refusal(
            ("code",),
            f"FunctionSizeLimitExceeded: a function is limited to 10240 bytes, got {len(code.encode())}",
        )


def _response_headers(config: State, _region: str | None) -> Iterator[Refusal]:
    names = (
        "cors_config",
        "custom_headers_config",
        "remove_headers_config",
        "security_headers_config",
        "server_timing_headers_config",
    )
    if all(_unset(config, name) for name in names):
        yield _invalid((), f"the policy has no headers: one of {', '.join(names)} must be specified")


# --- WAF ------------------------------------------------------------------------------------------


def _web_acl(config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html."""
    if config.get("scope") == "CLOUDFRONT" and region not in (None, "us-east-1"):
        yield Refusal(
            ("scope",),
            "WAFInvalidParameterException: The scope is not valid.",
            f"A web ACL for CloudFront is made in us-east-1; here the region is {region}.",
        )
    default = _one(config, "default_action")
    if default and sum(is_set(default.get(name)) for name in ("allow", "block")) != 1:
        yield Refusal(
            ("default_action", 0), _COMBINATION, "Exactly one of allow and block must be specified."
        )
    seen: dict[str, set[Any]] = {"name": set(), "priority": set()}
    for at, rule in _blocks(config, "rule"):
        for name, given in seen.items():
            if _known(rule.get(name)) and rule[name] in given:
                yield Refusal(
                    (*at, name), f"WAFDuplicateItemException: two rules have the {name} {rule[name]}"
                )
            given.add(rule.get(name))
        statement = _one(rule, "statement")
        group = any(
            is_set(statement.get(f"{kind}_statement"))
            for kind in ("managed_rule_group", "rule_group_reference")
        )
        wanted, other = ("override_action", "action") if group else ("action", "override_action")
        if statement and is_set(rule.get(other)):
            yield Refusal(
                (*at, other),
                "WAFInvalidParameterException: A reference in your rule statement is not valid.",
                f"A rule whose statement {'is' if group else 'is not'} a rule group takes {wanted}, not {other}.",
            )
        elif statement and not has_unknown(statement) and not is_set(rule.get(wanted)):
            yield Refusal(
                (*at, wanted), "WAFInvalidParameterException: the rule has no action", f"It takes {wanted}."
            )


def _web_acl_logging(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/waf/latest/developerguide/logging-destinations.html."""
    for position, destination in enumerate(_list(config.get("log_destination_configs"))):
        if isinstance(destination, str) and destination.count(":") >= 5:
            name = re.split(r"[:/]", destination.split(":", 5)[5])
            if not any(part.startswith("aws-waf-logs-") for part in name):
                yield Refusal(
                    ("log_destination_configs", position),
                    "WAFInvalidParameterException: Error reason: The ARN isn't valid.",
                    "A destination's name begins with aws-waf-logs-.",
                )


# --- the rest -------------------------------------------------------------------------------------


def _record(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html."""
    if is_set(config.get("records")) and config.get("ttl") is None:
        yield Refusal(("ttl",), 'InvalidInput: "ttl": all of `records,ttl` must be specified')
    kind = config.get("type")
    for position, value in enumerate(_list(config.get("records"))):
        if kind in ("A", "AAAA") and isinstance(value, str):
            wrong = failure(value, [{"form": "ip4" if kind == "A" else "ip6"}], "records")
            if wrong:
                yield Refusal(("records", position), f"InvalidChangeBatch: Invalid Resource Record: {wrong}")
    if kind == "CNAME" and len(_list(config.get("records"))) > 1:
        yield Refusal(("records",), "InvalidChangeBatch: a CNAME record has one value")


def _kms_key(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html."""
    yield from _policy(config.get("policy"), ("policy",), "resource")
    spec = config.get("customer_master_key_spec")
    if config.get("enable_key_rotation") is True and spec not in (None, UNKNOWN, "SYMMETRIC_DEFAULT"):
        yield Refusal(
            ("enable_key_rotation",), f"UnsupportedOperationException: keys of {spec} cannot be rotated"
        )
    if is_set(config.get("rotation_period_in_days")) and config.get("enable_key_rotation") in (None, False):
        yield Refusal(
            ("rotation_period_in_days",),
            "ValidationException: rotation_period_in_days requires that enable_key_rotation is true",
        )


def _alarm(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: the resource's CustomizeDiff, and
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html."""
    statistics = [is_set(config.get(name)) for name in ("statistic", "extended_statistic")]
    if is_set(config.get("metric_name")) and sum(statistics) != 1:
        yield Refusal(
            ("statistic",),
            "One of `statistic` or `extended_statistic` must be set for a cloudwatch metric alarm",
        )
    for at, query in _blocks(config, "metric_query"):
        if is_set(query.get("expression")) and query["expression"] != "" and is_set(query.get("metric")):
            yield Refusal(at, "No metric_query may have both `expression` and a `metric` specified")
    period, evaluations = config.get("period"), config.get("evaluation_periods")
    if isinstance(period, int) and isinstance(evaluations, int):
        most = 604800 if period >= 3600 else 86400
        if period * evaluations > most:
            yield Refusal(
                ("evaluation_periods",),
                f"ValidationError: Metrics cannot be checked across more than {most // 86400} day(s) "
                f"(EvaluationPeriods * Period must be <= {most}).",
            )
    wanted = config.get("datapoints_to_alarm")
    if isinstance(wanted, int) and isinstance(evaluations, int) and wanted > evaluations:
        yield Refusal(
            ("datapoints_to_alarm",),
            f"ValidationError: DatapointsToAlarm ({wanted}) must be at most EvaluationPeriods ({evaluations})",
        )
    if "metric_query" in config and _unset(config, "metric_name") and _unset(config, "metric_query"):
        yield Refusal(
            ("metric_name",), "ValidationError: one of `metric_name,metric_query` must be specified"
        )


def _dashboard(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html."""
    body = config.get("dashboard_body")
    try:
        document = json.loads(body) if isinstance(body, str) else None
    except ValueError:
        return
    if document is None:
        return
    widgets = document.get("widgets") if isinstance(document, dict) else None
    if not isinstance(widgets, list):
        yield Refusal(("dashboard_body",), "InvalidParameterInput: The dashboard body has no widgets")
        return
    for position, widget in enumerate(widgets):
        width = widget.get("width", 6) if isinstance(widget, dict) else 0
        kinds = ("metric", "text", "log", "alarm", "explorer", "custom")
        if not isinstance(widget, dict) or widget.get("type") not in kinds:
            yield Refusal(
                ("dashboard_body",),
                f"InvalidParameterInput: widget {position} is not of type {', '.join(kinds)}",
            )
        elif isinstance(width, int) and not 1 <= width <= 24:
            yield Refusal(
                ("dashboard_body",),
                f"InvalidParameterInput: widget {position} is {width} wide; 1 to 24 is allowed",
            )


def _topic(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: the resource's CustomizeDiff (internal/service/sns, resourceTopicCustomizeDiff)."""
    name, fifo = config.get("name"), config.get("fifo_topic") is True
    pattern = r"[0-9A-Za-z_-]{1,251}\.fifo" if fifo else r"[0-9A-Za-z_-]{1,256}"
    if isinstance(name, str) and name and not re.fullmatch(pattern, name):
        yield Refusal(("name",), f"invalid topic name: {name}")
    if config.get("fifo_topic") in (None, False):
        if is_set(config.get("archive_policy")) and config["archive_policy"] != "":
            yield Refusal(("archive_policy",), "message archive policy can only be set for FIFO topics")
        if config.get("content_based_deduplication") is True:
            yield Refusal(
                ("content_based_deduplication",),
                "content-based deduplication can only be set for FIFO topics",
            )
    yield from _policy(config.get("policy"), ("policy",), "resource")


_ENDPOINTS = {
    "email": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address"),
    "email-json": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address"),
    "https": (r"https://\S+", "an https:// URL"),
    "http": (r"http://\S+", "an http:// URL"),
    "sqs": (r"arn:[\w-]+:sqs:.+", "the ARN of a queue"),
    "lambda": (r"arn:[\w-]+:lambda:.+", "the ARN of a function"),
    "firehose": (r"arn:[\w-]+:firehose:.+", "the ARN of a delivery stream"),
    "sms": (r"\+?[\d\s()-]{5,20}", "a telephone number"),
}


def _subscription(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html."""
    protocol, endpoint = config.get("protocol"), config.get("endpoint")
    if isinstance(protocol, str) and protocol in _ENDPOINTS and isinstance(endpoint, str):
        pattern, words = _ENDPOINTS[protocol]
        if not re.fullmatch(pattern, endpoint):
            yield Refusal(
                ("endpoint",),
                f"InvalidParameter: Invalid parameter: Endpoint: {protocol} takes {words}, got {endpoint}",
            )
    if is_set(config.get("filter_policy_scope")) and _unset(config, "filter_policy"):
        yield Refusal(("filter_policy_scope",), "filter_policy is required when filter_policy_scope is set")
    if protocol == "firehose" and _unset(config, "subscription_role_arn"):
        yield _required_when(("subscription_role_arn",), "protocol", protocol)


def _backup_plan(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRuleInput.html."""
    for at, rule in _blocks(config, "rule"):
        schedule = rule.get("schedule")
        if isinstance(schedule, str) and schedule and not _schedule(schedule):
            yield Refusal(
                (*at, "schedule"), f"InvalidParameterValueException: Invalid schedule expression: {schedule}"
            )
        start, completion = rule.get("start_window"), rule.get("completion_window")
        if isinstance(start, int) and start < 60:
            yield Refusal(
                (*at, "start_window"),
                f"InvalidParameterValueException: The start window must be at least 60 minutes, got {start}",
            )
        first = start if isinstance(start, int) else 60
        if isinstance(completion, int) and completion < first + 60:
            yield Refusal(
                (*at, "completion_window"),
                "InvalidParameterValueException: The completion window must be at least 60 minutes longer than the "
                f"start window ({first})",
            )
        life = _one(rule, "lifecycle")
        cold, delete = life.get("cold_storage_after"), life.get("delete_after")
        if isinstance(cold, int) and isinstance(delete, int) and cold and delete and delete < cold + 90:
            yield Refusal(
                (*at, "lifecycle", 0, "delete_after"),
                "InvalidParameterValueException: delete_after must be at least 90 days after cold_storage_after "
                f"({cold}), got {delete}",
            )


def _schedule(text: str) -> bool:
    """Whether it is an EventBridge schedule: `rate(2 hours)`, or a cron of six fields with one `?` for the days.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html.
    """
    if re.fullmatch(r"rate\([1-9]\d* (minute|hour|day)s?\)", text):
        return True
    match = re.fullmatch(r"cron\((.*)\)", text)
    fields = match[1].split() if match else []
    if len(fields) != 6 or (fields[2] == "?") == (fields[4] == "?"):
        return False
    ranges = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
    for field, (least, most) in zip(fields, ranges, strict=True):
        if not re.fullmatch(r"[\w*?,/#-]+", field):
            return False
        if any(not least <= int(number) <= most for number in re.findall(r"(?<![/\w#])\d+", field)):
            return False
    return True


def _log_group(config: State, _region: str | None) -> Iterator[Refusal]:
    name = config.get("name")
    if isinstance(name, str) and name.lower().startswith("aws/"):
        yield Refusal(
            ("name",),
            f"InvalidParameterException: Log groups starting with AWS/ are reserved for AWS: {name}",
        )


def _experiment(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/fis/latest/APIReference/API_CreateExperimentTemplate.html."""
    targets = {target.get("name") for _, target in _blocks(config, "target")}
    actions = {action.get("name") for _, action in _blocks(config, "action")}
    for at, action in _blocks(config, "action"):
        for position, target in enumerate(_list(action.get("target"))):
            value = target.get("value")
            if isinstance(value, str) and value not in targets and UNKNOWN not in targets:
                yield Refusal(
                    (*at, "target", position, "value"),
                    f"ValidationException: Action target {value} is not a target of the template",
                )
        for other in _list(action.get("start_after")):
            if isinstance(other, str) and other not in actions and UNKNOWN not in actions:
                yield Refusal(
                    (*at, "start_after"),
                    f"ValidationException: Action {other} is not an action of the template",
                )
        for position, parameter in enumerate(_list(action.get("parameter"))):
            value = parameter.get("value")
            if (
                parameter.get("key") == "duration"
                and isinstance(value, str)
                and not re.fullmatch(r"P(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?", value)
            ):
                yield Refusal(
                    (*at, "parameter", position, "value"),
                    f"ValidationException: {value} is not an ISO 8601 duration such as PT10M",
                )
    for at, target in _blocks(config, "target"):
        if _unset(target, "resource_arns") and _unset(target, "resource_tag"):
            yield Refusal(at, "ValidationException: a target has resource_arns or resource_tag")
    for at, condition in _blocks(config, "stop_condition"):
        if condition.get("source") == "aws:cloudwatch:alarm" and _unset(condition, "value"):
            yield _required_when((*at, "value"), "source", condition["source"])


def _policy_document(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: internal/service/iam, dataSourcePolicyDocumentRead."""
    seen: set[str] = set()
    for at, statement in _blocks(config, "statement"):
        sid = statement.get("sid")
        if isinstance(sid, str) and sid:
            if sid in seen:
                yield Refusal(
                    (*at, "sid"),
                    f"writing IAM Policy Document: duplicate Sid ({sid}). Remove the Sid or ensure the Sid is unique.",
                )
            seen.add(sid)
        if config.get("version") == "2008-10-17" and "&{" in json.dumps(statement, default=str):
            yield Refusal(
                at, "found &{ sequence in a statement, which is not supported in document version 2008-10-17"
            )
    sids: set[str] = set()
    for name in ("source_policy_documents", "override_policy_documents"):
        for position, text in enumerate(_list(config.get(name))):
            try:
                document = json.loads(text) if isinstance(text, str) and text else {}
            except ValueError:
                continue
            statements = document.get("Statement") if isinstance(document, dict) else None
            if not isinstance(document, dict) or not isinstance(statements or [], list):
                yield Refusal(
                    (name, position),
                    f"writing IAM Policy Document: merging document {position}: it has no list of statements",
                )
                continue
            for statement in statements or []:
                sid = statement.get("Sid") if isinstance(statement, dict) else None
                if name == "source_policy_documents" and sid:
                    if sid in sids:
                        yield Refusal(
                            (name, position),
                            f"writing IAM Policy Document: merging source document {position}: duplicate Sid "
                            f"({sid}) in source_policy_documents. Remove the Sid or ensure Sids are unique.",
                        )
                    sids.add(str(sid))


def _service_account(_config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html."""
    known = facts.document()["regions"]
    if region in known and "elb_account" not in known[region]:
        yield Refusal((), f"unsupported ELB Service Account Region ({region})")


def _provider(config: State, _region: str | None) -> Iterator[Refusal]:
    for name in ("allowed_account_ids", "forbidden_account_ids"):
        for position, account in enumerate(_list(config.get(name))):
            wrong = failure(account, [{"form": "account"}], name) if _known(account) else None
            if wrong:
                yield Refusal((name, position), wrong)
    if _list(config.get("allowed_account_ids")) and _list(config.get("forbidden_account_ids")):
        yield Refusal(
            ("allowed_account_ids",),
            "Conflicting configuration arguments",
            '"allowed_account_ids": conflicts with forbidden_account_ids',
        )
    for at, role in _blocks(config, "assume_role"):
        for name in ("role_arn", "policy"):
            value = role.get(name)
            form = "arn" if name == "role_arn" else "json"
            wrong = failure(value, [{"form": form}], name) if _known(value) and value != "" else None
            if wrong:
                yield Refusal((*at, name), wrong)


_Rule = Callable[[State, "str | None"], Iterator[Refusal]]

_RULES: dict[tuple[str, str], _Rule] = {
    ("provider", "aws"): _provider,
    ("data", "aws_elb_service_account"): _service_account,
    ("data", "aws_iam_policy_document"): _policy_document,
    ("resource", "aws_autoscaling_group"): _autoscaling_group,
    ("resource", "aws_autoscaling_policy"): _autoscaling_policy,
    ("resource", "aws_backup_plan"): _backup_plan,
    ("resource", "aws_cloudfront_distribution"): _distribution,
    ("resource", "aws_cloudfront_function"): _cloudfront_function,
    ("resource", "aws_cloudfront_response_headers_policy"): _response_headers,
    ("resource", "aws_cloudwatch_dashboard"): _dashboard,
    ("resource", "aws_cloudwatch_log_group"): _log_group,
    ("resource", "aws_cloudwatch_log_resource_policy"): _policy_rule("resource", "policy_document"),
    ("resource", "aws_cloudwatch_metric_alarm"): _alarm,
    ("resource", "aws_db_instance"): _db_instance,
    ("resource", "aws_db_parameter_group"): _db_parameter_group,
    ("resource", "aws_db_subnet_group"): _db_subnet_group,
    ("resource", "aws_default_security_group"): _default_security_group,
    ("resource", "aws_elasticache_parameter_group"): _cache_parameter_group,
    ("resource", "aws_elasticache_replication_group"): _replication_group,
    ("resource", "aws_elasticache_user"): _cache_user,
    ("resource", "aws_fis_experiment_template"): _experiment,
    ("resource", "aws_flow_log"): _flow_log,
    ("resource", "aws_iam_role"): _policy_rule("trust", "assume_role_policy"),
    ("resource", "aws_iam_role_policy"): _policy_rule("identity", "policy"),
    ("resource", "aws_kms_key"): _kms_key,
    ("resource", "aws_launch_template"): _launch_template,
    ("resource", "aws_lb"): _lb,
    ("resource", "aws_lb_listener"): _lb_listener,
    ("resource", "aws_lb_target_group"): _lb_target_group,
    ("resource", "aws_nat_gateway"): _nat_gateway,
    ("resource", "aws_route53_record"): _record,
    ("resource", "aws_route_table"): _route_table,
    ("resource", "aws_s3_bucket"): _bucket,
    ("resource", "aws_s3_bucket_lifecycle_configuration"): _lifecycle,
    ("resource", "aws_s3_bucket_logging"): _target_prefix,
    ("resource", "aws_s3_bucket_policy"): _policy_rule("resource", "policy"),
    ("resource", "aws_s3_bucket_server_side_encryption_configuration"): _bucket_encryption,
    ("resource", "aws_security_group"): _security_group,
    ("resource", "aws_sns_topic"): _topic,
    ("resource", "aws_sns_topic_policy"): _policy_rule("resource", "policy"),
    ("resource", "aws_sns_topic_subscription"): _subscription,
    ("resource", "aws_subnet"): _subnet,
    ("resource", "aws_vpc"): _vpc,
    ("resource", "aws_vpc_endpoint"): _vpc_endpoint,
    ("resource", "aws_vpc_security_group_egress_rule"): _security_group_rule,
    ("resource", "aws_vpc_security_group_ingress_rule"): _security_group_rule,
    ("resource", "aws_wafv2_web_acl"): _web_acl,
    ("resource", "aws_wafv2_web_acl_logging_configuration"): _web_acl_logging,
}
