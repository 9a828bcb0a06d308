"""What each role of a team's jobs may do, as IAM policy documents; plain values, with nothing of cdktf.

The actions come from `actions.toml`, by type of resource; here is on what they are allowed.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

Statement = dict[str, Any]
KINDS = ("read", "create", "update", "delete")
TABLE: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    Path(__file__).with_name("actions.toml").read_text(encoding="utf-8")
)
"""By type of resource or data source: actions by kind, `of` and `guess`."""
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
POLICY_CHARACTERS = 6144
POLICIES_OF_A_ROLE = 10
# What stays free for the account's number and the like, which stand as longer references until they are known.
_ROOM = 144

PASSED_TO = (
    "backup.amazonaws.com",
    "ec2.amazonaws.com",
    "fis.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
"""The services that the stack's roles are for."""
LINKED_TO = (
    "autoscaling.amazonaws.com",
    "elasticache.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "fis.amazonaws.com",
    "rds.amazonaws.com",
    "wafv2.amazonaws.com",
)
"""The services whose own roles are made with the first resource of theirs in an account."""
ATTACHED = (
    "AmazonSSMManagedInstanceCore",
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "service-role/AWSBackupServiceRolePolicyForRestores",
    "service-role/AWSFaultInjectionSimulatorNetworkAccess",
    "service-role/AWSFaultInjectionSimulatorRDSAccess",
    "service-role/AmazonRDSEnhancedMonitoringRole",
)
"""AWS's managed policies that the stack's roles have."""
# The services that have no region, or answer for all regions from one; aws:RequestedRegion says us-east-1 of them.
_GLOBAL = ("budgets", "cloudfront", "iam", "route53", "sts")
# Actions on a role that IAM tells the role's boundary of.
_BOUNDED = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
)
# What changes a key for good: only one that the environment's tags are on.
_KEYS = (
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:UpdateKeyDescription",
)
# Actions that know no resource before they have made it, or none at all, by pattern; the region alone limits them.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_ANYTHING = (
    "acm:RequestCertificate",
    "autoscaling:Describe*",
    "backup-storage:*",
    "backup:CreateBackupPlan",
    "cloudfront:*",
    "cloudwatch:DescribeAlarms",
    "ec2:*",
    "elasticloadbalancing:Describe*",
    "elasticloadbalancing:SetWebAcl",
    "kms:CreateKey",
    "kms:ListAliases",
    "logs:*Delivery",
    "logs:DescribeLogGroups",
    "logs:*ResourcePolic*",
    "logs:UpdateDeliveryConfiguration",
    "sts:*",
)
_BY_NAME = {
    "acm": ("certificate/*",),
    "autoscaling": ("autoScalingGroup:*:autoScalingGroupName/{name}-*",),
    "backup": ("backup-plan:*", "backup-vault:{name}"),
    "budgets": ("budget/{name}*",),
    "cloudwatch": ("alarm:{name}-*", "dashboard/{name}*"),
    "elasticache": ("*:{name}*",),
    "elasticloadbalancing": (
        "loadbalancer/app/{name}/*",
        "listener/app/{name}/*",
        "targetgroup/*",
    ),
    "events": ("rule/{name}-*",),
    "fis": ("experiment-template/*", "action/*"),
    "logs": (
        "log-group:/{name}/*",
        "log-group:aws-waf-logs-{name}-*",
        "log-group:/aws/rds/instance/{project}-*",
        "delivery:*",
        "delivery-destination:{name}-*",
        "delivery-source:{name}-*",
    ),
    "kms": ("key/*", "alias/{name}/*"),
    "rds": ("*:{project}-*",),
    "secretsmanager": ("secret:rds!*",),
    "sns": ("{name}-*",),
    "wafv2": ("*/webacl/{name}-*", "*/managedruleset/*", "*/ipset/{name}-*"),
}


@dataclass(frozen=True)
class Place:
    """Where one environment's stack is: names, account, and the state that Terraform keeps of it."""

    project: str
    environment: str
    account: str
    regions: tuple[str, ...]
    state_bucket_arn: str
    state_key_arn: str

    @property
    def name(self) -> str:
        """`PROJECT-ENVIRONMENT`."""
        return f"{self.project}-{self.environment}"

    def arn_of(self, resource: str) -> str:
        """The ARN of something of IAM's in the account."""
        return f"arn:aws:iam::{self.account}:{resource}"

    @property
    def own(self) -> list[str]:
        """The ARNs of the jobs' own roles."""
        return [self.arn_of(f"role/{self.name}-{job}") for job in ("plan", "apply", "drift")]

    @property
    def boundary(self) -> str:
        """The ARN of the boundary of the roles that the stack makes."""
        return self.arn_of(f"policy/{self.name}-workload-boundary")

    @property
    def limit(self) -> str:
        """The ARN of the boundary of the jobs' own roles."""
        return self.arn_of(f"policy/{self.name}-delivery-boundary")


def actions(*kinds: str) -> list[str]:
    """All actions of these kinds, of all types, each once."""
    return sorted({action for row in TABLE.values() for kind in kinds for action in row.get(kind, ())})


