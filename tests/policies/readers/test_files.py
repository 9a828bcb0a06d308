"""The files that the gate reads are those that Terraform reads; what may hold secrets is out of reach."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from mock_provider.terraform import find
from policies.engine.values import is_unknown
from policies.readers import files, read, read_all

Written = Callable[[dict[str, Any]], Path]
Planned = Callable[..., dict[str, Any]]

CONFIGURATION = (
    "main.tf",
    "#a.tf",
    "#b.tf#",
    "#",
    ".c.tf",
    ".tf",
    "d.tf~",
    "~e.tf",
    "e~.tf",
    "f.tf.json",
    "f.tf.json~",
    ".f.tf.json",
    "#f.tf.json",
    "#f.tf.json#",
    "g.TF",
    "g.Tf.Json",
    "g.tf.JSON",
    "h.tf.tf",
    "h.tf.json.tf",
    "h.json",
    "h.hcl",
    "i.tftest.hcl",
    "i.tftest.json",
    "i.tfmock.hcl",
    "j k.tf",
    "ö.tf",
    "o\u0308.tf",
    "日本.tf.json",
    "main.tf.bak",
    "main.tf ",
    "-l.tf",
    "_override.txt",
    "override.tfx",
)
VALUES = (
    "terraform.tfvars",
    "terraform.tfvars.json",
    "Terraform.tfvars",
    ".terraform.tfvars",
    "a.auto.tfvars",
    ".auto.tfvars",
    ".b.auto.tfvars",
    "#c.auto.tfvars",
    "#c.auto.tfvars#",
    "d.auto.tfvars~",
    "~d.auto.tfvars",
    ".d.auto.tfvars.json",
    "e.auto.tfvars.json",
    "E.auto.tfvars",
    "e.AUTO.tfvars",
    "f.tfvars",
    "f.auto.tfvars.bak",
    "ö.auto.tfvars",
)


def _outputs(name: str, content: str) -> str:
    if name.lower().endswith("json"):
        return f'{{"output": {{"{content}": {{"value": "x"}}}}}}'
    return f'output "{content}" {{\n  value = "x"\n}}\n'


def test_configuration_is_what_terraform_takes_for_it(tmp_path: Path, planned: Planned) -> None:
    """Each file declares an output of its own, and Terraform plans those that it has read."""
    for number, name in enumerate(CONFIGURATION):
        (tmp_path / name).write_text(_outputs(name, f"o{number}"), "utf-8")
    (tmp_path / "folder.tf").mkdir()
    (tmp_path / "folder.tf.json").mkdir()
    found = {file.name for file in files.configuration_files(tmp_path)}
    seen = planned(tmp_path, [])
    assert found == {name for number, name in enumerate(CONFIGURATION) if f"o{number}" in seen}
    assert {f"o{CONFIGURATION.index(name)}" for name in found} == {
        output.name for output in read(tmp_path).model.outputs
    }


def test_overrides_count_in_terraforms_order(tmp_path: Path, planned: Planned) -> None:
    names = ("override.tf", "a_override.tf", "b_override.tf.json", "B_override.tf", "override.tf.json")
    more = (
        "z.override.tf",
        "_override.tf",
        "överride.tf",
        "ö_override.tf",
        "#_override.tf",
        "~_override.tf",
    )
    (tmp_path / "main.tf").write_text('output "main" {\n  value = "main.tf"\n}\n')
    for name in (*names, *more):
        text = f'{{"output": {{"main": {{"value": "{name}"}}}}}}' if name.endswith("json") else ""
        text = text or f'output "main" {{\n  value = "{name}"\n}}\n'
        if not files.is_override(Path(name)):
            text = text.replace("main", "another") if name.startswith("z") else text.replace("main", "third")
        (tmp_path / name).write_text(text, "utf-8")
    model = read(tmp_path).model
    assert {output.name: output.value for output in model.outputs} == planned(tmp_path, [])


def test_values_come_from_the_files_that_terraform_takes(tmp_path: Path, planned: Planned) -> None:
    """Each file of variables sets one of its own, and all set one together: the last file wins."""
    text = 'variable "last" { default = "" }\noutput "last" { value = var.last }\n'
    for number, name in enumerate(VALUES):
        text += f'variable "v{number}" {{ default = "no" }}\noutput "v{number}" {{ value = var.v{number} }}\n'
        values = (
            f'{{"v{number}": "yes", "last": "{name}"}}'
            if name.endswith("json")
            else f'v{number} = "yes"\nlast = "{name}"\n'
        )
        (tmp_path / name).write_text(values, "utf-8")
    (tmp_path / "main.tf").write_text(text)
    model = read(tmp_path).model
    assert {output.name: output.value for output in model.outputs} == planned(tmp_path, [])


@pytest.mark.parametrize(
    "name", ["a\nb.tf", "a\x1b[31m.tf", "a\u202e.tf", "a\u200b.tf.json", "\x07.auto.tfvars", b"\xff.tf"]
)
def test_a_name_that_cannot_be_shown_is_refused(tmp_path: Path, name: str | bytes) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_vpc" "main" {}\n')
    (tmp_path / os.fsdecode(name)).write_text("")
    with pytest.raises(Problem, match="characters that cannot be shown") as refused:
        read(tmp_path)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("name", ["x.auto.tfvars", "terraform.tfvars", ".x.auto.tfvars.json", "#p.tf"])
def test_what_is_no_file_in_the_place_of_one_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "configuration"
    folder.mkdir()
    (folder / "main.tf").write_text('resource "aws_vpc" "main" {}\n')
    path = folder / name
    os.mkfifo(path)
    with pytest.raises(Problem, match="not a regular file"):
        read(folder)
    path.unlink()
    (folder / "folder").mkdir()
    path.symlink_to("folder")
    with pytest.raises(Problem, match="Is a directory"):
        read(folder)


@pytest.mark.parametrize("name", ["x.tf", "x.tf.json", "x.auto.tfvars", "terraform.tfvars.json"])
@pytest.mark.parametrize("top", ["", ".git"])
def test_a_link_leads_to_something_open_of_the_same_tree(tmp_path: Path, name: str, top: str) -> None:
    """A file that several folders share is read; one of a home folder, a device and a process's own are not."""
    folder = tmp_path / "work" / "live"
    folder.mkdir(parents=True)
    (folder / "main.tf").write_text(
        'variable "token" { default = "" }\noutput "token" { value = var.token }\n'
    )
    if top:
        (tmp_path / "work" / top).mkdir()
    shared = tmp_path / "work" / "shared"
    shared.mkdir()
    hidden = tmp_path / ".docker"
    hidden.mkdir()
    for place in (shared, hidden):
        (place / "file").write_text("{}" if name.endswith("json") else "")
    (folder / name).symlink_to("../shared/file")
    assert read(folder).model.outputs[0].value == ""
    for target in (hidden / "file", "/dev/zero", "/proc/self/environ", "/etc/passwd", "nothing-there/.x"):
        (folder / name).unlink()
        (folder / name).symlink_to(target)
        with pytest.raises(Problem, match=r"leads out of the tree|cannot be read"):
            read(folder)
    if top:
        (folder / name).unlink()
        (folder / name).symlink_to(tmp_path / "open")
        (tmp_path / "open").write_text("{}" if name.endswith("json") else "")
        with pytest.raises(Problem, match="leads out of the tree"):
            read(folder)


