"""The remote state's own small configuration: one bucket, encrypted and private, and a team's roles if wanted."""

from __future__ import annotations

from constructs import Construct

from modules import buckets, encryption, terraform
from modules.delivery import roles
from modules.names import DataAwsCallerIdentity, TerraformOutput, TerraformStack
from modules.tier import Tier, deny_plain_http
from settings.model import StateSettings


class StateBucket(TerraformStack):
    """The bucket in which the environments keep their states; its own state is a local file."""

    def __init__(self, scope: Construct, settings: StateSettings) -> None:
        name = f"{settings.project}-state"
        super().__init__(scope, name)
        tags = {
            "Project": settings.project,
            "ManagedBy": "Terraform",
            "Owner": settings.owner,
            **settings.tags,
        }
        terraform.configure(self, region=settings.region, tags=tags)
        terraform.keep_state_locally(self)
        tier = Tier(self, "state")
        account_id = tier.add(DataAwsCallerIdentity, "current").account_id
        key = encryption.key(tier, "state", of=name, account_id=account_id, use="Terraform states")
        bucket = buckets.private(
            tier,
            "state",
            name=settings.bucket,
            # A state can be brought back for as long as this.
            rules=[buckets.expire_old_versions("expire-old-versions", settings.old_versions_days)],
            kms_key_arn=key.arn,
        )
        bucket.add_override("lifecycle", {"prevent_destroy": True})
        buckets.attach_policy(tier, "state", bucket, deny_plain_http(bucket.arn))
        if settings.delivery:
            roles.add(
                Tier(self, "delivery"),
                settings.delivery,
                project=settings.project,
                # CloudFront, its certificates and its web ACL are in us-east-1.
                regions=tuple(sorted({"us-east-1", *(settings.delivery.regions or (settings.region,))})),
                account_id=account_id,
                state_bucket=settings.bucket,
                state_key_arn=key.arn,
            )
        for output, value, description in (
            ("bucket", bucket.bucket, "The state bucket: state.bucket in an environment's settings."),
            ("kms_key_arn", key.arn, "The key of the states: state.kms_key_id in an environment's settings."),
            ("region", settings.region, "The bucket's region: state.region in an environment's settings."),
        ):
            tier.add(TerraformOutput, output, value=value, description=description)
