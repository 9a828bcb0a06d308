"""The mutants of the production stack: none survives, and the rule that was meant to catches each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudmart_support.problem import Problem
from policies import mutation
from policies.engine import catalogue, parameters

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mutation.md"


@pytest.fixture(scope="module")
def trials(stack_file: Callable[[str], Path]) -> list[mutation.Trial]:
    return mutation.trials(stack_file("prod"), catalogue.load(), parameters.load())


def test_there_are_enough_mutants(trials: list[mutation.Trial]) -> None:
    assert len({str(trial.mutant) for trial in trials}) == len(trials) >= 150


def test_every_mutant_is_caught_by_the_rules_meant_to(trials: list[mutation.Trial]) -> None:
    assert [str(trial.mutant) for trial in trials if not trial.sound] == []


def test_every_rule_with_something_to_protect_in_the_stack_caught_one(
    trials: list[mutation.Trial], stack_file: Callable[[str], Path]
) -> None:
    there = json.loads(stack_file("prod").read_text(encoding="utf-8"))["resource"]
    meant = {
        entry.id
        for entry in catalogue.load()
        if any(protected.type in there for protected in entry.rule.protects)
    }
    assert {rule for trial in trials for rule in trial.mutant.rules} == meant


def test_the_page_lists_these_mutants(trials: list[mutation.Trial]) -> None:
    """The third column costs a long run of Checkov; the mutants and our catches are checked here."""
    listed = re.findall(r"^\| `(.*)` \| ([^|]*) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [(str(trial.mutant).replace("|", "\\|"), ", ".join(trial.caught)) for trial in trials]


@pytest.mark.parametrize(
    ("caught", "sound"),
    [((), False), (("CM_B",), False), (("CM_A",), True), (("CM_A", "CM_B"), True)],
)
def test_only_the_rule_that_was_meant_to_counts(caught: tuple[str, ...], sound: bool) -> None:
    mutant = mutation.Mutant("aws_db_instance.main", "multi_az", "false", ("CM_A",), {})
    trial = mutation.Trial(mutant, caught)
    assert trial.sound is sound
    assert ("SURVIVED" in mutation.table([trial])) is not sound


def test_a_stack_that_does_not_pass_proves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "cdk.tf.json"
    file.write_text(json.dumps({"resource": {"aws_db_instance": {"main": {"publicly_accessible": True}}}}))
    with pytest.raises(Problem, match="does not pass as it stands"):
        mutation.trials(file, catalogue.load(), parameters.load())
