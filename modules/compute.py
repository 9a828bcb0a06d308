"""The backend's instances: an Auto Scaling group, no public address, no SSH, one container on each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cdktf import Fn, TerraformLocal, TerraformResource, TerraformResourceLifecycle, TerraformVariable
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
from cdktf_cdktf_provider_aws.iam_instance_profile import IamInstanceProfile
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
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
from cdktf_cdktf_provider_aws.lb_target_group import LbTargetGroup
from constructs import Construct

from modules import backup, cache, cloud_init, database, flows
from modules.load_balancer import BACKEND_PORT, LoadBalancer
from modules.logs import Logs
from modules.tier import Statement, Tier, policy, trust, wait
from settings import model

# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html
GROUP_METRICS = (
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupMaxSize",
    "GroupMinSize",
    "GroupPendingInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
)


class Compute(Tier):
    """Launch template, Auto Scaling group, scaling, and the instances' role.

    Attributes:
        group: the Auto Scaling group.
        role_arn: the ARN of the instances' role.
        security_group: the instances', without rules.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        region: str,
        account_id: str,
        vpc_id: str,
        subnet_ids: Sequence[str],
        settings: model.Backend,
        tags: Mapping[str, str],
        load_balancer: LoadBalancer,
        database: database.Database,
        cache: cache.Cache,
        logs: Logs,
    ) -> None:
        super().__init__(scope, id)
        self._name, self._region, self._account_id = name, region, account_id
        self._database, self._cache = database, cache
        self.security_group = flows.group(
            self,
            "backend",
            name=name,
            vpc_id=vpc_id,
            description="The backend, open to the load balancer alone",
        )
        log_group = logs.group("backend", f"/{name}/backend")
        image = self._image(settings.image)
        registry = re.match(r"\d+\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)", settings.image)
        statements = [*self._may_use_stores(), *self._may_write_logs(log_group.arn)]
        if registry:
            statements += self._may_pull(
                f"arn:aws:ecr:{registry[1]}:{settings.image[:12]}:repository/{registry[2]}"
            )
        role, profile = self._profile(statements)
        self.role_arn = role.arn
        user_data = self.add(
            TerraformLocal,
            "backend_user_data",
            cloud_init.cloud_config(
                image=image,
                registry=settings.image.partition("/")[0] if registry else "",
                environment={**self._environment(), **settings.environment},
                log_group=log_group.name,
                region=region,
                port=BACKEND_PORT,
            ),
        )
        template = self._template(settings, profile, user_data, tags)
        self.group = self._group(settings, subnet_ids, template, load_balancer.target_group, tags)
        self.after(load_balancer.listeners)
        self.after(self._permissions)
        self._scaling(settings, load_balancer)

    def after(self, first: Sequence[TerraformResource]) -> None:
        """Have the group made, and with it the first instances started, after what they need to work."""
        wait(self.group, *first)

    def _image(self, default: str) -> str:
        """The image as a variable: a deploy changes it, and starts an instance refresh, without a synthesis."""
        variable = self.add(
            TerraformVariable,
            "backend_image",
            type="string",
            default=default,
            description="The backend's container image, with a tag other than latest or with a digest.",
        )
        variable.add_validation(
            condition=(
                '${can(regex("(:[A-Za-z0-9_][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})$", var.backend_image))'
                ' && !endswith(var.backend_image, ":latest")}'
            ),
            error_message="The image needs a tag other than latest, or a digest: what runs must be known.",
        )
        return "${var.backend_image}"

    def _environment(self) -> dict[str, str]:
        """What the backend is told; the pool's numbers are the seed's.

        The seed turns certificate checks off (`rejectUnauthorized: false`), so that anybody in between could
        pose as the database. Here the client is given Amazon's CA bundle and told to check name and chain;
        NODE_EXTRA_CA_CERTS makes a Node client trust that bundle without further code.
        """
        instance, group = self._database.instance, self._cache.group
        told = {
            "PORT": str(BACKEND_PORT),
            "AWS_REGION": self._region,
            "DATABASE_HOST": instance.address,
            "DATABASE_PORT": str(database.PORT),
            "DATABASE_NAME": instance.db_name,
            "DATABASE_USER": instance.username,
            "DATABASE_SECRET_ARN": self._database.secret_arn,
            "DATABASE_SSLMODE": "verify-full",
            "DATABASE_SSLROOTCERT": cloud_init.CA_BUNDLE,
            "DATABASE_POOL_SIZE": "20",
            "DATABASE_IDLE_TIMEOUT_MS": "30000",
            "DATABASE_CONNECT_TIMEOUT_MS": "2000",
            "NODE_EXTRA_CA_CERTS": cloud_init.CA_BUNDLE,
            "REDIS_URL": f"rediss://{group.primary_endpoint_address}:{cache.PORT}",
        }
        if self._cache.user:
            told |= {
                "REDIS_AUTH": "iam",
                "REDIS_USER": self._cache.user.user_name,
                "REDIS_REPLICATION_GROUP": group.replication_group_id,
            }
        return told

    def _may_use_stores(self) -> list[Statement]:
        """Read the one secret, decrypt with the one key, sign in to the one cache: what the user data names."""
        statements: list[Statement] = [
            {
                "Sid": "ReadDatabaseSecret",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": self._database.secret_arn,
            },
            {
                "Sid": "DecryptDatabaseSecret",
                "Action": "kms:Decrypt",
                "Resource": self._database.key.arn,
                "Condition": {
                    "StringEquals": {"kms:ViaService": f"secretsmanager.{self._region}.amazonaws.com"}
                },
            },
        ]
        if self._cache.user:
            statements.append(
                {
                    "Sid": "ConnectToCache",
                    "Action": "elasticache:Connect",
                    "Resource": [self._cache.group.arn, self._cache.user.arn],
                }
            )
        return statements

    def _may_write_logs(self, group_arn: str) -> list[Statement]:
        return [
            {
                "Sid": "WriteLogs",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": f"{group_arn}:*",
            }
        ]

    def _may_pull(self, repository_arn: str) -> list[Statement]:
        # The token is not for one repository: https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
        return [
            {"Sid": "SignInToRegistry", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            {
                "Sid": "PullImage",
                "Action": [
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:GetDownloadUrlForLayer",
                ],
                "Resource": repository_arn,
            },
        ]

    def _profile(self, statements: Sequence[Statement]) -> tuple[IamRole, IamInstanceProfile]:
        role = self.add(
            IamRole, "backend", name=f"{self._name}-backend", assume_role_policy=trust("ec2.amazonaws.com")
        )
        self._permissions = [
            self.add(IamRolePolicy, "backend", name="backend", role=role.id, policy=policy(*statements)),
            # Session Manager in place of SSH.
            self.add(
                IamRolePolicyAttachment,
                "backend_session_manager",
                role=role.name,
                policy_arn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
            ),
        ]
        profile = self.add(IamInstanceProfile, "backend", name=f"{self._name}-backend", role=role.name)
        return role, profile

    def _template(
        self,
        settings: model.Backend,
        profile: IamInstanceProfile,
        user_data: TerraformLocal,
        tags: Mapping[str, str],
    ) -> LaunchTemplate:
        name = f"{self._name}-backend"
        return self.add(
            LaunchTemplate,
            "backend",
            name=name,
            # Resolved at every launch, so that new instances start patched:
            # https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
            image_id=(
                "resolve:ssm:/aws/service/ami-amazon-linux-latest/"
                f"al2023-ami-kernel-default-{settings.architecture}"
            ),
            instance_type=settings.instance_type,
            update_default_version=True,
            ebs_optimized="true",
            iam_instance_profile=LaunchTemplateIamInstanceProfile(arn=profile.arn),
            metadata_options=LaunchTemplateMetadataOptions(
                http_endpoint="enabled",
                http_tokens="required",
                # One hop more than the host's own: the container reads its role's credentials.
                http_put_response_hop_limit=2,
            ),
            monitoring=LaunchTemplateMonitoring(enabled=True),
            network_interfaces=[
                LaunchTemplateNetworkInterfaces(
                    associate_public_ip_address="false",
                    delete_on_termination="true",
                    security_groups=[self.security_group.id],
                )
            ],
            block_device_mappings=[
                LaunchTemplateBlockDeviceMappings(
                    device_name="/dev/xvda",
                    ebs=LaunchTemplateBlockDeviceMappingsEbs(
                        encrypted="true",
                        volume_type="gp3",
                        volume_size=settings.root_volume_gb,
                        delete_on_termination="true",
                    ),
                )
            ],
            user_data=Fn.base64encode(user_data.as_string),
            # The provider's default tags reach the template, not what is launched from it.
            tag_specifications=[
                LaunchTemplateTagSpecifications(resource_type="instance", tags={**tags, "Name": name}),
                LaunchTemplateTagSpecifications(
                    resource_type="volume", tags={**tags, "Name": name, **backup.SELECTED}
                ),
                LaunchTemplateTagSpecifications(
                    resource_type="network-interface", tags={**tags, "Name": name}
                ),
            ],
        )

    def _group(
        self,
        settings: model.Backend,
        subnet_ids: Sequence[str],
        template: LaunchTemplate,
        target_group: LbTargetGroup,
        tags: Mapping[str, str],
    ) -> AutoscalingGroup:
        return self.add(
            AutoscalingGroup,
            "backend",
            name=f"{self._name}-backend",
            min_size=settings.min,
            max_size=settings.max,
            desired_capacity=settings.desired,
            vpc_zone_identifier=list(subnet_ids),
            target_group_arns=[target_group.arn],
            health_check_type="ELB",
            health_check_grace_period=settings.health_check_grace_seconds,
            default_instance_warmup=settings.instance_warmup_seconds,
            # An instance refresh starts when this number changes; $Latest never does.
            launch_template=AutoscalingGroupLaunchTemplate(
                id=template.id, version=f"${{{template.fqn}.latest_version}}"
            ),
            instance_refresh=AutoscalingGroupInstanceRefresh(
                strategy="Rolling",
                preferences=AutoscalingGroupInstanceRefreshPreferences(
                    min_healthy_percentage=settings.min_healthy_percent,
                    # New instances come before old ones go; the two may be a hundred apart.
                    max_healthy_percentage=min(200, settings.min_healthy_percent + 100),
                    instance_warmup=str(settings.instance_warmup_seconds),
                    auto_rollback=True,
                    skip_matching=True,
                ),
            ),
            enabled_metrics=list(GROUP_METRICS),
            wait_for_capacity_timeout="10m",
            tag=[
                AutoscalingGroupTag(key=key, value=value, propagate_at_launch=False)
                for key, value in sorted({**tags, "Name": f"{self._name}-backend"}.items())
            ],
            # Scaling moves it; an apply must not move it back.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["desired_capacity"]),
        )

    def _scaling(self, settings: model.Backend, load_balancer: LoadBalancer) -> None:
        label = f"{load_balancer.balancer.arn_suffix}/{load_balancer.target_group.arn_suffix}"
        for address, metric, target, resource_label in (
            ("backend_cpu", "ASGAverageCPUUtilization", settings.cpu_target_percent, None),
            ("backend_requests", "ALBRequestCountPerTarget", settings.requests_per_target, label),
        ):
            self.add(
                AutoscalingPolicy,
                address,
                name=f"{self._name}-{address.replace('_', '-')}",
                autoscaling_group_name=self.group.name,
                policy_type="TargetTrackingScaling",
                target_tracking_configuration=AutoscalingPolicyTargetTrackingConfiguration(
                    target_value=target,
                    predefined_metric_specification=AutoscalingPolicyTargetTrackingConfigurationPredefinedMetricSpecification(
                        predefined_metric_type=metric, resource_label=resource_label
                    ),
                ),
                # AWS refuses to count the requests of a target group that no listener routes to.
                depends_on=load_balancer.listeners if resource_label else None,
            )
