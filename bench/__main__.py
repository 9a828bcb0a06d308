"""`make bench`: synthesis beside the plain import, the gate beside Checkov, Terraform against the mock provider.

Every figure is of a whole process: wall seconds and peak memory as the operating system counts them
(wait4). Sides of a comparison run in turn, so that a machine that slows down slows both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench import inputs
from cloudmart_support.problem import Problem, guarded

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
CHECKOV = ROOT / ".venv-checkov" / "bin" / "python"


class Run(NamedTuple):
    """One process: wall seconds, peak memory in MiB, exit code."""

    seconds: float
    peak: float
    code: int


def run(command: Sequence[str], **environment: str) -> Run:
    """Run a command to its end, its output thrown away."""
    start = time.perf_counter()
    with Path(os.devnull).open("w") as nowhere:
        pid = os.posix_spawn(
            command[0],
            list(command),
            {**os.environ, **environment},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 2),
            ],
        )
        _, status, usage = os.wait4(pid, 0)
    return Run(time.perf_counter() - start, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))


def beside(times: int, *commands: Callable[[], Run]) -> list[Run]:
    """The median of `times` runs of each command, taken in turn."""
    taken = [[command() for command in commands] for _ in range(times)]
    return [
        Run(
            statistics.median(row[side].seconds for row in taken),
            statistics.median(row[side].peak for row in taken),
            taken[-1][side].code,
        )
        for side in range(len(commands))
    ]


def synthesis(times: int) -> list[str]:
    """Synthesis beside the plain import of the provider's package."""
    with tempfile.TemporaryDirectory() as out:
        synth = [PYTHON, "-O", str(ROOT / "main.py"), "synth", "--env", "prod", "--out", out]
        plain = [PYTHON, "-c", "from cdktf_cdktf_provider_aws.vpc import Vpc"]
        floor = [PYTHON, "-c", "from synthesis import bindings; bindings.install(); import cdktf"]
        node = {"JSII_NODE": _node(), "PYTHONPATH": str(ROOT)}
        run(synth)
        # A first import, or one where nobody may write bytecode: Python compiles all 2,200 modules.
        first = {**node, "PYTHONPYCACHEPREFIX": str(Path(out) / "bytecode"), "PYTHONDONTWRITEBYTECODE": "1"}
        ours, lowest, theirs = beside(
            times,
            lambda: run(synth),
            lambda: run(floor, **node),
            lambda: run(plain, **node),
        )
        theirs_first = run(plain, **first)
    return [
        "| process | seconds | peak MiB | times `make synth` |",
        "| --- | --- | --- | --- |",
        f"| synthesis of prod, warm | {ours.seconds:.2f} | {ours.peak:.0f} | 1 |",
        f"| jsii and `cdktf` alone: the floor | {lowest.seconds:.2f} | {lowest.peak:.0f} | {lowest.seconds / ours.seconds:.2f} |",
        f"| plain import of one resource type, bytecode there | {theirs.seconds:.1f} | {theirs.peak:.0f} | {theirs.seconds / ours.seconds:.1f} |",
        f"| the same without bytecode, once | {theirs_first.seconds:.1f} | {theirs_first.peak:.0f} | {theirs_first.seconds / ours.seconds:.1f} |",
    ]


def gate_on_stack(times: int) -> list[str]:
    """The gate on the synthesized stack in each form, beside Checkov with the same rules, and in exact mode."""
    with tempfile.TemporaryDirectory() as name:
        stack = planned(Path(name))
        hcl = Path(name) / "hcl"
        said([PYTHON, "-m", "bench.inputs", "hcl", "1", str(stack), str(hcl)])
        check = [PYTHON, "-m", "policies", "check"]
        ours, theirs, plan, in_hcl, exact = beside(
            times,
            lambda: judged([*check, str(stack / "cdk.tf.json")]),
            lambda: judged(
                [str(CHECKOV), "-m", "policies.checkov_host", str(stack / "cdk.tf.json")],
                PYTHONPATH=str(ROOT),
            ),
            lambda: judged([*check, str(stack / "plan.json")]),
            lambda: judged([*check, str(hcl)]),
            lambda: judged([*check, str(stack / "cdk.tf.json"), "--exact"]),
        )
    rows = {
        "gate on prod": ours,
        "Checkov with the same rules on prod": theirs,
        "gate on prod's plan": plan,
        "gate on prod as HCL": in_hcl,
        "gate on prod, evaluated by Terraform first (`--exact`)": exact,
    }
    return [
        "| process | seconds | peak MiB | times the gate |",
        "| --- | --- | --- | --- |",
        *(
            f"| {name} | {taken.seconds:.2f} | {taken.peak:.0f} | {taken.seconds / ours.seconds:.1f} |"
            for name, taken in rows.items()
        ),
    ]


