# Sources: aws_s3_bucket and aws_s3_bucket_server_side_encryption_configuration in the AWS provider's documentation.

#### declared, by reference, by name, inline, and not
#= aws_s3_bucket.kms: pass
#= aws_s3_bucket.by_name: pass
#= aws_s3_bucket.inline: pass
#= aws_s3_bucket.bare: fail
resource "aws_s3_bucket" "kms" {}
resource "aws_s3_bucket_server_side_encryption_configuration" "kms" {
  bucket = aws_s3_bucket.kms.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    }
  }
}
resource "aws_s3_bucket" "by_name" {
  bucket = "by-name-of-the-bucket"
}
resource "aws_s3_bucket_server_side_encryption_configuration" "by_name" {
  bucket = "by-name-of-the-bucket"
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}
resource "aws_s3_bucket" "inline" {
  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        sse_algorithm = "AES256"
      }
    }
  }
}
resource "aws_s3_bucket" "bare" {
  bucket = "bare-bucket-without-words"
}

#### a configuration that may be another bucket's
#= aws_s3_bucket.main: unknown
variable "bucket" {}
resource "aws_s3_bucket" "main" {}
resource "aws_s3_bucket_server_side_encryption_configuration" "main" {
  bucket = var.bucket
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

#### a rule without an algorithm, and one nobody knows
#= aws_s3_bucket_server_side_encryption_configuration.empty: fail
#= aws_s3_bucket_server_side_encryption_configuration.asked: unknown
variable "algorithm" {}
resource "aws_s3_bucket" "empty" {}
resource "aws_s3_bucket_server_side_encryption_configuration" "empty" {
  bucket = aws_s3_bucket.empty.bucket
  rule {
    bucket_key_enabled = true
  }
}
resource "aws_s3_bucket" "asked" {}
resource "aws_s3_bucket_server_side_encryption_configuration" "asked" {
  bucket = aws_s3_bucket.asked.bucket
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = var.algorithm
    }
  }
}

#### buckets by key
#= aws_s3_bucket.many["a"]: pass, plan: unknown
#= aws_s3_bucket.many["b"]: pass, plan: unknown
resource "aws_s3_bucket" "many" {
  for_each = toset(["a", "b"])
  bucket   = "many-of-them-${each.key}"
}
resource "aws_s3_bucket_server_side_encryption_configuration" "many" {
  for_each = aws_s3_bucket.many
  bucket   = each.value.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

#### handed to a module that is not seen
#= never planned: the module is nowhere to be had
#= aws_s3_bucket.handed: unknown
#= aws_s3_bucket.kept: fail
resource "aws_s3_bucket" "handed" {
  bucket = "handed-bucket"
}
resource "aws_s3_bucket" "kept" {
  bucket = "kept-bucket"
}
locals {
  all = [aws_s3_bucket.handed.arn]
}
module "guard" {
  source = "example.com/guards/guard/aws"
  name   = "guard"
  things = { first = local.all }
}
