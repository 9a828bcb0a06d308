"""A variable's type converts its default, the values of files, and what a caller gives, as Terraform does."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mock_provider import wheel
from policies.engine.values import ABSENT, Unknown, is_unknown
from policies.readers import read

# A type, and a value for it.
TAKEN = [
    ("string", "true"),
    ("string", "1.50"),
    ("string", '"e\u0301"'),
    ("number", '"1e3"'),
    ("bool", '"true"'),
    ("bool", '"0"'),
    ("any", '{ a = [1, "x", true], b = null }'),
    ("list(string)", '[1, true, "a", null]'),
    ("list", '["a", 1]'),
    ("set(string)", '["b", "a", "a"]'),
    ("set(number)", '["3", 1, 2, 1]'),
    ("set(bool)", "[true, false, true]"),
    ("list(number)", '["1", 2.5]'),
    ("map(string)", '{ a = 1, b = true, c = "x" }'),
    ("map(any)", "{ a = [1], b = [2] }"),
    ("list(any)", '[1, "a"]'),
    ("tuple([string, number])", '[1, "2"]'),
    ("object({ a = string })", '{ a = 1, b = "dropped" }'),
    ("object({ a = object({ b = list(number) }) })", '{ a = { b = ["1"], c = 2 } }'),
    ("object({ a = optional(bool, false) })", "{}"),
    ("object({ a = optional(bool, false) })", "{ a = null }"),
    ("object({ a = optional(bool) })", "{}"),
    ("object({ a = optional(string, 5) })", "{}"),
    ("object({ a = optional(object({ b = optional(number, 3), c = optional(string) }), {}) })", "{}"),
    ("object({ a = optional(object({ b = optional(number, 3) })) })", "{}"),
    ("object({ a = optional(list(string), [1, 2]), b = optional(map(number), {}) })", '{ b = { x = "7" } }'),
    ("list(object({ n = string, on = optional(bool, true) }))", '[{ n = "a" }, { n = "b", on = "false" }]'),
    ("map(object({ size = optional(number, 10) }))", '{ x = {}, y = { size = "20" }, z = { size = null } }'),
    ("set(object({ n = string }))", '[{ n = "a" }, { n = "a" }]'),
    ("map(list(string))", "{ a = [1], b = [] }"),
    ("object({ a = any })", "{ a = { b = 1 } }"),
    ("string", "null"),
    ("object({ a = optional(any) })", "{}"),
    ("list(list(string))", '[[1], ["a", true]]'),
]

REFUSED = [
    ("string", "[1]"),
    ("number", '"x"'),
    ("bool", "1"),
    ("bool", '"yes"'),
    ("list(string)", '{ a = "b" }'),
    ("list(number)", '["a"]'),
    ("map(string)", '["a"]'),
    ("map(number)", '{ a = "b" }'),
    ("object({ a = string })", "{}"),
    ("object({ a = string })", '{ a = ["b"] }'),
    ("tuple([string])", '["a", "b"]'),
    ("set(string)", '["a", ["b"]]'),
    ("list(any)", '["a", ["b"]]'),
]


def hcl(types_and_values: list[tuple[str, str]]) -> dict[str, str]:
    """A configuration in which each value comes as a default, from a file of variables, and from a caller."""
    declared, given, passed, inner, inner_outputs = "", "", "", "", ""
    shown: list[str] = []
    for number, (kind, value) in enumerate(types_and_values):
        declared += f'variable "d{number}" {{\n  type = {kind}\n  default = {value}\n}}\n'
        declared += f'variable "f{number}" {{\n  type = {kind}\n}}\n'
        given += f"f{number} = {value}\n"
        passed += f"  m{number} = {value}\n"
        inner += f'variable "m{number}" {{\n  type = {kind}\n}}\n'
        inner_outputs += f'output "m{number}" {{\n  value = var.m{number}\n}}\n'
        shown += [f"var.d{number}", f"var.f{number}", f"module.m.m{number}"]
    outputs = "".join(
        f'output "o{number}" {{\n  value = jsonencode({name})\n}}\n' for number, name in enumerate(shown)
    )
    encoded = "".join(f"    jsonencode({name}),\n" for name in shown)
    everything = f"locals {{\n  all = base64encode(jsonencode([\n{encoded}  ]))\n}}\n"
    return {
        "main.tf": f'{declared}module "m" {{\n  source = "./m"\n{passed}}}\n{outputs}{everything}',
        "terraform.tfvars": given,
        "m/main.tf": inner + inner_outputs,
    }


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def terraform(folder: Path, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [sys.executable, str(Path(wheel.__file__)), *arguments],
        input=given,
        capture_output=True,
        text=True,
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("TF_")},
            "CHECKPOINT_DISABLE": "1",
        },
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_values_are_converted_as_terraform_converts_them(tmp_path: Path) -> None:
    write(tmp_path, hcl(TAKEN))
    terraform(tmp_path, "init", "-input=false", "-no-color")
    shown = terraform(tmp_path, "console", given="local.all\n").strip().splitlines()[-1]
    right = json.loads(base64.b64decode(json.loads(shown)))
    found = {output.name: output.value for output in read(tmp_path).model.outputs}
    for number, answer in enumerate(right):
        kind, value = TAKEN[number // 3]
        source = ("default", "file", "caller")[number % 3]
        assert found[f"o{number}"] == answer, f"{kind} = {value}, from a {source}"


@pytest.mark.parametrize(("kind", "value"), REFUSED)
def test_what_terraform_refuses_is_never_taken(kind: str, value: str, tmp_path: Path) -> None:
    write(tmp_path, hcl([(kind, value)]))
    outputs = {output.name: output.value for output in read(tmp_path).model.outputs}
    assert [is_unknown(outputs[f"o{number}"]) for number in range(3)] == [True, True, True]


JSON = {
    "variable": {
        "a": {"type": "object({ on = optional(bool, false), n = optional(number) })", "default": {"x": 1}},
        "b": {"type": "set(string)", "default": ["b", "a", "a"]},
        "c": {"type": "${list(number)}", "default": ["1", 0.1]},
        "d": {"type": "string", "default": 0.30000000000000004},
    },
    "output": {name: {"value": f"${{jsonencode(var.{name})}}"} for name in "abcd"},
}


def test_json_declares_types_as_well(tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_text(json.dumps(JSON), encoding="utf-8")
    found = {output.name: output.value for output in read(tmp_path).model.outputs}
    assert found == {
        "a": '{"n":null,"on":false}',
        "b": '["a","b"]',
        "c": "[1,0.1]",
        "d": '"0.30000000000000004"',
    }


NULLS = """
variable "kept" {
  type    = string
  default = "x"
}

