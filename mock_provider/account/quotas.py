"""How much a new account may have, before anybody asks for more."""

from __future__ import annotations

from dataclasses import dataclass

from mock_provider.account.collisions import others, rules
from mock_provider.account.store import Account, Refused, Thing
from mock_provider.account.ways import values


@dataclass(frozen=True)
class _Quota:
    """At most `most` of a type in a region, or for each value of `within`; `source`: where AWS says so."""

    most: int
    code: str
    words: str
    source: str
    within: str = ""


_VPC = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"

_QUOTAS: dict[str, _Quota] = {
    "aws_vpc": _Quota(5, "VpcLimitExceeded", "The maximum number of VPCs has been reached.", _VPC),
    "aws_eip": _Quota(5, "AddressLimitExceeded", "The maximum number of addresses has been reached.", _VPC),
    "aws_internet_gateway": _Quota(
        5,
        "InternetGatewayLimitExceeded",
        "The maximum number of internet gateways has been reached.",
        _VPC,
    ),
    "aws_subnet": _Quota(
        200, "SubnetLimitExceeded", "The maximum number of subnets has been reached.", _VPC, "vpc_id"
    ),
    "aws_route_table": _Quota(
        200, "RouteTableLimitExceeded", "The maximum number of route tables has been reached.", _VPC, "vpc_id"
    ),
    "aws_db_instance": _Quota(
        40,
        "InstanceQuotaExceeded",
        "Request would exceed your quota of 40 DB instances",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html",
    ),
    "aws_lb": _Quota(
        50,
        "TooManyLoadBalancers",
        "The maximum number of load balancers has been reached",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html",
    ),
    "aws_iam_role_policy_attachment": _Quota(
        10,
        "LimitExceeded",
        "Cannot exceed quota for PoliciesPerRole: 10",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
        "role",
    ),
}
_RULES_OF_A_GROUP = 60
_GROUPS_OF_AN_INTERFACE = 5
_GROUP_LISTS = ("security_groups[]", "vpc_security_group_ids[]", "security_group_ids[]")
_NATS_OF_A_ZONE = 5


def check(account: Account, thing: Thing) -> None:
    """Raises:
    Refused: a new account may not have as much.
    """
    quota = _QUOTAS.get(thing.type)
    if quota is not None:
        same = [
            one
            for one in others(account, thing, thing.type)
            if not quota.within or one.get(quota.within) == thing.get(quota.within)
        ]
        if len(same) >= quota.most:
            raise Refused(quota.code, quota.words)
    if thing.type == "aws_nat_gateway":
        zone = _zone(account, thing)
        same = [
            one for one in others(account, thing, "aws_nat_gateway") if zone and _zone(account, one) == zone
        ]
        if len(same) >= _NATS_OF_A_ZONE:
            raise Refused(
                "NatGatewayLimitExceeded",
                f"Performing this operation would exceed the limit of {_NATS_OF_A_ZONE} NAT gateways",
            )
    for name in (
        _GROUP_LISTS
        if thing.type.startswith(("aws_db_", "aws_lb", "aws_instance", "aws_elasticache"))
        else ()
    ):
        if len(set(values(thing.state, name))) > _GROUPS_OF_AN_INTERFACE:
            raise Refused(
                "SecurityGroupsPerInterfaceLimitExceeded",
                "The maximum number of security groups per interface has been reached.",
            )
    _rules(account, thing)


def _zone(account: Account, gateway: Thing) -> str:
    subnets = account.named(gateway.get("subnet_id"), "aws_subnet", "aws_default_subnet")
    return str(subnets[0].get("availability_zone")) if subnets else ""


def _rules(account: Account, thing: Thing) -> None:
    """Source: the same page as for VPCs, "Inbound or outbound rules per security group"."""
    kinds = (
        "aws_security_group",
        "aws_security_group_rule",
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_security_group_ingress_rule",
    )
    if thing.type not in kinds:
        return
    own = list(rules(thing))
    for side in {rule[:2] for rule in own}:
        count = sum(rule[:2] == side for rule in own)
        count += sum(rule[:2] == side for one in others(account, thing, *kinds) for rule in rules(one))
        if count > _RULES_OF_A_GROUP:
            raise Refused(
                "RulesPerSecurityGroupLimitExceeded",
                "The maximum number of rules per security group has been reached.",
            )
