"""What a change does to the picture: the topology before and the one after in one, with what differs marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from handoff.topology import ORDER, Flow, Standing, Subnet, Topology, ports, row

CREATE, UPDATE, REPLACE, DELETE = "create", "update", "replace", "delete"
SIGNS: Mapping[str, str] = {CREATE: "+", UPDATE: "~", REPLACE: "±", DELETE: "−"}
"""How each mark is written beside its colour."""

_Marking = Callable[["Place", "Iterable[str] | None", "Iterable[str] | None"], None]
Place = tuple[str, ...]
"""Something in the picture: `("vpc",)`, `("gateway",)`, `("cdn",)`, `("bucket",)`, `("zone", zone)`,
`("subnet", zone, address)`, or `("cell", zone, tier)`, where `nat` stands for a NAT gateway."""


@dataclass(frozen=True)
class FlowMark:
    """What becomes of a flow, `words` for it as it is drawn; `opened` and `closed` are pairs of protocol and port."""

    mark: str
    words: str
    opened: tuple[tuple[str, str], ...] = ()
    closed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Marks:
    """The marks of a picture; what is in neither mapping stays as it is.

    `around` says in a few signs what else changes in the tier of a cell, with the mark that it has, by the cell's
    tier; `cdn` is CloudFront's.
    """

    places: Mapping[Place, str] = field(default_factory=dict)
    flows: Mapping[tuple[str, str], FlowMark] = field(default_factory=dict)
    around: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def of(self, *place: str) -> str:
        """The mark of a place, "" for none."""
        return self.places.get(place, "")


def joined(
    before: Topology | None, after: Topology | None, actions: Mapping[str, str]
) -> tuple[Topology, Marks] | None:
    """Both topologies in one, and its marks; None where there is neither.

    `actions` are what happens to resources by address, in the words of the marks.
    """
    shown = after or before
    if shown is None:
        return None
    places: dict[Place, str] = {}

    def mark(place: Place, old: Iterable[str] | None, new: Iterable[str] | None) -> None:
        if old is None or new is None:
            places[place] = CREATE if old is None else DELETE
            return
        found = {actions[address] for address in (*old, *new) if address in actions}
        # One of several that comes or goes changes the whole.
        worst = REPLACE if REPLACE in found else UPDATE if found else ""
        if worst:
            places[place] = worst

    for outside in ("vpc", "gateway", "cdn", "bucket"):
        old, new = (side.outside[outside] or None if side else None for side in (before, after))
        if old or new:
            mark((outside,), old, new)
    sides = [dict(side.zones) if side else {} for side in (before, after)]
    zones = []
    for zone in sorted({*sides[0], *sides[1]}):
        old_subnets, new_subnets = (
            {one.address: one for one in side[zone]} if zone in side else None for side in sides
        )
        if old_subnets is None or new_subnets is None:
            places["zone", zone] = CREATE if old_subnets is None else DELETE
        found = []
        for address in {**(new_subnets or {}), **(old_subnets or {})}:
            old_subnet, new_subnet = (
                side.get(address) if side else None for side in (old_subnets, new_subnets)
            )
            mark(
                ("subnet", zone, address),
                [address] if old_subnet else None,
                [address] if new_subnet else None,
            )
            found.append(_subnet(old_subnet, new_subnet))
            _cells(zone, old_subnet, new_subnet, mark)
        zones.append((zone, tuple(sorted(found, key=row))))
    flows, flow_marks = _flows(before.flows if before else (), after.flows if after else ())
    whole = replace(
        shown,
        zones=tuple(zones),
        flows=flows,
        cdn=any(side.cdn for side in (before, after) if side),
        bucket=any(side.bucket for side in (before, after) if side),
    )
    return whole, Marks(places, flow_marks)


def _subnet(old: Subnet | None, new: Subnet | None) -> Subnet:
    """A subnet with all that stands in it before or after."""
    shown = new or old
    assert shown is not None
    standing: dict[str, Standing] = {}
    for side in (old, new):
        standing.update({one.tier: one for one in (side.standing if side else ())})
    return replace(
        shown,
        standing=tuple(standing[tier] for tier in ORDER if tier in standing),
        nats=tuple(dict.fromkeys(nat for side in (old, new) if side for nat in side.nats)),
        nat_zone=next((side.nat_zone for side in (new, old) if side and side.nat_zone), ""),
    )


def _cells(zone: str, old: Subnet | None, new: Subnet | None, mark: _Marking) -> None:
    cells: list[dict[str, tuple[str, ...]]] = []
    for side in (old, new):
        cells.append({one.tier: one.addresses for one in side.standing} if side else {})
        if side and side.nats:
            cells[-1]["nat"] = side.nats
    for tier in {**cells[1], **cells[0]}:
        mark(("cell", zone, tier), cells[0].get(tier), cells[1].get(tier))


def _flows(
    before: tuple[Flow, ...], after: tuple[Flow, ...]
) -> tuple[tuple[Flow, ...], dict[tuple[str, str], FlowMark]]:
    old = {(flow.source, flow.target): flow.opened for flow in before}
    new = {(flow.source, flow.target): flow.opened for flow in after}
    flows, marks = [], {}
    for ends in {**new, **old}:
        were, are = old.get(ends, ()), new.get(ends, ())
        opened = tuple(one for one in are if one not in were)
        closed = tuple(one for one in were if one not in are)
        flows.append(Flow(*ends, (*are, *closed)))
        if not opened and not closed:
            continue
        mark = CREATE if not were else DELETE if not are else UPDATE
        kept = [ports(one for one in are if one in were)] if mark == UPDATE else []
        gone = [f"−{ports(closed)}"] if closed else []
        come = [f"+{ports(opened)}"] if opened else []
        words = " ".join(one for one in (*kept, *come, *gone) if one)
        marks[ends] = FlowMark(mark, words, opened, closed)
    return tuple(flows), marks
