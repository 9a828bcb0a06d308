"""`python -m mock_provider.sources`: write the package's data anew, from what the locked environment holds."""

from __future__ import annotations

import sys

from cloudmart_support.problem import guarded
from mock_provider import catalogue, packed, schema
from mock_provider.sources import bindings, offers


def main() -> int:
    """Write both files; say what they were drawn from."""
    version, kinds = bindings.read(bindings.archive())
    packed.write(schema.FILE, {"version": version} | kinds)
    print(f"{schema.FILE.name}: hashicorp/aws {version}")
    offered = offers.read()
    packed.write(catalogue.FILE, offered)
    print(f"{catalogue.FILE.name}: cfn-lint {offered['version']}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
