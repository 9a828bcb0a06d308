"""What is given to make is text: nothing of it runs, and names with blanks and quotes arrive as they are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# What a program is called with, a line a call.
RECORDER = """#!{python} -I
import json, os, sys
with open({log!r}, "a") as log:
    given = os.environ.get("PYTEST_ADDOPTS", "")
    about = {{"program": sys.argv[0], "words": sys.argv[1:], "PYTEST_ADDOPTS": given}}
    log.write(json.dumps({{**about, "BINDINGS": os.environ.get("BINDINGS", "")}}) + "\\n")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The Makefile over environments whose programs only note how they are called."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    shutil.copytree(ROOT / "environments", folder / "environments")
    version = re.search(r"^uv==(\S+)", (folder / "requirements" / "tools.txt").read_text(), re.M)
    assert version
    for name in (f".tools/uv-{version[1]}", ".venv/ready", ".venv-checkov/ready", ".venv-cdktn/ready"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    for name in (".venv/bin/python", ".venv-checkov/bin/python", ".venv-cdktn/bin/python", ".tools/bin/uv"):
        program = folder / name
        program.parent.mkdir()
        program.write_text(RECORDER.format(python=sys.executable, log=str(folder / "log")))
        program.chmod(0o755)
    return folder


def _make(
    folder: Path, *words: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    # What a make around these tests was given is not meant for this one.
    inherited = {
        name: text
        for name, text in os.environ.items()
        if name not in ("MAKEFLAGS", "MAKEOVERRIDES", "ENV", "BINDINGS", "PYTEST_ADDOPTS")
    }
    return subprocess.run(
        ["make", *words],
        cwd=folder,
        env={**inherited, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def _calls(folder: Path) -> list[dict[str, list[str] | str]]:
    log = folder / "log"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@pytest.mark.parametrize("awk", ["mawk", "original-awk", "busybox awk"])
def test_help_reads_alike_with_every_awk(awk: str, project: Path) -> None:
    """original-awk is the one of macOS and the BSDs; Alpine has BusyBox, whose sed is tried with its awk."""
    if shutil.which(awk.split()[0]) is None:
        pytest.skip(f"{awk} is not installed")
    tools = project / "tools"
    tools.mkdir()
    programs = {"awk": awk, "sed": "busybox sed"} if awk.startswith("busybox") else {"awk": awk}
    for name, program in programs.items():
        (tools / name).write_text(f'#!/bin/sh\nexec {program} "$@"\n')
        (tools / name).chmod(0o755)
    done = _make(project, "help", environment={"PATH": f"{tools}:{os.environ['PATH']}"})
    documented = re.findall(r"^([a-z-]+):.*## (.*)$", (project / "Makefile").read_text(), re.M)
    assert re.findall(r"^  make (\S+) +(.*)$", done.stdout, re.M) == documented
    assert len(documented) > 20
    assert done.stderr == ""


ATTACKS = [
    "x; touch marker",
    "$$(touch marker)",
    "$(touch marker)",
    "`touch marker`",
    "' ; touch marker; '",
    '" ; touch marker; "',
    "x | touch marker",
    "x\ntouch marker",
]
TARGETS = {
    "ENV": ("synth", "local", "policy", "validate", "handoff", "plan"),
    "TARGET": ("policy",),
    "SINCE": ("handoff",),
    "ARGS": ("test", "bench"),
    "ALLOW_REPLACE": ("plan", "apply", "destroy"),
    "CONFIRM": ("destroy",),
    "BINDINGS": ("synth", "plan"),
    "PYTHON": ("help", "synth"),
    "LOCAL": ("plan",),
    "TF": ("plan",),
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(
    ("variable", "target"), [(name, one) for name, all in TARGETS.items() for one in all]
)
def test_nothing_that_is_given_runs(variable: str, target: str, attack: str, project: Path) -> None:
    _make(project, target, f"{variable}={attack}")
    _make(project, target, environment={variable: attack.replace("$$", "$")})
    assert not (project / "marker").exists()


@pytest.mark.parametrize("value", ["touch marker;", "x; touch marker"])
def test_a_python_is_one_program(value: str, project: Path) -> None:
    (project / "pyproject.toml").touch()
    os.utime(project / "uv.lock", (2**32, 2**32))
    _make(project, "environment", f"PYTHON={value}")
    assert not (project / "marker").exists()
    for stamp in (project / ".tools").glob("uv-*"):
        stamp.unlink()
    assert _make(project, "environment", f"PYTHON={value}").returncode == 2
    assert not (project / "marker").exists()


@pytest.mark.parametrize("name", ["", " ", "a b", "../x", "x/y", "Prod", "x.y", "é", "x;y", "*", "-n x", "%"])
def test_an_environment_is_a_plain_name(name: str, project: Path) -> None:
    done = _make(project, "synth", f"ENV={name}")
    assert done.returncode == 2
    assert "make ENV=prod" in done.stderr
    assert _calls(project) == []


@pytest.mark.parametrize("name", ["prod", "dev-2", "a_b"])
def test_an_environment_reaches_the_program(name: str, project: Path) -> None:
    assert _make(project, "synth", f"ENV={name}").returncode == 0
    assert [one["words"] for one in _calls(project)] == [["-O", "main.py", "synth", "--env", name]]


@pytest.mark.parametrize("name", ["", "terraform", "cdktf cdktn", "cdktf ", "CDKTN", "x),(y", "cdktf,cdktf"])
def test_bindings_are_one_of_two(name: str, project: Path) -> None:
    for told in (
        _make(project, "synth", f"BINDINGS={name}"),
        _make(project, "synth", environment={"BINDINGS": name}),
    ):
        assert told.returncode == 2
        assert "make synth BINDINGS=cdktn" in told.stderr
    assert _calls(project) == []


@pytest.mark.parametrize(
    ("words", "synthesizes"),
    [
        (("synth",), ".venv"),
        (("synth", "BINDINGS=cdktf"), ".venv"),
        (("synth", "BINDINGS=cdktn"), ".venv-cdktn"),
        (("synth-state", "BINDINGS=cdktn"), ".venv-cdktn"),
        (("policy", "BINDINGS=cdktn"), ".venv-cdktn"),
        (("validate", "BINDINGS=cdktn", "ENV=dev"), ".venv-cdktn"),
        (("plan", "BINDINGS=cdktn"), ""),
    ],
)
def test_bindings_have_their_own_environment(words: tuple[str, ...], synthesizes: str, project: Path) -> None:
    assert _make(project, *words).returncode == 0
    calls = _calls(project)
    programs = {call["program"] for call in calls if "main.py" in call["words"]}
    assert programs == ({f"{synthesizes}/bin/python"} if synthesizes else set())
    # The pipeline and the gate run where they always do, and hear what was chosen.
    others = {str(call["program"]) for call in calls if "main.py" not in call["words"]}
    assert others <= {".venv/bin/python", ".venv-checkov/bin/python"}
    assert {call["BINDINGS"] for call in calls} == {"cdktn" if "BINDINGS=cdktn" in words else "cdktf"}


@pytest.mark.parametrize("path", ["a b", "it's", 'say "x"', "-x", "--waivers=w.toml", "a;b", "a&b", "*"])
def test_a_path_is_handed_over_as_it_is(path: str, project: Path) -> None:
    assert _make(project, "policy", f"TARGET={path}").returncode == 0
    gate, checkov = (one["words"] for one in _calls(project))
    assert gate[-2:] == ["--", path]
    assert gate[:4] == ["-I", "-m", "policies", "check"]
    assert checkov[-2:] == ["--", path]
    assert checkov[0] == "-P"
    assert _make(project, "handoff", f"SINCE={path}").returncode == 0
    assert _calls(project)[-1]["words"][-1] == f"--since={path}"


def test_the_stack_is_judged_with_its_own_files(project: Path) -> None:
    (project / "environments" / "dev.params.toml").write_text("")
    assert _make(project, "policy", "ENV=dev").returncode == 0
    _, gate, checkov = (one["words"] for one in _calls(project))
    own = ["--waivers=environments/dev.waivers.toml", "--params=environments/dev.params.toml"]
    assert [word for word in gate if word.startswith("--") and "=" in word] == own
    assert [word for word in checkov if word.startswith("--") and "=" in word] == own
    assert "--builtin" not in checkov
    assert _make(project, "policy").returncode == 0
    assert "--builtin" in _calls(project)[-1]["words"]


def test_arguments_of_the_tests_keep_their_quotes(project: Path) -> None:
    assert _make(project, "test", 'ARGS=-k "a or b" tests/x.py').returncode == 0
    (call,) = _calls(project)
    assert str(call["PYTEST_ADDOPTS"]).strip() == '-k "a or b" tests/x.py'


def test_help_lists_every_command_with_any_tools(project: Path) -> None:
    listed = re.findall(r"^  make ([a-z-]+) +\S", _make(project, "help").stdout, re.M)
    assert listed == re.findall(r"^([a-z-]+):.* ## ", (ROOT / "Makefile").read_text(), re.M)
    # The sed of macOS and the BSDs knows no \t.
    assert not re.search(r"sed .*\\[tn]", (ROOT / "Makefile").read_text())


def test_a_path_with_blanks_is_judged_by_both(tmp_path: Path) -> None:
    target = tmp_path / "my 'stack'"
    target.mkdir()
    (target / "main.tf").write_text('resource "aws_sns_topic" "t" {\n  name = "x"\n}\n')
    for name in ("json.py", "policies.py", "sitecustomize.py"):
        (target / name).write_text(f"open({str(tmp_path / 'marker')!r}, 'w')\n")
    done = _make(ROOT, "policy", f"TARGET={target}", environment={"PYTHONPATH": str(target)})
    assert done.returncode == 2, done.stdout + done.stderr  # of make; its recipe ended with 1
    assert "Error 1" in done.stderr
    assert "1 against it" in done.stdout
    assert not (tmp_path / "marker").exists()
