from __future__ import annotations

from collections.abc import Iterator

from policies.engine.cures import REPLACES, Edit, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import AT_REST, REMOVED, Protected, Rule, Verdict, failed, passed

FSX = (
    "aws_fsx_lustre_file_system",
    "aws_fsx_ontap_file_system",
    "aws_fsx_openzfs_file_system",
    "aws_fsx_windows_file_system",
)

RULE = Rule(
    title="File systems are encrypted",
    family=AT_REST,
    severity="high",
    types=("aws_efs_file_system", *FSX),
    why="EFS writes in clear unless it is told otherwise when the file system is made.",
    fix="""\
resource "aws_efs_file_system" "main" {
  encrypted  = true
  kms_key_id = aws_kms_key.main.arn
}
""",
    link="https://docs.aws.amazon.com/efs/latest/ug/encryption-at-rest.html",
    controls=("AWS FSBP EFS.1", "CIS AWS 5.0.0 2.3.1", "Well-Architected SEC08-BP02"),
    protects=(Protected("aws_efs_file_system", "encrypted", weaker=(False, REMOVED)),),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    # FSx encrypts every file system: https://docs.aws.amazon.com/fsx/latest/LustreGuide/encryption-at-rest.html
    if resource.type in FSX or resource.boolean("encrypted"):
        yield passed()
    else:
        yield failed("encrypted is not true", "encrypted")


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit]:
    yield Set("encrypted", True, REPLACES)
