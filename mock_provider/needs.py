"""What the mock provider needs where it runs: looked for before anything of it is imported."""

from __future__ import annotations

import importlib.util
import os
from typing import Final

from cloudmart_support.problem import Problem

_MODULES: Final = ("grpc", "msgpack", "tf")


def check() -> None:
    """Say in words what is not there.

    Raises:
        Problem: this is no system that the mock provider runs on, or the project was installed without what it needs.
    """
    # Terraform and the provider speak over a Unix socket, and end by signals.
    if os.name != "posix":
        raise Problem(
            "the mock provider, and so --exact, runs on Linux and macOS alone: leave --exact out, or run it there"
        )
    missing = [name for name in _MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise Problem(
            f"the mock provider, and so --exact, needs what is not installed here ({', '.join(missing)}): install "
            "this project with its extra, as in pip install 'cloudmart-infrastructure[exact]'"
        )
