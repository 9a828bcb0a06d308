"""Terraform's functions, as far as they need nothing but their arguments.

What is not here, or not certain, gives an `Unknown`: never a guess.
Source: https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from policies.readers.functions import calling

MODULES: Final = {
    "arithmetic": ("abs ceil floor log max min parseint pow range signum sum"),
    "collections": (
        "alltrue anytrue chunklist coalesce coalescelist compact concat contains distinct "
        "element ephemeralasnull flatten index keys lookup matchkeys merge nonsensitive one "
        "reverse sensitive setintersection setproduct setsubtract setunion slice tobool tolist "
        "tomap tonumber toset tostring transpose values zipmap"
    ),
    "dates": ("formatdate timeadd timecmp"),
    "encodings": (
        "base64decode base64encode base64gunzip base64gzip base64sha256 base64sha512 csvdecode jsondecode "
        "jsonencode md5 sha1 sha256 sha512 textdecodebase64 textencodebase64 urldecode urlencode uuidv5 "
        "yamldecode yamlencode"
    ),
    "formatting": ("format formatlist"),
    "networks": ("cidrcontains cidrhost cidrnetmask cidrsubnet cidrsubnets"),
    "paths": ("basename dirname pathexpand"),
    "provider": (
        "provider::aws::arn_build provider::aws::arn_parse provider::aws::trim_iam_role_path "
        "provider::aws::user_agent"
    ),
    "sources": (
        "provider::terraform::decode_tfvars provider::terraform::encode_expr provider::terraform::encode_tfvars"
    ),
    "texts": (
        "chomp endswith indent join length lower regex regexall replace sort split startswith "
        "strcontains strrev substr title trim trimprefix trimspace trimsuffix upper"
    ),
}
"""The modules with the functions that each has: one is loaded when its first function is called."""

_HOMES: Final = {name: module for module, names in MODULES.items() for name in names.split()}


def call(name: str, arguments: list[Any]) -> Any:
    """The result of a function, or an `Unknown`."""
    name = name.removeprefix("core::")
    if name not in calling.FUNCTIONS and name in _HOMES:
        import_module(f"policies.readers.functions.{_HOMES[name]}")
    return calling.call(name, arguments)
