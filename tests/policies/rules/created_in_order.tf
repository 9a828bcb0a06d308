# Sources: the pages named in policies/aws/prerequisites.json; Terraform's documentation of `depends_on` and of references.

#### a load balancer and the gateway of its network
#= aws_lb.waits: pass
#= aws_lb.waits_for_a_route: pass
#= aws_lb.hurries: fail
#= aws_lb.elsewhere: fail
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_vpc" "other" {
  cidr_block = "10.1.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.0.0/24"
  availability_zone = "us-east-1a"
}
resource "aws_subnet" "b" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.1.0/24"
  availability_zone = "us-east-1b"
}
resource "aws_subnet" "other" {
  vpc_id            = aws_vpc.other.id
  cidr_block        = "10.1.0.0/24"
  availability_zone = "us-east-1a"
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_internet_gateway" "other" {
  vpc_id = aws_vpc.other.id
}
resource "aws_route_table" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route" "main" {
  route_table_id         = aws_route_table.main.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
resource "aws_lb" "waits" {
  subnets    = [aws_subnet.a.id, aws_subnet.b.id]
  depends_on = [aws_internet_gateway.main]
}
resource "aws_lb" "waits_for_a_route" {
  load_balancer_type = "network"
  subnet_mapping {
    subnet_id = aws_subnet.a.id
  }
  tags = { Route = aws_route.main.id }
}
resource "aws_lb" "hurries" {
  subnets = [aws_subnet.a.id, aws_subnet.b.id]
}
resource "aws_lb" "inside" {
  internal = true
  subnets  = [aws_subnet.a.id, aws_subnet.b.id]
}
resource "aws_lb" "elsewhere" {
  load_balancer_type = "network"
  subnets            = [aws_subnet.other.id]
  depends_on         = [aws_internet_gateway.main]
}

#### a network without a gateway
#= aws_nat_gateway.public: fail
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_eip" "nat" {}
resource "aws_nat_gateway" "public" {
  subnet_id     = aws_subnet.a.id
  allocation_id = aws_eip.nat.id
}
resource "aws_nat_gateway" "private" {
  subnet_id         = aws_subnet.a.id
  connectivity_type = "private"
}

#### a gateway attached on its own
#= aws_nat_gateway.waits: pass
#= aws_nat_gateway.hurries: fail
#= aws_route.hurries: fail
#= aws_route.waits: pass
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_internet_gateway" "main" {}
resource "aws_internet_gateway_attachment" "main" {
  vpc_id              = aws_vpc.main.id
  internet_gateway_id = aws_internet_gateway.main.id
}
resource "aws_nat_gateway" "waits" {
  subnet_id     = aws_subnet.a.id
  allocation_id = "eipalloc-0123456789abcdef0"
  depends_on    = [aws_internet_gateway_attachment.main]
}
resource "aws_nat_gateway" "hurries" {
  subnet_id     = aws_subnet.a.id
  allocation_id = "eipalloc-0123456789abcdef1"
  depends_on    = [aws_internet_gateway.main]
}
resource "aws_route_table" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route" "hurries" {
  route_table_id         = aws_route_table.main.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
resource "aws_route" "waits" {
  route_table_id              = aws_route_table.main.id
  destination_ipv6_cidr_block = "::/0"
  gateway_id                  = aws_internet_gateway_attachment.main.internet_gateway_id
}

#### a network that others made
#= aws_lb.with_its_gateway_here: fail
data "aws_vpc" "shared" {
  id = "vpc-0123456789abcdef0"
}
data "aws_vpc" "another" {
  id = "vpc-0123456789abcdef1"
}
resource "aws_internet_gateway" "shared" {
  vpc_id = data.aws_vpc.shared.id
}
resource "aws_subnet" "shared" {
  vpc_id     = data.aws_vpc.shared.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_subnet" "another" {
  vpc_id     = data.aws_vpc.another.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_lb" "with_its_gateway_here" {
  load_balancer_type = "network"
  subnets            = [aws_subnet.shared.id]
}
resource "aws_lb" "with_its_gateway_there" {
  load_balancer_type = "network"
  subnets            = [aws_subnet.another.id]
}
resource "aws_lb" "in_a_subnet_that_others_made" {
  load_balancer_type = "network"
  subnets            = ["subnet-0123456789abcdef0"]
}

