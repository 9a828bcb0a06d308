from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from policies.aws.documents import holes, listed, matches, statements
from policies.engine.cures import AddResource, Edit, Expression, Incurable
from policies.engine.model import Model, Resource, Undetermined, View
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT, Unknown, as_text
from policies.engine.verdicts import (
    IN_TRANSIT,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)

RULE = Rule(
    title="Buckets deny requests over plain HTTP",
    family=IN_TRANSIT,
    severity="high",
    types=("aws_s3_bucket", "aws_s3_bucket_policy"),
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
    protects=(
        Protected("aws_s3_bucket_policy", ""),
        Protected("aws_s3_bucket_policy", "policy", weaker=('{"Version":"2012-10-17","Statement":[]}',)),
        Protected("aws_s3_bucket_policy", "bucket", weaker=("another-bucket",)),
    ),
    by_hand="A bucket that has a policy needs one more statement in it.",
)


Answer = bool | Unknown
"""Whether something surely holds; an `Unknown` where that cannot be told."""

# What is not known stands between these in a text; what is the same thing stands there as the same text.
_MARK: Final = re.compile("\ue000[^\ue001]*\ue001")
# S3 refuses a policy that names a bucket of another partition, so that any name of one is the right one.
_PREFIX: Final = re.compile("arn:(?:aws[a-z-]*|[*]|\ue000[^\ue001]*\ue001):s3:::")
_ARN: Final = "arn:aws:s3:::"
# Only a directory bucket may have a name that ends so, and each of them has one.
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_DIRECTORY: Final = "--x-s3"
# Stands for anything in a name that a wildcard has to match.
_ANY: Final = ("\ue002", "\ue002\ue002/\ue002")


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type == "aws_s3_bucket_policy":
        if resource.referenced("bucket", "aws_s3_bucket", "aws_s3_directory_bucket").resources:
            yield not_applicable()  # judged with its bucket; a directory bucket speaks HTTPS only
        else:
            owners = resource.referenced("bucket", "data.aws_s3_bucket").resources
            bucket = owners[0] if owners else resource
            if _name(bucket).endswith(_DIRECTORY):
                yield not_applicable()
            else:
                yield _judge([resource], bucket)
        return
    links = model.referring(resource, "aws_s3_bucket_policy", "bucket")
    holders: list[View] = list(links.resources)
    if resource.get("policy") not in (ABSENT, ""):
        holders.append(resource)
    verdict = failed("it has no policy, so plain HTTP is answered")
    if holders:
        verdict = _judge(holders, resource)
    elif module := model.given_to(resource):
        verdict = unknown(f"{module}, which is not seen here, is given it and may write its policy")
    if links.unknowns and verdict != passed():
        verdict = unknown(f"a bucket policy may be about it: {links.unknowns[0].reason}")
    yield verdict


def _judge(holders: list[View], bucket: Resource) -> Verdict:
    """Whether a bucket's policy denies plain HTTP; S3 keeps the one that is written last.

    `bucket` is what has the name in its argument `bucket`: the bucket, its data source, or the policy itself.
    """
    answers = [_denies(holder, bucket) for holder in holders]
    if all(answer is True for answer in answers):
        return passed()
    if all(answer is False for answer in answers):
        return failed("its policy does not deny all requests without TLS", "policy", at=holders[0])
    doubt = next((answer for answer in answers if isinstance(answer, Unknown)), None)
    if doubt is not None:
        return unknown(doubt, "policy")
    return unknown(
        f"{len(answers)} policies are written to it, it keeps one of them, and not all deny plain HTTP",
        "policy",
    )


def _every(answers: Iterable[Answer]) -> Answer:
    doubt: Unknown | None = None
    for answer in answers:
        if answer is False:
            return False
        if isinstance(answer, Unknown):
            doubt = answer
    return True if doubt is None else doubt


def _some(answers: Iterable[Answer]) -> Answer:
    doubt: Unknown | None = None
    for answer in answers:
        if answer is True:
            return True
        if isinstance(answer, Unknown):
            doubt = answer
    return False if doubt is None else doubt


