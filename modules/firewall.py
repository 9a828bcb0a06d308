"""AWS WAF: one web ACL with AWS's managed rule groups before the load balancer, one before CloudFront."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.wafv2_web_acl import (
    Wafv2WebAcl,
    Wafv2WebAclDefaultAction,
    Wafv2WebAclDefaultActionAllow,
    Wafv2WebAclRule,
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
from constructs import Construct

from modules.domain import CDN_REGION
from modules.logs import Logs
from modules.tier import Tier

# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
MANAGED_GROUPS = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)


class Firewall(Tier):
    """The web ACLs of load balancer and CloudFront, and their logs.

    Attributes:
        cdn_acl_arn: the ARN of CloudFront's web ACL.
    """

    def __init__(self, scope: Construct, id: str, *, name: str, load_balancer_arn: str, logs: Logs) -> None:
        super().__init__(scope, id)
        self._name = name
        acl = self._acl("load_balancer", "REGIONAL", None)
        self.add(Wafv2WebAclAssociation, "load_balancer", resource_arn=load_balancer_arn, web_acl_arn=acl.arn)
        self._log("load_balancer", acl, logs, None)
        cdn_acl = self._acl("cdn", "CLOUDFRONT", CDN_REGION)
        self._log("cdn", cdn_acl, logs, CDN_REGION)
        self.cdn_acl_arn = cdn_acl.arn

    def _log(self, address: str, acl: Wafv2WebAcl, logs: Logs, region: str | None) -> None:
        # The group's name must begin so: https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
        group = logs.group(
            f"waf_{address}", f"aws-waf-logs-{self._name}-{address.replace('_', '-')}", region=region
        )
        self.add(
            Wafv2WebAclLoggingConfiguration,
            address,
            region=region,
            resource_arn=acl.arn,
            log_destination_configs=[group.arn],
            redacted_fields=[
                Wafv2WebAclLoggingConfigurationRedactedFields(
                    single_header=Wafv2WebAclLoggingConfigurationRedactedFieldsSingleHeader(name=header)
                )
                for header in ("authorization", "cookie")
            ],
            depends_on=[logs.deliveries[region or logs.region]],
        )

    def _acl(self, address: str, scope: str, region: str | None) -> Wafv2WebAcl:
        name = f"{self._name}-{address.replace('_', '-')}"
        return self.add(
            Wafv2WebAcl,
            address,
            name=name,
            scope=scope,
            region=region,
            default_action=Wafv2WebAclDefaultAction(allow=Wafv2WebAclDefaultActionAllow()),
            visibility_config=Wafv2WebAclVisibilityConfig(
                cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
            ),
            rule=[
                Wafv2WebAclRule(
                    name=group,
                    priority=priority,
                    override_action=Wafv2WebAclRuleOverrideAction(none={}),
                    statement={"managed_rule_group_statement": {"name": group, "vendor_name": "AWS"}},
                    visibility_config=Wafv2WebAclRuleVisibilityConfig(
                        cloudwatch_metrics_enabled=True, metric_name=group, sampled_requests_enabled=True
                    ),
                )
                for priority, group in enumerate(MANAGED_GROUPS)
            ],
        )
