# Sources: each type's arguments and defaults in the AWS provider's documentation; Amazon Redshift Management Guide,
# "Configuring security options for connections".

#### search
#= aws_opensearch_domain.on: pass
#= aws_opensearch_domain.no_https: fail
#= aws_opensearch_domain.old_tls: fail
#= aws_opensearch_domain.between_nodes: fail
#= aws_opensearch_domain.bare: fail
#= aws_elasticsearch_domain.bare: fail
#= aws_opensearch_domain.asked: unknown
variable "policy" {}
resource "aws_opensearch_domain" "on" {
  domain_name = "on"
  domain_endpoint_options {
    tls_security_policy = "Policy-Min-TLS-1-2-2019-07"
  }
  node_to_node_encryption {
    enabled = true
  }
}
resource "aws_opensearch_domain" "no_https" {
  domain_name = "no-https"
  domain_endpoint_options {
    enforce_https       = false
    tls_security_policy = "Policy-Min-TLS-1-2-2019-07"
  }
  node_to_node_encryption {
    enabled = true
  }
}
resource "aws_opensearch_domain" "old_tls" {
  domain_name = "old-tls"
  domain_endpoint_options {
    enforce_https = true
  }
  node_to_node_encryption {
    enabled = true
  }
}
resource "aws_opensearch_domain" "between_nodes" {
  domain_name = "between-nodes"
  domain_endpoint_options {
    tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
  }
}
resource "aws_opensearch_domain" "bare" {
  domain_name = "bare"
}
resource "aws_elasticsearch_domain" "bare" {
  domain_name = "bare"
}
resource "aws_opensearch_domain" "asked" {
  domain_name = "asked"
  domain_endpoint_options {
    tls_security_policy = var.policy
  }
  node_to_node_encryption {
    enabled = true
  }
}

#### warehouses
#= aws_redshift_cluster.on: pass
#= aws_redshift_cluster.off: fail
#= aws_redshift_cluster.old_default: fail
#= aws_redshift_cluster.new_default: pass
#= aws_redshift_cluster.theirs: unknown
#= aws_redshift_cluster.unsaid: unknown
#= aws_redshiftserverless_workgroup.on: pass
#= aws_redshiftserverless_workgroup.off: fail
resource "aws_redshift_parameter_group" "on" {
  name   = "on"
  family = "redshift-1.0"
  parameter {
    name  = "require_ssl"
    value = "true"
  }
}
resource "aws_redshift_parameter_group" "off" {
  name   = "off"
  family = "redshift-1.0"
}
resource "aws_redshift_cluster" "on" {
  cluster_identifier           = "on"
  node_type                    = "ra3.large"
  cluster_parameter_group_name = aws_redshift_parameter_group.on.id
}
resource "aws_redshift_cluster" "off" {
  cluster_identifier           = "off"
  node_type                    = "ra3.large"
  cluster_parameter_group_name = aws_redshift_parameter_group.off.name
}
resource "aws_redshift_cluster" "old_default" {
  cluster_identifier           = "old-default"
  node_type                    = "ra3.large"
  cluster_parameter_group_name = "default.redshift-1.0"
}
resource "aws_redshift_cluster" "new_default" {
  cluster_identifier           = "new-default"
  node_type                    = "ra3.large"
  cluster_parameter_group_name = "default.redshift-2.0"
}
resource "aws_redshift_cluster" "theirs" {
  cluster_identifier           = "theirs"
  node_type                    = "ra3.large"
  cluster_parameter_group_name = "made-by-somebody-else"
}
resource "aws_redshift_cluster" "unsaid" {
  cluster_identifier = "unsaid"
  node_type          = "ra3.large"
}
resource "aws_redshiftserverless_workgroup" "on" {
  namespace_name = "main"
  workgroup_name = "on"
  config_parameter {
    parameter_key   = "require_ssl"
    parameter_value = "true"
  }
}
resource "aws_redshiftserverless_workgroup" "off" {
  namespace_name = "main"
  workgroup_name = "off"
  config_parameter {
    parameter_key   = "require_ssl"
    parameter_value = "false"
  }
}

#### streams, memory and proxies
#= aws_msk_cluster.default: pass
#= aws_msk_cluster.both: fail
#= aws_msk_cluster.inside: fail
#= aws_memorydb_cluster.default: pass
#= aws_memorydb_cluster.off: fail
#= aws_dax_cluster.on: pass
#= aws_dax_cluster.unsaid: fail
#= aws_db_proxy.unsaid: fail
resource "aws_msk_cluster" "default" {
  cluster_name           = "default"
  kafka_version          = "3.6.0"
  number_of_broker_nodes = 2
  broker_node_group_info {
    client_subnets  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    instance_type   = "kafka.t3.small"
    security_groups = ["sg-0123456789abcdef0"]
  }
}
resource "aws_msk_cluster" "both" {
  cluster_name           = "both"
  kafka_version          = "3.6.0"
  number_of_broker_nodes = 2
  broker_node_group_info {
    client_subnets  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    instance_type   = "kafka.t3.small"
    security_groups = ["sg-0123456789abcdef0"]
  }
  encryption_info {
    encryption_in_transit {
      client_broker = "TLS_PLAINTEXT"
    }
  }
}
resource "aws_msk_cluster" "inside" {
  cluster_name           = "inside"
  kafka_version          = "3.6.0"
  number_of_broker_nodes = 2
  broker_node_group_info {
    client_subnets  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    instance_type   = "kafka.t3.small"
    security_groups = ["sg-0123456789abcdef0"]
  }
  encryption_info {
    encryption_in_transit {
      in_cluster = false
    }
  }
}
resource "aws_memorydb_cluster" "default" {
  acl_name  = "open-access"
  node_type = "db.t4g.small"
}
resource "aws_memorydb_cluster" "off" {
  acl_name    = "open-access"
  node_type   = "db.t4g.small"
  tls_enabled = false
}
resource "aws_dax_cluster" "on" {
  cluster_name                     = "on"
  iam_role_arn                     = "arn:aws:iam::123456789012:role/dax"
  node_type                        = "dax.r4.large"
  replication_factor               = 1
  cluster_endpoint_encryption_type = "TLS"
}
resource "aws_dax_cluster" "unsaid" {
  cluster_name       = "unsaid"
  iam_role_arn       = "arn:aws:iam::123456789012:role/dax"
  node_type          = "dax.r4.large"
  replication_factor = 1
}
resource "aws_db_proxy" "unsaid" {
  name           = "unsaid"
  engine_family  = "POSTGRESQL"
  role_arn       = "arn:aws:iam::123456789012:role/proxy"
  vpc_subnet_ids = ["subnet-0123456789abcdef0"]
  auth {
    auth_scheme = "SECRETS"
    iam_auth    = "DISABLED"
    secret_arn  = "arn:aws:secretsmanager:us-east-1:123456789012:secret:proxy-AbCdEf"
  }
}
