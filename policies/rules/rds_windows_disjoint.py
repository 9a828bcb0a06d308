from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.aws.stores import is_member, is_replica
from policies.aws.windows import daily, daily_from, overlap, weekly_behind
from policies.engine.cures import Edit, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import (
    BACKUPS,
    CLOUDMART,
    REMOVED,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
)

# The daily and the weekly window of each type.
WINDOWS: Final[Mapping[str, tuple[str, str]]] = {
    "aws_db_instance": ("backup_window", "maintenance_window"),
    "aws_rds_cluster": ("preferred_backup_window", "preferred_maintenance_window"),
    "aws_docdb_cluster": ("preferred_backup_window", "preferred_maintenance_window"),
    "aws_docdbelastic_cluster": ("preferred_backup_window", "preferred_maintenance_window"),
    "aws_neptune_cluster": ("preferred_backup_window", "preferred_maintenance_window"),
    "aws_elasticache_replication_group": ("snapshot_window", "maintenance_window"),
    "aws_elasticache_cluster": ("snapshot_window", "maintenance_window"),
    "aws_memorydb_cluster": ("snapshot_window", "maintenance_window"),
}

RULE = Rule(
    title="Backup and maintenance windows are set and do not overlap",
    family=BACKUPS,
    severity="medium",
    packs=(CLOUDMART,),
    types=tuple(WINDOWS),
    why=(
        "AWS refuses windows that overlap, hours into an apply; and a window that is left to AWS moves "
        "maintenance to an hour that nobody chose."
    ),
    fix="""\
resource "aws_db_instance" "main" {
  backup_window      = "03:00-04:00"
  maintenance_window = "sun:04:00-sun:05:00" # touching is fine, overlapping is not
}
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Maintenance.html",
    controls=("Well-Architected REL09-BP03",),
    protects=(
        Protected(
            "aws_db_instance",
            "maintenance_window",
            weaker=("sun:03:30-sun:04:30", "sat:23:00-sun:03:01", REMOVED),
        ),
        Protected("aws_elasticache_replication_group", "maintenance_window", weaker=(REMOVED,)),
        Protected("aws_elasticache_replication_group", "snapshot_window", weaker=(REMOVED,)),
        Protected("aws_rds_cluster", "preferred_maintenance_window", weaker=("sun:03:30-sun:04:30",)),
    ),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    replica = resource.type == "aws_db_instance" and is_replica(resource)
    memory_only = (
        resource.type == "aws_elasticache_cluster" and resource.text("engine", "memcached") == "memcached"
    )
    if replica or memory_only or is_member(resource):
        yield not_applicable()
        return
    backup, maintenance = WINDOWS[resource.type]
    for path in (backup, maintenance):
        if not resource.text(path):
            yield failed(f"{path} is not set, so AWS picks one", path)
            return
    first, second = resource.text(backup) or "", resource.text(maintenance) or ""
    try:
        if overlap(first, second):
            yield failed(f"{backup} {first} overlaps {maintenance} {second}", maintenance)
        else:
            yield passed()
    except ValueError as error:
        yield failed(str(error), maintenance)


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit]:
    backup, maintenance = WINDOWS[resource.type]
    window, week = resource.text(backup) or "", resource.text(maintenance) or ""
    try:
        daily(window)
    except ValueError:
        window = daily_from(parameters.backups.window_starts_utc()[0], 60)
        yield Set(backup, window)
    try:
        apart = not overlap(window, week)
    except ValueError:
        apart = False
    if not apart:
        yield Set(maintenance, weekly_behind(window, week))
