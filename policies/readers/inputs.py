"""The values of a root module's variables, from wherever Terraform takes them, the later over the earlier.

Source: https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.engine.values import Unknown
from policies.readers import files, terraform_json
from policies.readers.bodies import NoNames, hidden
from policies.readers.declared import Block, Config, plain_text
from policies.readers.evaluation import evaluate, first_unknown, plain
from policies.readers.syntax import Name, SyntaxFault, parse_expression

VARIABLE: Final = "TF_VAR_"
"""How the name begins of an environment variable that gives a value to a variable."""
WORKSPACE: Final = "TF_WORKSPACE"
"""The environment variable that names the workspace."""
_PRIMITIVE: Final = frozenset({"string", "number", "bool"})


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is told besides the configuration.

    `assignments` are those of the command line in order: `("var", "name=value")` and `("var-file", path)`;
    `environment` is what `TF_VAR_` variables say, by the name behind that; `workspace` is the workspace's name or "".
    """

    assignments: tuple[tuple[str, str], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    workspace: str = ""


def of_environment(assignments: Sequence[tuple[str, str]] = (), workspace: str | None = None) -> Inputs:
    """What this program's environment tells, with assignments of the command line and its workspace over it."""
    told = {
        name.removeprefix(VARIABLE): value for name, value in os.environ.items() if name.startswith(VARIABLE)
    }
    return Inputs(tuple(assignments), told, os.environ.get(WORKSPACE, "") if workspace is None else workspace)


def values(config: Config, inputs: Inputs) -> dict[str, Any]:
    """The values that are given to the variables of a root module.

    Texts from the environment are marked as not to be shown: secrets are kept there.

    Raises:
        Problem: a file cannot be read or holds something else, or a value is malformed, or is given on the command
            line for a variable that is not declared.
    """
    given: dict[str, Any] = {}
    for name, block in config.variables.items():
        if name in inputs.environment:
            given[name] = hidden(_parsed(block, inputs.environment[name], f"TF_VAR_{name}", shown=False))
    for file in files.variable_files(config.folder):
        given.update(from_file(file))
    for kind, text in inputs.assignments:
        if kind == "var-file":
            given.update(from_file(Path(text)))
            continue
        name, equals, value = text.partition("=")
        if not equals or not name or name != name.strip():
            raise Problem(f"--var {text!r}: it is written as --var NAME=VALUE")
        if name not in config.variables:
            raise Problem(f"--var {name}: {config.folder} declares no variable of this name")
        given[name] = _parsed(config.variables[name], value, f"--var {name}", shown=True)
    return given


def from_file(file: Path) -> dict[str, Any]:
    """The values of a file of variables, in either syntax.

    Raises:
        Problem: it cannot be read, is malformed, or holds something other than values.
    """
    text = files.read_text(file)
    if file.name.endswith(".json"):
        found = terraform_json.decode(text, str(file))
        if not isinstance(found, dict):
            raise Problem(f"{file}: it is not an object of variables")
        if "variable" in found and isinstance(found["variable"], dict):
            raise Problem(f"{file}: a file of variables holds values, not declarations")
        return {name: value for name, value in found.items() if name != "//"}
    from policies.readers import hcl

    return hcl.variables(text, str(file))


def _parsed(block: Block, text: str, told: str, *, shown: bool) -> Any:
    """A value that is given as a text: itself for a variable of a simple type or none, else an expression."""
    kind = block.body.get("type")
    if kind is None or (kind.name if isinstance(kind, Name) else plain_text(kind)) in _PRIMITIVE:
        return text
    try:
        value = plain(evaluate(parse_expression(text), NoNames()))
    except (SyntaxFault, RecursionError) as fault:
        raise Problem(f"{told}: it is no expression{f': {fault}' if shown else ''}") from None
    blind = first_unknown(value)
    if isinstance(blind, Unknown):
        raise Problem(f"{told}: it is no constant{f': {blind.reason}' if shown else ''}")
    return value
