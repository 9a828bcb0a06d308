"""The reference backend: it signs in anew each time, checks certificates, and serves as the contract wants."""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from stacks import ROOT, settings_values

from settings import contract
from settings.reader import parse
from synthesis.bindings import node

SOURCE = ROOT / "examples" / "backend"
KEYS = {"accessKeyId": "AKIDEXAMPLE", "secretAccessKey": "wJalrXUtnFEMI", "sessionToken": "token/+="}


# The same request, signed by botocore for a moment that is given.
SIGN = """
import datetime, json, sys
from unittest import mock
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
keys, moment = json.loads(sys.argv[1]), datetime.datetime.strptime(sys.argv[2], "%Y%m%dT%H%M%SZ")
request = AWSRequest("GET", "http://cloudmart-prod/", params={"Action": "connect", "User": "cloudmart-prod-backend"})
keys = Credentials(keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"])
with mock.patch.object(botocore.auth, "datetime") as clock:
    clock.datetime.utcnow.return_value = clock.datetime.now.return_value = moment
    botocore.auth.SigV4QueryAuth(keys, "elasticache", "ap-northeast-2", expires=900).add_auth(request)
print(request.url)
"""


def run(folder: Path, task: str, given: dict[str, Any]) -> Any:
    done = subprocess.run(
        [node(), "driver.mjs", task, json.dumps(given)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def environment(backend: Path) -> dict[str, str]:
    """The contract's variables of production, as user data has them once its references are known."""
    settings, _ = parse(settings_values("prod"))
    assert settings is not None
    told = contract.told(
        settings,
        region="ap-northeast-2",
        database={
            "DATABASE_HOST": "cloudmart-db.abc.ap-northeast-2.rds.amazonaws.com",
            "DATABASE_PORT": "5432",
            "DATABASE_NAME": "cloudmart",
            "DATABASE_USER": "cloudmart_user",
            "DATABASE_AUTH": "secret",
            "DATABASE_SECRET_ARN": "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!db-1",
        },
        cache={
            "REDIS_URL": "rediss://master.cloudmart-prod.abc.apn2.cache.amazonaws.com:6379",
            "REDIS_AUTH": "iam",
            "REDIS_USER": "cloudmart-prod-backend",
            "REDIS_REPLICATION_GROUP": "cloudmart-prod",
        },
    )
    return told | {"DATABASE_SSLROOTCERT": str(backend / "certificates" / "ca.pem")}


def test_the_backend_is_small_and_reads_the_contract_and_nothing_else() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in SOURCE.glob("*.js"))
    assert text.count("\n") < 250
    named = set(re.findall(r'\b(?:told|number)\((?:process\.env|environment), "([A-Z_]+)"', text))
    # Node reads the last one itself.
    assert named == set(contract.MEANING) - {"NODE_EXTRA_CA_CERTS"}


def test_the_cache_token_is_the_one_that_botocore_signs(backend: Path) -> None:
    """The same request, signed by AWS's own library for Python at the same moment."""
    moment = datetime.datetime(2026, 1, 31, 3, 15, tzinfo=datetime.UTC)
    found = run(
        backend,
        "token",
        {
            "region": "ap-northeast-2",
            "group": "cloudmart-prod",
            "user": "cloudmart-prod-backend",
            "credentials": KEYS,
            "now": moment.isoformat(),
        },
    )
    # botocore comes with Checkov, in its environment.
    done = subprocess.run(
        [
            ROOT / ".venv-checkov" / "bin" / "python",
            "-c",
            SIGN,
            json.dumps(KEYS),
            moment.strftime("%Y%m%dT%H%M%SZ"),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    wanted = parse_qs(urlsplit(done.stdout.strip()).query)
    token = urlsplit(f"http://{found}")
    assert (token.netloc, token.path) == ("cloudmart-prod", "/")
    assert parse_qs(token.query) == wanted


def test_a_password_that_changed_is_taken_up_by_the_next_connection(
    backend: Path, environment: dict[str, str]
) -> None:
    found = run(backend, "secrets", environment)
    assert found == {"passwords": ["first", "second"], "asked": [environment["DATABASE_SECRET_ARN"]] * 2}


def test_the_pool_is_as_it_is_told_and_checks_certificates(
    backend: Path, environment: dict[str, str]
) -> None:
    assert run(backend, "pool", environment) == {
        "max": 4,
        "idleTimeoutMillis": 30000,
        "connectionTimeoutMillis": 2000,
        "checked": True,
        "ca": True,
    }


def test_redis_is_pinged_before_it_hangs_up_and_reached_over_tls(
    backend: Path, environment: dict[str, str]
) -> None:
    assert run(backend, "cache", environment) == {
        "pingInterval": 150000,
        "disableOfflineQueue": True,
        "tls": True,
    }


def test_each_connection_to_redis_signs_in_with_a_token(backend: Path, environment: dict[str, str]) -> None:
    found = run(backend, "credentials", {**environment, "credentials": KEYS})
    assert [one["username"] for one in found] == ["cloudmart-prod-backend"] * 2
    for one in found:
        assert one["password"].startswith("cloudmart-prod/?Action=connect&User=cloudmart-prod-backend&")
    assert run(backend, "credentials", {**environment, "REDIS_AUTH": "none"}) is None


def test_it_is_healthy_while_its_stores_are_away_and_lets_large_bodies_in(
    backend: Path, environment: dict[str, str]
) -> None:
    found = run(backend, "serve", environment)
    kept = int(environment["KEEP_ALIVE_TIMEOUT_MS"])
    same = {"health": 200, "broken": 400, "other": 404, "keepAlive": kept, "headers": kept + 1000}
    assert found["away"] == {**same, "products": 503, "ready": 503, "large": 503}
    assert found["there"] == {**same, "products": 200, "ready": 503, "large": 201}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"DATABASE_SSLMODE": "require"}, "DATABASE_SSLMODE=require: must be one of verify-full"),
        ({"DATABASE_HOST": ""}, "DATABASE_HOST is not set"),
        ({"DATABASE_AUTH": "trust"}, "must be one of secret, iam, password"),
        ({"DATABASE_POOL_SIZE": "many"}, "DATABASE_POOL_SIZE: must be a whole number"),
        ({"REDIS_URL": "redis://localhost:6379"}, "REDIS_URL: must begin with rediss://"),
        ({"REDIS_USER": ""}, "REDIS_USER is not set"),
    ],
)
def test_a_contract_that_is_not_kept_ends_the_start_in_words(
    backend: Path, environment: dict[str, str], change: dict[str, str], words: str
) -> None:
    done = subprocess.run(
        [node(), "server.js"],
        cwd=backend,
        env={"PATH": os.environ["PATH"], **environment, "PORT": "0", **change},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "at " not in done.stderr
