# Sources: aws_security_group, aws_security_group_rule, aws_vpc_security_group_ingress_rule,
# aws_default_security_group and aws_ec2_managed_prefix_list in the AWS provider's documentation;
# AWS VPC User Guide, "Security group rules".

#### the backend and nobody else
#= aws_db_instance.main: pass
#= aws_security_group.database: pass
#= aws_security_group.backend: pass
#= aws_vpc_security_group_ingress_rule.database: pass
resource "aws_security_group" "backend" {}
resource "aws_security_group" "database" {}
resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = [aws_security_group.database.id]
}

#### inline, to the whole internet
#= aws_db_instance.main: pass
#= aws_security_group.database: fail
resource "aws_security_group" "database" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = [aws_security_group.database.id]
}

#### inline, as an attribute
#= aws_db_instance.main: pass
#= aws_security_group.database: fail
resource "aws_security_group" "database" {
  ingress = [{
    description      = "everyone"
    from_port        = 0
    to_port          = 65535
    protocol         = "tcp"
    cidr_blocks      = ["10.0.0.0/8", "0.0.0.0/0"]
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = []
    self             = false
  }]
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = [aws_security_group.database.id]
}

#### inline, JSON with lists for blocks
#= aws_db_instance.main: pass
#= aws_security_group.alone: fail
#= aws_security_group.listed: fail
#= aws_security_group.nulls: fail
#> main.tf.json
{
  "resource": {
    "aws_security_group": {
      "alone": {"ingress": [{"from_port": 5432, "to_port": 5432, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"],
        "description": null, "ipv6_cidr_blocks": null, "prefix_list_ids": null, "security_groups": null, "self": null}]},
      "listed": [{"ingress": [{"from_port": 5432, "to_port": 5432, "protocol": "tcp", "cidr_blocks": ["${var.any}"],
        "description": "", "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [], "self": false}]}],
      "nulls": {"ingress": [{"from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": null,
        "description": null, "ipv6_cidr_blocks": ["::/0"], "prefix_list_ids": null, "security_groups": null, "self": null}]}
    },
    "aws_db_instance": {
      "main": {
        "instance_class": "db.t3.micro", "engine": "postgres", "allocated_storage": 20,
          "username": "app", "manage_master_user_password": true,
        "vpc_security_group_ids": [
          "${aws_security_group.alone.id}", "${aws_security_group.listed.id}", "${aws_security_group.nulls.id}"
        ]
      }
    }
  },
  "variable": {"any": {"default": "0.0.0.0/0"}}
}

#### a rule of the older kind
#= aws_db_instance.main: pass
#= aws_security_group.database: pass
#= aws_security_group_rule.ipv4: fail
#= aws_security_group_rule.ipv6: fail
#= aws_security_group_rule.from_self: pass
resource "aws_security_group" "database" {}
resource "aws_security_group_rule" "ipv4" {
  type              = "ingress"
  security_group_id = aws_security_group.database.id
  from_port         = 5000
  to_port           = 6000
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
}
resource "aws_security_group_rule" "ipv6" {
  type              = "ingress"
  security_group_id = aws_security_group.database.id
  from_port         = 5432
  to_port           = 5432
  protocol          = "6"
  ipv6_cidr_blocks  = ["::/0"]
}
resource "aws_security_group_rule" "from_self" {
  type              = "ingress"
  security_group_id = aws_security_group.database.id
  from_port         = 5432
  to_port           = 5432
  protocol          = "tcp"
  self              = true
}
resource "aws_security_group_rule" "out" {
  type              = "egress"
  security_group_id = aws_security_group.database.id
  from_port         = 0
  to_port           = 0
  protocol          = "-1"
  cidr_blocks       = ["0.0.0.0/0"]
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = [aws_security_group.database.id]
}

#### a rule of the newer kind
#= aws_db_instance.main: pass
#= aws_security_group.database: pass
#= aws_vpc_security_group_ingress_rule.all: fail
#= aws_vpc_security_group_ingress_rule.ipv6: fail
#= aws_vpc_security_group_ingress_rule.private: pass
resource "aws_security_group" "database" {}
resource "aws_vpc_security_group_ingress_rule" "all" {
  security_group_id = aws_security_group.database.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}
resource "aws_vpc_security_group_ingress_rule" "ipv6" {
  security_group_id = aws_security_group.database.id
  cidr_ipv6         = "::/0"
  ip_protocol       = "tcp"
  from_port         = 0
  to_port           = 65535
}
resource "aws_vpc_security_group_ingress_rule" "private" {
  security_group_id = aws_security_group.database.id
  cidr_ipv4         = "10.0.11.0/24"
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = [aws_security_group.database.id]
}

#### every public range, not only 0.0.0.0/0
#= aws_db_instance.main: pass
#= aws_security_group.database: pass
#= aws_vpc_security_group_ingress_rule.public["0.0.0.0/1"]: fail
#= aws_vpc_security_group_ingress_rule.public["128.0.0.0/1"]: fail
#= aws_vpc_security_group_ingress_rule.public["8.0.0.0/8"]: fail
#= aws_vpc_security_group_ingress_rule.public["203.0.113.7/32"]: fail
#= aws_vpc_security_group_ingress_rule.public["10.0.0.0/7"]: fail
#= aws_vpc_security_group_ingress_rule.public["172.0.0.0/8"]: fail
#= aws_vpc_security_group_ingress_rule.private["10.20.0.0/16"]: pass
#= aws_vpc_security_group_ingress_rule.private["172.31.0.0/16"]: pass
#= aws_vpc_security_group_ingress_rule.private["192.168.1.1/32"]: pass
#= aws_vpc_security_group_ingress_rule.private["100.64.0.0/10"]: pass
#= aws_vpc_security_group_ingress_rule.ipv6["2000::/3"]: fail
#= aws_vpc_security_group_ingress_rule.ipv6["2001:db8::/32"]: fail
#= aws_vpc_security_group_ingress_rule.ipv6["fd00::/8"]: pass
resource "aws_security_group" "database" {}
resource "aws_vpc_security_group_ingress_rule" "public" {
  for_each = toset([
    "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/8", "203.0.113.7/32", "10.0.0.0/7", "172.0.0.0/8"
  ])
  security_group_id = aws_security_group.database.id
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
}
resource "aws_vpc_security_group_ingress_rule" "private" {
  for_each          = toset(["10.20.0.0/16", "172.31.0.0/16", "192.168.1.1/32", "100.64.0.0/10"])
  security_group_id = aws_security_group.database.id
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
}
resource "aws_vpc_security_group_ingress_rule" "ipv6" {
  for_each          = toset(["2000::/3", "2001:db8::/32", "fd00::/8"])
  security_group_id = aws_security_group.database.id
  cidr_ipv6         = each.key
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = [aws_security_group.database.id]
}

#### groups that no store wears, by port
#= aws_security_group.web: pass
#= aws_security_group.everything: fail
#= aws_security_group.range: fail
#= aws_security_group.redis: fail
#= aws_security_group.ping: pass
#= aws_security_group.dns: pass
resource "aws_security_group" "web" {
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_security_group" "everything" {
  ingress {
    from_port   = 0
    to_port     = 0
    protocol    = "all"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_security_group" "range" {
  ingress {
    from_port   = 1024
    to_port     = 65535
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_security_group" "redis" {
  ingress {
    from_port        = 6379
    to_port          = 6379
    protocol         = "tcp"
    ipv6_cidr_blocks = ["::/0"]
  }
}
resource "aws_security_group" "ping" {
  ingress {
    from_port   = -1
    to_port     = -1
    protocol    = "icmp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_security_group" "dns" {
  ingress {
    from_port   = 0
    to_port     = 65535
    protocol    = "udp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

#### a store's group admits no public range to any port
#= aws_elasticache_replication_group.main: pass
#= aws_security_group.shared: fail
resource "aws_security_group" "shared" {
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_elasticache_replication_group" "main" {
  replication_group_id = "main"
  description          = "main"
  security_group_ids   = [aws_security_group.shared.id]
}

#### dynamic blocks and locals
#= aws_db_instance.main: pass
#= aws_security_group.database: fail
locals {
  admitted = {
    office   = "203.0.113.0/24"
    internal = "10.0.0.0/16"
  }
}
resource "aws_security_group" "database" {
  dynamic "ingress" {
    for_each = local.admitted
    content {
      description = ingress.key
      from_port   = 5432
      to_port     = 5432
      protocol    = "tcp"
      cidr_blocks = [ingress.value]
    }
  }
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = [aws_security_group.database.id]
}

#### ranges from variables
#= aws_db_instance.main: pass
#= aws_security_group.given: fail
#= aws_security_group.asked: unknown
variable "given" {
  type    = list(string)
  default = ["0.0.0.0/0"]
}
variable "asked" {
  type = list(string)
}
resource "aws_security_group" "given" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = var.given
  }
}
resource "aws_security_group" "asked" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = var.asked
  }
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = [aws_security_group.given.id, aws_security_group.asked.id]
}

#### the VPC's own range
#= aws_db_instance.main: pass
#= aws_security_group.main: pass
#= aws_security_group.six: pass, plan: unknown
resource "aws_vpc" "main" {
  cidr_block                       = "10.0.0.0/16"
  assign_generated_ipv6_cidr_block = true
}
resource "aws_security_group" "main" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = [aws_vpc.main.cidr_block]
  }
}
resource "aws_security_group" "six" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port        = 5432
    to_port          = 5432
    protocol         = "tcp"
    ipv6_cidr_blocks = [aws_vpc.main.ipv6_cidr_block]
  }
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = [aws_security_group.main.id, aws_security_group.six.id]
}

#### prefix lists
#= aws_db_instance.main: pass
#= aws_security_group.database: pass
#= aws_vpc_security_group_ingress_rule.offices: fail
#= aws_vpc_security_group_ingress_rule.internal: pass
#= aws_vpc_security_group_ingress_rule.cdn: fail
#= aws_vpc_security_group_ingress_rule.unseen: unknown
#= aws_vpc_security_group_ingress_rule.by_entry: fail
resource "aws_ec2_managed_prefix_list" "offices" {
  name           = "offices"
  address_family = "IPv4"
  max_entries    = 2
  entry {
    cidr = "10.1.0.0/16"
  }
  entry {
    cidr = "198.51.100.0/24"
  }
}
resource "aws_ec2_managed_prefix_list" "internal" {
  name           = "internal"
  address_family = "IPv4"
  max_entries    = 1
  entry {
    cidr = "10.0.0.0/8"
  }
}
resource "aws_ec2_managed_prefix_list" "by_entry" {
  name           = "by-entry"
  address_family = "IPv4"
  max_entries    = 1
}
resource "aws_ec2_managed_prefix_list_entry" "by_entry" {
  prefix_list_id = aws_ec2_managed_prefix_list.by_entry.id
  cidr           = "0.0.0.0/0"
}
data "aws_ec2_managed_prefix_list" "cdn" {
  name = "com.amazonaws.global.cloudfront.origin-facing"
}
resource "aws_security_group" "database" {}
resource "aws_vpc_security_group_ingress_rule" "offices" {
  security_group_id = aws_security_group.database.id
  prefix_list_id    = aws_ec2_managed_prefix_list.offices.id
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
}
resource "aws_vpc_security_group_ingress_rule" "internal" {
  security_group_id = aws_security_group.database.id
  prefix_list_id    = aws_ec2_managed_prefix_list.internal.id
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
}
resource "aws_vpc_security_group_ingress_rule" "cdn" {
  security_group_id = aws_security_group.database.id
  prefix_list_id    = data.aws_ec2_managed_prefix_list.cdn.id
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
}
resource "aws_vpc_security_group_ingress_rule" "unseen" {
  security_group_id = aws_security_group.database.id
  prefix_list_id    = "pl-0123456789abcdef0"
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
}
resource "aws_vpc_security_group_ingress_rule" "by_entry" {
  security_group_id = aws_security_group.database.id
  prefix_list_id    = aws_ec2_managed_prefix_list.by_entry.id
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = [aws_security_group.database.id]
}

#### the VPC's default group
#= aws_db_instance.main: pass
#= aws_default_security_group.main: fail
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}

#### the default group, opened by a rule
#= aws_db_instance.main: unknown
#= aws_vpc_security_group_ingress_rule.default: fail
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_vpc_security_group_ingress_rule" "default" {
  security_group_id = aws_vpc.main.default_security_group_id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}

