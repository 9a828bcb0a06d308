"""The files for continuous integration: each valid by its format's own schema, and each saying what is there."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies import staged
from policies.command import main
from policies.reports import FORMATS

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "action.yml": "vendor.github-actions",
    ".github/workflows/ci.yml": "vendor.github-workflows",
    "docs/ci/gitlab-ci.yml": "vendor.gitlab-ci",
    ".gitlab-ci.yml": "vendor.gitlab-ci",
    **{
        f".github/workflows/{name}.yml": "vendor.github-workflows"
        for name in ("plan", "apply", "apply-environment", "drift", "destroy")
    },
}


def _read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "schema"), FILES.items())
def test_schema(name: str, schema: str) -> None:
    transform = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *transform, ROOT / name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_examples_of_the_page_are_valid(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "ci" / "README.md").read_text(encoding="utf-8")
    texts = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    hook, workflow = (yaml.safe_load(text) for text in texts)
    (tmp_path / ".pre-commit-config.yaml").write_text(texts[0])
    (tmp_path / "policies.yml").write_text(texts[1])
    done = subprocess.run(
        [
            Path(sys.executable).with_name("pre-commit"),
            "validate-config",
            tmp_path / ".pre-commit-config.yaml",
        ],
        check=False,
    )
    assert done.returncode == 0
    schema = ["--builtin-schema", "vendor.github-workflows", tmp_path / "policies.yml"]
    assert subprocess.run([sys.executable, "-m", "check_jsonschema", *schema], check=False).returncode == 0
    (entry,) = hook["repos"][0]["hooks"]
    assert entry["id"] in [one["id"] for one in _read(".pre-commit-hooks.yaml")]
    assert staged.split([*entry["args"], "a.tf"]) == (["--waivers=policies/waivers.toml"], ["a.tf"])
    (step,) = [one for one in workflow["jobs"]["policies"]["steps"] if "cloudmart" in one["uses"]]
    assert step["with"].keys() <= _read("action.yml")["inputs"].keys()


def _commands_of_the_page() -> list[str]:
    page = (ROOT / "docs" / "ci" / "README.md").read_text(encoding="utf-8")
    first, *others = re.findall(r"`(?:cloudmart-policies check .*?)?(--format \w+)`", page)
    return [first, *others]


@pytest.mark.parametrize("options", _commands_of_the_page())
def test_the_commands_of_the_page_run(
    options: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "my stack"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text('resource "aws_sns_topic" "t" {\n  name = "x"\n}\n')
    monkeypatch.chdir(tmp_path)
    assert main(["check", "--recursive", ".", *options.split()]) == 1
    out, err = capsys.readouterr()
    assert out.count("CM_QUEUES_ENCRYPTED") >= 2
    assert err == ""


def _shell() -> list[str]:
    action = [step["run"] for step in _read("action.yml")["runs"]["steps"] if "run" in step]
    jobs = [job for name in FILES if name.startswith(".github/") for job in _read(name)["jobs"].values()]
    workflow = [step["run"] for job in jobs for step in job.get("steps", ()) if "run" in step]
    gitlab = [
        line
        for key in ("before_script", "script")
        for line in _read("docs/ci/gitlab-ci.yml")["policies"][key]
    ]
    return [*action, *workflow, *gitlab]


@pytest.mark.parametrize("script", _shell())
def test_scripts_are_bash_and_name_what_exists(script: str) -> None:
    plain = re.sub(r"\$\{\{.*?\}\}", "value", script)
    assert subprocess.run(["bash", "-n"], input=plain, text=True, check=False).returncode == 0
    assert set(re.findall(r"--format (\w+)", script)) <= set(FORMATS)
    targets = set(
        re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert set(re.findall(r"\bmake ([a-z-]+)", script)) <= targets
    if "cloudmart-policies" in script:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        assert project["project"]["scripts"]["cloudmart-policies"] == "policies.__main__:main"


@pytest.mark.parametrize("name", FILES)
def test_inputs_reach_scripts_through_the_environment_only(name: str) -> None:
    """An expression within a script is text that somebody else may choose: it would be run."""
    text = (ROOT / name).read_text(encoding="utf-8")
    scripts = re.findall(r"run: \|\n((?:\s{8,}.*\n|\n)+)", text)
    for expression in re.findall(r"\$\{\{(.*?)\}\}", "".join(scripts)):
        assert expression.strip().startswith("matrix.")
