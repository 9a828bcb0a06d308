"""`make prices`: renews `prices.toml` from AWS's public price lists, for any region and without credentials.

AWS publishes what everybody pays as files, one for each service and region; the CSV form has five lines about the file,
then a header, then a row a price. They are read line by line, since EC2's has hundreds of megabytes.
Source: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cloudmart_support.problem import Problem
from handoff.costs import FILE

BASE = "https://pricing.us-east-1.amazonaws.com"
ABOUT_LINES = 5
"""Lines before the header: version, disclaimer, dates and the offer's code."""


@dataclass(frozen=True)
class Wanted:
    """Where an item's price stands: the offer, the usage type without its region's prefix, and other columns."""

    offer: str
    usage: str
    columns: Mapping[str, str] = field(default_factory=dict)
    everywhere: bool = False
    """Whether the offer has one file for all regions."""


_LINUX = {
    "Operating System": "Linux",
    "Tenancy": "Shared",
    "Pre Installed S/W": "NA",
    "CapacityStatus": "Used",
    "operation": "RunInstances",
}
_PATTERNS: tuple[tuple[str, Wanted], ...] = (
    (r"nat_gateway", Wanted("AmazonEC2", "NatGateway-Hours", {"operation": "NatGateway"})),
    (r"public_ipv4", Wanted("AmazonVPC", "PublicIPv4:InUseAddress")),
    (r"load_balancer", Wanted("AWSELB", "LoadBalancerUsage", {"operation": "LoadBalancing:Application"})),
    (r"interface_endpoint_zone", Wanted("AmazonVPC", "VpcEndpoint-Hours")),
    (r"instance\.(?P<type>.+)", Wanted("AmazonEC2", "BoxUsage:{type}", _LINUX)),
    (
        r"database\.postgres\.(?P<type>.+)\.multi_az",
        Wanted("AmazonRDS", "Multi-AZUsage:{type}", {"Database Engine": "PostgreSQL"}),
    ),
    (
        r"database\.postgres\.(?P<type>.+)",
        Wanted("AmazonRDS", "InstanceUsage:{type}", {"Database Engine": "PostgreSQL"}),
    ),
    (
        r"cache\.redis\.(?P<type>.+)",
        Wanted("AmazonElastiCache", "NodeUsage:{type}", {"Cache Engine": "Redis"}),
    ),
    (r"volume_gb\.(?P<type>.+)", Wanted("AmazonEC2", "EBS:VolumeUsage.{type}")),
    (r"database_storage_gb\.gp3\.multi_az", Wanted("AmazonRDS", "RDS:Multi-AZ-GP3-Storage")),
    (r"database_storage_gb\.gp3", Wanted("AmazonRDS", "RDS:GP3-Storage")),
    (r"database_storage_gb\.gp2\.multi_az", Wanted("AmazonRDS", "RDS:Multi-AZ-GP2-Storage")),
    (r"database_storage_gb\.gp2", Wanted("AmazonRDS", "RDS:GP2-Storage")),
    (r"kms_key", Wanted("awskms", "KMS-Keys")),
    (r"secret", Wanted("AWSSecretsManager", "AWSSecretsManager-Secrets")),
    (r"alarm", Wanted("AmazonCloudWatch", "CW:AlarmMonitorUsage")),
    (r"metric", Wanted("AmazonCloudWatch", "CW:MetricMonitorUsage")),
    (r"dashboard", Wanted("AmazonCloudWatch", "DashboardsUsageHour")),
    (r"web_acl", Wanted("awswaf", "WebACLV2")),
    (r"web_acl_rule", Wanted("awswaf", "RuleV2")),
    (r"hosted_zone", Wanted("AmazonRoute53", "HostedZone", everywhere=True)),
)


def wanted(item: str) -> Wanted | None:
    """Where the price of an item of the estimate stands; None for an item that is not known here."""
    for pattern, found in _PATTERNS:
        if match := re.fullmatch(pattern, item):
            usage = found.usage.format(**match.groupdict())
            return Wanted(found.offer, usage, found.columns, found.everywhere)
    return None


@dataclass(frozen=True)
class Found:
    """A price in US dollars and the usage type that it stands under."""

    price: float
    usage_type: str


def read(base: str, region: str, items: Iterable[str]) -> tuple[dict[str, Found], str, list[str]]:
    """The prices of the items in a region, the oldest date of publication, and what could not be found, in words.

    Raises:
        Problem: a file cannot be had, or is not of the form that AWS publishes.
    """
    by_file: dict[str, dict[str, Wanted]] = {}
    missing = []
    for item in sorted(set(items)):
        if (one := wanted(item)) is None:
            missing.append(f"{item}: it is not known where AWS's price list has it")
            continue
        place = "" if one.everywhere else f"/{region}"
        by_file.setdefault(f"{base}/offers/v1.0/aws/{one.offer}/current{place}/index.csv", {})[item] = one
    found: dict[str, Found] = {}
    published = []
    for url, of_file in sorted(by_file.items()):
        date, rows = _rows(url)
        published.append(date)
        candidates: dict[str, set[Found]] = {item: set() for item in of_file}
        for row in rows:
            for item, one in of_file.items():
                if _fits(row, one):
                    candidates[item].add(Found(_number(url, row), row["usageType"]))
        for item, prices in candidates.items():
            if len({one.price for one in prices}) == 1:
                found[item] = min(prices, key=lambda one: one.usage_type)
            else:
                why = "no row" if not prices else f"{len(prices)} prices"
                missing.append(f"{item}: {why} of usage type {of_file[item].usage} in {url}")
    return found, min(published, default=""), missing


