"""`upgrade`: what another version of the provider or of Terraform would plan, beside what today's plans.

Nothing is changed and no plan is saved: both plans are made in private folders, of the same configuration and state.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem
from pipeline import holding, planning, terraform
from pipeline.holding import Inputs
from pipeline.target import Target

_STATE = "terraform.tfstate"
_MARKS = ("after_unknown", "after_sensitive")


def upgrade(target: Target, run: terraform.Session, provider: str, other: str) -> int:
    """Plan with today's versions and with others, and show in what the plans differ; the exit code.

    `provider` is a version of hashicorp/aws, `other` a Terraform (as TF names it); at least one is given.

    Raises:
        Problem: neither is, or one of the plans cannot be made.
    """
    if not provider and not other:
        raise Problem(
            f"name what to upgrade: {target.make('upgrade', PROVIDER='6.99.0')}, or TO=the path of another Terraform"
        )
    if provider and not re.fullmatch(r"\d+\.\d+\.\d+", provider):
        raise Problem(f"PROVIDER={provider}: has to be one version, as in 6.99.0")
    with planning.drafted(target, run) as draft:
        planning.synthesize(target)
        given = holding.inputs(target, holding.sources(target, draft), draft)
        now = _planned(target, run, given, draft / "now")
        then_run = _other(target, draft, provider, other)
        then = _planned(target, then_run, _pinned(given, provider), draft / "then")
        versions = [f"{one.product} {one.version}" for one in (run, then_run)]
        locks = [" ".join(holding.locked(one.writes / holding.LOCK)) for one in (run, then_run)]
        told = list(differences(now, then))
    print(f"today: {versions[0]}, {locks[0]}")
    print(f"then:  {versions[1]}, {locks[1]}")
    if told:
        print("the plans differ (today → then):")
        print("\n".join(f"  {line}" for line in told))
    else:
        print("both plan the same")
    print(
        "nothing was changed, and no plan was saved; to take them: PROVIDER_VERSIONS in modules/terraform.py, the"
    )
    print("bindings in pyproject.toml, the Terraform on the PATH")
    print(f"next: {target.make('plan')} with what was taken")
    return 0


def differences(now: Mapping[str, Any], then: Mapping[str, Any]) -> Iterator[str]:
    """In what two plans of one configuration differ: by address the actions, and which attributes; no values.

    An argument that only one version has, and that is not set, makes no difference.
    """
    before, after = _changes(now), _changes(then)
    for address in sorted(before.keys() | after.keys()):
        one, other = before.get(address, {}), after.get(address, {})
        actions = [" and ".join(change.get("actions") or ["nothing"]) for change in (one, other)]
        names = [name for name in _names(one, other) if _value(one, name) != _value(other, name)]
        if actions[0] != actions[1] or names:
            what = f"{actions[0]} → {actions[1]}" if actions[0] != actions[1] else actions[0]
            yield f"{address}: {what}" + (f" [{', '.join(names)}]" if names else "")
    outputs = [plan.get("output_changes") or {} for plan in (now, then)]
    for name in sorted(outputs[0].keys() | outputs[1].keys()):
        one, other = (output.get(name) or {} for output in outputs)
        if one != other:
            yield f"output {name}"


def _changes(plan: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {
        f"{one['address']}{' (deposed)' if one.get('deposed') else ''}": one["change"]
        for one in plan.get("resource_changes") or ()
    }


def _names(*changes: Mapping[str, Any]) -> list[str]:
    names: set[str] = set()
    for change in changes:
        for key in ("after", *_MARKS):
            part = change.get(key)
            names.update(part if isinstance(part, Mapping) else ())
    return sorted(names)


def _value(change: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    """What becomes of an attribute: its value, and what of it is not known or not shown."""
    parts = [change.get(key) for key in ("after", *_MARKS)]
    found = [part.get(name) if isinstance(part, Mapping) else None for part in parts]
    # Empty marks are left out by some versions.
    return tuple(one if one not in ({}, [], False) else None for one in found)


def _planned(target: Target, run: terraform.Session, given: Inputs, draft: Path) -> Mapping[str, Any]:
    draft.mkdir(mode=0o700)
    print(f"  {run.product} {run.version}:", file=sys.stderr)
    planning.initialize(target, run, given)
    planning.made(target, run, draft)
    return planning.shown(target, run, given, draft / planning.PLAN, draft / planning.PLAN_JSON)


def _other(target: Target, draft: Path, provider: str, other: str) -> terraform.Session:
    """A session of the other versions, in a folder of its own; with the mock, on a copy of its state and account."""
    place = draft / "place"
    place.mkdir(mode=0o700)
    if other:
        os.environ["TF"] = other
    if not target.local:
        return terraform.for_aws(place, os.environ)
    from mock_provider import runner

    state = draft / "state"
    state.mkdir(mode=0o700)
    for name in (runner.MARK, _STATE, "account.sqlite", "account.sqlite-wal"):
        if (target.played / name).is_file():
            shutil.copy2(target.played / name, state / name)
    return terraform.for_mock(place, state, None, provider or None)


def _pinned(given: Inputs, provider: str) -> Inputs:
    """The same with one version of the provider alone; what is locked today does not count there."""
    if not provider:
        return given
    settings = dict(given.configuration["terraform"])
    wanted = settings["required_providers"]
    settings["required_providers"] = {**wanted, "aws": {**wanted["aws"], "version": provider}}
    return replace(given, configuration={**given.configuration, "terraform": settings})
