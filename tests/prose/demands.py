"""What the prose of AWS's API forbids or demands of the members that the stack gives, each sentence judged once.

A service's model holds a member's ranges and enumerations; what depends on another member, on the engine or on what is
there already, only its documentation says. `demands` takes those sentences out of botocore's models, and `demands.toml`
says of each what checks it, or why it does not concern this stack. The file has no sentence of AWS's, only a digest of
each, so that a new or changed one is seen:

    python -m tests.prose          adds what is not judged yet to demands.toml, and drops what is gone
    python -m tests.prose show     prints every sentence with its verdict

`[apart]` names what sentences are about that this stack is not, each with the condition under which that holds. Every
other table is a place, and its rows are DIGEST = [VERDICT, PROOF, WORDS]:

- `rule`: the gate's rule of that id
- `refused`: the mock refuses it: `facts TYPE.PATH` (a row of facts.json) or `MODULE.FUNCTION` below mock_provider
- `settings`: the settings refuse it: a field such as `database.name`, or a function of settings.checks, `checks._waf`
- `test`: `tests/FILE.py::FUNCTION`
- `stack`: conditions that hold for the stack as it is synthesized; see `failing`
- `model`: botocore's own range, pattern or enumeration of the member, which every argument is held against
- `apart`: a name of `[apart]`
- `provider`: what the Terraform provider does with the argument
- `tells`: says what happens, and demands nothing of this member
"""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from mock_provider import facts
from policies.engine import catalogue
from tests.prose import service_models

FILE = Path(__file__).with_name("demands.toml")
ROOT = FILE.parent.parent.parent
COMMAND = "python -m tests.prose"
UNJUDGED = ["unjudged", "", ""]
VERDICTS = ("rule", "refused", "settings", "test", "stack", "model", "apart", "provider", "tells")