def _fits(row: Mapping[str, str], one: Wanted) -> bool:
    usage = row["usageType"]
    # A region's usage types begin with its short name, but for those of the oldest.
    if usage != one.usage and not re.fullmatch(rf"[A-Z0-9]+-{re.escape(one.usage)}", usage):
        return False
    if row["TermType"] != "OnDemand" or row["Currency"] != "USD" or row["StartingRange"] not in ("", "0"):
        return False
    return all(row.get(column) == value for column, value in one.columns.items())


def _rows(url: str) -> tuple[str, Iterator[dict[str, str]]]:
    """The date of publication of a price file, and its rows."""
    try:
        response = urllib.request.urlopen(url, timeout=60)
    except (urllib.error.URLError, OSError) as error:
        raise Problem(
            f"{url}: cannot be had ({getattr(error, 'reason', error)}): AWS's price lists are public, and need a way "
            f"to "
            "the internet; nothing was changed"
        ) from error
    lines = io.TextIOWrapper(response, encoding="utf-8", newline="")
    about = dict(row[:2] for row in csv.reader(lines.readline() for _ in range(ABOUT_LINES)) if len(row) >= 2)
    date = about.get("Publication Date", "")[:10]
    rows = csv.DictReader(lines)
    needed = {"TermType", "usageType", "PricePerUnit", "Currency", "StartingRange"}
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date) or not needed <= set(rows.fieldnames or ()):
        raise Problem(f"{url}: is not a price list as AWS publishes it; nothing was changed")
    return date, rows


def _number(url: str, row: Mapping[str, str]) -> float:
    try:
        return float(row["PricePerUnit"])
    except ValueError as error:
        raise Problem(f"{url}: {row['usageType']}: {row['PricePerUnit']!r} is no price") from error


# --- the price file -----------------------------------------------------------------------------------------

_BLOCK = re.compile(r"^\[\[price\]\]\n(?:[a-z_]+ = .*\n)+", re.M)


def renew(region: str, needed: Iterable[str], base: str = BASE, file: Path = FILE) -> tuple[int, list[str]]:
    """Write the prices of a region into the price file; how many, and what could not be found, in words.

    Of another region than the file's no price stays: what was not found is unknown there. Prices by use keep their
    line, and lose their figure with the region it was of.

    Raises:
        Problem: as `read`.
    """
    text = file.read_text(encoding="utf-8")
    before = tomllib.loads(text)
    items = {entry["item"] for entry in before["price"]} | set(needed)
    found, published, missing = read(base, region, items)
    moved = before["region"] != region
    units = {entry["item"]: entry["unit"] for entry in before["price"]}

    def block(match: re.Match[str]) -> str:
        (entry,) = tomllib.loads(match[0])["price"]
        if entry["item"] in found:
            return _block(entry["item"], entry["unit"], found[entry["item"]], published)
        return _unknown(entry["item"], entry["unit"], entry.get("usage_type", "")) if moved else match[0]

    text = _BLOCK.sub(block, text)
    last = list(_BLOCK.finditer(text))[-1].end()
    added = "".join(
        "\n" + _block(item, _unit(item), found[item], published) for item in sorted(set(found) - set(units))
    )
    text = text[:last] + added + text[last:]
    if moved:
        head, use, rest = text.partition("[[use]]")
        body, course, tail = rest.partition("[seed]")
        text = head + use + re.sub(r"^(price|source) = .*\n", "", body, flags=re.M) + course + tail
    text = re.sub(r'^region = ".*"$', f'region = "{region}"', text, count=1, flags=re.M)
    source = f'published = "AWS Price List, offer files of {region} as published on {published}: {base}"'
    text = re.sub(r"^published = .*\n", "", text, flags=re.M)
    text = text.replace("[sources]\n", f"[sources]\n{source}\n", 1)
    tomllib.loads(text)
    file.write_text(text, encoding="utf-8")
    return len(found), missing


def _unit(item: str) -> str:
    hourly = ("instance.", "database.", "cache.", "nat_gateway", "public_ipv4", "load_balancer", "interface")
    return "hour" if item.startswith(hourly) else "month"


def _block(item: str, unit: str, found: Found, date: str) -> str:
    day = datetime.date.fromisoformat(date)
    return (
        f'[[price]]\nitem = "{item}"\nunit = "{unit}"\nprice = {found.price:.10f}'.rstrip("0").rstrip(".")
        + f'\ndate = {day}\nsource = "published"\nusage_type = "{found.usage_type}"\n'
    )


def _unknown(item: str, unit: str, usage_type: str) -> str:
    return f'[[price]]\nitem = "{item}"\nunit = "{unit}"\nusage_type = "{usage_type}"\n'