variable "replaced" {
  type     = string
  default  = 5
  nullable = false
}

variable "list" {
  type = list(object({ on = optional(bool, true) }))
}

resource "aws_sqs_queue" "kept" {
  name = var.kept
}

resource "aws_sqs_queue" "replaced" {
  name = var.replaced
}

resource "aws_sqs_queue" "each" {
  for_each                = { for index, item in var.list : index => item }
  sqs_managed_sse_enabled = each.value.on
}
"""


def test_null_is_a_value_unless_the_variable_is_not_nullable(tmp_path: Path) -> None:
    call = (
        'module "m" {\n  source = "./m"\n  kept = null\n  replaced = null\n  list = [{}, { on = null }]\n}\n'
    )
    write(tmp_path, {"main.tf": call, "m/main.tf": NULLS})
    found = {resource.address: resource for resource in read(tmp_path).model.resources}
    assert found["module.m.aws_sqs_queue.kept"].get("name") is ABSENT
    assert found["module.m.aws_sqs_queue.replaced"].get("name") == "5"
    for key in "01":
        assert found[f'module.m.aws_sqs_queue.each["{key}"]'].get("sqs_managed_sse_enabled") is True


def test_resources_given_to_typed_variables_keep_what_they_refer_to(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "main.tf": 'resource "aws_kms_key" "k" {\n}\n'
            'module "m" {\n  source = "./m"\n  key = aws_kms_key.k\n  ids = [aws_kms_key.k.arn]\n}\n',
            "m/main.tf": 'variable "key" {\n  type = object({ arn = string })\n}\n'
            'variable "ids" {\n  type = set(string)\n}\n'
            'resource "aws_sqs_queue" "q" {\n  kms_master_key_id = var.key.arn\n'
            '  tags = { for i in var.ids : "a" => i }\n}\n',
        },
    )
    queue = next(one for one in read(tmp_path).model.resources if one.type == "aws_sqs_queue")
    for value in (queue.get("kms_master_key_id"), queue.get("tags.a")):
        assert isinstance(value, Unknown)
        assert [str(reference) for reference in value.references] == ["aws_kms_key.k.arn"]


def test_a_null_variable_gives_its_type_to_the_other_arm(tmp_path: Path) -> None:
    text = ""
    for name, kind in (("a", "string"), ("b", "number")):
        text += f'variable "{name}" {{\n  type = {kind}\n  default = null\n}}\n'
        text += f'output "{name}" {{\n  value = jsonencode(var.{name} == null ? 5432 : var.{name})\n}}\n'
    write(tmp_path, {"main.tf": text})
    found = {output.name: output.value for output in read(tmp_path).model.outputs}
    assert found == {"a": '"5432"', "b": "5432"}
