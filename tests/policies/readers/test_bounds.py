"""A few lines of configuration that ask for years of work or all memory end soon, in words."""

from __future__ import annotations

import base64
import gzip
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from cloudmart_support.problem import Problem
from policies.readers import budget, configuration, read

resource = pytest.importorskip("resource", reason="limits of memory are set as POSIX has them")

SECONDS = 30
MEMORY = 1 << 30

QUEUE = 'resource "aws_sqs_queue" "q" {{\n  sqs_managed_sse_enabled = {}\n}}\n'
OTHER = 'resource "aws_sqs_queue" "other" {\n}\n'
XS = '"xxxxxxxxxxxxxxxx"'
LAUGHS = "a0: &a0 [x]\\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}]\\n" for n in range(30))
ZEROES = base64.b64encode(gzip.compress(bytes(20 << 20))).decode()
VALUES = f"it evaluates to more than {budget.MOST_STEPS:,} values"
BYTES = f"it evaluates to more than {budget.MOST_BYTES:,} bytes of text"


def asks(expression: str) -> str:
    return QUEUE.format(expression)


def chain(first: str, step: str, length: int, asked: str) -> str:
    """Locals of which each is made from the one before, `@`."""
    lines = [f"  a0 = {first}"]
    lines += [f"  a{number + 1} = {step.replace('@', f'local.a{number}')}" for number in range(length)]
    return "locals {\n" + "\n".join(lines) + "\n}\n" + asks(asked.replace("@", f"local.a{length}"))


def doubled(first: str, asked: str, step: str = "[@, @]") -> str:
    return OTHER + chain(first, step, 31, asked)


def documents(resources: str) -> str:
    text = OTHER + asks("data.aws_iam_policy_document.d30.json == null")
    text += 'data "aws_iam_policy_document" "d0" {\n  statement {\n    actions = ["s3:*"]\n'
    text += f"    resources = [{resources}]\n  }}\n}}\n"
    for number in range(30):
        twice = ", ".join([f"data.aws_iam_policy_document.d{number}.json"] * 2)
        text += (
            f'data "aws_iam_policy_document" "d{number + 1}" {{\n  source_policy_documents = [{twice}]\n}}\n'
        )
    return text


def module_tree() -> dict[str, str]:
    files = {}
    for depth in range(25):
        source = f"{'.' if depth == 0 else '..'}/m{depth + 1}"
        calls = "".join(f'module "{name}" {{\n  source = "{source}"\n}}\n' for name in "ab")
        files[f"m{depth}/main.tf" if depth else "main.tf"] = calls
    return files | {"m25/main.tf": asks("true")}


