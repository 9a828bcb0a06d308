from __future__ import annotations

from collections.abc import Iterator

from policies.model import (
    ABSENT,
    AT_REST,
    REMOVED,
    Model,
    Protected,
    Resource,
    Rule,
    Verdict,
    failed,
    passed,
    unknown,
)
from policies.parameters import Parameters

RULE = Rule(
    title="The storage of relational, document and graph databases is encrypted",
    family=AT_REST,
    severity="high",
    types=(
        "aws_db_instance",
        "aws_rds_cluster",
        "aws_docdb_cluster",
        "aws_neptune_cluster",
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
    controls=("AWS FSBP RDS.3", "CIS AWS Foundations 3.0 2.3.1", "AWS Well-Architected SEC08-BP02"),
    protects=(Protected("aws_db_instance", "storage_encrypted", weaker=(False, REMOVED)),),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.boolean("storage_encrypted"):
        yield passed()
    elif resource.get("storage_encrypted") is ABSENT and resource.get("replicate_source_db") is not ABSENT:
        # A replica is encrypted exactly when its source is.
        sources = resource.referenced("replicate_source_db", "aws_db_instance").resources
        if not sources:
            yield unknown(
                "it takes its encryption from a source that is not seen here", "replicate_source_db"
            )
        elif all(source.boolean("storage_encrypted") for source in sources):
            yield passed()
        else:
            yield failed("it copies a source that is not encrypted", "replicate_source_db")
    else:
        yield failed("storage_encrypted is not true", "storage_encrypted")
