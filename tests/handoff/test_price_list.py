"""Prices from files of the form that AWS publishes, small ones, served from a folder."""

from __future__ import annotations

import csv
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from handoff import costs, pages, price_list

HEADER = [
    "SKU",
    "OfferTermCode",
    "RateCode",
    "TermType",
    "PriceDescription",
    "EffectiveDate",
    "StartingRange",
    "EndingRange",
    "Unit",
    "PricePerUnit",
    "Currency",
    "Product Family",
    "serviceCode",
    "Location",
    "Instance Type",
    "Operating System",
    "Tenancy",
    "Pre Installed S/W",
    "CapacityStatus",
    "Database Engine",
    "Cache Engine",
    "usageType",
    "operation",
]
LINUX = {
    "Operating System": "Linux",
    "Tenancy": "Shared",
    "Pre Installed S/W": "NA",
    "CapacityStatus": "Used",
    "operation": "RunInstances",
}
POSTGRES, REDIS = {"Database Engine": "PostgreSQL"}, {"Cache Engine": "Redis"}
Rows = list[tuple[str, float, dict[str, str]]]


def of(prefix: str) -> dict[str, Rows]:
    """What the offers have for a region: usage type, price and other columns."""
    return {
        "AmazonEC2": [
            (f"{prefix}BoxUsage:t3.small", 0.026, LINUX),
            # What must not be taken for it: Windows, a reservation, a dedicated host, another type.
            (f"{prefix}BoxUsage:t3.small", 0.044, LINUX | {"Operating System": "Windows"}),
            (f"{prefix}BoxUsage:t3.small", 0.016, LINUX | {"TermType": "Reserved"}),
            (f"{prefix}BoxUsage:t3.small", 0.03, LINUX | {"Tenancy": "Dedicated"}),
            (f"{prefix}BoxUsage:t3.smaller", 9, LINUX),
            (f"{prefix}NatGateway-Hours", 0.059, {"operation": "NatGateway"}),
            (f"{prefix}NatGateway-Prvd-Hours", 9, {"operation": "NatGateway"}),
            (f"{prefix}EBS:VolumeUsage.gp3", 0.0912, {}),
        ],
        "AmazonVPC": [
            (f"{prefix}PublicIPv4:InUseAddress", 0.005, {}),
            (f"{prefix}VpcEndpoint-Hours", 0.013, {}),
        ],
        "AWSELB": [
            (f"{prefix}LoadBalancerUsage", 0.0225, {"operation": "LoadBalancing:Application"}),
            (f"{prefix}LoadBalancerUsage", 0.025, {"operation": "LoadBalancing"}),
        ],
        "AmazonRDS": [
            (f"{prefix}Multi-AZUsage:db.t3.micro", 0.056, POSTGRES),
            (f"{prefix}Multi-AZUsage:db.t3.micro", 0.052, {"Database Engine": "MySQL"}),
            (f"{prefix}InstanceUsage:db.t3.micro", 0.028, POSTGRES),
            (f"{prefix}RDS:Multi-AZ-GP3-Storage", 0.262, {}),
        ],
        "AmazonElastiCache": [(f"{prefix}NodeUsage:cache.t3.micro", 0.025, REDIS)],
        "awskms": [(f"{prefix}KMS-Keys", 1.0, {})],
        "AWSSecretsManager": [(f"{prefix}AWSSecretsManager-Secrets", 0.4, {})],
        "AmazonCloudWatch": [
            (f"{prefix}CW:AlarmMonitorUsage", 0.1, {}),
            (f"{prefix}CW:MetricMonitorUsage", 0.3, {}),
            (f"{prefix}CW:MetricMonitorUsage", 0.1, {"StartingRange": "10000"}),
            ("DashboardsUsageHour", 3.0, {}),
        ],
        "awswaf": [(f"{prefix}WebACLV2", 5.0, {}), (f"{prefix}RuleV2", 1.0, {})],
        "AmazonRoute53": [("HostedZone", 0.5, {}), ("HostedZone", 0.1, {"StartingRange": "25"})],
    }


@pytest.fixture
def published(tmp_path: Path) -> Callable[..., str]:
    """Writes the files of a region; where they are."""

    def write(region: str, offers: dict[str, Rows]) -> str:
        for offer, rows in offers.items():
            folder = tmp_path / "offers" / "v1.0" / "aws" / offer / "current"
            if offer != "AmazonRoute53":
                folder /= region
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "index.csv").open("w", newline="", encoding="utf-8") as file:
                about = csv.writer(file, quoting=csv.QUOTE_ALL)
                about.writerow(["FormatVersion", "v1.0"])
                about.writerow(["Disclaimer", "This pricing list is for informational purposes only, …"])
                about.writerow(["Publication Date", "2026-11-20T18:04:11Z"])
                about.writerow(["Version", "20261120180411"])
                about.writerow(["OfferCode", offer])
                table = csv.DictWriter(file, HEADER, restval="", quoting=csv.QUOTE_ALL)
                table.writeheader()
                for usage, price, columns in rows:
                    common = {"TermType": "OnDemand", "Currency": "USD", "StartingRange": "0"}
                    table.writerow(common | {"usageType": usage, "PricePerUnit": f"{price:.10f}"} | columns)
        return tmp_path.as_uri()

    return write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy(costs.FILE, tmp_path / "prices.toml"))


