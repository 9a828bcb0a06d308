"""What the picture shows: zones, subnets, what stands in them, and the flows that the policies' proof derives.

Read from the same model that the gate judges, so that the picture and the proof cannot tell two stories.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """What stands in a subnet: its tier, two lines that say what it is, and the resources that it is made of."""

    tier: str
    title: str
    detail: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Subnet:
    """One subnet: its name and address in Terraform, its range, and what stands in it."""

    name: str
    address: str
    cidr: str
    public: bool
    standing: tuple[Standing, ...]
    nats: tuple[str, ...]
    """The addresses of the NAT gateways in it."""
    nat_zone: str
    """The zone whose NAT gateway its default route leads to, "" if none."""

    @property
    def nat(self) -> bool:
        """Whether a NAT gateway stands in it."""
        return bool(self.nats)


@dataclass(frozen=True)
class Flow:
    """A flow between two tiers, or from or to the internet; `opened` are pairs of a protocol and a port or ports."""

    source: str
    target: str
    opened: tuple[tuple[str, str], ...]

    @property
    def ports(self) -> str:
        """The ports in words: `tcp 443, 80`."""
        return ports(self.opened)


def ports(opened: Iterable[tuple[str, str]]) -> str:
    """Pairs of protocol and port in words, each protocol once."""
    found: dict[str, list[str]] = {}
    for protocol, port in opened:
        found.setdefault(protocol, []).append(port)
    return "; ".join(f"{protocol} {', '.join(several)}" for protocol, several in found.items())


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
    outside: Mapping[str, tuple[str, ...]]
    """The resources behind what stands in no subnet: `vpc`, `gateway`, `cdn` and `bucket`."""

    def flow(self, source: str, target: str) -> str:
        """The ports of the flow between two ends, "" if there is none."""
        return next((one.ports for one in self.flows if (one.source, one.target) == (source, target)), "")


def topology(folder: Path) -> Topology:
    """The topology of the configuration in a folder.

    Raises:
        Problem: it has no VPC with subnets, or cannot be read.
    """
    found = of(read(folder).model)
    if found is None:
        raise Problem(f"{folder}: there is no VPC with subnets in it, so there is no picture to draw")
    return found


def of(model: Model) -> Topology | None:
    """The topology of a model; None where there is no VPC with subnets in it.

    Raises:
        Undetermined: it cannot be told which flows there are.
    """
    vpcs = model.of_type("aws_vpc")
    subnets = model.of_type("aws_subnet")
    if not vpcs or not subnets:
        return None
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
                subnet.address,
                str(subnet.text("cidr_block") or ""),
                networks.public_route(subnet) is not None,
                tuple(stands),
                tuple(
                    nat.address
                    for nat in model.of_type("aws_nat_gateway")
                    if subnet in nat.referenced("subnet_id", "aws_subnet").resources
                ),
                _zone_of_nat(nats),
            )
        )
    ordered = tuple((zone, tuple(sorted(zones[zone], key=row))) for zone in sorted(zones))
    scopes = {acl.get("scope") for acl in model.of_type("aws_wafv2_web_acl")}
    return Topology(
        str(vpcs[0].tags().get("Name", "VPC")) if isinstance(vpcs[0].tags(), dict) else "VPC",
        str(vpcs[0].text("cidr_block") or ""),
        ordered,
        _flows(model),
        bool(model.of_type("aws_cloudfront_distribution")),
        "CLOUDFRONT" in scopes,
        bool(model.of_type("aws_cloudfront_origin_access_control")),
        _outside(model),
    )


def _outside(model: Model) -> dict[str, tuple[str, ...]]:
    origins = [
        (origin.get("domain_name"), bucket)
        for distribution in model.of_type("aws_cloudfront_distribution")
        for origin in distribution.blocks("origin")
        for bucket in model.of_type("aws_s3_bucket")
    ]
    buckets = [
        bucket
        for domain, bucket in origins
        if bucket in model.follow(domain, "aws_s3_bucket").resources
        or (isinstance(domain, str) and domain == bucket.get("bucket_regional_domain_name"))
    ]
    walls = [acl for acl in model.of_type("aws_wafv2_web_acl") if acl.get("scope") == "CLOUDFRONT"]
    found = {
        "vpc": model.of_type("aws_vpc")[:1],
        "gateway": model.of_type("aws_internet_gateway"),
        "cdn": [*model.of_type("aws_cloudfront_distribution"), *walls],
        "bucket": buckets,
    }
    return {place: tuple(one.address for one in resources) for place, resources in found.items()}


def row(subnet: Subnet) -> tuple[bool, bool, str]:
    """Public subnets above, those with nothing but stores below."""
    tiers = {one.tier for one in subnet.standing}
    return not subnet.public, bool(tiers) and tiers <= {DATABASE, CACHE}, subnet.name


def _zone_of_nat(nats: list[Resource]) -> str:
    for nat in nats:
        for subnet in nat.referenced("subnet_id", "aws_subnet").resources:
            return str(networks.zone_of(subnet))
    return ""


def _flows(model: Model) -> tuple[Flow, ...]:
    opened: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
    for flow in flows.flows(model):
        shown = str(flow.first) if flow.first == flow.last else f"{flow.first}-{flow.last}"
        opened.setdefault((flow.source, flow.target), {})[flow.protocol, shown] = None
    return tuple(Flow(*ends, tuple(found)) for ends, found in opened.items())


def _standing(tier: str, resources: list[Resource]) -> Standing:
    templates = [
        template
        for one in resources
        for template in one.referenced("launch_template.id", "aws_launch_template").resources
    ]
    addresses = tuple(one.address for one in (*resources, *templates))
    return Standing(tier, *_told(tier, resources), addresses)


def _told(tier: str, resources: list[Resource]) -> tuple[str, str]:
    """The two lines of what stands in a subnet."""
    one = resources[0]
    if tier == LOAD_BALANCER:
        return "Load balancer", "Application, TLS"
    if tier == BACKEND:
        sizes = [one.get(size) for size in ("min_size", "max_size")]
        in_all = f"EC2, {sizes[0]} to {sizes[1]} in all"
        return "Backend", in_all if one.type == "aws_autoscaling_group" else "EC2"
    if tier == DATABASE:
        version = f"{_engine(str(one.get('engine')))} {one.get('engine_version')}"
        return version, "primary or standby" if one.get("multi_az") is True else "one in all"
    if tier == CACHE:
        nodes = one.get("num_cache_clusters")
        version = f"{_engine(str(one.get('engine')))} {one.get('engine_version')}"
        several = isinstance(nodes, int) and nodes > 1
        return version, "primary or replica" if several else "one node in all"
    return f"{len(resources)} endpoints" if len(resources) > 1 else "Endpoint", "AWS services"


def _engine(engine: str) -> str:
    return {"postgres": "PostgreSQL", "redis": "Redis", "valkey": "Valkey"}.get(engine, engine)
