from __future__ import annotations

from collections.abc import Iterator

from policies.engine.cures import Edit, Remove
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import NOT_PUBLIC, Protected, Rule, Verdict, failed, passed

TYPES = (
    "aws_db_snapshot",
    "aws_db_snapshot_copy",
    "aws_db_cluster_snapshot",
    "aws_rds_cluster_snapshot_copy",
)

RULE = Rule(
    title="Database snapshots are shared with nobody",
    family=NOT_PUBLIC,
    severity="critical",
    types=TYPES,
    why=(
        "Whoever a snapshot is shared with can restore the whole database in an account of their own; shared "
        "with `all`, anyone can. Where another account must have it, a waiver says which and why."
    ),
    fix="""\
resource "aws_db_snapshot" "before_upgrade" {
  db_instance_identifier = aws_db_instance.main.identifier
  db_snapshot_identifier = "before-upgrade"
  # no shared_accounts
}
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html",
    controls=("AWS FSBP RDS.1", "Well-Architected SEC03-BP07"),
    protects=tuple(Protected(type, "shared_accounts", weaker=(["all"],)) for type in TYPES),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    accounts = resource.texts("shared_accounts")
    if "all" in accounts:
        yield failed("anyone may restore it: shared_accounts holds all", "shared_accounts")
    elif accounts:
        yield failed(f"it is shared with {', '.join(accounts)}", "shared_accounts")
    else:
        yield passed()


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit]:
    yield Remove("shared_accounts", "the other accounts lose it")
