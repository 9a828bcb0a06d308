# Sources: IAM, "Identity and access management for AWS Secrets Manager"; `master_user_secret` of aws_db_instance in
# the AWS provider's documentation.

#### exactly its own
#= aws_launch_template.main: pass, plan: unknown
resource "aws_kms_key" "main" {}
resource "aws_db_instance" "main" {
  instance_class                = "db.t3.micro"
  engine                        = "postgres"
  allocated_storage             = 20
  username                      = "app"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = aws_kms_key.main.arn
}
resource "aws_iam_role" "main" {
  name               = "main"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "aws_iam_role_policy" "main" {
  role = aws_iam_role.main.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_db_instance.main.master_user_secret[0].secret_arn },
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = [aws_kms_key.main.arn] },
      { Effect = "Allow", Action = "logs:PutLogEvents", Resource = "*" }
    ]
  })
}
resource "aws_iam_role_policy_attachment" "main" {
  role       = aws_iam_role.main.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}
resource "aws_iam_instance_profile" "main" {
  role = aws_iam_role.main.name
}
resource "aws_launch_template" "main" {
  iam_instance_profile {
    arn = aws_iam_instance_profile.main.arn
  }
  user_data = base64encode("export SECRET=${aws_db_instance.main.master_user_secret[0].secret_arn}")
}

#### by ARN: its own, every one, another, none
#= aws_instance.own: pass
#= aws_instance.every: fail
#= aws_instance.prefix: fail
#= aws_instance.other: fail
#= aws_instance.none: fail
#= aws_instance.no_role: fail
#= aws_instance.keys: fail
locals {
  secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf"
  grants = {
    own    = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-??????" }]
    every  = [{ Effect = "Allow", Action = "secretsmanager:*", Resource = "*" }]
    prefix = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = "arn:aws:secretsmanager:us-east-1:123456789012:secret:*" }]
    other  = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf", "arn:aws:secretsmanager:us-east-1:123456789012:secret:bank-AbCdEf"] }]
    none   = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }]
    keys   = [{ Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf" }, { Effect = "Allow", Action = "kms:*", Resource = "*" }]
  }
}
resource "aws_iam_role" "all" {
  for_each           = local.grants
  name               = each.key
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "aws_iam_role_policy" "all" {
  for_each = local.grants
  role     = aws_iam_role.all[each.key].name
  policy   = jsonencode({ Version = "2012-10-17", Statement = each.value })
}
resource "aws_iam_instance_profile" "all" {
  for_each = local.grants
  name     = each.key
  role     = aws_iam_role.all[each.key].name
}
resource "aws_instance" "own" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.all["own"].name
  user_data            = "export SECRET=${local.secret}"
}
resource "aws_instance" "every" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.all["every"].name
  user_data            = "export SECRET=${local.secret}"
}
resource "aws_instance" "prefix" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.all["prefix"].name
  user_data            = "export SECRET=${local.secret}"
}
resource "aws_instance" "other" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.all["other"].name
  user_data            = "export SECRET=${local.secret}"
}
resource "aws_instance" "none" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.all["none"].name
  user_data            = "export SECRET=${local.secret}"
}
resource "aws_instance" "keys" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.all["keys"].name
  user_data            = "export SECRET=${local.secret}"
}
resource "aws_instance" "no_role" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = "export SECRET=${local.secret}"
}
resource "aws_instance" "needs_nothing" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
}

#### what is not seen
#= aws_instance.their_profile: unknown
#= aws_launch_template.asked: unknown
#= aws_iam_role_policy_attachment.theirs: unknown
variable "script" {}
resource "aws_iam_role" "main" {
  name               = "main"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "aws_iam_role_policy_attachment" "theirs" {
  role       = aws_iam_role.main.name
  policy_arn = "arn:aws:iam::123456789012:policy/made-by-somebody-else"
}
resource "aws_iam_instance_profile" "main" {
  name = "main"
  role = aws_iam_role.main.name
}
resource "aws_instance" "their_profile" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = "made-by-somebody-else"
}
resource "aws_launch_template" "asked" {
  user_data = var.script
}
resource "aws_instance" "main" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.main.name
}

#### what an Allow may cover and what a Deny surely does
#= aws_instance.others: pass
#= aws_instance.all_but: fail
#= aws_instance.spared: pass
#= aws_instance.denied: fail
#= aws_instance.sometimes: fail
#= aws_iam_role_policy.all["asked"]: unknown
variable "effect" {}
locals {
  secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf"
  read   = { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf" }
  grants = {
    others    = [local.read, { Effect = "Allow", NotAction = ["secretsmanager:*", "KMS:*"], Resource = "*" }]
    all_but   = [{ Effect = "Allow", NotAction = "iam:*", Resource = "*" }]
    spared    = [{ Effect = "Allow", Action = "secretsmanager:*", Resource = "*" }, { Effect = "Deny", Action = "*", NotResource = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf" }]
    denied    = [local.read, { Effect = "Deny", Action = "secretsmanager:*", Resource = "*" }]
    sometimes = [{ Effect = "Allow", Action = "secretsmanager:*", Resource = "*" }, { Effect = "Deny", Action = "secretsmanager:*", Resource = "*", Condition = { Bool = { "aws:MultiFactorAuthPresent" = "false" } } }]
    asked     = [local.read, { Effect = var.effect, Action = "secretsmanager:*", Resource = "*" }]
  }
}
resource "aws_iam_role" "all" {
  for_each           = toset(["others", "all_but", "spared", "denied", "sometimes", "asked"])
  name               = each.key
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "aws_iam_role_policy" "all" {
  for_each = toset(["others", "all_but", "spared", "denied", "sometimes", "asked"])
  role     = aws_iam_role.all[each.key].name
  policy   = jsonencode({ Version = "2012-10-17", Statement = local.grants[each.key] })
}
resource "aws_iam_instance_profile" "all" {
  for_each = toset(["others", "all_but", "spared", "denied", "sometimes", "asked"])
  name     = each.key
  role     = aws_iam_role.all[each.key].name
}
resource "aws_instance" "others" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.all["others"].name
  user_data            = "export SECRET=${local.secret}"
}
resource "aws_instance" "all_but" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.all["all_but"].name
  user_data            = "export SECRET=${local.secret}"
}
resource "aws_instance" "spared" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.all["spared"].name
  user_data            = "export SECRET=${local.secret}"
}
resource "aws_instance" "denied" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.all["denied"].name
  user_data            = "export SECRET=${local.secret}"
}
resource "aws_instance" "sometimes" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.all["sometimes"].name
  user_data            = "export SECRET=${local.secret}"
}
resource "aws_instance" "asked" {
  ami                  = "ami-0123456789abcdef0"
  instance_type        = "t3.micro"
  iam_instance_profile = aws_iam_instance_profile.all["asked"].name
  user_data            = "export SECRET=${local.secret}"
}
