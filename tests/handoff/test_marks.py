"""The picture of a change: both sides in one, each difference marked, and nothing over anything else."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handoff import marks, topology
from handoff.marks import CREATE, DELETE, REPLACE, UPDATE
from handoff.svg import svg
from handoff.topology import BACKEND, DATABASE, ENDPOINTS, INTERNET, LOAD_BALANCER, Flow, Topology
from tests.handoff import test_picture as picture


@pytest.fixture(scope="module")
def shown(stack_file: Any) -> Any:
    """The topology of a variant of the stack."""
    known: dict[str, Topology] = {}

    def of(variant: str) -> Topology:
        if variant not in known:
            known[variant] = topology.topology(Path(stack_file(variant)).parent)
        return known[variant]

    return of


def joined(before: Topology | None, after: Topology | None, **actions: str) -> tuple[Topology, marks.Marks]:
    found = marks.joined(before, after, {name.replace("__", "."): action for name, action in actions.items()})
    assert found is not None
    return found


def test_nothing_at_all_is_no_picture() -> None:
    assert marks.joined(None, None, {}) is None


@pytest.mark.parametrize(("first", "mark"), [(True, CREATE), (False, DELETE)])
def test_a_beginning_and_an_end_are_marked_all_over(first: bool, mark: str, shown: Any) -> None:
    prod = shown("prod")
    whole, found = joined(None, prod) if first else joined(prod, None)
    assert {zone for zone, _ in whole.zones} == {zone for zone, _ in prod.zones}
    assert set(found.places.values()) == {mark}
    assert {("vpc",), ("cdn",), ("bucket",), ("cell", "ap-northeast-2a", "nat")} <= set(found.places)
    assert {flow.mark for flow in found.flows.values()} == {mark}
    assert len(found.flows) == len(prod.flows)


def test_what_stays_has_no_mark(shown: Any) -> None:
    whole, found = joined(shown("prod"), shown("prod"))
    assert not found.places and not found.flows
    assert svg(whole, found) == svg(shown("prod"))


def test_a_zone_that_comes_and_one_that_goes(shown: Any) -> None:
    two, three = shown("prod"), shown("three_zones")
    for before, after, mark in ((two, three, CREATE), (three, two, DELETE)):
        whole, found = joined(before, after)
        assert [zone[-1] for zone, _ in whole.zones] == ["a", "b", "c"]
        assert {mark} == set(found.places.values())
        assert {place[1] for place in found.places} == {"ap-northeast-2c"}
        # The flow itself stands; its arrow in that zone is drawn as what stands at its end.
        assert not found.flows
        assert f'class="flow is-{mark}"' in svg(whole, found)


def test_a_resource_is_marked_where_it_is_drawn(shown: Any) -> None:
    prod = shown("prod")
    _, found = joined(
        prod,
        prod,
        aws_db_instance__main="replace",
        aws_launch_template__backend="update",
        aws_subnet__public_a="update",
        aws_nat_gateway__b="replace",
        aws_cloudfront_distribution__main="update",
        aws_sns_topic__alarms="create",
    )
    assert found.places == {
        ("cdn",): UPDATE,
        ("subnet", "ap-northeast-2a", "aws_subnet.public_a"): UPDATE,
        ("cell", "ap-northeast-2b", "nat"): REPLACE,
        **{("cell", zone, BACKEND): UPDATE for zone, _ in prod.zones},
        **{("cell", zone, DATABASE): REPLACE for zone, _ in prod.zones},
    }


def test_flows_that_open_close_and_change_their_ports(shown: Any) -> None:
    prod = shown("prod")
    opened = (*prod.flows, Flow(INTERNET, DATABASE, (("tcp", "5432"),)))
    closed = tuple(flow for flow in prod.flows if flow.target != DATABASE)
    other = tuple(
        Flow(flow.source, flow.target, (("tcp", "8081"),)) if flow.target == BACKEND else flow
        for flow in prod.flows
    )
    _, found = joined(prod, replace(prod, flows=opened))
    assert {ends: (flow.mark, flow.opened) for ends, flow in found.flows.items()} == {
        (INTERNET, DATABASE): (CREATE, (("tcp", "5432"),))
    }
    whole, found = joined(prod, replace(prod, flows=closed))
    assert found.flows[BACKEND, DATABASE].mark == DELETE
    assert "−tcp 5432" in svg(whole, found)
    whole, found = joined(prod, replace(prod, flows=other))
    assert found.flows[LOAD_BALANCER, BACKEND].mark == UPDATE
    assert "+tcp 8081 −tcp 8080" in svg(whole, found)


@pytest.mark.parametrize(
    ("before", "after"), [("prod", "three_zones"), ("three_zones", "dev"), ("prod", "everything")]
)
def test_nothing_is_drawn_over_anything_else(before: str, after: str, shown: Any) -> None:
    whole, found = joined(shown(before), shown(after), aws_lb__main="update", aws_db_instance__main="replace")
    around = {
        BACKEND: ("~1 +2", UPDATE),
        DATABASE: ("~1", UPDATE),
        "cdn": ("+9", CREATE),
        ENDPOINTS: ("~3", UPDATE),
    }
    root = ElementTree.fromstring(svg(whole, replace(found, around=around)))
    for one in root.iter():
        kind = one.get("class", "")
        if " " in kind:
            one.set("class", kind.split()[0])
    signs = [one for one in root.iter(f"{picture.SVG}text") if one.get("class") == "on-sign"]
    assert len(signs) > len(around)
    for parent in root.iter():
        for one in [one for one in parent if one in signs]:
            parent.remove(one)
    tags = picture.rectangles(root, "sign-create", "sign-update", "sign-replace", "sign-delete")
    texts, pills = picture.words(root), picture.rectangles(root, "pill")
    for tag in tags:
        for text in texts:
            # A text is drawn narrower than the widest font would be: its own line is what must stay free.
            assert not picture.overlap(tag, text), (tag, text)
        for pill in pills:
            assert not picture.overlap(tag, pill), (tag, pill)
