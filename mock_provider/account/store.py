"""The account's state, in SQLite: safe for processes that run side by side."""

from __future__ import annotations

import base64
import itertools
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

State = dict[str, Any]
_Result = TypeVar("_Result")

PATIENCE = 5.0
"""Seconds for which the account waits where the provider asks AWS again and again, for minutes."""

# By which attributes others name a resource, whatever its type.
_NAMES = (
    "id",
    "arn",
    "arn_suffix",
    "name",
    "bucket",
    "bucket_domain_name",
    "bucket_regional_domain_name",
    "identifier",
    "url",
    "key_id",
    "allocation_id",
    "public_ip",
    "function_name",
    "qualified_arn",
    "invoke_arn",
    "user_id",
    "user_group_id",
    "replication_group_id",
    "cluster_identifier",
)
_TABLES = """
CREATE TABLE IF NOT EXISTS things (
    token TEXT PRIMARY KEY, type TEXT NOT NULL, region TEXT NOT NULL, state TEXT NOT NULL,
    changed INTEGER NOT NULL DEFAULT 0, gone INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS types ON things (type);
CREATE TABLE IF NOT EXISTS names (name TEXT NOT NULL, token TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_name ON names (name);
CREATE INDEX IF NOT EXISTS by_token ON names (token);
"""


class Refused(Exception):
    """AWS refuses a call: its error's code and words.

    `retried` says that the provider asks again: the account waits for what others do meanwhile.
    """

    def __init__(self, code: str, words: str, *, retried: bool = False) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code
        self.words = words
        self.retried = retried


@dataclass(frozen=True)
class Thing:
    """A resource of the account: the type and state that Terraform knows it by."""

    token: str
    type: str
    region: str
    state: State

    def get(self, name: str) -> Any:
        return self.state.get(name)


Check = Callable[["Account", Thing], None]
"""Raises `Refused`; the account is in the middle of a transaction, so that nothing changes meanwhile."""


