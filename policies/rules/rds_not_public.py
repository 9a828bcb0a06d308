from __future__ import annotations

from collections.abc import Iterator

from policies.aws import providers
from policies.engine.cures import REPLACES, Edit, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT
from policies.engine.verdicts import NOT_PUBLIC, Protected, Rule, Verdict, failed, passed

TYPES = (
    "aws_db_instance",
    "aws_rds_cluster_instance",
    "aws_neptune_cluster_instance",
    "aws_redshift_cluster",
    "aws_redshiftserverless_workgroup",
    "aws_dms_replication_instance",
)

RULE = Rule(
    title="Databases have no public address",
    family=NOT_PUBLIC,
    severity="critical",
    types=TYPES,
    why=(
        "With a public address, one wrong security-group rule is all that stands between the database and "
        "everyone's password lists."
    ),
    fix="""\
resource "aws_db_instance" "main" {
  publicly_accessible = false
}
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
    controls=(
        "AWS FSBP RDS.2",
        "AWS FSBP Redshift.1",
        "AWS FSBP DMS.1",
        "CIS AWS 5.0.0 2.2.3",
        "Well-Architected SEC05-BP01",
    ),
    protects=tuple(Protected(type, "publicly_accessible", weaker=(True,)) for type in TYPES),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    path = "publicly_accessible"
    # False where nothing is said, for all of them; for Redshift since version 6 of the provider.
    if not providers.boolean(resource, path):
        yield passed()
    elif resource.get(path) is ABSENT:
        yield failed(f"{path} is not set, and is true by default before version 6 of the provider", path)
    else:
        yield failed(f"{path} is true", path)


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit]:
    # Source: the provider's internal/service/dms/replication_instance.go
    note = REPLACES if resource.type == "aws_dms_replication_instance" else _CUT
    yield Set("publicly_accessible", False, note)


_CUT = "whoever connects from outside of the VPC is cut off"
