"""`python -m policies.checkov_host PATH`: Checkov with the catalogue's rules, failing where Checkov would not.

Runs in Checkov's environment. Checkov ends with exit code 0 when it cannot parse a file, finds nothing to check, or
cannot load or run a check. So its report is compared with the gate's findings, one by one: every one must be there,
with the same verdict, and no other.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cloudmart_support import processes
from cloudmart_support.problem import Problem, guarded
from cloudmart_support.progress import step
from policies.checkov_host import builtin, copying
from policies.checkov_host.verdicts import COPIED, FORBIDDEN, PARAMETERS, RULES, WAIVERS
from policies.engine.catalogue import PACKAGE
from policies.engine.judging import BASELINED
from policies.engine.model import without_keys
from policies.engine.verdicts import FAIL, PASS, UNKNOWN
from policies.readers.inputs import VARIABLE, WORKSPACE

LONGEST: Final = 1800
"""Seconds that Checkov may take, unless asked otherwise."""
CHECKS: Final = Path(__file__).with_name("checks")
_STATUS: Final = {"PASSED": PASS, "FAILED": FAIL, "SKIPPED": "waived"}

Verdict = dict[tuple[str, str], str]
"""Status by rule and address; `unknown` counts as `fail`, because Checkov knows no third answer."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code: 0 all passed, 1 a finding, 2 not judged, or the hosts disagree."""

    def run() -> int:
        options = _parser().parse_args(arguments)
        with processes.stoppable(), processes.temporary_folder("checkov-host-") as private:
            # Checkov's parser of HCL unpickles its grammar out of the folder for temporary files, by a name that
            # anybody can tell.
            former, tempfile.tempdir = tempfile.tempdir, str(private)
            try:
                return _run(options, private)
            finally:
                tempfile.tempdir = former

    return guarded(run)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m policies.checkov_host",
        description="Checkov with the catalogue's rules. Exit code 0: all passed. 1: a finding. 2: not judged, "
        "or Checkov and the gate disagree.",
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="a folder, a .tf or .tf.json file, a plan")
    parser.add_argument(
        "--gate",
        type=Path,
        metavar="FILE",
        help="the gate's JSON report to compare with (default: judge here)",
    )
    parser.add_argument(
        "--params", type=Path, metavar="FILE", help="parameters laid over the defaults (TOML)"
    )
    parser.add_argument("--waivers", type=Path, metavar="FILE", help="accepted findings (TOML)")
    parser.add_argument(
        "--rules",
        action="append",
        metavar="DIR",
        help="own rules: a folder, or package:NAME of a package in this environment; may be repeated",
    )
    parser.add_argument(
        "--forbid-comments",
        action="store_true",
        help="comments in the source that waive fail, and do not waive",
    )
    parser.add_argument(
        "--builtin",
        type=Path,
        metavar="FILE",
        help="run Checkov's own rules too; FILE holds the waivers for them (TOML)",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=LONGEST,
        metavar="SECONDS",
        help=f"the longest that Checkov may take (default: {LONGEST})",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="keep Checkov's JSON report there")
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ValueError(text)
    return seconds


def _run(options: argparse.Namespace, private: Path) -> int:
    path = options.path.absolute()
    if not path.exists():
        raise Problem(f"{options.path}: there is no such file or folder")
    files = {PARAMETERS: options.params, WAIVERS: options.waivers}
    given = {name: str(file.absolute()) for name, file in files.items() if file is not None}
    if options.forbid_comments:
        given[FORBIDDEN] = "yes"
    if options.rules:
        sources = (one if one.startswith(PACKAGE) else str(Path(one).absolute()) for one in options.rules)
        given[RULES] = "\n".join(sources)
    expected = _expected(path, options, given)
    with step("Checkov"):
        only = ("CM_*",) if options.builtin is None else ()
        report = run(path, only=only, given=given, timeout=options.timeout, private=private)
    if options.report is not None:
        options.report.write_text(json.dumps(report, indent=2), encoding="utf-8")
    found = ours(report)
    _compare(expected, found)
    failed = {key for key, status in found.items() if status == FAIL}
    lines = dict.fromkeys(
        f"{record['check_id']}  {line}"
        for record in records(report)
        if record["check_id"].startswith("CM_") and record["check_result"]["result"] == "FAILED"
        for line in record.get("details") or [record["resource"]]
    )
    for line in lines:
        print(line)
    print(
        f"Checkov with the catalogue's rules: {len(found)} verdicts, as the gate's; {len(failed)} against it."
    )
    bad = bool(failed)
    if options.builtin is not None:
        others = [record for record in records(report) if not record["check_id"].startswith("CM_")]
        words, broken = builtin.judge(others, options.builtin)
        print("\n".join(words))
        bad = bad or broken
    return int(bad)


