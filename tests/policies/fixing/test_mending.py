"""--diff and --fix as they are used: what is written, what is refused and in which words, and what stays whole."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from policies.__main__ import main
from policies.engine import catalogue, judging, parameters
from policies.engine.cures import Edit, Expression, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.fixing import writing
from policies.fixing.curing import Curing, Judged, Outcome
from policies.readers import read

Written = Callable[[dict[str, Any]], Path]
Capture = pytest.CaptureFixture[str]

EFS = 'resource "aws_efs_file_system" "main" {\n  creation_token = "x" # kept\n}\n'
MENDED = (
    'resource "aws_efs_file_system" "main" {\n  creation_token = "x" # kept\n  encrypted      = true\n}\n'
)
ONLY = ("--no-config", "--only", "CM_FILES_ENCRYPTED")


def mend(option: str, *arguments: object) -> int:
    return main(["check", option, *map(str, arguments)])


def changes(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


# --- a patch, and files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        EFS,
        EFS.replace("\n", "\r\n"),
        "\ufeff" + EFS,
        EFS.removesuffix("\n"),
        "# é\n" + EFS + 'output "x" {\n  value = 1\n}',
        EFS.replace("  ", "\t"),
    ],
)
def test_a_patch_is_what_fix_writes(
    text: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a repository" / "of one's own"
    folder.mkdir(parents=True)
    file = folder / "main file.tf"
    file.write_bytes(text.encode())
    subprocess.run(["git", "init", "-q", str(folder.parent)], check=True)
    monkeypatch.chdir(folder)
    assert mend("--diff", *ONLY, ".") == 1
    patch, told = capsys.readouterr()
    assert file.read_bytes() == text.encode()
    assert "would change main file.tf:" in told
    assert mend("--fix", *ONLY, ".") == 0
    mended = file.read_bytes()
    assert mended.replace(b"\r", b"").replace(b" ", b"").count(b"\n") == text.count("\n") + 1
    assert mended.count(b"\r\n") in (0, mended.count(b"\n"))
    assert "The gate is open." in capsys.readouterr().out
    file.write_bytes(text.encode())
    subprocess.run(["git", "apply", "-"], input=patch.encode(), check=True)
    assert file.read_bytes() == mended


def test_diff_changes_nothing_and_reports_into_files(
    written: Written, tmp_path: Path, capsys: Capture
) -> None:
    folder = written({"main.tf": EFS})
    before = changes(folder)
    report = tmp_path / "report.json"
    assert mend("--diff", *ONLY, "--format", "json", "--output", report, folder) == 1
    assert changes(folder) == before
    assert json.loads(report.read_text())["summary"]["failed"] == 1
    out, _ = capsys.readouterr()
    assert out.startswith("--- a/main.tf\n+++ b/main.tf\n@@ ")


def test_fix_keeps_the_mode_and_a_second_one_changes_nothing(written: Written, capsys: Capture) -> None:
    folder = written({"main.tf": EFS, "other.tf": "# untouched\n"})
    file = folder / "main.tf"
    file.chmod(0o640)
    assert mend("--fix", *ONLY, folder) == 0
    assert file.read_text() == MENDED
    assert file.stat().st_mode & 0o777 == 0o640
    assert re.search(r"changed \S*main.tf:1: CM_FILES_ENCRYPTED", " ".join(capsys.readouterr().out.split()))
    stamp = file.stat().st_mtime_ns
    assert mend("--fix", *ONLY, folder) == 0
    assert file.stat().st_mtime_ns == stamp
    assert sorted(changes(folder)) == ["main.tf", "other.tf"]


def test_several_rules_in_one_block_and_windows_that_meet(written: Written, capsys: Capture) -> None:
    folder = written(
        {
            "main.tf": """\
