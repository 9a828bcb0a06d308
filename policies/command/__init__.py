"""The command line: `cloudmart-policies`, and `python -m policies`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cloudmart_support.problem import Problem, guarded
from policies.command.parser import parser
from policies.command.unforeseen import broke


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code.

    0: everything passed. 1: a fail, an unknown or a broken waiver. 2: something could not be judged.
    """
    import gc

    # The model lives to the end of the run and holds no garbage worth the search: a fifth of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return guarded(lambda: _safely(parser().parse_args(arguments)))
    finally:
        if collecting:
            gc.enable()


def _safely(options: argparse.Namespace) -> int:
    """Run; what nobody foresaw is told as a problem too, because a gate that breaks must not look open."""
    try:
        return _run(options)
    except (Problem, BrokenPipeError):
        raise
    except Exception as error:
        raise broke(error) from error


def _run(options: argparse.Namespace) -> int:
    if options.command == "check":
        from policies.command.check import check
        from policies.command.limit import within

        with within(options.timeout):
            return check(options)
    if options.command == "init":
        from policies.command.init import init
        from policies.command.limit import within

        with within(options.timeout):
            return init(options)
    if options.command == "rules":
        from policies.command.explaining import explain

        return explain(options)
    from policies.command.writing import write

    if options.command == "completion":
        from policies.command.completion import completion

        write(completion(options.shell), None)
        return 0
    from policies.command import own_rules
    from policies.reports import catalogue_page

    write(catalogue_page.markdown(own_rules.entries(options.own)), options.output)
    return 0
