"""cloud-init's own schema, as the types that cloud-init-models generates from it."""

from __future__ import annotations

import typing
from typing import Any
from unittest import mock

import typing_extensions
from pydantic import ConfigDict, TypeAdapter

# Before Python 3.12 pydantic reads the backport's TypedDict alone, and the package uses typing's.
with mock.patch.object(typing, "TypedDict", typing_extensions.TypedDict):
    import cloud_init_models as models

models.CloudInit.__pydantic_config__ = ConfigDict(extra="forbid")
MODULES = {
    "write_files": models.CcWriteFiles,
    "runcmd": models.CcRuncmd,
    "packages": models.CcPackageUpdateUpgradeInstall,
}


def validate(document: dict[str, Any]) -> None:
    """Raise pydantic's ValidationError when cloud-init would not take the document, or a part of it is not checked."""
    TypeAdapter(models.CloudInit).validate_python(document)
    for key, value in document.items():
        TypeAdapter(MODULES[key]).validate_python({key: value}, strict=True)
