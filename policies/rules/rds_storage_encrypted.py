from __future__ import annotations

from collections.abc import Iterator

from policies.aws.stores import is_replica
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import AT_REST, REMOVED, Protected, Rule, Verdict, failed, passed, unknown

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
        "encryption cannot be turned on later without a new database."
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
    reads=("aws_db_snapshot", "aws_db_cluster_snapshot", "aws_rds_cluster_instance"),
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


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type == "aws_docdbelastic_cluster":
        yield passed()  # always encrypted: there is no argument to turn it off
        return
    # Serverless (version 1) clusters are encrypted by default, all others are not.
    default = resource.type == "aws_rds_cluster" and resource.text("engine_mode") == "serverless"
    if resource.type == "aws_db_instance" and is_replica(resource):
        yield _as_its_origin(resource, "replicate_source_db")
        return
    if not resource.boolean("storage_encrypted", default):
        yield failed("storage_encrypted is not true", "storage_encrypted")
        return
    origin = next((path for path in ORIGINS if resource.is_set(path)), None)
    # A cluster is encrypted with the key given when it is restored; an instance is as its origin was.
    if origin is None or (resource.type != "aws_db_instance" and resource.is_set("kms_key_id")):
        yield passed()
    else:
        yield _as_its_origin(resource, origin)


def _as_its_origin(resource: Resource, path: str) -> Verdict:
    if resource.boolean("storage_encrypted", True) is False:
        return failed("storage_encrypted is false", "storage_encrypted")
    links = resource.referenced(path)
    # A snapshot is encrypted as the database it was taken of is.
    sources = [
        source
        for linked in links.resources
        for source in (
            linked.referenced("db_instance_identifier").resources
            + linked.referenced("db_cluster_identifier").resources
            if linked.type in ("aws_db_snapshot", "aws_db_cluster_snapshot")
            else (linked,)
        )
        if source.mode == "managed"
    ]
    if not sources or len(links.resources) > len(sources):
        return unknown("it is encrypted if what it is made from is, and that is not seen here", path)
    if all(source.boolean("storage_encrypted") for source in sources):
        return passed()
    return failed("it is made from a database that is not encrypted", path)
