"""A judged folder that wants to run something, reach something, or see what it must not.

Each folder here did at least one of these before Terraform was handed only what was written from the parsed tree.
`MARK` stands for a file that must not come into being, `OUTSIDE` for a folder that must stay as it is.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cloudmart_support import cache

SECRET = "ghs_thisIsNotAToken0000"

REGION = 'provider "aws" {\n  region = "eu-west-1"\n}\n'
GOOD = REGION + 'resource "aws_sqs_queue" "good" {\n  sqs_managed_sse_enabled = true\n}\n'
SHOWN = (
    'resource "aws_sqs_queue" "shown" {\n  for_each = toset([%s])\n  name = each.key\n'
    "  sqs_managed_sse_enabled = true\n}\n"
)
TOUCH = "#!/bin/sh\ntouch MARK\n"
AWS_CONFIG = "[profile evil]\ncredential_process = touch MARK\n"
KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: x
contexts: [{name: x, context: {cluster: x, user: x}}]
clusters: [{name: x, cluster: {server: "http://127.0.0.1:PORT"}}]
users: [{name: x, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: touch, args: [MARK]}}}]
"""


def remote_state(backend: str, config: str, name: str = "evil") -> str:
    return f'data "terraform_remote_state" "{name}" {{\n  backend = "{backend}"\n  config = {{\n{config}\n  }}\n}}\n'


S3 = """\
    bucket = "b"
    key = "k"
    region = "eu-west-1"
    profile = "evil"
    shared_config_files = ["aws_config"]"""

RUNS: dict[str, dict[str, str]] = {
    "remote state in S3, credentials by a program": {
        "main.tf": GOOD + remote_state("s3", S3),
        "aws_config": AWS_CONFIG,
    },
    "remote state in Kubernetes, credentials by a program": {
        "main.tf": GOOD
        + remote_state("kubernetes", '    secret_suffix = "x"\n    config_path = "kubeconfig"'),
        "kubeconfig": KUBECONFIG,
    },
    "remote state in a check block": {
        "main.tf": GOOD
        + 'check "x" {\n'
        + remote_state("s3", S3)
        + '  assert {\n    condition = true\n    error_message = "no"\n  }\n}\n',
        "aws_config": AWS_CONFIG,
    },
    "remote state in JSON, in a module": {
        "main.tf": GOOD + 'module "x" {\n  source = "./x"\n}\n',
        "x/main.tf.json": '{"data": {"terraform_remote_state": {"e": {"backend": "http", "config": '
        '{"address": "http://127.0.0.1:PORT/s"}}}}, '
        '"output": {"o": {"value": "${data.terraform_remote_state.e.outputs}"}}}',
    },
    "remote state with an escaped name": {
        "main.tf": GOOD,
        "x.tf.json": '{"d\\u0061ta": {"terraform_remote_st\\u0061te": {"e": {"backend": "http", "config": '
        '{"address": "http://127.0.0.1:PORT/s"}}}}}',
    },
    "local remote state elsewhere": {
        "main.tf": GOOD
        + remote_state("local", '    path = "OUTSIDE/new/terraform.tfstate"')
        + 'output "o" {\n  value = data.terraform_remote_state.evil.outputs\n}\n',
    },
    "backend in an override": {
        "main.tf": GOOD,
        "zzzz_override.tf": 'terraform {\n  backend "s3" {\n' + S3 + "\n  }\n}\n",
        "aws_config": AWS_CONFIG,
    },
    "local backend elsewhere": {
        "main.tf": GOOD + 'terraform {\n  backend "local" {\n    path = "OUTSIDE/new.tfstate"\n  }\n}\n',
    },
    "HCP Terraform": {
        "main.tf": GOOD
        + 'terraform {\n  cloud {\n    hostname = "127.0.0.1:PORT"\n    organization = "o"\n'
        + '    workspaces {\n      name = "w"\n    }\n  }\n}\n',
    },
    "program, request and provisioners": {
        "main.tf": GOOD
        + 'data "external" "x" {\n  program = ["touch", "MARK"]\n}\n'
        + 'data "http" "x" {\n  url = "http://127.0.0.1:PORT/"\n}\n'
        + 'resource "terraform_data" "x" {\n  provisioner "local-exec" {\n    command = "touch MARK"\n  }\n}\n',
    },
    "module from a repository": {
        "main.tf": GOOD + 'module "x" {\n  source = "git::file://OUTSIDE/repository"\n}\n',
    },
    "module with an escaped source": {
        "main.tf": GOOD,
        "x.tf.json": '{"module": {"x": {"sou\\u0072ce": "http://127.0.0.1:PORT/module.zip"}}}',
    },
    "plugins and configuration of Terraform's own": {
        "main.tf": GOOD,
        ".terraformrc": 'provider_installation {\n  dev_overrides {\n    "hashicorp/aws" = "."\n  }\n}\n',
        "terraform-provider-aws": TOUCH,
        ".terraform/providers/registry.terraform.io/hashicorp/aws/6.25.0/linux_amd64/terraform-provider-aws": TOUCH,
    },
}

