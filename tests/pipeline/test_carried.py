"""A plan that travels: made in one clone, applied in another, with nothing but its file and the account between them.

By the real commands on the smallest stack, that of the state bucket.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile

import pytest

from cloudmart_support.problem import Problem
from pipeline import artifact, signing

STACK = "cloudmart-state"
GIT = ("git", "-c", "user.name=Someone", "-c", "user.email=someone@example.com")

needs_keys = pytest.mark.skipif(
    not shutil.which("ssh-keygen"),
    reason="left out: ssh-keygen is not installed (Debian: openssh-client), so no plan is signed",
)


def git(project, *words):
    subprocess.run([*GIT, *words], cwd=project.root, check=True, capture_output=True)


@pytest.fixture(scope="module")
def clones(tmp_path_factory):
    """Two clones of one commit, in folders of different names and with other times of their files."""
    from tests.pipeline.conftest import Project

    here, there = (Project(tmp_path_factory.mktemp(name)) for name in ("planned here", "applied-there"))
    for project in (here, there):
        project.stand_in_for_checkov()
    (here.root / ".gitignore").write_text("__pycache__/\n")
    git(here, "init", "-q")
    git(here, "add", ".gitignore", "main.py", "environments", "modules", "pipeline", "policies", "settings")
    git(here, "add", "mock_provider", "cloudmart_pages", "cloudmart_support", "handoff", "synthesis")
    git(here, "commit", "-q", "-m", "all of it")
    shutil.copytree(here.root / ".git", there.root / ".git")
    shutil.copy(here.root / ".gitignore", there.root)
    for path in (there.root / "environments", *(there.root / "modules").rglob("*.py")):
        os.utime(path, (10**9, 10**9))
    return here, there


@pytest.fixture
def account(tmp_path):
    """The folder of an account that both clones use, as they use one of AWS's."""
    return tmp_path / "account"


def run(project, command, account, **variables):
    return project.local(command, "state", ACCOUNT=str(account), **variables)


def packed(project):
    return project.work(STACK) / artifact.NAME


@pytest.fixture(scope="module")
def planned(clones, tmp_path_factory):
    """A plan of an empty account, fetched from the clone that made it."""
    here, _ = clones
    code, words = run(here, "plan", tmp_path_factory.mktemp("empty"))
    assert code == 0, words
    place = tmp_path_factory.mktemp("fetched") / artifact.NAME
    shutil.copy(packed(here), place)
    return place


def contents(archive):
    with tarfile.open(archive) as file:
        return {member.name: file.extractfile(member).read() for member in file}


def written(archive, files):
    with tarfile.open(archive, "w") as file:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return archive


def summed(files):
    """The files of a plan with sums that fit: what somebody does who knows how it is made."""
    record = json.loads(files["record.json"])
    for entry in record["files"].values():
        name = entry["path"].rpartition("/")[2]
        if name in files:
            entry["sha256"] = hashlib.sha256(files[name]).hexdigest()
    files = {**files, "record.json": json.dumps(record).encode()}
    sums = [
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in files.items()
        if name != artifact.SUMS
    ]
    return {**files, artifact.SUMS: "".join(sums).encode()}  # fmt: skip


def standing(account):
    state = account / STACK / "terraform.tfstate"
    return len(json.loads(state.read_text())["resources"]) if state.exists() else 0


def test_a_plan_is_applied_in_another_clone_and_is_stale_from_then_on(clones, planned, account):
    here, there = clones
    assert oct(packed(here).stat().st_mode & 0o777) == "0o600"
    code, words = run(there, "apply", account, PLAN=str(planned))
    assert code == 0, words
    assert "applied: 9 created" in words
    assert standing(account)
    # Where it was made, what was applied elsewhere is seen, and its own copy of the plan is stale.
    code, words = run(here, "apply", account)
    assert code == 2
    assert "there was no state yet when it was made, and there is one now" in words
    code, words = run(here, "apply", account, PLAN=str(planned))
    assert code == 2
    assert "there was no state yet when it was made, and there is one now" in words
    code, words = run(there, "plan", account)
    assert code == 0, words
    assert "there is nothing to apply" in words


