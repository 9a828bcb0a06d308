from __future__ import annotations

from collections.abc import Iterator

from policies.model import AT_REST, REMOVED, Model, Protected, Resource, Rule, Verdict, failed, passed
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
    elif resource.get("replicate_source_db") or resource.get("snapshot_identifier"):
        yield failed(
            "storage_encrypted is not set: the copy is only as encrypted as its source, which is not seen here"
        )
    else:
        yield failed("storage_encrypted is not true", "storage_encrypted")
