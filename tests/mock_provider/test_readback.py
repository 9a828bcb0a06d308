"""What AWS calls by another name than it was given: found in botocore's models, and written so by the mock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import botocore.loaders  # type: ignore[import-untyped]
import botocore.model  # type: ignore[import-untyped]
import pytest
from botocore import xform_name

from mock_provider import facts, readback, schema
from mock_provider.schema import Block
from tests.mock_provider.conftest import Configuration, Project

Path = tuple[str, ...]
# The service of each type, by the longest beginning that fits; None where AWS's API is not the type's own.
SERVICES = {
    "aws_acm_": "acm",
    "aws_autoscaling_": "autoscaling",
    "aws_backup_": "backup",
    "aws_budgets_": "budgets",
    "aws_cloudfront_": "cloudfront",
    "aws_cloudwatch_": "cloudwatch",
    "aws_cloudwatch_log_": "logs",
    "aws_db_": "rds",
    "aws_elasticache_": "elasticache",
    "aws_fis_": "fis",
    "aws_iam_": "iam",
    "aws_kms_": "kms",
    "aws_lb": "elbv2",
    "aws_route53_": "route53",
    "aws_s3_": "s3",
    "aws_sns_": "sns",
    "aws_wafv2_": "wafv2",
    "aws_": "ec2",
}
_WRITES = re.compile("Create|Put|Modify|Update|Set|Request|Run|Register")
_READS = re.compile("Describe|Get|List")
# Enumerations whose names begin with the same so many letters are taken for two sides of one thing.
_AKIN = 12


def service_of(terraform_type: str) -> str:
    return SERVICES[max((one for one in SERVICES if terraform_type.startswith(one)), key=len)]


def enumerations(
    shape: Any, within: frozenset[str] = frozenset(), name: str = ""
) -> Iterator[tuple[str, str, frozenset[str]]]:
    """The member, the shape and the values of every enumeration below a shape."""
    if shape.name in within:
        return
    within |= {shape.name}
    if shape.type_name == "structure":
        for member, inner in shape.members.items():
            yield from enumerations(inner, within, member)
    elif shape.type_name == "list":
        yield from enumerations(shape.member, within, name)
    elif shape.type_name == "map":
        yield from enumerations(shape.value, within, name)
    elif shape.type_name == "string" and shape.enum:
        yield name, shape.name, frozenset(shape.enum)


@cache
def renamed(service: str) -> dict[str, frozenset[str]]:
    """By argument: values that a service takes and, where it describes the same thing, never answers with."""
    loader = botocore.loaders.Loader()
    model = botocore.model.ServiceModel(loader.load_service_model(service, "service-2"), service)
    given: dict[str, dict[str, frozenset[str]]] = {}
    answers: dict[str, dict[str, frozenset[str]]] = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        sides = ((_WRITES, operation.input_shape, given), (_READS, operation.output_shape, answers))
        for pattern, shape, found in sides:
            if pattern.match(name) and shape is not None:
                for member, kind, values in enumerations(shape):
                    found.setdefault(member, {})[kind] = values
    found_values: dict[str, frozenset[str]] = {}
    for member, kinds in given.items():
        for kind, values in kinds.items():
            if kind in answers.get(member, {}):
                continue
            akin = [
                other
                for name, other in answers.get(member, {}).items()
                if values & other or kind[:_AKIN] == name[:_AKIN]
            ]
            lost = values - frozenset().union(*akin) if akin else frozenset()
            if lost:
                argument = xform_name(member)
                found_values[argument] = found_values.get(argument, frozenset()) | lost
    return found_values


def leaves(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*at, key))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, at)
    elif isinstance(value, str):
        yield at, value


def test_botocore_tells_which_names_differ() -> None:
    assert renamed("elasticache") == {"type": frozenset({"no-password-required"})}
    assert "enable" in renamed("ec2")["nat_gateway_support"]
    assert renamed("rds").get("engine_lifecycle_support") is None


@pytest.mark.parametrize("environment", ["prod", "dev", "three_zones"])
def test_what_the_stack_gives_is_read_back_as_aws_says_it(
    stack: Callable[[str], Configuration], environment: str
) -> None:
    """Each value that AWS calls by another name is written so by the mock: a second plan shows the difference."""
    missing = []
    for terraform_type, resources in stack(environment)["resource"].items():
        if not terraform_type.startswith("aws_"):
            continue
        names = renamed(service_of(terraform_type))
        for resource in resources.values():
            for path, value in leaves(resource):
                if value in names.get(path[-1], ()):
                    spelling = readback.SPELLINGS.get((terraform_type, ".".join(path)), {})
                    if value not in spelling:
                        missing.append((terraform_type, path, value))
    assert missing == []


def test_spellings_are_botocore_s() -> None:
    for (terraform_type, path), spelling in readback.SPELLINGS.items():
        assert spelling.keys() <= renamed(service_of(terraform_type))[path.rpartition(".")[2]]


def test_a_plan_that_is_never_empty(project: Callable[..., Project]) -> None:
    """As with the real provider: what AWS calls by another name is to be changed for ever."""
    made = project(
        """
