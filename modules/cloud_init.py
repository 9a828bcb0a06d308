"""The cloud-config of a backend instance: it runs one container, with its settings in the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping

from settings.contract import CA_BUNDLE

FOLDER = "/etc/cloudmart"
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
CA_SOURCE = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/install-CloudWatch-Agent-on-EC2-Instance-fleet.html
AGENT = "/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl"
HOST_LOG = "/var/log/cloudmart-host.log"
JOURNAL_UNITS = ("docker", "cloudmart-backend", "cloud-init", "cloud-final", "amazon-ssm-agent")


def cloud_config(
    *,
    image: str,
    registry: str,
    environment: Mapping[str, str],
    log_group: str,
    host_log_group: str,
    region: str,
    port: int,
    start_timeout_seconds: int,
) -> str:
    """A cloud-config document for Amazon Linux 2023.

    Values may hold Terraform references; they are names, hosts, ports and ARNs, never a secret: the
    backend reads the password itself, with the instance's role, from the secret that is named to it.
    `registry` is the host of an ECR registry to sign in to with that role, or empty.

    Only the first start of an instance fetches something. A container that is started again, on a host that runs,
    finds image and certificates in place and reaches for nothing: registry, truststore and log service may be
    away (https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_withstand_component_failures_static_stability.html).
    """
    run = (
        f"/usr/bin/docker run --name backend --rm --publish {port}:{port} --env-file {FOLDER}/backend.env \\\n"
        f"  --volume {CA_BUNDLE}:{CA_BUNDLE}:ro --security-opt no-new-privileges \\\n"
        f"  --log-driver awslogs --log-opt awslogs-region={region} --log-opt awslogs-group={log_group} \\\n"
        # A container does not wait for its log: https://docs.docker.com/engine/logging/configure/#configure-the-delivery-mode-of-log-messages-from-container-to-log-driver
        f"  --log-opt mode=non-blocking --log-opt max-buffer-size=4m {image}"
    )
    unit = f"""\
[Unit]
Description=CloudMart backend
Requires=docker.service
After=docker.service network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=5
TimeoutStartSec={start_timeout_seconds}
StandardOutput=null
ExecStartPre=-/usr/bin/docker rm --force backend
ExecStartPre=/usr/local/sbin/cloudmart-fetch
ExecStart={run}
ExecStop=/usr/bin/docker stop --time 30 backend

[Install]
WantedBy=multi-user.target
"""
    fetch = f"""\
#!/bin/sh
# What the container needs, fetched only if it is not here yet.
set -eu
if ! [ -s {CA_BUNDLE} ]; then
  curl --silent --show-error --fail --retry 10 --retry-all-errors --output {CA_BUNDLE}.part {CA_SOURCE}
  mv {CA_BUNDLE}.part {CA_BUNDLE}
fi
docker image inspect {image} >/dev/null 2>&1 || docker pull --quiet {image}
"""
    journal = f"""\
#!/bin/sh
# The journal of the units that matter, as a file that the CloudWatch agent follows; it is begun anew at 10 MB.
while sleep 15; do
  journalctl --quiet --boot --output=short-iso --cursor-file=/run/cloudmart-journal \\
    {" ".join(f"--unit={one}" for one in JOURNAL_UNITS)} >>{HOST_LOG} || true
  if [ "$(stat --format=%s {HOST_LOG})" -gt 10000000 ]; then : >{HOST_LOG}; fi
done
"""
    journal_unit = """\
[Unit]
Description=The journal for the CloudWatch agent

[Service]
Restart=always
ExecStart=/usr/local/sbin/cloudmart-journal

[Install]
WantedBy=multi-user.target
"""
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-Configuration-File-Details.html
    agent = {
        "agent": {"run_as_user": "root"},
        "logs": {
            "logs_collected": {
                "files": {
                    "collect_list": [
                        {
                            "file_path": path,
                            "log_group_name": host_log_group,
                            "log_stream_name": f"{{instance_id}}/{stream}",
                        }
                        for path, stream in (
                            (HOST_LOG, "host"),
                            ("/var/log/cloud-init-output.log", "first-boot"),
                        )
                    ]
                }
            }
        },
    }
    files = {
        f"{FOLDER}/backend.env": (
            "0600",
            "".join(f"{name}={value}\n" for name, value in environment.items()),
        ),
        "/etc/systemd/system/cloudmart-backend.service": ("0644", unit),
        "/etc/systemd/system/cloudmart-journal.service": ("0644", journal_unit),
        "/usr/local/sbin/cloudmart-fetch": ("0755", fetch),
        "/usr/local/sbin/cloudmart-journal": ("0755", journal),
        f"{FOLDER}/agent.json": ("0644", json.dumps(agent) + "\n"),
    }
    if registry:
        helpers = json.dumps({"credHelpers": {registry: "ecr-login"}})
        files["/root/.docker/config.json"] = ("0600", f"{helpers}\n")
    lines = [
        "#cloud-config",
        "packages: [docker, amazon-ecr-credential-helper, amazon-cloudwatch-agent]",
        "write_files:",
    ]
    for path, (mode, content) in files.items():
        lines += [f"  - path: {path}", "    owner: root:root", f"    permissions: '{mode}'", "    content: |"]
        lines += [f"      {line}" if line else "" for line in content.splitlines()]
    lines += [
        "runcmd:",
        "  - [systemctl, daemon-reload]",
        "  - [systemctl, enable, --now, cloudmart-journal]",
        f"  - [{AGENT}, -a, fetch-config, -m, ec2, -s, -c, 'file:{FOLDER}/agent.json']",
        "  - [systemctl, enable, --now, docker]",
        "  - [systemctl, enable, --now, cloudmart-backend]",
    ]
    return "\n".join(lines) + "\n"
