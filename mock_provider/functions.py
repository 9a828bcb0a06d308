"""The provider's functions, such as `provider::aws::arn_parse`.

Source: https://registry.terraform.io/providers/hashicorp/aws/6.25.0/docs/functions/arn_parse, and
the pages beside it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from tf.gen import tfplugin_pb2 as pb  # type: ignore[import-untyped]

_ARN_PARTS = ("partition", "service", "region", "account_id", "resource")
_ROLE_ARN = re.compile(r"(arn:[^:]+:iam::[^:]*:role)/.*?([^/]+)")

# Each function's parameters, all strings, and what it returns.
_FUNCTIONS: dict[str, tuple[tuple[str, ...], Any, str]] = {
    "arn_build": (_ARN_PARTS, "string", "Builds an ARN from its parts."),
    "arn_parse": (
        ("arn",),
        ["object", dict.fromkeys(_ARN_PARTS, "string")],
        "Parses an ARN into its parts.",
    ),
    "trim_iam_role_path": (("arn",), "string", "Trims the path of an IAM role's ARN."),
    "user_agent": (
        ("product_name", "product_version", "comment"),
        "string",
        "Formats a User-Agent product for use with the user_agent argument.",
    ),
}


class Misuse(Exception):
    """An argument that a function does not take; `argument` is its position, from 0."""

    def __init__(self, words: str, argument: int) -> None:
        super().__init__(words)
        self.argument = argument


@cache
def messages() -> dict[str, Any]:
    """The functions' signatures as messages, by name."""
    return {
        name: pb.Function(
            parameters=[pb.Function.Parameter(name=one, type=b'"string"') for one in parameters],
            summary=summary,
            **{"return": pb.Function.Return(type=json.dumps(returned).encode())},
        )
        for name, (parameters, returned, summary) in _FUNCTIONS.items()
    }


def call(name: str, arguments: list[Any]) -> Any:
    """The function's result.

    Raises:
        Misuse: an argument is not of the form that the function takes.
    """
    if name == "arn_build":
        return ":".join(("arn", *arguments))
    if name == "arn_parse":
        parts = arguments[0].split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            raise Misuse(f"arn_parse: {arguments[0]!r} is not an ARN", 0)
        return dict(zip(_ARN_PARTS, parts[1:], strict=True))
    if name == "trim_iam_role_path":
        found = _ROLE_ARN.fullmatch(arguments[0])
        if not found:
            raise Misuse(f"trim_iam_role_path: {arguments[0]!r} is not the ARN of an IAM role", 0)
        return f"{found[1]}/{found[2]}"
    product, version, comment = arguments
    if not product:
        raise Misuse("user_agent: the product's name is empty", 0)
    return product + (f"/{version}" if version else "") + (f" ({comment})" if comment else "")