def judged(command: Sequence[str], **environment: str) -> Run:
    """Run a judge; its time counts only if it came to a verdict."""
    taken = run(command, **environment)
    if taken.code not in (0, 1):
        raise Problem(f"{' '.join(command)} ended with {taken.code}: run it by hand to see why")
    return taken


def gate_beside_checkov(checkouts: Path | None, most: int) -> list[str]:
    """The gate and Checkov with its own rules, in turn, on root folders in HCL.

    Args:
        checkouts: the folder whose root folders are judged; None means the project's own stack.
        most: how many of them at most.
    """
    with tempfile.TemporaryDirectory() as name:
        roots = [Path(name) / "hcl"]
        if checkouts is None:
            stack = synthesized(Path(name))
            said([PYTHON, "-m", "bench.inputs", "hcl", "1", str(stack), str(roots[0])])
        else:
            roots = inputs.roots(checkouts, most)
        pairs: list[tuple[Run, Run]] = []
        for root in roots:
            ours = run([PYTHON, "-m", "policies", "check", str(root)])
            if ours.code in (0, 1):
                host = [
                    str(CHECKOV),
                    "-m",
                    "checkov.main",
                    "--directory",
                    str(root),
                    "--framework",
                    "terraform",
                ]
                pairs.append((ours, judged([*host, "--quiet", "--compact", "--skip-download"])))
    if not pairs:
        raise Problem(f"{checkouts}: no root folder in it could be judged")
    whose = "the project's own stack" if checkouts is None else f"folders of {checkouts.name}"
    ours_s, theirs_s = (sorted(pair[side].seconds for pair in pairs) for side in (0, 1))
    ratios = sorted(theirs.seconds / ours.seconds for ours, theirs in pairs)
    return [
        f"Root folders in HCL ({whose}), each judged once by both, Checkov with its own rules. "
        f"{len(pairs)} of {len(roots)} could be judged.",
        "",
        "| whole process | median | least | most |",
        "| --- | --- | --- | --- |",
        *(
            f"| {name} | {statistics.median(figures):.2f} | {figures[0]:.2f} | {figures[-1]:.2f} |"
            for name, figures in (("gate, s", ours_s), ("Checkov, s", theirs_s), ("Checkov : gate", ratios))
        ),
    ]


