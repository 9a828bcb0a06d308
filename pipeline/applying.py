"""`apply`: exactly the saved plan, and nothing else; `destroy`: everything, when its name is given."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem
from cloudmart_support.progress import step
from pipeline import (
    applied,
    artifact,
    holding,
    judges,
    page,
    planning,
    record,
    report,
    signing,
    summary,
    terraform,
)
from pipeline.target import Target

NAME = "destroy.html"
_LOG = "apply.jsonl"
_TAKEN = "taken"
"""The folder of the private copies."""
_STILL_SECONDS = 60
"""How often a resource that takes long is told of again."""

PROTECTIONS: Mapping[str, tuple[str, str]] = {
    "aws_lb": ("enable_deletion_protection", "load_balancer.deletion_protection"),
    "aws_db_instance": ("deletion_protection", "database.deletion_protection"),
}
"""Type -> the argument that keeps AWS from deleting it, and the settings' key that lifts it."""


def apply(
    target: Target, run: terraform.Session, allowed: tuple[str, ...], carried: Path | None = None
) -> int:
    """Apply the saved plan, or the one that was packed into the file `carried`; the exit code.

    `allowed` are the addresses of stateful resources that may be replaced or deleted.

    Raises:
        Problem: it may not be applied, or did not go through.
    """
    with planning.drafted(target, run) as private:
        if carried:
            planning.synthesize(target)
            copies = _unpacked(target, carried, private)
        else:
            copies = holding.taken(_saved(target.saved), private / _TAKEN)
        saved = recorded(target, copies[record.NAME].path)
        made_from = holding.sources(target, private)
        check(target, run, allowed, saved, {**copies, **made_from}, carried)
        given = holding.inputs(target, made_from, private)
        planning.initialize(target, run, given, copies["lock"].path)
        _refuse(target, record.stale(saved, planning.standing(target, run)), carried)
        content = _judged(target, run, copies, given, private)
        told = planning.told_of(target, content, given.configuration)
        print(f"applying the plan of {saved.planned}: {report.headline(told)}", file=sys.stderr)
        try:
            differing = _run(target, run, copies["plan"], content, private / _TAKEN / _LOG, told, "apply")
        except Problem:
            _keep_log(target, private / _TAKEN / _LOG)
            raise
        _keep(target, private / _TAKEN, given, carried)
        _tell(target, differing)
    print(f"applied: {report.headline(told, done=True)}")
    print(f"next: {target.make('plan')} shows that nothing is left to do")
    return 0


def _saved(folder: Path) -> dict[str, Path]:
    """Where the files of a saved plan lie, by their role in the record or else by their name."""
    others = (record.NAME, planning.MARKDOWN, planning.HTML, planning.LOG)
    return {**planning.saved_files(folder), **{name: folder / name for name in others}}


def _unpacked(target: Target, carried: Path, private: Path) -> dict[str, holding.Copy]:
    """Copies of the files of a saved plan that came as one file, from whoever may sign for this environment.

    Raises:
        Problem: the file is none, was changed, or is signed by nobody who may.
    """
    name = target.shown(carried)
    folder = private / "carried"
    signature = carried.with_name(carried.name + signing.SUFFIX)
    sources = {"archive": carried, "signature": signature, "signers": target.signers}
    taken = holding.taken(sources, folder)
    if not taken["archive"].sha256:
        raise Problem(
            f"PLAN={name}: there is no such file: it is what {target.make('plan')} writes as {artifact.NAME}"
        )
    if taken["signers"].sha256:
        archive, signed, signers = (taken[role].path for role in sources)
        who = signing.signer(archive, signed, signers, name)
        print(f"  {name}: signed by {who}", file=sys.stderr)
    inputs = (
        holding.CONFIGURATION,
        *(path.name for path in (target.settings, target.waivers, target.parameters)),
    )
    artifact.unpack(taken["archive"].path, name, (*planning.SAVED, *inputs), private / "unpacked")
    copies = holding.taken(_saved(private / "unpacked"), private / _TAKEN)
    return {role: replace(copy, source=carried / copy.source.name) for role, copy in copies.items()}


