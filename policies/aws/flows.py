"""Which flows can happen.

Flows follow from security groups on both ends, from subnets and from routes. Network ACLs are left out of
account: they can only forbid more.

What names no subnet stands in the default VPC: in public subnets, with the VPC's default security group if it names
none. Of the default VPC and of every default security group that nothing here manages, what AWS makes is taken.
Sources: https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html
and https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from policies.aws import providers
from policies.aws.firewall import Ingress
from policies.aws.networks import is_public, leads_to_internet, network, routes_of, tables_of
from policies.aws.stores import STORES
from policies.engine.model import Model, Resource, Undetermined, View
from policies.engine.parameters import Flow as DeclaredFlow
from policies.engine.values import ABSENT, Unknown

INTERNET: Final = "internet"
LOAD_BALANCER: Final = "load balancer"
BACKEND: Final = "backend"
DATABASE: Final = "database"
CACHE: Final = "cache"
ENDPOINTS: Final = "endpoints"
AWS_SERVICES: Final = "AWS services"

SUBNETS: Final = ("aws_subnet", "aws_default_subnet")
_GROUPS: Final = ("aws_security_group", "aws_default_security_group")
_VPCS: Final = ("aws_vpc", "aws_default_vpc")
_CACHES: Final = (
    "aws_elasticache_replication_group",
    "aws_elasticache_cluster",
    "aws_elasticache_serverless_cache",
    "aws_memorydb_cluster",
    "aws_dax_cluster",
)

_BALANCERS: Final = ("aws_lb", "aws_alb", "aws_elb")

# Where each type that takes part in flows keeps its security groups and subnets.
_PLACES: Final[dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "aws_lb": (LOAD_BALANCER, ("security_groups[]",), ("subnets[]", "subnet_mapping[].subnet_id")),
    "aws_alb": (LOAD_BALANCER, ("security_groups[]",), ("subnets[]", "subnet_mapping[].subnet_id")),
    "aws_elb": (LOAD_BALANCER, ("security_groups[]",), ("subnets[]",)),
    "aws_instance": (BACKEND, ("vpc_security_group_ids[]", "security_groups[]"), ("subnet_id",)),
    "aws_spot_instance_request": (BACKEND, ("vpc_security_group_ids[]", "security_groups[]"), ("subnet_id",)),
    "aws_ecs_service": (
        BACKEND,
        ("network_configuration.security_groups[]",),
        ("network_configuration.subnets[]",),
    ),
    "aws_lambda_function": (BACKEND, ("vpc_config.security_group_ids[]",), ("vpc_config.subnet_ids[]",)),
    "aws_vpc_endpoint": (ENDPOINTS, ("security_group_ids[]",), ("subnet_ids[]",)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """Something that takes part in flows: its tier, security groups and subnets.

    `open` says that it has public addresses, `outward` that it can reach the internet. Without subnets it stands in
    the default VPC.
    """

    resource: Resource
    tier: str
    groups: tuple[Resource, ...]
    subnets: tuple[Resource, ...]
    open: bool
    outward: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow that can happen, between tiers or from and to `internet`, on ports `first` to `last`.

    `protocol` is `tcp`, `udp`, `icmp`, a number, or `all`. `source` and `target` are tiers, `internet`,
    `AWS services`, or an address range outside. `views` are the rules that open it, `nodes` its ends in the
    model.
    """

    source: str
    target: str
    protocol: str
    first: int
    last: int
    views: tuple[View, ...] = ()
    nodes: tuple[Resource, ...] = ()

    def __str__(self) -> str:
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        if self.protocol == "all" or (self.first, self.last) == (0, 65535):
            ports = "any port"
        return f"{self.source} to {self.target}, {self.protocol} {ports}"


@dataclass(frozen=True, slots=True, eq=False)
class _Permission:
    """One rule of a security group: protocol, ports, and who is on the other side."""

    view: View
    protocol: str
    first: int
    last: int
    ranges: tuple[str, ...]
    groups: tuple[Resource, ...]
    services: bool


