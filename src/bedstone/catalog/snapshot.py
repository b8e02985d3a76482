# SPDX-License-Identifier: Apache-2.0
"""One read-only snapshot of a database, in which the catalogue queries are asked."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
import psycopg.sql
from psycopg.pq import TransactionStatus

from bedstone.catalog.queries import Query, load_query
from bedstone.errors import CatalogUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bedstone.catalog.managers import Manager

T = TypeVar("T")
#: How often what is going while it is read is looked at again.
_TRIES = 5
#: What changes how the server prints names and expressions, as pg_dump sets it; the rest keeps
#: the many small queries fast. All of it ends with the transaction.
_SETTINGS = {
    "search_path": "",
    "client_encoding": "UTF8",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",
    "lc_monetary": "C",
    "quote_all_identifiers": "off",
    "xmloption": "content",
    "row_security": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}

_FACTS = """
select
  pg_catalog.current_setting('server_version_num')::integer,
  pg_catalog.has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'select'),
  (select r.rolsuper from pg_catalog.pg_roles as r where r.rolname = current_user)
"""


class RelationsGone(CatalogUnreadable):
    """What was to be printed has been dropped since the snapshot began."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a reader waits on a database that others work with, in seconds.

    For one query, for a lock that somebody holds, and idle within the snapshot: a reader that is
    stopped meanwhile must not keep the snapshot.
    """

    query: float = 60
    lock: float = 3
    idle: float = 60

    @property
    def settings(self) -> dict[str, str]:
        """The server's own settings for them."""
        return {
            "statement_timeout": _milliseconds(self.query),
            "lock_timeout": _milliseconds(self.lock),
            "idle_in_transaction_session_timeout": _milliseconds(self.idle),
        }


