"""Other people's words as they may be shown: nothing in them steers a terminal, hides, or commands a CI runner."""

from __future__ import annotations

import re
from typing import IO, Any, Final

MOST: Final = 4_000
"""Characters of one text that are shown; the rest is counted."""

# Characters that str.isprintable() takes for printable and that show nothing, or change how their neighbours show.
# Source: Default_Ignorable_Code_Point in https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt
_EXTRA: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# What a CI runner takes for a command where a line begins so, blanks before it or not: `::name::` and `##[name]` of
# GitHub, `##vso[` of Azure, `##teamcity[` of TeamCity.
# Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
_COMMAND: Final = re.compile(r"^([^\S\n]*)(?=::|##\w*\[)", re.M)


def visible(text: str, most: int = MOST) -> str:
    """A text on one line in which every character can be seen: control characters, line breaks, marks of direction,
    characters without width, odd blanks and halves of characters stand as their escapes, as in `\\u202e`.

    Args:
        most: characters that are shown of it.
    """
    over = len(text) - most
    if over > 0:
        text = text[:most]
    if not text.isprintable() or (not text.isascii() and _EXTRA.search(text)):
        text = "".join(
            character if character.isprintable() and not _EXTRA.match(character) else _escape(character)
            for character in text
        )
    return f"{text}… ({over:,} more characters)" if over > 0 else text


def _escape(character: str) -> str:
    code = ord(character)
    return _NAMED.get(character) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def visible_lines(text: str) -> str:
    """A text of several lines, each `visible`; those behind the first are indented, so that none can pose as a message
    of its own, and none is a command."""
    first, *following = text.split("\n")
    lines = [visible(first), *(line if line[:2] == "  " else f"  {line}" for line in map(visible, following))]
    return without_commands("\n".join(lines))


def without_commands(text: str) -> str:
    """A text of which no line begins, behind blanks, with what a CI runner takes for a command: a backslash is put
    before it."""
    return _COMMAND.sub(r"\1\\", text) if "::" in text or "##" in text else text


# What a stream lets through: lines, and the colours that the reports use.
STEERING: Final = re.compile(
    r"\x1b\[(?:[0-2]|3[0-7]|9[0-7])?m|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


class Stream:
    """A text stream that shows what would steer the terminal, and lets no line begin with a runner's command.

    All else is the stream that it wraps.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._begun = False

    def write(self, text: str) -> int:
        """Write; the number of characters of `text`."""
        shown = STEERING.sub(lambda found: found[0] if len(found[0]) > 1 else _escape(found[0]), text)
        first, *following = shown.split("\n")
        lines = [first if self._begun else without_commands(first), *map(without_commands, following)]
        self._begun = bool(lines[-1].strip()) or (self._begun and not following)
        self._stream.write("\n".join(lines))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