# --- nodes ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Seen:
    """The ends and the flows that are seen, and what cannot be told of others."""

    nodes: list[Node]
    flows: list[Flow]
    doubts: list[Undetermined]


def seen(model: Model) -> Seen:
    """What is seen of a model's flows; flows of equal ends, protocol and ports are one, with all their views."""
    found: Seen | None = model.shared.get(seen)
    if found is None:
        doubts: list[Undetermined] = []
        everything = list(_nodes(model, doubts))
        found = model.shared[seen] = Seen(everything, [], doubts)
        try:
            found.flows = _merged(_flows(everything, doubts))
        except Undetermined as undetermined:
            doubts.append(undetermined)
    return found


def nodes(model: Model) -> list[Node]:
    """Everything in the model that takes part in flows.

    Raises:
        Undetermined: security groups, subnets or routes of one of them cannot be told.
    """
    found = seen(model)
    if found.doubts:
        raise found.doubts[0]
    return found.nodes


def _nodes(model: Model, doubts: list[Undetermined]) -> Iterator[Node]:
    for type in (*_PLACES, "aws_autoscaling_group", *STORES):
        for resource in model.of_type(type):
            try:
                node = _instances(resource) if type not in STORES else _stored(resource)
            except Undetermined as undetermined:
                doubts.append(undetermined)
                continue
            if node is not None:
                yield node


def _instances(resource: Resource) -> Node | None:
    """What a resource that computes, balances or leads elsewhere is as an end of flows, if it is one."""
    type = resource.type
    if type == "aws_autoscaling_group":
        template = _template(resource)
        where = [(resource, "vpc_zone_identifier[]"), (template, "network_interfaces[].subnet_id")]
        return _node(resource, BACKEND, [(template, path) for path in _TEMPLATE_GROUPS], where, template)
    if type == "aws_vpc_endpoint" and (resource.text("vpc_endpoint_type") or "Gateway") == "Gateway":
        return None
    # A function outside of a VPC, and a service whose tasks have the network of their hosts.
    if type == "aws_lambda_function" and resource.get("vpc_config") in (ABSENT, []):
        return None
    if type == "aws_ecs_service" and resource.get("network_configuration") in (ABSENT, []):
        return None
    tier, groups, subnets = _PLACES[type]
    wearing = [(resource, path) for path in groups]
    where = [(resource, path) for path in subnets]
    if type not in _INSTANCES:
        return _node(resource, tier, wearing, where)
    for interface in _interfaces(resource):
        wearing.append((interface, "security_groups[]"))
        where.append((interface, "subnet_id"))
    if resource.get("launch_template") in (ABSENT, []):
        return _node(resource, tier, wearing, where)
    template = _template(resource)
    wearing += [(template, path) for path in _TEMPLATE_GROUPS]
    where.append((template, "network_interfaces[].subnet_id"))
    return _node(resource, tier, wearing, where, template)


def _stored(resource: Resource) -> Node | None:
    """What a data store is as an end of flows; a member of a replication group is none of its own."""
    type = resource.type
    store = STORES[type]
    if resource.get("replication_group_id") is not ABSENT and type == "aws_elasticache_cluster":
        return None
    if not store.subnet_group:
        if store.subnets.startswith("vpc_options.") and resource.block("vpc_options") is None:
            raise resource.undetermined(
                "it stands outside of any VPC, and who reaches it hangs on its policy"
            )
        where: list[tuple[View, str]] = [(resource, f"{store.subnets}[]")]
    else:
        # A replica in the same Region stands in its source's subnets.
        holder = resource
        if resource.get(store.subnet_group) is ABSENT:
            holder = next(iter(resource.referenced("replicate_source_db", type).resources), resource)
        named = holder.referenced(store.subnet_group, store.subnet_group_type)
        where = [(group, "subnet_ids[]") for group in named.resources]
        if not where and holder.get(store.subnet_group) not in (ABSENT, "", "default"):
            raise resource.undetermined("its subnet group is not seen here", store.subnet_group)
    tier = CACHE if type in _CACHES else DATABASE
    return _node(resource, tier, [(resource, f"{store.groups}[]")], where)


