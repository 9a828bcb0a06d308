"""`python -m policies.exact.identities`: write `policies/aws/identities.txt` out of the provider's schema."""

from __future__ import annotations

import sys
import textwrap
from typing import Any, Final

from cloudmart_support.problem import guarded
from mock_provider import schema
from policies.aws.identities import FILE

# What names a resource, or a part that AWS makes with it: of these an attribute is an identity where nobody can set it.
_NAMES: Final = frozenset(
    """
    id arn key_id unique_id uuid resource_id cluster_resource_id dbi_resource_id owner_id registry_id execution_arn
    invoke_arn qualified_arn function_arn group_id security_group_rule_id dns_name zone_id hosted_zone_id
    repository_url default_security_group_id default_route_table_id default_network_acl_id main_route_table_id
    """.split()  # noqa: SIM905 — a paragraph is easier to review than a line a name
)
# Arguments that name a resource: an identity where the provider makes one up, which a `*_prefix` beside it tells.
_MADE_UP: Final = (
    "name",
    "bucket",
    "identifier",
    "cluster_identifier",
    "node_group_name",
    "key_name",
    "graph_name",
)
# Blocks that are computed, with the attribute in them that is always set.
_BLOCKS: Final = (("master_user_secret", "secret_arn"),)

# Computed and named after their type, and yet empty for some: of EKS, only clusters on an Outpost have one.
_EMPTY: Final = frozenset({"aws_eks_cluster.cluster_id"})

_HEAD: Final = """\
# Written by `make docs` from the schema of hashicorp/aws {version}: change the schema, not this file.
#
# Attributes that are never null or empty once a resource exists, and behind the colon the types that have them, without
# their `aws_`; long lines go on, indented.
"""


def text() -> str:
    """What the file has to hold."""
    provider = schema.load()
    types: dict[tuple[str, ...], list[str]] = {}
    for type in provider.types("resource"):
        found = _identities(type, provider.block("resource", type)["attributes"])
        if found:
            types.setdefault(found, []).append(type.removeprefix("aws_"))
    lines = [
        line
        for attributes, names in sorted(types.items())
        for line in textwrap.wrap(
            f"{' '.join(attributes)}: {' '.join(names)}", 118, subsequent_indent="  ", break_on_hyphens=False
        )
    ]
    return _HEAD.format(version=provider.version) + "\n".join(lines) + "\n"


def _identities(type: str, attributes: dict[str, Any]) -> tuple[str, ...]:
    found = []
    for name, attribute in attributes.items():
        if not attribute.get("computed"):
            continue
        settable = attribute.get("optional") or attribute.get("required")
        # The bindings call `id` optional wherever the provider's older library made it; no configuration can set it.
        if name == "id" or (not settable and (name in _NAMES or _is_named_after(name, type))):
            found.append(name)
        if name in _MADE_UP and f"{name}_prefix" in attributes:
            found.append(name)
        found += [f"{block}[].{inner}" for block, inner in _BLOCKS if name == block and not settable]
    return tuple(sorted(found))


def _is_named_after(name: str, type: str) -> bool:
    """Whether an attribute is the id or ARN of its type, by name: `file_system_id` of `aws_efs_file_system`."""
    own, _, kind = name.rpartition("_")
    after = kind in ("id", "arn") and bool(own) and f"_{type}".endswith(f"_{own}")
    return after and f"{type}.{name}" not in _EMPTY


def main() -> int:
    """Write the file."""
    FILE.write_text(text(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
