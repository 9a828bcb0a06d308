"""What Terraform shows of facts and refusals: errors at the argument, and replacements with their cause."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.mock_provider.conftest import Project

Make = Callable[..., Project]

REFUSED = """
resource "aws_lb_listener" "web" {
  load_balancer_arn = "balancer"
  port              = 443
  default_action {
    type = "redirect"
    redirect {
      status_code = "HTTP_399"
    }
  }
}
resource "aws_db_instance" "main" {
  engine                      = "postgres"
  instance_class              = "db.t3.micro"
  allocated_storage           = 20
  username                    = "shop"
  manage_master_user_password = true
  backup_window               = "03:30-04:30"
  maintenance_window          = "sun:04:00-sun:05:00"
  skip_final_snapshot         = true
}
"""


def test_refusals_point_at_the_argument(project: Make) -> None:
    done = project(REFUSED).run("validate", "-json", code=1)
    # The mock's own lines stand around Terraform's document.
    said = json.loads(done.stdout[done.stdout.index("{") : done.stdout.rindex("}") + 1])
    found = {
        (one["summary"], one["snippet"]["context"], one["snippet"]["code"].strip())
        for one in said["diagnostics"]
    }
    assert found == {
        (
            '"load_balancer_arn" (balancer) is an invalid ARN: arn: invalid prefix',
            'resource "aws_lb_listener" "web"',
            'load_balancer_arn = "balancer"',
        ),
        (
            'expected status_code to be one of ["HTTP_301" "HTTP_302"], got HTTP_399',
            'resource "aws_lb_listener" "web"',
            'status_code = "HTTP_399"',
        ),
        (
            "InvalidParameterValue: The backup window and maintenance window must not overlap.",
            'resource "aws_db_instance" "main"',
            'maintenance_window          = "sun:04:00-sun:05:00"',
        ),
    }


CACHE = """
resource "aws_elasticache_replication_group" "main" {
  replication_group_id = "shop"
  description          = "Sessions"
  engine               = "redis"
  engine_version       = "7.0"
  node_type            = "cache.t3.micro"
  num_cache_clusters   = 2
}
"""


def test_an_older_cache_is_another_cache(project: Make) -> None:
    """Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/VersionManagement.HowTo.html."""
    made = project(CACHE)
    made.apply()
    text = (made.folder / "main.tf").read_text("utf-8")
    made.write(text.replace('"7.0"', '"6.2"'))
    [change] = made.changes().values()
    assert change["change"]["actions"] == ["delete", "create"]
    assert change["change"]["replace_paths"] == [["engine_version"]]
