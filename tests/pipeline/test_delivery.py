"""The team's workflows, step by step, in two clones with nothing but the artefact and the account between them.

GitHub and GitLab are played (see `forges`); every `run:` and every line of a script is the file's own, and is run. Not
run: the installation of Terraform and Debian's packages in GitLab's job, and what the actions of others do.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import yaml

from tests.pipeline.conftest import ROOT, Project
from tests.pipeline.forges import GitHub

GIT = ("git", "-c", "user.name=Someone", "-c", "user.email=someone@example.com")
STACK = "cloudmart-dev"
# The smallest of the stacks that are in the files.
DEV = {"matrix": {"environment": "dev"}}


def git(project, *words):
    return subprocess.run(
        [*GIT, *words], cwd=project.root, check=True, capture_output=True, text=True
    ).stdout.strip()


def clone(place):
    """A clone with the environments that `make environment` makes, made already."""
    project = Project(place)
    for name in ("Makefile", "pyproject.toml", "uv.lock", "cdktf.json", ".gitlab-ci.yml"):
        shutil.copy2(ROOT / name, place)
    shutil.copytree(ROOT / ".github", place / ".github")
    shutil.copytree(ROOT / "requirements", place / "requirements")
    project.stand_in_for_checkov()
    python = place / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    tools = place / ".tools"
    tools.mkdir()
    uv = re.search(r"^uv==([0-9.]*)", (ROOT / "requirements" / "tools.txt").read_text(), re.M)[1]
    for ready in (tools / f"uv-{uv}", place / ".venv" / "ready", place / ".venv-checkov" / "ready"):
        ready.touch()
        # Newer than what they are made from, whatever git does to its time: nothing is installed here.
        os.utime(ready, (2**32 - 1, 2**32 - 1))
    (place / ".gitignore").write_text(
        "__pycache__/\n/.venv\n/.tools\n/.venv-checkov\n/cache\n/temporary\n/cdktf.out\n/artefact\n/fetched\n"
    )
    return project


@pytest.fixture(scope="module")
def clones(tmp_path_factory):
    """One clone that plans and one that applies, of one commit, in different folders."""
    here, there = (clone(tmp_path_factory.mktemp(name)) for name in ("a pull request", "main"))
    git(here, "init", "-q", "-b", "main")
    git(here, "add", ".")
    git(here, "commit", "-q", "-m", "all of it")
    shutil.copytree(here.root / ".git", there.root / ".git")
    assert git(there, "status", "--porcelain") == ""
    return here, there


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    return {"ACCOUNT": str(tmp_path_factory.mktemp("account"))}


@pytest.fixture(scope="module")
def github(tmp_path_factory):
    return GitHub(tmp_path_factory.mktemp("github") / "shop")


def cleared(project):
    """A runner starts with nothing of an earlier run's."""
    for name in ("artefact", "fetched", "cdktf.out"):
        shutil.rmtree(project.root / name, ignore_errors=True)
    return project


def merged(here, there, github, head):
    """Squash the pull request: main gets a commit of its own with the same files."""
    shutil.rmtree(there.root / ".git")
    shutil.copytree(here.root / ".git", there.root / ".git")
    git(there, "reset", "-q", "--hard")
    git(there, "commit", "-q", "--amend", "-m", "squashed", "--date=2026-01-01T00:00:00")
    sha = git(there, "rev-parse", "HEAD")
    assert sha != head
    state = github.load()
    state["pulls"][sha] = [{"merged_at": "2026-01-01", "head": {"sha": head}}]
    github.save(state)
    return sha


def planned(here, github, account, run):
    code, words = github.run(cleared(here), "plan.yml", "pull_request", run=run, environment=account, **DEV)
    head = git(here, "rev-parse", "HEAD")
    state = github.load()
    conclusion = "failure" if code else "success"
    state["runs"].insert(0, {"id": run, "head_sha": head, "conclusion": conclusion})
    github.save(state)
    return code, words, head


def changed(project, text):
    path = project.root / "environments" / "dev.yaml"
    path.write_text(path.read_text() + text)
    git(project, "commit", "-q", "-am", "a change")


