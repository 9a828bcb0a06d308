"""The way to AWS, as far as it can be gone without AWS: the same commands without LOCAL=1; and other Terraforms.

Where the provider is needed, the mock stands in a mirror that the Terraform CLI configuration names, as a company's
own mirror does; nothing else is different from the real thing.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cloudmart_support.problem import Problem
from pipeline import planning
from pipeline import target as targets

ROOT = Path(__file__).resolve().parents[2]

KEYS = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}


@pytest.fixture(scope="module")
def aws(project, terraform, tmp_path_factory, aws_answering):
    """Run a command for AWS; with credentials unless told otherwise, with no home and no metadata service."""
    project.stand_in_for_checkov()
    home = str(tmp_path_factory.mktemp("home"))

    def run(command, env="state", keys=KEYS, **variables):
        nowhere = {
            "HOME": home,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9",
            "AWS_ENDPOINT_URL": aws_answering,
        }
        return project.run(command, ENV=env, **({"TF": str(terraform)} | nowhere | keys | variables))

    return run


def test_without_credentials_it_says_so_and_names_the_local_way(aws, project):
    code, words = aws("plan", keys={})
    assert code == 2
    assert "no AWS credentials" in words
    assert "to go through it all with no AWS account: make plan ENV=state LOCAL=1" in words
    assert "Traceback" not in words


def test_a_profile_that_is_not_there_is_named(aws):
    code, words = aws("plan", keys={}, AWS_PROFILE="corp")
    assert code == 2
    assert "AWS_PROFILE=corp: there is no such profile" in words


def test_without_terraform_it_says_so_and_names_the_local_way(aws, tmp_path):
    code, words = aws("plan", TF="", PATH=str(tmp_path))
    assert code == 2
    assert "there is neither terraform nor tofu on the PATH" in words
    assert "LOCAL=1" in words


def test_the_wheels_terraform_is_not_for_aws(aws):
    code, words = aws("plan", TF="wheel")
    assert code == 2
    assert "TF=wheel: that Terraform is for LOCAL=1" in words


def test_an_old_terraform_is_refused(aws, tmp_path):
    old = tmp_path / "terraform"
    old.write_text("#!/bin/sh\necho Terraform v1.5.7\n")
    old.chmod(0o755)
    code, words = aws("plan", TF=str(old))
    assert code == 2
    assert "is Terraform 1.5.7, and at least 1.6 is needed" in words


def test_without_the_provider_it_says_so_and_names_the_local_way(aws, tmp_path):
    (tmp_path / "mirror").mkdir()
    mirror = (
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{tmp_path / "mirror"}"\n  }}\n}}\n'
    )
    (tmp_path / "tfrc").write_text(mirror)
    code, words = aws("plan", TF_CLI_CONFIG_FILE=str(tmp_path / "tfrc"))
    assert code == 2
    assert "terraform init failed" in words
    assert "the provider hashicorp/aws cannot be had" in words
    assert "make plan ENV=state LOCAL=1" in words


def test_without_a_network_it_says_so_and_names_the_local_way(aws, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        (tmp_path / "tfrc").write_text("provider_installation {\n  direct {}\n}\n")
        code, words = aws(
            "plan",
            TF_CLI_CONFIG_FILE=str(tmp_path / "tfrc"),
            HTTPS_PROXY=nobody,
            https_proxy=nobody,
            NO_PROXY="",
        )
    assert code == 2
    assert "the provider hashicorp/aws cannot be had: no registry answers" in words
    assert "make plan ENV=state LOCAL=1" in words


def keys_of(account, answering):
    """Keys for a role of another account."""
    import boto3

    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    sts = boto3.client("sts", region_name="us-east-1", endpoint_url=answering, **keys)
    role = f"arn:aws:iam::{account}:role/deploys"
    given = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def test_with_a_provider_the_whole_way_is_gone(aws, project, tmp_path, aws_answering):
    from mock_provider import runner

    mirror = {"TF_CLI_CONFIG_FILE": runner.environment()["TF_CLI_CONFIG_FILE"]}
    code, words = aws("plan", **mirror, TF_CLI_ARGS_plan="-target=aws_kms_key.state")
    assert code == 0, words
    assert "signed in to AWS by the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in words
    assert "not passed on to Terraform: TF_CLI_ARGS_plan" in words
    assert "mock provider" not in words
    assert "preflight: " in words
    assert "not answered: " in words  # moto does not simulate policies
    assert "Plan: 9 to create" in words
    assert words.strip().endswith("next: make apply ENV=state")
    folder = project.root / "cdktf.out" / "stacks" / "cloudmart-state"
    assert json.loads((folder / "plan" / "record.json").read_text())["local"] is False
    assert "Preflight: " in (folder / "plan" / "plan.md").read_text()

    code, words = project.local("apply", "state")
    assert code == 2
    assert "there is one against AWS, which only make apply ENV=state takes" in words

    other = tmp_path / "terraform"
    other.write_text("#!/bin/sh\necho OpenTofu v1.9.0\n")
    other.chmod(0o755)
    code, words = aws("apply", **mirror, TF=str(other))
    assert code == 2
    assert re.search(r"it was made by \w+ [\d.]+\S*, and this is OpenTofu 1\.9\.0", words)

    made_in = json.loads((folder / "plan" / "record.json").read_text())["account"]
    code, words = aws("apply", keys=keys_of("444455556666", aws_answering), **mirror)
    assert code == 2
    assert f"it was made in the account {made_in}, and this is 444455556666" in words

    code, words = aws("apply", **mirror)
    assert code == 0, words
    assert "applied: 9 created" in words

    before = (folder / "terraform.tfstate").read_bytes()
    code, words = aws("upgrade", **mirror, PROVIDER=runner.claimed())
    assert code == 0, words
    assert "both plan the same" in words
    code, words = aws("upgrade", **mirror, PROVIDER="999.0.0")
    assert code == 2
    assert "999.0.0" in words
    assert (folder / "terraform.tfstate").read_bytes() == before
    # Synthesis writes into the same folder, and leaves the state alone.
    subprocess.run(
        [sys.executable, "main.py", "synth-state"], cwd=project.root, check=True, capture_output=True
    )
    resources = json.loads((folder / "terraform.tfstate").read_text())["resources"]
    assert len([one for one in resources if one["mode"] == "managed"]) == 9
    assert not (project.root / "cdktf.out" / "local").exists() or not list(
        (project.root / "cdktf.out" / "local").glob("*/terraform.tfstate")
    )


def test_terraform_gets_a_list_of_variables_and_no_others(aws, project, terraform, tmp_path):
    """Credentials for AWS and the way there may pass; what moves the plan or the state, and others' secrets, not."""
    from mock_provider import runner

    noted = tmp_path / "noted"
    spy = tmp_path / "terraform"
    spy.write_text(f'#!/bin/sh\n[ "$1" = version ] || env >>{noted}\nexec {terraform} "$@"\n')
    spy.chmod(0o755)
    moving = {
        "TF_VAR_backend_image": "evil:1",
        "TF_CLI_ARGS_plan": "-target=aws_kms_key.state",
        "TF_DATA_DIR": str(tmp_path / "data"),
        "TF_ENCRYPTION": "x",
        "TF_REATTACH_PROVIDERS": "{}",
        "TF_STATE_OUT": str(tmp_path / "state"),
    }
    secret = {
        "GITHUB_TOKEN": "ghs_of-somebody",
        "ARM_CLIENT_SECRET": "x",
        "LD_PRELOAD": "",
        "TF_WORKSPACE": "other",
    }
    mirror = {"TF_CLI_CONFIG_FILE": runner.environment()["TF_CLI_CONFIG_FILE"]}
    code, words = aws("plan", **mirror, **moving, **secret, TF=str(spy), HTTPS_PROXY="http://127.0.0.1:9")
    assert code == 0, words
    assert f"not passed on to Terraform: {', '.join(sorted([*moving, 'TF_WORKSPACE']))}" in words
    given = dict(line.split("=", 1) for line in noted.read_text().splitlines() if "=" in line)
    assert not given.keys() & {*moving, *secret} - {"TF_WORKSPACE"}
    assert given["TF_WORKSPACE"] == "default"
    assert given["AWS_ACCESS_KEY_ID"] == "none"
    assert given["HTTPS_PROXY"] == "http://127.0.0.1:9"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("choice", ["wheel", "tofu"])
