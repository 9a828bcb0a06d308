"""Expressions are evaluated as Terraform evaluates them, and what cannot be known is unknown."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pytest

from policies.engine.values import Reference, Sensitive, Unknown, is_unknown, references_of
from policies.readers import functions
from policies.readers.evaluation import evaluate, plain
from policies.readers.syntax import SyntaxFault, parse_expression, parse_template


def test_every_function_is_where_it_is_looked_for() -> None:
    for module, names in functions.MODULES.items():
        import_module(f"policies.readers.functions.{module}")
        found = {
            name
            for name, signature in functions.calling.FUNCTIONS.items()
            if signature.run.__module__.endswith(f".{module}")
        }
        assert found == set(names.split())


UNKNOWN = Unknown("x.y.id is known after apply", (Reference("x.y", "id"),), certain=True)
MAYBE = Unknown("var.z has no value here")
NAMES: dict[str, Any] = {
    "var": {"n": 3, "s": "text", "list": ["a", "b"], "map": {"a": 1, "b": 2}, "empty": None, "yes": True},
    "x": {"y": {"id": UNKNOWN}},
    "maybe": MAYBE,
    "secret": Sensitive("hunter2"),
    "objects": [{"name": "a", "on": True}, {"name": "b", "on": False}],
}


class Scope:
    def __init__(self, names: Mapping[str, Any] = NAMES) -> None:
        self.names = names

    def name(self, name: str) -> Any:
        return self.names.get(name, Unknown(f"{name} is not known"))

    def with_names(self, names: Mapping[str, Any]) -> Scope:
        return Scope({**self.names, **names})

    def call(self, name: str, arguments: list[Any]) -> Any:
        return functions.call(name, arguments)


def value(text: str) -> Any:
    return plain(evaluate(parse_expression(text), Scope()))


# Expected values from Terraform 1.11's console.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 / 2", 3.5),
        ("6 / 2", 3),
        ("-7 % 3", -1),
        ("!true || true && false", False),
        ("1 < 2 && 2 <= 2", True),
        ('"1" == 1', False),
        ("true == 1", False),
        ('["a"] == ["a"]', True),
        ('var.n > 2 ? "many" : "few"', "many"),
        ("var.list[1]", "b"),
        ('var.map["b"]', 2),
        ("var.map.a", 1),
        ("objects[*].name", ["a", "b"]),
        ("objects.*.name", ["a", "b"]),
        ("var.empty[*]", []),
        ("[for o in objects : o.name if o.on]", ["a"]),
        ("{ for k, v in var.map : upper(k) => v + 1 }", {"A": 2, "B": 3}),
        ("{ for o in objects : o.on => o.name... }", {"true": ["a"], "false": ["b"]}),
        ('[for i, s in var.list : "${i}-${s}"]', ["0-a", "1-b"]),
        ('{ a = 1, "b" : 2\n (var.s) = 3 }', {"a": 1, "b": 2, "text": 3}),
        ('"a\\tb\\u00e9\\"${var.n}\\" $${var.n} %%{if}"', 'a\tb\u00e9"3" ${var.n} %{if}'),
        ('"%{ if var.yes }on%{ else }off%{ endif }"', "on"),
        ("<<EOT\n%{ for s in var.list ~}\n ${s} %{ endfor }\nEOT\n", " a  b \n"),
        ("<<-EOT\n    a\n      b ${var.n}\n    EOT\n", "a\n  b 3\n"),
        ("<<EOT\n  \\n stays\nEOT\n", "  \\n stays\n"),
        ('cidrsubnet("10.0.0.0/16", 8, 11)', "10.0.11.0/24"),
        ('cidrhost("10.0.1.0/24", -2)', "10.0.1.254"),
        ('cidrsubnets("10.0.0.0/16", 8, 4)', ["10.0.0.0/24", "10.0.16.0/20"]),
        ('format("%s-%03d-%t%%", var.s, 7, true)', "text-007-true%"),
        ('join(",", [for s in var.list : s])', "a,b"),
        ('merge(var.map, { b = 9, c = 3 })["b"]', 9),
        ('lookup(var.map, "zz", "none")', "none"),
        ('try(var.map.zz, "fallback")', "fallback"),
        ("can(var.map.zz)", False),
        ('coalesce("", null, "c")', "c"),
        ('compact(["", "a", null])', ["a"]),
        ('flatten([["a"], [["b"]], "c"])', ["a", "b", "c"]),
        ('toset(["b", "a", "b"])', ["a", "b"]),
        ("keys(var.map)", ["a", "b"]),
        ("values(var.map)", [1, 2]),
        ('zipmap(["k"], [1])', {"k": 1}),
        ('element(["a", "b"], 3)', "b"),
        ('slice(["a", "b", "c"], 1, 3)', ["b", "c"]),
        ('jsonencode({ b = [1, true, null], a = "<" })', '{"a":"\\u003c","b":[1,true,null]}'),
        ('jsondecode("{\\"a\\": [1]}").a[0]', 1),
        ('replace("a.b", ".", "-")', "a-b"),
        ('replace("a1b22", "/[0-9]+/", "#")', "a#b#"),
        ('regex("([a-z]+)-(\\\\d+)", "web-12")', ["web", "12"]),
        ('split(",", "a,b")', ["a", "b"]),
        ('title("hello world")', "Hello World"),
        ('trimprefix("ab", "a")', "b"),
        ('substr("hello", 1, 3)', "ell"),
        ("range(1, 4)", [1, 2, 3]),
        ("max(1, 5, 2)", 5),
        ('one(["a"])', "a"),
        ('cidrcontains("10.0.0.0/8", "10.1.2.3")', True),
        ('cidrcontains("10.0.0.0/8", "10.1.0.0/7")', False),
        (f'base64gunzip("{base64.b64encode(gzip.compress(b"plain", mtime=0)).decode()}")', "plain"),
        (
            'provider::aws::arn_parse("arn:aws:iam::444455556666:role/a:b")',
            {
                "account_id": "444455556666",
                "partition": "aws",
                "region": "",
                "resource": "role/a:b",
                "service": "iam",
            },
        ),
        ('try(provider::aws::arn_parse("arn:aws:iam"), "refused")', "refused"),
        ('provider::aws::arn_build("aws", "s3", "", "", "shop")', "arn:aws:s3:::shop"),
        (
            'provider::aws::trim_iam_role_path("arn:aws:iam::444455556666:role/with/path/example")',
            "arn:aws:iam::444455556666:role/example",
        ),
        ('try(provider::aws::trim_iam_role_path("arn:aws:iam::444455556666:user/x"), "refused")', "refused"),
        (
            'provider::aws::user_agent("test-module", "0.0.1", "test comment")',
            "test-module/0.0.1 (test comment)",
        ),
        ('provider::aws::user_agent("test-module", "", "")', "test-module"),
        ('try(provider::aws::user_agent("", "1", ""), "refused")', "refused"),
        ('urldecode("a%20b+c%C3%BC")', "a b c\u00fc"),
        ('contains(var.list, "b")', True),
        ('setproduct(["a"], ["x", "y"])', [["a", "x"], ["a", "y"]]),
        ("tostring(5)", "5"),
    ],
)
def test_value(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected
    assert isinstance(found, bool) == isinstance(expected, bool)


def test_yaml_that_was_written_remembers_its_tree() -> None:
    tree = {"env": [{"name": "DB_PASSWORD", "value": "x"}]}
    text = value('yamlencode({ env = [{ name = "DB_PASSWORD", value = "x" }] })')
    assert text == '"env":\n- "name": "DB_PASSWORD"\n  "value": "x"\n'
    assert (text.document, value(f"base64encode(yamlencode({json.dumps(tree)}))").document) == (tree, tree)
    assert value("yamldecode(yamlencode({ a = x.y.id, b = 1 }))").references == UNKNOWN.references


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("x.y.id", "x.y.id"),
        ('"arn:${x.y.id}/*"', "x.y.id"),
        ("[x.y.id, maybe]", "x.y.id"),
        ('maybe ? x.y.id : "other"', "x.y.id"),
        ("upper(x.y.id)", "x.y.id"),
        ("unheard_of(x.y.id)", "x.y.id"),
        ("[for v in [x.y.id] : v]", "x.y.id"),
        ('{ a = x.y.id }["a"]', "x.y.id"),
        ("jsonencode({ a = [x.y.id] })", "x.y.id"),
    ],
)
def test_unknown_values_keep_their_references(text: str, reference: str) -> None:
    assert list(map(str, references_of(value(text)))) == [reference]


@pytest.mark.parametrize(
    "text",
    [
        "maybe + 1",
        "!maybe",
        "maybe == 1",
        "var.zz",
        "var.list[7]",
        "timestamp()",
        'regex("a(?=b)", "ab")',
        "[for s in maybe : s]",
        "[for s in maybe : s if s != null]",
        "[for s in maybe : s if true]",
        "element(maybe, 0)",
        'coalesce(maybe, "x")',
        'try(maybe, "x")',
        "1 / 0",
        '"a" + 1',
        'cidrsubnet("10.0.0.0/16", 20, 1)',
        'format("%s")',
        "pow(10, 999999)",
        "range(100000)",
        'concat(["a"], "b")',
    ],
)
def test_what_cannot_be_known_is_unknown(text: str) -> None:
    assert is_unknown(value(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("false && maybe", False),
        ("maybe || true", True),
        ("maybe ? 1 : 1", 1),
        ("x.y.id == null", False),
        ("x.y.id != null", True),
        ('coalesce(null, "a", maybe)', "a"),
        ('contains(["a", maybe], "a")', True),
        ("length([maybe, maybe])", 2),
        # Written so that a module makes something in one Region alone.
        ('[for s in maybe : s if "a" == "b"]', []),
        ("{ for k, s in maybe : k => s if false }", {}),
    ],
)
def test_a_part_that_is_unknown_need_not_matter(text: str, expected: Any) -> None:
    assert value(text) == expected


def test_a_text_with_a_hole_keeps_what_is_known() -> None:
    found = value('"arn:aws:s3:::${x.y.id}/${var.s}"')
    assert found.certain
    assert [part if isinstance(part, str) else "?" for part in found.parts] == [
        "arn:aws:s3:::",
        "?",
        "/",
        "text",
    ]


def test_a_document_with_a_hole_keeps_what_is_known() -> None:
    found = value('jsonencode({ Effect = "Deny", Resource = x.y.id })')
    assert found.document["Effect"] == "Deny"
    assert found.document["Resource"] is UNKNOWN


def test_a_secret_stays_one_in_what_is_made_from_it() -> None:
    found = value('"postgres://user:${secret}@host"')
    assert found == "postgres://user:hunter2@host"
    assert f"{found}" == str(found) == repr(found) == "(sensitive value)"
    assert isinstance(value("upper(secret)"), Sensitive)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "(1",
        "[1, 2",
        '"open',
        "{ a = }",
        "a.",
        "a b",
        "1 2",
        '"${"',
        '"%{ if x }"',
        '"%{ endif }"',
        "<<EOT\nx",
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(SyntaxFault):
        parse_expression(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${var.n}", 3),
        ("${var.n}!", "3!"),
        ('a\\n$${b} ${"q"}', "a\\n${b} q"),
        ("%{ if false }a%{ endif }b", "b"),
        ("100% sure $5", "100% sure $5"),
    ],
)
def test_a_json_string_is_a_template(text: str, expected: Any) -> None:
    assert plain(evaluate(parse_template(text), Scope())) == expected
