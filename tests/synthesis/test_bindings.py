"""The cache of the provider's bindings: one that was cut is made anew instead of ending synthesis."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from cloudmart_support import cache
from cloudmart_support.problem import Problem
from synthesis import bindings


@pytest.mark.parametrize("damage", [None, "cut", "gone", "record"])
def test_damaged_bindings_are_unpacked_again(
    damage: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDMART_CACHE", str(tmp_path))
    monkeypatch.setenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(tmp_path / "jsii"))
    packages = {
        "constructs": "constructs",
        "cdktf": "cdktf",
        "@cdktf/provider-aws": "cdktf-cdktf-provider-aws",
    }
    unpacked = []

    def unpack(name: str) -> object:
        unpacked.append(name)
        for folder, package in packages.items():
            content = tmp_path / "jsii" / folder / version(package) / "digest"
            content.mkdir(parents=True)
            for file in ("index.js", ".jsii.runtime.v1.json"):
                (content / file).write_text("whole")
        return sys

    monkeypatch.setattr(importlib, "import_module", unpack)
    bindings._warm_cache()
    assert len(unpacked) == 1
    script = next((tmp_path / "jsii" / "@cdktf").rglob("index.js"))
    (stamp,) = (one for one in tmp_path.glob("jsii-*") if one.suffix != ".lock")
    assert len(list((tmp_path / "jsii").rglob("*.use"))) == 3
    if damage == "cut":
        script.write_text("wh")
    elif damage == "gone":
        script.unlink()
    elif damage == "record":
        stamp.write_text(stamp.read_text()[:-2])
    bindings._warm_cache()
    assert len(unpacked) == (1 if damage is None else 2)
    assert script.read_text() == "whole"
    bindings._warm_cache()
    assert len(unpacked) == (1 if damage is None else 2)
    # What earlier versions left says no more than that it was unpacked once.
    stamp.write_text("")
    script.write_text("wh")
    bindings._warm_cache()
    assert len(unpacked) == (1 if damage is None else 2)
    assert not cache.whole(stamp, [])


def test_a_full_cache_is_told_to_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that unpacks fails first; the import that follows says the same, and does not go on without."""
    monkeypatch.setenv("CLOUDMART_CACHE", str(tmp_path))
    monkeypatch.setenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(tmp_path / "jsii"))
    monkeypatch.setattr(bindings, "_refused", [])

    def unpack(name: str) -> object:
        raise RuntimeError("ENOSPC: no space left on device, write")

    monkeypatch.setattr(importlib, "import_module", unpack)
    for ask in (bindings._warm_cache, bindings.install):
        with pytest.raises(Problem, match=r"no space left on device.*CLOUDMART_CACHE"):
            ask()
