"""`python -m policies.mutation STACK`: what the rules are worth.

Every argument that a rule says it protects is removed, negated or weakened in the synthesized stack, one at a time.
Each mutant must be caught by the rules that protect the argument. The same mutants go through Checkov's own rules.
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cloudmart_support.problem import Problem, guarded
from cloudmart_support.progress import step
from policies.engine import catalogue, judging, parameters
from policies.engine.catalogue import Entry
from policies.engine.parameters import Parameters
from policies.engine.values import steps
from policies.engine.verdicts import FAIL, ONLY_FIRST, REMOVED, UNKNOWN, Protected
from policies.readers import read

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "mutation.md"
PORTION: Final = 12
CHECKOV: Final = Path(__file__).resolve().parents[1] / ".venv-checkov" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one argument: `tree` is the whole configuration with it, `rules` those that protect it."""

    address: str
    path: str
    value: str
    rules: tuple[str, ...]
    tree: dict[str, Any] = field(compare=False)

    def __str__(self) -> str:
        what = f"{self.address}.{self.path}" if self.path else self.address
        return f"{what} {'removed' if self.value == repr(REMOVED) else f'= {self.value}'}"


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant, and the rules that say fail or unknown about it."""

    mutant: Mutant
    caught: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether every rule that protects the argument caught it."""
        return set(self.mutant.rules) <= set(self.caught)


def mutants(tree: Mapping[str, Any], entries: Sequence[Entry]) -> list[Mutant]:
    """The distinct mutants of a configuration in Terraform JSON, by address and path."""
    found: dict[tuple[str, str, str], tuple[set[str], dict[str, Any]]] = {}
    for entry in entries:
        for protected in entry.rule.protects:
            for name in sorted(tree["resource"].get(protected.type, ())):
                for path, value, changed in _changes(tree, protected, name):
                    key = f"{protected.type}.{name}", path, value
                    rules, _ = found.setdefault(key, (set(), changed))
                    rules.add(entry.id)
    return [Mutant(*key, tuple(sorted(rules)), changed) for key, (rules, changed) in sorted(found.items())]


