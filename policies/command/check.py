"""`check`: read, judge, report."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cloudmart_support.problem import Problem

if TYPE_CHECKING:
    from policies.command.configuration import Settings
    from policies.command.deciding import Deciding
    from policies.command.judged import Asked
    from policies.command.targets import Targets
    from policies.engine.baseline import Baseline
    from policies.engine.choosing import Choice, Wish
    from policies.engine.judging import Result
    from policies.engine.parameters import Parameters
    from policies.engine.waivers import Waiver
    from policies.exact import Mode
    from policies.readers import Reading
    from policies.readers.comments import Comment


def check(options: argparse.Namespace) -> int:
    """Judge what is named and write the reports; the exit code.

    Raises:
        Problem: something could not be judged, or a report not be written.
    """
    from policies.command import configuration, judged, own_rules
    from policies.command.deciding import Deciding
    from policies.command.writing import report
    from policies.engine import choosing, judging, waivers
    from policies.engine.catalogue import parameters_of

    outputs = _outputs(options)
    deciding = Deciding(options.base or "")
    settings = configuration.Settings()
    if not options.no_config:
        settings = configuration.load(options.config, deciding)
    wish = _wish(options, settings)
    entries = own_rules.entries([*settings.rules, *options.own], deciding)
    own = parameters_of(entries)
    choice = choosing.choose(entries, wish)
    layers = _layers(options, deciding)
    found = _targets(options, settings)
    roots = _roots(found, options, settings, layers, own)
    accepted = _accepted(options, settings, deciding)
    recorded = _baseline(options, settings, deciding)

    def finished(result: Result) -> Result:
        told: list[str] = []
        waived = waivers.apply(
            result.findings,
            [*accepted, *_in_comments(options, settings, deciding, result.comments)],
            longest_days=_parameters(settings, layers, own).waivers.longest_days,
            roots=[root.path for root in result.roots if not root.problem],
            without=choice.without,
            partial=_is_partial(options, settings, result),
            tell=told.append,
        )
        result = judging.with_findings(result, waived)
        result = _held_against(recorded, result, options, choice)
        terms = judging.Terms(
            pack=wish.pack,
            configuration=settings.file,
            severities=tuple(sorted((wish.severities or {}).items())),
            left_out=choice.left_out,
        )
        notes = [
            *own_rules.told(entries),
            *terms.sentences,
            *settings.sentences,
            *_missing(deciding),
            *found.notes,
            *told,
        ]
        return replace(judging.with_findings(result, result.findings, notes), terms=terms)

    if options.diff or options.fix:
        from policies import fixing

        if options.write_baseline is not None:
            raise Problem("what is mended needs no baseline: first --fix, then --write-baseline")

        def again() -> tuple[list[Reading], Result]:
            readings, result = judged.here(roots, choice)
            return readings, finished(result)

        mend = fixing.show if options.diff else fixing.write
        named = [*(options.paths or [*settings.paths, *settings.searched] or [Path()]), *found.paths]
        result = mend(again, choice.rules, {str(root.path): root.parameters for root in roots}, named)
    else:
        result = finished(judged.judged(roots, choice, options.jobs))
    judged.tell(result)
    for format, output in outputs:
        # Stdout belongs to the patch.
        if output is not None or not options.diff:
            report(format, output, result, choice.catalogue, quiet=options.quiet)
    return result.exit_code


def _outputs(options: argparse.Namespace) -> list[tuple[str, Path | None]]:
    """Each report's format, and where it goes: an output belongs to the format before it, the first of all to the first
    format."""
    given: list[str | Path] = list(options.reports or ["text"])
    if isinstance(given[0], Path):
        named = [one for one in given[1:2] if isinstance(one, str)]
        given[: 1 + len(named)] = [*(named or ["text"]), given[0]]
    reports: list[tuple[str, Path | None]] = []
    for one in given:
        if isinstance(one, str):
            reports.append((one, None))
        elif reports[-1][1] is None:
            reports[-1] = reports[-1][0], one
        else:
            raise Problem(
                f"{one}: there is no format for this output: give each --output a --format before it"
            )
    open_ends = [format for format, output in reports if output is None]
    if len(open_ends) > 1:
        raise Problem(
            f"{' and '.join(open_ends)} would all go to stdout: give each --format an --output behind it, but for one"
        )
    if options.quiet and open_ends not in ([], ["text"]):
        raise Problem(
            f"--quiet is for the report as text, and {open_ends[0]} goes to stdout: give it an --output"
        )
    return reports


def _wish(options: argparse.Namespace, settings: Settings) -> Wish:
    """Which rules are asked for; the command line wins, with --only and --skip over both keys of these names."""
    from policies.engine.choosing import Wish

    named = options.only or options.skip
    wish = Wish(
        only=tuple(options.only or ()) if named else settings.only,
        skip=tuple(options.skip or ()) if named else settings.skip,
        minimum=options.severity or settings.minimum,
        severities=settings.severities,
        place="" if named else settings.file,
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


def _parameters(settings: Settings, layers: Sequence[tuple[str, Any]], own: Mapping[str, type]) -> Parameters:
    from policies.engine import parameters

    return parameters.laid_over([*settings.layers, *layers], own)


def _targets(options: argparse.Namespace, settings: Settings) -> Targets:
    """What is judged: the paths of the command line, otherwise those of the configuration."""
    from policies.command import targets

    paths = options.paths or list(settings.paths)
    searched = [] if options.paths else list(settings.searched)
    if options.recursive and not (paths or searched):
        searched = [Path()]
    if not (paths or searched):
        where = f"{settings.file} names no roots" if settings.file else "there is no configuration with roots"
        raise Problem(
            f"no path is named, and {where}: name a folder, a .tf or .tf.json file, or a plan, "
            "or find the roots with --recursive"
        )
    found = targets.find(paths, recursive=options.recursive, searched=searched)
    if options.paths:
        return found
    kept = tuple(path for path in found.paths if not settings.excludes(path))
    if not kept:
        raise Problem(f"{settings.file}: all of its roots are excluded, so that nothing would be judged")
    return replace(found, paths=kept)


def _roots(
    found: Targets,
    options: argparse.Namespace,
    settings: Settings,
    layers: Sequence[tuple[str, Any]],
    own: Mapping[str, type],
) -> list[Asked]:
    """How each path is judged."""
    from policies.command.judged import Asked
    from policies.readers.inputs import of_environment

    exact = cast("Mode | None", options.exact or settings.exact)
    shared = _parameters(settings, layers, own)
    roots = []
    for path in found.paths:
        given = settings.of(path)
        workspace = given.workspace if options.workspace is None else options.workspace
        told = of_environment([*given.assignments, *options.assignments], workspace)
        wanted = _parameters(settings, [*given.layers, *layers], own) if given.layers else shared
        roots.append(Asked(path, options.configuration, told, exact, wanted, path in found.found))
    return roots


def _accepted(options: argparse.Namespace, settings: Settings, deciding: Deciding) -> list[Waiver]:
    """The waivers: those of the command line, otherwise of the configuration, otherwise the gate's own."""
    from policies.engine import waivers

    def listed(path: Path, base: Path) -> list[Waiver]:
        text = deciding.text(path)
        return [] if text is None else list(waivers.parse(text, str(path), base))

    if options.waivers is not None:
        return listed(options.waivers, Path())
    if not settings.file:
        return list(waivers.load(waivers.DEFAULTS))
    found = [waiver for path in settings.waivers for waiver in listed(path, settings.folder)]
    for root, own in settings.roots.items():
        for path in own.waivers:
            found += [
                replace(waiver, folder=waiver.folder or os.path.relpath(root))
                for waiver in listed(path, settings.folder)
            ]
    return found


