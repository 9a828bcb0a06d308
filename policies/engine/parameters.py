"""The parameters of the rules: those of `parameters.toml`, or a file that changes some of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from cloudmart_support.problem import Problem

DEFAULTS: Final = Path(__file__).parents[1] / "parameters.toml"
OWN: Final = "rules"
"""The section whose tables hold the parameters of own rules, each by its file's name."""

Own = TypeVar("Own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backups:
    """`retention_days`, `cache_retention_days`, `vault_retention_days`: days, at least.

    `window_start`: HH:MM in `timezone`, an IANA name.
    """

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
            raise Problem(
                f"parameters: backups.timezone: {self.timezone!r} is no timezone that this machine knows; "
                "write an IANA name such as Asia/Seoul"
            ) from error
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
class Coverage:
    """`accepted_stores`: types of data stores that may pass though no rule knows them.

    `accepted_creators`: types of resources that may create others unseen.
    """

    accepted_stores: tuple[str, ...]
    accepted_creators: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waivers:
    """`longest_days`: days from the day of a run; a waiver that ends later is broken."""

    longest_days: int


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
    coverage: Coverage
    waivers: Waivers
    flows: tuple[Flow, ...]
    own: Mapping[type, Any] = field(default_factory=dict)

    def of(self, kind: type[Own]) -> Own:
        """The parameters of an own rule, whose module says `PARAMETERS = kind`.

        Raises:
            LookupError: no rule of this run says so.
        """
        if kind not in self.own:
            raise LookupError(f"no rule of this run has PARAMETERS = {kind.__name__}")
        found: Own = self.own[kind]
        return found


SECTIONS: Final[Mapping[str, type]] = {
    "backups": Backups,
    "database": Database,
    "availability": Availability,
    "coverage": Coverage,
    "waivers": Waivers,
}
"""The sections of the file, and what each is read into."""
_FLOW_KEYS: Final = {"from": "source", "to": "target", "protocol": "protocol", "ports": "ports"}


def load(path: Path | None = None, own: Mapping[str, type] | None = None) -> Parameters:
    """The parameters of a file laid over the defaults, or the defaults alone; `own` as for `laid_over`.

    Raises:
        Problem: the file cannot be read, is not TOML, or has a key or a value that is not allowed. All
            such keys are named at once.
    """
    from policies.readers.files import read_text

    return laid_over([] if path is None else [(str(path), toml(read_text(path), str(path)))], own)


def laid_over(
    layers: Sequence[tuple[str, Mapping[str, Any]]], own: Mapping[str, type] | None = None
) -> Parameters:
    """The defaults with other values over them, the later over the earlier; each with the place it is from.

    `own` are the kinds of the own rules' parameters, by the rules' names.

    Raises:
        Problem: as `load`.
    """
    from policies.readers.files import read_text

    values = toml(read_text(DEFAULTS), str(DEFAULTS))
    result = _typed(values, str(DEFAULTS), own or {})
    for place, layer in layers:
        for key, value in layer.items():
            former = values.get(key)
            if key == OWN and isinstance(former, dict) and isinstance(value, dict):
                values[key] = {
                    **former,
                    **{name: _over(former.get(name), one) for name, one in value.items()},
                }
            else:
                values[key] = _over(former, value)
        result = _typed(values, place, own or {})
    return result


def _over(former: Any, value: Any) -> Any:
    return {**former, **value} if isinstance(former, dict) and isinstance(value, dict) else value


def _typed(values: Mapping[str, Any], place: str, own: Mapping[str, type]) -> Parameters:
    mistakes: list[str] = []
    sections = {name: _section(name, kind, values.get(name, {}), mistakes) for name, kind in SECTIONS.items()}
    flows = _flows(values.get("flows", []), mistakes)
    owned = _own(values.get(OWN, {}), own, mistakes)
    known = (*SECTIONS, "flows", OWN)
    mistakes.extend(
        f"{key}: there is no such section{_nearest(key, known)}" for key in values if key not in known
    )
    if mistakes:
        raise Problem(f"{place}: " + f"\n  {place}: ".join(mistakes))
    parameters = Parameters(**sections, flows=flows, own=owned)
    parameters.backups.window_starts_utc()
    return parameters


def toml(text: str, place: str) -> dict[str, Any]:
    """What a text in TOML holds; `place` is what it is called.

    Raises:
        Problem: it is not TOML.
    """
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise Problem(f"{place}: it is not TOML: {error}") from error


def unfit(kind: Any) -> str:
    """Why something cannot be the kind of an own rule's parameters, or ""."""
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return "it is not a dataclass"
    for one in fields(kind):
        if _kind_name(one) not in _KINDS:
            return f"{one.name}: its type is none of {', '.join(_KINDS)}"
        if one.default is MISSING:
            return f"{one.name}: it has no default"
        if words := _mistake(
            "", _kind_name(one), list(one.default) if isinstance(one.default, tuple) else one.default
        ):
            return f"{one.name}: {one.default!r}: {words}"
    return ""


def _kind_name(one: Field[Any]) -> str:
    """A field's type, as it is written."""
    return one.type.__name__ if one.type in (int, str, bool) else str(one.type)


def _own(given: Any, own: Mapping[str, type], mistakes: list[str]) -> dict[type, Any]:
    """The parameters of own rules, by their kinds."""
    if not isinstance(given, dict):
        mistakes.append(f"{OWN}: it holds a table for each own rule: write [{OWN}.NAME]")
        return {}
    for name in given:
        if name not in own:
            words = _nearest(name, own) if own else "; own rules are named with --rules"
            mistakes.append(f"{OWN}.{name}: no own rule of this name has parameters{words}")
    found = {}
    for name, kind in own.items():
        values = given.get(name, {})
        defaults = {one.name: one.default for one in fields(kind)}
        if isinstance(values, dict):
            listed = {
                key: list(value) if isinstance(value, tuple) else value for key, value in defaults.items()
            }
            values = {**listed, **values}
        before = len(mistakes)
        try:
            found[kind] = _section(f"{OWN}.{name}", kind, values, mistakes)
        except Exception as error:
            # The dataclass may look at its values itself.
            if len(mistakes) == before:
                mistakes.append(f"{OWN}.{name}: {error}")
    return found


def _section(name: str, kind: type, given: Any, mistakes: list[str]) -> Any:
    if not isinstance(given, dict):
        mistakes.append(f"{name}: it is a section: write [{name}]")
        return None
    known = {one.name: _kind_name(one) for one in fields(kind)}
    for key in given:
        if key not in known:
            mistakes.append(f"{name}.{key}: there is no such parameter{_nearest(key, known)}")
    arguments = {}
    for key, kind_name in known.items():
        value = given.get(key)
        problem = _mistake(f"{name}.{key}", kind_name, value)
        if problem:
            mistakes.append(f"{name}.{key}: {value!r}: {problem}")
        arguments[key] = tuple(value) if isinstance(value, list) else value
    return kind(**arguments)


def _flows(given: Any, mistakes: list[str]) -> tuple[Flow, ...]:
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        mistakes.append("flows: it is a list of tables: write [[flows]]")
        return ()
    result = []
    for number, item in enumerate(given, 1):
        place = f"flows[{number}]"
        for key in item:
            if key not in _FLOW_KEYS:
                mistakes.append(f"{place}.{key}: there is no such key{_nearest(key, _FLOW_KEYS)}")
        for key in _FLOW_KEYS:
            problem = _mistake(
                f"{place}.{key}", "tuple[int, ...]" if key == "ports" else "str", item.get(key)
            )
            if problem:
                mistakes.append(f"{place}.{key}: {item.get(key)!r}: {problem}")
        if not mistakes:
            arguments = {name: item[key] for key, name in _FLOW_KEYS.items()}
            result.append(Flow(**{**arguments, "ports": tuple(item["ports"])}))
    return tuple(result)


_KINDS: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    "int": ("a whole number is needed", lambda value: type(value) is int),
    "str": ("a text is needed", lambda value: isinstance(value, str) and bool(value)),
    "bool": ("true or false is needed", lambda value: isinstance(value, bool)),
    "tuple[int, ...]": (
        "a list of whole numbers is needed",
        lambda value: isinstance(value, list) and all(type(item) is int for item in value),
    ),
    "tuple[str, ...]": (
        "a list of texts is needed",
        lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    ),
}


def _mistake(key: str, kind: str, value: Any) -> str:
    """What is wrong with a value, or "".

    Source of the ranges: RDS keeps backups for 1 to 35 days; ports are 0 to 65535 (RFC 6335).
    """
    words, fits = _KINDS[kind]
    if not fits(value):
        return words
    if not key or key.startswith(f"{OWN}."):
        return ""
    if key.endswith("window_start") and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return "a time of day is needed, as in 03:00"
    if key.endswith("ports") and not all(0 <= port <= 65535 for port in value):
        return "ports are 0 to 65535"
    if key in ("backups.retention_days", "backups.cache_retention_days") and not 1 <= value <= 35:
        return "AWS keeps backups for 1 to 35 days"
    if kind == "int" and value < 1:
        return "it is at least 1"
    if key.endswith(".protocol") and value not in ("tcp", "udp", "icmp", "all"):
        return "it is tcp, udp, icmp or all"
    return ""


def _nearest(key: str, known: Any) -> str:
    from difflib import get_close_matches

    found = get_close_matches(key, list(known), 1)
    return f"; did you mean {found[0]!r}?" if found else f"; there are {', '.join(known)}"
