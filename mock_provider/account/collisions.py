"""What must not be there already: names that are taken, ranges that overlap, rules and routes given twice."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mock_provider.account.store import Account, Refused, Thing
from mock_provider.account.ways import ends, values


@dataclass(frozen=True)
class _Taken:
    """Two of a type may not have the same values of `of`; `words` may name any argument in braces.

    `everywhere`: once in all regions; `source`: where AWS says so.
    """

    of: tuple[str, ...]
    code: str
    words: str
    source: str
    everywhere: bool = False
    within: tuple[str, ...] = ()
    """Further types that the same names are taken among."""


_RDS = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"
_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"
_IAM = "https://docs.aws.amazon.com/IAM/latest/APIReference/"
_ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/"
_CACHE = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/"
_CDN = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/"

_TAKEN: dict[str, _Taken] = {
    "aws_autoscaling_group": _Taken(
        ("name",),
        "AlreadyExists",
        "AutoScalingGroup by this name already exists - A group with the name {name} already exists",
        "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html",
    ),
    "aws_backup_vault": _Taken(
        ("name",),
        "AlreadyExistsException",
        "Backup vault with the same name already exists",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html",
    ),
    "aws_cloudfront_cache_policy": _Taken(
        ("name",),
        "CachePolicyAlreadyExists",
        "A cache policy with the same name already exists.",
        f"{_CDN}API_CreateCachePolicy.html",
        True,
    ),
    "aws_cloudfront_function": _Taken(
        ("name",),
        "FunctionAlreadyExists",
        "A function with the same name already exists in this account.",
        f"{_CDN}API_CreateFunction.html",
        True,
    ),
    "aws_cloudfront_origin_access_control": _Taken(
        ("name",),
        "OriginAccessControlAlreadyExists",
        "An origin access control with the same name already exists.",
        f"{_CDN}API_CreateOriginAccessControl.html",
        True,
    ),
    "aws_cloudfront_origin_request_policy": _Taken(
        ("name",),
        "OriginRequestPolicyAlreadyExists",
        "An origin request policy with the same name already exists.",
        f"{_CDN}API_CreateOriginRequestPolicy.html",
        True,
    ),
    "aws_cloudfront_response_headers_policy": _Taken(
        ("name",),
        "ResponseHeadersPolicyAlreadyExists",
        "A response headers policy with the same name already exists.",
        f"{_CDN}API_CreateResponseHeadersPolicy.html",
        True,
    ),
    "aws_cloudwatch_log_group": _Taken(
        ("name",),
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
    ),
    "aws_db_instance": _Taken(
        ("identifier",),
        "DBInstanceAlreadyExists",
        "DB instance already exists",
        f"{_RDS}API_CreateDBInstance.html",
        within=("aws_rds_cluster_instance",),
    ),
    "aws_db_option_group": _Taken(
        ("name",),
        "OptionGroupAlreadyExistsFault",
        "An option group named {name} already exists.",
        f"{_RDS}API_CreateOptionGroup.html",
    ),
    "aws_db_parameter_group": _Taken(
        ("name",),
        "DBParameterGroupAlreadyExists",
        "Parameter group {name} already exists",
        f"{_RDS}API_CreateDBParameterGroup.html",
    ),
    "aws_db_subnet_group": _Taken(
        ("name",),
        "DBSubnetGroupAlreadyExists",
        "The DB subnet group '{name}' already exists.",
        f"{_RDS}API_CreateDBSubnetGroup.html",
    ),
    "aws_dynamodb_table": _Taken(
        ("name",),
        "ResourceInUseException",
        "Table already exists: {name}",
        "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html",
    ),
    "aws_ecr_repository": _Taken(
        ("name",),
        "RepositoryAlreadyExistsException",
        "The repository with name '{name}' already exists in the registry with id '000000000000'",
        "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html",
    ),
    "aws_ecs_service": _Taken(
        ("cluster", "name"),
        "InvalidParameterException",
        "Creation of service was not idempotent.",
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html",
    ),
    "aws_eks_cluster": _Taken(
        ("name",),
        "ResourceInUseException",
        "Cluster already exists with name: {name}",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html",
    ),
    "aws_elasticache_cluster": _Taken(
        ("cluster_id",),
        "CacheClusterAlreadyExists",
        "Cache cluster already exists",
        f"{_CACHE}API_CreateCacheCluster.html",
    ),
    "aws_elasticache_parameter_group": _Taken(
        ("name",),
        "CacheParameterGroupAlreadyExists",
        "Parameter group {name} already exists",
        f"{_CACHE}API_CreateCacheParameterGroup.html",
    ),
    "aws_elasticache_replication_group": _Taken(
        ("replication_group_id",),
        "ReplicationGroupAlreadyExists",
        "Replication group with specified Id already exists.",
        f"{_CACHE}API_CreateReplicationGroup.html",
    ),
    "aws_elasticache_subnet_group": _Taken(
        ("name",),
        "CacheSubnetGroupAlreadyExists",
        "Cache subnet group {name} already exists.",
        f"{_CACHE}API_CreateCacheSubnetGroup.html",
    ),
    "aws_elasticache_user": _Taken(
        ("user_id",), "UserAlreadyExists", "User {user_id} already exists.", f"{_CACHE}API_CreateUser.html"
    ),
    "aws_elasticache_user_group": _Taken(
        ("user_group_id",),
        "UserGroupAlreadyExists",
        "User group {user_group_id} already exists.",
        f"{_CACHE}API_CreateUserGroup.html",
    ),
    "aws_elb": _Taken(
        ("name",),
        "DuplicateLoadBalancerName",
        "The specified load balancer name already exists for this account.",
        "https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_CreateLoadBalancer.html",
    ),
    "aws_iam_group": _Taken(
        ("name",),
        "EntityAlreadyExists",
        "Group with name {name} already exists.",
        f"{_IAM}API_CreateGroup.html",
        True,
    ),
    "aws_iam_instance_profile": _Taken(
        ("name",),
        "EntityAlreadyExists",
        "Instance Profile {name} already exists.",
        f"{_IAM}API_CreateInstanceProfile.html",
        True,
    ),
    "aws_iam_openid_connect_provider": _Taken(
        ("url",),
        "EntityAlreadyExists",
        "Provider with url {url} already exists.",
        f"{_IAM}API_CreateOpenIDConnectProvider.html",
        True,
    ),
    "aws_iam_policy": _Taken(
        ("name",),
        "EntityAlreadyExists",
        "A policy called {name} already exists. Duplicate names are not allowed.",
        f"{_IAM}API_CreatePolicy.html",
        True,
    ),
    "aws_iam_role": _Taken(
        ("name",),
        "EntityAlreadyExists",
        "Role with name {name} already exists.",
        f"{_IAM}API_CreateRole.html",
        True,
    ),
    "aws_iam_service_linked_role": _Taken(
        ("aws_service_name", "custom_suffix"),
        "InvalidInput",
        "Service role name {name} has been taken in this account, please try a different suffix.",
        f"{_IAM}API_CreateServiceLinkedRole.html",
        True,
    ),
    "aws_iam_user": _Taken(
        ("name",),
        "EntityAlreadyExists",
        "User with name {name} already exists.",
        f"{_IAM}API_CreateUser.html",
        True,
    ),
    "aws_key_pair": _Taken(("key_name",), "InvalidKeyPair.Duplicate", "The keypair already exists", _EC2),
    "aws_kms_alias": _Taken(
        ("name",),
        "AlreadyExistsException",
        "An alias with the name {arn} already exists",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html",
    ),
    "aws_lambda_function": _Taken(
        ("function_name",),
        "ResourceConflictException",
        "Function already exist: {function_name}",
        "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
    ),
    "aws_launch_template": _Taken(
        ("name",),
        "InvalidLaunchTemplateName.AlreadyExistsException",
        "Launch template name already in use.",
        _EC2,
    ),
    "aws_lb": _Taken(
        ("name",),
        "DuplicateLoadBalancerName",
        "A load balancer with the same name '{name}' exists, but with different settings",
        f"{_ELB}API_CreateLoadBalancer.html",
    ),
    "aws_lb_listener": _Taken(
        ("load_balancer_arn", "port"),
        "DuplicateListener",
        "A listener already exists on this port for this load balancer '{load_balancer_arn}'",
        f"{_ELB}API_CreateListener.html",
    ),
    "aws_lb_listener_rule": _Taken(
        ("listener_arn", "priority"),
        "PriorityInUse",
        "Priority '{priority}' is currently in use",
        f"{_ELB}API_CreateRule.html",
    ),
    "aws_lb_target_group": _Taken(
        ("name",),
        "DuplicateTargetGroupName",
        "A target group with the same name '{name}' exists, but with different settings",
        f"{_ELB}API_CreateTargetGroup.html",
    ),
    "aws_nat_gateway": _Taken(
        ("allocation_id",),
        "Resource.AlreadyAssociated",
        "Elastic IP address [{allocation_id}] is already associated",
        _EC2,
    ),
    "aws_rds_cluster": _Taken(
        ("cluster_identifier",),
        "DBClusterAlreadyExistsFault",
        "DB Cluster already exists",
        f"{_RDS}API_CreateDBCluster.html",
    ),
    "aws_rds_cluster_instance": _Taken(
        ("identifier",),
        "DBInstanceAlreadyExists",
        "DB instance already exists",
        f"{_RDS}API_CreateDBInstance.html",
        within=("aws_db_instance",),
    ),
    "aws_route53_record": _Taken(
        ("zone_id", "name", "type", "set_identifier"),
        "InvalidChangeBatch",
        "[Tried to create resource record set [name='{name}', type='{type}'] but it already exists]",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
        True,
    ),
    "aws_route_table_association": _Taken(
        ("subnet_id", "gateway_id"),
        "Resource.AlreadyAssociated",
        "the specified association for route table {route_table_id} conflicts with an existing association",
        _EC2,
    ),
    "aws_s3_bucket": _Taken(
        ("bucket",),
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html",
        True,
    ),
    "aws_secretsmanager_secret": _Taken(
        ("name",),
        "ResourceExistsException",
        "The operation failed because the secret {name} already exists.",
        "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html",
    ),
    "aws_security_group": _Taken(
        ("name", "vpc_id"),
        "InvalidGroup.Duplicate",
        "The security group '{name}' already exists for VPC '{vpc_id}'",
        _EC2,
    ),
    "aws_wafv2_ip_set": _Taken(
        ("name", "scope"),
        "WAFDuplicateItemException",
        "AWS WAF couldn’t perform the operation because some resource in your request is a duplicate of an "
        "existing one.",
        "https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateIPSet.html",
    ),
    "aws_wafv2_web_acl": _Taken(
        ("name", "scope"),
        "WAFDuplicateItemException",
        "AWS WAF couldn’t perform the operation because some resource in your request is a duplicate of an "
        "existing one.",
        "https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html",
    ),
}
# Names that differ in the case of their letters alone are one name.
# Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html (RoleName) and its sisters,
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html (GroupName).
_FOLDED = frozenset({"aws_iam_group", "aws_iam_policy", "aws_iam_role", "aws_iam_user", "aws_security_group"})
# The same thing under the name that it once had.
_SAME_TYPE = {
    "aws_alb": "aws_lb",
    "aws_alb_listener": "aws_lb_listener",
    "aws_alb_listener_rule": "aws_lb_listener_rule",
    "aws_alb_target_group": "aws_lb_target_group",
}


def check(account: Account, thing: Thing) -> None:
    """Raises:
    Refused: what it would be is there already, or lies where something else lies.
    """
    _names(account, thing)
    special = _SPECIAL.get(thing.type)
    if special is not None:
        special(account, thing)


def others(account: Account, thing: Thing, *types: str, everywhere: bool = False) -> list[Thing]:
    """The other resources of these types that the thing could collide with."""
    region = None if everywhere else thing.region
    return [one for one in account.things(*types, region=region) if one.token != thing.token]


def _names(account: Account, thing: Thing) -> None:
    kind = _SAME_TYPE.get(thing.type, thing.type)
    row = _TAKEN.get(kind)
    if row is None:
        return
    fold = str.lower if kind in _FOLDED else str
    own = [fold(str(thing.get(name) or "")) for name in row.of]
    if not any(own) or (thing.type == "aws_route53_record" and thing.get("allow_overwrite") is True):
        return
    aliases = [alias for alias, real in _SAME_TYPE.items() if real == kind]
    for one in others(account, thing, kind, *aliases, *row.within, everywhere=row.everywhere):
        if [fold(str(one.get(name) or "")) for name in row.of] == own:
            raise Refused(row.code, row.words.format_map(_Shown(thing.state)))


class _Shown(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def _networks(texts: list[Any]) -> list[Any]:
    found = []
    for value in texts:
        try:
            found.append(ipaddress.ip_network(value, strict=False))
        except ValueError:
            continue
    return found


def _subnet(account: Account, thing: Thing) -> None:
    """Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html."""
    vpc = next(iter(account.named(thing.get("vpc_id"), "aws_vpc", "aws_default_vpc")), None)
    for name in ("cidr_block", "ipv6_cidr_block"):
        own = _networks([thing.get(name) or ""])
        if not own:
            continue
        if vpc is not None and name == "cidr_block":
            ranges = [vpc.get("cidr_block")]
            for added in account.things("aws_vpc_ipv4_cidr_block_association"):
                if added.get("vpc_id") == vpc.get("id"):
                    ranges.append(added.get("cidr_block"))
            if not any(own[0].subnet_of(one) for one in _networks(ranges) if one.version == own[0].version):
                raise Refused("InvalidSubnet.Range", f"The CIDR '{thing.get(name)}' is invalid.")
        for one in others(account, thing, "aws_subnet"):
            if one.get("vpc_id") == thing.get("vpc_id") and any(
                network.overlaps(own[0]) for network in _networks([one.get(name) or ""])
            ):
                raise Refused(
                    "InvalidSubnet.Conflict", f"The CIDR '{thing.get(name)}' conflicts with another subnet"
                )


def _gateway(account: Account, thing: Thing) -> None:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachInternetGateway.html."""
    vpc = thing.get("vpc_id")
    kinds = ("aws_internet_gateway", "aws_internet_gateway_attachment")
    for one in others(account, thing, *kinds) if vpc else ():
        if one.get("vpc_id") == vpc and _gateway_of(thing) != _gateway_of(one):
            raise Refused("InvalidParameterValue", f"Network {vpc} already has an internet gateway attached")


