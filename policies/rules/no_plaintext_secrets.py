from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from policies.aws.texts import HOLE, Text, Texts, is_script, texts_of
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.values import Reference, Unknown, references_of
from policies.engine.verdicts import (
    SECRETS,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)

RULE = Rule(
    title="No password, token or key stands in clear",
    family=SECRETS,
    severity="critical",
    types=("*",),
    why=(
        "What stands in the configuration stands in the repository, the plan and the state, for good. User "
        "data can be read by every process of the instance."
    ),
    fix="""\
resource "aws_db_instance" "main" {
  manage_master_user_password = true # RDS keeps the password in Secrets Manager
}
""",
    link="https://docs.aws.amazon.com/secretsmanager/latest/userguide/hardcoded.html",
    controls=("AWS FSBP ECS.8", "AWS FSBP CodeBuild.2", "Well-Architected SEC02-BP03"),
    protects=(
        Protected("aws_db_instance", "password", weaker=("correct-horse-battery",)),
        Protected(
            "aws_elasticache_replication_group", "auth_token", weaker=("correct-horse-battery-staple",)
        ),
        Protected(
            "aws_launch_template",
            "user_data",
            # In base64: a script that exports a password.
            weaker=("IyEvYmluL2Jhc2gKZXhwb3J0IERBVEFCQVNFX1BBU1NXT1JEPWNvcnJlY3QtaG9yc2UK",),
        ),
    ),
)

