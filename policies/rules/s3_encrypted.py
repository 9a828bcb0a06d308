from __future__ import annotations

from collections.abc import Iterator

from policies.engine.cures import AddResource, Contents, Edit, Expression, Incurable
from policies.engine.model import Model, Resource, View
from policies.engine.parameters import Parameters
from policies.engine.verdicts import AT_REST, REMOVED, Protected, Rule, Verdict, failed, passed, unknown

CONFIGURATION = "aws_s3_bucket_server_side_encryption_configuration"

RULE = Rule(
    title="Buckets declare how they encrypt",
    family=AT_REST,
    severity="medium",
    types=("aws_s3_bucket",),
    why=(
        "S3 encrypts with its own key where nothing is said. A bucket that says it keeps its algorithm and "
        "key under review, and a change of either shows in a plan."
    ),
    fix="""\
resource "aws_s3_bucket_server_side_encryption_configuration" "main" {
  bucket = aws_s3_bucket.main.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.main.arn
    }
    bucket_key_enabled = true
  }
}
""",
    link="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html",
    controls=("AWS FSBP S3.17", "Well-Architected SEC08-BP02"),
    reads=(CONFIGURATION,),
    protects=(
        Protected(CONFIGURATION, ""),
        Protected(CONFIGURATION, "rule[].apply_server_side_encryption_by_default", weaker=(REMOVED,)),
        Protected(CONFIGURATION, "bucket", weaker=("another-bucket",)),
    ),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    links = model.referring(resource, CONFIGURATION, "bucket")
    if links.resources:
        yield _judge(links.resources[0], "rule")
    elif (inline := resource.block("server_side_encryption_configuration")) is not None:
        yield _judge(inline, "rule")
    elif links.unknowns:
        yield unknown(links.unknowns[0])
    elif module := model.given_to(resource):
        yield unknown(f"{module}, which is not seen here, is given it and may declare its encryption")
    else:
        yield failed("nothing declares its encryption")


def _judge(view: View, path: str) -> Verdict:
    algorithms = [
        rule.text("apply_server_side_encryption_by_default.sse_algorithm") for rule in view.blocks(path)
    ]
    if algorithms and all(one in ("AES256", "aws:kms", "aws:kms:dsse") for one in algorithms):
        return passed()
    return failed("a rule names no default algorithm", path, at=view)


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit | Incurable]:
    if model.referring(resource, CONFIGURATION, "bucket").resources or resource.is_set(
        "server_side_encryption_configuration"
    ):
        yield Incurable("how it encrypts is declared already: name an algorithm there")
        return
    # What S3 does by itself, said: nothing changes for what stands.
    rule: Contents = {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    yield AddResource(CONFIGURATION, {"bucket": Expression("{self}.id"), "rule": rule})
