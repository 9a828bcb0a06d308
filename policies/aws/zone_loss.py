"""What is left when an Availability Zone is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from policies.aws.flows import SUBNETS, linked, nat_of, routes
from policies.aws.networks import Zone, tables_of, zone_of, zones
from policies.aws.stores import STORES
from policies.engine.model import Model, Resource, View
from policies.engine.values import ABSENT, Unknown


@dataclass(frozen=True, slots=True, eq=False)
class Break:
    """What no longer works when `zone` is lost, and the resource or block that is the reason."""

    zone: str
    message: str
    view: View


def zone_loss(model: Model) -> dict[str, list[Break]]:
    """For each Availability Zone that the model uses, in order, what breaks when it is lost.

    Raises:
        Undetermined: zones, subnets, routes or the settings that decide cannot be told.
    """
    subnets = model.of_type(*SUBNETS)
    if not subnets:
        return {}
    zones(subnets)
    by_zone: dict[Zone, list[Resource]] = {}
    for subnet in subnets:
        by_zone.setdefault(zone_of(subnet), []).append(subnet)
    ordered = sorted(by_zone, key=str)
    return {str(zone): list(_breaks(model, zone, by_zone)) for zone in ordered}


def _breaks(model: Model, zone: Zone, by_zone: dict[Zone, list[Resource]]) -> Iterator[Break]:
    lost = {id(subnet) for subnet in by_zone[zone]}
    name = str(zone)

    def left(paths: Iterable[tuple[View, str]]) -> bool:
        subnets = linked(paths, SUBNETS, "subnet")
        return any(id(subnet) not in lost for subnet in subnets)

    for resource in model.of_type("aws_lb", "aws_alb", "aws_elb"):
        if not left([(resource, "subnets[]"), (resource, "subnet_mapping[].subnet_id")]):
            yield Break(name, "the load balancer has no subnet left", resource)
    for resource in model.of_type("aws_autoscaling_group"):
        if not left([(resource, "vpc_zone_identifier[]")]):
            yield Break(name, "the Auto Scaling group has no subnet left to start instances in", resource)
        elif (resource.number("max_size", 0) or 0) < 1:
            yield Break(name, "the Auto Scaling group may start no instance", resource)
    instances = model.of_type("aws_instance")
    if instances and not any(left([(resource, "subnet_id")]) for resource in instances):
        for resource in instances:
            yield Break(name, "the instance is lost and nothing replaces it", resource)
    for resource in model.of_type("aws_vpc_endpoint"):
        if resource.get("subnet_ids") not in (ABSENT, []) and not left([(resource, "subnet_ids[]")]):
            yield Break(name, "the endpoint has no subnet left", resource)
    for other, subnets in by_zone.items():
        for subnet in subnets if other != zone else ():
            yield from _routes_lost(subnet, lost, name)
    yield from _stores_lost(model, zone, lost, left)


def _routes_lost(subnet: Resource, lost: set[int], zone: str) -> Iterator[Break]:
    """Routes of a surviving subnet that lead through a NAT gateway in the lost zone."""
    for table in tables_of(subnet):
        for route in routes(table):
            for nat in nat_of(route):
                homes = nat.referenced("subnet_id", *SUBNETS).resources
                if nat.type == "aws_nat_gateway" and not homes and nat.get("subnet_id") is not ABSENT:
                    raise nat.undetermined("the subnet of the NAT gateway is not seen here", "subnet_id")
                if homes and all(id(home) in lost for home in homes):
                    yield Break(
                        zone,
                        f"{subnet.address} loses its way out: {nat.address} stands in the lost zone",
                        route,
                    )


def _stores_lost(model: Model, zone: Zone, lost: set[int], left: Any) -> Iterator[Break]:
    name = str(zone)
    for resource in model.of_type("aws_db_instance"):
        where = _group_paths(resource)
        if not resource.boolean("multi_az"):
            own = resource.get("availability_zone")
            if isinstance(own, Unknown):
                raise resource.undetermined(own, "availability_zone")
            if own is ABSENT or own == zone:
                yield Break(name, "the database has no standby in another zone", resource)
        elif where and not left(where):
            yield Break(name, "the database's subnet group has no subnet left for the standby", resource)
    for resource in model.of_type("aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"):
        members = model.referring(resource, f"{resource.type}_instance", "cluster_identifier")
        if members.unknowns:
            raise resource.undetermined(members.unknowns[0])
        if len(members.resources) < 2 and resource.get("db_cluster_instance_class") is ABSENT:
            yield Break(name, "the cluster has no second instance in another zone", resource)
        elif (where := _group_paths(resource)) and not left(where):
            yield Break(name, "the cluster's subnet group has no subnet left", resource)
    for resource in model.of_type("aws_elasticache_replication_group"):
        nodes_wanted = resource.number("num_cache_clusters", 1) or 1
        replicas = resource.number("replicas_per_node_group", nodes_wanted - 1) or 0
        if replicas < 1:
            yield Break(name, "the cache has no replica in another zone", resource)
        elif not (resource.boolean("multi_az_enabled") and resource.boolean("automatic_failover_enabled")):
            yield Break(name, "no replica of the cache takes over by itself", resource)
        elif (where := _group_paths(resource)) and not left(where):
            yield Break(name, "the cache's subnet group has no subnet left for the replica", resource)
    for resource in model.of_type("aws_elasticache_cluster"):
        if resource.get("replication_group_id") is ABSENT and (
            resource.number("num_cache_nodes", 1) == 1 or resource.text("az_mode", "single-az") == "single-az"
        ):
            yield Break(name, "the cache has no replica in another zone", resource)


def _group_paths(resource: Resource) -> list[tuple[View, str]]:
    store = STORES[resource.type]
    groups = resource.referenced(store.subnet_group, store.subnet_group_type).resources
    if not groups and resource.get(store.subnet_group) is not ABSENT:
        raise resource.undetermined("its subnet group is not seen here", store.subnet_group)
    return [(group, "subnet_ids[]") for group in groups]