_INSTANCES: Final = ("aws_instance", "aws_spot_instance_request")
_TEMPLATE_GROUPS: Final = (
    "network_interfaces[].security_groups[]",
    "vpc_security_group_ids[]",
    "security_groups[]",
)


def _interfaces(instance: Resource) -> Iterator[Resource]:
    """The network interfaces that an instance is given instead of making its own."""
    for path in (
        "network_interface[].network_interface_id",
        "primary_network_interface[].network_interface_id",
    ):
        links = instance.referenced(path, "aws_network_interface")
        for missing in links.unresolved:
            reason = missing if isinstance(missing, Unknown) else f"{missing} is not seen here"
            raise instance.undetermined(reason, "network_interface")
        yield from links.resources


def _template(resource: Resource) -> Resource:
    """The launch template or configuration of an Auto Scaling group."""
    paths = (
        "launch_template.id",
        "launch_template.name",
        "launch_configuration",
        "mixed_instances_policy.launch_template.launch_template_specification.launch_template_id",
        "mixed_instances_policy.launch_template.launch_template_specification.launch_template_name",
    )
    for path in paths:
        links = resource.referenced(path, "aws_launch_template", "aws_launch_configuration")
        if links.resources:
            return links.resources[0]
    raise resource.undetermined("its launch template is not seen here", "launch_template")


def _node(
    resource: Resource,
    tier: str,
    group_paths: Iterable[tuple[View, str]],
    subnet_paths: Iterable[tuple[View, str]],
    template: Resource | None = None,
) -> Node:
    groups = linked(group_paths, _GROUPS, "security group")
    subnets = linked(subnet_paths, SUBNETS, "subnet")
    if not groups:
        groups = _default_groups(resource, subnets)
    public = _has_public_address(resource, template, subnets)
    if not subnets:
        return Node(resource, tier, groups, subnets, public, public)
    reachable = any(_internet_route(subnet) for subnet in subnets) if public else False
    # A public address takes a subnet with a route to an internet gateway; without one, a NAT gateway does.
    outward = reachable or any(_nat_route(subnet) for subnet in subnets)
    return Node(resource, tier, groups, subnets, reachable, outward)


def linked(paths: Iterable[tuple[View, str]], types: tuple[str, ...], what: str) -> tuple[Resource, ...]:
    found: dict[int, Resource] = {}
    # `vpc.default_security_group_id` leads to the VPC.
    vpcs = _VPCS if types is _GROUPS else ()
    for view, path in paths:
        links = view.referenced(path, *types, *vpcs)
        for linked_to in links.resources:
            resource = _default_group(linked_to) if linked_to.type in vpcs else linked_to
            found[id(resource)] = resource
        for missing in links.unresolved:
            if types is _GROUPS and missing == "default":
                # By name, which only the groups of the default VPC have.
                group = _default_group(_default_vpc(view.resource.model), view.resource.model)
                found[id(group)] = group
                continue
            reason = missing if isinstance(missing, Unknown) else f"the {what} {missing} is not seen here"
            raise view.undetermined(reason, path.replace("[]", ""))
    return tuple(found.values())


def _default_groups(resource: Resource, subnets: Iterable[Resource]) -> tuple[Resource, ...]:
    """The default security groups of the VPCs it stands in: those apply where none is named."""
    if resource.type == "aws_lb" and resource.text("load_balancer_type", "application") != "application":
        raise resource.undetermined(
            "it has no security group, so that only its targets decide", "security_groups"
        )
    if not subnets and resource.type in _BALANCERS and not resource.is_set("availability_zones"):
        # AWS makes none without a subnet; only what starts machines falls back on the default VPC.
        if resource.open & {"subnets", "subnet_mapping"}:
            raise resource.undetermined("its subnets are known after apply", "subnets")
        return ()
    vpcs: dict[int, Resource | None] = {} if subnets else {0: None}
    for subnet in subnets:
        if subnet.type == "aws_default_subnet":
            vpcs[0] = None
            continue
        links = subnet.referenced("vpc_id", *_VPCS)
        vpcs.update((id(vpc), vpc) for vpc in links.resources)
        if not links.resources:
            raise resource.undetermined(
                "it names no security group, and the VPC's default one is not seen here"
            )
    return tuple(
        _default_group(_default_vpc(resource.model) if vpc is None else vpc, resource.model)
        for vpc in vpcs.values()
    )


