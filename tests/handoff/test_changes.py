"""What changed since an earlier bundle, as Terraform tells it."""

from __future__ import annotations

import copy
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from handoff import changes
from support.problem import Problem

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
    page = changes.page(found).replace("<wbr>", "")
    assert "Data is at stake:</b> <code>aws_kms_key.database</code> (remove)" in page
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
        assert "With them the plan is empty" in changes.page(found)
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
    assert "the plan is empty" in changes.page(found)


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


def test_an_earlier_bundle_that_terraform_refuses(tmp_path: Path) -> None:
    broken = copy.deepcopy(SMALL)
    broken["resource"]["aws_vpc"]["main"]["cidr_block"] = "no range"
    with pytest.raises(Problem, match="the earlier bundle: terraform apply"):
        compared(tmp_path, broken, SMALL)
