"""A hostile hand at the plan: what is judged is what is applied, and nothing beside it counts.

By the real commands on the smallest stack, that of the state bucket. A marker tells whether a foreign program ran.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cloudmart_support.problem import Problem
from mock_provider.terraform import find
from modules.terraform import PROVIDER_VERSIONS
from pipeline import applied, foreign, holding, target

STACK = "cloudmart-state"


@pytest.fixture(scope="module", autouse=True)
def quick(project):
    """Checkov is not what these tests are about."""
    return project.stand_in_for_checkov()


@pytest.fixture(scope="module")
def marker(tmp_path_factory):
    """What a foreign program would make."""
    return tmp_path_factory.mktemp("marker") / "ran"


@pytest.fixture(scope="module")
def planned(project):
    """The stack is planned; a copy of all that was written."""
    code, words = project.local("plan", "state")
    assert code == 0, words
    kept = project.root / "kept"
    shutil.copytree(project.root / "cdktf.out", kept, symlinks=True)
    return kept


@pytest.fixture
def again(project, planned, marker):
    """Put everything back as it was when the plan was saved."""

    def put() -> None:
        out = project.root / "cdktf.out"
        shutil.rmtree(out)
        shutil.copytree(planned, out, symlinks=True)
        marker.unlink(missing_ok=True)

    put()
    return put


def provisioned(marker):
    """A configuration that runs a program when it is applied; else with what the stack itself asks for."""
    return {
        "terraform": {
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSIONS}}
        },
        "provider": {"aws": [{"region": "eu-west-1"}]},
        "resource": {
            # Of a type that the stack has: the mock answers for no others.
            "aws_kms_key": {"x": {}},
            "terraform_data": {"x": {"provisioner": [{"local-exec": {"command": f"touch {marker}"}}]}},
        },
    }


@pytest.fixture(scope="module")
def other(project, planned, marker, tmp_path_factory):
    """Another plan for the same state, which runs a program; in a folder of its own, by the names of a saved plan."""
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "main.tf.json").write_text(json.dumps(provisioned(marker)))
    out = project.root / "other"
    out.mkdir()

    def run(*words):
        # With the project's own code and cache: Terraform applies a plan only with the providers it was made with.
        start = ("-m", "mock_provider", "run", "--state-dir", str(project.work(STACK)), "--", "terraform")
        return subprocess.run(
            [sys.executable, *start, *words],
            cwd=folder,
            env=project.base | {"PYTHONPATH": str(project.root)},
            check=True,
            capture_output=True,
            text=True,
        )

    run("plan", f"-out={out / 'plan.tfplan'}")
    shown = run("show", "-json", str(out / "plan.tfplan"))
    (out / "plan.json").write_text(shown.stdout)
    return out


def standing(project):
    path = project.work(STACK) / "terraform.tfstate"
    resources = json.loads(path.read_text())["resources"] if path.exists() else []
    return {f"{one['type']}.{one['name']}" for one in resources if one["mode"] == "managed"}


def race(project, number, how, command="apply", **variables):
    """One run with the other hand at work at one moment; exit code, words, and how many moments there were."""
    log = project.root / "moments"
    log.unlink(missing_ok=True)
    script = Path(__file__).with_name("racing.py")
    done = subprocess.run(
        [sys.executable, str(script), str(number), str(log), how, "--", command],
        cwd=project.root,
        env=project.base | {"ENV": "state", "LOCAL": "1"} | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    moments = log.read_text().splitlines() if log.exists() else []
    return done.returncode, done.stdout + done.stderr, moments


# --- the race -----------------------------------------------------------------------------------------------


def test_the_other_plan_would_run_a_program(project, other, marker, again):
    """So that its not running means something: applied by hand, it does."""
    from mock_provider import runner

    folder = project.root / "by-hand"
    folder.mkdir()
    (folder / "main.tf.json").write_text(json.dumps(provisioned(marker)))
    done = runner.run(
        ["apply", "-auto-approve"],
        cwd=folder,
        state=project.root / "by-hand-state",
        backend="local",
        capture=True,
    )
    assert done.returncode == 0, done.stderr
    assert marker.exists()


def whole(project):
    """What the saved plan makes."""
    content = json.loads((project.root / "kept" / "local" / STACK / "plan" / "plan.json").read_text())
    return {f"{one['type']}.{one['name']}" for one in content["resource_changes"] if one["mode"] == "managed"}


def strikes(project, other, marker, again, how, chosen):
    """Strike at the chosen moments; the other plan is never applied: it is refused, or what was judged is applied."""
    again()
    _, _, moments = race(project, 0, how)
    ended = set()
    for number in chosen(moments):
        again()
        code, words, _ = race(project, number, how)
        assert not marker.exists(), (number, moments[number - 1], words)
        assert "Traceback" not in words
        assert code in (0, 2), words
        assert standing(project) == (whole(project) if code == 0 else set()), words
        ended.add(code)
    return ended


def test_no_moment_lets_another_plan_through(project, other, marker, again):
    """The files are swapped at each moment in turn, until Terraform has been started to apply."""

    def every(moments):
        assert len(moments) > 10
        assert " apply " in moments[-1]
        return range(1, len(moments) + 1)

    assert strikes(project, other, marker, again, "new file", every) == {0, 2}


@pytest.mark.parametrize("how", ["content", "symbolic link", "hard link", "pipe", "folder"])
def test_nor_does_any_way_to_put_it_there(project, other, marker, again, how):
    """Before the first file is read, and while the gate judges: the two moments that differ."""

    def two(moments):
        return 1, next(number for number, name in enumerate(moments, 1) if " policies check " in name)

    assert strikes(project, other, marker, again, how, two) == {0, 2}


def forged(project, other, names):
    """Put files of the other plan in, with a record that has their sums."""
    saved = project.work(STACK) / "plan"
    record = json.loads((saved / "record.json").read_text())
    for role, name in names.items():
        shutil.copyfile(other / name, saved / name)
        record["files"][role]["sha256"] = hashlib.sha256((saved / name).read_bytes()).hexdigest()
    (saved / "record.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    "names",
    [{"plan": "plan.tfplan"}, {"plan": "plan.tfplan", "plan_json": "plan.json"}],
    ids=["plan", "both"],
)
def test_a_forged_record_lets_no_foreign_plan_through(project, other, marker, again, names):
    """Whatever the record says: what Terraform is given is looked at itself."""
    forged(project, other, names)
    code, words = project.local("apply", "state")
    assert code == 2
    assert "terraform_data.x: has a provisioner (local-exec), which would run a program" in words
    assert not marker.exists()
    assert standing(project) == set()


def test_json_that_is_not_the_plans_is_refused(project, again):
    """The JSON would pass the gate, and the plan would not."""
    saved = project.work(STACK) / "plan"
    content = json.loads((saved / "plan.json").read_text())
    content["resource_changes"][0]["change"]["after"]["tags"] = {"another": "one"}
    (saved / "plan.json").write_text(json.dumps(content))
    record = json.loads((saved / "record.json").read_text())
    record["files"]["plan_json"]["sha256"] = hashlib.sha256((saved / "plan.json").read_bytes()).hexdigest()
    (saved / "record.json").write_text(json.dumps(record))
    code, words = project.local("apply", "state")
    assert code == 2
    assert "plan.json is not what plan.tfplan says" in words
    assert standing(project) == set()


@pytest.mark.parametrize(("name", "text"), [("plan.json", "[" * 100_000), ("record.json", "[" * 100_000)])
def test_a_broken_file_ends_in_words(project, again, name, text):
    (project.work(STACK) / "plan" / name).write_text(text)
    code, words = project.local("apply", "state")
    assert code == 2
    assert "Traceback" not in words


def test_what_was_applied_is_held_against_the_plan(project, other, marker, again, tmp_path):
    """A Terraform that applies another plan than the one that it was given is told of, with the addresses."""
    stands_in = tmp_path / "terraform"
    words = shlex.join(find().command)
    stands_in.write_text(
        f'#!/bin/sh\n[ "$1" = apply ] && exec {words} apply -json {other / "plan.tfplan"}\nexec {words} "$@"\n'
    )
    stands_in.chmod(0o755)
    code, words = project.local("plan", "state", TF=str(stands_in))
    assert code == 0, words
    code, words = project.local("apply", "state", TF=str(stands_in))
    assert code == 2
    assert "NOT AS PLANNED: what was applied is not what was planned and judged" in words, words
    assert "  - terraform_data.x: create was not in the plan" in words
    assert marker.exists()
    assert "  - aws_s3_bucket.state: create was in the plan, and was not done" in words


def test_only_their_owner_can_read_the_files_of_a_plan(project, again):
    umask = os.umask(0)
    try:
        code, words = project.local("plan", "state")
        assert code == 0, words
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode) for path in (project.work(STACK) / "plan").iterdir()
        }
        assert stat.S_IMODE((project.work(STACK) / "plan").stat().st_mode) == 0o700
        code, words = project.local("apply", "state")
        assert code == 0, words
    finally:
        os.umask(umask)
    kept = project.work(STACK) / "last-apply"
    modes |= {f"last-apply/{path.name}": stat.S_IMODE(path.stat().st_mode) for path in kept.iterdir()}
    assert {
        "plan.tfplan",
        "plan.json",
        "plan.jsonl",
        "gate.json",
        "plan-gate.json",
        "record.json",
    } <= modes.keys()
    assert {name: oct(mode) for name, mode in modes.items() if mode != 0o600} == {}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700


# --- what is planted beside ---------------------------------------------------------------------------------

PLANTED = (
    "evil.tf.json",
    "evil.tf",
    ".evil.tf.json",
    "#evil.tf",
    "zzz_override.tf.json",
    "evil.tofu",
    "terraform.tfvars",
    "evil.auto.tfvars.json",
    "modules/evil.tf.json",
    ".terraformrc",
    "terraform.tfstate.d/default/terraform.tfstate",
    "tests/evil.tftest.hcl",
)


@pytest.mark.parametrize("name", PLANTED)
def test_what_synthesis_did_not_write_is_refused_by_name(tmp_path, name):
    about = target.Target("state", True, STACK, tmp_path / "environments" / "state.yaml", tmp_path)
    place = about.folder / name
    place.parent.mkdir(parents=True)
    about.configuration.write_text("{}")
    about.settings.parent.mkdir()
    (tmp_path / "private").mkdir()
    copies = holding.sources(about, tmp_path / "private")
    place.write_text("{}")
    with pytest.raises(
        Problem, match=re.escape(f"{STACK}/{name.split('/')[0]}: was not written by synthesis")
    ):
        holding.inputs(about, copies, tmp_path / "private")


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_nothing_planted_is_planned_or_applied(project, marker, again, command):
    place = project.root / "cdktf.out" / "local" / "stacks" / STACK / "evil.tf.json"
    place.write_text(json.dumps(provisioned(marker)))
    code, words = project.local(command, "state")
    assert code == 2
    assert f"cdktf.out/local/stacks/{STACK}/evil.tf.json: was not written by synthesis" in words
    assert not marker.exists()
    assert standing(project) == set()


def test_no_configuration_of_the_gate_is_taken_from_the_checkout(project, again):
    place = project.root / ".cloudmart-policies.toml"
    place.write_text("what would be told if it were read")
    try:
        code, words = project.local("plan", "state")
    finally:
        place.unlink()
    assert code == 0, words
    assert place.name not in words


@pytest.mark.parametrize("name", ["terraform.tfstate", "cdk.tf.json", "plan"])
def test_links_in_its_folder_are_refused(project, again, tmp_path, name):
    """Synthesis and Terraform would write what they lead to."""
    place = project.root / "cdktf.out" / "local" / "stacks" / STACK / name
    (tmp_path / "outside").write_text("{}")
    place.unlink(missing_ok=True)
    place.symlink_to(tmp_path / "outside")
    code, words = project.local("plan", "state")
    assert code == 2
    assert "Traceback" not in words


def test_terraforms_own_files_beside_do_not_count(project, again):
    """Terraform runs elsewhere: neither a planted provider nor another backend's note is looked at."""
    folder = project.root / "cdktf.out" / "local" / "stacks" / STACK
    (folder / ".terraform").mkdir()
    (folder / ".terraform" / "terraform.tfstate").write_text("no note of Terraform's")
    (folder / ".terraform.lock.hcl").write_text("no lock file of Terraform's")
    code, words = project.local("plan", "state")
    assert code == 0, words


