"""Functions of paths, and which files `fileset` chooses."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from policies.readers import regular_expressions
from policies.readers.functions.calling import function
from policies.readers.types import Undecided


@function("basename", "string")
def _basename(path: str) -> str:
    text = str.__str__(path)
    return text.rstrip("/").rsplit("/", 1)[-1] or ("/" if text else ".")


@function("dirname", "string")
def _dirname(path: str) -> str:
    text = str.__str__(path)
    folder = text[: text.rfind("/") + 1]
    return posixpath.normpath(re.sub("/+", "/", folder)) if folder else "."


@function("pathexpand", "string")
def _pathexpand(path: str) -> str:
    if path.startswith("~"):
        raise Undecided("the home folder is the machine's")
    return path


def chosen_files(pattern: str) -> Callable[[str], bool] | None:
    """Whether a pattern of `fileset` chooses a name, or None where that is not told here.

    Source: https://developer.hashicorp.com/terraform/language/functions/fileset
    """
    pattern = str.__str__(pattern)
    if re.search(r"[\\\[\]]|\{[^{}]*\{|\.\.|//", pattern) or pattern.startswith(("/", "./")):
        return None
    translated = ""
    depth = at = 0
    while at < len(pattern):
        character = pattern[at]
        if pattern.startswith("**/", at) and (at == 0 or pattern[at - 1] == "/"):
            translated += "(?:.*/)?"
            at += 2
        elif pattern.startswith("**", at):
            if (at and pattern[at - 1] != "/") or at + 2 < len(pattern):
                return None
            translated += ".*"
            at += 1
        elif character in "*?":
            translated += "[^/]*" if character == "*" else "[^/]"
        elif character in "{}":
            depth += 1 if character == "{" else -1
            translated += "(?:" if character == "{" else ")"
        elif character == "," and depth:
            translated += "|"
        else:
            translated += re.escape(character) if character.isascii() else character
        at += 1
        if depth < 0:
            return None
    if depth:
        return None
    try:
        compiled = regular_expressions.compiled(f"(?s)^(?:{translated})$")
    except ValueError:
        return None
    return lambda name: compiled.search(name) is not None
