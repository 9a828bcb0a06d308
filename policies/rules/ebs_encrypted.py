from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.engine.cures import REPLACES, Edit, Incurable, Set
from policies.engine.model import Model, Resource, View
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT
from policies.engine.verdicts import (
    AT_REST,
    FAIL,
    PASS,
    REMOVED,
    UNKNOWN,
    Protected,
    Rule,
    Verdict,
    failed,
    passed,
    unknown,
)

RULE = Rule(
    title="Block storage is encrypted",
    family=AT_REST,
    severity="high",
    types=(
        "aws_ebs_volume",
        "aws_ebs_snapshot_copy",
        "aws_ami_copy",
        "aws_instance",
        "aws_spot_instance_request",
        "aws_launch_template",
        "aws_launch_configuration",
    ),
    why=(
        "A snapshot of an unencrypted volume can be copied and attached anywhere; the root volume of an "
        "instance holds its logs, its swap and its container layers."
    ),
    fix="""\
resource "aws_launch_template" "backend" {
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      encrypted  = true
      kms_key_id = aws_kms_key.main.arn
    }
  }
}
""",
    link="https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html",
    controls=(
        "AWS FSBP EC2.3",
        "AWS FSBP EC2.7",
        "CIS AWS 5.0.0 5.1.1",
        "Well-Architected SEC08-BP02",
    ),
    reads=("aws_ebs_encryption_by_default", "aws_ebs_snapshot"),
    protects=(
        Protected("aws_launch_template", "block_device_mappings[].ebs.encrypted", weaker=(False, REMOVED)),
        Protected("aws_launch_template", "block_device_mappings"),
        Protected("aws_ebs_volume", "encrypted", weaker=(False, REMOVED)),
        Protected("aws_instance", "root_block_device.encrypted", weaker=(False, REMOVED)),
    ),
    by_hand="A launch template without block devices needs the name of its image's root device.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type in ("aws_ebs_volume", "aws_ebs_snapshot_copy", "aws_ami_copy"):
        yield _judge(resource, [(resource, "encrypted")])
    elif resource.type == "aws_launch_template":
        yield _judge(resource, _mappings(resource))
    else:
        template = resource.block("launch_template") if resource.type != "aws_launch_configuration" else None
        root = resource.block("root_block_device")
        if template is not None and root is None:
            # What the instance does not say itself, its template says, which is judged on its own.
            links = resource.referenced("launch_template[].id", "aws_launch_template").resources
            links += resource.referenced("launch_template[].name", "aws_launch_template").resources
            if not links:
                raise resource.undetermined("the launch template is not seen here", "launch_template")
            yield _judge(resource, [(block, "encrypted") for block in resource.blocks("ebs_block_device")])
            return
        blocks = [(block, "encrypted") for block in resource.blocks("ebs_block_device")]
        yield _judge(resource, [(root, "encrypted") if root else None, *blocks])


def _mappings(template: Resource) -> list[tuple[View, str] | None]:
    mappings = list(template.blocks("block_device_mappings"))
    devices = [
        (mapping, "ebs.encrypted")
        for mapping in mappings
        if not mapping.is_set("virtual_name") and not mapping.is_set("no_device")
    ]
    return [*devices] or [None]


def _judge(resource: Resource, devices: Sequence[tuple[View, str] | None]) -> Verdict:
    """None stands for a root volume that nothing is said about."""
    verdicts = [
        _device(*device, ())
        if device is not None
        else passed()
        if _by_default(resource)
        else failed("nothing says that the root volume is encrypted")
        for device in devices
    ]
    for status in (FAIL, UNKNOWN):
        for verdict in verdicts:
            if verdict.status == status:
                return verdict
    return passed()


def _device(view: View, path: str, seen: tuple[Resource, ...]) -> Verdict:
    """Whether a volume, snapshot or device is encrypted; `seen` are those that are made from it, from the first on.

    What does not say so itself is encrypted if the snapshot is that it is made from.

    Source: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html#encryption-parameters
    """
    if view.boolean(path) or _by_default(view.resource):
        return passed()
    copied = view.resource.type == "aws_ebs_snapshot_copy"
    origin = path.removesuffix("encrypted") + ("source_snapshot_id" if copied else "snapshot_id")
    if view.get(path) is not ABSENT or view.get(origin) in (ABSENT, ""):
        return failed(f"{path} is not true", path, at=view)
    verdicts = [
        _snapshot(snapshot, (*seen, view.resource))
        for snapshot in view.referenced(origin, "aws_ebs_snapshot", "aws_ebs_snapshot_copy").resources
    ]
    if any(verdict.status == FAIL for verdict in verdicts):
        return failed("it is made from a snapshot that is not encrypted", origin, at=view)
    if verdicts and all(verdict.status == PASS for verdict in verdicts):
        return passed()
    return unknown(
        "it is encrypted if the snapshot that it is made from is, and that is not seen here", origin, at=view
    )


def _snapshot(snapshot: Resource, seen: tuple[Resource, ...]) -> Verdict:
    if snapshot in seen:
        return unknown("it is made from itself")
    if snapshot.type == "aws_ebs_snapshot_copy":
        return _device(snapshot, "encrypted", seen)
    volumes = snapshot.referenced("volume_id", "aws_ebs_volume").resources
    verdicts = [_device(volume, "encrypted", (*seen, snapshot)) for volume in volumes if volume not in seen]
    return next(
        (one for one in verdicts if one.status != PASS),
        passed() if verdicts else unknown("it is not seen here"),
    )


def _by_default(resource: Resource) -> bool:
    """Whether the account setting that encrypts every new volume is made here, for the same region."""
    return any(
        setting.boolean("enabled", True)
        and all(setting.values.get(where) == resource.values.get(where) for where in ("provider", "region"))
        for setting in resource.model.of_type("aws_ebs_encryption_by_default")
    )


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit | Incurable]:
    if resource.type in ("aws_ebs_volume", "aws_ebs_snapshot_copy", "aws_ami_copy"):
        if resource.get("encrypted") is ABSENT and resource.get("snapshot_id") not in (ABSENT, ""):
            yield Incurable("it is encrypted as the snapshot is that it is made from: encrypt that")
        else:
            yield Set("encrypted", True, REPLACES)
        return
    if resource.type == "aws_launch_template":
        mappings = [mapping for mapping in _mappings(resource) if mapping is not None]
        if not mappings:
            yield Incurable("the name of its root device, which its image tells, is not known here")
        for view, path in mappings:
            if not view.boolean(path) and view.get("ebs.snapshot_id") in (ABSENT, ""):
                yield Set(path, True, at=view)
        return
    template = resource.type != "aws_launch_configuration" and resource.block("launch_template") is not None
    root = resource.block("root_block_device")
    if root is None and not template:
        yield Set("root_block_device.encrypted", True, REPLACES)
    for view in (*resource.blocks("root_block_device"), *resource.blocks("ebs_block_device")):
        if not view.boolean("encrypted") and view.get("snapshot_id") in (ABSENT, ""):
            yield Set("encrypted", True, REPLACES, view)