def _denies(holder: View, bucket: Resource) -> Answer:
    """Whether a policy denies everyone every operation over plain HTTP, on the bucket and on its objects.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    try:
        document = holder.document("policy")
    except Undetermined as undetermined:
        return Unknown(undetermined.reason)
    denials = [
        one for one in statements(document) if one.get("Effect") == "Deny" or _is_open(one.get("Effect"))
    ]
    unseen = list(holes(document))
    return _every(
        _some([*(_covers(one, part, bucket, denials) for one in denials), *unseen])
        for part in ("bucket", "objects")
    )


def _is_open(value: Any) -> bool:
    return isinstance(value, Unknown)


def _covers(statement: dict[str, Any], part: str, bucket: Resource, others: list[dict[str, Any]]) -> Answer:
    """Whether a Deny surely covers every plain request for a bucket, or for its objects.

    What `NotAction` leaves may be denied by another statement.
    """
    reached = _reaches(statement, part, bucket)
    if reached is False or "NotAction" not in statement:
        return _every((reached, _some(_is_all(one) for one in listed(statement.get("Action")))))
    left = [one for one in listed(statement["NotAction"]) if isinstance(one, Unknown) or _touches_s3(one)]
    return _every(
        (
            reached,
            *(
                one
                if isinstance(one, Unknown)
                else _some(
                    _every((_reaches(other, part, bucket), _some(_named(one, other.get("Action")))))
                    for other in others
                )
                for one in left
            ),
        )
    )


def _named(action: Any, patterns: Any) -> Iterator[Answer]:
    for pattern in listed(patterns):
        yield pattern if isinstance(pattern, Unknown) else matches(str(action), str(pattern), any_case=True)


def _is_all(action: Any) -> Answer:
    """Whether a pattern of actions covers all of S3."""
    if isinstance(action, Unknown):
        return action
    return all(matches(f"s3:{one}", str(action), any_case=True) for one in _ANY)


def _touches_s3(action: Any) -> bool:
    beginning = re.split(r"[*?]", str(action), maxsplit=1)[0].lower()
    return beginning.startswith("s3:") or "s3:".startswith(beginning)


def _reaches(statement: dict[str, Any], part: str, bucket: Resource) -> Answer:
    """Whether a statement is a Deny that holds for everyone and every plain request on the bucket or its objects."""
    effect = statement.get("Effect")
    return _every(
        (
            effect if isinstance(effect, Unknown) else effect == "Deny",
            _is_everyone(statement.get("Principal")),
            _is_plain_http(statement.get("Condition")),
            _is_about(statement, part, bucket),
        )
    )


def _is_everyone(principal: Any) -> Answer:
    if isinstance(principal, Unknown):
        return principal
    if isinstance(principal, dict):
        # To IAM `{"*": "*"}` is everyone too; the provider writes it where another kind stands beside it.
        return _some(_is_everyone(one) for kind in ("AWS", "*") for one in listed(principal.get(kind)))
    return principal == "*" if isinstance(principal, str) else False


def _is_plain_http(condition: Any) -> Answer:
    """Whether a condition holds for every request over plain HTTP; none always does."""
    if condition is None or isinstance(condition, Unknown):
        return True if condition is None else condition
    if not isinstance(condition, dict):
        return False
    return _every(
        tests if isinstance(tests, Unknown) else _holds(operator.lower(), key.lower(), values)
        for operator, tests in condition.items()
        for key, values in (tests.items() if isinstance(tests, dict) else [("", tests)])
    )


def _holds(operator: str, key: str, values: Any) -> Answer:
    """Whether one test of a condition holds for every request over plain HTTP.

    `aws:SecureTransport` is in every request; `s3:TlsVersion` is in those with TLS only, so that just a test which
    holds where its key is missing holds. What asks for anything else narrows the statement.
    Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html,
    reference_policies_condition-single-vs-multi-valued-context-keys.html
    and reference_policies_condition-keys.html; Service Authorization Reference, condition keys of Amazon S3
    """
    prefix, _, operator = operator.rpartition(":")
    if key not in ("aws:securetransport", "s3:tlsversion"):
        return False
    missing = key == "s3:tlsversion"
    doubt = next((value for value in listed(values) if isinstance(value, Unknown)), None)
    # IAM takes `false` and `"false"` for the same.
    texts = [str.__str__(as_text(value) or "") for value in listed(values)]
    if operator == "null":
        wanted = "true" if missing else "false"
        return [text.lower() for text in texts] == [wanted] if doubt is None else doubt
    if missing:
        # `IfExists` comes before the prefix: where the key is missing, nothing else of the test is looked at.
        if operator.endswith("ifexists"):
            return True
        return prefix == "forallvalues" or (prefix != "foranyvalue" and "not" in operator)
    if doubt is not None:
        return doubt
    operator = operator.removesuffix("ifexists")
    compare = _COMPARISONS.get(operator.replace("not", "", 1))
    if compare is None:
        return False
    return any(compare(text) for text in texts) != ("not" in operator)


# Whether `aws:SecureTransport` is what an operator compares it with; over plain HTTP it is "false", in lower case.
_COMPARISONS: Final[dict[str, Callable[[str], bool]]] = {
    "bool": lambda text: text.lower() == "false",
    "stringequals": lambda text: text == "false",
    "stringequalsignorecase": lambda text: text.lower() == "false",
    "stringlike": lambda text: matches("false", text),
}


def _is_about(statement: dict[str, Any], part: str, bucket: Resource) -> Answer:
    """Whether a statement is about the bucket, or about all its objects."""
    name = _name(bucket)
    if "NotResource" not in statement:
        return _some(_matches(_spelled(one, bucket), name, part) for one in listed(statement.get("Resource")))
    whole = f"{_ARN}{name}{'/' * (part == 'objects')}"
    answers: list[Answer] = []
    for one in listed(statement["NotResource"]):
        text = _spelled(one, bucket)
        beginning = re.split(r"[*?]", text, maxsplit=1)[0]
        if _MARK.search(text) and text not in (whole, _ARN + name):
            answers.append(one if isinstance(one, Unknown) else False)
        elif text == beginning and part == "bucket":
            answers.append(text != whole)
        else:
            answers.append(
                not (beginning.startswith(whole) or (text != beginning and whole.startswith(beginning)))
            )
    return _every(answers)


def _matches(pattern: str | Unknown, name: str, part: str) -> Answer:
    """Whether a pattern covers the bucket of a name, or all its objects."""
    if isinstance(pattern, Unknown):
        return pattern
    endings = ("",) if part == "bucket" else tuple(f"/{one}" for one in _ANY)
    if all(matches(f"{_ARN}{name}{ending}", pattern) for ending in endings):
        return True
    foreign = next((mark for mark in _MARK.findall(pattern) if mark not in name), None)
    if foreign is not None and all(
        matches(f"{_ARN}{name}{ending}", pattern.replace(foreign, "*")) for ending in endings
    ):
        return Unknown(foreign[1:-1])
    return False


def _name(bucket: Resource) -> str:
    """A bucket's name, with marks for what is not known of it."""
    name = bucket.get("bucket")
    if name is ABSENT or name == "":
        prefix = bucket.get("bucket_prefix")
        return f"{prefix if isinstance(prefix, str) else ''}\ue000its name\ue001"
    return _spelled(name, None)


