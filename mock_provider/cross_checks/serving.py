"""Load balancers, launch templates and Auto Scaling."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from mock_provider import catalogue
from mock_provider.argument_checks import Refusal, is_set, places
from mock_provider.cross_checks.wording import (
    COMBINATION,
    Rule,
    State,
    blocks,
    conflicts_when,
    dotted,
    invalid,
    known,
    one,
    required_when,
    unset,
)
from mock_provider.values import UNKNOWN, Path, has_unknown


def _lb(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html."""
    kind = config.get("load_balancer_type") or "application"
    if kind != "application":
        return
    for name in ("subnets", "subnet_mapping"):
        given = config.get(name)
        if isinstance(given, list) and len(given) == 1 and not has_unknown(given[0]):
            yield Refusal(
                (name,),
                "ValidationError: At least two subnets in two different Availability Zones must be specified",
            )
    for name in ("access_logs", "connection_logs"):
        block = one(config, name)
        if block and block.get("enabled") is True and unset(block, "bucket"):
            yield Refusal(
                (name, 0, "bucket"), "ValidationError: the bucket of enabled logs must be specified"
            )


_ACTION_BLOCKS = {
    "redirect": "redirect",
    "fixed-response": "fixed_response",
    "authenticate-cognito": "authenticate_cognito",
    "authenticate-oidc": "authenticate_oidc",
    "jwt-validation": "jwt_validation",
}

_SSL_POLICY = re.compile(
    r"ELBSecurityPolicy-(2016-08|2015-05|TLS-1-[012](-Ext)?-20\d\d-\d\d|FS-[\w-]+|TLS13-1-[\w-]+-20\d\d-\d\d(-\w+)*|TLS-1-2-Ext-2018-06)"
)


