"""Every argument held against what botocore's models say of the member: enumerations, patterns, ranges, lengths."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from tests.prose import demands, service_models
from tests.stacks import VARIANTS

Stack = Callable[[str], dict[str, Any]]
# What the provider makes of an argument's text before it sends it.
WRITTEN_OTHERWISE = {
    "aws_backup_selection.selection_tag.type": "AWS Backup's enumeration has it so, and its documentation in words",
    "aws_lb.internal": "true and false become internal and internet-facing",
}


def violations(configuration: dict[str, Any]) -> list[str]:
    """Arguments whose value none of their members takes; references are not looked at, nor texts that hold some."""
    found = []
    for given in service_models.given(configuration):
        name = f"{given.address.partition('.')[0]}.{given.path}"
        if name in WRITTEN_OTHERWISE:
            continue
        for value in given.value if isinstance(given.value, list) else [given.value]:
            for member in given.members:
                faults = list(against(value, member.shape))
                found += [
                    f"{given.address}.{given.path} = {value!r}: {member.place}: {fault}" for fault in faults
                ]
    return found


def against(value: Any, shape: service_models.Shape) -> Iterator[str]:
    while shape.type_name == "list":
        shape = shape.member
    known = demands.constraints(shape)
    if isinstance(value, dict) or value is None or (isinstance(value, str) and "${" in value):
        return
    if shape.type_name in ("integer", "long", "float", "double"):
        number = float(value)
        if not known.get("min", number) <= number <= known.get("max", number):
            yield f"{known.get('min', '')} to {known.get('max', '')}"
        return
    if shape.type_name == "boolean":
        if str(value).lower() not in ("true", "false"):
            yield "true or false"
        return
    if shape.type_name != "string":
        return
    text = value if isinstance(value, str) else json.dumps(value)
    if "enum" in known and text not in known["enum"]:
        yield f"one of {', '.join(known['enum'])}"
    if not known.get("min", 0) <= len(text) <= known.get("max", len(text)):
        yield f"{known.get('min', 0)} to {known.get('max', '')} characters"
    if "pattern" in known and not python(known["pattern"]).search(text):
        yield f"like {known['pattern']}"


@cache
def python(pattern: str) -> re.Pattern[str]:
    """A pattern of Java's as Python has it: for whole texts, with its flags at the start."""
    flags = "".join(sorted(set("".join(re.findall(r"\(\?([is]+)\)", pattern)))))
    pattern = re.sub(r"\(\?[is]+\)", "", pattern)
    pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff")
    pattern = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda found: re.escape(chr(int(found[1], 16))), pattern)
    # Letters, digits and blanks, as near as Python comes.
    pattern = re.sub(r"\\p\{Z\w*\}", r"\\s", pattern)
    pattern = re.sub(r"\\p\{\w+\}", r"\\w", pattern)
    return re.compile(rf"{f'(?{flags})' if flags else ''}\A(?:{pattern})\Z")


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_argument_is_one_that_the_model_takes(stack: Stack, variant: str) -> None:
    assert violations(stack(variant)) == []


def test_many_arguments_are_held_against_something(stack: Stack) -> None:
    """Otherwise nothing above would say anything."""
    held = {
        f"{given.address.partition('.')[0]}.{given.path}"
        for given in service_models.given(stack("prod"))
        if any(
            demands.constraints(member.shape) or member.shape.type_name in ("integer", "boolean")
            for member in given.members
        )
    }
    assert len(held) > 200


@pytest.mark.parametrize(
    ("terraform_type", "path", "value", "fault"),
    [
        ("aws_acm_certificate", "validation_method", "FAX", "one of EMAIL, DNS"),
        ("aws_autoscaling_group", "health_check_type", "x" * 33, "1 to 32 characters"),
        ("aws_wafv2_web_acl", "visibility_config.metric_name", "a b", "like ^"),
        ("aws_kms_key", "deletion_window_in_days", 366, "1 to 365"),
        ("aws_cloudfront_distribution", "http_version", "http4", "one of"),
        ("aws_cloudfront_distribution", "enabled", "perhaps", "true or false"),
        ("aws_cloudwatch_metric_alarm", "evaluation_periods", 0, "1 to"),
    ],
)
def test_a_value_that_the_model_does_not_take_is_seen(
    stack: Stack, terraform_type: str, path: str, value: Any, fault: str
) -> None:
    configuration = copy.deepcopy(stack("prod"))
    holder = next(iter(configuration["resource"][terraform_type].values()))
    *blocks, last = path.split(".")
    for name in blocks:
        holder = holder[name][0] if isinstance(holder[name], list) else holder[name]
    holder[last] = value
    (told, *_) = violations(configuration)
    assert path in told and fault in told