def test_from_a_pull_request_to_what_is_gone(clones, github, account):
    """One story: opened, changed after it was read, applied, stale, drifted, destroyed."""
    here, there = clones

    # Opened: planned, told in one comment.
    code, words, first = planned(here, github, account, 1)
    assert code == 0, words
    (comment,) = github.load()["comments"]
    assert comment["body"].startswith("<!-- the plan of dev -->\n## Plan for dev\n")
    assert "https://github.com/example/shop/actions/runs/1" in comment["body"]
    artefact = github.folder / "artefacts" / "1" / "plan-dev"
    assert sorted(one.name for one in artefact.iterdir()) == sorted(
        ["plan.html", "plan.md", "plan.tar", "policies.md", "policies.sarif", "policies.txt"]
    )

    # Changed after it was read: what is merged is not what was planned.
    changed(here, "tags: {CostCenter: shop}\n")
    state = github.load()
    sha = merged(here, there, github, first)
    code, words = github.run(
        cleared(there), "apply.yml", "push", job="dev", sha=sha, inputs={}, environment=account
    )
    assert code != 0
    assert "it was made from commit" in words
    assert "which has other files" in words
    github.save(state)

    # Planned again: the comment is renewed, and there is still one.
    code, words, second = planned(here, github, account, 2)
    assert code == 0, words
    (comment,) = github.load()["comments"]
    assert "actions/runs/2" in comment["body"]
    sha = merged(here, there, github, second)
    apply = {"job": "dev", "sha": sha, "inputs": {}, "environment": account}
    code, words = github.run(cleared(there), "apply.yml", "push", **apply)
    assert code == 0, words
    assert re.search(r"^applied: \d+ created$", words, re.M)

    # Stale: the same plan a second time.
    code, words = github.run(cleared(there), "apply.yml", "push", **apply)
    assert code != 0
    assert "there was no state yet when it was made, and there is one now" in words

    # Nobody read a plan of a commit that came by no pull request.
    code, words = github.run(cleared(there), "apply.yml", "push", **{**apply, "sha": "0" * 40})
    assert code == 1
    assert f"::error::nobody has read a plan of {'0' * 40}" in words

    # Nothing drifted; then somebody did something by hand, for which there is one issue, until it is gone.
    def drift():
        return github.run(cleared(there), "drift.yml", "schedule", environment=account, **DEV)

    assert drift()[0] == 0
    assert github.load()["issues"] == []
    code, words = there.local("event", "dev", EVENT="hand-tag", **account)
    assert code == 0, words
    for _ in range(2):
        code, words = drift()
        assert code == 1, words
        (issue,) = github.load()["issues"]
        assert (issue["title"], issue["state"]) == ("Drift of dev", "open")
        assert issue["body"].startswith("## Drift of dev\n")
    code, words = github.run(
        cleared(there), "plan.yml", "workflow_dispatch", run=3, environment=account, **DEV
    )
    assert code == 0, words
    run = {"inputs": {"run": "3", "allow_replace": ""}}
    code, words = github.run(cleared(there), "apply.yml", "workflow_dispatch", **{**apply, **run})
    assert code == 0, words
    assert drift()[0] == 0
    assert github.load()["issues"][0]["state"] == "closed"

    # Destroyed, once its name is typed.
    for confirm, expected in (("prod", 2), ("dev", 0)):
        inputs = {"environment": "dev", "confirm": confirm}
        code, words = github.run(
            cleared(there), "destroy.yml", "workflow_dispatch", inputs=inputs, environment=account
        )
        assert code == expected, words
    assert re.search(r"^destroyed: \d+ resources of dev$", words, re.M)


def test_what_the_policies_refuse_is_told_and_not_planned(clones, github, account):
    here, _ = clones
    waivers = here.root / "environments" / "dev.params.toml"
    waivers.write_text("[backups]\nretention_days = 35\n")
    git(here, "add", "environments")
    git(here, "commit", "-q", "-m", "backups for longer")
    code, words, _head = planned(here, github, account, 9)
    git(here, "reset", "-q", "--hard", "HEAD~1")
    assert code != 0
    assert "refused by the policies above" in words
    (comment,) = github.load()["comments"]
    assert "CM_RDS_BACKUP_RETENTION" in comment["body"]
    assert not (github.folder / "artefacts" / "9" / "plan-dev" / "plan.tar").exists()