def _default_vpc(model: Model) -> Resource | None:
    return next(iter(model.of_type("aws_default_vpc")), None)


def _default_group(vpc: Resource | None, model: Model | None = None) -> Resource:
    """The default security group of a VPC, or of the default VPC: the one that is managed here, or AWS's."""
    model = model or (vpc.model if vpc is not None else None)
    assert model is not None
    if vpc is not None:
        managed = model.referring(vpc, "aws_default_security_group", "vpc_id").resources
        if managed:
            return managed[0]
    if vpc is None or vpc.type == "aws_default_vpc":
        # Without `vpc_id` it is the default VPC's.
        for group in model.of_type("aws_default_security_group"):
            if group.get("vpc_id") is ABSENT:
                return group
    made: dict[int, Resource] = model.shared.setdefault(_default_group, {})
    key = id(vpc) if vpc is not None else 0
    if key not in made:
        everything = {"protocol": "-1", "from_port": 0, "to_port": 0}
        made[key] = Resource(
            f"the default security group of {vpc.address if vpc is not None else 'the default VPC'}",
            "aws_default_security_group",
            "default",
            {
                "ingress": [{**everything, "self": True}],
                "egress": [{**everything, "cidr_blocks": ["0.0.0.0/0"], "ipv6_cidr_blocks": ["::/0"]}],
            },
            mode=ASSUMED,
            place=vpc.place if vpc is not None else None,
        )
        made[key].model = model
    return made[key]


ASSUMED: Final = "assumed"
"""The mode of a resource that AWS makes by itself and nothing here manages."""


def _has_public_address(resource: Resource, template: Resource | None, subnets: Iterable[Resource]) -> bool:
    if resource.type in _BALANCERS:
        return not resource.boolean("internal")
    if resource.type in STORES:
        members = ("aws_rds_cluster_instance", "aws_neptune_cluster_instance")
        return providers.boolean(resource, "publicly_accessible") or any(
            member.boolean("publicly_accessible")
            for type in members
            for member in resource.model.referring(resource, type, "cluster_identifier").resources
        )
    if resource.type == "aws_ecs_service":
        return resource.boolean("network_configuration.assign_public_ip")
    if resource.type in ("aws_lambda_function", "aws_vpc_endpoint"):
        return False
    if template is not None:
        paths = ("network_interfaces[].associate_public_ip_address", "associate_public_ip_address")
        said = [(template, value) for path in paths for value in template.each(path)]
    else:
        said = []
    if resource.type in _INSTANCES:
        # What the instance says itself counts before its template.
        said = [(resource, value) for value in resource.each("associate_public_ip_address")] or said
        if resource.model.referring(resource, "aws_eip", "instance").resources:
            return True
        links = resource.model.of_type("aws_eip_association")
        if any(resource in link.referenced("instance_id", "aws_instance").resources for link in links):
            return True
    for view, value in said:
        if isinstance(value, Unknown):
            raise view.undetermined(value, "associate_public_ip_address")
    if said:
        return any(str(value).lower() == "true" for _, value in said)
    found = list(subnets) or resource.model.of_type("aws_default_subnet")
    mapped = [
        subnet.boolean("map_public_ip_on_launch", subnet.type == "aws_default_subnet") for subnet in found
    ]
    if not subnets and len(set(mapped)) > 1:
        raise resource.undetermined("it is not known in which of the default subnets it starts")
    # A default subnet gives public addresses unless it is told not to.
    return any(mapped) or not found


