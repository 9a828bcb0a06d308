"""Attributes of hashicorp/aws that are set on every resource once it exists: never null, never an empty text.

Facts of the provider's schema, in `identities.txt`: an attribute that the provider computes and nobody can set, and
that names the resource; and a name that the provider makes up where the configuration gives none (its schema has a
`*_prefix` beside it). A `kms_key_id`, though computed, is empty for what is not encrypted, and is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from policies.engine.values import Reference

FILE: Final = Path(__file__).parent / "identities.txt"

# `module.NAME[KEY].` before an address, and keys of instances, in which there may be anything.
_MODULE: Final = re.compile(r'module\.[^.\[]+(?:\[(?:[^\]"]*|"(?:[^"\\]|\\.)*")\])?\.')
_RESOURCE: Final = re.compile(r"(aws_\w+)\.[^.\[]+(?:\[|$)")
_INDEX: Final = re.compile(r"\[\d+\]")


@lru_cache(maxsize=1)
def _identities() -> Mapping[str, frozenset[str]]:
    """The attributes by type; those of a computed block as `block[].name`."""
    found: dict[str, frozenset[str]] = {}
    attributes: frozenset[str] = frozenset()
    for line in FILE.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            head, _, line = line.partition(":")
            attributes = frozenset(head.split())
        found.update((f"aws_{name}", attributes) for name in line.split())
    return found


def is_identity(reference: Reference) -> bool:
    """Whether a reference is to an identity of a managed resource: it is never null or empty once that exists.

    It says nothing about whether the resource exists: that is for who knows the instances.
    """
    address = reference.address
    while match := _MODULE.match(address):
        address = address[match.end() :]
    found = _RESOURCE.match(address)
    if found is None:
        return False
    return _INDEX.sub("[]", reference.attribute) in _identities().get(found[1], ())
