"""Refusals that take several arguments together, or the region."""

from __future__ import annotations

from typing import Any, Literal

from mock_provider.argument_checks import Refusal

State = dict[str, Any]


def check(
    kind: Literal["resource", "data", "provider"], terraform_type: str, config: State, region: str | None
) -> list[Refusal]:
    """What is wrong with the arguments taken together; see `mock_provider.refusals.check`."""
    return []
