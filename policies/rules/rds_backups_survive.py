from __future__ import annotations

import re
from collections.abc import Iterator

from policies.aws.stores import is_replica
from policies.engine.cures import Edit, Named, Set
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

RULE = Rule(
    title="A deleted database leaves its backups behind",
    family=BACKUPS,
    severity="high",
    types=("aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"),
    why=(
        "By default RDS deletes the automated backups together with the instance: one wrong destroy, and a "
        "week of backups is gone with the data."
    ),
    fix="""\
resource "aws_db_instance" "main" {
  deletion_protection       = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "main-final"
  delete_automated_backups  = false
}
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html",
    controls=(
        "AWS FSBP RDS.7",
        "AWS FSBP RDS.8",
        "AWS FSBP DocumentDB.5",
        "AWS FSBP Neptune.4",
        "Well-Architected REL09-BP03",
    ),
    protects=(
        Protected("aws_db_instance", "deletion_protection", weaker=(False, REMOVED)),
        Protected("aws_db_instance", "skip_final_snapshot", weaker=(True,)),
        Protected("aws_db_instance", "final_snapshot_identifier", weaker=(REMOVED,)),
        Protected("aws_db_instance", "delete_automated_backups", weaker=(True, REMOVED)),
        Protected("aws_rds_cluster", "deletion_protection", weaker=(False, REMOVED)),
        Protected("aws_rds_cluster", "skip_final_snapshot", weaker=(True,)),
        Protected("aws_rds_cluster", "delete_automated_backups", weaker=(True, REMOVED)),
    ),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type == "aws_db_instance" and is_replica(resource):
        yield not_applicable()
        return
    sound = True
    if not resource.boolean("deletion_protection"):
        sound = False
        yield failed("deletion_protection is not true", "deletion_protection")
    if resource.boolean("skip_final_snapshot"):
        sound = False
        yield failed("skip_final_snapshot is true", "skip_final_snapshot")
    elif not resource.is_set("final_snapshot_identifier"):
        sound = False
        yield failed(
            "final_snapshot_identifier is not set, so a destroy fails half way", "final_snapshot_identifier"
        )
    keeps = resource.type in ("aws_docdb_cluster", "aws_neptune_cluster")
    if not keeps and resource.boolean("delete_automated_backups", True):
        sound = False
        yield failed("delete_automated_backups is not false", "delete_automated_backups")
    if sound:
        yield passed()


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit]:
    yield Set("deletion_protection", True)
    if resource.boolean("skip_final_snapshot"):
        yield Set("skip_final_snapshot", False)
    if not resource.is_set("final_snapshot_identifier"):
        identifier = "identifier" if resource.type == "aws_db_instance" else "cluster_identifier"
        # A letter, then letters, digits and single hyphens: no more may be in it.
        name = re.sub(r"[^a-z0-9]+", "-", resource.name.lower()).strip("-")
        otherwise = name if name[:1].isalpha() else f"db-{name}".strip("-")
        yield Set("final_snapshot_identifier", Named(identifier, "-final", otherwise))
    if resource.type in ("aws_db_instance", "aws_rds_cluster"):
        yield Set("delete_automated_backups", False)
