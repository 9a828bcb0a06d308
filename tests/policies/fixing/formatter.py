"""`terraform fmt` as the judge of how a file looks."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from mock_provider import terraform


def unformatted(folder: Path, *, write: bool = False) -> list[str]:
    """The names of files in a folder that `terraform fmt` would change; with `write`, it changes them."""
    done = subprocess.run(
        [*terraform.find().command, "fmt", "-check" if not write else "-write=true", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"},
    )
    assert not done.stderr, done.stderr
    return sorted(Path(line).name for line in done.stdout.split("\n") if line)
