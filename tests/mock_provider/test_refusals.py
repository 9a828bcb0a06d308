"""Refusals: what the provider or AWS refuses is refused at its argument, and what they take is taken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_provider import argument_checks, catalogue, refusals, schema
from mock_provider.values import UNKNOWN

SEOUL = "ap-northeast-2"
ROLE = "arn:aws:iam::000000000000:role/app"
KEY = "arn:aws:kms:ap-northeast-2:000000000000:key/00000000-0000-0000-0000-000000000000"
CERTIFICATE = "arn:aws:acm:ap-northeast-2:000000000000:certificate/00000000-0000-0000-0000-000000000000"
BALANCER = "arn:aws:elasticloadbalancing:ap-northeast-2:000000000000:loadbalancer/app/web/0123456789abcdef"
GROUP = "arn:aws:elasticloadbalancing:ap-northeast-2:000000000000:targetgroup/web/0123456789abcdef"


def policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


TRUST = policy(Action="sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"})
READ = policy(Action="s3:GetObject", Resource="*")
BUCKET = policy(Action="s3:GetObject", Resource="arn:aws:s3:::shop/*", Principal="*")
BEHAVIOUR = {
    "target_origin_id": "shop",
    "allowed_methods": ["GET", "HEAD"],
    "cached_methods": ["GET", "HEAD"],
    "viewer_protocol_policy": "redirect-to-https",
    "cache_policy_id": "658327ea-f89d-4fab-a63d-7e88639e58f6",
}
METRIC = {
    "predefined_metric_type": "ALBRequestCountPerTarget",
    "resource_label": "app/web/0123456789abcdef/targetgroup/web/0123456789abcdef",
}

MYSQL = {
    "engine": "mysql",
    "engine_version": "8.4",
    "enabled_cloudwatch_logs_exports": ["error"],
    "port": 3306,
}
ORACLE = {
    "engine": "oracle-se2",
    "engine_version": "19",
    "instance_class": "db.m5.large",
    "license_model": "license-included",
    "db_name": "SHOP",
    "enabled_cloudwatch_logs_exports": ["alert"],
}
SQL_SERVER = {
    "engine": "sqlserver-se",
    "engine_version": "15.00",
    "instance_class": "db.m5.large",
    "license_model": "license-included",
    "db_name": None,
    "enabled_cloudwatch_logs_exports": ["error"],
    "max_allocated_storage": 1000,
}

# A configuration of each type that AWS takes: what the cases below change, one argument at a time.
RATE = {"name": "rate", "priority": 1, "action": [{"block": [{}]}]}
TAKEN: dict[str, dict[str, Any]] = {
    "aws_vpc": {"cidr_block": "10.0.0.0/16", "instance_tenancy": "default"},
    "aws_subnet": {"vpc_id": UNKNOWN, "cidr_block": "10.0.1.0/24", "availability_zone": "ap-northeast-2a"},
    "aws_nat_gateway": {"allocation_id": UNKNOWN, "subnet_id": UNKNOWN},
    "aws_route_table": {"vpc_id": UNKNOWN, "route": [{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}]},
    "aws_route": {"route_table_id": UNKNOWN, "destination_cidr_block": "0.0.0.0/0", "gateway_id": UNKNOWN},
    "aws_route_table_association": {"route_table_id": UNKNOWN, "subnet_id": UNKNOWN},
    "aws_security_group": {
        "name": "web",
        "description": "Web",
        "ingress": [{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
        "egress": [{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
    },
    "aws_vpc_security_group_ingress_rule": {
        "security_group_id": UNKNOWN,
        "ip_protocol": "tcp",
        "from_port": 5432,
        "to_port": 5432,
        "referenced_security_group_id": UNKNOWN,
    },
    "aws_vpc_endpoint": {
        "vpc_id": UNKNOWN,
        "service_name": "com.amazonaws.ap-northeast-2.s3",
        "route_table_ids": [UNKNOWN],
    },
    "aws_flow_log": {
        "vpc_id": UNKNOWN,
        "traffic_type": "ALL",
        "log_destination": UNKNOWN,
        "iam_role_arn": UNKNOWN,
        "max_aggregation_interval": 60,
    },
    "aws_lb": {"name": "web", "subnets": [UNKNOWN, UNKNOWN], "security_groups": [UNKNOWN]},
    "aws_lb_listener": {
        "load_balancer_arn": BALANCER,
        "port": 443,
        "protocol": "HTTPS",
        "certificate_arn": CERTIFICATE,
        "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "default_action": [{"type": "forward", "target_group_arn": GROUP}],
    },
    "aws_lb_target_group": {
        "name_prefix": "web-",
        "port": 8080,
        "protocol": "HTTP",
        "vpc_id": UNKNOWN,
        "health_check": [{"path": "/health", "interval": 30, "timeout": 5, "matcher": "200-299"}],
    },
    "aws_launch_template": {
        "name": "web-servers",
        "instance_type": "t3.micro",
        "user_data": "I2Nsb3VkLWNvbmZpZwo=",
        "metadata_options": [{"http_tokens": "required", "http_endpoint": "enabled"}],
        "block_device_mappings": [
            {
                "device_name": "/dev/xvda",
                "ebs": [{"volume_type": "gp3", "volume_size": 20, "encrypted": "true"}],
            }
        ],
    },
    "aws_autoscaling_group": {
        "name": "web",
        "min_size": 2,
        "max_size": 10,
        "desired_capacity": 2,
        "vpc_zone_identifier": [UNKNOWN],
        "launch_template": [{"id": UNKNOWN, "version": UNKNOWN}],
        "health_check_type": "ELB",
    },
    "aws_autoscaling_policy": {
        "name": "requests",
        "autoscaling_group_name": "web",
        "policy_type": "TargetTrackingScaling",
        "target_tracking_configuration": [{"target_value": 100, "predefined_metric_specification": [METRIC]}],
    },
    "aws_db_instance": {
        "identifier": "shop-db",
        "engine": "postgres",
        "engine_version": "15",
        "instance_class": "db.t3.micro",
        "allocated_storage": 20,
        "max_allocated_storage": 100,
        "storage_type": "gp3",
        "storage_encrypted": True,
        "kms_key_id": KEY,
        "db_name": "shop",
        "username": "shop_user",
        "manage_master_user_password": True,
        "multi_az": True,
        "backup_retention_period": 7,
        "backup_window": "03:00-04:00",
        "maintenance_window": "sun:04:00-sun:05:00",
        "enabled_cloudwatch_logs_exports": ["postgresql", "upgrade"],
        "monitoring_interval": 60,
        "monitoring_role_arn": ROLE,
        "port": 5432,
        "skip_final_snapshot": True,
        "ca_cert_identifier": "rds-ca-rsa2048-g1",
    },
    "aws_db_parameter_group": {
        "name_prefix": "shop-",
        "family": "postgres15",
        "parameter": [{"name": "rds.force_ssl", "value": "1"}],
    },
    "aws_db_subnet_group": {"name": "shop", "subnet_ids": [UNKNOWN, UNKNOWN]},
    "aws_elasticache_replication_group": {
        "replication_group_id": "shop",
        "description": "Sessions",
        "engine": "redis",
        "engine_version": "7.0",
        "node_type": "cache.t3.micro",
        "num_cache_clusters": 2,
        "automatic_failover_enabled": True,
        "multi_az_enabled": True,
        "at_rest_encryption_enabled": "true",
        "transit_encryption_enabled": True,
        "transit_encryption_mode": "required",
        "kms_key_id": KEY,
        "snapshot_window": "05:00-06:00",
        "maintenance_window": "sun:06:00-sun:07:00",
        "snapshot_retention_limit": 7,
    },
    "aws_elasticache_parameter_group": {"name": "shop", "family": "redis7"},
    "aws_elasticache_user": {
        "user_id": "app",
        "user_name": "app",
        "engine": "redis",
        "access_string": "on ~* +@all",
        "authentication_mode": [{"type": "iam"}],
    },
    "aws_s3_bucket": {"bucket": "shop-frontend"},
    "aws_s3_bucket_policy": {"bucket": "shop", "policy": BUCKET},
    "aws_s3_bucket_versioning": {"bucket": "shop", "versioning_configuration": [{"status": "Enabled"}]},
    "aws_s3_bucket_server_side_encryption_configuration": {
        "bucket": "shop",
        "rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "AES256"}]}],
    },
    "aws_s3_bucket_lifecycle_configuration": {
        "bucket": "shop",
        "rule": [
            {
                "id": "old",
                "status": "Enabled",
                "transition": [{"days": 30, "storage_class": "STANDARD_IA"}],
                "expiration": [{"days": 90}],
            }
        ],
    },
    "aws_s3_bucket_ownership_controls": {
        "bucket": "shop",
        "rule": [{"object_ownership": "BucketOwnerEnforced"}],
    },
    "aws_kms_key": {"deletion_window_in_days": 30, "enable_key_rotation": True, "policy": None},
    "aws_kms_alias": {"name": "alias/shop/database", "target_key_id": UNKNOWN},
    "aws_iam_role": {"name": "app", "assume_role_policy": TRUST, "max_session_duration": 3600},
    "aws_iam_role_policy": {"name": "app", "role": "app", "policy": READ},
    "aws_cloudfront_distribution": {
        "enabled": True,
        "origin": [{"origin_id": "shop", "domain_name": "shop.s3.ap-northeast-2.amazonaws.com"}],
        "default_cache_behavior": [BEHAVIOUR],
        "restrictions": [{"geo_restriction": [{"restriction_type": "none"}]}],
        "viewer_certificate": [{"cloudfront_default_certificate": True}],
        "custom_error_response": [
            {"error_code": 404, "response_code": 200, "response_page_path": "/index.html"}
        ],
    },
    "aws_cloudfront_function": {
        "name": "rewrite",
        "runtime": "cloudfront-js-2.0",
        "code": "function handler(event) { return event.request; }",
    },
    "aws_cloudfront_response_headers_policy": {
        "name": "security",
        "security_headers_config": [{"frame_options": [{"frame_option": "DENY", "override": True}]}],
    },
    "aws_cloudfront_origin_access_control": {
        "name": "shop",
        "origin_access_control_origin_type": "s3",
        "signing_behavior": "always",
        "signing_protocol": "sigv4",
    },
    "aws_wafv2_web_acl": {
        "name": "web",
        "scope": "REGIONAL",
        "default_action": [{"allow": [{}]}],
        "rule": [
            {
                "name": "common",
                "priority": 1,
                "override_action": [{"none": [{}]}],
                "statement": [
                    {
                        "managed_rule_group_statement": [
                            {"vendor_name": "AWS", "name": "AWSManagedRulesCommonRuleSet"}
                        ]
                    }
                ],
            }
        ],
    },
    "aws_wafv2_web_acl_logging_configuration": {
        "resource_arn": UNKNOWN,
        "log_destination_configs": ["arn:aws:logs:ap-northeast-2:000000000000:log-group:aws-waf-logs-web"],
    },
    "aws_acm_certificate": {"domain_name": "shop.example.com", "validation_method": "DNS"},
    "aws_route53_record": {"zone_id": "Z1", "name": "shop", "type": "A", "ttl": 60, "records": ["192.0.2.1"]},
    "aws_cloudwatch_log_group": {"name": "/shop/app", "retention_in_days": 30},
    "aws_cloudwatch_metric_alarm": {
        "alarm_name": "cpu",
        "comparison_operator": "GreaterThanThreshold",
        "evaluation_periods": 3,
        "datapoints_to_alarm": 2,
        "period": 60,
        "threshold": 80,
        "metric_name": "CPUUtilization",
        "namespace": "AWS/RDS",
        "statistic": "Average",
        "treat_missing_data": "breaching",
    },
    "aws_cloudwatch_dashboard": {
        "dashboard_name": "shop",
        "dashboard_body": '{"widgets":[{"type":"text","width":24,"properties":{"markdown":"x"}}]}',
    },
    "aws_sns_topic": {"name": "alarms", "kms_master_key_id": KEY},
    "aws_sns_topic_subscription": {"topic_arn": UNKNOWN, "protocol": "email", "endpoint": "ops@example.com"},
    "aws_backup_vault": {"name": "shop", "kms_key_arn": KEY},
    "aws_backup_plan": {
        "name": "daily",
        "rule": [
            {
                "rule_name": "daily",
                "target_vault_name": "shop",
                "schedule": "cron(0 3 * * ? *)",
                "start_window": 60,
                "completion_window": 180,
                "lifecycle": [{"delete_after": 7}],
            }
        ],
    },
    "aws_fis_experiment_template": {
        "description": "AZ loss",
        "role_arn": ROLE,
        "stop_condition": [{"source": "none"}],
        "target": [
            {
                "name": "subnets",
                "resource_type": "aws:ec2:subnet",
                "selection_mode": "ALL",
                "resource_arns": [UNKNOWN],
            }
        ],
        "action": [
            {
                "name": "cut",
                "action_id": "aws:network:disrupt-connectivity",
                "parameter": [{"key": "duration", "value": "PT10M"}],
                "target": [{"key": "Subnets", "value": "subnets"}],
            }
        ],
    },
}

Case = tuple[str, dict[str, Any], tuple[str | int, ...], str]
CASES: list[Case] = [
    # CIDRs
    ("aws_vpc", {"cidr_block": "10.0.0.1/16"}, ("cidr_block",), 'did you mean "10.0.0.0/16"?'),
    ("aws_vpc", {"cidr_block": "10.0.0.0/8"}, ("cidr_block",), "between 16 and 28 significant bits, got: 8"),
    ("aws_vpc", {"cidr_block": "10.0.0.0"}, ("cidr_block",), "is not a valid"),
    ("aws_vpc", {"cidr_block": "2001:db8::/56"}, ("cidr_block",), "is not a valid IPv4 CIDR block"),
    ("aws_vpc", {"cidr_block": None}, ("cidr_block",), "should be provided"),
    ("aws_subnet", {"cidr_block": "10.0.1.0/29"}, ("cidr_block",), "InvalidSubnet.Range"),
    ("aws_subnet", {"cidr_block": "10.0.1.256/24"}, ("cidr_block",), "invalid CIDR address"),
    ("aws_route", {"destination_cidr_block": "10.0.0.1/8"}, ("destination_cidr_block",), "did you mean"),
    # the region's zones
    (
        "aws_subnet",
        {"availability_zone": "ap-northeast-2e"},
        ("availability_zone",),
        "availabilityZone is invalid",
    ),
    (
        "aws_subnet",
        {"availability_zone": "us-east-1a"},
        ("availability_zone",),
        "availabilityZone is invalid",
    ),
    ("aws_vpc", {"region": "ap-northeast-9"}, ("region",), "invalid AWS Region: ap-northeast-9"),
    # groups of arguments
    (
        "aws_subnet",
        {"availability_zone_id": "apne2-az1"},
        ("availability_zone_id",),
        '"availability_zone_id": conflicts with availability_zone',
    ),
    ("aws_route", {"gateway_id": None}, ("carrier_gateway_id",), "must be specified"),
    ("aws_route", {"nat_gateway_id": "nat-1", "gateway_id": "igw-1"}, ("gateway_id",), "only one of"),
    (
        "aws_nat_gateway",
        {"allocation_id": None},
        ("allocation_id",),
        "must contain the parameter AllocationId",
    ),
    (
        "aws_nat_gateway",
        {"connectivity_type": "private", "allocation_id": "eipalloc-1"},
        ("allocation_id",),
        "not supported with connectivity_type",
    ),
    ("aws_route_table_association", {"subnet_id": None}, ("subnet_id",), "must be specified"),
    (
        "aws_route_table",
        {"route": [{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1", "nat_gateway_id": "nat-1"}]},
        ("route", 0),
        "must be specified as its target",
    ),
    ("aws_security_group", {"name_prefix": "web-"}, ("name_prefix",), "conflicts with name"),
    ("aws_flow_log", {"vpc_id": None}, ("eni_id",), "must be specified"),
    ("aws_flow_log", {"iam_role_arn": None}, ("iam_role_arn",), "DeliverLogsPermissionArn can't be empty"),
    ("aws_lb", {"subnet_mapping": [{"subnet_id": "subnet-1"}]}, ("subnet_mapping",), "only one of"),
    ("aws_lb", {"subnets": ["subnet-1"]}, ("subnets",), "At least two subnets"),
    ("aws_autoscaling_group", {"launch_template": []}, ("launch_configuration",), "must be specified"),
    (
        "aws_autoscaling_group",
        {"launch_template": [{"id": "lt-1", "name": "web"}]},
        ("launch_template", 0, "id"),
        "conflicts with launch_template.name",
    ),
    (
        "aws_autoscaling_group",
        {"vpc_zone_identifier": None},
        ("vpc_zone_identifier",),
        "At least one Availability Zone",
    ),
    (
        "aws_vpc_security_group_ingress_rule",
        {"referenced_security_group_id": None},
        (),
        "Exactly one of these attributes must be configured",
    ),
    (
        "aws_vpc_security_group_ingress_rule",
        {"referenced_security_group_id": "sg-1", "cidr_ipv4": "10.0.0.0/8"},
        (),
        "Exactly one of these attributes must be configured",
    ),
    ("aws_route53_record", {"alias": [{"name": "x", "zone_id": "Z1"}]}, ("alias",), "conflicts with"),
    ("aws_route53_record", {"ttl": None}, ("ttl",), "must be specified"),
    # ports and protocols
    (
        "aws_vpc_security_group_ingress_rule",
        {"to_port": 70000},
        ("to_port",),
        "must be in the range (-1 - 65535)",
    ),
    (
        "aws_vpc_security_group_ingress_rule",
        {"from_port": 5433},
        ("from_port",),
        "Invalid TCP/UDP port range",
    ),
    (
        "aws_vpc_security_group_ingress_rule",
        {"from_port": None},
        ("from_port",),
        "must be given for protocol tcp",
    ),
    ("aws_vpc_security_group_ingress_rule", {"ip_protocol": "tpc"}, ("ip_protocol",), "got tpc"),
    (
        "aws_security_group",
        {"ingress": [{"protocol": "tcp", "from_port": 443, "to_port": 80, "cidr_blocks": ["10.0.0.0/8"]}]},
        ("ingress", 0),
        "Invalid TCP/UDP port range (443:80)",
    ),
    (
        "aws_security_group",
        {"egress": [{"protocol": "-1", "from_port": 0, "to_port": 65535, "cidr_blocks": ["0.0.0.0/0"]}]},
        ("egress", 0),
        "must both be 0",
    ),
    (
        "aws_security_group",
        {"ingress": [{"protocol": "tcp", "from_port": 1, "to_port": 1, "cidr_blocks": ["10.0.0.1/8"]}]},
        ("ingress", 0, "cidr_blocks", 0),
        "did you mean",
    ),
    (
        "aws_lb_listener",
        {"port": 70000},
        ("port",),
        "expected port to be in the range (1 - 65535), got 70000",
    ),
    ("aws_lb_target_group", {"port": 0}, ("port",), "to be in the range"),
    ("aws_db_instance", {"port": 80}, ("port",), "Invalid database port: 80"),
    # names: patterns and lengths
    ("aws_security_group", {"name": "sg-web"}, ("name",), 'to not match regular expression "^sg-"'),
    ("aws_lb", {"name": "a" * 33}, ("name",), "expected length of name to be in the range (0 - 32)"),
    ("aws_lb", {"name": "web_lb"}, ("name",), "to match regular expression"),
    ("aws_lb", {"name": "internal-web"}, ("name",), "to not match regular expression"),
    ("aws_lb_target_group", {"name_prefix": "frontend"}, ("name_prefix",), "(1 - 6)"),
    ("aws_db_instance", {"identifier": "Shop"}, ("identifier",), "got Shop"),
    ("aws_db_instance", {"identifier": "shop--db"}, ("identifier",), "got shop--db"),
    ("aws_db_instance", {"db_name": "shop-db"}, ("db_name",), "is not a valid db_name for postgres"),
    ("aws_db_instance", {"username": "admin"}, ("username",), "reserved word"),
    ("aws_db_instance", {"username": "user"}, ("username",), "reserved word"),
    ("aws_db_instance", {"username": "pg_shop"}, ("username",), 'starting with "pg_" are reserved'),
    ("aws_db_instance", {"db_name": "catalog"}, ("db_name",), "reserved word"),
    ("aws_db_parameter_group", {"name_prefix": "1shop-"}, ("name_prefix",), "got 1shop-"),
    (
        "aws_elasticache_replication_group",
        {"replication_group_id": "a" * 41},
        ("replication_group_id",),
        "(1 - 40)",
    ),
    ("aws_s3_bucket", {"bucket": "Shop"}, ("bucket",), "lowercase letters"),
    ("aws_s3_bucket", {"bucket": "ab"}, ("bucket",), "3 to 63"),
    ("aws_s3_bucket", {"bucket": "192.168.5.4"}, ("bucket",), "IP address"),
    ("aws_s3_bucket", {"bucket": "shop-"}, ("bucket",), "begins and ends"),
    ("aws_kms_alias", {"name": "shop"}, ("name",), "got shop"),
    ("aws_kms_alias", {"name": "alias/aws/shop"}, ("name",), "got alias/aws/shop"),
    ("aws_iam_role", {"name": "a" * 65}, ("name",), "(1 - 64)"),
    ("aws_iam_role", {"name": "app role"}, ("name",), "got app role"),
    ("aws_cloudwatch_log_group", {"name": "shop app"}, ("name",), "got shop app"),
    ("aws_backup_vault", {"name": "v"}, ("name",), "(2 - 50)"),
    ("aws_sns_topic", {"name": "alarms.fifo"}, ("name",), "invalid topic name: alarms.fifo"),
    ("aws_cloudfront_function", {"name": "re write"}, ("name",), "not a valid function name"),
    ("aws_wafv2_web_acl", {"name": "web acl"}, ("name",), "got web acl"),
    ("aws_launch_template", {"name": "ab"}, ("name",), "(3 - 125)"),
    # enumerations
    (
        "aws_vpc",
        {"instance_tenancy": "host"},
        ("instance_tenancy",),
        'one of ["default" "dedicated"], got host',
    ),
    ("aws_lb", {"load_balancer_type": "classic"}, ("load_balancer_type",), "got classic"),
    ("aws_lb_listener", {"protocol": "HTTPX"}, ("protocol",), "got HTTPX"),
    ("aws_lb_listener", {"ssl_policy": "TLS13"}, ("ssl_policy",), "SSLPolicyNotFound"),
    ("aws_flow_log", {"traffic_type": "SOME"}, ("traffic_type",), "got SOME"),
    (
        "aws_flow_log",
        {"max_aggregation_interval": 90},
        ("max_aggregation_interval",),
        "one of [60 600], got 90",
    ),
    ("aws_db_instance", {"monitoring_interval": 7}, ("monitoring_interval",), "got 7"),
    ("aws_db_instance", {"storage_type": "gp9"}, ("storage_type",), "Invalid storage type: gp9"),
    (
        "aws_db_instance",
        {"ca_cert_identifier": "rds-ca-2020"},
        ("ca_cert_identifier",),
        "not found: rds-ca-2020",
    ),
    (
        "aws_db_instance",
        {"enabled_cloudwatch_logs_exports": ["slowquery"]},
        ("enabled_cloudwatch_logs_exports", 0),
        "You cannot use the log types 'slowquery'",
    ),
    (
        "aws_db_instance",
        {"enabled_cloudwatch_logs_exports": ["slow"]},
        ("enabled_cloudwatch_logs_exports", 0),
        "got slow",
    ),
    ("aws_db_parameter_group", {"family": "postgresql15"}, ("family",), "not a valid parameter group family"),
    (
        "aws_elasticache_parameter_group",
        {"family": "redis7.0"},
        ("family",),
        "not a valid parameter group family",
    ),
    (
        "aws_launch_template",
        {"metadata_options": [{"http_tokens": "on"}]},
        ("metadata_options", 0, "http_tokens"),
        'one of ["optional" "required"], got on',
    ),
    (
        "aws_s3_bucket_versioning",
        {"versioning_configuration": [{"status": "On"}]},
        ("versioning_configuration", 0, "status"),
        "got On",
    ),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        {"rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "AES"}]}]},
        ("rule", 0, "apply_server_side_encryption_by_default", 0, "sse_algorithm"),
        "got AES",
    ),
    (
        "aws_s3_bucket_ownership_controls",
        {"rule": [{"object_ownership": "Owner"}]},
        ("rule", 0, "object_ownership"),
        "got Owner",
    ),
    ("aws_cloudfront_distribution", {"price_class": "PriceClass_1"}, ("price_class",), "got PriceClass_1"),
    ("aws_cloudfront_function", {"runtime": "nodejs"}, ("runtime",), "got nodejs"),
    ("aws_cloudfront_origin_access_control", {"signing_behavior": "ever"}, ("signing_behavior",), "got ever"),
    ("aws_cloudwatch_log_group", {"retention_in_days": 31}, ("retention_in_days",), "got 31"),
    ("aws_cloudwatch_metric_alarm", {"comparison_operator": ">"}, ("comparison_operator",), "got >"),
    ("aws_cloudwatch_metric_alarm", {"treat_missing_data": "bad"}, ("treat_missing_data",), "got bad"),
    ("aws_route53_record", {"type": "AA"}, ("type",), "got AA"),
    ("aws_acm_certificate", {"validation_method": "HTTPX"}, ("validation_method",), "got HTTPX"),
    ("aws_kms_key", {"key_usage": "ENCRYPT"}, ("key_usage",), "got ENCRYPT"),
    ("aws_sns_topic_subscription", {"protocol": "mail"}, ("protocol",), "got mail"),
    ("aws_wafv2_web_acl", {"scope": "GLOBAL"}, ("scope",), "got GLOBAL"),
    # ranges
    ("aws_db_instance", {"backup_retention_period": 36}, ("backup_retention_period",), "(0 - 35), got 36"),
    ("aws_db_instance", {"allocated_storage": 10}, ("allocated_storage",), "At least 20 GiB"),
    ("aws_db_instance", {"max_allocated_storage": 20}, ("max_allocated_storage",), "must be greater than"),
    ("aws_db_instance", {"iops": 4000}, ("iops",), "less than 400"),
    ("aws_kms_key", {"deletion_window_in_days": 3}, ("deletion_window_in_days",), "(7 - 30), got 3"),
    ("aws_iam_role", {"max_session_duration": 60}, ("max_session_duration",), "(3600 - 43200), got 60"),
    ("aws_autoscaling_group", {"max_size": 1}, ("max_size",), "Max bound, 1, must be greater"),
    (
        "aws_autoscaling_group",
        {"desired_capacity": 11},
        ("desired_capacity",),
        "between the specified min size",
    ),
    (
        "aws_launch_template",
        {"block_device_mappings": [{"ebs": [{"volume_type": "gp3", "throughput": 50}]}]},
        ("block_device_mappings", 0, "ebs", 0, "throughput"),
        "(125 - 2000), got 50",
    ),
    (
        "aws_launch_template",
        {"block_device_mappings": [{"ebs": [{"volume_type": "gp2", "iops": 3000}]}]},
        ("block_device_mappings", 0, "ebs", 0, "iops"),
        "not supported for gp2",
    ),
    (
        "aws_lb_target_group",
        {"health_check": [{"interval": 5, "timeout": 10}]},
        ("health_check", 0, "timeout"),
        "must be greater than the timeout",
    ),
    ("aws_cloudwatch_metric_alarm", {"period": 45}, ("period",), "45"),
    ("aws_cloudwatch_metric_alarm", {"evaluation_periods": 2000}, ("evaluation_periods",), "more than 1 day"),
    (
        "aws_cloudwatch_metric_alarm",
        {"datapoints_to_alarm": 4},
        ("datapoints_to_alarm",),
        "at most EvaluationPeriods",
    ),
    (
        "aws_elasticache_replication_group",
        {"snapshot_retention_limit": 36},
        ("snapshot_retention_limit",),
        "(35)",
    ),
    # windows
    ("aws_db_instance", {"backup_window": "3:00-4:00"}, ("backup_window",), "hh24:mi-hh24:mi"),
    ("aws_db_instance", {"backup_window": "24:00-01:00"}, ("backup_window",), "hh24:mi-hh24:mi"),
    ("aws_db_instance", {"maintenance_window": "sunday:04:00-05:00"}, ("maintenance_window",), "ddd:hh24:mi"),
    ("aws_db_instance", {"backup_window": "03:00-03:29"}, ("backup_window",), "at least 30 minutes, got 29"),
    ("aws_db_instance", {"backup_window": "03:30-04:30"}, ("maintenance_window",), "must not overlap"),
    (
        "aws_db_instance",
        {"backup_window": "23:30-00:30", "maintenance_window": "mon:00:00-mon:01:00"},
        ("maintenance_window",),
        "must not overlap",
    ),
    (
        "aws_db_instance",
        {"backup_window": "00:15-00:45", "maintenance_window": "sun:23:30-mon:00:30"},
        ("maintenance_window",),
        "must not overlap",
    ),
    (
        "aws_elasticache_replication_group",
        {"snapshot_window": "05:00-05:30"},
        ("snapshot_window",),
        "at least 60 minutes, got 30",
    ),
    (
        "aws_elasticache_replication_group",
        {"snapshot_window": "06:30-07:30"},
        ("maintenance_window",),
        "snapshot window and maintenance window must not overlap",
    ),
    # what AWS offers
    (
        "aws_db_instance",
        {"engine_version": "15.99"},
        ("engine_version",),
        "Cannot find version 15.99 for postgres",
    ),
    ("aws_db_instance", {"instance_class": "db.t9.micro"}, ("instance_class",), "Invalid DB Instance class"),
    (
        "aws_elasticache_replication_group",
        {"node_type": "cache.t9.micro"},
        ("node_type",),
        "Invalid cache node type",
    ),
    ("aws_elasticache_replication_group", {"engine_version": "7.0.7"}, ("engine_version",), "7.0.7"),
    (
        "aws_elasticache_replication_group",
        {"engine_version": "7.9"},
        ("engine_version",),
        "Cannot find version 7.9",
    ),
    ("aws_launch_template", {"instance_type": "t9.micro"}, ("instance_type",), "Invalid value 't9.micro'"),
    # documents
    ("aws_iam_role_policy", {"policy": "{"}, ("policy",), "invalid JSON policy"),
    ("aws_iam_role_policy", {"policy": '"policy.json"'}, ("policy",), "JSON-encoded string"),
    ("aws_iam_role_policy", {"policy": "[]"}, ("policy",), "not a JSON object"),
    (
        "aws_iam_role_policy",
        {"policy": '{"Statement":[],"Statement":[]}'},
        ("policy",),
        "duplicate JSON keys",
    ),
    ("aws_iam_role_policy", {"policy": BUCKET}, ("policy",), "should not specify a principal"),
    ("aws_iam_role_policy", {"policy": policy(Action="s3:GetObject")}, ("policy",), "must contain resources"),
    ("aws_iam_role_policy", {"policy": policy(Resource="*")}, ("policy",), "must contain actions"),
    (
        "aws_iam_role_policy",
        {"policy": policy(Action="GetObject", Resource="*")},
        ("policy",),
        "vendor and a colon",
    ),
    (
        "aws_iam_role_policy",
        {"policy": policy(Action="s3:*", Resource="*", Sid="read-all")},
        ("policy",),
        "alpha-numeric",
    ),
    (
        "aws_iam_role",
        {"assume_role_policy": READ},
        ("assume_role_policy",),
        "may only specify STS AssumeRole actions",
    ),
    (
        "aws_iam_role",
        {"assume_role_policy": policy(Action="sts:AssumeRole", Principal="*", Resource="*")},
        ("assume_role_policy",),
        "prohibited field Resource",
    ),
    ("aws_s3_bucket_policy", {"policy": READ}, ("policy",), "Missing required field Principal"),
    ("aws_kms_key", {"policy": "nothing"}, ("policy",), "contains an invalid JSON"),
    ("aws_cloudwatch_dashboard", {"dashboard_body": "{}"}, ("dashboard_body",), "has no widgets"),
    ("aws_cloudwatch_dashboard", {"dashboard_body": "x"}, ("dashboard_body",), "invalid JSON"),
    ("aws_launch_template", {"user_data": "#cloud-config"}, ("user_data",), "Invalid BASE64"),
    ("aws_launch_template", {"user_data": "QUFB" * 6000}, ("user_data",), "limited to 16384 bytes"),
    # ARNs and addresses
    ("aws_backup_vault", {"kms_key_arn": "key"}, ("kms_key_arn",), "is an invalid ARN: arn: invalid prefix"),
    ("aws_lb_listener", {"certificate_arn": "arn:aws:acm"}, ("certificate_arn",), "not enough sections"),
    ("aws_route53_record", {"records": ["192.0.2"]}, ("records", 0), "InvalidChangeBatch"),
    # arguments taken together
    (
        "aws_db_instance",
        {"kms_key_id": KEY, "storage_encrypted": None},
        ("kms_key_id",),
        "storage_encrypted is true",
    ),
    (
        "aws_db_instance",
        {"availability_zone": "ap-northeast-2a"},
        ("availability_zone",),
        "not valid for Multi-AZ",
    ),
    (
        "aws_db_instance",
        {"monitoring_role_arn": None},
        ("monitoring_role_arn",),
        "MonitoringRoleARN value is required",
    ),
    ("aws_db_instance", {"manage_master_user_password": None}, ("password",), "must be provided"),
    ("aws_db_instance", {"username": None}, ("username",), "required field is not set"),
    ("aws_db_subnet_group", {"subnet_ids": ["subnet-1"]}, ("subnet_ids",), "AZ"),
    (
        "aws_elasticache_replication_group",
        {"automatic_failover_enabled": False},
        ("automatic_failover_enabled",),
        "must be true if multi_az_enabled is true",
    ),
    ("aws_elasticache_replication_group", {"num_cache_clusters": 1}, ("num_cache_clusters",), "at least 2"),
    (
        "aws_elasticache_replication_group",
        {"transit_encryption_enabled": False, "transit_encryption_mode": None, "user_group_ids": ["app"]},
        ("user_group_ids",),
        "requires that transit_encryption_enabled is true",
    ),
    ("aws_elasticache_user", {"user_name": "other"}, ("user_name",), "must be the same"),
    (
        "aws_elasticache_user",
        {"access_string": "~* +@all"},
        ("access_string",),
        "does not begin with on or off",
    ),
    ("aws_lb_listener", {"certificate_arn": None}, ("certificate_arn",), "A certificate must be specified"),
    (
        "aws_lb_listener",
        {"protocol": "HTTP", "ssl_policy": None},
        ("certificate_arn",),
        'cannot be specified when "protocol" is "HTTP"',
    ),
    (
        "aws_lb_listener",
        {"default_action": [{"type": "redirect"}]},
        ("default_action", 0, "redirect"),
        "must be specified when",
    ),
    (
        "aws_lb_target_group",
        {"vpc_id": None},
        ("vpc_id",),
        'must be specified when "target_type" is "instance"',
    ),
    (
        "aws_autoscaling_policy",
        {
            "target_tracking_configuration": [
                {
                    "target_value": 1,
                    "predefined_metric_specification": [
                        {"predefined_metric_type": "ALBRequestCountPerTarget"}
                    ],
                }
            ]
        },
        ("target_tracking_configuration", 0, "predefined_metric_specification", 0, "resource_label"),
        "must be specified when",
    ),
    (
        "aws_s3_bucket_lifecycle_configuration",
        {
            "rule": [
                {"id": "x", "status": "Enabled", "transition": [{"days": 7, "storage_class": "STANDARD_IA"}]}
            ]
        },
        ("rule", 0, "transition", 0),
        "greater than or equal to 30",
    ),
    (
        "aws_s3_bucket_lifecycle_configuration",
        {"rule": [{"id": "x", "status": "Enabled"}]},
        ("rule", 0),
        "At least one action",
    ),
    (
        "aws_s3_bucket_lifecycle_configuration",
        {"rule": [{"id": "x", "status": "On", "expiration": [{"days": 1}]}]},
        ("rule", 0, "status"),
        "Attribute rule[0].status must be one of",
    ),
    (
        "aws_cloudfront_distribution",
        {"default_cache_behavior": [{**BEHAVIOUR, "target_origin_id": "other"}]},
        ("default_cache_behavior", 0, "target_origin_id"),
        "There is no origin other",
    ),
    (
        "aws_cloudfront_distribution",
        {"default_cache_behavior": [{**BEHAVIOUR, "allowed_methods": ["GET", "POST"]}]},
        ("default_cache_behavior", 0, "allowed_methods"),
        "all seven methods",
    ),
    (
        "aws_cloudfront_distribution",
        {"default_cache_behavior": [{**BEHAVIOUR, "viewer_protocol_policy": "https"}]},
        ("default_cache_behavior", 0, "viewer_protocol_policy"),
        "got https",
    ),
    (
        "aws_cloudfront_distribution",
        {"default_cache_behavior": [{**BEHAVIOUR, "cache_policy_id": None}]},
        ("default_cache_behavior", 0, "cache_policy_id"),
        "ForwardedValues is required",
    ),
    (
        "aws_cloudfront_distribution",
        {"viewer_certificate": [{"acm_certificate_arn": CERTIFICATE, "ssl_support_method": "sni-only"}]},
        ("viewer_certificate", 0, "acm_certificate_arn"),
        "isn't in us-east-1",
    ),
    (
        "aws_cloudfront_distribution",
        {"aliases": ["shop.example.com"]},
        ("aliases",),
        "you must attach a trusted certificate",
    ),
    (
        "aws_cloudfront_distribution",
        {"custom_error_response": [{"error_code": 418, "response_code": 200, "response_page_path": "/"}]},
        ("custom_error_response", 0, "error_code"),
        "invalid error code: 418",
    ),
    ("aws_cloudfront_response_headers_policy", {"security_headers_config": []}, (), "has no headers"),
    ("aws_wafv2_web_acl", {"scope": "CLOUDFRONT"}, ("scope",), "made in us-east-1"),
    (
        "aws_wafv2_web_acl",
        {"default_action": [{"allow": [{}], "block": [{}]}]},
        ("default_action", 0),
        "Exactly one",
    ),
    (
        "aws_wafv2_web_acl",
        {"rule": [{**TAKEN["aws_wafv2_web_acl"]["rule"][0], "action": [{"block": [{}]}]}]},
        ("rule", 0, "action"),
        "takes override_action, not action",
    ),
    *(
        (
            "aws_wafv2_web_acl",
            {
                "rule": [
                    {
                        **RATE,
                        "statement": [{"rate_based_statement": [{"limit": 100, "aggregate_key_type": kind}]}],
                    }
                ]
            },
            ("rule", 0, "statement", 0, "rate_based_statement", 0, "aggregate_key_type"),
            f"takes {needed} beside it",
        )
        for kind, needed in (
            ("FORWARDED_IP", "forwarded_ip_config"),
            ("CUSTOM_KEYS", "custom_key"),
            ("CONSTANT", "scope_down_statement"),
        )
    ),
    (
        "aws_wafv2_web_acl_logging_configuration",
        {"log_destination_configs": ["arn:aws:logs:ap-northeast-2:000000000000:log-group:web"]},
        ("log_destination_configs", 0),
        "begins with aws-waf-logs-",
    ),
    ("aws_kms_key", {"customer_master_key_spec": "RSA_2048"}, ("enable_key_rotation",), "cannot be rotated"),
    (
        "aws_cloudwatch_metric_alarm",
        {"statistic": None},
        ("statistic",),
        "must be set for a cloudwatch metric alarm",
    ),
    ("aws_sns_topic_subscription", {"endpoint": "ops"}, ("endpoint",), "takes an e-mail address"),
    (
        "aws_backup_plan",
        {"rule": [{"rule_name": "x", "target_vault_name": "shop", "schedule": "cron(0 3 * * *)"}]},
        ("rule", 0, "schedule"),
        "Invalid schedule expression",
    ),
    (
        "aws_backup_plan",
        {
            "rule": [
                {
                    "rule_name": "x",
                    "target_vault_name": "shop",
                    "lifecycle": [{"cold_storage_after": 30, "delete_after": 60}],
                }
            ]
        },
        ("rule", 0, "lifecycle", 0, "delete_after"),
        "at least 90 days after",
    ),
    (
        "aws_fis_experiment_template",
        {"target": []},
        ("action", 0, "target", 0, "value"),
        "is not a target of the template",
    ),
    (
        "aws_fis_experiment_template",
        {
            "target": [
                {**TAKEN["aws_fis_experiment_template"]["target"][0], "resource_type": "aws:ec2:instance"}
            ]
        },
        ("action", 0, "target", 0, "value"),
        "The resource type of subnets is not supported by aws:network:disrupt-connectivity",
    ),
    (
        "aws_fis_experiment_template",
        {"stop_condition": [{"source": "aws:cloudwatch:alarm"}]},
        ("stop_condition", 0, "value"),
        "must be specified when",
    ),
    ("aws_vpc_endpoint", {"private_dns_enabled": True}, ("private_dns_enabled",), "cannot be specified"),
    # texts: what AWS stores of them
    (
        "aws_security_group",
        {"description": "accès au site"},
        ("description",),
        "Value (accès au site) for parameter GroupDescription is invalid. Character sets beyond ASCII",
    ),
    ("aws_security_group", {"description": "the shop's"}, ("description",), "from the following set"),
    ("aws_security_group", {"name": "web–1"}, ("name",), "parameter GroupName is invalid"),
    ("aws_security_group", {"name": "Default"}, ("name",), "InvalidGroup.Reserved"),
    (
        "aws_vpc_security_group_ingress_rule",
        {"description": "Größe"},
        ("description",),
        "parameter IpRange is invalid",
    ),
    ("aws_vpc_security_group_ingress_rule", {"description": "a|b"}, ("description",), "Invalid rule desc"),
    ("aws_iam_role", {"description": "reads — and writes"}, ("description",), "to match regular expression"),
    # storage by engine
    (
        "aws_db_instance",
        {"storage_throughput": 500},
        ("storage_throughput",),
        "for engine postgres and a storage size less than 400",
    ),
    (
        "aws_db_instance",
        {**ORACLE, "allocated_storage": 199, "iops": 12000},
        ("iops",),
        "for engine oracle-se2 and a storage size less than 200",
    ),
    (
        "aws_db_instance",
        {"storage_type": "io2", "allocated_storage": 99, "iops": 1000},
        ("allocated_storage",),
        "At least 100 GiB",
    ),
    (
        "aws_vpc_endpoint",
        {"service_name": "com.amazonaws.ap-northeast-2.ssm"},
        ("vpc_endpoint_type",),
        "Gateway is not supported by service",
    ),
]


@pytest.mark.parametrize("terraform_type", sorted(TAKEN))
def test_taken(terraform_type: str) -> None:
    assert refusals.check("resource", terraform_type, TAKEN[terraform_type], SEOUL) == []


@pytest.mark.parametrize(
    ("terraform_type", "change", "path", "words"),
    CASES,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused(
    terraform_type: str, change: dict[str, Any], path: tuple[str | int, ...], words: str
) -> None:
    config = {**TAKEN[terraform_type], **change}
    found = refusals.check("resource", terraform_type, config, SEOUL)
    told = [f"{one.summary} {one.detail}" for one in found if one.path == path and one.severity == "error"]
    assert any(words in text for text in told), found


def veiled(value: Any) -> Iterator[Any]:
    """The value with each of its parts unknown, one at a time."""
    yield UNKNOWN
    if isinstance(value, dict):
        for key, inner in value.items():
            for part in veiled(inner):
                yield {**value, key: part}
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            for part in veiled(inner):
                yield [*value[:position], part, *value[position + 1 :]]


# What AWS takes though a rule of a neighbour says otherwise.
ALSO_TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("aws_db_instance", {"username": "postgres"}),
    ("aws_db_instance", {"db_name": "postgres"}),
    ("aws_db_instance", {"db_name": "pg_shop"}),
    ("aws_db_instance", {**MYSQL, "username": "admin"}),
    ("aws_db_instance", {**MYSQL, "username": "pg_shop"}),
    ("aws_db_instance", {**MYSQL, "username": "root"}),
    ("aws_db_instance", {**MYSQL, "db_name": "admin"}),
    ("aws_db_instance", {**SQL_SERVER, "allocated_storage": 20, "iops": 4000, "storage_throughput": 500}),
    ("aws_db_instance", {**SQL_SERVER, "storage_type": "io1", "allocated_storage": 20, "iops": 1000}),
    ("aws_db_instance", {**ORACLE, "allocated_storage": 200, "max_allocated_storage": 400, "iops": 12000}),
    ("aws_db_instance", {"allocated_storage": 400, "max_allocated_storage": 800, "iops": 12000}),
    (
        "aws_db_instance",
        {"snapshot_identifier": "before", "storage_type": "io1", "allocated_storage": None},
    ),
    ("aws_security_group", {"name": "default-web", "description": "Web: 443/tcp (all) & {more} = $1 [a]!"}),
    ("aws_iam_role", {"description": "Größe, accès, año"}),
]


@pytest.mark.parametrize(("terraform_type", "change"), ALSO_TAKEN)
def test_taken_all_the_same(terraform_type: str, change: dict[str, Any]) -> None:
    assert refusals.check("resource", terraform_type, {**TAKEN[terraform_type], **change}, SEOUL) == []


@pytest.mark.parametrize(
    "terraform_type",
    ["aws_wafv2_ip_set", "aws_wafv2_regex_pattern_set", "aws_wafv2_rule_group", "aws_wafv2_web_acl"],
)
def test_what_waf_has_for_cloudfront_is_in_one_region(terraform_type: str) -> None:
    def told(scope: str, region: str | None) -> bool:
        found = refusals.check("resource", terraform_type, {"scope": scope}, region)
        return any("WAFInvalidParameterException" in one.summary for one in found)

    assert told("CLOUDFRONT", SEOUL)
    assert not told("CLOUDFRONT", "us-east-1")
    assert not told("CLOUDFRONT", None)
    assert not told("REGIONAL", SEOUL)


@pytest.mark.parametrize("terraform_type", sorted(TAKEN))
def test_what_is_not_known_yet_is_not_refused(terraform_type: str) -> None:
    config = TAKEN[terraform_type]
    for name, value in config.items():
        for part in veiled(value):
            assert refusals.check("resource", terraform_type, {**config, name: part}, SEOUL) == [], (
                name,
                part,
            )


@pytest.mark.parametrize("terraform_type", sorted(TAKEN))
def test_what_could_turn_out_to_be_unset_is_not_refused(terraform_type: str) -> None:
    """Arguments of a module are all unknown while Terraform validates it."""
    config = TAKEN[terraform_type]
    block = schema.load().block("resource", terraform_type)
    names = {name for name, one in block["attributes"].items() if "optional" in one or "required" in one}
    names |= block["block_types"].keys()
    for name in names - config.keys():
        assert refusals.check("resource", terraform_type, {**config, name: UNKNOWN}, SEOUL) == [], name
    for whole in ({**dict.fromkeys(names, UNKNOWN), **config}, dict.fromkeys(names, UNKNOWN)):
        assert refusals.check("resource", terraform_type, whole, SEOUL) == []


def test_nothing_about_the_region_is_said_before_it_is_known() -> None:
    config = {**TAKEN["aws_subnet"], "availability_zone": "us-east-1a"}
    assert refusals.check("resource", "aws_subnet", config, None) == []
    assert refusals.check("resource", "aws_subnet", {**config, "region": "us-east-1"}, SEOUL) == []


def test_a_database_that_cannot_be_deleted_is_a_warning() -> None:
    config = {**TAKEN["aws_db_instance"], "skip_final_snapshot": False}
    [found] = refusals.check("resource", "aws_db_instance", config, SEOUL)
    assert (found.severity, found.path) == ("warning", ("final_snapshot_identifier",))


@pytest.mark.parametrize(
    ("kind", "terraform_type", "config", "path", "words"),
    [
        ("provider", "aws", {"region": "seoul"}, ("region",), "invalid AWS Region: seoul"),
        ("provider", "aws", {"allowed_account_ids": ["12"]}, ("allowed_account_ids", 0), "exactly 12 digits"),
        (
            "provider",
            "aws",
            {"assume_role": [{"role_arn": "role"}]},
            ("assume_role", 0, "role_arn"),
            "is an invalid ARN",
        ),
        (
            "data",
            "aws_iam_policy_document",
            {"statement": [{"sid": "A"}, {"sid": "A"}]},
            ("statement", 1, "sid"),
            "duplicate Sid (A)",
        ),
        (
            "data",
            "aws_iam_policy_document",
            {"statement": [{"effect": "Permit"}]},
            ("statement", 0, "effect"),
            'one of ["Allow" "Deny"], got Permit',
        ),
        (
            "data",
            "aws_iam_policy_document",
            {"version": "2008-10-17", "statement": [{"resources": ["&{aws:username}"]}]},
            ("statement", 0),
            "not supported in document version 2008-10-17",
        ),
        (
            "data",
            "aws_iam_policy_document",
            {"source_policy_documents": ["{"]},
            ("source_policy_documents", 0),
            "invalid JSON",
        ),
        (
            "data",
            "aws_elb_service_account",
            {"region": "ap-south-2"},
            (),
            "unsupported ELB Service Account Region",
        ),
    ],
)
def test_providers_and_data_sources(
    kind: Any, terraform_type: str, config: dict[str, Any], path: tuple[str | int, ...], words: str
) -> None:
    found = refusals.check(kind, terraform_type, config, None if kind == "provider" else SEOUL)
    assert [one.path for one in found] == [path]
    assert words in f"{found[0].summary} {found[0].detail}"


WEEK = 7 * 1440


@given(
    start=st.integers(0, 1439),
    length=st.integers(1, 1439),
    weekly=st.integers(0, WEEK - 1),
    weekly_length=st.integers(1, 1440),
)
def test_windows_meet_when_they_have_a_minute_in_common(
    start: int, length: int, weekly: int, weekly_length: int
) -> None:
    daily_minutes = {(day * 1440 + start + minute) % WEEK for day in range(7) for minute in range(length)}
    weekly_minutes = {(weekly + minute) % WEEK for minute in range(weekly_length)}
    meet = argument_checks.windows_meet((start, length), (weekly, weekly_length))
    assert meet is bool(daily_minutes & weekly_minutes)


@pytest.mark.parametrize(
    ("window", "read"),
    [
        ("sun:23:30-mon:00:30", (6 * 1440 + 1410, 60)),
        ("MON:00:00-mon:01:00", (0, 60)),
        ("mon:00:00", None),
        (None, None),
    ],
)
def test_weekly_windows(window: str | None, read: tuple[int, int] | None) -> None:
    assert argument_checks.week_window(window) == read


def test_the_catalogue_knows_what_regions_offer() -> None:
    assert "t3.micro" in catalogue.instance_types(SEOUL)
    assert "cache.t3.micro" in catalogue.node_types(SEOUL)
    assert "db.t3.micro" in catalogue.database_classes("postgres", SEOUL)
    assert catalogue.instance_types("nowhere-1") == frozenset()
    assert catalogue.matches("15", catalogue.engine_versions("postgres"))
    assert not catalogue.matches("1", catalogue.engine_versions("postgres"))
    assert catalogue.matches("7.0", catalogue.cache_versions("redis"))
