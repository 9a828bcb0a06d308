"""What the stack costs: an estimate by resource and tier, from `prices.toml` alone.

Only what AWS charges for standing there is added up: hours, gigabytes kept, keys, alarms. What depends on use
is named with its price and stands in no sum. An item without a known price is shown as unknown, and a sum with
one in it is a lower bound.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem
from handoff.configuration import Json, address, elements, tier

FILE = Path(__file__).with_name("prices.toml")
UNITS = ("hour", "month")


@dataclass(frozen=True)
class Price:
    """A price in US dollars for an hour or a month of one item; `price` is None where none is known."""

    item: str
    unit: str
    price: float | None
    date: datetime.date | None
    source: str
    usage_type: str


@dataclass(frozen=True)
class Prices:
    """The price file."""

    region: str
    hours_per_month: int
    prices: dict[str, Price]
    sources: dict[str, str]
    use: tuple[dict[str, Any], ...]
    seed: dict[str, Any]


@dataclass(frozen=True)
class Line:
    """A line of the estimate: a resource, its tier, how many of an item it has, and what that costs a month.

    `monthly` is None where the price is not known.
    """

    address: str
    tier: str
    item: str
    quantity: float
    monthly: float | None
    note: str


@dataclass(frozen=True)
class Estimate:
    """All lines; the sums count what is known."""

    lines: tuple[Line, ...]
    hours_per_month: int

    @property
    def monthly(self) -> float:
        """US dollars a month, as far as prices are known."""
        return sum(line.monthly or 0 for line in self.lines)

    @property
    def hourly(self) -> float:
        """US dollars an hour, as far as prices are known."""
        return self.monthly / self.hours_per_month

    @property
    def without_price(self) -> dict[str, float]:
        """How much there is of each item without a price."""
        amounts: dict[str, float] = {}
        for line in self.lines:
            if line.monthly is None:
                amounts[line.item] = amounts.get(line.item, 0) + line.quantity
        return amounts

    def difference(self, other: Estimate) -> float | None:
        """What this costs more a month than the other; None where it hangs on a price that is not known."""
        return self.monthly - other.monthly if self.without_price == other.without_price else None

    @property
    def unknown(self) -> tuple[str, ...]:
        """The items without a price."""
        return tuple(sorted({line.item for line in self.lines if line.monthly is None}))

    def by_tier(self) -> dict[str, float]:
        """The monthly sum of each tier, largest first."""
        sums: dict[str, float] = {}
        for line in self.lines:
            sums[line.tier] = sums.get(line.tier, 0) + (line.monthly or 0)
        return dict(sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])))


def load(path: Path = FILE) -> Prices:
    """The price file, checked.

    Raises:
        Problem: it cannot be read, or a price in it has no date, no source, or no unit that is known.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Problem(f"{path}: the prices cannot be read: {error}") from error
    prices: dict[str, Price] = {}
    for entry in found.get("price", ()):
        item = str(entry.get("item", "?"))
        priced = "price" in entry
        if item in prices:
            raise Problem(f"{path}: {item}: there are two prices for it; keep one")
        if entry.get("unit") not in UNITS:
            raise Problem(f"{path}: {item}: unit {entry.get('unit')!r}; allowed: {', '.join(UNITS)}")
        if priced and (
            not isinstance(entry.get("date"), datetime.date) or entry.get("source") not in found["sources"]
        ):
            raise Problem(
                f"{path}: {item}: a price needs a date (2026-10-01) and one of the sources named above"
            )
        prices[item] = Price(
            item,
            entry["unit"],
            float(entry["price"]) if priced else None,
            entry.get("date"),
            entry.get("source", ""),
            entry.get("usage_type", ""),
        )
    return Prices(
        found["region"],
        int(found["hours_per_month"]),
        prices,
        found["sources"],
        tuple(found.get("use", ())),
        found["seed"],
    )


def estimate(configuration: Json, prices: Prices) -> Estimate:
    """The estimate for a synthesized configuration, at its fewest instances.

    In another region than the prices' every item is unknown.
    """
    resources = (
        Body(address(kind, terraform_type, name), terraform_type, tier(body), body)
        for kind, terraform_type, name, body in elements(configuration)
        if kind == "resource"
    )
    return estimated(resources, configuration["provider"]["aws"][0]["region"], prices)


@dataclass(frozen=True)
class Body:
    """A resource that may cost something: its address, type, tier and arguments, as Terraform's JSON has them in a
    configuration or in the values of a state or plan."""

    address: str
    type: str
    tier: str
    values: Json


