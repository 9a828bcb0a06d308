"""Which version this is, and where it comes from."""

from __future__ import annotations

from typing import Final

_NAME: Final = "cloudmart-infrastructure"


def version() -> str:
    """The version that is installed; 0.0.0 where it runs without being installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(_NAME)
    except PackageNotFoundError:
        return "0.0.0"


def origin() -> tuple[str, str] | None:
    """The address and the commit that this was installed from, if it was from a repository.

    Source: https://packaging.python.org/en/latest/specifications/direct-url/
    """
    import json
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        told = json.loads(distribution(_NAME).read_text("direct_url.json") or "{}")
        return told["url"], told["vcs_info"]["commit_id"]
    except (PackageNotFoundError, ValueError, KeyError, TypeError):
        return None
