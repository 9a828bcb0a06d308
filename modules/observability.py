"""Alarms on what pages people, the encrypted topic that they go to, and one dashboard."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from constructs import Construct

from modules import encryption
from modules.names import (
    BudgetsBudget,
    BudgetsBudgetNotification,
    CloudwatchDashboard,
    CloudwatchEventRule,
    CloudwatchEventTarget,
    CloudwatchMetricAlarm,
    SnsTopic,
    SnsTopicPolicy,
    SnsTopicSubscription,
)
from modules.tier import Tier, policy
from settings import model

GIB = 1024**3


@dataclass(frozen=True)
class Alarm:
    """An alarm: it goes off when `statistic` of the metric over `period` seconds is past the threshold `times` times."""

    address: str
    namespace: str
    metric: str
    dimensions: dict[str, str]
    threshold: float
    why: str
    statistic: str = "Average"
    below: bool = False
    period: int = 60
    times: int = 5
    missing: str = "notBreaching"
    percentile: str = ""


class Observability(Tier):
    """Topic, alarms and dashboard.

    Attributes:
        topic: the topic that alarms go to.
        no_healthy_hosts: the alarm that nothing serves any more; a drill stops on it.
        failing_requests: the alarm that the backend answers with errors; a drill stops on it too.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        region: str,
        account_id: str,
        settings: model.Observability,
        load_balancer: str,
        target_group: str,
        auto_scaling_group: str,
        scales_to: int | None,
        db_instance: str,
        database: model.Database,
        db_connections: int,
        cache_nodes: Sequence[str],
        cache: model.Cache,
        nat_gateways: Mapping[str, str],
        web_acl: str | None,
    ) -> None:
        """`load_balancer` and `target_group` are ARN suffixes, the others names and ids, as CloudWatch wants them.

        `scales_to` is the group's most instances, None where it does not scale; `nat_gateways` come by zone letter.
        """
        super().__init__(scope, id)
        self._name = name
        self.topic, self._permission = self._topic(region, account_id, settings.alarm_emails)
        balancer = {"LoadBalancer": load_balancer}
        targets = {**balancer, "TargetGroup": target_group}
        instance = {"DBInstanceIdentifier": db_instance}
        group = {"AutoScalingGroupName": auto_scaling_group}
        alarms = [
            Alarm("alb_5xx", "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", balancer, 10, "The load balancer answers with errors of its own.", "Sum"),
            Alarm("target_5xx", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", targets, 25, "The backend answers with errors.", "Sum"),
            Alarm("unhealthy_hosts", "AWS/ApplicationELB", "UnHealthyHostCount", targets, 0, "Instances fail their health check.", "Maximum"),
            Alarm("slow_responses", "AWS/ApplicationELB", "TargetResponseTime", targets, 2, "One request in twenty waits longer than two seconds.", percentile="p95"),
            Alarm("database_cpu", "AWS/RDS", "CPUUtilization", instance, 80, "The database's processor is busy.", period=300, times=3),
            Alarm("database_memory", "AWS/RDS", "FreeableMemory", instance, 100 * 2**20, "The database has less than 100 MiB of memory to spare.", "Minimum", below=True, period=300, times=3),
            Alarm("database_storage", "AWS/RDS", "FreeStorageSpace", instance, database.storage_gb * GIB * 0.15, "Less than 15 % of the database's first storage is free.", "Minimum", below=True, period=300, times=1),
            Alarm("database_connections", "AWS/RDS", "DatabaseConnections", instance, db_connections, "The database's connections run out.", "Maximum", period=60),
        ]  # fmt: skip
        if scales_to:
            alarms.append(Alarm("asg_at_maximum", "AWS/AutoScaling", "GroupInServiceInstances", group, scales_to - 1, "The group runs as many instances as it may.", "Maximum", times=15))  # fmt: skip
        if database.instance_class.startswith("db.t"):
            alarms.append(Alarm("database_credits", "AWS/RDS", "CPUCreditBalance", instance, 20, "The database has used up its bursts of processor time; more is charged.", "Minimum", below=True, period=300, times=3))  # fmt: skip
        for letter, gateway in nat_gateways.items():
            alarms.append(Alarm(f"nat_ports_{letter}", "AWS/NATGateway", "ErrorPortAllocation", {"NatGatewayId": gateway}, 0, "The NAT gateway has no port left for a connection.", "Sum", times=1))  # fmt: skip
        if web_acl:
            refused = {"WebACL": web_acl, "Rule": "ALL", "Region": region}
            alarms.append(Alarm("waf_blocked", "AWS/WAFV2", "BlockedRequests", refused, 500, "WAF refuses many requests: an attack, or a rule that is wrong.", "Sum", period=300, times=1))  # fmt: skip
        for number, node in enumerate(cache_nodes, start=1):
            alarms += _of_node(number, {"CacheClusterId": node}, cache, len(cache_nodes) > 1)
        made = {alarm.address: self._alarm(alarm) for alarm in alarms}
        self.failing_requests = made["target_5xx"]
        self._events(db_instance, auto_scaling_group)
        if settings.budget_usd:
            self._budget(settings.budget_usd)
        nobody = Alarm("no_healthy_hosts", "AWS/ApplicationELB", "HealthyHostCount", targets, 1, "No instance serves.", "Maximum", below=True, times=2, missing="breaching")  # fmt: skip
        self.no_healthy_hosts = self._alarm(nobody)
        if settings.dashboard:
            self._dashboard(region, alarms)

    def _topic(self, region: str, account_id: str, emails: Sequence[str]) -> tuple[SnsTopic, SnsTopicPolicy]:
        # CloudWatch encrypts what it sends with the topic's key:
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        source = {"aws:SourceAccount": account_id}
        key = encryption.key(
            self,
            "alarms",
            of=self._name,
            account_id=account_id,
            use="the alarms' topic",
            statements=(
                encryption.service_use("cloudwatch.amazonaws.com", StringEquals=source),
                # EventBridge and the budgets' service encrypt too. EventBridge names no source account:
                # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
                {
                    "Sid": "Events",
                    "Principal": {"Service": ["events.amazonaws.com", "budgets.amazonaws.com"]},
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                    "Resource": "*",
                },
            ),
        )
        topic = self.add(SnsTopic, "alarms", name=f"{self._name}-alarms", kms_master_key_id=key.key_id)
        permission = self.add(
            SnsTopicPolicy,
            "alarms",
            arn=topic.arn,
            policy=policy(
                {
                    "Sid": "CloudWatch",
                    "Principal": {"Service": "cloudwatch.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": topic.arn,
                    "Condition": {
                        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{region}:{account_id}:alarm:*"},
                        "StringEquals": source,
                    },
                },
                {
                    "Sid": "Events",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": topic.arn,
                },
                # https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
                {
                    "Sid": "Budgets",
                    "Principal": {"Service": "budgets.amazonaws.com"},
                    "Action": "sns:Publish",
                    "Resource": topic.arn,
                    "Condition": {
                        "StringEquals": source,
                        "ArnLike": {"aws:SourceArn": f"arn:aws:budgets::{account_id}:*"},
                    },
                },
            ),
        )
        for number, email in enumerate(emails, start=1):
            self.add(
                SnsTopicSubscription,
                f"alarms_{number}",
                topic_arn=topic.arn,
                protocol="email",
                endpoint=email,
            )
        return topic, permission

    def _alarm(self, alarm: Alarm) -> CloudwatchMetricAlarm:
        return self.add(
            CloudwatchMetricAlarm,
            alarm.address,
            alarm_name=f"{self._name}-{alarm.address.replace('_', '-')}",
            alarm_description=alarm.why,
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=alarm.dimensions,
            statistic=None if alarm.percentile else alarm.statistic,
            extended_statistic=alarm.percentile or None,
            period=alarm.period,
            evaluation_periods=alarm.times,
            datapoints_to_alarm=alarm.times,
            comparison_operator="LessThanThreshold" if alarm.below else "GreaterThanThreshold",
            threshold=alarm.threshold,
            treat_missing_data=alarm.missing,
            alarm_actions=[self.topic.arn],
            ok_actions=[self.topic.arn],
            # An alarm that goes off before it may publish is told to nobody.
            depends_on=[self._permission],
        )

    def _events(self, db_instance: str, auto_scaling_group: str) -> None:
        """What AWS tells once, and no metric shows: each goes to the topic.

        Source: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-service-events.html
        """
        for address, why, pattern in (
            (
                "backup_failed",
                "A backup, or its copy, did not come about.",
                {
                    "source": ["aws.backup"],
                    "detail-type": ["Backup Job State Change", "Copy Job State Change"],
                    "detail": {"state": ["FAILED", "EXPIRED", "ABORTED"]},
                },
            ),
            (
                "deploy_failed",
                "An instance refresh failed, or an instance could not be started.",
                {
                    "source": ["aws.autoscaling"],
                    "detail-type": [
                        "EC2 Auto Scaling Instance Refresh Failed",
                        "EC2 Instance Launch Unsuccessful",
                    ],
                    "detail": {"AutoScalingGroupName": [auto_scaling_group]},
                },
            ),
            (
                "database_event",
                "The database failed over, broke, or has too little storage.",
                {
                    "source": ["aws.rds"],
                    "detail-type": ["RDS DB Instance Event"],
                    "detail": {
                        "SourceIdentifier": [db_instance],
                        "EventCategories": ["failover", "failure", "low storage", "recovery"],
                    },
                },
            ),
            (
                "certificate_expires",
                "A certificate is about to expire and was not renewed.",
                {
                    "source": ["aws.acm"],
                    "detail-type": ["ACM Certificate Approaching Expiration", "ACM Certificate Expired"],
                },
            ),
            (
                "key_deletion",
                "A key is going to be deleted, or was switched off (told where the account has a trail).",
                {
                    "source": ["aws.kms"],
                    "detail-type": ["AWS API Call via CloudTrail"],
                    "detail": {
                        "eventSource": ["kms.amazonaws.com"],
                        "eventName": ["ScheduleKeyDeletion", "DisableKey"],
                    },
                },
            ),
        ):
            rule = self.add(
                CloudwatchEventRule,
                address,
                name=f"{self._name}-{address.replace('_', '-')}",
                description=why,
                event_pattern=json.dumps(pattern),
            )
            self.add(
                CloudwatchEventTarget,
                address,
                rule=rule.name,
                arn=self.topic.arn,
                depends_on=[self._permission],
            )

    def _budget(self, usd: int) -> None:
        self.add(
            BudgetsBudget,
            "monthly",
            name=self._name,
            budget_type="COST",
            limit_amount=str(usd),
            limit_unit="USD",
            time_unit="MONTHLY",
            notification=[
                BudgetsBudgetNotification(
                    comparison_operator="GREATER_THAN",
                    threshold=threshold,
                    threshold_type="PERCENTAGE",
                    notification_type=kind,
                    subscriber_sns_topic_arns=[self.topic.arn],
                )
                for threshold, kind in ((80, "ACTUAL"), (100, "ACTUAL"), (100, "FORECASTED"))
            ],
            depends_on=[self._permission],
        )

    def _dashboard(self, region: str, alarms: Sequence[Alarm]) -> None:
        """One graph for each metric that has an alarm, its threshold drawn in; three in a row."""
        graphs: dict[str, list[Alarm]] = {}
        for alarm in alarms:
            graphs.setdefault(alarm.metric, []).append(alarm)
        widgets = [
            {
                "type": "metric",
                "x": 8 * (index % 3),
                "y": 6 * (index // 3),
                "width": 8,
                "height": 6,
                "properties": {
                    "title": metric,
                    "region": region,
                    "stat": shown[0].percentile or shown[0].statistic,
                    "period": shown[0].period,
                    "metrics": [
                        [
                            alarm.namespace,
                            metric,
                            *(part for pair in alarm.dimensions.items() for part in pair),
                        ]
                        for alarm in shown
                    ],
                    "annotations": {"horizontal": [{"label": "alarm", "value": shown[0].threshold}]},
                },
            }
            for index, (metric, shown) in enumerate(graphs.items())
        ]
        self.add(
            CloudwatchDashboard,
            "main",
            dashboard_name=self._name,
            dashboard_body=json.dumps({"widgets": widgets}),
        )


def _of_node(number: int, node: dict[str, str], cache: model.Cache, several: bool) -> Iterator[Alarm]:
    """The alarms of one cache node.

    A cache that drops any key to make room is full and evicts all the time: that is its design, and no alarm.
    """
    yield Alarm(f"cache_cpu_{number}", "AWS/ElastiCache", "EngineCPUUtilization", node, 80, "Redis's one thread is busy.", period=300, times=3)  # fmt: skip
    if cache.auth == "iam":
        yield Alarm(f"cache_sign_in_{number}", "AWS/ElastiCache", "AuthenticationFailures", node, 10, "Clients cannot sign in to Redis.", "Sum", period=300, times=1)  # fmt: skip
    if not cache.maxmemory_policy.startswith("allkeys-"):
        yield Alarm(f"cache_memory_{number}", "AWS/ElastiCache", "DatabaseMemoryUsagePercentage", node, 85, "Redis is almost full: then it refuses to write.", "Maximum")  # fmt: skip
    if cache.maxmemory_policy.startswith("volatile-"):
        yield Alarm(f"cache_evictions_{number}", "AWS/ElastiCache", "Evictions", node, 100, "Redis drops entries to make room.", "Sum")  # fmt: skip
    if several:
        yield Alarm(f"cache_lag_{number}", "AWS/ElastiCache", "ReplicationLag", node, 10, "The replica is seconds behind: a failover loses that much.", "Maximum")  # fmt: skip
