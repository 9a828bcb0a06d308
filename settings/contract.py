"""The backend's contract: every variable that it is told, from one place for AWS, the local twin and the pages."""

from __future__ import annotations

from collections.abc import Mapping

from settings import limits
from settings.model import Settings

PORT = 8080
CA_BUNDLE = "/etc/cloudmart/rds-ca.pem"

MEANING: dict[str, str] = {
    "PORT": "listen here, on all addresses, over plain HTTP: TLS ends at the load balancer",
    "HEALTH_CHECK_PATH": "answer 200 here while the process can serve, within 5 seconds and without a sign-in; every "
    "15 seconds the load balancer asks, and three failures take the instance out and replace it",
    "KEEP_ALIVE_TIMEOUT_MS": "keep idle connections open for this long: longer than the load balancer does, or it "
    "sends a request into a connection that is closing and answers 502 (Node's default is 5 seconds)",
    "AWS_REGION": "the region of the secret, the tokens and the log group",
    "DATABASE_HOST": "PostgreSQL; the name stays through failovers and restores, the address does not: resolve it "
    "for every connection",
    "DATABASE_PORT": "its port",
    "DATABASE_NAME": "the database",
    "DATABASE_USER": "the role to connect as",
    "DATABASE_AUTH": "`secret`: read the password from DATABASE_SECRET_ARN for every new connection, since RDS changes "
    "it every seven days; `iam`: make a token with rds-db:connect for every new connection, it is good for 15 "
    "minutes; `password`: DATABASE_PASSWORD, on a developer's machine alone",
    "DATABASE_SECRET_ARN": "a JSON object with username and password; ask again for each new connection, never keep it",
    "DATABASE_PASSWORD": "on a developer's machine alone",
    "DATABASE_SSLMODE": "verify-full: check the certificate's chain and the host's name; the server refuses plain text",
    "DATABASE_SSLROOTCERT": "Amazon's certificate authorities, a PEM file",
    "DATABASE_POOL_SIZE": "connections of this process at the most; times all instances they fit into the database's",
    "DATABASE_IDLE_TIMEOUT_MS": "close a connection of the pool that was idle for so long",
    "DATABASE_CONNECT_TIMEOUT_MS": "give up on a connection after this, and try again: so a failover is noticed",
    "NODE_EXTRA_CA_CERTS": "the same PEM file, by the name under which Node trusts it without further code",
    "REDIS_URL": "Redis, over TLS (rediss); the name stays through failovers",
    "REDIS_AUTH": "`iam`: make a SigV4 token for elasticache:connect at every connection, it is good for 15 minutes, "
    "and ElastiCache ends the session after 12 hours; `password`: REDIS_PASSWORD, on a developer's machine alone; "
    "`none`: no sign-in",
    "REDIS_USER": "the user to sign in as",
    "REDIS_PASSWORD": "on a developer's machine alone",
    "REDIS_REPLICATION_GROUP": "the name that the token is made for",
    "REDIS_IDLE_TIMEOUT_MS": "the server closes a connection that was idle for so long; ping more often, or connect "
    "again without an error (0: never)",
}
"""Every variable, and what the backend has to do with it."""


def told(
    settings: Settings, *, database: Mapping[str, str], cache: Mapping[str, str], region: str
) -> dict[str, str]:
    """The variables in their order.

    `database` and `cache` hold what differs between AWS and a developer's machine: the variables of address and
    sign-in. The pool's times are the course's.

    The course turns certificate checks off (`rejectUnauthorized: false`), so that anybody in between could pose as
    the database. Here the client is given Amazon's CA bundle and told to check name and chain.
    """
    values = {
        "PORT": str(PORT),
        "HEALTH_CHECK_PATH": settings.backend.health_check_path,
        "KEEP_ALIVE_TIMEOUT_MS": str(limits.keep_alive_seconds(settings) * 1000),
        "AWS_REGION": region,
        "DATABASE_SSLMODE": "verify-full",
        "DATABASE_SSLROOTCERT": CA_BUNDLE,
        "DATABASE_POOL_SIZE": str(limits.pool_size(settings)),
        "DATABASE_IDLE_TIMEOUT_MS": "30000",
        "DATABASE_CONNECT_TIMEOUT_MS": "2000",
        "NODE_EXTRA_CA_CERTS": CA_BUNDLE,
        "REDIS_IDLE_TIMEOUT_MS": str(settings.cache.timeout_seconds * 1000),
        **database,
        **cache,
    }
    return {name: values[name] for name in MEANING if name in values} | dict(settings.backend.environment)


def rights(role: str) -> tuple[str, ...]:
    """SQL by which the database's owner lets the application's own role use rows, and nothing else.

    Tables that a later migration makes are among them.
    """
    return (
        f"GRANT USAGE ON SCHEMA public TO {role};",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role};",
    )
