"""The pre-commit hook: which folders a commit concerns, and that nothing but the gate runs or is believed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import checkouts
import pytest
import yaml
from hostile import plant

from cloudmart_support.problem import Problem
from policies import staged

ROOT = Path(__file__).resolve().parents[2]
GOOD = 'resource "aws_sns_topic" "t" {\n  name              = "x"\n  kms_master_key_id = "alias/x"\n}\n'
BAD = 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\n'
WITH_KEY = 'variable "key" {\n  default = null\n}\n' + GOOD.replace('"alias/x"', "var.key")
CALL = 'module "m" {{\n  source = "{}"\n}}\n'
SWITCH = (
    'variable "sse" {{\n{}\n}}\nresource "aws_sqs_queue" "q" {{\n  sqs_managed_sse_enabled = var.sse\n}}\n'
)
DEFAULT = SWITCH.format("  default = false")
REQUIRED = SWITCH.format("  type = bool")
CALL_GOOD = 'module "m" {\n  source = "../root"\n  sse    = true\n}\n'


def _write(folder: Path, tree: Mapping[str, str]) -> None:
    for name, text in tree.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


# --- which folders --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tree", "changed", "expected"),
    [
        ({"a/main.tf": GOOD, "b/main.tf": GOOD}, ["a/main.tf"], ["a"]),
        ({"main.tf": GOOD}, ["main.tf"], ["."]),
        # Anything that a root may read.
        ({"a/main.tf": GOOD}, ["a/prod.auto.tfvars"], ["a"]),
        ({"a/main.tf": GOOD}, ["a/vars/prod.tfvars"], ["a"]),
        ({"a/main.tf": GOOD}, ["a/templates/deep/user.tftpl"], ["a"]),
        ({"a/main.tf": GOOD}, ["a/policy.json", "a/run.sh"], ["a"]),
        ({"a/main.tf": GOOD}, ["README.md", "b/x.py"], []),
        # Modules lead to all who call them, through any number of calls.
        (
            {"root/main.tf": CALL.format("../db"), "db/main.tf": REQUIRED},
            ["db/main.tf"],
            ["root"],  # the call lacks the value, which the gate tells there
        ),
        ({"root/main.tf": CALL_GOOD.replace("root", "db"), "db/main.tf": REQUIRED}, ["db/main.tf"], ["root"]),
        ({"root/main.tf": CALL_GOOD.replace("root", "db"), "db/main.tf": REQUIRED}, ["db/x.tftpl"], ["root"]),
        (
            {
                "root/main.tf": CALL.format("../a"),
                "a/main.tf": CALL.format("./b") + REQUIRED.split("resource")[0],
                "a/b/main.tf": GOOD + 'variable "n" {\n}\n',
            },
            ["a/b/main.tf"],
            ["root"],
        ),
        (
            {"root/main.tf.json": '{"mod\\u0075le": {"m": {"sou\\u0072ce": "../db"}}}', "db/main.tf": GOOD},
            ["db/main.tf"],
            ["db", "root"],
        ),
        ({"root/main.tf": CALL.format("../\\u0064b"), "db/main.tf": GOOD}, ["db/main.tf"], ["db", "root"]),
        ({"root/x_override.tf": CALL.format("../db"), "db/main.tf": GOOD}, ["db/x.sh"], ["db", "root"]),
        ({".deploy/main.tf": CALL.format("../db"), "db/main.tf": GOOD}, ["db/x.sh"], [".deploy", "db"]),
        # What is gone: the folder itself cannot be judged, who calls it can.
        ({"root/main.tf": CALL.format("../gone")}, ["gone/main.tf"], ["root"]),
        ({"other/main.tf": GOOD}, ["gone/main.tf"], []),
        # A folder with nothing to judge in it.
        ({"names/main.tf": 'output "x" {\n  value = 1\n}\n'}, ["names/main.tf"], []),
        # A root that another folder calls with better values is still a root.
        ({"root/main.tf": DEFAULT, "decoy/main.tf": CALL_GOOD}, ["root/main.tf"], ["decoy", "root"]),
        ({"root/main.tf": REQUIRED, "decoy/main.tf": CALL_GOOD}, ["root/main.tf"], ["decoy"]),
        *(
            (
                {"root/main.tf": REQUIRED, "decoy/main.tf": CALL_GOOD, **sign},
                ["root/main.tf", "decoy/main.tf"],
                ["decoy", "root"],
            )
            for sign in (
                {"root/b.tf": 'terraform {\n  backend "s3" {\n  }\n}\n'},
                {"root/b.tf": "terraform {\n  /* x */ backend s3 {\n  }\n}\n"},
                {"root/b.tf": "terraform {\n  cloud {\n  }\n}\n"},
                {"root/b.tf.json": '{"terraform": [{"back\\u0065nd": {"s3": {}}}]}'},
                {"root/p.tf": 'provider "aws" {\n}\n'},
                {"root/terraform.tfvars": "sse = false\n"},
                {"root/envs/prod.tfvars": "sse = false\n"},
                {"root/.terraform.lock.hcl": ""},
                {"root/broken.tf": "resource {{{"},
            )
        ),
        # A call without an instance judges nothing.
        (
            {"root/main.tf": REQUIRED, "decoy/main.tf": CALL_GOOD.replace("}", "  count = 0\n}")},
            ["root/main.tf"],
            ["decoy", "root"],
        ),
        # What cannot be read may call anything.
        ({"a/main.tf": GOOD, "odd/main.tf": "module {{{"}, ["a/main.tf"], ["a", "odd"]),
        ({"a/main.tf": GOOD, "odd/main.tf": "module {{{"}, ["README.md"], []),
        (
            {"my stack/main.tf": GOOD, "a\nb/main.tf": GOOD},
            ["my stack/x y.sh", "a\nb/c"],
            ["a\nb", "my stack"],
        ),
    ],
)
def test_folders(tree: dict[str, str], changed: list[str], expected: list[str], tmp_path: Path) -> None:
    _write(tmp_path, tree)
    assert staged.folders(changed, tmp_path) == expected


@pytest.mark.parametrize(
    ("options", "changed", "expected"),
    [
        ([], ["shared/live.tfvars"], ["a"]),
        ([], ["shared/other.tfvars"], []),
        ([], ["shared/w.toml"], ["b"]),
        ([], ["shared/p.toml", "b/x"], ["a", "b", "my root"]),
        ([], [".cloudmart-policies.toml"], ["a", "b", "my root"]),
        (["--no-config"], ["shared/live.tfvars"], []),
        (["--no-config", "--var-file=shared/live.tfvars"], ["shared/live.tfvars"], ["a", "b", "my root"]),
        (["--config=own.toml"], ["shared/live.tfvars"], ["my root"]),
        (["--config=own.toml", "--waivers=shared/w.toml"], ["shared/w.toml"], ["a", "b", "my root"]),
    ],
)
def test_what_decides_over_roots_may_lie_elsewhere(
    options: list[str],
    changed: list[str],
    expected: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _write(
        tmp_path,
        {
            **{f"{name}/main.tf": GOOD for name in ("a", "b", "my root")},
            ".cloudmart-policies.toml": 'params = "shared/p.toml"\n[[root]]\npath = "a"\n'
            'var-files = ["shared/live.tfvars"]\n[[root]]\npath = "b"\nwaivers = ["shared/w.toml"]\n',
            "own.toml": '[[root]]\npath = "my root"\nvar-files = ["shared/live.tfvars"]\n',
            "shared/live.tfvars": "",
            "shared/w.toml": "",
            "shared/p.toml": "",
        },
    )
    monkeypatch.chdir(tmp_path)
    assert staged.folders(changed, tmp_path, staged.Deciders(options)) == expected


def test_links_lead_to_what_they_name(tmp_path: Path) -> None:
    _write(tmp_path, {"shared/main.tf": GOOD, "db/main.tf": GOOD, "root/main.tf": CALL.format("./modules")})
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "main.tf").symlink_to("../shared/main.tf")
    (tmp_path / "root" / "modules").symlink_to("../db")
    assert staged.folders(["shared/main.tf"], tmp_path) == ["other", "shared"]
    assert staged.folders(["db/main.tf"], tmp_path) == ["db", "root"]
    assert "root" in staged.folders(["root/modules"], tmp_path)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system holds names in Unicode only")
    (folder / "main.tf").write_text(BAD)
    done = _hook(tmp_path, b"caf\xe9/main.tf")
    assert done.returncode == 1
    assert "CM_QUEUES_ENCRYPTED" in done.stdout


def test_a_file_outside_of_the_repository(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="outside"):
        staged.folders(["../x/main.tf"], tmp_path)


# --- options and names ----------------------------------------------------------------------------------


def _hook(
    folder: Path, *words: str | bytes, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The hook as pre-commit starts it: the entry and its arguments, in the repository's folder."""
    hook = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))[0]
    program, *entry = shlex.split(hook["entry"])
    assert program == "python"
    return subprocess.run(
        [sys.executable, *entry, *words],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


SOON = (datetime.now(UTC) + timedelta(days=30)).date()
HOSTILE_NAMES = {
    "--waivers=w.toml/main.tf": GOOD,
    "--params=p.toml/main.tf": GOOD,
    "-x/main.tf": GOOD,
    "--exact/main.tf": GOOD,
    "--/main.tf": GOOD,
    "w.toml": '[[waiver]]\nrule = "CM_QUEUES_ENCRYPTED"\naddress = "aws_sns_topic.t"\nowner = "x"\nreason = "x"\n'
    f"expires = {SOON}\n",
    "p.toml": '[coverage]\naccepted_stores = ["aws_qldb_ledger"]\n',
    "stack/main.tf": BAD,
    "store/main.tf": 'resource "aws_qldb_ledger" "l" {\n  name = "x"\n}\n',
}


@pytest.mark.parametrize("name", [name for name in HOSTILE_NAMES if name.startswith("-")])
@pytest.mark.parametrize("folder", ["stack", "store"])
def test_the_name_of_a_file_is_no_option(name: str, folder: str, tmp_path: Path) -> None:
    _write(tmp_path, HOSTILE_NAMES)
    ended = _hook(tmp_path, "--", name, f"{folder}/main.tf")
    assert ended.returncode == 1
    assert f"{folder}/main.tf" in ended.stdout + ended.stderr
    assert _hook(tmp_path, name, f"{folder}/main.tf").returncode != 0
    assert _hook(tmp_path, f"{folder}/main.tf", name).returncode != 0


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--waivers", "w.toml", "--"], 0),
        (["--waivers=w.toml", "--"], 0),
        (["--waivers", "w.toml"], 0),
        ([], 1),
        (["--"], 1),
        (["--output", "x", "--"], 2),
        (["--waiver=w.toml", "--"], 2),
        (["-v", "--"], 2),
        (["--waivers", "--"], 2),
        (["--var", "key=alias/x", "--"], 0),
        (["--var=key=alias/x"], 0),
        (["--var-file", "nowhere.tfvars", "--"], 2),
        (["--quiet", "--jobs", "2", "--waivers", "w.toml", "--"], 0),
        (["--recursive", "--"], 2),
    ],
)
def test_options_of_the_hook(args: list[str], code: int, tmp_path: Path) -> None:
    _write(tmp_path, {"w.toml": HOSTILE_NAMES["w.toml"], "stack/main.tf": WITH_KEY})
    done = _hook(tmp_path, *args, "stack/main.tf")
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_help(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert staged.main(["--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: cloudmart-policies-staged ")
    assert "exit codes:\n  0  " in out
    example = re.search(r"example:\n  cloudmart-policies-staged (.*)$", out)
    assert example is not None
    assert staged.split(shlex.split(example[1])) == (["--waivers=waivers.toml"], ["stacks/shop/main.tf"])
    # A file of that name is a file.
    _write(tmp_path, {"--help": ""})
    assert staged.main(["--help"]) == 2


def test_a_word_that_may_be_either_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, HOSTILE_NAMES)
    done = _hook(tmp_path, "--params=p.toml", "stack/main.tf")
    assert done.returncode == 1 or "may be an option or a file" in done.stderr
    (tmp_path / "--exact").rename(tmp_path / "aside")
    (tmp_path / "--exact").write_text("")
    assert "may be an option or a file" in _hook(tmp_path, "--exact", "stack/main.tf").stderr


# --- nothing of the repository runs ---------------------------------------------------------------------


@pytest.mark.parametrize("path", [None, ".", ""])
def test_no_module_of_the_repository_is_imported(path: str | None, tmp_path: Path) -> None:
    repository, marker = tmp_path / "repository", tmp_path / "marker"
    _write(repository, {"stack/main.tf": BAD})
    plant(repository, marker)
    done = _hook(
        repository, "--", "stack/main.tf", "json.py", environment={} if path is None else {"PYTHONPATH": path}
    )
    assert done.returncode == 1, done.stderr
    assert not marker.exists(), marker.read_text()


def test_the_manifest_is_valid() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("pre-commit"), "validate-manifest", ROOT / ".pre-commit-hooks.yaml"],
        check=False,
    )
    assert done.returncode == 0


