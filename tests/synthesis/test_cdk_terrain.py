"""CDK Terrain in CDKTF's place: the same constructs, and the same JSON but for what names its maker."""

from __future__ import annotations

import ast
import copy
import json
import os
import re
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from stacks import ENVIRONMENTS, ROOT, VARIANTS

import settings
from cloudmart_support import cache
from synthesis import app

# All variants in one process, which loads the bindings once; and every name that the constructs may ask for.
SYNTHESIZE = """
import json, sys
from importlib.metadata import version
from pathlib import Path
import settings
from settings.reader import parse
from stacks import ENVIRONMENTS, VARIANTS, settings_values
from modules import names
from synthesis import app

out = Path(sys.argv[1])
for variant, (environment, changes) in VARIANTS.items():
    values, complaints = parse(settings_values(environment, changes))
    assert values is not None, complaints
    app.environment(values, out / variant)
app.state(settings.read_state(ENVIRONMENTS / "state.yaml"), out / "state")
made_by = {getattr(names, name).__module__.partition(".")[0] for name in names._WHERE}
loaded = [name for name in sys.modules if name.startswith("cdktn_provider_aws.")]
print(json.dumps({"made_by": sorted(made_by), "loaded": len(loaded), "version": version("cdktn")}))
"""


@pytest.fixture(scope="module")
def terrain(shared_folder: Path) -> Path:
    """All variants as CDK Terrain writes them, in folders of their names, and what the process said of itself."""
    out = shared_folder / "cdk-terrain"
    with cache.locked(out):
        if not (out / "said.json").exists():
            plain = {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}
            # The environment is made where it is not there, or older than the lock.
            subprocess.run(["make", "--silent", ".venv-cdktn/ready"], cwd=ROOT, env=plain, check=True)
            done = subprocess.run(
                [str(ROOT / ".venv-cdktn" / "bin" / "python"), "-O", "-c", SYNTHESIZE, str(out)],
                env={
                    **plain,
                    "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
                    "BINDINGS": "cdktn",
                    "NODE_OPTIONS": "",
                },
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert "fast path" not in done.stderr
            (out / "said.json").write_text(done.stdout)
    return out


def _read(folder: Path) -> dict[str, Any]:
    (file,) = folder.glob("stacks/*/cdk.tf.json")
    configuration: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return configuration


def _made_by_terrain(configuration: dict[str, Any], terrain: Path) -> dict[str, Any]:
    """CDKTF's JSON with its maker's name and version changed, and nothing else."""
    changed = copy.deepcopy(configuration)
    comment = changed["//"]
    assert comment["metadata"]["version"] == version("cdktf")
    comment["metadata"]["version"] = json.loads((terrain / "said.json").read_text())["version"]
    (stack,) = comment["outputs"]
    for tier, outputs in comment["outputs"][stack].items():
        comment["outputs"][stack][tier] = {
            re.sub(r"^cdktf\.", "cdktn.", name): output for name, output in outputs.items()
        }
    return changed


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_variant_is_the_same(
    variant: str, terrain: Path, stack: Callable[[str], dict[str, Any]]
) -> None:
    theirs = _read(terrain / variant)
    assert theirs == _made_by_terrain(stack(variant), terrain)
    # What Terraform reads is the same without any change: sources, versions and backends, too.
    assert {**theirs, "//": None} == {**stack(variant), "//": None}


def test_the_state_bucket_is_the_same(terrain: Path, tmp_path: Path) -> None:
    ours = app.state(settings.read_state(ENVIRONMENTS / "state.yaml"), tmp_path).configuration
    theirs = _read(terrain / "state")
    assert theirs == _made_by_terrain(ours, terrain)
    assert {**theirs, "//": None} == {**ours, "//": None}


def test_every_name_is_in_both_bindings_and_few_modules_are_loaded(terrain: Path) -> None:
    said = json.loads((terrain / "said.json").read_text())
    assert said["made_by"] == ["cdktn", "cdktn_provider_aws"]
    assert 0 < said["loaded"] < 200


def test_the_names_stand_in_one_place() -> None:
    asked: set[str] = set()
    for file in (
        path for part in ("modules", "settings", "synthesis") for path in (ROOT / part).rglob("*.py")
    ):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                of = [node.module or ""]
                if node.module == "modules.names":
                    asked |= {name.name for name in node.names}
            elif isinstance(node, ast.Import):
                of = [name.name for name in node.names]
            else:
                continue
            named = [name for name in of if re.match(r"cdkt[fn](\.|_|$)", name)]
            assert not named or file == ROOT / "modules" / "names.py", (file, named)
    tree = ast.parse((ROOT / "modules" / "names.py").read_text(encoding="utf-8"))
    offered = [
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cdktf")
        for name in node.names
    ]
    assert len(offered) == len(set(offered))
    assert asked == set(offered)  # none that nobody asks for