REFUSED: dict[str, tuple[str | Mapping[str, str], str]] = {
    "texts that double": (chain(XS, '"${@}${@}"', 39, "length(@) > 0"), BYTES),
    "lists that double": (chain('["x"]', "concat(@, @)", 39, "length(@) > 0"), VALUES),
    "unknown texts that double": (OTHER + chain("aws_sqs_queue.other.arn", '"${@}${@}"', 39, '@ != ""'), VALUES),
    "a tree as JSON": (doubled('["x"]', "length(jsonencode(@)) > 0"), VALUES),
    "a tree of objects": (doubled('{ a = "x" }', "jsonencode(@) != null", "{ a = @, b = @ }"), VALUES),
    "a tree compared": (doubled('["x"]', "@ == []"), VALUES),
    "a tree flattened": (doubled('["x"]', "length(flatten(@)) > 0"), VALUES),
    "a tree of secrets": (doubled('[sensitive("x")]', '"${@[0][0][0]}${jsonencode(@)}" != null'), VALUES),
    "a tree in one arm": (doubled('["x"]', "aws_sqs_queue.other.arn == 1 ? @ == [] : @ == {}"), VALUES),
    "unknown documents that double": (doubled("aws_sqs_queue.other.arn", "@ == 1", "jsonencode([@, @])"), VALUES),
    "policy documents that double": (documents('"*"'), VALUES),
    "unknown policy documents that double": (documents("aws_sqs_queue.other.arn"), VALUES),
    "loops in loops": (
        asks("[for i in range(1000) : [for j in range(1000) : [for k in range(1000) : i]]] == []"),
        VALUES,
    ),
    "loops that make objects": (
        asks("{ for i in range(1000) : i => { for j in range(1000) : j => range(1000) } } == {}"),
        VALUES,
    ),
    "loops in templates": (
        asks('"%{ for i in range(1024) }%{ for j in range(1024) }%{ for k in range(1024) }x'
             '%{ endfor }%{ endfor }%{ endfor }" == ""'),
        VALUES,
    ),
    "loops over merges": (
        asks('[for i in range(1024) : [for j in range(1024) : merge({ for k in range(1024) : "x${k}" => 1 })]] == []'),
        VALUES,
    ),
    "loops over a long text": (
        chain(XS, '"${@}${@}"', 20, '[for i in range(1024) : [for j in range(1024) : strcontains(@, "y")]] == []'),
        VALUES,
    ),
    "loops over unknown texts": (
        OTHER + asks('[for i in range(1000) : [for j in range(1000) : "${aws_sqs_queue.other.arn}${i}"]] == []'),
        VALUES,
    ),
    "loops that make long texts": (
        chain(XS, '"${@}${@}"', 20, "[for i in range(1024) : [for j in range(1024) : upper(@)]] == []"),
        BYTES,
    ),
    "a product": (asks("setproduct(range(1000), range(1000), range(1000), range(1000)) == []"), VALUES),
    "replacements that grow": (chain(XS, 'replace(@, "x", @)', 10, "length(@) > 0"), BYTES),
    "expressions replaced that grow": (chain(XS, 'replace(@, "/x/", @)', 10, "length(@) > 0"), BYTES),
    "joined texts that grow": (chain(XS, "join(@, [@, @, @])", 40, "length(@) > 0"), BYTES),
    "documents in documents": (chain('"{\\"a\\": 1}"', "jsonencode([@, @])", 31, "length(@) > 0"), BYTES),
    "a document whose aliases double": (asks(f'yamldecode("{LAUGHS}").a30 == []'), VALUES),
    "a huge heredoc": (
        'locals {\n  b = "' + "y" * 50_000 + '"\n}\n' + asks("<<EOT\n" + "${local.b}\n" * 20_000 + "EOT\n"),
        BYTES,
    ),
    "numbers that square": (chain("123456789", "@ * @", 60, "@ > 0"), "bits"),
    "a wide format": (asks('format("%2000000000d", 1) == "1"'), "format() pads to more than"),
    "a wider format": (asks('format("%9999999999d", 1) == "1"'), "format() pads to more than"),
    "a precise format": (asks('format("%.2000000000f", 1) == "1"'), "format() pads to more than"),
    "expressions that repeat": (
        asks(f'regexall("(((a{{0,10}}){{0,10}}){{0,10}})b", "{"a" * 3400}") == []'),
        VALUES,
    ),
    "expressions in loops": (
        asks(f'[for i in range(1024) : [for j in range(99) : regexall("(a*)*b", "{"a" * 99}")]] == []'),
        VALUES,
    ),
    "a hundred thousand, forty times": (
        "".join(f'resource "aws_sqs_queue" "q{number}" {{\n  count = 100000\n}}\n' for number in range(40)),
        f"more than {configuration.MOST_REPEATED:,} instances",
    ),
    "many values, a hundred thousand times": (
        'resource "aws_sqs_queue" "q" {\n  count = 100000\n  tags = {\n'
        + "".join(f"    a{number} = 1\n" for number in range(300)) + "  }\n}\n",
        VALUES,
    ),
    "blocks in blocks": (
        'resource "aws_security_group" "g" {\n'
        + "".join(f'dynamic "x{depth}" {{\nfor_each = range(1024)\ncontent {{\n' for depth in range(3))
        + "a = 1\n" + "}\n}\n" * 3 + "}\n",
        VALUES,
    ),
    "modules in modules": (
        {"main.tf": 'module "a" {\n  source = "./m"\n  count = 1000\n}\n',
         "m/main.tf": 'module "b" {\n  source = "../n"\n  count = 1000\n}\n', "n/main.tf": asks("true")},
        f"more than {configuration.MOST_MODULES:,} modules",
    ),
    "a module with many": (
        {"main.tf": 'module "a" {\n  source = "./m"\n  count = 1000\n}\n',
         "m/main.tf": 'resource "aws_sqs_queue" "q" {\n  count = 1000\n}\n'},
        f"more than {configuration.MOST_REPEATED:,} instances",
    ),
    "a tree of modules": (module_tree(), f"more than {configuration.MOST_MODULES:,} modules"),
    "a long chain": (chain('"x"', '"${@}!"', 3000, '@ == "x"'), "nested too deeply"),
}  # fmt: skip

