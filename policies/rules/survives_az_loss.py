from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.aws.zone_loss import zone_loss
from policies.engine.model import Model
from policies.engine.parameters import Parameters
from policies.engine.verdicts import (
    CLOUDMART,
    ONLY_FIRST,
    PROOFS,
    REMOVED,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
)

TYPES: Final = (
    "aws_lb",
    "aws_alb",
    "aws_elb",
    "aws_autoscaling_group",
    "aws_instance",
    "aws_vpc_endpoint",
    "aws_db_instance",
    "aws_rds_cluster",
    "aws_docdb_cluster",
    "aws_neptune_cluster",
    "aws_elasticache_replication_group",
    "aws_elasticache_cluster",
)

RULE = Rule(
    title="The loss of any one Availability Zone is survived",
    family=PROOFS,
    severity="high",
    packs=(CLOUDMART,),
    types=TYPES,
    why=(
        "Each part may look redundant and the whole still fall with one zone, through a NAT gateway, a route "
        "or a replica that all stand in it. So each zone is taken away in turn, and what is left must still work."
    ),
    fix="""\
resource "aws_nat_gateway" "a" {
  subnet_id     = aws_subnet.public_a.id # one gateway in each zone, and each private subnet routed to its own
  allocation_id = aws_eip.nat_a.id
}
""",
    link="https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_fault_isolation_multiaz_region_system.html",
    controls=("Well-Architected REL10-BP01",),
    reads=(
        "aws_subnet",
        "aws_default_subnet",
        "aws_nat_gateway",
        "aws_route",
        "aws_route_table",
        "aws_route_table_association",
        "aws_rds_cluster_instance",
        "aws_docdb_cluster_instance",
        "aws_neptune_cluster_instance",
    ),
    protects=(
        Protected("aws_db_instance", "multi_az", weaker=(False, REMOVED)),
        Protected("aws_elasticache_replication_group", "automatic_failover_enabled", weaker=(False,)),
        Protected("aws_elasticache_replication_group", "num_cache_clusters", weaker=(1,)),
        Protected("aws_autoscaling_group", "vpc_zone_identifier", weaker=(ONLY_FIRST,)),
    ),
    by_hand="What is to stand in another Availability Zone is a decision.",
)


def check_model(model: Model, parameters: Parameters) -> Iterator[Verdict]:
    losses = zone_loss(model)
    broken: set[int] = set()
    for breaks in losses.values():
        for one in breaks:
            broken.add(id(one.view.resource))
            yield failed(f"when {one.zone} is lost: {one.message}", at=one.view)
    for resource in model.of_type(*TYPES):
        if id(resource) not in broken:
            yield passed(at=resource) if losses else not_applicable(at=resource)
