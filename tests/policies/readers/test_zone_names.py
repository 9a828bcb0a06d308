"""The names of Availability Zones, which are known only after apply: what is certain of them all the same.

Terraform refuses `slice` beyond a list's end, and every zone's name begins with its Region's.
"""

from __future__ import annotations

import pytest

from policies.aws.networks import zone_of, zones
from policies.engine.model import Undetermined
from policies.engine.values import ABSENT, is_unknown
from policies.readers import read

CONFIGURATION = """
provider "aws" {
  region = "eu-west-1"
}
data "aws_availability_zones" "here" {}
locals {
  names = data.aws_availability_zones.here.names
  part  = slice(data.aws_availability_zones.here.names, 1, 4)
}
resource "aws_subnet" "part" {
  count                = length(local.part)
  cidr_block           = [for place, name in local.part : cidrsubnet("10.0.0.0/16", 8, place)][count.index]
  availability_zone    = length(regexall("^[a-z]{2}-", element(local.part, count.index))) > 0 ? local.part[count.index] : null
  availability_zone_id = length(regexall("^[a-z]{2}-", element(local.part, count.index))) == 0 ? local.part[count.index] : null
}
resource "aws_subnet" "first" {
  cidr_block        = "10.0.9.0/24"
  availability_zone = local.names[0]
}
resource "aws_subnet" "second" {
  cidr_block        = "10.0.10.0/24"
  availability_zone = local.names[1]
}
resource "aws_subnet" "wrapped" {
  cidr_block        = "10.0.11.0/24"
  availability_zone = element(local.names, 4)
}
"""  # noqa: E501


@pytest.fixture
def model(tmp_path):
    def made(text):
        (tmp_path / "main.tf").write_text(text)
        return read(tmp_path).model

    return made


def subnet(model, name):
    (found,) = [one for one in model.of_type("aws_subnet") if one.address == f"aws_subnet.{name}"]
    return found


def test_a_part_of_the_names_has_its_length(model):
    read_model = model(CONFIGURATION)
    parts = [one for one in read_model.of_type("aws_subnet") if one.name == "part"]
    assert [one.get("cidr_block") for one in parts] == ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]
    assert len(zones(parts)) == 3


def test_a_part_counts_from_where_it_begins(model):
    """The part's first is the list's second: the same zone, and another one than the list's first."""
    read_model = model(CONFIGURATION)
    part, first, second = (subnet(read_model, name) for name in ("part[0]", "first", "second"))
    assert zone_of(part) == zone_of(second) != zone_of(first)
    assert len(zones((part, first))) == 2


def test_what_wraps_around_is_not_told(model):
    with pytest.raises(Undetermined):
        zone_of(subnet(model(CONFIGURATION), "wrapped"))


def test_a_name_begins_with_its_region(model):
    part = subnet(model(CONFIGURATION), "part[0]")
    assert is_unknown(part.get("availability_zone"))
    assert part.get("availability_zone_id") is ABSENT


@pytest.mark.parametrize(
    ("provider", "source"),
    [
        ("", "{}"),
        ('provider "aws" {}', "{}"),
        ('provider "aws" {\n  region = var.region\n}\nvariable "region" {}', "{}"),
        ('provider "aws" {\n  region = "eusc-de-east-1"\n}', "{}"),
        (
            'provider "aws" {\n  region = "eu-west-1"\n}\n'
            'provider "aws" {\n  alias = "b"\n  region = "eusc-de-east-1"\n}',
            "{}",
        ),
        ('provider "aws" {\n  region = "eu-west-1"\n}', '{\n  region = "eusc-de-east-1"\n}'),
    ],
    ids=["no provider", "no region", "a variable", "another form", "one of two", "its own region"],
)
def test_where_the_region_is_not_known_nothing_is_certain(model, provider, source):
    _, _, rest = CONFIGURATION.partition("data ")
    text = f"{provider}\ndata {rest}".replace('"here" {}', f'"here" {source}')
    assert is_unknown(subnet(model(text), "part[0]").get("availability_zone_id"))


@pytest.mark.parametrize(
    "pattern", ["^[a-z]{2}-.*$", "[a-z]{2}-", "^us-|^eu-", "^(?i)EU-", "^eu-west-1[ab]", "\\\\b"]
)
def test_a_pattern_that_looks_further_is_not_told(model, pattern):
    text = CONFIGURATION.replace("^[a-z]{2}-", pattern)
    assert is_unknown(subnet(model(text), "part[0]").get("availability_zone_id"))


@pytest.mark.parametrize(
    "name",
    [
        '"${data.aws_region.here.region}a"',
        'format("%sa", data.aws_region.here.region)',
        'join("", [data.aws_region.here.region, "a"])',
        'join("a", [data.aws_region.here.region, ""])',
    ],
)
def test_one_letter_behind_a_region_is_one_zone_however_it_is_written(model, name):
    text = f"""
data "aws_region" "here" {{}}
resource "aws_subnet" "one" {{
  availability_zone = "${{data.aws_region.here.region}}a"
}}
resource "aws_subnet" "two" {{
  availability_zone = {name}
}}
resource "aws_subnet" "other" {{
  availability_zone = "${{data.aws_region.here.region}}b"
}}
"""
    one, two, other = (subnet(model(text), each) for each in ("one", "two", "other"))
    assert len(zones((one, two))) == 1
    assert len(zones((one, two, other))) == 2
