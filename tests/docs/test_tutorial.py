"""The tutorial does what it says, command by command, in a fresh clone; the Korean one has the same commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from played import ROOT, Clone, fits, steps

ENGLISH, KOREAN = ROOT / "docs" / "tutorial.md", ROOT / "docs" / "tutorial.ko.md"


def test_both_languages_have_the_same_commands_and_outputs() -> None:
    played = [[(step.command, step.shown) for step in steps(page)] for page in (ENGLISH, KOREAN)]
    assert played[0] == played[1]
    assert len(played[0]) > 20


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["a", "b"], "a\nb\n", True),
        (["a"], "a\nb\n", False),
        (["a", "…"], "a\nb\nc\n", True),
        (["…", "c"], "a\nb\nc\n", True),
        (["…", "b"], "a\nb\nc\n", False),
        (["took … s"], "took 1.2 s\n", True),
        (["took … s"], "took 1.2 m\n", False),
        ([], "", True),
        ([], "a\n", False),
    ],
)
def test_what_is_shown_is_compared_line_by_line(shown: list[str], printed: str, same: bool) -> None:
    assert fits(shown, printed) is same


def test_every_command_does_what_is_shown(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "cloudmart")
    for step, done in clone.play(ENGLISH):
        pytest.fail(f"docs/tutorial.md:{step.line}: $ {step.command}\n{done}")
    # What it changes on the way it puts back.
    assert clone.run("git status --porcelain") == (0, "")
