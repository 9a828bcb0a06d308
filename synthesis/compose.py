"""The local twin: a Compose file with the engines, versions and parameters of the same settings.

It stands in for one server with everything on it, as the course has it: frontend on 3000, backend on 8080,
PostgreSQL on 5432, Redis on 6379, two named volumes. Every port is bound to the machine itself.

What can fail in AWS can fail here: both stores speak TLS alone and are reached with checked certificates, Redis has the
same access string, PostgreSQL the same parameters and as many connections, and the backend is told the same contract.
What differs is who signs in how: there is no IAM on a developer's machine, so both stores take passwords. The roles
are those of production: the backend is no superuser, and not the owner where the settings name a role of its own.
"""

from __future__ import annotations

from typing import Any

import yaml

from settings import Settings, contract, limits

CERTIFICATES = ".local/certificates"
"""Where `make local` writes the twin's own certificates, beside the Compose file."""
STORES = ("postgres", "redis")
HEADER = """\
# The local twin of {name}, from the same settings: `make local` writes it anew.
# Before `docker compose up`: write POSTGRES_PASSWORD=... and REDIS_PASSWORD=... into a file .env beside this one, and
# build the frontend into frontend/dist. The backend is the reference one, until its service names another.
"""

# What CloudFront does in AWS: files, the single page for every other path, and /api/ to the backend.
# Compose takes $ for its own variables; doubled, it is nginx's.
SITE = """\
server {
  listen 3000;
  root /usr/share/nginx/html;
  location / { try_files $$uri /index.html; }
  location /api/ { proxy_pass http://backend:8080; proxy_set_header Host $$host; }
}
"""


# Nobody but the image's own user connects without TLS, as rds.force_ssl has it.
HBA = """\
local all all trust
hostssl all all all scram-sha-256
"""

# RDS's master user is the database's owner and makes roles, and is no superuser.
ROLES = """\
psql -v ON_ERROR_STOP=1 -v password="$$POSTGRES_PASSWORD" --username postgres --dbname {database} <<'END'
{statements}
END
"""


def document(settings: Settings) -> str:
    """The Compose file's text, for Docker Compose 2.23.1 or newer (inline configs)."""
    database, cache = settings.database, settings.cache
    migration = "node server.js migrate"
    if database.application_user:
        migration = f"DATABASE_USER={database.user} {migration}"
    services: dict[str, Any] = {
        "frontend": {
            "image": "nginx:stable-alpine",
            "ports": [_port(3000)],
            "configs": [{"source": "site", "target": "/etc/nginx/conf.d/default.conf"}],
            "volumes": ["./frontend/dist:/usr/share/nginx/html:ro"],
            "depends_on": {"backend": {"condition": "service_started"}},
        },
        "backend": {
            "build": "./examples/backend",
            "command": ["sh", "-c", f"{migration} && exec node server.js"],
            "ports": [_port(contract.PORT)],
            "environment": contract.told(
                settings,
                region=settings.region,
                database={
                    "DATABASE_HOST": "postgres",
                    "DATABASE_PORT": "5432",
                    "DATABASE_NAME": database.name,
                    "DATABASE_USER": database.application_user or database.user,
                    "DATABASE_AUTH": "password",
                    "DATABASE_PASSWORD": "${POSTGRES_PASSWORD}",
                },
                cache={
                    "REDIS_URL": "rediss://redis:6379",
                    **(
                        {
                            "REDIS_AUTH": "password",
                            "REDIS_USER": _cache_user(settings),
                            "REDIS_PASSWORD": "${REDIS_PASSWORD}",
                        }
                        if cache.auth == "iam"
                        else {"REDIS_AUTH": "none"}
                    ),
                },
            ),
            "volumes": [f"./{CERTIFICATES}/ca.pem:{contract.CA_BUNDLE}:ro"],
            "depends_on": {
                "postgres": {"condition": "service_healthy"},
                "redis": {"condition": "service_healthy"},
            },
        },
        "postgres": {
            "image": f"postgres:{database.engine_version}",
            "ports": [_port(5432)],
            "environment": {
                "POSTGRES_DB": database.name,
                "POSTGRES_PASSWORD": "${POSTGRES_PASSWORD:?write it into .env beside docker-compose.yml}",
            },
            "volumes": ["postgres_data:/var/lib/postgresql/data", f"./{CERTIFICATES}:/certificates:ro"],
            "configs": [
                {"source": "hba", "target": "/etc/postgresql/pg_hba.conf"},
                {"source": "roles", "target": "/docker-entrypoint-initdb.d/roles.sh"},
            ],
            "entrypoint": _entrypoint("postgres"),
            "command": [
                "postgres",
                *_set("hba_file", "/etc/postgresql/pg_hba.conf"),
                *_set("ssl", "on"),
                *_set("ssl_cert_file", "/tls/server.pem"),
                *_set("ssl_key_file", "/tls/server.key"),
                *_set("log_min_duration_statement", "1000"),
                *_set("max_connections", str(limits.max_connections(settings))),
                # What RDS keeps of them for its own and for its superusers.
                *_set("superuser_reserved_connections", str(limits.TABLE["database"]["reserved"])),
            ],
            # By TCP: while the image makes the roles, its server has a socket alone.
            "healthcheck": _healthcheck(
                "pg_isready", "--host", "localhost", "--username", database.user, "--dbname", database.name
            ),
        },
        "redis": {
            "image": f"redis:{cache.engine_version}",
            "command": [
                "redis-server",
                "--maxmemory-policy",
                cache.maxmemory_policy,
                "--timeout",
                str(cache.timeout_seconds),
                # So that the policy has something to act on.
                "--maxmemory",
                "384mb",
                *("--port", "0", "--tls-port", "6379", "--tls-auth-clients", "no"),
                *("--tls-cert-file", "/tls/server.pem", "--tls-key-file", "/tls/server.key"),
                *("--tls-ca-cert-file", "/tls/ca.pem"),
                *_users(settings),
            ],
            "ports": [_port(6379)],
            "volumes": ["redis_data:/data", f"./{CERTIFICATES}:/certificates:ro"],
            "entrypoint": _entrypoint("redis"),
            "healthcheck": _healthcheck("sh", "-c", _ping(settings)),
        },
    }
    for service in services.values():
        service["restart"] = "unless-stopped"
    compose = {
        "name": f"{settings.name}-local",
        "services": services,
        "volumes": {"postgres_data": {}, "redis_data": {}},
        "configs": {
            "site": {"content": SITE},
            "hba": {"content": HBA},
            "roles": {"content": _roles(settings)},
        },
    }
    return HEADER.format(name=settings.name) + yaml.safe_dump(compose, sort_keys=False, width=110)


