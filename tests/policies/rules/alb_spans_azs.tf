# Sources: `subnets` and `subnet_mapping` of aws_lb, `availability_zones` of aws_elb in the AWS provider's documentation.

#### load balancers
#= aws_lb.two: pass
#= aws_lb.mapped: pass
#= aws_lb.mapped_once: fail
#= aws_lb.same: fail
#= aws_lb.literal: unknown
#= aws_elb.zones: pass
#= aws_elb.zone: fail
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.1.0/24"
  availability_zone = "us-east-1a"
}
resource "aws_subnet" "a_again" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.3.0/24"
  availability_zone = "us-east-1a"
}
resource "aws_subnet" "b" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.2.0/24"
  availability_zone = "us-east-1b"
}
resource "aws_lb" "two" {
  subnets = [aws_subnet.a.id, aws_subnet.b.id]
}
resource "aws_lb" "mapped" {
  load_balancer_type = "network"
  subnet_mapping {
    subnet_id = aws_subnet.a.id
  }
  subnet_mapping {
    subnet_id = aws_subnet.b.id
  }
}
resource "aws_lb" "mapped_once" {
  load_balancer_type = "network"
  subnet_mapping {
    subnet_id = aws_subnet.a.id
  }
}
resource "aws_lb" "same" {
  subnets = [aws_subnet.a.id, aws_subnet.a_again.id]
}
resource "aws_lb" "literal" {
  subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
}
resource "aws_elb" "zones" {
  availability_zones = ["us-east-1a", "us-east-1b"]
  listener {
    instance_port     = 8080
    instance_protocol = "http"
    lb_port           = 80
    lb_protocol       = "http"
  }
}
resource "aws_elb" "zone" {
  availability_zones = ["us-east-1a"]
  listener {
    instance_port     = 8080
    instance_protocol = "http"
    lb_port           = 80
    lb_protocol       = "http"
  }
}