#### modules: by what the output is made of, and by the whole
#= module.web.aws_lb.main: fail
#= module.patient.aws_lb.main: pass
#= module.named.aws_lb.main: pass
#= aws_lb.of_an_output: fail
#= aws_lb.of_the_whole: pass
#> main.tf
module "network" {
  source = "./network"
}
module "web" {
  source  = "./web"
  subnets = module.network.subnets
}
module "patient" {
  source     = "./web"
  subnets    = module.network.subnets
  depends_on = [module.network]
}
module "named" {
  source  = "./web"
  subnets = module.network.subnets
  name    = module.network.gateway
}
resource "aws_lb" "of_an_output" {
  load_balancer_type = "network"
  subnets            = module.network.subnets
}
resource "aws_lb" "of_the_whole" {
  load_balancer_type = "network"
  subnets            = module.network.subnets
  depends_on         = [module.network]
}
#> network/main.tf
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "main" {
  count      = 2
  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet("10.0.0.0/16", 8, count.index)
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
output "subnets" {
  value = aws_subnet.main[*].id
}
output "gateway" {
  value = aws_internet_gateway.main.id
}
#> web/main.tf
variable "subnets" {
  type = list(string)
}
variable "name" {
  type    = string
  default = "none"
}
resource "aws_lb" "main" {
  load_balancer_type = "network"
  subnets            = var.subnets
  tags               = { Gateway = var.name }
}

#### an output that waits by itself
#= aws_lb.main: pass
#> main.tf
module "network" {
  source = "./network"
}
resource "aws_lb" "main" {
  load_balancer_type = "network"
  subnets            = module.network.subnets
}
#> network/main.tf
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "main" {
  for_each   = { a = "10.0.0.0/24", b = "10.0.1.0/24" }
  vpc_id     = aws_vpc.main.id
  cidr_block = each.value
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
output "subnets" {
  value      = [for subnet in aws_subnet.main : subnet.id]
  depends_on = [aws_internet_gateway.main]
}

#### local values, which a plan does not record
#= aws_lb.waits: pass, plan: unknown
#= aws_lb.hurries: fail, plan: unknown
locals {
  subnets = [aws_subnet.a.id]
  gateway = aws_internet_gateway.main.id
}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_lb" "waits" {
  load_balancer_type = "network"
  subnets            = local.subnets
  tags               = { Gateway = local.gateway }
}
resource "aws_lb" "hurries" {
  load_balancer_type = "network"
  subnets            = local.subnets
}

#### target groups and what leads to them
#= aws_autoscaling_policy.hurries: fail
#= aws_autoscaling_policy.waits: pass
#= aws_ecs_service.hurries: fail
#= aws_ecs_service.waits: pass
#= aws_ecs_service.by_a_rule: pass
#= aws_ecs_service.without_any: fail
resource "aws_lb" "main" {
  internal = true
  subnets  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
}
resource "aws_lb_target_group" "web" {
  port     = 80
  protocol = "HTTP"
  vpc_id   = "vpc-0123456789abcdef0"
}
resource "aws_lb_target_group" "api" {
  port     = 80
  protocol = "HTTP"
  vpc_id   = "vpc-0123456789abcdef0"
}
resource "aws_lb_target_group" "unused" {
  port     = 80
  protocol = "HTTP"
  vpc_id   = "vpc-0123456789abcdef0"
}
resource "aws_lb_listener" "web" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}
resource "aws_lb_listener_rule" "api" {
  listener_arn = aws_lb_listener.web.arn
  action {
    type = "forward"
    forward {
      target_group {
        arn = aws_lb_target_group.api.arn
      }
    }
  }
  condition {
    path_pattern {
      values = ["/api/*"]
    }
  }
}
resource "aws_autoscaling_policy" "hurries" {
  name                   = "requests"
  autoscaling_group_name = "web"
  policy_type            = "TargetTrackingScaling"
  target_tracking_configuration {
    target_value = 100
    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.main.arn_suffix}/${aws_lb_target_group.web.arn_suffix}"
    }
  }
}
resource "aws_autoscaling_policy" "waits" {
  name                   = "requests"
  autoscaling_group_name = "web"
  policy_type            = "TargetTrackingScaling"
  target_tracking_configuration {
    target_value = 100
    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.main.arn_suffix}/${aws_lb_target_group.web.arn_suffix}"
    }
  }
  depends_on = [aws_lb_listener.web]
}
resource "aws_autoscaling_policy" "by_load" {
  name                   = "load"
  autoscaling_group_name = "web"
  policy_type            = "TargetTrackingScaling"
  target_tracking_configuration {
    target_value = 50
    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
resource "aws_ecs_service" "hurries" {
  name            = "hurries"
  task_definition = "web:1"
  load_balancer {
    target_group_arn = aws_lb_target_group.web.arn
    container_name   = "web"
    container_port   = 80
  }
}
resource "aws_ecs_service" "waits" {
  name            = "waits"
  task_definition = "web:1"
  load_balancer {
    target_group_arn = aws_lb_target_group.web.arn
    container_name   = "web"
    container_port   = 80
  }
  tags = { Listener = aws_lb_listener.web.arn }
}
resource "aws_ecs_service" "by_a_rule" {
  name            = "by-a-rule"
  task_definition = "web:1"
  load_balancer {
    target_group_arn = aws_lb_target_group.api.arn
    container_name   = "web"
    container_port   = 80
  }
  depends_on = [aws_lb_listener_rule.api]
}
resource "aws_ecs_service" "without_any" {
  name            = "without-any"
  task_definition = "web:1"
  load_balancer {
    target_group_arn = aws_lb_target_group.unused.arn
    container_name   = "web"
    container_port   = 80
  }
}

#### what buckets have to allow first
#= aws_s3_bucket_acl.waits: pass
#= aws_s3_bucket_acl.hurries: fail
#= aws_s3_bucket_acl.not_allowed: fail
#= aws_s3_bucket_replication_configuration.files: fail
resource "aws_s3_bucket" "files" {
  bucket = "files-of-this-case"
}
resource "aws_s3_bucket" "more" {
  bucket = "more-of-this-case"
}
resource "aws_s3_bucket_ownership_controls" "files" {
  bucket = aws_s3_bucket.files.id
  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}
resource "aws_s3_bucket_ownership_controls" "more" {
  bucket = aws_s3_bucket.more.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}
resource "aws_s3_bucket_acl" "waits" {
  bucket     = aws_s3_bucket.files.id
  acl        = "private"
  depends_on = [aws_s3_bucket_ownership_controls.files]
}
resource "aws_s3_bucket_acl" "hurries" {
  bucket = aws_s3_bucket.files.bucket
  acl    = "private"
}
resource "aws_s3_bucket_acl" "not_allowed" {
  bucket     = aws_s3_bucket.more.id
  acl        = "private"
  depends_on = [aws_s3_bucket_ownership_controls.more]
}
resource "aws_s3_bucket_acl" "of_others" {
  bucket = "a-bucket-that-others-made"
  acl    = "private"
}
resource "aws_s3_bucket_versioning" "files" {
  bucket = aws_s3_bucket.files.id
  versioning_configuration {
    status = "Enabled"
  }
}
resource "aws_s3_bucket_replication_configuration" "files" {
  bucket = aws_s3_bucket_versioning.files.bucket
  role   = "arn:aws:iam::000000000000:role/replication"
  rule {
    status = "Enabled"
    destination {
      bucket = aws_s3_bucket.more.arn
    }
  }
}

#### a bucket by what is set up beside it
#= aws_s3_bucket_acl.files: pass
resource "aws_s3_bucket" "files" {
  bucket = "files-of-this-case"
}
resource "aws_s3_bucket_public_access_block" "files" {
  bucket = aws_s3_bucket.files.id
}
resource "aws_s3_bucket_ownership_controls" "files" {
  bucket = aws_s3_bucket_public_access_block.files.id
  rule {
    object_ownership = "ObjectWriter"
  }
}
resource "aws_s3_bucket_acl" "files" {
  bucket     = aws_s3_bucket.files.id
  acl        = "private"
  depends_on = [aws_s3_bucket_ownership_controls.files]
}

#### targets that are functions, and others
#= aws_lb_target_group_attachment.api: fail
resource "aws_instance" "web" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
}
resource "aws_lambda_function" "api" {
  function_name = "api"
  role          = "arn:aws:iam::000000000000:role/api"
  image_uri     = "000000000000.dkr.ecr.us-east-1.amazonaws.com/api:1"
  package_type  = "Image"
}
resource "aws_lambda_permission" "api" {
  function_name = aws_lambda_function.api.function_name
  action        = "lambda:InvokeFunction"
  principal     = "elasticloadbalancing.amazonaws.com"
}
resource "aws_lb_target_group_attachment" "web" {
  target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/web/0123456789abcdef"
  target_id        = aws_instance.web.id
}
resource "aws_lb_target_group_attachment" "api" {
  target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/api/0123456789abcdef"
  target_id        = aws_lambda_function.api.arn
}

#### who may be told of what happens in a bucket
#= aws_s3_bucket_notification.hurries: fail
#= aws_s3_bucket_notification.waits: pass
resource "aws_s3_bucket" "files" {
  bucket = "files-of-this-case"
}
resource "aws_sns_topic" "open" {
  name   = "open"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "sns:Publish", Resource = "*" }] })
}
resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}
resource "aws_sqs_queue_policy" "jobs" {
  queue_url = aws_sqs_queue.jobs.id
  policy    = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "sqs:SendMessage", Resource = "*" }] })
}
resource "aws_s3_bucket_notification" "hurries" {
  bucket = aws_s3_bucket.files.id
  queue {
    queue_arn = aws_sqs_queue.jobs.arn
    events    = ["s3:ObjectCreated:*"]
  }
}
resource "aws_s3_bucket_notification" "waits" {
  bucket = aws_s3_bucket.files.id
  queue {
    queue_arn = aws_sqs_queue.jobs.arn
    events    = ["s3:ObjectCreated:*"]
  }
  depends_on = [aws_sqs_queue_policy.jobs]
}
resource "aws_s3_bucket_notification" "to_an_open_topic" {
  bucket = aws_s3_bucket.files.id
  topic {
    topic_arn = aws_sns_topic.open.arn
    events    = ["s3:ObjectCreated:*"]
  }
}