def _gateway_of(thing: Thing) -> Any:
    return thing.get("internet_gateway_id") or thing.get("id")


_DESTINATIONS = ("destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id")
_INLINE_DESTINATIONS = ("cidr_block", "ipv6_cidr_block", "destination_prefix_list_id")


def _routes(thing: Thing) -> Iterator[tuple[str, str]]:
    """The table and destination of each route that a resource makes."""
    if thing.type == "aws_route":
        found = next((thing.get(name) for name in _DESTINATIONS if thing.get(name)), None)
        if found:
            yield str(thing.get("route_table_id")), str(found)
        return
    for route in thing.get("route") or ():
        found = next((route.get(name) for name in _INLINE_DESTINATIONS if route.get(name)), None)
        if found:
            yield str(thing.get("id")), str(found)


def _route(account: Account, thing: Thing) -> None:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html."""
    taken = {
        route
        for one in others(account, thing, "aws_route", "aws_route_table", "aws_default_route_table")
        for route in _routes(one)
    }
    own = list(_routes(thing))
    for position, route in enumerate(own):
        if route in taken or route in own[:position]:
            raise Refused("RouteAlreadyExists", f"The route identified by {route[1]} already exists.")


_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
_PEERS = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
_PEER_LISTS = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups")

Rule = tuple[str, str, str, int | None, int | None, str]
"""Group, direction, protocol, first and last port, and the peer."""


def rules(thing: Thing) -> Iterator[Rule]:
    """The rules that a resource adds to a security group, one for each peer as EC2 counts them."""
    if thing.type.startswith("aws_vpc_security_group_"):
        direction = "ingress" if thing.type.endswith("_ingress_rule") else "egress"
        group = str(thing.get("security_group_id"))
        peer = next((thing.get(name) for name in _PEERS if thing.get(name)), None)
        if peer:
            yield _rule(group, direction, thing.get("ip_protocol"), thing.state, str(peer))
    elif thing.type == "aws_security_group_rule":
        yield from _listed(
            str(thing.get("security_group_id")),
            str(thing.get("type")),
            thing.state,
            "source_security_group_id",
        )
    else:
        for direction in ("ingress", "egress"):
            for entry in thing.get(direction) or ():
                yield from _listed(str(thing.get("id")), direction, entry, "")


def _listed(group: str, direction: str, entry: dict[str, Any], source: str) -> Iterator[Rule]:
    peers = [peer for name in _PEER_LISTS for peer in entry.get(name) or ()]
    if source and entry.get(source):
        peers.append(entry[source])
    if entry.get("self") is True:
        peers.append(group)
    for peer in peers:
        yield _rule(group, direction, entry.get("protocol"), entry, str(peer))


def _rule(group: str, direction: str, protocol: Any, entry: dict[str, Any], peer: str) -> Rule:
    name = _PROTOCOLS.get(str(protocol).lower(), str(protocol).lower())
    ports = (None, None) if name == "-1" else (entry.get("from_port"), entry.get("to_port"))
    return group, direction, name, *ports, peer.lower()


_RULES = (
    "aws_security_group",
    "aws_security_group_rule",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
)


def _security_group_rule(account: Account, thing: Thing) -> None:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html."""
    taken = {rule for one in others(account, thing, *_RULES) for rule in rules(one)}
    own = list(rules(thing))
    for position, rule in enumerate(own):
        if rule in taken or rule in own[:position]:
            _group, _direction, protocol, first, last, peer = rule
            what = "ALL" if protocol == "-1" else f"{protocol.upper()}, from port: {first}, to port: {last}"
            raise Refused(
                "InvalidPermission.Duplicate",
                f'the specified rule "peer: {peer}, {what}, ALLOW" already exists',
            )


