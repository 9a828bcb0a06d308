# Sources: `kms_key_arn` of aws_backup_vault in the AWS provider's documentation.

#### with a key of one's own, and without
#= aws_backup_vault.own: pass
#= aws_backup_vault.bare: fail
#= aws_backup_vault.asked: unknown
#= aws_backup_logically_air_gapped_vault.bare: fail
variable "key" {}
resource "aws_kms_key" "backup" {}
resource "aws_backup_vault" "own" {
  name        = "own"
  kms_key_arn = aws_kms_key.backup.arn
}
resource "aws_backup_vault" "bare" {
  name = "bare"
}
resource "aws_backup_vault" "asked" {
  name        = "asked"
  kms_key_arn = var.key
}
resource "aws_backup_logically_air_gapped_vault" "bare" {
  name               = "gapped"
  max_retention_days = 30
  min_retention_days = 7
}
