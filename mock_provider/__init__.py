"""A mock of hashicorp/aws: unmodified Terraform and its complete schema, with no registry and no cloud.

`run` runs Terraform against it, `prepared` gives what to start to callers that start it
themselves, and `environment` the variables alone; all are in `mock_provider.runner`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mock_provider.runner import environment, prepared, run

__all__ = ["environment", "prepared", "run"]


def __getattr__(name: str) -> Any:
    # The plugin, which Terraform starts several times a command, has no use for the runner.
    if name in __all__:
        from mock_provider import runner

        return getattr(runner, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
