"""AWS Backup: a daily plan for everything that carries its tag, into an encrypted vault."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.backup_plan import BackupPlan, BackupPlanRule, BackupPlanRuleLifecycle
from cdktf_cdktf_provider_aws.backup_selection import BackupSelection, BackupSelectionSelectionTag
from cdktf_cdktf_provider_aws.backup_vault import BackupVault
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from modules import encryption
from modules.tier import Tier, trust

SELECTED = {"Backup": "daily"}
"""The tag that puts a resource into the plan."""


class Backup(Tier):
    """Vault, plan and selection."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        account_id: str,
        time: str,
        timezone: str,
        retention_days: int,
    ) -> None:
        super().__init__(scope, id)
        key = encryption.key(self, "backup", of=name, account_id=account_id, use="recovery points")
        vault = self.add(BackupVault, "main", name=name, kms_key_arn=key.arn)
        hour, minute = time.split(":")
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
                    lifecycle=BackupPlanRuleLifecycle(delete_after=retention_days),
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
                BackupSelectionSelectionTag(type="STRINGEQUALS", key=key_, value=value)
                for key_, value in SELECTED.items()
            ],
            # From here on jobs start, with what the role may do by then.
            depends_on=permissions,
        )
