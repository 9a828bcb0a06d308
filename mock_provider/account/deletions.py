"""What cannot be deleted: what is in use, what is protected, what is not empty; and what a deletion leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mock_provider.account.collisions import LEFT_SECRET
from mock_provider.account.store import Account, Refused, Thing
from mock_provider.account.ways import ends


@dataclass(frozen=True)
class _Used:
    """Ways (by type) that lead from its users to a resource; `source`: where AWS says so."""

    by: Mapping[str, tuple[str, ...]]
    code: str
    words: str
    source: str
    unless: str = ""
    """An argument that lets the provider clear it away first."""


_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"
_RDS = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"
_CACHE = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/"
_CDN = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/"

# Who has network interfaces in subnets, with the ways to the subnets and to the security groups.
_INTERFACES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws_alb": (("subnets[]", "subnet_mapping[].subnet_id"), ("security_groups[]",)),
    "aws_db_instance": (("db_subnet_group_name > subnet_ids[]",), ("vpc_security_group_ids[]",)),
    "aws_efs_mount_target": (("subnet_id",), ("security_groups[]",)),
    "aws_eks_cluster": (("vpc_config[].subnet_ids[]",), ("vpc_config[].security_group_ids[]",)),
    "aws_elasticache_cluster": (("subnet_group_name > subnet_ids[]",), ("security_group_ids[]",)),
    "aws_elasticache_replication_group": (("subnet_group_name > subnet_ids[]",), ("security_group_ids[]",)),
    "aws_elb": (("subnets[]",), ("security_groups[]",)),
    "aws_instance": (("subnet_id",), ("vpc_security_group_ids[]", "security_groups[]")),
    "aws_lambda_function": (("vpc_config[].subnet_ids[]",), ("vpc_config[].security_group_ids[]",)),
    "aws_lb": (("subnets[]", "subnet_mapping[].subnet_id"), ("security_groups[]",)),
    "aws_nat_gateway": (("subnet_id",), ()),
    "aws_network_interface": (("subnet_id",), ("security_groups[]",)),
    "aws_rds_cluster": (("db_subnet_group_name > subnet_ids[]",), ("vpc_security_group_ids[]",)),
    "aws_vpc_endpoint": (("subnet_ids[]",), ("security_group_ids[]",)),
}
_BY_GROUP = {kind: groups for kind, (_, groups) in _INTERFACES.items() if groups}
_ATTACHED = {
    "aws_lb_listener": ("default_action[].target_group_arn", "default_action[].forward[].target_group[].arn"),
    "aws_lb_listener_rule": ("action[].target_group_arn", "action[].forward[].target_group[].arn"),
}
_CERTIFIED = {
    "aws_lb_listener": ("certificate_arn",),
    "aws_lb_listener_certificate": ("certificate_arn",),
    "aws_cloudfront_distribution": ("viewer_certificate[].acm_certificate_arn",),
    "aws_api_gateway_domain_name": ("certificate_arn", "regional_certificate_arn"),
    "aws_apigatewayv2_domain_name": ("domain_name_configuration[].certificate_arn",),
}
_BEHAVIOURS = ("default_cache_behavior[]", "ordered_cache_behavior[]")


def _behaviours(name: str) -> dict[str, tuple[str, ...]]:
    return {"aws_cloudfront_distribution": tuple(f"{one}.{name}" for one in _BEHAVIOURS)}


_USED: dict[str, _Used] = {
    "aws_vpc": _Used(
        dict.fromkeys(
            (
                "aws_subnet",
                "aws_security_group",
                "aws_route_table",
                "aws_network_acl",
                "aws_internet_gateway",
                "aws_internet_gateway_attachment",
                "aws_vpc_endpoint",
            ),
            ("vpc_id",),
        ),
        "DependencyViolation",
        "The vpc '{id}' has dependencies and cannot be deleted.",
        _EC2,
    ),
    "aws_subnet": _Used(
        {kind: subnets for kind, (subnets, _) in _INTERFACES.items()},
        "DependencyViolation",
        "The subnet '{id}' has dependencies and cannot be deleted.",
        _EC2,
    ),
    "aws_security_group": _Used(
        {
            **_BY_GROUP,
            "aws_security_group_rule": ("source_security_group_id",),
            "aws_vpc_security_group_ingress_rule": ("referenced_security_group_id",),
            "aws_vpc_security_group_egress_rule": ("referenced_security_group_id",),
            "aws_security_group": ("ingress[].security_groups[]", "egress[].security_groups[]"),
        },
        "DependencyViolation",
        "resource {id} has a dependent object",
        _EC2,
    ),
    "aws_internet_gateway": _Used(
        {
            "aws_lb": ("subnets[] > vpc_id", "subnet_mapping[].subnet_id > vpc_id"),
            "aws_nat_gateway": ("subnet_id > vpc_id",),
        },
        "DependencyViolation",
        "Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before "
        "detaching the gateway.",
        "https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html",
    ),
    "aws_eip": _Used(
        {"aws_nat_gateway": ("allocation_id",)},
        "InvalidIPAddress.InUse",
        "The address with allocation id {allocation_id} is in use.",
        _EC2,
    ),
    "aws_db_subnet_group": _Used(
        {"aws_db_instance": ("db_subnet_group_name",), "aws_rds_cluster": ("db_subnet_group_name",)},
        "InvalidDBSubnetGroupStateFault",
        "Cannot delete the subnet group '{name}' because at least one database instance: {user} is still using it.",
        f"{_RDS}API_DeleteDBSubnetGroup.html",
    ),
    "aws_db_parameter_group": _Used(
        {"aws_db_instance": ("parameter_group_name",)},
        "InvalidDBParameterGroupState",
        "One or more database instances are still members of this parameter group {name}, so the group cannot be "
        "deleted",
        f"{_RDS}API_DeleteDBParameterGroup.html",
    ),
    "aws_elasticache_subnet_group": _Used(
        {
            "aws_elasticache_replication_group": ("subnet_group_name",),
            "aws_elasticache_cluster": ("subnet_group_name",),
        },
        "CacheSubnetGroupInUse",
        "Cache subnet group {name} is currently in use by a cache cluster.",
        f"{_CACHE}API_DeleteCacheSubnetGroup.html",
    ),
    "aws_elasticache_parameter_group": _Used(
        {
            "aws_elasticache_replication_group": ("parameter_group_name",),
            "aws_elasticache_cluster": ("parameter_group_name",),
        },
        "InvalidCacheParameterGroupState",
        "One or more cache clusters are still members of this parameter group {name}, so the group cannot be deleted.",
        f"{_CACHE}API_DeleteCacheParameterGroup.html",
    ),
    "aws_elasticache_user_group": _Used(
        {"aws_elasticache_replication_group": ("user_group_ids[]",)},
        "InvalidUserGroupState",
        "User group {user_group_id} is in use by {user}.",
        f"{_CACHE}API_DeleteUserGroup.html",
    ),
    "aws_lb_target_group": _Used(
        _ATTACHED,
        "ResourceInUse",
        "Target group '{arn}' is currently in use by a listener or a rule",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteTargetGroup.html",
    ),
    "aws_acm_certificate": _Used(
        _CERTIFIED,
        "ResourceInUseException",
        "Certificate {arn} in account 000000000000 is in use.",
        "https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html",
    ),
    "aws_iam_role": _Used(
        {"aws_iam_role_policy_attachment": ("role",), "aws_iam_role_policy": ("role",)},
        "DeleteConflict",
        "Cannot delete entity, must detach all policies first.",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html",
        unless="force_detach_policies",
    ),
    "aws_iam_policy": _Used(
        {
            "aws_iam_role_policy_attachment": ("policy_arn",),
            "aws_iam_user_policy_attachment": ("policy_arn",),
            "aws_iam_group_policy_attachment": ("policy_arn",),
        },
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html",
    ),
    "aws_s3_bucket": _Used(
        {"aws_s3_object": ("bucket",), "//object": ("bucket",)},
        "BucketNotEmpty",
        "The bucket you tried to delete is not empty",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html",
        unless="force_destroy",
    ),
    "aws_ecs_cluster": _Used(
        {"aws_ecs_service": ("cluster",)},
        "ClusterContainsServicesException",
        "The Cluster cannot be deleted while Services are active.",
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html",
    ),
    "aws_eks_cluster": _Used(
        {"aws_eks_node_group": ("cluster_name",), "aws_eks_fargate_profile": ("cluster_name",)},
        "ResourceInUseException",
        "Cluster has nodegroups attached",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html",
    ),
    "aws_efs_file_system": _Used(
        {"aws_efs_mount_target": ("file_system_id",)},
        "FileSystemInUse",
        "File system '{id}' has mount targets.",
        "https://docs.aws.amazon.com/efs/latest/ug/API_DeleteFileSystem.html",
    ),
    "aws_route53_zone": _Used(
        {"aws_route53_record": ("zone_id",)},
        "HostedZoneNotEmpty",
        "The specified hosted zone contains non-required resource record sets  and so cannot be deleted.",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHostedZone.html",
        unless="force_destroy",
    ),
    "aws_cloudfront_origin_access_control": _Used(
        {"aws_cloudfront_distribution": ("origin[].origin_access_control_id",)},
        "OriginAccessControlInUse",
        "Cannot delete the origin access control because it's in use by one or more other resources.",
        f"{_CDN}API_DeleteOriginAccessControl.html",
    ),
    "aws_cloudfront_cache_policy": _Used(
        _behaviours("cache_policy_id"),
        "CachePolicyInUse",
        "Cannot delete the cache policy because it is attached to one or more cache behaviors.",
        f"{_CDN}API_DeleteCachePolicy.html",
    ),
    "aws_cloudfront_response_headers_policy": _Used(
        _behaviours("response_headers_policy_id"),
        "ResponseHeadersPolicyInUse",
        "Cannot delete the response headers policy because it is attached to one or more cache behaviors.",
        f"{_CDN}API_DeleteResponseHeadersPolicy.html",
    ),
    "aws_cloudfront_function": _Used(
        _behaviours("function_association[].function_arn"),
        "FunctionInUse",
        "Cannot delete the function because it's attached to one or more cache behaviors.",
        f"{_CDN}API_DeleteFunction.html",
    ),
    "aws_wafv2_web_acl": _Used(
        {"aws_wafv2_web_acl_association": ("web_acl_arn",), "aws_cloudfront_distribution": ("web_acl_id",)},
        "WAFAssociatedItemException",
        "AWS WAF couldn’t perform the operation because your resource is being used by another resource or it’s "
        "associated with another resource.",
        "https://docs.aws.amazon.com/waf/latest/APIReference/API_DeleteWebACL.html",
    ),
}
_SAME_TYPE = {"aws_alb_target_group": "aws_lb_target_group"}


def _protected(thing: Thing) -> Refused | None:
    """Source: each service's deletion protection."""
    if thing.type == "aws_db_instance" and thing.get("deletion_protection") is True:
        return Refused(
            "InvalidParameterCombination",
            "Cannot delete protected DB Instance, please disable deletion protection and try again.",
        )
    if thing.type == "aws_rds_cluster" and thing.get("deletion_protection") is True:
        return Refused(
            "InvalidParameterCombination",
            "Cannot delete protected Cluster, please disable deletion protection and try again.",
        )
    if thing.type in ("aws_lb", "aws_alb") and thing.get("enable_deletion_protection") is True:
        return Refused(
            "OperationNotPermitted",
            f"Load balancer '{thing.get('arn')}' cannot be deleted because deletion protection is enabled",
        )
    if thing.type == "aws_dynamodb_table" and thing.get("deletion_protection_enabled") is True:
        return Refused(
            "ValidationException",
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection "
            "first.",
        )
    return None