def test_other_terraforms_go_the_same_way(project, choice, tmp_path):
    if choice == "tofu" and not shutil.which("tofu"):
        pytest.skip("there is no OpenTofu on the PATH")
    project.stand_in_for_checkov()
    shutil.rmtree(project.work("cloudmart-state"), ignore_errors=True)
    # Not even a Terraform on the PATH is needed with the wheel's.
    variables = {"PATH": str(tmp_path)} if choice == "wheel" else {"TF": "tofu"}
    product = "Terraform" if choice == "wheel" else "OpenTofu"
    code, words = project.local("plan", "state", **variables)
    assert code == 0, words
    assert f"  {product} 1." in words
    code, words = project.local("apply", "state", **variables)
    assert code == 0, words
    assert "applied: 9 created" in words


def test_make_hands_its_variables_on(project):
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy2(ROOT / name, project.root)
    (project.root / ".venv").symlink_to(sys.prefix)
    ready = ["-o", ".venv/ready", "-o", ".venv-checkov/ready"]
    make = ["make", "--no-print-directory", *ready]

    def run(*words):
        done = subprocess.run(
            [*make, *words], cwd=project.root, env=project.base, capture_output=True, text=True
        )
        return done.returncode, done.stdout + done.stderr

    code, words = run("apply", "ENV=dev", "LOCAL=1")
    assert code == 2
    assert "there is no saved plan: make plan ENV=dev LOCAL=1, read it" in words
    code, words = run("destroy", "LOCAL=1", "CONFIRM=dev")
    assert code == 2
    assert "'dev' is not 'prod': nothing was destroyed" in words
    code, words = run("plan", "TF=no-such-terraform")
    assert code == 2
    assert "no-such-terraform: is not on the PATH" in words
    assert run("help")[1].count("LOCAL=1") >= 2


