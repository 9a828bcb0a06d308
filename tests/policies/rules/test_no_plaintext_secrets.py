"""Secrets where no resource stands: the tables have one root for all cases, and providers belong to roots."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.engine import judging
from policies.engine.catalogue import load
from policies.engine.parameters import load as parameters
from policies.readers import read

RULE = "CM_NO_PLAINTEXT_SECRETS"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ('secret_key = "swordfish-of-the-day"', ["fail"]),
        # What LocalStack and the provider's own pages write where there is no account.
        ('access_key = "mock_access_key"\n  secret_key = "mock_secret_key"', []),
        ('access_key = "test"\n  secret_key = "test"', []),
        ("secret_key = var.key", []),
    ],
)
def test_keys_of_a_provider(tmp_path: Path, arguments: str, status: list[str]) -> None:
    text = f'variable "key" {{}}\nprovider "aws" {{\n  {arguments}\n}}\nresource "aws_sqs_queue" "a" {{}}\n'
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    found = judging.judge([read(tmp_path)], load(), parameters()).findings
    assert [one.status for one in found if one.rule == RULE and one.address == "provider.aws"] == status
