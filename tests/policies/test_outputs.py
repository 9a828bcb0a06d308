"""What is told carries no commands: no text of the input steers a terminal, hides, links, or commands a CI runner."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import reports
from policies.__main__ import main
from policies.engine import catalogue
from policies.engine.judging import Finding, Result

CATALOGUE = catalogue.load()

HOSTILE = {
    "a command": "\n::error::pwned",
    "a command behind blanks": "\n  \t::add-mask::secret",
    "an older command": "\n##[group]x\n##vso[task.complete]x",
    "a command alone": "::stop-commands::x",
    "carriage return": "a\r::warning::b",
    "terminal": "\x1b[31m\x1b]0;title\x07\x1b[8mhidden",
    "C1": "\x9b31m\x9d0;title\x9c\x85::error::x",
    "direction": "\u202e\u2066evil\u2069\u200f\u061c",
    "no width": "a\u200bb\u2060c\ufeffd\u00ade\u180ef\U000e0041",
    "fillers": "\u115f\u3164\uffa0\u2800\u034f\ufe0f",
    "lines of Unicode": "a\u2028::error::b\u2029::error::c\x0b::error::d\x0c::error::e\u0085::error::f",
    "half a character": "\ud800\udcff",
    "Markdown": "[x](javascript:alert(1)) ![y](https://evil.example/p.png) <https://evil.example> @team #1 `a` | b",
    "fences": "\n```\n## heading\n- [ ] item\n| a | b |\n> quote\n---\n",
    "links": "https://evil.example www.evil.example someone@evil.example mailto:a@b.c deadbeef1234",
    "HTML": '</code></td></table><script src="//evil.example"></script><img src=x onerror=alert(1)>&lt;',
    "XML": "]]><failure/>&#x1b;<!--",
    "SARIF": "[c](javascript:alert(1)) [d](1) {0}",
    "long": "x" * 100_000,
}

_HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef]"
)


def assert_harmless(text: str, *, lines: bool = True) -> None:
    """No character hides or steers; with `lines`, of a text that is printed, there are lines, and none is a command."""
    for line in text.split("\n") if lines else ():
        assert not re.match(r"\s*(?:::|##\w*\[)", line), line[:200]
    for character in set(text) - ({"\n"} if lines else set()):
        # The reports' own sign for a waived finding is an emoji, which takes a selector.
        if character == "\ufe0f" and "☑\ufe0f waived" in text:
            continue
        kind = unicodedata.category(character)
        assert kind not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"), f"{ord(character):#x}"
        assert not _HIDDEN.match(character), f"{ord(character):#x}"


def texts_of(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    for item in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from texts_of(item)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attributes if name in ("href", "src")]
        assert not any(name.startswith("on") for name, _ in attributes)


def assert_no_links(markdown: str) -> None:
    """Nothing outside of code and of the page's own frame could be a link, a tag, a mention or a reference."""
    outside = re.sub(r"```terraform\n.*?\n```", "", markdown, flags=re.S)
    outside = re.sub(
        r"^\[AWS documentation\]\(https://docs\.aws\.amazon\.com/\S+\)$", "", outside, flags=re.M
    )
    outside = re.sub(r"\\.|`[^`\n]*`", "", outside)
    outside = re.sub(r"</?(?:details|summary|code)>|<br>|^#+ |^> ", "", outside, flags=re.M)
    assert not re.search(r"[<>\[\]`@#]|://|www\.|javascript:", outside), outside


