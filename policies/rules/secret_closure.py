from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from typing import Any, Final

from policies.aws.documents import holes, listed, may_allow, statements, surely_denies
from policies.aws.texts import HOLE, Text, Texts
from policies.engine.model import Model, Resource, View
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT, Unknown, references_of
from policies.engine.verdicts import (
    CLOUDMART,
    SECRETS,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
)

ROLE_POLICIES: Final = (
    "aws_iam_instance_profile",
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_iam_policy",
    "aws_iam_policy_attachment",
)

RULE = Rule(
    title="An instance reads the secrets that its user data names, and no other",
    family=SECRETS,
    severity="high",
    packs=(CLOUDMART,),
    types=("aws_launch_template", "aws_instance"),
    why=(
        "A role that reads every secret turns one broken instance into a broken account; one that cannot "
        "read its own secret turns a deploy into an outage."
    ),
    fix="""\
resource "aws_iam_role_policy" "backend" {
  role = aws_iam_role.backend.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "secretsmanager:GetSecretValue",
        Resource = aws_db_instance.main.master_user_secret[0].secret_arn },
      { Effect = "Allow", Action = "kms:Decrypt", Resource = aws_kms_key.database.arn },
    ]
  })
}
""",
    link="https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html",
    controls=("Well-Architected SEC03-BP02", "Well-Architected SEC02-BP03"),
    reads=(*ROLE_POLICIES, "aws_kms_key", "aws_kms_alias", "aws_secretsmanager_secret"),
    protects=(
        Protected("aws_launch_template", "iam_instance_profile"),
        Protected("aws_instance", "iam_instance_profile"),
    ),
    by_hand="Who may read which secret is a decision.",
)

# AWS's own policies that read no secret and decrypt nothing.
# Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
_HARMLESS: Final = frozenset(
    (
        "AmazonSSMManagedInstanceCore",
        "AmazonEC2ContainerRegistryReadOnly",
        "AmazonEC2ContainerRegistryPullOnly",
        "CloudWatchAgentServerPolicy",
        "AWSXRayDaemonWriteAccess",
        "AmazonElasticFileSystemClientReadWriteAccess",
    )
)
_GENEROUS: Final = frozenset(
    (
        "AdministratorAccess",
        "PowerUserAccess",
        "SecretsManagerReadWrite",
        "AWSSecretsManagerClientReadOnlyAccess",
    )
)
_SECRET_ARN: Final = re.compile(r"arn:aws[\w-]*:secretsmanager:[^\s\"'\\,)]+")
_READS: Final = ("secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue")


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    named, keys = _named(resource)
    profiles = _profiles(resource)
    if profiles is None:
        if named:
            yield failed("its user data names a secret, and it has no role to read it with")
        else:
            yield not_applicable()
        return
    readable: dict[str, str] = {}
    decryptable: dict[str, str] = {}
    denials: list[dict[str, Any]] = []
    for role in profiles:
        for document, at in _documents(role):
            for hole in holes(document):
                raise at.undetermined(hole)
            for statement in statements(document):
                where = f"{at.resource.address}"
                if any(may_allow(statement, action) for action in _READS):
                    readable.update((secret, where) for secret in _resources(statement, model))
                if may_allow(statement, "kms:Decrypt"):
                    decryptable.update((key, where) for key in _resources(statement, model))
                denials.append(statement)
    for denial in denials:
        if all(surely_denies(denial, action) for action in _READS):
            readable = _left(readable, denial, model)
        if surely_denies(denial, "kms:Decrypt"):
            decryptable = _left(decryptable, denial, model)
    yield _compare(model, named, keys, readable, decryptable)


def _left(granted: dict[str, str], denial: dict[str, Any], model: Model) -> dict[str, str]:
    """What a Deny leaves of what is granted; what it denies in part stays."""
    if "NotResource" in denial:
        spared = list(_named_in(denial["NotResource"], model))
        if "*" in granted:
            return dict.fromkeys(spared, granted["*"]) | {
                one: where for one, where in granted.items() if one in spared
            }
        return {one: where for one, where in granted.items() if any(_same(one, other) for other in spared)}
    denied = list(_named_in(denial.get("Resource"), model, unclear=""))
    return {one: where for one, where in granted.items() if "*" not in denied and one not in denied}


def _compare(
    model: Model, named: set[str], keys: set[str], readable: dict[str, str], decryptable: dict[str, str]
) -> Verdict:
    for secret, where in readable.items():
        if not any(_same(secret, name) for name in named):
            what = "every secret" if secret == "*" else secret
            return failed(f"{where} lets it read {what}, which its user data does not name")
    for name in sorted(named):
        if not any(_same(secret, name) for secret in readable):
            return failed(f"its user data names {name}, which its role may not read")
    own = {name: key for name in named if (key := _key_of(model, name))}
    for key, where in decryptable.items():
        if key not in keys and key not in own.values():
            what = "with every key" if key == "*" else f"with {key}"
            return failed(f"{where} lets it decrypt {what}, which belongs to no secret that it needs")
    for name, key in own.items():
        if key not in decryptable:
            return failed(f"its role may not decrypt {name} with {key}")
    return passed() if named or readable or decryptable else not_applicable()


def _named(resource: Resource) -> tuple[set[str], set[str]]:
    """The secrets and the KMS keys that user data names: addresses for what is made here, else ARNs."""
    secrets: set[str] = set()
    keys: set[str] = set()
    scripts = {key: value for key, value in resource.values.items() if key.startswith("user_data")}
    for found in Texts(scripts):
        if not isinstance(found, Text):
            path, name, value = found
            if name in ("user_data", "user_data_base64"):
                raise resource.undetermined(value, path)
            continue
        secrets.update(_SECRET_ARN.findall(HOLE.sub("*", found.text)))
        for hole in found.holes:
            for name in _names(hole):
                (keys if name.startswith("aws_kms_") else secrets).add(name)
    return {_made_here(resource.model, name) for name in secrets if _is_secret(name)}, keys


