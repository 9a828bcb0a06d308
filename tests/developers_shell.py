"""The environment of commands in tests, without what a developer's shell may hold and they must not see."""

from __future__ import annotations

import os

_FOREIGN = (
    "AWS_",
    "TF",
    "ENV",
    "BINDINGS",
    "LOCAL",
    "ACCEPT",
    "ACCOUNT",
    "SIGN",
    "PLAN",
    "ALLOW_REPLACE",
    "CONFIRM",
    "FAULTS",
    "FROM",
    "ADDRESS",
    "ID",
    "PROVIDER",
    "TO",
    "MAKE",
    "MFLAGS",
)


def environment() -> dict[str, str]:
    """This process's environment, without variables whose names begin like one that the project's commands read."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