def _milliseconds(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of one query, with the names and type OIDs of its columns."""

    query: Query
    names: tuple[str, ...]
    types: tuple[int, ...]
    rows: list[tuple[Any, ...]]


class Snapshot:
    """An open snapshot. Every query asked in it sees the same state."""

    def __init__(self, conn: psycopg.Connection[Any], limits: Limits | None = None) -> None:
        self._conn = conn
        settings = _SETTINGS | (limits.settings if limits is not None else {})
        names = ", ".join(["pg_catalog.set_config(%s, %s, true)"] * len(settings))
        values = [text for pair in settings.items() for text in pair]
        with conn.pipeline():
            conn.execute(f"select {names}".encode(), values)
            cursor = conn.execute(_FACTS)
        version, conninfo, superuser = cursor.fetchone() or (0, False, False)
        self.server_version = int(version)
        self.superuser = bool(superuser)
        self._granted = frozenset({"conninfo"} if conninfo else ())

    @property
    def major(self) -> int:
        """The server's major version."""
        return self.server_version // 10000

    def ask(self, *names: str) -> Iterator[Result]:
        """Send these queries at once, and yield their results in the same order."""
        queries = [load_query(name, self.major, self._granted) for name in names]
        cursors = []
        with self._conn.pipeline():
            for query in queries:
                cursor = self._conn.cursor(row_factory=psycopg.rows.tuple_row)
                cursors.append(cursor.execute(query.sql.encode()))
        for query, cursor in zip(queries, cursors, strict=True):
            columns = cursor.description or ()
            yield Result(
                query,
                tuple(column.name for column in columns),
                tuple(column.type_code for column in columns),
                cursor.fetchall(),
            )
            cursor.close()

    def describe(self, addresses: Sequence[tuple[int, int, int]]) -> list[str]:
        """Return the server's own description of each of these addresses."""
        lists = [list(part) for part in zip(*addresses, strict=True)]
        return [str(row[0]) for row in self._conn.execute(_DESCRIBE.encode(), lists[:2])]

    def managed_partitions(self, manager: Manager, schema: str) -> list[tuple[int, int]] | None:
        """Return the tables that *manager* looks after: each with its root, a root with itself.

        ``None`` where its configuration may not be read.
        """
        query = psycopg.sql.SQL(manager.query).format(schema=psycopg.sql.Identifier(schema))
        try:
            with self._conn.transaction():
                return [(int(table), int(root)) for table, root in self._conn.execute(query)]
        except psycopg.errors.InsufficientPrivilege:
            return None

    def count_rows(self, catalogues: Sequence[str]) -> dict[str, int]:
        """Return how many rows users made in each of these catalogues (those with an OID)."""
        counts = {}
        for catalogue in catalogues:
            try:
                with self._conn.transaction():
                    cursor = self._conn.execute(_COUNT.format(catalogue=catalogue).encode())
                    row = cursor.fetchone()
            except (psycopg.errors.UndefinedColumn, psycopg.errors.InsufficientPrivilege):
                continue
            counts[catalogue] = int(row[0]) if row else 0
        return counts


_DESCRIBE = """
select coalesce(pg_catalog.pg_describe_object(s.classid, s.oid, 0), 'object ' || s.oid)
from unnest(%s::oid[], %s::oid[]) as s (classid, oid)
order by 1
"""

_COUNT = "select count(*) from pg_catalog.{catalogue} as t where t.oid >= 16384"


@contextmanager
def open_snapshot(
    conn: psycopg.Connection[Any], limits: Limits | None = None
) -> Iterator[Snapshot]:
    """Begin a repeatable read, read-only transaction on *conn*, and end it afterwards.

    Takes no lock but ACCESS SHARE: on catalogues, and on what the server opens itself to print a
    definition. Without *limits* a ``statement_timeout`` of the session holds for each query.

    Raises:
        CatalogUnreadable: *conn* is in a transaction already, or the server refused a query.
    """
    if conn.info.transaction_status != TransactionStatus.IDLE:
        raise CatalogUnreadable(
            "the connection that should read the catalogue is inside a transaction",
            detail="A snapshot is a transaction of its own: what is uncommitted is not in it.",
            hint="Commit or roll back first, or use another connection.",
        )
    before = conn.isolation_level, conn.read_only, conn.deferrable
    conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    conn.read_only, conn.deferrable = True, False
    try:
        with conn.transaction():
            yield Snapshot(conn, limits)
    except psycopg.Error as error:
        raise _unreadable(conn, error) from error
    finally:
        if conn.info.transaction_status == TransactionStatus.IDLE:
            conn.isolation_level, conn.read_only, conn.deferrable = before


def in_snapshot(
    conn: psycopg.Connection[Any], work: Callable[[Snapshot], T], limits: Limits | None = None
) -> T:
    """Return what *work* makes of a snapshot, of a later one where tables went meanwhile.

    A snapshot keeps the rows of the catalogues, and not the relations: the server cannot print
    what has been dropped since.

    Raises:
        CatalogUnreadable: as :func:`open_snapshot`, or relations go faster than they are read.
    """
    for _ in range(_TRIES - 1):
        with suppress(RelationsGone), open_snapshot(conn, limits) as snapshot:
            return work(snapshot)
    with open_snapshot(conn, limits) as snapshot:
        return work(snapshot)


def _unreadable(conn: psycopg.Connection[Any], error: psycopg.Error) -> CatalogUnreadable:
    name = conn.info.dbname
    if isinstance(error, psycopg.errors.QueryCanceled):
        hint = "Raise statement_timeout for this session, or read when the server is less busy."
    elif isinstance(error, psycopg.errors.InsufficientPrivilege):
        hint = "Read with a role that may read pg_catalog; PUBLIC may, unless it was revoked."
    elif isinstance(error, psycopg.errors.LockNotAvailable):
        hint = "Somebody changes a table whose definition is read: try again when that has ended."
    elif isinstance(error, psycopg.errors.InternalError_):
        hint = "Tables are dropped while they are read: try again when fewer come and go."
    else:
        hint = None
    message = error.diag.message_primary or (str(error).splitlines() or [""])[0]
    state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    gone = isinstance(error, psycopg.errors.InternalError_)
    return (RelationsGone if gone else CatalogUnreadable)(
        f"the catalogue of database {name} cannot be read: {message}{state}",
        hint=hint,
    )