def _judged(
    target: Target,
    run: terraform.Session,
    copies: Mapping[str, holding.Copy],
    given: holding.Inputs,
    private: Path,
) -> dict[str, Any]:
    """The plan that is about to be applied, as Terraform tells it now, if the policies pass it.

    Raises:
        Problem: they do not, or it is not what was judged when it was saved.
    """
    content = planning.shown(target, run, given, copies["plan"].path, private / planning.PLAN_JSON)
    if content != holding.parsed(copies["plan_json"].path, target.shown(copies["plan_json"].source)):
        raise Problem(
            f"{target.shown(target.saved)}: {planning.PLAN_JSON} is not what {planning.PLAN} says, so the plan that "
            f"was judged is not the one that would be applied: {target.make('plan')}"
        )
    with step("gate on the saved plan"):
        verdict = judges.gate(
            target, given, private / planning.PLAN_JSON, private / planning.PLAN_GATE, plan=True
        )
    if verdict:
        raise Problem(
            f"{target.shown(target.saved)}: today's policies do not pass the saved plan (a rule or a waiver changed "
            f"or expired since it was made): mend what they name, then {target.make('plan')}"
        )
    return content


def recorded(target: Target, path: Path) -> record.Record:
    """The record of the saved plan, from the copy of it in `path`.

    Raises:
        Problem: there is no saved plan.
    """
    saved = record.read(path)
    if saved is not None:
        return saved
    beside = ""
    if (target.twin.saved / record.NAME).is_file():
        sides = ("AWS", "the mock provider (LOCAL=1)")
        beside = f" (there is one against {sides[target.twin.local]}, which only {target.twin.make('apply')} takes)"
    raise Problem(
        f"{target.shown(target.saved)}: there is no saved plan{beside}: {target.make('plan')}, read it, then "
        f"{target.make('apply')}"
    )


def check(
    target: Target,
    run: terraform.Session,
    allowed: tuple[str, ...],
    saved: record.Record,
    copies: Mapping[str, holding.Copy],
    carried: Path | None = None,
) -> None:
    """Refuse a plan that may not be applied, by its record and the copies of all that it rests on.

    `carried` is the file that it came in, if it was made elsewhere.

    Raises:
        Problem: so it is; the message says why and how to get there.
    """
    rests_on = {role: copies[role] for role in record.ROLES}
    found = planning.found_now(target, run, rests_on, ask=saved.local == target.local)
    _refuse(target, record.refusals(saved, found, carried=carried is not None), carried)
    missing, surplus = record.not_allowed(saved.replaces, allowed)
    if surplus:
        raise Problem(
            f"ALLOW_REPLACE={','.join(allowed)}: this plan does not replace or delete {', '.join(surplus)}; "
            + (
                f"it does: {', '.join(saved.replaces)}"
                if saved.replaces
                else "it loses nothing that holds data"
            )
        )
    if missing and target.guarded:
        raise Problem(
            f"{target.environment}: this plan replaces or deletes resources that hold data: {', '.join(missing)}\n"
            f"  read {target.shown(target.saved / planning.MARKDOWN)}; if that is what you want: "
            f"{target.make('apply', ALLOW_REPLACE=','.join(saved.replaces))}"
        )


def _refuse(target: Target, reasons: list[str], carried: Path | None) -> None:
    """Refuse the plan for these reasons, if there are any.

    Raises:
        Problem: there are.
    """
    if reasons:
        told = "\n".join(f"  - {reason}" for reason in reasons)
        raise Problem(
            f"{target.shown(carried or target.saved)}: the saved plan is not applied:\n{told}\n"
            f"  to get there: {target.make('plan')}, read it, then {target.make('apply')}"
        )


