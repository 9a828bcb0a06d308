"""What was made by hand, renamed or let go of goes through plan, review and apply like everything else."""

from __future__ import annotations

import json
import shutil

import pytest

from mock_provider import runner
from pipeline import upgrading

STACK = "cloudmart-state"
BUCKET = "aws_s3_bucket.state"
PRODUCTS = [name for name in ("wheel", "terraform", "tofu") if name == "wheel" or shutil.which(name)]


@pytest.fixture(params=PRODUCTS)
def standing(project, request, monkeypatch):
    """The bucket of the states as it stands, by each Terraform at hand, and the command in its project."""
    project.stand_in_for_checkov()
    shutil.rmtree(project.work(STACK), ignore_errors=True)
    monkeypatch.setenv("TF", request.param)

    def local(command, **variables):
        return project.local(command, "state", TF=request.param, **variables)

    for command in ("plan", "apply"):
        code, words = local(command)
        assert code == 0, words
    yield local
    (project.root / "environments" / "state.imports.toml").unlink(missing_ok=True)


def resources(project):
    state = json.loads((project.work(STACK) / "terraform.tfstate").read_text())
    return {f"{one['type']}.{one['name']}": one["instances"][0] for one in state["resources"]}


def forget(project, address):
    folder = project.root / "cdktf.out" / "local" / "stacks" / STACK
    done = runner.run(["state", "rm", address], cwd=folder, state=project.work(STACK), capture=True)
    assert done.returncode == 0, done.stderr


def test_what_was_made_by_hand_is_taken_in_by_a_plan_that_was_read(project, standing):
    imports = project.root / "environments" / "state.imports.toml"
    identifier = resources(project)[BUCKET]["attributes"]["id"]
    forget(project, BUCKET)
    code, words = standing("import", ADDRESS=BUCKET, ID=f"{identifier}-other")
    assert code == 0, words
    assert "next: make plan ENV=state LOCAL=1" in words
    assert BUCKET not in resources(project)
    code, words = standing("plan")
    assert code == 2
    assert "Cannot import non-existent remote object" in words
    assert "environments/ENV.imports.toml" in words
    # Whoever wrote it keeps what else they wrote there.
    imports.write_text(imports.read_text().replace("-other", "") + "\n# ours\n")
    code, words = standing("plan")
    assert code == 0, words
    assert "Plan: 1 to import; " in words
    assert f"← {BUCKET}: what stands as {identifier} is taken in" in words
    code, words = standing("apply")
    assert code == 0, words
    assert resources(project)[BUCKET]["attributes"]["id"] == identifier
    code, words = standing("plan")
    assert code == 0, words
    assert "there is nothing to apply" in words


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            {"ADDRESS": "aws_s3_bucket.other", "ID": "x"},
            "state has no aws_s3_bucket.other (it has aws_s3_bucket.state)",
        ),
        ({"ADDRESS": "x", "ID": "x"}, "'x' is no address of this stack"),
        ({"ADDRESS": 'aws_vpc.a" [[x', "ID": "x"}, "is no address of this stack"),
        ({"ADDRESS": BUCKET}, "ID is not given, as in make import ENV=state LOCAL=1 ADDRESS="),
        ({"ID": "x"}, "ADDRESS is not given"),
    ],
)
def test_an_import_that_cannot_be_meant_is_not_written(project, given, reason):
    imports = project.root / "environments" / "state.imports.toml"
    code, words = project.local("import", "state", **given)
    assert code == 2
    assert reason in words
    assert "Traceback" not in words
    assert not imports.exists()
    before = f'# ours\r\n[[import]]\r\nto = "{BUCKET}"\r\nid = "the-bucket"'
    imports.write_bytes(before.encode())
    try:
        assert project.local("import", "state", **given)[0] == 2
        code, words = project.local("import", "state", ADDRESS=BUCKET, ID="another")
        assert code == 2
        assert "each address and id has one entry" in words
        assert imports.read_bytes().decode() == before
    finally:
        imports.unlink()


