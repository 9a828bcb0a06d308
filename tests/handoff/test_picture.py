"""The picture: every flow that the proof derives, every subnet, and nothing over anything else."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from stacks import ROOT

from cloudmart_support.problem import Problem
from handoff.__main__ import main
from handoff.mermaid import mermaid
from handoff.svg import svg
from handoff.topology import topology
from policies.aws import flows
from policies.readers import read

STACKS = ("prod", "dev", "three_zones", "everything", "single_zone")
SVG = "{http://www.w3.org/2000/svg}"
# Generous: the width of a character in the widest of the fonts named, as a share of its size.
CHARACTER = {"title": 0.62, "label": 0.6, "text": 0.56}


def rectangles(root: ElementTree.Element, *kinds: str) -> list[tuple[str, float, float, float, float]]:
    found = []
    for one in root.iter(f"{SVG}rect"):
        kind = one.get("class", "")
        if kind in kinds:
            x, y, width, height = (float(one.get(name, 0)) for name in ("x", "y", "width", "height"))
            found.append((kind, x, y, x + width, y + height))
    return found


def words(root: ElementTree.Element) -> list[tuple[str, float, float, float, float]]:
    found = []
    for one in root.iter(f"{SVG}text"):
        size = float(one.get("font-size", 12))
        width = len(one.text or "") * size * CHARACTER[one.get("class", "text")]
        x, y = float(one.get("x", 0)), float(one.get("y", 0))
        left = {"middle": x - width / 2, "start": x, "end": x - width}[one.get("text-anchor", "start")]
        found.append((one.text or "", left, y - 0.75 * size, left + width, y + 0.2 * size))
    return found


def overlap(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return one[1] < other[3] and other[1] < one[3] and one[2] < other[4] and other[2] < one[4]


def inside(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return other[1] <= one[1] and one[3] <= other[3] and other[2] <= one[2] and one[4] <= other[4]


def segments(root: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    found = []
    for one in root.iter(f"{SVG}path"):
        if one.get("class") in ("flow", "link"):
            points = [
                tuple(map(float, pair.split())) for pair in re.split("[ML]", one.get("d", "")) if pair.strip()
            ]
            found += [(*first, *second) for first, second in itertools.pairwise(points)]
    return found


@pytest.mark.parametrize("variant", STACKS)
def test_nothing_overlaps(variant: str, stack_file: Any) -> None:
    root = ElementTree.fromstring(svg(topology(stack_file(variant).parent)))
    boxes = rectangles(root, "cell", "gateway")
    pills = rectangles(root, "pill")
    for one, other in itertools.combinations(boxes + pills, 2):
        assert not overlap(one, other), (one, other)
    texts = words(root)
    for one, other in itertools.combinations(texts, 2):
        assert not overlap(one, other), (one, other)
    for text in texts:
        for box in boxes + pills:
            assert not overlap(text, box) or inside(text, box), (text, box)
    for x1, y1, x2, y2 in segments(root):
        line = ("line", min(x1, x2) - 0.5, min(y1, y2) - 0.5, max(x1, x2) + 0.5, max(y1, y2) + 0.5)
        for box in boxes:
            # An arrow ends at a box's edge and never runs through one.
            edge = (box[0], box[1] + 1, box[2] + 1, box[3] - 1, box[4] - 1)
            assert not overlap(line, edge), (line, box)
        for _, _, top, _, bottom in rectangles(root, "vpc", "zone", "public", "private"):
            assert y1 != y2 or min(abs(y1 - top), abs(y1 - bottom)) > 5, "an arrow runs along a frame"
        for text in texts:
            if not any(inside(text, pill) for pill in pills):
                assert not overlap(line, text), (line, text)


@pytest.mark.parametrize("variant", STACKS)
def test_every_flow_and_subnet_is_drawn(variant: str, stack_file: Any) -> None:
    folder = stack_file(variant).parent
    model = read(folder).model
    shown = topology(folder)
    picture, chart = svg(shown), mermaid(shown)
    for subnet in model.of_type("aws_subnet"):
        assert f">{subnet.text('cidr_block')}<" in picture
        assert str(subnet.text("cidr_block")) in chart
    pills = " ".join(re.findall(r'class="label"[^>]*>([^<]*)<', picture))
    for flow in flows.flows(model):
        ports = shown.flow(flow.source, flow.target)
        assert str(flow.first) in ports
        assert ports in pills
        assert f"|{ports}|" in chart


def test_a_flow_that_is_not_there_is_not_drawn(stack: Any, tmp_path: Path) -> None:
    import copy
    import json

    changed = copy.deepcopy(stack("prod"))
    del changed["resource"]["aws_vpc_security_group_ingress_rule"]["cache_from_backend"]
    (tmp_path / "cdk.tf.json").write_text(json.dumps(changed), encoding="utf-8")
    picture = svg(topology(tmp_path))
    assert "6379" not in picture
    assert "5432" in picture


def test_mermaid_names_are_identifiers_and_defined_once(stack_file: Any) -> None:
    for variant in STACKS:
        text = mermaid(topology(stack_file(variant).parent))
        defined = re.findall(r"^\s*(?:subgraph )?(\w+)[\[(]", text, re.M)
        assert len(defined) == len(set(defined)), variant
        for source, target in re.findall(r"^\s*(\w+) -[-.]+>(?:\|[^|]*\|)? (\w+)$", text, re.M):
            assert {source, target} <= set(defined)
        assert text.count("subgraph") == len(re.findall(r"^\s*end$", text, re.M))


def test_a_single_nat_gateway_is_named_in_the_other_zones(stack_file: Any) -> None:
    picture = svg(topology(stack_file("dev").parent))
    assert picture.count(">NAT gateway<") == 1
    assert picture.count(">NAT in ap-northeast-2a<") == 1


def test_the_kept_picture_is_current(stack_file: Any) -> None:
    kept = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    assert svg(topology(stack_file("prod").parent)) == kept, "make docs writes it"


def test_a_picture_is_drawn_into_a_file(tmp_path: Path) -> None:
    settings = ROOT / "environments" / "prod.yaml"
    for name, start in (("a.svg", "<svg"), ("a.mmd", "flowchart")):
        assert main(["--settings", str(settings), "--picture", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    with pytest.raises(Problem, match="cannot be written: No such file or directory"):
        main(["--settings", str(settings), "--picture", str(tmp_path / "no" / "a.svg")])


def test_no_vpc_is_told(tmp_path: Path) -> None:
    (tmp_path / "cdk.tf.json").write_text(
        '{"resource": {"aws_sns_topic": {"a": {"name": "a"}}}}', encoding="utf-8"
    )
    with pytest.raises(Problem, match="no VPC with subnets"):
        topology(tmp_path)
