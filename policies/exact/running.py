"""Terraform at work on what was written for it: in a private folder, with nothing of this machine but what it needs.

Source: https://developer.hashicorp.com/terraform/internals/debugging and
https://developer.hashicorp.com/terraform/plugin/debugging#terraform_reattach_providers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from cloudmart_support import processes
from cloudmart_support.problem import Problem
from policies.exact.writing import Written

MEMORY: Final = 640 << 20
"""Bytes of data that Terraform may hold, and the provider beside it."""

SECONDS: Final = 15.0
"""Seconds that Terraform may take for a configuration of a small size."""

# More for what is written for it: bytes of memory, and seconds, for each character.
_MEMORY_EACH: Final = 160
_SECONDS_EACH: Final = 60 / (1 << 20)
_LARGEST_ANSWER: Final = 1 << 30
_FEW: Final = 64 << 20
"""Bytes of an answer that a configuration of a small size may have."""
_ANSWER_EACH: Final = 400

_NOWHERE: Final = "http://127.0.0.1:9"
_PROXIES: Final = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
# Variables of the machine's that Terraform, or the Python that carries it, may need to start at all.
_PASSED: Final = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "SYSTEMROOT")

# What Terraform and OpenTofu call it where a number of instances is known after apply, or secret.
_UNCOUNTED: Final = frozenset({"Invalid count argument", "Invalid for_each argument"})


class Refused(Exception):
    """Terraform does not plan the configuration: its first error, and where in the written files it is.

    `uncounted` are the lines, with their files, of each `count` and `for_each` that it does not know or must not show.
    """

    def __init__(self, summary: str, detail: str, file: str = "", line: int = 0) -> None:
        super().__init__(" ".join(f"{summary}: {detail}".split()))
        self.summary = summary
        self.detail = detail
        self.file = file
        self.line = line
        self.uncounted: set[tuple[str, int]] = set()


@cache
def isolation() -> tuple[str, ...]:
    """The words before a command that take the network away; none where the system does not let us."""
    for words in (("unshare", "--net"), ("unshare", "--user", "--map-root-user", "--net")):
        try:
            if processes.run([*words, "true"], stderr=subprocess.DEVNULL, timeout=10).returncode == 0:
                return words
        except (OSError, processes.Exceeded):
            continue
    return ()


def plan(written: Written, folder: Path) -> tuple[dict[str, Any], str]:
    """The plan of a written configuration, as `terraform show -json` gives it: decoded, and as text.

    Args:
        written: what Terraform is handed.
        folder: an empty folder that only this user can read.

    Raises:
        Refused: Terraform does not plan the configuration.
        Problem: Terraform cannot be started.
        processes.Exceeded: it needs more time or memory than it may have.
    """
    from mock_provider import plugin, provider, runner, schema
    from mock_provider.configuration import words
    from mock_provider.terraform import find

    terraform = find()
    runner.version(terraform)
    size = sum(map(len, written.texts.values())) + sum(map(len, written.copies.values()))
    memory = MEMORY + _MEMORY_EACH * size
    with runner.attached(memory) as attach:
        run, state = folder / "run", folder / "state"
        _lay_out(written, run)
        for name in ("home", "data/modules", "mirror"):
            (state / name).mkdir(parents=True)
        (state / "data/modules/modules.json").write_text(json.dumps({"Modules": _modules(written)}))
        # The only provider that can be had is the one that is attached.
        (state / "terraform.tfrc").write_text(
            "disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n"
            f"    path = {json.dumps(str(state / 'mirror'))}\n  }}\n}}\n"
        )
        occurring, _ = words(written.texts.values())
        (state / "answer").write_bytes(provider.answer(schema.load(), occurring))
        told = {plugin.ANSWER: str(state / "answer"), plugin.LENIENT: "1"}
        reattach = attach(runner.Prepared(terraform.command, run, told, state)).environment.get(
            "TF_REATTACH_PROVIDERS"
        )
        if reattach is None:
            raise Problem(
                "the mock provider did not start; what Python had compiled of it was removed from the cache, in case "
                "it was damaged: try again; if it stays so, `python -m mock_provider run -- terraform plan` says more"
            )
        environment = {name: os.environ[name] for name in _PASSED if name in os.environ} | {
            "PATH": os.defpath,
            "HOME": str(state / "home"),
            "TMPDIR": str(state / "home"),
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
            "TF_CLI_CONFIG_FILE": str(state / "terraform.tfrc"),
            "TF_DATA_DIR": str(state / "data"),
            "TF_REATTACH_PROVIDERS": reattach,
            "GIT_ALLOW_PROTOCOL": "none",
            **dict.fromkeys(_PROXIES, _NOWHERE),
        }
        command = (*isolation(), *terraform.command)
        bounds = _Bounds(
            memory,
            SECONDS + _SECONDS_EACH * size,
            min(_LARGEST_ANSWER, _FEW + _ANSWER_EACH * size),
        )
        file = str(state / "plan")
        planning = ("plan", "-json", "-input=false", "-lock=false", "-refresh=false", f"-out={file}")
        _said((*command, *planning), run, environment, state / "log", bounds)
        text = _said((*command, "show", "-json", file), run, environment, state / "shown", bounds)
    document = json.loads(text)
    if not isinstance(document, dict):
        raise Problem("terraform show -json did not give a plan")
    return document, text


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What each command may use: bytes of data, seconds, and bytes of its answer."""

    memory: int
    seconds: float
    answer: int


