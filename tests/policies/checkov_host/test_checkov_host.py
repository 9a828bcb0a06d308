"""The same verdicts from Checkov as from the gate: on every case, in every form, in one run of Checkov."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from rule_cases import cases, tables
from rule_plans import PLANNED, shared

from policies.checkov_host.__main__ import Verdict, together
from policies.engine import catalogue, judging, parameters
from policies.engine.model import without_keys
from policies.engine.verdicts import PASS
from policies.readers import read
from policies.testing import Case, write_hcl, write_json

ROOT = Path(__file__).resolve().parents[3]
CHECKOV = ROOT / ".venv-checkov" / "bin"
CASES = [case for rule in tables() for case in cases(rule)]
FORMS = {
    "terraform": [case for case in CASES if "main.tf" in case.files],
    "terraform_json": CASES,
    "terraform_plan": PLANNED,
}
CATALOGUE = catalogue.load()
PARAMETERS = parameters.load()


@pytest.fixture(scope="module")
def fixtures(tmp_path_factory: pytest.TempPathFactory, shared_folder: Path) -> Path:
    """All cases in all forms, in one folder."""
    folder = tmp_path_factory.mktemp("fixtures")
    for case in FORMS["terraform"]:
        write_hcl(case, folder / "terraform" / case.id)
    for case in CASES:
        write_json(case, folder / "terraform_json" / case.id)
    (folder / "terraform_plan").mkdir()
    for id, plan in shared(shared_folder / "rule-plans").items():
        (folder / "terraform_plan" / f"{id}.json").write_text(json.dumps(plan), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def verdicts(fixtures: Path) -> dict[tuple[str, str], Verdict]:
    """What Checkov finds, by form and case."""
    script = (
        "import json, sys; from pathlib import Path; from policies.checkov_host import __main__ as host; "
        "json.dump(host.run(Path(sys.argv[1]), framework=sys.argv[2:]), sys.stdout)"
    )
    done = subprocess.run(
        [CHECKOV / "python", "-c", script, fixtures, *FORMS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[tuple[str, str], Verdict] = {}
    for report in json.loads(done.stdout):
        for kind, status in (
            ("passed_checks", PASS),
            ("failed_checks", "fail"),
            ("skipped_checks", "waived"),
        ):
            for record in report["results"][kind]:
                form, case = Path(record["file_path"]).parts[1:3]
                key = record["check_id"], without_keys(record["resource"])
                assert form == report["check_type"]
                verdict = found.setdefault((form, case.removesuffix(".json")), {})
                verdict[key] = together([(*key, s) for s in (status, verdict.get(key)) if s])[key]
    return found


@pytest.mark.parametrize(
    ("form", "case"),
    [(form, case) for form, all in FORMS.items() for case in all],
    ids=lambda value: value.id if isinstance(value, Case) else value,
)
def test_checkov_says_what_the_gate_says(
    form: str, case: Case, fixtures: Path, verdicts: dict[tuple[str, str], Verdict]
) -> None:
    path = fixtures / form / (f"{case.id}.json" if form == "terraform_plan" else case.id)
    reading = read(path)
    known = {resource.address for resource in reading.model.resources}
    first = reading.model.resources[0].address if reading.model.resources else ""
    findings = judging.judge([reading], CATALOGUE, PARAMETERS).findings
    expected = together((f.rule, f.address if f.address in known else first, f.status) for f in findings)
    assert verdicts.get((form, case.id), {}) == expected