_CAN = r"(?:support|allow|accept|permit|valid|available|possible|applicable|appl(?:y|ies|ied)|compatible)\w*"
_FORBIDS = rf"""
      not\ (?:\w+ly\ )?{_CAN}
    | (?:is|are|does|do|was|were)n['’]t\ (?:\w+ly\ )?{_CAN}
    | (?:ca|must|should)n['’]t | cannot | can\ not | (?:must|should|may|will)\ not
    | unsupported | prohibited | mutually\ exclusive | must | required | requires | mandatory
"""
_LEAD = re.compile(rf"\b(?:{_FORBIDS} | conditions | constraints)\b", re.IGNORECASE | re.VERBOSE)
_DEMAND = re.compile(
    rf"""\b(?:{_FORBIDS} | constraints(?=:)
    | (?<!you\ )(?:do\ not|don['’]t)\ (?:use|specify|include|set|provide|create|change|choose)
    | (?:have|has|need)\ to | unless | invalid | ignores? | ignored | reserved
    | no\ longer\ (?:than|{_CAN}) | no\ more\ than | at\ (?:least|most)\ (?:one|two|\d) | up\ to\ \d
    | (?:maximum|minimum|greatest|longest)\ (?:of|length|value|permitted|is|number|size\ of\ \d) | limited\ to
    | (?:valid|appl(?:y|ies|icable)|support\w*|available|used?|specify|specified|contains?|can|may|be|accepts?|include
        |must)\ only
    | only\ (?:if|when|for|with|in|on|be|one|use|specify|contain|support\w*|appl\w+|evaluates|valid|available|affects?
        |after|within)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_SENTENCE = re.compile(r"(?<=[.!?])(?<![( ][A-Z]\.)(?<!e\.g\.)(?<!i\.e\.)[\"”)]?\s+(?=[A-Z(\"“`$])")
# A line of a list that is shorter is a heading of what is indented below it.
_HEADING = 60
_LISTS = frozenset({"ul", "ol", "dl"})
_BLOCKS = _LISTS | {
    "p",
    "li",
    "dt",
    "dd",
    "note",
    "important",
    "caution",
    "div",
    "title",
    "h1",
    "h2",
    "h3",
    "h4",
}


@dataclass
class Demand:
    """A sentence, with the headings and leads that it stands under, and whoever has it."""

    place: str
    """The service and the member; with its structure, where that is not an operation's own input."""
    text: str
    arguments: set[str] = field(default_factory=set)
    members: dict[str, service_models.Member] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    def told(self) -> str:
        """The sentence and where it stands, for people."""
        members, arguments = ", ".join(sorted(self.members)), ", ".join(sorted(self.arguments))
        return f'["{self.place}"] {self.digest}\n  {self.text}\n  said of {members}; given as {arguments}'

    @property
    def key(self) -> tuple[str, str]:
        return self.place, self.digest


Rows = dict[tuple[str, str], list[str]]


class _Blocks(HTMLParser):
    """The paragraphs and items of a documentation text: how deep in lists, the text, and the item's element."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str, str]] = []
        self._depth, self._kind, self._text = 0, "", ""

    def _end(self) -> None:
        text, self._text = " ".join(self._text.split()), ""
        if text:
            self.found.append((self._depth, text, self._kind))
            self._kind = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _BLOCKS:
            self._end()
            self._depth += tag in _LISTS
            self._kind = tag if tag in ("li", "dt", "dd") else self._kind

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end()
            self._depth -= tag in _LISTS

    def handle_data(self, data: str) -> None:
        self._text += data

    def close(self) -> None:
        super().close()
        self._end()


def sentences(documentation: str) -> Iterator[str]:
    """The sentences that forbid or demand; an item of a list together with what leads to it.

    Where a lead already forbids or demands, as in "not supported in the following situations:", so does each item.
    """
    reader = _Blocks()
    reader.feed(documentation)
    reader.close()
    leads: dict[int, str] = {}
    for position, (depth, text, kind) in enumerate(reader.found):
        title = 2 * depth - 1
        leads = {
            level: lead for level, lead in leads.items() if level < (title if kind == "dt" else 2 * depth)
        }
        if kind == "dt":
            leads[title] = f"{text.rstrip(':')}:"
            continue
        said = _SENTENCE.split(text)
        deeper = position + 1 < len(reader.found) and reader.found[position + 1][0] > depth
        before = [leads[level] for level in sorted(leads)]
        if deeper and (said[-1].endswith(":") or len(text) < _HEADING):
            leads[2 * depth] = f"{said.pop().rstrip(':')}:"
        if kind == "li" and said and any(_LEAD.search(lead) for lead in before):
            said = [" ".join(said)]
        else:
            said = [one for one in said if _DEMAND.search(one)]
        for one in said:
            yield " ".join([*before, one])


@cache
def _inputs(service: str) -> frozenset[str]:
    model = service_models.model(service)
    shapes = (model.operation_model(name).input_shape for name in model.operation_names)
    return frozenset(shape.name for shape in shapes if shape is not None)


def demands(configurations: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Demand]:
    """Every demand on a member that one of the synthesized configurations gives, by place and digest.

    Raises:
        service_models.Unmapped: an argument is in no table.
    """
    arguments: dict[str, set[str]] = {}
    members: dict[str, service_models.Member] = {}
    for configuration in configurations:
        for given in service_models.given(configuration):
            for member in given.members:
                members[member.place] = member
                terraform_type = given.address.partition(".")[0]
                arguments.setdefault(member.place, set()).add(f"{terraform_type}.{given.path}")
    found: dict[tuple[str, str], Demand] = {}
    for name, member in sorted(members.items()):
        own = service_models.model(member.service).shape_for(member.shape.name).documentation
        place = f"{member.service}.{member.name}" if member.structure in _inputs(member.service) else name
        for documentation in {member.shape.documentation, own}:
            for text in sentences(documentation):
                one = Demand(place, text)
                one = found.setdefault(one.key, one)
                one.arguments |= arguments[name]
                one.members[name] = member
    return dict(sorted(found.items()))


def read(file: Path = FILE) -> tuple[dict[str, list[str]], Rows]:
    """What `demands.toml` holds: the names of `apart` with their words and conditions, and the rows."""
    tables = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    apart = tables.pop("apart", {})
    return apart, {(place, digest): row for place, rows in tables.items() for digest, row in rows.items()}


def write(apart: Mapping[str, list[str]], rows: Rows, file: Path = FILE) -> None:
    """Write `demands.toml`, sorted."""

    def text(value: list[str]) -> str:
        return json.dumps(value, ensure_ascii=False)

    lines = [
        "# Written by `python -m tests.prose`, judged by people; tests/prose/demands.py says what a row means.\n"
    ]
    lines += ["\n[apart]\n", *(f"{name} = {text(value)}\n" for name, value in sorted(apart.items()))]
    previous = ""
    for (place, digest), row in sorted(rows.items()):
        if place != previous:
            lines.append(f'\n["{place}"]\n')
            previous = place
        lines.append(f"{digest} = {text(row)}\n")
    file.write_text("".join(lines), encoding="utf-8")


_OPERATORS: dict[str, Callable[[str, str], object]] = {
    "is": lambda value, wanted: value in wanted.split("|"),
    "like": lambda value, wanted: re.search(wanted, value),
    "unlike": lambda value, wanted: not re.search(wanted, value),
    "from": lambda value, wanted: "${" in value or _between(float(value), wanted),
    "length": lambda value, wanted: "${" in value or _between(len(value), wanted),
}
_CONDITION = re.compile(
    rf"(aws_\w+)\.([\w.]+) ({'|'.join((*_OPERATORS, 'given', 'absent', 'differs', 'with'))})(?: (.+))?"
)


def _between(number: float, wanted: str) -> bool:
    low, _, high = wanted.partition(" to ")
    return float(low) <= number <= float(high)


def _values(holder: Any, path: list[str]) -> list[str]:
    if isinstance(holder, list):
        return [value for one in holder for value in _values(one, path)]
    if path:
        return _values(holder.get(path[0]), path[1:]) if isinstance(holder, dict) else []
    if holder is None:
        return []
    return [holder if isinstance(holder, str) else json.dumps(holder)]


def failing(condition: str, configuration: Mapping[str, Any]) -> list[str]:
    """The addresses for which conditions do not hold, several parted by `; `.

    A condition is `TYPE.PATH OPERATOR VALUE`, over all resources of the type and without positions in lists: `is A|B`,
    `like` and `unlike` (a regular expression found in it), `from A to B`, `length A to B`, `differs` (from all others),
    `with OTHER.PATH` (whoever has the one has the other), `given` (everywhere) and `absent` (nowhere). References are
    texts as they stand; numbers and lengths of what only they know are not judged.

    Raises:
        ValueError: it is no condition.
    """
    found = []
    for one in condition.split("; "):
        parsed = _CONDITION.fullmatch(one)
        if parsed is None:
            raise ValueError(f"no condition: {one!r}; tests/prose/demands.py has the words")
        terraform_type, path, word, wanted = parsed.groups()
        seen: set[str] = set()
        for name, resource in configuration["resource"].get(terraform_type, {}).items():
            for block in resource if isinstance(resource, list) else [resource]:
                values = _values(block, path.split("."))
                if word == "given":
                    holds = bool(values)
                elif word == "absent":
                    holds = not values
                elif word == "with":
                    holds = not values or bool(_values(block, wanted.split(".")))
                elif word == "differs":
                    holds = len(set(values)) == len(values) and not seen & set(values)
                    seen |= set(values)
                else:
                    holds = all(_OPERATORS[word](value, wanted) for value in values)
                if not holds:
                    found.append(f"{terraform_type}.{name}.{path}: {', '.join(values) or 'not given'}")
    return found


def conditions(row: list[str], apart: Mapping[str, list[str]]) -> str:
    """The conditions under which a row's verdict holds; none for most."""
    verdict, proof, _ = row
    if verdict == "stack":
        return proof
    return apart[proof][1] if verdict == "apart" and proof in apart else ""


def unproved(demand: Demand, row: list[str], apart: Mapping[str, list[str]]) -> str | None:
    """What is wrong with a row: a verdict or a proof that there is not, or no words."""
    if len(row) != 3 or row[0] not in VERDICTS:
        return f"no verdict, which is one of {', '.join(VERDICTS)}"
    verdict, proof, words = row
    if verdict == "apart":
        return None if proof in apart else f"[apart] has no {proof!r}"
    if not words.strip():
        return "no words of ours"
    if verdict in ("provider", "tells"):
        return f"{verdict} has no proof" if proof else None
    if verdict == "stack":
        for one in proof.split("; "):
            if not _CONDITION.fullmatch(one):
                return f"no condition: {one!r}"
        return None
    return None if _PROOFS[verdict](proof, demand) else f"there is no {proof!r}"


def _rule(proof: str, _demand: Demand) -> bool:
    return proof in {entry.id for entry in catalogue.load()}


def _refused(proof: str, _demand: Demand) -> bool:
    kind, _, place = proof.partition(" ")
    if kind == "facts":
        terraform_type, _, path = place.partition(".")
        words = ("check", "conflicts", "exactly_one", "at_least_one", "required_with")
        return any(row[0] == path and row[1] in words for row in facts.rows("resource", terraform_type))
    return _callable(f"mock_provider.{proof}")


def _callable(name: str) -> bool:
    module, _, function = name.rpartition(".")
    try:
        return callable(getattr(importlib.import_module(module), function, None))
    except ModuleNotFoundError:
        return False


def _settings(proof: str, _demand: Demand) -> bool:
    from settings.model import Settings

    if proof.startswith("checks."):
        return _callable(f"settings.{proof}")
    model: Any = Settings
    for name in proof.split("."):
        known = getattr(model, "model_fields", {}).get(name)
        if known is None:
            return False
        model = known.annotation
    return True


def _test(proof: str, _demand: Demand) -> bool:
    file, _, function = proof.partition("::")
    path = ROOT / file
    return (
        path.is_file()
        and re.search(rf"^def {re.escape(function)}\(", path.read_text("utf-8"), re.M) is not None
    )


def _model(proof: str, demand: Demand) -> bool:
    """The constraint's name in the service's model, which every member that has the sentence must have."""
    return all(proof in constraints(member.shape) for member in demand.members.values())


def constraints(shape: service_models.Shape) -> dict[str, Any]:
    """What the model says of a text, a number or a list: pattern, min, max, enum."""
    found = {
        name: value for name, value in shape.metadata.items() if name in ("pattern", "min", "max") and value
    }
    if getattr(shape, "enum", None):
        found["enum"] = shape.enum
    if shape.type_name == "list":
        found |= {f"element.{name}": value for name, value in constraints(shape.member).items()}
    return found


_PROOFS: dict[str, Callable[[str, Demand], bool]] = {
    "rule": _rule,
    "refused": _refused,
    "settings": _settings,
    "test": _test,
    "model": _model,
}
