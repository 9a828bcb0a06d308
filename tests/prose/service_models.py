"""Which members of AWS's API the stack's arguments become, by botocore's models of the services.

The names of most arguments are the members' own, written otherwise: they are found by that, below the member that the
block around them became. `ALIASES` has the others, `OF_THE_PROVIDER` what reaches no call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.loaders  # type: ignore[import-untyped]
import botocore.model  # type: ignore[import-untyped]

Shape = Any
"""botocore's classes of shapes have no types of their own."""

_EC2 = "ec2"

CALLS: Mapping[str, tuple[str, ...]] = {
    "aws_acm_certificate": ("acm", "RequestCertificate"),
    "aws_acm_certificate_validation": ("acm", "DescribeCertificate"),
    "aws_autoscaling_group": (
        "autoscaling",
        "CreateAutoScalingGroup",
        "UpdateAutoScalingGroup",
        "EnableMetricsCollection",
        "StartInstanceRefresh",
    ),
    "aws_autoscaling_policy": ("autoscaling", "PutScalingPolicy"),
    "aws_backup_plan": ("backup", "CreateBackupPlan", "UpdateBackupPlan"),
    "aws_backup_selection": ("backup", "CreateBackupSelection"),
    "aws_backup_vault": ("backup", "CreateBackupVault"),
    "aws_backup_vault_lock_configuration": ("backup", "PutBackupVaultLockConfiguration"),
    "aws_budgets_budget": ("budgets", "CreateBudget", "UpdateBudget"),
    "aws_cloudfront_distribution": ("cloudfront", "CreateDistribution", "UpdateDistribution", "TagResource"),
    "aws_cloudfront_function": ("cloudfront", "CreateFunction", "UpdateFunction", "PublishFunction"),
    "aws_cloudfront_origin_access_control": (
        "cloudfront",
        "CreateOriginAccessControl",
        "UpdateOriginAccessControl",
    ),
    "aws_cloudfront_response_headers_policy": (
        "cloudfront",
        "CreateResponseHeadersPolicy",
        "UpdateResponseHeadersPolicy",
    ),
    "aws_cloudwatch_dashboard": ("cloudwatch", "PutDashboard"),
    "aws_cloudwatch_event_rule": ("events", "PutRule"),
    "aws_cloudwatch_event_target": ("events", "PutTargets"),
    "aws_cloudwatch_log_delivery": ("logs", "CreateDelivery", "UpdateDeliveryConfiguration"),
    "aws_cloudwatch_log_delivery_destination": ("logs", "PutDeliveryDestination"),
    "aws_cloudwatch_log_delivery_source": ("logs", "PutDeliverySource"),
    "aws_cloudwatch_log_group": (
        "logs",
        "CreateLogGroup",
        "PutRetentionPolicy",
        "AssociateKmsKey",
    ),
    "aws_cloudwatch_log_resource_policy": ("logs", "PutResourcePolicy"),
    "aws_cloudwatch_metric_alarm": ("cloudwatch", "PutMetricAlarm"),
    "aws_db_instance": ("rds", "CreateDBInstance", "ModifyDBInstance", "DeleteDBInstance"),
    "aws_db_parameter_group": ("rds", "CreateDBParameterGroup", "ModifyDBParameterGroup"),
    "aws_db_subnet_group": ("rds", "CreateDBSubnetGroup", "ModifyDBSubnetGroup"),
    "aws_default_network_acl": (_EC2, "CreateNetworkAclEntry", "ReplaceNetworkAclEntry", "CreateTags"),
    "aws_default_security_group": (_EC2, "CreateSecurityGroup"),
    "aws_eip": (_EC2, "AllocateAddress"),
    "aws_elasticache_parameter_group": (
        "elasticache",
        "CreateCacheParameterGroup",
        "ModifyCacheParameterGroup",
    ),
    "aws_elasticache_replication_group": (
        "elasticache",
        "CreateReplicationGroup",
        "ModifyReplicationGroup",
    ),
    "aws_elasticache_subnet_group": ("elasticache", "CreateCacheSubnetGroup", "ModifyCacheSubnetGroup"),
    "aws_elasticache_user": ("elasticache", "CreateUser", "ModifyUser"),
    "aws_elasticache_user_group": ("elasticache", "CreateUserGroup", "ModifyUserGroup"),
    "aws_fis_experiment_template": ("fis", "CreateExperimentTemplate", "UpdateExperimentTemplate"),
    "aws_flow_log": (_EC2, "CreateFlowLogs"),
    "aws_iam_instance_profile": ("iam", "CreateInstanceProfile", "AddRoleToInstanceProfile"),
    "aws_iam_role": ("iam", "CreateRole", "UpdateAssumeRolePolicy"),
    "aws_iam_role_policy": ("iam", "PutRolePolicy"),
    "aws_iam_role_policy_attachment": ("iam", "AttachRolePolicy"),
    "aws_internet_gateway": (_EC2, "CreateInternetGateway", "AttachInternetGateway"),
    "aws_kms_alias": ("kms", "CreateAlias", "UpdateAlias"),
    "aws_kms_key": ("kms", "CreateKey", "PutKeyPolicy", "EnableKeyRotation", "ScheduleKeyDeletion"),
    "aws_launch_template": (
        _EC2,
        "CreateLaunchTemplate",
        "CreateLaunchTemplateVersion",
        "ModifyLaunchTemplate",
    ),
    "aws_lb": ("elbv2", "CreateLoadBalancer", "ModifyLoadBalancerAttributes"),
    "aws_lb_listener": ("elbv2", "CreateListener", "ModifyListener"),
    "aws_lb_target_group": (
        "elbv2",
        "CreateTargetGroup",
        "ModifyTargetGroup",
        "ModifyTargetGroupAttributes",
    ),
    "aws_nat_gateway": (_EC2, "CreateNatGateway"),
    "aws_route": (_EC2, "CreateRoute", "ReplaceRoute"),
    "aws_route53_record": ("route53", "ChangeResourceRecordSets"),
    "aws_route_table": (_EC2, "CreateRouteTable"),
    "aws_route_table_association": (_EC2, "AssociateRouteTable"),
    "aws_s3_bucket": ("s3", "CreateBucket", "PutBucketTagging"),
    "aws_s3_bucket_lifecycle_configuration": ("s3", "PutBucketLifecycleConfiguration"),
    "aws_s3_bucket_logging": ("s3", "PutBucketLogging"),
    "aws_s3_bucket_ownership_controls": ("s3", "PutBucketOwnershipControls"),
    "aws_s3_bucket_policy": ("s3", "PutBucketPolicy"),
    "aws_s3_bucket_public_access_block": ("s3", "PutPublicAccessBlock"),
    "aws_s3_bucket_server_side_encryption_configuration": ("s3", "PutBucketEncryption"),
    "aws_s3_bucket_versioning": ("s3", "PutBucketVersioning"),
    "aws_security_group": (_EC2, "CreateSecurityGroup"),
    "aws_sns_topic": ("sns", "CreateTopic", "SetTopicAttributes"),
    "aws_sns_topic_policy": ("sns", "SetTopicAttributes"),
    "aws_sns_topic_subscription": ("sns", "Subscribe"),
    "aws_subnet": (_EC2, "CreateSubnet", "ModifySubnetAttribute"),
    "aws_vpc": (_EC2, "CreateVpc", "ModifyVpcAttribute"),
    "aws_vpc_endpoint": (_EC2, "CreateVpcEndpoint", "ModifyVpcEndpoint"),
    "aws_vpc_security_group_egress_rule": (_EC2, "AuthorizeSecurityGroupEgress"),
    "aws_vpc_security_group_ingress_rule": (_EC2, "AuthorizeSecurityGroupIngress"),
    "aws_wafv2_web_acl": ("wafv2", "CreateWebACL", "UpdateWebACL"),
    "aws_wafv2_web_acl_association": ("wafv2", "AssociateWebACL"),
    "aws_wafv2_web_acl_logging_configuration": ("wafv2", "PutLoggingConfiguration"),
}
"""A type's service and the operations that create and change it. What the provider only reads is one of the two
places where an argument's constraints are written, as for certificates that are waited for."""

