"""What has no place in a configuration or plan of this project, because nobody judges it or because it runs programs.

The project's stacks are resources and data sources of hashicorp/aws, without modules. A plan or configuration that
holds anything else was not made by synthesis. Pure: parsed JSON goes in, reasons come out.

Source: https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = Any

PROVIDERS = ("registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws")
_SOURCES = ("hashicorp/aws", *PROVIDERS)
_TOP = frozenset(
    ("//", "terraform", "provider", "variable", "locals", "data", "resource", "output", "moved", "import")
)
_TERRAFORM = frozenset(("backend", "required_providers", "required_version"))
_BACKENDS = {
    "local": frozenset(("path",)),
    "s3": frozenset(("bucket", "key", "region", "encrypt", "kms_key_id", "use_lockfile")),
}
_PROVIDER = frozenset(("//", "alias", "region", "default_tags"))
_STATE = "terraform.tfstate"
_RUNNING = ("provisioner", "connection")


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
                        if not terraform_type.startswith("aws_"):
                            yield f"{address}: a type of another provider than hashicorp/aws"
                        for body in _many(bodies):
                            yield from (f"{address}: has a {key}" for key in _RUNNING if body.get(key))


def in_plan(plan: Mapping[str, Json]) -> list[str]:
    """What has no place in a plan as `terraform show -json` writes it, each with its address."""
    return list(dict.fromkeys(_in_plan(plan)))


def _in_plan(plan: Mapping[str, Json]) -> Iterator[str]:
    changes = [*_many(plan.get("resource_changes")), *_many(plan.get("resource_drift"))]
    changes += [one.get("resource_change") or {} for one in _many(plan.get("deferred_changes"))]
    for resource in changes:
        yield from _of_another(resource)
    for place in ("planned_values", "prior_state"):
        values = plan.get(place) or {}
        yield from _in_values((values.get("values") or values).get("root_module") or {})
    configuration = plan.get("configuration") or {}
    for name, provider in (configuration.get("provider_config") or {}).items():
        if provider.get("full_name") not in PROVIDERS:
            yield f"provider.{name}: another provider than hashicorp/aws ({provider.get('full_name')})"
        for key in (provider.get("expressions") or {}).keys() - _PROVIDER:
            yield f"provider.{name}.{key}: such an argument is not synthesized"
    yield from _in_module(configuration.get("root_module") or {}, "")


def _of_another(resource: Mapping[str, Json]) -> Iterator[str]:
    address, provider = resource.get("address"), resource.get("provider_name")
    if provider not in PROVIDERS or not str(resource.get("type", "")).startswith("aws_"):
        yield f"{address}: is of another provider than hashicorp/aws ({provider})"
    if resource.get("module_address"):
        yield f"{address}: is in a module, and this project's stacks have none"


def _in_values(module: Mapping[str, Json]) -> Iterator[str]:
    for resource in _many(module.get("resources")):
        yield from _of_another(resource)
    for child in _many(module.get("child_modules")):
        yield f"{child.get('address')}: is a module, and this project's stacks have none"
        yield from _in_values(child)


def _in_module(module: Mapping[str, Json], prefix: str) -> Iterator[str]:
    for resource in _many(module.get("resources")):
        address = f"{prefix}{resource.get('address')}"
        if not str(resource.get("type", "")).startswith("aws_"):
            yield f"{address}: is of another provider than hashicorp/aws"
        for provisioner in _many(resource.get("provisioners")):
            yield f"{address}: has a provisioner ({provisioner.get('type')}), which would run a program"
    for name, call in (module.get("module_calls") or {}).items():
        yield f"{prefix}module.{name}: is a module ({call.get('source')}), and this project's stacks have none"
        yield from _in_module(call.get("module") or {}, f"{prefix}module.{name}.")


def _many(value: Json) -> list[Mapping[str, Json]]:
    """One object or a list of them, as a list."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping)]
