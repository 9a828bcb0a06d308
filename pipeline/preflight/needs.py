"""What a synthesized stack needs of an account and does not have yet. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Any
_ACCOUNT = "${data.aws_caller_identity.current.account_id}"
_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/"
    r"(?P<repository>[a-z0-9._/-]+?)(?::(?P<tag>[\w.-]+)|@(?P<digest>sha256:[0-9a-f]{64}))"
)


@dataclass(frozen=True)
class Image:
    """An image in a private registry of ECR; one of `tag` and `digest` is empty."""

    account: str
    region: str
    repository: str
    tag: str
    digest: str


@dataclass(frozen=True)
class Stack:
    """A synthesized configuration, in the account of a caller.

    `standing` are the addresses that its state knows; None: the state could not be read.
    """

    configuration: Mapping[str, Json]
    account: str
    standing: frozenset[str] | None = frozenset()

    @property
    def region(self) -> str:
        """The provider's region."""
        return str(self.configuration["provider"]["aws"][0]["region"])

    @property
    def name(self) -> str:
        """The stack's name."""
        return str(self.configuration["//"]["metadata"]["stackName"])

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that the provider takes; empty: any."""
        return tuple(self.configuration["provider"]["aws"][0].get("allowed_account_ids") or ())

    @property
    def backend(self) -> tuple[str, Mapping[str, Json]]:
        """The kind of backend and its settings."""
        kind, body = next(iter(self.configuration["terraform"]["backend"].items()))
        return kind, body

    @property
    def image_name(self) -> str:
        """The backend's image; empty where the stack has none."""
        return str((self.configuration.get("variable") or {}).get("backend_image", {}).get("default", ""))

    @property
    def image(self) -> Image | None:
        """The same in its parts, where it is in ECR."""
        found = _ECR.fullmatch(self.image_name)
        return Image(**{name: text or "" for name, text in found.groupdict().items()}) if found else None

    def of(self, kind: str) -> dict[str, Json]:
        """Name -> body of the resources of a type, standing or not."""
        return dict((self.configuration.get("resource") or {}).get(kind) or {})

    def missing(self, kind: str) -> dict[str, Json]:
        """Those of a type that are not in the state."""
        standing = self.standing or frozenset()
        return {name: body for name, body in self.of(kind).items() if f"{kind}.{name}" not in standing}

    def kinds(self) -> list[str]:
        """The types of which something is missing."""
        return sorted(kind for kind in self.configuration.get("resource") or {} if self.missing(kind))

    def resolved(self, text: Json) -> str:
        """A text with the account's number in it; empty where something else is known to Terraform alone."""
        plain = str(text or "").replace(_ACCOUNT, self.account)
        return "" if "${" in plain else plain

    def region_of(self, body: Mapping[str, Json]) -> str:
        """Where a resource is made."""
        return str(body.get("region") or self.region)

    def certificates(self) -> Iterator[tuple[str, str, str]]:
        """ARNs of certificates that stand already: the ARN, who uses it, and the region that it has to be in."""
        for name, body in self.of("aws_lb_listener").items():
            if arn := self.resolved(body.get("certificate_arn")):
                yield arn, f"aws_lb_listener.{name}", self.region
        for name, body in self.of("aws_cloudfront_distribution").items():
            viewer = body.get("viewer_certificate") or {}
            viewer = viewer[0] if isinstance(viewer, list) else viewer
            if arn := self.resolved(viewer.get("acm_certificate_arn")):
                yield arn, f"aws_cloudfront_distribution.{name}", "us-east-1"

    def domains(self) -> tuple[str, ...]:
        """The public names."""
        bodies = self.of("aws_cloudfront_distribution").values()
        return tuple(dict.fromkeys(name for body in bodies for name in body.get("aliases") or ()))

    def instances(self) -> tuple[str, int, int]:
        """The backend's instance type, how many there are at the start, and how many at the most in a deploy."""
        kind = next((body.get("instance_type", "") for body in self.of("aws_launch_template").values()), "")
        first = most = 0
        for body in self.missing("aws_autoscaling_group").values():
            first += int(body.get("desired_capacity") or body.get("min_size") or 0)
            refresh = (body.get("instance_refresh") or {}).get("preferences") or {}
            percent = int(refresh.get("max_healthy_percentage") or 100)
            most += math.ceil(int(body.get("max_size") or 0) * percent / 100)
        return kind, first, most

    def numbers(self) -> dict[str, int]:
        """What is made of each of the region's quotas but NAT gateways and vCPUs; quotas not needed are left out."""
        nodes = sum(
            int(body.get("num_cache_clusters") or 1)
            for body in self.missing("aws_elasticache_replication_group").values()
        )
        counted = {
            "eips": len(self.missing("aws_eip")),
            "vpcs": len(self.missing("aws_vpc")),
            "internet_gateways": len(self.missing("aws_internet_gateway")),
            "load_balancers": len(self.missing("aws_lb")),
            "databases": len(self.missing("aws_db_instance")),
            "cache_nodes": nodes,
            "distributions": len(self.missing("aws_cloudfront_distribution")),
            "log_policies": sum(
                self.region_of(body) == self.region
                for body in self.missing("aws_cloudwatch_log_resource_policy").values()
            ),
        }
        return {name: number for name, number in counted.items() if number}

    def nat_gateways(self) -> dict[str, int]:
        """NAT gateways to be made, by zone."""
        counted: Counter[str] = Counter()
        for body in self.missing("aws_nat_gateway").values():
            subnet = re.fullmatch(r"\$\{aws_subnet\.(\w+)\.id\}", str(body.get("subnet_id")))
            zone = self.of("aws_subnet").get(subnet[1], {}).get("availability_zone") if subnet else None
            counted[str(zone or "an unknown zone")] += 1
        return dict(counted)

    def managed_groups(self) -> set[tuple[str, str, str]]:
        """Managed rule groups of AWS WAF: scope, vendor, name."""
        found = set()
        for body in self.of("aws_wafv2_web_acl").values():
            for rule in body.get("rule") or ():
                group = (rule.get("statement") or {}).get("managed_rule_group_statement")
                if group:
                    found.add((str(body["scope"]), str(group["vendor_name"]), str(group["name"])))
        return found


def placeholders(settings: Json, where: str = "") -> Iterator[tuple[str, str]]:
    """Values of the settings that stand for nobody's: the setting's name, and the value.

    Names of RFC 2606, account numbers of AWS's documentation, and ids with EXAMPLE in them.
    """
    if isinstance(settings, Mapping):
        for name, value in settings.items():
            yield from placeholders(value, f"{where}.{name}" if where else str(name))
    elif isinstance(settings, list | tuple):
        for position, value in enumerate(settings):
            yield from placeholders(value, f"{where}[{position}]")
    elif isinstance(settings, str) and _PLACEHOLDER.search(settings):
        yield where, settings


_PLACEHOLDER = re.compile(
    r"(?:^|[.@/])example\.(?:com|net|org)\b|\.(?:example|test|invalid|localhost)(?:$|[/:])|EXAMPLE"
    r"|(?<!\d)(?:000000000000|123456789012|111122223333|444455556666|012345678901|111111111111)(?!\d)"
    r"|ami-0123456789abcdef0|00000000-0000-0000-0000-000000000000"
)
