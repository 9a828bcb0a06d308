"""Certificates for the public name: given by ARN, or made in ACM and validated through Route 53."""

from __future__ import annotations

from constructs import Construct

from modules.names import AcmCertificate, AcmCertificateValidation, Route53Record
from modules.names import Route53RecordAlias as Alias
from modules.tier import Tier

# CloudFront takes certificates of this region only:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
CDN_REGION = "us-east-1"


class Domain(Tier):
    """The certificates, and the records that lead the public name to CloudFront.

    Attributes:
        certificate_arn: the load balancer's certificate.
        cdn_certificate_arn: CloudFront's certificate, in us-east-1.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        hosted_zone_id: str | None,
        certificate_arn: str | None,
        cdn_certificate_arn: str | None,
    ) -> None:
        super().__init__(scope, id)
        self._name, self._zone = name, hosted_zone_id
        self._record: Route53Record | None = None
        self.certificate_arn = certificate_arn or self._issued("load_balancer", None)
        self.cdn_certificate_arn = cdn_certificate_arn or self._issued("cdn", CDN_REGION)

    def _issued(self, address: str, region: str | None) -> str:
        certificate = self.add(
            AcmCertificate, address, domain_name=self._name, validation_method="DNS", region=region
        )
        certificate.add_override("lifecycle", {"create_before_destroy": True})
        if self._record is None:
            # ACM asks for the same record for the same name and account in every region: one serves both.
            # https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
            option = f"tolist(aws_acm_certificate.{address}.domain_validation_options)[0]"
            self._record = self.add(
                Route53Record,
                "validation",
                zone_id=self._zone or "",
                name=f"${{{option}.resource_record_name}}",
                type=f"${{{option}.resource_record_type}}",
                records=[f"${{{option}.resource_record_value}}"],
                ttl=300,
                allow_overwrite=True,
            )
        validation = self.add(
            AcmCertificateValidation,
            address,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[self._record.fqdn],
            region=region,
        )
        return validation.certificate_arn

    def point_at(self, dns_name: str, hosted_zone_id: str) -> None:
        """Lead the public name to a distribution, over IPv4 and IPv6; without a hosted zone that is the owner's."""
        if not self._zone:
            return
        for address, type in (("ipv4", "A"), ("ipv6", "AAAA")):
            self.add(
                Route53Record,
                address,
                zone_id=self._zone,
                name=self._name,
                type=type,
                alias=Alias(name=dns_name, zone_id=hosted_zone_id, evaluate_target_health=False),
            )
