"""The page of the architecture draws what `make lint` holds, and names files that are there; its example is true."""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.command import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRACTS = configparser.ConfigParser()
CONTRACTS.read(ROOT / ".importlinter")


def floors(contract: str) -> list[set[str]]:
    lines = CONTRACTS[f"importlinter:contract:{contract}"]["layers"].strip().splitlines()
    return [set(re.findall(r"[\w.]+", line)) for line in lines]


def test_the_floors_are_those_that_are_held() -> None:
    page = PAGE[PAGE.index("## Who may import whom") : PAGE.index("## The way of a setting")]
    outer, inner = page.split("Within the gate")
    # The programs above the gate's command line, a few lines each, are not drawn.
    for part, lines in ((outer, floors("house")), (inner, floors("floors")[1:])):
        cells = re.findall(r"^\| (`[^|]*) \|", part, re.MULTILINE)
        row = {name: number for number, cell in enumerate(cells) for name in re.findall(r"`([\w.]+)`", cell)}
        assert row.keys() == set().union(*lines)
        # Neighbouring lines of the contract may share a row; none is above one that it is held below.
        order = [sorted({row[name] for name in line}) for line in lines]
        assert all(len(one) == 1 for one in order)
        assert order == sorted(order)


def test_every_path_is_there() -> None:
    named = {name for name in re.findall(r"`((?:\w+/)+[\w.]*|\.importlinter)`", PAGE) if "NAME" not in name}
    written = {"cdktf.out/stacks/cloudmart-prod/cdk.tf.json"}
    assert len(named) > 25
    assert [name for name in sorted(named - written) if not (ROOT / name).exists()] == []


def test_the_setting_has_the_verdict_that_the_page_shows(
    stack_file: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = stack_file("prod").read_text(encoding="utf-8")
    weaker, count = re.subn(r'"backup_retention_period": 7\b', '"backup_retention_period": 3', text)
    assert count == 1
    (tmp_path / "cdk.tf.json").write_text(weaker, encoding="utf-8")
    assert main(["check", "--no-config", str(tmp_path)]) == 1
    (shown,) = re.findall(r"^```text\n(.*?)```$", PAGE, re.DOTALL | re.MULTILINE)
    assert shown in capsys.readouterr().out
