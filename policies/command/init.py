"""`init`: what a repository needs to be judged on every change: a configuration, a hook, a job, and what to do next.

Nothing that is there is changed, and nothing is written through a link.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cloudmart_support import git
from cloudmart_support.problem import Problem
from cloudmart_support.version import origin, version
from cloudmart_support.visible import visible
from policies.command import configuration, judged, targets
from policies.command.judged import Asked
from policies.command.limit import Late
from policies.command.parser import NAME
from policies.command.writing import write
from policies.engine import catalogue, choosing, parameters
from policies.engine.judging import NothingDeclared, Result
from policies.engine.verdicts import AWS, FAIL, UNKNOWN
from policies.readers import files
from policies.readers.inputs import of_environment

HOME: Final = "https://github.com/example/cloudmart-infrastructure"
"""Where the gate comes from, unless it was installed from elsewhere."""
BASELINE: Final = "cloudmart-policies-baseline.json"
HOOKS: Final = ".pre-commit-config.yaml"
WORKFLOW: Final = ".github/workflows/terraform-policies.yml"
JOB: Final = ".gitlab/terraform-policies.yml"
CHECKOUT: Final = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2"

_MOST_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class _Gate:
    """Where the gate comes from: an address and a version of it; `fixed` unless somebody has to fill them in."""

    address: str
    version: str
    fixed: bool


@dataclass(slots=True)
class _Plan:
    """What is written, by path, and what is said in the end."""

    files: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    additions: list[tuple[str, str]] = field(default_factory=list)


def init(options: argparse.Namespace) -> int:
    """Look at the repository, write what is missing, and say what to do next; the exit code.

    Raises:
        Problem: there is no Terraform in it, or a file cannot be written.
    """
    top = _top(options.folder)
    os.chdir(top)
    found = targets.find([], searched=[Path()])
    result = _judged(found.paths)
    gate = _gate()
    plan = _Plan()
    standing = sum(finding.status in (FAIL, UNKNOWN) for finding in result.findings)
    _plan_configuration(plan, found.paths, bool(standing))
    _plan_hook(plan, gate)
    host = _plan_job(plan, gate)
    lines = [f"{top}: {_count(len(result.roots), 'root')}", *_listed(result)]
    lines += [f"  {note}" for note in (*found.notes, *result.notes)]
    lines.append("")
    for name, text in plan.files.items():
        if options.dry_run:
            lines += [f"would write {name}:", *(f"    {line}".rstrip() for line in text.splitlines())]
        else:
            _create(Path(name), text)
            lines.append(f"written: {name}")
    lines += [f"left as it is: {name}" for name in plan.kept]
    for name, text in plan.additions:
        lines += [f"to be added to {name}:", *(f"    {line}".rstrip() for line in text.splitlines())]
    lines += ["", *_next(plan, gate, host, standing)]
    write("".join(f"{visible(line) if line else ''}\n" for line in lines), None)
    return 0


def _top(folder: Path) -> Path:
    """The repository's folder that a folder lies in, or itself where it lies in none."""
    if not folder.is_dir():
        raise Problem(f"{folder}: there is no such folder")
    here = folder.resolve()
    return git.top(here) or here


def _gate() -> _Gate:
    source = origin()
    if source is not None:
        return _Gate(*source, fixed=True)
    return _Gate(HOME, f"v{version()}", fixed=False)


def _judged(paths: Sequence[Path]) -> Result:
    """What the gate finds today with the rules that the configuration asks for."""
    wanted = parameters.load()
    choice = choosing.choose(catalogue.load(), choosing.Wish(pack=AWS))
    asked = []
    for path in paths:
        chosen = _variable_files(path)
        given = [("var-file", str(chosen[0]))] if len(chosen) == 1 else []
        asked.append(Asked(path, None, of_environment(given), None, wanted, found=True))
    try:
        return judged.judged(asked, choice, None)
    except (Late, NothingDeclared):
        raise
    except Problem as problem:
        # The only root; of several it is told with the others.
        return judged.not_judged(paths[0], str(problem))


# --- what is written ------------------------------------------------------------------------------------


