"""VPCs, subnets, routes, security groups and endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mock_provider import facts
from mock_provider.argument_checks import Refusal, failure, is_set, may_be_set
from mock_provider.cross_checks.policies import policy_refusals
from mock_provider.cross_checks.wording import (
    COMBINATION,
    Rule,
    State,
    conflicts_when,
    invalid,
    known,
    unset,
)
from mock_provider.values import UNKNOWN, Path


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
        unset(config, "cidr_block")
        and unset(config, "ipv6_cidr_block")
        and config.get("ipv6_native") is not True
        and unset(config, "ipv4_ipam_pool_id")
        and unset(config, "ipv6_ipam_pool_id")
    ):
        yield Refusal(("cidr_block",), "MissingParameter: The request must contain the parameter cidrBlock")


def _vpc(config: State, _region: str | None) -> Iterator[Refusal]:
    if unset(config, "cidr_block") and unset(config, "ipv4_ipam_pool_id"):
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
        if kind == "public" and unset(config, "allocation_id"):
            yield Refusal(
                ("allocation_id",), "MissingParameter: The request must contain the parameter AllocationId"
            )
        if unset(config, "subnet_id"):
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
            given = sum(known(value) and value != "" for value in values)
            if UNKNOWN not in values and given != 1:
                yield Refusal(
                    ("route", position),
                    f"creating route: one of `{', '.join(names)}` must be specified as its {words}",
                )
        for name, form in (("cidr_block", "cidr4"), ("ipv6_cidr_block", "cidr6")):
            wrong = (
                failure(route[name], [{"form": form}], name)
                if known(route.get(name)) and route[name]
                else None
            )
            if wrong:
                yield Refusal(("route", position), wrong)


_GROUP_TEXT = r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*"


def _group_text(value: Any, parameter: str, at: Path) -> Iterator[Refusal]:
    """Names and descriptions of security groups and of their rules have these characters alone.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html, API_IpRange.html.
    """
    if not isinstance(value, str) or re.fullmatch(_GROUP_TEXT, value):
        return
    if value.isascii():
        what = "rule description" if parameter == "IpRange" else "security group description"
        yield invalid(
            at,
            f"Invalid {what}. Valid descriptions are strings less than 256 characters from the following set: "
            "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        )
    else:
        yield invalid(
            at,
            f"Value ({value}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported.",
        )


def _security_group(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html."""
    yield from _group_text(config.get("description"), "GroupDescription", ("description",))
    name = config.get("name")
    yield from _group_text(name, "GroupName", ("name",))
    if isinstance(name, str) and name.lower() == "default":
        yield Refusal(("name",), "InvalidGroup.Reserved: The security group 'default' is reserved")
    for direction in ("ingress", "egress"):
        rules = config.get(direction)
        for position, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, dict):
                at: Path = (direction, position)
                yield from _ports(rule.get("protocol"), rule.get("from_port"), rule.get("to_port"), at, at)
                first, last = rule.get("from_port"), rule.get("to_port")
                everything = rule.get("protocol") in ("-1", "all")
                if everything and known(first) and known(last) and (first, last) != (0, 0):
                    yield Refusal(
                        at,
                        f"from_port ({first}) and to_port ({last}) must both be 0 to use the 'ALL' \"-1\" protocol!",
                    )


def _ports(protocol: Any, first: Any, last: Any, at: Path, at_last: Path) -> Iterator[Refusal]:
    if str(protocol).lower() in ("icmp", "icmpv6", "1", "58", "-1", "all") or protocol is UNKNOWN:
        return
    for port, where in ((first, at), (last, at_last)):
        if isinstance(port, int) and not 0 <= port <= 65535:
            yield invalid(where, f"Invalid port: {port}. Valid are 0 to 65535.")
            return
    if isinstance(first, int) and isinstance(last, int) and first > last:
        yield invalid(at, f"Invalid TCP/UDP port range ({first}:{last})")


_RULE_SOURCES = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")


def _security_group_rule(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: the resource's ConfigValidators, and API_IpPermission of EC2."""
    given = [name for name in _RULE_SOURCES if may_be_set(config.get(name))]
    names = ",".join(_RULE_SOURCES)
    if not given:
        yield Refusal(
            (),
            "Missing Attribute Configuration",
            f"Exactly one of these attributes must be configured: [{names}]",
        )
    elif len([name for name in given if config[name] is not UNKNOWN]) > 1:
        yield Refusal((), COMBINATION, f"Exactly one of these attributes must be configured: [{names}]")
    yield from _group_text(config.get("description"), "IpRange", ("description",))
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
                yield conflicts_when((name,), "vpc_endpoint_type", kind)
        if config.get("private_dns_enabled") is True:
            yield conflicts_when(("private_dns_enabled",), "vpc_endpoint_type", kind)
    elif kind == "Interface" and is_set(config.get("route_table_ids")):
        yield conflicts_when(("route_table_ids",), "vpc_endpoint_type", kind)
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
        yield invalid(
            ("vpc_endpoint_type",), f"The VpcEndpoint type Gateway is not supported by service {service}"
        )
    yield from policy_refusals(config.get("policy"), ("policy",), "resource")


def _flow_log(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html."""
    kind = config.get("log_destination_type") or "cloud-watch-logs"
    if kind == "cloud-watch-logs":
        if unset(config, "iam_role_arn"):
            yield Refusal(
                ("iam_role_arn",),
                "MissingParameter: DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
            )
    elif kind == "s3" and is_set(config.get("iam_role_arn")):
        yield Refusal(
            ("iam_role_arn",), "InvalidParameter: DeliverLogsPermissionArn is not applicable for s3"
        )
    if kind != UNKNOWN and unset(config, "log_destination"):
        yield Refusal(("log_destination",), "MissingParameter: LogDestination can't be empty")
    if is_set(config.get("destination_options")) and kind in ("cloud-watch-logs", "kinesis-data-firehose"):
        yield conflicts_when(("destination_options",), "log_destination_type", kind)


def _default_security_group(config: State, region: str | None) -> Iterator[Refusal]:
    return _security_group({**config, "name": None, "description": None}, region)


def _former_security_group_rule(config: State, _region: str | None) -> Iterator[Refusal]:
    """`aws_security_group_rule`, which states had before a resource was made of each source."""
    yield from _group_text(config.get("description"), "IpRange", ("description",))
    yield from _ports(
        config.get("protocol"), config.get("from_port"), config.get("to_port"), ("from_port",), ("to_port",)
    )


def _service_account(_config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html."""
    offered = facts.document()["regions"]
    if region in offered and "elb_account" not in offered[region]:
        yield Refusal((), f"unsupported ELB Service Account Region ({region})")


RULES: dict[tuple[str, str], Rule] = {
    ("data", "aws_elb_service_account"): _service_account,
    ("resource", "aws_default_security_group"): _default_security_group,
    ("resource", "aws_flow_log"): _flow_log,
    ("resource", "aws_nat_gateway"): _nat_gateway,
    ("resource", "aws_route_table"): _route_table,
    ("resource", "aws_security_group"): _security_group,
    ("resource", "aws_security_group_rule"): _former_security_group_rule,
    ("resource", "aws_subnet"): _subnet,
    ("resource", "aws_vpc"): _vpc,
    ("resource", "aws_vpc_endpoint"): _vpc_endpoint,
    ("resource", "aws_vpc_security_group_egress_rule"): _security_group_rule,
    ("resource", "aws_vpc_security_group_ingress_rule"): _security_group_rule,
}
