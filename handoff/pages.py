"""The pages of the bundle: what their templates, in `cloudmart_pages`, show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from cloudmart_pages import markup, render
from handoff.configuration import Json, address, construct, elements, tier
from handoff.costs import Estimate, Prices

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


@dataclass(frozen=True)
class Frame:
    """What all pages of a bundle share: the stack's name, the words at the foot, whether it has a page of changes."""

    stack: str
    footer: str
    changes: bool = False

    def page(self, file: str, heading: str = "", **values: Any) -> str:
        """A page of the set, by the name of its file; `heading` stands behind the stack's name."""
        return render(
            f"bundle/{file}",
            here=file,
            title=f"{self.stack}: {heading}" if heading else self.stack,
            footer=self.footer,
            pages=(*PAGES, *([CHANGES] if self.changes else [])),
            **values,
        )


def overview(
    frame: Frame,
    configuration: Json,
    picture: str,
    summary: Mapping[str, Any],
    estimate: Estimate,
    files: Sequence[tuple[str, str]],
) -> str:
    """The first page: what this is, the picture, and what lies where."""
    counted = Counter(tier(body) for kind, _, _, body in elements(configuration) if kind == "resource")
    return frame.page(
        "index.html",
        resources=counted.total(),
        tiers=sorted(counted.items()),
        picture=markup(picture),
        summary=summary,
        estimate=estimate,
        bound="≥ " if estimate.unknown else "",
        files=files,
    )


def resources(
    frame: Frame,
    configuration: Json,
    places: Mapping[str, str],
    findings: Sequence[Mapping[str, Any]],
    catalogue: Sequence[Any],
) -> str:
    """Every resource and data source: address, construct, source, and the rules that looked at it."""
    known = {entry.id for entry in catalogue}
    judged: dict[str, set[str]] = {}
    for finding in findings:
        # What the gate has of its own stands in no catalogue.
        if finding["rule"] in known:
            judged.setdefault(finding["address"], set()).add(finding["rule"])
    by_tier: dict[str, list[dict[str, Any]]] = {}
    for kind, terraform_type, name, body in elements(configuration):
        full = address(kind, terraform_type, name)
        own = judged.get(full, set())
        reading = {
            entry.id
            for entry in catalogue
            if kind == "resource" and terraform_type in (*entry.rule.types, *entry.rule.reads)
        }
        row = {
            "address": full,
            "construct": construct(body).partition("/")[2],
            "source": places.get(construct(body), ""),
            "judged": sorted(own),
            "read": sorted(reading - own),
        }
        by_tier.setdefault(tier(body), []).append(row)
    tiers = [(name, sorted(rows, key=itemgetter("address"))) for name, rows in sorted(by_tier.items())]
    return frame.page("resources.html", "resources", tiers=tiers)


def rules(frame: Frame, catalogue: Sequence[Any]) -> str:
    """The catalogue of rules, by family."""
    families: dict[str, list[Any]] = {}
    for entry in catalogue:
        families.setdefault(entry.rule.family, []).append(entry)
    return frame.page("rules.html", "rules", number=len(catalogue), families=list(families.items()))


def interface(frame: Frame, configuration: Json) -> str:
    """The variables and outputs."""
    settings = configuration["terraform"]
    return frame.page(
        "interface.html",
        "inputs and outputs",
        inputs=sorted(configuration.get("variable", {}).items()),
        outputs=[
            (name, body["description"], ", ".join(_value(body["value"])))
            for name, body in sorted(configuration.get("output", {}).items())
        ],
        version=settings["required_version"],
        providers=settings["required_providers"].items(),
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


def contract(frame: Frame, configuration: Json, meaning: Mapping[str, str]) -> str:
    """What the backend is told, read from the user data of its instances, and what it has to do."""
    found = re.search(
        r"/backend\.env\n(?:    .*\n)*?    content: \|\n((?:      .*\n)+)",
        str(configuration["locals"]["backend_user_data"]),
    )
    told = [line.strip().partition("=") for line in found[1].splitlines()] if found else []
    users = configuration["resource"].get("aws_elasticache_user", {})
    return frame.page(
        "contract.html",
        "the backend's contract",
        told=[
            (
                name,
                value.removeprefix("${").removesuffix("}") if value.count("${") == 1 else value,
                meaning.get(name, "one of the settings' own (backend.environment)"),
            )
            for name, _, value in told
        ],
        duties=DUTIES,
        access_string=users["backend"]["access_string"] if "backend" in users else "",
    )


def _value(value: Any) -> list[str]:
    return [
        str(one).removeprefix("${").removesuffix("}")
        for one in (value if isinstance(value, list) else [value])
    ]


def costs(frame: Frame, handed: Estimate, variants: Sequence[tuple[str, Estimate]], prices: Prices) -> str:
    """The cost view: by tier, with the switches side by side, by resource, and the course's figure."""
    used = {line.item for _, one in (("", handed), *variants) for line in one.lines}
    items = {line.item.partition(".")[0] for line in handed.lines}
    return frame.page(
        "costs.html",
        "costs",
        handed=handed,
        prices=prices,
        variants=(("as handed over", handed), *variants),
        unclear=any(one.difference(handed) is None for _, one in variants),
        lines=sorted(
            handed.lines, key=lambda one: (one.monthly is not None, -(one.monthly or 0), one.address)
        ),
        seed=prices.seed,
        seed_hourly=sum(one["count"] * one["price"] for one in prices.seed["item"]),
        left_out=[words for item, words in _LEFT_OUT if item in items],
        used=[one for one in prices.prices.values() if one.item in used],
    )


# What the course's figure has nothing of, by the first word of its item.
_LEFT_OUT = (
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