def _internet_route(subnet: Resource) -> bool:
    if subnet.type == "aws_default_subnet":
        return True
    return any(
        table.type == "aws_default_vpc" or any(map(leads_to_internet, routes(table)))
        for table in tables_of(subnet)
    )


def _nat_route(subnet: Resource) -> bool:
    if subnet.type == "aws_default_subnet":
        return False
    return any(nat_of(route) for table in tables_of(subnet) for route in routes(table))


def routes(table: Resource) -> list[View]:
    return [] if table.type in ("aws_vpc", "aws_default_vpc") else list(routes_of(table))


def nat_of(route: View) -> list[Resource]:
    """The NAT gateways that a route leads to; the route itself stands for one that is not seen here.

    Raises:
        Undetermined: it cannot be told.
    """
    for path in ("nat_gateway_id", "network_interface_id"):
        value = route.get(path)
        if value is ABSENT or value == "":
            continue
        links = route.referenced(path, "aws_nat_gateway", "aws_instance", "aws_network_interface")
        if links.resources:
            return list(links.resources)
        if isinstance(value, Unknown):
            raise route.undetermined(value, path)
        return [route.resource]
    return []


# --- permissions ---------------------------------------------------------------------------------------


def _permissions(group: Resource, direction: str) -> Iterator[_Permission]:
    """What a security group lets in (`ingress`) or out (`egress`), however it is written."""
    model = group.model
    for block in group.blocks(direction):
        yield _permission(block, group)
    if group.mode == ASSUMED:
        vpcs = [vpc for vpc in model.of_type(*_VPCS) if _default_group(vpc) is group]
        for rule in (rule for vpc in vpcs for rule in _rules_of_default(vpc, direction)):
            yield _permission(rule, group)
    rules = model.referring(group, f"aws_vpc_security_group_{direction}_rule", "security_group_id")
    for rule in rules.resources:
        yield _permission(rule, group)
    older = model.referring(group, "aws_security_group_rule", "security_group_id")
    for rule in older.resources:
        if rule.text("type") == direction:
            yield _permission(rule, group)
    for unknown in (*rules.unknowns, *older.unknowns):
        raise group.undetermined(f"a rule may belong to this security group: {unknown.reason}")


def _rules_of_default(vpc: Resource, direction: str) -> Iterator[Resource]:
    """Rules that are added to the default security group of a VPC by its id."""
    newer = f"aws_vpc_security_group_{direction}_rule"
    yield from vpc.model.referring(vpc, newer, "security_group_id").resources
    for rule in vpc.model.referring(vpc, "aws_security_group_rule", "security_group_id").resources:
        if rule.text("type") == direction:
            yield rule


def _permission(view: View, group: Resource) -> _Permission:
    protocol = Ingress(view).protocol()
    first, last = 0, 65535
    if protocol not in ("-1", "icmp", "icmpv6"):
        low = view.number("from_port")
        high = view.number("to_port", low)
        if low is not None and high is not None and (low, high) != (-1, -1):
            first, last = int(low), int(high)
    ranges: list[str] = []
    for path in ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"):
        ranges += _ranges(view, path)
    services = False
    for path in ("prefix_list_ids", "prefix_list_id"):
        for value in _values(view, path):
            more = _prefixes(value, view, path)
            services = services or more is None
            ranges += more or []
    peers: list[Resource] = []
    newer = view.resource.type.startswith("aws_vpc_security_group_")
    # The older rule resource and inline blocks name the other side in these; the group itself is elsewhere.
    older = ("source_security_group_id", "security_groups")
    for path in ("referenced_security_group_id",) if newer else older:
        links = view.referenced(f"{path}[]", *_GROUPS, *_VPCS)
        peers += [_default_group(one) if one.type in _VPCS else one for one in links.resources]
        for missing in links.unknowns:
            raise view.undetermined(missing, path)
    if view.boolean("self"):
        peers.append(group)
    return _Permission(
        view, "all" if protocol == "-1" else protocol, first, last, tuple(ranges), tuple(peers), services
    )


