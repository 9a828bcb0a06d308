"""The identity provider and, for each environment, the roles of its jobs; part of the state bucket's stack."""

from __future__ import annotations

from modules.delivery import permissions, trust
from modules.delivery.permissions import Place, Statement
from modules.names import (
    IamOpenidConnectProvider,
    IamPolicy,
    IamRole,
    IamRolePolicyAttachment,
    TerraformOutput,
)
from modules.tier import Tier
from settings.model import Delivery

# Seconds. A plan is done within one hour; a database alone may take most of one.
_SESSIONS = {"plan": 3600, "apply": 4 * 3600, "drift": 3600}
_WORK = {
    "plan": "reads what the stack has, and holds the state's lock",
    "apply": "makes, changes and deletes the stack",
    "drift": "reads what the stack has",
}


def add(
    tier: Tier,
    delivery: Delivery,
    *,
    project: str,
    regions: tuple[str, ...],
    account_id: str,
    state_bucket: str,
    state_key_arn: str,
) -> None:
    """Add the provider, unless there is one, and three roles with their boundaries for each environment."""
    provider = delivery.provider_arn
    if provider is None:
        made = tier.add(
            IamOpenidConnectProvider,
            delivery.provider,
            url=f"https://{trust.issuer(delivery)}",
            client_id_list=[trust.AUDIENCE],
        )
        made.add_override("lifecycle", {"prevent_destroy": True})
        provider = made.arn
    for environment in delivery.environments:
        place = Place(
            project=project,
            environment=environment,
            account=account_id,
            regions=regions,
            state_bucket_arn=f"arn:aws:s3:::{state_bucket}",
            state_key_arn=state_key_arn,
        )
        _environment(tier, delivery, place, provider)


def _environment(tier: Tier, delivery: Delivery, place: Place, provider: str) -> None:
    def managed(name: str, statements: list[Statement], description: str) -> list[IamPolicy]:
        texts = permissions.documents(statements)
        return [
            tier.add(
                IamPolicy,
                f"{place.environment}_{name}" + (f"_{number}" if len(texts) > 1 else ""),
                name=f"{place.name}-{name}".replace("_", "-") + (f"-{number}" if len(texts) > 1 else ""),
                description=description,
                policy=text,
            )
            for number, text in enumerate(texts, 1)
        ]

    (limit,) = managed("delivery_boundary", permissions.limit(place), "The most that the jobs' roles may do")
    (workload,) = managed(
        "workload_boundary", permissions.workload(place), "The most that the stack's own roles may do"
    )
    read = managed("read", permissions.reading(place), "What a plan reads")
    lock = managed("lock", permissions.locking(place), "The lock of the state")
    change = managed("change", permissions.changing(place), "What an apply changes")
    for job, attached in (("plan", [*read, *lock]), ("apply", [*read, *lock, *change]), ("drift", read)):
        name = f"{place.environment}_{job}"
        role = tier.add(
            IamRole,
            name,
            name=f"{place.name}-{job}",
            description=f"{place.name}: {_WORK[job]}",
            assume_role_policy=trust.document(delivery, provider, job, place.environment),
            max_session_duration=_SESSIONS[job],
            permissions_boundary=limit.arn,
        )
        for policy in attached:
            tier.add(
                IamRolePolicyAttachment,
                f"{name}_{policy.friendly_unique_id.removeprefix(f'{place.environment}_')}",
                role=role.name,
                policy_arn=policy.arn,
            )
        tier.add(TerraformOutput, f"role_{name}", value=role.arn, description=f"The role: {_WORK[job]}.")
    tier.add(
        TerraformOutput,
        f"permissions_boundary_{place.environment}",
        value=workload.arn,
        description="permissions_boundary in the environment's settings.",
    )
