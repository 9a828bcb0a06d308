"""The mock's account from the outside: events and other orders, which only it can play."""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_provider import plugin
from mock_provider.account import Account, Thing
from pipeline import __main__ as program
from pipeline import target


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the settings of one environment, and an account of the mock's with one VPC in it."""
    (tmp_path / "environments").mkdir()
    settings = (target.ROOT / "environments" / "dev.yaml").read_text("utf-8")
    (tmp_path / "environments" / "dev.yaml").write_text(settings)
    made = target.target

    def here(environment: str, **about: object) -> target.Target:
        return made(environment, root=tmp_path, **about)

    monkeypatch.setattr(target, "target", here)
    for name in ("ENV", "LOCAL", "EVENT", "SHUFFLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(plugin.SHUFFLE, "")
    work = here("dev", local=True).work
    work.mkdir(parents=True)
    account = Account(work / "account.sqlite")
    account.put(Thing("vpc", "aws_vpc", "", {"id": "vpc-1", "tags": None}))
    return work


def test_an_event(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["event", "--env", "dev", "--local", "hand-tag"]) == 0
    told = capsys.readouterr()
    assert "aws_vpc vpc-1: somebody gave it the tag Owner" in told.out
    assert "next: make plan ENV=dev LOCAL=1" in told.out
    [network] = Account(root / "account.sqlite").things("aws_vpc")
    assert network.get("tags") == {"Owner": "somebody"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["event", "--env", "dev", "hand-tag"], "EVENT: only the mock provider's account"),
        (["plan", "--env", "dev", "--shuffle", "7"], "SHUFFLE: only the mock provider's account"),
        (["event", "--env", "dev", "--local", "flood"], "EVENT=flood: is no event; there are minor-upgrade"),
        (["event", "--env", "dev", "--local"], "EVENT: name one; there are minor-upgrade"),
    ],
)
def test_what_cannot_be_played(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert program.main(arguments) == 2
    assert words in capsys.readouterr().err
