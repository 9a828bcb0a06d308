from __future__ import annotations

from collections.abc import Iterator

from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import AT_REST, REMOVED, Protected, Rule, Verdict, failed, passed

RULE = Rule(
    title="Backup vaults are encrypted with a key of one's own",
    family=AT_REST,
    severity="high",
    types=("aws_backup_vault", "aws_backup_logically_air_gapped_vault"),
    why=(
        "A vault holds copies of everything. The default key belongs to AWS: its policy cannot change, and "
        "backups under it cannot be shared with a recovery account."
    ),
    fix="""\
resource "aws_backup_vault" "main" {
  kms_key_arn = aws_kms_key.backup.arn
}
""",
    link="https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html",
    controls=("AWS FSBP Backup.1", "Well-Architected SEC08-BP02"),
    protects=(Protected("aws_backup_vault", "kms_key_arn", weaker=(REMOVED,)),),
    by_hand="A vault needs a key of one's own, whose policy says who may restore.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    path = "kms_key_arn" if resource.type == "aws_backup_vault" else "encryption_key_arn"
    if resource.is_set(path):
        yield passed()
    else:
        yield failed(f"{path} is not set", path)
