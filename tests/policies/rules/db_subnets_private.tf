# Sources: aws_route_table, aws_route, aws_route_table_association, aws_main_route_table_association,
# aws_default_route_table and the subnet group types in the AWS provider's documentation; Amazon VPC User Guide,
# "Configure route tables".

#### private and public, by association
#= aws_db_subnet_group.private: pass
#= aws_db_subnet_group.public: fail, plan: unknown
#= aws_db_subnet_group.mixed: fail, plan: unknown
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_subnet" "public" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.1.0/24"
}
resource "aws_subnet" "private" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.11.0/24"
}
resource "aws_nat_gateway" "main" {
  subnet_id     = aws_subnet.public.id
  allocation_id = "eipalloc-0123456789abcdef0"
}
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}
resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route" "private" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main.id
}
resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.public.id
}
resource "aws_route_table_association" "private" {
  subnet_id      = aws_subnet.private.id
  route_table_id = aws_route_table.private.id
}
resource "aws_db_subnet_group" "private" {
  subnet_ids = [aws_subnet.private.id]
}
resource "aws_db_subnet_group" "public" {
  subnet_ids = [aws_subnet.public.id]
}
resource "aws_db_subnet_group" "mixed" {
  subnet_ids = [aws_subnet.private.id, aws_subnet.public.id]
}

#### a route on its own, for IPv6, and to a part of the internet
#= aws_elasticache_subnet_group.ipv4: fail
#= aws_elasticache_subnet_group.ipv6: fail
#= aws_elasticache_subnet_group.egress_only: pass
#= aws_elasticache_subnet_group.part: fail
#= aws_elasticache_subnet_group.vpn: pass, plan: unknown
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_egress_only_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_vpn_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_subnet" "all" {
  for_each   = { ipv4 = "10.0.1.0/24", ipv6 = "10.0.2.0/24", egress_only = "10.0.3.0/24", part = "10.0.4.0/24", vpn = "10.0.5.0/24" }
  vpc_id     = aws_vpc.main.id
  cidr_block = each.value
}
resource "aws_route_table" "ipv4" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route_table" "ipv6" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route_table" "egress_only" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route_table" "part" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route_table" "vpn" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_vpn_gateway.main.id
  }
}
resource "aws_route" "ipv4" {
  route_table_id         = aws_route_table.ipv4.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
resource "aws_route" "ipv6" {
  route_table_id              = aws_route_table.ipv6.id
  destination_ipv6_cidr_block = "::/0"
  gateway_id                  = aws_internet_gateway.main.id
}
resource "aws_route" "egress_only" {
  route_table_id              = aws_route_table.egress_only.id
  destination_ipv6_cidr_block = "::/0"
  egress_only_gateway_id      = aws_egress_only_internet_gateway.main.id
}
resource "aws_route" "part" {
  route_table_id         = aws_route_table.part.id
  destination_cidr_block = "198.51.100.0/24"
  gateway_id             = aws_internet_gateway.main.id
}
resource "aws_route_table_association" "ipv4" {
  subnet_id      = aws_subnet.all["ipv4"].id
  route_table_id = aws_route_table.ipv4.id
}
resource "aws_route_table_association" "ipv6" {
  subnet_id      = aws_subnet.all["ipv6"].id
  route_table_id = aws_route_table.ipv6.id
}
resource "aws_route_table_association" "egress_only" {
  subnet_id      = aws_subnet.all["egress_only"].id
  route_table_id = aws_route_table.egress_only.id
}
resource "aws_route_table_association" "part" {
  subnet_id      = aws_subnet.all["part"].id
  route_table_id = aws_route_table.part.id
}
resource "aws_route_table_association" "vpn" {
  subnet_id      = aws_subnet.all["vpn"].id
  route_table_id = aws_route_table.vpn.id
}
resource "aws_elasticache_subnet_group" "ipv4" {
  name       = "ipv4"
  subnet_ids = [aws_subnet.all["ipv4"].id]
}
resource "aws_elasticache_subnet_group" "ipv6" {
  name       = "ipv6"
  subnet_ids = [aws_subnet.all["ipv6"].id]
}
resource "aws_elasticache_subnet_group" "egress_only" {
  name       = "egress-only"
  subnet_ids = [aws_subnet.all["egress_only"].id]
}
resource "aws_elasticache_subnet_group" "part" {
  name       = "part"
  subnet_ids = [aws_subnet.all["part"].id]
}
resource "aws_elasticache_subnet_group" "vpn" {
  name       = "vpn"
  subnet_ids = [aws_subnet.all["vpn"].id]
}

#### the main table, opened in each way
#= aws_db_subnet_group.by_association: fail, plan: unknown
#= aws_db_subnet_group.by_default_table: fail, plan: unknown
#= aws_db_subnet_group.by_route: fail
#= aws_db_subnet_group.local: pass
resource "aws_vpc" "by_association" {
  cidr_block = "10.1.0.0/16"
}
resource "aws_vpc" "by_default_table" {
  cidr_block = "10.2.0.0/16"
}
resource "aws_vpc" "by_route" {
  cidr_block = "10.3.0.0/16"
}
resource "aws_vpc" "local" {
  cidr_block = "10.4.0.0/16"
}
resource "aws_internet_gateway" "any" {}
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.by_association.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.any.id
  }
}
resource "aws_main_route_table_association" "public" {
  vpc_id         = aws_vpc.by_association.id
  route_table_id = aws_route_table.public.id
}
resource "aws_default_route_table" "public" {
  default_route_table_id = aws_vpc.by_default_table.default_route_table_id
  route {
    ipv6_cidr_block = "::/0"
    gateway_id      = aws_internet_gateway.any.id
  }
}
resource "aws_route" "public" {
  route_table_id         = aws_vpc.by_route.main_route_table_id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.any.id
}
resource "aws_subnet" "by_association" {
  vpc_id     = aws_vpc.by_association.id
  cidr_block = "10.1.1.0/24"
}
resource "aws_subnet" "by_default_table" {
  vpc_id     = aws_vpc.by_default_table.id
  cidr_block = "10.2.1.0/24"
}
resource "aws_subnet" "by_route" {
  vpc_id     = aws_vpc.by_route.id
  cidr_block = "10.3.1.0/24"
}
resource "aws_subnet" "local" {
  vpc_id     = aws_vpc.local.id
  cidr_block = "10.4.1.0/24"
}
resource "aws_db_subnet_group" "by_association" {
  subnet_ids = [aws_subnet.by_association.id]
}
resource "aws_db_subnet_group" "by_default_table" {
  subnet_ids = [aws_subnet.by_default_table.id]
}
resource "aws_db_subnet_group" "by_route" {
  subnet_ids = [aws_subnet.by_route.id]
}
resource "aws_db_subnet_group" "local" {
  subnet_ids = [aws_subnet.local.id]
}

