"""`plan`: synthesize, judge, plan, judge the plan, and save it with all that it rests on."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cloudmart_support import processes
from cloudmart_support.problem import Problem
from cloudmart_support.progress import step
from handoff import costs
from mock_provider.plan_files import Snapshot, snapshot
from pipeline import (
    artifact,
    checkout,
    cost,
    credentials,
    failures,
    foreign,
    holding,
    judges,
    page,
    record,
    report,
    signing,
    summary,
    terraform,
)
from pipeline.cost import Cost
from pipeline.holding import Inputs
from pipeline.target import PLAYED_ACCOUNT, STATE, Target
from synthesis import bindings

PLAN, PLAN_JSON, GATE, PLAN_GATE, MARKDOWN, HTML, LOG = (
    "plan.tfplan",
    "plan.json",
    "gate.json",
    "plan-gate.json",
    "plan.md",
    "plan.html",
    "plan.jsonl",
)
LOCK = "terraform.lock.hcl"
"""Terraform's lock file of a saved plan, under a name that Terraform does not read."""
SAVED = (PLAN, PLAN_JSON, GATE, PLAN_GATE, MARKDOWN, HTML, LOG, LOCK, record.NAME)
"""The files of a saved plan."""
APPLIED_JSON = "configuration.json"
"""The synthesized JSON of the last apply, under a name that neither Terraform nor Checkov reads."""
_STILL_SECONDS = 10
"""How often a person hears of a plan that takes long."""
_UNSAVED = "errored.tfstate"
_ROOM = 64 * 2**20
"""Bytes that must be free before Terraform starts: a state, a plan and their copies, many times over."""


def session(target: Target, faults: Path | None = None) -> terraform.Session:
    """The Terraform for a target, with credentials where it needs them.

    Raises:
        Problem: there is none, it is too old, or there is nothing to sign in to AWS with.
    """
    place = holding.workplace(target)
    if target.local:
        run = terraform.for_mock(place, target.played, faults)
        print(f"  {run.product} {run.version}, against the mock provider", file=sys.stderr)
        return run
    run = terraform.for_aws(place, os.environ)
    print(f"  {run.product} {run.version}, signed in to AWS by {_signed_in(target)}", file=sys.stderr)
    return run


