from __future__ import annotations

from collections.abc import Iterator

from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import AT_REST, REMOVED, Protected, Rule, Verdict, failed, passed

RULE = Rule(
    title="Queues and topics are encrypted",
    family=AT_REST,
    severity="medium",
    types=("aws_sns_topic", "aws_sqs_queue"),
    why="Messages wait on disk, and a topic writes in clear unless it is given a key.",
    fix="""\
resource "aws_sns_topic" "alarms" {
  kms_master_key_id = aws_kms_key.main.id
}

resource "aws_sqs_queue" "jobs" {
  kms_master_key_id = aws_kms_key.main.id # or: sqs_managed_sse_enabled = true
}
""",
    link="https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html",
    controls=("AWS FSBP SNS.1", "AWS FSBP SQS.1", "Well-Architected SEC08-BP02"),
    protects=(
        Protected("aws_sns_topic", "kms_master_key_id", weaker=(REMOVED, "")),
        Protected("aws_sqs_queue", "kms_master_key_id", weaker=(REMOVED, "")),
        Protected("aws_sqs_queue", "sqs_managed_sse_enabled", weaker=(False, REMOVED)),
    ),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    managed = resource.type == "aws_sqs_queue" and resource.boolean("sqs_managed_sse_enabled")
    if managed or resource.is_set("kms_master_key_id"):
        yield passed()
    else:
        yield failed("it names no key", "kms_master_key_id")