def assert_format_harmless(format: str, text: str) -> None:
    assert_harmless(text)
    assert len(text) < 2_000_000
    if format in ("json", "sarif"):
        tree = json.loads(text)
        if format == "sarif":
            (run,) = tree["runs"]
            for result in run["results"]:
                assert not re.search(r"(?<!\\)[\[\]]", result["message"]["text"])
                uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                assert re.fullmatch(r"(?:file://)?[A-Za-z0-9_.~/%-]*", uri), uri
            del run["tool"]  # its texts are the rules' own, of several lines
        for one in texts_of(tree):
            assert_harmless(one, lines=False)
    elif format == "junit":
        for element in ElementTree.fromstring(text).iter():
            assert element.tag in ("testsuites", "testsuite", "testcase", "failure", "error", "skipped")
            for value in element.attrib.values():
                assert_harmless(value, lines=False)
    elif format == "html":
        page = _Page()
        page.feed(text)
        assert not page.tags & {"script", "img", "iframe", "object", "link", "base", "form"}
        assert all(link.startswith("https://docs.aws.amazon.com/") for link in page.links)
    elif format == "markdown":
        assert_no_links(text)


@pytest.mark.parametrize("format", reports.FORMATS)
@pytest.mark.parametrize("what", HOSTILE)
def test_every_field_in_every_format(format: str, what: str) -> None:
    text = HOSTILE[what]
    findings = tuple(
        Finding("CM_RDS_MULTI_AZ", "availability", "high", status, text, text, text, 3, text)
        for status in ("pass", "fail", "unknown", "waived")
    )
    result = Result(findings, 4, 4, 1, (text,), (text,))
    assert_format_harmless(format, reports.render(format, result, CATALOGUE))


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(
        st.characters() | st.sampled_from("\n\r\t\x1b\x9b:#[]()<>`|@&\"'\\\u202e\u200b\ufeff\u2028\ud800"),
        max_size=40,
    ),
    format=st.sampled_from(reports.FORMATS),
)
def test_any_text_in_any_format(text: str, format: str) -> None:
    finding = Finding("CM_RDS_MULTI_AZ", "availability", "high", "fail", text, text, text, 3, text)
    assert_format_harmless(
        format, reports.render(format, Result((finding,), 1, 1, 1, (text,), (text,)), CATALOGUE)
    )


VOLUME = {"aws_ebs_volume": {"main": {"encrypted": False}}}


def _configuration(tree: Any) -> dict[str, Any]:
    return {"main.tf.json": tree}


def _plan(address: str, type: str) -> dict[str, Any]:
    one = {"address": address, "mode": "managed", "type": type, "name": "x", "values": {}}
    return {"plan.json": {"format_version": "1.2", "planned_values": {"root_module": {"resources": [one]}}}}


def _waiver(text: str) -> str:
    quoted = json.dumps(text.encode("utf-8", "replace").decode())
    fields = "\n".join(f"{name} = {quoted}" for name in ("rule", "address", "owner", "reason"))
    return f"[[waiver]]\n{fields}\nexpires = {quoted}\n"


