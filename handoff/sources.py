"""Where in `modules/` each resource is made: recorded while the stack is synthesized."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def recorded() -> Iterator[dict[str, str]]:
    """Construct path to `modules/FILE.py:LINE` of every element that `Tier.add` makes while this is open.

    The line is the innermost call of `add`: for what a helper makes, the helper's.
    """
    from modules.tier import Tier

    places: dict[str, str] = {}
    original = Tier.add

    def add(self: Any, *args: Any, **kwargs: Any) -> Any:
        element: Any = original(self, *args, **kwargs)
        frame = sys._getframe(1)
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(ROOT):
            places[element.node.path] = f"{file.relative_to(ROOT).as_posix()}:{frame.f_lineno}"
        return element

    Tier.add = add  # type: ignore[method-assign,assignment]
    try:
        yield places
    finally:
        Tier.add = original  # type: ignore[method-assign]
