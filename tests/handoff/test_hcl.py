"""HCL says what the JSON says: two readers that are not ours, `terraform fmt`, random stacks, random strings."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from second_readers import (  # noqa: F401
    Reader,
    flat,
    formatted,
    hashicorp_fixture,
    schema_fixture,
    terraform_fixture,
)
from stacks import settings_values

from cloudmart_support.problem import Problem
from handoff import configuration, hcl, readback, templates
from policies import readers
from policies.engine import catalogue, judging, parameters
from settings.reader import parse

STACKS = ("prod", "dev", "three_zones", "everything", "own_certificates")
INSIDE = {
    # Each example starts programs: no shrinking, what fails is small enough to read.
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


def same(found: dict[str, Any], schema: Any, hashicorp: Reader) -> dict[str, str]:
    """The HCL of a configuration, after both readers found the configuration in it again."""
    files = configuration.files(found, schema)
    assert readback.difference(found, files, schema) == ""
    wanted = flat(readback.expected(found, schema))
    wanted["terraform"] = wanted.get("terraform", [{}])[0]
    read = hashicorp(files)
    read.setdefault("terraform", {})
    assert readback.first_difference(wanted, read, "") == ""
    return files


def judged(found: dict[str, Any], files: dict[str, str], folder: Path) -> tuple[set[Any], set[Any]]:
    """The gate's verdicts on the JSON and on the HCL: rule, address and status."""
    rules, wanted = catalogue.load(), parameters.load(None)
    verdicts = []
    for form, texts in (("json", {"cdk.tf.json": json.dumps(found)}), ("hcl", files)):
        (folder / form).mkdir()
        for name, text in texts.items():
            (folder / form / name).write_text(text, encoding="utf-8")
        result = judging.judge([readers.read(folder / form)], rules, wanted)
        verdicts.append({(one.rule, one.address, one.status) for one in result.findings})
    return verdicts[0], verdicts[1]


@pytest.mark.parametrize("variant", ("dev", "everything"))
def test_the_gate_judges_both_alike(variant: str, stack: Any, schema: Any, tmp_path: Path) -> None:
    found = stack(variant)
    left, right = judged(found, configuration.files(found, schema), tmp_path)
    assert left == right
    assert {status for _, _, status in left} >= {"pass"}


@pytest.mark.parametrize("variant", STACKS)
def test_two_readers_find_the_json_in_the_hcl(
    variant: str, stack: Any, schema: Any, hashicorp: Reader
) -> None:
    same(stack(variant), schema, hashicorp)


def test_every_file_is_formatted(stack: Any, schema: Any, terraform: Any, tmp_path: Path) -> None:
    for variant in STACKS:
        (tmp_path / variant).mkdir()
        for name, text in configuration.files(stack(variant), schema).items():
            (tmp_path / variant / name).write_text(text, encoding="utf-8")
    assert formatted(terraform, tmp_path) == ""


def test_a_bad_format_is_seen(terraform: Any, tmp_path: Path) -> None:
    (tmp_path / "a.tf").write_text("locals {\n    a=1\n}\n", encoding="utf-8")
    assert formatted(terraform, tmp_path) != ""


ZONES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True)


@st.composite
def random_settings(draw: st.DrawFn) -> dict[str, Any]:
    """Valid changes to the production settings."""
    zones = sorted(draw(ZONES))
    several = len(zones) > 1
    return {
        "timezone": draw(st.sampled_from(["UTC", "Asia/Seoul"])),
        "tags": draw(
            st.dictionaries(
                st.from_regex(r"[A-Z][a-z]{2,8}", fullmatch=True),
                st.from_regex(
                    r"[\w+=.@:/ -]{0,20}", fullmatch=True, alphabet=st.characters(max_codepoint=127)
                ),
                max_size=3,
            )
        ),
        "network": {
            "availability_zones": zones,
            "cidr": draw(st.sampled_from(["10.0.0.0/16", "172.20.0.0/16", "192.168.0.0/16"])),
            "nat": draw(st.sampled_from(["per_az", "single"])),
            "data_subnets": draw(st.booleans()),
            "interface_endpoints": draw(st.booleans()),
            "flow_logs": {"enabled": draw(st.booleans())},
        },
        "load_balancer": {"waf": draw(st.booleans())},
        "database": {
            "multi_az": several and draw(st.booleans()),
            "storage_gb": draw(st.integers(20, 90)),
            "monitoring_interval_seconds": draw(st.sampled_from([0, 60])),
        },
        "cache": {
            "multi_az": several,
            "replicas": draw(st.integers(1, 3)),
            "auth": draw(st.sampled_from(["iam", "none"])),
        },
        "observability": {"dashboard": draw(st.booleans())},
        "drills": {"az_loss": several and draw(st.booleans())},
    }


