"""The frontend: a private bucket behind CloudFront, and the way of `/api/*` to the load balancer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from constructs import Construct

from modules import buckets
from modules.domain import CDN_REGION
from modules.names import (
    CloudfrontDistribution,
    CloudfrontDistributionDefaultCacheBehavior,
    CloudfrontDistributionDefaultCacheBehaviorFunctionAssociation,
    CloudfrontDistributionOrderedCacheBehavior,
    CloudfrontDistributionOrigin,
    CloudfrontDistributionOriginCustomOriginConfig,
    CloudfrontDistributionRestrictions,
    CloudfrontDistributionRestrictionsGeoRestriction,
    CloudfrontDistributionViewerCertificate,
    CloudfrontFunction,
    CloudfrontOriginAccessControl,
    CloudfrontResponseHeadersPolicy,
    CloudfrontResponseHeadersPolicySecurityHeadersConfig,
    CloudwatchLogDelivery,
    CloudwatchLogDeliveryDestination,
    CloudwatchLogDeliveryS3DeliveryConfiguration,
    CloudwatchLogDeliverySource,
    ITerraformDependable,
    S3Bucket,
    S3BucketLoggingA,
)
from modules.names import (
    CloudfrontResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicy as ContentSecurityPolicy,
)
from modules.names import (
    CloudfrontResponseHeadersPolicySecurityHeadersConfigContentTypeOptions as ContentTypeOptions,
)
from modules.names import CloudfrontResponseHeadersPolicySecurityHeadersConfigFrameOptions as FrameOptions
from modules.names import (
    CloudfrontResponseHeadersPolicySecurityHeadersConfigReferrerPolicy as ReferrerPolicy,
)
from modules.names import (
    CloudfrontResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurity as StrictTransportSecurity,
)
from modules.names import (
    CloudwatchLogDeliveryDestinationDeliveryDestinationConfiguration as DeliveryDestination,
)
from modules.tier import Tier, deny_plain_http

# Managed policies have the same ids in every account:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"

READ = ["GET", "HEAD"]
ALL_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
TWO_YEARS = 63072000


class Frontend(Tier):
    """Bucket, distribution and headers.

    Attributes:
        bucket: holds the built frontend.
        distribution: serves it, and the API.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        account_id: str,
        domain_name: str,
        certificate_arn: str,
        web_acl_arn: str | None,
        api_dns_name: str,
        price_class: str,
        old_versions_days: int,
        content_security_policy: str,
        access_logs: S3Bucket,
        after: Sequence[ITerraformDependable],
    ) -> None:
        """`after`: what lets logs be delivered to the bucket `access_logs`."""
        super().__init__(scope, id)
        self._name, self._after = name, after
        self.bucket = buckets.private(
            self,
            "frontend",
            name=f"{name}-frontend-{account_id}",
            rules=[buckets.expire_old_versions("expire-old-versions", old_versions_days)],
        )
        self.add(
            S3BucketLoggingA,
            "frontend",
            bucket=self.bucket.id,
            target_bucket=access_logs.id,
            target_prefix="s3/frontend/",
            depends_on=list(after),
        )
        self.distribution = self._distribution(
            domain_name=domain_name,
            certificate_arn=certificate_arn,
            web_acl_arn=web_acl_arn,
            api_dns_name=api_dns_name,
            price_class=price_class,
            headers_policy_id=self._headers(content_security_policy),
        )
        buckets.attach_policy(
            self,
            "frontend",
            self.bucket,
            # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
            {
                "Sid": "CloudFront",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": f"{self.bucket.arn}/*",
                "Condition": {"StringEquals": {"aws:SourceArn": self.distribution.arn}},
            },
            deny_plain_http(self.bucket.arn),
        )
        self._access_logs(access_logs)

    def _headers(self, content_security_policy: str) -> str:
        return self.add(
            CloudfrontResponseHeadersPolicy,
            "main",
            name=self._name,
            comment="Security headers for every response",
            security_headers_config=CloudfrontResponseHeadersPolicySecurityHeadersConfig(
                strict_transport_security=StrictTransportSecurity(
                    access_control_max_age_sec=TWO_YEARS, include_subdomains=True, override=True
                ),
                content_type_options=ContentTypeOptions(override=True),
                frame_options=FrameOptions(frame_option="DENY", override=True),
                referrer_policy=ReferrerPolicy(
                    referrer_policy="strict-origin-when-cross-origin", override=True
                ),
                content_security_policy=ContentSecurityPolicy(
                    content_security_policy=content_security_policy, override=True
                ),
            ),
        ).id

    def _distribution(
        self,
        *,
        domain_name: str,
        certificate_arn: str,
        web_acl_arn: str | None,
        api_dns_name: str,
        price_class: str,
        headers_policy_id: str,
    ) -> CloudfrontDistribution:
        access = self.add(
            CloudfrontOriginAccessControl,
            "frontend",
            name=f"{self._name}-frontend",
            description="CloudFront alone reads the bucket",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
        )
        single_page = self.add(
            CloudfrontFunction,
            "single_page",
            name=f"{self._name}-single-page",
            runtime="cloudfront-js-2.0",
            comment="Paths without a file get /index.html",
            publish=True,
            code=Path(__file__).with_name("single_page.js").read_text(encoding="utf-8"),
        )
        return self.add(
            CloudfrontDistribution,
            "main",
            enabled=True,
            comment=self._name,
            aliases=[domain_name],
            default_root_object="index.html",
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class=price_class,
            web_acl_id=web_acl_arn,
            origin=[
                CloudfrontDistributionOrigin(
                    origin_id="frontend",
                    domain_name=self.bucket.bucket_regional_domain_name,
                    origin_access_control_id=access.id,
                ),
                # The viewer's Host header goes on to the load balancer, so its certificate for the public
                # name is the one that CloudFront checks:
                # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-cloudfront-to-custom-origin.html
                CloudfrontDistributionOrigin(
                    origin_id="api",
                    domain_name=api_dns_name,
                    custom_origin_config=CloudfrontDistributionOriginCustomOriginConfig(
                        http_port=80,
                        https_port=443,
                        origin_protocol_policy="https-only",
                        origin_ssl_protocols=["TLSv1.2"],
                    ),
                ),
            ],
            default_cache_behavior=CloudfrontDistributionDefaultCacheBehavior(
                target_origin_id="frontend",
                viewer_protocol_policy="redirect-to-https",
                allowed_methods=[*READ, "OPTIONS"],
                cached_methods=READ,
                compress=True,
                cache_policy_id=CACHING_OPTIMIZED,
                response_headers_policy_id=headers_policy_id,
                function_association=[
                    CloudfrontDistributionDefaultCacheBehaviorFunctionAssociation(
                        event_type="viewer-request", function_arn=single_page.arn
                    )
                ],
            ),
            ordered_cache_behavior=[
                CloudfrontDistributionOrderedCacheBehavior(
                    path_pattern="/api/*",
                    target_origin_id="api",
                    viewer_protocol_policy="redirect-to-https",
                    allowed_methods=ALL_METHODS,
                    cached_methods=READ,
                    compress=True,
                    cache_policy_id=CACHING_DISABLED,
                    origin_request_policy_id=ALL_VIEWER,
                    response_headers_policy_id=headers_policy_id,
                )
            ],
            restrictions=CloudfrontDistributionRestrictions(
                geo_restriction=CloudfrontDistributionRestrictionsGeoRestriction(restriction_type="none")
            ),
            viewer_certificate=CloudfrontDistributionViewerCertificate(
                acm_certificate_arn=certificate_arn,
                minimum_protocol_version="TLSv1.2_2021",
                ssl_support_method="sni-only",
            ),
            tags={"Name": self._name},
        )

    def _access_logs(self, bucket: S3Bucket) -> None:
        """CloudFront's logs to the log bucket, which has no ACLs for the older way of delivery.

        Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
        """
        source = self.add(
            CloudwatchLogDeliverySource,
            "cdn",
            name=f"{self._name}-cdn",
            region=CDN_REGION,
            log_type="ACCESS_LOGS",
            resource_arn=self.distribution.arn,
        )
        destination = self.add(
            CloudwatchLogDeliveryDestination,
            "cdn",
            name=f"{self._name}-cdn",
            region=CDN_REGION,
            output_format="w3c",
            delivery_destination_configuration=[DeliveryDestination(destination_resource_arn=bucket.arn)],
        )
        self.add(
            CloudwatchLogDelivery,
            "cdn",
            region=CDN_REGION,
            delivery_source_name=source.name,
            delivery_destination_arn=destination.arn,
            s3_delivery_configuration=[
                CloudwatchLogDeliveryS3DeliveryConfiguration(
                    suffix_path="{DistributionId}/{yyyy}/{MM}/{dd}", enable_hive_compatible_path=False
                )
            ],
            depends_on=list(self._after),
        )