def test_a_plan_of_a_state_that_has_changed_is_stale(clones, planned, account):
    here, there = clones
    assert run(there, "apply", account, PLAN=str(planned))[0] == 0
    settings = "environments/state.yaml"
    for project in clones:
        (project.root / settings).write_text(
            (project.root / settings).read_text() + "old_versions_days: 400\n"
        )
        git(project, "commit", "-q", "--date=2026-01-01T00:00:00", "-am", "kept longer")
    shutil.rmtree(there.root / ".git")
    shutil.copytree(here.root / ".git", there.root / ".git")
    try:
        assert run(here, "plan", account)[0] == 0
        first = account / "first.tar"
        shutil.copy(packed(here), first)
        assert run(here, "plan", account)[0] == 0
        assert run(there, "apply", account, PLAN=str(first))[0] == 0
        code, words = run(there, "apply", account, PLAN=str(packed(here)))
        assert code == 2
        assert "the state has changed since it was made (its serial was" in words
        # A plan of the commit before is none of this one's.
        code, words = run(there, "apply", account, PLAN=str(planned))
        assert code == 2
        assert "it was made from commit" in words
    finally:
        for project in clones:
            git(project, "reset", "-q", "--hard", "HEAD~1")


def test_drift_is_told_and_goes_back(clones, planned, account):
    here, there = clones
    code, words = run(here, "drift", account)
    assert code == 1
    assert "9 to create" in words
    assert run(there, "apply", account, PLAN=str(planned))[0] == 0
    code, words = run(here, "drift", account)
    assert code == 0, words
    assert "state: what stands is what the settings say" in words
    code, words = run(there, "event", account, EVENT="hand-tag")
    assert code == 0, words
    code, words = run(here, "drift", account)
    assert code == 1, words
    assert (here.work(STACK) / "drift.md").read_text().startswith("## Drift of state\n")


def test_what_no_commit_has_is_neither_planned_for_elsewhere_nor_applied_there(clones, planned, account):
    here, there = clones
    extra = there.root / "environments" / "state.waivers.toml"
    extra.write_text("")
    code, words = run(there, "apply", account, PLAN=str(planned))
    extra.unlink()
    assert code == 2
    assert "there are changes here that no commit has: environments/state.waivers.toml" in words
    assert "the waivers did not exist when it was made" in words
    module = here.root / "modules" / "added.py"
    module.write_text("")
    assert run(here, "plan", account)[0] == 0
    module.unlink()
    code, words = run(there, "apply", account, PLAN=str(packed(here)))
    assert code == 2
    assert "it was made with changes that no commit has: modules/added.py" in words
    assert standing(account) == 0


PARTS = (
    "SHA256SUMS",
    "cdk.tf.json",
    "gate.json",
    "plan-gate.json",
    "plan.json",
    "plan.jsonl",
    "plan.html",
    "plan.md",
    "plan.tfplan",
    "record.json",
    "state.yaml",
    "terraform.lock.hcl",
)


