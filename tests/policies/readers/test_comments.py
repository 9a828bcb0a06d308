"""Comments that speak to the gate are found where HCL has comments, each with its block, and nowhere else."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.readers import scanner
from policies.readers.comments import Comment, found

SAID = "cloudmart-policies: x"


def subjects(text: str) -> list[tuple[int, str]]:
    return [(comment.line, comment.subject) for comment in found(text, "main.tf")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'# {SAID}\nresource "a" "b" {{}}\n', [(1, "a.b")]),
        (f'//{SAID}\nresource "a" "b" {{\n}}\n', [(1, "a.b")]),
        (f'/* {SAID} */\nmodule "m" {{\n}}\n', [(1, "module.m")]),
        (f'/*\n * {SAID}\n */\ndata "a" "b" {{\n}}\n', [(2, "data.a.b")]),
        (f'resource "a" "b" {{ # {SAID}\n}}\n', [(1, "a.b")]),
        (f'resource "a" "b" {{\n  x = 1 # {SAID}\n}}\n', [(2, "a.b")]),
        (f'resource "a" "b" {{\n  c {{\n    # {SAID}\n  }}\n}}\n', [(3, "a.b")]),
        (f'resource "a" "b" {{\n  x = [\n    1, // {SAID}\n  ]\n}} # {SAID}\n', [(3, "a.b"), (5, "a.b")]),
        (f'# {SAID}\n# and a word\n# {SAID}\nresource "a" "b" {{}}\n', [(1, "a.b"), (3, "a.b")]),
        (f'resource "a" "b" {{}} # {SAID}\nresource "c" "d" {{}}\n', [(1, "a.b")]),
        (f'# {SAID}\n\nresource "a" "b" {{}}\n', [(1, "")]),
        (f'resource "a" "b" {{}}\n# {SAID}\n', [(2, "")]),
        (f"# {SAID}\nlocals {{\n}}\n", [(1, "locals")]),
        (f"\ufeff# {SAID}\r\nresource a b {{\r\n}}\r\n"[1:], [(1, "a.b")]),
        (f"# not {SAID}\n", []),
        ('resource "a" "b" {\n  x = "# cloudmart-policies: x"\n}\n', []),
        (f'resource "a" "b" {{\n  x = <<E\n# {SAID}\nE\n}}\n', []),
        (f'resource "a" "b" {{\n  x = <<-E\n  // {SAID} ${{"\\"# {SAID}"}}\n  E\n}}\n', []),
        (f'resource "a" "b" {{\n  x = "${{/* {SAID} */ 1}}"\n}}\n', []),
        (f'resource "a" "# {SAID}" {{\n}}\n', []),
        (f'resource "a" "b" {{\n  x = "$${{" # {SAID}\n}}\n', [(2, "a.b")]),
        (f"# {SAID}\nresource {{{{\n", []),
    ],
)
def test_each_comment_has_its_block(text: str, expected: list[tuple[int, str]]) -> None:
    assert subjects(text) == expected


def test_a_comment_says_what_stands_behind_the_mark_and_where_its_block_is() -> None:
    (comment,) = found(f'x = 1\n##  {SAID} y  \nresource "a" "b" {{\n  c = 1\n}}\n', "dir/main.tf")
    assert comment == Comment("x y", "dir/main.tf", 2, "a.b", 3, 5)


_PIECES = st.lists(
    st.sampled_from(
        [
            "# c\n",
            "// c\n",
            "/* c */",
            "\n",
            'resource "a" "b" {\n  x = 1\n}\n',
            'x = "# no ${1} $${ %%{"\n',
            "y = <<E\n# no ${1}\n// no\nE\n",
            "z = [1, # c\n2]\n",
            "w = (1 /* c */ + 2 / 3)\n",
        ]
    ),
    max_size=8,
)


@given(_PIECES)
def test_the_spans_are_the_comments_and_nothing_else(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        scanner.scan(text)
    except scanner.Unscannable:
        return
    assert all(text[start:end].strip("#/* \n") == "c" for start, end in scanner.comments(text))
    assert len(scanner.comments(text)) == sum(piece.count(" c") for piece in pieces)


def test_terraform_takes_them_for_comments(
    terraform: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """`terraform fmt` leaves them where they are, and the code as it is."""
    text = f"""\
# {SAID}
resource "a" "b" {{
  # {SAID}
  x = 1 # {SAID}
}}
"""
    (tmp_path / "main.tf").write_text(text)
    done = terraform(tmp_path, "fmt", "-check", "-diff", "-no-color")
    assert (done.returncode, done.stdout) == (0, "")
    assert len(found(text, "main.tf")) == 3
