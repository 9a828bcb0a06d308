# Sources: the arguments marked sensitive in the AWS provider's documentation; formats of credentials as their issuers
# document them. No value here is or was a secret.

#### passwords in arguments
#= never planned: the provider random is not at hand
#= aws_db_instance.clear: fail
#= aws_db_instance.variable: fail
#= aws_db_instance.asked: unknown
#= aws_db_instance.generated: fail
#= aws_elasticache_replication_group.token: fail
#= aws_secretsmanager_secret_version.clear: fail
#= var.password: fail
variable "password" {
  default = "swordfish-of-the-day"
}
variable "asked" {
  sensitive = true
}
resource "random_password" "main" {
  length = 32
}
resource "aws_db_instance" "clear" {
  instance_class    = "db.t3.micro"
  engine            = "postgres"
  allocated_storage = 20
  username          = "app"
  password          = "swordfish-of-the-day"
}
resource "aws_db_instance" "variable" {
  instance_class    = "db.t3.micro"
  engine            = "postgres"
  allocated_storage = 20
  username          = "app"
  password          = var.password
}
resource "aws_db_instance" "asked" {
  instance_class    = "db.t3.micro"
  engine            = "postgres"
  allocated_storage = 20
  username          = "app"
  password          = var.asked
}
resource "aws_db_instance" "generated" {
  instance_class    = "db.t3.micro"
  engine            = "postgres"
  allocated_storage = 20
  username          = "app"
  password          = random_password.main.result
}
resource "aws_db_instance" "managed" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  password                    = null
}
resource "aws_elasticache_replication_group" "token" {
  replication_group_id       = "token"
  description                = "token"
  transit_encryption_enabled = true
  auth_token                 = "swordfish-of-the-day"
}
resource "aws_secretsmanager_secret_version" "clear" {
  secret_id     = "main"
  secret_string = jsonencode({ user = "app", password = "swordfish-of-the-day" })
}

#### environments
#= aws_lambda_function.clear: fail
#= aws_lambda_function.sound: pass
#= aws_ecs_task_definition.clear: fail
#= aws_ecs_task_definition.sound: pass
#= aws_codebuild_project.clear: fail
resource "aws_lambda_function" "clear" {
  function_name = "clear"
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "function.zip"
  handler       = "index.handler"
  runtime       = "nodejs22.x"
  environment {
    variables = {
      STAGE       = "prod"
      DB_PASSWORD = "swordfish-of-the-day"
    }
  }
}
resource "aws_lambda_function" "sound" {
  function_name = "sound"
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "function.zip"
  handler       = "index.handler"
  runtime       = "nodejs22.x"
  environment {
    variables = {
      DB_PASSWORD     = "arn:aws:secretsmanager:us-east-1:123456789012:secret:main-AbCdEf"
      DB_SECRET_ARN   = "arn:aws:secretsmanager:us-east-1:123456789012:secret:main-AbCdEf"
      TOKEN_TTL       = "3600"
      PASSWORD_LENGTH = "32"
      USE_TOKEN       = "true"
    }
  }
}
resource "aws_ecs_task_definition" "clear" {
  family = "clear"
  container_definitions = jsonencode([{
    name        = "app"
    image       = "app:1"
    environment = [{ name = "STAGE", value = "prod" }, { name = "API_KEY", value = "swordfish-of-the-day" }]
  }])
}
resource "aws_ecs_task_definition" "sound" {
  family = "sound"
  container_definitions = jsonencode([{
    name        = "app"
    image       = "app:1"
    secrets     = [{ name = "API_KEY", valueFrom = "arn:aws:ssm:us-east-1:123456789012:parameter/key" }]
    environment = [{ name = "TOKEN", value = "" }]
  }])
}
resource "aws_codebuild_project" "clear" {
  name         = "clear"
  service_role = "arn:aws:iam::123456789012:role/build"
  artifacts {
    type = "NO_ARTIFACTS"
  }
  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
    type         = "LINUX_CONTAINER"
    environment_variable {
      name  = "NPM_TOKEN"
      value = "swordfish-of-the-day"
    }
  }
  source {
    type = "NO_SOURCE"
  }
}

