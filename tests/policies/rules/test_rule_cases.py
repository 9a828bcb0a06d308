"""Every case of every rule, in HCL and in Terraform JSON; plans and Checkov have tests of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_cases import Case, as_json, cases, judged, tables, write_hcl, write_json

from policies.engine import catalogue
from policies.engine.verdicts import FAIL, PASS, UNKNOWN

RULES = [entry.id.removeprefix("CM_").lower() for entry in catalogue.load()]
CASES = [case for rule in tables() for case in cases(rule)]


def test_every_rule_has_a_table_and_every_table_a_rule() -> None:
    assert tables() == sorted(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_table_shows_a_pass_a_fail_and_an_unknown(rule: str) -> None:
    shown = {status for case in cases(rule) for status in case.expected.values()}
    assert shown == {PASS, FAIL, UNKNOWN}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_hcl(case: Case, tmp_path: Path) -> None:
    assert judged(case.rule, write_hcl(case, tmp_path)) == case.expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_json(case: Case, tmp_path: Path) -> None:
    assert judged(case.rule, write_json(case, tmp_path)) == case.expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_json_with_single_blocks_not_in_lists(case: Case, tmp_path: Path) -> None:
    assert judged(case.rule, write_json(case, tmp_path, compact=True)) == case.expected


@pytest.mark.parametrize(
    ("hcl", "json"),
    [
        ('a = "x"', "x"),
        ('a = "say \\"hi\\"\\n"', 'say "hi"\n'),
        ('a = "${b}-${c["d"]}"', '${b}-${c["d"]}'),
        ("a = b.c[0]", "${b.c[0]}"),
        ("a = <<-EOT\n  one\n    two\nEOT", "one\n  two\n"),
        ('a = <<EOT\n  say "hi" to ${b}\nEOT', '  say "hi" to ${b}\n'),
        ('a = { "k" = [1, true, null] }', {"k": [1, True, None]}),
    ],
)
def test_the_cases_become_the_json_that_terraform_documents(hcl: str, json: object) -> None:
    """Source: https://developer.hashicorp.com/terraform/language/syntax/json"""
    assert as_json(f"locals {{\n{hcl}\n}}\n") == {"locals": {"a": json}}
