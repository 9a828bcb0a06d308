"""What the page of a plan says, and what it never says."""

from __future__ import annotations

import base64
import json
import re
from html import unescape

import pytest
from small_plans import plan, resource

from handoff import costs
from pipeline import cost, page, summary

GATE = {
    "summary": {"resources": 1, "evaluated": 1, "passed": 1, "failed": 0, "unknown": 0, "waived": 0},
    "findings": [],
}
CONFIGURATION = {"provider": {"aws": [{"region": "ap-northeast-2"}]}, "resource": {}}
GROUP = {"min_size": 2, "max_size": 4}
TEMPLATE = {"id": "lt-1", "name": "backend", "instance_type": "t3.small"}


def costing(found, configuration=CONFIGURATION):
    return cost.of(found, configuration, {}, costs.load())


def html(found, **more):
    told = summary.summarize(found)
    found_cost = costing(found)
    return page.html("Plan", found, told, GATE, found_cost, cost_line=found_cost.line, **more)


def words(text):
    """A page's text, its marks of breaks and its tags left out."""
    body = re.sub(r"<style>.*?</style>", "", text, flags=re.S).replace("<wbr>", "")
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def prior(*resources):
    """`prior_state` of (address, values)."""
    return {
        "values": {
            "root_module": {
                "resources": [
                    {
                        "address": address,
                        "mode": "managed",
                        "type": address.partition(".")[0],
                        "name": address.partition(".")[2],
                        "values": values,
                    }
                    for address, values in resources
                ]
            }
        }
    }


def test_no_sensitive_value_is_on_the_page():
    one = resource(
        "aws_db_instance.main",
        ["delete", "create"],
        {"password": "old-secret", "tags": {"a": "deep-old", "b": "1"}, "engine": "postgres", "port": 1},
        {"password": "new-secret", "tags": {"a": "deep-new", "b": "2"}, "engine": "postgres", "port": 2},
        change={
            "before_sensitive": {"password": True, "tags": {"a": True}},
            "after_sensitive": {"password": True, "tags": {"a": True}},
            "replace_paths": [["password"]],
        },
    )
    text = html(plan(one, prior_state=prior(("aws_db_instance.main", one["change"]["before"]))))
    for secret in ("old-secret", "new-secret", "deep-old", "deep-new"):
        assert secret not in text
    assert "password forces replacement (sensitive) (sensitive)" in words(text)
    assert "port 1 2" in words(text)


def test_what_costs_is_not_named_by_a_sensitive_value():
    values = {"engine": "redis", "node_type": "cache.hidden.large", "num_cache_clusters": 2}
    one = resource("aws_elasticache_replication_group.c", ["delete"], values, None)
    before = prior(("aws_elasticache_replication_group.c", values))
    before["values"]["root_module"]["resources"][0]["sensitive_values"] = {"node_type": True}
    found = plan(one, prior_state=before)
    found["planned_values"] = {}
    assert "cache.hidden.large" not in html(found) and "cache.redis.unknown (2 → 0)" in costing(found).line


def test_a_document_is_compared_line_by_line_and_user_data_as_it_was_written():
    def policy(action):
        return json.dumps({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "x" * 200}]})

    def data(version):
        return base64.b64encode(f"#cloud-config\n{'# ' + 'x' * 150}\nimage: {version}\n".encode()).decode()

    text = words(
        html(
            plan(
                resource(
                    "aws_iam_role_policy.a",
                    ["update"],
                    {"policy": policy("s3:Get")},
                    {"policy": policy("s3:Put")},
                ),
                resource("aws_launch_template.a", ["update"], {"user_data": data(1)}, {"user_data": data(2)}),
            )
        )
    )
    assert '− "Action": "s3:Get", + "Action": "s3:Put",' in text
    assert "− image: 1 + image: 2" in text
    assert "Effect" in text and "#cloud-config" in text


def test_what_is_known_after_apply_only_says_so_where_it_stands():
    one = resource(
        "aws_backup_selection.a",
        ["update"],
        {"resources": ["arn:1", "arn:2"], "plan_id": "a" * 500},
        {"resources": ["arn:1", None]},
        {"resources": [False, True], "plan_id": True},
    )
    text = words(html(plan(one)))
    assert '["arn:1", "arn:2"] ["arn:1", "(known after apply)"]' in text
    assert "plan_id (1 lines) (known after apply)" in text


