"""Alarms on what pages people, the encrypted topic that they go to, and one dashboard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from modules import encryption
from modules.tier import Tier, policy

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


class Observability(Tier):
    """Topic, alarms and dashboard.

    Attributes:
        topic: the topic that alarms go to.
        no_healthy_hosts: the alarm that nothing serves any more; a drill stops on it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        region: str,
        account_id: str,
        emails: Sequence[str],
        dashboard: bool,
        load_balancer: str,
        target_group: str,
        auto_scaling_group: str,
        max_instances: int,
        db_instance: str,
        db_storage_gb: int,
        db_connections: int,
        cache_nodes: Sequence[str],
    ) -> None:
        """`load_balancer` and `target_group` are ARN suffixes, the others names and ids, as CloudWatch wants them."""
        super().__init__(scope, id)
        self._name = name
        self.topic, self._permission = self._topic(region, account_id, emails)
        balancer = {"LoadBalancer": load_balancer}
        targets = {**balancer, "TargetGroup": target_group}
        database = {"DBInstanceIdentifier": db_instance}
        group = {"AutoScalingGroupName": auto_scaling_group}
        alarms = [
            Alarm("alb_5xx", "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", balancer, 10, "The load balancer answers with errors of its own.", "Sum"),
            Alarm("target_5xx", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", targets, 25, "The backend answers with errors.", "Sum"),
            Alarm("unhealthy_hosts", "AWS/ApplicationELB", "UnHealthyHostCount", targets, 0, "Instances fail their health check.", "Maximum"),
            Alarm("asg_at_maximum", "AWS/AutoScaling", "GroupInServiceInstances", group, max_instances - 1, "The group runs as many instances as it may.", "Maximum", times=15),
            Alarm("database_cpu", "AWS/RDS", "CPUUtilization", database, 80, "The database's processor is busy.", period=300, times=3),
            Alarm("database_storage", "AWS/RDS", "FreeStorageSpace", database, db_storage_gb * GIB * 0.15, "Less than 15 % of the database's first storage is free.", "Minimum", below=True, period=300, times=1),
            Alarm("database_connections", "AWS/RDS", "DatabaseConnections", database, db_connections, "The database's connections run out.", "Maximum", period=60),
        ]  # fmt: skip
        for number, node in enumerate(cache_nodes, start=1):
            dimensions = {"CacheClusterId": node}
            alarms += [
                Alarm(f"cache_memory_{number}", "AWS/ElastiCache", "DatabaseMemoryUsagePercentage", dimensions, 85, "Redis is almost full.", "Maximum"),
                Alarm(f"cache_evictions_{number}", "AWS/ElastiCache", "Evictions", dimensions, 100, "Redis drops entries to make room.", "Sum"),
            ]  # fmt: skip
            if len(cache_nodes) > 1:
                alarms += [
                    Alarm(f"cache_lag_{number}", "AWS/ElastiCache", "ReplicationLag", dimensions, 10, "The replica is seconds behind: a failover loses that much.", "Maximum"),
                ]  # fmt: skip
        for alarm in alarms:
            self._alarm(alarm)
        nobody = Alarm("no_healthy_hosts", "AWS/ApplicationELB", "HealthyHostCount", targets, 1, "No instance serves.", "Maximum", below=True, times=2, missing="breaching")  # fmt: skip
        self.no_healthy_hosts = self._alarm(nobody)
        if dashboard:
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
            statements=(encryption.service_use("cloudwatch.amazonaws.com", StringEquals=source),),
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
                }
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
            statistic=alarm.statistic,
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
                    "stat": shown[0].statistic,
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