class Account:
    """An account: in a file for all processes that share a state, or in memory without one.

    Args:
        path: the database's file; made with the tables when it is not there.
        checks: what AWS looks at before it creates or changes something, and before it deletes something.
    """

    def __init__(
        self,
        path: Path | None,
        creating: tuple[Check, ...] = (),
        changing: tuple[Check, ...] = (),
        deleting: tuple[Check, ...] = (),
        patience: float = PATIENCE,
    ) -> None:
        self._creating, self._changing, self._deleting = creating, changing, deleting
        self._patience = patience
        self._lock = threading.RLock()
        new = path is not None and not path.exists()
        self._database = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, timeout=60
        )
        if path is not None:
            self._database.execute("PRAGMA journal_mode = WAL")
        # A state that a power cut takes away is one command to make again.
        self._database.execute("PRAGMA synchronous = OFF")
        with self._transaction():
            for statement in _TABLES.split(";"):
                self._database.execute(statement)
            if new and path is not None:
                self._take_over(path.parent)

    # what Terraform does

    def create(self, terraform_type: str, region: str, key: str, make: Callable[[int], State]) -> Thing:
        """Create something.

        Args:
            terraform_type: such as aws_subnet.
            region: where.
            key: the same for resources with the same arguments.
            make: gives its state; the number (from 0) tells it from others of the same key.

        Raises:
            Refused: AWS would not.
        """

        def once() -> Thing:
            with self._transaction():
                number = next(n for n in itertools.count() if self._row(f"{key}-{n}") is None)
                thing = Thing(f"{key}-{number}", terraform_type, region, make(number))
                for check in self._creating:
                    check(self, thing)
                self.put(thing)
            return thing

        return self._patiently(once)

    def change(self, thing: Thing) -> None:
        """Take a resource's new state.

        Raises:
            Refused: AWS would not.
        """

        def once() -> None:
            with self._transaction():
                for check in self._changing:
                    check(self, thing)
                self.put(thing)

        self._patiently(once)

    def delete(self, thing: Thing) -> None:
        """Delete something; `thing` is as Terraform knows it.

        Raises:
            Refused: it is still in use.
        """

        def once() -> None:
            with self._transaction():
                for check in self._deleting:
                    check(self, thing)
                self.remove(thing.token)

        self._patiently(once)

    def read(self, thing: Thing) -> State | None:
        """A resource as it is found: its state itself where nobody but Terraform changed it, None where it is gone.

        What the account has not heard of yet, it takes over.
        """
        with self._lock:
            row = self._row(thing.token)
            if row is None:
                with self._transaction():
                    self.put(thing)
                return thing.state
        state, changed, gone = row
        if gone:
            return None
        if not changed:
            return thing.state
        found = json.loads(state)
        return {name: found.get(name, value) for name, value in thing.state.items()}

    # what checks ask

    def things(self, *types: str, region: str | None = None) -> list[Thing]:
        """All resources of these types; in one region, or in all."""
        marks = ", ".join("?" * len(types))
        rows = self._database.execute(
            f"SELECT token, type, region, state FROM things WHERE gone = 0 AND type IN ({marks}) ORDER BY rowid",
            types,
        )
        return [
            Thing(token, kind, where, json.loads(state))
            for token, kind, where, state in rows
            if region in (None, where)
        ]

    def named(self, value: Any, *types: str) -> list[Thing]:
        """The resources that a value names: by an id, an ARN or a name, or as a part of a label such as
        `app/web/50dc6c495c0c9188/targetgroup/web/943f017f100becff`."""
        if not isinstance(value, str) or not value:
            return []
        names = [value]
        if "/targetgroup/" in value:
            names.append("targetgroup/" + value.partition("/targetgroup/")[2])
        marks, kinds = ", ".join("?" * len(names)), ", ".join("?" * len(types))
        among = f" AND type IN ({kinds})" if types else ""
        rows = self._database.execute(
            "SELECT DISTINCT things.token, type, region, state FROM names JOIN things USING (token) "
            f"WHERE gone = 0 AND name IN ({marks}){among}",
            (*names, *types),
        )
        return [Thing(token, kind, region, json.loads(state)) for token, kind, region, state in rows]

    def put(self, thing: Thing, *, changed: bool = False) -> None:
        """Write something down, whatever the checks; `changed` where it was not Terraform."""
        self._database.execute(
            "INSERT OR REPLACE INTO things VALUES (?, ?, ?, ?, ?, 0)",
            (thing.token, thing.type, thing.region, json.dumps(thing.state), int(changed)),
        )
        self._database.execute("DELETE FROM names WHERE token = ?", (thing.token,))
        names = {thing.state.get(name) for name in _NAMES}
        self._database.executemany(
            "INSERT INTO names VALUES (?, ?)",
            [(name, thing.token) for name in names if isinstance(name, str) and name],
        )

    def remove(self, token: str) -> None:
        """Take something out, as if it had never been."""
        self._database.execute("DELETE FROM names WHERE token = ?", (token,))
        self._database.execute("DELETE FROM things WHERE token = ?", (token,))

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """All that is read and written within is one step for every other process."""
        with self._transaction():
            yield

    # within

    def _row(self, token: str) -> tuple[str, int, int] | None:
        row: tuple[str, int, int] | None = self._database.execute(
            "SELECT state, changed, gone FROM things WHERE token = ?", (token,)
        ).fetchone()
        return row

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def _patiently(self, once: Callable[[], _Result]) -> _Result:
        end = time.monotonic() + self._patience
        while True:
            try:
                return once()
            except Refused as refused:
                if not refused.retried or time.monotonic() >= end:
                    raise
            time.sleep(0.05)

    def _take_over(self, folder: Path) -> None:
        """Begin with what Terraform's states hold that are older than the account beside them."""
        for path in (folder / "terraform.tfstate", *folder.glob("terraform.tfstate.d/*/terraform.tfstate")):
            try:
                state = json.loads(path.read_text("utf-8"))
            except (OSError, ValueError):
                continue
            for resource in state.get("resources", ()):
                for instance in resource.get("instances", ()) if resource.get("mode") == "managed" else ():
                    private = instance.get("private")
                    if isinstance(private, str) and str(resource["type"]).startswith("aws_"):
                        attributes: Mapping[str, Any] = instance["attributes"]
                        token = base64.b64decode(private).decode("ascii", "replace")
                        self.put(
                            Thing(token, resource["type"], attributes.get("region") or "", dict(attributes))
                        )
