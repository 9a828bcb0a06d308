from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.aws.stores import is_replica
from policies.engine.cures import Edit, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import (
    BACKUPS,
    REMOVED,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
)

# The argument, and the days that AWS keeps where nothing is said.
RETENTION: Final[Mapping[str, tuple[str, int]]] = {
    "aws_db_instance": ("backup_retention_period", 0),
    "aws_rds_cluster": ("backup_retention_period", 1),
    "aws_docdb_cluster": ("backup_retention_period", 1),
    "aws_docdbelastic_cluster": ("backup_retention_period", 1),
    "aws_neptune_cluster": ("backup_retention_period", 1),
    "aws_redshift_cluster": ("automated_snapshot_retention_period", 1),
}

RULE = Rule(
    title="Automated backups of databases are kept for a week or longer",
    family=BACKUPS,
    severity="high",
    types=tuple(RETENTION),
    why=(
        "A bad release, a wrong DELETE or an intruder is often noticed days later. Point-in-time recovery "
        "reaches back only as far as backups are kept."
    ),
    fix="""\
resource "aws_db_instance" "main" {
  backup_retention_period = 7
}
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupRetention.html",
    controls=(
        "AWS FSBP RDS.11",
        "AWS FSBP DocumentDB.2",
        "AWS FSBP Neptune.5",
        "AWS FSBP Redshift.3",
        "Well-Architected REL09-BP03",
    ),
    protects=tuple(Protected(type, path, weaker=(0, 1, 6, REMOVED)) for type, (path, _) in RETENTION.items()),
    parameters=("backups.retention_days",),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type == "aws_db_instance" and is_replica(resource):
        yield not_applicable()  # its source's backups hold the same data
        return
    path, default = RETENTION[resource.type]
    days = resource.number(path, default) or 0
    if days >= parameters.backups.retention_days:
        yield passed()
    else:
        yield failed(f"backups are kept for {days:g} days, not for {parameters.backups.retention_days}", path)


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit]:
    yield Set(RETENTION[resource.type][0], parameters.backups.retention_days)
