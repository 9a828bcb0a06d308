"""The rules as Checkov checks: Checkov finds the resources and reports, the gate's engine judges them.

A check asks for the verdict of its rule at the file and address that Checkov is at. Checkov tells a check neither
the absolute file nor, in Terraform JSON, the type; the runners' `run_block` knows them, so that it is wrapped.
"""

from __future__ import annotations

import inspect
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from copy import copy
from functools import cache, wraps
from pathlib import Path
from typing import Any, Final

from checkov.common.bridgecrew.severities import Severities  # type: ignore[import-not-found]
from checkov.common.models.enums import CheckCategories, CheckResult  # type: ignore[import-not-found]
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck  # type: ignore[import-not-found]
from checkov.terraform.plan_runner import Runner as PlanRunner  # type: ignore[import-not-found]
from checkov.terraform.runner import Runner as HclRunner  # type: ignore[import-not-found]
from checkov.terraform_json.runner import TerraformJsonRunner  # type: ignore[import-not-found]

from cloudmart_support.problem import Problem
from cloudmart_support.visible import visible_lines
from policies.checkov_host.verdicts import COPIED, Answer, Verdicts, rules
from policies.engine import judging, verdicts

ADDRESS: Final = "address"
"""In a record's `check_result`: Terraform's own address of what was judged."""
_MORE: Final = "further_answers"
"""In a record's `check_result`, until it is taken out: other module calls of the same block."""

_CATEGORIES: Final = {
    verdicts.AT_REST: CheckCategories.ENCRYPTION,
    verdicts.IN_TRANSIT: CheckCategories.ENCRYPTION,
    verdicts.NOT_PUBLIC: CheckCategories.NETWORKING,
    verdicts.BACKUPS: CheckCategories.BACKUP_AND_RECOVERY,
    verdicts.AVAILABILITY: CheckCategories.BACKUP_AND_RECOVERY,
    verdicts.SECRETS: CheckCategories.SECRETS,
    verdicts.PROOFS: CheckCategories.CONVENTION,
    verdicts.OTHER: CheckCategories.CONVENTION,
}
_RESULTS: Final = {
    verdicts.PASS: CheckResult.PASSED,
    verdicts.FAIL: CheckResult.FAILED,
    verdicts.UNKNOWN: CheckResult.FAILED,
    judging.WAIVED: CheckResult.SKIPPED,
}

_here: dict[str, str] = {"file": "", "root": ""}


@cache
def _verdicts() -> Verdicts:
    return Verdicts()


class GateCheck(BaseResourceCheck):  # type: ignore[misc]
    """One rule of the catalogue, for every type of resource: the rule itself says which it judges."""

    def __init__(self, id: str, name: str, category: CheckCategories, severity: str, link: str) -> None:
        super().__init__(
            name=name, id=id, categories=[category], supported_resources=["*"], guideline=link or None
        )
        self.severity = Severities[severity.upper()]

    def run(
        self,
        scanned_file: str,
        entity_configuration: dict[str, Any],
        entity_name: str,
        entity_type: str,
        skip_info: Any,
    ) -> Any:
        """The gate's verdict. Checkov's own skips in comments do not count: a waiver has an end."""
        self.details = []
        try:
            answers: list[Answer] = _verdicts().answers(
                self.id,
                _original(_here["file"]),
                _original(_here["root"]),
                entity_type,
                entity_name,
                entity_configuration.get("__address__") or "",
            )
        except Exception as error:
            # Checkov would take an exception for "nothing to say" and go on.
            words = str(error) if isinstance(error, Problem) else f"{type(error).__name__}: {error}"
            print(visible_lines(f"error: {self.id}: {words}"), file=sys.stderr, flush=True)
            _end_parent()
            raise SystemExit(2) from error
        if not answers:
            return {"result": CheckResult.UNKNOWN}
        self.details = list(answers[0].details)
        return {**_result(answers[0]), _MORE: answers[1:]}

    def scan_resource_conf(self, conf: dict[str, list[Any]]) -> CheckResult:
        """Never called: `run` answers."""
        raise NotImplementedError


def _end_parent() -> None:
    """End Checkov where this is only the worker of one framework: it goes on without a worker that ended."""
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        os.kill(parent.pid, signal.SIGTERM)


def register() -> None:
    """Make the checks known to Checkov; a second call changes nothing."""
    for runner in (HclRunner, PlanRunner, TerraformJsonRunner):
        if not hasattr(runner.run_block, "__wrapped__"):
            runner.run_block = _placed(runner.run_block)
    for entry in rules():
        rule = entry.rule
        GateCheck(entry.id, rule.title, _CATEGORIES[rule.family], rule.severity, rule.link)
    for id, title in judging.OWN_RULES.items():
        GateCheck(id, title, CheckCategories.CONVENTION, "high", "")


def _placed(run_block: Callable[..., None]) -> Callable[..., None]:
    """A runner's `run_block` that notes where it is, and gives records the address that was judged."""

    parameters = inspect.signature(run_block)

    @wraps(run_block)
    def placed(*arguments: Any, **named: Any) -> None:
        given = parameters.bind(*arguments, **named).arguments
        report = given["report"]
        file = str(getattr(given["full_file_path"], "file_path", given["full_file_path"]))
        root = given.get("root_folder") or str(Path(file).parent)
        _here.update(file=str(Path(file).resolve()), root=str(Path(root).resolve()))
        results = (report.failed_checks, report.passed_checks, report.skipped_checks)
        before = [len(records) for records in results]
        run_block(*arguments, **named)
        in_json = isinstance(given["self"], TerraformJsonRunner)
        named_by_line = _addresses(given["entities"]) if in_json else {}
        added = [record for records, n in zip(results, before, strict=True) for record in records[n:]]
        for record in added:
            by_line = named_by_line.get(tuple(record.file_line_range))
            record.resource = record.check_result.get(ADDRESS) or by_line or record.resource
            for answer in record.check_result.pop(_MORE, ()):
                further = copy(record)
                further.resource, further.details = answer.address, list(answer.details)
                further.check_result = _result(answer)
                report.add_record(further)

    return placed


def _result(answer: Answer) -> dict[str, Any]:
    result = {"result": _RESULTS[answer.status], "evaluated_keys": [], ADDRESS: answer.address}
    if answer.status == judging.WAIVED:
        result["suppress_comment"] = "; ".join(answer.details)
    return result


def _addresses(entities: Any) -> dict[tuple[int, int], str]:
    """`TYPE.NAME` of Terraform JSON's blocks by their lines: Checkov's own checks lose the type there."""
    return {
        (body["__startline__"], body["__endline__"]): f"{type}.{name}"
        for entity in entities
        for type, named in entity.items()
        if isinstance(named, dict)
        for name, body in named.items()
        if isinstance(body, dict) and "__startline__" in body
    }


@cache
def _original(path: str) -> str:
    """The path that a path in the copy stands for."""
    copied, separator, original = os.environ.get(COPIED, "").partition("=")
    if separator and (path == copied or path.startswith(f"{copied}/")):
        return f"{original}{path[len(copied) :]}"
    return path
