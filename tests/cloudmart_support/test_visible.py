"""Words of others are shown so that nothing in them steers, hides or commands."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmart_support.visible import MOST, Stream, visible, visible_lines, without_commands

ANY = st.text(
    st.characters() | st.sampled_from("\n\r\t\x1b\x9b:# \u202e\u200b\ufeff\u2028\ud800[m1"), max_size=60
)
COMMAND = re.compile(r"^\s*(?:::|##\w*\[)", re.M)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ünï — “quoted” 値 🦊", "plain, ünï — “quoted” 値 🦊"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\x1b[31m\x9b\x7f", "\\u001b[31m\\u009b\\u007f"),
        ("a\u202eb\u2066c\u200dd\u00ade\ufefff", "a\\u202eb\\u2066c\\u200dd\\u00ade\\ufefff"),
        ("\u2028\u2029\u0085\u00a0", "\\u2028\\u2029\\u0085\\u00a0"),
        ("\ud800\U000e0041\u3164\ufe0f", "\\ud800\\U000e0041\\u3164\\ufe0f"),
        ("::error::", "::error::"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_long_text_is_cut_in_words() -> None:
    assert visible("x" * (MOST + 1234)) == "x" * MOST + "… (1,234 more characters)"
    assert visible("x" * 10, most=3) == "xxx… (7 more characters)"


@given(ANY)
def test_every_character_can_be_seen(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown
    assert {unicodedata.category(character) for character in shown} & {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Zl",
        "Zp",
    } == set()


@given(ANY)
def test_no_line_is_a_command_or_poses_as_another_message(text: str) -> None:
    first, *following = visible_lines(text).split("\n")
    assert not COMMAND.search("\n".join((first, *following)))
    assert all(line.startswith("  ") and line.isprintable() for line in following)


@given(ANY)
def test_taking_commands_away_changes_nothing_else(text: str) -> None:
    assert not COMMAND.search(
        without_commands(text).replace("\r", "").replace("\x0b", "").replace("\x0c", "")
    )
    if not COMMAND.search(text):
        assert without_commands(text) == text


def test_a_network_is_no_command() -> None:
    assert without_commands("tcp 22 is open to ::/0") == "tcp 22 is open to ::/0"
    assert without_commands("## Policies\n### Backups") == "## Policies\n### Backups"


@given(st.lists(ANY, max_size=4))
def test_a_stream_shows_what_would_steer(parts: list[str]) -> None:
    plain = io.StringIO()
    stream = Stream(plain)
    for part in parts:
        assert stream.write(part) == len(part)
    written = plain.getvalue()
    assert {unicodedata.category(character) for character in re.sub(r"\x1b\[\d*m|[\n\t]", "", written)} & {
        "Cc",
        "Zl",
        "Zp",
        "Cs",
    } == set()
    assert written.count("\n") == "".join(parts).count("\n")


def test_a_stream_knows_where_a_line_begins() -> None:
    plain = io.StringIO()
    stream = Stream(plain)
    for part in ("a ", "::b::\n", " ", "::error::c\n\x1b[32mgood\x1b[0m\n", "::stop\n"):
        stream.write(part)
    assert plain.getvalue() == "a ::b::\n \\::error::c\n\x1b[32mgood\x1b[0m\n\\::stop\n"
    assert not stream.isatty()
