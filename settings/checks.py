"""What must hold between one value and another. A finding: key path, value, what is allowed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations
from typing import NamedTuple

from settings import addresses, contract, limits, windows
from settings.model import REGIONS, Settings

OWN_TAGS = ("Project", "Environment", "ManagedBy", "Owner")


class Finding(NamedTuple):
    """One value that cannot stand beside another: its key path, the value, and what is allowed there."""

    path: str
    value: object
    allowed: str


def findings(settings: Settings) -> list[Finding]:
    """Everything that several settings together make impossible, in the order of the model."""
    checks = (
        _tags,
        _state,
        _domain,
        _zones,
        _addresses,
        _backend,
        _starts,
        _connections,
        _database,
        _cache,
        _windows,
        _waf,
        _backup,
    )
    return [finding for check in (_templates, *checks) for finding in check(settings)]


def _tags(settings: Settings) -> Iterator[Finding]:
    for key in settings.tags:
        if key in OWN_TAGS:
            yield Finding(
                f"tags.{key}",
                settings.tags[key],
                f"other keys than {', '.join(OWN_TAGS)}, which are set already",
            )
    if len(settings.tags) > 45:  # 50 for a resource, less our four and the Name
        yield Finding("tags", f"{len(settings.tags)} tags", "45 tags at the most")


def _state(settings: Settings) -> Iterator[Finding]:
    state = settings.state
    if state.backend == "s3" and not state.bucket:
        yield Finding(
            "state.bucket",
            None,
            "a bucket's name, since state.backend is s3 (`make synth-state` makes the bucket)",
        )
    if state.backend == "local":
        for key in ("bucket", "region", "kms_key_id"):
            if getattr(state, key):
                yield Finding(f"state.{key}", getattr(state, key), "nothing, since state.backend is local")


def _domain(settings: Settings) -> Iterator[Finding]:
    domain = settings.domain
    for key, region, use in (
        ("certificate_arn", settings.region, "the load balancer"),
        ("cdn_certificate_arn", "us-east-1", "CloudFront"),
    ):
        arn = getattr(domain, key)
        if arn is None and not domain.hosted_zone_id:
            yield Finding(
                f"domain.{key}",
                None,
                f"a certificate for {use}, or domain.hosted_zone_id so that one is made there",
            )
        elif arn is not None and arn.split(":")[3] != region:
            yield Finding(f"domain.{key}", arn, f"a certificate of region {region}, for {use}")


def _zones(settings: Settings) -> Iterator[Finding]:
    network, known = settings.network, REGIONS[settings.region]
    for letter, times in Counter(network.availability_zones).items():
        if letter not in known:
            yield Finding(
                "network.availability_zones", letter, f"zones of {settings.region}: {', '.join(known)}"
            )
        if times > 1:
            yield Finding("network.availability_zones", letter, "each zone once")
    if len(network.availability_zones) == 1:
        for path, on in (
            ("database.multi_az", settings.database.multi_az),
            ("cache.multi_az", settings.cache.multi_az),
        ):
            if on:
                yield Finding(path, True, "false, since network.availability_zones names a single zone")


def _addresses(settings: Settings) -> Iterator[Finding]:
    network = settings.network
    if any(letter not in REGIONS[settings.region] for letter in network.availability_zones):
        return
    vpc = IPv4Network(network.cidr)
    if not 16 <= vpc.prefixlen <= 28:
        yield Finding("network.cidr", network.cidr, "a range of /16 to /28")
        return
    with_subnets = addresses.zones_with_subnets(network, settings.region)
    for letter, given in network.subnets.items():
        if letter not in with_subnets:
            yield Finding(f"network.subnets.{letter}", None, f"zones with subnets: {', '.join(with_subnets)}")
        if given.data and not network.data_subnets:
            yield Finding(
                f"network.subnets.{letter}.data", given.data, "nothing, since network.data_subnets is false"
            )
    try:
        ranges = addresses.ranges(network, settings.region)
    except ValueError as error:
        yield Finding("network.subnets", None, str(error))
        return
    placed = {}
    for letter, zone in ranges.items():
        for kind in ("public", "private", "data"):
            text = getattr(zone, kind)
            if text is None:
                continue
            path, subnet = f"network.subnets.{letter}.{kind}", IPv4Network(text)
            placed[path] = subnet
            smallest = addresses.SMALLEST_PUBLIC if kind == "public" else 28
            if not 16 <= subnet.prefixlen <= smallest:
                yield Finding(path, text, f"a range of /16 to /{smallest}")
            if not subnet.subnet_of(vpc):
                yield Finding(path, text, f"a range inside network.cidr, {vpc}")
    for (one, first), (other, second) in combinations(placed.items(), 2):
        if first.overlaps(second):
            yield Finding(other, str(second), f"a range apart from {one}, {first}")


def _backend(settings: Settings) -> Iterator[Finding]:
    backend = settings.backend
    if backend.min > backend.max:
        yield Finding("backend.min", backend.min, f"at most backend.max, {backend.max}")
    elif not backend.min <= backend.desired <= backend.max:
        yield Finding(
            "backend.desired",
            backend.desired,
            f"from backend.min to backend.max, {backend.min} to {backend.max}",
        )
    # Graviton families carry a g behind the generation: https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
    arm = bool(
        re.match(r"[a-z]+\d+[a-z]*g[a-z-]*\.", backend.instance_type)
    ) or backend.instance_type.startswith("a1.")
    if arm != (backend.architecture == "arm64"):
        yield Finding(
            "backend.architecture",
            backend.architecture,
            f"{'arm64' if arm else 'x86_64'}, the architecture of backend.instance_type, {backend.instance_type}",
        )
    if re.match(r"(t1|t2|m1|m2|m3|c1|c3|cc2|cr1|g2|hi1|hs1|i2|r3)\.", backend.instance_type):
        # https://docs.aws.amazon.com/ebs/latest/userguide/ebs-optimized.html
        yield Finding(
            "backend.instance_type",
            backend.instance_type,
            "a type of a later generation, as in t3.small: these have no EBS optimization, with which instances start",
        )
    for name in backend.environment:
        if name in contract.MEANING or re.match(r"(DATABASE|REDIS|PG|AWS)_?[A-Z]*$", name):
            yield Finding(
                f"backend.environment.{name}",
                backend.environment[name],
                "a name that the stack does not set itself",
            )
        elif re.search(r"PASSWORD|PASSWD|SECRET|TOKEN|PRIVATE_KEY|API_KEY", name) and not name.endswith(
            "_ARN"
        ):
            yield Finding(
                f"backend.environment.{name}",
                "(not shown)",
                "no secrets: name the secret's ARN in a variable that ends in _ARN",
            )


def _waf(settings: Settings) -> Iterator[Finding]:
    known = [rule for rules in limits.WAF_RULES.values() for rule in rules]
    for rule in settings.waf.count:
        if rule not in known:
            yield Finding("waf.count", rule, f"rules of AWS's managed groups: {', '.join(sorted(known))}")


def _backup(settings: Settings) -> Iterator[Finding]:
    if settings.backup.copy_region == settings.region:
        yield Finding(
            "backup.copy_region", settings.region, f"another region than the stack's, {settings.region}"
        )


def _starts(settings: Settings) -> Iterator[Finding]:
    """An instance is not judged before it may be ready, and never is there less room than one instance."""
    backend = settings.backend
    ready = limits.first_healthy_seconds(settings)
    if backend.health_check_grace_seconds < ready:
        yield Finding(
            "backend.health_check_grace_seconds",
            backend.health_check_grace_seconds,
            f"{ready} or more: backend.start_timeout_seconds and two health checks, or an instance is replaced "
            "while it still starts",
        )
    if backend.max_healthy_percent - backend.min_healthy_percent > 100:
        # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
        yield Finding(
            "backend.max_healthy_percent",
            backend.max_healthy_percent,
            f"at most a hundred above backend.min_healthy_percent, {backend.min_healthy_percent}",
        )
    reused = limits.TABLE["keep_alive"]["cloudfront_seconds"]
    if settings.load_balancer.idle_timeout <= reused:
        yield Finding(
            "load_balancer.idle_timeout",
            settings.load_balancer.idle_timeout,
            f"more than {reused}: so long CloudFront uses a connection again, which must not be closing by then",
        )
    if backend.max_healthy_percent == 100 and backend.min_healthy_percent == 100:
        yield Finding(
            "backend.max_healthy_percent",
            100,
            "more than backend.min_healthy_percent, or no instance can be replaced",
        )


def _connections(settings: Settings) -> Iterator[Finding]:
    """The pools of all instances, those of a rolling deploy included, fit into the database; the alarm below it."""
    backend, given = settings.backend, settings.database.max_connections
    most, usable = limits.max_connections(settings), limits.usable_connections(settings)
    if most is None or usable is None:
        yield Finding(
            "database.instance_class",
            settings.database.instance_class,
            "a class with a row in settings/limits.toml, or database.max_connections beside it",
        )
        return
    borne = limits.class_connections(settings.database.instance_class)
    if given is not None and borne is not None and given > borne:
        yield Finding(
            "database.max_connections",
            given,
            f"{borne} at the most, what the memory of {settings.database.instance_class} bears",
        )
    instances = limits.most_instances(settings)
    together = (
        f"{instances} instances (backend.max, {backend.max}, in a rolling deploy of "
        f"{backend.max_healthy_percent} %)"
    )
    if backend.database_pool_size is not None and backend.database_pool_size * instances > usable:
        yield Finding(
            "backend.database_pool_size",
            backend.database_pool_size,
            f"{usable // instances} at the most: {together} share the {usable} of {most} connections that a "
            f"{settings.database.instance_class} leaves to them",
        )
    elif backend.database_pool_size is None and instances > usable:
        yield Finding(
            "backend.max",
            backend.max,
            f"so many that each has a connection: {together} share the {usable} of {most} connections that a "
            f"{settings.database.instance_class} leaves to them",
        )
    alarm = limits.connections_alarm(settings)
    if alarm >= usable:
        yield Finding(
            "observability.database_connections",
            alarm,
            f"less than {usable}, the connections that the backend can have: above, the alarm never goes off",
        )


def _database(settings: Settings) -> Iterator[Finding]:
    database = settings.database
    reserved = limits.TABLE["database"]["reserved_names"]
    for name in ("name", "user", "application_user"):
        given = getattr(database, name)
        if given in (*reserved["sql"], *reserved["rds"]):
            yield Finding(f"database.{name}", given, "a name that neither SQL nor RDS reserves")
    if database.application_user == database.user:
        yield Finding(
            "database.application_user",
            database.application_user,
            "another role than database.user, which owns everything",
        )
    if database.max_storage_gb is not None and database.max_storage_gb * 10 < database.storage_gb * 11:
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
        yield Finding(
            "database.max_storage_gb",
            database.max_storage_gb,
            f"at least a tenth above database.storage_gb, {database.storage_gb}",
        )
    provisioned = database.storage_type in ("io1", "io2")
    if provisioned and (database.storage_iops is None or database.storage_gb < 100):
        yield Finding(
            "database.storage_type",
            database.storage_type,
            "with database.storage_iops, and database.storage_gb 100 or more",
        )
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage
    settable = provisioned or (database.storage_type == "gp3" and database.storage_gb >= 400)
    if database.storage_iops is not None and not settable:
        yield Finding(
            "database.storage_iops",
            database.storage_iops,
            "nothing, unless storage is io1, io2, or gp3 from 400 GiB on",
        )


def _cache(settings: Settings) -> Iterator[Finding]:
    cache = settings.cache
    if cache.multi_az and cache.replicas == 0:
        yield Finding("cache.replicas", 0, "1 or more, since cache.multi_az is true")
    if cache.auth == "iam" and cache.engine_version.startswith("6."):
        yield Finding("cache.auth", "iam", "none, since IAM needs a cache.engine_version of 7.0 or newer")


def _windows(settings: Settings) -> Iterator[Finding]:
    for path, daily, weekly, shortest, service in (
        (
            "database.backup_window",
            settings.database.backup_window,
            settings.database.maintenance_window,
            30,
            "RDS",
        ),
        (
            "cache.snapshot_window",
            settings.cache.snapshot_window,
            settings.cache.maintenance_window,
            60,
            "ElastiCache",
        ),
    ):
        maintenance_path = f"{path.partition('.')[0]}.maintenance_window"
        backup, maintenance = windows.daily(daily), windows.weekly(weekly)
        for window_path, text, window in ((path, daily, backup), (maintenance_path, weekly, maintenance)):
            if window.minutes < shortest:
                yield Finding(window_path, text, f"{shortest} minutes or longer, as {service} wants it")
            if window.period == windows.WEEK and window.minutes > windows.DAY:
                yield Finding(window_path, text, f"24 hours at the most, as {service} wants it")
        if backup.overlaps(maintenance):
            yield Finding(maintenance_path, weekly, f"a window apart from {path}, {daily}")


def _templates(settings: Settings) -> Iterator[Finding]:
    """Texts that Terraform would compute with, instead of taking them as they stand.

    Source: https://developer.hashicorp.com/terraform/language/expressions/strings#string-templates
    """
    for path, text in _texts(settings.model_dump(), ""):
        if "${" in text or "%{" in text:
            yield Finding(path, text, "a text without ${ and %{, which Terraform reads as templates")


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every text in a value, keys of mappings included, with its key path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            inside = f"{path}.{key}" if path else str(key)
            yield inside, str(key)
            yield from _texts(inner, inside)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{path}.{number}")