ALIASES: Mapping[str, str] = {
    "aws_acm_certificate_validation.validation_record_fqdns": "",
    "aws_autoscaling_group.enabled_metrics": "Metrics",
    "aws_autoscaling_group.instance_refresh": "",
    "aws_autoscaling_group.launch_template.id": "LaunchTemplateId",
    "aws_autoscaling_group.name": "AutoScalingGroupName",
    "aws_autoscaling_policy.name": "PolicyName",
    "aws_backup_plan.name": "BackupPlan.BackupPlanName",
    "aws_backup_plan.rule.completion_window": "CompletionWindowMinutes",
    "aws_backup_plan.rule.copy_action": "CopyActions",
    "aws_backup_plan.rule.copy_action.destination_vault_arn": "DestinationBackupVaultArn",
    "aws_backup_plan.rule.copy_action.lifecycle.delete_after": "DeleteAfterDays",
    "aws_backup_plan.rule.lifecycle.delete_after": "DeleteAfterDays",
    "aws_backup_plan.rule.schedule": "ScheduleExpression",
    "aws_backup_plan.rule.start_window": "StartWindowMinutes",
    "aws_backup_plan.rule.target_vault_name": "TargetBackupVaultName",
    "aws_backup_selection.name": "BackupSelection.SelectionName",
    "aws_backup_selection.plan_id": "BackupPlanId",
    "aws_backup_selection.selection_tag": "BackupSelection.ListOfTags",
    "aws_backup_selection.selection_tag.key": "ConditionKey",
    "aws_backup_selection.selection_tag.type": "ConditionType",
    "aws_backup_selection.selection_tag.value": "ConditionValue",
    "aws_backup_vault.kms_key_arn": "EncryptionKeyArn",
    "aws_backup_vault.name": "BackupVaultName",
    "aws_budgets_budget.limit_amount": "Budget.BudgetLimit.Amount",
    "aws_budgets_budget.limit_unit": "Budget.BudgetLimit.Unit",
    "aws_budgets_budget.name": "Budget.BudgetName",
    "aws_budgets_budget.notification": "",
    "aws_budgets_budget.notification.subscriber_sns_topic_arns": "NotificationsWithSubscribers.Subscribers.Address",
    "aws_cloudfront_distribution.ordered_cache_behavior": "DistributionConfig.CacheBehaviors",
    "aws_cloudfront_distribution.origin.origin_id": "Items.Id",
    "aws_cloudfront_distribution.tags": "Tags.Items",
    "aws_cloudfront_function.code": "FunctionCode",
    "aws_cloudwatch_log_group.name": "logGroupName",
    "aws_db_instance.backup_window": "PreferredBackupWindow",
    "aws_db_instance.ca_cert_identifier": "CACertificateIdentifier",
    "aws_db_instance.enabled_cloudwatch_logs_exports": "EnableCloudwatchLogsExports",
    "aws_db_instance.final_snapshot_identifier": "FinalDBSnapshotIdentifier",
    "aws_db_instance.iam_database_authentication_enabled": "EnableIAMDatabaseAuthentication",
    "aws_db_instance.identifier": "DBInstanceIdentifier",
    "aws_db_instance.instance_class": "DBInstanceClass",
    "aws_db_instance.maintenance_window": "PreferredMaintenanceWindow",
    "aws_db_instance.parameter_group_name": "DBParameterGroupName",
    "aws_db_instance.performance_insights_enabled": "EnablePerformanceInsights",
    "aws_db_instance.port": "Port|DBPortNumber",
    "aws_db_instance.tags": "Tags",
    "aws_db_instance.username": "MasterUsername",
    "aws_db_parameter_group.description": "Description",
    "aws_db_parameter_group.family": "DBParameterGroupFamily",
    "aws_db_parameter_group.name_prefix": "DBParameterGroupName",
    "aws_db_parameter_group.parameter.name": "ParameterName",
    "aws_db_parameter_group.parameter.value": "ParameterValue",
    "aws_db_subnet_group.description": "DBSubnetGroupDescription",
    "aws_db_subnet_group.name": "DBSubnetGroupName",
    "aws_default_network_acl.default_network_acl_id": "NetworkAclId",
    "aws_default_network_acl.egress": "",
    "aws_default_network_acl.egress.action": "RuleAction",
    "aws_default_network_acl.egress.from_port": "PortRange.From",
    "aws_default_network_acl.egress.rule_no": "RuleNumber",
    "aws_default_network_acl.egress.to_port": "PortRange.To",
    "aws_default_network_acl.ingress": "",
    "aws_default_network_acl.ingress.action": "RuleAction",
    "aws_default_network_acl.ingress.from_port": "PortRange.From",
    "aws_default_network_acl.ingress.rule_no": "RuleNumber",
    "aws_default_network_acl.ingress.to_port": "PortRange.To",
    "aws_elasticache_parameter_group.family": "CacheParameterGroupFamily",
    "aws_elasticache_parameter_group.name": "CacheParameterGroupName",
    "aws_elasticache_parameter_group.parameter": "ParameterNameValues",
    "aws_elasticache_parameter_group.parameter.name": "ParameterName",
    "aws_elasticache_parameter_group.parameter.value": "ParameterValue",
    "aws_elasticache_replication_group.description": "ReplicationGroupDescription",
    "aws_elasticache_replication_group.log_delivery_configuration.destination": (
        "DestinationDetails.CloudWatchLogsDetails.LogGroup"
    ),
    "aws_elasticache_replication_group.maintenance_window": "PreferredMaintenanceWindow",
    "aws_elasticache_replication_group.node_type": "CacheNodeType",
    "aws_elasticache_replication_group.parameter_group_name": "CacheParameterGroupName",
    "aws_elasticache_replication_group.subnet_group_name": "CacheSubnetGroupName",
    "aws_elasticache_subnet_group.description": "CacheSubnetGroupDescription",
    "aws_elasticache_subnet_group.name": "CacheSubnetGroupName",
    "aws_fis_experiment_template.action.name": "",
    "aws_fis_experiment_template.target.name": "",
    "aws_flow_log.iam_role_arn": "DeliverLogsPermissionArn",
    "aws_flow_log.vpc_id": "ResourceIds",
    "aws_iam_instance_profile.name": "InstanceProfileName",
    "aws_iam_instance_profile.role": "RoleName",
    "aws_iam_role.assume_role_policy": "AssumeRolePolicyDocument|PolicyDocument",
    "aws_iam_role.name": "RoleName",
    "aws_iam_role_policy.name": "PolicyName",
    "aws_iam_role_policy.policy": "PolicyDocument",
    "aws_iam_role_policy.role": "RoleName",
    "aws_iam_role_policy_attachment.role": "RoleName",
    "aws_kms_alias.name": "AliasName",
    "aws_kms_key.deletion_window_in_days": "PendingWindowInDays",
    "aws_launch_template.name": "LaunchTemplateName",
    "aws_launch_template.network_interfaces.security_groups": "Groups",
    "aws_launch_template.tag_specifications": "LaunchTemplateData.TagSpecifications",
    "aws_lb.internal": "Scheme",
    "aws_lb.load_balancer_type": "Type",
    "aws_lb_listener.certificate_arn": "Certificates.CertificateArn",
    "aws_lb_listener.default_action.redirect": "RedirectConfig",
    "aws_lb_target_group.health_check": "",
    "aws_lb_target_group.health_check.healthy_threshold": "HealthyThresholdCount",
    "aws_lb_target_group.health_check.interval": "HealthCheckIntervalSeconds",
    "aws_lb_target_group.health_check.matcher": "Matcher.HttpCode",
    "aws_lb_target_group.health_check.path": "HealthCheckPath",
    "aws_lb_target_group.health_check.timeout": "HealthCheckTimeoutSeconds",
    "aws_lb_target_group.health_check.unhealthy_threshold": "UnhealthyThresholdCount",
    "aws_lb_target_group.name_prefix": "Name",
    "aws_route53_record.alias": "ChangeBatch.Changes.ResourceRecordSet.AliasTarget",
    "aws_route53_record.alias.name": "DNSName",
    "aws_route53_record.alias.zone_id": "HostedZoneId",
    "aws_route53_record.name": "ChangeBatch.Changes.ResourceRecordSet.Name",
    "aws_route53_record.records": "ChangeBatch.Changes.ResourceRecordSet.ResourceRecords",
    "aws_route53_record.ttl": "ChangeBatch.Changes.ResourceRecordSet.TTL",
    "aws_route53_record.type": "ChangeBatch.Changes.ResourceRecordSet.Type",
    "aws_route53_record.zone_id": "HostedZoneId",
    "aws_s3_bucket.tags": "Tagging.TagSet",
    "aws_security_group.name": "GroupName",
    "aws_sns_topic_policy.arn": "TopicArn",
    "aws_vpc_endpoint.subnet_ids": "SubnetIds",
    "aws_vpc_security_group_egress_rule.cidr_ipv4": "IpPermissions.IpRanges.CidrIp",
    "aws_vpc_security_group_egress_rule.description": (
        "IpPermissions.IpRanges.Description|IpPermissions.UserIdGroupPairs.Description"
    ),
    "aws_vpc_security_group_egress_rule.from_port": "IpPermissions.FromPort",
    "aws_vpc_security_group_egress_rule.ip_protocol": "IpPermissions.IpProtocol",
    "aws_vpc_security_group_egress_rule.referenced_security_group_id": "IpPermissions.UserIdGroupPairs.GroupId",
    "aws_vpc_security_group_egress_rule.security_group_id": "GroupId",
    "aws_vpc_security_group_egress_rule.to_port": "IpPermissions.ToPort",
    "aws_vpc_security_group_ingress_rule.cidr_ipv4": "IpPermissions.IpRanges.CidrIp",
    "aws_vpc_security_group_ingress_rule.description": (
        "IpPermissions.IpRanges.Description|IpPermissions.UserIdGroupPairs.Description"
    ),
    "aws_vpc_security_group_ingress_rule.from_port": "IpPermissions.FromPort",
    "aws_vpc_security_group_ingress_rule.ip_protocol": "IpPermissions.IpProtocol",
    "aws_vpc_security_group_ingress_rule.referenced_security_group_id": "IpPermissions.UserIdGroupPairs.GroupId",
    "aws_vpc_security_group_ingress_rule.security_group_id": "GroupId",
    "aws_vpc_security_group_ingress_rule.to_port": "IpPermissions.ToPort",
    "aws_wafv2_web_acl.default_action": "DefaultAction",
}
"""Below what the block around it became: the member's path, several parted by `|`; nothing: the block is no member."""

