"""Databases and caches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mock_provider import catalogue
from mock_provider.argument_checks import Refusal, day_window, is_set, may_be_set, week_window, windows_meet
from mock_provider.cross_checks.wording import (
    Rule,
    State,
    blocks,
    conflicts_when,
    invalid,
    known,
    listed,
    one,
    required_when,
    unset,
    zone_refusal,
)
from mock_provider.values import UNKNOWN

_LOG_EXPORTS = {
    "postgres": ("iam-db-auth-error", "postgresql", "upgrade"),
    "mysql": ("audit", "error", "general", "iam-db-auth-error", "slowquery"),
    "mariadb": ("audit", "error", "general", "iam-db-auth-error", "slowquery"),
}
_MYSQL_SCHEMAS = ("information_schema", "mysql", "performance_schema", "sys")
# Source: the guide's pages of the engines, on master users and on databases that the engine makes itself; `postgres`
# and, for MySQL, `admin` are what the console proposes.
_RESERVED_NAMES: dict[tuple[str, str], tuple[str, ...]] = {
    ("postgres", "username"): ("admin", "rdsadmin", "rdsrepladmin", "user"),
    # Those that have been seen to be refused; RDS has more of SQL's words.
    ("postgres", "db_name"): (
        *("catalog", "comments", "flag", "grant"),
        *("rdsadmin", "template0", "template1"),
    ),
    ("mysql", "username"): ("rdsadmin",),
    ("mysql", "db_name"): _MYSQL_SCHEMAS,
    ("mariadb", "username"): ("rdsadmin",),
    ("mariadb", "db_name"): _MYSQL_SCHEMAS,
}
_CERTIFICATES = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1", "rds-ca-2019")
_SMALL = re.compile(r"db\.(t2|t3|t4g)\.(micro|small)")


def _db_instance(config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html."""
    yield from _windows(config, "backup_window", "maintenance_window", 30, "backup")
    engine = config.get("engine")
    if isinstance(engine, str):
        yield from _db_engine(config, engine.lower(), region)
    copy = any(
        may_be_set(config.get(name))
        for name in ("replicate_source_db", "snapshot_identifier", "s3_import", "restore_to_point_in_time")
    )
    if not copy:
        if unset(config, "engine"):
            yield Refusal(("engine",), '"engine": required field is not set')
        if unset(config, "username"):
            yield Refusal(("username",), '"username": required field is not set')
        passwords = ("password", "password_wo", "manage_master_user_password")
        if not any(may_be_set(config.get(name)) for name in passwords):
            yield Refusal(
                ("password",),
                "InvalidParameterValue: The parameter MasterUserPassword must be provided",
                f"One of {', '.join(passwords)} must be specified.",
            )
    if config.get("multi_az") is True and is_set(config.get("availability_zone")):
        yield Refusal(
            ("availability_zone",),
            "InvalidParameterCombination: Requesting a specific availability zone is not valid for Multi-AZ instances.",
        )
    if is_set(config.get("kms_key_id")) and config.get("storage_encrypted") in (None, False) and not copy:
        yield Refusal(
            ("kms_key_id",), "InvalidParameterCombination: KmsKeyId requires that storage_encrypted is true"
        )
    interval = config.get("monitoring_interval")
    if isinstance(interval, int) and interval and unset(config, "monitoring_role_arn"):
        yield Refusal(
            ("monitoring_role_arn",),
            "InvalidParameterCombination: A MonitoringRoleARN value is required if you specify a MonitoringInterval "
            f"value other than 0, got {interval}.",
        )
    yield from _db_storage(config, copy)
    if config.get("performance_insights_enabled") in (None, False):
        for name in ("performance_insights_kms_key_id", "performance_insights_retention_period"):
            if is_set(config.get(name)) and config[name] != 0:
                yield Refusal(
                    (name,),
                    f"InvalidParameterCombination: {name} requires that performance_insights_enabled is true",
                )
    certificate = config.get("ca_cert_identifier")
    if isinstance(certificate, str) and certificate not in _CERTIFICATES:
        yield Refusal(
            ("ca_cert_identifier",), f"CertificateNotFound: CertificateIdentifier not found: {certificate}"
        )
    port = config.get("port")
    if isinstance(port, int) and not 1150 <= port <= 65535:
        yield invalid(("port",), f"Invalid database port: {port}. Valid are 1150 to 65535.")
    if config.get("skip_final_snapshot") in (None, False) and unset(config, "final_snapshot_identifier"):
        yield Refusal(
            ("final_snapshot_identifier",),
            "final_snapshot_identifier is required when skip_final_snapshot is false",
            "The instance can be made as it is, and cannot be deleted.",
            "warning",
        )


