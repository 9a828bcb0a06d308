"""Keys, records, alarms, notifications, backups, drills, and the provider itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from mock_provider.argument_checks import Refusal, failure, is_set
from mock_provider.cross_checks.policies import policy_refusals
from mock_provider.cross_checks.wording import (
    Rule,
    State,
    blocks,
    known,
    listed,
    named,
    one,
    required_when,
    unset,
)
from mock_provider.values import UNKNOWN


def _record(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html."""
    if is_set(config.get("records")) and config.get("ttl") is None:
        yield Refusal(("ttl",), 'InvalidInput: "ttl": all of `records,ttl` must be specified')
    kind = config.get("type")
    for position, value in enumerate(listed(config.get("records"))):
        if kind in ("A", "AAAA") and isinstance(value, str):
            wrong = failure(value, [{"form": "ip4" if kind == "A" else "ip6"}], "records")
            if wrong:
                yield Refusal(("records", position), f"InvalidChangeBatch: Invalid Resource Record: {wrong}")
    if kind == "CNAME" and len(listed(config.get("records"))) > 1:
        yield Refusal(("records",), "InvalidChangeBatch: a CNAME record has one value")


def _kms_key(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html."""
    yield from policy_refusals(config.get("policy"), ("policy",), "resource")
    spec = config.get("customer_master_key_spec")
    if config.get("enable_key_rotation") is True and spec not in (None, UNKNOWN, "SYMMETRIC_DEFAULT"):
        yield Refusal(
            ("enable_key_rotation",), f"UnsupportedOperationException: keys of {spec} cannot be rotated"
        )
    if is_set(config.get("rotation_period_in_days")) and config.get("enable_key_rotation") in (None, False):
        yield Refusal(
            ("rotation_period_in_days",),
            "ValidationException: rotation_period_in_days requires that enable_key_rotation is true",
        )


def _alarm(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: the resource's CustomizeDiff, and
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html."""
    statistics = [config.get(name) for name in ("statistic", "extended_statistic")]
    if is_set(config.get("metric_name")) and UNKNOWN not in statistics and statistics.count(None) != 1:
        yield Refusal(
            ("statistic",),
            "One of `statistic` or `extended_statistic` must be set for a cloudwatch metric alarm",
        )
    for at, query in blocks(config, "metric_query"):
        if is_set(query.get("expression")) and query["expression"] != "" and is_set(query.get("metric")):
            yield Refusal(at, "No metric_query may have both `expression` and a `metric` specified")
    period, evaluations = config.get("period"), config.get("evaluation_periods")
    if isinstance(period, int) and isinstance(evaluations, int):
        most = 604800 if period >= 3600 else 86400
        if period * evaluations > most:
            yield Refusal(
                ("evaluation_periods",),
                f"ValidationError: Metrics cannot be checked across more than {most // 86400} day(s) "
                f"(EvaluationPeriods * Period must be <= {most}).",
            )
    wanted = config.get("datapoints_to_alarm")
    if isinstance(wanted, int) and isinstance(evaluations, int) and wanted > evaluations:
        yield Refusal(
            ("datapoints_to_alarm",),
            f"ValidationError: DatapointsToAlarm ({wanted}) must be at most EvaluationPeriods ({evaluations})",
        )
    if "metric_query" in config and unset(config, "metric_name") and unset(config, "metric_query"):
        yield Refusal(
            ("metric_name",), "ValidationError: one of `metric_name,metric_query` must be specified"
        )


def _dashboard(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html."""
    body = config.get("dashboard_body")
    try:
        document = json.loads(body) if isinstance(body, str) else None
    except ValueError:
        return
    if document is None:
        return
    widgets = document.get("widgets") if isinstance(document, dict) else None
    if not isinstance(widgets, list):
        yield Refusal(("dashboard_body",), "InvalidParameterInput: The dashboard body has no widgets")
        return
    for position, widget in enumerate(widgets):
        width = widget.get("width", 6) if isinstance(widget, dict) else 0
        kinds = ("metric", "text", "log", "alarm", "explorer", "custom")
        if not isinstance(widget, dict) or widget.get("type") not in kinds:
            yield Refusal(
                ("dashboard_body",),
                f"InvalidParameterInput: widget {position} is not of type {', '.join(kinds)}",
            )
        elif isinstance(width, int) and not 1 <= width <= 24:
            yield Refusal(
                ("dashboard_body",),
                f"InvalidParameterInput: widget {position} is {width} wide; 1 to 24 is allowed",
            )


def _topic(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: the resource's CustomizeDiff (internal/service/sns, resourceTopicCustomizeDiff)."""
    name, fifo = config.get("name"), config.get("fifo_topic") is True
    pattern = r"[0-9A-Za-z_-]{1,251}\.fifo" if fifo else r"[0-9A-Za-z_-]{1,256}"
    if isinstance(name, str) and name and not re.fullmatch(pattern, name):
        yield Refusal(("name",), f"invalid topic name: {name}")
    if config.get("fifo_topic") in (None, False):
        if is_set(config.get("archive_policy")) and config["archive_policy"] != "":
            yield Refusal(("archive_policy",), "message archive policy can only be set for FIFO topics")
        if config.get("content_based_deduplication") is True:
            yield Refusal(
                ("content_based_deduplication",),
                "content-based deduplication can only be set for FIFO topics",
            )
    yield from policy_refusals(config.get("policy"), ("policy",), "resource")


_ENDPOINTS = {
    "email": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address"),
    "email-json": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address"),
    "https": (r"https://\S+", "an https:// URL"),
    "http": (r"http://\S+", "an http:// URL"),
    "sqs": (r"arn:[\w-]+:sqs:.+", "the ARN of a queue"),
    "lambda": (r"arn:[\w-]+:lambda:.+", "the ARN of a function"),
    "firehose": (r"arn:[\w-]+:firehose:.+", "the ARN of a delivery stream"),
    "sms": (r"\+?[\d\s()-]{5,20}", "a telephone number"),
}


def _subscription(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html."""
    protocol, endpoint = config.get("protocol"), config.get("endpoint")
    if isinstance(protocol, str) and protocol in _ENDPOINTS and isinstance(endpoint, str):
        pattern, words = _ENDPOINTS[protocol]
        if not re.fullmatch(pattern, endpoint):
            yield Refusal(
                ("endpoint",),
                f"InvalidParameter: Invalid parameter: Endpoint: {protocol} takes {words}, got {endpoint}",
            )
    if is_set(config.get("filter_policy_scope")) and unset(config, "filter_policy"):
        yield Refusal(("filter_policy_scope",), "filter_policy is required when filter_policy_scope is set")
    if protocol == "firehose" and unset(config, "subscription_role_arn"):
        yield required_when(("subscription_role_arn",), "protocol", protocol)


def _backup_plan(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRuleInput.html."""
    for at, rule in blocks(config, "rule"):
        schedule = rule.get("schedule")
        if isinstance(schedule, str) and schedule and not _schedule(schedule):
            yield Refusal(
                (*at, "schedule"), f"InvalidParameterValueException: Invalid schedule expression: {schedule}"
            )
        start, completion = rule.get("start_window"), rule.get("completion_window")
        if isinstance(start, int) and start < 60:
            yield Refusal(
                (*at, "start_window"),
                f"InvalidParameterValueException: The start window must be at least 60 minutes, got {start}",
            )
        first = start if isinstance(start, int) else 60
        if isinstance(completion, int) and completion < first + 60:
            yield Refusal(
                (*at, "completion_window"),
                "InvalidParameterValueException: The completion window must be at least 60 minutes longer than the "
                f"start window ({first})",
            )
        life = one(rule, "lifecycle")
        cold, delete = life.get("cold_storage_after"), life.get("delete_after")
        if isinstance(cold, int) and isinstance(delete, int) and cold and delete and delete < cold + 90:
            yield Refusal(
                (*at, "lifecycle", 0, "delete_after"),
                "InvalidParameterValueException: delete_after must be at least 90 days after cold_storage_after "
                f"({cold}), got {delete}",
            )


def _schedule(text: str) -> bool:
    """Whether it is an EventBridge schedule: `rate(2 hours)`, or a cron of six fields with one `?` for the days.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html.
    """
    if re.fullmatch(r"rate\([1-9]\d* (minute|hour|day)s?\)", text):
        return True
    match = re.fullmatch(r"cron\((.*)\)", text)
    fields = match[1].split() if match else []
    if len(fields) != 6 or (fields[2] == "?") == (fields[4] == "?"):
        return False
    ranges = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
    for field, (least, most) in zip(fields, ranges, strict=True):
        if not re.fullmatch(r"[\w*?,/#-]+", field):
            return False
        if any(not least <= int(number) <= most for number in re.findall(r"(?<![/\w#])\d+", field)):
            return False
    return True


def _log_group(config: State, _region: str | None) -> Iterator[Refusal]:
    name = config.get("name")
    if isinstance(name, str) and name.lower().startswith("aws/"):
        yield Refusal(
            ("name",),
            f"InvalidParameterException: Log groups starting with AWS/ are reserved for AWS: {name}",
        )


# What an action's targets of a name are made of, where that is one type.
# Source: https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
_TARGETS = {
    "AutoScalingGroups": "aws:ec2:autoscaling-group",
    "Buckets": "aws:s3:bucket",
    "DBInstances": "aws:rds:db",
    "Functions": "aws:lambda:function",
    "Instances": "aws:ec2:instance",
    "Nodegroups": "aws:eks:nodegroup",
    "Pods": "aws:eks:pod",
    "ReplicationGroups": "aws:elasticache:replicationgroup",
    "Roles": "aws:iam:role",
    "SpotInstances": "aws:ec2:spot-instance",
    "Subnets": "aws:ec2:subnet",
    "Tasks": "aws:ecs:task",
    "TransitGateways": "aws:ec2:transit-gateway",
    "Volumes": "aws:ec2:ebs-volume",
}


def _experiment(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/fis/latest/APIReference/API_CreateExperimentTemplate.html."""
    targets, actions = named(config, "target", "name"), named(config, "action", "name")
    types = {str(target.get("name")): target.get("resource_type") for _, target in blocks(config, "target")}
    for at, action in blocks(config, "action"):
        for where, target in blocks(action, "target", at):
            value = target.get("value")
            if isinstance(value, str) and targets is not None and value not in targets:
                yield Refusal(
                    (*where, "value"),
                    f"ValidationException: Action target {value} is not a target of the template",
                )
            wanted, kind = _TARGETS.get(str(target.get("key"))), types.get(str(value))
            if wanted and isinstance(kind, str) and kind != wanted:
                yield Refusal(
                    (*where, "value"),
                    f"ValidationException: The resource type of {value} is not supported by {action.get('action_id')}",
                    f"{target.get('key')} are {wanted}, and {value} is {kind}.",
                )
        for other in listed(action.get("start_after")):
            if isinstance(other, str) and actions is not None and other not in actions:
                yield Refusal(
                    (*at, "start_after"),
                    f"ValidationException: Action {other} is not an action of the template",
                )
        for where, parameter in blocks(action, "parameter", at):
            value = parameter.get("value")
            if (
                parameter.get("key") == "duration"
                and isinstance(value, str)
                and not re.fullmatch(r"P(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?", value)
            ):
                yield Refusal(
                    (*where, "value"),
                    f"ValidationException: {value} is not an ISO 8601 duration such as PT10M",
                )
    for at, target in blocks(config, "target"):
        if unset(target, "resource_arns") and unset(target, "resource_tag"):
            yield Refusal(at, "ValidationException: a target has resource_arns or resource_tag")
    for at, condition in blocks(config, "stop_condition"):
        if condition.get("source") == "aws:cloudwatch:alarm" and unset(condition, "value"):
            yield required_when((*at, "value"), "source", condition["source"])


def _provider(config: State, _region: str | None) -> Iterator[Refusal]:
    for name in ("allowed_account_ids", "forbidden_account_ids"):
        for position, account in enumerate(listed(config.get(name))):
            wrong = failure(account, [{"form": "account"}], name) if known(account) else None
            if wrong:
                yield Refusal((name, position), wrong)
    if listed(config.get("allowed_account_ids")) and listed(config.get("forbidden_account_ids")):
        yield Refusal(
            ("allowed_account_ids",),
            "Conflicting configuration arguments",
            '"allowed_account_ids": conflicts with forbidden_account_ids',
        )
    for at, role in blocks(config, "assume_role"):
        for name in ("role_arn", "policy"):
            value = role.get(name)
            form = "arn" if name == "role_arn" else "json"
            wrong = failure(value, [{"form": form}], name) if known(value) and value != "" else None
            if wrong:
                yield Refusal((*at, name), wrong)


RULES: dict[tuple[str, str], Rule] = {
    ("provider", "aws"): _provider,
    ("resource", "aws_backup_plan"): _backup_plan,
    ("resource", "aws_cloudwatch_dashboard"): _dashboard,
    ("resource", "aws_cloudwatch_log_group"): _log_group,
    ("resource", "aws_cloudwatch_metric_alarm"): _alarm,
    ("resource", "aws_fis_experiment_template"): _experiment,
    ("resource", "aws_kms_key"): _kms_key,
    ("resource", "aws_route53_record"): _record,
    ("resource", "aws_sns_topic"): _topic,
    ("resource", "aws_sns_topic_subscription"): _subscription,
}