def _is_partial(options: argparse.Namespace, settings: Settings, result: Result) -> bool:
    """Whether less was judged than the waivers are for: than was named, or than the configuration of theirs names."""
    if any(root.problem for root in result.roots):
        return True
    if options.waivers is not None:
        return False
    judged = {os.path.realpath(root.path) for root in result.roots}
    named = {os.path.realpath(path) for path in settings.paths if not settings.excludes(path)}
    return bool(options.paths) and (bool(settings.searched) or not named <= judged)


def _in_comments(
    options: argparse.Namespace, settings: Settings, deciding: Deciding, comments: Sequence[Comment]
) -> list[Waiver]:
    """The waivers in the source. Where files are read at a commit, those that the commit does not have do not count."""
    from policies.engine import waivers
    from policies.readers import comments as comments_of

    forbid = settings.forbid_comments if options.forbid_comments is None else options.forbid_comments
    if forbid or (forbid is None and deciding.base):
        known: set[tuple[str, str, str]] = set()
        words = waivers.FORBIDDEN
        if not forbid:
            words = f"it is not there at {deciding.base}, and a change cannot accept its own findings"
            for file in {comment.file for comment in comments}:
                text = deciding.of_repository(Path(file))
                known |= {(one.file, one.subject, one.text) for one in comments_of.found(text or "", file)}
        allowed = [one for one in comments if (one.file, one.subject, one.text) in known]
        refused = [one for one in comments if (one.file, one.subject, one.text) not in known]
        return [
            *waivers.of_comments(allowed, settings.owner),
            *waivers.of_comments(refused, settings.owner, words),
        ]
    return waivers.of_comments(comments, settings.owner)


def _baseline(
    options: argparse.Namespace, settings: Settings, deciding: Deciding
) -> tuple[str, Baseline] | None:
    """The baseline, and what it is called: that of the command line, otherwise of the configuration."""
    written: Path | None = options.write_baseline
    path = options.baseline or settings.baseline or written
    if path is None:
        return None
    from policies.engine import baseline

    if written is not None and not os.path.lexists(path):
        return str(path), {}
    text = deciding.text(path)
    return str(path), {} if text is None else baseline.parse(text, str(path))


def _held_against(
    given: tuple[str, Baseline] | None,
    result: Result,
    options: argparse.Namespace,
    choice: Choice,
) -> Result:
    """The result with what stands in the baseline marked; the baseline is written first where that is asked for."""
    if given is None:
        return result
    from policies.command.writing import write
    from policies.engine import baseline
    from policies.engine.judging import Recorded

    file, recorded = given
    judged = [root.path for root in result.roots if not root.problem]
    if options.write_baseline is not None:
        recorded = baseline.of(result.findings, recorded, roots=judged, without=choice.without)
        write(baseline.text(recorded), options.write_baseline)
        file = str(options.write_baseline)
    findings, gone = baseline.apply(result.findings, recorded, roots=judged, without=choice.without)
    held = Recorded(file, tuple(baseline.words(gone)))
    return replace(
        result,
        findings=tuple(findings),
        baseline=held,
        notes=(*result.notes, *baseline.told(file, gone)),
    )


def _missing(deciding: Deciding) -> list[str]:
    return [f"{file} is not there at {deciding.base}: nothing of it counts" for file in deciding.missing]
