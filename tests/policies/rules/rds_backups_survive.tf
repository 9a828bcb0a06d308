# Sources: `deletion_protection`, `skip_final_snapshot`, `final_snapshot_identifier` and `delete_automated_backups` (true
# by default) in the AWS provider's documentation.

#### instances
#= aws_db_instance.sound: pass
#= aws_db_instance.unprotected: fail
#= aws_db_instance.skipping: fail
#= aws_db_instance.nameless: fail
#= aws_db_instance.forgetting: fail
#= aws_db_instance.bare: fail
#= aws_db_instance.asked: unknown
variable "protected" {}
resource "aws_db_instance" "sound" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  deletion_protection         = true
  skip_final_snapshot         = false
  final_snapshot_identifier   = "sound-final"
  delete_automated_backups    = false
}
resource "aws_db_instance" "unprotected" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  deletion_protection         = false
  final_snapshot_identifier   = "unprotected-final"
  delete_automated_backups    = false
}
resource "aws_db_instance" "skipping" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  deletion_protection         = true
  skip_final_snapshot         = true
  delete_automated_backups    = false
}
resource "aws_db_instance" "nameless" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  deletion_protection         = true
  delete_automated_backups    = false
}
resource "aws_db_instance" "forgetting" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  deletion_protection         = true
  final_snapshot_identifier   = "forgetting-final"
}
resource "aws_db_instance" "bare" {
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
  deletion_protection         = var.protected
  final_snapshot_identifier   = "asked-final"
  delete_automated_backups    = false
}

#### clusters
#= aws_rds_cluster.sound: pass
#= aws_rds_cluster.forgetting: fail
#= aws_docdb_cluster.sound: pass
#= aws_neptune_cluster.bare: fail
resource "aws_rds_cluster" "sound" {
  engine                    = "aurora-postgresql"
  deletion_protection       = true
  final_snapshot_identifier = "sound-final"
  delete_automated_backups  = false
}
resource "aws_rds_cluster" "forgetting" {
  engine                    = "aurora-postgresql"
  deletion_protection       = true
  final_snapshot_identifier = "forgetting-final"
}
resource "aws_docdb_cluster" "sound" {
  deletion_protection       = true
  final_snapshot_identifier = "sound-final"
}
resource "aws_neptune_cluster" "bare" {}
