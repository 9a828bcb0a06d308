"""ElastiCache for Redis: a primary and its replicas, encrypted both ways, reachable by the backend alone."""

from __future__ import annotations

from collections.abc import Sequence

from constructs import Construct

from modules import encryption, flows
from modules.logs import Logs
from modules.names import (
    ElasticacheParameterGroup,
    ElasticacheParameterGroupParameter,
    ElasticacheReplicationGroup,
    ElasticacheReplicationGroupLogDeliveryConfiguration,
    ElasticacheSubnetGroup,
    ElasticacheUser,
    ElasticacheUserAuthenticationMode,
    ElasticacheUserGroup,
    TerraformResourceLifecycle,
)
from modules.tier import Tier
from settings import model, windows

PORT = 6379


class Cache(Tier):
    """The replication group, and what it stands on.

    Attributes:
        group: the replication group.
        nodes: the ids of its cache clusters, one a node.
        user: the backend's user, who signs in with IAM; None when access control is off.
        security_group: the cache's, without rules.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        account_id: str,
        vpc_id: str,
        subnet_ids: Sequence[str],
        settings: model.Cache,
        timezone: str,
        logs: Logs,
    ) -> None:
        super().__init__(scope, id)
        key = encryption.key(self, "cache", of=name, account_id=account_id, use="cache data and snapshots")
        self.security_group = flows.group(
            self, "cache", name=name, vpc_id=vpc_id, description="The cache, open to the backend alone"
        )
        subnets = self.add(
            ElasticacheSubnetGroup,
            "main",
            name=name,
            description="Private subnets",
            subnet_ids=list(subnet_ids),
        )
        family = f"redis{settings.engine_version.partition('.')[0]}"
        if family == "redis6":
            family = "redis6.x"
        parameters = self.add(
            ElasticacheParameterGroup,
            "main",
            # A group in use cannot be deleted: its successor, of another family, needs another name.
            name=f"{name}-{family.replace('.', '-')}",
            family=family,
            description="Eviction and idle connections",
            parameter=[
                ElasticacheParameterGroupParameter(name="maxmemory-policy", value=settings.maxmemory_policy),
                ElasticacheParameterGroupParameter(name="timeout", value=str(settings.timeout_seconds)),
            ],
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        self.user: ElasticacheUser | None = None
        user_groups: list[str] | None = None
        if settings.auth == "iam":
            self.user, user_groups = self._users(name, settings.access_string)
        self.group = self.add(
            ElasticacheReplicationGroup,
            "main",
            replication_group_id=name,
            description=f"{name}: sessions, page cache, rate limits",
            engine="redis",
            engine_version=settings.engine_version,
            node_type=settings.node_type,
            num_cache_clusters=1 + settings.replicas,
            automatic_failover_enabled=settings.multi_az,
            multi_az_enabled=settings.multi_az,
            port=PORT,
            parameter_group_name=parameters.name,
            subnet_group_name=subnets.name,
            security_group_ids=[self.security_group.id],
            at_rest_encryption_enabled="true",
            kms_key_id=key.arn,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            user_group_ids=user_groups,
            snapshot_retention_limit=settings.snapshot_retention_days,
            snapshot_window=str(windows.to_utc(windows.daily(settings.snapshot_window), timezone)),
            maintenance_window=str(windows.to_utc(windows.weekly(settings.maintenance_window), timezone)),
            auto_minor_version_upgrade="true",
            apply_immediately=settings.apply_immediately,
            log_delivery_configuration=[
                ElasticacheReplicationGroupLogDeliveryConfiguration(
                    destination=logs.group(f"cache_{kind}_log", f"/{name}/cache/{kind}-log").name,
                    destination_type="cloudwatch-logs",
                    log_format="json",
                    log_type=f"{kind}-log",
                )
                for kind in ("slow", "engine")
            ],
            tags={"Name": name},
            # AWS moves a cache to newer minor versions by itself. Held to the one it was made with, the next plan
            # would go back, which ElastiCache can do by replacing the cache alone. The snapshot that it was made from
            # is of one plan: without it in the files, the next one would replace the cache by an empty one.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["engine_version", "snapshot_name"]),
            # Where the logs are delivered without leave, the cache is made and its logs are not.
            depends_on=[logs.deliveries[logs.region]],
        )
        self.nodes = [f"{name}-{number:03}" for number in range(1, settings.replicas + 2)]

    def _users(self, name: str, access_string: str) -> tuple[ElasticacheUser, list[str]]:
        """The backend's user and the group, in which the default user is one that can do nothing.

        Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
        """
        backend = self.add(
            ElasticacheUser,
            "backend",
            # For IAM the id and the name are the same.
            user_id=f"{name}-backend",
            user_name=f"{name}-backend",
            engine="redis",
            access_string=access_string,
            authentication_mode=ElasticacheUserAuthenticationMode(type="iam"),
        )
        nobody = self.add(
            ElasticacheUser,
            "nobody",
            user_id=f"{name}-nobody",
            user_name="default",
            engine="redis",
            access_string="off ~* -@all",
            # The block's type is read back as `no-password`, which every plan would want to change again.
            no_password_required=True,
        )
        group = self.add(
            ElasticacheUserGroup,
            "main",
            user_group_id=name,
            engine="redis",
            user_ids=[nobody.user_id, backend.user_id],
        )
        return backend, [group.user_group_id]
