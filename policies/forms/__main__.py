"""`python -m policies.forms FOLDER`: write the schemas there."""

from __future__ import annotations

import sys
from pathlib import Path

from policies.forms import schemas


def main(folder: str) -> int:
    """Write them; the exit code."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for name, text in schemas.files().items():
        (target / name).write_text(text, encoding="utf-8")
        print(target / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
