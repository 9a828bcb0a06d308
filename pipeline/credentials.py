"""Whether there is anything for the AWS provider to sign in with, found without calling AWS.

The places and their order are those of the AWS SDK for Go, which the provider uses:
https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

import configparser
import http.client
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path

from cloudmart_support.problem import Problem

_METADATA = "http://169.254.169.254"
_SECONDS = 1.0
_KEYS = (
    "aws_access_key_id",
    "credential_process",
    "login_session",
    "role_arn",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
)
"""What makes a profile one that can sign in. Source: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html"""


def find(environ: Mapping[str, str], instance_role: Callable[[Mapping[str, str]], str] | None = None) -> str:
    """Where credentials come from, in words; empty where there are none.

    `instance_role` asks the instance's metadata service (default: over the network, one second at most).

    Raises:
        Problem: AWS_PROFILE names a profile that is not there, or a file of profiles cannot be read.
    """
    if environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
        return "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    profile = environ.get("AWS_PROFILE") or "default"
    files = _files(environ)
    profiles = _profiles(files)
    if environ.get("AWS_PROFILE") and profile not in profiles:
        known = ", ".join(sorted(profiles)) or "none"
        raise Problem(
            f"AWS_PROFILE={profile}: there is no such profile in {' or '.join(map(str, files))}; "
            f"there are: {known}"
        )
    if profiles.get(profile, set()) & set(_KEYS):
        return f"the profile {profile}"
    if environ.get("AWS_WEB_IDENTITY_TOKEN_FILE") and environ.get("AWS_ROLE_ARN"):
        return f"the web identity of {environ['AWS_ROLE_ARN']}"
    if environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") or environ.get(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    ):
        return "the container's role"
    role = (instance_role or _instance_role)(environ)
    return f"the instance's role {role}" if role else ""


def _files(environ: Mapping[str, str]) -> list[Path]:
    home = Path(environ.get("HOME") or Path.home())
    return [
        Path(environ.get("AWS_CONFIG_FILE") or home / ".aws" / "config").expanduser(),
        Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials").expanduser(),
    ]


def _profiles(files: list[Path]) -> dict[str, set[str]]:
    """The profiles of both files, each with the names of its settings."""
    found: dict[str, set[str]] = {}
    for path in files:
        parser = configparser.RawConfigParser(strict=False, default_section="\0")
        try:
            parser.read_string(path.read_text(encoding="utf-8"), source=str(path))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise Problem(f"{path}: cannot be read ({error.strerror}): give yourself access to it") from error
        except (configparser.Error, ValueError) as error:
            line = str(error).splitlines()[0]
            raise Problem(f"{path}: is not a file of AWS profiles: {line}") from error
        for section in parser.sections():
            found.setdefault(section.removeprefix("profile "), set()).update(parser.options(section))
    return found


def _instance_role(environ: Mapping[str, str]) -> str:
    """The name of the instance's role, from the metadata service; empty where there is none.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
    """
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return ""
    place = urllib.parse.urlsplit(environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or _METADATA)
    try:
        # Never through a proxy: the address means this machine.
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_SECONDS)
        with_ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
        connection.request("PUT", "/latest/api/token", headers=with_ttl)
        answer = connection.getresponse()
        token = answer.read(4096).decode("ascii", "replace").strip()
        if answer.status != 200:
            return ""
        signed = {"X-aws-ec2-metadata-token": token}
        connection.request("GET", "/latest/meta-data/iam/security-credentials/", headers=signed)
        answer = connection.getresponse()
        role = answer.read(4096).decode("ascii", "replace").strip()
        return role if answer.status == 200 else ""
    except (OSError, http.client.HTTPException, ValueError):
        return ""
