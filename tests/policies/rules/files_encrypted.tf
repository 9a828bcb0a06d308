# Sources: `encrypted` of aws_efs_file_system in the AWS provider's documentation; FSx encrypts always.

#### file systems
#= aws_efs_file_system.on: pass
#= aws_efs_file_system.off: fail
#= aws_efs_file_system.unsaid: fail
#= aws_efs_file_system.asked: unknown
#= aws_fsx_lustre_file_system.main: pass
variable "encrypted" {}
resource "aws_efs_file_system" "on" {
  encrypted = true
}
resource "aws_efs_file_system" "off" {
  encrypted = false
}
resource "aws_efs_file_system" "unsaid" {}
resource "aws_efs_file_system" "asked" {
  encrypted = var.encrypted
}
resource "aws_fsx_lustre_file_system" "main" {
  subnet_ids       = ["subnet-0123456789abcdef0"]
  storage_capacity = 1200
}
