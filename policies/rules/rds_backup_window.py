from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.aws.stores import is_replica
from policies.aws.windows import daily, daily_from
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

WINDOW: Final[Mapping[str, str]] = {
    "aws_db_instance": "backup_window",
    "aws_rds_cluster": "preferred_backup_window",
    "aws_docdb_cluster": "preferred_backup_window",
    "aws_docdbelastic_cluster": "preferred_backup_window",
    "aws_neptune_cluster": "preferred_backup_window",
}

RULE = Rule(
    title="Daily backups of databases start at the agreed hour",
    family=BACKUPS,
    severity="medium",
    packs=(CLOUDMART,),
    types=tuple(WINDOW),
    why=(
        "Where no window is set AWS picks one, which may be the busiest hour; the runbook then promises a "
        "backup that was not yet made."
    ),
    fix="""\
resource "aws_db_instance" "main" {
  backup_window = "03:00-04:00" # UTC
}
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html",
    controls=("Well-Architected REL09-BP03",),
    protects=tuple(
        Protected(type, path, weaker=("12:00-13:00", "02:59-03:59", REMOVED)) for type, path in WINDOW.items()
    ),
    parameters=(
        "backups.window_start",
        "backups.timezone",
    ),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type == "aws_db_instance" and is_replica(resource):
        yield not_applicable()
        return
    path = WINDOW[resource.type]
    wanted = parameters.backups.window_starts_utc()
    window = resource.text(path)
    if not window:
        yield failed(f"{path} is not set, so AWS picks an hour", path)
        return
    try:
        daily(window)
    except ValueError as error:
        yield failed(f"{path}: {error}", path)
        return
    if window[:5] in wanted:
        yield passed()
    else:
        zone = parameters.backups.timezone
        local = "" if zone == "UTC" else f" ({parameters.backups.window_start} in {zone})"
        yield failed(f"backups start at {window[:5]} UTC, not at {' or '.join(wanted)} UTC{local}", path)


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit]:
    path = WINDOW[resource.type]
    try:
        _, length = daily(resource.text(path) or "")
    except ValueError:
        length = 60
    yield Set(path, daily_from(parameters.backups.window_starts_utc()[0], length))
