"""What security groups let in, in every way that Terraform has to write it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from policies.aws.networks import range_is_public
from policies.engine.model import Resource, Undetermined, View
from policies.engine.values import ABSENT, Unknown

GROUPS: Final = ("aws_security_group", "aws_default_security_group")
RULES: Final = ("aws_security_group_rule", "aws_vpc_security_group_ingress_rule")

# Protocol names and numbers by which rules can be written; the rest comes as AWS takes it.
# Source: https://www.iana.org/assignments/protocol-numbers
_PROTOCOLS: Final = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
_RANGES: Final = ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6")
_LISTS: Final = ("prefix_list_ids", "prefix_list_id")


@dataclass(frozen=True, slots=True)
class Ingress:
    """One permission to come in: the view that writes it, for its sources, protocol and ports."""

    view: View

    def protocol(self) -> str:
        """`tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, or a number.

        Raises:
            Undetermined: it is unknown.
        """
        path = "ip_protocol" if self.view.resource.type.startswith("aws_vpc_") else "protocol"
        text = (self.view.text(path) or "-1").lower()
        return _PROTOCOLS.get(text, text)

    def covers(self, port: int) -> bool:
        """Whether a TCP connection to this port may come in.

        Raises:
            Undetermined: protocol or ports are unknown.
        """
        protocol = self.protocol()
        if protocol == "-1":
            return True
        if protocol != "tcp":
            return False
        first = self.view.number("from_port", 0) or 0
        last = self.view.number("to_port", first) or 0
        # AWS takes -1 for "all ports" where the protocol has no ports of its own.
        return first <= port <= last or (first == -1 and last == -1)

    def public_source(self) -> str | None:
        """The first source that holds addresses of the internet, as the rule writes it.

        Raises:
            Undetermined: none is seen, and a source is unknown.
        """
        doubt: Undetermined | None = None
        for path in _RANGES:
            for value in self._values(path):
                try:
                    if range_is_public(value, self.view, path):
                        return str(value)
                except Undetermined as undetermined:
                    doubt = undetermined
        for path in _LISTS:
            for value in self._values(path):
                try:
                    if found := _public_in_list(value, self.view, path):
                        return found
                except Undetermined as undetermined:
                    doubt = undetermined
        if doubt is not None:
            raise doubt
        return None

    def _values(self, path: str) -> list[Any]:
        value = self.view.get(path)
        if value is ABSENT or value == "":
            return []
        return value if isinstance(value, list) else [value]


def ingress_of(resource: Resource) -> Iterator[Ingress]:
    """The permissions that a security group or a rule resource writes.

    Raises:
        Undetermined: after those that are known, when there may be more.
    """
    if resource.type in GROUPS:
        for block in resource.blocks("ingress"):
            yield Ingress(block)
    elif resource.type == "aws_vpc_security_group_ingress_rule" or (
        resource.type == "aws_security_group_rule" and resource.text("type") == "ingress"
    ):
        yield Ingress(resource)


def _public_in_list(value: Any, view: View, path: str) -> str | None:
    """What in a prefix list holds addresses of the internet, or None.

    The lists that AWS manages (`com.amazonaws.…`) hold addresses that all its customers share.
    """
    types = ("aws_ec2_managed_prefix_list", "data.aws_ec2_managed_prefix_list", "data.aws_prefix_list")
    model = view.resource.model
    lists = model.follow(value, *types).resources
    if not lists:
        raise view.undetermined(
            value if isinstance(value, Unknown) else f"the prefix list {value} is not seen here", path
        )
    for one in lists:
        if one.mode == "data":
            name = one.get("name")
            if isinstance(name, str) and name.startswith("com.amazonaws."):
                return f"the prefix list {name}, which AWS's customers share"
            raise view.undetermined(f"the prefix list {one.address} is not seen here", path)
        more = model.referring(one, "aws_ec2_managed_prefix_list_entry", "prefix_list_id")
        for entry in (*one.blocks("entry"), *more.resources):
            if range_is_public(entry.get("cidr"), entry, "cidr"):
                return f"{entry.get('cidr')} in {one.address}"
        if more.unknowns:
            raise view.undetermined(more.unknowns[0], path)
    return None
