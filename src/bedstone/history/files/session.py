# SPDX-License-Identifier: Apache-2.0
"""One run of SQL files: a session of the database, and the statements that go through it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from bedstone.errors import AddressRefused
from bedstone.history.files.notes import notes_for
from bedstone.history.files.transactions import concurrent_index
from bedstone.history.files.watchdog import Watchdog
from bedstone.server import connect_as_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedstone.history.files.notes import Notes
    from bedstone.history.files.script import Script, Statement
    from bedstone.history.form import Namer
    from bedstone.server import Database

_LONGEST_OUTPUT = 64_000
#: An index that a CREATE INDEX CONCURRENTLY left unfinished.
_UNFINISHED = """
    select n.nspname, i.relname
    from pg_catalog.pg_index x
    join pg_catalog.pg_class i on i.oid = x.indexrelid
    join pg_catalog.pg_namespace n on n.oid = i.relnamespace
    where x.indrelid = pg_catalog.to_regclass(%s) and i.relname = %s and not x.indisvalid
"""


class Interrupted(Exception):
    """A statement of a file failed, or was stopped; *error* is the server's."""

    def __init__(self, error: psycopg.Error, script: Script, statement: Statement | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.script = script
        self.statement = statement


class Session:
    """A connection in autocommit, on which transactions are begun and ended in so many words."""

    def __init__(self, connection: psycopg.Connection, notes: Notes, *, record: bool) -> None:
        self.connection = connection
        self.notes = notes
        self.watchdog = Watchdog(connection)
        self.sent: list[dict[str, Any]] = []
        self.output = ""
        self.path = _scalar(connection, "show search_path")
        self._records = record
        connection.add_notice_handler(self._take_notice)

    def _take_notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        line = f"{diagnostic.severity}:  {diagnostic.message_primary}\n"
        self.output = (self.output + line)[-_LONGEST_OUTPUT:]

    @property
    def user(self) -> str:
        """Who is connected."""
        return _scalar(self.connection, "select session_user")

    @property
    def current_schema(self) -> str:
        """Where an unqualified name goes at the start of the session."""
        return _scalar(self.connection, "select coalesce(current_schema(), 'public')")

    @property
    def is_open(self) -> bool:
        """Whether a transaction is open, failed or not."""
        return self.connection.info.transaction_status is not TransactionStatus.IDLE

    def restore(self, schema: str | None) -> None:
        """Set role and search path back to what they were at the start, as Flyway does."""
        self.connection.execute("reset session authorization; reset role")
        path = self.path
        if schema is not None:
            quoted = sql.Identifier(schema).as_string(self.connection)
            path = f"{quoted}, {path}" if path else quoted
        self.connection.execute("select pg_catalog.set_config('search_path', %s, false)", [path])

    def take_back(self) -> None:
        """Undo the open transaction, if the connection still lives."""
        with suppress(psycopg.OperationalError):
            if not self.connection.closed and self.is_open:
                self.connection.execute("rollback")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the block, or take it back."""
        self.connection.execute("begin")
        try:
            yield
            if self.is_open:
                self.connection.execute("commit")
        except BaseException:
            if not self.connection.closed:
                self.take_back()
            raise

    def run(self, script: Script, statement: Statement) -> None:
        """Send one statement, and its data.

        Raises:
            Interrupted: the server refused it, or it took too long.
        """
        if self._records:
            rows = f"  -- and the rows from line {statement.data.line} on" if statement.data else ""
            self.sent.append({"statement": statement.text + rows, "bound": 0})
        text = statement.text.encode()
        self.notes.note(self.connection.info.backend_pid, text, script.path, statement.line)
        try:
            with self.connection.cursor() as cursor:
                if statement.data is None:
                    cursor.execute(text)
                    return
                with cursor.copy(text) as copy:
                    for chunk in statement.data.chunks():
                        copy.write(chunk)
        except psycopg.Error as error:
            if self.connection.info.transaction_status is TransactionStatus.ACTIVE:
                self.connection.close()  # amidst COPY … TO STDOUT
            raise Interrupted(error, script, statement) from error

    def drop_unfinished_index(self, statement: Statement) -> None:
        """Drop what a failed CREATE INDEX CONCURRENTLY of this statement left."""
        found = concurrent_index(statement.text)
        if found is None:
            return
        schema, table, name = found
        relation = sql.Identifier(*([schema] if schema else []), table).as_string(self.connection)
        row = self.connection.execute(_UNFINISHED, [relation, name]).fetchone()
        if row:
            index = sql.Identifier(*row)
            self.connection.execute(sql.SQL("drop index concurrently {}").format(index))


@contextmanager
def open_session(
    database: Database, *, record: bool = False, name: Namer = str
) -> Iterator[Session]:
    """Connect to *database* for a run; what is open at the end is taken back.

    By the address that any client is given, so that it can be watched like any; the witness says
    that it leads where it should. The role's and the database's own settings hold.

    Raises:
        AddressRefused: the address leads to another database.
    """
    with (
        database.witness() as witness,
        notes_for(database, name) as notes,
        connect_as_client(database.dsn) as connection,
    ):
        if connection.execute(witness.question.encode()).fetchone() is None:
            raise AddressRefused(
                f"the address of {database.name} leads to another database",
                detail="The session does not see the lock that bedstone holds in the right one. "
                "Nothing was run in it.",
                hint="Look for a proxy, pooler or tunnel on that address.",
            )
        yield Session(connection, notes, record=record)


def _scalar(connection: psycopg.Connection, query: str) -> str:
    row = connection.execute(query.encode()).fetchone()
    return str(row[0]) if row else ""
