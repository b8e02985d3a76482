# SPDX-License-Identifier: Apache-2.0
"""One row in each of some tables: enough to see whether a statement minds that there are rows."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, LiteralString, cast

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bedstone.catalog import Key

_REQUIRED = (
    files("bedstone.fill").joinpath("sql/required_columns.sql").read_text(encoding="utf-8")
)


@dataclass(frozen=True, slots=True)
class Filled:
    """The tables that were given a row, and those that were not, with the server's reason."""

    tables: tuple[Key, ...]
    skipped: tuple[tuple[Key, str], ...]


def insert_rows(connection: psycopg.Connection, tables: Sequence[Key]) -> Filled:
    """Insert one row into each of *tables*, and commit.

    Only columns that need a value are given one. As superuser, foreign keys and triggers are not
    fired, so that no other table needs a row. A table whose own rules refuse the row is skipped.
    """
    names = {_qualified(table).as_string(): table for table in tables}
    done: list[Key] = []
    skipped: list[tuple[Key, str]] = []
    connection.execute("set local search_path = pg_catalog")
    if _is_superuser(connection):
        connection.execute("set local session_replication_role = replica")
    rows = connection.execute(_REQUIRED.encode(), {"tables": list(names)}).fetchall()
    required = {
        name: [(column, kind, sample) for _, column, kind, sample in group]
        for name, group in groupby(rows, key=lambda row: row[0])
    }
    for name, table in names.items():
        try:
            with connection.transaction():
                connection.execute(_insert(table, required.get(name, [])))
        except psycopg.Error as error:
            skipped.append((table, f"{error.sqlstate}: {str(error).splitlines()[0]}"))
        else:
            done.append(table)
    connection.commit()
    return Filled(tuple(done), tuple(skipped))


def _is_superuser(connection: psycopg.Connection) -> bool:
    row = connection.execute("select pg_catalog.current_setting('is_superuser') = 'on'").fetchone()
    return bool(row and row[0])


def _qualified(table: Key) -> sql.Identifier:
    return sql.Identifier(table.schema or "public", table.name)


def _insert(table: Key, columns: Iterable[tuple[str, str, str | None]]) -> sql.Composed:
    named = [(sql.Identifier(name), kind, sample) for name, kind, sample in columns]
    if not named:
        return sql.SQL("insert into {} default values").format(_qualified(table))
    values = [
        sql.SQL("{}::{}").format(sql.Literal(sample), sql.SQL(cast("LiteralString", kind)))
        for _, kind, sample in named  # format_type() quotes the type's name itself
    ]
    return sql.SQL("insert into {} ({}) values ({})").format(
        _qualified(table),
        sql.SQL(", ").join(name for name, _, _ in named),
        sql.SQL(", ").join(values),
    )
