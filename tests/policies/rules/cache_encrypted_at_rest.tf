# Sources: aws_elasticache_replication_group (`at_rest_encryption_enabled`: false for redis, true for valkey) and
# aws_elasticache_cluster in the AWS provider's documentation.

#### replication groups
#= aws_elasticache_replication_group.on: pass
#= aws_elasticache_replication_group.off: fail
#= aws_elasticache_replication_group.unsaid: fail
#= aws_elasticache_replication_group.valkey: pass
#= aws_elasticache_replication_group.valkey_off: fail
#= aws_elasticache_replication_group.asked: unknown
variable "encrypted" {
  type = bool
}
resource "aws_elasticache_replication_group" "on" {
  replication_group_id       = "on"
  description                = "on"
  at_rest_encryption_enabled = true
}
resource "aws_elasticache_replication_group" "off" {
  replication_group_id       = "off"
  description                = "off"
  at_rest_encryption_enabled = false
}
resource "aws_elasticache_replication_group" "unsaid" {
  replication_group_id = "unsaid"
  description          = "unsaid"
  engine               = "redis"
}
resource "aws_elasticache_replication_group" "valkey" {
  replication_group_id = "valkey"
  description          = "valkey"
  engine               = "valkey"
}
resource "aws_elasticache_replication_group" "valkey_off" {
  replication_group_id       = "valkey-off"
  description                = "valkey off"
  engine                     = "valkey"
  at_rest_encryption_enabled = "false"
}
resource "aws_elasticache_replication_group" "asked" {
  replication_group_id       = "asked"
  description                = "asked"
  at_rest_encryption_enabled = var.encrypted
}

#### clusters of nodes, and serverless
#= aws_elasticache_cluster.redis: fail
#= aws_elasticache_serverless_cache.main: pass
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
resource "aws_elasticache_serverless_cache" "main" {
  engine = "valkey"
  name   = "main"
}

#### a secondary of a global datastore is as its primary
#= aws_elasticache_replication_group.primary: fail
#= aws_elasticache_replication_group.secondary: fail
#= aws_elasticache_replication_group.elsewhere: unknown
resource "aws_elasticache_global_replication_group" "main" {
  global_replication_group_id_suffix = "main"
  primary_replication_group_id       = aws_elasticache_replication_group.primary.id
}
resource "aws_elasticache_replication_group" "primary" {
  replication_group_id = "primary"
  description          = "primary"
}
resource "aws_elasticache_replication_group" "secondary" {
  replication_group_id        = "secondary"
  description                 = "secondary"
  global_replication_group_id = aws_elasticache_global_replication_group.main.global_replication_group_id
}
resource "aws_elasticache_replication_group" "elsewhere" {
  replication_group_id        = "elsewhere"
  description                 = "elsewhere"
  global_replication_group_id = "virxk-elsewhere"
}
