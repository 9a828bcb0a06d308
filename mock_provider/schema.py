"""The provider's schema: data of this package, drawn from the provider's published bindings by `make mock-schema`.

A block is a dict in the form of `terraform providers schema -json`:
`{"attributes": {NAME: {"type": TYPE, "required" | "optional" | "computed": True}},
"block_types": {NAME: {"nesting_mode": MODE, "block": BLOCK, "min_items": N, "max_items": N}}}`.

Source: https://developer.hashicorp.com/terraform/cli/commands/providers/schema.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from cloudmart_support import cache
from cloudmart_support.progress import step
from mock_provider import packed, waf

Block = dict[str, Any]
Kind = Literal["resource", "data", "provider"]

FILE = Path(__file__).with_name("schema.json.gz")
"""`{"version": VERSION, KIND: {TYPE: BLOCK}}`; without what `mock_provider.waf` puts in."""


@dataclass(frozen=True)
class Schema:
    """The schema in its cache folder; a type's block is read from the file only when it is asked for."""

    folder: Path

    @cached_property
    def _index(self) -> dict[str, Any]:
        index: dict[str, Any] = json.loads((self.folder / "index.json").read_bytes())
        return index

    @property
    def version(self) -> str:
        """The provider's version that the bindings were made from, such as `6.25.0`."""
        return str(self._index["version"])

    def types(self, kind: Kind) -> list[str]:
        """All types of a kind, sorted."""
        return sorted(self._index[kind])

    def block(self, kind: Kind, terraform_type: str) -> Block:
        """The block of a type.

        Raises:
            KeyError: the provider has no such type.
        """
        start, length = self._index[kind][terraform_type]
        with (self.folder / "blocks").open("rb") as blocks:
            blocks.seek(start)
            block: Block = json.loads(blocks.read(length))
        return block


def load() -> Schema:
    """The schema, unpacked once and then kept in the cache.

    Raises:
        Problem: the installed file is damaged, or the cache cannot be written.
    """
    made_of = FILE.read_bytes() + Path(waf.__file__).read_bytes() + Path(__file__).read_bytes()
    key = hashlib.sha256(made_of).hexdigest()[:16]
    return Schema(cache.folder(f"mock-provider/schema-{key}", _write))


def _write(folder: Path) -> None:
    with step("schema of hashicorp/aws unpacked (once)"):
        kinds = packed.read(FILE)
        waf.complete(kinds["resource"])
        index: dict[str, Any] = {"version": kinds.pop("version")}
        with (folder / "blocks").open("wb") as blocks:
            for kind, types in kinds.items():
                index[kind] = {}
                for name in sorted(types):
                    line = json.dumps(types[name], separators=(",", ":")).encode()
                    index[kind][name] = (blocks.tell(), len(line))
                    blocks.write(line + b"\n")
        (folder / "index.json").write_text(json.dumps(index, separators=(",", ":")))
