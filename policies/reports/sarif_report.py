"""SARIF 2.1.0, for code scanning.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from cloudmart_support.version import version
from policies.engine.catalogue import Entry
from policies.engine.judging import BASELINED, OWN_RULES, WAIVED, Finding, Result
from policies.engine.verdicts import PASS, UNKNOWN

_LEVELS: Final = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# GitHub sorts security findings by a score: over 9.0 is critical, from 7.0 high, from 4.0 medium.
_SCORES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0"}


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """Every finding that is not a pass; waived and baselined ones as suppressed results."""
    used = {finding.rule: finding for finding in result.findings}
    descriptors = [_descriptor(entry) for entry in catalogue]
    descriptors += [_own(id, title, used[id]) for id, title in OWN_RULES.items() if id in used]
    indices = {descriptor["id"]: index for index, descriptor in enumerate(descriptors)}
    run = {
        "tool": {
            "driver": {
                "name": "cloudmart-policies",
                "semanticVersion": version(),
                "rules": descriptors,
            }
        },
        "invocations": [
            {
                "executionSuccessful": not any(root.problem for root in result.roots),
                "toolExecutionNotifications": [
                    *(
                        {"level": "error", "message": {"text": _plain(root.problem)}}
                        for root in result.roots
                        if root.problem
                    ),
                    *({"level": "note", "message": {"text": _plain(note)}} for note in result.notes),
                ],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, indices) for finding in result.findings if finding.status != PASS],
        "properties": {
            "roots": [
                {"path": one.roots[0].path, "exitCode": one.exit_code, "problem": one.roots[0].problem}
                for one in result.by_root()
            ]
        },
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _descriptor(entry: Entry) -> dict[str, Any]:
    rule = entry.rule
    return {
        "id": entry.id,
        "name": "".join(word.capitalize() for word in entry.id.removeprefix("CM_").split("_")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "helpUri": rule.link,
        "help": {
            "text": f"{rule.why}\n\nFix:\n{rule.fix}\nFixable: {entry.fixable}",
            "markdown": f"{rule.why}\n\n```terraform\n{rule.fix.rstrip()}\n```\n\nFixable: {entry.fixable}\n\n"
            f"[AWS documentation]({rule.link})",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": ["security", rule.family, *rule.controls],
            "precision": "very-high",
            "security-severity": _SCORES[rule.severity],
        },
    }


def _own(id: str, title: str, finding: Finding) -> dict[str, Any]:
    return {
        "id": id,
        "name": "".join(word.capitalize() for word in id.removeprefix("CM_").split("_")),
        "shortDescription": {"text": title},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {"tags": [finding.family], "security-severity": _SCORES[finding.severity]},
    }


def _result(finding: Finding, indices: Mapping[str, int]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
    if finding.line:
        physical["region"] = {"startLine": finding.line}
    logical = [{"fullyQualifiedName": finding.address, "kind": "resource"}]
    if finding.construct:
        logical.append({"fullyQualifiedName": finding.construct, "kind": "construct"})
    words = f"{finding.address}: {finding.message}"
    if finding.status == UNKNOWN:
        words = f"{finding.address}: not known: {finding.message}"
    subject = "\0".join((finding.rule, finding.address, finding.file))
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": indices[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": _plain(words)},
        "locations": [{"physicalLocation": physical, "logicalLocations": logical}],
        "partialFingerprints": {"subject/v1": hashlib.sha256(subject.encode()).hexdigest()},
        "properties": {"status": finding.status, "root": finding.root},
    }
    if finding.status == BASELINED:
        result["baselineState"] = "unchanged"
    if finding.status in (WAIVED, BASELINED):
        kind = "inSource" if finding.in_source else "external"
        # Without a status a suppression counts as accepted (section 3.35.3).
        result["suppressions"] = [{"kind": kind, "justification": _plain(finding.message)}]
    return result


def _plain(text: str) -> str:
    """A text without links: brackets make one, whatever it leads to (sections 3.11.6 and 3.11.3)."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _uri(file: str) -> str:
    path = PurePath(getattr(file, "path", file))
    try:
        # A name may be any bytes; in a plan it may even be what no file system holds.
        quoted = quote(os.fsencode(path.as_posix()))
    except UnicodeEncodeError:
        quoted = quote(file)
    return f"file://{quoted}" if path.is_absolute() else quoted
