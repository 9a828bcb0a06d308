"""A plan as a page for whoever has to agree to it: what is at risk, the architecture with what changes in it, what is
opened, what it costs, what the policies say, and every change."""

from __future__ import annotations

import base64
import binascii
import difflib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cloudmart_pages import markup, render
from cloudmart_support.problem import Problem
from handoff import marks, svg, topology
from handoff.marks import SIGNS, Marks
from handoff.topology import Topology
from pipeline import report
from pipeline.cost import Cost
from pipeline.summary import ACTIONS, KINDS, KNOWN_LATER, Attribute, Change, Summary
from policies.engine import catalogue
from policies.engine.judging import OWN_RULES
from policies.engine.model import Undetermined
from policies.engine.verdicts import PASS
from policies.readers import plan as plans

Json = Any

_LINE: Final = 120
"""Characters of a value that stands in a line; a longer one is shown by what differs in it."""
_LINES: Final = 200
"""Lines of a difference that are shown."""
_COMPARED: Final = 2_000
"""Lines of a value that are compared."""
_TAG: Final = 6
"""Characters that there is room for below a cell."""
# What stands for a tier of the stack in the picture.
_CELLS: Mapping[str, str] = {
    "load_balancer": topology.LOAD_BALANCER,
    "compute": topology.BACKEND,
    "database": topology.DATABASE,
    "cache": topology.CACHE,
    "frontend": "cdn",
}
_IN_PICTURE: Mapping[str, str] = {
    "create": marks.CREATE,
    "update": marks.UPDATE,
    "replace": marks.REPLACE,
    "delete": marks.DELETE,
    "forget": marks.DELETE,
    "import": marks.UPDATE,
    "move": marks.UPDATE,
}
_HEADINGS: Mapping[str, str] = {
    "replace": "Replaced",
    "delete": "Deleted",
    "forget": "Forgotten: they stay in AWS, and Terraform knows them no more",
    "update": "Changed",
    "create": "Created",
    "import": "Imported",
    "move": "Moved",
}


@dataclass(frozen=True)
class Picture:
    """The architecture as SVG, empty with the reason `why`; `flows` are those that are opened or closed, as source,
    target, mark, and the ports that are opened and closed."""

    svg: str = ""
    why: str = ""
    marked: bool = False
    flows: tuple[tuple[str, str, str, str, str], ...] = ()
    standing_flows: int = 0


def html(
    title: str,
    plan: Mapping[str, Json],
    told: Summary,
    gate: Mapping[str, Json] | None,
    cost: Cost | None,
    *,
    cost_line: str,
    notes: Sequence[str] = (),
) -> str:
    """The page of a plan.

    `gate` is the gate's report on it, in JSON; None where it only destroys. `cost_line` stands in the place of `cost`
    where there is none.
    """
    groups = [
        (action, _HEADINGS[action], [one for one in told.changes if one.action == action])
        for action in _HEADINGS
    ]
    return render(
        "plan.html",
        title=title,
        notes=notes,
        headline=report.headline(told),
        told=told,
        losses=[
            (report.LOSS[one.action], one, report.loss_words(one))
            for one in sorted(told.losses, key=lambda one: KINDS.index(one.stateful))
        ],
        losses_words=report.losses_words(told),
        counts=told.counts,
        to_do=report.TO_DO,
        signs={**report.SIGNS, **SIGNS},
        actions=[action for action in ACTIONS if action in told.counts],
        picture=_picture(plan, told),
        markup=markup,
        legend=SIGNS,
        cost=cost,
        cost_line=cost_line,
        gate=gate["summary"] if gate else None,
        findings=_findings(gate["findings"] if gate else ()),
        groups=[(action, heading, ones) for action, heading, ones in groups if ones],
        details={one.address: [_detail(attribute) for attribute in one.details] for one in told.changes},
        drift=[(one, "gone" if one.action == "delete" else "; ".join(one.attributes)) for one in told.drift],
    )


# --- the picture ------------------------------------------------------------------------------------------


