"""What is read back: AWS's own spelling of what was given to it, and what the provider takes for the same.

`answered` writes a new state as AWS describes it. `settled` leaves out of a plan what the provider's own functions
suppress: a difference that time made, and nobody wants back.
"""

from __future__ import annotations

from typing import Any

from mock_provider.values import UNKNOWN

State = dict[str, Any]

SPELLINGS: dict[tuple[str, str], dict[str, str]] = {
    ("aws_elasticache_user", "authentication_mode.type"): {"no-password-required": "no-password"},
}
"""By type and argument: what a value that is given is called where AWS describes it.

Source: the enumerations of botocore's models, where those of input and output differ (InputAuthenticationType and
AuthenticationType); the resource's Read writes what AWS says (internal/service/elasticache, resourceUserRead).
"""


def answered(terraform_type: str, state: State) -> State:
    """The state with values as AWS spells them."""
    for (kind, path), spelling in SPELLINGS.items():
        if kind == terraform_type:
            state = _spelled(state, path.split("."), spelling)
    return state


def _spelled(value: Any, steps: list[str], spelling: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_spelled(one, steps, spelling) for one in value]
    if not steps:
        return spelling.get(value, value) if isinstance(value, str) else value
    if isinstance(value, dict) and value.get(steps[0]) is not None:
        return {**value, steps[0]: _spelled(value[steps[0]], steps[1:], spelling)}
    return value


def settled(terraform_type: str, planned: State, prior: State) -> None:
    """Take over from `prior` what the provider does not plan to change back."""
    if terraform_type == "aws_db_instance":
        _storage(planned, prior)


def _storage(planned: State, prior: State) -> None:
    """With autoscaling, storage that has grown stays. Source: internal/service/rds, resourceInstance, the
    DiffSuppressFunc of allocated_storage."""
    size, grown, most = (
        planned.get("allocated_storage"),
        prior.get("allocated_storage"),
        planned.get("max_allocated_storage"),
    )
    if UNKNOWN in (size, grown, most) or not (size and grown and most):
        return
    if grown > size and most > size:
        planned["allocated_storage"] = grown
