"""One Chromium for all pages, and the pages: of a bundle, reports, and plans of a real stack at the mock provider."""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stacks import settings_values

from handoff import changes, costs, pages, runbook, svg, topology
from handoff.bundle import CONTENTS
from mock_provider import runner
from pipeline import cost, page, summary
from policies import reports
from policies.engine import catalogue
from policies.engine.judging import Finding, Result
from settings import contract
from settings.reader import parse
from synthesis import app

CATALOGUE = catalogue.load()
STATUSES = ("fail", "unknown", "waived", "pass")
HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> \u202e \x1b[31m ::error::x " + "long" * 200
)
UNPROTECTED = {"database": {"deletion_protection": False}, "load_balancer": {"deletion_protection": False}}
CHANGED = {
    "database": {"deletion_protection": False, "name": "shop", "storage_gb": 40},
    "load_balancer": {"deletion_protection": False},
    "network": {"availability_zones": ["a", "c"], "interface_endpoints": True},
    "backend": {"instance_type": "t3.medium"},
}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser, where there is one."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("there is no Chromium on the path: no page is looked at in a browser")
    from playwright.sync_api import sync_playwright

    # Chromium refuses to run as root in its own sandbox.
    words = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=words)
        yield browser
        browser.close()


def findings(address: str, message: str, file: str) -> tuple[Finding, ...]:
    """A finding of each kind, of two rules of the catalogue and of one that the gate has of its own."""
    return tuple(
        Finding(rule, family, "high", status, address, message, file, 3, address)
        for rule, family in (
            (CATALOGUE[0].id, CATALOGUE[0].rule.family),
            (CATALOGUE[-1].id, CATALOGUE[-1].rule.family),
            ("CM_WAIVER", "waivers"),
        )
        for status in STATUSES
    )