def destroy(target: Target, run: terraform.Session, confirmed: str | None) -> int:
    """Destroy all that stands, once its name was given; the exit code.

    `confirmed` is the name from the command line or the environment; without one it is asked for.

    Raises:
        Problem: something is protected, the name is not right, or it did not go through.
    """
    _named(target, confirmed)
    planning.withdraw(target)
    with planning.drafted(target, run) as draft:
        planning.synthesize(target)
        given = holding.inputs(target, holding.sources(target, draft), draft)
        kept = [
            f"{kind}.{name}"
            for kind, named in (given.configuration.get("resource") or {}).items()
            for name, body in named.items()
            if (body.get("lifecycle") or {}).get("prevent_destroy")
        ]
        with step(f"{run.name} init"):
            planning.initialize(target, run, given)
        if kept and _stands(target, run, kept):
            raise Problem(
                f"{target.environment}: {', '.join(kept)} is kept for good (prevent_destroy): every environment's "
                "state may lie in it. If it really has to go: empty it, take prevent_destroy out of "
                f"modules/state.py, {target.make('plan')} and {target.make('apply')}, then this again"
            )
        planning.made(target, run, draft, "-destroy")
        content = planning.shown(target, run, given, draft / planning.PLAN, draft / planning.PLAN_JSON)
        told = planning.told_of(target, content, given.configuration)
        if not told.changes:
            print(f"{target.environment}: nothing stands, so there is nothing to destroy")
            return 0
        protected = protections(content, given.configuration)
        if protected:
            lines = "\n".join(f"  - {address}: {key}: false" for address, key in protected)
            raise Problem(
                f"{target.environment}: deletion protection is on, so nothing is destroyed. To lift it, write in "
                f"{target.shown(target.settings)}\n{lines}\n"
                "  (the policies hold out for a protected database: waive CM_RDS_BACKUPS_SURVIVE for it, until a date, "
                f"in {target.shown(target.waivers)})\n"
                f"  then {target.make('plan')}, {target.make('apply')}, and {target.make('destroy')} again"
            )
        costing, cost_line = planning.cost_of(target, content, given.configuration)
        shown = target.work / NAME
        title = f"Plan to destroy {target.environment}"
        record.save(shown, page.html(title, content, told, None, costing, cost_line=cost_line))
        print(report.text(told, colour=sys.stdout.isatty(), cost=cost_line))
        print(f"{target.shown(shown)} shows it")
        buckets = [change.address for change in told.changes if change.type == "aws_s3_bucket"]
        if buckets and not target.local:
            print(
                f"note: AWS deletes only empty buckets; empty these first, versions too: {', '.join(buckets)}"
            )
        _named(target, confirmed or _confirm(target))
        plan = holding.taken({"plan": draft / planning.PLAN}, draft / _TAKEN)["plan"]
        _tell(target, _run(target, run, plan, content, draft / _TAKEN / _LOG, told, "destroy"))
    print(f"destroyed: {len(told.changes)} resources of {target.environment}")
    return 0


