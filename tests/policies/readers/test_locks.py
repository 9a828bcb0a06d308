"""The lock file says which version of the AWS provider decides defaults; what Terraform does not take is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from policies.engine.values import Unknown
from policies.readers import read
from policies.readers.locks import LOCK, locked

Terraform = Callable[..., subprocess.CompletedProcess[str]]
Written = Callable[[dict[str, Any]], Path]

HASHES = '  hashes = [\n    "h1:bm9uZQ==",\n    "zh:00ff",\n  ]\n'


def lock(version: str = "5.100.0", host: str = "registry.terraform.io", more: str = HASHES) -> str:
    body = f'  version     = "{version}"\n  constraints = ">= 5.0.0"\n{more}'
    return f'# Made by "init".\n\nprovider "{host}/hashicorp/aws" {{\n{body}}}\n'


RANDOM = 'provider "registry.terraform.io/hashicorp/random" {\n  version = "3.1.0"\n}\n'

SOUND = {
    "as init writes it": (lock(), "5.100.0"),
    "with others": (lock() + "\n" + RANDOM, "5.100.0"),
    "without hashes": (lock(more=""), "5.100.0"),
    "of OpenTofu": (lock(host="registry.opentofu.org"), "5.100.0"),
    "of a mirror with a port": (lock(host="mirror.example.com:8443"), "5.100.0"),
    "a preview": (lock("6.0.0-beta1"), "6.0.0-beta1"),
    "empty": ("", ""),
    "a comment": ("# nothing", ""),
    "others alone": (RANDOM, ""),
    "laid out otherwise": (lock().replace("\n", "\r\n"), "5.100.0"),
    "in one line": ('provider "registry.terraform.io/hashicorp/aws" { version = "5.0.1" } // x\n', "5.0.1"),
    "a module": ('module "a" {\n  version = 1\n}\n' + lock(), "5.100.0"),
}
BROKEN = {
    "cut off": lock()[:-30],
    "a mark of a merge": "<<<<<<< HEAD\n" + lock(),
    "another block": lock() + 'resource "a" "b" {\n}\n',
    "an argument at the top": lock() + "x = 1\n",
    "another argument": lock(more="  more = 1\n"),
    "twice": lock() + lock(),
    "no version": 'provider "registry.terraform.io/hashicorp/aws" {\n}\n',
    "a version in part": lock("5.1"),
    "a version with zeros": lock("05.1.0"),
    "no version at all": lock("newest"),
    "a short address": lock().replace("registry.terraform.io/", ""),
    "capitals": lock().replace("hashicorp", "HashiCorp"),
    "no label": "provider {\n}\n",
    "two labels": 'provider "a" "b" {\n}\n',
    "an empty set of hashes": lock(more="  hashes = []\n"),
    "a hash without a kind": lock(more='  hashes = ["x"]\n'),
    "hashes in a text": lock(more='  hashes = "h1:x"\n'),
    "an expression": lock().replace('"5.100.0"', "var.x"),
}


@pytest.mark.parametrize("name", [*SOUND, *BROKEN])
def test_a_lock_file_is_taken_as_terraform_takes_it(name: str, tmp_path: Path, terraform: Terraform) -> None:
    text, version = SOUND[name] if name in SOUND else (BROKEN[name], "")
    (tmp_path / LOCK).write_text(text, newline="")
    (tmp_path / "main.tf").write_text('output "x" {\n  value = 1\n}\n')
    done = terraform(tmp_path, "plan", "-input=false", "-no-color")
    # Whoever misses the providers has understood the file.
    taken = done.returncode == 0 or "Required plugins are not installed" in done.stderr
    assert taken is (name in SOUND), done.stderr
    if taken:
        assert locked(tmp_path, []) == version
    else:
        with pytest.raises(Problem, match=str(tmp_path / LOCK)):
            locked(tmp_path, [])


@pytest.mark.parametrize(
    ("constraints", "reason"),
    [
        ([">= 5.0", "~> 5.80", ""], ""),
        (["~> 6.0"], "'~> 6.0' does not admit: run terraform init -upgrade"),
        (["< 5.90", ">= 5.0"], "'< 5.90' does not admit"),
    ],
)
def test_a_lock_that_contradicts_a_constraint_says_nothing(
    tmp_path: Path, constraints: list[str], reason: str
) -> None:
    (tmp_path / LOCK).write_text(lock())
    found = locked(tmp_path, constraints)
    assert (reason in found.reason and reason) if isinstance(found, Unknown) else not reason


def test_several_versions_and_links_out_of_the_tree_say_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "tree" / "root"
    (folder / ".git").mkdir(parents=True)
    (folder / LOCK).write_text(lock() + lock("6.1.0", "registry.opentofu.org"))
    found = locked(folder, [])
    assert isinstance(found, Unknown)
    assert "5.100.0, 6.1.0" in found.reason
    (folder / LOCK).rename(tmp_path / LOCK)
    (folder / LOCK).symlink_to(tmp_path / LOCK)
    assert isinstance(locked(folder, []), Unknown)
    (folder / LOCK).unlink()
    (folder / "shared").mkdir()
    (folder / "shared" / LOCK).write_text(lock())
    (folder / LOCK).symlink_to(Path("shared") / LOCK)
    assert locked(folder, []) == "5.100.0"


def test_the_lock_of_the_root_counts_and_constraints_of_all_modules(written: Written) -> None:
    def settings(version: str) -> str:
        return f'terraform {{\n  required_providers {{\n    aws = "{version}"\n  }}\n}}\n'

    folder = written(
        {
            "main.tf": settings(">= 5.0") + 'module "m" {\n  source = "./m"\n}\n',
            "m/main.tf": settings("< 6.0") + 'resource "aws_redshift_cluster" "main" {\n}\n',
            LOCK: lock(),
            f"m/{LOCK}": "this is read by nobody",
        }
    )
    model = read(folder).model
    assert (model.locked, sorted(model.constraints)) == ("5.100.0", ["< 6.0", ">= 5.0"])
    (folder / LOCK).write_text(lock("6.0.0"))
    assert isinstance(read(folder).model.locked, Unknown)
    (folder / LOCK).write_text("damaged")
    with pytest.raises(Problem):
        read(folder)