def test_a_lock_that_leads_elsewhere_writes_nothing_there(project, again, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("of somebody")
    lock = project.work(STACK) / ".pipeline.lock"
    lock.unlink()
    lock.symlink_to(outside)
    assert project.local("plan", "state")[0] == 2
    lock.unlink()
    lock.hardlink_to(outside)
    assert project.local("plan", "state")[0] == 2
    assert outside.read_text() == "of somebody"


# --- signals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_ends_all_and_leaves_nothing_behind(project, planned, again, name):
    """While each of the programs runs that a plan starts; those that end like it, while one does."""
    again()
    shutil.rmtree(project.work(STACK) / "plan")
    _, words, moments = race(project, 0, name, "plan")
    started = [number for number, moment in enumerate(moments, 1) if not moment.startswith(("open ", "os."))]
    assert len(started) > 5, words
    for number in started if name == "SIGTERM" else started[2:3]:
        again()
        shutil.rmtree(project.work(STACK) / "plan")
        code, words, _ = race(project, number, name, "plan")
        assert code in (2, 130), words
        assert "Traceback" not in words
        assert list(project.temporary.iterdir()) == [], moments[number - 1]
        assert not (project.work(STACK) / "plan").exists()
        left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        assert [
            line for line in left.splitlines() if str(project.root) in line and "ps -eo" not in line
        ] == []


# --- what has no place in a configuration or plan -----------------------------------------------------------

GOOD = {
    "terraform": {
        "backend": {"local": {"path": "terraform.tfstate"}},
        "required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 6"}},
        "required_version": ">= 1.6",
    },
    "provider": {"aws": [{"region": "eu-west-1", "default_tags": [{"tags": {}}]}]},
    "resource": {"aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}}},
    "data": {"aws_caller_identity": {"current": {}}},
    "output": {"id": {"value": "${aws_vpc.main.id}"}},
}
LET_GO = {"from": "aws_vpc.gone", "lifecycle": {"destroy": False}}
CHANGES = {
    "moved": [{"from": "aws_vpc.old", "to": "aws_vpc.main"}],
    "removed": [LET_GO],
    "import": [{"to": "aws_vpc.main", "id": "vpc-1$${x}%%{y}"}],
}
FOREIGN = [
    ({"data": {"terraform_data": {"x": {}}}}, "data.terraform_data.x"),
    ({"resource": {"null_resource": {"x": {}}}}, "null_resource.x"),
    ({"resource": [{"null_resource": [{"x": [{}]}]}]}, "null_resource.x"),
    ({"data": {"terraform_remote_state": {"x": {"backend": "s3"}}}}, "data.terraform_remote_state.x"),
    ({"data": {"external": {"x": {"program": ["true"]}}}}, "data.external.x"),
    ({"data": {"http": {"x": {"url": "http://127.0.0.1"}}}}, "data.http.x"),
    ({"check": {"x": {"data": {"terraform_remote_state": {"x": {}}}}}}, "check"),
    ({"ephemeral": {"external": {"x": {}}}}, "ephemeral"),
    ({"module": {"x": {"source": "./x"}}}, "module"),
    ({"removed": [{"from": "aws_vpc.gone"}]}, "removed 1: lifecycle"),
    ({"removed": [{"from": "aws_vpc.gone", "lifecycle": {"destroy": True}}]}, "removed 1: lifecycle"),
    ({"removed": {"from": "aws_vpc.gone", "lifecycle": {"destroy": False}}}, "removed: is no list"),
    (
        {"removed": [{**LET_GO, "provisioner": {"local-exec": {"when": "destroy", "command": "true"}}}]},
        "removed 1: provisioner",
    ),
    ({"removed": [LET_GO, {**LET_GO, "from": "module.x"}]}, "removed 2: from"),
    ({"moved": [{"from": "aws_vpc.gone", "to": "module.x.aws_vpc.main"}]}, "moved 1: to"),
    ({"moved": [{"from": "null_resource.gone", "to": "aws_vpc.main"}]}, "moved 1: from"),
    ({"moved": [{"to": "aws_vpc.main"}]}, "moved 1: from"),
    ({"import": [{"to": "aws_vpc.main", "id": "${data.aws_vpc.x.id}"}]}, "import 1: id"),
    ({"import": [{"to": "aws_vpc.main", "id": "%{ if true }x%{ endif }"}]}, "import 1: id"),
    ({"import": [{"to": "aws_vpc.main", "id": ""}]}, "import 1: id"),
    ({"import": [{"to": "aws_vpc.main", "id": "vpc-1", "for_each": ["x"]}]}, "import 1: for_each"),
    ({"import": [{"to": "aws_vpc.main", "id": "vpc-1", "provider": "aws.x"}]}, "import 1: provider"),
    ({"import": [{"to": "terraform_data.x", "id": "x"}]}, "import 1: to"),
    ({"terraform": {"cloud": {}}}, "terraform.cloud"),
    ({"terraform": {"backend": {"http": {}}}}, "terraform.backend.http"),
    (
        {"terraform": {"backend": {"s3": {"shared_config_files": ["x"]}}}},
        "terraform.backend.s3.shared_config_files",
    ),
    ({"terraform": {"backend": {"local": {"path": "/etc/x"}}}}, "terraform.backend.local.path"),
    (
        {"terraform": {"required_providers": {"aws": {"source": "evil/aws"}}}},
        "terraform.required_providers.aws",
    ),
    (
        {"terraform": {"required_providers": {"x": {"source": "hashicorp/null"}}}},
        "terraform.required_providers.x",
    ),
    ({"provider": {"null": [{}]}}, "provider.null"),
    ({"provider": {"aws": [{"shared_config_files": ["x"]}]}}, "provider.aws.shared_config_files"),
    ({"resource": {"aws_vpc": {"x": {"provisioner": {"local-exec": {}}}}}}, "aws_vpc.x: has a provisioner"),
    ({"resource": {"aws_vpc": {"x": [{"connection": {"host": "x"}}]}}}, "aws_vpc.x: has a connection"),
]