def protections(plan: Mapping[str, Any], configuration: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a plan would delete though it is protected, as it stands or as the settings want it.

    Returns address and settings' key, sorted.
    """
    found = set()
    for resource in plan.get("resource_changes") or ():
        change = resource.get("change") or {}
        kind, name = resource.get("type", ""), resource.get("name", "")
        if kind not in PROTECTIONS or "delete" not in (change.get("actions") or ()):
            continue
        argument, key = PROTECTIONS[kind]
        wanted = ((configuration.get("resource") or {}).get(kind) or {}).get(name) or {}
        if (change.get("before") or {}).get(argument) is True or wanted.get(argument) is True:
            found.add((str(resource["address"]), key))
    return sorted(found)


def _stands(target: Target, run: terraform.Session, addresses: list[str]) -> bool:
    done = terraform.capture(run, ["state", "list"])
    return any(line in addresses for line in done.stdout.splitlines())


def _named(target: Target, confirmed: str | None) -> None:
    """Refuse a name that is not the environment's, and to go on where nobody can give it.

    Raises:
        Problem: so it is.
    """
    name = target.environment
    if confirmed is None and not (sys.stdin and sys.stdin.isatty()):
        raise Problem(
            f"{name}: nobody is here to confirm that it is to be destroyed: {target.make('destroy', CONFIRM=name)}"
        )
    if confirmed not in (None, name):
        raise Problem(f"{confirmed!r} is not {name!r}: nothing was destroyed")


def _confirm(target: Target) -> str:
    """Ask for the environment's name; what was typed."""
    where = "of the mock provider" if target.local else "in AWS, for good"
    print(
        f"All of the above is destroyed {where}. Type the environment's name to go on: ", end="", flush=True
    )
    return sys.stdin.readline().strip()


def _run(
    target: Target,
    run: terraform.Session,
    plan: holding.Copy,
    content: Mapping[str, Any],
    log: Path,
    told: summary.Summary,
    command: str,
) -> list[str]:
    """`terraform apply` of a plan file, told of as it goes; what was done that was not planned, or the other way.

    `content` is the plan's JSON.

    Raises:
        Problem: it did not go through; what stands and how to go on is said.
    """
    total = len(told.changes)
    if hashlib.sha256(plan.path.read_bytes()).hexdigest() != plan.sha256:
        raise Problem(f"{plan.path}: changed since it was judged; nothing was done: {target.make('plan')}")

    def tell(event: terraform.Event, outcome: terraform.Outcome) -> None:
        kind, words = event.get("type"), str(event.get("@message", ""))
        if kind == "apply_complete" and "Refresh" not in words:
            print(f"  [{len(outcome.done)}/{total}] {words}", flush=True)
        elif kind == "apply_progress":
            seconds = int((event.get("hook") or {}).get("elapsed_seconds") or 0)
            if seconds % _STILL_SECONDS == 0 and seconds:
                print(f"  {words}", flush=True)
        elif kind == "apply_errored":
            print(f"  FAILED {words}", flush=True)

    words = ["apply", "-json", "-input=false", str(plan.path)]
    with step(f"{run.name} {command}"):
        outcome = terraform.stream(run, words, log, tell, patient=True)
    tried = [*outcome.failed, *outcome.begun.items()]
    differing = applied.differences(
        applied.planned(content),
        outcome.done,
        tried,
        whole=not (outcome.code or outcome.interrupted or tried),
    )
    for warning in outcome.warnings:
        print(f"  warning: {planning.diagnosed(warning)}", file=sys.stderr)
    if not outcome.code and not outcome.interrupted:
        return differing
    if not outcome.done and not outcome.failed and not outcome.interrupted:
        # It did not come to begin: nothing stands that did not stand before.
        planning.stop(target, run, command, outcome)
    again = target.make("plan") if command == "apply" else target.make(command)
    said = "\n".join(dict.fromkeys([*map(planning.diagnosed, outcome.errors), *outcome.other]))
    lines = "".join(f"\n    {line}" for line in said.strip().splitlines())
    how = "was interrupted" if outcome.interrupted else "stopped half way"
    failed = "".join(f"\n  not done: {address} ({action})" for address, action in outcome.failed)
    raise Problem(
        f"the {command} {how}: {len(outcome.done)} of {total} changes are made and stand in the state, the others "
        f"were not begun or did not succeed.{failed}"
        + "".join(f"\n  NOT AS PLANNED: {one}" for one in differing)
        + (f"\n  {run.name} said:{lines}" if lines else "")
        + planning.cure(target, run, outcome.words)
        + f"\n  nothing is lost and nothing is rolled back: {again} goes on from what stands"
    )


def _tell(target: Target, differing: list[str]) -> None:
    """Say loudly that something else was applied than was planned.

    Raises:
        Problem: so it is.
    """
    if differing:
        told = "\n".join(f"  - {one}" for one in differing)
        raise Problem(
            f"{target.environment}: NOT AS PLANNED: what was applied is not what was planned and judged:\n{told}\n"
            f"  look at these {'in the mock' if target.local else 'in AWS'} first; {target.make('plan')} shows what "
            "is left to do"
        )


def _keep(target: Target, private: Path, given: holding.Inputs, carried: Path | None) -> None:
    """Put the plan that was applied aside, with the JSON that it was made from; one that was carried stays."""
    holding.write(private / planning.APPLIED_JSON, given.configuration)
    try:
        names = (*planning.SAVED, _LOG, planning.APPLIED_JSON)
        holding.published(target, private, names, target.applied)
        if not carried:
            planning.withdraw(target)
    except OSError as error:
        raise Problem(
            f"all is applied, but {target.shown(target.saved)} cannot be put aside ({error.strerror}): remove it"
        ) from error


def _keep_log(target: Target, log: Path) -> None:
    """Leave the log of an apply that did not go through beside its plan, where there is room for it."""
    with suppress(OSError, Problem):
        target.saved.mkdir(mode=0o700, exist_ok=True)
        record.save(target.saved / _LOG, log.read_text(encoding="utf-8", errors="replace"))
