"""JUnit XML, for CI servers: a suite a family, a case a finding.

Source: https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from policies.engine.catalogue import Entry
from policies.engine.judging import WAIVED, Finding, Result
from policies.engine.verdicts import FAIL, FAMILIES, UNKNOWN

# Characters that XML 1.0 has no way to hold. Source: https://www.w3.org/TR/xml/#charsets
_FORBIDDEN: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """Failures are failures, unknowns are errors, waived findings are skipped; notes stand in an empty suite."""
    families = [*FAMILIES, *dict.fromkeys(f.family for f in result.findings if f.family not in FAMILIES)]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="policies" {_counts(result.findings)}>')
    if result.notes:
        lines += [f'  <testsuite name="notes" {_counts(())}>', "    <properties>"]
        lines += [f'      <property name="note" value={_attribute(note)}/>' for note in result.notes]
        lines += ["    </properties>", "  </testsuite>"]
    for family in families:
        findings = [finding for finding in result.findings if finding.family == family]
        if not findings:
            continue
        lines.append(f"  <testsuite name={_attribute(family)} {_counts(findings)}>")
        for finding in findings:
            lines += _case(finding)
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _counts(findings: Sequence[Finding]) -> str:
    numbers = {
        name: sum(finding.status == status for finding in findings)
        for name, status in (("failures", FAIL), ("errors", UNKNOWN), ("skipped", WAIVED))
    }
    return " ".join([f'tests="{len(findings)}"', *(f'{name}="{number}"' for name, number in numbers.items())])


def _case(finding: Finding) -> list[str]:
    place = f" file={_attribute(finding.file)}" + (f' line="{finding.line}"' if finding.line else "")
    head = f"    <testcase classname={_attribute(finding.rule)} name={_attribute(finding.address)}{place}"
    element = {FAIL: "failure", UNKNOWN: "error", WAIVED: "skipped"}.get(finding.status)
    if element is None:
        return [f"{head}/>"]
    message = _attribute(finding.message)
    if element == "skipped":
        return [f"{head}>", f"      <skipped message={message}/>", "    </testcase>"]
    where = f"{finding.file}:{finding.line}" + (f" ({finding.construct})" if finding.construct else "")
    body = escape(_clean(f"{finding.message}\n{where}"))
    return [
        f"{head}>",
        f"      <{element} type={_attribute(finding.severity)} message={message}>{body}</{element}>",
        "    </testcase>",
    ]


def _attribute(text: str) -> str:
    return quoteattr(_clean(text))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
