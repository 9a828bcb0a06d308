from __future__ import annotations

from collections.abc import Iterator

from policies.aws.networks import SUBNETS, routes_of, tables_of, zones
from policies.engine.model import Model, Resource, Undetermined, View
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT
from policies.engine.verdicts import (
    AVAILABILITY,
    CLOUDMART,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)

RULE = Rule(
    title="Private subnets use a NAT gateway of their own Availability Zone",
    family=AVAILABILITY,
    severity="medium",
    packs=(CLOUDMART,),
    types=("aws_subnet",),
    why=(
        "A subnet whose way out lies in another zone loses it when that zone fails, though it stands itself; "
        "and until then every byte is billed as cross-zone traffic."
    ),
    fix="""\
resource "aws_route" "private_a" {
  route_table_id         = aws_route_table.private_a.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.a.id # stands in public_a, in the same zone
}
""",
    link="https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html",
    controls=("Well-Architected REL10-BP01",),
    reads=(
        "aws_nat_gateway",
        "aws_route",
        "aws_route_table",
        "aws_default_route_table",
        "aws_route_table_association",
        "aws_main_route_table_association",
        "aws_vpc",
    ),
    protects=(
        Protected("aws_route", "nat_gateway_id", weaker=("nat-0123456789abcdef0",)),
        Protected("aws_nat_gateway", "subnet_id", weaker=("subnet-0123456789abcdef0",)),
    ),
    by_hand="A gateway in each Availability Zone costs money and needs an address.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    try:
        routes = [route for table in tables_of(resource) for route in routes_of(table)]
    except Undetermined:
        yield not_applicable()  # CM_DB_SUBNETS_PRIVATE says it where a data store stands in the subnet
        return
    verdicts = [
        _judge(resource, route) for route in routes if route.get("nat_gateway_id") not in (ABSENT, "")
    ]
    bad = [verdict for verdict in verdicts if verdict.status != "pass"]
    yield (bad or verdicts or [not_applicable()])[0]


def _judge(subnet: Resource, route: View) -> Verdict:
    gateways = route.referenced("nat_gateway_id", "aws_nat_gateway").resources
    if not gateways:
        return unknown("the NAT gateway is not seen here", "nat_gateway_id", at=route)
    for gateway in gateways:
        if gateway.text("availability_mode") == "regional":
            continue  # stands in every zone by itself
        homes = gateway.referenced("subnet_id", *SUBNETS).resources
        if not homes:
            return unknown("the NAT gateway's subnet is not seen here", "subnet_id", at=gateway)
        if len(zones((subnet, *homes))) > 1:
            return failed(f"its way out, {gateway.address}, stands in another Availability Zone")
    return passed()
