"""Code quality for GitLab, which shows it beside the changed lines of a merge request.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from policies.engine.catalogue import Entry
from policies.engine.judging import Result
from policies.engine.verdicts import FAIL, PASS, UNKNOWN
from policies.reports import from_here

_SEVERITIES: Final = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor"}


def render(result: Result, catalogue: Sequence[Entry]) -> str:
    """All that did not pass, what could not be judged, and as information what is accepted and what else to say."""
    seen: Counter[tuple[str, ...]] = Counter()

    def issue(rule: str, severity: str, words: str, file: str, line: int, *subject: str) -> dict[str, Any]:
        # The line is not part of it: a finding that moves is the same one.
        key = (rule, file, *subject)
        fingerprint = "\0".join((*key, str(seen[key])))
        seen[key] += 1
        return {
            "type": "issue",
            "check_name": rule,
            "description": words,
            "categories": ["Security"],
            "severity": severity,
            "fingerprint": hashlib.sha256(fingerprint.encode("utf-8", "backslashreplace")).hexdigest(),
            "location": {"path": from_here(file), "lines": {"begin": max(line, 1)}},
        }

    issues = [
        issue(
            finding.rule,
            # What is accepted closes nothing.
            _SEVERITIES[finding.severity] if finding.status in (FAIL, UNKNOWN) else "info",
            f"{finding.address}: {'not known: ' if finding.status == UNKNOWN else ''}{finding.message}",
            finding.file,
            finding.line,
            finding.address,
        )
        for finding in result.findings
        if finding.status != PASS
    ]
    issues += [
        issue("not judged", "blocker", root.problem, root.path, 0) for root in result.roots if root.problem
    ]
    where = result.roots[0].path if result.roots else "."
    issues += [issue("note", "info", note, where, 0, note) for note in result.notes]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"
