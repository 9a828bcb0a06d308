"""The Application Load Balancer: TLS on 443, a redirect on 80, and the backend's target group."""

from __future__ import annotations

from collections.abc import Sequence

from constructs import Construct

from modules import flows
from modules.names import (
    ITerraformDependable,
    Lb,
    LbAccessLogs,
    LbListener,
    LbListenerDefaultAction,
    LbListenerDefaultActionRedirect,
    LbTargetGroup,
    LbTargetGroupHealthCheck,
    S3Bucket,
    TerraformResource,
    TerraformResourceLifecycle,
)
from modules.tier import Tier
from settings import contract, limits

HTTPS, HTTP, BACKEND_PORT = 443, 80, contract.PORT


class LoadBalancer(Tier):
    """The load balancer, its listeners and its target group.

    Attributes:
        balancer: the load balancer.
        target_group: where the backend's instances register.
        security_group: the load balancer's, without rules.
        listeners: what routes to the target group; before, AWS takes it for one that no request reaches.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        vpc_id: str,
        subnet_ids: Sequence[str],
        certificate_arn: str,
        ssl_policy: str,
        idle_timeout: int,
        deletion_protection: bool,
        health_check_path: str,
        deregistration_delay_seconds: int,
        access_logs: S3Bucket,
        after: Sequence[ITerraformDependable],
    ) -> None:
        """`after`: what lets logs be delivered to `access_logs`, and what makes the subnets public.

        Without the first AWS refuses the logs, without the second the load balancer (InvalidSubnet: VPC has no
        internet gateway), whose addresses also keep the gateway from being taken away.
        """
        super().__init__(scope, id)
        self.security_group = flows.group(
            self, "alb", name=name, vpc_id=vpc_id, description="The load balancer, open to the internet"
        )
        self.balancer = self.add(
            Lb,
            "main",
            name=name,
            load_balancer_type="application",
            internal=False,
            subnets=list(subnet_ids),
            security_groups=[self.security_group.id],
            drop_invalid_header_fields=True,
            enable_deletion_protection=deletion_protection,
            idle_timeout=idle_timeout,
            access_logs=LbAccessLogs(bucket=access_logs.bucket, prefix="alb", enabled=True),
            tags={"Name": name},
            depends_on=list(after),
        )
        self.target_group = self.add(
            LbTargetGroup,
            "backend",
            # Six characters at the most; a group in use cannot be deleted, so its successor needs another name.
            name_prefix="cmart-",
            vpc_id=vpc_id,
            target_type="instance",
            protocol="HTTP",
            port=BACKEND_PORT,
            deregistration_delay=str(deregistration_delay_seconds),
            health_check=LbTargetGroupHealthCheck(
                path=health_check_path,
                matcher="200",
                interval=limits.HEALTH_CHECK["interval_seconds"],
                timeout=limits.HEALTH_CHECK["timeout_seconds"],
                healthy_threshold=limits.HEALTH_CHECK["healthy"],
                unhealthy_threshold=limits.HEALTH_CHECK["unhealthy"],
            ),
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
            tags={"Name": f"{name}-backend"},
        )
        https = self.add(
            LbListener,
            "https",
            load_balancer_arn=self.balancer.arn,
            port=HTTPS,
            protocol="HTTPS",
            ssl_policy=ssl_policy,
            certificate_arn=certificate_arn,
            default_action=[LbListenerDefaultAction(type="forward", target_group_arn=self.target_group.arn)],
        )
        http = self.add(
            LbListener,
            "http",
            load_balancer_arn=self.balancer.arn,
            port=HTTP,
            protocol="HTTP",
            default_action=[
                LbListenerDefaultAction(
                    type="redirect",
                    redirect=LbListenerDefaultActionRedirect(
                        protocol="HTTPS", port=str(HTTPS), status_code="HTTP_301"
                    ),
                )
            ],
        )
        self.listeners: list[TerraformResource] = [https, http]
