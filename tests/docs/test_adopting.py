"""docs/adopting.md, done as it is written: its files in a repository, its commands with their output."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from policies.command import main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "adopting.md"
SOON = str((datetime.now(UTC) + timedelta(days=30)).date())
_DATE = re.compile(r"20\d\d-\d\d-\d\d")


def _page() -> str:
    """The page, with days that have not come yet."""
    return re.sub(r"\bdraft 2020-12\b", "draft", _DATE.sub(SOON, PAGE.read_text("utf-8")))


def _files() -> dict[str, str]:
    return dict(re.findall(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", _page(), re.M | re.S))


def _commands() -> list[tuple[str, list[str]]]:
    """Each command, and lines of what it says."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```$", _page(), re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def test_the_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = _files()
    assert len(files) == 5
    assert "stacks/shop/main.tf" in files
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "4000")
    (tmp_path / ".git").mkdir()
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    commands = _commands()
    assert len(commands) > 6
    for command, lines in commands:
        program, *arguments = shlex.split(command)
        assert program == "cloudmart-policies"
        code = main(arguments)
        out, err = capsys.readouterr()
        said = " ".join((out + err).split())
        for line in lines:
            assert line in said, (command, said)
        expected = 2 if any(line.startswith("error") for line in lines) else int("closed" in lines[-1])
        assert code == expected, (command, said)


def test_the_page_names_every_key() -> None:
    from policies.forms import schemas

    text = PAGE.read_text("utf-8")
    assert [key for key in schemas.configuration()["properties"] if key not in text] == []


def test_the_readme_leads_there() -> None:
    assert "(docs/adopting.md)" in PAGE.parents[1].joinpath("README.md").read_text("utf-8")
