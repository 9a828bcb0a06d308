"""Each sentence of botocore's documentation that forbids or demands something of what the stack gives is judged."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mock_provider import schema
from tests.prose import demands, service_models
from tests.stacks import VARIANTS

Stack = Callable[[str], dict[str, Any]]
ROLLBACK = "autoscaling.RefreshPreferences.AutoRollback"


@pytest.fixture(scope="module")
def found(stack: Stack) -> dict[tuple[str, str], demands.Demand]:
    return demands.demands([stack(variant) for variant in VARIANTS])


def unjudged(found: dict[tuple[str, str], demands.Demand], rows: demands.Rows) -> str:
    """Every sentence that no row judges, and every row whose sentence is gone, with what to do about it."""
    told = [demand.told() for key, demand in found.items() if key not in rows]
    told += [f'["{place}"] {digest}\n  is gone' for place, digest in rows if (place, digest) not in found]
    if not told:
        return ""
    return "\n\n".join(
        [
            f"{len(told)} of botocore's sentences and rows of {demands.FILE.relative_to(demands.ROOT)} do not match:",
            *told,
            f"`{demands.COMMAND}` adds rows for those that are new and drops those that are gone; then say in each new "
            "row what checks the sentence, or why it does not concern the stack: tests/prose/demands.py has the words.",
        ]
    )


def test_every_sentence_is_judged(found: dict[tuple[str, str], demands.Demand]) -> None:
    _, rows = demands.read()
    assert len(found) > 500
    wrong = unjudged(found, rows)
    assert not wrong, wrong


def test_every_verdict_has_its_proof(found: dict[tuple[str, str], demands.Demand]) -> None:
    apart, rows = demands.read()
    wrong = [
        f"{demand.told()}\n  {rows[key]}: {fault}"
        for key, demand in found.items()
        if key in rows and (fault := demands.unproved(demand, rows[key], apart))
    ]
    assert not wrong, "\n\n".join(wrong)
    assert {row[1] for row in rows.values() if row[0] == "apart"} == set(apart)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_condition_holds(
    stack: Stack, variant: str, found: dict[tuple[str, str], demands.Demand]
) -> None:
    wrong = [
        f"{demand.told()}\n  contradicts: {', '.join(places)}"
        for demand, places in against(stack(variant), found)
    ]
    assert not wrong, "\n\n".join(wrong)


def against(
    configuration: dict[str, Any], found: dict[tuple[str, str], demands.Demand]
) -> list[tuple[demands.Demand, list[str]]]:
    """The sentences that a configuration contradicts, each with the arguments."""
    apart, rows = demands.read()
    return [
        (demand, places)
        for key, demand in found.items()
        if key in rows
        and (condition := demands.conditions(rows[key], apart))
        and (places := demands.failing(condition, configuration))
    ]


def test_conditions_are_about_arguments_that_there_are() -> None:
    """What is spelt wrong would be absent for ever, and any value right."""
    apart, rows = demands.read()
    known = schema.load()
    wrong = []
    for text in {
        part for row in rows.values() for part in demands.conditions(row, apart).split("; ") if part
    }:
        place, word, *rest = text.split(" ", 2)
        terraform_type, _, path = place.partition(".")
        for one in (path, *(rest if word == "with" else ())):
            if not there(known, terraform_type, one.split(".")):
                wrong.append(f"{text}: {terraform_type} has no {one}")
    assert wrong == []


def there(known: schema.Schema, terraform_type: str, path: list[str]) -> bool:
    """Whether a type of the provider has an argument or a block at a path; `lifecycle` is Terraform's own."""
    if terraform_type not in known.types("resource"):
        return False
    if path[0] == "lifecycle":
        return True
    block: dict[str, Any] = known.block("resource", terraform_type)
    for position, name in enumerate(path):
        last = position == len(path) - 1
        if name in block["attributes"]:
            return last
        if name not in block["block_types"]:
            return False
        block = block["block_types"][name]["block"]
    return True


def changed(holder: Any, path: list[str], value: Any) -> None:
    """Set what stands at a path in every block there, or take it away with None."""
    for one in holder if isinstance(holder, list) else [holder]:
        if len(path) > 1:
            if path[0] in one:
                changed(one[path[0]], path[1:], value)
        elif value is None:
            one.pop(path[0], None)
        else:
            one[path[0]] = value


