"""Checkov takes nothing from whom it judges: no options, no code, no skips; and it ends when it is told to."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloudmart_support.problem import Problem
from policies.checkov_host import builtin
from policies.checkov_host.verdicts import FORBIDDEN, Verdicts

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".venv-checkov" / "bin" / "python"
GOOD = 'resource "aws_sns_topic" "t" {\n  name              = "x"\n  kms_master_key_id = "alias/x"\n}\n'
SYSTEMS = {f"{folder}/{name}" for folder in os.defpath.split(":") for name in ("git", "uname")}
BAD = 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\n'


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def _host(
    path: Path, *options: str, cwd: Path = ROOT, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, "-P", "-m", "policies.checkov_host", *options, "--", path],
        cwd=cwd,
        env=environment or _environment(),
        capture_output=True,
        text=True,
        check=False,
    )


# --- options and code of others -------------------------------------------------------------------------


def _checks(folder: Path, marker: Path) -> Path:
    """A repository of checks that tells when it is imported."""
    folder.mkdir()
    for name in ("__init__.py", "x.py"):
        (folder / name).write_text(f"open({str(marker)!r}, 'a').write('check\\n')\n")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)
    return folder


def _options(place: Path, text: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for name in (".checkov.yaml", ".checkov.yml"):
        (place / name).write_text(text)


@pytest.mark.parametrize("place", ["cwd", "home", "judged", "above"])
def test_options_in_files_of_others_are_not_read(place: str, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    checks = _checks(tmp_path / "checks", marker)
    work, home, judged = tmp_path / "work", tmp_path / "home", tmp_path / "above" / "judged"
    for folder in (work, home, judged):
        folder.mkdir(parents=True)
    (judged / "main.tf").write_text(BAD)
    where = {"cwd": work, "home": home, "judged": judged, "above": judged.parent}[place]
    text = (
        f"external-checks-git:\n  - file://{checks}\n"
        f"skip-check:\n  - CM_*\nskip-path:\n  - .*\nsoft-fail: true\nbaseline: {where}/.checkov.baseline\n"
        f"output-file-path: {tmp_path}/out\ndownload-external-modules: true\n"
    )
    _options(where, text)
    (where / ".checkov.baseline").write_text("{}")
    environment = _environment(HOME=str(home), XDG_CONFIG_HOME=str(home))
    for config in (text, f"external-checks-dir:\n  - {checks}\n"):
        _options(where, config)
        done = _host(judged, cwd=work, environment=environment)
        assert done.returncode == 1, done.stderr
        assert "1 against it" in done.stdout
        assert not marker.exists(), marker.read_text()
        assert not (tmp_path / "out").exists()


def test_variables_and_modules_of_others_reach_nothing(tmp_path: Path) -> None:
    marker, judged = tmp_path / "marker", tmp_path / "judged"
    judged.mkdir()
    (judged / "main.tf").write_text(BAD)
    text = f"open({str(marker)!r}, 'a').write(__name__ + '\\n')\n"
    for name in ("checkov", "json", "hcl2", "policies", "lark", "yaml", "colorama", "plugins"):
        (judged / f"{name}.py").write_text(text)
    shadows = tmp_path / "shadows"
    shadows.mkdir()
    # Only of Checkov itself: what the host is started with is up to who starts it.
    (shadows / "checkov.py").write_text(text)
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho git >> '{marker}'\n")
    program.chmod(0o755)
    environment = _environment(
        PYTHONPATH=f"{ROOT}:{shadows}",
        PATH=f"{program.parent}:{os.environ['PATH']}",
        CKV_FRAMEWORK="dockerfile",
        CKV_IGNORED_DIRECTORIES="configuration",
        CKV_SKIP_CHECK="CM_*",
        CHECKOV_MAX_FILE_SIZE="1",
        CHECKOV_NO_OUTPUT="true",
        BC_API_KEY="x" * 36,
        BC_ROOT_DIR="/",
        EXTERNAL_MODULES_DIR=str(tmp_path),
        CLOUDMART_POLICY_WAIVERS=str(tmp_path / "nowhere.toml"),
        CLOUDMART_CHECKOV_COPY="/=/",
        GIT_DIR=str(tmp_path),
    )
    done = _host(judged, cwd=judged, environment=environment)
    assert done.returncode == 1, done.stderr
    assert "1 against it" in done.stdout
    assert not marker.exists(), marker.read_text()


def test_nothing_is_unpickled_from_the_shared_folder_for_temporary_files(tmp_path: Path) -> None:
    marker, temporary, judged = tmp_path / "marker", tmp_path / "temporary", tmp_path / "judged"
    temporary.mkdir()
    judged.mkdir()
    (judged / "main.tf").write_text(BAD)
    environment = _environment(TMPDIR=str(temporary))
    # What Checkov's own parser would keep there, and whoever is quicker can put there.
    subprocess.run([PYTHON, "-c", "import hcl2"], env=environment, check=True)
    (cached,) = temporary.glob(".lark_cache*")
    digest = cached.read_bytes().partition(b"\n")[0]
    cached.write_bytes(digest + f"\ncbuiltins\nexec\n(Vopen({str(marker)!r}, 'w')\ntR.".encode())
    done = _host(judged, environment=environment)
    assert done.returncode == 1, done.stderr
    assert not marker.exists()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace, which shows connections, is not there")
def test_no_connection_is_opened(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(BAD + 'module "m" {\n  source = "git::https://example.com/m.git"\n}\n')
    log = tmp_path / "log"
    done = subprocess.run(
        [
            "strace",
            "-f",
            "-e",
            "trace=connect,execve",
            "-o",
            log,
            PYTHON,
            "-P",
            "-m",
            "policies.checkov_host",
            tmp_path,
        ],
        env=_environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if "ptrace" in done.stderr and not log.exists():
        pytest.skip("this system lets nobody be traced")
    assert done.returncode == 1, done.stderr
    text = log.read_text()
    assert "execve(" in text
    assert not re.search(r"connect\(\d+, \{sa_family=AF_INET6?,", text)
    started = set(re.findall(r'execve\("([^"]+)".*= 0$', text, re.M))
    # The system's own git and uname are asked for their versions.
    assert all(program == str(PYTHON) or program in SYSTEMS for program in started), started


def test_both_hosts_know_what_is_told_about_variables(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'variable "key" {\n  default = null\n}\n' + GOOD.replace('"alias/x"', "var.key")
    )
    assert _host(tmp_path).returncode == 1
    assert _host(tmp_path, environment=_environment(TF_VAR_key="alias/x")).returncode == 0


# --- skips ----------------------------------------------------------------------------------------------

SKIPS = [
    "#checkov:skip=CM_QUEUES_ENCRYPTED:x",
    "  # checkov:skip=CM_QUEUES_ENCRYPTED: a good reason",
    "  // checkov:skip=CM_QUEUES_ENCRYPTED:x",
    "  /* checkov:skip=CM_QUEUES_ENCRYPTED:x */",
    "  #checkov:skip=CKV_AWS_26,CM_QUEUES_ENCRYPTED:x",
    "  #checkov:skip=all:x",
    "  #checkov:skip=CM_*:x",
    "  #bridgecrew:skip=CM_QUEUES_ENCRYPTED:x",
    "  #cortex:skip=CM_QUEUES_ENCRYPTED:x",
]


def test_a_comment_opens_neither_host(tmp_path: Path) -> None:
    blocks = [
        BAD.replace('"t"', f'"t{number}"').replace("\n", f"\n{skip}\n", 1)
        for number, skip in enumerate(SKIPS)
    ]
    # One of the gate's own has an end, and counts in both.
    end = (datetime.now(UTC) + timedelta(days=30)).date()
    ours = f"# cloudmart-policies: waive CM_QUEUES_ENCRYPTED until {end} because it goes\n"
    (tmp_path / "main.tf").write_text("\n".join([*blocks, ours + BAD.replace('"t"', '"ours"')]))
    (tmp_path / "call").mkdir()
    done = _host(tmp_path)
    assert done.returncode == 1, done.stderr
    assert f"{len(SKIPS)} against it" in done.stdout
    for given, status in (({}, "waived"), ({FORBIDDEN: "yes"}, "fail")):
        judged = Verdicts(given).judged(tmp_path)
        assert judged is not None
        found = judged.findings["CM_QUEUES_ENCRYPTED", "aws_sns_topic.ours"]
        assert [finding.status for finding in found] == [status]


def test_a_comment_at_a_module_call_opens_neither_host(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.tf").write_text(BAD)
    (tmp_path / "main.tf").write_text(
        'module "m" {\n  #checkov:skip=CM_QUEUES_ENCRYPTED:x\n  source = "./m"\n}\n' + GOOD
    )
    done = _host(tmp_path)
    assert done.returncode == 1, done.stderr
    assert "1 against it" in done.stdout


def test_metadata_in_json_opens_neither_host(tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_text(
        '{"resource": {"aws_sns_topic": {"t": {"name": "x", "//": {"checkov": {"skip": [{"id": "CM_QUEUES_ENCRYPTED",'
        ' "comment": "x"}]}}}}}}'
    )
    done = _host(tmp_path)
    assert done.returncode == 1, done.stderr
    assert "1 against it" in done.stdout


def test_a_comment_does_not_skip_checkovs_own_rules(tmp_path: Path) -> None:
    (tmp_path / "tf").mkdir()
    (tmp_path / "tf" / "main.tf").write_text(
        'resource "aws_sqs_queue" "q" {\n  #checkov:skip=CKV_AWS_27:x\n  name                    = "x"\n'
        "  sqs_managed_sse_enabled = true\n}\n"
        'resource "aws_s3_bucket" "b" {\n  #checkov:skip=CKV_AWS_144:x\n}\n'
    )
    (tmp_path / "waivers.toml").write_text("")
    done = _host(tmp_path / "tf", "--builtin", str(tmp_path / "waivers.toml"))
    assert done.returncode == 1, done.stderr
    assert re.search(r"CKV_AWS_144  \S+: .* \(a comment skips it", done.stdout)


def test_what_a_comment_skips_is_accepted_in_the_file_alone(tmp_path: Path) -> None:
    record = {
        "check_id": "CKV_AWS_1",
        "resource": "aws_x.a",
        "check_name": "x",
        "check_result": {"result": "SKIPPED", "suppress_comment": "x"},
    }
    file = tmp_path / "waivers.toml"
    file.write_text("")
    assert builtin.judge([record], file)[1]
    file.write_text(
        '[[waiver]]\ncheck = "CKV_AWS_1"\nresource = "aws_x.*"\nowner = "x"\nreason = "x"\n'
        f"expires = {(datetime.now(UTC) + timedelta(days=30)).date()}\n"
    )
    assert not builtin.judge([record], file)[1]
    file.write_text(re.sub(r"\d{4}-\d\d-\d\d", "2999-01-01", file.read_text()))
    with pytest.raises(Problem, match="ends on 2999-01-01, more than 400 days from today"):
        builtin.judge([record], file)


# --- ends -----------------------------------------------------------------------------------------------


def _of(folder: Path) -> list[int]:
    """The processes that work in a folder or below."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            where = (entry / "cwd").readlink()
        except OSError:
            continue
        if where.is_relative_to(folder):
            found.append(int(entry.name))
    return found


def test_it_takes_no_longer_than_it_may(tmp_path: Path) -> None:
    (tmp_path / "tf").mkdir()
    (tmp_path / "tf" / "main.tf").write_text(BAD)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = _host(tmp_path / "tf", "--timeout", "0.2", environment=_environment(TMPDIR=str(temporary)))
    assert (done.returncode, done.stdout) == (2, "")
    assert "ended after 0.2 seconds" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(temporary.iterdir()) == []
    for wrong in ("0", "-1", "inf", "nan", "x"):
        assert _host(tmp_path / "tf", f"--timeout={wrong}").returncode == 2


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="what runs where is read from /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_all_of_it(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "tf").mkdir()
    (tmp_path / "tf" / "main.tf").write_text(BAD)
    temporary = (tmp_path / "temporary").resolve()
    temporary.mkdir()
    process = subprocess.Popen(
        [PYTHON, "-P", "-m", "policies.checkov_host", tmp_path / "tf"],
        env=_environment(TMPDIR=str(temporary)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while process.poll() is None and not _of(temporary):
        time.sleep(0.01)
    assert _of(temporary)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == 130
    assert _of(temporary) == []
    assert list(temporary.iterdir()) == []
