"""Tests of rules: cases in a table beside each rule, tried in the forms that the gate reads.

A table is a file of HCL by the rule's name. Each case begins with a line `#### NAME` and says what the rule must find:

    #= aws_db_instance.main: pass
    #= aws_db_instance.other: unknown, plan: fail
    #= aws_route.main: nothing, plan: unknown

Every finding of the rule must be named, and no other may be there; `#= nothing` means none. A status after
`plan:` is the one for a plan, where Terraform knows more (or less) than the files say. A line `#> PATH` begins
another file of the case, such as `modules/db/main.tf`, `terraform.tfvars` or a `main.tf.json` of its own; `params.toml`
holds parameters for the rules. `#= never planned: REASON` is for what the provider refuses to plan.

    @pytest.mark.parametrize("trial", trials("rules", "cases"), ids=str)
    def test_rules(trial: Trial, tmp_path: Path) -> None:
        trial.run(tmp_path)
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import hcl2
from hcl2 import SerializationOptions

from cloudmart_support.problem import Problem
from policies.engine import catalogue, judging, parameters
from policies.engine.catalogue import Entry
from policies.engine.verdicts import FAIL, PASS, UNKNOWN
from policies.readers import read

PARAMS: Final = "params.toml"
_SHOWN: Final = (PASS, FAIL, UNKNOWN)


@dataclass(frozen=True)
class Case:
    """One case: `files` by path, and the expected status by address, for configuration and for plans.

    `place` is where it stands in its table.
    """

    rule: str
    name: str
    place: str
    files: dict[str, str] = field(default_factory=dict)
    expected: dict[str, str] = field(default_factory=dict)
    planned: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        """A name for folders and Terraform modules."""
        return f"{self.rule}_{re.sub(r'[^a-z0-9]+', '_', self.name.lower()).strip('_')}"


@dataclass(frozen=True)
class Trial:
    """A case in one of its forms: `hcl`, `json`, or `bare`, which is JSON with single blocks not in lists."""

    case: Case
    form: str
    entries: tuple[Entry, ...]

    def __str__(self) -> str:
        return f"{self.form}-{self.case.id}"

    def run(self, folder: Path) -> None:
        """Write the case into a folder, which is empty, and judge it.

        Raises:
            AssertionError: the rule finds something else than the case says.
            Problem: the case cannot be judged.
        """
        write: Callable[[Case, Path], Path] = partial(write_json, compact=self.form == "bare")
        if self.form == "hcl":
            write = write_hcl
        found = judged(self.case.rule, write(self.case, folder), entries=self.entries)
        if found != self.case.expected:
            lines = [
                f"{address}: {found.get(address, 'nothing')}, not {self.case.expected.get(address, 'nothing')}"
                for address in sorted({*found, *self.case.expected})
                if found.get(address) != self.case.expected.get(address)
            ]
            raise AssertionError(f"{self.case.place}: {self.case.name}: " + "; ".join(lines))


def trials(rules: str | Path, tables: str | Path | None = None) -> list[Trial]:
    """Every case of every rule of a folder, in every form.

    Args:
        rules: a folder of rules, or `package:NAME`, as for `--rules`.
        tables: the folder with `NAME.tf` for each rule `NAME.py`; the folder of the rules unless given.

    Raises:
        Problem: the rules cannot be loaded, a rule has no table or a table no rule, or a table does not show a pass, a
            fail and an unknown.
    """
    source = str(rules)
    own = Path(source).resolve() != catalogue.FOLDER
    entries = catalogue.with_own([source] if own else [], judging.OWN_RULES)
    files = [Path(entry.file) for entry in entries if entry.source == (source if own else "")]
    folder = files[0].parent if tables is None else Path(tables)
    there = {file.stem: file for file in folder.glob("*.tf")}
    complaints = [
        f"{file}: there are no cases for it: write {folder / file.stem}.tf"
        for file in files
        if file.stem not in there
    ]
    names = {file.stem for file in files}
    complaints += [
        f"{file}: there is no rule for these cases" for name, file in there.items() if name not in names
    ]
    found = []
    for _, file in sorted(there.items()):
        listed = cases(file)
        seen = {status for case in listed for status in case.expected.values()}
        if missing := [status for status in _SHOWN if status not in seen]:
            complaints.append(f"{file}: no case shows the rule say {' or '.join(missing)}")
        found += listed
    if complaints:
        raise Problem("\n  ".join(sorted(complaints)))
    return [Trial(case, form, entries) for form in ("hcl", "json", "bare") for case in found]


def cases(table: Path) -> list[Case]:
    """The cases of one table.

    Raises:
        Problem: it cannot be read, or is not of this form.
    """
    try:
        text = table.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{table}: the cases cannot be read: {error}") from error
    found = list(_cases(table, text))
    ids = [case.id for case in found]
    for case in found:
        if ids.count(case.id) > 1:
            raise Problem(f"{case.place}: there are two cases {case.id}: give one another name")
    return found


def _cases(table: Path, text: str) -> Iterator[Case]:
    case: Case | None = None
    path = ""
    for number, line in enumerate(text.splitlines(), 1):
        place = f"{table}:{number}"
        if line.startswith("#### "):
            if case:
                yield case
            case = Case(table.stem, line[5:].strip(), place)
            path = "main.tf"
        elif case is None:
            if line.strip() and not line.startswith("#"):
                raise Problem(f"{place}: it stands outside of any case: begin one with a line #### NAME")
        elif line.startswith("#= "):
            _expect(case, line[3:].strip(), place)
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
        case.refused.append(words.partition(": ")[2])
        return
    match = re.fullmatch(r"(\S+): (pass|fail|unknown|nothing)(?:, plan: (pass|fail|unknown|nothing))?", words)
    if not match:
        raise Problem(f"{place}: {words!r} is no expectation: write ADDRESS: pass, fail, unknown or nothing")
    address, status, planned = match.groups()
    planned = planned or status
    if status != "nothing":
        case.expected[address] = status
    if planned != "nothing":
        case.planned[address] = planned


def judged(
    rule: str, path: Path, configuration: Path | None = None, *, entries: Sequence[Entry] | None = None
) -> dict[str, str]:
    """What the gate finds for one rule at a path: the worst status by address.

    Args:
        rule: the rule's name.
        path: a folder, whose `params.toml` lays parameters over the defaults, or a file or plan.
        configuration: what a plan was made from.
        entries: the catalogue; the gate's own rules unless given.
    """
    rules = catalogue.load() if entries is None else entries
    file = path / PARAMS
    given = parameters.load(file if file.is_file() else None, catalogue.parameters_of(rules))
    result = judging.judge([read(path, configuration)], rules, given)
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
