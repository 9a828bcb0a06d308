"""`docs/delivery-actions.md`: each action of the roles, by type of resource, and how it is known.

Run: `python -m modules.delivery.page [FILE]`, which `make docs` does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from modules.delivery.permissions import KINDS, TABLE

_HEAD = """# What Terraform calls of AWS, by type of resource

Written by `make docs` from [actions.toml](../modules/delivery/actions.toml). The roles of a team's jobs are
allowed these actions, and the ones of the state, on what [permissions.py](../modules/delivery/permissions.py) says.

A **source** is the type of CloudFormation whose published handlers name the action, too: AWS's own word for what it
takes to make such a resource, though not by Terraform. The others, in *italics*, are an engineer's **guess**.
"""


def page() -> str:
    """The page's text."""
    known = guessed = 0
    rows = []
    for name, row in TABLE.items():
        guess = set(row.get("guess", ()))
        every = {action for kind in KINDS for action in row.get(kind, ())}
        known, guessed = known + len(every - guess), guessed + len(every & guess)
        cells = [
            ", ".join(f"*{action}*" if action in guess else action for action in row.get(kind, ()))
            for kind in KINDS
        ]
        rows.append(f"| {name} | {' | '.join(cells)} | {row.get('of', '')} |")
    count = f"{known + guessed} in all, of {len(TABLE)} types: {known} from a source, {guessed} a guess."
    heads = f"| type | {' | '.join(KINDS)} | source |\n|{' --- |' * (len(KINDS) + 2)}"
    return "\n".join([_HEAD, count, "", heads, *rows, ""])


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/delivery-actions.md").write_text(
        page(), encoding="utf-8"
    )
