"""The picture as SVG: zones side by side, in columns that are all built alike, so that nothing can overlap.

A column holds the zone's subnets one below the other; a subnet holds cells in rows of two. What comes from the
internet goes down on the left, what goes there goes up on the right, and the names stand between the two.
Colours follow the reader's preference for light or dark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from cloudmart_support.visible import visible
from handoff.marks import CREATE, DELETE, SIGNS, Marks
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
# The marks of a change, in the stylesheet's colours: mark, in light, in dark.
_COLOURS = (
    ("create", "#17693a", "#6fd09a"),
    ("update", "#33589a", "#93b6f6"),
    ("replace", "#855600", "#f0b75a"),
    ("delete", "#b3261e", "#ff9088"),
)


def _marked(place: int) -> str:
    """The style of all marks, in light (1) or dark (2)."""
    return "".join(
        f".is-{row[0]}{{stroke:{row[place]};stroke-width:2.5}}.sign-{row[0]}{{fill:{row[place]}}}"
        for row in _COLOURS
    )


MARKED = (
    f".is-delete{{stroke-dasharray:7 4}}.on-sign{{fill:#ffffff;font-weight:700}}{_marked(1)}"
    f"\n@media (prefers-color-scheme:dark){{.on-sign{{fill:#0d1117}}{_marked(2)}}}"
)


@dataclass
class _Canvas:
    """Shapes below, arrows over them, words on top."""

    marks: Marks
    shapes: list[str] = field(default_factory=list)
    arrows: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def box(
        self, x: float, y: float, width: float, height: float, kind: str, radius: int = 6, mark: str = ""
    ) -> None:
        """A box; with a mark, its sign sits on the upper right corner."""
        kinds = f"{kind} is-{mark}" if mark else kind
        self.shapes.append(
            f'<rect class="{kinds}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius}"/>'
        )
        if mark:
            self.tag(x + width - 5, y + 3, SIGNS[mark], mark)

    def tag(self, x: float, y: float, words: str, mark: str) -> None:
        """Signs on a ground of the mark's colour, centred on a point."""
        width = 11 + 7 * len(words)
        self.words.append(
            f'<rect class="sign-{mark}" x="{x - width / 2:g}" y="{y - 8:g}" width="{width:g}" height="16" rx="5"/>'
        )
        self.text(x, y + 4.5, words, "on-sign", 12)

    def text(
        self, x: float, y: float, words: str, kind: str = "text", size: int = 12, anchor: str = "middle"
    ) -> None:
        self.words.append(
            f'<text class="{kind}" x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}">'
            f"{escape(visible(words))}</text>"
        )

    def cell(
        self, x: float, y: float, title: str, detail: str, mark: str = "", around: tuple[str, str] = ("", "")
    ) -> None:
        """A cell; `around` stands on its lower left corner."""
        self.box(x, y, CELL_WIDTH, CELL_HEIGHT, "cell", mark=mark)
        self.text(x + CELL_WIDTH / 2, y + 20, title, "title", 13)
        self.text(x + CELL_WIDTH / 2, y + 37, detail, size=11)
        words, kind = around
        if words:
            self.tag(x + 6 + 3.5 * len(words), y + CELL_HEIGHT + 2, words, kind)

    def arrow(self, points: list[tuple[float, float]], kind: str = "flow", mark: str = "") -> None:
        path = " ".join(f"{'M' if n == 0 else 'L'}{x:g} {y:g}" for n, (x, y) in enumerate(points))
        head = f"arrow-{mark}" if mark else "arrow" if kind == "flow" else "linkarrow"
        kinds = f"{kind} is-{mark}" if mark else kind
        self.arrows.append(f'<path class="{kinds}" d="{path}" stroke-width="1.5" marker-end="url(#{head})"/>')

    def flow(
        self,
        ends: tuple[str, str],
        ports: str,
        points: list[tuple[float, float]],
        pill: tuple[float, float] | None = None,
        *cells: str,
    ) -> None:
        """The arrow of a flow with its ports, marked as the flow is, or as a cell at its end that comes or goes."""
        own = self.marks.flows.get(ends)
        mark = own.mark if own else next((one for one in cells if one in (CREATE, DELETE)), "")
        self.arrow(points, mark=mark)
        if pill:
            self.pill(*pill, own.words if own else ports, mark)

    def pill(self, x: float, y: float, words: str, mark: str = "") -> None:
        """A label on an arrow, centred on a point."""
        width = 12 + 6.4 * len(words)
        kinds = f"pill is-{mark}" if mark else "pill"
        self.words.append(
            f'<rect class="{kinds}" x="{x - width / 2:g}" y="{y - 9:g}" width="{width:g}" height="18" rx="9"/>'
        )
        self.text(x, y + 4, words, "label", 11)


