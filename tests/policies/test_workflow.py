"""The action and the GitLab job: their scripts are run as the hosts run them, in a repository that means harm."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import checkouts
import pytest
import yaml
from hostile import plant

from policies import workflow

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
GITLAB = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab-ci.yml").read_text(encoding="utf-8"))
GOOD = 'resource "aws_sns_topic" "t" {\n  name              = "x"\n  kms_master_key_id = "alias/x"\n}\n'
BAD = 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\n'
SOON = (datetime.now(UTC) + timedelta(days=30)).date()
PUBLIC = 'resource "aws_db_instance" "d" {\n  publicly_accessible = true\n}\n'
WAIVED = (
    '[[waiver]]\nrule = "CM_QUEUES_ENCRYPTED"\naddress = "aws_sns_topic.t"\nowner = "x"\nreason = "x"\n'
    f"expires = {SOON}\n"
)

Done = subprocess.CompletedProcess[str]


def _write(folder: Path, tree: Mapping[str, str]) -> None:
    for name, text in tree.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def _git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as an action or a job fetches it, committed."""
    folder = tmp_path_factory.mktemp("checkout")
    checkouts.copy(folder, "action.yml", "requirements")
    _git(folder, "init", "-q")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "the gate")
    return folder


def _bash(script: str, folder: Path, environment: Mapping[str, str]) -> Done:
    """A step's script as the runner starts it: https://docs.github.com/en/actions, `defaults.run.shell`."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


class Runner:
    """Runs the steps of `action.yml` one after the other, over one workspace."""

    def __init__(self, temporary: Path, checkout: Path) -> None:
        self.temporary = temporary
        self.checkout = checkout

    def step(self, name: str, workspace: Path, inputs: Mapping[str, str]) -> Done:
        step = next(one for one in ACTION["runs"]["steps"] if one.get("name") == name)
        given = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()}
        values = {**{f"inputs.{name}": text for name, text in {**given, **inputs}.items()}}
        values["runner.temp"] = str(self.temporary)
        open_ = {key: _expanded(text, values) for key, text in step["env"].items()}
        summary = self.temporary / "summary.md"
        summary.write_text("")
        environment = {
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_ACTION_PATH": str(self.checkout),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_ACTIONS": "true",
            "HOME": str(self.temporary / "home"),
        }
        assert "${{" not in step["run"]
        folder = _expanded(step.get("working-directory", str(workspace)), values)
        return _bash(step["run"], Path(folder), {**environment, **open_})

    def judge(self, workspace: Path, **inputs: str) -> Done:
        inputs = {name.replace("_", "-"): text for name, text in inputs.items()}
        return self.step("Judge", workspace, inputs)


def _expanded(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: values[found[1]], text)


def _reachable(done: Done) -> None:
    if done.returncode and any(
        words in done.stdout
        for words in ("NameResolution", "ConnectTimeout", "Connection refused", "Network is")
    ):
        pytest.skip("the gate is installed from PyPI, which cannot be reached here")
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def runner(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """The action's first steps, done over a workspace of hostile files."""
    temporary = tmp_path_factory.mktemp("runner temp")
    workspace, marker = tmp_path_factory.mktemp("workspace"), temporary / "marker"
    plant(workspace, marker)
    runner = Runner(temporary, checkout)
    _reachable(runner.step("Install the gate", workspace, {}))
    assert not marker.exists(), marker.read_text()
    return runner


def commands(output: str) -> list[str]:
    """The commands that GitHub's runner would carry out, and what ends their being stopped.

    Source: actions/runner, src/Runner.Common/ActionCommand.cs and src/Runner.Worker/ActionCommandManager.cs
    """
    found: list[str] = []
    token = ""
    for line in re.split(r"\r\n|\r|\n", output):
        command = re.match(r"\s*::([^ :]+)(?: [^:]*)?::(.*)", line) or re.search(
            r"##\[(\S+?)(?: .*?)?\](.*)", line
        )
        if command is None:
            continue
        if token:
            if command[1] == token:
                token = ""
        elif command[1] == "stop-commands":
            token = command[2]
        else:
            found.append(line)
    return found if not token else [*found, "commands stayed off"]


