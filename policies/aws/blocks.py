"""Which nested blocks that the rules ask for the provider fills in where the configuration has none.

Of a block that it fills in, a plan says "known after apply" both where there is none and where there is a dynamic one
over something unknown. Of any other it says so for the second alone.

Source: the resources' schemas, `Computed` beside `Optional`:
https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


def _paths(rows: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {terraform_type: frozenset(paths.split()) for terraform_type, paths in rows.items()}


CONFIGURED: Final = _paths(
    {
        "aws_apigatewayv2_domain_name": "domain_name_configuration",
        "aws_autoscaling_group": "tag",
        "aws_autoscaling_policy": "target_tracking_configuration"
        " target_tracking_configuration.predefined_metric_specification",
        "aws_backup_plan": "rule rule.lifecycle",
        "aws_backup_selection": "selection_tag",
        "aws_cloudfront_distribution": "default_cache_behavior logging_config ordered_cache_behavior origin"
        " origin.custom_origin_config viewer_certificate",
        "aws_dax_cluster": "server_side_encryption",
        "aws_db_instance": "restore_to_point_in_time",
        "aws_db_option_group": "option option.option_settings",
        "aws_db_parameter_group": "parameter",
        "aws_docdb_cluster": "restore_to_point_in_time",
        "aws_docdb_cluster_parameter_group": "parameter",
        # This one and the attributes of a load balancer's policy are filled in as well, and unknown then, too: what is
        # not known may admit anybody, and the policy may be any.
        "aws_ec2_managed_prefix_list": "entry",
        "aws_ecs_service": "capacity_provider_strategy load_balancer network_configuration",
        "aws_elasticsearch_domain": "log_publishing_options vpc_options",
        "aws_elb": "access_logs listener",
        "aws_instance": "launch_template",
        "aws_kinesis_firehose_delivery_stream": "kinesis_source_configuration server_side_encryption",
        "aws_lambda_function": "file_system_config vpc_config",
        "aws_launch_template": "block_device_mappings block_device_mappings.ebs iam_instance_profile"
        " network_interfaces tag_specifications",
        "aws_lb": "access_logs connection_logs",
        "aws_lb_listener": "default_action default_action.forward default_action.forward.target_group"
        " default_action.redirect",
        "aws_lb_listener_rule": "action action.forward action.forward.target_group",
        "aws_lb_ssl_negotiation_policy": "attribute",
        "aws_load_balancer_policy": "policy_attribute",
        "aws_msk_cluster": "broker_node_group_info encryption_info encryption_info.encryption_in_transit",
        "aws_neptune_cluster_parameter_group": "parameter",
        "aws_opensearch_domain": "log_publishing_options vpc_options",
        "aws_rds_cluster": "restore_to_point_in_time",
        "aws_rds_cluster_parameter_group": "parameter",
        "aws_redshift_parameter_group": "parameter",
        "aws_s3_bucket_notification": "lambda_function queue topic",
        "aws_s3_bucket_ownership_controls": "rule",
        "aws_s3_bucket_replication_configuration": "rule rule.destination",
        "aws_s3_bucket_server_side_encryption_configuration": "rule"
        " rule.apply_server_side_encryption_by_default",
        "aws_s3_bucket_versioning": "versioning_configuration",
    }
)
"""Paths of blocks that are there only where the configuration has them, by resource type."""

FILLED_IN: Final = _paths(
    {
        "aws_autoscaling_group": "launch_template",
        "aws_backup_selection": "condition condition.string_equals",
        "aws_dynamodb_table": "server_side_encryption",
        "aws_elasticsearch_domain": "domain_endpoint_options encrypt_at_rest",
        "aws_iam_role": "inline_policy",
        "aws_instance": "ebs_block_device network_interface primary_network_interface root_block_device",
        "aws_launch_configuration": "ebs_block_device root_block_device",
        "aws_lb": "subnet_mapping",
        "aws_opensearch_domain": "domain_endpoint_options encrypt_at_rest node_to_node_encryption",
        "aws_redshiftserverless_workgroup": "config_parameter",
        "aws_s3_bucket": "server_side_encryption_configuration versioning",
    }
)
"""Paths of blocks that the provider fills in, by resource type, and with a path all that is below it."""
