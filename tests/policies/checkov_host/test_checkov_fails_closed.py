"""Where Checkov alone ends with exit code 0, the command ends with 2."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from cloudmart_support.problem import Problem
from policies.checkov_host.__main__ import _compare, _reports
from policies.checkov_host.copying import readable

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".venv-checkov" / "bin" / "python"
SOUND = {"resource": {"aws_sns_topic": {"main": {"kms_master_key_id": "alias/aws/sns"}}}}


def _host(path: Path, *arguments: str, checks: Path | None = None) -> subprocess.CompletedProcess[str]:
    script = "import sys; from pathlib import Path; from policies.checkov_host import __main__ as host\n"
    if checks is not None:
        script += f"host.CHECKS = Path({str(checks)!r})\n"
    script += "sys.exit(host.main(sys.argv[1:]))"
    return subprocess.run(
        [PYTHON, "-c", script, path, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    folder = tmp_path / "sound"
    folder.mkdir()
    (folder / "main.tf.json").write_text(json.dumps(SOUND))
    return folder


# --- found before Checkov starts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "there are no resources"),
        ({"main.tf.json": "{"}, "main.tf.json"),
        ({"main.tf": 'resource "aws_sns_topic" {'}, "main.tf"),
        ({"good.tf": 'resource "aws_sns_topic" "a" {}\n', "bad.tf": "resource {{{"}, "bad.tf"),
        ({"main.tf": 'variable "x" {}\n'}, "there are no resources"),
    ],
)
def test_folders_that_cannot_be_judged(files: dict[str, str], words: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = _host(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        '{"format_version": "1.2", "planned_values": {"root_mod',
        json.dumps({"format_version": "1.2", "errored": True, "planned_values": {"root_module": {}}}),
        json.dumps({"format_version": "1.2"}),
    ],
)
def test_plans_that_are_not_whole(text: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(text)
    done = _host(tmp_path / "plan.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    done = _host(tmp_path / "nowhere")
    assert done.returncode == 2
    assert "there is no such file or folder" in done.stderr


# --- found in Checkov's report --------------------------------------------------------------------------


def _done(code: int, report: object, stderr: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess(
        [], code, report if isinstance(report, str) else json.dumps(report), stderr
    )


@pytest.mark.parametrize(
    ("done", "words"),
    [
        (_done(0, {"passed": 0, "failed": 0, "parsing_errors": 1}), "cannot parse 1 files"),
        (_done(0, {"passed": 0, "failed": 0, "parsing_errors": 0}), "judged nothing"),
        (_done(0, ""), "wrote no report"),
        (_done(2, "[]"), "exit code 2"),
        (_done(0, [{"check_type": "terraform", "summary": {}}]), "judged nothing as terraform_json"),
        (_done(0, {"check_type": "terraform_json"}, "Cannot load external check 'x'"), "could not be loaded"),
        (
            _done(0, {"check_type": "terraform_json"}, "Traceback (most recent call last)"),
            "could not be loaded",
        ),
    ],
)
def test_reports_that_are_not_whole(done: subprocess.CompletedProcess[str], words: str) -> None:
    with pytest.raises(Problem, match=words):
        _reports(done, Path("stack"), ["terraform_json"])


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({("CM_A", "x"): "pass"}, {}),
        ({}, {("CM_A", "x"): "pass"}),
        ({("CM_A", "x"): "fail"}, {("CM_A", "x"): "pass"}),
        ({("CM_A", "x"): "fail"}, {("CM_A", "x"): "waived"}),
        ({}, {}),
    ],
)
def test_hosts_that_disagree_are_not_believed(
    expected: dict[tuple[str, str], str], found: dict[tuple[str, str], str]
) -> None:
    with pytest.raises(Problem):
        _compare(expected, found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no_init", None),
        ("broken", "raise ValueError('broken')\n"),
        (
            "raising",
            f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
            "from policies.checkov_host import adapter, verdicts\n"
            "def answers(*arguments): raise ValueError('broken')\n"
            "verdicts.Verdicts.answers = answers\n"
            "adapter.register()\n",
        ),
    ],
)
def test_checks_that_do_not_run(name: str, text: str | None, sound: Path, tmp_path: Path) -> None:
    checks = tmp_path / name
    checks.mkdir()
    if text is not None:
        (checks / "__init__.py").touch()
    (checks / "check.py").write_text(text or "")
    done = _host(sound, checks=checks)
    assert (done.returncode, done.stdout) == (2, "")


# --- the copy that Checkov reads ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "copied"),
    [
        ({"terraform": {"required_version": ">= 1.6"}, **SOUND}, {"terraform": {}, **SOUND}),
        ({"import": [{"to": "a.b", "id": "c"}], **SOUND}, {"import": {}, **SOUND}),
        (
            {"resource": [{"aws_sns_topic": [{"main": [{"name": "a"}]}]}]},
            {"resource": {"aws_sns_topic": {"main": {"name": "a"}}}},
        ),
        (
            {"resource": [{"aws_sns_topic": {"a": {"n": [1]}}}, {"aws_sns_topic": {"b": {}}}]},
            {"resource": {"aws_sns_topic": {"a": {"n": [1]}, "b": {}}}},
        ),
        ({"output": [], **SOUND}, {"output": {}, **SOUND}),
        (
            {"provider": {"aws": [{"region": "x"}]}, **SOUND},
            {"provider": {"aws": [{"region": "x"}]}, **SOUND},
        ),
    ],
)
def test_the_copy_says_the_same(written: object, copied: object) -> None:
    assert json.loads(readable(json.dumps(written, indent=2), "main.tf.json")) == copied


def test_the_copy_keeps_lines() -> None:
    text = json.dumps(
        {"terraform": {"required_version": ">= 1.6", "backend": {"local": {}}}, **SOUND}, indent=2
    )
    copied = readable(text, "main.tf.json").splitlines()
    line = next(number for number, line in enumerate(text.splitlines()) if '"main"' in line)
    assert '"main"' in copied[line]


# --- in a Checkov of somebody else's --------------------------------------------------------------------


@pytest.mark.parametrize("workers", [(), ("--framework", "terraform")], ids=["side by side", "alone"])
@pytest.mark.parametrize("broken", ["parameters", "import"])
def test_checkov_by_itself_does_not_go_on_without_the_rules(
    workers: tuple[str, ...], broken: str, tmp_path: Path
) -> None:
    folder = tmp_path / "configuration"
    folder.mkdir()
    (folder / "main.tf").write_text('resource "aws_sns_topic" "a" {\n  name = "a"\n}\n')
    checks = ROOT / "policies" / "checkov_host" / "checks"
    environment = {**os.environ}
    if broken == "parameters":
        environment["CLOUDMART_POLICY_PARAMS"] = str(tmp_path / "nowhere.toml")
    else:
        # From here the rules are not to be found.
        checks = Path(shutil.copytree(checks, tmp_path / "a" / "b" / "c" / "checks"))
        environment.pop("PYTHONPATH", None)
    command = [PYTHON, "-m", "checkov.main", "-d", str(folder), "--external-checks-dir", str(checks)]
    done = subprocess.run(
        [*command, *workers, "--check", "CM_*", "--skip-download"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (2, -signal.SIGTERM), done.stdout
    assert "error: " in done.stderr