@pytest.mark.parametrize(
    ("argument", "value", "place", "words"),
    [
        # A launch template whose image is looked up when an instance starts: no rollback leads back from it.
        ("aws_launch_template.image_id", "resolve:ssm:/aws/service/x", ROLLBACK, "instead of an AMI ID"),
        ("aws_autoscaling_group.launch_template.version", "$Latest", ROLLBACK, "$Latest or $Default"),
        # A minor version that AWS has brought, taken back by Terraform.
        (
            "aws_elasticache_replication_group.lifecycle",
            None,
            "elasticache.EngineVersion",
            "cannot downgrade",
        ),
        (
            "aws_route53_record.alias.evaluate_target_health",
            True,
            "route53.AliasTarget.EvaluateTargetHealth",
            "when the alias target is a CloudFront distribution",
        ),
        ("aws_cloudfront_distribution.origin.origin_id", "one", "cloudfront.Origin.Id", "must be unique"),
        (
            "aws_cloudfront_distribution.default_root_object",
            "/index.html",
            "cloudfront.DistributionConfig",
            "slash",
        ),
        ("aws_cloudwatch_metric_alarm.alarm_name", "one", "cloudwatch.AlarmName", "unique"),
        ("aws_nat_gateway.allocation_id", "${aws_eip.nat_a.id}", "ec2.AllocationId", "disassociate"),
        ("aws_acm_certificate.domain_name", f"{'a' * 60}.example", "acm.DomainName", "cannot exceed 64"),
        ("aws_backup_plan.rule.start_window", 30, "backup.BackupRuleInput.StartWindowMinutes", "60 minutes"),
        (
            "aws_lb_listener.default_action.redirect.protocol",
            "HTTP",
            "elbv2.RedirectActionConfig",
            "HTTPS to HTTP",
        ),
        ("aws_elasticache_replication_group.node_type", "cache.t1.micro", "elasticache.CacheNodeType", "T1"),
        # What is said of other things becomes true of this one.
        ("aws_db_instance.engine", "mysql", "rds.DBName", "RDS for MySQL"),
        ("aws_sns_topic.fifo_topic", True, "sns.Name", ".fifo"),
        (
            "aws_backup_plan.rule.lifecycle.cold_storage_after",
            30,
            "backup.BackupRuleInput.Lifecycle",
            "90 days",
        ),
        ("aws_lb.load_balancer_type", "gateway", "elbv2.Scheme", "Gateway Load Balancer"),
    ],
)
def test_what_contradicts_a_sentence_is_seen(
    stack: Stack,
    found: dict[tuple[str, str], demands.Demand],
    argument: str,
    value: Any,
    place: str,
    words: str,
) -> None:
    configuration = copy.deepcopy(stack("prod"))
    terraform_type, *path = argument.split(".")
    for resource in configuration["resource"][terraform_type].values():
        changed(resource, path, value)
    told = [demand for demand, places in against(configuration, found) if places]
    assert [one for one in told if one.place.startswith(place) and words in one.text]


def test_a_new_and_a_changed_and_a_lost_sentence_are_told(
    found: dict[tuple[str, str], demands.Demand],
) -> None:
    _, rows = demands.read()
    place, digest = next(key for key in found if key[0] == ROLLBACK)
    changed = demands.Demand(place, found[place, digest].text.replace("not supported", "refused"))
    told = unjudged({**found, changed.key: changed}, rows)
    assert changed.text in told and demands.COMMAND in told and place in told
    told = unjudged({key: one for key, one in found.items() if key != (place, digest)}, rows)
    assert f'["{place}"] {digest}\n  is gone' in told


@pytest.mark.parametrize(
    ("documentation", "sentences"),
    [
        ("<p>Describes it. You must name it, e.g. by id.</p>", ["You must name it, e.g. by id."]),
        (
            "<p>It is kept.</p> <p>It is not supported in these situations:</p> <ul><li><p>At night. By day.</p></li>"
            "<li><p>On <code>T1</code>.</p></li></ul><p>It is kept.</p>",
            [
                "It is not supported in these situations:",
                "It is not supported in these situations: At night. By day.",
                "It is not supported in these situations: On T1.",
            ][1:],
        ),
        (
            "<dl><dt>Db2</dt><dd><p>Constraints:</p><ul><li>Up to 8 letters.</li></ul></dd><dt>Other</dt>"
            "<dd><p>It can't be null. It is kept.</p></dd></dl>",
            ["Db2: Constraints: Up to 8 letters.", "Other: It can't be null."],
        ),
        ("<p>One of:</p><ul><li><p>a - never mind.</p></li><li>b. This is only valid for b.</li></ul>", 1),
        ("<p>If you do not specify it, the default is 1.</p>", []),
        (
            "<p>Only in US East (N. Virginia) must it be made.</p>",
            ["Only in US East (N. Virginia) must it be made."],
        ),
    ],
)
def test_sentences_that_forbid_or_demand(documentation: str, sentences: list[str] | int) -> None:
    found = list(demands.sentences(documentation))
    assert (len(found) if isinstance(sentences, int) else found) == sentences


