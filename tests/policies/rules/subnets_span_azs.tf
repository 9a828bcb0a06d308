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
variable "other" {}
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
resource "aws_subnet" "asked_too" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.10.0/24"
  availability_zone = var.other
}
resource "aws_db_subnet_group" "asked" {
  subnet_ids = [aws_subnet.asked.id, aws_subnet.asked_too.id]
}

#### one subnet lies in one zone, whichever that is
#= aws_elasticache_subnet_group.one: fail
#= aws_db_subnet_group.asked: fail
#= aws_db_subnet_group.some: unknown, plan: fail
variable "zone" {}
variable "zones" {
  type = list(string)
}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "one" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_subnet" "asked" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.1.0/24"
  availability_zone = var.zone
}
resource "aws_elasticache_subnet_group" "one" {
  name       = "one"
  subnet_ids = [aws_subnet.one.id]
}
resource "aws_db_subnet_group" "asked" {
  subnet_ids = [aws_subnet.asked.id]
}
locals {
  ranges = length(var.zones) > 1 ? ["10.0.2.0/24", "10.0.3.0/24"] : ["10.0.2.0/24"]
}
# How many there are hangs on the variable.
resource "aws_subnet" "some" {
  count      = length(local.ranges)
  vpc_id     = aws_vpc.main.id
  cidr_block = local.ranges[count.index]
}
resource "aws_db_subnet_group" "some" {
  subnet_ids = aws_subnet.some[*].id
}

#### letters behind a Region that is not known
#= aws_db_subnet_group.two: pass
#= aws_db_subnet_group.same: fail, plan: unknown
#= aws_db_subnet_group.mixed: unknown
variable "region" {}
data "aws_region" "here" {}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "here" {
  for_each          = { a = "10.0.0.0/24", b = "10.0.1.0/24" }
  vpc_id            = aws_vpc.main.id
  cidr_block        = each.value
  availability_zone = "${data.aws_region.here.name}${each.key}"
}
resource "aws_subnet" "asked" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, 10 + count.index)
  availability_zone = "${var.region}a"
}
resource "aws_db_subnet_group" "two" {
  subnet_ids = [for subnet in aws_subnet.here : subnet.id]
}
resource "aws_db_subnet_group" "same" {
  subnet_ids = aws_subnet.asked[*].id
}
resource "aws_db_subnet_group" "mixed" {
  subnet_ids = [aws_subnet.here["b"].id, aws_subnet.asked[0].id]
}

#### which id a zone's name stands for differs by account
#= aws_db_subnet_group.mixed: unknown
#= aws_db_subnet_group.ids: pass
resource "aws_subnet" "name" {
  vpc_id            = "vpc-0123456789abcdef0"
  cidr_block        = "10.0.0.0/24"
  availability_zone = "us-east-1a"
}
resource "aws_subnet" "id" {
  for_each             = { use1-az4 = "10.0.1.0/24", use1-az6 = "10.0.2.0/24" }
  vpc_id               = "vpc-0123456789abcdef0"
  cidr_block           = each.value
  availability_zone_id = each.key
}
resource "aws_db_subnet_group" "mixed" {
  subnet_ids = [aws_subnet.name.id, aws_subnet.id["use1-az4"].id]
}
resource "aws_db_subnet_group" "ids" {
  subnet_ids = [for subnet in aws_subnet.id : subnet.id]
}
