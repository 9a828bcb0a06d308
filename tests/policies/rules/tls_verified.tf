# Sources: PostgreSQL's sslmode, MySQL's ssl-mode, Node.js's NODE_TLS_REJECT_UNAUTHORIZED and rejectUnauthorized,
# Python's requests, curl, wget and git, each in its own documentation; Vault's VAULT_SKIP_VERIFY.

#### user data
#= aws_instance.sound: pass
#= aws_instance.sslmode: fail
#= aws_instance.node: fail
#= aws_instance.reject: fail
#= aws_instance.curl: fail
#= aws_instance.python: fail
#= aws_instance.mysql: fail
#= aws_instance.vault: fail
#= aws_instance.verify_ssl: fail
#= aws_launch_template.encoded: fail
#= aws_launch_template.asked: unknown
variable "script" {}
resource "aws_instance" "sound" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = <<-EOT
    #!/bin/bash
    export PGSSLMODE=verify-full
    curl -fsSL --retry 5 https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem -o /etc/ssl/rds.pem
    export REDIS_URL=rediss://cache.example.com:6379
    export CACHE=redis://localhost:6379
    export VAULT_SKIP_VERIFY=false VERIFY_SSL=true NO_VERIFY_SSL=false
  EOT
}
resource "aws_instance" "sslmode" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = "DATABASE_URL=postgres://app@db.example.com/shop?sslmode=require"
}
resource "aws_instance" "node" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = "export NODE_TLS_REJECT_UNAUTHORIZED=0"
}
resource "aws_instance" "reject" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = "echo '{\"ssl\": {\"rejectUnauthorized\": false}}' > /etc/app.json"
}
resource "aws_instance" "curl" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = "curl -sk https://db.example.com/health"
}
resource "aws_instance" "python" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = "python3 -c 'import requests; requests.get(\"https://x.example.com\", verify=False)'"
}
resource "aws_instance" "mysql" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = "mysql --ssl-mode=PREFERRED --host db.example.com"
}
resource "aws_instance" "vault" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = "export VAULT_SKIP_VERIFY=1"
}
resource "aws_instance" "verify_ssl" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = "ELASTICSEARCH_VERIFY_SSL=no run"
}
resource "aws_launch_template" "encoded" {
  user_data = base64encode("GIT_SSL_NO_VERIFY=true git clone https://git.example.com/app")
}
resource "aws_launch_template" "asked" {
  user_data = var.script
}

#### environments and endpoints
#= aws_lambda_function.off: fail
#= aws_lambda_function.on: pass
#= aws_lambda_function.vault: fail
#= aws_lambda_function.verify_ssl: fail
#= aws_lambda_function.ssl_verify: fail
#= aws_ecs_task_definition.off: fail
#= aws_dms_endpoint.off: fail
#= aws_dms_endpoint.on: pass
resource "aws_lambda_function" "off" {
  function_name = "off"
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "function.zip"
  handler       = "index.handler"
  runtime       = "nodejs22.x"
  environment {
    variables = { NODE_TLS_REJECT_UNAUTHORIZED = "0" }
  }
}
resource "aws_lambda_function" "on" {
  function_name = "on"
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "function.zip"
  handler       = "index.handler"
  runtime       = "nodejs22.x"
  environment {
    variables = { DATABASE_SSLMODE = "verify-full" }
  }
}
resource "aws_lambda_function" "vault" {
  function_name = "vault"
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "function.zip"
  handler       = "index.handler"
  runtime       = "nodejs22.x"
  environment {
    variables = { VAULT_SKIP_VERIFY = "true" }
  }
}
resource "aws_lambda_function" "verify_ssl" {
  function_name = "verify_ssl"
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "function.zip"
  handler       = "index.handler"
  runtime       = "nodejs22.x"
  environment {
    variables = { VERIFY_SSL = "false" }
  }
}
resource "aws_lambda_function" "ssl_verify" {
  function_name = "ssl_verify"
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "function.zip"
  handler       = "index.handler"
  runtime       = "nodejs22.x"
  environment {
    variables = { SSL_VERIFY = "False" }
  }
}
resource "aws_ecs_task_definition" "off" {
  family = "off"
  container_definitions = jsonencode([{
    name        = "app"
    image       = "app:1"
    environment = [{ name = "PGSSLMODE", value = "disable" }]
  }])
}
resource "aws_dms_endpoint" "off" {
  endpoint_id   = "off"
  endpoint_type = "source"
  engine_name   = "postgres"
  ssl_mode      = "none"
}
resource "aws_dms_endpoint" "on" {
  endpoint_id   = "on"
  endpoint_type = "source"
  engine_name   = "postgres"
  ssl_mode      = "verify-full"
}

#### a Redis client without TLS
#= aws_instance.by_reference: fail, plan: unknown
#= aws_instance.by_name: fail
resource "aws_elasticache_replication_group" "main" {
  replication_group_id       = "main"
  description                = "main"
  transit_encryption_enabled = true
}
resource "aws_instance" "by_reference" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = "REDIS_URL=redis://${aws_elasticache_replication_group.main.primary_endpoint_address}:6379"
}
resource "aws_instance" "by_name" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = "REDIS_URL=redis://master.main.abc123.use1.cache.amazonaws.com:6379"
}
