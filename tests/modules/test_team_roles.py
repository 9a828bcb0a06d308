"""The roles of a team's jobs: who may take them, what they may do, and that none can widen itself."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import cfnlint
import pytest
import yaml
from moto import mock_aws
from pydantic import ValidationError
from stacks import ROOT, VARIANTS, settings_values

from cloudmart_support.problem import Problem
from modules.delivery import page, permissions, trust
from settings.model import Delivery, StateSettings
from settings.reader import parse, read_state
from synthesis import app

ACCOUNT = "111122223333"
DATA = Path(cfnlint.__file__).parent / "data"
GITHUB = Delivery(repository="example-org/shop")
GITLAB = Delivery(provider="gitlab", repository="group/sub/shop")
PLACE = permissions.Place(
    "cloudmart",
    "prod",
    ACCOUNT,
    ("ap-northeast-2", "us-east-1"),
    "arn:aws:s3:::states",
    "arn:aws:kms:r:a:key/state",
)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def holds(condition: dict[str, Any], request: dict[str, str]) -> bool:
    """Whether a statement's condition holds: all operators, all keys, one of the values."""
    for operator, keys in condition.items():
        for key, values in keys.items():
            given = request.get(key)
            match = {
                "StringEquals": lambda one, given=given: one == given,
                "StringLike": lambda one, given=given: given is not None and fnmatchcase(given, one),
                "ArnEquals": lambda one, given=given: one == given,
                "StringNotEquals": lambda one, given=given: one == given,
            }[operator]
            if any(map(match, listed(values))) == (operator == "StringNotEquals"):
                return False
    return True


def applies(statement: dict[str, Any], action: str, resource: str, request: dict[str, str]) -> bool:
    def named(key: str, value: str) -> bool:
        if f"Not{key}" in statement:
            return not any(fnmatchcase(value, one) for one in listed(statement[f"Not{key}"]))
        return any(fnmatchcase(value, one) for one in listed(statement[key]))

    # A bucket's or role's ARN does not stand for another service's action.
    return (
        named("Action", action)
        and named("Resource", resource)
        and holds(statement.get("Condition", {}), request)
    )


def allowed(statements: list[dict[str, Any]], action: str, resource: str, **request: str) -> bool:
    request = {key.replace("__", ":"): value for key, value in request.items()}
    found = [one.get("Effect", "Allow") for one in statements if applies(one, action, resource, request)]
    return "Allow" in found and "Deny" not in found


def may(job: str, action: str, resource: str, **request: str) -> bool:
    """What a role of a job may do: what both its policies and its boundary allow."""
    own = permissions.reading(PLACE)
    if job != "drift":
        own += permissions.locking(PLACE)
    if job == "apply":
        own += permissions.changing(PLACE)
    return allowed(own, action, resource, **request) and allowed(
        permissions.limit(PLACE), action, resource, **request
    )


ROLE = f"arn:aws:iam::{ACCOUNT}:role/cloudmart-prod-"
BOUNDED = {"iam__PermissionsBoundary": PLACE.boundary}


def test_the_apply_role_makes_roles_within_the_boundary_only() -> None:
    assert may("apply", "iam:CreateRole", f"{ROLE}backend", **BOUNDED)
    assert not may("apply", "iam:CreateRole", f"{ROLE}backend")
    assert not may("apply", "iam:CreateRole", f"{ROLE}backend", iam__PermissionsBoundary=PLACE.limit)
    assert not may("apply", "iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/other", **BOUNDED)
    assert not may("plan", "iam:CreateRole", f"{ROLE}backend", **BOUNDED)


def test_a_role_is_passed_to_the_stacks_services_only() -> None:
    assert may("apply", "iam:PassRole", f"{ROLE}backend", iam__PassedToService="ec2.amazonaws.com")
    assert not may("apply", "iam:PassRole", f"{ROLE}backend", iam__PassedToService="lambda.amazonaws.com")
    assert not may("apply", "iam:PassRole", f"{ROLE}apply", iam__PassedToService="ec2.amazonaws.com")


def test_only_the_managed_policies_that_the_stack_has_are_attached() -> None:
    known = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    assert may("apply", "iam:AttachRolePolicy", f"{ROLE}backend", iam__PolicyARN=known, **BOUNDED)
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert not may("apply", "iam:AttachRolePolicy", f"{ROLE}backend", iam__PolicyARN=admin, **BOUNDED)