def _db_engine(config: State, engine: str, region: str | None) -> Iterator[Refusal]:
    versions = catalogue.engine_versions(engine)
    version = config.get("engine_version")
    if isinstance(version, str) and versions and not catalogue.matches(version, versions):
        yield Refusal(
            ("engine_version",),
            f"InvalidParameterCombination: Cannot find version {version} for {engine}",
            f"Offered, by the list that cfn-lint carries: {catalogue.nearest(version, versions)}.",
        )
    size = config.get("instance_class")
    if isinstance(size, str) and region:
        offered = catalogue.database_classes(engine, region)
        if offered and size not in offered:
            yield Refusal(
                ("instance_class",),
                f"InvalidParameterValue: Invalid DB Instance class: {size}",
                f"{region} does not offer it for {engine}, by the list that cfn-lint carries.",
            )
    if (
        engine in ("mysql", "mariadb")
        and isinstance(size, str)
        and _SMALL.fullmatch(size)
        and config.get("performance_insights_enabled") is True
    ):
        yield Refusal(
            ("performance_insights_enabled",),
            "InvalidParameterCombination: Performance Insights not supported for this configuration.",
        )
    for position, log in enumerate(listed(config.get("enabled_cloudwatch_logs_exports"))):
        if engine in _LOG_EXPORTS and isinstance(log, str) and log not in _LOG_EXPORTS[engine]:
            yield Refusal(
                ("enabled_cloudwatch_logs_exports", position),
                f"InvalidParameterCombination: You cannot use the log types '{log}' with engine version {engine}.",
                f"It has {', '.join(_LOG_EXPORTS[engine])}.",
            )
    for name, pattern in (
        ("db_name", r"[A-Za-z_]\w{0,62}" if engine == "postgres" else r"[A-Za-z]\w{0,63}"),
        ("username", r"[A-Za-z]\w{0,62}" if engine == "postgres" else r"[A-Za-z]\w{0,31}"),
    ):
        given = config.get(name)
        if (engine, name) not in _RESERVED_NAMES or not isinstance(given, str) or given == "":
            continue
        if not re.fullmatch(pattern, given, re.A):
            yield invalid(
                (name,),
                f"{given} is not a valid {name} for {engine}",
                "It begins with a letter, and holds letters, digits and underscores.",
            )
        elif engine == "postgres" and name == "username" and given.startswith("pg_"):
            yield invalid(
                (name,),
                f'{given} cannot be used because role names starting with "pg_" are reserved by the PostgreSQL engine',
            )
        elif given.lower() in _RESERVED_NAMES[engine, name]:
            yield invalid(
                (name,), f"{given} cannot be used as {name} as it is a reserved word used by the engine"
            )


