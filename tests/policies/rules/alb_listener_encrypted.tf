# Sources: aws_lb_listener, aws_lb_listener_rule and aws_elb in the AWS provider's documentation.

#### HTTPS, and HTTP that redirects
#= aws_lb_listener.https: pass
#= aws_lb_listener.redirect: pass
#= aws_lb_listener.forward: fail
#= aws_lb_listener.fixed: fail
#= aws_lb_listener.to_http: fail
#= aws_lb_listener.keeps_protocol: fail
#= aws_lb_listener.unsaid: fail
variable "arn" {
  default = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/main/50dc6c495c0c9188"
}
locals {
  target = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/main/73e2d6bc24d8a067"
}
resource "aws_lb_listener" "https" {
  load_balancer_arn = var.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
  default_action {
    type             = "forward"
    target_group_arn = local.target
  }
}
resource "aws_lb_listener" "redirect" {
  load_balancer_arn = var.arn
  port              = "80"
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}
resource "aws_lb_listener" "forward" {
  load_balancer_arn = var.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = local.target
  }
}
resource "aws_lb_listener" "fixed" {
  load_balancer_arn = var.arn
  port              = 8080
  protocol          = "HTTP"
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "200"
    }
  }
}
resource "aws_lb_listener" "to_http" {
  load_balancer_arn = var.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      port        = "8080"
      protocol    = "HTTP"
      status_code = "HTTP_302"
    }
  }
}
resource "aws_lb_listener" "keeps_protocol" {
  load_balancer_arn = var.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      path        = "/elsewhere"
      status_code = "HTTP_302"
    }
  }
}
resource "aws_lb_listener" "unsaid" {
  load_balancer_arn = var.arn
  port              = 80
  default_action {
    type             = "forward"
    target_group_arn = local.target
  }
}

#### a rule that serves plain HTTP behind a redirect
#= aws_lb_listener_rule.legacy: fail
resource "aws_lb_listener" "redirect" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/main/50dc6c495c0c9188"
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}
resource "aws_lb_listener_rule" "legacy" {
  listener_arn = aws_lb_listener.redirect.arn
  action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/main/73e2d6bc24d8a067"
  }
  condition {
    path_pattern {
      values = ["/legacy/*"]
    }
  }
}

#### network load balancers
#= aws_lb_listener.tls: pass
resource "aws_lb_listener" "tls" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/main/50dc6c495c0c9188"
  port              = 443
  protocol          = "TLS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/main/73e2d6bc24d8a067"
  }
}
resource "aws_lb_listener" "tcp" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/main/50dc6c495c0c9188"
  port              = 5000
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/main/73e2d6bc24d8a067"
  }
}

#### a protocol nobody knows
#= aws_lb_listener.main: unknown
variable "protocol" {}
resource "aws_lb_listener" "main" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/main/50dc6c495c0c9188"
  port              = 80
  protocol          = var.protocol
  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/main/73e2d6bc24d8a067"
  }
}

#### classic load balancers
#= aws_elb.https: pass
#= aws_elb.http: fail
resource "aws_elb" "https" {
  availability_zones = ["us-east-1a", "us-east-1b"]
  listener {
    instance_port      = 8080
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
  }
}
resource "aws_elb" "http" {
  availability_zones = ["us-east-1a", "us-east-1b"]
  listener {
    instance_port     = 8080
    instance_protocol = "http"
    lb_port           = 80
    lb_protocol       = "HTTP"
  }
}

#### gateway load balancers, whose listeners have no protocol
#= aws_lb_listener.unsaid: fail
locals {
  targets = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/main/73e2d6bc24d8a067"
}
resource "aws_lb_listener" "by_arn" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/gwy/main/50dc6c495c0c9188"
  default_action {
    type             = "forward"
    target_group_arn = local.targets
  }
}
# An application load balancer speaks HTTP where nothing is said.
resource "aws_lb_listener" "unsaid" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/main/50dc6c495c0c9188"
  port              = 80
  default_action {
    type             = "forward"
    target_group_arn = local.targets
  }
}
