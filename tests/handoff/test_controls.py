"""The ledger of controls: none is missing, none answered twice, and each answer is true."""

from __future__ import annotations

import copy
import datetime
from typing import Any

import pytest
from stacks import ROOT

from handoff import controls
from policies.engine import catalogue

LEDGER = controls.load()
# The numbers of AWS Foundational Security Best Practices as published, by service.
PUBLISHED = {
    "ACM": "1 2",
    "Account": "1",
    "AutoScaling": "1 2 3 5 6 9",
    "Backup": "1",
    "CloudFront": "1 3 4 5 6 7 8 9 10 12 13 15 16 17",
    "CloudTrail": "1 2 4 5",
    "Config": "1",
    "EC2": "1 2 3 4 6 7 8 9 10 15 16 17 18 19 20 21 23 24 25 51 55 56 57 58 60 170 171 172 173 180 181 182",
    "ELB": "1 2 3 4 5 6 7 8 9 10 12 13 14 17 18 21 22",
    "ElastiCache": "1 2 3 4 5 6 7",
    "EventBridge": "3",
    "GuardDuty": "1 5 6 7 8 9 10 11 12 13",
    "IAM": "1 2 3 4 5 6 7 8 21",
    "Inspector": "1 2 3 4",
    "KMS": "1 2 3 5",
    "Macie": "1 2",
    "RDS": "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 19 20 21 22 23 24 25 27 34 35 36 37 40 41 42 43 44 45 46",
    "Route53": "2",
    "S3": "1 2 3 5 6 8 9 12 13 19 24 25",
    "SNS": "4",
    "SSM": "1 2 3 4 6 7",
    "SecretsManager": "1 2 3 4",
    "WAF": "1 2 3 4 6 7 8 10 12",
}
# CIS AWS Foundations 5.0; section 4 is alarms on a trail's log, which Security Hub checks no more.
BENCHMARK = (
    *(f"1.{number}" for number in range(1, 22)),
    *("2.1.1", "2.1.2", "2.1.3", "2.1.4", "2.2.1", "2.2.2", "2.2.3", "2.2.4", "2.3.1"),
    *(f"3.{number}" for number in range(1, 10)),
    *("5.1.1", "5.1.2", "5.2", "5.3", "5.4", "5.5", "5.6", "5.7"),
)
# The service whose controls are about a type of the stack; None where no control is.
SERVICES = {
    "aws_acm": "ACM",
    "aws_autoscaling": "AutoScaling",
    "aws_backup": "Backup",
    "aws_cloudfront": "CloudFront",
    "aws_cloudwatch_event": "EventBridge",
    "aws_cloudwatch_log": None,
    "aws_cloudwatch_metric": None,
    "aws_cloudwatch_dashboard": None,
    "aws_db": "RDS",
    "aws_default": "EC2",
    "aws_eip": "EC2",
    "aws_elasticache": "ElastiCache",
    "aws_fis": None,
    "aws_flow_log": "EC2",
    "aws_iam": "IAM",
    "aws_internet_gateway": "EC2",
    "aws_kms": "KMS",
    "aws_launch_template": "EC2",
    "aws_lb": "ELB",
    "aws_nat_gateway": "EC2",
    "aws_route53": "Route53",
    "aws_route": "EC2",
    "aws_s3": "S3",
    "aws_security_group": "EC2",
    "aws_sns": "SNS",
    "aws_subnet": "EC2",
    "aws_vpc": "EC2",
    "aws_wafv2": "WAF",
    "terraform_data": None,
}


def test_no_control_is_missing_and_none_stands_twice() -> None:
    wanted = {f"{service}.{number}" for service, numbers in PUBLISHED.items() for number in numbers.split()}
    wanted |= {f"CIS {number}" for number in BENCHMARK}
    found = [one.id for one in LEDGER.controls]
    assert len(found) == len(set(found))
    assert set(found) == wanted


@pytest.mark.parametrize("variant", ["prod", "dev", "everything"])
def test_every_type_of_the_stack_belongs_to_a_service_of_the_ledger(stack: Any, variant: str) -> None:
    for terraform_type in stack(variant)["resource"]:
        known = max((one for one in SERVICES if terraform_type.startswith(one)), key=len, default=None)
        assert known, f"{terraform_type}: which service's controls are about it?"
        assert SERVICES[known] is None or SERVICES[known] in PUBLISHED


def test_what_the_stack_is_said_to_hold_it_holds(stack: Any) -> None:
    configuration = stack("prod")
    broken = [
        one.id for one in LEDGER.controls if one.how == "holds" and not controls.held(one, configuration)
    ]
    assert broken == []


def test_an_argument_that_is_gone_would_be_seen(stack: Any) -> None:
    configuration = copy.deepcopy(stack("prod"))
    configuration["resource"]["aws_lb"]["main"]["drop_invalid_header_fields"] = False
    del configuration["resource"]["aws_cloudfront_distribution"]["main"]["web_acl_id"]
    configuration["resource"]["aws_default_security_group"]["main"]["ingress"] = [{"from_port": 22}]
    broken = {
        one.id for one in LEDGER.controls if one.how == "holds" and not controls.held(one, configuration)
    }
    assert broken == {"ELB.4", "CloudFront.6", "EC2.2", "CIS 5.5"}


def test_every_rule_that_is_named_is_in_the_catalogue_and_judges_the_stack() -> None:
    known = {entry.id for entry in catalogue.load()}
    assert {one.words for one in LEDGER.controls if one.how == "rule"} <= known


def test_waivers_have_a_reason_an_owner_and_an_end() -> None:
    assert LEDGER.owner
    assert datetime.date.fromisoformat(LEDGER.expires) > datetime.date(2026, 11, 1)
    for one in LEDGER.controls:
        assert len(one.words) > 10, one.id


def test_the_page_is_current() -> None:
    page = (ROOT / "docs" / "controls.md").read_text(encoding="utf-8")
    assert page == controls.page(LEDGER), "run `make docs`"
