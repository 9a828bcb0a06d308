"""AWS Backup: a daily plan for the database and for everything that carries its tag, into an encrypted vault."""

from __future__ import annotations

from constructs import Construct

from modules import encryption
from modules.names import (
    BackupPlan,
    BackupPlanRule,
    BackupPlanRuleCopyAction,
    BackupPlanRuleCopyActionLifecycle,
    BackupPlanRuleLifecycle,
    BackupSelection,
    BackupSelectionSelectionTag,
    BackupVault,
    BackupVaultLockConfiguration,
    IamRole,
    IamRolePolicyAttachment,
)
from modules.tier import Tier, trust
from settings import model

SELECTED = {"Backup": "daily"}
"""The tag that puts a resource into the plan."""
# Until then a lock in compliance mode can be taken back; three days are the least:
# https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
CHANGEABLE_DAYS = 3


class Backup(Tier):
    """Vault, plan and selections; where asked for, a second vault in another region, and locks."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        account_id: str,
        settings: model.Backup,
        timezone: str,
        database_arn: str,
    ) -> None:
        super().__init__(scope, id)
        self._name, self._account_id, self._settings = name, account_id, settings
        vault = self._vault("main", "backup", None)
        copies = []
        if settings.copy_region:
            away = self._vault("copy", "backup_copy", settings.copy_region)
            copies = [
                BackupPlanRuleCopyAction(
                    destination_vault_arn=away.arn,
                    lifecycle=BackupPlanRuleCopyActionLifecycle(delete_after=settings.retention_days),
                )
            ]
        hour, minute = settings.time.split(":")
        plan = self.add(
            BackupPlan,
            "daily",
            name=f"{name}-daily",
            rule=[
                BackupPlanRule(
                    rule_name="daily",
                    target_vault_name=vault.name,
                    # AWS Backup keeps the zone, summer time included; RDS and ElastiCache know UTC alone.
                    schedule=f"cron({int(minute)} {int(hour)} * * ? *)",
                    schedule_expression_timezone=timezone,
                    start_window=60,
                    completion_window=180,
                    lifecycle=BackupPlanRuleLifecycle(delete_after=settings.retention_days),
                    copy_action=copies or None,
                )
            ],
        )
        role = self.add(
            IamRole,
            "backup",
            name=f"{name}-backup",
            assume_role_policy=trust("backup.amazonaws.com", account_id),
        )
        permissions = [
            self.add(
                IamRolePolicyAttachment,
                f"backup_{use.lower()}",
                role=role.name,
                policy_arn=f"arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor{use}",
            )
            for use in ("Backup", "Restores")
        ]
        self.add(
            BackupSelection,
            "daily",
            name=f"{name}-daily",
            plan_id=plan.id,
            iam_role_arn=role.arn,
            selection_tag=[
                BackupSelectionSelectionTag(type="STRINGEQUALS", key=key, value=value)
                for key, value in SELECTED.items()
            ],
            # From here on jobs start, with what the role may do by then.
            depends_on=permissions,
        )
        # By its ARN: what is chosen by tag alone hangs on which services the account has switched on.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html
        self.add(
            BackupSelection,
            "database",
            name=f"{name}-database",
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=[database_arn],
            depends_on=permissions,
        )

    def _vault(self, address: str, key_name: str, region: str | None) -> BackupVault:
        key = encryption.key(
            self, key_name, of=self._name, account_id=self._account_id, use="recovery points", region=region
        )
        vault = self.add(BackupVault, address, region=region, name=self._name, kms_key_arn=key.arn)
        if self._settings.lock != "none":
            self.add(
                BackupVaultLockConfiguration,
                address,
                region=region,
                backup_vault_name=vault.name,
                min_retention_days=self._settings.retention_days,
                changeable_for_days=CHANGEABLE_DAYS if self._settings.lock == "compliance" else None,
            )
        return vault