def reading(place: Place) -> list[Statement]:
    """What a plan needs: to look at whatever the stack may have."""
    return [*_allowed(place, actions("read")), *_state(place, write=False)]


def locking(place: Place) -> list[Statement]:
    """To hold the state's lock, which is an object beside it."""
    return [
        {
            "Action": ["s3:PutObject", "s3:DeleteObject", "s3:GetObject"],
            "Resource": f"{place.state_bucket_arn}/{place.name}/terraform.tfstate.tflock",
        },
        {"Action": ["kms:GenerateDataKey"], "Resource": place.state_key_arn},
    ]


def changing(place: Place) -> list[Statement]:
    """What an apply needs beyond a plan."""
    read = set(actions("read"))
    beyond = [action for action in actions("create", "update", "delete") if action not in read]
    return [*_allowed(place, beyond), *_state(place, write=True)]


def _state(place: Place, *, write: bool) -> Iterator[Statement]:
    file = f"{place.state_bucket_arn}/{place.name}/terraform.tfstate"
    if write:
        yield {"Action": ["s3:PutObject"], "Resource": file}
        return
    yield {
        "Action": ["s3:ListBucket"],
        "Resource": place.state_bucket_arn,
        "Condition": {"StringLike": {"s3:prefix": [f"{place.name}/*"]}},
    }
    yield {"Action": ["s3:GetObject"], "Resource": file}
    yield {"Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": place.state_key_arn}


def _allowed(place: Place, wanted: Iterable[str]) -> list[Statement]:
    """Statements that allow the actions, each on what it is for."""
    groups: dict[str, tuple[Statement, list[str]]] = {}
    for action in wanted:
        scope = _scope(place, action)
        groups.setdefault(json.dumps(scope, sort_keys=True), (scope, []))[1].append(action)
    return [{"Action": found, **scope} for scope, found in groups.values()]


def _scope(place: Place, action: str) -> Statement:
    """The resource and the condition under which an action is allowed."""
    service = action.partition(":")[0]
    here: dict[str, dict[str, Any]] = {"StringEquals": {"aws:RequestedRegion": [*place.regions]}}
    if service == "iam":
        return _of_iam(place, action)
    if service == "s3":
        return {"Resource": f"arn:aws:s3:::{place.name}-*"}
    if service == "ssm":
        return {"Resource": "arn:aws:ssm:*::parameter/aws/service/*"}
    if any(fnmatchcase(action, pattern) for pattern in _ANYTHING):
        return {"Resource": "*"} if service in _GLOBAL else {"Resource": "*", "Condition": here}
    if service == "route53":
        kind = "change/*" if action == "route53:GetChange" else "hostedzone/*"
        return {"Resource": f"arn:aws:route53:::{kind}"}
    names = [part.format(name=place.name, project=place.project) for part in _BY_NAME[service]]
    region = "" if service in _GLOBAL else "*"
    found = [f"arn:aws:{service}:{region}:{place.account}:{name}" for name in names]
    if action in _KEYS:
        tags = {"aws:ResourceTag/Project": place.project, "aws:ResourceTag/Environment": place.environment}
        here = {"StringEquals": {**here["StringEquals"], **tags}}
    if service == "backup":
        found.append(f"arn:aws:backup:*:{place.account}:backup-vault:{place.name}-*")
    if service == "elasticache":
        # A user's group takes in the service's user "default", and a parameter group is made from a default one.
        found.append(f"arn:aws:elasticache:*:{place.account}:parametergroup:default.*")
    if service == "wafv2":
        # A web ACL is associated with the load balancer, too.
        balancer = f"loadbalancer/app/{place.name}/*"
        found.append(f"arn:aws:elasticloadbalancing:*:{place.account}:{balancer}")
    if service == "rds":
        found.append(f"arn:aws:rds:*:{place.account}:*:default*")
    return {"Resource": found} if service in _GLOBAL else {"Resource": found, "Condition": here}


def _of_iam(place: Place, action: str) -> Statement:
    roles = place.arn_of(f"role/{place.name}-*")
    if action == "iam:PassRole":
        return {"Resource": roles, "Condition": {"StringEquals": {"iam:PassedToService": [*PASSED_TO]}}}
    if action == "iam:CreateServiceLinkedRole":
        return {
            "Resource": place.arn_of("role/aws-service-role/*"),
            "Condition": {"StringEquals": {"iam:AWSServiceName": [*LINKED_TO]}},
        }
    if "InstanceProfile" in action and action != "iam:ListInstanceProfilesForRole":
        return {"Resource": [place.arn_of(f"instance-profile/{place.name}-*"), roles]}
    if action in _BOUNDED:
        condition: dict[str, Any] = {"StringEquals": {"iam:PermissionsBoundary": place.boundary}}
        if action in ("iam:AttachRolePolicy", "iam:DetachRolePolicy"):
            condition["ArnEquals"] = {"iam:PolicyARN": [f"arn:aws:iam::aws:policy/{one}" for one in ATTACHED]}
        return {"Resource": roles, "Condition": condition}
    return {"Resource": roles}


