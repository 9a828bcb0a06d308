"""What a plan does to the cost a month, item by item, by the cost view's prices.

Before is the state that the plan was made from, after what it plans; what is known only after apply is counted as it
is configured. What hangs on use is in no sum, and an item without a price is named and never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cloudmart_pages import signed
from handoff import costs
from handoff.costs import Body, Estimate, Line, Prices
from pipeline.summary import UNKNOWN_TIER, any_true
from policies.engine.model import without_keys

Json = Any


@dataclass(frozen=True)
class Item:
    """An item of a resource that costs another amount after than before; a side without it is None.

    `difference` is in US dollars a month, None where no price is known.
    """

    address: str
    tier: str
    item: str
    before: Line | None
    after: Line | None

    @property
    def difference(self) -> float | None:
        sides = [line.monthly for line in (self.before, self.after) if line]
        if None in sides:
            return None
        return (self.after.monthly or 0 if self.after else 0) - (
            self.before.monthly or 0 if self.before else 0
        )


@dataclass(frozen=True)
class Cost:
    """The cost a month before and after a plan, in a region, and what differs."""

    before: Estimate
    after: Estimate
    items: tuple[Item, ...]
    region: str
    prices: Prices

    @property
    def difference(self) -> float:
        """US dollars a month, as far as prices are known."""
        return self.after.monthly - self.before.monthly

    @property
    def unpriced(self) -> tuple[str, ...]:
        """What has no price, each item with how many there are."""
        sides = (self.before.without_price, self.after.without_price)
        found = []
        for item in sorted({*sides[0], *sides[1]}):
            old, new = (side.get(item, 0) for side in sides)
            found.append(f"{item} ({new:g})" if old == new else f"{item} ({old:g} → {new:g})")
        return tuple(found)

    @property
    def dates(self) -> str:
        """Of when the prices are."""
        used = {line.item for side in (self.before, self.after) for line in side.lines}
        found = sorted(
            price.date
            for name, price in self.prices.prices.items()
            if name in used and price.date is not None
        )
        return (
            f"{found[0]} to {found[-1]}"
            if found and found[0] != found[-1]
            else str(found[0])
            if found
            else ""
        )

    @property
    def line(self) -> str:
        """All of it in a line."""
        if self.region != self.prices.region:
            return (
                f"cost a month: not known: handoff/prices.toml has the prices of {self.prices.region}, and this is "
                f"{self.region}: make prices REGION={self.region}"
            )
        sums = " to ".join(
            f"{'at least ' if side.unknown else ''}${side.monthly:,.2f}" for side in (self.before, self.after)
        )
        more = signed(self.difference) or "no difference"
        of = f", prices of {self.region}, {self.dates}" if self.dates else ""
        left_out = f"; left out, since no price is known: {', '.join(self.unpriced)}" if self.unpriced else ""
        return f"cost a month: {more} (from {sums}){of}{left_out}"


def of(
    plan: Mapping[str, Json], configuration: Mapping[str, Json], tiers: Mapping[str, str], prices: Prices
) -> Cost:
    """The cost of a plan; `configuration` is the Terraform JSON that it was made from."""
    region = str(configuration["provider"]["aws"][0]["region"])
    prior = (plan.get("prior_state") or {}).get("values") or {}
    planned = plan.get("planned_values") or {}
    before = costs.estimated(_standing(prior, tiers), region, prices)
    after = costs.estimated(_planned(plan, planned, configuration, tiers), region, prices)
    sides = [{(line.address, line.item): line for line in side.lines} for side in (before, after)]
    items = []
    for address, name in sorted({*sides[0], *sides[1]}):
        old, new = (side.get((address, name)) for side in sides)
        if old is None or new is None or old.quantity != new.quantity:
            shown = new or old
            assert shown is not None
            items.append(Item(address, shown.tier, name, old, new))
    return Cost(before, after, tuple(items), region, prices)


def _standing(values: Mapping[str, Json], tiers: Mapping[str, str]) -> Iterator[Body]:
    for resource in (values.get("root_module") or {}).get("resources") or ():
        if resource.get("mode") == "managed":
            address = str(resource["address"])
            # An item's name is made of values: what must not be shown has none, and so no price.
            hidden = _marked(resource.get("sensitive_values"))
            told = {name: one for name, one in (resource.get("values") or {}).items() if name not in hidden}
            yield Body(address, str(resource["type"]), tiers.get(without_keys(address), UNKNOWN_TIER), told)


def _marked(marks: Json) -> set[str]:
    """The arguments in which anything is marked."""
    return {name for name, mark in marks.items() if any_true(mark)} if isinstance(marks, Mapping) else set()


def _planned(
    plan: Mapping[str, Json],
    values: Mapping[str, Json],
    configuration: Mapping[str, Json],
    tiers: Mapping[str, str],
) -> Iterator[Body]:
    """What is planned, and in the place of what is known only after apply what is configured.

    What Terraform only lets go of stands in the planned values, too: it goes on costing.
    """
    changes = {str(one["address"]): one["change"] for one in plan.get("resource_changes") or ()}
    for one in _standing(values, tiers):
        change = changes.get(one.address) or {}
        later, hidden = _marked(change.get("after_unknown")), _marked(change.get("after_sensitive"))
        name = without_keys(one.address).partition(".")[2]
        configured = ((configuration.get("resource") or {}).get(one.type) or {}).get(name) or {}
        known = {name: value for name, value in one.values.items() if name not in later}
        missing = {name: value for name, value in configured.items() if name in later - hidden}
        yield Body(one.address, one.type, one.tier, {**known, **missing})
