"""Kinds of resources: data stores, and what creates resources that the configuration does not show.

Neither must pass unseen. For hashicorp/aws every type is judged in `types.txt`; other providers' types, and those of
AWS that came later, are known by their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from policies.engine.model import Resource
from policies.engine.values import Unknown

TYPES: Final = Path(__file__).parent / "types.txt"

STORE: Final = "*"
CREATOR: Final = "!"

_WORD: Final = re.compile(r"([a-z0-9_]+|\.)(?:([*!])([a-z0-9_.]*))?")


@lru_cache(maxsize=1)
def aws_types() -> Mapping[str, tuple[str, str]]:
    """The types of `types.txt`: the kind (`STORE`, `CREATOR` or "") and the argument on which it depends, or ""."""
    return dict(read(TYPES.read_text("utf-8")))


def read(text: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """The types that a text in the form of `types.txt` judges, in order, with what `aws_types` says of them."""
    service = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            service, _, line = line.partition(":")
        for name, kind, argument in _WORD.findall(line):
            yield f"aws_{service}" if name == "." else f"aws_{service}_{name}", (kind, argument)


# --- other providers, and types of AWS that came later

# Names of engines and services that store data. Sources: the providers' lists of resources in the registry.
_ENGINES: Final = (
    "activemq|adb|alikafka|alloydb(?:omni)?|amqp|analyticdb|astra|aurora|autonomous|bigquery|bigtable|cassandra|ckafka|"
    "click_?house|cockroach|cosmosdb|couchbase|css|cynosdb|dbaas|dcs|dcdb|dds|documentdb|docdb|dragonfly|dws|dynamodb|"
    "elastic(?:search)?|eventhub|filestore|firestore|flexible|gaussdb|gemini|geminidb|gpdb|graph_?database|hbase|"
    "iceberg|influxdb(?:v2)?|inmemorydb|kafka|keyvalue|kusto|kvstore|lindorm|lustre|m3db|mariadb|mdb|memcached?|"
    "memorydb|memorystore|mongo(?:db)?|ms?sql|mysql|nats|neo4j|neptune|nfs|nosql|ocean_?base|opensearch|oracle|ots|"
    "parallelstore|pg|polardb|postgres(?:ql)?|psql|pulsar|qdrant|rabbitmq|rdb|rds|redis|redshift|rocketmq|scylladb|"
    "selectdb|servicebus|singlestore(?:db)?|spanner|sqlserver|sql|tair|taurusdb|tcaplus|tdmq|thanos|tidb(?:cloud)?|"
    "timestream|valkey|weaviate|ydb|yugabytedb"
)
_THINGS: Final = (
    "account|cache|cluster|collection|container|database|dataset|db|db_instance|db_system|domain|elasticpool|graph|"
    "index|instance|keyspace|ledger|namespace|project|replica|replicaset|server|serverless|service|subscription|table|"
    "topic|vhost|workspace"
)
_ENDINGS: Final = (
    # A version may follow: openstack_blockstorage_volume_v3.
    "bucket|volume|disk|hard_disk|boot_volume|database|databases|db_instance|db_cluster|db_system|database_(?:cluster|"
    "instance|replica|server|db|serverless|dedicated)|(?:logical|managed|autonomous)_database|cluster_database|ledger|"
    "file_?systems?|file_?share|file_?storage|nas|nfs|sfs_turbo|sfs_turbo_share|queue|topic|keyspace|eventhub|data_?lake|"
    "datastore|data_?warehouse|warehouse|cache|stream|share|dataset|database_(?:pg|postgresql|mysql|valkey|redis|"
    "opensearch|kafka)|object_?stor(?:e|age)|block_?storage|block_storage_volume|kv_?store|workers_kv(?:_namespace)?|"
    "kv_namespace|storage_(?:account|bucket|container|table|queue|share|zone|pool|blob)|project_storage|storage|"
    "objectstorage_container|(?:object|dicom|fhir|hl7_v2|consent|feature|feature_online|online|log|data|vector)_store|"
    "featurestore|data_lake_store|healthcare_service|(?:dicom|fhir)_service|analysis_services_server|log_analytics_workspace|knowledge_base|(?:dms|ddm)_\\w*instance|search_service|kusto_cluster|elastic_san|hpc_cache|storage_sync|"
    "(?:backup|services|cbr|hbr|storage)_vault|synapse_workspace|metastore|metastore_service|dataplex_lake|"
    "vm_cluster|vector_search_index|ai_index|persistent_volume(?:_claim)?|stateful_set|logtank_topic|log_project|"
    "mrs_cluster|dataproc_cluster|hdinsight_[a-z_]+_cluster|netapp_pool|managed_redis|mongo_cluster|s3_bucket|"
    "hybrid_cluster_database|image_disk|managed_disk|logging_\\w*bucket_config|maxcompute_project|vsan_\\w+|volume_group"
)
_VERSION: Final = r"(?:_v\d+(?:_?(?:alpha|beta)\d*)?)?$"
_STORE: Final = (
    rf"_(?:{_ENDINGS}){_VERSION}"
    rf"|_(?:{_ENGINES})(?:flex)?(?:_[a-z0-9]+)*?_(?:{_THINGS}){_VERSION}"
    # Providers that name a service by its engine alone: aiven_pg, render_postgres.
    rf"|^[a-z0-9-]+_(?:managed_|database_)?(?:{_ENGINES}){_VERSION}"
    # Providers that sell little but data stores.
    r"|^mongodbatlas_(?:\w+_)?(?:cluster|instance)$|^rediscloud_(?:\w*subscription|\w*database|transit\w*)$"
    r"|^ec_(?:deployment|\w+_project)$|^(?:neon|supabase|turso|xata|cloudamqp)_(?:project|database|branch|instance)$"
    r"|^(?:cockroach|tidbcloud|ybm|singlestoredb|timescale|clickhouse|planetscale|couchbase-capella)_"
    r"(?:\w+_)?(?:cluster|service|workspace|database|bucket|instance)$"
    r"|^snowflake_(?:\w+_)?(?:table|stage|database)$|^databricks_(?:catalog|schema|mount|online_table|sql_table|table)$"
    r"|^vultr_(?:database|object_storage|block_storage)\w*$|^ibm_(?:cloudant|storage_\w+)$"
)
# Names that the patterns match, of things that hold no data of their own.
_NO_STORE: Final = (
    r"_(?:tiered|regional_tiered|reserve|cdn|edge|build|pull_through)_cache$|_custom_domain$|_cluster_instance$"
    r"|^(?:datadog|newrelic|grafana|pagerduty|buildkite|genesyscloud|twilio|okta|auth0|github|gitlab|opsgenie)_"
    r"|^(?:vault|consul|boundary|tfe|cloudflare_zero_trust)_"
    r"|_(?:connection|link|linked|endpoint|source|output|input|attached|backend|export|privileges_to|protected|policy)_"
    r"\w*(?:database|queue|topic|account|container|stream|cluster|bucket|disk|share|eventhub)(?:_v\d)?$"
    r"|_mount_target$|_sql_(?:endpoint|dashboard|query)$|_dns_\w+$|_notebook_instance$|_image_share_\w+$|_backup_share_\w+$"
    r"|_(?:hub_listing|servicebus)_subscription$|_(?:repository|firestore)_index$"
    r"|^google_(?:logging_linked_dataset|datastream_stream|storage_anywhere_cache)$"
    r"|^azurerm_(?:stream_analytics_\w+|backup_\w+_storage_account|key_vault_managed_storage_account|\w+_environment_storage"
    r"|machine_learning_datastore_\w+|api_management_redis_cache)$"
    r"|^aws_(?:athena|datasync|rds_custom|glue)_\w+$"
)

# What creates resources from a description that is not Terraform's: packages, manifests and stacks of other tools,
# resources of any kind behind one type, programs that are run.
_CREATOR: Final = (
    # The same clouds by a generic provider, whose types no rule reads.
    r"^awscc_|^aws-native_|^cfncompat_|^azapi_(?:resource|update_resource|resource_action|data_plane_resource)$"
    # Stacks, templates and blueprints of the clouds.
    r"|_(?:template|deployment_manager)_deployment$|_deployment_stack$|^azurerm_(?:managed_application|blueprint_assignment)$"
    r"|_resource_deployment_script_\w+$|^google_infra_manager_\w+|^google_(?:marketplace|config)_deployment$"
    r"|_(?:ros|rfs|rts|orchestration|resourcemanager|formation|cloudformation|tic)_(?:private_)?stack(?:_\w+)?$"
    r"|^ibm_(?:schematics_\w+|resource_instance|service_instance)$|^cloudfoundry_service_instance$|^heroku_addon$"
    # Packages and manifests in a cluster.
    r"|^helm_release$|^helmfile_\w+$|^kubernetes_manifest$|^kubectl_(?:manifest|server_version|path_documents)$"
    r"|^(?:kustomization_resource|kustomize_\w+|k8s_manifest|k8s_\w+|kubernetes-alpha_manifest|carvel_\w+|kapp_\w+)$"
    r"|^argocd_application(?:_set)?$|^flux_\w+$|^rancher2_(?:app|app_v2|cluster_template)$|^portainer_stack$"
    r"|^nomad_(?:job|pack)$|^juju_(?:application|deployment)$|^docker_stack$|^crossplane_\w+$|^spinnaker_pipeline$"
    r"|^kubernetes_cluster_extension$|_kubernetes_flux_configuration$|^digitalocean_(?:app|kubernetes_1click)$"
    # Other runs of Terraform and its kin.
    r"|^tfe_workspace_run$|^(?:env0|scalr|spacelift|atlantis|pulumi|pulumiservice|terragrunt|cdk|sst)_\w*$"
    # Programs, playbooks, and requests to any interface.
    r"|^(?:shell|scripts?|script|command|exec|local-exec|utility|toolbox|system|host|remote|ssh|ansible|salt|chef|puppet)_"
    r"(?:\w*_)?(?:script|script_resource|sensitive_script|command|exec|resource|external|playbook|run|program|state)\w*$"
    r"|^(?:restapi_object|restful_(?:resource|operation)|terracurl_request|curl_\w+|http-client_\w+|graphql_mutation)$"
    r"|^(?:msgraph|openapi)_(?:resource|\w+_action)$|_run_command$"
)
_NO_CREATOR: Final = (
    r"^scalr_(?:tag|variable|account)\w*$|^(?:env0|spacelift)_(?:\w+_)?(?:variable|user|team)$"
)


@lru_cache(maxsize=4096)
def _kind(type: str) -> tuple[str, str]:
    known = aws_types().get(type)
    if known is not None:
        return known
    # Compiling these takes as long as judging a stack, and types of hashicorp/aws never need them.
    if re.search(_CREATOR, type) and not re.search(_NO_CREATOR, type):
        return CREATOR, ""
    return (STORE if re.search(_STORE, type) and not re.search(_NO_STORE, type) else ""), ""


def is_data_store(type: str) -> bool:
    """Whether every resource of this type keeps data at rest; for one that depends on arguments, ask `keeps_data`."""
    return _kind(type) == (STORE, "")


def keeps_data(resource: Resource) -> bool:
    """Whether a resource keeps data at rest. Errs on the side of yes: what is taken for a store is told, not passed."""
    return _is(resource, STORE)


def creates_others(resource: Resource) -> str:
    """Words on how a resource creates others that cannot be seen here, or ""."""
    if _is(resource, CREATOR):
        return f"what {resource.type} creates stands in a description that the rules do not read"
    if "local-exec" in resource.provisioners:
        return "its provisioner local-exec runs a program, and what that creates is not seen"
    return ""


def _is(resource: Resource, wanted: str) -> bool:
    kind, argument = _kind(resource.type)
    if kind != wanted:
        return False
    if not argument:
        return True
    value = resource.get(argument)
    return isinstance(value, Unknown) or bool(value and value not in ("false", "0"))
