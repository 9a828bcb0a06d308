"""Address ranges, Availability Zones and routes, as far as they follow from the model."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from policies.engine.model import Model, Resource, Undetermined, View
from policies.engine.values import ABSENT, Reference, Unknown, is_unknown, references_of
from policies.engine.verdicts import Verdict, failed, passed, unknown

# Ranges that no packet from the internet can come from.
# Sources: RFC 1918, RFC 6598, RFC 3927, RFC 1122 (loopback), RFC 4193, RFC 4291 (link-local, loopback).
_PRIVATE: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)


@lru_cache(maxsize=4096)
def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """A range in CIDR notation, host bits allowed as AWS allows them.

    Raises:
        ValueError: it is not one.
    """
    return ipaddress.ip_network(text, strict=False)


def within(inner: str, outer: str) -> bool:
    """Whether one range lies wholly in another.

    Raises:
        ValueError: either is no range.
    """
    return _inside(network(inner), network(outer))


def _inside(
    inner: ipaddress.IPv4Network | ipaddress.IPv6Network, outer: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)


@lru_cache(maxsize=4096)
def is_public(text: str) -> bool:
    """Whether a range holds any address that the internet can send from: not only 0.0.0.0/0.

    Raises:
        ValueError: it is no range.
    """
    return not any(_inside(network(text), private) for private in _PRIVATE)


# --- Availability Zones --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pattern:
    """A zone's name of which a part is not known: what is known, with the reasons for what is not in between."""

    holes: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return self.text.replace("\ue000", "…")


Zone = str | Reference | Pattern


def zone_of(subnet: Resource) -> Zone:
    """The Availability Zone of a subnet: its name or id, the element of a list of zones that names it, or the
    letters behind a Region that is not known (`"${data.aws_region.here.region}a"`).

    Raises:
        Undetermined: AWS chooses it, or it cannot be told.
    """
    for attribute in ("availability_zone", "availability_zone_id"):
        value = subnet.get(attribute)
        if isinstance(value, str) and value:
            return value
        if is_unknown(value):
            first = value.references[0] if len(value.references) == 1 else None
            if first is not None and first.attribute.endswith("]") and not first.perhaps:
                return first
            if value.parts:
                return Pattern(
                    tuple(part.reason for part in value.parts if isinstance(part, Unknown)),
                    "".join(str.__str__(part) if isinstance(part, str) else "\ue000" for part in value.parts),
                )
            raise subnet.undetermined(value, attribute)
    raise subnet.undetermined(
        "no Availability Zone is set: AWS picks one, maybe the same again", "availability_zone"
    )


_ZONE_ID: Final = re.compile(r"[a-z]+\d+-[a-z]+\d+")


def zones(subnets: Iterable[Resource]) -> set[Zone]:
    """The distinct Availability Zones of subnets.

    Raises:
        Undetermined: they cannot be told apart.
    """
    found: dict[Zone, Resource] = {}
    for subnet in subnets:
        found.setdefault(zone_of(subnet), subnet)
    # Two elements of one list differ; elements of different lists, or a name and an element, may be the same.
    kinds = {
        (zone.address, zone.attribute.rpartition("[")[0])
        if isinstance(zone, Reference)
        else zone.holes
        if isinstance(zone, Pattern)
        # Which id a zone's name stands for differs by account.
        else _ZONE_ID.fullmatch(zone) is not None
        for zone in found
    }
    if len(kinds) > 1:
        raise next(iter(found.values())).undetermined(
            "the Availability Zones come from different places and cannot be compared", "availability_zone"
        )
    return set(found)


SUBNETS: Final = ("aws_subnet", "aws_default_subnet")


def spans(view: View, paths: Sequence[str], needed: int, named: str = "") -> Verdict:
    """Whether the subnets named at `paths` (lists; `[]` allowed) lie in at least `needed` zones.

    `named` is the argument that names zones instead, where there is one.
    """
    if named and view.is_set(named):
        if len(set(view.texts(named))) >= needed:
            return passed()
        return failed(f"it names fewer than {needed} Availability Zones", named)
    path = paths[0]
    value = [item for each in paths for item in view.each(each)]
    links = view.resource.model.follow(value, *SUBNETS)
    if not value:
        return failed("it names no subnets", path)
    # A subnet lies in one zone, whichever that is.
    known = not links.unresolved and not any(subnet.many for subnet in links.resources)
    if known and len(links.resources) < needed:
        number = len(links.resources)
        return failed(f"{number} subnet{'s' * (number != 1)} cannot lie in {needed} Availability Zones", path)
    try:
        count = len(zones(links.resources))
    except Undetermined as undetermined:
        return unknown(undetermined.reason, path)
    if count >= needed:
        return passed()
    if links.unresolved:
        first = links.unresolved[0]
        return unknown(first if isinstance(first, Unknown) else f"the subnet {first} is not seen here", path)
    return failed(f"its subnets lie in {count} Availability Zone{'s' * (count != 1)}, not in {needed}", path)


# --- routes --------------------------------------------------------------------------------------------