def _endpoint(account: Account, thing: Thing) -> None:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html."""
    same = [
        one
        for one in others(account, thing, "aws_vpc_endpoint")
        if (one.get("vpc_id"), one.get("service_name")) == (thing.get("vpc_id"), thing.get("service_name"))
    ]
    for one in same:
        if thing.get("private_dns_enabled") is True and one.get("private_dns_enabled") is True:
            raise Refused(
                "InvalidParameter",
                f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{thing.get('service_name')} in the VPC {thing.get('vpc_id')}",
            )
        shared = set(thing.get("route_table_ids") or ()) & set(one.get("route_table_ids") or ())
        if shared:
            raise Refused(
                "RouteAlreadyExists",
                f"route table {min(shared)} already has a route with destination-prefix-list-id "
                f"{one.get('prefix_list_id')}",
            )


def _load_balancer(account: Account, thing: Thing) -> None:
    """Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html."""
    named = [*values(thing.state, "subnets[]"), *values(thing.state, "subnet_mapping[].subnet_id")]
    subnets = [account.named(value, "aws_subnet", "aws_default_subnet") for value in dict.fromkeys(named)]
    if not all(subnets) or not subnets:
        return
    zones = [found[0].get("availability_zone") for found in subnets]
    if len(set(zones)) < len(zones):
        raise Refused(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    if thing.get("load_balancer_type") in (None, "application") and len(zones) < 2:
        raise Refused(
            "ValidationError", "At least two subnets in two different Availability Zones must be specified"
        )
    _one_network(account, thing, {str(found[0].get("vpc_id")) for found in subnets}, "security_groups[]")


def _one_network(account: Account, thing: Thing, networks: set[str], way: str) -> None:
    for value in values(thing.state, way):
        for group in account.named(value, "aws_security_group", "aws_default_security_group"):
            if networks and group.get("vpc_id") and group.get("vpc_id") not in networks:
                raise Refused(
                    "InvalidConfigurationRequest",
                    f"One or more security groups are invalid: {value} is in {group.get('vpc_id')}, not in "
                    f"{', '.join(sorted(networks))}",
                )


def _database(account: Account, thing: Thing) -> None:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html."""
    networks = set(ends(account, thing, "db_subnet_group_name > subnet_ids[] > vpc_id"))
    for value in values(thing.state, "vpc_security_group_ids[]"):
        for group in account.named(value, "aws_security_group", "aws_default_security_group"):
            if networks and group.get("vpc_id") and group.get("vpc_id") not in networks:
                raise Refused(
                    "InvalidParameterCombination",
                    "The DB instance and EC2 security group are in different VPCs. The DB instance is in "
                    f"{min(networks)} and the EC2 security group is in {group.get('vpc_id')}",
                )


