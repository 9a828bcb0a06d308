"""HCL in Checkov's environment, where bc-python-hcl2 has the place of python-hcl2.

Its conversion to Python is lossy (functions' arguments become Python's own notation), so only its parse tree is
used, in the shape that `policies.readers.hcl` walks: blocks, arguments, and the place of each value, which the
gate evaluates from the source text in either environment. What Checkov's own parser refuses is refused here.
"""

from __future__ import annotations

from typing import Any, Final

from lark import Token, Tree

_LABEL: Final = "STRING_LIT"


def tree(text: str) -> Any:
    """The parse tree of a text, from `body` down.

    Raises:
        LarkError: it cannot be parsed.
    """
    from hcl2.parser import Hcl2  # type: ignore[attr-defined]

    # The grammar knows no end of file: a block ends with its line.
    return _shaped(Hcl2.lark_parser.parse(f"{text}\n"))


def _shaped(parsed: Any) -> Any:
    if isinstance(parsed, Token):
        return parsed
    children = [_label(child) if parsed.data == "block" else child for child in parsed.children]
    if parsed.data in ("start", "body", "block"):
        children = [_shaped(child) for child in children]
    return Tree(parsed.data, children, parsed.meta)


def _label(child: Any) -> Any:
    """A quoted label as a tree of its own, with the token's place."""
    if not isinstance(child, Token) or child.type != _LABEL:
        return child
    label = Tree("string", [child])
    label.meta.empty = False
    label.meta.line = child.line or 0
    label.meta.start_pos = child.start_pos or 0
    label.meta.end_pos = child.end_pos or 0
    return label
