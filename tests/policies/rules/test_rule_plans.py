"""Every case as a plan that Terraform made, alone and together with the configuration it was made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rule_plans import PLANNED, shared

from policies.engine.verdicts import UNKNOWN
from policies.testing import Case, judged


@pytest.fixture(scope="module")
def folder(shared_folder: Path) -> Path:
    return shared_folder / "rule-plans" / "cases"


@pytest.fixture(scope="module")
def plans(folder: Path) -> dict[str, dict[str, Any]]:
    return shared(folder.parent)


def _file(case: Case, plans: dict[str, dict[str, Any]], folder: Path) -> Path:
    file = folder.parent / f"{case.id}.json"
    file.write_text(json.dumps(plans[case.id]), encoding="utf-8")
    return file


@pytest.mark.parametrize("case", PLANNED, ids=lambda case: case.id)
def test_plan(case: Case, plans: dict[str, dict[str, Any]], folder: Path) -> None:
    assert judged(case.rule, _file(case, plans, folder)) == case.planned


@pytest.mark.parametrize("case", PLANNED, ids=lambda case: case.id)
def test_what_a_plan_leaves_open_its_configuration_answers(
    case: Case, plans: dict[str, dict[str, Any]], folder: Path
) -> None:
    found = judged(case.rule, _file(case, plans, folder), folder / case.id)
    for address, status in found.items():
        assert status in {case.planned.get(address, UNKNOWN), case.expected.get(address, UNKNOWN)}
    certain = {address: status for address, status in case.planned.items() if status != UNKNOWN}
    assert {address: found.get(address) for address in certain} == certain
