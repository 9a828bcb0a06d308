# Sources: Amazon VPC User Guide, "Control traffic to your AWS resources using security groups". The flows that are
# declared are those of policies/parameters.toml.

#### exactly what is declared
#= aws_lb.main: pass
#= aws_autoscaling_group.main: pass
#= aws_db_instance.main: pass
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_subnet" "public" {
  for_each          = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "us-east-1${each.key}"
}
resource "aws_subnet" "private" {
  for_each          = { a = "10.0.11.0/24", b = "10.0.12.0/24" }
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "us-east-1${each.key}"
}
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}
resource "aws_nat_gateway" "main" {
  for_each      = { a = 1, b = 2 }
  subnet_id     = aws_subnet.public[each.key].id
  allocation_id = "eipalloc-0123456789abcdef0"
}
resource "aws_route_table" "private" {
  for_each = { a = 1, b = 2 }
  vpc_id   = aws_vpc.main.id
}
resource "aws_route" "private" {
  for_each               = { a = 1, b = 2 }
  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[each.key].id
}
resource "aws_route_table_association" "private" {
  for_each       = { a = 1, b = 2 }
  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}
resource "aws_db_subnet_group" "main" {
  name       = "main"
  subnet_ids = [aws_subnet.private["a"].id, aws_subnet.private["b"].id]
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  multi_az                    = true
  db_subnet_group_name        = aws_db_subnet_group.main.name
  vpc_security_group_ids      = [aws_security_group.database.id]
}
resource "aws_security_group" "database" {
  vpc_id = aws_vpc.main.id
}
resource "aws_security_group" "backend" {
  vpc_id = aws_vpc.main.id
}
resource "aws_security_group" "front" {
  vpc_id = aws_vpc.main.id
}
resource "aws_lb" "main" {
  name            = "main"
  security_groups = [aws_security_group.front.id]
  subnets         = [aws_subnet.public["a"].id, aws_subnet.public["b"].id]
}
resource "aws_launch_template" "main" {
  image_id               = "ami-0123456789abcdef0"
  instance_type          = "t3.micro"
  vpc_security_group_ids = [aws_security_group.backend.id]
}
resource "aws_autoscaling_group" "main" {
  max_size            = 4
  min_size            = 2
  vpc_zone_identifier = [aws_subnet.private["a"].id, aws_subnet.private["b"].id]
  launch_template {
    id = aws_launch_template.main.id
  }
}
resource "aws_vpc_security_group_ingress_rule" "front" {
  for_each          = { http = 80, https = 443 }
  security_group_id = aws_security_group.front.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}
resource "aws_vpc_security_group_egress_rule" "front" {
  security_group_id            = aws_security_group.front.id
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}
resource "aws_vpc_security_group_ingress_rule" "backend" {
  security_group_id            = aws_security_group.backend.id
  referenced_security_group_id = aws_security_group.front.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}
resource "aws_vpc_security_group_egress_rule" "backend" {
  security_group_id            = aws_security_group.backend.id
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}
resource "aws_vpc_security_group_egress_rule" "internet" {
  security_group_id = aws_security_group.backend.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

#### one flow more
#= aws_vpc_security_group_ingress_rule.extra: fail
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_subnet" "public" {
  for_each          = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "us-east-1${each.key}"
}
resource "aws_subnet" "private" {
  for_each          = { a = "10.0.11.0/24", b = "10.0.12.0/24" }
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "us-east-1${each.key}"
}
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}
resource "aws_nat_gateway" "main" {
  for_each      = { a = 1, b = 2 }
  subnet_id     = aws_subnet.public[each.key].id
  allocation_id = "eipalloc-0123456789abcdef0"
}
resource "aws_route_table" "private" {
  for_each = { a = 1, b = 2 }
  vpc_id   = aws_vpc.main.id
}
resource "aws_route" "private" {
  for_each               = { a = 1, b = 2 }
  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[each.key].id
}
resource "aws_route_table_association" "private" {
  for_each       = { a = 1, b = 2 }
  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}
resource "aws_db_subnet_group" "main" {
  name       = "main"
  subnet_ids = [aws_subnet.private["a"].id, aws_subnet.private["b"].id]
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  multi_az                    = true
  db_subnet_group_name        = aws_db_subnet_group.main.name
  vpc_security_group_ids      = [aws_security_group.database.id]
}
resource "aws_security_group" "database" {
  vpc_id = aws_vpc.main.id
}
resource "aws_security_group" "backend" {
  vpc_id = aws_vpc.main.id
}
resource "aws_security_group" "front" {
  vpc_id = aws_vpc.main.id
}
resource "aws_lb" "main" {
  name            = "main"
  security_groups = [aws_security_group.front.id]
  subnets         = [aws_subnet.public["a"].id, aws_subnet.public["b"].id]
}
resource "aws_launch_template" "main" {
  image_id               = "ami-0123456789abcdef0"
  instance_type          = "t3.micro"
  vpc_security_group_ids = [aws_security_group.backend.id]
}
resource "aws_autoscaling_group" "main" {
  max_size            = 4
  min_size            = 2
  vpc_zone_identifier = [aws_subnet.private["a"].id, aws_subnet.private["b"].id]
  launch_template {
    id = aws_launch_template.main.id
  }
}
resource "aws_vpc_security_group_ingress_rule" "front" {
  for_each          = { http = 80, https = 443 }
  security_group_id = aws_security_group.front.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}