def limit(place: Place) -> list[Statement]:
    """The boundary of the jobs' own roles: the services that the stack has, and never what would widen a role.

    An explicit refusal holds whatever else is allowed, by these policies or by ones that somebody adds later.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    services = sorted(
        {action.partition(":")[0] for action in actions(*KINDS)}
        - {"iam", "s3", "sts", "secretsmanager", "ssm"}
    )
    shared = [place.state_bucket_arn, f"{place.state_bucket_arn}/*"]
    iam = sorted(action for action in actions(*KINDS) if action.startswith("iam:"))
    secrets = sorted(action for action in actions(*KINDS) if action.startswith("secretsmanager:"))
    return [
        {"Sid": "Services", "Action": [f"{service}:*" for service in services], "Resource": "*"},
        {"Sid": "Looks", "Action": ["sts:GetCallerIdentity", "ssm:GetParameter", *secrets], "Resource": "*"},
        {"Sid": "Buckets", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{place.name}-*", *shared]},
        {
            "Sid": "Roles",
            "Action": iam,
            "Resource": [
                place.arn_of(f"role/{place.name}-*"),
                place.arn_of(f"instance-profile/{place.name}-*"),
                place.arn_of("role/aws-service-role/*"),
            ],
        },
        {
            "Sid": "NotItself",
            "Effect": "Deny",
            "NotAction": ["iam:Get*", "iam:List*"],
            "Resource": [*place.own, place.arn_of("policy/*"), place.arn_of("oidc-provider/*")],
        },
        {
            "Sid": "OnlyBounded",
            "Effect": "Deny",
            "Action": [*_BOUNDED],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"iam:PermissionsBoundary": place.boundary}},
        },
        {
            "Sid": "Never",
            "Effect": "Deny",
            "Action": [
                "iam:DeleteRolePermissionsBoundary",
                "iam:CreateUser",
                "iam:CreateAccessKey",
                "sts:AssumeRole",
            ],
            "Resource": "*",
        },
        {
            "Sid": "OtherStates",
            "Effect": "Deny",
            "Action": "s3:*",
            "NotResource": [
                f"arn:aws:s3:::{place.name}-*",
                place.state_bucket_arn,
                f"{place.state_bucket_arn}/{place.name}/*",
            ],
        },
        {
            "Sid": "StateBucketStays",
            "Effect": "Deny",
            "NotAction": ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": shared,
        },
        {
            "Sid": "StateKeyStays",
            "Effect": "Deny",
            "NotAction": ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            "Resource": place.state_key_arn,
        },
    ]


def workload(place: Place) -> list[Statement]:
    """The boundary of the roles that the stack makes: what machines, backups and drills do, and nothing of IAM's.

    It is wider than each role's own policy, which the gate judges; it is what a role could be made into at most.
    """
    used = ("cloudwatch", "ec2", "ec2messages", "ecr", "elasticache", "fis", "kms", "logs", "rds", "s3")
    more = ("backup", "secretsmanager", "ssm", "ssmmessages", "tag", "tiros")
    return [
        {"Sid": "Services", "Action": [f"{one}:*" for one in sorted((*used, *more))], "Resource": "*"},
        {
            "Sid": "PassedOn",
            "Action": ["iam:PassRole", "iam:GetRole"],
            "Resource": place.arn_of(f"role/{place.name}-*"),
        },
        {
            "Sid": "NotTheJobs",
            "Effect": "Deny",
            "Action": ["iam:PassRole", "sts:AssumeRole"],
            "Resource": place.own,
        },
        {
            "Sid": "NotTheStates",
            "Effect": "Deny",
            "Action": ["s3:*", "kms:*"],
            "Resource": [place.state_bucket_arn, f"{place.state_bucket_arn}/*", place.state_key_arn],
        },
    ]


def documents(statements: Iterable[Statement]) -> list[str]:
    """The statements as policy documents, as few as IAM's size lets them be.

    Statements with many actions are cut where a document is full.
    """
    filled: list[list[Statement]] = [[]]
    for statement in statements:
        listed = statement.get("Action")
        if not isinstance(listed, list) or statement.get("Effect") == "Deny":
            filled = _placed(filled, statement)
            continue
        for action in listed:
            last = filled[-1]
            if last and _same(last[-1], statement):
                longer = [*last[:-1], {**last[-1], "Action": [*last[-1]["Action"], action]}]
                if _fits(longer):
                    filled[-1] = longer
                    continue
            filled = _placed(filled, {**statement, "Action": [action]})
    return [document(one) for one in filled]


def _placed(filled: list[list[Statement]], statement: Statement) -> list[list[Statement]]:
    if _fits([*filled[-1], statement]):
        return [*filled[:-1], [*filled[-1], statement]]
    return [*filled, [statement]]


def _same(one: Statement, other: Statement) -> bool:
    return {**one, "Action": None} == {**other, "Action": None}


def _fits(statements: list[Statement]) -> bool:
    return len(document(statements)) <= POLICY_CHARACTERS - _ROOM


def document(statements: Iterable[Statement]) -> str:
    """A policy document without spaces, which IAM would not count either."""
    full = [{"Effect": "Allow", **one} for one in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": full}, separators=(",", ":"))
