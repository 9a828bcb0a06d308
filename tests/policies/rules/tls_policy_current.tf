# Sources: "Security policies" of Application and Network Load Balancers; CloudFront's supported protocols between
# viewers and CloudFront; aws_api_gateway_domain_name in the AWS provider's documentation.

#### load balancers
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-2-2021-06"]: pass
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-2-Res-2021-06"]: pass
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-3-2021-06"]: pass
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06"]: pass
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04"]: pass
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"]: pass
#= aws_lb_listener.policy["ELBSecurityPolicy-FS-1-2-Res-2020-10"]: pass
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS-1-2-2017-01"]: pass
#= aws_lb_listener.policy["ELBSecurityPolicy-2016-08"]: fail
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS-1-1-2017-01"]: fail
#= aws_lb_listener.policy["ELBSecurityPolicy-FS-2018-06"]: fail
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-0-2021-06"]: fail
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-1-2021-06"]: fail
#= aws_lb_listener.unsaid: fail
#= aws_lb_listener.asked: unknown
variable "policy" {}
locals {
  arn    = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/main/50dc6c495c0c9188"
  target = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/main/73e2d6bc24d8a067"
  cert   = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
}
resource "aws_lb_listener" "policy" {
  for_each = toset([
    "ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "ELBSecurityPolicy-FS-1-2-Res-2020-10", "ELBSecurityPolicy-TLS-1-2-2017-01", "ELBSecurityPolicy-2016-08",
    "ELBSecurityPolicy-TLS-1-1-2017-01", "ELBSecurityPolicy-FS-2018-06", "ELBSecurityPolicy-TLS13-1-0-2021-06",
    "ELBSecurityPolicy-TLS13-1-1-2021-06"
  ])
  load_balancer_arn = local.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = each.value
  certificate_arn   = local.cert
  default_action {
    type             = "forward"
    target_group_arn = local.target
  }
}
resource "aws_lb_listener" "unsaid" {
  load_balancer_arn = local.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = local.cert
  default_action {
    type             = "forward"
    target_group_arn = local.target
  }
}
resource "aws_lb_listener" "asked" {
  load_balancer_arn = local.arn
  port              = 443
  protocol          = "TLS"
  ssl_policy        = var.policy
  certificate_arn   = local.cert
  default_action {
    type             = "forward"
    target_group_arn = local.target
  }
}
resource "aws_lb_listener" "plain" {
  load_balancer_arn = local.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = local.target
  }
}

#### a policy that is not known yet
#= never planned: AWS knows its policies
#= aws_lb_listener.main: unknown
resource "aws_lb_listener" "main" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/main/50dc6c495c0c9188"
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-Tomorrow-2031-01"
}

#### domain names of APIs
#= aws_api_gateway_domain_name.new: pass
#= aws_api_gateway_domain_name.old: fail
#= aws_apigatewayv2_domain_name.new: pass
resource "aws_api_gateway_domain_name" "new" {
  domain_name     = "new.example.com"
  security_policy = "TLS_1_2"
}
resource "aws_api_gateway_domain_name" "old" {
  domain_name     = "old.example.com"
  security_policy = "TLS_1_0"
}
resource "aws_apigatewayv2_domain_name" "new" {
  domain_name = "http.example.com"
  domain_name_configuration {
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

#### CloudFront
#= aws_cloudfront_distribution.version["TLSv1.2_2021"]: pass
#= aws_cloudfront_distribution.version["TLSv1.3_2025"]: pass
#= aws_cloudfront_distribution.version["TLSv1.2_2018"]: fail
#= aws_cloudfront_distribution.version["TLSv1.1_2016"]: fail
#= aws_cloudfront_distribution.own_name: fail
#= aws_cloudfront_distribution.unsaid: fail
resource "aws_cloudfront_distribution" "version" {
  for_each = toset(["TLSv1.2_2021", "TLSv1.3_2025", "TLSv1.2_2018", "TLSv1.1_2016"])
  enabled  = true
  origin {
    domain_name = "origin.example.com"
    origin_id   = "origin"
  }
  default_cache_behavior {
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    target_origin_id       = "origin"
    viewer_protocol_policy = "https-only"
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
  viewer_certificate {
    acm_certificate_arn      = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    minimum_protocol_version = each.key
    ssl_support_method       = "sni-only"
  }
}
resource "aws_cloudfront_distribution" "own_name" {
  enabled = true
  origin {
    domain_name = "origin.example.com"
    origin_id   = "origin"
  }
  default_cache_behavior {
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    target_origin_id       = "origin"
    viewer_protocol_policy = "https-only"
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
  viewer_certificate {
    cloudfront_default_certificate = true
  }
}
resource "aws_cloudfront_distribution" "unsaid" {
  enabled = true
  origin {
    domain_name = "origin.example.com"
    origin_id   = "origin"
  }
  default_cache_behavior {
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    target_origin_id       = "origin"
    viewer_protocol_policy = "https-only"
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
  viewer_certificate {
    acm_certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    ssl_support_method  = "sni-only"
  }
}
