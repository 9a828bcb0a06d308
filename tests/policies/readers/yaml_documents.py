"""Documents of YAML, made at random: sound ones in all styles, ones with a mistake, and values to be written."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, Final

WORDS: Final = (
    *("a", "some words", "it's", "x: y", "a #b", "- x", "true", "yes", "Off", "~", "null", "", "1", "010", "0x1F"),
    *("0o17", "1_000", "1e3", "-.5", ".inf", "+1.", "2020-01-02", "2020-2-30", "2020-1-2T3:4:5Z", "é", "&a", "*a"),
    *("2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43", "http://x", "@x", "%x", "<<", "[x", "{", "a, b", "!!int"),
)  # fmt: skip
LONG: Final = (
    *("a\nb", "a\n", "a\n\n", "\n", "\n\na", " a\nb", "a \nb", "a\n b\nc", "a\nb ", "a\tb\nc", "😀\na", "\r\n"),
    *("x" * 100 + " y z", "word " * 40, "two  spaces " * 12, '"q"\\', "\u2028", "\xa0\x85\x7f", "é\nü", "\ufffd"),
)  # fmt: skip
KEYS: Final = ("a", "b", "c d", "é", "yes", "1.0", "on", "k\nl", "x" * 130, "")
MISTAKES: Final = (
    *" \n:-,[]{}#'\"|>&*!?\t\\%@`0",
    "  ",
    "\n  ",
    "\n---\n",
    "\n...\n",
    "<<: *a",
    "&a ",
    "!!str ",
    "!x ",
)


class Documents:
    """A source of expressions that call `yamldecode` and `yamlencode`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def many(self, number: int) -> Iterator[str]:
        """So many expressions."""
        for _ in range(number):
            yield f"yamldecode({_written(self.document())})"
            yield f"yamlencode({_written(self.value(3))})"

    def document(self) -> str:
        """A document, in half of all cases with up to two changes."""
        text = self.one("", "", "---\n", "# why\n") + self.block(self.random.choice((1, 2, 3)), 0)
        for _ in range(self.random.choice((0, 0, 0, 1, 2))):
            at, to = sorted(self.random.randint(0, len(text)) for _ in range(2))
            text = self.one(
                text[:at] + text[at + 1 :],
                text[:at] + self.one(*MISTAKES) + text[at:],
                text[:at] + text[to : to + 5] + text[at:],
            )
        return self.one(text, text, text, text.replace("\n", "\r\n"))

    def one(self, *options: str) -> str:
        return self.random.choice(options)

    def block(self, depth: int, indent: int) -> str:
        """What may stand at the begin of a line that is indented so far."""
        if not depth:
            return self.scalar(indent)
        space, step = " " * indent, self.random.choice((2, 2, 4))
        lines = []
        is_mapping = self.random.random() < 0.6
        for number in range(self.random.randint(1, 3)):
            deeper = self.random.randint(0, depth - 1)
            properties = self.one(*("",) * 9, "&a ", "!!str " if not deeper else "!!map ")
            if is_mapping:
                key = self.one("k", "k", f"k{number}", "'q k'", '"a\\tb"', *KEYS[:7], "<<", "? k")
                inner = self.block(deeper, indent + step)
                line_end = "\n" + " " * (indent + step) if deeper else ""
                lines.append(f"{key}: {properties}{line_end}{inner}")
            else:
                lines.append(f"- {properties}{self.block(deeper, indent + 2)}")
        return f"\n{space}".join(lines)

    def scalar(self, indent: int) -> str:
        space = "\n" + " " * (indent + 2)
        kind = self.one(*("plain",) * 9, *("single", "double", "block", "flow", "lines") * 3, "alias")
        if kind == "single":
            return "'" + self.one("a", "it''s", f"a{space}b", "12", "yes", f"a{space}{space}b", "") + "'"
        if kind == "double":
            return (
                '"'
                + self.one("a", "\\n", f"a{space}b", "12", "true", f"a \\{space} b", "\\u00e9", "\\q")
                + '"'
            )
        if kind == "block":
            head = self.one("|", ">", "|-", ">+", "|2", ">-", "| # why", "|+")
            return head + "".join(space + self.one("a", "12", " a", "", "b c", "true") for _ in range(3))
        if kind == "flow":
            inner = self.one("a, b", "a: 1, b: [x]", "'q': 2", "a: b", "", "a,", f"a,{space}b", "x: , y")
            return self.one(f"[{inner}]", f"{{{inner}}}")
        if kind == "lines":
            return f"a{space}b{self.one('', f'{space}{space}c', ' # d')}"
        return "*a" if kind == "alias" else self.one(*WORDS)

    def value(self, depth: int) -> Any:
        kind = self.one(*("text", "number", "other", "list", "map", "map")[: 6 if depth else 3])
        if kind == "text":
            return self.one(*WORDS, *LONG, *LONG)
        if kind in ("number", "other"):
            return self.random.choice((0, -5, 1.5, 1e30, 0.1) if kind == "number" else (True, False, None))
        inner = [self.value(depth - 1) for _ in range(self.random.randint(0, 3))]
        return inner if kind == "list" else {self.one(*KEYS): item for item in inner}


def _written(value: Any) -> str:
    """A value as an expression."""
    return (
        json.dumps(value, ensure_ascii=False)
        .replace("${", "$${")
        .replace("%{", "%%{")
        .replace("\x7f", "\\u007f")
    )
