"""What a shell needs to complete the command line: written by shtab from the parser itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from cloudmart_support.problem import Problem
from policies.command.parser import NAME, parser


def completion(shell: str) -> str:
    """The file for a shell.

    Raises:
        Problem: shtab is not installed.
    """
    try:
        import shtab
    except ImportError as error:
        raise Problem(
            "completion is written by shtab: install it beside the gate (pip install shtab)"
        ) from error
    from policies.engine import catalogue

    line = parser(NAME)
    rules = [entry.id for entry in catalogue.load()]
    for action in _actions(line):
        if action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar == "RULE":
            action.choices = rules
    return f"{shtab.complete(line, shell).rstrip()}\n"


def _actions(line: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in line._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _actions(below)