def _values(view: View, path: str) -> list[Any]:
    value = view.get(path)
    if value is ABSENT or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _ranges(view: View, path: str) -> list[str]:
    result: list[str] = []
    for value in _values(view, path):
        if isinstance(value, Unknown):
            raise view.undetermined(value, path)
        try:
            network(str.__str__(value))
        except (ValueError, TypeError):
            raise view.undetermined(f"{path} is not an address range", path) from None
        result.append(str.__str__(value))
    return result


def _prefixes(value: Any, view: View, path: str) -> list[str] | None:
    """The ranges of a prefix list; None for one that AWS manages for a service."""
    types = ("aws_ec2_managed_prefix_list", "data.aws_ec2_managed_prefix_list", "data.aws_prefix_list")
    found = view.resource.model.follow(value, *types).resources
    if not found:
        # An endpoint names the prefix list of its own service.
        if view.resource.model.follow(value, "aws_vpc_endpoint").resources:
            return None
        raise view.undetermined(
            value if isinstance(value, Unknown) else f"the prefix list {value} is not seen here", path
        )
    ranges: list[str] = []
    for one in found:
        if one.mode == "data":
            name = one.get("name")
            if not isinstance(name, str) or not name.startswith("com.amazonaws."):
                raise view.undetermined(f"the prefix list {one.address} is not seen here", path)
            return None
        more = one.model.referring(one, "aws_ec2_managed_prefix_list_entry", "prefix_list_id")
        for unknown in more.unknowns:
            raise view.undetermined(unknown, path)
        for entry in (*one.blocks("entry"), *more.resources):
            ranges += _ranges(entry, "cidr")
    return ranges


# --- flows ---------------------------------------------------------------------------------------------


def flows(model: Model) -> list[Flow]:
    """Every flow that can happen, sorted.

    Raises:
        Undetermined: it cannot be told which flows there are.
    """
    found = seen(model)
    if found.doubts:
        raise found.doubts[0]
    return found.flows


# What lets packets go from one VPC to another.
_BRIDGES: Final = (
    "aws_vpc_peering_connection",
    "aws_vpc_peering_connection_accepter",
    "aws_ec2_transit_gateway_vpc_attachment",
    "aws_ec2_transit_gateway_vpc_attachment_accepter",
    "aws_networkmanager_vpc_attachment",
    "aws_vpclattice_service_network_vpc_association",
)


class _Reach:
    """Who stands behind a permission's groups and ranges; each range is looked up once."""

    def __init__(self, all_nodes: list[Node]) -> None:
        self.addresses = {id(node): _addresses(node) for node in all_nodes}
        self.own = [one for found in self.addresses.values() for one in found]
        vpcs = {id(node): _vpcs(node) for node in all_nodes}
        bridged = bool(all_nodes) and bool(all_nodes[0].resource.model.of_type(*_BRIDGES))
        apart = not bridged and all(len(found) == 1 for found in vpcs.values())
        self.vpc = {key: next(iter(found)) if apart else 0 for key, found in vpcs.items()}
        self.neighbours: dict[int, list[Node]] = {}
        self.wearing: dict[int, list[Node]] = {}
        for node in all_nodes:
            self.neighbours.setdefault(self.vpc[id(node)], []).append(node)
            for group in node.groups:
                self.wearing.setdefault(id(group), []).append(node)
        self._covered: dict[tuple[int, str], dict[int, Node]] = {}
        self._outside: dict[str, str] = {}

    def covered(self, text: str, beside: Node) -> dict[int, Node]:
        """The nodes of a node's network that have addresses in a range."""
        key = (self.vpc[id(beside)], text)
        found = self._covered.get(key)
        if found is None:
            wanted = network(text)
            found = self._covered[key] = {
                id(node): node
                for node in self.neighbours[key[0]]
                if any(_overlap(wanted, one) for one in self.addresses[id(node)])
            }
        return found

    def admitted(self, permission: _Permission, target: Node) -> dict[int, Node]:
        """The nodes that a permission of `target` admits.

        What is open to the internet is open to all who reach the internet: that is no flow of its own.
        """
        found = {id(node): node for group in permission.groups for node in self.wearing.get(id(group), ())}
        for text in permission.ranges:
            covered = self.covered(text, target)
            if target.open and is_public(text):
                found.update((key, node) for key, node in covered.items() if not node.outward)
            else:
                found.update(covered)
        return found

    def admits(self, permission: _Permission, peer: Node) -> bool:
        """Whether a permission leads to a node."""
        return any(group in permission.groups for group in peer.groups) or any(
            id(peer) in self.covered(text, peer) for text in permission.ranges
        )

    def outside(self, ranges: Iterable[str]) -> Iterator[str]:
        """Whom outside of the network ranges admit: the internet, or private ranges by name."""
        for text in ranges:
            found = self._outside.get(text)
            if found is None:
                inside = not is_public(text) and any(_overlap(network(text), one) for one in self.own)
                found = self._outside[text] = "" if inside else INTERNET if is_public(text) else text
            if found:
                yield found


