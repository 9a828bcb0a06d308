"""Synthesis as a process: the same bytes everywhere, with and without the fast path, and two at once when cold."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import Draft7Validator
from stacks import ROOT, settings_values

from cloudmart_support.problem import Problem
from settings.reader import parse
from synthesis import app, bindings, compose


def start(out: Path, *arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            str(ROOT / "main.py"),
            *(arguments or ("synth", "--env", "prod")),
            "--out",
            str(out),
        ],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def synthesized(process: subprocess.Popen[str], out: Path) -> bytes:
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, output + errors
    return (out / "stacks" / "cloudmart-prod" / "cdk.tf.json").read_bytes()


def test_same_bytes_in_another_folder_home_and_hash_seed(
    tmp_path: Path, stack_file: Callable[[str], Path]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    cache = os.environ.get("CLOUDMART_CACHE") or str(bindings.cache.root())
    runs = [
        start(tmp_path / "0", PYTHONHASHSEED="0"),
        start(tmp_path / "1", cwd=elsewhere, PYTHONHASHSEED="1", HOME=str(elsewhere), CLOUDMART_CACHE=cache),
    ]
    written = [synthesized(run, tmp_path / str(index)) for index, run in enumerate(runs)]
    assert written[0] == written[1] == stack_file("prod").read_bytes()
    assert str(ROOT).encode() not in written[0]
    assert str(tmp_path).encode() not in written[0]


def test_same_bytes_without_the_fast_path(tmp_path: Path, stack_file: Callable[[str], Path]) -> None:
    slow = start(tmp_path, CLOUDMART_FAST_START="0")
    assert synthesized(slow, tmp_path) == stack_file("prod").read_bytes()


def test_two_cold_processes_may_warm_one_cache(tmp_path: Path, stack_file: Callable[[str], Path]) -> None:
    cold = tmp_path / "cache"
    runs = [start(tmp_path / str(index), CLOUDMART_CACHE=str(cold)) for index in (0, 1)]
    for index, run in enumerate(runs):
        assert synthesized(run, tmp_path / str(index)) == stack_file("prod").read_bytes()
    shutil.rmtree(cold)


def test_the_last_lines_name_file_tiers_and_next_command(tmp_path: Path, prod: dict[str, Any]) -> None:
    run = start(tmp_path)
    output, errors = run.communicate(timeout=300)
    lines = output.splitlines()
    assert lines[0] == f"{tmp_path}/stacks/cloudmart-prod/cdk.tf.json"
    assert lines[1].startswith(f"{sum(map(len, prod.values()))} resources: ")
    tiers = dict(part.rsplit(" ", 1) for part in lines[1].partition(": ")[2].split(", "))
    assert tiers["flows"] == "9"
    assert sum(map(int, tiers.values())) == sum(map(len, prod.values()))
    assert lines[-1] == "next: make policy ENV=prod"
    assert errors.count(" — ") == 3  # each step says what it did, and how long it took
    assert "end-of-life" not in errors


def test_one_setting_over_the_file(tmp_path: Path) -> None:
    out = tmp_path / "of" / "several" / "folders"
    run = start(out, "synth", "--set", "network.availability_zones=[a, b, c]")
    configuration = json.loads(synthesized(run, out))
    assert "public_c" in configuration["resource"]["aws_subnet"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("synth", "--env", "staging"), "there is no such settings file"),
        (("synth", "--set", "network.nat=none"), "network.nat: 'none'; allowed: 'per_az' or 'single'"),
        (("synth", "--set", "network"), "is not KEY.PATH=VALUE"),
        (("synth", "--set", "region.x=1"), "region is not a section"),
    ],
)
def test_bad_input_is_told_without_a_traceback(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    run = start(tmp_path, *arguments)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 2
    assert message in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "stacks").exists()


def test_the_state_bucket_is_encrypted_versioned_and_kept(tmp_path: Path) -> None:
    run = start(tmp_path, "synth-state")
    assert run.wait(timeout=300) == 0
    configuration = json.loads((tmp_path / "stacks" / "cloudmart-state" / "cdk.tf.json").read_text())
    resources = configuration["resource"]
    assert resources["aws_s3_bucket"]["state"]["lifecycle"] == {"prevent_destroy": True}
    assert resources["aws_s3_bucket_versioning"]["state"]["versioning_configuration"] == {"status": "Enabled"}
    (rule,) = resources["aws_s3_bucket_server_side_encryption_configuration"]["state"]["rule"]
    assert rule["apply_server_side_encryption_by_default"] == {
        "sse_algorithm": "aws:kms",
        "kms_master_key_id": "${aws_kms_key.state.arn}",
    }


def test_fast_path_steps_aside_when_the_package_looks_different(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = bindings.DEFAULT.provider
    package = tmp_path / name
    (package / "_jsii").mkdir(parents=True)
    (package / "vpc").mkdir()
    (package / "_jsii" / "__init__.py").touch()
    (package / "vpc" / "__init__.py").touch()
    found = bindings.importlib.util.spec_from_file_location(
        name, package / "__init__.py", submodule_search_locations=[str(package)]
    )
    assert found is not None
    for source, reason in (
        ("from . import vpc\n", ""),
        ("", "does not import its submodules by itself"),
        ("from . import vpc\nclass Vpc: ...\n", "defines classes of its own"),
    ):
        (package / "__init__.py").write_text(source)
        assert bindings._unexpected(found) == reason
    (package / "vpc" / "__init__.py").unlink()
    assert bindings._unexpected(found) == "has no vpc/__init__.py"
    found.submodule_search_locations = None
    assert bindings._unexpected(found) == "is not an ordinary package"


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_local_twin_is_valid_and_has_the_same_versions(environment: str) -> None:
    settings, _ = parse(settings_values(environment))
    assert settings is not None
    document = yaml.safe_load(compose.document(settings))
    errors = list(Draft7Validator(get_builtin_schema("vendor.compose-spec")).iter_errors(document))
    assert errors == []
    services = document["services"]
    assert {name: one["ports"] for name, one in services.items()} == {
        "frontend": ["127.0.0.1:3000:3000"],
        "backend": ["127.0.0.1:8080:8080"],
        "postgres": ["127.0.0.1:5432:5432"],
        "redis": ["127.0.0.1:6379:6379"],
    }
    assert services["postgres"]["image"] == f"postgres:{settings.database.engine_version}"
    assert services["redis"]["image"] == f"redis:{settings.cache.engine_version}"
    assert services["redis"]["command"][1:5] == ["--maxmemory-policy", "allkeys-lru", "--timeout", "300"]
    assert set(document["volumes"]) == {"postgres_data", "redis_data"}
    # The password comes from the person's own .env; there is none in the file.
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


@pytest.mark.parametrize(
    "said", ["EROFS: read-only file system, mkdir 'x'", "Error: ENOSPC: no space left on device, write"]
)
def test_a_disk_that_takes_nothing_is_told(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cdktf

    def refuse(**_options: object) -> None:
        raise RuntimeError(said)

    monkeypatch.setattr(cdktf, "App", refuse)
    with pytest.raises(Problem, match=f"{re.escape(str(tmp_path))}: the stack cannot be written"):
        app._synthesize(lambda made: made, tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(Problem, match=f"{re.escape(str(tmp_path))}/file/a/b: the stack cannot be written"):
        app._synthesize(lambda made: made, tmp_path / "file" / "a" / "b")
    said = "a defect: none of the disk's"
    with pytest.raises(RuntimeError, match="a defect"):
        app._synthesize(lambda made: made, tmp_path)