@settings(max_examples=3, **INSIDE)
@given(changes=random_settings())
def test_random_stacks_read_back(
    changes: dict[str, Any], schema: Any, hashicorp: Reader, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from synthesis import app

    values, complaints = parse(settings_values("prod", changes))
    assert values is not None, complaints
    found = app.environment(values, tmp_path_factory.mktemp("random")).configuration
    files = same(found, schema, hashicorp)
    left, right = judged(found, files, tmp_path_factory.mktemp("judged"))
    assert left == right


# Strings that hurt: quotes, backslashes, both escapes, several lines, indentation, every kind of character.
PIECES = st.one_of(
    st.sampled_from(
        [
            '"',
            "\\",
            "$${x}",
            "%%{if}",
            "$",
            "%",
            "{",
            "}",
            "\n",
            "\n\n",
            "\n  ",
            " ",
            "\t",
            "EOT\n",
            "<<-EOT\n",
            "#",
            "//",
        ]
    ),
    st.sampled_from(
        [
            "${aws_vpc.main.id}",
            '${lookup(var.m, "a b", "}")}',
            '${format("%s-\\"q\\" }", "${var.x}")}',
            "${max(1, var.a)}",
        ]
    ),
    st.text(st.characters(blacklist_categories=("Cs", "Co", "Cn")), max_size=6),
)


def _template(text: str) -> bool:
    try:
        templates.parts(text)
    except templates.Unbalanced:
        return False
    return True


STRINGS = st.lists(PIECES, max_size=8).map("".join).filter(_template)
LINES = st.lists(STRINGS, min_size=2, max_size=5).map(lambda lines: "\n".join(lines) + "\n").filter(_template)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | STRINGS.filter(lambda text: "${" not in text and "%{" not in text),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.from_regex(r"[a-z][a-z:-]{0,5}", fullmatch=True), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=20, **INSIDE)
@given(
    texts=st.lists(STRINGS | LINES, min_size=1, max_size=12),
    tags=st.dictionaries(
        st.from_regex(r"[A-Za-z][\w.:/ -]{0,8}", fullmatch=True), STRINGS | LINES, max_size=5
    ),
    document=st.dictionaries(
        st.from_regex(r"[A-Z][a-z:]{1,8}", fullmatch=True), JSON, min_size=1, max_size=4
    ),
)
def test_random_strings_read_back(
    texts: list[str],
    tags: dict[str, str],
    document: dict[str, Any],
    stack: Any,
    schema: Any,
    hashicorp: Reader,
    terraform_for_formatting: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    found = {
        "locals": {f"text_{number}": text for number, text in enumerate(texts)},
        "resource": {
            "aws_iam_role": {
                "main": {
                    "//": {"metadata": {"path": "stack/tier/iam_role.main", "uniqueId": "main"}},
                    "name": texts[0],
                    "assume_role_policy": json.dumps(document),
                    "managed_policy_arns": texts,
                    "tags": tags,
                    "depends_on": ["aws_vpc.main"],
                }
            }
        },
    }
    files = same(found, schema, hashicorp)
    folder = tmp_path_factory.mktemp("random")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert formatted(terraform_for_formatting, folder) == ""


@pytest.fixture(scope="session")
def terraform_for_formatting() -> Any:
    from mock_provider.terraform import find

    return find()


EVERY_BLOCK: dict[str, Any] = {
    "//": {"metadata": {"stackName": "stack"}},
    "terraform": {
        "required_version": ">= 1.6.0",
        "required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 6.0"}},
        "backend": {"s3": {"bucket": "states", "key": "$${literal}", "use_lockfile": True}},
    },
    "provider": {
        "aws": [
            {"region": "${var.region}"},
            {"alias": "virginia", "region": "us-east-1", "assume_role": [{"role_arn": "${var.role}"}]},
        ]
    },
    "variable": {
        "region": {"type": "string", "description": "Where, as in ${this}.", "default": "ap-northeast-2"},
        "role": {"type": "string", "description": "Whose.", "sensitive": True, "nullable": False},
        "sizes": {
            "type": "map(object({ min = number, max = number }))",
            "default": {"a": {"min": 1, "max": 2}},
        },
    },
    "locals": {
        "shared": "${var.region}a",
        "own": ["a", 1, -2.5, None, True, {}, [], {"k/1": "${var.region}"}],
    },
    "data": {
        "aws_caller_identity": {
            "current": {"//": {"metadata": {"path": "stack/one/x"}}, "provider": "aws.virginia"}
        }
    },
    "resource": {
        "aws_s3_bucket": {
            "one": {
                "//": {"metadata": {"path": "stack/one/x"}},
                "for_each": "${toset(local.own)}",
                "provider": "aws.virginia",
                "bucket": "${each.key}-${local.shared}",
                "lifecycle": {
                    "create_before_destroy": True,
                    "ignore_changes": ["tags", "tags_all"],
                    "replace_triggered_by": ["aws_s3_bucket.two.id"],
                    "precondition": [
                        {"condition": "${length(each.key) > 3}", "error_message": "Too short: ${each.key}"}
                    ],
                },
                "timeouts": {"create": "5m"},
                "depends_on": ["aws_s3_bucket.two"],
            },
            "two": {
                "//": {"metadata": {"path": "stack/two/x"}},
                "count": 2,
                "bucket": "two-${local.shared}-${count.index}",
                "lifecycle": [{"ignore_changes": "all", "prevent_destroy": True}],
            },
        }
    },
    "output": {
        "buckets": {
            "description": "All ${of} them.",
            "value": "${aws_s3_bucket.two[*].bucket}",
            "sensitive": True,
            "depends_on": ["aws_s3_bucket.one"],
            "precondition": [{"condition": "${true}", "error_message": "never"}],
        }
    },
    "moved": [{"from": "aws_s3_bucket.old", "to": "aws_s3_bucket.two[0]"}],
    "removed": [{"from": "aws_s3_bucket.gone", "lifecycle": {"destroy": False}}],
    "import": {"to": "aws_s3_bucket.two[1]", "id": "two-${var.region}"},
}