def _plan_configuration(plan: _Plan, roots: Sequence[Path], standing: bool) -> None:
    if os.path.lexists(configuration.NAME):
        plan.kept.append(configuration.NAME)
        return
    if Path(configuration.PROJECT).is_file() and re.search(
        rf"^\[tool\.{NAME}", files.read_text(Path(configuration.PROJECT)), re.M
    ):
        plan.kept.append(f"{configuration.PROJECT}, with [tool.{NAME}] in it")
        return
    lines = [
        "# How this repository's Terraform is judged. The command line wins over what stands here.",
        "",
        "# Every root that there is: what is only called as a module is judged through its callers.",
        'roots = ["**"]',
        "",
        '# "aws" is what everybody on AWS wants, "cloudmart" all rules.',
        f'pack = "{AWS}"',
    ]
    if standing:
        lines += ["", "# What stood when this was written, and does not fail.", f'baseline = "{BASELINE}"']
    for root in roots:
        lines += _variables(root)
    plan.files[configuration.NAME] = "\n".join(lines) + "\n"


def _variables(root: Path) -> list[str]:
    """What gives values to a root's variables that Terraform does not read by itself."""
    found = _variable_files(root)
    names = [json.dumps(str(file), ensure_ascii=False) for file in found]
    if not found or not all(str(file).isprintable() and str(root).isprintable() for file in found):
        return []
    head = ["", "[[root]]", f"path = {json.dumps(str(root), ensure_ascii=False)}"]
    if len(names) == 1:
        return [*head, f"var-files = [{names[0]}]"]
    return [
        *head,
        "# One of these gives its variables their values:",
        *(f"# var-files = [{name}]" for name in names),
    ]


def _variable_files(root: Path) -> list[Path]:
    """The files in and below a root that give values to variables, and that Terraform does not read by itself."""
    found = []
    for folder, below, names in os.walk(root):
        below[:] = sorted(name for name in below if not name.startswith("."))
        # Below, another root begins.
        if Path(folder) != root and any(name.endswith(files.CONFIGURATION) for name in names):
            below.clear()
            continue
        for name in sorted(names):
            automatic = name.endswith((".auto.tfvars", ".auto.tfvars.json")) or name in (
                "terraform.tfvars",
                "terraform.tfvars.json",
            )
            file = Path(folder, name)
            if (
                name.endswith((".tfvars", ".tfvars.json"))
                and not name.startswith(".")
                and not file.is_symlink()
            ):
                found += [] if automatic and folder == str(root) else [file]
    return found


def _plan_hook(plan: _Plan, gate: _Gate) -> None:
    entry = f"  - repo: {gate.address}\n    rev: {gate.version}\n    hooks:\n      - id: terraform-policies\n"
    if not os.path.lexists(HOOKS):
        plan.files[HOOKS] = f"repos:\n{entry}"
    elif _mentions(HOOKS, "terraform-policies"):
        plan.kept.append(HOOKS)
    else:
        plan.additions.append((f"{HOOKS}, under repos", entry))


def _plan_job(plan: _Plan, gate: _Gate) -> str:
    """The file for continuous integration; which host it is for, or nothing."""
    host = _host()
    if host == "github":
        if os.path.lexists(WORKFLOW):
            plan.kept.append(WORKFLOW)
        else:
            plan.files[WORKFLOW] = _workflow(gate)
    elif host == "gitlab":
        if os.path.lexists(JOB):
            plan.kept.append(JOB)
        else:
            plan.files[JOB] = _job(gate)
        if not _mentions(".gitlab-ci.yml", JOB):
            plan.additions.append((".gitlab-ci.yml", f"include:\n  - local: {JOB}\n"))
    return host


def _host() -> str:
    if Path(".github").is_dir():
        return "github"
    if Path(".gitlab-ci.yml").is_file():
        return "gitlab"
    if not os.path.lexists(".git"):
        return ""
    try:
        address = git.ask(["config", "--get", "remote.origin.url"], Path.cwd(), "where it is hosted").decode(
            errors="replace"
        )
    except Problem:
        return ""
    name = re.match(r"(?:[a-z+]+://)?(?:[^@/]*@)?([^:/]+)", address)
    return next((host for host in ("github", "gitlab") if name and host in name[1].split(".")), "")


