"""Log groups: encrypted with one key, kept for as long as the settings say, and the access-log bucket."""

from __future__ import annotations

from constructs import Construct

from modules import buckets, encryption
from modules.names import CloudwatchLogGroup, CloudwatchLogResourcePolicy, KmsKey, S3Bucket, S3BucketPolicy
from modules.tier import Tier, deny_plain_http, policy


class Logs(Tier):
    """The log groups of all tiers, their key, and the bucket for access logs.

    Attributes:
        bucket: takes the access logs of load balancer, CloudFront and buckets, each under its own prefix.
        bucket_policy: lets the three of them deliver.
        region: the stack's region.
        deliveries: by region, the leave to deliver into log groups; who has logs delivered waits for it.
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
        self._name, self.region, self._account_id, self._days = name, region, account_id, days
        self.deliveries: dict[str, CloudwatchLogResourcePolicy] = {}
        self._keys: dict[str, KmsKey] = {}
        self._prepare(region)
        self.bucket, self.bucket_policy = self._access_logs(access_log_days)

    def group(
        self, name: str, path: str, *, days: int | None = None, region: str | None = None
    ) -> CloudwatchLogGroup:
        """Add `aws_cloudwatch_log_group.NAME` at `path`, encrypted; kept for `days`, else as the settings say.

        `region` is another one than the stack's.
        """
        if region and region not in self._keys:
            self._prepare(region)
        return self.add(
            CloudwatchLogGroup,
            name,
            region=region,
            name=path,
            retention_in_days=days or self._days,
            kms_key_id=self._keys[region or self.region].arn,
        )

    def _prepare(self, region: str) -> None:
        """Make a region fit for log groups: their key, and the leave to deliver into them."""
        home = region == self.region
        suffix = "" if home else f"_{region.replace('-', '_')}"
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        self._keys[region] = encryption.key(
            self,
            f"logs{suffix}",
            of=self._name,
            account_id=self._account_id,
            use="log groups",
            region=None if home else region,
            statements=(
                encryption.service_use(
                    f"logs.{region}.amazonaws.com",
                    ArnLike={
                        "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{self._account_id}:*"
                    },
                ),
            ),
        )
        # Redis and WAF hand their logs to this service, which may write to the groups of this stack only:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
        groups = f"arn:aws:logs:{region}:{self._account_id}:log-group"
        self.deliveries[region] = self.add(
            CloudwatchLogResourcePolicy,
            f"delivery{suffix}",
            region=None if home else region,
            policy_name=f"{self._name}-delivery",
            policy_document=policy(
                {
                    "Principal": {"Service": "delivery.logs.amazonaws.com"},
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": [f"{groups}:/{self._name}/*", f"{groups}:aws-waf-logs-{self._name}*"],
                    "Condition": {"StringEquals": {"aws:SourceAccount": self._account_id}},
                }
            ),
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
        balancers = f"arn:aws:elasticloadbalancing:{self.region}:{self._account_id}"
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
