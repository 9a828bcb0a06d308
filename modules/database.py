"""RDS for PostgreSQL: Multi-AZ, encrypted with its own key, reachable by the backend alone, TLS only."""

from __future__ import annotations

from collections.abc import Sequence

from constructs import Construct

from modules import encryption, flows
from modules.logs import Logs
from modules.names import (
    DataResource,
    DbInstance,
    DbParameterGroup,
    DbParameterGroupParameter,
    DbSubnetGroup,
    IamRole,
    IamRolePolicyAttachment,
    TerraformResourceLifecycle,
)
from modules.tier import Tier, trust
from settings import model, windows

PORT = 5432
LOG_EXPORTS = ("postgresql", "upgrade")


class Database(Tier):
    """The DB instance, and what it stands on.

    Attributes:
        instance: the DB instance.
        key: encrypts storage, snapshots, Performance Insights and the managed secret.
        secret_arn: the ARN of the secret in which RDS keeps, and every seven days changes, the password.
        security_group: the database's, without rules.
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
        settings: model.Database,
        timezone: str,
        max_connections: int,
        logs: Logs,
    ) -> None:
        super().__init__(scope, id)
        self.key = encryption.key(
            self, "database", of=name, account_id=account_id, use="database storage, snapshots and secret"
        )
        self.security_group = flows.group(
            self, "database", name=name, vpc_id=vpc_id, description="The database, open to the backend alone"
        )
        subnets = self.add(
            DbSubnetGroup, "main", name=name, description="Private subnets", subnet_ids=list(subnet_ids)
        )
        family = f"postgres{settings.engine_version.partition('.')[0]}"
        parameters = self.add(
            DbParameterGroup,
            "main",
            # A group in use cannot be deleted: its successor, of another family, needs another name.
            name_prefix=f"{name}-{family}-",
            family=family,
            description="TLS for every connection; slow statements in the log; connections",
            parameter=[
                DbParameterGroupParameter(name="rds.force_ssl", value="1"),
                DbParameterGroupParameter(name="log_min_duration_statement", value="1000"),
                # A number that is known, since pools and alarm hang on it; RDS would derive it from free memory.
                # Static: it comes with the first start, and later with a reboot.
                DbParameterGroupParameter(
                    name="max_connections", value=str(max_connections), apply_method="pending-reboot"
                ),
            ],
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        groups = [
            logs.group(f"database_{kind}", f"/aws/rds/instance/{settings.identifier}/{kind}")
            for kind in LOG_EXPORTS
        ]
        role, permission = (
            self._monitoring_role(name, account_id) if settings.monitoring_interval_seconds else (None, None)
        )
        last = self._last_snapshot(settings) if settings.final_snapshot else None
        self.instance = self.add(
            DbInstance,
            "main",
            identifier=settings.identifier,
            engine="postgres",
            engine_version=settings.engine_version,
            instance_class=settings.instance_class,
            allocated_storage=settings.storage_gb,
            max_allocated_storage=settings.max_storage_gb,
            storage_type=settings.storage_type,
            iops=settings.storage_iops,
            storage_encrypted=True,
            kms_key_id=self.key.arn,
            db_name=settings.name,
            username=settings.user,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=self.key.key_id,
            iam_database_authentication_enabled=True,
            port=PORT,
            multi_az=settings.multi_az,
            publicly_accessible=False,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[self.security_group.id],
            parameter_group_name=parameters.name,
            ca_cert_identifier=settings.ca_cert_identifier,
            backup_retention_period=settings.backup_retention_days,
            backup_window=str(windows.to_utc(windows.daily(settings.backup_window), timezone)),
            maintenance_window=str(windows.to_utc(windows.weekly(settings.maintenance_window), timezone)),
            copy_tags_to_snapshot=True,
            delete_automated_backups=False,
            deletion_protection=settings.deletion_protection,
            skip_final_snapshot=not settings.final_snapshot,
            final_snapshot_identifier=last,
            engine_lifecycle_support=(
                "open-source-rds-extended-support"
                if settings.extended_support
                else "open-source-rds-extended-support-disabled"
            ),
            database_insights_mode="standard",
            auto_minor_version_upgrade=True,
            allow_major_version_upgrade=False,
            apply_immediately=settings.apply_immediately,
            enabled_cloudwatch_logs_exports=list(LOG_EXPORTS),
            monitoring_interval=settings.monitoring_interval_seconds,
            monitoring_role_arn=role.arn if role else None,
            performance_insights_enabled=settings.performance_insights,
            performance_insights_kms_key_id=self.key.arn if settings.performance_insights else None,
            performance_insights_retention_period=7 if settings.performance_insights else None,
            tags={"Name": settings.identifier},
            # RDS makes the groups by itself, unencrypted, when they are not there before it; and it refuses a
            # monitoring role that may not write yet.
            depends_on=[*groups, *([permission] if permission else [])],
        )
        self.secret_arn = f"${{{self.instance.fqn}.master_user_secret[0].secret_arn}}"

    def _last_snapshot(self, settings: model.Database) -> str:
        """The last snapshot's name, another one for each life of the database.

        With one name for all lives the second teardown ends with DBSnapshotAlreadyExists.
        """
        life = self.add(DataResource, "database_life")
        # What makes a new database of it makes a new life.
        life.add_override("triggers_replace", [settings.identifier, settings.name, settings.user])
        return f"{settings.identifier}-final-${{{life.fqn}.id}}"

    def _monitoring_role(self, name: str, account_id: str) -> tuple[IamRole, IamRolePolicyAttachment]:
        role = self.add(
            IamRole,
            "database_monitoring",
            name=f"{name}-database-monitoring",
            assume_role_policy=trust("monitoring.rds.amazonaws.com", account_id),
        )
        permission = self.add(
            IamRolePolicyAttachment,
            "database_monitoring",
            role=role.name,
            policy_arn="arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
        )
        return role, permission
