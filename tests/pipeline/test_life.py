"""The life of prod by the real commands: plan, what is refused, apply, plan again, change, destroy.

The tests of this module are one story, told in order.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

STACK = "cloudmart-prod"
WAIVER = f"""
[[waiver]]
rule = "CM_RDS_BACKUPS_SURVIVE"
address = "aws_db_instance.main"
owner = "platform-team"
reason = "this environment is about to be destroyed"
expires = {(datetime.now(UTC) + timedelta(days=30)).date()}
"""
LIFTED = "\nload_balancer:\n  deletion_protection: false\ndatabase:\n  deletion_protection: false\n"


@pytest.fixture(scope="module")
def planned(project):
    code, words = project.local("plan", "prod")
    assert code == 0, words
    return words


@pytest.fixture(scope="module")
def applied(project, planned):
    code, words = project.local("apply", "prod")
    assert code == 0, words
    return words


def state(project):
    return json.loads((project.work(STACK) / "terraform.tfstate").read_text())


def managed(project):
    return [one for one in state(project)["resources"] if one["mode"] == "managed"]


def test_nothing_is_applied_where_nothing_was_planned(project):
    code, words = project.local("apply", "prod")
    assert code == 2
    assert (
        "there is no saved plan: make plan ENV=prod LOCAL=1, read it, then make apply ENV=prod LOCAL=1"
        in words
    )


def test_the_plan_says_first_and_last_that_it_is_the_mock(planned):
    lines = planned.strip().splitlines()
    assert lines[0].startswith("mock provider: hashicorp/aws")
    assert lines[-1].startswith("mock provider: that was the mock, not AWS")


def test_the_plan_counts_by_tier_and_tells_the_flows(project, planned):
    configuration = json.loads((project.root / f"cdktf.out/local/stacks/{STACK}/cdk.tf.json").read_text())
    number = sum(len(named) for named in configuration["resource"].values())
    assert f"Plan: {number} to create" in planned
    assert re.search(r"^  database +\d+$", planned, re.M)
    for flow in (
        "the internet → alb, tcp 443",
        "the internet → alb, tcp 80",
        "alb → backend, tcp 8080",
        "backend → database, tcp 5432",
        "backend → cache, tcp 6379",
        "backend → the internet, tcp 443",
    ):
        assert f"flow opened: {flow}\n" in planned
    page = (project.work(STACK) / "plan" / "plan.md").read_text()
    assert page.startswith("## Plan for prod\n")
    assert "> Made against the mock provider (LOCAL=1)" in page
    line = r"^cost a month: \+\$[\d.]+ \(from \$0\.00 to at least \$[\d.]+\), prices of .*$"
    (cost,) = re.findall(line, planned, re.M)
    assert cost.partition(" (")[0] in page
    shown = (project.work(STACK) / "plan" / "plan.html").read_text()
    assert "<h1>Plan for prod</h1>" in shown and "<svg" in shown
    assert f"{number} to create" in shown
    assert cost.removeprefix("cost a month: ").partition(";")[0] in shown


def test_the_gate_says_the_same_of_the_plan_as_of_the_json(project, planned):
    def verdicts(name):
        report = json.loads((project.work(STACK) / "plan" / name).read_text())
        return {(one["rule"], one["address"], one["status"]) for one in report["findings"]}

    assert verdicts("plan-gate.json") == verdicts("gate.json")
    assert {status for _, _, status in verdicts("gate.json")} == {"pass"}


def append(path):
    path.write_bytes(path.read_bytes() + b" ")


def touch(path):
    path.touch()


REFUSED = [
    ("plan/plan.tfplan", append, "the saved plan changed since it was saved"),
    ("plan/plan.json", append, "the plan's JSON changed since it was saved"),
    ("plan/gate.json", append, "the gate's report on the JSON changed since it was saved"),
    ("plan/plan-gate.json", append, "the gate's report on the plan changed since it was saved"),
    (f"../stacks/{STACK}/cdk.tf.json", append, "the synthesized JSON changed since it was made"),
    ("../../../environments/prod.yaml", append, "the settings changed since it was made"),
    ("../../../environments/prod.waivers.toml", touch, "the waivers did not exist when it was made"),
    ("plan/plan.tfplan", lambda path: path.unlink(), "the saved plan can no longer be found"),
    ("plan/record.json", lambda path: path.write_text("{}"), "is not a plan's record"),
]


@pytest.mark.parametrize(("place", "harm", "reason"), REFUSED)
def test_what_is_not_the_plan_that_was_judged_is_refused(project, planned, keep, place, harm, reason):
    path = project.work(STACK) / place
    with keep(path):
        harm(path)
        code, words = project.local("apply", "prod")
    assert code == 2
    assert reason in words
    assert "plan" in words.rpartition(reason)[2]
    assert not (project.work(STACK) / "terraform.tfstate").exists()


def test_times_decide_nothing(project, planned, keep):
    paths = [project.work(STACK) / place for place, harm, _ in REFUSED if harm is append]
    with keep(*paths):
        for number, path in enumerate(paths):
            os.utime(path, (number, number))
        code, words = project.local("apply", "prod", ALLOW_REPLACE="aws_db_instance.main")
    # All else holds: what is refused is the allowance, which comes last.
    assert code == 2
    assert "this plan does not replace or delete aws_db_instance.main" in words


def test_a_plan_that_the_gate_did_not_pass_is_refused(project, planned, keep):
    path = project.work(STACK) / "plan" / "record.json"
    with keep(path):
        content = json.loads(path.read_text())
        content["gates"]["plan_gate"] = 1
        path.write_text(json.dumps(content))
        code, words = project.local("apply", "prod")
    assert code == 2
    assert "plan_gate did not pass it (exit code 1)" in words


def test_another_environments_plan_is_refused(project, planned):
    place = project.work("cloudmart-dev")
    shutil.copytree(project.work(STACK) / "plan", place / "plan")
    code, words = project.local("apply", "dev")
    shutil.rmtree(place)
    assert code == 2
    assert "it is a plan for prod (cloudmart-prod), not for dev (cloudmart-dev)" in words


def test_a_plan_against_the_mock_is_not_for_aws(project, planned, terraform):
    signed_in = {"TF": str(terraform), "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    code, words = project.run("apply", ENV="prod", **signed_in)
    assert code == 2
    assert (
        "there is one against the mock provider (LOCAL=1), which only make apply ENV=prod LOCAL=1 takes"
        in words
    )
    place = project.root / "cdktf.out" / "stacks" / STACK
    shutil.copytree(project.work(STACK) / "plan", place / "plan")
    code, words = project.run("apply", ENV="prod", **signed_in)
    shutil.rmtree(place)
    assert code == 2
    assert "it was made against the mock provider (LOCAL=1), and this is AWS" in words


def test_an_allowance_that_the_plan_does_not_need_is_refused(project, planned):
    code, words = project.local("apply", "prod", ALLOW_REPLACE="aws_db_instance.main")
    assert code == 2
    assert (
        "this plan does not replace or delete aws_db_instance.main; it loses nothing that holds data" in words
    )


def test_the_plan_is_applied(project, applied):
    assert re.search(r"^applied: \d+ created$", applied, re.M)
    configuration = json.loads((project.root / f"cdktf.out/local/stacks/{STACK}/cdk.tf.json").read_text())
    assert len(managed(project)) == sum(len(named) for named in configuration["resource"].values())
    assert not (project.work(STACK) / "plan").exists()
    assert (project.work(STACK) / "last-apply" / "record.json").is_file()


_SECRET = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|://[^\s/:@\"]+:[^\s/:@\"]+@"
)
_SECRET_NAMES = re.compile(
    r"(?:^|_)(?:password|passphrase|secret_string|secret_binary|auth_token|private_key)$"
)


def secrets_in(values, path=""):
    """Places in a state's values under a name that promises a secret, with something in them."""
    if isinstance(values, dict):
        for name, value in values.items():
            if _SECRET_NAMES.search(name) and value not in (None, "", [], {}, False, True):
                yield f"{path}.{name}"
            yield from secrets_in(value, f"{path}.{name}")
    elif isinstance(values, list):
        for value in values:
            yield from secrets_in(value, path)


