from __future__ import annotations

from collections.abc import Iterator

from policies.aws.networks import spans
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import (
    AVAILABILITY,
    CLOUDMART,
    ONLY_FIRST,
    Protected,
    Rule,
    Verdict,
)

RULE = Rule(
    title="Auto Scaling groups span Availability Zones",
    family=AVAILABILITY,
    severity="high",
    packs=(CLOUDMART,),
    types=("aws_autoscaling_group",),
    why="A group in one zone has nowhere to start instances when that zone fails.",
    fix="""\
resource "aws_autoscaling_group" "backend" {
  vpc_zone_identifier = [aws_subnet.private_a.id, aws_subnet.private_b.id]
}
""",
    link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/disaster-recovery-resiliency.html",
    controls=("AWS FSBP AutoScaling.2", "Well-Architected REL10-BP01"),
    reads=("aws_subnet", "aws_default_subnet"),
    protects=(Protected("aws_autoscaling_group", "vpc_zone_identifier", weaker=(ONLY_FIRST,)),),
    parameters=("availability.zones",),
    by_hand="Which subnets in which Availability Zones is a decision.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    yield spans(resource, ("vpc_zone_identifier[]",), parameters.availability.zones, "availability_zones")