def test_what_is_renamed_or_let_go_of_stays(project, standing):
    """As a developer would: the constructs change, and modules/history.toml says what became of them."""
    state = project.work(STACK) / "terraform.tfstate"
    content = json.loads(state.read_text())
    for one in list(content["resources"]):
        if one["type"] == "aws_s3_bucket":
            one["name"] = "former"
        elif one["type"] == "aws_kms_alias":
            content["resources"].append({**one, "name": "second"})
    content["serial"] += 1
    state.write_text(json.dumps(content))
    history = project.root / "modules" / "history.toml"
    before = history.read_bytes()
    history.write_text(
        f'[[moved]]\nfrom = "aws_s3_bucket.former"\nto = "{BUCKET}"\nenvironments = ["state"]\n'
        '[[removed]]\nfrom = "aws_kms_alias.second"\nenvironments = ["state"]\n'
    )
    try:
        code, words = standing("plan")
        assert code == 0, words
        assert "Plan: 1 to forget, 1 to move; " in words
        assert f"→ {BUCKET} (was aws_s3_bucket.former)" in words
        code, words = standing("apply")
        assert code == 0, words
        assert BUCKET in resources(project)
        assert not {"aws_s3_bucket.former", "aws_kms_alias.second"} & resources(project).keys()
        code, words = standing("plan")
        assert code == 0, words
        assert "there is nothing to apply" in words
    finally:
        history.write_bytes(before)


def planned(**changes):
    return {
        "resource_changes": [{"address": f"aws_vpc.{name}", "change": one} for name, one in changes.items()]
    }


def change(actions, after, **marks):
    return {"actions": actions, "after": after, **marks}


def test_an_upgrade_tells_in_what_its_plan_differs_and_no_value():
    same = change(["no-op"], {"id": "vpc-1"}, after_unknown={}, after_sensitive={})
    now = planned(
        same=same,
        gone=change(["no-op"], {"id": "vpc-2"}),
        changed=change(["no-op"], {"id": "vpc-3", "password": "hidden", "new": None}),
        value=change(["update"], {"size": 1}),
        later=change(["create"], {"size": 1}, after_unknown={}),
    )
    then = planned(
        same=change(["no-op"], {"id": "vpc-1", "added": None}, after_unknown={"added": False}),
        changed=change(["delete", "create"], {"id": None, "password": "shown"}, after_unknown={"id": True}),
        value=change(["update"], {"size": 2}),
        later=change(["create"], {}, after_unknown={"size": True}),
        made=change(["create"], {"size": 1}),
    )
    assert list(upgrading.differences(now, then)) == [
        "aws_vpc.changed: no-op → delete and create [id, password]",
        "aws_vpc.gone: no-op → nothing [id]",
        "aws_vpc.later: create [size]",
        "aws_vpc.made: nothing → create [size]",
        "aws_vpc.value: update [size]",
    ]
    assert list(upgrading.differences(now, now)) == []


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "name what to upgrade: make upgrade ENV=state LOCAL=1 PROVIDER=6.99.0"),
        ({"PROVIDER": "~> 6"}, "PROVIDER=~> 6: has to be one version, as in 6.99.0"),
        ({"TO": "/nowhere/terraform"}, "/nowhere/terraform"),
    ],
)
def test_an_upgrade_to_what_is_none_is_refused(project, given, reason):
    code, words = project.local("upgrade", "state", **given)
    assert code == 2
    assert reason in words
    assert "Traceback" not in words


def test_an_upgrade_is_looked_at_and_changes_nothing(project):
    project.stand_in_for_checkov()
    shutil.rmtree(project.work(STACK), ignore_errors=True)
    for command in ("plan", "apply", "plan"):
        code, words = project.local(command, "state", TF="wheel")
        assert code == 0, words
    work = project.work(STACK)
    before = {
        name: (work / name).read_bytes() for name in ("terraform.tfstate", "plan/record.json", "plan.tar")
    }
    code, words = project.local("upgrade", "state", PROVIDER="6.99.0", TF="wheel", TO=PRODUCTS[-1])
    assert code == 0, words
    assert "hashicorp/aws 6.99.0" in words
    assert "both plan the same" in words
    assert {name: (work / name).read_bytes() for name in before} == before
    # The saved plan is for the versions that it was made with, and stands.
    code, words = project.local("apply", "state", TF="wheel")
    assert code == 0, words