#### certificates that are not issued yet
#= aws_lb_listener.hurries: fail
#= aws_lb_listener.waits: pass
resource "aws_acm_certificate" "main" {
  domain_name       = "shop.example.com"
  validation_method = "DNS"
}
resource "aws_acm_certificate" "imported" {
  private_key      = "-----BEGIN PRIVATE KEY-----"
  certificate_body = "-----BEGIN CERTIFICATE-----"
}
resource "aws_acm_certificate_validation" "main" {
  certificate_arn = aws_acm_certificate.main.arn
}
resource "aws_lb_listener" "hurries" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/web/0123456789abcdef"
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = aws_acm_certificate.main.arn
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
    }
  }
}
resource "aws_lb_listener" "waits" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/web/0123456789abcdef"
  port              = 444
  protocol          = "HTTPS"
  certificate_arn   = aws_acm_certificate_validation.main.certificate_arn
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
    }
  }
}
resource "aws_lb_listener" "with_one_that_was_imported" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/web/0123456789abcdef"
  port              = 445
  protocol          = "HTTPS"
  certificate_arn   = aws_acm_certificate.imported.arn
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
    }
  }
}

#### what an account has once in a Region is waited for in the same one
#= aws_securityhub_standards_subscription.here: pass
#= aws_securityhub_standards_subscription.there: fail
resource "aws_securityhub_account" "here" {}
resource "aws_securityhub_account" "there" {
  provider = aws.there
}
resource "aws_securityhub_standards_subscription" "here" {
  standards_arn = "arn:aws:securityhub:us-east-1::standards/aws-foundational-security-best-practices/v/1.0.0"
  depends_on    = [aws_securityhub_account.here]
}
resource "aws_securityhub_standards_subscription" "there" {
  provider      = aws.there
  standards_arn = "arn:aws:securityhub:eu-west-1::standards/aws-foundational-security-best-practices/v/1.0.0"
  depends_on    = [aws_securityhub_account.here]
}
provider "aws" {
  alias  = "there"
  region = "eu-west-1"
}