def _vpcs(node: Node) -> set[int]:
    """The VPCs that a node stands in, by the identity of their resource or the hash of their id."""
    found: set[int] = set()
    default = _default_vpc(node.resource.model)
    for subnet in node.subnets or (None,):
        if subnet is None or subnet.type == "aws_default_subnet":
            found.add(id(default) if default is not None else -3)
            continue
        links = subnet.referenced("vpc_id", *_VPCS)
        found.update(id(vpc) for vpc in links.resources)
        found.update(hash(name) for name in links.unresolved if isinstance(name, str))
        if links.unknowns:
            # Two answers keep the networks together.
            found.update((-1, -2))
    return found


def _flows(everything: list[Node], doubts: list[Undetermined]) -> Iterator[Flow]:
    # Nodes that differ in nothing but what they are have the same flows: a hundred databases beside each other are one.
    alike: dict[Any, list[Node]] = {}
    for node in everything:
        places = tuple(map(id, node.groups)), tuple(map(id, node.subnets))
        alike.setdefault((node.tier, node.open, node.outward, *places), []).append(node)
    all_nodes = [found[0] for found in alike.values()]
    all_of = {id(found[0]): tuple(node.resource for node in found) for found in alike.values()}
    groups = {id(group): group for node in all_nodes for group in node.groups}

    def known(group: Resource, direction: str) -> Iterator[_Permission]:
        try:
            yield from _permissions(group, direction)
        except Undetermined as undetermined:
            doubts.append(undetermined)

    ingress = {key: list(known(group, "ingress")) for key, group in groups.items()}
    egress = {key: list(known(group, "egress")) for key, group in groups.items()}
    reach = _Reach(all_nodes)
    for target in all_nodes:
        incoming = [one for group in target.groups for one in ingress[id(group)]]
        outgoing = [one for group in target.groups for one in egress[id(group)]]
        yield from _from_outside(target, all_of[id(target)], incoming, reach)
        yield from _to_outside(target, all_of[id(target)], outgoing, reach)
        for way_in in incoming:
            for source in reach.admitted(way_in, target).values():
                for way_out in [one for group in source.groups for one in egress[id(group)]]:
                    ports = _shared(way_in, way_out)
                    if ports and reach.admits(way_out, target):
                        yield Flow(
                            source.tier,
                            target.tier,
                            *ports,
                            (way_in.view, way_out.view),
                            (*all_of[id(source)], *all_of[id(target)]),
                        )


def _from_outside(
    target: Node, ends: tuple[Resource, ...], incoming: Iterable[_Permission], reach: _Reach
) -> Iterator[Flow]:
    for way_in in incoming:
        for outside in reach.outside(way_in.ranges):
            if outside != INTERNET or target.open:
                yield Flow(
                    outside,
                    target.tier,
                    way_in.protocol,
                    way_in.first,
                    way_in.last,
                    (way_in.view,),
                    ends,
                )


