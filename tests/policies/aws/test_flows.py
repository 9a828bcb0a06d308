"""Flows and the loss of a zone, from small networks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from policies.aws import flows, zone_loss
from policies.engine import parameters
from policies.engine.model import Model, Undetermined

Modelled = Callable[[dict[str, Any]], Model]


def rule(group: str, ports: tuple[int, int], **other: Any) -> dict[str, Any]:
    return {
        "security_group_id": f"${{aws_security_group.{group}.id}}",
        "ip_protocol": "tcp",
        "from_port": ports[0],
        "to_port": ports[1],
        **other,
    }


def peer(group: str) -> dict[str, str]:
    return {"referenced_security_group_id": f"${{aws_security_group.{group}.id}}"}


ANYWHERE = {"cidr_ipv4": "0.0.0.0/0"}
PRIVATE = ["${aws_subnet.private_a.id}", "${aws_subnet.private_b.id}"]
PUBLIC = ["${aws_subnet.public_a.id}", "${aws_subnet.public_b.id}"]


def network() -> dict[str, Any]:
    """A load balancer, instances, a database and a cache in two zones, each zone with its NAT gateway."""
    subnets, routes, tables, associations, gateways = {}, {}, {"public": {}}, {}, {}
    for number, zone in enumerate("ab"):
        for kind, base in (("public", 1), ("private", 11)):
            subnets[f"{kind}_{zone}"] = {
                "vpc_id": "${aws_vpc.main.id}",
                "availability_zone": f"eu-west-1{zone}",
                "cidr_block": f"10.0.{base + number}.0/24",
            }
            table = "public" if kind == "public" else f"private_{zone}"
            associations[f"{kind}_{zone}"] = {
                "subnet_id": f"${{aws_subnet.{kind}_{zone}.id}}",
                "route_table_id": f"${{aws_route_table.{table}.id}}",
            }
        tables[f"private_{zone}"] = {}
        gateways[zone] = {"subnet_id": f"${{aws_subnet.public_{zone}.id}}"}
        routes[f"private_{zone}"] = {
            "route_table_id": f"${{aws_route_table.private_{zone}.id}}",
            "destination_cidr_block": "0.0.0.0/0",
            "nat_gateway_id": f"${{aws_nat_gateway.{zone}.id}}",
        }
    routes["public"] = {
        "route_table_id": "${aws_route_table.public.id}",
        "destination_cidr_block": "0.0.0.0/0",
        "gateway_id": "${aws_internet_gateway.main.id}",
    }
    for table in tables.values():
        table["vpc_id"] = "${aws_vpc.main.id}"
    return {
        "aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
        "aws_internet_gateway": {"main": {"vpc_id": "${aws_vpc.main.id}"}},
        "aws_subnet": subnets,
        "aws_route_table": tables,
        "aws_route": routes,
        "aws_route_table_association": associations,
        "aws_nat_gateway": gateways,
        "aws_security_group": {
            name: {"vpc_id": "${aws_vpc.main.id}"} for name in ("alb", "web", "db", "cache")
        },
        "aws_vpc_security_group_ingress_rule": {
            "alb_443": rule("alb", (443, 443), **ANYWHERE),
            "alb_80": rule("alb", (80, 80), **ANYWHERE),
            "web": rule("web", (8080, 8080), **peer("alb")),
            "db": rule("db", (5432, 5432), **peer("web")),
            "cache": rule("cache", (6379, 6379), **peer("web")),
        },
        "aws_vpc_security_group_egress_rule": {
            "alb": rule("alb", (8080, 8080), **peer("web")),
            "web_db": rule("web", (5432, 5432), **peer("db")),
            "web_cache": rule("web", (6379, 6379), **peer("cache")),
            "web_out": rule("web", (443, 443), **ANYWHERE),
        },
        "aws_lb": {"main": {"security_groups": ["${aws_security_group.alb.id}"], "subnets": PUBLIC}},
        "aws_launch_template": {"web": {"vpc_security_group_ids": ["${aws_security_group.web.id}"]}},
        "aws_autoscaling_group": {
            "web": {
                "vpc_zone_identifier": PRIVATE,
                "max_size": 4,
                "launch_template": {"id": "${aws_launch_template.web.id}"},
            }
        },
        "aws_db_subnet_group": {"main": {"subnet_ids": PRIVATE}},
        "aws_db_instance": {
            "main": {
                "multi_az": True,
                "vpc_security_group_ids": ["${aws_security_group.db.id}"],
                "db_subnet_group_name": "${aws_db_subnet_group.main.name}",
            }
        },
        "aws_elasticache_subnet_group": {"main": {"subnet_ids": PRIVATE}},
        "aws_elasticache_replication_group": {
            "main": {
                "num_cache_clusters": 2,
                "multi_az_enabled": True,
                "automatic_failover_enabled": True,
                "security_group_ids": ["${aws_security_group.cache.id}"],
                "subnet_group_name": "${aws_elasticache_subnet_group.main.name}",
            }
        },
    }


def model_of(modelled: Modelled, change: Callable[[dict[str, Any]], object]) -> Model:
    resources = copy.deepcopy(network())
    change(resources)
    return modelled({"main.tf.json": {"resource": resources}})


DECLARED = parameters.load().flows


def test_the_declared_flows_are_the_only_ones(modelled: Modelled) -> None:
    model = model_of(modelled, lambda _: None)
    assert [str(flow) for flow in flows.flows(model)] == [
        "backend to cache, tcp 6379",
        "backend to database, tcp 5432",
        "backend to internet, tcp 443",
        "internet to load balancer, tcp 80",
        "internet to load balancer, tcp 443",
        "load balancer to backend, tcp 8080",
    ]
    assert flows.compare(model, DECLARED) == flows.Comparison((), ())


def ingress(resources: dict[str, Any], name: str, **arguments: Any) -> None:
    resources["aws_vpc_security_group_ingress_rule"][name].update(arguments)


def inline(resources: dict[str, Any]) -> None:
    """The same rules written inline and as older rule resources."""
    groups = resources["aws_security_group"]
    resources.pop("aws_vpc_security_group_ingress_rule")
    resources.pop("aws_vpc_security_group_egress_rule")

    def block(port: int, **other: Any) -> dict[str, Any]:
        return {"protocol": "tcp", "from_port": port, "to_port": port, **other}

    def groups_of(name: str) -> list[str]:
        return [f"${{aws_security_group.{name}.id}}"]

    groups["alb"]["ingress"] = [
        block(443, cidr_blocks=["0.0.0.0/0"], ipv6_cidr_blocks=["::/0"]),
        block(80, cidr_blocks=["0.0.0.0/0"]),
    ]
    groups["alb"]["egress"] = block(8080, cidr_blocks=["10.0.0.0/16"])
    groups["web"]["ingress"] = block(8080, security_groups=groups_of("alb"))
    groups["web"]["egress"] = [
        {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["10.0.0.0/16"]}
    ]
    resources["aws_security_group_rule"] = {
        "db": {
            "type": "ingress",
            "protocol": "6",
            "from_port": 5432,
            "to_port": 5432,
            "security_group_id": groups_of("db")[0],
            "source_security_group_id": groups_of("web")[0],
        },
        "cache": {
            "type": "ingress",
            "protocol": "tcp",
            "from_port": 6379,
            "to_port": 6379,
            "security_group_id": groups_of("cache")[0],
            "cidr_blocks": ["10.0.8.0/21"],
        },
        "out": {
            "type": "egress",
            "protocol": "tcp",
            "from_port": 443,
            "to_port": 443,
            "security_group_id": groups_of("web")[0],
            "cidr_blocks": ["0.0.0.0/0"],
        },
    }


def test_flows_do_not_depend_on_how_rules_are_written(modelled: Modelled) -> None:
    assert flows.compare(model_of(modelled, inline), DECLARED) == flows.Comparison((), ())


@pytest.mark.parametrize(
    ("change", "surplus", "missing"),
    [
        (lambda r: ingress(r, "db", to_port=5433), [], []),
        (
            lambda r: (
                ingress(r, "db", to_port=5433),
                r["aws_vpc_security_group_egress_rule"]["web_db"].update(to_port=5440),
            ),
            ["backend to database, tcp 5432-5433"],
            ["backend to database, tcp 5432"],
        ),
        (
            lambda r: r["aws_vpc_security_group_egress_rule"]["web_db"].update(ip_protocol="-1"),
            [],
            [],
        ),
        (
            lambda r: r["aws_vpc_security_group_ingress_rule"].pop("cache"),
            [],
            ["backend to cache, tcp 6379"],
        ),
        (
            lambda r: (
                r["aws_vpc_security_group_egress_rule"].update(alb_db=rule("alb", (5432, 5432), **peer("db")))
                or r["aws_vpc_security_group_ingress_rule"].update(
                    db_alb=rule("db", (5432, 5432), **peer("alb"))
                )
            ),
            ["load balancer to database, tcp 5432"],
            [],
        ),
        (
            lambda r: r["aws_vpc_security_group_ingress_rule"].update(
                peered=rule("db", (5432, 5432), cidr_ipv4="192.168.0.0/16")
            ),
            ["192.168.0.0/16 to database, tcp 5432"],
            [],
        ),
        (
            lambda r: r["aws_vpc_security_group_egress_rule"]["web_out"].update(from_port=1, to_port=65535),
            ["backend to internet, tcp 1-65535"],
            ["backend to internet, tcp 443"],
        ),
        (
            lambda r: r["aws_route"].pop("private_a") and r["aws_route"].pop("private_b"),
            ["backend to load balancer, tcp 443"],
            ["backend to internet, tcp 443"],
        ),
        (
            lambda r: r["aws_lb"]["main"].update(internal=True),
            ["backend to load balancer, tcp 443"],
            ["internet to load balancer, tcp 443", "internet to load balancer, tcp 80"],
        ),
        (
            lambda r: (
                r["aws_db_instance"]["main"].update(publicly_accessible=True),
                ingress(r, "db", cidr_ipv4="203.0.113.0/24"),
                r["aws_db_subnet_group"]["main"].update(subnet_ids=PUBLIC),
            ),
            ["internet to database, tcp 5432"],
            [],
        ),
    ],
)
def test_one_flow_more_or_fewer_is_named(
    modelled: Modelled, change: Callable[[dict[str, Any]], object], surplus: list[str], missing: list[str]
) -> None:
    found = flows.compare(model_of(modelled, change), DECLARED)
    assert [str(flow) for flow in found.surplus] == surplus
    assert [str(flow) for flow in found.missing] == missing


@pytest.mark.parametrize(
    "change",
    [
        lambda r: ingress(r, "db", from_port="${var.unset}"),
        lambda r: ingress(r, "db", security_group_id="${var.unset}"),
        lambda r: r["aws_db_instance"]["main"].update(vpc_security_group_ids="${var.unset}"),
        lambda r: r["aws_autoscaling_group"]["web"].pop("launch_template"),
        lambda r: (
            r["aws_db_instance"]["main"].pop("vpc_security_group_ids")
            and [subnet.update(vpc_id="${var.unset}") for subnet in r["aws_subnet"].values()]
        ),
        lambda r: (
            r["aws_subnet"]["private_a"].update(cidr_block="${var.unset}")
            or ingress(r, "db", cidr_ipv4="10.0.11.0/24")
        ),
    ],
)
def test_what_cannot_be_told_is_not_guessed(
    modelled: Modelled, change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(Undetermined):
        flows.flows(model_of(modelled, change))


def test_everything_survives_the_loss_of_either_zone(modelled: Modelled) -> None:
    assert zone_loss.zone_loss(model_of(modelled, lambda _: None)) == {"eu-west-1a": [], "eu-west-1b": []}


def single_nat(resources: dict[str, Any]) -> None:
    resources["aws_nat_gateway"].pop("b")
    resources["aws_route"]["private_b"]["nat_gateway_id"] = "${aws_nat_gateway.a.id}"


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (single_nat, {"eu-west-1a": ["aws_route.private_b"], "eu-west-1b": []}),
        (
            lambda r: r["aws_lb"]["main"].update(subnets=PUBLIC[:1]),
            {"eu-west-1a": ["aws_lb.main"], "eu-west-1b": []},
        ),
        (
            lambda r: r["aws_autoscaling_group"]["web"].update(vpc_zone_identifier=PRIVATE[1:]),
            {"eu-west-1a": [], "eu-west-1b": ["aws_autoscaling_group.web"]},
        ),
        (
            lambda r: r["aws_db_instance"]["main"].update(multi_az=False),
            {"eu-west-1a": ["aws_db_instance.main"], "eu-west-1b": ["aws_db_instance.main"]},
        ),
        (
            lambda r: r["aws_db_instance"]["main"].update(multi_az=False, availability_zone="eu-west-1b"),
            {"eu-west-1a": [], "eu-west-1b": ["aws_db_instance.main"]},
        ),
        (
            lambda r: r["aws_elasticache_replication_group"]["main"].update(automatic_failover_enabled=False),
            {key: ["aws_elasticache_replication_group.main"] for key in ("eu-west-1a", "eu-west-1b")},
        ),
        (
            lambda r: r["aws_elasticache_replication_group"]["main"].update(num_cache_clusters=1),
            {key: ["aws_elasticache_replication_group.main"] for key in ("eu-west-1a", "eu-west-1b")},
        ),
        (
            lambda r: r["aws_elasticache_subnet_group"]["main"].update(subnet_ids=PRIVATE[:1]),
            {"eu-west-1a": ["aws_elasticache_replication_group.main"], "eu-west-1b": []},
        ),
    ],
)
def test_what_breaks_is_named_zone_by_zone(
    modelled: Modelled, change: Callable[[dict[str, Any]], object], broken: dict[str, list[str]]
) -> None:
    found = zone_loss.zone_loss(model_of(modelled, change))
    assert {zone: [one.view.resource.address for one in breaks] for zone, breaks in found.items()} == broken


# --- the default VPC ------------------------------------------------------------------------------------

SSH = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}
OUT = {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}
OPEN = {"aws_security_group": {"ssh": {"ingress": [SSH], "egress": [OUT]}}}
WORN = ["${aws_security_group.ssh.id}"]
IN_AND_OUT = ["backend to internet, all any port", "internet to backend, tcp 22"]
DEFAULT = ["backend to backend, all any port", "backend to internet, all any port"]


@pytest.mark.parametrize(
    ("resources", "happening"),
    [
        ({"aws_instance": {"main": {"vpc_security_group_ids": WORN}}, **OPEN}, IN_AND_OUT),
        # Without any group it has the default one, which lets in only what wears it.
        ({"aws_instance": {"main": {}}}, DEFAULT),
        ({"aws_instance": {"main": {"security_groups": ["default"]}}}, DEFAULT),
        ({"aws_spot_instance_request": {"main": {"vpc_security_group_ids": WORN}}, **OPEN}, IN_AND_OUT),
        (
            {
                "aws_elb": {"main": {"availability_zones": ["eu-west-1a"], "security_groups": WORN}},
                "aws_security_group": {"ssh": {"ingress": [SSH]}},
            },
            ["internet to load balancer, tcp 22"],
        ),
        (
            {
                "aws_instance": {
                    "main": {"vpc_security_group_ids": WORN, "associate_public_ip_address": False}
                },
                **OPEN,
            },
            ["backend to backend, tcp 22"],
        ),
        (
            {
                "aws_instance": {"main": {"launch_template": {"id": "${aws_launch_template.main.id}"}}},
                "aws_launch_template": {"main": {"vpc_security_group_ids": WORN}},
                **OPEN,
            },
            IN_AND_OUT,
        ),
        (
            {
                "aws_instance": {
                    "main": {
                        "network_interface": {"network_interface_id": "${aws_network_interface.main.id}"}
                    }
                },
                "aws_network_interface": {
                    "main": {"subnet_id": "${aws_default_subnet.main.id}", "security_groups": WORN}
                },
                "aws_default_subnet": {"main": {"availability_zone": "eu-west-1a"}},
                **OPEN,
            },
            IN_AND_OUT,
        ),
        (
            {
                "aws_autoscaling_group": {
                    "main": {
                        "availability_zones": ["eu-west-1a"],
                        "launch_template": {"id": "${aws_launch_template.main.id}"},
                    }
                },
                "aws_launch_template": {"main": {"network_interfaces": {"security_groups": WORN}}},
                **OPEN,
            },
            IN_AND_OUT,
        ),
        (
            {
                "aws_autoscaling_group": {
                    "main": {"launch_configuration": "${aws_launch_configuration.main.name}"}
                },
                "aws_launch_configuration": {"main": {"security_groups": WORN}},
                **OPEN,
            },
            IN_AND_OUT,
        ),
        # What manages the default group decides.
        ({"aws_instance": {"main": {}}, "aws_default_security_group": {"main": {}}}, []),
        (
            {
                "aws_instance": {"main": {}},
                "aws_default_vpc": {"main": {}},
                "aws_vpc_security_group_ingress_rule": {
                    "ssh": {
                        "security_group_id": "${aws_default_vpc.main.default_security_group_id}",
                        "ip_protocol": "tcp",
                        "from_port": 22,
                        "to_port": 22,
                        "cidr_ipv4": "0.0.0.0/0",
                    }
                },
            },
            [*DEFAULT, "internet to backend, tcp 22"],
        ),
        # The same in a VPC that is made here.
        (
            {
                "aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
                "aws_subnet": {"main": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.0.0.0/24"}},
                "aws_instance": {"main": {"subnet_id": "${aws_subnet.main.id}"}},
            },
            ["backend to backend, all any port"],
        ),
        (
            {
                "aws_db_instance": {"main": {"publicly_accessible": True, "vpc_security_group_ids": WORN}},
                "aws_security_group": {"ssh": {"ingress": [SSH]}},
            },
            ["internet to database, tcp 22"],
        ),
        (
            {
                "aws_default_subnet": {"main": {"availability_zone": "a", "map_public_ip_on_launch": False}},
                "aws_instance": {
                    "main": {"subnet_id": "${aws_default_subnet.main.id}", "vpc_security_group_ids": WORN}
                },
                **OPEN,
            },
            ["backend to backend, tcp 22"],
        ),
        # AWS makes no load balancer without a subnet, and a classic one that names zones stands in the default VPC.
        ({"aws_elb": {"main": {"subnets": [], "security_groups": []}}, "aws_lb": {"main": {}}}, []),
        (
            {"aws_elb": {"main": {"availability_zones": ["us-east-1a"]}}},
            ["load balancer to internet, all any port", "load balancer to load balancer, all any port"],
        ),
        # A function outside of a VPC, and tasks in the network of their hosts, are no ends of flows.
        ({"aws_lambda_function": {"main": {}}, "aws_ecs_service": {"main": {"launch_type": "EC2"}}}, []),
    ],
)
def test_what_names_no_subnet_stands_in_the_default_vpc(
    modelled: Modelled, resources: dict[str, Any], happening: list[str]
) -> None:
    model = modelled({"main.tf.json": {"resource": copy.deepcopy(resources)}})
    assert [str(flow) for flow in flows.flows(model)] == happening
