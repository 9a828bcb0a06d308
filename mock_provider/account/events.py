"""What happens to an account without Terraform: AWS's own doings, time, and people.

Each event changes what stands in the account and says what it changed. The next plan finds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem
from mock_provider import catalogue
from mock_provider.account.store import Account, State, Thing
from mock_provider.account.ways import ends, values

IMAGES = "//machine images"
"""The type of what counts how often AWS has published newer machine images."""

_LATER = "2027-01-01T00:00:00Z"


def play(account: Account, name: str) -> list[str]:
    """Let an event happen; what it changed, a line each.

    Raises:
        Problem: there is no such event, or nothing in the account that it could happen to.
    """
    event = _named(name)
    with account.at_once():
        told = list(event(account))
    if not told:
        raise Problem(f"{name}: there is nothing in the account that this could happen to: apply first")
    return told


def _named(name: str) -> Callable[[Account], Iterator[str]]:
    if name not in EVENTS:
        wrong = f"EVENT={name}: is no event" if name else "EVENT: name one"
        raise Problem(f"{wrong}; there are {', '.join(EVENTS)}")
    return EVENTS[name]


def happen(state: Path, name: str) -> list[str]:
    """Let an event happen to the account in a state folder; see `play`.

    Raises:
        Problem: there is no account, or as `play` does.
    """
    _named(name)
    file = state / "account.sqlite"
    if not file.is_file():
        raise Problem(f"{state}: holds no account of the mock provider: apply there first")
    return play(Account(file), name)


def images(account: Account) -> int:
    """How many generations of machine images have come out since the account was opened."""
    return sum(1 for _ in account.things(IMAGES))


def _put(account: Account, thing: Thing, **changes: Any) -> None:
    account.put(Thing(thing.token, thing.type, thing.region, {**thing.state, **changes}), changed=True)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _next(version: str, versions: tuple[str, ...]) -> str | None:
    """The newest version of the same major one, where it is newer."""
    own = _numbers(version)
    same = [one for one in versions if _numbers(one)[:1] == own[:1] and len(_numbers(one)) > 1]
    newest = max(same, key=_numbers, default=version)
    return newest if _numbers(newest) > own else None


def _minor_upgrade(account: Account) -> Iterator[str]:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Maintenance.html,
    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/VersionManagement.html."""
    for thing in account.things("aws_db_instance"):
        version = str(thing.get("engine_version_actual") or thing.get("engine_version") or "")
        # A major version alone stands for its first minor one, until AWS says which it is.
        newer = _next(version, catalogue.engine_versions(str(thing.get("engine")).lower()))
        if thing.get("auto_minor_version_upgrade") is False or newer is None:
            continue
        given = str(thing.get("engine_version") or "")
        # The provider keeps what is configured as long as the real version begins with it.
        shown = given if newer == given or newer.startswith(f"{given}.") else newer
        _put(account, thing, engine_version_actual=newer, engine_version=shown)
        yield f"{thing.type} {thing.get('identifier')}: {version} was upgraded to {newer}"
    for thing in account.things("aws_elasticache_replication_group"):
        version = str(thing.get("engine_version") or "")
        newer = _next(version, catalogue.cache_versions(str(thing.get("engine") or "redis").lower()))
        if str(thing.get("auto_minor_version_upgrade")).lower() == "false" or newer is None:
            continue
        _put(account, thing, engine_version=newer, engine_version_actual=f"{newer}.0")
        yield f"{thing.type} {thing.get('replication_group_id')}: {version} was upgraded to {newer}"


