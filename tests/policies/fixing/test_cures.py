"""Each rule's cure on each of the rule's cases: mended or told, nothing else changed, and agreed to by Terraform."""

from __future__ import annotations

import difflib
import itertools
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from formatter import unformatted
from rule_cases import cases
from rule_plans import lay_out, ran

from policies.engine import catalogue, judging, parameters
from policies.engine.cures import REPLACES
from policies.engine.verdicts import FAIL
from policies.fixing.curing import Curing, Judged, Outcome
from policies.readers import files, read
from policies.testing import Case, write_hcl

CATALOGUE = catalogue.load()
PARAMETERS = parameters.load()
CURING = [entry for entry in CATALOGUE if entry.cure is not None]


@dataclass
class Run:
    """A case's folder, what its rule found there, and what came of the cure."""

    case: Case
    folder: Path
    failing: set[str]
    outcome: Outcome

    def judge(self, entries: Sequence[catalogue.Entry] = CATALOGUE) -> Judged:
        readings = [read(self.folder)]
        return readings, judging.judge(readings, entries, PARAMETERS)

    @property
    def drafts(self) -> dict[str, str]:
        """The changed files by their paths in the folder."""
        return {str(Path(path).relative_to(self.folder)): text for path, text in self.outcome.drafts.items()}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Run]]:
    """All cases with failures of rules that have a cure, by rule."""
    found: dict[str, list[Run]] = {}
    for entry in CURING:
        rule = entry.id.removeprefix("CM_").lower()
        for case in cases(rule):
            if FAIL not in case.expected.values():
                continue
            run = Run(case, write_hcl(case, tmp_path_factory.mktemp(case.id).resolve()), set(), None)  # type: ignore[arg-type]
            before = run.judge()
            run.failing = {
                one.address for one in before[1].findings if one.rule == entry.id and one.status == FAIL
            }
            run.outcome = Curing(run.judge, [entry], {str(run.folder): PARAMETERS}, [run.folder]).cure(before)
            found.setdefault(entry.id, []).append(run)
    return found


@pytest.mark.parametrize("rule", [entry.id for entry in CURING])
def test_a_failure_is_mended_or_it_is_told_why_not(rule: str, runs: dict[str, list[Run]]) -> None:
    mended = 0
    for run in runs[rule]:
        left = {one.address for one in run.outcome.result.findings if one.rule == rule and one.status == FAIL}
        cured = {address for one in run.outcome.cured for address in one.addresses}
        told = {_block(one.address) for one in run.outcome.told}
        assert left <= run.failing
        assert not left & cured
        assert {_block(address) for address in left} <= told, run.case.name
        mended += len(run.failing - left)
    assert mended


def test_nothing_else_is_judged_otherwise(runs: dict[str, list[Run]]) -> None:
    for run in (run for found in runs.values() for run in found if run.outcome.drafts):
        before = {(one.rule, one.address) for one in run.judge()[1].findings if one.status != FAIL}
        for one in run.outcome.result.findings:
            if one.status == FAIL:
                # What a rule says of a whole configuration may stand at another address.
                assert (one.rule, one.address) not in before or one.rule == "CM_DECLARED_FLOWS_ONLY", (
                    run.case.name
                )


def test_only_what_is_told_changes_and_all_comments_stay(runs: dict[str, list[Run]]) -> None:
    for run in (run for found in runs.values() for run in found):
        names = {
            word for one in run.outcome.cured for words in one.words for word in re.findall(r"\w+", words)
        }
        for path, draft in run.drafts.items():
            old, new = (
                ["".join(line.split()) for line in text.split("\n")]
                for text in ((run.folder / path).read_text(encoding="utf-8"), draft)
            )
            for line in difflib.ndiff(old, new):
                if line.startswith("- ") and not line.endswith("{}"):
                    assert re.match(r"- (\w+)=", line), line
                    assert line[2:].partition("=")[0] in names, line


def test_a_second_run_changes_nothing(runs: dict[str, list[Run]]) -> None:
    for rule, found in runs.items():
        (entry,) = (entry for entry in CURING if entry.id == rule)
        for run in found:
            if run.outcome.drafts:
                with files.drafts(run.outcome.drafts):
                    again = Curing(run.judge, [entry], {str(run.folder): PARAMETERS}, [run.folder]).cure(
                        run.judge()
                    )
                assert not again.drafts, run.case.name


