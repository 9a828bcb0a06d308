"""Runs leave alone what is the user's, refuse what would reach beyond the mock, and say that they are no AWS."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from mock_provider import runner
from mock_provider import terraform as terraforms
from tests.mock_provider.conftest import PROVIDER, Project

Make = Callable[..., Project]
ROOT = Path(__file__).resolve().parents[2]
VPC = 'resource "aws_vpc" "a" {\n  cidr_block = "10.0.0.0/16"\n}\n'


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def command(*words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`python -m mock_provider run -- WORDS`, as a user calls it."""
    return subprocess.run(
        [sys.executable, "-m", "mock_provider", "run", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_nothing_of_the_user_is_touched(
    project: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project's lock file, data folder and state, and the user's home, are as they were."""
    it = project(VPC)
    it.write("# somebody's lock file\n", ".terraform.lock.hcl")
    it.write('{"version": 4}\n', "terraform.tfstate")
    it.write("{}\n", ".terraform/terraform.tfstate")
    home = tmp_path / "home"
    home.mkdir()
    (home / ".terraformrc").write_text('plugin_cache_dir = "/nowhere"\n')
    cache = os.environ.get("CLOUDMART_CACHE") or str(Path("~/.cache/cloudmart-infrastructure").expanduser())
    monkeypatch.setenv("CLOUDMART_CACHE", cache)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", "/nowhere")
    monkeypatch.setenv("TF_CLI_ARGS_apply", "-destroy")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-user")
    before = contents(it.folder), contents(home)
    assert list(it.apply()) == ["aws_vpc.a"]
    assert (contents(it.folder), contents(home)) == before


def test_environment_holds_nothing_that_reaches_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "TF_CLI_ARGS",
        "TF_TOKEN_app_terraform_io",
        "TF_REATTACH_PROVIDERS",
    ):
        monkeypatch.setenv(name, "of the user")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("TF_VAR_kept", "yes")
    variables = runner.environment(state=tmp_path)
    assert "of the user" not in variables.values()
    assert variables["AWS_REGION"] == "eu-west-1"
    assert variables["TF_VAR_kept"] == "yes"
    assert variables["CHECKPOINT_DISABLE"] == "1"
    assert variables["TF_DATA_DIR"].startswith(str(tmp_path))


def test_paths_mean_what_they_always_mean(project: Make, product: str) -> None:
    """Variables files, plans, modules above the folder and files beside them, by relative paths."""
    it = project("", product)
    (it.folder / "main.tf").unlink()
    it.write('variable "cidr" {}\nresource "aws_vpc" "a" {\n  cidr_block = var.cidr\n}\n', "network.tf")
    it.write(
        PROVIDER
        + 'variable "cidr" {}\nmodule "network" {\n  source = "../../"\n  cidr   = var.cidr\n}\n'
        + 'output "words" {\n  value = trimspace(file("${path.module}/../../words.txt"))\n}\n',
        "examples/one/main.tf",
    )
    it.write("read from above\n", "words.txt")
    it.write('cidr = "10.9.0.0/16"\n', "examples/vars/a.tfvars")
    (it.folder / "plans").mkdir()
    start = ("-chdir=examples/one",)
    it.run(*start, "plan", "-var-file=../vars/a.tfvars", "-out", "../../plans/a.tfplan")
    assert (it.folder / "plans" / "a.tfplan").is_file()
    it.run(*start, "apply", "../../plans/a.tfplan")
    assert it.values()["module.network.aws_vpc.a"]["cidr_block"] == "10.9.0.0/16"
    assert it.run(*start, "output", "-raw", "words").stdout == "read from above"
    assert sorted(path.name for path in (it.folder / "examples" / "one").iterdir()) == ["main.tf"]


REMOTE = {
    'terraform {\n  backend "s3" {\n    bucket = "b"\n  }\n}\n': 'the remote backend "s3"',
    'terraform {\n  cloud {\n    organization = "o"\n  }\n}\n': "HCP Terraform",
    'terraform { # backend "local"\n backend "http" {} }\n': 'the remote backend "http"',
    'locals {\n  a = <<EOT\n}\nEOT\n}\nterraform {\n  backend "remote" {}\n}\n': 'the remote backend "remote"',
    'locals {\n  a = "${"}"} {"\n}\nterraform {\n  backend "gcs" {}\n}\n': 'the remote backend "gcs"',
}
REMOTE_JSON = {
    '{"terraform": {"backend": {"s3": {"bucket": "b"}}}}': 'the remote backend "s3"',
    '{"terraform": [{"required_version": "*"}, {"backend": [{"azurerm": {}}]}]}': 'the remote backend "azurerm"',
    '{"terraform": {"cloud": {}}}': "HCP Terraform",
}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [("backend.tf", *case) for case in REMOTE.items()]
    + [("backend.tf.json", *case) for case in REMOTE_JSON.items()]
    + [("backend_override.tf", *case) for case in list(REMOTE.items())[:1]],
)
def test_remote_backends_are_refused(project: Make, name: str, text: str, words: str) -> None:
    it = project(VPC).write(text, name)
    with pytest.raises(Problem) as problem:
        it.run("plan")
    assert str(it.folder / name) in str(problem.value)
    assert words in str(problem.value)


@pytest.mark.parametrize(
    "text",
    [
        'terraform {\n  backend "local" {\n    path = "../elsewhere.tfstate"\n  }\n}\n',
        '# terraform { backend "s3" {} }\n/* terraform { backend "s3" {} } */\n',
        'locals {\n  a = "terraform { backend \\"s3\\" {} }"\n}\n',
        'locals {\n  b = <<-EOT\n    terraform {\n      backend "s3" {}\n    }\n  EOT\n}\n',
    ],
)
def test_other_backends_are_not(project: Make, text: str) -> None:
    """Local ones, and what only looks like one, go on; the state stays the mock's own."""
    it = project(VPC).write(text, "backend.tf")
    it.run("init")
    assert not (it.folder.parent / "elsewhere.tfstate").exists()


def test_local_state_in_the_place_of_a_remote_one(project: Make) -> None:
    """Whoever judges a configuration may ask for a local state in the place of its own backend."""
    it = project(VPC).write(next(iter(REMOTE)), "backend.tf")
    assert it.changes(backend="local")["aws_vpc.a"]["change"]["actions"] == ["create"]


OVERRIDES = (
    "override.tf",
    "zzzz_override.tf",
    "zzzz_override.tf.json",
    "zzz_mock_provider_override.tf.json",
    "zzz_mock_provider_override.tofu.json",
    "~~~_override.tf",
    "\U0010ffff\U0010ffff_override.tf",
    "a\u0308_override.tf.json",
    "zzz_mock_provider_override.tf.zzz_override.tf",
)


def elsewhere(name: str, path: Path) -> str:
    """A configuration that keeps its state in `path`, in the form that the file's name asks for."""
    if name.endswith(".json"):
        return json.dumps({"terraform": {"b\u0061ckend": {"local": {"path": str(path)}}}}).replace(
            "ba", "b\\u0061"
        )
    return f'terraform {{\n  backend "local" {{\n    path = "{path}"\n  }}\n}}\n'


@pytest.mark.parametrize("name", OVERRIDES)
def test_no_override_keeps_the_state_elsewhere(
    project: Make, product: str, tmp_path: Path, name: str
) -> None:
    """Whatever its name, and however often a run is made: what it names stays as it is."""
    outside = tmp_path / "outside.tfstate"
    outside.write_text(
        '{"version": 4, "serial": 7, "lineage": "of-somebody", "outputs": {}, "resources": []}'
    )
    before = contents(tmp_path)["outside.tfstate"]
    it = project(VPC, product).write(elsewhere(name, outside), name)
    assert list(it.apply()) == ["aws_vpc.a"]
    it.run("plan", "-refresh-only", "-no-color")
    assert outside.read_bytes() == before
    assert not list(tmp_path.glob("outside.tfstate.*"))


def test_a_backend_that_starts_a_program_is_not_started(project: Make, product: str, tmp_path: Path) -> None:
    """Neither at init nor later, where a local state was asked for in the place of whatever there is."""
    marker = tmp_path / "marker"
    (tmp_path / "config").write_text(f"[default]\ncredential_process = touch {marker}\n")
    it = project(VPC, product).write(
        'terraform {\n  backend "s3" {\n    bucket = "b"\n    key = "k"\n    region = "eu-west-1"\n'
        f'    shared_config_files = ["{tmp_path / "config"}"]\n  }}\n}}\n',
        "zzzz_override.tf",
    )
    assert list(it.changes(backend="local")) == ["aws_vpc.a"]
    assert not marker.exists()


def test_a_name_that_nothing_can_follow_is_refused(project: Make) -> None:
    name = f"{'z' * 230}_override.tf"
    it = project(VPC).write(elsewhere(name, Path("/nowhere")), name)
    with pytest.raises(Problem, match="give it a shorter one"):
        it.run("plan")


def test_where_the_state_would_go_is_proven_before_anything_runs(project: Make, tmp_path: Path) -> None:
    """Terraform's own note about its backend is believed, not the files that should lead to it."""
    it = project(VPC)
    it.apply()
    noted = it.state / "data" / "terraform.tfstate"
    note = json.loads(noted.read_text())
    note["backend"]["config"]["path"] = str(tmp_path / "outside.tfstate")
    noted.write_text(json.dumps(note))
    with pytest.raises(Problem, match="would keep its state elsewhere"):
        it.run("plan")
    assert list(it.apply()) == ["aws_vpc.a"]
    assert not (tmp_path / "outside.tfstate").exists()


@pytest.mark.parametrize(
    "how", ["symbolic link", "hard link", "folder", "workspaces", "data", "already there"]
)
def test_a_state_that_is_not_its_own_is_not_written(project: Make, tmp_path: Path, how: str) -> None:
    it = project(VPC)
    it.state.mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    real = outside / "terraform.tfstate"
    real.write_text('{"version": 4, "serial": 7, "lineage": "of-somebody", "outputs": {}, "resources": []}')
    state = it.state / "terraform.tfstate"
    if how == "symbolic link":
        state.symlink_to(real)
    elif how == "hard link":
        state.hardlink_to(real)
    elif how == "folder":
        it.state.rmdir()
        it.state.symlink_to(outside)
    elif how == "workspaces":
        (it.state / "terraform.tfstate.d").symlink_to(outside)
    elif how == "data":
        (it.state / "data").symlink_to(outside)
    else:
        state.write_bytes(real.read_bytes())
    before = contents(outside), contents(it.state)
    # A mark is no leave to follow links.
    if how in ("symbolic link", "hard link"):
        (it.state / ".mock-provider").touch()
        before = contents(outside), contents(it.state)
    with pytest.raises(Problem, match=r"--state-dir"):
        it.run("apply", "-auto-approve")
    assert (contents(outside), contents(it.state)) == before


def test_a_plan_for_another_state_is_not_applied(project: Make, product: str, tmp_path: Path) -> None:
    """A plan carries its backend; only one for the mock's own state is applied, and then from a copy."""
    outside = tmp_path / "outside.tfstate"
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "main.tf").write_text(
        f'terraform {{\n  backend "local" {{\n    path = "{outside}"\n  }}\n}}\noutput "a" {{\n  value = 1\n}}\n'
    )
    words = terraforms.find(product).command
    for step in (("init",), ("plan", f"-out={tmp_path / 'foreign.tfplan'}")):
        subprocess.run(
            [*words, *step],
            cwd=plain,
            env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"},
            check=True,
            capture_output=True,
        )
    it = project('output "a" {\n  value = 1\n}\n', product)
    with pytest.raises(Problem, match="is a plan for another state"):
        it.run("apply", str(tmp_path / "foreign.tfplan"))
    assert not outside.exists()
    it.plan()
    it.run("apply", "p.tfplan")
    assert json.loads((it.state / "terraform.tfstate").read_text())["outputs"]["a"]["value"] == 1
    # A file that is a plan twice over is none.
    with zipfile.ZipFile(it.folder / "p.tfplan", "a") as plan, pytest.warns(UserWarning, match="Duplicate"):
        plan.writestr("tfplan", zipfile.ZipFile(tmp_path / "foreign.tfplan").read("tfplan"))
    with pytest.raises(Problem, match="is no plan"):
        it.run("apply", "p.tfplan")


def test_variables_of_the_environment_do_not_move_the_state(
    project: Make, product: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    for name, value in {
        "TF_CLI_ARGS": f"-state={outside}",
        "TF_CLI_ARGS_apply": f"-state={outside} -state-out={outside}",
        "TF_DATA_DIR": str(outside),
        "TF_STATE_OUT": str(outside),
        "TF_ENCRYPTION": f'key_provider "external" "x" {{ command = ["touch", "{outside}"] }}',
        "TF_REATTACH_PROVIDERS": "{}",
        "AWS_PROFILE": "real",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TF_WORKSPACE", "second")
    it = project(VPC, product)
    it.run("apply", "-auto-approve", "-no-color")
    assert (it.state / "terraform.tfstate.d" / "second" / "terraform.tfstate").is_file()
    assert not outside.exists()


def test_tests_keep_no_state_elsewhere(project: Make) -> None:
    it = project(VPC).write('run "a" {\n  command = plan\n}\n', "tests/a.tftest.hcl")
    it.run("test")
    it.write('run "a" {\n  backend "local" {\n    path = "x"\n  }\n}\n', "tests/b.tftest.hcl")
    with pytest.raises(Problem, match=r"b\.tftest\.hcl: speaks of a backend"):
        it.run("test")


@pytest.mark.parametrize("name", ["pipe.tf", ".pipe.tf.json", "pipe_override.tf"])
def test_a_pipe_in_the_configuration_is_not_waited_for(project: Make, name: str) -> None:
    it = project(VPC)
    os.mkfifo(it.folder / name)
    with pytest.raises(Problem, match="is a pipe or a device"):
        it.run("plan")


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (("init", "-backend-config=bucket=b"), "state of its own"),
        (("plan", "-state=mine.tfstate"), "state of its own"),
        (("init", "-migrate-state"), "moves none"),
        (("init", "-plugin-dir=plugins"), "only provider"),
        (("init", "-from-module=x"), "would be written"),
        (("init", "-force-copy"), "moves none"),
        (("login",), "credentials"),
        (("stacks", "plan"), "none of the commands"),
        (("import", "-config=elsewhere", "aws_vpc.a", "vpc-1"), "that of the folder"),
        (("state", "mv", "-backup-out=x", "aws_vpc.a", "aws_vpc.b"), "state of its own"),
        (("-chdir=.", "-chdir=elsewhere", "plan"), "one -chdir=FOLDER"),
        (("-version", "-chdir=elsewhere", "plan"), "one -chdir=FOLDER"),
        (("--chdir=elsewhere", "plan"), "one -chdir=FOLDER"),
        (("plan", "-chdir=elsewhere"), "stands once and first"),
    ],
)
def test_refused_words(project: Make, words: tuple[str, ...], cause: str) -> None:
    with pytest.raises(Problem, match=cause):
        project(VPC).run(*words)


def test_first_and_last_line_say_so_and_stdout_stays_clean(project: Make) -> None:
    it = project(VPC)
    done = command("--state-dir", str(it.state), "--", "wheel", "validate", "-json", cwd=it.folder)
    lines = done.stderr.splitlines()
    assert "played by a mock" in lines[0]
    assert "that was the mock, not AWS" in lines[-1]
    assert json.loads(done.stdout)["valid"] is True


def test_a_problem_ends_with_two_and_no_traceback(project: Make) -> None:
    it = project(VPC).write(next(iter(REMOTE)), "backend.tf")
    done = command("--", "wheel", "plan", cwd=it.folder)
    assert done.returncode == 2
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert "that was the mock" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("version", ["7", "6.30", "6.30.0-beta", "six"])
def test_claimed_versions_are_checked(version: str) -> None:
    with pytest.raises(Problem, match=r"three numbers"):
        runner.claimed(version)


def test_a_newer_version_can_be_claimed(project: Make) -> None:
    it = project(VPC).write(PROVIDER.replace(">= 6.25", ">= 6.40") + VPC)
    with pytest.raises(Problem, match="init"):
        it.run("validate")
    it.run("validate", claim_version="6.41.0")


def test_many_at_once(project: Make) -> None:
    """Runs with one fresh state folder and with others, all at once, the first initialization included."""
    it = project(VPC)
    other = Project(it.folder, it.state.with_name("other"), "wheel")
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(one.run, "plan", "-no-color", "-lock=false") for one in (it, it, other, it)]
        for run in runs:
            assert "Plan: 1 to add" in run.result().stdout


def test_wheel_without_any_terraform_on_the_path(project: Make, tmp_path: Path) -> None:
    """With a PATH that has no Terraform, the one from the wheel does it all."""
    (tmp_path / "bin").mkdir()
    shell = shutil.which("sh")
    assert shell is not None
    (tmp_path / "bin" / "sh").symlink_to(shell)
    it = project(VPC)
    done = command("--", "terraform", "plan", "-no-color", cwd=it.folder, PATH=str(tmp_path / "bin"))
    assert "Plan: 1 to add" in done.stdout, done.stderr


def started(it: Project, attach: Callable[[runner.Prepared], runner.Prepared] | None) -> dict[str, Any]:
    """A plan as `show -json` tells it, without what names the moment or the Terraform."""
    file = str(it.state / "p.tfplan")
    with runner.prepared(
        ["plan", "-no-color", f"-out={file}"], cwd=it.folder, terraform=it.product, state=it.state
    ) as ready:
        ready = attach(ready) if attach else ready
        assert runner.start(ready, capture=True).returncode == 0
        words = (*terraforms.find(it.product).command, "show", "-json", file)
        shown: dict[str, Any] = json.loads(runner.start(replace(ready, command=words), capture=True).stdout)
    return {key: value for key, value in shown.items() if key != "timestamp"}


def test_an_attached_plugin_serves_every_terraform_and_ends(
    project: Make, product: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan is the one of plugins that Terraform starts, none of those is started, and nothing stays behind."""
    it = project(
        VPC + 'data "aws_region" "here" {}\noutput "region" { value = data.aws_region.here.region }\n'
    )
    plain = started(it, None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    processes: list[int] = []

    def attached(ready: runner.Prepared) -> runner.Prepared:
        ready = attach(ready)
        (address,) = {
            json.dumps(one) for one in json.loads(ready.environment["TF_REATTACH_PROVIDERS"]).values()
        }
        processes.append(json.loads(address)["Pid"])
        # A plugin that Terraform were to start would find no shell and no Python.
        nowhere = {**ready.environment, "PATH": "/nowhere", "MOCK_PROVIDER_ANSWER": "/nowhere"}
        return replace(ready, environment=nowhere)

    with runner.attached() as attach:
        assert started(it, attached) == plain
    (process,) = processes
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("mock-provider-")]


def test_without_an_attached_plugin_terraform_starts_its_own(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = project(VPC)
    monkeypatch.setattr(runner, "_plugin_command", lambda: [sys.executable, "-c", "raise SystemExit(1)"])
    with runner.attached() as attach:
        monkeypatch.undo()
        assert [one["address"] for one in started(it, attach)["resource_changes"]] == ["aws_vpc.a"]


@pytest.mark.parametrize(
    ("choice", "words"),
    [("tofu-of-nowhere", "is not on the PATH"), ("./nothing", "is not an executable file")],
)
def test_missing_terraform(choice: str, words: str) -> None:
    with pytest.raises(Problem, match=words):
        terraforms.find(choice)


@pytest.mark.parametrize(
    ("says", "words"),
    [("Terraform v1.5.7", "at least 1.6 is needed"), ("hello", "neither Terraform nor OpenTofu")],
)
def test_unfit_terraform(tmp_path: Path, says: str, words: str) -> None:
    script = tmp_path / "terraform"
    script.write_text(f"#!/bin/sh\necho '{says}'\n")
    script.chmod(0o755)
    with pytest.raises(Problem, match=words):
        terraforms.find(str(script)).version()


def interrupted(it: Project, number: int) -> subprocess.CompletedProcess[str]:
    """An apply that hangs, ended by a signal to this project's command alone."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mock_provider", "run", "--state-dir", str(it.state)),
            *(
                "--faults",
                str(it.folder / "faults.toml"),
                "--",
                it.product,
                "apply",
                "-auto-approve",
                "-no-color",
            ),
        ],
        cwd=it.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "aws_db_instance.a: Creating..." in said and "aws_vpc.a: Creation complete" in said:
            break
    time.sleep(0.5)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess((), process.returncode, said + out, err)


HANGING = (
    VPC
    + """
resource "aws_db_instance" "a" {
  identifier          = "db"
  engine              = "postgres"
  engine_version      = "15.12"
  instance_class      = "db.t3.micro"
  allocated_storage   = 20
  username            = "somebody"
  manage_master_user_password = true
  skip_final_snapshot = true
}
"""
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_reaches_terraform_once(project: Make, product: str, number: int) -> None:
    """Terraform is told once, lets go of what hangs, and keeps what it made; the next plan goes on from there."""
    it = project(HANGING, product)
    it.write('[[fault]]\ntype = "aws_db_instance"\naction = "hang"\n', "faults.toml")
    done = interrupted(it, number)
    assert done.returncode == 1, done.stderr
    assert done.stdout.count("Interrupt received") == 1
    assert "Two interrupts received" not in done.stdout + done.stderr
    assert "RequestCanceled" in done.stderr
    assert list(it.values()) == ["aws_vpc.a"]


def test_no_network(project: Make) -> None:
    """In a network namespace with nothing in it, not even a loopback that is up, everything works."""
    unshare = shutil.which("unshare")
    namespace = [unshare or "unshare", "--map-root-user", "--net"]
    if not unshare or subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace can be made here: that no network is used was not shown")
    it = project(VPC)
    done = subprocess.run(
        [
            *namespace,
            sys.executable,
            "-m",
            "mock_provider",
            "run",
            "--",
            "wheel",
            "apply",
            "-auto-approve",
            "-no-color",
        ],
        cwd=it.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert "Apply complete! Resources: 1 added" in done.stdout, done.stderr


def test_modules_from_elsewhere_fail_at_once(project: Make) -> None:
    it = project('module "far" {\n  source = "terraform-aws-modules/vpc/aws"\n}\n')
    with pytest.raises(Problem, match="does not provide a"):
        it.run("validate")