#### user data, as text and in base64
#= aws_instance.text: fail
#= aws_instance.encoded: fail
#= aws_launch_template.function: fail
#= aws_launch_template.nested: fail
#= aws_instance.sound: pass
#= aws_launch_template.asked: unknown
variable "script" {}
resource "aws_instance" "text" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = <<-EOT
    #!/bin/bash
    export DATABASE_PASSWORD="swordfish-of-the-day"
    run
  EOT
}
resource "aws_instance" "encoded" {
  ami              = "ami-0123456789abcdef0"
  instance_type    = "t3.micro"
  user_data_base64 = "IyEvYmluL2Jhc2gKZXhwb3J0IERBVEFCQVNFX1BBU1NXT1JEPXN3b3JkZmlzaC1vZi10aGUtZGF5Cg=="
}
resource "aws_launch_template" "function" {
  user_data = base64encode("#cloud-config\nruncmd:\n  - echo 'password: swordfish-of-the-day' > /etc/app.yml\n")
}
resource "aws_launch_template" "nested" {
  user_data = base64encode(jsonencode({
    write_files = [{ path = "/etc/app.env", encoding = "b64", content = base64encode("API_TOKEN=swordfish-of-the-day\n") }]
  }))
}
resource "aws_instance" "sound" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  user_data     = <<-EOT
    #!/bin/bash
    TOKEN=$(curl -sX PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
    export DATABASE_PASSWORD="$(aws secretsmanager get-secret-value --secret-id "$SECRET_ARN")"
    export DATABASE_PASSWORD_FILE=/run/secrets/database
  EOT
}
resource "aws_launch_template" "asked" {
  user_data = var.script
}

#### credentials of known forms, wherever they stand
#= aws_ssm_parameter.access_key: fail
#= aws_ssm_parameter.private_key: fail
#= aws_ssm_parameter.url: fail
#= aws_ssm_parameter.token: fail
resource "aws_ssm_parameter" "access_key" {
  name  = "access"
  type  = "String"
  value = "AKIAQWERTYUIOPASDFGH"
}
resource "aws_ssm_parameter" "private_key" {
  name  = "private"
  type  = "String"
  value = "-----BEGIN EC PRIVATE KEY-----\nnothing\n-----END EC PRIVATE KEY-----"
}
resource "aws_ssm_parameter" "url" {
  name  = "url"
  type  = "String"
  value = "postgres://app:swordfish@db.example.com:5432/shop"
}
resource "aws_ssm_parameter" "token" {
  name  = "token"
  type  = "String"
  value = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"
}
resource "aws_ssm_parameter" "harmless" {
  name  = "harmless"
  type  = "String"
  value = "postgres://app@db.example.com:5432/shop"
}
resource "aws_sns_topic" "tagged" {
  kms_master_key_id = "alias/aws/sns"
  tags              = { Secret = "holds no secret" }
}

#### outputs
#= output.database_password: fail
#= output.connection: fail
#= output.hidden_token: pass
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
output "database_password" {
  value = "swordfish-of-the-day"
}
output "connection" {
  value = "postgres://app:swordfish@db.example.com/shop"
}
output "hidden_token" {
  value     = "swordfish-of-the-day"
  sensitive = true
}
output "secret_arn" {
  value = aws_db_instance.main.arn
}

#### names that programs have for their secrets
#= aws_lambda_function.all["DB_PASS"]: fail
#= aws_lambda_function.all["PGPASSWORD"]: fail
#= aws_lambda_function.all["RABBITMQ_DEFAULT_PASS"]: fail
#= aws_lambda_function.all["SECRET_KEY_BASE"]: fail
#= aws_lambda_function.all["spring_datasource_password"]: fail
#= aws_lambda_function.all["GITHUB_PAT"]: fail
resource "aws_lambda_function" "all" {
  for_each      = toset(["DB_PASS", "PGPASSWORD", "RABBITMQ_DEFAULT_PASS", "SECRET_KEY_BASE", "spring_datasource_password", "GITHUB_PAT", "DB_PASSWORD_FILE", "COMPASS"])
  function_name = each.key
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "function.zip"
  handler       = "index.handler"
  runtime       = "nodejs22.x"
  environment {
    variables = zipmap([each.key], ["swordfish-of-the-day"])
  }
}

