"""What changed since an earlier bundle, as Terraform tells it."""

from __future__ import annotations

import copy
import gzip
import io
import json
import os
import tarfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from handoff import changes, pages

FRAME = pages.Frame("cloudmart-prod", "from a test", changes=True)
SMALL: dict[str, Any] = {
    "terraform": {
        "backend": {"local": {"path": "terraform.tfstate"}},
        "required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 6.25.0, < 7.0.0"}},
    },
    "provider": {"aws": [{"region": "ap-northeast-2"}]},
    "resource": {
        "aws_kms_key": {"database": {"description": "database", "enable_key_rotation": True}},
        "aws_cloudwatch_log_group": {"backend": {"name": "/backend", "retention_in_days": 90}},
        "aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
        "aws_subnet": {
            "a": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.0.1.0/24", "tags": {"Name": "a"}},
            "b": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.0.2.0/24", "tags": {"Name": "b"}},
        },
    },
    "output": {"vpc_id": {"value": "${aws_vpc.main.id}"}},
}


def written(folder: Path, configuration: dict[str, Any]) -> Path:
    folder.mkdir(parents=True)
    (folder / "cdk.tf.json").write_text(json.dumps(configuration), encoding="utf-8")
    return folder


def compared(tmp_path: Path, earlier: dict[str, Any], new: dict[str, Any]) -> changes.Comparison:
    return changes.compare(
        written(tmp_path / "earlier", earlier), written(tmp_path / "new", new), tmp_path / "work", "earlier"
    )


def test_added_changed_replaced_and_removed(tmp_path: Path) -> None:
    new = copy.deepcopy(SMALL)
    resources = new["resource"]
    resources["aws_cloudwatch_log_group"]["backend"]["retention_in_days"] = 365
    resources["aws_subnet"]["b"]["cidr_block"] = "10.0.3.0/24"
    del resources["aws_kms_key"]
    resources["aws_sns_topic"] = {"alarms": {"name": "alarms"}}
    found = compared(tmp_path, SMALL, new)
    assert {(one.address, one.action) for one in found.changes} == {
        ("aws_cloudwatch_log_group.backend", "change"),
        ("aws_subnet.b", "replace"),
        ("aws_kms_key.database", "remove"),
        ("aws_sns_topic.alarms", "add"),
    }
    by_address = {one.address: one for one in found.changes}
    assert by_address["aws_subnet.b"].causes == ("cidr_block",)
    assert ("retention_in_days", "90", "365") in by_address["aws_cloudwatch_log_group.backend"].attributes
    assert found.moves == ()
    page = changes.page(FRAME, found).replace("<wbr>", "")
    assert "<code>aws_kms_key.database</code> (remove)" in page.partition("Data is at stake")[2]
    assert '10.0.2.0/24 → 10.0.3.0/24 <b class="bad">forces replacement</b>' in page


def test_a_changed_address_is_proposed_as_moved_and_then_nothing_is_left(tmp_path: Path) -> None:
    new = json.loads(json.dumps(SMALL).replace("aws_vpc.main", "aws_vpc.shop"))
    new["resource"]["aws_vpc"] = {"shop": SMALL["resource"]["aws_vpc"]["main"]}
    new["resource"]["aws_subnet"]["public_a"] = new["resource"]["aws_subnet"].pop("a")
    found = compared(tmp_path, SMALL, new)
    # Without the blocks everything in the VPC would be made anew.
    assert {one.action for one in found.changes} == {"add", "remove", "replace"}
    assert ("aws_vpc.main", "aws_vpc.shop") in found.moves
    left = [one for one in found.after_moves if one.action != "move"]
    if ("aws_subnet.a", "aws_subnet.public_a") in found.moves:
        assert left == []
        assert "With them the plan is empty" in changes.page(FRAME, found)
    else:
        assert {one.address for one in left} <= {"aws_subnet.a", "aws_subnet.public_a"}
    assert set(found.moves) == {("aws_vpc.main", "aws_vpc.shop"), ("aws_subnet.a", "aws_subnet.public_a")}
    assert changes.moved_blocks(found.moves).count("moved {") == 2


def test_two_that_fit_alike_are_no_proposal(tmp_path: Path) -> None:
    earlier, new = copy.deepcopy(SMALL), copy.deepcopy(SMALL)
    alike = {"description": "alike"}
    earlier["resource"]["aws_kms_key"] = {"one": alike}
    new["resource"]["aws_kms_key"] = {"two": alike, "three": alike}
    found = compared(tmp_path, earlier, new)
    assert found.moves == ()