def test_these_are_all_parts(planned):
    assert sorted(contents(planned)) == sorted(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_was_changed_is_refused(clones, planned, account, part, tmp_path):
    files = contents(planned)
    files[part] = files[part][:-1] + bytes([files[part][-1] ^ 1])
    code, words = run(clones[1], "apply", account, PLAN=str(written(tmp_path / "plan.tar", files)))
    assert code == 2
    assert "plan.tar: is not as it was packed: " in words
    assert part in words or part == "SHA256SUMS"
    assert standing(account) == 0


@pytest.mark.parametrize(
    ("part", "before", "after", "reason"),
    [
        ("cdk.tf.json", b"example", b"another", ""),
        ("plan.json", b"example", b"another", "plan.json is not what plan.tfplan says"),
        ("plan.tfplan", b"tfplan", b"tfplam", "plan.tfplan"),
        ("record.json", b'"plan_gate": 0', b'"plan_gate": 1', "plan_gate did not pass it"),
        ("record.json", b'"environment": "state"', b'"environment": "dev"', "it is a plan for dev"),
        ("record.json", b'"version": "', b'"version": "0', "it was made by"),
        ("record.json", b'"serial": 0', b'"serial": 1', ""),
    ],
)
def test_nor_is_one_whose_sums_were_mended(clones, planned, account, part, before, after, reason, tmp_path):
    files = contents(planned)
    assert before in files[part]
    files[part] = files[part].replace(before, after)
    forged = written(tmp_path / "plan.tar", summed(files))
    code, words = run(clones[1], "apply", account, PLAN=str(forged))
    if reason:
        assert code == 2, words
        assert reason in words
        assert standing(account) == 0
    assert "Traceback" not in words


@needs_keys
def test_where_there_are_signers_only_what_they_signed_is_applied(clones, planned, account, tmp_path):
    here, there = clones
    for name in ("release", "another"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(tmp_path / name)]
        subprocess.run(words, check=True, capture_output=True)
    key = (tmp_path / "release.pub").read_text()
    signers = f'release@example.com namespaces="{signing.NAMESPACE}" {key}'
    for project in clones:
        (project.root / "environments" / "state.signers").write_text(signers)
        git(project, "add", "environments")
    git(here, "commit", "-q", "-m", "who may sign")
    shutil.rmtree(there.root / ".git")
    shutil.copytree(here.root / ".git", there.root / ".git")
    try:
        assert run(here, "plan", account, SIGN=str(tmp_path / "release"))[0] == 0
        place = tmp_path / "fetched" / artifact.NAME
        place.parent.mkdir()
        signature = place.with_name("plan.tar.sig")
        shutil.copy(packed(here), place)

        def refused():
            code, words = run(there, "apply", account, PLAN=str(place))
            assert code == 2, words
            assert standing(account) == 0
            return words

        assert "plan.tar.sig: is not there, and this environment's plans are applied only when" in refused()
        for name, namespace in (("another", signing.NAMESPACE), ("release", "file")):
            signature.unlink(missing_ok=True)
            words = ["ssh-keygen", "-Y", "sign", "-f", str(tmp_path / name), "-n", namespace, str(place)]
            subprocess.run(words, check=True, capture_output=True)
            assert "plan.tar.sig: is " in refused()
        shutil.copy(packed(here).with_name("plan.tar.sig"), signature)
        files = contents(place)
        written(place, summed({**files, "plan.md": b"nothing to see here"}))
        assert "plan.tar.sig: is not a signature of " in refused()
        shutil.copy(packed(here), place)
        code, words = run(there, "apply", account, PLAN=str(place))
        assert code == 0, words
        assert "signed by release@example.com" in words
    finally:
        for project in clones:
            git(project, "reset", "-q", "--hard", "HEAD~1")


@needs_keys
def test_a_key_that_is_none_ends_in_words(clones, account, tmp_path):
    code, words = run(clones[0], "plan", account, SIGN=str(tmp_path / "nowhere"))
    assert code == 2
    assert f"SIGN={tmp_path / 'nowhere'}: signs nothing" in words


def member(name, **about):
    found = tarfile.TarInfo(name)
    for key, value in about.items():
        setattr(found, key, value)
    return found


@pytest.mark.parametrize(
    "members",
    [
        [member("plan.tfplan", type=tarfile.SYMTYPE, linkname="/etc/passwd")],
        [member("plan.tfplan", type=tarfile.LNKTYPE, linkname="record.json")],
        [member("plan.tfplan", type=tarfile.FIFOTYPE)],
        [member("../plan.tfplan")],
        [member("plan.tfplan"), member("plan.tfplan")],
        [member("main.tf")],
        [member("plan.tfplan", pax_headers={"GNU.sparse.size": "99999999999", "GNU.sparse.map": "0,0"})],
        [],
    ],
    ids=["link", "hard link", "pipe", "outside", "twice", "another", "sparse", "empty"],
)
def test_an_archive_of_something_else_is_refused(members, tmp_path):
    place = tmp_path / "plan.tar"
    with tarfile.open(place, "w", format=tarfile.PAX_FORMAT) as file:
        for one in members:
            file.addfile(one, io.BytesIO())
    with pytest.raises(Problem):
        artifact.unpack(place, "plan.tar", ("plan.tfplan", "record.json"), tmp_path / "into")
    assert not (tmp_path / "into").exists()


@pytest.mark.parametrize("content", [b"", b"text", b"\0" * 1024, b"PK\3\4"])
def test_a_file_that_is_no_archive_is_refused(content, tmp_path):
    place = tmp_path / "plan.tar"
    place.write_bytes(content)
    with pytest.raises(Problem, match="plan"):
        artifact.unpack(place, "plan.tar", ("plan.tfplan",), tmp_path / "into")


def test_the_same_files_make_the_same_archive(tmp_path):
    for name in ("b", "a"):
        (tmp_path / name).write_text(name)
    sums = [
        artifact.pack([tmp_path / name for name in order], tmp_path / f"{order}.tar")
        for order in ("ab", "ba")
    ]
    assert sums[0] == sums[1] == hashlib.sha256((tmp_path / "ab.tar").read_bytes()).hexdigest()


def test_a_plan_that_is_not_there_is_told(clones, account, tmp_path):
    code, words = run(clones[1], "apply", account, PLAN=str(tmp_path / "nowhere.tar"))
    assert code == 2
    assert "nowhere.tar: there is no such file" in words


def test_an_account_of_the_mocks_is_for_the_mock(clones, tmp_path):
    code, words = clones[0].run("plan", ENV="state", ACCOUNT=str(tmp_path))
    assert code == 2
    assert "ACCOUNT: only the mock provider's account has a folder; add LOCAL=1" in words
