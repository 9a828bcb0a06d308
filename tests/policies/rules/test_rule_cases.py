"""Every case of every rule, in HCL and in Terraform JSON; plans and Checkov have tests of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_cases import TABLES

from policies.engine import catalogue
from policies.testing import Trial, as_json, trials


@pytest.mark.parametrize("trial", trials(catalogue.FOLDER, TABLES), ids=str)
def test_case(trial: Trial, tmp_path: Path) -> None:
    trial.run(tmp_path)


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
