"""Functions of address ranges."""

from __future__ import annotations

import ipaddress

from policies.readers import numbers
from policies.readers.functions.calling import function, whole
from policies.readers.types import ListOf, Refused, Undecided

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> _Network:
    address, slash, length = str.__str__(text).partition("/")
    if not slash or not length.isascii() or not length.isdecimal() or len(length) > 3:
        raise Refused("it is no address range")
    try:
        return ipaddress.ip_network(f"{address}/{int(length)}", strict=False)
    except ValueError as error:
        if any(len(part) > 1 and part[0] == "0" for part in address.split(".")):
            raise Undecided("an address with leading zeros") from error
        raise Refused("it is no address range") from error


def _shown(network: _Network, address: int) -> str:
    found = type(network.network_address)(address)
    if isinstance(found, ipaddress.IPv6Address) and address >> 32 in (0, 0xFFFF):
        raise Undecided("an address of IPv4 written as one of IPv6")
    return str(found)


@function("cidrsubnet", "string", "number", "number")
def _cidrsubnet(text: str, new_bits: float, number: float) -> str:
    network, bits, subnet = _network(text), whole(new_bits), numbers.whole(number)
    if subnet is None:
        raise Refused("a whole number is needed")
    if bits < 0 or subnet < 0:
        raise Undecided("a negative number of bits or of a subnet")
    length = network.prefixlen + bits
    if length > network.max_prefixlen or subnet >= 1 << bits:
        raise Refused("the range has no such subnet")
    first = int(network.network_address) + (subnet << (network.max_prefixlen - length))
    return f"{_shown(network, first) if first else network.network_address}/{length}"


@function("cidrsubnets", "string", more="number")
def _cidrsubnets(text: str, *new_bits: float) -> ListOf:
    network = _network(text)
    position = int(network.network_address)
    end = int(network.broadcast_address) + 1
    result = []
    for given in new_bits:
        bits = whole(given)
        length = network.prefixlen + bits
        if not 1 <= bits <= 32 or length > network.max_prefixlen:
            raise Refused("the range has no such subnet")
        room = 1 << (network.max_prefixlen - length)
        position = -(-position // room) * room
        if position + room > end:
            raise Refused("the range has no room for them")
        result.append(f"{_shown(network, position) if position else network.network_address}/{length}")
        position += room
    return ListOf(result, "string")


@function("cidrhost", "string", "number")
def _cidrhost(text: str, number: float) -> str:
    network, place = _network(text), numbers.whole(number)
    if place is None:
        raise Refused("a whole number is needed")
    room = 1 << (network.max_prefixlen - network.prefixlen)
    if not -room <= place < room:
        raise Refused("the range has no such host")
    return _shown(network, int(network.network_address) + place % room)


@function("cidrnetmask", "string")
def _cidrnetmask(text: str) -> str:
    network = _network(text)
    if network.version != 4:
        raise Refused("a range of IPv6 has no mask")
    return str(network.netmask)


@function("cidrcontains", "string", "string")
def _cidrcontains(text: str, contained: str) -> bool:
    """A function of OpenTofu: whether an address, or a whole range, lies in a range."""
    network = _network(text)
    other = _network(contained if "/" in contained else f"{contained}/{network.max_prefixlen}")
    if network.version != other.version:
        raise Undecided("addresses of two versions")
    first, last = int(other.network_address), int(other.broadcast_address)
    return int(network.network_address) <= first and last <= int(network.broadcast_address)
