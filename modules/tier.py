"""What every tier shares: resources under short, stable addresses, and policy documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from constructs import Construct

from modules.names import DataResource, TerraformResource

P = ParamSpec("P")


class Element(Protocol):
    """What Terraform addresses: a resource, data source, variable or output."""

    def override_logical_id(self, new_logical_id: str) -> None: ...


E = TypeVar("E", bound=Element)


class Tier(Construct):
    """One logical tier of the stack."""

    def add(
        self,
        kind: Callable[Concatenate[Construct, str, P], E],
        name: str,
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> E:
        """Add a resource whose Terraform address is its type and `name`: `add(Subnet, "private_a", ...)`."""
        of = "terraform_data" if kind is DataResource else kind.__module__.rpartition(".")[2]
        element = kind(self, f"{of}.{name}", *args, **kwargs)
        element.override_logical_id(name)
        return element


def wait(element: TerraformResource, *first: TerraformResource) -> None:
    """Have a resource made after others, and destroyed before them, beside those that it names already."""
    # `fqn` would be written as `${...}`, which Terraform takes for an expression.
    named = (f"{one.terraform_resource_type}.{one.friendly_unique_id}" for one in first)
    element.depends_on = list(dict.fromkeys((*(element.depends_on or ()), *named)))


Statement = dict[str, Any]


def policy(*statements: Statement) -> str:
    """An IAM policy document as JSON text; each statement is a dict with IAM's own keys.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}
    )


def trust(service: str, account_id: str | None = None) -> str:
    """The trust policy that lets an AWS service assume a role; with `account_id`, for that account's sake only.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    statement: Statement = {"Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if account_id:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account_id}}
    return policy(statement)


def deny_plain_http(bucket_arn: str) -> Statement:
    """The bucket-policy statement that refuses every request not made over TLS.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    return {
        "Sid": "DenyPlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
