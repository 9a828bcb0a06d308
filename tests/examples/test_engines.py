"""The stack's parameters, rights, certificates and limits in real engines, with the reference backend's connections.

What the engines have themselves is theirs here: parameters, connections, TLS, roles, access string. What AWS does
around them is stood in for, by name: the parameters in `OF_RDS`, the secret (moto's Secrets Manager), and IAM's tokens,
of which the engine takes one at a time.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import engines
import pytest
import yaml
from engines import PATIENCE, PostgreSQL, Redis, needs_postgresql, needs_redis
from moto.server import ThreadedMotoServer
from stacks import ROOT, settings_values

from cloudmart_support import processes
from handoff.runbook import Command, runbook
from settings import contract, limits
from settings.reader import parse
from synthesis import certificates, compose
from synthesis.bindings import node

OF_RDS = {"rds.force_ssl": {"0": "host", "1": "hostssl"}}
"""Parameters that RDS alone has, and what they come to in pg_hba.conf."""
SUPERUSER, PASSWORD = "rdsadmin", "first-of-this-test"
KEYS = {"accessKeyId": "AKIDEXAMPLE", "secretAccessKey": "wJalrXUtnFEMI"}


class Database(NamedTuple):
    """A running PostgreSQL, and what the backend of the same stack is told."""

    server: PostgreSQL
    environment: dict[str, str]
    configuration: dict[str, Any]
    options: list[str]


class Cache(NamedTuple):
    """A running Redis, and what the backend of the same stack is told, with a password in place of tokens."""

    server: Redis
    environment: dict[str, str]
    configuration: dict[str, Any]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of the twin's kind, from an authority of these tests' own."""
    folder = tmp_path_factory.mktemp("authority")
    certificates.write(folder, compose.STORES)
    return folder


@pytest.fixture(scope="module")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other")
    certificates.write(folder, compose.STORES)
    return folder


@pytest.fixture(scope="module")
def secrets() -> Iterator[str]:
    """Secrets Manager's address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def secrets_manager(address: str) -> Any:
    return boto3.client(
        "secretsmanager",
        region_name="ap-northeast-2",
        endpoint_url=address,
        aws_access_key_id=KEYS["accessKeyId"],
        aws_secret_access_key=KEYS["secretAccessKey"],
    )


def told(configuration: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
    """The variables in the stack's own user data, those that hang on AWS replaced by what is known here."""
    document = yaml.safe_load(configuration["locals"]["backend_user_data"])
    (text,) = (one["content"] for one in document["write_files"] if one["path"].endswith("/backend.env"))
    there = dict(line.split("=", 1) for line in text.splitlines())
    found = there | {name: value for name, value in known.items() if name in there}
    assert not [name for name, value in found.items() if "${" in value]
    return found


def installed_certificates(authority: Path, store: str, folder: Path) -> list[Path]:
    """The store's certificate, key and authority, where its user can read them."""
    copies = []
    for name in (f"{store}.pem", f"{store}.key", "ca.pem"):
        copy = Path(shutil.copy(authority / name, folder))
        copy.chmod(0o600)
        shutil.chown(copy, engines.user_for(store))
        copies.append(copy)
    return copies