class GitLab(BaseHTTPRequestHandler):
    """A project's notes and artefacts, as far as the jobs ask."""

    notes: ClassVar[list] = []
    artefacts = None
    requests: ClassVar[list] = []

    def answer(self, content, kind="application/json"):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.requests.append(self.path)
        assert self.headers["PRIVATE-TOKEN"] == "token"
        if "/notes?" in self.path:
            self.answer(self.notes if self.path.endswith("page=1") else [])
        elif self.path.endswith("/merge_requests"):
            self.answer([{"iid": 7, "state": "merged"}])
        else:
            self.answer(self.artefacts.read_bytes())

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.command == "POST":
            self.notes.append({"id": len(self.notes) + 1, **body})
        else:
            number = int(self.path.rpartition("/")[2])
            self.notes[number - 1].update(body)
        self.answer({})

    do_PUT = do_POST

    def log_message(self, *_):
        pass


@pytest.fixture
def gitlab():
    server = ThreadingHTTPServer(("127.0.0.1", 0), GitLab)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api/v4"
    server.shutdown()
    server.server_close()


class _Loader(yaml.SafeLoader):
    pass


_Loader.add_constructor("!reference", lambda loader, node: loader.construct_sequence(node))


def job(project, name, api, **variables):
    """The scripts of a job of GitLab's, in a clone; without the installation of Terraform."""
    content = yaml.load((project.root / ".gitlab-ci.yml").read_text(), Loader=_Loader)
    body, merged = content[name], {}
    chain = [body]
    while parent := chain[-1].get("extends"):
        chain.append(content[parent])
    for one in reversed(chain):
        merged |= one
    lines = []
    for line in [*merged["before_script"], *merged["script"]]:
        if line == [".tools", "script"]:
            continue
        lines += content[line[0]][line[1]] if isinstance(line, list) else [line]
    environment = {
        **project.base,
        **{key: str(text) for key, text in {**content["variables"], **merged["variables"]}.items()},
        "LOCAL": "1",
        "CI_API_V4_URL": api,
        "CI_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_COMMIT_SHA": "1" * 40,
        "GITLAB_TOKEN": "token",
        **variables,
    }
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
        cwd=project.root,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_same_in_gitlab(clones, gitlab, tmp_path):
    here, there = clones
    account = {"ACCOUNT": str(tmp_path / "account")}
    shutil.rmtree(there.root / ".git")
    shutil.copytree(here.root / ".git", there.root / ".git")
    git(there, "reset", "-q", "--hard")
    for _ in range(2):
        code, words = job(cleared(here), "plan", gitlab, ENV="dev", **account)
        assert code == 0, words
        (note,) = GitLab.notes
        assert note["body"].startswith("<!-- the plan of dev -->\n## Plan for dev\n")
    GitLab.artefacts = tmp_path / "artefacts.zip"
    with zipfile.ZipFile(GitLab.artefacts, "w") as archive:
        for file in (here.root / "artefact").iterdir():
            archive.write(file, f"artefact/{file.name}")
    code, words = job(cleared(there), "apply dev", gitlab, **account)
    assert code == 0, words
    assert (
        "/jobs/artifacts/refs%2Fmerge-requests%2F7%2Fhead/download?job=plan%3A%20%5Bdev%5D"
        in GitLab.requests[-1]
    )
    assert job(cleared(here), "drift", gitlab, ENV="dev", **account)[0] == 0
    assert there.local("event", "dev", EVENT="hand-tag", **account)[0] == 0
    assert job(cleared(here), "drift", gitlab, ENV="dev", **account)[0] == 1
    code, words = job(cleared(there), "destroy", gitlab, ENV="dev", CONFIRM="dev", **account)
    assert code == 0, words
