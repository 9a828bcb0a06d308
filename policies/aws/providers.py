"""The AWS provider's versions, as far as a configuration says which of them it takes."""

from __future__ import annotations

import re
from typing import Final

from policies.engine.model import Model

_TERM: Final = re.compile(r"\s*(?P<operator>=|!=|>=|<=|>|<|~>)?\s*v?(?P<version>\d+(?:\.\d+)*)")


def is_before(model: Model, major: int) -> bool:
    """Whether only versions of the AWS provider before `major` are admitted; without a constraint, the newest counts.

    Source: https://developer.hashicorp.com/terraform/language/expressions/version-constraints
    """
    return any(
        _ends_before(term, major) for constraint in model.constraints for term in constraint.split(",")
    )


def _ends_before(term: str, major: int) -> bool:
    match = _TERM.match(term)
    if match is None:
        return False
    first, *rest = (int(part) for part in match["version"].split("."))
    match match["operator"]:
        case None | "=" | "<=" | "~>":
            return first < major
        case "<":
            return first < major or (first == major and not any(rest))
        case _:
            return False