def test_the_runner_of_these_tests_sees_commands() -> None:
    assert commands("  ::error file=x::y\n|  ::error::y\nx ##[add-mask]y\n") == [
        "  ::error file=x::y",
        "x ##[add-mask]y",
    ]
    assert commands("::stop-commands::t\n::error::y\n::t::\n::notice::z") == ["::notice::z"]
    assert commands("a\r::error::y") == ["::error::y"]


# --- the action -----------------------------------------------------------------------------------------


def test_nothing_of_the_judged_repository_runs(runner: Runner, tmp_path: Path) -> None:
    workspace, marker = tmp_path / "workspace", tmp_path / "marker"
    plant(workspace, marker)
    _write(workspace, {"stack/main.tf": BAD})
    done = runner.judge(workspace, paths="stack")
    assert done.returncode == 1
    assert "CM_QUEUES_ENCRYPTED" in done.stdout
    assert not marker.exists(), marker.read_text()
    assert (workspace / "policies.sarif").is_file()
    assert "CM_QUEUES_ENCRYPTED" in (runner.temporary / "summary.md").read_text()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("cloudmart-policies check stack", 1, "CM_QUEUES_ENCRYPTED"),
        ("cloudmart-policies-staged -- stack/main.tf", 1, "CM_QUEUES_ENCRYPTED"),
        # What these two need is not installed with the gate alone.
        ("cloudmart-policies check --exact stack", 2, "pip install 'cloudmart-infrastructure[exact]'"),
        ("cloudmart-mock-provider run -- terraform plan", 2, "pip install 'cloudmart-infrastructure[exact]'"),
    ],
)
def test_an_installed_command_runs_nothing_of_the_folder_that_it_is_called_in(
    words: str, code: int, said: str, runner: Runner, tmp_path: Path
) -> None:
    """Folders there that are called as the gate's own packages are not taken for them."""
    workspace, marker = tmp_path / "workspace", tmp_path / "marker"
    plant(workspace, marker)
    _write(workspace, {"stack/main.tf": BAD})
    _git(workspace, "init", "-q")
    _git(workspace, "add", "-A")
    done = _bash(f'"$BIN"/{words}', workspace, {"BIN": str(runner.temporary / "policies" / "bin")})
    assert done.returncode == code, done.stdout
    assert said in done.stdout
    assert not marker.exists(), marker.read_text()


@pytest.mark.parametrize(
    ("paths", "code"),
    [
        ("good", 0),
        ("good\nbad\n", 1),
        ("good bad", 1),
        ("bad\ngood", 1),
        ("  good\r\n\tbad\r\n", 1),
        ("good\n\n\nbad", 1),
        ("my stack", 0),
        ("my stack\nbad", 1),
        ('"my stack"\ngood', 0),
        ("good *", 2),
        ("", 2),
        ("\n  \n", 2),
        ("nowhere", 2),
        ("-x", 0),
        ("--waivers=w.toml\nbad", 1),
        ("$(touch ran) `touch ran` ; touch ran", 2),
    ],
)
def test_every_path_is_judged(paths: str, code: int, runner: Runner, tmp_path: Path) -> None:
    names = ("good", "my stack", "-x", "--waivers=w.toml")
    _write(tmp_path, {f"{name}/main.tf": GOOD for name in names})
    _write(tmp_path, {"bad/main.tf": BAD, "w.toml": WAIVED})
    done = runner.judge(tmp_path, paths=paths)
    assert done.returncode == code, done.stdout
    assert not (tmp_path / "ran").exists()


def test_a_folder_cannot_take_the_place_of_two(runner: Runner, tmp_path: Path) -> None:
    _write(tmp_path, {"good/main.tf": GOOD, "bad/main.tf": BAD, "good bad/main.tf": GOOD})
    assert runner.judge(tmp_path, paths="good bad").returncode == 2
    assert runner.judge(tmp_path, paths='"good bad"').returncode == 0


