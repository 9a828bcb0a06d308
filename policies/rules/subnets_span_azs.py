from __future__ import annotations

from collections.abc import Iterator

from policies.aws.networks import spans
from policies.aws.stores import SUBNET_GROUPS
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import AVAILABILITY, CLOUDMART, ONLY_FIRST, Protected, Rule, Verdict

RULE = Rule(
    title="Subnet groups of data stores span Availability Zones",
    family=AVAILABILITY,
    severity="high",
    packs=(CLOUDMART,),
    types=SUBNET_GROUPS,
    why="A standby or replica can only be put where the group has a subnet.",
    fix="""\
resource "aws_db_subnet_group" "main" {
  subnet_ids = [aws_subnet.private_a.id, aws_subnet.private_b.id]
}
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
    controls=("Well-Architected REL10-BP01",),
    reads=("aws_subnet", "aws_default_subnet"),
    protects=(
        Protected("aws_db_subnet_group", "subnet_ids", weaker=(ONLY_FIRST,)),
        Protected("aws_elasticache_subnet_group", "subnet_ids", weaker=(ONLY_FIRST,)),
    ),
    parameters=("availability.zones",),
    by_hand="Which subnets in which Availability Zones is a decision.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    yield spans(resource, ("subnet_ids[]",), parameters.availability.zones)
