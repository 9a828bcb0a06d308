"""Numbers that belong together: what a class or a service allows, and what follows from it for the others."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from settings.model import Settings

TABLE: dict[str, Any] = tomllib.loads(Path(__file__).with_name("limits.toml").read_text(encoding="utf-8"))
WAF_RULES: dict[str, list[str]] = tomllib.loads(
    Path(__file__).with_name("waf.toml").read_text(encoding="utf-8")
)
"""The rules of AWS's managed groups, by group."""
HEALTH_CHECK: dict[str, Any] = TABLE["health_check"]
COURSE_POOL_SIZE = 20
"""Connections of one process in the course; a class that bears fewer gets fewer."""


def max_connections(settings: Settings) -> int | None:
    """What the database is told to take; None where neither the settings nor the table know."""
    if settings.database.max_connections is not None:
        return settings.database.max_connections
    return class_connections(settings.database.instance_class)


def class_connections(instance_class: str) -> int | None:
    """What a DB instance class bears, from its memory; None for a class without a row."""
    database = TABLE["database"]
    match = re.fullmatch(r"db\.([a-z])[a-z0-9-]*\.(\w+)", instance_class)
    memory = database["memory"].get(match[1], {}).get(match[2]) if match else None
    if memory is None:
        return None
    borne = memory * 2**30 * database["share_of_memory"] / database["bytes_per_connection"]
    return int(min(borne, database["most_connections"]))


def usable_connections(settings: Settings) -> int | None:
    """Those of them that are left to the backend."""
    most = max_connections(settings)
    return None if most is None else most - TABLE["database"]["reserved"] - TABLE["database"]["for_people"]


def most_instances(settings: Settings) -> int:
    """How many instances of the backend may run at once: a rolling deploy of a full group included."""
    backend = settings.backend
    return math.ceil(backend.max * backend.max_healthy_percent / 100)


def pool_size(settings: Settings) -> int:
    """Database connections of one instance: as the settings say, else what the class bears, up to the course's."""
    if settings.backend.database_pool_size is not None:
        return settings.backend.database_pool_size
    usable = usable_connections(settings) or 0
    return max(1, min(COURSE_POOL_SIZE, usable // most_instances(settings)))


def connections_alarm(settings: Settings) -> int:
    """The connections that an alarm goes off at: as the settings say, else seven tenths of what there are."""
    given = settings.observability.database_connections
    return given if given is not None else (max_connections(settings) or 0) * 7 // 10


def keep_alive_seconds(settings: Settings) -> int:
    """How long the backend keeps an idle connection of the load balancer open: longer than that one does."""
    return settings.load_balancer.idle_timeout + int(TABLE["keep_alive"]["margin_seconds"])


def first_healthy_seconds(settings: Settings) -> int:
    """When the health check has passed at the latest, counted from the start of the container's unit."""
    checks: int = HEALTH_CHECK["interval_seconds"] * HEALTH_CHECK["healthy"]
    return settings.backend.start_timeout_seconds + checks
