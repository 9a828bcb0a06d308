# Sources: Amazon RDS API, CreateDBInstance: "must not conflict with the preferred maintenance window".

#### touching, apart, and across midnight and the week's end
#= aws_db_instance.touching: pass
#= aws_db_instance.apart: pass
#= aws_db_instance.midnight: pass
#= aws_db_instance.unset: fail
#= aws_db_instance.asked: unknown
variable "window" {}
resource "aws_db_instance" "touching" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "03:00-04:00"
  maintenance_window          = "Sun:04:00-Sun:05:00"
}
resource "aws_db_instance" "apart" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "03:00-04:00"
  maintenance_window          = "sun:23:00-mon:02:00"
}
resource "aws_db_instance" "midnight" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "23:30-00:30"
  maintenance_window          = "tue:00:30-tue:01:30"
}
resource "aws_db_instance" "unset" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "03:00-04:00"
}
resource "aws_db_instance" "asked" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "03:00-04:00"
  maintenance_window          = var.window
}

#### overlapping
#= never planned: AWS refuses windows that overlap
#= aws_db_instance.inside: fail
#= aws_db_instance.week_end: fail
#= aws_db_instance.midnight: fail
#= aws_db_instance.around: fail
#= aws_rds_cluster.same: fail
#= aws_elasticache_replication_group.cache: fail
resource "aws_db_instance" "inside" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "03:00-04:00"
  maintenance_window          = "sun:03:30-sun:04:30"
}
resource "aws_db_instance" "week_end" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "00:30-01:30"
  maintenance_window          = "sun:23:30-mon:01:00"
}
resource "aws_db_instance" "midnight" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "23:30-00:30"
  maintenance_window          = "tue:00:00-tue:01:00"
}
resource "aws_db_instance" "around" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "03:00-03:30"
  maintenance_window          = "mon:02:00-tue:02:00"
}
resource "aws_rds_cluster" "same" {
  engine                       = "aurora-postgresql"
  preferred_backup_window      = "03:00-04:00"
  preferred_maintenance_window = "sun:03:00-sun:04:00"
}
resource "aws_elasticache_replication_group" "cache" {
  replication_group_id = "cache"
  description          = "cache"
  snapshot_window      = "05:00-06:00"
  maintenance_window   = "mon:05:30-mon:06:30"
}

#### malformed
#= never planned: the provider checks the format
#= aws_db_instance.main: fail
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "03:00-04:00"
  maintenance_window          = "sunday at four"
}

#### clusters and caches
#= aws_docdb_cluster.main: pass
#= aws_elasticache_replication_group.main: pass
#= aws_elasticache_cluster.redis: fail
resource "aws_docdb_cluster" "main" {
  preferred_backup_window      = "03:00-04:00"
  preferred_maintenance_window = "wed:04:00-wed:04:30"
}
resource "aws_elasticache_replication_group" "main" {
  replication_group_id = "main"
  description          = "main"
  snapshot_window      = "05:00-06:00"
  maintenance_window   = "mon:06:00-mon:07:00"
}
resource "aws_elasticache_cluster" "redis" {
  cluster_id      = "redis"
  engine          = "redis"
  node_type       = "cache.t3.micro"
  num_cache_nodes = 1
  snapshot_window = "05:00-06:00"
}
resource "aws_elasticache_cluster" "memcached" {
  cluster_id      = "memcached"
  engine          = "memcached"
  node_type       = "cache.t3.micro"
  num_cache_nodes = 1
}