def _changes(
    tree: Mapping[str, Any], protected: Protected, name: str
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, value and changed configuration of each way to weaken what is protected."""
    body = tree["resource"][protected.type][name]
    if protected.having and protected.having not in body:
        return
    if not protected.path:
        changed = copy.deepcopy(dict(tree))
        del changed["resource"][protected.type][name]
        yield "", repr(REMOVED), changed
        return
    for place in _places(body, list(steps(protected.path))):
        before = _at(body, place)
        if before is REMOVED and REMOVED in protected.weaker:
            continue  # what is only weak when it is missing does not apply here
        for weaker in protected.weaker:
            after = before[:1] if weaker is ONLY_FIRST and isinstance(before, list) else weaker
            if after in (before, ONLY_FIRST):
                continue
            changed = copy.deepcopy(dict(tree))
            owner = _at(changed["resource"][protected.type][name], place[:-1])
            if after is REMOVED:
                del owner[place[-1]]
            else:
                owner[place[-1]] = after
            shown = repr(after) if after is REMOVED else json.dumps(after)
            yield _shown(place), shown, changed


def _places(value: Any, path: list[Any]) -> Iterator[list[Any]]:
    """The places in a body that a path means: lists of one block are stepped through, `[]` means each."""
    if isinstance(value, list) and path and isinstance(path[0], str):
        if len(value) == 1:
            yield from ([0, *rest] for rest in _places(value[0], path))
        return
    if not path:
        yield []
        return
    first, rest = path[0], path[1:]
    if isinstance(first, str):
        if not isinstance(value, dict):
            return
        if rest and first in value:
            yield from ([first, *more] for more in _places(value[first], rest))
        elif not rest:
            yield [first]
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from ([index, *more] for more in _places(item, rest))
    elif value is not None:
        yield from _places(value, rest)


def _at(value: Any, place: Sequence[Any]) -> Any:
    for one in place:
        value = value.get(one, REMOVED) if isinstance(value, dict) else value[one]
    return value


def _shown(place: Sequence[Any]) -> str:
    return "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in place).lstrip(".")


def trials(file: Path, entries: Sequence[Entry], wanted: Parameters) -> list[Trial]:
    """Judge every mutant of a file of Terraform JSON.

    Raises:
        Problem: the file cannot be judged, or does not pass as it stands.
    """
    tree = json.loads(file.read_text(encoding="utf-8"))
    base = _caught(file, entries, wanted)
    if base:
        raise Problem(
            f"{file}: it does not pass as it stands ({', '.join(sorted(base))}): mutants would prove nothing"
        )
    found = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        place = Path(folder) / file.name
        for mutant in mutants(tree, entries):
            place.write_text(json.dumps(mutant.tree), encoding="utf-8")
            found.append(Trial(mutant, tuple(sorted(_caught(place, entries, wanted)))))
    return found


def _caught(file: Path, entries: Sequence[Entry], wanted: Parameters) -> set[str]:
    findings = judging.judge([read(file)], entries, wanted).findings
    return {finding.rule for finding in findings if finding.status in (FAIL, UNKNOWN)}


# --- Checkov's own rules --------------------------------------------------------------------------------

_SCRIPT: Final = """
import json, sys
from pathlib import Path
from policies.checkov_host import __main__ as host
reports = host.run(Path(sys.argv[1]), only=["CKV*"])
found = {}
for record in host.records(reports):
    if record["check_result"]["result"] == "FAILED":
        case = Path(record["file_path"]).parts[1]
        found.setdefault(case, []).append(record["check_id"] + " " + record["resource"])
json.dump(found, sys.stdout)
"""


def checkov_trials(file: Path, found: Sequence[Trial]) -> dict[Mutant, tuple[str, ...]]:
    """Which of Checkov's own rules fail on each mutant and not on the stack as it stands.

    Raises:
        Problem: Checkov did not do all of its work.
    """
    original = json.loads(file.read_text(encoding="utf-8"))
    caught: dict[Mutant, tuple[str, ...]] = {}
    # Checkov's graph checks take time with the square of what they are given, so that mutants come in portions.
    for start in range(0, len(found), PORTION):
        portion = found[start : start + PORTION]
        answers = _checkov([original, *(trial.mutant.tree for trial in portion)])
        base = set(answers[0])
        for trial, answer in zip(portion, answers[1:], strict=True):
            caught[trial.mutant] = tuple(sorted({one.split()[0] for one in set(answer) - base}))
    return caught


def _checkov(trees: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """What Checkov's own rules find in each configuration, as `ID ADDRESS`."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for number, tree in enumerate(trees):
            place = Path(folder) / f"{number:04}"
            place.mkdir()
            (place / "cdk.tf.json").write_text(json.dumps(tree, indent=1), encoding="utf-8")
        done = subprocess.run(
            [CHECKOV, "-c", _SCRIPT, folder],
            cwd=CHECKOV.parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise Problem(f"Checkov's own rules could not be tried: {done.stderr.strip()[-2000:]}")
    answers = json.loads(done.stdout)
    return [answers.get(f"{number:04}", []) for number in range(len(trees))]


# --- what is told ---------------------------------------------------------------------------------------


def table(found: Sequence[Trial], others: Mapping[Mutant, tuple[str, ...]] | None = None) -> str:
    """The mutants with the rules that caught them, as Markdown, the scores first."""
    sound = sum(trial.sound for trial in found)
    lines = [f"{sound} of {len(found)} mutants are caught by every rule that protects what was changed."]
    if others is not None:
        caught = sum(bool(others[trial.mutant]) for trial in found)
        lines.append(f"Checkov's own AWS rules notice {caught} of the same {len(found)}.")
    head = ["mutant", "caught by"] + (["Checkov's own rules"] if others is not None else [])
    lines += ["", f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    for trial in found:
        mark = "" if trial.sound else "**SURVIVED** "
        cells = [f"`{trial.mutant}`".replace("|", "\\|"), mark + ", ".join(trial.caught)]
        if others is not None:
            cells.append(", ".join(others[trial.mutant]))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def page(file: Path, found: Sequence[Trial], others: Mapping[Mutant, tuple[str, ...]]) -> str:
    """The page in docs."""
    return (
        "<!-- Written by `make mutation`. -->\n"
        "# What the rules catch\n\n"
        f"Every argument of `{file.parent.name}` that a rule protects was removed, negated or weakened, one at a time. "
        "A mutant counts as caught only if every rule that claims the argument fails it (or says that it cannot "
        "tell). Checkov's own rules were given the same mutants; they count where they find anything that they do "
        "not find on the stack as it stands.\n\n" + table(found, others)
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 where no mutant survived, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m policies.mutation", description="What the rules are worth."
    )
    parser.add_argument("stack", type=Path, help="the cdk.tf.json to change")
    parser.add_argument(
        "--page", action="store_true", help=f"write docs/{PAGE.name}, Checkov's own rules beside ours"
    )
    return guarded(lambda: _run(parser.parse_args(arguments)))


def _run(options: argparse.Namespace) -> int:
    with step("mutants judged"):
        found = trials(options.stack, catalogue.load(), parameters.load())
    others = None
    if options.page:
        with step("the same through Checkov's own rules"):
            others = checkov_trials(options.stack, found)
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(options.stack, found, others), encoding="utf-8")
    print(table(found, others), end="")
    return int(not all(trial.sound for trial in found))


if __name__ == "__main__":
    sys.exit(main())