# Load balancers', target groups' and topics' attributes are pairs of texts.
_PAIR = "Attributes"
ATTRIBUTES: Mapping[str, str] = {
    "aws_lb.access_logs": _PAIR,
    "aws_lb.access_logs.bucket": "Value",
    "aws_lb.access_logs.enabled": "Value",
    "aws_lb.access_logs.prefix": "Value",
    "aws_lb.drop_invalid_header_fields": _PAIR,
    "aws_lb.enable_deletion_protection": _PAIR,
    "aws_lb.idle_timeout": _PAIR,
    "aws_lb_target_group.deregistration_delay": _PAIR,
    "aws_sns_topic.kms_master_key_id": "Attributes|AttributeName|AttributeValue",
    "aws_sns_topic_policy.policy": "AttributeName|AttributeValue",
}

OF_THE_PROVIDER: Mapping[str, str] = {
    "aws_autoscaling_group.min_elb_capacity": "how long the provider waits",
    "aws_autoscaling_group.wait_for_capacity_timeout": "how long the provider waits",
    "aws_cloudfront_function.publish": "whether the provider publishes it",
    "aws_kms_key.enable_key_rotation": "which of two calls the provider makes",
    "aws_launch_template.update_default_version": "whether the provider makes the new version the default",
    "aws_route53_record.allow_overwrite": "whether the provider creates or upserts",
}
_META = frozenset(
    {"//", "lifecycle", "provider", "depends_on", "count", "for_each", "provisioner", "timeouts"}
)
_REGION = "region"
_DEPTH = 4


