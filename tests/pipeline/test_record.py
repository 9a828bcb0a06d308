"""When a saved plan may be applied, and in which words it may not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline import record
from pipeline.record import File, Found, Record
from support.problem import Problem

FILES = {
    "configuration": File("cdk.tf.json", "a"),
    "settings": File("environments/prod.yaml", "b"),
    "waivers": File("environments/prod.waivers.toml", ""),
    "parameters": File("environments/prod.params.toml", ""),
    "plan": File("plan/plan.tfplan", "c"),
    "plan_json": File("plan/plan.json", "d"),
    "gate": File("plan/gate.json", "e"),
    "plan_gate": File("plan/plan-gate.json", "f"),
}
MADE = Record(
    environment="prod",
    local=False,
    stack="cloudmart-prod",
    planned="2026-11-23T12:00:00+00:00",
    product="Terraform",
    version="1.11.4",
    gates={"gate": 0, "checkov": 0, "plan_gate": 0},
    replaces=(),
    files=FILES,
)
NOW = Found("prod", False, "cloudmart-prod", "Terraform", "1.11.4", FILES)


def test_what_is_as_it_was_may_be_applied():
    assert record.refusals(MADE, NOW) == []


def changed(role, sha256):
    return replace(NOW, files={**FILES, role: File(FILES[role].path, sha256)})


@pytest.mark.parametrize(
    ("made", "now", "reason"),
    [
        (MADE, replace(NOW, environment="dev", stack="x"), "it is a plan for prod (cloudmart-prod), not for dev (x)"),
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
        (MADE, replace(NOW, newer=("settings",)), "it is older than the settings: environments/prod.yaml"),
        (MADE, replace(NOW, newer=("configuration",)), "it is older than the synthesized JSON: cdk.tf.json"),
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
        '{"format": 2}',
        '{"format": 1}',
        '{"format": 1, "files": []}',
        "\0",
        '{"format": 1, "local": 1',
    ],
)
def test_a_broken_record_is_a_problem(tmp_path, text):
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(Problem, match=r"is not a plan's record .*plan again"):
        record.read(tmp_path / "record.json")


def test_a_record_with_a_value_of_another_type_is_a_problem(tmp_path):
    record.write(tmp_path / "record.json", MADE)
    content = json.loads((tmp_path / "record.json").read_text())
    for key in ("environment", "local", "gates", "files", "replaces"):
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
