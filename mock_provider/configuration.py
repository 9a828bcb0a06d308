"""What has to be known of a configuration before Terraform may start: its backend and its reach."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem

SUFFIXES = (".tf", ".tofu", ".tf.json", ".tofu.json")
_TEST_SUFFIXES = tuple(f".{kind}{form}" for kind in ("tftest", "tofutest") for form in (".hcl", ".json"))

# HCL as far as nesting goes: comments, heredocs and quoted text are passed over as wholes.
_HCL = re.compile(
    r"""(?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
      |<<-?(?P<heredoc>[^\W\d][\w-]*)\r?\n.*?^[ \t]*(?P=heredoc)[ \t]*$
      |(?P<quote>")
      |(?P<word>[^\W\d][\w-]*)
      |(?P<mark>[{}])
      |(?P<end>\n)""",
    re.X | re.S | re.M,
)
# Relative paths that climb, in any string: a module's source or a file that an expression reads.
_CLIMB = re.compile(r"(?:\.\./)*\.\.(?=[/\"])")
_LOCAL_SOURCE = re.compile(r"\"?source\"?\s*[=:]\s*\"(\.\.?/[^\"]*)\"")
_WORD = re.compile(r"[a-z][a-z0-9_]+")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_EMPTY_BLOCKS = re.compile(r"\"\w+\":\s*\[\]")
_EMPTY_IN_PLANS = re.compile(rb"[a-z0-9_]+[\x90\xc0]")
_DECLARED = re.compile(r"(?:resource|data)\s+\"(aws_\w+)\"|(?<=\")(aws_\w+)(?=\"\s*:\s*[\[{])")
# The lines that say which modules and providers `init` has to bring.
_NEEDS = re.compile(r"^.*(?:source|version|module|provider|backend).*$", re.M)


def files(folder: Path) -> list[Path]:
    """The configuration's files of a folder, sorted by name.

    Raises:
        Problem: the folder cannot be read, or one of them is a pipe or a device.
    """
    try:
        found = sorted(
            path for path in folder.iterdir() if path.name.endswith(SUFFIXES) and not path.is_dir()
        )
    except OSError as error:
        raise Problem(f"{folder}: cannot be read as a folder ({error.strerror})") from error
    for path in found:
        if path.exists() and not path.is_file():
            raise Problem(f"{path}: is a pipe or a device, and no file that can be read: take it away")
    return [path for path in found if path.is_file()]


def overrides(folder: Path) -> list[bytes]:
    """The names of the folder's files whose content replaces what others say, as the bytes by which they sort.

    Raises:
        Problem: the folder cannot be read.
    """
    found = []
    for path in files(folder):
        suffix = max((one for one in SUFFIXES if path.name.endswith(one)), key=len)
        if path.name.removesuffix(suffix).endswith("override"):
            found.append(os.fsencode(path.name))
    return found


def test_files(folder: Path) -> list[Path]:
    """The files of tests below a folder, wherever `terraform test` may be told to look for them.

    Raises:
        Problem: a folder cannot be read.
    """
    found: list[Path] = []

    def refuse(error: OSError) -> None:
        raise Problem(f"{error.filename}: cannot be read as a folder ({error.strerror})") from error

    for here, _folders, names in os.walk(folder, onerror=refuse):
        found += [Path(here, name) for name in sorted(names) if name.endswith(_TEST_SUFFIXES)]
    return found


def unescaped(path: Path) -> str:
    """A file's text, with what its escapes stand for in their place.

    Raises:
        Problem: the file cannot be read.
    """
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), _text(path))


def backends(folder: Path) -> list[tuple[Path, str]]:
    """The backends that the folder's files name, each with its file; `cloud` for HCP Terraform.

    Raises:
        Problem: a file cannot be read.
    """
    found = []
    for path in files(folder):
        text = _text(path)
        kinds = _backends_of_json(path, text) if path.name.endswith(".json") else _backends_of_hcl(text)
        found += [(path, kind) for kind in kinds]
    return found


def reach(folder: Path) -> tuple[list[Path], Path]:
    """The folders that the configuration in `folder` is spread over by local modules, and the highest one
    that any path in it climbs to."""
    seen: dict[Path, None] = {}
    top = folder
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        if here in seen or not here.is_dir():
            continue
        seen[here] = None
        for path in files(here):
            text = _text(path)
            for climb in _CLIMB.findall(text):
                reached = _normal(here / climb)
                while not folder.is_relative_to(reached) and reached != reached.parent:
                    reached = reached.parent
                if len(reached.parts) < len(top.parts):
                    top = reached
            waiting += [_normal(here / source) for source in _LOCAL_SOURCE.findall(text)]
    return list(seen), top


def needs(folders: list[Path]) -> str:
    """The lines that `init` depends on, from all files of the folders."""
    return "\n".join(
        f"{path}\n" + "\n".join(_NEEDS.findall(_text(path))) for folder in folders for path in files(folder)
    )


def words(texts: Iterable[str]) -> tuple[set[str], set[str]]:
    """Every word in the texts that can name a type or a block, and the types that are declared in them."""
    found: set[str] = set()
    declared: set[str] = set()
    for text in texts:
        found.update(_WORD.findall(text))
        declared.update(in_hcl or in_json for in_hcl, in_json in _DECLARED.findall(text))
    return found, declared


def without_empty_blocks(state: str) -> str:
    """A state's text without the names of blocks that it has none of."""
    return _EMPTY_BLOCKS.sub("", state)


def plan_texts(plan: zipfile.ZipFile) -> Iterator[str]:
    """The texts of a plan's file, without the names of blocks that it has none of.

    The planned values are MessagePack, in which the name of an empty block is followed by an empty array, or by nil.
    Source: https://github.com/msgpack/msgpack/blob/master/spec.md
    """
    for name in plan.namelist():
        content = plan.read(name)
        if name == "tfplan":
            yield _EMPTY_IN_PLANS.sub(b" ", content).decode("utf-8", errors="replace")
        else:
            yield without_empty_blocks(content.decode("utf-8", errors="replace"))


def texts(folders: Iterable[Path]) -> Iterator[str]:
    """The text of every configuration file in the folders, tests and queries included.

    Raises:
        Problem: a file cannot be read.
    """
    for folder in folders:
        for path in sorted(folder.rglob("*.hcl")) if (folder / "tests").is_dir() else []:
            yield _text(path)
        for path in files(folder):
            yield _text(path)


def _normal(path: Path) -> Path:
    """The path without `..`, as Terraform takes it: by its text, whatever the links."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts = parts[:-1] if len(parts) > 1 else parts
        else:
            parts.append(part)
    return Path(*parts)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise Problem(f"{path}: cannot be read ({error.strerror})") from error


def _backends_of_json(path: Path, text: str) -> Iterator[str]:
    try:
        content = json.loads(text)
    except ValueError:
        return  # Terraform says what is wrong there, and starts nothing.
    except RecursionError as error:
        raise Problem(f"{path}: is nested too deeply to be read") from error
    for block in _as_list(content.get("terraform") if isinstance(content, dict) else None):
        if isinstance(block, dict):
            for backend in _as_list(block.get("backend")):
                yield from backend if isinstance(backend, dict) else ()
            if block.get("cloud") is not None:
                yield "cloud"


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _backends_of_hcl(text: str) -> Iterator[str]:
    """The labels of `backend` blocks, and `cloud`, directly inside `terraform` blocks at the top."""
    blocks: list[str] = []
    words: list[str] = []
    position = 0
    while found := _HCL.search(text, position):
        position = found.end()
        if found["quote"]:
            position = _after_quote(text, position)
            words.append(text[found.end() : position - 1])
        elif found["word"]:
            words.append(found["word"])
        elif found["mark"] == "{":
            if blocks == ["terraform"] and words[:1] == ["backend"] and len(words) > 1:
                yield words[1]
            elif blocks == ["terraform"] and words[:1] == ["cloud"]:
                yield "cloud"
            blocks.append(words[0] if words else "")
            words = []
        elif found["mark"] == "}":
            blocks = blocks[:-1]
            words = []
        elif found["end"]:
            words = []


def _after_quote(text: str, position: int) -> int:
    """Where a quoted text ends that starts at `position`; templates in it may hold quoted texts."""
    depth = 0
    while position < len(text):
        character = text[position]
        if character == "\\" and not depth:
            position += 2
            continue
        if text.startswith(("${", "%{"), position):
            if not text.startswith(("$${", "%%{"), position - 1):
                depth += 1
            position += 2
            continue
        if depth and character == "{":
            depth += 1
        elif depth and character == "}":
            depth -= 1
        elif character == '"':
            if not depth:
                return position + 1
            position = _after_quote(text, position + 1)
            continue
        position += 1
    return position
