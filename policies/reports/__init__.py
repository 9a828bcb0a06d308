"""The reports: one module a format, each with `render(result, catalogue) -> str`."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Final

from cloudmart_support.visible import visible, without_commands
from policies.engine.catalogue import Entry
from policies.engine.judging import Finding, Recorded, Result

FORMATS: Final = ("text", "json", "sarif", "junit", "markdown", "html", "line", "gitlab")
COMMANDS: Final = ("github",)
"""Formats that are commands to a CI runner: what is asked for is written, and nothing else becomes one."""


def render(
    format: str,
    result: Result,
    catalogue: Sequence[Entry],
    *,
    colour: bool = False,
    width: int = 100,
    quiet: bool = False,
) -> str:
    """A result in one of `FORMATS` or `COMMANDS`; only the module of that format is imported.

    Whatever the format, each text of the result is made visible here, and no line is a command to a CI runner that is
    not meant to be one.

    Args:
        colour: for the format text: whether to use terminal colours.
        width: for the format text: columns.
        quiet: for the format text: only the counts and the verdict.
    """
    module = importlib.import_module(f"policies.reports.{format}_report")
    options = {"colour": colour, "width": width, "quiet": quiet} if format == "text" else {}
    text: str = module.render(_shown(result), catalogue, **options)
    return text if format in COMMANDS else without_commands(text)


class ShownPath(str):
    """A path as it is shown; `path` is what it is."""

    path: str

    def __new__(cls, path: str) -> ShownPath:
        shown = super().__new__(cls, visible(path))
        shown.path = path
        return shown


def _visible(finding: Finding) -> Finding:
    address, message = visible(finding.address), visible(finding.message)
    file, construct = visible(finding.file), visible(finding.construct)
    root = visible(finding.root)
    # Nearly all are what they were, and there may be many.
    if (address, message, file, construct, root) == (
        finding.address,
        finding.message,
        finding.file,
        finding.construct,
        finding.root,
    ):
        return finding
    return replace(
        finding,
        address=address,
        message=message,
        file=ShownPath(finding.file),
        construct=construct,
        root=root,
    )


def _shown(result: Result) -> Result:
    """The result with all its texts visible, which come from the input: addresses are made of keys, for example."""
    return replace(
        result,
        findings=tuple(map(_visible, result.findings)),
        uncovered_types=tuple(map(visible, result.uncovered_types)),
        notes=tuple(map(visible, result.notes)),
        baseline=result.baseline
        and Recorded(visible(result.baseline.file), tuple(map(visible, result.baseline.gone))),
        terms=replace(result.terms, configuration=visible(result.terms.configuration)),
        roots=tuple(
            replace(
                root,
                path=visible(root.path),
                problem=visible(root.problem),
                uncovered_types=tuple(map(visible, root.uncovered_types)),
            )
            for root in result.roots
        ),
    )


def by_root(result: Result) -> list[tuple[str, Sequence[Finding]]]:
    """The findings that a report groups: those of each of several roots, and those of none under an empty name.

    Of one root all stand under an empty name.
    """
    if len(result.roots) < 2:
        return [("", result.findings)]
    roots = {root.path for root in result.roots}
    groups: list[tuple[str, Sequence[Finding]]] = [
        (one.roots[0].path, one.findings) for one in result.by_root()
    ]
    return [*groups, ("", [finding for finding in result.findings if finding.root not in roots])]


def from_here(file: str) -> str:
    """A path as the hosts of repositories want it: from the repository's folder, in which a job works."""
    path, here = PurePath(os.path.normpath(file)), Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()
