# Sources: aws_backup_selection and aws_backup_plan in the AWS provider's documentation; AWS Backup Developer Guide,
# "Assign resources to a backup plan".

#### by tag
#= aws_ebs_volume.tagged: pass
#= aws_ebs_volume.other: fail
#= aws_ebs_volume.bare: fail
#= aws_ebs_volume.asked: unknown
variable "backup" {}
resource "aws_backup_plan" "daily" {
  name = "daily"
  rule {
    rule_name         = "daily"
    target_vault_name = "main"
    schedule          = "cron(0 3 * * ? *)"
    lifecycle {
      delete_after = 7
    }
  }
}
resource "aws_backup_selection" "tagged" {
  name         = "tagged"
  plan_id      = aws_backup_plan.daily.id
  iam_role_arn = "arn:aws:iam::123456789012:role/backup"
  selection_tag {
    type  = "STRINGEQUALS"
    key   = "Backup"
    value = "daily"
  }
}
resource "aws_ebs_volume" "tagged" {
  availability_zone = "us-east-1a"
  size              = 10
  tags              = { Backup = "daily" }
}
resource "aws_ebs_volume" "other" {
  availability_zone = "us-east-1a"
  size              = 10
  tags              = { Backup = "never" }
}
resource "aws_ebs_volume" "bare" {
  availability_zone = "us-east-1a"
  size              = 10
}
resource "aws_ebs_volume" "asked" {
  availability_zone = "us-east-1a"
  size              = 10
  tags              = { Backup = var.backup }
}

#### by ARN, and taken out again
#= aws_ebs_volume.named: pass
#= aws_ebs_volume.left_out: fail
resource "aws_backup_plan" "daily" {
  name = "daily"
  rule {
    rule_name         = "daily"
    target_vault_name = "main"
    schedule          = "cron(0 3 * * ? *)"
  }
}
resource "aws_backup_selection" "all" {
  name          = "all"
  plan_id       = aws_backup_plan.daily.id
  iam_role_arn  = "arn:aws:iam::123456789012:role/backup"
  resources     = ["arn:aws:ec2:*:*:volume/*"]
  not_resources = [aws_ebs_volume.left_out.arn]
}
resource "aws_ebs_volume" "named" {
  availability_zone = "us-east-1a"
  size              = 10
}
resource "aws_ebs_volume" "left_out" {
  availability_zone = "us-east-1a"
  size              = 10
}

#### with a condition
#= aws_ebs_volume.prod: pass
#= aws_ebs_volume.dev: fail
resource "aws_backup_plan" "daily" {
  name = "daily"
  rule {
    rule_name         = "daily"
    target_vault_name = "main"
    schedule          = "cron(0 3 * * ? *)"
  }
}
resource "aws_backup_selection" "prod" {
  name         = "prod"
  plan_id      = aws_backup_plan.daily.id
  iam_role_arn = "arn:aws:iam::123456789012:role/backup"
  resources    = ["*"]
  condition {
    string_equals {
      key   = "aws:ResourceTag/Environment"
      value = "prod"
    }
  }
}
resource "aws_ebs_volume" "prod" {
  availability_zone = "us-east-1a"
  size              = 10
  tags              = { Environment = "prod" }
}
resource "aws_ebs_volume" "dev" {
  availability_zone = "us-east-1a"
  size              = 10
  tags              = { Environment = "dev" }
}

#### instances and templates
#= aws_instance.main: pass
#= aws_instance.by_volume: pass
#= aws_launch_template.volume: pass
#= aws_launch_template.bare: fail
resource "aws_backup_plan" "daily" {
  name = "daily"
  rule {
    rule_name         = "daily"
    target_vault_name = "main"
    schedule          = "cron(0 3 * * ? *)"
    lifecycle {
      delete_after = 35
    }
  }
}
resource "aws_backup_selection" "tagged" {
  name         = "tagged"
  plan_id      = aws_backup_plan.daily.id
  iam_role_arn = "arn:aws:iam::123456789012:role/backup"
  selection_tag {
    type  = "STRINGEQUALS"
    key   = "Backup"
    value = "daily"
  }
}
resource "aws_instance" "main" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  tags          = { Backup = "daily" }
}
resource "aws_instance" "by_volume" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  volume_tags   = { Backup = "daily" }
}
resource "aws_launch_template" "volume" {
  tag_specifications {
    resource_type = "volume"
    tags          = { Backup = "daily" }
  }
}
resource "aws_launch_template" "bare" {
  tags = { Backup = "daily" }
  tag_specifications {
    resource_type = "network-interface"
    tags          = { Backup = "daily" }
  }
}

