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
    title="Load balancers span Availability Zones",
    family=AVAILABILITY,
    severity="high",
    packs=(CLOUDMART,),
    types=("aws_lb", "aws_alb", "aws_elb"),
    why="A load balancer answers only from the zones that it has a subnet in.",
    fix="""\
resource "aws_lb" "main" {
  subnets = [aws_subnet.public_a.id, aws_subnet.public_b.id]
}
""",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-subnets.html",
    controls=("AWS FSBP ELB.10", "AWS FSBP ELB.13", "Well-Architected REL10-BP01"),
    reads=("aws_subnet", "aws_default_subnet"),
    protects=(Protected("aws_lb", "subnets", weaker=(ONLY_FIRST,)),),
    parameters=("availability.zones",),
    by_hand="Which subnets in which Availability Zones is a decision.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    named = "availability_zones" if resource.type == "aws_elb" else ""
    paths = ("subnets[]", "subnet_mapping[].subnet_id")
    yield spans(resource, paths, parameters.availability.zones, named)
