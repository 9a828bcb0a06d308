"""The backend's instances: an Auto Scaling group, no public address, no SSH, one container on each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from constructs import Construct

from modules import backup, cache, cloud_init, database, flows
from modules.load_balancer import BACKEND_PORT, LoadBalancer
from modules.logs import Logs
from modules.names import (
    AutoscalingGroup,
    AutoscalingGroupInstanceRefresh,
    AutoscalingGroupInstanceRefreshPreferences,
    AutoscalingGroupLaunchTemplate,
    AutoscalingGroupTag,
    AutoscalingPolicy,
    AutoscalingPolicyTargetTrackingConfiguration,
    AutoscalingPolicyTargetTrackingConfigurationPredefinedMetricSpecification,
    DataAwsSsmParameter,
    DataResource,
    Fn,
    IamInstanceProfile,
    IamRole,
    IamRolePolicy,
    IamRolePolicyAttachment,
    LaunchTemplate,
    LaunchTemplateBlockDeviceMappings,
    LaunchTemplateBlockDeviceMappingsEbs,
    LaunchTemplateIamInstanceProfile,
    LaunchTemplateMetadataOptions,
    LaunchTemplateMonitoring,
    LaunchTemplateNetworkInterfaces,
    LaunchTemplateTagSpecifications,
    LbTargetGroup,
    TerraformLocal,
    TerraformResource,
    TerraformResourceLifecycle,
    TerraformVariable,
)
from modules.tier import Statement, Tier, policy, trust, wait
from settings import Settings, contract, model

# An image in a private registry of ECR: account, region and repository are told by its name alone.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
ECR = r"([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([a-z0-9][a-z0-9._/-]*)"
VERSION = r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|@sha256:[0-9a-f]{64})"
# https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
NEWEST_AMI = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
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
        settings: Settings,
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
        backend = settings.backend
        log_group = logs.group("backend", f"/{name}/backend")
        host_log_group = logs.group("backend_hosts", f"/{name}/backend-hosts")
        in_ecr = bool(re.match(ECR, backend.image))
        image = self._image(backend.image, in_ecr)
        statements = [
            *self._may_use_database(settings.database),
            *self._may_use_cache(),
            *self._may_write_logs(log_group.arn, host_log_group.arn),
        ]
        registry = ""
        if in_ecr:
            # Of whatever image is deployed: the variable says it, and all that hangs on it follows.
            registry = self.add(
                TerraformLocal, "backend_registry", '${split("/", var.backend_image)[0]}'
            ).as_string
            of = self.add(
                TerraformLocal, "backend_repository", f'${{regex("^{_escaped(ECR)}", var.backend_image)}}'
            )
            account, in_region, repository = (f"${{{of.fqn}[{n}]}}" for n in range(3))
            statements += self._may_pull(f"arn:aws:ecr:{in_region}:{account}:repository/{repository}")
        role, profile = self._profile(statements)
        self.role_arn = role.arn
        user_data = self.add(
            TerraformLocal,
            "backend_user_data",
            cloud_init.cloud_config(
                image=image,
                registry=registry,
                environment=self._environment(settings),
                log_group=log_group.name,
                host_log_group=host_log_group.name,
                region=region,
                port=BACKEND_PORT,
                start_timeout_seconds=backend.start_timeout_seconds,
            ),
        )
        template = self._template(backend, profile, user_data, tags)
        self.group = self._group(backend, subnet_ids, template, load_balancer.target_group, tags)
        self.after(load_balancer.listeners)
        self.after(self._permissions)
        self._scaling(backend, load_balancer)

    def after(self, first: Sequence[TerraformResource]) -> None:
        """Have the group made, and with it the first instances started, after what they need to work."""
        wait(self.group, *first)

    def _image(self, default: str, in_ecr: bool) -> str:
        """The image as a variable: a deploy changes it, and starts an instance refresh, without a synthesis.

        Any image of any account's ECR takes the place of one from ECR: the role's policy and the registry's sign-in
        are derived from the variable. Another kind of registry needs another sign-in, so it is refused.
        """
        variable = self.add(
            TerraformVariable,
            "backend_image",
            type="string",
            default=default,
            description="The backend's container image, with a tag other than latest or with a digest.",
        )
        variable.add_validation(
            condition=(
                f'${{can(regex("{_escaped(VERSION)}$", var.backend_image)) && !endswith(var.backend_image, ":latest")}}'
            ),
            error_message="The image needs a tag other than latest, or a digest: what runs must be known.",
        )
        pattern = f"^{_escaped(ECR)}{_escaped(VERSION)}$"
        if in_ecr:
            variable.add_validation(
                condition=f'${{can(regex("{pattern}", var.backend_image))}}',
                error_message="The image must be in a private registry of ECR, ACCOUNT.dkr.ecr.REGION.amazonaws.com/"
                "REPOSITORY:TAG: instances sign in to such a one. For another registry change backend.image in the "
                "settings and build the bundle again.",
            )
        else:
            variable.add_validation(
                condition=f'${{!can(regex("^{_escaped(ECR)}", var.backend_image))}}',
                error_message="The image must not be in ECR: instances are not set up to sign in there. For ECR change "
                "backend.image in the settings and build the bundle again.",
            )
        return "${var.backend_image}"

    def _environment(self, settings: Settings) -> dict[str, str]:
        """What the backend is told of AWS's stores."""
        instance, group = self._database.instance, self._cache.group
        database_told = {
            "DATABASE_HOST": instance.address,
            "DATABASE_PORT": str(database.PORT),
            "DATABASE_NAME": instance.db_name,
        }
        if settings.database.application_user:
            database_told |= {
                "DATABASE_AUTH": "iam",
                "DATABASE_USER": settings.database.application_user,
            }
        else:
            database_told |= {
                "DATABASE_AUTH": "secret",
                "DATABASE_USER": instance.username,
                "DATABASE_SECRET_ARN": self._database.secret_arn,
            }
        cache_told = {
            "REDIS_URL": f"rediss://{group.primary_endpoint_address}:{cache.PORT}",
            "REDIS_AUTH": "iam" if self._cache.user else "none",
        }
        if self._cache.user:
            cache_told |= {
                "REDIS_USER": self._cache.user.user_name,
                "REDIS_REPLICATION_GROUP": group.replication_group_id,
            }
        return contract.told(settings, database=database_told, cache=cache_told, region=self._region)

    def _may_use_database(self, settings: model.Database) -> list[Statement]:
        """Sign in as the application's own role; or read the one secret and decrypt with the one key."""
        if settings.application_user:
            # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html
            users = f"arn:aws:rds-db:{self._region}:{self._account_id}:dbuser"
            return [
                {
                    "Sid": "ConnectToDatabase",
                    "Action": "rds-db:connect",
                    "Resource": f"{users}:{self._database.instance.resource_id}/{settings.application_user}",
                }
            ]
        return [
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

    def _may_use_cache(self) -> list[Statement]:
        if not self._cache.user:
            return []
        return [
            {
                "Sid": "ConnectToCache",
                "Action": "elasticache:Connect",
                "Resource": [self._cache.group.arn, self._cache.user.arn],
            }
        ]

    def _may_write_logs(self, *group_arns: str) -> list[Statement]:
        return [
            {
                "Sid": "WriteLogs",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": [f"{arn}:*" for arn in group_arns],
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

    def _machine_image(self, settings: model.Backend) -> str:
        """The image's id: the settings', or the newest of AWS's when it is first planned.

        It is then kept in the state, so that an image which AWS publishes changes no plan, every instance of a
        group runs the same one, and going back is a matter of the group alone. `resolve:ssm:` in the template would
        give each instance what is newest at its launch, and makes a rollback impossible:
        https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html
        """
        if settings.ami:
            return settings.ami
        newest = self.add(
            DataAwsSsmParameter, "backend_ami", name=NEWEST_AMI.format(architecture=settings.architecture)
        )
        kept = self.add(
            DataResource, "backend_ami", lifecycle=TerraformResourceLifecycle(ignore_changes=["input"])
        )
        kept.add_override("input", newest.insecure_value)
        # The architecture is another image: then a new one is looked up.
        kept.add_override("triggers_replace", settings.architecture)
        return f"${{{kept.fqn}.output}}"

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
            image_id=self._machine_image(settings),
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
                    # New instances come before old ones go.
                    max_healthy_percentage=settings.max_healthy_percent,
                    instance_warmup=str(settings.instance_warmup_seconds),
                    # The provider gives the group its new template before it starts the refresh, so what AWS would
                    # roll back to is the new one (hashicorp/terraform-provider-aws 34189). The way back is to apply
                    # the image before it.
                    auto_rollback=False,
                    skip_matching=True,
                ),
            ),
            enabled_metrics=list(GROUP_METRICS),
            # An apply that says done has so many instances that serve; later changes are not waited for.
            min_elb_capacity=settings.min or None,
            wait_for_capacity_timeout=f"{-(-(settings.health_check_grace_seconds + 300) // 60)}m",
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


def _escaped(pattern: str) -> str:
    """A regular expression within a string of Terraform's native syntax."""
    return pattern.replace("\\", "\\\\")
