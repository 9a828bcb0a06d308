"""Terraform as the judge of expressions: many at once, in one run of its console."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mock_provider import wheel
from policies.engine.values import Unknown
from policies.readers import functions
from policies.readers.budget import BUDGET
from policies.readers.evaluation import Scope, evaluate, first_unknown, plain
from policies.readers.syntax import parse_expression

REFUSED = "refused"
UNKNOWN = "unknown"

# The provider that is a part of Terraform, for its functions.
_PROVIDER = """terraform {
  required_providers {
    terraform = { source = "terraform.io/builtin/terraform" }
  }
}"""


def answers(expressions: Sequence[str], folder: Path) -> list[str]:
    """What Terraform makes of each expression: its value as JSON, or `REFUSED`."""
    lines = "\n".join(f"    try(jsonencode({expression}), null)," for expression in expressions)
    (folder / "main.tf").write_text(
        f"{_PROVIDER}\nlocals {{\n  all = base64encode(jsonencode([\n{lines}\n  ]))\n}}\n", encoding="utf-8"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "LC_"))}
    done = subprocess.run(
        [sys.executable, str(Path(wheel.__file__)), "console"],
        input="local.all\n",
        capture_output=True,
        text=True,
        cwd=folder,
        env={**environment, "CHECKPOINT_DISABLE": "1", "HOME": str(folder)},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    line = done.stdout.strip().splitlines()[-1]
    found = json.loads(base64.b64decode(json.loads(line)))
    return [REFUSED if answer is None else str(answer) for answer in found]


class Names:
    """The scope of an expression without names but its own."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names

    def name(self, name: str) -> Any:
        return self.names.get(name, Unknown(f"{name} is not known"))

    def with_names(self, names: Mapping[str, Any]) -> Scope:
        return Names({**self.names, **names})

    def call(self, name: str, arguments: list[Any]) -> Any:
        return functions.call(name, arguments)


def our_answer(expression: str) -> str:
    """What the gate makes of an expression: its value as JSON, `REFUSED`, or `UNKNOWN`."""
    BUDGET.renew()
    value = plain(evaluate(parse_expression(f"try(jsonencode({expression}), null)"), Names({})))
    if value is None:
        return REFUSED
    return UNKNOWN if first_unknown(value) is not None else str.__str__(value)


def differences(expressions: Iterable[str], folder: Path) -> tuple[list[tuple[str, str, str]], int, int]:
    """The expressions of which the two say different things, and how many are the same and unknown to the gate."""
    asked = list(expressions)
    differing: list[tuple[str, str, str]] = []
    same = unknown = 0
    for expression, right in zip(asked, answers(asked, folder), strict=True):
        found = our_answer(expression)
        if found == UNKNOWN:
            unknown += 1
        elif found == right:
            same += 1
        else:
            differing.append((expression, found, right))
    return differing, same, unknown