resource "aws_db_instance" "main" {
  identifier         = "shop"
  engine             = "postgres"
  backup_window      = "12:00-13:00"
  maintenance_window = "sun:03:30-sun:04:30"
}
"""
        }
    )
    mend("--fix", "--no-config", folder)
    out = capsys.readouterr().out
    text = (folder / "main.tf").read_text()
    for line in (
        'backup_window             = "03:00-04:00"',
        'maintenance_window        = "sun:04:00-sun:05:00"',
        "storage_encrypted         = true",
        'final_snapshot_identifier = "shop-final"',
        "backup_retention_period   = 7",
    ):
        assert line in text
    assert "Terraform replaces what stands" in " ".join(out.split())


def test_parameters_are_honoured(written: Written, tmp_path: Path) -> None:
    folder = written(
        {"main.tf": 'resource "aws_elasticache_replication_group" "a" { snapshot_retention_limit = 1 }\n'}
    )
    params = tmp_path / "params.toml"
    params.write_text("[backups]\ncache_retention_days = 14\n")
    mend("--fix", "--no-config", "--only", "CM_CACHE_SNAPSHOTS", "--params", params, folder)
    assert (folder / "main.tf").read_text() == (
        'resource "aws_elasticache_replication_group" "a" { snapshot_retention_limit = 14 }\n'
    )


def test_buckets_get_blocks_of_their_own_as_many_as_there_are(written: Written) -> None:
    folder = written(
        {
            "main.tf": """\