def at(values, path):
    for step in path:
        key = step["value"]["value"] if isinstance(step["value"], dict) else step["value"]
        values = values[key] if values is not None else None
    return values


def test_state_and_plan_hold_no_secret_value(project, applied):
    instances = [(one["type"], instance) for one in managed(project) for instance in one["instances"]]
    assert instances
    assert [
        (kind, place) for kind, instance in instances for place in secrets_in(instance["attributes"])
    ] == []
    # What the provider itself marks as sensitive is there, and empty.
    marked = [
        at(instance["attributes"], path)
        for _, instance in instances
        for path in instance.get("sensitive_attributes", [])
    ]
    assert [value for value in marked if value not in (None, "", [])] == []
    place = project.work(STACK)
    assert _SECRET.findall((place / "terraform.tfstate").read_bytes()) == []
    assert _SECRET.findall((place / "last-apply" / "plan.json").read_bytes()) == []
    with zipfile.ZipFile(place / "last-apply" / "plan.tfplan") as saved:
        members = {name: saved.read(name) for name in saved.namelist()}
    assert "tfplan" in members
    assert [name for name, content in members.items() if _SECRET.search(content)] == []


def test_the_scan_for_secrets_finds_them():
    assert list(secrets_in({"a": [{"password": "x"}], "master_user_secret": [{"secret_arn": "arn"}]})) == [
        ".a.password"
    ]
    assert _SECRET.search(b"redis://user:word@host")