WIDENING = [
    *(
        (action, f"{ROLE}{job}")
        for action in (
            "iam:AttachRolePolicy",
            "iam:DeleteRole",
            "iam:DeleteRolePermissionsBoundary",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            "iam:UpdateAssumeRolePolicy",
        )
        for job in ("plan", "apply", "drift")
    ),
    ("iam:CreatePolicyVersion", PLACE.boundary),
    ("iam:CreatePolicyVersion", PLACE.limit),
    ("iam:DeletePolicy", PLACE.limit),
    ("iam:UpdateOpenIDConnectProviderThumbprint", f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com"),
    ("iam:DeleteRolePermissionsBoundary", f"{ROLE}backend"),
    ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/somebody"),
    ("sts:AssumeRole", f"{ROLE}backend"),
    ("s3:PutBucketPolicy", "arn:aws:s3:::states"),
    ("s3:GetObject", "arn:aws:s3:::states/cloudmart-dev/terraform.tfstate"),
    ("kms:PutKeyPolicy", PLACE.state_key_arn),
]


@pytest.mark.parametrize(("action", "resource"), WIDENING)
def test_nothing_that_somebody_adds_to_a_role_lets_it_widen_itself(action: str, resource: str) -> None:
    """The boundary alone refuses it, so that a role with every right cannot either."""
    for request in ({}, BOUNDED):
        assert not allowed(permissions.limit(PLACE), action, resource, **request)


def test_roles_that_the_stack_makes_cannot_touch_iam_the_jobs_or_the_states() -> None:
    for action, resource in [*WIDENING, ("iam:CreateRole", f"{ROLE}new"), ("iam:PassRole", f"{ROLE}apply")]:
        assert not allowed(permissions.workload(PLACE), action, resource, **BOUNDED), (action, resource)


def test_who_may_touch_the_state() -> None:
    state = "arn:aws:s3:::states/cloudmart-prod/terraform.tfstate"
    assert [may(job, "s3:GetObject", state) for job in ("plan", "apply", "drift")] == [True] * 3
    assert [may(job, "s3:PutObject", state) for job in ("plan", "apply", "drift")] == [False, True, False]
    lock = f"{state}.tflock"
    assert [may(job, "s3:PutObject", lock) for job in ("plan", "apply", "drift")] == [True, True, False]


def test_plan_and_drift_change_nothing() -> None:
    read = [action for one in permissions.reading(PLACE) for action in listed(one["Action"])]
    looks = ("Describe", "Get", "List", "View")
    assert [one for one in read if not one.split(":")[1].startswith(looks)] == ["kms:Decrypt"]


def test_another_region_is_refused() -> None:
    for region, expected in (("ap-northeast-2", True), ("us-east-1", True), ("eu-west-1", False)):
        assert may("apply", "ec2:CreateVpc", "x", aws__RequestedRegion=region) is expected


@pytest.mark.parametrize("environment", ["a1", "environment1"])
def test_documents_keep_to_iams_sizes(environment: str) -> None:
    place = permissions.Place(
        "p" * 16, environment, ACCOUNT, ("ap-northeast-2", "us-east-1"), f"arn:aws:s3:::{'b' * 63}",
        f"arn:aws:kms:ap-northeast-2:{ACCOUNT}:key/{'0' * 36}",
    )  # fmt: skip
    parts = (permissions.reading(place), permissions.locking(place), permissions.changing(place))
    texts = [permissions.documents(part) for part in parts]
    assert sum(map(len, texts)) <= permissions.POLICIES_OF_A_ROLE
    bounds = [permissions.documents(one(place)) for one in (permissions.limit, permissions.workload)]
    assert [len(one) for one in bounds] == [1, 1]
    assert all(len(text) <= permissions.POLICY_CHARACTERS for one in [*texts, *bounds] for text in one)
    # Cutting loses nothing.
    cut = {a for text in texts[2] for one in json.loads(text)["Statement"] for a in listed(one["Action"])}
    assert cut == {a for one in parts[2] for a in listed(one["Action"])}


def test_nothing_is_allowed_on_everything_by_a_wildcard() -> None:
    for part in (permissions.reading(PLACE), permissions.locking(PLACE), permissions.changing(PLACE)):
        assert not [one for one in part if any("*" in action for action in listed(one["Action"]))]


CLAIMS = [
    (GITHUB, "repo:example-org/shop:pull_request", "plan"),
    (GITHUB, "repo:example-org/shop:ref:refs/heads/main", "plan drift"),
    (GITHUB, "repo:example-org/shop:environment:prod", "apply"),
    (GITHUB, "repo:example-org/shop:environment:dev", ""),
    (GITHUB, "repo:example-org/shop:ref:refs/heads/other", ""),
    (GITHUB, "repo:example-org/shop:ref:refs/tags/main", ""),
    (GITHUB, "repo:example-org/shop-fork:pull_request", ""),
    (GITHUB, "repo:someone/shop:environment:prod", ""),
    (GITLAB, "project_path:group/sub/shop:ref_type:branch:ref:main", "plan apply drift"),
    (GITLAB, "project_path:group/sub/shop:ref_type:branch:ref:feature", "plan"),
    (GITLAB, "project_path:group/sub/shop:ref_type:tag:ref:main", ""),
    (GITLAB, "project_path:group/shop:ref_type:branch:ref:main", ""),
]


@pytest.mark.parametrize(("delivery", "subject", "jobs"), CLAIMS)
def test_who_may_take_which_role(delivery: Delivery, subject: str, jobs: str) -> None:
    names = trust.issuer(delivery)

    def taken(job: str, audience: str) -> bool:
        (statement,) = json.loads(trust.document(delivery, "arn", job, "prod"))["Statement"]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        return holds(statement["Condition"], {f"{names}:aud": audience, f"{names}:sub": subject})

    assert [job for job in ("plan", "apply", "drift") if taken(job, "sts.amazonaws.com")] == jobs.split()
    assert not any(taken(job, "https://github.com/example-org") for job in ("plan", "apply", "drift"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"repository": "shop"}, "OWNER/REPOSITORY"),
        ({"repository": "org/*"}, "OWNER/REPOSITORY"),
        ({"repository": "o/r", "branch": "*"}, "without wildcards"),
        ({"repository": "o/r", "provider": "jenkins"}, "allowed: 'github' or 'gitlab'"),
        ({"repository": "o/r", "environments": ["Prod"]}, "an environment's name"),
        ({"repository": "o/r", "environments": []}, "at least one"),
        ({"repository": "o/r", "provider_arn": "x"}, "the ARN of an identity provider"),
        ({"repository": "o/r", "environment": ["dev"]}, "did you mean environments?"),
        ({}, "not set, and has no default"),
    ],
)
def test_settings_that_cannot_be_are_told(tmp_path: Path, values: dict[str, Any], words: str) -> None:
    file = tmp_path / "state.yaml"
    file.write_text(yaml.safe_dump({"bucket": "some-states", "delivery": values}))
    with pytest.raises(Problem, match="delivery") as told:
        read_state(file)
    assert words in str(told.value)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    values = StateSettings(bucket="some-states", delivery=GITHUB)
    resources = app.state(values, tmp_path_factory.mktemp("state")).configuration["resource"]
    assert isinstance(resources, dict)
    return resources


