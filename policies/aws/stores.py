"""Data stores: which types hold people's data, and where those in a network keep their groups and subnets.

A store that no rule knows must not pass unseen.
"""

from __future__ import annotations

import re
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


# --- which types are stores

# Types of hashicorp/aws that keep data at rest in a service of their own.
# Source: the provider's resource list, https://registry.terraform.io/providers/hashicorp/aws/latest/docs
_AWS: Final = frozenset(
    f"aws_{name}"
    for name in """
    backup_logically_air_gapped_vault backup_vault
    cloudsearch_domain cloudtrail_event_data_store
    dax_cluster
    db_instance
    docdb_cluster docdb_global_cluster docdbelastic_cluster
    dsql_cluster
    dynamodb_global_table dynamodb_table
    ebs_volume
    efs_file_system
    elasticache_cluster elasticache_global_replication_group elasticache_replication_group
    elasticache_serverless_cache
    elasticsearch_domain
    finspace_kx_cluster finspace_kx_database finspace_kx_volume
    fsx_file_cache fsx_lustre_file_system fsx_ontap_file_system
    fsx_openzfs_file_system fsx_windows_file_system
    glacier_vault
    keyspaces_table
    kinesis_firehose_delivery_stream kinesis_stream kinesis_video_stream
    lightsail_bucket lightsail_database lightsail_disk
    media_store_container
    memorydb_cluster memorydb_multi_region_cluster
    mq_broker
    msk_cluster msk_serverless_cluster
    neptune_cluster neptune_global_cluster neptunegraph_graph
    odb_cloud_autonomous_vm_cluster odb_cloud_vm_cluster
    opensearch_domain opensearchserverless_collection
    qldb_ledger
    rds_cluster rds_global_cluster rds_shard_group
    redshift_cluster redshiftserverless_namespace
    s3_bucket s3_directory_bucket s3control_bucket s3tables_table_bucket s3vectors_vector_bucket
    sns_topic sqs_queue
    storagegateway_cached_iscsi_volume storagegateway_stored_iscsi_volume
    timestreaminfluxdb_db_cluster timestreaminfluxdb_db_instance
    timestreamwrite_database timestreamwrite_table
    """.split()  # noqa: SIM905 — a paragraph is easier to review than a hundred quotes
)

# Types of AWS that came later, and those of other providers, known by their names.
_ENGINES: Final = (
    "alloydb|aurora|bigquery|bigtable|cassandra|clickhouse|cosmosdb|couchbase|dynamodb|elasticsearch|"
    "firestore|mariadb|memcached?|mongo(?:db)?|mssql|mysql|neo4j|opensearch|oracle|postgres(?:ql)?|redis|redshift|"
    "scylladb|spanner|sql|valkey"
)
_THINGS: Final = "account|cache|cluster|database|dataset|db|instance|ledger|server|table|warehouse"
_BY_NAME: Final = re.compile(
    rf"_(?:{_ENGINES})(?:_[a-z0-9]+)*_(?:{_THINGS})$"
    r"|_(?:database|db)_(?:cluster|instance)$"
    r"|_(?:database|db_cluster|file_system|filesystem|ledger)$"
    r"|_storage_(?:account|bucket)$|_(?:table|vector|directory|object_storage)_bucket$|^google_storage_bucket$"
)
# Names that the patterns match, of things that hold no data of their own.
_OTHERS: Final = re.compile(
    r"^aws_(?:athena_database|glue_catalog_database|datasync_location_\w+|rds_custom_db_engine_version)$"
    r"|^aws_(?:rds|docdb|neptune)_cluster_instance$"
)


def is_data_store(type: str) -> bool:
    """Whether resources of this type keep data at rest.

    Errs on the side of yes: a type taken for a data store stops the gate with a message, and can then be
    accepted in the parameters (`coverage.accepted_stores`) or be given a rule.
    """
    return type in _AWS or bool(_BY_NAME.search(type) and not _OTHERS.search(type))
