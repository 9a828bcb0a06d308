"""Data stores in a network: where they keep their groups and subnets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from policies.engine.model import Resource


@dataclass(frozen=True, slots=True)
class Store:
    """Paths of one type's arguments: `groups` (security groups), and either `subnet_group` with the type it
    refers to, or `subnets` for types that name subnets themselves."""

    groups: str
    subnet_group: str = ""
    subnet_group_type: str = ""
    subnets: str = ""


STORES: Final[Mapping[str, Store]] = {
    "aws_db_instance": Store("vpc_security_group_ids", "db_subnet_group_name", "aws_db_subnet_group"),
    "aws_rds_cluster": Store("vpc_security_group_ids", "db_subnet_group_name", "aws_db_subnet_group"),
    "aws_docdb_cluster": Store("vpc_security_group_ids", "db_subnet_group_name", "aws_docdb_subnet_group"),
    "aws_neptune_cluster": Store(
        "vpc_security_group_ids", "neptune_subnet_group_name", "aws_neptune_subnet_group"
    ),
    "aws_elasticache_replication_group": Store(
        "security_group_ids", "subnet_group_name", "aws_elasticache_subnet_group"
    ),
    "aws_elasticache_cluster": Store(
        "security_group_ids", "subnet_group_name", "aws_elasticache_subnet_group"
    ),
    "aws_memorydb_cluster": Store("security_group_ids", "subnet_group_name", "aws_memorydb_subnet_group"),
    "aws_dax_cluster": Store("security_group_ids", "subnet_group_name", "aws_dax_subnet_group"),
    "aws_redshift_cluster": Store(
        "vpc_security_group_ids", "cluster_subnet_group_name", "aws_redshift_subnet_group"
    ),
    "aws_elasticache_serverless_cache": Store("security_group_ids", subnets="subnet_ids"),
    "aws_redshiftserverless_workgroup": Store("security_group_ids", subnets="subnet_ids"),
    "aws_docdbelastic_cluster": Store("vpc_security_group_ids", subnets="subnet_ids"),
    "aws_opensearch_domain": Store("vpc_options.security_group_ids", subnets="vpc_options.subnet_ids"),
    "aws_elasticsearch_domain": Store("vpc_options.security_group_ids", subnets="vpc_options.subnet_ids"),
    "aws_msk_cluster": Store(
        "broker_node_group_info.security_groups", subnets="broker_node_group_info.client_subnets"
    ),
    "aws_efs_mount_target": Store("security_groups", subnets="subnet_id"),
}

SUBNET_GROUPS: Final = (
    "aws_db_subnet_group",
    "aws_docdb_subnet_group",
    "aws_neptune_subnet_group",
    "aws_elasticache_subnet_group",
    "aws_memorydb_subnet_group",
    "aws_dax_subnet_group",
    "aws_redshift_subnet_group",
)


def is_replica(resource: Resource) -> bool:
    """Whether a database instance is a read replica, which takes much from its source."""
    return resource.is_set("replicate_source_db")


def is_member(resource: Resource) -> bool:
    """Whether a cache cluster is a node of a replication group, which decides for it."""
    return resource.type == "aws_elasticache_cluster" and resource.is_set("replication_group_id")


GLOBAL: Final = "global_replication_group_id"
"""Where a replication group names the global datastore that it is a member of."""


def primaries_of(resource: Resource) -> list[Resource]:
    """The primary replication groups of the global datastore that a group is a member of, as far as they are seen."""
    return [
        primary
        for datastore in resource.referenced(GLOBAL, "aws_elasticache_global_replication_group").resources
        for primary in datastore.referenced(
            "primary_replication_group_id", "aws_elasticache_replication_group"
        ).resources
    ]
