"""Exact mode: Terraform itself evaluates the configuration against the mock provider, and the gate judges the plan.

Nothing of the judged folder is executed, and Terraform does not see it: the configuration is parsed first, and
Terraform is handed what `writing` makes of what was parsed, in a private folder, without network, with an own
environment and within bounds of time and memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from cloudmart_support import processes
from cloudmart_support.problem import Problem
from policies.engine.values import ABSENT
from policies.exact import joining, running, writing
from policies.readers import Reading, Source, facts_of, open_path, plan
from policies.readers.budget import deeply
from policies.readers.configuration import Evaluation
from policies.readers.declared import Block, Config, enabled
from policies.readers.inputs import Inputs

Mode = Literal["always", "try"]
"""What follows where Terraform cannot evaluate a configuration: an unknown finding, or the readers' view alone."""

EVALUATED: Final = "evaluated by Terraform against the mock provider"

MOST_TRIES: Final = 8
"""Terraform is asked so often: what is counted by what it does not know hides what is counted by that in turn."""

_NAMED: Final = 5


@deeply()
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
        Problem: what this needs is not installed, a path cannot be read, Terraform cannot be started, or a bound was
            reached.
    """
    from mock_provider import needs

    needs.check()
    readings: list[Reading] = []
    notes: list[str] = []
    for path in paths:
        opened = open_path(path, told)
        if isinstance(opened, Reading):
            readings.append(opened)
            continue
        try:
            for source in opened.views():
                notes += [f"{path}: {source.note}"] if source.note else []
                reading, note = _read(source, mode)
                readings.append(reading)
                notes.append(f"{path}: {note}")
        except RecursionError as error:
            raise Problem(
                f"{path}: it cannot be read: it is nested too deeply, or refers to itself"
            ) from error
    return readings, notes


def _read(source: Source, mode: Mode) -> tuple[Reading, str]:
    """The reading of a configuration, by Terraform if it can, and a note on who evaluated it."""
    try:
        return _evaluated(source)
    except _Unevaluated as error:
        reading = source.reading()
        if mode == "always":
            reading = replace(reading, unevaluated=str(error))
        return reading, f"judged by the gate's own readers, because Terraform could not plan it: {error}"


class _Unevaluated(Exception):
    """Terraform does not evaluate the configuration; the message says why."""


def _evaluated(source: Source) -> tuple[Reading, str]:
    """The reading of a configuration that Terraform evaluates, and a note on how it did."""
    written, document, text = _planned(source)
    planned = plan.model(document, str(source.path), text)
    reading = source.reading(facts_of(planned))
    note = EVALUATED
    if written.loose:
        named = [f"{address} ({place.file}:{place.line()})" for address, place in written.loose.items()]
        told = [*named[:_NAMED], *([f"and {len(named) - _NAMED} more"] if len(named) > _NAMED else [])]
        note += f"; one instance stands for each number that is not known before apply: {', '.join(told)}"
    return replace(reading, model=joining.join(planned, reading.model, written)), note


def _planned(source: Source) -> tuple[writing.Written, dict[str, Any], str]:
    """What Terraform was handed, and its plan, decoded and as text.

    Where it does not know how many instances something has, it is asked again with one that stands for them all.
    """
    from mock_provider import schema

    for config in (source.root, *(found for _, _, found in source.tree() if isinstance(found, Config))):
        for block in (*config.resources.values(), *config.modules.values()):
            if enabled(block) is not ABSENT:
                raise _Unevaluated(f"only OpenTofu knows enabled ({block.place.file}:{block.place.line()})")
    regional = _regional(source.evaluation())
    loose: frozenset[writing.Repeated] = frozenset()
    for tried in range(1, MOST_TRIES + 1):
        written = writing.write(
            source.root,
            source.given(),
            _surroundings(source),
            schema.load(),
            regional=regional,
            workspace=source.inputs.workspace,
            loose=loose,
        )
        with processes.temporary_folder("policies-exact-") as folder:
            try:
                return written, *running.plan(written, folder)
            except running.Refused as refused:
                found = {written.counted[line] for line in refused.uncounted if line in written.counted}
                if not found or tried == MOST_TRIES:
                    place = written.place(refused.file, refused.line)
                    where = f" ({place[0]}:{place[1]})" if place is not None else ""
                    raise _Unevaluated(f"{refused}{where}") from refused
                loose |= found
    raise AssertionError("the last try ends the loop")


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
