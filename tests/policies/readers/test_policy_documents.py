from __future__ import annotations

import json
from typing import Any

import pytest

from policies.engine.values import Unknown
from policies.readers.policy_document import render

ACCOUNT = "arn:aws:iam::123456789012:root"
ASKED = Unknown("var.asked is not known")


@pytest.mark.parametrize(
    ("principals", "written"),
    [
        ([("*", ["*"])], "*"),
        ([("AWS", ["*"])], {"AWS": "*"}),
        ([("*", [ACCOUNT])], {"*": ACCOUNT}),
        ([("*", ["*", ACCOUNT])], {"*": ["*", ACCOUNT]}),
        ([("*", ["*"]), ("AWS", [ACCOUNT])], {"*": "*", "AWS": ACCOUNT}),
        ([("AWS", [ACCOUNT]), ("*", ["*"])], {"AWS": ACCOUNT, "*": "*"}),
    ],
)
def test_principals_are_everyone_only_alone(principals: list[tuple[str, list[str]]], written: Any) -> None:
    blocks = [{"type": kind, "identifiers": identifiers} for kind, identifiers in principals]
    document = json.loads(render({"statement": [{"principals": blocks}]}))
    assert document["Statement"] == [{"Effect": "Allow", "Principal": written}]


@pytest.mark.parametrize("identifiers", [ASKED, [ASKED]])
def test_a_principal_that_is_not_known_is_not_everyone(identifiers: Any) -> None:
    blocks = [{"type": "*", "identifiers": identifiers}]
    document = render({"statement": [{"principals": blocks}]})
    assert document.document["Statement"] == [{"Effect": "Allow", "Principal": {"*": ASKED}}]
