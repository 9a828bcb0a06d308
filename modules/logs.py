"""Log groups: encrypted with one key, kept for as long as the settings say, and the access-log bucket."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.cloudwatch_log_resource_policy import CloudwatchLogResourcePolicy
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from constructs import Construct

from modules import buckets, encryption
from modules.tier import Tier, deny_plain_http, policy


class Logs(Tier):
    """The log groups of all tiers, their key, and the bucket for access logs.

    Attributes:
        bucket: takes the access logs of load balancer, CloudFront and buckets, each under its own prefix.
        bucket_policy: lets the three of them deliver.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        region: str,
        account_id: str,
        days: int,
        access_log_days: int,
    ) -> None:
        super().__init__(scope, id)
        self._name, self._region, self._account_id, self._days = name, region, account_id, days
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        self._key = encryption.key(
            self,
            "logs",
            of=name,
            account_id=account_id,
            use="log groups",
            statements=(
                encryption.service_use(
                    f"logs.{region}.amazonaws.com",
                    ArnLike={"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account_id}:*"},
                ),
            ),
        )
        # Redis and WAF hand their logs to this service, which may write to the groups of this stack only:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
        self.add(
            CloudwatchLogResourcePolicy,
            "delivery",
            policy_name=f"{name}-delivery",
            policy_document=policy(
                {
                    "Principal": {"Service": "delivery.logs.amazonaws.com"},
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": [
                        f"arn:aws:logs:{region}:{account_id}:log-group:/{name}/*",
                        f"arn:aws:logs:{region}:{account_id}:log-group:aws-waf-logs-{name}*",
                    ],
                    "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
                }
            ),
        )
        self.bucket, self.bucket_policy = self._access_logs(access_log_days)

    def group(self, name: str, path: str, *, days: int | None = None) -> CloudwatchLogGroup:
        """Add `aws_cloudwatch_log_group.NAME` at `path`, encrypted; kept for `days`, else as the settings say."""
        return self.add(
            CloudwatchLogGroup,
            name,
            name=path,
            retention_in_days=days or self._days,
            kms_key_id=self._key.arn,
        )

    def _access_logs(self, days: int) -> tuple[S3Bucket, S3BucketPolicy]:
        bucket = buckets.private(
            self,
            "logs",
            name=f"{self._name}-logs-{self._account_id}",
            # Load balancers deliver to buckets with S3's own keys only:
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
            rules=(buckets.expire("expire", days), buckets.expire_old_versions("expire-old-versions", 7)),
        )
        balancers = f"arn:aws:elasticloadbalancing:{self._region}:{self._account_id}"
        source = {"StringEquals": {"aws:SourceAccount": self._account_id}}
        attached = buckets.attach_policy(
            self,
            "logs",
            bucket,
            {
                "Sid": "LoadBalancer",
                "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{bucket.arn}/alb/AWSLogs/{self._account_id}/*",
                "Condition": {"ArnLike": {"aws:SourceArn": f"{balancers}:loadbalancer/*"}},
            },
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
            {
                "Sid": "CloudFront",
                "Principal": {"Service": "delivery.logs.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{bucket.arn}/AWSLogs/{self._account_id}/CloudFront/*",
                "Condition": {
                    "StringEquals": {**source["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"}
                },
            },
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
            {
                "Sid": "BucketAccess",
                "Principal": {"Service": "logging.s3.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{bucket.arn}/s3/*",
                "Condition": source,
            },
            deny_plain_http(bucket.arn),
        )
        return bucket, attached
