"""`python -m tests.prose`: keep `demands.toml` in step with botocore's documentation; see tests/prose/demands.py."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem, guarded
from settings.reader import parse
from synthesis import app
from tests.prose import demands
from tests.stacks import VARIANTS, settings_values


def configurations(folder: Path) -> list[dict[str, Any]]:
    """Every variant of the stack that tests look at."""
    found = []
    for variant, (environment, changes) in VARIANTS.items():
        settings, complaints = parse(settings_values(environment, changes))
        if settings is None:
            raise Problem(f"tests/stacks.py: {variant} has no settings: {complaints}")
        found.append(app.environment(settings, folder / variant).configuration)
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog=demands.COMMAND, description=__doc__)
    parser.add_argument("command", nargs="?", choices=("renew", "show"), default="renew")
    command = parser.parse_args(arguments).command
    with tempfile.TemporaryDirectory() as folder:
        found = demands.demands(configurations(Path(folder)))
    apart, rows = demands.read()
    if command == "show":
        for key, demand in found.items():
            print(f"{demand.told()}\n  = {' | '.join(rows.get(key, demands.UNJUDGED))}\n")
        return 0
    demands.write(apart, {key: rows.get(key, demands.UNJUDGED) for key in found})
    added, gone = found.keys() - rows.keys(), rows.keys() - found.keys()
    for key in sorted(added):
        print(f"{found[key].told()}\n")
    print(f"{demands.FILE}: {len(added)} to judge, {len(gone)} gone, {len(found)} in all")
    return 0


if __name__ == "__main__":
    raise SystemExit(guarded(main))
