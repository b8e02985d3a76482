# SPDX-License-Identifier: Apache-2.0
"""A session of our own beside the observed ones: what is committed, and what others hold.

It sees what cannot be asked in the user's session: the state before the transaction, the locks
of a statement that is running, and those of a transaction that has no snapshot yet.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
from psycopg.pq import ExecStatus

from bedstone.errors import BedstoneError
from bedstone.trace.catalogs import EXISTING, write_missing
from bedstone.trace.objects import Named
from bedstone.trace.questions import FIRST_OWN_OID, read_locks, read_seen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from psycopg.pq.abc import PGconn, PGresult
    from psycopg.rows import TupleRow

    from bedstone.server import Database
    from bedstone.trace.locks import LockMode
    from bedstone.trace.objects import Key
    from bedstone.trace.questions import Seen

#: The user may hold a catalog we read; then we do without rather than wait for each other.
_LIMITS = "set lock_timeout = '300ms'; set statement_timeout = '10s'"

_LOCKS = """
    select l.relation::bigint, l.mode
    from pg_catalog.pg_lock_status() l
    where l.pid = $1::int and l.locktype = 'relation' and l.granted and l.relation >= $2::oid
"""
_RELATIONS = """
    select c.oid::bigint, n.nspname, c.relname, c.relkind,
           pg_catalog.pg_relation_filenode(c.oid)::bigint
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
"""
_SOME = _RELATIONS + " where c.oid = any($1::oid[])"
_ALL = _RELATIONS + " where c.oid >= $1::oid"
_WAL = """
    select pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')
"""
_PARTITIONED = """
    select pg_catalog.count(*) from pg_catalog.pg_class c
    where c.relname = $1 and c.relkind in ('p', 'I')
"""

Rows = list[list[str | None]]


class Outside:
    """The session beside. Each question gives ``None`` where it could not be answered.

    It is asked without a thread: each answer is waited for by the loop that asks.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: psycopg.Connection[TupleRow] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._socket: socket.socket | None = None
        self._watched = False
        self._readable = asyncio.Event()

    async def open(self) -> psycopg.Connection[TupleRow]:
        """Connect, and return the connection, to be looked at only.

        Raises:
            BedstoneError: one class for each reason that a server has to refuse.
        """
        loop = asyncio.get_running_loop()
        self._leave()
        self._connection = await loop.run_in_executor(None, self._connect)
        # libpq closes its socket by itself when the server has gone; one of our own stays
        self._socket = socket.socket(fileno=os.dup(self._connection.fileno()))
        return self._connection

    def _leave(self) -> None:
        if self._socket is not None:
            self._unwatch()
            self._socket.close()
            self._socket = None
        if self._connection is not None:
            self._connection.close()

    async def close(self) -> None:
        """End the session."""
        async with self._one_at_a_time:
            self._leave()

    async def locks(self, pid: int) -> frozenset[tuple[int, LockMode]] | None:
        """Return the relation locks that the session *pid* holds at this moment."""
        rows = await self._ask(_LOCKS, str(pid), str(FIRST_OWN_OID))
        return None if rows is None else read_locks(rows)

    async def committed(self, oids: Collection[int]) -> dict[int, Seen] | None:
        """Return of these relations those that are there for everybody."""
        rows = await self._ask(_SOME, "{" + ",".join(map(str, sorted(oids))) + "}")
        return None if rows is None else _by_oid(rows)

    async def everything(self) -> dict[int, Seen] | None:
        """Return all relations that are there for everybody, catalogs apart."""
        rows = await self._ask(_ALL, str(FIRST_OWN_OID))
        return None if rows is None else _by_oid(rows)

    async def wal(self) -> int | None:
        """Return the position in the WAL."""
        rows = await self._ask(_WAL)
        return None if rows is None else int(rows[0][0] or 0)

    async def existing(self, keys: Iterable[Key]) -> dict[Key, Named] | None:
        """Return of these objects those that are there for everybody."""
        return _named(await self._ask(EXISTING, *_arrays(keys)))

    async def missing(
        self, catalogs: Iterable[str], keys: Iterable[Key]
    ) -> dict[Key, Named] | None:
        """Return all objects of these catalogs that everybody sees, but those given."""
        return _named(await self._ask(write_missing(catalogs), *_arrays(keys)))

    async def is_partitioned(self, name: str) -> bool:
        """Whether a relation of that name, in any schema, is partitioned, or nobody knows."""
        rows = await self._ask(_PARTITIONED, name)
        return rows is None or rows[0][0] != "0"

    async def _ask(self, sql: str, *values: str) -> Rows | None:
        """Ask to the end, even where nobody waits for the answer any more."""
        return await asyncio.shield(asyncio.ensure_future(self._try(sql, values)))

    async def _try(self, sql: str, values: tuple[str, ...]) -> Rows | None:
        """Ask; once more in a new session where the old one was ended."""
        async with self._one_at_a_time:
            for again in (False, True):
                with suppress(psycopg.OperationalError, BedstoneError):
                    connection = self._connection
                    if again or connection is None or connection.closed:
                        connection = await self.open()
                    return await self._fetch(connection.pgconn, sql, values)
        return None

    def _note_readable(self) -> None:
        self._readable.set()
        if not self._one_at_a_time.locked():
            self._unwatch()  # nobody has asked: the server has gone, and that would not stop

    def _unwatch(self) -> None:
        if self._watched and self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
        self._watched = False

    async def _fetch(self, pgconn: PGconn, sql: str, values: tuple[str, ...]) -> Rows | None:
        """Send a query and wait for its rows; ``None`` where the server refuses.

        Raises:
            OperationalError: the connection is lost.
        """
        if not self._watched and self._socket is not None:
            asyncio.get_running_loop().add_reader(self._socket, self._note_readable)
            self._watched = True
        pgconn.send_query_params(sql.encode(), [value.encode() for value in values])
        rows: Rows | None = None
        while True:
            while pgconn.is_busy():
                self._readable.clear()
                await self._readable.wait()
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                return rows
            rows = _rows(result) if result.status == ExecStatus.TUPLES_OK else None

    def _connect(self) -> psycopg.Connection[TupleRow]:
        connection = self._database.connect(autocommit=True)
        connection.execute(_LIMITS)
        return connection


def _rows(result: PGresult) -> Rows:
    columns = range(result.nfields)
    cells = ([result.get_value(row, column) for column in columns] for row in range(result.ntuples))
    return [[None if cell is None else cell.decode() for cell in row] for row in cells]


def _arrays(keys: Iterable[Key]) -> tuple[str, str]:
    pairs = list(keys)
    classes, numbers = ("{" + ",".join(str(p[i]) for p in pairs) + "}" for i in (0, 1))
    return classes, numbers


def _named(rows: Rows | None) -> dict[Key, Named] | None:
    if rows is None:
        return None
    return {(int(c or 0), int(o or 0)): Named(kind or "", name or "") for c, o, kind, name in rows}


def _by_oid(rows: Rows) -> dict[int, Seen]:
    seen = [read_seen(row) for row in rows]
    return {item.relation.oid: item for item in seen}
