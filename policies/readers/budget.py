"""How much one evaluation may do: a configuration of a few lines can ask for years of work or for all memory.

There is one budget for everything that is evaluated of a judged path. What is computed, walked through or made is
charged before it is done, so that what is refused never was begun. The bounds are far above what any configuration
of people or generators asks for, and far below what a machine in CI has.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

from cloudmart_support.problem import Problem
from policies.engine.values import ABSENT, Unknown

MOST_STEPS: Final = 3_000_000
"""Expressions evaluated, elements made or compared, and states of regular expressions, together."""

MOST_BYTES: Final = 1 << 27
"""Bytes of text made, together."""

MOST_BITS: Final = 1 << 14
"""Bits of a number. Terraform itself rounds to 512; exact intermediate results may be longer."""

DEEPEST: Final = 5_000
"""Calls within one another: some four hundred locals that name one another in turn. The system's stack holds more."""


class Exceeded(Problem):
    """A bound was reached; the text says which. Whoever knows the place raises a `Problem` that names it."""


class Budget:
    """What is left. There is one, `BUDGET`, renewed for each judged path."""

    __slots__ = ("bytes", "steps")

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin anew."""
        self.steps = MOST_STEPS
        self.bytes = MOST_BYTES

    def spend(self, steps: int) -> None:
        """Charge steps.

        Raises:
            Exceeded: there are not so many left.
        """
        self.steps -= steps
        if self.steps < 0:
            self.out_of_steps()

    def make(self, size: int) -> None:
        """Charge bytes of text that will be made.

        Raises:
            Exceeded: there are not so many left.
        """
        self.afford(size)
        self.bytes -= size

    def afford(self, size: int) -> None:
        """Ask whether so many bytes of text may be made, for a function whose result is charged later.

        Raises:
            Exceeded: there are not so many left.
        """
        if self.bytes < size:
            raise Exceeded(
                f"it evaluates to more than {MOST_BYTES:,} bytes of text, all in all; "
                "the gate evaluates up to that"
            )

    def out_of_steps(self) -> NoReturn:
        """Say that there are no steps left."""
        raise Exceeded(
            f"it evaluates to more than {MOST_STEPS:,} values, all in all; the gate evaluates up to that"
        )


BUDGET: Final = Budget()


@contextmanager
def deeply() -> Iterator[None]:
    """Let calls go as deep as `DEEPEST`, beyond which there is a `RecursionError`."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def size(text: str) -> int:
    """The most bytes that a text takes in memory or as UTF-8."""
    return len(text) if text.isascii() else 4 * len(text)


def weigh(value: Any) -> None:
    """Charge a value as often as its parts would be met on a walk through it.

    Raises:
        Exceeded: it is too large.
    """
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, list | tuple):
            BUDGET.spend(1 + len(item))
            pending.extend(part for part in item if isinstance(part, list | dict | Unknown))
        elif isinstance(item, dict):
            BUDGET.spend(4 + 2 * len(item))
            pending.extend(part for part in item.values() if isinstance(part, list | dict | Unknown))
        elif isinstance(item, Unknown):
            if item.parts:
                pending.append(item.parts)
            if item.document is not ABSENT:
                pending.append(item.document)