#### what is named like a secret and is none
#= output.master_user_secret: pass
#= var.ssm_api_token: pass
#= aws_codebuild_project.named: pass
resource "aws_efs_file_system" "share" {
  creation_token = "share"
  encrypted      = true
}
resource "aws_rds_cluster" "main" {
  engine                      = "aurora-postgresql"
  master_username             = "owner"
  manage_master_user_password = true
}
output "master_user_secret" {
  value = aws_rds_cluster.main.master_user_secret
}
output "db_password_parameter" {
  value = "/live/db/password"
}
variable "ssm_api_token" {
  default = "web/api-token"
}
variable "session_token_path" {
  default = "/live/web/session-token"
}
resource "aws_codebuild_project" "named" {
  name         = "named"
  service_role = "arn:aws:iam::123456789012:role/build"
  artifacts {
    type = "NO_ARTIFACTS"
  }
  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
    type         = "LINUX_CONTAINER"
    environment_variable {
      name  = "NPM_TOKEN"
      value = "npm-token-of-the-shop"
      type  = "SECRETS_MANAGER"
    }
    environment_variable {
      name  = "TOKEN"
      value = "$CODEBUILD_TOKEN"
    }
  }
  source {
    type = "NO_SOURCE"
  }
}

#### the clear part around what is not seen
#= aws_secretsmanager_secret_version.uri: unknown
#= aws_lambda_function.around: unknown
#= aws_secretsmanager_secret_version.clear: fail, plan: unknown
variable "password" {
  sensitive = true
}
variable "host" {}
resource "aws_secretsmanager_secret" "uri" {
  name = "uri"
}
resource "aws_secretsmanager_secret_version" "uri" {
  secret_id     = aws_secretsmanager_secret.uri.id
  secret_string = "postgres://shop:${var.password}@${var.host}:5432/shop"
}
resource "aws_lambda_function" "around" {
  function_name = "around"
  role          = "arn:aws:iam::123456789012:role/lambda"
  filename      = "function.zip"
  handler       = "index.handler"
  runtime       = "nodejs22.x"
  environment {
    variables = { API_TOKEN = "prefix-${var.password}" }
  }
}
resource "aws_secretsmanager_secret_version" "clear" {
  secret_id     = aws_secretsmanager_secret.uri.id
  secret_string = "postgres://shop:swordfish@${var.host}:5432/shop"
}

#### parameters, tags and user data of other forms
#= aws_ssm_parameter.kept: fail
#= aws_ssm_parameter.later: pass
#= aws_sns_topic.tagged: fail
#= aws_launch_template.cloud_init: fail
#= aws_launch_template.commands: fail
resource "aws_ssm_parameter" "kept" {
  name  = "/shop/main"
  type  = "SecureString"
  value = "swordfish-of-the-day"
}
resource "aws_ssm_parameter" "later" {
  name  = "/shop/later"
  type  = "SecureString"
  value = "CHANGE_ME"
  lifecycle {
    ignore_changes = [value]
  }
}
resource "aws_sns_topic" "tagged" {
  kms_master_key_id = "alias/aws/sns"
  tags              = { AdminPassword = "swordfish" }
}
resource "aws_launch_template" "cloud_init" {
  user_data = base64encode(join("\n", [
    "#cloud-config",
    "write_files:",
    "  - path: /etc/rabbitmq/rabbitmq.conf",
    "    content: |",
    "      default_user = shop",
    "      default_pass = swordfish",
    "",
  ]))
}
resource "aws_launch_template" "commands" {
  user_data = base64encode("#!/bin/sh\nmysqladmin -u root -pswordfish status\n")
}

#### user data that is given what is not seen
#= aws_launch_template.asked: unknown
#= aws_launch_template.called: unknown
#= aws_launch_template.arn: pass, plan: unknown
variable "password" {
  sensitive = true
}
resource "aws_secretsmanager_secret" "main" {
  name = "main"
}
resource "aws_launch_template" "asked" {
  user_data = base64encode("#!/bin/sh\nexport DB_PASSWORD=${var.password}\n")
}
resource "aws_launch_template" "called" {
  user_data = base64encode("<?php\ndefine('DB_PASSWORD', '${var.password}');\n")
}
resource "aws_launch_template" "arn" {
  user_data = base64encode("#!/bin/sh\nexport DB_SECRET=${aws_secretsmanager_secret.main.arn}\n")
}

