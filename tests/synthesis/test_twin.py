"""The local twin and the stack: the same limits, parameters, rights, protection and contract."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from stacks import VARIANTS, settings_values

from settings import contract
from settings.reader import parse
from synthesis import certificates, compose

Stack = Callable[[str], dict[str, Any]]
# What production answers with names, and a developer's machine with passwords.
ADDRESS_AND_SIGN_IN = re.compile(
    r"(DATABASE_(HOST|NAME|USER|AUTH|SECRET_ARN|PASSWORD)|REDIS_(URL|AUTH|USER|PASSWORD|REPLICATION_GROUP))"
)


def twin(variant: str) -> dict[str, Any]:
    environment, changes = VARIANTS[variant]
    settings, complaints = parse(settings_values(environment, changes))
    assert settings is not None, complaints
    document: dict[str, Any] = yaml.safe_load(compose.document(settings))
    return document


def options(command: list[str]) -> dict[str, str]:
    """PostgreSQL's `-c name=value`, by name."""
    return dict(text.split("=", 1) for flag, text in pairwise(command) if flag == "-c")


@pytest.mark.parametrize("variant", ["prod", "dev", "own_certificates"])
def test_postgresql_has_the_parameters_of_production(stack: Stack, variant: str) -> None:
    service = twin(variant)["services"]["postgres"]
    given = options(service["command"])
    group = stack(variant)["resource"]["aws_db_parameter_group"]["main"]
    for parameter in group["parameter"]:
        if parameter["name"] == "rds.force_ssl":
            continue
        assert given[parameter["name"]] == parameter["value"]
    assert service["image"].removeprefix("postgres:") == group["family"].removeprefix("postgres")


def test_nobody_reaches_postgresql_without_tls() -> None:
    document = twin("prod")
    service = document["services"]["postgres"]
    given = options(service["command"])
    assert given["ssl"] == "on"
    (mounted,) = (one for one in service["configs"] if one["target"] == given["hba_file"])
    lines = document["configs"][mounted["source"]]["content"].split("\n")
    assert {line.split()[0] for line in lines if line} == {"local", "hostssl"}


@pytest.mark.parametrize("variant", ["prod", "dev"])
def test_redis_has_the_parameters_and_the_rights_of_production(stack: Stack, variant: str) -> None:
    resources = stack(variant)["resource"]
    command = twin(variant)["services"]["redis"]["command"]
    for parameter in resources["aws_elasticache_parameter_group"]["main"]["parameter"]:
        assert command[command.index(f"--{parameter['name']}") + 1] == parameter["value"]
    text = " ".join(command)
    user = resources["aws_elasticache_user"]["backend"]
    on, _, rights = user["access_string"].partition(" ")
    assert re.search(rf"--user {user['user_name']} {on} >\S+.* {re.escape(rights)} --user", text)
    assert text.endswith("--user default off ~* -@all")
    # In transit as in AWS: the plain port is closed.
    assert "--port 0 --tls-port 6379" in text


def test_no_sign_in_where_production_has_none() -> None:
    services = twin("own_certificates")["services"]
    assert "--user" not in services["redis"]["command"]
    assert services["backend"]["environment"]["REDIS_AUTH"] == "none"


@pytest.mark.parametrize("variant", ["prod", "dev", "everything"])
def test_the_backend_is_told_the_same_contract(stack: Stack, variant: str) -> None:
    document = yaml.safe_load(stack(variant)["locals"]["backend_user_data"])
    (text,) = (one["content"] for one in document["write_files"] if one["path"].endswith("/backend.env"))
    there = dict(line.split("=", 1) for line in text.splitlines())
    backend = twin(variant)["services"]["backend"]
    here = backend["environment"]
    assert set(here) <= set(contract.MEANING)
    assert {name: value for name, value in there.items() if not ADDRESS_AND_SIGN_IN.fullmatch(name)} == {
        name: value for name, value in here.items() if not ADDRESS_AND_SIGN_IN.fullmatch(name)
    }
    assert here["REDIS_URL"].startswith("rediss://")
    assert f"./{compose.CERTIFICATES}/ca.pem:{here['DATABASE_SSLROOTCERT']}:ro" in backend["volumes"]


def test_the_twins_certificates_hold_for_the_names_of_its_stores(tmp_path: Path) -> None:
    certificates.write(tmp_path, compose.STORES)
    kept = (tmp_path / "postgres.key").read_bytes()
    certificates.write(tmp_path, compose.STORES)
    assert (tmp_path / "postgres.key").read_bytes() == kept
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    assert context.check_hostname
    for store in compose.STORES:
        assert (tmp_path / f"{store}.key").stat().st_mode & 0o077 == 0
        one = x509.load_pem_x509_certificate((tmp_path / f"{store}.pem").read_bytes())
        one.verify_directly_issued_by(authority)
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == [store, "localhost"]
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(tmp_path / f"{store}.pem", tmp_path / f"{store}.key")
