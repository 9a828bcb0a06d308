"""The pages: plain HTML with its style inside, no script, nothing fetched from anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from handoff.configuration import Json, address, construct, elements, tier
from handoff.costs import Estimate, Prices

STYLE = """
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--text:#1b2430;--soft:#5a6675;--line:#d9dee5;
--code:#eef1f4;--link:#0a58ca;--bad:#b3261e;--warn:#8a5a00;--good:#1a6f3c}
@media (prefers-color-scheme:dark){:root{--page:#12161c;--card:#1b212a;--text:#e4e9f0;--soft:#9aa7b6;
--line:#313a46;--code:#242c37;--link:#8ab4ff;--bad:#ff8a80;--warn:#f0b75a;--good:#6fd09a}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--text);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
header{background:var(--card);border-bottom:1px solid var(--line)}
header nav,main,footer{max-width:68rem;margin:0 auto;padding:0 1rem}
header nav{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;padding-top:.7rem;padding-bottom:.7rem}
header a{color:var(--soft);text-decoration:none;padding:.15rem 0}header a:hover{text-decoration:underline}
header a[aria-current]{color:var(--text);font-weight:600}
main{padding-top:1.5rem;padding-bottom:3rem}h1{font-size:1.65rem;line-height:1.25;margin:.2rem 0 .4rem}
h2{font-size:1.2rem;margin:2.4rem 0 .6rem}h3{font-size:1rem;margin:1.4rem 0 .4rem}p{margin:.5rem 0;max-width:50rem}
a{color:var(--link)}.soft{color:var(--soft)}.small{font-size:.875rem}.bad{color:var(--bad)}.warn{color:var(--warn)}
.good{color:var(--good)}code,pre{font:.86em/1.5 ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",monospace}
code{background:var(--code);border-radius:.25rem;padding:.05rem .25rem;overflow-wrap:break-word}
pre{background:var(--code);border-radius:.4rem;padding:.75rem;overflow-x:auto;margin:.5rem 0}
pre code{padding:0;background:none;overflow-wrap:normal}
table{border-collapse:collapse;width:100%;background:var(--card)}
th,td{text-align:left;padding:.4rem .7rem;border-bottom:1px solid var(--line);vertical-align:top}
th{font-size:.85rem;color:var(--soft)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:.5rem;margin:.75rem 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:1.2rem 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem}
.tile b{display:block;font-size:1.4rem;line-height:1.3;font-variant-numeric:tabular-nums}
.picture{overflow-x:auto;border:1px solid var(--line);border-radius:.5rem;margin:1rem 0}
.picture svg{display:block;width:100%;min-width:44rem;height:auto}
.contents{columns:2;padding-left:1.2rem}section{scroll-margin-top:1rem}
footer{padding-top:1rem;padding-bottom:2rem;color:var(--soft);font-size:.875rem}
@media (max-width:40rem){.contents{columns:1}table.cards thead{display:none}
table.cards,table.cards tbody,table.cards tr,table.cards td{display:block;width:100%}
table.cards tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
table.cards td{border:0;padding:.15rem .8rem;text-align:left;white-space:normal}
table.cards td::before{content:attr(data-label);display:block;font-size:.75rem;color:var(--soft)}
table.cards td:empty{display:none}}
@media print{header{display:none}body{background:none}}
"""

PAGES = (
    ("index.html", "Overview"),
    ("resources.html", "Resources"),
    ("../policy/report.html", "Policy report"),
    ("rules.html", "Rules"),
    ("interface.html", "Inputs and outputs"),
    ("contract.html", "Backend's contract"),
    ("runbook.html", "Runbook"),
    ("costs.html", "Costs"),
)
CHANGES = ("changes.html", "Changes")


def page(name: str, title: str, body: str, stamp: str, *, changes: bool) -> str:
    """A page of the set: its navigation, title and footer around a body."""
    links = "".join(
        f'<a href="{target}"{" aria-current=" + chr(34) + "page" + chr(34) if target == name else ""}>{words}</a>'
        for target, words in (*PAGES, *([CHANGES] if changes else []))
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>{STYLE.strip()}</style>\n</head>\n<body>\n"
        f'<header><nav aria-label="Pages">{links}</nav></header>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n'
        f"<footer>{escape(stamp)}</footer>\n</body>\n</html>\n"
    )


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = (), cards: bool = True
) -> str:
    """A table whose cells are HTML already; on a phone each row becomes a card."""

    def cell(tag: str, position: int, text: str, label: str = "") -> str:
        kind = ' class="n"' if position in numbers else ""
        return f"<{tag}{kind}{label}>{text}</{tag}>"

    head = "".join(cell("th", n, escape(words)) for n, words in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(cell("td", n, text, f' data-label="{escape(heads[n])}"') for n, text in enumerate(row))
        + "</tr>\n"
        for row in rows
    )
    kind = ' class="cards"' if cards else ""
    return f'<div class="scroll"><table{kind}><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>'


def code(text: str) -> str:
    """A word of code, which may be broken where its parts meet."""
    return f"<code>{re.sub(r'(?<=[/_.:])(?=.)', '<wbr>', escape(text))}</code>"


def tiles(pairs: Iterable[tuple[str, str]]) -> str:
    """Figures side by side."""
    return (
        '<div class="tiles">'
        + "".join(
            f'<div class="tile"><b>{escape(figure)}</b>{escape(words)}</div>' for figure, words in pairs
        )
        + "</div>"
    )


def overview(
    configuration: Json,
    picture: str,
    summary: Mapping[str, Any],
    estimate: Estimate,
    files: Sequence[tuple[str, str]],
) -> str:
    """The first page: what this is, the picture, and what lies where."""
    counted: dict[str, int] = {}
    for kind, _, _, body in elements(configuration):
        if kind == "resource":
            counted[tier(body)] = counted.get(tier(body), 0) + 1
    lower = "≥ " if estimate.unknown else ""
    figures = [
        (str(sum(counted.values())), f"resources in {len(counted)} tiers"),
        (str(summary["passed"]), "policy findings passed"),
        (str(summary["failed"] + summary["unknown"]), "failed or unknown"),
        (str(summary["waived"]), "waived"),
        (f"{lower}${estimate.monthly:,.0f}", "a month, standing still"),
    ]
    tiers = table(
        ("Tier", "Resources"),
        ([escape(name), str(n)] for name, n in sorted(counted.items())),
        (1,),
        cards=False,
    )
    listing = table(("In this folder", "What it is"), ([code(name), _inline(words)] for name, words in files))
    return (
        "<p>Everything that runs this stack with Terraform or OpenTofu alone: the configuration as HCL and as JSON, "
        "the verdict of its policies, what it costs, and what to do with it.</p>"
        + tiles(figures)
        + "<h2>Architecture</h2><p>Solid arrows are the flows that the security groups, routes and subnets allow, as "
        "the policies derive them; there are no others. Dashed arrows are CloudFront's origins. Each flow is drawn "
        "within its zone, and crosses zones all the same. The load balancer answers whoever finds its name, not only "
        "CloudFront: what is refused for a request's sake is refused there too. Not drawn are the S3 endpoint that "
        "packages come by, the firewall before the load balancer, keys, secrets, logs and backups.</p>"
        f'<div class="picture" tabindex="0">{picture}</div>'
        f"<h2>Contents</h2>{listing}<h2>Tiers</h2>{tiers}"
    )


def resources(
    configuration: Json,
    places: Mapping[str, str],
    findings: Sequence[Mapping[str, Any]],
    catalogue: Sequence[Any],
) -> str:
    """Every resource and data source: address, construct, source, and the rules that looked at it."""
    judged: dict[str, set[str]] = {}
    for finding in findings:
        judged.setdefault(finding["address"], set()).add(finding["rule"])
    by_tier: dict[str, list[list[str]]] = {}
    for kind, terraform_type, name, body in elements(configuration):
        full = address(kind, terraform_type, name)
        own = judged.get(full, set())
        reading = {
            entry.id
            for entry in catalogue
            if kind == "resource" and terraform_type in (*entry.rule.types, *entry.rule.reads)
        } - own
        looked = [f'<a href="rules.html#{one}">{one}</a>' for one in sorted(own)]
        looked += [f'<a class="soft" href="rules.html#{one}">{one}</a>' for one in sorted(reading)]
        row = [
            code(full),
            code(construct(body).partition("/")[2]),
            code(places.get(construct(body), "")),
            " ".join(looked) or '<span class="soft">none asks about this type</span>',
        ]
        by_tier.setdefault(tier(body), []).append(row)
    contents = "".join(
        f'<li><a href="#{name}">{name}</a> ({len(rows)})</li>' for name, rows in sorted(by_tier.items())
    )
    return (
        "<p>The construct is the path in the generator's tree, the source the line of the generator that makes it. "
        "Rules in the colour of links gave a verdict about the resource; those in grey read it to judge another.</p>"
        f'<ul class="contents">{contents}</ul>'
        + "".join(
            f'<section id="{name}"><h2>{name}</h2>'
            + table(("Address", "Construct", "Source", "Rules that looked at it"), sorted(rows))
            + "</section>"
            for name, rows in sorted(by_tier.items())
        )
    )


def rules(catalogue: Sequence[Any]) -> str:
    """The catalogue of rules, by family."""
    families: dict[str, list[Any]] = {}
    for entry in catalogue:
        families.setdefault(entry.rule.family, []).append(entry)
    parts = [
        f"<p>{len(catalogue)} rules in {len(families)} families. The gate and Checkov run the same ones.</p>"
    ]
    for family, entries in families.items():
        parts.append(f"<h2>{escape(family)}</h2>")
        for entry in entries:
            rule = entry.rule
            controls = (
                f'<p class="small soft">{escape("; ".join(rule.controls))}</p>' if rule.controls else ""
            )
            parts.append(
                f'<section id="{entry.id}"><h3>{escape(rule.title)}</h3>'
                f'<p class="small">{code(entry.id)} <span class="soft">severity {escape(rule.severity)}</span></p>'
                f"<p>{_inline(rule.why)}</p>{controls}"
                f'<pre tabindex="0"><code>{escape(rule.fix.strip())}</code></pre>'
                f'<p class="small"><a href="{escape(rule.link)}">AWS documentation</a></p></section>'
            )
    return "".join(parts)


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def interface(configuration: Json) -> str:
    """The variables and outputs."""
    inputs = [
        [
            code(name),
            code(str(body["type"])),
            escape(body["description"]),
            code(str(body["default"])) if "default" in body else "required",
        ]
        for name, body in sorted(configuration.get("variable", {}).items())
    ]
    outputs = [
        [code(name), escape(body["description"]), code(", ".join(_value(body["value"])))]
        for name, body in sorted(configuration.get("output", {}).items())
    ]
    settings = configuration["terraform"]
    providers = [
        [code(name), code(body["source"]), code(body["version"])]
        for name, body in settings["required_providers"].items()
    ]
    return (
        "<h2>Inputs</h2><p>Set them in <code>terraform.tfvars</code> beside the configuration.</p>"
        + table(("Variable", "Type", "What it is", "Default"), inputs)
        + "<h2>Outputs</h2><p><code>terraform output</code> prints them all, "
        "<code>terraform output -raw NAME</code> one.</p>"
        + table(("Output", "What it is", "Value"), outputs)
        + f"<h2>Needs</h2><p>Terraform or OpenTofu {code(settings['required_version'])}, and:</p>"
        + table(("Provider", "Source", "Version"), providers)
    )


# What the backend does beyond reading its variables.
DUTIES = (
    (
        "Sign in anew for each connection",
        "RDS changes the password every seven days, an IAM token is good for fifteen minutes, and ElastiCache ends a "
        "session that was signed in with one after twelve hours. Ask for the secret, or make the token, whenever a "
        "connection is opened, and open another one when one is closed. Keep neither.",
    ),
    (
        "Trust no certificate but the right one",
        "Check the chain and the name of the database's certificate with the file that is named, and Redis's with the "
        "system's. `rejectUnauthorized: false` lets anybody in between pose as the database.",
    ),
    (
        "Live through a failover",
        "For a minute or two connections break and new ones time out. Answer with 503, try again with pauses, and "
        "never leave the process: the group would replace every instance at once.",
    ),
    (
        "Stay healthy without the stores",
        "The health check says whether this instance can serve, not whether the database can: one that asks the "
        "database has every instance replaced in a failover.",
    ),
    (
        "Stop in order",
        "On SIGTERM take no new connection, finish what is under way and end within thirty seconds.",
    ),
    (
        "Serve `/api/*` and the health check, and nothing else",
        "CloudFront sends `/api/*`, as it stands, and nothing of the rest. Bodies above 8 KB come through below "
        "`/api/` alone.",
    ),
    (
        "Write to standard output",
        "It goes to the log group of the backend, a line an event; no secrets, no tokens.",
    ),
    (
        "Ask Redis for what its access string allows",
        "Administration and dangerous commands (`KEYS`, `FLUSHALL`, `CONFIG`) are refused; `SCAN` does what `KEYS` "
        "did.",
    ),
)


def contract(configuration: Json, meaning: Mapping[str, str]) -> str:
    """What the backend is told, read from the user data of its instances, and what it has to do."""
    found = re.search(
        r"/backend\.env\n(?:    .*\n)*?    content: \|\n((?:      .*\n)+)",
        str(configuration["locals"]["backend_user_data"]),
    )
    told = [line.strip().partition("=") for line in found[1].splitlines()] if found else []
    rows = [
        [
            code(name),
            code(value.removeprefix("${").removesuffix("}") if value.count("${") == 1 else value),
            _inline(meaning.get(name, "one of the settings' own (backend.environment)")),
        ]
        for name, _, value in told
    ]
    users = configuration["resource"].get("aws_elasticache_user", {})
    access = (
        f"<p>Its user's access string is {code(users['backend']['access_string'])}.</p>"
        if "backend" in users
        else ""
    )
    return (
        "<p>The container runs with these variables, and with the role of its instance as its only identity. The "
        "page is "
        "made from the user data that instances start with.</p>"
        + table(("Variable", "Value", "What the backend does with it"), rows)
        + "<h2>What it must do</h2>"
        + "".join(f"<h3>{_inline(title)}</h3><p>{_inline(words)}</p>" for title, words in DUTIES)
        + access
        + "<p>A backend that does all of it, in Node, with nothing else in it, is the generator's "
        "<code>examples/backend/</code>.</p>"
    )


def _value(value: Any) -> list[str]:
    return [
        str(one).removeprefix("${").removesuffix("}")
        for one in (value if isinstance(value, list) else [value])
    ]


def costs(handed: Estimate, variants: Sequence[tuple[str, Estimate]], prices: Prices) -> str:
    """The cost view: by tier, with the switches side by side, by resource, and the course's figure."""
    lower = "≥ " if handed.unknown else ""
    parts = [
        f"<p>What AWS charges in {code(prices.region)} for the stack standing there, before tax, without free tier, "
        f"discounts or commitments; {prices.hours_per_month} hours a month. What depends on use is named below and in "
        "no sum. Prices come from <code>handoff/prices.toml</code>, each with its date and source.</p>",
        tiles(
            (
                (f"{lower}${handed.hourly:,.4f}", "an hour"),
                (f"{lower}${handed.monthly:,.2f}", "a month"),
                (str(len(handed.unknown)), "without a known price"),
            )
        ),
    ]
    if handed.unknown:
        parts.append(
            '<p class="warn">The sums are lower bounds: no public source was found for '
            + ", ".join(code(one) for one in handed.unknown)
            + ", so nothing is added for it.</p>"
        )
    parts.append(
        "<h2>The switches</h2><p>The same settings with one switch turned, synthesized and counted again.</p>"
    )
    parts.append(
        table(
            ("Variant", "An hour", "A month", "Difference a month", "Without a price"),
            (
                [
                    escape(words),
                    f"{_bound(one)}${one.hourly:,.4f}",
                    f"{_bound(one)}${one.monthly:,.2f}",
                    _difference(one, handed),
                    escape(", ".join(one.unknown)) or "none",
                ]
                for words, one in (("as handed over", handed), *variants)
            ),
            (1, 2, 3),
        )
    )
    if any(one.difference(handed) is None for _, one in variants):
        parts.append(
            '<p class="warn small">A difference that hangs on a price which is not known is not shown. '
            "<code>make prices</code> fetches them from AWS's public price lists.</p>"
        )
    sums = handed.by_tier()
    parts.append("<h2>By tier</h2>")
    parts.append(
        table(
            ("Tier", "An hour", "A month", "Share"),
            (
                [
                    escape(name),
                    f"${sum_ / prices.hours_per_month:,.4f}",
                    f"${sum_:,.2f}",
                    f"{sum_ / handed.monthly:.0%}" if handed.monthly else "",
                ]
                for name, sum_ in sums.items()
            ),
            (1, 2, 3),
            cards=False,
        )
    )
    parts.append("<h2>By resource</h2>")
    parts.append(
        table(
            ("Resource", "Tier", "Item", "Quantity", "An hour", "A month", "Note"),
            (
                [
                    code(line.address),
                    escape(line.tier),
                    code(line.item),
                    f"{line.quantity:g}",
                    "unknown" if line.monthly is None else f"${line.monthly / prices.hours_per_month:,.4f}",
                    "unknown" if line.monthly is None else f"${line.monthly:,.2f}",
                    escape(line.note),
                ]
                for line in sorted(
                    handed.lines, key=lambda one: (one.monthly is not None, -(one.monthly or 0), one.address)
                )
            ),
            (3, 4, 5),
        )
    )
    parts.append(_seed(prices, handed))
    parts.append("<h2>By use, in no sum</h2>")
    parts.append(
        table(
            ("What", "Unit", "Price"),
            (
                [
                    escape(one["item"]),
                    escape(one["unit"]),
                    f"${one['price']:g}" if "price" in one else "unknown",
                ]
                for one in prices.use
            ),
            (2,),
        )
    )
    used = {line.item for _, one in (("", handed), *variants) for line in one.lines}
    parts.append("<h2>Prices and their sources</h2>")
    parts.append(
        table(
            ("Item", "Usage type", "Price", "Unit", "Date", "Source"),
            (
                [
                    code(one.item),
                    code(one.usage_type),
                    "unknown" if one.price is None else f"${one.price:g}",
                    one.unit,
                    str(one.date or ""),
                    escape(one.source),
                ]
                for one in prices.prices.values()
                if one.item in used
            ),
            (2,),
        )
    )
    parts.append(
        "<ul class='small'>"
        + "".join(f"<li>{code(name)}: {escape(text)}</li>" for name, text in prices.sources.items())
        + "</ul>"
    )
    return "".join(parts)


def _bound(estimate: Estimate) -> str:
    return "≥ " if estimate.unknown else ""


def _difference(one: Estimate, handed: Estimate) -> str:
    more = one.difference(handed)
    return "not known" if more is None else _signed(more)


def _signed(amount: float) -> str:
    return "" if abs(amount) < 0.005 else f"{'+' if amount > 0 else '−'}${abs(amount):,.2f}"


def _seed(prices: Prices, handed: Estimate) -> str:
    """The figure that the design's course gives, taken apart."""
    seed = prices.seed
    rows = [
        [
            escape(one["what"]),
            str(one["count"]),
            f"${one['price']:.3f}",
            f"${one['count'] * one['price']:.3f}",
        ]
        for one in seed["item"]
    ]
    total = sum(one["count"] * one["price"] for one in seed["item"])
    rows.append(["<b>Sum</b>", "", "", f"<b>${total:.3f}</b>"])
    items = {line.item.partition(".")[0] for line in handed.lines}
    missing = [
        words
        for item, words in (
            ("nat_gateway", "the second NAT gateway: the figure has one, the design two"),
            ("database", "the database's standby (Multi-AZ doubles the instance and its storage)"),
            ("cache", "the cache's replica"),
            ("database_storage_gb", "the database's storage"),
            ("volume_gb", "the instances' volumes"),
            ("public_ipv4", "public IPv4 addresses, which AWS has charged for since February 2024"),
            ("interface_endpoint_zone", "interface endpoints"),
            ("web_acl", "WAF"),
            ("kms_key", "KMS keys"),
            ("secret", "the managed secret"),
            ("alarm", "alarms and the dashboard"),
        )
        if item in items
    ]
    return (
        f"<h2>The course's ${seed['hourly']:g} an hour</h2>"
        f"<p>The design this stack comes from gives ${seed['hourly']:g} an hour, ${seed['monthly']:g} a month of "
        f"{seed['hours_per_month']} hours. Its own breakdown, with prices near those of us-east-1:</p>"
        + table(("Item", "Count", "An hour each", "An hour"), rows, (1, 2, 3))
        + f"<p>{total:.3f} × {seed['hours_per_month']} hours = ${total * seed['hours_per_month']:,.2f}. "
        "What it leaves out:</p><ul>"
        + "".join(f"<li>{escape(one)}</li>" for one in missing)
        + "<li>data: transfer, what NAT gateway, load balancer and endpoints process, logs, requests</li></ul>"
        + f'<p class="small soft">Source: {escape(prices.sources[seed["source"]])}.</p>'
    )
