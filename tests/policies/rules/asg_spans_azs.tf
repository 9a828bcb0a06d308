# Sources: `vpc_zone_identifier` and `availability_zones` of aws_autoscaling_group in the AWS provider's documentation.

#### by subnets and by zones
#= aws_autoscaling_group.two: pass
#= aws_autoscaling_group.one: fail
#= aws_autoscaling_group.zones: pass
#= aws_autoscaling_group.zone: fail
#= aws_autoscaling_group.literal: unknown
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "private" {
  for_each          = { a = "10.0.11.0/24", b = "10.0.12.0/24" }
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "us-east-1${each.key}"
}
resource "aws_launch_template" "main" {
  image_id      = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
}
resource "aws_autoscaling_group" "two" {
  max_size            = 4
  min_size            = 2
  vpc_zone_identifier = values(aws_subnet.private)[*].id
  launch_template {
    id = aws_launch_template.main.id
  }
}
resource "aws_autoscaling_group" "one" {
  max_size            = 4
  min_size            = 2
  vpc_zone_identifier = [aws_subnet.private["a"].id]
  launch_template {
    id = aws_launch_template.main.id
  }
}
resource "aws_autoscaling_group" "zones" {
  max_size           = 4
  min_size           = 2
  availability_zones = ["us-east-1a", "us-east-1b"]
  launch_template {
    id = aws_launch_template.main.id
  }
}
resource "aws_autoscaling_group" "zone" {
  max_size           = 4
  min_size           = 2
  availability_zones = ["us-east-1a"]
  launch_template {
    id = aws_launch_template.main.id
  }
}
resource "aws_autoscaling_group" "literal" {
  max_size            = 4
  min_size            = 2
  vpc_zone_identifier = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  launch_template {
    id = aws_launch_template.main.id
  }
}

#### nowhere
#= never planned: AWS wants a zone or a subnet
#= aws_autoscaling_group.main: fail
resource "aws_autoscaling_group" "main" {
  max_size = 4
  min_size = 2
  launch_template {
    id = aws_launch_template.main.id
  }
}
