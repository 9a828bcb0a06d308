"""`drift`: whether what stands is what the settings say; it only looks, and saves no plan."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from pipeline import holding, planning, record, report, terraform
from pipeline.target import Target

NAME = "drift.md"


def drift(target: Target, run: terraform.Session) -> int:
    """Look; the exit code: 0 where all is as the settings say, 1 where something is not, which is told.

    The state is read without its lock, so that a role that may only read can look.

    Raises:
        Problem: it could not be looked at.
    """
    page = target.work / NAME
    page.unlink(missing_ok=True)
    with planning.drafted(target, run) as draft:
        planning.synthesize(target)
        given = holding.inputs(target, holding.sources(target, draft), draft)
        planning.initialize(target, run, given)
        planning.made(target, run, draft, "-lock=false")
        content = planning.shown(target, run, given, draft / planning.PLAN, draft / planning.PLAN_JSON)
        told = planning.told_of(target, content, given.configuration)
    if told.empty and not told.drift:
        print(f"{target.environment}: what stands is what the settings say")
        return 0
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    notes = [
        "What stands is not what the settings say: somebody changed it by hand, AWS did, or a commit is not applied.",
        f"{run.product} {run.version}, {now}; nothing was changed.",
    ]
    record.save(page, report.markdown(told, title=f"Drift of {target.environment}", notes=notes))
    print(report.text(told, colour=sys.stdout.isatty(), file=target.shown(page)))
    print(f"{target.shown(page)} has it for an issue")
    print(
        f"next: write into the settings or modules what shall stay, then {target.make('plan')}; what is left in its "
        "plan goes back to what they say"
    )
    return 1