def _signed_in(target: Target) -> str:
    source = credentials.find(os.environ)
    if not source:
        raise Problem(
            "no AWS credentials: none in the environment, no profile that can sign in, no role of a container "
            f"or an instance\n  to go through it all with no AWS account: {target.twin.make('plan')}\n"
            "  for AWS: aws sso login (with AWS_PROFILE), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return source


def preflight(target: Target, accept: str = "") -> int:
    """Synthesize, and ask the account what stands in the way; the exit code: 0, or 1 where something does.

    `accept` names questions whose misses do not count, with commas.

    Raises:
        Problem: AWS cannot be asked.
    """
    from pipeline.preflight import asking

    asking.accepted(accept)
    print(f"  signed in to AWS by {_signed_in(target)}", file=sys.stderr)
    with processes.temporary_folder("cloudmart-preflight-") as draft:
        synthesize(target)
        given = holding.inputs(target, holding.sources(target, draft), draft)
        return _preflown(target, given, accept)[0]


def _preflown(target: Target, given: Inputs, accept: str) -> tuple[int, str]:
    """Ask about what was given; the exit code, and the answers' sum in words."""
    import yaml

    from pipeline.preflight import asking, clients

    settings = yaml.safe_load(given.copies["settings"].path.read_text(encoding="utf-8"))
    taken = asking.accepted(accept)
    return asking.told(clients.Clients(), given.configuration, settings, target.folder, taken)


def refuse_a_state_on_one_machine(target: Target) -> None:
    """Keep what is protected from deletion out of a state that only one machine has.

    Raises:
        Problem: the environment's database is protected, and its state would be a file of this checkout.
    """
    if target.environment == STATE:
        return
    import settings

    values = settings.read(target.settings)
    if values.state.backend == "s3" or not values.database.deletion_protection:
        return
    bucket = settings.read_state(target.settings.with_name(f"{STATE}.yaml"))
    raise Problem(
        f"{target.shown(target.settings)}: state.backend is local: the state of {target.environment} would be a file "
        f"on "
        "this machine, with no lock between people, no history and no encryption\n"
        "  make its bucket, once for all environments:\n"
        f"    make plan ENV={STATE} && make apply ENV={STATE}   # {bucket.bucket}, from environments/{STATE}.yaml\n"
        f"  then, in {target.shown(target.settings)}:\n"
        f"    state: {{backend: s3, bucket: {bucket.bucket}, region: {bucket.region}}}\n"
        f"  to go through it all with no AWS account and no bucket: {target.twin.make('plan')}"
    )


def plan(target: Target, run: terraform.Session, key: Path | None = None, accept: str = "") -> int:
    """Plan, and save the plan for `apply`; the exit code: 0, or 1 where a judge refused.

    With `key`, an SSH key, the file that travels is signed. `accept` see `preflight`.

    Raises:
        Problem: anything that kept it from being planned.
    """
    # From here on there is no plan to apply until a new one stands.
    withdraw(target)
    if not target.local:
        refuse_a_state_on_one_machine(target)
    with drafted(target, run) as draft:
        synthesize(target)
        given = holding.inputs(target, holding.sources(target, draft), draft)
        asked = ""
        if not target.local:
            code, asked = _preflown(target, given, accept)
            if code:
                print(
                    f"error: the account is not ready, see the misses above: nothing was planned for "
                    f"{target.environment}. Mend them, or accept what you know with ACCEPT=TOPIC,...; then "
                    f"{target.make('plan')}",
                    file=sys.stderr,
                )
                return code
        gates = prepared(target, run, draft, given)
        if any(gates.values()):
            return _refused(target)
        made(target, run, draft)
        content = shown(target, run, given, draft / PLAN, draft / PLAN_JSON)
        with step("gate on the plan"):
            gates["plan_gate"] = judges.gate(target, given, draft / PLAN_JSON, draft / PLAN_GATE, plan=True)
        if gates["plan_gate"]:
            return _refused(target)
        told = told_of(target, content, given.configuration)
        costing, cost_line = cost_of(target, content, given.configuration)
        holding.copied(run.writes / holding.LOCK, draft / LOCK)
        now = datetime.now(UTC).replace(microsecond=0).isoformat()
        notes = [f"{run.product} {run.version}, {now}; gate and Checkov passed it."]
        if target.local:
            notes.insert(0, "Made against the mock provider (LOCAL=1): nothing of it exists in AWS.")
        if asked:
            notes.append(f"Preflight: {asked}.")
        title = f"Plan for {target.environment}"
        record.save(draft / MARKDOWN, report.markdown(told, title=title, notes=notes, cost=cost_line))
        judged = holding.parsed(draft / PLAN_GATE, "the gate's report on the plan")
        html = page.html(title, content, told, judged, costing, cost_line=cost_line, notes=notes)
        record.save(draft / HTML, html)
        _save(target, run, draft, given, gates, told, now)
        sha256 = _pack(target, given, draft, key)
    _tell(target, told, cost_line, sha256)
    return 0


def withdraw(target: Target) -> None:
    """Take the saved plan away, if there is one, and drafts that a run left behind."""
    try:
        holding.removed(target.saved)
        for packed in (target.work / artifact.NAME, target.work / (artifact.NAME + signing.SUFFIX)):
            packed.unlink(missing_ok=True)
        for left in target.work.glob(f"{holding.DRAFT}*"):
            holding.removed(left)
    except OSError as error:
        raise Problem(f"{target.shown(target.saved)}: cannot be removed ({error.strerror})") from error


@contextmanager
def drafted(target: Target, run: terraform.Session) -> Iterator[Path]:
    """A folder for the files of a plan in the making, outside of the project, which only its owner can read."""
    ready_to_write(target, run.writes)
    with processes.temporary_folder("cloudmart-plan-") as draft:
        yield draft


def ready_to_write(target: Target, *others: Path) -> None:
    """Refuse to start where a state could not be written, or where one still waits to be: in `others`, too.

    Raises:
        Problem: so it is.
    """
    free = shutil.disk_usage(target.work).free
    if free < _ROOM:
        raise Problem(
            f"{target.shown(target.work)}: the disk is all but full ({free // 2**20} MiB free): Terraform might not "
            f"be able to save its state; make at least {_ROOM // 2**20} MiB of room, then run this again"
        )
    for unsaved in (folder / _UNSAVED for folder in (target.folder, *others)):
        if os.path.lexists(unsaved):
            raise Problem(
                f"{target.shown(unsaved)}: an earlier run could not save its state and left it here. Save it first: "
                f"cd {target.shown(unsaved.parent)} && terraform state push {_UNSAVED}, then remove that file"
            )


def prepared(target: Target, run: terraform.Session, draft: Path, given: Inputs) -> dict[str, int]:
    """Judge the JSON, with Terraform initialized beside Checkov; the judges' exit codes."""
    with step("gate on the JSON"):
        gates = {"gate": judges.gate(target, given, given.folder, draft / GATE)}
    if gates["gate"]:
        return gates
    print(f"  gate: {judges.passed(draft / GATE)}", file=sys.stderr)
    with (
        step("Checkov, and terraform init beside it"),
        judges.checkov(target, given, draft / GATE) as verdict,
    ):
        initialize(target, run, given)
        gates["checkov"] = verdict()
    return gates


def synthesize(target: Target) -> None:
    """Write the target's JSON, with the bindings that BINDINGS names.

    Raises:
        Problem: synthesis failed, or the environment of those bindings is not there.
    """
    python = Path(sys.executable)
    if bindings.chosen() is not bindings.DEFAULT:
        python = target.root / f".venv-{bindings.chosen().framework}" / "bin" / "python"
        if not python.is_file():
            place = target.shown(python.parents[1])
            raise Problem(f"{place}: this environment of the bindings is not there: make {place}/ready")
    kind = ["synth-state"] if target.environment == STATE else ["synth", "--env", target.environment]
    words = [str(python), str(target.root / "main.py"), *kind, "--out", str(target.out)]
    done = processes.run(words, cwd=target.root)
    if done.returncode:
        raise Problem(
            f"ENV={target.environment}: synthesis ended with {done.returncode}; see the lines above"
        )
    notes = [line for line in done.stdout.splitlines() if line.startswith("note:")]
    counted = [line for line in done.stdout.splitlines() if " resources" in line]
    for line in (target.shown(target.configuration), *counted, *notes):
        print(f"  {line}", file=sys.stderr)


def initialize(target: Target, run: terraform.Session, given: Inputs, lock: Path | None = None) -> None:
    """Lay the configuration out where Terraform runs, and `terraform init`.

    With `lock`, a plan's lock file, the provider is the very one that it names.

    Raises:
        Problem: the configuration holds what is not synthesized, or it failed.
    """
    _refuse_foreign(target, target.configuration, foreign.in_configuration(given.configuration))
    holding.lay_out(target, run.folder, given.configuration, lock)
    if target.local:
        # Whatever is launched against the mock is initialized before.
        with run.launched(["plan"]):
            pass
    else:
        words = ["init", "-input=false", "-no-color", *(["-lockfile=readonly"] if lock else [])]
        done = terraform.capture(run, words)
        if done.returncode:
            _stop(target, run, "init", f"{done.stdout}\n{done.stderr}")
    if lock is None:
        return
    then, now = holding.locked(lock), holding.locked(run.writes / holding.LOCK)
    if then != now:
        raise Problem(
            f"{target.environment}: the plan was made with {' and '.join(then)}, and here is {' and '.join(now)}: "
            f"{target.make('plan')}"
        )


def standing(target: Target, run: terraform.Session) -> Snapshot:
    """Which state stands now.

    Raises:
        Problem: Terraform cannot read it.
    """
    done = terraform.capture(run, ["state", "pull"])
    if done.returncode:
        _stop(target, run, "state pull", f"{done.stdout}\n{done.stderr}")
    state = json.loads(done.stdout) if done.stdout.strip() else {}
    return Snapshot(str(state.get("lineage") or ""), int(state.get("serial") or 0))


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


def shown(target: Target, run: terraform.Session, given: Inputs, plan: Path, file: Path) -> dict[str, Any]:
    """`terraform show -json` of a plan of what was given, written into a new `file`.

    Raises:
        Problem: it failed, or the plan holds what this project does not plan.
    """
    with step("plan as JSON"):
        done = terraform.capture(run, ["show", "-json", "-no-color", str(plan)])
    if done.returncode:
        _stop(target, run, "show", f"{done.stdout}\n{done.stderr}")
    record.save(file, done.stdout)
    content = holding.parsed(file, f"{run.name} show -json")
    _refuse_foreign(target, target.saved / PLAN, foreign.in_plan(content, given.configuration))
    return content


def _refuse_foreign(target: Target, where: Path, reasons: list[str]) -> None:
    if reasons:
        told = "\n".join(f"  - {reason}" for reason in reasons)
        raise Problem(
            f"{target.shown(where)}: holds what this project does not synthesize, and what nobody judged; nothing is "
            f"planned or applied:\n{told}\n  to get there: {target.make('plan')}"
        )


def told_of(target: Target, content: Mapping[str, Any], configuration: Mapping[str, Any]) -> summary.Summary:
    """The summary of a plan of this target; what has left the configuration keeps the tier it was applied in."""
    return summary.summarize(content, _tiers(target, configuration), summary.configured_in(configuration))


def _tiers(target: Target, configuration: Mapping[str, Any]) -> dict[str, str]:
    former = target.applied / APPLIED_JSON
    before = summary.tiers_of(holding.parsed(former, target.shown(former))) if former.is_file() else {}
    return before | summary.tiers_of(configuration)


def cost_of(
    target: Target, content: Mapping[str, Any], configuration: Mapping[str, Any]
) -> tuple[Cost | None, str]:
    """What a plan of this target does to the cost a month, and a line about it; prices that cannot be read are told."""
    try:
        prices = costs.load()
    except Problem as problem:
        # Nothing that is planned hangs on it.
        return None, f"cost a month: not known: {problem}"
    found = cost.of(content, configuration, _tiers(target, configuration), prices)
    return found, found.line


def stop(target: Target, run: terraform.Session, command: str, outcome: terraform.Outcome) -> None:
    """Tell why Terraform stopped, and end.

    Raises:
        Problem: always.
    """
    said = "\n".join(dict.fromkeys([*map(diagnosed, outcome.errors), *outcome.other]))
    _stop(target, run, command, said, outcome.words)


def cure(target: Target, run: terraform.Session, words: str) -> str:
    """What a failure means and what to do about it, as the last lines of a message; empty if not known."""
    place = failures.Place(target.shown(run.folder), run.typed, target.make())
    known = failures.explain(words, place)
    return f"\n  {known[0]}\n  cure: {known[1]}" if known else ""


def found_now(
    target: Target, run: terraform.Session, copies: Mapping[str, holding.Copy], *, ask: bool = True
) -> record.Found:
    """What there is now of all that a plan rests on, by the private copies that were made of it.

    Without `ask` the account is left out: of a plan for the other side, AWS is not asked.
    """
    files = {role: record.File(target.shown(one.source), one.sha256) for role, one in copies.items()}
    commit = checkout.commit(target.root)
    return record.Found(
        target.environment,
        target.local,
        target.stack,
        _account(target) if ask else "",
        run.product,
        run.version,
        files,
        commit,
    )


def _account(target: Target) -> str:
    """The number of the account that this run is in.

    Raises:
        Problem: AWS does not say.
    """
    if target.local:
        return PLAYED_ACCOUNT
    from pipeline.preflight import clients

    return clients.caller(clients.Clients()).account


def saved_files(folder: Path) -> dict[str, Path]:
    """Where the files of a plan lie in a folder, by their role in the record."""
    return {
        "plan": folder / PLAN,
        "plan_json": folder / PLAN_JSON,
        "gate": folder / GATE,
        "plan_gate": folder / PLAN_GATE,
        "lock": folder / LOCK,
    }


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
    target: Target,
    run: terraform.Session,
    draft: Path,
    given: Inputs,
    gates: Mapping[str, int],
    told: summary.Summary,
    now: str,
) -> None:
    copies = {**given.copies, **holding.taken(saved_files(draft), draft / "judged")}
    # A draft is recorded under the name that it is about to get.
    placed = {
        role: replace(one, source=target.saved / one.source.name) if one.source.parent == draft else one
        for role, one in copies.items()
    }
    found = found_now(target, run, placed)
    losses = tuple(change.address for change in told.losses)
    record.write(
        draft / record.NAME,
        record.Record(
            target.environment,
            target.local,
            target.stack,
            found.account,
            now,
            run.product,
            run.version,
            dict(gates),
            losses,
            found.files,
            found.commit,
            snapshot(draft / PLAN),
        ),
    )
    try:
        holding.published(target, draft, SAVED, target.saved)
    except OSError as error:
        raise Problem(f"{target.shown(target.saved)}: cannot be written ({error.strerror})") from error


