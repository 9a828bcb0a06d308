# Sources: `backup_window` and `preferred_backup_window` in the AWS provider's documentation; windows are UTC.

#### instances
#= aws_db_instance.three: pass
#= aws_db_instance.longer: pass
#= aws_db_instance.noon: fail
#= aws_db_instance.unsaid: fail
#= aws_db_instance.asked: unknown
variable "window" {}
resource "aws_db_instance" "three" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "03:00-04:00"
}
resource "aws_db_instance" "longer" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "03:00-05:30"
}
resource "aws_db_instance" "noon" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "12:00-13:00"
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
  backup_window               = var.window
}

#### a window that is none
#= never planned: the provider checks the format
#= aws_db_instance.main: fail
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  backup_window               = "3am-4am"
}

#### clusters
#= aws_rds_cluster.three: pass
#= aws_rds_cluster.unsaid: fail
#= aws_docdb_cluster.seven: fail
#= aws_neptune_cluster.three: pass
resource "aws_rds_cluster" "three" {
  engine                  = "aurora-postgresql"
  preferred_backup_window = "03:00-03:30"
}
resource "aws_rds_cluster" "unsaid" {
  engine = "aurora-postgresql"
}
resource "aws_docdb_cluster" "seven" {
  preferred_backup_window = "07:00-09:00"
}
resource "aws_neptune_cluster" "three" {
  preferred_backup_window = "03:00-04:00"
}