def test_every_kind_of_block_reads_back(
    schema: Any, hashicorp: Reader, terraform_for_formatting: Any, tmp_path: Path
) -> None:
    files = same(EVERY_BLOCK, schema, hashicorp)
    assert set(files) == {
        *("backend.tf", "imports.tf", "locals.tf", "moved.tf", "one.tf", "removed.tf"),
        *("outputs.tf", "providers.tf", "terraform.tf", "two.tf", "variables.tf"),
    }
    assert '"Where, as in $${this}."' in files["variables.tf"]
    assert "ignore_changes  = all" in files["two.tf"] or "ignore_changes = all" in " ".join(
        files["two.tf"].split()
    )
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert formatted(terraform_for_formatting, tmp_path) == ""


@pytest.mark.parametrize(
    ("terraform_type", "written", "instead", "seen"),
    [
        (
            "aws_db_instance",
            "storage_encrypted                     = true",
            "",
            "aws_db_instance.main[0].storage_encrypted: only in the JSON",
        ),
        (
            "aws_launch_template",
            "monitoring {",
            "monitoring = {",
            "aws_launch_template.backend[0].monitoring",
        ),
        (
            "aws_s3_bucket_policy",
            '"aws:SecureTransport" = "false"',
            '"aws:SecureTransport" = "true"',
            "aws:SecureTransport: 'false' in the JSON, 'true' in the HCL",
        ),
    ],
)
def test_what_was_lost_or_changed_is_seen(
    terraform_type: str, written: str, instead: str, seen: str, stack: Any, schema: Any
) -> None:
    found = {"resource": {terraform_type: stack("prod")["resource"][terraform_type]}}
    files = configuration.files(found, schema)
    assert readback.difference(found, files, schema) == ""
    changed = {name: text.replace(written, instead) for name, text in files.items()}
    assert changed != files
    assert seen in readback.difference(found, changed, schema)


def test_no_interpolation_around_a_bare_reference(stack: Any, schema: Any) -> None:
    for variant in STACKS:
        for name, text in configuration.files(stack(variant), schema).items():
            assert not [
                line
                for line in text.splitlines()
                if line.rstrip().endswith('}"') and '= "${' in line and line.count("${") == 1
            ], name


def test_meta_arguments_stand_where_the_style_guide_wants_them(stack: Any, schema: Any) -> None:
    text = configuration.files(stack("prod"), schema)["load_balancer.tf"]
    balancer = text[text.index('resource "aws_lb" "main"') :].split("\n}\n")[0]
    places = [
        balancer.index(word)
        for word in ("  name ", "  subnets ", "  tags ", "  access_logs {", "  depends_on ")
    ]
    assert places == sorted(places)


def test_what_cannot_be_written_is_refused(stack: Any, schema: Any) -> None:
    cases = {
        "module": lambda c: c.__setitem__("module", {}),
        "aws_vpc.main: the provider's schema has no nonsense": lambda c: c["resource"]["aws_vpc"][
            "main"
        ].__setitem__("nonsense", 1),
        "resource.aws_nonsense": lambda c: c["resource"].__setitem__(
            "aws_nonsense", {"x": c["resource"]["aws_vpc"]["main"]}
        ),
        "no construct path": lambda c: c["resource"]["aws_vpc"]["main"].__delitem__("//"),
    }
    for words, change in cases.items():
        broken = copy.deepcopy(stack("prod"))
        change(broken)
        with pytest.raises(Problem, match=words):
            configuration.files(broken, schema)


def test_a_document_keeps_its_types() -> None:
    text = '{"port": "${aws_db_instance.main.port}", "arn": "${aws_vpc.main.arn}", "n": 3.0, "mixed": "a-${var.x}"}'
    call = hcl.document(text, lambda expression: expression.endswith("arn"))
    assert hcl.render(call, 0) == (
        "jsonencode({\n  port  = tostring(aws_db_instance.main.port)\n  arn   = aws_vpc.main.arn\n"
        '  n     = 3\n  mixed = "a-${var.x}"\n})'
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"a": 1, "a": 2}',
        '{"a": ${var.x}}',
        '{"a"',
        "3",
        '"s"',
        "%{ if true }{}%{ endif }",
    ],
)
def test_what_is_no_document_stays_a_string(text: str) -> None:
    with pytest.raises(hcl.NotADocument):
        hcl.document(text, lambda expression: True)
