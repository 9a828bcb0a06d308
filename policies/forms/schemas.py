"""The schemas of the gate's files: its configuration, waivers, the baseline, the report.

Each has a version of its own in its `$id`. A form that takes less than before, or means something else, is another
version; one that takes more is the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from policies.engine import parameters
from policies.engine.judging import BASELINED, WAIVED, Summary
from policies.engine.verdicts import FAIL, PACKS, PASS, SEVERITIES, UNKNOWN

Form = Mapping[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Final[Form] = {"type": "string", "minLength": 1}
_FLAG: Final[Form] = {"type": "boolean"}
_COUNT: Final[Form] = {"type": "integer", "minimum": 0}
_DAY: Final = r"^\d{4}-\d{2}-\d{2}"


def _texts(about: str, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": _TEXT, "description": about, **more}


def _table(properties: Mapping[str, Form], *required: str, **more: Any) -> dict[str, Any]:
    head = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**head, "required": list(required), **more} if required else {**head, **more}


def _parameters() -> dict[str, Any]:
    """The form of parameters, laid over the defaults."""
    kinds: dict[str, Form] = {
        "int": {"type": "integer", "minimum": 1},
        "str": _TEXT,
        "tuple[int, ...]": {"type": "array", "items": {"type": "integer"}},
        "tuple[str, ...]": {"type": "array", "items": {"type": "string"}},
    }
    sections: dict[str, Form] = {
        name: _table({field.name: kinds[str(field.type)] for field in fields(kind)})
        for name, kind in parameters.SECTIONS.items()
    }
    ports = {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 65535}}
    flow = _table(
        {"from": _TEXT, "to": _TEXT, "protocol": {"enum": ["tcp", "udp", "icmp", "all"]}, "ports": ports},
        "from",
        "to",
        "protocol",
        "ports",
    )
    sections[parameters.OWN] = {
        "type": "object",
        "additionalProperties": {"type": "object"},
        "description": "Parameters of own rules: a table for each, by the name of its file.",
    }
    sections["flows"] = {"type": "array", "items": flow}
    return _table(sections, description="Parameters of the rules, laid over those of the gate.")


def configuration() -> dict[str, Any]:
    """`.cloudmart-policies.toml`, or the table `tool.cloudmart-policies` of `pyproject.toml`."""
    params = {
        "anyOf": [{"type": "string", "minLength": 1}, _parameters()],
        "description": "Parameters laid over the defaults: a file, or a table.",
    }
    waivers = _texts("Files of accepted findings.")
    root = _table(
        {
            "path": {**_TEXT, "description": "A folder, a file or a plan, as `roots` names it."},
            "var-files": _texts("Files with values of variables, the last one wins."),
            "vars": {
                "type": "object",
                "description": "Values of variables; they win over those of the files.",
            },
            "workspace": {**_TEXT, "description": "Terraform's workspace."},
            "waivers": {**waivers, "description": "Files of findings that are accepted in this root alone."},
            "params": {**params, "description": "Parameters of this root, laid over the others."},
        },
        "path",
    )
    return _document(
        "configuration",
        "What the gate is asked for in a repository. Paths start at the folder of this file and stay below it.",
        _table(
            {
                "roots": _texts(
                    "What is judged where no path is given: paths, in which * and ** stand for names."
                ),
                "exclude": _texts(
                    "Folders that are not judged though `roots` means them; * and ** as there."
                ),
                "root": {"type": "array", "items": root, "description": "What only one root is given."},
                "pack": {"enum": list(PACKS), "description": "The pack of rules (aws)."},
                "only": _texts("Rules that run, and no other; * stands for anything."),
                "skip": _texts("Rules that do not run; * stands for anything."),
                "minimum-severity": {"enum": list(SEVERITIES), "description": "Rules below it do not run."},
                "severity": {
                    "type": "object",
                    "additionalProperties": {"enum": list(SEVERITIES)},
                    "description": "Another severity for a rule, by its id.",
                },
                "params": params,
                "waivers": waivers,
                "rules": _texts(
                    "Own rules, which are code: folders, or package:NAME; only in a file named with --config."
                ),
                "exact": {
                    "anyOf": [_FLAG, {"const": "try"}],
                    "description": "Whether Terraform evaluates the roots first.",
                },
                "baseline": {**_TEXT, "description": "The file of findings that stand and do not fail."},
                "forbid-comments": {
                    **_FLAG,
                    "description": "Whether comments that waive fail, and do not waive.",
                },
                "owner": {**_TEXT, "description": "Who owns waivers in comments that name nobody."},
            }
        ),
    )


def waivers() -> dict[str, Any]:
    """A file of waivers."""
    waiver = _table(
        {
            "rule": {**_TEXT, "description": "The rule's id; * stands for anything."},
            "address": {**_TEXT, "description": "Terraform's address; * stands for anything."},
            "owner": _TEXT,
            "reason": _TEXT,
            "expires": {
                "type": "string",
                "pattern": _DAY,
                "description": "The last day on which it is in force.",
                "examples": ["2026-12-31"],
            },
            "folder": {**_TEXT, "description": "What is judged; * and ** stand for names of folders."},
            "file": {**_TEXT, "description": "Where the finding stands; * and ** as for folder."},
        },
        "rule",
        "address",
        "owner",
        "reason",
        "expires",
    )
    return _document(
        "waivers",
        "Findings that somebody accepts, with a reason, until a day.",
        _table({"waiver": {"type": "array", "items": waiver}}),
    )


def baseline() -> dict[str, Any]:
    """The file that `--write-baseline` writes."""
    finding = _table(
        {
            "rule": _TEXT,
            "root": {"type": "string", "description": "What was judged, from the repository's top."},
            "address": {"type": "string"},
            "attribute": {"type": "string", "description": "The argument that it is about, or nothing."},
            "status": {"enum": [FAIL, UNKNOWN]},
            "message": {"type": "string", "description": "What is said of it, without files and lines."},
            "count": {
                "type": "integer",
                "minimum": 1,
                "maximum": 1_000_000,
                "description": "How many there are like this.",
            },
        },
        "rule",
        "root",
        "address",
        "attribute",
        "status",
        "message",
        "count",
    )
    return _document(
        "baseline",
        "Findings that stand and do not fail, written by the gate.",
        _table(
            {"version": {"const": 1}, "findings": {"type": "array", "items": finding}}, "version", "findings"
        ),
    )


def report() -> dict[str, Any]:
    """The report in the format json."""
    counts: dict[str, Form] = {field.name: _COUNT for field in fields(Summary)}
    required = [name for name in counts if name != BASELINED]
    counts["uncovered_types"] = {"type": "array", "items": {"type": "string"}}
    finding = {
        "type": "object",
        "properties": {
            "rule": _TEXT,
            "family": _TEXT,
            "severity": {"enum": list(SEVERITIES)},
            "status": {"enum": [PASS, FAIL, UNKNOWN, WAIVED, BASELINED]},
            "address": {"type": "string"},
            "message": {"type": "string"},
            "file": {"type": "string"},
            "line": {**_COUNT, "description": "0 where it is not known."},
            "construct": {"type": "string", "description": "The path of CDKTF's construct, or nothing."},
        },
    }
    finding["required"] = list(finding["properties"])
    summary = {"type": "object", "properties": counts, "required": required}
    root = {
        "type": "object",
        "description": "The verdict on one of the judged paths, as it was given.",
        "properties": {
            "path": {"type": "string"},
            "exit_code": {"enum": [0, 1, 2]},
            "problem": {"type": "string", "description": "Why it could not be judged."},
            "summary": summary,
        },
        "required": ["path", "exit_code", "summary"],
    }
    left_out = _table({"why": _TEXT, "rules": {"type": "array", "items": _TEXT}}, "why", "rules")
    return _document(
        "report",
        "What the gate found. Programs pass over fields that they do not know.",
        {
            "type": "object",
            "properties": {
                "version": {"const": 1},
                "summary": summary,
                "findings": {"type": "array", "items": finding},
                "roots": {"type": "array", "items": root},
                "terms": {
                    "type": "object",
                    "description": "What the run was asked for, where it was not every rule.",
                    "properties": {
                        "pack": {"enum": list(PACKS)},
                        "configuration": {"type": "string"},
                        "severities": {
                            "type": "array",
                            "description": "Rules with another severity than their own, each with it.",
                            "items": {"type": "array", "items": _TEXT},
                        },
                        "left_out": {"type": "array", "items": left_out},
                    },
                    "required": ["pack", "configuration", "severities", "left_out"],
                },
                "baseline": {
                    "type": "object",
                    "description": "The baseline that was given, and what of it is gone.",
                    "properties": {
                        "file": _TEXT,
                        "gone": {"type": "array", "items": {"type": "string"}},
                    },
                    "required": ["file", "gone"],
                },
                "notes": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["version", "summary", "findings"],
        },
    )


def _document(name: str, about: str, form: Form) -> dict[str, Any]:
    head = {"$schema": _DIALECT, "$id": f"urn:cloudmart-policies:{name}:1", "title": name.capitalize()}
    return {**head, "description": about, **form}


ALL: Final = {
    "configuration": configuration,
    "waivers": waivers,
    "baseline": baseline,
    "report": report,
}


def files() -> dict[str, str]:
    """The published files, by name."""
    return {
        f"{name}.schema.json": json.dumps(form(), indent=2, ensure_ascii=False) + "\n"
        for name, form in ALL.items()
    }
