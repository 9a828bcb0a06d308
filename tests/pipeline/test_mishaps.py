"""What goes wrong on the way, by the real commands, on the smallest stack: that of the state bucket.

The tests of this module are one story, told in order.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal

import pytest

STACK = "cloudmart-state"


@pytest.fixture(scope="module", autouse=True)
def quick(project):
    """Checkov is not what these tests are about."""
    return project.stand_in_for_checkov()


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    """A function that writes a faults file and returns its path."""
    folder = tmp_path_factory.mktemp("faults")

    def write(**fault):
        path = folder / "faults.json"
        path.write_text(json.dumps({"fault": [fault]}))
        return str(path)

    return write


def standing(project):
    path = project.work(STACK) / "terraform.tfstate"
    if not path.exists():
        return set()
    resources = json.loads(path.read_text())["resources"]
    return {f"{one['type']}.{one['name']}" for one in resources if one["mode"] == "managed"}


def left_behind(project):
    return [path.name for path in project.work(STACK).glob(".plan-*")]


# --- the judges ---------------------------------------------------------------------------------------------


def test_where_checkov_cannot_judge_nothing_is_planned(project):
    noted = project.stand_in_for_checkov(2)
    code, words = project.local("plan", "state")
    project.stand_in_for_checkov()
    assert code == 2
    assert "Checkov could not judge it" in words
    assert noted.read_text().startswith("-m policies.checkov_host ")
    assert not (project.work(STACK) / "plan").exists()
    assert left_behind(project) == []


def test_where_the_gate_does_not_pass_it_nothing_is_planned(project, keep):
    waivers = project.root / "environments" / "state.waivers.toml"
    with keep(waivers):
        waivers.write_text('[[waiver]]\nrule = "CM_S3_ENCRYPTED"\n')
        code, words = project.local("plan", "state")
    assert code == 1
    assert "the waiver is broken" in words
    assert "there is no plan to apply" in words
    assert not (project.work(STACK) / "plan").exists()


def test_a_new_plan_withdraws_the_one_before(project, keep):
    code, words = project.local("plan", "state")
    assert code == 0, words
    assert (project.work(STACK) / "plan" / "record.json").is_file()
    project.stand_in_for_checkov(1)
    code, words = project.local("plan", "state")
    project.stand_in_for_checkov()
    assert code == 1
    assert "refused by the policies above: nothing was planned" in words
    code, words = project.local("apply", "state")
    assert code == 2
    assert "there is no saved plan" in words


def test_where_nothing_stands_nothing_is_destroyed(project):
    code, words = project.local("destroy", "state", CONFIRM="state")
    assert code == 0, words
    assert "state: nothing stands, so there is nothing to destroy" in words


# --- half way -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def half_applied(project, faults):
    """What an apply says in which one resource fails."""
    code, words = project.local("plan", "state")
    assert code == 0, words
    broken = faults(
        type="aws_s3_bucket_policy", action="fail", error="api error ServiceUnavailable: try later"
    )
    code, words = project.local("apply", "state", FAULTS=broken)
    assert code == 2
    return words


def test_a_half_failed_apply_says_what_stands_and_how_to_go_on(project, half_applied):
    assert "the apply stopped half way: 8 of 9 changes are made and stand in the state" in half_applied
    assert "not done: aws_s3_bucket_policy.state (create)" in half_applied
    assert "api error ServiceUnavailable: try later" in half_applied
    assert "make plan ENV=state LOCAL=1 goes on from what stands" in half_applied
    assert "aws_s3_bucket_policy.state" not in standing(project)
    assert len(standing(project)) == 8


def test_the_plan_that_failed_half_way_is_not_applied_again(project, half_applied):
    code, words = project.local("apply", "state")
    assert code == 2
    assert "there was no state yet when it was made, and there is one now" in words
    assert "to get there: make plan ENV=state LOCAL=1, read it" in words


def test_the_next_plan_goes_on_and_an_interrupt_lets_terraform_finish(project, half_applied, faults):
    code, words = project.local("plan", "state")
    assert code == 0, words
    assert "Plan: 1 to create; 8 stay as they are" in words
    hangs = faults(type="aws_s3_bucket_policy", action="hang")
    before = standing(project)
    with project.start("apply", ENV="state", LOCAL="1", FAULTS=hangs) as process:
        # Once the log says that the resource was begun, it hangs.
        words = told = ""
        while "apply_start" not in told:
            assert process.poll() is None, process.stdout.read()
            told = "".join(one.read_text() for one in project.temporary.glob("*/taken/apply.jsonl"))
        # As a terminal does: to every process of the foreground group.
        os.killpg(process.pid, signal.SIGINT)
        words = process.communicate()[0]
        told = (project.work(STACK) / "plan" / "apply.jsonl").read_text()
    assert process.returncode == 2
    assert "stopping: Terraform finishes what it has begun and writes its state" in words
    assert "the apply was interrupted: 0 of 1 changes are made" in words
    assert "make plan ENV=state LOCAL=1 goes on from what stands" in words
    # Once: a second interrupt would make Terraform drop everything.
    assert len(re.findall("Two interrupts received|Gracefully shutting down", told)) == 1
    assert "Two interrupts" not in told
    assert standing(project) == before
    assert not list((project.work(STACK)).glob("**/errored.tfstate"))


def test_after_an_interrupt_the_rest_is_planned_and_applied(project, half_applied):
    code, words = project.local("plan", "state")
    assert code == 0, words
    assert "Plan: 1 to create; 8 stay as they are" in words
    code, words = project.local("apply", "state")
    assert code == 0, words
    assert "applied: 1 created; 8 stay as they are" in words
    assert len(standing(project)) == 9


# --- behind Terraform's back --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(project, half_applied):
    """The stack stands."""
    assert len(standing(project)) == 9


def test_drift_is_told_and_undone(project, whole, faults):
    drift = faults(type="aws_kms_key", action="drift", set={"deletion_window_in_days": 7})
    code, words = project.local("plan", "state", FAULTS=drift)
    assert code == 0, words
    assert "Changed outside Terraform:\n  ~ aws_kms_key.state [deletion_window_in_days: 30 → 7]" in words
    assert "~ aws_kms_key.state [deletion_window_in_days: 7 → 30]" in words
    assert "Plan: 1 to change" in words


def test_a_resource_that_is_gone_is_told_and_made_anew(project, whole, faults):
    gone = faults(type="aws_s3_bucket_policy", action="gone")
    code, words = project.local("plan", "state", FAULTS=gone)
    assert code == 0, words
    assert "aws_s3_bucket_policy.state: gone" in words
    assert "Plan: 1 to create" in words


def test_a_gate_that_closed_since_the_plan_keeps_it_from_being_applied(project, whole, keep):
    assert (project.work(STACK) / "plan" / "record.json").is_file()
    rule = project.root / "policies" / "rules" / "s3_encrypted.py"
    with keep(rule):
        stricter = 'def check(resource, model, parameters):\n    yield failed("since today")\n'
        rule.write_text(f"{rule.read_text()}\n\n{stricter}")
        code, words = project.local("apply", "state")
    assert code == 2
    assert "since today" in words
    assert "today's policies do not pass the saved plan" in words


def test_the_state_bucket_is_not_destroyed(project, whole):
    code, words = project.local("destroy", "state", CONFIRM="state")
    assert code == 2
    assert "aws_s3_bucket.state is kept for good (prevent_destroy)" in words
    assert len(standing(project)) == 9


# --- locks --------------------------------------------------------------------------------------------------


def test_a_state_that_someone_else_locks_is_left_alone(project, whole):
    state = project.work(STACK) / "terraform.tfstate"
    note = state.with_name(".terraform.tfstate.lock.info")
    who = {"ID": "0000-1111", "Who": "alice@build-7", "Operation": "OperationTypeApply", "Version": "1.11.4"}
    note.write_text(
        json.dumps({**who, "Created": "2026-11-23T12:00:00Z", "Path": "terraform.tfstate", "Info": ""})
    )
    with state.open("r+") as handle:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        code, words = project.local("plan", "state")
    note.unlink()
    assert code == 2
    assert "the state is locked by alice@build-7 (apply) since 2026-11-23 12:00:00" in words
    assert "cure: wait for it to end, or ask there; only if that run is dead for sure: " in words
    assert "force-unlock 0000-1111" in words


def test_two_runs_of_this_project_do_not_meet(project, whole):
    with (project.work(STACK) / ".pipeline.lock").open("r+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        code, words = project.local("plan", "state")
    assert code == 2
    assert "is at work here: wait for it to end" in words


def test_a_state_that_could_not_be_saved_comes_first(project, whole, keep):
    unsaved = project.root / "cdktf.out" / "local" / "stacks" / STACK / "errored.tfstate"
    with keep(unsaved):
        unsaved.write_text("{}")
        code, words = project.local("plan", "state")
    assert code == 2
    assert "state push errored.tfstate" in words


# --- before it begins ---------------------------------------------------------------------------------------


def test_the_command_line_is_checked(project):
    for variables, words in (
        ({"ENV": "staging"}, "there is no environments/staging.yaml; there are: dev, prod, state"),
        ({"ENV": "../x"}, "an environment's name is that of its file"),
        ({"LOCAL": "perhaps"}, "LOCAL=perhaps: must be 1"),
        ({"FAULTS": "x.toml"}, "only the mock provider plays faults; add LOCAL=1"),
        ({"LOCAL": "1", "FAULTS": "x.toml"}, "x.toml: cannot be read"),
        ({"LOCAL": "1", "TF": "no-such-terraform"}, "no-such-terraform: is not on the PATH"),
    ):
        code, said = project.run("plan", **variables)
        assert code == 2, said
        assert words in said
        assert "Traceback" not in said