def test_the_stack_has_three_bounded_roles_for_each_environment(made: dict[str, Any]) -> None:
    roles = made["aws_iam_role"]
    names = {f"cloudmart-{env}-{job}" for env in ("dev", "prod") for job in ("plan", "apply", "drift")}
    assert {role["name"] for role in roles.values()} == names
    for key, role in roles.items():
        environment = key.partition("_")[0]
        limit = f"${{aws_iam_policy.{environment}_delivery_boundary.arn}}"
        assert role["permissions_boundary"] == limit
        policies = [one for one in made["aws_iam_role_policy_attachment"].values() if key in one["role"]]
        assert 0 < len(policies) <= permissions.POLICIES_OF_A_ROLE


def test_an_identity_provider_that_there_is_is_not_made_again(tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    delivery = Delivery(repository="o/r", environments=("dev",), provider_arn=arn)
    resources = app.state(StateSettings(bucket="some-states", delivery=delivery), tmp_path).configuration[
        "resource"
    ]
    assert "aws_iam_openid_connect_provider" not in resources
    assert arn in resources["aws_iam_role"]["dev_apply"]["assume_role_policy"]


def test_iam_takes_the_documents(made: dict[str, Any]) -> None:
    """As far as moto is IAM: it checks the grammar of policies; it evaluates none of them, nor their sizes."""

    def plain(text: str) -> str:
        text = text.replace("${data.aws_caller_identity.current.account_id}", ACCOUNT)
        return re.sub(r"\$\{aws_kms_key\.state\.arn\}", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/state", text)

    with mock_aws():
        iam = boto3.client("iam", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        (provider,) = made["aws_iam_openid_connect_provider"].values()
        arn = iam.create_open_id_connect_provider(
            Url=provider["url"], ClientIDList=provider["client_id_list"]
        )
        policies = {}
        for key, one in made["aws_iam_policy"].items():
            text = plain(one["policy"])
            assert "${" not in text
            assert len(text) <= permissions.POLICY_CHARACTERS
            policies[key] = iam.create_policy(PolicyName=one["name"], PolicyDocument=text)["Policy"]["Arn"]
        for role in made["aws_iam_role"].values():
            taken = role["assume_role_policy"].replace(
                "${aws_iam_openid_connect_provider.github.arn}", arn["OpenIDConnectProviderArn"]
            )
            limit = policies[role["permissions_boundary"].split(".")[1]]
            iam.create_role(
                RoleName=role["name"],
                AssumeRolePolicyDocument=taken,
                MaxSessionDuration=role["max_session_duration"],
                PermissionsBoundary=limit,
            )
        assert len(iam.list_roles()["Roles"]) == 6


@cache
def handlers() -> dict[str, set[str]]:
    """The actions of the published handlers, by type of CloudFormation; patterns where AWS writes them."""
    found: dict[str, set[str]] = {}
    for file in (DATA / "schemas").rglob("*.json"):
        text = file.read_text(encoding="utf-8")
        if '"handlers"' in text:
            schema = json.loads(text)
            for handler in schema["handlers"].values():
                found.setdefault(schema["typeName"], set()).update(
                    map(str.lower, handler.get("permissions", ()))
                )
    return found


def test_each_action_exists() -> None:
    known = json.loads((DATA / "AdditionalSpecs" / "Policies.json").read_text(encoding="utf-8"))
    every = permissions.actions(*permissions.KINDS)
    assert [a for a in every if a.split(":")[1].lower() not in known[a.split(":")[0]]["Actions"]] == []


def test_what_is_said_to_have_a_source_has_one() -> None:
    for name, row in permissions.TABLE.items():
        published = handlers().get(row.get("of", ""), set())
        every = {action for kind in permissions.KINDS for action in row.get(kind, ())}
        unknown = {one for one in every if not any(fnmatchcase(one.lower(), known) for known in published)}
        assert sorted(row.get("guess", ())) == sorted(unknown), name


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_type_that_the_stack_has_is_in_the_table(stack: Any, variant: str) -> None:
    configuration = stack(variant)
    types = {*configuration["resource"], *configuration["data"]} - {"terraform_data"}
    assert sorted(types - permissions.TABLE.keys()) == []


def test_the_page_is_current() -> None:
    assert (ROOT / "docs" / "delivery-actions.md").read_text(encoding="utf-8") == page.page(), (
        "run `make docs`"
    )


def test_a_wildcard_in_a_repository_is_refused_by_the_model_itself() -> None:
    with pytest.raises(ValidationError):
        Delivery(repository="example-org/*")


# IAM's name for what these calls do, where it is not the call's own, and what no call of its own stands behind:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html and the other services' lists.
OTHER_CALLS = {
    "s3:GetAccelerateConfiguration": "GetBucketAccelerateConfiguration",
    "s3:GetBucketCORS": "GetBucketCors",
    "s3:GetBucketObjectLockConfiguration": "GetObjectLockConfiguration",
    "s3:GetBucketPublicAccessBlock": "GetPublicAccessBlock",
    "s3:GetEncryptionConfiguration": "GetBucketEncryption",
    "s3:GetLifecycleConfiguration": "GetBucketLifecycleConfiguration",
    "s3:GetReplicationConfiguration": "GetBucketReplication",
    "s3:ListBucket": "HeadBucket",
    "s3:PutBucketPublicAccessBlock": "PutPublicAccessBlock",
    "s3:PutEncryptionConfiguration": "PutBucketEncryption",
    "s3:PutLifecycleConfiguration": "PutBucketLifecycleConfiguration",
    "s3:ListTagsForResource": "s3control.ListTagsForResource",
    "s3:TagResource": "s3control.TagResource",
    "s3:UntagResource": "s3control.UntagResource",
    "budgets:ModifyBudget": "CreateBudget",
    "budgets:ViewBudget": "DescribeBudget",
}
NO_CALL = {
    "backup-storage:MountCapsule",
    "cloudfront:AllowVendedLogDeliveryForResource",
    "elasticloadbalancing:CreateWebACLAssociation",
    "elasticloadbalancing:DeleteWebACLAssociation",
    "elasticloadbalancing:DescribeWebACLAssociation",
    "elasticloadbalancing:SetWebAcl",
    "iam:PassRole",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
}
CLIENTS = {"elasticloadbalancing": "elbv2"}


def test_each_action_stands_for_a_call_of_its_service() -> None:
    session = botocore.session.get_session()
    without = set()
    for action in permissions.actions(*permissions.KINDS):
        prefix, _, own = action.partition(":")
        client, _, call = OTHER_CALLS.get(action, own).rpartition(".")
        if action in NO_CALL:
            without.add(action)
            continue
        model = session.get_service_model(client or CLIENTS.get(prefix, prefix))
        assert call in model.operation_names, action
    assert without == NO_CALL


# What the published handlers take for each kind of type, and the table does not, is not all needed: handlers do more
# than the stack asks for (other features, other types below theirs). What they create or delete by the type's own
# name is.
def test_no_call_that_makes_or_removes_a_resource_is_missing() -> None:
    missing = set()
    for name, row in permissions.TABLE.items():
        words = row.get("of", "::").split("::")[-1].lower()
        every = {action.lower() for kind in permissions.KINDS for action in row.get(kind, ())}
        for action in handlers().get(row.get("of", ""), set()):
            verb = next(
                (one for one in ("create", "delete") if action.partition(":")[2] == one + words), None
            )
            # Several types of Terraform's are one of CloudFormation's: the first of them makes and removes it.
            if verb and action not in every and not _part_of_another(name):
                missing.add(f"{name}: {action}")
    # A VPC brings its default list along; CloudFormation's fleets are its own affair.
    assert missing == {
        "aws_autoscaling_group: managed-fleets:createautoscalinggroup",
        "aws_autoscaling_group: managed-fleets:deleteautoscalinggroup",
        "aws_default_network_acl: ec2:createnetworkacl",
        "aws_default_network_acl: ec2:deletenetworkacl",
    }


def _part_of_another(name: str) -> bool:
    of = permissions.TABLE[name].get("of")
    fellows = [other for other, row in permissions.TABLE.items() if row.get("of") == of]
    return min(fellows, key=len) != name


def test_the_apply_role_has_nothing_that_no_stack_needs(stack: Any) -> None:
    """Surplus: a type in the table that none of the stack's variants has would give rights for nothing."""
    types = {kind for variant in VARIANTS for kind in [*stack(variant)["resource"], *stack(variant)["data"]]}
    assert sorted(permissions.TABLE.keys() - types) == []


@pytest.mark.parametrize("environment", ["prod"])
def test_the_stacks_own_roles_carry_the_boundary(tmp_path: Path, environment: str) -> None:
    values, _ = parse(settings_values(environment, {"permissions_boundary": PLACE.boundary}))
    assert values is not None
    roles = app.environment(values, tmp_path).configuration["resource"]["aws_iam_role"]
    assert {role["permissions_boundary"] for role in roles.values()} == {PLACE.boundary}
    # The names, managed policies and services that the apply role is held to are the stack's own.
    assert all(role["name"].startswith(f"{PLACE.name}-") for role in roles.values())
    services = {
        service
        for role in roles.values()
        for one in json.loads(role["assume_role_policy"])["Statement"]
        for service in listed(one["Principal"]["Service"])
    }
    assert services <= set(permissions.PASSED_TO)


@pytest.mark.parametrize("variant", ["prod", "dev"])
def test_the_managed_policies_that_may_be_attached_are_the_stacks(stack: Any, variant: str) -> None:
    attachments = stack(variant)["resource"].get("aws_iam_role_policy_attachment", {})
    names = {one["policy_arn"].removeprefix("arn:aws:iam::aws:policy/") for one in attachments.values()}
    assert names <= set(permissions.ATTACHED)
    if variant == "prod":
        assert names == set(permissions.ATTACHED)


def test_no_action_that_knows_no_resource_is_held_to_one() -> None:
    """IAM would refuse it on anything but everything, and the apply role would not suffice."""
    known = json.loads((DATA / "AdditionalSpecs" / "Policies.json").read_text(encoding="utf-8"))
    every = [*permissions.reading(PLACE), *permissions.changing(PLACE)]
    held = {action for one in every if one["Resource"] != "*" for action in listed(one["Action"])}
    without = {
        action
        for action in held
        if not known[action.split(":")[0]]["Actions"][action.split(":")[1].lower()].get("Resources")
    }
    assert without == set()