@pytest.mark.parametrize(("foreign_part", "start"), FOREIGN)
def test_what_is_not_synthesized_is_told_with_its_address(foreign_part, start):
    assert foreign.in_configuration(GOOD) == []
    assert foreign.in_configuration({**GOOD, **CHANGES}) == []
    told = foreign.in_configuration({**GOOD, **foreign_part})
    assert told
    assert told[0].startswith(start)


PLANS = {
    "provisioner": (
        {"resource": {"terraform_data": {"x": {"provisioner": [{"local-exec": {"command": "true"}}]}}}},
        {"terraform_data.x"},
    ),
    "provisioner of AWS's": (
        {
            "resource": {
                "aws_vpc": {
                    "x": {"cidr_block": "10.0.0.0/16", "provisioner": [{"local-exec": {"command": "true"}}]}
                }
            }
        },
        {"aws_vpc.x"},
    ),
    "module": (
        {"module": {"m": {"source": "./m"}}},
        {"module.m", "module.m.aws_vpc.y", "module.m.terraform_data.y"},
    ),
    "state elsewhere": (
        {
            "data": {
                "terraform_remote_state": {
                    "x": {"backend": "local", "config": {"path": "${path.module}/other.json"}}
                }
            }
        },
        {"data.terraform_remote_state.x"},
    ),
    "check": (
        {
            "check": {
                "c": {
                    "data": {
                        "terraform_remote_state": {
                            "x": {"backend": "local", "config": {"path": "${path.module}/other.json"}}
                        }
                    },
                    "assert": [
                        {
                            "condition": "${data.terraform_remote_state.x.backend == null}",
                            "error_message": "no",
                        }
                    ],
                }
            }
        },
        {"data.terraform_remote_state.x"},
    ),
}


