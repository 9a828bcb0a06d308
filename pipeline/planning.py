"""`plan`: synthesize, judge, plan, judge the plan, and save it with all that it rests on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline import credentials, failures, judges, record, report, summary, terraform
from pipeline.target import STATE, Target
from support.problem import Problem
from support.progress import step

PLAN, PLAN_JSON, GATE, PLAN_GATE, MARKDOWN, LOG = (
    "plan.tfplan",
    "plan.json",
    "gate.json",
    "plan-gate.json",
    "plan.md",
    "plan.jsonl",
)
APPLIED_JSON = "configuration.json"
"""The synthesized JSON of the last apply, under a name that neither Terraform nor Checkov reads."""
_STILL_SECONDS = 10
"""How often a person hears of a plan that takes long."""
_DRAFT = ".plan-"
_ROOM = 64 * 2**20
"""Bytes that must be free before Terraform starts: a state, a plan and their copies, many times over."""


def session(target: Target, faults: Path | None = None) -> terraform.Session:
    """The Terraform for a target, with credentials where it needs them.

    Raises:
        Problem: there is none, it is too old, or there is nothing to sign in to AWS with.
    """
    if target.local:
        run = terraform.for_mock(target.folder, target.work, faults)
        print(f"  {run.product} {run.version}, against the mock provider", file=sys.stderr)
        return run
    run = terraform.for_aws(target.folder, os.environ)
    source = credentials.find(os.environ)
    if not source:
        raise Problem(
            "no AWS credentials: none in the environment, no profile that can sign in, no role of a container "
            f"or an instance\n  to go through it all with no AWS account: {target.twin.make('plan')}\n"
            "  for AWS: aws sso login (with AWS_PROFILE), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    print(f"  {run.product} {run.version}, signed in to AWS by {source}", file=sys.stderr)
    return run


def plan(target: Target, run: terraform.Session) -> int:
    """Plan, and save the plan for `apply`; the exit code: 0, or 1 where a judge refused.

    Raises:
        Problem: anything that kept it from being planned.
    """
    # From here on there is no plan to apply until a new one stands.
    withdraw(target)
    with drafted(target) as draft:
        gates = prepared(target, run, draft)
        if any(gates.values()):
            return _refused(target)
        made(target, run, draft)
        content = shown(target, run, draft)
        with step("gate on the plan"):
            gates["plan_gate"] = judges.gate(target, draft / PLAN_JSON, draft / PLAN_GATE, plan=True)
        if gates["plan_gate"]:
            return _refused(target)
        told = told_of(target, content)
        _save(target, run, draft, gates, told)
    _tell(target, told)
    return 0


def withdraw(target: Target) -> None:
    """Take the saved plan away, if there is one, and drafts that a run left behind."""
    try:
        (target.saved / record.NAME).unlink(missing_ok=True)
        shutil.rmtree(target.saved, ignore_errors=True)
        for left in target.work.glob(f"{_DRAFT}*"):
            shutil.rmtree(left, ignore_errors=True)
    except OSError as error:
        raise Problem(f"{target.shown(target.saved)}: cannot be removed ({error.strerror})") from error


@contextmanager
def drafted(target: Target) -> Iterator[Path]:
    """A folder for the files of a plan in the making, which only its owner can read; gone in the end."""
    ready_to_write(target)
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=target.work))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def ready_to_write(target: Target) -> None:
    """Refuse to start where a state could not be written, or where one still waits to be.

    Raises:
        Problem: so it is.
    """
    free = shutil.disk_usage(target.work).free
    if free < _ROOM:
        raise Problem(
            f"{target.shown(target.work)}: the disk is all but full ({free // 2**20} MiB free): Terraform might not "
            f"be able to save its state; make at least {_ROOM // 2**20} MiB of room, then run this again"
        )
    unsaved = target.folder / "errored.tfstate"
    if unsaved.exists():
        raise Problem(
            f"{target.shown(unsaved)}: an earlier run could not save its state and left it here. Save it first: "
            f"cd {target.shown(target.folder)} && terraform state push errored.tfstate, then remove that file"
        )


def prepared(target: Target, run: terraform.Session, draft: Path) -> dict[str, int]:
    """Synthesize and judge the JSON, with Terraform initialized beside Checkov; the judges' exit codes."""
    synthesize(target)
    with step("gate on the JSON"):
        gates = {"gate": judges.gate(target, target.folder, draft / GATE)}
    if gates["gate"]:
        return gates
    print(f"  gate: {judges.passed(draft / GATE)}", file=sys.stderr)
    with step("Checkov, and terraform init beside it"), judges.checkov(target, draft / GATE) as verdict:
        initialize(target, run)
        gates["checkov"] = verdict()
    return gates


