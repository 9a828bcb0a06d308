from __future__ import annotations

from collections.abc import Iterator

from policies.aws.stores import GLOBAL, is_member, primaries_of
from policies.engine.cures import REPLACES, Edit, Incurable, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import (
    AT_REST,
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
    title="Caches are encrypted at rest",
    family=AT_REST,
    severity="high",
    types=(
        "aws_elasticache_replication_group",
        "aws_elasticache_cluster",
        "aws_elasticache_serverless_cache",
        "aws_elasticache_global_replication_group",
    ),
    why=(
        "Redis and Valkey write snapshots and replication data to disk: sessions and cached pages in clear. "
        "Encryption can only be chosen when the group is made."
    ),
    fix="""\
resource "aws_elasticache_replication_group" "main" {
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.main.arn
}
""",
    link="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html",
    controls=("AWS FSBP ElastiCache.4", "Well-Architected SEC08-BP02"),
    protects=(
        Protected("aws_elasticache_replication_group", "at_rest_encryption_enabled", weaker=(False, REMOVED)),
    ),
    by_hand="A cluster outside of a replication group has to become one.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type == "aws_elasticache_serverless_cache":
        yield passed()  # always encrypted
    elif resource.type == "aws_elasticache_global_replication_group":
        yield not_applicable()  # its groups are judged
    elif resource.type == "aws_elasticache_cluster":
        if is_member(resource) or resource.text("engine", "memcached") == "memcached":
            yield not_applicable()  # its group decides; memcached keeps nothing on disk
        else:
            yield failed("a cache cluster outside a replication group cannot be encrypted at rest", "engine")
    elif resource.is_set(GLOBAL):
        yield _as_the_primary(resource)
    # Valkey encrypts unless told not to, Redis only when told.
    elif resource.boolean("at_rest_encryption_enabled", resource.text("engine", "redis") == "valkey"):
        yield passed()
    else:
        yield failed("at_rest_encryption_enabled is not true", "at_rest_encryption_enabled")


def _as_the_primary(resource: Resource) -> Verdict:
    primaries = primaries_of(resource)
    if not primaries:
        return unknown("it is encrypted if the global datastore's primary is, which is not seen here", GLOBAL)
    if all(
        primary.boolean("at_rest_encryption_enabled", primary.text("engine", "redis") == "valkey")
        for primary in primaries
    ):
        return passed()
    return failed("the global datastore's primary is not encrypted at rest", GLOBAL)


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit | Incurable]:
    if resource.type != "aws_elasticache_replication_group":
        yield Incurable("only a replication group can be encrypted at rest")
    elif resource.is_set(GLOBAL):
        yield Incurable("the global datastore's primary decides")
    else:
        yield Set("at_rest_encryption_enabled", True, REPLACES)