READS: dict[str, dict[str, str]] = {
    "environment": {"main.tf": REGION + SHOWN % 'filebase64("/proc/self/environ")'},
    "environment by a path put together": {
        "main.tf": REGION + SHOWN % 'filebase64(join("/", ["", "proc", "self", "environ"]))'
    },
    "environment in a template": {
        "main.tf": REGION + SHOWN % 'templatefile("x.tmpl", {})',
        "x.tmpl": '${base64encode(file("/proc/self/environ"))}',
    },
    "environment in a text that becomes a template": {
        "main.tf": REGION
        + 'locals {\n  t = "$${filebase64(\\"/proc/self/environ\\")}"\n}\n'
        + SHOWN % "templatestring(local.t, {})"
    },
    "a file outside": {"main.tf": REGION + SHOWN % 'file("OUTSIDE/secret")'},
    "a file outside by steps up": {"main.tf": REGION + SHOWN % 'file("${path.module}/UP/secret")'},
    "a file outside by a link": {"main.tf": REGION + SHOWN % 'file("link")'},
    "names of files outside": {"main.tf": REGION + SHOWN % 'join(",", fileset("OUTSIDE", "*"))'},
    "names of files behind a link": {"main.tf": REGION + SHOWN % 'join(",", fileset("folder", "*"))'},
    "the repository's own configuration": {
        "main.tf": REGION + SHOWN % 'strrev(file(".git/config"))',
        ".git/config": f"[http]\n  extraheader = {SECRET[::-1]}\n",
    },
    "a hidden file": {"main.tf": REGION + SHOWN % 'file("x/.env")', "x/.env": f"TOKEN={SECRET}\n"},
    "a state": {
        "main.tf": REGION + SHOWN % 'file("terraform.tfstate")',
        "terraform.tfstate": f'{{"x": "{SECRET}"}}',
    },
    "a device": {"main.tf": REGION + SHOWN % 'file("/dev/zero")'},
    "a pipe": {"main.tf": REGION + SHOWN % 'file("pipe")'},
    "the home folder": {"main.tf": REGION + SHOWN % 'file(pathexpand("~/secret"))'},
}


@pytest.mark.parametrize("exact", [False, True], ids=["plain", "exact"])
@pytest.mark.parametrize("name", [*RUNS, *READS])
def test_nothing_runs_nothing_leaks_and_nothing_outside_is_touched(
    name: str, exact: bool, tmp_path: Path
) -> None:
    mark, outside, folder = tmp_path / "mark", tmp_path / "outside", tmp_path / "judged"
    outside.mkdir()
    (outside / "secret").write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        told = {
            "MARK": str(mark),
            "OUTSIDE": str(outside),
            "UP": os.path.relpath(outside, folder),
            "PORT": str(listener.getsockname()[1]),
        }
        for path, text in {**RUNS, **READS}[name].items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            for word, meant in told.items():
                text = text.replace(word, meant)
            (folder / path).write_text(text)
            (folder / path).chmod(0o755)
        (folder / "link").symlink_to(outside / "secret")
        (folder / "folder").symlink_to(outside)
        os.mkfifo(folder / "pipe")
        done = subprocess.run(
            [sys.executable, "-P", "-m", "policies", "check", ".", *(["--exact"] if exact else [])],
            cwd=folder,
            env={
                **os.environ,
                "GITHUB_TOKEN": SECRET,
                "HOME": str(outside),
                "CLOUDMART_CACHE": str(cache.root()),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert not mark.exists()
    assert [path.name for path in outside.rglob("*")] == ["secret"]
    said = done.stdout + done.stderr
    assert SECRET not in said
    assert SECRET[::-1] not in said
    assert "Traceback" not in said
    # What cannot be read leaves open which queues there are, or makes Terraform refuse the whole.
    assert done.returncode in ((0, 1, 2) if exact and name in READS else (0, 1))
    if exact and name in READS and done.returncode == 0:
        assert "one instance" in said
