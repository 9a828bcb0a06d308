# Sources: aws_sns_topic and aws_sqs_queue in the AWS provider's documentation; Amazon SQS Developer Guide,
# encryption at rest: a new queue is encrypted unless it says no.

#### topics and queues
#= aws_sns_topic.own: pass
#= aws_sns_topic.alias: pass
#= aws_sns_topic.bare: fail
#= aws_sns_topic.asked: unknown
#= aws_sqs_queue.own: pass
#= aws_sqs_queue.managed: pass
#= aws_sqs_queue.off: fail
#= aws_sqs_queue.bare: pass
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

#### what a queue says of its encryption
#= aws_sqs_queue.asked: unknown
#= aws_sqs_queue.asked_key: pass
#= aws_sqs_queue.null: pass
#= aws_sqs_queue.empty_key: pass
variable "managed" {}
variable "key" {}
variable "nothing" {
  default = null
}
resource "aws_sqs_queue" "asked" {
  sqs_managed_sse_enabled = var.managed
}
# Without a key, SQS has one.
resource "aws_sqs_queue" "asked_key" {
  kms_master_key_id = var.key
}
resource "aws_sqs_queue" "null" {
  sqs_managed_sse_enabled = var.nothing
}
resource "aws_sqs_queue" "empty_key" {
  kms_master_key_id = ""
}
