"""Which version this is."""

from __future__ import annotations


def version() -> str:
    """The version that is installed; 0.0.0 where it runs without being installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("cloudmart-infrastructure")
    except PackageNotFoundError:
        return "0.0.0"