#### subnets nobody sees
#= aws_db_subnet_group.literal: unknown
#= aws_db_subnet_group.asked: unknown
#= aws_db_subnet_group.of_their_vpc: unknown
#= aws_docdb_subnet_group.default: fail
variable "subnets" {
  type = list(string)
}
resource "aws_db_subnet_group" "literal" {
  subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
}
resource "aws_db_subnet_group" "asked" {
  subnet_ids = var.subnets
}
resource "aws_subnet" "theirs" {
  vpc_id     = "vpc-0123456789abcdef0"
  cidr_block = "10.0.1.0/24"
}
resource "aws_db_subnet_group" "of_their_vpc" {
  subnet_ids = [aws_subnet.theirs.id]
}
resource "aws_default_subnet" "a" {
  availability_zone = "us-east-1a"
}
resource "aws_docdb_subnet_group" "default" {
  subnet_ids = [aws_default_subnet.a.id]
}

#### stores without a group of their own
#= aws_db_instance.none: fail
#= aws_db_instance.default: fail
#= aws_db_instance.theirs: unknown
#= aws_rds_cluster.none: fail
#= aws_elasticache_replication_group.none: fail
#= aws_opensearch_domain.public: fail
#= aws_opensearch_domain.theirs: unknown
resource "aws_db_instance" "none" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
}
resource "aws_db_instance" "default" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  db_subnet_group_name        = "default"
}
resource "aws_db_instance" "theirs" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  db_subnet_group_name        = "made-by-somebody-else"
}
resource "aws_rds_cluster" "none" {
  engine = "aurora-postgresql"
}
resource "aws_elasticache_replication_group" "none" {
  replication_group_id = "none"
  description          = "none"
}
resource "aws_opensearch_domain" "public" {
  domain_name = "public"
}
resource "aws_opensearch_domain" "theirs" {
  domain_name = "theirs"
  vpc_options {
    subnet_ids = ["subnet-0123456789abcdef0"]
  }
}

#### stores with a group, and their replicas
#= aws_db_subnet_group.main: pass
#= aws_db_instance.main: pass
#= aws_db_instance.by_name: pass
#= aws_redshift_subnet_group.main: pass
#= aws_redshift_cluster.main: pass
#= aws_opensearch_domain.main: pass
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "main" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.11.0/24"
}
resource "aws_db_subnet_group" "main" {
  name       = "the-private-ones"
  subnet_ids = aws_subnet.main[*].id
}
resource "aws_db_instance" "main" {
  identifier                  = "main"
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  db_subnet_group_name        = aws_db_subnet_group.main.name
}
resource "aws_db_instance" "by_name" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  db_subnet_group_name        = "the-private-ones"
}
resource "aws_db_instance" "replica" {
  instance_class      = "db.t3.micro"
  replicate_source_db = aws_db_instance.main.identifier
}
resource "aws_redshift_subnet_group" "main" {
  name       = "main"
  subnet_ids = [aws_subnet.main.id]
}
resource "aws_redshift_cluster" "main" {
  cluster_identifier        = "main"
  node_type                 = "ra3.large"
  cluster_subnet_group_name = aws_redshift_subnet_group.main.name
}
resource "aws_opensearch_domain" "main" {
  domain_name = "main"
  vpc_options {
    subnet_ids = [aws_subnet.main.id]
  }
}

#### subnets and routes by key
#= aws_db_subnet_group.data: pass
#= aws_db_subnet_group.front: fail
locals {
  subnets = { data = "10.0.11.0/24", front = "10.0.1.0/24" }
}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_subnet" "main" {
  for_each   = local.subnets
  vpc_id     = aws_vpc.main.id
  cidr_block = each.value
}
resource "aws_route_table" "main" {
  for_each = local.subnets
  vpc_id   = aws_vpc.main.id
}
resource "aws_route_table_association" "main" {
  for_each       = local.subnets
  subnet_id      = aws_subnet.main[each.key].id
  route_table_id = aws_route_table.main[each.key].id
}
resource "aws_route" "front" {
  route_table_id         = aws_route_table.main["front"].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
resource "aws_db_subnet_group" "data" {
  subnet_ids = [aws_subnet.main["data"].id]
}
resource "aws_db_subnet_group" "front" {
  subnet_ids = [for key, subnet in aws_subnet.main : subnet.id if key == "front"]
}
