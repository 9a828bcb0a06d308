# Sources: Amazon RDS and Aurora user guides, "Requiring SSL/TLS"; aws_db_parameter_group,
# aws_rds_cluster_parameter_group and aws_db_option_group in the AWS provider's documentation.

#### PostgreSQL, by version and default group
#= aws_db_instance.fifteen: pass
#= aws_db_instance.fourteen: fail
#= aws_db_instance.default_group: pass
#= aws_db_instance.old_default_group: fail
#= aws_db_instance.no_version: unknown
resource "aws_db_instance" "fifteen" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  engine_version              = "15"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "fourteen" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  engine_version              = "14.13"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "default_group" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  parameter_group_name        = "default.postgres15"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "old_default_group" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  parameter_group_name        = "default.postgres14"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "no_version" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}

#### PostgreSQL, with a group of one's own
#= aws_db_instance.on: pass
#= aws_db_instance.off: fail
#= aws_db_instance.silent_fifteen: pass
#= aws_db_instance.silent_fourteen: fail
#= aws_db_instance.by_name: fail
#= aws_db_instance.theirs: unknown
resource "aws_db_parameter_group" "on" {
  family = "postgres15"
  parameter {
    name  = "log_statement"
    value = "ddl"
  }
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}
resource "aws_db_parameter_group" "off" {
  name   = "forces-nothing"
  family = "postgres15"
  parameter {
    name  = "rds.force_ssl"
    value = 0
  }
}
resource "aws_db_parameter_group" "fifteen" {
  family = "postgres15"
}
resource "aws_db_parameter_group" "fourteen" {
  family = "postgres14"
}
resource "aws_db_instance" "on" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  parameter_group_name        = aws_db_parameter_group.on.name
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "off" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  engine_version              = "15"
  parameter_group_name        = aws_db_parameter_group.off.id
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "silent_fifteen" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  parameter_group_name        = aws_db_parameter_group.fifteen.name
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "silent_fourteen" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  parameter_group_name        = aws_db_parameter_group.fourteen.name
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "by_name" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  engine_version              = "15"
  parameter_group_name        = "forces-nothing"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "theirs" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  engine_version              = "15"
  parameter_group_name        = "made-by-somebody-else"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}

