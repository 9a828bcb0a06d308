"""Imports: what of the account an id means, as the real provider reads the ids of each type.

Sources: the Import sections of the provider's documentation and the importers of its resources.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mock_provider.account import Thing

FORMS: dict[str, tuple[str, ...]] = {
    "aws_backup_selection": ("{plan_id}|{id}",),
    "aws_cloudwatch_event_target": ("{event_bus_name}/{rule}/{target_id}", "{rule}/{target_id}"),
    "aws_cloudwatch_log_delivery_destination": ("{name}",),
    "aws_cloudwatch_log_delivery_source": ("{name}",),
    "aws_db_instance": ("{identifier}", "{id}"),
    "aws_iam_role_policy": ("{role}:{name}",),
    "aws_iam_role_policy_attachment": ("{role}/{policy_arn}",),
    "aws_iam_user_policy_attachment": ("{user}/{policy_arn}",),
    "aws_autoscaling_policy": ("{autoscaling_group_name}/{name}",),
    "aws_lambda_permission": ("{function_name}/{statement_id}",),
    "aws_route": (
        "{route_table_id}_{destination_cidr_block}",
        "{route_table_id}_{destination_ipv6_cidr_block}",
        "{route_table_id}_{destination_prefix_list_id}",
    ),
    "aws_route_table_association": ("{subnet_id}/{route_table_id}", "{gateway_id}/{route_table_id}"),
    "aws_wafv2_web_acl": ("{id}/{name}/{scope}",),
    "aws_wafv2_web_acl_association": ("{web_acl_arn},{resource_arn}",),
    "aws_cloudfront_function": ("{name}",),
    "aws_cloudwatch_dashboard": ("{dashboard_name}",),
}
"""How an id is put together of attributes, where it is not the attribute `id` itself."""

_NONE = frozenset(
    ("aws_acm_certificate_validation", "aws_lb_target_group_attachment", "aws_iam_policy_attachment")
)
"""Types that the provider does not import."""


def refusal(terraform_type: str) -> str:
    """Why a type cannot be imported; empty if it can."""
    return (
        f"{terraform_type} cannot be imported: the provider makes it anew." if terraform_type in _NONE else ""
    )


def find(things: Sequence[Thing], terraform_type: str, id: str, region: str) -> Thing | None:
    """What of the account's things of a type has this id; `id@region` means another region than the provider's.

    Source of the suffix:
    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/enhanced-region-support
    """
    suffix = re.fullmatch(r"(.+)@([a-z]{2}(?:-[a-z]+)+-\d)", id)
    if suffix:
        id, region = suffix[1], suffix[2]
    return next((one for one in things if one.region == region and id in _ids(terraform_type, one)), None)


def _ids(terraform_type: str, thing: Thing) -> list[str]:
    def text(form: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda field: str(thing.get(field[1]) or "\0"), form)

    return [text(form) for form in FORMS.get(terraform_type, ("{id}",))]
