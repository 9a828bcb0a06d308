"""Folders with anything anywhere, judged under `strace`: what is started, opened and connected to.

Where there is no `strace`, or it may not trace, these tests are left out and say so.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudmart_support import cache
from mock_provider.terraform import find

STRACE = shutil.which("strace")
TRACES = STRACE is not None and subprocess.run([STRACE, "-qq", "true"], check=False).returncode == 0

_CALL = re.compile(
    r"(execve|open|openat|creat|connect|mkdir|mkdirat|rename\w*|unlink\w*|symlink\w*)\((.*)\)\s+= (\S+)"
)
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')

# What is traced.
CALLS = "execve,open,openat,creat,connect,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat"

PATHS = (
    "x.txt",
    "../outside/secret",
    "OUTSIDE/secret",
    "/proc/self/environ",
    "link",
    ".git/config",
    "pipe",
    "/etc/passwd",
)
SOURCES = (
    "./inner",
    "../sibling",
    "git::file://OUTSIDE/repository",
    "OUTSIDE",
    "http://127.0.0.1:9/m.zip",
    "a/b/aws",
)
CONDITIONS = (
    "true",
    "false",
    'terraform.workspace == "default"',
    'data.aws_caller_identity.me.account_id != "1"',
    'fileexists("OUTSIDE/secret")',
    'timecmp(plantimestamp(), "2030-01-01T00:00:00Z") < 0',
    "var.given",
    "try(tobool(data.terraform_remote_state.s.outputs.x), true)",
    'length(abspath(".")) > 3',
    "random_id.r.hex == null",
)


def anything(dice: random.Random) -> Iterator[str]:
    """Blocks of a configuration, by chance."""
    yield 'provider "aws" {\n  region = "eu-west-1"\n}\ndata "aws_caller_identity" "me" {}\n'
    yield 'variable "given" {\n  type = bool\n' + dice.choice(["", "  default = true\n"]) + "}\n"
    yield 'resource "random_id" "r" {\n  byte_length = 4\n}\n'
    yield (
        'data "terraform_remote_state" "s" {\n  backend = "'
        + dice.choice(["local", "http", "s3", "pg", "consul"])
        + '"\n  config = {\n    path = "OUTSIDE/s.tfstate"\n    address = "http://127.0.0.1:9/"\n  }\n}\n'
    )
    for number in range(dice.randint(1, 4)):
        condition = dice.choice(CONDITIONS)
        yield f'resource "aws_sqs_queue" "q{number}" {{\n  sqs_managed_sse_enabled = {condition}\n}}\n'
    for number in range(dice.randint(0, 2)):
        reading = dice.choice(["file", "filebase64", "filesha256"])
        yield f'output "o{number}" {{\n  value = {reading}("{dice.choice(PATHS)}")\n}}\n'
    if dice.random() < 0.5:
        yield f'module "m" {{\n  source = "{dice.choice(SOURCES)}"\n}}\n'
    if dice.random() < 0.5:
        backend = dice.choice(
            ['backend "local" {\n    path = "OUTSIDE/b.tfstate"\n  }', 'backend "s3" {}', "cloud {}"]
        )
        yield f"terraform {{\n  {backend}\n}}\n"
    if dice.random() < 0.5:
        command = "touch OUTSIDE/mark"
        yield (
            f'resource "terraform_data" "t" {{\n  provisioner "local-exec" {{\n    command = "{command}"\n  }}\n}}\n'
            'data "external" "e" {\n  program = ["touch", "OUTSIDE/mark"]\n}\n'
        )


def test_nothing_but_terraform_and_the_plugin_starts_and_nothing_outside_is_opened(tmp_path: Path) -> None:
    if not TRACES:
        pytest.skip("left out: strace is not installed, or may not trace here")
    programs: set[str] = set()
    for seed in range(8):
        place = tmp_path / str(seed)
        outside, folder, scratch = place / "outside", place / "judged", place / "scratch"
        for one in (outside, scratch, folder / "inner", place / "sibling"):
            one.mkdir(parents=True)
        (outside / "secret").write_text("secret")
        (folder / "x.txt").write_text("x")
        (folder / "link").symlink_to(outside / "secret")
        os.mkfifo(folder / "pipe")
        text = "".join(anything(random.Random(seed))).replace("OUTSIDE", str(outside))
        (folder / "main.tf").write_text(text)
        for module in (folder / "inner", place / "sibling"):
            (module / "main.tf").write_text('resource "aws_sns_topic" "t" {}\n')
        before = standing(place, scratch)
        verdicts = {}
        for mode in ((), ("--exact=try",)):
            trace, report = place / "scratch" / "trace", place / "scratch" / "report.json"
            done = subprocess.run(
                [
                    *(str(STRACE), "-f", "-qq", "-s", "4096", "-o", str(trace), "-e", f"trace={CALLS}"),
                    *(sys.executable, "-P", "-m", "policies", "check", ".", *mode),
                    *("--format", "json", "--output", str(report)),
                ],
                cwd=folder,
                env={**os.environ, "TMPDIR": str(scratch), "CLOUDMART_CACHE": str(cache.root())},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert done.returncode in (0, 1), done.stderr
            programs |= _confined(trace.read_text(errors="replace"), outside, folder, scratch)
            findings = json.loads(report.read_text())["findings"]
            verdicts[mode] = {(one["rule"], one["address"]): one["status"] for one in findings}
        plain, exact = verdicts.values()
        for key in plain.keys() & exact.keys():
            assert {plain[key], exact[key]} != {"pass", "fail"}, (seed, key, text)
        assert standing(place, scratch) == before, text
    # The trace does show what is started.
    assert find().command[0] in programs


def standing(place: Path, scratch: Path) -> list[tuple[Path, int]]:
    """All that stands in a place, with the time it was changed; what is in the scratch folder aside."""
    found = [path for path in place.rglob("*") if scratch not in (path, *path.parents)]
    return sorted((path, path.lstat().st_mtime_ns) for path in found)


def _confined(trace: str, outside: Path, folder: Path, scratch: Path) -> set[str]:
    """The programs that a trace shows, none of which may be another than these, nor reach elsewhere."""
    programs = set()
    python = {str(Path(sys.executable)), str(Path(sys.executable).resolve()), sys._base_executable}  # type: ignore[attr-defined]
    terraform = find().command[0]
    started = re.compile(
        "|".join(map(re.escape, (*python, terraform))) + r"|(?:/usr)?/bin/(?:unshare|true|sh|dash)"
    )
    # A socket's path has to be short, so that its folder may not be in the scratch folder.
    allowed = (
        str(scratch),
        "/tmp/mock-provider-",
        str(cache.root()),
        "/dev/",
        "/proc/self/",
        "/proc/thread-self/",
    )
    for call, arguments, result in _CALL.findall(trace):
        if call == "execve":
            program = _PATH.search(arguments)
            if result == "0":
                assert program and started.fullmatch(program[1]), arguments
                programs.add(program[1])
        elif call == "connect":
            assert "AF_INET" not in arguments, arguments
        else:
            paths = _PATH.findall(arguments)
            for path in paths:
                assert not path.startswith(str(outside)) and not path.endswith("outside/secret"), arguments
            writes = call not in ("open", "openat") or re.search("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", arguments)
            if writes and not result.startswith("-1"):
                assert all(path.startswith(allowed) or not path.startswith("/") for path in paths), arguments
                assert not any(path.startswith(str(folder)) for path in paths), arguments
    return programs