# By type: whether the last snapshot is skipped, how it is called, the error where the name is taken.
_SNAPSHOTS = {
    "aws_db_instance": ("skip_final_snapshot", "DBSnapshotAlreadyExists"),
    "aws_rds_cluster": ("skip_final_snapshot", "DBClusterSnapshotAlreadyExistsFault"),
    "aws_docdb_cluster": ("skip_final_snapshot", "DBClusterSnapshotAlreadyExistsFault"),
    "aws_neptune_cluster": ("skip_final_snapshot", "DBClusterSnapshotAlreadyExistsFault"),
    "aws_redshift_cluster": ("skip_final_snapshot", "ClusterSnapshotAlreadyExists"),
    "aws_elasticache_replication_group": ("", "SnapshotAlreadyExistsFault"),
    "aws_elasticache_cluster": ("", "SnapshotAlreadyExistsFault"),
}
LEFT_SNAPSHOT = "//final snapshot"
"""The type of what a deleted store leaves for good."""


def check(account: Account, thing: Thing) -> None:
    """Raises:
    Refused: it is in use, protected or not empty, or the name of its last snapshot is taken.
    """
    protected = _protected(thing)
    if protected is not None:
        raise protected
    row = _USED.get(_SAME_TYPE.get(thing.type, thing.type))
    if row is not None and thing.get(row.unless or "//") is not True:
        user = _user(account, thing, row)
        if user is not None:
            shown = {**thing.state, "user": user.get("identifier") or user.get("id")}
            raise Refused(row.code, row.words.format_map(shown), retried=row.code != "BucketNotEmpty")
    _leave(account, thing)


