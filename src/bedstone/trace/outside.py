# SPDX-License-Identifier: Apache-2.0
"""A session of our own beside the observed ones: what is committed, and what others hold.

It sees what cannot be asked in the user's session: the state before the transaction, the locks
of a statement that is running, and those of a transaction that has no snapshot yet.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg

from bedstone.errors import BedstoneError
from bedstone.trace.questions import FIRST_OWN_OID, read_locks, read_seen

if TYPE_CHECKING:
    from collections.abc import Collection

    from psycopg.rows import TupleRow

    from bedstone.server import Database
    from bedstone.trace.locks import LockMode
    from bedstone.trace.questions import Seen

#: The user may hold a catalog we read; then we do without rather than wait for each other.
_LIMITS = "set lock_timeout = '300ms'; set statement_timeout = '10s'"

_LOCKS = """
    select l.relation::bigint, l.mode
    from pg_catalog.pg_locks l
    where l.pid = %s and l.locktype = 'relation' and l.granted and l.relation >= %s
"""
_RELATIONS = """
    select c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text,
           pg_catalog.pg_relation_filenode(c.oid)::bigint
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
"""
_SOME = _RELATIONS + " where c.oid = any(%s::oid[])"
_ALL = _RELATIONS + " where c.oid >= %s"
_WAL = "select pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')"
_PARTITIONED = """
    select exists (
        select from pg_catalog.pg_class c where c.relname = any(%s) and c.relkind in ('p', 'I'))
"""


class Outside:
    """The session beside. Each question gives ``None`` where it could not be answered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bedstone-outside")
        self._connection: psycopg.Connection[TupleRow] | None = None

    async def open(self) -> psycopg.Connection[TupleRow]:
        """Connect now, and return the connection, to be looked at only.

        Raises:
            BedstoneError: one class for each reason that a server has to refuse.
        """
        connection: psycopg.Connection[TupleRow] = await self._run(self._connect)
        self._connection = connection
        return connection

    async def close(self) -> None:
        """End the session."""
        await self._run(self._disconnect)
        self._thread.shutdown()

    async def locks(self, pid: int) -> frozenset[tuple[int, LockMode]] | None:
        """Return the relation locks that the session *pid* holds at this moment."""
        rows = await self._ask(_LOCKS, [pid, FIRST_OWN_OID])
        return None if rows is None else read_locks(rows)

    async def committed(self, oids: Collection[int]) -> dict[int, Seen] | None:
        """Return of these relations those that are there for everybody."""
        rows = await self._ask(_SOME, [sorted(oids)])
        return None if rows is None else {row[0]: read_seen(row) for row in rows}

    async def everything(self) -> dict[int, Seen] | None:
        """Return all relations that are there for everybody, catalogs apart."""
        rows = await self._ask(_ALL, [FIRST_OWN_OID])
        return None if rows is None else {row[0]: read_seen(row) for row in rows}

    async def wal(self) -> int | None:
        """Return the position in the WAL."""
        rows = await self._ask(_WAL, [])
        return None if rows is None else int(rows[0][0])

    async def any_partitioned(self, names: Collection[str]) -> bool:
        """Whether a relation of such a name, in any schema, is partitioned, or nobody knows."""
        rows = await self._ask(_PARTITIONED, [sorted(names)])
        return rows is None or bool(rows[0][0])

    async def _ask(self, sql: str, values: list[Any]) -> list[TupleRow] | None:
        rows: list[TupleRow] | None = await self._run(self._fetch, sql, values)
        return rows

    async def _run(self, function: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    def _connect(self) -> psycopg.Connection[TupleRow]:
        connection = self._database.connect(autocommit=True)
        connection.execute(_LIMITS)
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _fetch(self, sql: str, values: list[Any]) -> list[TupleRow] | None:
        """Ask; once more in a new session where the old one was ended."""
        for again in (False, True):
            try:
                if again or self._connection is None:
                    self._connection = self._connect()
                return self._connection.execute(sql, values).fetchall()
            except (psycopg.OperationalError, psycopg.InterfaceError):
                if self._connection is not None and not self._connection.closed:
                    return None
            except (psycopg.Error, BedstoneError):
                return None
        return None