@pytest.fixture(scope="module", params=["prod", "dev"])
def database(
    request: pytest.FixtureRequest, stack: Callable[[str], dict[str, Any]], authority: Path, secrets: str
) -> Iterator[Database]:
    """PostgreSQL as RDS would run it from the stack's parameter group: its owner is no superuser."""
    configuration = stack(request.param)
    resources = configuration["resource"]
    group = resources["aws_db_parameter_group"]["main"]["parameter"]
    instance = resources["aws_db_instance"]["main"]
    assert instance["engine"] == "postgres" and str(instance["engine_version"]).split(".")[0] == "15"
    with engines.folder_for("postgres") as folder:
        certificate, key, _ = installed_certificates(authority, "postgres", folder)
        (connection,) = {OF_RDS[one["name"]][one["value"]] for one in group if one["name"] in OF_RDS}
        hba = folder / "pg_hba.conf"
        # IAM's tokens come in plain text within TLS: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
        methods = (("+rds_iam", "password"), ("all", "scram-sha-256"))
        lines = [f"{connection} all {who} 127.0.0.1/32 {method}" for who, method in methods]
        hba.write_text("\n".join(["local all all trust", *lines, ""]), encoding="utf-8")
        hba.chmod(0o644)
        given = {one["name"]: one["value"] for one in group if one["name"] not in OF_RDS}
        # RDS's default, which hangs on the class alone.
        given.setdefault("max_connections", str(limits.class_connections(instance["instance_class"])))
        given |= {
            # RDS keeps two besides PostgreSQL's own three.
            "superuser_reserved_connections": str(limits.TABLE["database"]["reserved"]),
            "hba_file": str(hba),
            "ssl": "on",
            "ssl_cert_file": str(certificate),
            "ssl_key_file": str(key),
        }
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        server = PostgreSQL(folder, SUPERUSER)
        owner, name = instance["username"], instance["db_name"]
        secret = secrets_manager(secrets).create_secret(
            Name=f"rds!{request.param}", SecretString=json.dumps({"username": owner, "password": PASSWORD})
        )
        environment = told(
            configuration,
            {
                "DATABASE_HOST": "localhost",
                "DATABASE_PORT": str(server.port),
                "DATABASE_NAME": name,
                "DATABASE_USER": owner,
                "DATABASE_SECRET_ARN": secret["ARN"],
                "DATABASE_SSLROOTCERT": str(authority / "ca.pem"),
                "NODE_EXTRA_CA_CERTS": str(authority / "ca.pem"),
                "REDIS_URL": "rediss://localhost:1",
                "REDIS_USER": "none",
                "REDIS_REPLICATION_GROUP": "none",
            },
        )
        with server.running(options):
            server.sql(
                f"CREATE ROLE rds_iam; CREATE ROLE {owner} LOGIN CREATEDB CREATEROLE PASSWORD '{PASSWORD}'"
            )
            server.sql(f"CREATE DATABASE {name} OWNER {owner}")
            yield Database(server, environment, configuration, options)


@pytest.fixture(scope="module", params=["prod", "dev"])
def redis(
    request: pytest.FixtureRequest, stack: Callable[[str], dict[str, Any]], authority: Path
) -> Iterator[Cache]:
    """Redis with the stack's parameter group, and the users of its user group as ElastiCache makes them."""
    configuration = stack(request.param)
    resources = configuration["resource"]
    parameters = resources["aws_elasticache_parameter_group"]["main"]["parameter"]
    group = resources["aws_elasticache_replication_group"]["main"]
    assert group["engine"] == "redis" and group["engine_version"].split(".")[0] == "7"
    assert group["transit_encryption_enabled"] is True and group["transit_encryption_mode"] == "required"
    with engines.folder_for("redis") as folder:
        certificate, key, ca = installed_certificates(authority, "redis", folder)
        server = Redis(folder)
        options = [part for one in parameters for part in (f"--{one['name']}", one["value"])]
        options += ["--port", "0", "--tls-port", str(server.port), "--tls-auth-clients", "no"]
        options += [
            "--tls-cert-file",
            str(certificate),
            "--tls-key-file",
            str(key),
            "--tls-ca-cert-file",
            str(ca),
        ]
        backend = resources["aws_elasticache_user"]["backend"]
        for user in resources["aws_elasticache_user"].values():
            password = f">{PASSWORD}" if user is backend else "nopass"
            options += ["--user", user["user_name"], password, *user["access_string"].split()]
        environment = told(
            configuration,
            {
                "DATABASE_HOST": "localhost",
                "DATABASE_NAME": "none",
                "DATABASE_USER": "none",
                "DATABASE_SECRET_ARN": "none",
                "DATABASE_SSLROOTCERT": str(authority / "ca.pem"),
                "NODE_EXTRA_CA_CERTS": str(authority / "ca.pem"),
                "REDIS_URL": f"rediss://localhost:{server.port}",
                "REDIS_USER": backend["user_name"],
                "REDIS_REPLICATION_GROUP": group["replication_group_id"],
            },
        ) | {"REDIS_AUTH": "password", "REDIS_PASSWORD": PASSWORD}
        with server.running(options):
            yield Cache(server, environment, configuration)


