# SPDX-License-Identifier: Apache-2.0
"""At least one row in each of some tables, with the rows that it refers to.

Enough to see whether a statement minds that there are rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from psycopg import sql

from bedstone.sql.quote import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedstone.catalog import Key


@dataclass(frozen=True, slots=True)
class Filled:
    """The tables that have a row, and those that could not be given one, each with the reason."""

    tables: tuple[Key, ...]
    skipped: tuple[tuple[Key, str], ...]


class _Reference(NamedTuple):
    """One foreign key: columns of a table, and the parent's columns they refer to."""

    table: str
    columns: list[str]
    parent: str
    parent_columns: list[str]


@dataclass
class _Needs:
    """What rows of some tables need: values, and rows of other tables."""

    required: dict[str, dict[str, tuple[str, str | None]]] = field(default_factory=dict)
    references: dict[str, list[_Reference]] = field(default_factory=dict)


def insert_rows(connection: psycopg.Connection, tables: Sequence[Key]) -> Filled:
    """See that each of *tables* has a row, and those that it refers to; commit.

    A table that has one already is left as it is, and its row is the one that others refer to.
    Only columns that need a value are given one, and foreign keys, which are given the parent's.
    As superuser no trigger is fired. A table whose own rules refuse the row is skipped.
    """
    names = {quote_identifier(t.schema or "public", t.name): t for t in tables}
    connection.execute("set local search_path = pg_catalog")
    if _is_superuser(connection):
        connection.execute("set local session_replication_role = replica")
    needs = _read_needs(connection, list(names))
    rows: dict[str, dict[str, object]] = {}
    skipped: list[tuple[Key, str]] = []
    for name, table in names.items():
        try:
            _insert_with_parents(connection, name, needs, rows, ())
        except psycopg.Error as error:
            skipped.append((table, f"{error.sqlstate}: {str(error).splitlines()[0]}"))
    connection.commit()
    done = tuple(table for name, table in names.items() if name in rows)
    return Filled(done, tuple(skipped))


def _read_needs(connection: psycopg.Connection, names: list[str]) -> _Needs:
    needs = _Needs()
    for row in connection.execute(_query("references"), {"tables": names}).fetchall():
        reference = _Reference(*row)
        needs.references.setdefault(reference.table, []).append(reference)
    parents = {r.parent for group in needs.references.values() for r in group}
    everything = sorted({*names, *parents})
    columns = connection.execute(_query("required_columns"), {"tables": everything}).fetchall()
    for table, column, kind, sample in columns:
        needs.required.setdefault(table, {})[column] = (kind, sample)
    return needs


def _insert_with_parents(
    connection: psycopg.Connection,
    name: str,
    needs: _Needs,
    rows: dict[str, dict[str, object]],
    above: tuple[str, ...],
) -> None:
    """Insert a row into table *name*, its parents first; a cycle of references is left open."""
    if name in rows or _find_row(connection, name, rows):
        return
    given: dict[str, object] = {}
    for reference in needs.references.get(name, ()):
        if reference.parent in (name, *above):
            continue
        _insert_with_parents(connection, reference.parent, needs, rows, (name, *above))
        parent = rows[reference.parent]
        pairs = zip(reference.columns, reference.parent_columns, strict=True)
        given |= {column: parent[theirs] for column, theirs in pairs}
    with connection.transaction():
        cursor = connection.execute(_insert(name, needs.required.get(name, {}), given))
        _keep_row(cursor, name, rows)


def _find_row(
    connection: psycopg.Connection, name: str, rows: dict[str, dict[str, object]]
) -> bool:
    """Take note of a row that table *name* has already; tell whether it has one."""
    with connection.transaction():
        table = sql.SQL(name)  # quoted by format('%I.%I') or quote_identifier
        return _keep_row(
            connection.execute(sql.SQL("select * from {} limit 1").format(table)), name, rows
        )


def _keep_row(cursor: psycopg.Cursor, name: str, rows: dict[str, dict[str, object]]) -> bool:
    row = cursor.fetchone()
    if row is None or cursor.description is None:
        return False
    rows[name] = dict(zip((column.name for column in cursor.description), row, strict=True))
    return True


def _insert(
    name: str, required: Mapping[str, tuple[str, str | None]], given: Mapping[str, object]
) -> sql.Composed:
    """Build the insert of one row that is given back whole."""
    values: dict[str, sql.Composable] = {
        # format_type() has quoted the type's name itself
        column: sql.SQL("{}::{}").format(sql.Literal(sample), sql.SQL(kind))
        for column, (kind, sample) in required.items()
    }
    values |= {column: sql.Literal(value) for column, value in given.items()}
    table = sql.SQL(name)  # quoted by format('%I.%I') or quote_identifier
    if not values:
        return sql.SQL("insert into {} default values returning *").format(table)
    return sql.SQL("insert into {} ({}) values ({}) returning *").format(
        table,
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(values.values()),
    )


def _query(name: str) -> bytes:
    return files("bedstone.fill").joinpath(f"sql/{name}.sql").read_bytes()


def _is_superuser(connection: psycopg.Connection) -> bool:
    row = connection.execute("select pg_catalog.current_setting('is_superuser') = 'on'").fetchone()
    return bool(row and row[0])
