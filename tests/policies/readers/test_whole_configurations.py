"""Whole configurations, read by the gate and evaluated by Terraform: the same, or unknown to the gate.

The cases of the rules are held against exact mode all together, but for those that the provider refuses to plan.
Configurations made at random are held against Terraform's plan itself, value by value, and against exact mode's
verdicts: one batch here, and `CONFIGURATIONS=20` batches where more time may be taken.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import rule_plans
from configurations import Configurations
from rule_plans import PLANNED, lay_out

from policies import exact
from policies.engine import catalogue, judging, parameters
from policies.engine.model import without_keys
from policies.engine.values import ABSENT, Unknown
from policies.engine.verdicts import FAIL, PASS, UNKNOWN
from policies.exact import joining
from policies.readers import Reading, open_path, plan, types
from policies.readers.evaluation import first_unknown
from policies.readers.scanner import scan

BATCHES = int(os.environ.get("CONFIGURATIONS", "1"))
MANY = 40
SAME, BLIND, OTHER = "same", "Terraform does not know it", "other"


def verdicts(reading: Reading) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for one in judging.judge([reading], catalogue.load(), parameters.load()).findings:
        # Of flows the first of several like ones is named, which is another one where more is seen.
        key = (one.rule, "" if one.rule == "CM_DECLARED_FLOWS_ONLY" else one.address)
        found[key] = min(found.get(key, one.status), one.status, key=(FAIL, UNKNOWN, PASS).index)
    return found


def opposites(
    ours: Mapping[Any, str], theirs: Mapping[Any, str], loose: Collection[str] = ()
) -> list[tuple[Any, str | None, str | None]]:
    """Where the gate is certain without Terraform, and says something else with it.

    What it says without Terraform of `loose` ones, which stand for any number, is said of each that there is.
    """
    return [
        (key, ours.get(key), theirs.get(key))
        for key in sorted({*ours, *theirs})
        if ours.get(key) != theirs.get(key)
        and ours.get(key) != UNKNOWN
        and without_keys(key[1]) not in {without_keys(address) for address in loose}
    ]


def test_every_case_of_every_rule_in_exact_mode(tmp_path: Path) -> None:
    lay_out(PLANNED, tmp_path)
    ours = verdicts(open_path(tmp_path).reading())  # type: ignore[union-attr]
    (reading,), notes = exact.read_exactly([tmp_path])
    assert notes == [f"{tmp_path}: evaluated by Terraform against the mock provider"]
    assert opposites(ours, verdicts(reading)) == []
    assert len(ours) > 10 * len(PLANNED)


def test_every_case_of_every_rule_with_what_terraform_is_not_shown(tmp_path: Path) -> None:
    """Files whose names are not constant are not handed to Terraform: what hangs on them is the readers' to fill in.

    Values and blocks of every case are made to hang on one; the verdicts stay those of the case itself.
    """
    lay_out(PLANNED, tmp_path)
    plain = verdicts(open_path(tmp_path).reading())  # type: ignore[union-attr]
    count = sum(withhold(folder) for folder in sorted(tmp_path.iterdir()) if folder.is_dir())
    assert count > 10 * len(PLANNED)
    assert verdicts(open_path(tmp_path).reading()) == plain  # type: ignore[union-attr]
    (reading,), notes = exact.read_exactly([tmp_path])
    assert notes == [f"{tmp_path}: evaluated by Terraform against the mock provider"]
    assert opposites(plain, verdicts(reading)) == []


def test_every_case_with_blocks_over_what_nobody_knows_as_a_plan_alone(tmp_path: Path) -> None:
    """A plan does not record dynamic blocks: where it says that one is known after apply, it is not taken for none."""

    def hide(folder: Path) -> None:
        rewrite(folder, lambda value: json.dumps(value) if value != [1] else "terraform_data.hidden.output")
        text = 'resource "terraform_data" "hidden" {\n  input = [1]\n}\n'
        (folder / "hidden.tf").write_text(text, encoding="utf-8")

    (tmp_path / "cases").mkdir()
    plans = rule_plans.plan(PLANNED, tmp_path / "cases", hide)
    passed = []
    unknown = 0
    for id, document in plans.items():
        alone = verdicts(Reading(id, plan.model(document, id, json.dumps(document))))
        for key, status in verdicts(open_path(tmp_path / "cases" / id).reading()).items():  # type: ignore[union-attr]
            unknown += status == UNKNOWN
            if status == UNKNOWN and alone.get(key) == PASS:
                passed.append((id, key))
    assert unknown > len(PLANNED)
    assert passed == []


def withhold(folder: Path) -> int:
    """Let what resources of a module set hang on a file that Terraform is not shown; how many values and blocks do."""
    values: list[Any] = []

    def read(value: Any) -> str:
        values.append(value)
        return f'local.withheld["values.json"][{len(values) - 1}]'

    rewrite(folder, read)
    (folder / "withheld").mkdir()
    (folder / "withheld/values.json").write_text(json.dumps(values), encoding="utf-8")
    (folder / "withheld.tf").write_text(
        'locals {\n  withheld = { for file in fileset("${path.module}/withheld", "*.json") : '
        'file => jsondecode(file("${path.module}/withheld/${file}")) }\n}\n',
        encoding="utf-8",
    )
    return len(values)


def rewrite(folder: Path, read: Callable[[Any], str]) -> None:
    """Put what `read` gives for a value in its place in a folder's resources; their blocks go over `[1]`."""
    for file in folder.glob("*.tf"):
        text = file.read_text(encoding="utf-8")
        for start, end, new in sorted(_withheld(text, read), reverse=True):
            text = text[:start] + new + text[end:]
        file.write_text(text, encoding="utf-8")


