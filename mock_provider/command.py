"""The command line: Terraform and OpenTofu against the mock of hashicorp/aws."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from cloudmart_support import processes
from cloudmart_support.problem import Problem
from cloudmart_support.visible import visible_lines
from mock_provider import runner, terraform
from mock_provider.account import events

_WORDS = """\
Terraform's own words follow two dashes: {called} run -- terraform plan

The first of them chooses what runs: `terraform` (what TF names, else terraform or tofu from the
PATH, else Terraform from the wheel), `tofu`, `wheel`, or a path."""


def _called() -> str:
    """The command's name, as it was called."""
    name = Path(sys.argv[0]).stem
    return name if name.startswith("cloudmart-") else "python -m mock_provider"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return Terraform's exit code."""
    parser = argparse.ArgumentParser(
        prog=_called(),
        description="Unmodified Terraform and OpenTofu against a mock of hashicorp/aws: the complete schema, "
        "with no registry, no account and no cloud.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run",
        help="run Terraform or OpenTofu against the mock",
        epilog=_WORDS.format(called=_called()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument(
        "--claim-version", metavar="X", help="the version of hashicorp/aws to claim, as in 6.30.0"
    )
    run.add_argument(
        "--state-dir",
        type=Path,
        metavar="DIR",
        help="where Terraform's state and data go (default: in the cache)",
    )
    run.add_argument("--faults", type=Path, metavar="FILE", help="faults to play, TOML or JSON")
    run.add_argument(
        "--backend",
        choices=("refuse", "local"),
        default="refuse",
        help="what to do where the configuration names a backend that is not local: refuse (default), or keep a "
        "local state of the mock's own in its place",
    )
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="-- terraform ...")
    validate = commands.add_parser(
        "validate", help="validate configurations with Terraform, and with OpenTofu where it is on the PATH"
    )
    validate.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    event = commands.add_parser(
        "event", help="let something happen to the mock's account, as AWS or people do"
    )
    event.add_argument("--state-dir", type=Path, metavar="DIR", required=True, help="where the account is")
    event.add_argument("name", metavar="EVENT", help=", ".join(events.EVENTS))
    given = parser.parse_args(arguments)
    if given.command == "event":
        return _event(given.state_dir, given.name)
    if given.command == "run":
        return _run(given)
    with processes.stoppable():
        return _validate(given.folders)


def _validate(folders: list[Path]) -> int:
    """`terraform validate` of each folder; 0 where all are valid, else 1."""
    print(runner.first_line(runner.claimed()), file=sys.stderr)
    products = [terraform.find()]
    if products[0].source != "tofu":
        if shutil.which("tofu"):
            products.append(terraform.find("tofu"))
        else:
            print("OpenTofu: left out, there is no tofu on the PATH", file=sys.stderr)
    code = 0
    for product in products:
        name = " ".join(runner.version(product)) + (" (wheel)" if product.source == "wheel" else "")
        for folder in folders:
            start = time.perf_counter()
            done = runner.run(
                ["validate", "-no-color"], cwd=folder, terraform=product.source, capture=True, announce=False
            )
            took = f"{time.perf_counter() - start:.1f} s"
            if done.returncode:
                print(f"{folder}: not valid with {name}, {took}\n{done.stderr}{done.stdout}".rstrip())
                code = 1
            else:
                print(f"{folder}: valid with {name}, {took}")
    print(runner.last_line(None), file=sys.stderr)
    return code


def _event(state: Path, name: str) -> int:
    for line in events.happen(state, name):
        print(line)
    return 0


def _run(given: argparse.Namespace) -> int:
    words = given.words[1:] if given.words[:1] == ["--"] else given.words
    if not words:
        raise Problem(f"nothing to run: {_called()} run -- terraform plan")
    try:
        with processes.stoppable():
            result = runner.run(
                words[1:],
                terraform=None if words[0] == "terraform" else words[0],
                state=given.state_dir,
                faults_file=given.faults,
                claim_version=given.claim_version,
                backend=given.backend,
            )
    except Problem as problem:
        print(f"{visible_lines(f'error: {problem}')}\n{runner.last_line(None)}", file=sys.stderr)
        return 2
    # Ended by a signal: as a shell tells it.
    return result.returncode if result.returncode >= 0 else 128 - result.returncode
