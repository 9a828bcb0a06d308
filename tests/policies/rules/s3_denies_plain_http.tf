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

#### one bucket denied in parts, each of them whole
#= aws_s3_bucket.halves: pass
#= aws_s3_bucket.rest: pass
#= aws_s3_bucket_policy.rest_of_objects: fail
resource "aws_s3_bucket" "halves" {
  bucket = "halves-of-a-bucket"
}
resource "aws_s3_bucket_policy" "halves" {
  bucket = aws_s3_bucket.halves.id
  policy = jsonencode({ Statement = [
    { Effect    = "Deny", Principal = { AWS = ["*"] }, Action = "*", Resource = "arn:aws:s3:::halves-of-a-bucket",
      Condition = { StringEquals = { "AWS:SecureTransport" = "false" } } },
    { Effect    = "Deny", Principal = "*", Action = "S3:*", Resource = "arn:aws:s3:::halves-of-a-bucket/*",
      Condition = { StringNotEquals = { "aws:SecureTransport" = "true" } } },
  ] })
}
resource "aws_s3_bucket" "rest" {
  bucket = "rest-of-a-bucket"
}
resource "aws_s3_bucket_policy" "rest" {
  bucket = aws_s3_bucket.rest.id
  policy = jsonencode({ Statement = [
    { Effect    = "Deny", Principal = "*", NotAction = ["s3:GetObject", "iam:*"], Resource = "*",
      Condition = { Bool = { "aws:SecureTransport" = "false" } } },
    { Effect    = "Deny", Principal = "*", Action = "s3:Get*", Resource = "arn:aws:s3:::rest-of-a-bucket*",
      Condition = { Bool = { "aws:SecureTransport" = "false" } } },
  ] })
}
resource "aws_s3_bucket" "rest_of_objects" {
  bucket = "rest-of-objects"
}
resource "aws_s3_bucket_policy" "rest_of_objects" {
  bucket = aws_s3_bucket.rest_of_objects.id
  policy = jsonencode({ Statement = [
    { Effect    = "Deny", Principal = "*", NotAction = "s3:GetObject*", Resource = "*",
      Condition = { Bool = { "aws:SecureTransport" = "false" } } },
    { Effect    = "Deny", Principal = "*", Action = "s3:GetObject", Resource = "*",
      Condition = { Bool = { "aws:SecureTransport" = "false" } } },
  ] })
}

