"""Faults on request: what the user reads, what the state keeps, and that a file is told its mistakes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudmart_support.problem import Problem
from mock_provider import faults
from mock_provider.faults import Fault, Faults
from tests.mock_provider.conftest import Project

TWO = """
resource "aws_sqs_queue" "good" {
  name = "good"
}
resource "aws_sqs_queue" "bad" {
  name = "bad"
  tags = { Name = "bad one" }
}
"""


def test_faults_play(project: Callable[..., Project], tmp_path: Path) -> None:
    """Half an apply, then the rest; then a drift, mended; then a resource that is gone, made again."""
    it = project(TWO)
    file = tmp_path / "faults.toml"
    file.write_text(
        '[[fault]]\ntype = "aws_sqs_queue"\nmatch = { "tags.Name" = "bad one" }\naction = "fail"\n'
        'error = "api error QueueDeletedRecently: wait 60 seconds"\n'
    )
    failed = it.run("apply", "-auto-approve", "-no-color", code=1, faults_file=file)
    assert "QueueDeletedRecently" in failed.stderr
    assert "with aws_sqs_queue.bad" in failed.stderr
    assert list(it.values()) == ["aws_sqs_queue.good"]
    assert it.changes()["aws_sqs_queue.bad"]["change"]["actions"] == ["create"]
    assert set(it.apply()) == {"aws_sqs_queue.good", "aws_sqs_queue.bad"}

    file.write_text(
        '[[fault]]\ntype = "aws_sqs_queue"\nmatch = { name = "good" }\naction = "drift"\n'
        "set = { visibility_timeout_seconds = 99 }\n"
        '[[fault]]\ntype = "aws_sqs_queue"\nmatch = { name = "bad" }\naction = "gone"\n'
    )
    shown = it.plan(faults_file=file)
    drift = {one["address"]: one["change"]["actions"] for one in shown["resource_drift"]}
    assert drift == {"aws_sqs_queue.good": ["update"], "aws_sqs_queue.bad": ["delete"]}
    changes = {one["address"]: one["change"] for one in shown["resource_changes"]}
    assert changes["aws_sqs_queue.good"]["before"]["visibility_timeout_seconds"] == 99
    assert changes["aws_sqs_queue.good"]["actions"] == ["update"]
    assert changes["aws_sqs_queue.bad"]["actions"] == ["create"]
    it.run("apply", "p.tfplan", faults_file=file)
    it.run("plan", "-detailed-exitcode")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fault = 1", "holds no faults"),
        ("[[fault]]\naction = 'fail'", "type is None, and must be a resource's type"),
        (
            "[[fault]]\ntype = 'aws_vpc'\naction = 'explode'",
            "action is 'explode', and must be one of fail, hang",
        ),
        ("[[fault]]\ntype = 'aws_vpc'\naction = 'fail'\nwhen = 1", "unknown key 'when'"),
        (
            "[[fault]]\ntype = 'aws_vpc'\naction = 'fail'\non = 'read'",
            "on is 'read', and must be one of create",
        ),
        (
            "[[fault]]\ntype = 'aws_vpc'\naction = 'fail'\nordinal = 0",
            "ordinal is 0, and must be a whole number",
        ),
        ("[[fault]]\ntype = 'aws_vpc'\naction = 'hang'\nseconds = -1", "seconds is -1, and must be a number"),
        ("[[fault]]\ntype = 'aws_vpc'\naction = 'fail'\nerror = 1", "error is 1, and must be a text"),
        ("[[fault]]\ntype = 'aws_vpc'\naction = 'gone'\nmatch = 1", "match is 1, and must be a table"),
        ("[[fault]]\ntype = 'aws_vpc'\naction = 'drift'", "a drift needs `set`"),
        ("fault = [", "is not TOML"),
    ],
)
def test_a_file_is_told_its_mistakes(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(text)
    with pytest.raises(Problem) as problem:
        faults.load(file)
    assert str(file) in str(problem.value)
    assert words in str(problem.value)


def test_json_and_missing_files(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps({"fault": [{"type": "aws_vpc", "action": "gone"}]}))
    assert faults.load(file) == (Fault("aws_vpc", "gone"),)
    file.write_text("{")
    with pytest.raises(Problem, match="is not JSON"):
        faults.load(file)
    with pytest.raises(Problem, match="cannot be read"):
        faults.load(tmp_path / "nothing.toml")


def test_ordinals_count_what_matches() -> None:
    """The second create of a kind fails, whatever else happens between."""
    played = Faults([Fault("aws_vpc", "fail", ordinal=2, match={"tags.Of": "a"})])
    stop = threading.Event()
    states = [{"tags": {"Of": "a"}}, {"tags": {"Of": "b"}}, {"tags": {"Of": "a"}}, {"tags": {"Of": "a"}}]
    assert [played.apply("aws_vpc", "create", state, stop) is not None for state in states] == [
        False,
        False,
        True,
        False,
    ]
    assert played.apply("aws_vpc", "update", states[0], stop) is None
    assert played.apply("aws_eip", "create", states[0], stop) is None


def test_a_hang_ends_with_its_time() -> None:
    played = Faults([Fault("aws_vpc", "hang", seconds=0.01)])
    assert played.apply("aws_vpc", "create", {}, threading.Event()) is None


def test_drift_reaches_into_blocks_and_maps() -> None:
    played = Faults([Fault("aws_vpc", "drift", set={"tags.a.b": "c", "route.0.cidr": "d", "x": None})])
    state = {"tags": None, "route": [{"cidr": "e"}], "x": 1}
    # A key with a dot is not to be told from a path: the path is taken.
    assert played.read("aws_vpc", state) == {"tags": {"a": {"b": "c"}}, "route": [{"cidr": "d"}], "x": None}
    assert state == {"tags": None, "route": [{"cidr": "e"}], "x": 1}
