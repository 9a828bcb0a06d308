"""One HTML page that needs nothing else: no script, no font, no image from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from policies.engine.catalogue import Entry
from policies.engine.judging import OWN_RULES, WAIVED, Finding, Result
from policies.engine.verdicts import FAIL, FAMILIES, PASS, UNKNOWN, Rule

_STYLE: Final = """
:root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --text: #1b2430; --soft: #5a6675;
  --line: #d9dee5; --code: #f0f2f5; --fail: #b3261e; --unknown: #8a5a00; --waived: #3a5fa0; --pass: #1a6f3c; }
@media (prefers-color-scheme: dark) { :root { --page: #12161c; --card: #1b212a; --text: #e4e9f0;
  --soft: #9aa7b6; --line: #313a46; --code: #242c37; --fail: #ff8a80; --unknown: #f0b75a; --waived: #8fb4f5;
  --pass: #6fd09a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; } p { margin: .25rem 0; }
.verdict { font-weight: 600; } .open { color: var(--pass); } .closed { color: var(--fail); }
.soft { color: var(--soft); } .small { font-size: .875rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(6rem, 1fr)); gap: .75rem; margin: 1.5rem 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem;
  margin: 0 0 1rem; }
.finding { border-left: .25rem solid var(--line); margin: .75rem 0 0; padding: .1rem 0 .1rem .75rem;
  overflow-wrap: anywhere; }
.finding.fail { border-color: var(--fail); } .finding.unknown { border-color: var(--unknown); }
.finding.waived { border-color: var(--waived); }
.badge { font-size: .75rem; font-weight: 700; letter-spacing: .03em; text-transform: uppercase; }
.badge.fail { color: var(--fail); } .badge.unknown { color: var(--unknown); } .badge.waived { color: var(--waived); }
code, pre { font: .875em/1.45 ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace; }
code { overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: .4rem; padding: .75rem; overflow-x: auto; margin: .5rem 0; }
summary { cursor: pointer; margin-top: .75rem; }
a { color: inherit; }
table { border-collapse: collapse; width: 100%; } .scroll { overflow-x: auto; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
@media print { body { background: none; } .card, .tile { break-inside: avoid; } }
"""


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """The verdict, the findings by family and rule with their reason and fix, and every rule with its counts."""
    summary = result.summary
    closed = bool(summary.failed or summary.unknown)
    rules = {entry.id: entry.rule for entry in catalogue}
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>Policy report: the gate is {'closed' if closed else 'open'}</title>",
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>",
        "<h1>Policy report</h1>",
        f'<p class="verdict {"closed" if closed else "open"}">The gate is {"closed" if closed else "open"}.</p>',
        f'<p class="soft">{summary.resources:,} resources seen, {summary.evaluated:,} evaluated by '
        f"{result.rules} rules.</p>",
        *(f'<p class="soft">Note: {escape(note)}</p>' for note in result.notes),
        '<div class="tiles">',
        *(
            f'<div class="tile"><b>{number:,}</b>{name}</div>'
            for name, number in (
                ("passed", summary.passed),
                ("failed", summary.failed),
                ("unknown", summary.unknown),
                ("waived", summary.waived),
            )
        ),
        "</div>",
    ]
    shown = [finding for finding in result.findings if finding.status != PASS]
    families = [*FAMILIES, *dict.fromkeys(f.family for f in shown if f.family not in FAMILIES)]
    for family in families:
        members = [finding for finding in shown if finding.family == family]
        if members:
            parts.append(f"<h2>{escape(family.capitalize())}</h2>")
        by_rule: dict[str, list[Finding]] = {}
        for finding in members:
            by_rule.setdefault(finding.rule, []).append(finding)
        parts += [_card(id, rules.get(id), findings) for id, findings in by_rule.items()]
    parts.append(_table(result, catalogue))
    if summary.uncovered_types:
        types = ", ".join(f"<code>{escape(type)}</code>" for type in summary.uncovered_types)
        parts.append(f"<h2>Types that no rule looks at</h2>\n<p>{types}</p>")
    parts.append("</main>\n</body>\n</html>")
    return "\n".join(parts) + "\n"


def _card(id: str, rule: Rule | None, findings: Sequence[Finding]) -> str:
    title = rule.title if rule else OWN_RULES.get(id, "")
    lines = [
        '<section class="card">',
        f'<h3>{escape(title)}</h3>\n<p class="soft small"><code>{escape(id)}</code> · {findings[0].severity}</p>',
    ]
    for finding in findings:
        place = f"{finding.file}:{finding.line}" if finding.line else finding.file
        construct = f" · construct <code>{escape(finding.construct)}</code>" if finding.construct else ""
        where = f'<p class="soft small"><code>{escape(place)}</code>{construct}</p>' if place else ""
        lines.append(
            f'<div class="finding {finding.status}"><span class="badge {finding.status}">{finding.status}</span> '
            f"<code>{escape(finding.address)}</code>\n<p>{escape(finding.message)}</p>{where}</div>"
        )
    if rule:
        controls = f'<p class="soft small">{escape("; ".join(rule.controls))}</p>' if rule.controls else ""
        lines.append(
            f"<details><summary>Why, and how to mend it</summary>\n<p>{escape(rule.why)}</p>\n"
            f"<pre>{escape(rule.fix.rstrip())}</pre>\n{controls}"
            f'<p class="small"><a href="{escape(rule.link)}" rel="noreferrer">AWS documentation</a></p></details>'
        )
    lines.append("</section>")
    return "\n".join(lines)


def _table(result: Result, catalogue: Sequence[Entry]) -> str:
    counts: dict[str, dict[str, int]] = {}
    for finding in result.findings:
        row = counts.setdefault(finding.rule, {})
        row[finding.status] = row.get(finding.status, 0) + 1
    rows = []
    for entry in catalogue:
        row = counts.get(entry.id, {})
        cells = "".join(
            f'<td class="number">{row.get(status, 0) or "–"}</td>' for status in (PASS, FAIL, UNKNOWN, WAIVED)
        )
        rows.append(
            f'<tr><td><code>{entry.id}</code><br><span class="soft small">{escape(entry.rule.title)}</span></td>'
            f"{cells}</tr>"
        )
    heads = "".join(f'<th class="number">{name}</th>' for name in ("pass", "fail", "unknown", "waived"))
    return (
        f'<h2>All rules</h2>\n<div class="scroll"><table>\n<tr><th>rule</th>{heads}</tr>\n'
        + "\n".join(rows)
        + "\n</table></div>"
    )
