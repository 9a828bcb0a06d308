"""Problems that a person can mend: told in words, with exit code 2 and no traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable


class Problem(Exception):
    """Something outside this program is not as it has to be.

    The message names the place, what is wrong there, and the cure. Commands print it on
    stderr and end with exit code 2.
    """


def guarded(main: Callable[[], int]) -> int:
    """Run a command's `main`; return its exit code, or 2 after printing a `Problem`, or 130 after Ctrl-C."""
    try:
        return main()
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
