"""Who imports whom: the contracts that `make lint` holds catch what they forbid, and nothing stands outside of them."""

from __future__ import annotations

import ast
import configparser
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINT = Path(sys.executable).with_name("lint-imports")
CONTRACTS = configparser.ConfigParser()
CONTRACTS.read(ROOT / ".importlinter")
FORBIDDEN = {
    "house": ("cloudmart_support/git.py", "import settings"),
    "gate": ("policies/reports/json_report.py", "from modules.stack import CloudMart"),
    "exact": ("policies/readers/plan.py", "from mock_provider import schema"),
    "floors": ("policies/aws/flows.py", "from policies.readers import read"),
    "standard-library": ("policies/rules/s3_encrypted.py", "import requests"),
    "circles": ("policies/readers/numbers.py", "from policies.readers import functions"),
}
"""By contract: a file, and a line in it that the contract forbids."""


def names(section: str, key: str) -> set[str]:
    return set(re.findall(r"[\w.]+", re.sub(r"#.*", "", CONTRACTS[f"importlinter:{section}"][key])))


def test_each_contract_catches_what_it_forbids(tmp_path: Path) -> None:
    roots = CONTRACTS["importlinter"]["root_packages"].split()
    for root in roots:
        for file in (ROOT / root).rglob("*.py"):
            copy = tmp_path / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    shutil.copy(ROOT / ".importlinter", tmp_path)
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "import_contracts.py", tmp_path / "tests")
    for name, line in FORBIDDEN.values():
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            # Where it stands in a function, it counts as well.
            file.write(f"\n\ndef _forbidden():\n    {line}\n")
    lint = [LINT, "--no-cache", "--no-logo"]
    done = subprocess.run(lint, cwd=tmp_path, capture_output=True, text=True, check=False)
    contracts = {key.rpartition(":")[2]: CONTRACTS[key]["name"] for key in CONTRACTS if ":contract:" in key}
    assert contracts.keys() == FORBIDDEN.keys()
    for name in contracts.values():
        assert f"{name} BROKEN" in done.stdout.replace("\n", " "), done.stdout + done.stderr
    assert done.returncode == 1


def test_every_package_is_held() -> None:
    ours = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests"}
    assert (
        set(CONTRACTS["importlinter"]["root_packages"].split()) == ours == names("contract:house", "layers")
    )
    floors = names("contract:floors", "layers")
    for child in (ROOT / "policies").iterdir():
        if (child / "__init__.py").exists() or (child.suffix == ".py" and child.stem != "__init__"):
            module = f"policies.{child.stem}"
            assert module in floors or module == "policies.engine", f"{module} is on no floor"
    engine = {f"policies.engine.{file.stem}" for file in (ROOT / "policies" / "engine").glob("[a-z]*.py")}
    assert engine <= floors


def test_nobody_imports_what_is_only_started() -> None:
    for root in CONTRACTS["importlinter"]["root_packages"].split():
        for file in (ROOT / root).rglob("*.py"):
            assert not {name.partition(".")[0] for name in imported(file)} & {"main", "tests"}, file


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: a relative import"
            yield str(node.module)
