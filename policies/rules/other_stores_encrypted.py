from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.aws import providers
from policies.engine.cures import REPLACES, Edit, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import AT_REST, REMOVED, Protected, Rule, Verdict, failed, passed

# The argument that turns encryption on, and whether it is on where nothing is said.
SWITCHES: Final[Mapping[str, tuple[str, bool]]] = {
    "aws_dynamodb_table": ("server_side_encryption.enabled", False),
    "aws_dax_cluster": ("server_side_encryption.enabled", False),
    "aws_opensearch_domain": ("encrypt_at_rest.enabled", False),
    "aws_elasticsearch_domain": ("encrypt_at_rest.enabled", False),
    # On by default since version 6 of the provider.
    "aws_redshift_cluster": ("encrypted", True),
    "aws_kinesis_firehose_delivery_stream": ("server_side_encryption.enabled", False),
}

# Types that AWS encrypts always: they count as looked at, because there is nothing to turn off.
ALWAYS: Final = (
    "aws_dsql_cluster",
    "aws_glacier_vault",
    "aws_keyspaces_table",
    "aws_memorydb_cluster",
    "aws_memorydb_multi_region_cluster",
    "aws_msk_cluster",
    "aws_msk_serverless_cluster",
    "aws_opensearchserverless_collection",
    "aws_redshiftserverless_namespace",
    "aws_s3_directory_bucket",
    "aws_s3tables_table_bucket",
    "aws_timestreamwrite_database",
    "aws_timestreamwrite_table",
)

RULE = Rule(
    title="All other data stores are encrypted at rest, tables of DynamoDB with a key that one can see",
    family=AT_REST,
    severity="high",
    types=(*SWITCHES, "aws_kinesis_stream", *ALWAYS),
    why=(
        "Tables, search indices, warehouses and streams hold the same records as the database. For DynamoDB "
        "it means a KMS key that one can see and audit, instead of a key that AWS owns."
    ),
    fix="""\
resource "aws_opensearch_domain" "search" {
  encrypt_at_rest {
    enabled = true
  }
}
""",
    link="https://docs.aws.amazon.com/prescriptive-guidance/latest/encryption-best-practices/welcome.html",
    controls=(
        "AWS FSBP DynamoDB.3",
        "AWS FSBP OpenSearch.1",
        "AWS FSBP ES.1",
        "AWS FSBP Redshift.10",
        "AWS FSBP Kinesis.1",
        "Well-Architected SEC08-BP02",
    ),
    protects=(
        *(
            Protected(type, path, weaker=(False,) if default else (False, REMOVED))
            for type, (path, default) in SWITCHES.items()
        ),
        Protected("aws_kinesis_stream", "encryption_type", weaker=("NONE", REMOVED)),
    ),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type in ALWAYS:
        yield passed()
    elif resource.type == "aws_kinesis_stream":
        if resource.text("encryption_type", "NONE") == "KMS":
            yield passed()
        else:
            yield failed("encryption_type is not KMS", "encryption_type")
    elif resource.type == "aws_kinesis_firehose_delivery_stream" and resource.is_set(
        "kinesis_source_configuration"
    ):
        yield passed()  # records stay encrypted as the source stream, judged on its own, encrypts them
    else:
        path, default = SWITCHES[resource.type]
        if providers.boolean(resource, path, default):
            yield passed()
        elif resource.type == "aws_dynamodb_table":
            yield failed(f"{path} is not true, so that its key is AWS's own, which nobody else can see", path)
        else:
            yield failed(f"{path} is not true", path)


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit]:
    if resource.type == "aws_kinesis_stream":
        yield Set("encryption_type", "KMS")
        if not resource.is_set("kms_key_id"):
            yield Set("kms_key_id", "alias/aws/kinesis")
    elif resource.type in SWITCHES:
        yield Set(SWITCHES[resource.type][0], True, _NOTES.get(resource.type, ""))


_NOTES: Final[Mapping[str, str]] = {
    "aws_dax_cluster": REPLACES,
    # Source: encrypt_at_rest in the provider's documentation
    "aws_opensearch_domain": "a domain of Elasticsearch before 6.7 is replaced: read the plan",
    "aws_elasticsearch_domain": "a domain before version 6.7 is replaced: read the plan",
}
