"""Who may talk to whom: each flow is one rule out of its source and one into its target, and there are no others."""

from __future__ import annotations

from constructs import Construct

from modules.names import (
    SecurityGroup,
    TerraformResource,
    VpcSecurityGroupEgressRule,
    VpcSecurityGroupIngressRule,
)
from modules.tier import Tier

ANYWHERE = "0.0.0.0/0"


class Flows(Tier):
    """The rules between the tiers' security groups.

    Attributes:
        rules: all of them.
    """

    def __init__(self, scope: Construct, id: str, groups: dict[str, SecurityGroup]) -> None:
        """`groups`: the tiers' security groups by the tier's name, from which the rules are named."""
        super().__init__(scope, id)
        self._groups = groups
        self.rules: list[TerraformResource] = []

    def allow(self, source: str, target: str, port: int) -> None:
        """Let one tier reach another on a TCP port."""
        self.rules.append(
            self.add(
                VpcSecurityGroupEgressRule,
                f"{source}_to_{target}",
                security_group_id=self._groups[source].id,
                referenced_security_group_id=self._groups[target].id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"{source} to {target}",
            )
        )
        self.rules.append(
            self.add(
                VpcSecurityGroupIngressRule,
                f"{target}_from_{source}",
                security_group_id=self._groups[target].id,
                referenced_security_group_id=self._groups[source].id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"{target} from {source}",
            )
        )

    def allow_from_internet(self, target: str, port: int) -> None:
        """Let everybody reach a tier on a TCP port."""
        self.rules.append(
            self.add(
                VpcSecurityGroupIngressRule,
                f"{target}_from_internet_{port}",
                security_group_id=self._groups[target].id,
                cidr_ipv4=ANYWHERE,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"{target} from the internet",
            )
        )

    def allow_to_internet(self, source: str, port: int) -> None:
        """Let a tier reach everybody on a TCP port."""
        self.rules.append(
            self.add(
                VpcSecurityGroupEgressRule,
                f"{source}_to_internet_{port}",
                security_group_id=self._groups[source].id,
                cidr_ipv4=ANYWHERE,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                description=f"{source} to the internet",
            )
        )


def group(tier: Tier, address: str, *, name: str, vpc_id: str, description: str) -> SecurityGroup:
    """Add `aws_security_group.ADDRESS` without rules: `Flows` adds those that the stack declares."""
    return tier.add(
        SecurityGroup,
        address,
        name=f"{name}-{address}",
        description=description,
        vpc_id=vpc_id,
        tags={"Name": f"{name}-{address}"},
    )
