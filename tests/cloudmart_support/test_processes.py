"""What is started here is bounded, and ends with its whole family when it has to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cloudmart_support import processes
from cloudmart_support.processes import Exceeded
from mock_provider import runner
from mock_provider import terraform as terraforms

ROOT = Path(__file__).resolve().parents[2]

# A program that does not end when it is asked to, and neither does the one that it starts.
STUBBORN = 'trap "" TERM INT HUP; sh -c \'trap "" TERM INT HUP; echo $$ >>%s; sleep 300; :\' & echo $$ >>%s; wait; wait'


def stubborn(note: Path) -> list[str]:
    """The command that starts two of them, which write their process numbers into `note`."""
    return ["/bin/sh", "-c", STUBBORN % (note, note)]


def alive(number: int) -> bool:
    """Whether a process is there and at work; one that only waits to be buried is not."""
    said = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True, check=False
    )
    return bool(said.stdout.strip()) and not said.stdout.strip().startswith("Z")


def numbers(note: Path) -> list[int]:
    """The process numbers in `note`, once both are there."""
    for _ in range(600):
        if note.exists() and len(note.read_text().split()) == 2:
            return [int(number) for number in note.read_text().split()]
        time.sleep(0.05)
    raise AssertionError("they did not start")


def prepared(folder: Path, *words: str) -> runner.Prepared:
    """Terraform in a folder, with no provider and no backend."""
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
    return runner.Prepared((*terraforms.find().command, *words), folder, environment, folder)


def gone(those: list[int]) -> bool:
    """Whether none of them is alive, a moment for the system to take note included."""
    for _ in range(100):
        if not any(map(alive, those)):
            return True
        time.sleep(0.05)
    return False


def test_a_program_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    note = tmp_path / "note"
    ready = runner.Prepared(tuple(stubborn(note)), tmp_path, dict(os.environ), tmp_path)
    with pytest.raises(Exceeded, match="was ended after 2 seconds"):
        runner.start(ready, capture=True, timeout=2)
    assert gone(numbers(note))


def test_the_same_from_a_thread(tmp_path: Path) -> None:
    note = tmp_path / "note"
    told: list[BaseException] = []

    def work() -> None:
        try:
            processes.run(stubborn(note), timeout=2)
        except Exceeded as error:
            told.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert told
    assert gone(numbers(note))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds all of a program's data")
def test_terraform_gets_no_more_memory_than_it_may_have(tmp_path: Path) -> None:
    """A text of 4.8 GB, made of three short lines."""
    (tmp_path / "main.tf").write_text(
        "locals {\n"
        f'  a = "{"x" * 48}"\n'
        '  b = join("", [for i in range(1000) : local.a])\n'
        '  c = join("", [for i in range(1000) : local.b])\n'
        '  d = join("", [for i in range(100) : local.c])\n'
        "}\n"
        'output "length" {\n  value = length(local.d)\n}\n'
    )
    with pytest.raises(Exceeded, match="needed more than 512 MiB of memory"):
        runner.start(prepared(tmp_path, "plan"), capture=True, memory=512 * 2**20)
    (tmp_path / "main.tf").write_text('output "length" {\n  value = 1\n}\n')
    done = runner.start(
        prepared(tmp_path, "plan", "-no-color"), capture=True, memory=512 * 2**20, timeout=300
    )
    assert (done.returncode, "length = 1" in done.stdout) == (0, True)


def test_a_failure_that_only_speaks_of_memory_is_a_failure(tmp_path: Path) -> None:
    done = processes.run(
        ["/bin/sh", "-c", "echo 'fatal error: out of memory' >&2; exit 1"],
        stderr=subprocess.PIPE,
        memory=2**30,
    )
    assert done.returncode == 1


# What commands do: a temporary folder, and a program that is waited for, in this thread or in another one.
COMMAND = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from cloudmart_support import processes
from cloudmart_support.problem import guarded

processes.GRACE = 1.0

def main():
    with processes.stoppable(), processes.temporary_folder(within=Path(sys.argv[1])):
        if sys.argv[2] == "thread":
            with ThreadPoolExecutor(1) as pool:
                pool.submit(processes.run, sys.argv[3:]).result()
        else:
            processes.run(sys.argv[3:])
    return 0

print("ready", flush=True)
sys.exit(guarded(main))
"""


def command(tmp_path: Path, where: str, words: list[str]) -> subprocess.Popen[str]:
    """The command at work, its temporary folders below `tmp_path`."""
    (tmp_path / "folders").mkdir()
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(tmp_path / "folders"), where, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("where", ["main", "thread"])
@pytest.mark.parametrize("number", processes.SIGNALS)
def test_a_signal_ends_them_all_and_leaves_no_folder(tmp_path: Path, where: str, number: int) -> None:
    note = tmp_path / "note"
    with command(tmp_path, where, stubborn(note)) as process:
        started = numbers(note)
        process.send_signal(number)
        said = process.communicate()[1]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert gone(started)
    assert list((tmp_path / "folders").iterdir()) == []


@pytest.mark.parametrize("wait", [0.0, 0.01, 0.02, 0.04, 0.08])
def test_so_does_one_that_comes_at_any_moment(tmp_path: Path, wait: float) -> None:
    """Before, while and after the program is started; a second one a moment later ends it the same way."""
    with command(tmp_path, "main", ["sleep", "301"]) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGTERM)
        process.communicate()
    left = subprocess.run(
        ["ps", "-o", "args=", "-g", str(process.pid)], capture_output=True, text=True, check=False
    )
    assert left.stdout == ""
    assert list((tmp_path / "folders").iterdir()) == []
