# SPDX-License-Identifier: Apache-2.0
"""Proof that a session is in the database it is meant to be in.

A session of ours holds an advisory lock with a random key in the scratch database. Whoever sees
that lock, for the database he is in, is in that database of that server, whatever address led
him there: the lock exists nowhere else.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bedstone.server.connection import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    import psycopg
    from psycopg.rows import TupleRow

    from bedstone.dsn import ConnectionString

#: What the user's own session runs; one row, one boolean: whether it is in the right database.
#: The placeholders take ``Witness.high`` and ``Witness.low``, plain numbers.
WITNESS_SQL = (
    "select exists (select from pg_catalog.pg_locks where locktype = 'advisory'"
    " and database = (select oid from pg_catalog.pg_database"
    " where datname = pg_catalog.current_database())"
    " and classid = {high} and objid = {low} and objsubid = 1"
    " and granted and pid <> pg_catalog.pg_backend_pid())"
)


@dataclass(frozen=True, slots=True)
class Witness:
    """A lock that is held in one database for as long as the block lasts.

    *key* is positive and below 2**63. *sql* is the question to ask in the user's session.
    """

    key: int

    @property
    def high(self) -> int:
        """The upper half of the key: ``classid`` in pg_locks."""
        return self.key >> 32

    @property
    def low(self) -> int:
        """The lower half of the key: ``objid`` in pg_locks."""
        return self.key & 0xFFFFFFFF

    @property
    def sql(self) -> str:
        """The query that is true in this database and nowhere else."""
        return WITNESS_SQL.format(high=self.high, low=self.low)

    @property
    def question(self) -> str:
        """The query that gives a row in this database and none elsewhere.

        Some drivers tell no more than that without preparing a statement in the user's session.
        """
        return f"select 1 where ({self.sql})"


class Database(Protocol):
    """A database that user code is let work in: a scratch one, or one that matters."""

    @property
    def name(self) -> str:
        """The database's name."""

    @property
    def dsn(self) -> ConnectionString:
        """The address for user code."""

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[TupleRow]:
        """Open a session of ours in it."""

    def witness(self) -> AbstractContextManager[Witness]:
        """Hold the proof of its identity for the block."""


@contextmanager
def hold_witness(connection: psycopg.Connection[TupleRow]) -> Iterator[Witness]:
    """Hold a witness on *connection*, which is closed afterwards."""
    witness = Witness(secrets.randbits(63) | 1)
    with connection:
        connection.execute("select pg_catalog.pg_advisory_lock(%s)", [witness.key])
        yield witness


class StandingDatabase:
    """A database that matters. Nothing here ever drops, empties or renames it."""

    def __init__(self, dsn: ConnectionString) -> None:
        self.dsn = dsn
        self._name: str | None = None

    @property
    def name(self) -> str:
        """The database's name, as the server says it."""
        if self._name is None:
            with self.connect(autocommit=True) as connection:
                self._name = connection.info.dbname
        return self._name

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[TupleRow]:
        """Open a session in the database.

        Raises:
            BedstoneError: one class for each reason that a server has to refuse.
        """
        return connect(self.dsn, autocommit=autocommit)

    @contextmanager
    def witness(self) -> Iterator[Witness]:
        """Hold an advisory lock in the database, by which user code proves where it is."""
        with hold_witness(self.connect(autocommit=True)) as witness:
            yield witness


def database_at(dsn: ConnectionString) -> StandingDatabase:
    """Return the database at *dsn*, one that matters. No connection is made yet."""
    return StandingDatabase(dsn)
