"""Systems that are no Unix: the gate judges there as here. They are played by taking away what only Unix has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cloudmart_support.problem import Problem
from mock_provider import needs

# Modules, and names of os and signal, whose documentation says "Availability: Unix" or names Windows as without them.
# Source: https://docs.python.org/3/library/os.html, signal.html and "Unix-specific services".
WITHOUT_UNIX = """
import os, signal, sys
# Here, the standard library itself needs what goes.
import subprocess, tempfile

MODULES = {
    "curses", "fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty",
}
OS = (
    "O_ASYNC O_CLOEXEC O_DIRECTORY O_DSYNC O_NDELAY O_NOATIME O_NOCTTY O_NOFOLLOW O_NONBLOCK O_SYNC "
    "WNOHANG chown chroot confstr ctermid fchdir fchmod fchown fdatasync fork forkpty fpathconf getegid "
    "geteuid getgid getgroups getloadavg getpgid getpgrp getpriority getresuid getsid getuid initgroups "
    "killpg lchown lockf mkfifo mknod nice openpty pathconf pipe2 posix_fadvise posix_fallocate pread "
    "pwrite readv register_at_fork sched_getaffinity sched_setaffinity sched_yield sendfile set_blocking "
    "setegid seteuid setgid setgroups setpgid setpriority setsid setuid statvfs sync sysconf tcgetpgrp "
    "uname wait wait3 wait4 waitid writev "
).split()
SIGNAL = (
    "ITIMER_PROF ITIMER_REAL ITIMER_VIRTUAL SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT "
    "SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGUSR1 SIGUSR2 SIGWINCH SIG_BLOCK SIG_SETMASK SIG_UNBLOCK alarm "
    "getitimer pause pthread_kill pthread_sigmask setitimer siginterrupt sigpending sigtimedwait sigwait "
    "sigwaitinfo "
).split()

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
for name in [*sys.modules]:
    if name.partition(".")[0] in MODULES:
        del sys.modules[name]
for module, names in ((os, OS), (signal, SIGNAL)):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
"""
CALLS = """
from policies.command import main
from policies import staged

def call(what, *words):
    print(what.__module__, words, flush=True)
    try:
        print(what([*words]), flush=True)
    except SystemExit as ended:
        print("exit", ended.code, flush=True)

call(main, "check", "good", "bad")
call(main, "check", "--recursive", ".", "--timeout", "100")
call(main, "check", "good", "--workspace", "x", "--var", "a=b")
for form in ("json", "sarif", "junit", "markdown", "html", "text"):
    call(main, "check", "bad", "--format", form, "--output", f"report.{form}")
call(main, "check", "bad", "--output", "/dev/null")
call(main, "check", "nowhere")
call(main, "check", "good", "bad", "--jobs", "2")
call(main, "check", "bad", "--diff")
call(main, "check", "bad", "--write-baseline", "report.baseline.toml")
call(main, "check", "bad", "--baseline", "report.baseline.toml")
call(main, "init", "--help")
call(main, "rules", "--format", "json")
call(staged.main, "--", "bad/main.tf")
call(staged.main, "--", "good/main.tf", "good/policy.json")
"""
GOOD = (
    'resource "aws_sns_topic" "t" {\n  name              = file("${path.module}/name")\n'
    '  kms_master_key_id = "alias/x"\n}\n'
)


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    for name, text in (
        ("good/main.tf", GOOD),
        ("good/name", "x"),
        ("good/policy.json", "{}"),
        ("bad/main.tf", 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\n'),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def _said(code: str, folder: Path) -> tuple[str, dict[str, str]]:
    """What is printed, and the reports that are written."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout, {path.name: path.read_text() for path in folder.glob("report.*")}


def test_the_gate_needs_nothing_that_only_unix_has(roots: Path) -> None:
    assert _said(WITHOUT_UNIX + CALLS, roots) == _said(CALLS, roots)


def test_the_mock_says_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(os, "name", "nt")
        with pytest.raises(Problem, match="Linux and macOS"):
            needs.check()
