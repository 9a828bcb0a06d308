from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.aws.firewall import GROUPS, RULES, Ingress, ingress_of
from policies.aws.stores import STORES, is_member
from policies.engine.model import Model, Resource, Undetermined
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT
from policies.engine.verdicts import (
    NOT_PUBLIC,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)

RULE = Rule(
    title="No security group lets the internet in to a data store",
    family=NOT_PUBLIC,
    severity="critical",
    types=(*GROUPS, *RULES, *STORES),
    why=(
        "Any public range will do for an attacker: 0.0.0.0/1 is half the internet, and a rented server "
        "stands in the same /8 as the office."
    ),
    fix="""\
resource "aws_vpc_security_group_ingress_rule" "database_from_backend" {
  security_group_id            = aws_security_group.database.id
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html",
    controls=(
        "AWS FSBP EC2.18",
        "AWS FSBP EC2.19",
        "Well-Architected SEC05-BP02",
    ),
    reads=("aws_ec2_managed_prefix_list", "aws_ec2_managed_prefix_list_entry"),
    protects=(
        Protected(
            "aws_security_group",
            "ingress",
            weaker=(
                [{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
                [{"protocol": "tcp", "from_port": 0, "to_port": 65535, "ipv6_cidr_blocks": ["::/0"]}],
            ),
        ),
        Protected("aws_db_instance", "vpc_security_group_ids", weaker=(["sg-0123456789abcdef0"],)),
        Protected(
            "aws_elasticache_replication_group", "security_group_ids", weaker=(["sg-0123456789abcdef0"],)
        ),
    ),
    parameters=("database.ports",),
    by_hand="Who may connect instead is a decision.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type in STORES:
        yield _store(resource)
        return
    worn = _is_worn(resource)
    seen = False
    doubt: Undetermined | None = None
    try:
        for ingress in ingress_of(resource):
            seen = True
            try:
                if finding := _opens(ingress, worn, parameters):
                    yield finding
                    return
            except Undetermined as undetermined:
                doubt = undetermined
    except Undetermined as undetermined:
        doubt = undetermined
    if doubt is not None:
        yield unknown(doubt.reason, doubt.attribute)
    else:
        yield passed() if seen or resource.type in GROUPS else not_applicable()


def _opens(ingress: Ingress, worn: bool, parameters: Parameters) -> Verdict | None:
    """What is wrong with a permission: on a group that a store wears any public source, on others one that
    reaches a data store's port, because a store may wear them tomorrow."""
    if ingress.protocol() in ("icmp", "icmpv6"):
        return None
    try:
        source = ingress.public_source()
    except Undetermined:
        if not worn and not any(ingress.covers(port) for port in parameters.database.ports):
            return None
        raise
    if source is None:
        return None
    if worn:
        return failed(f"a data store's security group admits {source}", at=ingress.view)
    port = next((port for port in parameters.database.ports if ingress.covers(port)), None)
    if port is None:
        return None
    return failed(f"it admits {source} to port {port}, on which a data store listens", at=ingress.view)


def _is_worn(resource: Resource) -> bool:
    """Whether a data store wears the group, or the group that the rule belongs to."""
    model = resource.model
    groups: tuple[Resource, ...] = (resource,)
    if resource.type in RULES:
        # `vpc.default_security_group_id` leads to the VPC, whose default group stores without a group wear.
        groups = resource.referenced("security_group_id", *GROUPS, "aws_vpc").resources
    return any(group in _worn(model) for group in groups)


def _worn(model: Model) -> list[Resource]:
    found: Any = model.shared.get(_worn)
    if found is None:
        worn: list[Resource] = []
        for store in model.of_type(*STORES):
            value = store.get(STORES[store.type].groups)
            if value is ABSENT or value == []:
                worn.extend(model.of_type("aws_default_security_group", "aws_vpc"))
            worn.extend(model.follow(value, *GROUPS, "aws_vpc").resources)
        found = model.shared[_worn] = worn
    assert isinstance(found, list)
    return found


def _store(resource: Resource) -> Verdict:
    """A store passes when all its groups are seen: each is judged on its own."""
    if is_member(resource):
        return not_applicable()
    path = STORES[resource.type].groups
    if path.startswith("vpc_options.") and resource.block("vpc_options") is None:
        return not_applicable()  # no security group applies; CM_DB_SUBNETS_PRIVATE has its say
    value = resource.get(path)
    if value is ABSENT or value == []:
        if resource.model.of_type("aws_default_security_group"):
            return passed()
        return unknown("it wears its VPC's default security group, which is not seen here", path)
    links = resource.referenced(path, *GROUPS, "aws_vpc")
    if not links.unresolved:
        return passed()
    first = links.unresolved[0]
    return unknown(f"the security group {first} is not seen here" if isinstance(first, str) else first, path)
