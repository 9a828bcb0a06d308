"""Who may take a role: which repository's jobs, of which branch, environment or proposal.

Sources: https://docs.github.com/en/actions/reference/security/oidc,
https://docs.gitlab.com/ci/secrets/id_token_authentication/,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
"""

from __future__ import annotations

import json

from settings.model import Delivery

AUDIENCE = "sts.amazonaws.com"
_ISSUERS = {"github": "token.actions.githubusercontent.com", "gitlab": "gitlab.com"}


def issuer(delivery: Delivery) -> str:
    """The host, and path if any, that signs the tokens; IAM names the claims after it."""
    return delivery.issuer or _ISSUERS[delivery.provider]


def subjects(delivery: Delivery, job: str, environment: str) -> list[str]:
    """The subjects of the tokens of a job: a pattern only where a branch's name cannot be known before."""
    if delivery.provider == "github":
        of = f"repo:{delivery.repository}"
        return {
            "plan": [f"{of}:pull_request", f"{of}:ref:refs/heads/{delivery.branch}"],
            "apply": [f"{of}:environment:{environment}"],
            "drift": [f"{of}:ref:refs/heads/{delivery.branch}"],
        }[job]
    # A merge request's job says its own branch. GitLab's subject names no environment, so that a protected branch is
    # all that stands before an apply.
    of = f"project_path:{delivery.repository}:ref_type:branch:ref"
    return [f"{of}:*"] if job == "plan" else [f"{of}:{delivery.branch}"]


def document(delivery: Delivery, provider: str, job: str, environment: str) -> str:
    """The trust policy of a job's role."""
    names = issuer(delivery)
    wanted = subjects(delivery, job, environment)
    exact = not any("*" in subject for subject in wanted)
    audience = {f"{names}:aud": AUDIENCE}
    subject = {f"{names}:sub": wanted}
    condition = (
        {"StringEquals": {**audience, **subject}}
        if exact
        else {"StringEquals": audience, "StringLike": subject}
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