UNKNOWN: dict[str, str] = {
    "a step lost in rounding": "length(range(9007199254740992.0, 9007199254740994.0, 1e-200)) > 1",
    "a huge subnet": 'cidrsubnet("::/0", 10000000000000, 0) == "x"',
    "huge subnets": 'cidrsubnets("::/0", 10000000000000)[0] == "x"',
    "a huge host": 'cidrhost("::/0", pow(10, 300)) == "x"',
    "a tower of powers": "pow(pow(pow(pow(9, 256), 256), 256), 256) > 0",
    "a document nested deeply": f'yamldecode("{"[" * 500}{"]" * 500}") == 1',
    "a text that unpacks to many megabytes": f'base64gunzip("{ZEROES}") == ""',
    "a star for a width": 'format("%*d", 2000000000, 1) == "1"',
}

WITHIN: dict[str, str] = {
    "stars in a row": f'length(regexall("a*a*a*a*a*a*a*a*a*a*b", "{"a" * 340}")) == 0',
    "a star of stars": f'length(regexall("(a|a)*b", "{"a" * 3400}")) == 0',
}


def write(folder: Path, files: str | Mapping[str, str]) -> None:
    for name, text in ({"main.tf": files} if isinstance(files, str) else files).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "policies", "check", str(folder)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )


@pytest.mark.parametrize("name", REFUSED)
def test_what_asks_for_too_much_is_refused_in_words(name: str, tmp_path: Path) -> None:
    files, words = REFUSED[name]
    write(tmp_path, files)
    done = check(tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {tmp_path}")
    assert words in done.stderr
    assert len(done.stderr) < 1000
    assert "broke" not in done.stderr


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_terraform_refuses_soon_is_unknown_soon(name: str, tmp_path: Path) -> None:
    write(tmp_path, asks(UNKNOWN[name]))
    done = check(tmp_path)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("name", WITHIN)
def test_regular_expressions_take_time_in_proportion_to_the_text(name: str, tmp_path: Path) -> None:
    write(tmp_path, asks(WITHIN[name]))
    done = check(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_place_is_told_where_the_bound_was_reached(tmp_path: Path) -> None:
    write(tmp_path, "\nlocals {\n  few = 1\n\n  many = setproduct(range(999), range(999), range(999))\n}\n"
          + asks("local.many == []"))  # fmt: skip
    with pytest.raises(Problem) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'main.tf'}:5: local.many: it evaluates to more than")


def test_each_judged_path_has_the_whole_budget(tmp_path: Path) -> None:
    # More than half of what there is.
    write(tmp_path, asks("[for i in range(1000) : [for j in range(200) : -j]] == []"))
    read(tmp_path)
    read(tmp_path)


def test_a_chain_of_hundreds_of_locals_is_followed(tmp_path: Path) -> None:
    write(tmp_path, chain('"x"', '"${@}!"', 300, 'startswith(@, "x!!")'))
    (resource,) = read(tmp_path).model.resources
    assert resource.values["sqs_managed_sse_enabled"] is True
