from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import (
    IN_TRANSIT,
    REMOVED,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)

RULE = Rule(
    title="TLS endpoints accept version 1.2 or newer only",
    family=IN_TRANSIT,
    severity="high",
    types=(
        "aws_lb_listener",
        "aws_alb_listener",
        "aws_cloudfront_distribution",
        "aws_api_gateway_domain_name",
        "aws_apigatewayv2_domain_name",
    ),
    why=(
        "TLS 1.0 and 1.1 are broken and withdrawn (RFC 8996). Where no policy is named, load balancers and "
        "CloudFront still accept them."
    ),
    fix="""\
resource "aws_lb_listener" "https" {
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
}

resource "aws_cloudfront_distribution" "main" {
  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate.cdn.arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}
""",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html",
    controls=("Well-Architected SEC09-BP02",),
    protects=(
        Protected("aws_lb_listener", "ssl_policy", weaker=("ELBSecurityPolicy-2016-08", REMOVED)),
        Protected(
            "aws_cloudfront_distribution",
            "viewer_certificate.minimum_protocol_version",
            weaker=("TLSv1.1_2016", "TLSv1", REMOVED),
        ),
    ),
)

# The names tell the oldest version they accept. Source: the list behind RULE.link, and for Network Load
# Balancers https://docs.aws.amazon.com/elasticloadbalancing/latest/network/describe-ssl-policies.html
_STRONG: Final = re.compile(
    r"ELBSecurityPolicy-("
    r"TLS13-1-[23]-((Res|Ext[0-2])-)?(FIPS-)?(PQ-)?20\d\d-\d\d"
    r"|TLS-1-2-(Ext-)?20\d\d-\d\d"
    r"|FS-1-2-(Res-)?20\d\d-\d\d)"
)
_WEAK: Final = re.compile(
    r"ELBSecurityPolicy-(20\d\d-\d\d|(TLS|FS)-1-[01]-20\d\d-\d\d|FS-20\d\d-\d\d|TLS13-1-[01]-(FIPS-)?(PQ-)?20\d\d-\d\d)"
)
# Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
_VIEWER: Final = ("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025")


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type in ("aws_lb_listener", "aws_alb_listener"):
        yield _listener(resource)
    elif resource.type == "aws_cloudfront_distribution":
        yield _distribution(resource)
    else:
        path = "security_policy"
        if resource.type == "aws_apigatewayv2_domain_name":
            path = "domain_name_configuration.security_policy"
        policy = resource.text(path, "TLS_1_0") or ""
        if policy == "TLS_1_0":
            yield failed("it accepts TLS 1.0", path)
        elif policy == "TLS_1_2" or policy.startswith("SecurityPolicy_TLS13_"):
            yield passed()
        else:
            yield unknown(f"the policy {policy} is not known", path)


def _listener(resource: Resource) -> Verdict:
    if (resource.text("protocol") or "HTTP").upper() not in ("HTTPS", "TLS"):
        return not_applicable()
    policy = resource.text("ssl_policy") or "ELBSecurityPolicy-2016-08"
    if _STRONG.fullmatch(policy):
        return passed()
    if _WEAK.fullmatch(policy):
        return failed(f"{policy} accepts TLS 1.0 or 1.1", "ssl_policy")
    return unknown(f"the policy {policy} is not known", "ssl_policy")


def _distribution(resource: Resource) -> Verdict:
    certificate = "viewer_certificate"
    if resource.boolean(f"{certificate}.cloudfront_default_certificate"):
        return failed("CloudFront's own certificate comes with TLS 1.0", certificate)
    path = f"{certificate}.minimum_protocol_version"
    version = resource.text(path) or "TLSv1"
    if version in _VIEWER:
        return passed()
    return failed(f"viewers may connect with {version}", path)
