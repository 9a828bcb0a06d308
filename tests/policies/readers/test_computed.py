"""Data sources that ask nobody are computed: templates with values of their own, and the parts of cloud-init."""

from __future__ import annotations

import pytest

from policies.aws.texts import texts_of
from policies.engine.values import Unknown
from policies.readers import read

START = """
resource "aws_db_instance" "main" {}
variable "name" {
  default = "shop"
}
"""


@pytest.fixture
def user_data(tmp_path):
    """The user data of the one launch template, with its texts as rules see them."""

    def made(text):
        (tmp_path / "main.tf").write_text(START + text)
        (tmp_path / "start.sh.tpl").write_text("#!/bin/sh\nstart ${name} ${port} ${database}\n")
        (found,) = read(tmp_path).model.of_type("aws_launch_template")
        return found.get("user_data"), list(texts_of(found))

    return made


TEMPLATE = """
data "template_file" "start" {
  template = file("${path.module}/start.sh.tpl")
  vars = {
    name     = var.name
    port     = 8080
    database = aws_db_instance.main.address
  }
}
resource "aws_launch_template" "web" {
  user_data = base64encode(data.template_file.start.rendered)
}
"""


def test_a_template_is_filled_with_its_own_values(user_data):
    _, (text,) = user_data(TEMPLATE)
    assert text.text.startswith("#!/bin/sh\nstart shop 8080 ")
    assert [hole.reason for hole in text.holes] == ["aws_db_instance.main.address is known after apply"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('file("${path.module}/start.sh.tpl")', "aws_db_instance.main.id"),
        ("var.name", '["a"]'),
        ("name     = var.name", ""),
    ],
    ids=["a template not known", "a value that is no text", "a value that is missing"],
)
def test_what_cannot_be_filled_is_unknown(user_data, before, after):
    value, _ = user_data(TEMPLATE.replace(before, after))
    assert isinstance(value, Unknown)


@pytest.mark.parametrize("kind", ["cloudinit_config", "template_cloudinit_config"])
@pytest.mark.parametrize("layout", ["", "gzip = false\n  base64_encode = false"])
def test_all_parts_are_seen(user_data, kind, layout):
    value, (text,) = user_data(
        f"""
data "{kind}" "all" {{
  {layout}
  part {{
    content_type = "text/cloud-config"
    content      = "packages: [nginx]"
  }}
  dynamic "part" {{
    for_each = ["export DB_PASSWORD=correct-horse"]
    content {{
      content = part.value
    }}
  }}
}}
resource "aws_launch_template" "web" {{
  user_data = data.{kind}.all.rendered
}}
"""
    )
    assert isinstance(value, Unknown)
    assert "packages: [nginx]" in text.text
    assert "DB_PASSWORD=correct-horse" in text.text


def test_parts_of_an_unknown_number_are_unknown(user_data):
    _, texts = user_data(
        """
data "cloudinit_config" "all" {
  dynamic "part" {
    for_each = aws_db_instance.main.engine
    content {
      content = "x"
    }
  }
}
resource "aws_launch_template" "web" {
  user_data = data.cloudinit_config.all.rendered
}
"""
    )
    (text,) = texts
    assert [str(hole.references[0].address) for hole in text.holes] == ["aws_db_instance.main"]


def test_a_provider_of_somebody_elses_computes_what_it_likes(user_data):
    value, _ = user_data(
        """
terraform {
  required_providers {
    template = {
      source = "somebody/template"
    }
  }
}
"""
        + TEMPLATE.replace(
            "base64encode(data.template_file.start.rendered)", "data.template_file.start.rendered"
        )
    )
    assert isinstance(value, Unknown)
    assert not value.parts