def estimated(resources: Iterable[Body], region: str, prices: Prices) -> Estimate:
    """The estimate for resources that stand in a region, as `estimate`."""
    every = list(resources)
    templates = [one for one in every if one.type == "aws_launch_template"]
    lines = []
    for one in every:
        for item, quantity, note in _of(one.type, one.values, templates):
            price = prices.prices.get(item)
            monthly = None
            if price is not None and price.price is not None and region == prices.region:
                hours = prices.hours_per_month if price.unit == "hour" else 1
                monthly = price.price * hours * quantity
            lines.append(Line(one.address, one.tier, item, quantity, monthly, note))
    return Estimate(tuple(lines), prices.hours_per_month)


def _template(group: Json, templates: Iterable[Body]) -> Json:
    """The launch template of a group: the one that it refers to, or whose id or name it has."""
    for chosen in _many(group.get("launch_template")):
        for template in templates:
            named = {template.values.get("id"), template.values.get("name")} - {None}
            referred = re.escape(template.address) + r"\b"
            if chosen.get("id") in named or chosen.get("name") in named or re.search(referred, str(chosen)):
                return template.values
    return {}


def _of(terraform_type: str, body: Json, templates: Iterable[Body]) -> Iterator[tuple[str, float, str]]:
    """What is paid for a resource: item, quantity and a note."""
    match terraform_type:
        case "aws_nat_gateway":
            yield "nat_gateway", 1, ""
        case "aws_eip":
            yield "public_ipv4", 1, ""
        case "aws_lb":
            yield "load_balancer", 1, ""
            yield "public_ipv4", len(_many(body.get("subnets"))), "one address a zone, at the least"
        case "aws_vpc_endpoint" if body.get("vpc_endpoint_type") == "Interface":
            yield "interface_endpoint_zone", len(_many(body.get("subnet_ids"))), "one a zone"
        case "aws_autoscaling_group":
            template = _template(body, templates)
            fewest = int(body.get("min_size") or 0)
            note = f"{fewest} running, of at most {body.get('max_size')}"
            yield f"instance.{_word(template, 'instance_type')}", fewest, note
            # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
            if any(one.get("enabled") for one in _many(template.get("monitoring"))):
                yield "metric", 7 * fewest, f"detailed monitoring, seven metrics each; {note}"
            for device in _many(template.get("block_device_mappings")):
                for ebs in _many(device.get("ebs")):
                    yield (
                        f"volume_gb.{_word(ebs, 'volume_type')}",
                        fewest * (ebs.get("volume_size") or 0),
                        note,
                    )
        case "aws_db_instance":
            multi = ".multi_az" if body.get("multi_az") else ""
            yield (
                f"database.{_word(body, 'engine')}.{_word(body, 'instance_class')}{multi}",
                1,
                "with its standby" if multi else "",
            )
            storage = f"database_storage_gb.{_word(body, 'storage_type')}{multi}"
            yield storage, body.get("allocated_storage") or 0, ""
            if body.get("manage_master_user_password"):
                yield "secret", 1, "the managed password"
        case "aws_elasticache_replication_group":
            nodes = int(body.get("num_cache_clusters") or 1)
            item = f"cache.{_word(body, 'engine')}.{_word(body, 'node_type')}"
            yield item, nodes, f"{nodes} nodes" if nodes > 1 else ""
        case "aws_kms_key":
            yield "kms_key", 1, "each yearly rotation adds one, up to two"
        case "aws_cloudwatch_metric_alarm":
            yield "alarm", 1, ""
        case "aws_autoscaling_policy" if body.get("policy_type") == "TargetTrackingScaling":
            yield "alarm", 2, "made and kept by the scaling policy"
        case "aws_route53_record" if body.get("type") == "A":
            yield "hosted_zone", 1, "the zone of the public name, which stands outside of this"
        case "aws_cloudwatch_dashboard":
            yield "dashboard", 1, ""
        case "aws_wafv2_web_acl":
            yield "web_acl", 1, ""
            yield "web_acl_rule", len(_many(body.get("rule"))), "managed rule groups count as one each"


def _word(body: Json, name: str) -> str:
    """An argument that is a part of an item's name; what nobody sets has no price, either."""
    return str(body.get(name) or "unknown")


def _many(value: Any) -> list[Any]:
    """A block, or a list of blocks, as a list."""
    return value if isinstance(value, list) else [value] if value else []
