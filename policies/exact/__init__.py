"""Exact mode: Terraform itself evaluates the configuration against the mock provider, and the gate judges the plan.

Nothing of the judged folder is executed, and Terraform does not see it: the configuration is parsed first, and
Terraform is handed what `writing` makes of what was parsed, in a private folder, without network, with an own
environment and within bounds of time and memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from policies.exact import joining, running, writing
from policies.readers import Reading, Source, facts_of, open_path, plan
from policies.readers.configuration import Block, Config, Evaluation
from policies.readers.inputs import Inputs
from support import processes
from support.problem import Problem

Mode = Literal["always", "try"]
"""What follows where Terraform cannot evaluate a configuration: an unknown finding, or the readers' view alone."""

EVALUATED: Final = "evaluated by Terraform against the mock provider"


def read_exactly(
    paths: Sequence[Path], mode: Mode = "always", told: Inputs | None = None
) -> tuple[list[Reading], list[str]]:
    """The readings of configurations as Terraform evaluates them, and notes on who evaluated each.

    Plans are read as they are.

    Args:
        paths: what is judged.
        mode: what follows where Terraform cannot evaluate one of them.
        told: values of variables, and the workspace.

    Raises:
        Problem: a path cannot be read, Terraform cannot be started, or a bound was reached.
    """
    readings: list[Reading] = []
    notes: list[str] = []
    for path in paths:
        opened = open_path(path, told)
        if isinstance(opened, Reading):
            readings.append(opened)
            continue
        try:
            reading, note = _evaluated(opened), EVALUATED
        except _Unevaluated as error:
            reading = opened.reading()
            note = f"judged by the gate's own readers, because Terraform could not plan it: {error}"
            if mode == "always":
                reading = replace(reading, unevaluated=str(error))
        except RecursionError as error:
            raise Problem(
                f"{path}: it cannot be read: it is nested too deeply, or refers to itself"
            ) from error
        readings.append(reading)
        notes.append(f"{path}: {note}")
    return readings, notes


class _Unevaluated(Exception):
    """Terraform does not evaluate the configuration; the message says why."""


def _evaluated(source: Source) -> Reading:
    from mock_provider import schema

    evaluation = source.evaluation()
    written = writing.write(
        source.root,
        source.given(),
        _surroundings(source),
        schema.load(),
        regional=_regional(evaluation),
        workspace=source.inputs.workspace,
    )
    with processes.temporary_folder("policies-exact-") as folder:
        try:
            document, text = running.plan(written, folder)
        except running.Refused as refused:
            place = written.place(refused.file, refused.line)
            where = f" ({place[0]}:{place[1]})" if place is not None else ""
            raise _Unevaluated(f"{refused}{where}") from refused
    planned = plan.model(document, str(source.path), text)
    reading = source.reading(facts_of(planned))
    return replace(reading, model=joining.join(planned, reading.model, written))


def _surroundings(source: Source) -> writing.Surroundings:
    """How the writer follows modules and reads files of a configuration."""

    def follow(path: tuple[str, ...], config: Config, block: Block) -> Config | None:
        found = source.load(config, (*path, block.labels[0]), block)
        return None if isinstance(found, str) else found

    return writing.Surroundings(follow, source.reach.data, source.reach.listing)


def _regional(evaluation: Evaluation) -> bool:
    """Whether every configuration of hashicorp/aws in the root module says in which region it is."""
    regions = [one.values.get("region") for one in evaluation.providers() if one.name == "aws"]
    return bool(regions) and all(isinstance(region, str) and region for region in regions)