#### one for the whole account
#= aws_config_delivery_channel.main: fail
#= aws_config_configuration_recorder_status.main: pass
resource "aws_config_configuration_recorder" "main" {
  role_arn = "arn:aws:iam::000000000000:role/config"
}
resource "aws_config_delivery_channel" "main" {
  s3_bucket_name = "records-of-this-case"
}
resource "aws_config_configuration_recorder_status" "main" {
  name       = aws_config_configuration_recorder.main.name
  is_enabled = true
  depends_on = [aws_config_delivery_channel.main]
}

#### two things that both have to be the same
#= aws_route.waits: pass
#= aws_route.hurries: fail
resource "aws_vpc" "a" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_vpc" "b" {
  cidr_block = "10.1.0.0/16"
}
resource "aws_ec2_transit_gateway" "main" {}
resource "aws_ec2_transit_gateway_vpc_attachment" "a" {
  transit_gateway_id = aws_ec2_transit_gateway.main.id
  vpc_id             = aws_vpc.a.id
  subnet_ids         = ["subnet-0123456789abcdef0"]
}
resource "aws_ec2_transit_gateway_vpc_attachment" "b" {
  transit_gateway_id = aws_ec2_transit_gateway.main.id
  vpc_id             = aws_vpc.b.id
  subnet_ids         = ["subnet-0123456789abcdef1"]
}
resource "aws_route_table" "a" {
  vpc_id = aws_vpc.a.id
}
resource "aws_route_table" "b" {
  vpc_id = aws_vpc.b.id
}
resource "aws_route" "waits" {
  route_table_id         = aws_route_table.a.id
  destination_cidr_block = "10.9.0.0/16"
  transit_gateway_id     = aws_ec2_transit_gateway_vpc_attachment.a.transit_gateway_id
}
resource "aws_route" "hurries" {
  route_table_id         = aws_route_table.b.id
  destination_cidr_block = "10.9.0.0/16"
  transit_gateway_id     = aws_ec2_transit_gateway.main.id
  depends_on             = [aws_ec2_transit_gateway_vpc_attachment.a]
}

