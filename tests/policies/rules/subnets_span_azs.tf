# Sources: `availability_zone` and `availability_zone_id` of aws_subnet, and the data source aws_availability_zones, in
# the AWS provider's documentation.

#### by name, by id, and by the list of zones
#= aws_db_subnet_group.names: pass
#= aws_elasticache_subnet_group.ids: pass
#= aws_neptune_subnet_group.listed: pass
#= aws_db_subnet_group.same: fail
#= aws_elasticache_subnet_group.one: fail
data "aws_availability_zones" "available" {
  state = "available"
}
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
  cidr_block        = "10.0.2.0/24"
  availability_zone = "us-east-1a"
}
resource "aws_subnet" "b" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.3.0/24"
  availability_zone = "us-east-1b"
}
resource "aws_subnet" "by_id" {
  for_each             = { use1-az1 = "10.0.4.0/24", use1-az2 = "10.0.5.0/24" }
  vpc_id               = aws_vpc.main.id
  cidr_block           = each.value
  availability_zone_id = each.key
}
resource "aws_subnet" "listed" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, 10 + count.index)
  availability_zone = data.aws_availability_zones.available.names[count.index]
}
resource "aws_db_subnet_group" "names" {
  subnet_ids = [aws_subnet.a.id, aws_subnet.b.id]
}
resource "aws_elasticache_subnet_group" "ids" {
  name       = "ids"
  subnet_ids = [for subnet in aws_subnet.by_id : subnet.id]
}
resource "aws_neptune_subnet_group" "listed" {
  subnet_ids = aws_subnet.listed[*].id
}
resource "aws_db_subnet_group" "same" {
  subnet_ids = [aws_subnet.a.id, aws_subnet.a_again.id]
}
resource "aws_elasticache_subnet_group" "one" {
  name       = "one"
  subnet_ids = [aws_subnet.a.id]
}

#### zones nobody sees
#= aws_db_subnet_group.unsaid: unknown
#= aws_db_subnet_group.literal: unknown
#= aws_db_subnet_group.asked: unknown
variable "zone" {}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "unsaid" {
  count      = 2
  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet("10.0.0.0/16", 8, count.index)
}
resource "aws_subnet" "asked" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.9.0/24"
  availability_zone = var.zone
}
resource "aws_db_subnet_group" "unsaid" {
  subnet_ids = aws_subnet.unsaid[*].id
}
resource "aws_db_subnet_group" "literal" {
  subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
}
resource "aws_db_subnet_group" "asked" {
  subnet_ids = [aws_subnet.asked.id]
}