def with_comments(text: str) -> str:
    """A comment of its own at the end of each line."""
    number = itertools.count()
    return re.sub(r'(?m)([\w"\])}{,\[(])$', lambda found: f"{found[1]} # k{next(number)}k", text)


FORMS: dict[str, Callable[[str], str]] = {
    "line ends of Windows": lambda text: text.replace("\n", "\r\n"),
    "tabs": lambda text: re.sub(r"(?m)^ +", lambda found: "\t" * (len(found[0]) // 2), text),
    "comments": with_comments,
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_is_done_in_other_forms_which_stay(
    form: str, runs: dict[str, list[Run]], tmp_path: Path
) -> None:
    tried = 0
    for rule, found in runs.items():
        (entry,) = (entry for entry in CURING if entry.id == rule)
        for run in found:
            if not run.outcome.drafts or any("<<" in text for text in run.case.files.values()):
                continue
            tried += 1
            changed = {
                path: FORMS[form](text) if path.endswith(".tf") else text
                for path, text in run.case.files.items()
            }
            other = Run(run.case, tmp_path / run.case.id, set(), run.outcome)
            for path, text in changed.items():
                (other.folder / path).parent.mkdir(parents=True, exist_ok=True)
                (other.folder / path).write_bytes(text.encode())
            judge = partial(other.judge, [entry])
            curing = Curing(judge, [entry], {str(other.folder): PARAMETERS}, [other.folder])
            other.outcome = curing.cure(judge())
            cured = [(one.addresses, one.words) for one in other.outcome.cured]
            assert cured == [(one.addresses, one.words) for one in run.outcome.cured]
            for path, draft in other.drafts.items():
                if form == "comments":
                    assert re.findall(r"k\d+k", draft) == re.findall(r"k\d+k", changed[path])
                elif form == "tabs":
                    assert not re.search(r"(?m)^ ", draft)
                else:
                    assert draft == run.drafts[path].replace("\n", "\r\n")
    assert tried > 50


def test_terraform_fmt_would_write_it_so(runs: dict[str, list[Run]], tmp_path: Path) -> None:
    drafts = [
        (f"{run.case.id}_{number}.tf", run.folder / path, draft)
        for found in runs.values()
        for run in found
        for number, (path, draft) in enumerate(run.drafts.items())
    ]
    for name, original, draft in drafts:
        for folder, text in (("before", original.read_text(encoding="utf-8")), ("after", draft)):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / name).write_text(text, encoding="utf-8")
    assert len(drafts) > 50
    assert unformatted(tmp_path / "before") == []
    assert unformatted(tmp_path / "after") == []


def test_terraform_takes_what_is_written(runs: dict[str, list[Run]], tmp_path: Path) -> None:
    """Validated against the mock provider, which checks arguments and blocks as the AWS provider does."""
    from mock_provider import runner

    mended = []
    for found in runs.values():
        for run in found:
            if run.outcome.drafts and not run.case.refused:
                mended.append(replace(run.case, files={**run.case.files, **run.drafts}))
    folder = tmp_path / "cases"
    folder.mkdir()
    assert len(lay_out(mended, folder)) > 50
    with runner.prepared(["validate", "-json"], cwd=folder, state=tmp_path / "state") as prepared:
        done = ran(prepared)
    errors = [one for one in json.loads(done.stdout)["diagnostics"] if one["severity"] == "error"]
    assert errors == []


def test_what_replaces_something_says_so(runs: dict[str, list[Run]]) -> None:
    """Held against what the mock provider knows of the AWS provider: which arguments force a replacement."""
    from mock_provider import facts

    known, held = facts.load(), 0
    for run in (run for found in runs.values() for run in found):
        for one in run.outcome.cured:
            type = _block(one.addresses[0]).partition(".")[0]
            if type not in known:
                continue
            held += 1
            forcing = {".".join(path) for path in known[type].force_new}
            paths = {words.partition(" = ")[0] for words in one.words}
            assert bool(paths & forcing) == (REPLACES in one.notes), (one.addresses, one.words)
    assert held > 20


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.id)
def test_a_rule_has_a_cure_or_says_what_a_person_decides(entry: catalogue.Entry) -> None:
    assert entry.cure is not None or entry.rule.by_hand


def _block(address: str) -> str:
    """Type and name in an address: `module.a["x"].aws_t.n[0]` is of `aws_t.n`."""
    return ".".join(re.sub(r"\[[^]]*\]", "", address).split(".")[-2:])
