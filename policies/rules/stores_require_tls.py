from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.cures import REPLACES, AddBlock, Edit, Incurable, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import IN_TRANSIT, REMOVED, Protected, Rule, Verdict, failed, passed, unknown

SEARCH = ("aws_opensearch_domain", "aws_elasticsearch_domain")

RULE = Rule(
    title="Search, stream, warehouse and in-memory stores require TLS",
    family=IN_TRANSIT,
    severity="high",
    types=(
        *SEARCH,
        "aws_msk_cluster",
        "aws_msk_serverless_cluster",
        "aws_redshift_cluster",
        "aws_redshiftserverless_workgroup",
        "aws_memorydb_cluster",
        "aws_dax_cluster",
        "aws_db_proxy",
    ),
    why="Between clients and nodes, and between nodes, records cross Availability Zones.",
    fix="""\
resource "aws_opensearch_domain" "search" {
  domain_endpoint_options {
    enforce_https       = true
    tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
  }
  node_to_node_encryption {
    enabled = true
  }
}
""",
    link="https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_protect_data_transit_encrypt.html",
    controls=(
        "AWS FSBP OpenSearch.3",
        "AWS FSBP OpenSearch.8",
        "AWS FSBP ES.3",
        "AWS FSBP ES.8",
        "AWS FSBP MSK.1",
        "AWS FSBP Redshift.2",
        "AWS FSBP DynamoDB.7",
        "Well-Architected SEC09-BP02",
    ),
    reads=("aws_redshift_parameter_group",),
    protects=(
        *(
            Protected(type, path, weaker=weaker)
            for type in SEARCH
            for path, weaker in (
                ("domain_endpoint_options.enforce_https", (False,)),
                (
                    "domain_endpoint_options.tls_security_policy",
                    ("Policy-Min-TLS-1-0-2019-07", REMOVED),
                ),
                ("node_to_node_encryption.enabled", (False, REMOVED)),
            )
        ),
        Protected(
            "aws_msk_cluster",
            "encryption_info.encryption_in_transit.client_broker",
            weaker=("PLAINTEXT", "TLS_PLAINTEXT"),
        ),
        Protected("aws_memorydb_cluster", "tls_enabled", weaker=(False,)),
        Protected("aws_dax_cluster", "cluster_endpoint_encryption_type", weaker=("NONE", REMOVED)),
        Protected("aws_db_proxy", "require_tls", weaker=(False, REMOVED)),
    ),
    by_hand="A warehouse without a parameter group of its own needs one.",
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    match resource.type:
        case "aws_msk_serverless_cluster":
            yield passed()  # TLS only, always
        case "aws_opensearch_domain" | "aws_elasticsearch_domain":
            yield _search(resource)
        case "aws_msk_cluster":
            transit = "encryption_info.encryption_in_transit"
            if resource.text(f"{transit}.client_broker", "TLS") != "TLS":
                yield failed("clients may connect without TLS", f"{transit}.client_broker")
            elif not resource.boolean(f"{transit}.in_cluster", True):
                yield failed("brokers speak to each other in clear", f"{transit}.in_cluster")
            else:
                yield passed()
        case "aws_redshift_cluster":
            yield _redshift(resource)
        case "aws_redshiftserverless_workgroup":
            yield _workgroup(resource)
        case "aws_memorydb_cluster":
            yield _switch(resource, "tls_enabled", True)
        case "aws_db_proxy":
            yield _switch(resource, "require_tls", False)
        case _:
            path = "cluster_endpoint_encryption_type"
            if resource.text(path, "NONE") == "TLS":
                yield passed()
            else:
                yield failed(f"{path} is not TLS", path)


def _switch(resource: Resource, path: str, default: bool) -> Verdict:
    return passed() if resource.boolean(path, default) else failed(f"{path} is not true", path)


def _search(resource: Resource) -> Verdict:
    options = "domain_endpoint_options"
    if not resource.boolean(f"{options}.enforce_https", resource.block(options) is not None):
        return failed("enforce_https is not true", f"{options}.enforce_https")
    policy = resource.text(f"{options}.tls_security_policy") or "Policy-Min-TLS-1-0-2019-07"
    if not policy.startswith("Policy-Min-TLS-1-2-"):
        return failed(f"{policy} accepts TLS 1.0", f"{options}.tls_security_policy")
    return _switch(resource, "node_to_node_encryption.enabled", False)


def _redshift(resource: Resource) -> Verdict:
    path = "cluster_parameter_group_name"
    groups = resource.referenced(path, "aws_redshift_parameter_group").resources
    if groups:
        for parameter in groups[0].blocks("parameter"):
            if (parameter.text("name") or "").lower() == "require_ssl":
                if (parameter.text("value") or "").lower() == "true":
                    return passed()
                return failed("require_ssl is not true in its parameter group", path)
    name = (groups[0].text("family") or "") if groups else (resource.text(path) or "")
    # The family redshift-2.0, new in 2025, requires TLS by default.
    if name in ("default.redshift-2.0", "redshift-2.0"):
        return passed()
    if groups or name == "default.redshift-1.0":
        return failed("require_ssl is not set to true", path)
    return unknown("its parameter group is not seen here", path)


def _workgroup(resource: Resource) -> Verdict:
    for parameter in resource.blocks("config_parameter"):
        if parameter.text("parameter_key") == "require_ssl":
            if (parameter.text("parameter_value") or "").lower() == "true":
                return passed()
            return failed("require_ssl is not true", "config_parameter", at=parameter)
    return unknown("require_ssl is not set, and its default depends on when the workgroup was made")


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit | Incurable]:
    match resource.type:
        case "aws_opensearch_domain" | "aws_elasticsearch_domain":
            options = "domain_endpoint_options"
            if not resource.boolean(f"{options}.enforce_https", resource.block(options) is not None):
                yield Set(f"{options}.enforce_https", True)
            policy = resource.text(f"{options}.tls_security_policy") or ""
            if not policy.startswith("Policy-Min-TLS-1-2-"):
                yield Set(f"{options}.tls_security_policy", "Policy-Min-TLS-1-2-PFS-2023-10")
            yield Set("node_to_node_encryption.enabled", True, _SEARCH)
        case "aws_msk_cluster":
            transit = "encryption_info.encryption_in_transit"
            if resource.text(f"{transit}.client_broker", "TLS") != "TLS":
                yield Set(f"{transit}.client_broker", "TLS", _CLEAR)
            if not resource.boolean(f"{transit}.in_cluster", True):
                yield Set(f"{transit}.in_cluster", True, REPLACES)
        case "aws_redshift_cluster":
            yield from _cure_redshift(resource)
        case "aws_redshiftserverless_workgroup":
            for parameter in resource.blocks("config_parameter"):
                if parameter.text("parameter_key") == "require_ssl":
                    yield Set("parameter_value", "true", _CLEAR, parameter)
        case "aws_memorydb_cluster":
            yield Set("tls_enabled", True, REPLACES)
        case "aws_db_proxy":
            yield Set("require_tls", True, _CLEAR)
        case "aws_dax_cluster":
            yield Set("cluster_endpoint_encryption_type", "TLS", REPLACES)


_CLEAR: Final = "clients without TLS are refused from then on"
_SEARCH: Final = "a domain of Elasticsearch before 6.7 is replaced: read the plan"


def _cure_redshift(resource: Resource) -> Iterator[Edit | Incurable]:
    groups = resource.referenced("cluster_parameter_group_name", "aws_redshift_parameter_group").resources
    if len(groups) != 1:
        yield Incurable("it has no parameter group of its own here: whether others share one is a decision")
        return
    for number, parameter in enumerate(groups[0].blocks("parameter")):
        if (parameter.text("name") or "").lower() == "require_ssl":
            yield Set(f"parameter[{number}].value", "true", _CLEAR, groups[0])
            return
    yield AddBlock("parameter", {"name": "require_ssl", "value": "true"}, _CLEAR, groups[0])
