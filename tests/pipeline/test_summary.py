"""What a plan's summary counts, and what it calls a loss."""

from __future__ import annotations

import pytest
from small_plans import plan, resource

from pipeline import report, summary

VPC = {"cidr_block": "10.0.0.0/16"}


@pytest.mark.parametrize(
    ("actions", "more", "counts"),
    [
        (["create"], {}, {"create": 1}),
        (["update"], {}, {"update": 1}),
        (["delete"], {}, {"delete": 1}),
        (["delete", "create"], {}, {"replace": 1}),
        (["create", "delete"], {}, {"replace": 1}),
        (["create", "forget"], {}, {"replace": 1}),
        (["forget"], {}, {"forget": 1}),
        (["no-op"], {}, {}),
        (["read"], {}, {}),
        (["no-op"], {"previous_address": "aws_vpc.old"}, {"move": 1}),
        (["no-op"], {"change": {"importing": {"id": "vpc-1"}}}, {"import": 1}),
        (["update"], {"previous_address": "aws_vpc.old"}, {"update": 1}),
    ],
)
def test_each_action_is_counted_once(actions, more, counts):
    told = summary.summarize(plan(resource("aws_vpc.main", actions, VPC, VPC, **more)))
    assert told.counts == counts
    assert told.standing == (0 if counts else 1)


def test_data_sources_are_not_counted():
    read = {**resource("data.aws_region.here", ["read"], None, {}), "mode": "data"}
    assert summary.summarize(plan(read)).changes == ()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("aws_db_instance.main", "database"),
        ("aws_elasticache_replication_group.main", "cache"),
        ("aws_s3_bucket.logs", "bucket"),
        ("aws_kms_key.database", "key"),
        ("aws_backup_vault.main", "vault"),
        ("aws_secretsmanager_secret.a", "secret"),
        ("aws_cloudwatch_log_group.flow_logs", "logs"),
        ("aws_efs_file_system.a", "data store"),
        ('module.data["a.b"].aws_db_instance.main[0]', "database"),
        ("aws_subnet.private_a", ""),
        ("aws_db_subnet_group.main", ""),
    ],
)
@pytest.mark.parametrize("actions", [["delete"], ["delete", "create"], ["create", "delete"], ["forget"]])
def test_what_holds_data_and_does_not_survive_is_a_loss(address, kind, actions):
    told = summary.summarize(plan(resource(address, actions, {}, None)))
    assert [change.address for change in told.losses] == ([address] if kind else [])
    assert told.changes[0].stateful == kind


@pytest.mark.parametrize("actions", [["create"], ["update"], ["no-op"]])
def test_what_survives_is_no_loss(actions):
    assert not summary.summarize(plan(resource("aws_db_instance.main", actions, {}, {}))).losses


def test_a_deposed_object_is_told_apart_from_its_successor():
    left = resource("aws_kms_key.a", ["delete"], {}, None, deposed="abc123")
    stays = resource("aws_kms_key.a", ["no-op"], {}, {})
    told = summary.summarize(plan(left, stays))
    assert [change.address for change in told.losses] == ["aws_kms_key.a (deposed)"]


def test_tiers_come_from_the_construct_paths():
    body = {"//": {"metadata": {"path": "cloudmart-prod/database/db_instance.main"}}}
    tiers = summary.tiers_of({"resource": {"aws_db_instance": {"main": body}, "aws_vpc": {"main": {}}}})
    told = summary.summarize(
        plan(resource("aws_db_instance.main", ["create"]), resource("aws_vpc.main", ["delete"])), tiers
    )
    assert told.by_tier == {summary.UNKNOWN_TIER: {"delete": 1}, "database": {"create": 1}}


def test_a_replacement_says_what_forces_it():
    one = resource(
        "aws_db_instance.main",
        ["delete", "create"],
        {"engine": "postgres", "arn": "arn:1", "storage_encrypted": False},
        {"engine": "postgres", "storage_encrypted": True},
        {"arn": True},
        change={"replace_paths": [["storage_encrypted"]]},
        action_reason="replace_because_cannot_update",
    )
    (change,) = summary.summarize(plan(one)).changes
    assert change.why == "storage_encrypted cannot change in place"
    assert change.attributes == ("storage_encrypted: false → true",)