@pytest.mark.parametrize("case", PLANS)
def test_so_is_it_in_plans_that_terraform_itself_made(case, tmp_path):
    from mock_provider import runner

    configuration, wanted = PLANS[case]
    folder = tmp_path / "folder"
    (folder / "m").mkdir(parents=True)
    (folder / "main.tf.json").write_text(json.dumps(configuration, indent=2))
    (folder / "m" / "main.tf").write_text(
        'resource "aws_vpc" "y" {\n  cidr_block = "10.0.0.0/16"\n}\nresource "terraform_data" "y" {}\n'
    )
    state = {"version": 4, "serial": 1, "lineage": "x", "resources": []}
    state["outputs"] = {"a": {"value": "1", "type": "string"}}
    (folder / "other.json").write_text(json.dumps(state))
    run = {"cwd": folder, "state": tmp_path / "state", "capture": True}
    assert runner.run(["plan", f"-out={tmp_path / 'plan'}"], **run).returncode == 0
    shown = runner.run(["show", "-json", str(tmp_path / "plan")], **run)
    told = {reason.partition(": ")[0] for reason in foreign.in_plan(json.loads(shown.stdout), {})}
    assert wanted <= told


def test_the_stacks_own_configurations_and_plans_hold_nothing_foreign(stack, project, planned):
    for variant in ("prod", "dev", "everything"):
        assert foreign.in_configuration(stack(variant)) == []
    content = json.loads((planned / "local" / STACK / "plan" / "plan.json").read_text())
    assert foreign.in_plan(content, GOOD) == []