def test_an_account_that_is_not_ready_gets_no_plan(aws, project):
    code, words = aws("preflight", env="dev")
    assert code == 1, words
    for missed in (
        "dev.shop.example.com stands for nobody's",
        "it is of account 000000000000",
        "no such zone",
    ):
        assert missed in words
    assert "cure: write yours into the settings, domain.name" in words
    code, words = aws("plan", env="dev")
    assert code == 1
    assert "the account is not ready, see the misses above: nothing was planned for dev" in words
    assert not (project.root / "cdktf.out" / "stacks" / "cloudmart-dev" / "plan").exists()


def test_a_preflight_that_cannot_ask_says_so(aws, project):
    code, words = aws("preflight", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert code == 2
    assert "cannot ask AWS who is calling" in words
    assert "Traceback" not in words
    code, words = aws("preflight", keys={})
    assert code == 2
    assert "no AWS credentials" in words
    code, words = aws("preflight", ACCEPT="everything")
    assert code == 2
    assert "ACCEPT=everything: there is no such question; there are: placeholders, account" in words
    code, words = project.local("preflight", "dev")
    assert code == 2
    assert "preflight: asks AWS, and with LOCAL=1 there is none to ask" in words


def test_the_disk_is_looked_at_before_terraform_starts(monkeypatch, tmp_path):
    from cloudmart_support.problem import Problem
    from pipeline import planning, target

    about = target.Target("prod", True, "cloudmart-prod", tmp_path / "environments" / "prod.yaml", tmp_path)
    about.work.mkdir(parents=True)
    full = shutil.disk_usage(tmp_path)._replace(free=5 * 2**20)
    monkeypatch.setattr(planning.shutil, "disk_usage", lambda _: full)
    with pytest.raises(
        Problem, match=r"the disk is all but full \(5 MiB free\).* make at least 64 MiB of room"
    ):
        planning.ready_to_write(about)


def test_production_keeps_no_state_on_one_machine(tmp_path: Path) -> None:
    for name in ("prod", "dev", "state"):
        text = (ROOT / "environments" / f"{name}.yaml").read_text(encoding="utf-8")
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    prod = targets.Target("prod", False, "cloudmart-prod", tmp_path / "prod.yaml", tmp_path)
    with pytest.raises(Problem, match=r"state.backend is local") as told:
        planning.refuse_a_state_on_one_machine(prod)
    for words in ("make plan ENV=state && make apply ENV=state", "state: {backend: s3, bucket: ", "LOCAL=1"):
        assert words in str(told.value)
    settings = next(line for line in str(told.value).splitlines() if "state: {" in line).strip()
    with (tmp_path / "prod.yaml").open("a") as file:
        file.write(f"\n{settings}\n")
    planning.refuse_a_state_on_one_machine(prod)
    dev = targets.Target("dev", False, "cloudmart-dev", tmp_path / "dev.yaml", tmp_path)
    planning.refuse_a_state_on_one_machine(dev)
