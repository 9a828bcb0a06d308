"""The names that the constructs take from the bindings: the one place that knows which package has which.

A construct asks for them here, `from modules.names import Vpc`, and a name is loaded when it is first asked for,
from the bindings that were chosen (see `synthesis.bindings`). The imports below are never run as they stand: mypy
checks the constructs against them, and `__getattr__` reads from them where a name is.
"""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from synthesis import bindings

if TYPE_CHECKING:
    from cdktf import (
        App,
        DataResource,
        Fn,
        ITerraformDependable,
        LocalBackend,
        S3Backend,
        TerraformLocal,
        TerraformOutput,
        TerraformResource,
        TerraformResourceLifecycle,
        TerraformStack,
        TerraformVariable,
    )
    from cdktf_cdktf_provider_aws.acm_certificate import AcmCertificate
    from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation
    from cdktf_cdktf_provider_aws.autoscaling_group import (
        AutoscalingGroup,
        AutoscalingGroupInstanceRefresh,
        AutoscalingGroupInstanceRefreshPreferences,
        AutoscalingGroupLaunchTemplate,
        AutoscalingGroupTag,
    )
    from cdktf_cdktf_provider_aws.autoscaling_policy import (
        AutoscalingPolicy,
        AutoscalingPolicyTargetTrackingConfiguration,
        AutoscalingPolicyTargetTrackingConfigurationPredefinedMetricSpecification,
    )
    from cdktf_cdktf_provider_aws.backup_plan import (
        BackupPlan,
        BackupPlanRule,
        BackupPlanRuleCopyAction,
        BackupPlanRuleCopyActionLifecycle,
        BackupPlanRuleLifecycle,
    )
    from cdktf_cdktf_provider_aws.backup_selection import BackupSelection, BackupSelectionSelectionTag
    from cdktf_cdktf_provider_aws.backup_vault import BackupVault
    from cdktf_cdktf_provider_aws.backup_vault_lock_configuration import BackupVaultLockConfiguration
    from cdktf_cdktf_provider_aws.budgets_budget import BudgetsBudget, BudgetsBudgetNotification
    from cdktf_cdktf_provider_aws.cloudfront_distribution import (
        CloudfrontDistribution,
        CloudfrontDistributionDefaultCacheBehavior,
        CloudfrontDistributionDefaultCacheBehaviorFunctionAssociation,
        CloudfrontDistributionOrderedCacheBehavior,
        CloudfrontDistributionOrigin,
        CloudfrontDistributionOriginCustomOriginConfig,
        CloudfrontDistributionRestrictions,
        CloudfrontDistributionRestrictionsGeoRestriction,
        CloudfrontDistributionViewerCertificate,
    )
    from cdktf_cdktf_provider_aws.cloudfront_function import CloudfrontFunction
    from cdktf_cdktf_provider_aws.cloudfront_origin_access_control import CloudfrontOriginAccessControl
    from cdktf_cdktf_provider_aws.cloudfront_response_headers_policy import (
        CloudfrontResponseHeadersPolicy,
        CloudfrontResponseHeadersPolicySecurityHeadersConfig,
        CloudfrontResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicy,
        CloudfrontResponseHeadersPolicySecurityHeadersConfigContentTypeOptions,
        CloudfrontResponseHeadersPolicySecurityHeadersConfigFrameOptions,
        CloudfrontResponseHeadersPolicySecurityHeadersConfigReferrerPolicy,
        CloudfrontResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurity,
    )
    from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
    from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
    from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
    from cdktf_cdktf_provider_aws.cloudwatch_log_delivery import (
        CloudwatchLogDelivery,
        CloudwatchLogDeliveryS3DeliveryConfiguration,
    )
    from cdktf_cdktf_provider_aws.cloudwatch_log_delivery_destination import (
        CloudwatchLogDeliveryDestination,
        CloudwatchLogDeliveryDestinationDeliveryDestinationConfiguration,
    )
    from cdktf_cdktf_provider_aws.cloudwatch_log_delivery_source import CloudwatchLogDeliverySource
    from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
    from cdktf_cdktf_provider_aws.cloudwatch_log_resource_policy import CloudwatchLogResourcePolicy
    from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
    from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
    from cdktf_cdktf_provider_aws.data_aws_ssm_parameter import DataAwsSsmParameter
    from cdktf_cdktf_provider_aws.db_instance import DbInstance
    from cdktf_cdktf_provider_aws.db_parameter_group import DbParameterGroup, DbParameterGroupParameter
    from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
    from cdktf_cdktf_provider_aws.default_network_acl import (
        DefaultNetworkAcl,
        DefaultNetworkAclEgress,
        DefaultNetworkAclIngress,
    )
    from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup
    from cdktf_cdktf_provider_aws.eip import Eip
    from cdktf_cdktf_provider_aws.elasticache_parameter_group import (
        ElasticacheParameterGroup,
        ElasticacheParameterGroupParameter,
    )
    from cdktf_cdktf_provider_aws.elasticache_replication_group import (
        ElasticacheReplicationGroup,
        ElasticacheReplicationGroupLogDeliveryConfiguration,
    )
    from cdktf_cdktf_provider_aws.elasticache_subnet_group import ElasticacheSubnetGroup
    from cdktf_cdktf_provider_aws.elasticache_user import ElasticacheUser, ElasticacheUserAuthenticationMode
    from cdktf_cdktf_provider_aws.elasticache_user_group import ElasticacheUserGroup
    from cdktf_cdktf_provider_aws.fis_experiment_template import (
        FisExperimentTemplate,
        FisExperimentTemplateAction,
        FisExperimentTemplateActionParameter,
        FisExperimentTemplateActionTarget,
        FisExperimentTemplateExperimentOptions,
        FisExperimentTemplateLogConfiguration,
        FisExperimentTemplateLogConfigurationCloudwatchLogsConfiguration,
        FisExperimentTemplateStopCondition,
        FisExperimentTemplateTarget,
    )
    from cdktf_cdktf_provider_aws.flow_log import FlowLog
    from cdktf_cdktf_provider_aws.iam_instance_profile import IamInstanceProfile
    from cdktf_cdktf_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
    from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
    from cdktf_cdktf_provider_aws.iam_role import IamRole
    from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
    from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
    from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
    from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
    from cdktf_cdktf_provider_aws.kms_key import KmsKey
    from cdktf_cdktf_provider_aws.launch_template import (
        LaunchTemplate,
        LaunchTemplateBlockDeviceMappings,
        LaunchTemplateBlockDeviceMappingsEbs,
        LaunchTemplateIamInstanceProfile,
        LaunchTemplateMetadataOptions,
        LaunchTemplateMonitoring,
        LaunchTemplateNetworkInterfaces,
        LaunchTemplateTagSpecifications,
    )
    from cdktf_cdktf_provider_aws.lb import Lb, LbAccessLogs
    from cdktf_cdktf_provider_aws.lb_listener import (
        LbListener,
        LbListenerDefaultAction,
        LbListenerDefaultActionRedirect,
    )
    from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup, LbTargetGroupHealthCheck
    from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
    from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderDefaultTags
    from cdktf_cdktf_provider_aws.route import Route
    from cdktf_cdktf_provider_aws.route53_record import Route53Record, Route53RecordAlias
    from cdktf_cdktf_provider_aws.route_table import RouteTable
    from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
    from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
    from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
        S3BucketLifecycleConfiguration,
        S3BucketLifecycleConfigurationRule,
        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
        S3BucketLifecycleConfigurationRuleExpiration,
        S3BucketLifecycleConfigurationRuleFilter,
        S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
    )
    from cdktf_cdktf_provider_aws.s3_bucket_logging import S3BucketLoggingA
    from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import (
        S3BucketOwnershipControls,
        S3BucketOwnershipControlsRule,
    )
    from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
    from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
    from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
        S3BucketServerSideEncryptionConfigurationA,
        S3BucketServerSideEncryptionConfigurationRuleA,
        S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
    )
    from cdktf_cdktf_provider_aws.s3_bucket_versioning import (
        S3BucketVersioningA,
        S3BucketVersioningVersioningConfiguration,
    )
    from cdktf_cdktf_provider_aws.security_group import SecurityGroup
    from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
    from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
    from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
    from cdktf_cdktf_provider_aws.subnet import Subnet
    from cdktf_cdktf_provider_aws.vpc import Vpc
    from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
    from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
    from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
    from cdktf_cdktf_provider_aws.wafv2_web_acl import (
        Wafv2WebAcl,
        Wafv2WebAclDataProtectionConfig,
        Wafv2WebAclDataProtectionConfigDataProtection,
        Wafv2WebAclDataProtectionConfigDataProtectionField,
        Wafv2WebAclDefaultAction,
        Wafv2WebAclDefaultActionAllow,
        Wafv2WebAclRule,
        Wafv2WebAclRuleAction,
        Wafv2WebAclRuleActionBlock,
        Wafv2WebAclRuleOverrideAction,
        Wafv2WebAclRuleVisibilityConfig,
        Wafv2WebAclVisibilityConfig,
    )
    from cdktf_cdktf_provider_aws.wafv2_web_acl_association import Wafv2WebAclAssociation
    from cdktf_cdktf_provider_aws.wafv2_web_acl_logging_configuration import (
        Wafv2WebAclLoggingConfiguration,
        Wafv2WebAclLoggingConfigurationRedactedFields,
        Wafv2WebAclLoggingConfigurationRedactedFieldsSingleHeader,
    )
else:
    _CHOSEN = bindings.chosen()
    _PACKAGES = {
        bindings.DEFAULT.framework: _CHOSEN.framework,
        bindings.DEFAULT.provider: _CHOSEN.provider,
    }
    _WHERE = {
        name.name: imported.module
        for imported in ast.walk(ast.parse(Path(__file__).read_text(encoding="utf-8")))
        if isinstance(imported, ast.ImportFrom) and imported.module.partition(".")[0] in _PACKAGES
        for name in imported.names
    }

    def __getattr__(name: str) -> object:
        if name not in _WHERE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        package, dot, module = _WHERE[name].partition(".")
        return getattr(importlib.import_module(f"{_PACKAGES[package]}{dot}{module}"), name)
