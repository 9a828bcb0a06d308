"""`check`: read, judge, report."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from cloudmart_support.problem import Problem
from policies.engine.verdicts import CLOUDMART


def check(options: argparse.Namespace) -> int:
    """Judge what is named and write the reports; the exit code.

    Raises:
        Problem: something could not be judged, or a report not be written.
    """
    from policies.command.writing import report
    from policies.engine import catalogue, choosing, judging, parameters, waivers

    formats = options.format or ["text"]
    outputs: list[Path | None] = [*(options.output or [])]
    if len(outputs) > len(formats) or len(formats) - len(outputs) > 1:
        raise Problem(
            f"there are {len(formats)} formats and {len(outputs)} outputs: give each --format an --output "
            "(one of them may go to stdout)"
        )
    outputs += [None] * (len(formats) - len(outputs))
    wish = choosing.Wish(
        pack=options.pack or CLOUDMART,
        only=tuple(options.only or ()),
        skip=tuple(options.skip or ()),
        minimum=options.severity or "",
    )
    choice = choosing.choose(catalogue.load(), wish)
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
    result = judging.judge(readings, choice.rules, wanted, choice.catalogue)
    waived = waivers.apply(
        [finding for finding in result.findings if finding.rule not in choice.silent],
        accepted,
        longest_days=wanted.waivers.longest_days,
        roots=[reading.path for reading in readings],
        without=choice.without,
    )
    terms = judging.Terms(pack=wish.pack, left_out=choice.left_out)
    result = replace(judging.with_findings(result, waived, [*terms.sentences, *notes]), terms=terms)
    for format, output in zip(formats, outputs, strict=True):
        report(format, output, result, choice.catalogue)
    return result.exit_code