resource "aws_vpc_security_group_egress_rule" "front" {
  security_group_id            = aws_security_group.front.id
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}
resource "aws_vpc_security_group_ingress_rule" "backend" {
  security_group_id            = aws_security_group.backend.id
  referenced_security_group_id = aws_security_group.front.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}
resource "aws_vpc_security_group_egress_rule" "backend" {
  security_group_id            = aws_security_group.backend.id
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}
resource "aws_vpc_security_group_egress_rule" "internet" {
  security_group_id = aws_security_group.backend.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}
resource "aws_vpc_security_group_ingress_rule" "extra" {
  security_group_id = aws_security_group.front.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

#### one flow fewer
#= aws_autoscaling_group.main: fail
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_subnet" "public" {
  for_each          = { a = "10.0.1.0/24", b = "10.0.2.0/24" }
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "us-east-1${each.key}"
}
resource "aws_subnet" "private" {
  for_each          = { a = "10.0.11.0/24", b = "10.0.12.0/24" }
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "us-east-1${each.key}"
}
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}
resource "aws_nat_gateway" "main" {
  for_each      = { a = 1, b = 2 }
  subnet_id     = aws_subnet.public[each.key].id
  allocation_id = "eipalloc-0123456789abcdef0"
}
resource "aws_route_table" "private" {
  for_each = { a = 1, b = 2 }
  vpc_id   = aws_vpc.main.id
}
resource "aws_route" "private" {
  for_each               = { a = 1, b = 2 }
  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[each.key].id
}
resource "aws_route_table_association" "private" {
  for_each       = { a = 1, b = 2 }
  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}
resource "aws_db_subnet_group" "main" {
  name       = "main"
  subnet_ids = [aws_subnet.private["a"].id, aws_subnet.private["b"].id]
}
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  multi_az                    = true
  db_subnet_group_name        = aws_db_subnet_group.main.name
  vpc_security_group_ids      = [aws_security_group.database.id]
}
resource "aws_security_group" "database" {
  vpc_id = aws_vpc.main.id
}
resource "aws_security_group" "backend" {
  vpc_id = aws_vpc.main.id
}
resource "aws_security_group" "front" {
  vpc_id = aws_vpc.main.id
}
resource "aws_lb" "main" {
  name            = "main"
  security_groups = [aws_security_group.front.id]
  subnets         = [aws_subnet.public["a"].id, aws_subnet.public["b"].id]
}
resource "aws_launch_template" "main" {
  image_id               = "ami-0123456789abcdef0"
  instance_type          = "t3.micro"
  vpc_security_group_ids = [aws_security_group.backend.id]
}
resource "aws_autoscaling_group" "main" {
  max_size            = 4
  min_size            = 2
  vpc_zone_identifier = [aws_subnet.private["a"].id, aws_subnet.private["b"].id]
  launch_template {
    id = aws_launch_template.main.id
  }
}
resource "aws_vpc_security_group_ingress_rule" "front" {
  for_each          = { http = 80, https = 443 }
  security_group_id = aws_security_group.front.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}
resource "aws_vpc_security_group_egress_rule" "front" {
  security_group_id            = aws_security_group.front.id
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}
resource "aws_vpc_security_group_ingress_rule" "backend" {
  security_group_id            = aws_security_group.backend.id
  referenced_security_group_id = aws_security_group.front.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}
resource "aws_vpc_security_group_egress_rule" "backend" {
  security_group_id            = aws_security_group.backend.id
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}
resource "aws_vpc_security_group_egress_rule" "internet" {
  security_group_id = aws_security_group.backend.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

#### groups nobody sees
#= aws_db_instance.main: unknown
resource "aws_db_instance" "main" {
  instance_class              = "db.t3.micro"
  engine                      = "postgres"
  allocated_storage           = 20
  username                    = "app"
  manage_master_user_password = true
  vpc_security_group_ids      = ["sg-0123456789abcdef0"]
}

#### what is seen fails, whatever cannot be told of the rest
#= aws_security_group.open: fail
#= aws_instance.asked: unknown
variable "subnet" {}
resource "aws_security_group" "open" {
  name = "open"
  ingress {
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_instance" "default_vpc" {
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "t3.micro"
  vpc_security_group_ids = [aws_security_group.open.id]
}
resource "aws_instance" "asked" {
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "t3.micro"
  subnet_id              = var.subnet
  vpc_security_group_ids = [aws_security_group.open.id]
}