def test_a_tainted_resource_says_so():
    one = resource(
        "aws_db_instance.main", ["delete", "create"], {}, {}, action_reason="replace_because_tainted"
    )
    (change,) = summary.summarize(plan(one)).losses
    assert "tainted" in change.why


def test_changed_attributes_are_told_with_their_values_where_they_may_be():
    one = resource(
        "aws_db_instance.main",
        ["update"],
        {"instance_class": "db.t3.micro", "password": "old-one", "tags": {"a": "1"}, "port": 5432, "same": 1},
        {"instance_class": "db.t3.small", "password": "new-one", "tags": {"a": "2"}, "port": 5433, "same": 1},
        {"endpoint": True},
        change={"before_sensitive": {"password": True}, "after_sensitive": {"password": True}},
    )
    told = summary.summarize(plan(one))
    assert told.changes[0].attributes == (
        "endpoint: (none) → (known after apply)",
        "instance_class: db.t3.micro → db.t3.small",
        "password: (sensitive)",
        "port: 5432 → 5433",
        "tags",
    )
    assert "new-one" not in report.text(told) + report.markdown(told, title="t")


def test_drift_is_told_gone_and_changed():
    told = summary.summarize(
        plan(
            resource("aws_s3_bucket_policy.a", ["create"], None, {}),
            resource_drift=[
                resource("aws_s3_bucket_policy.a", ["delete"], {}, None),
                resource("aws_kms_key.a", ["update"], {"description": "a"}, {"description": "b"}),
            ],
        )
    )
    words = report.text(told)
    assert "aws_s3_bucket_policy.a: gone" in words
    assert "aws_kms_key.a [description: a → b]" in words


def test_losses_stand_first_and_loud_in_both_forms():
    told = summary.summarize(
        plan(
            resource("aws_subnet.a", ["create"], None, {}),
            resource(
                "aws_db_instance.main",
                ["delete"],
                {},
                None,
                action_reason="delete_because_no_resource_config",
            ),
        )
    )
    first = report.text(told).splitlines()[:2]
    assert "1 RESOURCE THAT HOLDS DATA WILL NOT SURVIVE" in first[0]
    assert "DELETED: aws_db_instance.main — database; it is no longer in the configuration" in first[1]
    lines = report.markdown(told, title="Plan for prod").splitlines()
    assert lines[0] == "## Plan for prod"
    assert lines[2:4] == ["> [!CAUTION]", "> **1 resource that holds data will not survive this plan:**"]
    assert "**DELETED** `aws_db_instance.main`" in lines[5]


def test_an_empty_plan_says_so():
    told = summary.summarize(plan(resource("aws_vpc.main", ["no-op"], VPC, VPC)))
    assert told.empty
    assert report.headline(told) == "nothing to change; 1 stay as they are"


def test_a_plan_of_outputs_alone_is_not_empty():
    told = summary.summarize(
        plan(output_changes={"url": {"actions": ["update"]}, "id": {"actions": ["no-op"]}})
    )
    assert not told.empty
    assert told.outputs == ("url",)
    assert report.headline(told) == "no resource changes, 1 outputs do"


def test_markdown_fits_into_a_comment_and_closes_its_folds():
    many = [resource(f"aws_subnet.s{number:05}", ["create"], None, {}) for number in range(5000)]
    page = report.markdown(summary.summarize(plan(*many)), title="Plan")
    assert len(page) < 65_536
    assert page.count("<details>") == page.count("</details>")
    assert "more lines" in page


def test_markdown_shows_names_as_they_are():
    told = summary.summarize(plan(resource('aws_s3_bucket.b["a`|<b>"]', ["create"], None, {})))
    assert '``  + aws_s3_bucket.b["a`|<b>"] ``'.replace("``  ", "`` ") in report.markdown(told, title="Plan")


def test_a_terminal_gets_the_first_lines_of_a_long_section():
    changes = [resource(f"aws_subnet.s{number:03}", ["delete"], {}, None) for number in range(100)]
    words = report.text(summary.summarize(plan(*changes)), file="plan.md")
    assert "… and 60 more: plan.md" in words
