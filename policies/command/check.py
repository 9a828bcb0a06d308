"""`check`: read, judge, report."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudmart_support.problem import Problem

if TYPE_CHECKING:
    from policies.command.configuration import Settings
    from policies.command.deciding import Deciding
    from policies.engine.choosing import Choice, Wish
    from policies.engine.judging import Result
    from policies.engine.parameters import Parameters
    from policies.engine.waivers import Waiver
    from policies.readers import Reading
    from policies.readers.inputs import Inputs


@dataclass(frozen=True, slots=True)
class Root:
    """One path to judge, and what is told about it."""

    path: Path
    told: Inputs
    parameters: Parameters


def check(options: argparse.Namespace) -> int:
    """Judge what is named and write the reports; the exit code.

    Raises:
        Problem: something could not be judged, or a report not be written.
    """
    from policies.command import configuration
    from policies.command.deciding import Deciding
    from policies.command.writing import report
    from policies.engine import catalogue, choosing, judging, waivers

    outputs = _outputs(options)
    deciding = Deciding(options.base or "")
    settings = configuration.Settings()
    if not options.no_config:
        settings = configuration.load(options.config, deciding)
    wish = _wish(options, settings)
    choice = choosing.choose(catalogue.load(), wish)
    layers = _layers(options, deciding)
    roots = _roots(options, settings, layers)
    accepted = _accepted(options, settings, deciding)
    readings, notes = _read(roots, options.exact or settings.exact, options.configuration)
    result = _judged(readings, roots, choice)
    waived = waivers.apply(
        result.findings,
        accepted,
        longest_days=_parameters(settings, layers).waivers.longest_days,
        roots=[reading.path for reading in readings],
        without=choice.without,
    )
    terms = judging.Terms(
        pack=wish.pack,
        configuration=settings.file,
        severities=tuple(sorted((wish.severities or {}).items())),
        left_out=choice.left_out,
    )
    notes = [*terms.sentences, *_missing(deciding), *notes]
    result = replace(judging.with_findings(result, waived, notes), terms=terms)
    for format, output in outputs:
        report(format, output, result, choice.catalogue)
    return result.exit_code


def _outputs(options: argparse.Namespace) -> list[tuple[str, Path | None]]:
    """Each report's format, and where it goes."""
    formats = options.format or ["text"]
    outputs: list[Path | None] = [*(options.output or [])]
    if len(outputs) > len(formats) or len(formats) - len(outputs) > 1:
        raise Problem(
            f"there are {len(formats)} formats and {len(outputs)} outputs: give each --format an --output "
            "(one of them may go to stdout)"
        )
    outputs += [None] * (len(formats) - len(outputs))
    return list(zip(formats, outputs, strict=True))


def _wish(options: argparse.Namespace, settings: Settings) -> Wish:
    """Which rules are asked for; the command line wins, with --only and --skip over both keys of these names."""
    from policies.engine.choosing import Wish

    named = options.only or options.skip
    wish = Wish(
        only=tuple(options.only or ()) if named else settings.only,
        skip=tuple(options.skip or ()) if named else settings.skip,
        minimum=options.severity or settings.minimum,
        severities=settings.severities,
    )
    pack = options.pack or settings.pack
    return replace(wish, pack=pack) if pack else wish


def _layers(options: argparse.Namespace, deciding: Deciding) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The parameters of the command line."""
    from policies.engine import parameters

    if options.params is None:
        return ()
    text = deciding.text(options.params)
    return () if text is None else ((str(options.params), parameters.toml(text, str(options.params))),)


def _parameters(settings: Settings, layers: Sequence[tuple[str, Any]]) -> Parameters:
    from policies.engine import parameters

    return parameters.laid_over([*settings.layers, *layers])


def _roots(options: argparse.Namespace, settings: Settings, layers: Sequence[tuple[str, Any]]) -> list[Root]:
    """What is judged: the paths of the command line, otherwise those of the configuration."""
    from policies.engine import parameters
    from policies.readers.inputs import of_environment

    paths = options.paths or list(settings.paths)
    if not paths:
        where = f"{settings.file} names no roots" if settings.file else "there is no configuration with roots"
        raise Problem(f"no path is named, and {where}: name a folder, a .tf or .tf.json file, or a plan")
    roots = []
    shared = _parameters(settings, layers)
    for path in paths:
        own = settings.of(path)
        workspace = own.workspace if options.workspace is None else options.workspace
        told = of_environment([*own.assignments, *options.assignments], workspace)
        wanted = parameters.laid_over([*settings.layers, *own.layers, *layers]) if own.layers else shared
        roots.append(Root(path, told, wanted))
    return roots


def _accepted(options: argparse.Namespace, settings: Settings, deciding: Deciding) -> list[Waiver]:
    """The waivers: those of the command line, otherwise of the configuration, otherwise the gate's own."""
    from policies.engine import waivers

    if options.waivers is not None:
        text = deciding.text(options.waivers)
        return [] if text is None else list(waivers.parse(text, str(options.waivers)))
    found: list[Waiver] = []
    for path in settings.waivers:
        text = deciding.text(path)
        found += () if text is None else waivers.parse(text, str(path), settings.folder)
    for root, own in settings.roots.items():
        for path in own.waivers:
            text = deciding.text(path)
            listed = () if text is None else waivers.parse(text, str(path), settings.folder)
            found += [replace(waiver, folder=waiver.folder or root) for waiver in listed]
    return found if settings.file else list(waivers.load(waivers.DEFAULTS))


def _missing(deciding: Deciding) -> list[str]:
    return [f"{file} is not there at {deciding.base}: nothing of it counts" for file in deciding.missing]


def _read(
    roots: Sequence[Root], exact: str | None, configuration: Path | None
) -> tuple[list[Reading], list[str]]:
    """The readings of the roots, and notes on who evaluated them."""
    from policies.readers import read

    if not exact:
        return [read(root.path, configuration, root.told) for root in roots], []
    from cloudmart_support import processes
    from policies.exact import read_exactly

    readings: list[Reading] = []
    notes: list[str] = []
    with processes.stoppable():
        for root in roots:
            found, words = read_exactly([root.path], "always" if exact == "always" else "try", root.told)
            readings += found
            notes += words
    return readings, notes


def _judged(readings: Sequence[Reading], roots: Sequence[Root], choice: Choice) -> Result:
    """The verdicts on all of them, but for those of the engine's own rules that are not heard."""
    from policies.engine import judging

    result = judging.merged(
        [
            judging.judge([reading], choice.rules, root.parameters, choice.catalogue)
            for reading, root in zip(readings, roots, strict=True)
        ]
    )
    heard = (finding for finding in result.findings if finding.rule not in choice.silent)
    return judging.with_findings(result, heard)
