"""One configuration as HCL and as JSON, and a plan of it: what tests read, cut and garble."""

from __future__ import annotations

import json
from typing import Any


def resource(address: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An entry of planned_values, as `terraform show -json` writes it."""
    base, bracket, key = address.partition("[") if address.endswith("]") else (address, "", "")
    *_, type, name = base.split(".")
    index = {"index": json.loads(key[:-1])} if bracket else {}
    mode = "data" if "data." in address else "managed"
    return {"address": address, "mode": mode, "type": type, "name": name, "values": values, **index, **more}


def change(address: str, unknown: dict[str, Any], actions: tuple[str, ...] = ("create",)) -> dict[str, Any]:
    return {"address": address, "change": {"actions": list(actions), "after_unknown": unknown}}


HCL = """\
variable "encrypted" {
  type    = bool
  default = true
}
variable "secret" {
  default   = "hunter2"
  sensitive = true
}
variable "unset" {}
variable "rules" {
  default = [{ port = 80, ranges = ["10.0.0.0/8"] }, { port = 443, ranges = [] }]
}
locals {
  zones = ["a", "b"]
}
resource "aws_kms_key" "main" {}
resource "aws_subnet" "private" {
  for_each          = toset(local.zones)
  availability_zone = "eu-west-1${each.key}"
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, index(local.zones, each.key))
}
resource "aws_db_subnet_group" "main" {
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}
resource "aws_db_instance" "main" {
  count                = 2
  identifier           = "db-${count.index}"
  storage_encrypted    = var.encrypted
  kms_key_id           = aws_kms_key.main.arn
  password             = var.secret
  db_name              = var.unset
  db_subnet_group_name = aws_db_subnet_group.main.name
}
resource "aws_db_instance" "never" {
  count = var.encrypted ? 0 : 1
}
resource "aws_db_instance" "perhaps" {
  count      = var.unset
  identifier = "p"
}
resource "aws_security_group" "main" {
  ingress {
    from_port = 22
  }
  dynamic "ingress" {
    for_each = var.rules
    iterator = rule
    content {
      from_port   = rule.value.port
      cidr_blocks = rule.value["ranges"]
    }
  }
}
resource "aws_s3_bucket_policy" "main" {
  bucket = aws_s3_bucket.main.bucket
  policy = data.aws_iam_policy_document.main.json
}
resource "aws_s3_bucket" "main" {
  bucket = "shop"
}
data "aws_iam_policy_document" "main" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["${aws_s3_bucket.main.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
output "names" {
  value = aws_db_instance.main[*].identifier
}
"""

JSON = {
    "variable": {
        "encrypted": {"type": "bool", "default": True},
        "secret": {"default": "hunter2", "sensitive": True},
        "unset": {},
        "rules": {"default": [{"port": 80, "ranges": ["10.0.0.0/8"]}, {"port": 443, "ranges": []}]},
    },
    "locals": {"zones": ["a", "b"]},
    "resource": [
        {
            "aws_kms_key": {"main": {}},
            "aws_subnet": {
                "private": {
                    "for_each": "${toset(local.zones)}",
                    "availability_zone": "eu-west-1${each.key}",
                    "cidr_block": '${cidrsubnet("10.0.0.0/16", 8, index(local.zones, each.key))}',
                }
            },
        },
        {
            "aws_db_subnet_group": {
                "main": {"subnet_ids": "${[for subnet in aws_subnet.private : subnet.id]}"}
            },
            "aws_db_instance": {
                "main": [
                    {
                        "count": 2,
                        "identifier": "db-${count.index}",
                        "storage_encrypted": "${var.encrypted}",
                        "kms_key_id": "${aws_kms_key.main.arn}",
                        "password": "${var.secret}",
                        "db_name": "${var.unset}",
                        "db_subnet_group_name": "${aws_db_subnet_group.main.name}",
                    }
                ],
                "never": {"count": "${var.encrypted ? 0 : 1}"},
                "perhaps": {"count": "${var.unset}", "identifier": "p"},
            },
            "aws_security_group": {
                "main": {
                    "ingress": {"from_port": 22},
                    "dynamic": {
                        "ingress": {
                            "for_each": "${var.rules}",
                            "iterator": "rule",
                            "content": {
                                "from_port": "${rule.value.port}",
                                "cidr_blocks": '${rule.value["ranges"]}',
                            },
                        }
                    },
                }
            },
            "aws_s3_bucket_policy": {
                "main": {
                    "bucket": "${aws_s3_bucket.main.bucket}",
                    "policy": "${data.aws_iam_policy_document.main.json}",
                }
            },
            "aws_s3_bucket": {"main": {"bucket": "shop"}},
        },
    ],
    "data": {
        "aws_iam_policy_document": {
            "main": {
                "statement": {
                    "effect": "Deny",
                    "actions": ["s3:*"],
                    "resources": ["${aws_s3_bucket.main.arn}/*"],
                    "principals": {"type": "*", "identifiers": ["*"]},
                    "condition": {"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]},
                }
            }
        }
    },
    "output": {"names": {"value": "${aws_db_instance.main[*].identifier}"}},
}

PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "terraform_version": "1.11.4",
    "planned_values": {
        "root_module": {
            "resources": [
                resource(
                    "aws_db_instance.main",
                    {
                        "identifier": "shop",
                        "storage_encrypted": True,
                        "password": "hunter2",
                        "engine": None,
                        "vpc_security_group_ids": [None],
                        "restore_to_point_in_time": [],
                    },
                    sensitive_values={"password": True, "vpc_security_group_ids": [False]},
                ),
                resource("aws_security_group.main", {"ingress": [{"from_port": 443}]}),
                resource("aws_s3_bucket_policy.main", {}),
                resource("aws_subnet.private[0]", {}),
                resource("aws_subnet.private[1]", {}),
                resource("aws_route_table_association.private[1]", {}),
                resource('aws_instance.web["x.y"]', {}),
            ],
            "child_modules": [
                {
                    "address": "module.net[0]",
                    "resources": [
                        resource("module.net[0].aws_vpc.main", {"cidr_block": "10.0.0.0/16"}),
                        resource("module.net[0].aws_subnet.inner", {}),
                    ],
                }
            ],
        },
        "outputs": {"password": {"sensitive": True, "value": "hunter2"}, "known": {"value": "shop"}},
    },
    "resource_changes": [
        change(
            "aws_db_instance.main",
            {
                "arn": True,
                "kms_key_id": True,
                "monitoring_role_arn": True,
                "vpc_security_group_ids": [True],
                "db_subnet_group_name": True,
            },
        ),
        change("aws_security_group.main", {"id": True, "ingress": [{"cidr_blocks": True}], "egress": True}),
        change("aws_s3_bucket_policy.main", {"policy": True}),
        change(
            "data.aws_iam_policy_document.main",
            {"json": True, "statement": [{"resources": [True]}]},
            ("read",),
        ),
        change("aws_subnet.private[0]", {"id": True}),
        change("aws_subnet.private[1]", {"id": True}),
        change("aws_route_table_association.private[1]", {"subnet_id": True}),
        change('aws_instance.web["x.y"]', {"subnet_id": True}),
        change("module.net[0].aws_subnet.inner", {"vpc_id": True}),
        {"address": "aws_db_instance.old", "change": {"actions": ["delete"], "after_unknown": {}}},
        {
            "address": "aws_db_instance.main",
            "deposed": "abc",
            "change": {"actions": ["delete"], "after_unknown": {}},
        },
    ],
    "configuration": {
        "provider_config": {
            "aws": {
                "name": "aws",
                "expressions": {"default_tags": [{"tags": {"constant_value": {"Owner": "platform"}}}]},
            }
        },
        "root_module": {
            "outputs": {
                "id": {"expression": {"references": ["aws_db_instance.main.arn", "aws_db_instance.main"]}},
                "password": {"sensitive": True, "expression": {"references": ["var.password"]}},
            },
            "resources": [
                {
                    "address": "aws_db_instance.main",
                    "expressions": {
                        "identifier": {"references": ["aws_vpc.main.id", "aws_vpc.main"]},
                        "kms_key_id": {"references": ["aws_kms_key.main.arn", "aws_kms_key.main"]},
                        "monitoring_role_arn": {"references": ["var.role"]},
                        "password": {"references": ["var.password"]},
                        "storage_encrypted": {"constant_value": True},
                        "vpc_security_group_ids": {
                            "references": ["aws_security_group.main.id", "aws_security_group.main"]
                        },
                    },
                },
                {
                    "address": "aws_security_group.main",
                    "expressions": {
                        "ingress": [
                            {
                                "from_port": {"constant_value": 443},
                                "cidr_blocks": {"references": ["var.ranges"]},
                            }
                        ]
                    },
                },
                {
                    "address": "aws_s3_bucket_policy.main",
                    "expressions": {
                        "policy": {
                            "references": [
                                "data.aws_iam_policy_document.main.json",
                                "data.aws_iam_policy_document.main",
                            ]
                        }
                    },
                },
                {
                    "address": "data.aws_iam_policy_document.main",
                    "mode": "data",
                    "expressions": {
                        "statement": [
                            {
                                "actions": {"constant_value": ["s3:*"]},
                                "effect": {"constant_value": "Deny"},
                                "resources": {"references": ["aws_s3_bucket.main.arn", "aws_s3_bucket.main"]},
                            }
                        ]
                    },
                },
                {
                    "address": "aws_route_table_association.private",
                    "expressions": {"subnet_id": {"references": ["aws_subnet.private", "count.index"]}},
                },
                {
                    "address": "aws_instance.web",
                    "expressions": {
                        "subnet_id": {"references": ["module.net[0].subnet", "module.net[0]", "module.net"]}
                    },
                },
                {"address": "aws_subnet.private", "expressions": {}},
            ],
            "module_calls": {
                "net": {
                    "expressions": {"vpc": {"references": ["aws_vpc.outer.id", "aws_vpc.outer"]}},
                    "module": {
                        "outputs": {
                            "subnet": {
                                "expression": {"references": ["aws_subnet.inner.id", "aws_subnet.inner"]}
                            }
                        },
                        "resources": [
                            {"address": "aws_vpc.main", "expressions": {}},
                            {
                                "address": "aws_subnet.inner",
                                "expressions": {"vpc_id": {"references": ["var.vpc"]}},
                            },
                        ],
                    },
                }
            },
        },
    },
}

PLAN["planned_values"]["root_module"]["resources"].append(
    resource(
        "data.aws_iam_policy_document.main",
        {"statement": [{"actions": ["s3:*"], "effect": "Deny", "resources": [None]}]},
    )
)
