"""A drill for the loss of an availability zone, so that failover is measured and not believed."""

from __future__ import annotations

from collections.abc import Sequence

from constructs import Construct

from modules.logs import Logs
from modules.names import (
    FisExperimentTemplate,
    FisExperimentTemplateAction,
    FisExperimentTemplateActionParameter,
    FisExperimentTemplateActionTarget,
    FisExperimentTemplateExperimentOptions,
    FisExperimentTemplateLogConfiguration,
    FisExperimentTemplateLogConfigurationCloudwatchLogsConfiguration,
    FisExperimentTemplateStopCondition,
    FisExperimentTemplateTarget,
    IamRole,
    IamRolePolicy,
    IamRolePolicyAttachment,
    ITerraformDependable,
)
from modules.tier import Statement, Tier, policy, trust


class Drills(Tier):
    """An AWS FIS experiment template that cuts one zone's subnets off and fails the stores over.

    Sources: https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html,
    https://docs.aws.amazon.com/fis/latest/userguide/monitoring-logging.html

    Attributes:
        template: the experiment template.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        account_id: str,
        zone: str,
        minutes: int,
        subnet_arns: Sequence[str],
        database_arn: str | None,
        cache_arn: str | None,
        group_arn: str,
        stop_alarm_arns: Sequence[str],
        logs: Logs,
    ) -> None:
        """`database_arn` and `cache_arn` are given where the store has another zone to fail over to.

        Every part is bound to the zone. The database is failed over only if its primary is in it: were it in
        another, AWS would move it into the very zone that is cut off.
        """
        super().__init__(scope, id)
        role, permissions = self._role(name, account_id, cache_arn)
        group = logs.group("az_loss", f"/{name}/drills/az-loss")
        duration = f"PT{minutes}M"
        actions = [
            _action(
                "cut-off-subnets",
                "aws:network:disrupt-connectivity",
                ("Subnets", "subnets"),
                duration=duration,
                scope="all",
            ),
            # Subnets that are cut off take new instances all the same; a zone that is lost does not.
            _action(
                "refuse-instances",
                "aws:ec2:asg-insufficient-instance-capacity-error",
                ("AutoScalingGroups", "group"),
                duration=duration,
                availabilityZoneIdentifiers=zone,
                percentage="100",
            ),
        ]
        targets = [
            FisExperimentTemplateTarget(
                name="subnets",
                resource_type="aws:ec2:subnet",
                selection_mode="ALL",
                resource_arns=list(subnet_arns),
            ),
            FisExperimentTemplateTarget(
                name="group",
                resource_type="aws:ec2:autoscaling-group",
                selection_mode="ALL",
                resource_arns=[group_arn],
            ),
        ]
        if database_arn:
            actions.append(
                _action(
                    "fail-database-over",
                    "aws:rds:reboot-db-instances",
                    ("DBInstances", "database"),
                    forceFailover="true",
                )
            )
            targets.append(
                FisExperimentTemplateTarget(
                    name="database",
                    resource_type="aws:rds:db",
                    selection_mode="ALL",
                    resource_arns=[database_arn],
                    parameters={"availabilityZoneIdentifiers": zone},
                )
            )
        if cache_arn:
            actions.append(
                _action(
                    "interrupt-cache-nodes",
                    "aws:elasticache:replicationgroup-interrupt-az-power",
                    ("ReplicationGroups", "cache"),
                    duration=duration,
                )
            )
            targets.append(
                FisExperimentTemplateTarget(
                    name="cache",
                    resource_type="aws:elasticache:replicationgroup",
                    selection_mode="ALL",
                    resource_arns=[cache_arn],
                    parameters={"availabilityZoneIdentifier": zone},
                )
            )
        self.template = self.add(
            FisExperimentTemplate,
            "az_loss",
            description=f"{name}: loss of {zone} for {minutes} minutes",
            role_arn=role.arn,
            action=actions,
            target=targets,
            stop_condition=[
                FisExperimentTemplateStopCondition(source="aws:cloudwatch:alarm", value=arn)
                for arn in stop_alarm_arns
            ],
            experiment_options=FisExperimentTemplateExperimentOptions(
                account_targeting="single-account", empty_target_resolution_mode="skip"
            ),
            log_configuration=FisExperimentTemplateLogConfiguration(
                log_schema_version=2,
                cloudwatch_logs_configuration=FisExperimentTemplateLogConfigurationCloudwatchLogsConfiguration(
                    log_group_arn=f"{group.arn}:*"
                ),
            ),
            tags={"Name": f"{name}-az-loss"},
            # FIS asks what the role may do when the template is made.
            depends_on=[*permissions, logs.deliveries[logs.region]],
        )

    def _role(
        self, name: str, account_id: str, cache_arn: str | None
    ) -> tuple[IamRole, list[ITerraformDependable]]:
        role = self.add(
            IamRole,
            "drills",
            name=f"{name}-drills",
            assume_role_policy=trust("fis.amazonaws.com", account_id),
        )
        permissions: list[ITerraformDependable] = [
            self.add(
                IamRolePolicyAttachment,
                f"drills_{address}",
                role=role.name,
                policy_arn=f"arn:aws:iam::aws:policy/service-role/AWSFaultInjectionSimulator{managed}Access",
            )
            for address, managed in (("network", "Network"), ("rds", "RDS"))
        ]
        statements: list[Statement] = [
            {
                "Sid": "DeliverLogs",
                "Action": [
                    "logs:CreateLogDelivery",
                    "logs:DescribeLogGroups",
                    "logs:DescribeResourcePolicies",
                    "logs:PutResourcePolicy",
                ],
                "Resource": "*",
            },
            # https://docs.aws.amazon.com/fis/latest/userguide/az-availability-scenario.html
            {
                "Sid": "RefuseInstances",
                "Action": "ec2:InjectApiError",
                "Resource": "*",
                "Condition": {
                    "ForAnyValue:StringEquals": {
                        "ec2:FisActionId": ["aws:ec2:asg-insufficient-instance-capacity-error"]
                    }
                },
            },
            {"Sid": "FindGroup", "Action": "autoscaling:DescribeAutoScalingGroups", "Resource": "*"},
        ]
        if cache_arn:
            statements += [
                {
                    "Sid": "InterruptCache",
                    "Action": "elasticache:InterruptClusterAzPower",
                    "Resource": cache_arn,
                },
                {
                    "Sid": "FindCache",
                    "Action": ["elasticache:DescribeReplicationGroups", "tag:GetResources"],
                    "Resource": "*",
                },
            ]
        permissions.append(
            self.add(IamRolePolicy, "drills", name="drills", role=role.id, policy=policy(*statements))
        )
        return role, permissions


def _action(
    name: str, action_id: str, target: tuple[str, str], **parameters: str
) -> FisExperimentTemplateAction:
    return FisExperimentTemplateAction(
        name=name,
        action_id=action_id,
        target=FisExperimentTemplateActionTarget(key=target[0], value=target[1]),
        parameter=[
            FisExperimentTemplateActionParameter(key=key, value=value) for key, value in parameters.items()
        ],
    )