#### variables that nobody has given
#= aws_lb.hurries: unknown
#= aws_lb.waits: pass
#= never planned: Terraform asks for the values
variable "subnets" {
  type = list(string)
}
variable "vpc_id" {
  type = string
}
resource "aws_internet_gateway" "main" {
  vpc_id = var.vpc_id
}
resource "aws_lb" "hurries" {
  load_balancer_type = "network"
  subnets            = var.subnets
}
resource "aws_lb" "waits" {
  load_balancer_type = "network"
  subnets            = var.subnets
  depends_on         = [aws_internet_gateway.main]
}

#### references in quotes, as Terraform 0.11 had them
#= aws_nat_gateway.waits: pass
#= aws_nat_gateway.hurries: fail
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_nat_gateway" "waits" {
  subnet_id     = aws_subnet.a.id
  allocation_id = "eipalloc-0123456789abcdef0"
  depends_on    = ["aws_internet_gateway.main"]
}
resource "aws_nat_gateway" "hurries" {
  subnet_id     = aws_subnet.a.id
  allocation_id = "eipalloc-0123456789abcdef1"
  tags          = { Waits = "aws_internet_gateway.main" }
}

#### a gateway that may be attached already
#= aws_route.out: unknown
#= never planned: Terraform asks for the values
variable "vpc_id" {
  type = string
}
resource "aws_internet_gateway" "main" {
  vpc_id = var.vpc_id
}
resource "aws_route_table" "main" {
  vpc_id = var.vpc_id
}
resource "aws_route" "out" {
  route_table_id         = aws_route_table.main.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

#### what the provider asks for again until it is there
#= nothing
resource "aws_lambda_function" "work" {
  function_name = "work"
  role          = "arn:aws:iam::000000000000:role/work"
  image_uri     = "000000000000.dkr.ecr.us-east-1.amazonaws.com/work:1"
  package_type  = "Image"
}
resource "aws_lambda_permission" "logs" {
  function_name = aws_lambda_function.work.function_name
  action        = "lambda:InvokeFunction"
  principal     = "logs.amazonaws.com"
}
resource "aws_lambda_permission" "secrets" {
  function_name = aws_lambda_function.work.function_name
  action        = "lambda:InvokeFunction"
  principal     = "secretsmanager.amazonaws.com"
}
resource "aws_cloudwatch_log_group" "web" {
  name = "web"
}
resource "aws_cloudwatch_log_subscription_filter" "web" {
  name            = "web"
  log_group_name  = aws_cloudwatch_log_group.web.name
  filter_pattern  = ""
  destination_arn = aws_lambda_function.work.arn
}
resource "aws_secretsmanager_secret" "main" {
  name = "main"
}
resource "aws_secretsmanager_secret_rotation" "main" {
  secret_id           = aws_secretsmanager_secret.main.id
  rotation_lambda_arn = aws_lambda_function.work.arn
  rotation_rules {
    automatically_after_days = 30
  }
}
resource "aws_s3_bucket" "files" {
  bucket = "files-of-this-case"
}
resource "aws_s3_bucket_versioning" "files" {
  bucket = aws_s3_bucket.files.id
  versioning_configuration {
    status = "Enabled"
  }
}
resource "aws_s3_bucket_replication_configuration" "files" {
  bucket = aws_s3_bucket.files.id
  role   = "arn:aws:iam::000000000000:role/replication"
  rule {
    status = "Enabled"
    destination {
      bucket = "arn:aws:s3:::a-bucket-that-others-made"
    }
  }
}
