"""Problems, and outputs that cannot be written, end in words and an exit code, never in a traceback."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from cloudmart_support.problem import Problem, guarded

def main():
    {body}
    return 0

sys.exit(guarded(main))
"""


def run(body: str, stdout: int) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body)], stdout=stdout, stderr=subprocess.PIPE, check=False
    )


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("raise Problem('here: this is wrong; do that')", 2, b"error: here: this is wrong; do that\n"),
        ("raise KeyboardInterrupt", 130, b"interrupted\n"),
        ("print('done')", 0, b""),
        (
            "raise Problem('a\\n::error::b\\x1b[31m\\u202e')",
            2,
            b"error: a\n  \\::error::b\\u001b[31m\\u202e\n",
        ),
        (
            "print('  ::add-mask::x\\x9b\\x1b[8m', file=sys.stderr)",
            0,
            b"  \\::add-mask::x\\u009b\\u001b[8m\n",
        ),
    ],
)
def test_ends(body: str, code: int, words: bytes) -> None:
    done = run(body, subprocess.PIPE)
    assert (done.returncode, done.stderr) == (code, words)


@pytest.mark.parametrize("closed", ["1", "2"])
@pytest.mark.parametrize(("body", "code"), [("print('done')", 0), ("raise Problem('wrong')", 2)])
def test_a_stream_that_is_closed(closed: str, body: str, code: int) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$0" -c "$1" {closed}>&-', sys.executable, PROGRAM.format(body=body)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == code
    assert b"Traceback" not in done.stderr + done.stdout


def test_a_full_disk() -> None:
    with Path("/dev/full").open("wb") as full:
        done = run("print('x' * 10)", full.fileno())
    assert done.returncode == 2
    assert done.stderr == b"error: the output cannot be written to stdout: No space left on device\n"


def test_a_reader_that_went_away() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run("print('x' * 10)", writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
def test_a_disk_that_takes_nothing_is_told(number: int) -> None:
    done = run(f"raise OSError({number}, 'no more', 'folder/file')", subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == b"error: folder/file: it cannot be written: no more\n"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR])
def test_what_may_not_be_used_is_told(number: int) -> None:
    done = run(f"raise OSError({number}, 'not here', 'folder/file')", subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == b"error: folder/file: it cannot be used: not here\n"


def test_other_errors_keep_their_traceback() -> None:
    done = run("raise OSError('a defect')", subprocess.PIPE)
    assert done.returncode == 1
    assert b"Traceback" in done.stderr
