from __future__ import annotations

from collections.abc import Iterator

from policies.engine.cures import Edit, Incurable, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT
from policies.engine.verdicts import AT_REST, REMOVED, Protected, Rule, Verdict, failed, passed

RULE = Rule(
    title="Queues and topics are encrypted",
    family=AT_REST,
    severity="medium",
    types=("aws_sns_topic", "aws_sqs_queue"),
    why=(
        "Messages wait on disk, and a topic writes in clear unless it is given a key. A queue encrypts with keys "
        "of SQS unless it is told not to."
    ),
    fix="""\
resource "aws_sns_topic" "alarms" {
  kms_master_key_id = aws_kms_key.main.id
}

resource "aws_sqs_queue" "jobs" {
  kms_master_key_id = aws_kms_key.main.id # or none: SQS encrypts with its own
}
""",
    link="https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html",
    controls=("AWS FSBP SNS.1", "AWS FSBP SQS.1", "Well-Architected SEC08-BP02"),
    protects=(
        Protected("aws_sns_topic", "kms_master_key_id", weaker=(REMOVED, "")),
        Protected("aws_sqs_queue", "sqs_managed_sse_enabled", weaker=(False,)),
    ),
    by_hand="A topic needs a key of one's own, whose policy lets those use it that publish there.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    # A queue is encrypted with keys of SQS unless its argument says no.
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html
    path = "sqs_managed_sse_enabled"
    if resource.type == "aws_sqs_queue" and resource.get(path) is ABSENT:
        yield passed()
    elif resource.type == "aws_sqs_queue" and resource.get("kms_master_key_id") in (ABSENT, ""):
        yield passed() if resource.boolean(path) else failed(f"{path} is false, and it names no key", path)
    elif resource.is_set("kms_master_key_id"):
        yield passed()
    else:
        yield failed("it names no key", "kms_master_key_id")


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit | Incurable]:
    if resource.type == "aws_sqs_queue":
        yield Set("sqs_managed_sse_enabled", True)
    else:
        yield Incurable("a topic needs a key whose policy lets those use it that publish there")
