"""The reports: one module a format, each with `render(result, catalogue) -> str`."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Final

from policies.engine.catalogue import Entry
from policies.engine.judging import Result

FORMATS: Final = ("text", "json", "sarif", "junit", "markdown", "html")


def render(
    format: str, result: Result, catalogue: Sequence[Entry], *, colour: bool = False, width: int = 100
) -> str:
    """A result in one of `FORMATS`; only the module of that format is imported.

    Args:
        colour: for the format text: whether to use terminal colours.
        width: for the format text: columns.
    """
    module = importlib.import_module(f"policies.reports.{format}_report")
    if format == "text":
        return str(module.render(result, catalogue, colour=colour, width=width))
    return str(module.render(result, catalogue))