def _db_storage(config: State, copy: bool) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html."""
    size, most, kind = (
        config.get("allocated_storage"),
        config.get("max_allocated_storage"),
        config.get("storage_type"),
    )
    engine = config["engine"].lower() if isinstance(config.get("engine"), str) else ""
    kinds = ("standard", "gp2", "gp3", "io1", "io2")
    if isinstance(kind, str) and kind and kind not in kinds:
        yield invalid(("storage_type",), f"Invalid storage type: {kind}. It is one of {', '.join(kinds)}.")
    if isinstance(size, int) and not 5 <= size <= 65536:
        yield invalid(("allocated_storage",), f"Invalid storage size: {size} GiB")
    elif isinstance(size, int) and kind in ("gp2", "gp3") and size < 20:
        yield invalid(
            ("allocated_storage",), f"Invalid storage size for storage type {kind}: {size}. At least 20 GiB."
        )
    elif (
        isinstance(size, int)
        and kind in ("io1", "io2")
        and engine
        and size < (least := 20 if engine.startswith(_SQL_SERVER) else 100)
    ):
        yield invalid(
            ("allocated_storage",),
            f"Invalid storage size for storage type {kind}: {size}. At least {least} GiB.",
        )
    if isinstance(size, int) and isinstance(most, int) and most and most <= size:
        yield invalid(
            ("max_allocated_storage",),
            f"Invalid max storage size: {most}. It must be greater than allocated_storage ({size}).",
        )
    iops = config.get("iops")
    if isinstance(iops, int) and iops and kind in ("gp2", "standard"):
        yield Refusal(
            ("iops",), f"InvalidParameterCombination: You can't specify IOPS for storage type {kind}"
        )
    floor = next((gib for name, gib in _STRIPED_FROM if engine.startswith(name)), 0)
    for name in ("iops", "storage_throughput"):
        given = config.get(name)
        if isinstance(given, int) and given and kind == "gp3" and isinstance(size, int) and size < floor:
            yield Refusal(
                (name,),
                f"InvalidParameterCombination: You can't specify IOPS or storage throughput for engine {engine} "
                f"and a storage size less than {floor}.",
            )
    if kind in ("io1", "io2") and iops is None and not copy:
        yield Refusal(("iops",), f"InvalidParameterCombination: Must specify IOPS for storage type {kind}")


_SQL_SERVER = ("sqlserver", "custom-sqlserver")
# From which size on gp3 is striped over several volumes, so that its figures can be chosen. SQL Server's never is, and
# lets them be chosen at any size.
_STRIPED_FROM = (
    ("postgres", 400),
    ("mysql", 400),
    ("mariadb", 400),
    ("db2", 400),
    ("oracle", 200),
    ("custom-oracle", 200),
)


def _windows(config: State, daily: str, weekly: str, least: int, what: str) -> Iterator[Refusal]:
    """Two windows long enough and apart.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html,
    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/maintenance-window.html.
    """
    day, week = day_window(config.get(daily)), week_window(config.get(weekly))
    for name, window in ((daily, day), (weekly, week)):
        if window and window[1] < least:
            yield invalid(
                (name,), f"The {name.replace('_', ' ')} must be at least {least} minutes, got {window[1]}."
            )
        elif window and name == weekly and window[1] > 1440:
            yield invalid(
                (name,), f"The {name.replace('_', ' ')} must be less than 24 hours, got {window[1] // 60}."
            )
    if day and week and windows_meet(day, week):
        yield invalid(
            (weekly,),
            f"The {what} window and maintenance window must not overlap.",
            f"{daily} is {config[daily]} and {weekly} is {config[weekly]}, both in UTC.",
        )


_DB_FAMILY = re.compile(
    r"(aurora-mysql\d\.\d|aurora-postgresql\d+|postgres\d+(\.\d+)?|mysql\d\.\d|mariadb\d+\.\d+|"
    r"(custom-)?oracle-(ee|se2)(-cdb)?-\d+|(custom-)?sqlserver-(ee|ex|se|web)-\d+\.\d|db2-(ae|se)-\d+\.\d)"
)


def _db_parameter_group(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBParameterGroup.html."""
    family = config.get("family")
    if isinstance(family, str) and not _DB_FAMILY.fullmatch(family):
        yield invalid(("family",), f"ParameterGroupFamily {family} is not a valid parameter group family")
    yield from _repeated_parameters(config)


def _repeated_parameters(config: State) -> Iterator[Refusal]:
    seen: set[str] = set()
    for at, parameter in blocks(config, "parameter"):
        name = parameter.get("name")
        if isinstance(name, str):
            if name in seen:
                yield invalid((*at, "name"), f"the parameter {name} is given twice")
            seen.add(name)


