# Sources: `shared_accounts` of aws_db_snapshot, aws_db_cluster_snapshot and their copies in the provider's documentation.

#### snapshots
#= aws_db_snapshot.own: pass
#= aws_db_snapshot.everyone: fail
#= aws_db_snapshot.partner: fail
#= aws_db_snapshot.asked: unknown
#= aws_db_cluster_snapshot.everyone: fail
#= aws_db_snapshot_copy.everyone: fail
variable "accounts" {
  type = list(string)
}
resource "aws_db_snapshot" "own" {
  db_instance_identifier = "main"
  db_snapshot_identifier = "own"
}
resource "aws_db_snapshot" "everyone" {
  db_instance_identifier = "main"
  db_snapshot_identifier = "everyone"
  shared_accounts        = ["all"]
}
resource "aws_db_snapshot" "partner" {
  db_instance_identifier = "main"
  db_snapshot_identifier = "partner"
  shared_accounts        = ["123456789012"]
}
resource "aws_db_snapshot" "asked" {
  db_instance_identifier = "main"
  db_snapshot_identifier = "asked"
  shared_accounts        = var.accounts
}
resource "aws_db_cluster_snapshot" "everyone" {
  db_cluster_identifier          = "main"
  db_cluster_snapshot_identifier = "everyone"
  shared_accounts                = toset(["all"])
}
resource "aws_db_snapshot_copy" "everyone" {
  source_db_snapshot_identifier = "arn:aws:rds:us-east-1:123456789012:snapshot:main"
  target_db_snapshot_identifier = "copy"
  shared_accounts               = ["all"]
}
