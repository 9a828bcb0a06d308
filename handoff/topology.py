"""What the picture shows: zones, subnets, what stands in them, and the flows that the policies' proof derives.

Read from the same model that the gate judges, so that the picture and the proof cannot tell two stories.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cloudmart_support.problem import Problem
from policies.aws import flows, networks
from policies.engine.model import Model, Resource
from policies.readers import read

LOAD_BALANCER: Final = flows.LOAD_BALANCER
BACKEND: Final = flows.BACKEND
DATABASE: Final = flows.DATABASE
CACHE: Final = flows.CACHE
ENDPOINTS: Final = flows.ENDPOINTS
INTERNET: Final = flows.INTERNET
ORDER: Final = (LOAD_BALANCER, BACKEND, ENDPOINTS, DATABASE, CACHE)


@dataclass(frozen=True)
class Standing:
    """What stands in a subnet: its tier, and two lines that say what it is."""

    tier: str
    title: str
    detail: str


@dataclass(frozen=True)
class Subnet:
    """One subnet: its address in Terraform, its range, and what stands in it."""

    name: str
    cidr: str
    public: bool
    standing: tuple[Standing, ...]
    nat: bool
    nat_zone: str
    """The zone whose NAT gateway its default route leads to, "" if none."""


@dataclass(frozen=True)
class Flow:
    """A flow between two tiers, or from or to the internet: `tcp 443, 80`."""

    source: str
    target: str
    ports: str


@dataclass(frozen=True)
class Topology:
    """The whole picture: zones side by side with their subnets, and what stands outside."""

    name: str
    cidr: str
    zones: tuple[tuple[str, tuple[Subnet, ...]], ...]
    flows: tuple[Flow, ...]
    cdn: bool
    cdn_waf: bool
    bucket: bool
    alb_waf: bool

    def flow(self, source: str, target: str) -> str:
        """The ports of the flow between two ends, "" if there is none."""
        return next((one.ports for one in self.flows if (one.source, one.target) == (source, target)), "")


def topology(folder: Path) -> Topology:
    """The topology of the configuration in a folder.

    Raises:
        Problem: it has no VPC with subnets, or cannot be read.
    """
    model = read(folder).model
    vpcs = model.of_type("aws_vpc")
    subnets = model.of_type("aws_subnet")
    if not vpcs or not subnets:
        raise Problem(f"{folder}: there is no VPC with subnets in it, so there is no picture to draw")
    standing: dict[str, dict[str, list[Resource]]] = {}
    for node in flows.nodes(model):
        for subnet in node.subnets:
            standing.setdefault(subnet.address, {}).setdefault(node.tier, []).append(node.resource)
    zones: dict[str, list[Subnet]] = {}
    for subnet in subnets:
        found = standing.get(subnet.address, {})
        stands = [_standing(tier, found[tier]) for tier in ORDER if tier in found]
        nats = [
            nat
            for table in networks.tables_of(subnet)
            for route in networks.routes_of(table)
            for nat in flows.nat_of(route)
        ]
        zones.setdefault(str(networks.zone_of(subnet)), []).append(
            Subnet(
                subnet.address.partition(".")[2],
                subnet.text("cidr_block") or "",
                networks.public_route(subnet) is not None,
                tuple(stands),
                any(
                    subnet in nat.referenced("subnet_id", "aws_subnet").resources
                    for nat in model.of_type("aws_nat_gateway")
                ),
                _zone_of_nat(nats),
            )
        )
    ordered = tuple((zone, tuple(sorted(zones[zone], key=_row))) for zone in sorted(zones))
    scopes = {acl.get("scope") for acl in model.of_type("aws_wafv2_web_acl")}
    return Topology(
        str(vpcs[0].tags().get("Name", "VPC")) if isinstance(vpcs[0].tags(), dict) else "VPC",
        vpcs[0].text("cidr_block") or "",
        ordered,
        _flows(model),
        bool(model.of_type("aws_cloudfront_distribution")),
        "CLOUDFRONT" in scopes,
        bool(model.of_type("aws_cloudfront_origin_access_control")),
        "REGIONAL" in scopes,
    )


def _row(subnet: Subnet) -> tuple[bool, bool, str]:
    """Public subnets above, those with nothing but stores below."""
    tiers = {one.tier for one in subnet.standing}
    return not subnet.public, bool(tiers) and tiers <= {DATABASE, CACHE}, subnet.name


def _zone_of_nat(nats: list[Resource]) -> str:
    for nat in nats:
        for subnet in nat.referenced("subnet_id", "aws_subnet").resources:
            return str(networks.zone_of(subnet))
    return ""


def _flows(model: Model) -> tuple[Flow, ...]:
    ports: dict[tuple[str, str, str], list[str]] = {}
    for flow in flows.flows(model):
        shown = str(flow.first) if flow.first == flow.last else f"{flow.first}-{flow.last}"
        ports.setdefault((flow.source, flow.target, flow.protocol), []).append(shown)
    together: dict[tuple[str, str], list[str]] = {}
    for (source, target, protocol), found in ports.items():
        together.setdefault((source, target), []).append(f"{protocol} {', '.join(dict.fromkeys(found))}")
    return tuple(Flow(*ends, "; ".join(found)) for ends, found in together.items())


def _standing(tier: str, resources: list[Resource]) -> Standing:
    one = resources[0]
    if tier == LOAD_BALANCER:
        return Standing(tier, "Load balancer", "Application, TLS")
    if tier == BACKEND:
        sizes = [one.get(size) for size in ("min_size", "max_size")]
        return Standing(
            tier,
            "Backend",
            f"EC2, {sizes[0]} to {sizes[1]} in all" if one.type == "aws_autoscaling_group" else "EC2",
        )
    if tier == DATABASE:
        version = f"{_engine(str(one.get('engine')))} {one.get('engine_version')}"
        return Standing(tier, version, "primary or standby" if one.get("multi_az") is True else "one in all")
    if tier == CACHE:
        nodes = one.get("num_cache_clusters")
        version = f"{_engine(str(one.get('engine')))} {one.get('engine_version')}"
        several = isinstance(nodes, int) and nodes > 1
        return Standing(tier, version, "primary or replica" if several else "one node in all")
    return Standing(tier, f"{len(resources)} endpoints" if len(resources) > 1 else "Endpoint", "AWS services")


def _engine(engine: str) -> str:
    return {"postgres": "PostgreSQL", "redis": "Redis", "valkey": "Valkey"}.get(engine, engine)
