"""Everything that AWS looks at, put together, and the account that does."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mock_provider.account import collisions, deletions, prerequisites, quotas
from mock_provider.account.store import PATIENCE, Account, Thing

_BEFORE = (collisions.check, prerequisites.check)

# The service that makes a role for itself when the first of these is made.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html.
_SERVICES = {
    "aws_autoscaling_group": ("autoscaling", "AWSServiceRoleForAutoScaling"),
    "aws_db_instance": ("rds", "AWSServiceRoleForRDS"),
    "aws_db_subnet_group": ("rds", "AWSServiceRoleForRDS"),
    "aws_rds_cluster": ("rds", "AWSServiceRoleForRDS"),
    "aws_ecs_cluster": ("ecs", "AWSServiceRoleForECS"),
    "aws_eks_cluster": ("eks", "AWSServiceRoleForAmazonEKS"),
    "aws_elasticache_replication_group": ("elasticache", "AWSServiceRoleForElastiCache"),
    "aws_elasticache_cluster": ("elasticache", "AWSServiceRoleForElastiCache"),
    "aws_fis_experiment_template": ("fis", "AWSServiceRoleForFIS"),
    "aws_lb": ("elasticloadbalancing", "AWSServiceRoleForElasticLoadBalancing"),
    "aws_nat_gateway": ("nat-gateway", "AWSServiceRoleForNATGateway"),
    "aws_wafv2_web_acl_logging_configuration": ("wafv2", "AWSServiceRoleForWAFV2Logging"),
}
_ROLE = "aws_iam_service_linked_role"


def opened(path: Path | None, patience: float = PATIENCE) -> Account:
    """The account in a file, or one in memory that only tells equal resources apart."""
    if path is None:
        return Account(None)
    return checked(path, patience)


def checked(path: Path | None, patience: float = PATIENCE) -> Account:
    """An account that looks at all there is to look at."""
    return Account(
        path,
        creating=(*_BEFORE, quotas.check, _service_role),
        changing=_BEFORE,
        deleting=(deletions.check,),
        patience=patience,
    )


def _service_role(account: Account, thing: Thing) -> None:
    """AWS makes a service-linked role with the first resource that needs it; whoever makes one later is refused."""
    if thing.type not in _SERVICES:
        return
    service, name = _SERVICES[thing.type]
    token = f"//service role {service}"
    if any(one.get("name") == name for one in account.things(_ROLE)):
        return
    digest = hashlib.sha256(name.encode()).hexdigest()[:16].upper()
    account.put(
        Thing(
            token,
            _ROLE,
            "",
            {
                "id": f"arn:aws:iam::000000000000:role/aws-service-role/{service}.amazonaws.com/{name}",
                "name": name,
                "aws_service_name": f"{service}.amazonaws.com",
                "custom_suffix": "",
                "unique_id": f"AROA{digest}",
            },
        )
    )