def _lb_listener(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: internal/service/elbv2, listenerActionPlantimeValidate; and
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html."""
    for at, action in blocks(config, "default_action"):
        kind = str(action.get("type")).lower()
        block = _ACTION_BLOCKS.get(kind)
        if block and unset(action, block):
            yield required_when((*at, block), dotted((*at, "type")), kind)
        if kind == "forward" and unset(action, "target_group_arn") and unset(action, "forward"):
            either = f'"{dotted((*at, "target_group_arn"))}" or "{dotted((*at, "forward"))}"'
            yield Refusal(
                (*at, "type"),
                COMBINATION,
                f'Either {either} must be specified when "{dotted((*at, "type"))}" is "forward".',
            )
        for kind_of, other in _ACTION_BLOCKS.items():
            if kind_of != kind and kind in (*_ACTION_BLOCKS, "forward") and is_set(action.get(other)):
                yield conflicts_when((*at, other), dotted((*at, "type")), kind)
    protocol = config.get("protocol")
    if protocol in ("HTTPS", "TLS") and unset(config, "certificate_arn"):
        yield Refusal(
            ("certificate_arn",), f"ValidationError: A certificate must be specified for {protocol} listeners"
        )
    if protocol in ("HTTP", "TCP", "UDP", "TCP_UDP"):
        for name in ("certificate_arn", "ssl_policy"):
            if is_set(config.get(name)) and config[name] != "":
                yield conflicts_when((name,), "protocol", protocol)
    policy = config.get("ssl_policy")
    if isinstance(policy, str) and policy and not _SSL_POLICY.fullmatch(policy):
        yield Refusal(("ssl_policy",), f"SSLPolicyNotFound: SSL policy '{policy}' not found")


def _lb_target_group(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: the resource's CustomizeDiff (internal/service/elbv2, resourceTargetGroup), and
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html."""
    kind = config.get("target_type") or "instance"
    if kind not in ("lambda", UNKNOWN):
        for name in ("port", "protocol", "vpc_id"):
            if config.get(name) is None:
                yield required_when((name,), "target_type", kind)
    health = one(config, "health_check")
    protocol = str(health.get("protocol") or "").upper()
    if protocol == "TCP":
        for name in ("matcher", "path"):
            if known(health.get(name)) and health[name] != "":
                yield conflicts_when(("health_check", 0, name), "health_check[0].protocol", protocol)
        if kind == "lambda" or config.get("protocol") in ("HTTP", "HTTPS"):
            other, value = ("target_type", kind) if kind == "lambda" else ("protocol", config.get("protocol"))
            yield Refusal(
                ("health_check", 0, "protocol"),
                f'Attribute "health_check[0].protocol" cannot have value "TCP" when "{other}" is "{value}".',
            )
    interval, timeout = health.get("interval") or 30, health.get("timeout")
    if isinstance(timeout, int) and isinstance(interval, int) and timeout >= interval:
        yield Refusal(
            ("health_check", 0, "timeout"),
            "ValidationError: Health check interval must be greater than the timeout",
            f"The interval is {interval} seconds, the timeout {timeout}.",
        )
    matcher = health.get("matcher")
    if isinstance(matcher, str) and matcher and not re.fullmatch(r"\d{1,3}([,-]\d{1,3})*", matcher):
        yield Refusal(
            ("health_check", 0, "matcher"), f"ValidationError: Health check matcher '{matcher}' is not valid"
        )
    stickiness, target = one(config, "stickiness"), config.get("protocol")
    if stickiness.get("type") == "app_cookie" and unset(stickiness, "cookie_name"):
        yield required_when(("stickiness", 0, "cookie_name"), "stickiness[0].type", "app_cookie")
    if stickiness.get("type") in ("lb_cookie", "app_cookie") and target in ("TCP", "UDP", "TLS", "TCP_UDP"):
        yield Refusal(
            ("stickiness", 0, "type"),
            f"InvalidConfigurationRequest: Stickiness type '{stickiness['type']}' is not supported for target "
            f"groups with the {target} protocol",
        )


def _autoscaling_group(config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html."""
    least, most, wanted = config.get("min_size"), config.get("max_size"), config.get("desired_capacity")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield Refusal(
            ("max_size",),
            f"ValidationError: Max bound, {most}, must be greater than or equal to min bound, {least}",
        )
    elif isinstance(wanted, int) and (
        (isinstance(most, int) and wanted > most) or (isinstance(least, int) and wanted < least)
    ):
        yield Refusal(
            ("desired_capacity",),
            f"ValidationError: Desired capacity:{wanted} must be between the specified min size:{least} and "
            f"max size:{most}",
        )
    places_ = ("vpc_zone_identifier", "availability_zones")
    if all(unset(config, name) for name in (*places_, "availability_zone_distribution", "load_balancers")):
        yield Refusal(
            ("vpc_zone_identifier",),
            "ValidationError: At least one Availability Zone or VPC Subnet is required.",
        )
    for at, override in places(
        config, ("mixed_instances_policy", "launch_template", "override", "instance_type")
    ):
        yield from _instance_type(override, region, at)
    for preferences in places(config, ("instance_refresh", "preferences")):
        for block in preferences[1] if isinstance(preferences[1], list) else []:
            low, high = block.get("min_healthy_percentage"), block.get("max_healthy_percentage")
            if isinstance(low, int) and isinstance(high, int) and high - low > 100:
                yield Refusal(
                    (*preferences[0], 0, "max_healthy_percentage"),
                    "ValidationError: The difference between MaxHealthyPercentage and MinHealthyPercentage "
                    "cannot be greater than 100",
                )


def _instance_type(value: Any, region: str | None, at: Path) -> Iterator[Refusal]:
    if isinstance(value, str) and value and region:
        offered = catalogue.instance_types(region)
        if offered and value not in offered:
            yield invalid(
                at,
                f"Invalid value '{value}' for InstanceType.",
                f"{region} does not offer it, by the list that cfn-lint carries.",
            )


def _launch_template(config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html,
    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html."""
    yield from _instance_type(config.get("instance_type"), region, ("instance_type",))
    data = config.get("user_data")
    if isinstance(data, str) and data:
        try:
            raw = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            yield Refusal(("user_data",), "InvalidUserData.Malformed: Invalid BASE64 encoding of user data.")
        else:
            if len(raw) > 16384:
                yield invalid(("user_data",), f"User data is limited to 16384 bytes, got {len(raw)}")
    for at, mapping in blocks(config, "block_device_mappings"):
        for where, disk in blocks(mapping, "ebs", at):
            yield from _volume(disk, where)
    for at, interface in blocks(config, "network_interfaces"):
        if is_set(interface.get("security_groups")) and is_set(config.get("vpc_security_group_ids")):
            yield Refusal(
                (*at, "security_groups"),
                "InvalidParameterCombination: Network interfaces and an instance-level security groups may not be "
                "specified on the same request",
            )
    if is_set(config.get("instance_type")) and is_set(config.get("instance_requirements")):
        yield Refusal(
            ("instance_requirements",),
            "InvalidParameterCombination: InstanceType and InstanceRequirements cannot both be specified",
        )


_VOLUMES = {
    # type: (least GiB, most GiB, least IOPS, most IOPS); None where IOPS cannot be chosen
    "gp2": (1, 16384, None),
    "gp3": (1, 65536, (3000, 80000)),
    "io1": (4, 16384, (100, 64000)),
    "io2": (4, 65536, (100, 256000)),
    "st1": (125, 16384, None),
    "sc1": (125, 16384, None),
    "standard": (1, 1024, None),
}


def _volume(disk: State, at: Path) -> Iterator[Refusal]:
    kind = disk.get("volume_type")
    if kind not in _VOLUMES:
        return
    least, most, iops = _VOLUMES[kind]
    size, asked = disk.get("volume_size"), disk.get("iops")
    if isinstance(size, int) and size and not least <= size <= most:
        yield invalid(
            (*at, "volume_size"),
            f"Volume of {size}GiB is not valid for {kind}; from {least} to {most} GiB is.",
        )
    if isinstance(asked, int) and asked:
        if iops is None:
            yield Refusal(
                (*at, "iops"),
                f"InvalidParameterCombination: The parameter iops is not supported for {kind} volumes.",
            )
        elif not iops[0] <= asked <= iops[1]:
            yield invalid(
                (*at, "iops"), f"iops of {asked} is not valid for {kind}; from {iops[0]} to {iops[1]} is."
            )
    elif kind in ("io1", "io2") and asked is None:
        yield Refusal(
            (*at, "iops"), f"MissingParameter: The parameter iops must be specified for {kind} volumes."
        )
    if kind != "gp3" and known(disk.get("throughput")) and disk["throughput"]:
        yield Refusal(
            (*at, "throughput"),
            f"InvalidParameterCombination: The parameter throughput is not supported for {kind} volumes.",
        )


_POLICY_ARGUMENTS = {
    "SimpleScaling": ("scaling_adjustment",),
    "StepScaling": ("step_adjustment",),
    "TargetTrackingScaling": ("target_tracking_configuration",),
    "PredictiveScaling": ("predictive_scaling_configuration",),
}


def _autoscaling_policy(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html."""
    kind = config.get("policy_type") or "SimpleScaling"
    for name in _POLICY_ARGUMENTS.get(kind, ()) if isinstance(kind, str) else ():
        if config.get(name) in (None, []):
            yield required_when((name,), "policy_type", kind)
    for at, tracking in blocks(config, "target_tracking_configuration"):
        names = ("predefined_metric_specification", "customized_metric_specification")
        if sum(is_set(tracking.get(name)) for name in names) != 1 and not has_unknown(tracking):
            yield Refusal(at, COMBINATION, f"Exactly one of {', '.join(names)} must be specified.")
        for where, metric in blocks(tracking, "predefined_metric_specification", at):
            wanted, label = metric.get("predefined_metric_type"), metric.get("resource_label")
            types = (
                "ASGAverageCPUUtilization",
                "ASGAverageNetworkIn",
                "ASGAverageNetworkOut",
                "ALBRequestCountPerTarget",
            )
            if isinstance(wanted, str) and wanted not in types:
                yield Refusal(
                    (*where, "predefined_metric_type"),
                    f"ValidationError: {wanted} is not one of {', '.join(types)}",
                )
            elif wanted == "ALBRequestCountPerTarget" and label is None:
                yield required_when((*where, "resource_label"), "predefined_metric_type", wanted)
            if (
                isinstance(label, str)
                and label
                and not re.fullmatch(r"app/[^/]+/\w+/targetgroup/[^/]+/\w+", label)
            ):
                yield Refusal(
                    (*where, "resource_label"),
                    f"ValidationError: Invalid resource label {label}",
                    "It is app/NAME/ID/targetgroup/NAME/ID: the load balancer's and the target group's arn_suffix.",
                )


RULES: dict[tuple[str, str], Rule] = {
    ("resource", "aws_autoscaling_group"): _autoscaling_group,
    ("resource", "aws_autoscaling_policy"): _autoscaling_policy,
    ("resource", "aws_launch_template"): _launch_template,
    ("resource", "aws_lb"): _lb,
    ("resource", "aws_lb_listener"): _lb_listener,
    ("resource", "aws_lb_target_group"): _lb_target_group,
}
