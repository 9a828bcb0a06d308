from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.engine.model import Model, Resource, Undetermined, View
from policies.engine.parameters import Parameters
from policies.engine.values import Unknown, as_text
from policies.engine.verdicts import BACKUPS, REMOVED, Protected, Rule, Verdict, failed, passed, unknown

RULE = Rule(
    title="Block storage is in a daily backup plan",
    family=BACKUPS,
    severity="medium",
    types=("aws_ebs_volume", "aws_instance", "aws_launch_template"),
    why="EBS volumes have no backups of their own: what no plan selects is lost with its Availability Zone.",
    fix="""\
resource "aws_backup_selection" "volumes" {
  name         = "volumes"
  plan_id      = aws_backup_plan.daily.id
  iam_role_arn = aws_iam_role.backup.arn
  selection_tag {
    type  = "STRINGEQUALS"
    key   = "Backup"
    value = "daily"
  }
}

resource "aws_launch_template" "backend" {
  tag_specifications {
    resource_type = "volume"
    tags          = { Backup = "daily" }
  }
}
""",
    link="https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html",
    controls=("AWS FSBP EC2.28", "Well-Architected REL09-BP03"),
    reads=("aws_backup_selection", "aws_backup_plan", "aws_backup_vault", "aws_autoscaling_group"),
    protects=(
        # Those by tag; what is named by its ARN is something else.
        Protected("aws_backup_selection", "", having="selection_tag"),
        Protected(
            "aws_backup_selection",
            "plan_id",
            weaker=("00000000-0000-0000-0000-000000000000",),
            having="selection_tag",
        ),
        Protected("aws_backup_selection", "selection_tag[].value", weaker=("never",)),
        Protected("aws_backup_plan", "rule[].lifecycle.delete_after", weaker=(1, 6)),
        Protected("aws_backup_plan", "rule[].schedule", weaker=("cron(0 3 ? * SUN *)",)),
        Protected("aws_launch_template", "tag_specifications", weaker=(REMOVED,)),
    ),
    parameters=("backups.vault_retention_days",),
    by_hand="Which plan, and by which tag, is a decision.",
)

# What a selection matches by ARN: EC2 instances are backed up with all their volumes.
_KINDS: Final = ("volume", "instance")


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    doubt: Undetermined | None = None
    short: Verdict | None = None
    for selection in model.of_type("aws_backup_selection"):
        try:
            if not _selects(selection, resource):
                continue
            verdict = _plan(selection, parameters)
            if verdict is None:
                yield passed()
                return
            short = verdict
        except Undetermined as undetermined:
            doubt = undetermined
    if short is not None:
        yield short
    elif doubt is not None:
        yield unknown(doubt.reason)
    elif module := model.given_to(resource):
        yield unknown(f"{module}, which is not seen here, is given it and may select it")
    else:
        yield failed("no backup plan selects it")


def _plan(selection: Resource, parameters: Parameters) -> Verdict | None:
    """What is wrong with the plan of a selection."""
    plans = selection.referenced("plan_id", "aws_backup_plan").resources
    if not plans:
        raise selection.undetermined("the backup plan is not seen here", "plan_id")
    wanted = parameters.backups.vault_retention_days
    for rule in plans[0].blocks("rule"):
        if _is_daily(rule.text("schedule") or ""):
            days = rule.number("lifecycle.delete_after")
            if days is None or days >= wanted:
                return None
    return failed(f"its backup plan {plans[0].address} keeps no daily backup for {wanted} days")


def _is_daily(schedule: str) -> bool:
    """Whether a rule runs at least once on each day; without a schedule AWS runs it at five.

    Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html and
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html.
    """
    if not schedule:
        return True
    fields = schedule.strip().removeprefix("cron(").removesuffix(")").split()
    return (
        len(fields) == 6
        and _every(fields[2])
        and fields[3] in _ANY
        and _every(fields[4])
        and fields[5] in _ANY
    )


_ANY: Final = ("*", "*/1", "1/1", "1-12", "JAN-DEC")


def _every(days: str) -> bool:
    return days.upper() in ("*", "?", "*/1", "1/1", "1-31", "1-7", "SUN-SAT")


def _selects(selection: Resource, resource: Resource) -> bool:
    """Whether a selection takes a resource in.

    Resources named and tags add up; conditions then narrow, and `not_resources` takes out.
    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
    """
    sets = list(_tag_sets(resource))
    named = [_matches(one, resource, selection, "resources") for one in selection.each("resources[]")]
    tags = list(selection.blocks("selection_tag"))
    by_tag = any(
        _equals(tags_of.get(tag.text("key") or ""), tag.text("value"), tag)
        for tag in tags
        for tags_of in sets
    )
    if not (any(named) or by_tag):
        return False
    if any(_matches(one, resource, selection, "not_resources") for one in selection.each("not_resources[]")):
        return False
    return all(_fulfils(condition, sets) for condition in selection.blocks("condition"))


def _fulfils(condition: View, sets: list[Mapping[str, Any]]) -> bool:
    def test(kind: str, tags: Mapping[str, Any]) -> bool:
        for one in condition.blocks(kind):
            key = (one.text("key") or "").removeprefix("aws:ResourceTag/")
            value, wanted = tags.get(key), one.text("value") or ""
            if isinstance(value, Unknown):
                raise one.undetermined(value)
            text = as_text(value)
            match = text is not None and (
                fnmatch.fnmatchcase(text, wanted) if kind.endswith("like") else text == wanted
            )
            if match == kind.startswith("string_not"):
                return False
        return True

    kinds = ("string_equals", "string_like", "string_not_equals", "string_not_like")
    return any(all(test(kind, tags) for kind in kinds) for tags in sets or [{}])


def _equals(value: Any, wanted: str | None, view: View) -> bool:
    if isinstance(value, Unknown):
        raise view.undetermined(value)
    return wanted is not None and as_text(value) == wanted


def _tag_sets(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """The tags of the volumes, and those of the instance that carries them: either may be selected by."""
    if resource.type == "aws_launch_template":
        for block in resource.blocks("tag_specifications"):
            if block.text("resource_type") in _KINDS:
                yield _tags(block, block.get("tags"))
        groups = resource.model.referring(resource, "aws_autoscaling_group", "launch_template[].id")
        for group in groups.resources:
            # Tags of a group reach its instances, not their volumes.
            yield {
                tag.text("key") or "": tag.text("value")
                for tag in group.blocks("tag")
                if tag.boolean("propagate_at_launch")
            }
        return
    yield _tags(resource, resource.tags())
    if resource.type == "aws_instance":
        yield _tags(resource, resource.get("volume_tags"))


def _tags(view: View, tags: Any) -> Mapping[str, Any]:
    if isinstance(tags, Unknown):
        raise view.undetermined(tags, "tags")
    return tags if isinstance(tags, dict) else {}


def _matches(pattern: Any, resource: Resource, selection: Resource, path: str) -> bool:
    if resource in resource.model.follow(pattern, resource.type).resources:
        return True
    kinds = _KINDS if resource.type != "aws_ebs_volume" else ("volume",)
    if isinstance(pattern, Unknown):
        text = "".join("*" if isinstance(part, Unknown) else part for part in pattern.parts)
        if not text:
            if resource.model.follow(pattern).resources:
                return False  # another resource is meant
            raise selection.undetermined(pattern, path)
    else:
        text = str(pattern)
    if text == "*":
        return True
    parts = text.split(":", 5)
    return (
        len(parts) == 6
        and fnmatch.fnmatchcase("ec2", parts[2])
        and any(fnmatch.fnmatchcase(f"{kind}/id", parts[5]) for kind in kinds)
    )
