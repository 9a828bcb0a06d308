"""What Terraform parses is read, and nothing that it refuses: `terraform fmt` is the judge."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudmart_support.problem import Problem
from policies.readers import hcl, read
from policies.readers.declared import Body
from policies.readers.scanner import scan

ROOT = Path(__file__).resolve().parents[3]

Written = Callable[[dict[str, Any]], Path]
Planned = Callable[..., dict[str, Any]]
Terraform = Callable[..., Any]

SNIPPETS = (
    # arguments and the ends of their lines
    "a = 1",
    "a = 1 # words",
    "a = 1 // words",
    "a = 1 /* words */ # more",
    "a /* words */ = 1",
    "a = /* over\nlines */ 1",
    "a = 1 /* over\nlines */\nb = 2",
    "a = 1 /* over\nlines */ b = 2",
    "a = 1 b = 2",
    "a = 1; b = 2",
    "a = 1,\nb = 2",
    "a = 1\r\nb = 2\r\n",
    "a = 1\rb = 2",
    "a = 1 # with \r in it\nb = 2",
    "a =\n1",
    "a\n= 1",
    "a == 1",
    "a => 1",
    "a",
    "a =",
    "= 1",
    '"a" = 1',
    "a = 1\na = 2",
    "a.b = 1",
    "-a = 1",
    "a-b = 1",
    "_a = 1",
    "1a = 1",
    "\u00e9t\u00e9 = 1",
    "a\u0301 = \u00b2",
    "\u00b2 = 1",
    "a\u00b2 = 1",
    "a\u00a0= 1",
    "a = \u00a01",
    "\u0905\u0902\u0915 = 1",
    "for = 1\nin = 2\nnull = 3\nif {\n  true = 4\n}",
    "a = 1\f",
    "/* not closed",
    "/* closed */ a = 1",
    "/* closed */\n/*/ closed */\na = 1",
    "/**/a = 1",
    "/***/a = 1",
    # blocks
    "a {}",
    "a { }",
    "a { # words\n}",
    "a { // }\n}",
    "a { /* } */ }",
    "a { b = 1 }",
    "a { b = 1, c = 2 }",
    "a { b = 1 c = 2 }",
    "a { b = 1\n}",
    "a {\n  b = 1 }",
    "a { b { } }",
    "a {\n  b { c = 1 }\n}",
    "a {\n  b {}\n  c {}\n}",
    "a {} b {}",
    "a\n{\n}",
    "a {",
    "a {\n",
    "a {\n  b = 1\n",
    "a }",
    "a {}\n}",
    'a "b" {}',
    'a b "c" {}',
    'a "b" c\n{}',
    'a "b ${c}" {}',
    'a "b $${c}" {}',
    'a "b %%{c}" {}',
    'a "b $ % c" {}',
    'a "\\u0062\\t\\"" {}',
    'a "\\q" {}',
    'a "b\nc" {}',
    'a "b {}',
    "a 1 {}",
    "a { b = <<X\nx\nX\n}",
    "a { b = [\n1\n] }",
    "a { b = {\n} }",
    # brackets and line ends
    "a = (\n1\n+\n2\n)",
    "a = [\n1,\n2\n]",
    "a = [\n1\n2\n]",
    "a = [1, 2,]",
    "a = [1, 2,,]",
    "a = [,]",
    "a = {\nb = 1\nc = 2\n}",
    "a = { b = 1, c = 2 }",
    "a = { b = 1, c = 2, }",
    "a = { b = 1 c = 2 }",
    "a = { b = 1\n, c = 2 }",
    "a = { b = 1,\n\n# words\nc = 2 }",
    "a = {\nb =\n1\n}",
    "a = {\nb = 1 +\n2\n}",
    "a = {\nb = (1 +\n2)\n}",
    "a = {\nb = c ?\n1 : 2\n}",
    "a = {\nb = c\n[0]\n}",
    "a = {\nb = c\n.d\n}",
    "a = {\nb = f(\n1\n)\n}",
    "a = { b : 1 }",
    "a = { b = 1 # words\n}",
    "a = { b = 1 // words\nc = 2 }",
    "a = { b /* x */ = /* y */ 1 /* z */ }",
    "a = { for = 1 }",
    'a = { (b) = 1, "c" = 2, 3 = 4 }',
    "a = { b }",
    "a = { b, c }",
    "a = { = 1 }",
    "a = {\nfor b in c :\nb => b\n...\n}",
    "a = {\nfor b, d in c : b => d if\nd\n}",
    "a = [\nfor b in c :\nb\n]",
    "a = [for b in c : b if d]",
    "a = [for b in c b]",
    "a = [for b c : b]",
    "a = { for b in c : b }",
    "a = b ? c : d",
    "a = b ?\nc : d",
    "a = b\n? c : d",
    "a = b ? c",
    "a = 1 +\n2",
    "a = 1\n+ 2",
    "a = b /c",
    "a = b //c",
    "a = [b /c]",
    "a = [b //c\n]",
    'a = b[0]["c"].d[*].e.*.f',
    "a = b.0.c",
    "a = b.*",
    "a = b[*",
    "a = b[\n0\n]",
    "a = b.c.",
    "a = (b",
    "a = [b)",
    "a = b]",
    "a = f(1, 2, b...)",
    "a = f(1\n,\n2)",
    "a = f(b..., 1)",
    "a = p::q::f(1)",
    "a = p::q",
    "a = f (1)",
    "a = !b && -c || !(d == e)",
    "a = b & c",
    "a = b ** c",
    "a = 'b'",
    "a = `b`",
    "a = b ~ c",
    "a = 1.5e3 + 1e+3",
    "a = 1.",
    "a = .5",
    "a = 1.2.3",
    "a = 1_000",
    "a = 0x1",
    "a = 00012",
    # templates
    'a = "b${c}d"',
    'a = "b${\nc\n}d"',
    'a = "b${ # words\nc }"',
    'a = "${"${"b"}"}"',
    'a = "${b["c"]}"',
    'a = "${{ b = "}" }["b"]}"',
    'a = "b\nc"',
    'a = "b\\\nc"',
    'a = "b',
    'a = "${b"',
    'a = "${b}',
    'a = "${}"',
    'a = "${b c}"',
    'a = "$${b} %%{c} $$${d} $ % $$ %%"',
    'a = "\\x"',
    'a = "\\u12"',
    'a = "\\u00e9\\U0001F600"',
    'a = "%{ if b }c%{ else }d%{ endif }"',
    'a = "%{ if b }c"',
    'a = "%{ endif }"',
    'a = "%{ for b in c }${b}%{ endfor }"',
    'a = "%{ for b, d in c ~} ${b} %{~ endfor ~}"',
    'a = "%{ while b }"',
    'a = "${~ b ~}"',
    # heredocs
    "a = <<X\nb\nX\n",
    "a = <<X\nb\nX",
    "a = <<X\nX\n",
    "a = <<X\nb\n  X  \n",
    "a = <<X\nb\nX\u00a0\n",
    "a = <<X\nb\n\u2003X\u3000\n",
    "a = <<X\nb\n\u200bX\nX\n",
    "a = <<X\nb\n\x1cX\nX\n",
    "a = <<X\nb\n\vX\f\n",
    "a = <<X\nb\nX # words\n",
    "a = <<X\nb\nX # words\nX\n",
    "a = <<X \nb\nX\n",
    "a = << X\nb\nX\n",
    'a = <<"X"\nb\nX\n',
    "a = <<-X\n  b\n  X\n",
    "a = <<X.Y\nb\nX.Y\n",
    "a = <<X-Y\nb\nX-Y\n",
    "a = <<_X_\nb\n_X_\n",
    "a = <<\u00c9\nb\n\u00c9\n",
    "a = <<\u00b2\nb\n\u00b2\n",
    "a = <<1\nb\n1\n",
    "a = <<X\r\nb\r\nX\r\n",
    "a = <<X\nb\rc\nX\n",
    "a = <<X\n${b}X\nX\n",
    "a = <<X\n${\nX\n}\nX\n",
    "a = <<X\n$${\nX\n",
    "a = <<X\n$\nX\n",
    "a = <<X\n%\nX\n",
    "a = <<X\n$X\nX\n",
    "a = <<X\n${<<Y\nc\nY\n}\nX\n",
    'a = <<X\n${"X\n"}\nX\n',
    'a = <<X\n"quote\nX\n',
    "a = <<X\n\\\nX\n",
    "a = [<<X\nb\nX\n, <<Y\nc\nY\n]",
    "a = [<<X\nb\nX, 1]",
    "a = f(<<X\nb\nX\n)",
    "a = { b = <<X\nc\nX\n}",
    "a = <<X\nb\nX\n.c",
    'a = "${<<X\nb\nX\n}"',
    "a = 1 << 2",
)


def _reads(text: str) -> bool:
    try:
        hcl.arguments(text, "main.tf")
    except Problem:
        return False
    return True


def _formats(terraform: Terraform, folder: Path, texts: list[str]) -> list[bool]:
    """Whether `terraform fmt` takes each of the texts: it names the files that it cannot parse."""
    for number, text in enumerate(texts):
        (folder / f"{number}.tfvars").write_bytes(text.encode())
    said = terraform(folder, "fmt", "-write=false", "-list=false", "-no-color").stderr
    broken = {int(number) for number in re.findall(r"on (\d+)\.tfvars line", said)}
    return [number not in broken for number in range(len(texts))]


# Read by Terraform's parser as values and blocks of the same name, or names of two forms; refused later.
STRICTER = {"a = 1\na = 2", "a\u0301 = \u00b2"}


def test_snippets_are_read_as_terraform_reads_them(terraform: Terraform, tmp_path: Path) -> None:
    wanted = _formats(terraform, tmp_path, list(SNIPPETS))
    found = [_reads(text) for text in SNIPPETS]
    wrong = [text for text, here, there in zip(SNIPPETS, found, wanted, strict=True) if here != there]
    assert not wrong
    assert {True, False} == set(wanted)


def test_no_broken_mutant_is_read(terraform: Terraform, tmp_path: Path) -> None:
    """Of files that are read, mutants by a character or two: read if and only if Terraform formats them."""
    known = [text for text in SNIPPETS if _reads(text) and text not in STRICTER]
    chosen = random.Random(20)
    some = (
        '"',
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "=",
        ",",
        ".",
        ":",
        "\n",
        "$",
        "%{",
        "${",
        "<<X\n",
        "X\n",
        "/*",
        "//",
    )
    more = ("#", "\\", "\r", "\u00a0", "-", "1", "e1", "::", "...", " for ", "=>", "?", "!", "&&")
    mutants = []
    for _ in range(400):
        text = "\n".join(chosen.sample(known, 2)) + "\n"
        at = chosen.randrange(len(text))
        cut = chosen.choice((0, 0, 1, 2))
        mutants.append(text[:at] + ("" if cut else chosen.choice((*some, *more))) + text[at + cut :])
    wanted = _formats(terraform, tmp_path, mutants)
    found = [_reads(text) for text in mutants]
    lenient = [text for text, here, there in zip(mutants, found, wanted, strict=True) if here and not there]
    # An argument that is set twice is refused here, and by Terraform only when it loads the file.
    strict = [text for text, here, there in zip(mutants, found, wanted, strict=True) if there and not here]
    assert not lenient
    assert all(_twice(text) for text in strict)


def _twice(text: str) -> bool:
    try:
        hcl.arguments(text, "main.tf")
    except Problem as problem:
        return "is set twice" in str(problem) or "is an argument in line" in str(problem)
    return False


def test_the_skeleton_shows_nothing_of_the_values() -> None:
    text = 'resource "aws_x" "secret" {\n  password = "hunter2" # words\n  b {}\n  c { d = <<X\nX\n'
    with pytest.raises(Problem) as refused:
        hcl.parse(text, "main.tf")
    assert "hunter2" not in str(refused.value)
    (item,) = scan(text.replace("  c { d = <<X\nX\n", "}\n"))
    assert item.skeleton == ['x "x" "x" {', "x = 0", "x {}", "}"]


@pytest.mark.parametrize("line", hcl._FORMS)
def test_a_line_that_is_known_is_what_python_hcl2_says(line: str) -> None:
    assert hcl._asked(line) == hcl._FORMS[line]


def test_a_line_that_is_not_known_is_asked_for() -> None:
    body = hcl.arguments('a b "c" d {\n  e f g h { i = 1 }\n  j = 2\n}\n', "main.tf")
    assert body["a"][0].labels == ("b", "c", "d")
    assert (body["a"][0]["e"][0].labels, body["a"][0]["e"][0]["i"], body["a"][0]["j"]) == (
        ("f", "g", "h"),
        1,
        2,
    )


def _of_tree(tree: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of arguments and blocks, labels in them, as python-hcl2 finds them."""
    body = tree if tree.data == "body" else next(one for one in tree.children if hcl._is(one, "body"))
    for child in body.children:
        if hcl._is(child, "attribute"):
            yield (*above, str(child.children[0].children[0]))
        elif hcl._is(child, "block"):
            heads = [one for one in child.children if getattr(one, "data", None) in hcl._NAMES]
            words = ["".join(map(str, one.scan_values(bool))).strip('"') for one in heads]
            yield (*above, *words)
            yield from _of_tree(child, (*above, *words))


