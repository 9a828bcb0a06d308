"""`python -m pipeline COMMAND`: the guarded way to AWS, or with LOCAL=1 to the mock provider."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cloudmart_support import processes
from cloudmart_support.problem import Problem, guarded
from pipeline.target import ROLES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code.

    0: done. 1: a policy refused, or something drifted. 2: something else is in the way, and the message says what and
    the cure.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A console that cannot show a character shows its escape instead of ending the program.
            stream.reconfigure(errors="backslashreplace")
    options = _parser(os.environ).parse_args(arguments)
    code = 2
    try:
        with processes.stoppable():
            code = guarded(lambda: _safely(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads on, as with `| head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if options.played:
        from mock_provider.runner import last_line

        print(last_line(options.played), file=sys.stderr)
    return code


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline",
        description="Synthesize, judge, plan and apply. The variables ENV, LOCAL, TF, ACCOUNT, SIGN, PLAN, "
        "ACCEPT, ALLOW_REPLACE, CONFIRM, FAULTS, SHUFFLE, EVENT, FROM, "
        "ADDRESS, ID, PROVIDER and TO are what the options default to.",
    )
    # The folder of the mock's state, once it plays.
    parser.set_defaults(played=None)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--env", default=environ.get("ENV") or "prod", help="environments/ENV.yaml, or state")
    shared.add_argument(
        "--local",
        action="store_const",
        const="1",
        default=environ.get("LOCAL", ""),
        help="against the mock provider: no AWS, no registry",
    )
    shared.add_argument("--terraform", metavar="TF", help="terraform, tofu, a path; with --local also wheel")
    shared.add_argument(
        "--faults",
        type=Path,
        metavar="FILE",
        default=Path(environ["FAULTS"]) if environ.get("FAULTS") else None,
        help="with --local: faults for the mock provider to play",
    )
    shared.add_argument(
        "--shuffle",
        metavar="SEED",
        default=environ.get("SHUFFLE", ""),
        help="with --local: hold calls back at random, so that things are made in another order",
    )
    shared.add_argument(
        "--account",
        type=_path,
        metavar="FOLDER",
        default=_path(environ.get("ACCOUNT", "")),
        help="with --local: where the mock's account and state are, for several clones to share",
    )
    plan = commands.add_parser("plan", parents=[shared], help="synthesize, judge, plan, and save the plan")
    plan.add_argument(
        "--sign",
        type=_path,
        metavar="KEY",
        default=_path(environ.get("SIGN", "")),
        help="an SSH key to sign the plan's file with",
    )
    asked = commands.add_parser(
        "preflight", parents=[shared], help="ask the AWS account what stands in the way, and make nothing"
    )
    for one in (plan, asked):
        one.add_argument(
            "--accept",
            metavar="TOPIC,...",
            default=environ.get("ACCEPT", ""),
            help="questions of the preflight whose misses are known and do not count",
        )
    apply = commands.add_parser("apply", parents=[shared], help="apply exactly the saved plan")
    apply.add_argument(
        "--plan",
        type=_path,
        metavar="FILE",
        default=_path(environ.get("PLAN", "")),
        help="a plan.tar that was made in another clone of the same commit",
    )
    apply.add_argument(
        "--allow-replace",
        metavar="ADDRESS,...",
        default=environ.get("ALLOW_REPLACE", ""),
        help="resources that hold data and may be replaced or deleted",
    )
    commands.add_parser(
        "drift",
        parents=[shared],
        help="look whether what stands is what the settings say (exit code 1: it is not)",
    )
    destroy = commands.add_parser("destroy", parents=[shared], help="destroy all that stands")
    destroy.add_argument(
        "--confirm", metavar="ENV", default=environ.get("CONFIRM") or None, help="the environment's name"
    )
    role = commands.add_parser("role", parents=[shared], help="the role in AWS for a job, by its ARN")
    role.add_argument("job", choices=ROLES)
    promoted = commands.add_parser(
        "promote",
        parents=[shared],
        help="write another environment's version into the settings; apply nothing",
    )
    promoted.add_argument(
        "--from",
        dest="source",
        metavar="FROM",
        default=environ.get("FROM", ""),
        help="the environment that has it",
    )
    taken = commands.add_parser(
        "import", parents=[shared], help="write down what was made by hand, so that the next plan takes it in"
    )
    taken.add_argument(
        "--address",
        default=environ.get("ADDRESS", ""),
        help="the resource that it is to be, as in aws_s3_bucket.logs",
    )
    taken.add_argument(
        "--id", default=environ.get("ID", ""), help="the id by which the provider imports its type"
    )
    upgrade = commands.add_parser(
        "upgrade", parents=[shared], help="show what another provider or Terraform would plan; change nothing"
    )
    upgrade.add_argument(
        "--provider",
        metavar="VERSION",
        default=environ.get("PROVIDER", ""),
        help="a version of hashicorp/aws",
    )
    upgrade.add_argument(
        "--to", metavar="TF", default=environ.get("TO", ""), help="another Terraform: terraform, tofu, a path"
    )
    where = commands.add_parser("where", parents=[shared], help="the folder of the environment's plans")
    where.add_argument("--synthesized", action="store_true", help="that of the synthesized JSON instead")
    event = commands.add_parser(
        "event",
        parents=[shared],
        help="with --local: let something happen to the account, as AWS or people do",
    )
    event.add_argument(
        "event",
        nargs="?",
        metavar="EVENT",
        default=environ.get("EVENT", ""),
        help="minor-upgrade, failover, ...; without one they are listed",
    )
    return parser


def _safely(options: argparse.Namespace) -> int:
    """Run; a file that cannot be written or read is told as a problem, whichever it is."""
    try:
        return _run(options)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Problem(
            f"{error.filename or 'a file'}: {error.strerror or error}: make room on the disk or mend its rights, "
            "then run the same again"
        ) from error


def _run(options: argparse.Namespace) -> int:
    from pipeline import applying, planning
    from pipeline.target import held, target

    local = _switch(options.local)
    if options.faults and not local:
        raise Problem("FAULTS: only the mock provider plays faults; add LOCAL=1")
    if (options.shuffle or options.command == "event") and not local:
        what = "EVENT" if options.command == "event" else "SHUFFLE"
        raise Problem(f"{what}: only the mock provider's account can be played with; add LOCAL=1")
    if options.account and not local:
        raise Problem("ACCOUNT: only the mock provider's account has a folder; add LOCAL=1")
    if options.terraform:
        os.environ["TF"] = options.terraform
    if options.command == "preflight" and local:
        raise Problem("preflight: asks AWS, and with LOCAL=1 there is none to ask; leave LOCAL=1 out")
    about = target(options.env, local=local, account=options.account)
    if options.command == "where":
        print(about.shown(about.folder if options.synthesized else about.work))
        return 0
    if options.command == "role":
        print(about.role(options.job))
        return 0
    if options.command == "promote":
        from pipeline import promoting

        if not options.source:
            example = about.make("promote", FROM="dev")
            raise Problem(f"FROM is not given: name the environment that has the version, as in {example}")
        with held(about):
            return promoting.promote(about, target(options.source, local=local))
    if local:
        from mock_provider import plugin
        from mock_provider.account.events import happen
        from mock_provider.runner import claimed, first_line

        print(first_line(claimed()), file=sys.stderr)
        options.played = about.played
        if options.shuffle:
            os.environ[plugin.SHUFFLE] = options.shuffle
    with held(about):
        if options.command == "event":
            print("\n".join(happen(about.played, options.event)))
            print(f"next: {about.make('plan')}")
            return 0
        if options.command == "import":
            from pipeline import importing

            return importing.take_in(about, options.address, options.id)
        if options.command == "preflight":
            return planning.preflight(about, options.accept)
        run = planning.session(about, options.faults)
        if options.command == "plan":
            return planning.plan(about, run, options.sign, options.accept)
        if options.command == "apply":
            allowed = tuple(filter(None, (one.strip() for one in options.allow_replace.split(","))))
            return applying.apply(about, run, allowed, options.plan)
        if options.command == "upgrade":
            from pipeline import upgrading

            return upgrading.upgrade(about, run, options.provider, options.to)
        if options.command == "drift":
            from pipeline import drifting

            return drifting.drift(about, run)
        return applying.destroy(about, run, options.confirm)


def _path(value: str) -> Path | None:
    return Path(value).expanduser().absolute() if value else None


def _switch(value: str) -> bool:
    if value.lower() in ("1", "true", "yes"):
        return True
    if value.lower() in ("", "0", "false", "no"):
        return False
    raise Problem(f"LOCAL={value}: must be 1 (against the mock provider) or nothing (against AWS)")


if __name__ == "__main__":
    sys.exit(main())
