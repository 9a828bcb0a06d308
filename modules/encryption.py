"""Customer-managed KMS keys: one a store, rotated every year, each with its alias and its own policy."""

from __future__ import annotations

from modules.names import KmsAlias, KmsKey
from modules.tier import Statement, Tier, policy


def key(
    tier: Tier,
    name: str,
    *,
    of: str,
    account_id: str,
    use: str,
    statements: tuple[Statement, ...] = (),
    region: str | None = None,
) -> KmsKey:
    """Add `aws_kms_key.NAME` and its alias `alias/OF/NAME`, in the stack's region unless another is given.

    The account's root statement hands the key's use to IAM policies; without it nobody could mend the policy.
    Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    made = tier.add(
        KmsKey,
        name,
        region=region,
        description=f"{of}: {use}",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=policy(
            {
                "Sid": "Account",
                "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            *statements,
        ),
    )
    tier.add(KmsAlias, name, region=region, name=f"alias/{of}/{name}", target_key_id=made.key_id)
    return made


def service_use(service: str, **conditions: dict[str, str]) -> Statement:
    """The statement that lets an AWS service encrypt and decrypt with a key, under IAM condition operators."""
    return {
        "Sid": "Service",
        "Principal": {"Service": service},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Condition": conditions,
    }
