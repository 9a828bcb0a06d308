"""What has no place in a configuration or plan of this project, because nobody judges it or because it runs programs.

The project's stacks are resources and data sources of hashicorp/aws, without modules, and `terraform_data`, which
keeps a value in the state. A plan or configuration that holds anything else was not made by synthesis. Pure: parsed
JSON goes in, reasons come out.

Source: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

Json = Any

PROVIDERS = ("registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws")
_SOURCES = ("hashicorp/aws", *PROVIDERS)
_TOP = frozenset(
    (
        *("//", "terraform", "provider", "variable", "locals", "data", "resource", "output"),
        *("moved", "removed", "import"),
    )
)
_ADDRESS = re.compile(r"aws_[a-z0-9_]+\.[A-Za-z_][A-Za-z0-9_-]*")


def _address(value: Json) -> bool:
    return isinstance(value, str) and _ADDRESS.fullmatch(value) is not None


def _literal(value: Json) -> bool:
    """Whether it is a text without expressions, which could be of something that is not known when it is judged."""
    return isinstance(value, str) and value != "" and not re.search(r"(?<!\$)\$\{|(?<!%)%\{", value)


_CHANGES: Mapping[str, Mapping[str, Callable[[Json], bool]]] = {
    "moved": {"from": _address, "to": _address},
    "removed": {"from": _address, "lifecycle": lambda value: value == {"destroy": False}},
    "import": {"to": _address, "id": _literal},
}
"""The blocks that change the state: their arguments, all of which they have, and what these may be."""
_TERRAFORM = frozenset(("backend", "required_providers", "required_version"))
_BACKENDS = {
    "local": frozenset(("path",)),
    "s3": frozenset(("bucket", "key", "region", "encrypt", "kms_key_id", "use_lockfile")),
}
_PROVIDER = frozenset(("//", "alias", "region", "default_tags"))
_STATE = "terraform.tfstate"
_RUNNING = ("provisioner", "connection")
_KEEPING = "terraform_data"
_BUILT_IN = "terraform.io/builtin/terraform"


def in_configuration(configuration: Mapping[str, Json]) -> list[str]:
    """What has no place in a configuration in Terraform JSON, each with its address."""
    return list(dict.fromkeys(_in_configuration(configuration)))


def _in_configuration(configuration: Mapping[str, Json]) -> Iterator[str]:
    for key in configuration:
        if key not in _TOP:
            yield f"{key}: such blocks are not synthesized"
    for settings in _many(configuration.get("terraform")):
        for key in settings:
            if key not in _TERRAFORM:
                yield f"terraform.{key}: such settings are not synthesized"
        for backend in _many(settings.get("backend")):
            for kind, about in backend.items():
                if kind not in _BACKENDS:
                    yield f"terraform.backend.{kind}: the state is kept in a file or in S3, and nowhere else"
                    continue
                for body in _many(about):
                    for key in body.keys() - _BACKENDS[kind]:
                        yield f"terraform.backend.{kind}.{key}: such an argument is not synthesized"
                    if kind == "local" and body.get("path") != _STATE:
                        yield f"terraform.backend.local.path: the state's file is {_STATE}, and no other"
        for wanted in _many(settings.get("required_providers")):
            for name, about in wanted.items():
                source = about.get("source") if isinstance(about, Mapping) else None
                if name != "aws" or source not in _SOURCES:
                    yield f"terraform.required_providers.{name}: another provider than hashicorp/aws ({source})"
    for kind, arguments in _CHANGES.items():
        if not isinstance(configuration.get(kind, []), list):
            yield f"{kind}: is no list of blocks, as it is synthesized"
        for number, block in enumerate(_many(configuration.get(kind)), 1):
            for key in arguments.keys() | block.keys():
                if key not in arguments:
                    yield f"{kind} {number}: {key}: such an argument is not synthesized"
                elif not arguments[key](block.get(key)):
                    yield f"{kind} {number}: {key}: is nothing that is synthesized ({block.get(key)!r})"
    for providers in _many(configuration.get("provider")):
        for name, bodies in providers.items():
            if name != "aws":
                yield f"provider.{name}: another provider than hashicorp/aws"
            for body in _many(bodies):
                yield from (
                    f"provider.{name}.{key}: such an argument is not synthesized"
                    for key in body.keys() - _PROVIDER
                )
    for kind, prefix in (("resource", ""), ("data", "data.")):
        for types in _many(configuration.get(kind)):
            for terraform_type, named in types.items():
                for named_here in _many(named):
                    for name, bodies in named_here.items():
                        address = f"{prefix}{terraform_type}.{name}"
                        if not terraform_type.startswith("aws_") and (kind, terraform_type) != (
                            "resource",
                            _KEEPING,
                        ):
                            yield f"{address}: a type of another provider than hashicorp/aws"
                        for body in _many(bodies):
                            yield from (f"{address}: has a {key}" for key in _RUNNING if body.get(key))


def in_plan(plan: Mapping[str, Json], configuration: Mapping[str, Json]) -> list[str]:
    """What has no place in a plan as `terraform show -json` writes it, each with its address.

    `configuration` is the one that it should be of, in Terraform JSON: what a `terraform_data` of no other keeps is let
    through, and one that is only deleted.
    """
    kept = {f"{_KEEPING}.{name}" for name in (configuration.get("resource") or {}).get(_KEEPING) or ()}
    return list(dict.fromkeys(_in_plan(plan, kept)))


def _in_plan(plan: Mapping[str, Json], kept: set[str]) -> Iterator[str]:
    changes = [*_many(plan.get("resource_changes")), *_many(plan.get("resource_drift"))]
    changes += [one.get("resource_change") or {} for one in _many(plan.get("deferred_changes"))]
    gone = {one.get("address") for one in changes if (one.get("change") or {}).get("actions") == ["delete"]}
    for resource in changes:
        yield from _of_another(resource, kept | gone)
    for place in ("planned_values", "prior_state"):
        values = plan.get(place) or {}
        yield from _in_values((values.get("values") or values).get("root_module") or {}, kept | gone)
    configured = plan.get("configuration") or {}
    for name, provider in (configured.get("provider_config") or {}).items():
        full_name = provider.get("full_name")
        if full_name not in PROVIDERS and full_name != _BUILT_IN:
            yield f"provider.{name}: another provider than hashicorp/aws ({full_name})"
        for key in (provider.get("expressions") or {}).keys() - _PROVIDER:
            yield f"provider.{name}.{key}: such an argument is not synthesized"
    yield from _in_module(configured.get("root_module") or {}, "", kept)


def _of_another(resource: Mapping[str, Json], kept: Collection[object]) -> Iterator[str]:
    address, provider, kind = (
        resource.get("address"),
        resource.get("provider_name"),
        str(resource.get("type", "")),
    )
    ours = provider in PROVIDERS and kind.startswith("aws_")
    keeps = provider == _BUILT_IN and kind == _KEEPING and resource.get("mode") == "managed"
    if not ours and not (keeps and (address in kept or str(address).partition("[")[0] in kept)):
        yield f"{address}: is of another provider than hashicorp/aws ({provider})"
    if resource.get("module_address"):
        yield f"{address}: is in a module, and this project's stacks have none"


def _in_values(module: Mapping[str, Json], kept: Collection[object]) -> Iterator[str]:
    for resource in _many(module.get("resources")):
        yield from _of_another(resource, kept)
    for child in _many(module.get("child_modules")):
        yield f"{child.get('address')}: is a module, and this project's stacks have none"
        yield from _in_values(child, kept)


def _in_module(module: Mapping[str, Json], prefix: str, kept: Collection[object]) -> Iterator[str]:
    for resource in _many(module.get("resources")):
        address = f"{prefix}{resource.get('address')}"
        if not str(resource.get("type", "")).startswith("aws_") and address not in kept:
            yield f"{address}: is of another provider than hashicorp/aws"
        for provisioner in _many(resource.get("provisioners")):
            yield f"{address}: has a provisioner ({provisioner.get('type')}), which would run a program"
    for name, call in (module.get("module_calls") or {}).items():
        yield f"{prefix}module.{name}: is a module ({call.get('source')}), and this project's stacks have none"
        yield from _in_module(call.get("module") or {}, f"{prefix}module.{name}.", kept)


def _many(value: Json) -> list[Mapping[str, Json]]:
    """One object or a list of them, as a list."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping)]
