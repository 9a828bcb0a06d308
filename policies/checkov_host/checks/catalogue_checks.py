"""Registers the catalogue's rules with Checkov.

Checkov runs this file by its path, so it finds the rules by its own place. It also goes on, with exit code 0, when a
file of checks cannot be imported; so whatever goes wrong here ends the whole process.
"""

import multiprocessing
import os
import signal
import sys
import traceback
from pathlib import Path

try:
    root = str(Path(__file__).resolve().parents[3])
    if root not in sys.path:
        sys.path.insert(0, root)
    from policies.checkov_host import adapter

    adapter.register()
except Exception:
    traceback.print_exc()
    print(
        "error: the rules of policies/ could not be loaded into Checkov: nothing was judged", file=sys.stderr
    )
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        # Checkov goes on without a framework's worker that ended.
        os.kill(parent.pid, signal.SIGTERM)
    raise SystemExit(2) from None
