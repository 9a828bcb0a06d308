"""What is read back: AWS's own spelling of what was given to it, what AWS fills in, and what the provider takes for the
same.

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

FILLED: dict[tuple[str, str], Any] = {
    ("aws_s3_bucket_server_side_encryption_configuration", "rule.blocked_encryption_types"): ["SSE-C"],
}
"""By type and argument: what AWS answers where nothing is given, and the provider does not take for AWS's to choose: in
its schema the argument is optional and not computed, so that every plan takes it back. Others that AWS fills in are
computed there, or the provider has the same default.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html (of new
buckets since the spring of 2026); the provider's changelog, 6.22.0 and 6.40.0.
"""


def answered(terraform_type: str, state: State) -> State:
    """The state with values as AWS spells them, and with what it fills in."""
    for (kind, path), spelling in SPELLINGS.items():
        if kind == terraform_type:
            state = _spelled(state, path.split("."), spelling)
    for (kind, path), value in FILLED.items():
        if kind == terraform_type:
            state = _filled(state, path.split("."), value)
    return state


def _filled(holder: Any, steps: list[str], value: Any) -> Any:
    if isinstance(holder, list):
        return [_filled(one, steps, value) for one in holder]
    if not isinstance(holder, dict):
        return holder
    name, *rest = steps
    if rest:
        return {**holder, name: _filled(holder.get(name), rest, value)}
    return {**holder, name: value} if holder.get(name) in (None, []) else holder


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
