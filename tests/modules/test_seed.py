"""The seed's values do not drift: each stands in the synthesized production stack as it was given."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

VALUES = tomllib.loads(Path(__file__).with_name("seed.toml").read_text(encoding="utf-8"))["value"]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{value['address']}.{value['path']}")
def test_value(prod: dict[str, Any], value: dict[str, Any]) -> None:
    kind, name = value["address"].split(".")
    found: Any = prod[kind][name]
    for key in value["path"].split("."):
        found = found[key]
    assert found == value["is"], value["seed"]


@pytest.mark.parametrize(
    "line",
    [
        "DATABASE_HOST=${aws_db_instance.main.address}",
        "DATABASE_PORT=5432",
        "DATABASE_NAME=${aws_db_instance.main.db_name}",
        "DATABASE_USER=${aws_db_instance.main.username}",
        "DATABASE_SECRET_ARN=${aws_db_instance.main.master_user_secret[0].secret_arn}",
        "DATABASE_SSLMODE=verify-full",  # better than the seed's rejectUnauthorized: false
        # max: 20, which ten instances of a db.t3.micro cannot have: the course's is the most that any class gets
        "DATABASE_POOL_SIZE=4",
        "DATABASE_IDLE_TIMEOUT_MS=30000",  # idleTimeoutMillis: 30000
        "DATABASE_CONNECT_TIMEOUT_MS=2000",  # connectionTimeoutMillis: 2000
        "REDIS_URL=rediss://${aws_elasticache_replication_group.main.primary_endpoint_address}:6379",
    ],
)
def test_what_the_backend_is_told(stack: Any, line: str) -> None:
    told = stack("prod")["locals"]["backend_user_data"]
    assert f"      {line}\n" in told
