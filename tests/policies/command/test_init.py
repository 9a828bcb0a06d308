"""`init`: its files are right by their own readers, what is there is not touched, and a change is gated afterwards."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from cloudmart_support import version
from policies.command import init, main

ROOT = Path(__file__).resolve().parents[3]
GOOD = 'resource "aws_sns_topic" "t" {\n  name              = "x"\n  kms_master_key_id = "alias/x"\n}\n'
BAD = 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\n'
PUBLIC = """\
resource "aws_db_instance" "new" {
  engine                  = "postgres"
  publicly_accessible     = true
  storage_encrypted       = true
  backup_retention_period = 7
}
"""
TREE = {
    "stacks/net/main.tf": GOOD,
    "stacks/my shop/main.tf": BAD + 'module "m" {\n  source = "../../modules/db"\n}\n',
    "modules/db/main.tf": BAD,
}
GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A repository with these files, which becomes the working folder."""

    def make(files: Mapping[str, str], origin: str = "") -> Path:
        folder = tmp_path / "repository"
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        subprocess.run([*GIT, "init", "-q", folder], check=True)
        if origin:
            subprocess.run([*GIT, "remote", "add", "origin", origin], cwd=folder, check=True)
        monkeypatch.chdir(folder)
        return folder

    return make


Made = Callable[..., Path]


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def _commands(out: str) -> list[str]:
    """The gate's own commands among the steps that are named."""
    return re.findall(r"^  \d+\. cloudmart-policies (.*)$", out, re.M)


def test_from_nothing_to_a_gated_change(repository: Made, capsys: pytest.CaptureFixture[str]) -> None:
    folder = repository(TREE, "git@github.com:someone/infra.git")
    before = _files(folder)
    assert main(["init"]) == 0
    out = capsys.readouterr().out
    assert f"{folder}: 2 roots\n  stacks/my shop: 2 failed, 0 unknown\n  stacks/net: in order\n" in out
    fresh = _files(folder).keys() - before.keys()
    assert fresh == {".cloudmart-policies.toml", ".pre-commit-config.yaml", init.WORKFLOW}
    # Before the baseline there is none; with it the gate is open.
    assert main(["check", "--quiet"]) == 2
    (command,) = _commands(out)
    assert main(command.split()) == 0
    assert main(["check", "--quiet"]) == 0
    # A database that everybody can reach closes it, and opens it again when it is gone.
    database = folder / "stacks" / "net" / "db.tf"
    database.write_text(PUBLIC)
    capsys.readouterr()
    assert main(["check", "--format", "line"]) == 1
    failed = [line for line in capsys.readouterr().out.splitlines() if " fail: " in line]
    assert failed
    assert all(line.startswith("stacks/net/db.tf:") for line in failed)
    assert any("CM_RDS_NOT_PUBLIC" in line for line in failed)
    database.unlink()
    assert main(["check", "--quiet"]) == 0
    # A root that comes later is judged without being named anywhere.
    (folder / "later").mkdir()
    (folder / "later" / "main.tf").write_text(BAD)
    assert main(["check", "--quiet"]) == 1
    # Again: nothing is changed, and nothing but people's own steps is left.
    now = _files(folder)
    capsys.readouterr()
    assert main(["init"]) == 0
    assert _files(folder) == now
    assert _commands(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("origin", "marker", "file", "schema"),
    [
        ("https://github.com/someone/infra", "", init.WORKFLOW, "vendor.github-workflows"),
        ("", ".github/dependabot.yml", init.WORKFLOW, "vendor.github-workflows"),
        ("ssh://git@gitlab.example.com:22/a/b.git", "", init.JOB, "vendor.gitlab-ci"),
        ("", ".gitlab-ci.yml", init.JOB, "vendor.gitlab-ci"),
    ],
)
def test_the_job_that_fits(
    origin: str, marker: str, file: str, schema: str, repository: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = repository({**TREE, **({marker: "stages: [test]\n"} if marker else {})}, origin)
    assert main(["init"]) == 0
    out = capsys.readouterr().out
    assert [name for name in (init.WORKFLOW, init.JOB) if (folder / name).exists()] == [file]
    commands = [
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, folder / file],
        [Path(sys.executable).with_name("pre-commit"), "validate-config", folder / init.HOOKS],
    ]
    for command in () if marker else commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    written = yaml.safe_load((folder / file).read_text())
    if file == init.WORKFLOW:
        checkout, gate = written["jobs"]["policies"]["steps"]
        action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        assert gate["with"].keys() <= action["inputs"].keys()
        # The example of the page and this have one version of the checkout.
        page = (ROOT / "docs" / "ci" / "README.md").read_text(encoding="utf-8")
        assert f"- uses: {init.CHECKOUT}\n" in page
        assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}
    else:
        job = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab-ci.yml").read_text(encoding="utf-8"))
        assert written["variables"].keys() - {"GIT_DEPTH"} <= job["variables"].keys()
        assert f"to be added to .gitlab-ci.yml:\n    include:\n      - local: {init.JOB}\n" in out
        assert not marker or (folder / marker).read_text() == "stages: [test]\n"