def test_differences_between_what_was_planned_and_what_was_done():
    plan = {
        "resource_changes": [
            {"address": "a.new", "mode": "managed", "change": {"actions": ["create"]}},
            {"address": "a.replaced", "mode": "managed", "change": {"actions": ["delete", "create"]}},
            {"address": "a.changed", "mode": "managed", "change": {"actions": ["update"]}},
            {"address": "a.kept", "mode": "managed", "change": {"actions": ["no-op"]}},
            {"address": "data.a.read", "mode": "data", "change": {"actions": ["read"]}},
        ]
    }
    wanted = applied.planned(plan)
    done = [("a.new", "create"), ("a.replaced", "delete"), ("a.replaced", "create"), ("a.changed", "update")]
    assert applied.differences(wanted, done, [], whole=True) == []
    # A change that changes nothing once all is known is left out by Terraform, rightly.
    assert applied.differences(wanted, done[:3], [], whole=True) == []
    assert applied.differences(wanted, done[1:], [], whole=True) == [
        "a.new: create was in the plan, and was not done"
    ]
    assert applied.differences(wanted, done[1:], [], whole=False) == []
    assert applied.differences(wanted, done, [("b.x", "delete")], whole=False) == [
        "b.x: delete was not in the plan"
    ]
    assert applied.differences(wanted, [*done, ("a.new", "create")], [], whole=True) == [
        "a.new: create was not in the plan"
    ]
