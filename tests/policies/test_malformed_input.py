"""Whatever the input is: no traceback, and never exit code 0 for what could not be read."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from samples import HCL, JSON, PLAN

from cloudmart_support.problem import Problem
from policies import readers
from policies.__main__ import main
from policies.engine import parameters, waivers

EXAMPLES = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["${var.x}", "${", "%{if", "${a.b[0].c}", "${[for a in b : a]}", "${f(x...)}", "$${x}"]
    ),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.text(max_size=8)
            | st.sampled_from(
                [
                    "resource",
                    "data",
                    "aws_db_instance",
                    "main",
                    "dynamic",
                    "for_each",
                    "count",
                    "//",
                    "ingress",
                ]
            ),
            children,
            max_size=4,
        )
    ),
    max_leaves=25,
)
block_names = st.sampled_from(
    ["resource", "data", "module", "variable", "output", "locals", "provider", "terraform"]
)


def judged(path: Path) -> int:
    """The gate's exit code; nothing may break on the way, neither the gate nor a rule."""
    words = io.StringIO()
    with contextlib.redirect_stderr(words):
        code = main(["check", str(path), "--output", str(path.parent / "report-of-check")])
    assert " broke" not in words.getvalue(), words.getvalue()
    assert (code == 2) == words.getvalue().startswith("error: ")
    return code


def attempt(path: Path, **options: Any) -> readers.Reading | None:
    try:
        return readers.read(path, **options)
    except Problem as problem:
        assert str(problem)
        return None


@EXAMPLES
@given(tree=st.dictionaries(block_names, anything, max_size=4))
def test_any_tree_as_terraform_json(tmp_path: Path, tree: dict[str, Any]) -> None:
    path = tmp_path / "main.tf.json"
    path.write_text(json.dumps(tree), encoding="utf-8")
    attempt(path)


@EXAMPLES
@given(
    body=st.dictionaries(
        st.text(max_size=8) | st.sampled_from(["count", "for_each", "dynamic", "provider", "//"]),
        anything,
        max_size=5,
    )
)
@example(body={"for_each": {"//": None}})
def test_any_body_is_judged_or_refused(tmp_path: Path, body: dict[str, Any]) -> None:
    path = tmp_path / "main.tf.json"
    path.write_text(json.dumps({"resource": {"aws_db_instance": {"main": body}}}), encoding="utf-8")
    nothing = any(body.get(name) in ([], {}, 0, "0") for name in ("count", "for_each"))
    assert judged(path) in ((0, 1, 2) if nothing else (1, 2))


