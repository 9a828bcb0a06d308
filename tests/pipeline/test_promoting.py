"""One environment's version goes into another's settings, and nothing else does."""

from __future__ import annotations

import subprocess

import pytest

import settings
from cloudmart_support.problem import Problem
from pipeline import promoting
from pipeline.target import target

GIT = ("git", "-c", "user.name=Someone", "-c", "user.email=someone@example.com")
REGISTRY = "000000000000.dkr.ecr.ap-northeast-2.amazonaws.com/cloudmart/backend"
DIGEST = "sha256:" + "a1" * 32
DEV = f"""environment: dev
domain: {{name: dev.shop.example.com, hosted_zone_id: Z0000000000EXAMPLE00}}
backend:
  image: {REGISTRY}:1.1.0
  max: 2
"""
PROD = f"""# Production.
environment: prod

domain:
  name: shop.example.com   # ours
  hosted_zone_id: Z0000000000EXAMPLE00
backend: # what runs
  image: "{REGISTRY}:1.0.0"  # promoted, never edited
  min: 2
network: {{cidr: 10.7.0.0/16}}
"""


def git(root, *words):
    subprocess.run([*GIT, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "environments").mkdir()
    return tmp_path


def committed(root, dev=DEV, prod=PROD):
    for name, text in (("dev", dev), ("prod", prod)):
        (root / "environments" / f"{name}.yaml").write_bytes(text.encode())
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "settings")
    return root / "environments" / "prod.yaml"


def promoted(root, source="dev", to="prod", local=True):
    return promoting.promote(*(target(name, local=local, root=root) for name in (to, source)))


def test_only_the_version_is_written_and_all_that_differs_is_shown(root, capsys):
    prod = committed(root)
    prod.chmod(0o640)
    assert promoted(root) == 0
    assert prod.read_text() == PROD.replace(":1.0.0", ":1.1.0")
    assert prod.stat().st_mode & 0o777 == 0o640
    told = capsys.readouterr().out
    version, own, chosen = (
        part.split(":\n", 1)[1] for part in told.split("the version")[1].split("what ")[:3]
    )
    assert f"{REGISTRY}:1.1.0 | {REGISTRY}:1.0.0" in version
    assert own.split() == [
        *("domain.name", "dev.shop.example.com", "|", "shop.example.com"),
        *("environment", "dev", "|", "prod"),
        *("network.cidr", "10.0.0.0/16", "(default)", "|", "10.7.0.0/16"),
    ]
    assert "backend.max    2 | 6 (default)" in chosen or chosen.split()[:3] == ["backend.max", "2", "|"]
    assert "backend.image" not in own + chosen.split("version:")[0]
    assert "version: 1.0.0 → 1.1.0" in told
    assert "make plan ENV=prod LOCAL=1" in told


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"backend: {{min: 2, image: {REGISTRY}:1.0.0}} # flow\n",
            f"backend: {{min: 2, image: {REGISTRY}:1.1.0}} # flow\n",
        ),
        (f"backend:\r\n  image: '{REGISTRY}:1.0.0'\r\n", f"backend:\r\n  image: '{REGISTRY}:1.1.0'\r\n"),
        (f"backend:\n  image:\n    {REGISTRY}:1.0.0\n", f"backend:\n  image:\n    {REGISTRY}:1.1.0\n"),
        (
            f"# 漢字 🛒\nbackend:\n  image: {REGISTRY}@{DIGEST}\n",
            f"# 漢字 🛒\nbackend:\n  image: {REGISTRY}:1.1.0\n",
        ),
        # Without a line's end.
        ("backend:\n  image: other.example/shop:1.0.0", "backend:\n  image: other.example/shop:1.1.0"),
    ],
)
def test_however_it_is_written(root, before, after, capsys):
    head = "environment: prod\ndomain: {name: shop.example.com, hosted_zone_id: Z0000000000EXAMPLE00}\n"
    prod = committed(root, prod=head + before)
    assert promoted(root) == 0
    assert prod.read_bytes().decode() == head + after
    assert ("has a repository of its own" in capsys.readouterr().out) == ("other.example" in before)


def test_a_digest_is_promoted_as_one(root):
    prod = committed(root, dev=DEV.replace(":1.1.0", f"@{DIGEST}"))
    promoted(root)
    assert settings.read(prod).backend.image == f"{REGISTRY}@{DIGEST}"


@pytest.mark.parametrize(
    "backend",
    [
        f"tags: {{image: &image '{REGISTRY}:1.0.0'}}\nbackend: {{image: *image}}\n",
        f"backend:\n  image: >-\n    {REGISTRY}:1.0.0\n",
        f"backend:\n  image: &image {REGISTRY}:1.0.0\ntags: {{image: *image}}\n",
    ],
)
def test_what_cannot_be_written_alone_is_left_as_it_is(root, backend):
    text = (
        "environment: prod\ndomain: {name: shop.example.com, hosted_zone_id: Z0000000000EXAMPLE00}\n"
        + backend
    )
    prod = committed(root, prod=text)
    with pytest.raises(Problem, match=r"write it by hand: backend\.image is .*:1\.1\.0"):
        promoted(root)
    assert prod.read_text() == text
    assert sorted(one.name for one in prod.parent.iterdir()) == ["dev.yaml", "prod.yaml"]


@pytest.mark.parametrize(
    ("source", "to", "reason"),
    [
        ("prod", "prod", "is the environment that it would be promoted to"),
        ("other", "prod", "there is no environments/other.yaml"),
    ],
)
def test_environments_that_cannot_be_meant(root, source, to, reason):
    committed(root)
    with pytest.raises(Problem, match=reason):
        promoted(root, source, to)


def test_the_same_version_is_no_promotion(root):
    prod = committed(root, prod=PROD.replace("1.0.0", "1.1.0"))
    with pytest.raises(Problem, match=r"already has the version of dev, 1\.1\.0"):
        promoted(root)
    assert prod.read_text() == PROD.replace("1.0.0", "1.1.0")


@pytest.mark.parametrize("changed", ["dev", "prod"])
def test_what_is_not_committed_is_not_promoted(root, changed):
    committed(root)
    file = root / "environments" / f"{changed}.yaml"
    file.write_text(file.read_text() + "# not yet\n")
    with pytest.raises(Problem, match=f"environments/{changed}.yaml: not as the commit has it"):
        promoted(root)


def test_nor_is_what_no_repository_has(root):
    committed(root)
    (root / ".git").rename(root / "gone")
    with pytest.raises(Problem, match="is no clone of a repository"):
        promoted(root)


def test_what_makes_an_environment_its_own_is_in_the_settings():
    for path in promoting.OWN:
        section = settings.Settings
        for key in path.split("."):
            field = section.model_fields[key]
            section = field.annotation
