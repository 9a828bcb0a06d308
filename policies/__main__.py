"""`python -m policies`: the gate and the catalogue on the command line."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from cloudmart_support.problem import Problem, discard_output, guarded
from policies.engine.catalogue import Entry
from policies.engine.judging import Result
from policies.reports import FORMATS

_LONGEST: Final = 300.0
"""Seconds that a run of the gate may take unless told otherwise."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code.

    0: everything passed. 1: a fail, an unknown or a broken waiver. 2: something could not be judged.
    """
    import gc

    # The model lives to the end of the run and holds no garbage worth the search: a fifth of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return guarded(lambda: _safely(_parser().parse_args(arguments)))
    finally:
        if collecting:
            gc.enable()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="policies", description="Judge Terraform before it is applied: JSON, HCL and plans."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="judge folders, files and plans",
        description="Exit code 0: all passed. 1: a fail, an unknown or a broken waiver. 2: not judged.",
    )
    check.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a folder, a .tf or .tf.json file, a plan"
    )
    check.add_argument(
        "--format",
        action="append",
        choices=FORMATS,
        help="the report's format (text); may be repeated, each with an --output of its own",
    )
    check.add_argument(
        "--output", action="append", type=Path, metavar="FILE", help="write the report there, not to stdout"
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
    check.add_argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        default=_LONGEST,
        help=f"how long all of it may take ({_LONGEST:g})",
    )
    rules = commands.add_parser("rules", help="the catalogue of rules")
    rules.add_argument("--format", choices=("text", "json"), default="text")
    catalogue = commands.add_parser("catalogue", help="write the catalogue as a page")
    catalogue.add_argument("--output", type=Path, metavar="FILE", help="write it there, not to stdout")
    return parser


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """End what is done here, in words, when it takes longer; where the system has no such alarm, nothing does."""
    import signal
    import threading

    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: object) -> None:
        raise Problem(
            f"it was not done within {seconds:g} seconds, so that nothing was judged: see --timeout"
        )

    former = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from error
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError("must be more than 0 and at most 86400")
    return seconds


def _told(option: str, text: str) -> tuple[str, str]:
    return option, text


def _safely(options: argparse.Namespace) -> int:
    """Run; what nobody foresaw is told as a problem too, because a gate that breaks must not look open."""
    try:
        return _run(options)
    except (Problem, BrokenPipeError):
        raise
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
        raise Problem(
            f"the gate itself broke, so that nothing was judged: {type(error).__name__}: {error} ({place}); "
            "please report this"
        ) from error


def _run(options: argparse.Namespace) -> int:
    if options.command == "check":
        with _within(options.timeout):
            return _check(options)
    from policies.engine import catalogue
    from policies.reports import catalogue_page

    entries = catalogue.load()
    if options.command == "catalogue":
        _write(catalogue_page.markdown(entries), options.output)
    else:
        _write(catalogue_page.listing(entries, options.format), None)
    return 0


def _check(options: argparse.Namespace) -> int:
    from policies.engine import catalogue, judging, parameters, waivers

    formats = options.format or ["text"]
    outputs: list[Path | None] = [*(options.output or [])]
    if len(outputs) > len(formats) or len(formats) - len(outputs) > 1:
        raise Problem(
            f"there are {len(formats)} formats and {len(outputs)} outputs: give each --format an --output "
            "(one of them may go to stdout)"
        )
    outputs += [None] * (len(formats) - len(outputs))
    rules = catalogue.load()
    wanted = parameters.load(options.params)
    accepted = waivers.load(options.waivers or waivers.DEFAULTS)
    from policies.readers import read
    from policies.readers.inputs import of_environment

    told = of_environment(options.assignments, options.workspace)
    if options.exact:
        from cloudmart_support import processes
        from policies import exact

        with processes.stoppable():
            readings, notes = exact.read_exactly(options.paths, options.exact, told)
    else:
        readings, notes = [read(path, options.configuration, told) for path in options.paths], []
    result = judging.judge(readings, rules, wanted)
    waived = waivers.apply(
        result.findings,
        accepted,
        longest_days=wanted.waivers.longest_days,
        roots=[reading.path for reading in readings],
    )
    result = judging.with_findings(result, waived, notes)
    for format, output in zip(formats, outputs, strict=True):
        _report(format, output, result, rules)
    return result.exit_code


def _report(format: str, output: Path | None, result: Result, rules: Sequence[Entry]) -> None:
    from policies.reports import render

    colour, width = False, 100
    if format == "text" and output is None:
        import shutil

        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        width = shutil.get_terminal_size((100, 24)).columns
    _write(render(format, result, rules, colour=colour, width=width), output)


def _write(text: str, output: Path | None) -> None:
    """Write to a file, whole or not at all, or to stdout."""
    if output is None:
        # A console that cannot show a character shows its escape instead of ending the program.
        try:
            sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader has seen enough; the verdict is still the exit code.
            discard_output()
        except OSError as error:
            discard_output()
            raise Problem(f"the report cannot be written to stdout: {error.strerror}") from error
        return
    try:
        if _is_no_file(output):
            _pass_on(text, output)
            return
        output.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as handle:
                handle.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(output)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Problem(f"{output}: the report cannot be written: {error.strerror}") from error


def _is_no_file(output: Path) -> bool:
    """Whether a device or pipe is named, which is written to and not replaced; a link is followed in /dev alone."""
    if output.is_symlink() and Path("/dev") not in output.absolute().parents:
        return False
    return output.exists() and not output.is_file()


def _pass_on(text: str, output: Path) -> None:
    """Write to a device or a pipe; one that nobody reads from is an error, and not waited for."""
    descriptor = os.open(output, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as handle:
        handle.write(text)


if __name__ == "__main__":
    sys.exit(main())
