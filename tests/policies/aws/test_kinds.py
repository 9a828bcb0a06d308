"""Which types keep data, and which create resources that the configuration does not show."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from mock_provider import schema
from policies.aws import kinds
from policies.engine import catalogue
from policies.engine.model import Resource
from policies.engine.values import Unknown
from policies.engine.verdicts import AT_REST


def resource(type: str, **values: Any) -> Resource:
    return Resource(f"{type}.main", type, "main", values)


def test_every_type_of_the_schema_is_judged() -> None:
    missing = set(schema.load().types("resource")) - set(kinds.aws_types())
    assert not missing, f"say in {kinds.TYPES.name} whether they keep data or create others"


def test_no_type_is_judged_twice_and_no_word_is_overlooked() -> None:
    text = kinds.TYPES.read_text("utf-8")
    found = Counter(name for name, _ in kinds.read(text))
    assert [name for name, times in found.items() if times > 1] == []
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    words = [word for line in lines for word in line.split() if not word.endswith(":")]
    assert len(found) == len(words)


def test_an_argument_that_decides_is_one_of_its_type() -> None:
    provider = schema.load()
    known = set(provider.types("resource"))
    depending = {type: argument for type, (_, argument) in kinds.aws_types().items() if argument}
    assert len(set(depending) & known) >= 5
    for type in set(depending) & known:
        block: Any = provider.block("resource", type)
        for step in depending[type].split("."):
            assert step in {**block["attributes"], **block["block_types"]}, f"{type}: {depending[type]}"
            block = block["block_types"].get(step, {}).get("block")


def test_what_the_rules_on_encryption_judge_is_a_store() -> None:
    judged = {type for entry in catalogue.load() if entry.rule.family == AT_REST for type in entry.rule.types}
    told = kinds.aws_types()
    no_stores = {type for type in judged if told[type][0] != kinds.STORE}
    assert no_stores <= {
        # Plans of machines, copies, and what moves data on.
        "aws_launch_template",
        "aws_launch_configuration",
        "aws_db_snapshot_copy",
        "aws_rds_cluster_snapshot_copy",
        "aws_dms_replication_instance",
        "aws_cloudtrail",
    }


STORES = """
aws_somedb_database aws_new_vector_bucket aws_future_file_system google_storage_bucket google_compute_disk
google_compute_region_disk google_sql_database_instance google_bigquery_dataset google_spanner_instance
google_redis_instance google_filestore_instance google_pubsub_topic google_alloydb_cluster
google_healthcare_fhir_store google_managed_kafka_cluster azurerm_managed_disk azurerm_storage_account
azurerm_storage_share azurerm_cosmosdb_account azurerm_mssql_database azurerm_postgresql_flexible_server
azurerm_redis_cache azurerm_servicebus_queue azurerm_eventhub azurerm_netapp_volume azurerm_kusto_cluster
azurerm_stack_hci_virtual_hard_disk alicloud_oss_bucket alicloud_db_instance alicloud_kvstore_instance
alicloud_polardb_cluster alicloud_nas_file_system alicloud_ecs_disk alicloud_ots_table
alicloud_message_service_queue oci_objectstorage_bucket oci_core_volume oci_core_boot_volume
oci_file_storage_file_system oci_database_db_system oci_database_autonomous_database oci_nosql_table
oci_mysql_mysql_db_system digitalocean_volume digitalocean_spaces_bucket digitalocean_database_cluster
digitalocean_nfs cloudflare_r2_bucket cloudflare_d1_database cloudflare_workers_kv_namespace
cloudflare_queue mongodbatlas_cluster mongodbatlas_advanced_cluster snowflake_database snowflake_table
databricks_volume linode_volume linode_object_storage_bucket linode_database_postgresql_v2 hcloud_volume
vultr_block_storage scaleway_object_bucket scaleway_rdb_instance ovh_cloud_project_database exoscale_dbaas
civo_object_store openstack_blockstorage_volume_v3 openstack_objectstorage_container_v1
openstack_sharedfilesystem_share_v2 opentelekomcloud_rds_instance_v3 huaweicloud_evs_volume
tencentcloud_cos_bucket tencentcloud_cbs_storage yandex_mdb_postgresql_cluster yandex_storage_bucket
upcloud_storage ionoscloud_pg_cluster ibm_cos_bucket confluent_kafka_topic aiven_pg aiven_valkey
rediscloud_subscription neon_project render_postgres upstash_redis_database cockroach_cluster
ec_deployment stackit_postgresflex_instance postgresql_database mysql_database kafka_topic rabbitmq_queue
minio_s3_bucket docker_volume vsphere_virtual_disk kubernetes_persistent_volume_claim
kubernetes_persistent_volume_v1 kubernetes_stateful_set_v1
"""


@pytest.mark.parametrize("type", STORES.split())
def test_stores_of_other_providers_are_known_by_name(type: str) -> None:
    assert kinds.keeps_data(resource(type)) and kinds.is_data_store(type)


SETTINGS = """
aws_new_cluster_policy google_compute_disk_resource_policy_attachment google_pubsub_subscription
google_sql_user google_compute_route google_project_service azurerm_route_table
azurerm_storage_account_network_rules azurerm_mssql_firewall_rule azurerm_iothub_endpoint_eventhub
azurerm_private_dns_zone digitalocean_volume_attachment cloudflare_tiered_cache cloudflare_record
mongodbatlas_database_user mongodbatlas_project snowflake_user kubernetes_deployment kubernetes_secret
kubernetes_storage_class random_password tls_private_key time_sleep local_file datadog_monitor
github_repository vault_database_secrets_mount postgresql_role kafka_acl grafana_data_source null_resource
terraform_data
"""


@pytest.mark.parametrize("type", SETTINGS.split())
def test_settings_of_other_providers_are_no_stores(type: str) -> None:
    assert not kinds.keeps_data(resource(type))
    assert not kinds.creates_others(resource(type))


CREATORS = """
aws_cloudformation_stack aws_cloudformation_stack_set aws_cloudformation_stack_set_instance
aws_cloudformation_stack_instances aws_cloudcontrolapi_resource aws_servicecatalog_provisioned_product
aws_serverlessapplicationrepository_cloudformation_stack aws_datapipeline_pipeline
aws_elastic_beanstalk_environment aws_sagemaker_project aws_datazone_environment
aws_controltower_landing_zone awscc_rds_db_instance awscc_iam_role azapi_resource
azurerm_resource_group_template_deployment azurerm_subscription_template_deployment
azurerm_resource_deployment_script_azure_cli google_deployment_manager_deployment alicloud_ros_stack
oci_resourcemanager_stack openstack_orchestration_stack_v1 helm_release kubernetes_manifest
kubectl_manifest kustomization_resource argocd_application nomad_job shell_script ssh_resource
ansible_playbook restapi_object pulumi_stack tfe_workspace_run heroku_addon ibm_resource_instance
"""


@pytest.mark.parametrize("type", CREATORS.split())
def test_what_creates_others_is_known_by_name(type: str) -> None:
    assert kinds.creates_others(resource(type))


def test_an_argument_decides_where_the_table_says_so() -> None:
    assert not kinds.keeps_data(resource("aws_api_gateway_stage", stage_name="v1"))
    assert not kinds.keeps_data(resource("aws_api_gateway_stage", cache_cluster_enabled=False))
    assert kinds.keeps_data(resource("aws_api_gateway_stage", cache_cluster_enabled=True))
    assert kinds.keeps_data(resource("aws_api_gateway_stage", cache_cluster_enabled=Unknown("who knows")))
    assert not kinds.creates_others(resource("aws_ssm_association", name="AWS-RunPatchBaseline"))
    assert kinds.creates_others(
        resource("aws_ssm_association", automation_target_parameter_name="InstanceId")
    )
