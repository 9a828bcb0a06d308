"""The generated page of rules is current."""

from __future__ import annotations

from pathlib import Path

from policies.engine import catalogue
from policies.reports import catalogue_page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "rules.md"


def test_the_page_of_rules_is_what_make_docs_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == catalogue_page.markdown(catalogue.load()), "run make docs"


def test_the_page_holds_every_rule_with_its_fix() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for entry in catalogue.load():
        assert f"### {entry.id}\n" in text
        assert entry.rule.fix.rstrip() in text
