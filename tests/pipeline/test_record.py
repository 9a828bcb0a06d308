"""When a saved plan may be applied, and in which words it may not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cloudmart_support.problem import Problem
from mock_provider.plan_files import Snapshot
from pipeline import record
from pipeline.record import Commit, File, Found, Record

FILES = {
    "configuration": File("cdk.tf.json", "a"),
    "settings": File("environments/prod.yaml", "b"),
    "waivers": File("environments/prod.waivers.toml", ""),
    "parameters": File("environments/prod.params.toml", ""),
    "plan": File("plan/plan.tfplan", "c"),
    "plan_json": File("plan/plan.json", "d"),
    "gate": File("plan/gate.json", "e"),
    "plan_gate": File("plan/plan-gate.json", "f"),
    "lock": File("plan/terraform.lock.hcl", "g"),
}
COMMIT = Commit("1111", "aaaa")
MADE = Record(
    environment="prod",
    local=False,
    stack="cloudmart-prod",
    account="111122223333",
    planned="2026-11-23T12:00:00+00:00",
    product="Terraform",
    version="1.11.4",
    gates={"gate": 0, "checkov": 0, "plan_gate": 0},
    replaces=(),
    files=FILES,
    commit=COMMIT,
    snapshot=Snapshot("lineage", 7),
)
NOW = Found("prod", False, "cloudmart-prod", "111122223333", "Terraform", "1.11.4", FILES, COMMIT)


def test_what_is_as_it_was_may_be_applied():
    assert record.refusals(MADE, NOW) == []


def changed(role, sha256):
    return replace(NOW, files={**FILES, role: File(FILES[role].path, sha256)})


@pytest.mark.parametrize(
    ("made", "now", "reason"),
    [
        (MADE, replace(NOW, environment="dev", stack="x"), "it is a plan for prod (cloudmart-prod), not for dev (x)"),
        (
            MADE,
            replace(NOW, account="444455556666"),
            "it was made in the account 111122223333, and this is 444455556666",
        ),
        (MADE, replace(NOW, local=True), "it was made against AWS, and this is the mock provider (LOCAL=1)"),
        (replace(MADE, local=True), NOW, "it was made against the mock provider (LOCAL=1), and this is AWS"),
        (MADE, changed("configuration", "x"), "the synthesized JSON changed since it was made: cdk.tf.json"),
        (MADE, changed("settings", "x"), "the settings changed since it was made: environments/prod.yaml"),
        (MADE, changed("settings", ""), "the settings can no longer be found: environments/prod.yaml"),
        (MADE, changed("waivers", "x"), "the waivers did not exist when it was made"),
        (MADE, changed("plan", "x"), "the saved plan changed since it was saved: plan/plan.tfplan"),
        (MADE, changed("plan", ""), "the saved plan can no longer be found: plan/plan.tfplan"),
        (MADE, changed("plan_json", "x"), "the plan's JSON changed since it was saved"),
        (MADE, changed("plan_gate", "x"), "the gate's report on the plan changed since it was saved"),
        (MADE, changed("lock", "x"), "Terraform's lock file changed since it was saved: plan/terraform.lock.hcl"),
        (MADE, replace(NOW, version="1.12.0"), "it was made by Terraform 1.11.4, and this is Terraform 1.12.0"),
        (MADE, replace(NOW, product="OpenTofu"), "it was made by Terraform 1.11.4, and this is OpenTofu 1.11.4"),
        (replace(MADE, gates={**MADE.gates, "plan_gate": 1}), NOW, "plan_gate did not pass it (exit code 1)"),
        (replace(MADE, gates={"gate": 0, "plan_gate": 0}), NOW, "nothing says that checkov passed it"),
        (replace(MADE, files={**FILES} | {"plan": File("plan/plan.tfplan", "z")}), NOW, "the saved plan changed"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_was_is_refused_with_its_reason(made, now, reason):
    (told,) = record.refusals(made, now)
    assert told.startswith(reason)


@pytest.mark.parametrize(
    ("then", "now", "reason"),
    [
        (COMMIT, Commit("2222", "bbbb"), "it was made from commit 1111, and this is 2222, which has other files"),
        (Commit("1111", "aaaa", ("environments/prod.yaml",)), COMMIT, "it was made with changes that no commit has: e"),
        (COMMIT, Commit("1111", "aaaa", ("a.py", "b")), "there are changes here that no commit has: a.py, b"),
        (Commit(""), COMMIT, "nothing says that the same program judges it: it was made in no clone"),
        (COMMIT, Commit(""), "nothing says that the same program judges it: this is in no clone"),
    ],
)  # fmt: skip
def test_a_plan_from_elsewhere_is_of_the_same_commit(then, now, reason):
    made, found = replace(MADE, commit=then), replace(NOW, commit=now)
    (told,) = record.refusals(made, found, carried=True)
    assert told.startswith(reason)
    assert record.refusals(made, found) == []


def test_a_commit_that_was_merged_is_the_same_by_its_files():
    assert record.refusals(MADE, replace(NOW, commit=replace(COMMIT, sha="2222")), carried=True) == []


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (Snapshot("lineage", 8), "the state has changed since it was made (its serial was 7, and is 8)"),
        (Snapshot("another", 7), "it was made from another state (lineage lineage, and this is another)"),
        (Snapshot("", 0), "the state that it was made from is not there"),
    ],
)
def test_a_plan_of_another_state_is_stale(now, reason):
    (told,) = record.stale(MADE, now)
    assert told.startswith(reason)


def test_a_plan_of_no_state_is_stale_once_there_is_one():
    first = replace(MADE, snapshot=Snapshot("", 0))
    assert record.stale(first, Snapshot("", 0)) == []
    assert record.stale(first, Snapshot("lineage", 1)) == [
        "there was no state yet when it was made, and there is one now"
    ]


def test_all_reasons_are_told_at_once():
    assert len(record.refusals(MADE, replace(changed("plan", "x"), local=True, version="1.0.0"))) == 3


def test_a_file_that_the_record_does_not_know_is_refused():
    less = {role: file for role, file in FILES.items() if role != "plan"}
    assert record.refusals(replace(MADE, files=less), NOW) == ["nothing says what the saved plan was"]


def test_a_record_is_read_as_it_was_written(tmp_path):
    made = replace(MADE, replaces=("aws_db_instance.main",))
    record.write(tmp_path / "record.json", made)
    assert record.read(tmp_path / "record.json") == made


def test_no_record_is_none(tmp_path):
    assert record.read(tmp_path / "record.json") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 1}',
        '{"format": 3}',
        '{"format": 3, "files": []}',
        "\0",
        '{"format": 3, "local": 1',
    ],
)
def test_a_broken_record_is_a_problem(tmp_path, text):
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(Problem, match=r"is not a plan's record .*plan again"):
        record.read(tmp_path / "record.json")


def test_a_record_with_a_value_of_another_type_is_a_problem(tmp_path):
    record.write(tmp_path / "record.json", MADE)
    content = json.loads((tmp_path / "record.json").read_text())
    for key in ("environment", "local", "gates", "files", "replaces", "commit", "snapshot"):
        (tmp_path / "record.json").write_text(json.dumps({**content, key: 7}))
        with pytest.raises(Problem, match=r"is not a plan's record"):
            record.read(tmp_path / "record.json")


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    path.write_text("before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(record.os, "fsync", full)
    with pytest.raises(Problem, match=r"cannot be written .No space left on device.: make room"):
        record.save(path, "after")
    assert [one.name for one in tmp_path.iterdir()] == ["record.json"]
    assert path.read_text() == "before"


def test_allowances_are_exact():
    assert record.not_allowed(("a", "b"), ("a",)) == (["b"], [])
    assert record.not_allowed(("a",), ("a", "c")) == ([], ["c"])
    assert record.not_allowed((), ()) == ([], [])