def _made_here(model: Model, secret: str) -> str:
    """The address of what made a secret, where its ARN is known already; else the ARN."""
    for owner in model.of_type("aws_db_instance", "aws_rds_cluster"):
        if secret in owner.each("master_user_secret[].secret_arn"):
            return f"{owner.address}.master_user_secret"
    return secret


def _names(value: Any) -> Iterator[str]:
    """Addresses under which a value's references name secrets and keys."""
    for reference in references_of(value):
        if "master_user_secret" in reference.attribute:
            yield f"{reference.address}.master_user_secret"
        else:
            yield reference.address


def _is_secret(name: str) -> bool:
    return (
        name.endswith(".master_user_secret")
        or "aws_secretsmanager_secret" in name
        or ":secretsmanager:" in name
    )


def _same(granted: str, named: str) -> bool:
    """Whether a grant is for a secret that is named, and for it alone. The ARN of a secret ends in six characters
    that Secrets Manager adds, so `-??????` or `*` right after the name is no wildcard."""
    if granted == named:
        return True
    if not granted.startswith("arn:") or not named.startswith("arn:"):
        return False
    base = re.sub(r"(-\?{6}|-?\*)$", "", granted)
    return "*" not in base.split(":", 6)[-1] and fnmatch.fnmatchcase(re.sub(r"-\w{6}$", "", named), base)


def _resources(statement: dict[str, Any], model: Model) -> Iterator[str]:
    """What a statement is about: addresses where it is made here, else the text of the ARN."""
    if "NotResource" in statement:
        yield "*"
    else:
        yield from _named_in(statement.get("Resource"), model)


def _named_in(resources: Any, model: Model, unclear: str = "*") -> Iterator[str]:
    """What an element names; `unclear` for what cannot be told."""
    for one in listed(resources):
        names = list(_names(one))
        if isinstance(one, str) and not names:
            keys = model.follow(one, "aws_kms_key").resources
            yield keys[0].address if keys else _made_here(model, one)
        elif not names:
            yield unclear
        for name in names:
            yield _alias_target(model, name)


def _alias_target(model: Model, name: str) -> str:
    for resource in model.at(name):
        if resource.type == "aws_kms_alias":
            for key in resource.referenced("target_key_id", "aws_kms_key").resources:
                return key.address
    return name


def _key_of(model: Model, secret: str) -> str | None:
    """The customer's key that encrypts a secret, or None where AWS's own does."""
    address, managed, _ = secret.partition(".master_user_secret")
    for resource in model.at(address):
        path = "master_user_secret_kms_key_id" if managed else "kms_key_id"
        if not resource.is_set(path):
            return None
        keys = resource.referenced(path, "aws_kms_key", "aws_kms_alias").resources
        if not keys:
            raise resource.undetermined("the secret's key is not seen here", path)
        return _alias_target(model, keys[0].address)
    return None


def _profiles(resource: Resource) -> list[Resource] | None:
    """The roles that an instance has, or None where it has no instance profile."""
    path = "iam_instance_profile"
    if resource.type == "aws_launch_template":
        block = resource.block(path)
        if block is None:
            return None
        links = block.referenced(
            "arn" if block.get("arn") is not ABSENT else "name", "aws_iam_instance_profile"
        )
    else:
        if not resource.is_set(path):
            return None
        links = resource.referenced(path, "aws_iam_instance_profile")
    roles = [
        role for profile in links.resources for role in profile.referenced("role", "aws_iam_role").resources
    ]
    if not roles or links.unresolved:
        raise resource.undetermined("the role of its instance profile is not seen here", path)
    return roles


def _documents(role: Resource) -> Iterator[tuple[Any, View]]:
    """The policies of a role, with what holds each."""
    model = role.model
    for block in role.blocks("inline_policy"):
        if block.is_set("policy"):
            yield block.document("policy"), block
    inline = model.referring(role, "aws_iam_role_policy", "role")
    for one in inline.resources:
        yield one.document("policy"), one
    attached = model.referring(role, "aws_iam_role_policy_attachment", "role")
    grouped = model.referring(role, "aws_iam_policy_attachment", "roles[]")
    for links in (inline, attached, grouped):
        if links.unknowns:
            raise role.undetermined(f"another policy may belong to it: {links.unknowns[0].reason}")
    arns = [(one, one.get("policy_arn")) for one in (*attached.resources, *grouped.resources)]
    arns += [(role, arn) for arn in role.each("managed_policy_arns[]")]
    for at, arn in arns:
        policies = model.follow(arn, "aws_iam_policy").resources
        for policy in policies:
            yield policy.document("policy"), policy
        if not policies:
            yield _managed(arn, at), at


def _managed(arn: Any, at: Resource) -> dict[str, Any]:
    """What one of AWS's own policies grants, as far as it matters here."""
    text = (
        arn if isinstance(arn, str) else "".join(p for p in getattr(arn, "parts", ()) if isinstance(p, str))
    )
    name = text.rpartition("/")[2]
    if name in _GENEROUS:
        return {"Statement": {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}}
    if name not in _HARMLESS:
        reason = (
            arn
            if isinstance(arn, Unknown) and not text
            else f"what the policy {name} grants is not seen here"
        )
        raise at.undetermined(reason, "policy_arn")
    return {}
