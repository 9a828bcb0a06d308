from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from policies.engine.cures import Edit, Incurable, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT, Unknown
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
    title="TLS endpoints accept recommended versions and ciphers only",
    family=IN_TRANSIT,
    severity="high",
    types=(
        "aws_lb_listener",
        "aws_alb_listener",
        "aws_elb",
        "aws_load_balancer_policy",
        "aws_lb_ssl_negotiation_policy",
        "aws_cloudfront_distribution",
        "aws_api_gateway_domain_name",
        "aws_apigatewayv2_domain_name",
    ),
    why=(
        "TLS 1.0 and 1.1 are broken and withdrawn (RFC 8996). Where no policy is named, load balancers and "
        "CloudFront still accept them. Of load balancers' policies with TLS 1.2 most take ciphers that AWS advises "
        "against; those are the ones that Security Hub fails too (ELB.17)."
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
    controls=("AWS FSBP ELB.17", "AWS FSBP ELB.8", "Well-Architected SEC09-BP02"),
    reads=("aws_load_balancer_listener_policy",),
    protects=(
        Protected("aws_lb_listener", "ssl_policy", weaker=("ELBSecurityPolicy-2016-08", REMOVED)),
        Protected(
            "aws_cloudfront_distribution",
            "viewer_certificate.minimum_protocol_version",
            weaker=("TLSv1.1_2016", "TLSv1", REMOVED),
        ),
    ),
    by_hand="CloudFront needs a certificate of one's own, a classic load balancer a policy of its own.",
)

# The names tell the oldest version they accept. Source: the list behind RULE.link, and for Network Load
# Balancers https://docs.aws.amazon.com/elasticloadbalancing/latest/network/describe-ssl-policies.html
_RECOMMENDED: Final = re.compile(r"ELBSecurityPolicy-TLS13-1-(3|2-Res)-(FIPS-)?(PQ-)?20\d\d-\d\d")
# TLS 1.2 at the least, but with ciphers without forward secrecy or without authenticated encryption. Security Hub
# fails them: https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-17
_OTHER: Final = re.compile(
    r"ELBSecurityPolicy-("
    r"TLS13-1-2-(Ext[0-2]-)?(FIPS-)?(PQ-)?20\d\d-\d\d"
    r"|TLS-1-2-(Ext-)?20\d\d-\d\d"
    r"|FS-1-2-(Res-)?20\d\d-\d\d)"
)
_WEAK: Final = re.compile(
    r"ELBSecurityPolicy-(20\d\d-\d\d|(TLS|FS)-1-[01]-20\d\d-\d\d|FS-20\d\d-\d\d|TLS13-1-[01]-(FIPS-)?(PQ-)?20\d\d-\d\d)"
)
# Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
_VIEWER: Final = re.compile(r"TLSv1\.[23]_20\d\d")
# What a policy of one's own on a classic load balancer names of the versions that are too old.
# Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-ssl-security-policy.html
_OLD: Final = ("Protocol-SSLv2", "Protocol-SSLv3", "Protocol-TLSv1", "Protocol-TLSv1.1")
_NEGOTIATION: Final = "SSLNegotiationPolicyType"


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type in ("aws_lb_listener", "aws_alb_listener"):
        yield _listener(resource)
    elif resource.type == "aws_elb":
        yield from _classic(resource)
    elif resource.type in _CLASSIC:
        of_elb = resource.referenced(_CLASSIC[resource.type][0], "aws_elb").resources
        if of_elb or resource.text("policy_type_name", _NEGOTIATION) != _NEGOTIATION:
            yield not_applicable()  # judged with its load balancer
        else:
            yield _negotiated(resource)
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
    if _OTHER.fullmatch(policy):
        return failed(f"{policy} accepts ciphers that AWS advises against (ELB.17)", "ssl_policy")
    return _named(policy, "ssl_policy")


def _named(policy: str, path: str, at: Resource | None = None) -> Verdict:
    # A classic load balancer has no better ones than the others.
    if _RECOMMENDED.fullmatch(policy) or _OTHER.fullmatch(policy):
        return passed()
    if _WEAK.fullmatch(policy):
        return failed(f"{policy} accepts TLS 1.0 or 1.1", path, at=at)
    return unknown(f"the policy {policy} is not known", path, at=at)


# Types of policies that a classic load balancer negotiates by: where each names it, and the attributes' block.
_CLASSIC: Final = {
    "aws_load_balancer_policy": ("load_balancer_name", "policy_attribute"),
    "aws_lb_ssl_negotiation_policy": ("load_balancer", "attribute"),
}