def _picture(plan: Mapping[str, Json], told: Summary) -> Picture:
    try:
        # The state that it was made from, as a plan that leaves all as it is.
        still: dict[str, Json] = {"configuration": {}, "resource_changes": [], "output_changes": {}}
        standing = (plan.get("prior_state") or {}).get("values") or {}
        before = _topology({**plan, **still, "planned_values": standing})
        after = _topology(plan)
    except (Undetermined, Problem) as error:
        return Picture(why=f"There is no picture: {error}.")
    actions = {change.address: _IN_PICTURE[change.action] for change in told.changes}
    found = marks.joined(before, after, actions)
    if found is None:
        return Picture(why="There is no picture: no VPC with subnets stands or is planned.")
    whole, marked = found
    marked = replace(marked, around=_around(told.changes, whole))
    ends = [
        (source, target, flow.mark, topology.ports(flow.opened), topology.ports(flow.closed))
        for (source, target), flow in marked.flows.items()
    ]
    drawn = bool(marked.places or marked.flows or marked.around)
    standing = sum((flow.source, flow.target) not in marked.flows for flow in whole.flows)
    return Picture(svg.svg(whole, marked if drawn else Marks()), "", drawn, tuple(sorted(ends)), standing)


def _topology(plan: Mapping[str, Json]) -> Topology | None:
    return topology.of(plans.model(plan, "plan.json", ""))


def _around(changes: Iterable[Change], shown: Topology) -> dict[str, tuple[str, str]]:
    """What changes in the tier of a cell and is not drawn itself: signs with numbers, and the mark that they have."""
    drawn = {address for addresses in shown.outside.values() for address in addresses}
    for _, subnets in shown.zones:
        for subnet in subnets:
            drawn |= {
                subnet.address,
                *subnet.nats,
                *(one for place in subnet.standing for one in place.addresses),
            }
    counted: dict[str, Counter[str]] = {}
    for change in changes:
        if change.tier in _CELLS and change.address not in drawn:
            counted.setdefault(_CELLS[change.tier], Counter())[_IN_PICTURE[change.action]] += 1
    found = {}
    for cell, numbers in counted.items():
        kind = next(iter(numbers)) if len(numbers) == 1 else marks.UPDATE
        words = " ".join(f"{SIGNS[mark]}{numbers[mark]}" for mark in SIGNS if numbers[mark])
        # Beside it an arrow goes down.
        found[cell] = (words if len(words) <= _TAG else f"{SIGNS[kind]}{numbers.total()}", kind)
    return found


# --- the policies -----------------------------------------------------------------------------------------


def _findings(findings: Iterable[Mapping[str, Json]]) -> list[dict[str, Json]]:
    """What did not pass, rule by rule, each with why it is there and how to mend it."""
    rules = {entry.id: entry.rule for entry in catalogue.load()}
    found: dict[str, list[Mapping[str, Json]]] = {}
    for finding in findings:
        if finding["status"] != PASS:
            found.setdefault(str(finding["rule"]), []).append(finding)
    return [
        {
            "id": id,
            "title": rules[id].title if id in rules else OWN_RULES.get(id, ""),
            "rule": rules.get(id),
            "findings": members,
        }
        for id, members in found.items()
    ]


# --- the changes ------------------------------------------------------------------------------------------


def _detail(attribute: Attribute) -> dict[str, Json]:
    """An attribute as it is shown: two values in a line, or the lines that differ, each with its sign."""
    shown: dict[str, Json] = {"name": attribute.name, "forces": attribute.forces, "lines": [], "more": 0}
    if attribute.hidden:
        return shown | {"before": "(sensitive)", "after": "(sensitive)"}
    before = _text(attribute.name, attribute.before)
    after = KNOWN_LATER if attribute.later else _text(attribute.name, attribute.after)
    if attribute.later and not _fits(before):
        # What of it stays is known after apply only.
        before = f"({before.count(chr(10)) + 1} lines)"
    if _fits(before) and _fits(after):
        return shown | {"before": before, "after": after}
    old, new = (value.split("\n")[:_COMPARED] for value in (before, after))
    lines = [
        (line[0].replace("-", "−"), line[1:])
        for line in difflib.unified_diff(old, new, lineterm="", n=2)
        if not line.startswith(("---", "+++"))
    ]
    return shown | {"lines": lines[:_LINES], "more": max(0, len(lines) - _LINES)}


def _fits(text: str) -> bool:
    """Whether a value stands in a line."""
    return len(text) <= _LINE and "\n" not in text


def _text(name: str, value: Json) -> str:
    """A value as text: documents with a line for each thing in them, user data as it was written."""
    if value is None:
        return "(none)"
    if isinstance(value, str):
        text = _decoded(value) if name.startswith("user_data") else value
        if text.lstrip()[:1] in ("{", "["):
            try:
                return _laid_out(json.loads(text))
            except (ValueError, RecursionError):
                return text
        return text or '""'
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return plain if len(plain) <= _LINE else _laid_out(value)


def _laid_out(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return text
