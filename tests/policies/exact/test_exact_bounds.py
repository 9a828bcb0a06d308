"""Terraform and the provider are bounded: a folder that wants all of the machine gets words and exit code 2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from cloudmart_support.processes import Exceeded
from policies import exact
from policies.exact import running, writing

Written = Callable[[dict[str, Any]], Path]

REGION = 'provider "aws" {\n  region = "eu-west-1"\n}\n'
QUEUE = 'resource "aws_sqs_queue" "q" {\n  name = %s\n}\n'


def doubled(times: int) -> str:
    """A text of 64 characters that is doubled over and over."""
    steps = [f'  a{step + 1} = "${{local.a{step}}}${{local.a{step}}}"\n' for step in range(times)]
    return 'locals {\n  a0 = "' + "x" * 64 + '"\n' + "".join(steps) + "}\n"


def test_memory_is_bounded(written: Written) -> None:
    folder = written({"main.tf": REGION + doubled(26) + QUEUE % "substr(local.a26, 0, 4)"})
    with pytest.raises(Exceeded, match=r"terraform: needed more than \d+ MiB of memory"):
        exact.read_exactly([folder])


def test_time_is_bounded(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SECONDS", 3.0)
    lists = ", ".join(["range(1000)"] * 2)
    slow = f"length([for a in setproduct({lists}) : [for b in range(100) : sha512(sha512(jsonencode(a)))]])"
    folder = written({"main.tf": REGION + QUEUE % f'format("%d", {slow})'})
    with pytest.raises(Exceeded, match=r"terraform: was ended after 3\.\d+ seconds"):
        exact.read_exactly([folder])


def test_the_number_of_modules_is_bounded(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_MODULES", 100)
    twice = 'module "a" {\n  source = "../m%d"\n}\nmodule "b" {\n  source = "../m%d"\n}\n'
    files = {f"m{level}/main.tf": twice % (level + 1, level + 1) for level in range(8)}
    files["m8/main.tf"] = QUEUE % '"q"'
    folder = written(files)
    with pytest.raises(Problem, match="more than 100"):
        exact.read_exactly([folder / "m0"])


def test_nothing_stays_behind(written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    exact.read_exactly([written({"main.tf": REGION + QUEUE % '"q"'})])
    assert list(scratch.iterdir()) == []


def test_a_path_through_many_locals_is_found_once(written: Written) -> None:
    uses = [f"${{local.a{step}}}" * 30 for step in range(7)]
    steps = [f'  a{step + 1} = "{use}"\n' for step, use in enumerate(uses)]
    text = 'locals {\n  a0 = ""\n' + "".join(steps) + "}\n" + QUEUE % 'file("${local.a7}x.txt")'
    (reading,), notes = exact.read_exactly([written({"main.tf": REGION + text, "x.txt": "named"})])
    assert notes[0].endswith(exact.EVALUATED)
    assert reading.model.of_type("aws_sqs_queue")[0].text("name") == "named"


def test_files_that_are_copied_are_bounded_all_together(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_TEXT", 5_000)
    files = {f"{number}.txt": "x" * 1_000 for number in range(9)}
    listed = ", ".join(f'file("{name}")' for name in files)
    folder = written({**files, "main.tf": REGION + QUEUE % f'substr(join("", [{listed}]), 0, 4)'})
    with pytest.raises(Problem, match="comes to more than 5,000 characters"):
        exact.read_exactly([folder])