def synthesize(target: Target) -> None:
    """Write the target's JSON."""
    kind = ["synth-state"] if target.environment == STATE else ["synth", "--env", target.environment]
    words = [sys.executable, str(target.root / "main.py"), *kind, "--out", str(target.out)]
    done = subprocess.run(words, cwd=target.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise Problem(
            f"ENV={target.environment}: synthesis ended with {done.returncode}; see the lines above"
        )
    notes = [line for line in done.stdout.splitlines() if line.startswith("note:")]
    counted = [line for line in done.stdout.splitlines() if " resources" in line]
    for line in (target.shown(target.configuration), *counted, *notes):
        print(f"  {line}", file=sys.stderr)


def initialize(target: Target, run: terraform.Session) -> None:
    """`terraform init`.

    Raises:
        Problem: it failed.
    """
    if target.local:
        # Whatever is launched against the mock is initialized before.
        with run.launched(["plan"]):
            return
    done = terraform.capture(run, ["init", "-input=false", "-no-color"])
    if done.returncode:
        _stop(target, run, "init", f"{done.stdout}\n{done.stderr}")


def made(target: Target, run: terraform.Session, draft: Path, *options: str) -> None:
    """`terraform plan` into the draft.

    Raises:
        Problem: it failed, or was interrupted.
    """
    words = ["plan", "-json", "-input=false", *options, f"-out={draft / PLAN}"]
    with step(f"{run.name} plan"):
        outcome = terraform.stream(run, words, draft / LOG, _reading())
    for warning in outcome.warnings:
        print(f"  warning: {diagnosed(warning)}", file=sys.stderr)
    if outcome.interrupted:
        raise Problem(
            f"the plan was interrupted; nothing was changed, and no plan is saved: {target.make('plan')}"
        )
    if outcome.code or not (draft / PLAN).is_file():
        stop(target, run, "plan", outcome)


def _reading() -> Callable[[terraform.Event, terraform.Outcome], None]:
    """Tells from time to time how far Terraform has come with reading what stands."""
    read, told_at = 0, time.monotonic()

    def tell(event: terraform.Event, outcome: terraform.Outcome) -> None:
        nonlocal read, told_at
        read += event.get("type") == "refresh_complete"
        if event.get("type") == "refresh_complete" and time.monotonic() - told_at >= _STILL_SECONDS:
            told_at = time.monotonic()
            print(f"  … {read} resources read", file=sys.stderr, flush=True)

    return tell


def shown(target: Target, run: terraform.Session, draft: Path) -> dict[str, Any]:
    """`terraform show -json` of the draft's plan, written beside it."""
    with step("plan as JSON"):
        done = terraform.capture(run, ["show", "-json", "-no-color", str(draft / PLAN)])
    if done.returncode:
        _stop(target, run, "show", f"{done.stdout}\n{done.stderr}")
    record.save(draft / PLAN_JSON, done.stdout)
    try:
        content = json.loads(done.stdout)
    except ValueError as error:
        raise Problem(f"{run.name} show -json did not write JSON ({error}): run the same again") from error
    return dict(content)


def told_of(target: Target, content: Mapping[str, Any]) -> summary.Summary:
    """The summary of a plan of this target; what has left the configuration keeps the tier it was applied in."""
    configuration = target.read()
    tiers = summary.tiers_of(configuration)
    former = target.applied / APPLIED_JSON
    if former.is_file():
        tiers = summary.tiers_of(json.loads(former.read_text(encoding="utf-8"))) | tiers
    return summary.summarize(content, tiers, summary.configured_in(configuration))


def stop(target: Target, run: terraform.Session, command: str, outcome: terraform.Outcome) -> None:
    """Tell why Terraform stopped, and end.

    Raises:
        Problem: always.
    """
    said = "\n".join(dict.fromkeys([*map(diagnosed, outcome.errors), *outcome.other]))
    _stop(target, run, command, said, outcome.words)


def cure(target: Target, run: terraform.Session, words: str) -> str:
    """What a failure means and what to do about it, as the last lines of a message; empty if not known."""
    place = failures.Place(target.shown(target.folder), run.typed, target.make())
    known = failures.explain(words, place)
    return f"\n  {known[0]}\n  cure: {known[1]}" if known else ""


def found_now(
    target: Target, run: terraform.Session, folder: Path, newer: tuple[str, ...] = ()
) -> record.Found:
    """What there is now of all that a plan in `folder` rests on."""
    paths = {
        "configuration": target.configuration,
        "settings": target.settings,
        "waivers": target.waivers,
        "parameters": target.parameters,
        "plan": folder / PLAN,
        "plan_json": folder / PLAN_JSON,
        "gate": folder / GATE,
        "plan_gate": folder / PLAN_GATE,
    }
    # A draft is recorded under the name that it is about to get.
    files = {
        role: record.File(
            target.shown(target.saved / path.name if path.parent == folder else path), record.checksum(path)
        )
        for role, path in paths.items()
    }
    return record.Found(
        target.environment, target.local, target.stack, run.product, run.version, files, newer
    )


def newer_than_plan(target: Target) -> tuple[str, ...]:
    """The inputs that were written after the saved plan was."""
    paths = {
        "configuration": target.configuration,
        "settings": target.settings,
        "waivers": target.waivers,
        "parameters": target.parameters,
    }
    made_at = _written(target.saved / PLAN)
    return tuple(role for role, path in paths.items() if _written(path) > made_at)


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def diagnosed(diagnostic: Mapping[str, Any]) -> str:
    """A diagnostic as a few lines: where, what, and Terraform's own detail."""
    place = str(diagnostic.get("address") or "")
    line = ((diagnostic.get("range") or {}).get("start") or {}).get("line")
    file = (diagnostic.get("range") or {}).get("filename")
    where = f"{place} ({file}:{line})" if place and line else place or (f"{file}:{line}" if line else "")
    head = f"{where}: {diagnostic.get('summary', '')}" if where else str(diagnostic.get("summary", ""))
    detail = str(diagnostic.get("detail") or "").strip()
    return f"{head}\n    " + "\n    ".join(detail.splitlines()) if detail else head


def _stop(target: Target, run: terraform.Session, command: str, said: str, words: str = "") -> None:
    lines = "\n".join(f"    {line}" for line in said.strip().splitlines())
    raise Problem(f"{run.name} {command} failed; it said:\n{lines}{cure(target, run, words or said)}")


def _refused(target: Target) -> int:
    print(
        f"error: refused by the policies above: nothing was planned for {target.environment}, and there is no plan "
        f"to apply. Mend the settings or modules, or waive in {target.shown(target.waivers)}; then "
        f"{target.make('plan')}",
        file=sys.stderr,
    )
    return 1


def _save(
    target: Target, run: terraform.Session, draft: Path, gates: Mapping[str, int], told: summary.Summary
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    side = ["Made against the mock provider (LOCAL=1): nothing of it exists in AWS."] if target.local else []
    notes = [*side, f"{run.product} {run.version}, {now.isoformat()}; gate and Checkov passed it."]
    title = f"Plan for {target.environment}"
    record.save(draft / MARKDOWN, report.markdown(told, title=title, notes=notes))
    found = found_now(target, run, draft)
    losses = tuple(change.address for change in told.losses)
    record.write(
        draft / record.NAME,
        record.Record(
            target.environment,
            target.local,
            target.stack,
            now.isoformat(),
            run.product,
            run.version,
            dict(gates),
            losses,
            found.files,
        ),
    )
    try:
        draft.rename(target.saved)
    except OSError as error:
        raise Problem(f"{target.shown(target.saved)}: cannot be written ({error.strerror})") from error


def _tell(target: Target, told: summary.Summary) -> None:
    file = target.saved / MARKDOWN
    print(report.text(told, colour=sys.stdout.isatty(), file=target.shown(file)))
    print(f"{target.shown(file)} has it for a pull request")
    if told.empty:
        print("what stands is what the settings say: there is nothing to apply")
        return
    if told.losses and target.guarded:
        named = ",".join(change.address for change in told.losses)
        print("apply refuses this plan unless you name what will not survive:")
        print(f"next: {target.make('apply', ALLOW_REPLACE=named)}")
    else:
        print(f"next: {target.make('apply')}")
