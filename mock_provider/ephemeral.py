"""Ephemeral resources, which the bindings do not have: their schema, and values that are plainly the mock's.

Source: https://registry.terraform.io/providers/hashicorp/aws/6.25.0/docs/ephemeral-resources/kms_secrets and the
pages beside it.
"""

from __future__ import annotations

from typing import Any

from mock_provider import identifiers
from mock_provider.identifiers import Context
from mock_provider.schema import Block
from mock_provider.values import UNKNOWN

State = dict[str, Any]

_KINDS: dict[str, Any] = {
    "": "string",
    "number": "number",
    "bool": "bool",
    "map": ["map", "string"],
    "list": ["list", "string"],
}
_FLAGS: dict[str, State] = {
    "!": {"required": True},
    "?": {"optional": True},
    "~": {"optional": True, "computed": True},
    "=": {"computed": True},
}


def _block(attributes: str, **blocks: Any) -> Block:
    """A block from words like `name!`, `version:number=`: a type, then required, optional, both, or computed."""
    return {
        "attributes": {
            (parts := word[:-1].partition(":"))[0]: {"type": _KINDS[parts[2]], **_FLAGS[word[-1]]}
            for word in attributes.split()
        },
        "block_types": blocks,
    }


BLOCKS: dict[str, Block] = {
    "aws_cognito_identity_openid_token_for_developer_identity": _block(
        "identity_id~ identity_pool_id! logins:map? principal_tags:map? region~ token= token_duration:number?"
    ),
    "aws_eks_cluster_auth": _block("name! region~ token="),
    "aws_kms_secrets": _block(
        "plaintext:map= region~",
        secret={
            "nesting_mode": "set",
            "min_items": 1,
            "block": _block(
                "context:map? encryption_algorithm? grant_tokens:list? key_id? name! payload!",
            ),
        },
    ),
    "aws_lambda_invocation": _block(
        "client_context? executed_version= function_error= function_name! log_result= log_type? payload! "
        "qualifier? region~ result= status_code:number="
    ),
    "aws_secretsmanager_random_password": _block(
        "exclude_characters? exclude_lowercase:bool? exclude_numbers:bool? exclude_punctuation:bool? "
        "exclude_uppercase:bool? include_space:bool? password_length:number? random_password= region~ "
        "require_each_included_type:bool?"
    ),
    "aws_secretsmanager_secret_version": _block(
        "arn= created_date= region~ secret_binary= secret_id! secret_string= version_id~ version_stage? "
        "version_stages:list="
    ),
    "aws_ssm_parameter": _block("arn! name= region~ type= value= version:number= with_decryption:bool~"),
}
"""The ephemeral resources of hashicorp/aws 6.25.0, in the form of `mock_provider.schema`."""

# Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html.
_PASSWORD_LENGTH = 32


def open_(terraform_type: str, config: State, context: Context) -> State:
    """What an ephemeral resource gives: the same on every run, and of no use anywhere."""
    block = BLOCKS[terraform_type]
    asked = {
        name: UNKNOWN if attribute.get("computed") and config.get(name) is None else config.get(name)
        for name, attribute in block["attributes"].items()
    }
    asked |= {name: config.get(name) for name in block["block_types"]}
    if asked["region"] is UNKNOWN:
        asked["region"] = context.region
    state = identifiers.fill(terraform_type, asked, block, context)
    state |= {
        name: f"mock-{identifiers.hexadecimal(f'{terraform_type} {name} {sorted(config.items())}', 16)}"
        for name in ("token", "secret_string", "value")
        if name in state
    }
    if terraform_type == "aws_kms_secrets":
        state["plaintext"] = {
            one["name"]: f"mock-{identifiers.hexadecimal(one['payload'], 16)}" for one in config["secret"]
        }
    elif terraform_type == "aws_secretsmanager_random_password":
        length = config.get("password_length") or _PASSWORD_LENGTH
        state["random_password"] = identifiers.characters("password", length, "abcdefghijkmnpqrstuvwxyz")
    elif terraform_type == "aws_lambda_invocation":
        state |= {"result": "{}", "function_error": None, "status_code": 200}
    elif terraform_type == "aws_ssm_parameter":
        state |= {
            "name": str(config["arn"]).rpartition(":parameter")[2],
            "type": "SecureString",
            "version": 1,
            "with_decryption": config.get("with_decryption") is not False,
        }
    elif terraform_type == "aws_secretsmanager_secret_version":
        state["secret_binary"] = None
    return state
