"""Functions that read the configuration's own files do what Terraform does with them."""

from __future__ import annotations

import json
from pathlib import Path

from terraform_console import REFUSED, answers

from policies.engine.values import Unknown
from policies.readers import read

FILES: dict[str, bytes] = {
    "a.txt": b"hello\r\nw\xc3\xb6rld e\xcc\x81\n",
    "b.bin": b"\x00\xff\xfe",
    "t.tftpl": b"%{ for n, p in ports ~}\n${n}: ${p + 1} ${upper(name)}\n%{ endfor ~}\n",
    "one.tftpl": b"${x}",
    "bad.tftpl": b"${",
    "nested.tftpl": b'${templatefile("one.tftpl", {})}',
    "reads.tftpl": b'${file("a.txt")}',
    "sub/c.json": b"{}",
    "sub/d.txt": b"",
    "sub/deep/e.json": b"[]",
}
EXPRESSIONS = [
    'file("a.txt")',
    'file("./sub/../a.txt")',
    'file("b.bin")',
    'filebase64("a.txt")',
    'filebase64("b.bin")',
    'filemd5("a.txt")',
    'filesha1("b.bin")',
    'filesha256("a.txt")',
    'filesha512("a.txt")',
    'filebase64sha256("b.bin")',
    'filebase64sha512("b.bin")',
    'fileexists("a.txt")',
    'fileset(".", "*.txt")',
    'fileset(".", "sub/*.json")',
    'fileset("sub", "**")',
    'fileset("sub", "**/*.json")',
    'fileset(path.module, "{a,b}.*")',
    'fileset(".", "nothing*")',
    'templatefile("t.tftpl", { ports = { http = 80, ssh = "22" }, name = "é" })',
    'templatefile("t.tftpl", { ports = [1, 2], name = "x" })',
    'templatefile("one.tftpl", { x = [1, true] })',
    'templatefile("one.tftpl", {})',
    'templatefile("bad.tftpl", {})',
    'templatefile("nested.tftpl", {})',
    'templatefile("reads.tftpl", {})',
    'basename("a/b.txt")',
    'basename("/")',
    'dirname("a/b/c.txt")',
    'dirname("c.txt")',
    'pathexpand("a/b")',
    'core::file("a.txt")',
]


def test_files_are_read_as_terraform_reads_them(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    right = answers(EXPRESSIONS, tmp_path)
    outputs = {
        f"o{number}": {"value": f'${{try(jsonencode({expression}), "{REFUSED}")}}'}
        for number, expression in enumerate(EXPRESSIONS)
    }
    (tmp_path / "main.tf").unlink()
    (tmp_path / "main.tf.json").write_text(json.dumps({"output": outputs}))
    found = {output.name: output.value for output in read(tmp_path).model.outputs}
    known = 0
    for number, expression in enumerate(EXPRESSIONS):
        value = found[f"o{number}"]
        if not isinstance(value, Unknown):
            assert value == right[number], expression
            known += 1
    assert known >= len(EXPRESSIONS) - 3


def test_a_file_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    for name in ("file", "filebase64", "filesha256", "fileexists"):
        (tmp_path / "main.tf").write_text(f'output "o" {{\n  value = try({name}("later.zip"), 1)\n}}\n')
        assert isinstance(read(tmp_path).model.outputs[0].value, Unknown)


def test_a_template_string_has_its_own_names(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'locals {\n  t = "$${name}-$${[for n in list : n + 1][0]}"\n  name = "outside"\n}\n'
        'output "o" {\n  value = templatestring(local.t, { name = "inside", list = [1] })\n}\n'
        'output "p" {\n  value = templatestring("$${local.name}", {})\n}\n'
    )
    outputs = {output.name: output.value for output in read(tmp_path).model.outputs}
    assert outputs["o"] == "inside-2"
    assert isinstance(outputs["p"], Unknown)


def test_what_files_hold_is_found_again(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'output "o" {\n  value = jsondecode(file("x.json")).list[1]\n}\n'
        'output "p" {\n  value = base64decode(filebase64("x.json"))\n}\n'
    )
    text = json.dumps({"list": [1, 2.5]})
    (tmp_path / "x.json").write_text(text)
    outputs = {output.name: output.value for output in read(tmp_path).model.outputs}
    assert outputs["o"] == 2.5
    assert outputs["p"] == text