def _withheld(text: str, read: Callable[[Any], str]) -> Iterator[tuple[int, int, str]]:
    """What is put in place of the literals of resources, and around their blocks: dynamic ones over one element."""
    for item in scan(text):
        if item.names[0][1] != "resource":
            continue
        values, opened, closed = iter(item.values), iter(item.opened), iter(item.closed)
        names = iter(item.names)
        above: list[tuple[str, bool]] = []

        def argument(name: str, inside: set[str], values: Any = values) -> Iterator[tuple[int, int, str]]:
            start, end = next(values)
            if name not in _TERRAFORMS and not inside & _FIXED and _LITERAL.fullmatch(text[start:end]):
                yield start, end, read(json.loads(text[start:end]))

        for line in item.skeleton:
            inside = {name for name, _ in above}
            if line == "}":
                at = next(closed)
                if above.pop()[1]:
                    yield at, at + 1, "}\n}"
                continue
            at, name = next(names)
            if line == "x = 0":
                yield from argument(name, inside)
                continue
            bracket = next(opened)
            wrapped = bool(above) and not ({name, *inside} & (_FIXED | _DYNAMIC)) and '"' not in line
            if wrapped:
                yield at, bracket + 1, f'dynamic "{name}" {{\nfor_each = {read([1])}\ncontent {{'
            if line.endswith("{"):
                above.append((name, wrapped))
                continue
            if line.endswith("x = 0 }"):
                yield from argument(next(names)[1], {name, *inside})
            end = next(closed)
            if wrapped:
                yield end, end + 1, "}\n}"


_LITERAL = re.compile(r'true|false|\d+|"[^"$%\\\n]+"')
_TERRAFORMS = {"provider", "count", "for_each", "depends_on"}
_FIXED = {"lifecycle", "provisioner", "connection"}
_DYNAMIC = {"dynamic", "content", "timeouts"}


@pytest.mark.parametrize("seed", range(1, BATCHES + 1))
def test_configurations_made_at_random(tmp_path: Path, seed: int) -> None:
    for name, text in Configurations(seed).write(MANY).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    source = open_path(tmp_path)
    assert not isinstance(source, Reading)
    written, document, text = exact._planned(source)
    planned = plan.model(document, str(tmp_path), text)
    reading = source.reading()
    ours = reading.model
    theirs = {one.address: one for one in planned.resources if not one.address.endswith(written.pending)}
    certain = {one.address: one for one in ours.resources if not one.under}
    perhaps = {one.address for one in ours.resources if one.under}
    loose = {without_keys(address) for address in perhaps}
    stands = tuple(f"{each}." for each in written.loose)
    replaced = {each for each in theirs if f"{without_keys(each)}.".startswith(stands)}
    assert {each for each in theirs.keys() - replaced if without_keys(each) not in loose} <= certain.keys()
    # What Terraform cannot count and the readers can.
    lost = certain.keys() - theirs.keys()
    assert not [each for each in lost if not f"{without_keys(each)}.".startswith(stands)]
    judged: Counter[str] = Counter()
    wrong = []
    for address in certain.keys() & theirs.keys():
        for name, value in certain[address].values.items():
            found = compared(value, theirs[address].values.get(name, ABSENT))
            judged[found if first_unknown(value) is None else UNKNOWN] += 1
            if found == OTHER:
                wrong.append((address, name, value, theirs[address].values.get(name)))
    assert wrong == []
    # Terraform does not know what hangs on a number of instances that it does not know, nor that both arms of a
    # condition are one value; in a plan an argument that is null, and AWS's to choose, is not known either.
    assert judged[SAME] > 4 * (judged[UNKNOWN] + judged[BLIND])
    known = source.reading({**{one.address: one for one in planned.data}, **theirs})
    model = joining.join(planned, known.model, written)
    said = {key: status for key, status in verdicts(reading).items() if key[1] not in perhaps}
    assert opposites(said, verdicts(Reading(str(tmp_path), model)), perhaps) == []


def compared(ours: Any, theirs: Any) -> str:
    """Whether a value of the gate's is what Terraform's plan has, as far as the gate knows it."""
    if isinstance(ours, Unknown) or (ours is None and not isinstance(theirs, Unknown)):
        return SAME  # null leaves an argument to its default, which a plan shows
    if isinstance(theirs, Unknown):
        return BLIND
    if ours == []:
        return SAME if theirs in (None, ABSENT, []) else OTHER
    if isinstance(ours, dict):
        if isinstance(theirs, list) and len(theirs) == 1:
            theirs = theirs[0]
        if not isinstance(theirs, dict):
            return OTHER
        return _worst(compared(value, theirs.get(key, ABSENT)) for key, value in ours.items())
    if isinstance(ours, list):
        if not isinstance(theirs, list):
            return OTHER
        # Blocks may be a set, in which the order and what stands twice are lost.
        forth = [min((compared(one, other) for other in theirs), key=_RANK, default=OTHER) for one in ours]
        back = [min((compared(one, other) for one in ours), key=_RANK, default=OTHER) for other in theirs]
        return _worst([*forth, *back])
    if theirs is None or theirs is ABSENT:
        return OTHER
    if isinstance(ours, float) and isinstance(theirs, float):
        return SAME if float(ours) == float(theirs) else OTHER  # a plan has the nearest double
    return SAME if types.as_string(ours) == types.as_string(theirs) else OTHER


_RANK = (SAME, BLIND, OTHER).index


def _worst(found: Any) -> str:
    return max(found, key=_RANK, default=SAME)