def surroundings(environment: dict[str, str], secrets: str = "http://127.0.0.1:1") -> dict[str, str]:
    """What the backend's process has around it: the contract, AWS's address and keys, and nothing of ours."""
    return {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": secrets,
        "AWS_ACCESS_KEY_ID": KEYS["accessKeyId"],
        "AWS_SECRET_ACCESS_KEY": KEYS["secretAccessKey"],
        **environment,
    }


def drive(backend: Path, task: str, given: dict[str, Any], secrets: str = "http://127.0.0.1:1") -> Any:
    done = subprocess.run(
        [node(), "engines.mjs", task, json.dumps(given)],
        cwd=backend,
        env=surroundings(given["environment"], secrets),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)


def status(url: str, body: dict[str, Any] | None = None) -> int:
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=PATIENCE) as answer:
            code: int = answer.status
            return code
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@contextmanager
def serving(
    backend: Path,
    environment: dict[str, str],
    secrets: str = "http://127.0.0.1:1",
    command: list[str] | None = None,
) -> Iterator[str]:
    """The backend's own program at work; gives its address."""
    port = engines.free_port()
    log = backend / f"server-{port}.log"
    around = surroundings({**environment, "PORT": str(port)}, secrets)
    around["PATH"] = f"{Path(node()).parent}:{around['PATH']}"
    with (
        log.open("w") as out,
        processes.started(
            ["setpriv", "--pdeathsig", "TERM", "--", *(command or ["node", "server.js"])],
            cwd=backend,
            environment=around,
            stdout=out,
            stderr=out,
        ) as process,
    ):
        url = f"http://127.0.0.1:{port}"

        def healthy() -> bool:
            assert process.poll() is None, log.read_text()
            return status(url + environment["HEALTH_CHECK_PATH"]) == 200

        eventually(healthy)
        yield url


@needs_postgresql
def test_postgresql_takes_each_parameter_of_the_group_as_it_stands(database: Database) -> None:
    for one in database.configuration["resource"]["aws_db_parameter_group"]["main"]["parameter"]:
        if one["name"] in OF_RDS:
            continue
        # RDS's numbers are in the unit of pg_settings.
        answer = database.server.sql(f"SELECT setting, context FROM pg_settings WHERE name = '{one['name']}'")
        setting, _, context = answer.partition("|")
        assert setting == one["value"]
        assert (context == "postmaster") == (one.get("apply_method") == "pending-reboot"), one["name"]


@needs_postgresql
def test_all_instances_of_a_deploy_with_full_pools_and_people_connect_at_once(
    backend: Path, database: Database, secrets: str
) -> None:
    resources = database.configuration["resource"]
    group = resources["aws_autoscaling_group"]["backend"]
    share = group["instance_refresh"]["preferences"]["max_healthy_percentage"]
    instances = math.ceil(group["max_size"] * int(share) / 100)
    people = limits.TABLE["database"]["for_people"]
    found = drive(
        backend,
        "full",
        {"environment": database.environment, "instances": instances, "people": people},
        secrets,
    )
    pools = instances * int(database.environment["DATABASE_POOL_SIZE"])
    assert found["refused"] == []
    assert (found["pools"], found["sessions"], found["encrypted"]) == (pools, pools + people, True)
    # What is refused then is refused by the number that the stack computes with.
    reserved = limits.TABLE["database"]["reserved"]
    most = int(database.server.sql("SHOW max_connections"))
    assert found["most"] == most - reserved
    assert found["beyond"].startswith("53300 ")
    # The alarm is below what the pools can reach.
    assert resources["aws_cloudwatch_metric_alarm"]["database_connections"]["threshold"] < pools


