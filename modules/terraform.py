"""What a configuration says of Terraform itself: versions, provider, backend."""

from __future__ import annotations

from collections.abc import Mapping

from modules.names import AwsProvider, AwsProviderDefaultTags, LocalBackend, S3Backend, TerraformStack

PROVIDER_SOURCE = "hashicorp/aws"
PROVIDER_VERSIONS = ">= 6.25.0, < 7.0.0"
# Terraform and OpenTofu count alike from 1.6 on; the lock in S3 itself came with 1.10 in both:
# https://developer.hashicorp.com/terraform/language/backend/s3#state-locking
TERRAFORM_VERSIONS = ">= 1.6.0, < 2.0.0"
TERRAFORM_VERSIONS_S3_LOCK = ">= 1.10.0, < 2.0.0"


def configure(
    stack: TerraformStack, *, region: str, tags: Mapping[str, str], account: str | None = None
) -> None:
    """Set the provider with its default tags, and the versions that the configuration is written for.

    With `account`, an account's number, the provider refuses to work in any other.
    """
    AwsProvider(
        stack,
        "aws",
        region=region,
        default_tags=[AwsProviderDefaultTags(tags=dict(tags))],
        allowed_account_ids=[account] if account else None,
    )
    stack.add_override("terraform.required_version", TERRAFORM_VERSIONS)
    stack.add_override(
        "terraform.required_providers.aws", {"source": PROVIDER_SOURCE, "version": PROVIDER_VERSIONS}
    )


def keep_state_locally(stack: TerraformStack) -> None:
    """Keep the state in a file beside the configuration; a relative path, so that no machine's shows up."""
    LocalBackend(stack, path="terraform.tfstate")


def keep_state_in_s3(
    stack: TerraformStack, *, name: str, bucket: str, region: str, kms_key_id: str | None
) -> None:
    """Keep the state in a bucket, encrypted, with its lock as an object beside it, under `name`."""
    S3Backend(
        stack,
        bucket=bucket,
        key=f"{name}/terraform.tfstate",
        region=region,
        encrypt=True,
        kms_key_id=kms_key_id,
    )
    stack.add_override("terraform.backend.s3.use_lockfile", True)
    stack.add_override("terraform.required_version", TERRAFORM_VERSIONS_S3_LOCK)
