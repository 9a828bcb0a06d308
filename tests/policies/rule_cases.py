"""The cases of the rules: read from tables in HCL, and written in the three forms that the gate reads.

A table is a file of HCL. Each case begins with a line `#### NAME` and says what the rule must find:

    #= aws_db_instance.main: pass
    #= aws_db_instance.other: unknown, plan: fail
    #= aws_route.main: nothing, plan: unknown

Every finding of the rule must be named, and no other may be there; `#= nothing` means none. A status after
`plan:` is the one for a plan, where Terraform knows more (or less) than the files say. A line `#> PATH` begins
another file of the case, such as `modules/db/main.tf`, `terraform.tfvars` or a `main.tf.json` of its own.
`#= never planned: REASON` is for what the provider refuses to plan.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hcl2
from hcl2 import SerializationOptions

from policies.engine import catalogue, judging, parameters
from policies.engine.verdicts import FAIL, PASS, UNKNOWN
from policies.readers import read

TABLES = Path(__file__).with_name("rules")
_CATALOGUE = catalogue.load()
_PARAMETERS = parameters.load()


@dataclass
class Case:
    """One case: `files` by path, and the expected status by address, for configuration and for plans."""

    rule: str
    name: str
    files: dict[str, str] = field(default_factory=dict)
    expected: dict[str, str] = field(default_factory=dict)
    planned: dict[str, str] = field(default_factory=dict)
    refused: str = ""

    @property
    def id(self) -> str:
        """A name for folders and Terraform modules."""
        return f"{self.rule}_{re.sub(r'[^a-z0-9]+', '_', self.name.lower()).strip('_')}"


def tables() -> list[str]:
    """The rules that have a table, by file name."""
    return sorted(path.stem for path in TABLES.glob("*.tf"))


def cases(rule: str) -> list[Case]:
    """The cases of one rule's table."""
    return list(_cases(rule, (TABLES / f"{rule}.tf").read_text(encoding="utf-8")))


def _cases(rule: str, text: str) -> Iterator[Case]:
    case: Case | None = None
    path = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#### "):
            if case:
                yield case
            case = Case(rule, line[5:].strip())
            path = "main.tf"
        elif case is None:
            assert not line.strip() or line.startswith("#"), f"{rule}.tf:{number}: outside of any case"
        elif line.startswith("#= "):
            _expect(case, line[3:].strip(), f"{rule}.tf:{number}")
        elif line.startswith("#> "):
            path = line[3:].strip()
        else:
            case.files[path] = case.files.get(path, "") + line + "\n"
    if case:
        yield case


def _expect(case: Case, words: str, place: str) -> None:
    if words == "nothing":
        return
    if words.startswith("never planned: "):
        case.refused = words.partition(": ")[2]
        return
    match = re.fullmatch(r"(\S+): (pass|fail|unknown|nothing)(?:, plan: (pass|fail|unknown|nothing))?", words)
    assert match, f"{place}: not an expectation: {words}"
    address, status, planned = match.groups()
    planned = planned or status
    if status != "nothing":
        case.expected[address] = status
    if planned != "nothing":
        case.planned[address] = planned


def judged(rule: str, path: Path, configuration: Path | None = None) -> dict[str, str]:
    """What the gate finds for one rule at a path: the worst status by address."""
    result = judging.judge([read(path, configuration)], _CATALOGUE, _PARAMETERS)
    found: dict[str, str] = {}
    for finding in result.findings:
        if finding.rule == f"CM_{rule.upper()}":
            worse = [status for status in (found.get(finding.address), finding.status) if status]
            found[finding.address] = min(worse, key=(FAIL, UNKNOWN, PASS).index)
    return found


# --- Terraform JSON -------------------------------------------------------------------------------------


def as_json(text: str) -> dict[str, Any]:
    """A file of HCL in Terraform's JSON syntax, by python-hcl2's own conversion."""
    options = SerializationOptions(with_comments=False, explicit_blocks=True, preserve_heredocs=True)
    tree = hcl2.loads(text, serialization_options=options)
    result: dict[str, Any] = {}
    for kind, blocks in tree.items():
        for block in blocks:
            _merge(result, {kind: _value(block)})
    for variable in result.get("variable", {}).values():
        if "type" in variable:
            variable["type"] = re.sub(r"^\$\{(.*)\}$", r"\1", variable["type"], flags=re.DOTALL)
    for provider in result.get("provider", {}).values():
        assert isinstance(provider, dict | list)
    return result


def _merge(into: dict[str, Any], tree: dict[str, Any]) -> None:
    for key, value in tree.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for key, inner in value.items():
            if key.startswith("__"):
                continue
            _merge(found, {_unquoted(key): _opened(inner) if key == "dynamic" else _value(inner)})
        return found
    if isinstance(value, list):
        return [_value(inner) for inner in value]
    return _unquoted(value) if isinstance(value, str) else value


def _opened(blocks: list[Any]) -> dict[str, Any]:
    """Labelled blocks inside a block: the label becomes a key."""
    found: dict[str, Any] = {}
    for block in blocks:
        for label, body in _value(block).items():
            found.setdefault(label, []).append(body)
    return found


def _unquoted(text: str) -> str:
    """A quoted HCL text as the template that JSON holds: escapes undone outside of `${...}`."""
    if not (len(text) > 1 and text[0] == text[-1] == '"'):
        return text
    if heredoc := re.fullmatch(r'"<<(-?)(\w+)\n(.*\n)\s*\2"', text, re.DOTALL):
        return textwrap.dedent(heredoc[3]) if heredoc[1] else heredoc[3]
    result = []
    depth = 0
    index = 1
    while index < len(text) - 1:
        if text.startswith(("${", "%{"), index) and not text.startswith(("$${", "%%{"), index - 1):
            depth += 1
            result.append(text[index : index + 2])
            index += 2
            continue
        character = text[index]
        if depth:
            depth += {"{": 1, "}": -1}.get(character, 0)
        elif character == "\\":
            index += 1
            character = {"n": "\n", "t": "\t", "r": "\r"}.get(text[index], text[index])
        result.append(character)
        index += 1
    return "".join(result)


def alone(tree: Any) -> Any:
    """The same JSON with each list of one block as the block alone, which Terraform takes for the same."""
    if isinstance(tree, dict):
        return {key: alone(value) for key, value in tree.items()}
    if isinstance(tree, list):
        if len(tree) == 1 and isinstance(tree[0], dict):
            return alone(tree[0])
        return [alone(item) for item in tree]
    return tree


def write_hcl(case: Case, folder: Path) -> Path:
    """The case as a folder of HCL (of JSON where that is how it is written)."""
    for path, text in case.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def write_json(case: Case, folder: Path, *, compact: bool = False) -> Path:
    """The case as a folder of Terraform JSON; `compact` writes single blocks without a list."""
    for path, text in case.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not path.endswith(".tf"):
            file.write_text(text, encoding="utf-8")
            continue
        tree = as_json(text)
        if compact:
            tree = alone(tree)
        file.with_name(f"{file.name}.json").write_text(json.dumps(tree, indent=2), encoding="utf-8")
    return folder
