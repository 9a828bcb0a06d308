# Sources: `kms_key_id` of aws_cloudwatch_log_group and aws_cloudtrail in the AWS provider's documentation.

#### with a key, without, and with an empty one
#= aws_cloudwatch_log_group.own: pass
#= aws_cloudwatch_log_group.literal: pass
#= aws_cloudwatch_log_group.bare: fail
#= aws_cloudwatch_log_group.empty: fail
#= aws_cloudwatch_log_group.asked: unknown
#= aws_cloudtrail.bare: fail
variable "key" {}
resource "aws_kms_key" "logs" {}
resource "aws_cloudwatch_log_group" "own" {
  name       = "own"
  kms_key_id = aws_kms_key.logs.arn
}
resource "aws_cloudwatch_log_group" "literal" {
  name       = "literal"
  kms_key_id = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
}
resource "aws_cloudwatch_log_group" "bare" {
  name = "bare"
}
resource "aws_cloudwatch_log_group" "empty" {
  name       = "empty"
  kms_key_id = ""
}
resource "aws_cloudwatch_log_group" "asked" {
  name       = "asked"
  kms_key_id = var.key
}
resource "aws_cloudtrail" "bare" {
  name           = "bare"
  s3_bucket_name = "trails-of-everything"
}

#### a key only where it is wanted
#= aws_cloudwatch_log_group.main: fail
variable "encrypt" {
  default = false
}
resource "aws_kms_key" "logs" {
  count = var.encrypt ? 1 : 0
}
resource "aws_cloudwatch_log_group" "main" {
  name       = "main"
  kms_key_id = var.encrypt ? aws_kms_key.logs[0].arn : null
}
