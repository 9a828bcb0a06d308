"""The picture as SVG: zones side by side, in columns that are all built alike, so that nothing can overlap.

A column holds the zone's subnets one below the other; a subnet holds cells in rows of two. What comes from the
internet goes down on the left, what goes there goes up on the right, and the names stand between the two.
Colours follow the reader's preference for light or dark.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from handoff.topology import (
    BACKEND,
    CACHE,
    DATABASE,
    ENDPOINTS,
    INTERNET,
    LOAD_BALANCER,
    Subnet,
    Topology,
)

CELL_WIDTH, CELL_HEIGHT = 136, 48
COLUMN, COLUMN_GAP = 408, 20
SUBNET_TOP, SUBNET_BOTTOM, SUBNET_GAP = 42, 16, 46
LEFT, RIGHT = 24, COLUMN - 24 - CELL_WIDTH
ROW_GAP = 52
MARGIN, VPC_PAD = 24, 24
TOP = 92
GATEWAY_HEIGHT = 36

_LEFT_TIERS = (LOAD_BALANCER, BACKEND, DATABASE)

STYLE = """
.paper{fill:#ffffff}.vpc{fill:#f6f8fa;stroke:#57606a}.zone{fill:none;stroke:#8c959f;stroke-dasharray:6 4}
.public{fill:#ddf4e4;stroke:#2da44e}.private{fill:#ddeeff;stroke:#2f81d7}.cell{fill:#ffffff;stroke:#57606a}
.missing{fill:none;stroke:#9a6700;stroke-dasharray:4 3}.gateway{fill:#eaeef2;stroke:#57606a}
.title{fill:#1f2328;font-weight:600}.text{fill:#424a53}.label{fill:#1f2328;font-weight:600}
.pill{fill:#ffffff;stroke:#8c959f}.flow{stroke:#1f2328;fill:none}.link{stroke:#57606a;fill:none;stroke-dasharray:5 4}
.head{fill:#1f2328}.linkhead{fill:#57606a}
@media (prefers-color-scheme:dark){
.paper{fill:#0d1117}.vpc{fill:#161b22;stroke:#8b949e}.zone{stroke:#6e7681}
.public{fill:#12261a;stroke:#3fb950}.private{fill:#10233a;stroke:#58a6ff}.cell{fill:#21262d;stroke:#8b949e}
.missing{stroke:#d29922}.gateway{fill:#30363d;stroke:#8b949e}
.title,.label{fill:#f0f6fc}.text{fill:#c9d1d9}.pill{fill:#0d1117;stroke:#6e7681}
.flow{stroke:#e6edf3}.link{stroke:#9198a1}.head{fill:#e6edf3}.linkhead{fill:#9198a1}}
"""


@dataclass
class _Canvas:
    """Shapes below, arrows over them, words on top."""

    shapes: list[str]
    arrows: list[str]
    words: list[str]

    def box(self, x: float, y: float, width: float, height: float, kind: str, radius: int = 6) -> None:
        self.shapes.append(
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius}"/>'
        )

    def text(
        self, x: float, y: float, words: str, kind: str = "text", size: int = 12, anchor: str = "middle"
    ) -> None:
        self.words.append(
            f'<text class="{kind}" x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'
        )

    def cell(
        self, x: float, y: float, title: str, detail: str, kind: str = "cell", width: float = CELL_WIDTH
    ) -> None:
        self.box(x, y, width, CELL_HEIGHT, kind)
        self.text(x + width / 2, y + 20, title, "title", 13)
        self.text(x + width / 2, y + 37, detail, size=11)

    def arrow(self, points: list[tuple[float, float]], kind: str = "flow") -> None:
        path = " ".join(f"{'M' if n == 0 else 'L'}{x:g} {y:g}" for n, (x, y) in enumerate(points))
        head = "arrow" if kind == "flow" else "linkarrow"
        self.arrows.append(f'<path class="{kind}" d="{path}" stroke-width="1.5" marker-end="url(#{head})"/>')

    def pill(self, x: float, y: float, words: str) -> None:
        """A label on an arrow, centred on a point."""
        width = 12 + 6.4 * len(words)
        self.words.append(
            f'<rect class="pill" x="{x - width / 2:g}" y="{y - 9:g}" width="{width:g}" height="18" rx="9"/>'
        )
        self.text(x, y + 4, words, "label", 11)


def svg(shown: Topology) -> str:
    """The picture as a document of its own."""
    columns = len(shown.zones)
    rows = max(len(subnets) for _, subnets in shown.zones)
    heights = [
        max((_height(subnets[row]) for _, subnets in shown.zones if row < len(subnets)), default=0)
        for row in range(rows)
    ]
    inner = columns * COLUMN + (columns - 1) * COLUMN_GAP
    width = inner + 2 * (MARGIN + VPC_PAD)
    zones_top = TOP + 40 + GATEWAY_HEIGHT + 46
    zone_height = 40 + sum(heights) + SUBNET_GAP * (rows - 1) + 20
    height = zones_top + zone_height + VPC_PAD + MARGIN
    canvas = _Canvas([], [], [])
    canvas.box(0, 0, width, height, "paper", 0)
    canvas.box(MARGIN, TOP, width - 2 * MARGIN, height - TOP - MARGIN, "vpc", 10)
    canvas.text(width - MARGIN - VPC_PAD, TOP + 26, f"VPC {shown.cidr}", "title", 15, "end")
    gateway = TOP + 40
    canvas.box(MARGIN + VPC_PAD, gateway, inner, GATEWAY_HEIGHT, "gateway")
    canvas.text(width / 2, gateway + 23, "Internet gateway", "title", 13)
    _outside(canvas, shown, width, gateway)
    for column, (zone, subnets) in enumerate(shown.zones):
        x = MARGIN + VPC_PAD + column * (COLUMN + COLUMN_GAP)
        _zone(canvas, shown, zone, subnets, x, zones_top, zone_height, heights, gateway + GATEWAY_HEIGHT)
    return _document(width, height, shown, canvas)


def _document(width: float, height: float, shown: Topology, canvas: _Canvas) -> str:
    zones = ", ".join(zone for zone, _ in shown.zones)
    flows = "; ".join(f"{flow.source} to {flow.target}, {flow.ports}" for flow in shown.flows)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
            'font-family="system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif">',
            f"<title>{escape(shown.name)}: VPC {escape(shown.cidr)} over {escape(zones)}</title>",
            f"<desc>Flows: {escape(flows)}.</desc>",
            f"<style>{STYLE.strip()}</style>",
            "<defs>"
            + "".join(
                f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
                f'orient="auto-start-reverse"><path class="{kind}" d="M0 0L10 5L0 10z"/></marker>'
                for name, kind in (("arrow", "head"), ("linkarrow", "linkhead"))
            )
            + "</defs>",
            *canvas.shapes,
            *canvas.arrows,
            *canvas.words,
            "</svg>",
            "",
        ]
    )


def _outside(canvas: _Canvas, shown: Topology, width: float, gateway: float) -> None:
    """What stands outside the VPC: the internet, the distribution and its bucket."""
    y = 20
    start = MARGIN + VPC_PAD + LEFT
    canvas.cell(start, y, "Internet", "customers, AWS APIs")
    centre = start + CELL_WIDTH / 2
    inward, outward = shown.flow(INTERNET, LOAD_BALANCER), shown.flow(BACKEND, INTERNET)
    if inward:
        canvas.arrow([(centre - 26, y + CELL_HEIGHT), (centre - 26, gateway)])
    if outward:
        canvas.arrow([(centre + 26, gateway), (centre + 26, y + CELL_HEIGHT)])
    if not shown.cdn:
        return
    cdn = start + CELL_WIDTH + 96
    canvas.cell(cdn, y, "CloudFront", "with WAF" if shown.cdn_waf else "without WAF")
    canvas.arrow([(start + CELL_WIDTH, y + CELL_HEIGHT / 2), (cdn, y + CELL_HEIGHT / 2)], "link")
    canvas.pill((start + CELL_WIDTH + cdn) / 2, y + CELL_HEIGHT / 2, "HTTPS")
    canvas.arrow([(cdn + CELL_WIDTH / 2, y + CELL_HEIGHT), (cdn + CELL_WIDTH / 2, gateway)], "link")
    canvas.pill(cdn + CELL_WIDTH / 2, TOP + 14, "/api/*")
    # In a picture of one zone there is no room for the bucket beside the distribution.
    bucket = cdn + CELL_WIDTH + 96
    if shown.bucket and bucket + CELL_WIDTH <= width - MARGIN:
        canvas.cell(bucket, y, "S3 bucket", "frontend, private")
        canvas.arrow([(cdn + CELL_WIDTH, y + CELL_HEIGHT / 2), (bucket, y + CELL_HEIGHT / 2)], "link")
        canvas.pill((cdn + CELL_WIDTH + bucket) / 2, y + CELL_HEIGHT / 2, "origin")


def _height(subnet: Subnet) -> float:
    rows = len(_rows(subnet))
    return SUBNET_TOP + rows * CELL_HEIGHT + (rows - 1) * ROW_GAP + SUBNET_BOTTOM


def _rows(subnet: Subnet) -> list[tuple[str, str]]:
    """The cells of a subnet, row by row: what stands left and what right ("" for nothing)."""
    tiers = {one.tier for one in subnet.standing}
    pairs = (
        (LOAD_BALANCER, "nat" if subnet.nat else ""),
        (BACKEND, ENDPOINTS),
        (DATABASE, CACHE),
    )
    kept = [
        (left if left in tiers else "", right if right in tiers or right == "nat" else "")
        for left, right in pairs
    ]
    return [pair for pair in kept if any(pair)] or [("", "")]


def _zone(
    canvas: _Canvas,
    shown: Topology,
    zone: str,
    subnets: tuple[Subnet, ...],
    x: float,
    top: float,
    height: float,
    heights: list[float],
    gateway: float,
) -> None:
    canvas.box(x, top, COLUMN, height, "zone", 10)
    canvas.text(x + COLUMN / 2, top + 24, zone, "title", 14)
    left, right = x + LEFT + CELL_WIDTH / 2, x + RIGHT + CELL_WIDTH / 2
    y = top + 40
    at: dict[str, float] = {}
    for subnet, row_height in zip(subnets, heights, strict=False):
        canvas.box(x + 10, y, COLUMN - 20, row_height, "public" if subnet.public else "private")
        canvas.text(x + COLUMN / 2, y + 17, subnet.name, "title")
        canvas.text(x + COLUMN / 2, y + 32, subnet.cidr, size=11)
        known = {one.tier: one for one in subnet.standing}
        cell = y + SUBNET_TOP
        for pair in _rows(subnet):
            for tier, place in zip(pair, (LEFT, RIGHT), strict=True):
                if tier == "nat":
                    canvas.cell(x + place, cell, "NAT gateway", "Elastic IP")
                elif tier:
                    canvas.cell(x + place, cell, known[tier].title, known[tier].detail)
                if tier:
                    at[tier] = cell
            cell += CELL_HEIGHT + ROW_GAP
        y += row_height + SUBNET_GAP
    home = next((one for one in subnets if any(s.tier == BACKEND for s in one.standing)), None)
    _arrows(canvas, shown, at, x, left, right, gateway, home.nat_zone if home else "", zone)


def _arrows(
    canvas: _Canvas,
    shown: Topology,
    at: dict[str, float],
    x: float,
    left: float,
    right: float,
    gateway: float,
    nat_zone: str,
    zone: str,
) -> None:
    if LOAD_BALANCER in at and (ports := shown.flow(INTERNET, LOAD_BALANCER)):
        canvas.arrow([(left, gateway), (left, at[LOAD_BALANCER])])
        canvas.pill(left, gateway + 26, ports)
    if "nat" in at and (ports := shown.flow(BACKEND, INTERNET)):
        canvas.arrow([(right, at["nat"]), (right, gateway)])
        canvas.pill(right, gateway + 26, ports)
    if BACKEND not in at:
        return
    backend = at[BACKEND]
    if LOAD_BALANCER in at and (ports := shown.flow(LOAD_BALANCER, BACKEND)):
        canvas.arrow([(left, at[LOAD_BALANCER] + CELL_HEIGHT), (left, backend)])
        canvas.pill(left, backend - SUBNET_TOP - 14, ports)
    if (ports := shown.flow(BACKEND, INTERNET)) and nat_zone:
        # In the gap above the backend's subnet, to the right, and up.
        gap = backend - SUBNET_TOP - 14
        out = left + CELL_WIDTH / 2 - 16
        if nat_zone == zone and "nat" in at:
            canvas.arrow([(out, backend), (out, gap), (right, gap), (right, at["nat"] + CELL_HEIGHT)])
            canvas.pill((out + right) / 2 + 8, gap, ports)
        else:
            canvas.arrow([(out, backend), (out, gap), (right - 56, gap)])
            canvas.text(right - 50, gap + 4, f"NAT in {nat_zone}", "label", 11, "start")
    if ENDPOINTS in at and (ports := shown.flow(BACKEND, ENDPOINTS)):
        middle = backend + CELL_HEIGHT / 2
        canvas.arrow([(x + LEFT + CELL_WIDTH, middle), (x + RIGHT, middle)])
        canvas.pill((left + right) / 2 - 4, middle, ports)
    # Within the backend's subnet, or in the gap below it.
    stores = min((at[tier] for tier in (DATABASE, CACHE) if tier in at), default=0)
    apart = stores - backend - CELL_HEIGHT > ROW_GAP
    gap = backend + CELL_HEIGHT + (SUBNET_BOTTOM + SUBNET_GAP / 2 if apart else 20)
    if DATABASE in at and (ports := shown.flow(BACKEND, DATABASE)):
        canvas.arrow([(left, backend + CELL_HEIGHT), (left, at[DATABASE])])
        canvas.pill(left, gap, ports)
    if CACHE in at and (ports := shown.flow(BACKEND, CACHE)):
        out = left + CELL_WIDTH / 2 - 16
        canvas.arrow([(out, backend + CELL_HEIGHT), (out, gap), (right, gap), (right, at[CACHE])])
        canvas.pill((out + right) / 2 + 8, gap, ports)
