from __future__ import annotations

from collections.abc import Iterator

from policies.engine.cures import Edit, Set
from policies.engine.model import Model, Resource, View
from policies.engine.parameters import Parameters
from policies.engine.verdicts import IN_TRANSIT, Protected, Rule, Verdict, failed, passed

RULE = Rule(
    title="CloudFront speaks HTTPS to viewers and to origins",
    family=IN_TRANSIT,
    severity="high",
    types=("aws_cloudfront_distribution", "aws_cloudfront_vpc_origin"),
    why=(
        "A path that may be fetched over HTTP can be read and replaced on the way, and what CloudFront "
        "fetches over HTTP it serves to everyone from its cache."
    ),
    fix="""\
resource "aws_cloudfront_distribution" "main" {
  default_cache_behavior {
    viewer_protocol_policy = "redirect-to-https"
  }
  origin {
    custom_origin_config {
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }
}
""",
    link="https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https.html",
    controls=(
        "AWS FSBP CloudFront.3",
        "AWS FSBP CloudFront.9",
        "AWS FSBP CloudFront.10",
        "Well-Architected SEC09-BP02",
    ),
    protects=(
        Protected(
            "aws_cloudfront_distribution",
            "default_cache_behavior.viewer_protocol_policy",
            weaker=("allow-all",),
        ),
        Protected(
            "aws_cloudfront_distribution",
            "ordered_cache_behavior[].viewer_protocol_policy",
            weaker=("allow-all",),
        ),
        Protected(
            "aws_cloudfront_distribution",
            "origin[].custom_origin_config.origin_protocol_policy",
            weaker=("http-only", "match-viewer"),
        ),
        Protected(
            "aws_cloudfront_distribution",
            "origin[].custom_origin_config.origin_ssl_protocols",
            weaker=(["TLSv1", "TLSv1.2"], ["SSLv3"]),
        ),
    ),
)

SECURE = ("redirect-to-https", "https-only")


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    origins: list[View] = []
    if resource.type == "aws_cloudfront_vpc_origin":
        origins.extend(resource.blocks("vpc_origin_endpoint_config"))
    for behavior in ("default_cache_behavior", "ordered_cache_behavior"):
        for view in resource.blocks(behavior):
            policy = view.text("viewer_protocol_policy") or "missing"
            if policy not in SECURE:
                path = "viewer_protocol_policy"
                yield failed(f"viewers may use plain HTTP: {path} is {policy}", path, at=view)
                return
    for origin in resource.blocks("origin"):
        origins.extend(origin.blocks("custom_origin_config"))
    for origin in origins:
        if origin.text("origin_protocol_policy") != "https-only":
            path = "origin_protocol_policy"
            yield failed(f"{path} is not https-only", path, at=origin)
            return
        # A VPC origin nests the list in a block of its own.
        nested = any(isinstance(one, dict) for one in origin.each("origin_ssl_protocols[]"))
        path = "origin_ssl_protocols.items" if nested else "origin_ssl_protocols"
        old = [name for name in origin.texts(path) if name not in ("TLSv1.2", "TLSv1.3")]
        if old:
            yield failed(f"it may speak {old[0]} to the origin", "origin_ssl_protocols", at=origin)
            return
    yield passed()


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit]:
    origins = list(resource.blocks("vpc_origin_endpoint_config"))
    for behavior in ("default_cache_behavior", "ordered_cache_behavior"):
        for view in resource.blocks(behavior):
            if view.text("viewer_protocol_policy") not in SECURE:
                yield Set("viewer_protocol_policy", "redirect-to-https", at=view)
    for origin in resource.blocks("origin"):
        origins.extend(origin.blocks("custom_origin_config"))
    for origin in origins:
        yield Set("origin_protocol_policy", "https-only", "the origin has to answer HTTPS", origin)
        nested = any(isinstance(one, dict) for one in origin.each("origin_ssl_protocols[]"))
        path = "origin_ssl_protocols.items" if nested else "origin_ssl_protocols"
        spoken = origin.texts(path)
        sound = tuple(name for name in spoken if name in ("TLSv1.2", "TLSv1.3"))
        if len(sound) < len(spoken):
            yield Set(path, sound or ("TLSv1.2",), at=origin)
