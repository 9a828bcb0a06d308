"""Subnets, routes and NAT gateways by zone; and the security-group rules, which are the declared chain exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Stack = Callable[[str], dict[str, Any]]


def routes(resources: dict[str, Any]) -> dict[str, str]:
    """Where each subnet's default route leads, by the subnet's name; '' for a table without one."""
    default = {
        route["route_table_id"]: route.get("gateway_id") or route["nat_gateway_id"]
        for route in resources["aws_route"].values()
        if route["destination_cidr_block"] == "0.0.0.0/0"
    }
    return {
        one["subnet_id"].split(".")[1]: default.get(one["route_table_id"], "")
        for one in resources["aws_route_table_association"].values()
    }


INTERNET = "${aws_internet_gateway.main.id}"


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("prod", {"public_a": INTERNET, "public_b": INTERNET, "private_a": "a", "private_b": "b"}),
        ("dev", {"public_a": INTERNET, "public_b": INTERNET, "private_a": "a", "private_b": "a"}),
        (
            "three_zones",
            {f"public_{zone}": INTERNET for zone in "abc"} | {f"private_{zone}": zone for zone in "abc"},
        ),
        ("single_zone", {"public_a": INTERNET, "public_b": INTERNET, "private_a": "b", "private_b": "b"}),
        (
            "everything",
            {
                "public_a": INTERNET,
                "public_b": INTERNET,
                "private_a": "a",
                "private_b": "b",
                "data_a": "",
                "data_b": "",
            },
        ),
    ],
)
def test_every_subnet_has_its_way_out(stack: Stack, variant: str, expected: dict[str, str]) -> None:
    assert routes(stack(variant)["resource"]) == {
        subnet: f"${{aws_nat_gateway.{way}.id}}" if len(way) == 1 else way for subnet, way in expected.items()
    }


@pytest.mark.parametrize(("variant", "zones"), [("prod", "ab"), ("dev", "a"), ("three_zones", "abc")])
def test_each_nat_gateway_stands_in_its_own_zone(stack: Stack, variant: str, zones: str) -> None:
    gateways = stack(variant)["resource"]["aws_nat_gateway"]
    assert {name: gateway["subnet_id"] for name, gateway in gateways.items()} == {
        zone: f"${{aws_subnet.public_{zone}.id}}" for zone in zones
    }


def test_no_subnet_gives_public_addresses(stack: Stack) -> None:
    for variant in ("prod", "dev", "everything"):
        for subnet in stack(variant)["resource"]["aws_subnet"].values():
            assert subnet["map_public_ip_on_launch"] is False


def test_a_single_zone_still_has_the_second_subnets_that_aws_wants(stack: Stack) -> None:
    resources = stack("single_zone")["resource"]
    assert resources["aws_lb"]["main"]["subnets"] == [
        "${aws_subnet.public_b.id}",
        "${aws_subnet.public_a.id}",
    ]
    assert resources["aws_autoscaling_group"]["backend"]["vpc_zone_identifier"] == [
        "${aws_subnet.private_b.id}"
    ]


CHAIN = {
    ("internet", "alb", 443),
    ("internet", "alb", 80),
    ("alb", "backend", 8080),
    ("backend", "database", 5432),
    ("backend", "cache", 6379),
    ("backend", "internet", 443),
}


def edges(resources: dict[str, Any], kind: str) -> set[tuple[str, str, int]]:
    """(source, target, port) of every rule of one direction."""
    found = set()
    for rule in resources[f"aws_vpc_security_group_{kind}_rule"].values():
        assert rule["ip_protocol"] == "tcp"
        assert rule["from_port"] == rule["to_port"]
        own = rule["security_group_id"].split(".")[1]
        far = rule.get("referenced_security_group_id", "..").split(".")[1] or "internet"
        if far == "internet":
            assert rule["cidr_ipv4"] == "0.0.0.0/0"
        found.add((far, own, rule["to_port"]) if kind == "ingress" else (own, far, rule["to_port"]))
    return found


@pytest.mark.parametrize("variant", ["prod", "dev", "three_zones", "single_zone"])
def test_security_group_rules_are_the_chain_exactly(stack: Stack, variant: str) -> None:
    resources = stack(variant)["resource"]
    assert edges(resources, "ingress") == {edge for edge in CHAIN if edge[1] != "internet"}
    assert edges(resources, "egress") == {edge for edge in CHAIN if edge[0] != "internet"}
    for group in resources["aws_security_group"].values():
        assert not {"ingress", "egress"} & group.keys()


def test_interface_endpoints_add_one_edge(stack: Stack) -> None:
    resources = stack("everything")["resource"]
    extra = ("backend", "endpoints", 443)
    assert edges(resources, "ingress") - CHAIN == {extra}
    assert edges(resources, "egress") - CHAIN == {extra}


def test_the_default_security_group_lets_nobody(prod: dict[str, Any]) -> None:
    assert not {"ingress", "egress"} & prod["aws_default_security_group"]["main"].keys()


def test_a_third_zone_only_adds(stack: Stack) -> None:
    before, after = stack("prod"), stack("three_zones")
    changed = {}
    for kind, named in before["resource"].items():
        for name, resource in named.items():
            assert name in after["resource"][kind], f"{kind}.{name} is gone"
            now = after["resource"][kind][name]
            keys = {key for key in {*resource, *now} if resource.get(key) != now.get(key)}
            if keys:
                changed[f"{kind}.{name}"] = keys
    added = {
        f"{kind}.{name}"
        for kind, named in after["resource"].items()
        for name in named
        if name not in before["resource"].get(kind, {})
    }
    # Lists of subnets and route tables grow; every one of them is changed in place.
    assert changed == {
        "aws_lb.main": {"subnets"},
        "aws_autoscaling_group.backend": {"vpc_zone_identifier", "depends_on"},
        "aws_db_subnet_group.main": {"subnet_ids"},
        "aws_elasticache_subnet_group.main": {"subnet_ids"},
        "aws_vpc_endpoint.s3": {"route_table_ids"},
        "aws_cloudwatch_dashboard.main": {"dashboard_body"},
    }
    assert added == {
        "aws_subnet.public_c",
        "aws_subnet.private_c",
        "aws_route_table.private_c",
        "aws_route_table_association.public_c",
        "aws_route_table_association.private_c",
        "aws_route.private_c",
        "aws_eip.nat_c",
        "aws_nat_gateway.c",
        "aws_cloudwatch_metric_alarm.nat_ports_c",
    }