# Where a text of the input can come from: files to write, what to judge, further arguments.
SOURCES: dict[str, Callable[[str], tuple[dict[str, Any], str, tuple[str, ...]]]] = {
    "key of for_each": lambda text: (
        _configuration(
            {"resource": {"aws_ebs_volume": {"main": {"for_each": {text: 1}, "encrypted": False}}}}
        ),
        ".",
        (),
    ),
    "value in a message": lambda text: (
        _configuration({"resource": {"aws_lb_listener": {"x": {"protocol": "HTTPS", "ssl_policy": text}}}}),
        ".",
        (),
    ),
    "name of a resource": lambda text: (
        _configuration({"resource": {"aws_ebs_volume": {text: {}}}}),
        ".",
        (),
    ),
    "type of a resource": lambda text: (_configuration({"resource": {f"aws_{text}": {"x": {}}}}), ".", ()),
    "type of a store": lambda text: (_configuration({"resource": {f"{text}_bucket": {"x": {}}}}), ".", ()),
    "construct": lambda text: (
        _configuration({"resource": {"aws_ebs_volume": {"x": {"//": {"metadata": {"path": text}}}}}}),
        ".",
        (),
    ),
    "source of a module": lambda text: (
        _configuration({"module": {"x": {"source": f"git::{text}"}}}),
        ".",
        (),
    ),
    "folder of a module": lambda text: (_configuration({"module": {"x": {"source": f"./{text}"}}}), ".", ()),
    "name of a module": lambda text: (_configuration({"module": {text: {"source": "git::x"}}}), ".", ()),
    "name of a variable": lambda text: (
        _configuration(
            {"resource": {"aws_ebs_volume": {"x": {"encrypted": f"${{var[{json.dumps(text)}]}}"}}}}
        ),
        ".",
        (),
    ),
    "block that is none": lambda text: (_configuration({text: {}}), ".", ()),
    "text that is no JSON": lambda text: (
        {"main.tf.json": text.encode("utf-8", "replace").decode()},
        ".",
        (),
    ),
    "text that is no HCL": lambda text: ({"main.tf": text.encode("utf-8", "replace").decode()}, ".", ()),
    "provider": lambda text: (_configuration({"provider": {text: {}}, "resource": VOLUME}), ".", ()),
    "address in a plan": lambda text: (
        _plan(f"aws_ebs_volume.x[{text!r}]", "aws_ebs_volume"),
        "plan.json",
        (),
    ),
    "type in a plan": lambda text: (_plan("aws_ebs_volume.x", f"aws_{text}"), "plan.json", ()),
    "version of a plan": lambda text: (
        {"plan.json": {"format_version": text, "planned_values": {}}},
        "plan.json",
        (),
    ),
    "waiver": lambda text: (
        {**_configuration({"resource": VOLUME}), "w.toml": _waiver(text)},
        ".",
        ("--waivers", "w.toml"),
    ),
    "parameter": lambda text: (
        {
            **_configuration({"resource": VOLUME}),
            "p.toml": f"[backups]\nwindow_start = {json.dumps(text.encode('utf-8', 'replace').decode())}\n",
        },
        ".",
        ("--params", "p.toml"),
    ),
    "section of parameters": lambda text: (
        {
            **_configuration({"resource": VOLUME}),
            "p.toml": f"[{json.dumps(text.encode('utf-8', 'replace').decode())}]\n",
        },
        ".",
        ("--params", "p.toml"),
    ),
    "path that is not there": lambda text: ({}, text.replace("\0", ""), ()),
}
SAMPLE = (
    "a command",
    "a command behind blanks",
    "terminal",
    "C1",
    "direction",
    "no width",
    "lines of Unicode",
    "HTML",
)


@pytest.mark.parametrize("what", SAMPLE)
@pytest.mark.parametrize("source", SOURCES)
def test_every_source_of_text(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str,
    what: str,
) -> None:
    files, target, options = SOURCES[source](HOSTILE[what])
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    outputs = [
        argument for format in reports.FORMATS[1:] for argument in ("--format", format, "--output", format)
    ]
    code = main(["check", "--format", "text", "--output", "text", *outputs, *options, "--", target])
    out, err = capsys.readouterr()
    assert code in (0, 1, 2)
    assert_harmless(out)
    assert_harmless(err)
    assert "Traceback" not in err and "the gate itself broke" not in err
    for format in reports.FORMATS if code != 2 else ():
        assert_format_harmless(format, (tmp_path / format).read_text(encoding="utf-8"))


@pytest.mark.parametrize("what", ["a command", "terminal", "C1", "direction", "half a character"])
@pytest.mark.parametrize("where", ["folder", "file"])
def test_names_of_files_and_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], where: str, what: str
) -> None:
    name = HOSTILE[what].replace("\ud800", "").replace("/", "")
    folder = tmp_path / name if where == "folder" else tmp_path
    folder.mkdir(exist_ok=True)
    file = folder / ("main.tf" if where == "folder" else f"{name}.tf")
    file.write_text('resource "aws_ebs_volume" "x" {}\n')
    for format in reports.FORMATS:
        code = main(["check", "--format", format, "--", str(folder)])
        out, err = capsys.readouterr()
        assert code in (1, 2)
        assert_harmless(err)
        assert_format_harmless(format, out) if code == 1 else assert_harmless(out)
