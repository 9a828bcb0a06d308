"""The parameters of the rules: read from `parameters.toml`, or from a file that changes some of its
values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from support.problem import Problem

DEFAULTS: Final = Path(__file__).with_name("parameters.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backups:
    """`retention_days`, `cache_retention_days`, `vault_retention_days`: days, at least. `window_start`:
    HH:MM in `timezone`, an IANA name."""

    retention_days: int
    window_start: str
    timezone: str
    cache_retention_days: int
    vault_retention_days: int

    def window_starts_utc(self) -> tuple[str, ...]:
        """The start of the window as UTC HH:MM: one, or two where the timezone changes its clocks.

        Raises:
            Problem: the timezone is not known on this machine.
        """
        if self.timezone == "UTC":
            return (self.window_start,)
        from datetime import UTC, datetime, time
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            zone = ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise Problem(f"parameters: backups.timezone: {self.timezone!r} is no known timezone") from error
        start = time.fromisoformat(self.window_start)
        year = datetime.now(UTC).year
        found = {
            datetime.combine(datetime(year, month, 1), start, zone).astimezone(UTC).strftime("%H:%M")
            for month in (1, 7)
        }
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """`ports`: TCP ports of data stores."""

    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """`zones`: Availability Zones, at least."""

    zones: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A declared flow: from one tier (or `internet`) to another on these ports."""

    source: str
    target: str
    protocol: str
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """All parameters, typed, as the rules receive them."""

    backups: Backups
    database: Database
    availability: Availability
    flows: tuple[Flow, ...] = field(default=())
