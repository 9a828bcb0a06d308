from __future__ import annotations

from collections.abc import Iterator

from policies.aws.flows import ASSUMED, compare, seen
from policies.aws.stores import STORES
from policies.engine.model import Model
from policies.engine.parameters import Parameters
from policies.engine.verdicts import (
    CLOUDMART,
    PROOFS,
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
    title="The flows that can happen are exactly those that are declared",
    family=PROOFS,
    severity="high",
    packs=(CLOUDMART,),
    types=(
        "aws_lb",
        "aws_alb",
        "aws_elb",
        "aws_autoscaling_group",
        "aws_instance",
        "aws_spot_instance_request",
        "aws_ecs_service",
        "aws_lambda_function",
        "aws_vpc_endpoint",
        *STORES,
    ),
    why=(
        "Who can reach whom follows from groups, subnets and routes together; no single resource shows it. A "
        "flow that nobody declared is a way in or out that nobody knows of, and a declared one that cannot "
        "happen is an outage."
    ),
    fix="""\
# In the parameters, if the flow is meant:
# [[flows]]
# from = "backend"
# to = "database"
# protocol = "tcp"
# ports = [5432]
resource "aws_vpc_security_group_ingress_rule" "database_from_backend" {
  security_group_id            = aws_security_group.database.id
  referenced_security_group_id = aws_security_group.backend.id # not a range
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}
""",
    link="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",
    controls=("Well-Architected SEC05-BP01", "Well-Architected SEC05-BP02"),
    reads=(
        "aws_security_group",
        "aws_default_security_group",
        "aws_security_group_rule",
        "aws_vpc_security_group_ingress_rule",
        "aws_vpc_security_group_egress_rule",
        "aws_subnet",
        "aws_route",
        "aws_route_table",
        "aws_launch_template",
        "aws_nat_gateway",
        "aws_internet_gateway",
        "aws_eip",
    ),
    protects=(
        Protected("aws_vpc_security_group_ingress_rule", ""),
        Protected("aws_vpc_security_group_egress_rule", ""),
        *(
            Protected(type, path, weaker=weaker)
            for type in ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
            for path, weaker in (
                ("ip_protocol", ("udp",)),
                ("to_port", (1,)),
                ("referenced_security_group_id", (REMOVED,)),
                ("security_group_id", ("sg-0123456789abcdef0",)),
            )
        ),
    ),
    parameters=("flows",),
    by_hand="Which of the two is wrong, what is declared or what is open, is a decision.",
)


def check_model(model: Model, parameters: Parameters) -> Iterator[Verdict]:
    found = seen(model)
    everything = found.nodes
    difference = compare(model, parameters.flows)
    for flow in difference.surplus:
        # Rules that AWS makes by itself stand nowhere.
        written = [view for view in flow.views if view.resource.mode != ASSUMED]
        at = written[0] if written else flow.nodes[0]
        openers = dict.fromkeys(view.resource.address for view in flow.views)
        words = f" (opened by {', '.join(openers)})" if openers else ""
        yield failed(f"{flow} can happen and is not declared{words}", at=at)
    for flow in difference.missing:
        ends = [node.resource for node in everything if node.tier in (flow.source, flow.target)]
        yield failed(f"{flow} is declared and cannot happen", at=ends[0])
    for doubt in found.doubts:
        told = not doubt.attribute or doubt.reason.startswith(doubt.attribute)
        words = doubt.reason if told else f"{doubt.attribute}: {doubt.reason}"
        yield unknown(words, doubt.attribute, at=doubt.view.resource)
    if not (difference.surplus or difference.missing or found.doubts):
        for node in everything:
            yield passed(at=node.resource)
    if not everything and not found.doubts:
        yield not_applicable()