def svg(shown: Topology, marks: Marks | None = None) -> str:
    """The picture as a document of its own; `marks` are those of a change."""
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
    canvas = _Canvas(marks or Marks())
    canvas.box(0, 0, width, height, "paper", 0)
    canvas.box(MARGIN, TOP, width - 2 * MARGIN, height - TOP - MARGIN, "vpc", 10, canvas.marks.of("vpc"))
    canvas.text(width - MARGIN - VPC_PAD, TOP + 26, f"VPC {shown.cidr}", "title", 15, "end")
    gateway = TOP + 40
    canvas.box(MARGIN + VPC_PAD, gateway, inner, GATEWAY_HEIGHT, "gateway", mark=canvas.marks.of("gateway"))
    canvas.text(width / 2, gateway + 23, "Internet gateway", "title", 13)
    _outside(canvas, shown, width, gateway)
    for column, (zone, subnets) in enumerate(shown.zones):
        x = MARGIN + VPC_PAD + column * (COLUMN + COLUMN_GAP)
        _zone(canvas, shown, zone, subnets, x, zones_top, zone_height, heights, gateway + GATEWAY_HEIGHT)
    return _document(width, height, shown, canvas)


def _document(width: float, height: float, shown: Topology, canvas: _Canvas) -> str:
    marks = canvas.marks.places or canvas.marks.flows or canvas.marks.around
    zones = ", ".join(zone for zone, _ in shown.zones)
    flows = "; ".join(f"{flow.source} to {flow.target}, {flow.ports}" for flow in shown.flows)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
            'font-family="system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif">',
            f"<title>{escape(visible(f'{shown.name}: VPC {shown.cidr} over {zones}'))}</title>",
            f"<desc>Flows: {escape(visible(flows))}.</desc>",
            f"<style>{STYLE.strip()}{MARKED if marks else ''}</style>",
            "<defs>"
            + "".join(
                f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="{size}" '
                f'markerHeight="{size}" markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
                f'<path class="{kind}" d="M0 0L10 5L0 10z"/></marker>'
                for name, kind, size in (
                    ("arrow", "head", "10.5"),
                    ("linkarrow", "linkhead", "10.5"),
                    *((f"arrow-{mark}", f"sign-{mark}", "13") for mark in (SIGNS if marks else ())),
                )
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
    inward, outward = (INTERNET, LOAD_BALANCER), (BACKEND, INTERNET)
    if ports := shown.flow(*inward):
        canvas.flow(inward, ports, [(centre - 26, y + CELL_HEIGHT), (centre - 26, gateway)])
    if ports := shown.flow(*outward):
        canvas.flow(outward, ports, [(centre + 26, gateway), (centre + 26, y + CELL_HEIGHT)])
    if not shown.cdn:
        return
    cdn = start + CELL_WIDTH + 96
    mark, around = canvas.marks.of("cdn"), canvas.marks.around.get("cdn", ("", ""))
    canvas.cell(cdn, y, "CloudFront", "with WAF" if shown.cdn_waf else "without WAF", mark, around)
    link = mark if mark in (CREATE, DELETE) else ""
    canvas.arrow([(start + CELL_WIDTH, y + CELL_HEIGHT / 2), (cdn, y + CELL_HEIGHT / 2)], "link", link)
    canvas.pill((start + CELL_WIDTH + cdn) / 2, y + CELL_HEIGHT / 2, "HTTPS", link)
    canvas.arrow([(cdn + CELL_WIDTH / 2, y + CELL_HEIGHT), (cdn + CELL_WIDTH / 2, gateway)], "link", link)
    canvas.pill(cdn + CELL_WIDTH / 2, TOP + 14, "/api/*", link)
    # In a picture of one zone there is no room for the bucket beside the distribution.
    bucket = cdn + CELL_WIDTH + 96
    if shown.bucket and bucket + CELL_WIDTH <= width - MARGIN:
        canvas.cell(bucket, y, "S3 bucket", "frontend, private", canvas.marks.of("bucket"))
        canvas.arrow([(cdn + CELL_WIDTH, y + CELL_HEIGHT / 2), (bucket, y + CELL_HEIGHT / 2)], "link", link)
        canvas.pill((cdn + CELL_WIDTH + bucket) / 2, y + CELL_HEIGHT / 2, "origin", link)


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
    canvas.box(x, top, COLUMN, height, "zone", 10, canvas.marks.of("zone", zone))
    canvas.text(x + COLUMN / 2, top + 24, zone, "title", 14)
    left, right = x + LEFT + CELL_WIDTH / 2, x + RIGHT + CELL_WIDTH / 2
    y = top + 40
    at: dict[str, float] = {}
    for subnet, row_height in zip(subnets, heights, strict=False):
        kind = "public" if subnet.public else "private"
        mark = canvas.marks.of("subnet", zone, subnet.address)
        canvas.box(x + 10, y, COLUMN - 20, row_height, kind, mark=mark)
        canvas.text(x + COLUMN / 2, y + 17, subnet.name, "title")
        canvas.text(x + COLUMN / 2, y + 32, subnet.cidr, size=11)
        known = {one.tier: one for one in subnet.standing}
        cell = y + SUBNET_TOP
        for pair in _rows(subnet):
            for tier, place in zip(pair, (LEFT, RIGHT), strict=True):
                if tier:
                    title, detail = (
                        ("NAT gateway", "Elastic IP")
                        if tier == "nat"
                        else (known[tier].title, known[tier].detail)
                    )
                    # What changes around a tier is told once, where the tier is drawn first.
                    first = zone == shown.zones[0][0]
                    around = canvas.marks.around.get(tier, ("", "")) if first else ("", "")
                    canvas.cell(x + place, cell, title, detail, canvas.marks.of("cell", zone, tier), around)
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
    def flow(
        source: str, target: str, points: list[tuple[float, float]], pill: tuple[float, float], *cells: str
    ) -> None:
        marks = [canvas.marks.of("cell", zone, tier) for tier in cells]
        canvas.flow((source, target), shown.flow(source, target), points, pill, *marks)

    if LOAD_BALANCER in at and shown.flow(INTERNET, LOAD_BALANCER):
        points = [(left, gateway), (left, at[LOAD_BALANCER])]
        flow(INTERNET, LOAD_BALANCER, points, (left, gateway + 26), LOAD_BALANCER)
    if "nat" in at and shown.flow(BACKEND, INTERNET):
        flow(BACKEND, INTERNET, [(right, at["nat"]), (right, gateway)], (right, gateway + 26), "nat")
    if BACKEND not in at:
        return
    backend = at[BACKEND]
    if LOAD_BALANCER in at and shown.flow(LOAD_BALANCER, BACKEND):
        points = [(left, at[LOAD_BALANCER] + CELL_HEIGHT), (left, backend)]
        flow(LOAD_BALANCER, BACKEND, points, (left, backend - SUBNET_TOP - 14), LOAD_BALANCER, BACKEND)
    if shown.flow(BACKEND, INTERNET) and nat_zone:
        # In the gap above the backend's subnet, to the right, and up.
        gap = backend - SUBNET_TOP - 14
        out = left + CELL_WIDTH / 2 - 16
        if nat_zone == zone and "nat" in at:
            points = [(out, backend), (out, gap), (right, gap), (right, at["nat"] + CELL_HEIGHT)]
            flow(BACKEND, INTERNET, points, ((out + right) / 2 + 8, gap), BACKEND, "nat")
        else:
            canvas.arrow([(out, backend), (out, gap), (right - 56, gap)])
            canvas.text(right - 50, gap + 4, f"NAT in {nat_zone}", "label", 11, "start")
    if ENDPOINTS in at and shown.flow(BACKEND, ENDPOINTS):
        middle = backend + CELL_HEIGHT / 2
        points = [(x + LEFT + CELL_WIDTH, middle), (x + RIGHT, middle)]
        flow(BACKEND, ENDPOINTS, points, ((left + right) / 2 - 4, middle), BACKEND, ENDPOINTS)
    # Within the backend's subnet, or in the gap below it.
    stores = min((at[tier] for tier in (DATABASE, CACHE) if tier in at), default=0)
    apart = stores - backend - CELL_HEIGHT > ROW_GAP
    gap = backend + CELL_HEIGHT + (SUBNET_BOTTOM + SUBNET_GAP / 2 if apart else 20)
    if DATABASE in at and shown.flow(BACKEND, DATABASE):
        points = [(left, backend + CELL_HEIGHT), (left, at[DATABASE])]
        flow(BACKEND, DATABASE, points, (left, gap), BACKEND, DATABASE)
    if CACHE in at and shown.flow(BACKEND, CACHE):
        out = left + CELL_WIDTH / 2 - 16
        points = [(out, backend + CELL_HEIGHT), (out, gap), (right, gap), (right, at[CACHE])]
        flow(BACKEND, CACHE, points, ((out + right) / 2 + 8, gap), BACKEND, CACHE)
