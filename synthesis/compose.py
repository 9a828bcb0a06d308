"""The local twin: a Compose file with the engines, versions and parameters of the same settings.

It stands in for one server with everything on it, as the seed has it: frontend on 3000, backend on 8080,
PostgreSQL on 5432, Redis on 6379, two named volumes. Every port is bound to the machine itself.
"""

from __future__ import annotations

from typing import Any

import yaml

from settings import Settings

HEADER = """\
# The local twin of {name}, from the same settings: `make local` writes it anew.
# Before `docker compose up`: write POSTGRES_PASSWORD=... into a file .env beside this one, and build the
# frontend into frontend/dist.
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


def document(settings: Settings) -> str:
    """The Compose file's text, for Docker Compose 2.23.1 or newer (inline configs)."""
    database, cache = settings.database, settings.cache
    services: dict[str, Any] = {
        "frontend": {
            "image": "nginx:stable-alpine",
            "ports": [_port(3000)],
            "configs": [{"source": "site", "target": "/etc/nginx/conf.d/default.conf"}],
            "volumes": ["./frontend/dist:/usr/share/nginx/html:ro"],
            "depends_on": {"backend": {"condition": "service_started"}},
        },
        "backend": {
            "image": settings.backend.image,
            "ports": [_port(8080)],
            "environment": {
                "PORT": "8080",
                "DATABASE_HOST": "postgres",
                "DATABASE_PORT": "5432",
                "DATABASE_NAME": database.name,
                "DATABASE_USER": database.user,
                "DATABASE_PASSWORD": "${POSTGRES_PASSWORD}",
                # Within one machine's bridge network; in AWS it is verify-full.
                "DATABASE_SSLMODE": "disable",
                "DATABASE_POOL_SIZE": "20",
                "DATABASE_IDLE_TIMEOUT_MS": "30000",
                "DATABASE_CONNECT_TIMEOUT_MS": "2000",
                "REDIS_URL": "redis://redis:6379",
                **settings.backend.environment,
            },
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
                "POSTGRES_USER": database.user,
                "POSTGRES_PASSWORD": "${POSTGRES_PASSWORD:?write it into .env beside docker-compose.yml}",
            },
            "volumes": ["postgres_data:/var/lib/postgresql/data"],
            "healthcheck": _healthcheck("pg_isready", "--username", database.user, "--dbname", database.name),
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
            ],
            "ports": [_port(6379)],
            "volumes": ["redis_data:/data"],
            "healthcheck": _healthcheck("redis-cli", "ping"),
        },
    }
    for service in services.values():
        service["restart"] = "unless-stopped"
    compose = {
        "name": f"{settings.name}-local",
        "services": services,
        "volumes": {"postgres_data": {}, "redis_data": {}},
        "configs": {"site": {"content": SITE}},
    }
    return HEADER.format(name=settings.name) + yaml.safe_dump(compose, sort_keys=False, width=110)


def _port(number: int) -> str:
    return f"127.0.0.1:{number}:{number}"


def _healthcheck(*command: str) -> dict[str, Any]:
    return {"test": ["CMD", *command], "interval": "5s", "timeout": "3s", "retries": 10}