SECRET = "AUTHORIZATION: basic x"

OUT_OF_REACH = (
    ".git/config",
    "./.git/../.git/config",
    "sub/../.git/config",
    "${path.module}/.git/config",
    "${path.root}/sub/.hidden/file",
    ".env",
    "sub/.aws/credentials",
    "link/config",
    "sub/link-to-file",
    "to-outside/secret",
    "../outside/secret",
    "sub/../../outside/secret",
    "../configuration/../outside/secret",
    "/proc/self/environ",
    "/proc/self/cwd/../secret",
    "/etc/passwd",
    "~/.netrc",
    "terraform.tfstate",
    "sub/terraform.tfstate.backup",
    "terraform.tfstate.d/live/terraform.tfstate",
    "pipe",
    "sub",
    "nothing-there",
    "nul\\u0000/x",
)


@pytest.fixture
def hostile(written: Written) -> Callable[[str], Path]:
    """A folder with secrets around its files, and a configuration that holds an expression."""

    def make(expression: str) -> Path:
        folder = written(
            {
                ".git/config": SECRET,
                ".env": SECRET,
                "sub/.hidden/file": SECRET,
                "sub/.aws/credentials": SECRET,
                "sub/plain.txt": "plain",
                "terraform.tfstate": SECRET,
                "sub/terraform.tfstate.backup": SECRET,
                "terraform.tfstate.d/live/terraform.tfstate": SECRET,
                "../outside/secret": SECRET,
                "main.tf": f'output "it" {{\n  value = {expression}\n}}\n',
            }
        )
        (folder / "link").symlink_to(".git")
        (folder / "sub" / "link-to-file").symlink_to(folder / ".env")
        (folder / "sub" / "friendly").symlink_to("plain.txt")
        (folder / "to-outside").symlink_to(folder.parent / "outside")
        os.mkfifo(folder / "pipe")
        return folder

    return make


