"""Modules are followed to the folders that Terraform takes: local ones, and those that `terraform init` installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from policies.engine.values import is_unknown
from policies.readers import Source, open_path, read
from policies.readers.modules import MANIFEST

Written = Callable[[dict[str, Any]], Path]
Planned = Callable[..., dict[str, Any]]


def _manifest(*records: tuple[str, str, str, str]) -> dict[str, Any]:
    root = {"Key": "", "Source": "", "Dir": "."}
    listed = [{"Key": k, "Source": s, "Version": v, "Dir": d} for k, s, v, d in records]
    return {"Modules": [root, *({name: it for name, it in one.items() if it} for one in listed)]}


REGISTRY = "registry.terraform.io/"

# A call's source and version, what the list of installed modules says of it.
CALLS = [
    ("acme/vpc/aws", "", f"{REGISTRY}acme/vpc/aws", "1.2.3"),
    ("acme/vpc/aws", "~> 1.2", f"{REGISTRY}acme/vpc/aws", "1.9.0"),
    ("acme/vpc/aws", "~> 1.2.0", f"{REGISTRY}acme/vpc/aws", "1.2.9"),
    ("acme/vpc/aws", "~> 1.2.0", f"{REGISTRY}acme/vpc/aws", "1.3.0"),
    ("acme/vpc/aws", "~> 1", f"{REGISTRY}acme/vpc/aws", "2.0.0"),
    ("acme/vpc/aws", "~> 1.2", f"{REGISTRY}acme/vpc/aws", "1.1.9"),
    ("acme/vpc/aws", ">= 1.0, < 2.0", f"{REGISTRY}acme/vpc/aws", "1.99.0"),
    ("acme/vpc/aws", ">= 1.0, < 2.0", f"{REGISTRY}acme/vpc/aws", "2.0.0"),
    ("acme/vpc/aws", "!= 1.2.3", f"{REGISTRY}acme/vpc/aws", "1.2.3"),
    ("acme/vpc/aws", "1.2.3", f"{REGISTRY}acme/vpc/aws", "1.2.3"),
    ("acme/vpc/aws", "= 1.2", f"{REGISTRY}acme/vpc/aws", "1.2.0"),
    ("acme/vpc/aws", ">1.2", f"{REGISTRY}acme/vpc/aws", "1.2.0"),
    ("acme/vpc/aws", ">= 1.2.0-rc1", f"{REGISTRY}acme/vpc/aws", "1.1.0"),
    ("acme/vpc/aws", "1.2.0-rc1", f"{REGISTRY}acme/vpc/aws", "1.2.0-rc1"),
    ("acme/vpc/aws", ">= 1.0", f"{REGISTRY}acme/vpc/aws", "1.2.0-rc1"),
    ("acme/vpc/aws", ">= 1.0", f"{REGISTRY}acme/vpc/aws", ""),
    ("acme/vpc/aws//modules/endpoints", "", f"{REGISTRY}acme/vpc/aws//modules/endpoints", "1.0.0"),
    ("acme/vpc/aws//modules/./endpoints/", "", f"{REGISTRY}acme/vpc/aws//modules/endpoints", "1.0.0"),
    ("acme/vpc/aws//modules/other", "", f"{REGISTRY}acme/vpc/aws//modules/endpoints", "1.0.0"),
    ("registry.terraform.io/acme/vpc/aws", "", "acme/vpc/aws", "1.0.0"),
    ("app.terraform.io/acme/vpc/aws", "", "app.terraform.io/acme/vpc/aws", "1.0.0"),
    ("app.terraform.io/acme/vpc/aws", "", f"{REGISTRY}acme/vpc/aws", "1.0.0"),
    ("github.com/acme/vpc", "", "git::https://github.com/acme/vpc.git", ""),
    ("github.com/acme/vpc.git?ref=v1", "", "git::https://github.com/acme/vpc.git?ref=v1", ""),
    ("github.com/acme/vpc?ref=v2", "", "git::https://github.com/acme/vpc.git?ref=v1", ""),
    ("github.com/acme/vpc//a/b?ref=v1", "", "git::https://github.com/acme/vpc.git//a/b?ref=v1", ""),
    ("github.com/acme/vpc/a//b", "", "git::https://github.com/acme/vpc.git//a/b", ""),
    ("bitbucket.org/acme/vpc", "", "git::https://bitbucket.org/acme/vpc.git", ""),
    ("git@github.com:acme/vpc.git", "", "git::ssh://git@github.com/acme/vpc.git", ""),
    ("git@github.com:acme/vpc.git//a?ref=v1", "", "git::ssh://git@github.com/acme/vpc.git//a?ref=v1", ""),
    ("git::https://example.com/vpc.git", "", "git::https://example.com/vpc.git", ""),
    ("git::https://example.com/vpc.git//a//b", "", "git::https://example.com/vpc.git//a/b", ""),
    ("git::ssh://git@example.com/vpc.git?ref=x", "", "git::ssh://git@example.com/vpc.git?ref=x", ""),
    ("https://example.com/vpc.zip", "", "https://example.com/vpc.zip", ""),
    ("https://example.com/vpc.zip//a?x=y//z", "", "https://example.com/vpc.zip//a?x=y//z", ""),
    ("s3::https://s3.amazonaws.com/b/k.zip", "", "s3::https://s3.amazonaws.com/b/k.zip", ""),
    ("./local", "", "./local", ""),
    ("./other/../local/", "", "./local", ""),
    (".\\\\local", "", "./local", ""),
]


def test_the_list_is_believed_where_terraform_believes_it(
    written: Written, terraform: Callable[..., Any]
) -> None:
    """Terraform refuses each call that its list does not fit, and says so at the call."""
    calls, records = "", []
    for number, (source, version, listed, installed) in enumerate(CALLS):
        said = f'\n  version = "{version}"' if version else ""
        calls += f'module "m{number}" {{\n  source = "{source}"{said}\n}}\n'
        directory = "local" if listed == "./local" else f".terraform/modules/m{number}"
        records.append((f"m{number}", listed, installed, directory))
    folders = {f"{directory}/main.tf": "" for *_, directory in records}
    folder = written({"main.tf": calls, MANIFEST: _manifest(*records), **folders})
    shown = json.loads(terraform(folder, "validate", "-json").stdout)
    lines = calls.splitlines()
    refused = set()
    for diagnostic in shown["diagnostics"]:
        line = diagnostic["range"]["start"]["line"] - 1
        refused.add(
            next(one.split('"')[1] for one in reversed(lines[: line + 1]) if one.startswith("module"))
        )
    assert refused
    opened = open_path(folder)
    assert isinstance(opened, Source)
    assert {path[-1] for path, _, found in opened.tree() if isinstance(found, str)} == refused


INSTALLED: dict[str, Any] = {
    "main.tf": 'module "vpc" {\n  source  = "acme/vpc/aws"\n  version = "~> 2.0"\n  name    = "x"\n}\n'
    'module "again" {\n  source = "./local"\n}\n'
    'output "place" { value = module.vpc.place }\noutput "inner" { value = module.vpc.inner }\n'
    'output "git" { value = module.again.git }\noutput "text" { value = module.vpc.text }\n',
    "local/main.tf": 'module "git" {\n  source = "github.com/acme/git?ref=v1"\n}\n'
    'output "git" { value = module.git.place }\n',
    ".terraform/modules/vpc/main.tf": 'variable "name" {}\nmodule "inner" {\n  source = "./modules/inner"\n'
    '  name   = var.name\n}\noutput "place" { value = path.module }\noutput "inner" { value = module.inner.it }\n'
    'output "text" { value = file("${path.module}/text") }\n',
    ".terraform/modules/vpc/text": "of the module",
    ".terraform/modules/vpc/modules/inner/main.tf": 'variable "name" {}\nresource "aws_sqs_queue" "it" {\n'
    '  name = var.name\n}\noutput "it" { value = [var.name, path.module] }\n',
    ".terraform/modules/again.git/main.tf": 'output "place" { value = path.module }\n',
    MANIFEST: _manifest(
        ("vpc", f"{REGISTRY}acme/vpc/aws", "2.1.0", ".terraform/modules/vpc"),
        ("vpc.inner", "./modules/inner", "", ".terraform/modules/vpc/modules/inner"),
        ("again", "./local", "", "local"),
        ("again.git", "git::https://github.com/acme/git.git?ref=v1", "", ".terraform/modules/again.git"),
    ),
}


def test_installed_modules_are_followed_as_terraform_does(written: Written, planned: Planned) -> None:
    files = dict(INSTALLED)
    folder = written(files)
    reading = read(folder)
    assert [one.address for one in reading.model.resources] == ["module.vpc.module.inner.aws_sqs_queue.it"]
    assert not reading.unseen
    found = {output.name: output.value for output in reading.model.outputs}
    inner = ".terraform/modules/vpc/modules/inner/main.tf"
    (folder / inner).write_text(
        files[inner].replace('"aws_sqs_queue"', '"terraform_data"').replace("name =", "input =")
    )
    assert found == planned(folder, [])


def test_a_link_in_a_modules_path_is_of_its_target(
    written: Written, planned: Planned, terraform: Callable[..., Any]
) -> None:
    """The folder that `..` leads to, and path.module, by Terraform's own `get`."""
    folder = written(
        {
            "live/main.tf": 'module "a" {\n  source = "../link/a"\n}\noutput "it" { value = module.a.it }\n'
            'module "c" {\n  source = "../link/../c"\n}\noutput "c" { value = module.c.it }\n',
            "deep/real/a/main.tf": 'module "b" {\n  source = "../../b"\n}\noutput "it" { value = module.b.it }\n',
            "deep/b/main.tf": 'output "it" { value = "deep" }\n',
            "b/main.tf": 'output "it" { value = "flat" }\n',
            "c/main.tf": 'output "it" { value = "flat" }\n',
            "deep/c/main.tf": 'output "it" { value = "deep" }\n',
        }
    )
    (folder / "link").symlink_to("deep/real")
    found = {output.name: output.value for output in read(folder / "live").model.outputs}
    assert terraform(folder / "live", "get").returncode == 0
    assert found == planned(folder / "live", [])
    assert len(read(folder / "live").model.outputs) == 2


