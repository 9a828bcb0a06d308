"""Which subnets an environment has, zone by zone, and their address ranges."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

from settings.model import REGIONS, Network

# A load balancer's subnets are /27 at the least, with eight free addresses:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
SMALLEST_PUBLIC = 27


@dataclass(frozen=True)
class Ranges:
    """The IPv4 ranges of one zone's subnets, in CIDR notation; `data` is None where there is none."""

    public: str
    private: str
    data: str | None


def zones_with_subnets(network: Network, region: str) -> tuple[str, ...]:
    """The zones that get subnets: those the stack runs in, and a spare where that is a single one.

    A load balancer and a DB subnet group take subnets in two zones or none; the spare holds nothing else.
    """
    zones = network.availability_zones
    if len(zones) > 1:
        return zones
    return (*zones, next(letter for letter in REGIONS[region] if letter not in zones))


def ranges(network: Network, region: str) -> dict[str, Ranges]:
    """The ranges of every zone with subnets, by letter: those of the settings, else derived by letter.

    Zone a gets number 1 of the VPC's parts as public, 11 as private and 21 as data subnet, b the next of
    each, and so on; so that no zone's range depends on which others there are. Parts have 8 bits more than
    the VPC (10.0.0.0/16: 10.0.1.0/24, 10.0.11.0/24), or 5 more in a VPC of /20 to /22.

    Raises:
        ValueError: the VPC is too small to derive a range that the settings leave out.
    """
    vpc = IPv4Network(network.cidr)
    bits = 8 if vpc.prefixlen + 8 <= SMALLEST_PUBLIC else 5

    def derived(letter: str, first: int) -> str:
        prefix = vpc.prefixlen + bits
        if prefix > SMALLEST_PUBLIC:
            raise ValueError(
                f"ranges for zone {letter} under network.subnets: {vpc} is too small to derive them"
            )
        number = first + "abcdef".index(letter)
        return str(IPv4Network((int(vpc.network_address) + (number << (32 - prefix)), prefix)))

    found = {}
    for letter in zones_with_subnets(network, region):
        given = network.subnets.get(letter)
        found[letter] = Ranges(
            public=(given and given.public) or derived(letter, 1),
            private=(given and given.private) or derived(letter, 11),
            data=((given and given.data) or derived(letter, 21)) if network.data_subnets else None,
        )
    return found