def _classic(balancer: Resource) -> Iterator[Verdict]:
    """A classic load balancer: each of its listeners with TLS has a policy, or AWS's default one.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/ssl-config-update.html
    """
    secure = [
        listener
        for listener in balancer.blocks("listener")
        if (listener.text("lb_protocol") or "").lower() in ("https", "ssl")
    ]
    if not secure:
        yield not_applicable()
        return
    model = balancer.model
    policies = model.referring(balancer, "aws_load_balancer_policy", "load_balancer_name")
    negotiations = model.referring(balancer, "aws_lb_ssl_negotiation_policy", "load_balancer")
    assigned = model.referring(balancer, "aws_load_balancer_listener_policy", "load_balancer_name")
    for links in (policies, negotiations, assigned):
        if links.unknowns:
            yield unknown(f"a policy may be about its listeners: {links.unknowns[0].reason}")
    for listener in secure:
        port = listener.number("lb_port")
        found = [one for one in negotiations.resources if one.number("lb_port") == port]
        for assignment in assigned.resources:
            if assignment.number("load_balancer_port") == port:
                found += _of_names(assignment, policies.resources)
        if not found:
            yield _named("ELBSecurityPolicy-2016-08", "listener")
        yield from map(_negotiated, found)


def _of_names(assignment: Resource, policies: Iterable[Resource]) -> Iterator[Resource]:
    """The negotiation policies that a listener is given by name."""
    for name in assignment.each("policy_names[]"):
        linked = assignment.model.follow(name, "aws_load_balancer_policy").resources
        named = [one for one in policies if isinstance(name, str) and one.get("policy_name") == name]
        if not linked and not named:
            raise assignment.undetermined(
                name if isinstance(name, Unknown) else f"the policy {name} is not seen here", "policy_names"
            )
        for policy in linked or named:
            if policy.text("policy_type_name") == _NEGOTIATION:
                yield policy


def _negotiated(policy: Resource) -> Verdict:
    block = _CLASSIC[policy.type][1]
    attributes = {one.text("name") or "": one.text("value") or "" for one in policy.blocks(block)}
    predefined = attributes.get("Reference-Security-Policy")
    if predefined is not None:
        return _named(predefined, block, policy)
    old = next((name for name in _OLD if attributes.get(name, "").lower() == "true"), None)
    if old is not None:
        return failed(f"{old} is true", block, at=policy)
    if attributes.get("Protocol-TLSv1.2", "").lower() == "true":
        return passed()
    return unknown("it names neither a predefined policy nor the versions it accepts", block, at=policy)


def _distribution(resource: Resource) -> Verdict:
    certificate = "viewer_certificate"
    if resource.boolean(f"{certificate}.cloudfront_default_certificate"):
        return failed("CloudFront's own certificate comes with TLS 1.0", certificate)
    path = f"{certificate}.minimum_protocol_version"
    version = resource.text(path) or "TLSv1"
    if not _VIEWER.fullmatch(version):
        return failed(f"viewers may connect with {version}", path)
    # Without a certificate of one's own CloudFront's counts, and TLSv1 whatever is said here.
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html
    own = ("acm_certificate_arn", "iam_certificate_id")
    answers = [resource.get(f"{certificate}.{name}") for name in own]
    if any((isinstance(one, str) and one) or (isinstance(one, Unknown) and one.certain) for one in answers):
        return passed()
    doubt = next((one for one in answers if isinstance(one, Unknown)), None)
    if doubt is not None:
        return unknown(doubt, f"{certificate}.{own[0]}")
    return failed("it names no certificate, and CloudFront's own comes with TLS 1.0", certificate)


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit | Incurable]:
    match resource.type:
        case "aws_lb_listener" | "aws_alb_listener":
            yield Set("ssl_policy", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06", _OLD_CLIENTS)
        case "aws_cloudfront_distribution":
            certificate = "viewer_certificate"
            own = ("acm_certificate_arn", "iam_certificate_id")
            if all(resource.get(f"{certificate}.{name}") in (ABSENT, "") for name in own):
                yield Incurable("it needs a certificate of its own: CloudFront's own one comes with TLS 1.0")
            else:
                yield Set(f"{certificate}.minimum_protocol_version", "TLSv1.2_2021", _OLD_CLIENTS)
        case "aws_api_gateway_domain_name":
            yield Set("security_policy", "TLS_1_2", _OLD_CLIENTS)
        case "aws_apigatewayv2_domain_name":
            yield Set("domain_name_configuration.security_policy", "TLS_1_2", _OLD_CLIENTS)
        case "aws_load_balancer_policy" | "aws_lb_ssl_negotiation_policy":
            for attribute in resource.blocks(_CLASSIC[resource.type][1]):
                if attribute.text("name") == "Reference-Security-Policy":
                    yield Set("value", "ELBSecurityPolicy-TLS-1-2-2017-01", _OLD_CLIENTS, attribute)
                elif attribute.text("name") in _OLD:
                    yield Set("value", "false", _OLD_CLIENTS, attribute)
        case _:
            yield Incurable("which policy a classic load balancer's listener is to have is a decision")


_OLD_CLIENTS: Final = "clients that know older versions of TLS only are refused from then on"