def test_without_a_host_it_is_said(repository: Made, capsys: pytest.CaptureFixture[str]) -> None:
    folder = repository(TREE, "https://git.example.com/github/x")
    assert main(["init"]) == 0
    assert "no host that is known" in capsys.readouterr().out
    assert not (folder / init.WORKFLOW).exists()


def test_what_is_there_is_never_touched(repository: Made, capsys: pytest.CaptureFixture[str]) -> None:
    hooks = "repos:\n- repo: https://example.com/x\n  rev: v1\n  hooks:\n  - id: x\n"
    tree = {
        **TREE,
        ".cloudmart-policies.toml": 'pack = "cloudmart"\nroots = ["stacks/net"]\n',
        ".pre-commit-config.yaml": hooks,
        init.WORKFLOW: "name: mine\n",
    }
    folder = repository(tree)
    assert main(["init"]) == 0
    out = capsys.readouterr().out
    assert _files(folder) == {name: text.encode() for name, text in tree.items()}
    assert "to be added to .pre-commit-config.yaml, under repos:" in out
    # What is to be added is right where it is said to be.
    block = re.search(r"under repos:\n((?:    .*\n)+)", out)
    assert block is not None
    added = yaml.safe_load(hooks + "".join(line[6:] for line in block[1].splitlines(keepends=True)))
    assert [repo["hooks"][0]["id"] for repo in added["repos"]] == ["x", "terraform-policies"]


def test_a_table_in_pyproject_is_a_configuration(repository: Made) -> None:
    folder = repository({**TREE, "pyproject.toml": '[tool.cloudmart-policies]\nroots = ["**"]\n'})
    assert main(["init"]) == 0
    assert not (folder / ".cloudmart-policies.toml").exists()