class Unmapped(LookupError):
    """An argument or a type of the stack of which nobody has said what it becomes."""


@dataclass(frozen=True)
class Member:
    """A member of a structure, under the structure's name in the service's model."""

    service: str
    structure: str
    name: str
    shape: Shape

    @property
    def place(self) -> str:
        """Such as `autoscaling.RefreshPreferences.AutoRollback`."""
        return f"{self.service}.{self.structure}.{self.name}"


@dataclass(frozen=True)
class Given:
    """An argument of a resource and the members that it becomes."""

    address: str
    path: str
    value: Any
    members: tuple[Member, ...]


@cache
def model(service: str) -> Any:
    """botocore's model of a service."""
    loaded = botocore.loaders.Loader().load_service_model(service, "service-2")
    return botocore.model.ServiceModel(loaded, service)


def given(configuration: Mapping[str, Any]) -> Iterator[Given]:
    """Every argument of a synthesized configuration with its members.

    Raises:
        Unmapped: with all arguments and types that are in no table.
    """
    unmapped: dict[str, None] = {}
    for terraform_type, resources in configuration["resource"].items():
        if not terraform_type.startswith("aws_"):
            continue
        if terraform_type not in CALLS:
            unmapped[terraform_type] = None
            continue
        service, *operations = CALLS[terraform_type]
        inputs = [model(service).operation_model(name).input_shape for name in operations]
        for name, resource in resources.items():
            for one in resource if isinstance(resource, list) else [resource]:
                yield from _given(f"{terraform_type}.{name}", service, inputs, one, (), unmapped)
    if unmapped:
        raise Unmapped(
            f"not known what these become in AWS's API: {', '.join(unmapped)}; tests/prose/service_models.py has "
            "the tables: CALLS for types, ALIASES and OF_THE_PROVIDER for arguments"
        )