def test_a_second_plan_is_empty(project, applied):
    project.stand_in_for_checkov()
    code, words = project.local("plan", "prod")
    assert code == 0, words
    assert "Plan: nothing to change; " in words
    assert "there is nothing to apply" in words


def test_destroying_is_refused_while_deletion_protection_is_on(project, applied):
    code, words = project.local("destroy", "prod", CONFIRM="prod")
    assert code == 2
    assert "aws_db_instance.main: database.deletion_protection: false" in words
    assert "aws_lb.main: load_balancer.deletion_protection: false" in words
    assert len(managed(project)) > 100


def test_what_would_lose_data_must_be_named(project, applied):
    settings = project.root / "environments" / "prod.yaml"
    before = settings.read_text()
    (project.root / "environments" / "prod.waivers.toml").write_text(WAIVER)
    # AWS deletes no database whose protection still stands: it is lifted first, by an apply of its own.
    settings.write_text(before + LIFTED)
    for command in ("plan", "apply"):
        code, words = project.local(command, "prod")
        assert code == 0, words
    settings.write_text(before + LIFTED + "  name: shop\n")
    code, words = project.local("plan", "prod")
    assert code == 0, words
    assert "1 waived" in words
    head = words[words.index("!!") :].splitlines()
    assert head[0] == "!! 1 RESOURCE THAT HOLDS DATA WILL NOT SURVIVE THIS PLAN"
    assert head[1].startswith(
        "!!   REPLACED: aws_db_instance.main — database; db_name cannot change in place"
    )
    assert "next: make apply ENV=prod LOCAL=1 ALLOW_REPLACE=aws_db_instance.main" in words
    code, words = project.local("apply", "prod")
    assert code == 2
    assert "this plan replaces or deletes resources that hold data: aws_db_instance.main" in words
    code, words = project.local("apply", "prod", ALLOW_REPLACE="aws_db_instance.other")
    assert code == 2
    assert "does not replace or delete aws_db_instance.other; it does: aws_db_instance.main" in words
    code, words = project.local("apply", "prod", ALLOW_REPLACE="aws_db_instance.main")
    assert code == 0, words
    # The database, its new life's name, and its place in the backup plan.
    assert re.search(r"^applied: .*3 replaced", words, re.M)


@pytest.mark.parametrize(
    ("given", "reason"), [({}, "nobody is here to confirm"), ({"CONFIRM": "dev"}, "'dev' is not 'prod'")]
)
def test_destroying_takes_the_environments_name(project, applied, given, reason):
    code, words = project.local("destroy", "prod", **given)
    assert code == 2
    assert reason in words
    assert len(managed(project)) > 100


def test_with_protection_lifted_and_the_name_given_all_is_destroyed(project, applied):
    code, words = project.local("destroy", "prod", CONFIRM="prod")
    assert code == 0, words
    assert re.search(r"^destroyed: \d+ resources of prod$", words, re.M)
    assert managed(project) == []
    shown = (project.work(STACK) / "destroy.html").read_text()
    assert "<h1>Plan to destroy prod</h1>" in shown and "is-delete" in shown


def test_a_life_after_the_first(project, applied):
    """In the account that the first life left: with the same settings, and nothing renamed in between."""
    project.stand_in_for_checkov()
    for command in ("plan", "apply"):
        code, words = project.local(command, "prod")
        assert code == 0, words
    whole = len(managed(project))
    assert whole > 100
    assert project.local("event", "prod", EVENT="logs-written")[0] == 0
    code, words = project.local("destroy", "prod", CONFIRM="prod")
    assert code == 2
    assert "BucketNotEmpty" in words
    assert 0 < len(managed(project)) < whole
    assert project.local("event", "prod", EVENT="emptied-buckets")[0] == 0
    for command in ("destroy", "plan", "apply", "destroy"):
        code, words = project.local(command, "prod", CONFIRM="prod")
        assert code == 0, words
    assert managed(project) == []