def test_a_dry_run_writes_nothing(repository: Made, capsys: pytest.CaptureFixture[str]) -> None:
    folder = repository(TREE, "https://github.com/a/b")
    assert main(["init", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert _files(folder).keys() == TREE.keys()
    for name in (".cloudmart-policies.toml", init.HOOKS, init.WORKFLOW):
        assert f"would write {name}:\n    " in out


@pytest.mark.parametrize("name", [".cloudmart-policies.toml", init.HOOKS, ".github", ".github/workflows"])
def test_nothing_is_written_through_a_link(
    name: str, repository: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = repository(TREE, "https://github.com/a/b")
    outside = tmp_path / "outside"
    if name.startswith(".github"):
        outside.mkdir()
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).symlink_to(outside)
    code = main(["init"])
    assert not outside.exists() or list(outside.iterdir()) == []
    assert code == (2 if name.startswith(".github") else 0)
    if code:
        assert "is not written through it" in capsys.readouterr().err


def test_where_there_is_no_terraform(repository: Made, capsys: pytest.CaptureFixture[str]) -> None:
    folder = repository({"README.md": "x\n"})
    (folder / "a").mkdir()
    (folder / "a" / "main.tf").write_text('module "m" {\n  source = "../b"\n}\n')
    (folder / "b").mkdir()
    (folder / "b" / "main.tf").write_text('output "x" {\n  value = 1\n}\n')
    assert main(["init"]) == 2
    assert "nothing was judged" in capsys.readouterr().err
    for name in ("a", "b"):
        (folder / name / "main.tf").unlink()
    assert main(["init"]) == 2
    assert "no root in or below" in capsys.readouterr().err
    assert main(["init", "nowhere"]) == 2
    assert "there is no such folder" in capsys.readouterr().err
    assert _files(folder).keys() == {"README.md"}


def test_from_a_folder_below_the_top(
    repository: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = repository(TREE)
    monkeypatch.chdir(folder / "stacks" / "net")
    assert main(["init"]) == 0
    assert (folder / ".cloudmart-policies.toml").is_file()
    monkeypatch.chdir(folder)
    assert main(["init", str(folder / "modules")]) == 0


def test_files_of_variables(repository: Made, capsys: pytest.CaptureFixture[str]) -> None:
    queue = 'resource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = var.sse\n}\n'
    switch = f'variable "sse" {{\n  type = bool\n}}\n{queue}'
    folder = repository(
        {
            "one/main.tf": switch,
            "one/live.tfvars": "sse = true\n",
            "two/main.tf": switch,
            "two/env/dev.tfvars": "sse = true\n",
            "two/env/prod.tfvars": "sse = true\n",
            "own/main.tf": switch,
            "own/terraform.tfvars": "sse = true\n",
            "own/x.auto.tfvars": "sse = true\n",
            "caf\u00e9 \U0001f600/main.tf": switch,
            "caf\u00e9 \U0001f600/live.tfvars": "sse = true\n",
            "esc\x1b[2J/main.tf": switch,
            "esc\x1b[2J/live.tfvars": "sse = true\n",
        }
    )
    assert main(["init"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "  one: in order\n" in out
    assert "  own: in order\n" in out
    assert "  two: 0 failed, 1 unknown\n" in out
    text = (folder / ".cloudmart-policies.toml").read_text()
    assert 'path = "one"\nvar-files = ["one/live.tfvars"]\n' in text
    assert '# var-files = ["two/env/dev.tfvars"]\n# var-files = ["two/env/prod.tfvars"]\n' in text
    assert "own" not in text
    main(["check", "--format", "json", "--write-baseline", "cloudmart-policies-baseline.json"])
    roots = {root["path"]: root["summary"] for root in json.loads(capsys.readouterr().out)["roots"]}
    assert (roots["one"]["passed"], roots["own"]["passed"], roots["two"]["baselined"]) == (1, 1, 1)
    assert roots["caf\u00e9 \U0001f600"]["passed"] == 1


def test_the_gate_is_where_it_was_installed_from(
    repository: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"url": "https://github.com/owner/gate.git", "vcs_info": {"vcs": "git", "commit_id": "c" * 40}}

    class Distribution:
        def read_text(self, name: str) -> str | None:
            return json.dumps(told) if name == "direct_url.json" else None

    monkeypatch.setattr("importlib.metadata.distribution", lambda _name: Distribution())
    assert version.origin() == ("https://github.com/owner/gate.git", "c" * 40)
    folder = repository(TREE, "https://github.com/a/b")
    assert main(["init"]) == 0
    assert "in place of" not in capsys.readouterr().out
    assert f"uses: owner/gate@{'c' * 40}\n" in (folder / init.WORKFLOW).read_text()
    (repo,) = yaml.safe_load((folder / init.HOOKS).read_text())["repos"]
    assert (repo["repo"], repo["rev"]) == (told["url"], "c" * 40)