def test_a_huge_difference_is_cut_and_counted():
    before = "\n".join(f"line {number}" for number in range(5000))
    text = html(
        plan(resource("aws_x.a", ["update"], {"text": before}, {"text": before.replace("line", "row")}))
    )
    assert re.search(r"… [\d]+ more lines", text)
    assert len(text) < 100_000


def test_names_and_values_stay_text():
    evil = "<script>alert(1)</script>\u202e\x1b[2J"
    one = resource("aws_sns_topic.a", ["update"], {"name": "x"}, {"name": evil})
    text = html(plan({**one, "address": f'aws_sns_topic.a["{evil}"]'}), notes=[evil])
    assert "<script" not in text and "\u202e" not in text and "\x1b" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e\\x1b[2J" in text.replace("<wbr>", "").replace(
        "\\u001b", "\\x1b"
    )


def test_without_a_network_there_is_no_picture_and_the_page_says_why():
    text = html(plan(resource("aws_s3_bucket.state", ["create"], None, {})))
    assert "<svg" not in text
    assert "There is no picture: no VPC with subnets stands or is planned." in text


def test_the_cost_is_counted_on_both_sides_and_what_has_no_price_is_named():
    machines = ("aws_autoscaling_group.b", {**GROUP, "launch_template": [{"id": "lt-1"}]})
    template = ("aws_launch_template.b", TEMPLATE)
    gateway, cache = (
        {"id": "nat-1"},
        {"engine": "redis", "node_type": "cache.t3.micro", "num_cache_clusters": 2},
    )
    found = plan(
        resource("aws_autoscaling_group.b", ["update"], machines[1], {**machines[1], "min_size": 3}),
        resource("aws_launch_template.b", ["no-op"], TEMPLATE, TEMPLATE),
        resource("aws_nat_gateway.a", ["delete"], gateway, None),
        resource("aws_elasticache_replication_group.c", ["create"], None, cache),
        prior_state=prior(machines, template, ("aws_nat_gateway.a", gateway)),
    )
    found["planned_values"]["root_module"]["resources"] = [
        {"address": address, "mode": "managed", "type": address.partition(".")[0], "values": values}
        for address, values in (
            (machines[0], {**machines[1], "min_size": 3}),
            template,
            ("aws_elasticache_replication_group.c", cache),
        )
    ]
    told = costing(found)
    assert told.difference == pytest.approx(0.026 * 730 - 0.059 * 730)
    assert [(one.address, one.item, one.difference) for one in told.items] == [
        ("aws_autoscaling_group.b", "instance.t3.small", pytest.approx(0.026 * 730)),
        ("aws_elasticache_replication_group.c", "cache.redis.cache.t3.micro", None),
        ("aws_nat_gateway.a", "nat_gateway", pytest.approx(-0.059 * 730)),
    ]
    assert told.line == (
        "cost a month: −$24.09 (from $81.03 to at least $56.94), prices of ap-northeast-2, 2026-10-01; left out, since "
        "no price is known: cache.redis.cache.t3.micro (0 → 2)"
    )


def test_what_is_not_known_yet_is_counted_as_it_is_configured():
    configured = {
        "aws_lb": {"main": {"subnets": ["${aws_subnet.a.id}", "${aws_subnet.b.id}"]}},
        "aws_launch_template": {"b": TEMPLATE},
        "aws_autoscaling_group": {"b": {**GROUP, "launch_template": {"id": "${aws_launch_template.b.id}"}}},
    }
    found = plan(
        resource("aws_lb.main", ["create"], None, {}, {"subnets": True}),
        resource("aws_launch_template.b", ["create"], None, {"instance_type": "t3.small"}, {"id": True}),
        resource(
            "aws_autoscaling_group.b",
            ["create"],
            None,
            {**GROUP, "launch_template": [{}]},
            {"launch_template": [{"id": True}]},
        ),
    )
    told = costing(found, {**CONFIGURATION, "resource": configured})
    assert {(one.item, one.after.quantity) for one in told.items} == {
        ("load_balancer", 1),
        ("public_ipv4", 2),
        ("instance.t3.small", 2),
    }


def test_in_another_region_the_cost_is_not_known_and_the_cure_is_named():
    elsewhere = {"provider": {"aws": [{"region": "eu-central-1"}]}, "resource": {}}
    told = costing(plan(resource("aws_nat_gateway.a", ["create"], None, {})), elsewhere)
    assert told.line.endswith("and this is eu-central-1: make prices REGION=eu-central-1")
