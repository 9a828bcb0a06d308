"""The bindings: a cache that was cut is made anew, both kinds start fast, and a choice there is none of is told."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from cloudmart_support import cache
from cloudmart_support.problem import Problem
from pipeline import planning
from pipeline.target import target
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
    bindings._warm_cache(bindings.DEFAULT)
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
    bindings._warm_cache(bindings.DEFAULT)
    assert len(unpacked) == (1 if damage is None else 2)
    assert script.read_text() == "whole"
    bindings._warm_cache(bindings.DEFAULT)
    assert len(unpacked) == (1 if damage is None else 2)
    # What earlier versions left says no more than that it was unpacked once.
    stamp.write_text("")
    script.write_text("wh")
    bindings._warm_cache(bindings.DEFAULT)
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
    for ask in (lambda: bindings._warm_cache(bindings.DEFAULT), bindings.install):
        with pytest.raises(Problem, match=r"no space left on device.*CLOUDMART_CACHE"):
            ask()


# As the compilers of CDKTF's and of CDK Terrain's bindings write `export * as vpc from './vpc'`.
PLAIN = "exports.{name} = require('./{name}');"
STAR = """
const star_{name} = (mod) => {{
  if (mod && mod.__esModule) return mod;
  const copy = {{}};
  for (const key of Object.getOwnPropertyNames(mod)) copy[key] = mod[key];
  return copy;
}};
exports.{name} = star_{name}(require('./{name}'));
"""


@pytest.mark.parametrize(
    ("package", "written"), [("@cdktf/provider-aws", PLAIN), ("@cdktn/provider-aws", STAR)]
)
@pytest.mark.parametrize("folder", ["node_modules/{}", "{}/1.2.3/" + "0a" * 32])
def test_node_loads_what_is_used_alone(package: str, written: str, folder: str, tmp_path: Path) -> None:
    index = tmp_path / folder.format(package) / "lib" / "index.js"
    index.parent.mkdir(parents=True)
    names = ("vpc", "subnet", "route")
    index.write_text("\n".join(written.format(name=name) for name in names))
    for name in names:
        index.with_name(f"{name}.js").write_text(
            "Object.defineProperty(exports, '__esModule', { value: true });\n"
            f"exports.Thing = class {{ static called = '{name}'; }}; console.log('loads {name}');\n"
        )
    used = f"console.log(require({str(index)!r}).subnet.Thing.called)"
    words = [str(bindings.node()), "--require", str(bindings.PRELOAD), "-e", used]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["loads subnet", "subnet", ""]


@pytest.mark.parametrize("command", ["synth", "synth-state"])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cdktg", "BINDINGS=cdktg: there are no such bindings: cdktf or cdktn"),
        ("", "BINDINGS=: there are no such bindings: cdktf or cdktn"),
        ("cdktn", "BINDINGS=cdktn: cdktn and cdktn-provider-aws are not installed in this environment: "),
    ],
)
def test_bindings_that_are_not_there_are_told(name: str, told: str, command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "main.py", command, "--out", str(tmp_path / "out")],
        cwd=bindings.PRELOAD.parents[1],
        env={**os.environ, "BINDINGS": name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f"error: {told}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_next_command_keeps_the_bindings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BINDINGS", raising=False)
    about = target("dev", local=True)
    assert about.make("apply") == "make apply ENV=dev LOCAL=1"
    monkeypatch.setenv("BINDINGS", "cdktn")
    assert about.make("apply") == "make apply ENV=dev LOCAL=1 BINDINGS=cdktn"


def test_a_plan_is_synthesized_by_the_environment_of_its_bindings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[list[str]] = []

    def run(words: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        called.append(words)
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(planning.processes, "run", run)
    (tmp_path / "environments").mkdir()
    shutil.copy(bindings.PRELOAD.parents[1] / "environments" / "dev.yaml", tmp_path / "environments")
    about = target("dev", local=True, root=tmp_path)
    monkeypatch.setenv("BINDINGS", "cdktf")
    planning.synthesize(about)
    monkeypatch.setenv("BINDINGS", "cdktn")
    with pytest.raises(Problem, match=r"^\.venv-cdktn: .* make \.venv-cdktn/ready$"):
        planning.synthesize(about)
    python = tmp_path / ".venv-cdktn" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    planning.synthesize(about)
    assert [words[0] for words in called] == [sys.executable, str(python)]
