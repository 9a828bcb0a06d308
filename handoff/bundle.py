"""The bundle: `dist/cloudmart-ENV/` and its tarball, the same bytes wherever and whenever they are built."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import settings as settings_package
from cloudmart_support.problem import Problem
from cloudmart_support.progress import step
from handoff import changes, configuration, costs, mermaid, pages, readback, runbook, sources, svg, topology
from handoff.configuration import Json
from mock_provider import schema as provider_schema
from policies.engine import catalogue
from settings import Settings, contract
from synthesis import bindings

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent

CONTENTS = (
    ("README.md", "where to start"),
    ("verify", "checks this folder: `sh verify`"),
    ("SHA256SUMS", "the sum of every file"),
    ("VERSION.json", "the commit and versions it was built from"),
    ("NOTICE.md", "licences of what is used and named here"),
    ("RUNBOOK.md", "the runbook, for a terminal"),
    ("terraform/", "the configuration as HCL, a file for each tier"),
    ("terraform-json/", "the same configuration as Terraform JSON, with the construct path of each resource"),
    ("pages/index.html", "these pages"),
    ("picture/", "the architecture as SVG and as Mermaid"),
    (
        "policy/",
        "the verdict of the policies (HTML, SARIF, JUnit, Markdown, JSON), and the gate that gave it",
    ),
)


@dataclass(frozen=True)
class Version:
    """What the bundle was built from; `date` is the commit's, in seconds since 1970."""

    commit: str
    date: int
    versions: dict[str, str]


@dataclass(frozen=True)
class Built:
    """What was built."""

    folder: Path
    tarball: Path
    resources: int
    estimate: costs.Estimate
    comparison: changes.Comparison | None