resource "aws_s3_bucket" "logs" {
  count    = 2
  provider = aws.east
}
resource "aws_s3_bucket" "each" {
  for_each = {
    a = 1
  }
}
provider "aws" {
  alias = "east"
}
"""
        }
    )
    assert mend("--fix", "--no-config", "--only", "CM_S3_*", folder) == 0
    text = " ".join((folder / "main.tf").read_text().split())
    kind = "aws_s3_bucket_server_side_encryption_configuration"
    assert (
        f'"{kind}" "logs" {{ count = 2 provider = aws.east bucket = aws_s3_bucket.logs[count.index].id'
        in text
    )
    assert (
        f'"{kind}" "each" {{ for_each = aws_s3_bucket.each bucket = aws_s3_bucket.each[each.key].id' in text
    )


# --- what is left as it is, and why ----------------------------------------------------------------------

DB = 'resource "aws_db_instance" "main" {{\n  publicly_accessible = {}\n}}\n'
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "a variable",
        {"main.tf": DB.format("var.open"), "variables.tf": '\nvariable "open" {\n  default = true\n}\n'},
        "publicly_accessible is set by var.open, declared in {}/variables.tf:2: decide there",
    ),
    (
        "a variables file",
        {
            "main.tf": DB.format("var.open") + 'variable "open" {}\n',
            "terraform.tfvars": "open = true\n",
        },
        "publicly_accessible is set by var.open, declared in {}/main.tf:4",
    ),
    (
        "a local value",
        {"main.tf": DB.format("local.o.p") + "locals {\n  o = { p = true }\n}\n"},
        "publicly_accessible is set by local.o, declared in {}/main.tf:5",
    ),
    (
        "a module's input",
        {
            "main.tf": 'module "db" {\n  source = "./db"\n  open   = true\n}\n',
            "db/main.tf": DB.format("var.open") + 'variable "open" {}\n',
        },
        "declared in {}/db/main.tf:4, and given in {}/main.tf:3: decide there",
    ),
    (
        "a module's default",
        {
            "main.tf": 'module "db" {\n  source   = "./db"\n  for_each = toset(["a"])\n}\n',
            "db/main.tf": DB.format("var.open") + 'variable "open" {\n  default = true\n}\n',
        },
        "and not given in {}/main.tf:1: decide there",
    ),
    (
        "an input two modules deep",
        {
            "main.tf": 'module "a" {\n  source = "./a"\n}\n',
            "a/main.tf": 'module "db" {\n  source = "../db"\n  open   = true\n}\n',
            "db/main.tf": DB.format("var.open") + 'variable "open" {}\n',
        },
        "and given where module.a.module.db is called: decide there",
    ),
    (
        "an expression",
        {"main.tf": DB.format('1 < 2 ? true : upper("x") == "y"')},
        'publicly_accessible is set by 1 < 2 ? true : upper("x") == "y" in {}/main.tf:2',
    ),
    (
        "comments within the value",
        {"main.tf": DB.format('tobool( # for now\n    "true"\n  )')},
        "there are comments within the value of publicly_accessible: change it by hand",
    ),
    (
        "one of several instances",
        {"main.tf": DB.format("count.index == 1").replace("{\n", "{\n  count = 2\n", 1)},
        "not every instance of the block fails: aws_db_instance.main[0] does not",
    ),
    (
        "an override file",
        {
            "main.tf": DB.format("true"),
            "main_override.tf": 'resource "aws_db_instance" "main" {\n  engine = "mysql"\n}\n',
        },
        "main_override.tf overrides it",
    ),
    (
        "Terraform JSON",
        {"main.tf.json": {"resource": {"aws_db_instance": {"main": {"publicly_accessible": True}}}}},
        "it is read from Terraform JSON, which is not changed",
    ),
    (
        "a plan",
        {
            "plan.json": {
                "format_version": "1.2",
                "planned_values": {
                    "root_module": {
                        "resources": [
                            {
                                "address": "aws_db_instance.main",
                                "mode": "managed",
                                "type": "aws_db_instance",
                                "name": "main",
                                "values": {"publicly_accessible": True},
                            }
                        ]
                    }
                },
            }
        },
        "a plan was judged, which is not changed: judge its configuration",
    ),
    (
        "an installed module",
        {
            "main.tf": 'module "db" {\n  source  = "acme/db/aws"\n  version = "1.0.0"\n}\n',
            ".terraform/modules/modules.json": {
                "Modules": [
                    {
                        "Key": "db",
                        "Source": "registry.terraform.io/acme/db/aws",
                        "Version": "1.0.0",
                        "Dir": ".terraform/modules/db",
                    }
                ]
            },
            ".terraform/modules/db/main.tf": DB.format("true"),
        },
        "is none of the files that were named",
    ),
]


@pytest.mark.parametrize(
    ("files", "words"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_it_is_told_why_something_is_left(
    files: dict[str, Any], words: str, written: Written, capsys: Capture
) -> None:
    folder = written(files)
    before = changes(folder)
    target = folder / "plan.json" if "plan.json" in files else folder
    assert mend("--diff", "--no-config", "--only", "CM_RDS_NOT_PUBLIC", target) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert words.replace("{}", str(folder)) in err
    assert mend("--fix", "--no-config", "--only", "CM_RDS_NOT_PUBLIC", target) == 1
    assert "Note: not changed" in capsys.readouterr().out
    assert changes(folder) == before


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (
            'dynamic "ebs_block_device" {\n    for_each = ["/dev/sdf"]\n    content {\n'
            "      device_name = ebs_block_device.value\n    }\n  }",
            "ebs_block_device is written as a dynamic block",
        ),
        ('ebs_block_device = [{ device_name = "/dev/sdf" }]', "ebs_block_device is written as an argument"),
    ],
)
def test_blocks_that_are_no_blocks(block: str, words: str, written: Written, capsys: Capture) -> None:
    root = "root_block_device {\n    encrypted = true\n  }"
    folder = written({"main.tf": f'resource "aws_instance" "main" {{\n  {root}\n  {block}\n}}\n'})
    assert mend("--diff", "--no-config", "--only", "CM_EBS_ENCRYPTED", folder) == 1
    assert words in capsys.readouterr().err


def test_a_module_beside_the_root_is_changed_where_it_is_named_too(written: Written, capsys: Capture) -> None:
    folder = written(
        {
            "prod/main.tf": 'module "files" {\n  source = "../modules/files"\n}\n',
            "dev/main.tf": 'module "files" {\n  source = "../modules/files"\n}\n',
            "modules/files/main.tf": EFS,
        }
    )
    module = folder / "modules" / "files" / "main.tf"
    assert mend("--fix", *ONLY, folder / "prod") == 1
    assert "none of the files that were named" in " ".join(capsys.readouterr().out.split())
    assert module.read_text() == EFS
    assert mend("--fix", *ONLY, "--recursive", folder) == 0
    assert module.read_text() == MENDED


def test_roots_with_the_same_addresses_are_told_apart(written: Written) -> None:
    asked = EFS.removesuffix("}\n") + "  encrypted = var.e\n}\n" + 'variable "e" {\n  default = false\n}\n'
    folder = written({"one/main.tf": EFS, "two/main.tf": asked})
    assert mend("--fix", *ONLY, folder / "one", folder / "two") == 1
    assert (folder / "one" / "main.tf").read_text() == MENDED
    assert (folder / "two" / "main.tf").read_text() == asked


def test_what_terraform_reads_and_what_opentofu_reads_are_both_mended(written: Written) -> None:
    folder = written({"main.tf": EFS, "main.tofu": EFS.replace("kept", "another")})
    assert mend("--fix", *ONLY, folder) == 0
    assert (folder / "main.tf").read_text() == MENDED
    assert (folder / "main.tofu").read_text() == MENDED.replace("kept", "another")


def test_links_out_of_the_folder_are_not_followed(written: Written, tmp_path: Path) -> None:
    folder = written({"main.tf": EFS, "sub/other.tf": EFS.replace("main", "other")})
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    elsewhere = tmp_path / "elsewhere.tf"
    elsewhere.write_text(EFS.replace("main", "linked"))
    (folder / "linked.tf").symlink_to(elsewhere)
    (folder / "inside.tf").symlink_to(folder / "sub" / "other.tf")
    assert mend("--fix", *ONLY, folder) == 1
    assert "encrypted" not in elsewhere.read_text()
    assert (folder / "inside.tf").is_symlink()
    assert "encrypted" in (folder / "sub" / "other.tf").read_text()


@pytest.mark.parametrize(
    ("lifecycle", "words"),
    [
        (
            "ignore_changes = [encrypted]",
            "lifecycle.ignore_changes names encrypted: what stands stays as it is",
        ),
        ("ignore_changes = all", "lifecycle.ignore_changes names encrypted"),
        ("prevent_destroy = true", "lifecycle.prevent_destroy refuses that where it stands already"),
    ],
)
def test_what_the_lifecycle_has_to_say(lifecycle: str, words: str, written: Written, capsys: Capture) -> None:
    block = f"  lifecycle {{\n    {lifecycle}\n  }}\n}}\n"
    mend("--diff", *ONLY, written({"main.tf": EFS.removesuffix("}\n") + block}))
    told = capsys.readouterr().err
    assert words in told
    assert "Terraform replaces what stands to make this change: read the plan" in told


def test_what_is_waived_or_in_the_baseline_is_left(written: Written, tmp_path: Path) -> None:
    folder = written({"main.tf": EFS})
    baseline = tmp_path / "baseline.json"
    assert main(["check", *ONLY, "--write-baseline", str(baseline), str(folder)]) == 0
    assert mend("--fix", *ONLY, "--baseline", baseline, folder) == 0
    assert (folder / "main.tf").read_text() == EFS
    assert mend("--fix", *ONLY, "--write-baseline", baseline, folder) == 2


def test_green_with_a_baseline_red_for_a_new_public_database_and_green_again(
    written: Written, tmp_path: Path, capsys: Capture
) -> None:
    folder = written(
        {"old.tf": EFS + 'resource "aws_db_instance" "old" {\n  publicly_accessible = true\n}\n'}
    )
    baseline = tmp_path / "baseline.json"
    asked = ("--no-config", "--pack", "aws", "--baseline", str(baseline), str(folder))
    assert main(["check", "--write-baseline", str(baseline), *asked]) == 0
    before = (folder / "old.tf").read_text()
    (folder / "new.tf").write_text(
        """\