def gate_by_size(times: int, sizes: Sequence[int], checkov_most: int, hcl_most: int) -> list[str]:
    """The gate by number of resources, in each form, beside one run of Checkov up to `checkov_most` of them.

    HCL is measured up to `hcl_most` of them.
    """
    lines = [
        "The inputs are copies of the production stack beside each other. Checkov runs once.",
        "",
        "| form | resources | gate s | peak MiB | µs a resource | Checkov s | peak MiB | Checkov : gate |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    with tempfile.TemporaryDirectory() as name:
        stack = planned(Path(name))
        for form in inputs.FORMS:
            for size in sizes:
                if form == "hcl" and size > hcl_most:
                    continue
                folder = Path(name) / f"{form}-{size}"
                count = int(said([PYTHON, "-m", "bench.inputs", form, str(size), str(stack), str(folder)]))
                target = str(inputs.target(form, folder))
                check = partial(judged, [PYTHON, "-m", "policies", "check", target])
                (ours,) = beside(times, check)
                beside_it = "| — | — | — |"
                if size <= checkov_most:
                    host = [str(CHECKOV), "-m", "policies.checkov_host", target]
                    theirs = judged(host, PYTHONPATH=str(ROOT))
                    ratio = theirs.seconds / ours.seconds
                    beside_it = f"| {theirs.seconds:.1f} | {theirs.peak:.0f} | {ratio:.1f} |"
                lines.append(
                    f"| {form} | {count:,} | {ours.seconds:.2f} | {ours.peak:.0f} "
                    f"| {ours.seconds / count * 1e6:.0f} {beside_it}"
                )
    return lines


def planned(out: Path) -> Path:
    """The synthesized production stack's folder, with its plan beside it as plan.json."""
    stack = synthesized(out)
    said(mocked(out, stack, "plan", f"-out={out / 'saved'}"))
    shown = said(mocked(out, stack, "show", "-json", str(out / "saved")))
    (stack / "plan.json").write_text(shown, encoding="utf-8")
    return stack


def synthesized(out: Path, *changes: str) -> Path:
    """The synthesized production stack's folder; `changes` are settings, as for `--set`."""
    settings = (word for change in changes for word in ("--set", change))
    said([PYTHON, str(ROOT / "main.py"), "synth", "--env", "prod", "--out", str(out), *settings])
    return out / "stacks" / "cloudmart-prod"


def mocked(out: Path, stack: Path, *arguments: str) -> list[str]:
    """Terraform's command on a stack against the mock provider, its state in `out`."""
    mock = [PYTHON, "-m", "mock_provider", "run", "--state-dir", str(out / "state"), "--", "terraform"]
    return [*mock, f"-chdir={stack}", *arguments]


def said(command: Sequence[str]) -> str:
    """What a command prints, which is not measured."""
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def terraform(times: int) -> list[str]:
    """Terraform's commands for prod against the mock provider."""
    lines = ["| `terraform` against the mock provider, prod without locks | seconds |", "| --- | --- |"]
    with tempfile.TemporaryDirectory() as name:
        # What is locked against deletion, no destroy takes away.
        kinds = ("database", "load_balancer")
        stack = synthesized(Path(name), *(f"{kind}.deletion_protection=false" for kind in kinds))

        def inside(*arguments: str) -> Run:
            return run(mocked(Path(name), stack, *arguments))

        inside("init")
        for command in (
            ["validate"],
            ["plan"],
            ["apply", "-auto-approve"],
            ["plan"],
            ["destroy", "-auto-approve"],
        ):
            repeated = times if command[0] in ("validate", "plan") else 1
            (taken,) = beside(repeated, lambda command=command: inside(*command))  # type: ignore[misc]
            lines.append(f"| {' '.join(command)} | {taken.seconds:.2f}{' (failed)' if taken.code else ''} |")
    return lines


def _node() -> str:
    from synthesis import bindings

    return str(bindings.node())


def main() -> int:
    """Run the benchmarks and write their table into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="runs of each command; the median counts")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 50_000], help="resources")
    parser.add_argument(
        "--checkov-most", type=int, default=2_000, help="resources up to which Checkov runs too"
    )
    parser.add_argument(
        "--hcl-most", type=int, default=20_000, help="resources up to which HCL is measured too"
    )
    parser.add_argument(
        "--checkouts", type=Path, help="a folder of checkouts whose root folders Checkov judges too"
    )
    parser.add_argument("--roots-most", type=int, default=24, help="root folders of them that are judged")
    parser.add_argument(
        "--only", choices=["synthesis", "gate", "checkov", "sizes", "terraform"], help="one part, not written"
    )
    arguments = parser.parse_args()
    parts: dict[str, tuple[str, Callable[[], list[str]]]] = {
        "synthesis": ("Synthesis", lambda: synthesis(arguments.times)),
        "gate": ("The gate on the stack", lambda: gate_on_stack(arguments.times)),
        "checkov": (
            "The gate beside Checkov",
            lambda: gate_beside_checkov(arguments.checkouts, arguments.roots_most),
        ),
        "sizes": (
            "The gate by size",
            lambda: gate_by_size(
                arguments.times, arguments.sizes, arguments.checkov_most, arguments.hcl_most
            ),
        ),
        "terraform": ("Terraform without AWS", lambda: terraform(arguments.times)),
    }
    written = [
        f"{os.cpu_count()} processors, Python {sys.version.split()[0]}; medians of {arguments.times} runs.",
        "",
    ]
    for name, (title, measure) in parts.items():
        if arguments.only in (None, name):
            section = [f"## {title}", "", *measure(), ""]
            print("\n".join(section), flush=True)
            written += section
    if arguments.only is None:
        target = ROOT / "docs" / "benchmarks.md"
        target.write_text("# Benchmarks\n\nWritten by `make bench`.\n" + "\n".join(written), encoding="utf-8")
        print(target.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
