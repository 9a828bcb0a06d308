"""A copy of a configuration in the shape that Checkov's parser of Terraform JSON can read.

Checkov raises on `terraform.required_version`, on `import` and `moved`, and on blocks in lists, and then judges
nothing and ends with exit code 0. None of what it raises on matters to a check. In the copy it is emptied, line by
line, so that places stay what they are.
"""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from cloudmart_support.problem import Problem
from policies.readers.files import read_text

_SUFFIXES: Final = (".tf", ".tf.json", ".tfvars", ".tfvars.json")
_KEPT: Final = frozenset({"data", "locals", "module", "output", "provider", "resource", "variable", "//"})
# How deep the bodies lie below each kind of block: `resource.TYPE.NAME`, `output.NAME`.
_DEPTH: Final = {"data": 2, "resource": 2, "module": 1, "output": 1, "variable": 1, "locals": 0}


def copy(source: Path, target: Path, *, plans: bool = False) -> None:
    """Copy what Terraform reads of a folder (with `plans` every JSON file too), or one file, into `target`.

    Raises:
        Problem: something cannot be read, or a JSON file is none.
    """
    files = (
        [source]
        if source.is_file()
        else _configuration(source, (*_SUFFIXES, ".json") if plans else _SUFFIXES)
    )
    base = source.parent if source.is_file() else source
    for file in files:
        place = target / file.relative_to(base)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            text = read_text(file)
            if file.name.endswith(".tf.json"):
                text = readable(text, str(file))
            place.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Problem(f"{file}: it cannot be copied for Checkov: {error}") from error


def _configuration(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    found: list[Path] = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.extend(Path(root, name) for name in names if name.endswith(suffixes))
    return sorted(found)


def readable(text: str, file: str) -> str:
    """Terraform JSON that Checkov's parser reads, each line where it was.

    Raises:
        Problem: it is not JSON, or no object.
    """
    from policies.readers.terraform_json import decode

    tree = decode(text, file)
    if not isinstance(tree, dict):
        raise Problem(f"{file}: it is not an object")
    edits: list[tuple[int, int, str]] = []
    for key, start, end, value in _members(text, 0):
        if key not in _KEPT:
            edits.append((start, end, "{}" + "\n" * text.count("\n", start, end)))
        elif key in _DEPTH:
            edits.extend(_unlisted(text, start, end, value, _DEPTH[key]))
    for start, end, words in sorted(edits, reverse=True):
        text = text[:start] + words + text[end:]
    wanted = _joined(tree)
    try:
        faithful = json.loads(text) == wanted
    except ValueError:
        faithful = False
    # Lists that cannot be joined in place (they name a type twice, or are empty): the lines move.
    return text if faithful else json.dumps(wanted, indent=2)


def _joined(tree: dict[str, Any]) -> dict[str, Any]:
    """What the copy has to say: blocks without lists, and nothing of what Checkov raises on."""

    def join(value: Any, depth: int) -> Any:
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, dict) for item in items):
            return value
        found: dict[str, Any] = {}
        for item in items:
            for name, body in item.items():
                body = join(body, depth - 1) if depth else body
                if depth > 1 and isinstance(body, dict) and isinstance(found.get(name), dict):
                    found[name].update(body)
                else:
                    found[name] = body
        return found

    return {
        key: (join(value, _DEPTH[key]) if key in _DEPTH else value) if key in _KEPT else {}
        for key, value in tree.items()
    }


def _unlisted(text: str, start: int, end: int, value: Any, depth: int) -> list[tuple[int, int, str]]:
    """Edits that take the brackets off lists of one object, down to the bodies.

    Where a list holds several objects, they are joined: their braces become blanks and commas.
    """
    edits: list[tuple[int, int, str]] = []
    inner = [(start, end, value)]
    if isinstance(value, list):
        if not all(isinstance(item, dict) for item in value):
            return []
        inner = [(first, last, item) for first, last, item in _elements(text, start)]
        edits += [(start, start + 1, " "), (end - 1, end, " ")]
        for (_, before, _), (after, _, _) in pairwise(inner):
            edits += [(before - 1, before, " "), (after, after + 1, " ")]
    if depth == 0:
        return edits
    for first, _, item in inner:
        if isinstance(item, dict):
            for _, begin, stop, body in _members(text, first):
                edits += _unlisted(text, begin, stop, body, depth - 1)
    return edits


_DECODER: Final = json.JSONDecoder()


def _blank(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


def _members(text: str, at: int) -> list[tuple[str, int, int, Any]]:
    """Key, span and value of each member of the object at a place; the text is known to be JSON."""
    found = []
    at = _blank(text, _blank(text, at) + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        start = _blank(text, _blank(text, at) + 1)
        value, at = _DECODER.raw_decode(text, start)
        found.append((key, start, at, value))
        at = _blank(text, at)
        if text[at] == ",":
            at = _blank(text, at + 1)
    return found


def _elements(text: str, at: int) -> list[tuple[int, int, Any]]:
    """Span and value of each element of the list at a place."""
    found = []
    at = _blank(text, _blank(text, at) + 1)
    while text[at] != "]":
        value, end = _DECODER.raw_decode(text, at)
        found.append((at, end, value))
        at = _blank(text, end)
        if text[at] == ",":
            at = _blank(text, at + 1)
    return found
