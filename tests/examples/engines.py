"""PostgreSQL 15 and Redis 7 as programs of this machine: unprivileged, on 127.0.0.1, in a folder that goes with them.

Each ends with the process that started it, however that ends: Linux signals it then (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from cloudmart_support import processes

PATIENCE = 60.0
"""Seconds until an engine that does not answer is given up; none takes so long."""
ADMIN = "examiner"
"""The user by whom tests look into Redis, beside those of the stack."""
ADMIN_PASSWORD = "examiner-of-this-test"


def _version(program: str | None) -> str:
    if program is None or shutil.which("setpriv") is None:
        return ""
    return subprocess.run([program, "--version"], capture_output=True, text=True).stdout


def _postgres_folder() -> Path | None:
    """The folder of PostgreSQL 15's programs: Debian's, or that of the one on the PATH."""
    found = shutil.which("postgres")
    for folder in (Path("/usr/lib/postgresql/15/bin"), *([Path(found).resolve().parent] if found else [])):
        if re.search(r"\) 15\.", _version(shutil.which(folder / "postgres"))):
            return folder
    return None


POSTGRES = _postgres_folder()
REDIS = shutil.which("redis-server") if "v=7." in _version(shutil.which("redis-server")) else None

needs_postgresql = pytest.mark.skipif(
    POSTGRES is None, reason="left out: PostgreSQL 15 is not installed (Debian: postgresql-15)"
)
needs_redis = pytest.mark.skipif(
    REDIS is None, reason="left out: Redis 7 is not installed (Debian: redis-server)"
)


def user_for(store: str) -> str:
    """Whom the engine runs as: for root the user that Debian's package makes, else whoever runs the tests."""
    return store if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def unprivileged(store: str, *, death: str) -> list[str]:
    """The command before an engine's own, by which it is nobody special and gets a signal when we end."""
    drop = ["--reuid", store, "--regid", store, "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *drop, "--pdeathsig", death, "--"]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def folder_for(store: str) -> Iterator[Path]:
    """A folder of the engine's user, with a path short enough for a socket's."""
    with processes.temporary_folder("store-") as folder:
        shutil.chown(folder, user_for(store), None)
        yield folder


@contextmanager
def _running(
    command: Sequence[str],
    log: Path,
    answers: Sequence[str],
    end: signal.Signals,
    environment: Mapping[str, str],
) -> Iterator[None]:
    with (
        log.open("ab") as out,
        processes.started(
            command, environment={**os.environ, **environment}, stdout=out, stderr=out
        ) as process,
    ):
        until = time.monotonic() + PATIENCE
        while subprocess.run(answers, capture_output=True).returncode:
            ended = process.poll() is not None
            assert not ended and time.monotonic() < until, log.read_text(encoding="utf-8", errors="replace")
            time.sleep(0.05)
        yield
        process.send_signal(end)
        process.wait(PATIENCE)


class PostgreSQL:
    """A cluster in its folder; `running` starts its server, as often as wanted.

    Attributes:
        port: where it listens.
        log: what the server and its starter wrote.
    """

    def __init__(self, folder: Path, superuser: str) -> None:
        assert POSTGRES is not None
        self._programs, self._folder, self._superuser = POSTGRES, folder, superuser
        self.port, self.log = free_port(), folder / "log"
        self._do(
            "initdb", "--username", superuser, "--auth", "trust", "--no-sync", "--pgdata", folder / "data"
        )

    def _do(self, program: str, *arguments: str | Path) -> None:
        command = [*unprivileged("postgres", death="KILL"), self._programs / program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/")
        assert done.returncode == 0, done.stderr

    @contextmanager
    def running(
        self,
        options: Sequence[str],
        before: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Iterator[None]:
        """The server at work with these options; `before` is another start of the command than our own."""
        ours = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self._folder}
        command = [
            *(unprivileged("postgres", death="INT") if before is None else before),
            *("postgres" if before else self._programs / "postgres", *options),
            *("-D", self._folder / "data", "-F"),
            *(part for name, value in ours.items() for part in ("-c", f"{name}={value}")),
        ]
        answers = [*self._psql("postgres", self._superuser), "-c", "SELECT 1"]
        # SIGINT is the end that does not wait for clients.
        with _running(list(map(str, command)), self.log, answers, signal.SIGINT, environment or {}):
            yield

    def _psql(self, database: str, role: str) -> list[str]:
        return [
            *(str(self._programs / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"),
            *("-h", str(self._folder), "-p", str(self.port), "-U", role, "-d", database),
        ]

    def sql(self, text: str, *, database: str = "postgres", role: str | None = None) -> str:
        """What a statement answers, by the socket: columns between |, a row a line."""
        done = subprocess.run(
            self._psql(database, role or self._superuser), input=text, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def client(self, *, password: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """`psql` by TCP with a connection string, asking whether its connection is encrypted."""
        told = {"host": "localhost", "port": str(self.port), "connect_timeout": "10", **settings}
        return subprocess.run(
            [
                self._programs / "psql",
                "-X",
                "-A",
                "-t",
                " ".join(f"{key}={value}" for key, value in told.items()),
            ],
            input="SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
            env={**os.environ, "PGPASSWORD": password, "LC_ALL": "C"},
            capture_output=True,
            text=True,
        )


class Redis:
    """A server of Redis in its folder.

    Attributes:
        port: where it listens, with TLS.
        log: what it wrote.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port, self.log = free_port(), folder / "log"
        self._socket = folder / "socket"

    @contextmanager
    def running(
        self,
        options: Sequence[str],
        before: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Iterator[None]:
        """The server at work with these options; `before` is another start of the command than our own."""
        assert REDIS is not None
        command = [
            *(unprivileged("redis", death="TERM") if before is None else before),
            *("redis-server" if before else REDIS, *options),
            *("--bind", "127.0.0.1", "--dir", self._folder, "--save", ""),
            *("--unixsocket", self._socket, "--unixsocketperm", "777"),
            *("--user", ADMIN, "on", f">{ADMIN_PASSWORD}", "~*", "&*", "+@all"),
        ]
        answers = self._command("PING")
        with _running(list(map(str, command)), self.log, answers, signal.SIGTERM, environment or {}):
            yield

    def _command(self, *words: str) -> list[str]:
        return [
            "redis-cli",
            "-e",
            "-s",
            str(self._socket),
            "--user",
            ADMIN,
            "--pass",
            ADMIN_PASSWORD,
            "--no-auth-warning",
            *words,
        ]

    def ask(self, *words: str) -> str:
        """What a command of the examiner answers."""
        done = subprocess.run(self._command(*words), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def client(self, *words: str, ca: Path | None, user: str = "", password: str = "") -> str:
        """What `redis-cli` gets by TCP, with TLS where it is given an authority; an answer or a refusal."""
        done = subprocess.run(
            [
                *("redis-cli", "-h", "localhost", "-p", str(self.port), "--no-auth-warning"),
                *(("--tls", "--cacert", str(ca)) if ca else ()),
                *(("--user", user, "--pass", password) if user else ()),
                *words,
            ],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        return (done.stdout + done.stderr).strip()