# --- running Checkov ------------------------------------------------------------------------------------


def frameworks(path: Path) -> list[str]:
    """The names of Checkov's frameworks for what is at a path.

    Raises:
        Problem: there is nothing for Checkov there.
    """
    if path.is_file():
        if path.name.endswith(".tf"):
            return ["terraform"]
        return ["terraform_json"] if path.name.endswith(".tf.json") else ["terraform_plan"]
    found = [
        name
        for name, pattern in (("terraform", "*.tf"), ("terraform_json", "*.tf.json"))
        if next(path.rglob(pattern), None)
    ]
    if not found:
        raise Problem(f"{path}: there is no Terraform configuration in this folder")
    return found


def run(
    path: Path,
    *,
    only: Sequence[str] = ("CM_*",),
    framework: Sequence[str] = (),
    given: Mapping[str, str] | None = None,
    timeout: float = LONGEST,
    private: Path | None = None,
) -> list[dict[str, Any]]:
    """Checkov's reports on a path, one a framework, as its JSON has them.

    Checkov takes options from files and variables that whoever is judged may have written (which checks run, out of
    which repository, what is skipped). So it works in a folder of its own, which is its home as well, with a file of
    options of its own, and with no variable but what is listed here.

    Args:
        path: absolute; a folder, a file, or a plan.
        only: patterns of the rules to run; none means Checkov's own too.
        framework: Checkov's names of them; told by the path's content unless given.
        given: variables for the rules, by name.
        timeout: seconds that it may take.
        private: a folder for temporary files that nobody else can write; one of its own unless given.

    Raises:
        Problem: Checkov did not do all of its work, whatever its exit code says.
    """
    kinds = [*framework] or frameworks(path)
    with processes.temporary_folder("checkov-") as folder:
        folder = folder.resolve()
        work = folder / "work"
        work.mkdir()
        options = folder / "options.yaml"
        options.write_text("{}\n")
        environment = {**_environment(work, private or work), **(given or {})}
        target = path
        if path.is_dir() or "terraform_plan" not in kinds:
            copy = folder / "configuration"
            copy.mkdir()
            copying.copy(path, copy, plans="terraform_plan" in kinds)
            target = copy if path.is_dir() else copy / path.name
            original = path if path.is_dir() else path.parent
            environment[COPIED] = f"{copy}={original.resolve()}"
        command = [
            *(sys.executable, "-I", "-m", "checkov.main"),
            *("--config-file", str(options)),
            "--directory" if target.is_dir() else "--file",
            str(target),
            "--framework",
            *kinds,
            "--external-checks-dir",
            str(CHECKS),
            *(word for pattern in only for word in ("--check", pattern)),
            "--output",
            "json",
            "--skip-download",
            "--compact",
        ]
        try:
            done = processes.run(
                command, cwd=work, environment=environment, stderr=subprocess.PIPE, timeout=timeout
            )
        except processes.Exceeded:
            raise Problem(
                f"{path}: Checkov was ended after {timeout:g} seconds, the longest that it may take, so that nothing "
                "was judged: give it longer with --timeout SECONDS"
            ) from None
        except OSError as error:
            raise Problem(f"{sys.executable}: Checkov cannot be started: {error.strerror}") from error
        return _reports(done, path, kinds)


def _environment(home: Path, temporary: Path) -> dict[str, str]:
    """All that Checkov knows of the world: what is told about the configuration, as the gate is, and nothing else."""
    nowhere = "http://127.0.0.1:9"
    told = {
        name: value for name, value in os.environ.items() if name.startswith(VARIABLE) or name == WORKSPACE
    }
    return {
        **told,
        "PATH": os.defpath,
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "LOG_LEVEL": "WARNING",
        "CKV_PARSE_ERROR_FAIL": "true",
        # It asks for its newest version otherwise. Nothing that it does needs the network.
        "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"), nowhere),
    }


