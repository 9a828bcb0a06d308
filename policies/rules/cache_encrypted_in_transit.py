from __future__ import annotations

from collections.abc import Iterator

from policies.aws.stores import is_member
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
)

RULE = Rule(
    title="Caches accept TLS connections only",
    family=IN_TRANSIT,
    severity="high",
    types=(
        "aws_elasticache_replication_group",
        "aws_elasticache_cluster",
        "aws_elasticache_serverless_cache",
    ),
    why=(
        "Sessions and tokens cross Availability Zones on their way to a cache. In the mode `preferred`, "
        "which is meant for migrations, a client may still speak in clear."
    ),
    fix="""\
resource "aws_elasticache_replication_group" "main" {
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
}
""",
    link="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption.html",
    controls=("AWS FSBP ElastiCache.5", "Well-Architected SEC09-BP02"),
    protects=(
        Protected("aws_elasticache_replication_group", "transit_encryption_enabled", weaker=(False, REMOVED)),
        Protected("aws_elasticache_replication_group", "transit_encryption_mode", weaker=("preferred",)),
    ),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type == "aws_elasticache_serverless_cache":
        yield passed()  # TLS only, always
    elif is_member(resource):
        yield not_applicable()
    elif not resource.boolean("transit_encryption_enabled"):
        yield failed("transit_encryption_enabled is not true", "transit_encryption_enabled")
    elif resource.text("transit_encryption_mode", "required") != "required":
        yield failed("transit_encryption_mode lets clients connect without TLS", "transit_encryption_mode")
    else:
        yield passed()