@pytest.mark.parametrize(
    "name",
    [
        "paths",
        "var-files",
        "config",
        "params",
        "waivers",
        "baseline",
        "comments",
        "configuration",
        "exact",
        "sarif",
        "base",
    ],
)
def test_an_input_is_never_read_by_a_shell(name: str, runner: Runner, tmp_path: Path) -> None:
    _write(tmp_path, {"good/main.tf": GOOD})
    for value in ("$(touch ran)", "`touch ran`", "x; touch ran", "' ; touch ran '", '" ; touch ran "'):
        runner.judge(tmp_path, **{"paths": "good", "waivers": "w.toml", name: value})
        assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "name",
    [
        "a\n::error::x",
        "a\r::add-mask::y",
        "a ##[add-mask]z",
        "a\n ::stop-commands::t",
        "a\n\t::set-output name=a::b",
    ],
)
@pytest.mark.parametrize(
    "text", [BAD, "resource {{{", 'module "m" {\n  source = "./\\n::add-mask::y\\u001b[31m"\n}\n']
)
def test_what_is_judged_gives_no_commands(name: str, text: str, runner: Runner, tmp_path: Path) -> None:
    _write(tmp_path, {f"s/{name}.tf": text, f"s/{name}/main.tf": text})
    for paths in ("s", f'"s/{name}"', f"s/{name}"):
        done = runner.judge(tmp_path, paths=paths)
        assert done.returncode != 0
        assert commands(done.stdout) == []
        assert "\x1b" not in done.stdout
        between = done.stdout.splitlines()[1:-1]
        assert between
        assert all(line.startswith("| ") for line in between)


def test_accepted_findings_are_those_of_the_base(runner: Runner, tmp_path: Path) -> None:
    _write(tmp_path, {"s/main.tf": BAD, "notes": "x"})
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-q", "-m", "base")
    base = _git(tmp_path, "rev-parse", "HEAD")
    _write(tmp_path, {"w.toml": WAIVED})
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-q", "-m", "a change that accepts itself")
    head = _git(tmp_path, "rev-parse", "HEAD")
    assert runner.judge(tmp_path, paths="s", waivers="w.toml").returncode == 0
    assert runner.judge(tmp_path, paths="s", waivers="w.toml", base=base).returncode == 1
    assert runner.judge(tmp_path, paths="s", waivers="w.toml", base=head).returncode == 0
    for unknown in ("0" * 40, "nowhere", "--output=x"):
        done = runner.judge(tmp_path, paths="s", waivers="w.toml", base=unknown)
        assert done.returncode == 2
        assert "fetch-depth" in done.stdout


def test_what_a_change_brings_along_decides_nothing(runner: Runner, tmp_path: Path) -> None:
    """A configuration that nobody named, and a comment, both of the change that is judged."""
    comment = f"# cloudmart-policies: waive CM_QUEUES_ENCRYPTED until {SOON} because it is mine\n"
    configuration = 'skip = ["CM_QUEUES_ENCRYPTED"]\nroots = ["s"]\n'
    _write(tmp_path, {"s/main.tf": BAD, "c/main.tf": comment + BAD, "notes": ""})
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", "notes")
    _git(tmp_path, "commit", "-q", "-m", "base")
    base = _git(tmp_path, "rev-parse", "HEAD")
    _write(tmp_path, {".cloudmart-policies.toml": configuration})
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-q", "-m", "a change that accepts itself")
    head = _git(tmp_path, "rev-parse", "HEAD")
    for inputs, code in (
        ({"paths": "s"}, 1),
        ({"paths": "s", "base": base}, 1),
        ({"paths": "s", "base": head}, 0),
        ({"base": head}, 0),
        ({"config": ".cloudmart-policies.toml"}, 0),
        ({"config": ".cloudmart-policies.toml", "paths": "s", "base": base}, 1),
        ({"paths": "c"}, 1),
        ({"paths": "c", "base": base}, 1),
        ({"paths": "c", "comments": "allow"}, 0),
        ({"paths": "c", "comments": "perhaps"}, 2),
    ):
        done = runner.judge(tmp_path, **inputs)
        assert done.returncode == code, (inputs, done.stdout)