@EXAMPLES
@given(data=st.binary(max_size=200), name=st.sampled_from(["main.tf", "main.tf.json", "plan.json"]))
def test_any_bytes_are_no_configuration(tmp_path: Path, data: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert judged(path) != 0


@EXAMPLES
@given(
    cut=st.integers(0, len(HCL) - 1),
    length=st.integers(1, 40),
    inserted=st.text(max_size=8)
    | st.sampled_from(['"', "}", "${", "<<EOT\n", "/*", "\\", "\r\n", "\t=", "%{"]),
)
def test_damaged_hcl(tmp_path: Path, cut: int, length: int, inserted: str) -> None:
    path = tmp_path / "main.tf"
    path.write_text(
        HCL[:cut] + inserted + HCL[cut + length :], encoding="utf-8", errors="surrogatepass", newline=""
    )
    attempt(path)


def _paths(tree: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here]
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        found += _paths(value, (*here, key))
    return found


PLAN_PATHS = [path for path in _paths(PLAN) if path]
JSON_PATHS = [path for path in _paths(JSON) if path]


def _changed(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    tree = copy.deepcopy(tree)
    here = tree
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    return tree


@EXAMPLES
@given(path=st.sampled_from(PLAN_PATHS), value=anything)
def test_a_plan_with_anything_anywhere(tmp_path: Path, path: tuple[Any, ...], value: Any) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(_changed(PLAN, path, value)), encoding="utf-8")
    assert judged(file) != 0


@EXAMPLES
@given(path=st.sampled_from(JSON_PATHS), value=anything)
def test_a_configuration_with_anything_anywhere(tmp_path: Path, path: tuple[Any, ...], value: Any) -> None:
    file = tmp_path / "main.tf.json"
    file.write_text(json.dumps(_changed(JSON, path, value)), encoding="utf-8")
    assert judged(file) != 0


ODD = (None, True, 7, "x", [], [None], {}, {"x": None})


@pytest.mark.parametrize(
    ("name", "tree", "paths"),
    [("plan.json", PLAN, PLAN_PATHS), ("main.tf.json", JSON, JSON_PATHS)],
    ids=["plan", "configuration"],
)
def test_every_place_with_every_odd_value(
    tmp_path: Path, name: str, tree: Any, paths: list[tuple[Any, ...]]
) -> None:
    """The tests above take some places and values, with anything in them; this one all places, with a few."""
    file = tmp_path / name
    for path in paths:
        for value in ODD:
            file.write_text(json.dumps(_changed(tree, path, value)), encoding="utf-8")
            assert judged(file) != 0, (path, value)


@EXAMPLES
@given(cut=st.integers(0, len(json.dumps(PLAN)) - 1))
def test_a_truncated_plan(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(PLAN)[:cut], encoding="utf-8")
    with pytest.raises(Problem):
        readers.read(file)


toml_values = st.recursive(
    st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.text("ab\"'\\[]=. \n", max_size=8)
    | st.floats(allow_nan=False),
    lambda children: st.lists(children, max_size=3),
    max_leaves=5,
)


@EXAMPLES
@given(
    key=st.sampled_from(["rule", "address", "owner", "reason", "expires", "else"]),
    value=toml_values,
    tail=st.text(max_size=10),
)
def test_any_waiver_and_any_parameter(tmp_path: Path, key: str, value: Any, tail: str) -> None:
    file = tmp_path / "any.toml"
    for head in ("[[waiver]]\n", "[backups]\n", "[[flows]]\n", ""):
        file.write_text(f"{head}{key} = {json.dumps(value)}\n{tail}", encoding="utf-8", errors="replace")
        for load in (waivers.load, parameters.load):
            try:
                load(file)
            except Problem as problem:
                assert "any.toml" in str(problem)


@EXAMPLES
@given(data=st.binary(max_size=60))
def test_any_bytes_as_waivers_and_parameters(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "any.toml"
    file.write_bytes(data)
    for load in (waivers.load, parameters.load):
        try:
            load(file)
        except Problem as problem:
            assert "any.toml" in str(problem)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("main.tf.json", '{"resource": {"a": {"b": {"x": ' + "[" * 100_000 + "]" * 100_000 + "}}}}"),
        ("main.tf.json", '{"resource": ' * 50_000 + "{}" + "}" * 50_000),
        ("main.tf.json", '{"resource": ' + "[" * 50_000 + "]" * 50_000 + "}"),
        ("main.tf.json", '{"resource": {"a": {"b": {"x": "${' + "(" * 50_000 + "1" + ")" * 50_000 + '}"}}}}'),
        ("main.tf.json", '{"resource": {"a": {"b": {"x": "${' + "!" * 50_000 + 'true}"}}}}'),
        ("main.tf.json", '{"resource": {"a": {"b": {"x": ' + "9" * 10_000 + "}}}}"),
        ("main.tf", 'resource "a" "b" {\n x = ' + "[" * 3_000 + "]" * 3_000 + "\n}\n"),
        ("main.tf", 'resource "a" "b" {\n' + "x {\n" * 3_000 + "}\n" * 3_000 + "}\n"),
        ("main.tf", 'resource "a" "b" {\n x = ' + "9" * 10_000 + "\n}\n"),
        (
            "plan.json",
            '{"format_version": "1.2", "planned_values": {"root_module": ' + '{"child_modules": [' * 5_000,
        ),
        (
            "plan.json",
            '{"format_version": "1.2", "planned_values": {"root_module": '
            + '{"address": "a", "child_modules": [' * 300
            + "]}" * 300
            + "}}",
        ),
    ],
)
def test_deep_nesting_and_long_numbers_are_refused(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert judged(path) == 2


def test_a_long_chain_of_references_ends(tmp_path: Path) -> None:
    chain = {f"l{n}": f"${{local.l{n + 1}}}" for n in range(5_000)} | {"l5000": True}
    tree = {"locals": chain, "resource": {"aws_ebs_volume": {"main": {"encrypted": "${local.l0}"}}}}
    path = tmp_path / "main.tf.json"
    path.write_text(json.dumps(tree))
    assert judged(path) == 2


def test_symbolic_links_that_lead_nowhere(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert judged(loop) == 2
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "main.tf").write_text('resource "aws_vpc" "main" {}\n')
    (folder / "gone.tf").symlink_to(tmp_path / "nowhere")
    assert judged(folder) == 2
    (folder / "gone.tf").unlink()
    (folder / "round.tf.json").symlink_to(folder / "round.tf.json")
    assert judged(folder) == 2


def test_a_folder_and_a_pipe_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "main.tf").mkdir()
    assert judged(tmp_path) == 2
    pipe = tmp_path / "plan.json"
    os.mkfifo(pipe)
    assert judged(pipe) == 2


def test_a_file_that_vanishes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.tf").write_text('resource "aws_vpc" "main" {}\n')
    (tmp_path / "b.tf").write_text('resource "aws_vpc" "other" {}\n')
    real = readers.files.read_text

    def vanishing(path: Path) -> str:
        if path.name == "a.tf":
            (tmp_path / "b.tf").unlink()
        return real(path)

    monkeypatch.setattr(readers.files, "read_text", vanishing)
    assert judged(tmp_path) == 2


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "main.tf"
    path.write_text('resource "aws_vpc" "main" {}\n')
    monkeypatch.setattr(readers.files.os, "open", refuse)
    with pytest.raises(Problem, match="Permission denied"):
        readers.read(path)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "main.tf.json"
    with path.open("wb") as handle:
        handle.truncate(readers.files.LARGEST + 1)
    assert judged(path) == 2


def test_other_encodings(tmp_path: Path) -> None:
    text = 'resource "aws_vpc" "main" {\n  tags = { Name = "caf\u00e9" }\n}\n'
    path = tmp_path / "main.tf"
    path.write_bytes(text.encode("utf-8-sig"))
    assert readers.read(path).model.resources[0].get("tags.Name") == "caf\u00e9"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert readers.read(path).model.resources[0].get("tags.Name") == "caf\u00e9"
    for encoding in ("utf-16", "latin-1", "utf-32"):
        path.write_bytes(text.encode(encoding))
        assert judged(path) == 2


def test_two_gates_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "main.tf"
    path.write_text(HCL)
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(len(readers.read(path).model.resources)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [10, 10, 10, 10]
