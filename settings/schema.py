"""JSON schemas of the settings, for editors; written from the models by `make schema`."""

from __future__ import annotations

import json
from typing import Any

from settings.model import Settings, StateSettings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def files() -> dict[str, str]:
    """The schema files' texts by path in the repository."""
    return {
        "docs/settings.schema.json": _text(Settings.model_json_schema()),
        "docs/state.schema.json": _text(StateSettings.model_json_schema()),
    }


def _text(schema: dict[str, Any]) -> str:
    return json.dumps({"$schema": DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"