resource "aws_elasticache_user" "noisy" {
  user_id       = "noisy"
  user_name     = "noisy"
  access_string = "off -@all"
  engine        = "redis"
  authentication_mode {
    type = "no-password-required"
  }
}
resource "aws_elasticache_user" "quiet" {
  user_id              = "quiet"
  user_name            = "quiet"
  access_string        = "off -@all"
  engine               = "redis"
  no_password_required = true
}
"""
    )
    for _ in range(2):
        values = made.apply()
        assert values["aws_elasticache_user.noisy"]["authentication_mode"][0]["type"] == "no-password"
        changes = made.changes()
        assert changes["aws_elasticache_user.noisy"]["change"]["actions"] == ["update"]
        assert changes["aws_elasticache_user.quiet"]["change"]["actions"] == ["no-op"]


def unset(block: Block, bodies: list[Any], defaults: Mapping[Path, Any], at: Path = ()) -> Iterator[Path]:
    """What the bodies leave out, and the provider neither computes nor has a default for."""
    for name, attribute in block["attributes"].items():
        left_out = any(body.get(name) is None for body in bodies)
        own = attribute.get("computed") or defaults.get((*at, name)) is not None
        if attribute.get("optional") and left_out and not own:
            yield (*at, name)
    for name, entry in block["block_types"].items():
        inner = [one for body in bodies for one in as_list(body.get(name))]
        if inner:
            yield from unset(entry["block"], inner, defaults, (*at, name))
        if any(not body.get(name) for body in bodies):
            yield (*at, name)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


@cache
def documented(service: str) -> dict[str, set[str]]:
    """By argument: the defaults that AWS documents for it; those that are nothing, or off, are left out."""
    model = botocore.model.ServiceModel(
        botocore.loaders.Loader().load_service_model(service, "service-2"), service
    )
    found: dict[str, set[str]] = {}
    seen: set[str] = set()

    def look(shape: Any) -> None:
        if shape.name in seen:
            return
        seen.add(shape.name)
        if shape.type_name == "structure":
            for member, inner in shape.members.items():
                words = re.sub("<[^>]+>", "", inner.documentation or "")
                for said in _DEFAULT.findall(words):
                    if not _NOTHING.match(said):
                        found.setdefault(xform_name(member), set()).add(said)
                look(inner)
        elif shape.type_name in ("list", "map"):
            look(shape.member if shape.type_name == "list" else shape.value)

    for name in model.operation_names:
        if _WRITES.match(name) and model.operation_model(name).input_shape:
            look(model.operation_model(name).input_shape)
    return found


_DEFAULT = re.compile(r"[Dd]efault(?: values?| settings?)?(?: is| are|s to|s| for|:) (?:to )?([^.]{1,80})")
_NOTHING = re.compile(r"(?:null|none|false|off|0)\b", re.IGNORECASE)

# Why no plan shows what AWS documents a default for and the stack leaves out.
QUIET = {
    "aws_autoscaling_policy.estimated_instance_warmup": "described where it was given",
    "aws_elasticache_replication_group.preferred_cache_cluster_azs": "never read back: the API has no such member",
    "aws_launch_template": "a launch template holds what it was given and nothing else",
    "aws_wafv2_web_acl": "an ACL is described with the blocks that it was given",
}


@pytest.mark.parametrize("environment", ["prod", "dev", "three_zones"])
def test_what_aws_fills_in_is_in_no_plan(stack: Callable[[str], Configuration], environment: str) -> None:
    """Each member that the stack leaves out and AWS documents a default for is the provider's to compute, or known."""
    found = set()
    for terraform_type, resources in stack(environment)["resource"].items():
        if terraform_type.startswith("aws_"):
            known = facts.load().get(terraform_type)
            defaults = known.defaults if known else {}
            said = documented(service_of(terraform_type))
            block = schema.load().block("resource", terraform_type)
            for path in unset(block, list(resources.values()), defaults):
                if path[-1] in said:
                    found.add(f"{terraform_type}.{'.'.join(path)}")
            filled = {path for kind, path in readback.FILLED if kind == terraform_type}
            assert not filled & {".".join(path) for path in unset(block, list(resources.values()), defaults)}
    assert {one for one in found if one not in QUIET and one.partition(".")[0] not in QUIET} == set()
    assert len(found) > 5


def test_what_aws_fills_in_and_the_provider_takes_back(project: Callable[..., Project]) -> None:
    made = project(
        """
resource "aws_s3_bucket" "files" {
  bucket = "files-of-this-test"
}
resource "aws_s3_bucket_server_side_encryption_configuration" "files" {
  for_each = { noisy = null, quiet = ["SSE-C"], open = ["NONE"] }
  bucket   = aws_s3_bucket.files.id
  rule {
    blocked_encryption_types = each.value
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}
"""
    )
    kind = "aws_s3_bucket_server_side_encryption_configuration.files"
    for _ in range(2):
        [rule] = made.apply()[f'{kind}["noisy"]']["rule"]
        assert rule["blocked_encryption_types"] == ["SSE-C"]
        changes = {address: one["change"]["actions"] for address, one in made.changes().items()}
        assert changes[f'{kind}["noisy"]'] == ["update"]
        assert changes[f'{kind}["quiet"]'] == changes[f'{kind}["open"]'] == ["no-op"]
