"""A copy of the project to run the real commands in, so that nothing of this checkout is touched."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cloudmart_support import cache
from tests.developers_shell import environment
from tests.pipeline import remembering

ROOT = Path(__file__).resolve().parents[2]
COPIED = (
    "cloudmart_pages",
    "environments",
    "handoff",
    "mock_provider",
    "modules",
    "pipeline",
    "policies",
    "settings",
    "cloudmart_support",
    "synthesis",
)


class Project:
    """A copy of the project, and the commands in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in COPIED:
            shutil.copytree(ROOT / name, root / name)
        shutil.copy2(ROOT / "main.py", root / remembering.REAL)
        shutil.copy2(remembering.__file__, root / "main.py")
        (root / ".venv-checkov").symlink_to(ROOT / ".venv-checkov")
        self.base = environment()
        # What is costly to make is there already; what the commands keep for this copy of the project goes with it.
        self.cache, self.temporary = root / "cache", root / "temporary"
        for folder in (self.cache, self.temporary):
            folder.mkdir()
        for made in cache.root().iterdir():
            if made.is_dir() and made.name != "pipeline":
                (self.cache / made.name).symlink_to(made)
        self.base |= {"CLOUDMART_CACHE": str(self.cache), "TMPDIR": str(self.temporary)}

    def start(self, command: str, **variables: str) -> subprocess.Popen[str]:
        """Start `python -m pipeline COMMAND` in a session of its own, as under a terminal."""
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline", command],
            cwd=self.root,
            env=self.base | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, command: str, **variables: str) -> tuple[int, str]:
        """Run it to its end; exit code, and all that it wrote."""
        with self.start(command, **variables) as process:
            words = process.communicate()[0]
        return process.returncode, words

    def local(self, command: str, env: str, **variables: str) -> tuple[int, str]:
        """The same with LOCAL=1."""
        return self.run(command, ENV=env, LOCAL="1", **variables)

    def work(self, stack: str) -> Path:
        """The folder of a stack's plans and state with LOCAL=1."""
        return self.root / "cdktf.out" / "local" / stack

    def stand_in_for_checkov(self, code: int = 0) -> Path:
        """Put a program in Checkov's place that ends with `code`; the file in which it notes its arguments."""
        place = self.root / ".venv-checkov"
        if place.is_symlink():
            place.unlink()
        python, noted = place / "bin" / "python", place / "noted"
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text(f'#!/bin/sh\necho "$@" >{shlex.quote(str(noted))}\nexit {code}\n')
        python.chmod(0o755)
        return noted


@contextmanager
def kept(*paths: Path) -> Iterator[None]:
    """Put files back as they were, times included; those that did not exist are removed."""
    before = {path: (path.read_bytes(), path.stat()) if path.is_file() else None for path in paths}
    try:
        yield
    finally:
        for path, was in before.items():
            if was is None:
                path.unlink(missing_ok=True)
                continue
            path.write_bytes(was[0])
            os.utime(path, ns=(was[1].st_atime_ns, was[1].st_mtime_ns))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The copy of a module's tests."""
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def keep() -> Callable:
    """`kept`, for tests."""
    return kept


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Terraform to name with TF for AWS, also where only the wheel's is there."""
    from mock_provider import runner
    from mock_provider.terraform import find

    path = tmp_path_factory.mktemp("bin") / "terraform"
    # Where a test gives it the mock's mirror, the provider in it finds its program by this variable.
    name = "MOCK_PROVIDER_COMMAND"
    played = f"export {name}={shlex.quote(runner.environment()[name])}"
    path.write_text(f'#!/bin/sh\n{played}\nexec {shlex.join(find().command)} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def aws_answering() -> Iterator[str]:
    """The address of a stand-in for AWS's API (moto), with an account in which nothing is."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()
