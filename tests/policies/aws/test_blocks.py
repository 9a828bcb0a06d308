"""Each block that a rule asks for is known as one that the provider fills in, or as one that it does not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rule_plans import PLANNED, lay_out

from mock_provider import schema
from policies.aws import blocks
from policies.engine import catalogue, judging, parameters
from policies.engine.model import View
from policies.readers import read


def known_to(terraform_type: str, path: str) -> bool:
    """A block below one that the provider fills in is filled in with it."""
    found = blocks.CONFIGURED.get(terraform_type, frozenset()) | blocks.FILLED_IN.get(
        terraform_type, frozenset()
    )
    return path in found or any(
        path.startswith(f"{above}.") for above in blocks.FILLED_IN.get(terraform_type, frozenset())
    )


def test_each_block_that_a_rule_asks_for_is_classified(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known = schema.load()
    types = set(known.types("resource"))
    asked = set()

    def watch(name: str) -> None:
        ask = getattr(View, name)

        def asks(view: View, path: str | Sequence[Any]) -> Any:
            if view.resource.mode == "managed" and view.resource.type in types:
                steps = [view.path, path] if isinstance(path, str) else [view.path, *path]
                whole = re.sub(
                    r"\[\d*\]", "", ".".join(str(step) for step in steps if not isinstance(step, int))
                )
                asked.update((view.resource.type, one) for one in blocks_of(view.resource.type, whole))
            return ask(view, path)

        monkeypatch.setattr(View, name, asks)

    def blocks_of(terraform_type: str, path: str) -> list[str]:
        block = known.block("resource", terraform_type)
        found: list[str] = []
        for step in path.strip(".").split("."):
            entry = block["block_types"].get(step)
            if entry is None:
                return found
            found.append(f"{found[-1]}.{step}" if found else step)
            block = entry["block"]
        return found

    lay_out(PLANNED, tmp_path)
    reading = read(tmp_path)
    watch("get")
    watch("each")
    judging.judge([reading], catalogue.load(), parameters.load())
    assert len(asked) > 80
    assert sorted(one for one in asked if not known_to(*one)) == []


def test_none_is_both() -> None:
    for terraform_type, paths in blocks.FILLED_IN.items():
        assert not paths & blocks.CONFIGURED.get(terraform_type, frozenset())
