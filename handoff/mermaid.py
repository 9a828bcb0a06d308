"""The picture as a Mermaid flowchart.

Source: https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

import re

from handoff.topology import BACKEND, INTERNET, LOAD_BALANCER, Topology


def mermaid(shown: Topology) -> str:
    """The text of the flowchart, with a new line at its end."""
    lines = ["flowchart TB", '  internet(["Internet"])']
    if shown.cdn:
        lines.append(f'  cdn["CloudFront{"<br/>with WAF" if shown.cdn_waf else ""}"]')
    if shown.bucket:
        lines.append('  bucket[("S3: frontend")]')
    lines.append(f'  subgraph vpc["VPC {shown.cidr}"]')
    places: dict[str, list[str]] = {}
    nats: dict[str, str] = {}
    for zone, subnets in shown.zones:
        lines.append(f'    subgraph {_id(zone)}["{zone}"]')
        for subnet in subnets:
            lines.append(f'      subgraph {_id(subnet.name, zone)}["{subnet.name} {subnet.cidr}"]')
            for one in subnet.standing:
                node = _id(one.tier, zone)
                places.setdefault(one.tier, []).append(node)
                lines.append(f'        {node}["{one.title}<br/>{one.detail}"]')
            if subnet.nat:
                nats[zone] = _id("nat", zone)
                lines.append(f'        {nats[zone]}["NAT gateway<br/>to the internet"]')
            if not subnet.standing and not subnet.nat:
                lines.append(f'        {_id("empty", subnet.name, zone)}["nothing yet"]')
            lines.append("      end")
        lines.append("    end")
    lines.append("  end")
    if shown.cdn:
        lines.append("  internet -->|HTTPS| cdn")
        if shown.bucket:
            lines.append("  cdn -.->|origin| bucket")
        if LOAD_BALANCER in places:
            lines.append(f"  cdn -.->|/api/*| {places[LOAD_BALANCER][0]}")
    lines += _flows(shown, places, nats)
    return "\n".join(lines) + "\n"


def _flows(shown: Topology, places: dict[str, list[str]], nats: dict[str, str]) -> list[str]:
    """An arrow for each flow in each zone; to the internet by way of the NAT gateway of the route."""
    gateways = {
        _id(BACKEND, zone): nats[subnet.nat_zone]
        for zone, subnets in shown.zones
        for subnet in subnets
        for one in subnet.standing
        if one.tier == BACKEND and subnet.nat_zone in nats
    }
    lines = []
    for flow in shown.flows:
        if flow.source == INTERNET:
            lines += [f"  internet -->|{flow.ports}| {target}" for target in places.get(flow.target, [])]
        elif flow.target == INTERNET:
            lines += [
                f"  {source} -->|{flow.ports}| {gateways.get(source, 'internet')}"
                for source in places.get(flow.source, [])
            ]
        else:
            lines += [
                f"  {source} -->|{flow.ports}| {target}"
                for source, target in zip(
                    places.get(flow.source, []), places.get(flow.target, []), strict=False
                )
            ]
    return lines


def _id(*words: str) -> str:
    return re.sub(r"\W+", "_", "_".join(words))
