"""The editor on blocks as people write them: what it is not told to change stays, and `terraform fmt` agrees."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from formatter import unformatted
from hypothesis import given
from hypothesis import strategies as st

from policies.fixing.editing import Change, edited
from policies.fixing.lines import lines
from policies.fixing.source import Block, blocks
from policies.readers import hcl
from policies.readers.scanner import scan

NAMES = [
    "engine",
    "storage_type",
    "a",
    "identifier",
    "kms_key_id",
    "very_long_name_of_an_argument",
    "größe",
    "_x",
]
VALUES = [
    "1",
    "true",
    '"text # no comment"',
    "var.x",
    '"${var.a}-${ "x" }//"',
    '["a", "b"]',
    '[\n    "a", # one\n    "b",\n  ]',
    '{\n    k  = "v" # of k\n    kk = 1\n  }',
    "<<-EOT\n    text = 1 # no comment\n  EOT",
    "a == b ? 1 : 2",
    '"e\u0301 = {"',
    "merge({ a = 1 }, { b = 2 })",
    '/* why */ "x"',
]


def written(chance: random.Random) -> str:
    """A resource with arguments, blocks and comments, in no particular shape."""
    number = iter(range(1000))
    eol = chance.choice(["\n", "\n", "\r\n"])
    unit = chance.choice(["  ", "  ", "\t", "    "])

    def comment() -> str:
        own = f"c{next(number)}"
        return chance.choice(["", "", "", f"# {own}", f"// {own}", f"/* {own} */", f"/* {own} */ # {own}"])

    def body(indent: str, depth: int) -> list[str]:
        found = []
        for name in chance.sample(NAMES, chance.randint(0, 5)):
            gap = " " * chance.choice([0, 1, 1, 1, 4])
            value = chance.choice(VALUES)
            trailing = "" if value.startswith("<<") else comment()
            blank = " " * chance.randint(1, 3) if trailing else ""
            between = f"{gap}/* c{next(number)} */" if chance.random() < 0.1 else ""
            found.append(f"{indent}{name}{between}{gap}={gap}{value}{blank}{trailing}")
            if chance.random() < 0.2:
                found.append(
                    chance.choice(
                        ["", f"{indent}# alone c{next(number)}", f"{indent}/* c{next(number)}\n x */"]
                    )
                )
        for name in chance.sample(
            ["root", "timeouts", "lifecycle"], chance.randint(0, 2) if depth < 2 else 0
        ):
            if chance.random() < 0.3:
                found += [f"{indent}{name} {{ b = 1 }}{chance.choice(['', f' # c{next(number)}'])}"]
            else:
                found += [
                    f"{indent}{name} {{ {comment()}",
                    *body(indent + unit, depth + 1),
                    f"{indent}}} {comment()}",
                ]
        return found

    top = 'resource "aws_x" "main" '
    if chance.random() < 0.2:
        return f"{top}{{{chance.choice(['', ' ', ' engine = 1 ', '/* c */ engine = 1 /* d */'])}}}{eol}"
    text = "\n".join([f"{top}{{ {comment()}", *body(unit, 0), f"}} {comment()}", ""])
    return text.replace("\r\n", "\n").replace("\n", eol)


def wanted(chance: random.Random, block: Block) -> Change:
    """Some change of a block."""
    change = Change()
    for name in chance.sample([*NAMES, "storage_encrypted", "longest_argument_of_them_all_to_align"], 2):
        change.values[name] = chance.choice(["true", '"new"', "7"])
    if chance.random() < 0.4 and not block.blocks("made"):
        change.made["made"] = Change(values={"enabled": "true", "x": "1"})
    for item in block.items:
        if isinstance(item, Block) and chance.random() < 0.5:
            change.inner[item.start] = Change(values={"deep": "true"})
    return change


def comments(text: str) -> list[str]:
    return re.findall(r"\bc\d+\b", text)


def apply(change: Change, body: dict[str, object], block: Block) -> dict[str, object]:
    """What the body of a block is to be, by the parser's own account."""
    result = dict(body)
    for name, value in change.values.items():
        result[name] = {"true": True, "7": 7, '"new"': "new", "1": 1}[value]
    for name, made in change.made.items():
        result[name] = [apply(made, {}, block)]
    for item in block.items:
        if isinstance(item, Block) and item.start in change.inner:
            index = block.blocks(item.name).index(item)
            inside = list(result[item.name])  # type: ignore[call-overload]
            inside[index] = apply(change.inner[item.start], inside[index], item)
            result[item.name] = inside
    return result


@given(st.randoms(use_true_random=False))
def test_a_change_is_made_and_all_else_is_kept(chance: random.Random) -> None:
    text = written(chance)
    (block,) = blocks(text)
    change = wanted(chance, block)
    ahead, behind = (
        chance.choice(["", "# c999 ahead\n", "locals {}\n"]),
        chance.choice(["", "# last", "locals {\n a=1\n}\n"]),
    )
    whole = ahead + text + behind
    found = blocks(whole)[1 if "locals" in ahead else 0]
    moved = Change(
        change.values, set(), change.made, [], {at + len(ahead): one for at, one in change.inner.items()}
    )
    new = edited(whole, [(found, moved)])
    assert new.startswith(ahead)
    assert new.endswith(behind)
    assert comments(new) == comments(whole)
    old_body, new_body = (
        next(one.body for one in hcl.parse(one, "main.tf") if one.kind == "resource") for one in (whole, new)
    )
    assert repr(new_body) == repr(apply(moved, old_body, found)) or dict(new_body) == apply(
        moved, old_body, found
    )
    assert ("\r\n" in new) == ("\r\n" in whole)
    assert edited(new, [(blocks(new)[1 if "locals" in ahead else 0], Change(values=moved.values))]) == new