#### charts and their values
#= never planned: the provider helm is not at hand
#= helm_release.values: fail
#= helm_release.set: fail
resource "helm_release" "values" {
  name   = "values"
  chart  = "postgresql"
  values = [yamlencode({ auth = { existingSecret = "shop", postgresPassword = "swordfish-of-the-day" } })]
}
resource "helm_release" "set" {
  name  = "set"
  chart = "postgresql"
  set {
    name  = "auth.rootPassword"
    value = "swordfish-of-the-day"
  }
}
resource "helm_release" "sound" {
  name   = "sound"
  chart  = "postgresql"
  values = [yamlencode({ auth = { existingSecret = "shop" } })]
}

#### numbers that Terraform makes texts of
#= aws_db_instance.number: fail
#= aws_lambda_function.number: fail
#= aws_lambda_function.switches: nothing
resource "aws_db_instance" "number" {
  engine            = "mysql"
  instance_class    = "db.t3.micro"
  allocated_storage = 20
  username          = "app"
  password          = 1234567890
}
resource "aws_lambda_function" "number" {
  function_name = "number"
  role          = "arn:aws:iam::000000000000:role/number"
  image_uri     = "000000000000.dkr.ecr.us-east-1.amazonaws.com/number:1"
  package_type  = "Image"
  environment {
    variables = { DB_PASSWORD = 1234567890 }
  }
}
resource "aws_lambda_function" "switches" {
  function_name = "switches"
  role          = "arn:aws:iam::000000000000:role/switches"
  image_uri     = "000000000000.dkr.ecr.us-east-1.amazonaws.com/switches:1"
  package_type  = "Image"
  environment {
    variables = { TOKEN_TTL = 3600, KEY_SIZE = 4096 }
  }
}

#### what containers run
#= aws_ecs_task_definition.vector: fail
#= aws_ecs_task_definition.shell: fail
#= aws_ecs_task_definition.option: fail
#= aws_ecs_task_definition.health: fail
#= aws_ecs_task_definition.sound: nothing
resource "aws_ecs_task_definition" "vector" {
  family                = "vector"
  container_definitions = jsonencode([{ name = "a", image = "redis", command = ["redis-server", "--requirepass", "swordfish"] }])
}
resource "aws_ecs_task_definition" "shell" {
  family                = "shell"
  container_definitions = jsonencode([{ name = "a", image = "redis", command = ["sh", "-c", "redis-server --requirepass swordfish"] }])
}
resource "aws_ecs_task_definition" "option" {
  family                = "option"
  container_definitions = jsonencode([{ name = "a", image = "redis", entryPoint = ["run", "--password", "swordfish"] }])
}
resource "aws_ecs_task_definition" "health" {
  family = "health"
  container_definitions = jsonencode([
    { name = "a", image = "mysql", healthCheck = { command = ["CMD-SHELL", "mysqladmin ping -u root -pswordfish"] } }
  ])
}
resource "aws_ecs_task_definition" "sound" {
  family                = "sound"
  container_definitions = jsonencode([{ name = "a", image = "redis", command = ["redis-server", "--requirepass", "$PASS", "--port", "6379"] }])
}

#### a document around a number that is not known
#= aws_ecs_task_definition.clear: fail, plan: unknown
#= aws_ecs_task_definition.asked: unknown
#= var.port: nothing
variable "port" {}
variable "definitions" {}
resource "aws_ecs_task_definition" "clear" {
  family                = "clear"
  container_definitions = <<-JSON
    [{"name":"a","image":"a","cpu":${var.port},"environment":[{"name":"DB_PASSWORD","value":"swordfish-of-the-day"}]}]
  JSON
}
resource "aws_ecs_task_definition" "asked" {
  family                = "asked"
  container_definitions = var.definitions
}

#### parameters in clear by another argument
#= aws_ssm_parameter.insecure: fail
resource "aws_ssm_parameter" "insecure" {
  name           = "/shop/db_password"
  type           = "String"
  insecure_value = "swordfish-of-the-day"
}
