# SPDX-License-Identifier: Apache-2.0
"""What a plan destroys, and how many rows or values that is: counted where it can be."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import psycopg

from bedstone.catalog import Key
from bedstone.catalog.kinds import RELATIONS
from bedstone.plan.side import Side
from bedstone.sql import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bedstone.catalog import Catalog
    from bedstone.plan.planner import Plan

#: How long the count of one table may take before an estimate has to do, in milliseconds.
TIMEOUT = 5000
#: Of a table that ANALYZE takes for larger, the rows are not counted.
LARGE = 50_000_000
_COUNTED = frozenset({"table", "column"})

_SETTINGS = """
select pg_catalog.set_config('statement_timeout', %s, true),
  pg_catalog.set_config('lock_timeout', %s, true),
  pg_catalog.set_config('row_security', 'off', true)
"""
#: The rows of a table and of all its partitions and children; none where one was never analyzed.
_ROWS = """
with recursive tree (oid) as (
  select %s::regclass::oid
  union all
  select i.inhrelid from pg_catalog.pg_inherits as i join tree on tree.oid = i.inhparent
  where not %s
)
select case when min(c.reltuples) >= 0 then sum(c.reltuples)::bigint end
from tree join pg_catalog.pg_class as c on c.oid = tree.oid
where c.relkind <> 'p'
"""
_NULLS = """
select s.null_frac from pg_catalog.pg_stats as s
where (s.schemaname, s.tablename, s.attname) = (%s, %s, %s)
order by s.inherited desc limit 1
"""


class Method(StrEnum):
    """How a number was obtained."""

    COUNTED = "counted"
    ESTIMATED = "estimated"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Stake:
    """What is destroyed with one object: the rows of a table, the values of a column."""

    key: Key
    number: int | None = None
    method: Method = Method.NOT_KNOWN

    @property
    def unit(self) -> str | None:
        """What is counted."""
        if self.key.kind in RELATIONS:
            return "rows"
        return "values" if self.key.kind in {"column", "attribute"} else None

    def __str__(self) -> str:
        if self.unit is None:
            return str(self.key)
        if self.number is None:
            return f"{self.key}: {self.unit} {self.method}"
        unit = self.unit.removesuffix("s") if self.number == 1 else self.unit
        return f"{self.key}: {self.number:,} {unit} ({self.method})"


Stakes = dict[Key, Stake]


def unknown_stakes(plan: Plan) -> Stakes:
    """Return what *plan* destroys, with no numbers: of a side that has no data."""
    return {key: Stake(key) for s in plan.statements for key in s.destroyed}


def read_stakes(
    plan: Plan,
    a: Catalog,
    conn: psycopg.Connection[Any],
    *,
    former: Mapping[Key, Key] | None = None,
    large: int = LARGE,
) -> Stakes:
    """Return what *plan* destroys in the database of *conn*, whose catalog is *a*.

    Counts in one read-only snapshot, a query for each table, for some seconds at most; what has
    more than *large* rows, is too slow or not readable is estimated from what ANALYZE left.
    *former* has the names in *a* of what the plan has renamed by then. *conn* is in autocommit.
    """
    names = former or {}
    now = {names.get(key, key): key for key in unknown_stakes(plan)}
    found = _read(now, Side(a), conn, large)
    return {now[key]: replace(stake, key=now[key]) for key, stake in found.items()}


def _read(keys: Iterable[Key], side: Side, conn: psycopg.Connection[Any], large: int) -> Stakes:
    found = {key: Stake(key) for key in keys}
    # partitions are dropped, and counted, one by one: when their whole goes, it has no rows
    found |= {key: Stake(key, 0, Method.COUNTED) for key in found if _is_whole(key, side)}
    tables = _by_table(found, side)
    if not tables:
        return found
    conn.execute("begin transaction isolation level repeatable read, read only")
    try:
        conn.execute(_SETTINGS.encode(), [str(TIMEOUT), str(TIMEOUT)])
        for table, parts in tables.items():
            found |= _count(table, parts, conn, large, whole=side.is_partitioned(table))
    finally:
        conn.execute("rollback")
    return found


def _is_whole(key: Key, a: Side) -> bool:
    return key.kind == "table" and key in a and a.is_partitioned(key)


def _by_table(stakes: Mapping[Key, Stake], a: Side) -> dict[Key, list[Key]]:
    found: defaultdict[Key, list[Key]] = defaultdict(list)
    for key in stakes:
        table = a.table_of(key)
        if table is None or table.kind != "table" or _is_whole(key, a):
            continue
        if key.kind in _COUNTED:
            found[table].append(key)
    return found


def _count(
    table: Key, keys: list[Key], conn: psycopg.Connection[Any], large: int, *, whole: bool
) -> Stakes:
    only = not whole  # what children lose is told for each of them, and of partitions together
    rows = _estimate(table, conn, only=only)
    if rows is None or rows <= large:
        try:
            with conn.transaction():
                return dict(_counted(table, keys, conn, only=only))
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable,
                psycopg.errors.InsufficientPrivilege):  # fmt: skip
            pass  # then what ANALYZE left has to do
    if rows is None:
        return {}
    return {key: Stake(key, _values(key, rows, conn), Method.ESTIMATED) for key in keys}


def _counted(
    table: Key, keys: list[Key], conn: psycopg.Connection[Any], *, only: bool
) -> Iterator[tuple[Key, Stake]]:
    counts = ["count(*)" if key == table else f"count({_name(key)})" for key in keys]
    source = f"{'only ' if only else ''}{table.path}"
    row = conn.execute(f"select {', '.join(counts)} from {source}".encode()).fetchone()
    for key, number in zip(keys, row or (), strict=True):
        yield key, Stake(key, int(number), Method.COUNTED)


def _estimate(table: Key, conn: psycopg.Connection[Any], *, only: bool) -> int | None:
    row = conn.execute(_ROWS.encode(), [table.path, only]).fetchone()
    return int(row[0]) if row and row[0] is not None else None


def _values(key: Key, rows: int, conn: psycopg.Connection[Any]) -> int:
    if key.kind != "column":
        return rows
    row = conn.execute(_NULLS.encode(), [key.schema, key.parent, key.name]).fetchone()
    return round(rows * (1 - float(row[0]))) if row else rows


def _name(column: Key) -> str:
    return quote_identifier(column.name)
