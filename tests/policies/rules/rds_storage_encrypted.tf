# Sources: the arguments of aws_db_instance, aws_rds_cluster, aws_docdb_cluster and aws_neptune_cluster in the
# AWS provider's documentation; Amazon RDS User Guide, "Encrypting Amazon RDS resources".

#### an instance with a key of its own
#= aws_db_instance.main: pass
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  storage_encrypted           = true
  kms_key_id                  = aws_kms_key.main.arn
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_kms_key" "main" {}

#### an instance that says nothing
#= aws_db_instance.main: fail
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}

#### an instance that says no
#= aws_db_instance.main: fail
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = false
}

#### null is nothing
#= aws_db_instance.main: fail
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = null
}

#### texts that Terraform takes for booleans
#= aws_db_instance.yes: pass
#= aws_db_instance.no: fail
resource "aws_db_instance" "yes" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = "true"
}
resource "aws_db_instance" "no" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = "false"
}

#### a variable with a default
#= aws_db_instance.on: pass
#= aws_db_instance.off: fail
variable "on" {
  type    = bool
  default = true
}
variable "off" {
  default = false
}
resource "aws_db_instance" "on" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = var.on
}
resource "aws_db_instance" "off" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = var.off
}

#### a variable that nobody sets
#= aws_db_instance.main: unknown
variable "encrypted" {
  type = bool
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = var.encrypted
}

#### a variable set in terraform.tfvars
#= aws_db_instance.main: fail
variable "encrypted" {
  type    = bool
  default = true
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = var.encrypted
}
#> terraform.tfvars
encrypted = false

#### locals and conditions
#= aws_db_instance.main: pass
#= aws_db_instance.other: fail
variable "environment" {
  default = "prod"
}
locals {
  is_prod = var.environment == "prod"
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = local.is_prod ? true : false
}
resource "aws_db_instance" "other" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = !local.is_prod
}

#### counted and keyed
#= aws_db_instance.counted[0]: pass
#= aws_db_instance.counted[1]: fail
#= aws_db_instance.keyed["safe"]: pass
#= aws_db_instance.keyed["open"]: fail
resource "aws_db_instance" "counted" {
  count                       = 2
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = count.index == 0
}
resource "aws_db_instance" "keyed" {
  for_each                    = { safe = true, open = false }
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = each.value
}

#### none at all
#= nothing
resource "aws_db_instance" "main" {
  count                       = 0
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_kms_key" "main" {}

#### in a module
#= module.database.aws_db_instance.main: fail
#= module.copies["a"].aws_db_instance.main: pass
module "database" {
  source = "./modules/db"
}
module "copies" {
  source    = "./modules/db"
  for_each  = toset(["a"])
  encrypted = true
}
#> modules/db/main.tf
variable "encrypted" {
  type    = bool
  default = false
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = var.encrypted
}

#### written in JSON, blocks in lists
#= aws_db_instance.main: fail
#= aws_rds_cluster.main: pass
#> main.tf.json
{
  "resource": [
    {"aws_db_instance": [{"main": [{"instance_class": "db.t3.micro", "engine": "postgres", "allocated_storage": 20,
          "username": "app", "manage_master_user_password": true, "storage_encrypted": "${false}"}]}]},
    {"aws_rds_cluster": {"main": {"engine": "aurora-postgresql", "storage_encrypted": "true"}}}
  ]
}

#### read replicas take it from their source
#= aws_db_instance.main: pass
#= aws_db_instance.replica: pass
#= aws_db_instance.plain: fail
#= aws_db_instance.plain_replica: fail
#= aws_db_instance.elsewhere: unknown
resource "aws_db_instance" "main" {
  identifier                  = "main"
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = true
}
resource "aws_db_instance" "replica" {
  instance_class      = "db.t3.micro"
  replicate_source_db = aws_db_instance.main.identifier
}
resource "aws_db_instance" "plain" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = false
}
resource "aws_db_instance" "plain_replica" {
  instance_class      = "db.t3.micro"
  replicate_source_db = aws_db_instance.plain.arn
}
resource "aws_db_instance" "elsewhere" {
  instance_class      = "db.t3.micro"
  replicate_source_db = "arn:aws:rds:us-east-1:123456789012:db:main"
}

#### restored from snapshots
#= aws_db_instance.main: fail
#= aws_db_instance.of_ours: fail
#= aws_db_instance.of_others: unknown
#= aws_db_instance.unsaid: unknown
#= aws_rds_cluster.with_key: pass
#= aws_rds_cluster.without_key: unknown
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_snapshot" "main" {
  db_instance_identifier = aws_db_instance.main.identifier
  db_snapshot_identifier = "main"
}
resource "aws_db_instance" "of_ours" {
  instance_class      = "db.t3.micro"
  snapshot_identifier = aws_db_snapshot.main.id
  storage_encrypted   = true
}
resource "aws_db_instance" "of_others" {
  instance_class      = "db.t3.micro"
  snapshot_identifier = "rds:production-2026-11-01-03-00"
  storage_encrypted   = true
}
resource "aws_db_instance" "unsaid" {
  instance_class      = "db.t3.micro"
  snapshot_identifier = "rds:production-2026-11-01-03-00"
}
resource "aws_rds_cluster" "with_key" {
  engine              = "aurora-postgresql"
  snapshot_identifier = "production"
  storage_encrypted   = true
  kms_key_id          = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
}
resource "aws_rds_cluster" "without_key" {
  engine              = "aurora-postgresql"
  snapshot_identifier = "production"
  storage_encrypted   = true
}

