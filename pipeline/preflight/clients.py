"""Clients of AWS's API that answer or give up in bounded time, and who is calling."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

from cloudmart_support.problem import Problem

GLOBAL = "us-east-1"
"""The region of what has none, and the one that no account can turn off."""
UNHEARD = (BotoCoreError, ResponseParserError)
"""No answer of AWS's: none at all, or somebody else's, such as a proxy's page."""
# Two tries of 20 s at the most.
_CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 2, "mode": "standard"})
_SIGNING = frozenset(
    (
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "RequestExpired",
    )
)


@dataclass(frozen=True)
class Caller:
    """Who calls: the account's number and the ARN that STS names."""

    account: str
    arn: str


class Clients:
    """One session's clients, by service and region."""

    def __init__(self, session: Any = None) -> None:
        self.session = session or boto3.session.Session()
        self._made: dict[tuple[str, str], Any] = {}
        # Sessions make no clients for several threads at once.
        self._lock = threading.Lock()

    def of(self, service: str, region: str) -> Any:
        """The client of a service in a region."""
        with self._lock:
            if (service, region) not in self._made:
                self._made[service, region] = self.session.client(service, region_name=region, config=_CONFIG)
            return self._made[service, region]


def caller(clients: Clients) -> Caller:
    """Who is calling.

    Raises:
        Problem: AWS does not take the credentials, or does not answer.
    """
    try:
        said = clients.of("sts", GLOBAL).get_caller_identity()
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        cure = "aws sso login (with AWS_PROFILE), or new keys" if code in _SIGNING else "see what it says"
        raise Problem(
            f"preflight: AWS does not take the credentials ({error.response['Error'].get('Message') or code}): {cure}, "
            "then run the same again"
        ) from error
    except (*UNHEARD, ValueError) as error:
        raise Problem(
            f"preflight: cannot ask AWS who is calling ({error}): see to the network, the proxy (HTTPS_PROXY) and "
            "the credentials (aws sts get-caller-identity), then run the same again"
        ) from error
    return Caller(said["Account"], said["Arn"])


def code_of(error: ClientError) -> str:
    """What AWS calls an error; for answers without a body, the status."""
    return str(error.response.get("Error", {}).get("Code", ""))
