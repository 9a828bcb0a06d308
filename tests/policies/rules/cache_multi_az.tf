# Sources: `automatic_failover_enabled`, `multi_az_enabled`, `num_cache_clusters`, `replicas_per_node_group` and
# `az_mode` in the AWS provider's documentation.

#### groups
#= aws_elasticache_replication_group.sound: pass
#= aws_elasticache_replication_group.sharded: pass
#= aws_elasticache_replication_group.no_failover: fail
#= aws_elasticache_replication_group.asked: unknown
variable "multi_az" {}
resource "aws_elasticache_replication_group" "sound" {
  replication_group_id       = "sound"
  description                = "sound"
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
}
resource "aws_elasticache_replication_group" "sharded" {
  replication_group_id       = "sharded"
  description                = "sharded"
  num_node_groups            = 2
  replicas_per_node_group    = 1
  automatic_failover_enabled = true
  multi_az_enabled           = true
}
resource "aws_elasticache_replication_group" "no_failover" {
  replication_group_id = "no-failover"
  description          = "no failover"
  num_cache_clusters   = 2
}
resource "aws_elasticache_replication_group" "asked" {
  replication_group_id       = "asked"
  description                = "asked"
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = var.multi_az
}

#### groups that AWS refuses
#= never planned: automatic failover needs a replica
#= aws_elasticache_replication_group.alone: fail
#= aws_elasticache_replication_group.one_zone: fail
resource "aws_elasticache_replication_group" "alone" {
  replication_group_id       = "alone"
  description                = "alone"
  num_cache_clusters         = 1
  automatic_failover_enabled = true
  multi_az_enabled           = true
}
resource "aws_elasticache_replication_group" "one_zone" {
  replication_group_id        = "one-zone"
  description                 = "one zone"
  num_cache_clusters          = 2
  automatic_failover_enabled  = true
  multi_az_enabled            = true
  preferred_cache_cluster_azs = ["us-east-1a", "us-east-1a"]
}

#### clusters, serverless and MemoryDB
#= aws_elasticache_cluster.redis: fail
#= aws_elasticache_cluster.memcached: fail
#= aws_elasticache_cluster.memcached_across: pass
#= aws_elasticache_serverless_cache.main: pass
#= aws_memorydb_cluster.default: pass
#= aws_memorydb_cluster.alone: fail
resource "aws_elasticache_cluster" "redis" {
  cluster_id      = "redis"
  engine          = "redis"
  node_type       = "cache.t3.micro"
  num_cache_nodes = 1
}
resource "aws_elasticache_cluster" "memcached" {
  cluster_id      = "memcached"
  engine          = "memcached"
  node_type       = "cache.t3.micro"
  num_cache_nodes = 2
}
resource "aws_elasticache_cluster" "memcached_across" {
  cluster_id      = "memcached-across"
  engine          = "memcached"
  node_type       = "cache.t3.micro"
  num_cache_nodes = 2
  az_mode         = "cross-az"
}
resource "aws_elasticache_serverless_cache" "main" {
  engine = "valkey"
  name   = "main"
}
resource "aws_memorydb_cluster" "default" {
  acl_name  = "open-access"
  node_type = "db.t4g.small"
}
resource "aws_memorydb_cluster" "alone" {
  acl_name               = "open-access"
  node_type              = "db.t4g.small"
  num_replicas_per_shard = 0
}

#### names that the provider had up to version 4
#= never planned: the provider has other names today
#= aws_elasticache_replication_group.flat: pass
#= aws_elasticache_replication_group.sharded: pass
#= aws_elasticache_replication_group.alone: fail
resource "aws_elasticache_replication_group" "flat" {
  replication_group_id          = "flat"
  replication_group_description = "two nodes"
  number_cache_clusters         = 2
  automatic_failover_enabled    = true
  multi_az_enabled              = true
}
resource "aws_elasticache_replication_group" "sharded" {
  replication_group_id          = "sharded"
  replication_group_description = "shards with a replica"
  automatic_failover_enabled    = true
  multi_az_enabled              = true
  cluster_mode {
    num_node_groups         = 3
    replicas_per_node_group = 1
  }
}
resource "aws_elasticache_replication_group" "alone" {
  replication_group_id          = "alone"
  replication_group_description = "shards without a replica"
  automatic_failover_enabled    = true
  multi_az_enabled              = true
  cluster_mode {
    num_node_groups         = 3
    replicas_per_node_group = 0
  }
}