def test_the_example_of_the_page(runner: Runner, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "ci" / "README.md").read_text(encoding="utf-8")
    (workflow,) = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(on:.*?)```", page, re.DOTALL)]
    steps = {step.get("id"): step for step in workflow["jobs"]["policies"]["steps"]}
    inputs = dict(steps["gate"]["with"])
    _write(
        tmp_path, {"stacks/network/main.tf": BAD, "stacks/my shop/main.tf": GOOD, inputs["waivers"]: WAIVED}
    )
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-q", "-m", "base")
    inputs["base"] = _expanded(
        inputs["base"], {"github.event.pull_request.base.sha": _git(tmp_path, "rev-parse", "HEAD")}
    )
    done = runner.step("Judge", tmp_path, inputs)
    assert done.returncode == 0, done.stdout
    _write(tmp_path, {"stacks/my shop/main.tf": BAD})
    done = runner.step("Judge", tmp_path, inputs)
    assert done.returncode == 1
    assert re.search(r"^\| stacks/my shop +closed ", done.stdout, re.M)
    assert json.loads((tmp_path / "policies.sarif").read_text())["version"] == "2.1.0"


def test_the_roots_are_found_or_are_those_of_the_configuration(runner: Runner, tmp_path: Path) -> None:
    tree = {"good/main.tf": GOOD, "my stack/main.tf": BAD, "m/main.tf": BAD}
    _write(tmp_path, {**tree, "good/call.tf": 'module "m" {\n  source = "../m"\n}\n'})
    done = runner.judge(tmp_path, paths=".", recursive="true")
    assert done.returncode == 1
    assert re.findall(r"^\| (\S.*?) +(?:open|closed) ", done.stdout, re.M) == ["good", "my stack"]
    assert runner.judge(tmp_path, paths=".", recursive="yes").returncode == 2
    assert runner.judge(tmp_path, paths="").returncode == 2
    # A configuration that nobody asked for decides nothing; with a base it does, as it is there.
    accepting = 'roots = ["**"]\nskip = ["CM_QUEUES_ENCRYPTED"]\n'
    _write(tmp_path, {".cloudmart-policies.toml": accepting})
    assert runner.judge(tmp_path, paths="").returncode == 2
    assert runner.judge(tmp_path, paths="", config=".cloudmart-policies.toml").returncode == 0
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-q", "-m", "base")
    base = _git(tmp_path, "rev-parse", "HEAD")
    _write(tmp_path, {"later/main.tf": PUBLIC, ".cloudmart-policies.toml": 'roots = ["good"]\n'})
    done = runner.judge(tmp_path, paths="", base=base)
    assert done.returncode == 1
    assert re.search(r"^\| later +closed ", done.stdout, re.M)
    assert re.search(r"^\| my stack +open ", done.stdout, re.M)


def test_files_of_variables_are_read(runner: Runner, tmp_path: Path) -> None:
    text = 'variable "key" {\n  default = null\n}\n' + GOOD.replace('"alias/x"', "var.key")
    _write(tmp_path, {"s/main.tf": text, "a b.tfvars": 'key = "alias/x"\n', "off.tfvars": "key = null\n"})
    assert runner.judge(tmp_path, paths="s").returncode == 1
    assert runner.judge(tmp_path, paths="s", var_files="a b.tfvars").returncode == 0
    assert runner.judge(tmp_path, paths="s", var_files="off.tfvars\na b.tfvars").returncode == 0
    assert runner.judge(tmp_path, paths="s", var_files="a b.tfvars\noff.tfvars").returncode == 1
    assert runner.judge(tmp_path, paths="s", var_files="nowhere.tfvars").returncode == 2


def test_exact_is_asked_for_in_words(runner: Runner, tmp_path: Path) -> None:
    _write(tmp_path, {"good/main.tf": GOOD})
    done = runner.judge(tmp_path, paths="good", exact="yes")
    assert done.returncode == 2
    assert "`exact` is true, false or try" in done.stdout


# --- GitLab ---------------------------------------------------------------------------------------------


def test_the_gitlab_job(checkout: Path, tmp_path: Path) -> None:
    workspace, marker = tmp_path / "work space", tmp_path / "marker"
    plant(workspace, marker)
    _write(workspace, {"good/main.tf": GOOD, "my stack/main.tf": BAD})
    _git(workspace, "init", "-q")
    (script,) = GITLAB["policies"]["script"]
    job = {key: str(value) for key, value in GITLAB["variables"].items()}
    job.update(POLICIES_URL=checkout.as_uri(), HOME=str(tmp_path), CI_PROJECT_DIR=str(workspace))
    refused = _bash(script, workspace, job)
    assert refused.returncode != 0
    assert "set it to the id of a commit" in refused.stdout
    job.update(POLICIES_COMMIT=_git(checkout, "rev-parse", "HEAD"), TERRAFORM_PATHS="good\nmy stack\n")
    done = _bash(script, workspace, job)
    if "No matching distribution" in done.stdout or "NameResolution" in done.stdout:
        pytest.skip("the gate is installed from PyPI, which cannot be reached here")
    assert done.returncode == 1, done.stdout
    assert "CM_QUEUES_ENCRYPTED" in done.stdout
    kinds = ("xml", "sarif", "html", "codequality.json")
    assert all((workspace / f"policies.{kind}").is_file() for kind in kinds)
    written = GITLAB["policies"]["artifacts"]["reports"].values()
    assert all((workspace / path).is_file() for path in written)
    assert not marker.exists(), marker.read_text()


# --- the parts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["jenkins"]])
def test_a_host_that_is_not_known(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert workflow.main(arguments) == 2
    assert "github or gitlab" in capsys.readouterr().err


def test_nothing_is_read_into_a_line() -> None:
    assert workflow.listed(' "a b" \n"c\nd e\n""') == ["a b", '"c', "d", "e", '""']
    assert workflow.listed("  \n\r\n") == []


def _uses() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name in ("action.yml", ".github/workflows/ci.yml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        found += [(name, line.strip()) for line in text.splitlines() if re.match(r"\s*(?:- )?uses:", line)]
    return found


@pytest.mark.parametrize(("name", "line"), _uses())
def test_actions_are_pinned_by_commit(name: str, line: str) -> None:
    assert re.fullmatch(r"(?:- )?uses: [\w-]+(?:/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), (
        f"{name}: {line}"
    )


def test_every_installation_is_isolated_and_has_hashes() -> None:
    texts: dict[str, Any] = {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in ("action.yml", "docs/ci/gitlab-ci.yml", "Makefile", ".github/workflows/ci.yml")
    }
    for name, text in texts.items():
        assert not re.search(r"python\S* -m (?:venv|pip)", text), name
        for line in text.replace("\\\n", " ").splitlines():
            if re.search(r"install\[@\]\}|\$install |pip install .* -r", line):
                assert re.search(r"--require-hashes --only-binary :all:|--no-index --no-deps", line), (
                    f"{name}: {line}"
                )


@pytest.mark.parametrize("file", sorted(path.name for path in (ROOT / "requirements").iterdir()))
def test_requirements_are_those_of_the_lock(file: str, tmp_path: Path) -> None:
    """`make requirements` writes them."""
    text = (ROOT / "requirements" / file).read_text(encoding="utf-8")
    command = text.splitlines()[1].removeprefix("#").split()
    assert command[:2] == ["uv", "export"]
    assert f"requirements/{file}" == command[-1]
    done = subprocess.run(
        [ROOT / ".tools" / "bin" / "uv", *command[1:-2], "--quiet", "--offline"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[2:] == text.splitlines()[2:]


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not on the path")
def test_actionlint() -> None:
    done = subprocess.run(
        ["actionlint", "-shellcheck=", "-pyflakes="], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