#### groups that nobody here sees
#= aws_db_instance.literal: unknown
#= aws_db_instance.data: unknown
#= aws_db_instance.none: unknown
data "aws_security_group" "theirs" {
  name = "theirs"
}
resource "aws_db_instance" "literal" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = ["sg-0123456789abcdef0"]
}
resource "aws_db_instance" "data" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = [data.aws_security_group.theirs.id]
}
resource "aws_db_instance" "none" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}

#### stores of every kind wear groups
#= aws_security_group.open: fail
#= aws_rds_cluster.main: pass
#= aws_docdb_cluster.main: pass
#= aws_neptune_cluster.main: pass
#= aws_elasticache_cluster.main: pass
#= aws_memorydb_cluster.main: pass
#= aws_redshift_cluster.main: pass
#= aws_opensearch_domain.main: pass
#= aws_efs_mount_target.main: pass
resource "aws_security_group" "open" {
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_rds_cluster" "main" {
  engine                 = "aurora-postgresql"
  vpc_security_group_ids = [aws_security_group.open.id]
}
resource "aws_docdb_cluster" "main" {
  vpc_security_group_ids = [aws_security_group.open.id]
}
resource "aws_neptune_cluster" "main" {
  vpc_security_group_ids = [aws_security_group.open.id]
}
resource "aws_elasticache_cluster" "main" {
  cluster_id         = "main"
  security_group_ids = [aws_security_group.open.id]
}
resource "aws_memorydb_cluster" "main" {
  acl_name           = "open-access"
  node_type          = "db.t4g.small"
  security_group_ids = [aws_security_group.open.id]
}
resource "aws_redshift_cluster" "main" {
  cluster_identifier     = "main"
  node_type              = "ra3.large"
  vpc_security_group_ids = [aws_security_group.open.id]
}
resource "aws_opensearch_domain" "main" {
  domain_name = "main"
  vpc_options {
    security_group_ids = [aws_security_group.open.id]
    subnet_ids         = ["subnet-0123456789abcdef0"]
  }
}
resource "aws_efs_mount_target" "main" {
  file_system_id  = "fs-0123456789abcdef0"
  subnet_id       = "subnet-0123456789abcdef0"
  security_groups = [aws_security_group.open.id]
}

#### in a module, with the range from outside
#= module.database.aws_db_instance.main: pass
#= module.database.aws_security_group.main: fail
module "database" {
  source = "./database"
  admits = ["10.0.0.0/16", "0.0.0.0/0"]
}
#> database/main.tf
variable "admits" {
  type = list(string)
}
resource "aws_security_group" "main" {
  ingress {
    from_port   = 5432
    to_port     = 5432
    protocol    = "tcp"
    cidr_blocks = var.admits
  }
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = aws_security_group.main[*].id
}