@needs_postgresql
def test_postgresql_refuses_plain_text_and_wrong_passwords_and_its_clients_wrong_certificates(
    backend: Path, database: Database, authority: Path, other_authority: Path, secrets: str
) -> None:
    environment = database.environment
    named = {"dbname": environment["DATABASE_NAME"], "user": environment["DATABASE_USER"]}
    checked = {**named, "sslmode": "verify-full", "sslrootcert": str(authority / "ca.pem")}
    assert database.server.client(password=PASSWORD, **checked).stdout.strip() == "t"
    for change, password, words in (
        ({"sslmode": "disable"}, PASSWORD, "no encryption"),
        ({}, "another", "password authentication failed"),
        ({"sslrootcert": str(other_authority / "ca.pem")}, PASSWORD, "certificate verify failed"),
        ({"host": "elsewhere.example", "hostaddr": "127.0.0.1"}, PASSWORD, "does not match host name"),
    ):
        done = database.server.client(password=password, **{**checked, **change})
        assert done.returncode != 0 and words in done.stderr
    wrong = {"DATABASE_AUTH": "password", "DATABASE_PASSWORD": "another"}
    attempts = {
        "as told": {},
        "password": wrong,
        "authority": {"DATABASE_SSLROOTCERT": str(other_authority / "ca.pem")},
        "name": {"DATABASE_HOST": "elsewhere.example"},
    }
    found = drive(backend, "connect", {"environment": environment, "attempts": attempts}, secrets)
    assert found.pop("as told") == "connected"
    assert found["password"].startswith("28P01 ")
    assert "certificate" in found["authority"]
    assert found["name"].startswith("ERR_TLS_CERT_ALTNAME_INVALID ")