def _spelled(value: Any, bucket: Resource | None) -> str:
    """A text or ARN with marks for what is not known; what refers to the bucket is spelled as the bucket is."""
    if isinstance(value, str):
        return _PREFIX.sub(_ARN, str.__str__(value))
    if not isinstance(value, Unknown):
        return ""
    pieces = []
    for part in value.parts or (value,):
        if isinstance(part, str):
            pieces.append(str.__str__(part))
            continue
        attribute, own = ("", "") if bucket is None else _attribute(part, bucket)
        named = {"arn": f"{_ARN}{own}", "id": own, "bucket": own}
        pieces.append(named.get(attribute, f"\ue000{part.reason}\ue001"))
    return _PREFIX.sub(_ARN, "".join(pieces))


def _attribute(value: Unknown, bucket: Resource) -> tuple[str, str]:
    """The attribute of a bucket that a value is, and nothing but that, with the bucket's name; "" for anything else.

    Of another bucket than the judged one it is told only where the whole name is known: marks could make the names of
    two buckets look the same.
    """
    if len(value.references) == 1:
        reference = value.references[0]
        if value.reason.startswith(f"{reference} is known after"):
            instances = bucket.model.at(reference.address)
            if bucket in instances:
                return reference.attribute, _name(bucket)
            if len(instances) == 1 and instances[0].type == "aws_s3_bucket":
                name = _name(instances[0])
                if not _MARK.search(name):
                    return reference.attribute, name
    return "", ""


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit | Incurable]:
    written = model.referring(resource, "aws_s3_bucket_policy", "bucket").resources
    if resource.type != "aws_s3_bucket" or written or resource.get("policy") not in (ABSENT, ""):
        yield Incurable("it has a policy already: add the statement there")
        return
    contents = {"bucket": Expression("{self}.id"), "policy": Expression(_POLICY)}
    yield AddResource(
        "aws_s3_bucket_policy", contents, "a policy that it was given by other means is replaced"
    )


_POLICY: Final = """\
jsonencode({
  Version = "2012-10-17"
  Statement = [{
    Sid       = "DenyPlainHttp"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Resource  = [{self}.arn, "${{self}.arn}/*"]
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }]
})"""