@pytest.mark.parametrize("directory", ["../outside", "/etc", ".terraform/modules/link", "nothing", "main.tf"])
def test_an_installed_module_is_a_folder_of_the_configuration(written: Written, directory: str) -> None:
    folder = written(
        {
            "main.tf": 'module "vpc" {\n  source = "acme/vpc/aws"\n}\n',
            "../outside/main.tf": 'resource "aws_vpc" "main" {}\n',
            MANIFEST: _manifest(("vpc", f"{REGISTRY}acme/vpc/aws", "2.1.0", directory)),
        }
    )
    (folder / ".terraform/modules/link").symlink_to(folder.parent / "outside")
    reading = read(folder)
    assert not reading.model.resources
    assert "is no folder within the configuration" in reading.unseen[0].reason


def test_a_list_that_leads_a_local_module_elsewhere_is_refused(written: Written, planned: Planned) -> None:
    """`terraform plan` follows the list, so that it would read another folder than the one that the source names."""
    files = {
        "main.tf": 'module "it" {\n  source = "./good"\n}\noutput "it" { value = module.it.it }\n',
        "good/main.tf": 'output "it" { value = "good" }\n',
        "bad/main.tf": 'output "it" { value = "bad" }\n',
        MANIFEST: _manifest(("it", "./good", "", "bad")),
    }
    folder = written(files)
    assert planned(folder, []) == {"it": "bad"}
    with pytest.raises(Problem, match="leads the local module it to 'bad'"):
        read(folder)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not JSON"),
        ("[]", "no list of modules"),
        ({"Modules": ["x"]}, "no list of modules"),
        ({"Modules": [{"Key": 1}]}, "are texts"),
        ({"Modules": [{"Key": "a", "Dir": "x"}, {"Key": "a", "Dir": "y"}]}, "two records"),
        ({"Modules": [{"Key": "a", "Dir": "x", "dir": "y"}]}, "upper and lower case"),
    ],
)
def test_a_broken_list_is_refused(written: Written, content: Any, words: str) -> None:
    folder = written({"main.tf": 'module "a" {\n  source = "a/b/c"\n}\n', MANIFEST: content})
    with pytest.raises(Problem, match=words):
        read(folder)