@needs_postgresql
def test_a_rotated_secret_is_taken_up_by_the_next_connection(
    backend: Path, database: Database, secrets: str
) -> None:
    server, environment = database.server, database.environment
    owner, manager = environment["DATABASE_USER"], secrets_manager(secrets)

    def cut(password: str) -> None:
        server.sql(f"ALTER ROLE {owner} PASSWORD '{password}'")
        server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{owner}'")

    def keep(password: str) -> None:
        text = json.dumps({"username": owner, "password": password})
        manager.put_secret_value(SecretId=environment["DATABASE_SECRET_ARN"], SecretString=text)

    migrated = subprocess.run(
        [node(), "server.js", "migrate"],
        cwd=backend,
        env=surroundings(environment, secrets),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert migrated.returncode == 0, migrated.stderr
    with serving(backend, environment, secrets) as url:
        health, products = url + environment["HEALTH_CHECK_PATH"], f"{url}/api/products"
        eventually(lambda: status(products, {"name": "a", "price": 1}) == 201)
        # Between the two steps of a rotation the backend waits, and nobody takes it for dead.
        cut("second-of-this-test")
        eventually(lambda: status(products) == 503)
        assert status(health) == 200
        keep("second-of-this-test")
        eventually(lambda: status(products) == 200)
        cut(PASSWORD)
        keep(PASSWORD)
        eventually(lambda: status(products) == 200)


@needs_postgresql
def test_a_pool_that_nobody_uses_gives_its_connections_back(
    backend: Path, database: Database, secrets: str
) -> None:
    environment = {**database.environment, "DATABASE_IDLE_TIMEOUT_MS": "500"}
    found = drive(backend, "idle", {"environment": environment, "admin": administrator(database)}, secrets)
    assert found["during"] >= int(environment["DATABASE_POOL_SIZE"])


def administrator(database: Database) -> dict[str, Any]:
    return {
        "host": str(database.server.log.parent),
        "port": database.server.port,
        "user": SUPERUSER,
        "database": database.environment["DATABASE_NAME"],
    }


@needs_postgresql
def test_the_role_that_the_runbook_makes_uses_rows_with_a_token_for_each_connection(
    backend: Path, database: Database
) -> None:
    server, environment = database.server, database.environment
    name, owner = environment["DATABASE_NAME"], environment["DATABASE_USER"]
    (command,) = (
        step.text
        for section in runbook(database.configuration)
        for step in section.steps
        if isinstance(step, Command) and "CREATE ROLE" in step.text
    )
    (statements,) = re.findall(r"<<'END'\n(.*?)\nEND$", command, re.S)
    (role,) = re.findall(r"CREATE ROLE (\w+)", statements)
    server.sql("CREATE TABLE orders (id bigserial PRIMARY KEY)", database=name, role=owner)
    server.sql(statements, database=name, role=owner)
    # A migration that comes later.
    server.sql("CREATE TABLE payments (id bigserial PRIMARY KEY)", database=name, role=owner)
    fine = [
        f"{verb} {table}"
        for table in ("orders", "payments")
        for verb in ("INSERT INTO", "UPDATE", "DELETE FROM")
    ]
    fine = [{"I": f"{one} DEFAULT VALUES", "U": f"{one} SET id = id", "D": one}[one[0]] for one in fine] + [
        "SELECT count(*) FROM payments"
    ]
    refused = [
        "CREATE TABLE mine ()",
        "DROP TABLE orders",
        "ALTER TABLE orders ADD note text",
        "TRUNCATE payments",
    ]
    refused += ["CREATE ROLE another", f"ALTER ROLE {owner} PASSWORD 'stolen'", "SET ROLE " + owner]
    found = drive(
        backend,
        "tokens",
        {
            "environment": {**environment, "DATABASE_USER": role, "DATABASE_AUTH": "iam"},
            "admin": administrator(database),
            "statements": fine + refused,
        },
    )
    server.sql(f"DROP TABLE orders, payments; DROP OWNED BY {role}; DROP ROLE {role}", database=name)
    assert {text for text, answer in found["answers"].items() if str(answer).startswith("42501 ")} == set(
        refused
    )
    assert all(isinstance(found["answers"][text], dict) or found["answers"][text] == "done" for text in fine)
    assert found["again"] == {"who": role}
    assert found["tokens"] == 2


@needs_redis
def test_redis_takes_each_parameter_of_the_group_as_it_stands(redis: Cache) -> None:
    for one in redis.configuration["resource"]["aws_elasticache_parameter_group"]["main"]["parameter"]:
        assert redis.server.ask("CONFIG", "GET", one["name"]).splitlines() == [one["name"], one["value"]]


ALLOWED = (
    "PING",
    "SET k v EX 60",
    "GET k",
    "INCR n",
    "EXPIRE n 60",
    "SCAN 0",
    "EVAL return(1) 0",
    "MULTI",
    "CLIENT ID",
    "CLIENT SETNAME shop",
    "HELLO 3",
    # A health check of Spring's and the job queue BullMQ ask it.
    "INFO",
    # The cache's invalidation, and the adapter of socket.io.
    "PUBLISH orders paid",
    "SUBSCRIBE orders",
    "XADD log * a b",
    "BLPOP queue 0.01",
)
FORBIDDEN = (
    "KEYS *",
    "FLUSHALL",
    "CONFIG GET timeout",
    "ACL LIST",
    "ACL SETUSER default on",
    "SHUTDOWN NOSAVE",
    "REPLICAOF no one",
    "MONITOR",
    "CLIENT KILL TYPE normal",
    "SAVE",
)


def by_the_backend(redis: Cache, ca: Path | None, *words: str, password: str = PASSWORD) -> str:
    return redis.server.client(*words, ca=ca, user=redis.environment["REDIS_USER"], password=password)


@needs_redis
def test_the_access_string_lets_a_shop_work_and_keeps_the_rest_from_it(redis: Cache, authority: Path) -> None:
    ca = authority / "ca.pem"
    # SUBSCRIBE waits for news, which redis-cli stops doing when its input ends.
    answers = {
        text: by_the_backend(redis, ca, *text.split()) for text in ALLOWED if text != "SUBSCRIBE orders"
    }
    assert {
        text: answer for text, answer in answers.items() if re.match("NOPERM|ERR|NOAUTH|WRONG", answer)
    } == {}
    user = redis.environment["REDIS_USER"]
    assert redis.server.ask("ACL", "DRYRUN", user, "SUBSCRIBE", "orders") == "OK"
    for text in FORBIDDEN:
        assert by_the_backend(redis, ca, *text.split()).startswith("NOPERM"), text


@needs_redis
def test_redis_refuses_plain_text_wrong_passwords_and_nobody(
    backend: Path, redis: Cache, authority: Path, other_authority: Path
) -> None:
    ca, environment = authority / "ca.pem", redis.environment
    assert by_the_backend(redis, ca, "PING") == "PONG"
    assert "PONG" not in by_the_backend(redis, None, "PING")
    assert "certificate verify failed" in by_the_backend(redis, other_authority / "ca.pem", "PING")
    assert "WRONGPASS" in by_the_backend(redis, ca, "PING", password="another")
    assert redis.server.client("GET", "k", ca=ca).startswith("NOAUTH")
    assert "WRONGPASS" in redis.server.client("GET", "k", ca=ca, user="default", password="any")
    assert drive(backend, "redis", {"environment": environment})["words"] == "PONG"
    for change, words in (
        ({"REDIS_PASSWORD": "another"}, "WRONGPASS"),
        ({"REDIS_AUTH": "none"}, "NOAUTH"),
        ({"NODE_EXTRA_CA_CERTS": str(other_authority / "ca.pem")}, "certificate"),
    ):
        assert words in drive(backend, "redis", {"environment": {**environment, **change}})["words"]


@needs_redis
def test_each_connection_to_redis_signs_in_with_the_token_of_its_time(backend: Path, redis: Cache) -> None:
    user = redis.environment["REDIS_USER"]
    url = redis.environment["REDIS_URL"]
    admin = {"REDIS_USER": engines.ADMIN, "REDIS_PASSWORD": engines.ADMIN_PASSWORD, "REDIS_URL": url}
    try:
        found = drive(
            backend,
            "signed-in-anew",
            {
                "environment": {**redis.environment, "REDIS_AUTH": "iam"},
                "credentials": KEYS,
                "admin": {**redis.environment, **admin},
            },
        )
    finally:
        redis.server.ask("ACL", "SETUSER", user, "resetpass", f">{PASSWORD}")
    assert found == {"tokens": 2, "who": user, "anew": True}


@needs_redis
def test_an_idle_connection_that_pings_stays_and_another_comes_again(backend: Path, redis: Cache) -> None:
    before = redis.server.ask("CONFIG", "GET", "timeout").splitlines()[1]
    redis.server.ask("CONFIG", "SET", "timeout", "6")
    try:
        environment = {**redis.environment, "REDIS_IDLE_TIMEOUT_MS": "6000"}
        assert drive(backend, "silent", {"environment": environment}) == {"kept": True}
    finally:
        redis.server.ask("CONFIG", "SET", "timeout", before)


def written(value: str, variables: dict[str, str]) -> str:
    """A text as Compose hands it on: `$$` is `$`, and variables have their values."""
    pattern = r"\$\$|\$\{(\w+)(?::\?[^}]*)?\}"
    return re.sub(pattern, lambda match: variables[match[1]] if match[1] else "$", value)


class Twin:
    """The twin's engines, each started by the very entry point and command of its service, and its backend.

    Only places are other ones: folders, ports, and users where the tests are not root's. Of the images themselves stand
    here in other words what drops root's rights and what makes the database in an empty volume.
    """

    def __init__(
        self, folders: dict[str, Path], authority: Path, environment: str, changes: dict[str, Any]
    ) -> None:
        settings, complaints = parse(settings_values(environment, changes))
        assert settings is not None, complaints
        self.settings, self._folders = settings, folders
        self._document = yaml.safe_load(compose.document(settings))
        self._services: dict[str, Any] = self._document["services"]
        self.passwords = {"POSTGRES_PASSWORD": "it's $ecret", "REDIS_PASSWORD": 'it"s &lso'}
        superuser = self._services["postgres"]["environment"].get("POSTGRES_USER", "postgres")
        self.database, self.cache = PostgreSQL(folders["postgres"], superuser), Redis(folders["redis"])
        self._places = {
            "/certificates": str(authority),
            contract.CA_BUNDLE: str(authority / "ca.pem"),
            "6379": str(self.cache.port),
            **{f"-o {store}": f"-o {engines.user_for(store)}" for store in folders},
        }
        self._around = {store: self._prepared(store) for store in folders}
        self.told = {
            **{name: self._here(value) for name, value in self._services["backend"]["environment"].items()},
            "DATABASE_HOST": "localhost",
            "DATABASE_PORT": str(self.database.port),
            "REDIS_URL": f"rediss://localhost:{self.cache.port}",
        }
        self.command: list[str] = self._services["backend"]["command"]

    def _here(self, value: str, store: str = "") -> str:
        text = written(value, self.passwords)
        if store:
            text = text.replace("/tls", f"{self._folders[store]}/tls")
        for place, other in self._places.items():
            text = text.replace(place, other)
        return text

    def _prepared(self, store: str) -> dict[str, str]:
        """The service's configs in place, and its environment with the image's entry point on the PATH."""
        folder, service = self._folders[store], self._services[store]
        for config in service.get("configs", []):
            copy = folder / Path(config["target"]).name
            content = self._document["configs"][config["source"]]["content"]
            copy.write_text(written(content, self.passwords), encoding="utf-8")
            copy.chmod(0o644)
            self._places[config["target"]] = str(copy)
        own = folder / "docker-entrypoint.sh"
        drop = " ".join(engines.unprivileged(store, death="INT"))
        own.write_text(f'#!/bin/sh\nexec {drop} "$@"\n', encoding="utf-8")
        own.chmod(0o755)
        return {
            **{name: self._here(value) for name, value in service.get("environment", {}).items()},
            "PATH": f"{folder}:{engines.POSTGRES}:{os.environ['PATH']}",
        }

    @contextmanager
    def running(self) -> Iterator[None]:
        with ExitStack() as stack:
            for store, engine in (("postgres", self.database), ("redis", self.cache)):
                service = self._services[store]
                _, *options = (self._here(part, store) for part in service["command"])
                entry = [self._here(part, store) for part in service["entrypoint"]]
                stack.enter_context(engine.running(options, entry, self._around[store]))
            yield

    def make_database(self) -> None:
        """As the image does it in an empty volume: the database, then its scripts."""
        around = self._around["postgres"]
        self.database.sql(f"CREATE DATABASE {around['POSTGRES_DB']}")
        for config in self._services["postgres"]["configs"]:
            if config["target"].startswith("/docker-entrypoint-initdb.d/"):
                self._shell("postgres", ["sh", "-e", self._places[config["target"]]])

    def look(self, store: str) -> None:
        """The service's health check."""
        _, *check = (self._here(part, store) for part in self._services[store]["healthcheck"]["test"])
        self._shell(store, [part.replace("redis-cli", f"redis-cli -p {self.cache.port}") for part in check])

    def _shell(self, store: str, command: list[str]) -> None:
        socket = {"PGHOST": str(self._folders["postgres"]), "PGPORT": str(self.database.port)}
        done = subprocess.run(command, env=self._around[store] | socket, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(
    scope="module",
    params=[("prod", {}), ("dev", {}), ("prod", {"database": {"application_user": "shop"}})],
    ids=["prod", "dev", "own_role"],
)
def twin(request: pytest.FixtureRequest, authority: Path) -> Iterator[Twin]:
    with engines.folder_for("postgres") as postgres, engines.folder_for("redis") as redis:
        twin = Twin({"postgres": postgres, "redis": redis}, authority, *request.param)
        with twin.running():
            twin.make_database()
        yield twin


@needs_postgresql
@needs_redis
def test_the_twins_own_commands_start_its_engines_and_backend_with_productions_limits_and_roles(
    backend: Path, twin: Twin
) -> None:
    settings, told = twin.settings, twin.told
    with twin.running():
        twin.look("postgres")
        twin.look("redis")
        with serving(backend, told, command=twin.command) as url:
            # It serves before it is signed in.
            eventually(lambda: status(f"{url}/api/ready") == 200)
            assert status(f"{url}/api/products", {"name": "a", "price": 1}) == 201
            assert [status(f"{url}/api/products/1") for _ in range(2)] == [200, 200]
            # What the database calls wrong is not a store that is away.
            for wrong in (
                {"name": "a", "price": 1e20},
                {"name": "\0", "price": 1},
                {"name": "a", "price": ""},
            ):
                assert status(f"{url}/api/products", wrong) == 400
        user = told["DATABASE_USER"]
        assert twin.database.sql(f"SELECT rolsuper FROM pg_roles WHERE rolname = '{user}'") == "f"
        owner = twin.database.sql(
            "SELECT tableowner FROM pg_tables WHERE tablename = 'products'", database=settings.database.name
        )
        assert owner == settings.database.user
        assert (user == owner) == (settings.database.application_user is None)
        people = limits.TABLE["database"]["for_people"]
        found = drive(
            backend,
            "full",
            {"environment": told, "instances": limits.most_instances(settings), "people": people},
        )
        assert found["refused"] == [] and found["encrypted"] is True
        usable = limits.usable_connections(settings)
        assert usable is not None and found["most"] == usable + people


@needs_postgresql
@needs_redis
def test_the_twin_refuses_what_production_refuses(twin: Twin, authority: Path) -> None:
    ca, password = authority / "ca.pem", twin.passwords["POSTGRES_PASSWORD"]
    named = {"dbname": twin.told["DATABASE_NAME"], "user": twin.told["DATABASE_USER"], "sslrootcert": str(ca)}
    with twin.running():
        assert twin.database.client(password=password, sslmode="verify-full", **named).stdout.strip() == "t"
        assert "no encryption" in twin.database.client(password=password, sslmode="disable", **named).stderr
        wrong = twin.database.client(password="another", sslmode="verify-full", **named)
        assert "password authentication failed" in wrong.stderr
        redis, secret = Cache(twin.cache, twin.told, {}), twin.passwords["REDIS_PASSWORD"]
        assert by_the_backend(redis, ca, "INFO", password=secret).startswith("# Server")
        assert by_the_backend(redis, ca, "KEYS", "*", password=secret).startswith("NOPERM")
        assert "WRONGPASS" in by_the_backend(redis, ca, "PING", password="another")
        assert "PONG" not in by_the_backend(redis, None, "PING", password=secret)
        assert twin.cache.client("GET", "k", ca=ca).startswith("NOAUTH")


@needs_postgresql
@needs_redis
def test_the_backend_is_healthy_while_its_stores_are_away_and_ready_again_after_them(
    backend: Path, twin: Twin
) -> None:
    with serving(backend, twin.told) as url:
        health = url + twin.told["HEALTH_CHECK_PATH"]
        for _ in range(2):
            assert status(f"{url}/api/ready") == 503
            assert status(health) == 200
            with twin.running():
                eventually(lambda: status(f"{url}/api/ready") == 200)


STARTER = """
import sys, time
from pathlib import Path
import engines
with engines.folder_for(sys.argv[1]) as folder:
    if sys.argv[1] == "postgres":
        engine = engines.PostgreSQL(folder, "postgres")
        work = engine.running([])
    else:
        engine = engines.Redis(folder)
        work = engine.running(["--port", str(engine.port)])
    with work:
        print(engine.port, folder, flush=True)
        time.sleep(600)
"""


@pytest.mark.parametrize(
    "store", [pytest.param("postgres", marks=needs_postgresql), pytest.param("redis", marks=needs_redis)]
)
def test_an_engine_ends_when_the_process_of_its_test_is_killed(store: str) -> None:
    path = os.pathsep.join((str(ROOT), str(Path(__file__).parent)))
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, store],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        port, folder = starter.stdout.readline().split()

        def listens() -> bool:
            with socket.socket() as one:
                return one.connect_ex(("127.0.0.1", int(port))) == 0

        try:
            assert listens()
        finally:
            starter.send_signal(signal.SIGKILL)
            starter.wait()
    eventually(lambda: not listens())
    shutil.rmtree(folder)
