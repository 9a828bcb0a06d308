# Sources: aws_s3_bucket_policy in the AWS provider's documentation; Amazon S3 User Guide, "Enforce encryption of data
# in transit"; AWS Config rule s3-bucket-ssl-requests-only.

#### written as text, with the bucket's name
#= aws_s3_bucket.main: pass
resource "aws_s3_bucket" "main" {
  bucket = "example-of-a-bucket"
}
resource "aws_s3_bucket_policy" "main" {
  bucket = aws_s3_bucket.main.id
  policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "DenyPlainHttp",
          "Effect": "Deny",
          "Principal": {"AWS": "*"},
          "Action": ["s3:*"],
          "Resource": ["arn:aws:s3:::example-of-a-bucket", "arn:aws:s3:::example-of-a-bucket/*"],
          "Condition": {"Bool": {"aws:SecureTransport": "false"}}
        }
      ]
    }
  EOT
}

#### written with jsonencode and the bucket's ARN
#= aws_s3_bucket.main: pass, plan: unknown
resource "aws_s3_bucket" "main" {}
resource "aws_s3_bucket_policy" "main" {
  bucket = aws_s3_bucket.main.bucket
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = {
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.main.arn, "${aws_s3_bucket.main.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = false } }
    }
  })
}

#### written as a policy document
#= aws_s3_bucket.main: pass
#= aws_s3_bucket_policy.open: fail
data "aws_iam_policy_document" "main" {
  statement {
    sid     = "DenyPlainHttp"
    effect  = "Deny"
    actions = ["s3:*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    resources = ["arn:aws:s3:::documented-bucket", "arn:aws:s3:::documented-bucket/*"]
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
data "aws_iam_policy_document" "open" {
  statement {
    actions = ["s3:GetObject"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    resources = ["arn:aws:s3:::open-bucket-of-ours/*"]
  }
}
resource "aws_s3_bucket" "main" {
  bucket = "documented-bucket"
}
resource "aws_s3_bucket_policy" "main" {
  bucket = aws_s3_bucket.main.id
  policy = data.aws_iam_policy_document.main.json
}
resource "aws_s3_bucket" "open" {
  bucket = "open-bucket-of-ours"
}
resource "aws_s3_bucket_policy" "open" {
  bucket = aws_s3_bucket.open.id
  policy = data.aws_iam_policy_document.open.json
}

#### a policy that denies too little
#= aws_s3_bucket_policy.objects_only: fail
#= aws_s3_bucket_policy.some_actions: fail
#= aws_s3_bucket_policy.some_people: fail
#= aws_s3_bucket_policy.inverted: fail
#= aws_s3_bucket_policy.narrowed: fail
#= aws_s3_bucket_policy.allowed: fail
#= aws_s3_bucket_policy.other_bucket: fail
#= aws_s3_bucket.bare: fail
resource "aws_s3_bucket" "objects_only" {
  bucket = "objects-only-bucket"
}
resource "aws_s3_bucket_policy" "objects_only" {
  bucket = aws_s3_bucket.objects_only.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = ["arn:aws:s3:::objects-only-bucket/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "some_actions" {
  bucket = "some-actions-bucket"
}
resource "aws_s3_bucket_policy" "some_actions" {
  bucket = aws_s3_bucket.some_actions.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = ["s3:GetObject", "s3:PutObject"],
    Resource  = ["arn:aws:s3:::some-actions-bucket", "arn:aws:s3:::some-actions-bucket/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "some_people" {
  bucket = "some-people-bucket"
}
resource "aws_s3_bucket_policy" "some_people" {
  bucket = aws_s3_bucket.some_people.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = { AWS = "arn:aws:iam::123456789012:root" }, Action = "s3:*",
    Resource  = ["arn:aws:s3:::some-people-bucket", "arn:aws:s3:::some-people-bucket/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "inverted" {
  bucket = "inverted-bucket"
}
resource "aws_s3_bucket_policy" "inverted" {
  bucket = aws_s3_bucket.inverted.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*",
    Resource  = ["arn:aws:s3:::inverted-bucket", "arn:aws:s3:::inverted-bucket/*"],
    Condition = { Bool = { "aws:SecureTransport" = "true" } }
  }] })
}
resource "aws_s3_bucket" "narrowed" {
  bucket = "narrowed-bucket"
}
resource "aws_s3_bucket_policy" "narrowed" {
  bucket = aws_s3_bucket.narrowed.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*",
    Resource  = ["arn:aws:s3:::narrowed-bucket", "arn:aws:s3:::narrowed-bucket/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" }, IpAddress = { "aws:SourceIp" = "203.0.113.0/24" } }
  }] })
}
resource "aws_s3_bucket" "allowed" {
  bucket = "allowed-bucket"
}
resource "aws_s3_bucket_policy" "allowed" {
  bucket = aws_s3_bucket.allowed.id
  policy = jsonencode({ Statement = [{
    Effect    = "Allow", Principal = "*", Action = "s3:*",
    Resource  = ["arn:aws:s3:::allowed-bucket", "arn:aws:s3:::allowed-bucket/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "other_bucket" {
  bucket = "this-bucket"
}
resource "aws_s3_bucket_policy" "other_bucket" {
  bucket = aws_s3_bucket.other_bucket.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*",
    Resource  = ["arn:aws:s3:::that-bucket", "arn:aws:s3:::that-bucket/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "bare" {
  bucket = "bare-bucket"
}

#### a policy nobody sees
#= aws_s3_bucket.main: unknown
variable "policy" {}
resource "aws_s3_bucket" "main" {
  bucket = "asked-bucket"
}
resource "aws_s3_bucket_policy" "main" {
  bucket = aws_s3_bucket.main.id
  policy = var.policy
}
