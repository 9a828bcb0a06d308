"""Policies: their grammar, and what each use of one asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

from mock_provider.argument_checks import Refusal
from mock_provider.cross_checks.wording import Rule, State, blocks, listed
from mock_provider.values import Path

_POLICY_ELEMENTS = frozenset(
    (
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    )
)


def policy_refusals(text: Any, at: Path, use: Literal["trust", "identity", "resource"]) -> Iterator[Refusal]:
    """A policy's grammar, and what its use asks for.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
    """
    try:
        document = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return
    if not isinstance(document, dict):
        return
    wrong = list(_policy_faults(document, use))
    if wrong:
        yield Refusal(at, f"MalformedPolicyDocument: {wrong[0]}")


def _policy_faults(document: State, use: str) -> Iterator[str]:
    version = document.get("Version", "2008-10-17")
    if version not in ("2008-10-17", "2012-10-17"):
        yield f'The policy must contain a valid version string, got "{version}"'
    unknown = document.keys() - {"Version", "Id", "Statement"}
    if unknown:
        yield f"Syntax error: unknown element {sorted(unknown)[0]}"
    statements = document.get("Statement")
    statements = statements if isinstance(statements, list) else [statements] if statements else []
    if not statements:
        yield "Syntax error: the policy has no Statement"
    seen: set[str] = set()
    for position, statement in enumerate(statements, 1):
        if not isinstance(statement, dict):
            yield f"Syntax error: statement {position} is not an object"
            continue
        sid = statement.get("Sid")
        if isinstance(sid, str) and sid and sid in seen:
            yield f"Statement IDs (SID) in a single policy must be unique: {sid}"
        seen.add(str(sid))
        yield from (f"{words} (statement {sid or position})" for words in _statement_faults(statement, use))


def _statement_faults(statement: State, use: str) -> Iterator[str]:
    unknown = statement.keys() - _POLICY_ELEMENTS
    if unknown:
        yield f"Syntax error: unknown element {sorted(unknown)[0]}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"Effect must be Allow or Deny, got {statement.get('Effect')!r}"
    sid = statement.get("Sid")
    if use != "resource" and isinstance(sid, str) and not re.fullmatch(r"[0-9A-Za-z]*", sid):
        yield f"Statement IDs (SID) must be alpha-numeric: {sid}"
    actions = [name for name in ("Action", "NotAction") if name in statement]
    if len(actions) != 1:
        yield "Policy statement must contain actions: Action or NotAction"
    for action in _texts(statement.get(actions[0]) if actions else None):
        if action != "*" and not re.fullmatch(r"[\w-]+:[\w*?]+", action):
            yield f"Actions must be prefixed with a vendor and a colon: {action}"
        elif use == "trust" and not re.match(r"sts:|\*", action, re.I):
            yield f"AssumeRole policy may only specify STS AssumeRole actions: {action}"
    principals = {"Principal", "NotPrincipal"} & statement.keys()
    resources = {"Resource", "NotResource"} & statement.keys()
    if use == "identity" and principals:
        yield "Policy document should not specify a principal."
    if use != "identity" and not principals:
        yield "Missing required field Principal"
    if use == "trust" and resources:
        yield "Has prohibited field Resource"
    if use != "trust" and not resources:
        yield "Policy statement must contain resources."


def _texts(value: Any) -> list[str]:
    return (
        [str(one) for one in value] if isinstance(value, list) else [value] if isinstance(value, str) else []
    )


def policy_rule(use: Literal["trust", "identity", "resource"], *names: str) -> Rule:
    def rule(config: State, _region: str | None) -> Iterator[Refusal]:
        for name in names:
            yield from policy_refusals(config.get(name), (name,), use)

    return rule


def _policy_document(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: internal/service/iam, dataSourcePolicyDocumentRead."""
    seen: set[str] = set()
    for at, statement in blocks(config, "statement"):
        sid = statement.get("sid")
        if isinstance(sid, str) and sid:
            if sid in seen:
                yield Refusal(
                    (*at, "sid"),
                    f"writing IAM Policy Document: duplicate Sid ({sid}). Remove the Sid or ensure the Sid is unique.",
                )
            seen.add(sid)
        if config.get("version") == "2008-10-17" and "&{" in json.dumps(statement, default=str):
            yield Refusal(
                at, "found &{ sequence in a statement, which is not supported in document version 2008-10-17"
            )
    sids: set[str] = set()
    for name in ("source_policy_documents", "override_policy_documents"):
        for position, text in enumerate(listed(config.get(name))):
            try:
                document = json.loads(text) if isinstance(text, str) and text else {}
            except ValueError:
                continue
            statements = document.get("Statement") if isinstance(document, dict) else None
            if not isinstance(document, dict) or not isinstance(statements or [], list):
                yield Refusal(
                    (name, position),
                    f"writing IAM Policy Document: merging document {position}: it has no list of statements",
                )
                continue
            for statement in statements or []:
                sid = statement.get("Sid") if isinstance(statement, dict) else None
                if name == "source_policy_documents" and sid:
                    if sid in sids:
                        yield Refusal(
                            (name, position),
                            f"writing IAM Policy Document: merging source document {position}: duplicate Sid "
                            f"({sid}) in source_policy_documents. Remove the Sid or ensure Sids are unique.",
                        )
                    sids.add(str(sid))


RULES: dict[tuple[str, str], Rule] = {
    ("data", "aws_iam_policy_document"): _policy_document,
    ("resource", "aws_cloudwatch_log_resource_policy"): policy_rule("resource", "policy_document"),
    ("resource", "aws_iam_role"): policy_rule("trust", "assume_role_policy"),
    ("resource", "aws_iam_role_policy"): policy_rule("identity", "policy"),
    ("resource", "aws_s3_bucket_policy"): policy_rule("resource", "policy"),
    ("resource", "aws_sns_topic_policy"): policy_rule("resource", "policy"),
}