def needed(stack: Any) -> set[str]:
    return {line.item for line in costs.estimate(stack("prod"), costs.load()).lines}


@pytest.mark.parametrize(
    ("region", "prefix"), [("ap-northeast-2", "APN2-"), ("eu-west-1", "EU-"), ("us-east-1", "")]
)
def test_no_price_of_the_stack_is_unknown_where_the_lists_can_be_had(
    published: Callable[..., str], file: Path, stack: Any, region: str, prefix: str
) -> None:
    base = published(region, of(prefix))
    count, _ = price_list.renew(region, needed(stack), base, file)
    prices = costs.load(file)
    assert count >= len(needed(stack))
    assert prices.region == region
    configuration = dict(stack("prod"))
    configuration["provider"] = {"aws": [{"region": region}]}
    found = costs.estimate(configuration, prices)
    assert found.unknown == ()
    by_item = {line.item: line.monthly / line.quantity for line in found.lines if line.monthly is not None}
    assert by_item["database.postgres.db.t3.micro.multi_az"] == pytest.approx(0.056 * 730)
    assert by_item["instance.t3.small"] == pytest.approx(0.026 * 730)
    assert by_item["load_balancer"] == pytest.approx(0.0225 * 730)
    assert by_item["metric"] == pytest.approx(0.3)
    assert by_item["hosted_zone"] == pytest.approx(0.5)
    renewed = prices.prices["nat_gateway"]
    assert (str(renewed.date), renewed.source) == ("2026-11-20", "published")
    assert region in prices.sources["published"]


def test_another_region_keeps_no_price_of_the_one_before(
    published: Callable[..., str], file: Path, stack: Any
) -> None:
    offers = of("EU-")
    offers["AmazonVPC"] = []
    _, missing = price_list.renew("eu-west-1", needed(stack), published("eu-west-1", offers), file)
    prices = costs.load(file)
    assert prices.prices["public_ipv4"].price is None
    assert any(
        words.startswith("public_ipv4: no row of usage type PublicIPv4:InUseAddress") for words in missing
    )
    assert all("price" not in entry for entry in prices.use)
    # The course's own figure is the course's, wherever the stack runs.
    assert prices.seed["monthly"] == 89.28


def test_renewed_twice_it_is_the_same(published: Callable[..., str], file: Path, stack: Any) -> None:
    base = published("ap-northeast-2", of("APN2-"))
    price_list.renew("ap-northeast-2", needed(stack), base, file)
    once = file.read_text(encoding="utf-8")
    price_list.renew("ap-northeast-2", needed(stack), base, file)
    assert file.read_text(encoding="utf-8") == once
    assert once.count("\n# ---") == costs.FILE.read_text(encoding="utf-8").count("\n# ---")


def test_two_prices_that_differ_are_none(published: Callable[..., str], file: Path) -> None:
    offers = of("APN2-")
    offers["awskms"].append(("APN2-KMS-Keys", 2.0, {}))
    _, missing = price_list.renew("ap-northeast-2", set(), published("ap-northeast-2", offers), file)
    assert any(words.startswith("kms_key: 2 prices") for words in missing)
    assert costs.load(file).prices["kms_key"].source == "price-list"


def test_an_item_that_is_not_known_is_told(published: Callable[..., str], file: Path) -> None:
    base = published("ap-northeast-2", of("APN2-"))
    _, missing = price_list.renew("ap-northeast-2", {"database.oracle.db.m5.large"}, base, file)
    assert "database.oracle.db.m5.large: it is not known where AWS's price list has it" in missing


@pytest.mark.parametrize("broken", ["absent", "not a price list", "no number"])
def test_lists_that_cannot_be_read_change_nothing(
    published: Callable[..., str], file: Path, tmp_path: Path, broken: str
) -> None:
    offers = of("APN2-")
    base = published("ap-northeast-2", offers)
    one = tmp_path / "offers/v1.0/aws/awskms/current/ap-northeast-2/index.csv"
    if broken == "absent":
        one.unlink()
    elif broken == "not a price list":
        one.write_text("<html>" + 10 * "\n")
    else:
        one.write_text(one.read_text().replace("1.0000000000", "free"))
    before = file.read_bytes()
    with pytest.raises(Problem, match=r"index\.csv"):
        price_list.renew("ap-northeast-2", set(), base, file)
    assert file.read_bytes() == before
    tomllib.loads(file.read_text())


def test_every_item_that_the_stack_pays_for_can_be_looked_up(stack: Any) -> None:
    for variant in ("prod", "dev", "everything"):
        for line in costs.estimate(stack(variant), costs.load()).lines:
            assert price_list.wanted(line.item), line.item


def test_a_difference_that_hangs_on_an_unknown_price_is_not_shown(stack: Any) -> None:
    prices = costs.load()
    handed, other = costs.estimate(stack("prod"), prices), costs.estimate(stack("dev"), prices)
    assert handed.difference(other) is None
    assert handed.difference(costs.estimate(stack("three_zones"), prices)) is not None
    text = pages.costs(pages.Frame("cloudmart-prod", "from a test"), handed, [("smaller", other)], prices)
    row = text[text.index("smaller") :].split("</tr>")[0]
    assert "not known" in row
    assert "−$" not in row