def _workflow(gate: _Gate) -> str:
    source = re.sub(r"^https://github\.com/|\.git$", "", gate.address)
    return f"""\
name: Terraform policies

on:
  pull_request:

permissions:
  contents: read

jobs:
  policies:
    runs-on: ubuntu-latest
    steps:
      - uses: {CHECKOUT}
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: {source}@{gate.version}
        with:
          # The configuration and the baseline are read there, so that no change accepts its own findings.
          base: ${{{{ github.event.pull_request.base.sha }}}}
          sarif: ""
"""


def _job(gate: _Gate) -> str:
    address = gate.address.removesuffix(".git")
    if address.startswith("https://github.com/"):
        raw = f"{address.replace('https://github.com/', 'https://raw.githubusercontent.com/')}/{gate.version}"
    else:
        raw = f"{address}/-/raw/{gate.version}"
    return f"""\
include:
  - remote: {raw}/docs/ci/gitlab-ci.yml

variables:
  POLICIES_URL: {address}
  POLICIES_COMMIT: {gate.version}
  # The roots are those of the configuration.
  TERRAFORM_PATHS: ""
  # The configuration and the baseline are read there, so that no change accepts its own findings.
  POLICIES_BASE: $CI_MERGE_REQUEST_DIFF_BASE_SHA
  GIT_DEPTH: 0
"""


def _mentions(name: str, words: str) -> bool:
    try:
        return words in files.read_text(Path(name))
    except Problem:
        return False


def _create(path: Path, text: str) -> None:
    """Write a file that is not there; nothing is followed on the way."""
    for folder in reversed(path.parents):
        if folder.is_symlink():
            raise Problem(f"{folder}: it is a link, and {path} is not written through it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(path, flags, 0o644), "w", encoding="utf-8", newline="\n") as handle:
            handle.write(text)
    except OSError as error:
        raise Problem(f"{path}: it cannot be written: {error.strerror}") from error


# --- what is said ---------------------------------------------------------------------------------------


def _listed(result: Result) -> list[str]:
    lines = []
    for one in result.by_root()[:_MOST_SHOWN]:
        (root,), summary = one.roots, one.summary
        verdict = f"cannot be judged yet: {root.problem}" if root.problem else "in order"
        if not root.problem and summary.failed + summary.unknown:
            verdict = f"{summary.failed:,} failed, {summary.unknown:,} unknown"
        lines.append(f"  {root.path}: {verdict}")
    if len(result.roots) > _MOST_SHOWN:
        lines.append(f"  and {_count(len(result.roots) - _MOST_SHOWN, 'more root')}")
    return lines


def _next(plan: _Plan, gate: _Gate, host: str, standing: int) -> list[str]:
    """The steps that are left to people."""
    steps = []
    fresh = configuration.NAME in plan.files
    accepting = standing and not os.path.lexists(BASELINE)
    if accepting:
        steps.append(
            f"{NAME} check --write-baseline {BASELINE}\n"
            f"{_count(standing, 'finding')} to look at, and to mend; what is left then stands in the baseline"
            f"{'' if fresh else ', which the configuration has to name,'} and only new ones fail"
        )
    if plan.additions:
        steps.append(f"add what is shown above to {' and '.join(name for name, _ in plan.additions)}")
    if not gate.fixed and plan.files.keys() - {configuration.NAME}:
        steps.append(
            f"put the gate's address and the full id of its commit in place of {gate.address} and {gate.version}"
        )
    written = [*plan.files, *([BASELINE] if accepting else [])]
    if written:
        steps.append(
            f"git add {shlex.join(written)}\n"
            "and commit it to the default branch: a pull request is judged by what stands there"
        )
    steps.append("pre-commit install\nthe hook judges the roots that a commit concerns")
    if not host:
        steps.append(
            f"have {NAME} check run for every change: neither .github nor .gitlab-ci.yml is here, and the remote tells "
            "no host that is known"
        )
    lines = ["next:"]
    for number, step in enumerate(steps, 1):
        first, *others = step.split("\n")
        lines += [f"  {number}. {first}", *(f"     {line}" for line in others)]
    return lines


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