def test_what_was_formatted_stays_formatted(tmp_path: Path) -> None:
    count = 150
    for number in range(count):
        text = written(random.Random(number)).replace("\r\n", "\n")
        (tmp_path / f"{number}.tf").write_text(text, encoding="utf-8")
    unformatted(tmp_path, write=True)
    for number in range(count):
        file = tmp_path / f"{number}.tf"
        text = file.read_text(encoding="utf-8")
        (block,) = blocks(text)
        chance = random.Random(number)
        change = wanted(chance, block)
        change.beside.append(
            ("resource", ("aws_y", "main"), {"bucket": "aws_x.main.id", "key": "1", "rule": {"a": "1"}})
        )
        file.write_text(edited(text, [(block, change)]), encoding="utf-8")
    assert unformatted(tmp_path) == []


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ('resource "a" "b" {}\n', Change(values={"x": "1"}), 'resource "a" "b" {\n  x = 1\n}\n'),
        (
            'resource "a" "b" { y = 2 } # why',
            Change(values={"x": "1"}),
            'resource "a" "b" {\n  y = 2\n  x = 1\n} # why',
        ),
        ('resource "a" "b" { y = 2 }\n', Change(values={"y": "3"}), 'resource "a" "b" { y = 3 }\n'),
        ('resource "a" "b" { y = 2 }\n', Change(removed={"y"}), 'resource "a" "b" {}\n'),
        (
            'resource "a" "b" {\r\n\ty = 2\r\n}\r\n',
            Change(values={"x": "1"}),
            'resource "a" "b" {\r\n\ty = 2\r\n\tx = 1\r\n}\r\n',
        ),
        (
            'resource "a" "b" {\n  count = 2\n\n  depends_on = [c.d]\n}\n',
            Change(values={"x": "1"}),
            'resource "a" "b" {\n  count = 2\n  x     = 1\n\n  depends_on = [c.d]\n}\n',
        ),
        (
            'resource "a" "b" {\n  db_name = 1 # n\n  db_size = 2\n  z = 3\n}\n',
            Change(values={"db_port": "5"}),
            'resource "a" "b" {\n  db_name = 1 # n\n  db_size = 2\n  db_port = 5\n  z = 3\n}\n',
        ),
        (
            'resource "a" "b" { y = /* a */ 2 /* b */ }\n',
            Change(values={"y": "3", "x": "1"}),
            'resource "a" "b" {\n  y = /* a */ 3 /* b */\n  x = 1\n}\n',
        ),
        (
            'resource "a" "b" {\n  y = 2 /* b */ # c\n}\n',
            Change(removed={"y"}),
            'resource "a" "b" {\n  /* b */ # c\n}\n',
        ),
        (
            'resource "a" "b" {\n  y = 2 # why\n  z = [\n    1,\n  ]\n}\n',
            Change(removed={"y", "z"}),
            'resource "a" "b" {\n  # why\n}\n',
        ),
        (
            'resource "a" "b" {\n  y = 1\n\n  lifecycle {\n    x = 1\n  }\n}\n',
            Change(made={"s": Change(values={"on": "true"})}),
            'resource "a" "b" {\n  y = 1\n\n  s {\n    on = true\n  }\n\n  lifecycle {\n    x = 1\n  }\n}\n',
        ),
    ],
)
def test_where_it_is_written(before: str, change: Change, after: str) -> None:
    assert edited(before, [(blocks(before)[0], change)]) == after


def test_offsets_of_blocks_and_arguments_are_those_of_the_scanner() -> None:
    text = 'a "b" "c" {\n  d { e = "}" }\n  f = { # {\n  }\n} # x\ng h {}\n'
    first, second = blocks(text)
    assert (text[first.opened], text[first.closed], first.labels) == ("{", "}", ("b", "c"))
    assert text[first.start : first.opened] == 'a "b" "c" '
    (inner,) = first.blocks("d")
    argument = inner.argument("e")
    assert argument is not None
    assert text[argument.value : argument.end] == '"}"'
    assert (second.labels, text[second.closed]) == (("h",), "}")
    assert len(scan(text)) == 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a = 1 # c\n", ("a", "= 1", "# c")),
        ("a { b = 1 }\n", ("a { b = 1 }", "", "")),
        ('a = "x # y" // c\n', ("a", '= "x # y"', "// c")),
        ("# alone\n", ("# alone", "", "")),
        ("a = [ # c\n", ("a = [", "", "# c")),
        ("b == c => d # e\n", ("b == c => d", "", "# e")),
    ],
)
def test_a_line_has_the_parts_that_terraform_fmt_moves(text: str, parts: tuple[str, str, str]) -> None:
    (line,) = lines(text, 0, len(text))
    lead = text[line.start : line.lead].strip()
    value = "" if line.equals is None else text[line.equals : line.value]
    comment = "" if line.comment is None else text[line.comment : line.end]
    assert (lead, value, comment) == parts
