# Sources: "Security policies" of Application and Network Load Balancers; Security Hub's ELB.17; CloudFront's supported protocols between
# viewers and CloudFront; aws_api_gateway_domain_name in the AWS provider's documentation.

#### load balancers
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-2-2021-06"]: fail
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-2-Res-2021-06"]: pass
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-3-2021-06"]: pass
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06"]: fail
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04"]: fail
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"]: pass
#= aws_lb_listener.policy["ELBSecurityPolicy-FS-1-2-Res-2020-10"]: fail
#= aws_lb_listener.policy["ELBSecurityPolicy-TLS-1-2-2017-01"]: fail
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
#= aws_cloudfront_distribution.version["TLSv1.2_2018"]: pass
#= aws_cloudfront_distribution.version["TLSv1.2_2019"]: pass
#= aws_cloudfront_distribution.version["TLSv1.2_2025"]: pass
#= aws_cloudfront_distribution.version["TLSv1_2016"]: fail
#= aws_cloudfront_distribution.version["TLSv1.1_2016"]: fail
#= aws_cloudfront_distribution.own_name: fail
#= aws_cloudfront_distribution.unsaid: fail
resource "aws_cloudfront_distribution" "version" {
  for_each = toset(["TLSv1.2_2021", "TLSv1.3_2025", "TLSv1.2_2018", "TLSv1.2_2019", "TLSv1.2_2025", "TLSv1.1_2016", "TLSv1_2016"])
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

#### CloudFront, with a certificate of one's own
#= aws_cloudfront_distribution.uploaded: pass
#= aws_cloudfront_distribution.asked: unknown
#= aws_cloudfront_distribution.referenced: pass
variable "certificate" {}
resource "aws_acm_certificate" "main" {
  domain_name       = "www.example.com"
  validation_method = "DNS"
}
resource "aws_cloudfront_distribution" "uploaded" {
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
    iam_certificate_id       = "ASCAEXAMPLEOFACERTIFICATE"
    minimum_protocol_version = "TLSv1.2_2019"
    ssl_support_method       = "sni-only"
  }
}
resource "aws_cloudfront_distribution" "asked" {
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
    acm_certificate_arn      = var.certificate
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}
resource "aws_cloudfront_distribution" "referenced" {
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
    acm_certificate_arn      = aws_acm_certificate.main.arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}

#### CloudFront without any certificate
#= never planned: CloudFront wants to be told of one, its own or another
#= aws_cloudfront_distribution.none: fail
#= aws_cloudfront_distribution.empty: fail
resource "aws_cloudfront_distribution" "none" {
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
    minimum_protocol_version = "TLSv1.2_2021"
  }
}
resource "aws_cloudfront_distribution" "empty" {
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
    acm_certificate_arn      = ""
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}

#### classic load balancers
#= aws_elb.bare: fail
#= aws_load_balancer_policy.old: fail
#= aws_elb.new: pass
#= aws_lb_ssl_negotiation_policy.versions: fail
#= aws_elb.negotiated: pass
#= aws_elb.half: fail
#= aws_elb.unseen: nothing
#= aws_load_balancer_listener_policy.unseen: unknown
#= aws_load_balancer_policy.elsewhere: fail
locals {
  cert = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
}
resource "aws_elb" "bare" {
  name               = "bare"
  availability_zones = ["us-east-1a"]
  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "HTTPS"
    ssl_certificate_id = local.cert
  }
}
resource "aws_elb" "plain" {
  name               = "plain"
  availability_zones = ["us-east-1a"]
  listener {
    instance_port     = 25
    instance_protocol = "tcp"
    lb_port           = 25
    lb_protocol       = "tcp"
  }
}
resource "aws_elb" "old" {
  name               = "old"
  availability_zones = ["us-east-1a"]
  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = local.cert
  }
}
resource "aws_load_balancer_policy" "old" {
  load_balancer_name = aws_elb.old.name
  policy_name        = "old"
  policy_type_name   = "SSLNegotiationPolicyType"
  policy_attribute {
    name  = "Reference-Security-Policy"
    value = "ELBSecurityPolicy-TLS-1-1-2017-01"
  }
}
resource "aws_load_balancer_listener_policy" "old" {
  load_balancer_name = aws_elb.old.name
  load_balancer_port = 443
  policy_names       = [aws_load_balancer_policy.old.policy_name]
}
resource "aws_elb" "new" {
  name               = "new"
  availability_zones = ["us-east-1a"]
  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 8443
    lb_protocol        = "ssl"
    ssl_certificate_id = local.cert
  }
}
resource "aws_load_balancer_policy" "new" {
  load_balancer_name = aws_elb.new.name
  policy_name        = "new"
  policy_type_name   = "SSLNegotiationPolicyType"
  policy_attribute {
    name  = "Protocol-TLSv1.2"
    value = "true"
  }
  policy_attribute {
    name  = "ECDHE-RSA-AES128-GCM-SHA256"
    value = "true"
  }
}
resource "aws_load_balancer_listener_policy" "new" {
  load_balancer_name = aws_elb.new.name
  load_balancer_port = 8443
  policy_names       = ["new"]
  depends_on         = [aws_load_balancer_policy.new]
}
resource "aws_elb" "versions" {
  name               = "versions"
  availability_zones = ["us-east-1a"]
  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = local.cert
  }
}
resource "aws_lb_ssl_negotiation_policy" "versions" {
  name          = "versions"
  load_balancer = aws_elb.versions.id
  lb_port       = 443
  attribute {
    name  = "Protocol-TLSv1"
    value = "true"
  }
  attribute {
    name  = "Protocol-TLSv1.2"
    value = "true"
  }
}
resource "aws_elb" "negotiated" {
  name               = "negotiated"
  availability_zones = ["us-east-1a"]
  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = local.cert
  }
}
resource "aws_lb_ssl_negotiation_policy" "negotiated" {
  name          = "negotiated"
  load_balancer = aws_elb.negotiated.id
  lb_port       = 443
  attribute {
    name  = "Reference-Security-Policy"
    value = "ELBSecurityPolicy-TLS-1-2-2017-01"
  }
}
# The policy of one port does nothing for the other.
resource "aws_elb" "half" {
  name               = "half"
  availability_zones = ["us-east-1a"]
  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = local.cert
  }
  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 8443
    lb_protocol        = "https"
    ssl_certificate_id = local.cert
  }
}
resource "aws_lb_ssl_negotiation_policy" "half" {
  name          = "half"
  load_balancer = aws_elb.half.id
  lb_port       = 8443
  attribute {
    name  = "Reference-Security-Policy"
    value = "ELBSecurityPolicy-TLS-1-2-2017-01"
  }
}
resource "aws_elb" "unseen" {
  name               = "unseen"
  availability_zones = ["us-east-1a"]
  listener {
    instance_port      = 80
    instance_protocol  = "http"
    lb_port            = 443
    lb_protocol        = "https"
    ssl_certificate_id = local.cert
  }
}
resource "aws_load_balancer_listener_policy" "unseen" {
  load_balancer_name = aws_elb.unseen.name
  load_balancer_port = 443
  policy_names       = ["made-by-hand"]
}
resource "aws_load_balancer_policy" "elsewhere" {
  load_balancer_name = "made-by-hand"
  policy_name        = "elsewhere"
  policy_type_name   = "SSLNegotiationPolicyType"
  policy_attribute {
    name  = "Reference-Security-Policy"
    value = "ELBSecurityPolicy-2015-05"
  }
}