def _user(account: Account, thing: Thing, row: _Used) -> Thing | None:
    # A gateway is in use by what has public addresses in its network.
    key = "vpc_id" if thing.type == "aws_internet_gateway" else ""
    names: set[Any] = (
        {thing.get(key)} if key else {thing.get(one) for one in ("id", "arn", "name", "bucket", "zone_id")}
    )
    names |= {thing.get("allocation_id")} if thing.type == "aws_eip" else set()
    names -= {None, ""}
    for one in account.things(*row.by):
        if one.token == thing.token or (key and not _public(one)):
            continue
        ways = row.by[one.type]
        if any(value in names for way in ways for value in ends(account, one, way)):
            return one
    return None


def _public(thing: Thing) -> bool:
    if thing.type == "aws_nat_gateway":
        return thing.get("connectivity_type") in (None, "public")
    return thing.get("internal") in (None, False)


def _leave(account: Account, thing: Thing) -> None:
    left: dict[str, Any]
    if thing.type in _SNAPSHOTS:
        skip, code = _SNAPSHOTS[thing.type]
        name = thing.get("final_snapshot_identifier")
        if not name or (skip and thing.get(skip) is True):
            return
        service = code.removesuffix("AlreadyExists").removesuffix("AlreadyExistsFault")
        left = {"id": name, "service": service}
        for one in account.things(LEFT_SNAPSHOT, region=thing.region):
            if (one.get("id"), one.get("service")) == (name, service):
                raise Refused(
                    code,
                    f"Cannot create the snapshot because a snapshot with the identifier {name} already exists.",
                )
        account.put(
            Thing(f"{LEFT_SNAPSHOT} {thing.region} {service} {name}", LEFT_SNAPSHOT, thing.region, left)
        )
    elif thing.type == "aws_secretsmanager_secret" and thing.get("recovery_window_in_days") != 0:
        name = thing.get("name")
        account.put(Thing(f"{LEFT_SECRET} {thing.region} {name}", LEFT_SECRET, thing.region, {"name": name}))
