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

#### members of a global datastore
#= aws_elasticache_replication_group.near: pass
#= aws_elasticache_replication_group.far: pass
#= aws_elasticache_replication_group.clear: fail
#= aws_elasticache_replication_group.far_clear: fail
#= aws_elasticache_replication_group.unseen: unknown
resource "aws_elasticache_replication_group" "near" {
  replication_group_id       = "near"
  description                = "near"
  node_type                  = "cache.m5.large"
  num_cache_clusters         = 2
  transit_encryption_enabled = true
}
resource "aws_elasticache_global_replication_group" "both" {
  global_replication_group_id_suffix = "both"
  primary_replication_group_id       = aws_elasticache_replication_group.near.id
}
resource "aws_elasticache_replication_group" "far" {
  replication_group_id        = "far"
  description                 = "far"
  global_replication_group_id = aws_elasticache_global_replication_group.both.global_replication_group_id
  num_cache_clusters          = 2
}
resource "aws_elasticache_replication_group" "clear" {
  replication_group_id = "clear"
  description          = "clear"
  node_type            = "cache.m5.large"
  num_cache_clusters   = 2
}
resource "aws_elasticache_global_replication_group" "clear" {
  global_replication_group_id_suffix = "clear"
  primary_replication_group_id       = aws_elasticache_replication_group.clear.id
}
resource "aws_elasticache_replication_group" "far_clear" {
  replication_group_id        = "far-clear"
  description                 = "far"
  global_replication_group_id = aws_elasticache_global_replication_group.clear.global_replication_group_id
  num_cache_clusters          = 2
}
resource "aws_elasticache_replication_group" "unseen" {
  replication_group_id        = "unseen"
  description                 = "far"
  global_replication_group_id = "ldgnf-elsewhere"
  num_cache_clusters          = 2
}