#### plans that keep too little, or are made elsewhere
#= aws_ebs_volume.short: fail
#= aws_ebs_volume.theirs: unknown
resource "aws_backup_plan" "short" {
  name = "short"
  rule {
    rule_name         = "short"
    target_vault_name = "main"
    schedule          = "cron(0 3 * * ? *)"
    lifecycle {
      delete_after = 3
    }
  }
}
resource "aws_backup_selection" "short" {
  name         = "short"
  plan_id      = aws_backup_plan.short.id
  iam_role_arn = "arn:aws:iam::123456789012:role/backup"
  resources    = [aws_ebs_volume.short.arn]
}
resource "aws_backup_selection" "theirs" {
  name         = "theirs"
  plan_id      = "12345678-1234-1234-1234-123456789012"
  iam_role_arn = "arn:aws:iam::123456789012:role/backup"
  resources    = [aws_ebs_volume.theirs.arn]
}
resource "aws_ebs_volume" "short" {
  availability_zone = "us-east-1a"
  size              = 10
}
resource "aws_ebs_volume" "theirs" {
  availability_zone = "us-east-1a"
  size              = 10
}

#### tags that the provider gives
#= aws_ebs_volume.main: pass
provider "aws" {
  region = "us-east-1"
  default_tags {
    tags = { Backup = "daily" }
  }
}
resource "aws_backup_plan" "daily" {
  name = "daily"
  rule {
    rule_name         = "daily"
    target_vault_name = "main"
    schedule          = "cron(0 3 * * ? *)"
  }
}
resource "aws_backup_selection" "tagged" {
  name         = "tagged"
  plan_id      = aws_backup_plan.daily.id
  iam_role_arn = "arn:aws:iam::123456789012:role/backup"
  selection_tag {
    type  = "STRINGEQUALS"
    key   = "Backup"
    value = "daily"
  }
}
resource "aws_ebs_volume" "main" {
  availability_zone = "us-east-1a"
  size              = 10
}

#### handed to a module that is not seen
#= never planned: the module is nowhere to be had
#= aws_ebs_volume.handed: unknown
#= aws_ebs_volume.kept: fail
resource "aws_ebs_volume" "handed" {
  availability_zone = "us-east-1a"
  size              = 1
}
resource "aws_ebs_volume" "kept" {
  availability_zone = "us-east-1a"
  size              = 1
}
locals {
  all = [aws_ebs_volume.handed.arn]
}
module "guard" {
  source = "example.com/guards/guard/aws"
  name   = "guard"
  things = { first = local.all }
}

#### how often a plan runs
#= aws_ebs_volume.daily["unsaid"]: pass
#= aws_ebs_volume.daily["weekdays"]: pass
#= aws_ebs_volume.daily["often"]: pass
#= aws_ebs_volume.seldom["sundays"]: fail
#= aws_ebs_volume.seldom["monthly"]: fail
#= aws_ebs_volume.seldom["working_days"]: fail
#= aws_ebs_volume.seldom["other_days"]: fail
#= aws_ebs_volume.seldom["half_a_year"]: fail
locals {
  daily = {
    unsaid   = null
    weekdays = "cron(0 3 ? * * *)"
    often    = "cron(0 */6 * * ? *)"
  }
  seldom = {
    sundays      = "cron(0 3 ? * SUN *)"
    monthly      = "cron(0 3 1 * ? *)"
    working_days = "cron(0 3 ? * MON-FRI *)"
    other_days   = "cron(0 3 */2 * ? *)"
    half_a_year  = "cron(0 3 * 1-6 ? *)"
  }
}
resource "aws_ebs_volume" "daily" {
  for_each          = local.daily
  availability_zone = "us-east-1a"
  size              = 1
  encrypted         = true
  tags              = { Schedule = each.key }
}
resource "aws_ebs_volume" "seldom" {
  for_each          = local.seldom
  availability_zone = "us-east-1a"
  size              = 1
  encrypted         = true
  tags              = { Schedule = each.key }
}
resource "aws_backup_plan" "main" {
  for_each = merge(local.daily, local.seldom)
  name     = "main"
  rule {
    rule_name         = "main"
    target_vault_name = "main"
    schedule          = each.value
    lifecycle {
      delete_after = 30
    }
  }
}
resource "aws_backup_selection" "main" {
  for_each     = merge(local.daily, local.seldom)
  name         = "main"
  plan_id      = aws_backup_plan.main[each.key].id
  iam_role_arn = "arn:aws:iam::000000000000:role/backup"
  selection_tag {
    type  = "STRINGEQUALS"
    key   = "Schedule"
    value = each.key
  }
}
