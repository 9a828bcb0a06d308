# Sources: `snapshot_retention_limit` (0 by default) in the AWS provider's documentation.

#### groups, clusters and serverless
#= aws_elasticache_replication_group.week: pass
#= aws_elasticache_replication_group.day: fail
#= aws_elasticache_replication_group.unsaid: fail
#= aws_elasticache_replication_group.asked: unknown
#= aws_elasticache_cluster.redis: fail
#= aws_elasticache_serverless_cache.week: pass
#= aws_memorydb_cluster.unsaid: fail
variable "days" {
  type = number
}
resource "aws_elasticache_replication_group" "week" {
  replication_group_id     = "week"
  description              = "week"
  snapshot_retention_limit = 7
}
resource "aws_elasticache_replication_group" "day" {
  replication_group_id     = "day"
  description              = "day"
  snapshot_retention_limit = 1
}
resource "aws_elasticache_replication_group" "unsaid" {
  replication_group_id = "unsaid"
  description          = "unsaid"
}
resource "aws_elasticache_replication_group" "asked" {
  replication_group_id     = "asked"
  description              = "asked"
  snapshot_retention_limit = var.days
}
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
  num_cache_nodes = 1
}
resource "aws_elasticache_serverless_cache" "week" {
  engine                   = "valkey"
  name                     = "week"
  snapshot_retention_limit = 7
}
resource "aws_memorydb_cluster" "unsaid" {
  acl_name  = "open-access"
  node_type = "db.t4g.small"
}