def _pack(target: Target, given: Inputs, draft: Path, key: Path | None) -> str:
    """Write the saved plan as one file, signed if there is a key; the file's SHA-256.

    Raises:
        Problem: it cannot be written or signed.
    """
    made_from = [copy.path for copy in given.copies.values() if copy.sha256]
    packed = draft / artifact.NAME
    try:
        sha256 = artifact.pack([*(draft / name for name in SAVED), *made_from], packed)
        files = [packed, *([signing.sign(packed, key)] if key else [])]
        for file in files:
            holding.copied(file, target.work / file.name)
    except OSError as error:
        raise Problem(f"{target.shown(target.work)}: cannot be written ({error.strerror})") from error
    return sha256


def _tell(target: Target, told: summary.Summary, cost_line: str, sha256: str) -> None:
    file = target.saved / MARKDOWN
    print(report.text(told, colour=sys.stdout.isatty(), file=target.shown(file), cost=cost_line))
    print(
        f"{target.shown(file)} has it for a pull request, {target.shown(target.saved / HTML)} as a page to read"
    )
    print(
        f"{target.shown(target.work / artifact.NAME)} is all of it in one file, for `apply` in another clone; keep it "
        f"as you keep secrets (SHA-256 {sha256})"
    )
    if told.empty:
        print("what stands is what the settings say: there is nothing to apply")
        return
    if told.losses and target.guarded:
        named = ",".join(change.address for change in told.losses)
        print("apply refuses this plan unless you name what will not survive:")
        print(f"next: {target.make('apply', ALLOW_REPLACE=named)}")
    else:
        print(f"next: {target.make('apply')}")
