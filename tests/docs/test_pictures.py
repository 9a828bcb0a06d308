"""The pictures in the documents are what the program says and draws today."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import stopped_plan

ROOT = Path(__file__).resolve().parents[2]


def test_the_stopped_plan_is_current(stack: Callable[[str], dict[str, Any]], tmp_path: Path) -> None:
    said = stopped_plan.said(stack("prod"), tmp_path)
    assert "CM_RDS_NOT_PUBLIC" in said and "The gate is closed." in said
    kept = (ROOT / "docs" / "stopped-plan.svg").read_text(encoding="utf-8")
    assert stopped_plan.picture(said) == kept, "make docs writes it"
    assert "http" not in kept.replace("http://www.w3.org/", "").replace("https://docs.aws.amazon.com/", "")
