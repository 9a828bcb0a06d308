"""Many roots in one run: which are found, that each gets its verdict, and that several processes judge like one."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import junitparser
import pytest

from cloudmart_support.problem import Problem
from policies.command import main
from policies.command.targets import Targets, find
from policies.reports import FORMATS

GOOD = 'resource "aws_sns_topic" "t" {\n  name              = "x"\n  kms_master_key_id = "alias/x"\n}\n'
BAD = 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\n'
BROKEN = "resource {{{\n"
CALL = 'module "m" {{\n  source = "{}"\n}}\n'
NAMES = 'output "x" {\n  value = 1\n}\n'
BACKEND = 'terraform {\n  backend "s3" {\n  }\n}\n'


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, str]], Path]:
    """Writes files by name into a folder, which becomes the working folder."""

    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return write


Tree = Callable[[Mapping[str, str]], Path]


def _names(found: Targets) -> list[str]:
    return [str(path) for path in found.paths]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"main.tf": GOOD}, ["."]),
        ({"b/main.tf": GOOD, "a/x/main.tf.json": "{}", "a/y/main.tofu": GOOD}, ["a/y", "b"]),
        ({"my stack/main.tf": GOOD, "a\nb/main.tf": GOOD}, ["a\nb", "my stack"]),
        # Called as modules, through any number of calls, also from above and by each other.
        ({"a/main.tf": CALL.format("../m"), "m/main.tf": CALL.format("./n"), "m/n/main.tf": GOOD}, ["a"]),
        ({"main.tf": CALL.format("./m"), "m/main.tf": GOOD}, ["."]),
        ({"a/m.tf": CALL.format("../b"), "b/m.tf": CALL.format("../a")}, ["a"]),
        ({"a/m.tf": CALL.format("../a") + GOOD}, ["a"]),
        ({"a/m_override.tf": CALL.format("../m"), "a/m.tf": CALL.format("../x"), "m/m.tf": GOOD}, ["a"]),
        # Called, and yet applied by itself.
        *(
            ({"a/main.tf": CALL.format("../m"), "m/main.tf": GOOD, f"m/{name}": text}, ["a", "m"])
            for name, text in (
                ("backend.tf", BACKEND),
                ("provider.tf", 'provider "aws" {\n}\n'),
                ("terraform.tfvars", ""),
                ("env/prod.tfvars", ""),
                (".terraform.lock.hcl", ""),
                ("broken.tf", BROKEN),
            )
        ),
        # Nothing to judge, or nobody's.
        ({"a/main.tf": GOOD, "names/main.tf": NAMES}, ["a"]),
        ({"a/main.tf": GOOD, ".terraform/modules/x/main.tf": GOOD, "a/.git/x/main.tf": GOOD}, ["a"]),
        ({"a/main.tf": GOOD, ".ci/main.tf": GOOD, "web/node_modules/x/main.tf": GOOD}, ["a"]),
        # What a hidden folder calls is called by nobody.
        ({".ci/main.tf": CALL.format("../a"), "a/main.tf": GOOD}, ["a"]),
    ],
)
def test_roots(files: dict[str, str], expected: list[str], tree: Tree) -> None:
    tree(files)
    assert _names(find([Path()], recursive=True)) == expected


def test_what_is_left_out_is_said_with_the_reason(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    tree(
        {
            "a/main.tf": CALL.format("../mod\x1bule") + GOOD,
            "mod\x1bule/main.tf": GOOD,
            "names/main.tf": NAMES,
            ".ci/main.tf": GOOD,
            "web/node_modules/x/main.tf": GOOD,
        }
    )
    Path("linked").symlink_to("a")
    assert main(["check", "--recursive", ".", "--format", "json"]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert notes == [
        "left out: mod\\u001bule (judged through the roots that call them)",
        "left out: names (nothing is declared there that could be judged)",
        "left out: .ci, web/node_modules (hidden folders and node_modules are not looked into)",
        "left out: linked (links to folders are not followed)",
    ]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["stacks/*"], ["stacks/a", "stacks/b c"]),
        (["stacks/*", "stacks/a"], ["stacks/a", "stacks/b c"]),
        (["stacks/b*", "stacks/*"], ["stacks/b c", "stacks/a"]),
        (["**/a"], ["stacks/a"]),
        (["stacks/[b]?c"], ["stacks/b c"]),
        (["stacks/*/*.tf"], ["stacks/a/main.tf", "stacks/b c/main.tf"]),
        (["*/a", "odd[1]"], ["stacks/a", "odd[1]"]),
        ([".h*/*"], [".hidden/x"]),
    ],
)
def test_patterns(patterns: list[str], expected: list[str], tree: Tree) -> None:
    folder = tree(
        {
            f"{name}/main.tf": GOOD
            for name in ("stacks/a", "stacks/b c", "stacks/.c", ".hidden/x", "odd[1]", "stacks/docs/x")
        }
    )
    (folder / "stacks" / "README.md").write_text("")
    if patterns == [".h*/*"]:
        # What is hidden is meant only by its name.
        patterns = [".hidden/*"]
    assert _names(find([Path(pattern) for pattern in patterns])) == expected
    whole = [str(folder / one) for one in expected]
    if "odd[1]" not in patterns:
        assert _names(find([folder / pattern for pattern in patterns])) == whole


@pytest.mark.parametrize("pattern", ["nothing/*", "stacks/*.tf", "[", "stacks/**x", "stacks\0/*"])
def test_a_pattern_that_matches_nothing(pattern: str, tree: Tree) -> None:
    tree({"stacks/a/main.tf": GOOD})
    with pytest.raises(Problem, match=r"pattern|there is no"):
        find([Path(pattern)])


def test_links_out_of_the_tree_are_not_followed(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tree({"stacks/a/main.tf": GOOD, ".git/HEAD": ""})
    outside = tmp_path_factory.mktemp("outside")
    (outside / "main.tf").write_text(GOOD)
    (folder / "stacks" / "away").symlink_to(outside)
    (folder / "stacks" / "near").symlink_to("a")
    found = find([Path("stacks/*")])
    assert _names(found) == ["stacks/a", "stacks/near"]
    assert found.notes == ("left out: stacks/away (links that lead out of the tree are not followed)",)
    assert _names(find([Path()], recursive=True)) == ["stacks/a"]


def test_no_root_is_no_judgement(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    tree({"README.md": "", "names/main.tf": NAMES, ".ci/main.tf": GOOD})
    assert main(["check", "--recursive", "."]) == 2
    assert "there is no root in or below this folder" in capsys.readouterr().err


def test_a_folder_that_cannot_be_read_spoils_no_other(
    tree: Tree, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tree({"a/main.tf": GOOD, "closed/main.tf": GOOD, "z/main.tf": GOOD})
    scandir = os.scandir

    def refused(path: str | Path = ".") -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert main(["check", "--recursive", ".", "--format", "json"]) == 2
    out, err = capsys.readouterr()
    assert [(root["path"], root["exit_code"]) for root in json.loads(out)["roots"]] == [
        ("a", 0),
        ("closed", 2),
        ("z", 0),
    ]
    assert err == "error: closed: it cannot be read: Permission denied\n"


def test_a_root_without_resources_is_left_out_unless_it_is_named(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    tree({"a/main.tf": GOOD, "b/main.tf": CALL.format("../names"), "names/main.tf": NAMES, "c/main.tf": GOOD})
    for arguments in (["--recursive", "."], ["?"]):
        assert main(["check", *arguments, "--format", "json"]) == 0
        report = json.loads(capsys.readouterr().out)
        assert [root["path"] for root in report["roots"]] == ["a", "c"]
        assert "left out: b (nothing is declared there that could be judged)" in report["notes"]
    assert main(["check", "a", "b"]) == 2
    Path("a/main.tf").write_text(CALL.format("../names"))
    Path("c/main.tf").unlink()
    capsys.readouterr()
    assert main(["check", "--recursive", "."]) == 2
    assert "nothing was judged" in capsys.readouterr().err


MANY = {
    "good/main.tf": GOOD,
    "bad/main.tf": BAD,
    "bro ken/main.tf": BROKEN,
    "call/main.tf": CALL.format("../module"),
    "module/main.tf": BAD,
    "zero/main.tf": GOOD.replace("name  ", "count = 0\n  name  "),
}


def test_each_root_has_its_verdict(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    tree(MANY)
    assert main(["check", "--recursive", ".", "--format", "json"]) == 2
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert [(root["path"], root["exit_code"]) for root in report["roots"]] == [
        ("bad", 1),
        ("bro ken", 2),
        ("call", 1),
        ("good", 0),
        ("zero", 0),
    ]
    assert [root["summary"]["failed"] for root in report["roots"]] == [1, 0, 1, 0, 0]
    assert sum(root["summary"]["resources"] for root in report["roots"]) == report["summary"]["resources"]
    assert [root.get("problem", "") != "" for root in report["roots"]] == [False, True, False, False, False]
    assert err == "error: bro ken/main.tf:1: it cannot be parsed: unexpected '{'\n"
    # The only one, and one that does not exist, are as ever: nothing is judged.
    assert main(["check", "bro ken"]) == 2
    assert main(["check", "good", "nowhere"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("format", FORMATS)
def test_every_report_shows_every_root(format: str, tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    tree(MANY)
    main(["check", "--recursive", ".", "--format", format])
    text = capsys.readouterr().out
    for name in ("bad", "bro ken", "call"):
        assert name in text
    assert "it cannot be parsed" in text
    if format in ("text", "markdown", "html"):
        assert "not judged" in text
        # The cure is told once, however many roots need it.
        assert text.count("Messages wait on disk") == (1 if format != "html" else 2)
        assert "The gate is open" not in text
    if format == "junit":
        suites = [suite.name for suite in junitparser.JUnitXml.fromstring(text.encode())]
        assert [name for name in suites if not name.startswith("note")] == [
            "bad: encryption at rest",
            "call: encryption at rest",
            "good: encryption at rest",
            "bro ken",
        ]
    if format == "sarif":
        (run,) = json.loads(text)["runs"]
        assert run["invocations"][0]["executionSuccessful"] is False
        assert [one["properties"]["root"] for one in run["results"]] == ["bad", "call"]


def test_a_root_that_cannot_be_judged_never_opens_the_gate(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    tree({"a/main.tf": GOOD, "b/main.tf": BROKEN})
    assert main(["check", "a", "b"]) == 2
    assert "The gate is closed." in capsys.readouterr().out


@pytest.mark.parametrize("format", FORMATS)
def test_several_processes_judge_like_one(
    format: str, tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    tree({**MANY, "a\x1b[2J/main.tf": BAD})
    said = []
    for jobs in ("1", "3"):
        main(["check", "--recursive", ".", "--format", format, "--jobs", jobs])
        said.append(capsys.readouterr())
    assert said[0] == said[1]
    assert "\x1b" not in said[0].out + said[0].err


def test_a_table_for_a_narrow_terminal(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    long = "a-name-that-is-longer-than-what-a-narrow-terminal-has-room-for-in-one-line"
    tree({f"{long}/main.tf": GOOD, "b/main.tf": BAD})
    main(["check", "--recursive", "."])
    assert long in capsys.readouterr().out.split()


# --- processes ------------------------------------------------------------------------------------------


def _program(*words: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-I", "-m", "policies", "check", *words]
    return subprocess.Popen(command, text=True, **options)


SLOW = GOOD.replace('"x"', 'length([for x in range(1000) : [for y in range(900) : x * y]]) > 0 ? "x" : "y"')
"""Takes seconds to evaluate, within the bounds."""


def _copies(process: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in listed.stdout.split()]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, None])
def test_nothing_goes_on_behind_a_run_that_is_ended(how: int | None, tree: Tree) -> None:
    tree({f"{name}/main.tf": SLOW for name in "abc"})
    limit = [] if how else ["--timeout", "3"]
    with _program("a", "b", "c", "--jobs", "2", *limit, stderr=subprocess.PIPE) as run:
        copies: list[int] = []
        while len(copies) < 2 and run.poll() is None:
            copies = _copies(run.pid) or copies
            time.sleep(0.01)
        if how:
            run.send_signal(how)
        said = run.communicate()[1]
    assert ("interrupted" if how else "not done within") in said
    # On a machine that is busy the time may be over before.
    assert len(copies) == 2 or how is None
    for copy in copies:
        with pytest.raises(ProcessLookupError):
            os.kill(copy, 0)


def test_the_progress_is_shown_on_a_terminal_and_gone_in_the_end(tree: Tree) -> None:
    tree({"a/main.tf": GOOD, "b\x1b[2J/main.tf": GOOD})
    ours, theirs = pty.openpty()
    with _program("--recursive", ".", stdout=subprocess.DEVNULL, stderr=theirs) as run:
        os.close(theirs)
        shown = b""
        while True:
            try:
                chunk = os.read(ours, 1 << 16)
            except OSError:
                break
            if not chunk:
                break
            shown += chunk
        assert run.wait() == 0
    os.close(ours)
    assert shown.startswith(b"\r\x1b[K0 of 2 judged")
    assert b"2 of 2 judged: " in shown
    assert b"\x1b[2J" not in shown
    assert shown.endswith(b"\r\x1b[K")
