# Sources: `transit_encryption_enabled` and `transit_encryption_mode` in the AWS provider's documentation.

#### groups
#= aws_elasticache_replication_group.on: pass
#= aws_elasticache_replication_group.required: pass
#= aws_elasticache_replication_group.preferred: fail
#= aws_elasticache_replication_group.off: fail
#= aws_elasticache_replication_group.unsaid: fail
#= aws_elasticache_replication_group.asked: unknown
variable "mode" {}
resource "aws_elasticache_replication_group" "on" {
  replication_group_id       = "on"
  description                = "on"
  transit_encryption_enabled = true
}
resource "aws_elasticache_replication_group" "required" {
  replication_group_id       = "required"
  description                = "required"
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
}
resource "aws_elasticache_replication_group" "preferred" {
  replication_group_id       = "preferred"
  description                = "preferred"
  transit_encryption_enabled = true
  transit_encryption_mode    = "preferred"
}
resource "aws_elasticache_replication_group" "off" {
  replication_group_id       = "off"
  description                = "off"
  transit_encryption_enabled = false
}
resource "aws_elasticache_replication_group" "unsaid" {
  replication_group_id = "unsaid"
  description          = "unsaid"
}
resource "aws_elasticache_replication_group" "asked" {
  replication_group_id       = "asked"
  description                = "asked"
  transit_encryption_enabled = true
  transit_encryption_mode    = var.mode
}

#### clusters, members and serverless
#= aws_elasticache_replication_group.main: pass
#= aws_elasticache_cluster.memcached: pass
#= aws_elasticache_cluster.memcached_clear: fail
#= aws_elasticache_serverless_cache.main: pass
resource "aws_elasticache_replication_group" "main" {
  replication_group_id       = "main"
  description                = "main"
  transit_encryption_enabled = true
}
resource "aws_elasticache_cluster" "member" {
  cluster_id           = "member"
  replication_group_id = aws_elasticache_replication_group.main.id
}
resource "aws_elasticache_cluster" "memcached" {
  cluster_id                 = "memcached"
  engine                     = "memcached"
  engine_version             = "1.6.22"
  node_type                  = "cache.t3.micro"
  num_cache_nodes            = 1
  transit_encryption_enabled = true
}
resource "aws_elasticache_cluster" "memcached_clear" {
  cluster_id      = "memcached-clear"
  engine          = "memcached"
  node_type       = "cache.t3.micro"
  num_cache_nodes = 1
}
resource "aws_elasticache_serverless_cache" "main" {
  engine = "redis"
  name   = "main"
}
