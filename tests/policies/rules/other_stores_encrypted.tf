# Sources: each type's encryption arguments and their defaults in the AWS provider's documentation.

#### tables, caches of tables, search
#= aws_dynamodb_table.on: pass
#= aws_dynamodb_table.unsaid: fail
#= aws_dax_cluster.off: fail
#= aws_opensearch_domain.on: pass
#= aws_opensearch_domain.off: fail
#= aws_opensearch_domain.unsaid: fail
#= aws_elasticsearch_domain.unsaid: fail
#= aws_opensearch_domain.asked: unknown
variable "encrypted" {}
resource "aws_dynamodb_table" "on" {
  name     = "on"
  hash_key = "id"
  attribute {
    name = "id"
    type = "S"
  }
  server_side_encryption {
    enabled = true
  }
}
resource "aws_dynamodb_table" "unsaid" {
  name     = "unsaid"
  hash_key = "id"
  attribute {
    name = "id"
    type = "S"
  }
}
resource "aws_dax_cluster" "off" {
  cluster_name       = "off"
  iam_role_arn       = "arn:aws:iam::123456789012:role/dax"
  node_type          = "dax.r4.large"
  replication_factor = 1
}
resource "aws_opensearch_domain" "on" {
  domain_name = "on"
  encrypt_at_rest {
    enabled = true
  }
}
resource "aws_opensearch_domain" "off" {
  domain_name = "off"
  encrypt_at_rest {
    enabled = false
  }
}
resource "aws_opensearch_domain" "unsaid" {
  domain_name = "unsaid"
}
resource "aws_elasticsearch_domain" "unsaid" {
  domain_name = "unsaid"
}
resource "aws_opensearch_domain" "asked" {
  domain_name = "asked"
  encrypt_at_rest {
    enabled = var.encrypted
  }
}

#### warehouses and streams
#= aws_redshift_cluster.unsaid: pass
#= aws_redshift_cluster.off: fail
#= aws_kinesis_stream.on: pass
#= aws_kinesis_stream.unsaid: fail
#= aws_kinesis_stream.none: fail
#= aws_kinesis_firehose_delivery_stream.unsaid: fail
#= aws_memorydb_cluster.main: pass
resource "aws_redshift_cluster" "unsaid" {
  cluster_identifier = "unsaid"
  node_type          = "ra3.large"
}
resource "aws_redshift_cluster" "off" {
  cluster_identifier = "off"
  node_type          = "ra3.large"
  encrypted          = false
}
resource "aws_kinesis_stream" "on" {
  name            = "on"
  encryption_type = "KMS"
  kms_key_id      = "alias/aws/kinesis"
}
resource "aws_kinesis_stream" "unsaid" {
  name = "unsaid"
}
resource "aws_kinesis_stream" "none" {
  name            = "none"
  encryption_type = "NONE"
}
resource "aws_kinesis_firehose_delivery_stream" "unsaid" {
  name        = "unsaid"
  destination = "extended_s3"
}
resource "aws_memorydb_cluster" "main" {
  acl_name  = "open-access"
  node_type = "db.t4g.small"
}

#### Redshift before version 6 of the provider
#= never planned: only the newest provider is at hand
#= aws_redshift_cluster.unsaid: fail
#= aws_redshift_cluster.told: pass
terraform {
  required_providers {
    aws = {
      source  = "registry.terraform.io/hashicorp/aws"
      version = "5.99.1"
    }
  }
}
resource "aws_redshift_cluster" "unsaid" {
  cluster_identifier = "unsaid"
  node_type          = "ra3.large"
}
resource "aws_redshift_cluster" "told" {
  cluster_identifier = "told"
  node_type          = "ra3.large"
  encrypted          = true
}