def test_a_source_is_what_terraform_takes_it_for(written: Written) -> None:
    """After decoding and evaluation; what an instance decides cannot be told."""
    folder = written(
        {
            "main.tf.json": '{"module": {"a": {"sou\\u0072ce": "git::file:///x"}, "b": {"source": ".\\u002fm"}, '
            '"c": {"source": "./${\\"m\\"}"}, "d": {"source": "./${each.key}", "for_each": ["m"]}}}',
            "other.tf": 'module "e" {\n  source = "\\u002e/m"\n}\n',
            "m/main.tf": 'output "it" { value = 1 }\n',
        }
    )
    source = open_path(folder)
    assert isinstance(source, Source)
    found = {path[-1]: found for path, _, found in source.tree()}
    assert [name for name, it in found.items() if not isinstance(it, str)] == ["b", "c", "e"]
    assert "git::file:///x" in str(found["a"]) and "no source" in str(found["d"])


def test_more_modules_than_anybody_writes_are_refused(written: Written) -> None:
    files = {
        f"m{n}/main.tf": "".join(f'module "{c}" {{\n  source = "../m{n + 1}"\n}}\n' for c in "ab")
        for n in range(25)
    }
    folder = written({**files, "m25/main.tf": 'output "it" { value = 1 }\n'})
    with pytest.raises(Problem, match="more than 10,000 modules"):
        read(folder / "m0")


