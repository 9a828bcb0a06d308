"""Functions that the AWS provider brings.

Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/functions/arn_parse
"""

from __future__ import annotations

import re

from policies.readers.functions.calling import function
from policies.readers.types import Refused


@function("provider::aws::arn_parse", "string")
def _arn_parse(arn: str) -> dict[str, str]:
    parts = str.__str__(arn).split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise Refused("it is no ARN")
    _, partition, service, region, account, resource = parts
    return {
        "account_id": account,
        "partition": partition,
        "region": region,
        "resource": resource,
        "service": service,
    }


@function("provider::aws::arn_build", "string", "string", "string", "string", "string")
def _arn_build(partition: str, service: str, region: str, account: str, resource: str) -> str:
    return f"arn:{':'.join(map(str.__str__, (partition, service, region, account, resource)))}"


@function("provider::aws::trim_iam_role_path", "string")
def _trim_iam_role_path(arn: str) -> str:
    parts = _arn_parse(arn)
    match = re.fullmatch(r"role/(?:.*/)?([^/]*)", parts["resource"], re.DOTALL)
    if parts["service"] != "iam" or parts["region"] or not match:
        raise Refused("it is no ARN of a role")
    return str.__str__(arn).removesuffix(parts["resource"]) + f"role/{match.group(1)}"


@function("provider::aws::user_agent", "string", "string", "string")
def _user_agent(name: str, version: str, comment: str) -> str:
    if not name:
        raise Refused("a product has a name")
    return f"{name}{f'/{version}' if version else ''}{f' ({comment})' if comment else ''}"
