"""The cloud-config of a backend instance: it runs one container, with its settings in the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping

FOLDER = "/etc/cloudmart"
CA_BUNDLE = f"{FOLDER}/rds-ca.pem"
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
CA_SOURCE = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"


def cloud_config(
    *, image: str, registry: str, environment: Mapping[str, str], log_group: str, region: str, port: int
) -> str:
    """A cloud-config document for Amazon Linux 2023.

    Values may hold Terraform references; they are names, hosts, ports and ARNs, never a secret: the
    backend reads the password itself, with the instance's role, from the secret that is named to it.
    `registry` is the host of an ECR registry to sign in to with that role, or empty.
    """
    unit = f"""\
[Unit]
Description=CloudMart backend
Requires=docker.service
After=docker.service network-online.target
Wants=network-online.target

[Service]
Restart=always
RestartSec=5
TimeoutStartSec=300
ExecStartPre=-/usr/bin/docker rm --force backend
ExecStartPre=/usr/bin/curl --silent --show-error --fail --retry 10 --retry-all-errors --output {CA_BUNDLE} {CA_SOURCE}
ExecStartPre=/usr/bin/docker pull --quiet {image}
ExecStart=/usr/bin/docker run --name backend --rm --publish {port}:{port} --env-file {FOLDER}/backend.env \\
  --volume {CA_BUNDLE}:{CA_BUNDLE}:ro --security-opt no-new-privileges \\
  --log-driver awslogs --log-opt awslogs-region={region} --log-opt awslogs-group={log_group} {image}
ExecStop=/usr/bin/docker stop --time 30 backend

[Install]
WantedBy=multi-user.target
"""
    files = {
        f"{FOLDER}/backend.env": "".join(f"{name}={value}\n" for name, value in environment.items()),
        "/etc/systemd/system/cloudmart-backend.service": unit,
    }
    if registry:
        files["/root/.docker/config.json"] = json.dumps({"credHelpers": {registry: "ecr-login"}}) + "\n"
    lines = ["#cloud-config", "packages: [docker, amazon-ecr-credential-helper]", "write_files:"]
    for path, content in files.items():
        lines += [f"  - path: {path}", "    owner: root:root", "    permissions: '0600'", "    content: |"]
        lines += [f"      {line}" if line else "" for line in content.splitlines()]
    lines += [
        "runcmd:",
        "  - [systemctl, daemon-reload]",
        "  - [systemctl, enable, --now, docker]",
        "  - [systemctl, enable, --now, cloudmart-backend]",
    ]
    return "\n".join(lines) + "\n"
