"""`python -m policies.staged FILE...`: the gate on the folders that hold these files, for pre-commit.

pre-commit hands over changed files; the gate judges whole folders, because a rule may need a file that did not change.
Folders of modules that another of the judged folders calls are judged through that call.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from policies.__main__ import main as gate
from policies.readers import read
from support.problem import Problem


def folders(files: Sequence[str]) -> list[str]:
    """The folders to judge, sorted: those of the files, without called modules and folders that went away."""
    found = {Path(file).parent for file in files}
    there = sorted(folder for folder in found if any(folder.glob("*.tf")) or any(folder.glob("*.tf.json")))
    called: set[Path] = set()
    for folder in there:
        try:
            resources = read(folder).model.resources
        except Problem:
            continue  # the gate says it, with the place
        called.update(Path(resource.file).resolve().parent for resource in resources if resource.module)
    return [str(folder) for folder in there if folder.resolve() not in called]


def main(files: Sequence[str] | None = None) -> int:
    """Run the gate; its exit code, or 0 where no Terraform folder is concerned."""
    wanted = folders(sys.argv[1:] if files is None else files)
    return gate(["check", *wanted]) if wanted else 0


if __name__ == "__main__":
    sys.exit(main())