@pytest.fixture(scope="session")
def bundle(stack_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a bundle, as they lie in it, with a page of changes and the gate's report."""
    folder = tmp_path_factory.mktemp("bundle")
    configuration = json.loads(stack_file("prod").read_text(encoding="utf-8"))
    other = json.loads(stack_file("three_zones").read_text(encoding="utf-8"))
    # Rows that are all alike tell the browser nothing new, and cost it seconds.
    some_types = ("aws_db_instance", "aws_lb", "aws_subnet", "aws_iam_role", "aws_sns_topic")
    fewer = {"resource": {name: configuration["resource"][name] for name in some_types}}
    frame = pages.Frame("cloudmart-prod", "cloudmart-prod, from a test", changes=True)
    prices = costs.load()
    estimate = costs.estimate(configuration, prices)
    picture = svg.svg(topology.topology(stack_file("prod").parent))
    found = findings("aws_db_instance.main", "it is so", "terraform-json/cdk.tf.json")
    fields = [{name: getattr(one, name) for name in Finding.__slots__} for one in found]
    counted = {"passed": 3, "failed": 3, "unknown": 3, "waived": 3}
    variants = [("three zones", costs.estimate(other, prices))]
    some = (
        changes.Change("aws_db_instance.main", "replace", (("db_name", "cloudmart", "shop"),), ("db_name",)),
        changes.Change("aws_kms_key.database", "remove", (), ()),
        changes.Change("aws_sns_topic.alarms", "add", (), ()),
        changes.Change("aws_lb.main", "change", (("idle_timeout", "60", "90"), ("name", "a", "b")), ()),
    )
    moves = (("aws_subnet.a", "aws_subnet.public_a"),)
    comparison = changes.Comparison("earlier", some, moves, some, (("url", "create"),), "1.11.4")
    written = {
        "pages/index.html": pages.overview(frame, configuration, picture, counted, estimate, CONTENTS),
        "pages/resources.html": pages.resources(frame, fewer, {}, fields, CATALOGUE),
        "pages/rules.html": pages.rules(frame, CATALOGUE),
        "pages/interface.html": pages.interface(frame, configuration),
        "pages/contract.html": pages.contract(frame, configuration, contract.MEANING),
        "pages/runbook.html": runbook.html(frame, runbook.runbook(configuration)),
        "pages/costs.html": pages.costs(frame, estimate, variants, prices),
        "pages/changes.html": changes.page(frame, comparison),
        "policy/report.html": reports.render(
            "html", Result(found, 12, 9, 3, ("aws_vpc", "aws_eip"), ("by the gate's own readers",)), CATALOGUE
        ),
    }
    for name, text in written.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Any]]:
    """Plans as `terraform show -json` writes them, each with its configuration: of an account with nothing in it, of a
    stack whose zone, database and machines are others, of one that stays, and of its end."""
    folder = tmp_path_factory.mktemp("plans")

    def synthesized(name: str, values: dict[str, Any]) -> Path:
        settings, complaints = parse(settings_values("prod", values))
        assert settings is not None, complaints
        return app.environment(settings, folder / name).file.parent

    def terraform(where: Path, *words: str) -> str:
        done = runner.run(
            words, cwd=where, state=folder / "state", backend="local", capture=True, announce=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    def planned(name: str, where: Path, *words: str) -> tuple[Any, Any]:
        file = folder / f"{name}.tfplan"
        terraform(where, "plan", "-input=false", f"-out={file}", *words)
        return json.loads(terraform(where, "show", "-json", str(file))), json.loads(
            (where / "cdk.tf.json").read_text(encoding="utf-8")
        )

    first, other = synthesized("first", UNPROTECTED), synthesized("other", CHANGED)
    made = {"first": planned("first", first)}
    terraform(first, "apply", "-input=false", str(folder / "first.tfplan"))
    made["change"] = planned("change", other)
    # The two others as Terraform would tell them, without planning twice more: all of it stays, and all of it goes.
    still, gone = (copy.deepcopy(made["change"][0]) for _ in range(2))
    standing = [one for one in still["resource_changes"] if one["change"]["actions"] != ["create"]]
    for one in standing:
        one["change"] |= {"actions": ["no-op"], "after": one["change"]["before"], "after_unknown": {}}
        one["change"].pop("replace_paths", None)
        one.pop("action_reason", None)
    ends = [{**one, "change": {**one["change"], "actions": ["delete"], "after": None}} for one in standing]
    whole = {"configuration": made["first"][0]["configuration"], "output_changes": {}}
    still |= {**whole, "planned_values": still["prior_state"]["values"], "resource_changes": standing}
    gone |= {**whole, "planned_values": {"root_module": {}}, "resource_changes": ends}
    return {**made, "nothing": (still, made["first"][1]), "destroy": (gone, made["first"][1])}


def page_of(
    plan: Any, configuration: Any, former: Any, shown: tuple[Finding, ...] = (), note: str = "a note"
) -> str:
    """The page of a plan, with the gate's findings; `former` is the configuration that stands."""
    tiers = summary.tiers_of(former) | summary.tiers_of(configuration)
    told = summary.summarize(plan, tiers, summary.configured_in(configuration))
    costing = cost.of(plan, configuration, tiers, costs.load())
    gate = json.loads(reports.render("json", Result(shown, 9, 9, 3, ()), CATALOGUE))
    return page.html("Plan for prod", plan, told, gate, costing, cost_line=costing.line, notes=[note])


@pytest.fixture(scope="session")
def plan_pages(plans: dict[str, tuple[Any, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the plans, one of them with what the gate found, and one of a plan that means harm."""
    folder = tmp_path_factory.mktemp("plan-pages")
    former = plans["first"][1]
    waived = findings("aws_db_instance.main", "it is so (waived)", "plan.json")
    texts = {name: page_of(*made, former, waived if name == "change" else ()) for name, made in plans.items()}
    evil = json.loads(json.dumps(plans["change"][0]))
    for one in evil["resource_changes"]:
        if one["change"]["actions"] == ["update"]:
            one["address"] = f'{one["type"]}.{one["name"]}["{HOSTILE}"]'
            one["change"]["after"] = {**one["change"]["after"], "hostile": HOSTILE}
    texts["hostile"] = page_of(evil, plans["change"][1], former, findings(HOSTILE, HOSTILE, HOSTILE), HOSTILE)
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    report = reports.render(
        "html", Result(findings(HOSTILE, HOSTILE, HOSTILE), 12, 9, 3, (HOSTILE,), (HOSTILE,)), CATALOGUE
    )
    (folder / "report.html").write_text(report, encoding="utf-8")
    return folder
