"""Variables get their values as Terraform gives them; what the environment says is used and not shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from policies.__main__ import main
from policies.engine.values import Sensitive, is_unknown
from policies.readers import read
from policies.readers.inputs import Inputs

Written = Callable[[dict[str, Any]], Path]
Planned = Callable[..., dict[str, Any]]

NAMES = ("unset", "env", "tfvars", "json", "auto", "file", "var", "late")


@pytest.fixture
def folder(written: Written) -> Path:
    text = "".join(
        f'variable "{name}" {{\n  type    = string\n  default = "default"\n}}\n'
        f'output "{name}" {{\n  value = var.{name}\n}}\n'
        for name in NAMES
    )
    return written(
        {
            "main.tf": f'{text}variable "list" {{\n  type = list(string)\n}}\noutput "list" {{ value = var.list }}\n'
            'variable "map" {\n  type = any\n}\noutput "map" { value = var.map }\n'
            'variable "untyped" {}\noutput "untyped" { value = var.untyped }\n',
            "terraform.tfvars": 'tfvars = "1"\njson = "1"\nauto = "1"\nfile = "1"\nvar = "1"\nlate = "1"\n'
            'list = ["a"]\nmap = {}\nuntyped = "1"\nundeclared = 1\n',
            "terraform.tfvars.json": '{"json": "2", "auto": "2", "file": "2", "var": "2", "late": "${2}", "//": "x"}',
            "x.auto.tfvars": 'auto = "3"\nfile = "3"\nvar = "3"\nlate = "3"\n',
            "more/named.tfvars": 'file = "4"\nvar = "4"\nlate = "4"\nnothing = true\n',
            "more/named.json": '{"late": "${literal}", "untyped": "$${x}"}',
        }
    )


ENVIRONMENT = {name: "0" for name in NAMES if name != "unset"} | {"not_declared": "x"}
EXPRESSIONS = ('["x", "${"y"}"]', "{ a = 1, b = [true, null] }")


def test_the_later_wins_in_terraforms_order(
    folder: Path, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assignments = (
        ("var", "late=5"),
        ("var-file", "more/named.tfvars"),
        ("var", "var=5"),
        ("var-file", "more/named.json"),
        ("var", f"list={EXPRESSIONS[0]}"),
        ("var", f"map={EXPRESSIONS[1]}"),
    )
    model = read(folder, told=Inputs(assignments, ENVIRONMENT)).model
    words = [f"-{kind}={text}" for kind, text in assignments]
    told = {f"TF_VAR_{name}": value for name, value in ENVIRONMENT.items()}
    assert {output.name: output.value for output in model.outputs} == planned(folder, words, told)


def test_texts_of_the_environment_are_not_shown(
    written: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in an address either, and not where a value is refused."""
    folder = written(
        {
            "main.tf": 'variable "token" {}\nvariable "more" {\n  type = list(string)\n}\n'
            'resource "aws_sns_topic" "a" {\n  for_each = toset([var.token])\n  name = each.key\n}\n'
            'resource "aws_sns_topic" "b" {\n  for_each = { (var.token) = 1 }\n  name = each.key\n}\n'
            'resource "aws_sns_topic" "c" {\n  for_each = toset(var.more)\n  name = "x-${var.token}"\n}\n'
        }
    )
    monkeypatch.setenv("TF_VAR_token", "hunter2")
    monkeypatch.setenv("TF_VAR_more", '["hunter3"]')
    assert main(["check", str(folder)]) == 1
    for format in ("json", "markdown", "sarif", "junit"):
        main(["check", str(folder), "--format", format])
    monkeypatch.setenv("TF_VAR_more", "[hunter4]")
    assert main(["check", str(folder)]) == 2
    monkeypatch.setenv("TF_VAR_more", "[hunter4")
    assert main(["check", str(folder)]) == 2
    shown = capsys.readouterr()
    assert "hunter" not in shown.out + shown.err
    assert "TF_VAR_more: it is no expression" in shown.err


def test_the_environment_counts_for_declared_variables_alone(folder: Path) -> None:
    model = read(folder, told=Inputs(environment={"env": "0", "file": "0", "undeclared": "0"})).model
    found = {output.name: output.value for output in model.outputs}
    assert found["env"] == "0" and isinstance(found["env"], Sensitive)
    assert found["file"] == "3" and not isinstance(found["file"], Sensitive)


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        (("var", "nothing=1"), "declares no variable"),
        (("var", "late"), "NAME=VALUE"),
        (("var", "late =1"), "NAME=VALUE"),
        (("var", "=1"), "NAME=VALUE"),
        (("var", "list=[var.late]"), "no constant"),
        (("var", 'list=[upper("a")]'), "no constant"),
        (("var", "list=["), "no expression"),
        (("var-file", "nothing.tfvars"), "nothing.tfvars: it cannot be read"),
    ],
)
def test_what_terraform_refuses_is_refused(
    folder: Path, terraform: Callable[..., Any], assignment: tuple[str, str], words: str
) -> None:
    with pytest.raises(Problem, match=words):
        read(folder, told=Inputs((assignment,)))
    assert terraform(folder, "plan", "-input=false", f"-{assignment[0]}={assignment[1]}").returncode == 1


@pytest.mark.parametrize("name", ["declared.tfvars", "declared.tfvars.json"])
def test_a_declaration_is_no_value(written: Written, name: str) -> None:
    text = '{"variable": {"a": {}}}' if name.endswith("json") else 'variable "a" {}\n'
    folder = written({"main.tf": 'variable "a" { default = 1 }\n', name: text})
    with pytest.raises(Problem, match=r"not (declarations|blocks)"):
        read(folder, told=Inputs((("var-file", str(folder / name)),)))


def test_the_workspace_is_known_when_it_is_told(written: Written) -> None:
    folder = written({"main.tf": 'output "it" {\n  value = terraform.workspace\n}\n'})
    assert read(folder, told=Inputs(workspace="live")).model.outputs[0].value == "live"
    assert is_unknown(read(folder).model.outputs[0].value)
