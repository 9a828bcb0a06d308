"""What the real provider and AWS refuse, told as Terraform's own diagnostics.

What one argument decides is a row of `facts.json` (`mock_provider.argument_checks`); what takes several
arguments, or the region, is in `mock_provider.cross_checks`. A value that is not known yet is never refused.
"""

from __future__ import annotations

from typing import Any, Literal

from mock_provider import argument_checks, cross_checks
from mock_provider.argument_checks import Refusal as Refusal

State = dict[str, Any]


def check(
    kind: Literal["resource", "data", "provider"], terraform_type: str, config: State, region: str | None
) -> list[Refusal]:
    """What is wrong with a configuration, in the order of its arguments; empty when nothing is.

    Args:
        kind: what is configured.
        terraform_type: such as aws_subnet; aws for the provider.
        config: the arguments; values may be `UNKNOWN`.
        region: where it will be; None while that is not known, and then nothing is said about it.
    """
    given = config.get("region")
    if kind != "provider" and isinstance(given, str):
        region = given
    found: list[Refusal] = []
    if kind != "provider":
        found += argument_checks.check(kind, terraform_type, config)
    found += cross_checks.check(kind, terraform_type, config, region)
    return list(dict.fromkeys(found))
