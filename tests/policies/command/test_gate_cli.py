"""The command line: exit codes, formats, outputs, and the words of every refusal."""

from __future__ import annotations

import errno
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.__main__ import main
from policies.engine import judging

Written = Callable[[dict[str, Any]], Path]

SOON = (datetime.now(UTC) + timedelta(days=30)).date()
GOOD = 'resource "aws_ebs_volume" "main" {\n  encrypted = true\n  tags = { Name = "x" }\n}\n'
BACKED_UP = """\
resource "aws_backup_selection" "main" {
  plan_id   = aws_backup_plan.main.id
  resources = [aws_ebs_volume.main.arn]
}
resource "aws_backup_plan" "main" {
  rule {
    schedule = "cron(0 3 * * ? *)"
    lifecycle { delete_after = 7 }
  }
}
"""
BAD = 'resource "aws_ebs_volume" "main" {\n  encrypted = false\n}\n'


def check(*arguments: object) -> int:
    return main(["check", *map(str, arguments)])


def test_exit_code_1_and_a_report_for_a_failure(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(written({"main.tf": BAD})) == 1
    out, err = capsys.readouterr()
    assert "FAIL aws_ebs_volume.main" in out
    assert "The gate is closed." in out
    assert err == ""


def test_exit_code_0_when_all_passed(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    code = check(written({"main.tf": GOOD + BACKED_UP}), "--format", "json")
    report = json.loads(capsys.readouterr().out)
    assert (code, report["summary"]["failed"], report["summary"]["unknown"]) == (0, 0, 0), report
    assert report["summary"]["passed"] >= 1


@pytest.mark.parametrize(
    ("files", "target", "words"),
    [
        ({"a": ""}, "nothing_here", "nothing_here: it cannot be read: No such file or directory"),
        ({"main.tf": ""}, "", "there are no resources"),
        ({"README.md": ""}, "", "there is no Terraform configuration"),
        ({"main.tf": "resource {"}, "", "main.tf:1: "),
        ({"main.tf": b'resource "a" "b" {\n  x = "\xff"\n}\n'}, "", "it is not UTF-8 text"),
        ({"main.tf": b'resource "a" "b" {\n  x = "\x00"\n}\n'}, "", "main.tf:2: there is a NUL character"),
        ({"main.tf.json": "{"}, "", "main.tf.json:1: it cannot be parsed"),
        (
            {"plan.json": '{"format_version": "1.2", "errored": true, "planned_values": {}}'},
            "plan.json",
            "error",
        ),
        ({"x.txt": "hello"}, "x.txt", "neither a folder with Terraform configuration"),
    ],
)
def test_exit_code_2_for_what_cannot_be_judged(
    written: Written, capsys: pytest.CaptureFixture[str], files: dict[str, Any], target: str, words: str
) -> None:
    assert check(written(files) / target) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert words in err


def test_one_path_that_cannot_be_judged_spoils_all(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written({"main.tf": GOOD + BACKED_UP})
    assert check(folder, folder / "missing") == 2
    assert capsys.readouterr().out == ""


def test_a_broken_waiver_closes_the_gate(written: Written, tmp_path: Path) -> None:
    folder = written({"main.tf": GOOD + BACKED_UP})
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(
        f'[[waiver]]\nrule = "CM_X"\naddress = "a.b"\nowner = "o"\nreason = "r"\nexpires = {SOON}\n'
    )
    assert check(folder, "--waivers", waivers) == 1
    assert check(folder, "--waivers", tmp_path / "missing.toml") == 2
    assert check(folder, "--params", tmp_path / "missing.toml") == 2


def test_a_waived_failure_opens_the_gate(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written({"main.tf": GOOD.replace("true", "false") + BACKED_UP})
    waivers = tmp_path / "waivers.toml"
    waivers.write_text(
        '[[waiver]]\nrule = "CM_EBS_ENCRYPTED"\naddress = "aws_ebs_volume.main"\nowner = "o"\nreason = "r"\n'
        f"expires = {SOON}\n"
    )
    assert check(folder) == 1
    assert check(folder, "--waivers", waivers) == 0
    assert "WAIVED aws_ebs_volume.main" in capsys.readouterr().out


def test_a_waiver_for_two_folders_waives_neither_until_it_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\n'
    for name in ("a", "b"):
        Path(name).mkdir()
        Path(name, "main.tf").write_text(text)
    waiver = (
        '[[waiver]]\nrule = "CM_QUEUES_ENCRYPTED"\naddress = "aws_sns_topic.t"\nowner = "o"\nreason = "r"\n'
        f"expires = {SOON}\n"
    )

    def statuses(text: str, *folders: object) -> list[tuple[str, str]]:
        Path("w.toml").write_text(text)
        check(*folders, "--waivers", "w.toml", "--format", "json")
        found = json.loads(capsys.readouterr().out)["findings"]
        return [(finding["file"], finding["status"]) for finding in found]

    assert statuses(waiver, "a") == [("a/main.tf", "waived")]
    assert statuses(waiver, "a", "b") == [("a/main.tf", "fail"), ("b/main.tf", "fail"), ("w.toml", "fail")]
    bound = f'{waiver}folder = "a"\n'
    assert statuses(bound, "a", "b") == [("a/main.tf", "waived"), ("b/main.tf", "fail")]
    assert statuses(bound, "b") == [("b/main.tf", "fail")]
    assert statuses(bound, tmp_path / "a") == [(str(tmp_path / "a/main.tf"), "waived")]


def test_several_formats_go_each_to_its_file(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written({"main.tf": BAD})
    out = tmp_path / "reports"
    code = check(
        folder,
        "--format",
        "sarif",
        "--output",
        out / "a.sarif",
        "--format",
        "html",
        "--output",
        out / "b.html",
        "--format",
        "json",
    )
    assert code == 1
    assert json.loads((out / "a.sarif").read_text())["version"] == "2.1.0"
    assert (out / "b.html").read_text().startswith("<!doctype html>")
    assert json.loads(capsys.readouterr().out)["summary"]["failed"] >= 1
    assert check(folder, "--output", out / "a", "--output", out / "b") == 2


def test_a_report_that_cannot_be_written_leaves_the_old_one(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written({"main.tf": BAD})
    taken = tmp_path / "taken"
    taken.mkdir()
    assert check(folder, "--output", taken) == 2
    assert check(folder, "--output", "/dev/null/report") == 2
    assert "the report cannot be written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_pipe_is_written_to_and_stays_one(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, pipe, link = written({"main.tf": BAD}), tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert check(folder, "--format", "json", "--output", pipe) == 1
    assert json.loads(os.read(reader, 1 << 20))["summary"]["failed"] >= 1
    os.close(reader)
    assert pipe.is_fifo()
    # Nobody reads: it is told, and not waited for.
    assert check(folder, "--output", pipe) == 2
    assert "the report cannot be written" in capsys.readouterr().err
    # A link that somebody planted leads nowhere: it is replaced.
    link.symlink_to(pipe)
    assert check(folder, "--output", link) == 1
    assert link.is_file()
    assert not link.is_symlink()


def test_a_descriptor_is_written_to(written: Written) -> None:
    reader, writer = os.pipe()
    words = [sys.executable, "-m", "policies", "check", str(written({"main.tf": BAD}))]
    words += ["--format", "json", "--output", f"/dev/fd/{writer}"]
    done = subprocess.run(words, pass_fds=[writer], capture_output=True, check=False)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        assert json.load(said)["summary"]["failed"] >= 1
    assert done.returncode == 1


def test_what_nobody_foresaw_is_no_traceback(
    written: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("policies.engine.judging.judge", lambda *_: 1 / 0)
    assert check(written({"main.tf": GOOD})) == 2
    err = capsys.readouterr().err
    assert "the gate itself broke" in err
    assert "Traceback" not in err


def test_the_catalogue_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    assert "CM_RDS_MULTI_AZ" in capsys.readouterr().out
    assert main(["rules", "--format", "json"]) == 0
    rules = json.loads(capsys.readouterr().out)["rules"]
    assert {"id", "title", "family", "severity", "types", "why", "fix", "link", "controls"} == set(rules[0])


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "policies", *map(str, arguments)],
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_a_reader_that_leaves_early_changes_no_verdict(written: Written) -> None:
    text = "".join(BAD.replace('"main"', f'"v{number}"') for number in range(400))
    process = subprocess.Popen(
        [sys.executable, "-m", "policies", "check", str(written({"main.tf": text}))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


def test_a_full_disk_is_told(written: Written) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "policies", "check", str(written({"main.tf": BAD}))],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == b"error: the report cannot be written to stdout: No space left on device\n"


def test_a_whole_process_with_a_poor_console(written: Written) -> None:
    done = run("check", written({"main.tf": BAD}), PYTHONIOENCODING="ascii", COLUMNS="80")
    assert done.returncode == 1
    assert b"\\u2500" in done.stdout
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_only_on_a_terminal_that_wants_it(
    written: Written, variables: dict[str, str], coloured: bool
) -> None:
    folder = written({"main.tf": BAD})
    ours, theirs = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "policies", "check", str(folder)],
        stdout=theirs,
        env={**environment, "TERM": "xterm", **variables},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:
            break
        if not more:
            break
        shown += more
    os.close(ours)
    assert process.wait() == 1
    assert b"FAIL" in shown
    assert (b"\x1b[31m" in shown) == coloured


def test_only_what_the_input_needs_is_imported(written: Written) -> None:
    folder = written({"main.tf.json": {"resource": {"aws_ebs_volume": {"main": {"encrypted": True}}}}})
    program = (
        "import sys\nfrom policies.__main__ import main\n"
        f"main(['check', {str(folder)!r}, '--format', 'json'])\n"
        "unwanted = {'hcl2', 'lark', 'policies.readers.plan', 'policies.readers.hcl', 'policies.exact', 'asyncio'}\n"
        "print(sorted(unwanted & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "no space"), "no space"),
        (OSError(errno.EDQUOT, "a quota"), "a quota"),
        (OSError(errno.EROFS, "read only", "a/file"), "a/file: it cannot be written (read only)"),
        (MemoryError(), "more memory is needed"),
    ],
)
def test_a_machine_without_room_is_no_defect(
    error: Exception,
    words: str,
    written: Written,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_words: object) -> object:
        raise error

    monkeypatch.setattr(judging, "judge", full)
    assert check(written({"main.tf": GOOD})) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "nothing was judged" in said
    assert "please report" not in said