def build(path: Path, out: Path, since: Path | None = None) -> Built:
    """Build the bundle of the environment whose settings are in `path` into `out`.

    The former bundle there is replaced when the new one is complete, and not before.

    Raises:
        Problem: the settings, the gate, the proof of equality or the comparison fail.
    """
    with step(f"settings read and checked: {path.name}"):
        values = settings_package.read(path)
    name = f"{values.project}-{values.environment}"
    stamp = _version()
    try:
        out.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=out))
    except OSError as error:
        raise Problem(f"{out}: the bundle cannot be written there: {error.strerror}") from error
    try:
        folder = work / name
        folder.mkdir()
        built = _fill(path, values, name, stamp, folder, work, since)
        tarball = work / f"{name}.tar.gz"
        tarball.write_bytes(_tarball(folder, name, stamp.date))
        _replace(folder, out / name, work)
        tarball.replace(out / tarball.name)
        return Built(out / name, out / tarball.name, *built)
    except OSError as error:
        raise Problem(f"{error.filename or out}: the bundle cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _replace(new: Path, target: Path, work: Path) -> None:
    if target.exists():
        target.replace(work / "former")
    new.replace(target)


def _fill(
    path: Path, values: Settings, name: str, stamp: Version, folder: Path, work: Path, since: Path | None
) -> tuple[int, costs.Estimate, changes.Comparison | None]:
    with step("stack synthesized"):
        text, found, places = _synthesized(values, work / "synthesis")
    with step("HCL written, read back and found equal"):
        schema = provider_schema.load()
        files = configuration.files(found, schema)
        if other := readback.difference(found, files, schema):
            raise Problem(
                f"the HCL does not say what the JSON says: {other}; this is a fault of the hand-off"
            )
    _write(folder / "terraform-json" / "cdk.tf.json", text)
    for file, content in files.items():
        _write(folder / "terraform" / file, content)
    with step("both judged by the gate, with the same verdicts"):
        waivers = path.with_name(f"{path.stem}.waivers.toml")
        if waivers.exists():
            _write(folder / "policy" / "waivers.toml", waivers.read_text(encoding="utf-8"))
        report = _judged(folder)
    with step("architecture drawn"):
        shown = topology.topology(folder / "terraform-json")
        picture = svg.svg(shown)
        _write(folder / "picture" / "architecture.svg", picture)
        _write(folder / "picture" / "architecture.mmd", mermaid.mermaid(shown))
    with step("costs estimated, with each switch turned"):
        prices = costs.load()
        estimate = costs.estimate(found, prices)
        variants = [(words, costs.estimate(one, prices)) for words, one in _variants(path, values, work)]
    comparison = None
    if since is not None:
        with step(f"compared with {since.name}, by Terraform on the mock provider"):
            before = earlier(since, work / "earlier", name, schema)
            comparison = changes.compare(before, folder / "terraform-json", work / "comparison", since.name)
    with step("pages written"):
        sections = runbook.runbook(found)
        rules = catalogue.load()
        frame = pages.Frame(name, f"{name}, from commit {stamp.commit}", comparison is not None)
        _write(folder / "RUNBOOK.md", runbook.markdown(sections, f"{name}: runbook"))
        written = {
            "index.html": pages.overview(frame, found, picture, report["summary"], estimate, CONTENTS),
            "resources.html": pages.resources(frame, found, places, report["findings"], rules),
            "rules.html": pages.rules(frame, rules),
            "interface.html": pages.interface(frame, found),
            "contract.html": pages.contract(frame, found, contract.MEANING),
            "runbook.html": runbook.html(frame, sections),
            "costs.html": pages.costs(frame, estimate, variants, prices),
        }
        if comparison is not None:
            written["changes.html"] = changes.page(frame, comparison)
            if comparison.moves:
                _write(folder / "proposed-moves.tf", changes.moved_blocks(comparison.moves))
        for file, page in written.items():
            _write(folder / "pages" / file, page)
    _carry_gate(folder / "policy" / "gate")
    _write(folder / "README.md", _readme(name, comparison, (folder / "policy" / "waivers.toml").exists()))
    _write(folder / "NOTICE.md", _notice(stamp))
    _write(folder / "VERSION.json", json.dumps({"commit": stamp.commit, **stamp.versions}, indent=2) + "\n")
    _write(folder / "verify", (HERE / "verify.sh").read_text(encoding="utf-8"))
    (folder / "verify").chmod(0o755)
    _write(folder / "SHA256SUMS", _sums(folder))
    resources = sum(1 for kind, *_ in configuration.elements(found) if kind == "resource")
    return resources, estimate, comparison


def earlier(since: Path, into: Path, name: str, schema: configuration.Schema) -> Path:
    """The configuration of an earlier bundle of the same stack, in the folder `into`.

    Raises:
        Problem: it is another stack's, or holds what the hand-off never wrote, such as a provisioner:
            Terraform is going to apply it.
    """
    folder = changes.earlier_configuration(since, into)
    found = json.loads((folder / "cdk.tf.json").read_bytes())
    try:
        other = found.get("//", {}).get("metadata", {}).get("stackName", "")
        if other != name:
            raise Problem(
                f"is a bundle of {other or 'something else'}, not of {name}; name one of the same stack"
            )
        configuration.files(found, schema)
    except Problem as problem:
        raise Problem(f"{since}: {problem}") from problem
    except (AttributeError, TypeError, KeyError, IndexError, ValueError, RecursionError) as error:
        raise Problem(
            f"{since}: is no earlier bundle: its configuration is not as the hand-off writes it ({error!r}); "
            "name a folder or tarball that `make handoff` wrote"
        ) from error
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _synthesized(values: Settings, out: Path) -> tuple[str, Json, dict[str, str]]:
    import modules.stack  # noqa: F401
    from synthesis import app

    with sources.recorded() as places:
        done = app.environment(values, out)
    return done.file.read_text(encoding="utf-8"), done.configuration, places


def _variants(path: Path, values: Settings, out: Path) -> list[tuple[str, Json]]:
    """The stack with one switch turned at a time: NAT gateways, zones, Multi-AZ."""
    from synthesis import app

    zones = values.network.availability_zones
    spare = [letter for letter in settings_package.model.REGIONS[values.region] if letter not in zones]
    other_nat = "single" if values.network.nat == "per_az" else "per_az"
    turned: list[tuple[str, list[str]]] = [
        (
            "one NAT gateway for all zones" if other_nat == "single" else "a NAT gateway in each zone",
            [f"network.nat={other_nat}"],
        )
    ]
    if len(zones) > 2:
        turned.append(("two zones", [f"network.availability_zones=[{', '.join(zones[:2])}]"]))
    elif spare:
        more = [*zones, *spare[: 3 - len(zones)]]
        turned.append((f"{len(more)} zones", [f"network.availability_zones=[{', '.join(more)}]"]))
    multi = not values.database.multi_az
    turned.append(
        (
            f"Multi-AZ {'on' if multi else 'off'}: database and cache",
            [
                f"database.multi_az={str(multi).lower()}",
                f"cache.multi_az={str(multi).lower()}",
                f"cache.replicas={max(1, values.cache.replicas) if multi else 0}",
                *([] if multi else ["drills.az_loss=false"]),
            ],
        )
    )
    return [
        (
            words,
            app.environment(settings_package.read(path, overrides), out / f"variant-{number}").configuration,
        )
        for number, (words, overrides) in enumerate(turned)
    ]


# --- the gate ---------------------------------------------------------------------------------------------

REPORTS = (
    ("html", "report.html"),
    ("sarif", "report.sarif"),
    ("junit", "report.junit.xml"),
    ("markdown", "report.md"),
    ("json", "report.json"),
)


def _judged(folder: Path) -> dict[str, Any]:
    """Run the gate on both forms from within the bundle, so that its reports name the bundle's own paths."""
    arguments = [
        word for format, file in REPORTS for word in ("--format", format, "--output", f"policy/{file}")
    ]
    waived = ["--waivers", "policy/waivers.toml"] if (folder / "policy" / "waivers.toml").exists() else []
    _gate(folder, ["terraform-json", *arguments, *waived])
    _gate(folder, ["terraform", "--format", "json", "--output", "policy/hcl.json", *waived])
    report: dict[str, Any] = json.loads((folder / "policy" / "report.json").read_text(encoding="utf-8"))
    hcl_report = folder / "policy" / "hcl.json"
    other = json.loads(hcl_report.read_text(encoding="utf-8"))
    hcl_report.unlink()
    if verdicts(report) != verdicts(other):
        differing = sorted(verdicts(report) ^ verdicts(other))
        raise Problem(
            f"the gate does not judge the HCL as it judges the JSON: {differing[0]}; this is a fault of the hand-off"
        )
    return report


def verdicts(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    """What a JSON report of the gate found: rule, address and status."""
    return {(one["rule"], one["address"], one["status"]) for one in report["findings"]}


def _gate(folder: Path, arguments: Sequence[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "policies", "check", "--no-config", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    if done.returncode == 1:
        said = json.loads((folder / "policy" / "report.json").read_text(encoding="utf-8"))
        bad = [one for one in said["findings"] if one["status"] in ("fail", "unknown")]
        first = (
            f"{bad[0]['rule']} on {bad[0]['address']}: {bad[0]['message']}" if bad else "a waiver is broken"
        )
        raise Problem(
            f"the gate is closed ({len(bad)} findings), so there is nothing to hand off; the first: {first}; "
            "`make policy` tells them all"
        )
    if done.returncode:
        raise Problem(
            f"the gate could not judge the configuration:\n{done.stderr.strip() or done.stdout.strip()}"
        )


def _carry_gate(target: Path) -> None:
    """Copy the gate: plain Python that judges the JSON with nothing but the standard library."""
    for package in ("policies", "cloudmart_pages", "cloudmart_support"):
        for source in sorted((ROOT / package).rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts:
                _write(target / source.relative_to(ROOT), source.read_text(encoding="utf-8"))


# --- what it was built from -------------------------------------------------------------------------------


def _version() -> Version:
    """The commit (with a word when files differ from it), its date, and the versions of what made this."""

    def git(*words: str) -> str:
        try:
            done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True)
        except OSError:
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    commit = git("rev-parse", "HEAD") or "unknown"
    if git("status", "--porcelain", "--untracked-files=no"):
        commit += " with uncommitted changes"
    date = os.environ.get("SOURCE_DATE_EPOCH") or git("show", "-s", "--format=%ct") or "0"
    if not date.isdigit():
        raise Problem(f"SOURCE_DATE_EPOCH={date}: must be seconds since 1970, digits alone")
    versions = {
        "generator": version(bindings.DEFAULT.distributions[0]),
        "aws_provider_schema": provider_schema.load().version,
        "bindings": version(bindings.DEFAULT.distributions[1]),
        "python_hcl2": version("python-hcl2"),
        "jinja2": version("Jinja2"),
        "python": ".".join(platform.python_version_tuple()[:2]),
    }
    return Version(commit, int(date), versions)


def _sums(folder: Path) -> str:
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n"
        for file in sorted(folder.rglob("*"), key=lambda file: file.relative_to(folder).as_posix())
        if file.is_file() and file.name != "SHA256SUMS"
    ]
    return "".join(lines)


def _tarball(folder: Path, name: str, date: int) -> bytes:
    """The folder as tar and gzip: names sorted, one date, no owner, modes 644 and 755 alone.

    Source: https://reproducible-builds.org/docs/archives/
    """
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in sorted(
            [folder, *folder.rglob("*")], key=lambda file: file.relative_to(folder).as_posix()
        ):
            inside = name if file == folder else f"{name}/{file.relative_to(folder).as_posix()}"
            member = tarfile.TarInfo(inside)
            member.mtime = date
            member.type = tarfile.DIRTYPE if file.is_dir() else tarfile.REGTYPE
            member.mode = 0o755 if file.is_dir() or os.access(file, os.X_OK) else 0o644
            content = b"" if file.is_dir() else file.read_bytes()
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=9, mtime=0) as zipped:
        zipped.write(tar.getvalue())
    return packed.getvalue()


def _readme(name: str, comparison: changes.Comparison | None, waived: bool) -> str:
    listing = "\n".join(f"| `{path}` | {words} |" for path, words in CONTENTS)
    changed = (
        "\nWhat changed since the earlier bundle is told in `pages/changes.html`.\n"
        if comparison is not None
        else ""
    )
    return f"""# {name}

An infrastructure to own with Terraform 1.6 or newer, or OpenTofu 1.6 or newer. Nothing else is needed to plan and
apply it: no Python, no Node.

Open `pages/index.html`, or read `RUNBOOK.md`. First `sh verify`, then `cd terraform` and *First apply*.
{changed}
| path | what it is |
| --- | --- |
{listing}

`terraform/` and `terraform-json/` hold the same configuration, each for itself. Work in one of them: Terraform reads
`.tf` and `.tf.json` files of a folder together, so the two must never be in one.

## The policies, again

The verdict in `policy/` can be given again. The gate is carried along; for the JSON it needs Python 3.11 or newer and
nothing more, for HCL python-hcl2 {version("python-hcl2")} too, and for a report in HTML Jinja2 {version("Jinja2")}:

    cd policy/gate
    python3 -m policies check --no-config ../../terraform-json{" --waivers ../waivers.toml" if waived else ""}

Exit code 0: everything passed. 1: something failed or could not be known. 2: something could not be judged.
"""


def _notice(stamp: Version) -> str:
    return f"""# Licences

What this bundle holds was written for it or by it: the configuration, the pages, the pictures and the gate under
`policy/gate` are the project's own. No third party's code is in it. What it works with, and under which licence:

| what | where it comes in | licence |
| --- | --- | --- |
| Terraform | reads and applies the configuration | BUSL-1.1 from 1.6 on |
| OpenTofu | the same | MPL-2.0 |
| hashicorp/aws {stamp.versions["aws_provider_schema"]} and newer | fetched by `terraform init` | MPL-2.0 |
| python-hcl2 {stamp.versions["python_hcl2"]} | only to judge HCL again with the gate | MIT |
| Jinja2 {stamp.versions["jinja2"]} | wrote the pages; only to write the gate's report in HTML again | BSD-3-Clause |
| CDKTF {stamp.versions["generator"]}, bindings {stamp.versions["bindings"]} | made the JSON; not needed now | MPL-2.0 |

The rules' identifiers name controls of AWS and CIS, whose texts are not repeated here. AWS, Amazon RDS and the other
names of services are trademarks of Amazon.com, Inc. or its affiliates.
"""
