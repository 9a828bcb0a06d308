from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.aws.documents import actions, listed, statements
from policies.engine.model import Model, Resource, Undetermined, View
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT, Unknown
from policies.engine.verdicts import IN_TRANSIT, Protected, Rule, Verdict, failed, passed, unknown

RULE = Rule(
    title="Buckets deny requests over plain HTTP",
    family=IN_TRANSIT,
    severity="high",
    types=("aws_s3_bucket",),
    why="S3 answers on port 80 too; only the bucket's policy can refuse to.",
    fix="""\
resource "aws_s3_bucket_policy" "main" {
  bucket = aws_s3_bucket.main.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.main.arn, "${aws_s3_bucket.main.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}
""",
    link="https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
    controls=("AWS FSBP S3.5", "CIS AWS 5.0.0 2.1.1", "Well-Architected SEC09-BP02"),
    reads=("aws_s3_bucket_policy",),
    protects=(
        Protected("aws_s3_bucket_policy", ""),
        Protected("aws_s3_bucket_policy", "policy", weaker=('{"Version":"2012-10-17","Statement":[]}',)),
        Protected("aws_s3_bucket_policy", "bucket", weaker=("another-bucket",)),
    ),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    links = model.referring(resource, "aws_s3_bucket_policy", "bucket")
    holders: list[View] = list(links.resources)
    if resource.get("policy") not in (ABSENT, ""):
        holders.append(resource)
    doubt: str | None = links.unknowns[0].reason if links.unknowns else None
    for holder in holders:
        try:
            if any(_denies(statement, resource) for statement in statements(holder.document("policy"))):
                yield passed()
                return
        except Undetermined as undetermined:
            doubt = undetermined.reason
    if doubt is not None:
        yield unknown(doubt)
    elif not holders:
        yield failed("it has no policy, so plain HTTP is answered")
    else:
        yield failed("its policy does not deny all requests without TLS", "policy", at=holders[0])


def _denies(statement: dict[str, Any], bucket: Resource) -> bool:
    if statement.get("Effect") != "Deny" or not _is_everyone(statement.get("Principal")):
        return False
    if not {"s3:*", "*"} & set(actions(statement)):
        return False
    condition = statement.get("Condition")
    if not isinstance(condition, dict) or len(condition) != 1:
        return False
    operator, tests = next(iter(condition.items()))
    if operator not in ("Bool", "BoolIfExists") or not isinstance(tests, dict) or len(tests) != 1:
        return False
    key, value = next(iter(tests.items()))
    if key.lower() != "aws:securetransport" or [str(one).lower() for one in listed(value)] != ["false"]:
        return False
    covered = {_covers(one, bucket) for one in listed(statement.get("Resource"))}
    return "all" in covered or {"bucket", "objects"} <= covered


def _is_everyone(principal: Any) -> bool:
    if isinstance(principal, dict):
        return any(_is_everyone(one) for one in listed(principal.get("AWS")))
    return principal == "*" if isinstance(principal, str) else False


def _covers(resource: Any, bucket: Resource) -> str:
    """What of the bucket a `Resource` of its policy covers: "bucket", "objects", "all" or ""."""
    if isinstance(resource, Unknown):
        named = bucket.model.follow(resource, "aws_s3_bucket").resources
        if bucket not in named:
            return ""
        last = resource.parts[-1] if resource.parts else ""
        if isinstance(last, Unknown) or not last:
            return "bucket"
        return {"/*": "objects", "*": "all"}.get(last, "")
    if not isinstance(resource, str):
        return ""
    if resource == "*":
        return "all"
    name = resource.partition(":::")[2]
    own = bucket.get("bucket")
    if not isinstance(own, str) or not name.startswith(own):
        return ""
    return {"": "bucket", "/*": "objects", "*": "all"}.get(name[len(own) :], "")
