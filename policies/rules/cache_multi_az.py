from __future__ import annotations

from collections.abc import Iterator

from policies.aws.stores import is_member
from policies.engine.cures import Edit, Incurable, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT
from policies.engine.verdicts import (
    AVAILABILITY,
    CLOUDMART,
    REMOVED,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
)

GROUP = "aws_elasticache_replication_group"

RULE = Rule(
    title="Caches fail over to a replica in another Availability Zone",
    family=AVAILABILITY,
    severity="high",
    packs=(CLOUDMART,),
    types=(
        GROUP,
        "aws_elasticache_cluster",
        "aws_elasticache_serverless_cache",
        "aws_memorydb_cluster",
    ),
    why=(
        "Without automatic failover a lost primary stays lost until somebody promotes a replica, and the "
        "database takes all the load that the cache held off."
    ),
    fix="""\
resource "aws_elasticache_replication_group" "main" {
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
}
""",
    link="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html",
    controls=("AWS FSBP ElastiCache.3", "Well-Architected REL10-BP01"),
    protects=(
        Protected(GROUP, "automatic_failover_enabled", weaker=(False, REMOVED)),
        Protected(GROUP, "multi_az_enabled", weaker=(False, REMOVED)),
        Protected(GROUP, "num_cache_clusters", weaker=(1, REMOVED)),
    ),
    by_hand="Which Availability Zones nodes stand in, where they are named, is a decision.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type == "aws_elasticache_serverless_cache":
        yield passed()  # spans Availability Zones by itself
    elif resource.type == "aws_memorydb_cluster":
        replicas = resource.number("num_replicas_per_shard", 1) or 0
        yield passed() if replicas >= 1 else failed("its shards have no replica", "num_replicas_per_shard")
    elif is_member(resource):
        yield not_applicable()
    elif resource.type == "aws_elasticache_cluster":
        nodes = resource.number("num_cache_nodes", 1) or 0
        if resource.text("engine", "memcached") != "memcached":
            yield failed("a cache cluster outside a replication group cannot fail over", "engine")
        elif nodes > 1 and resource.text("az_mode") == "cross-az":
            yield passed()
        else:
            yield failed("its nodes stand in one Availability Zone", "az_mode")
    else:
        yield from _group(resource)


def _group(resource: Resource) -> Iterator[Verdict]:
    sound = True
    for switch in ("automatic_failover_enabled", "multi_az_enabled"):
        if not resource.boolean(switch):
            sound = False
            yield failed(f"{switch} is not true", switch)
    # Replicas per shard where cluster mode is on; else nodes in all, of which one is the primary. The provider had
    # other names for both up to version 4.
    replicas = resource.number("replicas_per_node_group")
    if replicas is None and resource.get("cluster_mode") is not ABSENT:
        replicas = _of_cluster_mode(resource)
    if replicas is None:
        older = resource.number("number_cache_clusters", 1)
        replicas = (resource.number("num_cache_clusters", older) or 0) - 1
    zones = [*resource.each("preferred_cache_cluster_azs[]"), *resource.each("availability_zones[]")]
    if replicas < 1:
        sound = False
        yield failed("it has no replica", "num_cache_clusters")
    elif len(zones) > 1 and len(set(map(str, zones))) == 1 and isinstance(zones[0], str):
        sound = False
        yield failed(f"all its nodes stand in {zones[0]}", "preferred_cache_cluster_azs")
    if sound:
        yield passed()


def _of_cluster_mode(resource: Resource) -> float | None:
    """The replicas of the block `cluster_mode`; since version 5 of the provider that is a text of its own."""
    if isinstance(resource.get("cluster_mode"), str):
        return None
    block = resource.block("cluster_mode")
    return None if block is None else block.number("replicas_per_node_group")


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit | Incurable]:
    if resource.type == "aws_memorydb_cluster":
        yield Set("num_replicas_per_shard", 1, _COST)
    elif resource.type == "aws_elasticache_cluster":
        if resource.text("engine", "memcached") != "memcached":
            yield Incurable("only a replication group can fail over")
            return
        if (resource.number("num_cache_nodes", 1) or 0) < 2:
            yield Set("num_cache_nodes", 2, _COST)
        yield Set("az_mode", "cross-az")
    else:
        yield Set("automatic_failover_enabled", True)
        yield Set("multi_az_enabled", True)
        if resource.get("replicas_per_node_group") is not ABSENT:
            if (resource.number("replicas_per_node_group") or 0) < 1:
                yield Set("replicas_per_node_group", 1, _COST)
        elif (
            all(resource.get(other) is ABSENT for other in ("cluster_mode", "number_cache_clusters"))
            and (resource.number("num_cache_clusters", 1) or 0) < 2
        ):
            yield Set("num_cache_clusters", 2, _COST)


_COST = "a replica costs as much as its primary"
