"""JUnit XML, for CI servers: a suite a family (of each root), a case a finding.

Source: https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from policies.engine.catalogue import Entry
from policies.engine.judging import BASELINED, WAIVED, Finding, Result
from policies.engine.verdicts import FAIL, FAMILIES, UNKNOWN
from policies.reports import by_root

_ELEMENTS: Final = {FAIL: "failure", UNKNOWN: "error", WAIVED: "skipped", BASELINED: "skipped"}

# Characters that XML 1.0 has no way to hold. Source: https://www.w3.org/TR/xml/#charsets
_FORBIDDEN: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """Failures are failures, unknowns errors, waived and baselined findings skipped; a note is an empty suite.

    A root that was not judged is an error.
    """
    unjudged = [root for root in result.roots if root.problem]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="policies" {_counts(result.findings, len(unjudged))}>')
    lines += [f"  <testsuite name={_attribute(f'note: {note}')} {_counts(())}/>" for note in result.notes]
    for root, every in by_root(result):
        families = [*FAMILIES, *dict.fromkeys(f.family for f in every if f.family not in FAMILIES)]
        for family in families:
            findings = [finding for finding in every if finding.family == family]
            if not findings:
                continue
            name = f"{root}: {family}" if root else family
            lines.append(f"  <testsuite name={_attribute(name)} {_counts(findings)}>")
            for finding in findings:
                lines += _case(finding)
            lines.append("  </testsuite>")
    for one in unjudged:
        lines += [
            f"  <testsuite name={_attribute(one.path)} {_counts((), 1)}>",
            f'    <testcase classname="policies" name={_attribute(one.path)}>',
            f'      <error type="not judged" message={_attribute(one.problem)}/>',
            "    </testcase>",
            "  </testsuite>",
        ]
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _counts(findings: Sequence[Finding], unjudged: int = 0) -> str:
    numbers = {
        name: sum(_ELEMENTS.get(finding.status) == element for finding in findings)
        for name, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
    }
    numbers["errors"] += unjudged
    return " ".join(
        [f'tests="{len(findings) + unjudged}"', *(f'{name}="{number}"' for name, number in numbers.items())]
    )


def _case(finding: Finding) -> list[str]:
    place = f" file={_attribute(finding.file)}" + (f' line="{finding.line}"' if finding.line else "")
    head = f"    <testcase classname={_attribute(finding.rule)} name={_attribute(finding.address)}{place}"
    element = _ELEMENTS.get(finding.status)
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