CONFIGURATION = {
    "resource": {
        "aws_a": {"one": {"n": 5, "t": "x-1", "b": True, "l": [{"p": "${v.w}"}]}, "two": {"t": "y"}},
        "aws_b": {"one": {"t": "x", "u": ""}, "two": {"t": "x"}},
    }
}


@pytest.mark.parametrize(
    ("condition", "places"),
    [
        ("aws_a.t is x-1|y", []),
        ("aws_a.t is x-1", ["aws_a.two.t: y"]),
        ("aws_a.b is true; aws_a.n from 1 to 5", []),
        ("aws_a.n from 6 to 9", ["aws_a.one.n: 5"]),
        ("aws_a.l.p from 6 to 9", []),
        ("aws_a.l.p like ^\\$\\{v\\.", []),
        ("aws_a.t unlike \\d$", ["aws_a.one.t: x-1"]),
        ("aws_a.t length 2 to 3", ["aws_a.two.t: y"]),
        ("aws_a.n given", ["aws_a.two.n: not given"]),
        ("aws_a.n absent", ["aws_a.one.n: 5"]),
        ("aws_c.n absent", []),
        ("aws_a.t differs", []),
        ("aws_b.t differs", ["aws_b.two.t: x"]),
        ("aws_a.n with l.p", []),
        ("aws_b.t with u", ["aws_b.two.t: x"]),
    ],
)
def test_conditions(condition: str, places: list[str]) -> None:
    assert demands.failing(condition, CONFIGURATION) == places


def test_what_is_no_condition_is_told() -> None:
    with pytest.raises(ValueError, match=r"no condition: 'aws_a\.t are x'"):
        demands.failing("aws_a.t is x; aws_a.t are x", CONFIGURATION)


def test_the_file_is_as_the_command_writes_it(tmp_path: Path) -> None:
    demands.write(*demands.read(), tmp_path / "demands.toml")
    assert (tmp_path / "demands.toml").read_text("utf-8") == demands.FILE.read_text("utf-8")


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (demands.UNJUDGED, "no verdict"),
        (["tells", "", " "], "no words"),
        (["rule", "CM_NO_SUCH_RULE", "x"], "there is no"),
        (["refused", "facts aws_lb.no_such_argument", "x"], "there is no"),
        (["refused", "cross_checks.serving._no_such_check", "x"], "there is no"),
        (["refused", "no_such_module.check", "x"], "there is no"),
        (["settings", "database.no_such_setting", "x"], "there is no"),
        (["settings", "checks._no_such_check", "x"], "there is no"),
        (["test", "tests/prose/test_prose.py::test_no_such", "x"], "there is no"),
        (["model", "max", "x"], "there is no"),
        (["apart", "no_such_reason", ""], "has no"),
        (["stack", "aws_lb.name are short", "x"], "no condition"),
        (["tells", "proof", "x"], "has no proof"),
    ],
)
def test_a_proof_that_there_is_not_is_told(
    found: dict[tuple[str, str], demands.Demand], row: list[str], fault: str
) -> None:
    demand = next(one for one in found.values() if one.place == ROLLBACK)
    assert fault in str(demands.unproved(demand, row, {}))


def test_an_argument_that_nobody_mapped_is_told() -> None:
    configuration = {"resource": {"aws_lb": {"a": {"no_such_argument": 1}}, "aws_no_such_type": {"a": {}}}}
    with pytest.raises(service_models.Unmapped, match=r"aws_lb.no_such_argument, aws_no_such_type;.*ALIASES"):
        list(service_models.given(configuration))


def test_every_alias_is_of_use(stack: Stack) -> None:
    given = {
        f"{one.address.partition('.')[0]}.{one.path}"
        for variant in VARIANTS
        for one in service_models.given(stack(variant))
    }
    assert service_models.ALIASES.keys() - given == set()
    assert service_models.CALLS.keys() - {name.partition(".")[0] for name in given} == set()
