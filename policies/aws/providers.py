"""The AWS provider's versions, as far as a configuration says which of them it takes, and what they decide."""

from __future__ import annotations

import re
from typing import Final

from policies.engine.model import Model, Resource
from policies.engine.values import ABSENT, Unknown

_TERM: Final = re.compile(r"\s*(?P<operator>=|!=|>=|<=|>|<|~>)?\s*v?(?P<version>\d+(?:\.\d+)*)")

DEFAULTS: Final = {
    ("aws_redshift_cluster", "publicly_accessible"): (6, True, False),
    ("aws_redshift_cluster", "encrypted"): (6, False, True),
}
"""Booleans whose default a version changed: by type and attribute the version, the default before it and since.

Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/version-6-upgrade
"""


def boolean(resource: Resource, path: str, default: bool = False) -> bool:
    """The boolean at `path`, where it is absent the default of the provider's version, or else `default`.

    Raises:
        Undetermined: the value is unknown or no boolean, or the version is one that nobody can tell.
    """
    changed = DEFAULTS.get((resource.type, path))
    if changed is None or resource.get(path) is not ABSENT:
        return resource.boolean(path, default)
    major, before, since = changed
    found = is_before(resource.model, major)
    if isinstance(found, Unknown):
        raise resource.undetermined(found, path)
    return before if found else since


def is_before(model: Model, major: int) -> bool | Unknown:
    """Whether the AWS provider is of a version before `major`: the one that is locked, or all that are admitted.

    Without either, the newest counts.

    Source: https://developer.hashicorp.com/terraform/language/expressions/version-constraints
    """
    if isinstance(model.locked, Unknown):
        return model.locked
    if model.locked:
        return int(model.locked.partition(".")[0]) < major
    terms = [term for constraint in model.constraints for term in constraint.split(",")]
    older = next((term for term in terms if _ends_before(term, major)), None)
    newer = next((term for term in terms if _begins_at(term, major)), None)
    if older is not None and newer is not None:
        told = f"{older.strip()!r} and {newer.strip()!r}"
        return Unknown(f"no version of the AWS provider is both {told}")
    return older is not None


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


def _begins_at(term: str, major: int) -> bool:
    match = _TERM.match(term)
    if match is None or match["operator"] in ("<", "<=", "!="):
        return False
    return int(match["version"].split(".")[0]) >= major
