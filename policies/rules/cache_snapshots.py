from __future__ import annotations

from collections.abc import Iterator

from policies.aws.stores import is_member
from policies.engine.cures import Edit, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import (
    BACKUPS,
    REMOVED,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
)

RULE = Rule(
    title="Caches that persist are snapshotted daily",
    family=BACKUPS,
    severity="medium",
    types=(
        "aws_elasticache_replication_group",
        "aws_elasticache_cluster",
        "aws_elasticache_serverless_cache",
        "aws_memorydb_cluster",
    ),
    why="Sessions and counters live in the cache; after a wrong FLUSHALL only a snapshot brings them back.",
    fix="""\
resource "aws_elasticache_replication_group" "main" {
  snapshot_retention_limit = 7
  snapshot_window          = "05:00-06:00"
}
""",
    link="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-automatic.html",
    controls=("AWS FSBP ElastiCache.1", "Well-Architected REL09-BP03"),
    protects=(
        Protected("aws_elasticache_replication_group", "snapshot_retention_limit", weaker=(0, 1, REMOVED)),
        Protected("aws_memorydb_cluster", "snapshot_retention_limit", weaker=(0, REMOVED)),
    ),
    parameters=("backups.cache_retention_days",),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    engine = "memcached" if resource.type == "aws_elasticache_cluster" else "redis"
    if is_member(resource) or (
        resource.type.startswith("aws_elasticache") and resource.text("engine", engine) == "memcached"
    ):
        yield not_applicable()  # its group decides; node-based memcached has no snapshots
        return
    path = "snapshot_retention_limit"
    days = resource.number(path, 0) or 0
    wanted = parameters.backups.cache_retention_days
    if days >= wanted:
        yield passed()
    else:
        yield failed(f"snapshots are kept for {days:g} days, not for {wanted}", path)


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit]:
    yield Set("snapshot_retention_limit", parameters.backups.cache_retention_days)