def _of_body(body: Body, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The same as the gate reads them."""
    for name, value in body.items():
        blocks = value if isinstance(value, list) and value and isinstance(value[0], Body) else None
        if name == "dynamic" and isinstance(value, dict):
            blocks = [block for labelled in value.values() for block in labelled]
        if blocks is None:
            yield (*above, name)
        for block in blocks or ():
            yield (*above, name, *block.labels)
            yield from _of_body(block, (*above, name, *block.labels))


def test_python_hcl2_finds_the_same_in_whole_files() -> None:
    """It takes most of the project's cases and examples whole: in each of these it is the judge."""
    files = [file for folder in ("tests", "examples") for file in sorted((ROOT / folder).rglob("*.tf"))]
    judged = 0
    for file in files:
        text = file.read_text(encoding="utf-8")
        try:
            tree = hcl._tree(text)
        except hcl._Formless:
            continue
        blocks = hcl.parse(text, file.name)
        found = [
            (block.kind, *block.labels, *path)
            for block in blocks
            if not block.check
            for path in [(), *_of_body(block.body)]
        ]
        assert Counter(found) == Counter(_of_tree(tree)), file
        judged += 1
    assert judged > len(files) / 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a {\n  b = 1\n  c = [1,\n  2)\n}\n", "main.tf:4: it cannot be parsed: unexpected '\\)'"),
        ("a {\n  b = <<X\n  c\n", "main.tf:[34]: it cannot be parsed: the heredoc is not closed with X"),
        ('a {\n  b = "c\n}\n', "main.tf:2: it cannot be parsed: a quote is not closed"),
        ("\n\na {\n", "main.tf:4: it cannot be parsed: a block is not closed"),
        ("a {\n}\n}\n", "main.tf:3: it cannot be parsed: unexpected '}'"),
        ("a {\n  b = 1 c\n}\n", "main.tf:2: it cannot be parsed: unexpected 'c'"),
        ("a {\n  b =\n}\n", "main.tf:2: it cannot be parsed: a value is missing"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, words: str) -> None:
    with pytest.raises(Problem, match=words):
        hcl.parse(text, "main.tf")


def test_a_resource_between_heredocs_is_seen(written: Written) -> None:
    """The line that ends the first one has a space of another script behind the marker."""
    folder = written(
        {
            "main.tf": "locals {\n  a = <<EOT\nx\nEOT\u00a0\n}\n"
            'resource "aws_sqs_queue" "plain" {\n  name = "plain"\n}\n'
            "locals {\n  b = <<EOT\ny\nEOT\n}\n"
        }
    )
    assert [one.address for one in read(folder).model.resources] == ["aws_sqs_queue.plain"]


HEREDOCS = {
    "plain": "<<X\n  one\n two\nX",
    "flush": "<<-X\n    one\n      two\n\n   three\n  X",
    "blank lines": "<<-X\n    one\n \n\n    two\nX",
    "tabs": "<<-X\n\tone\n\t\ttwo\n\tX",
    "tab and blank": "<<-X\n \tone\n\t two\nX",
    "other spaces": "<<-X\n\u2003\u2003one\n\u2003two\nX",
    "interpolated first": '<<-X\n    ${"a"} one\n      two\nX',
    "interpolated at the margin": '<<-X\n    one\n${"a"}\n    two\nX',
    "escaped": '<<X\n$${a} %%{b} \\n "c"\nX',
    "trims": '<<X\n  one ${~ "a" ~}  \n  two\n  %{~ if true ~}\n  three\n  %{~ endif ~}\n  four\nX',
    "flush and trims": '<<-X\n    one\n    %{ for x in ["a", "b"] ~}\n    ${x}\n    %{ endfor ~}\n    two\nX',
    "loop": '<<X\n%{ for x in ["a", "b"] }\n${x}\n%{ endfor }\nX',
    "marker in an interpolation": '<<X\na ${\n"b"\n} X\nX',
    "nested": "<<X\n${<<Y\ninner\nY\n}outer\nX",
    "empty": "<<X\nX",
    "dollar at the end": "<<X\ncost $\n% of\nX",
    "one interpolation": '<<X\n${"a"}\nX',
    "quoted trims": '"  a  ${~ "b" ~}  c $ ${~ "d" }"',
    "quoted trims over escapes": '"a\\n  ${~ "b" ~} \\t\\n c"',
    "trim before text in pieces": '"a  $ ${~ "b" }"',
}


def test_heredocs_and_templates_give_what_terraform_gives(written: Written, planned: Planned) -> None:
    text = "".join(
        f'output "o{number}" {{\n  value = {value}\n}}\n' for number, value in enumerate(HEREDOCS.values())
    )
    carriage = text.replace("\n", "\r\n").replace('output "o', 'output "r')
    folder = written({"main.tf": text, "other.tf": carriage.encode()})
    found = {output.name: output.value for output in read(folder).model.outputs}
    wanted = planned(folder, [])
    names = list(HEREDOCS)
    wrong = {
        f"{names[int(name[1:])]} ({name[0]})": (found[name], wanted[name])
        for name in wanted
        if found[name] != wanted[name]
    }
    assert not wrong
