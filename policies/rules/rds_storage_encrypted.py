from __future__ import annotations

from collections.abc import Iterator

from policies.aws.stores import is_replica
from policies.engine.cures import REPLACES, Edit, Incurable, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT
from policies.engine.verdicts import (
    AT_REST,
    FAIL,
    PASS,
    REMOVED,
    Protected,
    Rule,
    Verdict,
    failed,
    passed,
    unknown,
)

RULE = Rule(
    title="The storage of relational, document and graph databases is encrypted",
    family=AT_REST,
    severity="high",
    types=(
        "aws_db_instance",
        "aws_rds_cluster",
        "aws_rds_global_cluster",
        "aws_docdb_cluster",
        "aws_docdb_global_cluster",
        "aws_docdbelastic_cluster",
        "aws_neptune_cluster",
        "aws_neptune_global_cluster",
    ),
    why=(
        "A copied disk, snapshot or replica of an unencrypted database is readable by whoever holds it, and "
        "encryption cannot be turned on later without a new database. Aurora encrypts what was made since 18 February "
        "2026 by itself, under a key of AWS's own; that a configuration says nothing holds for older clusters as well, "
        "so that the rule asks for the argument."
    ),
    fix="""\
resource "aws_db_instance" "main" {
  storage_encrypted = true
  kms_key_id        = aws_kms_key.main.arn
}
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html",
    controls=(
        "AWS FSBP RDS.3",
        "AWS FSBP RDS.27",
        "AWS FSBP DocumentDB.1",
        "AWS FSBP Neptune.1",
        "CIS AWS 5.0.0 2.2.1",
        "Well-Architected SEC08-BP02",
    ),
    reads=("aws_db_snapshot", "aws_db_snapshot_copy", "aws_db_cluster_snapshot", "aws_rds_cluster_instance"),
    protects=tuple(
        Protected(type, "storage_encrypted", weaker=(False, REMOVED))
        for type in ("aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster")
    ),
)

# Where a database that is made from another one names it; its storage is encrypted as the origin's is.
ORIGINS = (
    "snapshot_identifier",
    "restore_to_point_in_time.source_db_instance_identifier",
    "restore_to_point_in_time.source_cluster_identifier",
    "restore_to_point_in_time.source_dbi_resource_id",
    "restore_to_point_in_time.source_db_instance_automated_backups_arn",
    "restore_to_point_in_time.source_cluster_resource_id",
)


# A snapshot names the database that it was taken of, a copy the key that it was encrypted with.
SNAPSHOTS = {"aws_db_snapshot": "db_instance_identifier", "aws_db_cluster_snapshot": "db_cluster_identifier"}
COPIES = ("aws_db_snapshot_copy", "aws_rds_cluster_snapshot_copy")


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    yield _judge(resource, ())


def _judge(resource: Resource, seen: tuple[Resource, ...]) -> Verdict:
    """Whether a database is encrypted; `seen` are those that are made from it, from the first on."""
    if resource.type == "aws_docdbelastic_cluster":
        return passed()  # always encrypted: there is no argument to turn it off
    if resource in seen:
        return unknown("it is made from itself")
    seen = (*seen, resource)
    if resource.type.endswith("_global_cluster"):
        # AWS takes the source's setting, whatever is said here.
        # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateGlobalCluster.html
        path = "source_db_cluster_identifier"
        if resource.get(path) not in (ABSENT, ""):
            return _as_its_origin(resource, path, seen)
    said = resource.get("storage_encrypted")
    if resource.type == "aws_db_instance" and is_replica(resource):
        # A replica in another Region names a key only if its source is encrypted, too.
        if said is ABSENT and resource.get("kms_key_id") not in (ABSENT, ""):
            return passed() if resource.is_set("kms_key_id") else failed("kms_key_id is empty", "kms_key_id")
        return _as_its_origin(resource, "replicate_source_db", seen)
    origin = next((path for path in ORIGINS if resource.get(path) not in (ABSENT, "")), None)
    # Serverless (version 1) clusters are encrypted by default. So are Aurora's since 2026-02-18, whoever says what.
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.Encryption.html
    default = resource.type == "aws_rds_cluster" and resource.text("engine_mode") == "serverless"
    if not (origin and said is ABSENT) and not resource.boolean("storage_encrypted", default):
        engine = resource.get("engine")
        aurora = (
            resource.type == "aws_rds_cluster" and isinstance(engine, str) and engine.startswith("aurora")
        )
        besides = ": Aurora encrypts by itself only what was made since 2026-02-18" if aurora else ""
        return failed(f"storage_encrypted is not true{besides}", "storage_encrypted")
    # A cluster is encrypted with the key given when it is restored; an instance is as its origin was.
    if origin is None or (resource.type != "aws_db_instance" and resource.is_set("kms_key_id")):
        return passed()
    return _as_its_origin(resource, origin, seen)


def _as_its_origin(resource: Resource, path: str, seen: tuple[Resource, ...]) -> Verdict:
    if not resource.type.endswith("_global_cluster") and not resource.boolean("storage_encrypted", True):
        return failed("storage_encrypted is false", "storage_encrypted")
    origins = resource.referenced(path).resources
    verdicts = [_of_origin(origin, seen) for origin in origins]
    if any(verdict.status == FAIL for verdict in verdicts):
        return failed("it is made from a database that is not encrypted", path)
    if verdicts and all(verdict.status == PASS for verdict in verdicts):
        return passed()
    return unknown("it is encrypted if what it is made from is, and that is not seen here", path)


def _of_origin(origin: Resource, seen: tuple[Resource, ...]) -> Verdict:
    """Whether a database, a snapshot or the copy of one is encrypted: a snapshot is as its database is."""
    if origin.mode == "managed" and origin.type in SNAPSHOTS:
        return _as_its_origin(origin, SNAPSHOTS[origin.type], seen)
    if origin.mode == "managed" and origin.type in COPIES and origin.is_set("kms_key_id"):
        return passed()
    if origin.mode == "managed" and origin.type in RULE.types:
        return _judge(origin, seen)
    return unknown("it is not seen here")


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit | Incurable]:
    origin = next((path for path in (*ORIGINS, *_SOURCES) if resource.get(path) not in (ABSENT, "")), None)
    if origin is not None:
        yield Incurable(f"it is encrypted as what it is made from is ({origin}): encrypt that")
    elif resource.type != "aws_docdbelastic_cluster":
        yield Set("storage_encrypted", True, REPLACES)


# Further arguments by which a database is made from another one.
_SOURCES = ("replicate_source_db", "source_db_cluster_identifier")
