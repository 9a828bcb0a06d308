# Sources: `multi_az`, aws_rds_cluster_instance and `db_cluster_instance_class` in the AWS provider's documentation;
# Amazon RDS User Guide, "Configuring and managing a Multi-AZ deployment".

#### instances
#= aws_db_instance.on: pass
#= aws_db_instance.off: fail
#= aws_db_instance.unsaid: fail
#= aws_db_instance.asked: unknown
variable "multi_az" {}
resource "aws_db_instance" "on" {
  identifier                  = "on"
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  multi_az                    = true
}
resource "aws_db_instance" "off" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  multi_az                    = false
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
  multi_az                    = var.multi_az
}
resource "aws_db_instance" "replica" {
  instance_class      = "db.t3.micro"
  replicate_source_db = aws_db_instance.on.identifier
}

#### clusters by their members
#= aws_rds_cluster.two: pass
#= aws_rds_cluster.one: fail
#= aws_rds_cluster.none: fail
#= aws_rds_cluster.one_zone: fail
#= aws_rds_cluster.multi_az: pass
#= aws_docdb_cluster.two: pass
#= aws_neptune_cluster.one: fail
resource "aws_rds_cluster" "two" {
  engine = "aurora-postgresql"
}
resource "aws_rds_cluster_instance" "two" {
  count              = 2
  cluster_identifier = aws_rds_cluster.two.id
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
}
resource "aws_rds_cluster" "one" {
  engine = "aurora-postgresql"
}
resource "aws_rds_cluster_instance" "one" {
  cluster_identifier = aws_rds_cluster.one.id
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
}
resource "aws_rds_cluster" "none" {
  engine = "aurora-postgresql"
}
resource "aws_rds_cluster" "one_zone" {
  engine = "aurora-postgresql"
}
resource "aws_rds_cluster_instance" "one_zone" {
  for_each           = toset(["writer", "reader"])
  cluster_identifier = aws_rds_cluster.one_zone.cluster_identifier
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
  availability_zone  = "us-east-1a"
}
resource "aws_rds_cluster" "multi_az" {
  engine                    = "postgres"
  engine_version            = "15.4"
  db_cluster_instance_class = "db.m6gd.large"
  storage_type              = "io1"
}
resource "aws_docdb_cluster" "two" {}
resource "aws_docdb_cluster_instance" "two" {
  count              = 2
  cluster_identifier = aws_docdb_cluster.two.id
  instance_class     = "db.r6g.large"
}
resource "aws_neptune_cluster" "one" {}
resource "aws_neptune_cluster_instance" "one" {
  cluster_identifier = aws_neptune_cluster.one.id
  instance_class     = "db.r6g.large"
}
