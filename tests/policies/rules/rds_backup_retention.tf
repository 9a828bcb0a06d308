# Sources: `backup_retention_period` in the AWS provider's documentation: 0 by default for an instance, 1 for clusters.

#### instances
#= aws_db_instance.week: pass
#= aws_db_instance.month: pass
#= aws_db_instance.text: pass
#= aws_db_instance.six: fail
#= aws_db_instance.zero: fail
#= aws_db_instance.unsaid: fail
#= aws_db_instance.asked: unknown
variable "days" {
  type = number
}
resource "aws_db_instance" "week" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_retention_period     = 7
}
resource "aws_db_instance" "month" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_retention_period     = 7 * 5
}
resource "aws_db_instance" "text" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_retention_period     = "7"
}
resource "aws_db_instance" "six" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_retention_period     = 6
}
resource "aws_db_instance" "zero" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_retention_period     = 0
}
resource "aws_db_instance" "unsaid" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "asked" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_retention_period     = var.days
}

#### replicas are their source's matter
#= aws_db_instance.main: pass
resource "aws_db_instance" "main" {
  identifier                  = "main"
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_retention_period     = 14
}
resource "aws_db_instance" "replica" {
  instance_class      = "db.t3.micro"
  replicate_source_db = aws_db_instance.main.identifier
}

#### clusters
#= aws_rds_cluster.week: pass
#= aws_rds_cluster.unsaid: fail
#= aws_docdb_cluster.five: fail
#= aws_docdb_cluster.week: pass
#= aws_neptune_cluster.unsaid: fail
#= aws_redshift_cluster.unsaid: fail
#= aws_redshift_cluster.week: pass
resource "aws_rds_cluster" "week" {
  engine                  = "aurora-postgresql"
  backup_retention_period = 7
}
resource "aws_rds_cluster" "unsaid" {
  engine = "aurora-postgresql"
}
resource "aws_docdb_cluster" "five" {
  backup_retention_period = 5
}
resource "aws_docdb_cluster" "week" {
  backup_retention_period = 7
}
resource "aws_neptune_cluster" "unsaid" {}
resource "aws_redshift_cluster" "unsaid" {
  cluster_identifier = "unsaid"
  node_type          = "ra3.large"
}
resource "aws_redshift_cluster" "week" {
  cluster_identifier                  = "week"
  node_type                           = "ra3.large"
  automated_snapshot_retention_period = 7
}

#### by environment
#= aws_db_instance.main: fail
variable "environment" {
  default = "staging"
}
locals {
  days = { prod = 14, staging = 3 }
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_retention_period     = lookup(local.days, var.environment, 1)
}

#### in a module, for each of several
#= module.database["orders"].aws_db_instance.main: pass
#= module.database["carts"].aws_db_instance.main: fail
module "database" {
  source   = "./database"
  for_each = { orders = 7, carts = 1 }
  days     = each.value
}
#> database/main.tf
variable "days" {
  type = number
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_retention_period     = var.days
}
