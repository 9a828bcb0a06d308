"""`python -m mock_provider` and `cloudmart-mock-provider`: the command line, which stands in `command.py`."""

from __future__ import annotations

import sys

from cloudmart_support.problem import guarded
from mock_provider import needs


def main() -> int:
    """Run the command line; the exit code, 2 where something has to be mended first."""
    return guarded(_run)


def _run() -> int:
    needs.check()
    from mock_provider import command

    return command.main()


if __name__ == "__main__":
    sys.exit(main())