def _said(
    command: Sequence[str], folder: Path, environment: dict[str, str], output: Path, bounds: _Bounds
) -> str:
    """What a command of Terraform writes to stdout, by way of a file."""
    with (
        output.open("wb") as handle,
        processes.started(
            command,
            cwd=folder,
            environment=environment,
            stdout=handle,
            stderr=subprocess.PIPE,
            memory=bounds.memory,
            # A plan that nobody waits for has nothing to finish.
            grace=0,
        ) as process,
    ):
        _, said = processes.wait(process, "terraform", timeout=bounds.seconds, memory=bounds.memory)
    if output.stat().st_size > bounds.answer:
        raise processes.Exceeded(
            f"terraform: its answer has more than {bounds.answer >> 20} MiB, the most that is read"
        )
    text = output.read_text("utf-8", errors="replace")
    if process.returncode != 0:
        raise _refusal(text, said or "")
    return text


def _lay_out(written: Written, run: Path) -> None:
    for name, text in written.texts.items():
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text(text, "utf-8", newline="")
    for name, data in written.copies.items():
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_bytes(data)
    for name, files in written.folders.items():
        (run / name).mkdir(parents=True)
        for file in files:
            (run / name / file).parent.mkdir(parents=True, exist_ok=True)
            (run / name / file).touch()


def _modules(written: Written) -> list[dict[str, str]]:
    """The modules as `terraform init` records them, so that there is nothing to initialize."""
    found = [{"Key": "", "Source": "", "Dir": "."}]
    for name in written.texts:
        if name.startswith("modules/") and name.endswith("/main.tf"):
            path = name.split("/")[1:-1]
            source = f"./{path[-1]}" if len(path) > 1 else f"./modules/{path[-1]}"
            found.append({"Key": ".".join(path), "Source": source, "Dir": name.removesuffix("/main.tf")})
    return found


def _refusal(log: str, stderr: str) -> Refused:
    """Terraform's errors out of its log in JSON, a line each."""
    first: Refused | None = None
    uncounted = set()
    for line in log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        found = entry.get("diagnostic") if isinstance(entry, dict) else None
        if not isinstance(found, dict) or found.get("severity") != "error":
            continue
        place = found.get("range") or {}
        refused = Refused(
            str(found.get("summary") or "it gave no reason"),
            str(found.get("detail") or ""),
            str(place.get("filename") or ""),
            int((place.get("start") or {}).get("line") or 0),
        )
        if refused.summary in _UNCOUNTED and re.search(r"until apply|^Sensitive values", refused.detail):
            uncounted.add((refused.file, refused.line))
        first = first or refused
    if first is None:
        said = " ".join(stderr.split())[:500]
        return Refused("Terraform ended with an error", said or "it gave no reason")
    first.uncounted = uncounted
    return first
