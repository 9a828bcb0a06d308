"""Each report, read by something that is not ours."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import junitparser
import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

from policies import reports
from policies.engine import catalogue
from policies.engine.judging import Finding, Result

CATALOGUE = catalogue.load()
HOSTILE = "<script>alert('x')</script> | `code` \x07 \ud800 @here\n- item ]]> &amp;"
FINDINGS = (
    Finding(
        "CM_RDS_STORAGE_ENCRYPTED",
        "encryption at rest",
        "high",
        "fail",
        'aws_db_instance.main["a"]',
        "storage_encrypted is not true",
        "out/my stack/cdk.tf.json",
        12,
        "shop/database/main",
    ),
    Finding(
        "CM_RDS_BACKUP_RETENTION",
        "backups",
        "high",
        "unknown",
        "aws_db_instance.main",
        HOSTILE,
        "a.tf",
        3,
        "",
    ),
    Finding(
        "CM_RDS_MULTI_AZ",
        "availability",
        "high",
        "waived",
        "aws_db_instance.main",
        "no (waived)",
        "/abs/a.tf",
        0,
        "",
    ),
    Finding(
        "CM_RDS_NOT_PUBLIC",
        "no public database",
        "critical",
        "pass",
        "aws_db_instance.main",
        "",
        "a.tf",
        3,
        "",
    ),
    Finding("CM_WAIVER", "waivers", "high", "fail", "x.y", "the waiver is broken", "w.toml", 1, ""),
)
RESULT = Result(FINDINGS, 4, 2, 5, ("aws_vpc",), ("judged by the gate's own readers",))
EMPTY = Result((), 1, 0, 0, ("aws_vpc",))


def rendered(format: str, result: Result = RESULT, **options: object) -> str:
    return reports.render(format, result, CATALOGUE, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("format", reports.FORMATS)
def test_every_format_renders_every_result(format: str) -> None:
    for result in (RESULT, EMPTY):
        assert rendered(format, result).endswith("\n")


def test_json_keeps_the_contract() -> None:
    report = json.loads(rendered("json"))
    assert list(report["summary"]) == [
        "resources",
        "evaluated",
        "passed",
        "failed",
        "unknown",
        "waived",
        "uncovered_types",
    ]
    assert report["summary"]["failed"] == 2
    assert len(report["findings"]) == len(FINDINGS)
    assert list(report["findings"][0]) == [
        "rule",
        "family",
        "severity",
        "status",
        "address",
        "message",
        "file",
        "line",
        "construct",
    ]
    assert report["notes"] == ["judged by the gate's own readers"]
    assert json.loads(rendered("json", EMPTY))["findings"] == []


def test_sarif_is_valid_by_the_published_schema() -> None:
    log = Sarif.model_validate_json(rendered("sarif"))
    (run,) = log.runs
    ids = [rule.id for rule in run.tool.driver.rules]
    for result in run.results:
        assert ids[result.ruleIndex] == result.ruleId
    by_rule = {result.ruleId: result for result in run.results}
    assert "CM_RDS_NOT_PUBLIC" not in by_rule
    location = by_rule["CM_RDS_STORAGE_ENCRYPTED"].locations[0]
    assert location.physicalLocation.artifactLocation.uri == "out/my%20stack/cdk.tf.json"
    assert location.physicalLocation.region.startLine == 12
    assert [one.fullyQualifiedName for one in location.logicalLocations] == [
        'aws_db_instance.main["a"]',
        "shop/database/main",
    ]
    waived = by_rule["CM_RDS_MULTI_AZ"]
    assert waived.suppressions[0].kind.value == "external"
    assert waived.locations[0].physicalLocation.region is None


def test_sarif_recognizes_a_finding_again_after_its_line_moved() -> None:
    def fingerprints(line: int) -> list[dict[str, str]]:
        moved = Finding(
            *[getattr(FINDINGS[0], name) if name != "line" else line for name in Finding.__slots__]
        )
        log = json.loads(rendered("sarif", Result((moved,), 1, 1, 1, ())))
        return [result["partialFingerprints"] for result in log["runs"][0]["results"]]

    assert fingerprints(12) == fingerprints(90)


def test_junit_is_read_by_another_parser(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(rendered("junit"), encoding="utf-8")
    xml = junitparser.JUnitXml.fromfile(str(path))
    assert (xml.tests, xml.failures, xml.errors, xml.skipped) == (5, 2, 1, 1)
    cases = {case.classname: case for suite in xml for case in suite}
    assert cases["CM_RDS_NOT_PUBLIC"].result == []
    assert isinstance(cases["CM_RDS_STORAGE_ENCRYPTED"].result[0], junitparser.Failure)
    assert isinstance(cases["CM_RDS_BACKUP_RETENTION"].result[0], junitparser.Error)
    assert isinstance(cases["CM_RDS_MULTI_AZ"].result[0], junitparser.Skipped)
    assert "<script>" in cases["CM_RDS_BACKUP_RETENTION"].result[0].message


class _Page(HTMLParser):
    VOID = frozenset({"meta", "br", "img", "input", "link", "hr", "wbr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_one_page_that_asks_for_nothing() -> None:
    page = _Page()
    text = rendered("html")
    page.feed(text)
    assert page.open == []
    assert not page.tags & {"script", "link", "img", "iframe", "object"}
    assert all(address.startswith("https://docs.aws.amazon.com/") for address in page.addresses)
    assert "url(" not in text and "@import" not in text
    assert "default-src 'none'" in text
    assert "&lt;script&gt;alert" in text
    assert "prefers-color-scheme: dark" in text


def test_markdown_holds_no_html_of_the_findings_and_keeps_its_tables() -> None:
    text = rendered("markdown")
    assert "<script>" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert cells == {5, 8}
    assert "the gate is closed" in text
    assert "the gate is open" in rendered("markdown", EMPTY)


def test_markdown_says_how_much_it_leaves_out() -> None:
    many = tuple(
        Finding(
            "CM_RDS_MULTI_AZ", "availability", "high", "fail", f"aws_db_instance.x{n}", "no", "a.tf", n, ""
        )
        for n in range(1, 703)
    )
    assert "**202 more findings are not shown here**" in rendered("markdown", Result(many, 702, 702, 1, ()))


@pytest.mark.parametrize("width", [40, 80, 160])
def test_text_keeps_to_the_width_where_words_allow(width: int) -> None:
    for line in rendered("text", width=width).splitlines():
        # Snippets and links stand as they are.
        assert len(line) <= width or line.startswith(("    ", "  See: ")), line


def test_text_has_colour_only_when_asked() -> None:
    assert "\x1b[" not in rendered("text")
    assert "\x1b[31mFAIL" in rendered("text", colour=True)


def test_text_names_place_construct_reason_and_fix() -> None:
    text = rendered("text", width=100)
    for words in (
        'FAIL aws_db_instance.main["a"]',
        "out/my stack/cdk.tf.json:12",
        "construct shop/database/main",
        "Why: ",
        "storage_encrypted = true",
        "4 resources seen, 2 evaluated by 5 rules: 1 passed, 2 failed, 1 unknown, 1 waived.",
        "No rule looks at: aws_vpc.",
        "Note: judged by the gate's own readers",
        "The gate is closed.",
    ):
        assert words in text
    assert "The gate is open." in rendered("text", EMPTY)


def test_control_characters_do_not_reach_a_terminal() -> None:
    evil = Finding("CM_RDS_MULTI_AZ", "availability", "high", "fail", "a.b", "x\x1b[2Jy\x07", "a.tf", 1, "")
    text = rendered("text", Result((evil,), 1, 1, 1, ()))
    assert "\x1b" not in text and "\x07" not in text
