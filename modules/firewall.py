"""AWS WAF: one web ACL with AWS's managed rule groups before the load balancer, one before CloudFront."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from constructs import Construct

from modules.domain import CDN_REGION
from modules.logs import Logs
from modules.names import (
    Wafv2WebAcl,
    Wafv2WebAclAssociation,
    Wafv2WebAclDataProtectionConfig,
    Wafv2WebAclDataProtectionConfigDataProtection,
    Wafv2WebAclDataProtectionConfigDataProtectionField,
    Wafv2WebAclDefaultAction,
    Wafv2WebAclDefaultActionAllow,
    Wafv2WebAclLoggingConfiguration,
    Wafv2WebAclLoggingConfigurationRedactedFields,
    Wafv2WebAclLoggingConfigurationRedactedFieldsSingleHeader,
    Wafv2WebAclRule,
    Wafv2WebAclRuleAction,
    Wafv2WebAclRuleActionBlock,
    Wafv2WebAclRuleOverrideAction,
    Wafv2WebAclRuleVisibilityConfig,
    Wafv2WebAclVisibilityConfig,
)
from modules.tier import Tier
from settings import limits, model

# What a rule that only counts leaves on a request: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
LARGE_BODY = "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"
API = "/api/"
# Headers that say who is signed in.
PRIVATE = ("authorization", "cookie")


class Firewall(Tier):
    """The web ACLs of load balancer and CloudFront, and their logs.

    Attributes:
        cdn_acl_arn: the ARN of CloudFront's web ACL.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        load_balancer_arn: str,
        settings: model.Waf,
        logs: Logs,
    ) -> None:
        super().__init__(scope, id)
        self._name, self._settings = name, settings
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
                for header in PRIVATE
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
            # Samples of requests are not redacted as the log is: this keeps who is signed in out of both.
            # https://docs.aws.amazon.com/waf/latest/developerguide/data-protection-masking.html
            data_protection_config=Wafv2WebAclDataProtectionConfig(
                data_protection=[
                    Wafv2WebAclDataProtectionConfigDataProtection(
                        action="SUBSTITUTION",
                        field=Wafv2WebAclDataProtectionConfigDataProtectionField(
                            field_type="SINGLE_HEADER", field_keys=list(PRIVATE)
                        ),
                    )
                ]
            ),
            rule=[
                *(
                    Wafv2WebAclRule(
                        name=group,
                        priority=priority,
                        override_action=Wafv2WebAclRuleOverrideAction(none={}),
                        statement={"managed_rule_group_statement": self._managed(group, rules)},
                        visibility_config=_seen(group),
                    )
                    for priority, (group, rules) in enumerate(limits.WAF_RULES.items())
                ),
                *self._own(len(limits.WAF_RULES), scope),
            ],
        )

    def _managed(self, group: str, rules: Sequence[str]) -> dict[str, Any]:
        counted = [
            {"name": rule, "action_to_use": {"count": {}}} for rule in rules if rule in self._settings.count
        ]
        statement: dict[str, Any] = {"name": group, "vendor_name": "AWS"}
        return {**statement, "rule_action_override": counted} if counted else statement

    def _own(self, priority: int, scope: str) -> Iterator[Wafv2WebAclRule]:
        """Large bodies for the API alone, where AWS's rule about them only counts; and a limit for each address."""
        if "SizeRestrictions_BODY" in self._settings.count:
            api = {
                "byte_match_statement": {
                    "search_string": API,
                    "positional_constraint": "STARTS_WITH",
                    "field_to_match": {"uri_path": {}},
                    "text_transformation": [{"priority": 0, "type": "NONE"}],
                }
            }
            large = {"label_match_statement": {"scope": "LABEL", "key": LARGE_BODY}}
            yield _blocking(
                "large-bodies",
                priority,
                {"and_statement": {"statement": [large, {"not_statement": {"statement": [api]}}]}},
            )
        if self._settings.requests_per_five_minutes:
            limit: dict[str, Any] = {
                "limit": self._settings.requests_per_five_minutes,
                "aggregate_key_type": "IP",
            }
            if scope == "REGIONAL":
                # Behind CloudFront every connection comes from CloudFront; the header has who asked it.
                limit |= {
                    "aggregate_key_type": "FORWARDED_IP",
                    "forwarded_ip_config": {
                        "header_name": "X-Forwarded-For",
                        "fallback_behavior": "NO_MATCH",
                    },
                }
            yield _blocking("requests-per-address", priority + 1, {"rate_based_statement": limit})


def _blocking(name: str, priority: int, statement: dict[str, Any]) -> Wafv2WebAclRule:
    return Wafv2WebAclRule(
        name=name,
        priority=priority,
        action=Wafv2WebAclRuleAction(block=Wafv2WebAclRuleActionBlock()),
        statement=statement,
        visibility_config=_seen(name),
    )


def _seen(metric: str) -> Wafv2WebAclRuleVisibilityConfig:
    return Wafv2WebAclRuleVisibilityConfig(
        cloudwatch_metrics_enabled=True, metric_name=metric, sampled_requests_enabled=True
    )