# WAF's lock token counts changes and is no secret; it stands in every plan of a web ACL that exists.
# https://docs.aws.amazon.com/waf/latest/APIReference/API_WebACLSummary.html
_SECRET_NAME: Final = re.compile(
    r"^(?!lock_token$)(.*_)?(passwords?|passwd|pwd|passphrase|secret|secret_string|secret_binary|secret_key|secret_access_key"
    r"|token|auth_token|api_?key|private_key|client_secret|credentials?|encryption_key|signing_key)(_wo)?$"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
# Values under such names that are no secrets: switches, units, names of where the secret is.
_HARMLESS: Final = re.compile(
    r"(?i)\s*(true|false|yes|no|on|off|none|null|required|optional|enabled|disabled|seconds|minutes|hours|days"
    r"|\d{1,5}|arn:.*|alias/.*|https?://[^:@]*|\{\{resolve:.*|\$.*|<[^>]*>|%.*%|/[\w/.@-]*|\*+)?\s*",
    re.DOTALL,
)
# Sources: the formats that the issuers document and secret scanners look for.
_CREDENTIAL: Final = re.compile(
    r"(?P<AWS_access_key>\b(?:AKIA|ASIA)(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}\b)"
    r"|(?P<private_key>-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----)"
    r"|(?P<GitHub_token>\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}))"
    r"|(?P<GitLab_token>\bglpat-[A-Za-z0-9_-]{20,})"
    r"|(?P<Slack_token>\bxox[abprs]-[A-Za-z0-9-]{10,})"
    r"|(?P<Stripe_key>\b[sr]k_live_[A-Za-z0-9]{16,})"
    r"|(?P<Google_key>\bAIza[A-Za-z0-9_-]{35}\b)"
    r"|(?P<JSON_web_token>\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})"
    r"|(?P<password_in_a_URL>\b[a-z][a-z0-9+.-]+://[^\s/:@\"'$<{]*:(?![$<{%*\ue000])[^\s/:@\"']{3,}@)"
)
# One of these is in whatever the pattern above matches: looking for them first is twenty times faster.
_MARKS: Final = (
    "AKIA",
    "ASIA",
    "PRIVATE KEY",
    "gh",
    "glpat-",
    "xox",
    "k_live_",
    "AIza",
    "eyJ",
    "://",
)
_ASSIGNMENT: Final = re.compile(
    r"""(?P<name>[A-Za-z][A-Za-z0-9_.-]*)["']?\s*(?:=|:(?!/))\s*["']?(?P<value>[^\s"'`;,&|)]+)"""
)
_HINTS: Final = ("pass", "pwd", "secret", "token", "key", "credential")
_HINT: Final = re.compile(f"(?i){'|'.join(_HINTS)}")
# A text without any of these holds no secret that this rule knows.
_WORDS: Final = (*_HINTS, *(mark.lower() for mark in _MARKS))

# Attributes of other resources whose value is a secret.
_SECRET_SOURCE: Final = re.compile(
    r"^(?:.*\.)?(?:random_password\.[^.]+(?:\[[^]]*\])?\.(?:result|bcrypt_hash)"
    r"|tls_private_key\..*private_key\w*"
    r"|aws_iam_access_key\..*\.(?:secret|ses_smtp_password_v4)"
    r"|(?:data\.)?aws_secretsmanager_secret_version\..*\.secret_(?:string|binary)"
    r"|data\.aws_secretsmanager_random_password\..*\.random_password"
    r"|aws_\w+\..*\.(?:password|master_password|auth_token))"
)


def check_model(model: Model, parameters: Parameters) -> Iterator[Verdict]:
    for resource in model.resources:
        yield from _judge(resource, resource.values)
    for output in model.outputs:
        holder = Resource(f"output.{output.name}", "output", output.name, {}, place=output.place)
        if output.sensitive:
            yield passed(at=holder)  # not shown; that it is made from a secret is said where that one stands
        else:
            yield from _judge(holder, {output.name: output.value})
    for variable in model.variables:
        holder = Resource(f"var.{variable.name}", "variable", variable.name, {}, place=variable.place)
        yield from _judge(holder, {variable.name: variable.default})


def _judge(holder: Resource, values: Any) -> Iterator[Verdict]:
    relevant = False
    doubt: Verdict | None = None
    texts = texts_of(holder) if values is holder.values else Texts(values)
    # What is unknown may be made from a secret, whatever its name.
    for found in texts if texts.may_mention(_WORDS) else texts.open:
        if isinstance(found, Text):
            named = is_secret_name(found.name) and not _is_tag(found)
            relevant = relevant or found.is_script or named
            if message := _secret_in(found):
                yield failed(message, found.path, at=holder)
                return
            continue
        path, name, value = found
        secret_name = is_secret_name(name)
        relevant = relevant or secret_name
        if name.endswith("_wo"):
            continue  # write-only arguments reach neither plan nor state
        if source := _secret_source(value):
            yield failed(f"{source} ends up in the state in clear", path, at=holder)
            return
        if secret_name and not _names_a_place(value):
            doubt = unknown(f"{path} is given a value that cannot be seen: {value.reason}", path, at=holder)
        elif is_script(name):
            doubt = unknown(value, path, at=holder)
    yield doubt or (passed(at=holder) if relevant else not_applicable(at=holder))


@lru_cache(maxsize=65536)
def is_secret_name(name: str) -> bool:
    """Whether a name promises a secret: `DATABASE_PASSWORD`, `clientSecret`, `auth_token`; not `secret_arn`."""
    return bool(_HINT.search(name)) and bool(_SECRET_NAME.search(_CAMEL.sub("_", name).lower()))


def _secret_in(found: Text) -> str | None:
    for hole in found.holes:
        if source := _secret_source(hole):
            return f"{source} ends up in {found.path} in clear"
    text = found.text
    if not text:
        return None
    if not _is_tag(found) and is_secret_name(found.name) and _in_clear(text):
        return f"{found.path} holds a value in clear"
    if len(text) < 8:
        return None
    if any(mark in text for mark in _MARKS) and (match := _CREDENTIAL.search(text)):
        return f"{found.path} holds what looks like a {(match.lastgroup or '').replace('_', ' ')}"
    if _HINT.search(text) and (found.is_script or "\n" in text or "=" in text):
        for match in _ASSIGNMENT.finditer(text):
            value = match["value"]
            if len(value) >= 4 and is_secret_name(match["name"]) and _in_clear(value):
                return f"{found.path} sets {match['name']} in clear"
    return None


def _is_tag(found: Text) -> bool:
    return found.path.startswith(("tags.", "tags_all."))


def _in_clear(value: str) -> bool:
    return not _HARMLESS.fullmatch(value) and not HOLE.match(value)


def _secret_source(value: Unknown) -> str | None:
    return next((str(one) for one in references_of(value) if _SECRET_SOURCE.match(str(one))), None)


def _names_a_place(value: Unknown) -> bool:
    """Whether an unknown value only says where a secret is: an ARN, an id, a name."""
    references: tuple[Reference, ...] = references_of(value)
    return bool(references) and all(
        re.search(r"(^|_|\.)(arn|id|name|url|endpoint)$", one.attribute) for one in references
    )