def _given(
    address: str,
    service: str,
    shapes: list[Shape],
    block: Mapping[str, Any],
    at: tuple[str, ...],
    unmapped: dict[str, None],
) -> Iterator[Given]:
    terraform_type = address.partition(".")[0]
    for name, value in block.items():
        path = (*at, name)
        argument = f"{terraform_type}.{'.'.join(path)}"
        if (not at and name in (*_META, _REGION)) or argument in OF_THE_PROVIDER or value is None:
            continue
        aliased = ALIASES.get(argument, ATTRIBUTES.get(argument))
        if aliased is None:
            members = [member for one in shapes for member in _named(service, one, name)]
        else:
            members = [
                member
                for one in shapes
                for alias in aliased.split("|")
                if alias
                for member in _below(service, one, alias.split("."))
            ]
        if not members and aliased != "":
            members = [member for one in shapes for member in _pair(service, one)]
            if not members and any(one.type_name != "map" for one in shapes):
                unmapped[argument] = None
                continue
        yield Given(address, ".".join(path), value, tuple(members))
        inner = [member.shape for member in members] if aliased != "" else shapes
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from _given(address, service, inner, one, path, unmapped)


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


@cache
def _spellings(argument: str) -> frozenset[str]:
    name = _plain(argument)
    return frozenset({name, f"{name}s", f"{name}es", f"{name[:-1]}ies", name.removesuffix("s")})


