from __future__ import annotations

from collections.abc import Iterator

from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import AT_REST, REMOVED, Protected, Rule, Verdict, failed, passed

RULE = Rule(
    title="Logs are encrypted with a key of one's own",
    family=AT_REST,
    severity="medium",
    types=("aws_cloudwatch_log_group", "aws_cloudtrail", "aws_cloudtrail_event_data_store"),
    why=(
        "Logs hold addresses, queries and now and then a secret. With a key of one's own, reading them needs "
        "a second permission, and each use of the key is recorded."
    ),
    fix="""\
resource "aws_cloudwatch_log_group" "main" {
  kms_key_id = aws_kms_key.logs.arn
}
""",
    link="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    controls=("AWS FSBP CloudTrail.2", "CIS AWS 5.0.0 3.5", "Well-Architected SEC08-BP02"),
    protects=(Protected("aws_cloudwatch_log_group", "kms_key_id", weaker=(REMOVED, "")),),
    by_hand="A group needs a key of one's own, whose policy lets the service of the logs use it.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.is_set("kms_key_id"):
        yield passed()
    else:
        yield failed("kms_key_id is not set", "kms_key_id")