@pytest.mark.parametrize("path", OUT_OF_REACH)
@pytest.mark.parametrize("function", ["file", "filebase64", "fileexists", "templatefile"])
def test_no_function_reads_what_may_hold_a_secret(
    hostile: Callable[[str], Path], function: str, path: str
) -> None:
    """It is not told either whether there is such a file."""
    arguments = f'"{path}", {{}}' if function == "templatefile" else f'"{path}"'
    (output,) = read(hostile(f"{function}({arguments})")).model.outputs
    assert is_unknown(output.value)
    assert SECRET not in repr(output.value)


@pytest.mark.parametrize("path", ["sub/plain.txt", "./sub/../sub/plain.txt", "sub/friendly"])
def test_a_file_of_the_folder_is_read(hostile: Callable[[str], Path], path: str) -> None:
    (output,) = read(hostile(f'file("{path}")')).model.outputs
    assert output.value == "plain"


def test_a_module_reads_the_files_beside_it_and_no_others(written: Written) -> None:
    """Whichever is asked for first: the reach does not depend on the order of evaluation."""
    folder = written(
        {
            "live/main.tf": 'output "a" {\n  value = file("../modules/worker/start.sh")\n}\n'
            'output "b" {\n  value = file("../shared/notes")\n}\n'
            'module "worker" {\n  source = "../modules/worker"\n}\n'
            'output "c" {\n  value = module.worker\n}\n'
            'output "d" {\n  value = module.worker.script\n}\n'
            'output "e" {\n  value = module.worker.note\n}\n'
            'output "f" {\n  value = module.worker.hidden\n}\n'
            'output "places" {\n  value = [path.root, path.module, module.worker.place]\n}\n',
            "modules/worker/main.tf": 'output "script" {\n  value = file("${path.module}/start.sh")\n}\n'
            'output "note" {\n  value = file("${path.module}/../../shared/notes")\n}\n'
            'output "hidden" {\n  value = file("${path.module}/.env")\n}\n'
            'output "place" {\n  value = path.module\n}\n',
            "modules/worker/start.sh": "exec x",
            "modules/worker/.env": SECRET,
            "shared/notes": SECRET,
        }
    )
    found = {output.name: output.value for output in read(folder / "live").model.outputs}
    assert found["a"] == found["d"] == "exec x"
    assert all(is_unknown(found[name]) for name in "bcef")
    assert found["places"] == [".", ".", "../modules/worker"]


