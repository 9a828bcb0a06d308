from __future__ import annotations

from collections.abc import Iterator

from policies.aws.networks import SUBNETS, public_route
from policies.aws.stores import STORES, SUBNET_GROUPS, is_member, is_replica
from policies.engine.model import Model, Resource, Undetermined
from policies.engine.parameters import Parameters
from policies.engine.values import Unknown, is_unknown
from policies.engine.verdicts import (
    NOT_PUBLIC,
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
    title="Data stores stand in subnets that the internet has no route to",
    family=NOT_PUBLIC,
    severity="critical",
    types=(*SUBNET_GROUPS, *STORES),
    why=(
        "A subnet with a route to an internet gateway is one setting away from a public database. Without "
        "such a route no other mistake can make one."
    ),
    fix="""\
resource "aws_db_subnet_group" "main" {
  subnet_ids = [aws_subnet.private_a.id, aws_subnet.private_b.id] # routed to NAT gateways, or nowhere
}

resource "aws_db_instance" "main" {
  db_subnet_group_name = aws_db_subnet_group.main.name
}
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
    controls=(
        "AWS FSBP RDS.18",
        "AWS FSBP ElastiCache.7",
        "AWS FSBP OpenSearch.2",
        "AWS FSBP ES.2",
        "Well-Architected SEC05-BP01",
    ),
    reads=(
        "aws_subnet",
        "aws_default_subnet",
        "aws_vpc",
        "aws_default_vpc",
        "aws_route",
        "aws_route_table",
        "aws_default_route_table",
        "aws_route_table_association",
        "aws_main_route_table_association",
        "aws_internet_gateway",
        "aws_egress_only_internet_gateway",
        "aws_vpn_gateway",
    ),
    protects=(
        # A subnet that is not seen, and the default VPC instead of a group.
        Protected("aws_db_subnet_group", "subnet_ids", weaker=(["subnet-0123456789abcdef0"],)),
        Protected("aws_elasticache_subnet_group", "subnet_ids", weaker=(["subnet-0123456789abcdef0"],)),
        Protected("aws_db_instance", "db_subnet_group_name", weaker=(REMOVED, "default")),
        Protected("aws_elasticache_replication_group", "subnet_group_name", weaker=(REMOVED, "default")),
    ),
    by_hand="Which subnets, and what they route to, is a decision.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type in SUBNET_GROUPS:
        yield from _judge(resource, "subnet_ids")
        return
    store = STORES[resource.type]
    if is_member(resource):
        yield not_applicable()
    elif store.subnets:
        if store.subnets.startswith("vpc_options.") and resource.block("vpc_options") is None:
            yield failed("without vpc_options its endpoint is on the internet", "vpc_options")
        else:
            yield from _judge(resource, store.subnets)
    else:
        yield _group(resource, store.subnet_group, store.subnet_group_type)


def _group(resource: Resource, path: str, type: str) -> Verdict:
    if not resource.is_set(path):
        if _stands_with_its_source(resource):
            return not_applicable()
        return failed("it names no subnet group and lands in the default VPC, whose subnets are public", path)
    if resource.referenced(path, type).resources:
        return passed()  # the group is judged on its own
    name = resource.get(path)
    if name == "default":
        return failed("the default subnet group is made of the default VPC's public subnets", path)
    return unknown(name if is_unknown(name) else f"the subnet group {name} is not seen here", path)


def _stands_with_its_source(resource: Resource) -> bool:
    """A replica in its source's region stands in the source's subnet group, which is judged there."""
    return (
        resource.type == "aws_db_instance"
        and is_replica(resource)
        and bool(resource.referenced("replicate_source_db", "aws_db_instance").resources)
    )


def _judge(resource: Resource, path: str) -> Iterator[Verdict]:
    links = resource.referenced(path, *SUBNETS)
    doubt: Unknown | str | None = None
    if links.unresolved:
        first = links.unresolved[0]
        doubt = first if isinstance(first, Unknown) else f"the subnet {first} is not seen here"
    for subnet in links.resources:
        try:
            route = public_route(subnet)
        except Undetermined as undetermined:
            doubt = f"{subnet.address}: {undetermined.reason}"
            continue
        if route is not None:
            yield failed(f"{subnet.address} has a route to the internet: {route.resource.address}", path)
            return
    if doubt is not None:
        yield unknown(doubt, path)
    elif not links.resources:
        yield failed("it names no subnets", path)
    else:
        yield passed()