def _to_outside(
    source: Node, ends: tuple[Resource, ...], outgoing: Iterable[_Permission], reach: _Reach
) -> Iterator[Flow]:
    for way_out in outgoing:
        found = list(reach.outside(way_out.ranges))
        if way_out.services:
            found.append(AWS_SERVICES)
        for outside in found:
            if outside != INTERNET or source.outward:
                yield Flow(
                    source.tier,
                    outside,
                    way_out.protocol,
                    way_out.first,
                    way_out.last,
                    (way_out.view,),
                    ends,
                )


def _addresses(node: Node) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The ranges a node's addresses lie in."""
    result = []
    if not node.subnets:
        return [network("172.31.0.0/16")]
    for subnet in node.subnets:
        if subnet.type == "aws_default_subnet" and subnet.get("cidr_block") is ABSENT:
            result.append(network("172.31.0.0/16"))
        for path in ("cidr_block", "ipv6_cidr_block"):
            value = subnet.get(path)
            if isinstance(value, str) and value:
                result += [network(text) for text in _ranges(subnet, path)]
            elif isinstance(value, Unknown) and path == "cidr_block":
                raise subnet.undetermined(value, path)
            elif isinstance(value, Unknown):
                # AWS gives IPv6 ranges out of the global ones (RFC 4291, section 2.4).
                result.append(network("2000::/3"))
    return result


def _overlap(one: Any, other: Any) -> bool:
    return one.version == other.version and bool(one.overlaps(other))


def _shared(one: _Permission, other: _Permission) -> tuple[str, int, int] | None:
    """The protocol and ports that two permissions share."""
    if one.protocol != other.protocol and "all" not in (one.protocol, other.protocol):
        return None
    first, last = max(one.first, other.first), min(one.last, other.last)
    if first > last:
        return None
    return (one.protocol if other.protocol == "all" else other.protocol, first, last)


def _merged(found: Iterable[Flow]) -> list[Flow]:
    merged: dict[tuple[str, str, str, int, int], tuple[dict[int, View], dict[int, Resource]]] = {}
    for flow in found:
        key = (flow.source, flow.target, flow.protocol, flow.first, flow.last)
        views, ends = merged.setdefault(key, ({}, {}))
        views.update((id(view.values), view) for view in flow.views)
        ends.update((id(node), node) for node in flow.nodes)
    return [
        Flow(*key, tuple(views.values()), tuple(ends.values()))
        for key, (views, ends) in sorted(merged.items())
    ]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Flows that can happen and are not declared, and declared ones that cannot happen though both ends exist."""

    surplus: tuple[Flow, ...]
    missing: tuple[Flow, ...]


def compare(model: Model, declared: Iterable[DeclaredFlow]) -> Comparison:
    """The flows that can happen beside those that are declared.

    Where not all can be told, those are compared that are seen, from and to the internet and between tiers: which
    ranges lie outside of the network hangs on all that stands in it, and so does what cannot happen.
    """
    wanted = {
        Flow(one.source, one.target, one.protocol, port, port) for one in declared for port in one.ports
    }
    found = seen(model)
    ends = {INTERNET, AWS_SERVICES, *(node.tier for node in found.nodes)}
    happening = [
        flow for flow in found.flows if not found.doubts or (flow.source in ends and flow.target in ends)
    ]
    bare = {Flow(flow.source, flow.target, flow.protocol, flow.first, flow.last) for flow in happening}
    surplus = [
        flow
        for flow in happening
        if Flow(flow.source, flow.target, flow.protocol, flow.first, flow.last) not in wanted
    ]
    missing = [flow for flow in wanted - bare if flow.source in ends and flow.target in ends]
    return Comparison(tuple(surplus), () if found.doubts else tuple(sorted(missing, key=str)))