#### to a point in time
#= aws_db_instance.source: pass
#= aws_db_instance.restored: pass
#= aws_db_instance.unseen: unknown
resource "aws_db_instance" "source" {
  identifier                  = "source"
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = true
}
resource "aws_db_instance" "restored" {
  instance_class    = "db.t3.micro"
  storage_encrypted = true
  restore_to_point_in_time {
    source_db_instance_identifier = aws_db_instance.source.identifier
    use_latest_restorable_time    = true
  }
}
resource "aws_db_instance" "unseen" {
  instance_class    = "db.t3.micro"
  storage_encrypted = true
  restore_to_point_in_time {
    source_dbi_resource_id     = "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    use_latest_restorable_time = true
  }
}

#### clusters of every kind
#= aws_rds_cluster.aurora: pass
#= aws_rds_cluster.open: fail
#= aws_rds_cluster.serverless: pass
#= aws_docdb_cluster.main: pass
#= aws_docdb_cluster.open: fail
#= aws_neptune_cluster.main: pass
#= aws_neptune_cluster.open: fail
#= aws_rds_global_cluster.open: fail
#= aws_docdbelastic_cluster.main: pass
resource "aws_rds_cluster" "aurora" {
  engine            = "aurora-mysql"
  storage_encrypted = true
}
resource "aws_rds_cluster" "open" {
  engine = "aurora-mysql"
}
resource "aws_rds_cluster" "serverless" {
  engine      = "aurora-mysql"
  engine_mode = "serverless"
}
resource "aws_docdb_cluster" "main" {
  storage_encrypted = true
}
resource "aws_docdb_cluster" "open" {}
resource "aws_neptune_cluster" "main" {
  storage_encrypted = true
}
resource "aws_neptune_cluster" "open" {}
resource "aws_rds_global_cluster" "open" {
  global_cluster_identifier = "open"
}
resource "aws_docdbelastic_cluster" "main" {
  name                = "main"
  admin_user_name     = "admin"
  admin_user_password = "not-a-secret"
  auth_type           = "PLAIN_TEXT"
  shard_capacity      = 2
  shard_count         = 1
}

#### a global cluster is what its source is
#= aws_rds_cluster.safe: pass
#= aws_rds_global_cluster.safe: pass
#= aws_rds_cluster.open: fail
#= aws_rds_global_cluster.open: fail
#= aws_rds_global_cluster.unseen: unknown
#= aws_rds_global_cluster.own: pass
#= aws_docdb_cluster.open: fail
#= aws_docdb_global_cluster.open: fail
#= aws_neptune_cluster.safe: pass
#= aws_neptune_global_cluster.safe: pass
resource "aws_rds_cluster" "safe" {
  engine            = "aurora-postgresql"
  storage_encrypted = true
}
resource "aws_rds_global_cluster" "safe" {
  global_cluster_identifier    = "safe"
  source_db_cluster_identifier = aws_rds_cluster.safe.arn
}
resource "aws_rds_cluster" "open" {
  engine = "aurora-postgresql"
}
resource "aws_rds_global_cluster" "open" {
  global_cluster_identifier    = "open"
  source_db_cluster_identifier = aws_rds_cluster.open.arn
}
resource "aws_rds_global_cluster" "unseen" {
  global_cluster_identifier    = "unseen"
  source_db_cluster_identifier = "arn:aws:rds:us-east-1:123456789012:cluster:elsewhere"
}
resource "aws_rds_global_cluster" "own" {
  global_cluster_identifier = "own"
  engine                    = "aurora-postgresql"
  storage_encrypted         = true
}
resource "aws_docdb_cluster" "open" {
  storage_encrypted = false
}
resource "aws_docdb_global_cluster" "open" {
  global_cluster_identifier    = "open-documents"
  source_db_cluster_identifier = aws_docdb_cluster.open.arn
}
resource "aws_neptune_cluster" "safe" {
  storage_encrypted = true
}
resource "aws_neptune_global_cluster" "safe" {
  global_cluster_identifier    = "safe-graph"
  source_db_cluster_identifier = aws_neptune_cluster.safe.arn
}

#### what is made from what is made from it
#= aws_db_instance.main: pass
#= aws_db_instance.restored: pass
#= aws_db_instance.reader: pass
#= aws_db_instance.reader_of_reader: pass
#= aws_db_instance.far: pass
resource "aws_db_instance" "main" {
  identifier                  = "main"
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  storage_encrypted           = true
}
resource "aws_db_snapshot" "main" {
  db_instance_identifier = aws_db_instance.main.identifier
  db_snapshot_identifier = "main"
}
resource "aws_db_instance" "restored" {
  identifier          = "restored"
  instance_class      = "db.t3.micro"
  snapshot_identifier = aws_db_snapshot.main.id
}
resource "aws_db_instance" "reader" {
  identifier          = "reader"
  instance_class      = "db.t3.micro"
  replicate_source_db = aws_db_instance.restored.identifier
}
resource "aws_db_instance" "reader_of_reader" {
  instance_class      = "db.t3.micro"
  replicate_source_db = aws_db_instance.reader.identifier
}
# A key makes an encrypted replica, of an encrypted source only.
resource "aws_db_instance" "far" {
  instance_class      = "db.t3.micro"
  replicate_source_db = "arn:aws:rds:us-west-2:123456789012:db:elsewhere"
  kms_key_id          = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
}