def _subnet_group(account: Account, thing: Thing) -> None:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html."""
    subnets = [
        account.named(value, "aws_subnet", "aws_default_subnet") for value in thing.get("subnet_ids") or ()
    ]
    if not all(subnets) or not subnets:
        return
    found = [one[0] for one in subnets]
    if len({one.get("vpc_id") for one in found}) > 1:
        raise Refused("InvalidSubnet", "The subnets of a DB subnet group are all in one VPC")
    if len({one.get("availability_zone") for one in found}) < 2 and thing.type == "aws_db_subnet_group":
        raise Refused(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
            f"{found[0].get('availability_zone')}. Add subnets to cover at least 2 AZs.",
        )


def _secret(account: Account, thing: Thing) -> None:
    """Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html."""
    for one in account.things(LEFT_SECRET, region=thing.region):
        if one.get("name") == thing.get("name"):
            raise Refused(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            )


def _bucket(_account: Account, thing: Thing) -> None:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html."""
    if thing.get("acl") not in (None, "", "private"):
        raise Refused(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        )


LEFT_SECRET = "//deleted secret"
"""The type of what a deleted secret leaves until its recovery window ends."""

_SPECIAL = {
    "aws_alb": _load_balancer,
    "aws_db_instance": _database,
    "aws_db_subnet_group": _subnet_group,
    "aws_internet_gateway": _gateway,
    "aws_internet_gateway_attachment": _gateway,
    "aws_lb": _load_balancer,
    "aws_rds_cluster": _database,
    "aws_route": _route,
    "aws_route_table": _route,
    "aws_s3_bucket": _bucket,
    "aws_secretsmanager_secret": _secret,
    "aws_security_group": _security_group_rule,
    "aws_security_group_rule": _security_group_rule,
    "aws_subnet": _subnet,
    "aws_vpc_endpoint": _endpoint,
    "aws_vpc_security_group_egress_rule": _security_group_rule,
    "aws_vpc_security_group_ingress_rule": _security_group_rule,
}