def _reports(
    done: subprocess.CompletedProcess[str], path: Path, kinds: Sequence[str]
) -> list[dict[str, Any]]:
    if done.returncode not in (0, 1):
        raise Problem(f"{path}: Checkov ended with exit code {done.returncode}:\n{_last(done.stderr)}")
    try:
        reports = json.loads(done.stdout)
    except ValueError:
        raise Problem(f"{path}: Checkov wrote no report:\n{_last(done.stderr or done.stdout)}") from None
    reports = reports if isinstance(reports, list) else [reports]
    for report in reports:
        summary = report.get("summary", report)
        errors = summary.get("parsing_errors", 0)
        if errors:
            files = report.get("results", {}).get("parsing_errors") or []
            names = ", ".join(map(str, files)) or f"{errors} files"
            raise Problem(f"{path}: Checkov cannot parse {names}")
    seen = {report.get("check_type") for report in reports}
    missing = [kind for kind in kinds if kind not in seen]
    if missing:
        raise Problem(f"{path}: Checkov judged nothing as {', '.join(missing)}:\n{_last(done.stderr)}")
    if "Cannot load external check" in done.stderr or "Traceback" in done.stderr:
        raise Problem(f"{path}: a check could not be loaded or run:\n{_last(done.stderr)}")
    return reports


def _last(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-12:]) or "    (it said nothing)"


def records(reports: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """All records of Checkov's reports."""
    return [
        record
        for report in reports
        for kind in ("passed_checks", "failed_checks", "skipped_checks")
        for record in report.get("results", {}).get(kind, ())
    ]


def ours(reports: Iterable[dict[str, Any]]) -> Verdict:
    """The verdicts of the catalogue's rules in Checkov's reports, instances of a block put together."""
    found: Verdict = {}
    for record in records(reports):
        if record["check_id"].startswith("CM_"):
            key = record["check_id"], without_keys(record["resource"])
            found[key] = _worse(found.get(key), _STATUS[record["check_result"]["result"]])
    return found


# --- comparing ------------------------------------------------------------------------------------------


def _expected(path: Path, options: argparse.Namespace, given: Mapping[str, str]) -> Verdict:
    """The gate's verdicts, out of its report or judged here."""
    from policies.checkov_host.verdicts import Verdicts

    if options.gate is None:
        verdicts = Verdicts(given)
        judged = verdicts.judged(path.resolve())
        if judged is None:
            raise Problem(f"{options.path}: there are no resources in it: nothing was judged")
        listed = [(f.rule, f.address, f.status) for all in judged.findings.values() for f in all]
        loose = [(f.rule, judged.first, f.status) for all in judged.loose.values() for f in all]
        return together([*listed, *loose])
    try:
        report = json.loads(options.gate.read_text(encoding="utf-8"))
        found = [(one["rule"], one["address"], one["status"]) for one in report["findings"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(f"{options.gate}: it is not the gate's JSON report: {error}") from error
    judged = Verdicts(given).judged(path.resolve())
    known = judged.known if judged else set()
    first = judged.first if judged else ""
    return together((rule, address if address in known else first, status) for rule, address, status in found)


def together(found: Iterable[tuple[str, str, str]]) -> Verdict:
    """Findings as Checkov can report them: by block, without a third answer, and without a baseline."""
    result: Verdict = {}
    for rule, address, status in found:
        key = rule, without_keys(address)
        result[key] = _worse(result.get(key), FAIL if status in (UNKNOWN, BASELINED) else status)
    return result


def _worse(one: str | None, other: str) -> str:
    return next(status for status in (FAIL, "waived", PASS) if status in (one, other))


def _compare(expected: Verdict, found: Verdict) -> None:
    differences = [
        f"{rule} on {address}: the gate says {expected.get((rule, address), 'nothing')}, "
        f"Checkov {found.get((rule, address), 'nothing')}"
        for rule, address in sorted({*expected, *found})
        if expected.get((rule, address)) != found.get((rule, address))
    ]
    if differences:
        more = len(differences) - 20
        listed = "\n".join(f"    {line}" for line in differences[:20])
        rest = f"\n    and {more} more" if more > 0 else ""
        raise Problem(f"Checkov and the gate do not agree, so that neither is believed:\n{listed}{rest}")
    if not found:
        raise Problem("Checkov judged nothing")


if __name__ == "__main__":
    sys.exit(main())