#### what a Deny leaves out
#= aws_s3_bucket_policy.actions: fail
#= aws_s3_bucket_policy.objects: fail
#= aws_s3_bucket_policy.people: fail
#= aws_s3_bucket_policy.versions: fail
#= aws_s3_bucket_policy.never: fail
#= aws_s3_bucket.elsewhere: pass
#= aws_s3_bucket.without_key: pass
resource "aws_s3_bucket" "actions" {
  bucket = "left-out-actions"
}
resource "aws_s3_bucket_policy" "actions" {
  bucket = aws_s3_bucket.actions.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", NotAction = "s3:List*", Resource = "*",
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "objects" {
  bucket = "left-out-objects"
}
resource "aws_s3_bucket_policy" "objects" {
  bucket = aws_s3_bucket.objects.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", NotResource = "arn:aws:s3:::left-out-objects/public/*",
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "people" {
  bucket = "left-out-people"
}
resource "aws_s3_bucket_policy" "people" {
  bucket = aws_s3_bucket.people.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", NotPrincipal = { AWS = "arn:aws:iam::123456789012:root" }, Action = "s3:*", Resource = "*",
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "versions" {
  bucket = "left-out-versions"
}
resource "aws_s3_bucket_policy" "versions" {
  bucket = aws_s3_bucket.versions.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { NumericLessThan = { "s3:TlsVersion" = ["1.2", "1.3"] } }
  }] })
}
resource "aws_s3_bucket" "never" {
  bucket = "left-out-always"
}
resource "aws_s3_bucket_policy" "never" {
  bucket = aws_s3_bucket.never.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { Null = { "aws:SecureTransport" = "true" } }
  }] })
}
resource "aws_s3_bucket" "elsewhere" {
  bucket = "left-out-elsewhere"
}
resource "aws_s3_bucket_policy" "elsewhere" {
  bucket = aws_s3_bucket.elsewhere.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", NotAction = "iam:PassRole", NotResource = "arn:aws:s3:::another-one/*",
    Condition = { "ForAllValues:Bool" = { "aws:SecureTransport" = ["false"] } }
  }] })
}
# A request over plain HTTP has no version of TLS, so that a test which holds without one holds.
resource "aws_s3_bucket" "without_key" {
  bucket = "without-the-key"
}
resource "aws_s3_bucket_policy" "without_key" {
  bucket = aws_s3_bucket.without_key.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { NumericLessThanIfExists = { "s3:TlsVersion" = "1.2" } }
  }] })
}

#### parts of a Deny that are not known
#= aws_s3_bucket.effect: unknown
#= aws_s3_bucket.principal: unknown
#= aws_s3_bucket.condition: unknown
#= aws_s3_bucket.excepted: unknown
#= aws_s3_bucket_policy.narrowed: fail, plan: nothing
#= aws_s3_bucket.narrowed: nothing, plan: unknown
variable "asked" {}
resource "aws_s3_bucket" "effect" {
  bucket = "effect-is-asked"
}
resource "aws_s3_bucket_policy" "effect" {
  bucket = aws_s3_bucket.effect.id
  policy = jsonencode({ Statement = [{
    Effect    = var.asked, Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "principal" {
  bucket = "principal-is-asked"
}
resource "aws_s3_bucket_policy" "principal" {
  bucket = aws_s3_bucket.principal.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = { AWS = var.asked }, Action = "s3:*", Resource = "*",
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "condition" {
  bucket = "condition-is-asked"
}
resource "aws_s3_bucket_policy" "condition" {
  bucket = aws_s3_bucket.condition.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { Bool = { "aws:SecureTransport" = var.asked } }
  }] })
}
resource "aws_s3_bucket" "excepted" {
  bucket = "exception-is-asked"
}
resource "aws_s3_bucket_policy" "excepted" {
  bucket = aws_s3_bucket.excepted.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", NotAction = [var.asked], Resource = "*",
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
# Whatever the address is, it narrows the statement.
resource "aws_s3_bucket" "narrowed" {
  bucket = "narrowed-by-what-is-asked"
}
resource "aws_s3_bucket_policy" "narrowed" {
  bucket = aws_s3_bucket.narrowed.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { Bool = { "aws:SecureTransport" = "false" }, StringEquals = { "aws:SourceVpc" = var.asked } }
  }] })
}

#### names and ARNs made of parts
#= aws_s3_bucket.asked: pass, plan: unknown
#= aws_s3_bucket.formatted: pass, plan: unknown
#= aws_s3_bucket.prefixed: pass
#= aws_s3_bucket.other: unknown
variable "team" {}
variable "stage" {}
data "aws_partition" "here" {}
locals {
  name = "logs-${var.team}"
}
resource "aws_s3_bucket" "asked" {
  bucket = local.name
}
resource "aws_s3_bucket_policy" "asked" {
  bucket = aws_s3_bucket.asked.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*",
    Resource  = ["arn:${data.aws_partition.here.partition}:s3:::${local.name}", "arn:aws-cn:s3:::logs-${var.team}/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "formatted" {}
resource "aws_s3_bucket_policy" "formatted" {
  bucket = aws_s3_bucket.formatted.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*",
    Resource  = [format("arn:aws:s3:::%s", aws_s3_bucket.formatted.id), format("%s/*", aws_s3_bucket.formatted.arn)],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "prefixed" {
  bucket_prefix = "archive-"
}
resource "aws_s3_bucket_policy" "prefixed" {
  bucket = aws_s3_bucket.prefixed.bucket
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "arn:aws:s3:::archive-*",
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "other" {
  bucket = "logs-of-a-stage"
}
resource "aws_s3_bucket_policy" "other" {
  bucket = aws_s3_bucket.other.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*",
    Resource  = ["arn:aws:s3:::logs-of-a-stage", "arn:aws:s3:::${var.stage}"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}

#### documents that are laid over each other
#= aws_s3_bucket_policy.replaced: fail
#= aws_s3_bucket.kept: pass
#= aws_s3_bucket.maybe: unknown
#= aws_s3_bucket.unnamed: pass
variable "baseline" {}
data "aws_iam_policy_document" "deny" {
  statement {
    sid       = "Tls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
data "aws_iam_policy_document" "read" {
  statement {
    sid       = "Tls"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::laid-over/*"]
    principals {
      type        = "AWS"
      identifiers = ["123456789012"]
    }
  }
}
data "aws_iam_policy_document" "replaced" {
  override_policy_documents = [data.aws_iam_policy_document.deny.json, data.aws_iam_policy_document.read.json]
}
data "aws_iam_policy_document" "kept" {
  source_policy_documents   = [data.aws_iam_policy_document.read.json]
  override_policy_documents = [data.aws_iam_policy_document.deny.json]
}
data "aws_iam_policy_document" "maybe" {
  source_policy_documents   = [data.aws_iam_policy_document.deny.json]
  override_policy_documents = [var.baseline]
}
data "aws_iam_policy_document" "unnamed" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
  override_policy_documents = [var.baseline]
}
resource "aws_s3_bucket" "replaced" {
  bucket = "laid-over"
}
resource "aws_s3_bucket_policy" "replaced" {
  bucket = aws_s3_bucket.replaced.id
  policy = data.aws_iam_policy_document.replaced.json
}
resource "aws_s3_bucket" "kept" {
  bucket = "laid-over-again"
}
resource "aws_s3_bucket_policy" "kept" {
  bucket = aws_s3_bucket.kept.id
  policy = data.aws_iam_policy_document.kept.json
}
resource "aws_s3_bucket" "maybe" {
  bucket = "laid-over-by-anything"
}
resource "aws_s3_bucket_policy" "maybe" {
  bucket = aws_s3_bucket.maybe.id
  policy = data.aws_iam_policy_document.maybe.json
}
resource "aws_s3_bucket" "unnamed" {
  bucket = "not-laid-over"
}
resource "aws_s3_bucket_policy" "unnamed" {
  bucket = aws_s3_bucket.unnamed.id
  policy = data.aws_iam_policy_document.unnamed.json
}

#### policies of buckets that stand elsewhere, and several of one bucket
#= aws_s3_bucket_policy.of_data: pass
#= aws_s3_bucket_policy.of_name: fail
#= aws_s3_bucket_policy.of_wrong_name: fail
#= aws_s3_bucket.twice: unknown
#= aws_s3_bucket.twice_denied: pass
data "aws_s3_bucket" "shared" {
  bucket = "shared-by-all"
}
resource "aws_s3_bucket_policy" "of_data" {
  bucket = data.aws_s3_bucket.shared.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*",
    Resource  = ["arn:aws:s3:::shared-by-all", "arn:aws:s3:::shared-by-all/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket_policy" "of_name" {
  bucket = "made-by-hand"
  policy = jsonencode({ Statement = [{
    Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "arn:aws:s3:::made-by-hand/*"
  }] })
}
resource "aws_s3_bucket_policy" "of_wrong_name" {
  bucket = "made-by-hand-too"
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = ["arn:aws:s3:::made", "arn:aws:s3:::made/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "twice" {
  bucket = "two-policies"
}
resource "aws_s3_bucket_policy" "twice_one" {
  bucket = aws_s3_bucket.twice.id
  policy = jsonencode({ Statement = [{
    Effect = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket_policy" "twice_other" {
  bucket = aws_s3_bucket.twice.id
  policy = jsonencode({ Statement = [{
    Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "arn:aws:s3:::two-policies/*"
  }] })
}
resource "aws_s3_bucket" "twice_denied" {
  bucket = "two-policies-that-deny"
}
resource "aws_s3_bucket_policy" "twice_denied" {
  for_each = toset(["a", "b"])
  bucket   = aws_s3_bucket.twice_denied.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
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

#### conditions on a key that plain HTTP does not have, with a set operator
#= aws_s3_bucket_policy.any_value: fail
#= aws_s3_bucket.all_values: pass
#= aws_s3_bucket.not_equal: pass
#= aws_s3_bucket_policy.all_values_of_another: fail
resource "aws_s3_bucket" "any_value" {
  bucket = "any-value-of-none"
}
resource "aws_s3_bucket_policy" "any_value" {
  bucket = aws_s3_bucket.any_value.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { "ForAnyValue:NumericNotEquals" = { "s3:TlsVersion" = "1.2" } }
  }] })
}
resource "aws_s3_bucket" "all_values" {
  bucket = "all-values-of-none"
}
resource "aws_s3_bucket_policy" "all_values" {
  bucket = aws_s3_bucket.all_values.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { "ForAllValues:NumericLessThan" = { "s3:TlsVersion" = "1.2" } }
  }] })
}
resource "aws_s3_bucket" "not_equal" {
  bucket = "no-value-is-equal"
}
resource "aws_s3_bucket_policy" "not_equal" {
  bucket = aws_s3_bucket.not_equal.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { NumericNotEquals = { "s3:TlsVersion" = "1.2" } }
  }] })
}
resource "aws_s3_bucket" "all_values_of_another" {
  bucket = "all-values-of-another-key"
}
resource "aws_s3_bucket_policy" "all_values_of_another" {
  bucket = aws_s3_bucket.all_values_of_another.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { "ForAllValues:Bool" = { "aws:SecureTransport" = "true" } }
  }] })
}

#### what an operator compares with case, and what it takes for a wildcard
#= aws_s3_bucket_policy.capital: fail
#= aws_s3_bucket_policy.capitals: fail
#= aws_s3_bucket_policy.star: fail
#= aws_s3_bucket_policy.star_of_bool: fail
#= aws_s3_bucket.any_case: pass
#= aws_s3_bucket.any_case_of_bool: pass
#= aws_s3_bucket.like: pass
#= aws_s3_bucket.unequal: pass
resource "aws_s3_bucket" "capital" {
  bucket = "compared-with-case"
}
resource "aws_s3_bucket_policy" "capital" {
  bucket = aws_s3_bucket.capital.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { StringEquals = { "aws:SecureTransport" = "False" } }
  }] })
}
resource "aws_s3_bucket" "capitals" {
  bucket = "matched-with-case"
}
resource "aws_s3_bucket_policy" "capitals" {
  bucket = aws_s3_bucket.capitals.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { StringLike = { "aws:SecureTransport" = "FALSE" } }
  }] })
}
resource "aws_s3_bucket" "star" {
  bucket = "compared-with-a-star"
}
resource "aws_s3_bucket_policy" "star" {
  bucket = aws_s3_bucket.star.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { StringEquals = { "aws:SecureTransport" = "*" } }
  }] })
}
resource "aws_s3_bucket" "star_of_bool" {
  bucket = "neither-true-nor-false"
}
resource "aws_s3_bucket_policy" "star_of_bool" {
  bucket = aws_s3_bucket.star_of_bool.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { Bool = { "aws:SecureTransport" = "*" } }
  }] })
}
resource "aws_s3_bucket" "any_case" {
  bucket = "compared-in-any-case"
}
resource "aws_s3_bucket_policy" "any_case" {
  bucket = aws_s3_bucket.any_case.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { StringEqualsIgnoreCase = { "aws:SecureTransport" = "False" } }
  }] })
}
resource "aws_s3_bucket" "any_case_of_bool" {
  bucket = "false-in-any-case"
}
resource "aws_s3_bucket_policy" "any_case_of_bool" {
  bucket = aws_s3_bucket.any_case_of_bool.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { Bool = { "aws:SecureTransport" = "False" } }
  }] })
}
resource "aws_s3_bucket" "like" {
  bucket = "matched-by-a-star"
}
resource "aws_s3_bucket_policy" "like" {
  bucket = aws_s3_bucket.like.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { StringLike = { "aws:SecureTransport" = "f*" } }
  }] })
}
# "false" is another text than "False", so that this denies all requests, those over plain HTTP too.
resource "aws_s3_bucket" "unequal" {
  bucket = "unequal-by-its-case"
}
resource "aws_s3_bucket_policy" "unequal" {
  bucket = aws_s3_bucket.unequal.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*", Resource = "*",
    Condition = { StringNotEquals = { "aws:SecureTransport" = "False" } }
  }] })
}

#### principals of the kind "*" that are not everyone
#= aws_s3_bucket_policy.account: fail
#= aws_s3_bucket.beside: pass
data "aws_iam_policy_document" "account" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["*"]
    principals {
      type        = "*"
      identifiers = ["arn:aws:iam::123456789012:root"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
data "aws_iam_policy_document" "beside" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::123456789012:root"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
resource "aws_s3_bucket" "account" {
  bucket = "denied-to-an-account"
}
resource "aws_s3_bucket_policy" "account" {
  bucket = aws_s3_bucket.account.id
  policy = data.aws_iam_policy_document.account.json
}
resource "aws_s3_bucket" "beside" {
  bucket = "denied-to-everyone"
}
resource "aws_s3_bucket_policy" "beside" {
  bucket = aws_s3_bucket.beside.id
  policy = data.aws_iam_policy_document.beside.json
}

#### a directory bucket that is named
#= aws_s3_bucket_policy.directory: nothing
#= aws_s3_bucket_policy.general: fail
resource "aws_s3_bucket_policy" "directory" {
  bucket = "data--euw1-az1--x-s3"
  policy = jsonencode({ Statement = [{
    Effect = "Allow", Principal = { AWS = "123456789012" }, Action = "s3express:CreateSession",
    Resource = "arn:aws:s3express:eu-west-1:123456789012:bucket/data--euw1-az1--x-s3"
  }] })
}
resource "aws_s3_bucket_policy" "general" {
  bucket = "data--x-s3-of-ours"
  policy = jsonencode({ Statement = [{
    Effect = "Allow", Principal = { AWS = "123456789012" }, Action = "s3:GetObject",
    Resource = "arn:aws:s3:::data--x-s3-of-ours/*"
  }] })
}

#### a Deny that is about another bucket
#= aws_s3_bucket_policy.of_another: fail, plan: nothing
#= aws_s3_bucket.judged: nothing, plan: unknown
#= aws_s3_bucket_policy.counted: fail, plan: nothing
#= aws_s3_bucket.counted[1]: nothing, plan: unknown
#= aws_s3_bucket.unnamed: unknown
#= aws_s3_bucket.another: fail
#= aws_s3_bucket.counted[0]: fail
#= aws_s3_bucket.random: fail
#= aws_s3_bucket.all_but_another: pass, plan: unknown
resource "aws_s3_bucket" "another" {
  bucket = "another-bucket-of-ours"
}
resource "aws_s3_bucket" "judged" {
  bucket = "judged-bucket-of-ours"
}
resource "aws_s3_bucket_policy" "of_another" {
  bucket = aws_s3_bucket.judged.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*",
    Resource  = [aws_s3_bucket.another.arn, "${aws_s3_bucket.another.arn}/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "counted" {
  count  = 2
  bucket = "counted-bucket-${count.index}"
}
resource "aws_s3_bucket_policy" "counted" {
  bucket = aws_s3_bucket.counted[1].id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*",
    Resource  = [aws_s3_bucket.counted[0].arn, "${aws_s3_bucket.counted[0].arn}/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "unnamed" {}
resource "aws_s3_bucket_policy" "unnamed" {
  bucket = aws_s3_bucket.unnamed.id
  policy = jsonencode({ Statement = [{
    Effect    = "Deny", Principal = "*", Action = "s3:*",
    Resource  = [aws_s3_bucket.random.arn, "${aws_s3_bucket.random.arn}/*"],
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
resource "aws_s3_bucket" "random" {}
resource "aws_s3_bucket" "all_but_another" {
  bucket = "all-but-another-of-ours"
}
resource "aws_s3_bucket_policy" "all_but_another" {
  bucket = aws_s3_bucket.all_but_another.id
  policy = jsonencode({ Statement = [{
    Effect      = "Deny", Principal = "*", Action = "s3:*",
    NotResource = [aws_s3_bucket.another.arn, "${aws_s3_bucket.another.arn}/*"],
    Condition   = { Bool = { "aws:SecureTransport" = "false" } }
  }] })
}
