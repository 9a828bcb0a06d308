# Sources: `publicly_accessible` in the AWS provider's documentation of each type; Amazon RDS User Guide,
# "Hiding a DB instance in a VPC from the internet".

#### said or left to the default
#= aws_db_instance.closed: pass
#= aws_db_instance.default: pass
#= aws_db_instance.open: fail
resource "aws_db_instance" "closed" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  publicly_accessible         = false
}
resource "aws_db_instance" "default" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "open" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  publicly_accessible         = true
}

#### by text, local, condition and function
#= aws_db_instance.text: fail
#= aws_db_instance.local: fail
#= aws_db_instance.condition: fail
#= aws_db_instance.function: fail
#= aws_db_instance.json: fail
variable "environment" {
  default = "dev"
}
locals {
  open = true
}
resource "aws_db_instance" "text" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  publicly_accessible         = "true"
}
resource "aws_db_instance" "local" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  publicly_accessible         = local.open
}
resource "aws_db_instance" "condition" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  publicly_accessible         = var.environment == "prod" ? false : true
}
resource "aws_db_instance" "function" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  publicly_accessible         = contains(["dev", "test"], var.environment)
}
resource "aws_db_instance" "json" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  publicly_accessible         = tobool("true")
}

#### nobody says
#= aws_db_instance.main: unknown
variable "open" {}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  publicly_accessible         = var.open
}

#### a variable file opens it
#= aws_db_instance.main: fail
variable "open" {
  default = false
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  publicly_accessible         = var.open
}
#> open.auto.tfvars
open = true

#### one of many
#= aws_db_instance.counted[0]: pass
#= aws_db_instance.counted[1]: fail
#= aws_db_instance.keyed["a"]: pass
#= aws_db_instance.keyed["b"]: fail
resource "aws_db_instance" "counted" {
  count                       = length(["x", "y"])
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  publicly_accessible         = count.index > 0
}
resource "aws_db_instance" "keyed" {
  for_each                    = toset(["a", "b"])
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  publicly_accessible         = each.key == "b"
}

#### two modules deep
#= module.data.module.database.aws_db_instance.main: fail
module "data" {
  source = "./data"
  open   = true
}
#> data/main.tf
variable "open" {}
module "database" {
  source  = "./database"
  exposed = var.open
}
#> data/database/main.tf
variable "exposed" {
  default = false
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  publicly_accessible         = var.exposed
}

#### members of clusters, and other databases
#= aws_rds_cluster_instance.closed: pass
#= aws_rds_cluster_instance.open: fail
#= aws_neptune_cluster_instance.open: fail
#= aws_redshift_cluster.default: pass
#= aws_redshift_cluster.open: fail
#= aws_redshiftserverless_workgroup.open: fail
#= aws_dms_replication_instance.open: fail
resource "aws_rds_cluster" "main" {
  engine = "aurora-postgresql"
}
resource "aws_rds_cluster_instance" "closed" {
  cluster_identifier = aws_rds_cluster.main.id
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
}
resource "aws_rds_cluster_instance" "open" {
  cluster_identifier  = aws_rds_cluster.main.id
  engine              = "aurora-postgresql"
  instance_class      = "db.r6g.large"
  publicly_accessible = true
}
resource "aws_neptune_cluster_instance" "open" {
  cluster_identifier  = "graph"
  instance_class      = "db.r6g.large"
  publicly_accessible = true
}
resource "aws_redshift_cluster" "default" {
  cluster_identifier = "default"
  node_type          = "ra3.large"
}
resource "aws_redshift_cluster" "open" {
  cluster_identifier  = "open"
  node_type           = "ra3.large"
  publicly_accessible = true
}
resource "aws_redshiftserverless_workgroup" "open" {
  namespace_name      = "main"
  workgroup_name      = "main"
  publicly_accessible = true
}
resource "aws_dms_replication_instance" "open" {
  replication_instance_class = "dms.t3.micro"
  replication_instance_id    = "open"
  publicly_accessible        = true
}

#### JSON as generators write it
#= aws_db_instance.list: fail
#= aws_db_instance.text: fail
#= aws_db_instance.expression: fail
#> main.tf.json
{
  "variable": [{"open": [{"type": "bool", "default": true}]}],
  "resource": [
    {
      "aws_db_instance": [
        {"list": [{"instance_class": "db.t3.micro", "engine": "postgres", "allocated_storage": 20,
          "username": "app", "manage_master_user_password": true, "publicly_accessible": true}]},
        {"text": {"instance_class": "db.t3.micro", "engine": "postgres", "allocated_storage": 20,
          "username": "app", "manage_master_user_password": true, "publicly_accessible": "true"}}
      ]
    },
    {"aws_db_instance": {"expression": {"instance_class": "db.t3.micro", "engine": "postgres", "allocated_storage": 20,
          "username": "app", "manage_master_user_password": true, "publicly_accessible": "${var.open}"}}}
  ]
}

#### Redshift, by the version of the provider
#= never planned: only the newest provider is at hand
#= aws_redshift_cluster.unsaid: fail
#= aws_redshift_cluster.private: pass
#= aws_db_instance.unsaid: pass
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 4.9, < 6.0.0"
    }
  }
}
resource "aws_redshift_cluster" "unsaid" {
  cluster_identifier = "unsaid"
  node_type          = "ra3.large"
}
resource "aws_redshift_cluster" "private" {
  cluster_identifier  = "private"
  node_type           = "ra3.large"
  publicly_accessible = false
}
resource "aws_db_instance" "unsaid" {
  instance_class = "db.t4g.micro"
  engine         = "postgres"
}

#### Redshift, by the constraint of a module
#= never planned: only the newest provider is at hand
#= module.warehouse.aws_redshift_cluster.unsaid: fail
module "warehouse" {
  source = "./warehouse"
}
#> warehouse/main.tf
terraform {
  required_providers {
    aws = "~> 5.80"
  }
}
resource "aws_redshift_cluster" "unsaid" {
  cluster_identifier = "unsaid"
  node_type          = "ra3.large"
}

#### Redshift, by a provider that may be a new one
#= aws_redshift_cluster.unsaid: pass
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}
resource "aws_redshift_cluster" "unsaid" {
  cluster_identifier = "unsaid"
  node_type          = "ra3.large"
  master_username    = "app"
  manage_master_password = true
}