def tables_of(subnet: Resource) -> list[Resource]:
    """The route tables of a subnet, where none means only the local route, and several mean that it cannot
    be told which of them it is. A VPC stands for its main table when nothing here manages that.

    Raises:
        Undetermined: a table that is not seen here may decide.
    """
    model = subnet.model
    associations = model.referring(subnet, "aws_route_table_association", "subnet_id")
    if associations.resources:
        return [table for one in associations.resources for table in _table(one, "route_table_id")]
    if associations.unknowns:
        raise subnet.undetermined(
            f"a route table association may be about this subnet: {associations.unknowns[0].reason}"
        )
    vpcs = subnet.referenced("vpc_id", "aws_vpc", "aws_default_vpc").resources
    if not vpcs:
        raise subnet.undetermined("it has no route table of its own, and its VPC is not seen here", "vpc_id")
    tables: list[Resource] = []
    for vpc in vpcs:
        mains = model.referring(vpc, "aws_main_route_table_association", "vpc_id")
        if mains.unknowns:
            raise subnet.undetermined(mains.unknowns[0], "vpc_id")
        managed = [table for one in mains.resources for table in _table(one, "route_table_id")]
        if not managed:
            managed = list(
                model.referring(vpc, "aws_default_route_table", "default_route_table_id").resources
            )
        tables.extend(managed or [vpc])
    return tables


def _table(resource: Resource, path: str) -> list[Resource]:
    links = resource.referenced(path, "aws_route_table", "aws_default_route_table", "aws_vpc")
    if not links.resources:
        raise resource.undetermined("the route table is not seen here", path)
    return list(links.resources)


def routes_of(table: Resource) -> Iterator[View]:
    """The routes of a route table: `aws_route` resources and inline blocks.

    Raises:
        Undetermined: after those that are known, when there may be more.
    """
    routes = table.model.referring(table, "aws_route", "route_table_id")
    yield from routes.resources
    if table.type not in ("aws_vpc", "aws_default_vpc"):
        yield from table.blocks("route")
    if routes.unknowns:
        raise table.undetermined(f"a route may belong to this table: {routes.unknowns[0].reason}")


def leads_to_internet(route: View) -> bool:
    """Whether a route leads to an internet gateway, or to one of its kind that lets connections in.

    Raises:
        Undetermined: its target is not seen here.
    """
    if route.get("carrier_gateway_id") not in (ABSENT, ""):
        return True
    target = route.get("gateway_id")
    if target is ABSENT or target == "":
        return False
    links = route.referenced(
        "gateway_id",
        "aws_internet_gateway",
        "aws_vpn_gateway",
        "aws_egress_only_internet_gateway",
        "aws_vpc_endpoint",
        "data.aws_internet_gateway",
    )
    if links.resources:
        return any(resource.type == "aws_internet_gateway" for resource in links.resources)
    if isinstance(target, str):
        kind = target.partition("-")[0]
        if kind in ("igw", "cagw") or kind in _INWARD:
            return kind not in _INWARD
        raise route.undetermined(f"it is not known what gateway {target} is", "gateway_id")
    raise route.undetermined(target, "gateway_id")


# How the ids of what a route leads to begin, of those kinds that let no connection from the internet in.
_INWARD: Final = ("local", "vgw", "eigw", "lgw", "vpce", "tgw", "nat", "pcx", "eni")


def public_route(subnet: Resource) -> View | None:
    """The route by which the internet reaches a subnet, or None where there is none.

    Raises:
        Undetermined: it cannot be told.
    """
    if subnet.type == "aws_default_subnet":
        return subnet
    doubt: Undetermined | None = None
    answers: list[View | None] = []
    for table in tables_of(subnet):
        if table.type == "aws_default_vpc":
            answers.append(table)
            continue
        answer: View | None = None
        try:
            for route in routes_of(table):
                try:
                    if leads_to_internet(route):
                        answer = route
                except Undetermined as undetermined:
                    doubt = undetermined
        except Undetermined as undetermined:
            doubt = undetermined
        answers.append(answer)
    public = [answer for answer in answers if answer is not None]
    if public and len(public) == len(answers):
        return public[0]
    if public:
        raise subnet.undetermined("it cannot be told which of several route tables it uses")
    if doubt is not None:
        raise subnet.undetermined(doubt.reason)
    return None


def vpc_ranges(model: Model) -> tuple[str, ...]:
    """The address ranges of the VPCs in the model, as far as they are known.

    A range wider than a VPC can have (/16, for IPv6 /44) does not count.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
    """
    found = model.shared.get(vpc_ranges)
    if found is None:
        found = model.shared[vpc_ranges] = tuple(_vpc_ranges(model))
    assert isinstance(found, tuple)
    return found


def _vpc_ranges(model: Model) -> Iterator[str]:
    for type, attribute in (
        ("aws_vpc", "cidr_block"),
        ("aws_vpc", "ipv6_cidr_block"),
        ("aws_vpc_ipv4_cidr_block_association", "cidr_block"),
        ("aws_vpc_ipv6_cidr_block_association", "ipv6_cidr_block"),
    ):
        for resource in model.of_type(type):
            value = resource.get(attribute)
            try:
                if (
                    isinstance(value, str)
                    and value
                    and network(value).prefixlen >= (44 if ":" in value else 16)
                ):
                    yield value
            except ValueError:
                continue


def range_is_public(value: object, view: View, path: str) -> bool:
    """Whether a source range of a rule holds addresses of the internet. A VPC's own range never does.

    Raises:
        Undetermined: the range is unknown, or no range.
    """
    model = view.resource.model
    if isinstance(value, Unknown):
        references = references_of(value)
        if references and not value.parts and all(_is_own_range(one, model) for one in references):
            return False
        raise view.undetermined(value, path)
    text = str.__str__(value) if isinstance(value, str) else ""
    try:
        return is_public(text) and not any(within(text, own) for own in vpc_ranges(model))
    except ValueError:
        raise view.undetermined(f"{path} is not an address range", path) from None


def _is_own_range(reference: Reference, model: Model) -> bool:
    own = ("aws_vpc", "aws_subnet", "aws_default_vpc", "aws_default_subnet")
    named = model.at(reference.address)
    return bool(named) and "cidr_block" in reference.attribute and all(one.type in own for one in named)