def _db_subnet_group(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html."""
    subnets = config.get("subnet_ids")
    if isinstance(subnets, list) and len(subnets) == 1 and subnets[0] is not UNKNOWN:
        yield Refusal(
            ("subnet_ids",),
            "DBSubnetGroupDoesNotCoverEnoughAZs: The DB subnet group doesn't meet Availability Zone (AZ) "
            "coverage requirement.",
            "Add subnets to cover at least 2 AZs.",
        )


def _replication_group(config: State, region: str | None) -> Iterator[Refusal]:
    """Source: the resource's CustomizeDiff, and
    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html."""
    yield from _windows(config, "snapshot_window", "maintenance_window", 60, "snapshot")
    failover, nodes = config.get("automatic_failover_enabled"), config.get("num_cache_clusters")
    if config.get("multi_az_enabled") is True and failover in (None, False):
        yield Refusal(
            ("automatic_failover_enabled",),
            "automatic_failover_enabled must be true if multi_az_enabled is true",
        )
    if failover is True and isinstance(nodes, int) and nodes < 2:
        yield Refusal(
            ("num_cache_clusters",),
            '"num_cache_clusters": must be at least 2 if automatic_failover_enabled is true',
        )
    if isinstance(nodes, int) and not 1 <= nodes <= 6:
        yield invalid(("num_cache_clusters",), f"{nodes} nodes: a replication group of one shard has 1 to 6")
    engine = config.get("engine") if known(config.get("engine")) else "redis"
    version = config.get("engine_version")
    versions = catalogue.cache_versions(str(engine).lower())
    if isinstance(version, str) and versions and not catalogue.matches(version.replace(".x", ""), versions):
        yield Refusal(
            ("engine_version",),
            f"InvalidParameterCombination: Cannot find version {version} for {engine}",
            f"Offered, by the list that cfn-lint carries: {catalogue.nearest(version, versions)}.",
        )
    node = config.get("node_type")
    if isinstance(node, str) and region:
        offered = catalogue.node_types(region)
        if offered and node not in offered:
            yield invalid(
                ("node_type",),
                f"Invalid cache node type: {node}",
                f"{region} does not offer it, by the list that cfn-lint carries.",
            )
    transit = config.get("transit_encryption_enabled")
    if transit in (None, False):
        for name in ("auth_token", "user_group_ids", "transit_encryption_mode"):
            if is_set(config.get(name)):
                yield Refusal(
                    (name,),
                    f"InvalidParameterCombination: {name} requires that transit_encryption_enabled is true",
                )
    if is_set(config.get("kms_key_id")) and config.get("at_rest_encryption_enabled") in (
        None,
        "false",
        False,
    ):
        yield Refusal(
            ("kms_key_id",),
            "InvalidParameterCombination: kms_key_id requires that at_rest_encryption_enabled is true",
        )
    zones = config.get("preferred_cache_cluster_azs")
    for position, zone in enumerate(listed(zones)):
        yield from zone_refusal(zone, region, ("preferred_cache_cluster_azs", position))
    if isinstance(zones, list) and isinstance(nodes, int) and len(zones) != nodes:
        yield invalid(
            ("preferred_cache_cluster_azs",),
            f"{len(zones)} Availability Zones for {nodes} nodes: one is named for each node",
        )


_CACHE_FAMILY = re.compile(r"memcached1\.[456]|redis(2\.[68]|3\.2|4\.0|5\.0|6\.x|7)|valkey[789]")


def _cache_parameter_group(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheParameterGroup.html."""
    family = config.get("family")
    if isinstance(family, str) and not _CACHE_FAMILY.fullmatch(family):
        yield invalid(
            ("family",), f"CacheParameterGroupFamily {family} is not a valid parameter group family."
        )
    yield from _repeated_parameters(config)


def _cache_user(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html and auth-iam.html."""
    access = config.get("access_string")
    if isinstance(access, str) and access.split()[:1] not in (["on"], ["off"]):
        yield invalid(("access_string",), f"Access string {access!r} does not begin with on or off")
    authentication = one(config, "authentication_mode")
    kind = authentication.get("type")
    names = [config.get("user_id"), config.get("user_name")]
    if kind == "iam" and all(map(known, names)) and names[0] != names[1]:
        yield invalid(("user_name",), "For IAM authentication the user name and the user id must be the same")
    if kind == "password" and unset(authentication, "passwords"):
        yield required_when(("authentication_mode", 0, "passwords"), "authentication_mode[0].type", kind)
    if kind in ("iam", "no-password-required") and is_set(authentication.get("passwords")):
        yield conflicts_when(("authentication_mode", 0, "passwords"), "authentication_mode[0].type", kind)
    if (
        unset(config, "authentication_mode")
        and unset(config, "passwords")
        and config.get("no_password_required") in (None, False)
    ):
        yield invalid(
            ("authentication_mode",),
            "Authentication information is missing: passwords, no_password_required or authentication_mode",
        )


RULES: dict[tuple[str, str], Rule] = {
    ("resource", "aws_db_instance"): _db_instance,
    ("resource", "aws_db_parameter_group"): _db_parameter_group,
    ("resource", "aws_db_subnet_group"): _db_subnet_group,
    ("resource", "aws_elasticache_parameter_group"): _cache_parameter_group,
    ("resource", "aws_elasticache_replication_group"): _replication_group,
    ("resource", "aws_elasticache_user"): _cache_user,
}