def test_a_module_that_is_not_seen_is_unknown(written: Written) -> None:
    folder = written(
        {"main.tf": 'module "a" {\n  source = "a/b/c"\n}\noutput "it" { value = module.a.it }\n'}
    )
    reading = read(folder)
    assert is_unknown(reading.model.outputs[0].value)
    assert "run terraform init" in reading.unseen[0].reason and "--exact" not in reading.unseen[0].reason


EARLY = {
    "main.tf": 'variable "where" {}\nlocals {\n  there = "${var.where}/inner"\n}\n'
    'module "m" {\n  source = local.there\n  sub = "./leaf"\n  secret = "./leaf"\n}\n'
    'output "m" { value = module.m.x }\n'
    'module "a" { source = module.b.x }\nmodule "b" { source = module.a.x }\n'
    'module "c" { source = aws_sqs_queue.q.name }\nresource "aws_sqs_queue" "q" {}\n',
    "x.auto.tfvars": 'where = "./modules"\n',
    "modules/inner/main.tf": 'variable "sub" {}\nvariable "secret" {\n  sensitive = true\n}\n'
    'module "leaf" { source = var.sub }\noutput "x" { value = module.leaf.x }\n'
    'module "secret" { source = var.secret }\n',
    "modules/inner/leaf/main.tf": 'output "x" { value = path.module }\n',
}


def test_a_source_may_be_made_of_variables_and_locals(written: Written) -> None:
    """OpenTofu evaluates it before anything is planned, of nested modules too; what hangs on more is not seen."""
    reading = read(written(EARLY))
    assert {one.name: one.value for one in reading.model.outputs} == {"m": "modules/inner/leaf"}
    assert {one.address for one in reading.unseen} == {
        "module.a",
        "module.b",
        "module.c",
        "module.m.module.secret",
    }
