# Sources: aws_sns_topic and aws_sqs_queue in the AWS provider's documentation.

#### topics and queues
#= aws_sns_topic.own: pass
#= aws_sns_topic.alias: pass
#= aws_sns_topic.bare: fail
#= aws_sns_topic.asked: unknown
#= aws_sqs_queue.own: pass
#= aws_sqs_queue.managed: pass
#= aws_sqs_queue.off: fail
#= aws_sqs_queue.bare: fail
variable "key" {}
resource "aws_kms_key" "main" {}
resource "aws_sns_topic" "own" {
  kms_master_key_id = aws_kms_key.main.id
}
resource "aws_sns_topic" "alias" {
  kms_master_key_id = "alias/aws/sns"
}
resource "aws_sns_topic" "bare" {
  name = "bare"
}
resource "aws_sns_topic" "asked" {
  kms_master_key_id = var.key
}
resource "aws_sqs_queue" "own" {
  kms_master_key_id = aws_kms_key.main.id
}
resource "aws_sqs_queue" "managed" {
  sqs_managed_sse_enabled = true
}
resource "aws_sqs_queue" "off" {
  sqs_managed_sse_enabled = false
}
resource "aws_sqs_queue" "bare" {}