def _set(parameter: str, value: str) -> tuple[str, str]:
    return "-c", f"{parameter}={value}"


def _roles(settings: Settings) -> str:
    database = settings.database
    statements = [
        f"CREATE ROLE {database.user} LOGIN CREATEDB CREATEROLE PASSWORD :'password';",
        f"ALTER DATABASE {database.name} OWNER TO {database.user};",
    ]
    if database.application_user:
        statements += [
            f"SET ROLE {database.user};",
            f"CREATE ROLE {database.application_user} LOGIN PASSWORD :'password';",
            *contract.rights(database.application_user),
        ]
    return ROLES.format(database=database.name, statements="\n".join(statements))


def _entrypoint(store: str) -> list[str]:
    """The image's own entry point, once the key belongs to the user, named like it, that the store runs as."""
    keep = f"install -o {store} -m"
    steps = (
        f"install -d -o {store} /tls",
        f"{keep} 600 /certificates/{store}.key /tls/server.key",
        f"{keep} 644 /certificates/{store}.pem /tls/server.pem",
        f"{keep} 644 /certificates/ca.pem /tls/ca.pem",
        # Compose takes $ for its own variables; doubled, it is the shell's.
        'exec docker-entrypoint.sh "$$@"',
    )
    return ["sh", "-c", " && ".join(steps), "sh"]


def _cache_user(settings: Settings) -> str:
    return f"{settings.name}-backend"


def _users(settings: Settings) -> list[str]:
    """The users of Redis: the backend's with the access string of production, and a default one that can do nothing."""
    if settings.cache.auth != "iam":
        return []
    on, *rights = settings.cache.access_string.split()
    password = ">${REDIS_PASSWORD:?write it into .env beside docker-compose.yml}"
    return [
        *("--user", _cache_user(settings), on, password, *rights),
        *("--user", "default", "off", "~*", "-@all"),
    ]


def _ping(settings: Settings) -> str:
    sign_in = f"--user {_cache_user(settings)} --pass '${{REDIS_PASSWORD}}' " if _users(settings) else ""
    return f"redis-cli --no-auth-warning --tls --cacert /tls/ca.pem {sign_in}ping | grep -q PONG"


def _port(number: int) -> str:
    return f"127.0.0.1:{number}:{number}"


def _healthcheck(*command: str) -> dict[str, Any]:
    return {"test": ["CMD", *command], "interval": "5s", "timeout": "3s", "retries": 10}
