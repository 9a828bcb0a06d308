"""Verdicts, and everything that must close the gate."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from policies.engine import catalogue, judging, parameters
from policies.engine.catalogue import Entry
from policies.engine.model import Model, Resource
from policies.engine.verdicts import AT_REST, Rule, Verdict, failed, not_applicable, passed, unknown
from policies.readers import Reading, read

PARAMETERS = parameters.load()


def entry(
    check: Callable[..., Any], *, whole: bool = False, types: tuple[str, ...] = ("aws_db_instance",)
) -> Entry:
    rule = Rule(title="t", family=AT_REST, severity="high", types=types, why="w", fix="f", link="l")
    return Entry("CM_TEST", rule, None if whole else check, check if whole else None)


def judged(text: str, *entries: Entry, folder: Path) -> judging.Result:
    (folder / "main.tf").write_text(text)
    return judging.judge([read(folder)], entries, PARAMETERS)


TWO = """\
resource "aws_db_instance" "one" {
  storage_encrypted = true
  password          = var.password
}
resource "aws_db_instance" "two" {
  storage_encrypted = var.unset
}
resource "aws_vpc" "main" {}
variable "password" {
  default   = "hunter2"
  sensitive = true
}
"""


def statuses(result: judging.Result) -> dict[str, str]:
    return {finding.address: finding.status for finding in result.findings}


def encrypted(resource: Resource, model: Model, _: Any) -> Iterator[Verdict]:
    yield passed() if resource.boolean("storage_encrypted") else failed("no", "storage_encrypted")


def test_a_value_that_is_needed_and_unknown_makes_the_verdict_unknown(tmp_path: Path) -> None:
    result = judged(TWO, entry(encrypted), folder=tmp_path)
    assert statuses(result) == {"aws_db_instance.one": "pass", "aws_db_instance.two": "unknown"}
    finding = result.findings[1]
    assert finding.message == "storage_encrypted: var.unset is not declared"
    assert finding.line == 6
    assert result.exit_code == 1


def test_the_summary_counts_what_was_seen_and_names_what_nobody_looks_at(tmp_path: Path) -> None:
    summary = judged(TWO, entry(encrypted), folder=tmp_path).summary
    assert (summary.resources, summary.evaluated, summary.passed, summary.unknown) == (3, 2, 1, 1)
    assert summary.uncovered_types == ("aws_vpc",)


def test_a_failure_hides_no_other_and_no_pass_stands_beside_it(tmp_path: Path) -> None:
    def several(resource: Resource, model: Model, _: Any) -> Iterator[Verdict]:
        yield passed()
        yield failed("first")
        yield unknown("second")
        yield failed("first")

    result = judged(TWO, entry(several), folder=tmp_path)
    one = [(f.status, f.message) for f in result.findings if f.address == "aws_db_instance.one"]
    assert one == [("fail", "first"), ("unknown", "second")]


def test_a_verdict_may_be_about_another_resource(tmp_path: Path) -> None:
    def elsewhere(resource: Resource, model: Model, _: Any) -> Iterator[Verdict]:
        yield failed("there", at=model.of_type("aws_vpc")[0])

    assert statuses(judged(TWO, entry(elsewhere), folder=tmp_path)) == {"aws_vpc.main": "fail"}


def test_a_rule_over_the_whole_model(tmp_path: Path) -> None:
    def whole(model: Model, _: Any) -> Iterator[Verdict]:
        for resource in model.of_type("aws_db_instance"):
            resource.boolean("storage_encrypted")
            yield passed(at=resource)

    result = judged(TWO, entry(whole, whole=True), folder=tmp_path)
    assert statuses(result) == {"aws_db_instance.one": "pass", "aws_db_instance.two": "unknown"}


def test_not_applicable_is_no_evaluation(tmp_path: Path) -> None:
    def never(resource: Resource, model: Model, _: Any) -> Iterator[Verdict]:
        yield not_applicable()

    result = judged(TWO, entry(never), folder=tmp_path)
    assert (result.findings, result.summary.evaluated, result.exit_code) == ((), 0, 0)


@pytest.mark.parametrize("raised", [ValueError("x"), KeyError("x"), RecursionError(), AssertionError()])
def test_a_rule_that_raises_stops_the_gate(tmp_path: Path, raised: Exception) -> None:
    def broken(resource: Resource, model: Model, _: Any) -> Iterator[Verdict]:
        yield passed()
        raise raised

    with pytest.raises(Problem, match=r"main\.tf:1: CM_TEST broke on aws_db_instance\.one"):
        judged(TWO, entry(broken), folder=tmp_path)


def test_a_rule_that_says_nothing_stops_the_gate(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"CM_TEST said nothing about aws_db_instance\.one"):
        judged(TWO, entry(lambda *_: []), folder=tmp_path)


def test_a_truth_asked_of_an_unknown_value_is_a_rules_mistake(tmp_path: Path) -> None:
    def careless(resource: Resource, model: Model, _: Any) -> Iterator[Verdict]:
        yield passed() if resource.get("storage_encrypted") else failed("no")

    with pytest.raises(Problem, match=r"CM_TEST broke on aws_db_instance\.two.*no truth"):
        judged(TWO, entry(careless), folder=tmp_path)


def test_nothing_to_judge_stops_the_gate(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="there are no resources"):
        judged('variable "x" {}\n', entry(encrypted), folder=tmp_path)


@pytest.mark.parametrize(
    "type", ["aws_mq_broker", "aws_qldb_ledger", "google_sql_database_instance", "azurerm_redis_cache"]
)
def test_a_data_store_that_no_rule_knows_is_unknown_beside_all_else(tmp_path: Path, type: str) -> None:
    result = judged(f'{TWO}resource "{type}" "store" {{}}\n', entry(encrypted), folder=tmp_path)
    assert statuses(result) == {
        "aws_db_instance.one": "pass",
        "aws_db_instance.two": "unknown",
        f"{type}.store": "unknown",
    }
    assert (result.findings[-1].rule, result.findings[-1].line) == ("CM_STORE_KNOWN", 13)
    settings = tmp_path / "parameters.toml"
    settings.write_text(f'[coverage]\naccepted_stores = ["{type}"]\n')
    accepted = judging.judge([read(tmp_path)], [entry(encrypted)], parameters.load(settings))
    assert f"{type}.store" not in statuses(accepted)
    assert type in accepted.summary.uncovered_types


CREATORS = {
    "a stack": 'resource "aws_cloudformation_stack" "x" {\n  template_body = "{}"\n}\n',
    "a chart": 'resource "helm_release" "x" {\n  chart = "postgresql"\n}\n',
    "another provider for AWS": 'resource "awscc_s3_bucket" "x" {}\n',
    "a program": 'resource "null_resource" "x" {\n  provisioner "local-exec" {\n    command = "true"\n  }\n}\n',
    "a program beside a resource": (
        'resource "aws_vpc" "x" {\n  provisioner "remote-exec" {}\n  provisioner "local-exec" {}\n}\n'
    ),
}


@pytest.mark.parametrize("what", CREATORS)
def test_what_creates_others_unseen_is_unknown(tmp_path: Path, what: str) -> None:
    result = judged(CREATORS[what], entry(encrypted), folder=tmp_path)
    assert [(f.rule, f.status, f.line) for f in result.findings] == [("CM_CONTENTS_SEEN", "unknown", 1)]
    type = result.findings[0].address.partition(".")[0]
    settings = tmp_path / "parameters.toml"
    settings.write_text(f'[coverage]\naccepted_creators = ["{type}"]\n')
    assert judging.judge([read(tmp_path)], [entry(encrypted)], parameters.load(settings)).exit_code == 0


def test_a_provisioner_is_seen_in_json_and_in_a_plan(tmp_path: Path) -> None:
    block = {"provisioner": [{"file": {}}, {"local-exec": {"command": "true"}}]}
    (tmp_path / "main.tf.json").write_text(json.dumps({"resource": {"terraform_data": {"x": block}}}))
    one = {"address": "terraform_data.x", "mode": "managed", "type": "terraform_data", "name": "x"}
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [{**one, "values": {}}]}},
        "configuration": {"root_module": {"resources": [{**one, "provisioners": [{"type": "local-exec"}]}]}},
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    for path, configuration in (
        (tmp_path, None),
        (tmp_path / "plan.json", None),
        (tmp_path / "plan.json", tmp_path / "main.tf.json"),
    ):
        result = judging.judge([read(path, configuration)], [entry(encrypted)], PARAMETERS)
        assert [finding.rule for finding in result.findings] == ["CM_CONTENTS_SEEN"]


@pytest.mark.parametrize(
    "type",
    [
        "aws_db_subnet_group",
        "aws_route_table",
        "aws_s3_bucket_policy",
        "aws_athena_database",
        "aws_ecs_cluster",
        "terraform_data",
        "random_password",
    ],
)
def test_what_keeps_no_data_needs_no_rule(tmp_path: Path, type: str) -> None:
    assert judged(f'resource "{type}" "main" {{}}\n', entry(encrypted), folder=tmp_path).exit_code == 0


REQUIRED = 'terraform {\n  required_providers {\n    NAME = {\n      source = "SOURCE"\n    }\n  }\n}\n'


@pytest.mark.parametrize(
    ("name", "source", "resource", "strange"),
    [
        ("aws", "example/aws", 'resource "aws_vpc" "x" {}', True),
        ("aws", "registry.example.com/other/aws", 'resource "aws_vpc" "x" {}', True),
        ("fork", "example/aws", 'resource "aws_vpc" "x" {\n  provider = fork.west\n}', True),
        ("aws", "hashicorp/aws", 'resource "aws_vpc" "x" {}', False),
        ("aws", "mirror.example.com/hashicorp/aws", 'resource "aws_vpc" "x" {}', False),
        ("amazon", "hashicorp/aws", 'resource "aws_vpc" "x" {\n  provider = amazon\n}', False),
        ("fork", "example/aws", 'resource "aws_vpc" "x" {}', False),
        ("random", "example/random", 'resource "random_id" "x" {}', False),
    ],
)
def test_a_stranger_under_the_name_of_aws_is_unknown(
    tmp_path: Path, name: str, source: str, resource: str, strange: bool
) -> None:
    text = f"{REQUIRED.replace('NAME', name).replace('SOURCE', source)}{resource}\n"
    found = [finding.rule for finding in judged(text, entry(encrypted), folder=tmp_path).findings]
    assert found == (["CM_PROVIDER_KNOWN"] if strange else [])


@pytest.mark.parametrize(
    ("provider", "strange"),
    [
        ("registry.terraform.io/hashicorp/aws", False),
        ("registry.terraform.io/example/aws", True),
        (None, False),
    ],
)
def test_a_stranger_in_a_plan_is_unknown(tmp_path: Path, provider: str | None, strange: bool) -> None:
    one = {
        "address": "aws_vpc.x",
        "mode": "managed",
        "type": "aws_vpc",
        "name": "x",
        "provider_name": provider,
    }
    root = {"resources": [{**one, "values": {}}]}
    plan = {"format_version": "1.2", "planned_values": {"root_module": root}}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    result = judging.judge([read(tmp_path / "plan.json")], [entry(encrypted)], PARAMETERS)
    assert [finding.rule for finding in result.findings] == (["CM_PROVIDER_KNOWN"] if strange else [])


NONE = {
    "count": 'resource "aws_db_instance" "x" {\n  count = 0\n}\n',
    "for_each": 'resource "aws_db_instance" "x" {\n  for_each = {}\n}\n',
    "a module": 'module "x" {\n  source = "./x"\n  count = 0\n}\n',
    "a module that is not seen": 'module "x" {\n  source = "git::https://example.com/x"\n  count = 0\n}\n',
    "a module within a module": 'module "x" {\n  source = "./y"\n  count = 0\n}\n',
}


@pytest.mark.parametrize("what", NONE)
def test_a_configuration_without_instances_is_told_and_passes(tmp_path: Path, what: str) -> None:
    for name, text in (
        ("x", 'resource "aws_vpc" "main" {}\n'),
        ("y", 'module "x" {\n  source = "../x"\n}\n'),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(text)
    result = judged(NONE[what], entry(encrypted), folder=tmp_path)
    assert (result.exit_code, result.findings) == (0, ())
    assert result.notes == (f"{tmp_path}: none of its resources has an instance: there was nothing to judge",)


def test_a_plan_without_instances_is_told_and_one_without_resources_refused(tmp_path: Path) -> None:
    declared = {"resources": [{"address": "aws_vpc.x", "mode": "managed", "type": "aws_vpc", "name": "x"}]}
    plan: dict[str, Any] = {
        "format_version": "1.2",
        "planned_values": {"root_module": {}},
        "configuration": {"root_module": {"module_calls": {"m": {"module": declared}}}},
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    result = judging.judge([read(tmp_path / "plan.json")], [entry(encrypted)], PARAMETERS)
    assert (result.exit_code, len(result.notes)) == (0, 1)
    plan["configuration"] = {"root_module": {}}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(Problem, match="there are no resources"):
        judging.judge([read(tmp_path / "plan.json")], [entry(encrypted)], PARAMETERS)


def test_a_module_that_was_not_seen_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('module "x" { source = "git::https://example.com/x" }\n')
    result = judging.judge([read(tmp_path)], [entry(encrypted)], PARAMETERS)
    assert [(f.rule, f.status, f.address) for f in result.findings] == [
        ("CM_MODULE_SEEN", "unknown", "module.x")
    ]


def test_secrets_do_not_reach_a_message(tmp_path: Path) -> None:
    def careless(resource: Resource, model: Model, _: Any) -> Iterator[Verdict]:
        secret = resource.get("password")
        yield failed(f"it is {secret}, which is " + str.__str__(secret) if secret else "none")

    result = judged(TWO, entry(careless), folder=tmp_path)
    assert result.findings[0].message == "it is (sensitive value), which is (sensitive value)"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nowhere_to_be_found\n", "cannot be imported: ModuleNotFoundError"),
        ("RULE = (\n", "cannot be imported: SyntaxError"),
        ("x = 1\n", "there is no RULE"),
        ("1 / 0\n", "cannot be imported: ZeroDivisionError"),
    ],
)
def test_a_rule_that_cannot_be_imported_stops_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    package = tmp_path / "other_rules"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "bad.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        with pytest.raises(Problem, match=words):
            catalogue.load(package, "other_rules")
    finally:
        for name in [name for name in sys.modules if name.startswith("other_rules")]:
            del sys.modules[name]


def test_a_folder_without_rules_stops_the_gate(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="there are no rules"):
        catalogue.load(tmp_path)


def test_several_paths_are_judged_each_by_itself(tmp_path: Path) -> None:
    readings: list[Reading] = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(
            'resource "aws_db_instance" "x" { storage_encrypted = true }\n'
        )
        readings.append(read(tmp_path / name))
    result = judging.judge(readings, [entry(encrypted)], PARAMETERS)
    assert (result.summary.resources, result.summary.passed) == (2, 2)


def test_every_rule_of_the_catalogue_says_what_readers_need() -> None:
    entries = catalogue.load()
    assert len({one.id for one in entries}) == len(entries)
    for one in entries:
        assert one.rule.link.startswith("https://docs.aws.amazon.com/"), one.id
        assert one.rule.title and not one.rule.title.endswith("."), one.id
        assert one.rule.why.endswith("."), one.id
        assert one.rule.fix.strip(), one.id
        assert one.rule.types, one.id
