from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from policies.aws.secrets import (
    HINTS,
    MARKS,
    credential_in,
    in_clear,
    is_key_in_clear,
    is_secret_name,
    setting_in,
    unseen_setting_in,
)
from policies.aws.texts import Text, Texts, is_script, texts_of
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.values import Reference, Unknown, references_of
from policies.engine.verdicts import (
    FAIL,
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
    by_hand=("Where the secret is to be kept is a decision; and it is to be changed, because it was seen."),
)

# A text without any of these holds no secret that this rule knows.
_WORDS: Final = (*HINTS, *(mark.lower() for mark in MARKS))

_TAG: Final = re.compile(
    r"(?i)passw(?:or)?d$|passphrase$|api_?key$|private_?key$|secret_?(?:access_?)?key$|auth_?token$"
)
_POSED: Final = re.compile(r"(?i)mock|test|fake|dummy|localstack|access_?key|secret_?key")
# Arguments that say where secrets are, by the names under which they are handed on, and conditions of policies.
_ELSEWHERE: Final = re.compile(
    r"(?:^|\.)(?:runtime_environment_secrets|secrets|secrets-manager|parameter-store|value_?from|condition)"
    r"(?:$|[.\[])",
    re.IGNORECASE,
)
# Attributes of other resources whose value is a secret.
_SECRET_SOURCE: Final = re.compile(
    r"^(?:.*\.)?(?:random_password\.[^.]+(?:\[[^]]*\])?\.(?:result|bcrypt_hash)"
    r"|tls_private_key\..*private_key\w*"
    r"|aws_iam_access_key\..*\.(?:secret|ses_smtp_password_v4)"
    r"|(?:data\.)?aws_secretsmanager_secret_version\..*\.secret_(?:string|binary)"
    r"|data\.aws_secretsmanager_random_password\..*\.random_password"
    r"|aws_\w+\..*\.(?:password|master_password|auth_token))"
)
_SOURCE_WORDS: Final = ("password", "secret", "private_key", "auth_token")


def check_model(model: Model, parameters: Parameters) -> Iterator[Verdict]:
    for resource in model.resources:
        yield from _judge(resource, resource.values)
    for output in model.outputs:
        holder = Resource(f"output.{output.name}", "output", output.name, {}, place=output.place)
        if output.sensitive:
            yield passed(at=holder)  # not shown; that it is made from a secret is said where that one stands
        else:
            yield from _judge(holder, {output.name: output.value})
    for provider in model.providers:
        name = ".".join(filter(None, (f"provider.{provider.name}", provider.alias)))
        holder = Resource(name, "provider", provider.name, {}, place=provider.place)
        # What it is given ends up in no state: only what stands there in clear counts, and not what stands in for a key
        # where there is no AWS.
        shown = {
            key: value
            for key, value in provider.values.items()
            if isinstance(value, str) and len(value) >= 8 and not _POSED.search(value)
        }
        yield from (verdict for verdict in _judge(holder, shown) if verdict.status == FAIL)
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
            named = _is_named(found)
            relevant = relevant or found.is_script or (named and not found.bare)
            unseen = next((hole for hole in found.holes if named and not _names_a_place(hole)), None)
            if message := _secret_in(found, named=named and unseen is None):
                yield failed(message, found.path, at=holder)
                return
            if unseen is not None:
                # The clear part around a value that is not seen may be anything: a host, a user's name.
                words = f"{found.path} is given a value that cannot be seen whole: {unseen.reason}"
                doubt = unknown(words, found.path, at=holder)
            elif found.holes and (setting := unseen_setting_in(found.text)):
                hole = found.holes[setting[1]]
                if not _names_a_place(hole):
                    words = f"{found.path} sets {setting[0]} to a value that cannot be seen: {hole.reason}"
                    doubt = unknown(words, found.path, at=holder)
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
        elif is_script(name) or name == "container_definitions":
            doubt = unknown(value, path, at=holder)
    yield doubt or (passed(at=holder) if relevant else not_applicable(at=holder))


def _secret_in(found: Text, *, named: bool) -> str | None:
    """What secret stands in a text; `named` says that its name promises one."""
    for hole in found.holes:
        if source := _secret_source(hole):
            return f"{source} ends up in {found.path} in clear"
    text = found.text
    if not text:
        return None
    if (named and in_clear(found.name, text)) or is_key_in_clear(found.name, text):
        return f"{found.path} holds a value in clear"
    if len(text) < 8:
        return None
    if kind := credential_in(text):
        return f"{found.path} holds what looks like a {kind}"
    if found.is_run and (name := setting_in(text)):
        return f"{found.path} sets {name} in clear"
    return None


def _is_named(found: Text) -> bool:
    """Whether a text has the name of a secret. A tag is one only where its name leaves no doubt: `Secret` and
    `Token` label things that have to do with one."""
    if not is_secret_name(found.name):
        return False
    if found.path.startswith(("tags.", "tags_all.")):
        return bool(_TAG.search(found.name)) and " " not in found.text
    return not _ELSEWHERE.search(found.path)


def _secret_source(value: Unknown) -> str | None:
    for one in references_of(value):
        name = str(one)
        if any(word in name for word in _SOURCE_WORDS) and _SECRET_SOURCE.match(name):
            return name
    return None


def _names_a_place(value: Unknown) -> bool:
    """Whether an unknown value only says where a secret is (an ARN, an id, a name), or is encrypted itself."""
    references: tuple[Reference, ...] = references_of(value)
    return bool(references) and all(
        re.search(
            r"(^|_|\.)(arn|id|name|url|endpoint|master_user_secret(\[\d+\])?)$|^encrypted_\w+$", one.attribute
        )
        for one in references
    )
