"""Compressed JSON: facts that come with the package, written by `make mock-schema`.

gzip, because each Python has it that can install a package; smaller forms are missing from some.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem


def read(path: Path) -> dict[str, Any]:
    """What a file holds.

    Raises:
        Problem: it is not there, or damaged.
    """
    try:
        content: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise Problem(f"{path}: cannot be read ({error}): install this project anew") from error
    return content


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file, without the time, so that the same content gives the same bytes."""
    text = json.dumps(content, separators=(",", ":"))
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