resource "aws_db_instance" "new" {
  identifier             = "new"
  engine                 = "postgres"
  engine_version         = "16"
  db_subnet_group_name   = aws_db_subnet_group.private.name
  vpc_security_group_ids = [aws_security_group.new.id]
  publicly_accessible    = true # for a demonstration
}
resource "aws_security_group" "new" {}
resource "aws_db_subnet_group" "private" {
  subnet_ids = [aws_subnet.a.id]
}
resource "aws_subnet" "a" {
  vpc_id            = aws_vpc.main.id
  availability_zone = "us-east-1a"
  cidr_block        = "10.0.0.0/24"
}
resource "aws_route_table" "a" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route_table_association" "a" {
  subnet_id      = aws_subnet.a.id
  route_table_id = aws_route_table.a.id
}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
"""
    )
    # Two Availability Zones are for a person to choose.
    less = ("--skip", "CM_SUBNETS_SPAN_AZS", *asked)
    assert main(["check", *less]) == 1
    assert main(["check", "--fix", *less]) == 0, capsys.readouterr().out
    assert main(["check", *less]) == 0
    assert (folder / "old.tf").read_text() == before
    assert "  publicly_accessible       = false # for a demonstration\n" in (folder / "new.tf").read_text()


def test_lines_that_a_ci_runner_would_take_for_commands_are_escaped(
    written: Written, capsys: Capture
) -> None:
    mend("--diff", *ONLY, written({"main.tf": EFS.replace("# kept", "# \u2028\n/*\n::error::x\n*/")}))
    out, err = capsys.readouterr()
    assert "\n \\::error::x\n" in out
    assert " # \\u2028\n" in out
    assert "shown escaped: use --fix" in err


# --- the page -----------------------------------------------------------------------------------------------

DOCS = Path(__file__).resolve().parents[3] / "docs"


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def test_the_page_shows_what_happens(
    written: Written, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (before,), (console,), (patch,) = (blocks("fixing.md", kind) for kind in ("terraform", "console", "diff"))
    folder = written({"infrastructure/main.tf": before})
    monkeypatch.chdir(folder)
    command, _, told = console.partition("\n")
    _, *arguments = shlex.split(command.removeprefix("$ ").partition(" >")[0])
    assert main(arguments) == 1
    assert capsys.readouterr() == (patch, told)
    subprocess.run(["git", "apply", "-"], input=patch.encode(), check=True)
    patched = changes(folder)
    (folder / "infrastructure" / "main.tf").write_text(before)
    assert main([word.replace("--diff", "--fix") for word in arguments]) == 1
    assert changes(folder) == patched


def test_a_rule_of_ones_own_has_a_cure(written: Written) -> None:
    rule, *_ = blocks("own-rules.md", "python")
    (addition,) = blocks("fixing.md", "python")
    imports, _, cure = addition.partition("\n")
    source = rule.replace("from policies.engine.model", f"{imports}\nfrom policies.engine.model") + cure
    *_, configuration = blocks("own-rules.md", "terraform")
    folder = written({"rules/acme_logs_kept.py": source, "infrastructure/main.tf": configuration})
    main_file = folder / "infrastructure" / "main.tf"
    assert mend("--fix", "--no-config", "--rules", folder / "rules", folder / "infrastructure") == 0
    assert main_file.read_text() == configuration.replace("= 30", "= 365")


# --- whole or not at all ---------------------------------------------------------------------------------


def test_a_file_that_somebody_else_changed_is_not_written(tmp_path: Path) -> None:
    first, second = tmp_path / "a.tf", tmp_path / "b.tf"
    first.write_text("1")
    second.write_text("2")
    drafts = {str(first): "one", str(second): "two"}
    held = writing.originals({str(first): "1", str(second): "2"})
    second.write_text("3")
    with pytest.raises(Problem, match=r"b\.tf: somebody else changed it meanwhile"):
        writing.write(drafts, held)
    assert (first.read_text(), second.read_text()) == ("1", "3")
    with pytest.raises(Problem, match="somebody else changed it"):
        writing.originals({str(second): "2"})
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.tf", "b.tf"]


def test_a_file_that_nobody_is_to_write_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.tf"
    file.write_text("1")
    file.chmod(0o444)
    # To the superuser, as whom tests may run, no file is read-only.
    monkeypatch.setattr(os, "access", lambda path, mode: bool(Path(path).stat().st_mode & 0o200))
    with pytest.raises(Problem, match=r"a\.tf: it cannot be written, so that nothing was: it is read-only"):
        writing.write({str(file): "2"}, writing.originals({str(file): "1"}))
    assert file.read_text() == "1"


def test_a_disk_that_fails_half_way_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {str(tmp_path / name): name for name in ("a.tf", "b.tf")}
    for path, text in files.items():
        Path(path).write_text(text)
    held = writing.originals(files)
    move = Path.replace
    failing = iter([False, True])

    def replace_(self: Path, target: str) -> Path:
        if next(failing, False):
            raise OSError(28, "No space left on device")
        return move(self, target)

    monkeypatch.setattr(Path, "replace", replace_)
    with pytest.raises(Problem, match=r"b\.tf: it cannot be written, so that nothing was: No space left"):
        writing.write(dict.fromkeys(files, "new"), held)
    assert {path: Path(path).read_text() for path in files} == files
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.tf", "b.tf"]


# --- cures that do not do ----------------------------------------------------------------------------------

CATALOGUE = {entry.id: entry for entry in catalogue.load()}
PARAMETERS = parameters.load()


def tried(folder: Path, cures: dict[str, list[Edit]]) -> Outcome:
    """What comes of other cures than those of the rules."""

    def instead(edits: list[Edit]) -> Callable[[Resource, Model, Parameters], Iterator[Edit]]:
        return lambda resource, model, parameters: iter(edits)

    entries = [replace(CATALOGUE[id], cure=instead(edits)) for id, edits in cures.items()]

    def judge() -> Judged:
        readings = [read(folder)]
        return readings, judging.judge(readings, list(CATALOGUE.values()), PARAMETERS)

    return Curing(judge, entries, {str(folder): PARAMETERS}, [folder]).cure(judge())


def test_two_rules_that_would_set_one_argument_differently(written: Written) -> None:
    outcome = tried(
        written({"main.tf": 'resource "aws_db_instance" "main" {\n  publicly_accessible = true\n}\n'}),
        {
            "CM_RDS_MULTI_AZ": [Set("multi_az", True)],
            "CM_RDS_NOT_PUBLIC": [Set("multi_az", False), Set("publicly_accessible", False)],
        },
    )
    assert outcome.drafts == {}
    words = "CM_RDS_MULTI_AZ and CM_RDS_NOT_PUBLIC would each set multi_az to another value"
    assert [told.words for told in outcome.told] == [words, words]


def test_a_cure_after_which_the_rule_still_fails_is_dropped_and_others_are_not(written: Written) -> None:
    outcome = tried(
        written({"main.tf": 'resource "aws_db_instance" "main" {\n  publicly_accessible = true\n}\n'}),
        {
            "CM_RDS_MULTI_AZ": [Set("multi_az", "no")],
            "CM_RDS_NOT_PUBLIC": [Set("publicly_accessible", False)],
        },
    )
    assert [one.rule for one in outcome.cured] == ["CM_RDS_NOT_PUBLIC"]
    assert [told.words for told in outcome.told] == [
        "after the change it would still say: multi_az is not a boolean"
    ]
    assert "multi_az" not in "".join(outcome.drafts.values())


def test_a_cure_with_which_something_else_fails_is_dropped_and_others_are_not(written: Written) -> None:
    volume = 'resource "aws_ebs_volume" "main" {\n  encrypted = true\n}\n'
    databases = "".join(f'resource "aws_db_instance" "n{number}" {{}}\n' for number in range(5))
    folder = written({"main.tf": databases + EFS + volume})
    outcome = tried(
        folder,
        {
            "CM_RDS_MULTI_AZ": [Set("multi_az", True)],
            "CM_FILES_ENCRYPTED": [
                Set("encrypted", True),
                Set("encrypted", False, at=read(folder).model.of_type("aws_ebs_volume")[0]),
            ],
        },
    )
    assert [one.rule for one in outcome.cured] == ["CM_RDS_MULTI_AZ"] * 5
    (told,) = outcome.told
    assert told.rule == "CM_FILES_ENCRYPTED"
    assert "with the change CM_EBS_ENCRYPTED would say of aws_ebs_volume.main" in told.words


def test_what_cannot_be_judged_any_more_is_dropped(written: Written) -> None:
    outcome = tried(
        written({"main.tf": EFS}),
        {"CM_FILES_ENCRYPTED": [Set("encrypted", True), Set("creation_token", Expression("("))]},
    )
    assert outcome.drafts == {}
    assert "with the change it could not be judged" in outcome.told[0].words