def test_a_file_of_data_has_a_bound(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_DATA", 10)
    folder = written({"main.tf": 'output "it" {\n  value = file("data")\n}\n', "data": "x" * 11})
    with pytest.raises(Problem, match="11 bytes; the gate reads up to 10"):
        read(folder)


FOREIGN = (
    *("a.tf", "a.tofu", "b.tf", "b.tofu.json", "c.tf.json", "c.tofu.json", "d.tf.json", "d.tofu", "e.tofu"),
    *(".f.tofu", "g.tofu~", "h.tofutest.hcl", "i.tofutest.json", "j.tf.tf", "j.tofu.tf", "j.tf.tofu", "k.TOFU"),
)  # fmt: skip


@pytest.mark.parametrize("product", ["wheel", *filter(shutil.which, ("terraform", "tofu"))])
def test_each_program_reads_files_of_its_own(tmp_path: Path, product: str) -> None:
    """Each file declares an output of its own, and each program plans those that it has read."""
    for number, name in enumerate(FOREIGN):
        (tmp_path / name).write_text(_outputs(name, f"o{number}"), "utf-8")
    (tmp_path / "main.tf").write_text('output "main" {\n  value = "tf"\n}\n')
    (tmp_path / "override.tofu").write_text('output "main" {\n  value = "overridden"\n}\n')
    done = subprocess.run(
        [*find(product).command, "plan", "-input=false", "-no-color"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"},
    )
    planned = dict(re.findall(r'^  \+ (\w+) += "(.*)"$', done.stdout, re.MULTILINE))
    (tmp_path / "resource.tf").write_text('resource "x" "y" {}\n')
    terraform, opentofu = read_all(tmp_path)
    found = opentofu if product == "tofu" else terraform
    assert {output.name: output.value for output in found.model.outputs} == planned
    assert len(planned) > 5


def test_where_two_programs_read_different_things_both_are_judged(written: Written) -> None:
    text = 'resource "aws_sqs_queue" "main" {{\n  name = "{}"\n}}\n'
    folder = written({"main.tofu": text.format("tofu"), "more.tofu.json": {"resource": {"x": {"y": {}}}}})

    def names() -> list[str]:
        return [reading.model.of_type("aws_sqs_queue")[0].text("name") for reading in read_all(folder)]

    assert names() == ["tofu"]
    (folder / "versions.tf").write_text("terraform {\n}\n")
    assert names() == ["tofu"], "there is nothing that Terraform would make"
    (folder / "main.tf").write_text(text.format("tf"))
    assert names() == ["tf", "tofu"]
    assert [bool(reading.note) for reading in read_all(folder)] == [True, False]
    assert [reading.note for reading in read_all(folder / "main.tf")] == [""]


def test_a_module_that_only_opentofu_can_read_leaves_one_view(written: Written) -> None:
    module = {"m/main.tofu": 'resource "aws_sqs_queue" "in" {\n}\n'}
    folder = written({"main.tf": 'module "m" {\n  source = "./m"\n}\n', **module})
    (reading,) = read_all(folder)
    assert [one.address for one in reading.model.resources] == ["module.m.aws_sqs_queue.in"]
    (folder / "m/other.tf").write_text('resource "aws_sqs_queue" "out" {\n}\n')
    assert [len(reading.model.resources) for reading in read_all(folder)] == [1, 2]


def test_a_plan_goes_with_the_view_that_it_was_made_from(written: Written) -> None:
    text = 'resource "aws_sqs_queue" "{}" {{\n}}\n'
    folder = written({"main.tf": text.format("a"), "main.tofu": text.format("b")})
    values = {
        "address": "aws_sqs_queue.b",
        "mode": "managed",
        "type": "aws_sqs_queue",
        "name": "b",
        "values": {},
    }
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": [values]}}}
    plan |= {"configuration": {"root_module": {"resources": [values | {"expressions": {}}]}}}
    (folder / "plan.json").write_text(json.dumps(plan))
    (reading,) = read_all(folder / "plan.json", folder)
    assert [one.place.file for one in reading.model.resources] == [str(folder / "main.tofu")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            '[command]terraform-bin show -json x\n{"format_version":"1.2"}\n',
            "plan.json:1: .* begins in line 2",
        ),
        (
            '{"@level":"info","@message":"Terraform 1.11.4"}\n{"@level":"info"}\n',
            "the log of terraform plan -json",
        ),
        ("\nTerraform will perform the following actions:\n\nPlan: 1 to add\n", "a plan as text"),
        ('{"format_version":"1.2"}'.encode("utf-16"), "it is UTF-16"),
        ("words\n", "nor a plan in JSON"),
    ],
)
def test_what_is_no_plan_is_told_for_what_it_is(written: Written, content: str | bytes, words: str) -> None:
    folder = written({"plan.json": content})
    with pytest.raises(Problem, match=words):
        read(folder / "plan.json")


@pytest.mark.parametrize("name", ["main.tf.json", "x.auto.tfvars.json"])
@pytest.mark.parametrize("text", ["\\ud800x", "x\\uDC00", "\\udc00\\ud83d"])
def test_half_a_character_is_refused(written: Written, name: str, text: str) -> None:
    files = {
        "main.tf": 'variable "a" { default = 1 }\n',
        name: f'{{"variable": {{"b": {{"default": "{text}"}}}}}}',
    }
    if name.startswith("x"):
        files[name] = f'{{"a": "{text}"}}'
    with pytest.raises(Problem, match="half a character"):
        read(written(files))


def test_a_character_in_two_escapes_is_read(written: Written) -> None:
    folder = written({"main.tf.json": '{"output": {"a": {"value": "\\ud83d\\ude00 \\\\ud800"}}}'})
    assert read(folder).model.outputs[0].value == "\U0001f600 \\ud800"