def _element(shape: Shape) -> Shape:
    """What the elements are made of, for lists and maps."""
    while shape.type_name in ("list", "map"):
        shape = shape.member if shape.type_name == "list" else shape.value
    return shape


def _members(service: str, shape: Shape) -> Iterator[Member]:
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield Member(service, shape.name, name, member)


def _pair(service: str, shape: Shape) -> list[Member]:
    """Both members of a key with its value, which is what a map of Terraform becomes."""
    members = list(_members(service, _element(shape)))
    return (
        members
        if {member.name.lower() for member in members} in ({"key", "value"}, {"name", "value"})
        else []
    )


def _named(service: str, shape: Shape, argument: str) -> list[Member]:
    """The nearest members of an argument's name at or below a shape: all those of one depth."""
    level, seen = [_element(shape)], set()
    for _ in range(_DEPTH):
        members = [member for one in level for member in _members(service, one)]
        exact = [member for member in members if _plain(member.name) == _plain(argument)]
        found = exact or [member for member in members if _plain(member.name) in _spellings(argument)]
        if found:
            return found
        seen |= {one.name for one in level}
        level = [inner for inner in (_element(member.shape) for member in members) if inner.name not in seen]
    return []


def _below(service: str, shape: Shape, path: Iterable[str]) -> list[Member]:
    """The members at the end of a path of their own names."""
    found: list[Member] = []
    shapes = [shape]
    for name in path:
        found = [
            member for one in shapes for member in _members(service, _element(one)) if member.name == name
        ]
        shapes = [member.shape for member in found]
    return found