# --- within pre-commit ----------------------------------------------------------------------------------


def _git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of hooks made of this checkout as it is, committed."""
    folder = tmp_path_factory.mktemp("hooks")
    checkouts.copy(folder, ".pre-commit-hooks.yaml")
    _git(folder, "init", "-q")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "hooks")
    return folder


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def pre_commit(hooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """pre-commit with a home of its own, in which the hook is installed."""
    home = tmp_path_factory.mktemp("home")
    program = Path(sys.executable).with_name("pre-commit")

    def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *words],
            cwd=folder,
            env={**os.environ, "PRE_COMMIT_HOME": str(home), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    first = tmp_path_factory.mktemp("first")
    _repository(first, hooks)
    done = run(first, "install-hooks")
    if done.returncode and any(
        words in done.stdout
        for words in ("NameResolution", "ConnectTimeout", "Connection refused", "Network is")
    ):
        pytest.skip("pre-commit installs hooks from PyPI, which cannot be reached here")
    assert done.returncode == 0, done.stdout + done.stderr
    return run


def _repository(folder: Path, hooks: Path, args: list[str] | None = None) -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=hooks, check=True, capture_output=True, text=True)
    hook = {"id": "terraform-policies", **({"args": args} if args is not None else {})}
    config = {"repos": [{"repo": str(hooks), "rev": head.stdout.strip(), "hooks": [hook]}]}
    _git(folder, "init", "-q")
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    _git(folder, "add", "-A")


def test_a_commit_of_a_hostile_repository(hooks: Path, pre_commit: Run, tmp_path: Path) -> None:
    repository, marker = tmp_path / "repository", tmp_path / "marker"
    plant(repository, marker)
    _write(repository, HOSTILE_NAMES)
    _repository(repository, hooks)
    done = pre_commit(repository, "run")
    assert done.returncode == 1
    assert "aws_qldb_ledger" in done.stdout
    assert "CM_QUEUES_ENCRYPTED" in done.stdout
    assert not marker.exists(), marker.read_text()


def test_commits_without_configuration_files(hooks: Path, pre_commit: Run, tmp_path: Path) -> None:
    tree = {
        "root/main.tf": SWITCH.format("  default = true"),
        "root/terraform.tfvars": "sse = true\n",
        "notes.md": "x\n",
        "old/main.tf": GOOD,
        "old/bad.tf": BAD.replace('"t"', '"u"'),
    }
    _write(tmp_path, tree)
    _repository(tmp_path, hooks)
    assert pre_commit(tmp_path, "run").returncode == 1
    _git(tmp_path, "commit", "-q", "-m", "as it was")
    _write(tmp_path, {"notes.md": "y\n"})
    _git(tmp_path, "add", "-A")
    assert pre_commit(tmp_path, "run").returncode == 0
    # Only a variables file.
    _write(tmp_path, {"root/terraform.tfvars": "sse = false\n"})
    _git(tmp_path, "add", "-A")
    done = pre_commit(tmp_path, "run")
    assert (done.returncode, "aws_sqs_queue.q" in done.stdout) == (1, True)
    _git(tmp_path, "commit", "-q", "-m", "off")
    # Only a deletion, of the file that was in order.
    _git(tmp_path, "rm", "-q", "old/main.tf")
    done = pre_commit(tmp_path, "run")
    assert (done.returncode, "aws_sns_topic.u" in done.stdout) == (1, True)
    assert "aws_sqs_queue.q" not in done.stdout


def test_arguments_in_the_configuration(hooks: Path, pre_commit: Run, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "ci" / "README.md").read_text(encoding="utf-8")
    example = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])
    args = example["repos"][0]["hooks"][0]["args"]
    _write(tmp_path, {"s/main.tf": BAD, args[1]: HOSTILE_NAMES["w.toml"], "my root/main.tf": GOOD})
    _repository(tmp_path, hooks, args)
    done = pre_commit(tmp_path, "run", "--all-files")
    assert done.returncode == 0, done.stdout
    # Several roots, one report.
    _write(tmp_path, {"my root/main.tf": BAD.replace('"t"', '"u"')})
    done = pre_commit(tmp_path, "run", "--all-files")
    assert done.returncode == 1
    assert done.stdout.count("The gate is closed.") == 1
    assert re.search(r"^my root +closed .*\n^s +open ", done.stdout, re.M)
    _repository(tmp_path, hooks, ["--no-such", "--"])
    done = pre_commit(tmp_path, "run", "--all-files")
    assert done.returncode == 1
    assert "no option of this hook" in done.stdout