def _failover(account: Account) -> Iterator[str]:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html."""
    for thing in account.things("aws_db_instance"):
        if thing.get("multi_az") is not True:
            continue
        zones = sorted(set(ends(account, thing, "db_subnet_group_name > subnet_ids[] > availability_zone")))
        others = [zone for zone in zones if zone != thing.get("availability_zone")]
        if others:
            _put(account, thing, availability_zone=others[0])
            yield f"{thing.type} {thing.get('identifier')}: its primary is in {others[0]} now"


def _storage_growth(account: Account) -> Iterator[str]:
    """Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html."""
    for thing in account.things("aws_db_instance"):
        size, most = thing.get("allocated_storage") or 0, thing.get("max_allocated_storage") or 0
        grown = min(most, size + max(10, size // 10))
        if grown > size:
            _put(account, thing, allocated_storage=grown)
            yield f"{thing.type} {thing.get('identifier')}: its storage grew from {size} to {grown} GiB"


def _scale_out(account: Account) -> Iterator[str]:
    """Source: https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html."""
    for thing in account.things("aws_autoscaling_group"):
        size = thing.get("desired_capacity") or thing.get("min_size") or 0
        if size < (thing.get("max_size") or 0):
            _put(account, thing, desired_capacity=size + 1)
            yield f"{thing.type} {thing.get('name')}: scaled out from {size} to {size + 1} instances"


def _rotated_secret(account: Account) -> Iterator[str]:
    """Nothing that Terraform reads changes: the secret's ARN stays, and the value is in no state.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html.
    """
    for thing in account.things("aws_db_instance", "aws_rds_cluster"):
        for secret in values(thing.state, "master_user_secret[].secret_arn"):
            yield f"{thing.type} {thing.get('identifier')}: the password in {secret} was rotated"


def _newer_ami(account: Account) -> Iterator[str]:
    """Source: https://docs.aws.amazon.com/linux/al2023/ug/ec2.html, on the parameters that name the newest image."""
    number = images(account) + 1
    account.put(Thing(f"{IMAGES} {number}", IMAGES, "", {"id": str(number)}))
    yield f"machine images: AWS published newer ones ({number} since the account was opened)"


def _renewed_certificate(account: Account) -> Iterator[str]:
    """Source: https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html: the ARN stays."""
    for thing in account.things("aws_acm_certificate"):
        if thing.get("domain_name") and not thing.get("private_key"):
            _put(account, thing, not_before=_LATER, not_after=_LATER.replace("2027", "2028"))
            yield f"{thing.type} {thing.get('domain_name')}: was renewed until {_LATER.replace('2027', '2028')}"


def _hand_rule(account: Account) -> Iterator[str]:
    rule: State = {
        "description": "opened by hand",
        "protocol": "tcp",
        "from_port": 22,
        "to_port": 22,
        "cidr_blocks": ["0.0.0.0/0"],
        "ipv6_cidr_blocks": [],
        "prefix_list_ids": [],
        "security_groups": [],
        "self": False,
    }
    for thing in account.things("aws_security_group")[:1]:
        _put(account, thing, ingress=[*(thing.get("ingress") or ()), rule])
        yield f"{thing.type} {thing.get('name')}: somebody let the world in on port 22"


def _hand_tag(account: Account) -> Iterator[str]:
    for thing in (*account.things("aws_vpc"), *account.things("aws_s3_bucket"))[:1]:
        tags = {"Owner": "somebody"}
        _put(
            account,
            thing,
            tags={**(thing.get("tags") or {}), **tags},
            tags_all={**(thing.get("tags_all") or {}), **tags},
        )
        yield f"{thing.type} {thing.get('id')}: somebody gave it the tag Owner"


def _logs_written(account: Account) -> Iterator[str]:
    """The buckets that services write their logs to are not empty any more, so that AWS does not delete them."""
    ways = {
        "aws_lb": ("access_logs[].bucket", "connection_logs[].bucket"),
        "aws_s3_bucket_logging": ("target_bucket",),
        "aws_cloudwatch_log_delivery_destination": (
            "delivery_destination_configuration[].destination_resource_arn",
        ),
        "aws_cloudtrail": ("s3_bucket_name",),
    }
    buckets = {
        bucket.token: bucket
        for thing in account.things(*ways)
        for way in ways[thing.type]
        for value in values(thing.state, way)
        for bucket in account.named(value, "aws_s3_bucket")
    }
    for bucket in buckets.values():
        name = bucket.get("bucket")
        account.put(Thing(f"//object {name}", "//object", bucket.region, {"id": "log", "bucket": name}))
        yield f"{bucket.type} {name}: logs were written into it"


def _emptied_buckets(account: Account) -> Iterator[str]:
    """What has to be done before a bucket that logs were written into can be destroyed."""
    for thing in account.things("//object"):
        account.remove(thing.token)
        yield f"aws_s3_bucket {thing.get('bucket')}: somebody emptied it, versions too"


EVENTS: dict[str, Callable[[Account], Iterator[str]]] = {
    "minor-upgrade": _minor_upgrade,
    "failover": _failover,
    "storage-growth": _storage_growth,
    "scale-out": _scale_out,
    "rotated-secret": _rotated_secret,
    "newer-ami": _newer_ami,
    "renewed-certificate": _renewed_certificate,
    "logs-written": _logs_written,
    "emptied-buckets": _emptied_buckets,
    "hand-rule": _hand_rule,
    "hand-tag": _hand_tag,
}
