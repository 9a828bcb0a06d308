"""What the tests of the gate share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from policies.command.configuration import Settings, _Reader, as_json
from policies.engine import waivers
from policies.engine.model import Model
from policies.forms import schemas
from policies.readers import read
from policies.reports import json_report


@pytest.fixture(scope="session", autouse=True)
def of_the_published_forms() -> Iterator[None]:
    """Each report, waiver and configuration of these tests is of the schema that is published, or refused."""
    report, waiver, configuration = (
        Draft202012Validator(form()) for form in (schemas.report, schemas.waivers, schemas.configuration)
    )
    render, read_waiver, settings = json_report.render, waivers._waiver, _Reader.settings

    def rendered(*arguments: Any) -> str:
        text = render(*arguments)
        report.validate(json.loads(text))
        return text

    def waived(entry: dict[str, Any], *arguments: Any) -> waivers.Waiver:
        found = read_waiver(entry, *arguments)
        assert found.mistake or waiver.is_valid({"waiver": [as_json(entry)]}), entry
        return found

    def configured(self: _Reader, values: Any) -> Settings:
        found = settings(self, values)
        configuration.validate(as_json(values))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_report, "render", rendered)
        patch.setattr(waivers, "_waiver", waived)
        patch.setattr(_Reader, "settings", configured)
        yield


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
