"""What may be said on the command line."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from cloudmart_support.visible import visible
from policies.engine.verdicts import PACKS, SEVERITIES
from policies.reports import COMMANDS, FORMATS

_LONGEST: Final = 300.0
"""Seconds that a run of the gate may take unless told otherwise."""

NAME: Final = "cloudmart-policies"
"""How the program is called where it is installed."""

SHELLS: Final = ("bash", "zsh", "fish")
"""The shells for which completion is written."""

_CODES: Final = """exit codes:
  0  all passed
  1  a fail, an unknown or a broken waiver
  2  something could not be judged, or the command line is wrong"""
_NO_VERDICT: Final = """exit codes:
  0  done
  2  it could not be done, or the command line is wrong"""


class _Reports(argparse.Action):
    """Keeps formats and outputs in the order in which they were given, as `reports`: an output belongs to the format
    that it follows."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, value: object, *_: object
    ) -> None:
        namespace.reports = [*(namespace.reports or []), value]


class _Version(argparse.Action):
    """Shows the version, which is looked up only then."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from cloudmart_support.version import version

        print(f"{parser.prog} {version()}")
        parser.exit()


def parser(name: str = "") -> argparse.ArgumentParser:
    """The parser, with all commands; without a name it has the one that the program was called by."""
    called = Path(sys.argv[0]).name.removesuffix(".exe")
    prog = name or ("python -m policies" if called == "__main__.py" else visible(called))
    line = argparse.ArgumentParser(
        prog=prog,
        description="Judge Terraform before it is applied: JSON, HCL and plans.",
        epilog=f"{_CODES}\n\nexample:\n  {prog} check --recursive .\n\n`{prog} COMMAND --help` tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    line.add_argument("--version", action=_Version, help="show the version and end")
    commands = line.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, about: str, examples: str, codes: str = _NO_VERDICT) -> argparse.ArgumentParser:
        shown = "\n".join(f"  {prog} {name}{example}" for example in examples.split("|"))
        return commands.add_parser(
            name,
            help=about,
            description=f"{about[0].upper()}{about[1:]}.",
            epilog=f"{codes}\n\nexamples:\n{shown}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    check = command(
        "check",
        "judge folders, files and plans",
        " --recursive .| 'stacks/*' --format sarif --output policies.sarif --format text| plan.json --configuration .",
        _CODES,
    )
    check.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a folder, a .tf or .tf.json file, a plan, or a pattern of these in quotes, as in 'stacks/*'; without "
        "any, the roots of the configuration",
    )
    check.add_argument(
        "--recursive",
        action="store_true",
        help="judge the roots in and below each folder (this one, where none is named): what is only called as a "
        "module is judged through its callers",
    )
    check.add_argument(
        "--jobs",
        type=_jobs,
        metavar="N",
        help="how many of several roots are judged at once (as many as there are processors)",
    )
    used = check.add_mutually_exclusive_group()
    used.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the gate's configuration (TOML), over which the command line wins; without it "
        ".cloudmart-policies.toml or pyproject.toml is looked for, from here up to the repository's top",
    )
    used.add_argument("--no-config", action="store_true", help="look for no configuration")
    check.add_argument(
        "--base",
        metavar="COMMIT",
        help="read configuration, parameters, waivers and baseline as they are at this commit of git, so that a change "
        "cannot accept its own findings",
    )
    check.add_argument(
        "--format",
        action=_Reports,
        choices=(*FORMATS, *COMMANDS),
        metavar="FORMAT",
        dest="reports",
        help=f"the report's format (text): {', '.join((*FORMATS, *COMMANDS))}; may be repeated, each followed by an "
        "--output of its own, but for one",
    )
    check.add_argument(
        "--quiet", action="store_true", help="of the report as text only the counts and the verdict"
    )
    check.add_argument(
        "--output",
        action=_Reports,
        type=Path,
        metavar="FILE",
        dest="reports",
        help="write the report there, not to stdout",
    )
    check.add_argument(
        "--configuration",
        type=Path,
        metavar="PATH",
        help="what the plan was made from: answers where the plan says no more than 'known after apply'",
    )
    for option, metavar, about in (
        ("var", "NAME=VALUE", "the value of a variable"),
        ("var-file", "FILE", "a file with values of variables"),
    ):
        check.add_argument(
            f"--{option}",
            dest="assignments",
            action="append",
            default=[],
            type=partial(_told, option),
            metavar=metavar,
            help=f"{about}, as for Terraform; may be repeated, the last one wins",
        )
    check.add_argument(
        "--workspace",
        metavar="NAME",
        help="the workspace (the TF_WORKSPACE of the environment; otherwise it is not known)",
    )
    check.add_argument("--params", type=Path, metavar="FILE", help="parameters laid over the defaults (TOML)")
    check.add_argument("--waivers", type=Path, metavar="FILE", help="accepted findings (TOML)")
    _own_rules(check)
    _choosing(check)
    comments = check.add_mutually_exclusive_group()
    comments.add_argument(
        "--forbid-comments",
        action="store_true",
        default=None,
        help="comments in the source that waive fail, and do not waive",
    )
    comments.add_argument(
        "--allow-comments",
        action="store_false",
        dest="forbid_comments",
        help="comments in the source waive, whatever the configuration says and with --base",
    )
    check.add_argument(
        "--baseline",
        type=Path,
        metavar="FILE",
        help="findings that stand and do not fail; what is new fails, what is gone is told",
    )
    check.add_argument(
        "--write-baseline",
        type=Path,
        metavar="FILE",
        help="write what stands now into a baseline, and use it",
    )
    check.add_argument(
        "--exact",
        action="store_const",
        const="always",
        help="let Terraform evaluate the folder first, against the mock provider; what it cannot is unknown",
    )
    check.add_argument(
        "--exact=try",
        action="store_const",
        const="try",
        dest="exact",
        help="the same, but go on with the gate's own readers where Terraform cannot evaluate it",
    )
    cures = check.add_mutually_exclusive_group()
    cures.add_argument(
        "--diff",
        action="store_true",
        help="write a patch that mends what rules can mend themselves, in place of the report to stdout",
    )
    cures.add_argument(
        "--fix",
        action="store_true",
        help="mend it in the files, and judge them as they are then",
    )
    _timeout(check)
    begin = command(
        "init",
        "look at a repository, and write its configuration, hook and job for continuous integration",
        "| --dry-run",
    )
    begin.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="a folder of the repository (this one)",
    )
    _timeout(begin)
    begin.add_argument("--dry-run", action="store_true", help="show what would be written, and write nothing")
    rules = command("rules", "the catalogue of rules, or some in full", "| CM_RDS_NOT_PUBLIC| --format json")
    rules.add_argument(
        "rules", nargs="*", metavar="RULE", help="explain this rule: why, fix, controls, cases"
    )
    rules.add_argument("--format", choices=("text", "json"), default="text")
    _own_rules(rules)
    catalogue = command("catalogue", "write the catalogue as a page", " --output rules.md")
    catalogue.add_argument("--output", type=Path, metavar="FILE", help="write it there, not to stdout")
    _own_rules(catalogue)
    completion = command(
        "completion",
        "write what completes commands and options in a shell",
        f" bash > ~/.local/share/bash-completion/completions/{NAME}"
        f"| zsh > ~/.zfunc/_{NAME}| fish > ~/.config/fish/completions/{NAME}.fish",
    )
    completion.add_argument("shell", choices=SHELLS)
    return line


def _own_rules(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--rules",
        dest="own",
        action="append",
        default=[],
        metavar="DIR",
        help="rules of your own, which are code and run: a folder, or package:NAME for those that an installed package "
        "offers; may be repeated",
    )


def _choosing(check: argparse.ArgumentParser) -> None:
    """The options that say which rules run."""
    packs = "; ".join(f"{name}: {about.split(':')[0]}" for name, about in PACKS.items())
    check.add_argument("--pack", choices=tuple(PACKS), help=f"which rules run ({packs})")
    for option, about in (
        ("only", "run this rule and no other"),
        ("skip", "do not run this rule"),
    ):
        check.add_argument(
            f"--{option}",
            action="append",
            metavar="RULE",
            help=f"{about}; may be repeated, `*` stands for anything; what is left out stands in the report",
        )
    check.add_argument(
        "--severity", choices=SEVERITIES, metavar="LEVEL", help="run the rules of at least this severity"
    )


def _timeout(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        default=_LONGEST,
        help=f"how long all of it may take ({_LONGEST:g})",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from error
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError("must be more than 0 and at most 86400")
    return seconds


def _jobs(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text) or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes: 1 or more")
    return int(text)


def _told(option: str, text: str) -> tuple[str, str]:
    return option, text