def test_nothing_changed(tmp_path: Path) -> None:
    found = compared(tmp_path, SMALL, SMALL)
    assert found.changes == ()
    assert "the plan is empty" in changes.page(FRAME, found)


def test_an_earlier_tarball_is_read(tmp_path: Path) -> None:
    content = json.dumps(SMALL).encode()
    member = tarfile.TarInfo("cloudmart-prod/terraform-json/cdk.tf.json")
    member.size = len(content)
    with tarfile.open(tmp_path / "earlier.tar.gz", "w:gz") as archive:
        archive.addfile(member, io.BytesIO(content))
    folder = changes.earlier_configuration(tmp_path / "earlier.tar.gz", tmp_path / "into")
    assert json.loads((folder / "cdk.tf.json").read_text()) == SMALL


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b broken"])
def test_what_is_no_bundle_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(Problem, match="no earlier bundle that can be read"):
        changes.earlier_configuration(tmp_path / "file", tmp_path / "into")


def test_a_folder_or_an_archive_without_a_configuration_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Problem, match="no earlier bundle"):
        changes.earlier_configuration(tmp_path / "empty", tmp_path / "into")
    with tarfile.open(tmp_path / "other.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("../terraform-json/cdk.tf.json.txt"))
    with pytest.raises(Problem, match="is no bundle"):
        changes.earlier_configuration(tmp_path / "other.tar", tmp_path / "into")


NAME = "cloudmart-prod/terraform-json/cdk.tf.json"


def member(
    name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, leads: str = ""
) -> tarfile.TarInfo:
    about = tarfile.TarInfo(name)
    about.type, about.linkname, about.size = kind, leads, len(content)
    return about


def tarball(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for about, content in members:
            archive.addfile(about, io.BytesIO(content))
    return path


GOOD = json.dumps(SMALL).encode()
KINDS = {
    "symbolic link": (tarfile.SYMTYPE, "/etc/hostname"),
    "symbolic link to what is not there": (tarfile.SYMTYPE, "nowhere"),
    "hard link": (tarfile.LNKTYPE, "/etc/hostname"),
    "hard link to what is not there": (tarfile.LNKTYPE, "nowhere"),
    "character device": (tarfile.CHRTYPE, ""),
    "block device": (tarfile.BLKTYPE, ""),
    "pipe": (tarfile.FIFOTYPE, ""),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [NAME, "cloudmart-prod/beside"])
def test_links_and_devices_in_an_archive_are_refused(kind: str, name: str, tmp_path: Path) -> None:
    """In the configuration's place and anywhere else: the hand-off writes files and folders alone."""
    about = member(name, b"", *KINDS[kind])
    members = [(about, b"")] if name == NAME else [(member(NAME, GOOD), GOOD), (about, b"")]
    with pytest.raises(Problem, match="is a link or a device"):
        changes.earlier_configuration(tarball(tmp_path / "a.tar.gz", *members), tmp_path / "into")


@pytest.mark.parametrize(
    "name",
    ["/terraform-json/cdk.tf.json", "../terraform-json/cdk.tf.json", "a/../b/terraform-json/cdk.tf.json"],
)
def test_names_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="leads out of it"):
        changes.earlier_configuration(
            tarball(tmp_path / "a.tar.gz", (member(name, GOOD), GOOD)), tmp_path / "into"
        )


def test_a_configuration_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    one = (member(NAME, GOOD), GOOD)
    with pytest.raises(Problem, match="is in it twice"):
        changes.earlier_configuration(tarball(tmp_path / "a.tar.gz", one, one), tmp_path / "into")


def test_what_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of gzip, a folder's file, an archive's, a sparse one; nothing of it is unpacked beyond the bound."""
    bomb = tmp_path / "bomb.tar.gz"
    zeros = bytes(2**20)
    with gzip.open(bomb, "wb") as packed:
        packed.write(member(NAME, bytes(1)).tobuf()[:512])
        for _ in range(200):
            packed.write(zeros)
    assert bomb.stat().st_size < 2**20
    tracemalloc.start()
    with pytest.raises(Problem, match="larger than 64 MiB"):
        changes.earlier_configuration(bomb, tmp_path / "into")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 160 * 2**20
    folder = tmp_path / "folder" / "terraform-json"
    folder.mkdir(parents=True)
    with (folder / "cdk.tf.json").open("wb") as sparse:
        sparse.truncate(65 * 2**20)
    with pytest.raises(Problem, match="larger than 64 MiB"):
        changes.earlier_configuration(tmp_path / "folder", tmp_path / "into")
    monkeypatch.setattr(changes, "_LARGEST", 4096)
    with pytest.raises(Problem, match="MiB, and no bundle"):
        changes.earlier_configuration(
            tarball(tmp_path / "a.tar.gz", (member(NAME, zeros), zeros)), tmp_path / "into"
        )


def test_a_member_of_negative_size_is_no_endless_archive(tmp_path: Path) -> None:
    header = bytearray(member(NAME).tobuf()[:512])
    header[124:136] = (-1024).to_bytes(12, "big", signed=True)
    header[148:156] = b"        "
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    (tmp_path / "a.tar").write_bytes(bytes(header) * 4 + bytes(1024))
    with pytest.raises(Problem, match="no earlier bundle"):
        changes.earlier_configuration(tmp_path / "a.tar", tmp_path / "into")


@pytest.mark.parametrize("what", ["link", "link to the folder's file", "pipe"])
def test_a_folder_whose_configuration_is_no_file_is_refused(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "bundle" / "terraform-json"
    folder.mkdir(parents=True)
    if what == "pipe":
        os.mkfifo(folder / "cdk.tf.json")
    elif what == "link":
        (tmp_path / "outside").write_bytes(GOOD)
        (folder / "cdk.tf.json").symlink_to(tmp_path / "outside")
    else:
        (folder / "other").write_bytes(GOOD)
        (folder / "cdk.tf.json").symlink_to("other")
    with pytest.raises(Problem, match="no earlier bundle that can be read"):
        changes.earlier_configuration(tmp_path / "bundle", tmp_path / "into")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        '"x"',
        "1",
        "{",
        "[" * 100_000,
        '{"resource": {}, "resource": {}}',
        "NaN",
        '{"a": "\\ud800"',
    ],
)
def test_what_is_no_configuration_is_refused(text: str, tmp_path: Path) -> None:
    written(tmp_path / "bundle" / "terraform-json", {})
    (tmp_path / "bundle" / "terraform-json" / "cdk.tf.json").write_text(text)
    with pytest.raises(Problem, match="no earlier bundle"):
        changes.earlier_configuration(tmp_path / "bundle", tmp_path / "into")


READING = (
    '${file("/etc/hostname")}',
    'a ${upper(file("/etc/hostname"))} b',
    '${core::file("/etc/hostname")}',
    '${file /* */ ("/etc/hostname")}',
    '${file # x\n ("/etc/hostname")}',
    '${"${filebase64("/etc/hostname")}"}',
    '%{ if fileexists("/etc/hostname") }a%{ endif }',
    '${join("", fileset("/etc", "*"))}',
    '${filesha256("/etc/hostname")}',
    '${templatefile("/etc/hostname", {})}',
    '${pathexpand("~")}',
    '${abspath(".")}',
)


@pytest.mark.parametrize("text", READING)
@pytest.mark.parametrize("where", ["value", "key", "list"])
def test_an_earlier_bundle_that_reads_this_machine_is_refused(text: str, where: str, tmp_path: Path) -> None:
    """What it reads would be on the page of changes."""
    hostile = copy.deepcopy(SMALL)
    group = hostile["resource"]["aws_cloudwatch_log_group"]["backend"]
    group["tags"] = {"value": {"a": text}, "key": {text: "a"}, "list": [{"a": text}]}[where]
    bundle = written(tmp_path / "bundle" / "terraform-json", hostile).parent
    with pytest.raises(Problem, match=r"resource\.aws_cloudwatch_log_group\.backend\.tags.*calls \w+"):
        changes.earlier_configuration(bundle, tmp_path / "into")


@pytest.mark.parametrize(
    "text", ["$${file(1)}", "file(1)", "${aws_vpc.main.id}", "%%{ if file(1) }", "${aws_x.file.id}"]
)
def test_what_only_looks_like_it_is_not(text: str, tmp_path: Path) -> None:
    fine = copy.deepcopy(SMALL)
    fine["resource"]["aws_cloudwatch_log_group"]["backend"]["tags"] = {"a": text}
    bundle = written(tmp_path / "bundle" / "terraform-json", fine).parent
    folder = changes.earlier_configuration(bundle, tmp_path / "into")
    assert json.loads((folder / "cdk.tf.json").read_text()) == fine


def test_an_earlier_bundle_that_terraform_refuses(tmp_path: Path) -> None:
    broken = copy.deepcopy(SMALL)
    broken["resource"]["aws_vpc"]["main"]["cidr_block"] = "no range"
    with pytest.raises(Problem, match="the earlier bundle: terraform apply"):
        compared(tmp_path, broken, SMALL)