#### MySQL, MariaDB, SQL Server
#= aws_db_instance.mysql: pass
#= aws_db_instance.mysql_default: fail
#= aws_db_instance.mariadb_default: fail
#= aws_db_instance.sqlserver: pass
#= aws_db_instance.sqlserver_default: fail
resource "aws_db_parameter_group" "mysql" {
  family = "mysql8.0"
  parameter {
    name  = "require_secure_transport"
    value = "ON"
  }
}
resource "aws_db_parameter_group" "sqlserver" {
  family = "sqlserver-se-15.0"
  parameter {
    name         = "rds.force_ssl"
    value        = "1"
    apply_method = "pending-reboot"
  }
}
resource "aws_db_instance" "mysql" {
  instance_class              = "db.t3.micro"
  engine                      = "mysql"
  parameter_group_name        = aws_db_parameter_group.mysql.name
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "mysql_default" {
  instance_class              = "db.t3.micro"
  engine                      = "mysql"
  engine_version              = "8.0"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "mariadb_default" {
  instance_class              = "db.t3.micro"
  engine                      = "mariadb"
  parameter_group_name        = "default.mariadb10.11"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "sqlserver" {
  instance_class              = "db.m5.large"
  engine                      = "sqlserver-se"
  parameter_group_name        = aws_db_parameter_group.sqlserver.name
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "sqlserver_default" {
  instance_class              = "db.m5.large"
  engine                      = "sqlserver-se"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}

#### Oracle
#= aws_db_instance.required: pass
#= aws_db_instance.offered: fail
#= aws_db_instance.bare: fail
#= aws_db_instance.theirs: unknown
resource "aws_db_option_group" "required" {
  engine_name          = "oracle-ee"
  major_engine_version = "19"
  option {
    option_name = "NATIVE_NETWORK_ENCRYPTION"
    option_settings {
      name  = "SQLNET.ENCRYPTION_SERVER"
      value = "REQUIRED"
    }
  }
}
resource "aws_db_option_group" "offered" {
  engine_name          = "oracle-ee"
  major_engine_version = "19"
  option {
    option_name = "SSL"
    port        = 2484
    option_settings {
      name  = "SQLNET.SSL_VERSION"
      value = "1.2"
    }
  }
}
resource "aws_db_instance" "required" {
  instance_class              = "db.m5.large"
  engine                      = "oracle-ee"
  option_group_name           = aws_db_option_group.required.name
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "offered" {
  instance_class              = "db.m5.large"
  engine                      = "oracle-ee"
  option_group_name           = aws_db_option_group.offered.name
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "bare" {
  instance_class              = "db.m5.large"
  engine                      = "oracle-ee"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "theirs" {
  instance_class              = "db.m5.large"
  engine                      = "oracle-ee"
  option_group_name           = "made-by-somebody-else"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}

#### Aurora, and Multi-AZ clusters
#= aws_rds_cluster.postgres_old: fail
#= aws_rds_cluster.postgres_new: pass
#= aws_rds_cluster.postgres_own: pass
#= aws_rds_cluster.mysql: fail
#= aws_rds_cluster.multi_az: pass
resource "aws_rds_cluster_parameter_group" "own" {
  family = "aurora-postgresql15"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}
resource "aws_rds_cluster" "postgres_old" {
  engine         = "aurora-postgresql"
  engine_version = "15.4"
}
resource "aws_rds_cluster" "postgres_new" {
  engine         = "aurora-postgresql"
  engine_version = "17.4"
}
resource "aws_rds_cluster" "postgres_own" {
  engine                          = "aurora-postgresql"
  engine_version                  = "15.4"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.own.name
}
resource "aws_rds_cluster" "mysql" {
  engine         = "aurora-mysql"
  engine_version = "8.0.mysql_aurora.3.08.0"
}
resource "aws_rds_cluster" "multi_az" {
  engine                    = "postgres"
  engine_version            = "15.4"
  db_cluster_instance_class = "db.m6gd.large"
  storage_type              = "io1"
}

#### DocumentDB and Neptune
#= aws_docdb_cluster.default: pass
#= aws_docdb_cluster.off: fail
#= aws_neptune_cluster.default: pass
#= aws_neptune_cluster.off: fail
resource "aws_docdb_cluster_parameter_group" "off" {
  family = "docdb5.0"
  parameter {
    name  = "tls"
    value = "disabled"
  }
}
resource "aws_neptune_cluster_parameter_group" "off" {
  family = "neptune1.3"
  parameter {
    name  = "neptune_enforce_ssl"
    value = "0"
  }
}
resource "aws_docdb_cluster" "default" {}
resource "aws_docdb_cluster" "off" {
  db_cluster_parameter_group_name = aws_docdb_cluster_parameter_group.off.name
}
resource "aws_neptune_cluster" "default" {}
resource "aws_neptune_cluster" "off" {
  neptune_cluster_parameter_group_name = aws_neptune_cluster_parameter_group.off.name
}

#### replicas take their source's group
#= aws_db_instance.main: fail
#= aws_db_instance.replica: fail
#= aws_db_instance.elsewhere: unknown
resource "aws_db_instance" "main" {
  identifier                  = "main"
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  engine_version              = "14.13"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "replica" {
  instance_class      = "db.t3.micro"
  replicate_source_db = aws_db_instance.main.identifier
}
resource "aws_db_instance" "elsewhere" {
  instance_class      = "db.t3.micro"
  replicate_source_db = "arn:aws:rds:us-east-1:123456789012:db:main"
}

#### an engine and a value nobody knows
#= aws_db_instance.engine: unknown
#= aws_db_parameter_group.asked: unknown
variable "engine" {}
variable "forced" {}
resource "aws_db_parameter_group" "asked" {
  family = "postgres15"
  parameter {
    name  = "rds.force_ssl"
    value = var.forced
  }
}
resource "aws_db_instance" "engine" {
  instance_class              = "db.t3.micro"
  engine                      = var.engine
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "value" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  parameter_group_name        = aws_db_parameter_group.asked.name
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}

#### what an engine does by default, by version
#= aws_db_instance.mariadb["10.11"]: fail
#= aws_db_instance.mariadb["11.4"]: fail
#= aws_db_instance.mariadb["11.8"]: pass
#= aws_db_instance.mariadb["11"]: unknown
#= aws_db_instance.family: pass
#= aws_rds_cluster.mysql["8.0.mysql_aurora.3.08.0"]: fail
#= aws_rds_cluster.mysql["8.4.mysql_aurora.8.4.1"]: pass
#= aws_rds_cluster.postgres_16: fail
resource "aws_db_instance" "mariadb" {
  for_each                    = toset(["10.11", "11.4", "11.8", "11"])
  instance_class              = "db.t4g.micro"
  engine                      = "mariadb"
  engine_version              = each.key
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_parameter_group" "mariadb" {
  family = "mariadb11.8"
  parameter {
    name  = "max_connections"
    value = "100"
  }
}
resource "aws_db_instance" "family" {
  instance_class              = "db.t4g.micro"
  engine                      = "mariadb"
  parameter_group_name        = aws_db_parameter_group.mariadb.name
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_rds_cluster" "mysql" {
  for_each       = toset(["8.0.mysql_aurora.3.08.0", "8.4.mysql_aurora.8.4.1"])
  engine         = "aurora-mysql"
  engine_version = each.key
}
resource "aws_rds_cluster" "postgres_16" {
  engine                          = "aurora-postgresql"
  db_cluster_parameter_group_name = "default.aurora-postgresql16"
}

#### engines told by the family of the group, and names in any case
#= aws_db_instance.strict: pass
#= aws_db_instance.lax: fail
#= aws_rds_cluster.group: pass
#= aws_rds_cluster.default_group: fail
variable "engine" {}
resource "aws_db_parameter_group" "strict" {
  family = "mysql8.0"
  parameter {
    name  = "Require_Secure_Transport"
    value = "1"
  }
}
resource "aws_db_parameter_group" "lax" {
  family = "postgres16"
  parameter {
    name  = "RDS.Force_SSL"
    value = "0"
  }
}
resource "aws_db_instance" "strict" {
  instance_class              = "db.t4g.micro"
  engine                      = var.engine
  parameter_group_name        = aws_db_parameter_group.strict.name
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "lax" {
  instance_class              = "db.t4g.micro"
  engine                      = var.engine
  parameter_group_name        = aws_db_parameter_group.lax.name
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_rds_cluster_parameter_group" "group" {
  family = "aurora-mysql8.0"
  parameter {
    name  = "REQUIRE_SECURE_TRANSPORT"
    value = "ON"
  }
}
resource "aws_rds_cluster" "group" {
  engine                          = var.engine
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.group.name
}
resource "aws_rds_cluster" "default_group" {
  engine                          = var.engine
  db_cluster_parameter_group_name = "default.aurora-mysql8.0"
}

#### restores have their source's engine and its default group
#= aws_db_instance.main: pass
#= aws_db_instance.restored: fail
#= aws_db_instance.rewound: fail
#= aws_db_instance.replica: pass
#= aws_db_instance.unseen: unknown
resource "aws_db_parameter_group" "main" {
  family = "postgres14"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}
resource "aws_db_instance" "main" {
  identifier                  = "main"
  instance_class              = "db.t4g.micro"
  engine                      = "postgres"
  engine_version              = "14.12"
  parameter_group_name        = aws_db_parameter_group.main.name
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_snapshot" "main" {
  db_instance_identifier = aws_db_instance.main.identifier
  db_snapshot_identifier = "main"
}
resource "aws_db_instance" "restored" {
  instance_class       = "db.t4g.micro"
  snapshot_identifier  = aws_db_snapshot.main.id
  parameter_group_name = "default.postgres14"
}
resource "aws_db_instance" "rewound" {
  instance_class       = "db.t4g.micro"
  parameter_group_name = "default.postgres14"
  restore_to_point_in_time {
    source_db_instance_identifier = aws_db_instance.main.identifier
    use_latest_restorable_time    = true
  }
}
resource "aws_db_instance" "replica" {
  instance_class      = "db.t4g.micro"
  replicate_source_db = aws_db_instance.main.identifier
}
resource "aws_db_instance" "unseen" {
  instance_class      = "db.t4g.micro"
  snapshot_identifier = "rds:main-2024-01-01"
}
