"""`python -m policies`: the command line, which stands in `policies/command/`."""

import sys

from policies.command import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
