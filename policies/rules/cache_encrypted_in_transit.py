from __future__ import annotations

from collections.abc import Iterator

from policies.aws.stores import GLOBAL, is_member, primaries_of
from policies.engine.cures import REPLACES, Edit, Incurable, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT
from policies.engine.verdicts import (
    IN_TRANSIT,
    REMOVED,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)

RULE = Rule(
    title="Caches accept TLS connections only",
    family=IN_TRANSIT,
    severity="high",
    types=(
        "aws_elasticache_replication_group",
        "aws_elasticache_cluster",
        "aws_elasticache_serverless_cache",
    ),
    why=(
        "Sessions and tokens cross Availability Zones on their way to a cache. In the mode `preferred`, "
        "which is meant for migrations, a client may still speak in clear."
    ),
    fix="""\
resource "aws_elasticache_replication_group" "main" {
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
}
""",
    link="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption.html",
    controls=("AWS FSBP ElastiCache.5", "Well-Architected SEC09-BP02"),
    protects=(
        Protected("aws_elasticache_replication_group", "transit_encryption_enabled", weaker=(False, REMOVED)),
        Protected("aws_elasticache_replication_group", "transit_encryption_mode", weaker=("preferred",)),
    ),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type == "aws_elasticache_serverless_cache":
        yield passed()  # TLS only, always
    elif is_member(resource):
        yield not_applicable()
    elif resource.get(GLOBAL) not in (ABSENT, ""):
        # A member of a global datastore takes the setting from the primary, and the provider forbids it here.
        primaries = primaries_of(resource)
        if not primaries:
            yield unknown(
                "it requires TLS if the global datastore's primary does, which is not seen here", GLOBAL
            )
        elif fault := next((fault for primary in primaries if (fault := _fault(primary))), None):
            yield failed(f"of the global datastore's primary, {fault[0]}", GLOBAL)
        else:
            yield passed()
    elif fault := _fault(resource):
        yield failed(*fault)
    else:
        yield passed()


def _fault(resource: Resource) -> tuple[str, str] | None:
    """What lets clients connect without TLS, and the argument at fault."""
    path = "transit_encryption_enabled"
    if not resource.boolean(path):
        return f"{path} is not true", path
    path = "transit_encryption_mode"
    if resource.text(path, "required") != "required":
        return f"{path} lets clients connect without TLS", path
    return None


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit | Incurable]:
    if resource.get(GLOBAL) not in (ABSENT, ""):
        yield Incurable("the global datastore's primary decides")
        return
    # Source: transit_encryption_enabled in the provider's documentation
    cluster = resource.type == "aws_elasticache_cluster"
    yield Set("transit_encryption_enabled", True, REPLACES if cluster else _REDIS)
    if resource.is_set("transit_encryption_mode"):
        yield Set("transit_encryption_mode", "required")


_REDIS = (
    "clients have to speak TLS from then on; a group of Redis before 7.0.5 is replaced, a later one has to go "
    "through the mode preferred first"
)
