"""S3 buckets as this project makes all of them: private, encrypted, versioned, owner-enforced, TLS only."""

from __future__ import annotations

from collections.abc import Sequence

from modules.names import (
    S3Bucket,
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
    S3BucketOwnershipControls,
    S3BucketOwnershipControlsRule,
    S3BucketPolicy,
    S3BucketPublicAccessBlock,
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
    S3BucketVersioningA,
    S3BucketVersioningVersioningConfiguration,
)
from modules.tier import Statement, Tier, policy

Rule = S3BucketLifecycleConfigurationRule


def private(
    tier: Tier, address: str, *, name: str, rules: Sequence[Rule], kms_key_arn: str | None = None
) -> S3Bucket:
    """Add `aws_s3_bucket.ADDRESS` and, under the same name, what keeps it private, encrypted and versioned.

    Without `kms_key_arn` S3's own keys encrypt it (SSE-S3).
    """
    bucket = tier.add(S3Bucket, address, bucket=name, tags={"Name": name})
    blocked = tier.add(
        S3BucketPublicAccessBlock,
        address,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    tier.add(
        S3BucketOwnershipControls,
        address,
        bucket=bucket.id,
        rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
        # S3 answers OperationAborted to two changes of a bucket's access at once, so they come one by one:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
        depends_on=[blocked],
    )
    tier.add(
        S3BucketServerSideEncryptionConfigurationA,
        address,
        bucket=bucket.id,
        rule=[
            S3BucketServerSideEncryptionConfigurationRuleA(
                apply_server_side_encryption_by_default=S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
                    sse_algorithm="aws:kms" if kms_key_arn else "AES256", kms_master_key_id=kms_key_arn
                ),
                bucket_key_enabled=True if kms_key_arn else None,
                # S3 blocks it by itself for new buckets, and releases of the provider before 6.40 plan for ever to
                # take back what they have not been told.
                blocked_encryption_types=["SSE-C"],
            )
        ],
    )
    versioning = tier.add(
        S3BucketVersioningA,
        address,
        bucket=bucket.id,
        versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
    )
    tier.add(
        S3BucketLifecycleConfiguration,
        address,
        bucket=bucket.id,
        rule=[*rules, _abort_uploads()],
        # Rules about old versions need versioning to be on first.
        depends_on=[versioning],
    )
    return bucket


def attach_policy(tier: Tier, address: str, bucket: S3Bucket, *statements: Statement) -> S3BucketPolicy:
    """Add `aws_s3_bucket_policy.ADDRESS` with the statements."""
    attached = tier.add(S3BucketPolicy, address, bucket=bucket.id, policy=policy(*statements))
    attached.depends_on = [f"aws_s3_bucket_ownership_controls.{address}"]
    return attached


def expire(rule: str, days: int) -> Rule:
    """The lifecycle rule that lets objects go after `days`."""
    return Rule(
        id=rule,
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
        expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=days)],
    )


def expire_old_versions(rule: str, days: int) -> Rule:
    """The lifecycle rule that lets replaced and deleted versions go after `days`."""
    return Rule(
        id=rule,
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
        noncurrent_version_expiration=[
            S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(noncurrent_days=days)
        ],
    )


def _abort_uploads() -> Rule:
    return Rule(
        id="abort-incomplete-uploads",
        status="Enabled",
        filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
        abort_incomplete_multipart_upload=[
            S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(days_after_initiation=7)
        ],
    )
