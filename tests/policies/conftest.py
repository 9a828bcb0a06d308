"""What the tests of the gate share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies.engine.model import Model
from policies.readers import read


@pytest.fixture
def written(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Writes files by relative path (text, bytes, or a tree for JSON) into a folder, and gives the folder."""

    def write(files: dict[str, Any]) -> Path:
        folder = tmp_path / "configuration"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_text(
                    content if isinstance(content, str) else json.dumps(content, indent=2), "utf-8"
                )
        return folder

    return write


@pytest.fixture
def modelled(written: Callable[[dict[str, Any]], Path]) -> Callable[[dict[str, Any]], Model]:
    """The model of a folder with these files."""
    return lambda files: read(written(files)).model
